//! Sources, metrics and dimensions as the tables of schema `kpi` have them, and the SQL that
//! [`kpi_core::query`] writes for a call.

use std::cell::RefCell;
use std::collections::HashMap;

use kpi_core::query::{Dimension, Filter, Metric, Request, Source, quote_ident};
use kpi_core::series::Grain;
use kpi_core::{Error, nearest};
use pgrx::JsonB;
use pgrx::PgSqlErrorCode;
use pgrx::datum::Date;
use pgrx::prelude::*;
use pgrx::spi::{OwnedPreparedStatement, SpiClient, SpiHeapTupleData};

use crate::date;
use crate::error::{SqlResult, error, internal, report};
use crate::settings;

/// A source, and whether the caller may read its rollup: where row security filters lines, it may not be used.
const SOURCE: &str = "
    SELECT s.name, s.relation::oid AS relid, n.nspname::text AS schema, c.relname::text AS relation,
           s.at, s.price, s.quantity, s.revenue, s.order_ref, s.customer_ref, s.list_price,
           s.dimensions,
           CASE WHEN s.rollup AND $2 THEN
               pg_catalog.to_regclass('sales.rollup') IS NOT NULL
               AND pg_catalog.has_table_privilege(s.relation::oid, 'SELECT')
               AND NOT pg_catalog.row_security_active(s.relation::oid)
               AND coalesce(pg_catalog.has_table_privilege(pg_catalog.to_regclass('sales.rollup'), 'SELECT'), false)
               AND coalesce(pg_catalog.has_table_privilege(pg_catalog.to_regclass('sales.rollup_sku'), 'SELECT'), false)
               AND coalesce(pg_catalog.has_table_privilege(pg_catalog.to_regclass('sales.rollup_state'), 'SELECT'), false)
               AND coalesce(pg_catalog.has_table_privilege(pg_catalog.to_regclass('sales.touched'), 'SELECT'), false)
           END AS rollup,
           (SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
             WHERE a.attrelid = s.relation AND a.attnum > 0 AND NOT a.attisdropped) AS columns
      FROM kpi.sources AS s
      LEFT JOIN pg_catalog.pg_class AS c ON c.oid = s.relation
      LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE s.name = $1";

/// Whether the rollup holds every line that this snapshot sees.
const ROLLUP_STATE: &str = "
    SELECT NOT EXISTS (SELECT FROM sales.touched) AS fresh, has_orders, has_customers, has_list_prices
      FROM sales.rollup_state";

thread_local! {
    /// Plans of the statements above, made once a session: parsing and planning them took most of a
    /// short call. Postgres itself makes a kept plan anew when a table, a role or the search path
    /// it depends on changes. They are never freed, so that none is freed after the server's memory.
    static PLANS: RefCell<HashMap<&'static str, &'static OwnedPreparedStatement>> = RefCell::default();
}

/// The plan of a statement of the catalogue with arguments of `types`.
fn planned(
    client: &SpiClient<'_>,
    query: &'static str,
    types: &[PgBuiltInOids],
) -> SqlResult<&'static OwnedPreparedStatement> {
    if let Some(plan) = PLANS.with_borrow(|plans| plans.get(query).copied()) {
        return Ok(plan);
    }
    let types: Vec<PgOid> = types.iter().copied().map(PgOid::BuiltIn).collect();
    let plan = client.prepare(query, &types).map_err(internal)?.keep();
    let plan: &'static OwnedPreparedStatement = Box::leak(Box::new(plan));
    PLANS.with_borrow_mut(|plans| plans.insert(query, plan));
    Ok(plan)
}

/// Text of a column of an SPI row; `None` for NULL.
fn text(row: &SpiHeapTupleData<'_>, column: &str) -> SqlResult<Option<String>> {
    row.get_by_name::<String, _>(column).map_err(internal)
}

fn required(row: &SpiHeapTupleData<'_>, column: &str) -> SqlResult<String> {
    text(row, column)?.ok_or_else(|| internal(format!("{column} is NULL")))
}

fn flag(row: &SpiHeapTupleData<'_>, column: &str) -> SqlResult<bool> {
    Ok(row
        .get_by_name::<bool, _>(column)
        .map_err(internal)?
        .unwrap_or(false))
}

/// All names in a table of the catalogue, for hints.
fn names(client: &SpiClient<'_>, query: &str) -> SqlResult<Vec<String>> {
    let table = client.select(query, None, &[]).map_err(internal)?;
    table
        .map(|row| {
            row.get::<String>(1)
                .map_err(internal)
                .map(Option::unwrap_or_default)
        })
        .collect()
}

fn unknown(
    kind: &'static str,
    name: &str,
    existing: &[String],
) -> pgrx::pg_sys::panic::ErrorReport {
    report(Error::Unknown {
        kind,
        name: name.to_owned(),
        near: nearest(name, existing.iter().map(String::as_str)),
    })
}

