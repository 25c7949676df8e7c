//! Builds the SQL that reads a metric from sales lines, by group, period and time bucket.
//!
//! The caller (the extension) looks up a [`Source`], the [`Metric`]s and the [`Dimension`]s, this
//! module checks the request and writes one SELECT in long form:
//! `(period int, "time" date, key text[], metric text, value numeric)`, without NULL values.
//! Names are quoted as identifiers, members as literals; expressions come from the catalogue,
//! where they were checked when they were defined.

mod filter;
mod lines;

use chrono::{Datelike, NaiveDate};

pub use filter::Filter;

use crate::period::Period;
use crate::series::Grain;
use crate::{Error, Result, nearest};

/// What a NULL member is called, so that totals tie.
pub const NONE: &str = "(none)";

/// Where sales lines live. All names are plain, unquoted.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The name users give.
    pub name: String,
    /// The relation, schema-qualified and quoted.
    pub relation: String,
    /// Column with the date or timestamp of sale.
    pub at: String,
    /// Column with the unit price.
    pub price: String,
    /// Column with the quantity.
    pub quantity: String,
    /// Column with the line's revenue; `None`: price × quantity.
    pub revenue: Option<String>,
    /// Column that tells orders apart.
    pub order_ref: Option<String>,
    /// Column that tells customers apart.
    pub customer_ref: Option<String>,
    /// Column with the list price.
    pub list_price: Option<String>,
    /// Dimension name and column.
    pub dimensions: Vec<(String, String)>,
    /// The relation's other columns, which users' own expressions may name.
    pub other_columns: Vec<String>,
    /// Whether the daily rollup is complete and the caller may read it.
    pub rollup: bool,
    /// Whether any line has an order reference; known where the rollup is.
    pub has_orders: bool,
    /// Whether any line has a customer reference; known where the rollup is.
    pub has_customers: bool,
    /// Whether any line has a list price; known where the rollup is.
    pub has_list_prices: bool,
}

/// A metric as the catalogue has it.
#[derive(Clone, Debug, Default)]
pub struct Metric {
    /// The name users give.
    pub name: String,
    /// Aggregate over sales lines, or over the inner groups.
    pub expression: String,
    /// The same over rows of the rollup; `None`: lines are read.
    pub rollup_expression: Option<String>,
    /// For a metric of two steps: the dimension of the inner groups …
    pub inner_by: Option<String>,
    /// … and the aggregate that gives each its `value`.
    pub inner_expression: Option<String>,
    /// What the expressions read besides the measures: dimensions, `first_sold`, `order_ref`,
    /// `customer_ref`, `list_price`.
    pub reads: Vec<String>,
}

/// A user-defined dimension: a name and an expression over a sales line.
#[derive(Clone, Debug)]
pub struct Dimension {
    /// The name users give.
    pub name: String,
    /// A scalar expression.
    pub expression: String,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Metrics to compute, at least one.
    pub metrics: &'a [Metric],
    /// Dimensions to group by; empty for the total.
    pub by: &'a [String],
    /// Which members count.
    pub filter: &'a Filter,
    /// Periods, numbered from 1 in the result; `None` reads all lines.
    pub periods: &'a [Option<Period>],
    /// Time buckets; `None` for one figure a period.
    pub grain: Option<Grain>,
    /// Dimensions that users defined.
    pub defined: &'a [Dimension],
}

