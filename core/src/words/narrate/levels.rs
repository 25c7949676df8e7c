//! Texts about levels: how much, who, since when.

use super::{NAMED, Teller, count, list, share_in_brackets};
use crate::words::facts::{
    Row, day, grain_of, metric_name, num, percent, plain_name, segment_name, text, unit_of, when,
    within,
};

pub(super) fn value(t: &Teller<'_>) -> Vec<String> {
    let Some(row) = t.facts.rows.first() else {
        return Vec::new();
    };
    let x = num(row, "value").or_else(|| row.values().find_map(serde_json::Value::as_f64));
    let Some(x) = x else {
        return vec![t.say(
            format!(
                "{}{} has no value: there is nothing to divide by or no data.",
                t.metric_first(),
                t.about()
            ),
            format!("{}{} 값이 없습니다.", t.about(), t.metric()),
        )];
    };
    let was = match t.facts.metric.as_str() {
        "units" | "orders" | "customers" | "lines" | "returns" | "skus" | "brands" => "came to",
        _ => t.pick(&["was", "came to"]),
    };
    vec![t.say(
        format!("{}{} {was} {}.", t.metric_first(), t.about(), t.level(x)),
        format!("{}{}: {}.", t.about(), t.metric(), t.level(x)),
    )]
}

fn ranked<'f>(t: &'f Teller<'_>) -> Vec<&'f Row> {
    let mut rows: Vec<&Row> = t
        .facts
        .rows
        .iter()
        .filter(|r| num(r, "value").is_some())
        .collect();
    let down = t.facts.direction.as_deref() == Some("down");
    rows.sort_by(|a, b| {
        let (x, y) = (
            num(a, "value").unwrap_or(0.0),
            num(b, "value").unwrap_or(0.0),
        );
        if down {
            x.total_cmp(&y)
        } else {
            y.total_cmp(&x)
        }
    });
    rows
}

/// "Amazon: Lumio 1,776 and Hanbit 1,683." for each member of a dimension.
fn within_each(t: &Teller<'_>, each: &str) -> Vec<String> {
    /// More groups than this are left to the table.
    const GROUPS: usize = 8;
    let of = |row: &Row, own: bool| -> String {
        let members = row.get("members").and_then(serde_json::Value::as_object);
        let names = members
            .into_iter()
            .flatten()
            .filter(|(d, _)| (*d == each) == own);
        let names: Vec<String> = names
            .filter_map(|(_, m)| Some(super::super::facts::plain_name(m.as_str()?)))
            .collect();
        names.join(" · ")
    };
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for row in &t.facts.rows {
        let item = format!(
            "{} {}",
            of(row, false),
            t.level(num(row, "value").unwrap_or(0.0))
        );
        let group = of(row, true);
        match groups.last_mut().filter(|(name, _)| *name == group) {
            Some((_, items)) => items.push(item),
            None => groups.push((group, vec![item])),
        }
    }
    let head = format!("{}{}", t.metric_first(), t.about());
    let mut out = vec![t.say(
        format!("{head}, the first of each."),
        format!("{}{}, 각각의 상위입니다.", t.about(), t.metric()),
    )];
    let more = groups.len().saturating_sub(GROUPS);
    out.extend(
        groups
            .into_iter()
            .take(GROUPS)
            .map(|(name, items)| format!("{name}: {}.", super::list(&items, t.lang))),
    );
    if more > 0 {
        out.push(t.say(
            format!("{more} more are listed below."),
            format!("그 외 {more}개."),
        ));
    }
    out
}

