//! Zero-sale runs that chance does not explain.

use serde_json::json;

use super::price::CLEAR;
use super::sales::Sales;
use super::{Action, HORIZON, Recommendation, Status, date};
use crate::draw::{median, normal_quantile};
use crate::elasticity::{Expected, of_table};
use crate::{Cancel, Result};

/// Days on each side of a run that tell the level of sales around it: eight weeks.
const REACH: usize = 56;
/// A run more likely than this by chance is never suspected (definitions §4).
const MAX_P: f64 = 0.01;
/// A run is suspected from this probability of a stock-out on, as long as no more than this share of all suspicions
/// is to be expected to be false: the goal is one in five.
const MIN_POSTERIOR: f64 = 0.3;
const MAX_FALSE: f64 = 0.2;
/// Days of a run below which nobody could act anyway.
const MIN_DAYS: usize = 3;
/// What is believed before the data: an item runs out once in 2,000 days and for a fortnight, with the weight of five
/// stock-outs.
const PRIOR_RATE: f64 = 1.0 / 2_000.0;
const PRIOR_DAYS: f64 = 14.0;
const PRIOR_WEIGHT: f64 = 5.0;
/// Days beyond which a stock-out's length no longer matters: what is longer is no less clear.
const LONGEST: usize = 91;
/// Rounds of the EM algorithm.
const ROUNDS: usize = 30;
/// Sales around a run below which the level there is not known.
const MIN_SALES: f64 = 5.0;
/// The log of how much better a stock-out explains a run than chance, above which it is certain.
const CERTAIN: f64 = 500.0;

/// A suspected stock-out.
#[derive(Clone, Debug, PartialEq)]
pub struct StockOut {
    /// Position of the item.
    pub item: usize,
    /// First day without a sale, counted from the first day of the sales.
    pub start: usize,
    /// Days without a sale.
    pub days: usize,
    /// Whether it reaches the end of the data.
    pub ongoing: bool,
    /// Order lines a day that were to be expected.
    pub rate: f64,
    /// Relative standard error of `rate`.
    pub rate_error: f64,
    /// Probability of such a run by chance.
    pub p: f64,
    /// Probability that it was a stock-out, given how runs are spread over all items.
    pub posterior: f64,
}

/// A run of days without a sale, with what a stock-out of each length would explain of it.
struct Run {
    found: StockOut,
    /// By length in days, from 1: the sum over its places within the run of how much better it explains these days than
    /// chance, those that reach the end of the data left out.
    within: Vec<f64>,
    /// The same of the one that reaches the end.
    at_end: Vec<f64>,
}

/// What is expected of an item on one day.
#[derive(Clone, Copy, Debug, Default)]
struct Day {
    /// Order lines.
    lines: f64,
    /// What they weigh against no sale at all: as much as `lines`, or less where sales come in clumps.
    weight: f64,
}

/// All runs of days without a sale, with the probability of each to be a stock-out.
///
/// What an item is expected to sell on a day comes from the regression behind its elasticity (its own level and trend,
/// price, promotions, the season of its kind, the week's effect on all) and the weekday, times how its sales ran beside
/// that in the eight weeks before and after, as far as such ratios differ from 1 by more than chance. No sale
/// then has a negative binomial chance, with the uncertainty of the ratio. A stock-out may have begun on any day of a
/// run; how often items run out and for how long is learnt from all runs together (EM), so that the more items are
/// searched, the more it takes to be suspected.
///
/// # Errors
///
/// [`crate::Error::Cancelled`].
pub fn zero_runs(sales: &Sales, cancel: Cancel<'_>) -> Result<Vec<StockOut>> {
    let (_, expected) = of_table(&sales.table(), CLEAR, cancel)?;
    Ok(runs(sales, &expected))
}

