//! How often each rule was right: its advice of past dates against what came after them.

use std::collections::BTreeMap;

use super::promote::{Event, events, mean_gain};
use super::range::kept_shrinking;
use super::sales::Sales;
use super::{Action, HORIZON, Recommendation, apply, channels};
use crate::elasticity::Sold;
use crate::{Cancel, Result};

/// Past dates at which advice is given again, eight weeks apart.
const ORIGINS: i32 = 4;
const APART: i32 = 56;
/// What follows an origin and judges it: twelve weeks.
const AFTER: i32 = 84;
/// A price has moved as advised when it is at least this much of the way, relative to the old price.
const MOVED: f64 = 0.02;
/// History before an origin below which its advice does not count: half a year.
const MIN_HISTORY: i32 = 182;
/// Advice on trial below which there is no rate.
const MIN_TRIALS: u32 = 1;

/// A rule's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The rule's action.
    pub action: Action,
    /// Advice that turned out right.
    pub hits: u32,
    /// Advice that could be judged.
    pub trials: u32,
}

impl Record {
    /// (hits + 1) / (trials + 2), so that few trials do not make certain; `None` without any.
    pub fn hit_rate(&self) -> Option<f64> {
        (self.trials >= MIN_TRIALS).then(|| f64::from(self.hits + 1) / f64::from(self.trials + 2))
    }
}

/// Gives advice at four past dates with what was known then, and judges it by the twelve weeks that followed.
///
/// | rule | judged where | right when |
/// |---|---|---|
/// | price | the price then moved at least 2 % as advised | the item's revenue did better than its kind's |
/// | promote | the kind had promotions that started then | their mean net gain was above 0 |
/// | restock | always | the item sold again within four weeks, at half its rate or more |
/// | delist | always | it sold no more in the next twelve weeks than in the last |
/// | expand | the item entered the channel | it sold at least half of what was expected |
/// | reallocate | always | the gaining channel outgrew the losing one |
///
/// # Errors
///
/// [`crate::Error::Cancelled`].
pub fn replay(sales: &Sales, cancel: Cancel<'_>) -> Result<Vec<Record>> {
    let past = Past::of(sales);
    let found: Result<Vec<_>> = past.origins().map(|o| past.at(o, cancel)).collect();
    Ok(added(found?))
}

/// What [`replay()`] looks back on, summed once for all origins, which can be gone through side by side.
pub struct Past<'a> {
    sales: &'a Sales,
    weekly: Vec<BTreeMap<i32, Sold>>,
    /// Revenue by kind and week.
    kinds: BTreeMap<&'a str, BTreeMap<i32, f64>>,
}

impl<'a> Past<'a> {
    /// Sums the sales by week.
    pub fn of(sales: &'a Sales) -> Self {
        let weekly = sales.weekly();
        Self {
            sales,
            kinds: kinds(sales, &weekly),
            weekly,
        }
    }

    /// The past dates at which advice is given, latest first.
    pub fn origins(&self) -> impl Iterator<Item = i32> + use<> {
        let (first, last) = (self.sales.first(), self.sales.last());
        (0..ORIGINS)
            .map(move |k| last - AFTER - k * APART)
            .take_while(move |origin| origin - first >= MIN_HISTORY)
    }

    /// The record of one origin.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Cancelled`].
    pub fn at(&self, origin: i32, cancel: Cancel<'_>) -> Result<Vec<Record>> {
        cancel.check()?;
        let then = self.sales.until(origin);
        let after = After {
            past: self,
            events: events(&self.sales.until(origin + AFTER)),
        };
        let mut records = Vec::new();
        for advice in apply(&then, cancel)? {
            cancel.check()?;
            if let Some(hit) = judge(&advice, &then, &after) {
                records.push(Record {
                    action: advice.action,
                    hits: u32::from(hit),
                    trials: 1,
                });
            }
        }
        Ok(added([records]))
    }
}

/// Records added up by action, in the order in which they first appear.
pub fn added(records: impl IntoIterator<Item = Vec<Record>>) -> Vec<Record> {
    let mut sums: Vec<Record> = Vec::new();
    for record in records.into_iter().flatten() {
        match sums.iter_mut().find(|r| r.action == record.action) {
            Some(sum) => {
                sum.hits += record.hits;
                sum.trials += record.trials;
            }
            None => sums.push(record),
        }
    }
    sums
}

/// What came after an origin, for all advice of it.
struct After<'a> {
    past: &'a Past<'a>,
    /// Promotions up to the end of the weeks that judge.
    events: Vec<Event>,
}

fn kinds<'a>(
    sales: &'a Sales,
    weekly: &[BTreeMap<i32, Sold>],
) -> BTreeMap<&'a str, BTreeMap<i32, f64>> {
    let mut sums: BTreeMap<&str, BTreeMap<i32, f64>> = BTreeMap::new();
    for (item, weeks) in sales.items().iter().zip(weekly) {
        let kind = sums.entry(&item.kind).or_default();
        for (week, sold) in weeks {
            *kind.entry(*week).or_default() += sold.revenue;
        }
    }
    sums
}

