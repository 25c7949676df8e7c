//! What stands in the way of a fit: gaps, outliers and sudden changes of level.

use super::season::{Form, classical, is_seasonal, median, quantile};

/// Fewest observations for which outliers are looked for.
const FEWEST: usize = 8;

/// A value this many interquartile ranges beyond the quartiles of the remainder is an outlier, as in
/// R's `tsclean` (three ranges), but with room for honest spikes of promotions.
const RANGES: f64 = 10.0;

/// A value this many spans of all other values outside of them is an outlier even at the ends.
const SPANS: f64 = 3.0;

/// A value this many interquartile ranges off is absurd even in wide data.
const ABSURD: f64 = 100.0;

/// Outliers are rare by definition: where more than this share is flagged, the data are just wide.
const LARGEST_SHARE: f64 = 0.05;

/// A change of level this many robust standard deviations high, kept up to the end, is a new
/// regime.
const STEP_SIZE: f64 = 8.0;

/// Fewest observations on either side of a change of level.
const STEP_SIDE: usize = 8;

/// Half the window of the running median.
const WINDOW: usize = 3;

/// A series made ready for a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Clean {
    /// The values, without gaps and outliers, an earlier level brought to the present one.
    pub y: Vec<f64>,
    /// Positions of values that were missing.
    pub gaps: Vec<usize>,
    /// Positions of values that were replaced.
    pub outliers: Vec<usize>,
    /// Where the present level began, if it began suddenly.
    pub step: Option<usize>,
}

/// Fills gaps, replaces outliers and removes a sudden change of level.
///
/// * `y` - observations, oldest first; a value that is not finite is a gap. At least one is finite.
/// * `m` - the season in buckets (1: none); a seasonal gap is filled from the same place of the
///   neighbouring seasons.
pub fn clean(y: &[f64], m: usize) -> Clean {
    let (mut filled, gaps) = fill(y, m);
    let outliers = if filled.len() < FEWEST {
        Vec::new()
    } else {
        let outliers = find_outliers(&filled, m);
        if !outliers.is_empty() {
            let mut holes = filled.clone();
            for position in &outliers {
                holes[*position] = f64::NAN;
            }
            filled = fill(&holes, m).0;
        }
        outliers
    };
    let step = find_step(&filled, m);
    if let Some((at, height)) = step {
        for value in &mut filled[..at] {
            *value += height;
        }
    }
    Clean {
        y: filled,
        gaps,
        outliers,
        step: step.map(|(at, _)| at),
    }
}

/// Fills values that are not finite: from the same place one season before and after where there
/// are such values, else on the line between the neighbours. Returns the positions filled.
pub fn fill(y: &[f64], m: usize) -> (Vec<f64>, Vec<usize>) {
    let gaps: Vec<usize> = (0..y.len()).filter(|t| !y[*t].is_finite()).collect();
    let mut out = y.to_vec();
    if gaps.is_empty() {
        return (out, gaps);
    }
    let seasonal = m >= 2 && y.len() >= 3 * m;
    for &t in &gaps {
        let mut near: Option<f64> = None;
        if seasonal {
            // The change from the neighbouring season to this one is that of the level around.
            let before = t.checked_sub(m).map(|s| y[s]).filter(|v| v.is_finite());
            let after = y.get(t + m).copied().filter(|v| v.is_finite());
            near = match (before, after) {
                (Some(a), Some(b)) => Some(0.5 * a + 0.5 * b),
                (a, b) => a.or(b),
            };
        }
        if let Some(value) = near {
            out[t] = value;
        }
    }
    // What is left: straight lines between known neighbours, flat at the ends.
    let known: Vec<usize> = (0..out.len()).filter(|t| out[*t].is_finite()).collect();
    let (Some(first), Some(last)) = (known.first().copied(), known.last().copied()) else {
        return (vec![0.0; y.len()], gaps);
    };
    let source = out.clone();
    out[..first].fill(source[first]);
    out[last..].fill(source[last]);
    for pair in known.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        for (step, slot) in out[a + 1..b].iter_mut().enumerate() {
            let share = (step + 1) as f64 / (b - a) as f64;
            *slot = (1.0 - share) * source[a] + share * source[b];
        }
    }
    (out, gaps)
}

