//! Texts about what is to come: forecasts, targets, hypotheticals, advice.

use super::{NAMED, Teller, count, first_up, list};
use crate::words::facts::{
    Row, Unit, day, grain_of, metric_name, num, percent, plain_name, text, when,
};

fn range(t: &Teller<'_>, row: &Row, money: bool) -> String {
    let show = |x: f64| if money { t.money(x) } else { t.level(x) };
    let show = |x: f64| show(if t.unit == Unit::Count { x.round() } else { x });
    match (num(row, "lo"), num(row, "hi")) {
        // Certain is certain: nothing sold is nothing earned.
        (Some(lo), Some(hi)) if lo < hi => {
            let level = num(row, "level").map_or_else(String::new, |l| format!("{} ", percent(l)));
            t.say(
                format!(" ({level}interval {} to {})", show(lo), show(hi)),
                format!(" ({level}구간 {}~{})", show(lo), show(hi)),
            )
        }
        _ => String::new(),
    }
}

pub(super) fn forecast(t: &Teller<'_>) -> Vec<String> {
    let grain = grain_of(&t.facts.rows);
    let ahead: Vec<&Row> = t
        .facts
        .rows
        .iter()
        .filter(|r| num(r, "forecast").is_some())
        .collect();
    let mut members: Vec<&str> = ahead.iter().filter_map(|r| text(r, "member")).collect();
    members.sort_unstable();
    members.dedup();
    let w = |row: &Row| {
        day(row, "time")
            .map(|d| when(d, grain, t.lang))
            .unwrap_or_default()
    };
    let (Some(first), Some(last)) = (ahead.first(), ahead.last()) else {
        return Vec::new();
    };
    let adds_up = matches!(
        t.facts.metric.as_str(),
        "revenue" | "units" | "orders" | "lines" | "returns" | "new_sku_revenue"
    );
    // Nobody sells a tenth of a unit.
    let show = |x: f64| t.level(if t.unit == Unit::Count { x.round() } else { x });
    if members.len() > 1 {
        let mut figures: Vec<(String, f64)> = members
            .iter()
            .filter_map(|m| {
                let mut own = ahead
                    .iter()
                    .filter(|r| text(r, "member") == Some(m))
                    .filter_map(|r| num(r, "forecast"));
                let figure = if adds_up { own.sum() } else { own.next_back()? };
                Some((plain_name(m), figure))
            })
            .collect();
        figures.sort_by(|a, b| b.1.total_cmp(&a.1));
        let items: Vec<String> = figures
            .iter()
            .take(NAMED)
            .map(|(m, x)| format!("{m} {}", show(*x)))
            .collect();
        let (span, span_ko) = match (w(first), w(last)) {
            (a, b) if adds_up && a != b => (
                format!("in all from {a} to {b}"),
                format!("{a}~{b} {} 예측 합계", t.metric()),
            ),
            (_, b) => (format!("for {b}"), format!("{b} {} 예측", t.metric())),
        };
        return vec![t.say(
            format!(
                "Forecast of {}{} {span}, largest first: {}.",
                t.metric(),
                t.scope(),
                list(&items, t.lang)
            ),
            format!("{}{}: {}.", t.scope(), span_ko, list(&items, t.lang)),
        )];
    }
    let x = |row: &Row| show(num(row, "forecast").unwrap_or(0.0));
    let is = match t.facts.metric.as_str() {
        "units" | "orders" | "customers" | "lines" | "returns" | "skus" | "brands" => "are",
        _ => "is",
    };
    if ahead.len() > 1 && adds_up {
        // The sum is what was asked for; intervals do not add up, so each stays with its step.
        let sum = show(ahead.iter().filter_map(|r| num(r, "forecast")).sum());
        let each = |row: &Row| format!("{} {}{}", w(row), x(row), range(t, row, false));
        let mut out = vec![
            t.say(
                format!(
                    "{}{} {is} forecast at {sum} in all from {} to {}.",
                    t.metric_first(),
                    t.scope(),
                    w(first),
                    w(last)
                ),
                format!(
                    "{}{}~{} {} 예측 합계는 {sum}입니다.",
                    t.scope(),
                    w(first),
                    w(last),
                    t.metric()
                ),
            ),
            t.say(
                format!("First {}, last {}.", each(first), each(last)),
                format!("처음 {}, 마지막 {}.", each(first), each(last)),
            ),
        ];
        out.extend(model(t, first));
        return out;
    }
    let mut out = vec![t.say(
        format!(
            "{}{} {is} forecast at {} for {}{}.",
            t.metric_first(),
            t.scope(),
            x(first),
            w(first),
            range(t, first, false)
        ),
        format!(
            "{}{} {} 예측은 {}{}입니다.",
            t.scope(),
            w(first),
            t.metric(),
            x(first),
            range(t, first, false)
        ),
    )];
    if ahead.len() > 1 {
        out.push(t.say(
            format!(
                "For {} it is {}{}.",
                w(last),
                x(last),
                range(t, last, false)
            ),
            format!("{}에는 {}{}.", w(last), x(last), range(t, last, false)),
        ));
    }
    out.extend(model(t, first));
    out
}

