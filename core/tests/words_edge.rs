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
            "an event of several days is told as one",
            "anomalies",
            json!({"metric": "revenue", "period": "2025-12", "normal": true, "rows": [
                member("Oak", json!({"time": "2025-12-12", "value": 0, "expected": 40, "score": -4, "is_anomaly": true, "event_id": 1, "impact": -110, "kind": "drop"})),
                member("Oak", json!({"time": "2025-12-13", "value": 0, "expected": 40, "score": -4, "is_anomaly": true, "event_id": 1, "impact": -110, "kind": "drop"})),
                member("Elm", json!({"time": "2025-12-13", "value": 90, "expected": 40, "score": 9, "is_anomaly": true, "event_id": 1, "impact": 50, "kind": "spike"})),
            ]}),
            "No: 2 unusual events in revenue in December 2025. Oak: a drop from 12 December 2025 to 13 December 2025, 110 below expected in all. 13 December 2025 (Elm): 90, above the expected 40.",
        ),
        (
            "nothing to do",
            "recommend",
            json!({"filter": {"brand": ["Noir & Co"]}, "rows": []}),
            "No action is recommended for Noir & Co.",
        ),
        (
            "launches of one age",
            "launch_curve",
            json!({"rows": [member("Elm", json!({"age_weeks": 51, "cumulative": 900, "index_to_peers": null})), member("Oak", json!({"age_weeks": 51, "cumulative": 800, "index_to_peers": 1.25}))]}),
            "51 weeks after launch, in all: Elm 900 and Oak 800 (1.25 times its peers).",
        ),
        (
            "a change of shares",
            "compare",
            json!({"metric": "revenue", "of": "share", "direction": "down", "period": "2025", "baseline": "2024", "rows": [
                member("Elm", json!({"value": 70, "baseline": 50, "change": 20, "change_pct": 0.4, "share": 0.7, "share_change": 0.2})),
                member("Oak", json!({"value": 30, "baseline": 50, "change": -20, "change_pct": -0.4, "share": 0.3, "share_change": -0.2})),
            ]}),
            "Lost share of revenue in 2025 against 2024: Oak (-20.0 points, to 30%).",
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

/// Amounts have the currency of the facts; where these have none, a text names none.
#[test]
fn a_currency_is_that_of_the_facts() {
    let facts = |currency: &str| {
        Facts::from_json(
            &json!({"metric": "revenue", "period": "2025-11", "currency": currency, "rows": [{"value": 26_075_800}]}),
        )
    };
    for (currency, text, right) in [
        ("", "Revenue was 26,075,800 in November 2025.", true),
        ("", "Revenue was $26,075,800 in November 2025.", false),
        ("", "Revenue was EUR 26,075,800 in November 2025.", false),
        (
            "",
            "Revenue was 26.1 million dollars in November 2025.",
            false,
        ),
        (
            "",
            "In dollars, revenue was 26,075,800 in November 2025.",
            false,
        ),
        ("", "2025년 11월 매출은 26,075,800원입니다.", false),
        ("", "2025년 11월 매출은 26,075,800입니다.", true),
        ("KRW", "2025년 11월 매출은 26,075,800원입니다.", true),
        (
            "EUR",
            "Revenue was 26.1 million euros in November 2025.",
            true,
        ),
        ("EUR", "Revenue was €26,075,800 in November 2025.", true),
        ("EUR", "Revenue was $26,075,800 in November 2025.", false),
    ] {
        let faults = verify("value", text, &facts(currency));
        assert_eq!(faults.is_empty(), right, "{currency}: {text}: {faults:?}");
    }
}

/// What lies ahead is neither told as past nor as certain; what is past may be.
#[test]
fn the_future_is_told_as_such() {
    let forecast = json!({"metric": "revenue", "period": "2026-01", "rows": [
        {"time": "2025-12-01", "member": "Total", "members": {}, "value": 39_120.0},
        {"time": "2026-01-01", "member": "Total", "members": {}, "forecast": 41_250.0, "lo": 33_400.0, "hi": 49_100.0, "level": 0.8}]});
    let target = json!({"metric": "revenue", "period": "2026-01", "rows": [
        {"members": {"brand": "Elm"}, "member": "Elm", "commit": 38_000.0, "stretch_target": 44_500.0, "ambitious": 47_300.0, "last_year": 36_700.0}]});
    let uplift = json!({"rows": [
        {"rank": 1, "action": "promote", "subject": "Oak Oil", "reason": "", "expected_uplift": 2_870.0, "lo": 910.0, "hi": 4_830.0, "status": "ok"}]});
    for (kind, facts, text, right) in [
        (
            "forecast",
            &forecast,
            "Revenue is forecast at 41,250 in January 2026.",
            true,
        ),
        (
            "forecast",
            &forecast,
            "Revenue was 39,120 in December 2025.",
            true,
        ),
        (
            "forecast",
            &forecast,
            "Revenue was 41,250 in January 2026.",
            false,
        ),
        (
            "forecast",
            &forecast,
            "Revenue is certain to reach 33,400 in January 2026.",
            false,
        ),
        (
            "forecast",
            &forecast,
            "2026년 1월 매출은 41,250을 기록했습니다.",
            false,
        ),
        (
            "forecast",
            &forecast,
            "2026년 1월 매출은 41,250으로 예상됩니다.",
            true,
        ),
        (
            "suggest_targets",
            &target,
            "Elm's stretch target is 44,500, after 36,700 last year.",
            true,
        ),
        ("suggest_targets", &target, "Elm reached 44,500.", false),
        (
            "recommend",
            &uplift,
            "Promoting Oak Oil is expected to bring 2,870.",
            true,
        ),
        (
            "recommend",
            &uplift,
            "Promoting Oak Oil brought 2,870.",
            false,
        ),
    ] {
        let faults = verify(kind, text, &Facts::from_json(facts));
        assert_eq!(faults.is_empty(), right, "{kind}: {text}: {faults:?}");
    }
}
