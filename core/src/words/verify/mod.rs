//! Checks that a text says no more than its facts: numbers, units, names, directions, ranks, causes.
//!
//! A text is cut into clauses. Each number must be a number of the rows (as it is or rounded to the
//! digits shown), in the unit named beside it, of the member and time named in its clause, of the column that the
//! words beside it name ([`labels`]), with the direction that the clause gives it. What facts cannot hold is
//! refused: causes, advice, links, unknown names, and any word that reports of figures do without ([`vocabulary`]).

mod base;
mod columns;
mod derived;
mod direction;
mod figures;
mod labels;
mod names;
mod numbers;
mod outlook;
mod quantity;
mod rank;
mod relations;
mod times;
mod vocabulary;

use std::collections::BTreeSet;

use super::facts::{Facts, Lang, Unit, metric_name, unit_of};
use super::narrate::narrate_facts;
use super::pattern::Pattern;
use super::text::{fold, is_hangul};
use base::{Base, Tokens};
use numbers::{MONEY_WORDS, Said, numbers};

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// A number that no fact holds, or of another member.
    Number,
    /// Digits grouped as no number is.
    Grouping,
    /// The right number in the wrong unit.
    Unit,
    /// A name that is not among the facts.
    Name,
    /// Up for down or the reverse.
    Direction,
    /// First for last, more for less.
    Comparison,
    /// A time that is not among the facts.
    Time,
    /// A cause, advice or promise the facts do not give.
    Claim,
    /// A link, markup or control text.
    Markup,
    /// Empty, far too long, or without the number it is about.
    Shape,
}

/// A fault and the words it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The words in question, at most 60 characters.
    pub at: String,
}

impl Fault {
    fn new(kind: FaultKind, at: &str) -> Fault {
        Fault {
            kind,
            at: at.chars().take(60).collect(),
        }
    }
}

/// Longest text accepted.
const CHARS: usize = 3000;

static MARKUP: Pattern = Pattern::new(
    r"https?:|www\.|\]\(|<[a-z/!]|```|\{\{|javascript:|@[a-z]+\.|\b[a-z0-9-]+\.(?:com|net|org|io|example|ru|kr)\b",
);

static CAUSE: Pattern = Pattern::new(
    r"\b(?:because|due to|caused by|thanks to|owing to|as a result of|driven by|led by demand|resulting from|attribut\w+ to|reflect(?:s|ing) (?:strong|weak)|on the back of|fuel(?:l)?ed by|owes|therefore|consequently|explain(?:s|ed) by|stems? from|triggered|seasonal\w*|holiday demand|marketing|campaigns?|advertis\w+|competit\w+|weather|inflation|economy|supply (?:issues?|chain)|stock ?outs?|promotions?|customers (?:like|love|prefer|want)|popular(?:ity)?)\b|때문|덕분|영향으로|로 인해|인하여|탓|캠페인|경쟁|프로모션",
);

static ADVICE: Pattern = Pattern::new(
    r"\b(?:should|must|need to|needs to|ought to|recommend\w*|consider\w*|advis\w+|suggest(?:s|ed)? (?:that|to|raising|cutting|focus\w*)|let us|let's|we could|you could|plan to|focus on|invest\w*|increase your|reduce your|raise prices|try to|time to|guarantee\w*|will certainly|will surely|definitely|log ?in|sign in|click)\b|해야|[가-힣]야 (?:합|한|하)|추천|권장|바랍니다|하세요|필요가 있",
);

