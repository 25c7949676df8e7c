//! The pooled regression: log of expected units = item + item's trend + item's slope · log price + kind's season
//! + kind's promotion + week, by quasi-Poisson likelihood.
//!
//! Poisson rather than least squares on log units: a week without a sale counts, where its log does
//! not exist and leaving it out would flatten the slope of slow items (Santos Silva & Tenreyro,
//! The log of gravity, Review of Economics and Statistics 88, 2006).

use std::collections::BTreeMap;

use super::panel::Panel;
use super::shrink::{Shrunk, shrink};
use super::unit::{Levels, MIN_MOVED, Row, Unit};
use crate::dense::{Factor, Symmetric};
use crate::{Cancel, Error, Result};

/// Item terms: level, trend, bend, slope.
const OWN: usize = 4;
const SLOPE: usize = 3;
/// Kind terms: two harmonics of the year, promotion, the week after one.
const SHARED: usize = 6;
/// Prior standard deviations: trend per year, bend per year², seasons, promotions, and of the slope, which is
/// only to be kept finite here.
const TREND_SD: f64 = 0.5;
const SEASON_SD: f64 = 0.5;
const PROMOTION_SD: f64 = 1.0;
const SLOPE_SD: f64 = 10.0;
/// Where the standard deviation of the week effects starts; it is estimated.
const WEEK_SD: f64 = 0.1;
/// Lags of the Newey-West sum: a month of weeks.
const LAGS: usize = 4;
/// Newton steps; 8 to 12 are usual.
const MAX_STEPS: usize = 30;
/// Share of an item's answer below which it is `pooled`: mostly its kind's.
const MOSTLY_OWN: f64 = 0.25;
/// Weeks in a year.
const YEAR: f64 = 365.25 / 7.0;

/// Why an item has an elasticity, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Estimated, with weight on the item's own price moves.
    Ok,
    /// Estimated, but mostly from the other items of its kind.
    Pooled,
    /// Too few weeks on the market or with sales.
    Short,
    /// The price never moved.
    NoPriceVariation,
}

impl Status {
    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Pooled => "pooled",
            Status::Short => "short",
            Status::NoPriceVariation => "no_price_variation",
        }
    }
}

/// One item's elasticity of units with respect to price.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The item.
    pub item: String,
    /// Its kind.
    pub kind: String,
    /// The shrunk elasticity, `None` unless the status is `Ok` or `Pooled`.
    pub elasticity: Option<f64>,
    /// Its standard deviation.
    pub sd: Option<f64>,
    /// Lower end of the interval at the level asked for.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// The slope before shrinkage and its robust standard error.
    pub own: Option<(f64, f64)>,
    /// Complete weeks on the market that were used.
    pub weeks: usize,
    /// Of these, weeks with a price more than 1 % off the median.
    pub price_weeks: usize,
    /// Standard deviation of the log price, near the coefficient of variation of the price.
    pub price_cv: f64,
    /// Lowest and highest weekly price, channels at their mean level.
    pub price_range: (f64, f64),
    /// The price of the last week with sales.
    pub price: f64,
    /// Share of the variance of weekly units that the model explains, 0 to 1.
    pub r2: Option<f64>,
    /// Why there is an answer or none.
    pub status: Status,
}

/// A kind's mean elasticity over its items.
#[derive(Clone, Debug, PartialEq)]
pub struct KindEstimate {
    /// The kind.
    pub kind: String,
    /// The mean elasticity, `None` where no item could be estimated.
    pub elasticity: Option<f64>,
    /// Lower end of its interval.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// Standard deviation between the kind's items.
    pub spread: f64,
    /// Items estimated.
    pub items: usize,
    /// The effect of a promotion on log units beyond its price, with its standard error.
    pub promotion: Option<(f64, f64)>,
}

/// All answers of one regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Elasticities {
    /// By item, in alphabetical order.
    pub items: Vec<Estimate>,
    /// By kind, in alphabetical order.
    pub kinds: Vec<KindEstimate>,
}

