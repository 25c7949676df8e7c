//! Exact decimals and their form in PostgreSQL's binary protocol.

use std::fmt;

/// Most digits after the point that are kept; what follows is rounded half away from zero.
///
/// Money has 2 to 4, derived prices 12; 18 leaves room for a 12-digit whole part in an `i128`
/// product.
pub(crate) const MAX_SCALE: u32 = 18;

/// Digits after the point of a quotient that does not end (a price from revenue and quantity).
///
/// The quantity is at most 10⁹, so price × quantity is revenue again to 0.0005.
const QUOTIENT_SCALE: u32 = 12;

/// `mantissa × 10^-scale`, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// Powers of ten that fit an `i128`.
fn pow10(n: u32) -> Option<i128> {
    10i128.checked_pow(n)
}

/// Division of an `i128`, rounded half away from zero.
fn div_round(n: i128, d: i128) -> i128 {
    let (q, r) = (n / d, n % d);
    if r.unsigned_abs() * 2 >= d.unsigned_abs() {
        q + if (n < 0) == (d < 0) { 1 } else { -1 }
    } else {
        q
    }
}

impl Decimal {
    /// `mantissa × 10^-scale`.
    pub(crate) const fn new(mantissa: i128, scale: u32) -> Self {
        Self { mantissa, scale }
    }

    /// Whether it is below zero.
    pub(crate) fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether it is zero.
    pub(crate) fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The value without its sign; the smallest mantissa saturates.
    pub(crate) fn abs(self) -> Self {
        Self::new(self.mantissa.saturating_abs(), self.scale)
    }

    /// The same value with the sign turned.
    pub(crate) fn neg(self) -> Self {
        Self::new(self.mantissa.saturating_neg(), self.scale)
    }

    /// Half a unit of the last digit.
    pub(crate) fn half_unit(self) -> Self {
        Self::new(5, self.scale + 1)
    }

    /// Without zeros at the end of the fraction.
    pub(crate) fn trimmed(self) -> Self {
        let (mut m, mut s) = (self.mantissa, self.scale);
        while s > 0 && m % 10 == 0 {
            m /= 10;
            s -= 1;
        }
        Self::new(m, s)
    }

    /// The same value with at most `scale` digits after the point.
    pub(crate) fn rounded(self, scale: u32) -> Self {
        if self.scale <= scale {
            return self;
        }
        let mantissa = match pow10(self.scale - scale) {
            Some(unit) => div_round(self.mantissa, unit),
            None => 0,
        };
        Self::new(mantissa, scale)
    }

    /// The product; `None` beyond 38 digits.
    pub(crate) fn checked_mul(self, other: Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Some(Self::new(mantissa, self.scale + other.scale).rounded(MAX_SCALE))
    }

    /// The difference; `None` beyond 38 digits.
    pub(crate) fn checked_sub(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let a = self.mantissa.checked_mul(pow10(scale - self.scale)?)?;
        let b = other.mantissa.checked_mul(pow10(scale - other.scale)?)?;
        Some(Self::new(a.checked_sub(b)?, scale))
    }

    /// The sum; `None` beyond 38 digits.
    pub(crate) fn checked_add(self, other: Self) -> Option<Self> {
        self.checked_sub(other.neg())
    }

    /// The quotient, exact where it ends within 12 digits, else rounded there; `None` for a
    /// division by zero or beyond 38 digits.
    pub(crate) fn checked_div(self, other: Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        // a / b = (ma / mb) × 10^(sb - sa)
        let up = QUOTIENT_SCALE + other.scale;
        let (numerator, down) = if up >= self.scale {
            (self.mantissa.checked_mul(pow10(up - self.scale)?)?, 1)
        } else {
            (self.mantissa, pow10(self.scale - up)?)
        };
        let divisor = other.mantissa.checked_mul(down)?;
        Some(Self::new(div_round(numerator, divisor), QUOTIENT_SCALE).trimmed())
    }

    /// Comparison by value; a value too large to align counts as larger.
    pub(crate) fn gt(self, other: Self) -> bool {
        match self.checked_sub(other) {
            Some(d) => d.mantissa > 0,
            None => self.to_f64() > other.to_f64(),
        }
    }

    /// The nearest float; for comparisons of far-apart values only.
    fn to_f64(self) -> f64 {
        self.mantissa as f64 / 10f64.powi(self.scale as i32)
    }

