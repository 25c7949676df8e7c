//! "Highest", "least" and their like: who is said to be at an end must be there.

use super::super::facts::Unit;
use super::super::pattern::Pattern;
use super::base::{Base, Role, column_role};
use super::direction::{DOWN, UP};
use super::figures::CHANGE_WORD;
use super::numbers::Said;
use super::{Fault, FaultKind, clause_around, relations};

pub(super) static BEST: Pattern = Pattern::new(
    r"\b(?:highest|dearest|largest|steepest|sharpest|biggest|fastest|most|top|leads?|leading|led|leader|first|strongest|best|number one|maximum|peak|ranks first|(?:at|hit|reached) its high)\b|최고|1위|(?:가장|번째로) (?:많|높|큰|크|큽|민감)|선두|최대",
);

pub(super) static WORST: Pattern = Pattern::new(
    r"\b(?:lowest|most affordable|cheapest|smallest|least|bottom|last place|weakest|worst|slowest|fewest|minimum|trails|comes last|(?:at|hit|reached) its low)\b|최저|꼴찌|최하위|(?:가장|번째로) (?:적|낮|작|둔감)|최소",
);

pub(super) static MOST_OF: Pattern = Pattern::new(r"^ of (?:it|the|this|that|them|these)\b");

/// "highest" and its like: the member named must be at that end of some column.
pub(super) fn ranks(
    kind: &str,
    sentence: &str,
    named: &[(usize, usize)],
    said: &[Said],
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
    // Checked where the meaning of the column is known.
    if kind == "backtest" {
        return;
    }
    // Nothing to rank by: "most sensitive" is not a matter of levels.
    if base.value.len() < 2 {
        return;
    }
    let ranked = base.value.iter().chain(&base.change).any(Option::is_some);
    for (pattern, best) in [(&BEST, true), (&WORST, false)] {
        for hit in pattern.find_iter(sentence) {
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
            // The ends of an interval; "most likely"; the first in time.
            let behind = sentence.get(hit.end()..).unwrap_or("");
            let in_time = base.names.iter().all(Vec::is_empty)
                && matches!(
                    word,
                    "first" | "last" | "lead" | "leads" | "led" | "leading"
                );
            if in_time
                || [" case", " likely", " sold", " and last"]
                    .iter()
                    .any(|w| behind.starts_with(w))
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
            if OF_SOME.is_in(sentence.get(hit.end()..end).unwrap_or("")) {
                continue;
            }
            if word == "most" && MOST_OF.is_in(sentence.get(hit.end()..).unwrap_or("")) {
                continue;
            }
            let prior = named
                .iter()
                .rev()
                .find(|(_, at)| *at < hit.start() && *at >= start);
            let before = named.iter().rev().find(|(_, at)| *at < hit.start());
            let next = named.iter().find(|(_, at)| *at >= hit.end());
            let close = next.filter(|(_, at)| *at < end);
            // "The second best after A" is not A; "highest in May" is of May.
            let gap = next
                .and_then(|(_, at)| sentence.get(hit.end()..*at))
                .unwrap_or("");
            let close = close.filter(|_| !AFTER_WHOM.is_in(gap));
            let behind = close.filter(|_| {
                matches!(
                    gap,
                    " in " | " on " | " at " | " for " | " by " | " was " | " is " | " were "
                )
            });
            let Some((_, at)) = behind.or(prior).or(close).or(before).or(next) else {
                continue;
            };
            let rows: Vec<usize> = named
                .iter()
                .filter(|(_, a)| a == at)
                .map(|(r, _)| *r)
                .collect();
            let place = ordinal_before(sentence.get(..hit.start()).unwrap_or(""));
            let behind = sentence.get(hit.end()..).unwrap_or("");
            let listed = match hit.start() > *at {
                true => super::list_before(sentence, named, hit.start()).len(),
                false => 1,
            };
            let at_place = |column: &dyn Fn(usize) -> Option<f64>| {
                rows.iter().filter_map(|r| column(*r)).any(|own| {
                    let ahead = (0..base.names.len())
                        .filter_map(column)
                        .filter(|x| if best { *x > own } else { *x < own })
                        .count();
                    // "A and B are the largest": each of the two may be second.
                    ahead + 1 == place || place == 1 && ahead < listed
                })
            };
            let moved = |up: bool, name: &str| {
                let name = name.to_owned();
                move |row: usize| {
                    let change = base.change.get(row).copied().flatten()?;
                    let own = relations::column(base, row, &name).unwrap_or(change);
                    (change != 0.0 && (change > 0.0) == up).then_some(own.abs())
                }
            };
            // "The largest channel" is no matter of moves.
            let of_level = MEMBER_NOUN.is_in(behind) && base.value.iter().any(Option::is_some);
            let level = |row: usize| base.value.get(row).copied().flatten();
            let moves = [(true, &UP), (false, &DOWN)];
            let fits = match RANKED_MOVE.captures(behind) {
                None if of_level => at_place(&level),
                // "The smallest drop": among those that fell.
                Some(of) => ["change", "change_pct"]
                    .into_iter()
                    .any(|c| at_place(&moved(of.get(1).is_some(), c))),
                None => {
                    // The figure told beside it says what is ranked.
                    let columns = columns_told(said, hit.range(), &rows, base);
                    if columns.is_empty() && !ranked {
                        continue;
                    }
                    if columns.is_empty() {
                        // Who grows or falls fastest is no matter of levels.
                        let of_growth = word == "fastest" || word == "slowest";
                        // Sellers are fast or slow by their velocity.
                        let speed = |r: usize| relations::column(base, r, "velocity");
                        of_growth && at_place(&speed)
                            || !of_growth && at_place(&level)
                            || !of_level
                                && moves.into_iter().any(|(up, said)| {
                                    said.is_in(sentence)
                                        && ["change", "change_pct"]
                                            .into_iter()
                                            .any(|c| at_place(&moved(up, c)))
                                })
                            || at_place(&|r| base.change.get(r).copied().flatten())
                                && moves.into_iter().any(|(_, said)| said.is_in(sentence))
                            || IN_PERCENT.is_in(sentence)
                                && at_place(&|r| relations::column(base, r, "change_pct"))
                    } else {
                        // "Fell the most, by 11 %": among those that fell.
                        let of_moves = |c: &str| column_role(c) == Role::Change;
                        columns
                            .iter()
                            .any(|c| match of_moves(c) && c != "elasticity" {
                                // "Volume was largest at A with 806": no move is spoken of.
                                true if !moves.iter().any(|m| m.1.is_in(sentence)) => {
                                    at_place(&|r| relations::column(base, r, c))
                                }
                                true => moves.into_iter().any(|(up, said)| {
                                    said.is_in(sentence) && at_place(&moved(up, c))
                                }),
                                false => at_place(&|r| {
                                    let x = relations::column(base, r, c)?;
                                    Some(if c == "elasticity" { x.abs() } else { x })
                                }),
                            })
                            || at_place(&level)
                    }
                }
            };
            let name = sentence.get(*at..).unwrap_or("");
            let behind = name.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            let replaced = sentence.get(..*at).is_some_and(|t| t.ends_with("from "));
            // "1위가 A에서 B로": the first now is B.
            let rows = match behind.starts_with("에서 ") {
                true => named.iter().filter(|n| n.1 > *at).map(|n| n.0).collect(),
                false => rows,
            };
            let leads = best && !replaced && rows.iter().any(|r| base.leads.get(*r) == Some(&true));
            let known = base.leads.contains(&true) && (of_level || word == "1위");
            if !leads && (!fits || known) {
                faults.push(Fault::new(FaultKind::Comparison, word));
            }
        }
    }
}

