//! Figures of many groups as series over the same buckets.

use chrono::NaiveDate;

use super::Grain;

/// A group's key and one value a bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// A member a dimension, in the order of the call.
    pub key: Vec<String>,
    /// Number of the first bucket, as [`Grain::bucket`] counts.
    pub first: i64,
    /// Up to the last complete bucket; NaN where nothing is known.
    pub values: Vec<f64>,
    /// What the running bucket has taken in so far.
    pub partial: Option<f64>,
}

impl Group {
    /// The series of some cells.
    ///
    /// * `cells` - bucket and value, in any order; those after the running bucket do not count.
    /// * `running` - the first bucket that is not complete, where the series ends.
    /// * `gap` - the value of buckets without a cell.
    pub fn new(key: Vec<String>, cells: &[(i64, f64)], running: i64, gap: f64) -> Self {
        let first = cells.iter().map(|c| c.0).fold(running, i64::min);
        let length = usize::try_from(running - first).unwrap_or(0);
        let mut values = vec![gap; length];
        let mut partial = None;
        for (bucket, value) in cells {
            let place = usize::try_from(bucket - first).unwrap_or(usize::MAX);
            match values.get_mut(place) {
                Some(slot) => *slot = *value,
                None if *bucket == running => partial = Some(*value),
                None => {}
            }
        }
        Self {
            key,
            first,
            values,
            partial,
        }
    }
}

impl Grain {
    /// Number of the first bucket that is not complete in data up to `asof`.
    pub fn running(self, asof: NaiveDate) -> i64 {
        asof.succ_opt().map_or(i64::MAX, |next| self.bucket(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_a_series_up_to_the_running_bucket() {
        let key = || vec!["A".to_owned()];
        let group = Group::new(
            key(),
            &[(12, 2.0), (10, 1.0), (14, 9.0), (13, 5.0)],
            13,
            0.0,
        );
        assert_eq!((group.first, group.partial), (10, Some(5.0)));
        assert_eq!(group.values, [1.0, 0.0, 2.0]);
        let none = Group::new(key(), &[], 13, 0.0);
        assert_eq!((none.first, none.values.len(), none.partial), (13, 0, None));
    }

    #[test]
    fn a_bucket_runs_until_its_last_day_has_data() {
        let day = |m, d| NaiveDate::from_ymd_opt(2025, m, d).unwrap();
        let month = Grain::Month.bucket(day(11, 1));
        assert_eq!(Grain::Month.running(day(11, 29)), month);
        assert_eq!(Grain::Month.running(day(11, 30)), month + 1);
        assert_eq!(Grain::Day.running(NaiveDate::MAX), i64::MAX);
    }
}
