//! Sampled totals set right by what totals were at earlier origins.
//!
//! Joint paths make each step as wide as its own errors were, and say by the model how these hang
//! together; the quantile of a total is right only if both are. So the total itself is put to
//! the test: [`TotalError`] has its errors at earlier origins over what the model claimed then, the
//! series of a call lend each other theirs, and the samples are moved and stretched to what was seen.
//! Nothing here depends on how wide the samples came.

use std::ops::Range;

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::draw::{ascending, quantile};
use crate::forecast::interval::Calibration;
use crate::forecast::{Prepared, TotalError};
use crate::{Cancel, Result};

/// Errors over claims follow Student's t with these degrees of freedom before any was seen: on the
/// training parts of M3 and tourism the quantiles at 0.5, 0.8 and 0.95 of what they were are to each other as
/// those of t are, and M3, tourism and generated sales spread 0.9, 1.2 and 1.1 times as wide.
const FREEDOM: f64 = 5.0;
/// Mean absolute value of that distribution.
const USUAL: f64 = 0.949;
/// Errors that it weighs as, beside those of a call.
const PRIOR: f64 = 16.0;
/// The call's errors weigh as so many of a series' own.
const SHARED: f64 = 8.0;
/// The mean error is drawn towards 0 as by so many errors of 0. Origin of both: among 4 to 60, on training parts.
const UNBIASED: f64 = 10.0;
/// An error beyond this counts as this: a failed fit is not a distribution.
const LARGEST: f64 = 6.0;
/// Levels between which widths are compared; nearer to the median and further out samples are too few.
const LEVELS: (f64, f64) = (0.2, 0.98);
/// Steps between them.
const STEPS: usize = 39;
/// Samples below which there is nothing to stretch.
const FEWEST: usize = 20;

/// Totals over some steps of the forecasts of a call's series, which lend each other their errors.
pub struct Outlooks<'a> {
    prepared: &'a [Prepared],
    steps: Range<usize>,
    floor: f64,
    pool: Calibration,
    errors: Vec<TotalError>,
    common: Totals,
}

impl<'a> Outlooks<'a> {
    /// * `prepared` - the series of a call.
    /// * `steps` - those that are summed, counted from 0; the forecasts end with the last of them.
    /// * `floor` - what no total is below.
    pub fn of(prepared: &'a [Prepared], steps: Range<usize>, floor: f64) -> Self {
        let errors: Vec<TotalError> = prepared
            .iter()
            .map(|p| p.total_error(steps.start, steps.end))
            .collect();
        Self {
            pool: Calibration::pool(prepared.iter().map(|p| p.scores.as_slice()), steps.end),
            common: Totals::pool(&errors),
            prepared,
            steps,
            floor,
            errors,
        }
    }

    /// The total over each of `paths` joint futures of series `at`, ascending; equal seeds give equal ones. Empty
    /// for a series that there is not or that has no observation.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Cancelled`].
    pub fn totals(
        &self,
        at: usize,
        paths: usize,
        seed: u64,
        cancel: Cancel<'_>,
    ) -> Result<Vec<f64>> {
        let (Some(prepared), Some(error)) = (self.prepared.get(at), self.errors.get(at)) else {
            return Ok(Vec::new());
        };
        let mut totals = Vec::with_capacity(paths);
        prepared.walk(&self.pool, paths, seed, cancel, |path| {
            let steps = path.get(self.steps.clone()).unwrap_or(&[]);
            totals.push(steps.iter().sum::<f64>().clamp(-f64::MAX, f64::MAX));
        })?;
        self.common.apply(error, self.floor, &mut totals);
        Ok(totals)
    }
}

/// What the totals of the series of a call have in common.
#[derive(Clone, Debug, PartialEq)]
struct Totals {
    /// Mean error, over the claim.
    bias: f64,
    /// Mean absolute error around it.
    mean: f64,
    /// Half widths of [`FREEDOM`] by level.
    widths: Vec<f64>,
}

