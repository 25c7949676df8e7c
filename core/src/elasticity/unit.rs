//! An item's weeks made ready for the regression: gaps filled, cut weeks and stock-outs left out.

use std::collections::BTreeMap;

use super::fit::Status;
use super::panel::Item;
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
    pub(super) fn of(name: &'a str, item: &Item, kinds: &[&str], flagged: bool) -> Self {
        let kind = kinds.binary_search(&item.kind.as_str()).unwrap_or(0);
        let priced: BTreeMap<i32, f64> = item
            .weeks
            .iter()
            .map(|(week, w)| (*week, w.revenue / w.units))
            .collect();
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
            let cell = item.weeks.get(week).copied().unwrap_or_default();
            let promotion = if flagged {
                (cell.promoted / cell.units).clamp(0.0, 1.0)
            } else {
                derived_promotion(&priced, *week, *paid)
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

/// 1 where the price is 5 % or more below the median of the 90 days around it.
fn derived_promotion(priced: &BTreeMap<i32, f64>, week: i32, paid: f64) -> f64 {
    let near: Vec<f64> = priced
        .range(week.saturating_sub(LIST_REACH)..=week.saturating_add(LIST_REACH))
        .map(|(_, p)| *p)
        .collect();
    let list = median(&near).unwrap_or(paid);
    f64::from(u8::from(paid <= PROMOTED * list))
}

/// Leaves out weeks without sales where the weeks around them sold too much for chance.
fn drop_stock_outs(rows: &mut Vec<Row>) {
    const REACH: usize = 8;
    let units: Vec<f64> = rows.iter().map(|r| r.units).collect();
    let mut index = 0usize;
    rows.retain(|r| {
        let i = index;
        index += 1;
        if r.units > 0.0 {
            return true;
        }
        let near: Vec<f64> = units
            .iter()
            .skip(i.saturating_sub(REACH))
            .take(2 * REACH + 1)
            .copied()
            .filter(|u| *u > 0.0)
            .collect();
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
        zero >= STOCK_OUT
    });
}
