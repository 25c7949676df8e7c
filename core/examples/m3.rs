//! Forecasts every series of a CSV file and prints how many it did per CPU-second.
//!
//! `m3 TRAIN.csv[.gz] SEASON HORIZON MODEL OUT.csv [EVERY]`: `TRAIN` has the columns `series_id,
//! t, value`, `OUT` gets `series_id, h, mean, lo80, hi80, lo95, hi95`, and `EVERY` keeps each
//! n-th series. `MODEL` is `auto_arima`, the search of orders alone, or a model of `kpi.forecast`:
//! `auto`, `sarima`, `ets`, `theta`, `mstl`, `naive`, `snaive`, `croston`, `tsb`. All series are one call,
//! so that `auto` calibrates its intervals on all of them.

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::time::Instant;

use kpi_core::Cancel;
use kpi_core::forecast::interval::Calibration;
use kpi_core::forecast::sarima::{AutoOptions, auto};
use kpi_core::forecast::{Model, Options, Prepared, prepare};

/// Half-widths of central normal intervals in standard errors.
const Z80: f64 = 1.281_551_565_544_600_4;
const Z95: f64 = 1.959_963_984_540_054;

/// Mean and the bounds of the 80 % and 95 % intervals.
type Row = [f64; 5];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [train, season, horizon, model, out, rest @ ..] = args.as_slice() else {
        return Err("usage: m3 TRAIN.csv[.gz] SEASON HORIZON MODEL OUT.csv [EVERY]".into());
    };
    let (season, horizon): (usize, usize) = (season.parse()?, horizon.parse()?);
    let every: usize = rest.first().map_or(Ok(1), |n| n.parse())?;
    let series: Vec<_> = read(train)?.into_iter().step_by(every.max(1)).collect();

    let mut out = BufWriter::new(File::create(out)?);
    writeln!(out, "series_id,h,mean,lo80,hi80,lo95,hi95")?;
    let start = Instant::now();
    let forecasts = if model == "auto_arima" {
        auto_arima(&series, season, horizon)?
    } else {
        engine(&series, season, horizon, Model::parse(model)?)?
    };
    let mut bad = 0;
    for ((id, _), rows) in series.iter().zip(forecasts) {
        let missing = rows.len() != horizon;
        bad += usize::from(missing || rows.iter().flatten().any(|v| !v.is_finite()));
        for (h, [mean, lo80, hi80, lo95, hi95]) in rows.into_iter().enumerate() {
            let h = h + 1;
            writeln!(out, "{id},{h},{mean},{lo80},{hi80},{lo95},{hi95}")?;
        }
    }
    out.flush()?;
    // The only thread, so wall time is an upper bound of CPU time.
    let seconds = cpu_seconds().unwrap_or_else(|| start.elapsed().as_secs_f64());
    let mut report = std::io::stdout().lock();
    writeln!(
        report,
        "{model}: {} series, {seconds:.3} CPU-s, {:.1} series per CPU-s, {bad} with a non-finite number",
        series.len(),
        series.len() as f64 / seconds,
    )?;
    Ok(())
}

/// Time this process has spent on a CPU, where the system tells (Linux, in ticks of 10 ms).
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Fields 14 and 15, counted after the name in parentheses.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system).max(1.0) / 100.0)
}

/// The search of orders with the model's own normal intervals.
fn auto_arima(
    series: &[(String, Vec<f64>)],
    season: usize,
    horizon: usize,
) -> Result<Vec<Vec<Row>>, Box<dyn Error>> {
    let options = AutoOptions {
        season,
        ..AutoOptions::default()
    };
    let row = |mean: f64, se: f64| {
        [
            mean,
            mean - Z80 * se,
            mean + Z80 * se,
            mean - Z95 * se,
            mean + Z95 * se,
        ]
    };
    series
        .iter()
        .map(|(_, y)| {
            let steps = auto(y, &[], &options, Cancel::NEVER)?.forecast(horizon, &[])?;
            Ok(steps.into_iter().map(|s| row(s.mean, s.se)).collect())
        })
        .collect()
}

/// What `kpi.forecast` does with all series of a call.
fn engine(
    series: &[(String, Vec<f64>)],
    season: usize,
    horizon: usize,
    model: Model,
) -> Result<Vec<Vec<Row>>, Box<dyn Error>> {
    let options = Options {
        model,
        season: Some(season),
        ..Options::new(horizon)
    };
    let prepared: Vec<Prepared> = series
        .iter()
        .map(|(_, y)| prepare(y, &options, Cancel::NEVER))
        .collect::<Result<_, _>>()?;
    let scores: Vec<_> = prepared.iter().map(|p| p.scores.as_slice()).collect();
    let pool = Calibration::pool(scores, horizon);
    prepared
        .iter()
        .map(|p| {
            let (narrow, wide) = (p.finish(&pool, 0.80)?, p.finish(&pool, 0.95)?);
            let rows = narrow.steps.iter().zip(&wide.steps);
            Ok(rows
                .map(|(n, w)| [n.mean, n.lo, n.hi, w.lo, w.hi])
                .collect())
        })
        .collect()
}

/// Series in the order of the file.
fn read(path: &str) -> Result<Vec<(String, Vec<f64>)>, Box<dyn Error>> {
    let file = BufReader::new(File::open(path)?);
    let input: Box<dyn Read> = if path.ends_with(".gz") {
        Box::new(flate2::read::GzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut series: Vec<(String, Vec<f64>)> = Vec::new();
    for record in csv::Reader::from_reader(input).into_records() {
        let record = record?;
        let (id, value) = (record.get(0).unwrap_or(""), record.get(2).unwrap_or(""));
        let value: f64 = value.parse()?;
        match series.last_mut() {
            Some((last, values)) if last == id => values.push(value),
            _ => series.push((id.to_owned(), vec![value])),
        }
    }
    Ok(series)
}
