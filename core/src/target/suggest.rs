//! Three ways to a target: the forecast's quantiles, past growth, and what peers reach.

use crate::draw::{Draw, ascending, quantile};
use crate::{Error, Result};

/// The chance, at most, that a commitment is missed: the median.
const COMMIT: f64 = 0.5;
/// The ambitious target is reached one time in ten.
const AMBITIOUS: f64 = 0.9;
/// Growth is judged on this many of the latest years (definitions: the last 24 months).
const GROWTH_YEARS: usize = 2;
/// Paths below which a 0.9 quantile is guesswork.
const MIN_SAMPLES: usize = 20;
/// Year-on-year ratios below which no percentile is taken.
const MIN_GROWTH: usize = 6;
/// Resamples behind the interval of a growth target.
const DRAWS: usize = 400;
/// Peers below which their growth says nothing.
const MIN_PEERS: usize = 5;

/// Suggested targets for one period, in the metric's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Targets {
    /// Reached with probability 1/2.
    pub commit: f64,
    /// Reached with probability 1 − `stretch`.
    pub stretch: f64,
    /// Reached with probability 1/10.
    pub ambitious: f64,
    /// Lower end of the 90 % bootstrap interval of `stretch`, where the method has one.
    pub stretch_lo: Option<f64>,
    /// Upper end of that interval.
    pub stretch_hi: Option<f64>,
}

/// Targets from simulated totals of the period, one per joint path.
///
/// * `totals` - at least 20 samples of the period's *total*; quantiles of days never add up to it.
/// * `stretch` - the quantile of the stretch target, in (0, 1); 0.75 by default in SQL.
///
/// # Errors
///
/// [`Error::TooShort`] for fewer finite samples, [`Error::OutOfRange`] for `stretch`.
pub fn from_samples(totals: &[f64], stretch: f64) -> Result<Targets> {
    check_share(stretch)?;
    let sorted = ascending(totals);
    if sorted.len() < MIN_SAMPLES {
        return Err(short("sampled totals", sorted.len(), MIN_SAMPLES));
    }
    let at = |p| quantile(&sorted, p).unwrap_or(f64::NAN);
    Ok(Targets {
        commit: at(COMMIT),
        stretch: at(stretch),
        ambitious: at(AMBITIOUS),
        stretch_lo: None,
        stretch_hi: None,
    })
}

/// Targets from the percentiles of past growth: T = Y₍t−s₎ · exp(Q_p{ln(Y_u / Y₍u−s₎)}).
///
/// * `history` - totals of past periods of the target's length, oldest first, no gaps.
/// * `season` - periods in a year: 12 months, 4 quarters, 52 weeks, 1 year.
/// * `ahead` - 1 for the period right after the history, 2 for the one after it; at most `season`.
/// * `seed` - of the bootstrap behind `stretch_lo` and `stretch_hi`.
///
/// The percentile is median-unbiased (type 8 of Hyndman & Fan 1996), over the latest two years.
///
/// # Errors
///
/// [`Error::TooShort`] with fewer than six (one a year: three) positive pairs a year apart, or without
/// the same period of last year; [`Error::OutOfRange`] for `stretch`, `season` or `ahead`.
pub fn from_growth(
    history: &[f64],
    season: usize,
    ahead: usize,
    stretch: f64,
    seed: u64,
) -> Result<Targets> {
    check_share(stretch)?;
    if season == 0 || ahead == 0 || ahead > season {
        return Err(Error::OutOfRange {
            name: "ahead",
            value: ahead.to_string(),
            accepted: "between 1 and the periods of a year",
        });
    }
    let growth = log_growth(history, season);
    let need = if season == 1 { 3 } else { MIN_GROWTH };
    if growth.len() < need {
        return Err(short("year-on-year growth", growth.len(), need));
    }
    let base = (history.len() + ahead)
        .checked_sub(1 + season)
        .and_then(|i| history.get(i))
        .copied()
        .filter(|y| *y > 0.0)
        .ok_or(short("last year's period", 0, 1))?;
    let sorted = ascending(&growth);
    let target = |sample: &[f64], p| base * quantile(sample, p).unwrap_or(0.0).exp();
    // Blocks of a quarter of a year keep the run of good and bad periods together.
    let block = (season / 4).clamp(1, growth.len());
    let mut draw = Draw::new(seed);
    let mut resampled: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let mut sample = Vec::with_capacity(growth.len() + block);
            while sample.len() < growth.len() {
                let from = draw.index(growth.len() + 1 - block);
                sample.extend(growth.iter().skip(from).take(block));
            }
            sample.truncate(growth.len());
            target(&ascending(&sample), stretch)
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    Ok(Targets {
        commit: target(&sorted, COMMIT),
        stretch: target(&sorted, stretch),
        ambitious: target(&sorted, AMBITIOUS),
        stretch_lo: quantile(&resampled, 0.05),
        stretch_hi: quantile(&resampled, 0.95),
    })
}

