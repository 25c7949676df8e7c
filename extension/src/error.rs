//! Core errors as SQL users see them: SQLSTATE, one line of fact, a hint.

use kpi_core::Error;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgSqlErrorCode, function_name};

/// What fallible glue returns. pgrx keeps the SQLSTATE of an [`ErrorReport`] only.
pub(crate) type SqlResult<T> = Result<T, ErrorReport>;

/// Maps a core error; the one place where SQLSTATEs are chosen for them.
pub(crate) fn report(error: Error) -> ErrorReport {
    use PgSqlErrorCode::*;
    let (code, hint) = match &error {
        Error::TooShort { .. } => (
            ERRCODE_INVALID_PARAMETER_VALUE,
            "Give a longer period, a finer grain or a shorter season.".to_owned(),
        ),
        Error::NotFinite { .. } => (
            ERRCODE_DATA_EXCEPTION,
            "Remove NaN and infinite values, for example with FILTER (WHERE abs(value) < 'Infinity')."
                .to_owned(),
        ),
        Error::OutOfRange { .. } => (
            ERRCODE_INVALID_PARAMETER_VALUE,
            "The function's comment (\\df+ in psql) gives the accepted range.".to_owned(),
        ),
        Error::Unknown { kind, near, .. } => (ERRCODE_INVALID_PARAMETER_VALUE, unknown(kind, near)),
        Error::Invalid { hint, .. } => (ERRCODE_INVALID_PARAMETER_VALUE, (*hint).to_owned()),
        Error::Cancelled => (ERRCODE_QUERY_CANCELED, String::new()),
        _ => (
            ERRCODE_INTERNAL_ERROR,
            "Please report this as a bug.".to_owned(),
        ),
    };
    let report = ErrorReport::new(code, error.to_string(), function_name!());
    if hint.is_empty() {
        report
    } else {
        report.set_hint(hint)
    }
}

fn unknown(kind: &str, near: &[String]) -> String {
    if near.is_empty() {
        format!("No {kind} has a similar name; kpi.{kind}s lists them.")
    } else {
        format!("Did you mean {}?", near.join(", "))
    }
}

/// An error of the glue's own.
pub(crate) fn error(code: PgSqlErrorCode, message: impl Into<String>, hint: &str) -> ErrorReport {
    ErrorReport::new(code, message.into(), function_name!()).set_hint(hint)
}

/// A failure of SPI that no user input should cause.
pub(crate) fn internal(failure: impl std::fmt::Display) -> ErrorReport {
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
        failure.to_string(),
        function_name!(),
    )
}
