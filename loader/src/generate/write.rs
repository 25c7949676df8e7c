//! Days to a file, in order, drawn by any number of threads.

use super::model::{Day, Model};
use super::rows::{self, Extras, Row, Texts};
use ::parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use ::parquet::column::writer::ColumnWriter;
use ::parquet::data_type::ByteArray;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;
use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use crossbeam_channel::bounded;
use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;

/// Rows of a Parquet row group.
const GROUP: usize = 1_000_000;

/// What becomes of a day in a thread of its own.
pub(crate) enum Piece {
    /// CSV text.
    Text(Vec<u8>),
    /// Rows, for formats that are written cell by cell.
    Rows(NaiveDate, Vec<Row>),
}

/// Number of rows of each day: `total` shared out by demand, to the row.
pub(crate) fn counts(model: &Model, total: u64, threads: usize) -> Vec<u64> {
    let mut demand = vec![0.0; model.days];
    let block = model.days.div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        for (at, part) in demand.chunks_mut(block).enumerate() {
            scope.spawn(move || {
                for (n, slot) in part.iter_mut().enumerate() {
                    *slot = model.day(at * block + n).weights.iter().sum();
                }
            });
        }
    });
    let sum: f64 = demand.iter().sum();
    let exact: Vec<f64> = demand.iter().map(|d| d / sum * total as f64).collect();
    let mut counts: Vec<u64> = exact.iter().map(|e| *e as u64).collect();
    // The largest remainders get what rounding down left over.
    let mut order: Vec<usize> = (0..model.days).collect();
    order.sort_by(|a, b| {
        exact[*b]
            .fract()
            .total_cmp(&exact[*a].fract())
            .then(a.cmp(b))
    });
    let left = total.saturating_sub(counts.iter().sum());
    for at in order.into_iter().cycle().take(left as usize) {
        counts[at] += 1;
    }
    counts
}

/// Draws all days and hands them over in order.
pub(crate) fn each_day(
    model: &Model,
    counts: &[u64],
    extras: Extras,
    text: bool,
    threads: usize,
    mut take: impl FnMut(Piece) -> Result<()>,
) -> Result<()> {
    let texts = Texts::new(model);
    std::thread::scope(|scope| {
        let (jobs_in, jobs) = bounded::<(usize, crossbeam_channel::Sender<Piece>)>(threads);
        for _ in 0..threads {
            let (jobs, texts) = (jobs.clone(), &texts);
            scope.spawn(move || {
                while let Ok((index, done)) = jobs.recv() {
                    let (day, rows) = rows::draw(model, index, counts[index], extras);
                    let piece = match text {
                        true => Piece::Text(rows::csv(model, texts, &day, index, &rows, extras)),
                        false => Piece::Rows(Day { ..day }.date, rows),
                    };
                    // Nobody waits for it where writing failed.
                    let _ = done.send(piece);
                }
            });
        }
        drop(jobs);
        // As many days are under way as there are threads, and a few are waiting.
        let mut waiting = VecDeque::new();
        let mut next = 0;
        while next < counts.len() || !waiting.is_empty() {
            while next < counts.len() && waiting.len() < threads * 2 {
                let (done, result) = bounded(1);
                jobs_in
                    .send((next, done))
                    .context("a drawing thread ended early")?;
                waiting.push_back(result);
                next += 1;
            }
            if let Some(result) = waiting.pop_front() {
                take(result.recv().context("a drawing thread ended early")?)?;
            }
        }
        drop(jobs_in);
        Ok(())
    })
}

/// Writes rows as Parquet: date, dictionaries, whole numbers, Snappy.
pub(crate) struct ParquetOut<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    dates: Vec<i32>,
    texts: [Vec<ByteArray>; 4],
    prices: Vec<i32>,
    quantities: Vec<i32>,
}

