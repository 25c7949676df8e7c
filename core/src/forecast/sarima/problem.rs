//! From a series and regressors to the objective that is minimised.
//!
//! The differenced series is regressed on the differenced regressors with ARMA errors. For given
//! ARMA coefficients the best regression coefficients are generalised least squares on the
//! standardised innovations, so the search runs over the ARMA coefficients only, and sigma² is
//! concentrated out as well. A missing observation is one more regressor, an indicator, whose
//! coefficient is integrated out (the determinant term), which makes the likelihood that of the
//! observed values (Gómez, Maravall and Peña 1999), with differencing too.

use super::filter::{Filter, Start};
use super::matrix::{backward, cholesky_of_columns, dot, forward};
use super::real::{Dual, Real};
use super::{Order, poly};

/// A regressor counts as a combination of others below this share of its size.
const RANK_TOLERANCE: f64 = 1e-11;
/// Differences this much smaller than the level are rounding: the series has no noise.
const NOISE_FLOOR: f64 = 1e-14;
/// The objective where the coefficients are not admissible.
pub(super) const REJECTED: f64 = f64::INFINITY;

/// A series and its regressors, scaled, differenced and made orthogonal.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) order: Order,
    pub(super) start: Start,
    /// Observations after differencing.
    pub(super) n: usize,
    /// Missing observations between the first and the last.
    pub(super) missing: usize,
    /// Columns of `n`: the series without its least-squares fit, then the orthonormal regressors,
    /// those of missing values first.
    data: Vec<f64>,
    /// Regressors, of missing values and others.
    pub(super) columns: usize,
    /// Least-squares coefficients on the orthonormal regressors, in units of `data`.
    ols: Vec<f64>,
    /// `triangle[j * columns + i]`: regressor `j` in terms of orthonormal regressor `i <= j`.
    triangle: Vec<f64>,
    /// Size of each regressor; 0 for one that is a combination of those before it.
    sizes: Vec<f64>,
    /// One unit of `data` in units of the series.
    pub(super) unit: f64,
    /// Whether nothing is left to explain after differencing and regression.
    pub(super) exact: bool,
    /// Constant part of the determinant term of missing values.
    missing_log_det: f64,
}

/// The largest power of two not above `x`, so that dividing by it is exact; 1 for zero.
pub(super) fn power_of_two(x: f64) -> f64 {
    if x > 0.0 && x.is_finite() {
        // Subnormal numbers cannot be scaled up to one without losing the range of `1 / unit`.
        x.max(1e-300).log2().floor().exp2()
    } else {
        1.0
    }
}

/// Differences `x` in place, `d` times at lag 1 and `sd` times at lag `season`, and drops the
/// values lost.
pub(super) fn difference(x: &mut Vec<f64>, order: &Order) {
    let lags = std::iter::repeat_n(order.season, order.sd).chain(std::iter::repeat_n(1, order.d));
    for lag in lags {
        let len = x.len().saturating_sub(lag);
        for t in 0..len {
            x[t] = x[t + lag] - x[t];
        }
        x.truncate(len);
    }
}

