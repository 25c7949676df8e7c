//! Intervals around a cohort's figures.

use crate::draw::{Draw, ascending, normal_quantile, quantile};

/// An interval around an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// Wilson's interval for a share of `successes` out of `trials`, at a confidence `level` in (0, 1).
///
/// `None` for no trials.
///
/// # Source
///
/// Wilson 1927; Brown, Cai & DasGupta, Statistical Science 16 (2001).
pub fn wilson(successes: u64, trials: u64, level: f64) -> Option<Interval> {
    if trials == 0 {
        return None;
    }
    let n = trials as f64;
    let share = successes.min(trials) as f64 / n;
    let z = normal_quantile(0.5 + level.clamp(0.0, 1.0) / 2.0);
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    Some(Interval {
        value: share,
        lo: (centre - half).clamp(0.0, share),
        hi: (centre + half).clamp(share, 1.0),
    })
}

/// The ratio of sums Σ`part` / Σ`base` over a cohort's members, with a percentile bootstrap over members.
///
/// * `members` - (part, base) of each, as in (value in month k, value in months 1 to 3).
/// * `draws` - resamples; 500 give an interval that is stable to about a twentieth of its width.
///
/// `None` where the bases add up to nothing. A cohort of one answers without a width: its ends are
/// the estimate, and the caller should not show them as an interval.
///
/// # Source
///
/// Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
pub fn bootstrap_ratio(
    members: &[(f64, f64)],
    level: f64,
    draws: usize,
    seed: u64,
) -> Option<Interval> {
    let ratio = |part: f64, base: f64| (base > 0.0).then(|| part / base);
    let (part, base) = members
        .iter()
        .fold((0.0, 0.0), |sum, m| (sum.0 + m.0, sum.1 + m.1));
    let value = ratio(part, base).filter(|v| v.is_finite())?;
    let mut draw = Draw::new(seed);
    let mut ratios = Vec::with_capacity(draws);
    for _ in 0..draws {
        let mut sum = (0.0, 0.0);
        for _ in 0..members.len() {
            if let Some(m) = members.get(draw.index(members.len())) {
                sum = (sum.0 + m.0, sum.1 + m.1);
            }
        }
        ratios.extend(ratio(sum.0, sum.1));
    }
    let sorted = ascending(&ratios);
    let tail = (1.0 - level.clamp(0.0, 1.0)) / 2.0;
    Some(Interval {
        value,
        lo: quantile(&sorted, tail).unwrap_or(value).min(value),
        hi: quantile(&sorted, 1.0 - tail).unwrap_or(value).max(value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_agrees_with_r() {
        // R: prop.test(15, 50, correct = FALSE)$conf.int
        let w = wilson(15, 50, 0.95).unwrap();
        assert!(
            (w.lo - 0.191_033).abs() < 1e-5 && (w.hi - 0.437_505).abs() < 1e-5,
            "{w:?}"
        );
        assert_eq!(wilson(0, 0, 0.95), None);
        assert_eq!(wilson(0, 9, 0.95).unwrap().lo, 0.0);
        assert_eq!(wilson(9, 9, 0.95).unwrap().hi, 1.0);
    }

    #[test]
    fn bootstrap_repeats_and_covers() {
        let mut draw = Draw::new(1);
        let mut covered = 0;
        for trial in 0..200 {
            let members: Vec<(f64, f64)> = (0..40)
                .map(|_| {
                    let base = 100.0 * (0.5 * draw.normal()).exp();
                    (base * (0.6 + 0.2 * draw.normal()), base)
                })
                .collect();
            let got = bootstrap_ratio(&members, 0.9, 300, trial).unwrap();
            assert_eq!(Some(got), bootstrap_ratio(&members, 0.9, 300, trial));
            covered += usize::from(got.lo <= 0.6 && 0.6 <= got.hi);
        }
        // Binomial(200, .9): 165 to 192 holds 99.9 %.
        assert!((165..=195).contains(&covered), "{covered}");
        assert_eq!(bootstrap_ratio(&[(1.0, 0.0)], 0.9, 10, 1), None);
    }
}
