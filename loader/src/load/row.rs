//! From the cells of a record to a row of `sales.order_line`, or to a reject.

use super::date::{self, DateFormat};
use super::decimal::{Decimal, MAX_SCALE};
use super::field::{FIELDS, Field};
use super::kind::Kinds;
use super::mapping::{Mapping, Origin};
use super::number::{self, NumberError, NumberFormat};
use super::record::{Cell, Kind};
use chrono::{Datelike, NaiveDate};
use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// Why a line is not taken; the order is the order in which they apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Code {
    /// Bytes that are invalid in the file's encoding, or a NUL.
    BadEncoding,
    /// A quote that never closes.
    BadQuote,
    /// Fewer cells than the header.
    TooFewColumns,
    /// More cells than the header.
    TooManyColumns,
    /// No date, sku or quantity, or neither price nor revenue.
    MissingRequired,
    /// Not a day of the calendar in the column's format.
    BadDate,
    /// Not a finite number.
    BadNumber,
    /// Beyond what sales can be.
    OutOfRange,
    /// Later than tomorrow.
    FutureDate,
    /// A price below 0.
    NegPrice,
    /// Revenue is not price × quantity.
    RevenueMismatch,
    /// The order's line number was there before.
    DupInFile,
}

impl Code {
    /// As it is stored.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BadEncoding => "BAD_ENCODING",
            Self::BadQuote => "BAD_QUOTE",
            Self::TooFewColumns => "TOO_FEW_COLUMNS",
            Self::TooManyColumns => "TOO_MANY_COLUMNS",
            Self::MissingRequired => "MISSING_REQUIRED",
            Self::BadDate => "BAD_DATE",
            Self::BadNumber => "BAD_NUMBER",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::FutureDate => "FUTURE_DATE",
            Self::NegPrice => "NEG_PRICE",
            Self::RevenueMismatch => "REVENUE_MISMATCH",
            Self::DupInFile => "DUP_IN_FILE",
        }
    }
}

/// A line that is not taken.
#[derive(Clone, Debug)]
pub(crate) struct Reject {
    /// Line of the file.
    pub(crate) line: u64,
    /// The column at fault, where one is.
    pub(crate) column: Option<String>,
    /// The cell or line, shortened.
    pub(crate) raw: String,
    /// Why.
    pub(crate) code: Code,
    /// Why, in words.
    pub(crate) reason: String,
}

/// Characters of a cell or line that are kept with a reject.
const RAW_KEPT: usize = 500;

/// Characters of a text field; a product's name has 300 at most.
const MAX_TEXT: usize = 1_000;

/// Price and revenue beyond this are mistakes.
const MAX_MONEY: Decimal = Decimal::new(1_000_000_000_000, 0);

/// Quantities beyond this are mistakes.
const MAX_QUANTITY: Decimal = Decimal::new(1_000_000_000, 0);

/// Share of an amount that rounding may explain.
const MAX_ROUNDING: Decimal = Decimal::new(5, 3);

/// Difference that is always rounding: a cent.
const CENT: Decimal = Decimal::new(1, 2);

/// Everything the validating threads know about a file.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Which column fills which field.
    pub(crate) mapping: Mapping,
    /// How the date column is read.
    pub(crate) date: DateFormat,
    /// How the number columns are read, by [`Field::index`].
    pub(crate) number: [NumberFormat; FIELDS],
    /// Cells a line must have; `None` where cells have names.
    pub(crate) width: Option<usize>,
    /// Lines up to this one are title and header.
    pub(crate) header_line: u64,
    /// The last day that is not in the future.
    pub(crate) latest: NaiveDate,
    /// Whether a price below zero is fine.
    pub(crate) allow_negative_price: bool,
    /// The load the rows belong to.
    pub(crate) load_id: i64,
}

/// What became of a chunk.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Rows in COPY's binary format, without header and trailer.
    pub(crate) rows: Vec<u8>,
    /// Number of rows.
    pub(crate) accepted: u64,
    /// Lines not taken.
    pub(crate) rejects: Vec<Reject>,
    /// First and last day.
    pub(crate) days: Option<(NaiveDate, NaiveDate)>,
    /// Sum of revenue and of quantity.
    pub(crate) sums: Option<(Decimal, Decimal)>,
    /// Where an order's line numbers must be unique: their key, line, and the row's place in `rows`.
    pub(crate) keys: Vec<(u64, u64, u32, u32)>,
}

/// chrono's number of 2000-01-01, where PostgreSQL counts from.
const PG_EPOCH_FROM_CE: i32 = 730_120;

/// Reads records and writes rows.
pub(crate) struct Rows<'p> {
    plan: &'p Plan,
    kinds: Kinds,
    /// What the chunk has given so far.
    pub(crate) out: Output,
}

