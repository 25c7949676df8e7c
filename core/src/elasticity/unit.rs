//! An item's weeks made ready for the regression: the price of every day, cut weeks and stock-outs left out.

use super::fit::Status;
use super::panel::{Cell, Sold, Table};
use crate::draw::median;

/// Weeks on the market below which an item is `short`.
const MIN_WEEKS: usize = 8;
/// Weeks with sales below which an item is `short`.
const MIN_SALES: usize = 6;
/// Log prices closer than this to the median count as unmoved.
const MOVED: f64 = 0.01;
/// Weeks away from the median price below which the price "never moved".
pub(super) const MIN_MOVED: usize = 3;
/// Share of list price from which on a day counts as promoted where no promotions are mapped.
const PROMOTED: f64 = 0.95;
/// Days after which a lower price is no longer a promotion.
const SHORT: usize = 21;
/// Days up to which a higher price is an exception.
const PEAK: usize = 3;
/// Days after a promotion in which people may still have what they bought.
const AFTER: i32 = 14;
/// Days in which a channel's own price level for an item weighs as much as the channel's common one.
const OWN_LEVEL: f64 = 10.0;
/// Most rounds of the fit of channels' levels.
const ROUNDS: usize = 8;
/// Days without a sale after which an item's life begins anew.
const LONGEST_GAP: i32 = 3_660;
/// A week without sales that was this improbable is taken for a stock-out and left out.
const STOCK_OUT: f64 = 0.01;

/// One week of one item.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) week: i32,
    pub(super) lines: f64,
    pub(super) units: f64,
    pub(super) log_price: f64,
    pub(super) promotion: f64,
    pub(super) after: f64,
}

/// An item made ready.
pub(super) struct Unit<'a> {
    pub(super) name: &'a str,
    pub(super) kind: usize,
    pub(super) rows: Vec<Row>,
    pub(super) price_weeks: usize,
    pub(super) price_cv: f64,
    pub(super) price_range: (f64, f64),
    pub(super) price: f64,
    pub(super) status: Status,
}

/// What the table as a whole says about each of its rows.
pub(super) struct Reading {
    /// Mean log price of a channel beside that of the item, over all items.
    levels: Vec<f64>,
    /// Whether promotions are mapped.
    flagged: bool,
    /// Whether all rows are of one weekday: they then stand for weeks.
    weekly: bool,
}

/// A day of an item's life: what was sold, and the price known or supposed.
#[derive(Clone, Copy, Default)]
struct Day {
    sold: Sold,
    log_price: f64,
    promotion: f64,
}

impl Reading {
    pub(super) fn of(table: &Table<'_>) -> Self {
        let cells = || table.items.iter().flat_map(|i| &i.2);
        let weekday = |c: &Cell| c.day.rem_euclid(7);
        let first = cells().next().map(weekday);
        let mut levels = vec![0.0; table.channels];
        // Within an item's day prices differ by channel alone: medians of what is left after the day's mean, in
        // turns until both fit.
        for _ in 0..ROUNDS {
            let mut away: Vec<Vec<f64>> = vec![Vec::new(); table.channels];
            for (_, _, cells) in &table.items {
                gather(cells, &levels, &mut away);
            }
            let mut most: f64 = 0.0;
            for (level, logs) in levels.iter_mut().zip(&away) {
                let step = median(logs).unwrap_or(0.0);
                *level += step;
                most = most.max(step.abs());
            }
            if most < 1e-4 {
                break;
            }
        }
        Self {
            levels,
            flagged: cells().any(|c| c.sold.promoted > 0.0),
            weekly: cells().all(|c| Some(weekday(c)) == first),
        }
    }

    /// The levels of one item: its own as far as they show, else those of all items.
    fn levels_of(&self, cells: &[Cell]) -> Vec<f64> {
        let mut own: Vec<Vec<f64>> = vec![Vec::new(); self.levels.len()];
        gather(cells, &self.levels, &mut own);
        self.levels
            .iter()
            .zip(&own)
            .map(|(common, logs)| {
                let n = logs.len() as f64;
                common + median(logs).unwrap_or(0.0) * n / (n + OWN_LEVEL)
            })
            .collect()
    }

    /// Days that a sale's price stands for beyond its own.
    fn held(&self) -> usize {
        if self.weekly { 6 } else { 0 }
    }

