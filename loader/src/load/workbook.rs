//! Workbooks of Excel and LibreOffice.

use super::input::Input;
use super::mapping::Mapping;
use super::record::{Chunk, ChunkSource, Kind, Table};
use anyhow::{Context, Result, bail};
use calamine::{
    CellErrorType, Data, DataRef, Ods, Range, Reader, Sheet, SheetType, SheetVisible, Xls, Xlsb,
    Xlsx,
};
use crossbeam_channel::{Receiver, bounded};
use std::fs::File;
use std::io::{BufReader, Read, Seek};

/// Rows handed over at a time.
const ROWS: usize = 4_096;

/// Rows among which the header is looked for.
const HEADER_WITHIN: usize = 40;

/// Digits of a float that a spreadsheet keeps.
const FLOAT_DIGITS: usize = 15;

/// Most cells of a row.
const MAX_CELLS: u32 = 16_384;

/// An open workbook.
enum Book {
    Xlsx(Box<Xlsx<BufReader<File>>>),
    /// Formats whose sheets are read whole; name, and a way to a sheet.
    Whole(Box<dyn WholeSheets + Send>),
}

/// A workbook whose sheets are read whole.
trait WholeSheets {
    fn sheets(&self) -> &[Sheet];
    fn range(&mut self, sheet: &str) -> Result<Range<Data>>;
}

impl<R: Reader<BufReader<File>>> WholeSheets for R
where
    R::Error: std::fmt::Display,
{
    fn sheets(&self) -> &[Sheet] {
        self.sheets_metadata()
    }

    fn range(&mut self, sheet: &str) -> Result<Range<Data>> {
        self.worksheet_range(sheet)
            .map_err(|e| anyhow::anyhow!("sheet \"{sheet}\" cannot be read: {e}"))
    }
}

impl Book {
    /// Opens a workbook by what is in it.
    fn open(input: &Input) -> Result<Self> {
        let damaged = || format!("{} is a damaged workbook", input.name);
        let mut file = input.file()?;
        let mut head = [0u8; 4];
        file.read_exact(&mut head).with_context(damaged)?;
        file.rewind()?;
        let part = |name: &str| -> Result<bool> {
            let zip = zip::ZipArchive::new(BufReader::new(input.file()?)).with_context(damaged)?;
            Ok(zip.index_for_name(name).is_some())
        };
        let file = BufReader::new(file);
        Ok(if &head != b"PK\x03\x04" {
            Self::Whole(Box::new(Xls::new(file).with_context(damaged)?))
        } else if part("xl/workbook.xml")? {
            Self::Xlsx(Box::new(Xlsx::new(file).with_context(damaged)?))
        } else if part("xl/workbook.bin")? {
            Self::Whole(Box::new(Xlsb::new(file).with_context(damaged)?))
        } else {
            Self::Whole(Box::new(Ods::new(file).with_context(damaged)?))
        })
    }

    /// The sheets with cells and whether they show, those that do first.
    fn sheets(&self) -> Vec<(String, bool)> {
        let sheets = match self {
            Self::Xlsx(book) => book.sheets_metadata(),
            Self::Whole(book) => book.sheets(),
        };
        let mut sheets: Vec<(String, bool)> = sheets
            .iter()
            .filter(|s| s.typ == SheetType::WorkSheet)
            .map(|s| (s.name.clone(), s.visible == SheetVisible::Visible))
            .collect();
        sheets.sort_by_key(|(_, shows)| !shows);
        sheets
    }

    /// The rows among which a sheet's header is looked for.
    fn head(&mut self, sheet: &str) -> Result<Vec<(u64, Vec<String>)>> {
        let mut rows = Vec::new();
        self.rows(sheet, &mut |line, cells| {
            let cells = cells.iter().map(|(text, _)| text.trim().to_owned());
            rows.push((line, cells.collect()));
            rows.len() < HEADER_WITHIN
        })?;
        Ok(rows)
    }

