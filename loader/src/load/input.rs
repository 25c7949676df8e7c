//! Files, archives and standard input, opened by what is in them and not by their name.

use anyhow::{Context, Result, bail};
use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::NamedTempFile;

/// How a file is packed.
#[derive(Clone, Debug)]
enum Packing {
    /// Not at all.
    Plain,
    /// gzip, one or more members.
    Gzip,
    /// Zstandard.
    Zstd,
    /// A member of a zip archive: where its data stand, how long, how packed, its checksum.
    Zip {
        start: u64,
        size: u64,
        deflated: bool,
        crc: u32,
    },
}

/// What a file is, as far as its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// Something to read from front to back: text or JSON.
    Stream,
    /// A workbook of Excel or LibreOffice.
    Workbook,
    /// Parquet.
    Parquet,
}

/// One table to load.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// Name as it is stored and shown.
    pub(crate) name: String,
    /// What it is.
    pub(crate) container: Container,
    path: PathBuf,
    packing: Packing,
    /// Keeps a copy on disk as long as it is needed.
    _copy: Option<Arc<NamedTempFile>>,
    /// Packed bytes read so far.
    pub(crate) position: Arc<AtomicU64>,
    /// Packed bytes in all.
    pub(crate) size: u64,
}

/// Unpacked bytes that are fine whatever the packed size.
const BOMB_FLOOR: u64 = 256 * 1024 * 1024;

/// Times a table of sales can be packed; real ones stay below 50.
const BOMB_RATIO: u64 = 250;

/// Archives in archives that are opened.
const MAX_DEPTH: u32 = 3;

/// Members of an archive that are taken.
const MAX_MEMBERS: usize = 10_000;

/// Largest workbook or Parquet file that is unpacked to disk.
const MAX_COPY: u64 = 64 * 1024 * 1024 * 1024;

/// Counts the bytes that go by.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Stops where far more comes out than went in, and checks a zip member's checksum.
struct Guarded<R> {
    inner: R,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    crc: Option<(Crc, u32)>,
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.unpacked += n as u64;
        if self.unpacked > BOMB_FLOOR
            && self.unpacked / BOMB_RATIO > self.packed.load(Ordering::Relaxed)
        {
            return Err(io::Error::other(format!(
                "more than {BOMB_RATIO} times larger unpacked than packed, as only an archive bomb is"
            )));
        }
        if let Some((crc, want)) = &mut self.crc {
            crc.update(&buf[..n]);
            if n == 0 && !buf.is_empty() && crc.sum() != *want {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "its checksum is wrong",
                ));
            }
        }
        Ok(n)
    }
}

impl Input {
    /// The unpacked bytes from the start; progress counts from 0 again.
    pub(crate) fn reader(&self) -> Result<Box<dyn Read + Send>> {
        let mut file =
            File::open(&self.path).with_context(|| format!("cannot open {}", self.name))?;
        self.position.store(0, Ordering::Relaxed);
        let count = |file| Counted {
            inner: file,
            count: Arc::clone(&self.position),
        };
        let guard = |inner: Box<dyn Read + Send>, crc| Guarded {
            inner,
            packed: Arc::clone(&self.position),
            unpacked: 0,
            crc,
        };
        Ok(match &self.packing {
            Packing::Plain => Box::new(count(file.take(u64::MAX))),
            Packing::Gzip => {
                let packed = BufReader::with_capacity(1 << 16, count(file.take(u64::MAX)));
                Box::new(guard(Box::new(MultiGzDecoder::new(packed)), None))
            }
            Packing::Zstd => {
                let packed = count(file.take(u64::MAX));
                let mut decoder = zstd::stream::read::Decoder::new(packed)?;
                decoder.window_log_max(27)?; // 128 MB, the most `zstd` itself takes without --long
                Box::new(guard(Box::new(decoder), None))
            }
            Packing::Zip {
                start,
                size,
                deflated,
                crc,
            } => {
                file.seek(SeekFrom::Start(*start))?;
                let packed = count(file.take(*size));
                let crc = Some((Crc::new(), *crc));
                if *deflated {
                    Box::new(guard(
                        Box::new(DeflateDecoder::new(BufReader::new(packed))),
                        crc,
                    ))
                } else {
                    Box::new(guard(Box::new(packed), crc))
                }
            }
        })
    }

    /// The file itself, for formats that are read from any place.
    pub(crate) fn file(&self) -> Result<File> {
        File::open(&self.path).with_context(|| format!("cannot open {}", self.name))
    }
}

/// The name of a file as it is stored: its last part.
fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |n| n.to_string_lossy().into_owned(),
    )
}

