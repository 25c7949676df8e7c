//! The facts as the checks need them: every number with its column, unit and row, names masked by plain words.

use std::collections::BTreeSet;

use super::super::facts::{
    Facts, Lang, Row, Unit, metric_name, num, plain_name, segment_name, text as cell, unit_of,
};
use super::super::text::{fold, is_hangul};
use super::numbers::{Said, numbers};
use super::quantity;

/// What a number of the rows stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    Level,
    /// The earlier or expected level.
    Before,
    /// A signed change.
    Change,
    /// A bound, an index, a count.
    Other,
}

#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) x: f64,
    pub(super) unit: Unit,
    pub(super) role: Role,
    /// Index of its row; `None` for counts over all rows.
    pub(super) row: Option<usize>,
    /// A difference of fractions: told in points, not percent.
    pub(super) points: bool,
    pub(super) column: String,
}

impl Fact {
    /// A number over all rows.
    pub(super) fn overall(column: &str, x: f64, unit: Unit, role: Role) -> Fact {
        Fact {
            x,
            unit,
            role,
            row: None,
            points: false,
            column: column.to_owned(),
        }
    }
}

pub(super) struct Base {
    pub(super) facts: Vec<Fact>,
    /// Folded names of each row, longest first.
    pub(super) names: Vec<Vec<String>>,
    /// Change of each row, where it has one.
    pub(super) change: Vec<Option<f64>>,
    pub(super) value: Vec<Option<f64>>,
    /// Texts whose words and numbers may be repeated: notes, reasons, scope.
    pub(super) free: String,
    /// The numbers of `free`.
    pub(super) quoted: Vec<Said>,
    /// Numbers of the built-in wording: sums and counts over rows.
    pub(super) told: Vec<Said>,
    /// Whether each row has each property that can be said of it.
    pub(super) properties: Vec<Vec<Option<bool>>>,
    /// Whether a row is of the model that picks among the others.
    pub(super) picks: Vec<bool>,
    /// Whether a row says that its member has come first.
    pub(super) leads: Vec<bool>,
    /// Metric of each row.
    pub(super) metrics: Vec<String>,
    /// Whether the metric adds up over members.
    pub(super) additive: bool,
}

/// Columns that hold fractions.
pub(super) fn column_unit(column: &str, metric: Unit) -> Unit {
    match column {
        "share" | "change_pct" | "cumulative_share" | "share_change" | "contribution"
        | "top1_share" | "top5_share" | "revenue_share" | "retention" | "value_retention"
        | "p_attain" | "attainment" | "implied_growth" | "growth_percentile" | "year_ago_pct"
        | "level" | "pace" | "confidence" | "wape" | "bias" | "coverage" => Unit::Share,
        "hhi" | "effective_n" | "gini" | "members_for_80" | "rank" | "elasticity"
        | "index_to_peers" | "score" | "p" | "q" | "age" | "age_weeks" | "adi" | "cv2"
        | "n_weeks" | "r2" | "depth" | "ratio" | "ratio_lo" | "ratio_hi" | "p_adj" | "surprise"
        | "step" => Unit::Plain,
        "price" | "volume" | "mix" | "new" | "discontinued" | "other" | "revenue" | "price_lo"
        | "price_hi" | "expected_uplift" => Unit::Money,
        "size" | "active" | "skus" | "customers" => Unit::Count,
        _ => metric,
    }
}

pub(super) fn column_role(column: &str) -> Role {
    match column {
        "value" | "forecast" | "expected_end" | "to_date" => Role::Level,
        "baseline" | "expected" | "last_year" => Role::Before,
        "change" | "change_pct" | "contribution" | "share_change" | "price" | "volume" | "mix"
        | "new" | "discontinued" | "other" | "impact" | "year_ago_pct" | "implied_growth" => {
            Role::Change
        }
        _ => Role::Other,
    }
}

pub(super) const NAME_COLUMNS: [&str; 9] = [
    "member", "product", "sku", "brand", "tier", "subject", "segment", "model", "customer",
];

/// A plain word for each name of the facts.
pub(super) struct Tokens {
    /// Names as printed, longest first, with their words.
    pub(super) forms: Vec<(String, String)>,
}

