//! Price response: the regression behind `kpi.elasticity()`.

use kpi_core::Cancel;
use kpi_core::elasticity::{Elasticities, Panel, Sold, Status, elasticities};
use pgrx::prelude::*;

use crate::columns::{equal, integers, names, numbers};
use crate::error::{SqlResult, report};
use crate::worker;

/// One answer, of an item or of a kind.
type Row = (
    bool,
    String,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    i32,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    String,
    Option<String>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
);

/// Elasticities of all items and of all kinds, from rows by item, channel and day (from a Monday on).
#[pg_extern(sql = false)]
fn elasticity_fit(
    items: Vec<Option<String>>,
    kinds: Vec<Option<String>>,
    channels: Vec<Option<String>>,
    days: Vec<Option<i32>>,
    lines: Vec<Option<f64>>,
    units: Vec<Option<f64>>,
    revenue: Vec<Option<f64>>,
    promoted: Vec<Option<f64>>,
    level: f64,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(is_kind, bool),
            name!(name, String),
            name!(elasticity, Option<f64>),
            name!(lo, Option<f64>),
            name!(hi, Option<f64>),
            name!(n_weeks, i32),
            name!(price_lo, Option<f64>),
            name!(price_hi, Option<f64>),
            name!(r2, Option<f64>),
            name!(status, String),
            name!(note, Option<String>),
            name!(sd, Option<f64>),
            name!(price, Option<f64>),
            name!(promotion, Option<f64>),
            name!(promotion_error, Option<f64>),
        ),
    >,
> {
    equal(&[
        items.len(),
        kinds.len(),
        channels.len(),
        days.len(),
        lines.len(),
        units.len(),
        revenue.len(),
        promoted.len(),
    ])?;
    let (items, kinds) = (names(items), names(kinds));
    let (channels, days) = (names(channels), integers(days));
    let (lines, units) = (numbers(lines), numbers(units));
    let (revenue, promoted) = (numbers(revenue), numbers(promoted));
    let answers = worker::run(move |flag| {
        let mut panel = Panel::new();
        for (i, item) in items.iter().enumerate() {
            let at = |column: &[f64]| column.get(i).copied().unwrap_or(f64::NAN);
            panel.push(
                item,
                kinds.get(i).map_or("", String::as_str),
                channels.get(i).map_or("", String::as_str),
                days.get(i).copied().unwrap_or(0),
                Sold {
                    lines: at(&lines),
                    units: at(&units),
                    revenue: at(&revenue),
                    promoted: at(&promoted),
                },
            );
        }
        elasticities(&panel, level, Cancel::on(flag))
    })?
    .map_err(report)?;
    Ok(TableIterator::new(rows(answers)))
}

fn rows(answers: Elasticities) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(answers.items.len() + answers.kinds.len());
    for kind in &answers.kinds {
        let members = || answers.items.iter().filter(|i| i.kind == kind.kind);
        let known = kind.elasticity.is_some();
        // A group has no one price: its range is the typical product's, in units of the price now.
        let relative = |of: fn((f64, f64)) -> f64| {
            let mut shares: Vec<f64> = members()
                .filter(|i| i.price > 0.0)
                .map(|i| of(i.price_range) / i.price)
                .collect();
            shares.sort_by(f64::total_cmp);
            shares.get(shares.len() / 2).copied()
        };
        let (least, most) = (relative(|r| r.0), relative(|r| r.1));
        let moved = members().any(|i| i.status == Status::NoPriceVariation);
        let status = match (known, moved) {
            (true, _) => "ok",
            (false, true) => "no_price_variation",
            (false, false) => "short",
        };
        let note = if known {
            format!(
                "the mean of {} products, which differ by {:.2} (standard deviation)",
                kind.items, kind.spread
            )
        } else {
            "none of its products could be estimated".to_owned()
        };
        rows.push((
            true,
            kind.kind.clone(),
            kind.elasticity,
            kind.lo,
            kind.hi,
            members().map(|i| i.weeks as i32).max().unwrap_or(0),
            least,
            most,
            None,
            status.to_owned(),
            Some(note),
            None,
            Some(1.0),
            kind.promotion.map(|p| p.0),
            kind.promotion.map(|p| p.1),
        ));
    }
    for item in answers.items {
        let promotion = answers
            .kinds
            .iter()
            .find(|k| k.kind == item.kind)
            .and_then(|k| k.promotion);
        let note = match item.status {
            Status::Ok => None,
            Status::Pooled => Some("mostly from the other products of its type".to_owned()),
            Status::Short => Some(format!(
                "{} complete week{} on the market; at least 8, and 6 with sales, are needed",
                item.weeks,
                if item.weeks == 1 { "" } else { "s" }
            )),
            Status::NoPriceVariation => Some(format!(
                "the price was more than 1 % off its median in {} weeks; at least 3 are needed",
                item.price_weeks
            )),
        };
        rows.push((
            false,
            item.item,
            item.elasticity,
            item.lo,
            item.hi,
            item.weeks as i32,
            Some(item.price_range.0),
            Some(item.price_range.1),
            item.r2,
            item.status.name().to_owned(),
            note,
            item.sd,
            Some(item.price),
            promotion.map(|p| p.0),
            promotion.map(|p| p.1),
        ));
    }
    rows
}
