//! Advice: the rules behind `kpi.recommend()`.

use kpi_core::Cancel;
use kpi_core::recommend::{
    Gap, Goal, Item, Line, Past, Recommendation, Sales, added, apply, fix_cause, set_target,
    weighed,
};
use pgrx::JsonB;
use pgrx::prelude::*;
use rayon::prelude::*;

use crate::columns::{equal, integers, names, numbers};
use crate::error::{SqlResult, report};
use crate::worker;

/// One piece of advice as a row.
type Row = (
    String,
    String,
    String,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    JsonB,
    String,
    String,
);

/// A piece of advice as SQL returns it.
type Rows = TableIterator<
    'static,
    (
        name!(action, String),
        name!(subject, String),
        name!(reason, String),
        name!(expected_uplift, Option<f64>),
        name!(lo, Option<f64>),
        name!(hi, Option<f64>),
        name!(confidence, Option<f64>),
        name!(evidence, JsonB),
        name!(rule, String),
        name!(status, String),
    ),
>;

fn row(r: Recommendation) -> Row {
    (
        r.action.name().to_owned(),
        r.subject,
        r.reason,
        r.expected_uplift,
        r.lo,
        r.hi,
        r.confidence,
        JsonB(r.evidence),
        r.action.rule().to_owned(),
        r.status.name().to_owned(),
    )
}

/// Applies the rules to lines summed by day, item and channel.
///
/// `days` count from 1970-01-01; `item` and `channel` are positions, from 1, in the names.
#[pg_extern(sql = false)]
fn recommend_rules(
    item_names: Vec<Option<String>>,
    item_kinds: Vec<Option<String>>,
    channel_names: Vec<Option<String>>,
    days: Vec<Option<i32>>,
    item: Vec<Option<i32>>,
    channel: Vec<Option<i32>>,
    lines: Vec<Option<f64>>,
    units: Vec<Option<f64>>,
    revenue: Vec<Option<f64>>,
    promoted: Vec<Option<f64>>,
    last_day: i32,
) -> SqlResult<Rows> {
    equal(&[item_names.len(), item_kinds.len()])?;
    equal(&[
        days.len(),
        item.len(),
        channel.len(),
        lines.len(),
        units.len(),
        revenue.len(),
        promoted.len(),
    ])?;
    let items: Vec<Item> = names(item_names)
        .into_iter()
        .zip(names(item_kinds))
        .map(|(name, kind)| Item { name, kind })
        .collect();
    let channels = names(channel_names);
    let (days, item, channel) = (integers(days), integers(item), integers(channel));
    let (lines, units) = (numbers(lines), numbers(units));
    let (revenue, promoted) = (numbers(revenue), numbers(promoted));
    let advice = worker::run_on_pool(move |flag| {
        // A position that names nothing wraps around to one core leaves out.
        let position = |p: Option<&i32>| p.copied().unwrap_or(0).wrapping_sub(1) as u32;
        let number = |column: &[f64], i: usize| column.get(i).copied().unwrap_or(f64::NAN);
        let rows: Vec<Line> = days
            .iter()
            .enumerate()
            .map(|(i, day)| Line {
                day: *day,
                item: position(item.get(i)),
                channel: position(channel.get(i)),
                lines: number(&lines, i),
                units: number(&units, i),
                revenue: number(&revenue, i),
                promoted: number(&promoted, i),
            })
            .collect();
        let sales = Sales::new(items, channels, rows, Some(last_day));
        // The past dates are as much work each as today.
        let past = Past::of(&sales);
        let origins: Vec<i32> = past.origins().collect();
        let (rows, records) = rayon::join(
            || apply(&sales, Cancel::on(flag)),
            || {
                let found: kpi_core::Result<Vec<_>> = origins
                    .par_iter()
                    .map(|origin| past.at(*origin, Cancel::on(flag)))
                    .collect();
                found.map(added)
            },
        );
        Ok(weighed(rows?, &records?))
    })?
    .map_err(|e: kpi_core::Error| report(e))?;
    Ok(TableIterator::new(advice.into_iter().map(row)))
}

/// Advice on a significant negative segment of `kpi.drivers()`.
#[pg_extern(sql = false)]
fn recommend_fix_cause(
    member: &str,
    members: JsonB,
    value: f64,
    expected: f64,
    p: f64,
    args: JsonB,
    today: i32,
) -> Rows {
    let gap = Gap {
        member: member.to_owned(),
        members: members.0,
        value,
        expected,
        p,
        args: args.0,
        recovered: Vec::new(),
    };
    TableIterator::new(fix_cause(&gap, today).into_iter().map(row))
}

/// Advice on a period without a target, from `kpi.suggest_targets()`.
#[pg_extern(sql = false)]
fn recommend_set_target(
    metric: &str,
    period: &str,
    commit: f64,
    stretch: f64,
    p_stretch: f64,
    achievable: bool,
    today: i32,
) -> Rows {
    let goal = Goal {
        metric: metric.to_owned(),
        period: period.to_owned(),
        commit,
        stretch,
        p_stretch,
        achievable,
    };
    TableIterator::new(set_target(&goal, today).into_iter().map(row))
}
