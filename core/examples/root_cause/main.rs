//! Scores root causes on cases whose causes are known. See `bench/root_cause/run.sh`.
#![allow(
    unreachable_pub,
    clippy::print_stdout,
    reason = "a bench prints its figures"
)]

mod peers;
mod rng;
mod worlds;

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use kpi_core::Cancel;
use kpi_core::drivers::{Cube, Kind, Method, Options, drivers};
use worlds::{Case, Event, Row, Sales};

/// An alpha for who would rather hear too much, as the methods without a test say.
const BOLD: f64 = 0.5;

/// Precision, recall and F1 of exact segments, and whether a quiet case alarmed.
#[derive(Default)]
struct Score {
    f1: Vec<f64>,
    hits: f64,
    said: f64,
    true_causes: f64,
    alarms: f64,
    ms: f64,
}

impl Score {
    fn add(&mut self, said: &[String], causes: &[String]) {
        let said: HashSet<&String> = said.iter().collect();
        let causes: HashSet<&String> = causes.iter().collect();
        let hits = said.intersection(&causes).count() as f64;
        let (p, r) = (said.len() as f64, causes.len() as f64);
        self.f1.push(if p + r == 0.0 {
            1.0
        } else {
            2.0 * hits / (p + r)
        });
        self.hits += hits;
        self.said += p;
        self.true_causes += r;
        self.alarms += f64::from(u8::from(!said.is_empty()));
    }

    fn print(&self, name: &str) {
        let n = self.f1.len().max(1) as f64;
        let mean = self.f1.iter().sum::<f64>() / n;
        let sd = (self.f1.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / n).sqrt();
        let alarm = self.alarms / n;
        println!(
            "{name:<34} n={n:<4} F1 {mean:.3} ±{:.3}  P {:.3} R {:.3}  named something {alarm:.3} ±{:.3}  {:.0} ms",
            1.96 * sd / n.sqrt(),
            self.hits / self.said.max(1.0),
            self.hits / self.true_causes.max(1.0),
            1.96 * (alarm * (1.0 - alarm) / n).sqrt(),
            self.ms / n
        );
    }
}

fn cube(case: &Case) -> Cube {
    let mut cube = Cube::default();
    for row in &case.rows {
        let members: Vec<&str> = row.members.iter().map(String::as_str).collect();
        cube.push(&members, row.actual, row.expected)
            .expect("rows of equal length");
        for (window, value) in row.history.iter().enumerate() {
            cube.push_history(&members, window, *value)
                .expect("few windows");
        }
    }
    cube
}

fn named(case: &Case, method: Method, max_depth: usize, alpha: f64) -> (Vec<String>, f64) {
    let cube = cube(case);
    let options = Options {
        max_depth,
        method,
        alpha,
        ..Options::new(case.dims.clone())
    };
    let start = Instant::now();
    let rows = drivers(&cube, &options, Cancel::NEVER).expect("valid options");
    let ms = start.elapsed().as_secs_f64() * 1e3;
    let said = rows
        .iter()
        .filter(|d| d.kind == Kind::Segment)
        .map(|d| {
            let parts: Vec<String> = d.members.iter().map(|(k, v)| format!("{k}={v}")).collect();
            parts.join("&")
        })
        .collect();
    (said, ms)
}

fn score(name: &str, cases: impl Iterator<Item = Case>, max_depth: usize, verbose: bool) {
    let mut scan = Score::default();
    let mut bold = Score::default();
    let mut adtributor = Score::default();
    let mut drill = Score::default();
    let mut contribution = Score::default();
    for case in cases {
        let (said, ms) = named(&case, Method::Scan, max_depth, 0.05);
        scan.ms += ms;
        scan.add(&said, &case.causes);
        if verbose {
            let truth: HashSet<&String> = case.causes.iter().collect();
            let mine: HashSet<&String> = said.iter().collect();
            println!(
                "{} F1 {:.2} missed {:?} wrong {:?}",
                case.name,
                scan.f1.last().copied().unwrap_or(0.0),
                truth.difference(&mine).collect::<Vec<_>>(),
                mine.difference(&truth).collect::<Vec<_>>()
            );
        }
        let (said, ms) = named(&case, Method::Scan, max_depth, BOLD);
        bold.ms += ms;
        bold.add(&said, &case.causes);
        let (said, ms) = named(&case, Method::Adtributor, 1, 0.05);
        adtributor.ms += ms;
        adtributor.add(&said, &case.causes);
        let start = Instant::now();
        drill.add(&peers::drill_down(&case, max_depth), &case.causes);
        drill.ms += start.elapsed().as_secs_f64() * 1e3;
        let start = Instant::now();
        contribution.add(&peers::contribution(&case, max_depth), &case.causes);
        contribution.ms += start.elapsed().as_secs_f64() * 1e3;
    }
    scan.print(&format!("{name} scan"));
    bold.print(&format!("{name} scan alpha {BOLD}"));
    adtributor.print(&format!("{name} adtributor"));
    drill.print(&format!("{name} drill-down"));
    contribution.print(&format!("{name} contribution"));
}

