//! Words that set one fact against another: who beats whom, what makes up for what, since when, at which age.

use chrono::Datelike;

use super::super::facts::Facts;
use super::super::pattern::Pattern;
use super::super::time;
use super::base::{Base, Fact};
use super::direction::{DOWN, NEGATED, UP};
use super::numbers::Said;
use super::{Fault, FaultKind, clause_around};

/// A column of a row.
pub(super) fn column(base: &Base, row: usize, name: &str) -> Option<f64> {
    base.facts
        .iter()
        .find(|f| f.row == Some(row) && f.column == name)
        .map(|f| f.x)
}

static BEATS: Pattern = Pattern::new(
    r"\b(?:edge[sd] (?:out|past)|outstrip\w*|outsold|outgrew|outpaced|out-?(?:earned|sells|ranks|ranked|performs|performed|did)|beats?|surpass(?:es|ed)|exceeds?|exceeded|overt(?:akes|ook)|leads?|led|tops|topped|(?:ahead of|above)|(?:more|higher|larger|bigger|greater|better|stronger|faster)(?: [a-z]+){0,3} than)(?: the| that of| did)? $",
);
static TRAILS: Pattern = Pattern::new(
    r"\b(?:trail(?:s|ed)?|lag(?:s|ged)?(?: behind)?|behind|below|(?:less|fewer|lower|smaller|weaker|worse|slower)(?: [a-z]+){0,3} than)(?: the| that of| did)? $",
);
static GREW: Pattern = Pattern::new(
    r"\b(?:outgrew|outpaced|gr[eo]w\w*|rose|ris\w+|increas\w+|gain\w*|climb\w*|faster|slower)\b",
);
static FELL: Pattern =
    Pattern::new(r"\b(?:lost|fell|drop\w*|declin\w+|shrank|decreas\w+|slipp\w+)\b");
static KO_THAN: Pattern = Pattern::new(r"보다[^.]{0,24}?(?:(많|높|크|앞|빠르)|(적|낮|작|뒤|느리))");

/// "A outsold B", "A sold more than B", "A는 B보다 많습니다": the level of A must be the higher one; of "outgrew", the growth.
pub(super) fn contests(
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    let mut places: Vec<usize> = named.iter().map(|n| n.1).collect();
    places.dedup();
    let at = |place: usize| named.iter().filter(move |n| n.1 == place).map(|n| n.0);
    let end_of = |place: usize| {
        let name = sentence.get(place..).unwrap_or("");
        place
            + name
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(name.len())
    };
    let mut told: Vec<(usize, usize, bool, &str)> = Vec::new();
    for pair in places.windows(2) {
        let between = sentence.get(end_of(pair[0])..pair[1]).unwrap_or("");
        // A clause between the two has a subject of its own.
        let own = !between.contains(". ") && !between.contains(" and the ");
        match (BEATS.is_in(between), TRAILS.is_in(between)) {
            _ if !own => {}
            (true, _) => told.push((pair[0], pair[1], true, between)),
            (_, true) => told.push((pair[0], pair[1], false, between)),
            _ => {}
        }
    }
    // What 보다 follows is what the first named is held against.
    if let [first, .., second] = places[..]
        && let Some(hit) = KO_THAN.captures(sentence.get(second..).unwrap_or(""))
    {
        told.push((first, second, hit.get(1).is_some(), ""));
    }
    for (a, b, ahead, between) in told {
        let denied = NEGATED.is_in(between);
        // "A lost 88 units, which put it behind B": the levels.
        let apart = between.contains(|c: char| c.is_ascii_digit() || c == ',');
        let (keys, sign): (&[&str], f64) = if !apart && GREW.is_in(between) {
            (&["change_pct", "change"], 1.0)
        } else if !apart && FELL.is_in(between) {
            (&["change_pct", "change"], -1.0)
        } else {
            (&["value", "revenue", "forecast", "to_date", "share"], 1.0)
        };
        let mut pairs = keys.iter().flat_map(|key| {
            at(a).flat_map(move |a| {
                at(b).filter_map(move |b| Some((column(base, a, key)?, column(base, b, key)?)))
            })
        });
        let known: Vec<(f64, f64)> = pairs.by_ref().collect();
        let right = |(a, b): &(f64, f64)| a != b && (a * sign > b * sign) == (ahead != denied);
        if !known.is_empty() && !known.iter().any(right) {
            let at = sentence.get(end_of(a)..b).unwrap_or(sentence);
            faults.push(Fault::new(FaultKind::Comparison, at.trim()));
        }
    }
}

