//! Delimited text: where records end, and what their cells are.
//!
//! Cutting is sequential and only looks at quotes and line ends; cells are told apart by the
//! validating threads. Both follow the same rules: a quote counts at the start of a field only, and
//! one that is not followed by a delimiter or the end of the line is part of the text.

use super::record::{Cell, Chunk, ChunkSource, Kind};
use anyhow::{Result, bail};
use memchr::{memchr, memchr_iter, memchr2, memrchr};
use std::io::Read;

/// Size of a chunk; large enough to amortise a hand-over, small enough for the processor's cache.
const CHUNK: usize = 512 * 1024;

/// Longest line or record; what is longer is no table of sales.
pub(crate) const MAX_RECORD: usize = 16 * 1024 * 1024;

/// A quoted field that has not closed after this many bytes never will.
const MAX_QUOTED: usize = 1024 * 1024;

/// The signs of a delimited text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Between cells.
    pub(crate) delimiter: u8,
    /// Around a cell.
    pub(crate) quote: u8,
    /// At the end of a line: `\n`, or `\r` in files of old Macs.
    pub(crate) newline: u8,
}

/// Reads until `buf` has grown by `want` bytes or the input ends; whether it ended.
fn fill(input: &mut dyn Read, buf: &mut Vec<u8>, want: usize) -> Result<bool> {
    let n = input.take(want as u64).read_to_end(buf)?;
    Ok(n < want)
}

/// Whether a quote at `at` opens a field of the record that starts at `start`.
fn opens(buf: &[u8], start: usize, at: usize, delimiter: u8) -> bool {
    let mut i = at;
    while i > start && buf[i - 1] == b' ' {
        i -= 1;
    }
    i == start || buf[i - 1] == delimiter
}

/// Whether what follows a quote ends its field.
fn closes(rest: &[u8], dialect: Dialect) -> bool {
    let mut i = 0;
    while rest.get(i) == Some(&b' ') && dialect.delimiter != b' ' {
        i += 1;
    }
    match rest.get(i) {
        None | Some(b'\r' | b'\n') => true,
        Some(b) => *b == dialect.delimiter || *b == dialect.newline,
    }
}

/// Cuts delimited text into chunks of whole records.
pub(crate) struct TextSource {
    input: Box<dyn Read + Send>,
    dialect: Dialect,
    buf: Vec<u8>,
    line: u64,
    ended: bool,
}

/// Where a scan stopped.
enum Cut {
    /// A chunk of whole records ends here.
    At(usize),
    /// The record that starts here has a quote that never closes.
    BadQuote(usize),
    /// More input is needed.
    More,
}

impl TextSource {
    /// Cuts `input`, whose first line is line 1.
    pub(crate) fn new(input: Box<dyn Read + Send>, dialect: Dialect) -> Self {
        Self {
            input,
            dialect,
            buf: Vec::with_capacity(CHUNK * 2),
            line: 1,
            ended: false,
        }
    }

    /// Finds the end of the last whole record in the buffer.
    fn scan(&self) -> Cut {
        let Dialect {
            delimiter,
            quote,
            newline,
        } = self.dialect;
        let buf = self.buf.as_slice();
        let end_of = |cut: usize| if cut > 0 { Cut::At(cut) } else { Cut::More };
        if memchr(quote, buf).is_none() {
            return match memrchr(newline, buf) {
                _ if self.ended => end_of(buf.len()),
                Some(at) => Cut::At(at + 1),
                None => Cut::More,
            };
        }
        let (mut pos, mut start) = (0, 0);
        while pos < buf.len() {
            let Some(at) = memchr2(quote, newline, &buf[pos..]).map(|i| pos + i) else {
                break;
            };
            pos = at + 1;
            if buf[at] == newline {
                start = pos;
                continue;
            }
            if !opens(buf, start, at, delimiter) {
                continue;
            }
            // Inside quotes up to the one that closes.
            let opened = at;
            loop {
                let Some(q) = memchr(quote, &buf[pos..]).map(|i| pos + i) else {
                    if self.ended || buf.len() - opened > MAX_QUOTED {
                        return Cut::BadQuote(start);
                    }
                    return end_of(start);
                };
                if q + 2 >= buf.len() && !self.ended {
                    return end_of(start); // the byte after the quote decides
                }
                pos = q + 1;
                if buf.get(pos) == Some(&quote) {
                    pos += 1;
                    continue;
                }
                if closes(&buf[pos..], self.dialect) {
                    break;
                }
                // A quote within a line is text; across lines it is another record's.
                if q - opened > MAX_QUOTED || memchr(newline, &buf[opened..q]).is_some() {
                    return Cut::BadQuote(start);
                }
            }
        }
        end_of(if self.ended { buf.len() } else { start })
    }

