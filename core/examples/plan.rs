//! Plans a file of questions, for `shared/data/questions/score.py`.
//!
//! `cargo run --release -p kpi-core --example plan -- QUESTIONS.jsonl SALES.csv > PREDICTIONS.jsonl`
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool"
)]

use std::collections::BTreeSet;
use std::time::Instant;

use kpi_core::words::{Catalogue, Dimension, plan};
use serde_json::{Value, json};

/// Product types where the file has no such column, as words of product names.
const TYPES: [&str; 8] = [
    "cleanser",
    "cream",
    "lip",
    "mask",
    "oil",
    "serum",
    "sunscreen",
    "toner",
];

/// The fields of a CSV line; quotes may hold commas.
fn fields(line: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut quoted = false;
    for c in line.trim_end().chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => found.push(String::new()),
            _ => found.last_mut().expect("starts with one field").push(c),
        }
    }
    found
}

fn catalogue(sales: &str) -> Catalogue {
    let mut lines = sales.lines();
    let header = fields(lines.next().unwrap_or(""));
    let column = |name: &str| header.iter().position(|h| h == name);
    let wanted = [
        ("brand", "brand"),
        ("product", "sku"),
        ("channel", "channel"),
        ("vendor", "vendor"),
    ];
    let mut members: Vec<BTreeSet<String>> = vec![BTreeSet::new(); wanted.len()];
    let mut last = String::new();
    let mut listed = BTreeSet::new();
    for line in lines {
        let row = fields(line);
        if let Some(date) = column("date").and_then(|i| row.get(i))
            && *date > last
        {
            last.clone_from(date);
        }
        listed.extend(
            column("product_type")
                .and_then(|i| row.get(i))
                .map(ToOwned::to_owned),
        );
        for ((name, _), set) in wanted.iter().zip(&mut members) {
            if let Some(value) = column(name).and_then(|i| row.get(i)) {
                set.insert(value.clone());
            }
        }
    }
    let names: Vec<String> = members[1].iter().map(|m| m.to_lowercase()).collect();
    let types = TYPES
        .iter()
        .filter(|t| names.iter().any(|n| n.contains(**t)))
        .map(|t| (*t).to_owned())
        .chain(listed);
    let mut dimensions = vec![Dimension {
        name: "product_type".into(),
        label: None,
        members: types.collect(),
    }];
    for ((_, dimension), set) in wanted.iter().zip(members) {
        dimensions.push(Dimension {
            name: (*dimension).into(),
            label: None,
            members: set.into_iter().collect(),
        });
    }
    Catalogue {
        asof: last.parse().expect("the last date is a date"),
        dimensions,
        aliases: Vec::new(),
        metrics: Vec::new(),
        examples: Vec::new(),
    }
}

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
