//! A plan does not hang on how a question is typed: case, marks, slips, courtesies, near words, where the time stands.
//!
//! `STRESS=slip cargo test --release -p kpi-core --test planner -- --nocapture` shows the plans that a kind of change upsets.
#![allow(clippy::print_stdout, reason = "figures for the docs")]

#[path = "questions/catalogue.rs"]
mod catalogue;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use catalogue::catalogue;
use kpi_core::words::{Catalogue, Plan, plan};
use regex_lite::Regex;
use serde_json::Value;

const SETS: [&str; 9] = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
];

/// Percentage of plans of each kind that must stay; of courtesies all must.
const LEAST: usize = 95;

/// Words that mean the same in a question of sales.
const NEAR: [(&str, &str); 21] = [
    (r"\brevenue\b", "turnover"),
    (r"\bturnover\b", "revenue"),
    (r"\bunits\b", "pieces"),
    (r"\bproducts\b", "items"),
    (r"\bskus\b", "products"),
    (r"\bSKUs\b", "products"),
    (r"\bsuppliers?\b", "vendor"),
    (r"\bvendors\b", "suppliers"),
    (r"\bchannels\b", "sales channels"),
    (r"\bwithout\b", "excluding"),
    (r"\bexcluding\b", "without"),
    (r"\bvs\b", "compared with"),
    (r"\b(?:Show|show) me\b", "give me"),
    (
        r"\bHow much (?:did we sell|have we sold)\b",
        "What did we sell",
    ),
    (r"\blast (week|month|quarter|year)\b", "the previous $1"),
    (r"\bprevious (week|month|quarter|year)\b", "last $1"),
    (r"\bby (brand|channel|vendor|product)\b", "per $1"),
    (r"\bper (brand|channel|vendor|product)\b", "by $1"),
    (
        r"\b(Which|which) (brands|channels|vendors|products)\b",
        "what $2",
    ),
    (r"\bcompared (?:to|with)\b", "versus"),
    (r"\bShow\b", "Give"),
];

const SHORTER: [(&str, &str); 10] = [
    (r"\b([Ww])hat is\b", "${1}hat's"),
    (r"\b([Hh])ow is\b", "${1}ow's"),
    (r"\b([Ww])hich are\b", "${1}hich're"),
    (r"\b([Ww])e are\b", "${1}e're"),
    (r"\b([Ww])e will\b", "${1}e'll"),
    (r"\b([Ww])e have\b", "${1}e've"),
    (r"\b([Dd])o not\b", "${1}on't"),
    (r"\b([Dd])id not\b", "${1}idn't"),
    (r"\b([Ww])here is\b", "${1}here's"),
    (r"\b([Ll])et us\b", "${1}et's"),
];

const TIME: &str = r"(?:in|for|during|over) (?:the )?(?:(?:last|past|previous) (?:\d+ )?(?:week|month|quarter|year)s?|January|February|March|April|May|June|July|August|September|October|November|December|Q[1-4]|20\d\d|summer|spring|autumn|winter)(?: 20\d\d| last year| this year)?|(?:last|this|previous) (?:week|month|quarter|year)|yesterday|ytd|YTD|mtd";

/// A small step of a generator whose numbers are the same everywhere.
fn pick(seed: &str, below: usize) -> usize {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in seed.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    usize::try_from((hash >> 17) % below.max(1) as u64).unwrap_or(0)
}

/// A word with one slip inside: two letters exchanged, one left out, or one typed twice.
fn slipped(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = 1 + pick(word, letters.len() - 2);
    match pick(&format!("{word}!"), 3) {
        0 if letters[at] != letters[at + 1] => letters.swap(at, at + 1),
        1 => {
            letters.remove(at);
        }
        _ => letters.insert(at, letters[at]),
    }
    letters.into_iter().collect()
}

/// The question with one word that `fits` mistyped.
fn mistyped(question: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
    let words: Vec<&str> = question.split(' ').collect();
    let long: Vec<usize> = (0..words.len())
        .filter(|i| {
            words[*i].len() >= 5
                && words[*i].bytes().all(|b| b.is_ascii_alphabetic())
                && fits(words[*i])
        })
        .collect();
    let at = *long.get(pick(question, long.len()))?;
    let mut typed: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
    typed[at] = slipped(words[at]);
    Some(typed.join(" "))
}

/// A pattern of this file, compiled once.
fn pattern_of(pattern: &str) -> Regex {
    static COMPILED: LazyLock<Mutex<BTreeMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().expect("no test panics here");
    compiled
        .entry(pattern.to_owned())
        .or_insert_with(|| Regex::new(pattern).expect("a pattern of this file"))
        .clone()
}