    /// Hands the first `n` bytes over and counts their lines.
    fn take(&mut self, n: usize) -> (Vec<u8>, u64) {
        let rest = self.buf.split_off(n);
        let mut data = std::mem::replace(&mut self.buf, Vec::with_capacity(CHUNK * 2));
        self.buf.extend_from_slice(&rest);
        let first = self.line;
        self.line += memchr_iter(self.dialect.newline, &data).count() as u64;
        data.truncate(n);
        (data, first)
    }
}

impl ChunkSource for TextSource {
    fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            if !self.ended && self.buf.len() < CHUNK {
                let want = CHUNK - self.buf.len();
                self.ended = fill(&mut *self.input, &mut self.buf, want)?;
            }
            if self.buf.is_empty() && self.ended {
                return Ok(None);
            }
            match self.scan() {
                Cut::At(n) => {
                    let (data, first_line) = self.take(n);
                    return Ok(Some(Chunk::Text { data, first_line }));
                }
                Cut::BadQuote(0) => {
                    let n =
                        memchr(self.dialect.newline, &self.buf).map_or(self.buf.len(), |i| i + 1);
                    let (raw, line) = self.take(n);
                    return Ok(Some(Chunk::BadQuote { line, raw }));
                }
                Cut::BadQuote(n) => {
                    let (data, first_line) = self.take(n);
                    return Ok(Some(Chunk::Text { data, first_line }));
                }
                Cut::More if self.buf.len() > MAX_RECORD => {
                    bail!(
                        "line {} is longer than {} MB; this is no table of sales",
                        self.line,
                        MAX_RECORD >> 20
                    )
                }
                Cut::More => {
                    let want = self.buf.len().max(CHUNK);
                    self.ended = fill(&mut *self.input, &mut self.buf, want)?;
                }
            }
        }
    }
}

/// Calls `each` with line, cells and bytes of every record that is neither blank nor a comment.
pub(crate) fn for_each_record<'a>(
    data: &'a [u8],
    first_line: u64,
    dialect: Dialect,
    mut each: impl FnMut(u64, &[Cell<'a>], &'a [u8]),
) {
    let Dialect {
        delimiter,
        quote,
        newline,
    } = dialect;
    let quotes = memchr(quote, data).is_some();
    let mut cells: Vec<Cell<'a>> = Vec::with_capacity(32);
    let (mut pos, mut line) = (0, first_line);
    while pos < data.len() {
        cells.clear();
        let start = pos;
        let this = line;
        let end = memchr(newline, &data[pos..]).map_or(data.len(), |i| pos + i);
        if !quotes || memchr(quote, &data[pos..end]).is_none() {
            let text = &data[pos..end];
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            pos = end + 1;
            line += 1;
            if text.first() == Some(&b'#') || text.is_empty() {
                continue;
            }
            let mut from = 0;
            for at in memchr_iter(delimiter, text) {
                cells.push(Cell::text(&text[from..at]));
                from = at + 1;
            }
            cells.push(Cell::text(&text[from..]));
            if !is_blank(&cells) {
                each(this, &cells, text);
            }
            continue;
        }
        if data[pos] == b'#' {
            pos = end + 1;
            line += 1;
            continue;
        }
        // Cell by cell, as quotes may hold delimiters and line ends.
        loop {
            let (cell, next) = quoted_or_plain(data, pos, dialect);
            cells.push(cell);
            pos = next;
            match data.get(pos) {
                Some(b) if *b == delimiter => pos += 1,
                _ => break,
            }
        }
        let text = data.get(start..pos).unwrap_or_default();
        line += 1 + memchr_iter(newline, text).count() as u64;
        pos += 1; // the line end
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if !is_blank(&cells) {
            each(this, &cells, text);
        }
    }
}

