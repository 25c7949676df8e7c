//! The exact likelihood of a stationary ARMA process in O(n·r).
//!
//! The state is Harvey's: entry `i` of `r = max(p, q + 1)` is what the past says of the value `i`
//! steps ahead, and its transition is a shift plus the AR taps. For a time-invariant model that
//! starts in its stationary distribution the covariance changes by a matrix of rank one from step
//! to step, so its first column, which is all a filter needs, obeys a recursion of O(r)
//! (Morf, Sidhu and Kailath 1974; Pearlman 1980; Mélard 1984, AS 197). In this state space the
//! shift makes every update elementwise. Once the covariance has stopped changing, only the
//! non-zero taps of the two polynomials are left to apply.
//!
//! The covariances of the start come from the autocovariances (Durbin–Levinson), not from the
//! O(r⁶) linear system of AS 154.

use super::Order;
use super::poly;
use super::real::Real;

/// Largest relative change of the covariance at which it counts as steady: far below what a
/// likelihood in doubles can show.
const STEADY: f64 = 1e-14;
/// Largest distance of the steady state from the invertible one that lets the fast form take over.
const STEADY_GAP: f64 = 1e-10;
/// Steps between two looks at the covariance's change.
const STEADY_EVERY: usize = 4;
/// Largest variance of the process, in units of sigma²: beyond it the recursion would lose more
/// than half of the digits of a double.
const VARIANCE_LIMIT: f64 = 1e8;
/// The running product of variances is folded into its logarithm beyond this.
const PRODUCT_LIMIT: f64 = 1e100;

/// How the first observations are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The stationary distribution: exact likelihood.
    Exact,
    /// Conditional on the first values, with errors of zero before them (R's CSS).
    Conditional,
}

/// Buffers of one filter, kept between evaluations.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter<T> {
    /// Coefficients in the order of [`Order::split`], filled by the caller.
    pub(super) coef: Vec<T>,
    /// Expanded AR polynomial, lag 1 first.
    phi: Vec<T>,
    /// Expanded MA polynomial, lag 1 first.
    theta: Vec<T>,
    /// Non-zero lags of `phi`.
    phi_lags: Vec<usize>,
    /// Non-zero lags of `theta`.
    theta_lags: Vec<usize>,
    /// First column of the state's covariance.
    column: Vec<T>,
    /// The rank-one factor, a window that slides by one a step.
    factor: Vec<T>,
    /// States of all columns, windows that slide by one a step.
    states: Vec<T>,
    /// Scratch for the autocovariances.
    scratch: Vec<T>,
    gamma: Vec<T>,
    square: Vec<T>,
    /// Variances of the innovations of steps beyond the data and their gains; see `extend`.
    pub(super) ahead: Ahead<T>,
}

/// What lies beyond the last observation.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead<T> {
    /// Variance of each future innovation, in units of sigma².
    pub(super) variance: Vec<T>,
    /// State gain of each future innovation, `r` values a step; entry 0 belongs to one step on.
    pub(super) gain: Vec<T>,
}

/// What one pass over the data gives besides the innovations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass<T> {
    /// Sum of the logarithms of the innovations' variances, in units of sigma².
    pub(super) log_det: T,
    /// First step that counts: 0, or more for [`Start::Conditional`].
    pub(super) first: usize,
}

impl<T: Real> Filter<T> {
    /// Buffers for models of `order`.
    pub(super) fn new(order: &Order) -> Self {
        let lags = |short: usize, long: usize| {
            let mut lags: Vec<usize> = (0..=long)
                .flat_map(|j| (0..=short).map(move |i| i + j * order.season))
                .filter(|&lag| lag > 0)
                .collect();
            lags.sort_unstable();
            lags.dedup();
            lags
        };
        Self {
            coef: vec![T::of(0.0); order.arma_len()],
            phi: vec![T::of(0.0); order.p + order.sp * order.season],
            theta: vec![T::of(0.0); order.q + order.sq * order.season],
            phi_lags: lags(order.p, order.sp),
            theta_lags: lags(order.q, order.sq),
            ..Self::default()
        }
    }

    /// Size of the state.
    pub(super) fn state_len(&self) -> usize {
        self.phi.len().max(self.theta.len() + 1)
    }

    /// Expanded MA coefficient at `lag`.
    fn theta_at(&self, lag: usize) -> T {
        self.theta
            .get(lag - 1)
            .copied()
            .unwrap_or_else(|| T::of(0.0))
    }

