//! The regression itself: its rows, terms and steps.

use super::fit::Expected;
use super::shrink::{PRIOR_MEAN, PRIOR_SD, Prior, SIZE_SD, SPREAD_SCALE, shrink};
use super::system::System;
use super::unit::{Row, Unit};
use crate::{Cancel, Result};

/// Item terms: level, trend, bend, slope.
pub(super) const OWN: usize = 4;
pub(super) const SLOPE: usize = 3;
/// Kind terms: two harmonics of the year, promotion, the fortnight after one.
pub(super) const SHARED: usize = 6;
/// Terms of all kinds: promotion and the fortnight after, which kinds differ from.
pub(super) const COMMON: usize = 2;
/// Shared terms of a row: those, and its week.
pub(super) const TERMS: usize = SHARED + COMMON + 1;
/// Standard deviation of the effect of promotions, and of the fortnight after, over all kinds.
const PROMOTION_SD: f64 = 1.0;
/// Where the other standard deviations start, and what one further effect of each sort is believed to be; they are
/// estimated: of trends per year, bends per year², seasons, kinds' promotions around those of all, weeks.
const SPREADS: [f64; 5] = [0.5, 0.5, 0.5, 0.25, 0.1];
pub(super) const TREND: usize = 0;
pub(super) const BEND: usize = 1;
const SEASON: usize = 2;
const PROMOTION: usize = 3;
const WEEK: usize = 4;
/// The least spread of slopes that the regression itself is held to; shrinkage proper comes after it.
const MIN_SPREAD: f64 = 0.5;
/// Newton steps; 12 to 15 are usual.
const MAX_STEPS: usize = 40;
/// Steps after which spreads stay as they are.
const SETTLED: usize = 10;
/// Weeks in a year.
const YEAR: f64 = 365.25 / 7.0;
/// Sorts of shared terms: one for season and week, promotion, and the fortnight after.
pub(super) const SORTS: usize = 1 + COMMON;

/// What a regression explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Units.
    Units,
    /// Order lines.
    Lines,
    /// Units by order line.
    Size,
}

impl Part {
    /// What is explained and the logarithm of what it is in proportion to; `None` where there is nothing to see.
    pub(super) fn of(self, row: &Row) -> Option<(f64, f64)> {
        match self {
            Part::Units => Some((row.units, 0.0)),
            Part::Lines => Some((row.lines, 0.0)),
            Part::Size => (row.lines > 0.0).then(|| (row.units, row.lines.ln())),
        }
    }

    pub(super) fn prior(self) -> Prior {
        match self {
            Part::Units | Part::Lines => Prior {
                mean: PRIOR_MEAN,
                sd: PRIOR_SD,
                spread: SPREAD_SCALE,
            },
            Part::Size => Prior {
                mean: 0.0,
                sd: SIZE_SD,
                spread: SIZE_SD,
            },
        }
    }
}

/// A week as a regression sees it. There are many of them and each step reads all, so no more than that is kept.
pub(super) struct Seen {
    /// Position of its week among those with rows.
    pub(super) week: usize,
    pub(super) count: f64,
    /// The logarithm of what the count is in proportion to.
    pub(super) offset: f64,
    /// From the middle of the item's life.
    pub(super) years: f64,
    pub(super) log_price: f64,
    pub(super) promotion: f64,
    pub(super) after: f64,
}

impl Seen {
    /// The item's own terms: level, trend, bend and slope.
    pub(super) fn own(&self) -> [f64; OWN] {
        [1.0, self.years, self.years * self.years, self.log_price]
    }

    /// What a term of each sort is multiplied by.
    pub(super) fn sorts(&self) -> [f64; SORTS] {
        [1.0, self.promotion, self.after]
    }
}

/// The regression in its block form: a small block per item and one that items share.
pub(super) struct Model<'a> {
    pub(super) units: &'a [Unit<'a>],
    pub(super) seen: Vec<Vec<Seen>>,
    pub(super) part: Part,
    pub(super) kinds: usize,
    /// The weeks with rows, in order.
    pub(super) weeks: Vec<i32>,
    pub(super) own: Vec<[f64; OWN]>,
    pub(super) shared: Vec<f64>,
    /// What is expected of each row of `seen` at these.
    pub(super) means: Vec<Vec<f64>>,
    /// The mean and the precision that each kind's slopes are held to.
    pub(super) slope_prior: Vec<(f64, f64)>,
    pub(super) dispersion: Vec<f64>,
    /// The excess of the variance over Poisson: variance = dispersion · (mean + excess · mean²).
    pub(super) excess: f64,
    /// By [`TREND`] to [`WEEK`].
    pub(super) spreads: [f64; 5],
}

