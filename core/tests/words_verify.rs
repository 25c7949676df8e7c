//! The checker against texts that are right and texts that were made wrong, one way each.
//!
//! `words/packs.json` holds facts and right texts by hand, in sets: A was looked at while the rules were written, the
//! others were written before the checker saw them and then mended on; H and I are of rows that the functions gave on the
//! demo databases. The narrator's own texts are added. Wrong texts are
//! all changes of them that a language model makes: a neighbour's figure, another unit, a negation, a reason of its own.
//! `cargo test --release -p kpi-core --test words_verify -- --nocapture` prints the tables that docs/words.md shows.
#![allow(clippy::print_stdout, reason = "the tables are the point")]

use std::collections::BTreeMap;

use kpi_core::words::{Facts, Lang, narrate_facts, verify};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Pack {
    set: String,
    kind: String,
    facts: Value,
    said: Vec<String>,
    /// Wrong texts by hand, each a text of `said` with one slip.
    #[serde(default)]
    wrong: Vec<String>,
}

fn packs() -> Vec<Pack> {
    serde_json::from_str(include_str!("words/packs.json")).expect("packs.json is a list of packs")
}

/// Texts of a language model that had seen neither the rules nor other texts: N worded as the prompt of `llm_explain` asks
/// for, the others freely; P was scored once and not mended on. Set, right texts, refused ones, wrong texts, caught ones. Floors.
const BLIND: [(&str, usize, usize, usize, usize); 5] = [
    ("L", 92, 3, 92, 86),
    ("M", 92, 5, 92, 81),
    ("N", 75, 1, 75, 67),
    ("O", 84, 8, 84, 66),
    ("P", 84, 28, 84, 68),
];

#[test]
fn blind_texts_are_judged_no_worse_than_before() {
    let packs: Vec<Pack> = serde_json::from_str(include_str!("words/blind.json"))
        .expect("blind.json is a list of packs");
    for (set, right, most_refused, wrong, least_caught) in BLIND {
        let own = || packs.iter().filter(|p| p.set == set);
        let passes = |pack: &Pack, text: &String| {
            verify(&pack.kind, text, &Facts::from_json(&pack.facts)).is_empty()
        };
        let refused = own()
            .flat_map(|p| p.said.iter().filter(move |t| !passes(p, t)))
            .count();
        let caught = own()
            .flat_map(|p| p.wrong.iter().filter(move |t| !passes(p, t)))
            .count();
        println!(
            "blind set {set}: {caught} of {wrong} wrong texts caught, {refused} of {right} right ones refused"
        );
        assert_eq!(own().map(|p| p.said.len()).sum::<usize>(), right);
        assert_eq!(own().map(|p| p.wrong.len()).sum::<usize>(), wrong);
        assert!(
            refused <= most_refused,
            "{set}: {refused} right texts refused"
        );
        assert!(caught >= least_caught, "{set}: {caught} wrong texts caught");
    }
}

/// Places of the numbers that are figures: with a comma, a point or three digits, no years, no sizes of products.
fn figures(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let from = at;
        while at < bytes.len()
            && (bytes[at].is_ascii_digit()
                || matches!(bytes[at], b',' | b'.')
                    && bytes.get(at + 1).is_some_and(u8::is_ascii_digit))
        {
            at += 1;
        }
        let run = &text[from..at];
        let year = run.parse::<i32>().is_ok_and(|y| (2020..=2030).contains(&y));
        let size = bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
        let long = run.len() >= 3 || run.contains('.') || text[at..].starts_with('%');
        if !year && !size && long && !text[at..].starts_with('년') {
            found.push((from, at));
        }
    }
    found
}

fn put(text: &str, (from, to): (usize, usize), word: &str) -> String {
    format!("{}{word}{}", &text[..from], &text[to..])
}

