//! Tail probabilities of a value against what was expected.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};
use statrs::function::gamma::{gamma_lr, gamma_ur};

/// Degrees of freedom of a tail that nothing is known to lengthen: the model is estimated, so
/// even then it is a little longer than the normal's.
pub(super) const TAIL_DF: f64 = 100.0;
/// The longest tail, in degrees of freedom.
const LEAST_DF: f64 = 3.0;
/// Degrees of freedom that each count adds.
const DF_PER_COUNT: f64 = 4.0;

/// Degrees of freedom of Student's distribution with the kurtosis of `n` scores, allowing for
/// two standard errors of it: tails are lengthened where the scores have shown it.
///
/// `counts` is the mean in counts (mean squared over variance): amounts made of few sales have
/// longer tails than a Poisson of the same variance.
pub(super) fn tail_df(fourth_moment: f64, n: f64, counts: f64) -> f64 {
    let few = (LEAST_DF + DF_PER_COUNT * counts).min(TAIL_DF);
    let excess = fourth_moment - 3.0 - 2.0 * (96.0 / n.max(1.0)).sqrt();
    if excess <= 0.06 {
        few
    } else {
        (4.0 + 6.0 / excess).clamp(LEAST_DF, few)
    }
}

/// Standard score of `value` under a distribution on the non-negative numbers with this mean and
/// variance (a Poisson of variance-to-mean ratio `variance / mean`, continued to real numbers).
///
/// Skewed and bounded as counts are; the normal score where counts are large.
pub(super) fn count_score(value: f64, mean: f64, variance: f64) -> f64 {
    let ratio = variance / mean;
    let (a, x) = (value / ratio, mean / ratio);
    if a < 0.0 {
        return (value - mean) / variance.sqrt();
    }
    // The normal is as good for many counts, and good enough where nothing is at stake.
    let rough = anscombe(a, x);
    if x > 200.0 || (x > 3.0 && rough.abs() < 1.5) || !(a.is_finite() && x.is_finite()) || x <= 0.0
    {
        return rough;
    }
    if value >= mean {
        let p = gamma_lr(a.max(1e-9), x);
        if p > 1e-14 {
            return (-quantile(p)).max(0.0);
        }
    } else {
        let p = gamma_ur(a + 1.0, x);
        if p > 1e-14 {
            return quantile(p).min(0.0);
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

/// Two-sided tail probability of a score, with a tail of `df` degrees of freedom.
pub(super) fn two_sided(score: f64, df: f64) -> f64 {
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
    // Scaled to variance one, as scores are.
    let unit = (df / (df - 2.0)).sqrt();
    StudentsT::new(0.0, 1.0, df).map_or(1.0, |t| (2.0 * t.sf(z * unit)).min(1.0))
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
        assert!((count_score(10.0, 4.0, 4.0) - 2.4025).abs() < 2e-3);
        assert!(count_score(0.0, 4.0, 4.0) > -2.1);
        let large = count_score(1100.0, 1000.0, 1000.0);
        assert!((large - 3.1).abs() < 0.1, "{large}");
    }

    #[test]
    fn tails_are_probabilities() {
        for z in [0.0, 1.0, 1.6, 5.0, 40.0, f64::INFINITY, f64::NAN] {
            let p = two_sided(z, 30.0);
            assert!((0.0..=1.0).contains(&p), "{z} {p}");
        }
        assert!(two_sided(1.4, 30.0) > two_sided(1.6, 30.0));
    }
}
