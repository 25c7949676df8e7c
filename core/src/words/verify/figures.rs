//! A number must be a fact of the member, time and column that the words around it name.

use super::super::facts::{Facts, Unit, grain_of};
use super::super::pattern::Pattern;
use super::super::text::fold;
use super::base::{Base, Fact, Role};
use super::direction::{DOWN, UP};
use super::numbers::{Said, currency_code};
use super::{Fault, FaultKind};
use super::{derived, direction, labels, relations};
use crate::series::Grain;

pub(super) static CHANGE_WORD: Pattern = Pattern::new(
    r"\b(?:chang\w+|differ\w*|contribut\w+|swing|growth|decline|over|fewer|less|more|price|volume|mix|effect|impact|new|discontinued|taken?|took|away|short)\b|변화|차이|효과|기여|가격|물량|믹스|영향",
);

pub(super) static LIST_GAP: Pattern = Pattern::new(
    r"^(?:%| units| points)?(?:,? and |, | (?:versus|vs|against|compared (?:with|to)|to) )(?:[a-z]{3} |[€$£₩])?$",
);

pub(super) static THAN_WHOM: Pattern =
    Pattern::new(r"\b(?:follows|followed|trails|trailed|behind|after) (?:the )?$");

pub(super) static RANK_WORD: Pattern =
    Pattern::new(r"\b(?:rank\w*|place[sd]?|position|spot|no|number)\b|위");

pub(super) static PHRASE_COUNT: Pattern = Pattern::new(r"(?:top|next|향후|상위) $");

pub(super) static WORD_NUMBER: Pattern = Pattern::new(
    r"\b((?:a|one|three)[ -]quarters?(?: of)?|(?:a|one|two)[ -]thirds?|(?:a|one|two|three|four)[ -]fifths?|(?:a|one|two|three|four|five)[ -](?:sixth|seventh|eighth|ninth)s?(?: of)|(?:a|one|two|three|six|seven|eight|nine)[ -]tenths?|(?:one|two|three|four|five|six|seven|eight|nine) (?:in|out of)(?: every)? (?:two|three|four|five|six|seven|eight|nine|ten)|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a dozen|half|twice|double|doubled|tripled|triple|halved|hundreds|thousands|millions|dozens)\b(?:( times)|( per ?cent\b)|( (?:years?|quarters?|months?|weeks?|days?)))?",
);

static LEVEL_BEFORE: Pattern = Pattern::new(
    r"\b(?:with|to|at|from|made|sold|brought|earned|reach|reaches|reached|has made|in all|uplift|uplift [a-z]{3}|qzname[a-z]+z,?|(?:with|to|at|from|made|earned|brought|reached) [a-z]{3}) $",
);
static COUNTED_STATE: Pattern = Pattern::new(
    r"^ (?:are |is |rated |marked )?(?:to watch|good|bad|products?|brands?|channels?|members?|metrics?|vendors?)\b",
);
static TIMES_AFTER: Pattern = Pattern::new(r"^ ?(?:times\b|x\b|배)");
static ROUGHLY_LESS: Pattern =
    Pattern::new(r"\b(?:nearly|almost|just under|less than|under|close to) (?:a )?$");
static ROUGHLY_MORE: Pattern = Pattern::new(r"\b(?:more than|over|just over|well over) (?:a )?$");

static MARK_AFTER: Pattern = Pattern::new(
    r"^ (?:[a-z]+ ){0,4}(?:above|below|over|under|more than|less than|fewer than) (?:[a-z]{3} |[€$£₩])?\d",
);
static IN_A_ROW: Pattern = Pattern::new(r"^ (?:in a row|running|straight|in succession)\b");
static HALF_BEFORE: Pattern = Pattern::new(r"\b(?:first|second|last|this|previous) $");
static HALF_AFTER: Pattern = Pattern::new(r"^[- ]year");

