//! The rows a text is about, with what is known around them.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value};

use super::time;
use crate::series::Grain;

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// Korean.
    Ko,
}

impl Lang {
    /// Reads `en` or `ko`, in any case, with or without a region; everything else is English.
    pub fn parse(text: &str) -> Lang {
        if text.trim().to_ascii_lowercase().starts_with("ko") {
            Lang::Ko
        } else {
            Lang::En
        }
    }

    /// The language a question is written in, by its words outside `names`: a member's name has no language.
    ///
    /// A question in English may still name something in Korean ("how did 쿠팡 do?"): two words that only English
    /// sentences hold outweigh a lone Korean one.
    pub fn of(question: &str, names: &[String]) -> Lang {
        const ENGLISH: [&str; 38] = [
            "a", "an", "the", "is", "are", "was", "were", "did", "do", "does", "has", "have",
            "what", "which", "who", "why", "how", "when", "where", "much", "many", "of", "for",
            "in", "on", "at", "to", "from", "with", "will", "would", "should", "we", "our", "me",
            "show", "and", "if",
        ];
        let mut text = question.to_owned();
        for name in names.iter().filter(|n| !n.is_empty()) {
            text = text.replace(name.as_str(), " ");
        }
        let korean = text
            .split_whitespace()
            .filter(|w| w.chars().any(super::text::is_hangul))
            .count();
        let english = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| ENGLISH.contains(&w.to_lowercase().as_str()))
            .count();
        let only_a_name =
            korean == 0 && english == 0 && question.chars().any(super::text::is_hangul);
        if korean > 1 || korean == 1 && english < 2 || only_a_name {
            Lang::Ko
        } else {
            Lang::En
        }
    }
}

/// A row of a result: column names and values.
pub type Row = Map<String, Value>;

/// Result rows and the call they came from.
///
/// As JSON either an array of rows, or an object with `rows` and any of `metric`, `period`,
/// `baseline`, `filter`, `exclude`, `asked` (`up` or `down`: the direction a question took for
/// granted), `currency`, `top`, `direction`, `of` (`share`: the part of the whole was asked about) and
/// `cut` (whether there are more rows than these), `normal` (whether something was asked to be normal, or else to be unusual).
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The rows, in the function's order.
    pub rows: Vec<Row>,
    /// The metric's SQL name; `revenue` unless told.
    pub metric: String,
    /// Canonical period, where the call named one.
    pub period: Option<String>,
    /// Canonical baseline, where the call named one.
    pub baseline: Option<String>,
    /// Members the call was limited to, ready to print.
    pub scope: Vec<String>,
    /// Members the call left out, ready to print.
    pub without: Vec<String>,
    /// The direction a question took for granted.
    pub asked: Option<String>,
    /// What money is counted in, as in `EUR`; empty where unknown.
    pub currency: String,
    /// The order asked for: `down` puts the smallest first.
    pub direction: Option<String>,
    /// How many were asked for.
    pub top: Option<usize>,
    /// The dimension within each of whose members the first are shown.
    pub each: Option<String>,
    /// The part of the whole was asked about, not the level.
    pub share: bool,
    /// Whether there are more rows than these.
    pub cut: bool,
    /// Whether something was asked to be normal, `true`, or to be unusual, `false`.
    pub normal: Option<bool>,
    /// The only kind of recommendation asked for.
    pub action: Option<String>,
    /// How many steps of what grain a look ahead covers.
    pub horizon: Option<(u64, String)>,
    /// Members that the question is about among all.
    pub focus: Vec<String>,
    /// Relative changes supposed, by what changes: `price`, `units`, `promotion`.
    pub changes: BTreeMap<String, f64>,
}

