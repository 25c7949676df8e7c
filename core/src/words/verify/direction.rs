//! A direction must be that of the change it is said of.

use std::collections::BTreeSet;

use super::super::pattern::Pattern;
use super::base::{Base, Fact, Role};
use super::figures::CHANGE_WORD;
use super::labels::Which;
use super::numbers::Said;
use super::{Fault, FaultKind, clause_around, labels, relations};

pub(super) static UP: Pattern = Pattern::new(
    r"\b(?:rose|ris(?:e|es|en|ing)|gr(?:ew|ow|ows|own|owing)|increas(?:e|ed|es|ing)|up|gain(?:s|ed|ing)?|climb(?:s|ed|ing)?|jump(?:s|ed|ing)?|surg(?:e|ed|es|ing)|improv(?:e|ed|es|ing)|lift(?:s|ed|ing)?|boost(?:s|ed|ing)?|soar(?:s|ed|ing)?|swell(?:s|ed)?|recover(?:s|ed|ing)?|rebound(?:s|ed|ing)?|higher|more (?:than|frequent|common|often)|(?:units|orders|customers|pieces|points|percent) more|more (?:units|orders|customers|pieces) than|added|advanced|above|exceed(?:s|ed)?|stronger|growth|expanded|ahead of)\b|% more\b|증가|상승|성장|늘|올랐|높",
);

pub(super) static DOWN: Pattern = Pattern::new(
    r"\b(?:fell|fall(?:s|en|ing)?|drop(?:s|ped|ping)?|decreas(?:e|ed|es|ing)|declin(?:e|ed|es|ing)|down|lost|los(?:e|es|ing)|loss|shrank|shrunk|shr?ink(?:s|ing)?|slip(?:s|ped)?|slid|lower|less (?:than|frequent|common|often)|below|reduc(?:e|ed|tion)|weaker|worse(?:n|ned)?|plung(?:e|ed)|shed(?:s|ding)?|collaps(?:e|es|ed|ing)|plummet(?:s|ed)?|slump(?:s|ed)?|sank|sunk|eas(?:e|es|ed|ing)|erod(?:e|ed|es)|tumbled|dipp?(?:ed|s)?|contracted|fewer|(?:units|orders|customers|pieces|points|percent) less)\b|% less\b|감소|하락|줄|떨어|낮",
);

pub(super) static NEGATED: Pattern =
    Pattern::new(r"\b(?:did not|[a-z]+n't|not|no|never|neither|without|none)\b[^,.:;]{0,20}$");

pub(super) static NEGATED_AFTER: Pattern =
    Pattern::new(r"^ ?(?:하지|되지|지) ?않|^[가-힣]{0,2} ?않");

static FIGURE_UP: Pattern = Pattern::new(
    r"\b(?:add(?:s|ed|ing)?|widen\w*|lift\w*|boost\w*|positive|plus|surplus|earn\w*|bring\w*|brought)\b",
);
static FIGURE_DOWN: Pattern = Pattern::new(
    r"\b(?:cost(?:s|ing)?|narrow\w*|drag\w*|negative|minus|shortfall|lower(?:s|ed|ing)|reduc\w+|t(?:ook|ak\w+) away|subtract\w*|wip\w+ out|shav\w+|eroded?|los(?:t|es|s|ing))\b",
);
static FIGURE_TAIL: Pattern = Pattern::new(
    r"^ ?(?:%|percent|[a-z]{3,7}|points|percentage points)? ?(?:(more|higher|above|better|up|gained|added)|(fewer|less|lower|below|worse|down|lost))\b",
);

/// The direction that the words around a change give to it: right behind it, else last before it in its clause.
pub(super) fn of_figure(text: &str, from: usize, number: &Said) -> Option<f64> {
    let behind = text.get(number.to..).unwrap_or("");
    if let Some(hit) = FIGURE_TAIL.captures(behind) {
        return Some(if hit.get(1).is_some() { 1.0 } else { -1.0 });
    }
    let head = text.get(from..number.from).unwrap_or("");
    // What belongs to a figure before this one says nothing of it.
    let start = head
        .rfind(|c: char| c.is_ascii_digit())
        .map_or(0, |i| i + 1);
    let head = head
        .get(start..)
        .unwrap_or("")
        .replace("made up", "")
        .replace("make up", "");
    let head = head.as_str();
    let last = |patterns: [&Pattern; 2]| {
        patterns
            .into_iter()
            .filter_map(|p| p.find_iter(head).last().map(|m| m.start()))
            .max()
    };
    let (up, down) = (last([&UP, &FIGURE_UP]), last([&DOWN, &FIGURE_DOWN]));
    let at = up.max(down)?;
    let sign = if up > down { 1.0 } else { -1.0 };
    let denied = NEGATED.is_in(head.get(..at).unwrap_or(""));
    Some(if denied { -sign } else { sign })
}

