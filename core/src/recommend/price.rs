//! Prices that sit on the wrong side of elasticity -1.

use serde_json::json;

use super::sales::Sales;
use super::{Action, HORIZON, LEVEL, Recommendation, money, percent};
use crate::draw::{Draw, ascending, quantile};
use crate::elasticity::{Elasticities, Estimate, Status};

/// The level at which an elasticity must be clear of -1 and of 0.
pub(super) const CLEAR: f64 = 0.95;
/// Guards of definitions §4: weeks off the usual price, variation, and the largest step.
const MIN_PRICE_WEEKS: usize = 8;
const MIN_CV: f64 = 0.03;
const MAX_STEP: f64 = 0.10;
/// A step below this is lost in price endings.
const MIN_STEP: f64 = 0.02;
/// Draws of the elasticity behind an uplift's interval.
const DRAWS: usize = 400;

/// Revenue rises with the price where demand answers weakly, and falls with it where it answers strongly.
///
/// Demand must answer at all: an interval that reaches 0 is no reason to raise a price, or data without
/// any price response (shuffled prices) would recommend it everywhere.
pub(super) fn rule(sales: &Sales, answers: &Elasticities) -> Vec<Recommendation> {
    let recent = sales.revenue(sales.last() - 2 * HORIZON + 1, sales.last());
    let mut rows = Vec::new();
    for (at, (e, item)) in answers.items.iter().zip(sales.items()).enumerate() {
        let baseline = recent.get(at).copied().unwrap_or(0.0) / 2.0;
        if let Some(step) = step(e).filter(|_| baseline > 0.0) {
            rows.extend(advise(
                e,
                step,
                &item.name,
                baseline,
                sales.last(),
                at as u64,
            ));
        }
    }
    rows
}

/// The relative price step that the estimate supports, if any.
fn step(e: &Estimate) -> Option<f64> {
    let (lo, hi) = (e.lo?, e.hi?);
    let known = matches!(e.status, Status::Ok | Status::Pooled);
    if !known || e.price_weeks < MIN_PRICE_WEEKS || e.price_cv < MIN_CV || e.price <= 0.0 {
        return None;
    }
    let step = if lo > -1.0 && hi < 0.0 {
        (e.price_range.1 / e.price - 1.0).min(MAX_STEP)
    } else if hi < -1.0 {
        (e.price_range.0 / e.price - 1.0).max(-MAX_STEP)
    } else {
        return None;
    };
    (step.abs() >= MIN_STEP).then_some(step)
}

fn advise(
    e: &Estimate,
    step: f64,
    name: &str,
    baseline: f64,
    today: i32,
    seed: u64,
) -> Option<Recommendation> {
    let (mean, sd) = (e.elasticity?, e.sd?);
    let mut draw = Draw::new(seed);
    let effects: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let power = 1.0 + mean + sd * draw.normal();
            baseline * ((power * (1.0 + step).ln()).exp() - 1.0)
        })
        .collect();
    let sorted = ascending(&effects);
    let expected = effects.iter().sum::<f64>() / effects.len() as f64;
    let tail = (1.0 - LEVEL) / 2.0;
    let (verb, answer) = if step > 0.0 {
        ("Raise", "weakly")
    } else {
        ("Lower", "strongly")
    };
    let reason = format!(
        "{verb} the price by {}, to {}: demand answers {answer} to it, a price change of 1 % moved units \
         by {:.1} % ({:.1} to {:.1}) over {} weeks. Margin is not known here.",
        percent(step.abs()),
        money(e.price * (1.0 + step)),
        mean,
        e.lo?,
        e.hi?,
        e.weeks,
    );
    Some(
        Recommendation::new(Action::Price, name, reason, today)
            .uplift(expected, quantile(&sorted, tail)?, quantile(&sorted, 1.0 - tail)?)
            .evidence(
                "elasticity",
                // With all items: an item alone would not be held to its kind.
                json!({ "by": ["sku"], "level": CLEAR }),
                json!({
                    "elasticity": mean, "lo": e.lo, "hi": e.hi, "price": e.price, "step": step,
                    "price_lo": e.price_range.0, "price_hi": e.price_range.1,
                    "price_weeks": e.price_weeks, "baseline": baseline,
                }),
                "A cost that leaves no margin at the new price, or a price test that shows otherwise.",
            ),
    )
}
