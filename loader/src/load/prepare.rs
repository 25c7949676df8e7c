//! What has to be known before the first row is sent: a file's content hash, encoding, format,
//! header, and the notation of its dates and numbers.

use super::date::{DateFormat, DateOrder, DateVotes};
use super::encoding::{self, Detector, Transcode};
use super::field::{FIELDS, Field, score};
use super::input::{Container, Input};
use super::json::{self, JsonSource};
use super::mapping::{self, MAX_COLUMNS, Mapping, Trouble, Wishes};
use super::number::{DecimalSign, DecimalVotes, NumberFormat};
use super::parquet::ParquetSource;
use super::record::{Cell, Chunk, ChunkSource, Kind};
use super::text::{self, Dialect, TextSource};
use super::workbook::{self, WorkbookSource};
use anyhow::{Context, Result, bail};
use encoding_rs::Encoding;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::io::Read;

/// What the user said about a file's notation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notation {
    /// `--encoding`
    pub(crate) encoding: Option<String>,
    /// `--delimiter`
    pub(crate) delimiter: Option<u8>,
    /// `--date-order`
    pub(crate) date_order: Option<DateOrder>,
    /// `--decimal`
    pub(crate) decimal: Option<DecimalSign>,
    /// `--sheet`
    pub(crate) sheet: Option<String>,
    /// `--epoch-1904`
    pub(crate) epoch_1904: bool,
}

