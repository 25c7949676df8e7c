//! Scores anomaly detection on series whose anomalies are known. See `bench/anomalies/run.sh`.
#![allow(
    unreachable_pub,
    clippy::print_stdout,
    reason = "a bench prints its figures"
)]

#[path = "../root_cause/rng.rs"]
#[allow(dead_code, reason = "shared with the other bench")]
mod rng;

use std::ops::Range;
use std::time::Instant;

use kpi_core::Cancel;
use kpi_core::anomaly::{Direction, Judged, Mode, Question, changepoints};
use kpi_core::series::{Grain, Group};
use rng::Rng;

/// Share of false ones among flags.
const FDR: f64 = 0.05;

/// Kinds of clean series, as sales have them.
const PROFILES: [(&str, f64, f64, f64, f64, bool); 13] = [
    // Name, mean a day, dispersion, weekly swing, growth over the whole, money.
    ("Poisson 5000", 5000.0, 1.0, 0.2, 0.0, false),
    ("counts 500, trend", 500.0, 1.6, 0.3, 0.8, false),
    ("counts 50, yearly", 50.0, 1.6, 0.3, 0.0, false),
    ("counts 14", 14.0, 1.6, 0.2, 0.0, false),
    ("counts 2", 2.0, 1.6, 0.2, 0.0, false),
    ("intermittent 0.1", 0.1, 1.6, 0.0, 0.0, false),
    ("lumpy 0.3", 0.3, 6.0, 0.0, 0.0, false),
    ("money 30 lines", 30.0, 1.6, 0.3, 0.2, true),
    ("money 3 lines", 3.0, 1.6, 0.3, 0.0, true),
    ("shocks of 10 %", 1000.0, 1.6, 0.3, 0.0, false),
    ("shocks that last", 1000.0, 1.6, 0.3, 0.0, false),
    ("long-tailed shocks", 1000.0, 1.6, 0.3, 0.0, false),
    ("a walk of 2 %", 1000.0, 1.6, 0.3, 0.0, false),
];

/// Logarithm of what moves all sales of a day, for the last four profiles.
fn shocks(rng: &mut Rng, profile: usize, n: usize) -> Vec<f64> {
    let mut state = 0.0;
    (0..n)
        .map(|_| match profile {
            9 => 0.1 * rng.normal(),
            10 => {
                state = 0.7 * state + 0.07 * rng.normal();
                state
            }
            // Student's with four degrees of freedom.
            11 => 0.07 * rng.normal() / (rng.gamma(2.0) / 2.0).sqrt(),
            12 => {
                state += 0.02 * rng.normal();
                state
            }
            _ => 0.0,
        })
        .collect()
}

fn series(rng: &mut Rng, profile: usize, n: usize) -> Vec<f64> {
    let (_, mean, phi, weekly, growth, money) = PROFILES[profile];
    let week: Vec<f64> = (0..7)
        .map(|_| 1.0 + weekly * rng.uniform(-1.0, 1.0))
        .collect();
    let yearly = if profile == 2 { 0.3 } else { 0.0 };
    let shocks = shocks(rng, profile, n);
    (0..n)
        .map(|t| {
            let x = t as f64;
            let year = 1.0 + yearly * (x * std::f64::consts::TAU / 365.25).sin();
            let mu = mean * week[t % 7] * year * (1.0 + growth * x / n as f64) * shocks[t].exp();
            let count = rng.counts(mu, phi);
            if money {
                (0..count as u64)
                    .map(|_| {
                        (9.0 + 0.7 * rng.normal()).exp() * [1.0, 1.0, 1.0, 2.0, 3.0][rng.below(5)]
                    })
                    .sum()
            } else {
                count
            }
        })
        .collect()
}

/// The series of a call of days, judged together.
fn judged(all: &[Vec<f64>], mode: Mode) -> Vec<Judged> {
    let question = Question {
        grain: Grain::Day,
        sensitivity: 0.95,
        fdr: FDR,
        mode,
        direction: Direction::Both,
    };
    let group = |values: &Vec<f64>| Group {
        key: Vec::new(),
        first: 0,
        values: values.clone(),
        partial: None,
    };
    let groups = all.iter().map(group).collect();
    question
        .judge_all(groups, |_| 0, Cancel::NEVER)
        .expect("not cancelled")
}

