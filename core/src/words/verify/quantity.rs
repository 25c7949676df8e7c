//! "All eight are smooth", "two of the three are achievable": how many rows are so.

use super::super::facts::{Facts, Row, num, text as cell};
use super::super::pattern::Pattern;
use super::base::Base;
use super::direction::{DOWN, UP};
use super::{Fault, FaultKind, figures};

static ALL: Pattern =
    Pattern::new(r"\b(?:all|every|each|everything|everyone)\b|모두|모든|전부|전체가");
static NOT_ALL: Pattern = Pattern::new(
    r"\b(?:not|nearly|almost) (?:all|every|each)|\b(?:all|every|each)(?: \w+){0,2} (?:but|except)|\b(?:in all|all told|all together|above all)\b|모두 합|전부 합|\b(?:rest|others?|remaining)\b|나머지",
);
static COUNTED: Pattern = Pattern::new(
    r"\b(both|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|no|none|\d{1,2})\b(?: (?:of|out of)(?: (?:the|these|those|all|our))?(?: [a-z0-9]+)?)?(?: [a-z-]+){0,4} ?$",
);
static ONLY_THESE: Pattern = Pattern::new(r"^ ?only \w|\bonly (?:in |at |qzname)|뿐");
static DENIED: Pattern =
    Pattern::new(r"\b(?:not|n't|never|cannot|fails? to|failed to) (?:[a-z]+ ){0,4}$");

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
    (
        Pattern::new(
            r"\bclass a\b|\b(?:the )?a[- ](?:class|rated|products|items)|\ban a (?:product|item)\b|\ba ?등급",
        ),
        |r| is(r, "abc", "a"),
    ),
    (
        Pattern::new(
            r"\b(?:class|in) b\b|\b(?:the )?b[- ](?:class|rated|products|items)|\ba b (?:product|item)\b|\bb ?등급",
        ),
        |r| is(r, "abc", "b"),
    ),
    (
        Pattern::new(
            r"\b(?:class|in) c\b|\b(?:the )?c[- ](?:class|rated|products|items)|\ba c (?:product|item)\b|\bc ?등급",
        ),
        |r| is(r, "abc", "c"),
    ),
    (Pattern::new(r"\b(?:class|rated) x\b"), |r| {
        is(r, "xyz", "x")
    }),
    (Pattern::new(r"\b(?:class|rated) y\b"), |r| {
        is(r, "xyz", "y")
    }),
    (Pattern::new(r"\b(?:class|rated) z\b"), |r| {
        is(r, "xyz", "z")
    }),
    (Pattern::new(r"\bsmooth(?:ally|ly)?\b"), |r| {
        is(r, "demand_class", "smooth")
    }),
    (Pattern::new(r"\berratic(?:ally|ly)?\b"), |r| {
        is(r, "demand_class", "erratic")
    }),
    (Pattern::new(r"\bintermittent(?:ally|ly)?\b"), |r| {
        is(r, "demand_class", "intermittent")
    }),
    (Pattern::new(r"\blumpy(?:ally|ly)?\b"), |r| {
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
            r"\b(?:reach|reached|reaches|hit|hits|meet|meets|met|achieve[ds]?|exceed(?:s|ed)?) (?:its |their |the )?(?:\w+ ){0,2}(?:targets?|goals?)\b|\b(?:targets?|goals?) (?:of [^,]{1,30} )?(?:was|were|is|are|has been|have been) (?:not |narrowly |just )?(?:reached|met|hit|achieved|exceeded|beaten|surpassed)\b",
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

/// The properties that are classes of products.
const CLASSES: std::ops::Range<usize> = 2..12;

/// Whether each row is so, property by property; `None` where the row does not tell.
pub(super) fn of_rows(facts: &Facts) -> Vec<Vec<Option<bool>>> {
    PROPERTIES
        .iter()
        .map(|(_, holds)| facts.rows.iter().map(holds).collect())
        .collect()
}

/// Whether a sentence says something of rows that can be checked here.
pub(super) fn says(sentence: &str) -> bool {
    PROPERTIES.iter().any(|(said, _)| said.is_in(sentence))
}

/// The rows of each class that `text` speaks of: "the A products", "erratic".
pub(super) fn classes(text: &str, base: &Base) -> Vec<Vec<usize>> {
    CLASSES
        .filter(|at| PROPERTIES[*at].0.is_in(text))
        .filter_map(|at| {
            let own = base.properties.get(at)?.iter().enumerate();
            Some(own.filter(|o| *o.1 == Some(true)).map(|o| o.0).collect())
        })
        .collect()
}

/// Whether the denial at `hit` is of a property, which is checked with it: "did not beat the naive forecast", "B did not".
pub(super) fn is_denied(
    sentence: &str,
    hit: std::ops::Range<usize>,
    named: &[(usize, usize)],
    base: &Base,
) -> bool {
    let known = |at: usize| {
        let rows = base.properties.get(at);
        rows.is_some_and(|r| r.iter().any(Option::is_some)) && (at < OF_ONE || named.is_empty())
    };
    let after = sentence.get(hit.end..).unwrap_or("");
    let before = sentence.get(..hit.start).unwrap_or("");
    let ends = after.trim().is_empty();
    PROPERTIES.iter().enumerate().any(|(at, (said, _))| {
        if !known(at) {
            return false;
        }
        if ends {
            let rows = super::list_before(sentence, named, hit.start);
            let is = |r: &usize| base.properties[at].get(*r).copied().flatten();
            return said.is_in(before)
                && !rows.is_empty()
                && rows.iter().all(|r| is(r) == Some(false));
        }
        // How many are uneven stands behind the word and is not counted.
        at > 0 && said.find(after).is_some_and(|m| m.start() < 25)
    })
}

/// "All fell", "only A and B rose": so did every row, or none but those named. Whether that was said and is so.
pub(super) fn moves(
    kind: &str,
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) -> bool {
    let known = base.change.len() > 1 && base.change.iter().all(Option::is_some);
    let only = ONLY_THESE.is_in(sentence) && !named.is_empty();
    let all = named.is_empty() && ALL.is_in(sentence) && !NOT_ALL.is_in(sentence);
    if !known || !(all || only) || matches!(kind, "drivers" | "insights" | "bridge") {
        return false;
    }
    let sign = match (UP.is_in(sentence), DOWN.is_in(sentence)) {
        (true, false) => 1.0,
        (false, true) => -1.0,
        _ => return false,
    };
    let held = |(row, change): (usize, &Option<f64>)| {
        let so = change.is_some_and(|c| c * sign > 0.0);
        if only {
            !so || named.iter().any(|n| n.0 == row)
        } else {
            so
        }
    };
    let held = base.change.iter().enumerate().all(held);
    if !held {
        faults.push(Fault::new(FaultKind::Direction, sentence.trim()));
    }
    held
}

static ONLY: Pattern = Pattern::new(r"\bonly (?:one|member|brand|product|channel|vendor)\b|유일");
static ONE_OF_TWO: [&str; 2] = ["neither", "none"];

/// Checks what a sentence says of the rows it names, of so many of them, or of all; whether it said something right of one.
pub(super) fn properties(
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) -> bool {
    let only = ONLY.is_in(sentence);
    // A name that all rows bear tells none from the others.
    let telling = |n: &&(usize, usize)| {
        let same = named.iter().filter(|o| o.1 == n.1).count();
        same < base.names.len() || same == 1
    };
    let named: Vec<(usize, usize)> = named.iter().filter(telling).copied().collect();
    let mut right = false;
    for (at, (said, _)) in PROPERTIES.iter().enumerate() {
        let Some(rows) = base.properties.get(at) else {
            continue;
        };
        for hit in said.find_iter(sentence) {
            let before = sentence.get(..hit.start()).unwrap_or("");
            let denied = DENIED.is_in(before) || hit.as_str().contains(" not ");
            // A model that picks among the others is none of them.
            let own = rows.iter().zip(&base.picks).filter(|(_, picks)| !**picks);
            let own: Vec<bool> = own.filter_map(|(is, _)| *is).collect();
            let so = own.iter().filter(|o| **o != denied).count();
            let known = own.len();
            // After the last comma or figure of its own: "five are smooth, three erratic".
            let counted = COUNTED.captures(before).and_then(|c| c.get(1));
            // The last name before it, else any.
            let inside = |n: &&(usize, usize)| !hit.range().contains(&n.1);
            let named: Vec<(usize, usize)> = named.iter().filter(inside).copied().collect();
            let place = named.iter().rev().find(|n| n.1 < hit.start()).map(|n| n.1);
            let all = ALL
                .find(before)
                .filter(|_| !NOT_ALL.is_in(sentence))
                .map(|m| m.end());
            let of_all = all.is_some_and(|all| place.is_none_or(|n| n < all));
            let wrong = if named.is_empty() {
                let all = of_all || ALL.is_in(sentence) && !NOT_ALL.is_in(sentence);
                known > 0
                    && known == base.picks.iter().filter(|p| !**p).count()
                    && match counted.map(|m| m.as_str()) {
                        Some("no" | "none") => so != 0,
                        Some("one") => so != 1,
                        Some("both") => so < 2,
                        Some(word) => match word.parse::<f64>().unwrap_or(figures::count(word)) {
                            n if n >= 0.0 && n <= rows.len() as f64 => so as f64 != n,
                            _ => false,
                        },
                        None => so == 0 || all && so < known,
                    }
            } else {
                let own = named
                    .iter()
                    .filter(|n| place.is_none_or(|p| n.1 == p))
                    .filter_map(|n| rows.get(n.0).copied().flatten());
                let is = own.map(|o| o != denied).reduce(|a, b| a || b);
                right |= is == Some(true) && CLASSES.contains(&at);
                let none = ONE_OF_TWO.iter().any(|w| before.contains(w));
                is == Some(false) && (at < OF_ONE || only) && !none
                    || only && is == Some(true) && so != 1
                    || of_all && CLASSES.contains(&at) && so < known
            };
            if wrong {
                faults.push(Fault::new(FaultKind::Claim, hit.as_str()));
            }
        }
    }
    right
}