    /// The first day and every day from it to the last sale. A day without a sale had the price of the sales around
    /// it; where these differ it changed at some unknown day between, and the mean of both is supposed.
    fn days_of(&self, cells: &[Cell]) -> (i32, Vec<Day>) {
        let levels = self.levels_of(cells);
        let known: Vec<(i32, Day)> = same_days(cells)
            .map(|day| {
                let mut sold = Sold::default();
                for cell in day {
                    let level = levels.get(cell.channel).copied().unwrap_or(0.0);
                    sold.add(Sold {
                        revenue: cell.sold.revenue * (-level).exp(),
                        ..cell.sold
                    });
                }
                let at = day.first().map_or(0, |c| c.day);
                let day = Day {
                    sold,
                    log_price: (sold.revenue / sold.units).ln(),
                    promotion: (sold.promoted / sold.units).clamp(0.0, 1.0),
                };
                (at, day)
            })
            .collect();
        let mean = |a: &Day, b: &Day| Day {
            sold: Sold::default(),
            log_price: (a.log_price + b.log_price) / 2.0,
            promotion: (a.promotion + b.promotion) / 2.0,
        };
        // What sold again after ten years began anew.
        let anew = known
            .iter()
            .zip(known.iter().skip(1))
            .rposition(|(a, b)| b.0.saturating_sub(a.0) > LONGEST_GAP)
            .map_or(0, |i| i + 1);
        let known = known.get(anew..).unwrap_or(&[]);
        let held = self.held();
        let mut days: Vec<Day> = Vec::new();
        for (i, (at, day)) in known.iter().enumerate() {
            days.push(*day);
            let Some((next_at, next)) = known.get(i + 1) else {
                days.extend(std::iter::repeat_n(mean(day, day), held));
                break;
            };
            let between = next_at.saturating_sub(*at).saturating_sub(1).max(0) as usize;
            days.extend(std::iter::repeat_n(mean(day, day), held.min(between)));
            days.extend(std::iter::repeat_n(
                mean(day, next),
                between.saturating_sub(held),
            ));
        }
        (known.first().map_or(0, |k| k.0), days)
    }
}

/// Cells cut into days.
fn same_days(cells: &[Cell]) -> impl Iterator<Item = &[Cell]> {
    cells.chunk_by(|a, b| a.day == b.day)
}

/// Adds to each channel the log prices of an item's days beside the day's mean, levels taken out.
fn gather(cells: &[Cell], levels: &[f64], away: &mut [Vec<f64>]) {
    let log = |c: &Cell| {
        (c.sold.revenue / c.sold.units).ln() - levels.get(c.channel).copied().unwrap_or(0.0)
    };
    for day in same_days(cells).filter(|d| d.len() > 1) {
        let mean = day.iter().map(log).sum::<f64>() / day.len() as f64;
        for cell in day {
            if let Some(list) = away.get_mut(cell.channel) {
                list.push(log(cell) - mean);
            }
        }
    }
}

