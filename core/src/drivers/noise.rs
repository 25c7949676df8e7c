//! How much a leaf moves when nothing has happened.

use super::drift::{DRIFT_MEMBERS, Drift, FEW_WINSOR, drift};
use super::{MIN_POSITIVE, Table};

/// Prior degrees of freedom of every moderated variance (definitions.md 3.2).
pub(super) const PRIOR_DF: f64 = 12.0;
/// Median of the absolute standard normal; turns a median deviation into a standard deviation.
const NORMAL_MAD: f64 = 0.674_489_750_196_081_7;
/// Zeros on one side may be more frequent by this much among small leaves in a dense cube.
const DENSE_ZEROS: f64 = 0.1;
/// Zeros on one side are more than this share of a cube of few sales.
const SPARSE_ZEROS: f64 = 0.3;
/// Noise grows with size to this power in a dense cube: 1 is a relative error, 1/2 is counting.
const DENSE_POWER: f64 = 0.85;
/// Below this many leaves one of them would hide itself in a mean square.
const FEW_LEAVES: usize = 30;
/// Median of chi-squared with one degree of freedom.
const CHI_SQUARED_MEDIAN: f64 = 0.454_936_4;
/// Leaves needed to tell the two kinds of noise apart.
const DENSE_LEAVES: usize = 200;
/// Squared deviations count up to this many times their mean, so that causes do not hide causes.
const WINSOR: f64 = 9.0;
/// Size, in counts, from which a leaf's own dispersion is unbiased enough to count in full.
const FEW_COUNTS: f64 = 8.0;

/// The noise of leaves: which scale it lives on, and how large it is.
pub(super) struct Noise {
    /// Relative errors of equal size rather than counts.
    pub(super) dense: bool,
    /// Ratio of actual to expected where nothing local happened.
    pub(super) centre: f64,
    /// Precision of each leaf's deviation; 0 for a leaf that is out.
    pub(super) weight: Vec<f64>,
    /// Bounded deviation of each leaf, positive above the centre.
    pub(super) deviation: Vec<f64>,
    /// Drift of the members of each dimension, on the scale of deviations.
    pub(super) drift: Vec<Drift>,
}

/// One comparison of two windows in which nothing is known to have happened.
pub(super) struct Comparison {
    pub(super) weight: Vec<f64>,
    pub(super) deviation: Vec<f64>,
}

/// Whether errors are relative (a forecast of dense cells) rather than those of counts.
pub(super) fn is_dense(table: &Table) -> bool {
    let (b_total, a_total) = table.totals();
    let centre = if a_total > 0.0 && b_total > 0.0 {
        a_total / b_total
    } else {
        1.0
    };
    // Size, difference, and whether one side is zero.
    let mut leaves: Vec<(f64, f64, bool)> = table
        .actual
        .iter()
        .zip(&table.expected)
        .filter(|(a, b)| **a != 0.0 || **b != 0.0)
        .map(|(a, b)| {
            let b = centre * b;
            (a.abs().max(b.abs()), (a - b).abs(), *a == 0.0 || b == 0.0)
        })
        .collect();
    if leaves.len() < DENSE_LEAVES {
        return false;
    }
    leaves.sort_by(|x, y| x.0.total_cmp(&y.0));
    // Cells that sold in one of two periods only are few sales, not errors of a forecast.
    let one_sided = leaves.iter().filter(|l| l.2).count();
    if one_sided as f64 > SPARSE_ZEROS * leaves.len() as f64 {
        return false;
    }
    // Counts are zero where they are small; errors of a forecast do not mind the size.
    let zeros = |part: &[(f64, f64, bool)]| {
        part.iter().filter(|l| l.2).count() as f64 / part.len().max(1) as f64
    };
    let quarter = leaves.len() / 4;
    if zeros(&leaves[..quarter]) - zeros(&leaves[leaves.len() - quarter..]) > DENSE_ZEROS {
        return false;
    }
    // The slope of log spread on log size over the larger half, in eight bins of equal count.
    let half = &leaves[leaves.len() / 2..];
    let bins: Vec<(f64, f64)> = half
        .chunks(half.len().div_ceil(8))
        .filter_map(|bin| {
            let size = bin[bin.len() / 2].0;
            let spread = median(&mut bin.iter().map(|x| x.1).collect::<Vec<_>>());
            (spread > 0.0).then(|| (size.ln(), spread.ln()))
        })
        .collect();
    let k = bins.len() as f64;
    let (mx, my) = bins
        .iter()
        .fold((0.0, 0.0), |s, b| (s.0 + b.0 / k, s.1 + b.1 / k));
    let (sxx, sxy) = bins.iter().fold((0.0, 0.0), |s, b| {
        (s.0 + (b.0 - mx).powi(2), s.1 + (b.0 - mx) * (b.1 - my))
    });
    // Perfect expectations leave no spread to measure; equal sizes, no slope.
    bins.len() < 3 || sxx <= MIN_POSITIVE || sxy / sxx >= DENSE_POWER
}

