//! Forecasts of a hierarchy that add up.

use crate::{Cancel, Error, Result};

/// Up to so many members at the bottom, the covariance of all errors is used; beyond, the variances
/// alone, whose equations stay sparse.
const DENSE: usize = 300;

/// Relative residual at which the conjugate gradients have arrived.
const ARRIVED: f64 = 1e-10;

/// A hierarchy: aggregates over members at the bottom.
#[derive(Clone, Debug, PartialEq)]
pub struct Hierarchy {
    /// Members at the bottom.
    pub bottom: usize,
    /// For each aggregate, the members it sums, by their number from 0.
    pub aggregates: Vec<Vec<usize>>,
}

impl Hierarchy {
    /// Aggregates and members together.
    pub fn nodes(&self) -> usize {
        self.aggregates.len() + self.bottom
    }

    /// Sums members into all nodes: aggregates first, then the members themselves.
    fn sum(&self, members: &[f64]) -> Vec<f64> {
        self.aggregates
            .iter()
            .map(|of| of.iter().map(|i| members[*i]).sum())
            .chain(members.iter().copied())
            .collect()
    }

    /// The transpose of [`Hierarchy::sum`].
    fn spread(&self, nodes: &[f64]) -> Vec<f64> {
        let mut members = nodes[self.aggregates.len()..].to_vec();
        for (value, of) in nodes.iter().zip(&self.aggregates) {
            for i in of {
                members[*i] += value;
            }
        }
        members
    }

    fn check(&self, forecasts: &[Vec<f64>]) -> Result<usize> {
        let horizon = forecasts.first().map_or(0, Vec::len);
        let complete = forecasts.len() == self.nodes()
            && forecasts.iter().all(|f| f.len() == horizon)
            && self.aggregates.iter().flatten().all(|i| *i < self.bottom);
        if complete {
            Ok(horizon)
        } else {
            Err(Error::OutOfRange {
                name: "number of forecasts",
                value: forecasts.len().to_string(),
                accepted: "one of equal length for each aggregate and each member",
            })
        }
    }
}

/// Replaces the aggregates by the sums of their members.
///
/// * `forecasts` - one for each node, aggregates first, all of equal length.
///
/// # Errors
///
/// [`Error::OutOfRange`] where forecasts and hierarchy do not fit.
pub fn bottom_up(hierarchy: &Hierarchy, forecasts: &[Vec<f64>]) -> Result<Vec<Vec<f64>>> {
    let horizon = hierarchy.check(forecasts)?;
    let members = &forecasts[hierarchy.aggregates.len()..];
    let mut out = vec![vec![0.0; horizon]; hierarchy.nodes()];
    for h in 0..horizon {
        let bottom: Vec<f64> = members.iter().map(|f| f[h]).collect();
        for (slot, value) in out.iter_mut().zip(hierarchy.sum(&bottom)) {
            slot[h] = value;
        }
    }
    Ok(out)
}

/// Reconciles by minimum trace: the adjusted forecasts add up and have the least total error
/// variance, with the covariance of the errors shrunk towards its diagonal.
///
/// * `forecasts` - one for each node, aggregates first, all of equal length.
/// * `residuals` - one-step errors of each node, same order, aligned in time; NaN where there is
///   none. A node without errors counts as certain as the average node.
/// * `nonnegative` - members below zero are set to zero and the sums follow.
///
/// With more than 300 members the variances alone are used (weighted least squares).
///
/// # Errors
///
/// [`Error::OutOfRange`] where forecasts and hierarchy do not fit, [`Error::Cancelled`].
///
/// # Source
///
/// Wickramasuriya, Athanasopoulos & Hyndman (2019), Journal of the American Statistical Association
/// 114(526); shrinkage by Schäfer & Strimmer (2005), Statistical Applications in Genetics and
/// Molecular Biology 4(1).
pub fn mint_shrink(
    hierarchy: &Hierarchy,
    forecasts: &[Vec<f64>],
    residuals: &[Vec<f64>],
    nonnegative: bool,
    cancel: Cancel<'_>,
) -> Result<Vec<Vec<f64>>> {
    let horizon = hierarchy.check(forecasts)?;
    if residuals.len() != hierarchy.nodes() {
        return Err(Error::OutOfRange {
            name: "number of residual series",
            value: residuals.len().to_string(),
            accepted: "one for each forecast",
        });
    }
    let variances = variances(residuals);
    let precision = if hierarchy.bottom <= DENSE {
        dense_precision(residuals, &variances, cancel)?
    } else {
        Precision::Diagonal(variances.iter().map(|v| 1.0 / v).collect())
    };
    let mut out = vec![vec![0.0; horizon]; hierarchy.nodes()];
    for h in 0..horizon {
        cancel.check()?;
        let base: Vec<f64> = forecasts.iter().map(|f| f[h]).collect();
        let mut members = solve(hierarchy, &precision, &base, cancel)?;
        if nonnegative {
            for value in &mut members {
                *value = value.max(0.0);
            }
        }
        for (slot, value) in out.iter_mut().zip(hierarchy.sum(&members)) {
            slot[h] = value;
        }
    }
    Ok(out)
}

