//! The connection, and the shape of the data in it.

use anyhow::{Context, Result, bail};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{Connection, Executor};
use std::io::ErrorKind;
use std::str::FromStr;
use std::time::Duration;

/// The shape of schema `sales`, and how it came about.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../sql/migrations");

/// Where the database is
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct Database {
    /// Database, as postgres://user@host/name; without it PGHOST, PGPORT, PGUSER, PGDATABASE … count
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(crate) database: Option<String>,
}

impl Database {
    /// How to connect.
    fn options(&self) -> Result<PgConnectOptions> {
        check_environment(|name| std::env::var(name).ok())?;
        let options = match self.database.as_deref().filter(|u| !u.is_empty()) {
            // The message must not repeat the URL: it may hold a password.
            Some(url) => Some(url)
                .filter(|u| u.starts_with("postgres://") || u.starts_with("postgresql://"))
                .and_then(|u| PgConnectOptions::from_str(u).ok())
                .context("--database is no URL like postgres://user@host:5432/name")?,
            None => {
                // The service would name another server than the one that is reached.
                if std::env::var_os("PGSERVICE").is_some_and(|s| !s.is_empty()) {
                    bail!(
                        "PGSERVICE is not read by this command\n  \
                         set --database, DATABASE_URL or PGHOST, PGPORT, PGUSER and PGDATABASE"
                    );
                }
                PgConnectOptions::new()
            }
        };
        Ok(options.application_name("kpi"))
    }

    /// Connects.
    ///
    /// # Errors
    ///
    /// With what to type where no server answers.
    pub(crate) async fn connect(&self) -> Result<PgConnection> {
        let options = self.options()?;
        let place = format!(
            "{}:{}, database {}, user {}",
            options.get_socket().map_or_else(
                || options.get_host().to_owned(),
                |s| s.display().to_string()
            ),
            options.get_port(),
            options.get_database().unwrap_or(options.get_username()),
            options.get_username(),
        );
        let wait = connect_timeout(|name| std::env::var(name).ok())?;
        let connecting = PgConnection::connect_with(&options);
        let connected = match wait {
            Some(wait) => tokio::time::timeout(wait, connecting)
                .await
                .unwrap_or_else(|_| {
                    let text = format!("no answer within PGCONNECT_TIMEOUT, {} s", wait.as_secs());
                    Err(sqlx::Error::Io(std::io::Error::new(
                        ErrorKind::TimedOut,
                        text,
                    )))
                }),
            None => connecting.await,
        };
        let mut conn = connected.with_context(|| {
            format!("cannot connect to {place}\n  set --database, DATABASE_URL or PGHOST, PGPORT, PGUSER and PGDATABASE")
        })?;
        // A load takes as long as it takes; the server's limits for interactive use are not meant.
        conn.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET timezone = 'UTC'").await?;
        Ok(conn)
    }

    /// Connects to a database that `kpi init` has made ready.
    pub(crate) async fn connect_ready(&self) -> Result<PgConnection> {
        let mut conn = self.connect().await?;
        if !exists(&mut conn, "sales.order_line").await? || !exists(&mut conn, "sales.load").await?
        {
            bail!("this database has no schema sales yet\n  type: kpi init");
        }
        Ok(conn)
    }
}

/// Refuses what would silently be read as something else: a mistyped `PGSSLMODE` as no need for TLS.
fn check_environment(get: impl Fn(&str) -> Option<String>) -> Result<()> {
    let set = |name: &str| get(name).filter(|v| !v.is_empty());
    if let Some(mode) = set("PGSSLMODE").filter(|v| PgSslMode::from_str(v).is_err()) {
        bail!(
            "PGSSLMODE is \"{mode}\"\n  it may be disable, allow, prefer, require, verify-ca or verify-full"
        );
    }
    if let Some(port) = set("PGPORT").filter(|v| v.parse::<u16>().is_err()) {
        bail!("PGPORT is \"{port}\", which is no port");
    }
    Ok(())
}

