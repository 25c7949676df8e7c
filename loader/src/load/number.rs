//! Numbers as people and programs write them, and the decimal sign of a column.

use super::decimal::{Decimal, MAX_SCALE};
use unicode_normalization::UnicodeNormalization;

/// What separates whole and fraction in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DecimalSign {
    /// 1,234.56
    Point,
    /// 1.234,56
    Comma,
}

/// Why a cell is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// Not a finite number in the column's notation.
    Bad,
    /// A number with more digits than any amount has.
    TooLarge,
    /// Not zero, but zero once it has the digits after the point that are kept.
    TooSmall,
}

/// How the numbers of a column are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberFormat {
    /// The column's decimal sign.
    pub(crate) decimal: DecimalSign,
    /// Whether `\` is the won sign, as in code page 949.
    pub(crate) backslash_won: bool,
}

impl NumberFormat {
    /// The notation of programs: a point, no grouping needed.
    pub(crate) const PLAIN: Self = Self {
        decimal: DecimalSign::Point,
        backslash_won: false,
    };
}

/// Most digits of a mantissa that are exact in an `i128`.
const MAX_DIGITS: u32 = 37;

/// Whole digits beyond which a number is out of every range (amounts end at 10¹²).
const MAX_WHOLE_DIGITS: usize = 18;

/// Reads digits with at most one point, as most cells are; `None` leaves it to the full reader.
fn quick(cell: &[u8]) -> Option<Decimal> {
    let (negative, digits) = match cell.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, cell),
    };
    if digits.is_empty() || digits.len() > 17 {
        return None;
    }
    let (mut mantissa, mut scale, mut point) = (0u64, 0u32, false);
    for &b in digits {
        match b {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(b - b'0');
                scale += u32::from(point);
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    if point && (scale == 0 || digits.first() == Some(&b'.')) {
        return None;
    }
    let m = i128::from(mantissa);
    Some(Decimal::new(if negative { -m } else { m }, scale))
}

/// Reads one cell of a number column.
///
/// # Errors
///
/// [`NumberError::Bad`] for anything that is not a finite number in the column's notation,
/// [`NumberError::TooLarge`] beyond 10¹⁸, [`NumberError::TooSmall`] for what would be stored as 0 and is not.
pub(crate) fn parse(cell: &str, format: NumberFormat) -> Result<Decimal, NumberError> {
    if let Some(value) = quick(cell.as_bytes()).filter(|_| {
        // "1.234" in a comma column is one thousand two hundred thirty-four.
        format.decimal == DecimalSign::Point || !cell.contains('.')
    }) {
        return Ok(value);
    }
    let bare = strip(cell, format.backslash_won).ok_or(NumberError::Bad)?;
    let value = assemble(&bare.digits, format.decimal)?;
    let value = if bare.percent {
        let part = value
            .checked_mul(Decimal::new(1, 2))
            .ok_or(NumberError::TooLarge)?;
        if part.is_zero() && !value.is_zero() {
            return Err(NumberError::TooSmall);
        }
        part
    } else {
        value
    };
    Ok(if bare.negative { value.neg() } else { value })
}

/// A cell without signs, currency and width variants.
struct Bare {
    digits: String,
    negative: bool,
    percent: bool,
}

/// Words and signs of currency that may stand before or after an amount.
const CURRENCIES: [&str; 23] = [
    "₩", "￦", "원", "$", "€", "£", "¥", "円", "元", "₹", "₫", "฿", "krw", "won", "usd", "us$",
    "eur", "gbp", "jpy", "cny", "inr", "chf", "rs.",
];

/// Takes sign, currency, percent and blanks off; `None` where a sign is out of place.
fn strip(cell: &str, backslash_won: bool) -> Option<Bare> {
    if cell.len() > 200 {
        return None; // no amount is that long
    }
    let text: String = cell
        .nfkc()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '\u{2212}' | '\u{2010}' | '\u{2011}' | '\u{2013}' => '-',
            '\u{66b}' => '.',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .collect();
    let mut s = text.trim();
    let (mut negative, mut percent, mut currency, mut sign) = (false, false, false, false);
    // Signs nest in any order: (₩1,234) · -$5 · $-5 · 1,234-원
    loop {
        let before = s.len();
        if let Some(inner) = s.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
            if sign {
                return None;
            }
            (negative, sign, s) = (true, true, inner.trim());
        }
        if let Some(rest) = s.strip_prefix(['-', '+']) {
            if sign {
                return None;
            }
            (negative, sign, s) = (s.starts_with('-'), true, rest.trim_start());
        }
        if let Some(rest) = s.strip_suffix('-') {
            if sign {
                return None;
            }
            (negative, sign, s) = (true, true, rest.trim_end());
        }
        if let Some(rest) = s.strip_suffix('%') {
            if percent {
                return None;
            }
            (percent, s) = (true, rest.trim_end());
        }
        if let Some(rest) = s.strip_prefix('\\').filter(|_| backslash_won && !currency) {
            (currency, s) = (true, rest.trim_start());
        }
        if !currency {
            for name in CURRENCIES {
                if let Some(rest) = s.strip_prefix(name) {
                    (currency, s) = (true, rest.trim_start());
                    break;
                }
                if let Some(rest) = s.strip_suffix(name) {
                    (currency, s) = (true, rest.trim_end());
                    break;
                }
            }
        }
        if s.len() == before {
            break;
        }
    }
    Some(Bare {
        digits: s.to_owned(),
        negative,
        percent,
    })
}