/// Every way a question is put otherwise, by kind.
fn changes(question: &str, names: &[String]) -> Vec<(&'static str, String)> {
    let is_name = |word: &str| names.contains(&word.to_lowercase());
    let replaced = |pattern: &str, to: &str| {
        let regex = pattern_of(pattern);
        regex
            .is_match(question)
            .then(|| regex.replace(question, to).into_owned())
    };
    let mut all: Vec<(&str, Option<String>)> = vec![
        ("lower case", Some(question.to_lowercase())),
        ("upper case", Some(question.to_uppercase())),
        (
            "no marks",
            replaced(r"[?!;:,.]+(?: |$)", " ").map(|_| {
                let marks = pattern_of(r"[?!;:,.]+( |$)");
                marks.replace_all(question, "$1").into_owned()
            }),
        ),
        (
            "no apostrophe",
            question.contains('\'').then(|| question.replace('\'', "")),
        ),
        ("slip in a word", mistyped(question, |w| !is_name(w))),
        (
            "slip in a name",
            mistyped(question, |w| w.len() >= 6 && is_name(w)),
        ),
    ];
    for (pattern, to) in SHORTER {
        all.push(("contraction", replaced(pattern, to)));
    }
    for (pattern, to) in NEAR {
        all.push(("near word", replaced(pattern, to)));
    }
    let body = question.trim_end_matches(['?', '.', '!']);
    let head = question
        .split(' ')
        .next()
        .filter(|w| {
            !is_name(w) && w.len() > 1 && !w.bytes().skip(1).any(|b| b.is_ascii_uppercase())
        })
        .map(|w| question.replacen(w, &w.to_lowercase(), 1))
        .unwrap_or_else(|| question.to_owned());
    all.push((
        "courtesy before",
        Some(format!("hey can you pls tell me {head}")),
    ));
    all.push(("courtesy before", Some(format!("Hi, quick one: {head}"))));
    all.push(("courtesy after", Some(format!("{body} thx"))));
    all.push(("courtesy after", Some(format!("{body}, please?"))));
    let at_end = pattern_of(&format!(r"^(.+?),? ({TIME})[?.]?$"));
    let hangs = pattern_of(
        r"(?i)(?:of|than|since|from|to|until|with|far|same|day|time|and|or|vs|over|on|against)$",
    );
    if let Some(found) = at_end.captures(question).filter(|f| !hangs.is_match(&f[1])) {
        all.push(("time first", Some(format!("{}, {}", &found[2], &found[1]))));
    }
    let at_start = pattern_of(&format!(r"(?i)^({TIME}),? (.+?)[?.]?$"));
    if let Some(found) = at_start.captures(question) {
        all.push((
            "time last",
            Some(format!("{} {}", &found[2], found[1].to_lowercase())),
        ));
    }
    all.into_iter()
        .filter_map(|(kind, text)| Some((kind, text.filter(|t| t != question)?)))
        .collect()
}

fn same(a: &Plan, b: &Plan) -> bool {
    a.function == b.function && a.args == b.args
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The words of the names that a source holds.
fn names(catalogue: &Catalogue) -> Vec<String> {
    catalogue
        .dimensions
        .iter()
        .flat_map(|d| &d.members)
        .flat_map(|m| m.split(|c: char| !c.is_alphanumeric()))
        .map(str::to_lowercase)
        .collect()
}

#[test]
fn a_plan_does_not_hang_on_the_typing() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/questions");
    let show = std::env::var("STRESS").ok();
    let (mut all, mut kept) = (
        BTreeMap::<&str, usize>::new(),
        BTreeMap::<&str, usize>::new(),
    );
    for set in SETS {
        let own = home.join(format!("{set}.csv"));
        let sales = if own.exists() {
            own
        } else {
            home.join("sales.csv")
        };
        let catalogue = catalogue(&read(&sales));
        let names = names(&catalogue);
        for line in read(&home.join(format!("{set}.jsonl"))).lines() {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let text = |name: &str| line.get(name).and_then(Value::as_str);
            let question = text("q").expect("a question");
            // What is full of slips already is no base for another.
            let slips = line["tags"]
                .as_array()
                .is_some_and(|t| t.iter().any(|t| t == "typo"));
            // Half of them in a test, all where they are shown.
            let half = show.is_none() && pick(question, 2) == 0;
            if slips || half || !question.is_ascii() {
                continue;
            }
            let context = text("context").map(|before| plan(before, None, &catalogue));
            let before = plan(question, context.as_ref(), &catalogue);
            for (kind, changed) in changes(question, &names) {
                if context.is_some() && kind.starts_with("courtesy before") {
                    continue;
                }
                let after = plan(&changed, context.as_ref(), &catalogue);
                *all.entry(kind).or_default() += 1;
                let kept = kept.entry(kind).or_default();
                if same(&before, &after) {
                    *kept += 1;
                } else if show.as_deref().is_some_and(|s| kind.contains(s)) {
                    println!(
                        "{kind}: {question} -> {changed}\n    {} {}\n    {} {}",
                        before.function,
                        Value::Object(before.args.clone()),
                        after.function,
                        Value::Object(after.args.clone())
                    );
                }
            }
        }
    }
    let (mut sum, mut good) = (0, 0);
    for (kind, n) in &all {
        let least = if kind.starts_with("courtesy") {
            100
        } else {
            LEAST
        };
        assert!(
            kept[kind] * 100 >= n * least,
            "{kind}: {} of {n} plans stayed",
            kept[kind]
        );
        println!(
            "{kind}: {} of {n} ({:.1} %)",
            kept[kind],
            100.0 * kept[kind] as f64 / *n as f64
        );
        sum += n;
        good += kept[kind];
    }
    println!(
        "all: {good} of {sum} ({:.1} %)",
        100.0 * good as f64 / sum as f64
    );
}

