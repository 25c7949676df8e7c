//! Texts about changes: how much, made of what, where, since when.

use super::{NAMED, Teller, first_up, list};
use crate::series::Grain;
use crate::words::facts::{Row, Unit, day, grain_of, num, percent, points, text, when};

/// Changes smaller than this share of the baseline are none to speak of.
const STEADY: f64 = 0.0005;

pub(super) fn compare(t: &Teller<'_>) -> Vec<String> {
    let rows: Vec<&Row> = t
        .facts
        .rows
        .iter()
        .filter(|r| num(r, "change").is_some() || num(r, "value").is_some())
        .collect();
    match rows.as_slice() {
        [] => Vec::new(),
        [one] => single(t, one),
        many if t.facts.share => shares(t, many),
        many => several(t, many),
    }
}

fn single(t: &Teller<'_>, row: &Row) -> Vec<String> {
    let (value, baseline) = (num(row, "value"), num(row, "baseline"));
    let who = match text(row, "member") {
        None | Some("Total") => t.scope(),
        Some(_) => t.say(
            format!(" of {}", t.member(row)),
            format!("{} ", t.member(row)),
        ),
    };
    let subject = t.say(
        format!("{}{who}", t.metric_first()),
        format!("{}{who}{}", t.in_period(), t.metric()),
    );
    let (Some(value), Some(baseline)) = (value, baseline) else {
        let known = value.or(baseline).map(|x| t.level(x)).unwrap_or_default();
        return vec![if value.is_some() {
            t.say(
                format!(
                    "{subject} was {known}{}; there is nothing to compare it with.",
                    t.in_period()
                ),
                format!("{subject}: {known}. 비교할 값이 없습니다."),
            )
        } else {
            t.say(
                format!(
                    "{subject} was {known} in {} and has no value{}.",
                    t.against(),
                    t.in_period()
                ),
                format!("{subject}: 값이 없습니다. {} {known}.", t.against()),
            )
        }];
    };
    let change = num(row, "change").unwrap_or(value - baseline);
    let steady = change.abs() <= STEADY * baseline.abs();
    let rate = num(row, "change_pct")
        .filter(|_| t.unit != Unit::Share && baseline != 0.0)
        .map(|p| percent(p.abs()))
        .filter(|p| p != "under 0.1%");
    let by = rate.unwrap_or_else(|| t.change(change));
    let up = change > 0.0;
    let (verb, noun) = if up {
        ("rose", "증가")
    } else {
        ("fell", "감소")
    };
    if steady {
        return vec![t.say(
            format!(
                "{subject} was steady: {}{} after {} in {}.",
                t.level(value),
                t.in_period(),
                t.level(baseline),
                t.against()
            ),
            format!(
                "{subject}: {}, {} {}와 거의 같습니다.",
                t.level(value),
                t.against(),
                t.level(baseline)
            ),
        )];
    }
    let fact = t.say(
        format!(
            "{verb} {by} to {}{}, from {} in {}",
            t.level(value),
            t.in_period(),
            t.level(baseline),
            t.against()
        ),
        format!(
            "{} {}에서 {}(으)로 {by} {noun}했습니다",
            t.against(),
            t.level(baseline),
            t.level(value)
        ),
    );
    let wrong = match t.facts.asked.as_deref() {
        Some("down") if up => Some(("drop", "감소하지 않고")),
        Some("up") if !up => Some(("rise", "증가하지 않고")),
        _ => None,
    };
    vec![match wrong {
        Some((en, ko)) => t.say(
            format!("{subject} did not {en}: it {fact}."),
            format!("{subject}: {ko} {fact}."),
        ),
        None => t.say(format!("{subject} {fact}."), format!("{subject}: {fact}.")),
    }]
}

