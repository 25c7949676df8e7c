//! From a question to a plan: one function with checked arguments and how sure we are of it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::args::{self, Args};
use super::catalogue::Catalogue;
use super::cues;
use super::router::{self, FUNCTIONS};
use super::slots::{self, Pattern, Slots};
use super::time::{self, Moment};

/// Longest question read; more is refused.
pub const QUESTION_CHARS: usize = 500;

/// Below this confidence `ask` offers readings in place of an answer.
pub const SURE: f64 = 0.4;

/// What a question means: a function of schema `kpi` and its arguments.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Plan {
    /// A function of [`FUNCTIONS`]; `none` where there is no answer to be had.
    pub function: String,
    /// Arguments by name; what the function's own default gives is left out.
    #[serde(default)]
    pub args: Map<String, Value>,
    /// Probability, 0 to 1, that this is what was meant.
    #[serde(default)]
    pub confidence: f64,
    /// Other readings, most likely first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Plan>,
}

impl Plan {
    /// The plan that refuses.
    pub fn none(confidence: f64) -> Plan {
        Plan {
            function: "none".into(),
            args: Map::new(),
            confidence,
            alternatives: Vec::new(),
        }
    }
}

static FOLLOW_UP: Pattern = Pattern::new(
    r"^(?:and|but|or|now|then|ok|okay|no|yes|so|only|just|same|the same|what about|how about|without|with|in|for|by|per|make (?:it|that)|instead|also|excluding|except|vs|compared|versus|why|as|on|at|again|show (?:it|that|this|me that|them)|not|hmm|sorry|rather|of those|break (?:it|that) down|split (?:it|that)|please|including|plus|from|during|over|top|bottom|M\d|D\d|E\d|T\d|weekly|daily|monthly|quarterly|is that|was that|are those|forecast (?:it|that)|more|less)\b|^(?:그럼|그리고|그러면|근데|그중|그건|왜|이건|그거|같은)",
);
static BACK_REFERENCE: Pattern = Pattern::new(
    r"\b(?:it|that|this|those|them|they|same|instead|there|these|one|ones)$|\b(?:about it|about that|about this|of those|of them|the same|that change|that drop|that rise|this change|do it|for it|it too)\b",
);

/// Marks of a SQL statement that reaches for more than sales.
static STATEMENT: Pattern = Pattern::new(
    r"\bpg_\w+|information_schema|;\s*(?:select|insert|update|delete|drop|create|alter|grant|revoke|truncate|copy|set|reset|with|do|call|execute|prepare|listen|notify|begin|commit|rollback|vacuum|explain|lock|load|show)\b|--\s*$|/\*|\bunion\s+(?:all\s+)?select|select\s+\*|</?\w+>|\b(?:from|into|join|update|table|truncate) [a-z_]+\.[a-z_]+|\bset\s+(?:role|session)|\$\$|\bset_config|dblink|lo_import|\binto\s+outfile",
);

