//! The pooled regression: log of expected sales = item + item's trend + item's slope · log price + kind's season
//! + promotion + week, by quasi-Poisson likelihood.
//!
//! Where order lines are known, there are two of them: of lines, and of units by line. Their slopes add up to that of
//! units, and what tells large orders from small is not held against the price (the frequency and severity of
//! actuaries).
//!
//! Poisson rather than least squares on log units: a week without a sale counts, where its log does
//! not exist and leaving it out would flatten the slope of slow items (Santos Silva & Tenreyro,
//! The log of gravity, Review of Economics and Statistics 88, 2006).

use super::panel::{Panel, Table};
use super::shrink::{Mixture, PRIOR_MEAN, PRIOR_SD, Prior, SPREAD_SCALE, Shrunk, Slopes, shrink};
use super::unit::{MIN_MOVED, Reading, Row, Unit};
use crate::dense::{Factor, Symmetric};
use crate::{Cancel, Error, Result};

/// Item terms: level, trend, bend, slope.
const OWN: usize = 4;
const SLOPE: usize = 3;
/// Kind terms: two harmonics of the year, promotion, the fortnight after one.
const SHARED: usize = 6;
/// Terms of all kinds: promotion and the fortnight after, which kinds differ from.
const COMMON: usize = 2;
/// Prior standard deviations: trend per year, bend per year², seasons, promotions, and kinds' promotions
/// around those of all.
const TREND_SD: f64 = 0.5;
const SEASON_SD: f64 = 0.5;
const PROMOTION_SD: f64 = 1.0;
const PROMOTION_SPREAD: f64 = 0.25;
/// The least spread of slopes that the regression itself is held to; shrinkage proper comes after it.
const MIN_SPREAD: f64 = 0.5;
/// Where the standard deviation of the week effects starts; it is estimated.
const WEEK_SD: f64 = 0.1;
/// Lags of the Newey-West sum: a quarter of weeks, as prices and what else moves demand stay for months.
const LAGS: usize = 12;
/// Newton steps; 12 to 15 are usual.
const MAX_STEPS: usize = 40;
/// Steps after which spreads stay as they are.
const SETTLED: usize = 10;
/// Share of an item's answer below which it is `pooled`: mostly its kind's.
const MOSTLY_OWN: f64 = 0.25;
/// The weight of an item's own ratio of robust to model variance beside that of all, and the most it can be.
const OWN_RATIO: f64 = 0.5;
const MOST_RATIO: f64 = 10.0;
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
/// Standard errors are clustered by week and allow for correlation over twelve weeks (Newey & West,
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
    Ok(of_table(&Table::of(panel), level, cancel)?.0)
}

/// What the regression expects of an item's weeks, from its first complete one to the last of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    from: i32,
    weeks: Vec<(f64, f64)>,
}

impl Expected {
    /// Order lines (units where lines are not known) of a week and the ratio of their variance to them; the weeks that
    /// are cut are taken for what is next to them. `None` where nothing is known.
    pub(crate) fn on(&self, week: i32) -> Option<(f64, f64)> {
        let last = self.weeks.len().checked_sub(1)?;
        let at = i64::from(week) - i64::from(self.from);
        self.weeks.get(at.clamp(0, last as i64) as usize).copied()
    }
}

/// [`elasticities()`] of a table, and what is expected of each of its items.
pub(crate) fn of_table(
    table: &Table<'_>,
    level: f64,
    cancel: Cancel<'_>,
) -> Result<(Elasticities, Vec<Expected>)> {
    let mut kinds: Vec<&str> = table.items.iter().map(|i| i.1).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let reading = Reading::of(table);
    let mut units = Vec::with_capacity(table.items.len());
    for (name, kind, cells) in &table.items {
        cancel.check()?;
        let kind = kinds.binary_search(kind).unwrap_or(0);
        units.push(Unit::of(name, kind, cells, &reading));
    }
    let rows = || units.iter().flat_map(|u| &u.rows);
    let counted = rows().all(|r| r.lines > 0.0 || r.units <= 0.0);
    let parts: &[Part] = match (counted, rows().all(|r| r.lines == r.units)) {
        (true, false) => &[Part::Lines, Part::Size],
        _ => &[Part::Units],
    };
    let mut fits = Vec::with_capacity(parts.len());
    for part in parts {
        let mut model = Model::new(&units, kinds.len(), *part);
        model.fit(cancel)?;
        let system = model.system(cancel)?;
        let slopes = model.slopes(&system, true, cancel)?;
        let promotions = model.promotions(&system, cancel)?;
        let shrunk = shrink(&slopes.kinds, slopes.everywhere, part.prior());
        fits.push(Fitted {
            model,
            own: slopes.items,
            shrunk,
            promotions,
        });
    }
    let expected = |u| {
        fits.first()
            .map_or_else(Expected::default, |f| f.model.expected(u))
    };
    let expected = (0..units.len()).map(expected).collect();
    Ok((report(&units, &fits, &kinds, level), expected))
}