impl Totals {
    /// Pools the errors of the series of a call.
    fn pool<'a>(errors: impl IntoIterator<Item = &'a TotalError>) -> Self {
        let all: Vec<f64> = errors
            .into_iter()
            .flat_map(|e| e.scores.iter().map(|s| capped(*s)))
            .collect();
        let n = all.len() as f64;
        let bias = all.iter().sum::<f64>() / (n + UNBIASED);
        let size: f64 = all.iter().map(|s| (s - bias).abs()).sum();
        let t = StudentsT::new(0.0, 1.0, FREEDOM);
        let widths = (0..=STEPS)
            .map(|i| {
                t.as_ref()
                    .map_or(1.0, |t| t.inverse_cdf(0.5 + 0.5 * level(i)))
            })
            .collect();
        Self {
            bias,
            mean: (PRIOR * USUAL + size) / (PRIOR + n),
            widths,
        }
    }

    /// Moves and stretches sampled totals of one series, and puts them in ascending order.
    ///
    /// * `error` - of the same total of the same series; without a claim the samples stay.
    /// * `floor` - what no total is below.
    ///
    /// The lower and the upper half keep their proportions: skewed totals stay skewed.
    fn apply(&self, error: &TotalError, floor: f64, samples: &mut Vec<f64>) {
        *samples = ascending(samples);
        if !(error.sd > 0.0 && error.sd.is_finite()) || samples.len() < FEWEST {
            return;
        }
        let own = error.scores.iter().map(|s| (capped(*s) - self.bias).abs());
        let size =
            (SHARED * self.mean + own.sum::<f64>()) / (SHARED + error.scores.len() as f64) / USUAL
                * error.sd;
        let at = |p| quantile(samples, p).unwrap_or(0.0);
        let factors: Vec<f64> = self
            .widths
            .iter()
            .enumerate()
            .map(|(i, width)| {
                let half = 0.5 * level(i);
                let sampled = 0.5 * (at(0.5 + half) - at(0.5 - half));
                if sampled > 0.0 {
                    width * size / sampled
                } else {
                    1.0
                }
            })
            .collect();
        let middle = at(0.5);
        let n = samples.len() as f64;
        for (i, sample) in samples.iter_mut().enumerate() {
            let level = (2.0 * (i as f64 + 0.5) / n - 1.0).abs();
            let place = (level - LEVELS.0) / (LEVELS.1 - LEVELS.0) * STEPS as f64;
            let place = place.clamp(0.0, STEPS as f64);
            let below = place.floor() as usize;
            let near = factors.get(below).copied().unwrap_or(1.0);
            let far = factors.get(below + 1).copied().unwrap_or(near);
            let factor = near + (far - near) * place.fract();
            *sample = (middle + self.bias * error.sd + (*sample - middle) * factor).max(floor);
        }
        samples.sort_by(f64::total_cmp);
    }
}

/// The level of step `i`.
fn level(i: usize) -> f64 {
    LEVELS.0 + (LEVELS.1 - LEVELS.0) * i as f64 / STEPS as f64
}

