//! Seasonal ARIMA and regression with ARIMA errors by exact maximum likelihood.
//!
//! [`fit`] estimates given orders, [`auto`] finds them, and [`Fit`] forecasts. Conventions are
//! those of R's `arima()` and of the package `forecast`: MA polynomials are `1 + θ B`, the
//! intercept is the mean, the drift is the coefficient of `1..n`, sigma² counts as a parameter in
//! AIC, regressors are differenced along with the series.
//!
//! # Source
//!
//! Box, Jenkins and Reinsel, Time Series Analysis; Hyndman and Khandakar, Journal of Statistical
//! Software 27(3), 2008; the numerics are named in the modules that do them.
#![allow(
    clippy::neg_cmp_op_on_partial_ord,
    reason = "`!(x > limit)` is meant to hold for NaN too"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "recursions over triangular systems read best with indices"
)]

mod differences;
mod errors;
mod filter;
mod fitted;
mod matrix;
mod optimise;
mod order;
mod path;
mod poly;
mod problem;
mod real;
mod search;
mod start;
pub(in crate::forecast) mod stl;

pub use differences::{ndiffs, nsdiffs};
pub use fitted::{Coefficient, Fit, Step};
pub use order::{Order, Spec};
pub(crate) use search::best;
pub use search::{AutoOptions, Criterion, auto};

use crate::{Cancel, Error, Result};
use filter::Start;
use optimise::{Precision, minimise};
use problem::{Evaluator, Problem, Scale, parameters, power_of_two};

/// What to maximise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The exact likelihood, started from the better of Hannan–Rissanen and zero.
    #[default]
    Ml,
    /// The conditional sum of squares: the first `p + P·season` differenced values are taken as
    /// given.
    Css,
    /// The exact likelihood, started from the conditional sum of squares too, as R's default.
    CssMl,
}

impl Method {
    /// Reads `ml`, `css` or `css-ml`, in any case.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] with the names.
    pub fn parse(name: &str) -> Result<Self> {
        match name.trim().to_lowercase().as_str() {
            "ml" => Ok(Self::Ml),
            "css" => Ok(Self::Css),
            "css-ml" => Ok(Self::CssMl),
            _ => Err(Error::Unknown {
                kind: "method",
                name: name.to_owned(),
                near: ["ml", "css", "css-ml"].map(str::to_owned).to_vec(),
            }),
        }
    }
}

/// Fits a model of given orders.
///
/// * `y` - observations, oldest first, evenly spaced; NaN is a missing observation.
/// * `xreg` - regressors, each as long as `y`, without gaps. One that is a combination of others
///   gets the coefficient 0.
/// * `spec` - orders and constant; a constant with two differences is left out.
///
/// # Errors
///
/// [`Error::TooShort`] where fewer observations than parameters are left after differencing,
/// [`Error::NotFinite`] for infinity in `y` or anything not finite in `xreg`,
/// [`Error::OutOfRange`] for orders or regressors of a wrong size, [`Error::Cancelled`].
pub fn fit(
    y: &[f64],
    xreg: &[Vec<f64>],
    spec: &Spec,
    method: Method,
    cancel: Cancel,
) -> Result<Fit> {
    let series = Prepared::new(y, xreg)?;
    let order = spec.order.checked()?;
    let spec = series.spec(order, spec.constant);
    let mut evaluator = Evaluator::new(&order);
    let mut starts = vec![vec![0.0; order.arma_len()]];
    if method != Method::Ml {
        let problem = series.problem(&spec, Start::Conditional)?;
        push_hannan_rissanen(&problem, &mut starts);
        let found = minimise(&problem, &starts, Precision::Full, &mut evaluator, cancel)?
            .ok_or_else(|| series.too_short(&spec, Start::Conditional))?;
        if method == Method::Css {
            return series.finish(&spec, &problem, Start::Conditional, found, &mut evaluator);
        }
        starts.push(found.params);
    }
    let problem = series.problem(&spec, Start::Exact)?;
    push_hannan_rissanen(&problem, &mut starts);
    let found = minimise(&problem, &starts, Precision::Full, &mut evaluator, cancel)?
        .ok_or_else(|| series.too_short(&spec, Start::Exact))?;
    series.finish(&spec, &problem, Start::Exact, found, &mut evaluator)
}

