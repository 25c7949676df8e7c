//! What C functions and types written by hand have in common.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

use crate::error::SqlResult;

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
        #[pgrx::pg_guard]
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
                    report.report(pgrx::PgLogLevel::ERROR);
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

/// Runs `f` in the memory context of the aggregate under way, where there is one, and tells it whether there is.
///
/// # Safety
///
/// `fcinfo` is that of the call under way.
pub(crate) unsafe fn in_aggregate<T>(
    fcinfo: pg_sys::FunctionCallInfo,
    f: impl FnOnce(bool) -> SqlResult<T>,
) -> SqlResult<T> {
    let mut context: pg_sys::MemoryContext = std::ptr::null_mut();
    // SAFETY: Postgres fills the context, which is the aggregate's own and outlives the call.
    unsafe {
        if pg_sys::AggCheckCallContext(fcinfo, &mut context) == 0 {
            return f(false);
        }
        let previous = pg_sys::MemoryContextSwitchTo(context);
        let result = f(true);
        pg_sys::MemoryContextSwitchTo(previous);
        result
    }
}

/// Detoasts a datum, into a copy where it will be written to, and tells its size in bytes.
///
/// # Safety
///
/// `datum` is a non-null value of a type with `INTERNALLENGTH = VARIABLE`.
pub(crate) unsafe fn detoast<T>(datum: pg_sys::Datum, copy: bool) -> (*mut T, usize) {
    // SAFETY: by this function's contract the datum points to a varlena.
    unsafe {
        let pointer: *mut pg_sys::varlena = datum.cast_mut_ptr();
        let pointer = if copy {
            pg_sys::pg_detoast_datum_copy(pointer)
        } else {
            pg_sys::pg_detoast_datum(pointer)
        };
        (pointer.cast(), pgrx::varsize(pointer))
    }
}

/// A zeroed varlena of `size` bytes in the current memory context.
pub(crate) fn allocate<T>(size: usize) -> *mut T {
    // SAFETY: palloc0 returns `size` zeroed bytes or raises.
    unsafe {
        let pointer = pg_sys::palloc0(size);
        pgrx::set_varsize_4b(pointer.cast(), size as i32);
        pointer.cast()
    }
}

/// The text that an input function reads.
///
/// # Safety
///
/// `datum` is a non-null cstring.
pub(crate) unsafe fn text_in(datum: pg_sys::Datum) -> String {
    // SAFETY: by this function's contract.
    let text = unsafe { CStr::from_ptr(datum.cast_mut_ptr()) };
    text.to_string_lossy().into_owned()
}

/// The text that an output function writes.
pub(crate) fn text_out(text: String) -> pg_sys::Datum {
    let text = CString::new(text).unwrap_or_default();
    // SAFETY: the text ends with a zero.
    pg_sys::Datum::from(unsafe { pg_sys::pstrdup(text.as_ptr()) })
}

/// Lets functions take `$arg`, a wrapper of what `$read` makes of a datum, where SQL declares `$sql`.
macro_rules! argument_type {
    ($arg:ident, $sql:literal, $read:expr) => {
        impl pgrx::datum::FromDatum for $arg {
            unsafe fn from_polymorphic_datum(
                datum: pg_sys::Datum,
                is_null: bool,
                _: pg_sys::Oid,
            ) -> Option<Self> {
                if is_null {
                    return None;
                }
                let read: unsafe fn(pg_sys::Datum) -> SqlResult<_> = $read;
                // SAFETY: SQL declares the argument as such a type, and it is not null.
                match unsafe { read(datum) } {
                    Ok(value) => Some($arg(value)),
                    Err(corrupt) => {
                        corrupt.report(pgrx::PgLogLevel::ERROR);
                        None
                    }
                }
            }
        }

        // SAFETY: an argument so declared holds what from_polymorphic_datum checks.
        unsafe impl<'fcx> pgrx::callconv::ArgAbi<'fcx> for $arg {
            unsafe fn unbox_arg_unchecked(arg: pgrx::callconv::Arg<'_, 'fcx>) -> Self {
                // SAFETY: functions that take one are STRICT, or take Option.
                unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or_default()
            }
        }

        // SAFETY: names the SQL type that the hand-written declarations use.
        unsafe impl pgrx::pgrx_sql_entity_graph::metadata::SqlTranslatable for $arg {
            const TYPE_IDENT: &'static str = $sql;
            const TYPE_ORIGIN: pgrx::pgrx_sql_entity_graph::metadata::TypeOrigin =
                pgrx::pgrx_sql_entity_graph::metadata::TypeOrigin::External;
            const ARGUMENT_SQL: Result<
                pgrx::pgrx_sql_entity_graph::metadata::SqlMappingRef,
                pgrx::pgrx_sql_entity_graph::metadata::ArgumentError,
            > = Ok(pgrx::pgrx_sql_entity_graph::metadata::SqlMappingRef::literal($sql));
            const RETURN_SQL: Result<
                pgrx::pgrx_sql_entity_graph::metadata::ReturnsRef,
                pgrx::pgrx_sql_entity_graph::metadata::ReturnsError,
            > = Ok(pgrx::pgrx_sql_entity_graph::metadata::ReturnsRef::One(
                pgrx::pgrx_sql_entity_graph::metadata::SqlMappingRef::literal($sql),
            ));
        }
    };
}

pub(crate) use argument_type;