fn capped(score: f64) -> f64 {
    if score.is_finite() {
        score.clamp(-LARGEST, LARGEST)
    } else {
        LARGEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{Draw, median};
    use crate::forecast::{Options, prepare};
    use crate::series::Grain;

    fn normal(n: usize, sd: f64, seed: u64) -> Vec<f64> {
        let mut draw = Draw::new(seed);
        (0..n).map(|_| 1_000.0 + sd * draw.normal()).collect()
    }

    fn seen(sd: f64, factor: f64, bias: f64, n: usize) -> TotalError {
        let mut draw = Draw::new(7);
        TotalError {
            sd,
            scores: (0..n).map(|_| bias + factor * draw.normal()).collect(),
        }
    }

    /// Whatever the samples' width, what comes out is as wide as the errors were.
    #[test]
    fn totals_are_as_wide_as_errors_were() {
        let errors: Vec<TotalError> = (0..50).map(|_| seen(10.0, 2.0, 0.0, 20)).collect();
        let pool = Totals::pool(&errors);
        for sampled in [3.0, 10.0, 80.0] {
            let mut samples = normal(2_000, sampled, 1);
            pool.apply(&errors[0], 0.0, &mut samples);
            // Errors of sd 20 as a t of the same mean absolute value: its quartile is 0.7267 · 20 · 0.798 / 0.949.
            let half =
                0.5 * (quantile(&samples, 0.75).unwrap() - quantile(&samples, 0.25).unwrap());
            assert!((half / 12.2 - 1.0).abs() < 0.12, "{sampled}: {half}");
        }
    }

    #[test]
    fn totals_move_by_the_error_that_all_had() {
        let errors: Vec<TotalError> = (0..20).map(|_| seen(10.0, 1.0, 1.5, 10)).collect();
        let mut samples = normal(2_000, 10.0, 2);
        let before = median(&samples).unwrap();
        Totals::pool(&errors).apply(&errors[0], 0.0, &mut samples);
        let moved = quantile(&samples, 0.5).unwrap() - before;
        assert!((8.0..20.0).contains(&moved), "{moved}");
        // One error does not make a bias.
        let one = [TotalError {
            sd: 10.0,
            scores: vec![1.5],
        }];
        assert!(Totals::pool(&one).bias < 0.15);
    }

    /// What `kpi.suggest_targets()` samples: the steps asked for and no others, of the series asked for, never below the floor.
    #[test]
    fn totals_are_over_the_steps_asked_for() {
        let series = |level: f64| -> Vec<f64> {
            (0..48).map(|t| level + 10.0 * f64::from(t % 12)).collect()
        };
        let options = Options {
            grain: Some(Grain::Month),
            nonnegative: true,
            ..Options::new(6)
        };
        let prepared: Vec<Prepared> = [100.0, 1_000.0]
            .iter()
            .map(|level| prepare(&series(*level), &options, Cancel::NEVER).unwrap())
            .collect();
        let middle = |steps: Range<usize>, at| {
            let outlooks = Outlooks::of(&prepared, steps, 0.0);
            let totals = outlooks.totals(at, 200, 1, Cancel::NEVER).unwrap();
            assert!(totals.is_sorted() && totals.iter().all(|t| *t >= 0.0));
            median(&totals).unwrap()
        };
        // The season repeats: months 4 to 6 of the year to come are worth 3 · level + 30 + 40 + 50.
        for (at, level) in [(0, 100.0), (1, 1_000.0)] {
            let expected = 3.0 * level + 120.0;
            let got = middle(3..6, at);
            assert!((got / expected - 1.0).abs() < 0.05, "{got}, not {expected}");
        }
        let none = Outlooks::of(&prepared, 0..6, 0.0);
        assert!(none.totals(2, 200, 1, Cancel::NEVER).unwrap().is_empty());
    }

    #[test]
    fn what_has_no_claim_stays() {
        let mut samples = normal(100, 10.0, 3);
        let sorted = ascending(&samples);
        Totals::pool([]).apply(&TotalError::default(), 0.0, &mut samples);
        assert_eq!(samples, sorted);
        let mut same = vec![5.0; 100];
        Totals::pool([]).apply(
            &TotalError {
                sd: 1.0,
                scores: vec![f64::NAN],
            },
            0.0,
            &mut same,
        );
        assert!(same.iter().all(|s| s.is_finite()));
        let mut low = normal(100, 10.0, 4);
        low.iter_mut().for_each(|v| *v -= 995.0);
        Totals::pool([]).apply(
            &TotalError {
                sd: 30.0,
                scores: vec![],
            },
            0.0,
            &mut low,
        );
        assert!(low.iter().all(|s| *s >= 0.0));
    }
}