/// The inverse of the covariance of the errors.
enum Precision {
    Diagonal(Vec<f64>),
    Full(Vec<Vec<f64>>),
}

impl Precision {
    fn times(&self, x: &[f64]) -> Vec<f64> {
        match self {
            Precision::Diagonal(d) => d.iter().zip(x).map(|(a, b)| a * b).collect(),
            Precision::Full(rows) => rows
                .iter()
                .map(|row| row.iter().zip(x).map(|(a, b)| a * b).sum())
                .collect(),
        }
    }
}

/// Members that minimise `(base - S·b)' W⁻¹ (base - S·b)`, by conjugate gradients from the members'
/// own forecasts.
fn solve(
    hierarchy: &Hierarchy,
    precision: &Precision,
    base: &[f64],
    cancel: Cancel<'_>,
) -> Result<Vec<f64>> {
    let normal = |b: &[f64]| hierarchy.spread(&precision.times(&hierarchy.sum(b)));
    let right = hierarchy.spread(&precision.times(base));
    let mut b = base[hierarchy.aggregates.len()..].to_vec();
    let mut rest: Vec<f64> = right.iter().zip(normal(&b)).map(|(r, a)| r - a).collect();
    let mut direction = rest.clone();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let target = ARRIVED * ARRIVED * dot(&right, &right).max(f64::MIN_POSITIVE);
    let mut square = dot(&rest, &rest);
    for _ in 0..(4 * hierarchy.bottom + 50) {
        if square <= target {
            break;
        }
        cancel.check()?;
        let image = normal(&direction);
        let curvature = dot(&direction, &image);
        if curvature <= 0.0 || !curvature.is_finite() {
            break;
        }
        let length = square / curvature;
        for i in 0..b.len() {
            b[i] += length * direction[i];
            rest[i] -= length * image[i];
        }
        let next = dot(&rest, &rest);
        for (d, r) in direction.iter_mut().zip(&rest) {
            *d = r + next / square * *d;
        }
        square = next;
    }
    Ok(b)
}

/// Mean squares; the mean of the others where a node has none.
fn variances(residuals: &[Vec<f64>]) -> Vec<f64> {
    let own: Vec<Option<f64>> = residuals
        .iter()
        .map(|errors| {
            let (sum, n) = errors
                .iter()
                .filter(|e| e.is_finite())
                .fold((0.0, 0usize), |(s, n), e| (s + e * e, n + 1));
            let mean = sum / n.max(1) as f64;
            (n > 0 && mean > 0.0 && mean.is_finite()).then_some(mean)
        })
        .collect();
    let known: Vec<f64> = own.iter().flatten().copied().collect();
    let usual = if known.is_empty() {
        1.0
    } else {
        known.iter().sum::<f64>() / known.len() as f64
    };
    own.into_iter().map(|v| v.unwrap_or(usual)).collect()
}

fn dense_precision(
    residuals: &[Vec<f64>],
    variances: &[f64],
    cancel: Cancel<'_>,
) -> Result<Precision> {
    let nodes = residuals.len();
    // Errors over their standard deviation, aligned at the end.
    let length = residuals.iter().map(Vec::len).min().unwrap_or(0);
    let standard: Vec<Vec<f64>> = residuals
        .iter()
        .zip(variances)
        .map(|(errors, v)| {
            errors[errors.len() - length..]
                .iter()
                .map(|e| if e.is_finite() { e / v.sqrt() } else { 0.0 })
                .collect()
        })
        .collect();
    let n = length as f64;
    if length < 3 {
        return Ok(Precision::Diagonal(
            variances.iter().map(|v| 1.0 / v).collect(),
        ));
    }
    let mut correlation = vec![vec![0.0; nodes]; nodes];
    let (mut uncertainty, mut square) = (0.0, 0.0);
    for i in 0..nodes {
        cancel.check()?;
        correlation[i][i] = 1.0;
        for j in 0..i {
            let (mut sum, mut squares) = (0.0, 0.0);
            for (a, b) in standard[i].iter().zip(&standard[j]) {
                sum += a * b;
                squares += (a * b).powi(2);
            }
            let r = sum / n;
            correlation[i][j] = r;
            correlation[j][i] = r;
            uncertainty += (squares - n * r * r) / (n * (n - 1.0));
            square += r * r;
        }
    }
    let lambda = if square > 0.0 {
        (uncertainty / square).clamp(0.0, 1.0)
    } else {
        1.0
    };
    // A little ridge: aggregates repeat their members, so without shrinkage W is singular.
    let keep = (1.0 - lambda).min(1.0 - 1e-4);
    for (i, row) in correlation.iter_mut().enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            if i != j {
                *value *= keep;
            }
        }
    }
    Ok(match invert(correlation, cancel)? {
        Some(mut inverse) => {
            for i in 0..nodes {
                for j in 0..nodes {
                    inverse[i][j] /= (variances[i] * variances[j]).sqrt();
                }
            }
            Precision::Full(inverse)
        }
        None => Precision::Diagonal(variances.iter().map(|v| 1.0 / v).collect()),
    })
}