pub(super) static EACH_TIME: Pattern = Pattern::new(
    r"\b(?:better|higher|more|stronger|worse|lower|weaker|less) than the one before\b|\b(?:each|every) (?:single )?(?:day|week|month|quarter|year)\b|매(?:일|주|월|분기|년)|month (?:after|by) month|week (?:after|by) week|steadily|consistently|continuously|꾸준히",
);
static YEAR_SAID: Pattern = Pattern::new(r"\b(?:19|20)\d\d\b");
static LIKELY: Pattern = Pattern::new(
    r"\b(?:(unlikely|not likely)|likely|on (?:track|course))\b(?: \w+){0,2}? (?:to )?(?:make|reach|hit|meet|attain|achieve|beat)\b",
);

/// "Likely to make it": more likely than not.
pub(super) fn likely(
    kind: &str,
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    let Some(hit) = LIKELY.captures(sentence).filter(|_| kind == "attainment") else {
        return;
    };
    let at = hit.get(0).map_or(0, |m| m.start());
    let denied = hit.get(1).is_some() || NEGATED.is_in(sentence.get(..at).unwrap_or(""));
    for row in super::list_before(sentence, named, at) {
        if column(base, row, "p_attain").is_some_and(|p| (p < 0.5) != denied) {
            let word = hit.get(0).map_or("", |m| m.as_str());
            faults.push(Fault::new(FaultKind::Comparison, word));
        }
    }
}
static ONE_SEGMENT: Pattern = Pattern::new(
    r"\b(?:most\w*|down to|mainly|largely|came|comes|stems?|due|entirely)[^,.]{0,20}\b(?:one|a single) (?:segment|member|channel|brand|product|vendor)\b",
);

/// "In every month": each step of the series goes that way. "From one segment": one is among the rows.
pub(super) fn quantified(
    kind: &str,
    sentence: &str,
    facts: &Facts,
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    if kind == "drivers"
        && base.names.iter().all(Vec::is_empty)
        && let Some(hit) = ONE_SEGMENT.captures(sentence).and_then(|c| c.get(0))
    {
        faults.push(Fault::new(FaultKind::Claim, hit.as_str()));
    }
    // Of the year named, where one is.
    let year = |row: &crate::words::facts::Row| {
        let at = crate::words::facts::text(row, "time").and_then(|t| t.get(..4));
        !YEAR_SAID.is_in(sentence) || at.is_some_and(|year| sentence.contains(year))
    };
    let levels: Vec<f64> = facts
        .rows
        .iter()
        .zip(&base.value)
        .filter(|(row, _)| year(row))
        .filter_map(|(_, x)| *x)
        .collect();
    let series = base.names.iter().all(Vec::is_empty) && levels.len() > 1;
    let Some(each) = EACH_TIME
        .captures(sentence)
        .and_then(|c| c.get(0))
        .filter(|_| series)
    else {
        return;
    };
    for (pattern, sign) in [(&UP, 1.0), (&DOWN, -1.0)] {
        let said =
            pattern.is_in(sentence) && !NEGATED.is_in(sentence.get(..each.start()).unwrap_or(""));
        if said && !levels.windows(2).all(|w| (w[1] - w[0]) * sign > 0.0) {
            faults.push(Fault::new(FaultKind::Direction, each.as_str()));
        }
    }
}

static MAKES_UP: Pattern = Pattern::new(
    r"\b(?:(more than )?(?:made|make|makes|making) up for|(more than )?(?:offset|compensate[ds]?(?: for)?|outweigh(?:s|ed)?))\b",
);

