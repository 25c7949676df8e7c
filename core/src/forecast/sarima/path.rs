//! One pass of a fitted model over a series: innovations, estimates of missing values, and what
//! is expected beyond the end.

use super::Order;
use super::filter::{Filter, Start};
use super::matrix::{backward, cholesky_of_columns, dot, forward};
use super::problem::{difference, interpolate};

/// The pass over a series without its regression part.
#[derive(Clone, Debug, Default)]
pub(super) struct Path {
    /// The series with missing values replaced by their estimates.
    pub(super) filled: Vec<f64>,
    /// Standardised innovations of the differenced series.
    pub(super) innovations: Vec<f64>,
    /// Logarithm of the determinant of the innovations' variances.
    pub(super) log_det: f64,
    /// Differenced values less missing ones.
    pub(super) counted: usize,
    /// Expected values beyond the end.
    pub(super) mean: Vec<f64>,
    /// `spread[i * steps + j]`: what a future standard innovation `i` adds to step `j >= i`.
    pub(super) spread: Vec<f64>,
    /// Variance that the estimates of missing values add to each step, in units of sigma².
    pub(super) doubt: Vec<f64>,
}

/// Weights of the levels in `level_t = difference_t + Σ weight · level_(t - lag)`.
fn integration(order: &Order) -> Vec<(usize, f64)> {
    let mut poly = vec![0.0; order.lost() + 1];
    poly[0] = 1.0;
    let lags = std::iter::repeat_n(1, order.d).chain(std::iter::repeat_n(order.season, order.sd));
    for lag in lags {
        for i in (lag..poly.len()).rev() {
            poly[i] -= poly[i - lag];
        }
    }
    poly.iter()
        .enumerate()
        .skip(1)
        .filter(|(_, c)| **c != 0.0)
        .map(|(lag, c)| (lag, -c))
        .collect()
}

/// Turns differences into levels in place, given the levels before them.
fn integrate(weights: &[(usize, f64)], before: &[f64], values: &mut [f64]) {
    for t in 0..values.len() {
        for &(lag, weight) in weights {
            let past = if lag <= t {
                values[t - lag]
            } else {
                let back = lag - t;
                before
                    .len()
                    .checked_sub(back)
                    .and_then(|i| before.get(i))
                    .copied()
                    .unwrap_or(0.0)
            };
            values[t] += weight * past;
        }
    }
}