/// Targets for a group with little history of its own, from the growth of its peers.
///
/// * `base` - the group's total a year ago, positive.
/// * `own` - the group's log growth rates, possibly none.
/// * `peers` - the mean log growth of each peer (same type and tier).
///
/// The quantile of the peers is shrunk to the own mean: λ·own + (1−λ)·peers with λ = τ²/(τ²+σ²/n), τ²
/// the variance between peers and σ² that of the own rates.
///
/// # Errors
///
/// [`Error::TooShort`] for fewer than five peers, [`Error::OutOfRange`] for `base` or `stretch`.
pub fn from_peers(base: f64, own: &[f64], peers: &[f64], stretch: f64) -> Result<Targets> {
    check_share(stretch)?;
    if !(base.is_finite() && base > 0.0) {
        return Err(Error::OutOfRange {
            name: "base",
            value: base.to_string(),
            accepted: "above 0",
        });
    }
    let peers = ascending(peers);
    if peers.len() < MIN_PEERS {
        return Err(short("peers", peers.len(), MIN_PEERS));
    }
    let own = ascending(own);
    let (_, between) = mean_and_variance(&peers);
    let (own_mean, own_variance) = mean_and_variance(&own);
    let weight = if own.len() < 2 {
        0.0
    } else {
        let noise = own_variance / own.len() as f64;
        if between + noise > 0.0 {
            between / (between + noise)
        } else {
            0.0
        }
    };
    let at = |p| {
        let peer = quantile(&peers, p).unwrap_or(0.0);
        base * (weight * own_mean + (1.0 - weight) * peer).exp()
    };
    Ok(Targets {
        commit: at(COMMIT),
        stretch: at(stretch),
        ambitious: at(AMBITIOUS),
        stretch_lo: None,
        stretch_hi: None,
    })
}

/// The share of past year-on-year growth rates below the one that `target` implies, 0 to 1.
///
/// * `last_year` - the same period a year before; positive, or there is no growth to speak of.
///
/// Counts ties half and stays inside (0, 1), like the quantile it inverts; `None` without past growth.
pub fn growth_percentile(
    target: f64,
    last_year: f64,
    history: &[f64],
    season: usize,
) -> Option<f64> {
    if !(target > 0.0 && last_year > 0.0 && season > 0) {
        return None;
    }
    let growth = log_growth(history, season);
    if growth.is_empty() {
        return None;
    }
    let implied = (target / last_year).ln();
    let below = growth.iter().filter(|g| **g < implied).count() as f64;
    let same = growth.iter().filter(|g| **g == implied).count() as f64;
    let n = growth.len() as f64;
    Some((below + same / 2.0 + 1.0 / 6.0) / (n + 1.0 / 3.0))
}

/// ln(Y_u / Y_{u−season}) of the latest two years, oldest first; pairs that are not positive are left out.
pub(super) fn log_growth(history: &[f64], season: usize) -> Vec<f64> {
    let pairs = history.iter().zip(history.iter().skip(season));
    let mut growth: Vec<f64> = pairs
        .filter(|(before, now)| **before > 0.0 && **now > 0.0)
        .map(|(before, now)| (now / before).ln())
        .filter(|g| g.is_finite())
        .collect();
    let keep = (GROWTH_YEARS * season).max(MIN_GROWTH);
    growth.drain(..growth.len().saturating_sub(keep));
    growth
}