impl Facts {
    /// Reads facts from JSON; what is not a row is skipped.
    pub fn from_json(facts: &Value) -> Facts {
        let (rows, around) = match facts {
            Value::Array(rows) => (rows.as_slice(), None),
            Value::Object(map) => match map.get("rows") {
                Some(Value::Array(rows)) => (rows.as_slice(), Some(map)),
                _ => (std::slice::from_ref(facts), None),
            },
            _ => (&[][..], None),
        };
        let text = |name: &str| {
            around
                .and_then(|m| m.get(name))
                .and_then(Value::as_str)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
        };
        let members = |name: &str| -> Vec<String> {
            let Some(Value::Object(chosen)) = around.and_then(|m| m.get(name)) else {
                return Vec::new();
            };
            chosen
                .values()
                .flat_map(|v| match v {
                    Value::Array(all) => all
                        .iter()
                        .filter_map(Value::as_str)
                        .map(plain_name)
                        .collect(),
                    Value::String(one) => vec![plain_name(one)],
                    _ => Vec::new(),
                })
                .collect()
        };
        Facts {
            rows: rows.iter().filter_map(Value::as_object).cloned().collect(),
            metric: text("metric").unwrap_or_else(|| "revenue".into()),
            period: text("period"),
            baseline: text("baseline"),
            scope: members("filter"),
            without: members("exclude"),
            asked: text("asked"),
            currency: text("currency").unwrap_or_default(),
            direction: text("direction"),
            each: text("each"),
            share: text("of").as_deref() == Some("share"),
            cut: around
                .and_then(|m| m.get("cut"))
                .and_then(Value::as_bool)
                .unwrap_or(false),
            normal: around
                .and_then(|m| m.get("normal"))
                .and_then(Value::as_bool),
            action: text("action"),
            horizon: around
                .and_then(|m| m.get("horizon"))
                .and_then(Value::as_u64)
                .map(|n| (n, text("grain").unwrap_or_else(|| "month".into()))),
            focus: around
                .and_then(|m| m.get("focus"))
                .and_then(|v| serde_json::from_value(v.clone()).ok())
                .unwrap_or_default(),
            changes: around
                .and_then(|m| m.get("change"))
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter_map(|(name, v)| Some((name.clone(), v.as_f64()?)))
                .collect(),
            top: around
                .and_then(|m| m.get("top"))
                .and_then(Value::as_u64)
                .and_then(|n| usize::try_from(n).ok()),
        }
    }
}

/// A number of a row, whatever JSON type it came as.
pub(crate) fn num(row: &Row, column: &str) -> Option<f64> {
    match row.get(column)? {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
    .filter(|x| x.is_finite())
}

/// A text of a row.
pub(crate) fn text<'r>(row: &'r Row, column: &str) -> Option<&'r str> {
    row.get(column)
        .and_then(Value::as_str)
        .filter(|t| !t.trim().is_empty())
}

/// A name safe to print: one line, no control characters, at most 40 characters.
pub(crate) fn plain_name(name: &str) -> String {
    /// Longer names are cut so that one member cannot fill an answer.
    const CHARS: usize = 40;
    let clean: String = name
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '<' | '>' | '{' | '}' | '[' | ']' | '|' | '`') {
                ' '
            } else {
                c
            }
        })
        .collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if clean.chars().count() <= CHARS {
        return clean;
    }
    let cut: String = clean.chars().take(CHARS - 1).collect();
    format!("{}…", cut.trim_end())
}

/// What a column or metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Money,
    Count,
    /// A fraction, shown as a percentage.
    Share,
    /// A difference of fractions, shown in points.
    Plain,
}

/// What a metric counts.
pub(crate) fn unit_of(metric: &str) -> Unit {
    match metric {
        "revenue" | "aov" | "asp" | "new_sku_revenue" => Unit::Money,
        "units" | "lines" | "orders" | "customers" | "returns" | "skus" | "brands" => Unit::Count,
        "return_rate" | "discount_depth" | "new_sku_share" | "repeat_rate" => Unit::Share,
        _ => Unit::Plain,
    }
}