/// Estimates the noise of the leaves that are `active`, around `centre` or, without one, around
/// the ratio that most of them share.
pub(super) fn estimate(table: &Table, active: &[bool], dense: bool, centre: Option<f64>) -> Noise {
    if dense {
        relative(table, active, centre)
    } else {
        counting(table, active)
    }
}

/// Noise of relative errors: one standard deviation for all leaves.
fn relative(table: &Table, active: &[bool], centre: Option<f64>) -> Noise {
    let centre = centre.unwrap_or_else(|| typical_ratio(table, active));
    let deviation: Vec<f64> = table
        .actual
        .iter()
        .zip(&table.expected)
        .map(|(a, b)| {
            let (a, b) = (*a, b * centre);
            let size = a.abs().max(b.abs());
            if size > 0.0 {
                ((a - b) / size).clamp(-1.0, 1.0)
            } else {
                0.0
            }
        })
        .collect();
    // The calmer side's spread: the other may hold the causes.
    let mut sides = [Vec::new(), Vec::new()];
    for ((u, on), a) in deviation.iter().zip(active).zip(&table.actual) {
        if *on && (*u != 0.0 || *a != 0.0) {
            if *u >= 0.0 {
                sides[0].push(*u);
            }
            if *u <= 0.0 {
                sides[1].push(-*u);
            }
        }
    }
    let sigma = sides
        .iter_mut()
        .filter(|side| side.len() >= 20)
        .map(|side| {
            // Body and shoulder of the half normal; the larger guards against heavy tails.
            let body = median(side) / NORMAL_MAD;
            let shoulder = quantile(side, 0.9) / 1.644_853_6;
            body.max(shoulder)
        })
        .fold(f64::INFINITY, f64::min);
    let sigma = if sigma.is_finite() { sigma } else { 1.0 };
    let weight = table
        .actual
        .iter()
        .zip(&table.expected)
        .zip(active)
        .map(|((a, b), on)| {
            let size = a.abs().max((b * centre).abs());
            if !on || size <= 0.0 {
                return 0.0;
            }
            // A number is known only to its last printed digit.
            let variance = sigma * sigma + (table.quantum / size).powi(2);
            1.0 / variance.max(1e-8)
        })
        .collect();
    let mut noise = Noise {
        dense: true,
        centre,
        weight,
        deviation,
        drift: Vec::new(),
    };
    noise.drift = drift(table, &[], Some(&noise));
    noise
}

/// The weighted-by-nothing median of actual over expected.
fn typical_ratio(table: &Table, active: &[bool]) -> f64 {
    let mut ratios: Vec<f64> = table
        .actual
        .iter()
        .zip(&table.expected)
        .zip(active)
        .filter(|((a, b), on)| **on && **a > 0.0 && **b > 0.0)
        .map(|((a, b), _)| a / b)
        .collect();
    if ratios.is_empty() {
        1.0
    } else {
        median(&mut ratios)
    }
}

/// Noise of counts and of money made of counts: variance in proportion to size.
fn counting(table: &Table, active: &[bool]) -> Noise {
    let (mut a_total, mut b_total) = (0.0, 0.0);
    for ((a, b), on) in table.actual.iter().zip(&table.expected).zip(active) {
        if *on {
            a_total += a;
            b_total += b;
        }
    }
    let centre = if a_total > 0.0 && b_total > 0.0 {
        common_ratio(table, active).unwrap_or(a_total / b_total)
    } else {
        1.0
    };
    let current = compare(&table.actual, &table.expected, centre, active);
    let windows = history(table, active);
    let scale = dispersion(table, &current, &windows);
    let scaled = |one: &Comparison| Comparison {
        weight: one.weight.iter().zip(&scale).map(|(w, s)| w / s).collect(),
        deviation: one.deviation.clone(),
    };
    let current = scaled(&current);
    let windows: Vec<Comparison> = windows.iter().map(scaled).collect();
    let mut noise = Noise {
        dense: false,
        centre,
        weight: current.weight,
        deviation: current.deviation,
        drift: Vec::new(),
    };
    noise.drift = drift(table, &windows, Some(&noise));
    noise
}