/// What a regression explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Units.
    Units,
    /// Order lines.
    Lines,
    /// Units by order line.
    Size,
}

impl Part {
    /// What is explained and the logarithm of what it is in proportion to; `None` where there is nothing to see.
    fn of(self, row: &Row) -> Option<(f64, f64)> {
        match self {
            Part::Units => Some((row.units, 0.0)),
            Part::Lines => Some((row.lines, 0.0)),
            Part::Size => (row.lines > 0.0).then(|| (row.units, row.lines.ln())),
        }
    }

    fn prior(self) -> Prior {
        let (mean, sd) = match self {
            Part::Units | Part::Lines => (PRIOR_MEAN, PRIOR_SD),
            Part::Size => (0.0, 1.0),
        };
        Prior {
            mean,
            sd,
            spread: SPREAD_SCALE,
        }
    }
}

/// One regression and what it says of slopes.
struct Fitted<'a> {
    model: Model<'a>,
    own: Vec<Option<(f64, f64)>>,
    shrunk: Vec<Shrunk>,
    promotions: Vec<Option<(f64, f64)>>,
}

/// Slopes as a regression alone has them, with their standard errors.
struct Found {
    /// By kind, of the items that can be used.
    kinds: Vec<Slopes>,
    /// By item.
    items: Vec<Option<(f64, f64)>>,
    /// The variance of the error that all items share.
    everywhere: f64,
}

/// A week as a regression sees it.
struct Seen<'a> {
    row: &'a Row,
    /// Position of its week among those with rows.
    week: usize,
    count: f64,
    offset: f64,
    /// The item's own terms.
    own: [f64; OWN],
    /// Column and value of the shared terms, in order of column.
    shared: [(usize, f64); SHARED + COMMON + 1],
}

