//! Whole files, bent: every format ends in rows or in an error, never in a panic, and reads the same twice.

use super::input;
use super::mapping::Wishes;
use super::prepare::{Notation, prepare};
use super::row::{Code, Rows};
use proptest::prelude::*;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A way to spoil a file; places are shares of its length.
#[derive(Clone, Debug)]
enum Bend {
    /// Other bytes in place of some.
    Put(f64, Vec<u8>),
    /// The file ends here.
    Cut(f64),
    /// A piece comes again somewhere else.
    Copy(f64, f64, usize),
    /// A piece is gone.
    Drop(f64, usize),
}

fn bends() -> impl Strategy<Value = Vec<Bend>> {
    let place = || 0.0..1.0f64;
    let one = prop_oneof![
        6 => (place(), prop::collection::vec(any::<u8>(), 1..6)).prop_map(|(at, b)| Bend::Put(at, b)),
        2 => (place(), prop::sample::select(vec!["\"", ",", "\n", "\r", "\0", ";", "{", "}", "[", "]", "\u{feff}", "\u{3000}", "-", "1e9", "."]))
            .prop_map(|(at, t)| Bend::Put(at, t.as_bytes().to_vec())),
        1 => place().prop_map(Bend::Cut),
        1 => (place(), place(), 1usize..300).prop_map(|(from, to, n)| Bend::Copy(from, to, n)),
        1 => (place(), 1usize..300).prop_map(|(at, n)| Bend::Drop(at, n)),
    ];
    prop::collection::vec(one, 1..8)
}

fn bend(mut bytes: Vec<u8>, bends: &[Bend]) -> Vec<u8> {
    for one in bends {
        let at = |share: f64| (share * bytes.len() as f64) as usize;
        match one {
            Bend::Put(share, new) => {
                let from = at(*share);
                let end = (from + new.len()).min(bytes.len());
                bytes.splice(from..end, new.iter().copied());
            }
            Bend::Cut(share) => bytes.truncate(at(*share)),
            Bend::Copy(from, to, n) => {
                let (from, to) = (at(*from), at(*to));
                let piece = bytes[from..(from + n).min(bytes.len())].to_vec();
                bytes.splice(to..to, piece);
            }
            Bend::Drop(share, n) => {
                let from = at(*share);
                bytes.drain(from..(from + n).min(bytes.len()));
            }
        }
    }
    bytes
}

/// Reads a file as a dry run does; the numbers of accepted and rejected records of its tables.
fn read(path: &Path) -> anyhow::Result<Vec<(u64, usize)>> {
    let mut found = Vec::new();
    for input in input::open(path)? {
        let file = prepare(input, &Wishes::default(), &Notation::default())?;
        let plan = super::row::Plan {
            mapping: file.mapping.clone(),
            date: file.date,
            number: file.number,
            width: file.format.has_width().then_some(file.mapping.header.len()),
            header_line: file.header_line,
            latest: super::tomorrow(),
            allow_negative_price: false,
            load_id: 1,
        };
        let mut rows = Rows::new(&plan);
        let mut source = file.format.source(&file.input, &file.mapping)?;
        while let Some(chunk) = source.next()? {
            file.format
                .for_each(&chunk, |line, cells, raw| match cells {
                    Some(cells) => rows.record(line, cells, raw),
                    None => rows.reject(line, Code::BadQuote, raw, file.format.broken()),
                });
        }
        let out = rows.take();
        found.push((out.accepted, out.rejects.len()));
    }
    Ok(found)
}

/// Spoils one of the kept messy files and reads it. Readers of other crates may panic on nonsense: `prepare` and the
/// sources turn that into an error, which `load` counts on.
fn spoilt(name: &str, how: &[Bend], may_panic: bool) -> Result<(), TestCaseError> {
    let seed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/messy")
        .join(name);
    let bytes = bend(std::fs::read(seed).unwrap(), how);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    let once = || {
        catch_unwind(AssertUnwindSafe(|| {
            read(file.path()).map_err(|e| e.to_string().len() > 3)
        }))
    };
    match (once(), once()) {
        (Ok(first), Ok(second)) => {
            prop_assert_eq!(&first, &second);
            prop_assert!(first != Err(false), "an error without words");
        }
        (first, second) => prop_assert!(
            may_panic && first.is_err() && second.is_err(),
            "{name} panics"
        ),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(48), ..ProptestConfig::default() })]

    #[test]
    fn text(
        name in prop::sample::select(vec!["dirty.csv", "excel_unicode_text.tsv", "german_semicolon.csv", "korean_cp949.csv", "plain_utf8.csv", "quoted_bom_crlf.csv"]),
        how in bends(),
    ) {
        spoilt(name, &how, false)?;
    }

    #[test]
    fn json(name in prop::sample::select(vec!["array.json", "lines.jsonl"]), how in bends()) {
        spoilt(name, &how, false)?;
    }

    #[test]
    fn workbook(how in bends()) {
        spoilt("report.xlsx", &how, true)?;
    }

    #[test]
    fn parquet(how in bends()) {
        spoilt("lines.parquet", &how, true)?;
    }
}