/// Counts, fractions and multiples in words.
pub(super) fn word_numbers(
    kind: &str,
    text: &str,
    named: &[(usize, usize)],
    base: &Base,
    facts: &Facts,
    age: Option<f64>,
    faults: &mut Vec<Fault>,
    headline: &mut bool,
) {
    for hit in WORD_NUMBER.captures_iter(text) {
        let (Some(whole), Some(word)) = (hit.get(0), hit.get(1)) else {
            continue;
        };
        let before = text.get(..whole.start()).unwrap_or("");
        let after = text.get(whole.end()..).unwrap_or("");
        // "the top five" names a column, "half-year" and "the second half of 2025" a time.
        let spell =
            word.as_str() == "half" && (HALF_BEFORE.is_in(before) || HALF_AFTER.is_in(after));
        if spell
            || before.ends_with("and a ")
            || after.starts_with(" and a half")
            || after.starts_with(" largest")
            || after.starts_with(" biggest")
            || before.ends_with("top ")
        {
            continue;
        }
        // "Four months were above 24 million" is checked with its mark.
        if MARK_AFTER.is_in(after) {
            continue;
        }
        if IN_A_ROW.is_in(after) && kind != "anomalies" {
            let n = count(word.as_str());
            let run = |up: bool| {
                let steps = base
                    .value
                    .windows(2)
                    .map(|w| Some((w[1]? > w[0]?) == up && w[1] != w[0]));
                let lengths = steps.scan(0.0, |run, so| {
                    *run = if so == Some(true) { *run + 1.0 } else { 0.0 };
                    Some(*run)
                });
                lengths.fold(0.0, f64::max)
            };
            let (up, down) = (UP.is_in(before), DOWN.is_in(before));
            if up && run(true) >= n || down && run(false) >= n {
                *headline = true;
            } else {
                faults.push(Fault::new(FaultKind::Number, whole.as_str()));
            }
            continue;
        }
        let (less, more) = (ROUGHLY_LESS.is_in(before), ROUGHLY_MORE.is_in(before));
        let about = |x: f64, n: f64, slack: f64| match (less, more) {
            (true, _) => x < n && x > n - 2.0 * slack,
            (_, true) => x > n && x < n + 3.0 * slack,
            _ => (x - n).abs() <= slack,
        };
        let known = if let Some(share) = fraction(word.as_str()) {
            derived::shares(after, whole.start(), named, base)
                .iter()
                .any(|x| about(*x, share, 0.03))
        } else if let Some(n) = multiple(word.as_str(), hit.get(2).is_some()) {
            // "Almost halved" is a little more than half.
            let fits = |x: f64| match n < 1.0 {
                true => about(1.0 / x, 1.0 / n, 0.07 / n),
                false => about(x, n, 0.07 * n),
            };
            derived::multiples(named, base).iter().any(|x| fits(*x))
        } else if hit.get(3).is_some() {
            let n = count(word.as_str()) / 100.0;
            base.facts.iter().any(|f| {
                let own = f
                    .row
                    .is_some_and(|r| named.is_empty() || named.iter().any(|n| n.0 == r));
                own && f.unit == Unit::Share && !f.points && (f.x.abs() - n).abs() < 0.005
            })
        } else {
            let n = count(word.as_str());
            let counts = |f: &Fact| {
                matches!(f.unit, Unit::Count | Unit::Plain)
                    && f.x == n
                    && relations::at_age(f, age, base)
            };
            let of_time = |f: &Fact| {
                let column = matches!(f.column.as_str(), "age" | "age_weeks" | "n_weeks" | "depth");
                let spaced = match &facts.horizon {
                    Some((_, grain)) => grain.as_str(),
                    None => match grain_of(&facts.rows) {
                        Grain::Day => "day",
                        Grain::Week => "week",
                        Grain::Month => "month",
                        Grain::Quarter => "quarter",
                        Grain::Year => "year",
                    },
                };
                let said = hit.get(4).map_or("", |m| m.as_str()).trim();
                let rows = f.column.is_empty()
                    && matches!(
                        kind,
                        "history" | "forecast" | "what_if" | "anomalies" | "backtest"
                    );
                column && !said.starts_with("year") || rows && said.starts_with(spaced)
            };
            let in_time = hit.get(4).is_some();
            base.facts
                .iter()
                .any(|f| counts(f) && (!in_time || of_time(f)))
                || base.free.contains(whole.as_str())
                || !in_time && named.len() as f64 == n
                || before.ends_with("other ") && base.names.len() as f64 - named.len() as f64 == n
        };
        if known {
            *headline = true;
        } else {
            faults.push(Fault::new(FaultKind::Number, whole.as_str()));
        }
    }
}