/// Whether groups of digits are thousands (1 234 567) or Indian (12 34 567).
fn groups_ok(groups: &[&str]) -> bool {
    let Some((first, rest)) = groups.split_first() else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    let western = (1..=3).contains(&first.len()) && rest.iter().all(|g| g.len() == 3);
    let indian = rest.split_last().is_some_and(|(last, middle)| {
        (1..=2).contains(&first.len())
            && !middle.is_empty()
            && middle.iter().all(|g| g.len() == 2)
            && last.len() == 3
    });
    western || indian
}

/// Puts whole, fraction and exponent together.
fn assemble(s: &str, decimal: DecimalSign) -> Result<Decimal, NumberError> {
    let (point, group) = match decimal {
        DecimalSign::Point => ('.', ','),
        DecimalSign::Comma => (',', '.'),
    };
    let (body, exponent) = match s.split_once('e') {
        Some((body, e)) if e.len() <= 5 => (body, e.parse::<i32>().map_err(|_| NumberError::Bad)?),
        Some(_) => return Err(NumberError::Bad),
        None => (s, 0),
    };
    let (whole, fraction) = match body.split_once(point) {
        Some((w, f)) => (w, f),
        None => (body, ""),
    };
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NumberError::Bad);
    }
    // One kind of grouping sign in a number.
    let separators: Vec<char> = whole.chars().filter(|c| !c.is_ascii_digit()).collect();
    let whole_digits: String = match separators.first() {
        None => whole.to_owned(),
        Some(&sep) => {
            if !(sep == group || sep == ' ' || sep == '\'' || sep == '\u{2019}')
                || separators.iter().any(|c| *c != sep)
            {
                return Err(NumberError::Bad);
            }
            let groups: Vec<&str> = whole.split(sep).collect();
            if !groups_ok(&groups) {
                return Err(NumberError::Bad);
            }
            groups.concat()
        }
    };
    if whole_digits.is_empty() && fraction.is_empty() {
        return Err(NumberError::Bad);
    }
    let significant = whole_digits.trim_start_matches('0');
    // The point moves with the exponent.
    let mut digits = format!("{significant}{fraction}");
    let mut scale = fraction.len() as i64 - i64::from(exponent);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NumberError::Bad);
    }
    if digits.bytes().all(|b| b == b'0') {
        return Ok(Decimal::new(
            0,
            fraction.len().min(MAX_SCALE as usize) as u32,
        ));
    }
    while scale < 0 && digits.len() <= MAX_WHOLE_DIGITS {
        digits.push('0');
        scale += 1;
    }
    if scale < 0 || digits.trim_start_matches('0').len() as i64 - scale > MAX_WHOLE_DIGITS as i64 {
        return Err(NumberError::TooLarge);
    }
    // Beyond what is kept only the first digit matters, for rounding.
    let excess = scale - i64::from(MAX_SCALE);
    if excess > 1 {
        let keep = digits.len() as i64 - (excess - 1);
        if keep <= 0 {
            return Err(NumberError::TooSmall);
        }
        digits.truncate(keep as usize);
        scale = i64::from(MAX_SCALE) + 1;
    }
    if digits.len() as u32 > MAX_DIGITS + 1 {
        return Err(NumberError::TooLarge);
    }
    let mantissa: i128 = digits.parse().map_err(|_| NumberError::TooLarge)?;
    let value = Decimal::new(mantissa, scale as u32).rounded(MAX_SCALE);
    if value.is_zero() {
        return Err(NumberError::TooSmall);
    }
    Ok(value)
}

