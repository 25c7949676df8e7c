//! What the columns of one function alone mean: quantiles of a total, running sums, weeks behind an estimate; and
//! which end of a move is which.

use super::super::pattern::Pattern;
use super::base::{Base, Fact};
use super::figures::is_only_of;
use super::numbers::Said;
use super::relations::{at_age, column};
use super::{Fault, FaultKind};
use crate::words::facts::Unit;

static QUANTILE: Pattern = Pattern::new(
    r"\b(?:(median|midpoint|middle|central)|(low(?:er)? (?:end|case|bound)|weak case|pessimistic|worst)|(high(?:er)? (?:end|case)|upper (?:end|case|bound)|strong case|optimistic)|(\d{1,2})(?:%|th|st|nd|rd)? (?:quantile|percentile)|quantile (?:of )?0?\.(\d\d?))|(중앙|중간)|(하위|하한|비관)|(상위|상한|낙관)",
);
static AT_QUANTILE: Pattern =
    Pattern::new(r"^ (?:at|for|is) (?:the )?(?:quantile|median|\d{1,2}%? quantile)");
static ODDS: Pattern =
    Pattern::new(r"\b(?:chances?|probab\w+|likel\w+|odds|certainty)\b|확률|가능성");
static BELOW: Pattern =
    Pattern::new(r"\b(?:below|under|at most|less than|up to|no more than)\b|이하|미만|아래");
static ABOVE: Pattern =
    Pattern::new(r"\b(?:above|over|at least|more than|exceed\w*|tops?|reach\w*)\b|이상|초과|넘");
static BETWEEN: Pattern = Pattern::new(r"\bbetween\b|\bfrom\b|사이|에서");
static RUNNING: Pattern = Pattern::new(
    r"\b(?:cumul\w+|total\w*|so far|in all|altogether|to date|by (?:week|month|age|then|the end)|up to|until|since|has (?:made|brought|earned|sold)|had (?:made|brought|earned|sold)|adds? up|sums?)\b|누적|까지|합계|합쳐|총",
);
static WEEKS_AFTER: Pattern = Pattern::new(r"^ ?(?:weeks?\b|주(?:간| |의|를|에|로|$))");

/// Checks the figures of a sentence against what their columns mean.
pub(super) fn columns(
    kind: &str,
    sentence: &str,
    figures: &[Said],
    named: &[(usize, usize)],
    age: Option<f64>,
    running: bool,
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    match kind {
        "total" => quantiles(sentence, figures, base, faults),
        "cohorts" | "launch_curve" => running_sums(running, figures, age, base, faults),
        "elasticity" => weeks(sentence, figures, base, faults),
        "backtest" => {
            best(sentence, named, base, faults);
            leaning(sentence, figures, base, faults);
        }
        _ => {}
    }
    ends(sentence, figures, base, faults);
    attached(sentence, figures, named, base, faults);
    bounds(sentence, figures, base, faults);
}

static NAME_OPENS: Pattern = Pattern::new(r"^[a-z0-9]+,? ?\(([^)]*)\)");

/// "A (+3,739, +6.2%)": what stands in brackets behind a name is that name's.
fn attached(
    sentence: &str,
    figures: &[Said],
    named: &[(usize, usize)],
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    for (_, place) in named {
        let inside = NAME_OPENS
            .captures(sentence.get(*place..).unwrap_or(""))
            .and_then(|c| c.get(1))
            .map(|m| place + m.start()..place + m.end());
        let Some(inside) = inside else { continue };
        let own: Vec<usize> = named
            .iter()
            .filter(|n| n.1 == *place)
            .map(|n| n.0)
            .collect();
        for number in figures.iter().filter(|n| inside.contains(&n.from)) {
            let near = |f: &Fact| number.is_size(f.x);
            let of = |rows: &dyn Fn(usize) -> bool| {
                base.facts
                    .iter()
                    .any(|f| f.row.is_some_and(rows) && near(f))
            };
            if of(&|r| !own.contains(&r)) && !of(&|r| own.contains(&r)) {
                faults.push(Fault::new(FaultKind::Number, &number.raw));
            }
        }
    }
}

static BOUND: Pattern = Pattern::new(
    r"\b(?:intervals?|between|range[sd]?|ranging|bounds?|from|at (?:least|most)|up to|low(?:er|est)?|high(?:er|est)?|under|over|above|below|normal|limits?|within|confidence|ends?|cases?|as (?:low|high|little|much)|prices?)\b|구간|하한|상한|범위|사이|정상|~|에서",
);