/// Estimates every item's elasticity from a panel, with intervals at `level` in (0, 1).
///
/// An item whose first or last week is cut by its launch, its end or the data is used without that week.
/// Standard errors are clustered by week and allow for correlation over four weeks (Newey & West,
/// Econometrica 55, 1987), and are never below the model's own.
///
/// # Errors
///
/// [`Error::OutOfRange`] for `level`, [`Error::Cancelled`]. An empty panel gives empty lists.
pub fn elasticities(panel: &Panel, level: f64, cancel: Cancel<'_>) -> Result<Elasticities> {
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::OutOfRange {
            name: "level",
            value: level.to_string(),
            accepted: "between 0 and 1, both excluded",
        });
    }
    let kinds: Vec<&str> = {
        let mut names: Vec<&str> = panel.items.values().map(|i| i.kind.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let flagged = panel
        .items
        .values()
        .flat_map(|i| i.weeks.values().flat_map(|rows| rows.values()))
        .any(|w| w.promoted > 0.0);
    let levels = Levels::of(panel);
    let units: Vec<Unit> = panel
        .items
        .iter()
        .map(|(name, item)| Unit::of(name, item, &kinds, &levels, flagged))
        .collect();
    let mut model = Model::new(&units, kinds.len());
    model.fit(cancel)?;
    let slopes = model.slopes(cancel)?;
    report(&model, &kinds, &slopes, level)
}

/// The regression in its block form: a small block per item and one that items share.
struct Model<'a> {
    units: &'a [Unit<'a>],
    kinds: usize,
    first_week: i32,
    weeks: usize,
    /// Week in the middle of the data: trends are measured from there.
    own: Vec<[f64; OWN]>,
    shared: Vec<f64>,
    dispersion: Vec<f64>,
    /// The excess of the variance over Poisson: variance = dispersion · (mean + excess · mean²).
    excess: f64,
    week_sd: f64,
}

/// One Newton system, factored.
struct System {
    blocks: Vec<Option<Factor>>,
    /// Of each item: the columns it touches and its OWN rows over them.
    cross: Vec<Vec<(usize, [f64; OWN])>>,
    schur: Option<Factor>,
    shared_gradient: Vec<f64>,
    own_gradient: Vec<[f64; OWN]>,
    diagonal: Vec<f64>,
}