fn find_outliers(y: &[f64], m: usize) -> Vec<usize> {
    // Medians throughout, so that one absurd value cannot hide another; the season goes first,
    // so that the level is seen without it.
    let mut y = y.to_vec();
    if m >= 2 && y.len() >= 3 * m {
        let level = running_median(&y);
        let places: Vec<f64> = (0..m)
            .map(|place| {
                let of: Vec<f64> = (place..y.len())
                    .step_by(m)
                    .map(|t| y[t] - level[t])
                    .collect();
                median(&of)
            })
            .collect();
        for (t, value) in y.iter_mut().enumerate() {
            *value -= places[t % m];
        }
    }
    let level = running_median(&y);
    let rest: Vec<f64> = y.iter().zip(&level).map(|(v, l)| v - l).collect();
    let (low, high) = (quantile(&rest, 0.25), quantile(&rest, 0.75));
    // Where more than half of the remainder is nothing, its mean size stands in.
    // A smooth trend leaves no remainder: then its slope is the yardstick.
    let slopes: Vec<f64> = level.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
    let robust = (high - low).max(median(&slopes));
    let range = if robust > 0.0 {
        robust
    } else {
        let sizes: Vec<f64> = rest.iter().map(|v| v.abs()).filter(|v| *v > 0.0).collect();
        if sizes.len() * 4 < rest.len() {
            // Almost all alike: whatever differs by more than a quarter of the level stands out.
            0.25 * median(&y.iter().map(|v| v.abs()).collect::<Vec<_>>())
        } else {
            median(&sizes)
        }
    };
    if range <= 0.0 {
        return Vec::new();
    }
    let flagged: Vec<usize> = (0..y.len())
        .filter(|t| rest[*t] < low - RANGES * range || rest[*t] > high + RANGES * range)
        .filter(|t| {
            // At the ends a running median lags behind a trend, so only what lies far outside of
            // everything else is seen there.
            let end = *t < WINDOW || *t + WINDOW >= y.len();
            !end || outside(&y, *t) > SPANS
        })
        .collect();
    let limit = ((y.len() as f64 * LARGEST_SHARE) as usize).max(1);
    if flagged.len() <= limit {
        return flagged;
    }
    // Wide data; only what is absurd beside its own peers goes.
    let absurd: Vec<usize> = flagged
        .into_iter()
        .filter(|t| rest[*t].abs() > ABSURD * range)
        .collect();
    if absurd.len() <= limit.max(y.len() / 10) {
        absurd
    } else {
        Vec::new()
    }
}

/// How far `y[t]` lies outside of all other values, in spans of those.
fn outside(y: &[f64], t: usize) -> f64 {
    let (low, high) = y
        .iter()
        .enumerate()
        .filter(|(s, _)| *s != t)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (_, v)| {
            (a.min(*v), b.max(*v))
        });
    let beyond = (low - y[t]).max(y[t] - high);
    if beyond > 0.0 {
        beyond / (high - low)
    } else {
        0.0
    }
}

fn running_median(y: &[f64]) -> Vec<f64> {
    (0..y.len())
        .map(|t| {
            // The same width at the ends, so a spike there cannot carry its own window.
            let from = t
                .saturating_sub(WINDOW)
                .min(y.len().saturating_sub(2 * WINDOW + 1));
            let to = (from + 2 * WINDOW + 1).min(y.len());
            median(&y[from..to])
        })
        .collect()
}

/// Position and height of the largest sudden and lasting change of level, if it towers over all else.
fn find_step(y: &[f64], m: usize) -> Option<(usize, f64)> {
    let n = y.len();
    if n < 4 * STEP_SIDE {
        return None;
    }
    let y: Vec<f64> = if is_seasonal(y, m) {
        let pattern = classical(y, m, Form::Additive);
        y.iter()
            .enumerate()
            .map(|(t, v)| pattern.remove(t, *v))
            .collect()
    } else {
        y.to_vec()
    };
    let jumps: Vec<f64> = y.windows(2).map(|w| w[1] - w[0]).collect();
    let sizes: Vec<f64> = jumps.iter().map(|j| j.abs()).collect();
    let typical = 1.4826 * median(&sizes);
    let mut order: Vec<usize> = (STEP_SIDE..n - STEP_SIDE).collect();
    order.sort_by(|a, b| sizes[*b - 1].total_cmp(&sizes[*a - 1]).then(a.cmp(b)));
    let at = *order.first()?;
    let before = &y[at - STEP_SIDE..at];
    let after = &y[at..at + STEP_SIDE];
    let height = median(after) - median(before);
    let spread = |part: &[f64]| {
        let middle = median(part);
        1.4826 * median(&part.iter().map(|v| (v - middle).abs()).collect::<Vec<_>>())
    };
    // The two sides must be calm and apart, near the step and all along.
    let calm = spread(&y[..at]).max(spread(&y[at..])).max(typical);
    let apart = median(&y[at..]) - median(&y[..at]);
    let sudden = sizes[at - 1] > 0.5 * height.abs();
    (sudden && height.abs() > STEP_SIZE * calm && apart.abs() > 0.5 * height.abs())
        .then_some((at, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_outlier_is_replaced_and_nothing_else() {
        let mut y: Vec<f64> = (0..40).map(|t| 100.0 + (t * 37 % 11) as f64).collect();
        y[20] = 1e8;
        let clean = clean(&y, 1);
        assert_eq!(clean.outliers, [20]);
        assert!(clean.y[20] < 120.0);
        y[20] = 104.0;
        assert!(super::clean(&y, 1).outliers.is_empty());
    }

    #[test]
    fn gaps_are_filled_from_the_season() {
        let mut y: Vec<f64> = (0..24).map(|t| [1.0, 9.0, 4.0, 6.0][t % 4]).collect();
        y[9] = f64::NAN;
        let clean = clean(&y, 4);
        assert_eq!(clean.gaps, [9]);
        assert!((clean.y[9] - 9.0).abs() < 1e-9);
    }

    #[test]
    fn an_old_level_is_brought_to_the_present_one() {
        let y: Vec<f64> = (0..60)
            .map(|t| if t < 30 { 10.0 } else { 100.0 } + (t * 7 % 3) as f64)
            .collect();
        let clean = clean(&y, 1);
        assert_eq!(clean.step, Some(30));
        assert!(clean.y[0] > 90.0);
    }

    #[test]
    fn nothing_known_becomes_zero() {
        assert_eq!(clean(&[f64::NAN; 3], 1).y, [0.0; 3]);
    }
}
