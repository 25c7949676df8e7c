//! What a change would do: the draws behind `kpi.what_if()`.

use kpi_core::elasticity::{Change, Subject, what_if};
use kpi_core::series::Grain;
use pgrx::prelude::*;

use crate::columns::{equal, integers, numbers};
use crate::error::{SqlResult, report};
use crate::target::{dense, outlooks};
use crate::worker;

/// One seed for all: the same data give the same answer.
const SEED: u64 = 20_240_102;

/// Answers a change for each group, in the order of the groups.
///
/// The history is sparse by group (from 1) and place (from 0); the other arrays have one value a group.
#[pg_extern(sql = false)]
fn what_if_answers(
    groups: i32,
    buckets: i32,
    history: Vec<Option<f64>>,
    cells: Vec<Option<i32>>,
    grain: &str,
    horizon: i32,
    kind: &str,
    amount: f64,
    units_metric: bool,
    answers: Vec<Option<f64>>,
    level: f64,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(position, i32),
            name!(baseline, Option<f64>),
            name!(expected, Option<f64>),
            name!(lo, Option<f64>),
            name!(hi, Option<f64>),
            name!(status, String),
        ),
    >,
> {
    /// Values a group in `answers`: elasticity, sd, promotion, its error, price, lowest, highest price.
    const WIDTH: usize = 7;
    let n = usize::try_from(groups).unwrap_or(0);
    equal(&[answers.len(), n * WIDTH])?;
    equal(&[cells.len(), 2 * history.len()])?;
    let grain = Grain::parse(grain).map_err(report)?;
    let change = match kind {
        "price" => Change::Price(amount),
        "promotion" => Change::Promotion(amount),
        "units" => Change::Units(amount),
        "delist" => Change::Delist,
        _ => {
            return Err(report(kpi_core::Error::Unknown {
                kind: "change",
                name: kind.to_owned(),
                near: ["price", "promotion", "units", "delist"]
                    .map(str::to_owned)
                    .to_vec(),
            }));
        }
    };
    let cells = integers(cells);
    let (group, place) = cells.split_at(cells.len() / 2);
    let rows = dense(groups, buckets, group, place, &numbers(history));
    let horizon = usize::try_from(horizon).unwrap_or(0);
    let found = worker::run_on_pool(move |flag| {
        let baselines = outlooks(&rows, grain, 0..horizon, flag)?;
        baselines
            .iter()
            .zip(answers.chunks(WIDTH))
            .enumerate()
            .map(|(i, (baseline, known))| {
                let at = |k: usize| known.get(k).copied().flatten();
                let subject = Subject {
                    baseline,
                    elasticity: at(0).zip(at(1)),
                    promotion: at(2).zip(at(3)),
                    price: at(4).unwrap_or(0.0),
                    price_range: (at(5).unwrap_or(0.0), at(6).unwrap_or(0.0)),
                    units_metric,
                };
                let a = what_if(change, &subject, level, SEED + i as u64)?;
                Ok((
                    i as i32 + 1,
                    Some(a.baseline),
                    a.expected,
                    a.lo,
                    a.hi,
                    a.status.name().to_owned(),
                ))
            })
            .collect::<kpi_core::Result<Vec<_>>>()
    })?
    .map_err(report)?;
    Ok(TableIterator::new(found))
}