fn several(t: &Teller<'_>, rows: &[&Row]) -> Vec<String> {
    let mut sorted: Vec<(&Row, f64)> = rows
        .iter()
        .filter(|r| text(r, "member") != Some("Total"))
        .filter_map(|r| {
            Some((
                *r,
                num(r, "change").or_else(|| Some(num(r, "value")? - num(r, "baseline")?))?,
            ))
        })
        .collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    let item = |(row, change): &(&Row, f64)| {
        let rate = num(row, "change_pct")
            .filter(|_| t.unit != Unit::Share)
            .map_or_else(String::new, |p| {
                format!(", {}{}", if p > 0.0 { "+" } else { "" }, percent(p))
            });
        let sign = if *change > 0.0 { "+" } else { "-" };
        format!("{} ({sign}{}{rate})", t.member(row), t.change(*change))
    };
    let up: Vec<String> = sorted
        .iter()
        .filter(|x| x.1 > 0.0)
        .take(NAMED)
        .map(item)
        .collect();
    let down: Vec<String> = sorted
        .iter()
        .rev()
        .filter(|x| x.1 < 0.0)
        .take(NAMED)
        .map(item)
        .collect();
    let about = t.say(
        format!("{}{} against {}", t.metric(), t.about(), t.against()),
        format!("{}{} ({} 대비)", t.about(), t.metric(), t.against()),
    );
    let mut out = Vec::new();
    let asked = t.facts.direction.as_deref().or(t.facts.asked.as_deref());
    if asked != Some("down") || !up.is_empty() && down.is_empty() {
        if !up.is_empty() {
            out.push(t.say(
                format!("Up most in {about}: {}.", list(&up, t.lang)),
                format!("{about} 증가: {}.", list(&up, t.lang)),
            ));
        } else if asked == Some("up") {
            out.push(t.say(
                format!("None rose in {about}."),
                format!("{about}: 증가한 항목이 없습니다."),
            ));
        }
    }
    if asked == Some("down") && down.is_empty() {
        out.insert(
            0,
            t.say(
                format!("None fell in {about}."),
                format!("{about}: 감소한 항목이 없습니다."),
            ),
        );
    }
    if !down.is_empty() && (asked != Some("up") || up.is_empty()) {
        let about = if out.is_empty() {
            format!(" in {about}")
        } else {
            String::new()
        };
        out.push(t.say(
            format!("Down most{about}: {}.", list(&down, t.lang)),
            format!("감소: {}.", list(&down, t.lang)),
        ));
    }
    if out.is_empty() {
        out.push(t.say(
            format!("Nothing changed in {about}."),
            format!("{about}: 변화가 없습니다."),
        ));
    }
    out
}

/// Who holds more or less of the whole than before.
fn shares(t: &Teller<'_>, rows: &[&Row]) -> Vec<String> {
    let mut moved: Vec<(&Row, f64, f64)> = rows
        .iter()
        .filter_map(|r| Some((*r, num(r, "share")?, num(r, "share_change")?)))
        .filter(|m| points(m.2.abs()) != "0.0 points")
        .collect();
    moved.sort_by(|a, b| b.2.total_cmp(&a.2));
    let item = |(row, share, change): &(&Row, f64, f64)| {
        let sign = if *change > 0.0 { "+" } else { "-" };
        let by = points(change.abs());
        t.say(
            format!("{} ({sign}{by}, to {})", t.member(row), percent(*share)),
            format!("{} ({sign}{by}, 현재 {})", t.member(row), percent(*share)),
        )
    };
    let gained: Vec<String> = moved
        .iter()
        .filter(|m| m.2 > 0.0)
        .take(NAMED)
        .map(item)
        .collect();
    let lost: Vec<String> = moved
        .iter()
        .rev()
        .filter(|m| m.2 < 0.0)
        .take(NAMED)
        .map(item)
        .collect();
    let about = t.say(
        format!(
            "share of {}{} against {}",
            t.metric(),
            t.about(),
            t.against()
        ),
        format!("{}{} 비중 ({} 대비)", t.about(), t.metric(), t.against()),
    );
    let asked = t.facts.direction.as_deref();
    let mut out = Vec::new();
    for (side, items, en, ko) in [
        ("up", &gained, "Gained", "증가"),
        ("down", &lost, "Lost", "감소"),
    ] {
        if asked.is_some_and(|asked| asked != side) {
            continue;
        }
        out.push(if items.is_empty() {
            t.say(
                format!("None {} {about}.", en.to_lowercase()),
                format!("{about}: {ko}한 항목이 없습니다."),
            )
        } else {
            t.say(
                format!("{en} {about}: {}.", list(items, t.lang)),
                format!("{about} {ko}: {}.", list(items, t.lang)),
            )
        });
    }
    out
}

