//! The Theta method: a straight line and an exponentially smoothed curve, averaged.

use super::optimize::{Effort, nelder_mead};
use super::season::{Form, Pattern, classical, is_seasonal};
use super::{Fitted, Step};
use crate::{Cancel, Result};

/// Bounds of Fiorucci et al. (2016) for the smoothing parameter.
const ALPHA: (f64, f64) = (0.1, 0.99);
/// Theta from the straight line with smoothing (1: no drift at all) up to ten, beyond which the
/// weight `1 - 1/theta` of the line hardly moves.
const THETA: (f64, f64) = (1.0, 10.0);
/// Observations that the dynamic form leaves out of its sum of squares.
const WARM_UP: usize = 3;
const EFFORT: Effort = Effort {
    evaluations: 250,
    tolerance: 1e-7,
};

/// Which Theta method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Simple exponential smoothing with half the slope of the least-squares line as drift:
    /// R's `thetaf`, Hyndman & Billah (2003).
    Standard,
    /// The dynamic optimised Theta model: theta is estimated and the line follows the data.
    DynamicOptimised,
}

/// Parameters of a fit, to start the next one from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// Smoothing of the level.
    pub alpha: f64,
    /// Curvature of the theta line.
    pub theta: f64,
}

/// Fits a Theta model to `y` and forecasts `horizon` steps, seasons of `m` buckets taken out first
/// where the data show them (`m < 2`: none are looked for).
///
/// * `y` - finite observations, oldest first; fewer than 3 are answered by their mean.
/// * `start` - parameters of an earlier fit to start from.
///
/// The standard deviation at step `h` is `σ·sqrt(1 + (h-1)α²)`, that of the smoothing.
///
/// # Errors
///
/// [`crate::Error::Cancelled`].
///
/// # Source
///
/// Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler (2016), Models for optimising the theta
/// method and their relationship to state space models, International Journal of Forecasting
/// 32(4); Assimakopoulos & Nikolopoulos (2000).
pub fn theta(
    y: &[f64],
    m: usize,
    horizon: usize,
    variant: Variant,
    start: Option<Parameters>,
    cancel: Cancel<'_>,
) -> Result<(Fitted, Parameters)> {
    let pattern = if is_seasonal(y, m) {
        classical(y, m, Form::Multiplicative)
    } else {
        Pattern {
            form: Form::Additive,
            index: Vec::new(),
        }
    };
    let adjusted: Vec<f64> = y
        .iter()
        .enumerate()
        .map(|(t, v)| pattern.remove(t, *v))
        .collect();
    let (mut fitted, parameters) = match variant {
        Variant::Standard => standard(&adjusted, horizon, cancel)?,
        Variant::DynamicOptimised => dynamic(&adjusted, horizon, start, cancel)?,
    };
    for (t, value) in fitted.fitted.iter_mut().enumerate() {
        *value = pattern.restore(t, *value);
    }
    for (h, step) in fitted.steps.iter_mut().enumerate() {
        step.mean = pattern.restore(y.len() + h, step.mean);
        step.sd = pattern.restore_sd(y.len() + h, step.sd);
    }
    Ok((fitted, parameters))
}

fn standard(y: &[f64], horizon: usize, cancel: Cancel<'_>) -> Result<(Fitted, Parameters)> {
    let n = y.len();
    let (level0, scale) = start_level(y);
    let sum_of_squares = |alpha: f64, level0: f64| {
        let mut level = level0;
        let mut sum = 0.0;
        for value in y {
            let error = value - level;
            sum += error * error;
            level += alpha * error;
        }
        sum
    };
    let (best, sum) = nelder_mead(
        &[0.5, level0],
        &[0.2, 0.5 * scale],
        &[
            (1e-4, 0.9999),
            (level0 - 10.0 * scale, level0 + 10.0 * scale),
        ],
        EFFORT,
        cancel,
        |p| sum_of_squares(p[0], p[1]),
    )?;
    let (alpha, mut level) = (best[0], best[1]);
    let mut fitted = Vec::with_capacity(n);
    for value in y {
        fitted.push(level);
        level += alpha * (value - level);
    }
    let drift = slope(y) / 2.0;
    let variance = if n > 2 { sum / (n - 2) as f64 } else { 0.0 };
    let steps = (0..horizon)
        .map(|h| Step {
            mean: level + drift * (h as f64 + (1.0 - (1.0 - alpha).powi(n as i32)) / alpha),
            sd: (variance * (1.0 + h as f64 * alpha * alpha)).sqrt(),
        })
        .collect();
    Ok((
        Fitted {
            name: "Theta".to_owned(),
            fitted,
            steps,
        },
        Parameters { alpha, theta: 2.0 },
    ))
}

