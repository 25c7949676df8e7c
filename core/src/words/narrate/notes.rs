//! Notes and statuses of the functions in Korean.
//!
//! Functions write their notes in English, one text for SQL and for dashboards; a Korean answer tells them in Korean. A
//! note that is not listed stays as it is, in quotation marks.

use std::sync::LazyLock;

use regex_lite::Regex;

/// A note as a function writes it, and in Korean; `$1` is what the pattern caught.
const NOTES: &[(&str, &str)] = &[
    (
        r"no target is set for this period and group",
        "이 기간과 대상에는 설정된 목표가 없습니다",
    ),
    (
        r"a ratio's rest of the period is not forecast; state compares the figure so far",
        "비율 지표는 남은 기간을 예측하지 않으며, 지금까지의 값과 목표를 비교합니다",
    ),
    (
        r"prices moved between (\S+) and (\S+) of the price now; beyond, nothing is known",
        "가격은 현재의 $1~$2배 사이에서만 움직였으며, 그 밖은 알 수 없습니다",
    ),
    (
        r"no elasticity could be estimated",
        "탄력성을 추정할 수 없습니다",
    ),
    (
        r"no promotion was seen: the answer rests on the price alone",
        "과거 프로모션이 없어 가격 효과만으로 계산했습니다",
    ),
    (
        r"what other products would win back is not known and not counted",
        "다른 제품으로 옮겨갈 판매는 알 수 없어 계산에 넣지 않았습니다",
    ),
    (
        r"associational: causal as far as prices were not set in anticipation of demand",
        "상관관계에 따른 추정이며, 수요를 예상해 가격을 정하지 않았을 때만 인과로 볼 수 있습니다",
    ),
    (
        r"the stretch target is above the upper natural limit",
        "도전 목표가 지금까지의 자연스러운 변동 폭을 넘습니다",
    ),
    (
        r"mostly from the other products of its type",
        "같은 유형의 다른 제품에서 주로 추정했습니다",
    ),
    (
        r"(\d+) complete weeks? on the market; at least (\d+) and (\d+) with sales, are needed",
        "판매 기간이 온전한 주가 $1주입니다. 최소 $2주, 그중 판매가 있는 주 $3주가 필요합니다",
    ),
    (
        r"the price was more than 1 % off its median in (\d+) weeks; at least 3 are needed",
        "가격이 중앙값에서 1% 넘게 벗어난 주가 $1주뿐입니다. 최소 3주가 필요합니다",
    ),
    (
        r"the mean of (\d+) products, which differ by (\S+) \(standard deviation\)",
        "제품 $1개의 평균이며, 표준편차는 $2입니다",
    ),
    (
        r"none of its products could be estimated",
        "추정할 수 있는 제품이 없습니다",
    ),
    (
        r"no segment moved against the rest beyond its noise",
        "나머지와 다르게 움직인 부분이 없습니다",
    ),
    (
        r"(\d+) smaller segments are below min_share",
        "더 작은 부분 $1개는 기준에 못 미쳐 생략했습니다",
    ),
    (
        r"carries less than min_share of what segments explain",
        "설명하는 몫이 기준보다 작습니다",
    ),
    (
        r"the baseline's total is not positive",
        "비교 기간의 합계가 0 이하입니다",
    ),
    (
        r"one leaf has nothing to be compared with",
        "비교할 대상이 없습니다",
    ),
    (
        r"with the change of mix among segments",
        "부분 간 구성 변화를 포함합니다",
    ),
    (
        r"demand every (\S+) periods",
        "수요가 $1기간에 한 번꼴입니다",
    ),
    (
        r"(\d+) observations?, all (\S+)",
        "관측값 $1개가 모두 $2입니다",
    ),
    (
        r"(\d+) observations?; (\d+) are needed for a model",
        "관측값이 $1개뿐입니다. 모형에는 $2개가 필요합니다",
    ),
    (r"no observations?", "관측값이 없습니다"),
    (
        r"(\d+) periods? with a value; the spread is a guess",
        "값이 있는 기간이 $1개뿐이라 폭은 짐작입니다",
    ),
    (
        r"nothing complete before the period",
        "그 기간 전에 완결된 기간이 없습니다",
    ),
    (r"(\d+) gaps? filled", "빈 기간 $1개를 채웠습니다"),
    (r"(\d+) outliers? replaced", "이상값 $1개를 대체했습니다"),
    (
        r"(\d+) harmonics? for the long season",
        "긴 계절성에 조화항 $1개를 썼습니다",
    ),
    (
        r"level changed at observation (\d+)",
        "$1번째 관측값에서 수준이 바뀌었습니다",
    ),
    (
        r"no model beat the seasonal naive forecast at earlier origins",
        "과거 시점에서 계절 단순 예측보다 나은 모형이 없었습니다",
    ),
    (
        r"the model ran away; the last value is given",
        "모형이 발산해 마지막 값을 씁니다",
    ),
    // Statuses without a note.
    (r"short", "데이터가 짧습니다"),
    (r"partial", "진행 중인 기간입니다"),
    (r"constant", "값이 일정합니다"),
    (r"intermittent", "수요가 간헐적입니다"),
    (r"not[_ ]available", "이 데이터로는 구할 수 없습니다"),
    (
        r"not[_ ]better[_ ]than[_ ]naive",
        "단순 예측보다 낫지 않습니다",
    ),
    (r"unstable", "모형이 불안정합니다"),
    (r"pooled", "유형 전체에서 추정했습니다"),
    (r"no[_ ]price[_ ]variation", "가격 변동이 없습니다"),
    (r"no[_ ]elasticity", "탄력성을 추정할 수 없습니다"),
    (r"no[_ ]local[_ ]cause", "특정한 원인이 없습니다"),
    (
        r"needs[_ ]process[_ ]change",
        "일하는 방식이 바뀌어야 닿을 수 있습니다",
    ),
    (r"outside[_ ]range", "가격이 과거 범위를 벗어납니다"),
    (r"no[_ ]promotion[_ ]seen", "과거 프로모션이 없습니다"),
    (r"no[_ ]target", "설정된 목표가 없습니다"),
];

