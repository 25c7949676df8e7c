//! The same sales as people export them: other encodings, notations and formats, with lines that a
//! loader has to reject for known reasons.

use super::model::Model;
use super::rng::{For, Rng};
use super::rows::{self, Extras};
use ::parquet::basic::{ConvertedType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;
use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use encoding_rs::{EUC_KR, WINDOWS_1252};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// Whose export it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Style {
    /// CSV in UTF-8 with a mark, ISO dates, a revenue column
    Plain,
    /// CSV in CP949: Korean header, ₩1,234 and 1,234원
    Korean,
    /// Tabs in UTF-16, as Excel saves "Unicode text"; 2025.12.17
    Utf16,
    /// Semicolons in Windows-1252, 17.12.2025 and 1.234,56
    German,
    /// CSV with every cell in quotes, line ends inside, CRLF
    Quoted,
    /// Workbook with titles, serial dates, empty rows and a total
    Xlsx,
    /// Parquet
    Parquet,
    /// An object a line
    Jsonl,
    /// An array of objects
    Json,
}

/// Most rows of a dirty file; it is put together in memory.
const MAX_ROWS: u64 = 1_000_000;

/// One line in so many is spoilt.
const SPOILT: u64 = 40;

/// A line in the making; `None` is no value.
struct Line {
    date: NaiveDate,
    texts: [Option<String>; 4],
    price: i64,
    quantity: i64,
    /// What is wrong with it, if anything.
    code: Option<&'static str>,
}

/// Codes of spoilt lines.
const CODES: [&str; 10] = [
    "MISSING_REQUIRED",
    "NEG_PRICE",
    "BAD_DATE",
    "BAD_NUMBER",
    "OUT_OF_RANGE",
    "FUTURE_DATE",
    "TOO_FEW_COLUMNS",
    "TOO_MANY_COLUMNS",
    "BAD_ENCODING",
    "REVENUE_MISMATCH",
];

/// Whether a line of this style can be spoilt so.
fn shows(style: Style, code: &str) -> bool {
    use Style::{German, Json, Jsonl, Korean, Parquet, Plain, Quoted, Xlsx};
    match code {
        "BAD_DATE" | "BAD_NUMBER" | "OUT_OF_RANGE" => style != Parquet,
        "TOO_FEW_COLUMNS" | "TOO_MANY_COLUMNS" => !matches!(style, Xlsx | Json | Jsonl | Parquet),
        "BAD_ENCODING" => matches!(style, Plain | Korean | Quoted),
        "REVENUE_MISMATCH" => matches!(style, Plain | German),
        _ => true,
    }
}

/// Channels in Korean, in the order of the model's.
const KOREAN_CHANNELS: [&str; 7] = [
    "쿠팡",
    "올리브영",
    "네이버",
    "아마존",
    "자사몰",
    "세포라",
    "면세점",
];

/// A line that is written as text: date, four texts, price, quantity, revenue.
fn cells(line: &Line, style: Style, rng: &mut Rng) -> Vec<String> {
    let code = line.code.unwrap_or_default();
    let pick = |rng: &mut Rng, from: &[&str]| from[rng.below(from.len())].to_owned();
    let date = match (code, style) {
        ("BAD_DATE", Style::German) => pick(rng, &["31.02.2025", "gestern", "32.01.2025"]),
        ("BAD_DATE", _) => pick(
            rng,
            &["2025-02-30", "yesterday", "2025-13-05", "0000-00-00"],
        ),
        (_, Style::Utf16) => line.date.format("%Y.%m.%d").to_string(),
        (_, Style::German) => line.date.format("%d.%m.%Y").to_string(),
        _ => line.date.to_string(),
    };
    let number = |n: i64, rng: &mut Rng| match style {
        Style::Korean => match rng.below(4) {
            0 => format!("￦{}", grouped(n, ',')),
            1 => format!("{}원", grouped(n, ',')),
            2 => format!("\\{}", grouped(n, ',')),
            _ => n.to_string(),
        },
        Style::Utf16 | Style::Quoted => grouped(n, ','),
        // In euros and cents.
        Style::German => format!("{},{:02}", grouped(n / 100, '.'), (n % 100).abs()),
        _ => n.to_string(),
    };
    let mut price = number(line.price, rng);
    let mut quantity = line.quantity.to_string();
    let mut revenue = number(line.price * line.quantity, rng);
    match code {
        "BAD_NUMBER" if rng.below(2) == 0 => {
            price = pick(rng, &["1.2.3", "twelve", "12O0", "call us"])
        }
        "BAD_NUMBER" => quantity = pick(rng, &["2O", "two", "1.2.3"]),
        "OUT_OF_RANGE" => quantity = "99999999999999".into(),
        "REVENUE_MISMATCH" => revenue = number(line.price * line.quantity * 2, rng),
        "MISSING_REQUIRED" if rng.below(2) == 0 => quantity = pick(rng, &["", "-", "N/A"]),
        "MISSING_REQUIRED" => (price, revenue) = ("-".into(), String::new()),
        _ => {}
    }
    let mut all = vec![date];
    all.extend(line.texts.iter().map(|t| t.clone().unwrap_or_default()));
    all.extend([price, quantity]);
    if matches!(style, Style::Plain | Style::German) {
        // Half the lines leave revenue to the loader.
        let given = line.code.is_some() || rng.below(2) == 0;
        all.push(if given && code != "BAD_NUMBER" && code != "OUT_OF_RANGE" {
            revenue
        } else {
            String::new()
        });
    }
    match code {
        "TOO_FEW_COLUMNS" => all.truncate(4),
        "TOO_MANY_COLUMNS" => all.push("more".into()),
        _ => {}
    }
    all
}

