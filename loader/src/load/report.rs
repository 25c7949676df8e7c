//! What a load says while it runs and when it is done.

use super::LoadOptions;
use super::field::Field;
use super::mapping::Origin;
use super::pipeline::{Totals, Watcher};
use super::prepare::Prepared;
use super::row::Reject;
use crate::table::Table;
use crate::{lines, say};
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What became of a file.
#[derive(Debug)]
pub(crate) struct Report {
    file: String,
    format: String,
    sha256: String,
    /// Number of the load, or of the earlier one with the same content.
    pub(crate) load_id: Option<i64>,
    /// `done`, `already` loaded, `checked` in a dry run, or `explained`.
    pub(crate) state: &'static str,
    accepted: u64,
    /// Records not taken.
    pub(crate) rejected: u64,
    /// Lines that were new.
    pub(crate) stored: u64,
    /// Lines that made room for them.
    pub(crate) replaced: u64,
    codes: BTreeMap<&'static str, u64>,
    examples: Vec<Reject>,
    days: Option<(String, String)>,
    revenue: Option<String>,
    units: Option<String>,
    mapping: Value,
    notes: Vec<String>,
    /// Time of the whole load.
    pub(crate) seconds: f64,
    /// Time of `kpi.refresh`, where it ran.
    pub(crate) refresh_seconds: Option<f64>,
    sample: Vec<String>,
}

impl Report {
    /// Nothing done yet.
    pub(crate) fn new(prepared: &Prepared, options: &LoadOptions) -> Self {
        let mut report = Self {
            file: prepared.input.name.clone(),
            format: prepared.format.describe(),
            sha256: prepared.sha256.clone(),
            load_id: None,
            state: "explained",
            accepted: 0,
            rejected: 0,
            stored: 0,
            replaced: 0,
            codes: BTreeMap::new(),
            examples: Vec::new(),
            days: None,
            revenue: None,
            units: None,
            mapping: Value::Null,
            notes: prepared.mapping.notes.clone(),
            seconds: 0.0,
            refresh_seconds: None,
            sample: Vec::new(),
        };
        report.mapping = report.mapping_json(prepared);
        if options.dry_run {
            report.sample = prepared.sample();
        }
        report
    }

    /// How the file is read, as it is stored with the load.
    pub(crate) fn mapping_json(&self, prepared: &Prepared) -> Value {
        let sign = |f: Field| {
            prepared
                .mapping
                .column(f)
                .map(|_| prepared.number[f.index()].decimal)
        };
        json!({
            "fields": prepared.mapping.to_json(),
            "format": self.format,
            "header_line": prepared.header_line,
            "date_order": prepared.date.year_last.or(prepared.date.short_year),
            "decimal": { "price": sign(Field::Price), "quantity": sign(Field::Quantity), "revenue": sign(Field::Revenue) },
        })
    }

    /// Takes over what the file gave.
    pub(crate) fn fill(&mut self, totals: &Totals, state: &'static str) {
        self.state = state;
        self.accepted = totals.accepted;
        self.rejected = totals.rejected;
        self.codes = totals.codes.iter().map(|(c, n)| (c.name(), *n)).collect();
        self.examples.clone_from(&totals.examples);
        self.days = totals.days.map(|(a, b)| (a.to_string(), b.to_string()));
        self.revenue = totals.sums.map(|s| s.0.trimmed().to_string());
        self.units = totals.sums.map(|s| s.1.trimmed().to_string());
    }

    /// The same content was loaded before.
    pub(crate) fn already(&mut self, load_id: i64) {
        self.state = "already";
        self.load_id = Some(load_id);
    }

    /// The lines are stored, but the rollup could not follow.
    pub(crate) fn not_refreshed(&mut self, error: &anyhow::Error) {
        self.notes.push(format!(
            "the lines are loaded, the rollup is not up to date: {}\n  bring it: kpi refresh",
            crate::message(error)
        ));
    }