/// Of all runs those that are suspected to be stock-outs: the surest, as many as keep the share of false ones that is
/// to be expected among them low.
pub fn suspected_stock_outs(mut runs: Vec<StockOut>) -> Vec<StockOut> {
    runs.retain(|f| f.days >= MIN_DAYS && f.p < MAX_P && f.posterior >= MIN_POSTERIOR);
    let mut order: Vec<f64> = runs.iter().map(|f| f.posterior).collect();
    order.sort_by(|a, b| b.total_cmp(a));
    let (mut doubt, mut count) = (0.0, 0.0);
    let mut least = f64::INFINITY;
    for posterior in order {
        doubt += 1.0 - posterior;
        count += 1.0;
        if doubt > MAX_FALSE * count {
            break;
        }
        least = posterior;
    }
    runs.retain(|f| f.posterior >= least);
    runs
}

/// [`zero_runs()`] with what is expected of each item.
fn runs(sales: &Sales, expected: &[Expected]) -> Vec<StockOut> {
    let daily = sales.daily_lines();
    let factors = weekday_factors(&daily, sales);
    let lives = lives(sales);
    let days: Vec<Vec<Day>> = expected
        .iter()
        .map(|e| spread(sales.days(), e, sales.first(), &factors))
        .collect();
    let wander = wander(&daily, &days, &lives);
    let mut runs: Vec<Run> = Vec::new();
    let mut on_sale = 0.0;
    for (item, (counts, days)) in daily.iter().zip(&days).enumerate() {
        if let Some(Some(life)) = lives.get(item) {
            on_sale += (life.1 + 1 - life.0) as f64;
            runs.extend(runs_of(item, counts, days, *life, wander));
        }
    }
    learn(&mut runs, on_sale);
    runs.into_iter().map(|r| r.found).collect()
}

/// First and last day of each item on which it is to be looked at, counted from the first day of the sales. A C item that stopped
/// selling has ended rather than run out.
fn lives(sales: &Sales) -> Vec<Option<(usize, usize)>> {
    let index = |day: i32| (day - sales.first()).max(0) as usize;
    let of = |(life, class): (Option<(i32, i32)>, char)| {
        let (from, to) = life?;
        let end = if class == 'C' { to } else { sales.last() };
        Some((index(from), index(end)))
    };
    sales.lives().into_iter().zip(sales.abc()).map(of).collect()
}

/// What is expected of each day: its share of the week's, by weekday.
fn spread(days: usize, expected: &Expected, first: i32, factors: &[f64; 7]) -> Vec<Day> {
    (0..days)
        .map(|at| {
            let day = first.saturating_add(at as i32);
            let (week, ratio) = expected.on(Sales::week(day)).unwrap_or((0.0, 1.0));
            let lines = week / 7.0 * factors[weekday(day)];
            // No sale of m lines has probability v^(-m / (v - 1)) where the variance is v times the mean.
            let clumped = if ratio > 1.0 + 1e-6 {
                ratio.ln() / (ratio - 1.0)
            } else {
                1.0
            };
            Day {
                lines,
                weight: lines * clumped,
            }
        })
        .collect()
}

