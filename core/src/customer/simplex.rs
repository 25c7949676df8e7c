//! The downhill simplex of Nelder and Mead, for likelihoods of a few parameters.

use crate::{Cancel, Result};

/// Steps after which the search gives up; five times what the models here have needed.
const MAX_STEPS: usize = 4_000;
/// The relative spread of values at which the simplex counts as settled.
const TOLERANCE: f64 = 1e-12;

/// Minimises `f` from `start`, restarting once from what it found.
///
/// Source: Nelder & Mead 1965, with the standard coefficients 1, 2, 1/2, 1/2.
pub(crate) fn minimise(
    start: &[f64],
    cancel: Cancel<'_>,
    mut f: impl FnMut(&[f64]) -> f64,
) -> Result<(Vec<f64>, f64)> {
    let first = descend(start, 0.5, cancel, &mut f)?;
    // A fresh simplex around the answer catches one that collapsed early.
    descend(&first.0, 0.1, cancel, &mut f)
}

fn descend(
    start: &[f64],
    width: f64,
    cancel: Cancel<'_>,
    f: &mut impl FnMut(&[f64]) -> f64,
) -> Result<(Vec<f64>, f64)> {
    let n = start.len();
    let mut value = |x: &[f64]| {
        let v = f(x);
        if v.is_nan() { f64::INFINITY } else { v }
    };
    let mut points: Vec<(Vec<f64>, f64)> = (0..=n)
        .map(|i| {
            let mut x = start.to_vec();
            if let Some(xi) = i.checked_sub(1).and_then(|i| x.get_mut(i)) {
                *xi += width;
            }
            let v = value(&x);
            (x, v)
        })
        .collect();
    for _ in 0..MAX_STEPS {
        cancel.check()?;
        points.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (points[0].1, points[n].1);
        let size: f64 = (0..n)
            .map(|j| (points[n].0[j] - points[0].0[j]).abs())
            .fold(0.0, f64::max);
        if (worst - best).abs() <= TOLERANCE * (best.abs() + TOLERANCE) && size < 1e-6 {
            break;
        }
        let centre: Vec<f64> = (0..n)
            .map(|j| points[..n].iter().map(|p| p.0[j]).sum::<f64>() / n as f64)
            .collect();
        let along = |t: f64| -> Vec<f64> {
            centre
                .iter()
                .zip(&points[n].0)
                .map(|(c, w)| c + t * (c - w))
                .collect()
        };
        let reflected = along(1.0);
        let v = value(&reflected);
        if v < best {
            let expanded = along(2.0);
            let w = value(&expanded);
            points[n] = if w < v { (expanded, w) } else { (reflected, v) };
        } else if v < points[n - 1].1 {
            points[n] = (reflected, v);
        } else {
            let contracted = along(if v < worst { 0.5 } else { -0.5 });
            let w = value(&contracted);
            if w < worst.min(v) {
                points[n] = (contracted, w);
            } else {
                let anchor = points[0].0.clone();
                for point in &mut points[1..] {
                    for (x, a) in point.0.iter_mut().zip(&anchor) {
                        *x = a + 0.5 * (*x - a);
                    }
                    point.1 = value(&point.0);
                }
            }
        }
    }
    points.sort_by(|a, b| a.1.total_cmp(&b.1));
    let best = points.swap_remove(0);
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::minimise;
    use crate::Cancel;

    #[test]
    fn finds_the_bottom_of_rosenbrocks_valley() {
        let (x, v) = minimise(&[-1.2, 1.0], Cancel::NEVER, |x| {
            100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)
        })
        .unwrap();
        assert!(v < 1e-10 && (x[0] - 1.0).abs() < 1e-4, "{x:?} {v}");
    }
}
