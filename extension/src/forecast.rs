//! Forecasts: of a series, and of all groups of a source at once.

use kpi_core::Cancel;
use kpi_core::forecast::auto::Interval as Bounds;
use kpi_core::forecast::backtest::backtest;
use kpi_core::forecast::interval::Calibration;
use kpi_core::forecast::reconcile::{Hierarchy, mint_shrink};
use kpi_core::forecast::sarima::{self, AutoOptions, Fit, Method, Order, Spec};
use kpi_core::forecast::{Forecast, Model, Options, Prepared, paths, prepare};
use kpi_core::series::{Grain, Series};
use kpi_core::{Error, Result};
use pgrx::PgSqlErrorCode;
use pgrx::datum::Date;
use pgrx::prelude::*;
use rayon::prelude::*;

use crate::date::{self, EPOCH};
use crate::error::{SqlResult, error, internal, report};
use crate::groups::{self, Group};
use crate::series::SeriesArg;
use crate::worker;

/// Paths of a total are drawn from this seed, so that equal questions get equal answers.
const SEED: u64 = 0x6b70_6920_7061_7468;

/// Level of the intervals whose coverage a backtest measures where none is given.
const LEVEL: f64 = 0.95;

/// An argument that must not be NULL.
fn given<T>(name: &str, value: Option<T>) -> SqlResult<T> {
    value.ok_or_else(|| {
        error(
            PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
            format!("{name} is NULL"),
            "Give a value.",
        )
    })
}

/// A count of at least `least`.
fn count(name: &'static str, value: i32, least: i32) -> SqlResult<usize> {
    usize::try_from(value)
        .ok()
        .filter(|_| value >= least)
        .ok_or_else(|| {
            report(Error::OutOfRange {
                name,
                value: value.to_string(),
                accepted: if least == 0 { "0 or more" } else { "1 or more" },
            })
        })
}

/// What is asked of one series. Values that were never below zero never will be.
fn options(series: &Series, horizon: i32, season: Option<i32>, model: &str) -> SqlResult<Options> {
    Ok(Options {
        model: Model::parse(model).map_err(report)?,
        grain: Some(series.grain),
        season: season.map(|m| count("season", m, 1)).transpose()?,
        nonnegative: nonnegative(&series.values),
        ..Options::new(count("horizon", horizon, 1)?)
    })
}

fn nonnegative(values: &[f64]) -> bool {
    values.iter().all(|v| !v.is_finite() || *v >= 0.0)
}

/// Regressors as SQL gives them: all values of the first one, then of the second …
fn regressors(given: Option<Vec<Option<f64>>>, length: usize) -> SqlResult<Vec<Vec<f64>>> {
    let Some(values) = given.filter(|values| !values.is_empty()) else {
        return Ok(Vec::new());
    };
    if length == 0 || values.len() % length != 0 {
        return Err(error(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!(
                "regressors has {} values, but a multiple of {length} is needed: observations plus horizon for each",
                values.len()
            ),
            "Give the regressor's past and future values, one regressor after the other.",
        ));
    }
    if let Some(at) = values.iter().position(Option::is_none) {
        return Err(error(
            PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
            format!("regressor value {} is NULL", at + 1),
            "Fill it, for example with coalesce().",
        ));
    }
    let values: Vec<f64> = values.into_iter().flatten().collect();
    Ok(values.chunks(length).map(<[f64]>::to_vec).collect())
}

fn time(series: &Series, index: usize) -> SqlResult<Date> {
    series.time(index).map(date::date).ok_or_else(|| {
        error(
            PgSqlErrorCode::ERRCODE_DATETIME_FIELD_OVERFLOW,
            "forecast reaches beyond the calendar",
            "Give a shorter horizon.",
        )
    })
}

/// Forecasts a series; one row a step, with NULL where there is nothing to forecast from.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity, reason = "a row of a set-returning function")]
fn forecast_series(
    series: Option<SeriesArg>,
    horizon: Option<i32>,
    level: Option<f64>,
    model: Option<&str>,
    season: Option<i32>,
    regressor_values: Option<Vec<Option<f64>>>,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(step, i32),
            name!(time, Date),
            name!(forecast, Option<f64>),
            name!(lo, Option<f64>),
            name!(hi, Option<f64>),
            name!(level, f64),
            name!(model, String),
            name!(status, String),
            name!(note, String),
        ),
    >,