pub(super) fn breakdown(t: &Teller<'_>) -> Vec<String> {
    let rows = ranked(t);
    let item = |row: &Row| {
        format!(
            "{} {}{}",
            t.member(row),
            t.level(num(row, "value").unwrap_or(0.0)),
            share_in_brackets(row)
        )
    };
    let Some(first) = rows.first() else {
        return Vec::new();
    };
    if let Some(each) = &t.facts.each {
        return within_each(t, each);
    }
    // "What share has A?" is answered for A before the rest.
    let focus: Vec<String> = rows
        .iter()
        .enumerate()
        .filter(|(_, r)| text(r, "member").is_some_and(|m| t.facts.focus.iter().any(|f| f == m)))
        .filter_map(|(i, r)| {
            let (share, x, place) = (percent(num(r, "share")?), t.level(num(r, "value")?), i + 1);
            let (who, of) = (t.member(r), rows.len());
            Some(t.say(
                format!(
                    "{who} holds {share} of {}{}: {x}, place {place} of {of}.",
                    t.metric(),
                    t.about()
                ),
                format!(
                    "{}{} 중 {who} 비중은 {share}({x}), {of}개 중 {place}위입니다.",
                    t.about(),
                    t.metric()
                ),
            ))
        })
        .collect();
    if !focus.is_empty() {
        return focus;
    }
    if rows.len() == 1 {
        return vec![t.say(
            format!("{}{}: {}.", t.metric_first(), t.about(), item(first)),
            format!("{}{}: {}.", t.about(), t.metric(), item(first)),
        )];
    }
    let shown = t.facts.top.unwrap_or(NAMED).clamp(2, 10).min(rows.len());
    let rest: Vec<String> = rows.iter().take(shown).skip(1).map(|r| item(r)).collect();
    let more = rows.len() - shown;
    let lead = num(first, "value").map(|x| t.level(x)).unwrap_or_default();
    let down = t.facts.direction.as_deref() == Some("down");
    let tie = rows.get(1).and_then(|r| num(r, "value")) == num(first, "value");
    let head = if tie {
        t.say(
            format!("{}{}: {}", t.metric_first(), t.about(), item(first)),
            format!("{}{}: {}", t.about(), t.metric(), item(first)),
        )
    } else if down {
        t.say(
            format!(
                "{} has the lowest {}{}: {lead}{}",
                t.member(first),
                t.metric(),
                t.about(),
                share_in_brackets(first)
            ),
            format!(
                "{}{} 최하위는 {} {lead}{}",
                t.about(),
                t.metric(),
                t.member(first),
                share_in_brackets(first)
            ),
        )
    } else {
        let (lead_verb, with) = match t.pick(&["leads", "first"]) {
            "leads" => ("leads", " with"),
            _ => ("comes first", " with"),
        };
        t.say(
            format!(
                "{} {lead_verb} in {}{}{with} {lead}{}",
                t.member(first),
                t.metric(),
                t.about(),
                share_in_brackets(first)
            ),
            format!(
                "{}{} 1위는 {} {lead}{}",
                t.about(),
                t.metric(),
                t.member(first),
                share_in_brackets(first)
            ),
        )
    };
    let tail = t.say(
        format!(
            "{}followed by {}",
            if tie { "then " } else { "" },
            list(&rest, t.lang)
        )
        .replace("then followed by", "then"),
        format!("이어서 {}", list(&rest, t.lang)),
    );
    let others = if more == 0 {
        String::new()
    } else {
        t.say(
            format!(
                " {} listed below.",
                if more == 1 {
                    "One more is".into()
                } else {
                    format!("{more} more are")
                }
            ),
            format!(" 그 외 {more}개."),
        )
    };
    vec![format!("{head}, {tail}.{others}")]
}