impl Tokens {
    pub(super) fn of(facts: &Facts) -> Tokens {
        let mut tokens = Tokens { forms: Vec::new() };
        for row in &facts.rows {
            for column in NAME_COLUMNS {
                // "The naive forecast" is a word of reports too.
                let own = |n: &&str| *n != "Total" && !(column == "model" && *n == "naive");
                let name = cell(row, column).filter(own);
                // A mean of several models is told by one of them.
                let parts = name.filter(|_| column == "model").into_iter();
                for name in name.into_iter().chain(parts.flat_map(|n| n.split(" + "))) {
                    tokens.add(name);
                }
            }
            for name in row
                .get("members")
                .and_then(serde_json::Value::as_object)
                .into_iter()
                .flat_map(|m| m.values().filter_map(serde_json::Value::as_str))
            {
                tokens.add(name);
            }
        }
        for name in facts.scope.iter().chain(&facts.without) {
            tokens.add(name);
        }
        // Days of the week are told in full.
        const DAYS: [&str; 7] = [
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ];
        for day in DAYS {
            let short = tokens
                .forms
                .iter()
                .find(|f| Some(f.0.as_str()) == day.get(..3));
            if let Some(word) = short.map(|f| f.1.clone()) {
                tokens.forms.push((format!("{day}s"), word.clone()));
                tokens.forms.push((day.to_owned(), word));
            }
        }
        // Segments are told in words: "at risk", "이탈 위험 고객", "champions".
        let mut segments: Vec<&str> = facts
            .rows
            .iter()
            .filter_map(|r| cell(r, "segment"))
            .collect();
        segments.sort_unstable();
        segments.dedup();
        for segment in segments {
            let word = tokens
                .forms
                .iter()
                .find(|f| f.0 == segment)
                .map(|f| f.1.clone());
            let Some(word) = word else { continue };
            let spaced = segment_name(segment, Lang::En);
            for form in [
                format!("{spaced}s"),
                segment_name(segment, Lang::Ko),
                spaced,
            ] {
                let first = super::super::narrate::first_up(&form);
                for form in [first, form] {
                    if !tokens.forms.iter().any(|f| f.0 == form) {
                        tokens.forms.push((form, word.clone()));
                    }
                }
            }
        }
        tokens
            .forms
            .sort_by_key(|(name, _)| usize::MAX - name.len());
        tokens
    }

    pub(super) fn add(&mut self, name: &str) {
        let shown = plain_name(name);
        if shown.chars().count() < 2 || self.forms.iter().any(|(n, _)| n == name || *n == shown) {
            return;
        }
        // Letters only: a digit would be read as a number.
        let mut number = self.forms.len();
        let mut word = String::from("Qzname");
        loop {
            word.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
            number /= 26;
            if number == 0 {
                break;
            }
        }
        word.push('z');
        if shown != name {
            self.forms.push((name.to_owned(), word.clone()));
        }
        // "mid" begins a sentence as "Mid".
        let first = super::super::narrate::first_up(&shown);
        if first != shown {
            self.forms.push((first, word.clone()));
        }
        self.forms.push((shown, word));
    }

    /// The folded word of a name.
    pub(super) fn word(&self, name: &str) -> String {
        self.forms
            .iter()
            .find(|(n, _)| n == name)
            .map_or_else(|| fold(name), |(_, word)| fold(word))
    }

    pub(super) fn hide(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (name, word) in &self.forms {
            let mut from = 0;
            while let Some(at) = out
                .get(from..)
                .and_then(|rest| rest.find(name.as_str()))
                .map(|i| i + from)
            {
                let end = at + name.len();
                let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() || is_hangul(c));
                let whole = edge(out.get(..at).and_then(|s| s.chars().last()))
                    && edge(out.get(end..).and_then(|s| s.chars().next()));
                if whole {
                    out.replace_range(at..end, word);
                    from = at + word.len();
                } else {
                    from = end;
                }
            }
        }
        out
    }
}