/// Prints cases as CSV with a head, for methods in other languages.
fn write_all(name: &str, cases: Vec<Case>) {
    if let Some(case) = cases.first() {
        println!("cell,case,causes,actual,expected,{}", case.dims.join(","));
    }
    write(name, cases.into_iter());
}

/// Prints cases as CSV without a head.
fn write(name: &str, cases: impl Iterator<Item = Case>) {
    for case in cases {
        for row in &case.rows {
            println!(
                "{name},{},{},{},{},{}",
                case.name,
                case.causes.join(";"),
                row.actual,
                row.expected,
                row.members.join(",")
            );
        }
    }
}

/// Reads `DIR/truth.csv` and `DIR/CASE.csv` with columns dimensions, real, predict.
fn load(dir: &str) -> Vec<Case> {
    let truth = std::fs::read_to_string(format!("{dir}/truth.csv")).expect("truth.csv");
    truth
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(name, causes)| {
            let text = std::fs::read_to_string(format!("{dir}/{name}.csv")).expect("case");
            let mut lines = text.lines();
            let head: Vec<String> = lines
                .next()
                .unwrap_or("")
                .split(',')
                .map(str::to_owned)
                .collect();
            let k = head.len() - 2;
            Case {
                name: name.to_owned(),
                dims: head[..k].to_vec(),
                rows: lines
                    .map(|line| {
                        let cells: Vec<&str> = line.split(',').collect();
                        Row {
                            members: cells[..k].iter().map(|s| s.to_string()).collect(),
                            actual: cells[k].parse().unwrap_or(f64::NAN),
                            expected: cells[k + 1].parse().unwrap_or(f64::NAN),
                            history: Vec::new(),
                        }
                    })
                    .collect(),
                causes: causes.trim().split(';').map(str::to_owned).collect(),
            }
        })
        .collect()
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let n: u64 = args.get(1).and_then(|s| s.parse().ok()).unwrap_or(20);
    let first: u64 = args.get(2).and_then(|s| s.parse().ok()).unwrap_or(1);
    let verbose = args.iter().any(|a| a == "-v");
    // Further words choose the cells that have them all in their names.
    let only: Vec<&String> = args.iter().skip(3).filter(|a| *a != "-v").collect();
    match args.first().map(String::as_str) {
        Some("write") if args.get(1).is_some_and(|dir| Path::new(dir).is_dir()) => {
            write_all(&args[1], load(&args[1]));
        }
        Some("dense") => {
            score(
                "S kind",
                (first..first + n).map(|s| worlds::dense(&worlds::S, s)),
                5,
                verbose,
            );
            score(
                "L kind",
                (first..first + n).map(|s| worlds::dense(&worlds::L, s)),
                4,
                verbose,
            );
        }
        Some(verb @ ("sales" | "write")) => {
            if verb == "write" {
                println!("cell,case,causes,actual,expected,sku,brand,tier,type,channel,vendor");
            }
            let events = [
                Event::Quiet,
                Event::One,
                Event::Two,
                Event::Market,
                Event::Pair,
            ];
            for lines in [4_000.0, 40_000.0] {
                for (label, phi, drift) in [
                    ("", 1.6, (0.0, 0.0, 0.0)),
                    (" drift", 4.0, (0.08, 0.06, 0.10)),
                ] {
                    for (windows, history) in [(0, false), (6, false), (6, true), (12, true)] {
                        for event in events {
                            for money in [false, true] {
                                let world = Sales {
                                    lines,
                                    event,
                                    phi,
                                    drift,
                                    windows,
                                    history,
                                    money,
                                };
                                let unit = if money { "money" } else { "lines" };
                                let known = if history { "known" } else { "unknown" };
                                let name =
                                    format!("{lines} {event:?}{label} {windows} {known} {unit}");
                                if !only.is_empty()
                                    && !only.iter().all(|w| name.split(' ').any(|part| part == *w))
                                {
                                    continue;
                                }
                                let cases = (first..first + n).map(|s| worlds::sales(&world, s));
                                if verb == "write" {
                                    write(&name, cases);
                                } else {
                                    score(&name, cases, 3, verbose);
                                }
                            }
                        }
                    }
                }
            }
        }
        Some(dir) => score(dir, load(dir).into_iter(), 5, verbose),
        None => println!(
            "root_cause dense|sales|write|DIR [CASES [FIRST_SEED]] [-v], root_cause write DIR"
        ),
    }
}
