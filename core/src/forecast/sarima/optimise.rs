//! The search for the coefficients.
//!
//! The objective is half the logarithm of a sum of squares (the innovations times the root of
//! their determinant), so Levenberg–Marquardt with exact derivatives converges in a handful of
//! steps where a quasi-Newton method would first have to learn the curvature. Nelder–Mead takes
//! over where it stalls.

use super::matrix::{backward, cholesky, dot, forward};
use super::problem::{Evaluator, Problem, REJECTED, Scale, Slope, Value};
use crate::{Cancel, Result};

/// Accepted steps of one search; a series that needs more is flat around its optimum.
const MAX_STEPS: usize = 60;
/// Damping at the start, as a share of the curvature's diagonal.
const DAMPING: f64 = 1e-3;
/// Damping at which no step helps any more.
const MAX_DAMPING: f64 = 1e8;
/// Largest move of a parameter in one step: tanh goes from 0 to 0.9.
const MAX_MOVE: f64 = 1.5;
/// Predicted gain below which a search that cannot move has arrived.
const ROUNDING_GAIN: f64 = 1e-6;
/// Evaluations of a Nelder–Mead rescue, per parameter.
const SIMPLEX_EVALUATIONS: usize = 120;

/// How well to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// Log-likelihood to about 1e-3, enough to rank orders.
    Rank,
    /// Estimates to about 1e-5 of a standard error.
    Full,
}

impl Precision {
    /// Predicted gain of log-likelihood at which to stop: half the squared distance from the
    /// optimum in standard errors.
    fn gain(self) -> f64 {
        match self {
            Precision::Rank => 1e-3,
            Precision::Full => 1e-10,
        }
    }
}

/// Where a search ended.
#[derive(Clone, Debug)]
pub(super) struct Optimum {
    pub(super) params: Vec<f64>,
    pub(super) value: Value,
}

/// Minimises the objective from the best of `starts`.
///
/// The evaluator's regression coefficients are those of the optimum afterwards.
pub(super) fn minimise(
    problem: &Problem,
    starts: &[Vec<f64>],
    precision: Precision,
    evaluator: &mut Evaluator,
    cancel: Cancel,
) -> Result<Option<Optimum>> {
    let mut best: Option<Optimum> = None;
    for start in starts {
        let value = evaluator.value(problem, Scale::Free, start, None);
        if value.objective < best.as_ref().map_or(REJECTED, |b| b.value.objective) {
            best = Some(Optimum {
                params: start.clone(),
                value,
            });
        }
    }
    let Some(mut best) = best else {
        return Ok(None);
    };
    if !best.params.is_empty() && !problem.exact {
        let converged = levenberg_marquardt(problem, &mut best, precision, evaluator, cancel)?;
        if !converged && precision == Precision::Full {
            nelder_mead(problem, &mut best, evaluator, cancel)?;
            levenberg_marquardt(problem, &mut best, precision, evaluator, cancel)?;
        }
    }
    evaluator.value(problem, Scale::Free, &best.params, None);
    Ok(Some(best))
}

fn levenberg_marquardt(
    problem: &Problem,
    best: &mut Optimum,
    precision: Precision,
    evaluator: &mut Evaluator,
    cancel: Cancel,
) -> Result<bool> {
    let k = best.params.len();
    let counted = problem.counted().max(1) as f64;
    let mut slope = Slope::default();
    let mut damping = DAMPING;
    let mut matrix = vec![0.0; k * k];
    let mut step = vec![0.0; k];
    let mut trial = vec![0.0; k];
    for _ in 0..MAX_STEPS {
        cancel.check()?;
        best.value = evaluator.value(problem, Scale::Free, &best.params, None);
        if !evaluator.slope(problem, Scale::Free, &best.params, best.value, &mut slope) {
            return Ok(false);
        }
        let newton = predicted_gain(&slope, 1e-9, counted, &mut matrix, &mut step);
        if newton < precision.gain() {
            return Ok(true);
        }
        let mut moved = false;
        while damping < MAX_DAMPING {
            let gain = predicted_gain(&slope, damping, counted, &mut matrix, &mut step);
            if !gain.is_finite() {
                damping *= 10.0;
                continue;
            }
            let longest = step.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
            let shrink = (MAX_MOVE / longest).min(1.0);
            for ((t, p), s) in trial.iter_mut().zip(&best.params).zip(&step) {
                *t = p - shrink * s;
            }
            let value = evaluator.value(problem, Scale::Free, &trial, None);
            if value.objective < best.value.objective {
                let won = counted * (best.value.objective - value.objective);
                // Far less than predicted: the quadratic picture is poor here.
                damping = if won > 0.25 * gain * shrink {
                    (damping * 0.2).max(1e-9)
                } else {
                    damping * 2.0
                };
                best.params.copy_from_slice(&trial);
                best.value = value;
                moved = true;
                break;
            }
            damping = (damping * 8.0).max(1e-4);
        }
        if !moved {
            // Nothing helps: either rounding hides what little is left, or the point is bad.
            return Ok(newton < ROUNDING_GAIN);
        }
    }
    Ok(false)
}