impl Base {
    pub(super) fn new(kind: &str, facts: &Facts, tokens: &Tokens) -> Base {
        let metric = unit_of(&facts.metric);
        let mut base = Base {
            facts: Vec::new(),
            names: Vec::new(),
            change: Vec::new(),
            value: Vec::new(),
            free: String::new(),
            quoted: Vec::new(),
            told: Vec::new(),
            properties: quantity::of_rows(facts),
            leads: Vec::new(),
            picks: Vec::new(),
            metrics: Vec::new(),
            additive: matches!(metric, Unit::Money | Unit::Count)
                && !matches!(facts.metric.as_str(), "aov" | "asp"),
        };
        for (index, row) in facts.rows.iter().enumerate() {
            base.row(kind, index, row, metric, tokens);
            let own = cell(row, "metric").unwrap_or(&facts.metric);
            base.metrics.push(own.to_owned());
            base.picks.push(cell(row, "model") == Some("auto"));
            base.leads.push(cell(row, "kind") == Some("new_leader"));
        }
        base.segments(facts);
        let n = facts.rows.len();
        for state in ["good", "watch", "bad"] {
            base.count(
                facts
                    .rows
                    .iter()
                    .filter(|r| cell(r, "state") == Some(state))
                    .count(),
            );
        }
        if facts.rows.iter().any(|r| r.contains_key("demand_class")) {
            let uneven = |r: &&Row| cell(r, "demand_class").is_some_and(|c| c != "smooth");
            base.count(facts.rows.iter().filter(uneven).count());
            // A class that no product is in counts none.
            base.count(0);
        }
        let events: BTreeSet<(Option<&str>, u64)> = facts
            .rows
            .iter()
            .filter_map(|r| Some((cell(r, "member"), r.get("event_id")?.as_u64()?)))
            .collect();
        base.count(events.len());
        for column in ["abc", "demand_class", "is_anomaly"] {
            let mut values: BTreeSet<String> = BTreeSet::new();
            for row in &facts.rows {
                if let Some(v) = row.get(column) {
                    values.insert(v.to_string());
                }
            }
            for v in &values {
                base.count(
                    facts
                        .rows
                        .iter()
                        .filter(|r| r.get(column).map(ToString::to_string).as_ref() == Some(v))
                        .count(),
                );
            }
            base.count(values.len());
        }
        // "Five of the seven models beat the naive one": `auto` picks among the others.
        let picks = |r: &&Row| cell(r, "model") == Some("auto");
        let picking = facts.rows.iter().filter(picks).count();
        if picking > 0 {
            base.count(n - picking);
        }
        for rows in &quantity::of_rows(facts) {
            let own = rows.iter().zip(&facts.rows).filter(|(_, r)| !picks(r));
            let known: Vec<bool> = own.filter_map(|(is, _)| *is).collect();
            if !known.is_empty() && known.len() == n - picking {
                for so in [true, false] {
                    base.count(known.iter().filter(|is| **is == so).count());
                }
            }
        }
        // "Each of the 12 brands", "over the next two months".
        for column in NAME_COLUMNS
            .iter()
            .chain(Some(&"time").filter(|_| kind == "forecast"))
        {
            let seen: BTreeSet<&str> = facts.rows.iter().filter_map(|r| cell(r, column)).collect();
            if seen.len() > 1 {
                base.count(seen.len());
            }
        }
        // "Two grew and one declined", "over the next three months".
        for sign in [1.0, -1.0] {
            let count = |c: &&Option<f64>| c.is_some_and(|c| c * sign > 0.0);
            base.count(base.change.iter().filter(count).count());
        }
        if let Some((steps, _)) = &facts.horizon {
            base.count(usize::try_from(*steps).unwrap_or(0));
        }
        for x in facts.changes.values() {
            let fact = Fact::overall("supposed", *x, Unit::Share, Role::Change);
            base.facts.push(fact);
        }
        base.count(n);
        let complete = |r: &&Row| r.get("is_partial") != Some(&serde_json::Value::Bool(true));
        base.count(facts.rows.iter().filter(complete).count());
        base.count(n.saturating_sub(3));
        let segments: BTreeSet<&str> = facts
            .rows
            .iter()
            .filter_map(|r| cell(r, "segment"))
            .collect();
        if !segments.is_empty() {
            base.count(segments.len());
        }
        // How many parts of a bridge add or take.
        for row in &facts.rows {
            if row.contains_key("discontinued") {
                let parts = ["price", "volume", "mix", "new", "discontinued", "other"];
                for sign in [1.0, -1.0] {
                    let goes = |c: &&&str| num(row, c).is_some_and(|x| x * sign > 0.0);
                    base.count(parts.iter().filter(goes).count());
                }
            }
        }
        // Bridge parts are told as their sum.
        for column in [
            "price",
            "volume",
            "mix",
            "new",
            "discontinued",
            "other",
            "change",
            "forecast",
        ] {
            let all: Vec<f64> = facts.rows.iter().filter_map(|r| num(r, column)).collect();
            if all.len() > 1 {
                base.facts.push(Fact::overall(
                    column,
                    all.iter().sum(),
                    column_unit(column, metric),
                    column_role(column),
                ));
            }
        }
        for words in facts.scope.iter().chain(&facts.without) {
            base.free.push_str(&format!(" {} ", tokens.word(words)));
        }
        base
    }

