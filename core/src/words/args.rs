//! The arguments of a plan, read from the slots for a given function.

mod change;
mod periods;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

pub(crate) use change::{bare_number, new_change};
pub(crate) use periods::unit_before;

use super::catalogue::Catalogue;
use super::slots::{Pattern, Slots};
use super::time::{self, Span};
use crate::series::Grain;
use change::{GONE, change};
use periods::periods;

/// Arguments of any function; empty ones are left out of the plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Args {
    pub metric: Option<String>,
    pub by: Vec<String>,
    pub filter: BTreeMap<String, Vec<String>>,
    pub exclude: BTreeMap<String, Vec<String>>,
    pub period: Option<String>,
    pub baseline: Option<String>,
    pub grain: Option<String>,
    pub horizon: Option<u32>,
    pub top: Option<u32>,
    pub direction: Option<String>,
    pub model: Option<String>,
    pub change: BTreeMap<String, f64>,
    /// The dimension within each of whose members the first `top` are asked for.
    pub each: Option<String>,
    /// `share` where a change of the part of the whole is asked for.
    pub of: Option<String>,
    /// The only kind of recommendation asked for.
    pub action: Option<String>,
    /// Members whose part of the whole is asked for.
    pub focus: Vec<String>,
    /// A split was asked for in so many words.
    pub explicit_by: bool,
    /// A grain was asked for in so many words.
    pub grain_asked: bool,
    /// Choices made without a word to go by.
    pub guesses: usize,
}

const TAKES_METRIC: [&str; 12] = [
    "backtest",
    "value",
    "history",
    "breakdown",
    "compare",
    "concentration",
    "cohorts",
    "launch_curve",
    "forecast",
    "anomalies",
    "drivers",
    "suggest_targets",
];

impl Args {
    pub(crate) fn to_json(&self, function: &str) -> Map<String, Value> {
        let mut map = Map::new();
        if TAKES_METRIC.contains(&function) || function == "attainment" {
            map.insert(
                "metric".into(),
                json!(self.metric.as_deref().unwrap_or("revenue")),
            );
        }
        if !self.by.is_empty() {
            map.insert("by".into(), json!(self.by));
        }
        for (name, chosen) in [("filter", &self.filter), ("exclude", &self.exclude)] {
            if !chosen.is_empty() {
                map.insert(name.into(), json!(chosen));
            }
        }
        for (name, text) in [
            ("period", &self.period),
            ("baseline", &self.baseline),
            ("grain", &self.grain),
            ("direction", &self.direction),
            ("model", &self.model),
            ("each", &self.each),
            ("of", &self.of),
            ("action", &self.action),
        ] {
            if let Some(text) = text {
                map.insert(name.into(), json!(text));
            }
        }
        for (name, number) in [("horizon", self.horizon), ("top", self.top)] {
            if let Some(number) = number {
                map.insert(name.into(), json!(number));
            }
        }
        if function == "breakdown" && !self.focus.is_empty() {
            map.insert("focus".into(), json!(self.focus));
        }
        if !self.change.is_empty() {
            map.insert("change".into(), json!(self.change));
        }
        map
    }

    pub(crate) fn from_json(map: &Map<String, Value>) -> Args {
        let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| {
            map.get(name)
                .and_then(Value::as_u64)
                .and_then(|n| u32::try_from(n).ok())
        };
        let chosen = |name: &str| -> BTreeMap<String, Vec<String>> {
            map.get(name)
                .and_then(|v| serde_json::from_value(v.clone()).ok())
                .unwrap_or_default()
        };
        Args {
            metric: text("metric"),
            by: map
                .get("by")
                .and_then(|v| serde_json::from_value(v.clone()).ok())
                .unwrap_or_default(),
            filter: chosen("filter"),
            exclude: chosen("exclude"),
            period: text("period"),
            baseline: text("baseline"),
            grain: text("grain"),
            horizon: number("horizon"),
            top: number("top"),
            direction: text("direction"),
            model: text("model"),
            each: text("each"),
            of: text("of"),
            action: text("action"),
            focus: map
                .get("focus")
                .and_then(|v| serde_json::from_value(v.clone()).ok())
                .unwrap_or_default(),
            change: map
                .get("change")
                .and_then(|v| serde_json::from_value(v.clone()).ok())
                .unwrap_or_default(),
            ..Args::default()
        }
    }
}

/// The last complete month, which most functions show unless told otherwise.
pub(crate) fn last_month(asof: NaiveDate) -> Option<Span> {
    let running = time::unit(Grain::Month, asof, 0)?;
    if running.1 == asof {
        Some(running)
    } else {
        time::unit(Grain::Month, asof, -1)
    }
}