/// A number with a sign between thousands.
fn grouped(n: i64, sign: char) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (at, d) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(sign);
        }
        out.push(d);
    }
    if n < 0 { format!("-{out}") } else { out }
}

/// All lines in order, with spoilt ones among them.
fn lines(model: &Model, counts: &[u64], style: Style, rng: &mut Rng) -> Vec<Line> {
    let codes: Vec<_> = CODES
        .into_iter()
        .filter(|code| shows(style, code))
        .collect();
    let mut all = Vec::new();
    for (index, count) in counts.iter().enumerate() {
        let (day, drawn) = rows::draw(model, index, *count, Extras::default());
        for row in &drawn {
            let line = |code, date| {
                let mut texts = rows::cells(model, row).map(|t| Some(t.to_owned()));
                if style == Style::Korean {
                    texts[2] = KOREAN_CHANNELS
                        .get(row.channel as usize)
                        .map(|c| (*c).to_owned());
                }
                Line {
                    date,
                    texts,
                    price: row.price.into(),
                    quantity: row.quantity.into(),
                    code,
                }
            };
            if rng.next().is_multiple_of(SPOILT) {
                let code = codes[rng.below(codes.len())];
                let date = if code == "FUTURE_DATE" {
                    NaiveDate::from_ymd_opt(2099, 1, 1).unwrap_or(day.date)
                } else {
                    day.date
                };
                let mut spoilt = line(Some(code), date);
                if code == "NEG_PRICE" {
                    spoilt.price = -spoilt.price;
                }
                all.push(spoilt);
            }
            let mut sound = line(None, day.date);
            // Vendors are not always known.
            if rng.below(30) == 0 {
                sound.texts[3] = None;
            }
            all.push(sound);
        }
    }
    all
}

/// Writes a dirty file and returns line and code of everything that is to be rejected.
pub(crate) fn write(
    model: &Model,
    counts: &[u64],
    style: Style,
    seed: u64,
    out: &Path,
) -> Result<Vec<Vec<String>>> {
    let total: u64 = counts.iter().sum();
    if total > MAX_ROWS {
        bail!("a dirty file has at most {MAX_ROWS} rows");
    }
    let mut rng = Rng::new(seed, For::Dirt, style as u64, 0);
    let lines = lines(model, counts, style, &mut rng);
    let mut truth: Vec<(u64, &str)> = Vec::new();
    match style {
        Style::Xlsx => workbook(&lines, &mut rng, out, &mut truth)?,
        Style::Parquet => parquet(&lines, out, &mut truth)?,
        Style::Json | Style::Jsonl => {
            let mut text = String::new();
            for (at, line) in (1u64..).zip(&lines) {
                let open = if at == 1 { "[\n" } else { ",\n" };
                text.push_str(if style == Style::Json { open } else { "" });
                text.push_str(&object(line, &mut rng));
                text.push_str(if style == Style::Jsonl { "\n" } else { "" });
                truth.extend(line.code.map(|c| (at, c)));
            }
            text.push_str(if style == Style::Json { "\n]\n" } else { "" });
            save(out, text.as_bytes())?;
        }
        _ => save(out, &delimited(&lines, style, &mut rng, &mut truth))?,
    }
    Ok(truth
        .iter()
        .map(|(line, code)| vec![line.to_string(), (*code).to_owned()])
        .collect())
}

fn save(out: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(out, bytes).with_context(|| format!("cannot write {}", out.display()))
}