/// Reads `question` against what the source holds; `context` is the plan of the question before.
///
/// Never fails: what cannot be answered is the function `none`. Cost: below 10 ms with some thousand
/// members in a release build; `tools/test-words` holds it to that.
pub fn plan(question: &str, context: Option<&Plan>, catalogue: &Catalogue) -> Plan {
    let length = question.chars().count();
    let odd = question
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r'));
    // "15" alone says something only after "what if prices rise by 10 %".
    let says = |c: char| c.is_alphabetic() || context.is_some() && c.is_ascii_digit();
    if length > QUESTION_CHARS || odd || !question.chars().any(says) {
        return Plan::none(0.99);
    }
    if STATEMENT.is_in(&question.to_lowercase()) {
        return Plan::none(0.97);
    }
    let slots = slots::read(question, catalogue);
    let ranked = router::route(&slots, catalogue);
    if let Some(previous) = context
        && previous.function != "none"
        && let Some(plan) = follow_up(&slots, &ranked, previous, catalogue)
    {
        return plan;
    }
    let mut plans: Vec<Plan> = Vec::new();
    for (function, probability) in &ranked {
        let Some(name) = FUNCTIONS.get(*function) else {
            continue;
        };
        if plans.len() >= 4 || (!plans.is_empty() && *probability < 0.02) {
            break;
        }
        let plan = build(name, &slots, *probability, catalogue);
        if !plans.iter().any(|p| p.function == plan.function) {
            plans.push(plan);
        }
    }
    if plans.is_empty() {
        return Plan::none(0.5);
    }
    let mut best = plans.remove(0);
    // Not a word of sales, and no rule that is sure: it is about something else.
    let silent = slots.mentions.is_empty()
        && slots.times.is_empty()
        && slots.metrics.is_empty()
        && slots.dimensions.is_empty()
        && slots.percents.is_empty();
    if silent && best.confidence < 0.2 {
        best = Plan::none(0.3);
    }
    best.alternatives = plans
        .into_iter()
        .filter(|p| p.function != "none")
        .take(3)
        .collect();
    best
}

/// A function settled on may still give way to its neighbour once the slots are looked at.
fn settle<'f>(function: &'f str, slots: &Slots, args: &Args) -> &'f str {
    match function {
        "value" if args.explicit_by => "breakdown",
        "value" if slots.grain().is_some() && args.grain_asked => "history",
        other => other,
    }
}

fn build(function: &str, slots: &Slots, probability: f64, catalogue: &Catalogue) -> Plan {
    let draft = args::read(function, slots, catalogue);
    let function = settle(function, slots, &draft);
    if function == "none" {
        return Plan::none(round(probability));
    }
    let args = args::read(function, slots, catalogue);
    Plan {
        function: function.to_owned(),
        confidence: round(probability * trust(slots, &args)),
        args: args.to_json(function),
        alternatives: Vec::new(),
    }
}

fn round(x: f64) -> f64 {
    (x.clamp(0.0, 1.0) * 1000.0).round() / 1000.0
}

/// How far the slots can be trusted: each guess takes something off.
fn trust(slots: &Slots, args: &Args) -> f64 {
    let loose = slots.mentions.iter().filter(|m| m.loose).count();
    let several = slots
        .mentions
        .iter()
        .filter(|m| m.members.len() > 1)
        .count();
    unheard(slots, args)
        * 0.93_f64.powi(loose as i32)
        * 0.8_f64.powi(several as i32)
        * 0.9_f64.powi(slots.strangers.len().min(4) as i32)
        * 0.97_f64.powi(slots.mended.min(4) as i32)
        * 0.85_f64.powi(args.guesses.min(4) as i32)
}

static NUMBER_LEFT: Pattern = Pattern::new(r"(?:^| )\d\S*");
static TIME_LEFT: Pattern = Pattern::new(
    r"\b(?:weekends?|weeks?|months?|days?|years?|quarters?|before|mid|early|late|half|then|ago|since|until)\b",
);
static NOT_LEFT: Pattern = Pattern::new(
    r"\b(?:not|no|non|never|without|except|but|only|skip|ignore|exclud\w*|\w+n't|other than|outside)\b",
);

/// What was said and left no trace in the plan makes it doubtful.
fn unheard(slots: &Slots, args: &Args) -> f64 {
    let counts = args.top.is_some() || args.horizon.is_some() || !args.change.is_empty();
    let mut trust = 1.0;
    if !counts && NUMBER_LEFT.is_in(&slots.text) {
        trust *= 0.7;
    }
    if args.grain.is_none() && args.by.is_empty() && TIME_LEFT.is_in(&slots.text) {
        trust *= 0.75;
    }
    if args.exclude.is_empty() && NOT_LEFT.is_in(&slots.text) {
        trust *= 0.75;
    }
    let silent = slots
        .dimensions
        .iter()
        .filter(|d| {
            !args.by.contains(d) && !args.filter.contains_key(*d) && !args.exclude.contains_key(*d)
        })
        .count();
    trust * 0.85_f64.powi(silent.min(2) as i32)
}