/// Whether the advice turned out right; `None` where what followed does not tell.
fn judge(advice: &Recommendation, then: &Sales, after: &After<'_>) -> Option<bool> {
    let all = after.past.sales;
    let origin = then.last();
    let item = || then.items().iter().position(|i| i.name == advice.subject);
    match advice.action {
        Action::Price => price(advice, item()?, then, after),
        Action::Promote => {
            let kind = &then.items().get(item()?)?.kind;
            let week = Sales::week(origin + 1);
            let later: Vec<_> = after
                .events
                .iter()
                .copied()
                .filter(|e| e.start >= week)
                .filter(|e| all.items().get(e.item).is_some_and(|i| i.kind == *kind))
                .collect();
            let n = later.len() as f64;
            let mean = later.iter().map(|e| e.gain).sum::<f64>() / n;
            (!later.is_empty()).then(|| mean_gain(&later).map_or(mean, |g| g.0) > 0.0)
        }
        Action::Restock => {
            let item = item()?;
            let rate = advice
                .evidence
                .get("values")?
                .get("lines_per_day")?
                .as_f64()?;
            let mine = |from, to| {
                let lines = all.between(from, to).iter();
                lines
                    .filter(|l| l.item as usize == item)
                    .collect::<Vec<_>>()
            };
            let back = mine(origin + 1, origin + HORIZON).first().map(|l| l.day);
            Some(back.is_some_and(|day| {
                let days = 14;
                let sold: f64 = mine(day, day + days - 1)
                    .iter()
                    .map(|l| l.lines.max(1.0))
                    .sum();
                sold >= 0.5 * rate * f64::from(days)
            }))
        }
        Action::Delist => Some(kept_shrinking(all, item()?, origin)),
        Action::Expand => {
            let item = item()?;
            let values = advice.evidence.get("values")?;
            let channel = values.get("channel")?.as_str()?;
            let lines: Vec<_> = all
                .between(origin + 1, all.last())
                .iter()
                .filter(|l| l.item as usize == item)
                .filter(|l| {
                    all.channels()
                        .get(l.channel as usize)
                        .is_some_and(|c| c == channel)
                })
                .collect();
            let first = lines.first()?.day;
            if first + HORIZON > all.last() {
                return None;
            }
            let sold: f64 = lines
                .iter()
                .filter(|l| l.day < first + HORIZON)
                .map(|l| l.revenue)
                .sum();
            Some(sold >= 0.5 * advice.expected_uplift?)
        }
        Action::Reallocate => {
            let ((up, _), (down, _)) = channels::movers(then)?;
            let sum = |channel: usize, from: i32, to: i32| -> f64 {
                let lines = all.between(from, to).iter();
                lines
                    .filter(|l| l.channel as usize == channel)
                    .map(|l| l.revenue)
                    .sum()
            };
            let growth =
                |c| sum(c, origin + 1, origin + AFTER) / sum(c, origin - AFTER + 1, origin);
            Some(growth(up) > growth(down))
        }
        Action::Diversify | Action::FixCause | Action::SetTarget => None,
    }
}

/// The natural experiment of a price that moved as advised, against the item's kind in the same weeks.
fn price(advice: &Recommendation, item: usize, then: &Sales, after: &After<'_>) -> Option<bool> {
    let values = advice.evidence.get("values")?;
    let old = values.get("price")?.as_f64()?;
    let up = values.get("step")?.as_f64()? > 0.0;
    let kind = &then.items().get(item)?.kind;
    let origin = Sales::week(then.last() + 1);
    let mine = after.past.weekly.get(item)?;
    let of_all = after.past.kinds.get(kind.as_str())?;
    let of_kind = |week: i32| {
        let own = mine.get(&week).map_or(0.0, |w| w.revenue);
        of_all.get(&week).copied().unwrap_or(0.0) - own
    };
    let revenue = |week: i32| mine.get(&week).map_or(0.0, |w| w.revenue);
    let moved: Vec<i32> = mine
        .range(origin..origin + AFTER / 7)
        .filter(|(_, w)| {
            let change = w.revenue / w.units / old - 1.0;
            if up {
                change >= MOVED
            } else {
                change <= -MOVED
            }
        })
        .map(|(week, _)| *week)
        .collect();
    // The weeks at about the old price, up to a quarter before and through the held-out weeks.
    let usual: Vec<i32> = mine
        .range(origin - 13..origin + AFTER / 7)
        .filter(|(_, w)| (w.revenue / w.units / old - 1.0).abs() < MOVED)
        .map(|(week, _)| *week)
        .collect();
    if moved.len() < 2 || usual.len() < 4 {
        return None;
    }
    let mean = |weeks: &[i32], f: &dyn Fn(i32) -> f64| {
        weeks.iter().map(|w| f(*w)).sum::<f64>() / weeks.len() as f64
    };
    let own = mean(&moved, &revenue) / mean(&usual, &revenue);
    let market = mean(&moved, &of_kind) / mean(&usual, &of_kind);
    let market = if market.is_finite() && market > 0.0 {
        market
    } else {
        1.0
    };
    own.is_finite().then_some(own > market)
}
