//! "Highest", "least" and their like: who is said to be at an end must be there.

use super::super::facts::Unit;
use super::super::slots::Pattern;
use super::base::Base;
use super::direction::{DOWN, UP};
use super::figures::CHANGE_WORD;
use super::labels::Which;
use super::numbers::Said;
use super::{Fault, FaultKind, clause_around};

pub(super) static BEST: Pattern = Pattern::new(
    r"\b(?:highest|largest|steepest|sharpest|biggest|fastest|most|top|leads?|leading|led|leader|first|strongest|best|number one|maximum|peak|ranks first)\b|최고|1위|가장 (?:많|높|큰)|선두|최대",
);

pub(super) static WORST: Pattern = Pattern::new(
    r"\b(?:lowest|most affordable|cheapest|smallest|least|bottom|last place|weakest|worst|fewest|minimum|trails|comes last)\b|최저|꼴찌|최하위|가장 (?:적|낮|작)|최소",
);

pub(super) static MOST_OF: Pattern = Pattern::new(r"^ of (?:it|the|this|that|them|these)\b");

/// "highest" and its like: the member named must be at that end of some column.
pub(super) fn ranks(
    kind: &str,
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    told: &str,
    faults: &mut Vec<Fault>,
) {
    if base.names.len() == 1
        && kind != "concentration"
        && let Some(word) = ALONE.captures(sentence).and_then(|c| c.get(0))
        && !told.contains(word.as_str())
        && !base.free.contains(word.as_str())
    {
        // One row is at no end of anything.
        faults.push(Fault::new(FaultKind::Comparison, word.as_str()));
    }
    main_cause(kind, sentence, named, base, faults);
    // Nothing to rank by: "most sensitive" is not a matter of levels.
    if base.value.len() < 2 || base.value.iter().chain(&base.change).all(Option::is_none) {
        return;
    }
    for (pattern, best) in [(&BEST, true), (&WORST, false)] {
        for hit in pattern
            .regex()
            .into_iter()
            .flat_map(|r| r.find_iter(sentence))
        {
            let (start, end) = clause_around(sentence, hit.start(), hit.end());
            let word = hit.as_str();
            let the_most = sentence
                .get(..hit.start())
                .is_some_and(|t| t.ends_with("the "))
                && word == "most"
                && sentence
                    .get(hit.end()..)
                    .is_some_and(|t| t.trim().is_empty() || t.starts_with(" of all"));
            if matches!(word, "top" | "most" | "first" | "last")
                && !the_most
                && !named.iter().any(|(_, at)| *at >= start && *at < end)
            {
                continue;
            }
            // "Most affordable" is the lowest price.
            if word == "most"
                && sentence
                    .get(hit.end()..)
                    .is_some_and(|t| t.starts_with(" affordable"))
            {
                continue;
            }
            // "Fairs trails Depot" is behind one, not last; the biggest part of a change is no member.
            let other = sentence
                .get(hit.end()..)
                .is_some_and(|t| t.trim_start().starts_with("qzname"));
            if kind == "bridge"
                && best
                && let Some(is) = super::labels::largest_part(sentence, hit.range(), named, base)
            {
                if !is {
                    faults.push(Fault::new(FaultKind::Comparison, word));
                }
                continue;
            }
            let part = kind == "bridge"
                && CHANGE_WORD.is_in(sentence.get(start..hit.start()).unwrap_or(""));
            if word == "trails" && other || part {
                continue;
            }
            if MOST_OF.is_in(sentence.get(hit.end()..).unwrap_or("")) {
                continue;
            }
            let prior = named
                .iter()
                .rev()
                .find(|(_, at)| *at < hit.start() && *at >= start);
            let before = named.iter().rev().find(|(_, at)| *at < hit.start());
            let next = named.iter().find(|(_, at)| *at >= hit.end());
            let close = next.filter(|(_, at)| *at < end);
            let Some((_, at)) = prior.or(close).or(before).or(next) else {
                continue;
            };
            let rows: Vec<usize> = named
                .iter()
                .filter(|(_, a)| a == at)
                .map(|(r, _)| *r)
                .collect();
            let at_end = |column: &[Option<f64>], by_size: bool| {
                let key = |x: f64| if by_size { x.abs() } else { x };
                let all: Vec<f64> = column.iter().flatten().map(|x| key(*x)).collect();
                rows.iter().any(|r| {
                    column.get(*r).copied().flatten().is_some_and(|x| {
                        if best {
                            all.iter().all(|y| *y <= key(x))
                        } else {
                            all.iter().all(|y| *y >= key(x))
                        }
                    })
                })
            };
            let down = DOWN.is_in(sentence);
            let fell_most = best && down && {
                let all: Vec<f64> = base.change.iter().flatten().copied().collect();
                rows.iter().any(|r| {
                    base.change
                        .get(*r)
                        .copied()
                        .flatten()
                        .is_some_and(|x| all.iter().all(|y| *y >= x))
                })
            };
            let in_percent = IN_PERCENT.is_in(sentence) && {
                let column: Vec<Option<f64>> = (0..base.names.len())
                    .map(|r| {
                        base.facts
                            .iter()
                            .find(|f| f.row == Some(r) && f.column == "change_pct")
                            .map(|f| f.x)
                    })
                    .collect();
                at_end(&column, false)
                    || down
                        && at_end(
                            &column.iter().map(|x| x.map(|x| -x)).collect::<Vec<_>>(),
                            false,
                        )
            };
            // Who grows or falls fastest is no matter of levels.
            let of_growth = word == "fastest";
            if !(in_percent
                || at_end(&base.value, false) && !of_growth
                || (at_end(&base.change, false) && (UP.is_in(sentence) || down))
                || fell_most)
            {
                faults.push(Fault::new(FaultKind::Comparison, word));
            }
        }
    }
}

