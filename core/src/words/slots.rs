//! Reads a question's parts: members, times, metrics, dimensions, counts, changes.

use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

use super::catalogue::{Catalogue, Mention};
use super::lexicon;
pub(crate) use super::pattern::Pattern;
use super::text::{Token, fold, is_hangul, slips, tokens, written_out};
use super::time::{self, Moment};

/// What was read from a question, and the question with marks in place of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    /// Lower-case words; `E0` members, `T0` times, `M0` metrics, `D0` dimensions, `X0` percentages.
    pub text: String,
    /// The same with metrics and dimensions left as words.
    pub plain: String,
    pub mentions: Vec<Mention>,
    /// Whether the mention of that number is excluded.
    pub excluded: Vec<bool>,
    pub times: Vec<Moment>,
    pub metrics: Vec<String>,
    pub dimensions: Vec<String>,
    pub percents: Vec<f64>,
    /// Words that no list knows and that look like a name.
    pub strangers: Vec<String>,
    /// Typing errors mended.
    pub mended: usize,
    /// Words in all, marks included.
    pub words: usize,
    /// Whether it is written in Korean.
    pub korean: bool,
    /// No letter or digit at all.
    pub empty: bool,
}

static PERCENT: Pattern = Pattern::new(r"([-+] ?)?\b(\d+(?:[.,]\d+)?) ?(?:%|퍼센트|프로)");
pub(crate) static EXCLUDE: Pattern = Pattern::new(
    r"\b(?:except(?:ing)?|excluding|exclude[sd]?|without|ignoring|ignore|omit(?:ting)?|leav(?:e|ing) (?:out|aside)|leave|other than|apart from|aside from|besides|minus|bar|barring|non|but not|not counting|not including|not incl|(?:don't|do not|never) (?:show|include|count|consider|want|list|give|use|take)(?: me| us)?|outside(?: of)?|skip(?:ping)?|drop(?:ping)? out|no|not|but|take out|taking out|remove|removing|less|rather than)(?: for)?(?: (?:on|in|at|from|by|via|through|the|our|any|all|counting|including|those|sales|M\d+|D\d+|of))* E(\d+)((?: ?(?:,|and|or|nor)(?: (?:the|on|in|at|from|not))* E\d+)*)",
);
static EXCLUDE_AFTER: Pattern = Pattern::new(
    r"\b(?:take|taking|leave|leaving|strip|stripping|keep|keeping) (?:the )?E\d+(?: D\d+)? (?:out|aside|away)\b|E(\d+)((?: ?(?:,|and|or|와|과|랑|하고) E\d+)*)(?: (?:D\d+))? ?(?:을|를|은|는|만)? ?(?:(?:is |are )?(?:excluded|aside|left out|taken out|omitted|removed|ignored|out of (?:it|the picture)|not (?:included|counted|considered)|(?:does|do)(?:n't| not) count)\b|제외|빼고|말고|없이|뺀|이외|외에)",
);
static MARKS: Pattern = Pattern::new(r"E(\d+)");

/// "may" is a month only where it stands like one.
fn is_month_may(words: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|i| words.get(i));
    let after = words.get(at + 1);
    // "June on May": a month is held against a month.
    let month_before = at
        .checked_sub(2)
        .and_then(|i| words.get(i))
        .is_some_and(|t| time::is_month(&t.fix));
    let capital = words[at].raw.starts_with('M') && at > 0;
    capital
        || month_before
        || before.is_some_and(|t| {
            matches!(
                t.fix.as_str(),
                "in" | "since"
                    | "for"
                    | "of"
                    | "from"
                    | "to"
                    | "last"
                    | "this"
                    | "next"
                    | "during"
                    | "until"
                    | "and"
                    | "vs"
                    | "than"
                    | "with"
                    | "between"
                    | "through"
                    | ","
                    | "by"
            )
        })
        || after.is_none()
        || after.is_some_and(|t| t.fix.starts_with("20") || t.fix.starts_with('\''))
}