impl<'a> Model<'a> {
    fn new(units: &'a [Unit<'a>], kinds: usize) -> Self {
        let weeks = units.iter().flat_map(|u| u.rows.iter().map(|r| r.week));
        let first_week = weeks.clone().min().unwrap_or(0);
        let count = weeks.max().map_or(0, |last| {
            (i64::from(last) - i64::from(first_week)) as usize + 1
        });
        let own = units
            .iter()
            .map(|u| {
                let mean = u.rows.iter().map(|r| r.units).sum::<f64>() / u.rows.len().max(1) as f64;
                [mean.max(1e-3).ln(), 0.0, 0.0, 0.0]
            })
            .collect();
        Self {
            units,
            kinds,
            first_week,
            weeks: count,
            own,
            shared: vec![0.0; kinds * SHARED + count],
            dispersion: vec![1.0; units.len()],
            excess: 0.0,
            week_sd: WEEK_SD,
        }
    }

    fn own_terms(&self, unit: usize, row: &Row) -> [f64; OWN] {
        let rows = self.units.get(unit).map_or(&[][..], |u| &u.rows);
        let ends = rows.first().zip(rows.last());
        let middle = ends.map_or(0.0, |(a, b)| (f64::from(a.week) + f64::from(b.week)) / 2.0);
        let years = (f64::from(row.week) - middle) / YEAR;
        [1.0, years, years * years, row.log_price]
    }

    /// Column and value of the shared terms of a row.
    fn shared_terms(&self, kind: usize, row: &Row) -> [(usize, f64); SHARED + 1] {
        let angle = std::f64::consts::TAU * f64::from(row.week) / YEAR;
        let at = kind * SHARED;
        let week = (row.week - self.first_week).max(0) as usize;
        [
            (at, angle.sin()),
            (at + 1, angle.cos()),
            (at + 2, (2.0 * angle).sin()),
            (at + 3, (2.0 * angle).cos()),
            (at + 4, row.promotion),
            (at + 5, row.after),
            (self.kinds * SHARED + week, 1.0),
        ]
    }

    fn log_mean(&self, unit: usize, row: &Row) -> f64 {
        let kind = self.units.get(unit).map_or(0, |u| u.kind);
        let own: f64 = self
            .own_terms(unit, row)
            .iter()
            .zip(self.own.get(unit).unwrap_or(&[0.0; OWN]))
            .map(|(x, b)| x * b)
            .sum();
        let shared: f64 = self
            .shared_terms(kind, row)
            .iter()
            .map(|(j, z)| z * self.shared.get(*j).copied().unwrap_or(0.0))
            .sum();
        (own + shared).clamp(-30.0, 30.0)
    }

    fn own_precision() -> [f64; OWN] {
        [
            1e-6,
            TREND_SD.powi(-2),
            TREND_SD.powi(-2),
            SLOPE_SD.powi(-2),
        ]
    }

    fn shared_precision(&self, j: usize) -> f64 {
        if j >= self.kinds * SHARED {
            self.week_sd.powi(-2)
        } else if j % SHARED < 4 {
            SEASON_SD.powi(-2)
        } else {
            PROMOTION_SD.powi(-2)
        }
    }

    fn fit(&mut self, cancel: Cancel<'_>) -> Result<()> {
        if self.weeks == 0 {
            return Ok(());
        }
        for step in 0..MAX_STEPS {
            cancel.check()?;
            let system = self.system(cancel)?;
            let moved = self.advance(&system);
            if step >= 2 {
                self.estimate_excess();
                self.estimate_dispersion();
                self.estimate_week_sd(&system);
            }
            if step >= 8 && moved < 1e-4 {
                break;
            }
        }
        Ok(())
    }

    /// Gradient and curvature at the present estimates, with the item blocks eliminated.
    fn system(&self, cancel: Cancel<'_>) -> Result<System> {
        let m = self.shared.len();
        let mut curvature = Symmetric::zeros(m);
        let mut shared_gradient: Vec<f64> = (0..m)
            .map(|j| -self.shared_precision(j) * self.shared[j])
            .collect();
        for j in 0..m {
            curvature.add(j, j, self.shared_precision(j));
        }
        let mut own_gradient = Vec::with_capacity(self.units.len());
        let mut blocks = Vec::with_capacity(self.units.len());
        let mut cross = Vec::with_capacity(self.units.len());
        for (u, unit) in self.units.iter().enumerate() {
            cancel.check()?;
            let precision = Self::own_precision();
            let mut gradient = [0.0; OWN];
            let mut block = Symmetric::zeros(OWN);
            for k in 0..OWN {
                gradient[k] = -precision[k] * self.own[u][k];
                block.add(k, k, precision[k]);
            }
            let mut touched: BTreeMap<usize, [f64; OWN]> = BTreeMap::new();
            for row in &unit.rows {
                let mean = self.log_mean(u, row).exp();
                let spread = self.dispersion[u] * (1.0 + self.excess * mean);
                let (weight, score) = (mean / spread, (row.units - mean) / spread);
                let x = self.own_terms(u, row);
                let z = self.shared_terms(unit.kind, row);
                for (k, xk) in x.iter().enumerate() {
                    gradient[k] += xk * score;
                    for (l, xl) in x.iter().enumerate() {
                        block.add(k, l, weight * xk * xl);
                    }
                }
                for (j, zj) in z {
                    if zj == 0.0 {
                        continue;
                    }
                    shared_gradient[j] += zj * score;
                    let column = touched.entry(j).or_default();
                    for (c, xk) in column.iter_mut().zip(x) {
                        *c += weight * xk * zj;
                    }
                    for (i, zi) in z {
                        if i >= j {
                            curvature.add(i, j, weight * zi * zj);
                        }
                    }
                }
            }
            own_gradient.push(gradient);
            blocks.push(block.factor());
            cross.push(touched.into_iter().collect::<Vec<_>>());
        }
        // Schur complement: S = C - sum B'A^-1 B, and the gradient likewise.
        for (u, columns) in cross.iter().enumerate() {
            cancel.check()?;
            let Some(factor) = &blocks[u] else { continue };
            for (j, column) in columns {
                let solved = factor.solve(column);
                shared_gradient[*j] -= dot(&solved, &own_gradient[u]);
                for (i, other) in columns.iter().filter(|(i, _)| i >= j) {
                    curvature.add(*i, *j, -dot(&solved, other));
                }
            }
        }
        let diagonal = (0..m).map(|j| curvature.get(j, j)).collect();
        Ok(System {
            blocks,
            cross,
            schur: curvature.factor(),
            shared_gradient,
            own_gradient,
            diagonal,
        })
    }

    /// One damped Newton step; returns the largest change of a coefficient.
    fn advance(&mut self, system: &System) -> f64 {
        let Some(schur) = &system.schur else {
            return 0.0;
        };
        let shared = schur.solve(&system.shared_gradient);
        let mut own = Vec::with_capacity(self.units.len());
        for (u, factor) in system.blocks.iter().enumerate() {
            let mut rhs = system.own_gradient[u];
            for (j, column) in &system.cross[u] {
                for (r, c) in rhs.iter_mut().zip(column) {
                    *r -= c * shared[*j];
                }
            }
            own.push(factor.as_ref().map_or(vec![0.0; OWN], |f| f.solve(&rhs)));
        }
        let largest = |v: &[f64]| v.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let moved = own
            .iter()
            .map(|o| largest(o))
            .fold(largest(&shared), f64::max);
        // A step of more than 1 in the logs leaves the region where the curvature holds.
        let damp = (1.0 / moved.max(1e-300)).min(1.0);
        for (b, d) in self.shared.iter_mut().zip(&shared) {
            *b += damp * d;
        }
        for (b, d) in self.own.iter_mut().zip(&own) {
            for (b, d) in b.iter_mut().zip(d) {
                *b += damp * d;
            }
        }
        moved
    }

    /// The common excess of the variance, by moments; each item weighs by how well it shows it.
    fn estimate_excess(&mut self) {
        let (mut over, mut square) = (0.0, 0.0);
        for (u, unit) in self.units.iter().enumerate() {
            let means = unit.rows.iter().map(|r| self.log_mean(u, r).exp());
            let level = means.clone().sum::<f64>() / unit.rows.len().max(1) as f64;
            let weight = (level * (1.0 + self.excess * level)).powi(-2).min(1e6);
            let free = unit.rows.len() as f64 / (unit.rows.len() as f64 - OWN as f64).max(1.0);
            for (row, mean) in unit.rows.iter().zip(means) {
                over += weight * (free * (row.units - mean).powi(2) - mean);
                square += weight * mean * mean;
            }
        }
        self.excess = (over / square.max(1e-12)).clamp(0.0, 2.0);
    }

    /// Pearson dispersion of each item, shrunk to that of all with the weight of ten weeks.
    fn estimate_dispersion(&mut self) {
        const WEIGHT: f64 = 10.0;
        const FLOOR: f64 = 0.05;
        let pearson: Vec<(f64, f64)> = self
            .units
            .iter()
            .enumerate()
            .map(|(u, unit)| {
                let sum = unit
                    .rows
                    .iter()
                    .map(|r| {
                        let mean = self.log_mean(u, r).exp();
                        (r.units - mean).powi(2) / (mean * (1.0 + self.excess * mean))
                    })
                    .sum();
                (sum, (unit.rows.len() as f64 - OWN as f64).max(0.0))
            })
            .collect();
        let free: f64 = pearson.iter().map(|p| p.1).sum();
        let pooled = pearson.iter().map(|p| p.0).sum::<f64>() / free.max(1.0);
        for (d, (sum, free)) in self.dispersion.iter_mut().zip(pearson) {
            *d = ((sum + WEIGHT * pooled) / (free + WEIGHT)).max(FLOOR);
        }
    }

    /// One step of the EM algorithm for the spread of the week effects.
    fn estimate_week_sd(&mut self, system: &System) {
        let from = self.kinds * SHARED;
        let square: f64 = (from..self.shared.len())
            .map(|j| self.shared[j].powi(2) + 1.0 / system.diagonal[j].max(1e-9))
            .sum();
        self.week_sd = (square / self.weeks.max(1) as f64).sqrt().clamp(1e-3, 1.0);
    }

    /// Each item's slope with its robust standard error, and each kind's promotion effect.
    fn slopes(&self, cancel: Cancel<'_>) -> Result<Slopes> {
        let system = self.system(cancel)?;
        let m = self.shared.len();
        let Some(schur) = &system.schur else {
            return Ok(Slopes::default());
        };
        // Scores of the shared terms by week, with what the item blocks take up removed.
        let mut by_week = vec![vec![0.0; m]; self.weeks];
        for (u, unit) in self.units.iter().enumerate() {
            cancel.check()?;
            let Some(factor) = &system.blocks[u] else {
                continue;
            };
            for row in &unit.rows {
                let score = self.score(u, row, factor);
                let taken = factor.solve(&self.own_terms(u, row));
                let week = &mut by_week[(row.week - self.first_week).max(0) as usize];
                for (j, z) in self.shared_terms(unit.kind, row) {
                    week[j] += z * score;
                }
                for (j, column) in &system.cross[u] {
                    week[*j] -= dot(column, &taken) * score;
                }
            }
        }
        let mut items = Vec::with_capacity(self.units.len());
        let mut together = vec![(0.0_f64, 0.0_f64, vec![0.0; self.weeks]); self.kinds];
        for (u, unit) in self.units.iter().enumerate() {
            cancel.check()?;
            let usable = matches!(unit.status, Status::Ok);
            let (Some(factor), true) = (&system.blocks[u], usable) else {
                items.push(None);
                continue;
            };
            let mut pick = [0.0; OWN];
            pick[SLOPE] = 1.0;
            let inverse = factor.solve(&pick);
            let mut reach = vec![0.0; m];
            for (j, column) in &system.cross[u] {
                reach[*j] = dot(column, &inverse);
            }
            let through = schur.solve(&reach);
            let model = inverse[SLOPE] + dot(&reach, &through);
            let mut influence: Vec<f64> = by_week.iter().map(|g| -dot(&through, g)).collect();
            for row in &unit.rows {
                let at = (row.week - self.first_week).max(0) as usize;
                influence[at] +=
                    dot(&inverse, &self.own_terms(u, row)) * self.score(u, row, factor);
            }
            let n = unit.rows.len() as f64;
            let free = n / (n - OWN as f64 - 1.0).max(1.0);
            let robust = newey_west(&influence) * free;
            items.push(Some((self.own[u][SLOPE], robust.max(model).sqrt())));
            let (count, alone, sum) = &mut together[unit.kind];
            *count += 1.0;
            *alone += robust;
            for (s, i) in sum.iter_mut().zip(&influence) {
                *s += i * free.sqrt();
            }
        }
        // The variance of the sum beyond that of its parts is what the items share, pair by pair.
        let common = together
            .iter()
            .map(|(n, alone, sum)| ((newey_west(sum) - alone) / (n * (n - 1.0)).max(1.0)).max(0.0))
            .collect();
        let promotions = (0..self.kinds)
            .map(|k| {
                let j = k * SHARED + 4;
                let seen = self
                    .units
                    .iter()
                    .filter(|u| u.kind == k)
                    .flat_map(|u| &u.rows)
                    .filter(|r| r.promotion > 0.0)
                    .count();
                if seen < MIN_MOVED {
                    return None;
                }
                let mut pick = vec![0.0; m];
                pick[j] = 1.0;
                let inverse = schur.solve(&pick);
                let influence: Vec<f64> = by_week.iter().map(|g| dot(&inverse, g)).collect();
                let variance = newey_west(&influence).max(inverse[j]);
                Some((self.shared[j], variance.sqrt()))
            })
            .collect();
        Ok(Slopes {
            items,
            common,
            promotions,
        })
    }

    /// The score of a row, its residual as if the row had not pulled the fit towards itself (HC3 of
    /// MacKinnon & White, Journal of Econometrics 29, 1985).
    fn score(&self, unit: usize, row: &Row, block: &Factor) -> f64 {
        /// A row that decides alone would have no residual at all.
        const MOST: f64 = 0.8;
        let mean = self.log_mean(unit, row).exp();
        let spread = self.dispersion[unit] * (1.0 + self.excess * mean);
        let terms = self.own_terms(unit, row);
        let leverage = mean / spread * dot(&terms, &block.solve(&terms));
        (row.units - mean) / spread / (1.0 - leverage.clamp(0.0, MOST))
    }

    fn r2(&self, unit: usize) -> Option<f64> {
        let rows = &self.units.get(unit)?.rows;
        let mean = rows.iter().map(|r| r.units).sum::<f64>() / rows.len().max(1) as f64;
        let all: f64 = rows.iter().map(|r| (r.units - mean).powi(2)).sum();
        let left: f64 = rows
            .iter()
            .map(|r| (r.units - self.log_mean(unit, r).exp()).powi(2))
            .sum();
        (all > 0.0).then(|| (1.0 - left / all).clamp(0.0, 1.0))
    }
}

