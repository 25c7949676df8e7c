//! From chunks to rows in the database: one thread cuts, several validate, one sends in order.

use super::decimal::Decimal;
use super::prepare::Prepared;
use super::record::Chunk;
use super::row::{Code, Output, Plan, Reject, Rows};
use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use crossbeam_channel::bounded;
use sqlx::postgres::{PgConnection, PgCopyIn};
use std::collections::{BTreeMap, HashSet};
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Most rejects that are fine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RejectLimit {
    /// So many lines.
    Lines(u64),
    /// So many of a hundred lines.
    Percent(f64),
}

impl std::str::FromStr for RejectLimit {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let bad = || format!("\"{s}\" is neither a number of lines nor a share like 1.5%");
        match s.trim().strip_suffix('%') {
            Some(p) => match p.trim().parse::<f64>() {
                Ok(p) if (0.0..=100.0).contains(&p) => Ok(Self::Percent(p)),
                _ => Err(bad()),
            },
            None => s.trim().parse().map(Self::Lines).map_err(|_| bad()),
        }
    }
}

/// What a file gave.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// Sound records.
    pub(crate) accepted: u64,
    /// Records not taken.
    pub(crate) rejected: u64,
    /// The same by code.
    pub(crate) codes: BTreeMap<Code, u64>,
    /// The first few of them, for the summary.
    pub(crate) examples: Vec<Reject>,
    /// First and last day.
    pub(crate) days: Option<(NaiveDate, NaiveDate)>,
    /// Sum of revenue and of quantity.
    pub(crate) sums: Option<(Decimal, Decimal)>,
    /// All rejects as rows of COPY, on disk as there may be many.
    rejects: Option<BufWriter<std::fs::File>>,
}

/// Rejects shown in a summary.
const EXAMPLES: usize = 5;

/// Head of a binary COPY: signature, flags, no extension.
const COPY_HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Columns of `sales.order_line` in the order in which rows are written.
const COLUMNS: &str = "load_id, line_no, sold_on, order_ref, customer_ref, brand, sku, product, product_type, \
                       channel, vendor, price, quantity, revenue, list_price";

impl Totals {
    /// Records in the file.
    pub(crate) fn read(&self) -> u64 {
        self.accepted + self.rejected
    }

    /// Whether there are more rejects than allowed; a share counts at the end only.
    fn check(&self, limit: Option<RejectLimit>, at_end: bool) -> Result<()> {
        let over = match limit {
            Some(RejectLimit::Lines(n)) => self.rejected > n,
            Some(RejectLimit::Percent(p)) => {
                at_end && self.rejected as f64 * 100.0 > p * self.read() as f64
            }
            None => false,
        };
        if !over {
            return Ok(());
        }
        let first = self.examples.first().map_or(String::new(), |r| {
            format!(
                "; the first on line {}: {} ({})",
                r.line,
                r.code.name(),
                r.reason
            )
        });
        let asked = match limit {
            Some(RejectLimit::Lines(n)) => format!("{n}"),
            Some(RejectLimit::Percent(p)) => format!("{p}%"),
            None => String::new(),
        };
        bail!(
            "{} rejects, more than --max-rejects {asked}{first}\n  see them all: kpi load --dry-run --reject-file rejects.csv FILE",
            self.rejected
        )
    }

    /// Takes a chunk's result into account.
    fn add(&mut self, out: &mut Output, load_id: i64) -> Result<()> {
        self.accepted += out.accepted;
        self.rejected += out.rejects.len() as u64;
        self.days = match (self.days, out.days) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (a, b) => a.or(b),
        };
        self.sums = match (self.sums, out.sums) {
            (Some((a, b)), Some((c, d))) => a.checked_add(c).zip(b.checked_add(d)),
            (a, b) => a.or(b),
        };
        if out.rejects.is_empty() {
            return Ok(());
        }
        let file = match &mut self.rejects {
            Some(file) => file,
            empty => empty.insert(BufWriter::new(
                tempfile::tempfile().context("no room for a temporary file")?,
            )),
        };
        let mut row = Vec::new();
        for reject in out.rejects.drain(..) {
            row.clear();
            reject.put(load_id, &mut row);
            file.write_all(&row)?;
            *self.codes.entry(reject.code).or_default() += 1;
            if self.examples.len() < EXAMPLES {
                self.examples.push(reject);
            }
        }
        Ok(())
    }

    /// Sends all rejects to `sales.reject`.
    pub(crate) async fn store_rejects(&mut self, conn: &mut PgConnection) -> Result<()> {
        let Some(file) = self.rejects.take() else {
            return Ok(());
        };
        let mut file = file.into_inner().context("cannot write a temporary file")?;
        file.rewind()?;
        let mut file = BufReader::new(file);
        let mut copy = conn
            .copy_in_raw("COPY sales.reject (load_id, line, column_name, raw, code, reason) FROM STDIN (FORMAT binary)")
            .await?;
        copy.send(COPY_HEAD).await?;
        let mut block = vec![0u8; 1 << 18];
        loop {
            let n = file.read(&mut block)?;
            if n == 0 {
                break;
            }
            copy.send(&block[..n]).await?;
        }
        copy.send(&(-1i16).to_be_bytes()[..]).await?;
        copy.finish().await?;
        Ok(())
    }
}

