//! Seasonal-trend decomposition by loess, non-robust, as R's `stl()` computes it.
//!
//! # Source
//!
//! Cleveland, Cleveland, McRae and Terpenning, Journal of Official Statistics 6(1), 1990.

/// Seasonal window of the decomposition that the strength of a season is read from, as in
/// `forecast::mstl`.
const SEASONAL_WINDOW: usize = 11;
/// Passes of the inner loop, R's default without robustness weights.
const PASSES: usize = 2;

/// Season and remainder of a decomposition.
pub(in crate::forecast) struct Parts {
    pub(in crate::forecast) season: Vec<f64>,
    pub(in crate::forecast) remainder: Vec<f64>,
}

fn next_odd(x: f64) -> usize {
    let n = x.ceil() as usize;
    n + usize::from(n.is_multiple_of(2))
}

/// Decomposes `y`; `None` where it has no more than two seasons.
pub(in crate::forecast) fn decompose(y: &[f64], season: usize) -> Option<Parts> {
    let n = y.len();
    if season < 2 || n <= 2 * season {
        return None;
    }
    let period = season as f64;
    let trend_window = next_odd(1.5 * period / (1.0 - 1.5 / SEASONAL_WINDOW as f64));
    let low_window = next_odd(period);
    let mut trend = vec![0.0; n];
    let mut seasonal = vec![0.0; n];
    let mut cycle = vec![0.0; n + 2 * season];
    let mut work = Vec::new();
    let mut smooth = Vec::new();
    let mut low = Vec::new();
    for _ in 0..PASSES {
        for phase in 0..season {
            work.clear();
            work.extend((phase..n).step_by(season).map(|t| y[t] - trend[t]));
            loess(&work, SEASONAL_WINDOW, 0, &mut smooth);
            let len = work.len();
            // One more value at either end.
            let right = SEASONAL_WINDOW.min(len);
            cycle[phase] = local(&work, SEASONAL_WINDOW, 0, 0.0, 1, right).unwrap_or(smooth[0]);
            let left = (len + 1).saturating_sub(SEASONAL_WINDOW).max(1);
            cycle[phase + (len + 1) * season] =
                local(&work, SEASONAL_WINDOW, 0, (len + 1) as f64, left, len)
                    .unwrap_or(smooth[len - 1]);
            for (i, s) in smooth.iter().enumerate() {
                cycle[phase + (i + 1) * season] = *s;
            }
        }
        moving_average(&cycle, season, &mut work);
        moving_average(&work, season, &mut smooth);
        moving_average(&smooth, 3, &mut work);
        loess(&work, low_window, 1, &mut low);
        for t in 0..n {
            seasonal[t] = cycle[season + t] - low[t];
        }
        work.clear();
        work.extend(y.iter().zip(&seasonal).map(|(y, s)| y - s));
        loess(&work, trend_window, 1, &mut trend);
    }
    let remainder = (0..n).map(|t| y[t] - seasonal[t] - trend[t]).collect();
    Some(Parts {
        season: seasonal,
        remainder,
    })
}

fn moving_average(x: &[f64], window: usize, out: &mut Vec<f64>) {
    out.clear();
    let mut sum: f64 = x[..window].iter().sum();
    out.push(sum / window as f64);
    for t in window..x.len() {
        sum += x[t] - x[t - window];
        out.push(sum / window as f64);
    }
}

/// Smooths `y` at every `window / 10`-th position and draws straight lines between.
fn loess(y: &[f64], window: usize, degree: usize, out: &mut Vec<f64>) {
    let n = y.len();
    out.clear();
    out.resize(n, 0.0);
    let jump = window.div_ceil(10).min(n.saturating_sub(1)).max(1);
    let half = window.div_ceil(2);
    let at = |i: usize| {
        let (left, right) = if window >= n {
            (1, n)
        } else if i < half {
            (1, window)
        } else if i + half > n {
            (n - window + 1, n)
        } else {
            (i + 1 - half, i + window - half)
        };
        local(y, window, degree, i as f64, left, right).unwrap_or(y[i - 1])
    };
    let mut previous = 1;
    out[0] = at(1);
    let mut i = 1;
    while i < n {
        i = (i + jump).min(n);
        let value = at(i);
        let from = out[previous - 1];
        let step = (value - from) / (i - previous) as f64;
        for k in previous + 1..=i {
            out[k - 1] = from + step * (k - previous) as f64;
        }
        out[i - 1] = value;
        previous = i;
    }
}

/// Local regression at `x` over positions `left..=right`, counted from 1.
fn local(
    y: &[f64],
    window: usize,
    degree: usize,
    x: f64,
    left: usize,
    right: usize,
) -> Option<f64> {
    let n = y.len();
    let mut h = (x - left as f64).max(right as f64 - x);
    if window > n {
        h += ((window - n) / 2) as f64;
    }
    let (near, far) = (0.001 * h, 0.999 * h);
    let weight = |j: usize| {
        let r = (j as f64 - x).abs();
        if r > far {
            0.0
        } else if r <= near {
            1.0
        } else {
            let u = r / h;
            let v = 1.0 - u * u * u;
            v * v * v
        }
    };
    let (mut total, mut centre, mut sum) = (0.0, 0.0, 0.0);
    for j in left..=right {
        let w = weight(j);
        total += w;
        centre += w * j as f64;
        sum += w * y[j - 1];
    }
    if !(total > 0.0) {
        return None;
    }
    centre /= total;
    let mean = sum / total;
    if degree == 0 || h <= 0.0 {
        return Some(mean);
    }
    let (mut spread, mut cross) = (0.0, 0.0);
    for j in left..=right {
        let w = weight(j) / total;
        let u = j as f64 - centre;
        spread += w * u * u;
        cross += w * u * y[j - 1];
    }
    // Too narrow for a slope, in R's terms.
    if spread.sqrt() <= 0.001 * (n as f64 - 1.0) {
        return Some(mean);
    }
    Some(mean + (x - centre) * cross / spread)
}