/// Digits in groups of three, with `decimals` after the point.
pub(crate) fn grouped(x: f64, decimals: usize) -> String {
    let text = format!("{:.*}", decimals, x.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    // Rounded to nothing is nothing, not minus nothing.
    let nothing = out.chars().all(|c| matches!(c, '0' | '.' | ','));
    if x < 0.0 && !nothing {
        format!("-{out}")
    } else {
        out
    }
}

/// A level in its unit.
pub(crate) fn level(x: f64, unit: Unit, currency: &str) -> String {
    match unit {
        Unit::Money => {
            let number = grouped(
                x,
                if x.abs() >= 1000.0 || x == x.trunc() {
                    0
                } else {
                    2
                },
            );
            if currency.is_empty() {
                number
            } else {
                format!("{currency} {number}")
            }
        }
        Unit::Count => grouped(x, usize::from(x != x.trunc() && x.abs() < 1000.0)),
        Unit::Share => percent(x),
        Unit::Plain => grouped(
            x,
            if x.abs() >= 1000.0 {
                0
            } else if x.abs() >= 10.0 {
                1
            } else {
                2
            },
        ),
    }
}

/// A fraction as a percentage with one digit; tiny ones are said to be.
pub(crate) fn percent(x: f64) -> String {
    let shown = format!("{}%", grouped(x * 100.0, 1));
    if x != 0.0 && shown == "0.0%" {
        "under 0.1%".into()
    } else {
        shown.replace(".0%", "%")
    }
}

/// A difference of fractions in points.
pub(crate) fn points(x: f64) -> String {
    format!("{} points", grouped(x * 100.0, 1))
}

/// A day or bucket in words, for the grain its neighbours tell.
pub(crate) fn when(day: NaiveDate, grain: Grain, lang: Lang) -> String {
    let (y, m, d) = (day.year(), day.month(), day.day());
    match (lang, grain) {
        (Lang::En, Grain::Day) => format!("{d} {} {y}", month_name(m)),
        (Lang::En, Grain::Week) => format!("the week of {d} {} {y}", month_name(m)),
        (Lang::En, Grain::Month) => format!("{} {y}", month_name(m)),
        (Lang::En, Grain::Quarter) => format!("Q{} {y}", (m - 1) / 3 + 1),
        (_, Grain::Year) if lang == Lang::En => format!("{y}"),
        (_, Grain::Day) => format!("{y}년 {m}월 {d}일"),
        (_, Grain::Week) => format!("{y}년 {m}월 {d}일 주"),
        (_, Grain::Month) => format!("{y}년 {m}월"),
        (_, Grain::Quarter) => format!("{y}년 {}분기", (m - 1) / 3 + 1),
        (_, Grain::Year) => format!("{y}년"),
    }
}

/// The same with its English preposition: on a day, in anything longer.
pub(crate) fn within(day: NaiveDate, grain: Grain, lang: Lang) -> String {
    let preposition = match (lang, grain) {
        (Lang::Ko, _) => "",
        (Lang::En, Grain::Day) => "on ",
        (Lang::En, _) => "in ",
    };
    preposition.to_owned() + &when(day, grain, lang)
}

pub(crate) fn month_name(month: u32) -> &'static str {
    [
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
    ]
    .get((month as usize).saturating_sub(1))
    .copied()
    .unwrap_or("")
}

/// A canonical period in words.
pub(crate) fn period_words(text: &str, lang: Lang) -> String {
    let Some(span) = time::parse_canonical(text) else {
        return plain_name(text);
    };
    for grain in [
        Grain::Year,
        Grain::Quarter,
        Grain::Month,
        Grain::Week,
        Grain::Day,
    ] {
        if time::unit(grain, span.0, 0) == Some(span) {
            return when(span.0, grain, lang);
        }
    }
    let (from, to) = (
        when(span.0, Grain::Day, lang),
        when(span.1, Grain::Day, lang),
    );
    match lang {
        Lang::En => format!("{from} to {to}"),
        Lang::Ko => format!("{from}~{to}"),
    }
}

/// The day in a row's `time`.
pub(crate) fn day(row: &Row, column: &str) -> Option<NaiveDate> {
    text(row, column)?.get(..10)?.parse().ok()
}

/// The grain that the rows' times are spaced by.
pub(crate) fn grain_of(rows: &[Row]) -> Grain {
    let mut days: Vec<NaiveDate> = rows.iter().filter_map(|r| day(r, "time")).collect();
    days.sort_unstable();
    days.dedup();
    let gap = days.windows(2).map(|w| (w[1] - w[0]).num_days()).min();
    match gap {
        Some(1..=6) => Grain::Day,
        // Weeks are told by their Mondays; other days that far apart are just days.
        Some(7..=27) if days.iter().all(|d| d.weekday() == chrono::Weekday::Mon) => Grain::Week,
        Some(7..=27) => Grain::Day,
        Some(28..) if days.iter().any(|d| d.day() != 1) => Grain::Day,
        Some(28..=88) => Grain::Month,
        Some(89..=364) => Grain::Quarter,
        Some(_) => Grain::Year,
        None => match days.first() {
            Some(d) if d.day() == 1 => Grain::Month,
            _ => Grain::Day,
        },
    }
}