/// Checks `reply` against `facts`; an empty list means that it may be shown.
///
/// `kind` is the function behind the rows: causes may be named for `drivers`, `bridge` and
/// `insights`, advice given for `recommend` and `insights`.
pub fn verify(kind: &str, reply: &str, facts: &Facts) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let length = reply.chars().count();
    if reply.trim().is_empty() || length > CHARS {
        return vec![Fault::new(
            FaultKind::Shape,
            if length > CHARS {
                "longer than 3000 characters"
            } else {
                "empty"
            },
        )];
    }
    if reply.chars().any(|c| c.is_control() && c != '\n') {
        faults.push(Fault::new(FaultKind::Markup, "control characters"));
    }
    // Names may hold anything: each becomes a plain word before the text is cut into sentences.
    let tokens = Tokens::of(facts);
    let hidden = tokens.hide(reply);
    let reply = hidden.as_str();
    let text = normal(reply)
        .replace("add up to", "total")
        .replace("adds up to", "totals");
    let mut base = Base::new(kind, facts, &tokens);
    if let Some(hit) = MARKUP.captures(&text).and_then(|c| c.get(0)) {
        faults.push(Fault::new(FaultKind::Markup, hit.as_str()));
    }
    let causes = matches!(kind, "drivers" | "bridge" | "insights" | "recommend");
    for (pattern, allowed) in [
        (&CAUSE, causes),
        (&ADVICE, matches!(kind, "recommend" | "insights")),
    ] {
        for hit in pattern.find_iter(&text) {
            // "should end at 90" looks ahead; "you should" is not in the vocabulary.
            if hit.as_str() == "should"
                && matches!(
                    kind,
                    "forecast" | "attainment" | "suggest_targets" | "drivers"
                )
            {
                continue;
            }
            // Words of the facts themselves may be repeated.
            if !allowed
                && !base.free.contains(hit.as_str())
                && !base
                    .names
                    .iter()
                    .flatten()
                    .any(|n| n.contains(hit.as_str()))
            {
                faults.push(Fault::new(FaultKind::Claim, hit.as_str()));
            }
        }
    }
    // Rows without money are not told in money.
    if !base.facts.iter().any(|f| f.unit == Unit::Money)
        && let Some(hit) = MONEY_WORDS.captures(&text).and_then(|c| c.get(0))
    {
        faults.push(Fault::new(FaultKind::Unit, hit.as_str()));
    }
    let foreign = vocabulary::foreign_words(
        kind,
        &text,
        facts,
        &format!("{} {}", base.free, base.names.concat().join(" ")),
    );
    names::names(reply, &foreign, &base, facts, &mut faults);
    for word in &foreign {
        faults.push(Fault::new(FaultKind::Claim, word));
    }
    times::times(&text, facts, &mut faults);
    // What the narrator would say, with names masked: its sentences are evidence enough.
    let told: String = [Lang::En, Lang::Ko]
        .into_iter()
        .map(|lang| normal(&tokens.hide(&narrate_facts(kind, facts, lang))) + " ")
        .collect();
    base.told = numbers(&told, &mut Vec::new());
    base.quoted = numbers(&base.free, &mut Vec::new());
    let base = base;
    // Another metric than that of the facts.
    for metric in ["aov", "asp", "return_rate", "repeat_rate", "discount_depth"] {
        let of_rows = metric == facts.metric || base.metrics.iter().any(|m| m == metric);
        for name in [Lang::En, Lang::Ko].map(|lang| fold(&metric_name(metric, lang))) {
            let own = told.contains(&name) || base.free.contains(&name);
            if !of_rows && !own && text.contains(&name) {
                faults.push(Fault::new(FaultKind::Claim, &name));
            }
        }
    }
    let mut headline = false;
    // Of whom the sentence before was, and itself.
    let mut carried: Vec<usize> = Vec::new();
    let mut before: Option<String> = None;
    for sentence in sentences(&text) {
        let time_names = labels::time_names(facts, &sentence);
        let quoted = told.contains(sentence.trim()) || base.free.contains(sentence.trim());
        let timed = !labels::time_rows(&sentence, &time_names).is_empty();
        // In English every word is checked; in Korean, and of what lies ahead, a sentence must be about something of the facts.
        let loose = sentence.contains(is_hangul) || AHEAD.is_in(&sentence);
        if loose && !quoted && !timed && !has_evidence(&sentence, &base, facts) {
            faults.push(Fault::new(FaultKind::Claim, sentence.trim()));
        }
        if !quoted && let Some(word) = invented(kind, &sentence) {
            faults.push(Fault::new(FaultKind::Claim, &word));
        }
        clauses(
            kind,
            &sentence,
            &base,
            facts,
            &time_names,
            &told,
            &carried,
            before.as_deref(),
            &mut faults,
            &mut headline,
        );
        let named = rows_named(&sentence, &base);
        before = Some(sentence);
        if let Some((_, first)) = named.first() {
            carried = named
                .iter()
                .filter(|n| n.1 == *first)
                .map(|n| n.0)
                .collect();
        }
    }
    if !headline && base.facts.iter().any(|f| f.row.is_some() && f.x != 0.0) {
        faults.push(Fault::new(
            FaultKind::Shape,
            "no number of the facts is named",
        ));
    }
    faults
}

