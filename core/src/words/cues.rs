//! Rules of language: words and constructions that speak for a function, with the weight of each.

mod table;

use std::sync::LazyLock;

use chrono::NaiveDate;

use super::router::{FUNCTIONS, number};
use super::slots::{Pattern, Slots};
use super::time::Moment;
use table::CUES;

/// Words for what can be ranked or split.
const DIM: &str = r"(?:brands?|labels?|skus?|products?|items?|articles?|sellers?|channels?|platforms?|marketplaces?|retailers?|outlets?|shops|vendors?|suppliers?|distributors?|types?|categor(?:y|ies)|tiers?|weekdays?|days? of the week|customers?|buyers?|shoppers|clients?)";
/// Words for what is counted.
const MET: &str = r"(?:revenues?|sales|turnover|units?|volumes?|quantit(?:y|ies)|pieces|asp|aov|orders|returns?|price|return rate|business|takings|money)";

static PATTERNS: LazyLock<Vec<(usize, f64, Option<regex_lite::Regex>)>> = LazyLock::new(|| {
    CUES.iter()
        .filter_map(|(function, weight, pattern)| {
            let pattern = pattern.replace("{DIM}", DIM).replace("{MET}", MET);
            Some((
                number(function)?,
                *weight,
                regex_lite::Regex::new(&pattern).ok(),
            ))
        })
        .collect()
});

/// The patterns, for the list of words that are no slips.
pub(crate) fn patterns() -> impl Iterator<Item = &'static str> {
    CUES.iter()
        .map(|(_, _, pattern)| *pattern)
        .chain([DIM, MET])
}

static VAGUE: Pattern = Pattern::new(
    r"^(?:(?:please|can|you|could|me|show|give|tell|compare|data|numbers?|sales|the|a|it|that|this|something|help|what|how|why|ok|and|now|more|again|all|everything|list|results?|info|information|stuff|things?|some|about|do|get|go|yes|no|,|i|want|need|to|see|report) ?)*$",
);
static ASK_PRICE_CHANGE: Pattern =
    Pattern::new(r"\b(?:prices?|volume|units|demand|sells?|sold|cheaper|discount)\b");
static TARGET_WORD: Pattern = Pattern::new(
    r"\b(?:targets?|goals?|objectives?|quotas?|plan|budgets?|aim|track|pace|achievable|realistic)\b|목표",
);
static LEFT_OUT: Pattern = Pattern::new(
    r",? ?\b(?:except(?:ing)?|excluding|without|w ?/? ?o|ignoring|omitting|leaving (?:out|aside)|other than|apart from|aside from|besides|not (?:counting|including)|outside(?: of)?|everything but|all but)(?: for| the| on| our| all)* E\d+(?: ?(?:,|and|or|nor) ?(?:the |on |in )*E\d+)*",
);
/// "Since A is our smallest channel, how much …", "We had a bad May. What …": what is told first, then what is asked.
static BY_THE_WAY: Pattern = Pattern::new(
    r"^(?:since|as|given|because|now that|seeing that|considering|we|i|they|there|it|our|my|the|can you believe|after|last time)\b.*\b(?:is|are|am|was|were|has|have|had|did|believe|think|hear|heard|see|saw|read|noticed|need|got|told|said|\w+ed)\b.*, (?:anyway |so |and |but |now |, )*((?:how|what|which|who|when|where|why|show|give|tell|is|are|was|were|did|does|do|has|have|will|any|list|name|compare|plot|predict|forecast) .*)$",
);
static MARK_T: Pattern = Pattern::new(r"^T\d+$");
/// One stretch from a first day to a last one.
static STRETCH: Pattern = Pattern::new(
    r"\bfrom (?:the )?T0 (?:to|until|till|through|-) (?:the )?T1|T0 (?:through|until|till) (?:the )?T1",
);
/// "outliers week by week" are still outliers.
static ODD_DAYS: Pattern =
    Pattern::new(r"\b(?:anomal\w+|outliers?|unusual\w*|abnormal\w*|spikes?|level shifts?)\b");
