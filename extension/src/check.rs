//! Checks an expression that a user wants to keep as a metric or a dimension.
//!
//! The text is parsed inside `SELECT (…) FROM lines` and must still be one SELECT of one column
//! from that relation; it may then hold no sub-select, window or set-returning function, and
//! only functions of Postgres itself that are not volatile and read no table (of this extension,
//! immutable ones): an expression runs with the rights of whoever asks for the metric.

use std::ffi::{CStr, CString, c_char};

use pgrx::PgSqlErrorCode::*;
use pgrx::prelude::*;
use pgrx::{PgList, is_a, pg_sys};

use crate::catalog;
use crate::error::{SqlResult, error, internal};

/// What a text is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Metric,
    Dimension,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Metric => "metric",
            Kind::Dimension => "dimension",
        }
    }
}

/// Raises an error unless `expression` may be kept; plans it once against `source_name`.
#[pg_extern(sql = false)]
fn check_expression(kind: &str, expression: &str, source_name: &str) -> SqlResult<()> {
    let kind = if kind == "metric" {
        Kind::Metric
    } else {
        Kind::Dimension
    };
    if expression.trim().is_empty() {
        return Err(error(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("{} expression is empty", kind.name()),
            "Give an expression over sales lines, for example sum(revenue).",
        ));
    }
    let lines = Spi::connect(|client| Ok(catalog::source(client, Some(source_name))?.lines(None)))?;
    let cast = match kind {
        Kind::Metric => "numeric",
        Kind::Dimension => "text",
    };
    let from = format!("FROM ({lines}) AS line");
    let functions = analyse(kind, &format!("SELECT ({expression}\n) AS value {from}"))?;
    check_functions(kind, &functions)?;
    let explain = format!("EXPLAIN SELECT ({expression}\n)::{cast} AS value {from}");
    Spi::connect_mut(|client| {
        client
            .update(&explain, None, &[])
            .map(|_| ())
            .map_err(internal)
    })
}

fn refuse(kind: Kind, what: &str) -> pgrx::pg_sys::panic::ErrorReport {
    error(
        ERRCODE_FEATURE_NOT_SUPPORTED,
        format!("{} expression {what}", kind.name()),
        "Give one expression over the columns of a sales line, with functions of Postgres that are not volatile.",
    )
}

/// Parses and analyses `sql`; returns the functions and operators it names, by OID.
fn analyse(kind: Kind, sql: &str) -> SqlResult<Named> {
    let text = CString::new(sql).map_err(|_| refuse(kind, "holds a NUL byte"))?;
    // SAFETY: Postgres' own parser on a NUL-terminated text; errors unwind as Rust panics that
    // pgrx turns back into errors.
    unsafe {
        let statements = PgList::<pg_sys::RawStmt>::from_pg(pg_sys::raw_parser(
            text.as_ptr(),
            pg_sys::RawParseMode::RAW_PARSE_DEFAULT,
        ));
        let (Some(raw), 1) = (statements.get_ptr(0), statements.len()) else {
            return Err(refuse(kind, "is more than one statement"));
        };
        let select = (*raw).stmt;
        if !is_a(select, pg_sys::NodeTag::T_SelectStmt) {
            return Err(refuse(kind, "is not an expression"));
        }
        let select = &*select.cast::<pg_sys::SelectStmt>();
        let plain = select.op == pg_sys::SetOperation::SETOP_NONE
            && PgList::<pg_sys::Node>::from_pg(select.targetList).len() == 1
            && PgList::<pg_sys::Node>::from_pg(select.fromClause).len() == 1
            && select.whereClause.is_null()
            && select.groupClause.is_null()
            && select.havingClause.is_null()
            && select.intoClause.is_null()
            && select.withClause.is_null()
            && select.sortClause.is_null()
            && select.limitCount.is_null()
            && select.lockingClause.is_null()
            && select.distinctClause.is_null();
        if !plain {
            return Err(refuse(kind, "is more than one expression"));
        }
        let query = &*pg_sys::parse_analyze_fixedparams(
            raw,
            text.as_ptr(),
            std::ptr::null(),
            0,
            std::ptr::null_mut(),
        );
        if query.hasSubLinks {
            return Err(refuse(kind, "holds a sub-select"));
        }
        if query.hasWindowFuncs || query.hasTargetSRFs {
            return Err(refuse(kind, "holds a window or set-returning function"));
        }
        if query.hasAggs != (kind == Kind::Metric) {
            return Err(match kind {
                Kind::Metric => refuse(kind, "has no aggregate"),
                Kind::Dimension => refuse(kind, "holds an aggregate"),
            });
        }
        let targets = PgList::<pg_sys::TargetEntry>::from_pg(query.targetList);
        if kind == Kind::Metric
            && let Some(target) = targets.get_ptr(0)
            && pg_sys::TypeCategory(pg_sys::exprType((*target).expr.cast()))
                != pg_sys::TYPCATEGORY_NUMERIC as c_char
        {
            return Err(refuse(kind, "is not a number"));
        }
        let tree = pg_sys::nodeToString(query.targetList.cast());
        Ok(Named::read(&CStr::from_ptr(tree).to_string_lossy()))
    }
}