pub(super) fn history(t: &Teller<'_>) -> Vec<String> {
    let grain = grain_of(&t.facts.rows);
    let mut members: Vec<&str> = t
        .facts
        .rows
        .iter()
        .filter_map(|r| text(r, "member"))
        .collect();
    members.sort_unstable();
    members.dedup();
    if members.len() > 1 {
        return by_member(t, &members);
    }
    let mut points: Vec<(chrono::NaiveDate, f64, bool)> = t
        .facts
        .rows
        .iter()
        .filter_map(|r| {
            Some((
                day(r, "time")?,
                num(r, "value")?,
                r.get("is_partial")
                    .and_then(serde_json::Value::as_bool)
                    .unwrap_or(false),
            ))
        })
        .collect();
    points.sort_by_key(|p| p.0);
    let full: Vec<_> = points.iter().filter(|p| !p.2).copied().collect();
    let used = if full.is_empty() { &points } else { &full };
    let (Some(first), Some(last)) = (used.first(), used.last()) else {
        return Vec::new();
    };
    let high = used
        .iter()
        .fold(first, |a, b| if b.1 > a.1 { b } else { a });
    let low = used
        .iter()
        .fold(first, |a, b| if b.1 < a.1 { b } else { a });
    let w = |d| within(d, grain, t.lang);
    let mut out = vec![if used.len() == 1 {
        t.say(
            format!(
                "{}{} was {} {}.",
                t.metric_first(),
                t.scope(),
                t.level(first.1),
                w(first.0)
            ),
            format!(
                "{}{} {}: {}.",
                t.scope(),
                w(first.0),
                t.metric(),
                t.level(first.1)
            ),
        )
    } else if (last.1 - first.1).abs() < 1e-9 {
        t.say(
            format!(
                "{}{} ended where it began: {} {} and {}.",
                t.metric_first(),
                t.scope(),
                t.level(last.1),
                w(first.0),
                w(last.0)
            ),
            format!(
                "{}{}: {}과 {} 모두 {}.",
                t.scope(),
                t.metric(),
                w(first.0),
                w(last.0),
                t.level(last.1)
            ),
        )
    } else {
        let verb = if last.1 > first.1 { "rose" } else { "fell" };
        t.say(
            format!(
                "{}{} {verb} from {} {} to {} {}.",
                t.metric_first(),
                t.scope(),
                t.level(first.1),
                w(first.0),
                t.level(last.1),
                w(last.0)
            ),
            format!(
                "{}{}: {} {}에서 {} {}(으)로 {}.",
                t.scope(),
                t.metric(),
                w(first.0),
                t.level(first.1),
                w(last.0),
                t.level(last.1),
                if last.1 > first.1 {
                    "증가했습니다"
                } else {
                    "감소했습니다"
                }
            ),
        )
    }];
    if used.len() > 2 && high.1 > low.1 {
        out.push(t.say(
            format!(
                "The highest was {} {}, the lowest {} {}.",
                t.level(high.1),
                w(high.0),
                t.level(low.1),
                w(low.0)
            ),
            format!(
                "최고는 {} {}, 최저는 {} {}입니다.",
                w(high.0),
                t.level(high.1),
                w(low.0),
                t.level(low.1)
            ),
        ));
    }
    if points.len() > full.len() && !full.is_empty() {
        out.push(t.say(
            "The running period is not complete and is left out here.".into(),
            "진행 중인 기간은 제외했습니다.".into(),
        ));
    }
    out
}

fn by_member(t: &Teller<'_>, members: &[&str]) -> Vec<String> {
    let grain = grain_of(&t.facts.rows);
    let last = t
        .facts
        .rows
        .iter()
        .filter(|r| {
            !r.get("is_partial")
                .and_then(serde_json::Value::as_bool)
                .unwrap_or(false)
        })
        .filter_map(|r| day(r, "time"))
        .max();
    let Some(last) = last else { return Vec::new() };
    let mut at_last: Vec<(&str, f64)> = t
        .facts
        .rows
        .iter()
        .filter(|r| day(r, "time") == Some(last))
        .filter_map(|r| Some((text(r, "member")?, num(r, "value")?)))
        .collect();
    at_last.sort_by(|a, b| b.1.total_cmp(&a.1));
    let items: Vec<String> = at_last
        .iter()
        .take(NAMED)
        .map(|(m, x)| format!("{} {}", plain_name(m), t.level(*x)))
        .collect();
    vec![t.say(
        format!(
            "{} series of {}; {} the largest were {}.",
            members.len(),
            t.metric(),
            within(last, grain, t.lang),
            list(&items, t.lang)
        ),
        format!(
            "{} {}개 계열; {} 기준 상위: {}.",
            t.metric(),
            members.len(),
            when(last, grain, t.lang),
            list(&items, t.lang)
        ),
    )]
}

pub(super) fn scorecard(t: &Teller<'_>) -> Vec<String> {
    let with = |state: &str| {
        t.facts
            .rows
            .iter()
            .filter(|r| text(r, "state") == Some(state))
            .collect::<Vec<_>>()
    };
    let (good, watch, bad) = (with("good"), with("watch"), with("bad"));
    let line = |row: &&Row| -> Option<String> {
        let metric = text(row, "metric")?;
        let x = num(row, "value")?;
        let level = crate::words::facts::level(x, unit_of(metric), &t.facts.currency);
        let name = metric_name(metric, t.lang);
        Some(match num(row, "change_pct") {
            Some(c) if percent(c) != "0%" => {
                let sign = if c > 0.0 { "+" } else { "" };
                format!("{name} {level} ({sign}{})", percent(c))
            }
            _ => format!("{name} {level}"),
        })
    };
    let mut out = vec![t.say(
        format!(
            "Of {}{}, {} good, {} to watch and {} bad.",
            count(t.facts.rows.len(), "metric", "metrics"),
            t.about(),
            good.len(),
            watch.len(),
            bad.len()
        ),
        format!(
            "{}지표 {}개 중 양호 {}, 주의 {}, 부진 {}.",
            t.about(),
            t.facts.rows.len(),
            good.len(),
            watch.len(),
            bad.len()
        ),
    )];
    let head: Vec<String> = t
        .facts
        .rows
        .iter()
        .filter(|r| text(r, "metric") == Some("revenue"))
        .collect::<Vec<_>>()
        .iter()
        .filter_map(line)
        .collect();
    if let Some(head) = head.first() {
        out.push(format!("{}.", super::first_up(head)));
    }
    let in_red: Vec<String> = bad
        .iter()
        .filter(|r| text(r, "metric") != Some("revenue"))
        .filter_map(line)
        .take(NAMED)
        .collect();
    if !in_red.is_empty() {
        out.push(t.say(
            format!("In the red: {}.", list(&in_red, t.lang)),
            format!("부진 지표: {}.", list(&in_red, t.lang)),
        ));
    }
    out
}

