//! `kpi generate`: believable sales with known truths.

mod dirty;
mod model;
mod names;
mod plant;
mod rng;
mod rows;
mod truth;
mod write;

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use model::Model;
use rows::Extras;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use write::{Names, ParquetOut, Piece};

/// A column beside the seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum Extra {
    /// Order; its lines are of one channel and customer
    OrderId,
    /// Customer
    CustomerId,
    /// Price before discount
    ListPrice,
    /// Discount of a running promotion
    Promo,
    /// Units on hand
    Stock,
}

/// Write sales of a cosmetics company, with the truths that were planted
///
/// Seven columns: date, brand, product, channel, vendor, price, quantity. The same rows, seed and
/// period give the same bytes with any number of threads. Beside a file NAME.csv the truths are in
/// the directory NAME_truth.
#[derive(clap::Args, Debug)]
pub(crate) struct GenerateArgs {
    /// Order lines; articles and vendors grow with the square root
    #[arg(long, default_value = "10000", value_parser = count)]
    rows: u64,
    /// Seed
    #[arg(long, default_value = "1")]
    seed: u64,
    /// First day
    #[arg(long, default_value = "2024-01-01", value_name = "DAY")]
    start: NaiveDate,
    /// Last day
    #[arg(long, default_value = "2025-12-31", value_name = "DAY")]
    end: NaiveDate,
    /// Where to: - or csv for CSV on standard output, parquet for Parquet there, else a file by its ending:
    /// .csv, .parquet, and .csv.gz or .csv.zst
    #[arg(long, default_value = "-", value_name = "FILE")]
    out: PathBuf,
    /// Directory of the truth tables
    #[arg(long, value_name = "DIR")]
    truth: Option<PathBuf>,
    /// Columns to add
    #[arg(
        long = "with",
        value_name = "COLUMN,…",
        value_delimiter = ',',
        value_enum
    )]
    with: Vec<Extra>,
    /// Write the file as badly as people do, with lines to reject; truth_dirty lists them
    #[arg(long, value_name = "STYLE", value_enum)]
    dirty: Option<dirty::Style>,
    /// Write truth_rate.csv as well: the lines of every article and day that were to be expected without stock-outs
    #[arg(long, hide = true)]
    rates: bool,
    /// Threads
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

/// Reads a number of rows; 1e8 and 1_000_000 are fine.
fn count(text: &str) -> Result<u64, String> {
    let plain = text.replace('_', "");
    let bad = || format!("\"{text}\" is no number of rows from 1 to 10^10");
    let rows = match plain.parse::<u64>() {
        Ok(n) => n,
        Err(_) => match plain.parse::<f64>() {
            Ok(f) if f.fract() == 0.0 && f.abs() < 1e11 => f as u64,
            _ => return Err(bad()),
        },
    };
    if (1..=10_000_000_000).contains(&rows) {
        Ok(rows)
    } else {
        Err(bad())
    }
}

/// Longest period: 30 years.
const MAX_DAYS: i64 = 366 * 30;

/// The extra columns that were asked for.
fn extras(args: &GenerateArgs) -> Extras {
    let has = |e| args.with.contains(&e);
    Extras {
        order_id: has(Extra::OrderId),
        customer_id: has(Extra::CustomerId),
        list_price: has(Extra::ListPrice),
        promo: has(Extra::Promo),
        stock: has(Extra::Stock),
    }
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Gzip,
    Zstd,
    Parquet,
}

/// Format of an output by its name; `None` for standard output's path.
fn target(out: &Path) -> Result<(Format, Option<&Path>)> {
    let name = out.to_string_lossy();
    Ok(match name.as_ref() {
        "-" | "csv" => (Format::Csv, None),
        "parquet" => (Format::Parquet, None),
        n if n.ends_with(".csv") => (Format::Csv, Some(out)),
        n if n.ends_with(".csv.gz") => (Format::Gzip, Some(out)),
        n if n.ends_with(".csv.zst") => (Format::Zstd, Some(out)),
        n if n.ends_with(".parquet") => (Format::Parquet, Some(out)),
        n => bail!(
            "cannot tell the format of \"{n}\"\n  end it in .csv, .csv.gz, .csv.zst or .parquet; - is CSV on standard output"
        ),
    })
}

/// Directory of the truth tables beside a file.
fn truth_dir(file: &Path) -> PathBuf {
    let name = file
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    file.with_file_name(format!("{stem}_truth"))
}

/// Writes data and truths.
///
/// # Errors
///
/// For a period that is none, or a place that cannot be written.
pub(crate) fn run(args: &GenerateArgs) -> Result<()> {
    let days = (args.end - args.start).num_days() + 1;
    if !(1..=MAX_DAYS).contains(&days) {
        bail!(
            "the period from {} to {} has {days} days; it must have 1 to {MAX_DAYS}",
            args.start,
            args.end
        );
    }
    let threads = args.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, |n| n.get()),
        usize::from,
    );
    let model = Model::new(args.seed, args.rows, args.start, days as usize);
    let counts = write::counts(&model, args.rows, threads);
    let extras = extras(args);
    let file = match args.dirty {
        Some(style) => {
            if args.out == Path::new("-") {
                bail!("a dirty file needs a place\n  type: kpi generate --dirty STYLE --out FILE");
            }
            let rejects = dirty::write(&model, &counts, style, args.seed, &args.out)?;
            let dir = args.truth.clone().unwrap_or_else(|| truth_dir(&args.out));
            std::fs::create_dir_all(&dir)
                .with_context(|| format!("cannot make {}", dir.display()))?;
            truth::table(&dir, "truth_dirty", "line,code", &rejects)?;
            Some(args.out.as_path())
        }
        None => {
            let (format, file) = target(&args.out)?;
            let done = clean(&model, &counts, extras, format, file, threads);
            // A reader that has seen enough is no error.
            match done {
                Err(e) if file.is_none() && is_closed(&e) => {}
                other => other?,
            }
            file
        }
    };
    if let Some(dir) = args.truth.clone().or_else(|| file.map(truth_dir)) {
        truth::write(&model, &dir)?;
        if args.rates {
            truth::rates(&model, &counts, &dir)?;
        }
        if let Some(file) = file {
            crate::say!(
                "{}: {} lines, {} to {}, {} articles, {} vendors; truths in {}",
                file.display(),
                args.rows,
                args.start,
                args.end,
                model.articles.len(),
                model.vendors.len(),
                dir.display()
            );
        }
    }
    Ok(())
}

