use serde_json::json;

use super::*;

fn source(rollup: bool) -> Source {
    let same = |names: &[&str]| {
        names
            .iter()
            .map(|n| ((*n).to_owned(), (*n).to_owned()))
            .collect()
    };
    Source {
        name: "sales".to_owned(),
        relation: "\"sales\".\"order_line\"".to_owned(),
        at: "sold_on".to_owned(),
        price: "price".to_owned(),
        quantity: "quantity".to_owned(),
        revenue: Some("revenue".to_owned()),
        dimensions: same(&[
            "brand",
            "sku",
            "product",
            "product_type",
            "channel",
            "vendor",
        ]),
        rollup,
        ..Source::default()
    }
}

fn revenue() -> Metric {
    Metric {
        name: "revenue".to_owned(),
        expression: "sum(revenue)".to_owned(),
        rollup_expression: Some("sum(revenue)".to_owned()),
        ..Metric::default()
    }
}

fn select(
    source: &Source,
    metrics: &[Metric],
    by: &[&str],
    filter: serde_json::Value,
) -> Result<String> {
    let by: Vec<String> = by.iter().map(|b| (*b).to_owned()).collect();
    let period = Period::parse("2025-10", None).unwrap();
    source.select(&Request {
        metrics,
        by: &by,
        filter: &Filter::parse(&filter)?,
        periods: &[Some(period)],
        grain: None,
        defined: &[],
    })
}

#[test]
fn the_smallest_level_that_has_the_dimensions_is_read() {
    let source = source(true);
    for (by, filter, level) in [
        (&["brand"][..], json!({}), "'brand'"),
        (&[], json!({"channel": "Web"}), "'channel'"),
        (
            &["brand", "weekday"],
            json!({"channel": "Web"}),
            "'brand_channel'",
        ),
        (&["price_tier"], json!({"brand": "A"}), "'sku'"),
    ] {
        let sql = select(&source, &[revenue()], by, filter).unwrap();
        assert!(sql.contains(&format!("line.level = {level}")), "{sql}");
    }
    let sql = select(&source, &[revenue()], &["sku"], json!({"channel": "Web"})).unwrap();
    assert!(
        sql.contains("order_line"),
        "no level has sku and channel: {sql}"
    );
}

#[test]
fn without_the_rollup_lines_are_read() {
    let sql = select(&source(false), &[revenue()], &["brand"], json!({})).unwrap();
    assert!(!sql.contains("sales.rollup"), "{sql}");
    assert!(sql.contains("\"sold_on\" >= '2025-10-01'::date AND \"sold_on\" < '2025-11-01'::date"));
}

#[test]
fn members_are_literals_whatever_they_hold() {
    let sql = select(
        &source(false),
        &[revenue()],
        &[],
        json!({"brand": ["O'Brien\\", "'; DROP TABLE x; --"], "vendor": {"not": [null, 7]}}),
    )
    .unwrap();
    assert!(
        sql.contains(r"ARRAY[ E'O''Brien\\', '''; DROP TABLE x; --']::text[]"),
        "{sql}"
    );
    assert!(
        sql.contains("coalesce(line.\"vendor\", '(none)') <> ALL (ARRAY['(none)', '7']::text[])")
    );
}

#[test]
fn wrong_names_and_shapes_are_told() {
    let error = select(&source(false), &[revenue()], &["brnd"], json!({})).unwrap_err();
    let Error::Unknown { kind, near, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((kind, near[0].as_str()), ("dimension", "brand"));
    for filter in [
        json!([]),
        json!("A"),
        json!({"brand": {"like": "A"}}),
        json!({"brand": [["A"]]}),
    ] {
        assert!(Filter::parse(&filter).is_err(), "{filter}");
    }
}

#[test]
fn a_metric_whose_columns_are_not_mapped_gives_no_rows() {
    let orders = Metric {
        name: "orders".to_owned(),
        expression: "count(DISTINCT order_ref)".to_owned(),
        reads: vec!["order_ref".to_owned()],
        ..Metric::default()
    };
    let sql = select(&source(false), &[orders], &[], json!({})).unwrap();
    assert!(sql.ends_with("WHERE false"), "{sql}");
}

#[test]
fn product_and_sku_stand_for_each_other() {
    let mut source = source(false);
    source.dimensions.retain(|(d, _)| d != "product");
    let sql = select(&source, &[revenue()], &["product"], json!({})).unwrap();
    assert!(sql.contains("line.\"sku\""), "{sql}");
}

#[test]
fn tiers_are_worked_out_once_for_all_periods() {
    let periods = ["2025-08", "2025-09", "2025-10"].map(|p| Period::parse(p, None).ok());
    let select = |by: &str, rollup: bool| {
        source(rollup)
            .select(&Request {
                metrics: &[revenue()],
                by: &[by.to_owned()],
                filter: &Filter::parse(&json!({})).unwrap(),
                periods: &periods,
                grain: None,
                defined: &[],
            })
            .unwrap()
    };
    let sql = select("price_tier", false);
    assert_eq!(sql.matches("UNION ALL").count(), 2, "{sql}");
    assert_eq!(sql.matches("percentile_disc(ARRAY").count(), 1, "{sql}");
    let sql = select("price_tier", true);
    assert_eq!(sql.matches("sales.rollup_sku").count(), 1, "{sql}");
    assert!(!select("brand", false).contains("WITH"));
}
