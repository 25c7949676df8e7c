//! Box–Cox transformations, for series whose spread grows with their level.

use super::season::variance;

/// Lambdas tried; 1 is no transformation, 0 the logarithm.
const GRID: [f64; 21] = {
    let mut grid = [0.0; 21];
    let mut i = 0;
    while i < 21 {
        grid[i] = i as f64 / 20.0;
        i += 1;
    }
    grid
};

/// Smallest correlation between the level and the spread of the parts of a series that counts as
/// "level drives spread"; with a dozen parts it is significant at 5 %.
const LEVEL_DRIVES_SPREAD: f64 = 0.5;

/// Fewest parts for Guerrero's method.
const FEWEST_PARTS: usize = 6;

/// A Box–Cox transformation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoxCox {
    /// 0: logarithm, 1: none.
    pub lambda: f64,
}

impl BoxCox {
    /// No transformation.
    pub const NONE: BoxCox = BoxCox { lambda: 1.0 };

    /// Whether values stay as they are.
    pub fn is_none(self) -> bool {
        self.lambda == 1.0
    }

    /// Transforms a positive value.
    pub fn apply(self, y: f64) -> f64 {
        if self.is_none() {
            y
        } else if self.lambda == 0.0 {
            y.ln()
        } else {
            (y.powf(self.lambda) - 1.0) / self.lambda
        }
    }

    /// Back to the original scale: the median of the forecast distribution.
    pub fn invert(self, z: f64) -> f64 {
        if self.is_none() {
            z
        } else if self.lambda == 0.0 {
            z.exp()
        } else {
            (self.lambda * z + 1.0).max(0.0).powf(1.0 / self.lambda)
        }
    }

    /// Back to the original scale with bias adjustment: the mean of the forecast distribution, by
    /// a second-order expansion, and its standard deviation, by the first.
    ///
    /// # Source
    ///
    /// Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.6.
    pub fn invert_moments(self, mean: f64, sd: f64) -> (f64, f64) {
        if self.is_none() {
            return (mean, sd);
        }
        let median = self.invert(mean);
        if self.lambda == 0.0 {
            // A standard deviation beyond 1 on the log scale is a failed fit, not a mean.
            let s = sd.min(1.0);
            return (median * (1.0 + 0.5 * s * s), median * s);
        }
        let base = (self.lambda * mean + 1.0).max(1e-9);
        let slope = base.powf(1.0 / self.lambda - 1.0);
        let bend = (1.0 - self.lambda) / (base * base);
        let s = sd.min(base / self.lambda.max(1e-9));
        (median * (1.0 + 0.5 * s * s * bend), slope * s)
    }
}

/// The transformation that makes the spread of `y` independent of its level, or none where the level
/// does not drive the spread.
///
/// * `y` - observations; any value at or below zero means no transformation.
/// * `m` - length of a part: the season, at least 2.
///
/// # Source
///
/// Guerrero (1993), Journal of Forecasting 12(1): the lambda that makes `sd / mean^(1-lambda)`
/// of the parts vary least.
pub fn guerrero(y: &[f64], m: usize) -> BoxCox {
    let part = m.max(2);
    if y.iter().any(|v| *v <= 0.0) || y.len() / part < FEWEST_PARTS {
        return BoxCox::NONE;
    }
    let parts: Vec<(f64, f64)> = y
        .rchunks_exact(part)
        .map(|chunk| {
            let mean = chunk.iter().sum::<f64>() / part as f64;
            (mean, variance(chunk).sqrt())
        })
        .collect();
    if correlation(&parts) < LEVEL_DRIVES_SPREAD {
        return BoxCox::NONE;
    }
    let mut best = (f64::INFINITY, 1.0);
    for lambda in GRID {
        let ratios: Vec<f64> = parts
            .iter()
            .map(|(mean, sd)| sd / mean.powf(1.0 - lambda))
            .collect();
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        if mean <= 0.0 {
            return BoxCox::NONE;
        }
        let cv = variance(&ratios).sqrt() / mean;
        if cv < best.0 {
            best = (cv, lambda);
        }
    }
    BoxCox { lambda: best.1 }
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (mx, my) = pairs
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mx) * (y - my);
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
    }
    if xx > 0.0 && yy > 0.0 {
        xy / (xx * yy).sqrt()
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_in_per_cent_asks_for_the_logarithm() {
        let y: Vec<f64> = (0..96)
            .map(|t| (0.02 * t as f64).exp() * [1.0, 1.3, 0.8, 1.1][t % 4])
            .collect();
        assert!(guerrero(&y, 4).lambda < 0.2);
        let flat: Vec<f64> = (0..96)
            .map(|t| 100.0 + t as f64 + [1.0, 3.0, -2.0, 0.0][t % 4])
            .collect();
        assert!(guerrero(&flat, 4).is_none());
    }

    #[test]
    fn transformations_invert() {
        for lambda in [0.0, 0.3, 1.0] {
            let b = BoxCox { lambda };
            assert!((b.invert(b.apply(7.5)) - 7.5).abs() < 1e-9);
        }
        let (mean, sd) = BoxCox { lambda: 0.0 }.invert_moments(1.0, 0.1);
        assert!((mean - 1f64.exp() * 1.005).abs() < 1e-9 && sd > 0.0);
    }
}
