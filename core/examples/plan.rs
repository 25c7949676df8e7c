//! Plans a file of questions, for `shared/data/questions/score.py`.
//!
//! `cargo run --release -p kpi-core --example plan -- QUESTIONS.jsonl SALES.csv > PREDICTIONS.jsonl`
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool"
)]

use std::time::Instant;

use catalogue::catalogue;
use kpi_core::words::plan;
use serde_json::{Value, json};

#[path = "../tests/questions/catalogue.rs"]
mod catalogue;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(questions), Some(sales)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: plan QUESTIONS.jsonl SALES.csv");
        std::process::exit(2);
    };
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let catalogue = catalogue(&read(&sales));
    let (mut slowest, mut total, mut count) = (0.0_f64, 0.0, 0);
    for line in read(&questions).lines().filter(|l| !l.trim().is_empty()) {
        let question: Value = serde_json::from_str(line).expect("a question is a line of JSON");
        let text = |name: &str| question.get(name).and_then(Value::as_str);
        let start = Instant::now();
        let context = text("context").map(|before| plan(before, None, &catalogue));
        let plan = plan(text("q").unwrap_or(""), context.as_ref(), &catalogue);
        let ms = start.elapsed().as_secs_f64() * 1000.0;
        if count > 0 {
            slowest = slowest.max(ms);
        }
        total += ms;
        count += 1;
        println!("{}", json!({"id": text("id"), "plan": plan}));
    }
    eprintln!(
        "{count} plans, mean {:.2} ms, slowest after the first {slowest:.2} ms",
        total / f64::from(count.max(1))
    );
}