/// A bound is told as one, not as the estimate.
fn bounds(sentence: &str, figures: &[Said], base: &Base, faults: &mut Vec<Fault>) {
    if BOUND.is_in(sentence) {
        return;
    }
    for number in figures {
        // "8,556 to 14,531" are two bounds.
        let before = sentence.get(..number.from).unwrap_or("").trim_end();
        let after = sentence.get(number.to..).unwrap_or("").trim_start();
        let joined = |t: &str, edge: fn(&str, &str) -> bool| {
            ["to", "-", "(", ")"].iter().any(|w| edge(t, w))
        };
        let in_pair =
            joined(before, |t, w| t.ends_with(w)) || joined(after, |t, w| t.starts_with(w));
        if !in_pair && is_only_of(&["lo", "hi"], number, base, |_| true) {
            faults.push(Fault::new(FaultKind::Comparison, &number.raw));
        }
    }
}

/// "The median is 69.7 million", "90 % that it stays below 81.3 million": of that quantile.
fn quantiles(sentence: &str, figures: &[Said], base: &Base, faults: &mut Vec<Fault>) {
    let rows: Vec<(f64, f64)> = (0..base.value.len())
        .filter_map(|r| Some((column(base, r, "quantile")?, column(base, r, "value")?)))
        .collect();
    let quantile_of = |number: &Said| {
        rows.iter()
            .find(|(_, value)| number.is(*value))
            .map(|(q, _)| *q)
    };
    let levels: Vec<&Said> = figures
        .iter()
        .filter(|n| n.unit != Some(Unit::Share) && quantile_of(n).is_some())
        .collect();
    let ends = || rows.iter().map(|r| r.0);
    let (least, most) = (ends().fold(1.0, f64::min), ends().fold(0.0, f64::max));
    for (at, number) in levels.iter().enumerate() {
        let Some(own) = quantile_of(number) else {
            continue;
        };
        let from = at
            .checked_sub(1)
            .and_then(|p| levels.get(p))
            .map_or(0, |n| n.to);
        let to = levels.get(at + 1).map_or(sentence.len(), |n| n.from);
        let before = sentence.get(from..number.from).unwrap_or("");
        let after = sentence.get(number.to..to).unwrap_or("");
        let cue = |text: &str, last: bool| {
            let mut all = QUANTILE.captures_iter(text);
            let hit = if last { all.last()? } else { all.next()? };
            let is = |group: usize| hit.get(group).is_some();
            Some(match () {
                () if is(1) || is(6) => 0.5,
                () if is(2) || is(7) => least,
                () if is(3) || is(8) => most,
                () if is(5) => format!("0.{}", hit.get(5)?.as_str()).parse().ok()?,
                () => hit.get(4)?.as_str().parse::<f64>().ok()? / 100.0,
            })
        };
        // Behind it where it stands close, or nothing stands before it.
        let close = AT_QUANTILE.captures(after).and_then(|_| cue(after, false));
        let said = close
            .or_else(|| cue(before, true))
            .or_else(|| cue(after, false).filter(|_| levels.len() == 1));
        if said.is_some_and(|q| (q - own).abs() > 1e-9) {
            faults.push(Fault::new(FaultKind::Comparison, &number.raw));
        }
    }
    let shares: Vec<&Said> = figures
        .iter()
        .filter(|n| n.unit == Some(Unit::Share))
        .collect();
    let (true, [share]) = (ODDS.is_in(sentence), shares.as_slice()) else {
        return;
    };
    let near = |p: f64| (share.x - p).abs() <= share.slack;
    let ends: Vec<f64> = levels.iter().filter_map(|n| quantile_of(n)).collect();
    let right = match (
        ends.as_slice(),
        BELOW.is_in(sentence),
        ABOVE.is_in(sentence),
    ) {
        ([q], true, false) => near(*q),
        ([q], false, true) => near(1.0 - q),
        ([a, b], ..) if BETWEEN.is_in(sentence) => near(b - a),
        _ => true,
    };
    if !right {
        faults.push(Fault::new(FaultKind::Comparison, &share.raw));
    }
}

/// Whether a text speaks of running sums.
pub(super) fn is_running(text: &str) -> bool {
    RUNNING.is_in(text)
}

/// A running sum is told as one.
fn running_sums(
    running: bool,
    figures: &[Said],
    age: Option<f64>,
    base: &Base,
    faults: &mut Vec<Fault>,
) {
    if running {
        return;
    }
    for number in figures {
        if is_only_of(&["cumulative"], number, base, |f| at_age(f, age, base)) {
            faults.push(Fault::new(FaultKind::Comparison, &number.raw));
        }
    }
}