/// Gauss–Jordan inverse of a positive definite matrix; `None` where it is not.
fn invert(mut a: Vec<Vec<f64>>, cancel: Cancel<'_>) -> Result<Option<Vec<Vec<f64>>>> {
    let n = a.len();
    for k in 0..n {
        cancel.check()?;
        let pivot = a[k][k];
        if pivot.is_nan() || pivot <= 1e-12 {
            return Ok(None);
        }
        let mut row = std::mem::take(&mut a[k]);
        row[k] = 1.0;
        for value in &mut row {
            *value /= pivot;
        }
        for (i, other) in a.iter_mut().enumerate() {
            if i != k {
                let factor = other[k];
                other[k] = 0.0;
                for (value, p) in other.iter_mut().zip(&row) {
                    *value -= factor * p;
                }
            }
        }
        a[k] = row;
    }
    Ok(Some(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Hierarchy {
        Hierarchy {
            bottom: 2,
            aggregates: vec![vec![0, 1]],
        }
    }

    #[test]
    fn bottom_up_sums() {
        let out = bottom_up(&two(), &[vec![9.0], vec![2.0], vec![3.0]]).unwrap();
        assert_eq!(out, [[5.0], [2.0], [3.0]]);
    }

    #[test]
    fn mint_of_uncorrelated_errors_is_weighted_least_squares() {
        // Orthogonal errors with variances 1, 1 and 4: the gap of 3 is shared 1 : 1 : 4.
        let e = |s: f64, signs: [f64; 8]| signs.map(|v| v * s).to_vec();
        let residuals = [
            e(1.0, [1., 1., 1., 1., -1., -1., -1., -1.]),
            e(1.0, [1., 1., -1., -1., 1., 1., -1., -1.]),
            e(2.0, [1., -1., 1., -1., 1., -1., 1., -1.]),
        ];
        let base = [vec![8.0], vec![2.0], vec![3.0]];
        let out = mint_shrink(&two(), &base, &residuals, false, Cancel::NEVER).unwrap();
        assert!((out[0][0] - (8.0 - 0.5)).abs() < 1e-6, "{out:?}");
        assert!((out[1][0] - 2.5).abs() < 1e-6 && (out[2][0] - 5.0).abs() < 1e-6);
    }

    #[test]
    fn many_members_add_up_too() {
        let bottom = 1000;
        let hierarchy = Hierarchy {
            bottom,
            aggregates: vec![
                (0..bottom).collect(),
                (0..500).collect(),
                (500..bottom).collect(),
            ],
        };
        let forecasts: Vec<Vec<f64>> = (0..bottom + 3).map(|i| vec![(i % 17) as f64; 2]).collect();
        let residuals: Vec<Vec<f64>> = (0..bottom + 3)
            .map(|i| {
                (0..20)
                    .map(|t| ((i * 31 + t * 17) % 23) as f64 - 11.0)
                    .collect()
            })
            .collect();
        let out = mint_shrink(&hierarchy, &forecasts, &residuals, true, Cancel::NEVER).unwrap();
        let sum: f64 = out[3..].iter().map(|f| f[1]).sum();
        assert!((sum - out[0][1]).abs() < 1e-6 * sum);
        assert!((out[1][1] + out[2][1] - out[0][1]).abs() < 1e-6 * sum);
        assert!(out.iter().flatten().all(|v| *v >= 0.0));
    }

    #[test]
    fn a_wrong_shape_is_refused() {
        assert!(bottom_up(&two(), &[vec![1.0]]).is_err());
    }
}
