//! Tail probabilities of a value against what was expected.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::gamma::{gamma_lr, gamma_ur};

/// Degrees of freedom of the last step from the normal tail to one that allows for a model that
/// is estimated: real residuals have longer tails than the model's.
pub(super) const TAIL_DF: f64 = 30.0;

/// Standard score of `value` under a distribution on the non-negative numbers with this mean and
/// variance (a Poisson of variance-to-mean ratio `variance / mean`, continued to real numbers).
///
/// Skewed and bounded as counts are; the normal score where counts are large.
pub(super) fn count_score(value: f64, mean: f64, variance: f64) -> f64 {
    let ratio = variance / mean;
    let (a, x) = (value / ratio, mean / ratio);
    // Beyond this many counts the normal is as good and much faster.
    if x > 200.0 || !(a.is_finite() && x.is_finite()) || x <= 0.0 {
        return anscombe(a, x);
    }
    if a < 0.0 {
        return (value - mean) / variance.sqrt();
    }
    if value >= mean {
        let p = gamma_lr(a.max(1e-9), x);
        if p > 1e-14 {
            return -quantile(p);
        }
    } else {
        let p = gamma_ur(a + 1.0, x);
        if p > 1e-14 {
            return quantile(p);
        }
    }
    anscombe(a, x)
}

/// Square-root score of a Poisson count.
fn anscombe(a: f64, x: f64) -> f64 {
    2.0 * ((a.max(0.0) + 0.375).sqrt() - (x.max(0.0) + 0.375).sqrt())
}

fn quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p.clamp(1e-300, 1.0 - 1e-16))
}

/// Two-sided tail probability of a score.
pub(super) fn two_sided(score: f64) -> f64 {
    // The table is exact to more digits than the score is known to.
    let z = score.abs();
    if !z.is_finite() {
        return if z.is_nan() { 1.0 } else { 0.0 };
    }
    match StudentsT::new(0.0, 1.0, TAIL_DF) {
        Ok(t) if z > 1.5 => 2.0 * t.sf(z),
        _ => 2.0 * Normal::standard().sf(z),
    }
    .min(1.0)
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
        // R: qnorm(ppois(4, 4)) = 0.3294; upper tail of ppois(9, 4): qnorm(1 - ppois(9, 4)).
        assert!((count_score(10.0, 4.0, 4.0) - 2.4013).abs() < 1e-3);
        assert!(count_score(0.0, 4.0, 4.0) > -2.1);
        let large = count_score(1100.0, 1000.0, 1000.0);
        assert!((large - 3.1).abs() < 0.1, "{large}");
    }

    #[test]
    fn tails_are_probabilities() {
        for z in [0.0, 1.0, 1.6, 5.0, 40.0, f64::INFINITY, f64::NAN] {
            let p = two_sided(z);
            assert!((0.0..=1.0).contains(&p), "{z} {p}");
        }
        assert!(two_sided(1.4) > two_sided(1.6));
    }
}
