//! The plain methods: naive, seasonal naive, and Croston's for intermittent demand.

use super::season::variance;
use super::{Fitted, Step};

/// Average interval between demands from which a series counts as intermittent.
///
/// Source: Syntetos, Boylan & Croston (2005), Journal of the Operational Research Society 56(5).
pub const INTERMITTENT_ADI: f64 = 1.32;

/// Squared coefficient of variation of the demand sizes from which demand counts as erratic or
/// lumpy; same source.
pub const ERRATIC_CV2: f64 = 0.49;

/// Smoothing parameters tried by [`croston`] and [`tsb`], by one-step squared error against the
/// rate of demand. Values above 0.3 are advised against: Syntetos & Boylan (2005).
const SMOOTHING: [f64; 4] = [0.05, 0.1, 0.2, 0.3];

/// Repeats the last value. The standard deviation at step `h` is `σ·sqrt(h)`.
///
/// * `y` - finite observations, oldest first; an empty series is forecast as 0.
pub fn naive(y: &[f64], horizon: usize) -> Fitted {
    Fitted {
        name: "naive".to_owned(),
        ..seasonal_naive(y, 1, horizon)
    }
}

/// Repeats the last season of `m` buckets, or what there is of it.
///
/// The error at step `h` has variance `σ²(k + 1)`, `k = ⌊(h - 1) / m⌋`, `σ²` the mean squared
/// seasonal difference.
///
/// # Source
///
/// Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2 and 5.5.
pub fn seasonal_naive(y: &[f64], m: usize, horizon: usize) -> Fitted {
    let n = y.len();
    let m = m.clamp(1, n.max(1));
    let fitted: Vec<f64> = (0..n)
        .map(|t| if t >= m { y[t - m] } else { f64::NAN })
        .collect();
    let squares: Vec<f64> = (m..n).map(|t| (y[t] - y[t - m]).powi(2)).collect();
    let sigma2 = if squares.is_empty() {
        variance(y)
    } else {
        squares.iter().sum::<f64>() / squares.len() as f64
    };
    let steps = (0..horizon)
        .map(|h| Step {
            mean: if n == 0 { 0.0 } else { y[n - m + h % m] },
            sd: (sigma2 * (h / m + 1) as f64).sqrt(),
        })
        .collect();
    Fitted {
        name: "seasonal naive".to_owned(),
        fitted,
        steps,
    }
}

/// Average demand interval and squared coefficient of variation of the sizes of the non-zero
/// values; `None` where fewer than two values differ from zero.
pub fn demand_class(y: &[f64]) -> Option<(f64, f64)> {
    let sizes: Vec<f64> = y.iter().copied().filter(|v| *v != 0.0).collect();
    if sizes.len() < 2 {
        return None;
    }
    let mean = sizes.iter().sum::<f64>() / sizes.len() as f64;
    let cv2 = if mean != 0.0 {
        variance(&sizes) / (mean * mean)
    } else {
        f64::INFINITY
    };
    Some((y.len() as f64 / sizes.len() as f64, cv2))
}

/// Croston's method with the Syntetos–Boylan approximation (SBA): sizes and intervals of demand
/// are smoothed apart, and the bias of their ratio is removed by `1 - α/2`.
///
/// * `y` - observations, oldest first; zeros are periods without demand.
///
/// # Source
///
/// Croston (1972), Operational Research Quarterly 23(3); Syntetos & Boylan (2005), International
/// Journal of Forecasting 21(2).
pub fn croston(y: &[f64], horizon: usize) -> Fitted {
    rate("Croston-SBA", y, horizon, |y, alpha| {
        let mut fitted = Vec::with_capacity(y.len());
        let (mut size, mut interval, mut since) = start(y);
        let mut current = size / interval * (1.0 - alpha / 2.0);
        for value in y {
            fitted.push(current);
            if *value != 0.0 {
                size += alpha * (value - size);
                interval += alpha * (since - interval);
                since = 1.0;
                current = size / interval * (1.0 - alpha / 2.0);
            } else {
                since += 1.0;
            }
        }
        (fitted, current)
    })
}

