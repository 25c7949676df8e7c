//! A fitted model and what can be asked of it.

use super::errors::Errors;
use super::filter::Start;
use super::path::{self, Path};
use super::problem::{Problem, Value};
use super::{Prepared, Spec};
use crate::draw::Draw;
use crate::{Error, Result};

/// Most steps ahead in one call: the spread of joint paths takes the square of it.
const MAX_STEPS: usize = 5000;

/// An estimated coefficient.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficient {
    /// `ar1`…, `ma1`…, `sar1`…, `sma1`…, `intercept` or `drift`, `xreg1`….
    pub term: String,
    /// The estimate, in units of the series for the constant and the regressors.
    pub estimate: f64,
    /// The standard error, 0 where the data say nothing.
    pub std_error: f64,
}

/// A forecast step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Expected value.
    pub mean: f64,
    /// Standard error of the forecast, of a normal distribution; as in R it leaves the
    /// coefficients' own uncertainty out.
    pub se: f64,
}

/// A fitted model.
#[derive(Clone, Debug)]
pub struct Fit {
    spec: Spec,
    start: Start,
    /// ARMA coefficients.
    coef: Vec<f64>,
    /// Coefficient of the constant, 0 without one.
    constant: f64,
    /// Coefficients of the regressors.
    beta: Vec<f64>,
    coefficients: Vec<Coefficient>,
    /// Root of sigma² by maximum likelihood.
    deviation: f64,
    /// Root of the unbiased sigma².
    deviation_unbiased: f64,
    loglik: f64,
    counted: usize,
    parameters: usize,
    residuals: Vec<f64>,
    fitted: Vec<f64>,
    /// The observed stretch without regression, over `scale`; NaN where missing.
    eta: Vec<f64>,
    scale: f64,
    /// Missing values after the last observation.
    trailing: usize,
    /// Regressors' part at those, and the number of observations.
    trailing_regression: Vec<f64>,
    len: usize,
}

/// `x`, or the largest finite number of its sign.
fn saturate(x: f64) -> f64 {
    if x.is_nan() {
        0.0
    } else {
        x.clamp(-f64::MAX, f64::MAX)
    }
}

impl Fit {
    #[allow(clippy::too_many_arguments, reason = "called from one place")]
    pub(super) fn new(
        prepared: &Prepared,
        spec: &Spec,
        problem: &Problem,
        start: Start,
        coef: Vec<f64>,
        beta: &[f64],
        errors: Errors,
        value: Value,
    ) -> Result<Self> {
        let scale = prepared.scale;
        let mut estimates = beta.iter().skip(problem.missing).copied();
        let mut spreads = errors.regression.iter().copied();
        let mut coefficients = Vec::new();
        for (range, name) in spec
            .order
            .split()
            .into_iter()
            .zip(["ar", "ma", "sar", "sma"])
        {
            for (k, i) in range.enumerate() {
                coefficients.push(Coefficient {
                    term: format!("{name}{}", k + 1),
                    estimate: coef[i],
                    std_error: errors.arma[i],
                });
            }
        }
        let mut constant = 0.0;
        let mut push = |term: String, unit: f64| {
            let estimate = saturate(estimates.next().unwrap_or(0.0) * unit);
            coefficients.push(Coefficient {
                term,
                estimate,
                std_error: saturate(spreads.next().unwrap_or(0.0) * unit),
            });
            estimate
        };
        if let Some(term) = spec.constant_term() {
            let unit = match term {
                "drift" => scale / prepared.to as f64,
                _ => scale,
            };
            constant = push(term.to_owned(), unit);
        }
        let beta: Vec<f64> = prepared
            .regressor_scales
            .iter()
            .enumerate()
            .map(|(i, s)| push(format!("xreg{}", i + 1), scale / s))
            .collect();
        let counted = problem.counted();
        let parameters = coef.len() + problem.estimated();
        // R counts all differenced values here, those that CSS takes as given too.
        let used = problem.n.saturating_sub(problem.missing);
        let unit_log = problem.unit.ln() + scale.ln();
        let loglik = -0.5
            * used as f64
            * ((2.0 * std::f64::consts::PI).ln() + 1.0 + 2.0 * (value.objective + unit_log));
        let sum = if problem.exact { 0.0 } else { value.sum };
        let left = used.saturating_sub(parameters).max(1);
        let unit = problem.unit * scale;
        let fit = Self {
            spec: *spec,
            start,
            coef,
            constant,
            beta,
            coefficients,
            deviation: saturate((sum / counted.max(1) as f64).sqrt() * unit),
            deviation_unbiased: saturate((sum / left as f64).sqrt() * unit),
            loglik,
            counted: used,
            parameters,
            residuals: Vec::new(),
            fitted: Vec::new(),
            eta: Vec::new(),
            scale,
            trailing: 0,
            trailing_regression: Vec::new(),
            len: 0,
        };
        fit.over(prepared).map(|(fit, _)| fit)
    }

