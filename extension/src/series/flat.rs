//! The flat form of `kpi.series`: a varlena with a header and one double a bucket.
//!
//! The aggregate's state is the same type, grown in place with spare room at either end, so that
//! adding a row costs one addition and the state travels between nodes as text.

use chrono::NaiveDate;
use kpi_core::series::{Grain, Series, infer_grain};
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys;

use crate::c::{allocate, detoast};
use crate::date::EPOCH;
use crate::error::{SqlResult, error};

/// Most buckets of a series: 11,000 years of days, 32 MB.
pub(super) const MAX_BUCKETS: i64 = 4_000_000;
/// Buckets of a new state.
const INITIAL_CAPACITY: u32 = 32;
/// Marks a bucket without rows in a state; a NaN that no arithmetic gives.
const ABSENT: u64 = 0x7ff8_6b70_6900_0001;

/// What precedes the values. `capacity` slots follow, of which `head .. head + len` are in use.
#[repr(C)]
pub(super) struct Header {
    vl_len: i32,
    /// 0: buckets are days and the grain is still to be read off them; else 1 + index of the grain.
    grain: u8,
    reserved: [u8; 3],
    /// Number of the first bucket, as [`Grain::bucket`] counts.
    first: i32,
    head: u32,
    len: u32,
    capacity: u32,
}

const HEADER: usize = size_of::<Header>();
const _: () = assert!(HEADER == 24, "values are 8-byte aligned");

/// A pointer to a series that was detoasted and checked.
#[derive(Clone, Copy)]
pub(super) struct Flat(*mut Header);

impl Flat {
    /// Detoasts and checks a datum; `copy` for one that will be written to.
    ///
    /// # Safety
    ///
    /// `datum` is a non-null value of type `kpi.series`.
    pub(super) unsafe fn from_datum(datum: pg_sys::Datum, copy: bool) -> SqlResult<Flat> {
        // SAFETY: by this function's contract; the header is read where there is one.
        unsafe {
            let (header, size) = detoast::<Header>(datum, copy);
            let sound = size >= HEADER && {
                let h = &*header;
                h.grain <= 5
                    && u64::from(h.head) + u64::from(h.len) <= u64::from(h.capacity)
                    && size == HEADER + h.capacity as usize * 8
            };
            if !sound {
                return Err(error(
                    ERRCODE_DATA_CORRUPTED,
                    "corrupt series",
                    "Build the series again.",
                ));
            }
            Ok(Flat(header))
        }
    }

    /// A new empty series in the current memory context.
    pub(super) fn new(grain: Option<Grain>, capacity: u32) -> Flat {
        let size = HEADER + capacity as usize * 8;
        let header = allocate::<Header>(size);
        // SAFETY: zeroes are a valid Header.
        unsafe {
            (*header).grain = code(grain);
            (*header).capacity = capacity;
        }
        Flat(header)
    }

    pub(super) fn datum(self) -> pg_sys::Datum {
        pg_sys::Datum::from(self.0)
    }

    fn header(&self) -> &Header {
        // SAFETY: the pointer was checked when this Flat was made.
        unsafe { &*self.0 }
    }

    fn header_mut(&mut self) -> &mut Header {
        // SAFETY: as above; a Flat that is written to is this call's own, or the aggregate's state.
        unsafe { &mut *self.0 }
    }

    fn slots(&mut self) -> &mut [f64] {
        let capacity = self.header().capacity as usize;
        // SAFETY: `capacity` doubles follow the 24-byte header of an 8-byte aligned palloc chunk.
        unsafe { std::slice::from_raw_parts_mut(self.0.cast::<u8>().add(HEADER).cast(), capacity) }
    }

    /// The values in use.
    pub(super) fn values(&self) -> &[f64] {
        let header = self.header();
        // SAFETY: `head + len <= capacity` was checked.
        unsafe {
            let first = self.0.cast::<u8>().add(HEADER).cast::<f64>();
            std::slice::from_raw_parts(first.add(header.head as usize), header.len as usize)
        }
    }

    pub(super) fn grain(&self) -> Option<Grain> {
        match self.header().grain {
            0 => None,
            code => Grain::ALL.get(usize::from(code) - 1).copied(),
        }
    }

    pub(super) fn first(&self) -> i32 {
        self.header().first
    }