static WHY: Pattern = Pattern::new(
    r"\b(?:why|drivers?|drove|driving|reasons?|cause[sd]?|behind|explain\w*|happened)\b|왜|원인|이유",
);
static SIDE_BY_SIDE: Pattern = Pattern::new(
    r"\bE(\d+)(?: D\d+)?(?: (?:do|does|did|doing|done|far(?:e|ed|ing)|perform\w*|s[eo]l[ld]\w*))? (?:vs|versus|against|or) (?:the )?E(\d+)(?: D\d+)?(?:$| ,| (?:T\d+|M\d+|in|on|at|by|for|over|during|which|who)\b)",
);
static SHARE: Pattern = Pattern::new(r"\bshares?\b|비중|점유");
static AHEAD_VERB: Pattern = Pattern::new(
    r"\b(?:will|going to|expect\w*|forecast\w*|predict\w*|outlook|project\w*|heading|likely|land|hit|reach|make|next|target|goal|aim|achievable|realistic|on track|shall)\b|예측|전망|예상|까|목표",
);

/// What is asked after something was told.
fn asked(text: &str) -> Option<String> {
    let hit = BY_THE_WAY.captures(text)?;
    let asked = hit.get(1)?.as_str();
    // "We lost Ocado, what now?" is asked of what was told.
    (asked.split(' ').count() >= 4).then(|| asked.to_owned())
}

/// How many times are only told of, where what is asked names its own.
pub(crate) fn told_times(slots: &Slots) -> usize {
    let count = |text: &str| text.split(' ').filter(|w| MARK_T.is_in(w)).count();
    match asked(&slots.plain).map_or(0, |asked| count(&asked)) {
        0 => 0,
        own => count(&slots.plain) - own,
    }
}