static BY: Pattern = Pattern::new(
    r"\b(?:by|per|for each|for every|each|every|across|among|amongst|between|split by|split into|grouped by|over|along|within)(?: (?:the|our|different|all|individual|single|of|various|M\d+|E\d+|and|or|,|month|week|quarter|year|day|months|weeks|quarters))* D(\d+)((?: ?(?:,|and|or|&|by|per|plus|/|x|then)(?: the| our| by| per)* D\d+)*)",
);
static WHICH: Pattern = Pattern::new(
    r"\b(?:which|what|whose|top|bottom|best|worst|biggest|largest|smallest|strongest|weakest|highest|lowest|leading|hottest|fastest|slowest|most|least|rank|ranking of|list|how many|number of|\d+|one|single|few|hero|key|main|growing|shrinking|declining|selling|our|the|of|on|compare|all|these|do|are|is|E\d+)(?: (?:\d+|of|our|the|all|individual|single|E\d+|X\d+|best|worst|biggest|largest|smallest|most|least|important|performing|selling|growing|fast|fastest|slow|shrinking|declining|popular|M\d+|sold|top|different|strongest|weakest|main|T\d+|'s))* D(\d+)((?: ?(?:,|and|or|/|&)(?: which| what| the| our)* D\d+)*)",
);
static NOUN_BY: Pattern = Pattern::new(
    r"\bD(\d+)((?: ?(?:,|and|or|/) D\d+)*) (?:wise|ranking|breakdown|split|mix|shares?|cohorts?|concentration|level|performance|comparison|growth|level|contribution|distribution|dependence|dependency|structure|별|마다)|(?:^|[ ,])D(\d+)((?: ?(?:,|와|과|및|and) ?D\d+)*) ?(?:별|마다|중|순위|비중)|(?:어느|어떤|무슨|상위|하위|톱|탑)(?: ?\d+ ?(?:개|위)?)? ?D(\d+)",
);
static START_DIMENSION: Pattern =
    Pattern::new(r"^(?:and |now |the |our |but )*D(\d+)((?: ?(?:,|and|or|/) D\d+)*)");
static NEW_THINGS: Pattern = Pattern::new(
    r"\b(?:new|existing|discontinued|newest|older|all|price of the|lip|these|those|E\d+ and) D(\d+)",
);
static COHORT_GRAIN: Pattern = Pattern::new(r"\b(week|month|quarter|year)\b");
static MARK_D: Pattern = Pattern::new(r"D(\d+)");

fn dims_of(pattern: &Pattern, slots: &Slots) -> Vec<String> {
    let Some(regex) = pattern.regex() else {
        return Vec::new();
    };
    let Some(marks) = MARK_D.regex() else {
        return Vec::new();
    };
    let mut found: Vec<String> = Vec::new();
    for hit in regex.find_iter(&slots.text) {
        for mark in marks.captures_iter(hit.as_str()) {
            let name = mark
                .get(1)
                .and_then(|m| m.as_str().parse::<usize>().ok())
                .and_then(|i| slots.dimensions.get(i));
            if let Some(name) = name
                && !found.contains(name)
            {
                found.push(name.clone());
            }
        }
    }
    found
}