    /// Adds `value` to the bucket `number`; returns the series, which may have moved.
    #[inline]
    pub(super) fn add(self, number: i32, value: f64) -> SqlResult<Flat> {
        let mut flat = self;
        let header = self.header();
        let place = i64::from(number) - i64::from(header.first);
        let place = if place >= 0 && place < i64::from(header.len) {
            header.head as usize + place as usize
        } else {
            flat = self.reach(number, number)?;
            let header = flat.header();
            header.head as usize + (number - header.first) as usize
        };
        let slot = &mut flat.slots()[place];
        *slot = if slot.to_bits() == ABSENT {
            value
        } else {
            *slot + value
        };
        Ok(flat)
    }

    /// Makes the buckets `low ..= high` part of the series, absent where they are new.
    fn reach(mut self, low: i32, high: i32) -> SqlResult<Flat> {
        let header = self.header();
        let (old_first, old_len) = (i64::from(header.first), i64::from(header.len));
        let (first, last) = if old_len == 0 {
            (i64::from(low), i64::from(high))
        } else {
            (
                old_first.min(i64::from(low)),
                (old_first + old_len - 1).max(i64::from(high)),
            )
        };
        let len = last - first + 1;
        if len > MAX_BUCKETS {
            let unit = self.grain().map_or("day", Grain::name);
            return Err(error(
                ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                format!("series would have {len} buckets of a {unit}, more than {MAX_BUCKETS}"),
                "Leave out stray dates, or give a coarser grain: kpi.series(at, value, 'month').",
            ));
        }
        let before = if old_len == 0 { 0 } else { old_first - first };
        let head = i64::from(header.head) - before;
        if old_len > 0 && head >= 0 && head + len <= i64::from(header.capacity) {
            let (old_head, old_end) = (
                header.head as usize,
                (header.head as i64 + old_len) as usize,
            );
            let (head, end) = (head as usize, (head + len) as usize);
            let slots = self.slots();
            slots[head..old_head].fill(f64::from_bits(ABSENT));
            slots[old_end..end].fill(f64::from_bits(ABSENT));
        } else {
            // Half as much again, in the direction of growth.
            let spare = (len / 2).max(i64::from(INITIAL_CAPACITY));
            let capacity = u32::try_from(len + spare).unwrap_or(u32::MAX);
            let head = if before > 0 { spare } else { 0 };
            let mut grown = Flat::new(self.grain(), capacity);
            let slots = grown.slots();
            slots.fill(f64::from_bits(ABSENT));
            let at = (head + before) as usize;
            slots[at..at + old_len as usize].copy_from_slice(self.values());
            self = grown;
            self.header_mut().head = head as u32;
            self.header_mut().first = first as i32;
            self.header_mut().len = len as u32;
            return Ok(self);
        }
        let header = self.header_mut();
        header.head = head as u32;
        header.first = first as i32;
        header.len = len as u32;
        Ok(self)
    }

    /// Adds all of `other`, which has the same grain.
    pub(super) fn merge(self, other: Flat) -> SqlResult<Flat> {
        if self.grain() != other.grain() {
            return Err(error(
                ERRCODE_INVALID_PARAMETER_VALUE,
                "series of different grains cannot be merged",
                "Use one grain for all rows of a group.",
            ));
        }
        let values = other.values();
        let Some(span) = i32::try_from(values.len()).ok().filter(|len| *len > 0) else {
            return Ok(self);
        };
        let mut flat = self.reach(other.first(), other.first() + span - 1)?;
        let header = flat.header();
        let at = header.head as usize + (other.first() - header.first) as usize;
        let slots = &mut flat.slots()[at..at + values.len()];
        for (slot, value) in slots.iter_mut().zip(values) {
            if slot.to_bits() == ABSENT {
                *slot = *value;
            } else if value.to_bits() != ABSENT {
                *slot += value;
            }
        }
        Ok(flat)
    }

