//! Natural process limits: what the process does when nothing changes.

use crate::draw::median;
use crate::{Error, Result};

/// E₂ of the individuals chart: 3 / d₂ for two observations.
const E2: f64 = 2.660;
/// D₄ of the moving-range chart.
const D4: f64 = 3.267;
/// A moving range this many times the mean is dropped once: it belongs to a change, not to the noise.
const DROP: f64 = 3.5;
/// Points below which limits are not drawn (Wheeler: useful limits from 5 to 6 values on).
const MIN_POINTS: usize = 6;
/// Points on one side of the centre that signal a shift.
const RUN: usize = 8;

/// The limits of an individuals and moving-range (XmR) chart.
///
/// # Source
///
/// Wheeler, Understanding Variation, 2nd ed., 2000.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NaturalLimits {
    /// X̄, the mean.
    pub centre: f64,
    /// Lower natural process limit, X̄ − 2.660·mR̄.
    pub lower: f64,
    /// Upper natural process limit, X̄ + 2.660·mR̄.
    pub upper: f64,
    /// Upper range limit, 3.267·mR̄.
    pub range: f64,
}

impl NaturalLimits {
    /// The limits of evenly spaced values, oldest first.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`] for fewer than six values, [`Error::NotFinite`].
    pub fn of(values: &[f64]) -> Result<NaturalLimits> {
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite { position: i + 1 });
        }
        if values.len() < MIN_POINTS {
            return Err(Error::TooShort {
                what: "series",
                have: values.len(),
                need: MIN_POINTS,
            });
        }
        let mut moves: Vec<f64> = values
            .iter()
            .zip(values.iter().skip(1))
            .map(|(a, b)| (b - a).abs())
            .collect();
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len().max(1) as f64;
        let first = mean(&moves);
        moves.retain(|m| *m <= DROP * first);
        let spread = mean(&moves);
        let centre = mean(values);
        Ok(NaturalLimits {
            centre,
            lower: centre - E2 * spread,
            upper: centre + E2 * spread,
            range: D4 * spread,
        })
    }

    /// The limits of a period's total on the scale of the data: XmR on seasonally adjusted logs.
    ///
    /// * `history` - totals of past periods of the target's length, oldest first.
    /// * `season` - periods in a year; 1 for no season.
    /// * `ahead` - 1 for the period right after the history.
    ///
    /// The chart is drawn on the latest two years, so that old levels do not widen or drag it. Where it signals, the process
    /// has no one level: the limits then lie around its line (Theil & Sen), gone on with to the period.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`] for fewer than six positive totals, [`Error::NotFinite`].
    pub fn of_total(history: &[f64], season: usize, ahead: usize) -> Result<NaturalLimits> {
        if let Some(i) = history.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite { position: i + 1 });
        }
        let season = season.max(1);
        let factors = season_factors(history, season);
        let factor = |i: usize| factors.get(i % season).copied().unwrap_or(1.0);
        let mut adjusted: Vec<f64> = history
            .iter()
            .enumerate()
            .filter(|(_, y)| **y > 0.0)
            .map(|(i, y)| (y / factor(i)).ln())
            .collect();
        adjusted.drain(
            ..adjusted
                .len()
                .saturating_sub((2 * season).max(MIN_POINTS * 2)),
        );
        let mut logs = NaturalLimits::of(&adjusted)?;
        if logs.signals(&adjusted) {
            let slope = slope(&adjusted);
            let level: Vec<f64> = adjusted
                .iter()
                .enumerate()
                .map(|(i, y)| y - slope * i as f64)
                .collect();
            logs = NaturalLimits::of(&level)?;
            let gone = slope * (adjusted.len() + ahead).saturating_sub(1) as f64;
            for limit in [&mut logs.centre, &mut logs.lower, &mut logs.upper] {
                *limit += gone;
            }
        }
        let then = factor((history.len() + ahead).saturating_sub(1));
        let back = |v: f64| v.exp() * then;
        Ok(NaturalLimits {
            centre: back(logs.centre),
            lower: back(logs.lower),
            upper: back(logs.upper),
            range: logs.range,
        })
    }

    /// Whether `values` give a signal: one outside the limits, or eight in a row on one side.
    pub fn signals(&self, values: &[f64]) -> bool {
        let outside = values.iter().any(|v| *v > self.upper || *v < self.lower);
        let mut run = (0usize, 0.0);
        let mut longest = 0;
        for v in values {
            let side = (v - self.centre).signum();
            run = if *v == self.centre {
                (0, 0.0)
            } else if run.1 == side {
                (run.0 + 1, side)
            } else {
                (1, side)
            };
            longest = longest.max(run.0);
        }
        outside || longest >= RUN
    }

    /// The share of `values` inside the limits: the stability of the process. `None` for none.
    pub fn stability(&self, values: &[f64]) -> Option<f64> {
        let inside = values
            .iter()
            .filter(|v| **v >= self.lower && **v <= self.upper)
            .count();
        (!values.is_empty()).then(|| inside as f64 / values.len() as f64)
    }
}