/// Teunter–Syntetos–Babai: the probability of demand is smoothed every period, so the forecast of a
/// product that stopped selling goes to zero.
///
/// * `y` - observations, oldest first; zeros are periods without demand.
///
/// # Source
///
/// Teunter, Syntetos & Babai (2011), European Journal of Operational Research 214(3).
pub fn tsb(y: &[f64], horizon: usize) -> Fitted {
    rate("TSB", y, horizon, |y, alpha| {
        let mut fitted = Vec::with_capacity(y.len());
        let (mut size, interval, _) = start(y);
        let mut probability = 1.0 / interval;
        for value in y {
            fitted.push(probability * size);
            if *value != 0.0 {
                size += alpha * (value - size);
                probability += alpha * (1.0 - probability);
            } else {
                probability -= alpha * probability;
            }
        }
        (fitted, probability * size)
    })
}

/// Size of the first demand, mean interval, and the periods since a demand before the start.
fn start(y: &[f64]) -> (f64, f64, f64) {
    let demands = y.iter().filter(|v| **v != 0.0).count();
    let size = y.iter().copied().find(|v| *v != 0.0).unwrap_or(0.0);
    let interval = if demands == 0 {
        y.len().max(1) as f64
    } else {
        y.len() as f64 / demands as f64
    };
    (size, interval, 1.0)
}

/// Runs `smooth` with each parameter and keeps the best; a flat forecast.
///
/// A rate is compared to the running mean of what follows rather than to single demands: with
/// single periods as the yardstick the best forecast of rare demand would be zero (Kourentzes 2014,
/// International Journal of Production Economics 156).
fn rate(
    name: &str,
    y: &[f64],
    horizon: usize,
    smooth: impl Fn(&[f64], f64) -> (Vec<f64>, f64),
) -> Fitted {
    let mut best: Option<(f64, Vec<f64>, f64)> = None;
    for alpha in SMOOTHING {
        let (fitted, last) = smooth(y, alpha);
        let mut mean = 0.0;
        let mut cost = 0.0;
        for (t, value) in y.iter().enumerate() {
            mean += (value - mean) / (t + 1) as f64;
            cost += (mean - fitted[t]).powi(2);
        }
        if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
            best = Some((cost, fitted, last));
        }
    }
    let (_, fitted, last) = best.unwrap_or((0.0, Vec::new(), 0.0));
    let errors: Vec<f64> = y
        .iter()
        .zip(&fitted)
        .map(|(v, f)| (v - f).powi(2))
        .collect();
    let sd = (errors.iter().sum::<f64>() / errors.len().max(1) as f64).sqrt();
    Fitted {
        name: name.to_owned(),
        fitted,
        steps: vec![Step { mean: last, sd }; horizon],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn croston_follows_the_hand_calculation() {
        // One demand of 6 every third period: the rate is 2, with SBA's factor 1 - alpha / 2.
        let y: Vec<f64> = (0..60)
            .map(|t| if t % 3 == 2 { 6.0 } else { 0.0 })
            .collect();
        let mean = croston(&y, 2).steps[1].mean;
        assert!((1.7..=2.0).contains(&mean), "{mean}");
        assert_eq!(demand_class(&y), Some((3.0, 0.0)));
    }

    #[test]
    fn tsb_forgets_a_product_that_stopped() {
        let mut y: Vec<f64> = (0..40).map(|t| f64::from(t % 2)).collect();
        y.extend([0.0; 60]);
        assert!(tsb(&y, 1).steps[0].mean < 0.05);
        assert!(croston(&y, 1).steps[0].mean > 0.3);
    }

    #[test]
    fn naive_spreads_with_time() {
        let fitted = seasonal_naive(&[1.0, 5.0, 2.0, 6.0, 3.0, 7.0], 2, 3);
        let means: Vec<f64> = fitted.steps.iter().map(|s| s.mean).collect();
        assert_eq!(means, [3.0, 7.0, 3.0]);
        assert!((fitted.steps[2].sd - 2f64.sqrt()).abs() < 1e-12);
    }
}
