//! Seasons: which there are, how strong they are, and a series without them.

use crate::series::Grain;

/// Quantile of the standard normal for a two-sided test at 90 %, as in R's `thetaf`.
const TEST_QUANTILE: f64 = 1.644_853_626_951_472_2;

/// A seasonal index below this makes the multiplicative form useless; additive takes over.
/// As in forecTheta and statsforecast.
const SMALLEST_INDEX: f64 = 0.01;

/// Strength from which a season counts although the test, blind beside a steep trend, misses it; the
/// limit that R's `nsdiffs` uses.
const STRONG: f64 = 0.64;

/// How a season acts on the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Added to the level.
    Additive,
    /// Multiplied with the level.
    Multiplicative,
}

/// A repeating pattern: one index for each place in the season.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Added or multiplied.
    pub form: Form,
    /// One index a place, the first belongs to the first observation; mean 0 (additive) or
    /// 1 (multiplicative).
    pub index: Vec<f64>,
}

impl Pattern {
    /// The index of observation `t` (from 0).
    pub fn at(&self, t: usize) -> f64 {
        match (self.index.len(), self.form) {
            (0, Form::Additive) => 0.0,
            (0, Form::Multiplicative) => 1.0,
            (m, _) => self.index[t % m],
        }
    }

    /// `y` of observation `t` without the season.
    pub fn remove(&self, t: usize, y: f64) -> f64 {
        match self.form {
            Form::Additive => y - self.at(t),
            Form::Multiplicative => y / self.at(t),
        }
    }

    /// `level` of observation `t` with the season put back.
    pub fn restore(&self, t: usize, level: f64) -> f64 {
        match self.form {
            Form::Additive => level + self.at(t),
            Form::Multiplicative => level * self.at(t),
        }
    }

    /// A standard deviation of observation `t` with the season put back.
    pub fn restore_sd(&self, t: usize, sd: f64) -> f64 {
        match self.form {
            Form::Additive => sd,
            Form::Multiplicative => sd * self.at(t).abs(),
        }
    }
}

/// The seasons, in buckets, usual for `grain`, shortest first: 7 and 365.25 days, 52.18 weeks,
/// 12 months, 4 quarters; none for years.
pub fn usual(grain: Grain) -> &'static [f64] {
    match grain {
        Grain::Day => &[7.0, 365.25],
        Grain::Week => &[365.25 / 7.0],
        Grain::Month => &[12.0],
        Grain::Quarter => &[4.0],
        Grain::Year => &[],
    }
}

/// Autocorrelations of `y` at lags 1 to `lags`; zeros for a constant series.
pub fn autocorrelation(y: &[f64], lags: usize) -> Vec<f64> {
    let n = y.len();
    let mean = y.iter().sum::<f64>() / n.max(1) as f64;
    let variance: f64 = y.iter().map(|v| (v - mean).powi(2)).sum();
    (1..=lags)
        .map(|lag| {
            if lag >= n || variance <= 0.0 {
                return 0.0;
            }
            y[lag..]
                .iter()
                .zip(y)
                .map(|(a, b)| (a - mean) * (b - mean))
                .sum::<f64>()
                / variance
        })
        .collect()
}

/// Whether `y` shows a season of `m` buckets: its autocorrelation at lag `m` differs from zero
/// at 90 %, given the shorter lags. Needs more than `2m` observations.
///
/// # Source
///
/// R package forecast, `thetaf`; Fiorucci et al. (2016), International Journal of Forecasting
/// 32(4), section 4.
pub fn is_seasonal(y: &[f64], m: usize) -> bool {
    if m < 2 || y.len() <= 2 * m {
        return false;
    }
    let acf = autocorrelation(y, m);
    let before: f64 = acf[..m - 1].iter().map(|r| r * r).sum();
    let limit = TEST_QUANTILE * ((1.0 + 2.0 * before) / y.len() as f64).sqrt();
    acf[m - 1].abs() > limit || strength(y, m) > STRONG
}

/// Strength of a season from 0 to 1: `1 - var(remainder) / var(season + remainder)`.
///
/// # Source
///
/// Wang, Smith & Hyndman (2006), Data Mining and Knowledge Discovery 13(3).
pub fn strength(y: &[f64], m: usize) -> f64 {
    let trend = moving_average(y, m);
    let pattern = indices(y, &trend, m, Form::Additive);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for (t, (value, level)) in y.iter().zip(&trend).enumerate() {
        if level.is_finite() {
            with.push(value - level);
            without.push(value - level - pattern.at(t));
        }
    }
    let (with, without) = (variance(&with), variance(&without));
    if with <= 0.0 {
        0.0
    } else {
        (1.0 - without / with).clamp(0.0, 1.0)
    }
}