> {
    let Some(SeriesArg(series)) = series else {
        return Ok(TableIterator::new(Vec::new()));
    };
    let horizon = given("horizon", horizon)?;
    let level = given("level", level)?;
    let mut options = options(&series, horizon, season, given("model", model)?)?;
    options.regressors = regressors(regressor_values, series.values.len() + options.horizon)?;
    let steps = options.horizon;
    let values = series.values.clone();
    let forecast = worker::run(move |cancel| {
        kpi_core::forecast::forecast(&values, &options, level, Cancel::on(cancel))
    })?
    .map_err(report)?;
    let rows = (0..steps)
        .map(|h| {
            let at = forecast.steps.get(h);
            Ok((
                h as i32 + 1,
                time(&series, series.values.len() + h)?,
                at.map(|s| s.mean),
                at.map(|s| s.lo),
                at.map(|s| s.hi),
                level,
                forecast.model.clone(),
                forecast.status.code().to_owned(),
                forecast.note.clone(),
            ))
        })
        .collect::<SqlResult<Vec<_>>>()?;
    Ok(TableIterator::new(rows))
}

type Term = (
    String,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<String>,
);

/// Coefficients with their standard errors, then the criteria.
fn terms(fit: &Fit) -> Vec<Term> {
    let known = |value: f64| value.is_finite().then_some(value);
    let mut rows: Vec<Term> = fit
        .coefficients()
        .iter()
        .map(|c| {
            let z = c.estimate / c.std_error;
            (
                c.term.clone(),
                known(c.estimate),
                known(c.std_error),
                known(z),
                None,
            )
        })
        .collect();
    let criteria = [
        ("sigma2", fit.sigma2()),
        ("loglik", fit.loglik()),
        ("aic", fit.aic()),
        ("aicc", fit.aicc()),
        ("bic", fit.bic()),
    ];
    rows.extend(criteria.map(|(name, value)| (name.to_owned(), known(value), None, None, None)));
    rows
}

type Terms = TableIterator<
    'static,
    (
        name!(term, String),
        name!(estimate, Option<f64>),
        name!(std_error, Option<f64>),
        name!(z, Option<f64>),
        name!(description, Option<String>),
    ),
>;

/// Fits a seasonal ARIMA of given orders.
#[pg_extern(sql = false)]
fn sarima_series(
    series: Option<SeriesArg>,
    p: Option<i32>,
    d: Option<i32>,
    q: Option<i32>,
    sp: Option<i32>,
    sd: Option<i32>,
    sq: Option<i32>,
    season: Option<i32>,
    constant: Option<bool>,
    method: Option<&str>,
) -> SqlResult<Terms> {
    let Some(series) = series else {
        return Ok(TableIterator::new(Vec::new()));
    };
    let part = |name, value, least| count(name, given(name, value)?, least);
    let order = Order {
        p: part("p", p, 0)?,
        d: part("d", d, 0)?,
        q: part("q", q, 0)?,
        sp: part("sp", sp, 0)?,
        sd: part("sd", sd, 0)?,
        sq: part("sq", sq, 0)?,
        season: part("season", season, 1)?,
    };
    // As R's arima(): a mean where nothing is differenced.
    let constant = constant.unwrap_or(order.d + order.sd == 0);
    let method = Method::parse(given("method", method)?).map_err(report)?;
    let fit = worker::run(move |cancel| {
        sarima::fit(
            &series.0.values,
            &[],
            &Spec { order, constant },
            method,
            Cancel::on(cancel),
        )
    })?
    .map_err(report)?;
    Ok(TableIterator::new(terms(&fit)))
}

/// Finds the orders of a seasonal ARIMA; the season is that of the grain where none is given.
#[pg_extern(sql = false)]
fn auto_arima_series(
    series: Option<SeriesArg>,
    season: Option<i32>,
    stepwise: Option<bool>,
) -> SqlResult<Terms> {
    let Some(SeriesArg(series)) = series else {
        return Ok(TableIterator::new(Vec::new()));
    };
    let season = match season {
        Some(season) => count("season", season, 1)?,
        None => series.grain.season(),
    };
    let options = AutoOptions {
        season,
        stepwise: stepwise.unwrap_or(true),
        ..AutoOptions::default()
    };
    let fit =
        worker::run(move |cancel| sarima::auto(&series.values, &[], &options, Cancel::on(cancel)))?
            .map_err(report)?;
    let mut rows = vec![(
        "order".to_owned(),
        None,
        None,
        None,
        Some(fit.spec().to_string()),
    )];
    rows.extend(terms(&fit));
    Ok(TableIterator::new(rows))
}