/// Fits the model of `fit`, which has no regressors, to another series, from its coefficients. Ends as near to the optimum
/// as is enough to rank orders; coefficients go without standard errors.
///
/// # Errors
///
/// As [`fit`].
pub(crate) fn again(fit: &Fit, y: &[f64], cancel: Cancel) -> Result<Fit> {
    let series = Prepared::new(y, &[])?;
    let spec = fit.spec();
    let mut evaluator = Evaluator::new(&spec.order);
    let problem = series.problem(&spec, Start::Exact)?;
    let starts = [
        parameters(&spec.order, fit.arma()),
        vec![0.0; spec.order.arma_len()],
    ];
    let found = minimise(&problem, &starts, Precision::Rank, &mut evaluator, cancel)?
        .ok_or_else(|| series.too_short(&spec, Start::Exact))?;
    series.quick(&spec, &problem, found, &mut evaluator)
}

fn push_hannan_rissanen(problem: &Problem, starts: &mut Vec<Vec<f64>>) {
    if let Some(coef) = start::hannan_rissanen(problem.series(), &problem.order) {
        starts.push(parameters(&problem.order, &coef));
    }
}

/// A series and its regressors, checked and scaled, before an order is chosen.
#[derive(Clone, Debug)]
struct Prepared<'a> {
    y: &'a [f64],
    xreg: &'a [Vec<f64>],
    /// First observed value.
    from: usize,
    /// One past the last observed value.
    to: usize,
    /// A power of two near the largest magnitude.
    scale: f64,
    /// The observed stretch over `scale`.
    scaled: Vec<f64>,
    /// The regressors over that stretch, each over its own scale.
    regressors: Vec<Vec<f64>>,
    regressor_scales: Vec<f64>,
}

impl<'a> Prepared<'a> {
    fn new(y: &'a [f64], xreg: &'a [Vec<f64>]) -> Result<Self> {
        if let Some(at) = y.iter().position(|v| v.is_infinite()) {
            return Err(Error::NotFinite { position: at + 1 });
        }
        for x in xreg {
            if x.len() != y.len() {
                return Err(Error::OutOfRange {
                    name: "length of a regressor",
                    value: x.len().to_string(),
                    accepted: "the length of the series",
                });
            }
            if let Some(at) = x.iter().position(|v| !v.is_finite()) {
                return Err(Error::NotFinite { position: at + 1 });
            }
        }
        let observed = |v: &f64| !v.is_nan();
        let (Some(from), Some(last)) = (y.iter().position(observed), y.iter().rposition(observed))
        else {
            return Err(Error::TooShort {
                what: "series",
                have: 0,
                need: 1,
            });
        };
        let to = last + 1;
        let largest = |x: &[f64]| x.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let scale = power_of_two(largest(&y[from..to]));
        let scaled = y[from..to].iter().map(|v| v / scale).collect();
        let regressor_scales: Vec<f64> = xreg
            .iter()
            .map(|x| power_of_two(largest(&x[from..to])))
            .collect();
        let regressors = xreg
            .iter()
            .zip(&regressor_scales)
            .map(|(x, s)| x[from..to].iter().map(|v| v / s).collect())
            .collect();
        Ok(Self {
            y,
            xreg,
            from,
            to,
            scale,
            scaled,
            regressors,
            regressor_scales,
        })
    }

    /// Observed values.
    fn observed(&self) -> usize {
        self.scaled.iter().filter(|v| !v.is_nan()).count()
    }

    /// `order` with the constant it can have.
    fn spec(&self, order: Order, constant: bool) -> Spec {
        Spec {
            order,
            constant: constant && order.d + order.sd < 2,
        }
    }

    /// Parameters besides sigma².
    fn parameters(&self, spec: &Spec) -> usize {
        spec.order.arma_len() + usize::from(spec.constant) + self.xreg.len()
    }

    fn too_short(&self, spec: &Spec, start: Start) -> Error {
        let parameters = self.parameters(spec);
        let spare = usize::from(spec.order.arma_len() > 0);
        Error::TooShort {
            what: "series",
            have: self.observed(),
            need: spec.order.lost() + spec.order.given(start) + (parameters + spare).max(1),
        }
    }

    /// The estimation problem of `spec`.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`].
    fn problem(&self, spec: &Spec, start: Start) -> Result<Problem> {
        let mut regressors = Vec::with_capacity(self.regressors.len() + 1);
        if let Some(term) = spec.constant_term() {
            let len = self.to as f64;
            regressors.push(if term == "drift" {
                (self.from..self.to).map(|t| (t + 1) as f64 / len).collect()
            } else {
                vec![1.0; self.scaled.len()]
            });
        }
        regressors.extend(self.regressors.iter().cloned());
        if self.scaled.len() <= spec.order.lost() {
            return Err(self.too_short(spec, start));
        }
        let problem = Problem::new(&self.scaled, &regressors, spec.order, start);
        if self.enough(spec, &problem) {
            Ok(problem)
        } else {
            Err(self.too_short(spec, start))
        }
    }