static SHARED: Pattern = Pattern::new(
    r"\b(?:segments?|market|others?|rest|general(?:ly)?|movement|broad)\b|시장|나머지|전반",
);
static BOUND_BEFORE: Pattern =
    Pattern::new(r"\b(?:interval|(?:lower|upper) (?:bound|end)|(?:low|high) end)\b|구간|하한|상한");
static THAN_KOREAN: Pattern = Pattern::new(r"보다 (?:[가-힣]+ )?$");
static APART_FROM: Pattern = Pattern::new(
    r"\b(?:apart from|except(?: for)?|excluding|without|besides|other than|leaving out|aside from) (?:the )?$",
);

/// A direction word must agree with the change of the member it is said of.
#[allow(clippy::too_many_arguments, reason = "one check with its surroundings")]
pub(super) fn directions(
    kind: &str,
    blank: &str,
    sentence: &str,
    named: &[(usize, usize)],
    said: &[Said],
    base: &Base,
    told: &str,
    faults: &mut Vec<Fault>,
) {
    if base.change.iter().all(Option::is_none) {
        // Without a change in the facts nothing can be said to have changed, except along a series.
        let still = matches!(kind, "value" | "breakdown" | "concentration" | "portfolio");
        if still
            && let Some(hit) = MOVED
                .captures(
                    &blank
                        .replace("make up", "")
                        .replace("makes up", "")
                        .replace("made up", ""),
                )
                .and_then(|c| c.get(0))
            && !told.contains(hit.as_str())
            && !base.free.contains(hit.as_str())
        {
            faults.push(Fault::new(FaultKind::Claim, hit.as_str()));
        }
        on_last_year(blank, named, base, faults);
        return;
    }
    on_last_year(blank, named, base, faults);
    states(kind, blank, named, base, faults);
    // "Apart from A" speaks of the others.
    let named: Vec<(usize, usize)> = named
        .iter()
        .filter(|n| !APART_FROM.is_in(blank.get(..n.1).unwrap_or("")))
        .copied()
        .collect();
    let named = named.as_slice();
    for (pattern, sign) in [(&UP, 1.0), (&DOWN, -1.0)] {
        for hit in pattern.find_iter(blank) {
            // What is supposed is checked on its own.
            if kind == "what_if" && relations::is_supposed(blank, hit.range()) {
                continue;
            }
            let before = blank.get(..hit.start()).unwrap_or("");
            let negated = NEGATED_AFTER.is_in(blank.get(hit.end()..).unwrap_or(""));
            let sign = if NEGATED.is_in(before) || before.trim_end().ends_with("not") || negated {
                -sign
            } else {
                sign
            };
            let word = hit.as_str();
            // What an interval reaches, or what is not ruled out, is no move.
            let open = blank
                .get(hit.end()..)
                .is_some_and(|t| t.starts_with(" cannot be ruled out"));
            if open || BOUND_BEFORE.is_in(before) {
                continue;
            }
            // "가장 낮다", "A보다 낮다" compare, and are checked as such.
            if word == "낮" && (before.ends_with("가장 ") || THAN_KOREAN.is_in(before)) {
                continue;
            }
            // "Fell short of its target" is no fall.
            if blank
                .get(hit.end()..)
                .is_some_and(|t| t.starts_with(" short"))
            {
                continue;
            }
            // Said of last year, and checked as that.
            let of_year = |row: usize| relations::yearly(blank, hit.start(), hit.end(), base, row);
            if (0..base.names.len()).any(|row| of_year(row).is_some()) {
                continue;
            }
            let (start, end) = clause_around(blank, hit.start(), hit.end());
            // "price added 1,500": one part of the change, whatever the whole did.
            let made_up = word == "up"
                && ["made ", "make ", "makes "]
                    .iter()
                    .any(|v| before.ends_with(v));
            if made_up || word == "added" && CHANGE_WORD.is_in(blank.get(start..end).unwrap_or(""))
            {
                continue;
            }
            if kind == "bridge"
                && let Some(agrees) =
                    labels::part_agrees(blank, start, hit.range(), sign, named, base)
            {
                if !agrees {
                    faults.push(Fault::new(FaultKind::Direction, word));
                }
                continue;
            }
            // "Lost 3.3 points of share": the figure's own direction is checked with it.
            let points = said
                .iter()
                .find(|n| n.from >= hit.end() && n.from < hit.end() + 8)
                .is_some_and(|n| n.raw.ends_with("points"));
            if points && base.facts.iter().any(|f| f.column == "share_change") {
                continue;
            }
            // "Two grew and one declined": counted, not said of a member.
            if let Some(n) = counted_before(before) {
                let moved = |c: &&Option<f64>| c.is_some_and(|c| c * sign > 0.0);
                let told = match ALL_BUT.is_in(before) {
                    true => base.change.len() as f64 - n,
                    false => n,
                };
                if base.change.iter().filter(moved).count() as f64 != told {
                    faults.push(Fault::new(FaultKind::Direction, word));
                }
                continue;
            }
            // "A spike at Webshop and a drop at Outlet".
            let at_whom = OF_WHOM
                .captures(blank.get(hit.end()..).unwrap_or(""))
                .and_then(|c| c.get(0))
                .map(|m| hit.end() + m.end());
            let whom: Vec<usize> = named
                .iter()
                .filter(|(_, at)| Some(*at) == at_whom)
                .map(|(r, _)| *r)
                .collect();
            // "above expectation" speaks of value and expectation; both ways it is the sign of a change.
            let rows: Vec<usize> = {
                // The last name before the word in its clause, else those after it.
                let own = before.ends_with(" its ") || before.ends_with(" their ");
                let last = named
                    .iter()
                    .rev()
                    .find(|(_, at)| *at >= start && *at < hit.start())
                    // "A sells more than B despite its decline": of A.
                    .or_else(|| named.iter().rev().find(|(_, at)| own && *at < hit.start()))
                    .map(|n| if own { named.first().unwrap_or(n) } else { n })
                    .map(|(_, at)| *at);
                let inside: Vec<usize> = named
                    .iter()
                    .filter(|(_, at)| match last {
                        Some(place) => *at == place,
                        None => *at >= start && *at < end,
                    })
                    .map(|(r, _)| *r)
                    .collect();
                let prior: Vec<usize> = named
                    .iter()
                    .rev()
                    .find(|(_, at)| *at < hit.start())
                    .into_iter()
                    .flat_map(|(_, at)| named.iter().filter(move |(_, a)| a == at).map(|(r, _)| *r))
                    .collect();
                let told = rows_told(said, base);
                if !whom.is_empty() {
                    whom
                } else if !inside.is_empty() {
                    inside
                } else if !prior.is_empty() {
                    prior
                } else if !told.is_empty() {
                    told
                } else {
                    (0..base.change.len())
                        .filter(|r| base.names.get(*r).is_some_and(Vec::is_empty))
                        .collect()
                }
            };
            let rows = if rows.is_empty() && base.change.len() == 1 {
                vec![0]
            } else {
                rows
            };
            // "up most: A, B" speaks of those that follow.
            let most = blank
                .get(hit.end()..)
                .is_some_and(|t| t.trim_start().starts_with("most"));
            let rows = if rows.is_empty() || most {
                let after: Vec<usize> = named
                    .iter()
                    .filter(|(_, at)| *at > hit.start())
                    .map(|(r, _)| *r)
                    .collect();
                if after.is_empty() { rows } else { after }
            } else {
                rows
            };
            // Nobody named: the sentence is about the total.
            if rows.is_empty() {
                if base.total_change().is_some_and(|c| c * sign < 0.0)
                    && word != "up"
                    && word != "down"
                {
                    faults.push(Fault::new(FaultKind::Direction, word));
                }
                continue;
            }
            let agrees = |r: &usize| {
                // What all segments share may go another way than the total.
                let shared = kind == "drivers"
                    && SHARED.is_in(blank.get(start..end).unwrap_or(""))
                    && base.names.get(*r).is_some_and(Vec::is_empty)
                    && relations::column(base, *r, "contribution").is_some_and(|c| c * sign > 0.0);
                let change = base.change.get(*r).copied().flatten();
                shared || change.is_none_or(|c| c * sign > 0.0)
            };
            let number_sign = said
                .iter()
                .find(|n| n.from >= hit.end() && n.signed)
                .map(|n| n.x.signum());
            // "A, B and C grew": each of them.
            let listed = super::list_before(blank, named, hit.start());
            let all_listed = !rows.iter().any(|r| listed.contains(r))
                || named
                    .iter()
                    .filter(|n| listed.contains(&n.0))
                    .all(|(_, at)| named.iter().any(|(row, place)| place == at && agrees(row)));
            let agreed = rows.is_empty() || rows.iter().any(agrees) && all_listed;
            if !agreed && number_sign.is_none_or(|s| s != sign) {
                faults.push(Fault::new(FaultKind::Direction, word));
                continue;
            }
            // Of the unnamed rows of drivers one is the total.
            let several = kind == "drivers" && rows.iter().any(agrees);
            if (word == "up" || word == "down")
                && !several
                && !rows.iter().all(agrees)
                && rows.len() <= 4
            {
                faults.push(Fault::new(FaultKind::Direction, word));
            }
        }
    }
    // A signed number must carry its fact's sign.
    for number in said.iter().filter(|n| n.signed) {
        let size = |f: &&Fact| number.is_size(f.x);
        let signs: Vec<f64> = base
            .facts
            .iter()
            .filter(size)
            .map(|f| f.x.signum())
            .collect();
        if !signs.is_empty() && !signs.iter().any(|s| *s == number.x.signum()) {
            faults.push(Fault::new(
                FaultKind::Direction,
                sentence.get(number.from..number.to).unwrap_or(""),
            ));
        }
    }
}

