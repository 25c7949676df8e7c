//! Exponential smoothing as state-space models, chosen by AICc.

use super::optimize::{Effort, nelder_mead};
use super::season::{Form, classical, is_seasonal};
use super::{Fitted, Step};
use crate::{Cancel, Error, Result};

/// Bounds of the smoothing parameters and the damping, as in R's `ets`.
const SMOOTHING: (f64, f64) = (1e-4, 0.9999);
const DAMPING: (f64, f64) = (0.8, 0.98);
/// Longest season that gets seasonal states; longer ones are taken out beforehand.
const LONGEST_SEASON: usize = 24;
/// Series longer than this try the additive error only: with so many observations it makes no
/// difference to the forecast and halves the time.
const LONG: usize = 300;
const EFFORT: Effort = Effort {
    evaluations: 400,
    tolerance: 1e-8,
};
/// From a good start much less is needed.
const WARM_EFFORT: Effort = Effort {
    evaluations: 120,
    tolerance: 1e-6,
};

/// The form of the trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// A level only.
    None,
    /// A straight line.
    Additive,
    /// A line that flattens out.
    Damped,
}

/// An exponential smoothing model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// How errors act.
    pub error: Form,
    /// The trend.
    pub trend: Trend,
    /// The season; `None` for none.
    pub season: Option<Form>,
}

impl Spec {
    /// The usual name, as in `ETS(M,Ad,M)`.
    pub fn name(self) -> String {
        let letter = |form| match form {
            Form::Additive => "A",
            Form::Multiplicative => "M",
        };
        let trend = match self.trend {
            Trend::None => "N",
            Trend::Additive => "A",
            Trend::Damped => "Ad",
        };
        format!(
            "ETS({},{trend},{})",
            letter(self.error),
            self.season.map_or("N", letter)
        )
    }
}

/// A fitted model: what it is and where a later fit can start.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The form.
    pub spec: Spec,
    /// Akaike's criterion with small-sample correction.
    pub aicc: f64,
    parameters: Vec<f64>,
}

/// Fits the exponential smoothing model of least AICc to `y` and forecasts `horizon` steps.
///
/// * `y` - finite observations, oldest first, at least 4.
/// * `m` - season in buckets, up to 24; looked for only where the data show it.
///
/// Tried are additive and multiplicative errors (the latter for positive data), no, additive and
/// damped trends, and seasons of both forms; multiplicative seasons only with multiplicative
/// errors. Level and slope at the start are estimated with the smoothing parameters; the
/// seasonal pattern at the start is that of a classical decomposition, which R's `ets` uses as the
/// starting point of its search.
///
/// # Errors
///
/// [`Error::TooShort`] for fewer than 4 observations, [`Error::Cancelled`].
///
/// # Source
///
/// Hyndman, Koehler, Ord & Snyder (2008), Forecasting with Exponential Smoothing, chapters 2,
/// 5 and 6.
pub fn auto(y: &[f64], m: usize, horizon: usize, cancel: Cancel<'_>) -> Result<(Fitted, Model)> {
    let model = candidates(y, m, cancel)?
        .into_iter()
        .min_by(|a, b| a.aicc.total_cmp(&b.aicc))
        .unwrap_or_else(|| level_alone(y));
    let fitted = Work::new(y, m, model.spec.season).forecast(&model, horizon);
    Ok((fitted, model))
}

/// The mean of all forms that [`auto`] tries, weighted by `exp(-AICc / 2)`, and the models that
/// carry a weight worth keeping.
///
/// On short series several forms fit about as well and no criterion can tell them apart; their
/// mean errs less than any choice.
///
/// # Errors
///
/// As [`auto`].
///
/// # Source
///
/// Kolassa (2011), Combining exponential smoothing forecasts using Akaike weights, International
/// Journal of Forecasting 27(2).
pub fn averaged(
    y: &[f64],
    m: usize,
    horizon: usize,
    cancel: Cancel<'_>,
) -> Result<(Fitted, Vec<Model>)> {
    let models = candidates(y, m, cancel)?;
    Ok(average(y, m, models, horizon))
}

/// As [`averaged`], of the forms of `models` alone, starting from their parameters.
///
/// # Errors
///
/// As [`auto`].
pub fn averaged_again(
    y: &[f64],
    m: usize,
    models: &[Model],
    horizon: usize,
    cancel: Cancel<'_>,
) -> Result<Fitted> {
    check_length(y)?;
    let mut again = Vec::with_capacity(models.len());
    for model in models {
        let work = Work::new(y, m, model.spec.season);
        again.extend(work.fit(model.spec, Some(&model.parameters), cancel)?);
    }
    Ok(average(y, m, again, horizon).0)
}