/// Passes the model over `eta` (NaN where missing, observed at both ends) and `steps` beyond.
///
/// `None` where `eta` is not longer than what differencing takes.
pub(super) fn pass(
    order: &Order,
    coef: &[f64],
    eta: &[f64],
    start: Start,
    steps: usize,
) -> Option<Path> {
    let lost = order.lost();
    let n = eta.len().checked_sub(lost).filter(|&n| n > 0)?;
    let gaps: Vec<usize> = (0..eta.len()).filter(|&t| eta[t].is_nan()).collect();
    let mut filled = interpolate(eta);
    let mut data = Vec::with_capacity(n * (gaps.len() + 1));
    let mut w = filled.clone();
    difference(&mut w, order);
    data.append(&mut w);
    let indicator =
        |gap: usize| -> Vec<f64> { (0..eta.len()).map(|t| f64::from(t == gap)).collect() };
    for &gap in &gaps {
        let mut x = indicator(gap);
        difference(&mut x, order);
        data.append(&mut x);
    }
    let mut filter = Filter::<f64>::new(order);
    filter.coef.copy_from_slice(coef);
    let mut out = vec![0.0; data.len()];
    // The conditional sum of squares may end so near to a unit root that no stationary start
    // exists in doubles; it always is its own start.
    let result = filter
        .run(order, &data, n, start, steps, &mut out)
        .or_else(|| filter.run(order, &data, n, Start::Conditional, steps, &mut out))?;

    let weights = integration(order);
    let future = |column: usize, levels: &[f64]| {
        let mut values = Vec::with_capacity(steps);
        filter.project(filter.state_after(column, n, steps), steps, &mut values);
        integrate(&weights, levels, &mut values);
        values
    };
    let mut path = Path {
        mean: future(0, &filled),
        doubt: vec![0.0; steps],
        log_det: result.log_det,
        counted: n.saturating_sub(gaps.len()),
        ..Path::default()
    };
    let (white, columns) = out.split_at_mut(n);
    if !gaps.is_empty() {
        let m = gaps.len();
        let mut factor = vec![0.0; m * m];
        let mut delta = vec![0.0; m];
        for i in 0..m {
            let a = &columns[i * n..(i + 1) * n];
            delta[i] = dot(a, white);
            for j in 0..=i {
                factor[i * m + j] = dot(a, &columns[j * n..(j + 1) * n]);
            }
        }
        // A season that was never observed leaves the system singular.
        if cholesky_of_columns(&mut factor, m) {
            forward(&factor, m, &mut delta);
            backward(&factor, m, &mut delta);
            let futures: Vec<Vec<f64>> = gaps
                .iter()
                .enumerate()
                .map(|(j, &gap)| future(j + 1, &indicator(gap)))
                .collect();
            for (j, &gap) in gaps.iter().enumerate() {
                filled[gap] -= delta[j];
                for (w, x) in white.iter_mut().zip(&columns[j * n..(j + 1) * n]) {
                    *w -= delta[j] * x;
                }
                for (mean, f) in path.mean.iter_mut().zip(&futures[j]) {
                    *mean -= delta[j] * f;
                }
            }
            let mut row = vec![0.0; m];
            for h in 0..steps {
                for (r, f) in row.iter_mut().zip(&futures) {
                    *r = f[h];
                }
                forward(&factor, m, &mut row);
                path.doubt[h] = dot(&row, &row);
            }
        }
    }
    path.innovations = white.to_vec();
    path.filled = filled;

    path.spread = vec![0.0; steps * steps];
    let r = filter.state_len();
    let mut response = Vec::with_capacity(steps);
    for i in 0..steps {
        let left = steps - i;
        // From the steady state on, all responses are the psi weights.
        let steady = filter.ahead.variance[i] == 1.0;
        if !(steady && response.len() >= left) {
            response.clear();
            response.push(1.0);
            filter.project(
                &filter.ahead.gain[i * r..(i + 1) * r],
                left - 1,
                &mut response,
            );
            integrate(&weights, &[], &mut response);
        }
        let root = filter.ahead.variance[i].sqrt();
        for (slot, r) in path.spread[i * steps + i..(i + 1) * steps]
            .iter_mut()
            .zip(&response)
        {
            *slot = root * r;
        }
        if !steady {
            response.clear();
        }
    }
    Some(path)
}

/// The first `steps` psi weights of the integrated model, starting with 1.
pub(super) fn psi_weights(order: &Order, coef: &[f64], steps: usize) -> Vec<f64> {
    let mut filter = Filter::<f64>::new(order);
    filter.coef.copy_from_slice(coef);
    // Without data the conditional start is steady at once.
    if steps == 0
        || filter
            .run(order, &[], 0, Start::Conditional, 1, &mut [])
            .is_none()
    {
        return Vec::new();
    }
    let mut out = vec![1.0];
    filter.project(&filter.ahead.gain, steps - 1, &mut out);
    integrate(&integration(order), &[], &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psi_weights_are_the_textbook_ones() {
        let psi = psi_weights(&Order::new(1, 0, 1), &[0.5, 0.4], 4);
        for (got, want) in psi.iter().zip([1.0, 0.9, 0.45, 0.225]) {
            approx::assert_relative_eq!(*got, want, max_relative = 1e-12);
        }
        let psi = psi_weights(&Order::new(0, 1, 1), &[-0.4], 3);
        assert_eq!(psi, vec![1.0, 0.6, 0.6]);
    }

    #[test]
    fn levels_come_back_from_differences() {
        let order = Order::new(0, 1, 0).seasonal(0, 1, 0, 4);
        let y: Vec<f64> = (0..30).map(|t| f64::from(t * t % 17)).collect();
        let mut w = y.clone();
        difference(&mut w, &order);
        let mut back = w[10..].to_vec();
        integrate(&integration(&order), &y[..15], &mut back);
        assert_eq!(back, y[15..]);
    }
}