/// A sentence about the facts names a figure, a member, a time or the metric.
fn has_evidence(sentence: &str, base: &Base, facts: &Facts) -> bool {
    let digits = times::mask_times(sentence).contains(|c: char| c.is_ascii_digit());
    let scope = |n: &String| sentence.contains(fold(n).as_str());
    let metric = [Lang::En, Lang::Ko]
        .into_iter()
        .any(|lang| sentence.contains(fold(&metric_name(&facts.metric, lang)).as_str()));
    digits
        || sentence.contains("qzname")
        || !rows_named(sentence, base).is_empty()
        || facts.scope.iter().chain(&facts.without).any(scope)
        || figures::WORD_NUMBER.is_in(sentence)
        || quantity::says(sentence)
        || labels::parts_signed(sentence).is_some()
        || relations::EACH_TIME.is_in(sentence)
        || metric && (direction::UP.is_in(sentence) || direction::DOWN.is_in(sentence))
}

static RECORD: Pattern = Pattern::new(
    r"\b(?:a|an|the|new|all[- ]time|another|of)(?: new)? records?\b|\ball[- ]time\b|\bever\b|\bhistoric\w*|\bunprecedented\b|역대|사상 최",
);
static AHEAD: Pattern = Pattern::new(
    r"\b(?:will|going to|expect\w* to|to be expected|further (?:growth|gains?|increases?|rises?|declines?|drops?|falls?)|outlook|continu\w*|forecast\w*)\b|전망|것으로 (?:보|예상)|될 것|할 것",
);

/// Records and outlooks that no row of the function holds.
fn invented(kind: &str, sentence: &str) -> Option<String> {
    let hit = |pattern: &Pattern| {
        pattern
            .captures(sentence)
            .and_then(|c| c.get(0))
            .map(|m| m.as_str().to_owned())
    };
    let looks_back = matches!(
        kind,
        "value"
            | "breakdown"
            | "compare"
            | "history"
            | "bridge"
            | "drivers"
            | "concentration"
            | "portfolio"
            | "price_tiers"
            | "cohorts"
            | "launch_curve"
            | "rfm"
            | "anomalies"
    );
    // What was expected of a day or a segment is a fact of these.
    let of_the_past = |word: &String| {
        word.starts_with("expect") || matches!(word.as_str(), "to be expected" | "continued")
    };
    let held_against = matches!(kind, "anomalies" | "drivers");
    hit(&RECORD)
        .or_else(|| hit(&AHEAD).filter(|word| looks_back && !(held_against && of_the_past(word))))
}

static QUARTER_OF: Pattern =
    Pattern::new(r"\b(?:the )?(first|second|third|fourth|last) quarter (?:of )?((?:19|20)\d\d)\b");
static MAY_BE: Pattern = Pattern::new(r"(^|[^a-z])((?:in|of|from|since|until|than) )?may\b( \d)?");

/// Lower case, one kind of minus, space and quote; accents kept off as in the facts' names; no `'s`; "may" is the month.
fn normal(text: &str) -> String {
    // Lower case it is a verb, unless a day, year or preposition of time stands beside it.
    let verbs = MAY_BE.regex().map_or_else(
        || text.to_owned(),
        |r| {
            r.replace_all(text, |c: &regex_lite::Captures<'_>| {
                let whole = c.get(0).map_or("", |m| m.as_str());
                match c.get(2).or(c.get(3)) {
                    Some(_) => whole.to_owned(),
                    None => whole.replace("may", "might"),
                }
            })
            .into_owned()
        },
    );
    // A dash between words is no minus.
    let folded = fold(&verbs.replace(" – ", ", ").replace(" — ", ", "))
        .replace('\n', " ")
        .replace("z's ", "z ");
    QUARTER_OF.regex().map_or(folded.clone(), |r| {
        r.replace_all(&folded, |c: &regex_lite::Captures<'_>| {
            let n = match c.get(1).map(|m| m.as_str()) {
                Some("first") => 1,
                Some("second") => 2,
                Some("third") => 3,
                _ => 4,
            };
            format!("q{n} {}", c.get(2).map_or("", |m| m.as_str()))
        })
        .into_owned()
    })
}