/// The relative variance of an item's sales of sixteen weeks around what is expected of them, beyond chance: such
/// that the median of squared deviations is what it would be, so that stock-outs themselves do not count.
fn wander(daily: &[Vec<f64>], days: &[Vec<Day>], lives: &[Option<(usize, usize)>]) -> f64 {
    /// The median of the square of a standard normal.
    const MEDIAN: f64 = 0.455;
    const MOST: f64 = 1.0;
    const LEAST: f64 = 1e-3;
    let mut seen: Vec<(f64, f64)> = Vec::new();
    for ((counts, days), life) in daily.iter().zip(days).zip(lives) {
        let Some((from, to)) = *life else { continue };
        let (counts, days) = (counts.get(from..=to), days.get(from..=to));
        let windows = counts.unwrap_or(&[]).chunks_exact(2 * REACH);
        for (n, e) in windows.zip(days.unwrap_or(&[]).chunks_exact(2 * REACH)) {
            let mean: f64 = e.iter().map(|d| d.lines).sum();
            if mean >= 2.0 * MIN_SALES {
                seen.push(((n.iter().sum::<f64>() - mean).powi(2), mean));
            }
        }
    }
    let short = |variance: f64| {
        let of = |(square, mean): &(f64, f64)| square / (mean + variance * mean * mean);
        let scaled: Vec<f64> = seen.iter().map(of).collect();
        median(&scaled).is_some_and(|m| m > MEDIAN)
    };
    let (mut lo, mut hi) = (LEAST, MOST);
    if !short(lo) {
        return lo;
    }
    for _ in 0..30 {
        let mid = (lo * hi).sqrt();
        if short(mid) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    lo
}

fn runs_of(
    item: usize,
    counts: &[f64],
    days: &[Day],
    (from, to): (usize, usize),
    wander: f64,
) -> Vec<Run> {
    let to = to.min(counts.len().saturating_sub(1));
    let sales: f64 = counts.iter().sum();
    let mut runs = Vec::new();
    let mut day = from;
    while day <= to {
        if counts[day] > 0.0 {
            day += 1;
            continue;
        }
        let start = day;
        while day <= to && counts[day] <= 0.0 {
            day += 1;
        }
        let ongoing = day > to && to + 1 == counts.len();
        let near =
            || (start.saturating_sub(REACH).max(from)..start).chain(day..(day + REACH).min(to + 1));
        let sold: f64 = near().map(|d| counts[d]).sum();
        if sold < MIN_SALES {
            continue;
        }
        let usual: f64 = near().map(|d| days[d].lines).sum();
        // The ratio of sales to what is expected, held to 1: gamma with the shape that `wander` allows it.
        let held = 1.0 / wander;
        let ratio = (sold + held) / (usual + held);
        let shape = 1.0 / (1.0 / (sold + held) + 1.0 / sales);
        let mut sums = vec![0.0];
        let mut lines = 0.0;
        for d in &days[start..day] {
            lines += ratio * d.lines;
            sums.push(sums.last().unwrap_or(&0.0) + ratio * d.weight);
        }
        let length = day - start;
        let surprise = |a: usize, b: usize| shape * ((sums[b] - sums[a]) / shape).ln_1p();
        let better = |a: usize, b: usize| surprise(a, b).min(CERTAIN).exp();
        let (mut within, mut at_end) = (Vec::new(), Vec::new());
        for d in 1..=length.min(LONGEST) {
            let last = length - d;
            let inner = if ongoing { last } else { last + 1 };
            within.push((0..inner).map(|a| better(a, a + d)).sum());
            at_end.push(if ongoing { better(last, length) } else { 0.0 });
        }
        runs.push(Run {
            found: StockOut {
                item,
                start,
                days: length,
                ongoing,
                rate: lines / length as f64,
                rate_error: shape.powf(-0.5),
                p: (-surprise(0, length)).exp(),
                posterior: 0.0,
            },
            within,
            at_end,
        });
    }
    runs
}

/// Fills in the posteriors, by EM over how often items run out and for how long.
fn learn(runs: &mut [Run], on_sale: f64) {
    let (mut rate, mut mean_days) = (PRIOR_RATE, PRIOR_DAYS);
    for _ in 0..ROUNDS {
        // Lengths d with probability (1-q)² d q^(d-1), of mean (1+q)/(1-q): few stock-outs end within days.
        let q = (mean_days - 1.0) / (mean_days + 1.0);
        let lengths: Vec<(f64, f64)> = (0..LONGEST)
            .map(|at| {
                let d = at as f64 + 1.0;
                let still = q.powi(at as i32);
                (
                    (1.0 - q).powi(2) * d * still,
                    still * (1.0 + (d - 1.0) * (1.0 - q)),
                )
            })
            .collect();
        let (mut outages, mut out_days) = (0.0, 0.0);
        for run in &mut *runs {
            let (mut better, mut days) = (0.0, 0.0);
            for (at, (ended, lasts)) in lengths.iter().enumerate() {
                let (Some(within), Some(at_end)) = (run.within.get(at), run.at_end.get(at)) else {
                    break;
                };
                let weight = ended * within + lasts * at_end;
                better += weight;
                days += weight * (at as f64 + 1.0);
            }
            let odds = rate * better;
            run.found.posterior = odds / (1.0 + odds);
            outages += run.found.posterior;
            out_days += run.found.posterior * days / better.max(f64::MIN_POSITIVE);
        }
        rate = (outages + PRIOR_WEIGHT) / (on_sale + PRIOR_WEIGHT / PRIOR_RATE);
        mean_days = ((out_days + PRIOR_DAYS * PRIOR_WEIGHT) / (outages + PRIOR_WEIGHT)).max(2.0);
    }
}

/// 0 for Monday.
fn weekday(day: i32) -> usize {
    // 1970-01-01 was a Thursday.
    (day.saturating_add(3)).rem_euclid(7) as usize
}

/// Mean sales by weekday over all items, in units of the mean day; 1 where there is little to go by.
fn weekday_factors(daily: &[Vec<f64>], sales: &Sales) -> [f64; 7] {
    /// Sales of a weekday below which its factor is left at 1.
    const ENOUGH: f64 = 30.0;
    let mut sums = [0.0; 7];
    let mut days = [0.0; 7];
    for at in 0..sales.days() {
        let sold: f64 = daily.iter().filter_map(|c| c.get(at)).sum();
        let weekday = weekday(sales.first().saturating_add(at as i32));
        sums[weekday] += sold;
        days[weekday] += 1.0;
    }
    let mean = sums.iter().sum::<f64>() / days.iter().sum::<f64>().max(1.0);
    let mut factors = [1.0; 7];
    for ((factor, sum), days) in factors.iter_mut().zip(sums).zip(days) {
        if sum >= ENOUGH && mean > 0.0 {
            *factor = (sum / days / mean).clamp(0.1, 10.0);
        }
    }
    factors
}

/// Ongoing suspected stock-outs of A and B items.
pub(super) fn rule(sales: &Sales, expected: &[Expected]) -> Vec<Recommendation> {
    suspected_stock_outs(runs(sales, expected))
        .into_iter()
        .filter(|s| s.ongoing)
        .filter_map(|s| {
            let item = sales.items().get(s.item)?;
            let from = sales.first() + s.start as i32;
            let (revenue, lines) = sales
                .between(from - REACH as i32, from - 1)
                .iter()
                .filter(|l| l.item as usize == s.item)
                .fold((0.0, 0.0), |sum, l| (sum.0 + l.revenue, sum.1 + l.lines.max(1.0)));
            let per_line = revenue / f64::max(lines, 1.0);
            // What was lost so far is what as many more days would lose, four weeks at most.
            let ahead = (s.days as f64).min(f64::from(HORIZON));
            let lost = s.rate * per_line * ahead;
            let z = normal_quantile(0.5 + super::LEVEL / 2.0);
            let sd = lost * (s.rate_error.powi(2) + 1.0 / (s.rate * ahead).max(1e-9)).sqrt();
            let reason = format!(
                "No sale for {} days, where {:.1} order lines a day are usual; by chance that happens with \
                 probability {}. It may be out of stock.",
                s.days,
                s.rate,
                if s.p < 0.001 { "below 0.001".to_owned() } else { format!("{:.3}", s.p) },
            );
            Some(
                Recommendation::new(Action::Restock, &item.name, reason, sales.last())
                    .uplift(lost, (lost - z * sd).max(0.0), lost + z * sd)
                    .status(Status::Suspected)
                    .evidence(
                        "history",
                        json!({
                            "metric": "units", "grain": "day",
                            "period": format!("[{},{})", date(from - REACH as i32), date(sales.last() + 1)),
                            "filter": { "sku": item.name },
                        }),
                        json!({
                            "days": s.days, "since": date(from), "lines_per_day": s.rate,
                            "p": s.p, "posterior": s.posterior,
                        }),
                        "Stock on the shelf, or a listing that was ended on purpose.",
                    ),
            )
        })
        .collect()
}