/// The regression in its block form: a small block per item and one that items share.
struct Model<'a> {
    units: &'a [Unit<'a>],
    seen: Vec<Vec<Seen<'a>>>,
    part: Part,
    kinds: usize,
    /// The weeks with rows, in order.
    weeks: Vec<i32>,
    own: Vec<[f64; OWN]>,
    shared: Vec<f64>,
    /// What is expected of each row of `seen` at these.
    means: Vec<Vec<f64>>,
    /// The mean and the precision that each kind's slopes are held to.
    slope_prior: Vec<(f64, f64)>,
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
    fn new(units: &'a [Unit<'a>], kinds: usize, part: Part) -> Self {
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
                        row,
                        week,
                        count,
                        offset,
                        own: own_terms(u, row),
                        shared: shared_terms(u.kind, kinds, Some(week), row),
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
            week_sd: WEEK_SD,
        };
        model.expect();
        model
    }

    /// Brings the means up to date with the coefficients.
    fn expect(&mut self) {
        let of = |(u, rows): (usize, &Vec<Seen>)| {
            rows.iter().map(|s| self.log_mean(u, s).exp()).collect()
        };
        self.means = self.seen.iter().enumerate().map(of).collect();
    }

    /// The rows of an item with their means.
    fn rows(&self, unit: usize) -> impl Iterator<Item = (&Seen<'a>, f64)> {
        self.seen[unit].iter().zip(self.means[unit].iter().copied())
    }

    /// The log of what is expected, given what it is in proportion to.
    fn log_mean(&self, unit: usize, seen: &Seen<'_>) -> f64 {
        let own = self.own.get(unit).unwrap_or(&[0.0; OWN]);
        let shared = seen
            .shared
            .iter()
            .map(|(j, z)| z * self.shared.get(*j).copied().unwrap_or(0.0));
        (seen.offset + dot(&seen.own, own) + shared.sum::<f64>()).clamp(-30.0, 30.0)
    }

    fn shared_precision(&self, j: usize) -> f64 {
        if j >= self.kinds * SHARED + COMMON {
            self.week_sd.powi(-2)
        } else if j >= self.kinds * SHARED {
            PROMOTION_SD.powi(-2)
        } else if j % SHARED < 4 {
            SEASON_SD.powi(-2)
        } else {
            PROMOTION_SPREAD.powi(-2)
        }
    }

    fn fit(&mut self, cancel: Cancel<'_>) -> Result<()> {
        if self.weeks.is_empty() {
            return Ok(());
        }
        for step in 0..MAX_STEPS {
            cancel.check()?;
            let system = self.system(cancel)?;
            let moved = self.advance(&system);
            // Spreads settle within a few steps; the last ones are for the coefficients that go with them.
            if (2..SETTLED).contains(&step) {
                let slopes = self.slopes(&system, false, cancel)?;
                let shrunk = shrink(&slopes.kinds, slopes.everywhere, self.part.prior());
                for (held, kind) in self.slope_prior.iter_mut().zip(shrunk) {
                    *held = (kind.kind.mean(), kind.spread.max(MIN_SPREAD).powi(-2));
                }
                self.estimate_excess();
                self.estimate_dispersion();
                self.estimate_week_sd(&system);
            }
            if step >= SETTLED && moved < 1e-4 {
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
        // What one item touches; emptied for the next.
        let (mut columns, mut touched) = (vec![[0.0; OWN]; m], vec![false; m]);
        let mut seen_columns = 0;
        for (u, unit) in self.units.iter().enumerate() {
            cancel.check()?;
            let slope = self
                .slope_prior
                .get(unit.kind)
                .copied()
                .unwrap_or((0.0, 1e-6));
            let trend = TREND_SD.powi(-2);
            let held = [(0.0, 1e-6), (0.0, trend), (0.0, trend), slope];
            let mut gradient = [0.0; OWN];
            let mut block = Symmetric::zeros(OWN);
            for (k, (mean, precision)) in held.iter().enumerate() {
                gradient[k] = precision * (mean - self.own[u][k]);
                block.add(k, k, *precision);
            }
            for (seen, mean) in self.rows(u) {
                let spread = self.dispersion[u] * (1.0 + self.excess * mean);
                let (weight, score) = (mean / spread, (seen.count - mean) / spread);
                let (x, z) = (seen.own, seen.shared);
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
                    touched[j] = true;
                    for (c, xk) in columns[j].iter_mut().zip(x) {
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
            let mut crossed = Vec::with_capacity(seen_columns);
            for (j, (column, touched)) in columns.iter_mut().zip(&mut touched).enumerate() {
                if std::mem::take(touched) {
                    crossed.push((j, std::mem::take(column)));
                }
            }
            seen_columns = crossed.len();
            cross.push(crossed);
        }
        // Schur complement: S = C - sum B'A^-1 B, and the gradient likewise.
        let mut solved: Vec<(usize, [f64; OWN])> = Vec::new();
        for (u, columns) in cross.iter().enumerate() {
            cancel.check()?;
            let Some(factor) = &blocks[u] else { continue };
            solved.clear();
            for (j, column) in columns {
                let solution = factor.solve_small(column);
                shared_gradient[*j] -= dot(&solution, &own_gradient[u]);
                solved.push((*j, solution));
                let row = curvature.row_mut(*j);
                for (i, other) in &solved {
                    row[*i] -= dot(other, column);
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
            let most = seen.map(|s| dot(&s.own, &step).abs()).fold(0.0, f64::max);
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

    /// One step of the EM algorithm for the spread of the week effects.
    fn estimate_week_sd(&mut self, system: &System) {
        let from = self.kinds * SHARED + COMMON;
        let square: f64 = (from..self.shared.len())
            .map(|j| self.shared[j].powi(2) + 1.0 / system.diagonal[j].max(1e-9))
            .sum();
        self.week_sd = (square / self.weeks.len().max(1) as f64)
            .sqrt()
            .clamp(1e-3, 1.0);
    }

    /// The slopes as the data alone have them: the prior that held them is taken out again.
    /// `robust`: with standard errors by week rather than the model's own.
    fn slopes(&self, system: &System, robust: bool, cancel: Cancel<'_>) -> Result<Found> {
        let mut kinds = vec![Slopes::default(); self.kinds];
        let mut items = vec![None; self.units.len()];
        let Some(schur) = &system.schur else {
            return Ok(Found {
                kinds,
                items,
                everywhere: 0.0,
            });
        };
        let by_week = if robust {
            self.scores_by_week(system, cancel)?
        } else {
            Vec::new()
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
            let through = schur.solve(&reach);
            let precision = 1.0 / (inverse[SLOPE] + dot(&reach, &through));
            let (mean, held) = self
                .slope_prior
                .get(unit.kind)
                .copied()
                .unwrap_or((0.0, 0.0));
            let own = (precision - held).max(1e-3 * precision);
            let slope = (precision * self.own[u][SLOPE] - held * mean) / own;
            let scale = precision / own;
            let mut seen_by_week = 0.0;
            if robust {
                let mut influence: Vec<f64> = by_week.iter().map(|g| -dot(&through, g)).collect();
                for (seen, mean) in self.rows(u) {
                    influence[seen.week] +=
                        dot(&inverse, &seen.own) * self.score(u, seen, mean, factor);
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
            let answer = (slope, (variance * if robust { ratio } else { 1.0 }).sqrt());
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
    fn scores_by_week(&self, system: &System, cancel: Cancel<'_>) -> Result<Vec<Vec<f64>>> {
        let mut by_week = vec![vec![0.0; self.shared.len()]; self.weeks.len()];
        for u in 0..self.units.len() {
            cancel.check()?;
            let Some(factor) = &system.blocks[u] else {
                continue;
            };
            for (seen, mean) in self.rows(u) {
                let score = self.score(u, seen, mean, factor);
                let taken = factor.solve_small(&seen.own);
                let week = &mut by_week[seen.week];
                for (j, z) in seen.shared {
                    week[j] += z * score;
                }
                for (j, column) in &system.cross[u] {
                    week[*j] -= dot(column, &taken) * score;
                }
            }
        }
        Ok(by_week)
    }

    /// Each kind's promotion effect with its robust standard error, where promotions were seen.
    fn promotions(&self, system: &System, cancel: Cancel<'_>) -> Result<Vec<Option<(f64, f64)>>> {
        let Some(schur) = &system.schur else {
            return Ok(vec![None; self.kinds]);
        };
        let by_week = self.scores_by_week(system, cancel)?;
        Ok((0..self.kinds)
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
            .collect())
    }

    /// What is expected of an item's weeks. Where it has no row, for a stock-out or as it sold no more, its price is that
    /// of the rows around; its trend ends with its last row, as a bend leads anywhere.
    fn expected(&self, unit: usize) -> Expected {
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
            let row = if after.week == week {
                *after
            } else {
                let before = of.rows.get(next.saturating_sub(1)).unwrap_or(last);
                Row {
                    week,
                    lines: 0.0,
                    units: 0.0,
                    log_price: (before.log_price + after.log_price) / 2.0,
                    promotion: 0.0,
                    after: 0.0,
                }
            };
            let held = Row {
                week: week.min(last.week),
                ..row
            };
            let seen = Seen {
                row: &row,
                week: 0,
                count: 0.0,
                offset: 0.0,
                own: own_terms(of, &held),
                shared: shared_terms(
                    of.kind,
                    self.kinds,
                    self.weeks.binary_search(&week).ok(),
                    &row,
                ),
            };
            let mean = self.log_mean(unit, &seen).exp();
            (mean, self.dispersion[unit] * (1.0 + self.excess * mean))
        });
        Expected {
            from,
            weeks: weeks.collect(),
        }
    }

    /// The score of a row, its residual as if the row had not pulled the fit towards itself (HC3 of
    /// MacKinnon & White, Journal of Econometrics 29, 1985).
    fn score(&self, unit: usize, seen: &Seen<'_>, mean: f64, block: &Factor) -> f64 {
        /// A row that decides alone would have no residual at all.
        const MOST: f64 = 0.8;
        let spread = self.dispersion[unit] * (1.0 + self.excess * mean);
        let leverage = mean / spread * dot(&seen.own, &block.solve_small(&seen.own));
        (seen.count - mean) / spread / (1.0 - leverage.clamp(0.0, MOST))
    }
}

/// Level, trend, bend and slope of a row.
fn own_terms(unit: &Unit<'_>, row: &Row) -> [f64; OWN] {
    let ends = unit.rows.first().zip(unit.rows.last());
    let middle = ends.map_or(0.0, |(a, b)| (f64::from(a.week) + f64::from(b.week)) / 2.0);
    let years = (f64::from(row.week) - middle) / YEAR;
    [1.0, years, years * years, row.log_price]
}

/// Season and promotions of the kind, promotions of all, and the week, where it has an effect.
fn shared_terms(
    kind: usize,
    kinds: usize,
    week: Option<usize>,
    row: &Row,
) -> [(usize, f64); SHARED + COMMON + 1] {
    let angle = std::f64::consts::TAU * f64::from(row.week) / YEAR;
    let at = kind * SHARED;
    let all = kinds * SHARED;
    [
        (at, angle.sin()),
        (at + 1, angle.cos()),
        (at + 2, (2.0 * angle).sin()),
        (at + 3, (2.0 * angle).cos()),
        (at + 4, row.promotion),
        (at + 5, row.after),
        (all, row.promotion),
        (all + 1, row.after),
        week.map_or((all, 0.0), |week| (all + COMMON + week, 1.0)),
    ]
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

/// The share of the variance of weekly units that the regressions explain together.
fn r2(units: &[Unit<'_>], fits: &[Fitted<'_>], unit: usize) -> Option<f64> {
    let rows = &units.get(unit)?.rows;
    let mean = rows.iter().map(|r| r.units).sum::<f64>() / rows.len().max(1) as f64;
    let first = fits.first()?.model.seen.get(unit)?;
    let (mut all, mut left) = (0.0, 0.0);
    for seen in first {
        let log: f64 = fits.iter().map(|f| f.model.log_mean(unit, seen)).sum();
        all += (seen.row.units - mean).powi(2);
        left += (seen.row.units - log.exp()).powi(2);
    }
    (all > 0.0).then(|| (1.0 - left / all).clamp(0.0, 1.0))
}

fn report(units: &[Unit<'_>], fits: &[Fitted<'_>], kinds: &[&str], level: f64) -> Elasticities {
    let tail = (1.0 - level) / 2.0;
    // Slopes of lines and of units by line add up, and so do their variances: given the lines, units are apart.
    let sum = |of: &dyn Fn(&Fitted<'_>) -> Option<(f64, f64)>| {
        fits.iter().try_fold((0.0, 0.0_f64), |s, f| {
            of(f).map(|(b, se)| (s.0 + b, s.1.hypot(se)))
        })
    };
    let mut items: Vec<Estimate> = units
        .iter()
        .enumerate()
        .map(|(u, unit)| Estimate {
            item: unit.name.to_owned(),
            kind: kinds.get(unit.kind).copied().unwrap_or("").to_owned(),
            elasticity: None,
            sd: None,
            lo: None,
            hi: None,
            own: sum(&|f| f.own.get(u).copied().flatten()).filter(|_| !fits.is_empty()),
            weeks: unit.rows.len(),
            price_weeks: unit.price_weeks,
            price_cv: unit.price_cv,
            price_range: unit.price_range,
            price: unit.price,
            r2: r2(units, fits, u),
            status: unit.status,
        })
        .collect();
    let mut summaries = Vec::with_capacity(kinds.len());
    for (k, kind) in kinds.iter().enumerate() {
        let members: Vec<usize> = (0..items.len())
            .filter(|u| units[*u].kind == k && items[*u].own.is_some())
            .collect();
        let parts: Vec<&Shrunk> = fits.iter().filter_map(|f| f.shrunk.get(k)).collect();
        let whole = |of: &dyn Fn(&Shrunk) -> Option<Mixture>| {
            let mut found = parts.iter().map(|s| of(s));
            let first = found.next()??;
            found.try_fold(first, |sum, part| {
                part.map(|p| sum.plus(p.mean(), p.sd().powi(2)))
            })
        };
        let spread = parts.iter().map(|s| s.spread.powi(2)).sum::<f64>();
        for (i, u) in members.iter().enumerate() {
            let Some(mixture) = whole(&|s| s.items.get(i).cloned()) else {
                continue;
            };
            let item = &mut items[*u];
            item.elasticity = Some(mixture.mean());
            item.sd = Some(mixture.sd());
            item.lo = Some(mixture.quantile(tail));
            item.hi = Some(mixture.quantile(1.0 - tail));
            // Each part weighs by how much items differ in it.
            let own = parts
                .iter()
                .map(|s| s.own.get(i).unwrap_or(&0.0) * s.spread.powi(2))
                .sum::<f64>();
            if own < MOSTLY_OWN * spread && members.len() > 1 {
                item.status = Status::Pooled;
            }
        }
        let centre = whole(&|s| Some(s.kind.clone())).filter(|_| !members.is_empty());
        let promotion = sum(&|f| f.promotions.get(k).copied().flatten());
        summaries.push(KindEstimate {
            kind: (*kind).to_owned(),
            elasticity: centre.as_ref().map(Mixture::mean),
            lo: centre.as_ref().map(|c| c.quantile(tail)),
            hi: centre.as_ref().map(|c| c.quantile(1.0 - tail)),
            spread: spread.sqrt(),
            items: members.len(),
            promotion,
        });
    }
    Elasticities {
        items,
        kinds: summaries,
    }
}