/// Votes of a column's cells for its decimal sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DecimalVotes {
    /// Cells that are only a number with a point as decimal sign.
    pub(crate) point: u64,
    /// Cells that are only a number with a comma as decimal sign.
    pub(crate) comma: u64,
    /// Cells with a single sign and three digits after it, which fit both.
    pub(crate) either: u64,
}

impl DecimalVotes {
    /// Takes one cell into account.
    pub(crate) fn see(&mut self, cell: &str, backslash_won: bool) {
        if cell.bytes().all(|b| b.is_ascii_digit()) {
            return;
        }
        let Some(bare) = strip(cell, backslash_won) else {
            return;
        };
        if !bare.digits.contains(['.', ',']) {
            return;
        }
        let point = assemble(&bare.digits, DecimalSign::Point).ok();
        let comma = assemble(&bare.digits, DecimalSign::Comma).ok();
        match (point, comma) {
            (Some(_), None) => self.point += 1,
            (None, Some(_)) => self.comma += 1,
            (Some(_), Some(_)) => {
                // "0.125" is no group of thousands.
                let leading_zero = bare.digits.starts_with('0') && bare.digits.len() > 1;
                match (leading_zero, bare.digits.contains('.')) {
                    (true, true) => self.point += 1,
                    (true, false) => self.comma += 1,
                    _ => self.either += 1,
                }
            }
            (None, None) => {}
        }
    }

    /// Adds another count.
    pub(crate) fn add(&mut self, other: Self) {
        self.point += other.point;
        self.comma += other.comma;
        self.either += other.either;
    }

