//! Type `kpi.cube`, its aggregate, and root causes.

use std::ffi::{CStr, CString};

use kpi_core::drivers::{Cube, Driver, Method, Options, drivers};
use kpi_core::{Cancel, Error};
use pgrx::PgSqlErrorCode::*;
use pgrx::datum::FromDatum;
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::error::{SqlResult, error, report};
use crate::series::{aggregate_context, argument, c_function};
use crate::worker;

/// What precedes the rows. `capacity` bytes follow, of which `used` are in use: for each row the
/// two numbers, the number of members, and each member as its length and its bytes.
#[repr(C)]
struct Header {
    vl_len: i32,
    used: u32,
}

const HEADER: usize = size_of::<Header>();
/// Bytes of a new state.
const INITIAL_CAPACITY: usize = 1024;
/// Most bytes of a state.
const MAX_BYTES: usize = 1 << 29;
/// How a NULL member is called, as in figures.
const NONE: &str = "(none)";

/// A pointer to a cube that was detoasted and checked.
#[derive(Clone, Copy)]
struct Flat(*mut Header);

impl Flat {
    /// # Safety
    ///
    /// `datum` is a non-null value of type `kpi.cube`.
    unsafe fn from_datum(datum: pg_sys::Datum, copy: bool) -> SqlResult<Flat> {
        // SAFETY: by this function's contract the datum points to a varlena.
        unsafe {
            let pointer: *mut pg_sys::varlena = datum.cast_mut_ptr();
            let pointer = if copy {
                pg_sys::pg_detoast_datum_copy(pointer)
            } else {
                pg_sys::pg_detoast_datum(pointer)
            };
            let size = pgrx::varsize(pointer);
            let header = pointer.cast::<Header>();
            if size < HEADER || (*header).used as usize > size - HEADER {
                return Err(corrupt());
            }
            Ok(Flat(header))
        }
    }

    /// A new cube with room for `capacity` bytes, in the current memory context.
    fn new(capacity: usize) -> Flat {
        let size = HEADER + capacity;
        // SAFETY: palloc0 returns `size` zeroed bytes or raises; zeroes are a valid Header.
        unsafe {
            let header = pg_sys::palloc0(size).cast::<Header>();
            pgrx::set_varsize_4b(header.cast(), size as i32);
            Flat(header)
        }
    }

    fn datum(self) -> pg_sys::Datum {
        pg_sys::Datum::from(self.0)
    }

    fn rows(&self) -> &[u8] {
        // SAFETY: `used` bytes follow the header, as was checked.
        unsafe {
            let first = self.0.cast::<u8>().add(HEADER);
            std::slice::from_raw_parts(first, (*self.0).used as usize)
        }
    }

    fn capacity(self) -> usize {
        // SAFETY: the pointer was checked.
        unsafe { pgrx::varsize(self.0.cast()) - HEADER }
    }

    /// Appends rows; the cube may move. Where there is no room, rows of one leaf are added up first.
    fn append(self, rows: &[u8]) -> SqlResult<Flat> {
        let mut flat = self;
        let used = self.rows().len();
        if used + rows.len() > self.capacity() {
            let compact = bytes(&read(self.rows())?);
            // Half full at most, so that adding up is paid for by as many rows.
            let capacity = (2 * (compact.len() + rows.len())).max(INITIAL_CAPACITY);
            if capacity > MAX_BYTES {
                return Err(error(
                    ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                    "cube is larger than 512 MB",
                    "Give fewer dimensions, or group rare members together.",
                ));
            }
            flat = Flat::new(capacity);
            flat.put(&compact);
        }
        flat.put(rows);
        Ok(flat)
    }

    /// Writes behind what is in use; the caller has made room.
    fn put(&mut self, rows: &[u8]) {
        // SAFETY: callers checked the capacity; a cube that is written to is the call's own or the
        // aggregate's state.
        unsafe {
            let used = (*self.0).used as usize;
            let to = self.0.cast::<u8>().add(HEADER + used);
            std::ptr::copy_nonoverlapping(rows.as_ptr(), to, rows.len());
            (*self.0).used = (used + rows.len()) as u32;
        }
    }
}

fn corrupt() -> pgrx::pg_sys::panic::ErrorReport {
    error(
        ERRCODE_DATA_CORRUPTED,
        "corrupt cube",
        "Build the cube again.",
    )
}