/// Turns rows whose order line was there before into rejects.
fn drop_repeated(out: &mut Output, seen: &mut HashSet<u64>) {
    let mut kept = Vec::with_capacity(out.rows.len());
    let mut from = 0usize;
    for (key, line, start, end) in std::mem::take(&mut out.keys) {
        if seen.insert(key) {
            continue;
        }
        kept.extend_from_slice(&out.rows[from..start as usize]);
        from = end as usize;
        out.accepted -= 1;
        out.rejects.push(Reject {
            line,
            column: None,
            raw: String::new(),
            code: Code::DupInFile,
            reason: "the order's line number was there before".into(),
        });
    }
    if from > 0 {
        kept.extend_from_slice(&out.rows[from..]);
        out.rows = kept;
        out.rejects.sort_by_key(|r| r.line);
    }
}

/// Called with records read, rejected, and every reject as it is met.
pub(crate) trait Watcher {
    /// Progress so far.
    fn progress(&mut self, read: u64, rejected: u64);
    /// A line that is not taken.
    fn reject(&mut self, reject: &Reject) -> Result<()>;
}

/// What a chunk is handed over with.
type Job = (Chunk, oneshot::Sender<Output>);

/// Reads the whole file; rows go to `table` through `conn`, or nowhere in a dry run.
///
/// # Errors
///
/// For a file that breaks off, too many rejects, or a lost connection; the caller's transaction
/// is rolled back.
pub(crate) async fn run(
    prepared: &Prepared,
    plan: Plan,
    conn: Option<&mut PgConnection>,
    table: &str,
    threads: usize,
    limit: Option<RejectLimit>,
    watcher: &mut dyn Watcher,
) -> Result<Totals> {
    let load_id = plan.load_id;
    let plan = Arc::new(plan);
    let format = Arc::new(prepared.format.clone());
    let mut source = prepared.format.source(&prepared.input, &prepared.mapping)?;
    let (jobs_in, jobs) = bounded::<Job>(threads);
    let (order_in, mut order) = mpsc::channel::<Result<oneshot::Receiver<Output>>>(threads * 2);
    for _ in 0..threads {
        let (jobs, plan, format) = (jobs.clone(), Arc::clone(&plan), Arc::clone(&format));
        std::thread::spawn(move || {
            let mut rows = Rows::new(&plan);
            while let Ok((chunk, done)) = jobs.recv() {
                format.for_each(&chunk, |line, cells, raw| match cells {
                    Some(cells) => rows.record(line, cells, raw),
                    None => rows.reject(line, Code::BadQuote, raw, format.broken()),
                });
                // The receiver is gone where the load was given up.
                let _ = done.send(rows.take());
            }
        });
    }
    drop(jobs);
    std::thread::spawn(move || {
        loop {
            // A reader that panics must not look like the end of the file.
            let next = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| source.next()))
                .unwrap_or_else(|_| Err(anyhow::anyhow!("it cannot be read")));
            let sent = match next {
                Ok(Some(chunk)) => {
                    let (done, result) = oneshot::channel();
                    jobs_in.send((chunk, done)).is_ok()
                        && order_in.blocking_send(Ok(result)).is_ok()
                }
                Ok(None) => false,
                Err(e) => {
                    let _ = order_in.blocking_send(Err(e));
                    false
                }
            };
            if !sent {
                return;
            }
        }
    });
    let mut copy: Option<PgCopyIn<&mut PgConnection>> = None;
    if let Some(conn) = conn {
        let statement = format!("COPY {table} ({COLUMNS}) FROM STDIN (FORMAT binary)");
        let mut started = conn.copy_in_raw(&statement).await?;
        started.send(COPY_HEAD).await?;
        copy = Some(started);
    }
    let mut totals = Totals::default();
    let mut seen = HashSet::new();
    let result = async {
        while let Some(next) = order.recv().await {
            let mut out = next
                .with_context(|| prepared.input.name.clone())?
                .await
                .context("a validating thread ended early")?;
            drop_repeated(&mut out, &mut seen);
            for reject in &out.rejects {
                watcher.reject(reject)?;
            }
            totals.add(&mut out, load_id)?;
            totals.check(limit, false)?;
            if let Some(copy) = &mut copy {
                for block in out.rows.chunks(MESSAGE) {
                    copy.send(block)
                        .await
                        .context("the connection was lost; nothing was loaded")?;
                }
            }
            watcher.progress(totals.read(), totals.rejected);
        }
        totals.check(limit, true)
    }
    .await;
    match (result, copy) {
        (Ok(()), Some(mut copy)) => {
            copy.send(&(-1i16).to_be_bytes()[..]).await?;
            copy.finish()
                .await
                .context("the server refused the rows; nothing was loaded")?;
        }
        (Err(e), Some(copy)) => {
            let _ = copy.abort("given up").await;
            return Err(e);
        }
        (result, None) => result?,
    }
    Ok(totals)
}

/// Bytes sent to the server at a time.
const MESSAGE: usize = 256 * 1024;
