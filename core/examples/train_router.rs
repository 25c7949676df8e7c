//! Trains the planner's router and writes its weights.
//!
//! `cargo run --release -p kpi-core --example train_router -- [check | cv]` writes
//! `core/src/words/router/weights.bin`; `check` only compares with what is there (exit 1 if it differs);
//! `cv` leaves one voice out at a time and prints how often its questions find their function.
#![allow(clippy::print_stdout, reason = "a command line tool")]

use std::collections::BTreeMap;
use std::process::ExitCode;

use kpi_core::words::router::{
    BUCKETS, FUNCTIONS, WEIGHT_STEP, features, linear, mask, rules, scale, training_catalogue,
    training_questions,
};

/// Passes over the questions; the loss is flat by then.
const PASSES: usize = 400;
/// Step of gradient descent.
const RATE: f32 = 4.0;
/// Pull of the weights towards zero; chosen by leaving voices out.
const RIDGE: f32 = 2e-3;

struct Sample {
    on: Vec<usize>,
    function: usize,
    voice: &'static str,
    rules: Vec<f32>,
    text: String,
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    let top = scores.iter().copied().fold(f32::MIN, f32::max);
    let weights: Vec<f32> = scores.iter().map(|s| (s - top).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|w| w / sum).collect()
}

/// Multinomial logistic regression by full gradient descent, in a fixed order.
fn train(samples: &[&Sample]) -> Vec<f32> {
    let width = FUNCTIONS.len();
    let mut weights = vec![0.0_f32; BUCKETS * width];
    for _ in 0..PASSES {
        let mut gradient = vec![0.0_f32; BUCKETS * width];
        for sample in samples {
            let mut scores = linear(&sample.on, |i| weights[i]);
            // The model learns what the rules leave open.
            for (score, rule) in scores.iter_mut().zip(&sample.rules) {
                *score += rule;
            }
            let mut error = softmax(&scores);
            error[sample.function] -= 1.0;
            let by = scale(sample.on.len()) / samples.len() as f32;
            for feature in &sample.on {
                for (function, e) in error.iter().enumerate() {
                    gradient[feature * width + function] += e * by;
                }
            }
        }
        for (weight, slope) in weights.iter_mut().zip(&gradient) {
            *weight -= RATE * (slope * 10.0 + RIDGE * *weight);
        }
    }
    weights
}

fn best(scores: &[f32]) -> usize {
    (0..scores.len())
        .max_by(|a, b| scores[*a].total_cmp(&scores[*b]))
        .unwrap_or(0)
}

fn main() -> ExitCode {
    let catalogue = training_catalogue();
    let samples: Vec<Sample> = training_questions()
        .into_iter()
        .map(|q| Sample {
            on: features(&mask(&q.text, &catalogue)),
            function: q.function,
            voice: q.voice,
            rules: rules(&q.text, &catalogue)
                .iter()
                .map(|r| *r as f32)
                .collect(),
            text: q.text,
        })
        .collect();
    let mode = std::env::args().nth(1).unwrap_or_default();
    if mode == "cv" {
        let mut voices: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
        for voice in samples
            .iter()
            .map(|s| s.voice)
            .collect::<std::collections::BTreeSet<_>>()
        {
            let kept: Vec<&Sample> = samples.iter().filter(|s| s.voice != voice).collect();
            let weights = train(&kept);
            for sample in samples.iter().filter(|s| s.voice == voice) {
                let scores = linear(&sample.on, |i| weights[i]);
                let both: Vec<f32> = scores
                    .iter()
                    .zip(&sample.rules)
                    .map(|(a, b)| 0.7 * a + b)
                    .collect();
                let right = |scores: &[f32]| usize::from(best(scores) == sample.function);
                let entry = voices.entry(voice).or_default();
                entry[0] += 1;
                entry[1] += right(&scores);
                entry[2] += right(&sample.rules);
                entry[3] += right(&both);
                if right(&both) == 0 && std::env::args().nth(2).is_some() {
                    println!(
                        "{:14} not {:14} {}",
                        FUNCTIONS[best(&both)],
                        FUNCTIONS[sample.function],
                        sample.text
                    );
                }
            }
        }
        println!("voice        n  model  rules  both");
        for (voice, [all, model, rule, both]) in &voices {
            let share = |n: usize| 100.0 * n as f64 / *all as f64;
            println!(
                "{voice:10} {all:3} {:5.0}% {:5.0}% {:4.0}%",
                share(*model),
                share(*rule),
                share(*both)
            );
        }
        return ExitCode::SUCCESS;
    }
    let weights = train(&samples.iter().collect::<Vec<_>>());
    let bytes: Vec<u8> = weights
        .iter()
        .map(|w| (w / WEIGHT_STEP).round().clamp(-127.0, 127.0) as i8 as u8)
        .collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/words/router/weights.bin");
    if mode == "check" {
        let same = std::fs::read(path).is_ok_and(|stored| stored == bytes);
        println!(
            "weights.bin {}",
            if same {
                "is up to date"
            } else {
                "differs from its examples"
            }
        );
        return if same {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    if let Err(error) = std::fs::write(path, &bytes) {
        println!("{path}: {error}");
        return ExitCode::FAILURE;
    }
    println!("{} questions, {} bytes", samples.len(), bytes.len());
    ExitCode::SUCCESS
}
