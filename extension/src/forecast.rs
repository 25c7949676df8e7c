//! Forecasts: of a series, and of all groups of a source at once.

use kpi_core::Cancel;
use kpi_core::forecast::backtest::backtest;
use kpi_core::forecast::groups::{Question, is_nonnegative, reconcile, with_sums};
use kpi_core::forecast::interval::Calibration;
use kpi_core::forecast::sarima::{self, AutoOptions, Fit, Method, Order, Spec};
use kpi_core::forecast::{Forecast, Model, Options, Prepared, paths};
use kpi_core::series::{Grain, Group, Series};
use kpi_core::{Error, Result};
use pgrx::PgSqlErrorCode;
use pgrx::datum::Date;
use pgrx::prelude::*;
use rayon::prelude::*;

use crate::date::{self, EPOCH};
use crate::error::{SqlResult, error, internal, report};
use crate::groups;
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
        nonnegative: is_nonnegative(&series.values),
        ..Options::new(count("horizon", horizon, 1)?)
    })
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
    distinct: bool,
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
    let question = Question {
        grain,
        asof,
        options: Options {
            model: Model::parse(model).map_err(report)?,
            grain: Some(grain),
            ..Options::new(count("horizon", horizon, 1)?)
        },
        additive,
        distinct,
        events: if grain == Grain::Day && additive {
            holidays()?
        } else {
            Vec::new()
        },
    };
    let dimensions = reconcile
        .then(|| count("dimensions", dimensions, 0))
        .transpose()?;
    let groups = groups::read(query, grain, grain.running(asof), additive)?;
    let rows = worker::run_on_pool(move |cancel| {
        answer(
            groups,
            &question,
            level,
            dimensions,
            history,
            Cancel::on(cancel),
        )
    })?
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

/// Rows of all groups, in their order; with `dimensions` also those of their sums, made to add up.
fn answer(
    mut groups: Vec<Group>,
    question: &Question,
    level: f64,
    dimensions: Option<usize>,
    history: usize,
    cancel: Cancel<'_>,
) -> Result<Vec<Row>> {
    let mut hierarchy = None;
    if let Some(dimensions) = dimensions {
        let (all, tree) = with_sums(groups, dimensions);
        groups = all;
        hierarchy = Some(tree);
    }
    let prepared = groups
        .par_iter()
        .map(|group| question.prepare(group, cancel))
        .collect::<Result<Vec<Prepared>>>()?;
    let horizon = question.options.horizon;
    let pool = Calibration::pool(prepared.iter().map(|p| p.scores.as_slice()), horizon);
    let mut forecasts = prepared
        .par_iter()
        .map(|p| {
            cancel.check()?;
            p.finish(&pool, level)
        })
        .collect::<Result<Vec<Forecast>>>()?;
    if let Some(hierarchy) = hierarchy {
        reconcile(
            &hierarchy,
            &groups,
            &prepared,
            &mut forecasts,
            horizon,
            cancel,
        )?;
    }
    let mut rows = Vec::new();
    for (group, forecast) in groups.iter().zip(&forecasts) {
        for bucket in question.buckets(group, forecast, history) {
            let ahead = bucket.status.is_some();
            rows.push((
                group.key.clone(),
                date::date(bucket.time),
                bucket.value,
                bucket.forecast.map(|s| s.mean),
                bucket.forecast.map(|s| s.lo),
                bucket.forecast.map(|s| s.hi),
                ahead.then(|| forecast.model.clone()),
                bucket.status.map(str::to_owned),
                ahead.then(|| forecast.note.clone()),
            ));
        }
    }
    Ok(rows)
}