fn write_row(out: &mut Vec<u8>, members: &[&str], actual: f64, expected: f64) {
    out.extend_from_slice(&actual.to_ne_bytes());
    out.extend_from_slice(&expected.to_ne_bytes());
    out.extend_from_slice(&(members.len() as u32).to_ne_bytes());
    for member in members {
        out.extend_from_slice(&(member.len() as u32).to_ne_bytes());
        out.extend_from_slice(member.as_bytes());
    }
}

/// Takes `N` bytes off the front.
fn take<const N: usize>(rows: &mut &[u8]) -> SqlResult<[u8; N]> {
    let (head, rest) = rows.split_first_chunk::<N>().ok_or_else(corrupt)?;
    *rows = rest;
    Ok(*head)
}

/// Adds up the rows of a state.
fn read(mut rows: &[u8]) -> SqlResult<Cube> {
    let mut cube = Cube::default();
    while !rows.is_empty() {
        let actual = f64::from_ne_bytes(take(&mut rows)?);
        let expected = f64::from_ne_bytes(take(&mut rows)?);
        let arity = u32::from_ne_bytes(take(&mut rows)?);
        if arity == 0 {
            // Not a leaf, but the number of rows that were left out.
            cube.skip(actual as u64);
            continue;
        }
        let mut members = Vec::with_capacity(arity.min(64) as usize);
        for _ in 0..arity {
            let len = u32::from_ne_bytes(take(&mut rows)?) as usize;
            let (name, rest) = rows.split_at_checked(len).ok_or_else(corrupt)?;
            rows = rest;
            members.push(std::str::from_utf8(name).map_err(|_| corrupt())?);
        }
        cube.push(&members, actual, expected).map_err(report)?;
    }
    Ok(cube)
}

/// A cube as rows, one a leaf, in the order of their members.
fn bytes(cube: &Cube) -> Vec<u8> {
    let mut out = Vec::new();
    for (members, leaf) in cube.sorted() {
        write_row(&mut out, &members, leaf.actual, leaf.expected);
    }
    if cube.skipped() > 0 {
        write_row(&mut out, &[], cube.skipped() as f64, 0.0);
    }
    out
}

/// Runs `f` in the aggregate's memory context, where there is one.
unsafe fn in_context<T>(
    fcinfo: pg_sys::FunctionCallInfo,
    f: impl FnOnce(bool) -> SqlResult<T>,
) -> SqlResult<T> {
    // SAFETY: the context is the aggregate's own and outlives the call.
    unsafe {
        let context = aggregate_context(fcinfo);
        let previous = context.map(|context| pg_sys::MemoryContextSwitchTo(context));
        let result = f(context.is_some());
        if let Some(previous) = previous {
            pg_sys::MemoryContextSwitchTo(previous);
        }
        result
    }
}

c_function!(
    /// Adds a row: (state kpi.cube, actual float8, expected float8, members text[]).
    cube_add, pg_finfo_cube_add,
    |fcinfo| unsafe {
        let state = argument(fcinfo, 0);
        let (actual, expected) = (argument(fcinfo, 1), argument(fcinfo, 2));
        let Some(members) = argument(fcinfo, 3) else { return Ok(state) };
        if actual.is_none() && expected.is_none() {
            return Ok(state);
        }
        // One of the two may be missing: a member that is new, or gone.
        let number = |d: Option<pg_sys::Datum>| d.map_or(0.0, |d| f64::from_bits(d.value() as u64));
        let members = Vec::<Option<String>>::from_datum(members, false).unwrap_or_default();
        let names: Vec<&str> = members.iter().map(|m| m.as_deref().unwrap_or(NONE)).collect();
        if names.is_empty() || names.len() > kpi_core::drivers::MAX_DIMS {
            return Err(report(Error::OutOfRange {
                name: "the number of members",
                value: names.len().to_string(),
                accepted: "between 1 and 16",
            }));
        }
        let mut row = Vec::with_capacity(128);
        write_row(&mut row, &names, number(actual), number(expected));
        in_context(fcinfo, |aggregate| {
            let flat = match state {
                Some(state) => Flat::from_datum(state, !aggregate)?,
                None => Flat::new(INITIAL_CAPACITY),
            };
            flat.append(&row).map(|flat| Some(flat.datum()))
        })
    }
);