/// How far forecasts from earlier origins were off.
pub(super) fn backtest(t: &Teller<'_>) -> Vec<String> {
    let rows = &t.facts.rows;
    let error = |row: &Row| num(row, "wape");
    let named = |name: &str| rows.iter().find(|r| text(r, "model") == Some(name));
    // What forecasts by default, else the best.
    let best = rows
        .iter()
        .filter(|r| error(r).is_some())
        .min_by(|a, b| error(a).unwrap_or(0.0).total_cmp(&error(b).unwrap_or(0.0)));
    let Some(own) = named("auto").filter(|r| error(r).is_some()).or(best) else {
        return Vec::new();
    };
    let (steps, grain) = t.facts.horizon.clone().unwrap_or((3, "month".into()));
    let unit = match grain.as_str() {
        "day" => "일",
        "week" => "주",
        "quarter" => "분기",
        "year" => "년",
        _ => "개월",
    };
    let off = percent(error(own).unwrap_or(0.0));
    let many = if steps == 1 { "" } else { "s" };
    let mut out = vec![t.say(
        format!(
            "Over {steps} {grain}{many}, forecasts of {}{} were off by {off} of the values.",
            t.metric(),
            t.scope()
        ),
        format!(
            "{}{} {steps}{unit} 앞까지의 예측 오차는 값의 {off}입니다.",
            t.scope(),
            t.metric()
        ),
    )];
    if let Some(bias) = num(own, "bias").filter(|b| b.abs() >= 0.005) {
        let size = percent(bias.abs());
        out.push(t.say(
            format!(
                "They were {size} too {}.",
                if bias > 0.0 { "high" } else { "low" }
            ),
            format!(
                "평균적으로 {size} {} 예측했습니다.",
                if bias > 0.0 { "높게" } else { "낮게" }
            ),
        ));
    }
    if let Some(inside) = num(own, "coverage") {
        let inside = percent(inside);
        out.push(t.say(
            format!("The 95% interval held {inside} of what came."),
            format!("95% 구간에 실제 값의 {inside}가 들었습니다."),
        ));
    }
    if let Some(best) = best.filter(|b| error(b) < error(own))
        && let Some(name) = text(best, "model")
    {
        let (name, off) = (plain_name(name), percent(error(best).unwrap_or(0.0)));
        out.push(t.say(
            format!("The best single model was {name} with {off}."),
            format!("가장 나은 단일 모형은 {name}({off})입니다."),
        ));
    }
    out
}

fn model(t: &Teller<'_>, row: &Row) -> Option<String> {
    text(row, "model").map(|model| {
        // A mean of many models is told by its first.
        let parts: Vec<&str> = model.split(" + ").collect();
        match parts.as_slice() {
            [first, .., _] if model.chars().count() > 30 => t.say(
                format!("Model: a mean of several, {} first.", plain_name(first)),
                format!("모형: {} 등 여러 모형의 평균.", plain_name(first)),
            ),
            _ => t.say(
                format!("Model: {}.", plain_name(model)),
                format!("모형: {}.", plain_name(model)),
            ),
        }
    })
}