/// Dimensions asked for with a word like "by" or "per".
fn explicit_dimensions(slots: &Slots) -> Vec<String> {
    let mut found = dims_of(&BY, slots);
    for name in dims_of(&NOUN_BY, slots) {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Dimensions asked for in any way, explicit ones alone where there are some.
pub(crate) fn asked_dimensions(slots: &Slots) -> Vec<String> {
    let found = explicit_dimensions(slots);
    if !found.is_empty() {
        return found;
    }
    let new = dims_of(&NEW_THINGS, slots);
    let mut found: Vec<String> = dims_of(&WHICH, slots);
    found.extend(dims_of(&START_DIMENSION, slots));
    let mut kept: Vec<String> = Vec::new();
    for name in found {
        if !kept.contains(&name) && (!new.contains(&name) || slots.dimensions.len() > new.len()) {
            kept.push(name);
        }
    }
    // A dimension that only says what kind of member follows ("the brand Sun") is no split.
    kept.retain(|name| !is_apposition(slots, name));
    kept
}

static APPOSITION: Pattern = Pattern::new(r"D(\d+) E(\d+)|E(\d+) (?:as a |the )?D(\d+)");

fn is_apposition(slots: &Slots, name: &str) -> bool {
    let Some(regex) = APPOSITION.regex() else {
        return false;
    };
    let count = slots.dimensions.iter().filter(|d| *d == name).count();
    let glued = regex
        .captures_iter(&slots.text)
        .filter(|c| {
            let index = |i: usize| c.get(i).and_then(|m| m.as_str().parse::<usize>().ok());
            let (d, e) = (index(1).or(index(4)), index(2).or(index(3)));
            let dimension = d.and_then(|d| slots.dimensions.get(d));
            let member = e.and_then(|e| slots.mentions.get(e));
            dimension.is_some_and(|d| d == name) && member.is_some_and(|m| m.dimension == name)
        })
        .count();
    count > 0 && glued >= count
}

static TOP: Pattern = Pattern::new(
    r"\b(?:top|bottom|best|worst|leading|biggest|largest|smallest|strongest|weakest|lowest|highest|다음|상위|하위|톱|탑)(?: (?:the|our|my|me))* ?(\d{1,3})(?: |$|개|위)|\b(\d{1,3}) (?:(?:best|worst|biggest|largest|smallest|strongest|weakest|most|least|fastest|slowest|highest|lowest|top|bottom|leading|key|main|important|selling|growing)\b|E\d+ D\d+|D\d+|(?:action|measure|idea|step|recommendation|takeaway|highlight|insight|finding|tip|suggestion|point|gainer|grower|loser|decliner|winner|performer|mover|riser|faller|climber)s?\b|things?\b|products? less|(?:first|last) D\d)|\b(?:first|last|which|the|our|give me|name|list|show|show me|only|just)(?: (?:the|our|my|me))* (\d{1,3})(?:$| ?(?:by|in|on|at|of|for|E\d+|T\d+|,|please|only)\b)|(?:D\d+|제품|상품) ?(\d{1,3}) ?(?:개|위)|(\d{1,3}) ?(?:개|가지)(?: |$)",
);
static ONLY_ONE: Pattern = Pattern::new(
    r"\b(?:single|one|very) (?:best|worst|biggest|largest|smallest|strongest|weakest|top|most|least)\b|\bnumber (?:one|1)\b|\bno 1\b",
);
static DOWN_RANK: Pattern = Pattern::new(
    r"\b(?:bottom|worst|weakest|lowest|least|smallest|fewest|poorest|slowest|laggards?|flops?|less sold|sells? less|last \d+ D)\b|하위|최하|제일 (?:안|못)|가장 (?:안|못|적)|꼴찌",
);
static UP_SIDE: Pattern = Pattern::new(
    r"\b(?:grow|grows|grew|grown|growing|growth leaders?|growers?|gainers?|gain(?:s|ed|ing)?|ris(?:e|es|en|ing)|rose|increas(?:e|ed|es|ing)|improv(?:e|ed|es|ing)|winners?|winning|climb\w*|up (?:the )?most|fastest|risers?|jumped|better|(?:biggest|most|highest|strongest|fastest|largest|best|greatest) (?:\w+ )?growth)\b|성장|늘|증가|오른",
);
static NOT_UP: Pattern = Pattern::new(
    r"\b(?:not|never|hardly|no longer|fail\w* to|stopp?\w*|\w+n't|weakest|lowest|slowest|least)(?: been| really| even| much)? (?:grow\w*|grew|growth|ris\w+|rose|increas\w+|improv\w+|gain\w*|climb\w*)\b",
);
static DOWN_SIDE: Pattern = Pattern::new(
    r"\b(?:less|los(?:t|e|es|ing)|losers?|shr[iau]nk\w*|declin\w+|drop\w*|fall(?:s|ing|en)?|fell|fallers?|decreas\w+|slipp\w+|worst|costs? us|tank\w*|plummet\w*|nosediv\w*|free[ -]?fall|detractors?|drags?|in decline|losing streak|down (?:the )?most|going down|worse|slump\w*|weaken\w*|suffer\w*)\b|감소|줄|하락|떨어",
);
static ANY_WHICH: Pattern = Pattern::new(
    r"\b(?:which|who|what|where|top|biggest|list|show|largest|\d+|worst|D\d+)\b|어느|어떤|제일|가장|D\d+",
);
static SPIKE: Pattern = Pattern::new(
    r"\b(?:spik\w+|peaks?|surg\w+|jump\w*|unusually (?:high|strong|good)|abnormally high|highs|upward|outperform\w*|positive|explod\w+)\b|급증|튄|튀|높",
);
static DIP: Pattern = Pattern::new(
    r"\b(?:drops?|dropp\w+|dips?|slumps?|collaps\w+|going down|unusually (?:low|weak|bad)|abnormally low|lows|downward|falls?|fell|plung\w+|crash\w*|negative|declines?)\b|급감|떨어|하락|낮",
);
static MODEL: Pattern =
    Pattern::new(r"\b(sarima|arima|ets|theta|mstl|seasonal naive|snaive|naive|croston|tsb)\b");
static BEST_SELLERS: Pattern = Pattern::new(
    r"\bbest ?sell\w*|\bhero\b|\bsells? (?:the )?(?:best|most)|\bpopular\b|잘 ?팔|많이 ?팔",
);
static SHARE_OF_PART: Pattern = Pattern::new(
    r"\b(?:shares?|%|X\d+|part|contribution) (?:of|that|for) (?:the )?E(\d+)(?: D\d+)? (?:has |have |holds? )?(?:in|on|at|of|within|among|to) ",
);
static PART_AFTER: Pattern = Pattern::new(
    r"\b(?:shares?|%|part|how much) of (?:our |the |all |total )*(?:(?:E\d+|'s|M\d+|T\d+|on|in|at|D\d+) )*(?:comes? (?:from|through|via)|came (?:from|through|via)|is|are|was|were|from|goes? (?:to|through|via)|went (?:to|through)|does|do|did|runs? through|falls? (?:on|to)|due to|by|stems? from|made by|belongs? to|accounted for by|through|via)(?: (?:the|our|sold|via|on|made|by|with|from))* E(\d+)",
);
static SHARE_WORD: Pattern =
    Pattern::new(r"\bshares?\b|\b(?:part|%) of\b|\bhow much of\b|\bwhat %|\bX\d+ of\b|비중|점유");
static SLICE: Pattern = Pattern::new(r"\bslices?\b");
/// "How many did we sell" counts pieces; "how many brands" does not.
static HOW_MANY: Pattern =
    Pattern::new(r"\bhow many (?:did|do|have|has|does|will|were|was|of|E\d+)\b");
static PRICE_WORD: Pattern =
    Pattern::new(r"\bprices?\b|\bpricing\b|\b(?:expensive|dearer|pricier|cheaper)\b|가격");
static CATEGORY_TIERS: Pattern = Pattern::new(
    r"\b(premium|luxury|mid|value) (?:tier|segment|products?|items|skus|range|price|end|sales|revenue|brands?)\b|\b(premium|luxury)\b",
);
static WEEKDAYS: Pattern = Pattern::new(
    r"\b(mon|tues|wednes|thurs|fri|satur|sun)days\b|\b(weekends|weekend'?s? (?:sales|revenues?|units|turnover|business|share))\b|\b(?:sells?|do|does|performs?|works?|runs?|goes)\b.{0,30}\b(?:at|on|over) (?:the |a )?(weekend)\b|(주말)",
);
/// Two parts of the week against each other: neither is left out.
static PARTS_OF_WEEK: Pattern = Pattern::new(
    r"\bweekends?\b.{0,30}\b(?:weekdays?|workdays?|working days)\b|\b(?:weekdays?|workdays?|working days)\b.{0,30}\bweekends?\b|주말.{0,8}(?:평일|주중)|(?:평일|주중).{0,8}주말",
);
static MONTH_DIM: Pattern = Pattern::new(
    r"\b(?:which|what|best|worst|strongest|weakest|by|peak|busiest|quietest|slowest|top|record) (?:\d+ )?(months?|weeks?)\b",
);
/// Words for members that moved, which ask who they are.
static MOVERS: Pattern = Pattern::new(
    r"\b(?:growers|gainers|decliners|losers|winners|risers|fallers|detractors|movers|climbers|shrinkers)\b",
);
/// Members set against each other.
static SIDE_BY_SIDE: Pattern =
    Pattern::new(r"\bE\d+(?: D\d+)? (?:vs|versus|against|compared (?:to|with)) E\d+");
static MORE_THAN: Pattern = Pattern::new(r"\b(?:more|less|than|vs|versus|compared|or)\b");
static DEPENDENT: Pattern =
    Pattern::new(r"\b(?:depend\w*|relian\w*|rely\w*|relies|expos\w+)\b|의존");

/// Reads the arguments of `function`.
pub(crate) fn read(function: &str, slots: &Slots, catalogue: &Catalogue) -> Args {
    let mut args = Args {
        metric: Some(metric(function, slots)),
        ..Args::default()
    };
    selections(slots, &mut args);
    let explicit = explicit_dimensions(slots);
    args.explicit_by = !explicit.is_empty();
    splits(function, slots, &explicit, &mut args);
    periods(function, slots, catalogue, &mut args);
    args.grain_asked = slots.grain().is_some();
    counts(function, slots, &mut args);
    if function == "what_if" {
        args.change = change(slots);
        // "What would we lose without A?" takes A away, it does not leave it out.
        if args.filter.is_empty() && GONE.is_in(&slots.text) {
            args.filter = std::mem::take(&mut args.exclude);
        }
    }
    // A split by a dimension held to one member says nothing, except where the members are compared.
    let held: Vec<String> = args
        .filter
        .iter()
        .filter(|(_, m)| m.len() == 1)
        .map(|(d, _)| d.clone())
        .collect();
    args.by.retain(|d| !held.contains(d));
    args
}

fn metric(function: &str, slots: &Slots) -> String {
    let counted = ["skus", "brands", "customers"];
    let chosen = slots
        .metrics
        .iter()
        .filter(|m| function == "value" || function == "history" || !counted.contains(&m.as_str()))
        // The units of "units returned" say what is counted of it.
        .filter(|m| *m != "revenue")
        .min_by_key(|m| *m == "units")
        .or(slots.metrics.first());
    match chosen {
        Some(metric)
            if !counted.contains(&metric.as_str())
                || matches!(function, "value" | "history" | "compare" | "forecast") =>
        {
            metric.clone()
        }
        _ if slots.metrics.is_empty() && HOW_MANY.is_in(&slots.text) => "units".into(),
        _ if matches!(
            function,
            "anomalies" | "history" | "value" | "compare" | "forecast"
        ) && PRICE_WORD.is_in(&slots.plain)
            && slots.metrics.is_empty() =>
        {
            "asp".into()
        }
        _ => "revenue".into(),
    }
}

fn selections(slots: &Slots, args: &mut Args) {
    for (mention, excluded) in slots.mentions.iter().zip(&slots.excluded) {
        let into = if *excluded {
            &mut args.exclude
        } else {
            &mut args.filter
        };
        let members = into.entry(mention.dimension.clone()).or_default();
        for member in &mention.members {
            if !members.contains(member) {
                members.push(member.clone());
            }
        }
    }
    if !PARTS_OF_WEEK.is_in(&slots.plain)
        && let Some(found) = WEEKDAYS.captures(&slots.plain)
    {
        let days: &[&str] = match found.get(1).map(|m| m.as_str()) {
            Some("mon") => &["Mon"],
            Some("tues") => &["Tue"],
            Some("wednes") => &["Wed"],
            Some("thurs") => &["Thu"],
            Some("fri") => &["Fri"],
            Some("satur") => &["Sat"],
            Some("sun") => &["Sun"],
            _ => &["Sat", "Sun"],
        };
        args.filter.insert(
            "weekday".into(),
            days.iter().map(|d| (*d).to_owned()).collect(),
        );
    }
}

/// The mention of that number, when it exists and is not excluded.
fn mention_dimension(
    slots: &Slots,
    hit: Option<&regex_lite::Captures<'_>>,
) -> Option<(String, Vec<String>)> {
    let index: usize = hit?.get(1)?.as_str().parse().ok()?;
    let mention = slots.mentions.get(index)?;
    (!slots.excluded.get(index).copied().unwrap_or(false))
        .then(|| (mention.dimension.clone(), mention.members.clone()))
}

fn splits(function: &str, slots: &Slots, explicit: &[String], args: &mut Args) {
    let mut asked = asked_dimensions(slots);
    // "on weekends" names the days, it does not ask for each.
    asked.retain(|d| d != "weekday" || !args.filter.contains_key("weekday"));
    match function {
        "breakdown" | "compare" | "concentration" => {
            args.by = asked;
            if function != "concentration" && PARTS_OF_WEEK.is_in(&slots.plain) {
                args.by.retain(|d| d != "weekday");
                args.by.insert(0, "weekday".into());
            }
            if function == "concentration" && args.by.is_empty() {
                // "how many SKUs make 80 %" counts what it splits by.
                args.by = slots
                    .metrics
                    .iter()
                    .filter_map(|m| match m.as_str() {
                        "skus" => Some("sku".to_owned()),
                        "brands" => Some("brand".to_owned()),
                        "customers" => Some("customer".to_owned()),
                        _ => None,
                    })
                    .chain(slots.dimensions.iter().take(1).cloned())
                    .take(1)
                    .collect();
            }
            if function == "breakdown"
                && let Some((inner, outer)) = within_each(slots)
            {
                args.each = Some(outer.clone());
                args.by = vec![outer, inner];
            }
            let share = SHARE_WORD.is_in(&slots.plain);
            // "The weekend's share": Saturday and Sunday among the days of the week.
            if share
                && args.by.is_empty()
                && let Some(days) = args.filter.remove("weekday")
            {
                args.by = vec!["weekday".into()];
                args.focus = days;
                return;
            }
            if share || (function == "concentration" && DEPENDENT.is_in(&slots.plain)) {
                share_split(slots, args);
            }
            // "Is Ocado still our number one channel?" ranks them all.
            if function == "breakdown"
                && let Some(named) = match args.by.as_slice() {
                    [] => named_dimension(slots),
                    [one] => Some(one.clone()),
                    _ => None,
                }
                && args.filter.get(&named).is_some_and(|m| m.len() == 1)
            {
                args.focus = args.filter.remove(&named).unwrap_or_default();
                args.by = vec![named];
            }
            if args.by.is_empty() && function != "concentration" {
                // Members of one dimension side by side.
                if let Some((dimension, _)) = args
                    .filter
                    .iter()
                    .find(|(d, m)| m.len() > 1 && *d != "weekday")
                {
                    args.by = vec![dimension.clone()];
                } else if let Some(named) = named_dimension(slots) {
                    args.by = vec![named];
                } else if function == "compare" && MOVERS.is_in(&slots.plain) {
                    args.by = vec!["sku".into()];
                    args.guesses += 1;
                } else if let Some(found) = MONTH_DIM
                    .captures(&slots.plain)
                    .filter(|_| function == "breakdown")
                {
                    let unit = found.get(1).map_or("month", |m| m.as_str());
                    args.by = vec![unit.trim_end_matches('s').to_owned()];
                } else if function == "breakdown" {
                    if !BEST_SELLERS.is_in(&slots.plain) {
                        args.guesses += 1;
                    }
                    args.by = vec!["sku".into()];
                }
            }
        }
        "history" | "forecast" | "anomalies" | "attainment" | "suggest_targets" | "drivers"
        | "launch_curve" | "elasticity" | "cohorts" | "bridge" => {
            let which = if matches!(
                function,
                "bridge" | "history" | "forecast" | "suggest_targets"
            ) {
                explicit.to_vec()
            } else {
                asked
            };
            args.by = which;
            let held = match function {
                "elasticity" => MORE_THAN.is_in(&slots.plain),
                "history" | "forecast" => SIDE_BY_SIDE.is_in(&slots.text),
                _ => false,
            };
            // Shoppers are who buys, not what is compared.
            if held
                && args.by.iter().all(|d| d == "customer")
                && let Some((dimension, _)) = args.filter.iter().find(|(_, m)| m.len() > 1)
            {
                args.by = vec![dimension.clone()];
            }
            if function == "cohorts" && args.by.is_empty() && !slots.dimensions.is_empty() {
                args.by = slots.dimensions.iter().take(1).cloned().collect();
            }
            if matches!(function, "elasticity" | "launch_curve") {
                args.by.retain(|d| d != "sku");
            }
            // "by quarter" says how fine, not of whom.
            args.by
                .retain(|d| !matches!(d.as_str(), "day" | "week" | "month" | "quarter" | "year"));
            if matches!(function, "cohorts" | "launch_curve" | "elasticity") {
                args.by.truncate(1);
            }
        }
        _ => {}
    }
    // `customer` is asked about, not split by, outside rankings and cohorts of customers.
    if !matches!(function, "breakdown" | "cohorts") {
        args.by.retain(|d| d != "customer");
    }
    if matches!(
        function,
        "value"
            | "history"
            | "forecast"
            | "drivers"
            | "anomalies"
            | "suggest_targets"
            | "attainment"
            | "what_if"
    ) && !args.by.iter().any(|d| d == "price_tier")
        && let Some(found) = CATEGORY_TIERS.captures(&slots.plain)
        && let Some(tier) = found.get(1).or(found.get(2))
    {
        args.filter
            .insert("price_tier".into(), vec![tier.as_str().to_owned()]);
    }
}

/// A dimension that was named, if not in so many words asked for: "a channel which grows".
fn named_dimension(slots: &Slots) -> Option<String> {
    let new = dims_of(&NEW_THINGS, slots);
    slots
        .dimensions
        .iter()
        .find(|d| {
            // "products" is mostly said of what a name before it sells.
            !matches!(d.as_str(), "customer" | "sku" | "product")
                && !new.contains(d)
                && !is_apposition(slots, d)
        })
        .cloned()
}

static TOP_OF_EACH: Pattern = Pattern::new(
    r"\b(?:top|best|worst|bottom|leading|biggest|largest|smallest|strongest|weakest|\d+)(?: (?:\d+|selling|best|of|the|our|sold))* D(\d+) (?:per|by|(?:for|in|of|at|on|within|from) (?:each|every)(?: of the| of our)?|each|every) D(\d+)",
);
static EACH_TOP: Pattern = Pattern::new(r"D(\d+) ?별로? .*D(\d+).*\d+ ?(?:개|위)? ?씩");
static SELLER_OF_EACH: Pattern = Pattern::new(
    r"\b(?:best|top|worst) ?-?sell\w* (?:of|for|in|at|on|per) (?:each|every) D(\d+)|\b(?:best|top|worst) ?-?sellers? per D(\d+)",
);

static ONLY_ONE_OF: Pattern =
    Pattern::new(r"D(\d+) (?:\w+ ){0,4}?(?:only |just )?(?:a single|one|only one|just one) D(\d+)");
static KO_ONLY_ONE_OF: Pattern = Pattern::new(r"D(\d+) ?하나 ?(?:에만|만|에) ?\S* ?D(\d+)");

/// "The top 3 brands per channel": what is ranked, and within what.
fn within_each(slots: &Slots) -> Option<(String, String)> {
    let name = |c: &regex_lite::Captures<'_>, group: usize| {
        let index: usize = c.get(group)?.as_str().parse().ok()?;
        slots.dimensions.get(index).cloned()
    };
    if let Some(hit) = TOP_OF_EACH.captures(&slots.text) {
        return Some((name(&hit, 1)?, name(&hit, 2)?)).filter(|(a, b)| a != b);
    }
    if let Some(hit) = EACH_TOP.captures(&slots.text) {
        return Some((name(&hit, 2)?, name(&hit, 1)?)).filter(|(a, b)| a != b);
    }
    // Who has but one of something shows by the first two of each.
    if let Some(hit) = ONLY_ONE_OF.captures(&slots.text) {
        return Some((name(&hit, 2)?, name(&hit, 1)?)).filter(|(a, b)| a != b);
    }
    if let Some(hit) = KO_ONLY_ONE_OF.captures(&slots.text) {
        return Some((name(&hit, 1)?, name(&hit, 2)?)).filter(|(a, b)| a != b);
    }
    let hit = SELLER_OF_EACH.captures(&slots.text)?;
    let outer = name(&hit, 1).or_else(|| name(&hit, 2))?;
    (outer != "sku").then(|| ("sku".into(), outer))
}

/// "the share of A in B" is a split by A's dimension within B.
fn share_split(slots: &Slots, args: &mut Args) {
    let hit = SHARE_OF_PART
        .captures(&slots.text)
        .or_else(|| PART_AFTER.captures(&slots.text));
    let chosen = mention_dimension(slots, hit.as_ref()).or_else(|| {
        // One member alone is the part; with several the first named is.
        let first = slots
            .mentions
            .iter()
            .zip(&slots.excluded)
            .find(|(m, excluded)| !**excluded && m.dimension != "product_type")
            .or_else(|| {
                slots
                    .mentions
                    .iter()
                    .zip(&slots.excluded)
                    .find(|(_, excluded)| !**excluded)
            })?;
        Some((first.0.dimension.clone(), first.0.members.clone()))
    });
    let Some((dimension, members)) = chosen else {
        return;
    };
    // "shares by brand on Amazon": the split is named, Amazon is the whole.
    if !args.by.is_empty() && !args.by.contains(&dimension) {
        return;
    }
    if let Some(kept) = args.filter.get_mut(&dimension) {
        kept.retain(|m| !members.contains(m));
        if kept.is_empty() {
            args.filter.remove(&dimension);
        }
    }
    args.focus = members;
    if !args.by.contains(&dimension) {
        args.by = vec![dimension];
    }
}

static EACH_COUNT: Pattern = Pattern::new(r"(\d{1,2}) ?(?:개|위)? ?씩");
/// Kinds of recommendation that a question may be about alone.
static ACTIONS: [(&str, Pattern); 2] = [
    (
        "delist",
        Pattern::new(
            r"\b(?:discontinu\w*|de-?list\w*|drop|axe?|kill|cull|retire|phase out|get rid of|stop (?:selling|carrying|stocking|offering))\b|단종|정리해야",
        ),
    ),
    (
        "restock",
        Pattern::new(r"\b(?:re-?stock\w*|reorder\w*|replenish\w*)\b|재입고|발주"),
    ),
];

fn counts(function: &str, slots: &Slots, args: &mut Args) {
    if matches!(
        function,
        "breakdown" | "compare" | "recommend" | "insights" | "drivers"
    ) {
        args.top = TOP
            .captures(&slots.text)
            .and_then(|found| (1..=5).find_map(|i| found.get(i)))
            .and_then(|m| m.as_str().parse().ok())
            .filter(|n| (1..=100).contains(n))
            .or(ONLY_ONE.is_in(&slots.text).then_some(1))
            // One of each where one is asked for, else the first three.
            .or_else(|| {
                args.each.as_ref()?;
                Some(match SELLER_OF_EACH.is_in(&slots.text) {
                    true => 1,
                    false
                        if ONLY_ONE_OF.is_in(&slots.text) || KO_ONLY_ONE_OF.is_in(&slots.text) =>
                    {
                        2
                    }
                    false => 3,
                })
            });
        if args.each.is_some()
            && let Some(n) = EACH_COUNT
                .captures(&slots.text)
                .and_then(|c| c.get(1)?.as_str().parse().ok())
        {
            args.top = Some(n);
        }
    }
    if function == "recommend" {
        args.action = ACTIONS
            .iter()
            .find(|(_, p)| p.is_in(&slots.plain))
            .map(|(action, _)| (*action).to_owned());
    }
    match function {
        "breakdown" if DOWN_RANK.is_in(&slots.text) => args.direction = Some("down".into()),
        "compare" => {
            let share = !args.by.is_empty()
                && (SHARE_WORD.is_in(&slots.plain) || SLICE.is_in(&slots.plain));
            args.of = share.then(|| "share".to_owned());
            let against = NOT_UP.is_in(&slots.plain);
            let up = UP_SIDE.is_in(&slots.plain) && !against;
            let down = DOWN_SIDE.is_in(&slots.plain) || against;
            if up != down && ANY_WHICH.is_in(&slots.text) {
                args.direction = Some(if up { "up" } else { "down" }.into());
            }
        }
        "anomalies" => {
            let (up, down) = (SPIKE.is_in(&slots.plain), DIP.is_in(&slots.plain));
            if up != down {
                args.direction = Some(if up { "up" } else { "down" }.into());
            }
        }
        _ => {}
    }
    if matches!(function, "history" | "anomalies" | "cohorts" | "backtest")
        && let Some(grain) = slots.grain()
    {
        args.grain = Some(grain.to_owned());
    }
    if function == "cohorts"
        && args.grain.is_none()
        && let Some(found) = COHORT_GRAIN.captures(&slots.plain)
    {
        args.grain = found.get(1).map(|m| m.as_str().to_owned());
    }
    if function == "forecast"
        && let Some(found) = MODEL.captures(&slots.plain)
    {
        args.model = found.get(1).map(|m| match m.as_str() {
            "arima" => "sarima".to_owned(),
            "seasonal naive" => "snaive".to_owned(),
            other => other.to_owned(),
        });
    }
}

static ASSUMES_UP: Pattern = Pattern::new(
    r"\b(?:grow\w*|grew|ris(?:e|es|en|ing)|rose|increas\w+|climb\w*|jump\w*|surg\w+|gain\w*|improv\w+|up|higher|better|boom\w*|growth)\b|늘|증가|상승|성장|올랐",
);
static ASSUMES_DOWN: Pattern = Pattern::new(
    r"\b(?:drop\w*|fall\w*|fell|declin\w+|decreas\w+|down|lost|los(?:e|ing)|shr[iau]nk\w*|collaps\w+|slump\w*|plung\w+|lower|worse\w*|dip\w*|tank\w*|crash\w*)\b|줄|감소|하락|떨어|빠졌",
);

static ASKS_NORMAL: Pattern = Pattern::new(
    r"^(?:so |and |but )?(?:is|are|was|were)\b.{0,80}\b(?:normal|usual|typical|ordinary|as usual)\b|(?:정상|평소)[가-힣 ]*\??$",
);
static ASKS_UNUSUAL: Pattern = Pattern::new(
    r"^(?:so |and |but )?(?:is|are|was|were) (?:there |that |this |it |these |those )?.{0,80}\b(?:unusual|abnormal|odd|strange|weird|out of the ordinary|not normal|anomal\w+)\b|(?:비정상|이상)(?:이야|인가|한가|해)[가-힣 ]*\??$",
);

/// Whether something is asked to be normal, `true`, or to be unusual, `false`.
pub(crate) fn asked_normal(question: &str) -> Option<bool> {
    let text = super::text::fold(question);
    if ASKS_UNUSUAL.is_in(&text) {
        Some(false)
    } else {
        ASKS_NORMAL.is_in(&text).then_some(true)
    }
}

/// The direction that a question takes for granted, where it takes one.
pub(crate) fn assumed_direction(question: &str) -> Option<&'static str> {
    let text = super::text::fold(question);
    match (ASSUMES_UP.is_in(&text), ASSUMES_DOWN.is_in(&text)) {
        (true, false) => Some("up"),
        (false, true) => Some("down"),
        _ => None,
    }
}