/// Names of metrics in texts.
pub(crate) fn metric_name(metric: &str, lang: Lang) -> String {
    let (en, ko) = match metric {
        "revenue" => ("revenue", "매출"),
        "units" => ("units sold", "판매량"),
        "lines" => ("order lines", "판매 건수"),
        "orders" => ("orders", "주문 수"),
        "customers" => ("customers", "고객 수"),
        "aov" => ("average order value", "객단가"),
        "asp" => ("average selling price", "평균 판매가"),
        "units_per_order" => ("units per order", "주문당 수량"),
        "returns" => ("returned units", "반품 수량"),
        "return_rate" => ("return rate", "반품률"),
        "discount_depth" => ("discount depth", "할인율"),
        "skus" => ("products sold", "판매 제품 수"),
        "brands" => ("brands sold", "판매 브랜드 수"),
        "new_sku_revenue" => ("revenue of new products", "신제품 매출"),
        "new_sku_share" => ("share of new products", "신제품 비중"),
        "hhi_brand" => ("brand concentration (HHI)", "브랜드 집중도(HHI)"),
        "repeat_rate" => ("repeat rate", "재구매율"),
        other => return plain_name(&other.replace('_', " ")),
    };
    match lang {
        Lang::En => en.to_owned(),
        Lang::Ko => ko.to_owned(),
    }
}

/// A customer segment of `kpi.rfm()` as it is told.
pub(crate) fn segment_name(segment: &str, lang: Lang) -> String {
    let korean = match segment {
        "champion" => "최우수 고객",
        "loyal" => "충성 고객",
        "new" => "신규 고객",
        "promising" => "유망 고객",
        "at_risk" => "이탈 위험 고객",
        "fading" => "관심이 식은 고객",
        "lost" => "이탈 고객",
        _ => "",
    };
    match lang {
        Lang::Ko if !korean.is_empty() => korean.to_owned(),
        _ => plain_name(&segment.replace('_', " ")),
    }
}

/// The function that rows come from, by the columns that only it has; empty where none fits.
pub fn kind_of(facts: &Facts) -> &'static str {
    const TELLING: [(&str, &[&str]); 20] = [
        ("drivers", &["ratio", "surprise"]),
        ("recommend", &["action", "reason"]),
        ("insights", &["headline"]),
        ("scorecard", &["metric", "state", "value"]),
        ("attainment", &["p_attain", "target"]),
        ("suggest_targets", &["commit", "ambitious"]),
        ("elasticity", &["elasticity"]),
        ("concentration", &["hhi", "effective_n"]),
        ("portfolio", &["xyz", "abc"]),
        ("price_tiers", &["tier", "price_lo"]),
        ("cohorts", &["cohort", "age"]),
        ("launch_curve", &["age_weeks"]),
        ("bridge", &["price", "volume", "mix"]),
        ("anomalies", &["is_anomaly"]),
        ("forecast", &["forecast"]),
        ("what_if", &["baseline", "expected", "lo"]),
        ("compare", &["baseline", "change"]),
        ("breakdown", &["share", "rank"]),
        ("rfm", &["segment"]),
        ("history", &["time", "value"]),
    ];
    let Some(row) = facts.rows.first() else {
        return "";
    };
    TELLING
        .iter()
        .find(|(_, columns)| columns.iter().all(|c| row.contains_key(*c)))
        .map_or(
            if row.len() == 1 && row.contains_key("value") {
                "value"
            } else {
                ""
            },
            |(kind, _)| kind,
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_in_the_language_of_its_words_not_of_its_names() {
        let names = vec!["바람".to_owned()];
        for (question, lang) in [
            ("How did 바람 do in October?", Lang::En),
            ("How did 쿠팡 do last month?", Lang::En),
            ("what about 바람 by channel", Lang::En),
            ("바람은 얼마나 팔렸어?", Lang::Ko),
            ("바람 매출", Lang::Ko),
            ("바람", Lang::Ko),
            ("Kestrel 8월 revenue breakdown by channel 해줘", Lang::Ko),
            ("Wholesale 제외하고 growth by brand", Lang::Ko),
            ("top 3 brands", Lang::En),
        ] {
            assert_eq!(Lang::of(question, &names), lang, "{question}");
        }
    }
}