/// The median of all pairwise slopes, per step.
fn slope(values: &[f64]) -> f64 {
    let slopes: Vec<f64> = values
        .iter()
        .enumerate()
        .flat_map(|(i, a)| {
            let later = values.iter().enumerate().skip(i + 1);
            later.map(move |(j, b)| (b - a) / (j - i) as f64)
        })
        .collect();
    median(&slopes).unwrap_or(0.0)
}

/// Multiplicative season factors, their geometric mean 1; all 1 with less than two years of data.
///
/// Factor `i` belongs to the observations `i, i + season, …`. It is the median over the years of ln y less
/// the mean of the year around it.
pub fn season_factors(history: &[f64], season: usize) -> Vec<f64> {
    let season = season.max(1);
    let mut factors = vec![1.0; season];
    if season == 1 || history.len() < 2 * season {
        return factors;
    }
    let logs: Vec<Option<f64>> = history
        .iter()
        .map(|y| (*y > 0.0 && y.is_finite()).then(|| y.ln()))
        .collect();
    let mut effects = Vec::with_capacity(season);
    for phase in 0..season {
        let away: Vec<f64> = (phase..logs.len())
            .step_by(season)
            .filter_map(|i| Some(logs.get(i).copied().flatten()? - level(&logs, i, season)?))
            .collect();
        effects.push(median(&away).unwrap_or(0.0));
    }
    let mean = effects.iter().sum::<f64>() / season as f64;
    for (factor, effect) in factors.iter_mut().zip(effects) {
        *factor = (effect - mean).exp();
    }
    factors
}

/// The mean of a year around `i`: centred inside, the first or last full year at the edges.
fn level(logs: &[Option<f64>], i: usize, season: usize) -> Option<f64> {
    let half = season / 2;
    let last_start = logs.len().checked_sub(season)?;
    let window = |start: usize| -> Option<f64> {
        let mut sum = 0.0;
        let mut n = 0.0;
        for value in logs.get(start..start + season)?.iter().flatten() {
            sum += value;
            n += 1.0;
        }
        (n > 0.0).then(|| sum / n)
    };
    let from = i.saturating_sub(half).min(last_start);
    if season.is_multiple_of(2) && i >= half && from < last_start {
        // An even year is centred between two windows.
        return Some((window(from)? + window(from + 1)?) / 2.0);
    }
    window(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_by_hand() {
        let l = NaturalLimits::of(&[10.0, 12.0, 11.0, 13.0, 12.0, 14.0]).unwrap();
        // Moving ranges 2 1 2 1 2: mean 1.6.
        assert!((l.centre - 12.0).abs() < 1e-12);
        assert!((l.upper - (12.0 + 2.66 * 1.6)).abs() < 1e-12);
        assert!((l.range - 3.267 * 1.6).abs() < 1e-12);
        assert!(!l.signals(&[10.0, 12.0, 14.0]));
        assert!(l.signals(&[20.0]));
        assert!(l.signals(&[12.5; 8]) && !l.signals(&[12.5; 7]));
        assert_eq!(l.stability(&[12.0, 20.0]), Some(0.5));
        assert!(NaturalLimits::of(&[1.0; 5]).is_err());
        assert!(NaturalLimits::of(&[f64::NAN; 9]).is_err());
    }

    #[test]
    fn one_jump_does_not_widen_the_limits() {
        let mut values = vec![10.0, 11.0, 10.0, 11.0, 10.0, 11.0];
        values.extend([30.0, 31.0, 30.0, 31.0]);
        let l = NaturalLimits::of(&values).unwrap();
        assert!((l.range - D4).abs() < 1e-12, "{l:?}");
    }

    /// What grows steadily reaches more than it ever did by going on as it does; what swings around a level does not.
    #[test]
    fn limits_go_with_a_process_that_grows() {
        let swing = |i: i32| 1.0 + 0.01 * f64::from(i % 2);
        let grows: Vec<f64> = (0..10)
            .map(|i| 100.0 * 1.05_f64.powi(i) * swing(i))
            .collect();
        for ahead in [1, 2] {
            let l = NaturalLimits::of_total(&grows, 1, ahead as usize).unwrap();
            let next = 100.0 * 1.05_f64.powi(9 + ahead) * swing(9 + ahead);
            assert!(l.lower < next && next < l.upper, "{l:?}");
            assert!(l.upper < 1.06 * next, "{l:?}");
        }
        let level: Vec<f64> = (0..10).map(|i| 100.0 * swing(i)).collect();
        let l = NaturalLimits::of_total(&level, 1, 3).unwrap();
        assert!((l.centre - 100.5).abs() < 0.01, "{l:?}");
    }

    #[test]
    fn season_is_taken_out_and_put_back() {
        let season = [0.5, 1.0, 2.0, 1.0];
        let history: Vec<f64> = (0..20).map(|i| 100.0 * season[i % 4]).collect();
        let factors = season_factors(&history, 4);
        for (got, want) in factors.iter().zip(season) {
            assert!((got - want).abs() < 1e-9, "{factors:?}");
        }
        let l = NaturalLimits::of_total(&history, 4, 3).unwrap();
        assert!((l.upper - 200.0).abs() < 1e-6, "{l:?}");
    }
}