impl<'a> Unit<'a> {
    pub(super) fn of(name: &'a str, kind: usize, cells: &[Cell], reading: &Reading) -> Self {
        let (first, mut days) = reading.days_of(cells);
        if !reading.flagged {
            mark_discounts(&mut days, reading.held());
        }
        let with_sales = days.iter().filter(|d| d.sold.units > 0.0);
        let centre = median(&with_sales.map(|d| d.log_price).collect::<Vec<_>>()).unwrap_or(0.0);
        let mut rows: Vec<Row> = Vec::new();
        let mut paid: Vec<f64> = Vec::new();
        let mut rest = i32::MAX;
        let mut at = 0;
        while at < days.len() {
            let week = first.saturating_add(at as i32).div_euclid(7);
            let count = (7 - first.saturating_add(at as i32).rem_euclid(7)) as usize;
            let these = days.get(at..(at + count).min(days.len())).unwrap_or(&[]);
            at += count;
            let mean =
                |f: &dyn Fn(&Day) -> f64| these.iter().map(f).sum::<f64>() / these.len() as f64;
            let sum = |f: fn(&Sold) -> f64| these.iter().map(|d| f(&d.sold)).sum::<f64>();
            let mut after = 0.0;
            for day in these {
                rest = if day.promotion >= 0.5 {
                    0
                } else {
                    rest.saturating_add(1)
                };
                after += f64::from(u8::from((1..=AFTER).contains(&rest)));
            }
            let units = sum(|s| s.units);
            if units > 0.0 {
                paid.push(sum(|s| s.revenue) / units);
            }
            rows.push(Row {
                week,
                lines: sum(|s| s.lines),
                units,
                log_price: mean(&|d| d.log_price) - centre,
                promotion: mean(&|d| d.promotion),
                after: after / these.len() as f64,
            });
        }
        // The first and the last week are cut.
        rows.pop();
        if !rows.is_empty() {
            rows.remove(0);
        }
        drop_stock_outs(&mut rows);
        let sold = rows.iter().filter(|r| r.units > 0.0);
        let prices: Vec<f64> = sold.map(|r| r.log_price).collect();
        let price_weeks = prices.iter().filter(|p| p.abs() > MOVED).count();
        let mean = prices.iter().sum::<f64>() / prices.len().max(1) as f64;
        let square: f64 = prices.iter().map(|p| (p - mean).powi(2)).sum();
        let status = if rows.len() < MIN_WEEKS || prices.len() < MIN_SALES {
            Status::Short
        } else if price_weeks < MIN_MOVED {
            Status::NoPriceVariation
        } else {
            Status::Ok
        };
        Unit {
            name,
            kind,
            price_weeks,
            price_cv: (square / (prices.len().max(2) - 1) as f64).sqrt(),
            price_range: (
                paid.iter().copied().reduce(f64::min).unwrap_or(0.0),
                paid.iter().copied().reduce(f64::max).unwrap_or(0.0),
            ),
            price: paid.last().copied().unwrap_or(0.0),
            status,
            rows,
        }
    }
}

/// Marks days as promoted by their price: 5 % or more below the lower of the prices before and after, for three weeks
/// at most. A price that stays down longer is a new price.
fn mark_discounts(days: &mut [Day], held: usize) {
    let logs: Vec<f64> = days.iter().map(|d| d.log_price).collect();
    // Peaks of a few days are cut off, then valleys of three weeks are filled up to their lower rim.
    let flat = levelled(&logs, PEAK, f64::min, f64::max);
    let usual = levelled(&flat, SHORT, f64::max, f64::min);
    let low: Vec<bool> = logs
        .iter()
        .zip(&usual)
        .map(|(log, usual)| *log <= usual + PROMOTED.ln())
        .collect();
    let sold: Vec<usize> = (0..days.len())
        .filter(|i| days[*i].sold.units > 0.0)
        .collect();
    let flag = |i: &usize| f64::from(u8::from(low[*i]));
    for i in &sold {
        days[*i].promotion = flag(i);
    }
    // As with the price: between two sales of which one is a promotion's, half of the days are taken for promoted.
    for (a, b) in sold.iter().zip(sold.iter().skip(1)) {
        let half = (flag(a) + flag(b)) / 2.0;
        let until = (a + 1 + held).min(*b);
        days[a + 1..until]
            .iter_mut()
            .for_each(|d| d.promotion = flag(a));
        days[until..*b].iter_mut().for_each(|d| d.promotion = half);
    }
    if let Some(last) = sold.last() {
        days[last + 1..]
            .iter_mut()
            .for_each(|d| d.promotion = flag(last));
    }
}

/// What stands out for `width` days at most is taken back to the nearer of the levels around it.
fn levelled(
    values: &[f64],
    width: usize,
    outer: fn(f64, f64) -> f64,
    inner: fn(f64, f64) -> f64,
) -> Vec<f64> {
    let (less, more) = (width / 2, width - width / 2);
    // The second window is the mirror of the first: else all levels would move by a day.
    extremes(&extremes(values, less, more, outer), more, less, inner)
}

/// The extreme of each place, the places before it and those after, cut at the ends.
fn extremes(values: &[f64], before: usize, after: usize, of: fn(f64, f64) -> f64) -> Vec<f64> {
    (0..values.len())
        .map(|i| {
            let window = values.get(i.saturating_sub(before)..(i + after + 1).min(values.len()));
            let window = window.unwrap_or(&[]).iter().copied();
            window.reduce(of).unwrap_or(0.0)
        })
        .collect()
}