    /// Appends length and value as PostgreSQL's binary `numeric`.
    pub(crate) fn put_numeric(self, out: &mut Vec<u8>) {
        // Base-10000 digits stand on both sides of the point, so the fraction is filled up to
        // a multiple of four.
        let fill = (4 - self.scale % 4) % 4;
        let mut rest = self.mantissa.unsigned_abs();
        let mut digits = [0u16; 12];
        let mut n = 0;
        let fraction_groups = (self.scale + fill) / 4;
        if fill > 0 {
            let part = 10u128.pow(4 - fill);
            let low = (rest % part) * 10u128.pow(fill);
            rest /= part;
            digits[n] = low as u16;
            n += 1;
        }
        if let Ok(mut small) = u64::try_from(rest) {
            while small > 0 {
                digits[n] = (small % 10_000) as u16;
                small /= 10_000;
                n += 1;
            }
        } else {
            while rest > 0 && n < digits.len() {
                digits[n] = (rest % 10_000) as u16;
                rest /= 10_000;
                n += 1;
            }
        }
        let weight = n as i32 - fraction_groups as i32 - 1;
        while n > 0 && digits[n - 1] == 0 {
            n -= 1;
        }
        // A leading zero group was dropped: the weight follows the first group left.
        let weight = weight.min(n as i32 - fraction_groups as i32 - 1);
        let low = digits[..n].iter().take_while(|d| **d == 0).count();
        let count = n - low;
        out.extend_from_slice(&((8 + 2 * count) as i32).to_be_bytes());
        out.extend_from_slice(&(count as i16).to_be_bytes());
        out.extend_from_slice(&(if count == 0 { 0 } else { weight as i16 }).to_be_bytes());
        let sign: u16 = if self.mantissa < 0 { 0x4000 } else { 0 };
        out.extend_from_slice(&sign.to_be_bytes());
        out.extend_from_slice(&(self.scale as u16).to_be_bytes());
        for digit in digits[low..n].iter().rev() {
            out.extend_from_slice(&digit.to_be_bytes());
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale as usize;
        let digits = format!("{:0>1$}", self.mantissa.unsigned_abs(), scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let point = if scale > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads what `put_numeric` wrote, the way the server does.
    fn read_numeric(bytes: &[u8]) -> (Vec<u16>, i16, u16, u16) {
        let at = |i: usize| i16::from_be_bytes([bytes[i], bytes[i + 1]]);
        let n = at(4) as usize;
        let digits = (0..n).map(|i| at(12 + 2 * i) as u16).collect();
        assert_eq!(bytes.len(), 12 + 2 * n);
        (digits, at(6), at(8) as u16, at(10) as u16)
    }

    #[test]
    fn numeric_bytes() {
        let bytes = |m, s| {
            let mut out = Vec::new();
            Decimal::new(m, s).put_numeric(&mut out);
            read_numeric(&out)
        };
        assert_eq!(bytes(0, 2), (vec![], 0, 0, 2));
        assert_eq!(bytes(12_345, 2), (vec![123, 4500], 0, 0, 2));
        assert_eq!(bytes(-5, 1), (vec![5000], -1, 0x4000, 1));
        assert_eq!(bytes(30_000, 0), (vec![3], 1, 0, 0));
        assert_eq!(bytes(1, 6), (vec![100], -2, 0, 6));
        assert_eq!(bytes(100_000_000, 4), (vec![1], 1, 0, 4));
    }

    #[test]
    fn division() {
        let q = |a, b| Decimal::checked_div(a, b).map(|d| d.to_string());
        assert_eq!(
            q(Decimal::new(10, 0), Decimal::new(4, 0)).as_deref(),
            Some("2.5")
        );
        assert_eq!(
            q(Decimal::new(1, 0), Decimal::new(3, 0)).as_deref(),
            Some("0.333333333333")
        );
        assert_eq!(q(Decimal::new(1, 0), Decimal::new(0, 3)), None);
        assert_eq!(
            q(Decimal::new(2_616, 1), Decimal::new(-2, 0)).as_deref(),
            Some("-130.8")
        );
    }

    proptest! {
        /// The server's reading of the binary form is the value.
        #[test]
        fn numeric_is_the_value(m in -10i128.pow(30)..10i128.pow(30), s in 0u32..=MAX_SCALE) {
            let mut out = Vec::new();
            Decimal::new(m, s).put_numeric(&mut out);
            let (digits, weight, sign, dscale) = read_numeric(&out);
            prop_assert_eq!(dscale as u32, s);
            // value × 10^s, group by group
            let mut value = 0i128;
            for (i, d) in digits.iter().enumerate() {
                let exponent = (weight as i32 - i as i32) * 4 + s as i32;
                prop_assert!(*d < 10_000);
                value += if exponent >= 0 { *d as i128 * 10i128.pow(exponent as u32) }
                    else { *d as i128 / 10i128.pow(-exponent as u32) };
            }
            prop_assert_eq!(if sign == 0x4000 { -value } else { value }, m);
        }

        #[test]
        fn arithmetic_never_panics(a in any::<i128>(), b in any::<i128>(), s in 0u32..=MAX_SCALE, t in 0u32..=MAX_SCALE) {
            let (x, y) = (Decimal::new(a, s), Decimal::new(b, t));
            let _ = (x.checked_mul(y), x.checked_div(y), x.checked_sub(y), x.gt(y), x.abs(), x.neg());
            let mut out = Vec::new();
            x.put_numeric(&mut out);
            let _ = x.to_string();
        }
    }
}