/// "The gains at A more than made up for the loss at B": the sums must say so. Whether it was a sentence of that kind.
pub(super) fn made_up(
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) -> bool {
    let Some(hit) = MAKES_UP.captures(sentence) else {
        return false;
    };
    let Some(whole) = hit.get(0) else {
        return false;
    };
    let sum = |before: bool| -> Option<f64> {
        let mut rows: Vec<usize> = named
            .iter()
            .filter(|n| (n.1 < whole.start()) == before)
            .map(|n| n.0)
            .collect();
        rows.dedup();
        let parts: Option<Vec<f64>> = rows
            .iter()
            .map(|r| base.change.get(*r).copied().flatten())
            .collect();
        parts.filter(|p| !p.is_empty()).map(|p| p.iter().sum())
    };
    let (Some(by), Some(loss)) = (sum(true), sum(false)) else {
        return false;
    };
    let before = sentence.get(..whole.start()).unwrap_or("");
    let denied = NEGATED.is_in(before) || before.trim_end().ends_with("not");
    let partly = before.trim_end().ends_with("partly") || before.trim_end().ends_with("partially");
    let opposed = by.signum() != loss.signum();
    let enough = by.abs() >= loss.abs();
    if !opposed || enough == (denied || partly) {
        faults.push(Fault::new(FaultKind::Comparison, whole.as_str()));
    }
    true
}

#[derive(Clone, Copy, PartialEq)]
enum Back {
    Year,
    Quarter,
    Month,
    Week,
    Day,
}

/// How far before the period its baseline lies.
fn back(facts: &Facts) -> Option<Vec<Back>> {
    let period = time::parse_canonical(facts.period.as_deref()?)?;
    let baseline = time::parse_canonical(facts.baseline.as_deref()?)?;
    let mut found = Vec::new();
    let shift = (period.0 - baseline.0).num_days();
    let same_day = period.0.month() == baseline.0.month() && period.0.day() == baseline.0.day();
    if period.0.year() == baseline.0.year() + 1 && same_day || (363..=372).contains(&shift) {
        found.push(Back::Year);
    }
    let length = (period.1 - period.0).num_days() + 1;
    if (baseline.1 + chrono::Duration::days(1)) == period.0 {
        found.push(match length {
            1 => Back::Day,
            7 => Back::Week,
            28..=31 => Back::Month,
            89..=92 => Back::Quarter,
            365.. => Back::Year,
            _ => return None,
        });
    }
    (!found.is_empty()).then_some(found)
}

static BACK: [(Pattern, Back); 4] = [
    (
        Pattern::new(
            r"\byear[- ](?:on|over)[- ]year\b|\byoy\b|\b(?:than|from|on|over|versus|vs|against|with|to) (?:the )?(?:same (?:\w+ )?(?:of |in )?)?(?:last year|(?:a|one) year (?:ago|earlier|before)|(?:previous|prior) year|year before)\b|\b(?:a|one) year earlier\b|(?:전년|작년|지난해)(?: ?(?:동월|동기|같은 ?(?:달|기간)))?(?:에 비해| ?대비|보다)",
        ),
        Back::Year,
    ),
    (
        Pattern::new(
            r"\bquarter[- ](?:on|over)[- ]quarter\b|\bqoq\b|\b(?:than|from|on|over|versus|vs|against) (?:the )?(?:last|previous|prior) quarter\b|\b(?:a|one) quarter earlier\b|(?:전분기|지난 ?분기)(?:에 비해| ?대비|보다)",
        ),
        Back::Quarter,
    ),
    (
        Pattern::new(
            r"\bmonth[- ](?:on|over)[- ]month\b|\bmom\b|\b(?:than|from|on|over|versus|vs|against) (?:the )?(?:last|previous|prior) month\b|\b(?:a|one) month earlier\b|\bmonth before\b|(?:전월|지난달)(?:에 비해| ?대비|보다)",
        ),
        Back::Month,
    ),
    (
        Pattern::new(
            r"\bweek[- ](?:on|over)[- ]week\b|\bwow\b|\b(?:than|from|on|over|versus|vs|against) (?:the )?(?:last|previous|prior) week\b|\b(?:a|one) week earlier\b|(?:전주|지난주)(?:에 비해| ?대비|보다)",
        ),
        Back::Week,
    ),
];

/// Columns that hold something of a year ago, whatever the baseline is.
const YEARLY: [&str; 3] = ["year_ago_pct", "last_year", "implied_growth"];