static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    NOTES
        .iter()
        .filter_map(|(en, ko)| Some((Regex::new(&format!(r"^(?:{en})\.?$")).ok()?, *ko)))
        .collect()
});

/// A note, whole or part by part, in Korean; what is not listed in quotation marks.
pub(super) fn in_korean(note: &str) -> String {
    let one = |text: &str| {
        PATTERNS
            .iter()
            .find_map(|(pattern, ko)| pattern.captures(text).map(|c| expand(&c, ko)))
    };
    one(note).unwrap_or_else(|| {
        note.split("; ")
            .map(|part| one(part).unwrap_or_else(|| format!("“{part}”")))
            .collect::<Vec<_>>()
            .join("; ")
    })
}

fn expand(caught: &regex_lite::Captures<'_>, ko: &str) -> String {
    // "$1주" would be read as a group of that name.
    (1..caught.len()).fold(ko.to_owned(), |out, i| {
        out.replace(&format!("${i}"), caught.get(i).map_or("", |m| m.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_notes_are_told_in_korean_and_others_are_marked() {
        assert_eq!(PATTERNS.len(), NOTES.len());
        assert_eq!(
            in_korean("demand every 2.3 periods"),
            "수요가 2.3기간에 한 번꼴입니다"
        );
        assert_eq!(
            in_korean("2 gaps filled; something new"),
            "빈 기간 2개를 채웠습니다; “something new”"
        );
        assert_eq!(
            in_korean("7 complete weeks on the market; at least 26 and 13 with sales, are needed"),
            "판매 기간이 온전한 주가 7주입니다. 최소 26주, 그중 판매가 있는 주 13주가 필요합니다"
        );
        assert_eq!(
            in_korean("needs process change"),
            "일하는 방식이 바뀌어야 닿을 수 있습니다"
        );
    }
}
