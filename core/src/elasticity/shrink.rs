//! Empirical Bayes: an item's slope is drawn from its kind's distribution, whose spread is not known
//! either and is averaged over.

use crate::draw::normal_cdf;

/// The prior of a kind's mean elasticity: -2.62 over 1,851 published ones (Bijmolt, van Heerde & Pieters,
/// Journal of Marketing Research 42, 2005), made weak enough to matter only where data say nothing.
pub(super) const PRIOR_MEAN: f64 = -2.62;
const PRIOR_SD: f64 = 5.0;
/// The scale of the half-normal prior of the spread within a kind.
const SPREAD_SCALE: f64 = 1.0;
/// The grid of the spread: 0 to 3 in steps that widen.
const GRID: usize = 40;

/// A mixture of normals, one for each spread on the grid.
#[derive(Clone, Debug)]
pub(super) struct Mixture {
    parts: Vec<(f64, f64, f64)>,
}

impl Mixture {
    pub(super) fn mean(&self) -> f64 {
        self.parts.iter().map(|(w, m, _)| w * m).sum()
    }

    pub(super) fn sd(&self) -> f64 {
        let mean = self.mean();
        self.parts
            .iter()
            .map(|(w, m, s)| w * (s * s + (m - mean).powi(2)))
            .sum::<f64>()
            .sqrt()
    }

    /// The quantile at `p`, by bisection.
    pub(super) fn quantile(&self, p: f64) -> f64 {
        let (mean, reach) = (self.mean(), 12.0 * self.sd() + 1e-9);
        let (mut lo, mut hi) = (mean - reach, mean + reach);
        for _ in 0..60 {
            let mid = (lo + hi) / 2.0;
            let below: f64 = self
                .parts
                .iter()
                .map(|(w, m, s)| w * normal_cdf((mid - m) / s.max(1e-9)))
                .sum();
            if below < p {
                lo = mid;
            } else {
                hi = mid;
            }
        }
        (lo + hi) / 2.0
    }
}

/// The posterior of a kind's mean and of each of its items.
#[derive(Clone, Debug)]
pub(super) struct Shrunk {
    pub(super) kind: Mixture,
    pub(super) spread: f64,
    pub(super) items: Vec<Mixture>,
    /// How much of each item's answer is its own, 0 to 1.
    pub(super) own: Vec<f64>,
}

/// Shrinks the slopes (estimate, standard error) of one kind.
///
/// `common` is the variance of the error that all of them share, from the terms they have in common; it is
/// part of each standard error, does not average out, and cannot be told from the kind's mean.
///
/// Source: Gelman et al., Bayesian Data Analysis, 3rd ed., 5.4.
pub(super) fn shrink(slopes: &[(f64, f64)], common: f64) -> Shrunk {
    /// The least share of a variance that is an item's own.
    const OWN_NOISE: f64 = 0.2;
    let common = if slopes.len() < 2 {
        0.0
    } else {
        common.max(0.0)
    };
    let slopes: Vec<(f64, f64)> = slopes
        .iter()
        .map(|(b, se)| (*b, (se * se - common).max(OWN_NOISE * se * se).sqrt()))
        .collect();
    let grid: Vec<f64> = (0..GRID)
        .map(|g| 3.0 * (g as f64 / (GRID - 1) as f64).powi(2))
        .collect();
    // For each spread: its log posterior, and the kind's mean and variance given it.
    let mut given = Vec::with_capacity(GRID);
    for (g, tau) in grid.iter().enumerate() {
        let mut precision = PRIOR_SD.powi(-2);
        let mut weighted = PRIOR_MEAN * precision;
        for (b, se) in &slopes {
            let p = 1.0 / (tau * tau + se * se).max(1e-12);
            precision += p;
            weighted += p * b;
        }
        let mean = weighted / precision;
        let mut log = -0.5 * precision.ln() - 0.5 * ((mean - PRIOR_MEAN) / PRIOR_SD).powi(2);
        for (b, se) in &slopes {
            let v = (tau * tau + se * se).max(1e-12);
            log -= 0.5 * (v.ln() + (b - mean).powi(2) / v);
        }
        log -= 0.5 * (tau / SPREAD_SCALE).powi(2);
        // The grid's own density: its steps widen with g.
        log += (2.0 * g as f64 + 1.0).ln();
        given.push((*tau, log, mean, 1.0 / precision));
    }
    let top = given.iter().map(|g| g.1).fold(f64::MIN, f64::max);
    let sum: f64 = given.iter().map(|g| (g.1 - top).exp()).sum();
    let weights: Vec<f64> = given.iter().map(|g| (g.1 - top).exp() / sum).collect();
    let kind = Mixture {
        parts: weights
            .iter()
            .zip(&given)
            .map(|(w, g)| (*w, g.2, (g.3 + common).sqrt()))
            .collect(),
    };
    let mut items = Vec::with_capacity(slopes.len());
    let mut own = Vec::with_capacity(slopes.len());
    for (b, se) in &slopes {
        let mut share = 0.0;
        let parts = weights
            .iter()
            .zip(&given)
            .map(|(w, (tau, _, mean, variance))| {
                let keep = tau * tau / (tau * tau + se * se).max(1e-12);
                share += w * keep;
                let v = keep * se * se + (1.0 - keep).powi(2) * variance + common;
                (*w, keep * b + (1.0 - keep) * mean, v.sqrt())
            })
            .collect();
        items.push(Mixture { parts });
        own.push(share);
    }
    Shrunk {
        kind,
        spread: weights.iter().zip(&given).map(|(w, g)| w * g.0).sum(),
        items,
        own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draw;

    #[test]
    fn one_sharp_slope_keeps_its_value() {
        let s = shrink(&[(-1.5, 0.01)], 0.0);
        assert!((s.items[0].mean() + 1.5).abs() < 0.02);
        assert!(s.own[0] > 0.5);
        assert!(shrink(&[], 0.0).items.is_empty());
    }

    /// Over many kinds with items drawn as the model says, 90 % intervals hold 90 % of the truths.
    #[test]
    fn posterior_intervals_are_calibrated() {
        let mut draw = Draw::new(5);
        let (mut inside, mut all) = (0, 0);
        for _ in 0..300 {
            let centre = -2.0 + draw.normal();
            let truth: Vec<f64> = (0..6).map(|_| centre + 0.4 * draw.normal()).collect();
            let slopes: Vec<(f64, f64)> = truth
                .iter()
                .map(|t| {
                    let se = 0.2 + 0.8 * draw.uniform();
                    (t + se * draw.normal(), se)
                })
                .collect();
            for (t, m) in truth.iter().zip(&shrink(&slopes, 0.0).items) {
                all += 1;
                inside += usize::from(m.quantile(0.05) <= *t && *t <= m.quantile(0.95));
            }
        }
        let share = inside as f64 / all as f64;
        assert!((0.87..=0.95).contains(&share), "{share}");
    }
}