    /// The same model over another series.
    fn over(mut self, prepared: &Prepared) -> Result<(Self, Path)> {
        let Prepared { y, xreg, .. } = *prepared;
        self.scale = prepared.scale;
        self.len = y.len();
        self.trailing = y.len() - prepared.to;
        let regression = |t: usize| {
            let columns: f64 = self
                .beta
                .iter()
                .zip(xreg)
                .map(|(b, x)| b * x.get(t).copied().unwrap_or(0.0))
                .sum();
            columns + self.constant_at(t)
        };
        let parts: Vec<f64> = (0..y.len()).map(regression).collect();
        self.trailing_regression = parts[prepared.to..].to_vec();
        self.eta = (prepared.from..prepared.to)
            .map(|t| (y[t] / self.scale) - parts[t] / self.scale)
            .collect();
        let order = &self.spec.order;
        let path =
            path::pass(order, &self.coef, &self.eta, self.start, 0).ok_or(Error::TooShort {
                what: "series",
                have: self.eta.len(),
                need: order.lost() + 1,
            })?;
        let lost = order.lost();
        self.residuals = vec![0.0; y.len()];
        self.fitted = y.to_vec();
        for (i, t) in (prepared.from..prepared.to).enumerate() {
            let estimate = path.filled[i] * self.scale + parts[t];
            if y[t].is_nan() {
                self.fitted[t] = saturate(estimate);
            } else if let Some(v) = i.checked_sub(lost).and_then(|i| path.innovations.get(i)) {
                self.residuals[t] = saturate(v * self.scale);
                self.fitted[t] = saturate(y[t] - v * self.scale);
            }
        }
        for (f, part) in self.fitted[..prepared.from].iter_mut().zip(&parts) {
            *f = saturate(path.filled[0] * self.scale + part);
        }
        let tail = &mut self.fitted[prepared.to..];
        if !tail.is_empty() {
            let last = path.filled.last().copied().unwrap_or(0.0);
            let ahead = path::pass(order, &self.coef, &self.eta, Start::Exact, tail.len());
            for (i, (f, part)) in tail.iter_mut().zip(&self.trailing_regression).enumerate() {
                let eta = ahead
                    .as_ref()
                    .and_then(|a| a.mean.get(i))
                    .copied()
                    .unwrap_or(last);
                *f = saturate(eta * prepared.scale + part);
            }
        }
        Ok((self, path))
    }

    /// The constant's part at time `t`, from 0.
    fn constant_at(&self, t: usize) -> f64 {
        match self.spec.constant_term() {
            Some("drift") => self.constant * (t + 1) as f64,
            _ => self.constant,
        }
    }

    /// Orders and constant.
    pub fn spec(&self) -> Spec {
        self.spec
    }

    /// ARMA coefficients in the order of [`super::Order::split`].
    pub(super) fn arma(&self) -> &[f64] {
        &self.coef
    }

    /// Coefficients: AR, MA, seasonal AR, seasonal MA, constant, regressors.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }

    /// Variance of the innovations by maximum likelihood, as R's `arima()` reports it. Forecasts
    /// use [`Fit::sigma2_unbiased`].
    pub fn sigma2(&self) -> f64 {
        saturate(self.deviation * self.deviation)
    }

    /// Variance of the innovations with degrees of freedom taken off, as `forecast::Arima`
    /// reports it.
    pub fn sigma2_unbiased(&self) -> f64 {
        saturate(self.deviation_unbiased * self.deviation_unbiased)
    }

    /// Logarithm of the likelihood at the optimum.
    pub fn loglik(&self) -> f64 {
        self.loglik
    }

    /// Parameters counted in the criteria: the coefficients and sigma².
    fn count(&self) -> f64 {
        (self.parameters + 1) as f64
    }

    /// Akaike's criterion.
    pub fn aic(&self) -> f64 {
        2.0 * (self.count() - self.loglik)
    }

    /// Akaike's criterion with the correction for short series; where the correction is not
    /// defined, as if one observation more than parameters was there.
    pub fn aicc(&self) -> f64 {
        let k = self.count();
        self.aic() + 2.0 * k * (k + 1.0) / (self.counted as f64 - k - 1.0).max(1.0)
    }

    /// The Bayesian criterion.
    pub fn bic(&self) -> f64 {
        self.count() * (self.counted.max(1) as f64).ln() - 2.0 * self.loglik
    }

    /// One-step errors in units of the series, standardised to equal variance, as R's; 0 for
    /// missing observations and for those that differencing takes.
    pub fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// The observation less its residual; the model's estimate where it is missing.
    pub fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    /// The first `h` weights of past innovations in the series, starting with 1.
    pub fn psi_weights(&self, h: usize) -> Vec<f64> {
        let mut psi = path::psi_weights(&self.spec.order, &self.coef, h.min(MAX_STEPS));
        psi.iter_mut().for_each(|p| *p = saturate(*p));
        psi
    }