fn flags(all: &[Vec<f64>], mode: Mode) -> Vec<Vec<bool>> {
    judged(all, mode)
        .iter()
        .map(|j| j.q.iter().map(|q| *q <= FDR).collect())
        .collect()
}

/// Share of calls on clean data in which anything is flagged, and flags per series and year.
fn clean(seeds: Range<u64>) {
    for mode in [Mode::Monitoring, Mode::Retrospective] {
        for (profile, (name, ..)) in PROFILES.iter().enumerate() {
            for width in [1, 20] {
                let (mut alarms, mut points) = (0.0, 0.0);
                for call in seeds.clone() {
                    let mut rng = Rng(call * 1000 + profile as u64 * 77 + width as u64);
                    let all: Vec<Vec<f64>> =
                        (0..width).map(|_| series(&mut rng, profile, 730)).collect();
                    let flagged: usize = flags(&all, mode).iter().flatten().filter(|f| **f).count();
                    alarms += f64::from(u8::from(flagged > 0));
                    points += flagged as f64;
                }
                let k = seeds.clone().count() as f64;
                let rate = alarms / k;
                println!(
                    "clean {mode:?} {name:<20} {width:>3} series: calls with an alarm {rate:.3} ±{:.3}, false alarms per series-year {:.3}",
                    1.96 * (rate * (1.0 - rate) / k).sqrt(),
                    points / k / width as f64 / 2.0
                );
            }
        }
    }
}

/// Ten brands in a call; one has a drop.
fn drops(seeds: Range<u64>) {
    for (mean, phi) in [
        (60.0, 1.6),
        (200.0, 1.6),
        (1000.0, 4.0),
        (1000.0, 1.6),
        (5000.0, 1.6),
    ] {
        for (depth, days) in [(0.3, 3), (0.3, 7), (0.5, 3), (0.5, 7)] {
            // Flagged on the first, by the second, by the third day.
            let (mut by, mut spurious) = ([0.0; 3], 0.0);
            for call in seeds.clone() {
                let mut rng = Rng(call * 31 + (mean * depth) as u64);
                let mut all: Vec<Vec<f64>> = Vec::new();
                let at = 200 + rng.below(400);
                for brand in 0..10 {
                    let week: Vec<f64> = (0..7).map(|_| rng.uniform(0.8, 1.2)).collect();
                    all.push(
                        (0..730)
                            .map(|t| {
                                let cut = brand == 0 && (at..at + days).contains(&t);
                                let mu = mean * week[t % 7] * if cut { 1.0 - depth } else { 1.0 };
                                rng.counts(mu, phi)
                            })
                            .collect(),
                    );
                }
                let flagged = flags(&all, Mode::Monitoring);
                for (delay, found) in by.iter_mut().enumerate() {
                    *found += f64::from(u8::from((at..=at + delay).any(|t| flagged[0][t])));
                }
                for (b, f) in flagged.iter().enumerate() {
                    spurious += (0..730)
                        .filter(|t| f[*t] && !(b == 0 && (at..at + days + 3).contains(t)))
                        .count() as f64;
                }
            }
            let k = seeds.clone().count() as f64;
            println!(
                "drop {depth} for {days} days, mean {mean} phi {phi}: first day {:.2}, by the second {:.2}, by the third {:.2} ±{:.2}, false flags a brand-year {:.3}",
                by[0] / k,
                by[1] / k,
                by[2] / k,
                1.96 * (by[2] / k * (1.0 - by[2] / k) / k).sqrt(),
                spurious / k / 20.0
            );
        }
    }
}

