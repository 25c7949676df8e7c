//! `kpi doctor`: looks at everything a load and a question need.

use crate::db::{self, Database};
use crate::{Outcome, say};
use anyhow::Result;
use sqlx::Row;
use sqlx::postgres::PgConnection;

/// Check connection, versions, schema, extension, source, rollup and rights
///
/// Each line says ok, or what to type. Exit code 1 where something is to be done.
#[derive(clap::Args, Debug)]
pub(crate) struct DoctorArgs {}

/// Oldest server that is supported.
const OLDEST: i32 = 150_000;

/// What was found so far.
#[derive(Default)]
struct Findings {
    wrong: bool,
}

impl Findings {
    /// A line that says ok, or what to type.
    fn line(&mut self, what: &str, found: Result<String, String>) {
        match found {
            Ok(detail) => say!("ok    {what}: {detail}"),
            Err(remedy) => {
                self.wrong = true;
                say!("TODO  {what}: {remedy}");
            }
        }
    }
}

/// Looks at everything; a look that fails is a finding, not the end.
///
/// # Errors
///
/// Where no server answers.
pub(crate) async fn run(database: &Database, _: &DoctorArgs) -> Result<Outcome> {
    let mut conn = database.connect().await?;
    let mut findings = Findings::default();
    let row = sqlx::query(
        "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number, \
         current_database()::text AS database, current_user::text AS role",
    )
    .fetch_one(&mut conn)
    .await?;
    let (database_name, role): (String, String) = (row.try_get("database")?, row.try_get("role")?);
    findings.line(
        "connection",
        Ok(format!("database {database_name} as {role}")),
    );
    let (version, number): (String, i32) = (row.try_get("version")?, row.try_get("number")?);
    let old = number < OLDEST;
    findings.line(
        "server",
        if old {
            Err(format!("PostgreSQL {version}; 15 or later is needed"))
        } else {
            Ok(format!("PostgreSQL {version}"))
        },
    );
    let schema = migrations(&mut conn).await;
    let ready = schema.is_ok();
    findings.line("schema sales", schema);
    let installed = extension(&mut conn).await;
    let there = installed.is_ok();
    findings.line("extension pg_kpi", installed);
    if there {
        findings.line("source sales", source(&mut conn).await);
    }
    if ready {
        findings.line("rollup", rollup(&mut conn).await);
        findings.line("rights", rights(&mut conn, there).await);
        findings.line("data", data(&mut conn).await);
    }
    Ok(if findings.wrong {
        Outcome::Rejects
    } else {
        Outcome::Done
    })
}

/// The server's words for a look that failed.
fn failed(error: sqlx::Error) -> String {
    db::explain(&error)
}

async fn migrations(conn: &mut PgConnection) -> Result<String, String> {
    let reached: Option<bool> =
        sqlx::query_scalar("SELECT has_schema_privilege(to_regnamespace('sales'), 'USAGE')")
            .fetch_one(&mut *conn)
            .await
            .map_err(failed)?;
    match reached {
        None => return Err("not there; type: kpi init".into()),
        Some(false) => return Err("may not be used; ask for: GRANT kpi_reader TO …".into()),
        Some(true) => {}
    }
    if !db::exists(conn, "sales._sqlx_migrations")
        .await
        .map_err(|e| e.to_string())?
    {
        return Err("not there; type: kpi init".into());
    }
    let done: i64 = sqlx::query_scalar("SELECT count(*) FROM sales._sqlx_migrations WHERE success")
        .fetch_one(conn)
        .await
        .map_err(failed)?;
    let known = db::MIGRATIONS.iter().count() as i64;
    if done < known {
        return Err(format!("{done} of {known} migrations; type: kpi init"));
    }
    Ok(format!("{done} migrations"))
}

