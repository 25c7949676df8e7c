//! Figures that follow from facts: sums, differences and shares of them, where the words around call them that.

use std::collections::BTreeSet;

use super::super::facts::Unit;
use super::super::pattern::Pattern;
use super::base::{Base, Fact};
use super::labels;
use super::numbers::Said;

pub(super) static SUM: Pattern = Pattern::new(
    r"\b(?:together|combined|both|in all|in total|totals?|totall?ed|overall|altogether|add(?:s|ed)? up|sums?|jointly|between them|top|products|items)\b|합계|합[쳐치하산은]|모두|총|상위|전체|\b(?:over|across|during|in) (?:the|these|all|those) (?:\w+ )?(?:days|weeks|months|quarters|years|period)\b",
);
static MEAN: Pattern = Pattern::new(
    r"\b(?:average[sd]?|averaging|mean|(?:a|per|each) (?:day|week|month|quarter|year))\b|평균|하루에|한 달에|매주|매월",
);
static UPPER: Pattern = Pattern::new(
    r"\b(?:more|higher|ahead|above|beyond|exceed\w*|beat\w*|over|outs\w+|outperform\w*|surplus|better|extra)\b|더 많|더 높|초과|웃돌|많은|많게|많이|높은|높게|높습|많습",
);
static LOWER: Pattern = Pattern::new(
    r"\b(?:less|fewer|lower|behind|short\w*|below|under|miss\w*|need\w*|missing|lack\w*|trail\w*|lag\w*|reduc\w+|worse)\b|부족|못 미|밑돌|적은|적게|적었|적습|낮게|낮은|낮습|모자",
);
static GAP: Pattern = Pattern::new(
    r"\b(?:gap|distance|spread|span|difference|differs?|lead|margin|apart|left|remain\w*|to go|still|chang\w+|impl\w+|growth|by)\b|차이|남|변화",
);
static OF_IT: Pattern = Pattern::new(r"\b(?:of|target|goal|plan)\b|목표|달성");
static REST: Pattern = Pattern::new(
    r"\b(?:rest|remaining|remainder|others?|left|leav\w+|outside|everything else)\b|나머지|그 외",
);

/// Columns that add up over rows.
const ADDITIVE: [&str; 12] = [
    "value",
    "baseline",
    "revenue",
    "share",
    "revenue_share",
    "forecast",
    "change",
    "contribution",
    "impact",
    "expected_uplift",
    "customers",
    "skus",
];
/// What is compared within a row: a level and what it is held against.
const HELD_AGAINST: [(&str, &str); 10] = [
    ("expected_end", "target"),
    ("to_date", "target"),
    ("value", "target"),
    ("value", "expected"),
    ("value", "baseline"),
    ("expected", "baseline"),
    ("stretch_target", "last_year"),
    ("commit", "last_year"),
    ("ambitious", "last_year"),
    ("forecast", "last_year"),
];

/// Facts of one row by column.
fn of<'b>(base: &'b Base, row: usize, column: &str) -> Option<&'b Fact> {
    base.facts
        .iter()
        .find(|f| f.row == Some(row) && f.column == column)
}

/// Rows in the order their names stand, each once.
fn in_order(named: &[(usize, usize)]) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    named
        .iter()
        .map(|(row, _)| *row)
        .filter(|row| seen.insert(*row))
        .collect()
}

/// The rows that a sentence naming nobody is of: those without a name, or all where they are of one member.
fn of_nobody(base: &Base) -> Vec<usize> {
    let first = base.names.first();
    let of_one = base.names.len() > 1 && base.names.iter().all(|n| Some(n) == first);
    (0..base.names.len())
        .filter(|r| of_one || base.names.get(*r).is_some_and(Vec::is_empty))
        .collect()
}

/// How many the text calls the top: "the top three".
pub(super) fn top_count(text: &str) -> Option<usize> {
    const WORDS: [&str; 9] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    const KOREAN: [&str; 4] = ["두", "세", "네", "다섯"];
    for (i, word) in WORDS.iter().enumerate() {
        if text.contains(&format!("top {word}")) || text.contains(&format!("top {}", i + 2)) {
            return Some(i + 2);
        }
    }
    (2..=10)
        .find(|n| text.contains(&format!("상위 {n}")))
        .or_else(|| {
            KOREAN
                .iter()
                .position(|w| text.contains(&format!("상위 {w}")))
                .map(|i| i + 2)
        })
}

