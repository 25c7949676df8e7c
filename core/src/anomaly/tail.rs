//! Tail probabilities of a value against what was expected.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::gamma::gamma_ur;

/// Degrees of freedom of a tail that nothing is known to lengthen: the model is estimated, so
/// even then it is a little longer than the normal's.
const TAIL_DF: f64 = 100.0;
/// The longest tail that kurtosis makes, in degrees of freedom.
const LEAST_DF: f64 = 3.0;
/// Variance of twice the fourth power of a normal score on one side and nothing on the other.
const FOURTH_VARIANCE: f64 = 201.0;
/// `1 + a / (df - b)` is the square of what Student's distribution is divided by so that its mean
/// square is that of a normal where no score counts as more than 2.5: within 0.02 of the integral.
const CORE: (f64, f64) = (1.70, 1.04);
/// Counts from which the cube root of a gamma is normal as far as it matters.
const MANY_COUNTS: f64 = 50.0;

/// How much longer than the normal's the tail of a score is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    df: f64,
    /// What turns a score of variance one into one of Student's.
    unit: f64,
}

impl Tail {
    /// Student's distribution with the kurtosis of `n` scores, allowing for two standard errors
    /// of it (tails are lengthened where the scores have shown it), or with the degrees of
    /// freedom of the variance where that is known less well.
    ///
    /// `points` is how many squared errors the variance is a mean of, `counts` the mean of a
    /// point in counts (mean squared over variance): a variance of few sales is known badly.
    pub(super) fn new(fourth_moment: f64, n: f64, points: f64, counts: f64) -> Self {
        let excess = fourth_moment - 3.0 - 2.0 * (FOURTH_VARIANCE / n.max(1.0)).sqrt();
        let shown = if excess <= 0.06 {
            TAIL_DF
        } else {
            (4.0 + 6.0 / excess).clamp(LEAST_DF, TAIL_DF)
        };
        // The variance of a variance, from the kurtosis 3 + 6 / counts of a gamma.
        let known = 2.0 * points / (2.0 + 6.0 / counts.max(1e-9));
        if known < shown {
            Self {
                df: known.max(0.5),
                unit: 1.0,
            }
        } else {
            Self {
                df: shown,
                unit: (1.0 + CORE.0 / (shown - CORE.1)).sqrt(),
            }
        }
    }

    /// Two-sided tail probability of a score.
    pub(super) fn two_sided(self, score: f64) -> f64 {
        let z = score.abs();
        if !z.is_finite() {
            return if z.is_nan() { 1.0 } else { 0.0 };
        }
        if z < 1.5 {
            // Far from any threshold: Abramowitz and Stegun 26.2.19, to 1e-7.
            let poly = [
                0.049_867_347,
                0.021_141_006,
                0.003_277_626,
                3.80036e-5,
                4.88906e-5,
                5.383e-6,
            ];
            let sum = poly.iter().rev().fold(0.0, |s, c| (s + c) * z) + 1.0;
            return sum.powi(-16);
        }
        StudentsT::new(0.0, 1.0, self.df).map_or(1.0, |t| (2.0 * t.sf(z * self.unit)).min(1.0))
    }
}

/// Standard score of `value` under a distribution on the non-negative numbers with this mean and
/// variance.
///
/// Skewed and bounded as sales are: a gamma above the mean, whose tail is that of a negative
/// binomial and of amounts made of few sales; below it a Poisson of variance-to-mean ratio
/// `variance / mean`, continued to real numbers, whose tail is the longer there.
pub(super) fn count_score(value: f64, mean: f64, variance: f64) -> f64 {
    let ratio = variance / mean;
    let (a, x) = (value / ratio, mean / ratio);
    if a < 0.0 {
        return (value - mean) / variance.sqrt();
    }
    let rough = anscombe(a, x);
    // Good enough where nothing is at stake.
    if (x > 3.0 && rough.abs() < 1.5) || !(a.is_finite() && x.is_finite()) || x <= 0.0 {
        return rough;
    }
    if value >= mean {
        if x > MANY_COUNTS {
            return cube_root(a, x);
        }
        let p = gamma_ur(x, a.max(1e-9));
        if p > 1e-14 {
            return (-quantile(p)).max(0.0);
        }
        return cube_root(a, x).max(7.6);
    }
    if x <= 200.0 {
        let p = gamma_ur(a + 1.0, x);
        if p > 1e-14 {
            return quantile(p).min(0.0);
        }
    }
    rough
}

/// Score of a gamma of shape `x` and scale 1 at `a` (Wilson and Hilferty 1931).
fn cube_root(a: f64, x: f64) -> f64 {
    3.0 * x.sqrt() * ((a / x).cbrt() - 1.0 + 1.0 / (9.0 * x))
}

/// Square-root score of a Poisson count.
fn anscombe(a: f64, x: f64) -> f64 {
    2.0 * ((a.max(0.0) + 0.375).sqrt() - (x.max(0.0) + 0.375).sqrt())
}

fn quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p.clamp(1e-300, 1.0 - 1e-16))
}

/// The score whose two-sided tail is `1 - level`.
pub(super) fn score_at(level: f64) -> f64 {
    StudentsT::new(0.0, 1.0, TAIL_DF).map_or(1.96, |t| t.inverse_cdf(0.5 + level / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_a_short_lower_and_a_long_upper_tail() {
        // The gamma density integrated numerically above 10 (shape 4) and 90 (shape 60); exp(-4).
        assert!((count_score(10.0, 4.0, 4.0) - 2.313_92).abs() < 2e-3);
        assert!((count_score(0.0, 4.0, 4.0) + 2.089_85).abs() < 2e-3);
        assert!((count_score(90.0, 60.0, 60.0) - 3.409_6).abs() < 2e-2);
        let large = count_score(1100.0, 1000.0, 1000.0);
        assert!((large - 3.1).abs() < 0.1, "{large}");
    }

    #[test]
    fn tails_are_probabilities() {
        let tail = |points, counts| Tail::new(3.0, 500.0, points, counts);
        for z in [0.0, 1.0, 1.6, 5.0, 40.0, f64::INFINITY, f64::NAN] {
            for counts in [0.0, 0.01, 3.0, f64::INFINITY] {
                let p = tail(80.0, counts).two_sided(z);
                assert!((0.0..=1.0).contains(&p), "{z} {counts} {p}");
            }
        }
        let many = tail(80.0, 1e3);
        assert!(many.two_sided(1.4) > many.two_sided(1.6));
        // Few sales: the variance is hardly known.
        assert!(tail(80.0, 0.1).two_sided(4.0) > 10.0 * many.two_sided(4.0));
    }
}
