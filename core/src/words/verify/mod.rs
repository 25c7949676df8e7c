//! Checks that a text says no more than its facts: numbers, units, names, directions, ranks, causes.
//!
//! A text is cut into clauses. Each number must be a number of the rows (as it is or rounded to the
//! digits shown), in the unit named beside it, of the member and time named in its clause, of the column that the
//! words beside it name ([`labels`]), with the direction that the clause gives it. What facts cannot hold is
//! refused: causes, advice, links, unknown names, and any word that reports of figures do without ([`vocabulary`]).

mod labels;
mod vocabulary;

use std::collections::BTreeSet;

use super::facts::{Facts, Lang, Row, Unit, grouped, num, plain_name, text as cell, unit_of};
use super::slots::Pattern;
use super::text::{fold, is_hangul};
use super::time;

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

/// What a number of the rows stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    Level,
    /// The earlier or expected level.
    Before,
    /// A signed change.
    Change,
    /// A bound, an index, a count.
    Other,
}

#[derive(Clone, Debug)]
struct Fact {
    x: f64,
    unit: Unit,
    role: Role,
    /// Index of its row; `None` for counts over all rows.
    row: Option<usize>,
    /// A difference of fractions: told in points, not percent.
    points: bool,
    column: String,
}

impl Fact {
    /// A number over all rows.
    fn overall(column: &str, x: f64, unit: Unit, role: Role) -> Fact {
        Fact {
            x,
            unit,
            role,
            row: None,
            points: false,
            column: column.to_owned(),
        }
    }
}

struct Base {
    facts: Vec<Fact>,
    /// Folded names of each row, longest first.
    names: Vec<Vec<String>>,
    /// Change of each row, where it has one.
    change: Vec<Option<f64>>,
    value: Vec<Option<f64>>,
    /// Texts whose words and numbers may be repeated: notes, reasons, scope.
    free: String,
}

/// Columns that hold fractions.
fn column_unit(column: &str, metric: Unit) -> Unit {
    match column {
        "share" | "change_pct" | "cumulative_share" | "share_change" | "contribution"
        | "top1_share" | "top5_share" | "retention" | "value_retention" | "p_attain"
        | "attainment" | "implied_growth" | "growth_percentile" | "year_ago_pct" | "level" => {
            Unit::Share
        }
        "hhi" | "effective_n" | "gini" | "members_for_80" | "rank" | "elasticity"
        | "index_to_peers" | "score" | "p" | "q" | "age" | "age_weeks" | "adi" | "cv2"
        | "n_weeks" | "r2" | "depth" | "ratio" | "ratio_lo" | "ratio_hi" | "p_adj" | "surprise"
        | "step" => Unit::Plain,
        "price" | "volume" | "mix" | "new" | "discontinued" | "other" | "revenue" | "price_lo"
        | "price_hi" | "expected_uplift" | "impact" => Unit::Money,
        "size" | "active" | "skus" => Unit::Count,
        _ => metric,
    }
}

fn column_role(column: &str) -> Role {
    match column {
        "value" | "forecast" | "expected_end" | "to_date" => Role::Level,
        "baseline" | "expected" | "last_year" => Role::Before,
        "change" | "change_pct" | "contribution" | "share_change" | "price" | "volume" | "mix"
        | "new" | "discontinued" | "other" | "impact" => Role::Change,
        _ => Role::Other,
    }
}

const NAME_COLUMNS: [&str; 8] = [
    "member", "product", "sku", "brand", "tier", "subject", "segment", "model",
];

/// A plain word for each name of the facts.
struct Tokens {
    /// Names as printed, longest first, with their words.
    forms: Vec<(String, String)>,
}

impl Tokens {
    fn of(facts: &Facts) -> Tokens {
        let mut tokens = Tokens { forms: Vec::new() };
        for row in &facts.rows {
            for column in NAME_COLUMNS {
                if let Some(name) = cell(row, column).filter(|n| *n != "Total") {
                    tokens.add(name);
                }
            }
            for name in row
                .get("members")
                .and_then(serde_json::Value::as_object)
                .into_iter()
                .flat_map(|m| m.values().filter_map(serde_json::Value::as_str))
            {
                tokens.add(name);
            }
        }
        for name in facts.scope.iter().chain(&facts.without) {
            tokens.add(name);
        }
        tokens
            .forms
            .sort_by_key(|(name, _)| usize::MAX - name.len());
        tokens
    }

