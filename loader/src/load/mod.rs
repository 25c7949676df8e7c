//! `kpi load`: any export, safely and at the speed of COPY.

mod bare;
mod date;
mod decimal;
mod encoding;
mod field;
#[cfg(test)]
mod fuzz;
mod input;
mod json;
mod kind;
mod mapping;
mod number;
mod parquet;
mod pipeline;
mod prepare;
mod record;
mod report;
mod row;
mod store;
mod text;
mod workbook;

pub(crate) use input::looks_like_table;

use crate::Outcome;
use crate::db::{self, Database};
use crate::manage::refresh_source;
use anyhow::{Context, Result, bail};
use chrono::{Days, NaiveDate};
use mapping::Wishes;
use pipeline::RejectLimit;
use prepare::{Notation, Prepared, prepare};
use report::Report;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// How lines that may be there already are met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Mode {
    /// Every line of the file is new
    Append,
    /// Lines that are there already stay; an order's line that changed is replaced
    Upsert,
    /// The days of the file are emptied first, whatever load they came with
    ReplacePeriod,
}

impl Mode {
    /// As it is stored.
    const fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Upsert => "upsert",
            Self::ReplacePeriod => "replace-period",
        }
    }
}

/// Load sales lines from files of any common format
///
/// CSV and other delimited text, XLSX, Parquet, JSON arrays and lines, plain or packed as .gz, .zst or
/// .zip. Format, encoding, header, dates and decimal sign are found out from the file; where two
/// readings are possible the file is refused with what to type. A file is one transaction, and the
/// same content is loaded once.
#[derive(clap::Args, Debug)]
pub(crate) struct LoadArgs {
    /// Files, patterns or directories; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) options: LoadOptions,
}

/// What `kpi load` and `kpi watch` have in common.
#[derive(clap::Args, Debug, Clone)]
pub(crate) struct LoadOptions {
    /// Column of a field, as in the header: date, brand, sku, product, product_type, channel, vendor, price,
    /// quantity, revenue, order_ref, order_line, customer_ref, list_price
    #[arg(long = "map", value_name = "FIELD=COLUMN", value_parser = mapping::pair)]
    map: Vec<(String, String)>,
    /// Value of a field that has no column
    #[arg(long = "default", value_name = "FIELD=VALUE", value_parser = mapping::pair)]
    defaults: Vec<(String, String)>,
    /// Fields in order, for a file without header; _ skips a column
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// Order of day, month and year where all are digits
    #[arg(long, value_name = "ORDER")]
    date_order: Option<date::DateOrder>,
    /// Decimal sign of all numbers
    #[arg(long, value_name = "SIGN")]
    decimal: Option<number::DecimalSign>,
    /// Encoding: utf-8, cp949, utf-16le, windows-1252 …
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Delimiter between cells: one character, or "tab"
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Sheet of a workbook
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// Serial dates count from 1904, as in old Mac workbooks saved as text
    #[arg(long)]
    epoch_1904: bool,
    /// Refuse the file where more lines are rejected: a number, or a share like 1%
    #[arg(long, value_name = "N|P%")]
    max_rejects: Option<RejectLimit>,
    /// Also write the rejects to a CSV file
    #[arg(long, value_name = "FILE")]
    reject_file: Option<PathBuf>,
    /// Take prices below zero
    #[arg(long)]
    allow_negative_price: bool,
    /// How lines that may be there already are met
    #[arg(long, value_enum, default_value = "append")]
    mode: Mode,
    /// Source the lines belong to
    #[arg(long, default_value = "sales", value_name = "NAME")]
    source: String,
    /// Options saved with --save-profile; what is typed counts more
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Save the mapping and notation of this load
    #[arg(long, value_name = "NAME")]
    save_profile: Option<String>,
    /// Check everything and change nothing; needs no database
    #[arg(long)]
    dry_run: bool,
    /// Show which column fills which field and why, and change nothing
    #[arg(long)]
    explain_mapping: bool,
    /// Leave the daily rollup as it is
    #[arg(long)]
    no_refresh: bool,
    /// One JSON object a file
    #[arg(long)]
    pub(crate) json: bool,
    /// Say nothing but errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Threads that check lines
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

/// Reads `--delimiter`.
fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" => Ok(b'\t'),
        _ if text.len() == 1 && !matches!(text, "\"" | "\n" | "\r") => Ok(text.as_bytes()[0]),
        _ => Err(format!(
            "\"{text}\" is no single character; name a tab \"tab\""
        )),
    }
}