/// Compares models by forecasts from earlier origins.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity, reason = "a row of a set-returning function")]
fn backtest_series(
    series: Option<SeriesArg>,
    horizon: Option<i32>,
    folds: Option<i32>,
    models: Option<Vec<Option<String>>>,
    level: Option<f64>,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(model, String),
            name!(mae, Option<f64>),
            name!(wape, Option<f64>),
            name!(smape, Option<f64>),
            name!(mase, Option<f64>),
            name!(bias, Option<f64>),
            name!(coverage, Option<f64>),
            name!(beats_naive, Option<bool>),
        ),
    >,
> {
    let Some(SeriesArg(series)) = series else {
        return Ok(TableIterator::new(Vec::new()));
    };
    let options = options(&series, given("horizon", horizon)?, None, "auto")?;
    let folds = count("folds", given("folds", folds)?, 1)?;
    let level = level.unwrap_or(LEVEL);
    let models: Vec<Model> = match models {
        Some(names) => names
            .iter()
            .map(|name| {
                let name = given("model", name.as_deref())?;
                Model::parse(name).map_err(report)
            })
            .collect::<SqlResult<_>>()?,
        None => vec![
            Model::Auto,
            Model::Sarima,
            Model::Ets,
            Model::Theta,
            Model::Mstl,
            Model::SeasonalNaive,
            Model::Naive,
        ],
    };
    let rows = worker::run(move |cancel| {
        backtest(
            &series.values,
            &options,
            folds,
            &models,
            level,
            Cancel::on(cancel),
        )
    })?
    .map_err(report)?;
    let known = |value: f64| value.is_finite().then_some(value);
    Ok(TableIterator::new(rows.into_iter().map(move |row| {
        (
            row.model.name().to_owned(),
            known(row.mae),
            known(row.wape),
            known(row.smape),
            known(row.mase),
            known(row.bias),
            known(row.coverage),
            row.beats_naive,
        )
    })))
}

/// Quantiles of the sum over the horizon, from joint paths.
#[pg_extern(sql = false)]
fn total_series(
    series: SeriesArg,
    horizon: i32,
    quantiles: Vec<Option<f64>>,
) -> SqlResult<TableIterator<'static, (name!(quantile, f64), name!(value, Option<f64>))>> {
    let options = options(&series.0, horizon, None, "auto")?;
    let quantiles = quantiles
        .into_iter()
        .map(|quantile| given("quantile", quantile))
        .collect::<SqlResult<Vec<f64>>>()?;
    let asked = quantiles.clone();
    let values = worker::run(move |cancel| {
        paths::total(&series.0.values, &options, &asked, SEED, Cancel::on(cancel))
    })?
    .map_err(report)?;
    Ok(TableIterator::new(quantiles.into_iter().zip(
        values.into_iter().map(|v| v.is_finite().then_some(v)),
    )))
}

/// What is asked of all groups of a source.
struct Ask {
    grain: Grain,
    /// Last day with data.
    asof: chrono::NaiveDate,
    options: Options,
    level: f64,
    additive: bool,
    reconcile: bool,
    /// Dimensions in a key.
    dimensions: usize,
    holidays: Vec<Vec<i64>>,
}

