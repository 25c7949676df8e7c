//! What a hypothetical changes.

use std::collections::BTreeMap;

use super::super::slots::{Pattern, Slots};

static RAISE: Pattern = Pattern::new(
    r"\b(?:rais\w+|increas\w+|hik\w+|up|higher|more|rise[sn]?|rising|add\w*|grow\w*|grew|bump\w*|lift\w*|expensive|markup|mark up|jump\w*|plus)\b|올리|올려|인상|오르|늘|증가",
);
static LOWER: Pattern = Pattern::new(
    r"\b(?:cut\w*|lower\w*|reduc\w+|drop\w*|decreas\w+|down|less|cheaper|fewer|fall\w*|fell|discount\w*|shrink\w*|slash\w*|los\w+|declin\w+|minus|shav\w+|off|knock\w*|trim\w*)\b|내리|내려|인하|줄|감소|떨어|할인",
);
static VOLUME: Pattern = Pattern::new(
    r"\b(?:volumes?|units|demand|quantit\w+|sells?|selling|sold|sales|traffic|orders|pieces|buy|bought)\b|판매|수량|물량|수요|매출이",
);
static PRICE: Pattern = Pattern::new(
    r"\bpric\w+\b|\bcheaper\b|\bexpensive\b|\bdiscount\w*\b|\bcharg\w+\b|\bcost\w*\b|가격|할인|단가",
);
pub(super) static GONE: Pattern = Pattern::new(
    r"\b(?:delist\w*|discontinu\w+|stop(?:ped|s)? (?:selling|offering|stocking|carrying|making|supplying|working with)|(?:drop|dropped|remove|removed|lose|lost|losing|kill|killed|without|quit|leave|left|exit|exited|close|closed|shut|axe|axed|scrap|scrapped|pull|pulled|abandon\w*|get rid of|ditch|ditched) (?:out of |from |the |our |all |of |brand |down )*(?:E\d+|D\d+)|(?:E\d+) (?:\w+ )?(?:disappear\w*|pull(?:s|ed)? out|cuts? us off|withdr[ae]w\w*|quits?|bails?|vanish\w*|closes?|closed|goes away|went away|is gone|were gone|shuts? down|leaves?|dropp?e?d? (?:us|out)|went bust|stops?|stopped|were to (?:leave|close|disappear|vanish)|is delisted|delists?))\b|단종|없어지|철수|그만|빠지|중단|끊",
);
static PARTS: Pattern = Pattern::new(
    r"\b(?:by )?(?:a|one) (quarter|third|half|fifth|tenth)\b|\b(double|doubled|halve|halved|triple|tripled)\b|절반",
);

/// What a hypothetical changes: fractions of `price` or `units`.
pub(super) fn change(slots: &Slots) -> BTreeMap<String, f64> {
    let text = &slots.plain;
    let mut found = BTreeMap::new();
    let size = slots.percents.first().copied().or_else(|| {
        let part = PARTS.captures(text)?;
        let word = part.get(1).or(part.get(2)).map_or("half", |m| m.as_str());
        Some(match word {
            "quarter" => 0.25,
            "third" => 1.0 / 3.0,
            "fifth" => 0.2,
            "tenth" => 0.1,
            "double" | "doubled" => 1.0,
            "triple" | "tripled" => 2.0,
            "halve" | "halved" => -0.5,
            _ => 0.5,
        })
    });
    let Some(size) = size else {
        if GONE.is_in(&slots.text) {
            found.insert("units".into(), -1.0);
        }
        return found;
    };
    // The verb nearest before the number decides; a sign decides alone.
    let at = text.find('X').unwrap_or(text.len());
    let (before, after) = text.split_at(at.min(text.len()));
    let last = |pattern: &Pattern, text: &str| {
        pattern
            .regex()
            .and_then(|r| r.find_iter(text).last().map(|m| m.start()))
    };
    let (up, down) = (last(&RAISE, before), last(&LOWER, before));
    let near: String = after
        .split_whitespace()
        .skip(1)
        .take(4)
        .collect::<Vec<_>>()
        .join(" ");
    let sign = if size < 0.0 {
        1.0
    } else if slots.korean {
        if LOWER.is_in(after) && !RAISE.is_in(after) {
            -1.0
        } else {
            1.0
        }
    } else {
        match (LOWER.is_in(&near), RAISE.is_in(&near), up, down) {
            (true, false, _, _) => -1.0,
            (false, true, _, _) => 1.0,
            (_, _, Some(u), Some(d)) if d > u => -1.0,
            (_, _, Some(_), Some(_)) => 1.0,
            (_, _, None, Some(_)) => -1.0,
            (_, _, Some(_), None) => 1.0,
            _ if LOWER.is_in(after) && !RAISE.is_in(after) => -1.0,
            _ => 1.0,
        }
    };
    // Price where a price is spoken of; "if we sold 10 % more" speaks of units.
    let of = if PRICE.is_in(text) || !VOLUME.is_in(text) {
        "price"
    } else {
        "units"
    };
    found.insert(of.to_owned(), (size * sign * 1e6).round() / 1e6);
    found
}

static BARE: Pattern = Pattern::new(
    r"\b(?:it|that|to|by|with|about|at|say|rather|and|now|try) (-?\d{1,2}(?:\.\d+)?)\b|^(-?\d{1,2}(?:\.\d+)?)\b",
);

/// A number without a unit, as in "make it 8".
pub(crate) fn bare_number(slots: &Slots) -> Option<f64> {
    let found = BARE.captures(&slots.plain)?;
    found.get(1).or(found.get(2))?.as_str().parse().ok()
}

/// The change of a follow-up: what is new, and what it leaves as it was.
pub(crate) fn new_change(
    slots: &Slots,
    before: &BTreeMap<String, f64>,
    fresh: &BTreeMap<String, f64>,
) -> BTreeMap<String, f64> {
    let said_what =
        PRICE.is_in(&slots.plain) || VOLUME.is_in(&slots.plain) || GONE.is_in(&slots.text);
    let said_sign =
        RAISE.is_in(&slots.plain) || LOWER.is_in(&slots.plain) || fresh.values().any(|v| *v < 0.0);
    let number = slots
        .percents
        .first()
        .copied()
        .or_else(|| bare_number(slots).map(|n| n / 100.0));
    match (number, before.iter().next()) {
        (Some(n), Some((what, old))) => {
            let what = if said_what {
                fresh.keys().next().unwrap_or(what)
            } else {
                what
            };
            let n = if said_sign {
                fresh.values().next().copied().unwrap_or(n)
            } else {
                n * old.signum()
            };
            [(what.clone(), (n * 1e6).round() / 1e6)]
                .into_iter()
                .collect()
        }
        (None, Some((what, old))) if said_sign && !fresh.is_empty() => [(
            fresh.keys().next().unwrap_or(what).clone(),
            *fresh.values().next().unwrap_or(old),
        )]
        .into_iter()
        .collect(),
        (None, Some(_)) => before.clone(),
        (_, None) => fresh.clone(),
    }
}
