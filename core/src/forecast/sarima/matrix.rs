//! Small dense symmetric systems, row-major.

/// Factors the symmetric positive definite `a` (`n` × `n`, lower half read) into `L L'`, in
/// place in the lower half; `false` where it is not positive definite.
pub(super) fn cholesky(a: &mut [f64], n: usize) -> bool {
    factor(a, n, None)
}

/// As [`cholesky`] of a Gram matrix of columns about as long as one, but a column that depends on
/// those before it is left out: what is solved with the factor then gives it the coefficient 0.
pub(super) fn cholesky_of_columns(a: &mut [f64], n: usize) -> bool {
    factor(a, n, Some(VANISHED))
}

/// Squared length below which what is left of a column counts as zero.
const VANISHED: f64 = 1e-12;

fn factor(a: &mut [f64], n: usize, drop_below: Option<f64>) -> bool {
    for j in 0..n {
        let mut dropped = false;
        for i in j..n {
            let (row_i, row_j) = (i * n, j * n);
            let mut sum = a[row_i + j];
            for k in 0..j {
                sum -= a[row_i + k] * a[row_j + k];
            }
            if dropped {
                a[row_i + j] = 0.0;
            } else if i == j {
                if drop_below.is_some_and(|limit| sum.abs() < limit) {
                    dropped = true;
                    sum = 1.0;
                }
                if !(sum > 0.0 && sum.is_finite()) {
                    return false;
                }
                a[row_i + j] = sum.sqrt();
            } else {
                a[row_i + j] = sum / a[row_j + j];
            }
        }
    }
    true
}

/// Solves `L x = b` in place for the factor that [`cholesky`] leaves.
pub(super) fn forward(l: &[f64], n: usize, b: &mut [f64]) {
    for i in 0..n {
        let mut sum = b[i];
        for k in 0..i {
            sum -= l[i * n + k] * b[k];
        }
        b[i] = sum / l[i * n + i];
    }
}

/// Solves `L' x = b` in place for the factor that [`cholesky`] leaves.
pub(super) fn backward(l: &[f64], n: usize, b: &mut [f64]) {
    for i in (0..n).rev() {
        let mut sum = b[i];
        for k in i + 1..n {
            sum -= l[k * n + i] * b[k];
        }
        b[i] = sum / l[i * n + i];
    }
}

/// The inverse of a symmetric positive definite matrix; `None` where it is not one.
pub(super) fn inverse(a: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut l = a.to_vec();
    if !cholesky(&mut l, n) {
        return None;
    }
    let mut out = vec![0.0; n * n];
    let mut column = vec![0.0; n];
    for j in 0..n {
        column.fill(0.0);
        column[j] = 1.0;
        forward(&l, n, &mut column);
        backward(&l, n, &mut column);
        for (i, value) in column.iter().enumerate() {
            out[i * n + j] = *value;
        }
    }
    out.iter().all(|v| v.is_finite()).then_some(out)
}

/// The scalar product.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_of_a_small_matrix() {
        let a = [4.0, 2.0, 2.0, 3.0];
        let got = inverse(&a, 2).unwrap();
        for (got, want) in got.iter().zip([0.375, -0.25, -0.25, 0.5]) {
            approx::assert_relative_eq!(*got, want, max_relative = 1e-14);
        }
        assert!(inverse(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}
