//! Which encoding a text is in, and its way to UTF-8.

use anyhow::{Result, bail};
use encoding_rs::{
    Decoder, DecoderResult, EUC_KR, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252,
};
use memchr::{memchr, memchr_iter};
use std::io::{self, Read};

/// A byte that occurs in no UTF-8; it marks what could not be decoded.
const INVALID: u8 = 0xff;

/// Bytes that Windows-1252 leaves undefined.
const UNDEFINED_1252: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];

/// Lines with other than ASCII bytes that are looked at closely.
const CLOSE_LINES: u64 = 100_000;

/// The encoding of a name given by the user.
///
/// # Errors
///
/// For a name that is none.
pub(crate) fn by_name(name: &str) -> Result<&'static Encoding> {
    let plain: String = name
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    let alias = match plain.as_str() {
        "cp949" | "ms949" | "uhc" | "windows949" | "euckr" => "euc-kr",
        "cp1252" | "win1252" | "latin1" | "ansi" => "windows-1252",
        "utf8" | "utf8sig" | "utf8bom" => "utf-8",
        "utf16" => "utf-16le",
        "cp932" | "sjis" => "shift_jis",
        "cp936" => "gbk",
        "cp950" => "big5",
        _ => name.trim(),
    };
    match Encoding::for_label(alias.as_bytes()) {
        Some(e) => Ok(e),
        None => bail!(
            "unknown encoding \"{name}\"\n  try: --encoding utf-8, cp949, utf-16le, utf-16be or windows-1252"
        ),
    }
}

/// Name of an encoding as people know it.
pub(crate) fn name_of(encoding: &'static Encoding) -> &'static str {
    if encoding == EUC_KR {
        "CP949"
    } else if encoding == WINDOWS_1252 {
        "Windows-1252"
    } else {
        encoding.name()
    }
}

/// Gathers evidence for a file's encoding while its bytes go by.
#[derive(Default)]
pub(crate) struct Detector {
    /// The bytes since the last line end.
    rest: Vec<u8>,
    started: bool,
    fixed: Option<&'static Encoding>,
    lines: u64,
    utf8_lines: u64,
    all_utf8: bool,
    hangul: u64,
    wide: u64,
    invalid_949: u64,
}

impl Detector {
    /// Nothing seen yet.
    pub(crate) fn new() -> Self {
        Self {
            all_utf8: true,
            ..Self::default()
        }
    }

    /// Takes the next bytes of the file into account.
    pub(crate) fn see(&mut self, bytes: &[u8]) {
        if !self.started && !bytes.is_empty() {
            self.started = true;
            self.fixed = match Encoding::for_bom(bytes) {
                Some((e, _)) => Some(e),
                None => utf16_without_mark(bytes),
            };
        }
        if self.fixed.is_some() {
            return;
        }
        let mut bytes = bytes;
        if !self.rest.is_empty() {
            match memchr(b'\n', bytes) {
                Some(at) => {
                    self.rest.extend_from_slice(&bytes[..=at]);
                    let rest = std::mem::take(&mut self.rest);
                    self.block(&rest);
                    bytes = &bytes[at + 1..];
                }
                // A line without end is cut anyway; it is not kept whole.
                None if self.rest.len() > super::text::MAX_RECORD => self.rest.clear(),
                None => {}
            }
        }
        match memchr::memrchr(b'\n', bytes) {
            Some(at) => {
                self.block(&bytes[..=at]);
                self.rest.extend_from_slice(&bytes[at + 1..]);
            }
            None => self.rest.extend_from_slice(bytes),
        }
    }

    /// Whole lines.
    fn block(&mut self, bytes: &[u8]) {
        if bytes.is_ascii() {
            return;
        }
        let utf8 = std::str::from_utf8(bytes).is_ok();
        self.all_utf8 &= utf8;
        if self.lines >= CLOSE_LINES {
            return;
        }
        let mut start = 0;
        for at in memchr_iter(b'\n', bytes).chain([bytes.len()]) {
            let line = bytes.get(start..at).unwrap_or_default();
            start = at + 1;
            if line.is_ascii() {
                continue;
            }
            self.lines += 1;
            self.utf8_lines += u64::from(utf8 || std::str::from_utf8(line).is_ok());
            let (text, _) = EUC_KR.decode_without_bom_handling(line);
            for c in text.chars().filter(|c| !c.is_ascii()) {
                match c {
                    '\u{fffd}' => self.invalid_949 += 1,
                    '가'..='힣' => self.hangul += 1,
                    _ => {}
                }
                self.wide += 1;
            }
        }
    }

    /// The encoding most of the bytes speak for.
    pub(crate) fn decide(&mut self) -> &'static Encoding {
        let rest = std::mem::take(&mut self.rest);
        self.block(&rest);
        if let Some(e) = self.fixed {
            return e;
        }
        // Text in another encoding is hardly ever valid UTF-8, so lines that are prove it; the
        // others are damaged.
        if self.all_utf8 || self.utf8_lines * 2 > self.lines {
            return UTF_8;
        }
        // Korean text is Hangul for the most part; Western text read as CP949 is not.
        if self.invalid_949 * 20 <= self.wide && self.hangul * 2 > self.wide {
            return EUC_KR;
        }
        WINDOWS_1252
    }
}

/// UTF-16 by the zero bytes of its ASCII characters.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |from: usize| {
        head.iter()
            .skip(from)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let many = head.len() / 2 / 4; // a quarter of the characters, as Hangul has no zero bytes
    if head.len() < 8 || memchr(b'\n', head).is_none() {
        None
    } else if odd > many && even * 10 < odd {
        Some(UTF_16LE)
    } else if even > many && odd * 10 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Reads a text as UTF-8; what cannot be decoded becomes a byte that is not UTF-8, so that the line
