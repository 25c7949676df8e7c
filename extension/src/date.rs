//! Days between chrono and Postgres.

use chrono::{Datelike, NaiveDate};
use pgrx::PgSqlErrorCode;
use pgrx::datum::{Date, Range, RangeBound};
use pgrx::prelude::*;

use crate::error::{SqlResult, error};
use kpi_core::period::Period;

/// 1 January 2000, where Postgres counts from, as chrono counts days of the common era.
pub(crate) const EPOCH: i32 = 730_120;

/// A chrono day, or `None` for an infinite date and for one outside the calendar of the common
/// era that chrono has: texts and arithmetic of days stay plain within it.
pub(crate) fn day(date: Date) -> Option<NaiveDate> {
    if date.is_infinity() || date.is_neg_infinity() {
        return None;
    }
    let days = date.to_pg_epoch_days().checked_add(EPOCH)?;
    (days > 0)
        .then(|| NaiveDate::from_num_days_from_ce_opt(days))
        .flatten()
}

/// A Postgres date.
pub(crate) fn date(day: NaiveDate) -> Date {
    // SAFETY: every chrono day is inside Postgres' range of dates but for years before 4713 BC,
    // which no caller makes: days come from Postgres dates and periods of four-digit years.
    unsafe { Date::from_pg_epoch_days(day.num_days_from_ce() - EPOCH) }
}

/// A day that must exist.
pub(crate) fn finite(name: &str, given: Date) -> SqlResult<NaiveDate> {
    day(given).ok_or_else(|| {
        error(
            PgSqlErrorCode::ERRCODE_DATETIME_FIELD_OVERFLOW,
            format!("{name} is infinite or out of range"),
            "Give a day of the calendar.",
        )
    })
}

/// Checks a period at the door: not empty, both ends finite.
pub(crate) fn period(range: &Range<Date>) -> SqlResult<Period> {
    const HINT: &str =
        "Give both days, for example '[2025-10-01,2025-11-01)', or kpi.period('2025-10').";
    let refuse = |why: &str| {
        Err(error(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("period is {why}"),
            HINT,
        ))
    };
    if range.is_empty() {
        return refuse("empty");
    }
    let bound = |bound: Option<&RangeBound<Date>>, exclusive_shift: i32| match bound {
        Some(RangeBound::Inclusive(date)) => day(*date).map(|d| (d, 0)),
        Some(RangeBound::Exclusive(date)) => day(*date).map(|d| (d, exclusive_shift)),
        _ => None,
    };
    // Postgres writes discrete ranges as [first, end), whatever was given.
    match (bound(range.lower(), 1), bound(range.upper(), 0)) {
        (Some((first, 0)), Some((end, 0))) if first < end => Ok(Period { first, end }),
        _ => refuse("infinite, or reaches outside the calendar"),
    }
}

fn range(period: Period) -> Range<Date> {
    Range::new(
        RangeBound::Inclusive(date(period.first)),
        RangeBound::Exclusive(date(period.end)),
    )
}

/// A period before another, which must still be of the common era.
fn earlier(period: Option<Period>) -> SqlResult<Range<Date>> {
    match period {
        Some(period) if period.first.year() > 0 => Ok(range(period)),
        _ => Err(error(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            "the period before begins before year 1",
            "Give a shorter or a later period.",
        )),
    }
}

/// Reads a period's text; `asof` is the last day of data, for relative ones.
#[pg_extern(sql = false)]
fn period_parse(text: &str, asof: Option<Date>) -> SqlResult<Range<Date>> {
    let asof = asof.and_then(day);
    Period::parse(text, asof)
        .map(range)
        .map_err(crate::error::report)
}

/// The period of the same shape before.
#[pg_extern(sql = false)]
fn period_previous(given: Range<Date>) -> SqlResult<Range<Date>> {
    earlier(period(&given)?.previous())
}

/// The same dates a year earlier.
#[pg_extern(sql = false)]
fn period_year_ago(given: Range<Date>) -> SqlResult<Range<Date>> {
    earlier(period(&given)?.year_ago())
}

/// The period given, checked, or the last complete calendar month as of `asof`.
#[pg_extern(sql = false)]
fn period_or_last_month(
    given: Option<Range<Date>>,
    asof: Option<Date>,
) -> SqlResult<Option<Range<Date>>> {
    match given {
        Some(given) => Ok(Some(range(period(&given)?))),
        None => Ok(asof
            .and_then(day)
            .and_then(Period::last_complete_month)
            .map(range)),
    }
}