    /// The change of all rows together: the total's own, else the sum.
    pub(super) fn total_change(&self) -> Option<f64> {
        let unnamed = self
            .change
            .iter()
            .zip(&self.names)
            .find(|(_, n)| n.is_empty());
        if let Some((change, _)) = unnamed {
            return *change;
        }
        let all: Vec<f64> = self.change.iter().flatten().copied().collect();
        (all.len() > 1).then(|| all.iter().sum())
    }

    /// How many customers are in each segment, and what part of all and of the money: facts of its first row.
    fn segments(&mut self, facts: &Facts) {
        let money = |r: &Row| num(r, "monetary").unwrap_or(0.0);
        let all: f64 = facts.rows.iter().map(money).sum();
        let rows = facts.rows.len() as f64;
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for (index, row) in facts.rows.iter().enumerate() {
            let Some(segment) = cell(row, "segment").filter(|s| seen.insert(s)) else {
                continue;
            };
            let own: Vec<&Row> = facts
                .rows
                .iter()
                .filter(|r| cell(r, "segment") == Some(segment))
                .collect();
            let n = own.len() as f64;
            let part: f64 = own.iter().map(|r| money(r)).sum();
            for (column, x, unit) in [
                ("customers", n, Unit::Count),
                ("share", n / rows, Unit::Share),
                ("revenue_share", part / all, Unit::Share),
            ] {
                if x.is_finite() {
                    let fact = Fact::overall(column, x, unit, Role::Other);
                    self.facts.push(Fact {
                        row: Some(index),
                        ..fact
                    });
                }
            }
        }
    }

    pub(super) fn count(&mut self, n: usize) {
        self.facts
            .push(Fact::overall("", n as f64, Unit::Count, Role::Other));
    }

