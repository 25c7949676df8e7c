//! Capitalised words must be names of the facts or of the language.

use std::collections::BTreeSet;

use super::super::facts::{Facts, text as cell};
use super::super::pattern::Pattern;
use super::super::text::{fold, is_hangul};
use super::base::Base;
use super::{Fault, FaultKind, vocabulary};

/// An alias of the prompt that stands for nothing.
pub(super) static LEFT_ALIAS: Pattern = Pattern::new(r"\b[A-Za-z]+_\d+\b");

/// Capitalised words that neither start a sentence nor belong to the facts or to the language.
pub(super) fn names(
    reply: &str,
    foreign: &[String],
    base: &Base,
    facts: &Facts,
    faults: &mut Vec<Fault>,
) {
    let mut allowed: BTreeSet<String> = BTreeSet::new();
    let mut add = |text: &str| {
        allowed.extend(
            fold(text)
                .split(|c: char| !c.is_alphanumeric())
                .filter(|w| !w.is_empty())
                .map(str::to_owned),
        )
    };
    base.names.iter().flatten().for_each(|n| add(n));
    facts
        .scope
        .iter()
        .chain(&facts.without)
        .for_each(|n| add(n));
    add(&base.free);
    add(&facts.currency);
    let classes = facts
        .rows
        .iter()
        .flat_map(|r| [cell(r, "abc"), cell(r, "demand_class")]);
    classes.flatten().for_each(&mut add);
    // Measures are told by the names of their columns: "MAE".
    base.facts.iter().for_each(|f| add(&f.column));
    if let Some(left) = LEFT_ALIAS.captures(reply).and_then(|c| c.get(0)) {
        faults.push(Fault::new(FaultKind::Name, left.as_str()));
    }
    let mut start = true;
    for word in reply.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let first = start;
        start = word.ends_with(['.', '!', '?', ':', ';']) || word.ends_with("\"");
        let capital = bare.chars().next().is_some_and(char::is_uppercase);
        if !capital || bare.chars().count() < 2 {
            continue;
        }
        for part in bare
            .split(|c: char| !c.is_alphanumeric() && c != '_' || is_hangul(c))
            .filter(|p| p.chars().next().is_some_and(char::is_uppercase))
        {
            let low = fold(part);
            let known = allowed.contains(&low)
                // A mask stands for a name of the facts.
                || low.starts_with("qzname")
                || first && !foreign.contains(&low)
                || super::super::lexicon::is_known(&low)
                || vocabulary::is_plain(&low)
                || matches!(
                    low.as_str(),
                    "hhi"
                        | "eur"
                        | "usd"
                        | "krw"
                        | "total"
                        | "arima"
                        | "sarima"
                        | "ets"
                        | "model"
                        | "note"
                        | "index"
                        | "none"
                        | "nothing"
                        | "next"
                );
            let quarter = low.len() == 2 && low.starts_with(['q', 'h']);
            if !known && !quarter && (!first || part.chars().count() > 2) {
                faults.push(Fault::new(FaultKind::Name, part));
            }
        }
    }
}
