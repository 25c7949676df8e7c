//! "All eight are smooth", "two of the three are achievable": how many rows are so.

use super::super::facts::{Facts, Row, num, text as cell};
use super::super::pattern::Pattern;
use super::base::Base;
use super::direction::{DOWN, UP};
use super::{Fault, FaultKind, figures};

static ALL: Pattern =
    Pattern::new(r"\b(?:all|every|each|both|everything|everyone)\b|모두|모든|전부|전체가");
static NOT_ALL: Pattern = Pattern::new(
    r"\b(?:not|nearly|almost) (?:all|every|each)|\b(?:all|every|each)(?: \w+){0,2} (?:but|except)|\b(?:in all|all told|all together|above all)\b|모두 합|전부 합|\b(?:rest|others?|remaining)\b|나머지",
);
static COUNTED: Pattern = Pattern::new(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|no|none|\d{1,2})\b(?: (?:of|out of)(?: (?:the|these|those|all|our))?(?: [a-z0-9]+)?)?(?: [a-z-]+){0,3} ?$",
);
static ONLY_THESE: Pattern = Pattern::new(r"^ ?only \w|\bonly (?:in |at |qzname)|뿐");
static DENIED: Pattern =
    Pattern::new(r"\b(?:not|n't|never|cannot|fails? to|failed to) (?:[a-z]+ ){0,2}$");

/// What can be said of a row, how it is said, and whether it is so.
type Property = (Pattern, fn(&Row) -> Option<bool>);

fn is(row: &Row, column: &str, word: &str) -> Option<bool> {
    Some(cell(row, column)?.eq_ignore_ascii_case(word))
}

fn flag(row: &Row, column: &str) -> Option<bool> {
    row.get(column)?.as_bool()
}

fn reached(row: &Row) -> Option<bool> {
    let end = num(row, "expected_end").or_else(|| num(row, "value"))?;
    Some(end >= num(row, "target")?)
}

/// So many of the properties are said of a row only where they are meant; "good" and "promotion" may mean other things.
const OF_ONE: usize = 17;
static PROPERTIES: [Property; 23] = [
    (Pattern::new(r"\b(?:uneven|irregular)\b"), |r| {
        Some(
            is(r, "demand_class", "erratic")?
                || is(r, "demand_class", "lumpy")?
                || is(r, "demand_class", "intermittent")?,
        )
    }),
    (
        Pattern::new(r"\bbelow (?:its |their |the )?(?:upper )?natural limits?\b"),
        |r| Some(num(r, "stretch_target")? <= num(r, "upper_natural_limit")?),
    ),
    (Pattern::new(r"\bclass a\b|\ba[- ]class\b|\ba등급"), |r| {
        is(r, "abc", "a")
    }),
    (Pattern::new(r"\bclass b\b|\bb[- ]class\b|\bb등급"), |r| {
        is(r, "abc", "b")
    }),
    (Pattern::new(r"\bclass c\b|\bc[- ]class\b|\bc등급"), |r| {
        is(r, "abc", "c")
    }),
    (Pattern::new(r"\b(?:class|rated) x\b"), |r| {
        is(r, "xyz", "x")
    }),
    (Pattern::new(r"\b(?:class|rated) y\b"), |r| {
        is(r, "xyz", "y")
    }),
    (Pattern::new(r"\b(?:class|rated) z\b"), |r| {
        is(r, "xyz", "z")
    }),
    (Pattern::new(r"\bsmooth\b"), |r| {
        is(r, "demand_class", "smooth")
    }),
    (Pattern::new(r"\berratic\b"), |r| {
        is(r, "demand_class", "erratic")
    }),
    (Pattern::new(r"\bintermittent\b"), |r| {
        is(r, "demand_class", "intermittent")
    }),
    (Pattern::new(r"\blumpy\b"), |r| {
        is(r, "demand_class", "lumpy")
    }),
    (Pattern::new(r"\bachievable\b|\bwithin reach\b"), |r| {
        flag(r, "achievable")
    }),
    (
        Pattern::new(r"\babove (?:its |their |the )?(?:upper )?natural limits?\b"),
        |r| Some(num(r, "stretch_target")? > num(r, "upper_natural_limit")?),
    ),
    (
        Pattern::new(r"\bbeats? (?:the )?(?:seasonal )?naive\b"),
        |r| flag(r, "beats_naive"),
    ),
    (
        Pattern::new(
            r"\b(?:reach|reached|reaches|hit|hits|meet|meets|met|achieve[ds]?|exceed(?:s|ed)?) (?:its |their |the )?(?:\w+ )?(?:targets?|goals?)\b",
        ),
        reached,
    ),
    (
        Pattern::new(
            r"\bwithin (?:its |the )?(?:normal|expected|usual) (?:range|band|interval|limits?)\b",
        ),
        |r| Some(!flag(r, "is_anomaly")?),
    ),
    (Pattern::new(r"\bgood\b"), |r| is(r, "state", "good")),
    (Pattern::new(r"\bto watch\b|\bon watch\b"), |r| {
        is(r, "state", "watch")
    }),
    (Pattern::new(r"\bbad\b"), |r| is(r, "state", "bad")),
    (
        Pattern::new(r"\bpromot(?:ions?|ed?|ing)\b|판촉|행사"),
        |r| is(r, "action", "promote"),
    ),
    (
        Pattern::new(r"\bprice (?:cuts?|changes?|increases?|rises?|moves?)\b|가격을"),
        |r| is(r, "action", "price"),
    ),
    (Pattern::new(r"\brestock(?:s|ed|ing)?\b"), |r| {
        is(r, "action", "restock")
    }),
];

