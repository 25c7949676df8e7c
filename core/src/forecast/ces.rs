//! Complex exponential smoothing: a level and an unseen second part turn about each other, which
//! gives flat, trended and bending forecasts without a choice between forms of trend.

use super::optimize::{Effort, nelder_mead};
use super::season::{Form, classical, is_seasonal};
use super::{Fitted, Step};
use crate::{Cancel, Error, Result};

/// Bounds of the real and the imaginary part of the smoothing parameter and of the season's;
/// beyond them forecasts explode. As in statsforecast, but for the last.
const REAL: (f64, f64) = (0.01, 1.8);
const IMAGINARY: (f64, f64) = (0.01, 1.9);
const SEASONAL: (f64, f64) = (0.01, 0.9);

/// Where a search starts: without a trend, the season kept.
const START: [f64; 3] = [1.3, 1.0, 0.1];

/// The unseen part at the start, as a share of the level; going forth and back soon corrects it.
const UNSEEN: f64 = 1.0 / 1.1;

/// Observations whose mean is the level at the start.
const HEAD: usize = 10;

const EFFORT: Effort = Effort {
    evaluations: 200,
    tolerance: 1e-6,
};
/// From a good start much less is needed.
const WARM_EFFORT: Effort = Effort {
    evaluations: 60,
    tolerance: 1e-5,
};

/// How the season enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Season {
    None,
    /// An additive seasonal state beside the complex level.
    Partial,
    /// The complex level of one season before, one for each place in the season.
    Simple,
}

/// A fitted model: what it is and where a later fit can start.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    season: Season,
    aicc: f64,
    parameters: Vec<f64>,
}

/// Fits complex exponential smoothing to `y` and forecasts `horizon` steps; the form of the season is
/// the one of least AICc.
///
/// * `y` - finite observations, oldest first, at least 4.
/// * `m` - season in buckets, looked for only where the data show it.
///
/// # Errors
///
/// [`Error::TooShort`] for fewer than 4 observations, [`Error::Cancelled`].
///
/// # Source
///
/// Svetunkov, Kourentzes & Ord (2022), Complex exponential smoothing, Naval Research Logistics
/// 69(8); states at the start by backcasting.
pub fn auto(y: &[f64], m: usize, horizon: usize, cancel: Cancel<'_>) -> Result<(Fitted, Model)> {
    if y.len() < 4 {
        return Err(Error::TooShort {
            what: "series",
            have: y.len(),
            need: 4,
        });
    }
    let mut model = fit(y, m, Season::None, &START, EFFORT, cancel)?;
    if is_seasonal(y, m) {
        for season in [Season::Partial, Season::Simple] {
            let other = fit(y, m, season, &START, EFFORT, cancel)?;
            if other.aicc < model.aicc {
                model = other;
            }
        }
    }
    Ok((forecast(y, m, &model, horizon), model))
}

/// Fits the form of `model` to other data `y` of at least a season, starting from its parameters.
///
/// # Errors
///
/// [`Error::TooShort`] for less than a season, [`Error::Cancelled`].
pub fn refit(
    y: &[f64],
    m: usize,
    model: &Model,
    horizon: usize,
    cancel: Cancel<'_>,
) -> Result<Fitted> {
    if y.len() < m.max(4) {
        return Err(Error::TooShort {
            what: "series",
            have: y.len(),
            need: m.max(4),
        });
    }
    let start = &model.parameters;
    let model = fit(y, m, model.season, start, WARM_EFFORT, cancel)?;
    Ok(forecast(y, m, &model, horizon))
}

fn fit(
    y: &[f64],
    m: usize,
    season: Season,
    start: &[f64],
    effort: Effort,
    cancel: Cancel<'_>,
) -> Result<Model> {
    let states = match season {
        Season::None => 2,
        Season::Partial => 2 + m,
        Season::Simple => 2 * m,
    };
    let width = if season == Season::Partial { 3 } else { 2 };
    let mut work = Work::new(y, m, season);
    let (parameters, sum) = nelder_mead(
        &start[..width.min(start.len())],
        &[0.2, 0.2, 0.1],
        &[REAL, IMAGINARY, SEASONAL],
        effort,
        cancel,
        |p| work.sum_of_squares(p),
    )?;
    let n = y.len() as f64;
    // Parameters, starting states and the variance.
    let k = (width + states + 1) as f64;
    let aicc = if n - k - 1.0 > 0.0 {
        n * (sum / n).max(1e-300).ln() + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0)
    } else {
        f64::INFINITY
    };
    Ok(Model {
        season,
        aicc,
        parameters,
    })
}

fn forecast(y: &[f64], m: usize, model: &Model, horizon: usize) -> Fitted {
    let n = y.len();
    let p = &model.parameters;
    let mut work = Work::new(y, m, model.season);
    work.backcast(p);
    let fitted: Vec<f64> = y
        .iter()
        .enumerate()
        .map(|(t, v)| work.advance(p, t, Some(*v)))
        .collect();
    let sum: f64 = y.iter().zip(&fitted).map(|(v, f)| (v - f).powi(2)).sum();
    let variance = sum / n.saturating_sub(p.len() + 1).max(1) as f64;
    // The model is linear, so the weight of a past error is the response to a single one of size 1.
    let mut response = Work::new(y, m, model.season);
    response.level.fill((0.0, 0.0));
    response.season.fill(0.0);
    response.advance(p, n - 1, Some(1.0));
    let mut weights = 1.0;
    let steps = (n..n + horizon)
        .map(|t| {
            let step = Step {
                mean: work.advance(p, t, None),
                sd: (variance * weights).sqrt(),
            };
            weights += response.advance(p, t, None).powi(2);
            step
        })
        .collect();
    let name = match model.season {
        Season::None => "CES",
        Season::Partial => "CES(partial)",
        Season::Simple => "CES(simple)",
    };
    Fitted {
        name: name.to_owned(),
        fitted,
        steps,
    }
}