/// What is said for manners' sake before a question, and after it.
static MANNERS_BEFORE: Pattern = Pattern::new(
    r"^(?:(?:hey|hi|hello|hiya|dear|good (?:morning|afternoon|evening|day))(?: (?:there|all|team|guys|everyone|everybody))?|please|pls|plz|kindly|(?:just )?(?:a |one )?quick (?:one|question|q)|(?:just )?curious|excuse me|by the way|btw|(?:i was |i am |im |just )?wondering(?: if)?|(?:can|could|would|will|cud|may|might) (?:you|u|ya|someone|anyone|i)(?: (?:please|pls|plz|kindly|quickly|just|maybe|possibly))* (?:(?:tell|show|give|send|let) (?:me|us)(?: (?:know|see|have))?|know|ask)|(?:do|would) you (?:happen to )?know|i (?:would|want|need|wanna|wud)(?: (?:like|love|want))?(?: to)? (?:know|see|find out)|(?:tell|give|show) me (?:please|pls|plz))(?: ,)*(?: |$)",
);
static MANNERS_AFTER: Pattern = Pattern::new(
    r"(?: ,)*(?: (?:please|pls|plz|thx|thanks|thank you|ty|tia|cheers|many thanks|thanks a lot|(?:thanks )?in advance|if (?:you can|possible)|when you can))(?: ,)*$",
);

/// The question alone, without greeting, thanks and "could you tell me".
fn without_manners(words: &mut Vec<Token>) {
    let low = |words: &[Token]| {
        let low: Vec<&str> = words.iter().map(|w| w.low.as_str()).collect();
        low.join(" ")
    };
    let count = |said: &str| said.split_whitespace().count();
    loop {
        let text = low(words);
        let before = MANNERS_BEFORE
            .captures(&text)
            .map_or(0, |c| count(c.get(0).map_or("", |m| m.as_str())));
        let after = MANNERS_AFTER
            .captures(&text)
            .map_or(0, |c| count(c.get(0).map_or("", |m| m.as_str())));
        // Where nothing else is said, manners are all there is.
        if before + after == 0 || before + after >= words.len() {
            return;
        }
        words.truncate(words.len() - after);
        words.drain(..before);
    }
}