#[derive(Default)]
struct Slopes {
    items: Vec<Option<(f64, f64)>>,
    /// By kind: the variance of the error its items share.
    common: Vec<f64>,
    promotions: Vec<Option<(f64, f64)>>,
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

/// The product of the first elements that both have.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn report(model: &Model<'_>, kinds: &[&str], slopes: &Slopes, level: f64) -> Result<Elasticities> {
    let tail = (1.0 - level) / 2.0;
    let mut items: Vec<Estimate> = model
        .units
        .iter()
        .enumerate()
        .map(|(u, unit)| Estimate {
            item: unit.name.to_owned(),
            kind: kinds.get(unit.kind).copied().unwrap_or("").to_owned(),
            elasticity: None,
            sd: None,
            lo: None,
            hi: None,
            own: slopes.items.get(u).copied().flatten(),
            weeks: unit.rows.len(),
            price_weeks: unit.price_weeks,
            price_cv: unit.price_cv,
            price_range: unit.price_range,
            price: unit.price,
            r2: model.r2(u),
            status: unit.status,
        })
        .collect();
    let mut summaries = Vec::with_capacity(kinds.len());
    for (k, kind) in kinds.iter().enumerate() {
        let members: Vec<usize> = (0..items.len())
            .filter(|u| model.units[*u].kind == k && items[*u].own.is_some())
            .collect();
        let own: Vec<(f64, f64)> = members.iter().filter_map(|u| items[*u].own).collect();
        let Shrunk {
            kind: centre,
            spread,
            items: shrunk,
            own: weight,
        } = shrink(&own, slopes.common.get(k).copied().unwrap_or(0.0));
        for ((u, mixture), weight) in members.iter().zip(&shrunk).zip(weight) {
            let item = &mut items[*u];
            item.elasticity = Some(mixture.mean());
            item.sd = Some(mixture.sd());
            item.lo = Some(mixture.quantile(tail));
            item.hi = Some(mixture.quantile(1.0 - tail));
            if weight < MOSTLY_OWN && members.len() > 1 {
                item.status = Status::Pooled;
            }
        }
        let known = !members.is_empty();
        summaries.push(KindEstimate {
            kind: (*kind).to_owned(),
            elasticity: known.then(|| centre.mean()),
            lo: known.then(|| centre.quantile(tail)),
            hi: known.then(|| centre.quantile(1.0 - tail)),
            spread,
            items: members.len(),
            promotion: slopes.promotions.get(k).copied().flatten(),
        });
    }
    Ok(Elasticities {
        items,
        kinds: summaries,
    })
}