/// Moves, which need two figures: not "higher", which two members may be.
pub(super) static MOVED: Pattern = Pattern::new(
    r"\b(?:rose|risen|rising|grew|grown|increased|climbed|jumped|surged|improved|gained|fell|fallen|dropped|decreased|declined|shrank|slipped|dipped|plunged|slid|picked up|slowed)\b|\b(?:up|down) (?:on|from|against|over|by|\d)|증가|상승|성장|늘었|늘어|감소|하락|줄었|줄어|떨어",
);
static STATE: Pattern = Pattern::new(
    r"\b(?:unusually|exceptionally|abnormally|remarkably|very|particularly) (?:(strong|high|good|busy)|(weak|low|poor|slow|quiet|bad))\b|\b(?:(strong|busy)|(weak|poor|slow|quiet)) (?:day|week|month|quarter|year)\b",
);

/// "An unusually strong day" is one above what was expected.
fn states(kind: &str, blank: &str, named: &[(usize, usize)], base: &Base, faults: &mut Vec<Fault>) {
    if !matches!(kind, "anomalies" | "compare" | "drivers") {
        return;
    }
    for hit in STATE.captures_iter(blank) {
        let Some(whole) = hit.get(0) else { continue };
        let sign = if hit.get(1).or(hit.get(3)).is_some() {
            1.0
        } else {
            -1.0
        };
        let own = named
            .iter()
            .rev()
            .find(|n| n.1 < whole.start())
            .or_else(|| named.iter().find(|n| n.1 >= whole.end()));
        let row = own.map(|n| n.1);
        let rows: Vec<usize> = match row {
            Some(place) => named.iter().filter(|n| n.1 == place).map(|n| n.0).collect(),
            None => (0..base.change.len()).collect(),
        };
        let mut changes = rows
            .iter()
            .filter_map(|r| base.change.get(*r).copied().flatten());
        if !rows.is_empty() && changes.clone().next().is_some() && !changes.any(|c| c * sign > 0.0)
        {
            faults.push(Fault::new(FaultKind::Direction, whole.as_str()));
        }
    }
}

