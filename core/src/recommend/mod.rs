//! What to do next: rules over sales lines, each with its uplift, its evidence and how often it was
//! right before.
//!
//! Every rule is a function from [`Sales`] (or from another feature's figures) to [`Recommendation`]s,
//! and knows how to judge its own past advice, which [`replay()`] does on held-out periods.

mod cause;
mod channels;
mod price;
mod promote;
mod range;
mod replay;
mod robust;
mod sales;
mod stock_out;

use serde_json::{Value, json};

pub use cause::{Gap, Goal, fix_cause, set_target};
pub use replay::{Past, Record, added, replay};
pub use sales::{Item, Line, Sales};
pub use stock_out::{StockOut, suspected_stock_outs, zero_runs};

use crate::elasticity::of_table;
use crate::{Cancel, Result};

/// Uplifts are over this many days ahead, four weeks.
pub(crate) const HORIZON: i32 = 28;
/// The level of the uplifts' intervals.
pub(crate) const LEVEL: f64 = 0.9;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Change a price.
    Price,
    /// Put on promotion.
    Promote,
    /// Look at the stock and reorder.
    Restock,
    /// Consider taking off the range.
    Delist,
    /// List in one more channel.
    Expand,
    /// Move effort between channels.
    Reallocate,
    /// Depend less on one channel.
    Diversify,
    /// Go after the cause of a gap.
    FixCause,
    /// Set a target.
    SetTarget,
}

impl Action {
    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Action::Price => "price",
            Action::Promote => "promote",
            Action::Restock => "restock",
            Action::Delist => "delist",
            Action::Expand => "expand",
            Action::Reallocate => "reallocate",
            Action::Diversify => "diversify",
            Action::FixCause => "fix_cause",
            Action::SetTarget => "set_target",
        }
    }

    /// The rule behind the action, with its version.
    pub fn rule(self) -> &'static str {
        match self {
            Action::Price => "price/1",
            Action::Promote => "promote/1",
            Action::Restock => "restock/1",
            Action::Delist => "delist/1",
            Action::Expand => "expand/1",
            Action::Reallocate => "reallocate/1",
            Action::Diversify => "diversify/1",
            Action::FixCause => "fix_cause/1",
            Action::SetTarget => "set_target/1",
        }
    }

    /// Days for which the advice stands before it should be asked for again.
    fn good_for(self) -> i32 {
        match self {
            Action::Restock => 7,
            Action::FixCause => 14,
            _ => HORIZON,
        }
    }
}

/// How far the figures carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The uplift is an estimate with its interval.
    Ok,
    /// The direction is supported, its size is not.
    Directional,
    /// A suspicion to be checked by a person, as with a stock-out.
    Suspected,
}

impl Status {
    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Directional => "directional",
            Status::Suspected => "suspected",
        }
    }
}

/// One piece of advice.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// What to do.
    pub action: Action,
    /// To what: an item, a kind or a channel.
    pub subject: String,
    /// Why, in plain words.
    pub reason: String,
    /// Expected change of revenue over the next four weeks, in its unit; `None` where only the
    /// direction is known.
    pub expected_uplift: Option<f64>,
    /// Lower end of its 90 % interval.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// Share of this rule's past advice that turned out right, 0 to 1; `None` if never put to the test.
    pub confidence: Option<f64>,
    /// The call that shows the evidence, the figures used, what would change our mind, and the expiry.
    pub evidence: Value,
    /// How far the figures carry.
    pub status: Status,
}

impl Recommendation {
    /// A row without figures, expiring as its action does after `today` (days since 1970-01-01).
    pub(crate) fn new(action: Action, subject: &str, reason: String, today: i32) -> Self {
        Self {
            action,
            subject: subject.to_owned(),
            reason,
            expected_uplift: None,
            lo: None,
            hi: None,
            confidence: None,
            evidence: json!({ "expires": date(today.saturating_add(action.good_for())) }),
            status: Status::Ok,
        }
    }