pub(super) fn count(word: &str) -> f64 {
    const WORDS: [&str; 11] = [
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ];
    match WORDS.iter().position(|w| *w == word) {
        Some(i) => i as f64 + 2.0,
        None if word == "a dozen" => 12.0,
        None => f64::NAN,
    }
}

fn fraction(word: &str) -> Option<f64> {
    let of = match word {
        "half" => 0.5,
        // "One in ten", "seven out of ten".
        _ if word.contains(" in ") || word.contains(" out of ") => {
            let small = |w: &str| if w == "one" { 1.0 } else { count(w) };
            let mut ends = word.split(' ');
            small(ends.next()?) / small(ends.next_back()?)
        }
        _ => {
            let (many, part) = word.split_once([' ', '-'])?;
            let part = part.trim_end_matches(" of").trim_end_matches('s');
            const PARTS: [&str; 8] = [
                "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
            ];
            let part = 1.0 / (PARTS.iter().position(|p| *p == part)? as f64 + 3.0);
            let many = count(many);
            if many.is_nan() { part } else { many * part }
        }
    };
    Some(of)
}

fn multiple(word: &str, times: bool) -> Option<f64> {
    match word {
        "twice" | "double" | "doubled" => Some(2.0),
        "triple" | "tripled" => Some(3.0),
        "halved" => Some(0.5),
        _ if times => Some(count(word)),
        _ => None,
    }
}

/// The name that a number of a list belongs to where as many names stand before it:
/// "Post and Airport sold 3,610 and 1,608 units".
pub(super) fn respectively(
    figures: &[Said],
    at: usize,
    text: &str,
    named: &[(usize, usize)],
) -> Option<usize> {
    let joined = |a: usize, b: usize| {
        text.get(a..b)
            .is_some_and(|t| LIST_GAP.is_in(t) && !t.contains("from"))
    };
    let mut first = at;
    while first > 0 && joined(figures[first - 1].to, figures[first].from) {
        first -= 1;
    }
    let mut last = at;
    while last + 1 < figures.len() && joined(figures[last].to, figures[last + 1].from) {
        last += 1;
    }
    let mut places: Vec<usize> = named
        .iter()
        .map(|n| n.1)
        .filter(|p| *p < figures[first].from)
        .collect();
    places.dedup();
    let count = last - first + 1;
    let list = places.get(places.len().checked_sub(count)?..)?;
    // Only names and what joins them: figures between them belong to each already.
    let bare = |t: &str| !t.contains(|c: char| c.is_ascii_digit() || c == '(' || c == '\u{1}');
    let names_joined = list.windows(2).all(|w| {
        text.get(w[0]..w[1])
            .is_some_and(|t| bare(t) && t.len() < 60)
    });
    (count > 1 && names_joined).then(|| list[at - first])
}