c_function!(
    /// Merges two states.
    cube_combine, pg_finfo_cube_combine,
    |fcinfo| unsafe {
        let (left, right) = (argument(fcinfo, 0), argument(fcinfo, 1));
        in_context(fcinfo, |aggregate| match (left, right) {
            (Some(left), Some(right)) => {
                let right = Flat::from_datum(right, false)?;
                Flat::from_datum(left, !aggregate)?
                    .append(right.rows())
                    .map(|flat| Some(flat.datum()))
            }
            (None, Some(right)) => Ok(Some(Flat::from_datum(right, true)?.datum())),
            (left, None) => Ok(left),
        })
    }
);

c_function!(
    /// Finishes the state: one row a leaf, no spare room.
    cube_final, pg_finfo_cube_final,
    |fcinfo| unsafe {
        let Some(state) = argument(fcinfo, 0) else { return Ok(None) };
        let rows = bytes(&read(Flat::from_datum(state, false)?.rows())?);
        let mut flat = Flat::new(rows.len());
        flat.put(&rows);
        Ok(Some(flat.datum()))
    }
);

c_function!(
    /// Reads the text form.
    cube_in, pg_finfo_cube_in,
    |fcinfo| unsafe {
        let Some(text) = argument(fcinfo, 0) else { return Ok(None) };
        let text = CStr::from_ptr(text.cast_mut_ptr()).to_string_lossy();
        let cube: Cube = serde_json::from_str(&text).map_err(|failure| {
            error(
                ERRCODE_INVALID_TEXT_REPRESENTATION,
                format!("invalid cube: {failure}"),
                "A cube has the form {\"members\": [[\"A\"], [\"Web\"]], \"leaves\": [[[0, 0], 9, 10, []]]}.",
            )
        })?;
        let rows = bytes(&cube);
        let mut flat = Flat::new(rows.len());
        flat.put(&rows);
        Ok(Some(flat.datum()))
    }
);

c_function!(
    /// Writes the text form.
    cube_out, pg_finfo_cube_out,
    |fcinfo| unsafe {
        let Some(cube) = argument(fcinfo, 0) else { return Ok(None) };
        let cube = read(Flat::from_datum(cube, false)?.rows())?;
        let text = serde_json::to_string(&cube).map_err(crate::error::internal)?;
        let text = CString::new(text).unwrap_or_default();
        Ok(Some(pg_sys::Datum::from(pg_sys::pstrdup(text.as_ptr()))))
    }
);

type Rows = TableIterator<
    'static,
    (
        name!(rank, i32),
        name!(kind, String),
        name!(members, pgrx::JsonB),
        name!(member, String),
        name!(depth, i32),
        name!(baseline, f64),
        name!(value, f64),
        name!(expected, f64),
        name!(change, f64),
        name!(contribution, Option<f64>),
        name!(ratio, Option<f64>),
        name!(ratio_lo, Option<f64>),
        name!(ratio_hi, Option<f64>),
        name!(p_adj, Option<f64>),
        name!(surprise, Option<f64>),
        name!(status, String),
        name!(note, String),
    ),
>;

fn rows(found: Vec<Driver>) -> Rows {
    TableIterator::new(found.into_iter().map(|d| {
        let known = |value: Option<f64>| value.filter(|v| v.is_finite());
        let member = if d.members.is_empty() {
            "Total".to_owned()
        } else {
            let names: Vec<&str> = d.members.iter().map(|(_, name)| name.as_str()).collect();
            names.join(" · ")
        };
        let members: serde_json::Map<String, serde_json::Value> = d
            .members
            .into_iter()
            .map(|(dim, name)| (dim, serde_json::Value::String(name)))
            .collect();
        (
            d.rank as i32,
            d.kind.name().to_owned(),
            pgrx::JsonB(serde_json::Value::Object(members)),
            member,
            d.depth as i32,
            d.baseline,
            d.value,
            d.expected,
            d.change,
            known(d.contribution),
            known(d.ratio),
            known(d.ratio_lo),
            known(d.ratio_hi),
            known(d.p_adj),
            known(d.surprise),
            d.status.to_owned(),
            d.note,
        )
    }))
}

fn options(
    dims: Vec<Option<String>>,
    max_depth: i32,
    alpha: f64,
    min_share: f64,
    method: &str,
) -> SqlResult<Options> {
    let names: Option<Vec<String>> = dims.into_iter().collect();
    let names = names.ok_or_else(|| {
        error(
            ERRCODE_NULL_VALUE_NOT_ALLOWED,
            "a dimension's name is NULL",
            "Name every dimension, in the order of the cube's members.",
        )
    })?;
    Ok(Options {
        max_depth: usize::try_from(max_depth).unwrap_or(0),
        alpha,
        min_share,
        method: Method::parse(method).map_err(report)?,
        ..Options::new(names)
    })
}