/// it is on is rejected and no other.
pub(crate) struct Transcode<R> {
    input: R,
    encoding: &'static Encoding,
    /// `None` for UTF-8, which passes as it is.
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    ended: bool,
    started: bool,
}

/// Bytes decoded at a time.
const BLOCK: usize = 64 * 1024;

impl<R: Read> Transcode<R> {
    /// Reads `input`, which is in `encoding`; a byte order mark is skipped.
    pub(crate) fn new(input: R, encoding: &'static Encoding) -> Self {
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_with_bom_removal());
        Self {
            input,
            encoding,
            decoder,
            raw: Vec::new(),
            out: Vec::new(),
            at: 0,
            ended: false,
            started: false,
        }
    }

    /// Decodes the next block into `out`.
    fn refill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.at = 0;
        while self.out.is_empty() && !self.ended {
            self.raw.clear();
            let n = (&mut self.input)
                .take(BLOCK as u64)
                .read_to_end(&mut self.raw)?;
            self.ended = n < BLOCK;
            let Some(decoder) = &mut self.decoder else {
                return Ok(());
            };
            let mut from = 0;
            loop {
                let room = decoder
                    .max_utf8_buffer_length_without_replacement(self.raw.len() - from)
                    .unwrap_or(BLOCK * 3)
                    .max(16);
                let start = self.out.len();
                self.out.resize(start + room, 0);
                let (result, read, written) = decoder.decode_to_utf8_without_replacement(
                    &self.raw[from..],
                    &mut self.out[start..],
                    self.ended,
                );
                from += read;
                self.out.truncate(start + written);
                match result {
                    DecoderResult::InputEmpty => break,
                    DecoderResult::OutputFull => {}
                    DecoderResult::Malformed(..) => self.out.push(INVALID),
                }
            }
            if self.encoding == WINDOWS_1252 {
                mark_undefined(&mut self.out);
            }
        }
        Ok(())
    }
}

/// Marks characters that Windows-1252 does not have (they were decoded as C1 controls).
fn mark_undefined(text: &mut Vec<u8>) {
    let undefined = |pair: &[u8]| matches!(pair, [0xc2, b] if UNDEFINED_1252.contains(b));
    if !text.windows(2).any(undefined) {
        return;
    }
    let mut marked = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text.get(at..at + 2).is_some_and(undefined) {
            marked.push(INVALID);
            at += 2;
        } else {
            marked.push(text[at]);
            at += 1;
        }
    }
    *text = marked;
}

impl<R: Read> Read for Transcode<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.decoder.is_none() {
            if !self.started {
                self.started = true;
                let mut mark = Vec::new();
                (&mut self.input).take(3).read_to_end(&mut mark)?;
                self.out = mark
                    .strip_prefix(b"\xef\xbb\xbf")
                    .map_or_else(|| mark.clone(), <[u8]>::to_vec);
            }
            if self.at == self.out.len() {
                return self.input.read(buf);
            }
        } else if self.at == self.out.len() {
            self.refill()?;
        }
        let n = buf.len().min(self.out.len() - self.at);
        buf[..n].copy_from_slice(&self.out[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn detect(bytes: &[u8]) -> &'static str {
        let mut d = Detector::new();
        bytes.chunks(7).for_each(|c| d.see(c));
        name_of(d.decide())
    }

    fn decode(bytes: &[u8], encoding: &'static Encoding) -> Vec<u8> {
        let mut out = Vec::new();
        Transcode::new(bytes, encoding)
            .read_to_end(&mut out)
            .unwrap();
        out
    }

    #[test]
    fn detection() {
        let korean = "일자,브랜드\n2025-01-02,라온\n2025-01-03,똠방\n".repeat(20);
        assert_eq!(detect(b"a,b\n1,2\n"), "UTF-8");
        assert_eq!(detect(korean.as_bytes()), "UTF-8");
        let mut damaged = korean.clone().into_bytes();
        damaged.extend_from_slice(b"2025-01-04,\xb3\xd7\xc0\xcc\n");
        assert_eq!(detect(&damaged), "UTF-8");
        assert_eq!(detect(&EUC_KR.encode(&korean).0), "CP949");
        let german = "Händler;Größe\nSchön & Groß;Weiß\n".repeat(5);
        assert_eq!(detect(&WINDOWS_1252.encode(&german).0), "Windows-1252");
        let wide: Vec<u8> = "date,brand\n2025-01-02,x\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let mut d = Detector::new();
        d.see(&wide);
        assert_eq!(d.decide(), UTF_16LE);
    }

    #[test]
    fn bad_bytes_stay_where_they_are() {
        assert_eq!(decode(b"a\xff,b\n", EUC_KR), b"a\xff,b\n");
        assert_eq!(decode(b"\xb0\xa1\n", EUC_KR), "가\n".as_bytes());
        assert_eq!(decode(b"x\x81y\xe9", WINDOWS_1252), b"x\xffy\xc3\xa9");
        assert_eq!(decode(b"\xef\xbb\xbfok", UTF_8), b"ok");
        assert_eq!(decode(b"\xff\xfea\0\x00\xd8b\0", UTF_16LE), b"a\xffb");
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            detect(&bytes);
            for e in [EUC_KR, WINDOWS_1252, UTF_16LE, UTF_16BE, UTF_8] {
                decode(&bytes, e);
            }
        }

        #[test]
        fn korean_round_trip(s in "[가-힣a-z,\n]{0,300}") {
            prop_assert_eq!(decode(&EUC_KR.encode(&s).0, EUC_KR), s.as_bytes());
        }
    }
}