/// Functions that take each argument which a follow-up may carry over.
fn takes(function: &str, argument: &str) -> bool {
    match argument {
        "metric" => matches!(
            function,
            "value"
                | "history"
                | "breakdown"
                | "compare"
                | "concentration"
                | "cohorts"
                | "launch_curve"
                | "forecast"
                | "anomalies"
                | "drivers"
                | "suggest_targets"
                | "attainment"
                | "what_if"
                | "backtest"
        ),
        "by" => matches!(
            function,
            "history"
                | "breakdown"
                | "compare"
                | "bridge"
                | "concentration"
                | "cohorts"
                | "launch_curve"
                | "forecast"
                | "anomalies"
                | "elasticity"
                | "suggest_targets"
                | "attainment"
        ),
        "baseline" => matches!(function, "compare" | "scorecard" | "bridge" | "drivers"),
        "period" => !matches!(
            function,
            "rfm" | "what_if" | "cohorts" | "launch_curve" | "backtest" | "none"
        ),
        "filter" | "exclude" => function != "none",
        _ => false,
    }
}

/// The plan of a question that leans on the one before; `None` where it stands alone.
fn follow_up(
    slots: &Slots,
    ranked: &[(usize, f64)],
    previous: &Plan,
    catalogue: &Catalogue,
) -> Option<Plan> {
    /// A rule this strong names its function; weaker ones come with any fragment.
    const NAMED: f64 = 2.9;
    /// Vagueness alone stays below this; missing data and writes do not.
    const REFUSAL: f64 = 6.4;
    let scores = cues::score(slots, catalogue.asof);
    let (own, strength) = scores
        .iter()
        .enumerate()
        .filter(|(i, _)| FUNCTIONS.get(*i) != Some(&"none"))
        .max_by(|a, b| a.1.total_cmp(b.1))
        .and_then(|(i, s)| Some((*FUNCTIONS.get(i)?, *s)))?;
    let marked = FOLLOW_UP.is_in(&slots.text) || BACK_REFERENCE.is_in(&slots.plain);
    let short = slots.words <= 4;
    let none = scores.last().copied().unwrap_or(0.0);
    let best = ranked
        .first()
        .and_then(|(i, p)| Some((*FUNCTIONS.get(*i)?, *p)))?;
    // Vague fragments get their sense from the context; refusals stay refusals.
    if none >= REFUSAL && none > strength {
        return Some(Plan::none(round(best.1.max(0.7))));
    }
    // A whole question of its own: function, and enough words not to be a fragment.
    let whole = slots.words >= 6 && best.1 > 0.6 && !marked;
    if whole
        || (!marked && !short)
        || (slots.words >= 10 && best.1 > 0.8 && !BACK_REFERENCE.is_in(&slots.plain))
    {
        return None;
    }
    // A fragment that names nothing new and asks for nothing known is about something else.
    let silent = slots.mentions.is_empty()
        && slots.times.is_empty()
        && slots.metrics.is_empty()
        && slots.dimensions.is_empty()
        && slots.percents.is_empty()
        && slots.grain().is_none()
        && args::bare_number(slots).is_none()
        && strength < 2.0;
    if silent && slots.words >= 4 {
        return Some(Plan::none(0.6));
    }
    let before = Args::from_json(&previous.args);
    let mut function = previous.function.as_str();
    let change_asked =
        function == "what_if" && (!slots.percents.is_empty() || args::bare_number(slots).is_some());
    // "make it ten" changes a count where there is one, "rather 8" a horizon.
    let counted = args::bare_number(slots)
        .filter(|n| n.fract() == 0.0 && *n >= 1.0)
        .map(|n| n as u32);
    let recount = slots.words <= 5
        && counted.is_some()
        && match function {
            "breakdown" | "compare" | "recommend" | "insights" => true,
            "forecast" => before.horizon.is_some(),
            _ => false,
        };
    let has_ahead = slots.times.iter().any(|t| t.is_ahead(catalogue.asof));
    let dims_only = args::asked_dimensions(slots);
    // "how did that change from Q3?" sets what was shown against T0.
    let set_against = matches!(function, "value" | "breakdown" | "history")
        && !slots.times.is_empty()
        && CHANGED_FROM.is_in(&slots.text);
    // "and the summer before?" moves the time; only a word of comparison compares.
    let moved = own == "compare"
        && matches!(function, "value" | "breakdown" | "history" | "scorecard")
        && slots.times.iter().all(|t| t.is_baseline_only())
        && !COMPARES.is_in(&slots.plain);
    if set_against {
        function = "compare";
    } else if !moved
        && !change_asked
        && !recount
        && own != "none"
        && own != function
        && strength >= NAMED
    {
        let keeps = match own {
            // A split or a comparison changes what a richer function shows, not the function.
            "breakdown" => {
                takes(function, "by") && !matches!(function, "history") || function == "drivers"
            }
            "compare" => takes(function, "baseline"),
            "value" => true,
            "history" => matches!(function, "forecast" | "anomalies") && slots.grain().is_some(),
            "attainment" => function == "suggest_targets",
            _ => false,
        };
        if !keeps {
            function = own;
        }
    }
    if function == "value" && !dims_only.is_empty() {
        function = "breakdown";
    } else if function == "value" && slots.grain().is_some() {
        function = "history";
    }
    if has_ahead && matches!(function, "value" | "history" | "breakdown" | "compare") {
        function = "forecast";
    }
    let fresh = args::read(function, slots, catalogue);
    let changed = function != previous.function;
    let mut merged = before.clone();
    merged.focus.clone_from(&fresh.focus);
    // What the function does not take falls away.
    if !takes(function, "by")
        || (changed
            && matches!(
                function,
                "drivers" | "value" | "bridge" | "concentration" | "cohorts"
            ))
    {
        merged.by.clear();
    }
    if changed {
        merged.each = None;
        merged.of = None;
        merged.action = None;
        merged.top = None;
        merged.direction = None;
        merged.horizon = None;
        merged.model = None;
        merged.change.clear();
        if function != "history" && function != "anomalies" {
            merged.grain = None;
        }
    }
    if !takes(function, "baseline") {
        merged.baseline = None;
    }
    let looks_ahead = |f: &str| matches!(f, "forecast" | "suggest_targets" | "what_if");
    if !takes(function, "period")
        || (changed && looks_ahead(function) != looks_ahead(&previous.function))
    {
        merged.period = None;
    }
    if !slots.metrics.is_empty() {
        merged.metric = fresh.metric.clone();
    }
    if !fresh.by.is_empty() && (!dims_only.is_empty() || merged.by.is_empty() && changed) {
        merged.by = fresh.by.clone();
        merged.each.clone_from(&fresh.each);
    }
    for (dimension, members) in &fresh.filter {
        merged.filter.insert(dimension.clone(), members.clone());
        merged.exclude.remove(dimension);
    }
    for (dimension, members) in &fresh.exclude {
        if let Some(kept) = merged.filter.get_mut(dimension) {
            kept.retain(|m| !members.contains(m));
        }
        merged.filter.retain(|_, kept| !kept.is_empty());
        merged
            .exclude
            .entry(dimension.clone())
            .or_default()
            .extend(members.iter().cloned());
    }
    times(
        slots,
        &fresh,
        &before,
        &mut merged,
        function,
        catalogue.asof,
    );
    merged.grain = fresh.grain.clone().or(merged.grain);
    merged.top = fresh.top.or(merged.top);
    if recount {
        if function == "forecast" {
            merged.horizon = counted;
        } else {
            merged.top = counted;
        }
    }
    merged.of = fresh.of.clone().or(merged.of);
    merged.direction = fresh.direction.clone().or(merged.direction);
    merged.model = fresh.model.clone().or(merged.model);
    if fresh.horizon.is_some() {
        merged.horizon = fresh.horizon;
        merged.period = None;
    }
    if function == "what_if" {
        merged.change = args::new_change(slots, &before.change, &fresh.change);
    }
    let confidence = if marked { 0.85 } else { 0.6 } * trust(slots, &merged);
    Some(Plan {
        function: function.to_owned(),
        confidence: round(confidence),
        args: merged.to_json(function),
        alternatives: Vec::new(),
    })
}