/// Delimited text in the style's encoding.
fn delimited(
    lines: &[Line],
    style: Style,
    rng: &mut Rng,
    truth: &mut Vec<(u64, &'static str)>,
) -> Vec<u8> {
    let (delimiter, end, header) = match style {
        Style::Korean => (',', "\n", "일자,브랜드,상품명,판매처,거래처,단가,수량"),
        Style::Utf16 => (
            '\t',
            "\r\n",
            "Date\tBrand\tSKU\tChannel\tVendor\tUnit Price\tQty",
        ),
        Style::German => (
            ';',
            "\r\n",
            "Date;Brand;Product;Channel;Vendor;Price (€);Quantity;Revenue",
        ),
        Style::Quoted => (
            ',',
            "\r\n",
            "\"Date\",\"Brand\",\"Product Name\",\"Channel\",\"Vendor\",\"Price\",\"Quantity\",\"Memo\"",
        ),
        _ => (
            ',',
            "\n",
            "date,brand,product,channel,vendor,price,quantity,revenue",
        ),
    };
    let mut out = match style {
        Style::Plain | Style::Quoted => b"\xef\xbb\xbf".to_vec(),
        Style::Utf16 => b"\xff\xfe".to_vec(),
        _ => Vec::new(),
    };
    let mut number = 1u64;
    let mut put = |text: &str| match style {
        Style::Utf16 => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
        Style::Korean => out.extend_from_slice(&EUC_KR.encode(text).0),
        Style::German => out.extend_from_slice(&WINDOWS_1252.encode(text).0),
        _ => out.extend_from_slice(text.as_bytes()),
    };
    put(&format!("{header}{end}"));
    for line in lines {
        number += 1;
        if rng.below(200) == 0 {
            put(end);
            number += 1;
        }
        truth.extend(line.code.map(|c| (number, c)));
        let mut cells = cells(line, style, rng);
        let spoil = line.code == Some("BAD_ENCODING");
        if style == Style::Quoted && line.code != Some("TOO_FEW_COLUMNS") {
            let memo = ["", "ok", "says \"fragile\"", "a\r\n\r\nb,c\r\n"][rng.below(4)];
            number += memo.matches('\n').count() as u64;
            cells.insert(7, memo.to_owned());
        }
        let quoted = |c: &String| {
            if style == Style::Quoted || c.contains([delimiter, '"', '\n']) {
                format!("\"{}\"", c.replace('"', "\"\""))
            } else {
                c.clone()
            }
        };
        let mut cells: Vec<String> = cells.iter().map(quoted).collect();
        if spoil {
            // Spoil the channel, which is read in every style: the marker is found below.
            cells[3] = MARK.to_string();
        }
        put(&format!("{}{end}", cells.join(&delimiter.to_string())));
    }
    if matches!(style, Style::Plain | Style::Korean) {
        put("2025-01-02,Lumio,\"Lumio Calm Toner 50ml,Web,Northgate,44100,1");
        truth.push((number + 1, "BAD_QUOTE"));
    }
    spoil(out)
}

/// Stands for bytes that are no text until the file is encoded.
const MARK: &str = "@@no-text@@";

/// Puts bytes that are no text in any encoding in the places marked for them.
fn spoil(bytes: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    while let Some(at) = memchr::memmem::find(rest, MARK.as_bytes()) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(b"\xff\xfe");
        rest = &rest[at + MARK.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// A line as a JSON object.
fn object(line: &Line, rng: &mut Rng) -> String {
    use serde_json::{Value, json};
    let texts = cells(line, Style::Plain, rng);
    let number = |text: &str| match text.parse::<i64>() {
        Ok(n) => json!(n),
        Err(_) if text.is_empty() => Value::Null,
        Err(_) => json!(text),
    };
    json!({
        "quantity": number(&texts[6]), "tags": ["a"], "product": texts[2], "date": texts[0], "brand": texts[1],
        "channel": texts[3], "vendor": if texts[4].is_empty() { Value::Null } else { json!(texts[4]) },
        "price": number(&texts[5]),
    })
    .to_string()
}

/// A workbook with titles above, empty rows between and a total below.
fn workbook(
    lines: &[Line],
    rng: &mut Rng,
    out: &Path,
    truth: &mut Vec<(u64, &'static str)>,
) -> Result<()> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let dates = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "판매 현황")?;
    for (at, name) in (0u16..).zip([
        "일자",
        "브랜드",
        "상품명",
        "판매처",
        "거래처",
        "단가",
        "수량",
    ]) {
        sheet.write_string(3, at, name)?;
    }
    let mut row = 3u32;
    let epoch = NaiveDate::from_ymd_opt(1899, 12, 30).unwrap_or_default();
    for line in lines {
        row += 1 + u32::from(rng.below(150) == 0);
        if row >= 1_048_570 {
            bail!("a sheet has no room for so many rows");
        }
        let texts = cells(line, Style::Plain, rng);
        let serial = (line.date - epoch).num_days() as f64;
        match rng.below(10) {
            _ if line.code == Some("BAD_DATE") => sheet.write_string(row, 0, &texts[0])?,
            0 => sheet.write_string(row, 0, &texts[0])?,
            1 => sheet.write_number(row, 0, serial)?,
            _ => sheet.write_number_with_format(row, 0, serial, &dates)?,
        };
        for at in 1..5u16 {
            sheet.write_string(row, at, &texts[at as usize])?;
        }
        for at in 5..7u16 {
            match texts[at as usize].parse::<f64>() {
                Ok(n) => sheet.write_number(row, at, n)?,
                Err(_) => sheet.write_string(row, at, &texts[at as usize])?,
            };
        }
        truth.extend(line.code.map(|c| (u64::from(row) + 1, c)));
    }
    row += 2;
    sheet.write_string(row, 0, "합계")?;
    let sold: i64 = lines
        .iter()
        .filter(|l| l.code.is_none())
        .map(|l| l.quantity)
        .sum();
    sheet.write_number(row, 6, sold as f64)?;
    truth.push((u64::from(row) + 1, "MISSING_REQUIRED"));
    let other = book.add_worksheet();
    other.write_string(0, 0, "브랜드")?;
    book.save(out)
        .with_context(|| format!("cannot write {}", out.display()))
}

/// Parquet with values that are not there.
fn parquet(lines: &[Line], out: &Path, truth: &mut Vec<(u64, &'static str)>) -> Result<()> {
    let column = |name: &str, of: Physical, meaning: ConvertedType| {
        let decimal = meaning == ConvertedType::DECIMAL;
        Type::primitive_type_builder(name, of)
            .with_repetition(Repetition::OPTIONAL)
            .with_converted_type(meaning)
            .with_precision(if decimal { 9 } else { -1 })
            .with_scale(if decimal { 2 } else { -1 })
            .build()
            .map(Arc::new)
    };
    let text = |name| column(name, Physical::BYTE_ARRAY, ConvertedType::UTF8);
    let fields = vec![
        column("date", Physical::INT32, ConvertedType::DATE)?,
        text("brand")?,
        text("product")?,
        text("channel")?,
        text("vendor")?,
        column("price", Physical::INT32, ConvertedType::INT_32)?,
        column("quantity", Physical::INT32, ConvertedType::INT_32)?,
    ];
    let schema = Arc::new(
        Type::group_type_builder("sales")
            .with_fields(fields)
            .build()?,
    );
    let file = fs::File::create(out).with_context(|| format!("cannot write {}", out.display()))?;
    let mut writer =
        SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::builder().build()))?;
    let mut group = writer.next_row_group()?;
    let number = |line: &Line, at: usize| match at {
        0 => Some((line.date - NaiveDate::default()).num_days() as i32),
        5 => Some(line.price as i32),
        _ if line.code == Some("MISSING_REQUIRED") => None,
        _ => Some(line.quantity as i32),
    };
    let mut at = 0;
    while let Some(mut writer) = group.next_column()? {
        if (1..=4).contains(&at) {
            let values: Vec<Option<ByteArray>> = lines
                .iter()
                .map(|l| {
                    l.texts[at - 1]
                        .as_deref()
                        .map(|t| ByteArray::from(t.as_bytes().to_vec()))
                })
                .collect();
            let (levels, values) = with_levels(values);
            writer
                .typed::<ByteArrayType>()
                .write_batch(&values, Some(&levels), None)?;
        } else {
            let (levels, values) = with_levels(lines.iter().map(|l| number(l, at)).collect());
            writer
                .typed::<Int32Type>()
                .write_batch(&values, Some(&levels), None)?;
        }
        writer.close()?;
        at += 1;
    }
    group.close()?;
    writer.close()?;
    truth.extend(
        (1u64..)
            .zip(lines)
            .filter_map(|(at, l)| l.code.map(|c| (at, c))),
    );
    Ok(())
}

/// Values that are there, and a level for each that says so.
fn with_levels<T>(values: Vec<Option<T>>) -> (Vec<i16>, Vec<T>) {
    let levels = values.iter().map(|v| i16::from(v.is_some())).collect();
    (levels, values.into_iter().flatten().collect())
}
