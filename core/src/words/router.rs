//! Which function a question asks for: a linear model on masked words plus rules of language.
//!
//! The weights in `router/weights.bin` are made from `router/examples.txt` by
//! `cargo run --release -p kpi-core --example train_router`, byte for byte.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use chrono::NaiveDate;

use super::catalogue::{Catalogue, Dimension};
use super::cues;
use super::slots::{self, Slots};

/// The functions a question can be answered with, in the order of the weights.
pub const FUNCTIONS: [&str; 23] = [
    "value",
    "history",
    "breakdown",
    "compare",
    "scorecard",
    "bridge",
    "concentration",
    "portfolio",
    "price_tiers",
    "cohorts",
    "launch_curve",
    "rfm",
    "forecast",
    "anomalies",
    "drivers",
    "elasticity",
    "suggest_targets",
    "attainment",
    "what_if",
    "recommend",
    "insights",
    "backtest",
    "none",
];

/// Buckets that features are hashed into; a power of two.
pub const BUCKETS: usize = 4096;
/// What an integer weight of 1 stands for.
pub const WEIGHT_STEP: f32 = 1.0 / 24.0;

static EXAMPLES: &str = include_str!("router/examples.txt");
static WEIGHTS: &[u8] = include_bytes!("router/weights.bin");

/// Number of a function in [`FUNCTIONS`].
pub(crate) fn number(function: &str) -> Option<usize> {
    FUNCTIONS.iter().position(|f| *f == function)
}

/// A training question.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingQuestion {
    /// Number of its function in [`FUNCTIONS`].
    pub function: usize,
    /// The voice it is written in, as in `terse`.
    pub voice: &'static str,
    /// The question, names filled in.
    pub text: String,
}

/// The questions the model is trained on.
pub fn training_questions() -> Vec<TrainingQuestion> {
    let (mut function, mut voice) = (FUNCTIONS.len() - 1, "");
    let mut found = Vec::new();
    for line in EXAMPLES.lines() {
        if let Some(name) = line.strip_prefix("== ") {
            function = number(name.trim()).unwrap_or(FUNCTIONS.len() - 1);
        } else if let Some(name) = line.strip_prefix("-- ") {
            voice = name.trim();
        } else if !line.trim().is_empty() {
            let text = [
                ("{B2}", "Verano"),
                ("{C2}", "Kaufhalle"),
                ("{B}", "Norvik"),
                ("{C}", "Bazarino"),
                ("{S}", "Opaline Toner 90ml"),
                ("{P}", "serum"),
                ("{V}", "Trelleborg Supply"),
            ]
            .iter()
            .fold(line.to_owned(), |text, (mark, name)| {
                text.replace(mark, name)
            });
            found.push(TrainingQuestion {
                function,
                voice,
                text,
            });
        }
    }
    found
}

/// The invented source that the training questions speak of.
pub fn training_catalogue() -> Catalogue {
    let dimension = |name: &str, members: &[&str]| Dimension {
        name: name.into(),
        label: None,
        members: members.iter().map(|m| (*m).to_owned()).collect(),
    };
    Catalogue {
        asof: NaiveDate::from_ymd_opt(2025, 10, 14).unwrap_or_default(),
        dimensions: vec![
            dimension("brand", &["Norvik", "Verano"]),
            dimension("sku", &["Opaline Toner 90ml"]),
            dimension("product_type", &["serum", "toner"]),
            dimension("channel", &["Bazarino", "Kaufhalle"]),
            dimension("vendor", &["Trelleborg Supply"]),
        ],
        aliases: Vec::new(),
        metrics: Vec::new(),
        examples: Vec::new(),
    }
}

/// How often each word stands in the examples, those with typing errors left out.
static USES: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    let mut typos = false;
    let mut uses = HashMap::new();
    for line in EXAMPLES.lines() {
        if let Some(voice) = line.strip_prefix("-- ") {
            typos = voice.trim() == "typo";
        } else if !typos && !line.starts_with("==") {
            for word in super::text::tokens(line) {
                *uses.entry(word.low).or_default() += 1;
            }
        }
    }
    uses
});

/// Words of the examples; none of them is a name.
pub(crate) fn example_words() -> impl Iterator<Item = &'static str> {
    USES.keys()
        .map(String::as_str)
        .filter(|w| w.len() >= 3 && w.is_ascii())
}

/// How often the examples use a word.
pub(crate) fn uses(word: &str) -> usize {
    USES.get(word).copied().unwrap_or(0)
}

/// FNV-1a, folded into a bucket.
fn bucket(parts: &[&str]) -> usize {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0x1f]) {
            hash ^= u64::from(byte);
            hash = hash.wrapping_mul(0x0100_0000_01b3);
        }
    }
    usize::try_from((hash ^ (hash >> 29)) % BUCKETS as u64).unwrap_or(0)
}

