//! Trend, seasons and the rest.

use stlrs::{Mstl, Stl};

use super::lookback::median;
use crate::{Cancel, Result};

/// Points above which a series is smoothed by running medians: loess would not end in time.
const LOESS_POINTS: usize = 20_000;

/// One point taken apart: `trend + seasonal + remainder` is the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Component {
    /// Slow movement, in the series' unit.
    pub trend: f64,
    /// Sum of the seasons.
    pub seasonal: f64,
    /// What is left; NaN where the value is missing.
    pub remainder: f64,
}

/// Takes a series apart into trend, seasons and the rest, robust to outliers.
///
/// * `values` - oldest first, evenly spaced; NaN for missing (interpolated for the fit).
/// * `seasons` - points in each season, as `[7]` or `[7, 365]`; those of which the series has not
///   two full ones are left out.
///
/// Multiple seasonal-trend decomposition by loess (Bandara, Hyndman and Bergmeir 2021), with
/// robust weights; for no usable season a running median; for more than 20,000 points medians
/// throughout. One component a value; NaN trend for a series without any number.
///
/// # Errors
///
/// [`crate::Error::Cancelled`].
pub fn decompose(values: &[f64], seasons: &[usize], cancel: Cancel<'_>) -> Result<Vec<Component>> {
    let values = super::clean(values);
    let n = values.len();
    let Some(filled) = interpolated(&values) else {
        let none = Component {
            trend: f64::NAN,
            seasonal: f64::NAN,
            remainder: f64::NAN,
        };
        return Ok(vec![none; n]);
    };
    let mut seasons: Vec<usize> = seasons
        .iter()
        .copied()
        .filter(|m| *m >= 2 && 2 * m <= n)
        .collect();
    seasons.sort_unstable();
    seasons.dedup();
    cancel.check()?;
    let (trend, seasonal) = if seasons.is_empty() || n > LOESS_POINTS {
        running(&filled, &seasons, 0, median, cancel)?
    } else {
        match by_loess(&filled, &seasons) {
            Some(parts) => parts,
            None => running(&filled, &seasons, 0, median, cancel)?,
        }
    };
    Ok((0..n)
        .map(|t| Component {
            trend: trend[t],
            seasonal: seasonal[t],
            remainder: values[t] - trend[t] - seasonal[t],
        })
        .collect())
}

fn by_loess(filled: &[f64], seasons: &[usize]) -> Option<(Vec<f64>, Vec<f64>)> {
    let scale = filled.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if scale <= 0.0 {
        return Some((vec![0.0; filled.len()], vec![0.0; filled.len()]));
    }
    // The library works in single precision: bring the values near one, and give the rounding
    // to the remainder.
    let series: Vec<f32> = filled.iter().map(|v| (v / scale) as f32).collect();
    let mut stl = Stl::params();
    stl.robust(true);
    let fit = Mstl::params().stl_params(stl).fit(&series, seasons).ok()?;
    let back = |part: &[f32]| -> Vec<f64> { part.iter().map(|v| f64::from(*v) * scale).collect() };
    let trend = back(fit.trend());
    let mut seasonal = vec![0.0; filled.len()];
    for part in fit.seasonal() {
        for (sum, v) in seasonal.iter_mut().zip(part) {
            *sum += f64::from(*v) * scale;
        }
    }
    trend
        .iter()
        .chain(&seasonal)
        .all(|v| v.is_finite())
        .then_some((trend, seasonal))
}

