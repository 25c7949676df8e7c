//! A total handed down to groups, to the cent.

use super::suggest::mean_and_variance;

/// Hands `total` to groups in proportion to their risk: t_i = μ_i + (T − Σμ)·v_i / Σv.
///
/// * `total` - in cents (the smallest unit of the money), negative counts as 0.
/// * `expected` - μ_i, the groups' expected totals in cents.
/// * `risk` - v_i, the variance of each forecast including its covariances with the others; a value
///   below 0 or not finite counts as 0, and where all are 0 the groups share by expectation.
///
/// Every group is asked for the same standardised stretch. No group gets less than 0; what the floor takes is
/// taken from the others by the same rule. Rounding goes by largest remainder, ties to the earlier group, so
/// the parts sum to `total` exactly. Missing risks count as 0.
pub fn allocate(total: i64, expected: &[f64], risk: &[f64]) -> Vec<i64> {
    let n = expected.len();
    let total = total.max(0);
    if n == 0 {
        return Vec::new();
    }
    let clean = |v: Option<&f64>| v.copied().filter(|v| v.is_finite()).unwrap_or(0.0).max(0.0);
    let expected: Vec<f64> = expected.iter().map(|v| clean(Some(v))).collect();
    let mut risk: Vec<f64> = (0..n).map(|i| clean(risk.get(i))).collect();
    if risk.iter().sum::<f64>() <= 0.0 {
        risk.clone_from(&expected);
    }
    if risk.iter().sum::<f64>() <= 0.0 {
        risk.fill(1.0);
    }
    let mut floored = vec![false; n];
    let mut parts = vec![0.0; n];
    // At most one pass per group: each pass floors at least one more.
    for _ in 0..n {
        let free = |i: &usize| !floored.get(*i).copied().unwrap_or(true);
        let sum_expected: f64 = (0..n).filter(free).map(|i| expected[i]).sum();
        let sum_risk: f64 = (0..n).filter(free).map(|i| risk[i]).sum();
        let gap = total as f64 - sum_expected;
        let mut newly = Vec::new();
        for i in (0..n).filter(free) {
            parts[i] = if sum_risk > 0.0 {
                expected[i] + gap * (risk[i] / sum_risk)
            } else if sum_expected > 0.0 {
                total as f64 * (expected[i] / sum_expected)
            } else {
                0.0
            };
            if parts[i] < 0.0 {
                newly.push(i);
            }
        }
        if newly.is_empty() {
            break;
        }
        for i in newly {
            floored[i] = true;
            parts[i] = 0.0;
        }
    }
    round_to(total, &parts)
}

/// What [`allocate()`] asks for, of each group: its expected total, and the variance of that with its covariances.
///
/// * `history` - the groups' buckets, of equal length.
/// * `totals` - the groups' sampled totals of the period.
///
/// How the buckets moved together tells the correlations, the sampled totals the spreads.
pub fn expected_and_risk(history: &[Vec<f64>], totals: &[Vec<f64>]) -> (Vec<f64>, Vec<f64>) {
    let moments = |values: &[f64]| {
        let (mean, variance) = mean_and_variance(values);
        (mean, variance.sqrt())
    };
    let (expected, spreads): (Vec<f64>, Vec<f64>) = totals.iter().map(|t| moments(t)).unzip();
    let moves: Vec<Vec<f64>> = history
        .iter()
        .map(|values| {
            let steps: Vec<f64> = values.windows(2).map(|w| w[1] - w[0]).collect();
            let (mean, sd) = moments(&steps);
            let standard = |s: &f64| if sd > 0.0 { (s - mean) / sd } else { 0.0 };
            steps.iter().map(standard).collect()
        })
        .collect();
    let length = moves.first().map_or(0, Vec::len);
    // Row sums of the covariance matrix: each group's moves with those of all, each at its spread.
    let mut all = vec![0.0; length];
    for (m, sd) in moves.iter().zip(&spreads) {
        for (sum, v) in all.iter_mut().zip(m) {
            *sum += v * sd;
        }
    }
    let n = length.max(2) as f64 - 1.0;
    let risk = |(m, sd): (&Vec<f64>, &f64)| {
        let with_all: f64 = m.iter().zip(&all).map(|(a, b)| a * b).sum::<f64>() / n;
        // With little history the correlations are noise; a group's own variance counts at the least.
        (sd * with_all).max(0.1 * sd * sd)
    };
    (expected, moves.iter().zip(&spreads).map(risk).collect())
}

