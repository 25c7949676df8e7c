//! Promotions that paid, the weeks around them counted.

use std::collections::BTreeMap;

use serde_json::json;

use super::sales::Sales;
use super::{Action, LEVEL, Recommendation, percent};
use crate::draw::{median, normal_quantile};
use crate::elasticity::Sold;

/// Weeks before and after a promotion whose sales it may have taken (definitions §4).
const BEFORE: i32 = 2;
const AFTER: i32 = 4;
/// Weeks on each side that tell what is usual: a quarter.
const USUAL: i32 = 13;
/// Usual weeks below which nothing is compared.
const MIN_USUAL: usize = 6;
/// Promotions of a kind below which there is no interval.
const MIN_EVENTS: usize = 5;
/// Weeks since the last promotion before the next one is proposed.
const REST: i32 = 8;
/// Weeks after which a lower price is no longer a promotion, where promotions are told by price.
const SHORT: i32 = 3;
/// A week is promoted below this share of the quarter's median price, or by its flag from half of its units.
const DISCOUNT: f64 = 0.95;
const FLAGGED: f64 = 0.5;

/// One past promotion of one item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) item: usize,
    pub(super) start: i32,
    pub(super) weeks: i32,
    /// Net revenue gained over the window, in units of usual weeks.
    pub(super) gain: f64,
    /// Depth of the discount, a fraction.
    pub(super) depth: f64,
}

/// All promotions whose window lies inside the data.
pub(super) fn events(sales: &Sales) -> Vec<Event> {
    let weekly = sales.weekly();
    let flagged = sales.lines().iter().any(|l| l.promoted > 0.0);
    let end = Sales::week(sales.last() + 1) - 1;
    weekly
        .iter()
        .enumerate()
        .flat_map(|(item, weeks)| events_of(item, weeks, flagged, end))
        .collect()
}

fn events_of(item: usize, weeks: &BTreeMap<i32, Sold>, flagged: bool, end: i32) -> Vec<Event> {
    // Runs of promoted weeks: a week without a sale has no price and does not end one.
    let mut runs: Vec<Vec<(i32, f64)>> = Vec::new();
    let mut running = false;
    for (week, w) in weeks {
        let near: Vec<f64> = weeks
            .range(week - USUAL / 2..=week + USUAL / 2)
            .map(|(_, w)| w.revenue / w.units)
            .collect();
        let price = w.revenue / w.units;
        let depth = 1.0 - price / median(&near).unwrap_or(price);
        let on = if flagged {
            w.promoted >= FLAGGED * w.units
        } else {
            depth >= 1.0 - DISCOUNT
        };
        match runs.last_mut().filter(|_| on && running) {
            Some(run) => run.push((*week, depth.max(0.0))),
            None if on => runs.push(vec![(*week, depth.max(0.0))]),
            None => {}
        }
        running = on;
    }
    // A price that stays down is a new price.
    let ends = |run: &[(i32, f64)]| run.first().zip(run.last()).map(|(a, b)| (a.0, b.0));
    runs.retain(|run| flagged || ends(run).is_some_and(|(a, b)| b - a < SHORT));
    let promoted: Vec<i32> = runs.iter().flatten().map(|r| r.0).collect();
    let first = weeks.keys().next().copied().unwrap_or(0);
    let mut events = Vec::new();
    for run in &runs {
        let Some((start, last)) = ends(run) else {
            continue;
        };
        let (from, to) = (start - BEFORE, last + AFTER);
        if from < first || to > end {
            continue;
        }
        let usual: Vec<f64> = (from - USUAL..=to + USUAL)
            .filter(|w| *w > first && *w <= end && !(from..=to).contains(w))
            .filter(|w| !promoted.iter().any(|p| p - BEFORE <= *w && *w <= p + AFTER))
            .map(|w| weeks.get(&w).map_or(0.0, |w| w.revenue))
            .collect();
        let level = usual.iter().sum::<f64>() / usual.len().max(1) as f64;
        if usual.len() < MIN_USUAL || level <= 0.0 {
            continue;
        }
        let sold: f64 = (from..=to)
            .map(|w| weeks.get(&w).map_or(0.0, |w| w.revenue))
            .sum();
        events.push(Event {
            item,
            start,
            weeks: last - start + 1,
            gain: sold / level - f64::from(to - from + 1),
            depth: run.iter().map(|r| r.1).sum::<f64>() / run.len() as f64,
        });
    }
    events
}

