//! Groups of figures as series: the one way in which functions over a source read their data.

use kpi_core::series::{Grain, Group};
use pgrx::PgSqlErrorCode;
use pgrx::prelude::*;

use crate::date::EPOCH;
use crate::error::{SqlResult, error, internal};
use crate::settings;

/// Reads the groups of a query of figures, by key; `running` is the first bucket that is not complete.
///
/// What is not there is zero where the metric adds up (a group that sells nothing any more has
/// sold nothing, up to the last day of data), else unknown.
///
/// Days and values come as one row a group: a row a day costs many times that to decode.
pub(crate) fn read(
    query: &str,
    grain: Grain,
    running: i64,
    additive: bool,
) -> SqlResult<Vec<Group>> {
    let query = format!(
        "SELECT f.key, pg_catalog.array_agg((f.\"time\" - date '2000-01-01')::int4), \
                pg_catalog.array_agg(f.value::float8) \
           FROM ({query}) AS f(period, \"time\", key, metric, value) WHERE f.\"time\" IS NOT NULL AND f.value IS NOT NULL \
          GROUP BY f.key ORDER BY f.key"
    );
    let most = settings::max_series();
    let gap = if additive { 0.0 } else { f64::NAN };
    let bucket = |day: i32| {
        let day = chrono::NaiveDate::from_num_days_from_ce_opt(day.checked_add(EPOCH)?)?;
        Some(grain.bucket(day))
    };
    Spi::connect(|client| {
        let enough = i64::try_from(most.saturating_add(1)).unwrap_or(i64::MAX);
        let rows = client.select(&query, Some(enough), &[]).map_err(internal)?;
        if rows.len() > most {
            return Err(error(
                PgSqlErrorCode::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
                format!("call needs more series than pg_kpi.max_series = {most}"),
                "Filter, group by fewer dimensions, or raise pg_kpi.max_series.",
            ));
        }
        rows.map(|row| {
            // Ten thousand groups take a good part of a second to unpack.
            pgrx::check_for_interrupts!();
            let key = row.get::<Vec<Option<String>>>(1).map_err(internal)?;
            let days = row.get::<Vec<Option<i32>>>(2).map_err(internal)?;
            let values = row.get::<Vec<Option<f64>>>(3).map_err(internal)?;
            let known: Vec<(i64, f64)> = days
                .unwrap_or_default()
                .into_iter()
                .zip(values.unwrap_or_default())
                .filter_map(|(day, value)| Some((bucket(day?)?, value?)))
                .collect();
            let key = key
                .unwrap_or_default()
                .into_iter()
                .map(Option::unwrap_or_default)
                .collect();
            Ok(Group::new(key, &known, running, gap))
        })
        .collect()
    })
}
