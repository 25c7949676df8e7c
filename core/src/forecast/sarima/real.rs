//! Numbers that carry their derivatives: the likelihood is written once, over [`Real`], and run
//! with `f64` for its value or with [`Dual`] for its exact gradient (forward mode).

use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

/// What the filter needs of a number.
pub(super) trait Real:
    Copy
    + Default
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
{
    /// A constant.
    fn of(value: f64) -> Self;
    /// The value without its derivatives.
    fn value(self) -> f64;
    /// One over the number.
    fn recip(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The largest magnitude among the value and its derivatives.
    fn size(self) -> f64;
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }
    fn value(self) -> f64 {
        self
    }
    fn recip(self) -> Self {
        1.0 / self
    }
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    fn ln(self) -> Self {
        f64::ln(self)
    }
    fn tanh(self) -> Self {
        f64::tanh(self)
    }
    fn size(self) -> f64 {
        self.abs()
    }
}

/// A value and its derivatives in `N` directions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dual<const N: usize> {
    /// The value.
    pub(super) v: f64,
    /// The derivatives.
    pub(super) d: [f64; N],
}

impl<const N: usize> Dual<N> {
    /// The image under a function with value `v` and slope `slope` at `self`.
    #[inline(always)]
    fn chain(self, v: f64, slope: f64) -> Self {
        Self {
            v,
            d: self.d.map(|d| d * slope),
        }
    }

    #[inline(always)]
    fn zip(self, other: Self, v: f64, f: impl Fn(f64, f64) -> f64) -> Self {
        let mut d = [0.0; N];
        for ((out, a), b) in d.iter_mut().zip(self.d).zip(other.d) {
            *out = f(a, b);
        }
        Self { v, d }
    }
}

impl<const N: usize> Default for Dual<N> {
    fn default() -> Self {
        Self::of(0.0)
    }
}

impl<const N: usize> Add for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, self.v + other.v, |a, b| a + b)
    }
}

impl<const N: usize> Sub for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, self.v - other.v, |a, b| a - b)
    }
}

#[allow(clippy::suspicious_arithmetic_impl, reason = "the product rule adds")]
impl<const N: usize> Mul for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, self.v * other.v, |a, b| a * other.v + self.v * b)
    }
}

impl<const N: usize> Neg for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.chain(-self.v, -1.0)
    }
}

impl<const N: usize> AddAssign for Dual<N> {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<const N: usize> SubAssign for Dual<N> {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl<const N: usize> Real for Dual<N> {
    #[inline(always)]
    fn of(value: f64) -> Self {
        Self {
            v: value,
            d: [0.0; N],
        }
    }
    #[inline(always)]
    fn value(self) -> f64 {
        self.v
    }
    #[inline(always)]
    fn recip(self) -> Self {
        let r = 1.0 / self.v;
        self.chain(r, -r * r)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        let r = self.v.sqrt();
        self.chain(r, 0.5 / r)
    }
    #[inline(always)]
    fn ln(self) -> Self {
        self.chain(self.v.ln(), 1.0 / self.v)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        let t = self.v.tanh();
        self.chain(t, 1.0 - t * t)
    }
    #[inline(always)]
    fn size(self) -> f64 {
        self.d.iter().fold(self.v.abs(), |m, d| m.max(d.abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_follow_the_chain_rule() {
        let x = Dual { v: 0.3, d: [1.0] };
        let y = (x * x + Dual::of(2.0)).recip().sqrt() - x.tanh() + (x + Dual::of(1.0)).ln();
        let f = |x: f64| 1.0 / (x * x + 2.0).sqrt() - x.tanh() + (x + 1.0).ln();
        approx::assert_relative_eq!(y.v, f(0.3), max_relative = 1e-15);
        let slope = (f(0.3 + 1e-6) - f(0.3 - 1e-6)) / 2e-6;
        approx::assert_relative_eq!(y.d[0], slope, max_relative = 1e-8);
    }
}