/// "3.1 % down on last year": the row's own change on last year must go that way.
fn on_last_year(blank: &str, named: &[(usize, usize)], base: &Base, faults: &mut Vec<Fault>) {
    for (pattern, sign) in [(&UP, 1.0), (&DOWN, -1.0)] {
        for hit in pattern.find_iter(blank) {
            let own = named
                .iter()
                .rev()
                .find(|n| n.1 < hit.start())
                .or_else(|| named.first());
            let rows: Vec<usize> = match own {
                Some((_, place)) => named
                    .iter()
                    .filter(|n| n.1 == *place)
                    .map(|n| n.0)
                    .collect(),
                None => (0..base.names.len()).collect(),
            };
            let denied = NEGATED.is_in(blank.get(..hit.start()).unwrap_or(""));
            let sign = if denied { -sign } else { sign };
            let told: Vec<f64> = rows
                .iter()
                .filter_map(|r| relations::yearly(blank, hit.start(), hit.end(), base, *r))
                .collect();
            if !told.is_empty() && !told.iter().any(|x| x * sign > 0.0) {
                faults.push(Fault::new(FaultKind::Direction, hit.as_str()));
            }
        }
    }
}

static COMPARED: Pattern = Pattern::new(
    r"\b(?:be|is|was|looks?|are|were)(?: (?:a |the |much|clearly|slightly|somewhat|probably|\w+ly))*? ?(?:(stronger|better|higher|busier)|(weaker|worse|lower|quieter))\b",
);
static BY_STEP: Pattern = Pattern::new(
    r"\b(?:(rose|rises?|rising|grew|grows?|climb\w*|jump\w*|increas\w+|up|gain\w*)|(?:fell|falls?|falling|drop\w*|declin\w+|decreas\w+|down|slip\w*|eas\w+))(?: back)? by (?:[a-z]{3} |[€$£₩])?$",
);
static IN_TIME: Pattern =
    Pattern::new(r"\b(\w+)(?: (?:further|again|back|slightly|sharply|\w+ly))? in (?:the )?$");
