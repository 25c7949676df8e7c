//! How often a target is reached: P50, P75 and P90 targets of three months' totals over rolling origins.
//!
//! `bench_targets NAME=FILE.csv …` with columns series, t, value (monthly, oldest first within a series). Targets
//! are the quantiles of the total over joint paths of the forecast, as `kpi.suggest_targets()` makes them. Series
//! named `CALL/SERIES` are asked for in one call, others one by one.
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::error::Error;

use kpi_core::Cancel;
use kpi_core::customer::wilson;
use kpi_core::forecast::{Options, Prepared, prepare};
use kpi_core::series::Grain;
use kpi_core::target::{Outlooks, from_growth, from_samples};

/// Months in a target's period.
const MONTHS: usize = 3;
/// Origins a series, as many months apart: their periods do not overlap.
const ORIGINS: usize = 6;
/// Series of a file that are used, evenly spread.
const MOST_SERIES: usize = 360;
/// Months before an origin.
const MIN_HISTORY: usize = 36;
/// Paths behind a target.
const PATHS: usize = 1_000;

/// Series by call.
type Calls = Vec<(String, Vec<Vec<f64>>)>;

fn calls(path: &str) -> Result<Calls, Box<dyn Error>> {
    let mut all: Vec<(String, Vec<f64>)> = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let mut cells = line.split(',');
        let (Some(name), Some(_), Some(value)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        // The header has no number.
        let Ok(value) = value.trim().parse() else {
            continue;
        };
        match all.last_mut() {
            Some((last, values)) if last == name => values.push(value),
            _ => all.push((name.to_owned(), vec![value])),
        }
    }
    let step = all.len().div_ceil(MOST_SERIES).max(1);
    let mut calls: Calls = Vec::new();
    for (name, values) in all.into_iter().step_by(step) {
        let call = name.split_once('/').map_or(name.as_str(), |(call, _)| call);
        match calls.last_mut() {
            Some((last, series)) if last == call => series.push(values),
            _ => calls.push((call.to_owned(), vec![values])),
        }
    }
    Ok(calls)
}

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "| data | method | target | reached | 99 % interval | should be |\n|---|---|---|---|---|---|"
    );
    for argument in std::env::args().skip(1) {
        let (name, path) = argument.split_once('=').unwrap_or(("data", &argument));
        // (forecast, growth) × (P50, P75, P90): hits, and trials.
        let mut hits = [[0u64; 3]; 2];
        let mut trials = [0u64; 2];
        for (_, call) in calls(path)? {
            for k in 1..=ORIGINS {
                let split: Vec<(&[f64], f64)> = call
                    .iter()
                    .filter_map(|values| {
                        let origin = values.len().checked_sub(k * MONTHS)?;
                        let (past, future) = values.split_at(origin);
                        (origin >= MIN_HISTORY).then(|| (past, future.iter().take(MONTHS).sum()))
                    })
                    .collect();
                let options = Options {
                    grain: Some(Grain::Month),
                    nonnegative: true,
                    ..Options::new(MONTHS)
                };
                let prepared: Vec<Prepared> = split
                    .iter()
                    .map(|(past, _)| prepare(past, &options, Cancel::NEVER))
                    .collect::<Result<_, _>>()?;
                let outlooks = Outlooks::of(&prepared, 0..MONTHS, 0.0);
                for (at, (past, actual)) in split.iter().enumerate() {
                    let totals = outlooks.totals(at, PATHS, 1, Cancel::NEVER)?;
                    let quarters: Vec<f64> = past
                        .rchunks_exact(MONTHS)
                        .map(|c| c.iter().sum())
                        .rev()
                        .collect();
                    let found = [
                        from_samples(&totals, 0.75),
                        from_growth(&quarters, 12 / MONTHS, 1, 0.75, 1),
                    ];
                    for (m, targets) in found.into_iter().enumerate() {
                        let Ok(t) = targets else { continue };
                        trials[m] += 1;
                        let three = [t.commit, t.stretch, t.ambitious];
                        for (hit, target) in hits[m].iter_mut().zip(three) {
                            *hit += u64::from(*actual >= target);
                        }
                    }
                }
            }
        }
        for (m, method) in ["forecast", "growth"].iter().enumerate() {
            for (i, (target, should)) in [("P50", 0.5), ("P75", 0.25), ("P90", 0.1)]
                .iter()
                .enumerate()
            {
                let Some(w) = wilson(hits[m][i], trials[m], 0.99) else {
                    continue;
                };
                println!(
                    "| {name} | {method} | {target} | {:.3} of {} | {:.3} to {:.3} | {should} |",
                    w.value, trials[m], w.lo, w.hi
                );
            }
        }
    }
    Ok(())
}
