//! Days, months, quarters and years must be among the facts.

use super::super::facts::{Facts, month_name, text as cell};
use super::super::pattern::Pattern;
use super::super::text::fold;
use super::super::time;
use super::numbers::Said;
use super::{Fault, FaultKind};

pub(super) static YEAR: Pattern = Pattern::new(r"^(?:19|20)\d\d$");

pub(super) static DAY_OF: Pattern = Pattern::new(
    r"\b(\d{1,2}) (january|february|march|april|may|june|july|august|september|october|november|december)\b|(\d{1,2})월 (\d{1,2})일|\b(january|february|march|april|may|june|july|august|september|october|november|december) (\d{1,2})\b",
);

static WEEK_OF: Pattern = Pattern::new(r"\bweek (\d{1,2})\b|(\d{1,2})주차");

pub(super) static MONTHS: Pattern = Pattern::new(
    r"\b(january|february|march|april|may|june|july|august|september|october|november|december)\b|(\d{1,2})월|\bq([1-4])\b|([1-4])분기",
);

pub(super) static TIME_WORDS: Pattern = Pattern::new(
    r"\b\d{1,2} (?:january|february|march|april|may|june|july|august|september|october|november|december)(?: (?:19|20)\d\d)?|\b(?:january|february|march|april|may|june|july|august|september|october|november|december) (?:\d{1,2},? )?(?:19|20)\d\d|\b(?:january|february|march|april|may|june|july|august|september|october|november|december) \d{1,2}(?:st|nd|rd|th)?\b|\bq[1-4] (?:19|20)\d\d|\bweek \d{1,2}(?: of (?:19|20)\d\d)?|\b(?:19|20)\d\d-\d\d(?:-\d\d)?|(?:19|20)\d\d년(?: ?\d{1,2}월(?: ?\d{1,2}일)?| ?[1-4]분기)?|\d{1,2}월(?: ?\d{1,2}일)?|[1-4]분기",
);

/// Times are checked on their own; here they are taken out, place by place.
pub(super) fn mask_times(text: &str) -> String {
    TIME_WORDS.regex().map_or_else(
        || text.to_owned(),
        |r| {
            r.replace_all(text, |c: &regex_lite::Captures<'_>| {
                "\u{1}".repeat(c.get(0).map_or(0, |m| m.len()))
            })
            .into_owned()
        },
    )
}

pub(super) fn is_time(number: &Said, text: &str, facts: &Facts) -> bool {
    let raw = text.get(number.from..number.to).unwrap_or("").trim();
    YEAR.is_in(raw) && number.unit.is_none() && known_times(facts).iter().any(|t| t.contains(raw))
}

/// Canonical texts of every time in the facts.
pub(super) fn known_times(facts: &Facts) -> Vec<String> {
    let mut found: Vec<String> = facts
        .period
        .iter()
        .chain(&facts.baseline)
        .cloned()
        .collect();
    // What is held against last year may name it.
    let yearly = |r: &super::super::facts::Row| {
        ["last_year", "year_ago_pct", "implied_growth"]
            .iter()
            .any(|c| r.contains_key(*c))
    };
    if facts.rows.iter().any(yearly)
        && let Some(before) = facts
            .period
            .as_deref()
            .and_then(time::parse_canonical)
            .and_then(time::year_ago)
    {
        found.push(time::canonical(before));
    }
    // Insights hold a period against the one before it.
    if facts.baseline.is_none()
        && facts.rows.iter().any(|r| r.contains_key("headline"))
        && let Some(before) = facts
            .period
            .as_deref()
            .and_then(time::parse_canonical)
            .and_then(time::previous)
    {
        found.push(time::canonical(before));
    }
    for row in &facts.rows {
        for column in ["time", "cohort", "first_sold", "last_sold"] {
            if let Some(t) = cell(row, column) {
                found.push(t.chars().take(10).collect());
            }
        }
    }
    found
}

/// Months, quarters and years named must be among the facts.
pub(super) fn times(text: &str, facts: &Facts, faults: &mut Vec<Fault>) {
    let known = known_times(facts);
    if known.is_empty() {
        return;
    }
    let spans: Vec<time::Span> = known
        .iter()
        .filter_map(|t| time::parse_canonical(t))
        .collect();
    let free = facts
        .rows
        .iter()
        .filter_map(|r| {
            cell(r, "note")
                .or(cell(r, "detail"))
                .or(cell(r, "headline"))
                .or(cell(r, "reason"))
        })
        .map(fold)
        .collect::<String>();
    use chrono::Datelike;
    for hit in MONTHS.captures_iter(text) {
        let whole = hit.get(0).map_or("", |m| m.as_str());
        if free.contains(whole) {
            continue;
        }
        let month = hit
            .get(1)
            .and_then(|m| (1..=12).find(|i| month_name(*i).to_lowercase() == m.as_str()))
            .or_else(|| hit.get(2).and_then(|m| m.as_str().parse().ok()));
        let quarter: Option<u32> = hit
            .get(3)
            .or(hit.get(4))
            .and_then(|m| m.as_str().parse().ok());
        let known = spans.iter().any(|(first, last)| {
            let ends = |d: chrono::NaiveDate| {
                month.is_none_or(|m| d.month() == m)
                    && quarter.is_none_or(|q| d.month0() / 3 + 1 == q)
            };
            ends(*first) || ends(*last)
        });
        if !known {
            faults.push(Fault::new(FaultKind::Time, whole));
        }
    }
    for hit in WEEK_OF.captures_iter(text) {
        let whole = hit.get(0).map_or("", |m| m.as_str());
        let week: Option<u32> = hit
            .get(1)
            .or(hit.get(2))
            .and_then(|m| m.as_str().parse().ok());
        let known = spans.iter().any(|(first, last)| {
            [first, last]
                .into_iter()
                .any(|d| Some(d.iso_week().week()) == week)
        });
        if !known && !free.contains(whole) {
            faults.push(Fault::new(FaultKind::Time, whole));
        }
    }
    for hit in DAY_OF.captures_iter(text) {
        let whole = hit.get(0).map_or("", |m| m.as_str());
        let number = |i: usize| hit.get(i).and_then(|m| m.as_str().parse::<u32>().ok());
        let month = hit
            .get(2)
            .or(hit.get(5))
            .and_then(|m| (1..=12).find(|i| month_name(*i).to_lowercase() == m.as_str()))
            .or(number(3));
        let day = number(1).or(number(4)).or(number(6));
        let known = spans.iter().any(|(first, last)| {
            [first, last]
                .into_iter()
                .any(|d| Some(d.month()) == month && Some(d.day()) == day)
        });
        if !known && !free.contains(whole) {
            faults.push(Fault::new(FaultKind::Time, whole));
        }
    }
    for word in text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|w| YEAR.is_in(w))
    {
        let dated = [
            "in ",
            "of ",
            "january ",
            "february ",
            "march ",
            "april ",
            "may ",
            "june ",
            "july ",
            "august ",
            "september ",
            "october ",
            "november ",
            "december ",
            "q1 ",
            "q2 ",
            "q3 ",
            "q4 ",
            "year ",
        ]
        .iter()
        .any(|p| text.contains(&format!("{p}{word}")))
            || text.contains(&format!("{word}년"));
        let year: i32 = word.parse().unwrap_or(0);
        if dated
            && !spans
                .iter()
                .any(|(a, b)| a.year() == year || b.year() == year)
            && !free.contains(word)
        {
            faults.push(Fault::new(FaultKind::Time, word));
        }
    }
}