/// Whether `number` follows from the facts in the way that `text`, the sentence around it, says.
pub(super) fn follows(number: &Said, text: &str, named: &[(usize, usize)], base: &Base) -> bool {
    let unit_fits = |unit: Unit, relative: bool| match number.unit {
        None => unit != Unit::Share && !relative,
        Some(Unit::Share) => unit == Unit::Share || relative,
        Some(told) => told == unit && !relative,
    };
    let points = number.raw.ends_with("points");
    let named_rows = in_order(named);
    // A chance of missing is what the chance of reaching leaves.
    if number.unit == Some(Unit::Share) && !points && super::relations::of_missing(text, number) {
        let of_row = |f: &&Fact| {
            f.row
                .is_some_and(|r| named_rows.is_empty() || named_rows.contains(&r))
        };
        let mut chances = base
            .facts
            .iter()
            .filter(|f| f.column == "p_attain")
            .filter(of_row);
        if chances.any(|f| number.is(1.0 - f.x)) {
            return true;
        }
    }
    let near = |x: f64| number.is_size(x);
    let rows = in_order(named);
    let all: Vec<usize> = (0..base.names.len()).collect();
    if SUM.is_in(text) {
        let mut sets: Vec<Vec<usize>> = vec![all.clone()];
        if rows.len() > 1 {
            sets.push(rows.clone());
        }
        if let Some(n) = top_count(text) {
            sets.push(all.iter().copied().take(n).collect());
        }
        for class in super::quantity::classes(text, base) {
            sets.push(class);
        }
        for set in sets.iter().filter(|s| s.len() > 1) {
            for column in ADDITIVE {
                let parts: Vec<&Fact> = set.iter().filter_map(|r| of(base, *r, column)).collect();
                let Some(first) = parts.first().filter(|_| parts.len() == set.len()) else {
                    continue;
                };
                // Averages and rates do not add up; shares do.
                let adds = base.additive || !matches!(column, "value" | "baseline" | "change");
                if adds
                    && unit_fits(first.unit, false)
                    && near(parts.iter().map(|f| f.x).sum::<f64>())
                {
                    return true;
                }
            }
        }
    }
    if MEAN.is_in(text) && base.additive {
        for column in ["value", "forecast", "revenue"] {
            let set = if rows.len() > 1 { &rows } else { &all };
            let parts: Vec<&Fact> = set.iter().filter_map(|r| of(base, *r, column)).collect();
            if let Some(first) = parts
                .first()
                .filter(|_| parts.len() > 1 && parts.len() == set.len())
                && unit_fits(first.unit, false)
                && near(parts.iter().map(|f| f.x).sum::<f64>() / parts.len() as f64)
            {
                return true;
            }
        }
    }
    let (upper, lower) = (UPPER.is_in(text), LOWER.is_in(text));
    let gap = GAP.is_in(text);
    // Which of two comes out ahead must be the one said to.
    let told = |difference: f64| match (upper, lower) {
        (true, false) => difference > 0.0,
        (false, true) => difference < 0.0,
        (both, _) => gap || both,
    };
    let compare = |a: &Fact, b: &Fact| {
        let difference = a.x - b.x;
        if !told(difference) {
            return false;
        }
        if a.unit == Unit::Share {
            return points && near(difference);
        }
        unit_fits(a.unit, false) && near(difference)
            || !points && b.x > 0.0 && unit_fits(a.unit, true) && near(difference / b.x)
    };
    let focus = match rows.is_empty() {
        true => of_nobody(base),
        false => rows.clone(),
    };
    for row in &focus {
        for (a, b) in HELD_AGAINST {
            let (Some(a), Some(b)) = (of(base, *row, a), of(base, *row, b)) else {
                continue;
            };
            if (upper || lower || gap) && compare(a, b) {
                return true;
            }
            let apart = labels::is_distance(text.get(number.to..).unwrap_or(""));
            let share = !points && !apart && OF_IT.is_in(text) && unit_fits(a.unit, true);
            let whole = b.column == "target" || b.column == "expected" && text.contains("expected");
            if share && b.x > 0.0 && near(a.x / b.x) && whole {
                return true;
            }
        }
    }
    if upper || lower || gap {
        for column in ["value", "revenue", "forecast", "share", "to_date"] {
            // The first named against each of the others.
            for (i, a) in rows.iter().enumerate() {
                for b in rows.iter().skip(i + 1) {
                    if let (Some(a), Some(b)) = (of(base, *a, column), of(base, *b, column))
                        && compare(a, b)
                    {
                        return true;
                    }
                }
            }
            // Along a series, a step from one time to the next; of the time named where one is.
            let step = rows.first().filter(|_| timed(base) && rows.len() == 1);
            if rows.is_empty() || step.is_some() {
                let quantiles = of(base, 0, "quantile").is_some();
                let ends =
                    |pair: &&[usize]| !quantiles && step.is_none_or(|row| pair.contains(row));
                for pair in all.windows(2).filter(ends) {
                    if let (Some(a), Some(b)) =
                        (of(base, pair[1], column), of(base, pair[0], column))
                        && compare(a, b)
                    {
                        return true;
                    }
                }
            }
        }
        // Quantiles of one total, which have no order in time: those spoken of, where two are.
        let quantile = |row: usize| of(base, row, "quantile").map(|f| f.x);
        let spoken = |row: &usize| {
            quantile(*row).is_some_and(|q| {
                text.contains(&format!("{:.0}%", q * 100.0)) || q == 0.5 && text.contains("median")
            })
        };
        let mut ends: Vec<usize> = all.iter().copied().filter(spoken).collect();
        if ends.len() < 2 {
            ends = all
                .iter()
                .copied()
                .filter(|r| quantile(*r).is_some())
                .collect();
        }
        let pairs = ends.iter().flat_map(|a| ends.iter().map(move |b| (a, b)));
        let mut levels =
            pairs.filter_map(|(a, b)| Some((of(base, *a, "value")?, of(base, *b, "value")?)));
        if levels.any(|(a, b)| compare(a, b)) {
            return true;
        }
    }
    // "3 % above its peers": an index of 1.03.
    let peers = focus.iter().filter_map(|r| of(base, *r, "index_to_peers"));
    if number.unit == Some(Unit::Share)
        && (upper || lower)
        && peers
            .into_iter()
            .any(|f| told(f.x - 1.0) && near(f.x - 1.0))
    {
        return true;
    }
    if REST.is_in(text) && number.unit == Some(Unit::Share) && !points {
        let shares = base.facts.iter().filter(|f| {
            matches!(
                f.column.as_str(),
                "top1_share" | "top5_share" | "share" | "cumulative_share"
            )
        });
        let named_share: f64 = rows
            .iter()
            .filter_map(|r| of(base, *r, "share"))
            .map(|f| f.x)
            .sum();
        if shares.into_iter().any(|f| near(1.0 - f.x))
            || named_share > 0.0 && near(1.0 - named_share)
        {
            return true;
        }
    }
    false
}

