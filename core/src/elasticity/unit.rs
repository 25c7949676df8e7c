//! An item's weeks made ready for the regression: gaps filled, cut weeks and stock-outs left out.

use std::collections::BTreeMap;

use super::fit::Status;
use super::panel::{Item, Panel, Week};
use crate::draw::{ascending, median, quantile};

/// Weeks on the market below which an item is `short`.
const MIN_WEEKS: usize = 8;
/// Weeks with sales below which an item is `short`.
const MIN_SALES: usize = 6;
/// Log prices closer than this to the median count as unmoved.
const MOVED: f64 = 0.01;
/// Weeks away from the median price below which the price "never moved".
pub(super) const MIN_MOVED: usize = 3;
/// Share of list price from which on a week counts as promoted where no promotions are mapped.
const PROMOTED: f64 = 0.95;
/// Weeks on each side of the median that stands for the list price: 90 days in all.
const LIST_REACH: i32 = 6;
/// Weeks after which a lower price is no longer a promotion.
const SHORT: i32 = 3;
/// Weeks in which a channel's own price level for an item weighs as much as the channel's common one.
const OWN_LEVEL: f64 = 10.0;
/// A week without sales that was this improbable is taken for a stock-out and left out.
const STOCK_OUT: f64 = 0.01;

/// One week of one item.
pub(super) struct Row {
    pub(super) week: i32,
    pub(super) units: f64,
    pub(super) log_price: f64,
    pub(super) promotion: f64,
    pub(super) after: f64,
}

/// An item made ready.
pub(super) struct Unit<'a> {
    pub(super) name: &'a str,
    pub(super) kind: usize,
    pub(super) rows: Vec<Row>,
    pub(super) price_weeks: usize,
    pub(super) price_cv: f64,
    pub(super) price_range: (f64, f64),
    pub(super) price: f64,
    pub(super) status: Status,
}

impl<'a> Unit<'a> {
    pub(super) fn of(
        name: &'a str,
        item: &Item,
        kinds: &[&str],
        levels: &Levels,
        flagged: bool,
    ) -> Self {
        let kind = kinds.binary_search(&item.kind.as_str()).unwrap_or(0);
        let sums = levels.even(item);
        let priced: BTreeMap<i32, f64> = sums
            .iter()
            .map(|(week, w)| (*week, w.revenue / w.units))
            .collect();
        let short = short_discounts(&priced);
        let logs: Vec<f64> = priced.values().map(|p| p.ln()).collect();
        let centre = median(&logs).unwrap_or(0.0);
        let first = priced.keys().next().copied().unwrap_or(0);
        let last = priced.keys().next_back().copied().unwrap_or(0);
        let mut rows: Vec<Row> = Vec::new();
        let mut price = 0.0;
        let mut was_promoted = 0.0;
        for (week, paid) in &priced {
            // Weeks between two sales sold nothing, at the price of the last sale.
            if let Some(before) = rows.last().map(|r: &Row| r.week) {
                for gap in before + 1..*week {
                    rows.push(Row {
                        week: gap,
                        units: 0.0,
                        log_price: price,
                        promotion: 0.0,
                        after: was_promoted,
                    });
                    was_promoted = 0.0;
                }
            }
            price = paid.ln() - centre;
            let cell = sums.get(week).copied().unwrap_or_default();
            let promotion = if flagged {
                (cell.promoted / cell.units).clamp(0.0, 1.0)
            } else {
                short.get(week).copied().unwrap_or(0.0)
            };
            rows.push(Row {
                week: *week,
                units: cell.units,
                log_price: price,
                promotion,
                after: f64::max(was_promoted - promotion, 0.0),
            });
            was_promoted = promotion;
        }
        rows.retain(|r| r.week != first && r.week != last);
        drop_stock_outs(&mut rows);
        let sold = rows.iter().filter(|r| r.units > 0.0);
        let prices: Vec<f64> = sold.clone().map(|r| r.log_price).collect();
        let price_weeks = prices.iter().filter(|p| p.abs() > MOVED).count();
        let mean = prices.iter().sum::<f64>() / prices.len().max(1) as f64;
        let square: f64 = prices.iter().map(|p| (p - mean).powi(2)).sum();
        let sorted = ascending(&priced.values().copied().collect::<Vec<_>>());
        let status = if rows.len() < MIN_WEEKS || prices.len() < MIN_SALES {
            Status::Short
        } else if price_weeks < MIN_MOVED {
            Status::NoPriceVariation
        } else {
            Status::Ok
        };
        Unit {
            name,
            kind,
            price_weeks,
            price_cv: (square / (prices.len().max(2) - 1) as f64).sqrt(),
            price_range: (
                quantile(&sorted, 0.0).unwrap_or(0.0),
                quantile(&sorted, 1.0).unwrap_or(0.0),
            ),
            price: priced.values().next_back().copied().unwrap_or(0.0),
            status,
            rows,
        }
    }
}

