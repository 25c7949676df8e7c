//! When the level of a series changed for good.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::decompose::interpolated;
use super::lookback::median;
use crate::{Cancel, Result};

/// Longer series are averaged over blocks down to this many points first.
const MOST_POINTS: usize = 5_000;
/// Fewest points between two changes.
const LEAST_SEGMENT: usize = 5;
/// Price of a change in units of variance times the log of the length. Twice the usual BIC
/// penalty's 1 for the mean and 1 for the place, as sales are correlated from day to day.
const PENALTY: f64 = 4.0;

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Changepoint {
    /// Position of the first point of the new level.
    pub at: usize,
    /// Mean between the change before (or the start) and this one.
    pub before_mean: f64,
    /// Mean from here to the next change (or the end).
    pub after_mean: f64,
    /// `after_mean / before_mean - 1`; `None` where the mean before is not positive.
    pub change_pct: Option<f64>,
    /// Chance of so large a difference of the two means anywhere, had nothing changed.
    pub p: f64,
}

/// Finds changes of level by optimal partitioning (PELT, Killick, Fearnhead and Eckley 2012).
///
/// * `values` - oldest first, evenly spaced, NaN for missing.
/// * `season` - points in a season whose profile is taken out first; 0 or 1 for none.
///
/// Changes come oldest first. None for fewer than 10 points or a constant series.
///
/// # Errors
///
/// [`crate::Error::Cancelled`].
pub fn changepoints(values: &[f64], season: usize, cancel: Cancel<'_>) -> Result<Vec<Changepoint>> {
    let values = super::clean(values);
    let n = values.len();
    let Some(mut y) = interpolated(&values).filter(|_| n >= 2 * LEAST_SEGMENT) else {
        return Ok(Vec::new());
    };
    if season >= 2 && n >= 3 * season {
        deseason(&mut y, season);
    }
    let block = n.div_ceil(MOST_POINTS);
    let coarse: Vec<f64> = y
        .chunks(block)
        .map(|c| c.iter().sum::<f64>() / c.len() as f64)
        .collect();
    let season = season / block;
    let variance = noise(&coarse, season);
    if variance <= 0.0 {
        return Ok(exact_steps(&values, &y));
    }
    let least = LEAST_SEGMENT.max(season.min(coarse.len() / 4));
    let price = PENALTY * variance * (coarse.len() as f64).ln();
    let mut cuts = pelt(&coarse, price, least, cancel)?;
    for cut in &mut cuts {
        *cut *= block;
    }
    Ok(describe(&values, &y, &cuts, variance * block as f64))
}

/// Subtracts each phase's median deviation from a running level.
fn deseason(y: &mut [f64], m: usize) {
    let n = y.len();
    let mut profile = vec![0.0; m];
    for (phase, slot) in profile.iter_mut().enumerate() {
        let mut off: Vec<f64> = (phase..n)
            .step_by(m)
            .filter_map(|t| {
                let from = t.checked_sub(m / 2)?;
                let window = y.get(from..from + m)?;
                Some(y[t] - window.iter().sum::<f64>() / m as f64)
            })
            .collect();
        *slot = median(&mut off);
    }
    for (t, v) in y.iter_mut().enumerate() {
        *v -= profile[t % m];
    }
}

/// Variance that a mean of many points answers to: from differences of neighbours, and of means
/// of neighbouring blocks, where days are correlated.
fn noise(y: &[f64], season: usize) -> f64 {
    let of_blocks = |size: usize| -> f64 {
        let means: Vec<f64> = y
            .chunks_exact(size)
            .map(|c| c.iter().sum::<f64>() / size as f64)
            .collect();
        let mut steps: Vec<f64> = means.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
        if steps.len() < 4 {
            return 0.0;
        }
        let mean = steps.iter().map(|s| s * s).sum::<f64>() / steps.len() as f64;
        let robust = (1.482_602 * median(&mut steps)).powi(2);
        // Mostly equal points (few sales): the median says nothing.
        (if robust > 0.0 { robust } else { mean }) * size as f64 / 2.0
    };
    let block = season.clamp(5, 30);
    of_blocks(1).max(if y.len() >= 8 * block {
        of_blocks(block)
    } else {
        0.0
    })
}

/// Positions where a noiseless series steps.
fn exact_steps(values: &[f64], y: &[f64]) -> Vec<Changepoint> {
    let cuts: Vec<usize> = (1..y.len()).filter(|t| y[*t] != y[t - 1]).collect();
    if cuts.len() > y.len() / LEAST_SEGMENT {
        return Vec::new();
    }
    describe(values, y, &cuts, 0.0)
}