#[allow(clippy::too_many_arguments, reason = "one check with its surroundings")]
pub(super) fn check_number<'n>(
    number: &Said,
    clause: (usize, usize),
    sentence: &str,
    named: &'n [(usize, usize)],
    subjects: &[(usize, usize)],
    base: &Base,
    metric: Unit,
    facts: &Facts,
    asked: &labels::Asked,
    times: &[labels::Which],
    paired: Option<usize>,
    carried: &[usize],
    age: Option<f64>,
    faults: &mut Vec<Fault>,
    headline: &mut bool,
) {
    // Of numbers paired with names each is its own member's.
    let alone: Vec<(usize, usize)> = paired
        .map(|place| named.iter().filter(|n| n.1 == place).copied().collect())
        .unwrap_or_default();
    let subjects = if paired.is_some() {
        alone.as_slice()
    } else {
        subjects
    };
    let near = |f: &Fact| {
        let same = number.is(f.x);
        let size = number.is_size(f.x);
        // A change may be told without its sign, where a verb gives the direction.
        same || (size && f.role == Role::Change && !number.signed)
            || (size && f.x < 0.0 && f.role == Role::Change && number.x < 0.0)
    };
    if let Some(right) = beyond_mark(number, sentence, named, base) {
        currency(number, facts, faults);
        *headline |= right;
        if !right {
            faults.push(Fault::new(FaultKind::Comparison, &number.raw));
        }
        return;
    }
    // A place in a ranking or a count of rows is not a level.
    let ranked = RANK_WORD.is_in(sentence);
    let counted = number.unit == Some(Unit::Count) && metric == Unit::Count;
    // "Airport with 1": what follows a verb of a level is no count of rows.
    let level = number.unit.is_none()
        && LEVEL_BEFORE.is_in(sentence.get(..number.from).unwrap_or(""))
        && !RANK_WORD.is_in(sentence.get(number.to..).unwrap_or(""))
        && !COUNTED_STATE.is_in(sentence.get(number.to..).unwrap_or(""));
    let plausible = |f: &&Fact| {
        (f.column != "rank" || ranked && !level)
            && !(level && f.column.is_empty() && f.x < 100.0)
            && !(counted && f.column.is_empty() && f.row.is_none() && f.x < 100.0)
    };
    let mut fits: Vec<&Fact> = base
        .facts
        .iter()
        .filter(|f| near(f))
        .filter(plausible)
        .filter(|f| relations::at_age(f, age, base))
        .collect();
    // "3 times", "3배": how often one is the other.
    let often = fits.iter().any(|f| f.column == "frequency");
    if number.unit.is_none() && !often && TIMES_AFTER.is_in(sentence.get(number.to..).unwrap_or(""))
    {
        let slack = number.slack.min(0.1 * number.x);
        if derived::multiples(subjects, base)
            .iter()
            .any(|x| (x - number.x).abs() <= slack)
        {
            *headline = true;
        } else if !free_holds(base, number) {
            faults.push(Fault::new(FaultKind::Number, &number.raw));
        }
        return;
    }
    if fits.is_empty() {
        if free_holds(base, number) {
            return;
        }
        if derived::follows(number, sentence, subjects, base) {
            *headline = true;
            currency(number, facts, faults);
            return;
        }
        // "The 95 % interval held 95 %": what it held is a figure of its own.
        if is_told(base, number) && asked.columns != ["coverage"] {
            *headline = true;
            currency(number, facts, faults);
            return;
        }
        // A change told as a percentage of points, or a fraction told as it is.
        faults.push(Fault::new(FaultKind::Number, &number.raw));
        return;
    }
    let right_unit = |f: &&Fact| match number.unit {
        Some(Unit::Share) => {
            f.unit == Unit::Share || matches!(f.column.as_str(), "ratio" | "ratio_lo" | "ratio_hi")
        }
        Some(Unit::Money) => f.unit == Unit::Money,
        Some(Unit::Count) => f.unit == Unit::Count,
        _ => f.unit != Unit::Share || f.x.abs() > 2.0 || metric == Unit::Plain,
    };
    fits.retain(right_unit);
    // Points belong to shares only, percent to anything but a change of a share.
    let of_the_change = sentence
        .get(..number.from)
        .is_some_and(|t| t.ends_with("of the "));
    if number.raw.ends_with("points") && !of_the_change {
        fits.retain(|f| f.points);
    }
    // A difference of shares is told in points; of a percentage it would be another figure.
    if number.unit == Some(Unit::Share) && !number.raw.ends_with("points") {
        fits.retain(|f| !f.points);
    }
    if fits.is_empty()
        && !derived::follows(number, sentence, subjects, base)
        && !is_told(base, number)
    {
        faults.push(Fault::new(FaultKind::Unit, &number.raw));
        return;
    }
    currency(number, facts, faults);
    *headline = true;
    if fits.is_empty() {
        return;
    }
    if relations::of_other_metric(sentence, number, &fits, base) {
        faults.push(Fault::new(FaultKind::Unit, &number.raw));
        return;
    }
    // The probability of reaching a target is not the one of missing it.
    if fits.iter().all(|f| f.column == "p_attain") && relations::of_missing(sentence, number) {
        faults.push(Fault::new(FaultKind::Comparison, &number.raw));
        return;
    }
    if derived::follows(number, sentence, subjects, base) {
        return;
    }
    if let Some(kind) = misplaced(number, sentence, asked, times, &fits, base) {
        faults.push(Fault::new(kind, &number.raw));
        return;
    }
    // The member: the last named before the number in its clause, else before it, else after it.
    let inside = named
        .iter()
        .rev()
        .find(|(_, at)| *at < number.from && *at >= clause.0);
    // "A follows B with 6,375": the figure is of A.
    let compared = |at: usize| sentence.get(..at).is_some_and(|t| THAN_WHOM.is_in(t));
    let whose = |last: &'n (usize, usize)| {
        named
            .iter()
            .rev()
            .find(|(_, at)| compared(last.1) && *at < last.1)
            .unwrap_or(last)
    };
    let inside = inside.map(whose);
    let before = named
        .iter()
        .rev()
        .find(|(_, at)| *at < number.from)
        .map(whose);
    let after = named.iter().find(|(_, at)| *at >= number.to);
    // "31.20 for Gorse" is of the name that follows.
    let next =
        after.filter(|(_, at)| labels::belongs_to_next(sentence.get(number.to..*at).unwrap_or("")));
    let pair = paired.and_then(|place| named.iter().find(|(_, at)| *at == place));
    // "3 new customers": of the segment right behind it.
    let segments = base
        .facts
        .iter()
        .any(|f| f.row.is_some() && f.column == "customers");
    let behind = after.filter(|(_, at)| segments && sentence.get(number.to..*at) == Some(" "));
    if let Some((_, at)) = behind {
        let own = |f: &&Fact| {
            f.row
                .is_some_and(|r| named.iter().any(|n| n.1 == *at && n.0 == r))
        };
        if !fits.iter().any(own) {
            faults.push(Fault::new(FaultKind::Number, &number.raw));
        }
        return;
    }
    let owner = pair.or(next).or(inside).or(before).or(after);
    if let Some((_, at)) = owner {
        let mut rows: Vec<usize> = named
            .iter()
            .filter(|(_, a)| a == at)
            .map(|(r, _)| *r)
            .collect();
        if *at >= number.to && next.is_none() {
            // Nobody yet: of whom the sentence before was.
            rows.extend(carried);
        }
        let held = HELD_AGAINST.is_in(sentence.get(..*at).unwrap_or(""));
        let apart = sentence
            .get(*at..number.from)
            .is_some_and(|t| !t.contains('('));
        if held && apart && pair.is_none() && next.is_none() {
            let first = named.iter().rev().find(|n| n.1 < *at).map(|n| n.1);
            rows.extend(named.iter().filter(|n| Some(n.1) == first).map(|n| n.0));
        }
        if pair.is_some() {
            fits.retain(|f| f.row.is_some_and(|r| rows.contains(&r)));
        }
        let overall = derived::SUM.is_in(sentence) || precedes_names(number, named);
        // A sum that is one member's alone is that member's.
        let of_a_row = |column: &str| fits.iter().any(|f| f.row.is_some() && f.column == column);
        let owned = fits.iter().any(|f| {
            f.row.is_none() && !of_a_row(&f.column) && (f.column.is_empty() || overall)
                || f.row.is_some_and(|r| {
                    rows.contains(&r) || base.names.get(r).is_some_and(Vec::is_empty)
                })
        });
        if !owned {
            faults.push(Fault::new(FaultKind::Number, &number.raw));
            return;
        }
        let own = |f: &&&Fact| f.row.is_some_and(|r| rows.contains(&r));
        if fits.iter().any(|f| own(&f)) {
            fits.retain(|f| own(&f));
        }
    }
    // What follows from a price is checked with it.
    let answer = fits.iter().any(|f| f.column == "elasticity") && relations::is_priced(sentence);
    if !answer && !number.signed && fits.iter().all(|f| f.role == Role::Change && f.x != 0.0) {
        // "Moved down, by 7.6 %": the clause before says which way.
        let bare = sentence
            .get(clause.0..number.from)
            .is_some_and(|t| t.trim() == "by");
        let from = if bare { 0 } else { clause.0 };
        let told = direction::of_figure(sentence, from, number);
        if told.is_some_and(|sign| !fits.iter().any(|f| f.x * sign > 0.0)) {
            faults.push(Fault::new(FaultKind::Direction, &number.raw));
        }
    }
}

