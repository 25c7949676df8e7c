//! JSON: an array of objects, alone or in an object, or an object a line.
//!
//! Not by serde_json: numbers keep their digits, `NaN` (as Python writes it) and bytes that are no UTF-8 spoil a line and not
//! the file, and an object of an array is found by its line.

use super::record::{Cell, Chunk, ChunkSource, Kind};
use super::text::MAX_RECORD;
use anyhow::{Result, bail};
use memchr::{memchr_iter, memrchr};
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// Size of a chunk.
const CHUNK: usize = 512 * 1024;

/// Positions of keys in a record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Arc<HashMap<String, usize>>);

impl Keys {
    /// Keys in order.
    pub(crate) fn new(names: &[String]) -> Self {
        Self(Arc::new(
            names
                .iter()
                .enumerate()
                .map(|(at, n)| (n.clone(), at))
                .collect(),
        ))
    }
}

/// Gathers the keys of a file.
#[derive(Default)]
pub(crate) struct Names {
    known: HashMap<String, ()>,
    order: Vec<String>,
}

impl Names {
    /// Takes the objects of a chunk into account; returns their bytes.
    pub(crate) fn see(&mut self, chunk: &Chunk) -> usize {
        let mut size = 0;
        for_each_object(chunk, |_, bytes| {
            size += bytes.len();
            let mut key = |name: &str, _: Value<'_>| {
                if self.order.len() <= super::mapping::MAX_COLUMNS && !self.known.contains_key(name)
                {
                    self.known.insert(name.to_owned(), ());
                    self.order.push(name.to_owned());
                }
            };
            let _ = object(bytes, &mut key);
        });
        size
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// In the order in which they came up.
    pub(crate) fn into_vec(self) -> Vec<String> {
        self.order
    }
}

/// A value of an object.
#[derive(Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// A string, unescaped; bytes that are no UTF-8 stay as they are.
    Text(std::borrow::Cow<'a, [u8]>),
    /// Digits, true, NaN: whatever is bare.
    Bare(&'a [u8]),
    /// null.
    Null,
    /// An array, or an object far inside: where it starts, and in how many objects.
    Nested { at: usize, depth: u32 },
}

/// Something that is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// Objects in objects that are opened; what lies deeper is skipped.
const MAX_DEPTH: u32 = 8;

/// Reads an object; a value in an object inside is named by both keys, `item.price`, and arrays are skipped.
pub(crate) fn object<'a>(
    bytes: &'a [u8],
    each: &mut dyn FnMut(&str, Value<'a>),
) -> Result<(), Broken> {
    let mut s = Scanner { bytes, at: 0 };
    s.space();
    s.members("", 0, each)?;
    s.end()
}

/// Where the array of a file is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Keys that lead to it, with a point between them; empty for an array that is the file.
    pub(crate) path: String,
    /// Bytes before it.
    at: usize,
    /// Objects around it.
    depth: u32,
}

/// The arrays of objects in an object that is all of a file, as exports write them around their rows: `{"data": […]}`.
///
/// Of a file whose first object ends with more behind it there are none: each object is a row.
pub(crate) fn arrays(head: &[u8]) -> Vec<Place> {
    let mut found = Vec::new();
    let mut s = Scanner { bytes: head, at: 0 };
    s.space();
    let whole = s.members("", 0, &mut |path, value| match value {
        Value::Nested { at, depth } if holds_objects(&head[at..]) => found.push(Place {
            path: path.to_owned(),
            at,
            depth: depth + 1,
        }),
        _ => {}
    });
    if whole.is_ok() && s.end().is_err() {
        found.clear();
    }
    found
}

