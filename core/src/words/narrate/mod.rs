//! The built-in wording: every function's rows as a short text that says what they say and no more.

mod ahead;
mod levels;
mod notes;
mod reasons;
mod why;

use super::facts::{
    Facts, Lang, Row, Unit, level, metric_name, num, percent, period_words, plain_name, text,
    unit_of,
};

/// Members listed by name before the rest is only counted.
const NAMED: usize = 3;

/// What a narrator needs to print numbers and names.
pub(crate) struct Teller<'f> {
    pub facts: &'f Facts,
    pub lang: Lang,
    pub unit: Unit,
}

/// Writes what `facts` say.
///
/// * `kind` - the function the rows come from, as in `breakdown`; any other name gets a plain list.
/// * `facts` - an array of rows, or an object as [`Facts`] describes.
///
/// The text holds only numbers of the rows (rounded, sums and counts of rows where it says so); its
/// wording varies with the facts and never with time. No rows: a sentence that says so.
pub fn narrate(kind: &str, facts: &serde_json::Value, lang: Lang) -> String {
    narrate_facts(kind, &Facts::from_json(facts), lang)
}

/// As [`narrate`], for facts already read.
pub fn narrate_facts(kind: &str, facts: &Facts, lang: Lang) -> String {
    let teller = Teller {
        facts,
        lang,
        unit: unit_of(&facts.metric),
    };
    if facts.rows.is_empty() && kind == "anomalies" {
        // Days are looked at and none stands out: that is an answer, not a lack of data.
        let what = match facts.direction.as_deref() {
            Some("up") => ("No spike was found in", "급증은 없습니다"),
            Some("down") => ("No drop was found in", "급감은 없습니다"),
            _ => ("Nothing unusual was found in", "이상 시점은 없습니다"),
        };
        let answer = |en: &str| match facts.normal {
            Some(true) => teller.say("Yes: ".into(), "예: ".into()) + en,
            Some(false) => teller.say("No: ".into(), "아니요: ".into()) + en,
            None => en.to_owned(),
        };
        let lower = |text: &str| match facts.normal {
            Some(_) => text.to_lowercase(),
            None => text.to_owned(),
        };
        return teller.say(
            answer(&format!(
                "{} {}{}.",
                lower(what.0),
                teller.metric(),
                teller.about()
            )),
            answer(&format!(
                "{}{}: {}.",
                teller.about(),
                teller.metric(),
                what.1
            )),
        );
    }
    if facts.rows.is_empty() && kind == "rfm" {
        return teller.say(
            "This needs a customer for each sale, which the data does not hold.".into(),
            "판매마다 고객 정보가 있어야 하지만 데이터에 없습니다.".into(),
        );
    }
    if facts.rows.is_empty()
        && let Some(action) = &facts.action
    {
        let (en, ko) = match action.as_str() {
            "delist" => ("discontinue", "단종을"),
            _ => ("restock", "재입고를"),
        };
        return teller.say(
            format!("Nothing to {en} stands out{}.", teller.about()),
            format!("{}{ko} 제안할 제품이 없습니다.", teller.about()),
        );
    }
    if facts.rows.is_empty()
        && let Some((en, ko)) = nothing(kind)
    {
        return teller.say(
            format!("{en}{}.", teller.about()),
            format!("{}{ko}.", teller.about()),
        );
    }
    if facts.rows.is_empty() {
        return teller.say(
            format!("There is no data for this{}.", teller.about()),
            format!("{}해당하는 데이터가 없습니다.", teller.about()),
        );
    }
    let sentences = match kind {
        "value" => levels::value(&teller),
        "breakdown" => levels::breakdown(&teller),
        "history" => levels::history(&teller),
        "scorecard" => levels::scorecard(&teller),
        "concentration" => levels::concentration(&teller),
        "portfolio" => levels::portfolio(&teller),
        "price_tiers" => levels::price_tiers(&teller),
        "cohorts" => levels::cohorts(&teller),
        "launch_curve" => levels::launch_curve(&teller),
        "rfm" => levels::rfm(&teller),
        "compare" => why::compare(&teller),
        "bridge" => why::bridge(&teller),
        "drivers" => why::drivers(&teller),
        "anomalies" => why::anomalies(&teller),
        "elasticity" => why::elasticity(&teller),
        "forecast" => ahead::forecast(&teller),
        "suggest_targets" => ahead::suggest_targets(&teller),
        "attainment" => ahead::attainment(&teller),
        "what_if" => ahead::what_if(&teller),
        "backtest" => ahead::backtest(&teller),
        "recommend" => ahead::recommend(&teller),
        "insights" => ahead::insights(&teller),
        _ => levels::plain(&teller),
    };
    let mut sentences: Vec<String> = sentences.into_iter().filter(|s| !s.is_empty()).collect();
    sentences.extend(teller.status());
    if sentences.is_empty() {
        sentences = levels::plain(&teller);
    }
    sentences.join(" ")
}

