//! Columns as SQL hands them over: arrays of equal length, one row a position.

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::panic::ErrorReport;

use crate::error::{SqlResult, error};

/// A column of numbers; NULL becomes NaN, which core leaves out.
pub(crate) fn numbers(values: Vec<Option<f64>>) -> Vec<f64> {
    values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect()
}

/// A column of names; NULL becomes empty.
pub(crate) fn names(values: Vec<Option<String>>) -> Vec<String> {
    values.into_iter().map(Option::unwrap_or_default).collect()
}

/// A column of whole numbers; NULL becomes the least, which names no row.
pub(crate) fn integers(values: Vec<Option<i32>>) -> Vec<i32> {
    values.into_iter().map(|v| v.unwrap_or(i32::MIN)).collect()
}

/// Checks that all columns have as many rows.
pub(crate) fn equal(lengths: &[usize]) -> SqlResult<()> {
    match lengths.split_first() {
        Some((first, rest)) if rest.iter().any(|n| n != first) => Err(uneven()),
        _ => Ok(()),
    }
}

fn uneven() -> ErrorReport {
    error(
        PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        "the arrays differ in length",
        "Give one value a row in each.",
    )
}
