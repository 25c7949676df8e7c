//! Targets: forecasts of a period's total behind `kpi.suggest_targets()` and `kpi.attainment()`.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use chrono::NaiveDate;
use kpi_core::Cancel;
use kpi_core::forecast::{Options, Prepared, prepare};
use kpi_core::series::Grain;
use kpi_core::target::{
    Method, Outlooks, Progress, Rest, TargetPeriod, allocate, attainment, elapsed_share,
    expected_and_risk, usual_weights,
};
use pgrx::datum::Date;
use pgrx::prelude::*;
use rayon::prelude::*;

use crate::columns::{equal, integers, numbers};
use crate::date;
use crate::error::{SqlResult, report};
use crate::worker;

/// Joint paths behind a target: a 0.9 quantile is stable to about a percentile.
const PATHS: usize = 2_000;
/// One seed for all: the same data give the same target.
const SEED: u64 = 20_240_101;

/// Totals over some steps ahead (from 0) of joint paths of each series, ascending, calibrated together; nothing that is
/// counted here falls below 0.
pub(crate) fn outlooks(
    series: &[Vec<f64>],
    grain: Grain,
    steps: Range<usize>,
    flag: &AtomicBool,
) -> kpi_core::Result<Vec<Vec<f64>>> {
    let options = Options {
        grain: Some(grain),
        nonnegative: true,
        ..Options::new(steps.end)
    };
    let prepared: Vec<Prepared> = series
        .par_iter()
        .map(|values| prepare(values, &options, Cancel::on(flag)))
        .collect::<kpi_core::Result<_>>()?;
    let outlooks = Outlooks::of(&prepared, steps, 0.0);
    (0..prepared.len())
        .into_par_iter()
        .map(|i| outlooks.totals(i, PATHS, SEED + i as u64, Cancel::on(flag)))
        .collect()
}

/// One row a group from sparse cells (group from 1, place from 0, value); cells without a value are 0.
pub(crate) fn dense(
    groups: i32,
    places: i32,
    group: &[i32],
    place: &[i32],
    value: &[f64],
) -> Vec<Vec<f64>> {
    let width = usize::try_from(places).unwrap_or(0);
    let mut rows = vec![vec![0.0; width]; usize::try_from(groups).unwrap_or(0)];
    for ((g, p), v) in group.iter().zip(place).zip(value) {
        let cell = usize::try_from(*g)
            .ok()
            .and_then(|g| g.checked_sub(1))
            .zip(usize::try_from(*p).ok())
            .and_then(|(g, p)| rows.get_mut(g)?.get_mut(p));
        if let Some(cell) = cell {
            *cell = *v;
        }
    }
    rows
}

/// [`dense()`] of columns as SQL hands them over.
fn rows(
    groups: i32,
    places: i32,
    group: Vec<Option<i32>>,
    place: Vec<Option<i32>>,
    value: Vec<Option<f64>>,
) -> SqlResult<Vec<Vec<f64>>> {
    equal(&[group.len(), place.len(), value.len()])?;
    let (group, place) = (integers(group), integers(place));
    Ok(dense(groups, places, &group, &place, &numbers(value)))
}

/// Suggested targets of each group, in the order of the groups.
///
/// * `buckets` - complete buckets of the history; `skip` buckets lie between it and the period, which is
///   `length` buckets long; `per_year` buckets make a year.
/// * `last_year` - each group's total of the same period a year before.
#[pg_extern(sql = false)]
fn targets_suggest(
    groups: i32,
    buckets: i32,
    group: Vec<Option<i32>>,
    place: Vec<Option<i32>>,
    value: Vec<Option<f64>>,
    last_year: Vec<Option<f64>>,
    grain: &str,
    skip: i32,
    length: i32,
    stretch: f64,
    method: &str,
    additive: bool,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(position, i32),
            name!(commit, Option<f64>),
            name!(stretch_target, Option<f64>),
            name!(ambitious, Option<f64>),
            name!(growth_percentile, Option<f64>),
            name!(upper_natural_limit, Option<f64>),
            name!(achievable, Option<bool>),
            name!(status, String),
            name!(note, Option<String>),
        ),
    >,
> {
    let method = Method::parse(method).map_err(report)?;
    let rows = rows(groups, buckets, group, place, value)?;
    let last_year = numbers(last_year);
    let period = period(grain, skip, length)?;
    let suggestions = worker::run_on_pool(move |flag| {
        let totals = if method == Method::Forecast {
            outlooks(&rows, period.grain, period.steps(), flag)?
        } else {
            Vec::new()
        };
        Ok(period.suggest(method, &rows, &totals, &last_year, stretch, additive))
    })?
    .map_err(|e: kpi_core::Error| report(e))?;
    Ok(TableIterator::new((1..).zip(suggestions).map(
        |(position, s)| {
            (
                position,
                s.targets.map(|t| t.commit),
                s.targets.map(|t| t.stretch),
                s.targets.map(|t| t.ambitious),
                s.growth_percentile,
                s.upper_natural_limit,
                s.achievable,
                s.status.to_owned(),
                s.note,
            )
        },
    )))
}