/// The tables in a file, or in standard input for `-`.
///
/// # Errors
///
/// For a file that cannot be read, an archive that is damaged or has nothing in it.
pub(crate) fn open(path: &Path) -> Result<Vec<Input>> {
    if path == Path::new("-") {
        let copy = copy_of(&mut io::stdin().lock(), "standard input")?;
        return inputs_of(
            "standard input".into(),
            copy.path().to_owned(),
            Some(Arc::new(copy)),
            0,
        );
    }
    let meta =
        std::fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
    if meta.is_dir() {
        bail!("{} is a directory", path.display());
    }
    if !meta.is_file() {
        // A pipe is read once; what is in it is needed twice.
        let mut pipe =
            File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let copy = copy_of(&mut pipe, &file_name(path))?;
        return inputs_of(
            file_name(path),
            copy.path().to_owned(),
            Some(Arc::new(copy)),
            0,
        );
    }
    inputs_of(file_name(path), path.to_owned(), None, 0)
}

/// Writes a stream to a temporary file.
fn copy_of(input: &mut dyn Read, name: &str) -> Result<NamedTempFile> {
    let mut copy = tempfile::Builder::new()
        .prefix("kpi-")
        .tempfile()
        .context("no room for a temporary file")?;
    let n = io::copy(&mut input.take(MAX_COPY), &mut copy)
        .with_context(|| format!("cannot read {name}"))?;
    if n == MAX_COPY {
        bail!("{name} is larger than {} GB", MAX_COPY >> 30);
    }
    copy.flush()?;
    Ok(copy)
}

/// The first bytes of a stream.
fn head_of(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    input.take(16).read_to_end(&mut head)?;
    Ok(head)
}

/// What first bytes say.
enum Magic {
    Zip,
    Gzip,
    Zstd,
    Parquet,
    OldWorkbook,
    Other,
}

fn magic(head: &[u8]) -> Magic {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Magic::Zip
    } else if head.starts_with(b"\x1f\x8b") {
        Magic::Gzip
    } else if head.starts_with(b"\x28\xb5\x2f\xfd") {
        Magic::Zstd
    } else if head.starts_with(b"PAR1") {
        Magic::Parquet
    } else if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        Magic::OldWorkbook
    } else {
        Magic::Other
    }
}

/// The tables in a file on disk.
fn inputs_of(
    name: String,
    path: PathBuf,
    copy: Option<Arc<NamedTempFile>>,
    depth: u32,
) -> Result<Vec<Input>> {
    let mut file = File::open(&path).with_context(|| format!("cannot open {name}"))?;
    let size = file.metadata()?.len();
    let head = head_of(&mut file).with_context(|| format!("cannot read {name}"))?;
    let input = |container, packing| Input {
        name: name.clone(),
        container,
        path: path.clone(),
        packing,
        _copy: copy.clone(),
        position: Arc::default(),
        size,
    };
    match magic(&head) {
        Magic::Parquet => Ok(vec![input(Container::Parquet, Packing::Plain)]),
        Magic::OldWorkbook => Ok(vec![input(Container::Workbook, Packing::Plain)]),
        Magic::Gzip => unpacked(input(Container::Stream, Packing::Gzip), depth),
        Magic::Zstd => unpacked(input(Container::Stream, Packing::Zstd), depth),
        Magic::Zip => zip_members(&input(Container::Workbook, Packing::Plain), depth),
        Magic::Other => Ok(vec![input(Container::Stream, Packing::Plain)]),
    }
}

/// A packed file: read as it comes, or copied first where it is not a text.
fn unpacked(input: Input, depth: u32) -> Result<Vec<Input>> {
    let damaged = || format!("{} is a damaged archive", input.name);
    let head = head_of(&mut *input.reader()?).with_context(damaged)?;
    if matches!(magic(&head), Magic::Other) {
        return Ok(vec![input]);
    }
    if depth >= MAX_DEPTH {
        bail!(
            "{} holds archives in archives in archives; unpack it first",
            input.name
        );
    }
    let copy = copy_of(&mut *input.reader()?, &input.name).with_context(damaged)?;
    inputs_of(
        input.name,
        copy.path().to_owned(),
        Some(Arc::new(copy)),
        depth + 1,
    )
}