/// Among some that are told, not all.
static OF_SOME: Pattern =
    Pattern::new(r"\b(?:of|among) (?:these|those|them)(?: (?:two|three|four|five|six) | at |,|$)");
static MEMBER_NOUN: Pattern = Pattern::new(
    r"^ (?:channel|brand|vendor|product|member|category|segment|region|tier|market)\b",
);
static AFTER_WHOM: Pattern = Pattern::new(r"\b(?:after|behind|than|from|besides)(?: the)? $");
static RANKED_MOVE: Pattern = Pattern::new(
    r"^ (?:\w+ ){0,2}?(?:(rise|rises|gain|gains|increase|increases|growth|jump|improvement)|(?:drop|drops|decline|declines|fall|falls|loss|losses|decrease|decreases|slump))\b",
);
static ORDINAL_BEFORE: Pattern = Pattern::new(
    r"\b(second|third|fourth|fifth|next|2nd|3rd|4th|5th)[- ]$|(두|세|네) (?:번째로 )?$",
);

/// "The second largest": the place that the word before a superlative makes of it.
fn ordinal_before(before: &str) -> usize {
    let hit = ORDINAL_BEFORE.captures(before);
    match hit.and_then(|c| Some(c.get(1).or(c.get(2))?.as_str().to_owned())) {
        None => 1,
        Some(word) => match word.as_str() {
            "third" | "3rd" | "세" => 3,
            "fourth" | "4th" | "네" => 4,
            "fifth" | "5th" => 5,
            _ => 2,
        },
    }
}