/// Whole words exchanged at their first place.
const DIRECTIONS: &[(&str, &str)] = &[
    ("rose", "fell"),
    ("fell", "rose"),
    ("grew", "shrank"),
    ("shrank", "grew"),
    ("declined", "grew"),
    ("gained", "lost"),
    ("lost", "gained"),
    ("climbed", "dropped"),
    ("slipped", "climbed"),
    ("dipped", "jumped"),
    ("increased", "decreased"),
    ("decreased", "increased"),
    ("went down", "went up"),
    ("went up", "went down"),
    ("improved", "worsened"),
    ("up EUR", "down EUR"),
    ("is up", "is down"),
    ("was up", "was down"),
    ("down from", "up from"),
    ("up from", "down from"),
    ("was down", "was up"),
    ("a drop of", "a rise of"),
    ("a rise of", "a drop of"),
    ("Up most", "Down most"),
    ("Down most", "Up most"),
    ("above", "below"),
    ("below", "above"),
    ("higher", "lower"),
    ("fewer", "more"),
    ("(+", "(-"),
    ("(-", "(+"),
    ("증가", "감소"),
    ("감소", "증가"),
    ("늘었", "줄었"),
    ("줄어", "늘어"),
    ("낮아", "높아"),
];
const RANKS: &[(&str, &str)] = &[
    ("leads", "trails"),
    ("comes first", "comes last"),
    ("the most", "the fewest"),
    ("the least", "the most"),
    ("highest", "lowest"),
    ("lowest", "highest"),
    ("largest", "smallest"),
    ("smallest", "largest"),
    ("strongest", "weakest"),
    ("weakest", "strongest"),
    ("best", "worst"),
    ("is last", "is first"),
    ("fewest", "most"),
    ("ranked fourth", "ranked second"),
    ("placing it third", "placing it fifth"),
    ("second with", "fourth with"),
    ("1위", "꼴찌"),
    ("가장 많", "가장 적"),
    ("가장 적", "가장 많"),
];
const NEGATIONS: &[(&str, &str)] = &[
    (" was ", " was not "),
    (" is ", " is not "),
    (" were ", " were not "),
    (" are ", " are not "),
    (" rose ", " did not rise "),
    (" fell ", " did not fall "),
    (" grew ", " did not grow "),
    (" sold ", " did not sell "),
    (" reached ", " did not reach "),
    (" made ", " did not make "),
    ("did not ", ""),
    ("증가했", "증가하지 않았"),
    ("감소했", "감소하지 않았"),
];
const UNITS: &[(&str, &str)] = &[
    ("EUR", "USD"),
    ("USD", "GBP"),
    ("GBP", "EUR"),
    (" units", " dollars"),
    (" units", " customers"),
    ("%", " points"),
    ("%", " units"),
    (" points", "%"),
    ("개", "원"),
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What a model gets wrong, by kind. Changes that leave the text true are left out by hand, each with its reason.
fn mutants(kind: &str, facts: &Facts, text: &str) -> Vec<(&'static str, String)> {
    let mut made: Vec<(&'static str, String)> = Vec::new();
    let places = figures(text);
    for (i, place) in places.iter().enumerate() {
        let run = &text[place.0..place.1];
        let mut digits: Vec<char> = run.chars().collect();
        let mut shown = (0..digits.len()).filter(|p| digits[*p].is_ascii_digit());
        let (first, second) = (shown.next(), shown.next());
        if let Some(middle) = second.or(first)
            && let Some(old) = digits[middle].to_digit(10)
        {
            digits[middle] = char::from_digit((old + 4) % 10, 10).unwrap_or('0');
            made.push((
                "another digit",
                put(text, *place, &digits.iter().collect::<String>()),
            ));
        }
        if run.contains(',') {
            made.push((
                "thousand to million",
                put(text, *place, &format!("{run} million")),
            ));
            let short: String = run.chars().take_while(|c| *c != ',').collect();
            made.push(("digits dropped", put(text, *place, &short)));
            let whole: f64 = run.replace(',', "").parse().unwrap_or(1.0);
            made.push(("scale", put(text, *place, &format!("{}", whole * 10.0))));
            let regrouped = run.replacen(',', "", 1);
            made.push((
                "grouping",
                put(
                    text,
                    *place,
                    &regrouped.replacen(|c: char| c.is_ascii_digit(), "1,2", 1),
                ),
            ));
        }
        if text[place.1..].starts_with('%') {
            made.push(("another digit", put(text, *place, &format!("1{run}"))));
        }
        if let Some(other) = places.get(i + 1) {
            let theirs = &text[other.0..other.1];
            // "A and B sold 1 and 2" aside, a sequence of times is true in one order only.
            if theirs != run && !matches!(kind, "value") {
                let swapped = put(&put(text, *other, run), *place, theirs);
                made.push(("figures swapped", swapped));
            }
        }
    }
    let mut exchange = |category: &'static str, pairs: &[(&str, &str)]| {
        for (a, b) in pairs.iter().filter(|(a, _)| text.contains(a)) {
            made.push((category, text.replacen(a, b, 1)));
        }
    };
    if !text.contains("did not") {
        exchange("direction", DIRECTIONS);
    }
    // Two ends of one column: with one row, and where parts of a change are told, first and last are not of levels.
    if facts.rows.len() > 1 && !matches!(kind, "bridge" | "drivers") {
        exchange("rank", RANKS);
    }
    exchange("negation", NEGATIONS);
    exchange("unit", UNITS);
    let allowed: Vec<String> = facts
        .period
        .iter()
        .chain(&facts.baseline)
        .cloned()
        .chain(facts.rows.iter().filter_map(|r| {
            ["time", "cohort"]
                .iter()
                .find_map(|c| r.get(*c)?.as_str().map(str::to_owned))
        }))
        .collect();
    let is_known = |month: usize| allowed.iter().any(|p| p.contains(&format!("-{month:02}")));
    if let Some(other) = [3, 6, 8, 5].into_iter().find(|m| !is_known(*m)) {
        for (i, name) in MONTHS.iter().enumerate() {
            if text.contains(&format!("{name} 20")) && i + 1 != other {
                made.push(("time", text.replacen(name, MONTHS[other - 1], 1)));
            }
            let korean = format!("{}월", i + 1);
            if text.contains(&format!("년 {korean}")) && i + 1 != other {
                made.push(("time", text.replacen(&korean, &format!("{other}월"), 1)));
            }
        }
    }
    for year in ["2024", "2025", "2026"] {
        if text.contains(&format!(" {year}")) || text.contains(&format!("{year}년")) {
            made.push(("time", text.replacen(year, "2022", 1)));
        }
    }
    let known = |q: &str| allowed.iter().any(|p| p.contains(q));
    if let Some(other) = ["Q1", "Q3", "Q2"].into_iter().find(|q| !known(q)) {
        for q in ["Q1", "Q2", "Q3", "Q4"] {
            if q != other && text.contains(&format!("{q} 20")) {
                made.push(("time", text.replacen(q, other, 1)));
            }
        }
    }
    let mut names: Vec<&str> = facts
        .rows
        .iter()
        .filter_map(|r| {
            ["member", "tier", "product", "subject"]
                .iter()
                .find_map(|c| r.get(*c)?.as_str())
        })
        .filter(|n| *n != "Total" && text.contains(n))
        .collect();
    names.dedup();
    // "A and B together", "A and B both": true in either order.
    let joint = [
        "ogether",
        "oth ",
        "Two ",
        "Both",
        "add up",
        "은 A등급",
        "인 ",
    ]
    .iter()
    .any(|w| text.contains(w));
    if let [a, b, ..] = names.as_slice()
        && !joint
    {
        made.push((
            "names swapped",
            text.replace(a, "\u{1}").replace(b, a).replace('\u{1}', b),
        ));
    }
    if let [a, ..] = names.as_slice()
        && kind != "price_tiers"
    {
        made.push(("unknown name", text.replacen(a, "Wrenfield", 1)));
        // Another member than the one it is true of.
        let other = facts
            .rows
            .iter()
            .filter_map(|r| r.get("member").or(r.get("product")).and_then(Value::as_str));
        if let Some(other) = other
            .into_iter()
            .find(|n| *n != "Total" && *n != "Other" && !names.contains(n))
            && !places.is_empty()
            && names.len() == 1
        {
            made.push(("another member", text.replacen(a, other, 1)));
        }
    }
    let stem = text.trim_end_matches('.');
    let mut add = |category: &'static str, tail: &str| {
        made.push((category, format!("{stem}{tail}")));
    };
    if !matches!(kind, "drivers" | "bridge") {
        add("cause", ", thanks to a successful launch.");
        add(
            "cause",
            ". The reason is stronger demand before the holidays.",
        );
        add("cause", " as shoppers switched to cheaper brands.");
        add("cause", ". This is due to a strong marketing campaign.");
        add("cause", ", which reflects growing brand awareness.");
        add("cause", ". 신제품 출시 덕분입니다.");
    }
    if !matches!(kind, "recommend" | "insights") {
        add("advice", ". You should raise prices.");
        add("advice", ". It would be wise to expand there.");
        add("advice", ". We recommend a price increase.");
        add("advice", ". 가격을 올려야 합니다.");
    }
    add("outlook", ". This trend is going to continue next year.");
    add("outlook", ". Further growth is to be expected.");
    add("superlative", ". That is the best result ever.");
    add("superlative", ", the highest level in three years.");
    add("superlative", ". This is a new record.");
    add(
        "embellishment",
        ". This nearly doubled the previous result.",
    );
    add(
        "embellishment",
        ". More than half of it came from online orders.",
    );
    add("embellishment", ", an impressive result for the team.");
    add("invented figure", ", compared with 64,219 before.");
    add("invented figure", ". Profit reached 23.9%.");
    add(
        "invented figure",
        ". Some fifteen thousand buyers took part.",
    );
    add("invented figure", ". Returns came to 7,313.");
    add("link", ". Details: [report](https://kpi.example.org/r).");
    add("link", ". See http://evil.example/login.");
    made.retain(|(_, t)| t != text);
    made
}

