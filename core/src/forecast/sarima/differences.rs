//! How often to difference.

use super::problem::{interpolate, power_of_two};
use super::stl;

/// Critical value of the KPSS level statistic at 5 % (Kwiatkowski et al. 1992, table 1).
const KPSS_LEVEL_5: f64 = 0.463;
/// Seasonal strength beyond which a series is differenced (Wang, Smith and Hyndman 2006; the
/// threshold is that of `forecast::nsdiffs`).
const STRENGTH: f64 = 0.64;
/// Share of the magnitude below which a spread is rounding.
const FLAT: f64 = 1e-13;

/// Differences at lag 1, at most 2, that make `y` stationary by the KPSS test for a level at
/// 5 %, as R's `ndiffs()`. NaN is left out; 0 for a constant or empty series.
pub fn ndiffs(y: &[f64]) -> usize {
    ndiffs_up_to(y, 2)
}

pub(super) fn ndiffs_up_to(y: &[f64], most: usize) -> usize {
    let (mut x, size) = scaled(y);
    let mut d = 0;
    while d < most && !is_flat(&x, size) && !is_level(&x) {
        x = x.windows(2).map(|w| w[1] - w[0]).collect();
        d += 1;
    }
    d
}

/// Seasonal differences, 0 or 1: 1 where the strength of the season in an STL decomposition is
/// beyond 0.64, as R's `nsdiffs()`. 0 without two full seasons; NaN is filled on straight lines.
pub fn nsdiffs(y: &[f64], season: usize) -> usize {
    let (x, size) = scaled(y);
    let Some(from) = x.iter().position(|v| !v.is_nan()) else {
        return 0;
    };
    let to = x.iter().rposition(|v| !v.is_nan()).map_or(0, |i| i + 1);
    let x = interpolate(&x[from..to]);
    if is_flat(&x, size) {
        return 0;
    }
    let Some(parts) = stl::decompose(&x, season) else {
        return 0;
    };
    let rest = variance(&parts.remainder);
    let both: Vec<f64> = parts
        .remainder
        .iter()
        .zip(&parts.season)
        .map(|(r, s)| r + s)
        .collect();
    let all = variance(&both);
    usize::from(all > FLAT * FLAT * size * size && 1.0 - rest / all > STRENGTH)
}

/// `y` over a power of two near its largest magnitude, infinities as missing; and that magnitude.
fn scaled(y: &[f64]) -> (Vec<f64>, f64) {
    let largest = y
        .iter()
        .filter(|v| v.is_finite())
        .fold(0.0_f64, |m, v| m.max(v.abs()));
    let scale = power_of_two(largest);
    let x = y
        .iter()
        .map(|&v| if v.is_finite() { v / scale } else { f64::NAN })
        .collect();
    (x, largest / scale)
}

/// Whether all values are equal but for rounding at magnitude `size`.
pub(super) fn is_flat(x: &[f64], size: f64) -> bool {
    let (low, high) = x
        .iter()
        .filter(|v| !v.is_nan())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| {
            (l.min(v), h.max(v))
        });
    !(high - low > FLAT * size)
}

fn variance(x: &[f64]) -> f64 {
    let n = x.len().max(1) as f64;
    let mean = x.iter().sum::<f64>() / n;
    x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n
}

/// Whether the KPSS test keeps the hypothesis of a level.
fn is_level(x: &[f64]) -> bool {
    let x: Vec<f64> = x.iter().copied().filter(|v| !v.is_nan()).collect();
    let n = x.len();
    let mean = x.iter().sum::<f64>() / n.max(1) as f64;
    let e: Vec<f64> = x.iter().map(|v| v - mean).collect();
    let lags = (3.0 * (n as f64).sqrt() / 13.0).trunc() as usize;
    let mut long_run: f64 = e.iter().map(|v| v * v).sum();
    for lag in 1..=lags {
        let weight = 1.0 - lag as f64 / (lags + 1) as f64;
        let gamma: f64 = e.iter().zip(&e[lag..]).map(|(a, b)| a * b).sum();
        long_run += 2.0 * weight * gamma;
    }
    let mut sum = 0.0;
    let mut squares = 0.0;
    for v in &e {
        sum += v;
        squares += sum * sum;
    }
    // Σ S² / n² over the long-run variance.
    !(squares / n as f64 > KPSS_LEVEL_5 * long_run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trends_and_seasons_are_differenced() {
        let noise = |t: usize| ((t * 7919 + 13) % 101) as f64 / 101.0;
        let trend: Vec<f64> = (0..100).map(|t| t as f64 + noise(t)).collect();
        assert_eq!(ndiffs(&trend), 1);
        let level: Vec<f64> = (0..100).map(noise).collect();
        assert_eq!(ndiffs(&level), 0);
        let season: Vec<f64> = (0..100)
            .map(|t| 10.0 * ((t % 12) as f64) + noise(t))
            .collect();
        assert_eq!(nsdiffs(&season, 12), 1);
        assert_eq!(nsdiffs(&level, 12), 0);
        assert_eq!(nsdiffs(&season[..24], 12), 0);
    }

    #[test]
    fn odd_series_are_left_alone() {
        for y in [
            vec![],
            vec![1.0],
            vec![f64::NAN; 40],
            vec![7.0; 40],
            vec![f64::INFINITY; 40],
        ] {
            assert_eq!(ndiffs(&y), 0, "{y:?}");
            assert_eq!(nsdiffs(&y, 4), 0, "{y:?}");
        }
    }
}