/// What no row means, for functions that look at the data and find nothing worth a row.
fn nothing(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "recommend" => ("No action is recommended", "제안할 조치가 없습니다"),
        "insights" => ("Nothing stands out", "눈에 띄는 변화가 없습니다"),
        "attainment" => ("No target is set", "설정된 목표가 없습니다"),
        "elasticity" => (
            "No price elasticity can be estimated",
            "가격 탄력성을 추정할 수 없습니다",
        ),
        "launch_curve" => ("No launch is in the data", "데이터에 출시 제품이 없습니다"),
        "forecast" | "backtest" => (
            "There is too little data to forecast",
            "예측하기에 데이터가 부족합니다",
        ),
        "suggest_targets" => (
            "There is too little data to suggest a target",
            "목표를 제안하기에 데이터가 부족합니다",
        ),
        _ => return None,
    })
}

/// Notes that the sentences before them hold.
const SAID_ALREADY: [&str; 3] = [
    "closed",
    "no target is set for this period and group",
    "no segment moved against the rest beyond its noise",
];

impl Teller<'_> {
    pub(crate) fn say(&self, en: String, ko: String) -> String {
        match self.lang {
            Lang::En => en,
            Lang::Ko => ko,
        }
    }

    pub(crate) fn ko(&self) -> bool {
        self.lang == Lang::Ko
    }

    /// A level in the metric's unit.
    pub(crate) fn level(&self, x: f64) -> String {
        level(x, self.unit, &self.facts.currency)
    }

    /// Money, whatever the metric.
    pub(crate) fn money(&self, x: f64) -> String {
        level(x, Unit::Money, &self.facts.currency)
    }

    /// The size of a change in the metric: a share changes by points.
    pub(crate) fn change(&self, x: f64) -> String {
        match self.unit {
            Unit::Share => super::facts::points(x.abs()),
            unit => level(x.abs(), unit, &self.facts.currency),
        }
    }

    pub(crate) fn metric(&self) -> String {
        metric_name(&self.facts.metric, self.lang)
    }

    /// The metric with a capital letter.
    pub(crate) fn metric_first(&self) -> String {
        first_up(&self.metric())
    }

    /// " in October 2025", or nothing.
    pub(crate) fn in_period(&self) -> String {
        match (&self.facts.period, self.lang) {
            (None, _) => String::new(),
            (Some(p), Lang::Ko) => format!("{} ", period_words(p, Lang::Ko)),
            (Some(p), Lang::En) => {
                let words = period_words(p, Lang::En);
                if words.contains(" to ") {
                    format!(" from {words}")
                } else if words.starts_with(|c: char| c.is_ascii_digit()) && words.contains(' ') {
                    format!(" on {words}")
                } else {
                    format!(" in {words}")
                }
            }
        }
    }

    /// " for Hanbit on Amazon without X, in October 2025", or nothing.
    pub(crate) fn about(&self) -> String {
        let scope = self.scope();
        self.say(
            format!("{scope}{}", self.in_period()),
            format!("{}{scope}", self.in_period()),
        )
    }

    /// " for Hanbit and Amazon, without Sun".
    pub(crate) fn scope(&self) -> String {
        let mut out = String::new();
        let (scope, without) = (&self.facts.scope, &self.facts.without);
        if self.ko() {
            if !scope.is_empty() {
                out.push_str(&format!("{} ", scope.join("·")));
            }
            if !without.is_empty() {
                out.push_str(&format!("({} 제외) ", without.join("·")));
            }
            return out;
        }
        if !scope.is_empty() {
            out.push_str(&format!(" for {}", list(scope, Lang::En)));
        }
        if !without.is_empty() {
            out.push_str(&format!(" without {}", list(without, Lang::En)));
        }
        out
    }

    /// What the period is held against, in words.
    pub(crate) fn against(&self) -> String {
        match &self.facts.baseline {
            Some(b) => period_words(b, self.lang),
            None => self.say("the period before".into(), "직전 기간".into()),
        }
    }

    /// The row's printed member.
    pub(crate) fn member(&self, row: &Row) -> String {
        let name = text(row, "member")
            .or_else(|| text(row, "product"))
            .or_else(|| text(row, "sku"))
            .or_else(|| text(row, "tier"))
            .or_else(|| text(row, "subject"))
            .or_else(|| text(row, "segment"))
            .map(plain_name);
        match name.as_deref() {
            None | Some("Total") => self.say("the total".into(), "전체".into()),
            Some(name) => name.to_owned(),
        }
    }

    /// Notes of rows whose status is not `ok`, each said once.
    fn status(&self) -> Option<String> {
        let mut notes: Vec<String> = Vec::new();
        let mut odd = 0;
        for row in &self.facts.rows {
            let Some(status) = text(row, "status").filter(|s| *s != "ok") else {
                continue;
            };
            odd += 1;
            let note = text(row, "note").map_or_else(|| status.replace('_', " "), str::to_owned);
            let note: String = note.chars().filter(|c| !c.is_control()).take(160).collect();
            // What the text says already is not said again.
            if SAID_ALREADY.contains(&note.trim_end_matches('.')) {
                continue;
            }
            let note = match self.lang {
                Lang::En => note,
                Lang::Ko => notes::in_korean(note.trim_end_matches('.')),
            };
            if !notes.contains(&note) && notes.len() < 2 {
                notes.push(note);
            }
        }
        if notes.is_empty() {
            return None;
        }
        let notes = notes.join("; ");
        let notes = notes.trim_end_matches('.');
        Some(if odd < self.facts.rows.len() && odd > 1 {
            self.say(
                format!("Note for {odd} rows: {notes}."),
                format!("{odd}개 행 참고: {notes}."),
            )
        } else {
            self.say(format!("Note: {notes}."), format!("참고: {notes}."))
        })
    }

    /// One of several wordings, chosen by the facts themselves.
    pub(crate) fn pick<'t>(&self, among: &[&'t str]) -> &'t str {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let seed = self
            .facts
            .rows
            .first()
            .and_then(|r| r.values().find_map(serde_json::Value::as_f64))
            .unwrap_or(0.0);
        for byte in seed.to_bits().to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let index = usize::try_from(hash >> 33).unwrap_or(0) % among.len().max(1);
        among.get(index).copied().unwrap_or("")
    }
}

/// "A, B and C".
pub(crate) fn list(items: &[String], lang: Lang) -> String {
    match (items, lang) {
        ([], _) => String::new(),
        ([one], _) => one.clone(),
        (all, Lang::Ko) => all.join(", "),
        ([head @ .., last], Lang::En) => format!("{} and {last}", head.join(", ")),
    }
}

pub(crate) fn first_up(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// "1 product", "3 products".
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The share column as "(34%)", or nothing.
pub(crate) fn share_in_brackets(row: &Row) -> String {
    num(row, "share").map_or_else(String::new, |s| format!(" ({})", percent(s)))
}
