//! Seasons by STL, the rest by exponential smoothing.

use super::sarima::stl;
use super::{Fitted, ets};
use crate::{Cancel, Result};

/// Forecasts `y` as its seasonally adjusted values, by [`ets::auto`] without a season, plus the last
/// cycle of its season from an STL decomposition (seasonal window 11).
///
/// * `y` - finite observations, oldest first; without two full seasons of `m` nothing is taken out.
///
/// The standard deviations are those of the smoothing: the season counts as known.
///
/// # Errors
///
/// As [`ets::auto`].
///
/// # Source
///
/// Cleveland et al. (1990), Journal of Official Statistics 6(1); Bandara, Hyndman & Bergmeir (2022),
/// MSTL, International Journal of Operational Research; R `stlf`.
pub fn mstl(y: &[f64], m: usize, horizon: usize, cancel: Cancel<'_>) -> Result<Fitted> {
    let Some(parts) = stl::decompose(y, m) else {
        return Ok(ets::auto(y, 1, horizon, cancel)?.0);
    };
    let level: Vec<f64> = y.iter().zip(&parts.season).map(|(v, s)| v - s).collect();
    let (mut fitted, _) = ets::auto(&level, 1, horizon, cancel)?;
    for (value, season) in fitted.fitted.iter_mut().zip(&parts.season) {
        *value += season;
    }
    let cycle = &parts.season[y.len() - m..];
    for (step, season) in fitted.steps.iter_mut().zip(cycle.iter().cycle()) {
        step.mean += season;
    }
    fitted.name = format!("MSTL + {}", fitted.name);
    Ok(fitted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_cycle_goes_on() {
        let y: Vec<f64> = (0..84)
            .map(|t| 50.0 + [5.0, 0.0, -5.0, 0.0, 9.0, -9.0, 0.0][t % 7])
            .collect();
        let fitted = mstl(&y, 7, 7, Cancel::NEVER).unwrap();
        assert!(fitted.name.starts_with("MSTL"));
        for (h, step) in fitted.steps.iter().enumerate() {
            assert!((step.mean - y[h]).abs() < 0.5, "{h} {step:?}");
        }
    }
}