/// The ratio that most sales of a few leaves share: the weighted median. None for many leaves.
fn common_ratio(table: &Table, active: &[bool]) -> Option<f64> {
    let mut leaves: Vec<(f64, f64)> = table
        .actual
        .iter()
        .zip(&table.expected)
        .zip(active)
        .filter(|((a, b), on)| **on && **a > 0.0 && **b > 0.0)
        .map(|((a, b), _)| (a / b, *b))
        .collect();
    if leaves.len() < DRIFT_MEMBERS || leaves.len() >= FEW_LEAVES {
        return None;
    }
    leaves.sort_by(|x, y| x.0.total_cmp(&y.0));
    let half = leaves.iter().map(|l| l.1).sum::<f64>() / 2.0;
    let mut seen = 0.0;
    leaves
        .iter()
        .find(|l| {
            seen += l.1;
            seen >= half
        })
        .map(|l| l.0)
}

fn compare(a: &[f64], b: &[f64], centre: f64, active: &[bool]) -> Comparison {
    let (weight, deviation) = a
        .iter()
        .zip(b)
        .zip(active)
        .map(|((a, b), on)| {
            let (a, b) = (*a, b * centre);
            let size = a.abs() + b.abs();
            if *on && size > 0.0 {
                (size, ((a - b) / size).clamp(-1.0, 1.0))
            } else {
                (0.0, 0.0)
            }
        })
        .unzip();
    Comparison { weight, deviation }
}

/// Earlier windows compared as this one is: each with the one before where the expectation is
/// most like the last window, else with the mean of all before.
fn history(table: &Table, active: &[bool]) -> Vec<Comparison> {
    let windows = &table.history;
    let (Some(last), k) = (windows.last(), windows.len()) else {
        return Vec::new();
    };
    let mean_of = |part: &[Vec<f64>]| -> Vec<f64> {
        (0..last.len())
            .map(|leaf| part.iter().map(|w| w[leaf]).sum::<f64>() / part.len() as f64)
            .collect()
    };
    let on = |v: &[f64]| -> f64 {
        v.iter()
            .zip(active)
            .filter(|(_, on)| **on)
            .map(|(x, _)| x)
            .sum()
    };
    // Distance of the expectation to a reference of the same total.
    let apart = |reference: &[f64]| -> f64 {
        let scale = table.expected.iter().sum::<f64>() / reference.iter().sum::<f64>();
        let parts = table.expected.iter().zip(reference);
        parts.map(|(e, r)| (e - scale * r).abs()).sum()
    };
    let smooth = apart(&mean_of(windows)) < apart(last);
    let from = if smooth { k.div_ceil(2) } else { 1 };
    (from..k)
        .filter_map(|at| {
            let reference = if smooth {
                mean_of(&windows[..at])
            } else {
                windows[at - 1].clone()
            };
            let (before, after) = (on(&reference), on(&windows[at]));
            (before > 0.0 && after > 0.0)
                .then(|| compare(&windows[at], &reference, after / before, active))
        })
        .collect()
}

