//! Theil-Sen slopes: trends that one odd month cannot turn.

use crate::draw::{median, normal_quantile};

/// Points below which there is no interval worth having.
const MIN_POINTS: usize = 8;

/// The median of all pairwise slopes of evenly spaced values per step, with Sen's interval at `level`.
///
/// Source: Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63, 1968.
pub(super) fn theil_sen(values: &[f64], level: f64) -> Option<(f64, f64, f64)> {
    let n = values.len();
    if n < MIN_POINTS || values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let mut slopes = Vec::with_capacity(n * (n - 1) / 2);
    for (i, a) in values.iter().enumerate() {
        for (j, b) in values.iter().enumerate().skip(i + 1) {
            slopes.push((b - a) / (j - i) as f64);
        }
    }
    slopes.sort_by(f64::total_cmp);
    let k = n as f64;
    let reach =
        normal_quantile(0.5 + level / 2.0) * (k * (k - 1.0) * (2.0 * k + 5.0) / 18.0).sqrt();
    let count = slopes.len() as f64;
    let at = |rank: f64| {
        let i = rank.round().clamp(0.0, count - 1.0) as usize;
        slopes.get(i).copied()
    };
    Some((
        median(&slopes)?,
        at((count - reach) / 2.0)?,
        at((count + reach) / 2.0)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::theil_sen;

    #[test]
    fn one_odd_month_does_not_turn_a_trend() {
        let mut y: Vec<f64> = (0..12).map(f64::from).collect();
        y[11] = -50.0;
        let (slope, lo, hi) = theil_sen(&y, 0.9).unwrap();
        assert!((slope - 1.0).abs() < 1e-9 && lo <= slope && slope <= hi);
        assert_eq!(theil_sen(&y[..5], 0.9), None);
    }
}