impl Problem {
    /// Prepares `y`, scaled to a magnitude of about 1, with NaN for missing values inside but
    /// not at its ends, and `regressors` of the same length and scale.
    pub(super) fn new(y: &[f64], regressors: &[Vec<f64>], order: Order, start: Start) -> Self {
        let lost = order.lost();
        let n = y.len().saturating_sub(lost);
        let gaps: Vec<usize> = (0..y.len()).filter(|&t| y[t].is_nan()).collect();
        let missing = gaps.len();
        let columns = missing + regressors.len();
        let mut data = Vec::with_capacity(n * (columns + 1));
        let mut w = interpolate(y);
        difference(&mut w, &order);
        data.append(&mut w);

        let mut triangle = vec![0.0; columns * columns];
        let mut sizes = vec![0.0; columns];
        let mut missing_log_det = 0.0;
        let mut x = Vec::new();
        for j in 0..columns {
            x.clear();
            match gaps.get(j) {
                Some(&gap) => x.extend((0..y.len()).map(|t| f64::from(t == gap))),
                None => x.extend_from_slice(&regressors[j - missing]),
            }
            let level = dot(&x, &x).sqrt();
            difference(&mut x, &order);
            // Gram–Schmidt, twice for orthogonality to the last digit.
            for _ in 0..2 {
                for i in 0..j {
                    let q = &data[(i + 1) * n..(i + 2) * n];
                    let share = dot(q, &x);
                    triangle[j * columns + i] += share;
                    for (x, q) in x.iter_mut().zip(q) {
                        *x -= share * q;
                    }
                }
            }
            let norm = dot(&x, &x).sqrt();
            if norm > RANK_TOLERANCE * level && norm.is_finite() {
                sizes[j] = norm;
                triangle[j * columns + j] = norm;
                if j < missing {
                    missing_log_det += 2.0 * norm.ln();
                }
                data.extend(x.iter().map(|x| x / norm));
            } else {
                data.extend(std::iter::repeat_n(0.0, n));
            }
        }
        let (w, rest) = data.split_at_mut(n);
        let before = dot(w, w).sqrt();
        let mut ols = vec![0.0; columns];
        for _ in 0..2 {
            for (q, b) in rest.chunks_exact(n.max(1)).zip(&mut ols) {
                let share = dot(w, q);
                *b += share;
                for (w, q) in w.iter_mut().zip(q) {
                    *w -= share * q;
                }
            }
        }
        let spread = (dot(w, w) / n.max(1) as f64).sqrt();
        let exact = !(spread > NOISE_FLOOR * before.max(1.0));
        let unit = power_of_two(spread);
        for w in w.iter_mut() {
            *w = if exact { 0.0 } else { *w / unit };
        }
        for b in &mut ols {
            *b /= unit;
        }
        Self {
            order,
            start,
            n,
            missing,
            data,
            columns,
            ols,
            triangle,
            sizes,
            unit,
            exact,
            missing_log_det,
        }
    }

    /// Regressors whose coefficients are estimated: not missing values, not redundant.
    pub(super) fn estimated(&self) -> usize {
        self.sizes[self.missing..]
            .iter()
            .filter(|&&s| s > 0.0)
            .count()
    }

    /// Values that the likelihood counts.
    pub(super) fn counted(&self) -> usize {
        let skipped = self.order.given(self.start);
        self.n.saturating_sub(self.missing + skipped)
    }

    /// The differenced series without its least-squares fit.
    pub(super) fn series(&self) -> &[f64] {
        &self.data[..self.n]
    }

    /// Column `j` of the orthonormal regressors.
    fn column(&self, j: usize) -> &[f64] {
        &self.data[(j + 1) * self.n..(j + 2) * self.n]
    }

    /// Solves `triangle' b = q`: coefficients on the regressors from those on the orthonormal
    /// ones, in units of the series.
    pub(super) fn regressor_coefficients(&self, q: &[f64]) -> Vec<f64> {
        let k = self.columns;
        let mut b = vec![0.0; k];
        for i in (0..k).rev() {
            if self.sizes[i] > 0.0 {
                let mut sum = q[i];
                for j in i + 1..k {
                    sum -= self.triangle[j * k + i] * b[j];
                }
                b[i] = sum / self.sizes[i];
            }
        }
        b.iter().map(|b| b * self.unit).collect()
    }
}

/// Fills gaps on straight lines; both ends are observed.
pub(super) fn interpolate(y: &[f64]) -> Vec<f64> {
    let mut out = y.to_vec();
    let mut t = 0;
    while t < y.len() {
        if y[t].is_nan() {
            let end = (t..y.len()).find(|&s| !y[s].is_nan()).unwrap_or(y.len());
            let from = if t == 0 { 0.0 } else { out[t - 1] };
            let to = y.get(end).copied().unwrap_or(from);
            let steps = (end - t + 1) as f64;
            for (k, slot) in out[t..end].iter_mut().enumerate() {
                let share = (k + 1) as f64 / steps;
                *slot = from * (1.0 - share) + to * share;
            }
            t = end;
        } else {
            t += 1;
        }
    }
    out
}

/// How search parameters relate to coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// All through partial autocorrelations: every real vector is admissible.
    Free,
    /// AR through partial autocorrelations, MA as they are: smooth where an MA root is on the
    /// unit circle.
    NaturalMa,
}

/// Turns search parameters into coefficients.
pub(super) fn coefficients<T: Real>(order: &Order, scale: Scale, params: &[T], out: &mut [T]) {
    out.copy_from_slice(params);
    let [p, q, sp, sq] = order.split();
    for range in [p, sp] {
        for c in &mut out[range.clone()] {
            *c = c.tanh();
        }
        poly::from_partial(&mut out[range]);
    }
    if scale == Scale::Free {
        for range in [q, sq] {
            for c in &mut out[range.clone()] {
                *c = c.tanh();
            }
            poly::from_partial(&mut out[range.clone()]);
            for c in &mut out[range] {
                *c = -*c;
            }
        }
    }
}