/// Weights below this share of the largest are not worth a forecast.
const WORTHWHILE: f64 = 0.05;

fn average(y: &[f64], m: usize, mut models: Vec<Model>, horizon: usize) -> (Fitted, Vec<Model>) {
    models.sort_by(|a, b| a.aicc.total_cmp(&b.aicc));
    if models.is_empty() {
        models.push(level_alone(y));
    }
    let least = models[0].aicc;
    let weight = |model: &Model| (0.5 * (least - model.aicc)).exp();
    models.retain(|model| model.aicc == least || weight(model) > WORTHWHILE);
    let mut sum = Fitted {
        name: models[0].spec.name(),
        fitted: vec![0.0; y.len()],
        steps: vec![Step { mean: 0.0, sd: 0.0 }; horizon],
    };
    if models.len() > 1 {
        sum.name = format!("{} and {} more", sum.name, models.len() - 1);
    }
    let mut work: Option<(Option<Form>, Work<'_>)> = None;
    let mut weights = 0.0;
    for model in &models {
        let season = model.spec.season;
        if work.as_ref().is_none_or(|(of, _)| *of != season) {
            work = Some((season, Work::new(y, m, season)));
        }
        let Some((_, work)) = &work else { continue };
        let one = work.forecast(model, horizon);
        if !one
            .steps
            .iter()
            .all(|s| s.mean.is_finite() && s.sd.is_finite())
        {
            continue;
        }
        let w = if model.aicc == least {
            1.0
        } else {
            weight(model)
        };
        weights += w;
        for (total, value) in sum.fitted.iter_mut().zip(&one.fitted) {
            *total += w * value;
        }
        for (total, step) in sum.steps.iter_mut().zip(&one.steps) {
            total.mean += w * step.mean;
            total.sd += w * step.sd;
        }
    }
    // Where no form has a finite forecast the sums are NaN, which the caller refuses.
    for value in &mut sum.fitted {
        *value /= weights;
    }
    for step in &mut sum.steps {
        step.mean /= weights;
        step.sd /= weights;
    }
    (sum, models)
}

/// All forms tried, each with its best parameters.
fn candidates(y: &[f64], m: usize, cancel: Cancel<'_>) -> Result<Vec<Model>> {
    check_length(y)?;
    let positive = y.iter().all(|v| *v > 0.0);
    let seasonal = m <= LONGEST_SEASON && is_seasonal(y, m);
    let errors: &[Form] = if positive && y.len() <= LONG {
        &[Form::Additive, Form::Multiplicative]
    } else {
        &[Form::Additive]
    };
    let seasons: &[Option<Form>] = match (seasonal, positive) {
        (false, _) => &[None],
        (true, false) => &[None, Some(Form::Additive)],
        (true, true) => &[None, Some(Form::Additive), Some(Form::Multiplicative)],
    };
    let mut models = Vec::new();
    for season in seasons {
        let work = Work::new(y, m, *season);
        for error in errors {
            // Multiplicative seasons with additive errors have infinite variance in the limit.
            if *season == Some(Form::Multiplicative) && *error == Form::Additive && y.len() <= LONG
            {
                continue;
            }
            for trend in [Trend::None, Trend::Additive, Trend::Damped] {
                let spec = Spec {
                    error: *error,
                    trend,
                    season: *season,
                };
                models.extend(work.fit(spec, None, cancel)?);
            }
        }
    }
    Ok(models)
}

/// For too few observations for AICc.
fn level_alone(y: &[f64]) -> Model {
    Model {
        spec: Spec {
            error: Form::Additive,
            trend: Trend::None,
            season: None,
        },
        aicc: f64::INFINITY,
        parameters: vec![0.5, y.first().copied().unwrap_or(0.0)],
    }
}

/// Fits the form of `model` to other data `y`, starting from its parameters.
///
/// # Errors
///
/// As [`auto`].
pub fn refit(
    y: &[f64],
    m: usize,
    model: &Model,
    horizon: usize,
    cancel: Cancel<'_>,
) -> Result<Fitted> {
    check_length(y)?;
    let work = Work::new(y, m, model.spec.season);
    let start = Some(model.parameters.as_slice());
    Ok(match work.fit(model.spec, start, cancel)? {
        Some(model) => work.forecast(&model, horizon),
        None => work.forecast(model, horizon),
    })
}

fn check_length(y: &[f64]) -> Result<()> {
    if y.len() < 4 {
        return Err(Error::TooShort {
            what: "series",
            have: y.len(),
            need: 4,
        });
    }
    Ok(())
}

/// The data with the starting values that do not depend on the model's parameters.
struct Work<'a> {
    y: &'a [f64],
    /// Seasonal states at the start; empty for no season.
    season: Vec<f64>,
    form: Form,
    level: f64,
    slope: f64,
    scale: f64,
}