/// Whom a member is held against: a figure behind may be of either, unless it stands in brackets.
static HELD_AGAINST: Pattern = Pattern::new(
    r"\b(?:beats?|beat|beating|than|above|below|over|ahead of|behind|to|from|against|versus|vs|like|outsold|outpaced|passed|overtook|replaced|surpass\w+)(?: the| that of)? $",
);

/// Whether nobody is named before the number: then it may be of all.
fn precedes_names(number: &Said, named: &[(usize, usize)]) -> bool {
    named.iter().all(|(_, at)| *at > number.from)
}

static PAST_MARK: Pattern = Pattern::new(
    r"\b(?:(below|under|less than|fewer than|short of)|(above|over|past|more than|exceed\w*|beyond|topp\w+|cross\w+))(?: the)? (?:[a-z]{3} |[€$£₩])?$",
);

static KO_MARK: Pattern =
    Pattern::new(r"^(?:%|개|원)? ?(?:(미만|이하|아래)|(초과|이상|을 넘|를 넘))");
static NO_ONE: Pattern = Pattern::new(r"\b(?:no|none|neither|nobody|not one)\b");
static EACH_ONE: Pattern = Pattern::new(r"\b(?:all|every|each|everything)\b|모두|모든");
static ONLY: Pattern = Pattern::new(r"\bonly\b");
static SO_MANY: Pattern = Pattern::new(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) (?:of (?:the )?)?(?:[a-z]+ ){1,4}$",
);