/// Leaves out weeks without sales where the weeks around them sold too much for chance.
///
/// Where another week near by, outside of the same run, sold nothing either, such weeks belong to the item.
fn drop_stock_outs(rows: &mut Vec<Row>) {
    const REACH: usize = 8;
    let units: Vec<f64> = rows
        .iter()
        .map(|r| if r.lines > 0.0 { r.lines } else { r.units })
        .collect();
    let mut keep = vec![true; units.len()];
    let mut start = 0;
    while start < units.len() {
        let run = units.iter().skip(start).take_while(|u| **u <= 0.0).count();
        if run == 0 {
            start += 1;
            continue;
        }
        let end = start + run;
        let before = units.get(start.saturating_sub(REACH)..start).unwrap_or(&[]);
        let after = units
            .get(end..(end + REACH).min(units.len()))
            .unwrap_or(&[]);
        let near: Vec<f64> = before.iter().chain(after).copied().collect();
        let mean = near.iter().sum::<f64>() / near.len().max(1) as f64;
        let spread =
            near.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / (near.len().max(2) - 1) as f64;
        // Negative binomial with these moments, at least Poisson.
        let excess = (spread - mean).max(0.0) / (mean * mean).max(1e-9);
        let zero = if excess > 1e-6 {
            (1.0 + mean * excess).powf(-1.0 / excess)
        } else {
            (-mean).exp()
        };
        if zero < STOCK_OUT && near.iter().all(|u| *u > 0.0) {
            keep.iter_mut()
                .take(end)
                .skip(start)
                .for_each(|k| *k = false);
        }
        start = end;
    }
    let mut kept = keep.into_iter();
    rows.retain(|_| kept.next().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One sale a day at each of these prices, or none where it is 0.
    fn promoted(prices: &[f64]) -> Vec<f64> {
        let mut days: Vec<Day> = prices
            .iter()
            .map(|price| Day {
                sold: Sold {
                    units: f64::from(u8::from(*price > 0.0)),
                    ..Sold::default()
                },
                log_price: price.max(1.0).ln(),
                promotion: 0.0,
            })
            .collect();
        mark_discounts(&mut days, 0);
        days.iter().map(|d| d.promotion).collect()
    }

    /// Prices and the days for which they stay.
    fn steps(steps: &[(f64, usize)]) -> Vec<f64> {
        let of = |(price, days): &(f64, usize)| std::iter::repeat_n(*price, *days);
        steps.iter().flat_map(of).collect()
    }

    #[test]
    fn a_short_discount_is_a_promotion_on_its_own_days() {
        for days in [1, 7, SHORT] {
            let got = promoted(&steps(&[(100.0, 40), (80.0, days), (100.0, 40)]));
            let expected = steps(&[(0.0, 40), (1.0, days), (0.0, 40)]);
            assert_eq!(got, expected, "{days} days");
        }
        // The dear days before it may be few, but not so few that they are an exception.
        let got = promoted(&steps(&[
            (80.0, 40),
            (100.0, PEAK + 1),
            (80.0, 7),
            (100.0, 40),
        ]));
        assert_eq!(got, steps(&[(0.0, 40 + PEAK + 1), (1.0, 7), (0.0, 40)]));
        // Also beside a regular price that changes in the same week: the lower of the prices around it counts.
        let got = promoted(&steps(&[(100.0, 40), (80.0, 7), (90.0, 40)]));
        assert_eq!(got, steps(&[(0.0, 40), (1.0, 7), (0.0, 40)]));
    }

    /// A day that is taken for promoted because the price rises after it makes slopes too steep: its sales are those
    /// of no promotion, so the lift comes out too small, and what it leaves is held against the price.
    #[test]
    fn a_price_that_stays_is_no_promotion_on_any_day() {
        for prices in [
            steps(&[(100.0, 40), (80.0, SHORT + 1), (100.0, 40)]),
            steps(&[(80.0, 40), (100.0, 40)]),
            steps(&[(100.0, 40), (80.0, 40)]),
            // A few dear days are an exception, not what others are cheap beside.
            steps(&[(100.0, 40), (120.0, PEAK), (100.0, 40)]),
        ] {
            assert_eq!(promoted(&prices).iter().sum::<f64>(), 0.0, "{prices:?}");
        }
    }
}