#[derive(Default)]
struct Tally {
    right: usize,
    refused: usize,
    by_category: BTreeMap<&'static str, (usize, usize)>,
}

#[test]
fn wrong_texts_are_caught_and_right_ones_pass() {
    let mut sets: BTreeMap<String, Tally> = BTreeMap::new();
    for pack in packs() {
        let facts = Facts::from_json(&pack.facts);
        let tally = sets.entry(pack.set.clone()).or_default();
        let mut texts = pack.said.clone();
        texts.push(narrate_facts(&pack.kind, &facts, Lang::En));
        texts.push(narrate_facts(&pack.kind, &facts, Lang::Ko));
        for wrong in &pack.wrong {
            let entry = tally.by_category.entry("by hand").or_default();
            entry.1 += 1;
            if verify(&pack.kind, wrong, &facts).is_empty() {
                println!("{} missed by hand {}: {wrong}", pack.set, pack.kind);
            } else {
                entry.0 += 1;
            }
        }
        for text in texts {
            tally.right += 1;
            let faults = verify(&pack.kind, &text, &facts);
            if !faults.is_empty() {
                tally.refused += 1;
                println!("{} refused {}: {text} {faults:?}", pack.set, pack.kind);
                // Whatever is changed in it, it stays refused: that would count as caught.
                continue;
            }
            for (category, mutant) in mutants(&pack.kind, &facts, &text) {
                let entry = tally.by_category.entry(category).or_default();
                entry.1 += 1;
                if verify(&pack.kind, &mutant, &facts).is_empty() {
                    println!("{} missed {category} {}: {mutant}", pack.set, pack.kind);
                } else {
                    entry.0 += 1;
                }
            }
        }
    }
    let (mut right, mut refused, mut caught, mut all) = (0, 0, 0, 0);
    for (set, tally) in &sets {
        let (c, a) = tally
            .by_category
            .values()
            .fold((0, 0), |(a, b), (x, y)| (a + x, b + y));
        println!(
            "set {set}: {c} of {a} wrong texts caught, {} of {} right ones refused",
            tally.refused, tally.right
        );
        for (category, (c, a)) in &tally.by_category {
            println!("  {category:20} {c:4} of {a:4}");
        }
        (right, refused) = (right + tally.right, refused + tally.refused);
        (caught, all) = (caught + c, all + a);
    }
    println!("all: {caught} of {all} caught; {refused} of {right} refused");
    // Sets from rows of the demo databases: at first sight 27 % of the right texts of H were refused and 36 % of I, and
    // 81 % and 86 % of the wrong ones by hand caught. They are no longer unseen; these are floors.
    for set in ["H", "I"] {
        let tally = &sets[set];
        let (by_hand, of) = tally.by_category["by hand"];
        assert!(tally.refused <= 4, "{set}: {} refused", tally.refused);
        assert!(by_hand + 2 >= of, "{set}: {by_hand} of {of} by hand caught");
    }
    assert!(all >= 400, "{all} wrong texts");
    assert!(right >= 300, "{right} right texts");
    assert!(
        caught as f64 >= 0.97 * all as f64,
        "{caught} of {all} caught"
    );
    assert!(
        refused as f64 <= 0.02 * right as f64,
        "{refused} of {right} right texts refused"
    );
}
