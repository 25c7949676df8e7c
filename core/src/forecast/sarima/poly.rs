//! Polynomials of the lag operator: partial autocorrelations, products, distance of the roots
//! from the unit circle.

use super::real::Real;

/// Turns partial autocorrelations into the coefficients of a stationary AR polynomial, in place,
/// by the Durbin–Levinson recursion (Monahan 1984).
pub(super) fn from_partial<T: Real>(coef: &mut [T]) {
    for k in 1..coef.len() {
        let last = coef[k];
        // Entries i and k-1-i depend on each other only.
        for i in 0..k.div_ceil(2) {
            let (a, b) = (coef[i], coef[k - 1 - i]);
            coef[i] = a - last * b;
            coef[k - 1 - i] = b - last * a;
        }
    }
}

/// The inverse of [`from_partial`]: `false` where the polynomial is not stationary, and `coef`
/// is then of no use.
pub(super) fn to_partial<T: Real>(coef: &mut [T]) -> bool {
    for k in (0..coef.len()).rev() {
        let last = coef[k];
        // NaN fails too.
        if !(last.value().abs() < 1.0) {
            return false;
        }
        let scale = (T::of(1.0) - last * last).recip();
        for i in 0..k.div_ceil(2) {
            let (a, b) = (coef[i], coef[k - 1 - i]);
            coef[i] = (a + last * b) * scale;
            coef[k - 1 - i] = (b + last * a) * scale;
        }
    }
    true
}

/// Whether all roots of `1 - Σ coef_i z^(i+1)` lie outside the circle of radius `radius`.
pub(super) fn roots_beyond(coef: &[f64], radius: f64) -> bool {
    let mut scaled: Vec<f64> = coef
        .iter()
        .scan(1.0, |power, c| {
            *power *= radius;
            Some(c * *power)
        })
        .collect();
    to_partial(&mut scaled)
}

/// Pulls the coefficients of `1 - Σ coef_i z^(i+1)` in until its roots are beyond 1.02, so that
/// they can start a search.
pub(super) fn pull_inside(coef: &mut [f64]) {
    if coef.iter().any(|c| !c.is_finite()) {
        coef.fill(0.0);
    }
    // Each round moves every root out by a tenth; 0.9^i makes the last rounds reach zero.
    for _ in 0..60 {
        if roots_beyond(coef, 1.02) {
            return;
        }
        let mut power = 1.0;
        for c in coef.iter_mut() {
            power *= 0.9;
            *c *= power;
        }
    }
    coef.fill(0.0);
}

/// Writes the coefficients 1.. of `(1 + sign Σ a_i z^i)(1 + sign Σ b_j z^(season j))` times `sign`
/// to `out`, whose length is the product's degree: `sign` is -1 for AR and 1 for MA.
pub(super) fn product<T: Real>(a: &[T], b: &[T], season: usize, sign: f64, out: &mut [T]) {
    out.fill(T::of(0.0));
    for (i, &a) in a.iter().enumerate() {
        if let Some(slot) = out.get_mut(i) {
            *slot += a;
        }
    }
    for (j, &b) in b.iter().enumerate() {
        let base = (j + 1) * season;
        if let Some(slot) = out.get_mut(base - 1) {
            *slot += b;
        }
        for (i, &a) in a.iter().enumerate() {
            if let Some(slot) = out.get_mut(base + i) {
                *slot += a * b * T::of(sign);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_autocorrelations_round_trip() {
        let partial = [0.5, -0.3, 0.8, 0.1, -0.9];
        let mut coef = partial;
        from_partial(&mut coef);
        assert!(to_partial(&mut coef));
        for (got, want) in coef.iter().zip(partial) {
            approx::assert_relative_eq!(*got, want, max_relative = 1e-12);
        }
    }

    #[test]
    fn second_order_coefficients_are_the_textbook_ones() {
        let mut coef = [0.5, -0.3];
        from_partial(&mut coef);
        approx::assert_relative_eq!(coef[0], 0.5 * 1.3);
        approx::assert_relative_eq!(coef[1], -0.3);
    }

    #[test]
    fn roots_are_placed_by_radius() {
        assert!(roots_beyond(&[0.9], 1.1));
        assert!(!roots_beyond(&[0.9], 1.12));
        let mut explosive = [3.0, -4.0, f64::MAX];
        pull_inside(&mut explosive);
        assert!(roots_beyond(&explosive, 1.01));
    }

    #[test]
    fn product_of_seasonal_polynomials() {
        let mut out = [0.0; 5];
        product(&[0.5], &[0.4], 4, -1.0, &mut out);
        assert_eq!(out, [0.5, 0.0, 0.0, 0.4, -0.2]);
        product(&[0.5], &[0.4], 4, 1.0, &mut out);
        assert_eq!(out, [0.5, 0.0, 0.0, 0.4, 0.2]);
    }
}
