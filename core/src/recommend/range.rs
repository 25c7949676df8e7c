//! The range: items to look at for delisting, and channels an item is missing from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::robust::theil_sen;
use super::sales::Sales;
use super::{Action, HORIZON, LEVEL, Recommendation, Status, money};
use crate::draw::{ascending, median, normal_quantile, quantile};

/// Z items: coefficient of variation of weekly units over active weeks (definitions §2).
const Z_CV: f64 = 1.0;
/// An item younger than this is still being launched.
const MIN_AGE: i32 = 180;
/// A larger share of any channel is a role of its own.
const ROLE_SHARE: f64 = 0.05;
/// The days that tell present velocities: half a year.
const WINDOW: i32 = 182;
/// Days an item must have been in a channel before its velocity there counts.
const MIN_DAYS: i32 = 28;
/// Items sold in both channels that are needed to carry a velocity over.
const MIN_ANALOGUES: usize = 5;
/// Log-ratio variance believed before the data, with the weight of as many analogues.
const PRIOR_VARIANCE: f64 = 0.5;
const PRIOR_WEIGHT: f64 = 5.0;

/// C items with erratic, shrinking sales and no channel that leans on them.
pub(super) fn delist(sales: &Sales) -> Vec<Recommendation> {
    let classes = sales.abc();
    let lives = sales.lives();
    let weekly = sales.weekly();
    let last = sales.last();
    let open = Sales::week(last + 1);
    let year = sales.revenue(last - 364, last);
    let horizon = sales.revenue(last - 3 * HORIZON + 1, last);
    let roles = items_with_a_role(sales);
    let mut rows = Vec::new();
    for (i, item) in sales.items().iter().enumerate() {
        let Some((born, _)) = lives.get(i).copied().flatten() else {
            continue;
        };
        if classes.get(i) != Some(&'C') || last - born <= MIN_AGE || roles.contains(&i) {
            continue;
        }
        let Some(weeks) = weekly.get(i) else { continue };
        let active: Vec<f64> = weeks.values().map(|w| w.units).collect();
        if variation(&active) <= Z_CV {
            continue;
        }
        // Units by four weeks over the last year and a half, or the item's life.
        let from = Sales::week(born).max(open - 78);
        let blocks: Vec<f64> = (0..(open - from) / 4)
            .rev()
            .map(|b| {
                let to = open - 4 * b;
                weeks.range(to - 4..to).map(|(_, w)| w.units).sum()
            })
            .collect();
        let Some((slope, _, hi)) = theil_sen(&blocks, LEVEL) else {
            continue;
        };
        if hi >= 0.0 {
            continue;
        }
        let risk = horizon.get(i).copied().unwrap_or(0.0) / 3.0;
        let reason = format!(
            "Small, erratic and shrinking: {:.1} units a month fewer each month, and no channel leans on it. \
             At most {} of revenue in four weeks is at stake; part of it would go to its neighbours, how \
             much is not known.",
            -slope,
            money(risk),
        );
        rows.push(
            Recommendation::new(Action::Delist, &item.name, reason, last)
                .uplift(-risk, -risk, 0.0)
                .status(Status::Directional)
                .evidence(
                    "portfolio",
                    json!({ "filter": { "sku": item.name } }),
                    json!({
                        "abc": "C", "xyz": "Z", "slope_per_4_weeks": slope, "slope_hi": hi,
                        "revenue_last_year": year.get(i), "revenue_at_risk": risk,
                    }),
                    "A role that sales do not show: a set, a contract, a customer who buys it with others.",
                ),
        );
    }
    rows
}

fn variation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    if values.len() < 4 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (square / (n - 1.0)).sqrt() / mean.max(1e-9)
}

/// Items that bring 5 % of a channel's revenue of the last half year.
fn items_with_a_role(sales: &Sales) -> BTreeSet<usize> {
    let mut cells: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    let mut totals: BTreeMap<u32, f64> = BTreeMap::new();
    for l in sales.between(sales.last() - WINDOW + 1, sales.last()) {
        *cells.entry((l.channel, l.item)).or_default() += l.revenue;
        *totals.entry(l.channel).or_default() += l.revenue;
    }
    cells
        .iter()
        .filter(|((channel, _), revenue)| {
            **revenue >= ROLE_SHARE * totals.get(channel).copied().unwrap_or(f64::INFINITY)
        })
        .map(|((_, item), _)| *item as usize)
        .collect()
}

/// Units a day and revenue of an item in a channel.
#[derive(Clone, Copy)]
struct Velocity {
    units: f64,
    revenue: f64,
}