fn explain(cube: Cube, options: Options) -> SqlResult<Rows> {
    let found =
        worker::run(move |cancel| drivers(&cube, &options, Cancel::on(cancel)))?.map_err(report)?;
    Ok(rows(found))
}

/// Root causes of a cube.
#[pg_extern(sql = false)]
fn drivers_cube(
    cube: CubeArg,
    dims: Vec<Option<String>>,
    max_depth: i32,
    alpha: f64,
    min_share: f64,
    method: &str,
) -> SqlResult<Rows> {
    explain(cube.0, options(dims, max_depth, alpha, min_share, method)?)
}

/// Root causes of leaves in columns: `members` and `history` hold one row a leaf, flattened.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments, reason = "as SQL declares it")]
fn drivers_leaves(
    members: Vec<Option<String>>,
    actual: Vec<Option<f64>>,
    expected: Vec<Option<f64>>,
    history: Vec<Option<f64>>,
    dims: Vec<Option<String>>,
    max_depth: i32,
    alpha: f64,
    min_share: f64,
    method: &str,
) -> SqlResult<Rows> {
    let options = options(dims, max_depth, alpha, min_share, method)?;
    let (n, k) = (actual.len(), options.dims.len());
    if members.len() != n * k || expected.len() != n || (n > 0 && !history.len().is_multiple_of(n))
    {
        return Err(error(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("{} members for {n} leaves of {k} dimensions", members.len()),
            "Give one member a dimension and leaf.",
        ));
    }
    let windows = history.len().checked_div(n).unwrap_or(0);
    let mut cube = Cube::default();
    for leaf in 0..n {
        let names: Vec<&str> = members[leaf * k..(leaf + 1) * k]
            .iter()
            .map(|m| m.as_deref().unwrap_or(NONE))
            .collect();
        let number = |v: Option<f64>| v.unwrap_or(0.0);
        cube.push(&names, number(actual[leaf]), number(expected[leaf]))
            .map_err(report)?;
        for window in 0..windows {
            let value = number(history[leaf * windows + window]);
            cube.push_history(&names, window, value).map_err(report)?;
        }
    }
    explain(cube, options)
}

/// A `kpi.cube` as an argument.
struct CubeArg(Cube);

impl FromDatum for CubeArg {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: SQL declares the argument as kpi.cube, and it is not null.
        let cube = unsafe { Flat::from_datum(datum, false) }.and_then(|flat| read(flat.rows()));
        match cube {
            Ok(cube) => Some(CubeArg(cube)),
            Err(corrupt) => {
                corrupt.report(PgLogLevel::ERROR);
                None
            }
        }
    }
}

// SAFETY: an argument declared kpi.cube holds what from_polymorphic_datum checks.
unsafe impl<'fcx> pgrx::callconv::ArgAbi<'fcx> for CubeArg {
    unsafe fn unbox_arg_unchecked(arg: pgrx::callconv::Arg<'_, 'fcx>) -> Self {
        // SAFETY: functions that take a cube are STRICT.
        let cube = unsafe { arg.unbox_arg_using_from_datum() };
        cube.unwrap_or_else(|| CubeArg(Cube::default()))
    }
}

// SAFETY: names the SQL type that the hand-written declarations use.
unsafe impl pgrx::pgrx_sql_entity_graph::metadata::SqlTranslatable for CubeArg {
    const TYPE_IDENT: &'static str = "kpi.cube";
    const TYPE_ORIGIN: pgrx::pgrx_sql_entity_graph::metadata::TypeOrigin =
        pgrx::pgrx_sql_entity_graph::metadata::TypeOrigin::External;
    const ARGUMENT_SQL: Result<
        pgrx::pgrx_sql_entity_graph::metadata::SqlMappingRef,
        pgrx::pgrx_sql_entity_graph::metadata::ArgumentError,
    > = Ok(pgrx::pgrx_sql_entity_graph::metadata::SqlMappingRef::literal("kpi.cube"));
    const RETURN_SQL: Result<
        pgrx::pgrx_sql_entity_graph::metadata::ReturnsRef,
        pgrx::pgrx_sql_entity_graph::metadata::ReturnsError,
    > = Ok(pgrx::pgrx_sql_entity_graph::metadata::ReturnsRef::One(
        pgrx::pgrx_sql_entity_graph::metadata::SqlMappingRef::literal("kpi.cube"),
    ));
}