/// Lines from which a load's table is analysed: fewer do not change a plan.
const ANALYZE_FROM: u64 = 50_000;

/// Loads every file; the ones that are refused do not stop the others.
///
/// # Errors
///
/// Where no file can be found or the server is not there.
pub(crate) async fn run(database: &Database, args: &LoadArgs) -> Result<Outcome> {
    let files = input::expand(&args.files)?;
    if let Some(rejects) = &args.options.reject_file {
        spare(rejects, &files)?;
    }
    let mut session = Session::new(database, args.options.clone()).await?;
    let mut outcome = Outcome::Done;
    for file in &files {
        match session.load(file).await? {
            Outcome::Done => {}
            Outcome::Rejects if outcome == Outcome::Refused => {}
            other => outcome = other,
        }
    }
    session.finish().await?;
    Ok(outcome)
}

/// Refuses to write rejects over a file that is to be loaded.
fn spare(rejects: &Path, files: &[PathBuf]) -> Result<()> {
    let Ok(there) = rejects.canonicalize() else {
        return Ok(());
    };
    // A device like /dev/null or a pipe is not written over.
    if there.is_file()
        && files
            .iter()
            .any(|f| f.canonicalize().is_ok_and(|f| f == there))
    {
        bail!(
            "--reject-file {} is a file to be loaded; name another",
            rejects.display()
        );
    }
    Ok(())
}

/// A connection and options for any number of files.
pub(crate) struct Session {
    conn: Option<PgConnection>,
    options: LoadOptions,
    wishes: Wishes,
    notation: Notation,
    rejects: Option<report::RejectFile>,
    loaded: u64,
}

impl Session {
    /// Connects, but for a dry run, and reads the profile.
    pub(crate) async fn new(database: &Database, options: LoadOptions) -> Result<Self> {
        let dry = options.dry_run || options.explain_mapping;
        let mut conn = match dry && options.profile.is_none() && options.save_profile.is_none() {
            true => None,
            false => Some(database.connect_ready().await?),
        };
        if let Some(conn) = &mut conn {
            known_source(conn, &options.source).await?;
        }
        let mut wishes = Wishes {
            map: options.map.clone(),
            defaults: options.defaults.clone(),
            columns: options.columns.clone(),
        };
        let mut notation = Notation {
            encoding: options.encoding.clone(),
            delimiter: options.delimiter,
            date_order: options.date_order,
            decimal: options.decimal,
            sheet: options.sheet.clone(),
            epoch_1904: options.epoch_1904,
        };
        if let (Some(name), Some(conn)) = (&options.profile, &mut conn) {
            store::read_profile(conn, name, &mut wishes, &mut notation).await?;
        }
        if let (Some(name), Some(conn)) = (&options.save_profile, &mut conn) {
            store::save_profile(conn, name, &wishes, &notation).await?;
        }
        let rejects = options
            .reject_file
            .as_deref()
            .map(report::RejectFile::create)
            .transpose()?;
        Ok(Self {
            conn,
            options,
            wishes,
            notation,
            rejects,
            loaded: 0,
        })
    }

    /// Loads the tables in a file, all of them or none, and prints what was done.
    ///
    /// # Errors
    ///
    /// Only where going on makes no sense: the connection is lost.
    pub(crate) async fn load(&mut self, path: &Path) -> Result<Outcome> {
        match self.load_all(path).await {
            Ok(reports) => {
                reports.iter().for_each(|r| r.print(&self.options));
                Ok(if reports.iter().any(|r| r.rejected > 0) {
                    Outcome::Rejects
                } else {
                    Outcome::Done
                })
            }
            Err(e) if store::is_lost(&e) => Err(e),
            Err(e) => Ok(self.refused(&e)),
        }
    }

    /// Says why a file was refused.
    fn refused(&self, error: &anyhow::Error) -> Outcome {
        if self.options.json {
            crate::say!(
                "{}",
                serde_json::json!({ "state": "refused", "error": crate::message(error) })
            );
        } else {
            crate::complain!("{}", crate::message(error));
        }
        Outcome::Refused
    }