/// Whether an array starts with an object.
fn holds_objects(value: &[u8]) -> bool {
    let mut start = value.iter().filter(|b| !b.is_ascii_whitespace());
    start.next() == Some(&b'[') && start.next() == Some(&b'{')
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn eat(&mut self, b: u8) -> bool {
        let found = self.peek() == Some(b);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, b: u8) -> Result<(), Broken> {
        if self.eat(b) { Ok(()) } else { Err(Broken) }
    }

    /// The members of an object, from its bracket on.
    fn members(
        &mut self,
        prefix: &str,
        depth: u32,
        each: &mut dyn FnMut(&str, Value<'a>),
    ) -> Result<(), Broken> {
        self.expect(b'{')?;
        self.space();
        if self.eat(b'}') {
            return Ok(());
        }
        loop {
            self.space();
            let key = self.string()?;
            let mut name = String::from_utf8_lossy(&key);
            if !prefix.is_empty() {
                name = format!("{prefix}.{name}").into();
            }
            self.space();
            self.expect(b':')?;
            self.space();
            match self.peek() {
                Some(b'{') if depth < MAX_DEPTH => self.members(&name, depth + 1, each)?,
                Some(b'{' | b'[') => {
                    // Told before its end is found: in the head of a file it has none.
                    each(&name, Value::Nested { at: self.at, depth });
                    self.nested()?;
                }
                _ => {
                    let value = self.value()?;
                    each(&name, value);
                }
            }
            self.space();
            if self.eat(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn end(&mut self) -> Result<(), Broken> {
        self.space();
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(Broken)
        }
    }

    fn string(&mut self) -> Result<std::borrow::Cow<'a, [u8]>, Broken> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.peek().ok_or(Broken)? {
                b'"' => {
                    let text = &self.bytes[start..self.at];
                    self.at += 1;
                    return Ok(text.into());
                }
                b'\\' => break,
                _ => self.at += 1,
            }
        }
        let mut text = self.bytes[start..self.at].to_vec();
        loop {
            let b = self.peek().ok_or(Broken)?;
            self.at += 1;
            match b {
                b'"' => return Ok(text.into()),
                b'\\' => self.escape(&mut text)?,
                b => text.push(b),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Broken> {
        let b = self.peek().ok_or(Broken)?;
        self.at += 1;
        text.push(match b {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'"' | b'\\' | b'/' => b,
            b'u' => {
                let first = self.hex()?;
                let code = if (0xd800..0xdc00).contains(&first)
                    && self.bytes.get(self.at..self.at + 2) == Some(b"\\u")
                {
                    let back = self.at;
                    self.at += 2;
                    match self.hex()? {
                        low @ 0xdc00..=0xdfff => {
                            0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00)
                        }
                        _ => {
                            self.at = back;
                            first
                        }
                    }
                } else {
                    first
                };
                match char::from_u32(code) {
                    Some(c) => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    None => text.push(0xff), // half a pair: no text
                }
                return Ok(());
            }
            _ => return Err(Broken),
        });
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Broken> {
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(Broken)?;
        self.at += 4;
        let text = std::str::from_utf8(digits).map_err(|_| Broken)?;
        if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Broken);
        }
        u32::from_str_radix(text, 16).map_err(|_| Broken)
    }

    fn value(&mut self) -> Result<Value<'a>, Broken> {
        match self.peek().ok_or(Broken)? {
            b'"' => self.string().map(Value::Text),
            _ => {
                let start = self.at;
                while self
                    .peek()
                    .is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
                {
                    self.at += 1;
                }
                match &self.bytes[start..self.at] {
                    b"" => Err(Broken),
                    b"null" => Ok(Value::Null),
                    bare => Ok(Value::Bare(bare)),
                }
            }
        }
    }

    /// Skips a value with brackets.
    fn nested(&mut self) -> Result<(), Broken> {
        let mut depth = 0u32;
        loop {
            match self.peek().ok_or(Broken)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Ok(());
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}

/// Calls `each` with line and bytes of every object of a chunk.
fn for_each_object(chunk: &Chunk, mut each: impl FnMut(u64, &[u8])) {
    match chunk {
        Chunk::JsonLines { data, first_line } => {
            let mut start = 0;
            for (line, at) in (*first_line..).zip(memchr_iter(b'\n', data).chain([data.len()])) {
                let text = data.get(start..at).unwrap_or_default();
                start = at + 1;
                if !text.iter().all(u8::is_ascii_whitespace) && text.first() != Some(&b'#') {
                    each(line, text);
                }
            }
        }
        Chunk::JsonElements { data, spans, first } => {
            for (number, (s, e)) in (*first..).zip(spans) {
                each(
                    number,
                    data.get(*s as usize..*e as usize).unwrap_or_default(),
                );
            }
        }
        _ => {}
    }
}

/// Calls `each` with line, cells and bytes of every object of a chunk; without cells for what is none.
pub(crate) fn for_each(
    chunk: &Chunk,
    keys: &Keys,
    mut each: impl FnMut(u64, Option<&[Cell<'_>]>, &[u8]),
) {
    for_each_object(chunk, |line, bytes| {
        let mut values: Vec<Option<Value<'_>>> = Vec::new();
        values.resize_with(keys.0.len(), || None);
        let read = object(bytes, &mut |key, value| {
            if let Some(slot) = keys.0.get(key).and_then(|at| values.get_mut(*at)) {
                *slot = Some(value);
            }
        });
        if read.is_err() {
            // An element that is whole but no object lacks everything.
            let whole = bytes
                .iter()
                .find(|b| !b.is_ascii_whitespace())
                .is_some_and(|b| *b != b'{')
                && matches!(chunk, Chunk::JsonElements { .. });
            each(line, if whole { Some(&[]) } else { None }, bytes);
            return;
        }
        let cells: Vec<Cell<'_>> = values
            .iter()
            .map(|v| match v {
                Some(Value::Text(t)) => Cell::text(t),
                Some(Value::Bare(b)) => Cell {
                    bytes: b,
                    kind: Kind::Number,
                },
                _ => Cell::NULL,
            })
            .collect();
        each(line, Some(&cells), bytes);
    });
}

/// Cuts JSON into chunks.
pub(crate) struct JsonSource {
    input: Box<dyn Read + Send>,
    array: bool,
    buf: Vec<u8>,
    /// Line, or number of the next element.
    next: u64,
    ended: bool,
    /// Whether the array's bracket was read, and whether its closing one was.
    opened: bool,
    closed: bool,
    place: Place,
}

impl JsonSource {
    /// An object a line.
    pub(crate) fn lines(input: Box<dyn Read + Send>) -> Self {
        Self {
            input,
            array: false,
            buf: Vec::new(),
            next: 1,
            ended: false,
            opened: false,
            closed: false,
            place: Place::default(),
        }
    }

    /// An array of objects.
    pub(crate) fn array(input: Box<dyn Read + Send>, place: &Place) -> Self {
        Self {
            array: true,
            place: place.clone(),
            ..Self::lines(input)
        }
    }

    fn fill(&mut self) -> Result<()> {
        let before = std::mem::take(&mut self.place.at) as u64;
        std::io::copy(&mut (&mut self.input).take(before), &mut std::io::sink())?;
        let want = self.buf.len().max(CHUNK);
        let n = (&mut self.input)
            .take(want as u64)
            .read_to_end(&mut self.buf)?;
        self.ended = n < want;
        Ok(())
    }

    fn next_lines(&mut self) -> Result<Option<Chunk>> {
        loop {
            if !self.ended && self.buf.len() < CHUNK {
                self.fill()?;
            }
            let cut = if self.ended {
                self.buf.len()
            } else {
                memrchr(b'\n', &self.buf).map_or(0, |at| at + 1)
            };
            if cut > 0 {
                let rest = self.buf.split_off(cut);
                let data = std::mem::replace(&mut self.buf, rest);
                let first_line = self.next;
                self.next += memchr_iter(b'\n', &data).count() as u64;
                return Ok(Some(Chunk::JsonLines { data, first_line }));
            }
            if self.ended {
                return Ok(None);
            }
            self.check_size()?;
            self.fill()?;
        }
    }

    fn check_size(&self) -> Result<()> {
        if self.buf.len() > MAX_RECORD {
            bail!(
                "record {} is longer than {} MB; this is no table of sales",
                self.next,
                MAX_RECORD >> 20
            );
        }
        Ok(())
    }

    /// Reads what follows the array in the objects around it.
    fn end_of_objects(&mut self) -> Result<()> {
        while !self.ended {
            self.check_size()?;
            self.fill()?;
        }
        let Place { path, depth, .. } = std::mem::take(&mut self.place);
        let mut text = "{\"\":".repeat(depth as usize).into_bytes();
        text.push(b'0');
        text.append(&mut self.buf);
        let mut more = None;
        let read = object(&text, &mut |name, value| match value {
            Value::Nested { at, .. } if holds_objects(&text[at..]) => more = Some(name.to_owned()),
            _ => {}
        });
        if read.is_err() {
            bail!("the object around the array \"{path}\" does not end as one");
        }
        if let Some(name) = more {
            let name = name.trim_start_matches('.');
            bail!("two arrays of objects, \"{path}\" and \"{name}\"; load a file with one of them");
        }
        Ok(())
    }

    fn next_elements(&mut self) -> Result<Option<Chunk>> {
        loop {
            if self.closed && self.place.depth > 0 {
                self.end_of_objects()?;
                return Ok(None);
            }
            if !self.ended && self.buf.len() < CHUNK {
                self.fill()?;
            }
            let mut spans = Vec::new();
            let used = self.elements(&mut spans)?;
            if !spans.is_empty() {
                let rest = self.buf.split_off(used);
                let data = std::mem::replace(&mut self.buf, rest);
                let first = self.next;
                self.next += spans.len() as u64;
                return Ok(Some(Chunk::JsonElements { data, spans, first }));
            }
            if self.closed {
                if self.place.depth > 0 {
                    self.buf.drain(..used);
                    continue;
                }
                return Ok(None);
            }
            if self.ended {
                bail!(
                    "the array ends in the middle of element {}; the file is not whole",
                    self.next
                );
            }
            self.check_size()?;
            self.fill()?;
        }
    }

    /// Finds whole elements; returns the bytes up to the end of the last one.
    fn elements(&mut self, spans: &mut Vec<(u32, u32)>) -> Result<usize> {
        let buf = &self.buf;
        let mut at = 0;
        if !self.opened {
            match buf.iter().position(|b| *b == b'[') {
                Some(open) => at = open + 1,
                None => return Ok(0),
            }
        }
        let mut used = 0;
        let mut opened = self.opened;
        let mut closed = self.closed;
        loop {
            while buf
                .get(at)
                .is_some_and(|b| b.is_ascii_whitespace() || *b == b',')
            {
                at += 1;
            }
            match buf.get(at) {
                Some(b']') if !closed => {
                    closed = true;
                    used = at + 1;
                    at += 1;
                    if self.place.depth > 0 {
                        break;
                    }
                }
                Some(_) if closed => bail!("something follows the end of the array"),
                None => break,
                Some(_) => {
                    let Some(end) = element_end(buf, at, self.ended) else {
                        break;
                    };
                    if end == at {
                        bail!("element {} is no JSON", self.next + spans.len() as u64);
                    }
                    spans.push((at as u32, end as u32));
                    (at, used, opened) = (end, end, true);
                }
            }
            if spans.len() >= 100_000 {
                break;
            }
        }
        if closed && self.place.depth == 0 {
            used = buf.len();
        }
        self.opened = opened || used > 0;
        self.closed = closed;
        Ok(used)
    }
}

/// The end of the value at `at`; `None` where it is not whole.
fn element_end(buf: &[u8], at: usize, ended: bool) -> Option<usize> {
    let (mut depth, mut i, mut text) = (0u32, at, false);
    while let Some(b) = buf.get(i) {
        match (text, b) {
            (true, b'\\') => i += 1,
            (true, b'"') => {
                text = false;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            (true, _) => {}
            (false, b'"') => text = true,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            (false, b',' | b']' | b'}') if depth == 0 => return Some(i),
            _ => {}
        }
        i += 1;
    }
    (ended && depth == 0 && !text).then_some(buf.len())
}

impl ChunkSource for JsonSource {
    fn next(&mut self) -> Result<Option<Chunk>> {
        if self.array {
            self.next_elements()
        } else {
            self.next_lines()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Vec<(u64, Option<Vec<String>>)>> {
        let names = ["a".to_owned(), "b".to_owned()];
        let array = text.trim_start().starts_with('[');
        let input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        let mut source = if array {
            JsonSource::array(input, &Place::default())
        } else if let [place] = &arrays(text.as_bytes())[..] {
            JsonSource::array(input, place)
        } else {
            JsonSource::lines(input)
        };
        let mut rows = Vec::new();
        while let Some(chunk) = source.next()? {
            for_each(&chunk, &Keys::new(&names), |line, cells, _| {
                let show = |c: &Cell<'_>| String::from_utf8_lossy(c.bytes).into_owned();
                rows.push((line, cells.map(|c| c.iter().map(show).collect())));
            });
        }
        Ok(rows)
    }

    #[test]
    fn objects() {
        let row = |a: &str, b: &str| Some(vec![a.to_owned(), b.to_owned()]);
        assert_eq!(
            read("{\"b\": 15.43, \"a\": \"\\ub77c\\uc628 \\\"x\\\"\", \"t\": [\"}\", {}]}\n\n{\"a\": null}\n{\"a\": 1").unwrap(),
            [(1, row("라온 \"x\"", "15.43")), (3, row("", "")), (4, None)]
        );
        assert_eq!(
            read("[\n {\"a\": \"[,]\", \"b\": NaN},\n 7, {}]\n").unwrap(),
            [(1, row("[,]", "NaN")), (2, Some(vec![])), (3, row("", ""))]
        );
        assert_eq!(read("[]").unwrap(), []);
        assert!(read("[{\"a\": 1}, {\"a\": 2").is_err());
        assert!(read("[{\"a\": 1}] x").is_err());
    }

    #[test]
    fn arrays_in_objects() {
        let row = |n: u64, a: &str| (n, Some(vec![a.to_owned(), String::new()]));
        let rows = [row(1, "1"), row(2, "]}")];
        for text in [
            r#"{"data":[{"a":1},{"a":"]}"}]}"#,
            "{\n \"count\": 2, \"x\": [1, 2], \"rows\": [\n {\"a\": 1},\n {\"a\": \"]}\"}\n ],\n \"next\": null\n}\n",
            r#"{"result": {"page": {"n": 1}, "rows": [ {"a": 1} , {"a": "]}"} ], "b": 1}, "took": {"ms": 3}}"#,
        ] {
            assert_eq!(read(text).unwrap(), rows, "{text}");
        }
        let paths = |text: &str| -> Vec<String> {
            arrays(text.as_bytes())
                .into_iter()
                .map(|p| p.path)
                .collect()
        };
        assert_eq!(
            paths(r#"{"a": {"b": [{}]}, "c": [{"d": [{}]}], "e": [1]}"#),
            ["a.b", "c"]
        );
        // Lines with arrays in them stay lines, and of a head that is cut off what is seen counts.
        assert!(paths("{\"a\": [{}]}\n{\"a\": [{}]}").is_empty());
        assert_eq!(paths(r#"{"a": [{"b": 1}, {"b"#), ["a"]);
        for broken in [
            r#"{"data": [{"a": 1}"#,
            r#"{"data": [{"a": 1}]"#,
            r#"{"data": [{"a": 1}]]"#,
            r#"{"data": [{"a": 1}], "x""#,
        ] {
            assert!(read(broken).is_err(), "{broken}");
        }
        // The second array may lie behind the head.
        let mut source = JsonSource::array(
            Box::new(&br#"{"q": {"a": [{"a": 1}]}, "b": {"c": [{"a": 2}]}}"#[..]),
            &Place {
                path: "q.a".into(),
                at: 12,
                depth: 2,
            },
        );
        assert!(source.next().is_ok());
        let said = source.next().err().unwrap().to_string();
        assert!(said.contains("\"q.a\" and \"b.c\""), "{said}");
    }

    #[test]
    fn members_of_objects_inside() {
        let seen = |text: &str| {
            let mut seen = Vec::new();
            let read = object(text.as_bytes(), &mut |name, value| {
                if let Value::Bare(b) = value {
                    seen.push(format!("{name}={}", String::from_utf8_lossy(b)));
                }
            });
            read.map(|()| seen)
        };
        assert_eq!(
            seen(r#"{"a": {"b": 1, "c": {"d": 2}, "e": {}}, "f": [{"g": 3}], "h": 4}"#),
            Ok(vec!["a.b=1".into(), "a.c.d=2".into(), "h=4".into()])
        );
        assert_eq!(seen(r#"{"a": {"b": 1}"#), Err(Broken));
        assert_eq!(seen(r#"{"a": {"b" 1}}"#), Err(Broken));
        // Far inside nothing is read, and nothing overflows.
        let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        assert_eq!(seen(&deep), Ok(vec![]));
    }

    proptest! {
        #[test]
        fn never_panics(s in "[\\[\\]{}\",:ab1 \\\\nu\n]{0,80}") {
            let _ = read(&s);
            let _ = read(&format!("[{s}"));
        }

        /// What serde writes is read back.
        #[test]
        fn round_trip(rows in prop::collection::vec(("\\PC{0,20}", any::<i64>()), 0..30)) {
            let value: Vec<_> = rows.iter().map(|(a, b)| serde_json::json!({"a": a, "b": b})).collect();
            let got = read(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
            prop_assert_eq!(got.len(), rows.len());
            for ((_, cells), (a, b)) in got.into_iter().zip(rows) {
                prop_assert_eq!(cells.unwrap(), vec![a, b.to_string()]);
            }
        }
    }
}
