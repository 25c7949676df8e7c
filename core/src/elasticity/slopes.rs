//! What a fitted regression says of slopes and promotions, with robust standard errors.

use super::fit::Status;
use super::model::{Model, OWN, SHARED, SLOPE, Seen, dot};
use super::shrink::Slopes;
use super::system::System;
use super::unit::MIN_MOVED;
use crate::dense::Factor;
use crate::{Cancel, Result};

/// Lags of the Newey-West sum: a quarter of weeks, as prices and what else moves demand stay for months.
const LAGS: usize = 12;
/// The weight of an item's own ratio of robust to model variance beside that of all, and the most it can be.
const OWN_RATIO: f64 = 0.5;
const MOST_RATIO: f64 = 10.0;

/// Slopes as a regression alone has them, with their standard errors.
pub(super) struct Found {
    /// By kind, of the items that can be used.
    pub(super) kinds: Vec<Slopes>,
    /// By item.
    pub(super) items: Vec<Option<(f64, f64)>>,
    /// The variance of the error that all items share.
    pub(super) everywhere: f64,
}

impl Model<'_> {
    /// The slopes as the data alone have them: the prior that held them is taken out again.
    /// With the scores by week their standard errors are robust, else the model's own.
    pub(super) fn slopes(
        &self,
        system: &System,
        by_week: Option<&[Vec<f64>]>,
        cancel: Cancel<'_>,
    ) -> Result<Found> {
        let mut kinds = vec![Slopes::default(); self.kinds];
        let mut items = vec![None; self.units.len()];
        let Some(schur) = &system.schur else {
            return Ok(Found {
                kinds,
                items,
                everywhere: 0.0,
            });
        };
        // Of each usable item: estimate, model variance, robust variance, influence of each week.
        let mut found: Vec<(usize, f64, f64, f64)> = Vec::with_capacity(self.units.len());
        let mut together = vec![(0.0_f64, 0.0_f64, vec![0.0; self.weeks.len()]); self.kinds];
        for (u, unit) in self.units.iter().enumerate() {
            cancel.check()?;
            let usable = matches!(unit.status, Status::Ok);
            let (Some(factor), true) = (&system.blocks[u], usable) else {
                continue;
            };
            let mut pick = [0.0; OWN];
            pick[SLOPE] = 1.0;
            let inverse = factor.solve_small(&pick);
            let mut reach = vec![0.0; self.shared.len()];
            for (j, column) in &system.cross[u] {
                reach[*j] = dot(column, &inverse);
            }
            // Of the quadratic form alone, half of the solution is enough.
            let through = by_week.map(|_| schur.solve(&reach));
            let form = through
                .as_ref()
                .map_or_else(|| schur.form(&reach), |t| dot(&reach, t));
            let precision = 1.0 / (inverse[SLOPE] + form);
            let (mean, held) = self
                .slope_prior
                .get(unit.kind)
                .copied()
                .unwrap_or((0.0, 0.0));
            let own = (precision - held).max(1e-3 * precision);
            let slope = (precision * self.own[u][SLOPE] - held * mean) / own;
            let scale = precision / own;
            let mut seen_by_week = 0.0;
            if let (Some(by_week), Some(through)) = (by_week, &through) {
                let mut influence: Vec<f64> = by_week.iter().map(|g| -dot(through, g)).collect();
                for (seen, mean) in self.rows(u) {
                    influence[seen.week] +=
                        dot(&inverse, &seen.own()) * self.score(u, seen, mean, factor);
                }
                let n = self.seen[u].len() as f64;
                let free = (n / (n - OWN as f64 - 1.0).max(1.0)).sqrt();
                influence.iter_mut().for_each(|i| *i *= free * scale);
                seen_by_week = newey_west(&influence);
                let (count, alone, sum) = &mut together[unit.kind];
                *count += 1.0;
                *alone += seen_by_week;
                for (s, i) in sum.iter_mut().zip(&influence) {
                    *s += i;
                }
            }
            found.push((u, slope, 1.0 / own, seen_by_week));
        }
        // By how much the model's variances fall short: an item's own hundred weeks tell that badly.
        let ratio = |f: &(usize, f64, f64, f64)| (f.3 / f.2).min(MOST_RATIO);
        let pooled = found.iter().map(ratio).sum::<f64>() / found.len().max(1) as f64;
        for f in &found {
            let (u, slope, variance, _) = *f;
            let ratio = (OWN_RATIO * ratio(f) + (1.0 - OWN_RATIO) * pooled)
                .max(pooled)
                .max(1.0);
            let answer = (slope, (variance * by_week.map_or(1.0, |_| ratio)).sqrt());
            items[u] = Some(answer);
            kinds[self.units[u].kind].items.push(answer);
        }
        // The variance of the sum beyond that of its parts is what the items share, pair by pair.
        let shared = |n: f64, alone: f64, sum: &[f64]| {
            ((newey_west(sum) - alone) / (n * (n - 1.0)).max(1.0)).max(0.0)
        };
        let mut whole = (0.0, 0.0, vec![0.0; self.weeks.len()]);
        for (n, alone, sum) in &together {
            whole.0 += n;
            whole.1 += alone;
            for (s, i) in whole.2.iter_mut().zip(sum) {
                *s += i;
            }
        }
        let everywhere = shared(whole.0, whole.1, &whole.2);
        for (kind, (n, alone, sum)) in kinds.iter_mut().zip(&together) {
            kind.common = (shared(*n, *alone, sum) - everywhere).max(0.0);
        }
        Ok(Found {
            kinds,
            items,
            everywhere,
        })
    }

    /// Scores of the shared terms by week, with what the item blocks take up removed.
    pub(super) fn scores_by_week(
        &self,
        system: &System,
        cancel: Cancel<'_>,
    ) -> Result<Vec<Vec<f64>>> {
        let mut by_week = vec![vec![0.0; self.shared.len()]; self.weeks.len()];
        for u in 0..self.units.len() {
            cancel.check()?;
            let Some(factor) = &system.blocks[u] else {
                continue;
            };
            for (seen, mean) in self.rows(u) {
                let score = self.score(u, seen, mean, factor);
                let taken = factor.solve_small(&seen.own());
                let week = &mut by_week[seen.week];
                let sorts = seen.sorts();
                let at = Some(seen.week);
                for (j, z, sort) in self.terms(self.units[u].kind, self.weeks[seen.week], at) {
                    week[j] += z * sorts[sort] * score;
                }
                for (j, column) in &system.cross[u] {
                    week[*j] -= dot(column, &taken) * score;
                }
            }
        }
        Ok(by_week)
    }

    /// Each kind's promotion effect with its robust standard error, where promotions were seen.
    pub(super) fn promotions(
        &self,
        system: &System,
        by_week: &[Vec<f64>],
    ) -> Vec<Option<(f64, f64)>> {
        let Some(schur) = &system.schur else {
            return vec![None; self.kinds];
        };
        (0..self.kinds)
            .map(|k| {
                let (own, all) = (k * SHARED + 4, self.kinds * SHARED);
                let rows = self
                    .units
                    .iter()
                    .filter(|u| u.kind == k)
                    .flat_map(|u| &u.rows);
                if rows.filter(|r| r.promotion > 0.0).count() < MIN_MOVED {
                    return None;
                }
                let mut pick = vec![0.0; self.shared.len()];
                pick[own] = 1.0;
                pick[all] = 1.0;
                let inverse = schur.solve(&pick);
                let influence: Vec<f64> = by_week.iter().map(|g| dot(&inverse, g)).collect();
                let variance = newey_west(&influence).max(dot(&pick, &inverse));
                Some((self.shared[own] + self.shared[all], variance.sqrt()))
            })
            .collect()
    }

    /// The score of a row, its residual as if the row had not pulled the fit towards itself (HC3 of
    /// MacKinnon & White, Journal of Econometrics 29, 1985).
    fn score(&self, unit: usize, seen: &Seen, mean: f64, block: &Factor) -> f64 {
        /// A row that decides alone would have no residual at all.
        const MOST: f64 = 0.8;
        let spread = self.dispersion[unit] * (1.0 + self.excess * mean);
        let own = seen.own();
        let leverage = mean / spread * dot(&own, &block.solve_small(&own));
        (seen.count - mean) / spread / (1.0 - leverage.clamp(0.0, MOST))
    }
}

/// Variance of a sum of correlated terms, with Bartlett weights.
fn newey_west(terms: &[f64]) -> f64 {
    let mut sum = dot(terms, terms);
    for lag in 1..=LAGS {
        let weight = 1.0 - lag as f64 / (LAGS as f64 + 1.0);
        let shifted = terms.get(lag..).unwrap_or(&[]);
        sum += 2.0 * weight * dot(terms, shifted);
    }
    sum.max(0.0)
}