/// "Dropped below 90,000", "no brand held more than 17 %": whether those said to be beyond a mark are; `None` where it is none.
fn beyond_mark(
    number: &Said,
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
) -> Option<bool> {
    let head = sentence.get(..number.from)?;
    let hit = PAST_MARK
        .captures(head)
        .or_else(|| KO_MARK.captures(sentence.get(number.to..)?))?;
    let below = hit.get(1).is_some();
    let head = if head.is_ascii() {
        head.get(..hit.get(0)?.start())?
    } else {
        head
    };
    let clause = head.get(head.rfind([',', ':', '(', ';']).map_or(0, |i| i + 1)..)?;
    let from = head.len() - clause.len();
    let moved = direction::MOVED.is_in(clause);
    let columns: &[&str] = match number.unit {
        Some(Unit::Share) if moved => &["change_pct"],
        Some(Unit::Share) => &["share", "top1_share", "retention"],
        _ if clause.ends_with(" by ") => &[],
        _ => &["elasticity", "value", "forecast", "revenue", "monetary"],
    };
    let rows = 0..base.names.len();
    let column = |row: usize| columns.iter().find_map(|c| relations::column(base, row, c));
    let known: Vec<(usize, f64)> = rows.filter_map(|r| Some((r, column(r)?))).collect();
    if known.is_empty() {
        return None;
    }
    let is = |x: f64| (x < number.x) == below && x != number.x;
    let so: Vec<usize> = known.iter().filter(|k| is(k.1)).map(|k| k.0).collect();
    let inside: Vec<usize> = super::list_before(sentence, named, number.from)
        .into_iter()
        .filter(|r| named.iter().any(|n| n.0 == *r && n.1 >= from))
        .collect();
    if NO_ONE.is_in(clause) {
        return Some(so.is_empty());
    }
    if ONLY.is_in(clause) && !inside.is_empty() {
        return Some(
            so.iter().all(|r| inside.contains(r)) && inside.iter().all(|r| so.contains(r)),
        );
    }
    // "A and B, each above 14,000".
    let listed = super::list_before(sentence, named, number.from);
    let of_each = clause.trim_start().starts_with("each ") || clause.contains("각각");
    if of_each && !listed.is_empty() {
        return Some(listed.iter().all(|r| so.contains(r)));
    }
    if inside.is_empty() && EACH_ONE.is_in(clause) {
        return Some(so.len() == known.len());
    }
    if inside.is_empty()
        && let Some(word) = SO_MANY.captures(clause).and_then(|c| c.get(1))
    {
        let n = if word.as_str() == "one" {
            1.0
        } else {
            count(word.as_str())
        };
        return Some(so.len() as f64 == n);
    }
    // At most two digits that are not nought, and near.
    let size = number.x.abs()
        * if number.unit == Some(Unit::Share) {
            100.0
        } else {
            1.0
        };
    let shown = size / 10_f64.powf(size.log10().floor() - 1.0);
    let round = size >= 10.0 && (shown - shown.round()).abs() < 1e-6;
    let owners = match inside.is_empty() {
        true => named
            .iter()
            .rev()
            .filter(|n| n.1 < number.from)
            .map(|n| n.0)
            .take(1)
            .collect(),
        false => inside,
    };
    let own = |k: &&(usize, f64)| match owners.is_empty() {
        true => base.names.get(k.0).is_some_and(Vec::is_empty),
        false => owners.contains(&k.0),
    };
    let near = |k: &(usize, f64)| is(k.1) && (k.1 - number.x).abs() < 0.25 * number.x.abs();
    let mut own = known.iter().filter(own).peekable();
    let fits = own.peek().is_some()
        && match owners.is_empty() {
            true => own.any(near),
            false => own.all(near),
        };
    (round && fits).then_some(true)
}