/// Looks a source up.
pub(crate) fn source(client: &SpiClient<'_>, name: Option<&str>) -> SqlResult<Source> {
    let name = name.ok_or_else(|| {
        error(
            PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
            "source is NULL",
            "kpi.sources lists the sources; without the argument it is sales.",
        )
    })?;
    let plan = planned(
        client,
        SOURCE,
        &[PgBuiltInOids::TEXTOID, PgBuiltInOids::BOOLOID],
    )?;
    let mut rows = client
        .select(
            plan,
            Some(1),
            &[
                name.trim().to_lowercase().into(),
                settings::use_rollup().into(),
            ],
        )
        .map_err(internal)?;
    let Some(row) = rows.next() else {
        let existing = names(client, "SELECT name FROM kpi.sources")?;
        return Err(unknown("source", name, &existing));
    };
    let (Some(schema), Some(relation)) = (text(&row, "schema")?, text(&row, "relation")?) else {
        return Err(error(
            PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
            format!("the relation of source \"{name}\" no longer exists"),
            "Register the source again with kpi.register_source().",
        ));
    };
    let JsonB(dimensions) = row
        .get_by_name::<JsonB, _>("dimensions")
        .map_err(internal)?
        .unwrap_or(JsonB(serde_json::Value::Null));
    let dimensions: Vec<(String, String)> = dimensions
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, column)| Some((name.clone(), column.as_str()?.to_owned())))
        .collect();
    let mut source = Source {
        name: name.to_owned(),
        relation: format!("{}.{}", quote_ident(&schema), quote_ident(&relation)),
        at: required(&row, "at")?,
        price: required(&row, "price")?,
        quantity: required(&row, "quantity")?,
        revenue: text(&row, "revenue")?,
        order_ref: text(&row, "order_ref")?,
        customer_ref: text(&row, "customer_ref")?,
        list_price: text(&row, "list_price")?,
        dimensions,
        ..Source::default()
    };
    let taken = |column: &String| {
        const MEASURES: [&str; 7] = [
            "day",
            "price",
            "quantity",
            "revenue",
            "order_ref",
            "customer_ref",
            "list_price",
        ];
        let item = source.item().is_some() && ["sku", "product"].contains(&column.as_str());
        item || MEASURES.contains(&column.as_str())
            || source.dimensions.iter().any(|(d, _)| d == column)
    };
    let columns = row
        .get_by_name::<Vec<String>, _>("columns")
        .map_err(internal)?;
    source.other_columns = columns
        .into_iter()
        .flatten()
        .filter(|c| !taken(c))
        .collect();
    if flag(&row, "rollup")? {
        let plan = planned(client, ROLLUP_STATE, &[])?;
        if let Some(row) = client.select(plan, Some(1), &[]).map_err(internal)?.next() {
            source.rollup = flag(&row, "fresh")?;
            source.has_orders = flag(&row, "has_orders")?;
            source.has_customers = flag(&row, "has_customers")?;
            source.has_list_prices = flag(&row, "has_list_prices")?;
        }
    }
    Ok(source)
}

/// Looks metrics up, in the order given.
pub(crate) fn metrics(client: &SpiClient<'_>, wanted: &[String]) -> SqlResult<Vec<Metric>> {
    const METRICS: &str = "
        SELECT name, expression, rollup_expression, inner_by, inner_expression, reads
          FROM kpi.metrics WHERE name = ANY ($1)";
    let lower: Vec<String> = wanted
        .iter()
        .map(|name| name.trim().to_lowercase())
        .collect();
    let mut found = Vec::new();
    let plan = planned(client, METRICS, &[PgBuiltInOids::TEXTARRAYOID])?;
    let rows = client
        .select(plan, None, &[lower.clone().into()])
        .map_err(internal)?;
    for row in rows {
        let reads = row
            .get_by_name::<Vec<String>, _>("reads")
            .map_err(internal)?;
        found.push(Metric {
            name: required(&row, "name")?,
            expression: required(&row, "expression")?,
            rollup_expression: text(&row, "rollup_expression")?,
            inner_by: text(&row, "inner_by")?,
            inner_expression: text(&row, "inner_expression")?,
            reads: reads.unwrap_or_default(),
        });
    }
    lower
        .iter()
        .zip(wanted)
        .map(
            |(lower, given)| match found.iter().find(|m| m.name == *lower) {
                Some(metric) => Ok(metric.clone()),
                None => {
                    let existing = names(client, "SELECT name FROM kpi.metrics")?;
                    Err(unknown("metric", given, &existing))
                }
            },
        )
        .collect()
}

/// The dimensions that users defined.
pub(crate) fn dimensions(client: &SpiClient<'_>) -> SqlResult<Vec<Dimension>> {
    const DIMENSIONS: &str =
        "SELECT name, expression FROM kpi.dimensions WHERE expression IS NOT NULL";
    let plan = planned(client, DIMENSIONS, &[])?;
    let rows = client.select(plan, None, &[]).map_err(internal)?;
    rows.map(|row| {
        Ok(Dimension {
            name: required(&row, "name")?,
            expression: required(&row, "expression")?,
        })
    })
    .collect()
}

