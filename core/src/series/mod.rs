//! An evenly spaced series: a grain, the first bucket and one value a bucket.

mod group;
mod shape;
mod text;

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

pub use group::Group;
pub use shape::{How, infer_grain, sparkline};
pub use text::{read_value, write_value};

use crate::{Error, Result, nearest};

/// The width of a bucket. Weeks are ISO weeks and start on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grain {
    /// A calendar day.
    Day,
    /// An ISO week, named by its Monday.
    Week,
    /// A calendar month, named by its first day.
    Month,
    /// A calendar quarter, named by its first day.
    Quarter,
    /// A calendar year, named by its first day.
    Year,
}

impl Grain {
    /// All grains, finest first.
    pub const ALL: [Grain; 5] = [
        Grain::Day,
        Grain::Week,
        Grain::Month,
        Grain::Quarter,
        Grain::Year,
    ];

    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Grain::Day => "day",
            Grain::Week => "week",
            Grain::Month => "month",
            Grain::Quarter => "quarter",
            Grain::Year => "year",
        }
    }

    /// Reads a grain's SQL name, in any case.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] with the nearest grains.
    pub fn parse(name: &str) -> Result<Grain> {
        let lower = name.trim().to_lowercase();
        Grain::ALL
            .into_iter()
            .find(|grain| grain.name() == lower)
            .ok_or_else(|| Error::Unknown {
                kind: "grain",
                name: name.to_owned(),
                near: match nearest(&lower, Grain::ALL.map(Grain::name)) {
                    near if near.is_empty() => Grain::ALL.map(|g| g.name().to_owned()).to_vec(),
                    near => near,
                },
            })
    }

    /// Number of the bucket that holds `day`; consecutive buckets have consecutive numbers.
    pub fn bucket(self, day: NaiveDate) -> i64 {
        let months = i64::from(day.year()) * 12 + i64::from(day.month0());
        match self {
            Grain::Day => i64::from(day.num_days_from_ce()),
            // Day 1 of the common era was a Monday.
            Grain::Week => (i64::from(day.num_days_from_ce()) - 1).div_euclid(7),
            Grain::Month => months,
            Grain::Quarter => months.div_euclid(3),
            Grain::Year => i64::from(day.year()),
        }
    }

    /// First day of bucket `number`; `None` outside chrono's calendar.
    pub fn first_day(self, number: i64) -> Option<NaiveDate> {
        let of_month = |months: i64| {
            NaiveDate::from_ymd_opt(
                i32::try_from(months.div_euclid(12)).ok()?,
                u32::try_from(months.rem_euclid(12)).ok()? + 1,
                1,
            )
        };
        let of_day = |day: i64| NaiveDate::from_num_days_from_ce_opt(i32::try_from(day).ok()?);
        match self {
            Grain::Day => of_day(number),
            Grain::Week => of_day(number.checked_mul(7)? + 1),
            Grain::Month => of_month(number),
            Grain::Quarter => of_month(number.checked_mul(3)?),
            Grain::Year => of_month(number.checked_mul(12)?),
        }
    }

    /// Buckets in a year, the usual season of business data: 7 for days (the week), 52, 12, 4, 1.
    pub fn season(self) -> usize {
        match self {
            Grain::Day => 7,
            Grain::Week => 52,
            Grain::Month => 12,
            Grain::Quarter => 4,
            Grain::Year => 1,
        }
    }
}

/// An evenly spaced series. A missing value is NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Width of a bucket.
    pub grain: Grain,
    /// First day of the first bucket.
    pub start: NaiveDate,
    /// One value a bucket, oldest first; NaN where nothing was observed.
    pub values: Vec<f64>,
}

impl Series {
    /// First day of bucket `index`, which may lie beyond the end; `None` outside the calendar.
    pub fn time(&self, index: usize) -> Option<NaiveDate> {
        let first = self.grain.bucket(self.start);
        self.grain.first_day(first + i64::try_from(index).ok()?)
    }

    /// Last day of the last bucket; `None` for an empty series.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.time(self.values.len())?.checked_sub_days(Days::new(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_consecutive_and_invert() {
        let day = NaiveDate::from_ymd_opt(2023, 12, 25).unwrap();
        for grain in Grain::ALL {
            for offset in 0..800 {
                let day = day + Days::new(offset);
                let number = grain.bucket(day);
                let first = grain.first_day(number).unwrap();
                assert!(first <= day, "{grain:?} {day}");
                assert!(
                    grain.first_day(number + 1).unwrap() > day,
                    "{grain:?} {day}"
                );
            }
        }
        assert_eq!(
            Grain::Week.first_day(Grain::Week.bucket(day)),
            Some(day),
            "25 December 2023 is a Monday"
        );
    }
}
