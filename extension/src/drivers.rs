//! Root causes: of a cube, and of the lines of a source.

use kpi_core::Cancel;
use kpi_core::drivers::{Cube, Driver, Method, Options, drivers};
use pgrx::PgSqlErrorCode::*;
use pgrx::prelude::*;

use crate::cube::{CubeArg, NONE};
use crate::error::{SqlResult, error, report};
use crate::worker;

type Rows = TableIterator<
    'static,
    (
        name!(rank, i32),
        name!(kind, String),
        name!(members, pgrx::JsonB),
        name!(member, String),
        name!(depth, i32),
        name!(baseline, f64),
        name!(value, f64),
        name!(expected, f64),
        name!(change, f64),
        name!(contribution, Option<f64>),
        name!(ratio, Option<f64>),
        name!(ratio_lo, Option<f64>),
        name!(ratio_hi, Option<f64>),
        name!(p_adj, Option<f64>),
        name!(surprise, Option<f64>),
        name!(status, String),
        name!(note, String),
    ),
>;

fn rows(found: Vec<Driver>) -> Rows {
    TableIterator::new(found.into_iter().map(|d| {
        let known = |value: Option<f64>| value.filter(|v| v.is_finite());
        let member = if d.members.is_empty() {
            "Total".to_owned()
        } else {
            let names: Vec<&str> = d.members.iter().map(|(_, name)| name.as_str()).collect();
            names.join(" · ")
        };
        let members: serde_json::Map<String, serde_json::Value> = d
            .members
            .into_iter()
            .map(|(dim, name)| (dim, serde_json::Value::String(name)))
            .collect();
        (
            d.rank as i32,
            d.kind.name().to_owned(),
            pgrx::JsonB(serde_json::Value::Object(members)),
            member,
            d.depth as i32,
            d.baseline,
            d.value,
            d.expected,
            d.change,
            known(d.contribution),
            known(d.ratio),
            known(d.ratio_lo),
            known(d.ratio_hi),
            known(d.p_adj),
            known(d.surprise),
            d.status.to_owned(),
            d.note,
        )
    }))
}

fn options(
    dims: Vec<Option<String>>,
    max_depth: i32,
    alpha: f64,
    min_share: f64,
    method: &str,
) -> SqlResult<Options> {
    let names: Option<Vec<String>> = dims.into_iter().collect();
    let names = names.ok_or_else(|| {
        error(
            ERRCODE_NULL_VALUE_NOT_ALLOWED,
            "a dimension's name is NULL",
            "Name every dimension, in the order of the cube's members.",
        )
    })?;
    Ok(Options {
        max_depth: usize::try_from(max_depth).unwrap_or(0),
        alpha,
        min_share,
        method: Method::parse(method).map_err(report)?,
        ..Options::new(names)
    })
}

fn explain(cube: Cube, options: Options) -> SqlResult<Rows> {
    let found =
        worker::run(move |cancel| drivers(&cube, &options, Cancel::on(cancel)))?.map_err(report)?;
    Ok(rows(found))
}

/// Root causes of a cube.
#[pg_extern(sql = false)]
fn drivers_cube(
    cube: CubeArg,
    dims: Vec<Option<String>>,
    max_depth: i32,
    alpha: f64,
    min_share: f64,
    method: &str,
) -> SqlResult<Rows> {
    explain(cube.0, options(dims, max_depth, alpha, min_share, method)?)
}

/// Root causes of leaves in columns: `members` and `history` hold one row a leaf, flattened.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments, reason = "as SQL declares it")]
fn drivers_leaves(
    members: Vec<Option<String>>,
    actual: Vec<Option<f64>>,
    expected: Vec<Option<f64>>,
    history: Vec<Option<f64>>,
    dims: Vec<Option<String>>,
    max_depth: i32,
    alpha: f64,
    min_share: f64,
    method: &str,
) -> SqlResult<Rows> {
    let options = options(dims, max_depth, alpha, min_share, method)?;
    let (n, k) = (actual.len(), options.dims.len());
    if members.len() != n * k || expected.len() != n || (n > 0 && !history.len().is_multiple_of(n))
    {
        return Err(error(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("{} members for {n} leaves of {k} dimensions", members.len()),
            "Give one member a dimension and leaf.",
        ));
    }
    let windows = history.len().checked_div(n).unwrap_or(0);
    let mut cube = Cube::default();
    for leaf in 0..n {
        let names: Vec<&str> = members[leaf * k..(leaf + 1) * k]
            .iter()
            .map(|m| m.as_deref().unwrap_or(NONE))
            .collect();
        let number = |v: Option<f64>| v.unwrap_or(0.0);
        cube.push(&names, number(actual[leaf]), number(expected[leaf]))
            .map_err(report)?;
        for window in 0..windows {
            let value = number(history[leaf * windows + window]);
            cube.push_history(&names, window, value).map_err(report)?;
        }
    }
    explain(cube, options)
}
