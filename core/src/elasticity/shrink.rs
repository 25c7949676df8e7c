//! Empirical Bayes: an item's slope is drawn from its kind's distribution, whose spread is not known
//! either and is averaged over.

use crate::draw::normal_cdf;

/// The prior of a kind's mean elasticity: -2.62 over 1,851 published ones (Bijmolt, van Heerde & Pieters,
/// Journal of Marketing Research 42, 2005), made weak enough to matter only where data say nothing.
pub(super) const PRIOR_MEAN: f64 = -2.62;
pub(super) const PRIOR_SD: f64 = 5.0;
/// The scale of the half-normal priors of the spreads within and between kinds.
pub(super) const SPREAD_SCALE: f64 = 1.0;
/// The same, and the standard deviation of the mean, where units by order line are explained: price moves whether
/// something is bought much more than how much. Of the elasticity of 173 brands a quarter was buying sooner or more, the
/// rest switching (Bell, Chiang & Padmanabhan, Marketing Science 18, 1999); a quarter of the mean above is 0.65.
pub(super) const SIZE_SD: f64 = 0.5;
/// Places on the grid of a spread: 0 to 3 scales in steps that widen.
const GRID: usize = 25;

/// A mixture of normals, one for each spread on the grid.
#[derive(Clone, Debug)]
pub(super) struct Mixture {
    parts: Vec<(f64, f64, f64)>,
}

impl Mixture {
    /// The sum with an independent figure of this mean and variance.
    pub(super) fn plus(mut self, mean: f64, variance: f64) -> Self {
        for (_, m, s) in &mut self.parts {
            *m += mean;
            *s = (*s * *s + variance).sqrt();
        }
        self
    }

    /// Neighbouring parts made one of their mean and variance, so that quantiles are cheap.
    fn merged(self) -> Self {
        const PARTS: usize = 24;
        let size = self.parts.len().div_ceil(PARTS).max(1);
        let merge = |parts: &[(f64, f64, f64)]| {
            let weight: f64 = parts.iter().map(|p| p.0).sum();
            let whole = Mixture {
                parts: parts.iter().map(|(w, m, s)| (w / weight, *m, *s)).collect(),
            };
            (weight, whole.mean(), whole.sd())
        };
        Mixture {
            parts: self.parts.chunks(size).map(merge).collect(),
        }
    }

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

/// The slopes (estimate, standard error) of one kind's items.
#[derive(Clone, Debug, Default)]
pub(super) struct Slopes {
    pub(super) items: Vec<(f64, f64)>,
    /// The variance of the error that all of them share beyond what all kinds do, from the terms they have in common;
    /// it is part of each standard error, does not average out, and cannot be told from the kind's mean.
    pub(super) common: f64,
}

/// The prior of the mean over all kinds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prior {
    pub(super) mean: f64,
    pub(super) sd: f64,
    /// The scale of the half-normal priors of the spread of items within kinds and of kinds.
    pub(super) spread: f64,
}

/// What one spread within kinds says of a kind.
struct Within {
    log: f64,
    mean: f64,
    variance: f64,
}

impl Slopes {
    /// The slopes with the error shared in the kind, and `everywhere`, taken out of their own.
    fn alone(&self, everywhere: f64) -> Slopes {
        /// The least share of a variance that is an item's own.
        const OWN_NOISE: f64 = 0.2;
        let many = self.items.len() > 1 && self.common.is_finite();
        let common = if many { self.common.max(0.0) } else { 0.0 };
        let own = |se: f64| {
            (se * se - common - everywhere)
                .max(OWN_NOISE * se * se)
                .sqrt()
        };
        Slopes {
            items: self.items.iter().map(|(b, se)| (*b, own(*se))).collect(),
            common,
        }
    }