    /// Says on a terminal what is waited for, until it is dropped.
    pub(crate) fn wait_for_rollup(&self, options: &LoadOptions) -> Option<Spinner> {
        bar_wanted(options).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_message(format!(
                "{} stored, bringing the rollup up to date",
                lines(self.stored)
            ));
            bar.enable_steady_tick(Duration::from_millis(200));
            Spinner(bar)
        })
    }

    /// Prints the summary.
    pub(crate) fn print(&self, options: &LoadOptions) {
        if options.json {
            say!("{}", self.to_json());
        } else if !options.quiet && self.state != "explained" {
            say!("{}", self.to_text().trim_end());
        }
    }

    /// The summary for programs.
    fn to_json(&self) -> Value {
        json!({
            "file": self.file, "state": self.state, "load_id": self.load_id, "format": self.format, "sha256": self.sha256,
            "lines_read": self.accepted + self.rejected, "accepted": self.accepted, "rejected": self.rejected,
            "stored": self.stored, "replaced": self.replaced, "reject_codes": self.codes,
            "first_day": self.days.as_ref().map(|d| &d.0), "last_day": self.days.as_ref().map(|d| &d.1),
            "revenue": self.revenue, "units": self.units, "mapping": self.mapping, "notes": self.notes,
            "seconds": round(self.seconds), "refresh_seconds": self.refresh_seconds.map(round),
            "lines_per_second": self.rate().map(f64::round),
        })
    }

    /// Records per second.
    fn rate(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| (self.accepted + self.rejected) as f64 / self.seconds)
    }

    /// The summary for people.
    fn to_text(&self) -> String {
        let mut text = format!("{}: ", self.file);
        let id = self.load_id.map_or(String::new(), |id| id.to_string());
        if self.state == "already" {
            return text
                + &format!(
                    "loaded before as load {id}; nothing changed\n  to load it again: kpi unload {id}, then kpi load"
                );
        }
        match self.state {
            "checked" => text.push_str(&format!(
                "checked, nothing stored; {} sound",
                lines(self.accepted)
            )),
            _ => text.push_str(&format!("load {id}, {} accepted", lines(self.accepted))),
        }
        text.push_str(&format!(", {} rejected", self.rejected));
        if self.stored != self.accepted && self.state == "done" {
            text.push_str(&format!(
                " ({} new, {} replaced)",
                self.stored, self.replaced
            ));
        } else if self.replaced > 0 {
            text.push_str(&format!(" ({} replaced)", self.replaced));
        }
        text.push('\n');
        if let (Some((a, b)), Some(revenue), Some(units)) = (&self.days, &self.revenue, &self.units)
        {
            text.push_str(&format!("  {a} to {b}, revenue {revenue}, units {units}\n"));
        }
        text.push_str(&format!("  {}", self.format));
        if let Some(rate) = self.rate() {
            text.push_str(&format!("; {:.2} s, {:.0} lines/s", self.seconds, rate));
        }
        if let Some(seconds) = self.refresh_seconds {
            text.push_str(&format!(", then rollup {seconds:.2} s"));
        }
        text.push('\n');
        for note in &self.notes {
            text.push_str(&format!("  note: {note}\n"));
        }
        if self.rejected > 0 {
            let codes: Vec<String> = self.codes.iter().map(|(c, n)| format!("{c} {n}")).collect();
            text.push_str(&format!("  rejects: {}\n", codes.join(", ")));
            for r in &self.examples {
                text.push_str(&format!(
                    "    line {}: {} ({})\n",
                    r.line,
                    r.code.name(),
                    r.reason
                ));
            }
            if !id.is_empty() {
                text.push_str(&format!("  see them: kpi rejects {id}\n"));
            }
        }
        for line in &self.sample {
            text.push_str(&format!("  | {line}\n"));
        }
        text
    }

    /// Shows which column fills which field.
    pub(crate) fn explain(&self, prepared: &Prepared) {
        say!(
            "{}: {}, header on line {}",
            self.file,
            self.format,
            prepared.header_line
        );
        let mut table = Table::new(&["field", "from", "why"]);
        for field in Field::ALL {
            let (from, why) = match &prepared.mapping.origin[field.index()] {
                Origin::Column(at) => {
                    let name = prepared.mapping.header.get(*at).map_or("", String::as_str);
                    let why = match prepared.mapping.scores[field.index()] {
                        101 => "you said so".to_owned(),
                        score => format!("name fits, {score} of 100"),
                    };
                    (format!("column {} \"{name}\"", at + 1), why)
                }
                Origin::Fixed(value) => {
                    (format!("\"{value}\" on every line"), "you said so".into())
                }
                Origin::None => (String::new(), self.without(field, prepared)),
            };
            table.row(vec![field.name().into(), from, why]);
        }
        say!("{table}");
        let used = |at: usize| prepared.mapping.origin.contains(&Origin::Column(at));
        let unused: Vec<&str> = prepared
            .mapping
            .header
            .iter()
            .enumerate()
            .filter(|(at, _)| !used(*at))
            .map(|(_, name)| name.as_str())
            .collect();
        if !unused.is_empty() {
            say!("not used: {}", unused.join(", "));
        }
        for note in &self.notes {
            say!("note: {note}");
        }
    }

    /// What happens to a field without column.
    fn without(&self, field: Field, prepared: &Prepared) -> String {
        let has = |f: Field| prepared.mapping.has(f);
        match field {
            Field::Price => "revenue / quantity",
            Field::Revenue => "price × quantity",
            Field::Sku => "same as product",
            Field::Product => "same as sku",
            Field::ProductType if has(Field::Product) || has(Field::Sku) => {
                "from words in the product's name"
            }
            _ => "NULL",
        }
        .to_owned()
    }
}

