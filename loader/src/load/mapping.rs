//! Which column fills which field.

use super::field::{FIELDS, Field, normalise, score};
use anyhow::{Result, bail};

/// What the user said about columns and fields.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Wishes {
    /// `--map FIELD=COLUMN`
    pub(crate) map: Vec<(String, String)>,
    /// `--default FIELD=VALUE`
    pub(crate) defaults: Vec<(String, String)>,
    /// `--columns a,b,c`, for a file without header
    pub(crate) columns: Option<Vec<String>>,
}

/// Where a field's values come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nowhere: NULL.
    #[default]
    None,
    /// A column, from 0.
    Column(usize),
    /// The same value on every line.
    Fixed(String),
}

/// The columns of a file and what they fill.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapping {
    /// By [`Field::index`].
    pub(crate) origin: [Origin; FIELDS],
    /// The header's names.
    pub(crate) header: Vec<String>,
    /// Score of the column that was chosen, 101 where the user named it.
    pub(crate) scores: [u32; FIELDS],
    /// Things worth saying that stop nothing.
    pub(crate) notes: Vec<String>,
}

/// Why a header does not do.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// A field has no column.
    Missing(String),
    /// A field has two that fit equally.
    Ambiguous(String),
}

impl Mapping {
    /// Column of a field.
    pub(crate) fn column(&self, field: Field) -> Option<usize> {
        match self.origin[field.index()] {
            Origin::Column(c) => Some(c),
            _ => None,
        }
    }

    /// Whether a field has a column or a fixed value.
    pub(crate) fn has(&self, field: Field) -> bool {
        self.origin[field.index()] != Origin::None
    }

    /// The mapping as it is stored with a load.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        for field in Field::ALL {
            let value = match &self.origin[field.index()] {
                Origin::None => continue,
                Origin::Column(c) => serde_json::json!({ "column": self.header.get(*c) }),
                Origin::Fixed(v) => serde_json::json!({ "value": v }),
            };
            object.insert(field.name().into(), value);
        }
        object.into()
    }

    /// The first required field that nothing fills.
    fn missing(&self) -> Option<&'static str> {
        if !self.has(Field::Date) {
            Some("date")
        } else if !self.has(Field::Sku) && !self.has(Field::Product) {
            Some("sku")
        } else if !self.has(Field::Quantity) {
            Some("quantity")
        } else if !self.has(Field::Price) && !self.has(Field::Revenue) {
            Some("price")
        } else {
            None
        }
    }
}

/// Names of all fields, for messages.
fn field_names() -> String {
    Field::ALL.map(Field::name).join(", ")
}

/// Reads a field's name given by the user.
pub(crate) fn field_of(name: &str) -> Result<Field> {
    match Field::from_name(name) {
        Some(f) => Ok(f),
        None => bail!("unknown field \"{name}\"; the fields are {}", field_names()),
    }
}

/// Splits `FIELD=VALUE`; used by the command line.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((field, value)) if !field.trim().is_empty() => {
            Ok((field.trim().to_owned(), value.to_owned()))
        }
        _ => Err(format!("\"{text}\" is not FIELD=VALUE")),
    }
}

/// The column a name stands for.
fn find_column(header: &[String], name: &str, field: Field) -> Result<usize> {
    let exact: Vec<usize> = (0..header.len())
        .filter(|i| header[*i] == name.trim())
        .collect();
    let close = || {
        (0..header.len())
            .filter(|i| normalise(&header[*i]) == normalise(name))
            .collect()
    };
    let found: Vec<usize> = if exact.is_empty() && !normalise(name).is_empty() {
        close()
    } else {
        exact
    };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let near = header.iter().max_by(|a, b| {
                let like = |h: &str| strsim::jaro_winkler(&normalise(h), &normalise(name));
                like(a).total_cmp(&like(b))
            });
            bail!(
                "there is no column \"{name}\"; the columns are {}\n  try: --map {field}=\"{}\"",
                quoted(header),
                near.map_or("", String::as_str)
            )
        }
        _ => bail!(
            "{} columns are named \"{name}\"; rename one of them",
            found.len()
        ),
    }
}

/// A name that is short enough for a message.
fn short(name: &str) -> String {
    if name.chars().count() <= 40 {
        name.to_owned()
    } else {
        name.chars().take(39).chain(['…']).collect()
    }
}

/// Names in quotes, the first twenty of them.
fn quoted(names: &[String]) -> String {
    let mut text = names
        .iter()
        .take(20)
        .map(|n| format!("\"{}\"", short(n)))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > 20 {
        text.push_str(&format!(" and {} more", names.len() - 20));
    }
    text
}

/// Most cells a header may have; a table of sales lines has a few dozen.
pub(crate) const MAX_COLUMNS: usize = 2_000;

