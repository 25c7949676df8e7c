//! One door to all methods: fit, and fit again on an earlier part of the series.

use super::sarima::{self, AutoOptions};
use super::season::{Form, classical, is_seasonal, median};
use super::theta::{Parameters, Variant};
use super::{Fitted, Model, Step, ces, ets, mstl, simple, theta};
use crate::{Cancel, Result};

/// Series longer than this are smoothed without their season and with fewer forms: the candidates
/// of a long daily series must cost milliseconds.
pub(crate) const LONG: usize = 400;

/// A model by name, or a member of the combination that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// As asked for by name.
    Named(Model),
    /// All forms of exponential smoothing, weighted.
    EtsAverage,
    /// Complex exponential smoothing.
    Ces,
    /// Seasonal ARIMA of the best orders, weighted.
    SarimaAverage,
    /// The same of the logarithms.
    SarimaOfLogs,
    /// Standard Theta of the logarithms: half of the growth rate goes on.
    ThetaOfLogs,
}

/// Orders of seasonal ARIMA that an average holds at most.
const MOST_ORDERS: usize = 4;

/// Smallest value, as a share of the median, for which logarithms are taken: nearer to zero they
/// turn small changes into large ones.
const SAFELY_POSITIVE: f64 = 0.05;

/// Whether methods of logarithms have a place.
pub(crate) fn has_logs(y: &[f64]) -> bool {
    let least = SAFELY_POSITIVE * median(y);
    least > 0.0 && y.iter().all(|v| *v > least)
}

/// What a fit leaves behind for the fits at earlier origins.
#[derive(Clone, Debug)]
pub(crate) enum Memory {
    /// Nothing worth keeping.
    None,
    /// The form and parameters of exponential smoothing.
    Ets(Box<ets::Model>),
    /// The forms that carry weight.
    EtsAverage(Vec<ets::Model>),
    /// The form and parameters of complex smoothing.
    Ces(ces::Model),
    /// Theta's parameters.
    Theta(Parameters),
    /// Seasonal ARIMAs whose orders are to be fitted again, with their weights.
    Sarima(Vec<(sarima::Fit, f64)>),
    /// Seasonal ARIMAs to be applied as they are, with their weights.
    Applied(Vec<(sarima::Fit, f64)>),
}

/// Fits `method` to `y` (finite, oldest first) with season `m`, from where `memory` stands.
///
/// `Model::Auto` is not a method and is answered by the seasonal naive forecast. Methods of logarithms
/// take positive values only.
pub(crate) fn fit(
    method: Method,
    y: &[f64],
    m: usize,
    horizon: usize,
    memory: &Memory,
    cancel: Cancel<'_>,
) -> Result<(Fitted, Memory)> {
    cancel.check()?;
    let plain = |fitted| Ok((fitted, Memory::None));
    match method {
        Method::Named(Model::Naive) => plain(simple::naive(y, horizon)),
        Method::Named(Model::SeasonalNaive | Model::Auto) => {
            plain(simple::seasonal_naive(y, m, horizon))
        }
        Method::Named(Model::Croston) => plain(simple::croston(y, horizon)),
        Method::Named(Model::Tsb) => plain(simple::tsb(y, horizon)),
        Method::Named(Model::Theta) => {
            fit_theta(y, m, horizon, Variant::DynamicOptimised, memory, cancel)
        }
        Method::Named(Model::Sarima) => fit_sarima(y, m, horizon, 1, memory, cancel),
        Method::SarimaAverage => fit_sarima(y, m, horizon, MOST_ORDERS, memory, cancel),
        Method::SarimaOfLogs => {
            let (fitted, memory) = fit_sarima(&logs(y), m, horizon, MOST_ORDERS, memory, cancel)?;
            Ok((from_logs(fitted), memory))
        }
        Method::ThetaOfLogs => {
            let (fitted, memory) =
                fit_theta(&logs(y), m, horizon, Variant::Standard, memory, cancel)?;
            Ok((from_logs(fitted), memory))
        }
        Method::Named(Model::Mstl) => plain(mstl::mstl(y, m, horizon, cancel)?),
        Method::Named(Model::Ets) if y.len() > LONG => {
            deseasonalised_ets(y, m, horizon, memory, cancel)
        }
        Method::Named(Model::Ets) => match memory {
            Memory::Ets(model) => Ok((ets::refit(y, m, model, horizon, cancel)?, memory.clone())),
            _ => {
                let (fitted, model) = ets::auto(y, m, horizon, cancel)?;
                Ok((fitted, Memory::Ets(Box::new(model))))
            }
        },
        Method::EtsAverage => match memory {
            Memory::EtsAverage(models) => Ok((
                ets::averaged_again(y, m, models, horizon, cancel)?,
                memory.clone(),
            )),
            _ => {
                let (fitted, models) = ets::averaged(y, m, horizon, cancel)?;
                Ok((fitted, Memory::EtsAverage(models)))
            }
        },
        Method::Ces => match memory {
            Memory::Ces(model) => Ok((ces::refit(y, m, model, horizon, cancel)?, memory.clone())),
            _ => {
                let (fitted, model) = ces::auto(y, m, horizon, cancel)?;
                Ok((fitted, Memory::Ces(model)))
            }
        },
    }
}