    fn add(&mut self, name: &str) {
        let shown = plain_name(name);
        if shown.chars().count() < 2 || self.forms.iter().any(|(n, _)| n == name || *n == shown) {
            return;
        }
        // Letters only: a digit would be read as a number.
        let mut number = self.forms.len();
        let mut word = String::from("Qzname");
        loop {
            word.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
            number /= 26;
            if number == 0 {
                break;
            }
        }
        word.push('z');
        if shown != name {
            self.forms.push((name.to_owned(), word.clone()));
        }
        // "mid" begins a sentence as "Mid".
        let first = super::narrate::first_up(&shown);
        if first != shown {
            self.forms.push((first, word.clone()));
        }
        self.forms.push((shown, word));
    }

    /// The folded word of a name.
    fn word(&self, name: &str) -> String {
        self.forms
            .iter()
            .find(|(n, _)| n == name)
            .map_or_else(|| fold(name), |(_, word)| fold(word))
    }

    fn hide(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (name, word) in &self.forms {
            let mut from = 0;
            while let Some(at) = out
                .get(from..)
                .and_then(|rest| rest.find(name.as_str()))
                .map(|i| i + from)
            {
                let end = at + name.len();
                let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() || is_hangul(c));
                let whole = edge(out.get(..at).and_then(|s| s.chars().last()))
                    && edge(out.get(end..).and_then(|s| s.chars().next()));
                if whole {
                    out.replace_range(at..end, word);
                    from = at + word.len();
                } else {
                    from = end;
                }
            }
        }
        out
    }
}

impl Base {
    fn new(facts: &Facts, tokens: &Tokens) -> Base {
        let metric = unit_of(&facts.metric);
        let mut base = Base {
            facts: Vec::new(),
            names: Vec::new(),
            change: Vec::new(),
            value: Vec::new(),
            free: String::new(),
        };
        for (index, row) in facts.rows.iter().enumerate() {
            base.row(index, row, metric, tokens);
        }
        let n = facts.rows.len();
        for state in ["good", "watch", "bad"] {
            base.count(
                facts
                    .rows
                    .iter()
                    .filter(|r| cell(r, "state") == Some(state))
                    .count(),
            );
        }
        if facts.rows.iter().any(|r| r.contains_key("demand_class")) {
            let uneven = |r: &&Row| cell(r, "demand_class").is_some_and(|c| c != "smooth");
            base.count(facts.rows.iter().filter(uneven).count());
            // A class that no product is in counts none.
            base.count(0);
        }
        for column in ["abc", "demand_class", "segment", "is_anomaly"] {
            let mut values: BTreeSet<String> = BTreeSet::new();
            for row in &facts.rows {
                if let Some(v) = row.get(column) {
                    values.insert(v.to_string());
                }
            }
            for v in &values {
                base.count(
                    facts
                        .rows
                        .iter()
                        .filter(|r| r.get(column).map(ToString::to_string).as_ref() == Some(v))
                        .count(),
                );
            }
            base.count(values.len());
        }
        base.count(n);
        base.count(n.saturating_sub(3));
        // Bridge parts are told as their sum.
        for column in [
            "price",
            "volume",
            "mix",
            "new",
            "discontinued",
            "other",
            "change",
            "forecast",
        ] {
            let all: Vec<f64> = facts.rows.iter().filter_map(|r| num(r, column)).collect();
            if all.len() > 1 {
                base.facts.push(Fact::overall(
                    column,
                    all.iter().sum(),
                    column_unit(column, metric),
                    column_role(column),
                ));
            }
        }
        for words in facts.scope.iter().chain(&facts.without) {
            base.free.push_str(&format!(" {} ", tokens.word(words)));
        }
        base
    }

    /// The change of all rows together: the total's own, else the sum.
    fn total_change(&self) -> Option<f64> {
        let unnamed = self
            .change
            .iter()
            .zip(&self.names)
            .find(|(_, n)| n.is_empty());
        if let Some((change, _)) = unnamed {
            return *change;
        }
        let all: Vec<f64> = self.change.iter().flatten().copied().collect();
        (all.len() > 1).then(|| all.iter().sum())
    }

    fn count(&mut self, n: usize) {
        self.facts
            .push(Fact::overall("", n as f64, Unit::Count, Role::Other));
    }

