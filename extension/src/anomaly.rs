//! Anomalies, changepoints and decomposition: of a series, and of all groups of a source at once.

use kpi_core::Cancel;
use kpi_core::anomaly::{Judged, Question, changepoints, decompose};
use kpi_core::series::{Grain, Group, Series};
use kpi_core::{Error, Result};
use pgrx::datum::Date;
use pgrx::prelude::*;
use pgrx::{AnyElement, JsonB, PgSqlErrorCode};
use rayon::prelude::*;

use crate::date::{self, EPOCH};
use crate::error::{SqlResult, error, internal, report};
use crate::groups;
use crate::series::SeriesArg;
use crate::worker;

/// Judges all groups of a call together, on the threads of the pool it runs in.
fn judge(
    groups: Vec<Group>,
    question: Question,
    class_of: &(dyn Fn(i64) -> u16 + Sync),
    cancel: Cancel<'_>,
) -> Result<Vec<Judged>> {
    let mut judged: Vec<Judged> = groups
        .into_par_iter()
        .map(|group| {
            cancel.check()?;
            question.judge(group, class_of, cancel)
        })
        .collect::<Result<_>>()?;
    cancel.check()?;
    question.adjust(&mut judged);
    judged.par_iter_mut().try_for_each(|j| {
        cancel.check()?;
        question.find_events(j, cancel)
    })?;
    Ok(judged)
}

type Row = (
    Option<AnyElement>,
    Option<AnyElement>,
    Date,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<String>,
    bool,
    Option<i32>,
    Option<f64>,
    Option<String>,
    Option<bool>,
);

type Rows = TableIterator<
    'static,
    (
        name!(members, Option<AnyElement>),
        name!(member, Option<AnyElement>),
        name!(time, Date),
        name!(value, Option<f64>),
        name!(expected, Option<f64>),
        name!(lo, Option<f64>),
        name!(hi, Option<f64>),
        name!(score, Option<f64>),
        name!(p, Option<f64>),
        name!(q, Option<f64>),
        name!(direction, Option<String>),
        name!(is_anomaly, bool),
        name!(event_id, Option<i32>),
        name!(impact, Option<f64>),
        name!(kind, Option<String>),
        name!(recovered, Option<bool>),
    ),
>;

