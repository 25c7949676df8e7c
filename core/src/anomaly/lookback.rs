//! Looking back: each point is held against trend and season of the whole series.

use super::decompose::{interpolated, running};
use super::monitor::monitor;
use super::tail::{Tail, count_score, score_at};
use super::{Options, Point};
use crate::{Cancel, Result};

/// Median absolute deviation to standard deviation, for the normal.
pub(super) const MAD: f64 = 1.482_602_218_505_602;
/// What a median deviation knows of a spread, against a mean square, for the normal.
const MAD_EFFICIENCY: f64 = 0.37;
/// Seasons in a window of the trend: what lasts for less than half of them does not bend it.
const WIDE: usize = 13;
/// Points with sales in a window, where many have none.
const SALES: usize = 40;
/// What the p-values of monitoring are multiplied by for being one of three.
const WATCH_PRICE: f64 = 2.0;
/// Points a calendar class needs to be judged against its own kind.
const CLASS_POINTS: usize = 4;

/// Judges each point against a robust decomposition of the whole series.
pub(super) fn lookback(
    values: &[f64],
    options: &Options<'_>,
    cancel: Cancel<'_>,
) -> Result<Vec<Point>> {
    let n = values.len();
    let mut points = vec![Point::unjudged(); n];
    if values.iter().filter(|v| !v.is_nan()).count() < 8 {
        return Ok(points);
    }
    let additive = values.iter().any(|v| *v < 0.0);
    let class = |t: usize| {
        options
            .classes
            .and_then(|c| c.get(t).copied())
            .map_or(0, usize::from)
    };
    // Days of a class of their own must not bend the trend of ordinary ones.
    let ordinary: Vec<f64> = (0..n)
        .map(|t| if class(t) == 0 { values[t] } else { f64::NAN })
        .collect();
    let ordinary = if ordinary.iter().all(|v| v.is_nan()) {
        values
    } else {
        &ordinary
    };
    let seasons: Vec<usize> = Some(options.season)
        .filter(|m| *m >= 2)
        .into_iter()
        .collect();
    let seasons: Vec<usize> = seasons.into_iter().filter(|m| 2 * m <= n).collect();
    let Some(filled) = interpolated(ordinary) else {
        return Ok(points);
    };
    // Where many points are zero the median is, too, and says nothing.
    let zeros = filled.iter().filter(|v| **v == 0.0).count();
    let few = zeros * 4 > n;
    let centre = if few { mean } else { median };
    // A mean of few sales is mostly the point that is held against it.
    let sales = if few {
        SALES * n / (n - zeros).max(1)
    } else {
        0
    };
    let least = sales.max(WIDE * seasons.last().copied().unwrap_or(0));
    let (trend, seasonal) = running(&filled, &seasons, least, centre, cancel)?;
    let mut expected: Vec<f64> = trend
        .iter()
        .zip(&seasonal)
        .map(|(t, s)| if additive { t + s } else { (t + s).max(0.0) })
        .collect();
    let classes = (0..n).map(class).max().unwrap_or(0);
    for kind in 1..=classes {
        let mut ratios: Vec<f64> = (0..n)
            .filter(|t| class(*t) == kind && values[*t].is_finite() && expected[*t] > 0.0)
            .map(|t| values[t] / expected[t])
            .collect();
        let ratio = if ratios.len() < CLASS_POINTS || additive {
            f64::NAN
        } else {
            median(&mut ratios)
        };
        for t in (0..n).filter(|t| class(*t) == kind) {
            expected[t] *= ratio;
        }
    }
    // Spread per root of the mean for counts, plain for series that go below zero.
    let unit = |t: usize| {
        if additive {
            1.0
        } else {
            expected[t].max(1e-9).sqrt()
        }
    };
    let off = |t: usize| (values[t] - expected[t]).abs() / unit(t);
    let known = |t: &usize| values[*t].is_finite() && expected[*t].is_finite();
    let scale_of = |kind: Option<usize>| -> f64 {
        let mut off: Vec<f64> = (0..n)
            .filter(|t| kind.is_none_or(|k| class(*t) == k))
            .filter(known)
            .map(off)
            .collect();
        if off.is_empty() {
            return 0.0;
        }
        let mean = off.iter().sum::<f64>() / off.len() as f64;
        // Where most points are exactly as expected (few sales), the mean deviation speaks.
        let robust = MAD * median(&mut off);
        if robust > 0.5 * mean {
            robust
        } else {
            1.253_314 * mean
        }
    };
    let overall = scale_of(None);
    let scales: Vec<f64> = (0..=classes)
        .map(|k| scale_of(Some(k)).max(0.5 * overall))
        .collect();
    // Where the usual day has no sales the median deviation is that of such a day, and says nothing of
    // the days with sales: the mean square of all the other points does.
    let squares: Vec<f64> = (0..n).filter(known).map(|t| off(t).powi(2)).collect();
    let (sum, others) = (squares.iter().sum::<f64>(), squares.len() as f64 - 1.0);
    let scale = |t: usize| {
        let scale = scales[class(t)];
        if few && values[t].is_finite() {
            scale.max(((sum - off(t).powi(2)) / others).max(0.0).sqrt())
        } else {
            scale
        }
    };
    let z = score_at(options.level);
    let mut scores = vec![f64::NAN; n];
    for t in 0..n {
        if t % 4096 == 0 {
            cancel.check()?;
        }
        if !expected[t].is_finite() {
            continue;
        }
        let sd = scale(t) * unit(t);
        points[t] = Point::expecting(expected[t], sd * sd, z, additive);
        let value = values[t];
        if value.is_nan() {
            continue;
        }
        scores[t] = if sd <= 0.0 {
            0.0
        } else if additive || expected[t] <= 0.0 || value < 0.0 {
            (value - expected[t]) / sd
        } else {
            count_score(value, expected[t], sd * sd)
        };
    }
    // The kurtosis of what is left when the ten largest of a thousand are laid aside.
    let mut fourth: Vec<f64> = scores
        .iter()
        .filter(|s| !s.is_nan())
        .map(|s| s.powi(4))
        .collect();
    let k = fourth.len() as f64;
    fourth.sort_unstable_by(f64::total_cmp);
    fourth.truncate(fourth.len() - fourth.len() / 100);
    let kurtosis = fourth.iter().sum::<f64>() / k.max(1.0);
    for t in 0..n {
        let counts = if additive {
            f64::INFINITY
        } else {
            expected[t] / scale(t).powi(2)
        };
        let tail = Tail::new(kurtosis, k, MAD_EFFICIENCY * k, counts);
        points[t].judge(
            values[t],
            scores[t],
            tail.two_sided(scores[t]),
            options.direction,
        );
    }
    watched(&mut points, values, options, cancel)?;
    Ok(points)
}

/// What an alert would have said, from before or from behind: several points together can be news where none of them is alone.
fn watched(
    points: &mut [Point],
    values: &[f64],
    options: &Options<'_>,
    cancel: Cancel<'_>,
) -> Result<()> {
    let forward = monitor(values, options, cancel)?;
    let back: Vec<f64> = values.iter().rev().copied().collect();
    let classes: Option<Vec<u16>> = options.classes.map(|c| c.iter().rev().copied().collect());
    let reversed = Options {
        classes: classes.as_deref(),
        ..*options
    };
    let backward = monitor(&back, &reversed, cancel)?;
    for ((point, before), behind) in points.iter_mut().zip(&forward).zip(backward.iter().rev()) {
        for seen in [before, behind] {
            if seen.score.signum() == point.score.signum() && point.p > WATCH_PRICE * seen.p {
                point.p = WATCH_PRICE * seen.p;
            }
        }
    }
    Ok(())
}

fn mean(values: &mut [f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Median; 0 for no values.
pub(super) fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let mid = values.len() / 2;
    *values.select_nth_unstable_by(mid, f64::total_cmp).1
}
