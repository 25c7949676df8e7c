//! Starting values by Hannan and Rissanen (1982): a long autoregression gives errors, then the
//! series is regressed on its own lags and on those errors.

use super::Order;
use super::matrix::{backward, cholesky, dot, forward};
use super::poly::pull_inside;

/// Coefficients to start from, inside the admissible region; `None` where the series is too
/// short to say anything.
pub(super) fn hannan_rissanen(w: &[f64], order: &Order) -> Option<Vec<f64>> {
    let k = order.arma_len();
    let n = w.len();
    // Lags of each coefficient: regular and seasonal, AR on the series, MA on the errors.
    let seasonal = |count: usize| (1..=count).map(|j| j * order.season);
    let ar: Vec<usize> = (1..=order.p).collect();
    let lags: Vec<(bool, usize)> = ar
        .into_iter()
        .map(|l| (true, l))
        .chain((1..=order.q).map(|l| (false, l)))
        .chain(seasonal(order.sp).map(|l| (true, l)))
        .chain(seasonal(order.sq).map(|l| (false, l)))
        .collect();
    let longest = lags.iter().map(|&(_, l)| l).max()?;
    let needs_errors = lags.iter().any(|&(ar, _)| !ar);
    let long = if needs_errors {
        // The usual order of the first stage, and one season at least.
        let season = if order.sp + order.sq > 0 {
            order.season
        } else {
            0
        };
        ((n as f64).ln().powi(2).round() as usize)
            .max(2 * (order.p + order.q))
            .max(season + order.p.max(order.q))
            .min(n / 3)
    } else {
        0
    };
    let first = longest + long;
    if n < first + k + 2 {
        return None;
    }
    let errors = if needs_errors {
        long_autoregression(w, long)
    } else {
        Vec::new()
    };
    let column = |&(ar, lag): &(bool, usize)| {
        let source = if ar { w } else { &errors };
        &source[first - lag..n - lag]
    };
    let target = &w[first..];
    let mut a = vec![0.0; k * k];
    let mut b = vec![0.0; k];
    for (i, li) in lags.iter().enumerate() {
        let x = column(li);
        b[i] = dot(x, target);
        for (j, lj) in lags.iter().enumerate().take(i + 1) {
            a[i * k + j] = dot(x, column(lj));
        }
        a[i * k + i] *= 1.0 + 1e-8;
    }
    if !cholesky(&mut a, k) {
        return None;
    }
    forward(&a, k, &mut b);
    backward(&a, k, &mut b);
    for (part, range) in order.split().into_iter().enumerate() {
        let coef = &mut b[range];
        let sign = if part % 2 == 1 { -1.0 } else { 1.0 };
        coef.iter_mut().for_each(|c| *c *= sign);
        pull_inside(coef);
        coef.iter_mut().for_each(|c| *c *= sign);
    }
    Some(b)
}

/// Errors of an autoregression of `order` lags, Yule–Walker by Levinson; zero before it starts.
fn long_autoregression(w: &[f64], order: usize) -> Vec<f64> {
    let n = w.len();
    let gamma: Vec<f64> = (0..=order).map(|l| dot(&w[..n - l], &w[l..])).collect();
    let mut phi: Vec<f64> = Vec::with_capacity(order);
    let mut error = gamma[0];
    for k in 0..order {
        if !(error > 0.0) {
            break;
        }
        let sum: f64 = phi.iter().enumerate().map(|(i, f)| f * gamma[k - i]).sum();
        let last = (gamma[k + 1] - sum) / error;
        for i in 0..k.div_ceil(2) {
            let (a, b) = (phi[i], phi[k - 1 - i]);
            phi[i] = a - last * b;
            phi[k - 1 - i] = b - last * a;
        }
        phi.push(last);
        error *= 1.0 - last * last;
    }
    let used = phi.len();
    (0..n)
        .map(|t| {
            if t < used {
                0.0
            } else {
                w[t] - phi
                    .iter()
                    .enumerate()
                    .map(|(i, f)| f * w[t - 1 - i])
                    .sum::<f64>()
            }
        })
        .collect()
}