/// The currency named must be that of the facts; where they have none, none is known.
fn currency(number: &Said, facts: &Facts, faults: &mut Vec<Fault>) {
    if let Some(code) = number.currency
        && code != currency_code(&fold(&facts.currency)).unwrap_or(&facts.currency)
    {
        faults.push(Fault::new(FaultKind::Unit, &number.raw));
    }
}

static MOVED_TO: Pattern = Pattern::new(
    r"\b(?:rose|grew|climbed|jumped|increased|fell|dropped|slipped|declined|decreased|shrank) to (?:[a-z]{3} |[€$£₩])?$",
);

/// Why a number that is a fact is not the fact that its place asks for.
pub(super) fn misplaced(
    number: &Said,
    sentence: &str,
    asked: &labels::Asked,
    times: &[labels::Which],
    fits: &[&Fact],
    base: &Base,
) -> Option<FaultKind> {
    let has = |f: &dyn Fn(&Fact) -> bool| base.facts.iter().any(f);
    let fit = |f: &dyn Fn(&Fact) -> bool| fits.iter().any(|x| f(x));
    // What a note or the detail of an insight quotes has no column to be held to.
    let quoted = fits.iter().all(|f| f.column == "text");
    // "The top three" is not the five that a column holds.
    if fits.iter().all(|f| f.column == "top5_share")
        && derived::top_count(sentence).is_some_and(|n| n != 5)
    {
        return Some(FaultKind::Comparison);
    }
    // 94.6 % of a target is neither above nor below it by that.
    if fits
        .iter()
        .all(|f| matches!(f.column.as_str(), "attainment" | "pace"))
        && labels::is_distance(sentence.get(number.to..).unwrap_or(""))
    {
        return Some(FaultKind::Comparison);
    }
    if let Some(high) = asked.end.filter(|_| !quoted) {
        let end = |f: &Fact| {
            // "2.6 % fewer (1.8 to 3.4)": without their sign the ends change places.
            let columns = if high != (f.x < 0.0 && number.x > 0.0) {
                ["hi", "price_hi"]
            } else {
                ["lo", "price_lo"]
            };
            columns.contains(&f.column.as_str())
        };
        if has(&end) && !fit(&end) {
            return Some(FaultKind::Comparison);
        }
        let of_time = |which: &labels::Which| match which {
            labels::Which::Row(row) => fit(&|f| end(f) && f.row == Some(*row)),
            _ => true,
        };
        return (!times.is_empty() && !times.iter().any(of_time)).then_some(FaultKind::Time);
    }
    if !asked.columns.is_empty() {
        let named = |f: &Fact| asked.columns.contains(&f.column.as_str());
        // "fell 5,770 short of what was expected" tells a change.
        let moves = |c: &&str| super::base::column_role(c) == Role::Change;
        let change = asked.behind
            && fits.iter().all(|f| f.role == Role::Change)
            && !asked.columns.iter().any(moves);
        if has(&named) && !fit(&named) && !change {
            return Some(FaultKind::Comparison);
        }
    }
    let before = |f: &Fact| f.role == Role::Before;
    if asked.earlier && has(&before) && !fit(&|f| before(f) || f.role == Role::Other) {
        return Some(FaultKind::Comparison);
    }
    if asked.reached && has(&before) && !fit(&|f| matches!(f.role, Role::Level | Role::Other)) {
        return Some(FaultKind::Comparison);
    }
    if asked.change && has(&|f| f.role == Role::Change) && !fit(&|f| f.role == Role::Change) {
        return Some(FaultKind::Comparison);
    }
    // A plus sign belongs to a change, and a change to a word of change.
    let written = sentence.get(number.from..number.to).unwrap_or("");
    if written.starts_with('+') && !quoted && !fit(&|f| f.role == Role::Change) {
        return Some(FaultKind::Comparison);
    }
    let only_change = fits.iter().all(|f| f.role == Role::Change);
    let told = number.signed
        || asked.change
        || !asked.columns.is_empty()
        || number.raw.ends_with("points")
        || UP.is_in(sentence)
        || DOWN.is_in(sentence)
        || CHANGE_WORD.is_in(sentence);
    if only_change && !told && !quoted {
        return Some(FaultKind::Comparison);
    }
    // "Rose to 124,010" names a level.
    if only_change && MOVED_TO.is_in(sentence.get(..number.from).unwrap_or("")) {
        return Some(FaultKind::Comparison);
    }
    // The rows, or the side of a comparison, that the time beside it stands for.
    let fits_time = |which: &labels::Which| match which {
        labels::Which::Row(row) => fit(&|f| f.row.is_none_or(|r| r == *row)),
        labels::Which::Baseline => fit(&|f| f.role != Role::Level || f.row.is_none()),
        labels::Which::Period => fit(&|f| f.role != Role::Before || f.row.is_none()),
    };
    (!times.is_empty() && !times.iter().any(fits_time)).then_some(FaultKind::Time)
}

