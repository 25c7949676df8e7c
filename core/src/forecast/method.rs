//! One door to all methods: fit, and fit again on an earlier part of the series.

use super::sarima::{self, AutoOptions};
use super::season::{Form, classical, is_seasonal};
use super::theta::{Parameters, Variant};
use super::{Fitted, Model, Step, ets, mstl, simple, theta};
use crate::{Cancel, Result};

/// Series longer than this are smoothed without their season and with fewer forms: the candidates
/// of a long daily series must cost milliseconds.
pub(crate) const LONG: usize = 400;

/// What a fit leaves behind for the fits at earlier origins.
#[derive(Clone, Debug)]
pub(crate) enum Memory {
    /// Nothing worth keeping.
    None,
    /// The form and parameters of exponential smoothing.
    Ets(Box<ets::Model>),
    /// Theta's parameters.
    Theta(Parameters),
    /// The orders of a seasonal ARIMA.
    Sarima(sarima::Spec),
    /// A seasonal ARIMA to be applied as it is.
    Applied(Box<sarima::Fit>),
}

/// Fits `model` to `y` (finite, oldest first) with season `m`, from where `memory` stands.
///
/// `Model::Auto` is not a method and is answered by the seasonal naive forecast.
pub(crate) fn fit(
    model: Model,
    y: &[f64],
    m: usize,
    horizon: usize,
    memory: &Memory,
    cancel: Cancel<'_>,
) -> Result<(Fitted, Memory)> {
    cancel.check()?;
    let plain = |fitted| Ok((fitted, Memory::None));
    match model {
        Model::Naive => plain(simple::naive(y, horizon)),
        Model::SeasonalNaive | Model::Auto => plain(simple::seasonal_naive(y, m, horizon)),
        Model::Croston => plain(simple::croston(y, horizon)),
        Model::Tsb => plain(simple::tsb(y, horizon)),
        Model::Theta => {
            let start = match memory {
                Memory::Theta(parameters) => Some(*parameters),
                _ => None,
            };
            let (fitted, parameters) =
                theta::theta(y, m, horizon, Variant::DynamicOptimised, start, cancel)?;
            Ok((fitted, Memory::Theta(parameters)))
        }
        Model::Sarima => {
            let fit = match memory {
                Memory::Applied(fit) => {
                    let steps = fit.apply(y, &[])?;
                    return Ok((of_sarima(&steps, horizon)?, memory.clone()));
                }
                Memory::Sarima(spec) => {
                    let fit = sarima::fit(y, &[], spec, sarima::Method::Ml, cancel)?;
                    return Ok((of_sarima(&fit, horizon)?, Memory::Applied(Box::new(fit))));
                }
                _ => {
                    let options = AutoOptions {
                        season: m,
                        ..AutoOptions::default()
                    };
                    sarima::auto(y, &[], &options, cancel)?
                }
            };
            Ok((of_sarima(&fit, horizon)?, Memory::Sarima(fit.spec())))
        }
        Model::Mstl => plain(mstl::mstl(y, m, horizon, cancel)?),
        Model::Ets if y.len() > LONG => deseasonalised_ets(y, m, horizon, memory, cancel),
        Model::Ets => match memory {
            Memory::Ets(model) => Ok((ets::refit(y, m, model, horizon, cancel)?, memory.clone())),
            _ => {
                let (fitted, model) = ets::auto(y, m, horizon, cancel)?;
                Ok((fitted, Memory::Ets(Box::new(model))))
            }
        },
    }
}

fn of_sarima(fit: &sarima::Fit, horizon: usize) -> Result<Fitted> {
    let steps = fit.forecast(horizon, &[])?;
    Ok(Fitted {
        name: fit.spec().to_string(),
        fitted: fit.fitted().to_vec(),
        steps: steps
            .iter()
            .map(|step| Step {
                mean: step.mean,
                sd: step.se,
            })
            .collect(),
    })
}

/// Exponential smoothing of a long series: the season is taken out by classical decomposition.
fn deseasonalised_ets(
    y: &[f64],
    m: usize,
    horizon: usize,
    memory: &Memory,
    cancel: Cancel<'_>,
) -> Result<(Fitted, Memory)> {
    let pattern = is_seasonal(y, m).then(|| classical(y, m, Form::Multiplicative));
    let Some(pattern) = pattern else {
        return smooth(y, horizon, memory, cancel);
    };
    let level: Vec<f64> = y
        .iter()
        .enumerate()
        .map(|(t, v)| pattern.remove(t, *v))
        .collect();
    let (mut fitted, memory) = smooth(&level, horizon, memory, cancel)?;
    for (t, value) in fitted.fitted.iter_mut().enumerate() {
        *value = pattern.restore(t, *value);
    }
    for (h, step) in fitted.steps.iter_mut().enumerate() {
        step.mean = pattern.restore(y.len() + h, step.mean);
        step.sd = pattern.restore_sd(y.len() + h, step.sd);
    }
    fitted.name.push_str(" on seasonally adjusted values");
    Ok((fitted, memory))
}

fn smooth(
    y: &[f64],
    horizon: usize,
    memory: &Memory,
    cancel: Cancel<'_>,
) -> Result<(Fitted, Memory)> {
    match memory {
        Memory::Ets(model) => Ok((ets::refit(y, 1, model, horizon, cancel)?, memory.clone())),
        _ => {
            let (fitted, model) = ets::auto(y, 1, horizon, cancel)?;
            Ok((fitted, Memory::Ets(Box::new(model))))
        }
    }
}