fn dynamic(
    y: &[f64],
    horizon: usize,
    start: Option<Parameters>,
    cancel: Cancel<'_>,
) -> Result<(Fitted, Parameters)> {
    let n = y.len();
    let (level0, scale) = start_level(y);
    let start = start.unwrap_or(Parameters {
        alpha: 0.5,
        theta: 2.0,
    });
    let lines = Lines::of(y);
    let (best, sum) = nelder_mead(
        &[start.alpha, start.theta, level0],
        &[0.2, 1.0, 0.5 * scale],
        &[ALPHA, THETA, (level0 - 10.0 * scale, level0 + 10.0 * scale)],
        EFFORT,
        cancel,
        |p| lines.sum_of_squares(y, p[0], p[1], p[2]),
    )?;
    let (alpha, theta, level0) = (best[0], best[1], best[2]);
    let mut state = State::new(level0);
    let mut fitted = Vec::with_capacity(n);
    for value in y {
        fitted.push(state.next(alpha, theta));
        state.observe(*value, alpha);
    }
    let freedom = n.saturating_sub(WARM_UP + 1).max(1);
    let variance = sum / freedom as f64;
    let steps = (0..horizon)
        .map(|h| {
            let mean = state.next(alpha, theta);
            // The mean path: each forecast is taken as what came.
            state.observe(mean, alpha);
            Step {
                mean,
                sd: (variance * (1.0 + h as f64 * alpha * alpha)).sqrt(),
            }
        })
        .collect();
    Ok((
        Fitted {
            name: "Theta".to_owned(),
            fitted,
            steps,
        },
        Parameters { alpha, theta },
    ))
}

/// State of the dynamic Theta model after `t` observations.
struct State {
    t: f64,
    level: f64,
    mean: f64,
    a: f64,
    b: f64,
    /// `(1 - alpha)^t`.
    decay: f64,
}

impl State {
    fn new(level: f64) -> Self {
        Self {
            t: 0.0,
            level,
            mean: 0.0,
            a: 0.0,
            b: 0.0,
            decay: 1.0,
        }
    }

    /// Equation 10 of the paper.
    fn next(&self, alpha: f64, theta: f64) -> f64 {
        let after = self.decay * (1.0 - alpha);
        self.level + (1.0 - 1.0 / theta) * (self.decay * self.a + (1.0 - after) / alpha * self.b)
    }

    /// Equations 11 to 14.
    fn observe(&mut self, y: f64, alpha: f64) {
        let t = self.t + 1.0;
        self.level = alpha * y + (1.0 - alpha) * self.level;
        let mean_before = self.mean;
        self.mean = (self.t * self.mean + y) / t;
        self.b = ((t - 2.0) * self.b + 6.0 * (y - mean_before) / t) / (t + 1.0);
        if self.t == 0.0 {
            self.b = 0.0;
        }
        self.a = self.mean - self.b * (t + 1.0) / 2.0;
        self.decay *= 1.0 - alpha;
        self.t = t;
    }
}

/// Intercepts and slopes of the line through the first `t` observations: they depend on the data
/// alone, so the search reuses them.
struct Lines(Vec<(f64, f64)>);

impl Lines {
    fn of(y: &[f64]) -> Self {
        let mut state = State::new(0.0);
        Self(
            y.iter()
                .map(|value| {
                    let line = (state.a, state.b);
                    state.observe(*value, 0.5);
                    line
                })
                .collect(),
        )
    }

    fn sum_of_squares(&self, y: &[f64], alpha: f64, theta: f64, level0: f64) -> f64 {
        let weight = 1.0 - 1.0 / theta;
        let keep = 1.0 - alpha;
        let (mut level, mut decay, mut sum) = (level0, 1.0, 0.0);
        for (t, (value, (a, b))) in y.iter().zip(&self.0).enumerate() {
            let after = decay * keep;
            let mean = level + weight * (decay * a + (1.0 - after) / alpha * b);
            if t >= WARM_UP {
                sum += (value - mean) * (value - mean);
            }
            level = alpha * value + keep * level;
            decay = after;
        }
        sum
    }
}

/// First guess of the level and the size of its uncertainty.
fn start_level(y: &[f64]) -> (f64, f64) {
    let head = &y[..y.len().min(10)];
    let mean = head.iter().sum::<f64>() / head.len().max(1) as f64;
    let spread = super::season::variance(y).sqrt();
    let scale = if spread > 0.0 {
        spread
    } else {
        mean.abs().max(1e-12)
    };
    (y.first().copied().unwrap_or(0.0), scale)
}

/// Slope of the least-squares line through `y`.
fn slope(y: &[f64]) -> f64 {
    let n = y.len() as f64;
    if n < 2.0 {
        return 0.0;
    }
    let middle = (n - 1.0) / 2.0;
    let mean = y.iter().sum::<f64>() / n;
    let top: f64 = y
        .iter()
        .enumerate()
        .map(|(t, v)| (t as f64 - middle) * (v - mean))
        .sum();
    top / (n * (n * n - 1.0) / 12.0)
}