async fn extension(conn: &mut PgConnection) -> Result<String, String> {
    let row = sqlx::query(
        "SELECT (SELECT extversion FROM pg_extension WHERE extname = 'pg_kpi') AS installed, \
         (SELECT default_version FROM pg_available_extensions WHERE name = 'pg_kpi') AS available",
    )
    .fetch_one(conn)
    .await
    .map_err(failed)?;
    let get = |c: &str| {
        row.try_get::<Option<String>, _>(c)
            .map_err(|e| e.to_string())
    };
    match (get("installed")?, get("available")?) {
        (Some(i), Some(a)) if i == a => Ok(format!("version {i}")),
        (Some(i), Some(a)) => Err(format!(
            "version {i}, files of {a}; type: ALTER EXTENSION pg_kpi UPDATE"
        )),
        (Some(i), None) => Err(format!(
            "version {i}, but its files are gone; type: make install"
        )),
        (None, Some(_)) => Err("not created in this database; type: kpi init".into()),
        (None, None) => Err(
            "its files are not installed for this server; type: make install, then kpi init".into(),
        ),
    }
}

async fn source(conn: &mut PgConnection) -> Result<String, String> {
    let known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM kpi.sources WHERE name = 'sales')")
            .fetch_one(conn)
            .await
            .map_err(failed)?;
    if known {
        Ok("registered".into())
    } else {
        Err("not registered; type: kpi init".into())
    }
}

async fn rollup(conn: &mut PgConnection) -> Result<String, String> {
    if !db::exists(conn, "sales.touched")
        .await
        .map_err(|e| e.to_string())?
    {
        return Err("not there; type: kpi init".into());
    }
    let row = sqlx::query(
        "SELECT (SELECT count(*) FROM sales.touched) AS marks, \
         (SELECT to_char(refreshed_at, 'YYYY-MM-DD HH24:MI') FROM sales.rollup_state) AS at",
    )
    .fetch_one(conn)
    .await
    .map_err(failed)?;
    let marks: i64 = row.try_get("marks").map_err(|e| e.to_string())?;
    let at: Option<String> = row.try_get("at").map_err(|e| e.to_string())?;
    match (marks, at) {
        (0, Some(at)) => Ok(format!("fresh, since {at} UTC")),
        (0, None) => Ok("nothing to sum up yet".into()),
        (n, _) => Err(format!(
            "{n} changes are not in it, so figures come from the lines; type: kpi refresh"
        )),
    }
}

async fn rights(conn: &mut PgConnection, extension: bool) -> Result<String, String> {
    let sql = if extension {
        "SELECT has_table_privilege('sales.order_line', 'SELECT') AND has_schema_privilege('kpi', 'USAGE') AS reads, \
         has_table_privilege('sales.order_line', 'INSERT') AND has_table_privilege('sales.load', 'INSERT') AS loads"
    } else {
        "SELECT has_table_privilege('sales.order_line', 'SELECT') AS reads, \
         has_table_privilege('sales.order_line', 'INSERT') AND has_table_privilege('sales.load', 'INSERT') AS loads"
    };
    let row = sqlx::query(sql).fetch_one(conn).await.map_err(failed)?;
    let get = |c: &str| row.try_get::<bool, _>(c).map_err(|e| e.to_string());
    match (get("reads")?, get("loads")?) {
        (true, true) => Ok("may read and load".into()),
        (true, false) => Ok("may read; to load, ask for: GRANT kpi_loader TO …".into()),
        _ => Err("may not read; ask for: GRANT kpi_reader TO …".into()),
    }
}

async fn data(conn: &mut PgConnection) -> Result<String, String> {
    let row = sqlx::query(
        "SELECT count(*) FILTER (WHERE state = 'done') AS loads, coalesce(sum(accepted) FILTER (WHERE state = 'done'), 0)::bigint \
         AS lines, (SELECT min(sold_on)::text FROM sales.order_line) AS first_day, \
         (SELECT max(sold_on)::text FROM sales.order_line) AS last_day FROM sales.load",
    )
    .fetch_one(conn)
    .await
    .map_err(failed)?;
    let n = |c: &str| row.try_get::<i64, _>(c).map_err(|e| e.to_string());
    let day = |c: &str| {
        row.try_get::<Option<String>, _>(c)
            .map_err(|e| e.to_string())
    };
    match (day("first_day")?, day("last_day")?) {
        (Some(a), Some(b)) => Ok(format!(
            "{} loads, {} lines, {a} to {b}",
            n("loads")?,
            n("lines")?
        )),
        _ => Err("no sales yet; type: kpi load FILE".into()),
    }
}
