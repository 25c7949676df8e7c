//! Zero-sale runs that chance does not explain.

use serde_json::json;

use super::sales::Sales;
use super::{Action, HORIZON, Recommendation, Status, date};
use crate::draw::{median, normal_quantile};

/// Days on each side of a run that tell the usual rate of sale: eight weeks.
const REACH: usize = 56;
/// A run more likely than this by chance is never suspected (definitions §4).
const MAX_P: f64 = 0.01;
/// A run is suspected from this probability of a stock-out on, as long as no more than this share of all suspicions
/// is to be expected to be false.
const MIN_POSTERIOR: f64 = 0.3;
const MAX_FALSE: f64 = 0.15;
/// Days of a run below which nobody could act anyway.
const MIN_DAYS: usize = 3;
/// What is believed before the data: outages last a fortnight, with the weight of five of them, and one
/// zero run in a hundred is one.
const PRIOR_DAYS: f64 = 14.0;
const PRIOR_RUNS: f64 = 5.0;
const PRIOR_SHARE: f64 = 0.01;
const PRIOR_WEIGHT: f64 = 50.0;
/// Rounds of the EM algorithm.
const ROUNDS: usize = 30;
/// The weight of all items' excess beside a run's own days, in squared lines.
const EXCESS_WEIGHT: f64 = 100.0;
/// Sales in the reference window below which the rate is not known.
const MIN_SALES: f64 = 10.0;