pub(super) fn concentration(t: &Teller<'_>) -> Vec<String> {
    let Some(row) = t.facts.rows.last() else {
        return Vec::new();
    };
    let mut parts: Vec<String> = Vec::new();
    if let Some(x) = num(row, "top1_share") {
        parts.push(t.say(
            format!("the largest member holds {}", percent(x)),
            format!("최대 구성원 비중 {}", percent(x)),
        ));
    }
    if let Some(x) = num(row, "top5_share") {
        parts.push(t.say(
            format!("the top 5 hold {}", percent(x)),
            format!("상위 5개 비중 {}", percent(x)),
        ));
    }
    if let Some(x) = num(row, "members_for_80") {
        let n = x.round() as usize;
        parts.push(t.say(
            format!(
                "{} for 80%",
                if n == 1 {
                    "one is enough".into()
                } else {
                    format!("{n} are needed")
                }
            ),
            format!("80%에는 {n}개 필요"),
        ));
    }
    let mut out = vec![super::first_up(&t.say(
        format!("{}{}: {}.", t.metric(), t.about(), list(&parts, t.lang)),
        format!("{}{}: {}.", t.about(), t.metric(), list(&parts, t.lang)),
    ))];
    if let Some(hhi) = num(row, "hhi") {
        let like = num(row, "effective_n").map(|n| format!("{n:.1}"));
        out.push(t.say(
            format!(
                    "The concentration index (HHI) is {hhi:.3}{}.",
                    like.as_ref()
                        .map_or(String::new(), |n| format!(", as with {n} equal members"))
                ),
            format!(
                "집중도(HHI)는 {hhi:.3}{}.",
                like.map_or("입니다".into(), |n| format!(
                    ", 균등 구성원 {n}개와 같습니다"
                ))
            ),
        ));
    }
    out
}

pub(super) fn portfolio(t: &Teller<'_>) -> Vec<String> {
    let tally = |column: &str, class: &str| {
        t.facts
            .rows
            .iter()
            .filter(|r| text(r, column) == Some(class))
            .count()
    };
    let (a, b, c) = (tally("abc", "A"), tally("abc", "B"), tally("abc", "C"));
    let uneven = tally("demand_class", "lumpy")
        + tally("demand_class", "erratic")
        + tally("demand_class", "intermittent");
    let mut out = vec![t.say(
        format!(
            "{}{}{}: {a} in class A, {b} in B and {c} in C.",
            if t.facts.cut { "The first " } else { "" },
            count(t.facts.rows.len(), "product", "products"),
            t.about()
        ),
        format!(
            "{}{}제품 {}개: A {a}, B {b}, C {c}.",
            t.about(),
            if t.facts.cut { "처음 " } else { "" },
            t.facts.rows.len()
        ),
    )];
    if uneven > 0 {
        out.push(t.say(
            format!(
                "Demand is uneven for {uneven}: {}.",
                super::list(
                    &["erratic", "intermittent", "lumpy"]
                        .map(|class| (tally("demand_class", class), class))
                        .into_iter()
                        .filter(|(n, _)| *n > 0)
                        .map(|(n, class)| format!("{n} {class}"))
                        .collect::<Vec<_>>(),
                    super::super::facts::Lang::En
                )
            ),
            format!("수요가 불규칙한 제품은 {uneven}개입니다."),
        ));
    }
    let mut slow: Vec<(&Row, f64)> = t
        .facts
        .rows
        .iter()
        .filter_map(|r| Some((r, num(r, "velocity")?)))
        .collect();
    slow.sort_by(|x, y| x.1.total_cmp(&y.1));
    let names: Vec<String> = slow.iter().take(NAMED).map(|(r, _)| t.member(r)).collect();
    if names.len() == NAMED {
        out.push(t.say(
            format!("The slowest are {}.", list(&names, t.lang)),
            format!("가장 느린 제품: {}.", list(&names, t.lang)),
        ));
    }
    out
}

