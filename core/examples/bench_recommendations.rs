//! Replays the recommendations on generated sales with known truths.
//!
//! `bench_recommendations FILE.csv …`: each file as `kpi generate --out FILE.csv` writes it, its truths in
//! `FILE_truth/` beside it. Prints a Markdown table; `bench/recommendations` makes the files.
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use chrono::{Datelike, NaiveDate};
use kpi_core::Cancel;
use kpi_core::elasticity::{Panel, Sold, elasticities};
use kpi_core::recommend::{
    Action, Item, Line, Sales, StockOut, recommend, replay, suspected_stock_outs, zero_runs,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Order lines to be expected during an outage from which on it can be told from chance: e^-5 is below 1 %.
const EXPECTED: f64 = 5.0;

/// 1970-01-01 in days of the common era.
const EPOCH: i32 = 719_163;

fn day(text: &str) -> Outcome<i32> {
    Ok(text.trim().parse::<NaiveDate>()?.num_days_from_ce() - EPOCH)
}

/// Cells of a line of CSV without quotes inside cells.
fn cells(line: &str) -> Vec<&str> {
    line.split(',').map(str::trim).collect()
}

struct World {
    sales: Sales,
    elasticity: HashMap<String, f64>,
    stock_outs: Vec<(String, i32, i32)>,
    /// By item and day from the first: expected lines without stock-outs, and the logarithm of the price; empty where they
    /// were not written.
    rates: HashMap<String, BTreeMap<i32, (f64, f64)>>,
}

fn read(path: &Path) -> Outcome<World> {
    let truth = path.with_file_name(format!(
        "{}_truth",
        path.file_stem()
            .and_then(|s| s.to_str())
            .unwrap_or_default()
    ));
    let table = |name: &str| -> Outcome<Vec<Vec<String>>> {
        let text = std::fs::read_to_string(truth.join(name))?;
        Ok(text
            .lines()
            .skip(1)
            .map(|l| cells(l).into_iter().map(str::to_owned).collect())
            .collect())
    };
    let mut kinds = HashMap::new();
    let mut elasticity = HashMap::new();
    for row in table("truth_elasticity.csv")? {
        kinds.insert(row[0].clone(), row[2].clone());
        elasticity.insert(row[0].clone(), row[3].parse()?);
    }
    let mut stock_outs = Vec::new();
    for row in table("truth_stockout.csv")? {
        stock_outs.push((row[0].clone(), day(&row[2])?, day(&row[3])?));
    }
    let mut rates: HashMap<String, BTreeMap<i32, (f64, f64)>> = HashMap::new();
    for row in table("truth_rate.csv")? {
        let price: f64 = row[3].parse()?;
        let days = rates.entry(row[0].clone()).or_default();
        days.insert(day(&row[1])?, (row[2].parse()?, price.ln()));
    }
    let mut items: HashMap<String, u32> = HashMap::new();
    let mut channels: HashMap<String, u32> = HashMap::new();
    let mut sums: HashMap<(i32, u32, u32), (f64, f64, f64)> = HashMap::new();
    for line in std::fs::read_to_string(path)?.lines().skip(1) {
        let row = cells(line);
        let next = items.len() as u32;
        let item = *items.entry(row[2].to_owned()).or_insert(next);
        let next = channels.len() as u32;
        let channel = *channels.entry(row[3].to_owned()).or_insert(next);
        let (price, quantity): (f64, f64) = (row[5].parse()?, row[6].parse()?);
        let cell = sums.entry((day(row[0])?, item, channel)).or_default();
        *cell = (cell.0 + 1.0, cell.1 + quantity, cell.2 + price * quantity);
    }
    let mut names = vec![Item::default(); items.len()];
    for (name, i) in items {
        let kind = kinds.get(&name).cloned().unwrap_or_default();
        names[i as usize] = Item { name, kind };
    }
    let mut channel_names = vec![String::new(); channels.len()];
    for (name, i) in channels {
        channel_names[i as usize] = name;
    }
    let lines = sums
        .into_iter()
        .map(|((day, item, channel), (lines, units, revenue))| Line {
            day,
            item,
            channel,
            lines,
            units,
            revenue,
            promoted: 0.0,
        })
        .collect();
    Ok(World {
        sales: Sales::new(names, channel_names, lines, None),
        elasticity,
        stock_outs,
        rates,
    })
}

/// SplitMix64, for the shuffle of prices.
fn bits(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The same sales with each item's weekly prices dealt out anew among its weeks.
fn shuffled(sales: &Sales, seed: u64) -> Sales {
    let week = |day: i32| (day + 3).div_euclid(7);
    let mut prices: HashMap<(u32, i32), (f64, f64)> = HashMap::new();
    for l in sales.lines() {
        let cell = prices.entry((l.item, week(l.day))).or_default();
        *cell = (cell.0 + l.revenue, cell.1 + l.units);
    }
    let mut by_item: HashMap<u32, Vec<i32>> = HashMap::new();
    for (item, week) in prices.keys() {
        by_item.entry(*item).or_default().push(*week);
    }
    let mut state = seed;
    let mut dealt: HashMap<(u32, i32), f64> = HashMap::new();
    let mut order: Vec<u32> = by_item.keys().copied().collect();
    order.sort_unstable();
    for item in order {
        let mut weeks = by_item.remove(&item).unwrap_or_default();
        weeks.sort_unstable();
        let mut given = weeks.clone();
        for i in (1..given.len()).rev() {
            given.swap(i, (bits(&mut state) % (i as u64 + 1)) as usize);
        }
        for (to, from) in weeks.iter().zip(&given) {
            let (revenue, units) = prices[&(item, *from)];
            dealt.insert((item, *to), revenue / units);
        }
    }
    let lines = sales
        .lines()
        .iter()
        .map(|l| Line {
            revenue: l.units * dealt[&(l.item, week(l.day))],
            ..*l
        })
        .collect();
    Sales::new(
        sales.items().to_vec(),
        sales.channels().to_vec(),
        lines,
        Some(sales.last()),
    )
}

/// Position by revenue of the last year; A while the share before is below 0.8.
fn a_items(sales: &Sales) -> Vec<bool> {
    let mut revenue = vec![0.0; sales.items().len()];
    for l in sales.lines().iter().filter(|l| l.day > sales.last() - 365) {
        revenue[l.item as usize] += l.revenue;
    }
    let total: f64 = revenue.iter().sum();
    let mut order: Vec<usize> = (0..revenue.len()).collect();
    order.sort_by(|a, b| revenue[*b].total_cmp(&revenue[*a]));
    let mut is_a = vec![false; revenue.len()];
    let mut before = 0.0;
    for i in order {
        is_a[i] = before < 0.8 * total;
        before += revenue[i];
    }
    is_a
}

#[derive(Default)]
struct Tally {
    files: usize,
    elasticities: f64,
    error: f64,
    bias: f64,
    covered: f64,
    planted: usize,
    found: usize,
    expected: usize,
    scored: Vec<(f64, bool)>,
    scored_by_oracle: Vec<(f64, bool)>,
    error_by_oracle: f64,
    alarms: usize,
    right: usize,
    price_actions: usize,
    right_direction: usize,
    uplift_covered: usize,
    uplift_error: f64,
    uplift_nothing: f64,
    gain: f64,
    oracle: f64,
    shuffled_items: usize,
    shuffled_actions: usize,
    records: HashMap<Action, (u32, u32)>,
    millis: u128,
}

fn score(world: &World, tally: &mut Tally) -> Outcome<()> {
    let sales = &world.sales;
    tally.files += 1;
    // Elasticities.
    let mut panel = Panel::new();
    for l in sales.lines() {
        let item = &sales.items()[l.item as usize];
        let channel = &sales.channels()[l.channel as usize];
        panel.push(
            &item.name,
            &item.kind,
            channel,
            // From a Monday on.
            l.day + 3,
            Sold {
                lines: l.lines,
                units: l.units,
                revenue: l.revenue,
                promoted: 0.0,
            },
        );
    }
    let least = least_errors(world);
    for e in elasticities(&panel, 0.9, Cancel::NEVER)?.items {
        let (Some(mean), Some(lo), Some(hi)) = (e.elasticity, e.lo, e.hi) else {
            continue;
        };
        let truth = world.elasticity[&e.item];
        if e.weeks >= 26 {
            tally.error_by_oracle += least[e.item.as_str()];
            tally.elasticities += 1.0;
            tally.error += (mean - truth).abs();
            tally.bias += mean - truth;
            tally.covered += f64::from(u8::from(lo <= truth && truth <= hi));
        }
    }
    // Stock-outs of a week or more of A items.
    let is_a = a_items(sales);
    let runs = zero_runs(sales, Cancel::NEVER)?;
    let found: Vec<_> = suspected_stock_outs(runs.clone())
        .into_iter()
        .filter(|s| is_a[s.item] && s.days >= 7)
        .collect();
    let meets = |s: &StockOut, t: &(String, i32, i32)| {
        let from = sales.first() + s.start as i32;
        sales.items()[s.item].name == t.0 && from <= t.2 && t.1 < from + s.days as i32
    };
    let planted: Vec<_> = world
        .stock_outs
        .iter()
        .filter(|t| t.2 - t.1 + 1 >= 7)
        .filter(|t| {
            let at = sales.items().iter().position(|i| i.name == t.0);
            at.is_some_and(|i| is_a[i])
        })
        .collect();
    tally.planted += planted.len();
    tally.found += planted
        .iter()
        .filter(|t| found.iter().any(|s| meets(s, t)))
        .count();
    // What the score itself allows: every zero run of a week or more of A items, and the planted ones with enough sales
    // to be expected meanwhile to be missed at all.
    tally.expected += planted
        .iter()
        .filter(|t| {
            let met = runs.iter().filter(|s| meets(s, t));
            met.map(|s| s.rate).fold(0.0, f64::max) * f64::from(t.2 - t.1 + 1) >= EXPECTED
        })
        .count();
    tally.scored.extend(
        runs.iter()
            .filter(|s| is_a[s.item] && s.days >= 7)
            .map(|s| {
                let planted = planted.iter().any(|t| meets(s, t));
                (s.posterior, planted)
            }),
    );
    tally.scored_by_oracle.extend(
        runs.iter()
            .filter(|s| is_a[s.item] && s.days >= 7)
            .map(|s| {
                let planted = planted.iter().any(|t| meets(s, t));
                (oracle(world, s), planted)
            }),
    );
    tally.alarms += found.len();
    tally.right += found
        .iter()
        .filter(|s| world.stock_outs.iter().any(|t| meets(s, t)))
        .count();
    // Advice, against what the known elasticities say it brings.
    let begun = Instant::now();
    let advice = recommend(sales, Cancel::NEVER)?;
    tally.millis += begun.elapsed().as_millis();
    let mut brings: Vec<f64> = Vec::new();
    for r in advice.iter().filter(|r| r.action == Action::Price) {
        let value = |k: &str| r.evidence["values"][k].as_f64().unwrap_or(f64::NAN);
        let truth = world.elasticity[&r.subject];
        let real = value("baseline") * ((1.0 + value("step")).powf(1.0 + truth) - 1.0);
        tally.price_actions += 1;
        tally.right_direction += usize::from(real > 0.0);
        let (lo, hi) = (r.lo.unwrap_or(f64::NAN), r.hi.unwrap_or(f64::NAN));
        tally.uplift_covered += usize::from(lo <= real && real <= hi);
        let scale = value("baseline");
        tally.uplift_error += ((r.expected_uplift.unwrap_or(0.0) - real) / scale).powi(2);
        tally.uplift_nothing += (real / scale).powi(2);
        brings.push(real);
    }
    let discounted = |v: &[f64]| -> f64 {
        v.iter()
            .take(10)
            .enumerate()
            .map(|(i, g)| g.max(0.0) / (i as f64 + 2.0).log2())
            .sum()
    };
    tally.gain += discounted(&brings);
    brings.sort_by(|a, b| b.total_cmp(a));
    tally.oracle += discounted(&brings);
    for r in replay(sales, Cancel::NEVER)? {
        let cell = tally.records.entry(r.action).or_default();
        *cell = (cell.0 + r.hits, cell.1 + r.trials);
    }
    // The negative control.
    let control = recommend(&shuffled(sales, 1), Cancel::NEVER)?;
    tally.shuffled_items += sales.items().len();
    tally.shuffled_actions += control.iter().filter(|r| r.action == Action::Price).count();
    Ok(())
}

/// The logarithm of how much better a stock-out explains a run of days without a sale than chance, for one who knows what was to be
/// expected on each day, and that stock-outs last 10 to 21 days.
fn oracle(world: &World, run: &StockOut) -> f64 {
    let name = &world.sales.items()[run.item].name;
    let from = world.sales.first() + run.start as i32;
    let lines: Vec<f64> = world.rates[name]
        .range(from..from + run.days as i32)
        .map(|(_, r)| r.0)
        .collect();
    let all = (10..=21).flat_map(|days| lines.windows(days));
    let sum: f64 = all.map(|w| w.iter().sum::<f64>().exp()).sum();
    if sum > 0.0 { sum.ln() } else { f64::MIN }
}

/// The mean absolute error of the elasticities at the least, by item: of one who knows all of demand but the items' levels and
/// elasticities, and of the latter how far they spread within kinds and kinds among each other. Order lines are taken as Poisson.
fn least_errors(world: &World) -> HashMap<&str, f64> {
    let variance = |v: &[f64]| {
        let mean = v.iter().sum::<f64>() / v.len() as f64;
        v.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (v.len() as f64 - 1.0).max(1.0)
    };
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for item in world.sales.items() {
        kinds.entry(&item.kind).or_default().push(&item.name);
    }
    let truths =
        |names: &Vec<&str>| -> Vec<f64> { names.iter().map(|n| world.elasticity[*n]).collect() };
    let means = kinds
        .values()
        .map(truths)
        .map(|t| t.iter().sum::<f64>() / t.len() as f64);
    let between = variance(&means.collect::<Vec<_>>()).max(1e-9);
    let freedom: f64 = kinds.values().map(|n| n.len() as f64 - 1.0).sum();
    let squares = kinds
        .values()
        .map(|n| variance(&truths(n)) * (n.len() as f64 - 1.0));
    let within = (squares.sum::<f64>() / freedom.max(1.0)).max(1e-9);
    let error_of_own = |name: &str| {
        let days = || world.rates[name].values();
        let lines: f64 = days().map(|d| d.0).sum();
        let price = days().map(|d| d.0 * d.1).sum::<f64>() / lines;
        1.0 / days()
            .map(|d| d.0 * (d.1 - price).powi(2))
            .sum::<f64>()
            .max(1e-9)
    };
    let mut least = HashMap::new();
    for names in kinds.values() {
        let own: Vec<f64> = names.iter().map(|n| error_of_own(n)).collect();
        let of_mean = 1.0 / (1.0 / between + own.iter().map(|e| 1.0 / (within + e)).sum::<f64>());
        for (name, error) in names.iter().zip(own) {
            let keep = within / (within + error);
            let left = keep * error + (1.0 - keep).powi(2) * of_mean;
            least.insert(*name, (2.0 / std::f64::consts::PI * left).sqrt());
        }
    }
    least
}

/// The most right answers among the highest scores, cut anywhere where the share of right ones is `precision`.
fn best_at(scored: &[(f64, bool)], precision: f64) -> usize {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut best) = (0, 0);
    for (n, (_, planted)) in sorted.iter().enumerate() {
        right += usize::from(*planted);
        if right as f64 >= precision * (n + 1) as f64 {
            best = right;
        }
    }
    best
}

fn print(tally: &Tally) {
    let ratio = |a: f64, b: f64| if b > 0.0 { a / b } else { f64::NAN };
    let of = |a: usize, b: usize| format!("{:.2} ({a} of {b})", ratio(a as f64, b as f64));
    println!("| figure | value | goal |\n|---|---|---|");
    println!(
        "| elasticities of products with 26 weeks: mean absolute error | {:.2} ({} products) | < 0.35 |",
        ratio(tally.error, tally.elasticities),
        tally.elasticities
    );
    println!(
        "| the least that is possible, all of demand but levels and elasticities being known | {:.2} | |",
        ratio(tally.error_by_oracle, tally.elasticities)
    );
    println!("| bias | {:+.2} | |", ratio(tally.bias, tally.elasticities));
    println!(
        "| truth inside the 90 % interval | {:.2} | 0.85 to 0.95 |",
        ratio(tally.covered, tally.elasticities)
    );
    println!(
        "| planted stock-outs of A products found | {} | ≥ 0.80 |",
        of(tally.found, tally.planted)
    );
    println!(
        "| the most that any threshold on the same score finds at precision 0.8 | {} | |",
        of(best_at(&tally.scored, 0.8), tally.planted)
    );
    println!(
        "| the most that one who knows each day's true rate finds at precision 0.8 | {} | |",
        of(best_at(&tally.scored_by_oracle, 0.8), tally.planted)
    );
    println!(
        "| planted ones in which {EXPECTED} order lines or more were to be expected | {} | |",
        of(tally.expected, tally.planted)
    );
    println!(
        "| suspected stock-outs that were planted | {} | ≥ 0.80 |",
        of(tally.right, tally.alarms)
    );
    println!(
        "| price advice in the right direction | {} | |",
        of(tally.right_direction, tally.price_actions)
    );
    println!(
        "| true uplift inside its 90 % interval | {} | |",
        of(tally.uplift_covered, tally.price_actions)
    );
    println!(
        "| error of the uplift beside \"do nothing\" (root mean square, share of revenue) | {:.3} beside {:.3} | |",
        ratio(tally.uplift_error, tally.price_actions as f64).sqrt(),
        ratio(tally.uplift_nothing, tally.price_actions as f64).sqrt()
    );
    println!(
        "| ranking of price advice beside the oracle's (NDCG of ten) | {:.2} | |",
        ratio(tally.gain, tally.oracle)
    );
    println!(
        "| price advice on shuffled prices, per product | {} | ≤ 0.05 |",
        of(tally.shuffled_actions, tally.shuffled_items)
    );
    let mut records: Vec<_> = tally.records.iter().collect();
    records.sort();
    for (action, (hits, trials)) in records {
        println!(
            "| replay: `{}` right | {} | |",
            action.name(),
            of(*hits as usize, *trials as usize)
        );
    }
    println!(
        "| one call of the rules, mean wall time | {} ms | |",
        tally.millis / tally.files.max(1) as u128
    );
}

fn main() -> Outcome<()> {
    let mut tally = Tally::default();
    for path in std::env::args().skip(1) {
        score(&read(Path::new(&path))?, &mut tally)?;
    }
    print(&tally);
    Ok(())
}