/// A file's format with what it takes to read it.
#[derive(Clone, Debug)]
pub(crate) enum Format {
    /// Delimited text.
    Text(&'static Encoding, Dialect),
    /// An object a line.
    JsonLines(&'static Encoding, json::Keys),
    /// An array of objects.
    JsonArray(&'static Encoding, json::Keys, json::Place),
    /// A sheet of a workbook.
    Workbook { sheet: String, epoch_1904: bool },
    /// Parquet.
    Parquet,
}

/// A file ready to be loaded.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    /// The file.
    pub(crate) input: Input,
    /// SHA-256 of its content, unpacked; hexadecimal.
    pub(crate) sha256: String,
    /// Size of its content, unpacked.
    pub(crate) bytes: u64,
    /// How it is read.
    pub(crate) format: Format,
    /// Columns and fields.
    pub(crate) mapping: Mapping,
    /// Lines up to this one are title and header.
    pub(crate) header_line: u64,
    /// Dates.
    pub(crate) date: DateFormat,
    /// Numbers, by [`Field::index`].
    pub(crate) number: [NumberFormat; FIELDS],
}

/// Decoded bytes that are looked at to find format, delimiter and header.
const HEAD: usize = 1024 * 1024;

/// Bytes whose cells are all taken as evidence; a larger file goes on only while in doubt.
const EVIDENCE: usize = 16 * 1024 * 1024;

/// Records among which the header is looked for.
const HEADER_WITHIN: usize = 40;

impl Format {
    /// Name for messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Text(e, d) => {
                let delimiter = match d.delimiter {
                    b'\t' => "tab".to_owned(),
                    b => format!("\"{}\"", char::from(b)),
                };
                format!("text, {}, delimiter {delimiter}", encoding::name_of(e))
            }
            Self::JsonLines(e, _) => format!("JSON lines, {}", encoding::name_of(e)),
            Self::JsonArray(e, _, place) if place.path.is_empty() => {
                format!("JSON array, {}", encoding::name_of(e))
            }
            Self::JsonArray(e, _, place) => {
                format!("JSON array \"{}\", {}", place.path, encoding::name_of(e))
            }
            Self::Workbook { sheet, .. } => format!("workbook, sheet \"{sheet}\""),
            Self::Parquet => "Parquet".to_owned(),
        }
    }

    /// What is wrong with a record that cannot be told apart.
    pub(crate) fn broken(&self) -> &'static str {
        match self {
            Self::JsonLines(..) | Self::JsonArray(..) => "not a whole JSON object",
            _ => "a quote never closes",
        }
    }

    /// Whether a line must have as many cells as the header.
    pub(crate) fn has_width(&self) -> bool {
        matches!(self, Self::Text(..))
    }

    /// Cuts the file into chunks, from its start.
    pub(crate) fn source(&self, input: &Input, mapping: &Mapping) -> Result<Box<dyn ChunkSource>> {
        Ok(match self {
            Self::Text(e, d) => Box::new(TextSource::new(
                Box::new(Transcode::new(input.reader()?, e)),
                *d,
            )),
            Self::JsonLines(e, _) => Box::new(JsonSource::lines(Box::new(Transcode::new(
                input.reader()?,
                e,
            )))),
            Self::JsonArray(e, _, place) => Box::new(JsonSource::array(
                Box::new(Transcode::new(input.reader()?, e)),
                place,
            )),
            Self::Workbook { sheet, .. } => Box::new(WorkbookSource::new(input, sheet)?),
            Self::Parquet => Box::new(ParquetSource::new(input.file()?, mapping)?),
        })
    }

    /// Calls `each` with line, cells and bytes of every record of a chunk, or with no cells for what
    /// is none.
    pub(crate) fn for_each(
        &self,
        chunk: &Chunk,
        mut each: impl FnMut(u64, Option<&[Cell<'_>]>, &[u8]),
    ) {
        match (self, chunk) {
            (Self::Text(_, dialect), Chunk::Text { data, first_line }) => {
                text::for_each_record(data, *first_line, *dialect, |line, cells, raw| {
                    each(line, Some(cells), raw)
                });
            }
            (Self::JsonLines(_, keys) | Self::JsonArray(_, keys, _), chunk) => {
                json::for_each(chunk, keys, each)
            }
            (_, Chunk::Table(table)) => table.for_each(|line, cells| each(line, Some(cells), &[])),
            (_, Chunk::BadQuote { line, raw }) => each(*line, None, raw),
            _ => {}
        }
    }
}

/// How well a row of cells would do as header.
fn rate(cells: &[String]) -> u32 {
    Field::ALL
        .into_iter()
        .map(|f| {
            cells
                .iter()
                .take(200)
                .map(|c| if c.len() < 100 { score(c, f) } else { 0 })
                .max()
                .unwrap_or(0)
        })
        .filter(|s| *s > 50)
        .sum()
}

/// How well a row does when the user named columns: those count most.
fn rate_with(cells: &[String], wishes: &Wishes) -> u32 {
    let named = wishes
        .map
        .iter()
        .filter(|(_, c)| cells.iter().any(|cell| cell == c.trim()))
        .count();
    rate(cells) + 200 * named as u32
}

/// Looks at a file until everything is known.
///
/// # Errors
///
/// One line that says why the file is refused, and what to type.
pub(crate) fn prepare(input: Input, wishes: &Wishes, notation: &Notation) -> Result<Prepared> {
    let damaged = || format!("{} is damaged", input.name);
    let mut detector = Detector::new();
    let mut hash = Sha256::new();
    let mut total = 0u64;
    let mut reader = input.reader()?;
    let mut block = vec![0u8; 1 << 18];
    loop {
        let n = reader.read(&mut block).with_context(damaged)?;
        if n == 0 {
            break;
        }
        total += n as u64;
        hash.update(&block[..n]);
        if input.container == Container::Stream {
            detector.see(&block[..n]);
        }
    }
    drop(reader);
    if total == 0 {
        bail!("{} has nothing in it, not even a header", input.name);
    }
    let sha256: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    let (format, mapping, header_line) = match input.container {
        Container::Stream => stream(&input, &mut detector, wishes, notation)?,
        Container::Workbook => {
            no_encoding(notation)?;
            let (sheet, epoch_1904, mapping, header_line) =
                workbook::find_header(&input, notation.sheet.as_deref(), |rows| {
                    header_in(rows, wishes)
                })?;
            (
                Format::Workbook {
                    sheet,
                    epoch_1904: epoch_1904 || notation.epoch_1904,
                },
                mapping,
                header_line,
            )
        }
        Container::Parquet => {
            no_encoding(notation)?;
            let header = super::parquet::columns(input.file()?)
                .with_context(|| format!("{} is no readable Parquet file", input.name))?;
            (Format::Parquet, fit_named(&header, wishes)?, 0)
        }
    };
    if notation.sheet.is_some() && !matches!(format, Format::Workbook { .. }) {
        bail!(
            "{} is no workbook, so --sheet has no meaning; leave it out",
            input.name
        );
    }
    let (date, number) = evidence(&input, &format, &mapping, header_line, notation)?;
    Ok(Prepared {
        input,
        sha256,
        bytes: total,
        format,
        mapping,
        header_line,
        date,
        number,
    })
}

/// An encoding makes sense for text only.
fn no_encoding(notation: &Notation) -> Result<()> {
    if let Some(name) = &notation.encoding {
        encoding::by_name(name)?;
    }
    Ok(())
}

/// The mapping of columns that have names of their own.
fn fit_named(header: &[String], wishes: &Wishes) -> Result<Mapping> {
    if header.len() > MAX_COLUMNS {
        bail!(
            "{} columns; a table of sales has at most {MAX_COLUMNS}",
            header.len()
        );
    }
    match mapping::fit(header, wishes)? {
        Ok(mapping) => Ok(mapping),
        Err(Trouble::Missing(m) | Trouble::Ambiguous(m)) => bail!(m),
    }
}

/// Format, mapping and header line of text and JSON.
fn stream(
    input: &Input,
    detector: &mut Detector,
    wishes: &Wishes,
    notation: &Notation,
) -> Result<(Format, Mapping, u64)> {
    let encoding = match &notation.encoding {
        Some(name) => encoding::by_name(name)?,
        None => detector.decide(),
    };
    let mut head = Vec::new();
    Transcode::new(input.reader()?, encoding)
        .take(HEAD as u64)
        .read_to_end(&mut head)?;
    let first = head.iter().position(|b| !b.is_ascii_whitespace());
    let Some(first) = first else {
        bail!("{} has nothing in it, not even a header", input.name)
    };
    let after = head[first + 1..].iter().find(|b| !b.is_ascii_whitespace());
    match (head[first], after) {
        (b'{', Some(b'"' | b'}')) | (b'[', Some(b'{' | b'[' | b']')) => {
            let array = |place| Format::JsonArray(encoding, json::Keys::default(), place);
            let lines = || Format::JsonLines(encoding, json::Keys::default());
            let (format, mapping) = if head[first] == b'[' {
                fit_json(input, array(json::Place::default()), wishes)?
            } else {
                let mut inside = json::arrays(&head);
                let lone = (inside.len() == 1).then(|| inside.remove(0));
                match lone {
                    // Where the array's objects are no sales, its one object may be.
                    Some(place) => fit_json(input, array(place), wishes)
                        .or_else(|e| fit_json(input, lines(), wishes).map_err(|_| e))?,
                    None => fit_json(input, lines(), wishes).map_err(|e| choose(e, &inside))?,
                }
            };
            return Ok((format, mapping, 0));
        }
        _ => {}
    }
    let zeros = head.iter().filter(|b| **b == 0).count();
    if zeros * 10 > head.len()
        || [&b"%PDF"[..], b"\x89PNG", b"GIF8", b"\xff\xd8\xff"]
            .iter()
            .any(|m| head.starts_with(m))
    {
        bail!("{} is not a table; it looks like a binary file", input.name);
    }
    let dialect = text::sniff(&head, notation.delimiter, |cells| rate_with(cells, wishes));
    let format = Format::Text(encoding, dialect);
    if let Some(names) = &wishes.columns {
        return Ok((format, mapping::from_columns(names, wishes)?, 0));
    }
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    let mut source = TextSource::new(Box::new(std::io::Cursor::new(head)), dialect);
    while let (true, Some(chunk)) = (rows.len() < HEADER_WITHIN, source.next()?) {
        format.for_each(&chunk, |line, cells, _| {
            if let (true, Some(cells)) = (rows.len() < HEADER_WITHIN, cells) {
                rows.push((
                    line,
                    cells
                        .iter()
                        .map(|c| c.as_str().unwrap_or("\u{fffd}".into()).into())
                        .collect(),
                ));
            }
        });
    }
    // Bytes by chance have a line end and a delimiter somewhere, and control characters beside them.
    let is_noise = |c: char| c == '\u{fffd}' || (c.is_control() && !c.is_whitespace());
    let noise = rows
        .iter()
        .flat_map(|(_, cells)| cells)
        .filter(|c| c.contains(is_noise))
        .count();
    let (mapping, line) = match header_in(&rows, wishes) {
        Err(_) if noise * 2 > rows.iter().map(|(_, cells)| cells.len()).sum() => {
            bail!("{} is not a table; it looks like a binary file", input.name)
        }
        found => found.with_context(|| refused(input))?,
    };
    Ok((format, mapping, line))
}

/// How a message about a file begins.
fn refused(input: &Input) -> String {
    input.name.clone()
}

/// Finds the header among the first rows: the first that has every required field.
fn header_in(rows: &[(u64, Vec<String>)], wishes: &Wishes) -> Result<(Mapping, u64)> {
    if let Some(names) = &wishes.columns {
        return Ok((mapping::from_columns(names, wishes)?, 0));
    }
    let mut best: Option<(u32, Trouble)> = None;
    for (line, cells) in rows.iter().take(HEADER_WITHIN) {
        if cells.len() > MAX_COLUMNS {
            bail!(
                "line {line} has {} cells; a table of sales has at most {MAX_COLUMNS} columns",
                cells.len()
            );
        }
        match mapping::fit(cells, wishes)? {
            Ok(mapping) => return Ok((mapping, *line)),
            Err(trouble) => {
                let merit = rate_with(cells, wishes)
                    + u32::from(matches!(trouble, Trouble::Ambiguous(_))) * 100;
                if best.as_ref().is_none_or(|(m, _)| merit > *m) {
                    best = Some((merit, trouble));
                }
            }
        }
    }
    match best {
        Some((_, Trouble::Missing(m) | Trouble::Ambiguous(m))) => bail!(m),
        None => bail!("nothing in it, not even a header"),
    }
}

/// JSON with its keys, and their mapping.
fn fit_json(input: &Input, format: Format, wishes: &Wishes) -> Result<(Format, Mapping)> {
    let names = json_names(input, &format)?;
    let mapping = fit_named(&names, wishes)?;
    let keys = json::Keys::new(&names);
    let format = match format {
        Format::JsonArray(e, _, place) => Format::JsonArray(e, keys, place),
        Format::JsonLines(e, _) => Format::JsonLines(e, keys),
        other => other,
    };
    Ok((format, mapping))
}

/// What to do where an object has several arrays of objects, and which of them holds the sales is not known.
fn choose(error: anyhow::Error, arrays: &[json::Place]) -> anyhow::Error {
    let Some(first) = arrays.first() else {
        return error;
    };
    let names: Vec<String> = arrays.iter().map(|p| format!("\"{}\"", p.path)).collect();
    anyhow::anyhow!(
        "an object with {} arrays of objects: {}\n  take one out, for example: jq '.{}'",
        arrays.len(),
        names.join(", "),
        first.path
    )
}

/// The keys that objects have, in the order in which they come up.
fn json_names(input: &Input, format: &Format) -> Result<Vec<String>> {
    let mut names = json::Names::default();
    let mut source = format.source(input, &Mapping::default())?;
    let mut seen = 0;
    while let Some(chunk) = source.next().with_context(|| refused(input))? {
        seen += names.see(&chunk);
        if names.len() > MAX_COLUMNS {
            bail!(
                "{}: more than {MAX_COLUMNS} keys; this is no table of sales",
                input.name
            );
        }
        if seen > EVIDENCE {
            break;
        }
    }
    Ok(names.into_vec())
}

/// Fields that are numbers.
const NUMBERS: [Field; 4] = [
    Field::Price,
    Field::Quantity,
    Field::Revenue,
    Field::ListPrice,
];

/// The text of a cell whose notation is the column's.
fn text_of<'a>(cells: &[Cell<'a>], column: usize) -> Option<Cow<'a, str>> {
    let cell = cells
        .get(column)
        .filter(|c| matches!(c.kind, Kind::Text | Kind::Doubled))?;
    cell.as_str().filter(|t| !t.is_empty())
}