pub(crate) fn read(question: &str, catalogue: &Catalogue) -> Slots {
    let mut words = tokens(question);
    without_manners(&mut words);
    let mut slots = Slots {
        words: words.iter().filter(|w| w.low != ",").count(),
        korean: question.chars().any(is_hangul),
        empty: !question.chars().any(char::is_alphanumeric),
        ..Slots::default()
    };
    let mut costs = vec![None; words.len()];
    for (word, cost) in words.iter_mut().zip(&mut costs) {
        // "March" stays; "mar" too, as the time patterns read it.
        if let Some(long) = written_out(&word.low) {
            word.fix = long.into();
        } else if !lexicon::is_known(&word.low)
            && let Some((known, slips)) = lexicon::mend(&word.low)
        {
            word.fix = written_out(known).unwrap_or(known).into();
            *cost = Some(slips);
        }
    }
    slots.mentions = catalogue.mentions(&words);
    // A slip for an everyday word is that word, unless the name is nearer.
    slots.mentions.retain(|m| {
        if m.to - m.from != 1 || !m.loose {
            return true;
        }
        let word = &words[m.from];
        let exact = m
            .members
            .iter()
            .any(|name| fold(name).split_whitespace().any(|p| p == word.low));
        let name_cost = m
            .members
            .iter()
            .flat_map(|name| {
                fold(name)
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .filter_map(|p| slips(&word.low, &p))
            .min();
        exact
            || word.raw.chars().any(is_hangul)
            || costs[m.from].is_none_or(|c| name_cost.is_some_and(|n| n <= c))
    });
    let mut line = String::new();
    let mut at = 0;
    while at < words.len() {
        if let Some(index) = slots.mentions.iter().position(|m| m.from == at) {
            line.push_str(&format!("E{index} "));
            at = slots.mentions[index].to.max(at + 1);
            continue;
        }
        let word = &words[at];
        let mut fix = word.fix.as_str();
        if fix == "may" && !is_month_may(&words, at) {
            fix = "might";
        }
        if costs[at].is_some() {
            slots.mended += 1;
        }
        let plain = word.low == word.fix && !lexicon::is_language(&word.low) && word.low.len() >= 3;
        if plain
            && word
                .low
                .chars()
                .all(|c| c.is_alphabetic() && !is_hangul(c) || c == '\'')
        {
            slots.strangers.push(word.raw.clone());
        }
        line.push_str(fix);
        line.push(' ');
        at += 1;
    }
    let line = line.trim();
    let (text, times) = time::find(line, catalogue.asof);
    slots.times = times;
    slots.text = text;
    // What the time patterns took is no stranger ("kw46").
    slots.strangers.retain(|s| {
        let low = fold(s);
        slots.text.split_whitespace().any(|w| w == low)
    });
    percents(&mut slots);
    // A percentage of something is its share.
    slots.text = slots.text.replace("% of ", "share of ");
    slots.plain = slots.text.clone();
    metrics(&mut slots, catalogue);
    dimensions(&mut slots, catalogue);
    exclusions(&mut slots);
    slots
}

fn percents(slots: &mut Slots) {
    let text = slots.text.clone();
    let mut found = Vec::new();
    if let Some(pattern) = PERCENT.regex() {
        slots.text = pattern
            .replace_all(&text, |c: &Captures<'_>| {
                let number: f64 = c
                    .get(2)
                    .map_or("", |m| m.as_str())
                    .replace(',', ".")
                    .parse()
                    .unwrap_or(0.0);
                let sign = c.get(1).map_or("", |m| m.as_str());
                found.push(
                    if sign.starts_with('-') {
                        -number
                    } else {
                        number
                    } / 100.0,
                );
                format!(" X{} ", found.len() - 1)
            })
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
    }
    slots.percents = found;
}

fn metrics(slots: &mut Slots, catalogue: &Catalogue) {
    let own: Vec<(String, Regex)> = catalogue
        .metrics
        .iter()
        .flat_map(|m| {
            let words = [
                Some(m.name.replace('_', " ")),
                Some(m.name.clone()),
                m.label.clone(),
            ];
            words
                .into_iter()
                .flatten()
                .filter_map(|w| {
                    let word = fold(&w);
                    let pattern = format!(r"\b{}\b", regex_lite::escape(&word));
                    // Built-in names keep their own patterns.
                    let built_in = lexicon::metric_patterns()
                        .iter()
                        .any(|(_, r)| r.find(&word).is_some_and(|f| f.len() == word.len()));
                    (!built_in && word.len() >= 3)
                        .then(|| Regex::new(&pattern).ok().map(|r| (m.name.clone(), r)))
                        .flatten()
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let built_in = lexicon::metric_patterns()
        .iter()
        .map(|(n, r)| ((*n).to_owned(), r));
    let mut found: Vec<String> = Vec::new();
    let mut text = slots.text.clone();
    for (name, pattern) in own.iter().map(|(n, r)| (n.clone(), r)).chain(built_in) {
        text = pattern
            .replace_all(&text, |_: &Captures<'_>| {
                found.push(name.clone());
                format!(" M{} ", found.len() - 1)
            })
            .into_owned();
    }
    let (text, order) = reorder(&text, 'M');
    slots.metrics = order
        .into_iter()
        .filter_map(|i| found.get(i).cloned())
        .collect();
    slots.text = text;
}

fn dimensions(slots: &mut Slots, catalogue: &Catalogue) {
    let mut found: Vec<String> = Vec::new();
    let mut text = slots.text.clone();
    let own: Vec<(String, Regex)> = catalogue
        .dimensions
        .iter()
        .flat_map(|d| {
            let label = d.label.as_deref().map(fold);
            let name = fold(&d.name).replace('_', " ");
            [Some(name), label]
                .into_iter()
                .flatten()
                .filter_map(|w| {
                    let known = lexicon::dimension_patterns()
                        .iter()
                        .any(|(_, r)| r.find(&w).is_some_and(|f| f.len() == w.len()));
                    let stem = regex_lite::escape(&w);
                    (!known && w.len() >= 3 && w != "month" && w != "week")
                        .then(|| {
                            Regex::new(&format!(r"\b{stem}s?\b"))
                                .ok()
                                .map(|r| (d.name.clone(), r))
                        })
                        .flatten()
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let built_in = lexicon::dimension_patterns()
        .iter()
        .map(|(n, r)| ((*n).to_owned(), r));
    for (name, pattern) in own.iter().map(|(n, r)| (n.clone(), r)).chain(built_in) {
        text = pattern
            .replace_all(&text, |_: &Captures<'_>| {
                found.push(name.clone());
                format!(" D{} ", found.len() - 1)
            })
            .into_owned();
    }
    let (text, order) = reorder(&text, 'D');
    slots.dimensions = order
        .into_iter()
        .filter_map(|i| found.get(i).cloned())
        .collect();
    slots.text = text;
}

static MARK_M: Pattern = Pattern::new(r"\bM(\d+)\b");
static MARK_D: Pattern = Pattern::new(r"\bD(\d+)\b");

/// Renumbers marks in reading order and tells the old numbers.
fn reorder(text: &str, letter: char) -> (String, Vec<usize>) {
    let pattern = if letter == 'M' {
        MARK_M.regex()
    } else {
        MARK_D.regex()
    };
    let Some(pattern) = pattern else {
        return (text.to_owned(), Vec::new());
    };
    let mut order = Vec::new();
    let text = pattern.replace_all(text, |c: &Captures<'_>| {
        order.extend(c.get(1).and_then(|m| m.as_str().parse::<usize>().ok()));
        format!(" {letter}{} ", order.len() - 1)
    });
    (text.split_whitespace().collect::<Vec<_>>().join(" "), order)
}

fn exclusions(slots: &mut Slots) {
    slots.excluded = vec![false; slots.mentions.len()];
    for pattern in [&EXCLUDE, &EXCLUDE_AFTER] {
        let Some(regex) = pattern.regex() else {
            continue;
        };
        for hit in regex.captures_iter(&slots.text) {
            let whole = hit.get(0).map_or("", |m| m.as_str());
            // "no, only Sephora" keeps it; "not just Amazon" does too.
            if whole.contains("only") || whole.contains("just") {
                continue;
            }
            let Some(marks) = MARKS.regex() else { continue };
            for mark in marks.captures_iter(whole) {
                if let Some(flag) = mark
                    .get(1)
                    .and_then(|m| m.as_str().parse::<usize>().ok())
                    .and_then(|i| slots.excluded.get_mut(i))
                {
                    *flag = true;
                }
            }
        }
    }
}

static GRAINS: LazyLock<Vec<(&'static str, Pattern)>> = LazyLock::new(|| {
    vec![
        (
            "day",
            Pattern::new(
                r"\b(?:daily|day (?:to|over|on) day|(?:per|by|each|every|a) day|day ?wise)\b|일별|일자별|매일|하루하루",
            ),
        ),
        (
            "week",
            Pattern::new(
                r"\b(?:weekly|week to week|(?:per|by|each|every|a) (?:calendar )?week|week ?wise|weeks)\b|주별|주간|주차별|매주",
            ),
        ),
        (
            "month",
            Pattern::new(
                r"\b(?:monthly|month to month|(?:per|by|each|every|a) (?:calendar )?month|month ?wise|months)\b|월별|월간|매월|매달|달별",
            ),
        ),
        (
            "quarter",
            Pattern::new(
                r"\b(?:quarterly|quarter to quarter|(?:per|by|each|every|a) (?:calendar )?quarter|quarters)\b|분기별|매분기",
            ),
        ),
        (
            "year",
            Pattern::new(
                r"\b(?:yearly|annual|annually|year to year|(?:per|by|each|every|a) (?:calendar )?year|years)\b|연도별|연간|년도별|매년",
            ),
        ),
    ]
});

impl Slots {
    /// The grain asked for, the finest named.
    pub(crate) fn grain(&self) -> Option<&'static str> {
        GRAINS
            .iter()
            .find(|(_, p)| p.is_in(&self.text))
            .map(|(g, _)| *g)
    }

    /// The question for the router: names masked by what they are.
    pub(crate) fn masked(&self, asof: chrono::NaiveDate) -> String {
        self.text
            .split_whitespace()
            .map(|word| {
                let index = word.get(1..).and_then(|n| n.parse::<usize>().ok());
                match (word.as_bytes().first(), index) {
                    (Some(b'E'), Some(i)) => self
                        .mentions
                        .get(i)
                        .map_or("ENT", |m| match m.dimension.as_str() {
                            "product_type" => "PTYPE",
                            "sku" | "product" => "ITEM",
                            _ => "ENT",
                        })
                        .to_owned(),
                    (Some(b'T'), Some(i)) => match self.times.get(i) {
                        Some(t) if t.is_ahead(asof) => "FUTURE",
                        Some(Moment::YearAgo | Moment::UnitBefore(_)) => "BEFORE",
                        _ => "TIME",
                    }
                    .to_owned(),
                    (Some(b'M'), Some(_)) => "METRIC".to_owned(),
                    (Some(b'D'), Some(_)) => "DIM".to_owned(),
                    (Some(b'X'), Some(_)) => "PCT".to_owned(),
                    _ if word.starts_with(|c: char| c.is_ascii_digit()) => "NUM".to_owned(),
                    _ => word.to_owned(),
                }
            })
            .collect::<Vec<_>>()
            .join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for pattern in [
            &PERCENT,
            &EXCLUDE,
            &EXCLUDE_AFTER,
            &MARKS,
            &MARK_M,
            &MARK_D,
            &MANNERS_BEFORE,
            &MANNERS_AFTER,
        ] {
            assert!(pattern.regex().is_some(), "{}", pattern.source());
        }
        for (grain, pattern) in GRAINS.iter() {
            assert!(pattern.regex().is_some(), "{grain}");
        }
        assert_eq!(lexicon::metric_patterns().len(), 17);
    }
}