/// Fits the columns of `header` to the fields, one to one.
///
/// # Errors
///
/// A message that says what is missing or doubtful and what to type, with the kind of trouble so
/// that the search for the header row can go on.
pub(crate) fn fit(header: &[String], wishes: &Wishes) -> Result<Result<Mapping, Trouble>> {
    let mut mapping = Mapping {
        header: header.to_vec(),
        ..Mapping::default()
    };
    let mut taken = vec![false; header.len()];
    for (field, value) in &wishes.defaults {
        let field = field_of(field)?;
        mapping.origin[field.index()] = Origin::Fixed(value.clone());
    }
    for (field, column) in &wishes.map {
        let field = field_of(field)?;
        let at = match find_column(header, column, field) {
            Ok(at) => at,
            Err(e) => return Ok(Err(Trouble::Missing(e.to_string()))),
        };
        mapping.origin[field.index()] = Origin::Column(at);
        mapping.scores[field.index()] = 101;
        if let Some(t) = taken.get_mut(at) {
            *t = true;
        }
    }
    // Best fits first, so that a column goes to the field it fits best.
    let mut pairs: Vec<(u32, Field, usize)> = Vec::new();
    for field in Field::ALL {
        if mapping.has(field) && mapping.scores[field.index()] > 0 {
            continue;
        }
        for (at, name) in header.iter().enumerate().filter(|(at, _)| !taken[*at]) {
            let s = score(name, field);
            if s > 0 {
                pairs.push((s, field, at));
            }
        }
    }
    pairs.sort_by_key(|(s, f, at)| (std::cmp::Reverse(*s), *f, *at));
    for at in 0..pairs.len() {
        let (s, field, column) = pairs[at];
        let filled_by_column = matches!(mapping.origin[field.index()], Origin::Column(_));
        if filled_by_column || taken[column] || weak(s) && !needed(field, &mapping) {
            continue;
        }
        let rivals: Vec<usize> = pairs[at..]
            .iter()
            .filter(|(rs, rf, rc)| *rs == s && *rf == field && !taken[*rc])
            .map(|(_, _, rc)| *rc)
            .collect();
        if rivals.len() > 1 {
            let names: Vec<String> = rivals.iter().map(|r| header[*r].clone()).collect();
            if required(field, header) {
                return Ok(Err(Trouble::Ambiguous(format!(
                    "{} columns fit {field} equally well: {}\n  say which: --map {field}=\"{}\"",
                    rivals.len(),
                    quoted(&names),
                    names[0]
                ))));
            }
            if field == Field::Revenue {
                mapping.notes.push(format!(
                    "{field}: {} fit equally well, took none",
                    quoted(&names)
                ));
                rivals.iter().for_each(|r| taken[*r] = true);
                continue;
            }
            mapping.notes.push(format!(
                "{field}: {} fit equally well, took the first",
                quoted(&names)
            ));
        }
        mapping.origin[field.index()] = Origin::Column(column);
        mapping.scores[field.index()] = s;
        taken[column] = true;
    }
    Ok(match mapping.missing() {
        None => Ok(mapping),
        Some(field) => Err(Trouble::Missing(no_column(field, header, &taken))),
    })
}

/// Whether lines cannot do without this field; price and revenue, code and name stand in for each
/// other.
fn required(field: Field, header: &[String]) -> bool {
    let other = match field {
        Field::Date | Field::Quantity | Field::Price => return true,
        Field::Revenue => Field::Price,
        Field::Sku => Field::Product,
        Field::Product => Field::Sku,
        _ => return false,
    };
    let fits = header
        .iter()
        .filter(|h| !weak(score(h, other)) && score(h, other) > 0)
        .count();
    fits != 1
}

/// A header that only contains the field's name.
fn weak(score: u32) -> bool {
    score <= 50
}

/// Whether a line lacks this field so far.
fn needed(field: Field, mapping: &Mapping) -> bool {
    match field {
        Field::Sku | Field::Product => !mapping.has(Field::Sku) && !mapping.has(Field::Product),
        Field::Price | Field::Revenue => !mapping.has(Field::Price) && !mapping.has(Field::Revenue),
        _ => true,
    }
}

/// Likeness (Jaro–Winkler) from which a header is worth naming: "Ordr Dt" for "date" is not.
const ALIKE: f64 = 0.75;

/// What to say about a required field without column.
fn no_column(field: &str, header: &[String], taken: &[bool]) -> String {
    let free: Vec<String> = header
        .iter()
        .zip(taken)
        .filter(|(h, t)| !**t && !h.trim().is_empty())
        .map(|(h, _)| h.clone())
        .collect();
    let words = field_of(field).map(|f| f.name()).unwrap_or(field);
    let or = if field == "price" {
        " (nor revenue)"
    } else {
        ""
    };
    // A column that only happens to be the nearest would be a bad advice.
    let like = |h: &str| strsim::jaro_winkler(&normalise(h), words);
    let guess = free
        .iter()
        .filter(|h| like(h) >= ALIKE || normalise(h).contains(words))
        .max_by(|a, b| like(a).total_cmp(&like(b)))
        .map_or("COLUMN", String::as_str);
    format!(
        "no column for {field}{or}; the columns are {}\n  name it: --map {field}=\"{guess}\", give a value for all \
         lines: --default {field}=VALUE,\n  or, where line 1 is data already: --columns {}",
        quoted(header),
        "date,brand,sku,channel,vendor,price,quantity"
    )
}