/// Splits at full stops and semicolons that end something.
fn sentences(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = vec![String::new()];
    for (i, c) in chars.iter().enumerate() {
        let ends = matches!(c, ';' | '!' | '?')
            || (*c == '.' && chars.get(i + 1).is_none_or(|n| n.is_whitespace()));
        if ends {
            found.push(String::new());
        } else if let Some(last) = found.last_mut() {
            last.push(*c);
        }
    }
    found.into_iter().filter(|s| !s.trim().is_empty()).collect()
}

/// Rows whose name stands in `clause`, the longest names first, each place once.
fn rows_named(clause: &str, base: &Base) -> Vec<(usize, usize)> {
    let mut taken: Vec<(usize, usize)> = Vec::new();
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut all: Vec<(&String, usize)> = base
        .names
        .iter()
        .enumerate()
        .flat_map(|(row, names)| names.iter().map(move |n| (n, row)))
        .collect();
    all.sort_by_key(|(n, _)| usize::MAX - n.len());
    for (name, row) in all {
        let mut from = 0;
        while let Some(at) = clause
            .get(from..)
            .and_then(|rest| rest.find(name.as_str()))
            .map(|i| i + from)
        {
            let end = at + name.len();
            from = end;
            let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() || is_hangul(c));
            let whole = edge(clause.get(..at).and_then(|s| s.chars().last()))
                && edge(clause.get(end..).and_then(|s| s.chars().next()));
            let clash = taken
                .iter()
                .any(|(a, b)| at < *b && *a < end && (*a, *b) != (at, end));
            if whole && !clash {
                taken.push((at, end));
                found.push((row, at));
            }
        }
    }
    found.sort_by_key(|f| f.1);
    found
}

/// The rows of the names listed last before a place: "A, B and C".
fn list_before(text: &str, named: &[(usize, usize)], before: usize) -> Vec<usize> {
    let mut places: Vec<usize> = named
        .iter()
        .map(|n| n.1)
        .filter(|at| *at < before)
        .collect();
    places.dedup();
    let Some(last) = places.pop() else {
        return Vec::new();
    };
    let mut listed = vec![last];
    while let Some(at) = places.pop() {
        let next = *listed.last().unwrap_or(&last);
        let between = text.get(at..next).unwrap_or("");
        let between = between.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        if !matches!(between, ", " | " and " | ", and " | " & " | "와 " | "과 ") {
            break;
        }
        listed.push(at);
    }
    named
        .iter()
        .filter(|n| listed.contains(&n.1))
        .map(|n| n.0)
        .collect()
}

fn blank_names(clause: &str, base: &Base, facts: &Facts) -> String {
    let mut out = clause.to_owned();
    let mut names: Vec<String> = base.names.iter().flatten().cloned().collect();
    names.extend(facts.scope.iter().chain(&facts.without).map(|s| fold(s)));
    names.sort_by_key(|n| usize::MAX - n.len());
    for name in names
        .iter()
        .filter(|n| n.chars().any(|c| c.is_ascii_digit()) || n.contains(' '))
    {
        // Same length, so that places stay true.
        out = out.replace(name.as_str(), &"\u{1}".repeat(name.len()));
    }
    out
}

