//! What a change of price, promotion, units or assortment would do, inside what was seen before.

use crate::draw::{Draw, ascending, quantile};
use crate::{Error, Result};

/// Draws behind an interval: its ends are stable to about a fiftieth of its width.
const DRAWS: usize = 2_000;

/// A larger change of units is a slip of the pen.
const MOST_UNITS: f64 = 100.0;

/// A change to what the filter names, relative to now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// The price moves by this fraction: 0.05 is 5 % dearer.
    Price(f64),
    /// The price is cut by this fraction of the list price, as a promotion.
    Promotion(f64),
    /// Units move by this fraction, price unchanged.
    Units(f64),
    /// The items are taken off the shelf.
    Delist,
}

/// What is known about the subject of the change.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Simulated values of the metric without the change, one per joint path; at least one.
    pub baseline: &'a [f64],
    /// Elasticity of units and its standard deviation, where one was estimated.
    pub elasticity: Option<(f64, f64)>,
    /// The promotion's effect on log units beyond its price and its standard error, where seen.
    pub promotion: Option<(f64, f64)>,
    /// The price now.
    pub price: f64,
    /// The lowest and highest price seen.
    pub price_range: (f64, f64),
    /// Whether the metric is units rather than revenue: it does not carry the price itself.
    pub units_metric: bool,
}

/// Why there is an answer, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhatIfStatus {
    /// Answered.
    Ok,
    /// The new price was never seen: no answer.
    OutsideRange,
    /// No elasticity is known: no answer.
    NoElasticity,
    /// No promotion was seen: the answer rests on the price alone.
    NoPromotionSeen,
}

impl WhatIfStatus {
    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            WhatIfStatus::Ok => "ok",
            WhatIfStatus::OutsideRange => "outside_range",
            WhatIfStatus::NoElasticity => "no_elasticity",
            WhatIfStatus::NoPromotionSeen => "no_promotion_seen",
        }
    }
}

/// The metric with and without the change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Mean without the change.
    pub baseline: f64,
    /// Mean with the change, `None` without an answer.
    pub expected: Option<f64>,
    /// Lower end of its interval.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// Why there is an answer or none.
    pub status: WhatIfStatus,
}