/// "Year on year" must be against the year before, "month over month" against the month before.
pub(super) fn since(sentence: &str, facts: &Facts, base: &Base, faults: &mut Vec<Fault>) {
    let Some(against) = back(facts) else { return };
    let yearly = base
        .facts
        .iter()
        .any(|f| YEARLY.contains(&f.column.as_str()));
    for (pattern, step) in &BACK {
        let Some(hit) = pattern.captures(sentence).and_then(|c| c.get(0)) else {
            continue;
        };
        if !(against.contains(step) || *step == Back::Year && yearly) {
            faults.push(Fault::new(FaultKind::Time, hit.as_str()));
        }
    }
}

static YEAR_AFTER: Pattern = Pattern::new(
    r"^[^,.;:]{0,30}\b(?:last year|a year (?:ago|earlier|before)|year[- ]on[- ]year|yoy|on the year|the year before)\b",
);
static YEAR_BEFORE: Pattern =
    Pattern::new(r"(?:전년|작년|지난해|year[- ]on[- ]year|than last year)(?:[^,;:]|,[0-9]){0,30}$");

/// The sign of a row's change on last year, where the words around `from..to` speak of that and the row holds it.
pub(super) fn yearly(
    sentence: &str,
    from: usize,
    to: usize,
    base: &Base,
    row: usize,
) -> Option<f64> {
    let growth =
        column(base, row, "year_ago_pct").or_else(|| column(base, row, "implied_growth"))?;
    let after = sentence.get(to..).unwrap_or("");
    // "up on the month but down on last year": only as far as the next direction.
    let reach = [&UP, &DOWN]
        .into_iter()
        .filter_map(|p| p.find(after).map(|m| m.start()))
        .min()
        .unwrap_or(after.len());
    let spoken = YEAR_AFTER.is_in(after.get(..reach).unwrap_or(""))
        || YEAR_BEFORE.is_in(sentence.get(..from).unwrap_or(""));
    spoken.then_some(growth)
}

static AGE: Pattern = Pattern::new(
    r"\b(?:after )?(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2}) (?:months?|weeks?|quarters?|years?)(?: later| on\b| after)?|\bafter (a|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2}) (?:months?|weeks?|quarters?)|(\d{1,2}) ?(?:개월|주|분기) ?(?:뒤|후|차|만)|\b(?:in|at|by|until) (?:week|month|quarter|age) (\d{1,2})\b|경과 (\d{1,2})",
);
static AGED: Pattern = Pattern::new(
    r"\bafter (?:a|one|\w+) (?:month|week|quarter)s?\b|(?:months?|weeks?|quarters?|years?) (?:later|on\b|after)|\b(?:week|month|quarter|age) \d|(?:뒤|후|차)|경과",
);

/// Words for the first age beside the one named.
static START: Pattern =
    Pattern::new(r"\b(?:start|launch week|beginning|outset|first (?:week|month))\b|첫");

/// The age that a sentence about cohorts or launches is set at, where just one is named.
pub(super) fn age(kind: &str, sentence: &str) -> Option<f64> {
    const WORDS: [&str; 12] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    if !matches!(kind, "cohorts" | "launch_curve") || !AGED.is_in(sentence) || START.is_in(sentence)
    {
        return None;
    }
    let mut ages: Vec<f64> = AGE
        .captures_iter(sentence)
        .filter_map(|c| {
            let word = c.iter().skip(1).flatten().next()?.as_str();
            let of_words = WORDS
                .iter()
                .position(|w| *w == word)
                .map(|i| i as f64 + 1.0);
            of_words
                .or_else(|| (word == "a").then_some(1.0))
                .or_else(|| word.parse().ok())
        })
        .collect();
    ages.dedup();
    match ages.as_slice() {
        [age] => Some(*age),
        _ => None,
    }
}

/// Whether a fact may be told of a cohort at `age`: what it held then, or its size.
pub(super) fn at_age(fact: &Fact, age: Option<f64>, base: &Base) -> bool {
    match (age, fact.row) {
        (Some(age), Some(row)) => {
            let own = column(base, row, "age").or_else(|| column(base, row, "age_weeks"));
            fact.column == "size" || own.is_none_or(|a| a == age)
        }
        _ => true,
    }
}