/// The tables of a zip archive, or the archive itself where it is a workbook.
fn zip_members(archive: &Input, depth: u32) -> Result<Vec<Input>> {
    let damaged = || format!("{} is a damaged archive", archive.name);
    let mut zip = zip::ZipArchive::new(BufReader::new(archive.file()?)).with_context(damaged)?;
    let has = |zip: &zip::ZipArchive<_>, name: &str| zip.index_for_name(name).is_some();
    if has(&zip, "xl/workbook.xml") || has(&zip, "xl/workbook.bin") || has(&zip, "content.xml") {
        check_workbook(archive, &mut zip)?;
        return Ok(vec![archive.clone()]);
    }
    if zip.len() > MAX_MEMBERS {
        bail!(
            "{} has {} members; unpack it first",
            archive.name,
            zip.len()
        );
    }
    // Beside tables an archive may hold a read-me; where nothing looks like a table all is tried.
    let is_table =
        |name: &str| looks_like_table(Path::new(name)) && !name.to_lowercase().ends_with(".txt");
    let tables = zip.file_names().flatten().any(|n| is_table(&n));
    let mut found = Vec::new();
    for at in 0..zip.len() {
        let member = zip.by_index_raw(at).with_context(damaged)?;
        let name = member.name().with_context(damaged)?.into_owned();
        let last = name.rsplit('/').next().unwrap_or_default();
        if member.is_dir() || name.starts_with("__MACOSX/") || last.starts_with('.') {
            continue;
        }
        if tables && !is_table(last) {
            continue;
        }
        if member.encrypted() {
            bail!("{} in {} is encrypted; unpack it first", name, archive.name);
        }
        let deflated = match member.compression() {
            zip::CompressionMethod::Stored => false,
            zip::CompressionMethod::Deflated => true,
            other => bail!(
                "{name} in {} is packed by {other}; unpack it first",
                archive.name
            ),
        };
        let start = member.data_start().with_context(damaged)?;
        let packing = Packing::Zip {
            start,
            size: member.compressed_size(),
            deflated,
            crc: member.crc32(),
        };
        let input = Input {
            name: format!("{}/{name}", archive.name),
            container: Container::Stream,
            packing,
            size: member.compressed_size(),
            position: Arc::default(),
            ..archive.clone()
        };
        found.extend(unpacked(input, depth)?);
    }
    if found.is_empty() {
        bail!("{} has nothing in it", archive.name);
    }
    Ok(found)
}

/// Largest sum of a workbook's unpacked parts; a million rows of seven columns are 100 MB.
const MAX_WORKBOOK: u64 = 1024 * 1024 * 1024;

/// Reads a workbook's parts once, so that a damaged one or a bomb is found before it is opened.
fn check_workbook(archive: &Input, zip: &mut zip::ZipArchive<BufReader<File>>) -> Result<()> {
    let mut total = 0u64;
    let mut block = vec![0u8; 1 << 16];
    for at in 0..zip.len() {
        let mut part = zip
            .by_index(at)
            .with_context(|| format!("{} is a damaged workbook", archive.name))?;
        loop {
            let n = part
                .read(&mut block)
                .with_context(|| format!("{} is a damaged workbook", archive.name))?;
            if n == 0 {
                break;
            }
            total += n as u64;
            if total > MAX_WORKBOOK || (total > BOMB_FLOOR && total / BOMB_RATIO > archive.size) {
                bail!(
                    "{} unpacks to more than a workbook of sales lines can; save it as CSV",
                    archive.name
                );
            }
        }
    }
    Ok(())
}

/// Endings of files that a directory is searched for.
const ENDINGS: [&str; 15] = [
    "csv", "tsv", "txt", "tab", "psv", "json", "jsonl", "ndjson", "xlsx", "xlsm", "xlsb", "xls",
    "ods", "parquet", "zip",
];

/// Whether a file's name looks like a table of sales, packed or not.
pub(crate) fn looks_like_table(path: &Path) -> bool {
    let name = file_name(path).to_lowercase();
    if name.starts_with('.') || name.starts_with("~$") {
        return false;
    }
    let name = name
        .strip_suffix(".gz")
        .or(name.strip_suffix(".zst"))
        .unwrap_or(&name);
    name.rsplit_once('.')
        .is_some_and(|(_, end)| ENDINGS.contains(&end))
}

/// Files for what was typed: paths as they are, patterns and directories as the files they name.
///
/// # Errors
///
/// For a pattern or directory without files.
pub(crate) fn expand(arguments: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for argument in arguments {
        let text = argument.to_string_lossy();
        if argument.is_dir() {
            let mut found: Vec<PathBuf> = std::fs::read_dir(argument)
                .with_context(|| format!("cannot read {text}"))?
                .filter_map(|e| e.ok().map(|e| e.path()))
                .filter(|p| p.is_file() && looks_like_table(p))
                .collect();
            if found.is_empty() {
                bail!(
                    "{text} has no file that ends like a table (.csv, .xlsx, .parquet, .json, .zip …)"
                );
            }
            found.sort();
            files.append(&mut found);
        } else if !argument.exists() && text.contains(['*', '?', '[']) {
            let mut found: Vec<PathBuf> = glob::glob(&text)
                .with_context(|| format!("bad pattern {text}"))?
                .filter_map(Result::ok)
                .collect();
            found.retain(|p| p.is_file());
            if found.is_empty() {
                bail!("no file matches {text}");
            }
            files.append(&mut found);
        } else {
            files.push(argument.clone());
        }
    }
    Ok(files)
}