/// Whole cents that sum to `total`, each within one of its part where the parts already sum to it.
fn round_to(total: i64, parts: &[f64]) -> Vec<i64> {
    let n = parts.len();
    let mut cents: Vec<i64> = parts.iter().map(|p| p.max(0.0).floor() as i64).collect();
    let given = cents.iter().fold(0i128, |sum, c| sum + i128::from(*c));
    let mut left = i128::from(total) - given;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| {
        let rest = |i: &usize| parts[*i] - parts[*i].floor();
        rest(b).total_cmp(&rest(a)).then(a.cmp(b))
    });
    // Beyond 2^53 a float's own rounding can be more than a cent a group: whole shares first.
    let each = (left / n as i128) as i64;
    if each != 0 {
        for c in &mut cents {
            let step = each.max(-*c);
            *c += step;
            left -= i128::from(step);
        }
    }
    while left != 0 {
        let before = left;
        for i in &order {
            if left > 0 {
                cents[*i] += 1;
                left -= 1;
            } else if left < 0 && cents[*i] > 0 {
                cents[*i] -= 1;
                left += 1;
            }
        }
        if left == before {
            break;
        }
    }
    cents
}

#[cfg(test)]
mod tests {
    use super::allocate;
    use proptest::prelude::*;

    #[test]
    fn stretch_is_equal_in_standard_units() {
        // 100 more than expected, three quarters of the variance in the first group.
        assert_eq!(allocate(1_100, &[600.0, 400.0], &[3.0, 1.0]), [675, 425]);
        assert_eq!(
            allocate(100, &[1.0, 1.0, 1.0], &[1.0, 1.0, 1.0]),
            [34, 33, 33]
        );
        assert_eq!(allocate(10, &[], &[]), Vec::<i64>::new());
        assert_eq!(allocate(7, &[0.0, 0.0], &[]), [4, 3]);
    }

    #[test]
    fn nobody_goes_below_zero() {
        let parts = allocate(500, &[10.0, 900.0, 600.0], &[5.0, 1.0, 1.0]);
        assert_eq!(parts.iter().sum::<i64>(), 500);
        assert_eq!(parts[0], 0);
    }

    /// Weights as data have them: mostly sound, some nothing, below nothing or not a number.
    fn weight(most: f64) -> impl Strategy<Value = f64> {
        prop_oneof![
            6 => 0.0..most,
            1 => Just(0.0),
            1 => -most..0.0,
            1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-300]),
        ]
    }

    proptest! {
        #[test]
        fn parts_sum_exactly(
            total in prop_oneof![0i64..1_000_000_000_000_000, 0i64..100, -1_000i64..0],
            groups in prop::collection::vec((weight(1e13), weight(1e20)), 1..40),
            fewer in 0usize..3,
        ) {
            let (expected, mut risk): (Vec<f64>, Vec<f64>) = groups.into_iter().unzip();
            // Missing risks count as 0.
            risk.truncate(risk.len().saturating_sub(fewer));
            let parts = allocate(total, &expected, &risk);
            prop_assert_eq!(parts.len(), expected.len());
            prop_assert_eq!(parts.iter().sum::<i64>(), total.max(0));
            prop_assert!(parts.iter().all(|p| *p >= 0));
            if parts.len() == 1 {
                prop_assert_eq!(parts[0], total.max(0));
            }
        }
    }
}