static ELASTIC: Pattern = Pattern::new(
    r"\b(inelastic|(?:price[- ])?insensitive|hardly|barely|elastic|price[- ]sensitive|sensitive)\b|(비탄력|둔감|탄력적|민감)",
);

/// "Elastic" is beyond one, "inelastic" below.
pub(super) fn elastic(
    kind: &str,
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    if kind != "elasticity" {
        return;
    }
    for hit in ELASTIC.find_iter(sentence) {
        let word = hit.as_str();
        let below = word.starts_with("in")
            || word.contains("insens")
            || matches!(word, "hardly" | "barely" | "비탄력" | "둔감");
        let before = sentence.get(..hit.start()).unwrap_or("");
        let after = sentence.get(hit.end()..).unwrap_or("");
        // "More sensitive than", "price elasticity" and denials are another matter.
        let relative = ["more ", "less ", "most ", "least ", "not "]
            .iter()
            .any(|w| before.ends_with(w));
        if relative || after.starts_with("ity") {
            continue;
        }
        let own = named
            .iter()
            .rev()
            .find(|n| n.1 < hit.start())
            .or_else(|| named.iter().find(|n| n.1 >= hit.end()));
        let row = match own {
            Some((row, _)) => *row,
            None if base.names.len() == 1 => 0,
            None => continue,
        };
        if let Some(x) = base
            .facts
            .iter()
            .find(|f| f.row == Some(row) && f.column == "elasticity" && f.x.abs() > 0.05)
            && (x.x.abs() < 1.0) != below
        {
            faults.push(Fault::new(FaultKind::Claim, word));
        }
    }
}

static DEARER: Pattern = Pattern::new(
    r"\bpric\w*(?: \w+){0,2} (?:ris\w+|increas\w+|rais\w+|hike\w*|up)\b|\b(?:rais\w+|increas\w+|lift\w*|higher|dearer)(?: \w+){0,2} pric\w*|가격(?:을|이)?[^,.]{0,12}(?:올리|오르|인상|높)",
);
static CHEAPER: Pattern = Pattern::new(
    r"\bpric\w*(?: \w+){0,2} (?:cut\w*|reduc\w+|drop\w*|decreas\w+|fall\w*|down)\b|\b(?:cut\w*|reduc\w+|lower\w*|drop\w*|decreas\w+|cheaper)(?: \w+){0,2} pric\w*|가격(?:을|이)?[^,.]{0,12}(?:내리|인하|낮)",
);

static FEWER: Pattern = Pattern::new(
    r"\b(?:fewer|less|fall\w*|fell|drop\w*|lower\w*|declin\w+|reduc\w+|los\w+|decreas\w+)\b|감소|줄",
);
static MORE: Pattern =
    Pattern::new(r"\b(?:more|ris\w+|rose|increas\w+|lift\w*|gain\w*|boost\w*|grow\w*)\b|증가|늘");

/// "1 % dearer, 1.4 % fewer units": with an elasticity below nought the two go opposite ways.
pub(super) fn answers(
    kind: &str,
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    if kind != "elasticity" || sentence.contains("more strongly") || sentence.contains("more than")
    {
        return;
    }
    let Some((up, hit)) = price_move(sentence) else {
        return;
    };
    let rest = format!(
        "{} {}",
        sentence.get(..hit.start()).unwrap_or(""),
        sentence.get(hit.end()..).unwrap_or("")
    );
    let units_up = match (MORE.is_in(&rest), FEWER.is_in(&rest)) {
        (true, false) => true,
        (false, true) => false,
        _ => return,
    };
    let row = match named.first() {
        Some((row, _)) => *row,
        None if base.names.len() == 1 => 0,
        None => return,
    };
    let elasticity = base
        .facts
        .iter()
        .find(|f| f.row == Some(row) && f.column == "elasticity")
        .map(|f| f.x);
    if elasticity.is_some_and(|e| e != 0.0 && ((e > 0.0) == up) != units_up) {
        faults.push(Fault::new(FaultKind::Direction, hit.as_str()));
    }
}

