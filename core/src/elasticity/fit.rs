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
use super::shrink::{
    Mixture, PRIOR_MEAN, PRIOR_SD, Prior, SIZE_SD, SPREAD_SCALE, Shrunk, Slopes, shrink,
};
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
/// Shared terms of a row: those, and its week.
const TERMS: usize = SHARED + COMMON + 1;
/// Standard deviation of the effect of promotions, and of the fortnight after, over all kinds.
const PROMOTION_SD: f64 = 1.0;
/// Where the other standard deviations start, and what one further effect of each sort is believed to be; they are
/// estimated: of trends per year, bends per year², seasons, kinds' promotions around those of all, weeks.
const SPREADS: [f64; 5] = [0.5, 0.5, 0.5, 0.25, 0.1];
const TREND: usize = 0;
const BEND: usize = 1;
const SEASON: usize = 2;
const PROMOTION: usize = 3;
const WEEK: usize = 4;
/// The least spread of slopes that the regression itself is held to; shrinkage proper comes after it.
const MIN_SPREAD: f64 = 0.5;
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
        let by_week = model.scores_by_week(&system, cancel)?;
        let slopes = model.slopes(&system, Some(&by_week), cancel)?;
        let promotions = model.promotions(&system, &by_week);
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

/// A week as a regression sees it. There are many of them and each step reads all, so no more than that is kept.
struct Seen {
    /// Position of its week among those with rows.
    week: usize,
    count: f64,
    /// The logarithm of what the count is in proportion to.
    offset: f64,
    /// From the middle of the item's life.
    years: f64,
    log_price: f64,
    promotion: f64,
    after: f64,
}

impl Seen {
    /// The item's own terms: level, trend, bend and slope.
    fn own(&self) -> [f64; OWN] {
        [1.0, self.years, self.years * self.years, self.log_price]
    }

    /// What a term of each sort is multiplied by.
    fn sorts(&self) -> [f64; SORTS] {
        [1.0, self.promotion, self.after]
    }
}

/// The regression in its block form: a small block per item and one that items share.
struct Model<'a> {
    units: &'a [Unit<'a>],
    seen: Vec<Vec<Seen>>,
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
    /// By [`TREND`] to [`WEEK`].
    spreads: [f64; 5],
}

/// Sorts of shared terms: one for season and week, promotion, and the fortnight after.
const SORTS: usize = 1 + COMMON;

/// Sums over the rows of a kind's week, which have season and week in common.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// Score times each sort.
    scores: [f64; SORTS],
    /// Weight times each two sorts.
    weights: [[f64; SORTS]; SORTS],
}

impl Sums {
    fn add(&mut self, weight: f64, score: f64, seen: &Seen) {
        if seen.promotion == 0.0 && seen.after == 0.0 {
            self.scores[0] += score;
            self.weights[0][0] += weight;
            return;
        }
        let sorts = seen.sorts();
        for (i, x) in sorts.iter().enumerate() {
            self.scores[i] += score * x;
            for (j, y) in sorts.iter().enumerate() {
                self.weights[i][j] += weight * x * y;
            }
        }
    }

    /// Adds the week to gradient and curvature: column, value and sort of its terms, in order of column.
    fn spread(
        &self,
        terms: &[(usize, f64, usize); TERMS],
        gradient: &mut [f64],
        curvature: &mut Symmetric,
    ) {
        if self.weights[0][0] == 0.0 {
            return;
        }
        for (n, (j, zj, sj)) in terms.iter().enumerate() {
            gradient[*j] += zj * self.scores[*sj];
            for (i, zi, si) in terms.iter().skip(n) {
                curvature.add(*i, *j, zi * zj * self.weights[*si][*sj]);
            }
        }
    }
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
    fn week_column(&self, week: usize) -> usize {
        self.kinds * SHARED + COMMON + week
    }