pub(super) fn bridge(t: &Teller<'_>) -> Vec<String> {
    let parts = [
        ("price", "price", "가격"),
        ("volume", "volume", "물량"),
        ("mix", "mix", "믹스"),
        ("new", "new products", "신제품"),
        ("discontinued", "discontinued products", "단종"),
        ("other", "other", "기타"),
    ];
    let total_row = t
        .facts
        .rows
        .iter()
        .find(|r| text(r, "member") == Some("Total"));
    let sum = |column: &str| -> Option<f64> {
        if let Some(row) = total_row {
            return num(row, column);
        }
        let all: Vec<f64> = t.facts.rows.iter().filter_map(|r| num(r, column)).collect();
        (!all.is_empty()).then(|| all.iter().sum())
    };
    let Some(change) = sum("change") else {
        return Vec::new();
    };
    let mut items: Vec<(f64, String)> = parts
        .iter()
        .filter_map(|(column, en, ko)| {
            let x = sum(column)?;
            (x.abs() >= 0.005).then(|| {
                (
                    x,
                    format!(
                        "{} {}{}",
                        t.say((*en).into(), (*ko).into()),
                        if x > 0.0 { "+" } else { "-" },
                        t.money(x.abs())
                    ),
                )
            })
        })
        .collect();
    items.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    let listed: Vec<String> = items.iter().map(|i| i.1.clone()).collect();
    let what = t.say(
        format!("Revenue{}{}", t.scope(), t.in_period()),
        format!("{}매출", t.about()),
    );
    let against = t.against();
    let size = t.money(change.abs());
    let up = change > 0.0;
    if change.abs() < 0.005 {
        return vec![t.say(
            format!(
                "{what} did not change against {against}: {}.",
                list(&listed, t.lang)
            ),
            format!(
                "{what}: {against} 대비 변화 없음. {}.",
                list(&listed, t.lang)
            ),
        )];
    }
    let wrong = match t.facts.asked.as_deref() {
        Some("down") if up => t.say(" did not drop: it".into(), " 감소하지 않고".into()),
        Some("up") if !up => t.say(" did not rise: it".into(), " 증가하지 않고".into()),
        _ => String::new(),
    };
    vec![t.say(
        format!(
            "{what}{wrong} {} by {size} against {against}: {}.",
            if up { "rose" } else { "fell" },
            list(&listed, t.lang)
        ),
        format!(
            "{what}{wrong} {against} 대비 {size} {}: {}.",
            if up { "증가" } else { "감소" },
            list(&listed, t.lang)
        ),
    )]
}

pub(super) fn drivers(t: &Teller<'_>) -> Vec<String> {
    let of = |kind: &str| {
        t.facts
            .rows
            .iter()
            .filter(|r| text(r, "kind") == Some(kind))
            .collect::<Vec<_>>()
    };
    let segments = of("segment");
    let mut out = Vec::new();
    let total =
        t.facts.rows.iter().find(|r| {
            matches!(text(r, "kind"), Some("total")) || text(r, "member") == Some("Total")
        });
    if let Some(row) = total.filter(|r| num(r, "value").is_some() && num(r, "baseline").is_some()) {
        let mut head = row.clone();
        head.insert("member".into(), "Total".into());
        if let (Some(v), Some(b)) = (num(row, "value"), num(row, "baseline")) {
            head.insert("change".into(), (v - b).into());
            if b != 0.0 {
                head.insert("change_pct".into(), ((v - b) / b).into());
            }
        }
        out.extend(single(t, &head));
    }
    for (i, row) in segments.iter().take(NAMED).enumerate() {
        let Some(change) = num(row, "change") else {
            continue;
        };
        let name = t.member(row);
        let (value, expected) = (num(row, "value"), num(row, "expected"));
        let detail = match (value, expected) {
            (Some(v), Some(e)) => t.say(
                format!(": {} where {} was to be expected", t.level(v), t.level(e)),
                format!(": 기대 {}, 실제 {}", t.level(e), t.level(v)),
            ),
            _ => String::new(),
        };
        let over = match (value, expected) {
            (Some(v), Some(e)) => v > e,
            _ => change > 0.0,
        };
        let lead = if i == 0 {
            t.say("The main driver is".into(), "주요 요인:".into())
        } else {
            t.say("Next comes".into(), "다음:".into())
        };
        let side = if over {
            t.say("above expectation".into(), "기대 이상".into())
        } else {
            t.say("below expectation".into(), "기대 이하".into())
        };
        let _ = change;
        out.push(format!("{lead} {name}, {side}{detail}."));
    }
    if segments.is_empty() {
        out.push(t.say(
            "No single segment stands out.".into(),
            "두드러진 세부 요인은 없습니다.".into(),
        ));
    }
    for row in of("market").into_iter().take(1) {
        if let Some(c) = num(row, "contribution")
            .or_else(|| num(row, "change"))
            .filter(|c| c.abs() > 0.0)
        {
            let unit = if num(row, "contribution").is_some() && c.abs() <= 2.0 {
                percent(c)
            } else {
                t.level(c)
            };
            out.push(t.say(
                format!(
                    "The general movement of all segments accounts for {}{unit}.",
                    if c > 0.0 { "+" } else { "" }
                ),
                format!(
                    "전체 시장 움직임: {}{unit}.",
                    if c > 0.0 { "+" } else { "" }
                ),
            ));
        }
    }
    out
}