/// The function and arguments of a question asked of the sales of `set`.
fn read_as(set: &str, question: &str) -> (String, Value) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/questions");
    let catalogue = catalogue(&read(&home.join(format!("{set}.csv"))));
    let plan = plan(question, None, &catalogue);
    (plan.function, Value::Object(plan.args))
}

#[test]
fn readings() {
    // The last day is 2026-03-11 in `sales`, 2026-04-16 in `ninth`.
    for (set, question, want) in [
        (
            "sales",
            "revenue in feb 26",
            r#"value {"metric":"revenue","period":"2026-02"}"#,
        ),
        (
            "sales",
            "revenue on feb 26",
            r#"value {"metric":"revenue","period":"2026-02-26"}"#,
        ),
        (
            "sales",
            "feb 26 vs feb 25",
            r#"compare {"baseline":"2025-02","metric":"revenue","period":"2026-02"}"#,
        ),
        (
            "sales",
            "how did Nova do each month from February to May?",
            r#"history {"filter":{"brand":["Nova"]},"grain":"month","metric":"revenue","period":"2025-02-01..2025-05-31"}"#,
        ),
        (
            "sales",
            "revenue each month from November to January",
            r#"history {"grain":"month","metric":"revenue","period":"2025-11-01..2026-01-31"}"#,
        ),
        (
            "sales",
            "주말 매출 비중 알려줘",
            r#"breakdown {"by":["weekday"],"focus":["Sat","Sun"],"metric":"revenue"}"#,
        ),
        (
            "sales",
            "which brands are losing share this year",
            r#"compare {"by":["brand"],"direction":"down","metric":"revenue","of":"share","period":"2026"}"#,
        ),
        (
            "sales",
            "sales on weekends vs weekdays",
            r#"breakdown {"by":["weekday"],"metric":"revenue"}"#,
        ),
        (
            "sales",
            "what happened in the week of 11.11",
            r#"drivers {"metric":"revenue","period":"2025-W46"}"#,
        ),
        (
            "ninth",
            "Compare Moss and Still over the last 6 months",
            r#"breakdown {"by":["brand"],"filter":{"brand":["Moss","Still"]},"metric":"revenue","period":"2025-10-01..2026-03-31"}"#,
        ),
        (
            "ninth",
            "We had a delivery problem in early February I think, was there anything weird between 1 and 15 March?",
            r#"anomalies {"metric":"revenue","period":"2026-03-01..2026-03-15"}"#,
        ),
        (
            "ninth",
            "Is Coupang still our number one channel?",
            r#"breakdown {"by":["channel"],"focus":["Coupang"],"metric":"revenue","top":1}"#,
        ),
    ] {
        let (function, args) = want.split_once(' ').expect("a function and its arguments");
        let args: Value = serde_json::from_str(args).expect("arguments are JSON");
        assert_eq!(
            read_as(set, question),
            (function.to_owned(), args),
            "{question}"
        );
    }
}

#[test]
fn the_weekend_share_is_sure() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/questions");
    let catalogue = catalogue(&read(&home.join("sales.csv")));
    for question in ["주말 매출 비중 알려줘", "weekend share of sales"] {
        let plan = plan(question, None, &catalogue);
        assert!(plan.confidence > 0.5, "{question}: {}", plan.confidence);
    }
}