/// A suspected stock-out.
#[derive(Clone, Debug, PartialEq)]
pub struct StockOut {
    /// Position of the item.
    pub item: usize,
    /// First day without a sale, as an index into the item's days.
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

/// A run of days without a sale, with what chance says about it.
struct Run {
    found: StockOut,
    /// Log probability of the run's length by chance.
    log_chance: f64,
}

/// What all items together say about chance.
struct Usual {
    /// Relative variance of the weekly rate around that of sixteen weeks.
    wander: f64,
    /// Excess of the variance of a day over Poisson.
    excess: f64,
}

/// Finds the suspected stock-outs in daily order lines, one row an item, all rows from the same day on.
///
/// A day's chance of no sale is negative binomial around the item's rate in the eight weeks before and after,
/// by weekday, with the rate's own uncertainty. Every run is then either chance or an outage; the share of
/// outages and their length are learnt from all runs together (EM), so that the more items are searched,
/// the more it takes to be suspected.
///
/// * `first_weekday` - of the first day, 0 for Monday.
/// * `lives` - first and last index an item was on the market; runs outside are not looked at. An item whose
///   life reaches the end of the data may have an ongoing run.
pub fn suspected_stock_outs(
    daily: &[Vec<f64>],
    lives: &[Option<(usize, usize)>],
    first_weekday: usize,
) -> Vec<StockOut> {
    let mut found = zero_runs(daily, lives, first_weekday);
    found.retain(|f| f.days >= MIN_DAYS && f.p < MAX_P && f.posterior >= MIN_POSTERIOR);
    // The surest first, as many as keep the share of false alarms to be expected among them low.
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_by(|a, b| found[*b].posterior.total_cmp(&found[*a].posterior));
    let (mut doubt, mut count) = (0.0, 0.0);
    let mut least = f64::INFINITY;
    for i in order {
        doubt += 1.0 - found[i].posterior;
        count += 1.0;
        if doubt > MAX_FALSE * count {
            break;
        }
        least = found[i].posterior;
    }
    found.retain(|f| f.posterior >= least);
    found
}

/// All runs of days without a sale, with the probability of each to be a stock-out; arguments as of
/// [`suspected_stock_outs()`].
pub fn zero_runs(
    daily: &[Vec<f64>],
    lives: &[Option<(usize, usize)>],
    first_weekday: usize,
) -> Vec<StockOut> {
    let weekdays = weekday_factors(daily, first_weekday);
    let length = daily.iter().map(Vec::len).max().unwrap_or(0);
    let factors: Vec<f64> = (0..length)
        .map(|day| weekdays[(first_weekday + day) % 7])
        .collect();
    let usual = Usual {
        wander: wander(daily, lives, &factors),
        excess: excess(daily, lives, &factors),
    };
    let mut runs: Vec<Run> = Vec::new();
    for (item, (counts, life)) in daily.iter().zip(lives).enumerate() {
        if let Some((from, to)) = life {
            runs.extend(runs_of(item, counts, *from, *to, &usual, &factors));
        }
    }
    // EM over chance and outage.
    let (mut share, mut mean_days) = (PRIOR_SHARE, PRIOR_DAYS);
    for _ in 0..ROUNDS {
        let (mut outages, mut out_days) = (0.0, 0.0);
        for run in &mut runs {
            run.found.posterior = posterior(run, share, mean_days);
            outages += run.found.posterior;
            out_days += run.found.posterior * run.found.days as f64;
        }
        share = ((outages + PRIOR_SHARE * PRIOR_WEIGHT) / (runs.len() as f64 + PRIOR_WEIGHT))
            .clamp(1e-6, 0.5);
        mean_days = ((out_days + PRIOR_DAYS * PRIOR_RUNS) / (outages + PRIOR_RUNS)).max(2.0);
    }
    runs.into_iter().map(|r| r.found).collect()
}

fn posterior(run: &Run, share: f64, mean_days: f64) -> f64 {
    let days = run.found.days as f64;
    // Lengths d with probability (1-q)^2 d q^(d-1), of mean (1+q)/(1-q): few outages end within days.
    let q = (mean_days - 1.0) / (mean_days + 1.0);
    let length = if run.found.ongoing {
        1.0 + (days - 1.0) * (1.0 - q)
    } else {
        (1.0 - q).powi(2) * days
    };
    let log_outage = share.ln() + (days - 1.0) * q.ln() + length.ln();
    let log_chance = (1.0 - share).ln() + run.log_chance;
    1.0 / (1.0 + (log_chance - log_outage).exp())
}

fn runs_of(
    item: usize,
    counts: &[f64],
    from: usize,
    to: usize,
    usual: &Usual,
    factors: &[f64],
) -> Vec<Run> {
    let factor = |day: usize| factors.get(day).copied().unwrap_or(1.0);
    let to = to.min(counts.len().saturating_sub(1));
    let mut runs = Vec::new();
    let mut day = from;
    while day <= to {
        if counts.get(day).copied().unwrap_or(0.0) > 0.0 {
            day += 1;
            continue;
        }
        let start = day;
        while day <= to && counts.get(day).copied().unwrap_or(0.0) <= 0.0 {
            day += 1;
        }
        let days = day - start;
        let ongoing = day > to && to + 1 == counts.len();
        let low = start.saturating_sub(REACH).max(from);
        let high = (day + REACH).min(to + 1);
        let near: Vec<(f64, f64)> = (low..start)
            .chain(day..high)
            .map(|d| (counts.get(d).copied().unwrap_or(0.0), factor(d)))
            .collect();
        let sold: f64 = near.iter().map(|n| n.0).sum();
        if sold < MIN_SALES {
            continue;
        }
        let exposure: f64 = near.iter().map(|n| n.1).sum::<f64>().max(1e-9);
        let rate = sold / exposure;
        // Excess over Poisson of the same days, by moments, shrunk to that of all items: a few months of slow sales
        // tell it badly.
        let over: f64 = near
            .iter()
            .map(|(n, w)| (n - rate * w).powi(2) - rate * w)
            .sum();
        let square: f64 = near.iter().map(|(_, w)| (rate * w).powi(2)).sum();
        let excess =
            ((over + usual.excess * EXCESS_WEIGHT) / (square + EXCESS_WEIGHT)).clamp(0.0, 5.0);
        // A clumped day without a sale counts for less than its mean.
        let weight = |w: f64| {
            let mean = rate * w;
            if excess > 1e-6 {
                (1.0 + excess * mean).ln() / excess / rate
            } else {
                w
            }
        };
        let missing: f64 = (start..day).map(|d| weight(factor(d))).sum();
        // Gamma-Poisson: the rate is known from `sold` sales only, and that of a week wanders around it.
        let shape = 1.0 / (1.0 / (sold + 0.5) + usual.wander);
        let log_none = -shape * (rate * missing / shape).ln_1p();
        // A run is there to be looked at once its first day is without a sale.
        let log_first = -weight(factor(start)) * rate;
        let log_sale = (1.0 - (-weight(1.0) * rate).exp()).max(1e-9).ln();
        runs.push(Run {
            found: StockOut {
                item,
                start,
                days,
                ongoing,
                rate,
                rate_error: ((1.0 + excess * rate) / sold).sqrt(),
                p: log_none.exp(),
                posterior: 0.0,
            },
            log_chance: log_none - log_first + if ongoing { 0.0 } else { log_sale },
        });
    }
    runs
}

/// The excess of the variance of an item's days over Poisson, within sixteen weeks; the median over all items and half
/// years.
fn excess(daily: &[Vec<f64>], lives: &[Option<(usize, usize)>], factors: &[f64]) -> f64 {
    let mut seen = Vec::new();
    for window in windows(daily, lives, factors) {
        let (sold, exposure) = sums(&window);
        let rate = sold / exposure;
        let over: f64 = window
            .iter()
            .map(|(n, w)| (n - rate * w).powi(2) - rate * w)
            .sum();
        let square: f64 = window.iter().map(|(_, w)| (rate * w).powi(2)).sum();
        seen.push(over / square.max(1e-9));
    }
    median(&seen).unwrap_or(0.0).max(0.0)
}

/// Stretches of sixteen weeks of items' lives, days with their weekday's factor, where enough was sold to tell a rate.
fn windows<'a>(
    daily: &'a [Vec<f64>],
    lives: &'a [Option<(usize, usize)>],
    factors: &'a [f64],
) -> impl Iterator<Item = Vec<(f64, f64)>> + 'a {
    daily.iter().zip(lives).flat_map(move |(counts, life)| {
        let (from, to) = life.unwrap_or((1, 0));
        let end = (to + 1).min(counts.len()).max(from);
        let days: Vec<(f64, f64)> = counts
            .iter()
            .copied()
            .zip(factors.iter().copied())
            .take(end)
            .skip(from)
            .collect();
        let enough = |w: &&[(f64, f64)]| {
            let (sold, exposure) = sums(w);
            sold >= 2.0 * MIN_SALES && exposure > 0.0
        };
        let found: Vec<Vec<(f64, f64)>> = days
            .chunks_exact(2 * REACH)
            .filter(enough)
            .map(<[(f64, f64)]>::to_vec)
            .collect();
        found
    })
}

