//! The ledger and the transaction of a load.

use super::Mode;
use super::bare;
use super::mapping::Wishes;
use super::pipeline::{self, RejectLimit, Watcher};
use super::prepare::{Notation, Prepared};
use super::report::Report;
use super::row::Plan;
use anyhow::{Context, Result, bail};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};

/// A load to be done.
pub(crate) struct Job<'a> {
    /// The file.
    pub(crate) prepared: &'a Prepared,
    /// How its records are read; the load's number is filled in.
    pub(crate) plan: Plan,
    /// How lines that may be there already are met.
    pub(crate) mode: Mode,
    /// Source the lines belong to.
    pub(crate) source: &'a str,
    /// Threads that check lines.
    pub(crate) threads: usize,
    /// Most rejects that are fine.
    pub(crate) limit: Option<RejectLimit>,
}

/// Whether the connection is gone, so that further files make no sense.
pub(crate) fn is_lost(error: &anyhow::Error) -> bool {
    error
        .chain()
        .any(|e| match e.downcast_ref::<sqlx::Error>() {
            Some(sqlx::Error::Io(_) | sqlx::Error::Protocol(_)) => true,
            Some(sqlx::Error::Database(e)) => e.code().is_some_and(|c| c.starts_with("57P")),
            _ => false,
        })
}

/// Does a load in one transaction: all of it or nothing.
pub(crate) async fn store(
    conn: &mut PgConnection,
    job: Job<'_>,
    watcher: &mut dyn Watcher,
    report: &mut Report,
) -> Result<()> {
    let Job {
        prepared,
        mut plan,
        mode,
        source,
        threads,
        limit,
    } = job;
    let mut tx = conn.begin().await?;
    // Two loads of the same content wait for each other here; the second finds the ledger filled.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(format!("kpi load {source} {}", prepared.sha256))
        .execute(&mut *tx)
        .await?;
    let before: Option<i64> = sqlx::query_scalar(
        "SELECT load_id FROM sales.load WHERE source = $1 AND sha256 = $2 AND state = 'done'",
    )
    .bind(source)
    .bind(&prepared.sha256)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(load_id) = before {
        tx.rollback().await?;
        report.already(load_id);
        return Ok(());
    }
    let load_id: i64 = sqlx::query_scalar(
        "INSERT INTO sales.load (source, file, sha256, mode, mapping) VALUES ($1, $2, $3, $4, $5::jsonb) RETURNING load_id",
    )
    .bind(source)
    .bind(&prepared.input.name)
    .bind(&prepared.sha256)
    .bind(mode.name())
    .bind(report.mapping_json(prepared).to_string())
    .fetch_one(&mut *tx)
    .await?;
    plan.load_id = load_id;
    sqlx::query("SELECT set_config('kpi.load_id', $1, true)")
        .bind(load_id.to_string())
        .execute(&mut *tx)
        .await?;
    let table = match mode {
        Mode::Append => "sales.order_line",
        Mode::Upsert | Mode::ReplacePeriod => {
            // An archive's members share a transaction, so a table of the one before may be there.
            tx.execute(
                "DROP TABLE IF EXISTS pg_temp.kpi_staging, pg_temp.kpi_keyed, pg_temp.kpi_there; \
                 CREATE TEMP TABLE kpi_staging (LIKE sales.order_line INCLUDING DEFAULTS) ON COMMIT DROP",
            )
            .await?;
            "pg_temp.kpi_staging"
        }
    };
    let bare = match mode {
        Mode::Append if prepared.bytes >= bare::LARGE => bare::strip(&mut tx).await?,
        _ => None,
    };
    let mut totals = pipeline::run(
        prepared,
        plan,
        Some(&mut *tx),
        table,
        threads,
        limit,
        watcher,
    )
    .await?;
    if let Some(bare) = bare {
        bare.restore(&mut tx).await?;
    }
    let stored = match mode {
        Mode::Append => totals.accepted,
        Mode::Upsert => upsert(&mut tx, report).await?,
        Mode::ReplacePeriod => replace_period(&mut tx, report).await?,
    };
    totals
        .store_rejects(&mut tx)
        .await
        .context("cannot store the rejects; nothing was loaded")?;
    sqlx::query(
        "UPDATE sales.load SET state = 'done', lines_read = $2, accepted = $3, rejected = $4, first_day = $5::date, \
         last_day = $6::date, finished_at = clock_timestamp() WHERE load_id = $1",
    )
    .bind(load_id)
    .bind(totals.read() as i64)
    .bind(totals.accepted as i64)
    .bind(totals.rejected as i64)
    .bind(totals.days.map(|d| d.0.to_string()))
    .bind(totals.days.map(|d| d.1.to_string()))
    .execute(&mut *tx)
    .await?;
    tx.commit()
        .await
        .context("the load could not be committed; nothing was loaded")?;
    report.fill(&totals, "done");
    report.load_id = Some(load_id);
    report.stored = stored;
    Ok(())
}