/// "the lowest was 58,330": where nobody is named, the number itself must be at that end of its column.
pub(super) fn extremes(
    blank: &str,
    named: &[(usize, usize)],
    said: &[Said],
    times: &[(String, Which)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    if !named.is_empty() || base.value.len() < 2 || base.names.iter().any(|n| !n.is_empty()) {
        return;
    }
    for (pattern, best) in [(&BEST, true), (&WORST, false)] {
        for hit in pattern.regex().into_iter().flat_map(|r| r.find_iter(blank)) {
            // "First" and "last" are of time here.
            if matches!(
                hit.as_str(),
                "top" | "most" | "first" | "last" | "lead" | "led"
            ) {
                continue;
            }
            let (start, end) = clause_around(blank, hit.start(), hit.end());
            let all: Vec<f64> = base.value.iter().flatten().copied().collect();
            // "December was the strongest month": the row of the time named before it.
            let clause = blank.get(start..hit.start()).unwrap_or("");
            // "Highest in December": the time right behind it.
            let behind = blank.get(hit.end()..).unwrap_or("");
            let behind = behind.strip_prefix(" in ").or(behind.strip_prefix(" on "));
            let is_behind =
                behind.is_some_and(|t| times.iter().any(|(name, _)| t.starts_with(name.as_str())));
            let clause = if is_behind {
                behind.unwrap_or("")
            } else {
                clause
            };
            let named_time = times
                .iter()
                .filter_map(|(name, which)| match which {
                    Which::Row(row) if is_behind => clause
                        .starts_with(name.as_str())
                        .then_some((name.len(), *row)),
                    Which::Row(row) => Some((clause.rfind(name.as_str())?, *row)),
                    _ => None,
                })
                .max_by_key(|(at, _)| *at);
            if let Some((_, row)) = named_time
                && !clause.contains('(')
                && let Some(own) = base.value.get(row).copied().flatten()
                && !all.iter().all(|x| if best { *x <= own } else { *x >= own })
                && (is_behind || !clause.contains(" to "))
            {
                faults.push(Fault::new(FaultKind::Comparison, hit.as_str()));
                continue;
            }
            let told = said
                .iter()
                .find(|n| n.from >= hit.end() && n.from < end && n.unit != Some(Unit::Share))
                .or_else(|| said.iter().find(|n| n.from >= hit.end()))
                .or_else(|| said.iter().rev().find(|n| n.to <= hit.start()));
            let Some(number) = told else { continue };
            let is_level = all
                .iter()
                .any(|x| (x - number.x).abs() <= number.slack * 1.0001);
            let at_end = all.iter().all(|x| {
                if best {
                    *x <= number.x + number.slack
                } else {
                    *x >= number.x - number.slack
                }
            });
            if is_level && !at_end {
                faults.push(Fault::new(FaultKind::Comparison, hit.as_str()));
            }
        }
    }
}

/// Words that need others to be held against.
static ALONE: Pattern = Pattern::new(
    r"\b(?:highest|lowest|best|worst|strongest|weakest|biggest|largest|smallest)\b|최고|최저|가장 (?:많|높|큰|적|낮|작)",
);
static IN_PERCENT: Pattern =
    Pattern::new(r"\b(?:percent\w*|relative|rate|fastest)\b|%|증가율|감소율");
static MAIN: Pattern = Pattern::new(
    r"\b(?:main|mainly|mostly|most of (?:it|that|this|the)|chiefly|chief|largely|primarily|primary)\b|주된|주로|주요",
);

/// The main driver is the one that moved most.
fn main_cause(
    kind: &str,
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    if kind != "drivers" {
        return;
    }
    let size = |row: usize| base.change.get(row).copied().flatten().map(f64::abs);
    let most = (0..base.names.len())
        .filter(|r| base.names.get(*r).is_some_and(|n| !n.is_empty()))
        .filter_map(size)
        .fold(0.0, f64::max);
    for hit in MAIN.regex().into_iter().flat_map(|r| r.find_iter(sentence)) {
        let after = named.iter().find(|(_, at)| *at >= hit.end());
        let before = named.iter().rev().find(|(_, at)| *at < hit.start());
        // "X explains most of it" looks back, "mainly because of X" ahead.
        let (start, _) = clause_around(sentence, hit.start(), hit.end());
        let own = before.filter(|(_, at)| *at >= start).or(after).or(before);
        if let Some((row, _)) = own
            && size(*row).is_some_and(|c| c < most)
        {
            faults.push(Fault::new(FaultKind::Comparison, hit.as_str()));
        }
    }
}

static ORDINAL: Pattern = Pattern::new(
    r"\b(?:rank(?:s|ed|ing)?|plac(?:e|es|ed|ing)(?: it)?|comes?|came|is|was|finish\w*(?: in)?)(?: in)? (first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b|(\d+)위",
);

/// "Ranked second": the row's own rank.
pub(super) fn ordinals(
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    const WORDS: [&str; 10] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth",
    ];
    let rank = |row: usize| {
        base.facts
            .iter()
            .find(|f| f.row == Some(row) && f.column == "rank")
            .map(|f| f.x)
    };
    // Where rows come in another order than their rank, the place by level counts as well.
    let position = |row: usize| {
        let own = base.value.get(row).copied().flatten()?;
        let above = base.value.iter().flatten().filter(|x| **x > own).count();
        Some(above as f64 + 1.0)
    };
    for hit in ORDINAL
        .regex()
        .into_iter()
        .flat_map(|r| r.captures_iter(sentence))
    {
        let Some(whole) = hit.get(0) else { continue };
        let said = match (hit.get(1), hit.get(2)) {
            (Some(word), _) => WORDS
                .iter()
                .position(|w| *w == word.as_str())
                .map(|i| i as f64 + 1.0),
            (_, Some(digits)) => digits.as_str().parse().ok(),
            _ => None,
        };
        let before = named.iter().rev().find(|(_, at)| *at < whole.start());
        let after = named.iter().find(|(_, at)| *at >= whole.end());
        if let (Some(said), Some((row, _))) = (said, before.or(after))
            && rank(*row).is_some_and(|r| r != said)
            && position(*row) != Some(said)
        {
            faults.push(Fault::new(FaultKind::Comparison, whole.as_str()));
        }
    }
}