/// The inverse of [`coefficients`] on the free scale; coefficients outside the admissible region
/// are pulled inside.
pub(super) fn parameters(order: &Order, coef: &[f64]) -> Vec<f64> {
    let mut out = coef.to_vec();
    for (k, range) in order.split().into_iter().enumerate() {
        let part = &mut out[range];
        if k % 2 == 1 {
            part.iter_mut().for_each(|c| *c = -*c);
        }
        let mut partial = part.to_vec();
        if !poly::to_partial(&mut partial) {
            poly::pull_inside(part);
            partial.copy_from_slice(part);
            poly::to_partial(&mut partial);
        }
        for (slot, partial) in part.iter_mut().zip(partial) {
            *slot = partial.clamp(-0.999_999, 0.999_999).atanh();
        }
    }
    out
}

/// The objective at a point: half the logarithm of the concentrated variance, per observation.
/// Twice the log-likelihood is `-n (2 value + 1 + ln 2π)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) objective: f64,
    /// Sum of squares of the standardised innovations.
    pub(super) sum: f64,
}

/// Buffers for evaluating a [`Problem`]; nothing is allocated after the first evaluation.
#[derive(Clone, Debug, Default)]
pub(super) struct Evaluator {
    filter: Filter<f64>,
    /// Standardised innovations of the columns.
    pub(super) out: Vec<f64>,
    /// Cholesky factor of the regression.
    factor: Vec<f64>,
    /// Coefficients on the orthonormal regressors, beyond least squares.
    pub(super) beta: Vec<f64>,
    residual: Vec<f64>,
    /// Standardised innovations without the regression.
    pub(super) white: Vec<f64>,
    /// Derivatives of `white`, one column of `n` a parameter.
    jacobian: Vec<f64>,
    lanes: Lanes,
}

/// Filters over numbers with one to four derivatives.
#[derive(Clone, Debug, Default)]
struct Lanes {
    one: Lane<Dual<1>>,
    two: Lane<Dual<2>>,
    three: Lane<Dual<3>>,
    four: Lane<Dual<4>>,
}

#[derive(Clone, Debug, Default)]
struct Lane<T> {
    filter: Filter<T>,
    params: Vec<T>,
    data: Vec<T>,
    out: Vec<T>,
}

/// Gradient and Gauss–Newton curvature of the objective.
#[derive(Clone, Debug, Default)]
pub(super) struct Slope {
    pub(super) gradient: Vec<f64>,
    /// Row-major.
    pub(super) curvature: Vec<f64>,
}

impl Evaluator {
    pub(super) fn new(order: &Order) -> Self {
        Self {
            filter: Filter::new(order),
            lanes: Lanes {
                one: Lane::new(order),
                two: Lane::new(order),
                three: Lane::new(order),
                four: Lane::new(order),
            },
            ..Self::default()
        }
    }

    /// The objective with the best regression coefficients, which stay in `beta`. Where `fixed`
    /// is given, it holds the coefficients of all but the missing values.
    pub(super) fn value(
        &mut self,
        problem: &Problem,
        scale: Scale,
        params: &[f64],
        fixed: Option<&[f64]>,
    ) -> Value {
        let rejected = Value {
            objective: REJECTED,
            sum: 0.0,
        };
        let (n, k) = (problem.n, problem.columns);
        coefficients(&problem.order, scale, params, &mut self.filter.coef);
        self.out.resize(problem.data.len(), 0.0);
        let pass = self.filter.run(
            &problem.order,
            &problem.data,
            n,
            problem.start,
            0,
            &mut self.out,
        );
        let Some(pass) = pass else {
            return rejected;
        };
        let (white, columns) = self.out.split_at(n);
        self.white.clear();
        self.white.extend_from_slice(white);
        self.beta.clear();
        self.beta.resize(k, 0.0);
        let free = if fixed.is_some() { problem.missing } else { k };
        if let Some(fixed) = fixed {
            self.beta[free..].copy_from_slice(&fixed[free..]);
            for (j, &b) in fixed.iter().enumerate().skip(free) {
                axpy(&mut self.white, -b, &columns[j * n..(j + 1) * n]);
            }
        }
        let mut log_det = pass.log_det;
        self.factor.clear();
        if free > 0 {
            self.factor.resize(free * free, 0.0);
            for i in 0..free {
                let a = &columns[i * n..(i + 1) * n];
                self.beta[i] = dot(a, &self.white);
                for j in 0..=i {
                    self.factor[i * free + j] = dot(a, &columns[j * n..(j + 1) * n]);
                }
            }
            // Redundant, or gone with the values that a conditional start takes as given.
            if !cholesky_of_columns(&mut self.factor, free) {
                return rejected;
            }
            forward(&self.factor, free, &mut self.beta[..free]);
            backward(&self.factor, free, &mut self.beta[..free]);
            for (column, &b) in columns.chunks_exact(n.max(1)).zip(&self.beta[..free]) {
                axpy(&mut self.white, -b, column);
            }
            log_det += problem.missing_log_det;
            for i in 0..problem.missing {
                log_det += 2.0 * self.factor[i * free + i].ln();
            }
        }
        let counted = (n - pass.first).saturating_sub(problem.missing).max(1) as f64;
        let sum = dot(&self.white, &self.white);
        let objective = 0.5 * ((sum / counted).max(f64::MIN_POSITIVE).ln() + log_det / counted);
        if objective.is_finite() {
            Value { objective, sum }
        } else {
            rejected
        }
    }

