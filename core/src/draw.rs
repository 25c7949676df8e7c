//! Seeded draws and sample quantiles, shared by the simulations of this crate.

/// SplitMix64: the same seed gives the same draws on every machine.
///
/// Source: Steele, Lea & Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    state: u64,
    spare: Option<f64>,
}

impl Draw {
    /// A generator that starts at `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            spare: None,
        }
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform on (0, 1), never 0 or 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Uniform on `0..n`; 0 for `n = 0`.
    pub(crate) fn index(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Standard normal, by the polar method.
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare.take() {
            return z;
        }
        loop {
            let u = 2.0 * self.uniform() - 1.0;
            let v = 2.0 * self.uniform() - 1.0;
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let scale = (-2.0 * s.ln() / s).sqrt();
                self.spare = Some(v * scale);
                return u * scale;
            }
        }
    }
}

/// The median-unbiased sample quantile (type 8 of Hyndman & Fan 1996) of ascending values.
///
/// `None` for an empty sample; `p` is held to [0, 1].
pub(crate) fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let n = sorted.len();
    let last = *sorted.last()?;
    let rank = (n as f64 + 1.0 / 3.0) * p.clamp(0.0, 1.0) + 1.0 / 3.0;
    if rank <= 1.0 {
        return sorted.first().copied();
    }
    let below = rank.floor();
    if below >= n as f64 {
        return Some(last);
    }
    let low = *sorted.get(below as usize - 1)?;
    let high = *sorted.get(below as usize)?;
    Some(low + (rank - below) * (high - low))
}

/// A sorted copy without NaN and infinities.
pub(crate) fn ascending(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The median, `None` for an empty sample.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    quantile(&ascending(values), 0.5)
}

/// The quantile of the standard normal at `p`, held inside (0, 1).
pub(crate) fn normal_quantile(p: f64) -> f64 {
    let p = p.clamp(1e-12, 1.0 - 1e-12);
    -std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(2.0 * p)
}

/// The distribution function of the standard normal.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    0.5 * statrs::function::erf::erfc(-z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_type_8() {
        // R 4.2: quantile(c(1, 2, 4, 8), c(.25, .5, .75), type = 8)
        let x = [1.0, 2.0, 4.0, 8.0];
        assert!((quantile(&x, 0.25).unwrap() - 1.416_666_7).abs() < 1e-6);
        assert!((quantile(&x, 0.5).unwrap() - 3.0).abs() < 1e-12);
        assert!((quantile(&x, 0.75).unwrap() - 6.333_333_3).abs() < 1e-6);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[5.0], 0.9), Some(5.0));
    }

    #[test]
    fn draws_repeat_and_have_unit_variance() {
        let sample = |seed| {
            let mut draw = Draw::new(seed);
            (0..20_000).map(|_| draw.normal()).collect::<Vec<_>>()
        };
        let x = sample(7);
        assert_eq!(x, sample(7));
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let var = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / x.len() as f64;
        assert!(mean.abs() < 0.03 && (var - 1.0).abs() < 0.04);
        assert!((normal_quantile(0.975) - 1.959_964).abs() < 1e-5);
        assert!((normal_cdf(1.959_964) - 0.975).abs() < 1e-6);
    }
}
