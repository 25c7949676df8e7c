//! The numbers of a text with their unit, sign and rounding.

use super::super::facts::Unit;
use super::super::pattern::Pattern;
use super::super::text::is_hangul;
use super::{Fault, FaultKind};

/// A number of a text.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) x: f64,
    /// Half of the last digit shown.
    pub(super) slack: f64,
    pub(super) unit: Option<Unit>,
    /// Written with a sign.
    pub(super) signed: bool,
    /// Its currency as a code, where one is named.
    pub(super) currency: Option<&'static str>,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) raw: String,
}

impl Said {
    /// Whether it is `x` to the digits shown.
    pub(super) fn is(&self, x: f64) -> bool {
        (x - self.x).abs() <= self.slack * 1.0001
    }
    /// Whether it is `x` but for the sign.
    pub(super) fn is_size(&self, x: f64) -> bool {
        (x.abs() - self.x.abs()).abs() <= self.slack * 1.0001
    }
}

/// Currencies by code and how they are written.
const CURRENCIES: [(&str, &[&str]); 4] = [
    ("EUR", &["eur", "euro", "€", "유로"]),
    ("USD", &["usd", "$", "dollar", "달러"]),
    ("GBP", &["gbp", "£", "pound"]),
    ("KRW", &["krw", "₩", "won", "원"]),
];

/// A currency's code and ways to write it, however it is written.
fn currency(word: &str) -> Option<(&'static str, &'static [&'static str])> {
    let word = word.trim();
    CURRENCIES
        .into_iter()
        .find(|(_, forms)| forms.iter().any(|f| word.starts_with(f)))
}

/// The code of a currency however it is written.
pub(super) fn currency_code(word: &str) -> Option<&'static str> {
    currency(word).map(|(code, _)| code)
}

/// All ways to write a currency; none where it is not known.
pub(super) fn currency_forms(word: &str) -> &'static [&'static str] {
    currency(word).map_or(&[], |(_, forms)| forms)
}

pub(super) static NUMBER: Pattern = Pattern::new(
    r"([-+] ?)?(\d[\d,]*(?:\.\d+)?)(?: ?(million|billion|thousand|bn|[mk]\b|만|억|천))?",
);

pub(super) static CURRENCY: Pattern =
    Pattern::new(r"^(?: ?(?:eur|usd|krw|gbp|euros?|dollars?|won|pounds?|€|\$|£|₩|원|달러|유로))");

pub(super) static CURRENCY_BEFORE: Pattern = Pattern::new(r"(?:eur|usd|krw|gbp|€|\$|£|₩) ?[-+]?$");

pub(super) static MONEY_WORDS: Pattern =
    Pattern::new(r"\b(?:eur|usd|krw|gbp|euros?|dollars?|pounds?)\b|[€$£₩]|달러|유로");

pub(super) static COUNT_AFTER: Pattern =
    Pattern::new(r"^ ?(?:units?|pieces?|items?|orders?|bottles|customers|pcs|개 판매)\b");

pub(super) static PERCENT_AFTER: Pattern =
    Pattern::new(r"^ ?(?:%|percent\b|per cent\b|퍼센트|프로)");

pub(super) static POINTS_AFTER: Pattern =
    Pattern::new(r"^ ?(?:points?\b|percentage points?\b|pp\b|%p|% ?포인트|포인트)");

static POINTS_OF: Pattern =
    Pattern::new(r"^ of (?:the |its |those )?[\d.,]+(?: percentage)? points\b");

static APPROXIMATE: Pattern = Pattern::new(
    r"(?:\b(?:about|around|close to|roughly|approximately|nearly|almost|some|circa|just over|just under|more than|over)|약|거의) (?:[a-z]{3} ?|[€$£₩])?[-+]?$",
);