    /// Loads the tables in a file.
    async fn load_all(&mut self, path: &Path) -> Result<Vec<Report>> {
        let started = Instant::now();
        let mut files = Vec::new();
        for input in input::open(path)? {
            let (wishes, notation) = (&self.wishes, &self.notation);
            let name = input.name.clone();
            // A damaged file must not take the command down, whatever a format's reader does with it.
            let read =
                std::panic::catch_unwind(AssertUnwindSafe(|| prepare(input, wishes, notation)));
            files.push(
                read.unwrap_or_else(|_| bail!("{name} cannot be read"))
                    .map_err(|e| named(e, &name))?,
            );
        }
        let mut reports: Vec<Report> = files
            .iter()
            .map(|f| Report::new(f, &self.options))
            .collect();
        if self.options.explain_mapping {
            reports
                .iter()
                .zip(&files)
                .for_each(|(report, file)| report.explain(file));
            return Ok(reports);
        }
        let threads = self.options.threads.map_or_else(
            || std::thread::available_parallelism().map_or(1, |n| n.get()),
            usize::from,
        );
        let limit = self.options.max_rejects;
        let Some(conn) = self.conn.as_mut().filter(|_| !self.options.dry_run) else {
            for (file, report) in files.iter().zip(&mut reports) {
                let mut watch = report::Watch::new(file, &self.options, self.rejects.as_mut());
                let totals = pipeline::run(
                    file,
                    plan(file, &self.options),
                    None,
                    "",
                    threads,
                    limit,
                    &mut watch,
                )
                .await?;
                report.fill(&totals, "checked");
                report.seconds = started.elapsed().as_secs_f64();
            }
            return Ok(reports);
        };
        let mut tx = conn.begin().await?;
        for (file, report) in files.iter().zip(&mut reports) {
            let mut watch = report::Watch::new(file, &self.options, self.rejects.as_mut());
            let job = store::Job {
                prepared: file,
                plan: plan(file, &self.options),
                mode: self.options.mode,
                source: &self.options.source,
                threads,
                limit,
            };
            store::store(&mut tx, job, &mut watch, report).await?;
            report.seconds = started.elapsed().as_secs_f64();
        }
        tx.commit()
            .await
            .context("the load could not be committed; nothing was loaded")?;
        self.loaded += reports.iter().map(|r| r.stored).sum::<u64>();
        let fresh = reports.iter_mut().rfind(|r| r.state == "done");
        if let (Some(report), false) = (fresh, self.options.no_refresh) {
            let wait = report.wait_for_rollup(&self.options);
            let refreshed = refresh_source(conn, &self.options.source, None).await;
            drop(wait);
            match refreshed {
                Ok(seconds) => report.refresh_seconds = seconds,
                // The lines are in, and figures are read from them until the rollup follows.
                Err(e) => report.not_refreshed(&e),
            }
        }
        Ok(reports)
    }

    /// Lets the planner know where much has come.
    pub(crate) async fn finish(&mut self) -> Result<()> {
        if let Some(file) = &mut self.rejects {
            file.flush()?;
        }
        if let Some(conn) = self.conn.as_mut().filter(|_| self.loaded >= ANALYZE_FROM) {
            conn.execute("ANALYZE sales.order_line")
                .await
                .context("cannot analyse sales.order_line")?;
            self.loaded = 0;
        }
        Ok(())
    }
}

/// Refuses a source that pg_kpi does not know; without the extension any name will do.
async fn known_source(conn: &mut PgConnection, name: &str) -> Result<()> {
    if !db::exists(conn, "kpi.sources").await? {
        return Ok(());
    }
    let names: Vec<String> = sqlx::query_scalar("SELECT name::text FROM kpi.sources ORDER BY name")
        .fetch_all(&mut *conn)
        .await?;
    if !names.is_empty() && !names.iter().any(|n| n == name) {
        bail!(
            "there is no source \"{name}\"; the sources are {}",
            names.join(", ")
        );
    }
    Ok(())
}

/// How the records of a file are read.
fn plan(file: &Prepared, options: &LoadOptions) -> row::Plan {
    row::Plan {
        mapping: file.mapping.clone(),
        date: file.date,
        number: file.number,
        width: file.format.has_width().then_some(file.mapping.header.len()),
        header_line: file.header_line,
        latest: tomorrow(),
        allow_negative_price: options.allow_negative_price,
        load_id: 0,
    }
}

/// Puts the file's name before a message that lacks it.
fn named(error: anyhow::Error, name: &str) -> anyhow::Error {
    if error.to_string().contains(name) {
        error
    } else {
        error.context(name.to_owned())
    }
}

/// The last day that is not in the future: tomorrow by UTC, as it is tomorrow somewhere already.
fn tomorrow() -> NaiveDate {
    let days = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs() / 86_400);
    NaiveDate::default() + Days::new(days + 1)
}