impl<'a> Work<'a> {
    fn new(y: &'a [f64], m: usize, season: Option<Form>) -> Self {
        let pattern = season
            .filter(|_| m >= 2 && y.len() > 2 * m)
            .map(|form| classical(y, m, form));
        let adjusted: Vec<f64> = match &pattern {
            Some(pattern) => y
                .iter()
                .enumerate()
                .map(|(t, v)| pattern.remove(t, *v))
                .collect(),
            None => y.to_vec(),
        };
        // Line through the first observations, as R's `initstate`.
        let head = &adjusted[..adjusted.len().min(m.max(10))];
        let n = head.len() as f64;
        let middle = (n - 1.0) / 2.0;
        let mean = head.iter().sum::<f64>() / n.max(1.0);
        let slope = if head.len() < 2 {
            0.0
        } else {
            head.iter()
                .enumerate()
                .map(|(t, v)| (t as f64 - middle) * (v - mean))
                .sum::<f64>()
                / (n * (n * n - 1.0) / 12.0)
        };
        let spread = super::season::variance(&adjusted).sqrt();
        Self {
            y,
            form: pattern.as_ref().map_or(Form::Additive, |p| p.form),
            season: pattern.map(|p| p.index).unwrap_or_default(),
            level: mean - slope * (middle + 1.0),
            slope,
            scale: if spread > 0.0 {
                spread
            } else {
                mean.abs().max(1e-12)
            },
        }
    }