    /// Expands `coef` into `phi` and `theta`.
    fn expand(&mut self, order: &Order) {
        let [p, q, sp, sq] = order.split();
        poly::product(
            &self.coef[p],
            &self.coef[sp],
            order.season,
            -1.0,
            &mut self.phi,
        );
        poly::product(
            &self.coef[q],
            &self.coef[sq],
            order.season,
            1.0,
            &mut self.theta,
        );
    }

    /// Fills `column` with the covariances of the state and the first value; `false` where the AR
    /// part is not stationary.
    fn start_column(&mut self) -> bool {
        let (zero, one) = (T::of(0.0), T::of(1.0));
        let (p, q, r) = (self.phi.len(), self.theta.len(), self.state_len());
        self.column.clear();
        self.column.resize(r, zero);

        // square[l]: autocovariance of the MA part alone at lag l.
        self.square.clear();
        self.square.resize(q + 1, zero);
        self.square[0] = one;
        for &i in &self.theta_lags {
            let a = self.theta[i - 1];
            self.square[i] += a;
            for &j in &self.theta_lags {
                if j >= i {
                    self.square[j - i] += a * self.theta[j - 1];
                }
            }
        }
        if p == 0 {
            self.column[..=q].copy_from_slice(&self.square);
            return true;
        }

        // Step down: row k of `scratch` holds the predictor of order k + 1.
        self.scratch.clear();
        self.scratch.resize(p * p, zero);
        self.scratch[p * (p - 1)..].copy_from_slice(&self.phi);
        let mut product = one;
        for k in (0..p).rev() {
            let last = self.scratch[k * p + k];
            let left = one - last * last;
            if !(last.value().abs() < 1.0 && left.value() > 0.0) {
                return false;
            }
            product = product * left;
            if k > 0 {
                let scale = left.recip();
                let (below, row) = self.scratch.split_at_mut(k * p);
                let below = &mut below[(k - 1) * p..];
                for i in 0..k {
                    below[i] = (row[i] + last * row[k - 1 - i]) * scale;
                }
            }
        }
        if !(product.value() > f64::MIN_POSITIVE) {
            return false;
        }
        // gamma[l]: autocovariance of the AR part alone.
        let lags = p + q + 1;
        self.gamma.clear();
        self.gamma.resize(lags, zero);
        self.gamma[0] = product.recip();
        let mut error = self.gamma[0];
        for k in 0..p.min(lags - 1) {
            let last = self.scratch[k * p + k];
            let mut sum = last * error;
            if k > 0 {
                let below = &self.scratch[(k - 1) * p..(k - 1) * p + k];
                for (i, &b) in below.iter().enumerate() {
                    sum += b * self.gamma[k - i];
                }
            }
            self.gamma[k + 1] = sum;
            error = error * (one - last * last);
        }
        for l in p + 1..lags {
            let mut sum = zero;
            for &lag in &self.phi_lags {
                sum += self.phi[lag - 1] * self.gamma[l - lag];
            }
            self.gamma[l] = sum;
        }
        // full[l] = autocovariance of the ARMA process, l = 0..=p, kept in scratch.
        let full = &mut self.scratch;
        for l in 0..=p {
            let mut sum = self.square[0] * self.gamma[l];
            for (k, &s) in self.square.iter().enumerate().skip(1) {
                if s.value() != 0.0 {
                    sum += s * (self.gamma[l + k] + self.gamma[l.abs_diff(k)]);
                }
            }
            if l < full.len() {
                full[l] = sum;
            } else {
                full.push(sum);
            }
        }
        // psi weights up to q, kept in gamma.
        let psi = &mut self.gamma;
        psi[0] = one;
        for l in 1..=q {
            let mut sum = self.theta[l - 1];
            for &lag in self.phi_lags.iter().take_while(|&&lag| lag <= l) {
                sum += self.phi[lag - 1] * psi[l - lag];
            }
            psi[l] = sum;
        }
        self.column[0] = full[0];
        for i in 1..r {
            let mut sum = zero;
            for &lag in self.phi_lags.iter().filter(|&&lag| lag > i) {
                sum += self.phi[lag - 1] * full[lag - i];
            }
            for &lag in self.theta_lags.iter().filter(|&&lag| lag >= i) {
                sum += self.theta[lag - 1] * psi[lag - i];
            }
            self.column[i] = sum;
        }
        true
    }

