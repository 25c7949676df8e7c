//! How wrong totals over several steps were at earlier origins.

use super::auto::Prepared;

/// What a series says of the total over some of its steps ahead.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TotalError {
    /// Standard deviation of the total's error as the model claims it, in the unit of the series.
    pub sd: f64,
    /// Errors of that total at earlier origins over what was claimed then, oldest first.
    pub scores: Vec<f64>,
}

impl Prepared {
    /// The claimed error of the total over steps `from..to` (from 0), and what it was at the earlier
    /// origins that have all of these steps after them.
    ///
    /// Each step's error over its claimed deviation is known from the backtest; weighed by the deviations
    /// claimed now they make the error of a total like the one to come. How the errors of its steps hang
    /// together is taken from the joint paths.
    pub fn total_error(&self, from: usize, to: usize) -> TotalError {
        let to = to.min(self.steps.len());
        if from >= to || !self.demand.is_empty() {
            return TotalError::default();
        }
        let weights = self.shock_weights();
        let spread = self.spread(&weights, |_| 1.0);
        // What a shock at step j adds to the total.
        let variance: f64 = (0..to)
            .map(|j| {
                let lives: f64 = (j.max(from)..to).map(|h| spread[h] * weights[h - j]).sum();
                lives * lives
            })
            .sum();
        let sd = variance.sqrt();
        if !(sd > 0.0 && sd.is_finite()) {
            return TotalError::default();
        }
        let scores = self
            .scores
            .chunk_by(|a, b| a.origin == b.origin)
            .filter_map(|origin| {
                let within = origin.iter().filter(|s| (from + 1..=to).contains(&s.step));
                (within.clone().count() == to - from).then(|| {
                    within
                        .map(|s| s.error * self.steps[s.step - 1].sd)
                        .sum::<f64>()
                        / sd
                })
            })
            .collect();
        TotalError {
            sd: sd * self.scale,
            scores,
        }
    }
}