    /// Forecasts the `h` values after the end of the series (missing values at the end count as
    /// part of it).
    ///
    /// * `future_xreg` - the regressors' values at those steps, each of length `h`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for more than 5000 steps or where `future_xreg` does not fit,
    /// [`Error::NotFinite`] where it is not finite.
    pub fn forecast(&self, h: usize, future_xreg: &[Vec<f64>]) -> Result<Vec<Step>> {
        let (path, regression) = self.project(h, future_xreg)?;
        let steps = h + self.trailing;
        Ok((self.trailing..steps)
            .map(|j| {
                let variance: f64 = (0..=j)
                    .map(|i| path.spread[i * steps + j])
                    .map(|s| s * s)
                    .sum::<f64>()
                    + path.doubt[j];
                Step {
                    mean: saturate(path.mean[j] * self.scale + regression[j - self.trailing]),
                    se: saturate(variance.sqrt() * self.deviation_unbiased),
                }
            })
            .collect())
    }

    /// Path over the end of the series and the regression part of the `h` steps after it.
    fn project(&self, h: usize, future_xreg: &[Vec<f64>]) -> Result<(Path, Vec<f64>)> {
        let steps = h + self.trailing;
        if steps > MAX_STEPS {
            return Err(Error::OutOfRange {
                name: "horizon",
                value: h.to_string(),
                accepted: "at most 5000, less missing values at the end",
            });
        }
        if future_xreg.len() != self.beta.len() || future_xreg.iter().any(|x| x.len() != h) {
            return Err(Error::OutOfRange {
                name: "future regressors",
                value: format!(
                    "{} of length {}",
                    future_xreg.len(),
                    future_xreg.first().map_or(0, Vec::len)
                ),
                accepted: "one for each of the model's, with one value a step",
            });
        }
        for x in future_xreg {
            if let Some(at) = x.iter().position(|v| !v.is_finite()) {
                return Err(Error::NotFinite { position: at + 1 });
            }
        }
        let path = path::pass(&self.spec.order, &self.coef, &self.eta, Start::Exact, steps).ok_or(
            Error::TooShort {
                what: "series",
                have: self.eta.len(),
                need: self.spec.order.lost() + 1,
            },
        )?;
        let regression = (0..h)
            .map(|j| {
                let columns: f64 = self
                    .beta
                    .iter()
                    .zip(future_xreg)
                    .map(|(b, x)| b * x[j])
                    .sum();
                columns + self.constant_at(self.len + j)
            })
            .collect();
        Ok((path, regression))
    }

    /// The same parameters, sigma² included, over other data: cheap, for rolling origins. The
    /// log-likelihood is that of the new data with sigma² at its best.
    ///
    /// # Errors
    ///
    /// As [`super::fit`].
    pub fn apply(&self, y: &[f64], xreg: &[Vec<f64>]) -> Result<Fit> {
        if xreg.len() != self.beta.len() {
            return Err(Error::OutOfRange {
                name: "number of regressors",
                value: xreg.len().to_string(),
                accepted: "that of the model",
            });
        }
        let prepared = Prepared::new(y, xreg)?;
        let (mut fit, path) = self.clone().over(&prepared)?;
        let n = path.counted.max(1) as f64;
        let sum: f64 = path.innovations.iter().map(|v| v * v).sum();
        let variance = (sum / n).max(f64::MIN_POSITIVE);
        fit.counted = path.counted;
        fit.loglik =
            -0.5 * (n
                * ((2.0 * std::f64::consts::PI).ln() + 1.0 + variance.ln() + 2.0 * fit.scale.ln())
                + path.log_det);
        Ok(fit)
    }

    /// Draws `paths` joint futures of `h` steps, normal and conditional on the end of the data;
    /// equal seeds give equal paths.
    ///
    /// # Errors
    ///
    /// As [`Fit::forecast`].
    pub fn simulate(
        &self,
        h: usize,
        paths: usize,
        future_xreg: &[Vec<f64>],
        seed: u64,
    ) -> Result<Vec<Vec<f64>>> {
        let (path, regression) = self.project(h, future_xreg)?;
        let steps = h + self.trailing;
        let mut normal = Draw::new(seed);
        let mut shocks = vec![0.0; steps];
        let mut level = vec![0.0; steps];
        Ok((0..paths)
            .map(|_| {
                level.fill(0.0);
                for (i, shock) in shocks.iter_mut().enumerate() {
                    *shock = normal.normal();
                    for (l, s) in level[i..]
                        .iter_mut()
                        .zip(&path.spread[i * steps + i..(i + 1) * steps])
                    {
                        *l += s * *shock;
                    }
                }
                // What missing values leave open moves the path as a whole.
                let common = normal.normal();
                (0..h)
                    .map(|j| {
                        let at = j + self.trailing;
                        let noise = level[at] + common * path.doubt[at].sqrt();
                        saturate(
                            path.mean[at] * self.scale
                                + regression[j]
                                + noise * self.deviation_unbiased,
                        )
                    })
                    .collect()
            })
            .collect())
    }
}