/// Whether the reader of standard output has gone away.
fn is_closed(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes the rows as they are.
fn clean(
    model: &Model,
    counts: &[u64],
    extras: Extras,
    format: Format,
    file: Option<&Path>,
    threads: usize,
) -> Result<()> {
    let out: Box<dyn Write + Send> = match file {
        Some(path) => Box::new(
            File::create(path).with_context(|| format!("cannot write {}", path.display()))?,
        ),
        None => Box::new(io::stdout()),
    };
    let out = BufWriter::with_capacity(1 << 20, out);
    match format {
        Format::Parquet => {
            if !extras.headers().is_empty() {
                bail!("--with is for CSV only");
            }
            let names = Names::new(model);
            let mut parquet = ParquetOut::new(out)?;
            write::each_day(model, counts, extras, false, threads, |piece| match piece {
                Piece::Rows(date, rows) => parquet.day(model, &names, date, &rows),
                Piece::Text(_) => Ok(()),
            })?;
            parquet.finish()
        }
        Format::Csv => csv(model, counts, extras, threads, out).map(drop),
        Format::Gzip => {
            let packed = flate2::write::GzEncoder::new(out, flate2::Compression::default());
            csv(model, counts, extras, threads, packed)?
                .finish()?
                .flush()
                .map_err(Into::into)
        }
        Format::Zstd => {
            let packed = zstd::stream::write::Encoder::new(out, 0)?;
            csv(model, counts, extras, threads, packed)?
                .finish()?
                .flush()
                .map_err(Into::into)
        }
    }
}

/// Writes the rows as CSV and hands the stream back.
fn csv<W: Write>(
    model: &Model,
    counts: &[u64],
    extras: Extras,
    threads: usize,
    mut out: W,
) -> Result<W> {
    writeln!(out, "{}", rows::header(extras))?;
    write::each_day(model, counts, extras, true, threads, |piece| match piece {
        Piece::Text(text) => out.write_all(&text).context("cannot write the rows"),
        Piece::Rows(..) => Ok(()),
    })?;
    out.flush().context("cannot write the rows")?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn bytes(rows: u64, seed: u64, threads: usize, extras: Extras) -> Vec<u8> {
        let start = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
        let model = Model::new(seed, rows, start, 731);
        let counts = write::counts(&model, rows, threads);
        csv(&model, &counts, extras, threads, Vec::new()).unwrap()
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        let all = Extras {
            order_id: true,
            customer_id: true,
            list_price: true,
            promo: true,
            stock: true,
        };
        for extras in [Extras::default(), all] {
            let one = bytes(20_000, 7, 1, extras);
            assert_eq!(one, bytes(20_000, 7, 3, extras));
            assert_eq!(one.iter().filter(|b| **b == b'\n').count(), 20_001);
        }
    }

    /// The bytes of a version: whoever changes the model changes what benches and docs refer to.
    #[test]
    fn golden() {
        let hash: String = Sha256::digest(bytes(10_000, 1, 2, Extras::default()))
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(hash, include_str!("golden.sha256").trim());
    }

    #[test]
    fn planted_effects_show() {
        let text = String::from_utf8(bytes(200_000, 3, 2, Extras::default())).unwrap();
        let model = Model::new(
            3,
            200_000,
            NaiveDate::from_ymd_opt(2024, 1, 1).unwrap(),
            731,
        );
        for plant in model
            .plants
            .all
            .iter()
            .filter(|p| p.kind == plant::Kind::Stockout)
        {
            let plant::Segment::Article(a) = plant.segment else {
                continue;
            };
            let (from, to) = (
                model.date(plant.from as usize).to_string(),
                model.date(plant.to as usize).to_string(),
            );
            let name = format!(",{},", model.articles[a].name);
            let sold = text
                .lines()
                .filter(|l| l[..10] >= from[..] && l[..10] <= to[..] && l.contains(&name))
                .count();
            assert_eq!(sold, 0, "{name}");
        }
        // The last effect on a brand in a channel: its revenue falls to a quarter or so.
        let count = |from: i64, to: i64| {
            let (from, to) = (
                model.date(from as usize).to_string(),
                model.date(to as usize).to_string(),
            );
            let of = |l: &&str| {
                l.contains(",Lumio,")
                    && l.contains(",Coupang,")
                    && l[..10] >= from[..]
                    && l[..10] <= to[..]
            };
            text.lines().skip(1).filter(of).count() as f64
        };
        let ratio = count(731 - 24, 731 - 7) / count(731 - 24 - 18, 731 - 25);
        assert!((0.1..0.5).contains(&ratio), "{ratio}");
    }
}
