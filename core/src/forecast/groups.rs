//! Forecasts of the groups of a call: what they share, their sums, and the bucket that is running.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::auto::Interval;
use super::reconcile::{Hierarchy, mint_shrink};
use super::{Forecast, Options, Prepared, prepare};
use crate::series::{Grain, Group};
use crate::{Cancel, Result};

/// Events of the calendar that a history has not seen so often teach nothing.
const FEWEST_SEEN: usize = 2;

/// The status of the running bucket.
const PARTIAL: &str = "partial";

/// What is asked of all groups of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Width of a bucket.
    pub grain: Grain,
    /// Last day with data.
    pub asof: NaiveDate,
    /// Horizon and model; what differs by group is filled in for each.
    pub options: Options,
    /// Whether values of buckets add up, as sales do and ratios do not.
    pub additive: bool,
    /// Whether values count what is distinct: they do not add up, but no bucket ends with less than it already has.
    pub distinct: bool,
    /// Bucket numbers of each event of the calendar.
    pub events: Vec<Vec<i64>>,
}

/// A bucket of a group's history or future.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Its first day.
    pub time: NaiveDate,
    /// What was observed, in part for the running bucket.
    pub value: Option<f64>,
    /// What is expected of the whole bucket.
    pub forecast: Option<Interval>,
    /// What became of the forecast; `None` for history.
    pub status: Option<&'static str>,
}

/// Whether no value is below zero: then none ever will be.
pub fn is_nonnegative(values: &[f64]) -> bool {
    values.iter().all(|v| !v.is_finite() || *v >= 0.0)
}

impl Question {
    fn running(&self) -> i64 {
        self.grain.running(self.asof)
    }

    /// The first phase for one group: [`prepare`] with the events that its history has seen.
    ///
    /// # Errors
    ///
    /// As [`prepare`].
    pub fn prepare(&self, group: &Group, cancel: Cancel<'_>) -> Result<Prepared> {
        let options = Options {
            nonnegative: is_nonnegative(&group.values),
            calendar: self.calendar(group),
            ..self.options.clone()
        };
        prepare(&group.values, &options, cancel)
    }

    /// A column for each event that the group's history has seen.
    fn calendar(&self, group: &Group) -> Vec<Vec<f64>> {
        let length = group.values.len() + self.options.horizon;
        self.events
            .iter()
            .filter_map(|buckets| {
                let mut column = vec![0.0; length];
                let mut seen = 0;
                for bucket in buckets {
                    let place = usize::try_from(bucket - group.first).unwrap_or(usize::MAX);
                    if let Some(slot) = column.get_mut(place) {
                        *slot = 1.0;
                        seen += usize::from(place < group.values.len());
                    }
                }
                (seen >= FEWEST_SEEN).then_some(column)
            })
            .collect()
    }

    /// The last `history` complete buckets of a group, then those of its forecast. The first of these may be
    /// running: where values add up, what it has taken in is no longer uncertain; a distinct count falls no more.
    pub fn buckets(&self, group: &Group, forecast: &Forecast, history: usize) -> Vec<Bucket> {
        let n = group.values.len();
        let mut buckets = Vec::with_capacity(history.min(n) + self.options.horizon);
        for place in n.saturating_sub(history)..n {
            if let Some(time) = self.grain.first_day(group.first + place as i64) {
                buckets.push(Bucket {
                    time,
                    value: Some(group.values[place]).filter(|v| v.is_finite()),
                    forecast: None,
                    status: None,
                });
            }
        }
        let first = self.running();
        let elapsed = self.elapsed(first);
        for h in 0..self.options.horizon {
            let Some(time) = self.grain.first_day(first + h as i64) else {
                continue;
            };
            let mut bucket = Bucket {
                time,
                value: None,
                forecast: forecast.steps.get(h).copied(),
                status: Some(forecast.status.code()),
            };
            if let (0, Some(elapsed)) = (h, elapsed) {
                bucket.status = Some(PARTIAL);
                bucket.value = group.partial.or(self.additive.then_some(0.0));
                if self.additive {
                    let so_far = bucket.value.unwrap_or(0.0);
                    bucket.forecast = bucket.forecast.map(|whole| rest(whole, so_far, elapsed));
                } else if let (true, Some(so_far)) = (self.distinct, bucket.value) {
                    bucket.forecast = bucket.forecast.map(|whole| at_least(whole, so_far));
                }
            }
            buckets.push(bucket);
        }
        buckets
    }