/// How strongly each week was promoted, 0 to 1, by its price: 5 % or more below the median of the 90 days around it,
/// for three weeks at most. A price that stays down longer is a new price.
fn short_discounts(priced: &BTreeMap<i32, f64>) -> BTreeMap<i32, f64> {
    let mut runs: Vec<Vec<(i32, f64)>> = Vec::new();
    // A week without a sale has no price and does not end a run; a week at the list price does.
    let mut running = false;
    for (week, paid) in priced {
        let near: Vec<f64> = priced
            .range(week.saturating_sub(LIST_REACH)..=week.saturating_add(LIST_REACH))
            .map(|(_, p)| *p)
            .collect();
        let depth = 1.0 - paid / median(&near).unwrap_or(*paid);
        if depth < 1.0 - PROMOTED {
            running = false;
            continue;
        }
        match runs.last_mut().filter(|_| running) {
            Some(run) => run.push((*week, depth)),
            None => runs.push(vec![(*week, depth)]),
        }
        running = true;
    }
    let weeks = |run: &[(i32, f64)]| {
        let ends = run.first().zip(run.last());
        ends.map_or(0, |(a, b)| b.0.saturating_sub(a.0).saturating_add(1))
    };
    let mut found = BTreeMap::new();
    for run in runs.iter().filter(|r| weeks(r) <= SHORT) {
        // A week that the promotion only touched has part of its depth.
        let deepest = run.iter().map(|r| r.1).fold(0.0, f64::max);
        found.extend(run.iter().map(|(week, depth)| (*week, depth / deepest)));
    }
    found
}

/// The price levels of channels: an item's weeks are to be compared as if sold in one mix of them.
pub(super) struct Levels<'a> {
    /// Mean log price of a channel beside that of the item, over all items.
    common: BTreeMap<&'a str, f64>,
}

impl<'a> Levels<'a> {
    pub(super) fn of(panel: &'a Panel) -> Self {
        let mut away: BTreeMap<&'a str, Vec<f64>> = BTreeMap::new();
        for item in panel.items.values() {
            for rows in item.weeks.values().filter(|rows| rows.len() > 1) {
                // Within a week the price is the same but for the channel.
                let logs = rows.values().map(|w| (w.revenue / w.units).ln());
                let mean = logs.sum::<f64>() / rows.len() as f64;
                for (channel, w) in rows {
                    let log = (w.revenue / w.units).ln() - mean;
                    away.entry(channel).or_default().push(log);
                }
            }
        }
        Self {
            common: away
                .iter()
                .map(|(channel, logs)| (*channel, median(logs).unwrap_or(0.0)))
                .collect(),
        }
    }

    /// The item's weeks with every channel's level taken out: its own as far as it shows, else that of all items.
    fn even(&self, item: &Item) -> BTreeMap<i32, Week> {
        let mut own: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for rows in item.weeks.values().filter(|rows| rows.len() > 1) {
            let beside = |channel: &str, w: &Week| {
                (w.revenue / w.units).ln() - self.common.get(channel).copied().unwrap_or(0.0)
            };
            let mean = rows.iter().map(|(c, w)| beside(c, w)).sum::<f64>() / rows.len() as f64;
            for (channel, w) in rows {
                own.entry(channel)
                    .or_default()
                    .push(beside(channel, w) - mean);
            }
        }
        let level = |channel: &str| {
            let common = self.common.get(channel).copied().unwrap_or(0.0);
            own.get(channel).map_or(common, |logs| {
                let n = logs.len() as f64;
                common + median(logs).unwrap_or(0.0) * n / (n + OWN_LEVEL)
            })
        };
        item.weeks
            .iter()
            .map(|(week, rows)| {
                let mut sum = Week::default();
                for (channel, w) in rows {
                    sum.units += w.units;
                    sum.promoted += w.promoted;
                    sum.revenue += w.revenue * (-level(channel)).exp();
                }
                (*week, sum)
            })
            .collect()
    }
}

/// Leaves out weeks without sales where the weeks around them sold too much for chance.
///
/// Where another week near by, outside of the same run, sold nothing either, such weeks belong to the item.
fn drop_stock_outs(rows: &mut Vec<Row>) {
    const REACH: usize = 8;
    let units: Vec<f64> = rows.iter().map(|r| r.units).collect();
    let mut keep = vec![true; units.len()];
    let mut start = 0;
    while start < units.len() {
        let run = units.iter().skip(start).take_while(|u| **u <= 0.0).count();
        if run == 0 {
            start += 1;
            continue;
        }
        let end = start + run;
        let before = units.get(start.saturating_sub(REACH)..start).unwrap_or(&[]);
        let after = units
            .get(end..(end + REACH).min(units.len()))
            .unwrap_or(&[]);
        let near: Vec<f64> = before.iter().chain(after).copied().collect();
        let mean = near.iter().sum::<f64>() / near.len().max(1) as f64;
        let spread =
            near.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / (near.len().max(2) - 1) as f64;
        // Negative binomial with these moments, at least Poisson.
        let excess = (spread - mean).max(0.0) / (mean * mean).max(1e-9);
        let zero = if excess > 1e-6 {
            (1.0 + mean * excess).powf(-1.0 / excess)
        } else {
            (-mean).exp()
        };
        if zero < STOCK_OUT && near.iter().all(|u| *u > 0.0) {
            keep.iter_mut()
                .take(end)
                .skip(start)
                .for_each(|k| *k = false);
        }
        start = end;
    }
    let mut kept = keep.into_iter();
    rows.retain(|_| kept.next().unwrap_or(true));
}
