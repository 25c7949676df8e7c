//! What the readers of all formats hand to the validating threads.

use std::borrow::Cow;

/// What is known about a cell beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text, in whatever notation the column has.
    Text,
    /// Text in which doubled quotes stand for one.
    Doubled,
    /// A number in the notation of programs.
    Number,
    /// A day as `YYYY-MM-DD`.
    Day,
    /// No value.
    Null,
}

/// One cell of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    /// The bytes, UTF-8 unless the file is damaged.
    pub(crate) bytes: &'a [u8],
    /// What is known about them.
    pub(crate) kind: Kind,
}

impl<'a> Cell<'a> {
    /// No value.
    pub(crate) const NULL: Self = Self {
        bytes: &[],
        kind: Kind::Null,
    };

    /// A text cell.
    pub(crate) const fn text(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            kind: Kind::Text,
        }
    }

    /// The cell as trimmed text; `None` for bytes that are not UTF-8 or hold a NUL.
    pub(crate) fn as_str(&self) -> Option<Cow<'a, str>> {
        let text = std::str::from_utf8(self.bytes).ok()?;
        if self.bytes.contains(&0) {
            return None;
        }
        Some(match self.kind {
            Kind::Doubled => Cow::Owned(text.replace("\"\"", "\"").trim().to_owned()),
            _ => Cow::Borrowed(text.trim()),
        })
    }
}

/// Records of typed cells, in one buffer.
#[derive(Debug, Default)]
pub(crate) struct Table {
    text: Vec<u8>,
    cells: Vec<(u32, u32, Kind)>,
    rows: Vec<(u64, u32)>,
}

impl Table {
    /// Starts the next record.
    pub(crate) fn start_row(&mut self, line: u64) {
        self.rows.push((line, self.cells.len() as u32));
    }

    /// Adds a cell to the record.
    pub(crate) fn push(&mut self, text: &str, kind: Kind) {
        self.push_bytes(text.as_bytes(), kind);
    }

    /// Adds a cell of bytes that may not be UTF-8.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8], kind: Kind) {
        let start = self.text.len() as u32;
        self.text.extend_from_slice(bytes);
        self.cells.push((start, self.text.len() as u32, kind));
    }

    /// Bytes held.
    pub(crate) fn size(&self) -> usize {
        self.text.len() + self.cells.len() * 12
    }

    /// Number of records.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Calls `each` with line and cells of every record.
    pub(crate) fn for_each(&self, mut each: impl FnMut(u64, &[Cell<'_>])) {
        let mut cells = Vec::new();
        for (at, (line, first)) in self.rows.iter().enumerate() {
            let end = self
                .rows
                .get(at + 1)
                .map_or(self.cells.len(), |(_, next)| *next as usize);
            cells.clear();
            cells.extend(
                self.cells[*first as usize..end]
                    .iter()
                    .map(|(s, e, kind)| Cell {
                        bytes: self.text.get(*s as usize..*e as usize).unwrap_or_default(),
                        kind: *kind,
                    }),
            );
            each(*line, &cells);
        }
    }
}

/// A piece of a file that can be validated without its neighbours.
#[derive(Debug)]
pub(crate) enum Chunk {
    /// Whole records of delimited text; the first starts on `first_line`.
    Text { data: Vec<u8>, first_line: u64 },
    /// A line with a quote that never closes.
    BadQuote { line: u64, raw: Vec<u8> },
    /// Objects, one a line.
    JsonLines { data: Vec<u8>, first_line: u64 },
    /// Elements of an array: where they stand in `data`, and the number of the first.
    JsonElements {
        data: Vec<u8>,
        spans: Vec<(u32, u32)>,
        first: u64,
    },
    /// Typed cells.
    Table(Table),
}

/// Something that cuts a file into chunks.
pub(crate) trait ChunkSource: Send {
    /// The next chunk, in the order of the file; `None` at its end.
    fn next(&mut self) -> anyhow::Result<Option<Chunk>>;
}
