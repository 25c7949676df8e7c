//! `kpi init`: schema `sales`, the extension, the roles, and the source.

use crate::db::{self, Database};
use crate::say;
use anyhow::{Result, bail};
use sqlx::Executor;
use sqlx::postgres::PgConnection;

/// Grants for the roles kpi_reader, kpi_analyst and kpi_loader; it can be run any number of times.
const ROLES: &str = include_str!(concat!(env!("OUT_DIR"), "/roles.sql"));

/// Make a database ready: schema sales, extension pg_kpi, roles, and the source
///
/// Can be run again at any time; what is there already stays.
#[derive(clap::Args, Debug)]
pub(crate) struct InitArgs {
    /// Make schema sales only, without the extension
    #[arg(long, hide = true)]
    schema_only: bool,
}

/// Makes the database ready and says what was done.
///
/// # Errors
///
/// With what to install or whom to ask.
pub(crate) async fn run(database: &Database, args: &InitArgs) -> Result<()> {
    let mut conn = database.connect().await?;
    db::migrate(&mut conn).await?;
    say!(
        "schema sales: up to date, {} migrations",
        db::MIGRATIONS.iter().count()
    );
    if args.schema_only {
        return Ok(());
    }
    extension(&mut conn).await?;
    roles(&mut conn).await?;
    source(&mut conn).await
}

/// Installs the extension.
async fn extension(conn: &mut PgConnection) -> Result<()> {
    if let Err(e) = conn.execute("CREATE EXTENSION IF NOT EXISTS pg_kpi").await {
        let hint = match db::sqlstate(&e).as_deref() {
            Some("0A000" | "58P01" | "22023") => {
                "install its files for this server first: make install PG_CONFIG=/path/to/pg_config; then type: kpi init"
            }
            Some("42501") => "ask a superuser for: CREATE EXTENSION pg_kpi; then type: kpi init",
            _ => "then type: kpi init",
        };
        bail!(
            "cannot create extension pg_kpi: {}\n  {hint}",
            db::explain(&e)
        );
    }
    let version: String =
        sqlx::query_scalar("SELECT extversion FROM pg_extension WHERE extname = 'pg_kpi'")
            .fetch_one(&mut *conn)
            .await?;
    say!("extension pg_kpi: version {version}");
    Ok(())
}

/// Runs the script of roles; a role that may not create roles goes on without.
async fn roles(conn: &mut PgConnection) -> Result<()> {
    match conn.execute(ROLES).await {
        Ok(_) => say!("roles kpi_reader, kpi_analyst, kpi_loader: granted"),
        Err(e) if db::sqlstate(&e).as_deref() == Some("42501") => {
            conn.execute("ROLLBACK").await?;
            say!("roles: left out, as this role may not create any ({})", e);
            say!("  a superuser can run sql/roles.sql later");
        }
        Err(e) => bail!("sql/roles.sql: {}", db::explain(&e)),
    }
    Ok(())
}

/// Registers `sales.order_line` as source `sales`.
async fn source(conn: &mut PgConnection) -> Result<()> {
    let known: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM kpi.sources WHERE name = 'sales')")
            .fetch_one(&mut *conn)
            .await?;
    if !known {
        let sql = "SELECT kpi.register_source('sales', 'sales.order_line', at => 'sold_on', price => 'price', \
                   quantity => 'quantity', revenue => 'revenue', \
                   dimensions => '{brand,sku,product,product_type,channel,vendor}', \
                   order_ref => 'order_ref', customer_ref => 'customer_ref', list_price => 'list_price')";
        if let Err(e) = conn.execute(sql).await {
            bail!("cannot register source sales: {}", db::explain(&e));
        }
    }
    say!(
        "source sales: {}",
        if known {
            "registered before"
        } else {
            "registered"
        }
    );
    say!("next: kpi load FILE, or kpi generate --out sales.csv && kpi load sales.csv");
    Ok(())
}