    /// The finished series: a grain, no spare room, zero in buckets without rows.
    pub(super) fn finish(self) -> SqlResult<Series> {
        let present = |value: &f64| value.to_bits() != ABSENT;
        let flow = |value: &f64| if present(value) { *value } else { 0.0 };
        let start = |grain: Grain, number: i64| {
            grain.first_day(number).ok_or_else(|| {
                error(
                    ERRCODE_DATETIME_FIELD_OVERFLOW,
                    "series starts outside the calendar",
                    "Give days between the years -200000 and 200000.",
                )
            })
        };
        if let Some(grain) = self.grain() {
            return Ok(Series {
                grain,
                start: start(grain, i64::from(self.first()))?,
                values: self.values().iter().map(flow).collect(),
            });
        }
        let days = (self.first()..)
            .zip(self.values())
            .filter(|(_, value)| present(value))
            .map(|(day, value)| (day, *value));
        let calendar = days
            .clone()
            .filter_map(|(day, _)| NaiveDate::from_num_days_from_ce_opt(day));
        let grain = infer_grain(calendar);
        let number = |day: i32| -> i64 {
            NaiveDate::from_num_days_from_ce_opt(day)
                .map_or(i64::from(day), |day| grain.bucket(day))
        };
        let (Some(low), Some(high)) = (days.clone().next(), days.clone().last()) else {
            return Ok(Series {
                grain,
                start: start(grain, 1)?,
                values: Vec::new(),
            });
        };
        let (low, high) = (number(low.0), number(high.0));
        let mut values = vec![0.0; usize::try_from(high - low + 1).unwrap_or(0)];
        for (day, value) in days {
            if let Some(slot) =
                values.get_mut(usize::try_from(number(day) - low).unwrap_or(usize::MAX))
            {
                *slot += value;
            }
        }
        Ok(Series {
            grain,
            start: start(grain, low)?,
            values,
        })
    }

    /// A finished series, flat.
    pub(super) fn from_series(series: &Series) -> SqlResult<Flat> {
        let len = u32::try_from(series.values.len())
            .ok()
            .filter(|len| i64::from(*len) <= MAX_BUCKETS)
            .ok_or_else(|| {
                error(
                    ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                    format!(
                        "series has {} buckets, more than {MAX_BUCKETS}",
                        series.values.len()
                    ),
                    "Give a coarser grain.",
                )
            })?;
        let mut flat = Flat::new(Some(series.grain), len);
        let first = i32::try_from(series.grain.bucket(series.start)).unwrap_or(0);
        let header = flat.header_mut();
        header.first = first;
        header.len = len;
        flat.slots().copy_from_slice(&series.values);
        Ok(flat)
    }

    /// An unfinished state: days from `first` on, `None` where there were no rows.
    pub(super) fn from_state(first: i32, values: &[Option<f64>]) -> SqlResult<Flat> {
        let mut flat = Flat::new(None, INITIAL_CAPACITY);
        for (day, value) in (first..).zip(values) {
            if let Some(value) = value {
                flat = flat.add(day, *value)?;
            }
        }
        Ok(flat)
    }

    /// The days and values of an unfinished state.
    pub(super) fn state(&self) -> impl Iterator<Item = Option<f64>> {
        self.values()
            .iter()
            .map(|value| (value.to_bits() != ABSENT).then_some(*value))
    }
}

fn code(grain: Option<Grain>) -> u8 {
    match grain {
        None => 0,
        Some(Grain::Day) => 1,
        Some(Grain::Week) => 2,
        Some(Grain::Month) => 3,
        Some(Grain::Quarter) => 4,
        Some(Grain::Year) => 5,
    }
}

/// The bucket of a day counted from 2000-01-01, without a detour over the calendar where it can.
#[inline]
pub(super) fn bucket(grain: Option<Grain>, pg_day: i32) -> SqlResult<i32> {
    let out_of_range = || {
        error(
            ERRCODE_DATETIME_FIELD_OVERFLOW,
            "an infinite or far-off date cannot be put into a series",
            "Leave it out, for example with FILTER (WHERE isfinite(at)).",
        )
    };
    let day = pg_day.checked_add(EPOCH).ok_or_else(out_of_range)?;
    if pg_day == i32::MIN {
        return Err(out_of_range());
    }
    match grain {
        None | Some(Grain::Day) => Ok(day),
        Some(Grain::Week) => Ok((day - 1).div_euclid(7)),
        Some(grain) => {
            let date = NaiveDate::from_num_days_from_ce_opt(day).ok_or_else(out_of_range)?;
            i32::try_from(grain.bucket(date)).map_err(|_| out_of_range())
        }
    }
}