pub(super) fn anomalies(t: &Teller<'_>) -> Vec<String> {
    let grain = grain_of(&t.facts.rows);
    let odd: Vec<&Row> = t
        .facts
        .rows
        .iter()
        .filter(|r| {
            r.get("is_anomaly")
                .and_then(serde_json::Value::as_bool)
                .unwrap_or(true)
        })
        .collect();
    let unit = t.say("point".into(), "시점".into());
    if odd.is_empty() {
        return vec![t.say(
            format!(
                "Nothing unusual in {}{}: {} checked.",
                t.metric(),
                t.about(),
                super::count(t.facts.rows.len(), &unit, "points")
            ),
            format!(
                "{}{}: 이상 없음 ({}개 시점 확인).",
                t.about(),
                t.metric(),
                t.facts.rows.len()
            ),
        )];
    }
    let events = events(&odd);
    let normal = t.facts.normal.map_or("", |normal| match (normal, t.ko()) {
        (true, false) => "No: ",
        (false, false) => "Yes: ",
        (true, true) => "아니요: ",
        (false, true) => "예: ",
    });
    let what = if events.iter().any(|e| e.len() > 1) {
        (
            super::count(events.len(), "unusual event", "unusual events"),
            "이상 구간",
        )
    } else {
        (
            super::count(events.len(), "unusual point", "unusual points"),
            "이상 시점",
        )
    };
    let mut out = vec![t.say(
        format!("{normal}{} in {}{}.", what.0, t.metric(), t.about()),
        format!(
            "{normal}{}{}: {} {}개.",
            t.about(),
            t.metric(),
            what.1,
            events.len()
        ),
    )];
    out.extend(
        events
            .iter()
            .take(NAMED)
            .filter_map(|rows| match rows.as_slice() {
                [row] => point(t, row, grain),
                rows => event(t, rows, grain),
            }),
    );
    out
}

/// The odd rows of each event, in time; the event that cost or brought most first.
fn events<'f>(odd: &[&'f Row]) -> Vec<Vec<&'f Row>> {
    let mut found: Vec<Vec<&Row>> = Vec::new();
    for row in odd {
        let same = |other: &&Row| {
            num(row, "event_id").is_some()
                && num(row, "event_id") == num(other, "event_id")
                && text(row, "member") == text(other, "member")
        };
        match found.iter_mut().find(|rows| rows.first().is_some_and(same)) {
            Some(rows) => rows.push(row),
            None => found.push(vec![row]),
        }
    }
    for rows in &mut found {
        rows.sort_by_key(|r| day(r, "time"));
    }
    // Where a row tells no impact, the most surprising comes first.
    let by = if odd.iter().all(|r| num(r, "impact").is_some()) {
        "impact"
    } else {
        "score"
    };
    let most = |rows: &[&Row]| {
        rows.iter()
            .filter_map(|r| num(r, by))
            .fold(0.0_f64, |most, x| most.max(x.abs()))
    };
    found.sort_by(|a, b| most(b).total_cmp(&most(a)));
    found
}