/// How many times one is the other, where the text names both: "three times", "twice".
pub(super) fn multiples(named: &[(usize, usize)], base: &Base) -> Vec<f64> {
    let rows = in_order(named);
    let mut found = Vec::new();
    let own = match rows.is_empty() {
        true => of_nobody(base),
        false => rows.clone(),
    };
    for row in own {
        for against in ["baseline", "expected"] {
            if let (Some(a), Some(b)) = (of(base, row, "value"), of(base, row, against))
                && b.x > 0.0
            {
                found.push(a.x / b.x);
            }
        }
        found.extend(of(base, row, "index_to_peers").map(|f| f.x));
    }
    let before = rows
        .iter()
        .filter(|_| timed(base))
        .filter_map(|r| r.checked_sub(1));
    let mut steps: Vec<usize> = rows.iter().copied().chain(before).collect();
    if timed(base) {
        // The later against the earlier.
        steps.sort_unstable_by_key(|r| usize::MAX - r);
    }
    for (i, a) in steps.iter().enumerate() {
        for b in steps.iter().skip(i + 1) {
            for column in ["value", "revenue", "forecast", "share", "elasticity"] {
                if let (Some(a), Some(b)) = (of(base, *a, column), of(base, *b, column))
                    && b.x != 0.0
                {
                    found.push(a.x / b.x);
                }
            }
        }
    }
    found
}

static OF_THEIRS: Pattern = Pattern::new(
    r"^(?: of|of)? (?:what|that of|qzname|the |january|february|march|april|may|june|july|august|september|october|november|december|q[1-4])",
);
static OF_BEFORE: Pattern = Pattern::new(
    r"^(?: of)? (?:its|their|the) (?:\w+ )?(?:level|former|previous|earlier|old|prior)\b",
);
static OF_CHANGE: Pattern =
    Pattern::new(r"\b(?:increase|growth|gain|rise|change|decline|drop|loss|fall|decrease)s?\b");
static COMPARED_BY: Pattern =
    Pattern::new(r"^ (?:(more|higher|above|up|over)|(?:less|fewer|lower|below|down|under))\b");

/// How often the first of each pair is the second.
fn ratios(pairs: &[(usize, usize)], columns: &[&str], base: &Base) -> Vec<f64> {
    pairs
        .iter()
        .flat_map(|(a, b)| {
            columns.iter().filter_map(|c| {
                let (a, b) = (of(base, *a, c)?, of(base, *b, c)?);
                (b.x != 0.0).then_some(a.x / b.x)
            })
        })
        .collect()
}