    fn row(&mut self, index: usize, row: &Row, metric: Unit, tokens: &Tokens) {
        let own = cell(row, "metric").map_or(metric, unit_of);
        for (column, value) in row {
            if let Some(x) = num(row, column).filter(|_| value.is_number()) {
                self.facts.push(Fact {
                    x,
                    unit: column_unit(column, own),
                    role: column_role(column),
                    row: Some(index),
                    points: own == Unit::Share && column == "change"
                        || matches!(column.as_str(), "share_change" | "contribution"),
                    column: column.clone(),
                });
            }
        }
        let (value, baseline) = (
            num(row, "value"),
            num(row, "baseline").or_else(|| num(row, "expected")),
        );
        let change = num(row, "change").or_else(|| Some(value? - baseline?));
        if let (None, Some(x)) = (num(row, "change"), change) {
            self.facts.push(Fact {
                x,
                unit: own,
                role: Role::Change,
                row: Some(index),
                points: own == Unit::Share,
                column: "change".into(),
            });
        }
        self.change.push(change.or_else(|| num(row, "change_pct")));
        self.value.push(
            value
                .or_else(|| num(row, "forecast"))
                .or_else(|| num(row, "share"))
                .or_else(|| num(row, "revenue")),
        );
        let mut names: Vec<String> = NAME_COLUMNS
            .iter()
            .filter_map(|c| cell(row, c))
            .chain(
                row.get("members")
                    .and_then(serde_json::Value::as_object)
                    .into_iter()
                    .flat_map(|m| m.values().filter_map(serde_json::Value::as_str)),
            )
            .filter(|n| *n != "Total" && n.chars().count() >= 2)
            .map(|n| tokens.word(n))
            .collect();
        if let Some(metric) = cell(row, "metric") {
            names.push(super::facts::metric_name(metric, Lang::En));
            names.push(super::facts::metric_name(metric, Lang::Ko));
            names.push(metric.replace('_', " "));
            names.extend(cell(row, "label").map(fold));
        }
        names.sort_by_key(|n| usize::MAX - n.len());
        names.dedup();
        self.names.push(names);
        for column in [
            "note",
            "reason",
            "headline",
            "detail",
            "status",
            "kind",
            "action",
            "model",
            "demand_class",
            "state",
            "rule",
        ] {
            if let Some(t) = cell(row, column) {
                self.free.push_str(&format!(" {} ", fold(&tokens.hide(t))));
            }
        }
    }
}

/// A number of a text.
#[derive(Clone, Debug)]
struct Said {
    x: f64,
    /// Half of the last digit shown.
    slack: f64,
    unit: Option<Unit>,
    /// Written with a sign.
    signed: bool,
    /// Its currency as a code, where one is named.
    currency: Option<&'static str>,
    from: usize,
    to: usize,
    raw: String,
}

/// The code of a currency however it is written.
fn currency_code(word: &str) -> Option<&'static str> {
    let word = word.trim();
    [
        ("EUR", &["eur", "€", "유로"][..]),
        ("USD", &["usd", "$", "dollar", "달러"]),
        ("GBP", &["gbp", "£", "pound"]),
        ("KRW", &["krw", "₩", "won", "원"]),
    ]
    .into_iter()
    .find(|(_, forms)| forms.iter().any(|f| word.starts_with(f)))
    .map(|(code, _)| code)
}

static NUMBER: Pattern = Pattern::new(
    r"([-+] ?)?(\d[\d,]*(?:\.\d+)?)(?: ?(million|billion|thousand|bn|[mk]\b|만|억|천))?",
);
static WORD_NUMBER: Pattern = Pattern::new(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|a dozen|half|twice|double|doubled|tripled|triple|halved|quarter of|a third|two thirds|hundreds|thousands|millions|dozens)\b",
);
static CURRENCY: Pattern =
    Pattern::new(r"^(?: ?(?:eur|usd|krw|gbp|euros?|dollars?|won|pounds?|€|\$|£|₩|원|달러|유로))");
static CURRENCY_BEFORE: Pattern = Pattern::new(r"(?:eur|usd|krw|gbp|€|\$|£|₩) ?[-+]?$");
static MONEY_WORDS: Pattern =
    Pattern::new(r"\b(?:eur|usd|krw|gbp|euros?|dollars?|pounds?)\b|[€$£₩]|달러|유로");
static COUNT_AFTER: Pattern =
    Pattern::new(r"^ ?(?:units?|pieces?|items?|orders?|bottles|customers|pcs|개 판매)\b");
static PERCENT_AFTER: Pattern = Pattern::new(r"^ ?(?:%|percent\b|per cent\b|퍼센트|프로)");
static POINTS_AFTER: Pattern =
    Pattern::new(r"^ ?(?:points?\b|percentage points?\b|pp\b|%p|포인트)");
