//! Parquet, column by column; only columns that fill a field are read.

use super::decimal::Decimal;
use super::mapping::{Mapping, Origin};
use super::record::{Chunk, ChunkSource, Kind, Table};
use super::workbook::float;
use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{ByteArray, DataType};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::schema::types::ColumnDescriptor;
use anyhow::{Context, Result, bail};
use chrono::{NaiveDate, TimeDelta};
use crossbeam_channel::{Receiver, bounded};
use std::fs::File;

/// Rows handed over at a time.
const ROWS: usize = 4_096;

/// The names of a file's columns.
pub(crate) fn columns(file: File) -> Result<Vec<String>> {
    let reader = SerializedFileReader::new(file)?;
    Ok(reader
        .metadata()
        .file_metadata()
        .schema()
        .get_fields()
        .iter()
        .map(|f| f.name().to_owned())
        .collect())
}

/// What a column's values mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Plain,
    Unsigned,
    Day,
    Decimal(u32),
    /// Parts of a second since 1970.
    Time(i64),
    /// A time of day: no use in a sales line.
    Other,
}

/// What the schema says of a column.
fn meaning(column: &ColumnDescriptor) -> Meaning {
    match column.logical_type_ref() {
        Some(LogicalType::Date) => return Meaning::Day,
        Some(LogicalType::Decimal(d)) => return Meaning::Decimal(d.scale.max(0) as u32),
        Some(LogicalType::Timestamp(t)) => {
            return Meaning::Time(match t.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            });
        }
        Some(LogicalType::Integer(i)) if !i.is_signed => return Meaning::Unsigned,
        Some(LogicalType::Time(_)) => return Meaning::Other,
        _ => {}
    }
    match column.converted_type() {
        ConvertedType::DATE => Meaning::Day,
        ConvertedType::DECIMAL => Meaning::Decimal(column.type_scale().max(0) as u32),
        ConvertedType::TIMESTAMP_MILLIS => Meaning::Time(1_000),
        ConvertedType::TIMESTAMP_MICROS => Meaning::Time(1_000_000),
        ConvertedType::UINT_8
        | ConvertedType::UINT_16
        | ConvertedType::UINT_32
        | ConvertedType::UINT_64 => Meaning::Unsigned,
        ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => Meaning::Other,
        _ => Meaning::Plain,
    }
}

/// A value on its way into a table.
type Value = Option<(Vec<u8>, Kind)>;

/// A day as text.
fn day(days: i64) -> Value {
    let day = NaiveDate::default().checked_add_signed(TimeDelta::try_days(days)?)?;
    Some((day.to_string().into_bytes(), Kind::Day))
}

fn number(text: String) -> Value {
    Some((text.into_bytes(), Kind::Number))
}

/// A whole number with its meaning.
fn integer(value: i64, meaning: Meaning) -> Value {
    match meaning {
        Meaning::Day => day(value),
        Meaning::Time(unit) => day(value.div_euclid(unit).div_euclid(86_400)),
        Meaning::Decimal(scale) => number(decimal(value.into(), scale)),
        Meaning::Other => None,
        Meaning::Plain | Meaning::Unsigned => number(value.to_string()),
    }
}

/// A decimal as text, with as many digits as it has.
fn decimal(mantissa: i128, scale: u32) -> String {
    Decimal::new(mantissa, scale.min(38)).to_string()
}

/// Bytes: a text, or a big-endian decimal.
fn bytes(data: &[u8], meaning: Meaning) -> Value {
    let Meaning::Decimal(scale) = meaning else {
        return Some((data.to_vec(), Kind::Text));
    };
    if data.is_empty() || data.len() > 16 {
        return number("NaN".into()); // more digits than a number of sales has
    }
    let fill = if data[0] & 0x80 != 0 { 0xff } else { 0 };
    let mut wide = [fill; 16];
    wide[16 - data.len()..].copy_from_slice(data);
    number(decimal(i128::from_be_bytes(wide), scale))
}

/// Reads up to `rows` values of a column.
fn typed<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    optional: bool,
    rows: usize,
    show: impl Fn(&T::T) -> Value,
) -> Result<Vec<Value>> {
    let mut out = Vec::with_capacity(rows);
    while out.len() < rows {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let def = optional.then_some(&mut levels);
        let (records, ..) = reader.read_records(rows - out.len(), def, None, &mut values)?;
        if records == 0 {
            break;
        }
        let mut values = values.iter();
        for at in 0..records {
            let there = !optional || levels.get(at).is_some_and(|l| *l > 0);
            out.push(if there {
                values.next().and_then(&show)
            } else {
                None
            });
        }
    }
    Ok(out)
}