fn period(grain: &str, skip: i32, length: i32) -> SqlResult<TargetPeriod> {
    Ok(TargetPeriod {
        grain: Grain::parse(grain).map_err(report)?,
        skip: usize::try_from(skip).unwrap_or(0),
        length: usize::try_from(length).unwrap_or(1).max(1),
    })
}

/// Where each group's target stands, in the order of the groups.
///
/// * `days` - complete days of the history, from `first` on, sparse by group and place.
/// * `period_first`, `period_end` - the target's days, the second not included.
#[pg_extern(sql = false)]
fn targets_attain(
    groups: i32,
    days: i32,
    group: Vec<Option<i32>>,
    place: Vec<Option<i32>>,
    value: Vec<Option<f64>>,
    target: Vec<Option<f64>>,
    first: Date,
    period_first: Date,
    period_end: Date,
    more_is_better: bool,
    level: f64,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(position, i32),
            name!(expected_end, Option<f64>),
            name!(lo, Option<f64>),
            name!(hi, Option<f64>),
            name!(p_attain, Option<f64>),
            name!(pace, Option<f64>),
            name!(state, String),
        ),
    >,
> {
    let rows = rows(groups, days, group, place, value)?;
    let first = date::finite("first", first)?;
    let span = |to: NaiveDate| (to - first).num_days();
    let begin = span(date::finite("period", period_first)?);
    let end = span(date::finite("period", period_end)?);
    let answers = worker::run_on_pool(move |flag| {
        let known = i64::from(days);
        // Days of the period that are over, that lie between the history and it, and that are left.
        let elapsed = (known - begin).clamp(0, (end - begin).max(0)) as usize;
        let before = (begin - known).max(0) as usize;
        let left = ((end - begin).max(0) as usize).saturating_sub(elapsed);
        let rest = if left == 0 {
            vec![Vec::new(); rows.len()]
        } else {
            rest_of(&rows, before, left, flag)?
        };
        Ok(rows
            .iter()
            .zip(&rest)
            .enumerate()
            .map(|(i, (values, rest))| {
                let from = begin.max(0) as usize;
                let to_date = values.iter().skip(from).take(elapsed).sum();
                let weights = usual_weights(values, first, begin..end);
                let judged = attainment(&Progress {
                    target: target.get(i).copied().flatten(),
                    to_date,
                    rest,
                    expected_share: elapsed_share(&weights, elapsed),
                    more_is_better,
                    level,
                });
                (
                    i as i32 + 1,
                    Some(judged.expected_end),
                    Some(judged.lo),
                    Some(judged.hi),
                    judged.p_attain,
                    judged.pace,
                    judged.state.name().to_owned(),
                )
            })
            .collect::<Vec<_>>())
    })?
    .map_err(|e: kpi_core::Error| report(e))?;
    Ok(TableIterator::new(answers))
}

/// Sampled totals of the `left` days that begin `before` days after the history.
fn rest_of(
    days: &[Vec<f64>],
    before: usize,
    left: usize,
    flag: &AtomicBool,
) -> kpi_core::Result<Vec<Vec<f64>>> {
    let rest = Rest::of(days.to_vec(), before, left);
    let mut totals = outlooks(&rest.rows, rest.grain, rest.steps, flag)?;
    totals.iter_mut().flatten().for_each(|t| *t *= rest.share);
    Ok(totals)
}

/// A total handed down to groups in whole cents, by forecast and risk.
#[pg_extern(sql = false)]
fn targets_allocate(
    groups: i32,
    buckets: i32,
    group: Vec<Option<i32>>,
    place: Vec<Option<i32>>,
    value: Vec<Option<f64>>,
    grain: &str,
    skip: i32,
    length: i32,
    total_cents: i64,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(position, i32),
            name!(expected, Option<f64>),
            name!(cents, i64),
        ),
    >,
> {
    let rows = rows(groups, buckets, group, place, value)?;
    let period = period(grain, skip, length)?;
    let answers = worker::run_on_pool(move |flag| {
        let samples = outlooks(&rows, period.grain, period.steps(), flag)?;
        let (expected, risk) = expected_and_risk(&rows, &samples);
        let cents: Vec<f64> = expected.iter().map(|e| e * 100.0).collect();
        let parts = allocate(total_cents, &cents, &risk);
        Ok(expected
            .into_iter()
            .zip(parts)
            .enumerate()
            .map(|(i, (expected, cents))| (i as i32 + 1, Some(expected), cents))
            .collect::<Vec<_>>())
    })?
    .map_err(|e: kpi_core::Error| report(e))?;
    Ok(TableIterator::new(answers))
}