static FROM_TIME: Pattern = Pattern::new(r"\b(?:from|since)\b");
static STEPS_UP: Pattern = Pattern::new(
    r"\b(?:rose|rises?|rising|grew|grows?|growing|increas\w+|climb\w*|jump\w*|recover\w*|rebound\w*)\b|증가|상승|늘어|늘었|오르|올랐",
);
static STEPS_DOWN: Pattern = Pattern::new(
    r"\b(?:fell|falls?|falling|drop(?:s|ped|ping)?|decreas\w+|declin\w+|eas(?:es|ed|ing)|slip\w*|shrink\w*|shrank|dip(?:s|ped|ping)?)\b|감소|하락|줄어|줄었|떨어",
);

/// Along a series: the figure that a direction is said of must lie on that side of the one before it, or of another told.
pub(super) fn steps(
    blank: &str,
    said: &[Said],
    times: &[(String, Which)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    let rows: Vec<usize> = {
        let mut rows: Vec<usize> = times
            .iter()
            .filter_map(|t| match t.1 {
                Which::Row(row) => Some(row),
                _ => None,
            })
            .collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    };
    // One series in the order of its times.
    let one = rows.len() == base.names.len() && base.names.iter().all(Vec::is_empty);
    if rows.len() < 2 || !one || base.change.iter().any(Option::is_some) {
        return;
    }
    let level = |row: usize| {
        relations::column(base, row, "value").or_else(|| relations::column(base, row, "forecast"))
    };
    let row_of = |n: &Said| {
        rows.iter()
            .copied()
            .filter(|r| level(*r).is_some_and(|x| n.is(x)))
            .collect::<Vec<_>>()
    };
    // "January will be weaker": against the time before it.
    for hit in COMPARED.captures_iter(blank) {
        let Some(whole) = hit.get(0) else { continue };
        let head = blank.get(..whole.start()).unwrap_or("");
        let named = times
            .iter()
            .filter_map(|(name, which)| match which {
                Which::Row(row) => Some((head.rfind(name.as_str())?, *row)),
                _ => None,
            })
            .max_by_key(|(at, _)| *at);
        if let Some((_, row)) = named
            && let Some(own) = level(row)
            && let Some(last) = row.checked_sub(1).and_then(level)
            && (own > last) != hit.get(1).is_some()
        {
            faults.push(Fault::new(FaultKind::Direction, whole.as_str()));
        }
    }
    // "Fall further in March": against the time before it.
    for (name, which) in times {
        let Which::Row(row) = which else { continue };
        let step = row.checked_sub(1).and_then(level).zip(level(*row));
        for (at, _) in blank.match_indices(name.as_str()) {
            let head = blank.get(..at).unwrap_or("");
            let head = head
                .get(head.rfind([',', ':', '(']).map_or(0, |i| i + 1)..)
                .unwrap_or("");
            let Some(verb) = IN_TIME.captures(head).and_then(|c| c.get(1)) else {
                continue;
            };
            let rises = match (
                STEPS_UP.is_in(verb.as_str()),
                STEPS_DOWN.is_in(verb.as_str()),
            ) {
                (true, false) => true,
                (false, true) => false,
                _ => continue,
            };
            let from = FROM_TIME.is_in(head) || head.contains(|c: char| c.is_ascii_digit());
            if !from && step.is_some_and(|(before, own)| (own > before) != rises) {
                faults.push(Fault::new(FaultKind::Direction, verb.as_str()));
            }
        }
    }
    for number in said {
        // "Drop by 51,000": a step of the series, that way.
        let head = blank.get(..number.from).unwrap_or("");
        if let Some(by) = BY_STEP.captures(head) {
            let near = |x: f64| number.is(x);
            let mut steps = rows.iter().flat_map(|a| {
                rows.iter()
                    .filter(move |b| a < *b)
                    .filter_map(|b| Some(level(*b)? - level(*a)?))
            });
            let sizes: Vec<f64> = steps.by_ref().filter(|d| near(d.abs())).collect();
            if !sizes.is_empty() && !sizes.iter().any(|d| (*d > 0.0) == by.get(1).is_some()) {
                faults.push(Fault::new(FaultKind::Direction, &number.raw));
            }
        }
        let [row] = row_of(number)[..] else { continue };
        // Right before it in English ("dropped back to 149,600"), right behind it in Korean ("7,610개로 줄어").
        let head: String = blank
            .get(..number.from)
            .unwrap_or("")
            .chars()
            .rev()
            .take_while(|c| !c.is_ascii_digit() && !matches!(c, ',' | ':' | '('))
            .take(24)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        let tail: String = blank
            .get(number.to..)
            .unwrap_or("")
            .chars()
            .take_while(|c| !c.is_ascii_digit() && !matches!(c, ',' | ':' | '('))
            .take(10)
            .collect();
        let korean = tail.starts_with(|c: char| super::is_hangul(c) || c == '%');
        let words = if korean { tail.as_str() } else { head.as_str() };
        if !korean && !head.trim_end().ends_with("to") && !head.ends_with("to eur ") {
            continue;
        }
        let rises = match (STEPS_UP.is_in(words), STEPS_DOWN.is_in(words)) {
            (true, false) => true,
            (false, true) => false,
            _ => continue,
        };
        let mut others: Vec<usize> = said
            .iter()
            .flat_map(&row_of)
            .filter(|r| *r != row)
            .collect();
        others.extend(row.checked_sub(1));
        let Some(own) = level(row) else { continue };
        let agrees = |r: &usize| level(*r).is_some_and(|x| (own > x) == rises && own != x);
        let before: Vec<usize> = others.into_iter().filter(|r| *r < row).collect();
        // The first of a series may have risen from what is not told.
        let first_told = row == 0 || before.is_empty();
        if first_told && row > 0 || !first_told && !before.iter().any(agrees) {
            faults.push(Fault::new(FaultKind::Direction, words.trim()));
        }
    }
}

static ALL_BUT: Pattern = Pattern::new(r"\b(?:all|every|each)\b[^,.]{0,30}\b(?:but|except) \w+ $");
static OF_WHOM: Pattern = Pattern::new(r"^ (?:at|in|for|of|by|with|from) (?:the )?");
static COUNTED: Pattern = Pattern::new(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten)(?: of (?:the )?\w+)?(?: [a-z]+)?(?: have| has)? $",
);