/// The cell that starts at `pos`, and the position of the delimiter or line end after it.
fn quoted_or_plain(data: &[u8], pos: usize, dialect: Dialect) -> (Cell<'_>, usize) {
    let Dialect {
        delimiter,
        quote,
        newline,
    } = dialect;
    let mut open = pos;
    while data.get(open) == Some(&b' ') && delimiter != b' ' {
        open += 1;
    }
    if data.get(open) == Some(&quote) {
        let mut at = open + 1;
        let mut doubled = false;
        while let Some(q) = memchr(quote, &data[at..]).map(|i| at + i) {
            if data.get(q + 1) == Some(&quote) {
                doubled = true;
                at = q + 2;
                continue;
            }
            if closes(&data[q + 1..], dialect) {
                let mut next = q + 1;
                while data
                    .get(next)
                    .is_some_and(|b| *b != delimiter && *b != newline)
                {
                    next += 1;
                }
                let kind = if doubled { Kind::Doubled } else { Kind::Text };
                return (
                    Cell {
                        bytes: &data[open + 1..q],
                        kind,
                    },
                    next,
                );
            }
            at = q + 1;
        }
    }
    let end = memchr2(delimiter, newline, &data[pos..]).map_or(data.len(), |i| pos + i);
    let text = &data[pos..end];
    let text = if data.get(end) == Some(&delimiter) {
        text
    } else {
        text.strip_suffix(b"\r").unwrap_or(text)
    };
    (Cell::text(text), end)
}