/// Functions and operators of a query tree.
struct Named {
    functions: Vec<pg_sys::Oid>,
    operators: Vec<pg_sys::Oid>,
}

impl Named {
    /// Reads OIDs off the printed tree, whose field names have been stable since Postgres 8.
    fn read(tree: &str) -> Named {
        let mut named = Named {
            functions: Vec::new(),
            operators: Vec::new(),
        };
        let mut words = tree.split_ascii_whitespace();
        while let Some(word) = words.next() {
            let list = match word {
                ":funcid" | ":aggfnoid" | ":opfuncid" | ":winfnoid" => &mut named.functions,
                ":opno" => &mut named.operators,
                _ => continue,
            };
            let number = words
                .next()
                .and_then(|n| n.trim_end_matches('}').parse::<u32>().ok());
            list.extend(number.filter(|n| *n > 0).map(pg_sys::Oid::from));
        }
        named
    }
}

fn check_functions(kind: Kind, named: &Named) -> SqlResult<()> {
    const OFFENDERS: &str = "
        SELECT p.name, p.why
          FROM (SELECT p.proname::text AS name,
                       CASE WHEN p.provolatile = 'v' THEN 'is volatile'
                            WHEN p.pronamespace = 'pg_catalog'::regnamespace
                                 AND p.proname ~ '^(table|schema|database)_to_xml' THEN 'reads other tables'
                            WHEN p.pronamespace = 'kpi'::regnamespace AND p.provolatile <> 'i' THEN 'reads other tables'
                            WHEN p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'kpi'::regnamespace)
                                 THEN 'is not a function of Postgres' END AS why
                  FROM pg_catalog.pg_proc AS p
                 WHERE p.oid = ANY ($1)
                    OR p.oid IN (SELECT o.oprcode FROM pg_catalog.pg_operator AS o WHERE o.oid = ANY ($2))) AS p
         WHERE p.why IS NOT NULL
         ORDER BY 1 LIMIT 1";
    let functions: Vec<Option<pg_sys::Oid>> = named.functions.iter().copied().map(Some).collect();
    let operators: Vec<Option<pg_sys::Oid>> = named.operators.iter().copied().map(Some).collect();
    Spi::connect(|client| {
        let mut rows = client
            .select(OFFENDERS, Some(1), &[functions.into(), operators.into()])
            .map_err(internal)?;
        let Some(row) = rows.next() else {
            return Ok(());
        };
        let name = row.get::<String>(1).map_err(internal)?.unwrap_or_default();
        let why = row.get::<String>(2).map_err(internal)?.unwrap_or_default();
        Err(refuse(kind, &format!("calls {name}(), which {why}")))
    })
}