    /// Runs the filter over `columns`, each of `n` values one after the other in `data`, and
    /// leaves the standardised innovations (innovation over the square root of its variance in
    /// units of sigma²) in `out`, laid out like `data`. Then goes on for `ahead` steps without
    /// data, so that `ahead` and `state_after` can be read.
    ///
    /// `None` where the coefficients are not admissible.
    pub(super) fn run(
        &mut self,
        order: &Order,
        data: &[T],
        n: usize,
        start: Start,
        ahead: usize,
        out: &mut [T],
    ) -> Option<Pass<T>> {
        let (zero, one) = (T::of(0.0), T::of(1.0));
        self.expand(order);
        let r = self.state_len();
        let width = n + ahead + r + 1;
        let columns = data.len().checked_div(n).unwrap_or(0);
        self.states.clear();
        self.states.resize(width * columns, zero);
        self.ahead.variance.clear();
        self.ahead.gain.clear();

        let mut t = 0;
        let mut log_det = zero;
        let mut first = 0;
        let end = n + ahead;
        if start == Start::Conditional {
            first = self.phi.len().min(n);
            for (c, x) in data.chunks_exact(n.max(1)).enumerate() {
                let state = &mut self.states[c * width..];
                for (t, &x) in x.iter().enumerate().take(first) {
                    for &lag in &self.phi_lags {
                        state[t + lag] += self.phi[lag - 1] * x;
                    }
                    out[c * n + t] = zero;
                }
            }
            t = first;
        } else {
            if !self.start_column() {
                return None;
            }
            self.factor.clear();
            self.factor.resize(width, zero);
            let c0 = self.column[0];
            if !(c0.value() < VARIANCE_LIMIT) {
                return None;
            }
            for i in 0..r {
                let mut k = self.column.get(i + 1).copied().unwrap_or(zero);
                if let Some(&phi) = self.phi.get(i) {
                    k += phi * c0;
                }
                self.factor[i] = k;
            }
            let mut weight = -c0.recip();
            let mut product = one;
            while t < end {
                let variance = self.column[0];
                // The variance falls to its limit, at least 1; rounding near a unit root may take
                // it below, and then the limit has been reached.
                if !(variance.value() >= 1.0)
                    || (t % STEADY_EVERY == 0 && self.is_steady(t, weight))
                {
                    break;
                }
                let inverse = variance.recip();
                if t < n {
                    let root = inverse.sqrt();
                    product = product * variance;
                    if product.value() > PRODUCT_LIMIT {
                        log_det += product.ln();
                        product = one;
                    }
                    for (c, x) in data.chunks_exact(n).enumerate() {
                        let x = x[t];
                        let state = &mut self.states[c * width + t..c * width + t + r + 1];
                        let v = x - state[0];
                        out[c * n + t] = v * root;
                        let scaled = v * inverse;
                        for (s, &k) in state[1..r].iter_mut().zip(&self.column[1..]) {
                            *s += k * scaled;
                        }
                        for &lag in &self.phi_lags {
                            state[lag] += self.phi[lag - 1] * x;
                        }
                    }
                } else {
                    self.push_ahead(variance, inverse);
                }
                let y0 = self.factor[t];
                let s = weight * y0;
                let g = y0 * inverse;
                for (y, c) in self.factor[t + 1..t + r]
                    .iter_mut()
                    .zip(&mut self.column[1..])
                {
                    let (old_y, old_c) = (*y, *c);
                    *c = old_c + s * old_y;
                    *y = old_y - old_c * g;
                }
                self.column[0] = variance + s * y0;
                weight = weight * variance * self.column[0].recip();
                t += 1;
            }
            log_det += product.ln();
        }
        // Steady: unit variance, and the gain is the sum of the taps.
        for (c, x) in data.chunks_exact(n.max(1)).enumerate() {
            let state = &mut self.states[c * width..(c + 1) * width];
            let out = &mut out[c * n..(c + 1) * n];
            for t in t..n {
                let x = x[t];
                let v = x - state[t];
                out[t] = v;
                for &lag in &self.phi_lags {
                    state[t + lag] += self.phi[lag - 1] * x;
                }
                for &lag in &self.theta_lags {
                    state[t + lag] += self.theta[lag - 1] * v;
                }
            }
        }
        for _ in t.max(n)..end {
            self.ahead.variance.push(one);
            for i in 0..r {
                let gain = self.phi.get(i).copied().unwrap_or(zero) + self.theta_at(i + 1);
                self.ahead.gain.push(gain);
            }
        }
        Some(Pass { log_det, first })
    }

    /// Whether the covariance has reached the limit of an invertible model.
    fn is_steady(&self, t: usize, weight: T) -> bool {
        let r = self.state_len();
        let weight = weight.size();
        let limit = (STEADY / weight).sqrt();
        self.factor[t..t + r].iter().all(|y| y.size() <= limit)
            && (self.column[0] - T::of(1.0)).size() < STEADY_GAP
            && (1..r).all(|i| (self.column[i] - self.theta_at(i)).size() < STEADY_GAP)
    }

