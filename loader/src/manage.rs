//! `kpi loads`, `kpi unload`, `kpi rejects` and `kpi refresh`.

use crate::db::{self, Database};
use crate::say;
use crate::table::Table;
use anyhow::{Result, bail};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Row};
use std::time::Instant;

/// List the loads, newest first
#[derive(clap::Args, Debug)]
pub(crate) struct LoadsArgs {
    /// How many
    #[arg(long, value_name = "N", default_value = "50")]
    limit: i64,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Take a load back: its lines leave, the ledger keeps a note
#[derive(clap::Args, Debug)]
pub(crate) struct UnloadArgs {
    /// Number of the load, as "kpi loads" lists it
    #[arg(required = true, value_name = "LOAD_ID")]
    load_ids: Vec<i64>,
    /// Leave the daily rollup as it is; "kpi refresh" brings it up to date
    #[arg(long)]
    no_refresh: bool,
}

/// Show the lines a load rejected, and why
#[derive(clap::Args, Debug)]
pub(crate) struct RejectsArgs {
    /// Number of the load
    load_id: i64,
    /// How many
    #[arg(long, value_name = "N", default_value = "100")]
    limit: i64,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Bring the daily rollup up to date
#[derive(clap::Args, Debug)]
pub(crate) struct RefreshArgs {
    /// Source to refresh
    #[arg(long, default_value = "sales")]
    source: String,
    /// From this day on, whether it was touched or not (YYYY-MM-DD)
    #[arg(long, value_name = "DAY")]
    since: Option<String>,
}

/// Prints rows that hold one JSON text each.
fn print_json(rows: &[PgRow]) -> Result<()> {
    for row in rows {
        say!("{}", row.try_get::<String, _>("json")?);
    }
    Ok(())
}

/// Lists the loads.
pub(crate) async fn loads(database: &Database, args: &LoadsArgs) -> Result<()> {
    let mut conn = database.connect_ready().await?;
    let sql = "SELECT to_jsonb(l)::text AS json, load_id, state, file, mode, lines_read, accepted, rejected, \
               coalesce(first_day::text, '') AS first_day, coalesce(last_day::text, '') AS last_day, \
               loaded_by::text AS loaded_by, to_char(started_at, 'YYYY-MM-DD HH24:MI') AS started_at \
               FROM sales.load l ORDER BY load_id DESC LIMIT $1";
    let rows = sqlx::query(sql)
        .bind(args.limit)
        .fetch_all(&mut conn)
        .await?;
    if args.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        say!("no loads yet");
        return Ok(());
    }
    let mut table = Table::new(&[
        "load",
        "state",
        "file",
        "mode",
        "lines",
        "accepted",
        "rejected",
        "first day",
        "last day",
        "by",
        "at (UTC)",
    ]);
    for row in &rows {
        let n = |c: &str| row.try_get::<i64, _>(c).map(|n| n.to_string());
        let t = |c: &str| row.try_get::<String, _>(c);
        table.row(vec![
            n("load_id")?,
            t("state")?,
            t("file")?,
            t("mode")?,
            n("lines_read")?,
            n("accepted")?,
            n("rejected")?,
            t("first_day")?,
            t("last_day")?,
            t("loaded_by")?,
            t("started_at")?,
        ]);
    }
    say!("{table}");
    Ok(())
}

/// Takes loads back, each in a transaction of its own.
pub(crate) async fn unload(database: &Database, args: &UnloadArgs) -> Result<()> {
    let mut conn = database.connect_ready().await?;
    for load_id in &args.load_ids {
        let (lines, mode) = unload_one(&mut conn, *load_id).await?;
        say!("load {load_id}: {lines} lines removed");
        if mode != "append" {
            say!(
                "  lines that this load ({mode}) replaced do not come back; to have them, unload and load the older file again"
            );
        }
    }
    if !args.no_refresh {
        refresh_source(&mut conn, "sales", None).await?;
    }
    Ok(())
}

/// Takes one load back; returns the number of lines that left, and how they had come.
async fn unload_one(conn: &mut PgConnection, load_id: i64) -> Result<(u64, String)> {
    let mut tx = conn.begin().await?;
    let load: Option<(String, String)> =
        sqlx::query_as("SELECT state, mode FROM sales.load WHERE load_id = $1 FOR UPDATE")
            .bind(load_id)
            .fetch_optional(&mut *tx)
            .await?;
    let mode = match load {
        None => bail!("there is no load {load_id}\n  list them: kpi loads"),
        Some((state, _)) if state == "unloaded" => {
            bail!("load {load_id} was taken back before; nothing changed")
        }
        Some((_, mode)) => mode,
    };
    sqlx::query("SELECT set_config('kpi.load_id', $1, true)")
        .bind(load_id.to_string())
        .execute(&mut *tx)
        .await?;
    let lines = sqlx::query("DELETE FROM sales.order_line WHERE load_id = $1")
        .bind(load_id)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    sqlx::query("DELETE FROM sales.reject WHERE load_id = $1")
        .bind(load_id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE sales.load SET state = 'unloaded', finished_at = clock_timestamp() WHERE load_id = $1")
        .bind(load_id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok((lines, mode))
}

/// Shows the rejects of a load.
pub(crate) async fn rejects(database: &Database, args: &RejectsArgs) -> Result<()> {
    let mut conn = database.connect_ready().await?;
    let known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM sales.load WHERE load_id = $1)")
            .bind(args.load_id)
            .fetch_one(&mut conn)
            .await?;
    if !known {
        bail!("there is no load {}\n  list them: kpi loads", args.load_id);
    }
    let sql = "SELECT to_jsonb(r)::text AS json, line, code, coalesce(column_name, '') AS column_name, reason, \
               coalesce(raw, '') AS raw FROM sales.reject r WHERE load_id = $1 ORDER BY line LIMIT $2";
    let rows = sqlx::query(sql)
        .bind(args.load_id)
        .bind(args.limit)
        .fetch_all(&mut conn)
        .await?;
    if args.json {
        return print_json(&rows);
    }
    if rows.is_empty() {
        say!("load {} rejected nothing", args.load_id);
        return Ok(());
    }
    let mut table = Table::new(&["line", "code", "column", "reason", "raw"]);
    for row in &rows {
        let t = |c: &str| row.try_get::<String, _>(c);
        table.row(vec![
            row.try_get::<i64, _>("line")?.to_string(),
            t("code")?,
            t("column_name")?,
            t("reason")?,
            t("raw")?,
        ]);
    }
    say!("{table}");
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM sales.reject WHERE load_id = $1")
        .bind(args.load_id)
        .fetch_one(&mut conn)
        .await?;
    if all > rows.len() as i64 {
        say!(
            "the first {} of {all}; all of them: --limit {all}",
            rows.len()
        );
    }
    Ok(())
}

/// Refreshes the rollup and says how long it took.
pub(crate) async fn refresh(database: &Database, args: &RefreshArgs) -> Result<()> {
    let mut conn = database.connect_ready().await?;
    match refresh_source(&mut conn, &args.source, args.since.as_deref()).await? {
        Some(seconds) => say!("source {}: refreshed in {seconds:.2} s", args.source),
        None => bail!("this database has no function kpi.refresh yet\n  type: kpi init"),
    }
    Ok(())
}

/// Refreshes a source; `None` where the extension is not installed, else the seconds it took.
pub(crate) async fn refresh_source(
    conn: &mut PgConnection,
    source: &str,
    since: Option<&str>,
) -> Result<Option<f64>> {
    if !db::has_function(conn, "refresh").await? {
        return Ok(None);
    }
    let started = Instant::now();
    let done = match since {
        None => {
            sqlx::query("SELECT kpi.refresh($1)")
                .bind(source)
                .execute(&mut *conn)
                .await
        }
        Some(day) => {
            sqlx::query("SELECT kpi.refresh($1, since => $2::date)")
                .bind(source)
                .bind(day)
                .execute(&mut *conn)
                .await
        }
    };
    match done {
        Ok(_) => Ok(Some(started.elapsed().as_secs_f64())),
        Err(e) => bail!("kpi.refresh: {}", db::explain(&e)),
    }
}
