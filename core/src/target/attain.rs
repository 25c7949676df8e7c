//! Where a target stands while its period runs.

use std::ops::Range;

use chrono::{Datelike, Days, NaiveDate};

use crate::draw::{ascending, quantile};

/// `good` from this probability of hitting the target on: more likely than not.
const GOOD: f64 = 0.5;
/// `watch` from this probability on; below it the target is `bad`.
const WATCH: f64 = 0.2;
/// Outside of this band, after a third of the period, the target itself is due for review.
const REVIEW: (f64, f64) = (0.1, 0.9);
/// The share of the period after which a review makes sense.
const REVIEW_AFTER: f64 = 1.0 / 3.0;

/// The colour of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// More likely hit than missed.
    Good,
    /// Within reach.
    Watch,
    /// Hit less than one time in five.
    Bad,
    /// No target, or nothing to judge it by.
    None,
}

impl State {
    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            State::Good => "good",
            State::Watch => "watch",
            State::Bad => "bad",
            State::None => "none",
        }
    }
}

/// What is known while the period runs, in the metric's unit.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The target; `None` where none is set.
    pub target: Option<f64>,
    /// The metric so far.
    pub to_date: f64,
    /// Simulated totals of the rest of the period, one per joint path; empty once the period is over.
    pub rest: &'a [f64],
    /// The share of the period's total that is usually in by now, see [`elapsed_share`].
    pub expected_share: Option<f64>,
    /// Whether more is better; for a metric like returns a target is a ceiling.
    pub more_is_better: bool,
    /// The confidence level of `lo` and `hi`, in (0, 1).
    pub level: f64,
}

/// Where a target stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attainment {
    /// The mean expected total at the end of the period.
    pub expected_end: f64,
    /// Lower end of its interval.
    pub lo: f64,
    /// Upper end of its interval.
    pub hi: f64,
    /// (to date + expected rest) / target.
    pub attainment: Option<f64>,
    /// P(to date + rest ≥ target), or ≤ where less is better.
    pub p_attain: Option<f64>,
    /// to date / (target · expected share by now): 1 is on schedule, season taken into account.
    pub pace: Option<f64>,
    /// The colour.
    pub state: State,
}

/// Judges one target.
///
/// With `n` paths the probability is (hits + ½) / (n + 1): never quite 0 or 1 while the period runs.
/// Once it is over (`rest` empty) it is 0 or 1.
pub fn attainment(progress: &Progress<'_>) -> Attainment {
    let ends: Vec<f64> = ascending(progress.rest)
        .iter()
        .map(|rest| progress.to_date + rest)
        .collect();
    let n = ends.len() as f64;
    let tail = (1.0 - progress.level.clamp(0.0, 1.0)) / 2.0;
    let expected_end = if ends.is_empty() {
        progress.to_date
    } else {
        ends.iter().sum::<f64>() / n
    };
    let reaches = |end: f64, target: f64| {
        if progress.more_is_better {
            end >= target
        } else {
            end <= target
        }
    };
    let target = progress.target.filter(|t| t.is_finite());
    let p_attain = target.map(|target| {
        if ends.is_empty() {
            return f64::from(u8::from(reaches(progress.to_date, target)));
        }
        let hits = ends.iter().filter(|end| reaches(**end, target)).count() as f64;
        (hits + 0.5) / (n + 1.0)
    });
    let positive = target.filter(|t| *t > 0.0);
    let pace = positive
        .zip(progress.expected_share.filter(|s| *s > 0.0))
        .map(|(target, share)| progress.to_date / (target * share.min(1.0)));
    Attainment {
        expected_end,
        lo: quantile(&ends, tail).unwrap_or(progress.to_date),
        hi: quantile(&ends, 1.0 - tail).unwrap_or(progress.to_date),
        attainment: positive.map(|target| expected_end / target),
        p_attain,
        pace,
        state: match p_attain {
            None => State::None,
            Some(p) if p >= GOOD => State::Good,
            Some(p) if p >= WATCH => State::Watch,
            Some(_) => State::Bad,
        },
    }
}

/// The share of a period's total that its first `elapsed` buckets usually bring.
///
/// * `weights` - the usual weight of each bucket (weekday × season), at least 0.
///
/// `None` where the weights sum to nothing.
pub fn elapsed_share(weights: &[f64], elapsed: usize) -> Option<f64> {
    let clean = |w: &f64| if w.is_finite() { w.max(0.0) } else { 0.0 };
    let all: f64 = weights.iter().map(clean).sum();
    let done: f64 = weights.iter().take(elapsed).map(clean).sum();
    (all > 0.0).then(|| done / all)
}