static MARKUP: Pattern = Pattern::new(
    r"https?:|www\.|\]\(|<[a-z/!]|```|\{\{|javascript:|@[a-z]+\.|\b[a-z0-9-]+\.(?:com|net|org|io|example|ru|kr)\b",
);
static CAUSE: Pattern = Pattern::new(
    r"\b(?:because|due to|caused by|thanks to|owing to|as a result of|driven by|led by demand|resulting from|attribut\w+ to|reflect(?:s|ing) (?:strong|weak)|on the back of|fuel(?:l)?ed by|owes|therefore|consequently|explain(?:s|ed) by|stems? from|triggered|seasonal\w*|holiday demand|marketing|campaigns?|advertis\w+|competit\w+|weather|inflation|economy|supply (?:issues?|chain)|stock ?outs?|promotions?|customers (?:like|love|prefer|want)|popular(?:ity)?)\b|때문|덕분|영향으로|로 인해|인하여|탓|캠페인|경쟁|프로모션",
);
static ADVICE: Pattern = Pattern::new(
    r"\b(?:should|must|need to|needs to|ought to|recommend\w*|consider\w*|advis\w+|suggest(?:s|ed)? (?:that|to|raising|cutting|focus\w*)|let us|let's|we could|you could|plan to|focus on|invest\w*|increase your|reduce your|raise prices|try to|time to|guarantee\w*|will certainly|will surely|definitely|log ?in|sign in|click)\b|해야|추천|권장|바랍니다|하세요|필요가 있",
);
static UP: Pattern = Pattern::new(
    r"\b(?:rose|ris(?:e|es|en|ing)|gr(?:ew|ow|ows|own|owing)|increas(?:e|ed|es|ing)|up|gain(?:s|ed|ing)?|climb(?:s|ed|ing)?|jump(?:s|ed|ing)?|surg(?:e|ed|es|ing)|improv(?:e|ed|es|ing)|higher|more than|added|advanced|above|exceed(?:s|ed)?|stronger|growth|expanded|ahead of)\b|증가|상승|성장|늘|올랐|높",
);
static DOWN: Pattern = Pattern::new(
    r"\b(?:fell|fall(?:s|en|ing)?|drop(?:s|ped|ping)?|decreas(?:e|ed|es|ing)|declin(?:e|ed|es|ing)|down|lost|los(?:e|es|ing)|loss|shrank|shrunk|shr?ink(?:s|ing)?|slip(?:s|ped)?|slid|lower|less than|below|reduc(?:e|ed|tion)|weaker|worse(?:n|ned)?|plung(?:e|ed)|tumbled|dipp?(?:ed|s)?|contracted|fewer)\b|감소|하락|줄|떨어|낮",
);
static NEGATED: Pattern =
    Pattern::new(r"\b(?:did not|didn't|not|no|never|neither|without|none)\b[^,.:;]{0,20}$");
static NEGATED_AFTER: Pattern = Pattern::new(r"^ ?(?:하지|되지|지) ?않|^[가-힣]{0,2} ?않");
static BEST: Pattern = Pattern::new(
    r"\b(?:highest|largest|biggest|most|top|leads?|leading|led|leader|first|strongest|best|number one|maximum|peak|ranks first)\b|최고|1위|가장 (?:많|높|큰)|선두|최대",
);
static WORST: Pattern = Pattern::new(
    r"\b(?:lowest|smallest|least|bottom|last place|weakest|worst|fewest|minimum|trails|comes last)\b|최저|꼴찌|최하위|가장 (?:적|낮|작)|최소",
);
static YEAR: Pattern = Pattern::new(r"^(?:19|20)\d\d$");
static CHANGE_WORD: Pattern = Pattern::new(
    r"\b(?:chang\w+|differ\w*|contribut\w+|swing|price|volume|mix|effect|impact|new|discontinued|taken?|took|away|short)\b|변화|차이|효과|기여|가격|물량|믹스|영향",
);
static LIST_GAP: Pattern =
    Pattern::new(r"^(?:%| units| points)?(?:,? and |, )(?:[a-z]{3} |[€$£₩])?$");
static THAN_WHOM: Pattern =
    Pattern::new(r"\b(?:follows|followed|trails|trailed|behind|after|ahead of|before) (?:the )?$");
