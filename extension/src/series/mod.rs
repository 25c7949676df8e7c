//! Type `kpi.series`, its aggregate and the functions that read it.

mod flat;

use kpi_core::series::{Grain, How, Series, read_value, sparkline, write_value};
use pgrx::PgSqlErrorCode::*;
use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::{Date, Datum, FromDatum, IntoDatum};
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::c::{argument, argument_type, c_function, in_aggregate, text_in, text_out};
use crate::date;
use crate::error::{SqlResult, error, report};
use flat::{Flat, bucket};

/// A `kpi.series` as an argument or a result of a function.
pub(crate) struct SeriesArg(pub(crate) Series);

impl Default for SeriesArg {
    fn default() -> Self {
        Self(Series {
            grain: Grain::Day,
            start: chrono::NaiveDate::default(),
            values: Vec::new(),
        })
    }
}

argument_type!(SeriesArg, "kpi.series", |datum| unsafe {
    Flat::from_datum(datum, false)?.finish()
});

impl IntoDatum for SeriesArg {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        match Flat::from_series(&self.0) {
            Ok(flat) => Some(flat.datum()),
            Err(too_long) => {
                too_long.report(PgLogLevel::ERROR);
                None
            }
        }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::InvalidOid
    }
}

// SAFETY: the datum is a palloc'd kpi.series.
unsafe impl BoxRet for SeriesArg {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        match self.into_datum() {
            // SAFETY: the datum was made in the caller's memory context.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}

/// Time and value of each bucket; a missing value is NULL.
#[pg_extern(sql = false)]
fn series_points(
    series: SeriesArg,
) -> TableIterator<'static, (name!(time, Date), name!(value, Option<f64>))> {
    let SeriesArg(series) = series;
    let times: Vec<Option<Date>> = (0..series.values.len())
        .map(|index| series.time(index).map(date::date))
        .collect();
    TableIterator::new(
        times
            .into_iter()
            .zip(series.values)
            .filter_map(|(time, value)| Some((time?, (!value.is_nan()).then_some(value)))),
    )
}

/// The same series in wider buckets.
#[pg_extern(sql = false)]
fn series_resample(series: SeriesArg, grain: &str, how: &str) -> SqlResult<SeriesArg> {
    let grain = Grain::parse(grain).map_err(report)?;
    let how = How::parse(how).map_err(report)?;
    series.0.resample(grain, how).map(SeriesArg).map_err(report)
}

/// The series in a line of text.
#[pg_extern(sql = false)]
fn series_sparkline(series: SeriesArg, width: i32) -> SqlResult<String> {
    let width = usize::try_from(width)
        .ok()
        .filter(|width| (1..=1000).contains(width))
        .ok_or_else(|| {
            report(kpi_core::Error::OutOfRange {
                name: "width",
                value: width.to_string(),
                accepted: "between 1 and 1000",
            })
        })?;
    Ok(sparkline(&series.0.values, width))
}

/// Values in a line of text; NULL is a space.
#[pg_extern(sql = false)]
fn values_sparkline(values: Vec<Option<f64>>) -> String {
    let values: Vec<f64> = values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect();
    sparkline(&values, values.len().clamp(1, 1000))
}

/// Reads the text form. A state that travels between nodes has the grain `auto`.
fn read(text: &str) -> SqlResult<Flat> {
    if !text.contains("\"auto\"") {
        let series: Series = text.parse().map_err(report)?;
        return Flat::from_series(&series);
    }
    let invalid = || {
        error(
            ERRCODE_INVALID_TEXT_REPRESENTATION,
            "invalid state of a series",
            "A state has the form {\"grain\": \"auto\", \"first\": 738886, \"values\": [1, null]}.",
        )
    };
    let json: serde_json::Value = serde_json::from_str(text).map_err(|_| invalid())?;
    let first = json
        .get("first")
        .and_then(serde_json::Value::as_i64)
        .ok_or_else(invalid)?;
    let values = json
        .get("values")
        .and_then(serde_json::Value::as_array)
        .ok_or_else(invalid)?;
    let values: Option<Vec<Option<f64>>> = values
        .iter()
        .map(|value| match value {
            serde_json::Value::Null => Some(None),
            value => read_value(value).map(Some),
        })
        .collect();
    let first = i32::try_from(first).map_err(|_| invalid())?;
    Flat::from_state(first, &values.ok_or_else(invalid)?)
}

/// Writes the text form.
fn write(flat: Flat) -> SqlResult<String> {
    if flat.grain().is_some() {
        return Ok(flat.finish()?.to_string());
    }
    let mut text = format!(
        "{{\"grain\":\"auto\",\"first\":{},\"values\":[",
        flat.first()
    );
    for (index, value) in flat.state().enumerate() {
        if index > 0 {
            text.push(',');
        }
        match value {
            None => text.push_str("null"),
            Some(value) if value.is_nan() => text.push_str("\"NaN\""),
            // Writing to a String cannot fail.
            Some(value) => drop(write_value(&mut text, value)),
        }
    }
    text.push_str("]}");
    Ok(text)
}

/// Adds a row to the state, in place within an aggregate.
unsafe fn add(
    fcinfo: pg_sys::FunctionCallInfo,
    pg_day: impl FnOnce(pg_sys::Datum) -> SqlResult<i32>,
) -> SqlResult<Option<pg_sys::Datum>> {
    // SAFETY: (state kpi.series, at, value float8[, grain text]), as declared.
    unsafe {
        let state = argument(fcinfo, 0);
        let (Some(at), Some(value)) = (argument(fcinfo, 1), argument(fcinfo, 2)) else {
            return Ok(state);
        };
        let value = f64::from_bits(value.value() as u64);
        in_aggregate(fcinfo, |aggregate| {
            let flat = match state {
                Some(state) => Flat::from_datum(state, !aggregate)?,
                None => Flat::new(wanted_grain(fcinfo)?, 0),
            };
            let number = bucket(flat.grain(), pg_day(at)?)?;
            flat.add(number, value).map(|flat| Some(flat.datum()))
        })
    }
}

/// The grain argument, where there is one.
unsafe fn wanted_grain(fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Option<Grain>> {
    // SAFETY: argument 3 exists where nargs says so and is text.
    unsafe {
        if (*fcinfo).nargs < 4 {
            return Ok(None);
        }
        match argument(fcinfo, 3).and_then(|datum| String::from_datum(datum, false)) {
            Some(name) => Grain::parse(&name).map(Some).map_err(report),
            None => Err(error(
                ERRCODE_NULL_VALUE_NOT_ALLOWED,
                "grain is NULL",
                "Give day, week, month, quarter or year.",
            )),
        }
    }
}

/// Microseconds of a day.
const DAY_MICROSECONDS: i64 = 86_400_000_000;

c_function!(
    /// Adds a row whose time is a date.
    series_add_date, pg_finfo_series_add_date,
    |fcinfo| unsafe { add(fcinfo, |at| Ok(at.value() as i32)) }
);

c_function!(
    /// Adds a row whose time is a timestamp without time zone.
    series_add_timestamp, pg_finfo_series_add_timestamp,
    |fcinfo| unsafe {
        add(fcinfo, |at| {
            let days = (at.value() as i64).div_euclid(DAY_MICROSECONDS);
            i32::try_from(days).or(Ok(i32::MAX))
        })
    }
);

c_function!(
    /// Adds a row whose time is a timestamp with time zone; its day is the session's.
    series_add_timestamptz, pg_finfo_series_add_timestamptz,
    |fcinfo| unsafe {
        add(fcinfo, |at| {
            let date = pgrx::direct_function_call::<Date>(pg_sys::timestamptz_date, &[Some(at)]);
            Ok(date.map_or(i32::MIN, |date| date.to_pg_epoch_days()))
        })
    }
);

c_function!(
    /// Merges two states.
    series_combine, pg_finfo_series_combine,
    |fcinfo| unsafe {
        let (left, right) = (argument(fcinfo, 0), argument(fcinfo, 1));
        in_aggregate(fcinfo, |aggregate| match (left, right) {
            (Some(left), Some(right)) => Flat::from_datum(left, !aggregate)?
                .merge(Flat::from_datum(right, false)?)
                .map(|flat| Some(flat.datum())),
            (None, Some(right)) => Ok(Some(Flat::from_datum(right, true)?.datum())),
            (left, None) => Ok(left),
        })
    }
);

c_function!(
    /// Finishes the state.
    series_final, pg_finfo_series_final,
    |fcinfo| unsafe {
        let Some(state) = argument(fcinfo, 0) else { return Ok(None) };
        let series = Flat::from_datum(state, false)?.finish()?;
        if series.values.is_empty() {
            return Ok(None);
        }
        Ok(Some(Flat::from_series(&series)?.datum()))
    }
);

c_function!(
    /// Reads the text form.
    series_in, pg_finfo_series_in,
    |fcinfo| unsafe {
        let Some(text) = argument(fcinfo, 0) else { return Ok(None) };
        Ok(Some(read(&text_in(text))?.datum()))
    }
);

c_function!(
    /// Writes the text form.
    series_out, pg_finfo_series_out,
    |fcinfo| unsafe {
        let Some(series) = argument(fcinfo, 0) else { return Ok(None) };
        write(Flat::from_datum(series, false)?).map(|text| Some(text_out(text)))
    }
);