pub(super) fn suggest_targets(t: &Teller<'_>) -> Vec<String> {
    t.facts
        .rows
        .iter()
        .take(NAMED)
        .map(|row| {
            let who = match text(row, "member") {
                None | Some("Total") => String::new(),
                Some(_) => t.say(
                    format!(" for {}", t.member(row)),
                    format!("{} ", t.member(row)),
                ),
            };
            let part = |column: &str, en: &str, ko: &str| {
                num(row, column).map(|x| {
                    t.say(
                        format!("{en} {}", t.level(x)),
                        format!("{ko} {}", t.level(x)),
                    )
                })
            };
            let parts: Vec<String> = [
                part("commit", "commit", "보수적"),
                part("stretch_target", "stretch", "도전"),
                part("ambitious", "ambitious", "야심"),
            ]
            .into_iter()
            .flatten()
            .collect();
            if parts.is_empty() {
                return String::new();
            }
            let last = num(row, "last_year").map_or_else(String::new, |x| {
                t.say(
                    format!("; a year earlier it was {}", t.level(x)),
                    format!("; 전년 {}", t.level(x)),
                )
            });
            t.say(
                format!(
                    "Targets for {}{who}{}: {}{last}.",
                    t.metric(),
                    t.about(),
                    list(&parts, t.lang)
                ),
                format!(
                    "{}{who}{} 목표: {}{last}.",
                    t.about(),
                    t.metric(),
                    list(&parts, t.lang)
                ),
            )
        })
        .collect()
}

pub(super) fn attainment(t: &Teller<'_>) -> Vec<String> {
    let mut rows: Vec<&Row> = t.facts.rows.iter().collect();
    rows.sort_by(|a, b| {
        num(a, "p_attain")
            .unwrap_or(2.0)
            .total_cmp(&num(b, "p_attain").unwrap_or(2.0))
    });
    rows.iter()
        .take(NAMED)
        .map(|row| {
            let who = match text(row, "member") {
                None | Some("Total") => t.metric_first(),
                Some(_) => t.member(row),
            };
            let Some(target) = num(row, "target") else {
                return t.say(
                    format!("{who}{}: no target is set.", t.about()),
                    format!("{}{who}: 설정된 목표가 없습니다.", t.about()),
                );
            };
            // Once the period is over there is nothing left to expect.
            if text(row, "status") == Some("closed")
                && let Some(made) = num(row, "to_date").or_else(|| num(row, "expected_end"))
            {
                let part = if target > 0.0 {
                    t.say(
                        format!(", {} of", percent(made / target)),
                        format!("({})", percent(made / target)),
                    )
                } else {
                    t.say(" of".into(), String::new())
                };
                let kept = made >= target;
                return t.say(
                    format!(
                        "{who}{} was {}{part} the target of {}, which was {}.",
                        t.about(),
                        t.level(made),
                        t.level(target),
                        if kept { "reached" } else { "missed" }
                    ),
                    format!(
                        "{}{who}: {}{part}, 목표 {} {}.",
                        t.about(),
                        t.level(made),
                        t.level(target),
                        if kept { "달성" } else { "미달" }
                    ),
                );
            }
            let to_date = num(row, "to_date").map_or_else(String::new, |x| {
                t.say(
                    format!("{} so far of a target of {}", t.level(x), t.level(target)),
                    format!("현재 {} / 목표 {}", t.level(x), t.level(target)),
                )
            });
            let end = num(row, "expected_end").map_or_else(String::new, |x| {
                t.say(
                    format!(
                        "; expected at the end {}{}",
                        t.level(x),
                        range(t, row, false)
                    ),
                    format!("; 예상 마감 {}{}", t.level(x), range(t, row, false)),
                )
            });
            let p = num(row, "p_attain").map_or_else(String::new, |x| {
                t.say(
                    format!("; probability to reach it {}", percent(x)),
                    format!("; 달성 확률 {}", percent(x)),
                )
            });
            t.say(
                format!("{who}{}: {to_date}{end}{p}.", t.about()),
                format!("{}{who}: {to_date}{end}{p}.", t.about()),
            )
        })
        .collect()
}

