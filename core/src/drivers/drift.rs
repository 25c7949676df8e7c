//! How much a whole member moves when nothing has happened.

use super::Table;
use super::noise::{Comparison, Noise, median, quantile};

/// Squared deviations count up to this many times their mean where one of few must not hide itself in what it is held
/// against, nor one with an event of its own (a promotion that began or ended) hide the others; and the mean square of a normal so clipped.
pub(super) const FEW_WINSOR: (f64, f64) = (4.0, 0.920_5);
/// Members below which a dimension's drift cannot be read off one window.
pub(super) const DRIFT_MEMBERS: usize = 5;
/// Degrees of freedom an observed member deviation is worth: a quantile is less efficient than
/// a mean square (0.37 for the median), and windows overlap.
const DRIFT_EFFICIENCY: f64 = 0.4;
/// Standard errors by which members must scatter more than their leaves explain.
const DRIFT_HURDLE: f64 = 1.5;
/// Least drift of a segment, as a standard deviation of bounded deviations: two windows of any
/// shop differ by some four percent in every member, seen or not.
pub(super) const LEAST_DRIFT: f64 = 0.02;
/// Up to this many members each is held against the drift that the others show.
const FEW_MEMBERS: usize = 30;
/// Degrees of freedom that such a drift has beside those of the others.
const SIBLINGS_PRIOR_DF: f64 = 4.0;
/// Degrees of freedom that the other dimensions lend a drift.
const DRIFT_PRIOR_DF: f64 = 20.0;
/// Quantile of the squared member deviations that is matched, and the same of chi-squared(1).
/// Below the median, as a cause may touch a good part of a small dimension's members.
const DRIFT_QUANTILE: (f64, f64) = (0.4, 0.274_995_9);

/// A variance and how well it is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Drift {
    variance: f64,
    /// By member, as far as the others show it; empty where members are many enough to ignore one.
    own: Vec<f64>,
    /// Degrees of freedom of the estimate.
    pub(super) df: f64,
}

impl Drift {
    /// The variance that a member's move is held against.
    pub(super) fn of(&self, member: u32) -> f64 {
        self.own
            .get(member as usize)
            .copied()
            .unwrap_or(self.variance)
    }
}

/// What a member moved beyond the centre of its dimension, squared, and its sampling variance.
struct Moved {
    member: usize,
    squared: f64,
    sampling: f64,
}

/// Drift variance by dimension: what members move beyond their leaves' noise.
pub(super) fn drift(table: &Table, windows: &[Comparison], current: Option<&Noise>) -> Vec<Drift> {
    let robust = current.is_some_and(|now| now.dense);
    let drifts: Vec<Option<Drift>> = table
        .codes
        .iter()
        .map(|codes| {
            let members = codes.iter().max().map_or(0, |m| *m as usize + 1);
            let mut found: Vec<Moved> = Vec::new();
            let add = |found: &mut Vec<Moved>, weight: &[f64], deviation: &[f64]| {
                let mut means = if robust {
                    medians(codes, members, weight, deviation)
                } else {
                    means(codes, members, weight, deviation)
                };
                if means.len() < 2 {
                    return;
                }
                means.sort_by(|a, b| a.1.total_cmp(&b.1));
                let half = means.iter().map(|m| 1.0 / m.2).sum::<f64>() / 2.0;
                let mut seen = 0.0;
                let centre = means
                    .iter()
                    .find(|m| {
                        seen += 1.0 / m.2;
                        seen >= half
                    })
                    .map_or(0.0, |m| m.1);
                // The centre is taken from the same members.
                let k = means.len() as f64;
                let spread = k / (k - 1.0);
                found.extend(means.iter().map(|m| Moved {
                    member: m.0,
                    squared: spread * (m.1 - centre).powi(2),
                    sampling: m.2,
                }));
            };
            for one in windows {
                add(&mut found, &one.weight, &one.deviation);
            }
            let before = found.len();
            if let Some(now) = current {
                add(&mut found, &now.weight, &now.deviation);
            }
            (found.len() >= DRIFT_MEMBERS).then(|| {
                let usual = matching_variance(&found);
                let own = if robust || members > FEW_MEMBERS {
                    Vec::new()
                } else {
                    without_each(&found, before, members, usual)
                };
                Drift {
                    variance: usual,
                    df: if own.is_empty() {
                        DRIFT_PRIOR_DF + DRIFT_EFFICIENCY * found.len() as f64
                    } else {
                        let now = (found.len() - before) as f64;
                        SIBLINGS_PRIOR_DF + now - 1.0 + DRIFT_EFFICIENCY * before as f64
                    },
                    own,
                }
            })
        })
        .collect();
    // A dimension too small to judge drifts like the others.
    let known: Vec<&Drift> = drifts.iter().flatten().collect();
    let usual = Drift {
        variance: known.iter().map(|d| d.variance).sum::<f64>() / known.len().max(1) as f64,
        df: DRIFT_PRIOR_DF,
        own: Vec::new(),
    };
    drifts
        .into_iter()
        .map(|d| d.unwrap_or_else(|| usual.clone()))
        .collect()
}