    /// Best parameters for `spec`; `None` where the series is too short for its AICc or the
    /// likelihood is not finite.
    fn fit(&self, spec: Spec, start: Option<&[f64]>, cancel: Cancel<'_>) -> Result<Option<Model>> {
        let n = self.y.len() as f64;
        if spec.season == Some(Form::Multiplicative) && self.form == Form::Additive {
            return Ok(None);
        }
        let seasonal = !self.season.is_empty();
        let trended = spec.trend != Trend::None;
        let damped = spec.trend == Trend::Damped;
        // Smoothing parameters, starting states and the variance.
        let k = 3.0
            + if trended { 2.0 } else { 0.0 }
            + if damped { 1.0 } else { 0.0 }
            + if seasonal {
                self.season.len() as f64
            } else {
                0.0
            };
        if n - k - 1.0 <= 0.0 {
            return Ok(None);
        }
        let layout = Layout {
            trended,
            damped,
            seasonal,
        };
        let (lo, hi) = (self.level - 5.0 * self.scale, self.level + 5.0 * self.scale);
        let mut begin = vec![if seasonal { 0.2 } else { 0.4 }];
        let mut step = vec![0.2];
        let mut bounds = vec![SMOOTHING];
        if trended {
            begin.push(0.1);
            step.push(0.15);
            // As a share of alpha, so that beta < alpha.
            bounds.push((1e-4, 0.9999));
        }
        if seasonal {
            begin.push(0.05);
            step.push(0.1);
            // As a share of 1 - alpha.
            bounds.push((1e-4, 0.9999));
        }
        if damped {
            begin.push(0.95);
            step.push(-0.05);
            bounds.push(DAMPING);
        }
        begin.push(if trended {
            self.level
        } else {
            self.level + self.slope
        });
        step.push(0.3 * self.scale);
        bounds.push((lo, hi));
        if trended {
            begin.push(self.slope);
            step.push(0.1 * self.scale);
            bounds.push((-self.scale, self.scale));
        }
        let mut effort = EFFORT;
        if let Some(start) = start.filter(|s| s.len() == begin.len()) {
            begin.copy_from_slice(start);
            for value in &mut step {
                *value *= 0.5;
            }
            effort = WARM_EFFORT;
        }
        let mut season = self.season.clone();
        let (parameters, value) = nelder_mead(&begin, &step, &bounds, effort, cancel, |p| {
            season.copy_from_slice(&self.season);
            self.likelihood(spec, layout.read(p), &mut season)
        })?;
        if value >= f64::MAX {
            return Ok(None);
        }
        Ok(Some(Model {
            spec,
            aicc: value + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0),
            parameters,
        }))
    }

    /// Minus twice the log-likelihood, constants left out; not finite where a multiplicative
    /// model meets a level at or below zero.
    fn likelihood(&self, spec: Spec, p: Smoothing, season: &mut [f64]) -> f64 {
        let n = self.y.len() as f64;
        let mut state = State {
            level: p.level,
            slope: p.slope,
        };
        let (mut sum, mut logs) = (0.0, 0.0);
        let multiplicative = spec.error == Form::Multiplicative;
        let m = season.len();
        let mut place = 0;
        let mut product = 1.0_f64;
        for value in self.y {
            let s = if m > 0 { season[place] } else { 0.0 };
            let (mean, error, next) = state.advance(self.form, m > 0, p, s, *value);
            if multiplicative {
                if mean <= 0.0 {
                    return f64::INFINITY;
                }
                let relative = error / mean;
                sum += relative * relative;
                // One logarithm for many means.
                product *= mean / self.scale;
                if !(1e-100..1e100).contains(&product) {
                    logs += product.ln();
                    product = 1.0;
                }
            } else {
                sum += error * error;
            }
            if m > 0 {
                season[place] = next;
                place += 1;
                if place == m {
                    place = 0;
                }
            }
        }
        if multiplicative {
            logs += product.ln() + n * self.scale.ln();
        }
        n * (sum / n).max(1e-300).ln() + 2.0 * logs
    }

    fn forecast(&self, model: &Model, horizon: usize) -> Fitted {
        let spec = model.spec;
        let layout = Layout {
            trended: spec.trend != Trend::None,
            damped: spec.trend == Trend::Damped,
            seasonal: !self.season.is_empty(),
        };
        let p = layout.read(&model.parameters);
        let mut season = self.season.clone();
        let m = season.len();
        let mut state = State {
            level: p.level,
            slope: p.slope,
        };
        let mut fitted = Vec::with_capacity(self.y.len());
        let mut sum = 0.0;
        let multiplicative = spec.error == Form::Multiplicative;
        for (t, value) in self.y.iter().enumerate() {
            let place = if m > 0 { t % m } else { 0 };
            let s = season.get(place).copied().unwrap_or(0.0);
            let (mean, error, next) = state.advance(self.form, m > 0, p, s, *value);
            fitted.push(mean);
            let error = if multiplicative && mean != 0.0 {
                error / mean
            } else {
                error
            };
            sum += error * error;
            if let Some(slot) = season.get_mut(place) {
                *slot = next;
            }
        }
        let n = self.y.len();
        let freedom = n.saturating_sub(model.parameters.len()).max(1);
        let variance = sum / freedom as f64;
        let mut steps = Vec::with_capacity(horizon);
        let mut phi_sum = 0.0;
        // Class 1: 1 + the sum of squared weights. Class 2: theta of the book's 6.4.
        let mut weights: Vec<f64> = Vec::with_capacity(horizon);
        let mut second_moments: Vec<f64> = Vec::with_capacity(horizon);
        let mut phi_power = 1.0;
        for h in 1..=horizon {
            phi_power *= p.phi;
            phi_sum += phi_power;
            let level = state.level + phi_sum * state.slope;
            let place = if m > 0 { (n + h - 1) % m } else { 0 };
            let s = season.get(place).copied();
            let scaled = s.filter(|_| self.form == Form::Multiplicative);
            let shift = s.filter(|_| self.form == Form::Additive).unwrap_or(0.0);
            let mean = level * scaled.unwrap_or(1.0) + shift;
            let sd = if multiplicative {
                let base = level + shift;
                let sum: f64 = weights
                    .iter()
                    .rev()
                    .zip(&second_moments)
                    .map(|(c, theta)| c * c * theta)
                    .sum();
                let moment = base * base + variance * sum;
                second_moments.push(moment);
                ((1.0 + variance) * moment - base * base).max(0.0).sqrt() * scaled.unwrap_or(1.0)
            } else {
                let sum: f64 = weights.iter().map(|c| c * c).sum();
                (variance * (1.0 + sum)).sqrt()
            };
            steps.push(Step { mean, sd });
            let gamma = if m > 0 && h % m == 0 { p.gamma } else { 0.0 };
            weights.push(p.alpha + p.beta * phi_sum + gamma);
        }
        Fitted {
            name: spec.name(),
            fitted,
            steps,
        }
    }
}

/// Where each parameter stands in the search vector.
#[derive(Clone, Copy)]
struct Layout {
    trended: bool,
    damped: bool,
    seasonal: bool,
}

#[derive(Clone, Copy)]
struct Smoothing {
    alpha: f64,
    beta: f64,
    gamma: f64,
    phi: f64,
    level: f64,
    slope: f64,
}

