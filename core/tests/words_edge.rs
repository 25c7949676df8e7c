//! What the narrator says of rows at the edge: nothing, one, equal, huge, tiny.

use kpi_core::words::{Facts, Lang, narrate_facts, verify};
use serde_json::{Value, json};

/// What the narrator says of rows at the edge is right by its own check, and free of `NaN`, `inf` and doubled words.
#[test]
fn facts_at_the_edge_are_told_and_checked() {
    let member = |name: &str, rest: Value| {
        let mut row = json!({"members": {"brand": name}, "member": name});
        if let (Some(row), Some(rest)) = (row.as_object_mut(), rest.as_object()) {
            row.extend(rest.clone());
        }
        row
    };
    let total = |value: f64, baseline: f64, pct: Value| json!({"members": {}, "member": "Total", "value": value, "baseline": baseline, "change": value - baseline, "change_pct": pct});
    let cases: Vec<(&str, &str, Value, &str)> = vec![
        (
            "no change",
            "compare",
            json!({"metric": "revenue", "period": "2025-10", "baseline": "2025-09", "rows": [total(500.0, 500.0, json!(0.0))]}),
            "",
        ),
        (
            "no change, a drop asked for",
            "compare",
            json!({"metric": "revenue", "period": "2025-10", "baseline": "2025-09", "asked": "down", "rows": [total(500.0, 500.0, json!(0.0))]}),
            "",
        ),
        (
            "previous was nothing",
            "compare",
            json!({"metric": "revenue", "period": "2025-10", "baseline": "2025-09", "rows": [total(500.0, 0.0, Value::Null)]}),
            "500",
        ),
        (
            "from below nothing",
            "compare",
            json!({"metric": "revenue", "period": "2025-10", "baseline": "2025-09", "rows": [total(500.0, -200.0, Value::Null)]}),
            "500",
        ),
        (
            "all equal",
            "breakdown",
            json!({"metric": "units", "rows": [member("Elm", json!({"value": 7, "share": 0.5, "rank": 1})), member("Oak", json!({"value": 7, "share": 0.5, "rank": 1}))]}),
            "7",
        ),
        (
            "one member",
            "breakdown",
            json!({"metric": "units", "rows": [member("Elm", json!({"value": 7, "share": 1.0, "rank": 1}))]}),
            "7",
        ),
        (
            "equal when rounded",
            "breakdown",
            json!({"metric": "asp", "rows": [member("Elm", json!({"value": 10.001, "rank": 1})), member("Oak", json!({"value": 10.002, "rank": 2}))]}),
            "10",
        ),
        (
            "huge",
            "value",
            json!({"metric": "revenue", "rows": [{"value": 9.87e15}]}),
            "9,870,000,000,000,000",
        ),
        (
            "tiny",
            "value",
            json!({"metric": "asp", "rows": [{"value": 0.0004}]}),
            "0",
        ),
        (
            "a share in points",
            "compare",
            json!({"metric": "return_rate", "period": "2025-10", "baseline": "2025-09", "rows": [total(0.031, 0.027, json!(0.148))]}),
            "0.4 points",
        ),
        (
            "a negative level",
            "value",
            json!({"metric": "revenue", "rows": [{"value": -1234.5}]}),
            "-1,234",
        ),
        (
            "nothing at all",
            "value",
            json!({"metric": "revenue", "rows": [{"value": null}]}),
            "",
        ),
        (
            "nothing unusual",
            "anomalies",
            json!({"metric": "revenue", "period": "2025-10", "rows": []}),
            "Nothing unusual was found in revenue in October 2025.",
        ),
        (
            "a brand of digits",
            "breakdown",
            json!({"metric": "units", "period": "2025", "rows": [member("2025", json!({"value": 12, "share": 0.6, "rank": 1})), member("1960", json!({"value": 8, "share": 0.4, "rank": 2}))]}),
            "12",
        ),
        (
            "the share asked for",
            "breakdown",
            json!({"metric": "units", "focus": ["Oak"], "rows": [member("Elm", json!({"value": 12, "share": 0.6, "rank": 1})), member("Oak", json!({"value": 8, "share": 0.4, "rank": 2}))]}),
            "Oak holds 40% of units sold: 8, place 2 of 2.",
        ),
    ];
    for (name, kind, facts, holds) in cases {
        let facts = Facts::from_json(&facts);
        for lang in [Lang::En, Lang::Ko] {
            let text = narrate_facts(kind, &facts, lang);
            assert!(
                !text.is_empty() && !text.contains("NaN") && !text.contains("inf"),
                "{name}: {text}"
            );
            if lang == Lang::En {
                assert!(text.contains(holds), "{name}: {text}");
            }
            if !facts.rows.is_empty() {
                let faults = verify(kind, &text, &facts);
                assert!(faults.is_empty(), "{name}: {text} {faults:?}");
            }
        }
    }
    let same = narrate_facts(
        "compare",
        &Facts::from_json(
            &json!({"metric": "revenue", "period": "2025-10", "baseline": "2025-09", "rows": [total(500.0, 500.0, json!(0.0))]}),
        ),
        Lang::En,
    );
    assert!(!same.contains("rose") && !same.contains("fell"), "{same}");
}