/// The drift that the others show, for each member: its own move in this window must not hide it.
fn without_each(found: &[Moved], before: usize, members: usize, usual: f64) -> Vec<f64> {
    let excess = |m: &Moved| {
        let most = FEW_WINSOR.0 * (m.sampling + usual);
        (
            m.squared.min(most) / FEW_WINSOR.1 - m.sampling,
            (m.sampling + usual.max(LEAST_DRIFT * LEAST_DRIFT)).powi(-2),
        )
    };
    let (mut top, mut bottom) = (0.0, 0.0);
    for m in found {
        let (x, w) = excess(m);
        top += w * x;
        bottom += w;
    }
    let mut own = vec![
        if bottom > 0.0 {
            (top / bottom).max(0.0)
        } else {
            0.0
        };
        members
    ];
    for m in &found[before..] {
        let (x, w) = excess(m);
        let rest = bottom - w;
        own[m.member] = if rest > 1e-9 * bottom {
            ((top - w * x) / rest).max(0.0)
        } else {
            usual
        };
    }
    own
}

/// Mean deviation of each member and its sampling variance.
fn means(
    codes: &[u32],
    members: usize,
    weight: &[f64],
    deviation: &[f64],
) -> Vec<(usize, f64, f64)> {
    let mut sums = vec![(0.0, 0.0); members];
    for ((code, w), d) in codes.iter().zip(weight).zip(deviation) {
        let s = &mut sums[*code as usize];
        s.0 += w;
        s.1 += w * d;
    }
    sums.into_iter()
        .enumerate()
        .filter(|(_, s)| s.0 > 0.0)
        .map(|(m, s)| (m, s.1 / s.0, 1.0 / s.0))
        .collect()
}

/// Median deviation of each member, which a cause inside the member moves little.
fn medians(
    codes: &[u32],
    members: usize,
    weight: &[f64],
    deviation: &[f64],
) -> Vec<(usize, f64, f64)> {
    let mut leaves = vec![(0.0, Vec::new()); members];
    for ((code, w), d) in codes.iter().zip(weight).zip(deviation) {
        if *w > 0.0 {
            let member = &mut leaves[*code as usize];
            member.0 += w;
            member.1.push(*d);
        }
    }
    leaves
        .into_iter()
        .enumerate()
        .filter(|(_, m)| m.0 > 0.0)
        // A median is less precise than a mean by pi / 2.
        .map(|(m, (w, mut d))| (m, median(&mut d), std::f64::consts::FRAC_PI_2 / w))
        .collect()
}

/// The extra variance that brings the chosen quantile of `square / (variance + extra)` to that
/// of chi-squared with one degree of freedom; 0 where the sampling variance is enough.
fn matching_variance(found: &[Moved]) -> f64 {
    let at = |extra: f64| {
        let mut ratios: Vec<f64> = found
            .iter()
            .map(|m| m.squared / (m.sampling + extra))
            .collect();
        quantile(&mut ratios, DRIFT_QUANTILE.0)
    };
    // Few members scatter this much by chance; drift is believed beyond it.
    let hurdle = 1.0 + DRIFT_HURDLE * (2.0 / found.len() as f64).sqrt();
    if at(0.0) <= DRIFT_QUANTILE.1 * hurdle {
        return 0.0;
    }
    let (mut lo, mut hi) = (0.0, 4.0);
    for _ in 0..40 {
        let mid = (lo + hi) / 2.0;
        if at(mid) > DRIFT_QUANTILE.1 {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    hi
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two promotions among twelve brands, or one that fell, are no drift of the others.
    #[test]
    fn events_of_others_are_little_drift() {
        let moved = |events: usize| -> Vec<Moved> {
            (0..12)
                .map(|member| Moved {
                    member,
                    squared: if member < events {
                        0.11
                    } else {
                        0.0004 * (1 + 2 * (member % 5)) as f64
                    },
                    sampling: 0.0005,
                })
                .collect()
        };
        let drift = |events| {
            let found = moved(events);
            without_each(&found, 0, 12, matching_variance(&found))[11]
        };
        let (quiet, two) = (drift(0), drift(2));
        assert!(quiet > 0.0, "{quiet}");
        assert!(two < 6.0 * quiet, "{two} {quiet}");
        // Its own move is not what a member is held against.
        let found = moved(1);
        let own = without_each(&found, 0, 12, matching_variance(&found));
        assert!(own[0] < 1.2 * quiet && own[0] < own[1], "{own:?} {quiet}");
    }
}
