//! Standard errors from the curvature of the log-likelihood.

use super::matrix::inverse;
use super::problem::{Evaluator, Problem, Scale, Slope, Value};
use super::real::{Dual, Real};

/// Step of the central differences of the (exact) gradient, in parameters of order one.
const STEP: f64 = 1e-4;
/// The same for regression coefficients, as a share of their standard error.
const BETA_STEP: f64 = 1e-2;

/// Standard errors of the ARMA coefficients and of the regressors other than missing values, the
/// latter in units of the scaled series.
#[derive(Clone, Debug)]
pub(super) struct Errors {
    pub(super) arma: Vec<f64>,
    pub(super) regression: Vec<f64>,
}

impl Errors {
    /// Nothing known.
    pub(super) fn none(problem: &Problem) -> Self {
        Self {
            arma: vec![0.0; problem.order.arma_len()],
            regression: vec![0.0; problem.columns - problem.missing],
        }
    }
}

/// Inverts the Hessian in AR partial autocorrelations, MA coefficients and regression
/// coefficients at once, and maps the first back by the delta method, as R's `arima()` does.
/// Where the Hessian is not positive definite (a flat optimum), the Gauss–Newton curvature
/// stands in; a coefficient that nothing pins down has the standard error 0.
pub(super) fn standard_errors(
    problem: &Problem,
    evaluator: &mut Evaluator,
    params: &[f64],
    value: Value,
) -> Errors {
    let order = &problem.order;
    let columns: Vec<usize> = problem.estimated_columns().collect();
    let k = params.len();
    let total = k + columns.len();
    let counted = problem.counted().max(1) as f64;
    if problem.exact || total == 0 {
        return Errors::none(problem);
    }
    // The same point with MA coefficients as they are.
    let mut point = params.to_vec();
    let mut coef = vec![0.0; k];
    super::problem::coefficients(order, Scale::Free, params, &mut coef);
    let [_, q, _, sq] = order.split();
    for range in [q, sq] {
        point[range.clone()].copy_from_slice(&coef[range]);
    }
    let beta = evaluator.beta.clone();
    let spread = evaluator.beta_spread(problem, value);

    let mut slope = Slope::default();
    let mut gradient = |point: &[f64], beta: &[f64], out: &mut Vec<f64>| -> bool {
        out.clear();
        let value = evaluator.value(problem, Scale::NaturalMa, point, Some(beta));
        if !value.objective.is_finite() {
            return false;
        }
        if k > 0 {
            if !evaluator.slope(problem, Scale::NaturalMa, point, value, &mut slope) {
                return false;
            }
            out.extend_from_slice(&slope.gradient);
        }
        evaluator.beta_gradient(problem, value, out);
        true
    };
    let mut hessian = vec![0.0; total * total];
    let mut complete = true;
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for i in 0..total {
        let regressor = i.checked_sub(k).and_then(|i| columns.get(i)).copied();
        let step = regressor.map_or(STEP, |j| BETA_STEP * spread[j]);
        let moved = |by: f64| {
            let (mut point, mut beta) = (point.clone(), beta.clone());
            match regressor {
                Some(j) => beta[j] += by,
                None => point[i] += by,
            }
            (point, beta)
        };
        for (by, out) in [(step, &mut above), (-step, &mut below)] {
            let (point, beta) = moved(by);
            complete = complete && gradient(&point, &beta, out);
        }
        if !complete {
            break;
        }
        for j in 0..total {
            let slope = (above[j] - below[j]) / (2.0 * step) * counted;
            hessian[i * total + j] += 0.5 * slope;
            hessian[j * total + i] += 0.5 * slope;
        }
    }
    let covariance = complete
        .then(|| inverse(&hessian, total))
        .flatten()
        .or_else(|| {
            let value = evaluator.value(problem, Scale::NaturalMa, &point, None);
            gauss_newton(problem, evaluator, &point, value, &spread, &columns)
        });
    let Some(covariance) = covariance else {
        return Errors::none(problem);
    };
    let ar_jacobian = jacobian(problem, &point);
    let arma = (0..k)
        .map(|i| {
            let row = &ar_jacobian[i * k..(i + 1) * k];
            let mut variance = 0.0;
            for (a, &x) in row.iter().enumerate() {
                for (b, &y) in row.iter().enumerate() {
                    variance += x * y * covariance[a * total + b];
                }
            }
            sqrt_or_zero(variance)
        })
        .collect();
    let m = problem.missing;
    let mut regression = vec![0.0; problem.columns - m];
    for (j, slot) in regression.iter_mut().enumerate() {
        // Sensitivity of regressor j's coefficient to each orthonormal one.
        let weights: Vec<f64> = columns
            .iter()
            .map(|&c| {
                let mut unit = vec![0.0; problem.columns];
                unit[c] = 1.0;
                problem.regressor_coefficients(&unit)[m + j]
            })
            .collect();
        let mut variance = 0.0;
        for (a, &x) in weights.iter().enumerate() {
            for (b, &y) in weights.iter().enumerate() {
                variance += x * y * covariance[(k + a) * total + k + b];
            }
        }
        *slot = sqrt_or_zero(variance);
    }
    Errors { arma, regression }
}

fn sqrt_or_zero(variance: f64) -> f64 {
    if variance > 0.0 && variance.is_finite() {
        variance.sqrt()
    } else {
        0.0
    }
}

/// The covariance from first derivatives only, ARMA and regression apart.
fn gauss_newton(
    problem: &Problem,
    evaluator: &mut Evaluator,
    point: &[f64],
    value: Value,
    spread: &[f64],
    columns: &[usize],
) -> Option<Vec<f64>> {
    let k = point.len();
    let total = k + columns.len();
    let counted = problem.counted().max(1) as f64;
    let mut slope = Slope::default();
    if k > 0 && !evaluator.slope(problem, Scale::NaturalMa, point, value, &mut slope) {
        return None;
    }
    for i in 0..k {
        slope.curvature[i * k + i] += 1e-9;
    }
    let scaled: Vec<f64> = slope.curvature.iter().map(|c| c * counted).collect();
    let arma = inverse(&scaled, k)?;
    let mut out = vec![0.0; total * total];
    for i in 0..k {
        for j in 0..k {
            out[i * total + j] = arma[i * k + j];
        }
    }
    for (i, &c) in columns.iter().enumerate() {
        out[(k + i) * total + k + i] = spread[c] * spread[c];
    }
    Some(out)
}

/// Derivatives of the coefficients in the parameters, row-major.
fn jacobian(problem: &Problem, point: &[f64]) -> Vec<f64> {
    let order = &problem.order;
    let k = point.len();
    let mut out = vec![0.0; k * k];
    let mut coef = vec![Dual::<1>::of(0.0); k];
    for i in 0..k {
        let mut params: Vec<Dual<1>> = point.iter().map(|&p| Dual::of(p)).collect();
        params[i].d = [1.0];
        super::problem::coefficients(order, Scale::NaturalMa, &params, &mut coef);
        for (row, c) in coef.iter().enumerate() {
            out[row * k + i] = c.d[0];
        }
    }
    out
}