/// Answers a change by joint draws of the baseline and of the elasticity.
///
/// Revenue moves by (1+Δp)^(1+ε), units by (1+Δp)^ε; a promotion also by e^lift. A delisted item sells
/// nothing: how much of it its neighbours win back is not known and not assumed.
///
/// * `level` - of the interval, in (0, 1).
///
/// # Errors
///
/// [`Error::OutOfRange`] for a change below −100 %, a promotion outside of [0, 1), units times more than a hundred, or
/// `level`;
/// [`Error::TooShort`] for an empty baseline.
pub fn what_if(change: Change, subject: &Subject<'_>, level: f64, seed: u64) -> Result<Answer> {
    let (amount, accepted) = match change {
        Change::Price(v) => (v, v > -1.0),
        Change::Promotion(v) => (v, (0.0..1.0).contains(&v)),
        Change::Units(v) => (v, (-1.0..=MOST_UNITS).contains(&v)),
        Change::Delist => (0.0, true),
    };
    if !accepted || !amount.is_finite() {
        return Err(Error::OutOfRange {
            name: "change",
            value: amount.to_string(),
            accepted: "a fraction: above -1, from 0 to below 1 for a promotion, from -1 to 100 for units",
        });
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::OutOfRange {
            name: "level",
            value: level.to_string(),
            accepted: "between 0 and 1, both excluded",
        });
    }
    if subject.baseline.is_empty() {
        return Err(Error::TooShort {
            what: "baseline",
            have: 0,
            need: 1,
        });
    }
    let baseline = subject.baseline.iter().sum::<f64>() / subject.baseline.len() as f64;
    let answer = |draws: Vec<f64>, status| {
        let mean = draws.iter().sum::<f64>() / draws.len().max(1) as f64;
        let sorted = ascending(&draws);
        let tail = (1.0 - level) / 2.0;
        Answer {
            baseline,
            expected: Some(mean),
            lo: quantile(&sorted, tail),
            hi: quantile(&sorted, 1.0 - tail),
            status,
        }
    };
    let none = |status| Answer {
        baseline,
        expected: None,
        lo: None,
        hi: None,
        status,
    };
    let (shift, lift) = match change {
        Change::Units(v) => {
            let draws = subject.baseline.iter().map(|b| b * (1.0 + v)).collect();
            return Ok(answer(draws, WhatIfStatus::Ok));
        }
        Change::Delist => {
            let draws = vec![0.0; subject.baseline.len()];
            return Ok(answer(draws, WhatIfStatus::Ok));
        }
        Change::Price(v) => (v, None),
        Change::Promotion(v) => (-v, subject.promotion),
    };
    let Some((mean, sd)) = subject.elasticity else {
        return Ok(none(WhatIfStatus::NoElasticity));
    };
    let then = subject.price * (1.0 + shift);
    let (lowest, highest) = subject.price_range;
    // A cent of rounding is not a new price.
    if then < lowest * (1.0 - 1e-6) || then > highest * (1.0 + 1e-6) {
        return Ok(none(WhatIfStatus::OutsideRange));
    }
    let status = match (change, lift) {
        (Change::Promotion(_), None) => WhatIfStatus::NoPromotionSeen,
        _ => WhatIfStatus::Ok,
    };
    let mut draw = Draw::new(seed);
    // Each total as often as the others: drawn at random, their own spread would hide what a small change does.
    let rounds = DRAWS.div_ceil(subject.baseline.len());
    let draws = (0..rounds)
        .flat_map(|_| subject.baseline)
        .map(|base| {
            let slope = mean + sd * draw.normal();
            let extra = lift.map_or(0.0, |(l, se)| l + se * draw.normal());
            let power = if subject.units_metric {
                slope
            } else {
                slope + 1.0
            };
            base * (power * (1.0 + shift).ln() + extra).exp()
        })
        .collect();
    Ok(answer(draws, status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(baseline: &[f64]) -> Subject<'_> {
        Subject {
            baseline,
            elasticity: Some((-2.0, 0.0)),
            promotion: None,
            price: 100.0,
            price_range: (80.0, 110.0),
            units_metric: false,
        }
    }

    #[test]
    fn effects_by_hand() {
        let s = subject(&[1000.0]);
        let a = what_if(Change::Price(0.05), &s, 0.9, 1).unwrap();
        assert!((a.expected.unwrap() - 1000.0 / 1.05).abs() < 1e-9);
        let far = what_if(Change::Price(0.2), &s, 0.9, 1).unwrap();
        assert_eq!(
            (far.expected, far.status),
            (None, WhatIfStatus::OutsideRange)
        );
        let u = what_if(Change::Units(-0.1), &s, 0.9, 1).unwrap();
        assert!((u.expected.unwrap() - 900.0).abs() < 1e-9);
        assert_eq!(
            what_if(Change::Delist, &s, 0.9, 1).unwrap().expected,
            Some(0.0)
        );
        let promo = Subject {
            promotion: Some((0.5, 0.0)),
            ..s
        };
        let p = what_if(Change::Promotion(0.2), &promo, 0.9, 1).unwrap();
        assert!((p.expected.unwrap() - 1000.0 / 0.8 * 0.5_f64.exp()).abs() < 1e-9);
        let unknown = Subject {
            elasticity: None,
            ..s
        };
        let n = what_if(Change::Price(0.05), &unknown, 0.9, 1).unwrap();
        assert_eq!(n.status, WhatIfStatus::NoElasticity);
        assert!(what_if(Change::Price(-1.0), &s, 0.9, 1).is_err());
        assert!(what_if(Change::Price(0.0), &subject(&[]), 0.9, 1).is_err());
    }

    #[test]
    fn a_small_change_shows_beside_a_wide_forecast() {
        // A product that sells now and then: most totals are far from their mean.
        let totals: Vec<f64> = (0..700).map(|i| f64::from(i % 7) * 1e5).collect();
        let s = Subject {
            elasticity: Some((-1.7, 0.2)),
            ..subject(&totals)
        };
        let none = what_if(Change::Price(0.0), &s, 0.9, 1).unwrap();
        assert!((none.expected.unwrap() / 3e5 - 1.0).abs() < 1e-12);
        let cut = what_if(Change::Price(-0.05), &s, 0.9, 1).unwrap();
        let gain = cut.expected.unwrap() / cut.baseline;
        assert!((gain - 0.95_f64.powf(-0.7)).abs() < 1e-3, "{gain}");
    }

    #[test]
    fn intervals_widen_with_doubt() {
        let wide = Subject {
            elasticity: Some((-2.0, 0.8)),
            ..subject(&[1000.0])
        };
        let a = what_if(Change::Price(0.1), &wide, 0.9, 1).unwrap();
        assert!(a.lo.unwrap() < 850.0 && a.hi.unwrap() > 960.0, "{a:?}");
        assert_eq!(Ok(a), what_if(Change::Price(0.1), &wide, 0.9, 1));
    }
}