fn sums(days: &[(f64, f64)]) -> (f64, f64) {
    days.iter().fold((0.0, 0.0), |s, d| (s.0 + d.0, s.1 + d.1))
}

/// The variance of an item's weekly rate around its rate of sixteen weeks, relative and beyond chance; the
/// median over all items and half years, so that outages themselves do not count.
fn wander(daily: &[Vec<f64>], lives: &[Option<(usize, usize)>], factors: &[f64]) -> f64 {
    let mut seen = Vec::new();
    for window in windows(daily, lives, factors) {
        let (sold, exposure) = sums(&window);
        let rate = sold / exposure;
        let (mut over, mut square) = (0.0, 0.0);
        for week in window.chunks_exact(7) {
            let (n, e) = sums(week);
            over += (n - rate * e).powi(2) - rate * e;
            square += (rate * e).powi(2);
        }
        seen.push(over / f64::max(square, 1e-9));
    }
    median(&seen).unwrap_or(0.0).max(0.0)
}

/// Mean sales by weekday over all items, in units of the mean day; 1 where there is little to go by.
fn weekday_factors(daily: &[Vec<f64>], first_weekday: usize) -> [f64; 7] {
    /// Sales of a weekday below which its factor is left at 1.
    const ENOUGH: f64 = 30.0;
    let mut sums = [0.0; 7];
    let mut days = [0.0; 7];
    let length = daily.iter().map(Vec::len).max().unwrap_or(0);
    for day in 0..length {
        let sold: f64 = daily
            .iter()
            .map(|c| c.get(day).copied().unwrap_or(0.0))
            .sum();
        let weekday = (first_weekday + day) % 7;
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
pub(super) fn rule(sales: &Sales) -> Vec<Recommendation> {
    let daily = sales.daily_lines();
    let days = sales.days();
    let classes = sales.abc();
    let lives: Vec<Option<(usize, usize)>> = sales
        .lives()
        .iter()
        .zip(&classes)
        .map(|(life, class)| {
            let (from, to) = (*life)?;
            let index = |day: i32| (day - sales.first()).max(0) as usize;
            // A C item that stopped selling has ended rather than run out.
            let end = if *class == 'C' {
                index(to)
            } else {
                days.saturating_sub(1)
            };
            Some((index(from), end))
        })
        .collect();
    // 1970-01-01 was a Thursday.
    let first_weekday = (sales.first() + 3).rem_euclid(7) as usize;
    suspected_stock_outs(&daily, &lives, first_weekday)
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