/// The mapping of a file without header.
pub(crate) fn from_columns(names: &[String], wishes: &Wishes) -> Result<Mapping> {
    let mut mapping = Mapping {
        header: names.to_vec(),
        ..Mapping::default()
    };
    for (field, value) in &wishes.defaults {
        mapping.origin[field_of(field)?.index()] = Origin::Fixed(value.clone());
    }
    for (at, name) in names.iter().enumerate() {
        if matches!(name.trim(), "" | "_" | "-") {
            continue;
        }
        let field = field_of(name)?;
        if matches!(mapping.origin[field.index()], Origin::Column(_)) {
            bail!("--columns names {field} twice; use _ for a column that is not wanted");
        }
        mapping.origin[field.index()] = Origin::Column(at);
        mapping.scores[field.index()] = 101;
    }
    for (field, column) in &wishes.map {
        let field = field_of(field)?;
        mapping.origin[field.index()] = Origin::Column(find_column(names, column, field)?);
    }
    match mapping.missing() {
        None => Ok(mapping),
        Some(field) => bail!("--columns has no {field}; the fields are {}", field_names()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fit_names(names: &[&str]) -> Result<Mapping, Trouble> {
        let header: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        fit(&header, &Wishes::default()).unwrap()
    }

    #[test]
    fn superstore() {
        let m = fit_names(&[
            "Row ID",
            "Order ID",
            "Order Date",
            "Ship Date",
            "Ship Mode",
            "Customer ID",
            "Customer Name",
            "Segment",
            "Category",
            "Sub-Category",
            "Product ID",
            "Product Name",
            "Sales",
            "Quantity",
            "Discount",
            "Profit",
        ])
        .unwrap();
        for (field, column) in [
            (Field::Date, 2),
            (Field::OrderRef, 1),
            (Field::CustomerRef, 5),
            (Field::ProductType, 8),
            (Field::Sku, 10),
            (Field::Product, 11),
            (Field::Revenue, 12),
            (Field::Quantity, 13),
        ] {
            assert_eq!(m.column(field), Some(column), "{field}");
        }
        assert_eq!(m.column(Field::Price), None);
    }

    #[test]
    fn doubt_stops() {
        let e = fit_names(&["주문일", "상품명", "수량", "판매수량", "단가"]).unwrap_err();
        assert!(matches!(e, Trouble::Ambiguous(m) if m.contains("--map quantity=")));
        let e = fit_names(&["Ship Date", "product", "qty", "price"]).unwrap_err();
        assert!(matches!(e, Trouble::Missing(m) if m.contains("--map date=\"Ship Date\"")));
        let e = fit_names(&["Wann", "Artikelnummer", "Menge", "Preis"]).unwrap_err();
        assert!(matches!(e, Trouble::Missing(m) if m.contains("--map date=\"COLUMN\"")));
    }

    proptest! {
        #[test]
        fn never_panics(header in prop::collection::vec("\\PC{0,12}|[a-z가-힣 _./()-]{0,20}|date|price|수량|qty", 0..12)) {
            if let Ok(Ok(mapping)) = fit(&header, &Wishes::default()) {
                let mut columns: Vec<_> = Field::ALL.iter().filter_map(|f| mapping.column(*f)).collect();
                let n = columns.len();
                columns.sort_unstable();
                columns.dedup();
                prop_assert_eq!(columns.len(), n, "a column fills two fields");
            }
        }

        /// Usual names in any order, case and punctuation find their fields.
        #[test]
        fn usual_names(
            order in Just((0..7).collect::<Vec<usize>>()).prop_shuffle(),
            picks in prop::collection::vec(0usize..4, 7),
            upper in any::<bool>(),
            sign in prop::sample::select(vec![" ", "_", "-", ".", ""]),
        ) {
            const NAMES: [(Field, [&str; 4]); 7] = [
                (Field::Date, ["date", "order date", "일자", "판매일"]),
                (Field::Brand, ["brand", "브랜드", "brand name", "brand"]),
                (Field::Product, ["product", "product name", "품목", "상품명"]),
                (Field::Channel, ["channel", "platform", "판매처", "채널"]),
                (Field::Vendor, ["vendor", "거래처", "벤더", "공급사"]),
                (Field::Price, ["price", "unit price", "단가", "판매가"]),
                (Field::Quantity, ["quantity", "qty", "수량", "판매수량"]),
            ];
            let header: Vec<String> = order.iter().map(|at| {
                let name = NAMES[*at].1[picks[*at]].replace(' ', sign);
                if upper { name.to_uppercase() } else { name }
            }).collect();
            let mapping = match fit(&header, &Wishes::default()) {
                Ok(Ok(mapping)) => mapping,
                other => return Err(TestCaseError::fail(format!("{header:?}: {:?}", other.err()))),
            };
            for (column, at) in order.iter().enumerate() {
                prop_assert_eq!(mapping.column(NAMES[*at].0), Some(column), "{:?}", header);
            }
        }
    }
}
