//! Advice from other features' figures: a driver's gap, and a period without a target.

use serde_json::{Value, json};

use super::{Action, LEVEL, Recommendation, Status, money, percent};
use crate::customer::wilson;

/// A gap is worth a row from this adjusted p on.
const MAX_P: f64 = 0.05;
/// The share of a gap that past gaps won back within four weeks where none was seen yet: a half, with
/// the weight of two gaps.
const PRIOR_RECOVERY: f64 = 0.5;
const PRIOR_WEIGHT: f64 = 2.0;

/// A significant segment from `drivers`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// The segment, ready to print.
    pub member: String,
    /// The segment as a filter.
    pub members: Value,
    /// Revenue in the period.
    pub value: f64,
    /// Revenue expected from what the rest of the business did.
    pub expected: f64,
    /// The segment's adjusted p.
    pub p: f64,
    /// The calls' arguments, so that a click opens `drivers` again.
    pub args: Value,
    /// Shares of earlier gaps that were won back within four weeks, 0 to 1 each; possibly none.
    pub recovered: Vec<f64>,
}

/// Go after the cause of a significant negative gap; `None` for any other.
///
/// What can be won back is the historical recovery share of the gap, with the shares' interval.
pub fn fix_cause(gap: &Gap, today: i32) -> Option<Recommendation> {
    let size = gap.expected - gap.value;
    // Written so that NaN gives no advice.
    if !(size > 0.0 && size.is_finite() && gap.p <= MAX_P) {
        return None;
    }
    let shares: Vec<f64> = gap.recovered.iter().map(|s| s.clamp(0.0, 1.0)).collect();
    let n = shares.len() as f64;
    let share = (shares.iter().sum::<f64>() + PRIOR_RECOVERY * PRIOR_WEIGHT) / (n + PRIOR_WEIGHT);
    // As many won and lost as the mean says: the widest spread shares inside 0 and 1 can have.
    let interval = wilson(
        (share * (n + PRIOR_WEIGHT)).round() as u64,
        (n + PRIOR_WEIGHT) as u64,
        LEVEL,
    )?;
    let reason = format!(
        "{} sold {}, {} below the {} that the rest of the business would suggest. Its cause is inside this \
         segment.",
        gap.member,
        money(gap.value),
        percent(size / gap.expected),
        money(gap.expected),
    );
    Some(
        Recommendation::new(Action::FixCause, &gap.member, reason, today)
            .uplift(size * share, size * interval.lo.min(share), size * interval.hi.max(share))
            .evidence(
                "drivers",
                gap.args.clone(),
                json!({ "members": gap.members, "gap": size, "p_adj": gap.p, "recovery_share": share }),
                "A known one-off in the period before, or a change that was meant.",
            ),
    )
}

/// A coming period without a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// The metric.
    pub metric: String,
    /// The period, ready to print.
    pub period: String,
    /// The median of the simulated total.
    pub commit: f64,
    /// The stretch target.
    pub stretch: f64,
    /// The chance of reaching the stretch target, 0 to 1.
    pub p_stretch: f64,
    /// Whether the stretch target is inside the natural limits.
    pub achievable: bool,
}

/// Set a target for a period that has none; `None` where the figures are not sound.
pub fn set_target(goal: &Goal, today: i32) -> Option<Recommendation> {
    let more = goal.stretch - goal.commit;
    if !(more > 0.0 && more.is_finite() && goal.commit > 0.0) {
        return None;
    }
    let reason = format!(
        "{} has no target for {}: commit to {}, stretch to {}, which is reached {} of the time{}.",
        goal.metric,
        goal.period,
        money(goal.commit),
        money(goal.stretch),
        percent(goal.p_stretch),
        if goal.achievable {
            ""
        } else {
            " only if the process changes: it is above the natural limit"
        },
    );
    Some(
        Recommendation::new(Action::SetTarget, &goal.metric, reason, today)
            // Nobody is known to sell more because of a target.
            .status(Status::Directional)
            .evidence(
                "suggest_targets",
                json!({ "metric": goal.metric, "period": goal.period }),
                json!({ "commit": goal.commit, "stretch": goal.stretch, "p_stretch": goal.p_stretch }),
                "A plan that the history does not know of: a launch, a new channel, a price list.",
            ),
    )
}
