//! Channels: where to move effort, and how much hangs on one of them.

use serde_json::json;

use super::robust::theil_sen;
use super::sales::Sales;
use super::{Action, HORIZON, Recommendation, Status, money, percent};

/// Four-week blocks that tell a channel's growth: a year.
const BLOCKS: i32 = 13;
/// A channel smaller than this is not a place to move effort to or from.
const MIN_SHARE: f64 = 0.05;
/// The chance that any channel of all is taken to gain, or to lose, where none does.
const FALSE: f64 = 0.05;
/// Blocks that must go on with what the year shows: the last quarter beside the one before.
const LATEST: usize = 3;
/// Concentration above which one channel decides (definitions §4).
const MAX_HHI: f64 = 0.5;

/// Revenue of each channel over the last 13 blocks of four weeks, oldest first.
fn blocks(sales: &Sales) -> Vec<Vec<f64>> {
    let mut sums = vec![vec![0.0; BLOCKS as usize]; sales.channels().len()];
    let from = sales.last() - BLOCKS * HORIZON + 1;
    for l in sales.between(from, sales.last()) {
        let block = ((l.day - from) / HORIZON) as usize;
        let cell = sums
            .get_mut(l.channel as usize)
            .and_then(|c| c.get_mut(block));
        if let Some(cell) = cell {
            *cell += l.revenue;
        }
    }
    sums
}

/// The channels (gaining, losing) whose shares clearly move apart, the fastest of each.
///
/// Of many channels some seem to move by chance, and a shock that passes looks like a trend: the level is split among
/// the channels, and the latest blocks must still move the same way.
pub(super) fn movers(sales: &Sales) -> Option<((usize, f64), (usize, f64))> {
    if sales.days() < (BLOCKS * HORIZON) as usize {
        return None;
    }
    let channels = blocks(sales);
    let totals: Vec<f64> = (0..BLOCKS as usize)
        .map(|b| channels.iter().filter_map(|c| c.get(b)).sum())
        .collect();
    let all: f64 = totals.iter().sum();
    let level = 1.0 - 2.0 * FALSE / channels.len().max(1) as f64;
    let trends: Vec<(usize, f64, f64, f64, f64)> = channels
        .iter()
        .enumerate()
        .filter(|(_, c)| c.iter().sum::<f64>() >= MIN_SHARE * all && c.iter().all(|v| *v > 0.0))
        .filter_map(|(i, c)| {
            // Shares, so that a season common to all channels drops out.
            let logs: Vec<f64> = c
                .iter()
                .zip(&totals)
                .map(|(v, total)| (v / total.max(1e-9)).ln())
                .collect();
            let (slope, lo, hi) = theil_sen(&logs, level)?;
            let mean = |b: &[f64]| b.iter().sum::<f64>() / b.len().max(1) as f64;
            let (before, latest) = logs.split_at_checked(logs.len().checked_sub(LATEST)?)?;
            let before = before.get(before.len().checked_sub(LATEST)?..)?;
            Some((i, slope, lo, hi, mean(latest) - mean(before)))
        })
        .collect();
    let up = trends
        .iter()
        .filter(|t| t.2 > 0.0 && t.4 > 0.0)
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let down = trends
        .iter()
        .filter(|t| t.3 < 0.0 && t.4 < 0.0)
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(((up.0, up.1), (down.0, down.1)))
}

/// Effort from the channel that loses share to the one that gains it: a direction, not a size.
pub(super) fn reallocate(sales: &Sales) -> Option<Recommendation> {
    let ((up, gain), (down, loss)) = movers(sales)?;
    let (to, from) = (sales.channels().get(up)?, sales.channels().get(down)?);
    // Thirteen blocks make a year.
    let yearly = |slope: f64| (slope * f64::from(BLOCKS)).exp() - 1.0;
    let reason = format!(
        "Move effort from {from} to {to}: over a year {to} gained {} of its share and {from} lost {}. Sales \
         show the direction; what a unit of budget returns in each is not in the data.",
        percent(yearly(gain)),
        percent(-yearly(loss)),
    );
    Some(
        Recommendation::new(Action::Reallocate, to, reason, sales.last())
            .status(Status::Directional)
            .evidence(
                "history",
                json!({ "metric": "revenue", "grain": "month", "by": ["channel"] }),
                json!({
                    "to": to, "from": from,
                    "share_growth_to": yearly(gain), "share_growth_from": yearly(loss),
                }),
                "Spending that explains the shift: then the channel was bought, not won.",
            ),
    )
}

/// One channel that carries most of the revenue and swings.
pub(super) fn diversify(sales: &Sales) -> Option<Recommendation> {
    let channels = blocks(sales);
    let sums: Vec<f64> = channels.iter().map(|c| c.iter().sum()).collect();
    let all: f64 = sums.iter().sum();
    let hhi: f64 = sums.iter().map(|s| (s / all.max(1e-9)).powi(2)).sum();
    if all <= 0.0 || hhi <= MAX_HHI {
        return None;
    }
    let (top, sum) = sums
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map(|(i, s)| (i, *s))?;
    let history: Vec<f64> = channels
        .get(top)?
        .iter()
        .copied()
        .filter(|v| *v > 0.0)
        .collect();
    let steps: Vec<f64> = history
        .iter()
        .zip(history.iter().skip(1))
        .map(|(a, b)| (b / a).ln())
        .collect();
    if steps.len() < 6 {
        return None;
    }
    let mean = steps.iter().sum::<f64>() / steps.len() as f64;
    let sigma =
        (steps.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (steps.len() - 1) as f64).sqrt();
    let block = history.last().copied()?;
    let share = sum / all;
    let at_risk = block * sigma;
    // Down to half of the revenue, the rest of it being elsewhere.
    let less = at_risk * (1.0 - 0.5 / share).max(0.0);
    // Lines without channels are all of one that has no name.
    let name = sales.channels().get(top).filter(|c| !c.is_empty())?;
    let reason = format!(
        "{name} carries {} of revenue (concentration {hhi:.2}) and swings by {} from one four weeks to the next: \
         {} hang on it. At half of revenue it would be {} less.",
        percent(share),
        percent(sigma),
        money(at_risk),
        money(less),
    );
    Some(
        Recommendation::new(Action::Diversify, name, reason, sales.last())
            .uplift(less, 0.0, at_risk)
            .status(Status::Directional)
            .evidence(
                "concentration",
                json!({ "metric": "revenue", "by": ["channel"] }),
                json!({ "share": share, "hhi": hhi, "volatility": sigma, "revenue_at_risk": at_risk }),
                "A contract that secures the channel's volume.",
            ),
    )
}