/// Reads a filter argument.
pub(crate) fn filter(json: Option<&JsonB>) -> SqlResult<Filter> {
    match json {
        None => Ok(Filter::default()),
        Some(JsonB(value)) => Filter::parse(value).map_err(report),
    }
}

fn present(name: &str, values: Vec<Option<String>>) -> SqlResult<Vec<String>> {
    values
        .into_iter()
        .map(|value| {
            value.ok_or_else(|| {
                error(
                    PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
                    format!("{name} holds a NULL"),
                    "Leave it out, or give a name.",
                )
            })
        })
        .collect()
}

/// Writes the SELECT for metrics over periods `[firsts[i], ends[i])`; a NULL pair is all of time.
#[pg_extern(sql = false)]
fn figures_query(
    source_name: Option<&str>,
    metric_names: Option<Vec<Option<String>>>,
    by: Option<Vec<Option<String>>>,
    filter_json: Option<JsonB>,
    firsts: Vec<Option<Date>>,
    ends: Vec<Option<Date>>,
    grain: Option<&str>,
) -> SqlResult<String> {
    let by = present("by", by.unwrap_or_default())?;
    let metric_names = present("metric", metric_names.unwrap_or_default())?;
    let filter = filter(filter_json.as_ref())?;
    let grain = grain.map(Grain::parse).transpose().map_err(report)?;
    let mut periods = Vec::new();
    for (first, end) in firsts.into_iter().zip(ends) {
        periods.push(match (first, end) {
            (Some(first), Some(end)) => Some(kpi_core::period::Period {
                first: date::finite("period", first)?,
                end: date::finite("period", end)?,
            }),
            _ => None,
        });
    }
    Spi::connect(|client| {
        let source = source(client, source_name)?;
        let metrics = metrics(client, &metric_names)?;
        let defined = dimensions(client)?;
        source
            .select(&Request {
                metrics: &metrics,
                by: &by,
                filter: &filter,
                periods: &periods,
                grain,
                defined: &defined,
            })
            .map_err(report)
    })
}

/// Writes the SELECT of days `[first, end)`, a column a metric: `k1, …, bucket, m1, …`.
#[pg_extern(sql = false)]
fn cells_query(
    source_name: Option<&str>,
    metric_names: Vec<Option<String>>,
    by: Vec<Option<String>>,
    filter_json: Option<JsonB>,
    first: Date,
    end: Date,
) -> SqlResult<String> {
    let by = present("by", by)?;
    let metric_names = present("metric", metric_names)?;
    let filter = filter(filter_json.as_ref())?;
    let period = kpi_core::period::Period {
        first: date::finite("period", first)?,
        end: date::finite("period", end)?,
    };
    Spi::connect(|client| {
        let source = source(client, source_name)?;
        let metrics = metrics(client, &metric_names)?;
        let defined = dimensions(client)?;
        source
            .cells(&Request {
                metrics: &metrics,
                by: &by,
                filter: &filter,
                periods: &[Some(period)],
                grain: Some(Grain::Day),
                defined: &defined,
            })
            .map_err(report)
    })
}

/// Writes the SELECT of a source's lines with the house's column names.
#[pg_extern(sql = false)]
fn lines_query(source_name: Option<&str>) -> SqlResult<String> {
    Spi::connect(|client| Ok(source(client, source_name)?.lines(None)))
}

/// Writes the SELECT of a source's products: `item, first_sold, last_sold, list_price, price_tier`.
#[pg_extern(sql = false)]
fn items_query(source_name: Option<&str>) -> SqlResult<String> {
    Spi::connect(|client| Ok(source(client, source_name)?.items(true)))
}

/// Writes the SELECT of a source's `first_day, last_day`.
#[pg_extern(sql = false)]
fn extent_query(source_name: Option<&str>) -> SqlResult<String> {
    Spi::connect(|client| Ok(source(client, source_name)?.extent()))
}

/// The names most like `name`, best first.
#[pg_extern(sql = false)]
fn nearest_names(name: &str, existing: Vec<Option<String>>) -> Vec<String> {
    nearest(name, existing.iter().flatten().map(String::as_str))
}

/// The names of all dimensions of a source.
#[pg_extern(sql = false)]
fn source_dimensions(source_name: Option<&str>) -> SqlResult<Vec<String>> {
    Spi::connect(|client| {
        let defined = dimensions(client)?;
        Ok(source(client, source_name)?.dimension_names(&defined))
    })
}

/// Whether the columns that a metric reads are mapped in a source.
#[pg_extern(sql = false)]
fn metric_available(source_name: &str, metric_name: &str) -> SqlResult<bool> {
    Spi::connect(|client| {
        let metrics = metrics(client, &[metric_name.to_owned()])?;
        let source = source(client, Some(source_name))?;
        Ok(metrics.iter().all(|metric| source.offers(metric)))
    })
}

/// Whether figures of a source come from the rollup now.
#[pg_extern(sql = false)]
fn rollup_used(source_name: Option<&str>) -> SqlResult<bool> {
    Spi::connect(|client| Ok(source(client, source_name)?.rollup))
}