/// Variance of a leaf's difference per unit of its size: pooled, then by the member of the
/// dimension that explains most of it (for money, mostly the product and its price).
fn dispersion(table: &Table, current: &Comparison, windows: &[Comparison]) -> Vec<f64> {
    let n = table.actual.len();
    let terms: Vec<(f64, f64)> = current
        .weight
        .iter()
        .zip(&current.deviation)
        .filter(|(w, _)| **w > 0.0)
        .map(|(w, d)| (*w, w * d * d))
        .collect();
    let pooled = pooled_dispersion(&terms);
    if pooled <= MIN_POSITIVE {
        // No noise at all: any difference is news, but not infinitely so.
        let largest = current.weight.iter().fold(0.0_f64, |m, w| m.max(*w));
        return vec![(largest * 1e-9).max(MIN_POSITIVE); n];
    }
    let mut best: Option<(f64, Vec<f64>)> = None;
    for codes in &table.codes {
        let members = codes.iter().max().map_or(0, |m| *m as usize + 1);
        let mut q = vec![0.0; members];
        let mut df = vec![0.0; members];
        for one in std::iter::once(current).chain(windows) {
            let mut sums = vec![(0.0, 0.0, 0.0, 0.0); members];
            for ((code, w), d) in codes.iter().zip(&one.weight).zip(&one.deviation) {
                if *w > 0.0 {
                    let s = &mut sums[*code as usize];
                    s.0 += 1.0;
                    s.1 += w;
                    s.2 += w * d;
                    s.3 += w * d * d;
                }
            }
            for (m, (k, w, x, xx)) in sums.into_iter().enumerate() {
                if k >= 2.0 {
                    q[m] += (xx - x * x / w).max(0.0);
                    df[m] += k - 1.0;
                }
            }
        }
        let scale: Vec<f64> = q
            .iter()
            .zip(&df)
            .map(|(q, df)| (PRIOR_DF * pooled + q) / (PRIOR_DF + df))
            .collect();
        let total: f64 = df.iter().sum();
        if total <= 0.0 {
            continue;
        }
        let mean = scale.iter().zip(&df).map(|(s, d)| d * s.ln()).sum::<f64>() / total;
        let spread = (scale
            .iter()
            .zip(&df)
            .map(|(s, d)| d * (s.ln() - mean).powi(2))
            .sum::<f64>()
            / total)
            .sqrt();
        // Less spread than this is what the members' own sampling error brings.
        if spread > 0.3 && best.as_ref().is_none_or(|b| spread > b.0) {
            best = Some((spread, codes.iter().map(|c| scale[*c as usize]).collect()));
        }
    }
    let Some((_, shape)) = best else {
        return vec![pooled; n];
    };
    // The shape may come from earlier windows, the level comes from this one.
    let relative: Vec<(f64, f64)> = current
        .weight
        .iter()
        .zip(&current.deviation)
        .zip(&shape)
        .filter(|((w, _), _)| **w > 0.0)
        .map(|((w, d), s)| (w / s, w * d * d / s))
        .collect();
    let level = pooled_dispersion(&relative).max(MIN_POSITIVE);
    shape.into_iter().map(|s| s * level).collect()
}

/// Dispersion of leaves given as size and squared deviation times size.
///
/// Leaves smaller than a few counts weigh by their size, as their own ratio is biased low; terms
/// are held to `WINSOR` times the mean so that causes do not hide causes, of few leaves to `FEW_WINSOR`.
fn pooled_dispersion(leaves: &[(f64, f64)]) -> f64 {
    if leaves.is_empty() {
        return 0.0;
    }
    let mut dispersion = leaves.iter().map(|l| l.1).sum::<f64>() / leaves.len() as f64;
    let mut winsor = (WINSOR, 1.0);
    if (DRIFT_MEMBERS..FEW_LEAVES).contains(&leaves.len()) {
        winsor = FEW_WINSOR;
        let mut terms: Vec<f64> = leaves.iter().map(|l| l.1).collect();
        let middle = median(&mut terms) / CHI_SQUARED_MEDIAN;
        // A robust start, from which the mean square of what is near is taken.
        dispersion = dispersion.min(middle);
    }
    for _ in 0..6 {
        let few = FEW_COUNTS * dispersion;
        let (mut top, mut bottom) = (0.0, 0.0);
        for (size, term) in leaves {
            let trust = (size / few.max(MIN_POSITIVE)).min(1.0);
            top += trust * term.min(winsor.0 * dispersion) / winsor.1;
            bottom += trust;
        }
        let next = top / bottom.max(MIN_POSITIVE);
        if (next - dispersion).abs() <= 1e-6 * dispersion {
            break;
        }
        dispersion = next;
    }
    dispersion
}

/// The `p` quantile by selection; `values` is reordered. 0 for no values.
pub(super) fn quantile(values: &mut [f64], p: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let at = ((values.len() - 1) as f64 * p).round() as usize;
    *values.select_nth_unstable_by(at, f64::total_cmp).1
}

pub(super) fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}