/// Buckets that are on for a masked question: words, neighbours, first words and, for Hangul, pairs of syllables.
pub fn features(masked: &str) -> Vec<usize> {
    let words: Vec<&str> = masked.split_whitespace().filter(|w| *w != ",").collect();
    let mut on = vec![bucket(&["bias"])];
    for (at, word) in words.iter().enumerate() {
        on.push(bucket(&["1", word]));
        if let Some(next) = words.get(at + 1) {
            on.push(bucket(&["2", word, next]));
        }
        if let Some(after) = words.get(at + 2) {
            on.push(bucket(&["s", word, after]));
        }
        if word.len() >= 6 && word.is_ascii() {
            on.push(bucket(&["p", &word[..5]]));
        }
        let syllables: Vec<char> = word.chars().collect();
        if syllables
            .first()
            .copied()
            .is_some_and(super::text::is_hangul)
        {
            for pair in syllables.windows(2) {
                on.push(bucket(&["k", &pair.iter().collect::<String>()]));
            }
        }
    }
    if let Some(first) = words.first() {
        on.push(bucket(&["^", first]));
        if let Some(second) = words.get(1) {
            on.push(bucket(&["^", first, second]));
        }
    }
    on.push(bucket(&[
        "n",
        match words.len() {
            0..=2 => "2",
            3..=4 => "4",
            5..=8 => "8",
            _ => "9",
        },
    ]));
    on.sort_unstable();
    on.dedup();
    on
}

/// The masked form of a question, as the model sees it.
pub fn mask(question: &str, catalogue: &Catalogue) -> String {
    slots::read(question, catalogue).masked(catalogue.asof)
}

/// What the rules say about a question, one score a function; for the trainer's report.
pub fn rules(question: &str, catalogue: &Catalogue) -> [f64; FUNCTIONS.len()] {
    cues::score(&slots::read(question, catalogue), catalogue.asof)
}

/// How much a question's length dampens the sum of its features.
pub fn scale(on: usize) -> f32 {
    1.0 / (on.max(1) as f32).sqrt()
}

/// Scores of the linear model, one a function, from weights laid out bucket by bucket.
pub fn linear(on: &[usize], weight: impl Fn(usize) -> f32) -> [f32; FUNCTIONS.len()] {
    let mut sums = [0.0; FUNCTIONS.len()];
    for feature in on {
        for (function, sum) in sums.iter_mut().enumerate() {
            *sum += weight(feature * FUNCTIONS.len() + function);
        }
    }
    sums.map(|s| s * scale(on.len()))
}

fn stored(at: usize) -> f32 {
    WEIGHTS
        .get(at)
        .map_or(0.0, |b| f32::from(i8::from_ne_bytes([*b])) * WEIGHT_STEP)
}

/// Probabilities of the functions, most likely first.
pub(crate) fn route(slots: &Slots, catalogue: &Catalogue) -> Vec<(usize, f64)> {
    /// The rules are surer of themselves than the model; found by cross-validation over voices.
    const RULES: f64 = 1.0;
    const MODEL: f64 = 0.7;
    let masked = slots.masked(catalogue.asof);
    let on = features(&masked);
    let mut scores = linear(&on, stored).map(|s| f64::from(s) * MODEL);
    for (score, cue) in scores.iter_mut().zip(cues::score(slots, catalogue.asof)) {
        *score += RULES * cue;
    }
    for (function, bonus) in taught(&masked, catalogue) {
        if let Some(score) = scores.get_mut(function) {
            *score += bonus;
        }
    }
    softmax(&scores)
}

fn softmax(scores: &[f64; FUNCTIONS.len()]) -> Vec<(usize, f64)> {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = scores.iter().map(|s| (s - top).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let mut ranked: Vec<(usize, f64)> = weights.iter().map(|w| w / sum).enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}

/// What taught questions say: the nearest one counts, by the share of masked words in common.
fn taught(masked: &str, catalogue: &Catalogue) -> Vec<(usize, f64)> {
    /// Below this share two questions merely use common words.
    const LIKE: f64 = 0.6;
    const BONUS: f64 = 8.0;
    let mut best: BTreeMap<usize, f64> = BTreeMap::new();
    let on = features(masked);
    let plain = Catalogue {
        examples: Vec::new(),
        ..catalogue_head(catalogue)
    };
    for example in &catalogue.examples {
        let Some(function) = number(&example.plan.function) else {
            continue;
        };
        let theirs = features(&mask(&example.question, &plain));
        let common = on
            .iter()
            .filter(|f| theirs.binary_search(f).is_ok())
            .count();
        let all = on.len() + theirs.len() - common;
        let like = common as f64 / all.max(1) as f64;
        if like >= LIKE {
            let bonus = best.entry(function).or_default();
            *bonus = bonus.max(BONUS * like);
        }
    }
    best.into_iter().collect()
}

/// The catalogue without taught questions; members are shared by copy only when something was taught.
fn catalogue_head(catalogue: &Catalogue) -> Catalogue {
    if catalogue.examples.is_empty() {
        return Catalogue {
            asof: catalogue.asof,
            dimensions: Vec::new(),
            aliases: Vec::new(),
            metrics: Vec::new(),
            examples: Vec::new(),
        };
    }
    catalogue.clone()
}