    /// Column, value and sort of the shared terms of a kind's week, in order of column; the last is the week's own
    /// effect, where `at` says that it has one.
    fn terms(&self, kind: usize, week: i32, at: Option<usize>) -> [(usize, f64, usize); TERMS] {
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
    fn effect(&self, kind: usize, week: i32, at: Option<usize>) -> [f64; SORTS] {
        let mut effect = [0.0; SORTS];
        for (j, z, sort) in self.terms(kind, week, at) {
            effect[sort] += z * self.shared[j];
        }
        effect
    }

    /// Of each kind's weeks what they are for, kind by kind.
    fn by_kind_and_week<T>(&self, of: impl Fn(usize, i32, usize) -> T) -> Vec<T> {
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
    fn rows(&self, unit: usize) -> impl Iterator<Item = (&Seen, f64)> {
        self.seen[unit].iter().zip(self.means[unit].iter().copied())
    }

    /// The log of what is expected, given what it is in proportion to.
    fn log_mean(&self, unit: usize, seen: &Seen, effect: &[f64; SORTS]) -> f64 {
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

    fn shared_precision(&self, j: usize) -> f64 {
        let spread = self.spread_of(j).map(|at| self.spreads[at]);
        spread.unwrap_or(PROMOTION_SD).powi(-2)
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
        let terms = self.by_kind_and_week(|kind, week, at| self.terms(kind, week, Some(at)));
        let mut sums = vec![Sums::default(); terms.len()];
        for (u, unit) in self.units.iter().enumerate() {
            cancel.check()?;
            let slope = self
                .slope_prior
                .get(unit.kind)
                .copied()
                .unwrap_or((0.0, 1e-6));
            let [trend, bend] = [TREND, BEND].map(|at| self.spreads[at].powi(-2));
            let held = [(0.0, 1e-6), (0.0, trend), (0.0, bend), slope];
            let mut gradient = [0.0; OWN];
            let mut block = [[0.0; OWN]; OWN];
            for (k, (mean, precision)) in held.iter().enumerate() {
                gradient[k] = precision * (mean - self.own[u][k]);
                block[k][k] = *precision;
            }
            // The item's terms with the kind's season, with promotion and the fortnight after, and with each week.
            let mut seasons = [[0.0; OWN]; SHARED - COMMON];
            let mut promotions = [[0.0; OWN]; COMMON];
            let (at, all) = (unit.kind * SHARED, self.kinds * SHARED);
            let mut columns = Vec::with_capacity(SHARED + COMMON + self.seen[u].len());
            columns.extend((at..at + SHARED).map(|j| (j, [0.0; OWN])));
            columns.extend((all..all + COMMON).map(|j| (j, [0.0; OWN])));
            for (seen, mean) in self.rows(u) {
                let scale = 1.0 / (self.dispersion[u] * (1.0 + self.excess * mean));
                let (weight, score) = (mean * scale, (seen.count - mean) * scale);
                let own = seen.own();
                let weighted = own.map(|x| weight * x);
                for k in 0..OWN {
                    gradient[k] += own[k] * score;
                    for l in 0..OWN {
                        block[k][l] += weighted[k] * own[l];
                    }
                }
                let terms = &terms[unit.kind * self.weeks.len() + seen.week];
                for (column, (_, z, _)) in seasons.iter_mut().zip(terms) {
                    for (c, w) in column.iter_mut().zip(&weighted) {
                        *c += w * z;
                    }
                }
                columns.push((self.week_column(seen.week), weighted));
                let sums = &mut sums[unit.kind * self.weeks.len() + seen.week];
                sums.add(weight, score, seen);
                // Most weeks are far from any promotion.
                if seen.promotion == 0.0 && seen.after == 0.0 {
                    continue;
                }
                for (column, z) in promotions.iter_mut().zip([seen.promotion, seen.after]) {
                    for (c, w) in column.iter_mut().zip(&weighted) {
                        *c += w * z;
                    }
                }
            }
            let crossed = seasons.iter().chain(&promotions).chain(&promotions);
            for (column, crossed) in columns.iter_mut().zip(crossed) {
                column.1 = *crossed;
            }
            own_gradient.push(gradient);
            blocks.push(Symmetric::of(&block).factor());
            cross.push(columns);
        }
        for (sums, terms) in sums.iter().zip(&terms) {
            sums.spread(terms, &mut shared_gradient, &mut curvature);
        }
        self.eliminate(
            &blocks,
            &cross,
            &own_gradient,
            &mut shared_gradient,
            &mut curvature,
            cancel,
        )?;
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

    /// Takes the items' own terms out: S = C - sum B'A^-1 B, and the gradient likewise. With A = LL' and H = L^-1 B each
    /// item takes away H'H, and columns that lie side by side, as weeks do, are taken away at once.
    fn eliminate(
        &self,
        blocks: &[Option<Factor>],
        cross: &[Vec<(usize, [f64; OWN])>],
        own_gradient: &[[f64; OWN]],
        shared_gradient: &mut [f64],
        curvature: &mut Symmetric,
        cancel: Cancel<'_>,
    ) -> Result<()> {
        let mut half: [Vec<f64>; OWN] = Default::default();
        // First column, its place in `half` and length of columns that follow each other.
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        for ((factor, columns), gradient) in blocks.iter().zip(cross).zip(own_gradient) {
            cancel.check()?;
            let Some(factor) = factor else { continue };
            half.iter_mut().for_each(Vec::clear);
            runs.clear();
            let gradient = factor.half_small(gradient);
            for (at, (j, column)) in columns.iter().enumerate() {
                let solved = factor.half_small(column);
                shared_gradient[*j] -= dot(&solved, &gradient);
                for (h, s) in half.iter_mut().zip(solved) {
                    h.push(s);
                }
                match runs.last_mut() {
                    Some((start, _, length)) if *start + *length == *j => *length += 1,
                    _ => runs.push((*j, at, 1)),
                }
            }
            for (at, (j, _)) in columns.iter().enumerate() {
                let [a, b, c, d] = [&half[0], &half[1], &half[2], &half[3]].map(|h| h[at]);
                let row = curvature.row_mut(*j);
                for (start, from, length) in runs.iter().take_while(|r| r.1 <= at) {
                    let length = (*length).min(at - from + 1);
                    let [ha, hb, hc, hd] =
                        [&half[0], &half[1], &half[2], &half[3]].map(|h| &h[*from..from + length]);
                    let cells = row[*start..start + length].iter_mut();
                    for ((((cell, ha), hb), hc), hd) in cells.zip(ha).zip(hb).zip(hc).zip(hd) {
                        *cell -= a * ha + b * hb + c * hc + d * hd;
                    }
                }
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

    /// The slopes as the data alone have them: the prior that held them is taken out again.
    /// With the scores by week their standard errors are robust, else the model's own.
    fn slopes(
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
    fn scores_by_week(&self, system: &System, cancel: Cancel<'_>) -> Result<Vec<Vec<f64>>> {
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
    fn promotions(&self, system: &System, by_week: &[Vec<f64>]) -> Vec<Option<(f64, f64)>> {
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

/// Years from the middle of an item's life to a week.
fn years(unit: &Unit<'_>, week: i32) -> f64 {
    let ends = unit.rows.first().zip(unit.rows.last());
    let middle = ends.map_or(0.0, |(a, b)| (f64::from(a.week) + f64::from(b.week)) / 2.0);
    (f64::from(week) - middle) / YEAR
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
    // All of the item's rows are in the first regression, and the weeks of all are the same.
    let first = &fits.first()?.model;
    let kind = units.get(unit)?.kind;
    let (mut all, mut left) = (0.0, 0.0);
    for (row, seen) in rows.iter().zip(first.seen.get(unit)?) {
        let effect = |m: &Model<'_>| m.effect(kind, row.week, Some(seen.week));
        let log = |f: &Fitted<'_>| f.model.log_mean(unit, seen, &effect(&f.model));
        all += (row.units - mean).powi(2);
        left += (row.units - fits.iter().map(log).sum::<f64>().exp()).powi(2);
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