/// Items that sell fast in two channels and are missing from one where their kind sells.
pub(super) fn expand(sales: &Sales) -> Vec<Recommendation> {
    let last = sales.last();
    let from = last - WINDOW + 1;
    let mut cells: BTreeMap<(usize, usize), (i32, f64, f64)> = BTreeMap::new();
    for l in sales.between(from, last) {
        let cell = cells
            .entry((l.item as usize, l.channel as usize))
            .or_insert((l.day, 0.0, 0.0));
        cell.1 += l.units;
        cell.2 += l.revenue;
    }
    let velocity: BTreeMap<(usize, usize), Velocity> = cells
        .iter()
        .filter(|(_, (first, _, _))| last - first + 1 >= MIN_DAYS)
        .map(|(key, (first, units, revenue))| {
            let days = f64::from(last - first + 1);
            let v = Velocity {
                units: units / days,
                revenue: revenue / days,
            };
            (*key, v)
        })
        .collect();
    let top = top_quartiles(sales, &velocity);
    // An item that ever sold in a channel is not missing from it: it left, for a reason.
    let ever: BTreeSet<(usize, usize)> = sales
        .lines()
        .iter()
        .map(|l| (l.item as usize, l.channel as usize))
        .collect();
    let mut rows: Vec<Recommendation> = Vec::new();
    for (i, item) in sales.items().iter().enumerate() {
        let here: Vec<usize> = (0..sales.channels().len())
            .filter(|c| {
                let fast = top.get(&(item.kind.as_str(), *c)).copied();
                let v = velocity.get(&(i, *c)).map(|v| v.units);
                fast.zip(v).is_some_and(|(fast, v)| v >= fast)
            })
            .collect();
        if here.len() < 2 {
            continue;
        }
        let best = (0..sales.channels().len())
            .filter(|c| !ever.contains(&(i, *c)))
            .filter_map(|c| carry_over(sales, &velocity, i, &here, c).map(|a| (c, a)))
            .max_by(|a, b| a.1.expected.total_cmp(&b.1.expected));
        let Some((channel, a)) = best else { continue };
        let name = sales.channels().get(channel).map_or("", String::as_str);
        let reason = format!(
            "List it in {name}: it is among the fastest quarter of {} in {} channels, and {} others that sell \
             there as well sell {:.2} times as fast there as elsewhere.",
            item.kind,
            here.len(),
            a.analogues,
            a.ratio,
        );
        rows.push(
            Recommendation::new(Action::Expand, &item.name, reason, last)
                .uplift(a.expected, a.lo, a.hi)
                .evidence(
                    "breakdown",
                    json!({
                        "metric": "units", "by": ["sku", "channel"],
                        "filter": { "product_type": item.kind },
                    }),
                    json!({
                        "channel": name, "analogues": a.analogues, "ratio": a.ratio,
                        "fast_in": here.iter().filter_map(|c| sales.channels().get(*c)).collect::<Vec<_>>(),
                    }),
                    "An exclusive contract, or listing costs above the expected revenue.",
                ),
        );
    }
    rows
}

/// The 0.75 quantile of velocity by kind and channel.
fn top_quartiles<'a>(
    sales: &'a Sales,
    velocity: &BTreeMap<(usize, usize), Velocity>,
) -> BTreeMap<(&'a str, usize), f64> {
    let mut groups: BTreeMap<(&str, usize), Vec<f64>> = BTreeMap::new();
    for ((item, channel), v) in velocity {
        if let Some(item) = sales.items().get(*item) {
            groups
                .entry((&item.kind, *channel))
                .or_default()
                .push(v.units);
        }
    }
    groups
        .into_iter()
        .filter(|(_, v)| v.len() >= 4)
        .filter_map(|(key, v)| Some((key, quantile(&ascending(&v), 0.75)?)))
        .collect()
}

struct CarryOver {
    expected: f64,
    lo: f64,
    hi: f64,
    ratio: f64,
    analogues: usize,
}

/// What an item's revenue elsewhere says about a channel it is missing from, by the items of its kind that
/// are in both; their median log ratio is shrunk to that of all kinds.
fn carry_over(
    sales: &Sales,
    velocity: &BTreeMap<(usize, usize), Velocity>,
    item: usize,
    here: &[usize],
    channel: usize,
) -> Option<CarryOver> {
    let elsewhere = |i: usize| {
        let v: Vec<f64> = here
            .iter()
            .filter_map(|c| velocity.get(&(i, *c)).map(|v| v.revenue))
            .collect();
        (v.len() == here.len()).then(|| v.iter().sum::<f64>() / v.len().max(1) as f64)
    };
    let kind = &sales.items().get(item)?.kind;
    let (mut own, mut all) = (Vec::new(), Vec::new());
    for (i, other) in sales.items().iter().enumerate() {
        let there = velocity.get(&(i, channel)).map(|v| v.revenue);
        let Some((there, away)) = there.zip(elsewhere(i)) else {
            continue;
        };
        let log = (there / away.max(1e-9)).ln();
        all.push(log);
        if other.kind == *kind {
            own.push(log);
        }
    }
    // The kind must sell there, and there must be enough to compare with.
    if own.is_empty() || all.len() < MIN_ANALOGUES {
        return None;
    }
    let weight = own.len() as f64 / (own.len() as f64 + PRIOR_WEIGHT);
    let log = weight * median(&own)? + (1.0 - weight) * median(&all)?;
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let spread = (all.iter().map(|l| (l - mean).powi(2)).sum::<f64>()
        + PRIOR_VARIANCE * PRIOR_WEIGHT)
        / (all.len() as f64 - 1.0 + PRIOR_WEIGHT);
    let base = elsewhere(item)? * f64::from(HORIZON);
    let half = normal_quantile(0.5 + LEVEL / 2.0) * spread.sqrt();
    Some(CarryOver {
        expected: base * log.exp(),
        lo: base * (log - half).exp(),
        hi: base * (log + half).exp(),
        ratio: log.exp(),
        analogues: all.len(),
    })
}

/// Whether an item's sales of four weeks from day `from` on are at most those of the four weeks before.
pub(super) fn kept_shrinking(sales: &Sales, item: usize, from: i32) -> bool {
    let days = 3 * HORIZON;
    let sum = |a: i32, b: i32| sales.revenue(a, b).get(item).copied().unwrap_or(0.0);
    sum(from + 1, from + days) <= sum(from - days + 1, from)
}
