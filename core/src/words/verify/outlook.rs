//! What lies ahead is not told as if it had happened, nor as certain.

use super::super::pattern::Pattern;
use super::base::Base;
use super::figures::is_only_of;
use super::numbers::Said;
use super::{Fault, FaultKind};

static CERTAIN: Pattern = Pattern::new(
    r"\b(?:certain(?:ty|ly)? (?:to|that|of)|it is certain|it's certain|is certain\b|are certain\b|no chance|sure to|surely|bound to|no doubt|without doubt|undoubtedly|inevitabl[ey])|반드시|틀림없|확실히|확실합",
);
static UNCERTAIN: Pattern = Pattern::new(
    r"\b(?:not|nor|never|no|far from|less than|hardly) (?:\w+ )?(?:certain|sure)|not bound to",
);

/// Words that make a figure one of the future.
static HEDGE: Pattern = Pattern::new(
    r"\b(?:forecast\w*|expect\w*|will|would|should|could|can|may|might|predict\w*|project(?:s|ed|ions?)?|estimat\w*|likely|probab\w*|chances?|odds|outlook|ahead|median|midpoint|quantiles?|percentiles?|intervals?|range|bounds?|if|suggest\w*|potential\w*|plan\w*|scenario|case|assum\w*|upside|uplift|to come|on course|on track|model\w*)\b|예상|예측|전망|것으로|추정|가능|이면|하면|구간|중앙|분위|상한|하한|기준",
);
/// Words for a target, which is ahead unless it is said to have been reached.
static TARGET: Pattern =
    Pattern::new(r"\b(?:targets?|goals?|stretch|commit\w*|ambitious|ambition)\b|목표|도전|약속");
static PAST: Pattern = Pattern::new(
    r"\b(?:was|were|has|had|came|became|rose|fell|grew|dropped|increased|decreased|gained|lost|lifted|raised|added|recorded|posted|generated|totall?ed|amounted|closed|ended|stood)\b|[했였었았됐]습니다|[했였었았됐]다",
);
static REACHED: Pattern = Pattern::new(
    r"\b(?:achieved|came to|amounted to|stood at|reached|hit|met|exceeded|beat|earned|sold|made|brought|took|delivered)\b|달성했|기록했|넘었|넘겼|벌었|팔았|올렸",
);

/// Columns of a function's rows that no one has seen yet.
fn ahead(kind: &str) -> &'static [&'static str] {
    match kind {
        "forecast" => &["forecast", "lo", "hi"],
        "total" => &["value"],
        "what_if" => &["expected", "baseline", "lo", "hi"],
        "recommend" => &["expected_uplift", "lo", "hi"],
        "suggest_targets" => &["commit", "stretch_target", "ambitious"],
        "attainment" => &["expected_end", "lo", "hi"],
        _ => &[],
    }
}

/// Refuses certainty, and figures of the future with verbs of the past and nothing that says so.
pub(super) fn outlook(
    kind: &str,
    sentence: &str,
    figures: &[Said],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    if let Some(hit) = CERTAIN.captures(sentence).and_then(|c| c.get(0))
        && !UNCERTAIN.is_in(sentence)
    {
        faults.push(Fault::new(FaultKind::Claim, hit.as_str()));
    }
    let told_as_past = REACHED.is_in(sentence) || PAST.is_in(sentence) && !TARGET.is_in(sentence);
    if !told_as_past || HEDGE.is_in(sentence) {
        return;
    }
    for number in figures {
        if is_only_of(ahead(kind), number, base, |_| true) {
            faults.push(Fault::new(FaultKind::Claim, &number.raw));
        }
    }
}