/// Least-squares partition with a price for each cut.
fn pelt(y: &[f64], price: f64, least: usize, cancel: Cancel<'_>) -> Result<Vec<usize>> {
    let n = y.len();
    let centre = y.iter().sum::<f64>() / n as f64;
    let mut sums = vec![(0.0, 0.0); n + 1];
    for (t, v) in y.iter().enumerate() {
        let v = v - centre;
        sums[t + 1] = (sums[t].0 + v, sums[t].1 + v * v);
    }
    let cost = |from: usize, to: usize| {
        let (s, q) = (sums[to].0 - sums[from].0, sums[to].1 - sums[from].1);
        (q - s * s / (to - from) as f64).max(0.0)
    };
    let mut best = vec![f64::INFINITY; n + 1];
    let mut last = vec![0_usize; n + 1];
    best[0] = -price;
    let mut open = vec![0_usize];
    for to in least..=n {
        if to % 64 == 0 {
            cancel.check()?;
        }
        for from in &open {
            let total = best[*from] + cost(*from, to) + price;
            if total < best[to] {
                (best[to], last[to]) = (total, *from);
            }
        }
        open.retain(|from| best[*from] + cost(*from, to) <= best[to]);
        if to + 1 >= 2 * least {
            open.push(to + 1 - least);
        }
    }
    let mut cuts = Vec::new();
    let mut at = n;
    while last[at] > 0 {
        at = last[at];
        cuts.push(at);
    }
    cuts.reverse();
    Ok(cuts)
}

fn describe(values: &[f64], y: &[f64], cuts: &[usize], variance: f64) -> Vec<Changepoint> {
    let n = y.len();
    let mean = |v: &[f64]| {
        let known = v.iter().filter(|x| !x.is_nan());
        let (k, sum) = known.fold((0.0, 0.0), |s, x| (s.0 + 1.0, s.1 + x));
        if k > 0.0 { sum / k } else { f64::NAN }
    };
    (0..cuts.len())
        .map(|i| {
            let from = if i == 0 { 0 } else { cuts[i - 1] };
            let at = cuts[i];
            let to = cuts.get(i + 1).copied().unwrap_or(n);
            let (before, after) = (mean(&values[from..at]), mean(&values[at..to]));
            let (k0, k1) = ((at - from) as f64, (to - at) as f64);
            let gap = mean(&y[at..to]) - mean(&y[from..at]);
            let se = (variance * (1.0 / k0 + 1.0 / k1)).sqrt();
            let p = if se > 0.0 {
                let t = StudentsT::new(0.0, 1.0, (k0 + k1 - 2.0).max(1.0));
                t.map_or(1.0, |t| 2.0 * t.sf((gap / se).abs()) * n as f64)
            } else {
                0.0
            };
            Changepoint {
                at,
                before_mean: before,
                after_mean: after,
                change_pct: (before > 0.0).then(|| after / before - 1.0),
                p: p.clamp(0.0, 1.0),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise without a pattern, between -1 and 1.
    fn hum(t: usize) -> f64 {
        let x = (t as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((x >> 11) as f64 / (1_u64 << 52) as f64) - 1.0
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let y: Vec<f64> = (0..200)
            .map(|t| if t < 120 { 10.0 } else { 14.0 } + hum(t) + [1.0, 0.0, -1.0][t % 3])
            .collect();
        let found = changepoints(&y, 3, Cancel::NEVER).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].at.abs_diff(120) <= 1);
        assert!((found[0].change_pct.unwrap() - 0.4).abs() < 0.05);
        assert!(found[0].p < 1e-6);
    }

    #[test]
    fn quiet_and_odd_series_have_none() {
        let quiet: Vec<f64> = (0..400).map(hum).collect();
        assert!(changepoints(&quiet, 7, Cancel::NEVER).unwrap().is_empty());
        for y in [
            vec![],
            vec![1.0],
            vec![3.0; 50],
            vec![f64::NAN; 50],
            vec![0.0; 50],
        ] {
            assert!(changepoints(&y, 7, Cancel::NEVER).unwrap().is_empty());
        }
        let step: Vec<f64> = (0..50).map(|t| if t < 25 { 1.0 } else { 2.0 }).collect();
        assert_eq!(changepoints(&step, 0, Cancel::NEVER).unwrap()[0].at, 25);
    }

    #[test]
    fn long_series_are_answered() {
        let y: Vec<f64> = (0..300_000)
            .map(|t| if t < 150_000 { 5.0 } else { 6.0 } + hum(t))
            .collect();
        let found = changepoints(&y, 7, Cancel::NEVER).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].at.abs_diff(150_000) < 200);
    }
}