static AGAINST: Pattern = Pattern::new(
    r"\b(?:vs|versus|with|against|than|compared (?:to|with)|to|relative to|instead of) (?:in |the |that of )?T0|T0 ?(?:대비|보다|와 비교|랑 비교|이랑)",
);

static COMPARES: Pattern = Pattern::new(
    r"\b(?:vs|versus|compar\w+|against|than|grow\w*|grew|chang\w*|yoy|mom|qoq|wow)\b|대비|비교",
);
static CHANGED_FROM: Pattern = Pattern::new(
    r"\b(?:chang\w*|grow\w*|grew|develop\w*|differ\w*|compar\w*|mov\w+|up|down|more|less|better|worse)\b.{0,30}\b(?:from|to|with|since|vs|against|than) (?:the |in |that of )*T0",
);

/// Lays the times of a follow-up over those of the question before.
fn times(
    slots: &Slots,
    fresh: &Args,
    before: &Args,
    merged: &mut Args,
    function: &str,
    asof: NaiveDate,
) {
    let Some(first) = slots.times.first().copied() else {
        return;
    };
    let against = (AGAINST.is_in(&slots.text) || CHANGED_FROM.is_in(&slots.text))
        && takes(function, "baseline");
    let earlier = before.period.as_deref().and_then(time::parse_canonical);
    if first == Moment::YearAgo
        || (against && first == Moment::Unit(crate::series::Grain::Year, -1))
    {
        let period = earlier.or_else(|| args::last_month(asof));
        if takes(function, "baseline") {
            merged.baseline = period.and_then(time::year_ago).map(time::canonical);
        } else {
            merged.period = period.and_then(time::year_ago).map(time::canonical);
        }
        return;
    }
    if let Moment::UnitBefore(grain) = first
        && fresh.period.is_none()
    {
        // "And the quarter before?": before what was shown.
        let span = earlier.or_else(|| args::last_month(asof));
        let before = span.and_then(|s| args::unit_before(s, grain));
        if against && before.is_some() {
            merged.baseline = before.map(time::canonical);
        } else {
            merged.period = before.map(time::canonical);
            merged.baseline = None;
        }
        return;
    }
    if first == Moment::Unit(crate::series::Grain::Year, -1) && slots.times.len() == 1 {
        // "same for last year": the same dates, a year earlier.
        let span = earlier
            .and_then(time::year_ago)
            .or_else(|| first.span(asof, false));
        merged.period = span.map(time::canonical);
        merged.baseline = None;
        return;
    }
    if against && slots.times.len() == 1 {
        if let Some(span) = first.span(asof, false) {
            merged.baseline = Some(time::canonical(span));
        }
        return;
    }
    if fresh.period.is_some() {
        merged.period = fresh.period.clone();
        // An old baseline belonged to the old period.
        merged.baseline = fresh.baseline.clone();
        merged.horizon = None;
        if function == "forecast" {
            merged.grain = None;
        }
    }
}

/// The plan as it goes over the wire, for the `plan` column of `ask`.
pub fn to_json(plan: &Plan) -> Value {
    json!({"function": plan.function, "args": plan.args, "confidence": plan.confidence})
}