/// Whether a record has nothing in it.
fn is_blank(cells: &[Cell<'_>]) -> bool {
    cells.iter().all(|c| {
        c.bytes.iter().all(|b| b.is_ascii_whitespace())
            || std::str::from_utf8(c.bytes).is_ok_and(|s| s.trim().is_empty())
    })
}

/// Delimiters that are tried, the likelier first.
const DELIMITERS: [u8; 8] = [b',', b';', b'\t', b'|', b'^', b'~', 0x1f, 0x01];

/// Guesses the signs of a text from its beginning; `rate` says how good a header a row of cells is.
pub(crate) fn sniff(
    head: &[u8],
    delimiter: Option<u8>,
    rate: impl Fn(&[String]) -> u32,
) -> Dialect {
    let newline = if memchr(b'\n', head).is_none() && memchr(b'\r', head).is_some() {
        b'\r'
    } else {
        b'\n'
    };
    let dialect = |delimiter| Dialect {
        delimiter,
        quote: b'"',
        newline,
    };
    if let Some(d) = delimiter {
        return dialect(d);
    }
    // Only whole lines, unless there is just one.
    let head = memrchr(newline, head).map_or(head, |at| &head[..=at]);
    let mut best = (dialect(b','), (0, 0, 0));
    for d in DELIMITERS {
        let mut widths: Vec<usize> = Vec::new();
        let mut header = 0;
        for_each_record(head, 1, dialect(d), |_, cells, _| {
            if widths.len() < SNIFFED {
                widths.push(cells.len());
                if header == 0 || widths.len() <= 30 {
                    let names: Vec<String> = cells
                        .iter()
                        .filter_map(|c| c.as_str())
                        .map(Into::into)
                        .collect();
                    header = header.max(rate(&names));
                }
            }
        });
        let mut sorted = widths.clone();
        sorted.sort_unstable();
        let modal = sorted.get(sorted.len() / 2).copied().unwrap_or(1);
        let agree = widths.iter().filter(|w| **w == modal).count();
        let share = if modal > 1 {
            agree * 100 / widths.len().max(1)
        } else {
            0
        };
        let merit = (header, share, modal);
        if merit > best.1 {
            best = (dialect(d), merit);
        }
    }
    best.0
}

/// Records looked at to guess the delimiter.
const SNIFFED: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMMA: Dialect = Dialect {
        delimiter: b',',
        quote: b'"',
        newline: b'\n',
    };

    fn read(text: &[u8]) -> Vec<(u64, Vec<String>)> {
        let mut source = TextSource::new(Box::new(std::io::Cursor::new(text.to_vec())), COMMA);
        let mut rows = Vec::new();
        while let Some(chunk) = source.next().unwrap() {
            match chunk {
                Chunk::Text { data, first_line } => {
                    for_each_record(&data, first_line, COMMA, |line, cells, _| {
                        rows.push((
                            line,
                            cells
                                .iter()
                                .map(|c| c.as_str().unwrap_or("?".into()).into())
                                .collect(),
                        ));
                    })
                }
                Chunk::BadQuote { line, .. } => rows.push((line, vec!["BAD".into()])),
                _ => unreachable!("text only"),
            }
        }
        rows
    }

    #[test]
    fn records() {
        let rows = read(b"a,b\r\n\r\n# note\n\"x, y\",\"say \"\"hi\"\"\"\n,,\n\"two\nlines\",2\n5\" pipe,\"6\" pipe\"\nlast,1");
        let want: Vec<(u64, Vec<String>)> = [
            (1, ["a", "b"]),
            (4, ["x, y", "say \"hi\""]),
            (6, ["two\nlines", "2"]),
            (8, ["5\" pipe", "6\" pipe"]),
            (9, ["last", "1"]),
        ]
        .into_iter()
        .map(|(n, c)| (n, c.map(String::from).to_vec()))
        .collect();
        assert_eq!(rows, want);
    }

    #[test]
    fn a_quote_that_never_closes_costs_one_line() {
        let rows = read(b"a,b\n1,\"open\n2,x\n3,\"fine\"\n4,\"open again\n5,y\n");
        let lines: Vec<(u64, bool)> = rows.iter().map(|(n, c)| (*n, c[0] == "BAD")).collect();
        assert_eq!(
            lines,
            [
                (1, false),
                (2, true),
                (3, false),
                (4, false),
                (5, true),
                (6, false)
            ]
        );
    }

    proptest! {
        /// Whatever the cells hold, quoting brings them back, chunk by chunk.
        #[test]
        fn round_trip(rows in prop::collection::vec(prop::collection::vec("[a-z,\"\n ]{0,9}x", 3), 1..40)) {
            let mut text = String::new();
            for row in &rows {
                let cells: Vec<String> = row.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\""))).collect();
                text.push_str(&cells.join(","));
                text.push('\n');
            }
            let got = read(text.as_bytes());
            prop_assert_eq!(got.len(), rows.len());
            for ((_, cells), row) in got.iter().zip(&rows) {
                let want: Vec<&str> = row.iter().map(|c| c.trim()).collect();
                prop_assert_eq!(cells, &want);
            }
        }

        #[test]
        fn never_panics(bytes in prop::collection::vec(prop::sample::select(b"ab,\"\n\r #\0\xff;".to_vec()), 0..200)) {
            let rows = read(&bytes);
            prop_assert!(rows.windows(2).all(|w| w[0].0 < w[1].0));
            sniff(&bytes, None, |_| 0);
        }
    }
}