    fn epoch_1904(&self) -> bool {
        match self {
            Self::Xlsx(book) => book.has_1904_epoch(),
            Self::Whole(_) => false,
        }
    }

    /// Calls `each` with number and cells of every row that is not empty, until it says false.
    fn rows(
        &mut self,
        sheet: &str,
        each: &mut dyn FnMut(u64, &[(String, Kind)]) -> bool,
    ) -> Result<()> {
        let mut row: Vec<(String, Kind)> = Vec::new();
        match self {
            Self::Xlsx(book) => {
                let mut cells = book
                    .worksheet_cells_reader(sheet)
                    .with_context(|| format!("sheet \"{sheet}\" cannot be read"))?;
                let mut at = None;
                while let Some(cell) = cells
                    .next_cell()
                    .with_context(|| format!("sheet \"{sheet}\" is damaged"))?
                {
                    let (r, c) = cell.get_position();
                    if c >= MAX_CELLS {
                        bail!("sheet \"{sheet}\" has more than {MAX_CELLS} columns");
                    }
                    if at != Some(r) {
                        if let Some(done) = at.filter(|_| !is_blank(&row))
                            && !each(u64::from(done) + 1, &row)
                        {
                            return Ok(());
                        }
                        row.clear();
                        at = Some(r);
                    }
                    let value = value(cell.get_value());
                    if value.1 != Kind::Null {
                        row.resize((c as usize + 1).max(row.len()), (String::new(), Kind::Null));
                        row[c as usize] = value;
                    }
                }
                if let Some(done) = at.filter(|_| !is_blank(&row)) {
                    each(u64::from(done) + 1, &row);
                }
            }
            Self::Whole(book) => {
                let range = book.range(sheet)?;
                let (top, left) = range.start().unwrap_or_default();
                for (number, cells) in (u64::from(top) + 1..).zip(range.rows()) {
                    row.clear();
                    row.resize(left as usize, (String::new(), Kind::Null));
                    row.extend(cells.iter().map(|c| value(&as_ref(c))));
                    if !is_blank(&row) && !each(number, &row) {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether a row has nothing in it.
fn is_blank(row: &[(String, Kind)]) -> bool {
    row.iter()
        .all(|(text, kind)| *kind == Kind::Null || text.trim().is_empty())
}

/// A float as the spreadsheet shows it: 13.049999999999999 is 13.05.
pub(crate) fn float(value: f64) -> String {
    let rounded = format!("{value:.*e}", FLOAT_DIGITS - 1)
        .parse::<f64>()
        .unwrap_or(value);
    format!("{rounded}")
}

/// A cell as text with what is known about it.
fn value(cell: &DataRef<'_>) -> (String, Kind) {
    match cell {
        DataRef::Int(n) => (n.to_string(), Kind::Number),
        DataRef::Float(f) => (float(*f), Kind::Number),
        DataRef::String(s) => (s.clone(), Kind::Text),
        DataRef::SharedString(s) => ((*s).to_owned(), Kind::Text),
        DataRef::Bool(b) => (if *b { "TRUE" } else { "FALSE" }.to_owned(), Kind::Text),
        // A date is its serial number; what the cell is for decides how it is read.
        DataRef::DateTime(d) => (float(d.as_f64()), Kind::Number),
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => (s.clone(), Kind::Text),
        DataRef::Error(CellErrorType::NA) | DataRef::Empty => (String::new(), Kind::Null),
        DataRef::Error(e) => (e.to_string(), Kind::Text),
    }
}

/// A cell of a sheet read whole, as one of a sheet that is streamed.
fn as_ref(cell: &Data) -> DataRef<'_> {
    match cell {
        Data::Int(n) => DataRef::Int(*n),
        Data::Float(f) => DataRef::Float(*f),
        Data::String(s) => DataRef::SharedString(s),
        Data::Bool(b) => DataRef::Bool(*b),
        Data::DateTime(d) => DataRef::DateTime(*d),
        Data::DateTimeIso(s) => DataRef::DateTimeIso(s.clone()),
        Data::DurationIso(s) => DataRef::DurationIso(s.clone()),
        Data::Error(e) => DataRef::Error(e.clone()),
        _ => DataRef::Empty,
    }
}

/// Finds the sheet and the row with the header: the asked sheet, or the first that has one, of those that show before hidden
/// ones. What other sheets hold is not left out without a word.
pub(crate) fn find_header(
    input: &Input,
    asked: Option<&str>,
    header_in: impl Fn(&[(u64, Vec<String>)]) -> Result<(Mapping, u64)>,
) -> Result<(String, bool, Mapping, u64)> {
    let mut book = Book::open(input)?;
    let all = book.sheets();
    let mut sheets = match asked {
        None => all.clone(),
        Some(name) if all.iter().any(|(n, _)| n == name) => vec![(name.to_owned(), true)],
        Some(name) => {
            let known: Vec<String> = all.iter().map(|(n, _)| format!("\"{n}\"")).collect();
            bail!(
                "{} has no sheet \"{name}\"; its sheets are {}\n  try: --sheet {}",
                input.name,
                known.join(", "),
                known.first().map_or("", String::as_str)
            )
        }
    }
    .into_iter();
    let mut first_error = None;
    while let Some((sheet, shows)) = sheets.next() {
        let rows = book.head(&sheet)?;
        match header_in(&rows) {
            Ok((mut mapping, line)) => {
                if !shows {
                    mapping.notes.push(format!("sheet \"{sheet}\" is hidden"));
                }
                let others: Vec<String> = sheets
                    .filter(|(other, shows)| {
                        *shows && book.head(other).is_ok_and(|rows| header_in(&rows).is_ok())
                    })
                    .map(|(other, _)| format!("\"{other}\""))
                    .collect();
                if !others.is_empty() {
                    mapping.notes.push(format!(
                        "only sheet \"{sheet}\" is loaded; others with a header of sales: {}, to be saved as files of their own",
                        others.join(", ")
                    ));
                }
                return Ok((sheet, book.epoch_1904(), mapping, line));
            }
            Err(e) => {
                let e = e.context(format!("sheet \"{sheet}\""));
                // What a sheet with rows lacks says more than that another is empty.
                if first_error.is_none() && !rows.is_empty() {
                    first_error = Some(e);
                }
            }
        }
    }
    Err(first_error
        .unwrap_or_else(|| anyhow::anyhow!("{} has nothing in it, not even a header", input.name)))
}

/// Cuts a sheet into chunks; a thread of its own reads it.
pub(crate) struct WorkbookSource {
    tables: Receiver<Result<Option<Table>>>,
}

impl WorkbookSource {
    /// Reads a sheet from its first row.
    pub(crate) fn new(input: &Input, sheet: &str) -> Result<Self> {
        let (send, tables) = bounded(2);
        let (input, sheet) = (input.clone(), sheet.to_owned());
        std::thread::spawn(move || {
            let mut table = Table::default();
            let read = Book::open(&input).and_then(|mut book| {
                book.rows(&sheet, &mut |line, cells| {
                    table.start_row(line);
                    cells
                        .iter()
                        .for_each(|(text, kind)| table.push(text, *kind));
                    table.len() < ROWS || send.send(Ok(Some(std::mem::take(&mut table)))).is_ok()
                })
            });
            // Where the reader panics nothing is sent, and the end of the channel says so.
            let _ = match read {
                Ok(()) => send
                    .send(Ok(Some(table)))
                    .and_then(|()| send.send(Ok(None))),
                Err(e) => send.send(Err(e)),
            };
        });
        Ok(Self { tables })
    }
}

impl ChunkSource for WorkbookSource {
    fn next(&mut self) -> Result<Option<Chunk>> {
        match self.tables.recv() {
            Ok(table) => Ok(table?.map(Chunk::Table)),
            Err(_) => bail!("the workbook is damaged"),
        }
    }
}