    pub(super) fn row(
        &mut self,
        kind: &str,
        index: usize,
        row: &Row,
        metric: Unit,
        tokens: &Tokens,
    ) {
        let own = cell(row, "metric").map_or(metric, unit_of);
        for (column, value) in row {
            if let Some(x) = num(row, column).filter(|_| value.is_number()) {
                self.facts.push(Fact {
                    x,
                    unit: column_unit(column, own),
                    role: match (kind, column.as_str()) {
                        ("what_if", "expected") => Role::Level,
                        _ => column_role(column),
                    },
                    row: Some(index),
                    points: own == Unit::Share && column == "change"
                        || matches!(column.as_str(), "share_change" | "contribution"),
                    column: column.clone(),
                });
            }
        }
        let (value, baseline) = (
            num(row, "value"),
            num(row, "baseline").or_else(|| num(row, "expected")),
        );
        // What would be, against what is to come without it.
        let (value, baseline) = match kind {
            "what_if" => (num(row, "expected"), num(row, "baseline")),
            _ => (value, baseline),
        };
        let change = num(row, "change").or_else(|| Some(value? - baseline?));
        if let (None, Some(x)) = (num(row, "change"), change) {
            self.facts.push(Fact {
                x,
                unit: own,
                role: Role::Change,
                row: Some(index),
                points: own == Unit::Share,
                column: if kind == "what_if" { "shift" } else { "change" }.into(),
            });
        }
        // A change of flows may be told as a part of what was, and drivers tell contributions in percent too.
        let mut parts: Vec<(&str, f64, Role)> = Vec::new();
        if own != Unit::Share
            && num(row, "change_pct").is_none()
            && let (Some(c), Some(b)) = (change, baseline.filter(|b| *b > 0.0))
        {
            parts.push(("change_pct", c / b, Role::Change));
        }
        if kind == "drivers"
            && let Some(x) = num(row, "contribution")
        {
            parts.push(("contribution", x, Role::Change));
        }
        for (column, x, role) in parts {
            self.facts.push(Fact {
                x,
                unit: Unit::Share,
                role,
                row: Some(index),
                points: false,
                column: column.into(),
            });
        }
        let impact = || num(row, "impact").filter(|_| kind == "insights");
        self.change
            .push(change.or_else(|| num(row, "change_pct")).or_else(impact));
        // A running period is at no end of a series.
        let running = row.get("is_partial") == Some(&serde_json::Value::Bool(true));
        self.value.push(
            value
                .filter(|_| !running && kind != "forecast")
                .or_else(|| num(row, "forecast"))
                .or_else(|| num(row, "share"))
                .or_else(|| num(row, "revenue"))
                // The most sensitive is the one furthest from nought.
                .or_else(|| num(row, "elasticity").map(f64::abs)),
        );
        // An elasticity of -1.8: 1 % more in price, 1.8 % less in units; its interval likewise.
        if num(row, "elasticity").is_some() {
            for column in ["elasticity", "lo", "hi"] {
                let Some(x) = num(row, column) else { continue };
                self.facts.push(Fact {
                    x: x / 100.0,
                    unit: Unit::Share,
                    role: Role::Change,
                    row: Some(index),
                    points: false,
                    column: column.into(),
                });
            }
        }
        // A quantile of 0.1: one in ten stay below it, nine in ten above, eight in ten between it and that of 0.9.
        if let Some(q) = num(row, "quantile") {
            self.facts
                .extend([q, 1.0 - q, (1.0 - 2.0 * q).abs()].map(|x| Fact {
                    x,
                    unit: Unit::Share,
                    role: Role::Other,
                    row: Some(index),
                    points: false,
                    column: "odds".into(),
                }));
        }
        let mut names: Vec<String> = NAME_COLUMNS
            .iter()
            // A model is no member, except of a backtest.
            .filter(|c| **c != "model" || kind == "backtest")
            .filter_map(|c| cell(row, c))
            .chain(
                row.get("members")
                    .and_then(serde_json::Value::as_object)
                    .into_iter()
                    .flat_map(|m| m.values().filter_map(serde_json::Value::as_str)),
            )
            .filter(|n| *n != "Total" && n.chars().count() >= 2)
            .map(|n| tokens.word(n))
            .collect();
        // What recommendations and insights rest on.
        let evidence = row.get("evidence");
        let behind = evidence
            .and_then(|e| e.get("values"))
            .or(evidence.and_then(|e| e.get(0)))
            .and_then(serde_json::Value::as_object);
        for x in behind.into_iter().flatten().filter_map(|(_, v)| v.as_f64()) {
            for unit in [own, Unit::Plain] {
                self.facts.push(Fact {
                    x,
                    unit,
                    role: Role::Other,
                    row: Some(index),
                    points: false,
                    column: "text".into(),
                });
            }
        }
        if cell(row, "model") == Some("auto") && kind == "backtest" {
            names.push("automatic".to_owned());
        }
        // Rows of a scorecard are named by their metric.
        if let Some(metric) = cell(row, "metric").filter(|_| !row.contains_key("members")) {
            names.push(metric_name(metric, Lang::En));
            names.push(metric_name(metric, Lang::Ko));
            names.push(metric.replace('_', " "));
            names.extend(cell(row, "label").map(fold));
        }
        names.sort_by_key(|n| usize::MAX - n.len());
        names.dedup();
        self.names.push(names);
        for column in [
            "note",
            "reason",
            "headline",
            "detail",
            "status",
            "kind",
            "action",
            "model",
            "demand_class",
            "state",
            "rule",
        ] {
            if let Some(t) = cell(row, column) {
                let told = fold(&tokens.hide(t));
                self.quote(index, &told, own, column == "detail");
                self.free.push_str(&format!(" {told} "));
            }
        }
    }

    /// Numbers of a row's own text are facts of that row.
    ///
    /// The detail of an insight sets a level against the one before ("after 24,100") or the expected one.
    fn quote(&mut self, index: usize, text: &str, metric: Unit, detail: bool) {
        for said in numbers(text, &mut Vec::new()) {
            let units = match said.unit {
                Some(unit) => vec![unit],
                None => vec![metric, Unit::Plain],
            };
            let before = text.get(..said.from).unwrap_or("");
            let column = match before.trim_end() {
                _ if !detail => "text",
                b if b.ends_with("would have been") || b.ends_with("expected") => "expected",
                b if b.ends_with("after") => "baseline",
                b if b.ends_with("of") && !said.signed => "target",
                _ => "text",
            };
            for unit in units {
                self.facts.push(Fact {
                    x: said.x,
                    unit,
                    role: if column != "text" {
                        column_role(column)
                    } else if said.signed {
                        Role::Change
                    } else {
                        Role::Other
                    },
                    row: Some(index),
                    points: said.raw.ends_with("points"),
                    column: column.into(),
                });
            }
        }
    }
}