/// How long to wait for a server, by the rules of libpq: whole seconds, and without limit below 1.
fn connect_timeout(get: impl Fn(&str) -> Option<String>) -> Result<Option<Duration>> {
    let Some(text) = get("PGCONNECT_TIMEOUT").filter(|v| !v.is_empty()) else {
        return Ok(None);
    };
    match text.trim().parse::<i32>() {
        Ok(seconds) => Ok(u64::try_from(seconds)
            .ok()
            .filter(|s| *s > 0)
            .map(Duration::from_secs)),
        Err(_) => bail!("PGCONNECT_TIMEOUT is \"{text}\", which is no number of seconds"),
    }
}

/// Whether a relation is there.
pub(crate) async fn exists(conn: &mut PgConnection, relation: &str) -> Result<bool> {
    Ok(sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(relation)
        .fetch_one(conn)
        .await?)
}

/// Whether schema `kpi` has a function of a name.
pub(crate) async fn has_function(conn: &mut PgConnection, name: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = $1 AND pronamespace = to_regnamespace('kpi'))";
    Ok(sqlx::query_scalar(sql).bind(name).fetch_one(conn).await?)
}

/// Brings schema `sales` up to date; the migrations keep their books in it.
pub(crate) async fn migrate(conn: &mut PgConnection) -> Result<()> {
    conn.execute("CREATE SCHEMA IF NOT EXISTS sales; SET search_path = sales")
        .await?;
    let done = MIGRATIONS.run_direct(conn).await;
    conn.execute("RESET search_path").await?;
    done.context("cannot bring schema sales up to date")
}

/// The SQLSTATE of a failure, where the server gave one.
pub(crate) fn sqlstate(error: &sqlx::Error) -> Option<String> {
    error
        .as_database_error()
        .and_then(|e| e.code())
        .map(Into::into)
}

/// An error of the server with its hint, as a user should read it.
pub(crate) fn explain(error: &sqlx::Error) -> String {
    use sqlx::postgres::PgDatabaseError;
    match error
        .as_database_error()
        .and_then(|e| e.try_downcast_ref::<PgDatabaseError>())
    {
        Some(e) => {
            let mut text = e.message().to_owned();
            if let Some(detail) = e.detail() {
                text.push_str(&format!("\n  {detail}"));
            }
            if let Some(hint) = e.hint() {
                text.push_str(&format!("\n  hint: {hint}"));
            } else if e.code() == "42501" {
                text.push_str("\n  what is missing: kpi doctor");
            }
            text
        }
        // Without the words of the library around the cause.
        None => match error {
            sqlx::Error::Io(e) => match e.kind() {
                // Whether a commit under way came through, only the server knows.
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                    "the server closed the connection\n  what is loaded: kpi loads".to_owned()
                }
                _ => e.to_string(),
            },
            sqlx::Error::Tls(e) => format!("TLS: {e}"),
            _ => error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, check_environment, connect_timeout};
    use std::time::Duration;

    #[test]
    fn a_connection_that_breaks() {
        let eof = std::io::Error::new(ErrorKind::UnexpectedEof, "expected to read 5 bytes");
        let text = super::explain(&sqlx::Error::Io(eof));
        assert_eq!(
            text,
            "the server closed the connection\n  what is loaded: kpi loads"
        );
    }

    #[test]
    fn mistyped_environment() {
        let with = |name: &'static str, value: &'static str| {
            check_environment(move |n| (n == name).then(|| value.to_owned()))
        };
        assert!(with("PGSSLMODE", "verfy-full").is_err());
        assert!(with("PGSSLMODE", "verify-full").is_ok());
        assert!(with("PGSSLMODE", "").is_ok());
        assert!(with("PGPORT", "abc").is_err());
        assert!(with("PGPORT", "5433").is_ok());
        let wait = |value: &str| connect_timeout(|_| Some(value.to_owned()));
        assert_eq!(wait("2").unwrap(), Some(Duration::from_secs(2)));
        for endless in ["", "0", "-1"] {
            assert_eq!(wait(endless).unwrap(), None);
        }
        assert!(wait("soon").is_err());
    }
}