impl<W: Write + Send> ParquetOut<W> {
    /// Starts a file.
    pub(crate) fn new(out: W) -> Result<Self> {
        let text = |name: &str| {
            Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
                .with_repetition(Repetition::REQUIRED)
                .with_converted_type(ConvertedType::UTF8)
                .build()
        };
        let number = |name: &str, meaning| {
            Type::primitive_type_builder(name, Physical::INT32)
                .with_repetition(Repetition::REQUIRED)
                .with_converted_type(meaning)
                .build()
        };
        let fields = [
            number("date", ConvertedType::DATE),
            text("brand"),
            text("product"),
            text("channel"),
            text("vendor"),
            number("price", ConvertedType::INT_32),
            number("quantity", ConvertedType::INT_32),
        ];
        let fields = fields
            .into_iter()
            .map(|f| f.map(Arc::new))
            .collect::<Result<Vec<_>, _>>()?;
        let schema = Arc::new(
            Type::group_type_builder("sales")
                .with_fields(fields)
                .build()?,
        );
        let properties = Arc::new(
            WriterProperties::builder()
                .set_compression(Compression::SNAPPY)
                .build(),
        );
        let writer = SerializedFileWriter::new(out, schema, properties)?;
        Ok(Self {
            writer,
            dates: Vec::new(),
            texts: Default::default(),
            prices: Vec::new(),
            quantities: Vec::new(),
        })
    }

    /// Adds the rows of a day.
    pub(crate) fn day(
        &mut self,
        model: &Model,
        names: &Names,
        date: NaiveDate,
        rows: &[Row],
    ) -> Result<()> {
        let days = i32::try_from((date - NaiveDate::default()).num_days())
            .context("a date out of range")?;
        for row in rows {
            self.dates.push(days);
            for (column, value) in self.texts.iter_mut().zip(names.of(model, row)) {
                column.push(value);
            }
            self.prices.push(row.price as i32);
            self.quantities.push(row.quantity.into());
            if self.dates.len() >= GROUP {
                self.group()?;
            }
        }
        Ok(())
    }

    /// Writes what is held as a row group.
    fn group(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        let mut at = 0;
        while let Some(mut column) = group.next_column()? {
            match column.untyped() {
                ColumnWriter::Int32ColumnWriter(w) => {
                    let values = match at {
                        0 => &self.dates,
                        5 => &self.prices,
                        _ => &self.quantities,
                    };
                    w.write_batch(values, None, None)?;
                }
                ColumnWriter::ByteArrayColumnWriter(w) => {
                    let values = self.texts.get(at - 1).context("a column too many")?;
                    w.write_batch(values, None, None)?;
                }
                _ => bail!("a column of another type"),
            }
            column.close()?;
            at += 1;
        }
        group.close()?;
        self.dates.clear();
        self.texts.iter_mut().for_each(Vec::clear);
        self.prices.clear();
        self.quantities.clear();
        Ok(())
    }

    /// Writes the rest and the footer.
    pub(crate) fn finish(mut self) -> Result<()> {
        if !self.dates.is_empty() {
            self.group()?;
        }
        self.writer.close()?;
        Ok(())
    }
}

/// Names as Parquet takes them; copies share their bytes.
pub(crate) struct Names {
    articles: Vec<ByteArray>,
    brands: Vec<ByteArray>,
    channels: Vec<ByteArray>,
    vendors: Vec<ByteArray>,
}

impl Names {
    /// Of a model.
    pub(crate) fn new(model: &Model) -> Self {
        use super::names::{BRANDS, CHANNELS};
        let bytes = |text: &str| ByteArray::from(text.as_bytes().to_vec());
        Self {
            articles: model.articles.iter().map(|a| bytes(&a.name)).collect(),
            brands: BRANDS.iter().map(|b| bytes(b)).collect(),
            channels: CHANNELS.iter().map(|c| bytes(c.0)).collect(),
            vendors: model.vendors.iter().map(|v| bytes(v)).collect(),
        }
    }

    /// Brand, product, channel and vendor of a row.
    fn of(&self, model: &Model, row: &Row) -> [ByteArray; 4] {
        let (article, channel) = (row.article as usize, row.channel as usize);
        let brand = model.articles[article].brand;
        let vendor = model.served[brand][channel][row.vendor as usize];
        [
            self.brands[brand].clone(),
            self.articles[article].clone(),
            self.channels[channel].clone(),
            self.vendors[vendor].clone(),
        ]
    }
}