    /// Gradient and curvature in `params` where [`Evaluator::value`] was just called with the
    /// same arguments; the regression coefficients move along.
    pub(super) fn slope(
        &mut self,
        problem: &Problem,
        scale: Scale,
        params: &[f64],
        value: Value,
        slope: &mut Slope,
    ) -> bool {
        let (n, k) = (problem.n, params.len());
        let m = problem.missing;
        self.residual.clear();
        self.residual.extend_from_slice(&problem.data[..n]);
        for (j, &b) in self.beta.iter().enumerate() {
            axpy(&mut self.residual, -b, problem.column(j));
        }
        let skipped = problem.n - m - problem.counted();
        let counted = (n - m - skipped).max(1) as f64;
        self.jacobian.resize(k * n, 0.0);
        slope.gradient.clear();
        slope.gradient.resize(k, 0.0);
        // W = A⁻¹ X̃ for the missing values, for the derivative of their determinant.
        let mut weights = Vec::new();
        if m > 0 {
            weights = self.missing_weights(n, m);
        }
        let mut from = 0;
        while from < k {
            let width = (k - from).min(4);
            let args = LaneArgs {
                problem,
                scale,
                params,
                from,
                residual: &self.residual,
                weights: &weights,
                white: &self.white,
                counted,
                jacobian: &mut self.jacobian,
            };
            let done = match width {
                1 => self.lanes.one.run(args),
                2 => self.lanes.two.run(args),
                3 => self.lanes.three.run(args),
                _ => self.lanes.four.run(args),
            };
            if !done {
                return false;
            }
            from += width;
        }
        let sum = value.sum.max(f64::MIN_POSITIVE);
        slope.curvature.clear();
        slope.curvature.resize(k * k, 0.0);
        let columns = problem.columns;
        let full = self.factor.len() == columns * columns;
        let mut shares = vec![0.0; if full { columns * k } else { 0 }];
        for (i, j) in self.jacobian.chunks_exact(n.max(1)).take(k).enumerate() {
            slope.gradient[i] = dot(j, &self.white) / sum;
            if full && columns > 0 {
                let share = &mut shares[i * columns..(i + 1) * columns];
                for (c, s) in share.iter_mut().enumerate() {
                    *s = dot(j, &self.out[(c + 1) * n..(c + 2) * n]);
                }
                forward(&self.factor, columns, share);
            }
        }
        for i in 0..k {
            for j in 0..=i {
                let mut c = dot(
                    &self.jacobian[i * n..(i + 1) * n],
                    &self.jacobian[j * n..(j + 1) * n],
                );
                if full && columns > 0 {
                    c -= dot(
                        &shares[i * columns..(i + 1) * columns],
                        &shares[j * columns..(j + 1) * columns],
                    );
                }
                slope.curvature[i * k + j] = c / sum;
                slope.curvature[j * k + i] = c / sum;
            }
        }
        slope
            .gradient
            .iter()
            .chain(&slope.curvature)
            .all(|v| v.is_finite())
    }