/// Inserts the staged lines that are new, and replaces those of an order that changed.
///
/// A line's key is its order, article, channel and vendor where it has an order, else all its columns. A return
/// has its day in the key: it is no correction of the sale it belongs to, nor of another return. Equal keys are told apart by their number within the key, so that equal lines stay legal.
async fn upsert(tx: &mut PgConnection, report: &mut Report) -> Result<u64> {
    const KEYED: &str = "SELECT *, row_number() OVER (PARTITION BY key ORDER BY load_id, line_no) AS n FROM (
        SELECT t.*, CASE WHEN order_ref IS NOT NULL THEN md5(ROW(order_ref, sku, channel, vendor, CASE WHEN quantity < 0 THEN sold_on END)::text)
            ELSE md5(ROW(sold_on, customer_ref, brand, sku, product, channel, vendor, trim_scale(price),
                trim_scale(quantity), trim_scale(revenue))::text) END AS key FROM";
    const SAME: &str = "(o.sold_on, o.customer_ref, o.brand, o.product, trim_scale(o.price), trim_scale(o.quantity), \
        trim_scale(o.revenue)) IS NOT DISTINCT FROM (s.sold_on, s.customer_ref, s.brand, s.product, \
        trim_scale(s.price), trim_scale(s.quantity), trim_scale(s.revenue))";
    tx.execute("ANALYZE pg_temp.kpi_staging").await?;
    let staged =
        format!("CREATE TEMP TABLE kpi_keyed ON COMMIT DROP AS {KEYED} pg_temp.kpi_staging t) k");
    tx.execute(staged.as_str()).await?;
    // Lines without an order can only meet lines of the same day; lines of an order may have moved.
    let there = format!(
        "CREATE TEMP TABLE kpi_there ON COMMIT DROP AS {KEYED} sales.order_line t
            WHERE sold_on BETWEEN (SELECT min(sold_on) FROM pg_temp.kpi_staging) AND (SELECT max(sold_on) FROM pg_temp.kpi_staging)
               OR order_ref IN (SELECT order_ref FROM pg_temp.kpi_staging)) k"
    );
    tx.execute(there.as_str()).await?;
    tx.execute("ANALYZE pg_temp.kpi_keyed; ANALYZE pg_temp.kpi_there")
        .await?;
    let changed = format!(
        "DELETE FROM sales.order_line l USING pg_temp.kpi_there o JOIN pg_temp.kpi_keyed s USING (key, n)
            WHERE l.load_id = o.load_id AND l.line_no = o.line_no AND NOT ({SAME})"
    );
    report.replaced = tx.execute(changed.as_str()).await?.rows_affected();
    let new = format!(
        "INSERT INTO sales.order_line SELECT s.load_id, s.line_no, s.sold_on, s.order_ref, s.customer_ref, s.brand, s.sku,
            s.product, s.product_type, s.channel, s.vendor, s.price, s.quantity, s.revenue, s.list_price
            FROM pg_temp.kpi_keyed s LEFT JOIN pg_temp.kpi_there o USING (key, n)
            WHERE o.load_id IS NULL OR NOT ({SAME})"
    );
    Ok(tx.execute(new.as_str()).await?.rows_affected())
}