/// Running centres (medians, usually) for the trend, centres by phase for each season.
///
/// A window has three seasons, or `least` points where that is more. At the ends it stays whole, as a
/// part of a week is no level.
pub(super) fn running(
    filled: &[f64],
    seasons: &[usize],
    least: usize,
    centre: fn(&mut [f64]) -> f64,
    cancel: Cancel<'_>,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let n = filled.len();
    let period = seasons.last().copied().unwrap_or(0).clamp(7, 400);
    let half = (period * 3).max(least).div_ceil(period) * period / 2;
    let half = half.min(n / 2);
    let width = (2 * half + 1).min(n);
    // Medians on a grid, and lines between: a window's median changes little from point to point.
    let step = (half / 3).max(1);
    let mut knots: Vec<(usize, f64)> = Vec::new();
    let mut at = 0;
    while at < n {
        if knots.len().is_multiple_of(256) {
            cancel.check()?;
        }
        let from = at.saturating_sub(half).min(n - width);
        let mut window = filled[from..from + width].to_vec();
        knots.push((at, centre(&mut window)));
        at += step;
    }
    let mut trend = vec![knots.last().map_or(0.0, |k| k.1); n];
    for pair in knots.windows(2) {
        let ((from, a), (to, b)) = (pair[0], pair[1]);
        for (i, slot) in trend[from..to].iter_mut().enumerate() {
            *slot = a + (b - a) * i as f64 / (to - from) as f64;
        }
    }
    let mut seasonal = vec![0.0; n];
    for m in seasons {
        cancel.check()?;
        let mut profile: Vec<f64> = (0..*m)
            .map(|phase| {
                let mut own: Vec<f64> = (phase..n)
                    .step_by(*m)
                    .map(|t| filled[t] - trend[t] - seasonal[t])
                    .collect();
                centre(&mut own)
            })
            .collect();
        let mean = profile.iter().sum::<f64>() / *m as f64;
        profile.iter_mut().for_each(|v| *v -= mean);
        for (t, slot) in seasonal.iter_mut().enumerate() {
            *slot += profile[t % m];
        }
    }
    Ok((trend, seasonal))
}

/// Missing values on the line between their neighbours; `None` for no number at all.
pub(super) fn interpolated(values: &[f64]) -> Option<Vec<f64>> {
    let first = values.iter().copied().find(|v| !v.is_nan())?;
    let mut out = values.to_vec();
    let (mut last, mut last_at) = (first, 0);
    for t in 0..out.len() {
        if out[t].is_nan() {
            continue;
        }
        let gap = t - last_at;
        if gap > 1 || (last_at == 0 && out[0].is_nan()) {
            let to = out[t];
            for (i, slot) in out[last_at..t].iter_mut().enumerate() {
                if slot.is_nan() {
                    *slot = last + (to - last) * i as f64 / gap as f64;
                }
            }
        }
        (last, last_at) = (out[t], t);
    }
    for slot in &mut out[last_at..] {
        if slot.is_nan() {
            *slot = last;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_the_season_is_found() {
        let y: Vec<f64> = (0..280)
            .map(|t| {
                100.0 + 0.1 * f64::from(t) + [5.0, 0.0, 0.0, -5.0, 3.0, -3.0, 0.0][t as usize % 7]
            })
            .collect();
        let parts = decompose(&y, &[7], Cancel::NEVER).unwrap();
        for (t, (c, v)) in parts.iter().zip(&y).enumerate() {
            assert!((c.trend + c.seasonal + c.remainder - v).abs() < 1e-9);
            // Loess is less sure at the ends.
            assert!(
                c.remainder.abs() < if (14..266).contains(&t) { 0.5 } else { 1.5 },
                "{t} {c:?}"
            );
        }
    }

    #[test]
    fn gaps_are_bridged_and_missing_values_stay_missing() {
        let v = interpolated(&[f64::NAN, 2.0, f64::NAN, f64::NAN, 8.0, f64::NAN]).unwrap();
        assert_eq!(v, [2.0, 2.0, 4.0, 6.0, 8.0, 8.0]);
        let parts = decompose(&[1.0, f64::NAN, 3.0], &[7], Cancel::NEVER).unwrap();
        assert!(parts[1].remainder.is_nan() && parts[1].trend.is_finite());
        assert!(
            decompose(&[f64::NAN; 3], &[], Cancel::NEVER).unwrap()[0]
                .trend
                .is_nan()
        );
        assert!(decompose(&[], &[7], Cancel::NEVER).unwrap().is_empty());
    }

    #[test]
    fn long_series_are_answered() {
        let y: Vec<f64> = (0..100_000).map(|t| f64::from(t % 7)).collect();
        let parts = decompose(&y, &[7], Cancel::NEVER).unwrap();
        assert!(parts[50_000].remainder.abs() < 1e-9);
    }
}