    /// `(X̃'X̃)⁻¹ X̃'` of the missing values' columns, laid out like those.
    fn missing_weights(&self, n: usize, m: usize) -> Vec<f64> {
        let free = self.factor.len().isqrt();
        let mut weights = vec![0.0; m * n];
        let mut row = vec![0.0; m];
        // The leading block of the factor is the factor of the leading block.
        let lead: Vec<f64> = (0..m)
            .flat_map(|i| self.factor[i * free..i * free + m].iter().copied())
            .collect();
        for t in 0..n {
            for (j, r) in row.iter_mut().enumerate() {
                *r = self.out[(j + 1) * n + t];
            }
            forward(&lead, m, &mut row);
            backward(&lead, m, &mut row);
            for (j, r) in row.iter().enumerate() {
                weights[j * n + t] = *r;
            }
        }
        weights
    }

    /// Derivatives of the objective in the coefficients of the orthonormal regressors other than
    /// missing values, after [`Evaluator::value`] with those fixed.
    pub(super) fn beta_gradient(&self, problem: &Problem, value: Value, out: &mut Vec<f64>) {
        let n = problem.n;
        for j in problem.missing..problem.columns {
            if problem.sizes[j] > 0.0 {
                let column = &self.out[(j + 1) * n..(j + 2) * n];
                out.push(-dot(column, &self.white) / value.sum.max(f64::MIN_POSITIVE));
            }
        }
    }

    /// Standard errors of the coefficients of the orthonormal regressors were they alone, in
    /// units of `data`.
    pub(super) fn beta_spread(&self, problem: &Problem, value: Value) -> Vec<f64> {
        let n = problem.n;
        let variance = value.sum / problem.counted().max(1) as f64;
        (0..problem.columns)
            .map(|j| {
                let column = &self.out[(j + 1) * n..(j + 2) * n];
                (variance / dot(column, column).max(f64::MIN_POSITIVE)).sqrt()
            })
            .collect()
    }
}

impl Problem {
    /// Indices of the regressors that are estimated.
    pub(super) fn estimated_columns(&self) -> impl Iterator<Item = usize> + '_ {
        (self.missing..self.columns).filter(|&j| self.sizes[j] > 0.0)
    }

    /// All coefficients on the orthonormal regressors, from those beyond least squares.
    pub(super) fn total_beta(&self, beta: &[f64]) -> Vec<f64> {
        self.ols.iter().zip(beta).map(|(a, b)| a + b).collect()
    }
}

fn axpy(y: &mut [f64], a: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

struct LaneArgs<'a> {
    problem: &'a Problem,
    scale: Scale,
    params: &'a [f64],
    /// First parameter of this lane.
    from: usize,
    residual: &'a [f64],
    weights: &'a [f64],
    white: &'a [f64],
    counted: f64,
    jacobian: &'a mut [f64],
}

impl<const N: usize> Lane<Dual<N>> {
    fn new(order: &Order) -> Self {
        Self {
            filter: Filter::new(order),
            params: Vec::new(),
            data: Vec::new(),
            out: Vec::new(),
        }
    }

    /// Fills `N` columns of the Jacobian of the innovations times the `2n`-th root of the
    /// determinant, the quantity whose squares the objective sums.
    fn run(&mut self, args: LaneArgs<'_>) -> bool {
        let problem = args.problem;
        let (n, m) = (problem.n, problem.missing);
        self.params.clear();
        self.params.extend(args.params.iter().map(|&p| Dual::of(p)));
        for (lane, p) in self.params[args.from..].iter_mut().take(N).enumerate() {
            p.d[lane] = 1.0;
        }
        coefficients(
            &problem.order,
            args.scale,
            &self.params,
            &mut self.filter.coef,
        );
        self.data.clear();
        self.data.extend(args.residual.iter().map(|&x| Dual::of(x)));
        self.data
            .extend(problem.data[n..(m + 1) * n].iter().map(|&x| Dual::of(x)));
        self.out.resize(self.data.len(), Dual::of(0.0));
        let pass = self.filter.run(
            &problem.order,
            &self.data,
            n,
            problem.start,
            0,
            &mut self.out,
        );
        let Some(pass) = pass else {
            return false;
        };
        for lane in 0..N {
            let mut log_det = pass.log_det.d[lane];
            for (w, x) in args.weights.iter().zip(&self.out[n..]) {
                log_det += 2.0 * w * x.d[lane];
            }
            let half = 0.5 * log_det / args.counted;
            let column = &mut args.jacobian[(args.from + lane) * n..(args.from + lane + 1) * n];
            for ((j, x), white) in column.iter_mut().zip(&self.out).zip(args.white) {
                *j = x.d[lane] + white * half;
            }
        }
        true
    }
}