/// The data with the states, now and at the start.
struct Work<'a> {
    y: &'a [f64],
    level: Vec<(f64, f64)>,
    season: Vec<f64>,
    first_level: Vec<(f64, f64)>,
    first_season: Vec<f64>,
}

impl<'a> Work<'a> {
    fn new(y: &'a [f64], m: usize, season: Season) -> Self {
        let complex = |level: f64| (level, level * UNSEEN);
        let mean = |n: usize| {
            let head = &y[..n.clamp(1, y.len())];
            complex(head.iter().sum::<f64>() / head.len() as f64)
        };
        let (level, pattern) = match season {
            Season::None => (vec![mean(HEAD)], Vec::new()),
            Season::Partial => (vec![mean(m)], classical(y, m, Form::Additive).index),
            Season::Simple => (y[..m].iter().copied().map(complex).collect(), Vec::new()),
        };
        Self {
            y,
            first_level: level.clone(),
            first_season: pattern.clone(),
            level,
            season: pattern,
        }
    }

    /// One step at place `t`: returns the forecast; without `y` the forecast is taken as what came.
    #[inline]
    fn advance(&mut self, p: &[f64], t: usize, y: Option<f64>) -> f64 {
        let at = t % self.level.len();
        let (level, unseen) = self.level[at];
        let place = t % self.season.len().max(1);
        let mean = level + self.season.get(place).copied().unwrap_or(0.0);
        let error = y.map_or(0.0, |y| y - mean);
        self.level[at] = (
            level - (1.0 - p[1]) * unseen + (p[0] - p[1]) * error,
            level + (1.0 - p[0]) * unseen + (p[0] + p[1]) * error,
        );
        if let (Some(slot), Some(gamma)) = (self.season.get_mut(place), p.get(2)) {
            *slot += gamma * error;
        }
        mean
    }

    /// States at the start, by going through the data forth and back.
    fn backcast(&mut self, p: &[f64]) {
        self.level.clone_from(&self.first_level);
        self.season.clone_from(&self.first_season);
        for t in (0..self.y.len()).chain((0..self.y.len()).rev()) {
            self.advance(p, t, Some(self.y[t]));
        }
    }

    fn sum_of_squares(&mut self, p: &[f64]) -> f64 {
        self.backcast(p);
        let mut sum = 0.0;
        for (t, value) in self.y.iter().enumerate() {
            let error = value - self.advance(p, t, Some(*value));
            sum += error * error;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(t: usize) -> f64 {
        (t * 7919 % 13) as f64 / 13.0 - 0.5
    }

    #[test]
    fn a_line_goes_on_and_a_level_stays() {
        let line: Vec<f64> = (0..60).map(|t| 100.0 + 3.0 * t as f64 + noise(t)).collect();
        let (fitted, _) = auto(&line, 1, 6, Cancel::NEVER).unwrap();
        for (h, step) in fitted.steps.iter().enumerate() {
            let want = 100.0 + 3.0 * (60 + h) as f64;
            // A line is not a form of its own here: the forecast bends a little.
            assert!((step.mean / want - 1.0).abs() < 0.04, "{h} {step:?}");
        }
        let level: Vec<f64> = (0..60).map(|t| 100.0 + 5.0 * noise(t)).collect();
        let (fitted, _) = auto(&level, 1, 6, Cancel::NEVER).unwrap();
        assert!(fitted.steps.iter().all(|s| (s.mean - 100.0).abs() < 3.0));
    }

    #[test]
    fn a_season_is_kept_and_uncertainty_grows() {
        let y: Vec<f64> = (0..60)
            .map(|t| 100.0 + [-30.0, 0.0, 50.0, -20.0][t % 4] + 5.0 * noise(t))
            .collect();
        let (fitted, model) = auto(&y, 4, 8, Cancel::NEVER).unwrap();
        assert_ne!(model.season, Season::None);
        assert!((fitted.steps[2].mean - 150.0).abs() < 5.0, "{fitted:?}");
        assert!(fitted.steps.windows(2).all(|w| w[0].sd <= w[1].sd));
        let again = refit(&y[..50], 4, &model, 4, Cancel::NEVER).unwrap();
        assert!((again.steps[0].mean - 150.0).abs() < 6.0);
    }

    #[test]
    fn weights_of_past_errors_are_those_of_the_state_space_form() {
        // For a0 = 1.3, a1 = 1: F = [1 0; 1 -0.3], g = (0.3, 2.3), so psi_j = 0.3.
        let y = [1.0; 8];
        let mut work = Work::new(&y, 1, Season::None);
        work.level.fill((0.0, 0.0));
        work.advance(&[1.3, 1.0], 0, Some(1.0));
        assert!((work.advance(&[1.3, 1.0], 1, None) - 0.3).abs() < 1e-12);
        assert!((work.level[0].1 - (0.3 - 0.3 * 2.3)).abs() < 1e-12);
    }
}