/// Whether a sentence says something of rows that can be checked here.
pub(super) fn says(sentence: &str) -> bool {
    PROPERTIES.iter().any(|(said, _)| said.is_in(sentence))
}

/// "All fell", "only A and B rose": so did every row, or none but those named.
pub(super) fn moves(
    kind: &str,
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    let known = base.change.len() > 1 && base.change.iter().all(Option::is_some);
    let only = ONLY_THESE.is_in(sentence) && !named.is_empty();
    let all = named.is_empty() && ALL.is_in(sentence) && !NOT_ALL.is_in(sentence);
    if !known || !(all || only) || matches!(kind, "drivers" | "insights" | "bridge") {
        return;
    }
    let sign = match (UP.is_in(sentence), DOWN.is_in(sentence)) {
        (true, false) => 1.0,
        (false, true) => -1.0,
        _ => return,
    };
    let held = |(row, change): (usize, &Option<f64>)| {
        let so = change.is_some_and(|c| c * sign > 0.0);
        if only {
            !so || named.iter().any(|n| n.0 == row)
        } else {
            so
        }
    };
    if !base.change.iter().enumerate().all(held) {
        faults.push(Fault::new(FaultKind::Direction, sentence.trim()));
    }
}

/// Checks what a sentence that names nobody says of all rows, or of so many.
pub(super) fn quantity(sentence: &str, facts: &Facts, faults: &mut Vec<Fault>) {
    for (said, holds) in &PROPERTIES {
        let Some(hit) = said.captures(sentence).and_then(|c| c.get(0)) else {
            continue;
        };
        let rows: Vec<bool> = facts.rows.iter().filter_map(holds).collect();
        if rows.is_empty() || rows.len() < facts.rows.len() {
            continue;
        }
        let before = sentence.get(..hit.start()).unwrap_or("");
        let denied = DENIED.is_in(before);
        let so = rows.iter().filter(|r| **r != denied).count();
        // After the last comma or figure of its own: "five are smooth, three erratic".
        let counted = COUNTED.captures(before).and_then(|c| c.get(1));
        let wrong = match counted.map(|m| m.as_str()) {
            Some("no" | "none") => so != 0,
            Some("one") => so != 1,
            Some(word) => match word.parse::<f64>().ok().or(Some(figures::count(word))) {
                Some(n) if n > 1.0 && n <= facts.rows.len() as f64 => so as f64 != n,
                _ => false,
            },
            None => so == 0 || ALL.is_in(sentence) && !NOT_ALL.is_in(sentence) && so < rows.len(),
        };
        if wrong {
            faults.push(Fault::new(FaultKind::Claim, hit.as_str()));
        }
    }
}

static ONLY: Pattern = Pattern::new(r"\bonly (?:one|member|brand|product|channel|vendor)\b|유일");

/// "A is in class C", "the only one that is achievable": so is the row named, and, if the only one, no other.
pub(super) fn of_named(
    sentence: &str,
    named: &[(usize, usize)],
    facts: &Facts,
    faults: &mut Vec<Fault>,
) {
    let only = ONLY.is_in(sentence);
    for (at, (said, holds)) in PROPERTIES.iter().enumerate() {
        let Some(hit) = said.captures(sentence).and_then(|c| c.get(0)) else {
            continue;
        };
        let before = sentence.get(..hit.start()).unwrap_or("");
        let denied = DENIED.is_in(before);
        // The last name before it, else the first.
        let Some(place) = named
            .iter()
            .rev()
            .find(|n| n.1 < hit.start())
            .or(named.first())
        else {
            return;
        };
        let own = named
            .iter()
            .filter(|n| n.1 == place.1)
            .filter_map(|n| holds(facts.rows.get(n.0)?));
        let is_so = own.map(|o| o != denied).reduce(|a, b| a || b);
        let so = facts
            .rows
            .iter()
            .filter_map(holds)
            .filter(|o| *o != denied)
            .count();
        if is_so == Some(false) && (at < OF_ONE || only) || only && is_so == Some(true) && so != 1 {
            faults.push(Fault::new(FaultKind::Claim, hit.as_str()));
        }
    }
}
