//! The checker against texts that are right and texts that were made wrong, one way each.
//!
//! Right texts: what the narrator writes for the packs below, and paraphrases written by hand. Wrong ones: every
//! mutation of them that changes what is said. `cargo test -p kpi-core --test words_verify -- --nocapture` prints the table.
#![allow(clippy::print_stdout, reason = "the table is the point")]

use std::collections::BTreeMap;

use kpi_core::words::{Facts, Lang, narrate_facts, verify};
use serde_json::{Value, json};

struct Pack {
    kind: &'static str,
    facts: Value,
    /// Right texts in other words.
    said: &'static [&'static str],
}

fn packs() -> Vec<Pack> {
    let member = |name: &str| json!({"brand": name});
    vec![
        Pack {
            kind: "breakdown",
            facts: json!({"metric": "revenue", "period": "2025-10", "currency": "EUR", "rows": [
                {"members": member("Aurora"), "member": "Aurora", "value": 412350.5, "share": 0.512, "rank": 1},
                {"members": member("Boreal"), "member": "Boreal", "value": 268710, "share": 0.334, "rank": 2},
                {"members": member("Cascade"), "member": "Cascade", "value": 124020, "share": 0.154, "rank": 3}]}),
            said: &[
                "In October 2025 Aurora was the largest with EUR 412,351, which is 51.2% of revenue. Boreal follows with EUR 268,710 (33.4%).",
                "Cascade had the lowest revenue, EUR 124,020 or 15.4%.",
                "Aurora made EUR 412 thousand, Boreal EUR 269 thousand and Cascade EUR 124 thousand.",
                "Boreal holds 33.4% and Cascade 15.4%, while Aurora leads with 51.2%.",
                "2025년 10월 매출 1위는 Aurora로 EUR 412,351(51.2%)입니다.",
            ],
        },
        Pack {
            kind: "compare",
            facts: json!({"metric": "revenue", "period": "2025-10", "baseline": "2025-09", "asked": "down", "rows": [
                {"member": "Total", "members": {}, "value": 84210, "baseline": 80950, "change": 3260, "change_pct": 0.04027}]}),
            said: &[
                "Revenue rose by 4% to 84,210 in October 2025, from 80,950 in September 2025.",
                "Revenue in October 2025 was 84,210, up 3,260 from 80,950 in September 2025.",
                "In October 2025 revenue increased from 80,950 to 84,210, a gain of 4.0 percent.",
                "Revenue did not drop: it grew 4% to 84,210.",
                "매출은 2025년 10월 84,210으로 2025년 9월 80,950보다 4% 증가했습니다.",
            ],
        },
        Pack {
            kind: "compare",
            facts: json!({"metric": "units", "period": "2025-Q3", "baseline": "2025-Q2", "rows": [
                {"member": "Aurora", "members": member("Aurora"), "value": 5320, "baseline": 4810, "change": 510, "change_pct": 0.10603},
                {"member": "Boreal", "members": member("Boreal"), "value": 2270, "baseline": 2640, "change": -370, "change_pct": -0.14015},
                {"member": "Cascade", "members": member("Cascade"), "value": 960, "baseline": 975, "change": -15, "change_pct": -0.01538}]}),
            said: &[
                "Aurora rose by 510 units to 5,320, while Boreal fell by 370 units to 2,270.",
                "Boreal lost 14% and Cascade lost 1.5%; Aurora gained 10.6%.",
                "Aurora grew most, from 4,810 to 5,320. Boreal declined from 2,640 to 2,270.",
                "Cascade slipped from 975 units to 960 units in Q3 2025.",
                "Aurora는 510 증가했고, Boreal은 370 감소했습니다.",
            ],
        },
        Pack {
            kind: "bridge",
            facts: json!({"metric": "revenue", "period": "2025-Q3", "baseline": "2025-Q2", "rows": [
                {"member": "Aurora", "members": member("Aurora"), "price": 1200.5, "volume": -3400, "mix": 210, "new": 0, "discontinued": 0, "other": 0, "change": -1989.5},
                {"member": "Boreal", "members": member("Boreal"), "price": 300, "volume": -500, "mix": -60, "new": 800, "discontinued": -120, "other": 0, "change": 420}]}),
            said: &[
                "Revenue fell by 1,569.50: volume took 3,900 away and price added 1,500.50.",
                "Aurora fell by 1,989.50 and Boreal rose by 420.",
            ],
        },
        Pack {
            kind: "forecast",
            facts: json!({"metric": "revenue", "rows": [
                {"member": "Total", "members": {}, "time": "2025-12-01", "forecast": 91250, "lo": 82100, "hi": 101400, "level": 0.95, "model": "ets", "status": "ok"},
                {"member": "Total", "members": {}, "time": "2026-01-01", "forecast": 77600, "lo": 67300, "hi": 88900, "level": 0.95, "model": "ets", "status": "ok"}]}),
            said: &[
                "For December 2025 revenue of 91,250 is expected, between 82,100 and 101,400.",
                "The forecast for January 2026 is 77,600 (95% interval 67,300 to 88,900).",
                "Revenue is forecast at 91,250 in December 2025 and at 77,600 in January 2026.",
            ],
        },
        Pack {
            kind: "drivers",
            facts: json!({"metric": "revenue", "period": "2025-10", "baseline": "2025-09", "rows": [
                {"kind": "total", "member": "Total", "value": 70200, "baseline": 75100, "change": -4900, "change_pct": -0.06525},
                {"kind": "segment", "rank": 1, "member": "Amazon", "members": {"channel": "Amazon"}, "baseline": 21000, "value": 15300, "expected": 20400, "change": -5100, "ratio": 0.75},
                {"kind": "segment", "rank": 2, "member": "Boreal", "members": member("Boreal"), "baseline": 11000, "value": 12900, "expected": 10800, "change": 2100, "ratio": 1.19}]}),
            said: &[
                "Revenue fell 6.5% to 70,200 because Amazon came in at 15,300 where 20,400 was expected.",
                "Amazon was the main driver with 15,300, below the expected 20,400. Boreal was above expectation with 12,900.",
            ],
        },
        Pack {
            kind: "concentration",
            facts: json!({"metric": "revenue", "period": "2025-10", "rows": [{"hhi": 0.213, "effective_n": 4.69, "top1_share": 0.341, "top5_share": 0.982, "members_for_80": 3, "gini": 0.45}]}),
            said: &[
                "The largest member holds 34.1% and the top 5 hold 98.2% of revenue.",
                "Three members are needed for 80%, and the HHI is 0.213.",
            ],
        },
        Pack {
            kind: "attainment",
            facts: json!({"metric": "revenue", "period": "2025-11", "rows": [
                {"member": "Total", "members": {}, "target": 90000, "to_date": 48100, "expected_end": 83500, "lo": 79200, "hi": 87900, "p_attain": 0.032, "pace": 0.93, "state": "bad"}]}),
            said: &[
                "So far 48,100 of the target of 90,000 is reached; 83,500 is expected by the end, and the probability is 3.2%.",
            ],
        },
        Pack {
            kind: "price_tiers",
            facts: json!({"metric": "revenue", "period": "2025-10", "rows": [
                {"tier": "premium", "revenue": 35200, "share": 0.44, "change_pct": 0.061, "skus": 9},
                {"tier": "mid", "revenue": 28800, "share": 0.36, "change_pct": -0.022, "skus": 11},
                {"tier": "value", "revenue": 16000, "share": 0.2, "change_pct": 0.118, "skus": 14}]}),
            said: &[
                "Premium made 35,200 or 44% of revenue.",
                "Mid made 28,800, a share of 36%.",
            ],
        },
        Pack {
            kind: "history",
            facts: json!({"metric": "return_rate", "rows": [
                {"time": "2025-08-01", "value": 0.031, "is_partial": false}, {"time": "2025-09-01", "value": 0.042, "is_partial": false},
                {"time": "2025-10-01", "value": 0.027, "is_partial": false}]}),
            said: &[
                "The return rate was 3.1% in August 2025, 4.2% in September 2025 and 2.7% in October 2025.",
            ],
        },
        Pack {
            kind: "anomalies",
            facts: json!({"metric": "units", "period": "2025-10", "rows": [
                {"member": "Total", "members": {}, "time": "2025-10-11", "value": 412, "expected": 188.2, "lo": 120.4, "hi": 255.9, "score": 7.1, "direction": "up", "is_anomaly": true, "kind": "spike"},
                {"member": "Total", "members": {}, "time": "2025-10-23", "value": 31, "expected": 176.5, "lo": 110.3, "hi": 243.1, "score": -4.6, "direction": "down", "is_anomaly": true, "kind": "drop"}]}),
            said: &[
                "On 11 October 2025 there were 412 units where 188 were expected.",
                "On 23 October 2025 only 31 units were sold, below the expected 176.5.",
            ],
        },
        Pack {
            kind: "suggest_targets",
            facts: json!({"metric": "revenue", "period": "2025-12", "rows": [
                {"member": "Aurora", "members": member("Aurora"), "commit": 40100, "stretch_target": 43300, "ambitious": 46900, "last_year": 39500, "status": "ok"},
                {"member": "Boreal", "members": member("Boreal"), "commit": 22800, "stretch_target": 24900, "ambitious": 27400, "last_year": 25100, "status": "ok"}]}),
            said: &[
                "For Aurora commit 40,100, stretch 43,300 and ambitious 46,900.",
                "Boreal made 25,100 a year earlier.",
            ],
        },
    ]
}