/// The usual weight of each day of a period: that of its weekday times, with a year of history, that of its month.
///
/// * `values` - days from `first` on; those before the period count.
/// * `period` - its days, counted from `first`.
///
/// What the history has too little of weighs 1.
pub fn usual_weights(values: &[f64], first: NaiveDate, period: Range<i64>) -> Vec<f64> {
    let day = |place: i64| {
        let days = Days::new(place.unsigned_abs());
        if place >= 0 {
            first.checked_add_days(days)
        } else {
            first.checked_sub_days(days)
        }
    };
    let weekday_of = |d: NaiveDate| d.weekday().num_days_from_monday() as usize;
    let past = usize::try_from(period.start).unwrap_or(0).min(values.len());
    let mut weekday = [(0.0, 0.0); 7];
    let mut month = [(0.0, 0.0); 12];
    for (place, v) in values.iter().take(past).enumerate() {
        if let Some(d) = day(place as i64) {
            for cell in [
                &mut weekday[weekday_of(d)],
                &mut month[d.month0() as usize % 12],
            ] {
                *cell = (cell.0 + v.max(0.0), cell.1 + 1.0);
            }
        }
    }
    let has_all = |cells: &[(f64, f64)]| cells.iter().all(|c| c.1 > 0.0 && c.0 > 0.0);
    let by_weekday = past >= 28 && has_all(&weekday);
    let by_month = past >= 365 && has_all(&month);
    let weight = |used: bool, cell: (f64, f64)| if used { cell.0 / cell.1 } else { 1.0 };
    let of = |d: NaiveDate| {
        weight(by_weekday, weekday[weekday_of(d)])
            * weight(by_month, month[d.month0() as usize % 12])
    };
    period.map(|place| day(place).map_or(1.0, of)).collect()
}

/// Whether the target itself should be looked at again: a third of the period is over and the outcome
/// is all but certain either way.
pub fn needs_review(p_attain: f64, elapsed: f64) -> bool {
    elapsed >= REVIEW_AFTER && !(REVIEW.0..=REVIEW.1).contains(&p_attain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(rest: &[f64]) -> Progress<'_> {
        Progress {
            target: Some(100.0),
            to_date: 40.0,
            rest,
            expected_share: Some(0.5),
            more_is_better: true,
            level: 0.8,
        }
    }

    #[test]
    fn judged_by_hand() {
        let rest: Vec<f64> = (1..=99).map(f64::from).collect();
        let a = attainment(&progress(&rest));
        assert!((a.expected_end - 90.0).abs() < 1e-12);
        // 60 to 99 reach it: 40 of 99.
        assert!((a.p_attain.unwrap() - 0.405).abs() < 1e-12);
        assert_eq!(a.state, State::Watch);
        assert!((a.pace.unwrap() - 0.8).abs() < 1e-12);
        assert!(a.lo < 90.0 && a.hi > 90.0);
        let down = attainment(&Progress {
            more_is_better: false,
            ..progress(&rest)
        });
        assert!((down.p_attain.unwrap() - 0.605).abs() < 1e-12);
    }

    /// Saturdays sell three times as much, in December twice: as in the history, so in the period.
    #[test]
    fn days_weigh_what_they_usually_sell() {
        let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        let sold = |place: i64| {
            let d = first + Days::new(place as u64);
            let saturday = if d.weekday() == chrono::Weekday::Sat {
                3.0
            } else {
                1.0
            };
            saturday * if d.month() == 12 { 2.0 } else { 1.0 }
        };
        let values: Vec<f64> = (0..366).map(sold).collect();
        // November 30 of 2025 is a Sunday, the 29th a Saturday.
        let weights = usual_weights(&values, first, 698..702);
        let by_first: Vec<f64> = weights.iter().map(|w| w / weights[1]).collect();
        for (got, want) in by_first.iter().zip([3.0, 1.0, 2.0, 2.0]) {
            // December had four Saturdays in 31 days, the year 52 in 366.
            assert!((got / want - 1.0).abs() < 0.07, "{by_first:?}");
        }
        assert_eq!(usual_weights(&values[..20], first, 20..23), [1.0; 3]);
    }

    #[test]
    fn a_closed_period_is_certain() {
        let a = attainment(&progress(&[]));
        assert_eq!((a.p_attain, a.state), (Some(0.0), State::Bad));
        assert_eq!(a.expected_end, 40.0);
        let none = attainment(&Progress {
            target: None,
            ..progress(&[])
        });
        assert_eq!((none.p_attain, none.state), (None, State::None));
        assert!(needs_review(0.05, 0.5) && !needs_review(0.05, 0.2) && !needs_review(0.5, 0.9));
        assert_eq!(elapsed_share(&[1.0, 1.0, 2.0], 2), Some(0.5));
        assert_eq!(elapsed_share(&[], 2), None);
    }
}