pub(super) fn price_tiers(t: &Teller<'_>) -> Vec<String> {
    let mut rows: Vec<&Row> = t
        .facts
        .rows
        .iter()
        .filter(|r| num(r, "revenue").is_some())
        .collect();
    rows.sort_by(|a, b| {
        num(b, "revenue")
            .unwrap_or(0.0)
            .total_cmp(&num(a, "revenue").unwrap_or(0.0))
    });
    let items: Vec<String> = rows
        .iter()
        .map(|r| {
            let change = num(r, "change_pct").map_or_else(String::new, |c| {
                format!(", {}{}", if c > 0.0 { "+" } else { "" }, percent(c))
            });
            let share =
                num(r, "share").map_or_else(String::new, |s| format!(" ({}{change})", percent(s)));
            format!(
                "{} {}{share}",
                t.member(r),
                t.money(num(r, "revenue").unwrap_or(0.0))
            )
        })
        .collect();
    vec![t.say(
        format!(
            "Revenue by price tier{}: {}.",
            t.about(),
            list(&items, t.lang)
        ),
        format!("{}가격대별 매출: {}.", t.about(), list(&items, t.lang)),
    )]
}

pub(super) fn cohorts(t: &Teller<'_>) -> Vec<String> {
    let mut starts: Vec<&str> = t
        .facts
        .rows
        .iter()
        .filter_map(|r| text(r, "cohort"))
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let mut out = vec![t.say(
        format!("{}{}.", count(starts.len(), "cohort", "cohorts"), t.scope()),
        format!("{}코호트 {}개.", t.scope(), starts.len()),
    )];
    // Where there is but one, how far it came says more than how many there are.
    if let [_] = starts.as_slice()
        && let Some(last) = t.facts.rows.iter().max_by(|a, b| {
            num(a, "age")
                .unwrap_or(0.0)
                .total_cmp(&num(b, "age").unwrap_or(0.0))
        })
        && let (Some(size), Some(active), Some(age)) =
            (num(last, "size"), num(last, "active"), num(last, "age"))
        && age > 0.0
    {
        out = vec![t.say(
            format!(
                "All{} began at once: {active:.0} of {size:.0} were active at age {age:.0}.",
                t.scope()
            ),
            format!(
                "{}모두 같은 때 시작했습니다. 경과 {age:.0}: {size:.0}개 중 {active:.0}개 활동.",
                t.scope()
            ),
        )];
        return out;
    }
    for age in [1.0, 3.0, 6.0] {
        let at: Vec<&Row> = t
            .facts
            .rows
            .iter()
            .filter(|r| {
                num(r, "age") == Some(age)
                    && r.get("is_censored").and_then(serde_json::Value::as_bool) != Some(true)
            })
            .collect();
        let size: f64 = at.iter().filter_map(|r| num(r, "size")).sum();
        let active: f64 = at.iter().filter_map(|r| num(r, "active")).sum();
        if size > 0.0 && !at.is_empty() {
            out.push(t.say(
                format!(
                    "At age {age:.0}, {active:.0} of {size:.0} were still active ({}).",
                    percent(active / size)
                ),
                format!(
                    "경과 {age:.0}: {size:.0}개 중 {active:.0}개 활동({}).",
                    percent(active / size)
                ),
            ));
        }
    }
    out
}