static KO_COUNTED: Pattern = Pattern::new(r"(한|두|세|네|다섯) ?[가-힣]+(?:은|는|이|가|도) $");

/// How many are said to have moved: "two channels", "one".
fn counted_before(before: &str) -> Option<f64> {
    if let Some(word) = KO_COUNTED.captures(before).and_then(|c| c.get(1)) {
        return ["한", "두", "세", "네", "다섯"]
            .iter()
            .position(|w| *w == word.as_str())
            .map(|i| i as f64 + 1.0);
    }
    const WORDS: [&str; 10] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    let word = COUNTED.captures(before)?.get(1)?.as_str();
    // "Only one declined" has no name; "the one that fell" has.
    (!before.contains("the one"))
        .then(|| WORDS.iter().position(|w| *w == word))
        .flatten()
        .map(|i| i as f64 + 1.0)
}

static NEGATION: Pattern =
    Pattern::new(r"\b(?:not|never|cannot|nor|no longer)\b|\w+n't\b|지 ?(?:않|못)|아니|아닙");
/// What may be denied without a figure to hold it against.
static MAY_BE_DENIED: Pattern = Pattern::new(
    r"^(?: yet| fully| been| be| quite)* ?(?:pinned|traced|attributed|laid|ruled out|far (?:behind|ahead|off|from|below|above|short)|complet\w+|available|count\w+|includ\w+|enough|significant\w*|only|known|mapped|shown|listed|sold anything|tell|say)\b",
);
static REACHING: Pattern = Pattern::new(
    r"^(?: be| very| yet| even| quite| expected| likely| to| going| forecast| projected)* ?(?:reach\w*|meet|met|hit|achiev\w*|attain\w*|make|made|on track|likely|enough)\b",
);

