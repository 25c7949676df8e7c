//! Targets: forecasts of a period's total behind `kpi.suggest_targets()` and `kpi.attainment()`.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use chrono::NaiveDate;
use kpi_core::Cancel;
use kpi_core::forecast::{Options, Prepared, prepare};
use kpi_core::series::Grain;
use kpi_core::target::{
    NaturalLimits, Outlooks, Progress, Targets, allocate, attainment, elapsed_share,
    expected_and_risk, from_growth, from_peers, from_samples, growth_percentile, usual_weights,
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
/// The rest of a period longer than this is forecast by weeks.
const MOST_DAYS: usize = 62;

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

/// Totals of blocks of `length` buckets, oldest first, the last one ending `gap` buckets before the
/// end of the history counted from the period's start.
fn blocks(values: &[f64], length: usize, ahead: usize, skip: usize) -> Vec<f64> {
    // The period starts `skip` buckets after the history; the last block ends `ahead - 1` lengths before.
    let end = (values.len() + skip).saturating_sub((ahead - 1) * length);
    let end = end.min(values.len());
    let usable = values.get(..end).unwrap_or(&[]);
    let first = usable.len() % length.max(1);
    usable
        .get(first..)
        .unwrap_or(&[])
        .chunks_exact(length.max(1))
        .map(|c| c.iter().sum())
        .collect()
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
    let grain = Grain::parse(grain).map_err(report)?;
    let method = Method::parse(method)?;
    let rows = rows(groups, buckets, group, place, value)?;
    let last_year = numbers(last_year);
    let skip = usize::try_from(skip).unwrap_or(0);
    let length = usize::try_from(length).unwrap_or(1).max(1);
    let year: usize = match grain {
        Grain::Day => 365,
        Grain::Week => 52,
        Grain::Month => 12,
        Grain::Quarter => 4,
        Grain::Year => 1,
    };
    let season = ((year as f64 / length as f64).round() as usize).max(1);
    let ahead = skip.div_ceil(length) + 1;
    let answers = worker::run_on_pool(move |flag| {
        let histories: Vec<Vec<f64>> = rows
            .iter()
            .map(|values| blocks(values, length, ahead, skip))
            .collect();
        let samples = if method == Method::Forecast {
            outlooks(&rows, grain, skip..skip + length, flag)?
        } else {
            Vec::new()
        };
        // Each group's mean log growth, for the others' targets.
        let growths: Vec<Vec<f64>> = histories.iter().map(|h| growth(h, season)).collect();
        let mut answers = Vec::with_capacity(rows.len());
        for (i, history) in histories.iter().enumerate() {
            let base = last_year.get(i).copied().unwrap_or(f64::NAN);
            let found = match method {
                Method::Forecast => {
                    let mut totals = samples.get(i).cloned().unwrap_or_default();
                    if !additive && length > 1 {
                        // A ratio's total over buckets means nothing; its mean does.
                        totals.iter_mut().for_each(|t| *t /= length as f64);
                    }
                    from_samples(&totals, stretch)
                }
                Method::Growth => from_growth(history, season, ahead.min(season), stretch, SEED),
                Method::Peers => {
                    let peers: Vec<f64> = growths
                        .iter()
                        .enumerate()
                        .filter(|(j, g)| *j != i && !g.is_empty())
                        .map(|(_, g)| g.iter().sum::<f64>() / g.len() as f64)
                        .collect();
                    from_peers(base, growths.get(i).map_or(&[], |g| g), &peers, stretch)
                }
            };
            answers.push(answer(
                i,
                found,
                history,
                season,
                ahead,
                base,
                method,
                rows.get(i),
            ));
        }
        Ok(answers)
    })?
    .map_err(report)?;
    Ok(TableIterator::new(answers))
}

/// A row of `targets_suggest`.
type Suggested = (
    i32,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<bool>,
    String,
    Option<String>,
);

#[allow(clippy::too_many_arguments, reason = "one row's ingredients")]
fn answer(
    i: usize,
    found: kpi_core::Result<Targets>,
    history: &[f64],
    season: usize,
    ahead: usize,
    base: f64,
    method: Method,
    values: Option<&Vec<f64>>,
) -> Suggested {
    /// Buckets with a value below which a forecast has not seen a season of anything.
    const FEW: usize = 12;
    let position = i as i32 + 1;
    let limits = NaturalLimits::of_total(history, season, ahead).ok();
    match found {
        Ok(t) => {
            let achievable = limits.map(|l| t.stretch <= l.upper);
            let seen = values.map_or(0, |v| v.iter().filter(|v| **v != 0.0).count());
            let (status, note) = if method == Method::Forecast && seen < FEW {
                (
                    "short",
                    Some(format!(
                        "{seen} period{} with a value; the spread is a guess",
                        if seen == 1 { "" } else { "s" }
                    )),
                )
            } else if achievable == Some(false) {
                (
                    "needs_process_change",
                    Some("the stretch target is above the upper natural limit".to_owned()),
                )
            } else {
                ("ok", None)
            };
            (
                position,
                Some(t.commit),
                Some(t.stretch),
                Some(t.ambitious),
                growth_percentile(t.stretch, base, history, season),
                limits.map(|l| l.upper),
                achievable,
                status.to_owned(),
                note,
            )
        }
        Err(why) => (
            position,
            None,
            None,
            None,
            None,
            limits.map(|l| l.upper),
            None,
            "short".to_owned(),
            Some(why.to_string()),
        ),
    }
}

/// How a target is found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Forecast,
    Growth,
    Peers,
}

impl Method {
    fn parse(name: &str) -> SqlResult<Method> {
        match name.trim().to_lowercase().as_str() {
            "forecast" => Ok(Method::Forecast),
            "growth" => Ok(Method::Growth),
            "peers" => Ok(Method::Peers),
            _ => Err(report(kpi_core::Error::Unknown {
                kind: "method",
                name: name.to_owned(),
                near: ["forecast", "growth", "peers"].map(str::to_owned).to_vec(),
            })),
        }
    }
}

fn growth(history: &[f64], season: usize) -> Vec<f64> {
    history
        .iter()
        .zip(history.iter().skip(season))
        .filter(|(a, b)| **a > 0.0 && **b > 0.0)
        .map(|(a, b)| (b / a).ln())
        .collect()
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
    rows: &[Vec<f64>],
    before: usize,
    left: usize,
    flag: &AtomicBool,
) -> kpi_core::Result<Vec<Vec<f64>>> {
    if before + left <= MOST_DAYS {
        return outlooks(rows, Grain::Day, before..before + left, flag);
    }
    // Seven-day blocks that end with the history; the cut of the last one is taken in proportion.
    let weeks: Vec<Vec<f64>> = rows
        .iter()
        .map(|values| {
            let cut = values.len() % 7;
            values
                .get(cut..)
                .unwrap_or(&[])
                .chunks_exact(7)
                .map(|c| c.iter().sum())
                .collect()
        })
        .collect();
    let (from, to) = (before / 7, (before + left).div_ceil(7));
    let scale = left as f64 / ((to - from) * 7) as f64;
    let mut totals = outlooks(&weeks, Grain::Week, from..to, flag)?;
    totals.iter_mut().flatten().for_each(|t| *t *= scale);
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
    let grain = Grain::parse(grain).map_err(report)?;
    let rows = rows(groups, buckets, group, place, value)?;
    let skip = usize::try_from(skip).unwrap_or(0);
    let length = usize::try_from(length).unwrap_or(1).max(1);
    let answers = worker::run_on_pool(move |flag| {
        let samples = outlooks(&rows, grain, skip..skip + length, flag)?;
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