static ERROR_RANK: Pattern = Pattern::new(
    r"\b(?:(worst|least accurate|largest|highest|biggest)|(best|most accurate|smallest|lowest|least))\b|(가장 (?:부정확|크|큰|높)|최악)|(가장 (?:정확|작|낮)|최고)",
);
static BIAS: Pattern = Pattern::new(r"\bbias\w*|편향");

/// "Theta was the best": of the models but `auto`, which picks among them, or of all; by the error, or by the size of the bias
/// where that is named.
fn best(sentence: &str, named: &[(usize, usize)], base: &Base, faults: &mut Vec<Fault>) {
    let Some(hit) = ERROR_RANK.captures(sentence) else {
        return;
    };
    let small = hit.get(2).or(hit.get(4)).is_some();
    let at = hit.get(0).map_or(0, |m| m.start());
    let Some(place) = named
        .iter()
        .rev()
        .find(|n| n.1 < at)
        .or(named.first())
        .map(|n| n.1)
    else {
        return;
    };
    let columns: &[&str] = if BIAS.is_in(sentence) {
        &["bias"]
    } else {
        &["wape", "mae", "mase", "smape"]
    };
    let holds = |name: &&str| {
        let size = |r: usize| column(base, r, name).map(f64::abs);
        let own = named
            .iter()
            .filter(|n| n.1 == place)
            .filter_map(|n| size(n.0));
        let all: Vec<f64> = (0..base.names.len()).filter_map(size).collect();
        let end = |own: f64| {
            let beyond = all
                .iter()
                .filter(|x| if small { **x < own } else { **x > own });
            // `auto` may be the one that is better.
            beyond.count() <= usize::from(small && all.len() > 2)
        };
        own.map(end).reduce(|a, b| a || b).unwrap_or(false)
    };
    if !columns.iter().any(holds) {
        let word = hit.get(0).map_or("", |m| m.as_str());
        faults.push(Fault::new(FaultKind::Comparison, word));
    }
}

static TOO: Pattern =
    Pattern::new(r"^ ?(?:%|percent) (?:of [a-z ]+ )?too (?:(high|much)|low|little)\b");

/// "7.2 % too low" is of a bias below nought.
fn leaning(sentence: &str, figures: &[Said], base: &Base, faults: &mut Vec<Fault>) {
    for number in figures {
        let Some(hit) = TOO.captures(sentence.get(number.to..).unwrap_or("")) else {
            continue;
        };
        let high = hit.get(1).is_some();
        let own = |f: &&Fact| f.column == "bias" && number.is_size(f.x);
        let mut biases = base.facts.iter().filter(own).peekable();
        if biases.peek().is_some() && !biases.any(|f| (f.x > 0.0) == high) {
            faults.push(Fault::new(FaultKind::Direction, &number.raw));
        }
    }
}

/// "Over 102 weeks" is the number of weeks of the estimate.
fn weeks(sentence: &str, figures: &[Said], base: &Base, faults: &mut Vec<Fault>) {
    for number in figures {
        let after = sentence.get(number.to..).unwrap_or("");
        let own = |f: &Fact| f.column == "n_weeks" && number.is(f.x);
        if WEEKS_AFTER.is_in(after) && !base.facts.iter().any(own) {
            faults.push(Fault::new(FaultKind::Number, &number.raw));
        }
    }
}

/// "From A to B" where the facts, or the words they bring, only go from B to A.
fn ends(sentence: &str, figures: &[Said], base: &Base, faults: &mut Vec<Fault>) {
    let moves = |text: &str, said: &[Said]| -> Vec<(f64, f64)> {
        said.windows(2)
            .filter(|w| {
                let before = text.get(..w[0].from).unwrap_or("").trim_end();
                let between = text.get(w[0].to..w[1].from).unwrap_or("");
                before.ends_with("from") && between.trim() == "to"
            })
            .map(|w| (w[0].x, w[1].x))
            .collect()
    };
    let mut known = moves(&base.free, &base.quoted);
    known.extend(
        (0..base.value.len())
            .filter_map(|r| Some((column(base, r, "baseline")?, column(base, r, "value")?))),
    );
    for pair in figures.windows(2) {
        if moves(sentence, pair).is_empty() {
            continue;
        }
        let right = known.iter().any(|(a, b)| pair[0].is(*a) && pair[1].is(*b));
        let wrong = known.iter().any(|(a, b)| pair[0].is(*b) && pair[1].is(*a));
        if wrong && !right {
            faults.push(Fault::new(FaultKind::Direction, &pair[0].raw));
        }
    }
}