impl Layout {
    fn read(self, p: &[f64]) -> Smoothing {
        let mut values = p.iter().copied();
        let mut take = |present: bool, default: f64| {
            if present {
                values.next().unwrap_or(default)
            } else {
                default
            }
        };
        let alpha = take(true, 0.5);
        let beta = alpha * take(self.trended, 0.0);
        let gamma = (1.0 - alpha) * take(self.seasonal, 0.0);
        let phi = take(self.damped, 1.0);
        let level = take(true, 0.0);
        let slope = take(self.trended, 0.0);
        Smoothing {
            alpha,
            beta,
            gamma,
            phi,
            level,
            slope,
        }
    }
}

#[derive(Clone, Copy)]
struct State {
    level: f64,
    slope: f64,
}

impl State {
    /// One step: returns the forecast, its error and the season's next state. Errors enter all
    /// states in the form of the additive model; for multiplicative errors that is the same
    /// recursion, as `error = forecast × relative error`.
    #[inline]
    fn advance(
        &mut self,
        form: Form,
        seasonal: bool,
        p: Smoothing,
        s: f64,
        y: f64,
    ) -> (f64, f64, f64) {
        let slope = p.phi * self.slope;
        let base = self.level + slope;
        if !seasonal {
            let error = y - base;
            self.level = base + p.alpha * error;
            self.slope = slope + p.beta * error;
            return (base, error, 0.0);
        }
        match form {
            Form::Additive => {
                let mean = base + s;
                let error = y - mean;
                self.level = base + p.alpha * error;
                self.slope = slope + p.beta * error;
                (mean, error, s + p.gamma * error)
            }
            Form::Multiplicative => {
                let mean = base * s;
                let error = y - mean;
                self.level = base + p.alpha * error / s;
                self.slope = slope + p.beta * error / s;
                let next = if base != 0.0 {
                    s + p.gamma * error / base
                } else {
                    s
                };
                (mean, error, next)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_continued() {
        let y: Vec<f64> = (0..30).map(|t| 10.0 + 2.0 * t as f64).collect();
        let (fitted, model) = auto(&y, 1, 5, Cancel::NEVER).unwrap();
        assert_ne!(model.spec.trend, Trend::None);
        for (h, step) in fitted.steps.iter().enumerate() {
            let want = 10.0 + 2.0 * (30 + h) as f64;
            assert!(
                (step.mean - want).abs() < 1.0,
                "{h} {step:?} {}",
                fitted.name
            );
        }
    }

    #[test]
    fn a_season_is_kept() {
        let y: Vec<f64> = (0..60)
            .map(|t| 100.0 * [0.7, 1.0, 1.5, 0.8][t % 4] + (t * 7919 % 13) as f64)
            .collect();
        let (fitted, model) = auto(&y, 4, 4, Cancel::NEVER).unwrap();
        assert!(model.spec.season.is_some());
        assert!(fitted.steps[2].mean > 1.5 * fitted.steps[0].mean);
        assert!(fitted.steps.iter().all(|s| s.sd.is_finite() && s.sd > 0.0));
    }

    #[test]
    fn the_average_lies_among_the_forms_and_starts_again_from_them() {
        let y: Vec<f64> = (0..24)
            .map(|t| 100.0 + t as f64 + (t * 7919 % 13) as f64)
            .collect();
        let all: Vec<Fitted> = candidates(&y, 1, Cancel::NEVER)
            .unwrap()
            .iter()
            .map(|model| Work::new(&y, 1, None).forecast(model, 4))
            .collect();
        let (average, models) = averaged(&y, 1, 4, Cancel::NEVER).unwrap();
        assert!(models.len() > 1 && models.len() <= all.len());
        for (h, step) in average.steps.iter().enumerate() {
            let means = || all.iter().map(|f| f.steps[h].mean);
            assert!(means().any(|mean| mean <= step.mean) && means().any(|mean| mean >= step.mean));
        }
        let again = averaged_again(&y, 1, &models, 4, Cancel::NEVER).unwrap();
        for (a, b) in again.steps.iter().zip(&average.steps) {
            assert!((a.mean - b.mean).abs() < 0.5, "{a:?} {b:?}");
        }
    }

    #[test]
    fn too_short_for_any_form_is_a_level() {
        let (fitted, _) = auto(&[5.0, 6.0, 5.0, 6.0], 1, 2, Cancel::NEVER).unwrap();
        assert!((fitted.steps[0].mean - 5.5).abs() < 0.6, "{fitted:?}");
    }
}