/// Shares that a fraction in words may stand for: those of the rows named, or of their sum, or of all.
///
/// `after` is what follows the fraction at `place`: "half of what B sold", "a third below".
pub(super) fn shares(after: &str, place: usize, named: &[(usize, usize)], base: &Base) -> Vec<f64> {
    let rows = in_order(named);
    let clause = after.split([',', ':']).next().unwrap_or("");
    let end = place + (after.len().min(clause.len())) + 12;
    // A name that all rows bear is of the whole.
    let of_all = |at: usize| named.iter().filter(|n| n.1 == at).count() == base.names.len();
    let theirs = named
        .iter()
        .find(|n| n.1 > place && n.1 < end && !of_all(n.1));
    let theirs = theirs.map(|n| n.0);
    let own = named.iter().rev().find(|n| n.1 < place).map(|n| n.0);
    let levels = ["value", "revenue", "forecast", "share"];
    if let (Some(theirs), Some(own)) = (theirs, own)
        && OF_THEIRS.is_in(clause)
    {
        return ratios(&[(own, theirs)], &levels, base);
    }
    if OF_BEFORE.is_in(clause) {
        let own: Vec<usize> = own
            .into_iter()
            .chain(rows.iter().copied())
            .take(1)
            .collect();
        return own
            .iter()
            .filter_map(|r| Some(of(base, *r, "value")?.x / of(base, *r, "baseline")?.x))
            .collect();
    }
    if let Some(more) = COMPARED_BY.captures(after).map(|c| c.get(1).is_some()) {
        let sign = if more { 1.0 } else { -1.0 };
        let steps: Vec<(usize, usize)> = rows
            .iter()
            .filter_map(|r| Some((*r, r.checked_sub(1).filter(|_| timed(base))?)))
            .chain(own.zip(theirs))
            .collect();
        let changes = rows
            .iter()
            .filter_map(|r| of(base, *r, "change_pct"))
            .map(|f| f.x);
        return ratios(&steps, &levels, base)
            .into_iter()
            .map(|x| x - 1.0)
            .chain(changes)
            .map(|x| x * sign)
            .collect();
    }
    let mut found: Vec<f64> = base
        .facts
        .iter()
        .filter(|f| f.unit == Unit::Share && !f.points)
        .filter(|f| {
            f.row.is_some_and(|r| {
                rows.contains(&r) || rows.is_empty() && base.names.get(r).is_some_and(Vec::is_empty)
            })
        })
        .map(|f| f.x.abs())
        .collect();
    // Of the rows named, or of all the rows.
    let together: Vec<f64> = (0..base.names.len())
        .filter(|r| rows.is_empty() || rows.contains(r))
        .filter_map(|r| of(base, r, "share"))
        .map(|f| f.x)
        .collect();
    if together.len() > 1 {
        found.push(together.iter().sum());
    }
    let whole = |column: &str| -> Option<Vec<f64>> {
        (0..base.names.len())
            .filter(|r| rows.is_empty() || base.names.get(*r) != Some(&Vec::new()) || timed(base))
            .map(|r| of(base, r, column).map(|f| f.x))
            .collect()
    };
    // What part of the sum of a column the rows named are.
    for column in ["value", "revenue", "forecast", "change"] {
        let known = match column {
            "change" => !OF_CHANGE.is_in(clause),
            _ => base.facts.iter().any(|f| f.column == "share"),
        };
        let Some(all) = whole(column).filter(|a| a.len() > 1 && !rows.is_empty() && !known) else {
            continue;
        };
        let sum: f64 = all.iter().sum();
        let adds = base.additive || column == "forecast" || column == "revenue";
        // Those named together, and the first of them alone.
        for set in [rows.as_slice(), &rows[..1]] {
            let parts = set.iter().filter_map(|r| of(base, *r, column));
            let own: f64 = parts.map(|f| f.x).sum();
            if adds && sum * own > 0.0 {
                found.push(own / sum);
            }
        }
    }
    for row in &rows {
        for (a, b) in HELD_AGAINST {
            if let (Some(a), Some(b)) = (of(base, *row, a), of(base, *row, b))
                && matches!(b.column.as_str(), "target" | "expected")
                && b.x > 0.0
            {
                found.push(a.x / b.x);
            }
        }
    }
    found
}

/// A series without names: its rows are told by their times.
fn timed(base: &Base) -> bool {
    base.names.iter().all(Vec::is_empty)
}