/// The columns of the rows' own figure nearest to a word.
fn columns_told(
    said: &[Said],
    hit: std::ops::Range<usize>,
    rows: &[usize],
    base: &Base,
) -> Vec<String> {
    let columns = |n: &Said| -> Vec<String> {
        let own = base.facts.iter().filter(|f| {
            f.row.is_some_and(|r| rows.contains(&r))
                && n.is_size(f.x)
                && !matches!(f.column.as_str(), "" | "rank" | "text")
        });
        own.map(|f| f.column.clone()).collect()
    };
    let mut found: Vec<String> = said
        .iter()
        .map(|n| {
            let far = n
                .from
                .saturating_sub(hit.end)
                .max(hit.start.saturating_sub(n.to));
            (far, columns(n))
        })
        .filter(|(_, columns)| !columns.is_empty())
        .min_by_key(|(far, _)| *far)
        .map(|(_, columns)| columns)
        .unwrap_or_default();
    found.sort_unstable();
    found.dedup();
    found
}

/// "the lowest was 58,330": where nobody is named, the number itself must be at that end of its column.
pub(super) fn extremes(
    blank: &str,
    named: &[(usize, usize)],
    said: &[Said],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    if !named.is_empty() || base.value.len() < 2 || base.names.iter().any(|n| !n.is_empty()) {
        return;
    }
    for (pattern, best) in [(&BEST, true), (&WORST, false)] {
        for hit in pattern.find_iter(blank) {
            // "First" and "last" are of time here.
            if matches!(
                hit.as_str(),
                "top" | "most" | "first" | "last" | "lead" | "led"
            ) {
                continue;
            }
            let (_, end) = clause_around(blank, hit.start(), hit.end());
            let all: Vec<f64> = base.value.iter().flatten().copied().collect();
            let told = said
                .iter()
                .find(|n| n.from >= hit.end() && n.from < end && n.unit != Some(Unit::Share))
                .or_else(|| said.iter().find(|n| n.from >= hit.end()))
                .or_else(|| said.iter().rev().find(|n| n.to <= hit.start()));
            let Some(number) = told else { continue };
            let is_level = all.iter().any(|x| number.is(*x));
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
    for hit in MAIN.find_iter(sentence) {
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
    r"\b(?:rank(?:s|ed|ing)?|plac(?:e|es|ed|ing)(?: it)?|comes?|came|is|was|are|were|finish\w*(?: in)?|in|takes|took|holds)(?: in)?(?: the)? (first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b(?:,? and (first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b)?|(\d+)위",
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
    for hit in ORDINAL.captures_iter(sentence) {
        let Some(whole) = hit.get(0) else { continue };
        let place = |word: &str| {
            WORDS
                .iter()
                .position(|w| *w == word)
                .map(|i| i as f64 + 1.0)
        };
        let said: Vec<f64> = match hit.get(3) {
            Some(digits) => digits.as_str().parse().ok().into_iter().collect(),
            None => [hit.get(1), hit.get(2)]
                .into_iter()
                .flatten()
                .filter_map(|m| place(m.as_str()))
                .collect(),
        };
        // "The second largest" is no place of its own.
        if SUPERLATIVE_AFTER.is_in(sentence.get(whole.end()..).unwrap_or("")) {
            continue;
        }
        let mut before: Vec<usize> = named
            .iter()
            .filter(|(_, at)| *at < whole.start())
            .map(|n| n.1)
            .collect();
        before.dedup();
        // "A and B rank third and fourth": as many names as places.
        let mut places = before.split_off(before.len().saturating_sub(said.len()));
        if places.len() < said.len() {
            let after = named.iter().find(|(_, at)| *at >= whole.end());
            places = after.map(|n| n.1).into_iter().collect();
        }
        for (at, said) in places.iter().zip(&said) {
            let wrong = named.iter().filter(|n| n.1 == *at).all(|(row, _)| {
                let leads = *said == 1.0 && base.leads.get(*row) == Some(&true);
                rank(*row).is_some_and(|r| r != *said) && position(*row) != Some(*said) && !leads
            });
            if wrong {
                faults.push(Fault::new(FaultKind::Comparison, whole.as_str()));
            }
        }
    }
}

static SUPERLATIVE_AFTER: Pattern =
    Pattern::new(r"^[- ](?:best|worst|\w+est|most|least|quarter|half|month|week|day|time|year)\b");