/// Numbers of the built-in wording, to the digits shown; a small count may be one of anything.
fn is_told(base: &Base, number: &Said) -> bool {
    let count = number.unit.is_none() && number.x.abs() < 20.0 && number.slack > 0.4;
    // What a row holds is checked with its row.
    let held = |f: &Fact| number.is(f.x);
    !count
        && !base.facts.iter().any(held)
        && base
            .told
            .iter()
            .any(|n| n.unit == number.unit && number.is(n.x))
}

/// Numbers quoted from notes and reasons.
pub(super) fn free_holds(base: &Base, number: &Said) -> bool {
    base.quoted
        .iter()
        .any(|n| (n.x - number.x).abs() <= number.slack.min(n.slack) && n.unit == number.unit)
}

/// Whether a number stands in these columns alone of the facts that it `may` be, and in no note.
pub(super) fn is_only_of(
    columns: &[&str],
    number: &Said,
    base: &Base,
    may: impl Fn(&Fact) -> bool,
) -> bool {
    let mut fits = base
        .facts
        .iter()
        .filter(|f| number.is(f.x) && may(f))
        .peekable();
    fits.peek().is_some()
        && fits.all(|f| columns.contains(&f.column.as_str()))
        && !free_holds(base, number)
}

static INTERVAL_AFTER: Pattern = Pattern::new(
    r"^ ?(?:%|percent)?(?: \w+)? ?(?:intervals?|ranges?|bands?|bounds?|limits?|구간|신뢰|예측)",
);

/// "80 %" of "members for 80 %", "top 5", "95 % interval".
pub(super) fn is_phrase(number: &Said, text: &str, base: &Base) -> bool {
    let before = text.get(..number.from).unwrap_or("");
    let after = text.get(number.to..).unwrap_or("");
    if number.raw.ends_with("points") || number.unit == Some(Unit::Money) {
        return false;
    }
    if (number.x - 0.8).abs() < 1e-9 && base.facts.iter().any(|f| f.column == "members_for_80") {
        return true;
    }
    PHRASE_COUNT.is_in(before) && number.x <= 20.0
        || ((number.x - 0.8).abs() < 1e-9
            && (before.ends_with("for ")
                || after
                    .trim_start_matches('%')
                    .trim_start()
                    .starts_with("에는")
                || before.ends_with("of ")))
        || ((number.x - 0.95).abs() < 1e-9 && INTERVAL_AFTER.is_in(after))
        || (number.x.abs() - 0.01).abs() < 1e-9
            && base.facts.iter().any(|f| f.column == "elasticity")
        || (number.x == 1.0 && base.facts.is_empty())
        || (after.starts_with(". ") && before.trim_end().ends_with([':', '.']) && number.x <= 20.0)
        || (after.starts_with("위") && number.x == 1.0)
}