/// How the columns write dates and numbers, by all their cells.
fn evidence(
    input: &Input,
    format: &Format,
    mapping: &Mapping,
    header_line: u64,
    notation: &Notation,
) -> Result<(DateFormat, [NumberFormat; FIELDS])> {
    let backslash_won = matches!(format, Format::Text(e, _) if *e == encoding_rs::EUC_KR);
    let mut dates = DateVotes::default();
    let mut decimals = [DecimalVotes::default(); FIELDS];
    let date_column = mapping.column(Field::Date);
    let number_columns: Vec<(Field, usize)> = NUMBERS
        .into_iter()
        .filter_map(|f| mapping.column(f).map(|c| (f, c)))
        .collect();
    let mut source = format.source(input, mapping)?;
    let mut seen = 0;
    while let Some(chunk) = source.next().with_context(|| refused(input))? {
        seen += match &chunk {
            Chunk::Text { data, .. }
            | Chunk::JsonLines { data, .. }
            | Chunk::JsonElements { data, .. } => data.len(),
            Chunk::BadQuote { raw, .. } => raw.len(),
            Chunk::Table(t) => t.size(),
        };
        format.for_each(&chunk, |line, cells, _| {
            let Some(cells) = cells.filter(|_| line > header_line) else {
                return;
            };
            if let Some(text) = date_column.and_then(|c| text_of(cells, c)) {
                dates.see(&text);
            }
            for (field, column) in &number_columns {
                if let Some(text) = text_of(cells, *column) {
                    decimals[field.index()].see(&text, backslash_won);
                }
            }
        });
        if seen > EVIDENCE && (notation.date_order.is_some() || dates.is_decided()) {
            break;
        }
    }
    let mut date = dates.decide(notation.date_order).map_err(|cell| {
        let name = date_column.and_then(|c| mapping.header.get(c)).map_or("date", String::as_str);
        anyhow::anyhow!(
            "{}: column \"{name}\" could be day/month or month/day (\"{cell}\", and nothing tells)\n  \
             say which: --date-order dmy, --date-order mdy or --date-order ymd",
            input.name
        )
    })?;
    date.epoch_1904 = notation.epoch_1904
        || matches!(
            format,
            Format::Workbook {
                epoch_1904: true,
                ..
            }
        );
    // A column that does not tell follows the others, and these the delimiter: with ";" a comma is
    // free to be the decimal sign, and is.
    let mut all = DecimalVotes::default();
    for (field, _) in &number_columns {
        all.add(decimals[field.index()]);
    }
    let semicolon = matches!(format, Format::Text(_, d) if d.delimiter == b';');
    let fallback = all.winner().unwrap_or(if semicolon {
        DecimalSign::Comma
    } else {
        DecimalSign::Point
    });
    let number = std::array::from_fn(|at| NumberFormat {
        decimal: notation
            .decimal
            .or(decimals[at].winner())
            .unwrap_or(fallback),
        backslash_won,
    });
    Ok((date, number))
}

impl Prepared {
    /// The first few records as they are decoded, so that a wrong encoding shows in a dry run.
    pub(crate) fn sample(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let first = self
            .format
            .source(&self.input, &self.mapping)
            .and_then(|mut s| s.next());
        if let Ok(Some(chunk)) = first {
            self.format.for_each(&chunk, |line, cells, _| {
                if let (true, Some(cells)) = (lines.len() < 3 && line > self.header_line, cells) {
                    let texts: Vec<String> = cells
                        .iter()
                        .take(12)
                        .map(|c| c.as_str().unwrap_or("\u{fffd}".into()).into())
                        .collect();
                    lines.push(texts.join(" | ").replace(['\n', '\r'], " "));
                }
            });
        }
        lines
    }
}