fn known(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// A group's members and its name: made once, as making them for each of its rows would take longer than
/// judging it.
#[derive(Clone, Copy, Default)]
struct Names {
    members: Option<AnyElement>,
    member: Option<AnyElement>,
}

impl Names {
    /// To be called in the body of the function whose rows name the group: its memory lasts as long.
    fn new(dims: &[String], key: &[String]) -> Self {
        let members: serde_json::Map<String, serde_json::Value> = dims
            .iter()
            .zip(key)
            .map(|(dim, member)| (dim.clone(), member.clone().into()))
            .collect();
        let member = if key.is_empty() {
            "Total".to_owned()
        } else {
            key.join(" · ")
        };
        Self {
            members: lasting(JsonB(members.into())),
            member: lasting(member),
        }
    }
}

/// A value as the server holds it, in the memory context of the moment.
fn lasting<T: IntoDatum>(value: T) -> Option<AnyElement> {
    let datum = value.into_datum()?;
    // SAFETY: the datum is of the type that is named with it.
    unsafe { AnyElement::from_polymorphic_datum(datum, false, T::type_oid()) }
}

/// Rows of the buckets `from ..= to`, made as they are asked for; events count over the call.
fn rows(
    judged: Vec<Judged>,
    names: Vec<Names>,
    grain: Grain,
    fdr: f64,
    from: i64,
    to: i64,
) -> Rows {
    let mut events_before = 0_i32;
    TableIterator::new(judged.into_iter().zip(names).flat_map(move |(j, names)| {
        let before = events_before;
        events_before += i32::try_from(j.events.len()).unwrap_or(0);
        (0..j.values.len()).filter_map(move |t| {
            let number = j.first + i64::try_from(t).ok()?;
            if number < from || number > to {
                return None;
            }
            let time = grain.first_day(number).map(date::date)?;
            Some(row(&j, names, t, time, fdr, before))
        })
    }))
}

fn row(j: &Judged, names: Names, t: usize, time: Date, fdr: f64, events_before: i32) -> Row {
    let point = &j.points[t];
    let is_anomaly = j.q[t] <= fdr;
    let event = j.event[t].and_then(|id| Some((id, j.events.get(id)?)));
    let direction = is_anomaly.then(|| if point.score >= 0.0 { "up" } else { "down" }.to_owned());
    (
        names.members,
        names.member,
        time,
        known(j.values[t]),
        known(point.expected),
        known(point.lo),
        known(point.hi),
        known(point.score),
        known(point.p),
        known(j.q[t]),
        direction,
        is_anomaly,
        event.and_then(|(id, _)| Some(events_before + i32::try_from(id).ok()? + 1)),
        event.map(|(_, e)| e.impact),
        event.map(|(_, e)| e.shape.name().to_owned()),
        event.map(|(_, e)| e.recovered),
    )
}

/// Judges one series.
#[pg_extern(sql = false)]
fn anomalies_series(
    series: SeriesArg,
    sensitivity: f64,
    model: &str,
    direction: &str,
) -> SqlResult<Rows> {
    let SeriesArg(series) = series;
    let grain = series.grain;
    let question =
        Question::new(grain, sensitivity, 1.0 - sensitivity, model, direction).map_err(report)?;
    let group = Group {
        key: Vec::new(),
        first: grain.bucket(series.start),
        values: series.values,
        partial: None,
    };
    let judged =
        worker::run(move |cancel| question.judge_all(vec![group], |_| 0, Cancel::on(cancel)))?
            .map_err(report)?;
    let names = vec![Names::default()];
    Ok(rows(judged, names, grain, question.fdr, i64::MIN, i64::MAX))
}

/// Days with a calendar class of their own: 1 holidays, 2 promotions, 3 closed days.
fn calendar() -> SqlResult<Vec<(i64, u16)>> {
    const DAYS: &str = "
        SELECT d::date AS day, max(CASE c.kind WHEN 'holiday' THEN 1 WHEN 'promotion' THEN 2 ELSE 3 END)::int AS class
          FROM kpi.calendar AS c,
               pg_catalog.generate_series((c.day - c.lead)::timestamp, (c.day + c.lag)::timestamp, interval '1 day') AS d
         GROUP BY 1";
    Spi::connect(|client| {
        let mut days = Vec::new();
        for row in client.select(DAYS, None, &[]).map_err(internal)? {
            let day = row.get_by_name::<Date, _>("day").map_err(internal)?;
            let class = row.get_by_name::<i32, _>("class").map_err(internal)?;
            if let (Some(day), Some(class)) = (day, class) {
                let number = i64::from(day.to_pg_epoch_days()) + i64::from(EPOCH);
                days.push((number, u16::try_from(class).unwrap_or(0)));
            }
        }
        days.sort_unstable();
        Ok(days)
    })
}

/// Judges all groups of a query of figures on `pg_kpi.threads` threads.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments, reason = "as SQL declares it")]
fn anomalies_groups(
    query: &str,
    dims: Vec<String>,
    grain: &str,
    asof: Date,
    from: Option<Date>,
    to: Option<Date>,
    sensitivity: f64,
    fdr: f64,
    model: &str,
    direction: &str,
    additive: bool,
) -> SqlResult<Rows> {
    let grain = Grain::parse(grain).map_err(report)?;
    let question = Question::new(grain, sensitivity, fdr, model, direction).map_err(report)?;
    let running = grain.running(date::finite("asof", asof)?);
    let days = if grain == Grain::Day {
        calendar()?
    } else {
        Vec::new()
    };
    let groups = groups::read(query, grain, running, additive)?;
    let judged = worker::run_on_pool(move |cancel| {
        let class_of = |day: i64| -> u16 {
            days.binary_search_by_key(&day, |d| d.0)
                .map_or(0, |at| days[at].1)
        };
        judge(groups, question, &class_of, Cancel::on(cancel))
    })?
    .map_err(report)?;
    let bucket = |given: Option<Date>, none: i64| {
        given
            .and_then(date::day)
            .map_or(none, |day| grain.bucket(day))
    };
    let names = judged.iter().map(|j| Names::new(&dims, &j.key)).collect();
    Ok(rows(
        judged,
        names,
        grain,
        fdr,
        bucket(from, i64::MIN),
        bucket(to, i64::MAX),
    ))
}

fn time(series: &Series, index: usize) -> SqlResult<Date> {
    series.time(index).map(date::date).ok_or_else(|| {
        error(
            PgSqlErrorCode::ERRCODE_DATETIME_FIELD_OVERFLOW,
            "series reaches beyond the calendar",
            "Give a shorter series.",
        )
    })
}

/// Changes of level, oldest first.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity, reason = "a row of a set-returning function")]
fn changepoints_series(
    series: SeriesArg,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(time, Date),
            name!(before_mean, Option<f64>),
            name!(after_mean, Option<f64>),
            name!(change_pct, Option<f64>),
            name!(p, f64),
        ),
    >,
> {
    let SeriesArg(series) = series;
    let (values, season) = (series.values.clone(), series.grain.season());
    let found = worker::run(move |cancel| changepoints(&values, season, Cancel::on(cancel)))?
        .map_err(report)?;
    let rows = found
        .into_iter()
        .map(|c| {
            Ok((
                time(&series, c.at)?,
                known(c.before_mean),
                known(c.after_mean),
                c.change_pct.and_then(known),
                c.p,
            ))
        })
        .collect::<SqlResult<Vec<_>>>()?;
    Ok(TableIterator::new(rows))
}

/// Trend, season and the rest of each point.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity, reason = "a row of a set-returning function")]
fn decompose_series(
    series: SeriesArg,
    season: Option<Vec<Option<i32>>>,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(time, Date),
            name!(value, Option<f64>),
            name!(trend, Option<f64>),
            name!(seasonal, Option<f64>),
            name!(remainder, Option<f64>),
        ),
    >,
> {
    let SeriesArg(series) = series;
    let seasons = match season {
        None => vec![series.grain.season()],
        Some(given) => given
            .into_iter()
            .flatten()
            .map(|m| {
                usize::try_from(m).ok().filter(|m| *m >= 1).ok_or_else(|| {
                    report(Error::OutOfRange {
                        name: "season",
                        value: m.to_string(),
                        accepted: "1 or more",
                    })
                })
            })
            .collect::<SqlResult<_>>()?,
    };
    let values = series.values.clone();
    let parts = worker::run(move |cancel| decompose(&values, &seasons, Cancel::on(cancel)))?
        .map_err(report)?;
    let rows = parts
        .into_iter()
        .enumerate()
        .map(|(t, c)| {
            Ok((
                time(&series, t)?,
                known(series.values[t]),
                known(c.trend),
                known(c.seasonal),
                known(c.remainder),
            ))
        })
        .collect::<SqlResult<Vec<_>>>()?;
    Ok(TableIterator::new(rows))
}
