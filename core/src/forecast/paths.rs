//! Joint futures: sample paths of a forecast, and the distribution of their sums.
//!
//! The quantile of a total is not the total of quantiles: errors of neighbouring steps hang
//! together. How much they do is in the way a model's variance grows: for a linear model
//! `var(h) - var(h-1) = σ²ψ²(h-1)`, so the weights ψ with which a shock lives on follow from the
//! standard deviations, whatever the model. Shocks are drawn from the model's own residuals, and
//! each step is scaled to its calibrated spread.

use super::auto::Prepared;
use super::interval::{Calibration, gaussian};
use super::season::quantile_sorted;
use super::{MOST_STEPS, Options};
use crate::draw::Draw;
use crate::{Cancel, Error, Result};

/// Paths drawn for a total: quantiles to about one percentile.
pub const PATHS: usize = 2_000;

/// Fewest residuals that are a distribution of their own; below, shocks are Gaussian.
const FEWEST_RESIDUALS: usize = 12;

/// The level at which paths are scaled to the calibrated interval.
const MATCHED_LEVEL: f64 = 0.8;

impl Prepared {
    /// Sums over all steps of `paths` joint futures, ascending; empty for a series without any
    /// observation.
    ///
    /// * `pool` - as for [`Prepared::finish`].
    /// * `seed` - equal seeds give equal paths.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`].
    pub fn totals(
        &self,
        pool: &Calibration,
        paths: usize,
        seed: u64,
        cancel: Cancel<'_>,
    ) -> Result<Vec<f64>> {
        let mut sums = Vec::with_capacity(paths);
        self.walk(pool, paths, seed, cancel, |path| {
            sums.push(path.iter().sum::<f64>().clamp(-f64::MAX, f64::MAX));
        })?;
        sums.sort_by(f64::total_cmp);
        Ok(sums)
    }

    /// Calls `visit` with each of `paths` joint futures, one value a step in the unit of the series.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`].
    pub fn walk(
        &self,
        pool: &Calibration,
        paths: usize,
        seed: u64,
        cancel: Cancel<'_>,
        mut visit: impl FnMut(&[f64]),
    ) -> Result<()> {
        let horizon = self.steps.len();
        if horizon == 0 {
            return Ok(());
        }
        let mut draw = Draw::new(seed);
        let weights = self.shock_weights();
        let spread = self.spread(&weights, |h| {
            if self.calibrated {
                pool.half_width(h + 1, MATCHED_LEVEL, &self.scores) / gaussian(MATCHED_LEVEL)
            } else {
                1.0
            }
        });
        let usual = self.demand.iter().sum::<f64>() / self.demand.len().max(1) as f64;
        let mut shocks = vec![0.0; horizon];
        let mut path = vec![0.0; horizon];
        for _ in 0..paths {
            cancel.check()?;
            for shock in &mut shocks {
                *shock = if self.residuals.len() >= FEWEST_RESIDUALS {
                    self.residuals[draw.index(self.residuals.len())]
                } else {
                    draw.normal()
                };
            }
            for h in 0..horizon {
                let value = if self.demand.is_empty() {
                    let error: f64 = (0..=h).map(|k| weights[k] * shocks[h - k]).sum();
                    self.steps[h].mean + spread[h] * error
                } else {
                    let drawn = self.demand[draw.index(self.demand.len())];
                    if usual > 0.0 {
                        drawn * self.steps[h].mean / usual
                    } else {
                        drawn
                    }
                };
                path[h] = self.in_unit(value);
            }
            visit(&path);
        }
        Ok(())
    }

    /// What a unit shock of each step is worth, so that the step has its deviation times `factor(step)`.
    pub(super) fn spread(&self, weights: &[f64], factor: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut square = 0.0;
        self.steps
            .iter()
            .zip(weights)
            .enumerate()
            .map(|(h, (step, weight))| {
                square += weight * weight;
                step.sd * factor(h) / square.sqrt()
            })
            .collect()
    }

    /// How a shock lives on, from the growth of the variance; the first weight is 1.
    pub(super) fn shock_weights(&self) -> Vec<f64> {
        let first = self.steps.first().map_or(0.0, |s| s.sd * s.sd);
        let mut before = first;
        let mut weights = vec![1.0];
        for step in self.steps.iter().skip(1) {
            let variance = (step.sd * step.sd).max(before);
            weights.push(if first > 0.0 {
                // A shock that outgrows itself belongs to a failed fit.
                ((variance - before) / first).sqrt().min(LARGEST_WEIGHT)
            } else {
                0.0
            });
            before = variance;
        }
        // Weights that stay below a thousandth of the shock are not worth their time.
        if let Some(last) = weights.iter().rposition(|w| *w > 1e-3) {
            for weight in &mut weights[last + 1..] {
                *weight = 0.0;
            }
        }
        weights
    }
}

const LARGEST_WEIGHT: f64 = 10.0;

/// Quantiles of the sum over the horizon, from [`PATHS`] joint paths; NaN for a series without any
/// observation.
///
/// * `quantiles` - each between 0 and 1.
///
/// # Errors
///
/// As [`super::prepare`]; [`Error::OutOfRange`] for a quantile.
pub fn total(
    values: &[f64],
    options: &Options,
    quantiles: &[f64],
    seed: u64,
    cancel: Cancel<'_>,
) -> Result<Vec<f64>> {
    if let Some(bad) = quantiles.iter().find(|q| !(0.0..=1.0).contains(*q)) {
        return Err(Error::OutOfRange {
            name: "quantile",
            value: bad.to_string(),
            accepted: "between 0 and 1",
        });
    }
    debug_assert!(options.horizon <= MOST_STEPS);
    let prepared = super::prepare(values, options, cancel)?;
    let pool = Calibration::pool([prepared.scores.as_slice()], options.horizon);
    let sums = prepared.totals(&pool, PATHS, seed, cancel)?;
    Ok(quantiles
        .iter()
        .map(|q| quantile_sorted(&sums, *q))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::{Model, prepare};

    #[test]
    fn a_total_is_steadier_than_the_sum_of_quantiles() {
        let mut noise = Draw::new(1);
        let y: Vec<f64> = (0..200).map(|_| 100.0 + 10.0 * noise.normal()).collect();
        let options = Options {
            model: Model::Theta,
            ..Options::new(30)
        };
        let got = total(&y, &options, &[0.1, 0.5, 0.9], 7, Cancel::NEVER).unwrap();
        assert!((got[1] / 3000.0 - 1.0).abs() < 0.05, "{got:?}");
        // Independent errors: 10·sqrt(30) = 55; the sum of quantiles would say 300.
        let spread = (got[2] - got[0]) / (2.0 * gaussian(0.8));
        assert!((40.0..160.0).contains(&spread), "{spread}");
        assert_eq!(
            got,
            total(&y, &options, &[0.1, 0.5, 0.9], 7, Cancel::NEVER).unwrap()
        );
    }

    #[test]
    fn flows_never_sum_below_zero() {
        let y = [0.0, 3.0, 0.0, 0.0, 1.0, 0.0, 0.0, 7.0, 0.0, 2.0];
        let options = Options {
            nonnegative: true,
            ..Options::new(5)
        };
        let prepared = prepare(&y, &options, Cancel::NEVER).unwrap();
        let pool = Calibration::pool([prepared.scores.as_slice()], 5);
        let sums = prepared.totals(&pool, 500, 1, Cancel::NEVER).unwrap();
        assert_eq!(sums.len(), 500);
        assert!(sums.iter().all(|s| *s >= 0.0));
    }
}
