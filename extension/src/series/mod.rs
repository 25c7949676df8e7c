//! Type `kpi.series`, its aggregate and the functions that read it.

mod flat;

use std::ffi::{CStr, CString};

use kpi_core::series::{Grain, How, Series, read_value, sparkline, write_value};
use pgrx::PgSqlErrorCode::*;
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::{Date, Datum, FromDatum, IntoDatum};
use pgrx::pg_sys;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::prelude::*;

use crate::date;
use crate::error::{SqlResult, error, report};
use flat::{Flat, bucket};

/// A `kpi.series` as an argument or a result of a function.
pub(crate) struct SeriesArg(pub(crate) Series);

impl FromDatum for SeriesArg {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: SQL declares the argument as kpi.series, and it is not null.
        let series = unsafe { Flat::from_datum(datum, false) }.and_then(Flat::finish);
        match series {
            Ok(series) => Some(SeriesArg(series)),
            Err(corrupt) => {
                corrupt.report(PgLogLevel::ERROR);
                None
            }
        }
    }
}

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

// SAFETY: an argument declared kpi.series holds what from_polymorphic_datum checks.
unsafe impl<'fcx> ArgAbi<'fcx> for SeriesArg {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: functions that take a series are STRICT, or take Option.
        match unsafe { arg.unbox_arg_using_from_datum() } {
            Some(series) => series,
            None => SeriesArg(Series {
                grain: Grain::Day,
                start: chrono::NaiveDate::default(),
                values: Vec::new(),
            }),
        }
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

// SAFETY: names the SQL type that the hand-written declarations use.
unsafe impl SqlTranslatable for SeriesArg {
    const TYPE_IDENT: &'static str = "kpi.series";
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> =
        Ok(SqlMappingRef::literal("kpi.series"));
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("kpi.series")));
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

/// Declares a V1 C function: its info record and a body that may raise.
macro_rules! c_function {
    ($(#[$doc:meta])* $name:ident, $info:ident, $body:expr) => {
        /// Tells Postgres the calling convention.
        #[unsafe(no_mangle)]
        pub(crate) extern "C" fn $info() -> &'static pg_sys::Pg_finfo_record {
            const V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
            &V1
        }

        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// Called by Postgres with the arguments that the SQL declaration names.
        #[unsafe(no_mangle)]
        #[pg_guard]
        pub(crate) unsafe extern "C-unwind" fn $name(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
            let body: unsafe fn(pg_sys::FunctionCallInfo) -> SqlResult<Option<pg_sys::Datum>> = $body;
            // SAFETY: Postgres passes a valid call info.
            match unsafe { body(fcinfo) } {
                Ok(Some(datum)) => datum,
                Ok(None) => {
                    // SAFETY: as above.
                    unsafe { (*fcinfo).isnull = true };
                    pg_sys::Datum::from(0)
                }
                Err(report) => {
                    report.report(PgLogLevel::ERROR);
                    pg_sys::Datum::from(0)
                }
            }
        }
    };
}

pub(crate) use c_function;

/// Argument `index`, `None` for NULL.
pub(crate) unsafe fn argument(
    fcinfo: pg_sys::FunctionCallInfo,
    index: usize,
) -> Option<pg_sys::Datum> {
    // SAFETY: callers ask for declared arguments only.
    let argument = unsafe { &*(*fcinfo).args.as_ptr().add(index) };
    (!argument.isnull).then_some(argument.value)
}

/// The memory context of the aggregate under way, or `None` outside one.
pub(crate) unsafe fn aggregate_context(
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<pg_sys::MemoryContext> {
    let mut context: pg_sys::MemoryContext = std::ptr::null_mut();
    // SAFETY: Postgres fills the context.
    (unsafe { pg_sys::AggCheckCallContext(fcinfo, &mut context) } != 0).then_some(context)
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
        let context = aggregate_context(fcinfo);
        let previous = context.map(|context| pg_sys::MemoryContextSwitchTo(context));
        let result = (|| {
            let flat = match state {
                Some(state) => Flat::from_datum(state, context.is_none())?,
                None => Flat::new(wanted_grain(fcinfo)?, 0),
            };
            flat.add(bucket(flat.grain(), pg_day(at)?)?, value)
        })();
        if let Some(previous) = previous {
            pg_sys::MemoryContextSwitchTo(previous);
        }
        result.map(|flat| Some(flat.datum()))
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
        let Some(context) = aggregate_context(fcinfo) else {
            return Err(error(ERRCODE_FEATURE_NOT_SUPPORTED, "series_combine called outside an aggregate",
                "It is part of kpi.series()."));
        };
        let previous = pg_sys::MemoryContextSwitchTo(context);
        let merged = (|| match (left, right) {
            (Some(left), Some(right)) => Flat::from_datum(left, false)?
                .merge(Flat::from_datum(right, false)?)
                .map(|flat| Some(flat.datum())),
            (None, Some(right)) => Ok(Some(Flat::from_datum(right, true)?.datum())),
            (left, None) => Ok(left),
        })();
        pg_sys::MemoryContextSwitchTo(previous);
        merged
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
        let text = CStr::from_ptr(text.cast_mut_ptr()).to_string_lossy();
        Ok(Some(read(&text)?.datum()))
    }
);

c_function!(
    /// Writes the text form.
    series_out, pg_finfo_series_out,
    |fcinfo| unsafe {
        let Some(series) = argument(fcinfo, 0) else { return Ok(None) };
        let text = write(Flat::from_datum(series, false)?)?;
        let text = CString::new(text).unwrap_or_default();
        Ok(Some(pg_sys::Datum::from(pg_sys::pstrdup(text.as_ptr()))))
    }
);