impl<'a> Model<'a> {
    pub(super) fn new(units: &'a [Unit<'a>], kinds: usize, part: Part) -> Self {
        let rows = units.iter().flat_map(|u| &u.rows);
        let mut weeks: Vec<i32> = rows.map(|r| r.week).collect();
        weeks.sort_unstable();
        weeks.dedup();
        let seen: Vec<Vec<Seen>> = units
            .iter()
            .map(|u| {
                let rows = u.rows.iter();
                rows.filter_map(|row| {
                    let (count, offset) = part.of(row)?;
                    let week = weeks.binary_search(&row.week).unwrap_or(0);
                    Some(Seen {
                        week,
                        count,
                        offset,
                        years: years(u, row.week),
                        log_price: row.log_price,
                        promotion: row.promotion,
                        after: row.after,
                    })
                })
                .collect()
            })
            .collect();
        let own = seen
            .iter()
            .map(|rows| {
                let count: f64 = rows.iter().map(|s| s.count).sum();
                let of: f64 = rows.iter().map(|s| s.offset.exp()).sum();
                [
                    (count / of.max(1e-9)).max(1e-3).ln(),
                    0.0,
                    0.0,
                    part.prior().mean,
                ]
            })
            .collect();
        let mut model = Self {
            units,
            seen,
            part,
            kinds,
            own,
            shared: vec![0.0; kinds * SHARED + COMMON + weeks.len()],
            weeks,
            means: Vec::new(),
            slope_prior: vec![(part.prior().mean, part.prior().sd.powi(-2)); kinds],
            dispersion: vec![1.0; units.len()],
            excess: 0.0,
            spreads: SPREADS,
        };
        model.expect();
        model
    }

    /// The column of a week's effect.
    pub(super) fn week_column(&self, week: usize) -> usize {
        self.kinds * SHARED + COMMON + week
    }

    /// Column, value and sort of the shared terms of a kind's week, in order of column; the last is the week's own
    /// effect, where `at` says that it has one.
    pub(super) fn terms(
        &self,
        kind: usize,
        week: i32,
        at: Option<usize>,
    ) -> [(usize, f64, usize); TERMS] {
        let (own, all) = (kind * SHARED, self.kinds * SHARED);
        let angle = std::f64::consts::TAU * f64::from(week) / YEAR;
        [
            (own, angle.sin(), 0),
            (own + 1, angle.cos(), 0),
            (own + 2, (2.0 * angle).sin(), 0),
            (own + 3, (2.0 * angle).cos(), 0),
            (own + 4, 1.0, 1),
            (own + 5, 1.0, 2),
            (all, 1.0, 1),
            (all + 1, 1.0, 2),
            at.map_or((all, 0.0, 0), |at| (self.week_column(at), 1.0, 0)),
        ]
    }

    /// What a kind's week adds to a logarithm, by sort.
    pub(super) fn effect(&self, kind: usize, week: i32, at: Option<usize>) -> [f64; SORTS] {
        let mut effect = [0.0; SORTS];
        for (j, z, sort) in self.terms(kind, week, at) {
            effect[sort] += z * self.shared[j];
        }
        effect
    }

    /// Of each kind's weeks what they are for, kind by kind.
    pub(super) fn by_kind_and_week<T>(&self, of: impl Fn(usize, i32, usize) -> T) -> Vec<T> {
        (0..self.kinds)
            .flat_map(|kind| {
                self.weeks
                    .iter()
                    .enumerate()
                    .map(move |(at, w)| (kind, *w, at))
            })
            .map(|(kind, week, at)| of(kind, week, at))
            .collect()
    }

    /// Brings the means up to date with the coefficients.
    fn expect(&mut self) {
        // What is shared is the same for all rows of a kind's week, but for promotions.
        let effects = self.by_kind_and_week(|kind, week, at| self.effect(kind, week, Some(at)));
        let of = |(u, rows): (usize, &Vec<Seen>)| {
            let kind = self.units[u].kind;
            rows.iter()
                .map(|s| {
                    let effect = &effects[kind * self.weeks.len() + s.week];
                    self.log_mean(u, s, effect).exp()
                })
                .collect()
        };
        self.means = self.seen.iter().enumerate().map(of).collect();
    }

    /// The rows of an item with their means.
    pub(super) fn rows(&self, unit: usize) -> impl Iterator<Item = (&Seen, f64)> {
        self.seen[unit].iter().zip(self.means[unit].iter().copied())
    }

    /// The log of what is expected, given what it is in proportion to.
    pub(super) fn log_mean(&self, unit: usize, seen: &Seen, effect: &[f64; SORTS]) -> f64 {
        let own = self.own.get(unit).unwrap_or(&[0.0; OWN]);
        let shared = dot(effect, &seen.sorts());
        (seen.offset + dot(&seen.own(), own) + shared).clamp(-30.0, 30.0)
    }

    /// The place in `spreads` of what a shared term is drawn from, `None` for the promotions of all kinds.
    fn spread_of(&self, j: usize) -> Option<usize> {
        if j >= self.kinds * SHARED + COMMON {
            Some(WEEK)
        } else if j >= self.kinds * SHARED {
            None
        } else if j % SHARED < 4 {
            Some(SEASON)
        } else {
            Some(PROMOTION)
        }
    }

    pub(super) fn shared_precision(&self, j: usize) -> f64 {
        let spread = self.spread_of(j).map(|at| self.spreads[at]);
        spread.unwrap_or(PROMOTION_SD).powi(-2)
    }

    pub(super) fn fit(&mut self, cancel: Cancel<'_>) -> Result<()> {
        if self.weeks.is_empty() {
            return Ok(());
        }
        for step in 0..MAX_STEPS {
            cancel.check()?;
            let system = self.system(cancel)?;
            let moved = self.advance(&system);
            // Spreads settle within a few steps; the last ones are for the coefficients that go with them.
            if (2..SETTLED).contains(&step) {
                let slopes = self.slopes(&system, None, cancel)?;
                let shrunk = shrink(&slopes.kinds, slopes.everywhere, self.part.prior());
                for (held, kind) in self.slope_prior.iter_mut().zip(shrunk) {
                    *held = (kind.kind.mean(), kind.spread.max(MIN_SPREAD).powi(-2));
                }
                self.estimate_excess();
                self.estimate_dispersion();
                self.estimate_spreads(&system);
            }
            if step >= SETTLED && moved < 1e-4 {
                break;
            }
        }
        Ok(())
    }

    /// One damped Newton step; returns the largest change of an expectation's logarithm.
    fn advance(&mut self, system: &System) -> f64 {
        let Some(schur) = &system.schur else {
            return 0.0;
        };
        let shared = schur.solve(&system.shared_gradient);
        // A step of more than 1 in the logs leaves the region where the curvature holds. Each item is damped alone: one
        // that is far off must not keep the others from arriving.
        let most = shared.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let damp = |most: f64| (1.0 / most.max(1e-300)).min(1.0);
        for (b, d) in self.shared.iter_mut().zip(&shared) {
            *b += damp(most) * d;
        }
        let mut moved = most;
        for (u, factor) in system.blocks.iter().enumerate() {
            let Some(factor) = factor else { continue };
            let mut rhs = system.own_gradient[u];
            for (j, column) in &system.cross[u] {
                for (r, c) in rhs.iter_mut().zip(column) {
                    *r -= c * shared[*j];
                }
            }
            let step = factor.solve_small(&rhs);
            let seen = self.seen[u].iter();
            let most = seen.map(|s| dot(&s.own(), &step).abs()).fold(0.0, f64::max);
            moved = moved.max(most);
            for (b, d) in self.own[u].iter_mut().zip(&step) {
                *b += damp(most) * d;
            }
        }
        self.expect();
        moved
    }

    /// The common excess of the variance, by moments: squared residuals on means and squared means, each row
    /// weighed by how well it shows them.
    fn estimate_excess(&mut self) {
        let (mut mm, mut mc, mut cc, mut rm, mut rc) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (u, rows) in self.seen.iter().enumerate() {
            let n = rows.len() as f64;
            let free = n / (n - OWN as f64).max(1.0);
            for (seen, mean) in rows.iter().zip(&self.means[u]) {
                let square = free * (seen.count - mean).powi(2) / mean;
                let weight = (1.0 + self.excess * mean).powi(-2);
                mm += weight;
                mc += weight * mean;
                cc += weight * mean * mean;
                rm += weight * square;
                rc += weight * square * mean;
            }
        }
        let determinant = mm * cc - mc * mc;
        if determinant > 1e-9 * mm * cc {
            let level = (rm * cc - rc * mc) / determinant;
            let slope = (rc * mm - rm * mc) / determinant;
            self.excess = (slope / level.max(0.05)).clamp(0.0, 2.0);
        }
    }

    /// Pearson dispersion of each item, shrunk to that of all with the weight of half a year.
    fn estimate_dispersion(&mut self) {
        const WEIGHT: f64 = 26.0;
        const FLOOR: f64 = 0.05;
        let pearson: Vec<(f64, f64)> = self
            .seen
            .iter()
            .enumerate()
            .map(|(u, rows)| {
                let sum = rows
                    .iter()
                    .zip(&self.means[u])
                    .map(|(s, mean)| (s.count - mean).powi(2) / (mean * (1.0 + self.excess * mean)))
                    .sum();
                (sum, (rows.len() as f64 - OWN as f64).max(0.0))
            })
            .collect();
        let free: f64 = pearson.iter().map(|p| p.1).sum();
        let pooled = pearson.iter().map(|p| p.0).sum::<f64>() / free.max(1.0);
        for (d, (sum, free)) in self.dispersion.iter_mut().zip(pearson) {
            *d = ((sum + WEIGHT * pooled) / (free + WEIGHT)).max(FLOOR);
        }
    }

    /// One step of the EM algorithm for the spreads: the mean square of the effects of a sort, with what is not known of each.
    fn estimate_spreads(&mut self, system: &System) {
        let mut sums = SPREADS.map(|sd| (sd * sd, 1.0));
        let mut add = |at: usize, effect: f64, variance: f64| {
            sums[at].0 += effect * effect + variance;
            sums[at].1 += 1.0;
        };
        for (own, factor) in self.own.iter().zip(&system.blocks) {
            let Some(factor) = factor else { continue };
            for (k, at) in [(1, TREND), (2, BEND)] {
                let mut pick = [0.0; OWN];
                pick[k] = 1.0;
                add(at, own[k], factor.solve_small(&pick)[k]);
            }
        }
        for (j, effect) in self.shared.iter().enumerate() {
            if let Some(at) = self.spread_of(j) {
                add(at, *effect, 1.0 / system.diagonal[j].max(1e-9));
            }
        }
        self.spreads = sums.map(|(squares, n): (f64, f64)| (squares / n).sqrt().clamp(1e-3, 1.0));
    }

    /// What is expected of an item's weeks. Where it has no row, for a stock-out or as it sold no more, its price is that
    /// of the rows around; its trend ends with its last row, as a bend leads anywhere.
    pub(super) fn expected(&self, unit: usize) -> Expected {
        let of = &self.units[unit];
        let (Some(first), Some(last), Some(end)) =
            (of.rows.first(), of.rows.last(), self.weeks.last())
        else {
            return Expected::default();
        };
        let (from, end) = (first.week, (*end).max(last.week));
        let mut next = 0;
        let weeks = (from..=end).map(|week| {
            while of.rows.get(next).is_some_and(|r| r.week < week) {
                next += 1;
            }
            let after = of.rows.get(next).unwrap_or(last);
            let mut seen = Seen {
                week: 0,
                count: 0.0,
                offset: 0.0,
                years: years(of, week.min(last.week)),
                log_price: after.log_price,
                promotion: after.promotion,
                after: after.after,
            };
            if after.week != week {
                let before = of.rows.get(next.saturating_sub(1)).unwrap_or(last);
                seen.log_price = (before.log_price + after.log_price) / 2.0;
                (seen.promotion, seen.after) = (0.0, 0.0);
            }
            let at = self.weeks.binary_search(&week).ok();
            let effect = self.effect(of.kind, week, at);
            let mean = self.log_mean(unit, &seen, &effect).exp();
            (mean, self.dispersion[unit] * (1.0 + self.excess * mean))
        });
        Expected {
            from,
            weeks: weeks.collect(),
        }
    }
}

/// Years from the middle of an item's life to a week.
fn years(unit: &Unit<'_>, week: i32) -> f64 {
    let ends = unit.rows.first().zip(unit.rows.last());
    let middle = ends.map_or(0.0, |(a, b)| (f64::from(a.week) + f64::from(b.week)) / 2.0);
    (f64::from(week) - middle) / YEAR
}

/// The product of the first elements that both have.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