static RANK_WORD: Pattern = Pattern::new(r"\b(?:rank\w*|place[sd]?|position|spot|no|number)\b|위");
static MOST_OF: Pattern = Pattern::new(r"^ of (?:it|the|this|that|them|these)\b");
static DAY_OF: Pattern = Pattern::new(
    r"\b(\d{1,2}) (january|february|march|april|may|june|july|august|september|october|november|december)\b|(\d{1,2})월 (\d{1,2})일",
);
static MONTHS: Pattern = Pattern::new(
    r"\b(january|february|march|april|may|june|july|august|september|october|november|december)\b|(\d{1,2})월|\bq([1-4])\b|([1-4])분기",
);
/// An alias of the prompt that stands for nothing.
static LEFT_ALIAS: Pattern = Pattern::new(r"\b[A-Za-z]+_\d+\b");
static PHRASE_COUNT: Pattern = Pattern::new(r"(?:top|next|향후|상위) $");

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
    let text = normal(reply);
    let base = Base::new(facts, &tokens);
    if let Some(hit) = MARKUP.captures(&text).and_then(|c| c.get(0)) {
        faults.push(Fault::new(FaultKind::Markup, hit.as_str()));
    }
    let causes = matches!(kind, "drivers" | "bridge" | "insights" | "recommend");
    for (pattern, allowed) in [
        (&CAUSE, causes),
        (&ADVICE, matches!(kind, "recommend" | "insights")),
    ] {
        for hit in pattern.regex().into_iter().flat_map(|r| r.find_iter(&text)) {
            // "should end at 90" looks ahead; "you should" is not in the vocabulary.
            if hit.as_str() == "should"
                && matches!(kind, "forecast" | "attainment" | "suggest_targets")
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
    for word in vocabulary::foreign_words(kind, &text, facts, &base.free) {
        faults.push(Fault::new(FaultKind::Claim, &word));
    }
    names(reply, &base, facts, &mut faults);
    times(&text, facts, &mut faults);
    let mut headline = false;
    for sentence in sentences(&text) {
        clauses(kind, &sentence, &base, facts, &mut faults, &mut headline);
    }
    if !headline && base.facts.iter().any(|f| f.row.is_some() && f.x != 0.0) {
        faults.push(Fault::new(
            FaultKind::Shape,
            "no number of the facts is named",
        ));
    }
    faults
}

/// Lower case, one kind of minus, space and quote; accents kept off as in the facts' names.
fn normal(text: &str) -> String {
    fold(text).replace('\n', " ")
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

fn numbers(text: &str, faults: &mut Vec<Fault>) -> Vec<Said> {
    let mut found = Vec::new();
    for hit in NUMBER
        .regex()
        .into_iter()
        .flat_map(|r| r.captures_iter(text))
    {
        let (Some(whole), Some(digits)) = (hit.get(0), hit.get(2)) else {
            continue;
        };
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
        if let Some(scale) = hit.get(3) {
            let by = match scale.as_str() {
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
        let to = if hit.get(3).is_some() {
            whole.end()
        } else {
            end
        };
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
        let unit = if POINTS_AFTER.is_in(after) {
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
        let points = POINTS_AFTER.is_in(after);
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
    found
}

/// Commas every three digits from the right, or none.
fn is_grouped(shown: &str) -> bool {
    let whole = shown.split('.').next().unwrap_or(shown);
    if !whole.contains(',') {
        return true;
    }
    let mut parts = whole.split(',');
    let first = parts.next().unwrap_or("");
    (1..=3).contains(&first.len()) && parts.all(|p| p.len() == 3)
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
    faults: &mut Vec<Fault>,
    headline: &mut bool,
) {
    let named = rows_named(sentence, base);
    let blank = blank_names(sentence, base, facts);
    let cut = mask_times(&blank);
    let said = numbers(&cut, faults);
    let units = unit_of(&facts.metric);
    let present: BTreeSet<String> = base.facts.iter().map(|f| f.column.clone()).collect();
    let time_names = labels::time_names(facts);
    let figures: Vec<Said> = said
        .iter()
        .filter(|n| !is_time(n, &cut, facts) && !is_phrase(n, &cut, base))
        .cloned()
        .collect();
    for (at, number) in figures.iter().enumerate() {
        let clause = clause_around(&blank, number.from, number.to);
        let paired = respectively(&figures, at, &blank, &named);
        let asked = labels::asked(&blank, &figures, at, kind == "bridge", &present);
        let times = labels::time_of(&blank, number, &time_names);
        check_number(
            number, clause, &blank, &named, base, units, facts, &asked, &times, paired, faults,
            headline,
        );
    }
    for hit in WORD_NUMBER
        .regex()
        .into_iter()
        .flat_map(|r| r.find_iter(&blank))
    {
        let n = match hit.as_str() {
            "two" | "twice" => 2.0,
            "three" => 3.0,
            "four" => 4.0,
            "five" => 5.0,
            "six" => 6.0,
            "seven" => 7.0,
            "eight" => 8.0,
            "nine" => 9.0,
            "ten" => 10.0,
            "eleven" => 11.0,
            "twelve" | "a dozen" => 12.0,
            _ => f64::NAN,
        };
        // "the top five" names a column.
        let of_the_largest = blank
            .get(hit.end()..)
            .is_some_and(|t| t.starts_with(" largest") || t.starts_with(" biggest"));
        if of_the_largest
            || blank
                .get(..hit.start())
                .is_some_and(|t| t.ends_with("top "))
        {
            continue;
        }
        let known = base
            .facts
            .iter()
            .any(|f| matches!(f.unit, Unit::Count | Unit::Plain) && f.x == n)
            || base.free.contains(hit.as_str())
            || named.len() as f64 == n;
        if known {
            *headline = true;
        } else {
            faults.push(Fault::new(FaultKind::Number, hit.as_str()));
        }
    }
    directions(&blank, sentence, &named, &said, base, faults);
    ranks(sentence, &named, base, faults);
    extremes(&blank, &named, &said, base, faults);
}

/// The name that a number of a list belongs to where as many names stand before it:
/// "Post and Airport sold 3,610 and 1,608 units".
fn respectively(
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
            .is_some_and(|t| bare(t) && (t.ends_with(" and ") || t.ends_with(", ")))
    });
    (count > 1 && names_joined).then(|| list[at - first])
}

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

#[allow(clippy::too_many_arguments, reason = "one check with its surroundings")]
fn check_number(
    number: &Said,
    clause: (usize, usize),
    sentence: &str,
    named: &[(usize, usize)],
    base: &Base,
    metric: Unit,
    facts: &Facts,
    asked: &labels::Asked,
    times: &[labels::Which],
    paired: Option<usize>,
    faults: &mut Vec<Fault>,
    headline: &mut bool,
) {
    let near = |f: &Fact| {
        let same = (f.x - number.x).abs() <= number.slack * 1.0001;
        let size = (f.x.abs() - number.x.abs()).abs() <= number.slack * 1.0001;
        // A change may be told without its sign, where a verb gives the direction.
        same || (size && f.role == Role::Change && !number.signed)
            || (size && f.x < 0.0 && f.role == Role::Change && number.x < 0.0)
    };
    // A place in a ranking or a count of rows is not a level.
    let ranked = RANK_WORD.is_in(sentence);
    let counted = number.unit == Some(Unit::Count) && metric == Unit::Count;
    let plausible = |f: &&Fact| {
        (f.column != "rank" || ranked)
            && !(counted && f.column.is_empty() && f.row.is_none() && f.x < 100.0)
    };
    let mut fits: Vec<&Fact> = base
        .facts
        .iter()
        .filter(|f| near(f))
        .filter(plausible)
        .collect();
    if fits.is_empty() {
        if base.free.contains(&format!(" {} ", grouped(number.x, 0))) || free_holds(base, number) {
            return;
        }
        // A change told as a percentage of points, or a fraction told as it is.
        faults.push(Fault::new(FaultKind::Number, &number.raw));
        return;
    }
    let right_unit = |f: &&Fact| match number.unit {
        Some(Unit::Share) => f.unit == Unit::Share,
        Some(Unit::Money) => f.unit == Unit::Money,
        Some(Unit::Count) => f.unit == Unit::Count,
        _ => f.unit != Unit::Share || f.x.abs() > 2.0 || metric == Unit::Plain,
    };
    fits.retain(right_unit);
    // Points belong to shares only, percent to anything but a change of a share.
    if number.raw.ends_with("points") {
        fits.retain(|f| f.points);
    }
    if fits.is_empty() {
        faults.push(Fault::new(FaultKind::Unit, &number.raw));
        return;
    }
    if !facts.currency.is_empty()
        && let Some(code) = number.currency
        && code != currency_code(&fold(&facts.currency)).unwrap_or(&facts.currency)
    {
        faults.push(Fault::new(FaultKind::Unit, &number.raw));
    }
    *headline = true;
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
    let inside = inside.map(|last| {
        named
            .iter()
            .rev()
            .find(|(_, at)| compared(last.1) && *at < last.1)
            .unwrap_or(last)
    });
    let before = named.iter().rev().find(|(_, at)| *at < number.from);
    let after = named.iter().find(|(_, at)| *at >= number.to);
    // "31.20 for Gorse" is of the name that follows.
    let next =
        after.filter(|(_, at)| labels::belongs_to_next(sentence.get(number.to..*at).unwrap_or("")));
    let pair = paired.and_then(|place| named.iter().find(|(_, at)| *at == place));
    let owner = pair.or(next).or(inside).or(before).or(after);
    if let Some((_, at)) = owner {
        let rows: Vec<usize> = named
            .iter()
            .filter(|(_, a)| a == at)
            .map(|(r, _)| *r)
            .collect();
        let owned = fits.iter().any(|f| {
            f.row.is_none()
                || f.row.is_some_and(|r| {
                    rows.contains(&r) || base.names.get(r).is_some_and(Vec::is_empty)
                })
        });
        if !owned {
            faults.push(Fault::new(FaultKind::Number, &number.raw));
        }
    }
}

/// Why a number that is a fact is not the fact that its place asks for.
fn misplaced(
    number: &Said,
    sentence: &str,
    asked: &labels::Asked,
    times: &[labels::Which],
    fits: &[&Fact],
    base: &Base,
) -> Option<FaultKind> {
    let has = |f: &dyn Fn(&Fact) -> bool| base.facts.iter().any(f);
    let fit = |f: &dyn Fn(&Fact) -> bool| fits.iter().any(|x| f(x));
    if let Some(high) = asked.end {
        let end = |f: &Fact| {
            let columns = if high {
                ["hi", "price_hi"]
            } else {
                ["lo", "price_lo"]
            };
            columns.contains(&f.column.as_str())
        };
        return (has(&end) && !fit(&end)).then_some(FaultKind::Comparison);
    }
    if !asked.columns.is_empty() {
        let named = |f: &Fact| asked.columns.contains(&f.column.as_str());
        // "fell 5,770 short of what was expected" tells a change.
        let change = asked.behind && fits.iter().all(|f| f.role == Role::Change);
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
    if written.starts_with('+') && !fit(&|f| f.role == Role::Change) {
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
    if only_change && !told {
        return Some(FaultKind::Comparison);
    }
    // The rows, or the side of a comparison, that the time beside it stands for.
    let fits_time = |which: &labels::Which| match which {
        labels::Which::Row(row) => fit(&|f| f.row.is_none_or(|r| r == *row)),
        labels::Which::Baseline => fit(&|f| f.role != Role::Level || f.row.is_none()),
        labels::Which::Period => true,
    };
    (!times.is_empty() && !times.iter().any(fits_time)).then_some(FaultKind::Time)
}

/// Numbers quoted from notes and reasons.
fn free_holds(base: &Base, number: &Said) -> bool {
    let mut ignored = Vec::new();
    !base.free.is_empty()
        && numbers(&base.free, &mut ignored)
            .iter()
            .any(|n| (n.x - number.x).abs() <= number.slack.min(n.slack) && n.unit == number.unit)
}

/// "80 %" of "members for 80 %", "top 5", "95 % interval".
fn is_phrase(number: &Said, text: &str, base: &Base) -> bool {
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
        || ((number.x - 0.95).abs() < 1e-9 && after.contains("interval"))
        || (number.x == 1.0 && base.facts.is_empty())
        || (after.starts_with(". ") && before.trim_end().ends_with([':', '.']) && number.x <= 20.0)
        || (after.starts_with("위") && number.x == 1.0)
}

static TIME_WORDS: Pattern = Pattern::new(
    r"\b\d{1,2} (?:january|february|march|april|may|june|july|august|september|october|november|december)(?: (?:19|20)\d\d)?|\b(?:january|february|march|april|may|june|july|august|september|october|november|december) (?:\d{1,2},? )?(?:19|20)\d\d|\bq[1-4] (?:19|20)\d\d|\bweek \d{1,2}(?: of (?:19|20)\d\d)?|\b(?:19|20)\d\d-\d\d(?:-\d\d)?|(?:19|20)\d\d년(?: ?\d{1,2}월(?: ?\d{1,2}일)?| ?[1-4]분기)?|\d{1,2}월(?: ?\d{1,2}일)?|[1-4]분기",
);

/// Times are checked on their own; here they are taken out, place by place.
fn mask_times(text: &str) -> String {
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

fn is_time(number: &Said, text: &str, facts: &Facts) -> bool {
    let raw = text.get(number.from..number.to).unwrap_or("").trim();
    YEAR.is_in(raw) && number.unit.is_none() && known_times(facts).iter().any(|t| t.contains(raw))
}

/// Canonical texts of every time in the facts.
fn known_times(facts: &Facts) -> Vec<String> {
    let mut found: Vec<String> = facts
        .period
        .iter()
        .chain(&facts.baseline)
        .cloned()
        .collect();
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
fn times(text: &str, facts: &Facts, faults: &mut Vec<Fault>) {
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
    for hit in MONTHS
        .regex()
        .into_iter()
        .flat_map(|r| r.captures_iter(text))
    {
        let whole = hit.get(0).map_or("", |m| m.as_str());
        if free.contains(whole)
            || (whole == "may"
                && !text.contains("in may")
                && !text.contains("may 20")
                && !text.contains(" of may"))
            || whole == "march" && !text.contains("march 20") && !text.contains("in march")
        {
            continue;
        }
        let month = hit
            .get(1)
            .and_then(|m| {
                (1..=12).find(|i| super::facts::month_name(*i).to_lowercase() == m.as_str())
            })
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
    for hit in DAY_OF
        .regex()
        .into_iter()
        .flat_map(|r| r.captures_iter(text))
    {
        let whole = hit.get(0).map_or("", |m| m.as_str());
        let number = |i: usize| hit.get(i).and_then(|m| m.as_str().parse::<u32>().ok());
        let month = hit
            .get(2)
            .and_then(|m| {
                (1..=12).find(|i| super::facts::month_name(*i).to_lowercase() == m.as_str())
            })
            .or(number(3));
        let day = number(1).or(number(4));
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

/// A direction word must agree with the change of the member it is said of.
fn directions(
    blank: &str,
    sentence: &str,
    named: &[(usize, usize)],
    said: &[Said],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    if base.change.iter().all(Option::is_none) {
        // Without a change in the facts nothing can be said to have changed, except along a series.
        return;
    }
    for (pattern, sign) in [(&UP, 1.0), (&DOWN, -1.0)] {
        for hit in pattern.regex().into_iter().flat_map(|r| r.find_iter(blank)) {
            let before = blank.get(..hit.start()).unwrap_or("");
            let negated = NEGATED_AFTER.is_in(blank.get(hit.end()..).unwrap_or(""));
            let sign = if NEGATED.is_in(before) || before.trim_end().ends_with("not") || negated {
                -sign
            } else {
                sign
            };
            let word = hit.as_str();
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
            // "above expectation" speaks of value and expectation; both ways it is the sign of a change.
            let rows: Vec<usize> = {
                // The last name before the word in its clause, else those after it.
                let last = named
                    .iter()
                    .rev()
                    .find(|(_, at)| *at >= start && *at < hit.start())
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
                if !inside.is_empty() {
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
                base.change
                    .get(*r)
                    .copied()
                    .flatten()
                    .is_none_or(|c| c * sign > 0.0)
            };
            let number_sign = said
                .iter()
                .find(|n| n.from >= hit.end() && n.signed)
                .map(|n| n.x.signum());
            if !rows.is_empty() && !rows.iter().any(agrees) && number_sign.is_none_or(|s| s != sign)
            {
                faults.push(Fault::new(FaultKind::Direction, word));
                continue;
            }
            if (word == "up" || word == "down") && !rows.iter().all(agrees) && rows.len() <= 4 {
                faults.push(Fault::new(FaultKind::Direction, word));
            }
        }
    }
    // A signed number must carry its fact's sign.
    for number in said.iter().filter(|n| n.signed) {
        let size = |f: &&Fact| (f.x.abs() - number.x.abs()).abs() <= number.slack * 1.0001;
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

/// The row that the numbers around a word belong to, where rows have no names and just one fits.
fn rows_told(said: &[Said], base: &Base) -> Vec<usize> {
    let mut rows: BTreeSet<usize> = BTreeSet::new();
    for number in said {
        for fact in base
            .facts
            .iter()
            .filter(|f| matches!(f.role, Role::Level | Role::Before))
        {
            if (fact.x - number.x).abs() <= number.slack * 1.0001 {
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

/// "highest" and its like: the member named must be at that end of some column.
fn ranks(sentence: &str, named: &[(usize, usize)], base: &Base, faults: &mut Vec<Fault>) {
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
            if matches!(word, "top" | "most" | "first" | "last")
                && !named.iter().any(|(_, at)| *at >= start && *at < end)
            {
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
            if !(at_end(&base.value, false)
                || (at_end(&base.change, false) && (UP.is_in(sentence) || down))
                || fell_most)
            {
                faults.push(Fault::new(FaultKind::Comparison, word));
            }
        }
    }
}

/// "the lowest was 58,330": where nobody is named, the number itself must be at that end of its column.
fn extremes(
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
        for hit in pattern.regex().into_iter().flat_map(|r| r.find_iter(blank)) {
            let (_, end) = clause_around(blank, hit.start(), hit.end());
            let all: Vec<f64> = base.value.iter().flatten().copied().collect();
            let told = said
                .iter()
                .find(|n| n.from >= hit.end() && n.from < end && n.unit != Some(Unit::Share))
                .or_else(|| said.iter().find(|n| n.from >= hit.end()));
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

/// Capitalised words that neither start a sentence nor belong to the facts or to the language.
fn names(reply: &str, base: &Base, facts: &Facts, faults: &mut Vec<Fault>) {
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
            .split(|c: char| matches!(c, '-' | '/' | '·' | '\'' | '’') || is_hangul(c))
            .filter(|p| p.chars().next().is_some_and(char::is_uppercase))
        {
            let low = fold(part);
            let known = allowed.contains(&low)
                || super::lexicon::is_known(&low)
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