/// "Coupang: a drop from 12 to 26 December 2025, 1,562,013 below expected in all."
fn event(t: &Teller<'_>, rows: &[&Row], grain: Grain) -> Option<String> {
    let (first, last) = (rows.first()?, rows.last()?);
    let (from, to) = (day(first, "time")?, day(last, "time")?);
    let impact = num(first, "impact")?;
    let kind = match text(first, "kind") {
        Some("drop") => ("a drop", "급감"),
        Some("spike") => ("a spike", "급증"),
        Some("level_shift") => ("a shift of level", "수준 변화"),
        _ if impact < 0.0 => ("a drop", "급감"),
        _ => ("a spike", "급증"),
    };
    let who = match text(first, "member") {
        None | Some("Total") => String::new(),
        Some(_) => format!("{}: ", t.member(first)),
    };
    let (a, b) = (when(from, grain, t.lang), when(to, grain, t.lang));
    let side = if impact < 0.0 {
        ("below", "적음")
    } else {
        ("above", "많음")
    };
    let size = t.change(impact);
    // Averages and rates do not add up over days.
    let in_all = match t.unit {
        Unit::Money | Unit::Count if !matches!(t.facts.metric.as_str(), "aov" | "asp") => (
            format!(", {size} {} expected in all", side.0),
            format!(", 기대보다 {size} {}", side.1),
        ),
        _ => (String::new(), String::new()),
    };
    Some(first_up(&t.say(
        format!("{who}{} from {a} to {b}{}.", kind.0, in_all.0),
        format!("{who}{a}~{b} {}{}.", kind.1, in_all.1),
    )))
}

fn point(t: &Teller<'_>, row: &Row, grain: Grain) -> Option<String> {
    let (d, v) = (day(row, "time")?, num(row, "value")?);
    let who = match text(row, "member") {
        None | Some("Total") => String::new(),
        Some(_) => format!(" ({})", t.member(row)),
    };
    let expected = num(row, "expected");
    let detail = match expected {
        Some(e) => {
            let side = if v > e {
                t.say("above".into(), "보다 높음".into())
            } else {
                t.say("below".into(), "보다 낮음".into())
            };
            t.say(
                format!(", {side} the expected {}", t.level(e)),
                format!(", 기대 {}{side}", t.level(e)),
            )
        }
        None => String::new(),
    };
    let range = match (num(row, "lo"), num(row, "hi")) {
        (Some(lo), Some(hi)) => t.say(
            format!(" (normal: {} to {})", t.level(lo), t.level(hi)),
            format!(" (정상 범위 {}~{})", t.level(lo), t.level(hi)),
        ),
        _ => String::new(),
    };
    Some(first_up(&format!(
        "{}{who}: {}{detail}{range}.",
        when(d, grain, t.lang),
        t.level(v)
    )))
}

pub(super) fn elasticity(t: &Teller<'_>) -> Vec<String> {
    let mut rows: Vec<(&Row, f64)> = t
        .facts
        .rows
        .iter()
        .filter(|r| text(r, "status").is_none_or(|s| s == "ok"))
        .filter_map(|r| Some((r, num(r, "elasticity")?)))
        .collect();
    if rows.is_empty() {
        return vec![t.say(
            "No price elasticity can be told apart from noise here.".into(),
            "가격 탄력성을 추정할 수 있는 데이터가 부족합니다.".into(),
        )];
    }
    rows.sort_by(|a, b| a.1.total_cmp(&b.1));
    rows.iter()
        .take(NAMED)
        .map(|(row, e)| {
            let range = match (num(row, "lo"), num(row, "hi")) {
                (Some(lo), Some(hi)) => t.say(
                    format!(" ({lo:.2} to {hi:.2})"),
                    format!(" ({lo:.2}~{hi:.2})"),
                ),
                _ => String::new(),
            };
            t.say(
                format!(
                    "{}: price elasticity {e:.2}{range}.",
                    first_up(&t.member(row))
                ),
                format!("{}: 가격 탄력성 {e:.2}{range}.", t.member(row)),
            )
        })
        .collect()
}