/// A row of the answer.
type Row = (
    Vec<String>,
    Date,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// Forecasts all groups of a query of figures on `pg_kpi.threads` threads.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity, reason = "a row of a set-returning function")]
fn forecast_groups(
    query: &str,
    grain: &str,
    asof: Date,
    horizon: i32,
    level: f64,
    model: &str,
    additive: bool,
    reconcile: bool,
    dimensions: i32,
    history: i32,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(key, Vec<String>),
            name!(time, Date),
            name!(value, Option<f64>),
            name!(forecast, Option<f64>),
            name!(lo, Option<f64>),
            name!(hi, Option<f64>),
            name!(model, Option<String>),
            name!(status, Option<String>),
            name!(note, Option<String>),
        ),
    >,
> {
    let grain = Grain::parse(grain).map_err(report)?;
    let asof = date::finite("asof", asof)?;
    let history = count("history", history, 0)?;
    let ask = Ask {
        grain,
        asof,
        options: Options {
            model: Model::parse(model).map_err(report)?,
            grain: Some(grain),
            ..Options::new(count("horizon", horizon, 1)?)
        },
        level,
        additive,
        reconcile,
        dimensions: count("dimensions", dimensions, 0)?,
        holidays: if grain == Grain::Day && additive {
            holidays()?
        } else {
            Vec::new()
        },
    };
    let groups = groups::read(query, grain, groups::running(grain, asof), additive)?;
    let rows =
        worker::run_on_pool(move |cancel| answer(groups, &ask, history, Cancel::on(cancel)))?
            .map_err(report)?;
    Ok(TableIterator::new(rows))
}

/// Days of each event of the calendar, as numbers of day buckets, in the order of name and shift.
fn holidays() -> SqlResult<Vec<Vec<i64>>> {
    const QUERY: &str = "
        SELECT pg_catalog.array_agg((c.day + s.shift - date '2000-01-01')::int4)
          FROM kpi.calendar AS c, pg_catalog.generate_series(-c.lead, c.lag) AS s(shift)
         GROUP BY c.name, s.shift ORDER BY c.name, s.shift";
    Spi::connect(|client| {
        client
            .select(QUERY, None, &[])
            .map_err(internal)?
            .map(|row| {
                let days = row.get::<Vec<Option<i32>>>(1).map_err(internal)?;
                Ok(days
                    .unwrap_or_default()
                    .into_iter()
                    .flatten()
                    .map(|day| i64::from(day) + i64::from(EPOCH))
                    .collect())
            })
            .collect()
    })
}

/// Sums of the groups for each beginning of their keys, the total first.
fn aggregates(groups: &[Group], ask: &Ask) -> (Vec<Group>, Hierarchy) {
    let mut sums: std::collections::BTreeMap<(usize, Vec<String>), (Group, Vec<usize>)> =
        std::collections::BTreeMap::new();
    let step = groups::running(ask.grain, ask.asof);
    for (place, group) in groups.iter().enumerate() {
        for length in 0..ask.dimensions.min(group.key.len()) {
            let key = group.key[..length].to_vec();
            let (sum, of) = sums.entry((length, key.clone())).or_insert_with(|| {
                let empty = Group {
                    key,
                    first: step,
                    values: Vec::new(),
                    partial: None,
                };
                (empty, Vec::new())
            });
            of.push(place);
            let missing = usize::try_from(sum.first - group.first).unwrap_or(0);
            if missing > 0 {
                let mut longer = vec![0.0; missing];
                longer.append(&mut sum.values);
                sum.values = longer;
                sum.first = group.first;
            }
            let offset = sum.values.len().saturating_sub(group.values.len());
            for (slot, value) in sum.values[offset..].iter_mut().zip(&group.values) {
                *slot += value;
            }
            if let Some(partial) = group.partial {
                sum.partial = Some(sum.partial.unwrap_or(0.0) + partial);
            }
        }
    }
    let (sums, of): (Vec<Group>, Vec<Vec<usize>>) = sums.into_values().unzip();
    let hierarchy = Hierarchy {
        bottom: groups.len(),
        aggregates: of,
    };
    (sums, hierarchy)
}

/// The columns of the calendar for a group: events that its history has seen at least twice.
fn calendar(group: &Group, ask: &Ask) -> Vec<Vec<f64>> {
    let length = group.values.len() + ask.options.horizon;
    ask.holidays
        .iter()
        .filter_map(|days| {
            let mut column = vec![0.0; length];
            let mut seen = 0;
            for day in days {
                let place = usize::try_from(day - group.first).unwrap_or(usize::MAX);
                if let Some(slot) = column.get_mut(place) {
                    *slot = 1.0;
                    seen += usize::from(place < group.values.len());
                }
            }
            (seen >= 2).then_some(column)
        })
        .collect()
}

fn answer(
    mut groups: Vec<Group>,
    ask: &Ask,
    history: usize,
    cancel: Cancel<'_>,
) -> Result<Vec<Row>> {
    let mut hierarchy = None;
    if ask.reconcile {
        let (mut sums, tree) = aggregates(&groups, ask);
        sums.append(&mut groups);
        groups = sums;
        hierarchy = Some(tree);
    }
    // What concerns one series, on all threads; the order of the results is that of the groups.
    let prepared = groups
        .par_iter()
        .map(|group| {
            let options = Options {
                nonnegative: nonnegative(&group.values),
                calendar: calendar(group, ask),
                ..ask.options.clone()
            };
            prepare(&group.values, &options, cancel)
        })
        .collect::<Result<Vec<Prepared>>>()?;
    let pool = Calibration::pool(
        prepared.iter().map(|p| p.scores.as_slice()),
        ask.options.horizon,
    );
    let mut forecasts = prepared
        .par_iter()
        .map(|p| {
            cancel.check()?;
            p.finish(&pool, ask.level)
        })
        .collect::<Result<Vec<Forecast>>>()?;
    if let Some(hierarchy) = hierarchy {
        reconcile(&hierarchy, &groups, &prepared, &mut forecasts, ask, cancel)?;
    }
    let mut rows = Vec::new();
    for (group, forecast) in groups.iter().zip(&forecasts) {
        rows_of(group, forecast, ask, history, &mut rows);
    }
    Ok(rows)
}

/// Makes the forecasts add up; the intervals move along.
fn reconcile(
    hierarchy: &Hierarchy,
    groups: &[Group],
    prepared: &[Prepared],
    forecasts: &mut [Forecast],
    ask: &Ask,
    cancel: Cancel<'_>,
) -> Result<()> {
    let horizon = ask.options.horizon;
    let base: Vec<Vec<f64>> = forecasts
        .iter()
        .map(|f| {
            (0..horizon)
                .map(|h| f.steps.get(h).map_or(0.0, |s| s.mean))
                .collect()
        })
        .collect();
    let errors: Vec<Vec<f64>> = prepared.iter().map(Prepared::errors).collect();
    let flows = groups.iter().all(|g| nonnegative(&g.values));
    let adjusted = mint_shrink(hierarchy, &base, &errors, flows, cancel)?;
    for (forecast, means) in forecasts.iter_mut().zip(adjusted) {
        for (step, mean) in forecast.steps.iter_mut().zip(means) {
            let shift = mean - step.mean;
            let floor = if flows { 0.0 } else { f64::NEG_INFINITY };
            *step = Bounds {
                mean,
                lo: (step.lo + shift).max(floor).min(mean),
                hi: (step.hi + shift).max(mean),
            };
        }
    }
    Ok(())
}

fn rows_of(group: &Group, forecast: &Forecast, ask: &Ask, history: usize, rows: &mut Vec<Row>) {
    let day = |bucket: i64| ask.grain.first_day(bucket).map(date::date);
    let n = group.values.len();
    for place in n.saturating_sub(history)..n {
        if let Some(time) = day(group.first + place as i64) {
            let value = group.values[place];
            let value = value.is_finite().then_some(value);
            rows.push((
                group.key.clone(),
                time,
                value,
                None,
                None,
                None,
                None,
                None,
                None,
            ));
        }
    }
    let step = groups::running(ask.grain, ask.asof);
    // The share of the running bucket that is over.
    let elapsed = match (ask.grain.first_day(step), ask.grain.first_day(step + 1)) {
        (Some(first), Some(next)) if first <= ask.asof => {
            let days = (next - first).num_days() as f64;
            Some(((ask.asof - first).num_days() + 1) as f64 / days)
        }
        _ => None,
    };
    for h in 0..ask.options.horizon {
        let Some(time) = day(step + h as i64) else {
            continue;
        };
        let mut at = forecast.steps.get(h).copied();
        let (mut status, mut value) = (forecast.status.code(), None);
        if let (0, Some(elapsed)) = (h, elapsed) {
            status = "partial";
            value = group.partial.or(ask.additive.then_some(0.0));
            if ask.additive {
                at = at.map(|at| running(at, value.unwrap_or(0.0), elapsed));
            }
        }
        rows.push((
            group.key.clone(),
            time,
            value,
            at.map(|s| s.mean),
            at.map(|s| s.lo),
            at.map(|s| s.hi),
            Some(forecast.model.clone()),
            Some(status.to_owned()),
            Some(forecast.note.clone()),
        ));
    }
}

/// A whole bucket's forecast, given what came in its first part: that, and the forecast's share of
/// the rest. The variance of independent days shrinks with their number.
fn running(whole: Bounds, so_far: f64, elapsed: f64) -> Bounds {
    let rest = 1.0 - elapsed;
    let mean = so_far + whole.mean * rest;
    let floor = if whole.lo >= 0.0 {
        so_far
    } else {
        f64::NEG_INFINITY
    };
    Bounds {
        mean,
        lo: (mean - (whole.mean - whole.lo) * rest.sqrt())
            .max(floor)
            .min(mean),
        hi: (mean + (whole.hi - whole.mean) * rest.sqrt()).max(mean),
    }
}