/// A denial turns a right sentence into a wrong one: only a direction, a target out of reach and what is
/// plainly missing may be denied, and what the narrator or a note denies.
pub(super) fn negations(
    kind: &str,
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    told: &str,
    made_up: bool,
    faults: &mut Vec<Fault>,
) {
    for hit in NEGATION.find_iter(sentence) {
        let after = sentence.get(hit.end()..).unwrap_or("");
        // "A가 아니라 B": which figure is which is checked on its own.
        if hit.as_str() == "아니" && after.starts_with('라') {
            continue;
        }
        let next: String = after.split(' ').take(3).collect::<Vec<_>>().join(" ");
        let phrase = format!("{}{next}", hit.as_str());
        if told.contains(&phrase) || base.free.contains(&phrase) || MAY_BE_DENIED.is_in(after) {
            continue;
        }
        // "넣지 않았습니다": what is left out is no figure. A denied property is checked as one.
        let left_out = sentence
            .get(..hit.start())
            .is_some_and(|t| ["넣", "포함하", "포함되"].iter().any(|w| t.ends_with(w)));
        if left_out || super::quantity::is_denied(sentence, hit.range(), named, base) {
            continue;
        }
        // "Has not sold for 9 days": the row's own text says that nothing was sold.
        let idle = after.starts_with(" sold") || after.starts_with(" been sold");
        let away = [" bought", " ordered"].iter().any(|w| after.starts_with(w))
            && base.facts.iter().any(|f| f.column == "recency_days");
        // "Moor Rug is not (sensitive)": below one there is nothing to deny.
        let unmoved = kind == "elasticity" && {
            let own = named.iter().rev().find(|n| n.1 < hit.start());
            own.and_then(|n| {
                base.facts
                    .iter()
                    .find(|f| f.row == Some(n.0) && f.column == "elasticity")
            })
            .is_some_and(|f| f.x.abs() < 1.0)
        };
        if unmoved
            || away
            || idle && base.free.contains("sold nothing")
            || made_up && after.contains("up for")
        {
            continue;
        }
        // Directions are checked with their denial.
        let near: String = after
            .chars()
            .take_while(|c| !c.is_ascii_digit() && !matches!(c, ',' | ':'))
            .take(25)
            .collect();
        let near = near.replace("make up", "").replace("made up", "");
        let korean = !hit.as_str().is_ascii();
        let back = if korean {
            sentence.get(..hit.start()).unwrap_or("")
        } else {
            ""
        };
        let back: String = back
            .chars()
            .rev()
            .take(6)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        let moves = |t: &str| UP.is_in(t) || DOWN.is_in(t);
        if base.change.iter().any(Option::is_some) && (moves(&near) || moves(&back)) {
            continue;
        }
        if matches!(kind, "attainment" | "scorecard" | "suggest_targets")
            && (REACHING.is_in(after) || korean)
        {
            let rows: Vec<usize> = if named.is_empty() {
                (0..base.names.len()).collect()
            } else {
                named.iter().map(|n| n.0).collect()
            };
            let column = |row: usize, name: &str| {
                base.facts
                    .iter()
                    .find(|f| f.row == Some(row) && f.column == name)
                    .map(|f| f.x)
            };
            let out_of_reach = |row: &usize| {
                let short = column(*row, "expected_end")
                    .zip(column(*row, "target"))
                    .is_some_and(|(end, target)| end < target);
                column(*row, "p_attain").is_some_and(|p| p < 0.5) || short
            };
            if rows.iter().any(out_of_reach) {
                continue;
            }
        }
        faults.push(Fault::new(FaultKind::Claim, phrase.trim()));
    }
}

static AGAINST_TARGET: Pattern = Pattern::new(
    r"\b(above|over|ahead of|exceed\w*|beats?|beat|beating|below|under|short of|behind|miss\w*) (?:\w+ ){0,3}?(?:targets?|goals?|plan)\b|목표[^.]{0,30}?(?:(달성했|달성하였|넘|초과|웃돌)|(?:미달|못 미|밑돌|못했|그쳤|그침|놓))",
);

/// "Above its target": what is expected, or reached, must be on that side of it.
pub(super) fn against_target(
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    let column = |row: usize, name: &str| {
        base.facts
            .iter()
            .find(|f| f.row == Some(row) && f.column == name)
            .map(|f| f.x)
    };
    for hit in AGAINST_TARGET.captures_iter(sentence) {
        let (Some(whole), word) = (hit.get(0), hit.get(1)) else {
            continue;
        };
        // "목표 90 중 72를 달성": a part of it.
        if ["중 ", "가운데"].iter().any(|w| whole.as_str().contains(w)) {
            continue;
        }
        let mut rows = super::list_before(sentence, named, whole.start());
        if rows.is_empty() && base.names.len() == 1 {
            rows.push(0);
        }
        let above = hit.get(2).is_some()
            || word.is_some_and(|w| {
                ["above", "over", "ahead", "exceed", "beat"]
                    .iter()
                    .any(|up| w.as_str().starts_with(up))
            });
        let denied = NEGATED.is_in(sentence.get(..whole.start()).unwrap_or(""));
        for row in rows {
            let Some(target) = column(row, "target") else {
                continue;
            };
            let ends = ["expected_end", "value", "to_date"];
            // What is to come is held against it, what has come where the sentence says so.
            let so_far = ["so far", "to date", "still", "yet", "지금까지"];
            let ends = match so_far.iter().any(|w| sentence.contains(w)) {
                true => &ends[..],
                false => &ends[..1],
            };
            let of = |ends: &[&str]| -> Vec<f64> {
                ends.iter().filter_map(|c| column(row, c)).collect()
            };
            let known = Some(of(ends)).filter(|k| !k.is_empty());
            let known = known.unwrap_or_else(|| of(&["value", "to_date"]));
            if !known.is_empty() && !known.iter().any(|x| (*x >= target) == (above != denied)) {
                faults.push(Fault::new(FaultKind::Comparison, whole.as_str()));
            }
        }
    }
}

