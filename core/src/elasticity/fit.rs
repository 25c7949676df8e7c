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

use super::model::{Model, Part};
use super::panel::{Panel, Table};
use super::shrink::{Mixture, Shrunk, shrink};
use super::unit::{Reading, Unit};
use crate::{Cancel, Error, Result};

/// Share of an item's answer below which it is `pooled`: mostly its kind's.
const MOSTLY_OWN: f64 = 0.25;

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
    pub(super) from: i32,
    pub(super) weeks: Vec<(f64, f64)>,
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

/// One regression and what it says of slopes.
struct Fitted<'a> {
    model: Model<'a>,
    own: Vec<Option<(f64, f64)>>,
    shrunk: Vec<Shrunk>,
    promotions: Vec<Option<(f64, f64)>>,
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
