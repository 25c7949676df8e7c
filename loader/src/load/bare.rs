//! A large load into an empty table: its keys and indexes are made afterwards, in one sweep.
//!
//! Kept up row by row they cost three times what storing the rows does, the reference to `sales.load` alone half
//! of it. Everything happens in the load's transaction, so nobody ever sees the table without them.

use anyhow::{Context, Result};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor, Row};

/// Size of a file's content from which it pays to lock the table, in bytes: some 400,000 lines.
pub(crate) const LARGE: u64 = 32 * 1024 * 1024;

/// Statements that bring back what was taken off.
pub(crate) struct Bare {
    statements: Vec<String>,
}

/// Whether the table is empty, plain, and the caller's own.
const IS_EMPTY: &str = "SELECT pg_has_role(t.relowner, 'USAGE') AND pg_has_role(l.relowner, 'USAGE') AND t.relkind = 'r'
        AND NOT t.relhassubclass AND NOT t.relispartition AND NOT row_security_active(t.oid)
        AND NOT EXISTS (SELECT FROM sales.order_line)
    FROM pg_class AS t, pg_class AS l
    WHERE t.oid = 'sales.order_line'::regclass AND l.oid = 'sales.load'::regclass";

/// How to take off and bring back each key and index that its definition says everything about: one with a comment,
/// a tablespace, storage parameters or a role in replication or CLUSTER stays.
const PARTS: &str = "SELECT 'ALTER TABLE sales.order_line DROP CONSTRAINT ' || quote_ident(k.conname) AS take,
        'ALTER TABLE sales.order_line ADD CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid) AS bring,
        CASE k.contype WHEN 'f' THEN 1 ELSE 2 END AS rank
    FROM pg_constraint AS k LEFT JOIN pg_index AS i ON i.indexrelid = k.conindid AND k.contype <> 'f'
        LEFT JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE k.conrelid = 'sales.order_line'::regclass AND k.contype IN ('f', 'p', 'u') AND k.convalidated
        AND NOT EXISTS (SELECT FROM pg_description AS d WHERE d.objoid IN (k.oid, c.oid))
        AND (c.oid IS NULL OR c.reltablespace = 0 AND c.reloptions IS NULL AND NOT i.indisclustered AND NOT i.indisreplident)
    UNION ALL
    SELECT 'DROP INDEX ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid), 3
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = 'sales.order_line'::regclass AND i.indisvalid AND c.reltablespace = 0
        AND NOT i.indisclustered AND NOT i.indisreplident
        AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid)
        AND NOT EXISTS (SELECT FROM pg_description AS d WHERE d.objoid = c.oid)
    ORDER BY rank";

/// Takes keys and indexes off an empty `sales.order_line` until the end of the load; `None` where the table is not
/// empty, belongs to someone else, is in use, or something depends on them.
///
/// # Errors
///
/// Where the connection is lost.
pub(crate) async fn strip(conn: &mut PgConnection) -> Result<Option<Bare>> {
    if !sqlx::query_scalar(IS_EMPTY).fetch_one(&mut *conn).await? {
        return Ok(None);
    }
    let mut savepoint = conn.begin().await?;
    match take_off(&mut savepoint).await {
        Ok(Some(bare)) => {
            savepoint.commit().await?;
            Ok(Some(bare))
        }
        // A lock that is not to be had, or a view that needs the key: the slow way is always open.
        Ok(None) | Err(sqlx::Error::Database(_)) => {
            savepoint.rollback().await?;
            Ok(None)
        }
        Err(e) => Err(e.into()),
    }
}

/// Locks the table and drops what [`PARTS`] lists.
async fn take_off(conn: &mut PgConnection) -> sqlx::Result<Option<Bare>> {
    let patience: String = sqlx::query_scalar("SELECT current_setting('lock_timeout')")
        .fetch_one(&mut *conn)
        .await?;
    // Less than deadlock_timeout: of two loads that begin together neither may be the victim.
    conn.execute("SET LOCAL lock_timeout = '500ms'; LOCK TABLE sales.order_line, sales.load IN ACCESS EXCLUSIVE MODE").await?;
    sqlx::query("SELECT set_config('lock_timeout', $1, true)")
        .bind(patience)
        .execute(&mut *conn)
        .await?;
    if !sqlx::query_scalar(IS_EMPTY).fetch_one(&mut *conn).await? {
        return Ok(None);
    }
    let mut statements = Vec::new();
    let parts = sqlx::query(PARTS).fetch_all(&mut *conn).await?;
    for part in &parts {
        conn.execute(part.try_get::<&str, _>("take")?).await?;
    }
    // What is checked against other tables comes back last, when the indexes are there.
    for part in parts.iter().rev() {
        statements.push(part.try_get("bring")?);
    }
    Ok(Some(Bare { statements }))
}

impl Bare {
    /// Brings keys and indexes back.
    pub(crate) async fn restore(self, conn: &mut PgConnection) -> Result<()> {
        conn.execute(
            "SELECT set_config('maintenance_work_mem', '256MB', true)
              WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB')",
        )
        .await?;
        for statement in &self.statements {
            conn.execute(statement.as_str())
                .await
                .context("the keys of sales.order_line cannot be made; nothing was loaded")?;
        }
        Ok(())
    }
}