/// One proposal for each kind whose promotions clearly paid: its best-selling item that has rested.
pub(super) fn rule(sales: &Sales) -> Vec<Recommendation> {
    let all = events(sales);
    let classes = sales.abc();
    let recent = sales.revenue(sales.last() - 12 * 7 + 1, sales.last());
    let now = Sales::week(sales.last() + 1) - 1;
    let mut by_kind: BTreeMap<&str, Vec<Event>> = BTreeMap::new();
    for event in &all {
        if let Some(item) = sales.items().get(event.item) {
            by_kind.entry(&item.kind).or_default().push(*event);
        }
    }
    let mut rows = Vec::new();
    for (kind, events) in by_kind {
        let Some((gain, lo, hi)) = mean_gain(&events) else {
            continue;
        };
        if lo <= 0.0 {
            continue;
        }
        // Promoted items, so that "what this kind's promotions did" speaks of the item as well.
        let candidate = (0..sales.items().len())
            .filter(|i| sales.items()[*i].kind == kind && classes[*i] != 'C' && recent[*i] > 0.0)
            .filter(|i| {
                let last = all.iter().filter(|e| e.item == *i).map(|e| e.start).max();
                last.is_some_and(|w| now - w >= REST)
            })
            .max_by(|a, b| recent[*a].total_cmp(&recent[*b]).then(b.cmp(a)));
        let Some(i) = candidate else { continue };
        let week = recent[i] / 12.0;
        let depth = median(&events.iter().map(|e| e.depth).collect::<Vec<_>>()).unwrap_or(0.0);
        let length = events.iter().map(|e| f64::from(e.weeks)).sum::<f64>() / events.len() as f64;
        let name = &sales.items()[i].name;
        let of = match kind {
            "(none)" => "products without a type",
            kind => kind,
        };
        let reason = format!(
            "{} promotions of {of} brought {gain:.1} usual weeks of revenue more each ({lo:.1} to {hi:.1}), the \
             {BEFORE} weeks before and {AFTER} after counted; {name} has rested for {REST} weeks or more. \
             Typical: {} off for {length:.0} week(s).",
            events.len(),
            percent(depth),
        );
        rows.push(
            Recommendation::new(Action::Promote, name, reason, sales.last())
                .uplift(gain * week, lo * week, hi * week)
                .evidence(
                    "history",
                    json!({ "metric": "revenue", "grain": "week", "filter": { "sku": name } }),
                    json!({
                        "kind": kind, "promotions": events.len(), "gain_weeks": gain, "lo": lo, "hi": hi,
                        "usual_week": week, "depth": depth,
                    }),
                    "A margin that does not carry the discount, or a competitor's promotion at the same time.",
                ),
        );
    }
    rows
}

/// The mean gain with its interval, promotions that start in the same week counted as one.
pub(super) fn mean_gain(events: &[Event]) -> Option<(f64, f64, f64)> {
    let mut by_week: BTreeMap<i32, (f64, f64)> = BTreeMap::new();
    for e in events {
        let cell = by_week.entry(e.start).or_default();
        cell.0 += e.gain;
        cell.1 += 1.0;
    }
    let means: Vec<f64> = by_week.values().map(|(sum, n)| sum / n).collect();
    let n = means.len() as f64;
    if means.len() < MIN_EVENTS {
        return None;
    }
    let mean = means.iter().sum::<f64>() / n;
    let variance = means.iter().map(|m| (m - mean).powi(2)).sum::<f64>() / (n - 1.0);
    // Student's t by its leading correction to the normal quantile.
    let z = normal_quantile(0.5 + LEVEL / 2.0);
    let t = z + (z.powi(3) + z) / (4.0 * (n - 1.0));
    let half = t * (variance / n).sqrt();
    Some((mean, mean - half, mean + half))
}
