//! What was planted, as tables beside the data.

use super::model::{DIP_DAYS, Model};
use super::names::{BRANDS, TYPES};
use super::plant::{Kind, Plant, Segment};
use anyhow::{Context, Result};
use chrono::NaiveDate;
use std::fs;
use std::path::Path;

/// A cell of CSV.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Writes one table.
pub(crate) fn table(dir: &Path, name: &str, header: &str, rows: &[Vec<String>]) -> Result<()> {
    let mut text = format!("{header}\n");
    for row in rows {
        let cells: Vec<String> = row.iter().map(|c| cell(c)).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    let path = dir.join(format!("{name}.csv"));
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Days from the first of a month to the last day before the next.
fn months(model: &Model) -> Vec<(NaiveDate, i64, i64)> {
    let mut found: Vec<(NaiveDate, i64, i64)> = Vec::new();
    for day in 0..model.days {
        let date = model.date(day);
        let first = chrono::Datelike::with_day(&date, 1).unwrap_or(date);
        match found.last_mut() {
            Some((month, _, to)) if *month == first => *to = day as i64,
            _ => found.push((first, day as i64, day as i64)),
        }
    }
    found
}

/// Writes all tables of a model into a directory.
pub(crate) fn write(model: &Model, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let date = |day: i64| model.date(day.max(0) as usize).to_string();
    let all = &model.plants.all;
    let mut anomalies: Vec<Vec<String>> = Vec::new();
    let listed = |p: &&Plant| !matches!(p.kind, Kind::Stockout | Kind::LevelShift);
    for plant in all.iter().filter(listed) {
        anomalies.push(vec![
            (anomalies.len() + 1).to_string(),
            plant.segment.members(model).to_string(),
            date(plant.from),
            date(plant.to),
            format!("{:.4}", plant.factor),
            plant.kind.name().into(),
        ]);
    }
    // Months in which nothing was planted: what is found in them is a false alarm.
    for (month, from, to) in months(model) {
        let quiet = all
            .iter()
            .all(|p| p.to < from || p.from > to || p.kind == Kind::LevelShift && p.from < from);
        if quiet {
            let id = (anomalies.len() + 1).to_string();
            anomalies.push(vec![
                id,
                "{}".into(),
                month.to_string(),
                date(to),
                "1.0000".into(),
                "none".into(),
            ]);
        }
    }
    table(
        dir,
        "truth_anomaly",
        "id,segment,from,to,factor,kind",
        &anomalies,
    )?;
    let rows: Vec<Vec<String>> = model
        .articles
        .iter()
        .map(|a| {
            vec![
                a.name.clone(),
                BRANDS[a.brand].into(),
                TYPES[a.kind].0.into(),
                format!("{:.4}", a.elasticity),
            ]
        })
        .collect();
    table(
        dir,
        "truth_elasticity",
        "sku,brand,product_type,elasticity",
        &rows,
    )?;
    let rows: Vec<Vec<String>> = model
        .promotions
        .iter()
        .map(|p| {
            vec![
                BRANDS[p.brand].into(),
                date(p.from),
                date(p.to),
                format!("{}", p.discount),
                format!("{:.4}", p.lift),
                format!("{:.4}", p.dip),
                date((p.to + DIP_DAYS).min(model.days as i64 - 1)),
            ]
        })
        .collect();
    table(
        dir,
        "truth_promo_lift",
        "brand,from,to,discount,lift,dip,dip_to",
        &rows,
    )?;
    let rows: Vec<Vec<String>> = model
        .articles
        .iter()
        .filter(|a| a.launch >= 0)
        .map(|a| vec![a.name.clone(), BRANDS[a.brand].into(), date(a.launch)])
        .collect();
    table(dir, "truth_launch", "sku,brand,launched", &rows)?;
    let of = |kind: Kind| all.iter().filter(move |p| p.kind == kind);
    let rows: Vec<Vec<String>> = of(Kind::Stockout)
        .filter_map(|p| match p.segment {
            Segment::Article(a) => {
                let article = &model.articles[a];
                Some(vec![
                    article.name.clone(),
                    BRANDS[article.brand].into(),
                    date(p.from),
                    date(p.to),
                ])
            }
            _ => None,
        })
        .collect();
    table(dir, "truth_stockout", "sku,brand,from,to", &rows)?;
    let rows: Vec<Vec<String>> = of(Kind::LevelShift)
        .map(|p| {
            vec![
                p.segment.members(model).to_string(),
                date(p.from),
                format!("{:.4}", p.factor),
            ]
        })
        .collect();
    table(dir, "truth_changepoint", "segment,day,factor", &rows)
}

/// Expected lines of every article and day, as if none had run out of stock, and its price against the list price: what an
/// oracle would know.
pub(crate) fn rates(model: &Model, counts: &[u64], dir: &Path) -> Result<()> {
    let mut rows = Vec::with_capacity(model.days * model.articles.len());
    for (index, count) in counts.iter().enumerate() {
        let sold: f64 = model.day(index).weights.iter().sum();
        let stocked = model.stocked(index);
        for (a, (article, weight)) in model.articles.iter().zip(stocked).enumerate() {
            rows.push(vec![
                article.name.clone(),
                model.date(index).to_string(),
                format!("{:.5}", *count as f64 * weight / sold),
                format!("{:.5}", model.relative_price(a, index as i64)),
            ]);
        }
    }
    table(dir, "truth_rate", "sku,day,lines,price", &rows)
}