    /// The share of bucket `number` that is over, where it has begun.
    fn elapsed(&self, number: i64) -> Option<f64> {
        let first = self.grain.first_day(number)?;
        let next = self.grain.first_day(number + 1)?;
        let days = (next - first).num_days() as f64;
        (first <= self.asof).then(|| ((self.asof - first).num_days() + 1) as f64 / days)
    }
}

/// A whole bucket's forecast, given what came in its first part: that, and the forecast's share of
/// the rest. The variance of independent days shrinks with their number.
fn rest(whole: Interval, so_far: f64, elapsed: f64) -> Interval {
    let rest = 1.0 - elapsed;
    let mean = so_far + whole.mean * rest;
    let floor = if whole.lo >= 0.0 {
        so_far
    } else {
        f64::NEG_INFINITY
    };
    Interval {
        mean,
        lo: (mean - (whole.mean - whole.lo) * rest.sqrt())
            .max(floor)
            .min(mean),
        hi: (mean + (whole.hi - whole.mean) * rest.sqrt()).max(mean),
    }
}

/// A whole bucket's forecast, given that it ends with no less than `so_far`.
fn at_least(whole: Interval, so_far: f64) -> Interval {
    Interval {
        mean: whole.mean.max(so_far),
        lo: whole.lo.max(so_far),
        hi: whole.hi.max(so_far),
    }
}

/// Puts the sums of the groups for each beginning of their keys, shorter than `dimensions`, before them: the total first.
/// All groups end with the same bucket.
pub fn with_sums(groups: Vec<Group>, dimensions: usize) -> (Vec<Group>, Hierarchy) {
    let mut sums: BTreeMap<(usize, Vec<String>), (Group, Vec<usize>)> = BTreeMap::new();
    for (place, group) in groups.iter().enumerate() {
        for length in 0..dimensions.min(group.key.len()) {
            let key = group.key[..length].to_vec();
            let (sum, of) = sums.entry((length, key.clone())).or_insert_with(|| {
                let empty = Group {
                    key,
                    first: group.first + group.values.len() as i64,
                    values: Vec::new(),
                    partial: None,
                };
                (empty, Vec::new())
            });
            of.push(place);
            add(sum, group);
        }
    }
    let (mut all, aggregates): (Vec<Group>, Vec<Vec<usize>>) = sums.into_values().unzip();
    let hierarchy = Hierarchy {
        bottom: groups.len(),
        aggregates,
    };
    all.extend(groups);
    (all, hierarchy)
}

fn add(sum: &mut Group, group: &Group) {
    let missing = group.values.len().saturating_sub(sum.values.len());
    if missing > 0 {
        sum.values.splice(0..0, std::iter::repeat_n(0.0, missing));
        sum.first = group.first;
    }
    let offset = sum.values.len() - group.values.len();
    for (slot, value) in sum.values[offset..].iter_mut().zip(&group.values) {
        *slot += value;
    }
    if let Some(partial) = group.partial {
        *sum.partial.get_or_insert(0.0) += partial;
    }
}