    fn within(&self, tau: f64) -> Option<Within> {
        let (mut precision, mut weighted) = (0.0, 0.0);
        for (b, se) in &self.items {
            let p = 1.0 / (tau * tau + se * se).max(1e-12);
            precision += p;
            weighted += p * b;
        }
        let mean = weighted / precision;
        let mut log = -0.5 * precision.ln();
        for (b, se) in &self.items {
            let v = (tau * tau + se * se).max(1e-12);
            log -= 0.5 * (v.ln() + (b - mean).powi(2) / v);
        }
        mean.is_finite().then_some(Within {
            log,
            mean,
            variance: 1.0 / precision,
        })
    }
}

/// Shrinks the slopes of items to their kind's mean, and the kinds' means to that of all.
///
/// * `everywhere` - variance of the error that the items of all kinds share, as from the effect of promotions. It
///   cannot be told from the mean over all, so every answer carries it whole.
///
/// Both spreads are averaged over on a grid, with items of all kinds telling of the one within kinds: a kind
/// alone has too few to tell its own.
///
/// Source: Gelman et al., Bayesian Data Analysis, 3rd ed., 5.4 and 15.
pub(super) fn shrink(kinds: &[Slopes], everywhere: f64, prior: Prior) -> Vec<Shrunk> {
    let kinds: Vec<Slopes> = kinds.iter().map(|k| k.alone(everywhere)).collect();
    let grid: Vec<f64> = (0..GRID)
        .map(|g| 3.0 * prior.spread * (g as f64 / (GRID - 1) as f64).powi(2))
        .collect();
    // The log prior of a spread; the steps of the grid widen with g.
    let log_prior: Vec<f64> = grid
        .iter()
        .enumerate()
        .map(|(g, s)| (2.0 * g as f64 + 1.0).ln() - 0.5 * (s / prior.spread).powi(2))
        .collect();
    let mut given = Vec::with_capacity(GRID * GRID);
    for (tau, log_tau) in grid.iter().zip(&log_prior) {
        let within: Vec<Option<Within>> = kinds.iter().map(|k| k.within(*tau)).collect();
        for (omega, log_omega) in grid.iter().zip(&log_prior) {
            let mut log = log_tau + log_omega;
            let (mut precision, mut weighted) = (prior.sd.powi(-2), prior.mean * prior.sd.powi(-2));
            let seen = || {
                let pairs = within.iter().zip(&kinds);
                pairs.filter_map(|(w, k)| {
                    w.as_ref()
                        .map(|w| (w, w.variance + omega * omega + k.common))
                })
            };
            for (w, v) in seen() {
                precision += 1.0 / v;
                weighted += w.mean / v;
            }
            let mean = weighted / precision;
            log -= 0.5 * (precision.ln() + ((mean - prior.mean) / prior.sd).powi(2));
            for (w, v) in seen() {
                log += w.log - 0.5 * (v.ln() + (w.mean - mean).powi(2) / v);
            }
            given.push((*tau, *omega, log, mean, 1.0 / precision));
        }
    }
    let top = given.iter().map(|g| g.2).fold(f64::MIN, f64::max);
    let sum: f64 = given.iter().map(|g| (g.2 - top).exp()).sum();
    let given: Vec<_> = given
        .into_iter()
        .map(|g| (g.0, g.1, (g.2 - top).exp() / sum, g.3, g.4))
        .filter(|g| g.2 > 1e-5)
        .collect();
    let spread = given.iter().map(|g| g.2 * g.0).sum();
    kinds
        .iter()
        .map(|kind| {
            let mut centre = Vec::new();
            let mut items = vec![Vec::new(); kind.items.len()];
            let mut own = vec![0.0; kind.items.len()];
            for (tau, omega, weight, mu, mu_variance) in &given {
                let Some(w) = kind.within(*tau) else {
                    // A kind without items is known by the others.
                    centre.push((*weight, *mu, (mu_variance + omega * omega).sqrt()));
                    continue;
                };
                // The kind's mean and the shared error, of which the data show the sum.
                let (o, c) = (omega * omega, kind.common);
                let d = (o + c + w.variance).max(1e-12);
                let surprise = w.mean - mu;
                let (mean, shared) = (mu + o / d * surprise, c / d * surprise);
                let (mean_v, shared_v, both) = (o * (1.0 - o / d), c * (1.0 - c / d), -o * c / d);
                let through = 1.0 - o / d;
                centre.push((
                    *weight,
                    mean,
                    (mean_v + through.powi(2) * mu_variance).sqrt(),
                ));
                for (((b, se), parts), own) in kind.items.iter().zip(&mut items).zip(&mut own) {
                    let keep = tau * tau / (tau * tau + se * se).max(1e-12);
                    *own += weight * keep;
                    let rest = 1.0 - keep;
                    let reach = rest * through + keep * c / d;
                    let v = keep * se * se + rest * rest * mean_v + keep * keep * shared_v
                        - 2.0 * keep * rest * both
                        + reach * reach * mu_variance;
                    parts.push((
                        *weight,
                        keep * (b - shared) + rest * mean,
                        v.max(0.0).sqrt(),
                    ));
                }
            }
            Shrunk {
                kind: Mixture { parts: centre }.merged().plus(0.0, everywhere),
                spread,
                items: items
                    .into_iter()
                    .map(|parts| Mixture { parts }.merged().plus(0.0, everywhere))
                    .collect(),
                own,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draw;

    const PRIOR: Prior = Prior {
        mean: PRIOR_MEAN,
        sd: PRIOR_SD,
        spread: SPREAD_SCALE,
    };

    fn alone(items: Vec<(f64, f64)>) -> Slopes {
        Slopes { items, common: 0.0 }
    }

    #[test]
    fn one_sharp_slope_keeps_its_value() {
        let s = shrink(&[alone(vec![(-1.5, 0.01)])], 0.0, PRIOR);
        assert!((s[0].items[0].mean() + 1.5).abs() < 0.02);
        assert!(s[0].own[0] > 0.5);
        assert!(shrink(&[], 0.0, PRIOR).is_empty());
        // A kind without items is known by the others, widely.
        let s = shrink(
            &[alone(vec![(-1.5, 0.1), (-1.7, 0.1)]), alone(Vec::new())],
            0.0,
            PRIOR,
        );
        assert!(s[1].items.is_empty() && s[1].kind.sd() > 3.0 * s[0].kind.sd());
    }

    /// Over many companies drawn as the model says, 90 % intervals hold 90 % of the truths, with and without an
    /// error that a kind's items share, or all items do.
    #[test]
    fn posterior_intervals_are_calibrated() {
        for (common, everywhere) in [(0.0, 0.0), (0.3_f64, 0.0), (0.0, 0.5), (0.3, 0.5_f64)] {
            let mut draw = Draw::new(5);
            let (mut inside, mut all) = (0, 0);
            for _ in 0..80 {
                let mut kinds = Vec::new();
                let mut truth = Vec::new();
                let of_all = everywhere * draw.normal();
                for _ in 0..5 {
                    let centre = -2.0 + 0.6 * draw.normal();
                    let error = common * draw.normal();
                    let own: Vec<f64> = (0..5).map(|_| centre + 0.4 * draw.normal()).collect();
                    let items = own
                        .iter()
                        .map(|t| {
                            let se = 0.2 + 0.8 * draw.uniform();
                            (
                                t + of_all + error + se * draw.normal(),
                                se.hypot(common).hypot(everywhere),
                            )
                        })
                        .collect();
                    kinds.push(Slopes {
                        items,
                        common: common * common,
                    });
                    truth.push(own);
                }
                for (own, kind) in truth
                    .iter()
                    .zip(&shrink(&kinds, everywhere * everywhere, PRIOR))
                {
                    for (t, m) in own.iter().zip(&kind.items) {
                        all += 1;
                        inside += usize::from(m.quantile(0.05) <= *t && *t <= m.quantile(0.95));
                    }
                }
            }
            let share = inside as f64 / all as f64;
            assert!(
                (0.87..=0.95).contains(&share),
                "{common}, {everywhere}: {share}"
            );
        }
    }
}
