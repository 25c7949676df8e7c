//! Customers and cohorts: the numerics behind `kpi.cohorts()` and `kpi.customer_value()`.

use kpi_core::Cancel;
use kpi_core::customer::{BgNbd, GammaGamma, History, bootstrap_ratio, lifetime_value, wilson};
use pgrx::prelude::*;

use crate::columns::{equal, integers, numbers};
use crate::error::{SqlResult, report};
use crate::worker;

/// Resamples behind a cohort's value retention.
const DRAWS: usize = 400;
/// One seed for all: the same data give the same interval.
const SEED: u64 = 20_050_401;
/// Weeks in a month, the unit of the purchase model being the week.
const MONTH: f64 = 365.25 / 12.0 / 7.0;

/// Wilson's interval of a share.
#[pg_extern(sql = false)]
fn wilson_interval(
    successes: i64,
    trials: i64,
    level: f64,
) -> TableIterator<'static, (name!(lo, Option<f64>), name!(hi, Option<f64>))> {
    let found = wilson(
        u64::try_from(successes).unwrap_or(0),
        u64::try_from(trials).unwrap_or(0),
        level,
    );
    TableIterator::once((found.map(|i| i.lo), found.map(|i| i.hi)))
}

/// The bootstrap interval of a ratio of sums over a cohort's members.
#[pg_extern(sql = false)]
fn ratio_interval(
    parts: Vec<Option<f64>>,
    bases: Vec<Option<f64>>,
    level: f64,
) -> SqlResult<TableIterator<'static, (name!(lo, Option<f64>), name!(hi, Option<f64>))>> {
    equal(&[parts.len(), bases.len()])?;
    let members: Vec<(f64, f64)> = parts
        .into_iter()
        .zip(bases)
        .map(|(part, base)| (part.unwrap_or(0.0), base.unwrap_or(0.0)))
        .collect();
    // One member has no spread to show.
    let found = if members.len() < 2 {
        None
    } else {
        bootstrap_ratio(&members, level, DRAWS, SEED)
    };
    Ok(TableIterator::once((
        found.map(|i| i.lo),
        found.map(|i| i.hi),
    )))
}

/// Expected purchases, probability to be active and value of each customer, in the order given.
#[pg_extern(sql = false)]
fn customer_values(
    frequency: Vec<Option<i32>>,
    recency: Vec<Option<f64>>,
    age: Vec<Option<f64>>,
    mean_value: Vec<Option<f64>>,
    months: i32,
    discount: f64,
) -> SqlResult<
    TableIterator<
        'static,
        (
            name!(position, i32),
            name!(purchases, Option<f64>),
            name!(p_alive, Option<f64>),
            name!(value, Option<f64>),
            name!(clv, Option<f64>),
            name!(status, String),
            name!(note, Option<String>),
        ),
    >,
> {
    equal(&[frequency.len(), recency.len(), age.len(), mean_value.len()])?;
    let months = u32::try_from(months).unwrap_or(0);
    let frequency = integers(frequency);
    let (recency, age, means) = (numbers(recency), numbers(age), numbers(mean_value));
    let customers: Vec<History> = frequency
        .iter()
        .zip(&recency)
        .zip(&age)
        .map(|((x, t), age)| History {
            frequency: u32::try_from(*x).unwrap_or(0),
            recency: *t,
            age: *age,
        })
        .collect();
    let rows = worker::run(move |flag| {
        let cancel = Cancel::on(flag);
        let model = match BgNbd::fit(&customers, cancel) {
            Ok(model) => model,
            Err(kpi_core::Error::TooShort { .. }) => return Ok(short(customers.len())),
            Err(other) => return Err(other),
        };
        let spent: Vec<(u32, f64)> = customers
            .iter()
            .zip(&means)
            .map(|(c, m)| (c.frequency, *m))
            .collect();
        let money = match GammaGamma::fit(&spent, cancel) {
            Ok(money) => Some(money),
            Err(kpi_core::Error::TooShort { .. }) => None,
            Err(other) => return Err(other),
        };
        let mut rows = Vec::with_capacity(customers.len());
        for (i, (customer, mean)) in customers.iter().zip(&means).enumerate() {
            if i % 256 == 0 {
                cancel.check()?;
            }
            let value = money.and_then(|m| m.expected_value(customer.frequency, *mean));
            rows.push((
                i as i32 + 1,
                Some(model.expected_purchases(customer, f64::from(months) * MONTH)),
                Some(model.p_alive(customer)),
                value,
                value.map(|v| lifetime_value(&model, customer, v, months, MONTH, discount)),
                if money.is_some() { "ok" } else { "no_values" }.to_owned(),
                money
                    .is_none()
                    .then(|| "fewer than 20 customers came back: no value per purchase".to_owned()),
            ));
        }
        Ok(rows)
    })?
    .map_err(report)?;
    Ok(TableIterator::new(rows))
}

type Row = (
    i32,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    String,
    Option<String>,
);

fn short(customers: usize) -> Vec<Row> {
    (1..=customers as i32)
        .map(|i| {
            (
                i,
                None,
                None,
                None,
                None,
                "short".to_owned(),
                Some("fewer than 20 customers, or none came back".to_owned()),
            )
        })
        .collect()
}