/// Milliseconds are enough for a report.
fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// A CSV file of rejects.
pub(crate) struct RejectFile {
    out: BufWriter<File>,
    file: String,
}

impl RejectFile {
    /// Makes the file and writes its header.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let shown = path.display();
        let mut out =
            BufWriter::new(File::create(path).with_context(|| format!("cannot write {shown}"))?);
        writeln!(out, "file,line,column,code,reason,raw")?;
        Ok(Self {
            out,
            file: String::new(),
        })
    }

    fn write(&mut self, reject: &Reject) -> Result<()> {
        let line = reject.line.to_string();
        let cells = [
            &self.file,
            &line,
            reject.column.as_deref().unwrap_or(""),
            reject.code.name(),
            &reject.reason,
            &reject.raw,
        ]
        .map(csv_cell);
        writeln!(self.out, "{}", cells.join(",")).context("cannot write the reject file")
    }

    /// Writes what is held back.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.out.flush().context("cannot write the reject file")
    }
}

/// A cell of CSV; what a spreadsheet would run as a formula gets an apostrophe before it.
fn csv_cell(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    let number = text.parse::<f64>().is_ok();
    let guard = if !number && text.starts_with(['=', '+', '-', '@', '\t']) {
        "'"
    } else {
        ""
    };
    if guard.is_empty() && !text.contains([',', '"', '\n', '\r']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

/// Whether somebody looks on.
fn bar_wanted(options: &LoadOptions) -> bool {
    std::io::stderr().is_terminal() && !options.quiet && !options.json
}

/// A line on a terminal while the server works.
#[derive(Debug)]
pub(crate) struct Spinner(ProgressBar);

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Watches a load: a bar on a terminal, rejects into their file.
pub(crate) struct Watch<'a> {
    bar: Option<(ProgressBar, std::sync::Arc<std::sync::atomic::AtomicU64>)>,
    rejects: Option<&'a mut RejectFile>,
    started: Instant,
}

impl<'a> Watch<'a> {
    /// A bar where standard error is a terminal.
    pub(crate) fn new(
        prepared: &Prepared,
        options: &LoadOptions,
        mut rejects: Option<&'a mut RejectFile>,
    ) -> Self {
        if let Some(file) = &mut rejects {
            file.file.clone_from(&prepared.input.name);
        }
        let bar = bar_wanted(options).then(|| {
            let bar = ProgressBar::new(prepared.input.size);
            let style = "{prefix} {wide_bar} {bytes}/{total_bytes} {msg} ETA {eta}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar.set_prefix(crate::harmless(&prepared.input.name));
            (bar, std::sync::Arc::clone(&prepared.input.position))
        });
        Self {
            bar,
            rejects,
            started: Instant::now(),
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some((bar, _)) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Watcher for Watch<'_> {
    fn progress(&mut self, read: u64, rejected: u64) {
        if let Some((bar, position)) = &self.bar {
            bar.set_position(position.load(Ordering::Relaxed));
            let rate = read as f64 / self.started.elapsed().as_secs_f64().max(0.001);
            bar.set_message(format!("{read} lines, {rate:.0}/s, {rejected} rejects"));
        }
    }

    fn reject(&mut self, reject: &Reject) -> Result<()> {
        match &mut self.rejects {
            Some(file) => file.write(reject),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::csv_cell;

    #[test]
    fn cells_that_would_be_formulas() {
        assert_eq!(csv_cell("=1+1"), "\"'=1+1\"");
        assert_eq!(csv_cell("-5"), "-5");
        assert_eq!(csv_cell("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
