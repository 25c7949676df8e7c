//! Why a recommendation is made and what an insight is, in Korean, from the figures in the rows' evidence.
//!
//! The functions write their reasons in English, one text for SQL and for dashboards. Where the evidence lacks a figure
//! a sentence needs, there is no Korean sentence, and the English one is shown in quotation marks.

use serde_json::{Map, Value};

use crate::words::facts::{Lang, Row, grouped, metric_name, num, plain_name, text};

/// The values of a recommendation's evidence.
fn values(row: &Row) -> Option<&Map<String, Value>> {
    row.get("evidence")?.get("values")?.as_object()
}

fn whole(x: f64) -> String {
    grouped(x, 0)
}

fn percent(x: f64) -> String {
    format!("{:.0}%", 100.0 * x)
}

/// The reason of a recommendation.
pub(super) fn reason(row: &Row) -> Option<String> {
    let v = values(row)?;
    let x = |name: &str| num(v, name);
    let name = |column: &str| text(v, column).map(plain_name);
    Some(match text(row, "action")? {
        "price" => {
            let (step, e) = (x("step")?, x("elasticity")?);
            format!(
                "가격을 {} {}: 가격이 1% 오르면 판매량이 {:.1}% {}({:.1}~{:.1}). 마진은 이 데이터로 알 수 없습니다",
                percent(step.abs()),
                if step > 0.0 { "올리기" } else { "내리기" },
                e.abs(),
                if e < 0.0 {
                    "줄었습니다"
                } else {
                    "늘었습니다"
                },
                x("lo")?,
                x("hi")?,
            )
        }
        "promote" => format!(
            "{} 프로모션 {}회가 매번 평소 {:.1}주치 매출을 더 가져왔습니다({:.1}~{:.1}). 할인은 보통 {}였습니다",
            match text(v, "kind")? {
                "(none)" => "유형이 없는 제품의".into(),
                _ => name("kind")?,
            },
            whole(x("promotions")?),
            x("gain_weeks")?,
            x("lo")?,
            x("hi")?,
            percent(x("depth")?),
        ),
        "restock" => format!(
            "{}일 동안 판매가 없는데, 평소에는 하루 주문이 {:.1}건입니다. 품절일 수 있습니다",
            whole(x("days")?),
            x("lines_per_day")?,
        ),
        "delist" => format!(
            "규모가 작고 불규칙하며 4주마다 {:.1}개씩 줄고 있습니다. 걸려 있는 매출은 4주에 최대 {}입니다",
            x("slope_per_4_weeks")?.abs(),
            whole(x("revenue_at_risk")?),
        ),
        "expand" => format!(
            "{} 입점: 이미 그곳에서도 팔리는 다른 제품 {}개는 그곳에서 {:.2}배 빨리 팔립니다",
            name("channel")?,
            whole(x("analogues")?),
            x("ratio")?,
        ),
        "reallocate" => format!(
            "1년간 {}의 비중은 {} 늘고 {}의 비중은 {} 줄었습니다. 예산의 효과는 이 데이터로 알 수 없습니다",
            name("to")?,
            percent(x("share_growth_to")?),
            name("from")?,
            percent(x("share_growth_from")?.abs()),
        ),
        "diversify" => format!(
            "매출의 {}가 여기서 나오고(집중도 {:.2}) 4주마다 {} 흔들립니다. 걸려 있는 매출은 {}입니다",
            percent(x("share")?),
            x("hhi")?,
            percent(x("volatility")?),
            whole(x("revenue_at_risk")?),
        ),
        "fix_cause" => format!(
            "나머지의 흐름을 따랐을 때보다 매출이 {} 적습니다. 원인은 이 부분 안에 있습니다",
            whole(x("gap")?),
        ),
        "set_target" => format!(
            "아직 목표가 없습니다. 보수적 목표 {}, 도전 목표 {}(달성 확률 {})",
            whole(x("commit")?),
            whole(x("stretch")?),
            percent(x("p_stretch")?),
        ),
        _ => return None,
    })
}