/// Weeks in which a series of few sales a day has hardly any: how often and when that is seen.
fn lulls(seeds: Range<u64>) {
    for mode in [Mode::Monitoring, Mode::Retrospective] {
        for (profile, kept, days) in [
            (4, 0.15, 28),
            (4, 0.4, 28),
            (8, 0.15, 28),
            (8, 0.4, 28),
            (8, 0.0, 14),
            (7, 0.5, 28),
            (3, 0.7, 28),
            (2, 0.7, 28),
            (1, 0.7, 28),
            (12, 0.7, 28),
        ] {
            let (mut found, mut delay, mut after, mut share) = (0.0, 0.0, 0.0, 0.0);
            for call in seeds.clone() {
                let mut rng = Rng(call * 17 + profile as u64);
                let mut all: Vec<Vec<f64>> =
                    (0..7).map(|_| series(&mut rng, profile, 730)).collect();
                let at = 200 + rng.below(400);
                // Of few sales a day some are left out whole, of many a part of each.
                let few = PROFILES[profile].1 < 10.0;
                for value in &mut all[0][at..at + days] {
                    *value *= if few {
                        f64::from(u8::from(rng.uniform(0.0, 1.0) < kept))
                    } else {
                        kept
                    };
                }
                let flagged = flags(&all, mode).remove(0);
                if let Some(first) = (at..at + days).find(|t| flagged[*t]) {
                    found += 1.0;
                    delay += (first - at + 1) as f64;
                }
                share += (at..at + days).filter(|t| flagged[*t]).count() as f64 / days as f64;
                after += (at + days..730).filter(|t| flagged[*t]).count() as f64;
            }
            let k = seeds.clone().count() as f64;
            println!(
                "lull {mode:?} {:<20} {days} days at {kept}: found {:.2}, on day {:.0}, {:.2} of its days, days after it {:.2}",
                PROFILES[profile].0,
                found / k,
                delay / found,
                share / k,
                after / k
            );
        }
    }
}

fn shifts(seeds: Range<u64>) {
    let (mut found, mut shape, mut extra) = (0.0, 0.0, 0.0);
    for call in seeds.clone() {
        let mut rng = Rng(call + 5);
        let mut y = series(&mut rng, 7, 730);
        y[500..].iter_mut().for_each(|v| *v = (*v * 0.6).round());
        let change = changepoints(&y, 7, Cancel::NEVER).expect("not cancelled");
        let at: Vec<usize> = change.iter().map(|c| c.at).collect();
        found += f64::from(u8::from(at.iter().any(|c| c.abs_diff(500) <= 2)));
        extra += at.iter().filter(|c| c.abs_diff(500) > 2).count() as f64;
        let judged = judged(std::slice::from_ref(&y), Mode::Monitoring);
        shape +=
            f64::from(u8::from(judged[0].events.iter().any(|e| {
                e.start.abs_diff(500) <= 2 && e.shape.name() == "level_shift"
            })));
    }
    let k = seeds.clone().count() as f64;
    println!(
        "shift to 60 %: changepoint within 2 days {:.2}, others {:.2}, event called level_shift {:.2}",
        found / k,
        extra / k,
        shape / k
    );
}

fn speed() {
    let mut rng = Rng(1);
    let all: Vec<Vec<f64>> = (0..500)
        .map(|i| series(&mut rng, i % PROFILES.len(), 730))
        .collect();
    for mode in [Mode::Monitoring, Mode::Retrospective] {
        let start = Instant::now();
        let n: usize = judged(&all, mode).iter().map(|j| j.points.len()).sum();
        println!(
            "{mode:?}: {:.3} ms a series of 730 ({n} points)",
            start.elapsed().as_secs_f64() * 1e3 / 500.0
        );
    }
    let start = Instant::now();
    for y in &all {
        let _ = changepoints(y, 7, Cancel::NEVER);
    }
    println!(
        "changepoints: {:.3} ms a series of 730",
        start.elapsed().as_secs_f64() * 1e3 / 500.0
    );
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, usual| args.get(at).and_then(|s| s.parse().ok()).unwrap_or(usual);
    let (calls, first): (u64, u64) = (number(0, 100), number(1, 1));
    let seeds = first..first + calls;
    let wanted = |part: &str| args.len() < 3 || args[2..].iter().any(|a| a == part);
    if wanted("speed") {
        speed();
    }
    if wanted("drops") {
        drops(seeds.clone());
    }
    if wanted("lulls") {
        lulls(seeds.clone());
    }
    if wanted("shifts") {
        shifts(seeds.clone());
    }
    if wanted("clean") {
        clean(seeds);
    }
}