/// Adds what the rules say for each function.
pub(crate) fn score(slots: &Slots, asof: NaiveDate) -> [f64; FUNCTIONS.len()] {
    let mut scores = [0.0; FUNCTIONS.len()];
    let text = &slots.plain;
    // What is left out says nothing about the function: "revenue not counting A or B" is a value.
    let bare = LEFT_OUT
        .regex()
        .map(|r| {
            r.replace_all(text, " ")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .unwrap_or_default();
    let text = &asked(text).unwrap_or_else(|| text.clone());
    let bare = asked(&bare).unwrap_or(bare);
    let mut add = |function: &str, weight: f64| {
        if let Some(score) = number(function).and_then(|n| scores.get_mut(n)) {
            *score += weight;
        }
    };
    for (function, weight, pattern) in PATTERNS.iter() {
        let Some(name) = FUNCTIONS.get(*function) else {
            continue;
        };
        let text = if *name == "none" { text } else { &bare };
        if pattern.as_ref().is_some_and(|p| p.is_match(text)) {
            add(name, *weight);
        }
    }
    let ahead = slots.times.iter().any(|t| t.is_ahead(asof));
    let target = TARGET_WORD.is_in(text);
    let why = WHY.is_in(text);
    if ahead {
        add(
            if target {
                "suggest_targets"
            } else {
                "forecast"
            },
            3.0,
        );
        add("forecast", 1.0);
        add("attainment", -1.0);
        add("value", -2.5);
        add("breakdown", -1.5);
    } else if target && !slots.times.is_empty() {
        add("attainment", 0.8);
    }
    if slots.times.iter().any(|t| t.is_baseline_only()) {
        add("compare", 3.0);
        add("value", -1.5);
        add("history", -2.0);
    }
    let spans = slots
        .times
        .iter()
        .filter(|t| t.span(asof, false).is_some())
        .count();
    if spans >= 2 && !ahead && !STRETCH.is_in(&slots.text) {
        add("compare", 1.6);
    }
    // "Naver against Kurly" ranks the two; only two times compare.
    if SIDE_BY_SIDE.is_in(&slots.text) && slots.times.len() < 2 && !why && !target {
        let of_one = |c: regex_lite::Captures<'_>| {
            let index = |i| c.get(i).and_then(|m| m.as_str().parse::<usize>().ok());
            let dimension = |i| {
                let index = index(i)?;
                let kept = !slots.excluded.get(index).copied().unwrap_or(false);
                slots
                    .mentions
                    .get(index)
                    .filter(|_| kept)
                    .map(|m| &m.dimension)
            };
            dimension(1).is_some() && dimension(1) == dimension(2)
        };
        if SIDE_BY_SIDE.captures(&slots.text).is_some_and(of_one)
            && !slots.times.iter().any(|t| t.is_baseline_only())
        {
            if slots.grain().is_some() {
                // Each over time, not against the other.
                add("compare", -3.0);
            } else {
                add("breakdown", 4.0);
            }
        }
    }
    if slots.grain().is_some() && !ahead {
        // "quarterly revenue per brand" is a series of each, not a ranking.
        add(
            "history",
            if slots.dimensions.is_empty() {
                2.4
            } else {
                3.4
            },
        );
        // Figures of the moment have no steps.
        add("scorecard", -3.0);
    }
    // A number with a sign or a percent speaks of a change only where something changes.
    if !slots.percents.is_empty() && ASK_PRICE_CHANGE.is_in(text) {
        add("what_if", 1.5);
    }
    if why {
        for function in ["compare", "history", "breakdown"] {
            add(function, -1.5);
        }
    }
    // Their part of revenue is one figure, however new they are.
    if slots.metrics.iter().any(|m| m.starts_with("new_sku")) {
        add("value", 2.0);
        add("launch_curve", -3.0);
    }
    // A share is of something, and no value of its own, unless a metric is one.
    if SHARE.is_in(text) && !slots.metrics.iter().any(|m| m.ends_with("_share")) {
        add("breakdown", 1.0);
        add("value", -1.5);
    }
    if !slots.metrics.is_empty() && slots.dimensions.is_empty() && slots.words <= 6 {
        add("value", 0.8);
    }
    if slots.mentions.is_empty()
        && slots.times.is_empty()
        && slots.dimensions.is_empty()
        && VAGUE.is_in(text)
        && slots.metrics.len() < 2
        && slots.words <= 4
    {
        add("none", 6.0);
    }
    if ODD_DAYS.is_in(text) {
        add("history", -4.0);
    }
    if slots.empty {
        add("none", 20.0);
    }
    add("none", stranger_weight(slots));
    scores
}

static NAME_PLACE: Pattern = Pattern::new(
    r"\b(?:of|for|did|does|do|is|was|has|on|at|from|with|vs|about|by|will|brand|vendor|channel|supplier|than|and|via|called|named) $",
);

static WHICH_PLACE: Pattern = Pattern::new(r"\b(?:which|what|our|the|whose) $");
static SELLS: Pattern = Pattern::new(
    r"^(?:sells?|sold|selling|do|does|did|are|is|was|were|has|have|will|perform\w*|grow\w*|grew|drop\w*|fell|rose)\b",
);

/// How much unknown words look like a member that is not there.
fn stranger_weight(slots: &Slots) -> f64 {
    let mut weight: f64 = 0.0;
    for stranger in &slots.strangers {
        let low = super::text::fold(stranger);
        let Some(at) = slots.plain.find(&format!("{low} ")).or_else(|| {
            slots
                .plain
                .ends_with(&low)
                .then(|| slots.plain.len().saturating_sub(low.len()))
        }) else {
            continue;
        };
        let before = slots.plain.get(..at).unwrap_or("");
        let after = slots.plain.get(at + low.len()..).unwrap_or("").trim_start();
        let place = NAME_PLACE.is_in(before)
            || WHICH_PLACE.is_in(before) && SELLS.is_in(after)
            || [
                "'s ", "sales", "revenue", "products", "doing", "do ", "perform", "sell", "brand",
                "units", "in T", "on E", "at E",
            ]
            .iter()
            .any(|w| after.starts_with(w));
        let capital = stranger.chars().next().is_some_and(char::is_uppercase)
            && stranger.chars().any(char::is_lowercase);
        weight += match (capital, place, before.trim().is_empty()) {
            (true, true, _) => 6.5,
            (true, false, false) => 4.0,
            (true, false, true) => 2.0,
            (false, true, _) => 4.0,
            (false, false, _) => 1.2,
        };
    }
    weight.min(9.0)
}

/// Whether the question looks ahead, so that a month without a year is the coming one.
pub(crate) fn looks_ahead(slots: &Slots) -> bool {
    AHEAD_VERB.is_in(&slots.plain)
}

/// Whether a time is only vague.
pub(crate) fn is_vague(moment: Moment) -> bool {
    matches!(moment, Moment::Lately | Moment::Always)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cue_compiles_and_names_a_function() {
        assert_eq!(PATTERNS.len(), CUES.len());
        for ((_, _, compiled), (function, _, pattern)) in PATTERNS.iter().zip(CUES) {
            assert!(compiled.is_some(), "{function}: {pattern}");
        }
    }
}