pub(super) fn what_if(t: &Teller<'_>) -> Vec<String> {
    t.facts
        .rows
        .iter()
        .take(NAMED)
        .filter_map(|row| {
            let (baseline, expected) = (num(row, "baseline")?, num(row, "expected")?);
            let who = match text(row, "member") {
                None | Some("Total") => t.metric_first(),
                Some(_) => t.member(row),
            };
            let when = day(row, "time").map_or_else(String::new, |d| {
                t.say(
                    format!(" in {}", when(d, grain_of(&t.facts.rows), t.lang)),
                    format!("{} ", when(d, grain_of(&t.facts.rows), t.lang)),
                )
            });
            let scope = t.scope();
            let when = match &t.facts.horizon {
                Some((n, grain)) if when.is_empty() => {
                    let ko = match grain.as_str() {
                        "day" => "일",
                        "week" => "주",
                        "quarter" => "분기",
                        "year" => "년",
                        _ => "개월",
                    };
                    let s = if *n == 1 { "" } else { "s" };
                    t.say(
                        format!(" over the next {n} {grain}{s}"),
                        format!("향후 {n}{ko} "),
                    )
                }
                _ => when,
            };
            Some(t.say(
                format!(
                    "{who}{scope}{when} would be {} in place of {}{}.",
                    t.level(expected),
                    t.level(baseline),
                    range(t, row, false)
                ),
                format!(
                    "{scope}{when}{who}: {} 대신 {}{}.",
                    t.level(baseline),
                    t.level(expected),
                    range(t, row, false)
                ),
            ))
        })
        .collect()
}

pub(super) fn recommend(t: &Teller<'_>) -> Vec<String> {
    let shown = t.facts.top.unwrap_or(NAMED).clamp(1, 10);
    let mut out: Vec<String> = vec![t.say(
        format!(
            "{}{}:",
            count(t.facts.rows.len(), "action", "actions"),
            t.about()
        ),
        format!("{}제안 {}개:", t.about(), t.facts.rows.len()),
    )];
    for (i, row) in t.facts.rows.iter().take(shown).enumerate() {
        let subject = text(row, "subject").map(plain_name).unwrap_or_default();
        let action = text(row, "action").unwrap_or("");
        let what = to_do(action, &subject, t.ko());
        let reason: String = text(row, "reason")
            .unwrap_or("")
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect();
        let uplift = num(row, "expected_uplift").map_or_else(String::new, |x| {
            t.say(
                format!(" Expected uplift {}{}.", t.money(x), range(t, row, true)),
                format!(" 기대 효과 {}{}.", t.money(x), range(t, row, true)),
            )
        });
        let reason = reason.trim_end_matches('.');
        let reason = if reason.is_empty() {
            String::new()
        } else {
            // Reasons are written in English; a Korean answer tells the figures behind them.
            let korean = super::reasons::reason(row).unwrap_or_else(|| format!("“{reason}”"));
            t.say(format!(". {reason}"), format!(". {korean}"))
        };
        out.push(format!("{}. {what}{reason}.{uplift}", i + 1));
    }
    out
}

/// What to do to whom, as a sentence's head.
fn to_do(action: &str, subject: &str, ko: bool) -> String {
    let (en, korean) = match action {
        "price" => ("Change the price of {}", "{} 가격 조정"),
        "promote" => ("Promote {}", "{} 프로모션"),
        "restock" => ("Restock {}", "{} 재입고"),
        "delist" => ("Delist {}", "{} 단종"),
        "expand" => ("Expand {}", "{} 확대"),
        "reallocate" => ("Reallocate to {}", "{}에 재배분"),
        "diversify" => ("Diversify away from {}", "{} 의존 축소"),
        "fix_cause" => ("Find what went wrong at {}", "{} 원인 해결"),
        "set_target" => ("Set a target for {}", "{} 목표 설정"),
        other => {
            return format!(
                "{} {subject}",
                first_up(&plain_name(&other.replace('_', " ")))
            );
        }
    };
    (if ko { korean } else { en }).replace("{}", subject)
}

pub(super) fn insights(t: &Teller<'_>) -> Vec<String> {
    let shown = t.facts.top.unwrap_or(5).clamp(1, 10);
    t.facts
        .rows
        .iter()
        .take(shown)
        .filter_map(|row| {
            if t.ko()
                && let Some(told) = super::reasons::insight(row)
            {
                return Some(told);
            }
            let clean =
                |s: &str| -> String { s.chars().filter(|c| !c.is_control()).take(240).collect() };
            let headline = text(row, "headline").map(clean);
            let detail = text(row, "detail").map(clean);
            let head = headline.or_else(|| text(row, "metric").map(|m| metric_name(m, t.lang)))?;
            let dot = |s: &str| format!("{}.", s.trim_end_matches('.'));
            Some(detail.map_or_else(|| dot(&head), |d| format!("{} {}", dot(&head), dot(&d))))
        })
        .collect()
}