pub(super) fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, square / (n - 1.0).max(1.0))
}

fn check_share(stretch: f64) -> Result<()> {
    if stretch > 0.0 && stretch < 1.0 {
        return Ok(());
    }
    Err(Error::OutOfRange {
        name: "stretch",
        value: stretch.to_string(),
        accepted: "between 0 and 1, both excluded",
    })
}

fn short(what: &'static str, have: usize, need: usize) -> Error {
    Error::TooShort { what, have, need }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_give_their_quantiles() {
        let totals: Vec<f64> = (1..=99).map(f64::from).collect();
        let t = from_samples(&totals, 0.75).unwrap();
        assert!((t.commit - 50.0).abs() < 1e-9);
        assert!((t.stretch - 74.833_333).abs() < 1e-5);
        assert!(t.ambitious > t.stretch);
        assert!(from_samples(&totals[..5], 0.75).is_err());
        assert!(from_samples(&totals, 1.0).is_err());
    }

    #[test]
    fn growth_repeats_last_year_times_its_growth() {
        // Every month 10 % above the same month of the year before.
        let history: Vec<f64> = (0..36)
            .map(|m| (100.0 + f64::from(m % 12)) * 1.1_f64.powi(m / 12))
            .collect();
        let t = from_growth(&history, 12, 1, 0.75, 1).unwrap();
        assert!((t.stretch - 100.0 * 1.1_f64.powi(3)).abs() < 1e-9, "{t:?}");
        let t = from_growth(&history, 12, 12, 0.75, 1).unwrap();
        assert!((t.commit - 111.0 * 1.1_f64.powi(3)).abs() < 1e-9, "{t:?}");
        assert!(from_growth(&history[..14], 12, 1, 0.75, 1).is_err());
        assert!(from_growth(&history, 12, 13, 0.75, 1).is_err());
        assert!(from_growth(&[], 12, 1, 0.75, 1).is_err());
    }

    /// Where growth is exchangeable, the P75 target of the past is hit a quarter of the time.
    #[test]
    fn a_growth_target_is_calibrated() {
        let mut draw = Draw::new(11);
        let trials = 1_000;
        let hits = (0..trials)
            .filter(|_| {
                let mut y: Vec<f64> = (0..12).map(|_| 100.0).collect();
                for _ in 0..25 {
                    let base = y[y.len() - 12];
                    y.push(base * (0.05 + 0.1 * draw.normal()).exp());
                }
                let actual = y.pop().unwrap();
                actual >= from_growth(&y, 12, 1, 0.75, 3).unwrap().stretch
            })
            .count();
        // Binomial(1000, .25): 206 to 295 holds 99.9 %.
        assert!((206..=295).contains(&hits), "{hits}");
    }

    #[test]
    fn peers_pull_a_group_without_history() {
        let peers = [0.0, 0.05, 0.1, 0.15, 0.2];
        let alone = from_peers(100.0, &[], &peers, 0.5).unwrap();
        assert!((alone.commit - 100.0 * 0.1_f64.exp()).abs() < 1e-9);
        let steady = from_peers(100.0, &[0.3, 0.3, 0.3], &peers, 0.5).unwrap();
        assert!((steady.commit - 100.0 * 0.3_f64.exp()).abs() < 1e-9);
        assert!(from_peers(0.0, &[], &peers, 0.5).is_err());
    }

    #[test]
    fn percentile_of_growth_inverts_the_quantile() {
        let history: Vec<f64> = (0..24)
            .map(|m| if m < 12 { 100.0 } else { 90.0 + f64::from(m) })
            .collect();
        let p = growth_percentile(108.0, 100.0, &history, 12).unwrap();
        assert!((p - (6.5 + 1.0 / 6.0) / (12.0 + 1.0 / 3.0)).abs() < 1e-12);
        assert_eq!(growth_percentile(1.0, 0.0, &history, 12), None);
    }
}