/// A cell's value while a record is read.
type Text<'a> = Option<Cow<'a, str>>;

/// A failure before the reject is written: code, field, reason.
type Fault = (Code, Option<Field>, String);

impl<'p> Rows<'p> {
    /// Reads by `plan`.
    pub(crate) fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            kinds: Kinds::default(),
            out: Output::default(),
        }
    }

    /// Hands over what the records since the last call have given.
    pub(crate) fn take(&mut self) -> Output {
        std::mem::take(&mut self.out)
    }

    /// Notes a line that is no record at all.
    pub(crate) fn reject(&mut self, line: u64, code: Code, raw: &[u8], reason: &str) {
        self.out.rejects.push(Reject {
            line,
            column: None,
            raw: shorten(raw),
            code,
            reason: reason.to_owned(),
        });
    }

    /// Reads one record; `raw` is what is shown of a line rejected as a whole.
    pub(crate) fn record(&mut self, line: u64, cells: &[Cell<'_>], raw: &[u8]) {
        if line <= self.plan.header_line {
            return;
        }
        let start = self.out.rows.len();
        if let Err((code, field, reason)) = self.row(line, cells) {
            self.out.rows.truncate(start);
            let column = field.and_then(|f| self.plan.mapping.column(f));
            let name = column
                .and_then(|c| self.plan.mapping.header.get(c))
                .cloned();
            let shown = match column.and_then(|c| cells.get(c)) {
                Some(cell) if code > Code::TooManyColumns || code == Code::BadEncoding => {
                    shorten(cell.bytes)
                }
                _ if raw.is_empty() => shorten(&join(cells)),
                _ => shorten(raw),
            };
            self.out.rejects.push(Reject {
                line,
                column: name,
                raw: shown,
                code,
                reason,
            });
        }
    }

    /// Checks a record and writes its row.
    fn row(&mut self, line: u64, cells: &[Cell<'_>]) -> Result<(), Fault> {
        use Field::{
            Brand, Channel, CustomerRef, Date, ListPrice, OrderLine, OrderRef, Price, Product,
            ProductType, Quantity, Revenue, Sku, Vendor,
        };
        let plan = self.plan;
        let mut values: [(Text<'_>, Kind); FIELDS] = std::array::from_fn(|_| (None, Kind::Null));
        for (at, field) in Field::ALL.into_iter().enumerate() {
            if plan.mapping.origin[at] != Origin::None {
                values[at] = match text_of(plan, cells, field) {
                    Err(_) if matches!(field, ListPrice) => (None, Kind::Null),
                    other => other?,
                };
            }
        }
        if let Some(width) = plan.width {
            let n = cells.len();
            if n < width {
                return Err((
                    Code::TooFewColumns,
                    None,
                    format!("{n} cells, the header has {width}"),
                ));
            }
            if n > width {
                return Err((
                    Code::TooManyColumns,
                    None,
                    format!("{n} cells, the header has {width}"),
                ));
            }
        }
        let get = |f: Field| values[f.index()].0.as_deref();
        let missing = |f: Field| (Code::MissingRequired, Some(f), format!("no {f}"));
        let date_text = get(Date).ok_or_else(|| missing(Date))?;
        let sku = get(Sku)
            .or(get(Product))
            .ok_or_else(|| missing(if plan.mapping.has(Sku) { Sku } else { Product }))?;
        let product = get(Product).or(get(Sku));
        get(Quantity).ok_or_else(|| missing(Quantity))?;
        if get(Price).is_none() && get(Revenue).is_none() {
            return Err((
                Code::MissingRequired,
                Some(Price),
                "neither price nor revenue".into(),
            ));
        }
        let bad_date = || {
            (
                Code::BadDate,
                Some(Date),
                "not a day of the calendar".to_owned(),
            )
        };
        let day = match values[Date.index()].1 {
            Kind::Number => date::from_number(date_text, plan.date)
                .or_else(|| date::parse(date_text, plan.date)),
            _ => date::parse(date_text, plan.date),
        }
        .ok_or_else(bad_date)?;
        // A number with too many digits is one, and is out of range only where all are numbers.
        let mut too_large = None;
        let mut amount =
            |f: Field| match number_of(plan, &values[f.index()].0, values[f.index()].1, f) {
                Err(fault @ (Code::OutOfRange, ..)) => {
                    too_large.get_or_insert(fault);
                    Ok(None)
                }
                other => other,
            };
        let price = amount(Price)?;
        let quantity = amount(Quantity)?;
        let revenue = amount(Revenue)?;
        if day.year() < 1970 {
            return Err((
                Code::OutOfRange,
                Some(Date),
                format!("{day} is before 1970"),
            ));
        }
        if let Some(fault) = too_large {
            return Err(fault);
        }
        let quantity = quantity.ok_or_else(|| missing(Quantity))?;
        if quantity.abs().gt(MAX_QUANTITY) {
            return Err((
                Code::OutOfRange,
                Some(Quantity),
                "quantity beyond 10^9".into(),
            ));
        }
        for (field, value) in [(Price, price), (Revenue, revenue)] {
            if value.is_some_and(|v| v.abs().gt(MAX_MONEY)) {
                return Err((
                    Code::OutOfRange,
                    Some(field),
                    format!("{field} beyond 10^12"),
                ));
            }
        }
        for field in [
            Brand,
            Sku,
            Product,
            ProductType,
            Channel,
            Vendor,
            OrderRef,
            CustomerRef,
        ] {
            if get(field).is_some_and(|t| t.len() > MAX_TEXT && t.chars().count() > MAX_TEXT) {
                return Err((
                    Code::OutOfRange,
                    Some(field),
                    format!("{field} has more than {MAX_TEXT} characters"),
                ));
            }
        }
        let (price, revenue, given) = match (price, revenue) {
            (Some(p), Some(r)) => (Some(p), r, true),
            (Some(p), None) => {
                let r = p.checked_mul(quantity).filter(|r| !r.abs().gt(MAX_MONEY));
                (
                    Some(p),
                    r.ok_or((
                        Code::OutOfRange,
                        Some(Price),
                        "revenue beyond 10^12".to_owned(),
                    ))?,
                    false,
                )
            }
            (None, Some(r)) => {
                let p = r.checked_div(quantity);
                if p.is_some_and(|p| p.abs().gt(MAX_MONEY)) {
                    return Err((Code::OutOfRange, Some(Revenue), "price beyond 10^12".into()));
                }
                (p, r, false)
            }
            (None, None) => return Err(missing(Price)),
        };
        if day > plan.latest {
            return Err((
                Code::FutureDate,
                Some(Date),
                format!("{day} is later than tomorrow"),
            ));
        }
        if !plan.allow_negative_price && price.is_some_and(Decimal::is_negative) {
            return Err((Code::NegPrice, Some(Price), "price below 0".into()));
        }
        if let (true, Some(p)) = (given, price) {
            agree(p, quantity, revenue)?;
        }
        let list_price = number_or_null(get(ListPrice), plan.number[ListPrice.index()]);
        let kind = match plan.mapping.has(ProductType) {
            true => get(ProductType),
            false => product.and_then(|p| self.kinds.of(p)),
        };
        let order_key = match (get(OrderRef), get(OrderLine)) {
            // A product line may be called "line" too; only numbers count lines.
            (Some(order), Some(number)) if number.bytes().all(|b| b.is_ascii_digit()) => {
                Some(key(order, number))
            }
            _ => None,
        };

        let out = &mut self.out;
        let start = out.rows.len() as u32;
        let rows = &mut out.rows;
        rows.extend_from_slice(&15i16.to_be_bytes());
        put_i64(rows, plan.load_id);
        put_i64(rows, line as i64);
        rows.extend_from_slice(&4i32.to_be_bytes());
        rows.extend_from_slice(&(day.num_days_from_ce() - PG_EPOCH_FROM_CE).to_be_bytes());
        for text in [
            get(OrderRef),
            get(CustomerRef),
            get(Brand),
            Some(sku),
            product,
            kind,
            get(Channel),
            get(Vendor),
        ] {
            put_text(rows, text);
        }
        for value in [price, Some(quantity), Some(revenue), list_price] {
            match value {
                Some(v) => v.put_numeric(rows),
                None => rows.extend_from_slice(&(-1i32).to_be_bytes()),
            }
        }
        if let Some(k) = order_key {
            out.keys.push((k, line, start, out.rows.len() as u32));
        }
        out.accepted += 1;
        out.days = Some(
            out.days
                .map_or((day, day), |(a, b)| (a.min(day), b.max(day))),
        );
        let zero = Decimal::new(0, 0);
        let (r, q) = out.sums.unwrap_or((zero, zero));
        out.sums = r.checked_add(revenue).zip(q.checked_add(quantity));
        Ok(())
    }
}

/// The text of a field; `None` for NULL.
fn text_of<'a>(
    plan: &'a Plan,
    cells: &[Cell<'a>],
    field: Field,
) -> Result<(Text<'a>, Kind), Fault> {
    match &plan.mapping.origin[field.index()] {
        Origin::None => Ok((None, Kind::Null)),
        Origin::Fixed(v) => Ok((not_null(Cow::Borrowed(v.trim())), Kind::Number)),
        Origin::Column(c) => {
            let Some(cell) = cells.get(*c) else {
                return Ok((None, Kind::Null));
            };
            let kind = cell.kind;
            if kind == Kind::Null {
                return Ok((None, kind));
            }
            match cell.as_str() {
                Some(text) => Ok((not_null(text), kind)),
                None => Err((
                    Code::BadEncoding,
                    Some(field),
                    "bytes that are no text".into(),
                )),
            }
        }
    }
}

/// The number of a field.
fn number_of(
    plan: &Plan,
    text: &Text<'_>,
    kind: Kind,
    field: Field,
) -> Result<Option<Decimal>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let format = match kind {
        Kind::Number => NumberFormat::PLAIN,
        _ => plan.number[field.index()],
    };
    match super::number::parse(text, format) {
        Ok(n) => Ok(Some(n)),
        Err(NumberError::Bad) => Err((
            Code::BadNumber,
            Some(field),
            format!("{field} is not a number"),
        )),
        Err(NumberError::TooLarge) => Err((
            Code::OutOfRange,
            Some(field),
            format!("{field} has too many digits"),
        )),
        Err(NumberError::TooSmall) => Err((
            Code::OutOfRange,
            Some(field),
            format!("{field} is not 0, but is with {MAX_SCALE} decimals"),
        )),
    }
}

/// Whether revenue is price × quantity, but for what rounding the price and the revenue explains.
fn agree(price: Decimal, quantity: Decimal, revenue: Decimal) -> Result<(), Fault> {
    let mismatch = |exact: Option<Decimal>| {
        let exact = exact.map_or("out of range".to_owned(), |e| e.trimmed().to_string());
        (
            Code::RevenueMismatch,
            Some(Field::Revenue),
            format!("price × quantity is {exact}"),
        )
    };
    let exact = price.checked_mul(quantity).ok_or_else(|| mismatch(None))?;
    let off = exact
        .checked_sub(revenue)
        .ok_or_else(|| mismatch(Some(exact)))?
        .abs();
    if off.is_zero() || !off.gt(CENT) {
        return Ok(());
    }
    let rounding = price
        .half_unit()
        .checked_mul(quantity.abs())
        .and_then(|r| r.checked_add(revenue.half_unit()))
        .ok_or_else(|| mismatch(Some(exact)))?;
    let most = exact
        .abs()
        .checked_mul(MAX_ROUNDING)
        .ok_or_else(|| mismatch(Some(exact)))?;
    if off.gt(rounding) || off.gt(most) {
        Err(mismatch(Some(exact)))
    } else {
        Ok(())
    }
}

/// A list price that can be read; what cannot is no reason to lose a line.
fn number_or_null(text: Option<&str>, format: NumberFormat) -> Option<Decimal> {
    number::parse(text?, format)
        .ok()
        .filter(|n| !n.is_negative() && !n.gt(MAX_MONEY))
}

/// `None` for what stands for no value.
fn not_null(text: Cow<'_, str>) -> Text<'_> {
    match text.as_ref() {
        "" | "-" | "없음" => None,
        t if t.eq_ignore_ascii_case("n/a") => None,
        _ => Some(text),
    }
}

/// Key of an order's line; 64 bits, so that ten million lines collide with a chance of 3 in a million.
fn key(order: &str, number: &str) -> u64 {
    let mut hasher = std::collections::hash_map::DefaultHasher::new();
    (order, number.trim_start_matches('0')).hash(&mut hasher);
    hasher.finish()
}

/// Cells as one line.
fn join(cells: &[Cell<'_>]) -> Vec<u8> {
    let parts: Vec<&[u8]> = cells
        .iter()
        .map(|c| c.bytes.get(..200).unwrap_or(c.bytes))
        .take(50)
        .collect();
    parts.join(&b","[..])
}

/// The beginning of a cell or line as text the server takes.
fn shorten(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(RAW_KEPT * 4)]);
    text.trim_end_matches(['\r', '\n'])
        .chars()
        .filter(|c| *c != '\0')
        .take(RAW_KEPT)
        .collect()
}

fn put_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&8i32.to_be_bytes());
    out.extend_from_slice(&value.to_be_bytes());
}

/// Appends a text field in COPY's binary format.
pub(crate) fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(t) => {
            out.extend_from_slice(&(t.len() as i32).to_be_bytes());
            out.extend_from_slice(t.as_bytes());
        }
        None => out.extend_from_slice(&(-1i32).to_be_bytes()),
    }
}

impl Reject {
    /// Appends the row of `sales.reject` in COPY's binary format.
    pub(crate) fn put(&self, load_id: i64, out: &mut Vec<u8>) {
        out.extend_from_slice(&6i16.to_be_bytes());
        put_i64(out, load_id);
        put_i64(out, self.line as i64);
        put_text(out, self.column.as_deref());
        put_text(out, Some(&self.raw));
        put_text(out, Some(self.code.name()));
        put_text(out, Some(&self.reason));
    }
}