    /// Whether there are observations for all parameters of `spec`.
    fn enough(&self, spec: &Spec, problem: &Problem) -> bool {
        let (free, counted) = (spec.order.arma_len(), problem.counted());
        let regression = problem.estimated();
        counted > 0 && counted >= free + regression && (free == 0 || counted > free + regression)
    }

    /// Turns an optimum into a fit.
    fn finish(
        &self,
        spec: &Spec,
        problem: &Problem,
        start: Start,
        found: optimise::Optimum,
        evaluator: &mut Evaluator,
    ) -> Result<Fit> {
        let value = evaluator.value(problem, Scale::Free, &found.params, None);
        let beta = problem.regressor_coefficients(&problem.total_beta(&evaluator.beta));
        let errors = errors::standard_errors(problem, evaluator, &found.params, value);
        let coef = free_coefficients(spec, &found.params);
        Fit::new(self, spec, problem, start, coef, &beta, errors, value)
    }

    /// The same by exact likelihood, with standard errors of 0: they cost as much as the search.
    fn quick(
        &self,
        spec: &Spec,
        problem: &Problem,
        found: optimise::Optimum,
        evaluator: &mut Evaluator,
    ) -> Result<Fit> {
        let value = evaluator.value(problem, Scale::Free, &found.params, None);
        let beta = problem.regressor_coefficients(&problem.total_beta(&evaluator.beta));
        let errors = errors::Errors::none(problem);
        let coef = free_coefficients(spec, &found.params);
        Fit::new(
            self,
            spec,
            problem,
            Start::Exact,
            coef,
            &beta,
            errors,
            value,
        )
    }
}

fn free_coefficients(spec: &Spec, params: &[f64]) -> Vec<f64> {
    let mut coef = vec![0.0; params.len()];
    problem::coefficients(&spec.order, Scale::Free, params, &mut coef);
    coef
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    const AIR_PASSENGERS: [f64; 144] = [
        112., 118., 132., 129., 121., 135., 148., 148., 136., 119., 104., 118., 115., 126., 141.,
        135., 125., 149., 170., 170., 158., 133., 114., 140., 145., 150., 178., 163., 172., 178.,
        199., 199., 184., 162., 146., 166., 171., 180., 193., 181., 183., 218., 230., 242., 209.,
        191., 172., 194., 196., 196., 236., 235., 229., 243., 264., 272., 237., 211., 180., 201.,
        204., 188., 235., 227., 234., 264., 302., 293., 259., 229., 203., 229., 242., 233., 267.,
        269., 270., 315., 364., 347., 312., 274., 237., 278., 284., 277., 317., 313., 318., 374.,
        413., 405., 355., 306., 271., 306., 315., 301., 356., 348., 355., 422., 465., 467., 404.,
        347., 305., 336., 340., 318., 362., 348., 363., 435., 491., 505., 404., 359., 310., 337.,
        360., 342., 406., 396., 420., 472., 548., 559., 463., 407., 362., 405., 417., 391., 419.,
        461., 472., 535., 622., 606., 508., 461., 390., 432.,
    ];

    /// Box and Jenkins' airline model: the published figures of R's `arima()`.
    #[test]
    fn airline_model_is_the_published_one() {
        let y: Vec<f64> = AIR_PASSENGERS.iter().map(|v| v.ln()).collect();
        let spec = Spec {
            order: Order::new(0, 1, 1).seasonal(0, 1, 1, 12),
            constant: false,
        };
        let fit = fit(&y, &[], &spec, Method::Ml, Cancel::NEVER).unwrap();
        let [ma, sma] = fit.coefficients() else {
            panic!("two coefficients");
        };
        assert_relative_eq!(ma.estimate, -0.4018, epsilon = 5e-5);
        assert_relative_eq!(sma.estimate, -0.5569, epsilon = 5e-5);
        assert_relative_eq!(ma.std_error, 0.0896, epsilon = 2e-4);
        assert_relative_eq!(sma.std_error, 0.0731, epsilon = 2e-4);
        assert_relative_eq!(fit.sigma2(), 0.001348, epsilon = 5e-7);
        assert_relative_eq!(fit.loglik(), 244.70, epsilon = 5e-3);
        assert_relative_eq!(fit.aic(), -483.40, epsilon = 1e-2);
        let steps = fit.forecast(2, &[]).unwrap();
        assert_relative_eq!(steps[0].mean, 6.110186, epsilon = 1e-5);
    }
}