/// Fills `step` with the damped Newton step and returns the gain of log-likelihood that a
/// quadratic objective would give; infinite where the curvature is not positive.
fn predicted_gain(
    slope: &Slope,
    damping: f64,
    counted: f64,
    matrix: &mut [f64],
    step: &mut [f64],
) -> f64 {
    let k = step.len();
    matrix.copy_from_slice(&slope.curvature);
    for i in 0..k {
        // A saturated tanh has no curvature at all; the floor keeps the system regular.
        let d = slope.curvature[i * k + i];
        matrix[i * k + i] = d + damping * d + 1e-12;
    }
    step.copy_from_slice(&slope.gradient);
    if !cholesky(matrix, k) {
        return f64::INFINITY;
    }
    forward(matrix, k, step);
    backward(matrix, k, step);
    0.5 * counted * dot(step, &slope.gradient)
}

/// Nelder and Mead (1965) with the usual coefficients, from a simplex around the best point.
fn nelder_mead(
    problem: &Problem,
    best: &mut Optimum,
    evaluator: &mut Evaluator,
    cancel: Cancel,
) -> Result<()> {
    let k = best.params.len();
    let mut evaluate = |params: &[f64]| {
        evaluator
            .value(problem, Scale::Free, params, None)
            .objective
    };
    let mut simplex: Vec<(f64, Vec<f64>)> = vec![(best.value.objective, best.params.clone())];
    for i in 0..k {
        let mut point = best.params.clone();
        point[i] += 0.1;
        simplex.push((evaluate(&point), point));
    }
    let at = |from: &[f64], to: &[f64], share: f64| -> Vec<f64> {
        from.iter()
            .zip(to)
            .map(|(a, b)| a + share * (b - a))
            .collect()
    };
    for round in 0..SIMPLEX_EVALUATIONS * k {
        if round % 16 == 0 {
            cancel.check()?;
        }
        simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (low, high) = (simplex[0].0, simplex[k].0);
        if high - low < 1e-13 {
            break;
        }
        let mut centre = vec![0.0; k];
        for (_, point) in &simplex[..k] {
            for (c, p) in centre.iter_mut().zip(point) {
                *c += p / k as f64;
            }
        }
        let worst = simplex[k].1.clone();
        let reflected = at(&centre, &worst, -1.0);
        let value = evaluate(&reflected);
        if value < low {
            let expanded = at(&centre, &worst, -2.0);
            let further = evaluate(&expanded);
            simplex[k] = if further < value {
                (further, expanded)
            } else {
                (value, reflected)
            };
        } else if value < simplex[k - 1].0 {
            simplex[k] = (value, reflected);
        } else {
            let share = if value < high { -0.5 } else { 0.5 };
            let inner = at(&centre, &worst, share);
            let value_inner = evaluate(&inner);
            if value_inner < high.min(value) {
                simplex[k] = (value_inner, inner);
            } else {
                let anchor = simplex[0].1.clone();
                for (value, point) in &mut simplex[1..] {
                    *point = at(&anchor, point, 0.5);
                    *value = evaluate(point);
                }
            }
        }
    }
    simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((value, params)) = simplex.into_iter().next()
        && value < best.value.objective
    {
        best.value = evaluator.value(problem, Scale::Free, &params, None);
        best.params = params;
    }
    Ok(())
}
