//! Minimisation of a smooth function of a few parameters without derivatives.

use crate::{Cancel, Result};

/// Most parameters [`nelder_mead`] takes.
pub(crate) const MAX_PARAMETERS: usize = 8;

/// Coefficients of Nelder & Mead (1965), The Computer Journal 7(4): reflection, expansion,
/// contraction, shrinkage.
const REFLECT: f64 = 1.0;
const EXPAND: f64 = 2.0;
const CONTRACT: f64 = 0.5;
const SHRINK: f64 = 0.5;

/// How long a search may take and when it has arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Most evaluations of the function.
    pub(crate) evaluations: usize,
    /// Relative difference between the best and the worst corner that counts as arrived.
    pub(crate) tolerance: f64,
}

type Point = [f64; MAX_PARAMETERS];

/// Minimises `f` from `start` inside the box `bounds`, first steps of `step` per parameter.
///
/// Corners outside the box are moved onto it. A value that is not finite counts as very large.
/// Returns the best point and its value. `start` holds at most [`MAX_PARAMETERS`] values; later
/// ones are ignored.
pub(crate) fn nelder_mead(
    start: &[f64],
    step: &[f64],
    bounds: &[(f64, f64)],
    effort: Effort,
    cancel: Cancel<'_>,
    mut f: impl FnMut(&[f64]) -> f64,
) -> Result<(Vec<f64>, f64)> {
    let n = start
        .len()
        .min(step.len())
        .min(bounds.len())
        .min(MAX_PARAMETERS);
    let mut evaluate = |point: &mut Point| {
        for (value, (lo, hi)) in point.iter_mut().zip(bounds).take(n) {
            *value = value.clamp(*lo, *hi);
        }
        let value = f(&point[..n]);
        if value.is_finite() { value } else { f64::MAX }
    };
    let mut corners: Vec<(Point, f64)> = Vec::with_capacity(n + 1);
    for corner in 0..=n {
        let mut point: Point = [0.0; MAX_PARAMETERS];
        point[..n].copy_from_slice(&start[..n]);
        if corner > 0 {
            let i = corner - 1;
            let (lo, hi) = bounds[i];
            // Step inwards where the start lies near the upper bound.
            point[i] += if point[i] + step[i] > hi {
                -step[i]
            } else {
                step[i]
            };
            point[i] = point[i].clamp(lo, hi);
        }
        let value = evaluate(&mut point);
        corners.push((point, value));
    }
    let mut spent = n + 1;
    while spent < effort.evaluations && n > 0 {
        cancel.check()?;
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst, second) = (corners[0].1, corners[n].1, corners[n - 1].1);
        if (worst - best).abs() <= effort.tolerance * (worst.abs() + best.abs() + 1e-300) {
            break;
        }
        let mut centre: Point = [0.0; MAX_PARAMETERS];
        for (point, _) in &corners[..n] {
            for i in 0..n {
                centre[i] += point[i] / n as f64;
            }
        }
        let away = |factor: f64, from: &Point| {
            let mut point = centre;
            for i in 0..n {
                point[i] += factor * (centre[i] - from[i]);
            }
            point
        };
        let worst_point = corners[n].0;
        let mut reflected = away(REFLECT, &worst_point);
        let value = evaluate(&mut reflected);
        spent += 1;
        if value < best {
            let mut expanded = away(EXPAND, &worst_point);
            let further = evaluate(&mut expanded);
            spent += 1;
            corners[n] = if further < value {
                (expanded, further)
            } else {
                (reflected, value)
            };
        } else if value < second {
            corners[n] = (reflected, value);
        } else {
            let outside = value < worst;
            let mut contracted = away(if outside { CONTRACT } else { -CONTRACT }, &worst_point);
            let nearer = evaluate(&mut contracted);
            spent += 1;
            if nearer < value.min(worst) {
                corners[n] = (contracted, nearer);
            } else {
                let anchor = corners[0].0;
                for corner in corners.iter_mut().skip(1) {
                    for (value, fixed) in corner.0.iter_mut().zip(&anchor) {
                        *value = fixed + SHRINK * (*value - fixed);
                    }
                    corner.1 = evaluate(&mut corner.0);
                }
                spent += n;
            }
        }
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (point, value) = corners[0];
    Ok((point[..n].to_vec(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_valley_of_rosenbrock() {
        let effort = Effort {
            evaluations: 2000,
            tolerance: 1e-14,
        };
        let (point, value) = nelder_mead(
            &[-1.2, 1.0],
            &[0.5, 0.5],
            &[(-5.0, 5.0); 2],
            effort,
            Cancel::NEVER,
            |p| 100.0 * (p[1] - p[0] * p[0]).powi(2) + (1.0 - p[0]).powi(2),
        )
        .unwrap();
        assert!(value < 1e-8, "{point:?} {value}");
    }
}