/// Which way a sentence has the price go: "a price cut would raise" is a cut.
fn price_move(sentence: &str) -> Option<(bool, regex_lite::Match<'_>)> {
    let of = |pattern: &Pattern| pattern.captures(sentence).and_then(|c| c.get(0));
    match (of(&DEARER), of(&CHEAPER)) {
        (Some(up), Some(down)) if up.end() < down.end() => Some((true, up)),
        (_, Some(down)) => Some((false, down)),
        (up, None) => Some((true, up?)),
    }
}

/// Whether a change of the price is spoken of.
pub(super) fn is_priced(sentence: &str) -> bool {
    DEARER.is_in(sentence) || CHEAPER.is_in(sentence)
}

/// Whether a place in a text is what was supposed, not what follows from it.
pub(super) fn is_supposed(sentence: &str, at: std::ops::Range<usize>) -> bool {
    [&DEARER, &CHEAPER, &UNITS_SUPPOSED].into_iter().any(|p| {
        p.find_iter(sentence)
            .any(|m| m.start() <= at.start && at.end <= m.end())
    })
}

static UNITS_SUPPOSED: Pattern = Pattern::new(
    r"\b(?:with|if|selling|sold|sell|after|from)(?: we| \w+)? (?:[\d.]+ ?(?:%|percent) )?(?:more|fewer|less|higher|lower|a drop|a rise|a fall|drop|fall|rise)\b(?: of [\d.]+ ?%?)?|% (?:fewer|more|less) units\b",
);

/// What is supposed of the price must be what was supposed.
pub(super) fn supposed(sentence: &str, facts: &Facts, faults: &mut Vec<Fault>) {
    let Some(price) = facts.changes.get("price") else {
        return;
    };
    if let Some((up, hit)) = price_move(sentence)
        && (*price > 0.0) != up
    {
        faults.push(Fault::new(FaultKind::Direction, hit.as_str()));
    }
}

static MISSES: Pattern = Pattern::new(
    r"\b(?:miss\w*|fail\w*|fall\w* short|not (?:reach|meet|hit|make|attain|be (?:reached|met|hit))\w*)\b|미달|못|실패|놓",
);

/// Whether a probability stands beside words of missing rather than reaching.
pub(super) fn of_missing(sentence: &str, number: &Said) -> bool {
    let (_, end) = clause_around(sentence, number.from, number.to);
    let tail = sentence.get(number.to..end).unwrap_or("");
    let head: String = sentence
        .get(..number.from)
        .unwrap_or("")
        .chars()
        .rev()
        .take(24)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let next = tail
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(tail.len());
    MISSES.is_in(tail.get(..next).unwrap_or(""))
        || head.contains("of missing")
        || head.contains("못할 확률")
}

static NOUN: Pattern = Pattern::new(
    r"^ (?:qzname[a-z]+ ){0,2}(?:of )?(orders?|customers?|buyers?|units|pieces|returns|bottles)\b",
);

/// The metric that the noun behind a number speaks of, where it is not the one of the row.
pub(super) fn of_other_metric(sentence: &str, number: &Said, fits: &[&Fact], base: &Base) -> bool {
    let Some(noun) = NOUN
        .captures(sentence.get(number.to..).unwrap_or(""))
        .and_then(|c| c.get(1))
    else {
        return false;
    };
    let counted = match noun.as_str() {
        "order" | "orders" => "orders",
        "returns" => "returns",
        w if w.starts_with("customer") || w.starts_with("buyer") => "customers",
        // What comes back is counted in units too.
        _ if fits.iter().any(|f| {
            f.row
                .and_then(|r| base.metrics.get(r))
                .is_some_and(|m| m == "returns")
        }) =>
        {
            "returns"
        }
        _ => "units",
    };
    const COUNTED: [&str; 5] = ["units", "orders", "customers", "returns", "lines"];
    let levels = [
        "value", "baseline", "change", "forecast", "expected", "target",
    ];
    !fits.is_empty()
        && fits.iter().all(|f| {
            let of = f.row.and_then(|r| base.metrics.get(r)).map(String::as_str);
            levels.contains(&f.column.as_str())
                && of.is_some_and(|m| COUNTED.contains(&m) && m != counted)
        })
}