/// Empties the days from the first to the last of the staged lines, and inserts these.
async fn replace_period(tx: &mut PgConnection, report: &mut Report) -> Result<u64> {
    tx.execute("ANALYZE pg_temp.kpi_staging").await?;
    report.replaced = tx
        .execute(
            "DELETE FROM sales.order_line WHERE sold_on BETWEEN (SELECT min(sold_on) FROM pg_temp.kpi_staging) \
             AND (SELECT max(sold_on) FROM pg_temp.kpi_staging)",
        )
        .await?
        .rows_affected();
    Ok(tx
        .execute("INSERT INTO sales.order_line SELECT * FROM pg_temp.kpi_staging")
        .await?
        .rows_affected())
}

/// Adds a profile's options to what was typed.
pub(crate) async fn read_profile(
    conn: &mut PgConnection,
    name: &str,
    wishes: &mut Wishes,
    notation: &mut Notation,
) -> Result<()> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT options::text FROM sales.profile WHERE name = $1")
            .bind(name)
            .fetch_optional(&mut *conn)
            .await?;
    let Some(found) = found else {
        let names: Vec<String> = sqlx::query_scalar("SELECT name FROM sales.profile ORDER BY name")
            .fetch_all(conn)
            .await?;
        bail!(
            "there is no profile \"{name}\"; the profiles are {}\n  save one: kpi load --save-profile {name} … FILE",
            if names.is_empty() {
                "none yet".to_owned()
            } else {
                names.join(", ")
            }
        );
    };
    let saved: Profile =
        serde_json::from_str(&found).context("the saved profile cannot be read; save it again")?;
    let typed = |field: &str, list: &[(String, String)]| list.iter().any(|(f, _)| f == field);
    for pair in saved.wishes.map {
        if !typed(&pair.0, &wishes.map) {
            wishes.map.push(pair);
        }
    }
    for pair in saved.wishes.defaults {
        if !typed(&pair.0, &wishes.defaults) {
            wishes.defaults.push(pair);
        }
    }
    wishes.columns = wishes.columns.take().or(saved.wishes.columns);
    notation.encoding = notation.encoding.take().or(saved.encoding);
    notation.delimiter = notation.delimiter.or(saved.delimiter);
    notation.sheet = notation.sheet.take().or(saved.sheet);
    notation.epoch_1904 |= saved.epoch_1904;
    use clap::ValueEnum;
    let order = saved
        .date_order
        .and_then(|o| super::date::DateOrder::from_str(&o, true).ok());
    let decimal = saved
        .decimal
        .and_then(|d| super::number::DecimalSign::from_str(&d, true).ok());
    notation.date_order = notation.date_order.or(order);
    notation.decimal = notation.decimal.or(decimal);
    Ok(())
}

/// A profile as it is stored.
#[derive(serde::Serialize, serde::Deserialize)]
struct Profile {
    #[serde(flatten)]
    wishes: Wishes,
    encoding: Option<String>,
    delimiter: Option<u8>,
    date_order: Option<String>,
    decimal: Option<String>,
    sheet: Option<String>,
    epoch_1904: bool,
}

/// Saves what was typed under a name, in place of what was there.
pub(crate) async fn save_profile(
    conn: &mut PgConnection,
    name: &str,
    wishes: &Wishes,
    notation: &Notation,
) -> Result<()> {
    let lower = |text: String| text.to_lowercase();
    let profile = Profile {
        wishes: wishes.clone(),
        encoding: notation.encoding.clone(),
        delimiter: notation.delimiter,
        date_order: notation.date_order.map(|o| lower(format!("{o:?}"))),
        decimal: notation.decimal.map(|d| lower(format!("{d:?}"))),
        sheet: notation.sheet.clone(),
        epoch_1904: notation.epoch_1904,
    };
    sqlx::query(
        "INSERT INTO sales.profile (name, options) VALUES ($1, $2::jsonb) ON CONFLICT (name) DO UPDATE \
         SET options = excluded.options, saved_by = current_user, saved_at = clock_timestamp()",
    )
    .bind(name)
    .bind(serde_json::to_string(&profile)?)
    .execute(conn)
    .await?;
    Ok(())
}
