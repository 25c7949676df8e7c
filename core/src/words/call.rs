//! From a plan to the SQL that runs it, and what is shown around its rows.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::args::{self, Args};
use super::facts::Lang;
use super::plan::Plan;
use super::router::FUNCTIONS;
use super::time::{self, Span, canonical};
use crate::series::Grain;

/// Everything `ask` needs beside the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// One SELECT that can be pasted into psql; empty for `none`.
    pub sql: String,
    /// A SELECT of one row with `value` and `baseline` of the total, where the function's rows lack it.
    pub total_sql: Option<String>,
    /// What is known around the rows, as [`super::Facts`] reads it.
    pub facts: Value,
    /// How to draw the rows: `{"type", "x", "y", "series"}`.
    pub chart: Value,
    /// Questions that may come next.
    pub suggestions: Vec<String>,
}

/// Most rows that a table of groups is worth reading; more is cut by `ask`.
const DEFAULT_TOP: u32 = 20;

/// A SQL literal: quotes doubled, backslashes kept as they are (`standard_conforming_strings`).
fn literal(text: &str) -> String {
    let clean: String = text.chars().filter(|c| *c != '\0').collect();
    if clean.contains('\\') {
        format!("E'{}'", clean.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", clean.replace('\'', "''"))
    }
}

/// `'{brand,sku}'`: dimension names are checked words.
fn array(names: &[String]) -> Option<String> {
    let plain = |n: &String| !n.is_empty() && n.chars().all(|c| c.is_alphanumeric() || c == '_');
    (!names.is_empty() && names.iter().all(plain))
        .then(|| literal(&format!("{{{}}}", names.join(","))))
}

/// The filter of the SQL functions: members kept, and `not` those left out.
fn filter(args: &Args) -> Option<String> {
    let mut map = Map::new();
    for (dimension, members) in &args.filter {
        let left: Vec<&String> = members
            .iter()
            .filter(|m| !args.exclude.get(dimension).is_some_and(|e| e.contains(m)))
            .collect();
        map.insert(dimension.clone(), json!(left));
    }
    for (dimension, members) in &args.exclude {
        if !map.contains_key(dimension) {
            map.insert(dimension.clone(), json!({"not": members}));
        }
    }
    (!map.is_empty()).then(|| literal(&Value::Object(map).to_string()))
}

struct Arguments(Vec<(&'static str, String)>);

impl Arguments {
    fn push(&mut self, name: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.0.push((name, value));
        }
    }
    fn call(&self, function: &str) -> String {
        let list: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name} => {value}"))
            .collect();
        format!("kpi.{function}({})", list.join(", "))
    }
}

fn period(text: Option<&String>) -> Option<String> {
    // Only what reads as a period reaches SQL.
    let span = time::parse_canonical(text?)?;
    Some(format!("kpi.period({})", literal(&canonical(span))))
}

/// The language of a question that was read as `plan`.
pub fn language(plan: &Plan, question: &str) -> Lang {
    let args = Args::from_json(&plan.args);
    let names: Vec<String> = args
        .filter
        .values()
        .chain(args.exclude.values())
        .flatten()
        .chain(&args.focus)
        .cloned()
        .collect();
    Lang::of(question, &names)
}

/// Whether a plan may be run: a known function, known shapes of arguments.
pub fn is_runnable(plan: &Plan) -> bool {
    plan.function != "none" && FUNCTIONS.contains(&plan.function.as_str())
}

/// Writes the call of `plan`; `asof` is the last day of data.
pub fn call(plan: &Plan, question: &str, asof: NaiveDate) -> Call {
    let args = Args::from_json(&plan.args);
    let lang = language(plan, question);
    let function = plan.function.as_str();
    if !is_runnable(plan) {
        return Call {
            sql: String::new(),
            total_sql: None,
            facts: json!({}),
            chart: json!({"type": "none"}),
            suggestions: ideas("none", &args, lang),
        };
    }
    Call {
        sql: sql(function, &args, asof),
        total_sql: total(function, &args),
        facts: around(function, &args, question, asof),
        chart: chart(function, &args),
        suggestions: ideas(function, &args, lang),
    }
}

fn sql(function: &str, args: &Args, asof: NaiveDate) -> String {
    let mut list = Arguments(Vec::new());
    let metric = || Some(literal(args.metric.as_deref().unwrap_or("revenue")));
    let by = array(&args.by);
    let grain = |default: &str| Some(literal(args.grain.as_deref().unwrap_or(default)));
    let span = period(args.period.as_ref());
    let down = args.direction.as_deref() == Some("down");
    let mut tail = String::new();
    match function {
        "value" => {
            list.push("metric", metric());
            list.push("period", span);
            list.push("filter", filter(args));
            return format!("SELECT {} AS value", list.call("value"));
        }
        "history" => {
            list.push("metric", metric());
            let days = args
                .period
                .as_deref()
                .and_then(time::parse_canonical)
                .map(|s| (s.1 - s.0).num_days());
            list.push(
                "grain",
                grain(match days {
                    Some(0..=62) => "day",
                    Some(63..=190) => "week",
                    _ => "month",
                }),
            );
            list.push("period", span);
            list.push("by", by);
            list.push("filter", filter(args));
        }
        "breakdown" => {
            list.push("metric", metric());
            list.push("period", span);
            list.push("by", by);
            list.push("filter", filter(args));
            if let Some(each) = args.each.as_ref().filter(|e| args.by.contains(e)) {
                return format!(
                    "SELECT * FROM (SELECT b.*, row_number() OVER (PARTITION BY members ->> {each} ORDER BY value {}) AS place FROM {} AS b) AS b WHERE place <= {} ORDER BY members ->> {each}, place",
                    if down {
                        "NULLS LAST"
                    } else {
                        "DESC NULLS LAST"
                    },
                    list.call("breakdown"),
                    args.top.unwrap_or(3),
                    each = literal(each),
                );
            }
            if down {
                tail = format!(" ORDER BY value LIMIT {}", args.top.unwrap_or(DEFAULT_TOP));
            } else {
                list.push("top", args.top.map(|n| n.to_string()));
            }
        }
        "compare" => {
            list.push("metric", metric());
            list.push("period", span);
            list.push("baseline", period(args.baseline.as_ref()));
            list.push("by", by.clone());
            list.push("filter", filter(args));
            if by.is_some() {
                let column = match args.of.as_deref() {
                    Some("share") => "share_change",
                    _ => "change",
                };
                let order = match args.direction.as_deref() {
                    Some("down") => format!("{column} NULLS LAST"),
                    Some(_) => format!("{column} DESC NULLS LAST"),
                    None => format!("abs({column}) DESC NULLS LAST"),
                };
                tail = format!(
                    " ORDER BY {order} LIMIT {}",
                    args.top.unwrap_or(DEFAULT_TOP)
                );
            }
        }
        "scorecard" => {
            list.push("period", span);
            list.push("baseline", period(args.baseline.as_ref()));
            list.push("filter", filter(args));
        }
        "bridge" => {
            list.push("period", span);
            list.push("baseline", period(args.baseline.as_ref()));
            list.push("by", by);
            list.push("filter", filter(args));
        }
        "concentration" => {
            list.push("metric", metric());
            list.push("period", span);
            list.push("by", by);
            list.push("filter", filter(args));
        }
        "portfolio" | "price_tiers" => {
            list.push("period", span);
            list.push("filter", filter(args));
        }
        "cohorts" => {
            list.push("entity", args.by.first().map(|d| literal(d)));
            list.push("grain", grain("month"));
            list.push("metric", metric());
            list.push("filter", filter(args));
        }
        "launch_curve" => {
            list.push("entity", args.by.first().map(|d| literal(d)));
            list.push("metric", metric());
            list.push("filter", filter(args));
        }
        "rfm" => list.push("filter", filter(args)),
        "forecast" => {
            let (horizon, grain, from) = steps(args, asof);
            list.push("metric", metric());
            list.push("horizon", Some(horizon.to_string()));
            list.push("grain", Some(literal(grain.name())));
            list.push("by", by);
            list.push("filter", filter(args));
            list.push("model", args.model.as_deref().map(literal));
            if let Some(from) = from {
                tail = format!(" WHERE time >= DATE '{from}'");
            }
        }
        "anomalies" => {
            list.push("metric", metric());
            list.push("grain", grain("day"));
            list.push("period", span);
            list.push("by", by);
            list.push("filter", filter(args));
            tail = match args.direction.as_deref() {
                Some("up") => " WHERE is_anomaly AND value > expected".into(),
                Some("down") => " WHERE is_anomaly AND value < expected".into(),
                _ => " WHERE is_anomaly".into(),
            };
            tail.push_str(" ORDER BY abs(impact) DESC NULLS LAST, abs(score) DESC");
        }
        "drivers" => {
            list.push("metric", metric());
            list.push("period", span);
            list.push("baseline", period(args.baseline.as_ref()));
            list.push("dims", by);
            list.push("filter", filter(args));
        }
        "elasticity" => {
            list.push("by", by);
            list.push("period", span);
            list.push("filter", filter(args));
        }
        "suggest_targets" | "attainment" => {
            list.push("metric", metric());
            list.push("period", span);
            list.push("by", by);
            list.push("filter", filter(args));
        }
        "what_if" => {
            let gone = args.change.get("units").is_some_and(|u| *u <= -1.0);
            let change = if gone {
                json!({"delist": true})
            } else {
                json!(args.change)
            };
            list.push("change", Some(literal(&change.to_string())));
            list.push("horizon", Some(args.horizon.unwrap_or(3).to_string()));
            list.push("grain", args.grain.as_deref().map(literal));
            list.push("filter", filter(args));
        }
        "recommend" | "insights" => {
            list.push("period", span);
            list.push("filter", filter(args));
            let top = args.top.unwrap_or(5);
            match &args.action {
                // All there are, then those of the kind asked for.
                Some(action) => {
                    list.push("top", Some("1000".into()));
                    tail = format!(
                        " WHERE action = {} ORDER BY rank LIMIT {top}",
                        literal(action)
                    );
                }
                None => list.push("top", Some(top.to_string())),
            }
        }
        "backtest" => {
            let unit = grain("month").unwrap_or_default();
            list.push("metric", metric());
            list.push("grain", Some(unit.clone()));
            list.push("filter", filter(args));
            return format!(
                "SELECT b.* FROM kpi.backtest((SELECT kpi.series(h.time, h.value, {unit}) FROM {} AS h WHERE NOT h.is_partial), horizon => {}) AS b ORDER BY wape",
                list.call("history"),
                args.horizon.unwrap_or(3).clamp(1, 24)
            );
        }
        _ => return String::new(),
    }
    format!("SELECT * FROM {}{tail}", list.call(function))
}

/// Steps of a forecast, their grain, and the first day wanted where a period was named.
fn steps(args: &Args, asof: NaiveDate) -> (u32, Grain, Option<NaiveDate>) {
    let named = args.grain.as_deref().and_then(|g| Grain::parse(g).ok());
    let Some(span) = args.period.as_deref().and_then(time::parse_canonical) else {
        let grain = named.unwrap_or(Grain::Month);
        return (args.horizon.unwrap_or(3).clamp(1, 400), grain, None);
    };
    let days = (span.1 - span.0).num_days() + 1;
    let grain = named.unwrap_or(match days {
        1..=6 => Grain::Day,
        7..=27 => Grain::Week,
        _ => Grain::Month,
    });
    // Step 1 is the first unit not complete in the data.
    let complete = time::unit(grain, asof, 0).is_some_and(|u| u.1 == asof);
    let first = grain.bucket(asof) + i64::from(complete);
    let last = grain.bucket(span.1);
    let from = grain.first_day(grain.bucket(span.0));
    (
        u32::try_from(last - first + 1).unwrap_or(1).clamp(1, 400),
        grain,
        from,
    )
}

/// The change of the total, for functions whose rows are only its parts.
fn total(function: &str, args: &Args) -> Option<String> {
    if function != "drivers" {
        return None;
    }
    let mut list = Arguments(Vec::new());
    list.push(
        "metric",
        Some(literal(args.metric.as_deref().unwrap_or("revenue"))),
    );
    list.push("period", period(args.period.as_ref()));
    list.push("baseline", period(args.baseline.as_ref()));
    list.push("filter", filter(args));
    Some(format!("SELECT * FROM {}", list.call("compare")))
}

/// Functions that show the last complete month unless told otherwise.
const LAST_MONTH: [&str; 9] = [
    "value",
    "breakdown",
    "compare",
    "scorecard",
    "bridge",
    "concentration",
    "price_tiers",
    "drivers",
    "insights",
];

fn around(function: &str, args: &Args, question: &str, asof: NaiveDate) -> Value {
    let mut facts = Map::new();
    facts.insert(
        "metric".into(),
        json!(args.metric.as_deref().unwrap_or("revenue")),
    );
    let span: Option<Span> = args
        .period
        .as_deref()
        .and_then(time::parse_canonical)
        .or_else(|| {
            LAST_MONTH
                .contains(&function)
                .then(|| args::last_month(asof))
                .flatten()
        });
    // Later days than the last one with data are not in any figure.
    let shown = span.map(|s| {
        if s.0 <= asof
            && s.1 > asof
            && !matches!(function, "forecast" | "suggest_targets" | "attainment")
        {
            (s.0, asof)
        } else {
            s
        }
    });
    if let Some(shown) = shown {
        facts.insert("period".into(), json!(canonical(shown)));
    }
    if matches!(function, "compare" | "bridge" | "drivers" | "scorecard") {
        let cut = shown.zip(span).filter(|(a, b)| a != b).map(|(a, _)| a);
        let baseline = args
            .baseline
            .as_deref()
            .and_then(time::parse_canonical)
            .or_else(|| {
                if cut.is_some() {
                    None
                } else {
                    time::previous(span?)
                }
            });
        if let Some(baseline) = baseline {
            facts.insert("baseline".into(), json!(canonical(baseline)));
        }
        if let Some(asked) = args::assumed_direction(question) {
            facts.insert("asked".into(), json!(asked));
        }
    }
    for (name, chosen) in [("filter", &args.filter), ("exclude", &args.exclude)] {
        if !chosen.is_empty() {
            facts.insert(name.into(), json!(chosen));
        }
    }
    if function == "backtest" {
        facts.insert(
            "horizon".into(),
            json!(args.horizon.unwrap_or(3).clamp(1, 24)),
        );
        let unit = args.grain.as_deref().unwrap_or("month");
        facts.insert("grain".into(), json!(unit));
    }
    if function == "anomalies"
        && let Some(normal) = args::asked_normal(question)
    {
        facts.insert("normal".into(), json!(normal));
    }
    for (name, value) in [
        ("each", &args.each),
        ("of", &args.of),
        ("action", &args.action),
    ] {
        if let Some(value) = value {
            facts.insert(name.into(), json!(value));
        }
    }
    if function == "what_if" {
        facts.insert("horizon".into(), json!(args.horizon.unwrap_or(3)));
        facts.insert("change".into(), json!(args.change));
        facts.insert(
            "grain".into(),
            json!(args.grain.as_deref().unwrap_or("month")),
        );
    }
    if !args.focus.is_empty() {
        facts.insert("focus".into(), json!(args.focus));
    }
    if let Some(top) = args.top {
        facts.insert("top".into(), json!(top));
    }
    if let Some(direction) = &args.direction {
        facts.insert("direction".into(), json!(direction));
    }
    Value::Object(facts)
}

fn chart(function: &str, args: &Args) -> Value {
    let split = !args.by.is_empty();
    let series = if split { json!("member") } else { Value::Null };
    match function {
        "value" => json!({"type": "stat", "y": "value"}),
        "history" => json!({"type": "line", "x": "time", "y": "value", "series": series}),
        "forecast" => {
            json!({"type": "line", "x": "time", "y": "forecast", "band": ["lo", "hi"], "series": series})
        }
        "anomalies" => {
            json!({"type": "points", "x": "time", "y": "value", "band": ["lo", "hi"], "series": series})
        }
        "breakdown" => json!({"type": "bar", "x": "member", "y": "value"}),
        "compare" if split && args.of.as_deref() == Some("share") => {
            json!({"type": "bar", "x": "member", "y": "share_change"})
        }
        "compare" if split => json!({"type": "bar", "x": "member", "y": "change"}),
        "compare" => json!({"type": "stat", "y": "value", "against": "baseline"}),
        "bridge" => {
            json!({"type": "waterfall", "parts": ["price", "volume", "mix", "new", "discontinued", "other"]})
        }
        "price_tiers" => json!({"type": "bar", "x": "tier", "y": "revenue"}),
        "drivers" => json!({"type": "bar", "x": "member", "y": "contribution"}),
        "elasticity" => {
            json!({"type": "bar", "x": "member", "y": "elasticity", "band": ["lo", "hi"]})
        }
        "cohorts" => json!({"type": "heatmap", "x": "age", "y": "cohort", "value": "retention"}),
        "launch_curve" => {
            json!({"type": "line", "x": "age_weeks", "y": "cumulative", "series": "member"})
        }
        "what_if" => json!({"type": "bar", "x": "member", "y": "expected", "against": "baseline"}),
        "attainment" => json!({"type": "gauge", "y": "p_attain", "target": "target"}),
        _ => json!({"type": "table"}),
    }
}

fn ideas(function: &str, args: &Args, lang: Lang) -> Vec<String> {
    let ko: &[&str] = match function {
        "value" | "history" => &["채널별로는?", "작년과 비교하면?", "왜 변했어?"],
        "breakdown" => &["전월 대비 변화는?", "월별 추이 보여줘", "왜 변했어?"],
        "compare" | "scorecard" | "bridge" => &["왜 변했어?", "채널별로는?", "다음 3개월 예측해줘"],
        "drivers" | "anomalies" => &["이제 뭘 해야 할까?", "월별 추이 보여줘"],
        "forecast" => &["브랜드별로는?", "목표 달성할 수 있을까?"],
        "none" => &[
            "지난달 매출 얼마야?",
            "브랜드별 매출 순위",
            "왜 매출이 변했어?",
        ],
        _ => &["지난달 요약해줘", "이제 뭘 해야 할까?"],
    };
    let en: &[&str] = match function {
        "value" => &[
            "And by channel?",
            "Compared to last year?",
            "Show the monthly trend",
        ],
        "history" => &[
            "And by brand?",
            "Forecast the next 3 months",
            "Any unusual days?",
        ],
        "breakdown" => &[
            "Which grew fastest?",
            "Show it as a monthly trend",
            "How concentrated is it?",
        ],
        "compare" => &["Why?", "Was it price or volume?", "And by channel?"],
        "scorecard" => &[
            "Why did revenue change?",
            "What should we do next?",
            "Which brands are growing fastest?",
        ],
        "bridge" => &[
            "And by channel?",
            "Why?",
            "How price sensitive are our products?",
        ],
        "concentration" => &["Show the top 5 products", "And by vendor?"],
        "portfolio" => &["Which products should we delist?", "Top 10 products"],
        "price_tiers" => &[
            "How price sensitive are our products?",
            "Price tiers this year",
        ],
        "cohorts" | "launch_curve" => &["Top 10 products", "Which brands are growing fastest?"],
        "forecast" => &[
            "And by brand?",
            "Are we going to hit target?",
            "What should the target be?",
        ],
        "anomalies" => &["Why?", "Show the daily trend"],
        "drivers" => &[
            "What should we do about it?",
            "Was it price or volume?",
            "Any unusual days?",
        ],
        "elasticity" => &["What if we raise prices by 5%?"],
        "suggest_targets" => &["Are we on track this month?", "Forecast the next 3 months"],
        "attainment" => &["Forecast this month", "What should we do next?"],
        "what_if" => &[
            "How price sensitive are our products?",
            "What if we cut prices by 5%?",
        ],
        "recommend" => &["Summarise last month", "What if we raise prices by 5%?"],
        "insights" => &["Why did revenue change?", "What should we do next?"],
        "backtest" => &["Forecast the next 3 months", "Are we going to hit target?"],
        "none" => &[
            "How are we doing?",
            "Top 5 products last month",
            "Why did revenue change last month?",
        ],
        _ => &["Summarise last month"],
    };
    let split = args.by.is_empty();
    (if lang == Lang::Ko { ko } else { en })
        .iter()
        .filter(|s| split || !s.starts_with("And by"))
        .map(|s| (*s).to_owned())
        .collect()
}

/// What is said when a question has no answer here.
pub fn refusal(plan: &Plan, question: &str) -> String {
    let ko = language(plan, question) == Lang::Ko;
    let readings: Vec<String> = plan.alternatives.iter().map(|a| reading(a, ko)).collect();
    match (plan.function.as_str(), ko) {
        ("none", false) => "I can answer questions about these sales: revenue, units, brands, products, channels, vendors, trends, causes, forecasts and targets. This one cannot be answered from the data.".into(),
        ("none", true) => "매출 데이터로는 답할 수 없는 질문입니다. 매출, 판매량, 브랜드, 제품, 채널, 추이, 원인, 예측, 목표에 대해 물어보세요.".into(),
        (_, false) => format!("I am not sure what is meant. It could be: {}.", std::iter::once(reading(plan, ko)).chain(readings).collect::<Vec<_>>().join("; ")),
        (_, true) => format!("질문의 뜻이 분명하지 않습니다. 다음 중 하나인가요? {}", std::iter::once(reading(plan, ko)).chain(readings).collect::<Vec<_>>().join("; ")),
    }
}

/// A plan in a few words, as a suggestion.
pub fn reading(plan: &Plan, ko: bool) -> String {
    let args = Args::from_json(&plan.args);
    let lang = if ko { Lang::Ko } else { Lang::En };
    let metric = super::facts::metric_name(args.metric.as_deref().unwrap_or("revenue"), lang);
    let (en, korean) = match plan.function.as_str() {
        "value" => (metric.clone(), metric.clone()),
        "history" => (format!("{metric} over time"), format!("{metric} 추이")),
        "breakdown" => (
            format!("{metric} by {}", args.by.join(", ")),
            format!("{metric} 구성"),
        ),
        "compare" => (format!("change of {metric}"), format!("{metric} 변화")),
        "scorecard" => ("the key figures".into(), "핵심 지표".into()),
        "bridge" => ("price, volume and mix".into(), "가격·물량·믹스".into()),
        "forecast" => (format!("forecast of {metric}"), format!("{metric} 예측")),
        "backtest" => (
            format!("how good forecasts of {metric} were"),
            format!("{metric} 예측의 정확도"),
        ),
        "anomalies" => (
            format!("unusual days in {metric}"),
            format!("{metric} 이상치"),
        ),
        "drivers" => (
            format!("causes of the change in {metric}"),
            format!("{metric} 변화 원인"),
        ),
        other => (other.replace('_', " "), other.replace('_', " ")),
    };
    let mut words = if ko { korean } else { en };
    for members in args.filter.values() {
        let names: Vec<String> = members
            .iter()
            .map(|m| super::facts::plain_name(m))
            .collect();
        words = if ko {
            format!("{} {words}", names.join("·"))
        } else {
            format!("{words} for {}", names.join(", "))
        };
    }
    if let Some(p) = &args.period {
        let p = super::facts::period_words(p, lang);
        words = if ko {
            format!("{p} {words}")
        } else {
            format!("{words}, {p}")
        };
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(function: &str, args: Value) -> String {
        let plan = Plan {
            function: function.into(),
            args: args.as_object().cloned().unwrap_or_default(),
            confidence: 1.0,
            alternatives: vec![],
        };
        call(&plan, "q", NaiveDate::from_ymd_opt(2025, 11, 18).unwrap()).sql
    }

    #[test]
    fn a_plan_becomes_one_select() {
        assert_eq!(
            made(
                "breakdown",
                json!({"metric": "revenue", "by": ["sku"], "period": "2025-10", "top": 5, "exclude": {"channel": ["Amazon"]}})
            ),
            r#"SELECT * FROM kpi.breakdown(metric => 'revenue', period => kpi.period('2025-10'), by => '{sku}', filter => '{"channel":{"not":["Amazon"]}}', top => 5)"#
        );
        assert_eq!(
            made(
                "forecast",
                json!({"metric": "revenue", "period": "2026-Q1"})
            ),
            "SELECT * FROM kpi.forecast(metric => 'revenue', horizon => 5, grain => 'month') WHERE time >= DATE '2026-01-01'"
        );
    }

    #[test]
    fn parts_of_an_answer_are_chosen_in_the_select() {
        assert_eq!(
            made(
                "breakdown",
                json!({"by": ["channel", "brand"], "each": "channel", "top": 3})
            ),
            "SELECT * FROM (SELECT b.*, row_number() OVER (PARTITION BY members ->> 'channel' ORDER BY value DESC NULLS LAST) AS place \
             FROM kpi.breakdown(metric => 'revenue', by => '{channel,brand}') AS b) AS b WHERE place <= 3 ORDER BY members ->> 'channel', place"
        );
        // What is no dimension of the split stays out of it.
        let odd = made("breakdown", json!({"by": ["brand"], "each": "x') --"}));
        assert_eq!(
            odd,
            "SELECT * FROM kpi.breakdown(metric => 'revenue', by => '{brand}')"
        );
        assert_eq!(
            made("recommend", json!({"action": "delist"})),
            "SELECT * FROM kpi.recommend(top => 1000) WHERE action = 'delist' ORDER BY rank LIMIT 5"
        );
        assert_eq!(
            made("backtest", json!({"metric": "units", "horizon": 2})),
            "SELECT b.* FROM kpi.backtest((SELECT kpi.series(h.time, h.value, 'month') FROM kpi.history(metric => 'units', grain => 'month') AS h \
             WHERE NOT h.is_partial), horizon => 2) AS b ORDER BY wape"
        );
    }

    #[test]
    fn names_cannot_leave_their_literal() {
        let sql = made(
            "value",
            json!({"filter": {"brand": ["'; DROP TABLE x; --", "a\\'b"]}, "period": "2025'); DROP"}),
        );
        assert!(sql.contains("''; DROP TABLE x; --"), "{sql}");
        assert!(sql.contains(r"E'"), "{sql}");
        assert!(!sql.contains("period =>"), "{sql}");
        assert_eq!(
            made("value", json!({"by": ["x); drop"]})),
            "SELECT kpi.value(metric => 'revenue') AS value"
        );
        assert_eq!(made("pg_sleep", json!({})), "");
    }
}