/// Texts with the first or every place of one pattern changed, one text a place.
fn each(text: &str, from: &str, to: &str) -> Vec<String> {
    text.match_indices(from)
        .map(|(at, _)| format!("{}{to}{}", &text[..at], &text[at + from.len()..]))
        .collect()
}

/// Digit runs that are not part of a name, time or rank, as byte ranges.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_digit() {
            let from = at;
            while at < bytes.len()
                && (bytes[at].is_ascii_digit()
                    || (matches!(bytes[at], b',' | b'.')
                        && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)))
            {
                at += 1;
            }
            let run = &text[from..at];
            let plain = run.parse::<i32>().ok();
            let year = plain.is_some_and(|y| (2023..=2026).contains(&y));
            let small = plain.is_some_and(|y| y <= 31);
            if !year && !small {
                found.push((from, at));
            }
        } else {
            at += 1;
        }
    }
    found
}

fn mutants(pack: &Pack, facts: &Facts, text: &str) -> Vec<(&'static str, String)> {
    let mut made: Vec<(&'static str, String)> = Vec::new();
    for (from, to) in numbers(text) {
        let run = &text[from..to];
        let mut digits: Vec<char> = run.chars().collect();
        if let Some(first) = digits.iter_mut().find(|c| c.is_ascii_digit()) {
            *first = match *first {
                '9' => '4',
                c => char::from(c as u8 + 1),
            };
        }
        let changed: String = digits.into_iter().collect();
        made.push((
            "digit",
            format!("{}{changed}{}", &text[..from], &text[to..]),
        ));
        let whole: String = run.chars().filter(|c| *c != ',').collect();
        if run.contains(',') {
            made.push((
                "scale",
                format!(
                    "{}{}{}",
                    &text[..from],
                    whole.parse::<f64>().unwrap_or(1.0) * 10.0,
                    &text[to..]
                ),
            ));
            made.push((
                "grouping",
                format!(
                    "{}{}{}",
                    &text[..from],
                    run.replacen(',', "", 1)
                        .replacen(|c: char| c.is_ascii_digit(), "1,2", 1),
                    &text[to..]
                ),
            ));
        }
    }
    for (a, b) in [
        ("rose", "fell"),
        ("fell", "rose"),
        ("increased", "decreased"),
        ("grew", "shrank"),
        ("lost", "gained"),
        ("gained", "lost"),
        ("declined", "increased"),
        ("slipped", "climbed"),
        ("Up most", "Down most"),
        ("Down most", "Up most"),
        ("above", "below"),
        ("below", "above"),
        (" up ", " down "),
        ("증가", "감소"),
        ("감소", "증가"),
        ("(+", "(-"),
        ("(-", "(+"),
    ] {
        let applies =
            pack.kind != "forecast" && pack.kind != "history" && !text.contains("did not");
        if applies {
            made.extend(each(text, a, b).into_iter().map(|t| ("direction", t)));
        }
    }
    if facts.rows.len() > 1 {
        for (a, b) in [
            ("largest", "smallest"),
            ("lowest", "highest"),
            ("leads", "comes last"),
            ("comes first", "comes last"),
            ("grew most", "fell most"),
            ("1위", "최하위"),
        ] {
            if matches!(pack.kind, "breakdown" | "compare") {
                made.extend(each(text, a, b).into_iter().map(|t| ("rank", t)));
            }
        }
    }
    let names: Vec<&str> = facts
        .rows
        .iter()
        .filter_map(|r| r.get("member").or(r.get("tier")).and_then(Value::as_str))
        .filter(|n| *n != "Total" && text.contains(n))
        .collect();
    if let [a, b, ..] = names.as_slice() {
        made.push((
            "swapped names",
            text.replace(a, "\u{1}").replace(b, a).replace('\u{1}', b),
        ));
    }
    if let [.., a] = names.as_slice() {
        made.push(("unknown name", text.replacen(a, "Zephyrine", 1)));
    }
    made.extend(
        each(text, "EUR ", "USD ")
            .into_iter()
            .take(2)
            .map(|t| ("unit", t)),
    );
    made.extend(
        each(text, " units", " euros")
            .into_iter()
            .take(2)
            .map(|t| ("unit", t)),
    );
    made.extend(
        each(text, "%", " units")
            .into_iter()
            .take(2)
            .map(|t| ("unit", t)),
    );
    if pack.kind != "history" {
        made.extend(
            each(text, "%", " points")
                .into_iter()
                .take(2)
                .map(|t| ("unit", t)),
        );
    }
    for (a, b) in [
        ("October", "May"),
        ("September 2025", "March 2025"),
        ("December", "August"),
        ("January", "April"),
        ("Q3", "Q1"),
        ("2025", "2022"),
        ("10월", "5월"),
    ] {
        made.extend(each(text, a, b).into_iter().take(1).map(|t| ("time", t)));
    }
    if !matches!(pack.kind, "drivers" | "bridge") {
        made.push((
            "cause",
            format!("{text} This is due to a strong marketing campaign."),
        ));
        made.push((
            "cause",
            format!(
                "{} because customers love the brand.",
                text.trim_end_matches('.')
            ),
        ));
    }
    made.push(("advice", format!("{text} You should raise prices.")));
    made.push(("link", format!("{text} See http://evil.example/login.")));
    made.push(("invented", format!("{text} Returns came to 7,313.")));
    made.push((
        "invented",
        format!("{text} Thirteen stores closed, which cost 58.7%."),
    ));
    made.retain(|(_, t)| t != text);
    made
}

#[test]
fn wrong_texts_are_caught_and_right_ones_pass() {
    let mut table: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut right, mut refused) = (0, 0);
    let mut show = Vec::new();
    for pack in packs() {
        let facts = Facts::from_json(&pack.facts);
        let mut texts: Vec<String> = pack.said.iter().map(|t| (*t).to_owned()).collect();
        texts.push(narrate_facts(pack.kind, &facts, Lang::En));
        texts.push(narrate_facts(pack.kind, &facts, Lang::Ko));
        for text in texts {
            right += 1;
            let faults = verify(pack.kind, &text, &facts);
            if !faults.is_empty() {
                refused += 1;
                show.push(format!("refused {}: {text} {faults:?}", pack.kind));
                continue;
            }
            for (category, mutant) in mutants(&pack, &facts, &text) {
                let entry = table.entry(category).or_default();
                entry.1 += 1;
                if verify(pack.kind, &mutant, &facts).is_empty() {
                    show.push(format!("missed {category} {}: {mutant}", pack.kind));
                } else {
                    entry.0 += 1;
                }
            }
        }
    }
    for line in &show {
        println!("{line}");
    }
    let (caught, all) = table.values().fold((0, 0), |(a, b), (x, y)| (a + x, b + y));
    println!("{:16} caught of", "category");
    for (category, (caught, all)) in &table {
        println!("{category:16} {caught:4} of {all:4}");
    }
    println!(
        "{:16} {caught:4} of {all:4}; right texts refused: {refused} of {right}",
        "all"
    );
    assert!(all >= 400, "{all} wrong texts");
    assert!(
        caught as f64 >= 0.97 * all as f64,
        "{caught} of {all} caught"
    );
    assert!(
        refused as f64 <= 0.02 * right as f64,
        "{refused} of {right} right texts refused"
    );
}