fn fit_theta(
    y: &[f64],
    m: usize,
    horizon: usize,
    variant: Variant,
    memory: &Memory,
    cancel: Cancel<'_>,
) -> Result<(Fitted, Memory)> {
    let start = match memory {
        Memory::Theta(parameters) => Some(*parameters),
        _ => None,
    };
    let (fitted, parameters) = theta::theta(y, m, horizon, variant, start, cancel)?;
    Ok((fitted, Memory::Theta(parameters)))
}

/// Seasonal ARIMA of up to `most` orders, weighted: AICc seldom tells the best ones apart (Kolassa 2011).
fn fit_sarima(
    y: &[f64],
    m: usize,
    horizon: usize,
    most: usize,
    memory: &Memory,
    cancel: Cancel<'_>,
) -> Result<(Fitted, Memory)> {
    type Refit<'a> = &'a dyn Fn(&sarima::Fit) -> Result<sarima::Fit>;
    let each = |fits: &[(sarima::Fit, f64)], refit: Refit<'_>| {
        let again = fits.iter().map(|(fit, weight)| Ok((refit(fit)?, *weight)));
        again.collect::<Result<Vec<_>>>()
    };
    match memory {
        Memory::Applied(fits) => {
            let fits = each(fits, &|fit| fit.apply(y, &[]))?;
            Ok((of_sarima(&fits, horizon)?, memory.clone()))
        }
        Memory::Sarima(fits) => {
            let fits = each(fits, &|fit| sarima::again(fit, y, cancel))?;
            Ok((of_sarima(&fits, horizon)?, Memory::Applied(fits)))
        }
        _ => {
            let options = AutoOptions {
                season: m,
                ..AutoOptions::default()
            };
            let fits = sarima::best(y, &[], &options, most, cancel)?;
            Ok((of_sarima(&fits, horizon)?, Memory::Sarima(fits)))
        }
    }
}

fn logs(y: &[f64]) -> Vec<f64> {
    y.iter().map(|v| v.ln()).collect()
}

/// A forecast of logarithms as one of values: the median of its distribution, which the median of
/// the combination is to weigh, and the standard deviation to first order.
fn from_logs(mut fitted: Fitted) -> Fitted {
    for value in &mut fitted.fitted {
        *value = value.exp();
    }
    for step in &mut fitted.steps {
        step.mean = step.mean.exp();
        step.sd *= step.mean;
    }
    fitted.name.push_str(" of logs");
    fitted
}