    fn push_ahead(&mut self, variance: T, inverse: T) {
        self.ahead.variance.push(variance);
        for i in 0..self.state_len() {
            let mut gain = self
                .column
                .get(i + 1)
                .map_or_else(|| T::of(0.0), |&c| c * inverse);
            if let Some(&phi) = self.phi.get(i) {
                gain += phi;
            }
            self.ahead.gain.push(gain);
        }
    }

    /// The state of column `column` after the last of `n` observations, given the `ahead` of the
    /// run: its entries are the contributions to the next values.
    pub(super) fn state_after(&self, column: usize, n: usize, ahead: usize) -> &[T] {
        let r = self.state_len();
        let width = n + ahead + r + 1;
        &self.states[column * width + n..column * width + n + r]
    }

    /// Moves a state of expected values `steps` steps on and appends its first entry at each.
    pub(super) fn project(&self, state: &[T], steps: usize, out: &mut Vec<T>) {
        let mut window = vec![T::of(0.0); steps + self.state_len() + 1];
        window[..state.len()].copy_from_slice(state);
        for t in 0..steps {
            let x = window[t];
            out.push(x);
            for &lag in &self.phi_lags {
                window[t + lag] += self.phi[lag - 1] * x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// Log-determinant and quadratic form of a dense covariance matrix.
    fn dense(cov: &[Vec<f64>], x: &[f64]) -> (f64, f64) {
        let n = x.len();
        let mut l = vec![vec![0.0; n]; n];
        let (mut log_det, mut quad) = (0.0, 0.0);
        let mut z = vec![0.0; n];
        for i in 0..n {
            for j in 0..=i {
                let s: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
                l[i][j] = if i == j {
                    (cov[i][i] - s).sqrt()
                } else {
                    (cov[i][j] - s) / l[j][j]
                };
            }
            let s: f64 = (0..i).map(|k| l[i][k] * z[k]).sum();
            z[i] = (x[i] - s) / l[i][i];
            log_det += 2.0 * l[i][i].ln();
            quad += z[i] * z[i];
        }
        (log_det, quad)
    }

    /// Autocovariances by the long MA representation.
    fn autocovariances(phi: &[f64], theta: &[f64], n: usize) -> Vec<f64> {
        let len = 6000;
        let mut psi = vec![0.0; len];
        for k in 0..len {
            psi[k] = if k == 0 {
                1.0
            } else {
                theta.get(k - 1).copied().unwrap_or(0.0)
            };
            for (i, f) in phi.iter().enumerate() {
                if k > i {
                    psi[k] += f * psi[k - i - 1];
                }
            }
        }
        (0..n)
            .map(|l| (0..len - l).map(|k| psi[k] * psi[k + l]).sum())
            .collect()
    }

    #[test]
    fn likelihood_equals_the_dense_one() {
        let orders = [
            (Order::new(1, 0, 0), vec![0.7]),
            (Order::new(0, 0, 1), vec![-0.6]),
            (Order::new(2, 0, 1), vec![0.5, 0.3, 0.4]),
            (
                Order::new(1, 0, 1).seasonal(1, 0, 1, 4),
                vec![0.5, -0.3, 0.6, -0.7],
            ),
            (
                Order::new(0, 0, 2).seasonal(2, 0, 0, 5),
                vec![0.3, 0.2, 0.4, 0.3],
            ),
            (
                Order::new(3, 0, 0).seasonal(0, 0, 2, 3),
                vec![0.2, 0.3, -0.4, 0.5, 0.3],
            ),
            (Order::new(0, 0, 1), vec![1.0]),
        ];
        let n = 60;
        let x: Vec<f64> = (0..n)
            .map(|t| ((t * t * 7 + 3 * t) % 23) as f64 / 5.0 - 2.0)
            .collect();
        for (order, coef) in orders {
            let mut filter = Filter::<f64>::new(&order);
            filter.coef.copy_from_slice(&coef);
            let mut out = vec![0.0; n];
            let pass = filter
                .run(&order, &x, n, Start::Exact, 3, &mut out)
                .unwrap();
            let gamma = autocovariances(&filter.phi, &filter.theta, n);
            let cov: Vec<Vec<f64>> = (0..n)
                .map(|i| (0..n).map(|j| gamma[i.abs_diff(j)]).collect())
                .collect();
            let (log_det, quad) = dense(&cov, &x);
            let got: f64 = out.iter().map(|v| v * v).sum();
            assert_relative_eq!(pass.log_det, log_det, max_relative = 1e-9, epsilon = 1e-9);
            assert_relative_eq!(got, quad, max_relative = 1e-9);
        }
    }
}
