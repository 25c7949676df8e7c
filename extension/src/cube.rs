//! Type `kpi.cube` and its aggregate.

use kpi_core::Error;
use kpi_core::drivers::Cube;
use pgrx::PgSqlErrorCode::*;
use pgrx::datum::FromDatum;
use pgrx::pg_sys;

use crate::c::{
    allocate, argument, argument_type, c_function, detoast, in_aggregate, text_in, text_out,
};
use crate::error::{SqlResult, error, report};

/// A `kpi.cube` as an argument.
#[derive(Default)]
pub(crate) struct CubeArg(pub(crate) Cube);

argument_type!(CubeArg, "kpi.cube", |datum| unsafe {
    read(Flat::from_datum(datum, false)?.rows())
});

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
pub(crate) const NONE: &str = "(none)";

/// A pointer to a cube that was detoasted and checked.
#[derive(Clone, Copy)]
struct Flat(*mut Header);

impl Flat {
    /// # Safety
    ///
    /// `datum` is a non-null value of type `kpi.cube`.
    unsafe fn from_datum(datum: pg_sys::Datum, copy: bool) -> SqlResult<Flat> {
        // SAFETY: by this function's contract; the header is read where there is one.
        unsafe {
            let (header, size) = detoast::<Header>(datum, copy);
            if size < HEADER || (*header).used as usize > size - HEADER {
                return Err(corrupt());
            }
            Ok(Flat(header))
        }
    }

    /// A new cube with room for `capacity` bytes, in the current memory context.
    fn new(capacity: usize) -> Flat {
        Flat(allocate(HEADER + capacity))
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
        in_aggregate(fcinfo, |aggregate| {
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
        in_aggregate(fcinfo, |aggregate| match (left, right) {
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
        let cube: Cube = serde_json::from_str(&text_in(text)).map_err(|failure| {
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
        Ok(Some(text_out(text)))
    }
);