/// The mean of the forecasts of `fits` by their weights, which add up to 1, named by the first. What they differ by is part
/// of the deviation: Burnham & Anderson (2002), Model Selection and Multimodel Inference, 4.3.
fn of_sarima(fits: &[(sarima::Fit, f64)], horizon: usize) -> Result<Fitted> {
    let mut sum = Fitted {
        name: String::new(),
        fitted: Vec::new(),
        steps: vec![Step { mean: 0.0, sd: 0.0 }; horizon],
    };
    let mut forecasts = Vec::with_capacity(fits.len());
    for (fit, share) in fits {
        if sum.name.is_empty() {
            sum.name = fit.spec().to_string();
            sum.fitted = vec![0.0; fit.fitted().len()];
        }
        for (sum, value) in sum.fitted.iter_mut().zip(fit.fitted()) {
            *sum += share * value;
        }
        let steps = fit.forecast(horizon, &[])?;
        for (sum, step) in sum.steps.iter_mut().zip(&steps) {
            sum.mean += share * step.mean;
        }
        forecasts.push((steps, share));
    }
    for (steps, share) in forecasts {
        for (sum, step) in sum.steps.iter_mut().zip(steps) {
            sum.sd += share * step.se.hypot(step.mean - sum.mean);
        }
    }
    if fits.len() > 1 {
        sum.name = format!("{} and {} more", sum.name, fits.len() - 1);
    }
    Ok(sum)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_keep_away_from_zero() {
        assert!(has_logs(&[10.0, 12.0, 9.0, 1.0]));
        assert!(!has_logs(&[10.0, 12.0, 9.0, 0.1]));
        assert!(!has_logs(&[10.0, 12.0, 9.0, 0.0]));
        assert!(!has_logs(&[-10.0, -12.0, -9.0]));
        assert!(!has_logs(&[]));
    }

    #[test]
    fn an_average_of_orders_is_the_mean_of_their_forecasts() {
        let y: Vec<f64> = (0..60)
            .map(|t| 100.0 + t as f64 + 10.0 * f64::from(t % 7))
            .collect();
        let one = |p, q| {
            let spec = sarima::Spec {
                order: sarima::Order::new(p, 1, q),
                constant: true,
            };
            sarima::fit(&y, &[], &spec, sarima::Method::Ml, Cancel::NEVER).unwrap()
        };
        let fits = [(one(1, 0), 0.75), (one(0, 1), 0.25)];
        let sum = of_sarima(&fits, 5).unwrap();
        let [a, b] = [0, 1].map(|i| fits[i].0.forecast(5, &[]).unwrap());
        for h in 0..5 {
            let mean = 0.75 * a[h].mean + 0.25 * b[h].mean;
            let spread = |se: f64, of: f64| (se * se + (of - mean) * (of - mean)).sqrt();
            let sd = 0.75 * spread(a[h].se, a[h].mean) + 0.25 * spread(b[h].se, b[h].mean);
            assert!((sum.steps[h].mean - mean).abs() < 1e-9);
            assert!((sum.steps[h].sd - sd).abs() < 1e-9);
        }
        let want = 0.75 * fits[0].0.fitted()[30] + 0.25 * fits[1].0.fitted()[30];
        assert!((sum.fitted[30] - want).abs() < 1e-9);
        assert!(sum.name.ends_with(" and 1 more"), "{}", sum.name);
    }

    #[test]
    fn orders_fitted_again_come_to_the_same_optimum() {
        let y: Vec<f64> = (0..72)
            .map(|t| 100.0 + f64::from(t % 12) + f64::from((t * t) % 13))
            .collect();
        let (_, memory) = fit(
            Method::SarimaAverage,
            &y,
            12,
            6,
            &Memory::None,
            Cancel::NEVER,
        )
        .unwrap();
        let Memory::Sarima(fits) = &memory else {
            panic!("orders to fit again");
        };
        for (found, _) in fits {
            let warm = sarima::again(found, &y[..60], Cancel::NEVER).unwrap();
            let cold = sarima::fit(
                &y[..60],
                &[],
                &found.spec(),
                sarima::Method::Ml,
                Cancel::NEVER,
            )
            .unwrap();
            assert!(
                warm.loglik() > cold.loglik() - 2e-3,
                "{} {}",
                warm.loglik(),
                cold.loglik()
            );
        }
    }

    #[test]
    fn half_of_the_growth_rate_goes_on() {
        let y: Vec<f64> = (0..40).map(|t| 50.0 * 1.04_f64.powi(t)).collect();
        let (fitted, _) = fit(Method::ThetaOfLogs, &y, 1, 3, &Memory::None, Cancel::NEVER).unwrap();
        let growth = fitted.steps[2].mean / fitted.steps[1].mean;
        assert!((growth - 1.02).abs() < 1e-3, "{growth}");
        assert!(fitted.name.ends_with("of logs"));
    }
}