fn clauses(
    kind: &str,
    sentence: &str,
    base: &Base,
    facts: &Facts,
    time_names: &[(String, labels::Which)],
    told: &str,
    carried: &[usize],
    before: Option<&str>,
    faults: &mut Vec<Fault>,
    headline: &mut bool,
) {
    let named = rows_named(sentence, base);
    let blank = blank_names(sentence, base, facts);
    let cut = times::mask_times(&blank);
    let said = numbers(&cut, faults);
    let units = unit_of(&facts.metric);
    let present: BTreeSet<String> = base.facts.iter().map(|f| f.column.clone()).collect();
    let age = relations::age(kind, &blank);
    // Along a series the times are what is spoken of.
    let timed = match base.names.iter().all(Vec::is_empty) {
        true => labels::time_rows(&blank, time_names),
        false => Vec::new(),
    };
    let subjects = if named.is_empty() { &timed } else { &named };
    *headline |= !subjects.is_empty()
        || labels::parts_signed(sentence).is_some()
        || relations::EACH_TIME.is_in(sentence);
    let figures: Vec<Said> = said
        .iter()
        .filter(|n| !times::is_time(n, &cut, facts) && !figures::is_phrase(n, &cut, base))
        .cloned()
        .collect();
    for (at, number) in figures.iter().enumerate() {
        let clause = clause_around(&blank, number.from, number.to);
        let paired = figures::respectively(&figures, at, &blank, &named);
        let asked = labels::asked(&blank, &figures, at, kind == "bridge", &present);
        // The ends of an interval are of one time, that of the second.
        let last = figures.get(at + 1).filter(|next| {
            let gap = blank.get(number.to..next.from).unwrap_or("");
            matches!(gap.trim(), "to" | "~" | "-" | "and" | "")
                && !blank
                    .get(..number.from)
                    .is_some_and(|t| t.trim_end().ends_with("from") && !INTERVAL.is_in(t))
        });
        let times = labels::time_of(&blank, last.unwrap_or(number), &figures, time_names);
        figures::check_number(
            number, clause, &blank, &named, subjects, base, units, facts, &asked, &times, paired,
            carried, age, faults, headline,
        );
    }
    figures::word_numbers(kind, &blank, subjects, base, facts, age, faults, headline);
    *headline |= quantity::properties(&blank, &named, base, faults);
    let moves = direction::UP.is_in(&blank) || direction::DOWN.is_in(&blank);
    if moves
        && named
            .iter()
            .any(|(r, _)| base.change.get(*r).copied().flatten().is_some())
    {
        // A direction of a member is a fact told, if only a direction.
        *headline = true;
    }
    direction::directions(kind, &blank, sentence, &named, &said, base, told, faults);
    direction::steps(&blank, &figures, time_names, base, faults);
    let made_up = relations::made_up(&blank, &named, base, faults);
    direction::negations(kind, &blank, &named, base, told, made_up, faults);
    relations::contests(&blank, subjects, base, faults);
    relations::since(&blank, facts, base, faults);
    relations::elastic(kind, &blank, &named, base, faults);
    relations::answers(kind, &blank, &named, base, faults);
    relations::supposed(&blank, facts, faults);
    direction::against_target(&blank, &named, base, faults);
    direction::along(&blank, &said, faults);
    let running = columns::is_running(sentence) || before.is_some_and(columns::is_running);
    columns::columns(kind, &blank, &figures, &named, age, running, base, faults);
    outlook::outlook(kind, &blank, &figures, base, faults);
    *headline |= quantity::moves(kind, &blank, &named, base, faults);
    rank::ranks(kind, &blank, subjects, &said, base, told, faults);
    rank::ordinals(&blank, &named, base, faults);
    rank::extremes(&blank, subjects, &said, base, faults);
    relations::quantified(kind, &blank, facts, base, faults);
    relations::likely(kind, &blank, &named, base, faults);
    labels::check_parts(kind, &blank, &named, base, faults);
}

static INTERVAL: Pattern = Pattern::new(r"\b(?:interval|range|between)\b|구간|범위");

/// The stretch between commas, colons and "and" around a number.
fn clause_around(text: &str, from: usize, to: usize) -> (usize, usize) {
    // The comma of "20,500" ends nothing; Korean joins clauses by endings.
    let breaks = |marks: [char; 3]| {
        let bytes = text.as_bytes();
        let digit = move |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
        text.char_indices()
            .filter(move |(i, c)| {
                marks.contains(c) && !(*c == ',' && digit(i + 1) && *i > 0 && digit(i - 1))
            })
            .map(|(i, _)| i)
            .chain(
                ["고 ", "며 ", "지만 "]
                    .into_iter()
                    .flat_map(|w| text.match_indices(w).map(move |(i, _)| i + w.len() - 1)),
            )
    };
    let start = breaks([',', ':', '('])
        .filter(|i| *i < from)
        .max()
        .map_or(0, |i| i + 1);
    let end = breaks([',', ':', ')'])
        .filter(|i| *i >= to)
        .min()
        .unwrap_or(text.len());
    (start, end.max(start))
}