pub(super) fn launch_curve(t: &Teller<'_>) -> Vec<String> {
    let mut latest: Vec<(&str, &Row, f64)> = Vec::new();
    for row in &t.facts.rows {
        let (Some(member), Some(age)) = (text(row, "member"), num(row, "age_weeks")) else {
            continue;
        };
        match latest.iter_mut().find(|(m, _, _)| *m == member) {
            Some(kept) if kept.2 < age => *kept = (member, row, age),
            Some(_) => {}
            None => latest.push((member, row, age)),
        }
    }
    latest.sort_by(|a, b| {
        num(b.1, "cumulative")
            .unwrap_or(0.0)
            .total_cmp(&num(a.1, "cumulative").unwrap_or(0.0))
    });
    let shown = latest.iter().take(NAMED).collect::<Vec<_>>();
    let of = |(member, row, _): &(&str, &Row, f64)| {
        let sum = num(row, "cumulative")
            .map(|x| t.level(x))
            .unwrap_or_default();
        let peers = num(row, "index_to_peers").map(|x| {
            t.say(
                format!(", {x:.2} times its peers"),
                format!(", 동류 대비 {x:.2}배"),
            )
        });
        (plain_name(member), sum, peers.unwrap_or_default())
    };
    // Launches of the same age are told together.
    if let [first, _, ..] = shown.as_slice()
        && shown.iter().all(|one| one.2 == first.2)
    {
        let items: Vec<String> = shown
            .iter()
            .map(|one| {
                let (name, sum, peers) = of(one);
                match peers.strip_prefix(", ") {
                    Some(peers) => format!("{name} {sum} ({peers})"),
                    None => format!("{name} {sum}"),
                }
            })
            .collect();
        let items = list(&items, t.lang);
        return vec![t.say(
            format!("{:.0} weeks after launch, in all: {items}.", first.2),
            format!("출시 {:.0}주 누적: {items}.", first.2),
        )];
    }
    shown
        .iter()
        .map(|one| {
            let (name, sum, peers) = of(one);
            t.say(
                format!(
                    "{:.0} weeks after launch {name} stands at {sum} in all{peers}.",
                    one.2
                ),
                format!("{name}: 출시 {:.0}주 누적 {sum}{peers}.", one.2),
            )
        })
        .collect()
}

pub(super) fn rfm(t: &Teller<'_>) -> Vec<String> {
    // Customers and money of each segment.
    let mut segments: Vec<(&str, usize, f64)> = Vec::new();
    for row in &t.facts.rows {
        let Some(name) = text(row, "segment") else {
            continue;
        };
        let money = num(row, "monetary").unwrap_or(0.0);
        match segments.iter_mut().find(|s| s.0 == name) {
            Some((_, n, sum)) => {
                *n += 1;
                *sum += money;
            }
            None => segments.push((name, 1, money)),
        }
    }
    if segments.is_empty() {
        return Vec::new();
    }
    segments.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let all: f64 = segments.iter().map(|s| s.2).sum();
    let items: Vec<String> = segments
        .iter()
        .map(|(name, n, money)| {
            let name = segment_name(name, t.lang);
            let share = if all > 0.0 && *money >= 0.0 {
                t.say(
                    format!(" ({} of revenue)", percent(money / all)),
                    format!("(매출의 {})", percent(money / all)),
                )
            } else {
                String::new()
            };
            t.say(format!("{name} {n}{share}"), format!("{name} {n}명{share}"))
        })
        .collect();
    vec![t.say(
        format!(
            "{}{} in {}: {}.",
            if t.facts.cut { "The first " } else { "" },
            count(t.facts.rows.len(), "customer", "customers"),
            count(segments.len(), "segment", "segments"),
            list(&items, t.lang)
        ),
        format!(
            "{}고객 {}명, 세그먼트 {}개: {}.",
            if t.facts.cut { "처음 " } else { "" },
            t.facts.rows.len(),
            segments.len(),
            list(&items, t.lang)
        ),
    )]
}

/// Rows of no known kind: the first few as they are.
pub(super) fn plain(t: &Teller<'_>) -> Vec<String> {
    let items: Vec<String> = t
        .facts
        .rows
        .iter()
        .take(NAMED)
        .map(|row| {
            let parts: Vec<String> = row
                .iter()
                .filter_map(|(name, value)| match value {
                    serde_json::Value::Number(_) => num(row, name).map(|x| {
                        let shown = if x == x.trunc() {
                            crate::words::facts::grouped(x, 0)
                        } else {
                            crate::words::facts::grouped(x, 2)
                        };
                        format!("{} {shown}", plain_name(&name.replace('_', " ")))
                    }),
                    serde_json::Value::String(s) if !s.is_empty() => Some(plain_name(s)),
                    _ => None,
                })
                .take(6)
                .collect();
            parts.join(", ")
        })
        .collect();
    vec![t.say(
        format!(
            "{}: {}.",
            count(t.facts.rows.len(), "row", "rows"),
            items.join("; ")
        ),
        format!("{}개 행: {}.", t.facts.rows.len(), items.join("; ")),
    )]
}