static FROM_BEFORE: Pattern =
    Pattern::new(r"\bfrom (?:(?:about|around|roughly|nearly|almost|some) )?(?:[a-z]{3} |[€$£₩])?$");
static TO_BEFORE: Pattern =
    Pattern::new(r"\bto (?:(?:about|around|roughly|nearly|almost|some) )?(?:[a-z]{3} |[€$£₩])?$");
static KO_FROM: Pattern = Pattern::new(r"^[%개원]?에서");

static SPANS: Pattern = Pattern::new(r"\b(?:intervals?|rang\w+|bounds?)\b");
static THAN_FIGURE: Pattern = Pattern::new(
    r"^[^\d]*, (?:\w+ )?(?:(more|higher|better|greater|larger|up)|(?:less|fewer|lower|worse|smaller)) than (?:the )?(?:[a-z]{3} |[€$£₩])?$",
);

/// "Rose from 80 to 70", "80, less than the 70 of": the figures themselves must go that way.
pub(super) fn along(sentence: &str, said: &[Said], faults: &mut Vec<Fault>) {
    for pair in said.windows(2) {
        let [a, b] = pair else { continue };
        if let Some(hit) = THAN_FIGURE.captures(sentence.get(a.to..b.from).unwrap_or(""))
            && a.unit.zip(b.unit).is_none_or(|(a, b)| a == b)
            && (a.x > b.x) != hit.get(1).is_some()
        {
            faults.push(Fault::new(FaultKind::Comparison, &b.raw));
        }
        let head = |n: &Said| sentence.get(..n.from).unwrap_or("");
        let english = FROM_BEFORE.is_in(head(a)) && TO_BEFORE.is_in(head(b));
        let korean = KO_FROM.is_in(sentence.get(a.to..).unwrap_or(""));
        // "2,210, down from 2,587".
        let back =
            FROM_BEFORE.is_in(head(b)) && sentence.get(a.to..b.from).is_some_and(|t| t.len() < 24);
        // Words before another figure are of that.
        let prior = said
            .iter()
            .rev()
            .find(|n| n.to <= a.from && n.from != a.from);
        let words_before = |n: &Said| {
            sentence
                .get(prior.map_or(0, |p| p.to)..n.from)
                .unwrap_or("")
        };
        if english && SPANS.is_in(words_before(a)) {
            continue;
        }
        let (first, last, words) = if english {
            (a, b, words_before(a))
        } else if korean {
            (a, b, sentence.get(b.to..).unwrap_or(""))
        } else if back {
            (b, a, sentence.get(a.to..b.from).unwrap_or(""))
        } else {
            continue;
        };
        if first.x == last.x || first.unit != last.unit {
            continue;
        }
        // The direction said last before the figures, or first after them in Korean.
        let place = |pattern: &Pattern| {
            let hits = pattern.find_iter(words);
            let found = if korean && !english {
                hits.into_iter().next()
            } else {
                hits.last()
            };
            found.map(|m| (m.start(), m.end()))
        };
        let (up, down) = (place(&UP), place(&DOWN));
        let rises = match (up, down) {
            (Some(u), Some(d)) => (u.0 > d.0) != korean,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => continue,
        };
        let at = if rises { up } else { down };
        let denied = at.is_some_and(|(start, end)| {
            NEGATED.is_in(words.get(..start).unwrap_or(""))
                || NEGATED_AFTER.is_in(words.get(end..).unwrap_or(""))
        });
        if (last.x > first.x) != (rises != denied) {
            faults.push(Fault::new(FaultKind::Direction, words.trim()));
        }
    }
}

/// The row that the numbers around a word belong to, where rows have no names and just one fits.
pub(super) fn rows_told(said: &[Said], base: &Base) -> Vec<usize> {
    let mut rows: BTreeSet<usize> = BTreeSet::new();
    for number in said {
        for fact in base
            .facts
            .iter()
            .filter(|f| matches!(f.role, Role::Level | Role::Before))
        {
            if number.is(fact.x) {
                rows.extend(fact.row);
            }
        }
    }
    let unnamed = rows
        .iter()
        .all(|r| base.names.get(*r).is_some_and(Vec::is_empty));
    if rows.len() == 1 && unnamed {
        rows.into_iter().collect()
    } else {
        Vec::new()
    }
}