/// An insight, headline and detail.
pub(super) fn insight(row: &Row) -> Option<String> {
    let e = row.get("evidence")?.get(0)?.as_object()?;
    let x = |name: &str| num(e, name);
    let name = |column: &str| {
        text(e, column).map(|n| match n {
            "Total" => "전체".to_owned(),
            n => plain_name(n),
        })
    };
    let metric = metric_name(text(row, "metric").unwrap_or("revenue"), Lang::Ko);
    let points = |x: f64| format!("{:.1}", 100.0 * x);
    Some(match text(row, "kind")? {
        "driver" => {
            let ratio = x("ratio")?;
            let part = x("contribution").map_or_else(String::new, |c| {
                format!(" 전체 변화 중 {}포인트에 해당합니다.", points(c))
            });
            format!(
                "{}: {metric}이 예상보다 {}% {}. 이전 {}, 현재 {}이며, 나머지와 같이 움직였다면 {}였을 것입니다.{part}",
                name("member")?,
                points((ratio - 1.0).abs()),
                if ratio < 1.0 {
                    "적습니다"
                } else {
                    "많습니다"
                },
                whole(x("baseline")?),
                whole(x("value")?),
                whole(x("expected")?),
            )
        }
        "market" => {
            let moved = x("ratio")? - 1.0;
            format!(
                "시장 전체로는 {}% {}. 전체 {metric}은 이전 {}, 현재 {}입니다.",
                points(moved.abs()),
                if moved < 0.0 {
                    "감소했습니다"
                } else {
                    "증가했습니다"
                },
                whole(x("baseline")?),
                whole(x("value")?),
            )
        }
        "anomaly" => {
            let open = e.get("recovered") != Some(&Value::Bool(true));
            format!(
                "{}: {}부터 {metric}{}{}. 예상 {}, 실제 {}입니다.",
                name("member")?,
                text(e, "started")?,
                match text(e, "shape")? {
                    "drop" => " 급감",
                    "spike" => " 급증",
                    "level_shift" => " 수준 변화",
                    _ => " 이상",
                },
                if open {
                    "(아직 이어지는 중)"
                } else {
                    ""
                },
                whole(x("expected")?),
                whole(x("value")?),
            )
        }
        "new_leader" => format!(
            "새로운 1위는 {}이며, 이전 1위는 {}입니다. {metric}은 이전 {}, 현재 {}이며 {}보다 {} 많습니다.",
            name("member")?,
            name("before")?,
            whole(x("baseline")?),
            whole(x("value")?),
            name("before")?,
            whole(x("lead")?),
        ),
        "concentration" => format!(
            "{metric}의 {}%가 {}에서 나옵니다. 크기가 같은 것 {:.1}개에 해당합니다.",
            points(x("top1_share")?),
            name("member")?,
            x("effective_n")?,
        ),
        "mix" => {
            let mix = x("mix")?;
            format!(
                "{} 쪽으로 구성이 바뀌어 {metric}이 {} {}.",
                if mix > 0.0 {
                    "비싼 제품"
                } else {
                    "싼 제품"
                },
                whole(mix.abs()),
                if mix > 0.0 {
                    "늘었습니다"
                } else {
                    "줄었습니다"
                },
            )
        }
        "target" => {
            let (value, target) = (x("value")?, x("target")?);
            if target <= 0.0 {
                return None;
            }
            format!(
                "{}: {metric} 목표의 {}%입니다. 목표 {}, 현재 {}입니다.",
                name("member")?,
                points(value / target),
                whole(target),
                whole(value),
            )
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(json: Value) -> Row {
        json.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn reasons_are_told_from_their_figures() {
        let price = row(json!({"action": "price", "evidence": {"values":
            {"step": -0.1, "elasticity": -2.38, "lo": -3.4, "hi": -1.39}}}));
        assert_eq!(
            reason(&price).as_deref(),
            Some(
                "가격을 10% 내리기: 가격이 1% 오르면 판매량이 2.4% 줄었습니다(-3.4~-1.4). 마진은 이 데이터로 알 수 없습니다"
            )
        );
        // A figure that is missing leaves the English text.
        let bare = row(json!({"action": "price", "evidence": {"values": {"step": -0.1}}}));
        assert_eq!(reason(&bare), None);
        assert_eq!(reason(&row(json!({"action": "price"}))), None);
    }

    #[test]
    fn insights_are_told_from_their_figures() {
        let target = row(json!({"kind": "target", "metric": "revenue",
            "evidence": [{"member": "Total", "value": 94600, "target": 100_000}]}));
        assert_eq!(
            insight(&target).as_deref(),
            Some("전체: 매출 목표의 94.6%입니다. 목표 100,000, 현재 94,600입니다.")
        );
        assert_eq!(
            insight(&row(json!({"kind": "target", "evidence": []}))),
            None
        );
    }
}