/// The numbers of `text`; digits grouped as no number is are a fault.
pub(super) fn numbers(text: &str, faults: &mut Vec<Fault>) -> Vec<Said> {
    let mut found = Vec::new();
    for hit in NUMBER.captures_iter(text) {
        let (Some(whole), Some(digits)) = (hit.get(0), hit.get(2)) else {
            continue;
        };
        // "383만 3,200" is one number.
        if found
            .last()
            .is_some_and(|last: &Said| whole.start() < last.to)
        {
            continue;
        }
        // Digits inside a name ("spf50") are read with the name.
        let before = text.get(..digits.start()).unwrap_or("");
        if before.ends_with(|c: char| c.is_alphanumeric() && !is_hangul(c)) {
            continue;
        }
        let shown = digits.as_str().trim_end_matches(',');
        if !is_grouped(shown) {
            faults.push(Fault::new(FaultKind::Grouping, shown));
            continue;
        }
        let Ok(mut x) = shown.replace(',', "").parse::<f64>() else {
            continue;
        };
        let decimals = shown.split_once('.').map_or(0, |(_, d)| d.len());
        let mut slack = 0.5 * 10_f64.powi(-(decimals as i32));
        let mut by = 1.0;
        if let Some(scale) = hit.get(3) {
            by = match scale.as_str() {
                "thousand" | "k" | "천" => 1e3,
                "million" | "m" => 1e6,
                "billion" | "bn" => 1e9,
                "만" => 1e4,
                _ => 1e8,
            };
            x *= by;
            slack *= by;
        }
        let sign = hit.get(1).map(|s| s.as_str().trim());
        // A dash between two numbers is a range, not a minus.
        let sign = sign.filter(|s| !s.is_empty()).or_else(|| {
            // "-EUR 20,500": the sign may stand before the currency.
            let left = CURRENCY_BEFORE.captures(before)?.get(0)?.start();
            let left = before.get(..left)?;
            ["+", "-"].into_iter().find(|s| {
                left.strip_suffix(s)
                    .is_some_and(|l| l.is_empty() || l.ends_with(['(', ' ', '/']))
            })
        });
        let minus = sign == Some("-")
            && !text
                .get(..whole.start())
                .unwrap_or("")
                .trim_end()
                .ends_with(|c: char| c.is_ascii_digit() || c == '%');
        if minus {
            x = -x;
        }
        let end = digits.start() + shown.len();
        let mut to = if hit.get(3).is_some() {
            whole.end()
        } else {
            end
        };
        let in_parts = hit
            .get(3)
            .is_some_and(|s| matches!(s.as_str(), "만" | "억"));
        while in_parts
            && let Some((more, half, end)) = lower_part(text.get(to..).unwrap_or(""), slack)
        {
            (x, slack, to) = (x + more.copysign(x), half, to + end);
        }
        let after = text.get(to..).unwrap_or("");
        let left = |t: &str| {
            CURRENCY_BEFORE
                .captures(t)
                .and_then(|c| currency_code(c.get(0)?.as_str()))
        };
        let currency = left(before)
            .or_else(|| left(text.get(..whole.start()).unwrap_or("")))
            .or_else(|| {
                CURRENCY
                    .captures(after)
                    .and_then(|c| currency_code(c.get(0)?.as_str()))
            });
        let unit = if POINTS_AFTER.is_in(after) || POINTS_OF.is_in(after) {
            Some(Unit::Plain)
        } else if PERCENT_AFTER.is_in(after) {
            Some(Unit::Share)
        } else if CURRENCY.is_in(after)
            || CURRENCY_BEFORE.is_in(before)
            || CURRENCY_BEFORE.is_in(text.get(..whole.start()).unwrap_or(""))
        {
            Some(Unit::Money)
        } else if COUNT_AFTER.is_in(after) {
            Some(Unit::Count)
        } else {
            None
        };
        // "About 8,300" is 8,280, to the last digit that is not nought.
        if APPROXIMATE.is_in(text.get(..whole.start()).unwrap_or("")) {
            let noughts = shown.replace(',', "");
            let trailing = match decimals {
                0 => noughts.len() - noughts.trim_end_matches('0').len(),
                _ => 0,
            };
            if trailing > 0 {
                // "About 10,000" is no 13,000.
                let rough = 0.5 * by * 10_f64.powi(i32::try_from(trailing).unwrap_or(0));
                slack = slack.max(rough.min(0.06 * x.abs()));
            }
        }
        // "8.7 of the 10 points".
        let points = POINTS_AFTER.is_in(after) || POINTS_OF.is_in(after);
        found.push(Said {
            x: if points || unit == Some(Unit::Share) {
                x / 100.0
            } else {
                x
            },
            slack: if points || unit == Some(Unit::Share) {
                slack / 100.0
            } else {
                slack
            },
            unit: if points { Some(Unit::Share) } else { unit },
            signed: minus || sign == Some("+"),
            currency,
            from: whole.start(),
            to,
            raw: text
                .get(whole.start()..(to + 12).min(text.len()))
                .filter(|s| s.len() < 40)
                .unwrap_or(shown)
                .to_owned(),
        });
        if points && let Some(last) = found.last_mut() {
            last.raw = format!("{shown} points");
        }
    }
    share_scale(text, &mut found);
    found
}

static LOWER_PART: Pattern = Pattern::new(r"^ ?(\d[\d,]*)(만|천)?");

/// What follows "3억" or "383만" as its lower digits: the amount, half its last digit and its length in bytes.
fn lower_part(text: &str, slack: f64) -> Option<(f64, f64, usize)> {
    let hit = LOWER_PART.captures(text)?;
    let (whole, digits) = (hit.get(0)?, hit.get(1)?.as_str());
    let by = match hit.get(2).map(|m| m.as_str()) {
        Some("만") => 1e4,
        Some(_) => 1e3,
        None => 1.0,
    };
    let x = digits.replace(',', "").parse::<f64>().ok()? * by;
    (is_grouped(digits) && x < 2.0 * slack).then_some((x, 0.5 * by, whole.end()))
}

static SHARED_SCALE: Pattern = Pattern::new(r"^ (?:to|and|or)(?: \w+){0,2} (?:[a-z]{3} |[€$£₩])?$");

/// "From 11.6 to about 13.1 million": the first is of the second's scale.
fn share_scale(text: &str, found: &mut [Said]) {
    for at in 1..found.len() {
        let (a, b) = (&found[at - 1], &found[at]);
        let raw = text.get(b.from..b.to).unwrap_or("");
        let by = [("million", 1e6), ("billion", 1e9), ("thousand", 1e3)]
            .iter()
            .find(|(word, _)| raw.ends_with(word))
            .map(|(_, by)| *by);
        let plain = text
            .get(a.from..a.to)
            .is_some_and(|t| t.contains('.') && t.chars().all(|c| c.is_ascii_digit() || c == '.'));
        if let Some(by) = by
            && plain
            && SHARED_SCALE.is_in(text.get(a.to..b.from).unwrap_or(""))
        {
            found[at - 1].x *= by;
            found[at - 1].slack *= by;
        }
    }
}

/// Commas every three digits from the right, or none.
pub(super) fn is_grouped(shown: &str) -> bool {
    let whole = shown.split('.').next().unwrap_or(shown);
    if !whole.contains(',') {
        return true;
    }
    let mut parts = whole.split(',');
    let first = parts.next().unwrap_or("");
    (1..=3).contains(&first.len()) && parts.all(|p| p.len() == 3)
}