    pub(crate) fn uplift(mut self, expected: f64, lo: f64, hi: f64) -> Self {
        self.expected_uplift = Some(expected);
        self.lo = Some(lo.min(hi));
        self.hi = Some(hi.max(lo));
        self
    }

    pub(crate) fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// The call that opens the evidence, its figures, and what would change our mind.
    pub(crate) fn evidence(
        mut self,
        function: &str,
        args: Value,
        values: Value,
        mind: &str,
    ) -> Self {
        if let Value::Object(map) = &mut self.evidence {
            map.insert("function".to_owned(), json!(function));
            map.insert("args".to_owned(), args);
            map.insert("values".to_owned(), values);
            map.insert("would_change_our_mind".to_owned(), json!(mind));
        }
        self
    }
}

/// Applies the rules that need sales lines alone, with each rule's record in replay as its confidence.
///
/// The result is in order of [`rank`]. Advice on the same subject and action appears once.
///
/// # Errors
///
/// [`crate::Error::Cancelled`]. Too little data gives fewer rows, never an error.
pub fn recommend(sales: &Sales, cancel: Cancel<'_>) -> Result<Vec<Recommendation>> {
    Ok(weighed(apply(sales, cancel)?, &replay(sales, cancel)?))
}

/// Advice with its rules' records, in order of [`rank`].
pub fn weighed(mut rows: Vec<Recommendation>, records: &[Record]) -> Vec<Recommendation> {
    for row in &mut rows {
        let record = records.iter().find(|r| r.action == row.action);
        row.confidence = record.and_then(Record::hit_rate);
        if let (Value::Object(map), Some(record)) = (&mut row.evidence, record) {
            map.insert(
                "replay".to_owned(),
                json!({ "hits": record.hits, "trials": record.trials }),
            );
        }
    }
    rank(&mut rows);
    rows
}

/// The rules without their records; what [`replay()`] runs on the past.
///
/// # Errors
///
/// As [`recommend`].
pub fn apply(sales: &Sales, cancel: Cancel<'_>) -> Result<Vec<Recommendation>> {
    let (answers, expected) = of_table(&sales.table(), price::CLEAR, cancel)?;
    let mut rows = price::rule(sales, &answers);
    rows.extend(promote::rule(sales));
    rows.extend(stock_out::rule(sales, &expected));
    rows.extend(range::delist(sales));
    rows.extend(range::expand(sales));
    rows.extend(channels::reallocate(sales));
    rows.extend(channels::diversify(sales));
    Ok(rows)
}

/// Orders advice by what it is expected to bring, weighed by how often its rule was right.
///
/// An unknown confidence counts as 1/2. Money that is only saved from being at risk (`delist`,
/// `diversify`) and directions without a size follow, in order of action and subject.
pub fn rank(rows: &mut [Recommendation]) {
    let worth = |r: &Recommendation| match (r.action, r.expected_uplift) {
        (Action::Delist | Action::Diversify, _) | (_, None) => 0.0,
        (_, Some(uplift)) => uplift.max(0.0) * r.confidence.unwrap_or(0.5),
    };
    rows.sort_by(|a, b| {
        worth(b)
            .total_cmp(&worth(a))
            .then_with(|| a.action.cmp(&b.action))
            .then_with(|| a.subject.cmp(&b.subject))
    });
}

/// The ISO date of a day counted from 1970-01-01.
pub(crate) fn date(day: i32) -> String {
    chrono::DateTime::from_timestamp(i64::from(day) * 86_400, 0)
        .map(|d| d.date_naive().to_string())
        .unwrap_or_default()
}

/// A fraction as a whole percentage, for reasons.
pub(crate) fn percent(fraction: f64) -> String {
    format!("{:.0} %", fraction * 100.0)
}

/// Money in whole units, for reasons.
pub(crate) fn money(amount: f64) -> String {
    crate::words::grouped(amount, 0)
}

#[cfg(test)]
mod tests;