/// Dimensions that every source has, whatever is mapped: they follow from the day.
const OF_THE_DAY: [(&str, &str); 5] = [
    ("weekday", "pg_catalog.to_char(line.day, 'Dy')"),
    ("week", r#"pg_catalog.to_char(line.day, 'IYYY-"W"IW')"#),
    ("month", "pg_catalog.to_char(line.day, 'YYYY-MM')"),
    ("quarter", r#"pg_catalog.to_char(line.day, 'YYYY-"Q"Q')"#),
    ("year", "pg_catalog.to_char(line.day, 'YYYY')"),
];

/// The rollup's levels, smallest first, each with the dimensions it keeps.
const LEVELS: [(&str, &[&str]); 6] = [
    ("brand", &["brand"]),
    ("type", &["product_type"]),
    ("channel", &["channel"]),
    ("channel_vendor", &["channel", "vendor"]),
    ("brand_channel", &["brand", "channel"]),
    ("sku", &["sku", "product", "brand", "product_type"]),
];

/// Writes `name` as a quoted identifier.
pub fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Writes `text` as a literal that means the same whatever `standard_conforming_strings` is.
pub fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

impl Source {
    /// The name under which dimension `name` is known here: `sku` and `product` stand for each
    /// other where only one is mapped.
    pub fn resolve(&self, name: &str, defined: &[Dimension]) -> Result<String> {
        let mapped = |n: &str| self.dimensions.iter().any(|(d, _)| d == n);
        let lower = name.trim().to_lowercase();
        if mapped(&lower)
            || OF_THE_DAY.iter().any(|(d, _)| *d == lower)
            || defined.iter().any(|d| d.name == lower)
            || (lower == "customer" && self.customer_ref.is_some())
        {
            return Ok(lower);
        }
        match lower.as_str() {
            "sku" if mapped("product") => return Ok("product".to_owned()),
            "product" if mapped("sku") => return Ok("sku".to_owned()),
            "price_tier" if self.item().is_some() => return Ok(lower),
            _ => {}
        }
        Err(Error::Unknown {
            kind: "dimension",
            name: name.to_owned(),
            near: match nearest(
                &lower,
                self.dimension_names(defined).iter().map(String::as_str),
            ) {
                near if near.is_empty() => self.dimension_names(defined),
                near => near,
            },
        })
    }

    /// Every dimension that can be asked for.
    pub fn dimension_names(&self, defined: &[Dimension]) -> Vec<String> {
        let mut names: Vec<String> = self.dimensions.iter().map(|(d, _)| d.clone()).collect();
        if self.item().is_some() {
            names.push("price_tier".to_owned());
        }
        names.extend(OF_THE_DAY.map(|(d, _)| d.to_owned()));
        if self.customer_ref.is_some() {
            names.push("customer".to_owned());
        }
        names.extend(defined.iter().map(|d| d.name.clone()));
        names
    }

    /// The dimension that tells products apart, `sku` before `product`.
    pub fn item(&self) -> Option<&'static str> {
        ["sku", "product"]
            .into_iter()
            .find(|item| self.dimensions.iter().any(|(d, _)| d == item))
    }

    /// Whether the columns that `metric` reads are mapped.
    pub fn offers(&self, metric: &Metric) -> bool {
        let inner = metric.inner_by.iter();
        metric
            .reads
            .iter()
            .chain(inner)
            .all(|read| match read.as_str() {
                "order_ref" => self.order_ref.is_some() && (!self.rollup || self.has_orders),
                "customer_ref" | "customer" => {
                    self.customer_ref.is_some() && (!self.rollup || self.has_customers)
                }
                "list_price" => self.list_price.is_some() && (!self.rollup || self.has_list_prices),
                "first_sold" => self.item().is_some(),
                dimension => self.resolve(dimension, &[]).is_ok(),
            })
    }
}

/// One place that the figures of some metrics are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    Lines,
    Rollup(&'static str),
}

impl Source {
    /// Writes the SELECT that answers `request`.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] for a dimension that the source does not have.
    pub fn select(&self, request: &Request<'_>) -> Result<String> {
        let by = self.resolve_all(request.by, request.defined)?;
        let filter = request.filter.resolved(self, request.defined)?;
        let mut parts = Vec::new();
        for (number, period) in (1..).zip(request.periods) {
            let mut flat: Vec<(Path, Vec<&Metric>)> = Vec::new();
            for metric in request.metrics {
                if !self.offers(metric) {
                    continue;
                }
                let path = self.path(metric, &by, &filter, request.defined);
                if metric.inner_by.is_some() {
                    parts.push(self.nested(metric, path, &by, &filter, *period, number, request)?);
                } else if let Some((_, metrics)) = flat.iter_mut().find(|(p, _)| *p == path) {
                    metrics.push(metric);
                } else {
                    flat.push((path, vec![metric]));
                }
            }
            for (path, metrics) in flat {
                parts.push(self.flat(&metrics, path, &by, &filter, *period, number, request)?);
            }
        }
        if parts.is_empty() {
            return Ok(NOTHING.to_owned());
        }
        Ok(self.with_items(parts.join("\nUNION ALL\n")))
    }

    /// Writes a SELECT over one period, a column a figure: `k1, k2, …, bucket, m1, m2, …` in the order asked for, with `bucket` where
    /// a grain is.
    ///
    /// For who reads many small cells: a row a figure costs as much again for each. A metric whose columns are not mapped
    /// is NULL; one of two steps has no place here and is NULL as well.
    ///
    /// # Errors
    ///
    /// As [`Source::select`].
    pub fn cells(&self, request: &Request<'_>) -> Result<String> {
        let by = self.resolve_all(request.by, request.defined)?;
        let filter = request.filter.resolved(self, request.defined)?;
        let usable = |m: &&Metric| m.inner_by.is_none() && self.offers(m);
        let known: Vec<&Metric> = request.metrics.iter().filter(usable).collect();
        let mut paths = known
            .iter()
            .map(|m| self.path(m, &by, &filter, request.defined));
        let first = paths.next().unwrap_or(Path::Lines);
        let path = if paths.all(|p| p == first) {
            first
        } else {
            Path::Lines
        };
        let mut columns = self.keys(&by, request.defined);
        let groups = grouping(&mut columns, request.grain);
        for (index, metric) in (1..).zip(request.metrics) {
            columns.push(if usable(&metric) {
                format!("({}\n)::numeric AS m{index}", expression(metric, path))
            } else {
                format!("NULL::numeric AS m{index}")
            });
        }
        let period = request.periods.first().copied().flatten();
        let reads = reads(known.iter().copied(), &by, &filter);
        let from = self.from(path, &reads, &filter, period, request.defined)?;
        Ok(self.with_items(format!(
            "SELECT {}\n  FROM {from}\n  {groups}",
            columns.join(", ")
        )))
    }

    fn resolve_all(&self, by: &[String], defined: &[Dimension]) -> Result<Vec<String>> {
        let mut names = Vec::with_capacity(by.len());
        for name in by {
            let name = self.resolve(name, defined)?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// The smallest level of the rollup that has all that is needed, or the lines themselves.
    fn path(&self, metric: &Metric, by: &[String], filter: &Filter, defined: &[Dimension]) -> Path {
        if !self.rollup || metric.rollup_expression.is_none() {
            return Path::Lines;
        }
        let needed = by
            .iter()
            .chain(filter.dimensions())
            .chain(&metric.reads)
            .chain(&metric.inner_by);
        let mut kept: Vec<&str> = Vec::new();
        for name in needed.map(String::as_str) {
            if OF_THE_DAY.iter().any(|(d, _)| *d == name) {
                continue;
            }
            match name {
                "price_tier" | "first_sold" => kept.push("sku"),
                "customer" => return Path::Lines,
                _ if defined.iter().any(|d| d.name == name) => return Path::Lines,
                _ => kept.push(name),
            }
        }
        LEVELS
            .iter()
            .find(|(_, dimensions)| kept.iter().all(|name| dimensions.contains(name)))
            .map_or(Path::Lines, |(level, _)| Path::Rollup(level))
    }

    fn flat(
        &self,
        metrics: &[&Metric],
        path: Path,
        by: &[String],
        filter: &Filter,
        period: Option<Period>,
        number: u32,
        request: &Request<'_>,
    ) -> Result<String> {
        let reads: Vec<&str> = reads(metrics.iter().copied(), by, filter);
        let mut columns: Vec<String> = self.keys(by, request.defined);
        let groups = grouping(&mut columns, request.grain);
        let mut values = Vec::new();
        for (index, metric) in (1..).zip(metrics) {
            columns.push(format!(
                "({}\n)::numeric AS m{index}",
                expression(metric, path)
            ));
            values.push(format!("({}, g.m{index})", quote_literal(&metric.name)));
        }
        let from = self.from(path, &reads, filter, period, request.defined)?;
        Ok(format!(
            "SELECT {number} AS period, {time} AS \"time\", {key} AS key, v.metric, v.value\n\
             FROM (SELECT {columns}\n  FROM {from}\n  {groups} HAVING pg_catalog.count(*) > 0) AS g\n\
             CROSS JOIN LATERAL (VALUES {values}) AS v(metric, value) WHERE v.value IS NOT NULL",
            time = time(request.grain),
            key = key("g", by.len()),
            columns = columns.join(", "),
            values = values.join(", "),
        ))
    }

    fn nested(
        &self,
        metric: &Metric,
        path: Path,
        by: &[String],
        filter: &Filter,
        period: Option<Period>,
        number: u32,
        request: &Request<'_>,
    ) -> Result<String> {
        let inner_by = match &metric.inner_by {
            Some(name) => self.resolve(name, request.defined)?,
            None => return Ok(NOTHING.to_owned()),
        };
        let inner = Metric {
            name: metric.name.clone(),
            expression: metric.inner_expression.clone().unwrap_or_default(),
            rollup_expression: metric.inner_expression.clone(),
            ..Metric::default()
        };
        let mut keyed: Vec<String> = by.to_vec();
        keyed.push(inner_by);
        let reads = reads([metric], &keyed, filter);
        let mut columns = self.keys(&keyed, request.defined);
        let groups = grouping(&mut columns, request.grain);
        columns.push(format!(
            "({}\n)::numeric AS value",
            expression(&inner, path)
        ));
        let from = self.from(path, &reads, filter, period, request.defined)?;
        let mut outer: Vec<String> = (1..=by.len()).map(|i| format!("i.k{i}")).collect();
        if request.grain.is_some() {
            outer.push("i.bucket".to_owned());
        }
        let group_by = if outer.is_empty() {
            String::new()
        } else {
            format!("GROUP BY {}", outer.join(", "))
        };
        outer.push(format!("({}\n)::numeric AS value", metric.expression));
        Ok(format!(
            "SELECT {number} AS period, {time} AS \"time\", {key} AS key, {name} AS metric, g.value\n\
             FROM (SELECT {outer} FROM (SELECT {columns}\n  FROM {from}\n  {groups}) AS i {group_by}\n\
             HAVING pg_catalog.count(*) > 0) AS g WHERE g.value IS NOT NULL",
            time = time(request.grain),
            key = key("g", by.len()),
            name = quote_literal(&metric.name),
            outer = outer.join(", "),
            columns = columns.join(", "),
        ))
    }
}

/// The result when no metric is available: the right columns and no row.
const NOTHING: &str = "SELECT NULL::int AS period, NULL::date AS \"time\", NULL::text[] AS key, \
    NULL::text AS metric, NULL::numeric AS value WHERE false";

fn expression(metric: &Metric, path: Path) -> &str {
    match (path, &metric.rollup_expression) {
        (Path::Rollup(_), Some(expression)) => expression,
        _ => &metric.expression,
    }
}

fn reads<'m>(
    metrics: impl IntoIterator<Item = &'m Metric>,
    by: &'m [String],
    filter: &'m Filter,
) -> Vec<&'m str> {
    let metrics = metrics
        .into_iter()
        .flat_map(|m| m.reads.iter().chain(&m.inner_by));
    metrics
        .chain(by)
        .chain(filter.dimensions())
        .map(String::as_str)
        .collect()
}

/// Adds the time bucket to `columns` and writes the GROUP BY over all of them.
fn grouping(columns: &mut Vec<String>, grain: Option<Grain>) -> String {
    if let Some(grain) = grain {
        columns.push(match grain {
            Grain::Day => "line.day AS bucket".to_owned(),
            // Julian day 0 was a Monday. A scan by week takes a fifth less time than with date_trunc().
            Grain::Week => "'J0'::date + (line.day - 'J0'::date) / 7 * 7 AS bucket".to_owned(),
            _ => format!(
                "pg_catalog.date_trunc('{}', line.day::timestamp)::date AS bucket",
                grain.name()
            ),
        });
    }
    match columns.len() {
        0 => String::new(),
        n => format!(
            "GROUP BY {}",
            (1..=n)
                .map(|i| i.to_string())
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

fn time(grain: Option<Grain>) -> &'static str {
    match grain {
        Some(_) => "g.bucket",
        None => "NULL::date",
    }
}

fn key(alias: &str, len: usize) -> String {
    let columns: Vec<String> = (1..=len).map(|i| format!("{alias}.k{i}")).collect();
    format!("ARRAY[{}]::text[]", columns.join(", "))
}

/// A day as a literal, with a year of more than four digits as Postgres writes it.
fn day(date: NaiveDate) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    format!("'{year:04}-{month:02}-{day:02}'::date")
}

#[cfg(test)]
mod tests;