/// Classical decomposition of `y` with season `m`: multiplicative where every value and index is
/// safely positive and `form` allows it, else additive.
///
/// # Source
///
/// R `decompose`; Kendall & Stuart (1983), The Advanced Theory of Statistics, vol. 3.
pub fn classical(y: &[f64], m: usize, form: Form) -> Pattern {
    let trend = moving_average(y, m);
    if form == Form::Multiplicative && y.iter().all(|v| *v > 0.0) {
        let pattern = indices(y, &trend, m, Form::Multiplicative);
        if pattern.index.iter().all(|v| *v > SMALLEST_INDEX) {
            return pattern;
        }
    }
    indices(y, &trend, m, Form::Additive)
}

/// Centred moving average over `m` buckets (2×m for even `m`); NaN at both ends.
pub fn moving_average(y: &[f64], m: usize) -> Vec<f64> {
    let n = y.len();
    let half = m / 2;
    let mut out = vec![f64::NAN; n];
    if m == 0 || n < 2 * half + 1 {
        return out;
    }
    for (t, slot) in out.iter_mut().enumerate().take(n - half).skip(half) {
        let window = &y[t - half..=t + half];
        let sum: f64 = window.iter().sum();
        *slot = if m.is_multiple_of(2) {
            (sum - 0.5 * (window[0] + window[2 * half])) / m as f64
        } else {
            sum / m as f64
        };
    }
    out
}

fn indices(y: &[f64], trend: &[f64], m: usize, form: Form) -> Pattern {
    let mut sums = vec![(0.0, 0usize); m];
    for (t, (value, level)) in y.iter().zip(trend).enumerate() {
        let ratio = match form {
            Form::Additive => value - level,
            Form::Multiplicative => value / level,
        };
        if ratio.is_finite() {
            let slot = &mut sums[t % m];
            slot.0 += ratio;
            slot.1 += 1;
        }
    }
    let neutral = match form {
        Form::Additive => 0.0,
        Form::Multiplicative => 1.0,
    };
    let mut index: Vec<f64> = sums
        .iter()
        .map(|(sum, n)| if *n > 0 { sum / *n as f64 } else { neutral })
        .collect();
    let mean = index.iter().sum::<f64>() / m.max(1) as f64;
    for value in &mut index {
        match form {
            Form::Additive => *value -= mean,
            Form::Multiplicative if mean != 0.0 => *value /= mean,
            Form::Multiplicative => *value = neutral,
        }
    }
    Pattern { form, index }
}

/// Sample variance; 0 for fewer than two values.
pub(crate) fn variance(x: &[f64]) -> f64 {
    if x.len() < 2 {
        return 0.0;
    }
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (x.len() - 1) as f64
}

/// Middle value; NaN for none.
pub(crate) fn median(x: &[f64]) -> f64 {
    quantile(x, 0.5)
}

/// Quantile `p` of `x` by linear interpolation (type 7 of Hyndman & Fan 1996); NaN for none.
pub(crate) fn quantile(x: &[f64], p: f64) -> f64 {
    let mut sorted = x.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_sorted(&sorted, p)
}

/// As [`quantile`] for values in ascending order.
pub(crate) fn quantile_sorted(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = p.clamp(0.0, 1.0) * last as f64;
    let (below, share) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(last);
    sorted[below] + share * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_season_is_found_and_removed() {
        let y: Vec<f64> = (0..48)
            .map(|t| (100.0 + t as f64) * [0.8, 1.0, 1.3, 0.9][t % 4])
            .collect();
        assert!(is_seasonal(&y, 4));
        assert!(strength(&y, 4) > 0.9);
        let pattern = classical(&y, 4, Form::Multiplicative);
        assert_eq!(pattern.form, Form::Multiplicative);
        for (t, value) in y.iter().enumerate() {
            let level = pattern.remove(t, *value);
            assert!(
                (level / (100.0 + t as f64) - 1.0).abs() < 0.01,
                "{t} {level}"
            );
            assert!((pattern.restore(t, level) - value).abs() < 1e-9);
        }
    }

    #[test]
    fn short_or_constant_series_have_no_season() {
        assert!(!is_seasonal(&[1.0; 8], 4));
        assert!(!is_seasonal(&[1.0; 100], 4));
        assert_eq!(strength(&[1.0; 100], 4), 0.0);
    }
}