/// Makes the forecasts of groups and sums, in the order of [`with_sums`], add up; the intervals move along.
///
/// # Errors
///
/// As [`mint_shrink`].
pub fn reconcile(
    hierarchy: &Hierarchy,
    groups: &[Group],
    prepared: &[Prepared],
    forecasts: &mut [Forecast],
    horizon: usize,
    cancel: Cancel<'_>,
) -> Result<()> {
    let base: Vec<Vec<f64>> = forecasts
        .iter()
        .map(|f| {
            (0..horizon)
                .map(|h| f.steps.get(h).map_or(0.0, |s| s.mean))
                .collect()
        })
        .collect();
    let errors: Vec<Vec<f64>> = prepared.iter().map(Prepared::errors).collect();
    let flows = groups.iter().all(|g| is_nonnegative(&g.values));
    let floor = if flows { 0.0 } else { f64::NEG_INFINITY };
    let adjusted = mint_shrink(hierarchy, &base, &errors, flows, cancel)?;
    for (forecast, means) in forecasts.iter_mut().zip(adjusted) {
        for (step, mean) in forecast.steps.iter_mut().zip(means) {
            let shift = mean - step.mean;
            *step = Interval {
                mean,
                lo: (step.lo + shift).max(floor).min(mean),
                hi: (step.hi + shift).max(mean),
            };
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::Status;

    fn group(key: &[&str], first: i64, values: &[f64], partial: Option<f64>) -> Group {
        Group {
            key: key.iter().map(|k| (*k).to_owned()).collect(),
            first,
            values: values.to_vec(),
            partial,
        }
    }

    fn question(grain: Grain, asof: (i32, u32, u32), additive: bool) -> Question {
        Question {
            grain,
            asof: NaiveDate::from_ymd_opt(asof.0, asof.1, asof.2).unwrap(),
            options: Options::new(2),
            additive,
            distinct: false,
            events: Vec::new(),
        }
    }

    #[test]
    fn sums_stand_before_their_groups_and_begin_with_the_earliest() {
        let groups = vec![
            group(&["A", "x"], 8, &[1.0, 2.0], Some(1.0)),
            group(&["A", "y"], 7, &[5.0, 5.0, 5.0], None),
            group(&["B", "x"], 9, &[4.0], Some(2.0)),
        ];
        let (all, hierarchy) = with_sums(groups.clone(), 2);
        assert_eq!(all[0], group(&[], 7, &[5.0, 6.0, 11.0], Some(3.0)));
        assert_eq!(all[1], group(&["A"], 7, &[5.0, 6.0, 7.0], Some(1.0)));
        assert_eq!(all[2], group(&["B"], 9, &[4.0], Some(2.0)));
        assert_eq!(all[3..], groups);
        assert_eq!(hierarchy.aggregates, [vec![0, 1, 2], vec![0, 1], vec![2]]);
    }

    #[test]
    fn events_count_once_the_history_has_seen_them_twice() {
        let mut question = question(Grain::Day, (2025, 6, 30), true);
        question.events = vec![vec![3, 5, 10], vec![3, 10], vec![1, 2]];
        let columns = question.calendar(&group(&[], 1, &[0.0; 9], None));
        // Buckets 1 to 9 are history, 10 and 11 lie ahead.
        let at = |days: &[usize]| -> Vec<f64> {
            (1..=11)
                .map(|d| f64::from(u8::from(days.contains(&d))))
                .collect()
        };
        assert_eq!(columns, [at(&[3, 5, 10]), at(&[1, 2])]);
    }

    #[test]
    fn the_running_bucket_keeps_what_it_has_taken_in() {
        let steps = vec![
            Interval {
                mean: 300.0,
                lo: 200.0,
                hi: 400.0
            };
            2
        ];
        let forecast = Forecast {
            steps,
            model: String::new(),
            status: Status::Ok,
            note: String::new(),
        };
        let asof = (2025, 6, 15);
        let june = Grain::Month.bucket(NaiveDate::from_ymd_opt(2025, 6, 1).unwrap());
        let of = group(&[], june - 2, &[f64::NAN, 280.0], Some(170.0));
        let buckets = question(Grain::Month, asof, true).buckets(&of, &forecast, 9);
        assert_eq!(buckets.len(), 4);
        assert_eq!((buckets[0].value, buckets[1].value), (None, Some(280.0)));
        let half = 0.5_f64.sqrt();
        assert_eq!(buckets[2].status, Some("partial"));
        assert_eq!(buckets[2].value, Some(170.0));
        let step = buckets[2].forecast.unwrap();
        assert_eq!(step.mean, 320.0);
        assert!((step.lo - (320.0 - 100.0 * half)).abs() < 1e-9);
        assert!((step.hi - (320.0 + 100.0 * half)).abs() < 1e-9);
        assert_eq!(buckets[3].status, Some("ok"));
        assert_eq!(buckets[3].forecast.unwrap().mean, 300.0);
        // A ratio does not fill up: its forecast stays.
        let ratio = question(Grain::Month, asof, false).buckets(&of, &forecast, 0);
        assert_eq!(ratio[0].forecast.unwrap().mean, 300.0);
        // A distinct count neither, but it has what it has.
        let count = Question {
            distinct: true,
            ..question(Grain::Month, asof, false)
        };
        for (so_far, lo, mean, hi) in [
            (170.0, 200.0, 300.0, 400.0),
            (250.0, 250.0, 300.0, 400.0),
            (350.0, 350.0, 350.0, 400.0),
            (450.0, 450.0, 450.0, 450.0),
        ] {
            let of = group(&[], june - 2, &[f64::NAN, 280.0], Some(so_far));
            let steps = count.buckets(&of, &forecast, 0);
            let expected = Interval { mean, lo, hi };
            assert_eq!(steps[0].forecast, Some(expected), "{so_far}");
            assert_eq!(steps[1].forecast, Some(forecast.steps[1]), "{so_far}");
        }
        // A day after the last complete one has not begun.
        let whole = question(Grain::Month, (2025, 5, 31), true).buckets(&of, &forecast, 0);
        assert_eq!((whole[0].status, whole[0].value), (Some("ok"), None));
    }
}