    /// The sign most cells agree on; `None` without a majority.
    pub(crate) fn winner(self) -> Option<DecimalSign> {
        match self.point.cmp(&self.comma) {
            std::cmp::Ordering::Greater => Some(DecimalSign::Point),
            std::cmp::Ordering::Less => Some(DecimalSign::Comma),
            std::cmp::Ordering::Equal => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(cell: &str, decimal: DecimalSign) -> Result<String, NumberError> {
        parse(
            cell,
            NumberFormat {
                decimal,
                backslash_won: true,
            },
        )
        .map(|d| d.trimmed().to_string())
    }

    #[test]
    fn notations() {
        use DecimalSign::{Comma, Point};
        for (cell, sign, want) in [
            ("1234", Point, "1234"),
            ("-3", Point, "-3"),
            ("15.43", Point, "15.43"),
            (".5", Point, "0.5"),
            ("₩1,234", Point, "1234"),
            ("￦65,700", Point, "65700"),
            ("\\1,234", Point, "1234"),
            ("1,234원", Point, "1234"),
            ("-₩1,234", Point, "-1234"),
            ("$ 1,234.50", Point, "1234.5"),
            ("(1,234)", Point, "-1234"),
            ("($5.00)", Point, "-5"),
            ("1234-", Point, "-1234"),
            ("+7", Point, "7"),
            ("12 %", Point, "0.12"),
            ("１２,３４５", Point, "12345"),
            ("1\u{a0}234\u{a0}567", Point, "1234567"),
            ("12,34,567", Point, "1234567"),
            ("1'234.5", Point, "1234.5"),
            ("1.234,56", Comma, "1234.56"),
            ("1.201", Comma, "1201"),
            ("82,44", Comma, "82.44"),
            ("4.942,72 €", Comma, "4942.72"),
            ("1 234,5", Comma, "1234.5"),
            ("1.5E+3", Point, "1500"),
            ("2e-3", Point, "0.002"),
            ("0", Point, "0"),
            ("\u{2212}4", Point, "-4"),
            ("13.0499999999999999999", Point, "13.05"),
        ] {
            assert_eq!(read(cell, sign).as_deref(), Ok(want), "{cell}");
        }
        for (cell, sign) in [
            ("twelve", Point),
            ("2O", Point),
            ("1.2.3", Point),
            ("1,23", Point),
            ("12900 or so", Point),
            ("nan", Point),
            ("inf", Point),
            ("Infinity", Point),
            ("", Point),
            ("--3", Point),
            ("(-3)", Point),
            ("1,2345", Point),
            ("45.50", Comma),
            ("1e", Point),
            ("0x10", Point),
            ("$", Point),
            ("1 2", Point),
            ("1-2", Point),
            ("%", Point),
            (".", Point),
            ("3개", Point),
        ] {
            assert!(matches!(read(cell, sign), Err(NumberError::Bad)), "{cell}");
        }
        assert_eq!(
            read("100000000000000000000", Point),
            Err(NumberError::TooLarge)
        );
        for large in ["1e300", "1e401", "-1e9999"] {
            assert_eq!(read(large, Point), Err(NumberError::TooLarge), "{large}");
        }
        for small in [
            "1e-30",
            "-4e-19",
            "1e-999",
            "0.0000000000000000001",
            "1e-17%",
        ] {
            assert_eq!(read(small, Point), Err(NumberError::TooSmall), "{small}");
        }
        // What has a digit left is rounded, and 0 is 0 however it is written.
        for (cell, kept) in [
            ("5e-19", "0.000000000000000001"),
            ("0.1234567890123456789", "0.123456789012345679"),
            ("0e-999", "0"),
            ("0.00000000000000000000", "0"),
        ] {
            assert_eq!(read(cell, Point).as_deref(), Ok(kept), "{cell}");
        }
    }

    #[test]
    fn votes() {
        let winner = |cells: &[&str]| {
            let mut v = DecimalVotes::default();
            cells.iter().for_each(|c| v.see(c, false));
            v.winner()
        };
        assert_eq!(winner(&["1.201", "82,44"]), Some(DecimalSign::Comma));
        assert_eq!(winner(&["1.201", "82.44"]), Some(DecimalSign::Point));
        assert_eq!(winner(&["1,234,567"]), Some(DecimalSign::Point));
        assert_eq!(winner(&["1.234", "1.500", "7"]), None);
        assert_eq!(winner(&["0.125"]), Some(DecimalSign::Point));
    }

    proptest! {
        /// What is printed is read back, in both notations.
        #[test]
        fn round_trip(m in -10i128.pow(15)..10i128.pow(15), s in 0u32..6) {
            let text = Decimal::new(m, s).to_string();
            prop_assert_eq!(parse(&text, NumberFormat::PLAIN), Ok(Decimal::new(m, s)));
            let comma = text.replace('.', ",");
            let f = NumberFormat { decimal: DecimalSign::Comma, backslash_won: false };
            prop_assert_eq!(parse(&comma, f), Ok(Decimal::new(m, s)));
        }

        #[test]
        fn never_panics(s in "\\PC{0,40}", t in "[-+0-9.,e()%₩$원 ]{0,30}") {
            for decimal in [DecimalSign::Point, DecimalSign::Comma] {
                let f = NumberFormat { decimal, backslash_won: true };
                let _ = (parse(&s, f), parse(&t, f));
            }
            DecimalVotes::default().see(&s, true);
            DecimalVotes::default().see(&t, true);
        }
    }
}