/// Reads up to `rows` values of any column.
fn read(
    reader: &mut ColumnReader,
    meaning: Meaning,
    optional: bool,
    rows: usize,
) -> Result<Vec<Value>> {
    use ColumnReader::{
        BoolColumnReader, ByteArrayColumnReader, DoubleColumnReader, FixedLenByteArrayColumnReader,
        FloatColumnReader, Int32ColumnReader, Int64ColumnReader, Int96ColumnReader,
    };
    let text = |v: &ByteArray| bytes(v.data(), meaning);
    match reader {
        BoolColumnReader(r) => typed(r, optional, rows, |v| {
            Some((v.to_string().into_bytes(), Kind::Text))
        }),
        Int32ColumnReader(r) => typed(r, optional, rows, |v| match meaning {
            Meaning::Unsigned => number((*v as u32).to_string()),
            m => integer((*v).into(), m),
        }),
        Int64ColumnReader(r) => typed(r, optional, rows, |v| match meaning {
            Meaning::Unsigned => number((*v as u64).to_string()),
            m => integer(*v, m),
        }),
        Int96ColumnReader(r) => typed(r, optional, rows, |v| {
            day(v.to_seconds().div_euclid(86_400))
        }),
        FloatColumnReader(r) => typed(r, optional, rows, |v| number(v.to_string())),
        DoubleColumnReader(r) => typed(r, optional, rows, |v| number(float(*v))),
        ByteArrayColumnReader(r) => typed(r, optional, rows, text),
        FixedLenByteArrayColumnReader(r) => typed(r, optional, rows, |v| bytes(v.data(), meaning)),
    }
}

/// Reads a file row group by row group; `emit` says whether to go on.
fn read_all(file: File, mapping: &Mapping, emit: &mut dyn FnMut(Table) -> bool) -> Result<()> {
    let reader = SerializedFileReader::new(file)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    // Leaves of columns that fill a field, in the order of the columns.
    let mut wanted: Vec<(usize, usize)> = Vec::new();
    for (at, name) in mapping.header.iter().enumerate() {
        if !mapping.origin.contains(&Origin::Column(at)) {
            continue;
        }
        let leaf = (0..schema.num_columns()).find(|leaf| {
            let path = schema.column(*leaf).path().parts().to_vec();
            path.len() == 1 && path.first() == Some(name)
        });
        let Some(leaf) = leaf else {
            bail!("column \"{name}\" holds lists or records, not values")
        };
        if schema.column(leaf).max_rep_level() > 0 {
            bail!("column \"{name}\" holds lists, not values");
        }
        wanted.push((at, leaf));
    }
    let width = wanted.last().map_or(0, |(at, _)| at + 1);
    let mut line = 1u64;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let mut readers = Vec::new();
        for (at, leaf) in &wanted {
            let column = schema.column(*leaf);
            readers.push((
                *at,
                group.get_column_reader(*leaf)?,
                meaning(&column),
                column.max_def_level() > 0,
            ));
        }
        let mut left =
            usize::try_from(group.metadata().num_rows()).context("a row group without length")?;
        while left > 0 {
            let rows = left.min(ROWS);
            let mut columns = Vec::new();
            for (at, reader, meaning, optional) in &mut readers {
                let values = read(reader, *meaning, *optional, rows)?;
                if values.len() != rows {
                    bail!("a column ends early; the file is not whole");
                }
                columns.push((*at, values));
            }
            let mut table = Table::default();
            for row in 0..rows {
                table.start_row(line);
                line += 1;
                let mut next = columns.iter().peekable();
                for at in 0..width {
                    let value = next
                        .next_if(|(column, _)| *column == at)
                        .and_then(|(_, v)| v[row].as_ref());
                    match value {
                        Some((bytes, kind)) => table.push_bytes(bytes, *kind),
                        None => table.push("", Kind::Null),
                    }
                }
            }
            left -= rows;
            if !emit(table) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Cuts a Parquet file into chunks; a thread of its own reads it.
pub(crate) struct ParquetSource {
    tables: Receiver<Result<Option<Table>>>,
}

impl ParquetSource {
    /// Reads the columns that `mapping` uses.
    pub(crate) fn new(file: File, mapping: &Mapping) -> Result<Self> {
        let (send, tables) = bounded(2);
        let mapping = mapping.clone();
        std::thread::spawn(move || {
            // A damaged file must end in an error, also where its reader panics: then nothing is sent,
            // and the end of the channel says so.
            let read = read_all(file, &mapping, &mut |table| {
                send.send(Ok(Some(table))).is_ok()
            });
            let _ = send.send(read.map(|()| None));
        });
        Ok(Self { tables })
    }
}

impl ChunkSource for ParquetSource {
    fn next(&mut self) -> Result<Option<Chunk>> {
        match self.tables.recv() {
            Ok(table) => Ok(table?.map(Chunk::Table)),
            Err(_) => bail!("the Parquet file is damaged"),
        }
    }
}
