//! Dates as exports write them, and the order of day and month in a column.

use chrono::{Datelike, NaiveDate};

/// Order of the parts of an all-digit date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DateOrder {
    /// 17/12/2025
    Dmy,
    /// 12/17/2025
    Mdy,
    /// 2025/12/17, 25.12.17
    Ymd,
}

/// How the dates of a column are read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DateFormat {
    /// Order where the year stands last with four digits.
    pub(crate) year_last: Option<DateOrder>,
    /// Order where no part has four digits.
    pub(crate) short_year: Option<DateOrder>,
    /// Serial numbers count from 1904 (old Mac workbooks), not 1900.
    pub(crate) epoch_1904: bool,
}

/// What a cell says, before the column's order is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A day whatever the order.
    Day(NaiveDate),
    /// Three numbers; the last has four digits.
    YearLast(u32, u32, u32),
    /// Three numbers of one or two digits.
    Short(u32, u32, u32),
    /// A spreadsheet's serial number.
    Serial(i64),
    /// No date.
    Bad,
}

/// Two-digit years up to this one are in this century (POSIX: 69 is 1969).
const PIVOT: u32 = 68;

/// Serial number of 1970-01-01 counted from 1900.
const SERIAL_1970: i64 = 25_569;

/// Serial number of 9999-12-31 counted from 1900.
const SERIAL_LAST: i64 = 2_958_465;

/// Days from the 1900 to the 1904 count.
const DAYS_1904: i64 = 1462;

/// Months by their first three letters in English, as all abbreviations start.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// Full names, so that "Mayor" is no month.
const MONTH_NAMES: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// `YYYY-MM-DD`, optionally followed by a time, without any allocation.
fn quick(cell: &[u8]) -> Option<NaiveDate> {
    if cell.len() != 10 || cell[4] != b'-' || cell[7] != b'-' {
        return None;
    }
    let digits = |r: std::ops::Range<usize>| {
        cell[r].iter().try_fold(0u32, |n, b| {
            b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0'))
        })
    };
    NaiveDate::from_ymd_opt(digits(0..4)? as i32, digits(5..7)?, digits(8..10)?)
}

/// Full year of a two-digit one.
fn century(y: u32) -> u32 {
    if y <= PIVOT { 2000 + y } else { 1900 + y }
}

/// A calendar day from year 1 on; PostgreSQL would take earlier ones, sales do not.
fn day(y: u32, m: u32, d: u32) -> Option<NaiveDate> {
    if y == 0 || y > 9999 {
        return None;
    }
    NaiveDate::from_ymd_opt(y as i32, m, d)
}

/// The day of a serial number; 60 is the 29 February 1900 that never was.
fn serial_day(serial: i64, epoch_1904: bool) -> Option<NaiveDate> {
    let serial = if epoch_1904 {
        serial + DAYS_1904
    } else {
        serial
    };
    if serial == 60 || !(1..=SERIAL_LAST).contains(&serial) {
        return None;
    }
    let base = NaiveDate::from_ymd_opt(1899, 12, if serial < 60 { 31 } else { 30 })?;
    base.checked_add_days(chrono::Days::new(serial as u64))
}

/// The UTC day of seconds since 1970.
fn epoch_day(seconds: i64) -> Option<NaiveDate> {
    let days = seconds.div_euclid(86_400);
    NaiveDate::from_ymd_opt(1970, 1, 1)?.checked_add_signed(chrono::TimeDelta::try_days(days)?)
}

/// The day a number stands for in a typed file (a workbook's serial, an epoch in JSON).
pub(crate) fn from_number(text: &str, format: DateFormat) -> Option<NaiveDate> {
    let whole = text.split('.').next().unwrap_or(text);
    if text.starts_with('-') || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match whole.len() {
        0 => None,
        1..=7 => serial_day(whole.parse().ok()?, format.epoch_1904),
        _ => match digits_only(whole) {
            Shape::Day(d) => Some(d),
            _ => None,
        },
    }
}

/// Dates of digits alone, told apart by their number.
fn digits_only(s: &str) -> Shape {
    let part = |r: std::ops::Range<usize>| s.get(r).and_then(|p| p.parse::<u32>().ok());
    let ymd = || match (part(0..4), part(4..6), part(6..8)) {
        (Some(y), Some(m), Some(d)) => day(y, m, d),
        _ => None,
    };
    let seconds = || s.parse::<i64>().ok();
    let found = match s.len() {
        8 => ymd(),
        9 | 10 => seconds().and_then(epoch_day),
        12 | 14 => {
            let clock = |at: usize, end: u32| part(at..at + 2).is_some_and(|v| v < end);
            let time = clock(8, 24) && clock(10, 60) && (s.len() == 12 || clock(12, 60));
            match (time, ymd()) {
                (true, Some(d)) => Some(d),
                _ if s.len() == 12 => seconds().and_then(|ms| epoch_day(ms.div_euclid(1000))),
                _ => None,
            }
        }
        13 => seconds().and_then(|ms| epoch_day(ms.div_euclid(1000))),
        16 => seconds().and_then(|us| epoch_day(us.div_euclid(1_000_000))),
        19 => seconds().and_then(|ns| epoch_day(ns.div_euclid(1_000_000_000))),
        _ => None,
    };
    found.map_or(Shape::Bad, Shape::Day)
}

/// Month of an English name or abbreviation.
fn month_name(word: &str) -> Option<u32> {
    let w = word.trim_end_matches('.').to_ascii_lowercase();
    let at = MONTHS.iter().position(|m| w.starts_with(m))?;
    (w.len() == 3 || w == "sept" || MONTH_NAMES.get(at) == Some(&w.as_str()))
        .then_some(at as u32 + 1)
}

/// Whether what follows a date is a time, an offset or a weekday, or nothing.
fn is_rest(rest: &str) -> bool {
    let rest = rest.trim().trim_start_matches(['T', 't', ',']).trim_start();
    if rest.is_empty() {
        return true;
    }
    // (수), (Wed), 수요일, Wednesday
    let word = rest.trim_start_matches('(');
    let letters: String = word.chars().take_while(|c| c.is_alphabetic()).collect();
    let lower = letters.to_lowercase();
    let weekday = ["월", "화", "수", "목", "금", "토", "일"]
        .iter()
        .any(|d| lower == *d || lower == format!("{d}요일"))
        || [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ]
        .iter()
        .any(|d| lower == *d || (lower.len() == 3 && d.starts_with(&lower)));
    if weekday {
        return is_rest(
            word.get(letters.len()..)
                .unwrap_or("")
                .trim_start_matches([')', '.']),
        );
    }
    is_time(rest)
}

/// `(오전) 9:41(:07(.123)) (AM) (KST|Z|+09:00)`
fn is_time(s: &str) -> bool {
    let lower = s.to_ascii_lowercase();
    let mut s = lower.as_str();
    for half in ["오전", "오후", "am", "pm", "a.m.", "p.m."] {
        if let Some(r) = s.strip_prefix(half) {
            s = r.trim_start();
            break;
        }
    }
    let digits = s.bytes().take_while(u8::is_ascii_digit).count();
    let hour = match s.get(..digits).and_then(|d| d.parse::<u32>().ok()) {
        Some(h) if digits <= 2 && h <= 24 => h,
        _ => return false,
    };
    s = &s[digits..];
    let mut parts = 0;
    for mark in [[':', '시'], [':', '분'], ['.', ',']] {
        let Some(r) = s.strip_prefix(mark) else {
            continue;
        };
        let r = r.trim_start();
        let n = r.bytes().take_while(u8::is_ascii_digit).count();
        if n == 0 && s.starts_with(mark[1]) && mark[1] != ',' {
            (parts, s) = (parts + 1, r); // "3시", "3시 41분"
            continue;
        }
        let limit = if parts < 2 { 2 } else { 9 };
        if n == 0
            || n > limit
            || (n == 2 && parts < 2 && r[..n].parse::<u32>().is_ok_and(|v| v > 60))
        {
            return false;
        }
        parts += 1;
        s = &r[n..];
    }
    s = s.trim_start_matches(['초', '분', '시']).trim_start();
    for half in ["am", "pm", "a.m.", "p.m."] {
        if let Some(r) = s.strip_prefix(half) {
            if hour > 12 {
                return false;
            }
            s = r.trim_start();
            parts += 1;
            break;
        }
    }
    if parts == 0 {
        return false;
    }
    // Zone: a short name, an offset, or both; [Asia/Seoul] after it.
    s = s.split('[').next().unwrap_or(s).trim();
    let name = s.bytes().take_while(u8::is_ascii_alphabetic).count();
    if name > 5 {
        return false;
    }
    s = s[name..].trim_start();
    match s.strip_prefix(['+', '-']) {
        Some(r) => (1..=6).contains(&r.len()) && r.bytes().all(|b| b.is_ascii_digit() || b == b':'),
        None => s.is_empty(),
    }
}

/// Takes the next run of digits off; value, number of digits, rest.
fn number(s: &str) -> Option<(u32, usize, &str)> {
    let n = s.bytes().take_while(u8::is_ascii_digit).count();
    if n == 0 || n > 4 {
        return None;
    }
    Some((s[..n].parse().ok()?, n, &s[n..]))
}

/// What a cell of a date column says.
pub(crate) fn shape(cell: &str) -> Shape {
    if let Some(d) = quick(cell.as_bytes()) {
        return if d.year() > 0 {
            Shape::Day(d)
        } else {
            Shape::Bad
        };
    }
    if cell.len() > 100 {
        return Shape::Bad;
    }
    let plain;
    let cell = if cell.is_ascii() {
        cell.trim()
    } else {
        use unicode_normalization::UnicodeNormalization;
        plain = cell
            .nfkc()
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .collect::<String>();
        plain.trim()
    };
    if cell.bytes().all(|b| b.is_ascii_digit()) && cell.len() != 5 {
        return digits_only(cell);
    }
    // 45658 and 45658.75: a serial number and its time of day
    let whole = cell.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 5 {
        let fraction = &cell[whole..];
        let plain = fraction.is_empty()
            || fraction
                .strip_prefix('.')
                .is_some_and(|f| f.bytes().all(|b| b.is_ascii_digit()));
        return match cell[..whole].parse() {
            Ok(serial) if plain => Shape::Serial(serial),
            _ => Shape::Bad,
        };
    }
    // 20251217 09:41
    if whole == 8 {
        return match digits_only(&cell[..whole]) {
            found @ Shape::Day(_) if is_rest(&cell[whole..]) => found,
            _ => Shape::Bad,
        };
    }
    parts(cell).unwrap_or(Shape::Bad)
}

/// Dates of three parts with separators or a month's name.
fn parts(cell: &str) -> Option<Shape> {
    let mut s = cell;
    // A weekday may lead: "Wed, 17 Dec 2025".
    let lead = s.bytes().take_while(u8::is_ascii_alphabetic).count();
    if lead > 0 && month_name(&s[..lead]).is_none() {
        if lead < 3 || !is_rest(&s[..lead]) {
            return None;
        }
        s = s[lead..].trim_start_matches(['.', ',', ' ']);
    }
    // "Dec 17, 2025" and "December 17 2025 10:00"
    let lead = s.bytes().take_while(u8::is_ascii_alphabetic).count();
    if lead > 0 {
        let m = month_name(&s[..lead])?;
        let (d, dn, rest) = number(s[lead..].trim_start_matches(['.', ' ', '-', '/']))?;
        let rest = ["st", "nd", "rd", "th"]
            .iter()
            .find_map(|e| rest.strip_prefix(e))
            .unwrap_or(rest);
        let (y, yn, rest) = number(rest.trim_start_matches([',', ' ', '-', '/', '.']))?;
        let y = match yn {
            4 => y,
            2 => century(y),
            _ => return None,
        };
        return (dn <= 2 && is_rest(rest)).then(|| day(y, m, d).map_or(Shape::Bad, Shape::Day));
    }
    let (a, an, rest) = number(s)?;
    let (rest, sep) = separator(rest, '년')?;
    // "17-Dec-25", "17 December 2025", "2025-Dec-17"
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    if letters > 0 {
        let m = month_name(&rest[..letters])?;
        let (c, cn, rest) = number(rest[letters..].trim_start_matches(['-', ' ', '/', '.', ',']))?;
        let (y, d) = match (an, cn) {
            (4, 1 | 2) => (a, c),
            (1 | 2, 4) => (c, a),
            (1 | 2, 2) => (century(c), a),
            _ => return None,
        };
        return is_rest(rest).then(|| day(y, m, d).map_or(Shape::Bad, Shape::Day));
    }
    let (b, bn, rest) = number(rest)?;
    let (rest, second) = separator(rest, '월')?;
    if sep != second && !(sep == '년' && second == '월') {
        return None;
    }
    let (c, cn, rest) = number(rest)?;
    if bn > 2 {
        return None;
    }
    let rest = if sep == '년' {
        rest.trim_start().strip_prefix('일')?
    } else {
        rest
    };
    let rest = if sep == '.' {
        rest.strip_prefix('.').unwrap_or(rest)
    } else {
        rest
    };
    // A time follows after a blank or T, not at once ("2025-01-0212:00").
    if !rest.is_empty() && !rest.starts_with([' ', 'T', 't', '(', ',']) || !is_rest(rest) {
        return None;
    }
    let whole = |y| day(y, b, c).map_or(Shape::Bad, Shape::Day);
    match (an, cn) {
        (4, 1 | 2) => Some(whole(a)),
        (2, 1 | 2) if sep == '년' => Some(whole(century(a))),
        (1 | 2, 4) => Some(Shape::YearLast(a, b, c)),
        (1 | 2, 1 | 2) => Some(Shape::Short(a, b, c)),
        _ => None,
    }
}

/// Takes one separator with blanks around it off.
fn separator(s: &str, hangul: char) -> Option<(&str, char)> {
    let t = s.trim_start();
    for sep in ['-', '/', '.', hangul] {
        if let Some(rest) = t.strip_prefix(sep) {
            return Some((rest.trim_start(), sep));
        }
    }
    (t.len() < s.len()).then_some((t, ' '))
}

/// The day of three numbers in an order.
fn ordered(a: u32, b: u32, c: u32, order: DateOrder) -> Option<NaiveDate> {
    let year = |y: u32| if y < 100 { century(y) } else { y };
    match order {
        DateOrder::Dmy => day(year(c), b, a),
        DateOrder::Mdy => day(year(c), a, b),
        DateOrder::Ymd => day(year(a), b, c),
    }
}

/// Reads one cell of a date column; `None` is a cell that is no day of the calendar in the
/// column's format.
pub(crate) fn parse(cell: &str, format: DateFormat) -> Option<NaiveDate> {
    match shape(cell) {
        Shape::Day(d) => Some(d),
        Shape::YearLast(a, b, c) => ordered(a, b, c, format.year_last?),
        Shape::Short(a, b, c) => ordered(a, b, c, format.short_year?),
        Shape::Serial(n) if n >= SERIAL_1970 || format.epoch_1904 => {
            serial_day(n, format.epoch_1904)
        }
        Shape::Serial(_) | Shape::Bad => None,
    }
}

/// Votes of a column's cells for the order of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DateVotes {
    /// Cells that are a day in any order.
    pub(crate) clear: u64,
    /// Cells with the year last: valid as d/m, as m/d, and those that differ between the two.
    year_last: [u64; 3],
    /// Cells with a short year: valid as d/m/y, m/d/y, y/m/d, and those that differ.
    short: [u64; 4],
    /// A cell that fits two orders, for the message.
    pub(crate) example: Option<String>,
}

impl DateVotes {
    /// Takes one cell into account.
    pub(crate) fn see(&mut self, cell: &str) {
        use DateOrder::{Dmy, Mdy, Ymd};
        match shape(cell) {
            Shape::Day(_) | Shape::Serial(_) => self.clear += 1,
            Shape::YearLast(a, b, c) => {
                let (d, m) = (ordered(a, b, c, Dmy), ordered(a, b, c, Mdy));
                self.year_last[0] += u64::from(d.is_some());
                self.year_last[1] += u64::from(m.is_some());
                if d.is_some() && m.is_some() && d != m {
                    self.year_last[2] += 1;
                    self.example.get_or_insert_with(|| cell.to_owned());
                }
            }
            Shape::Short(a, b, c) => {
                let days = [Dmy, Mdy, Ymd].map(|o| ordered(a, b, c, o));
                for (n, d) in self.short.iter_mut().zip(days) {
                    *n += u64::from(d.is_some());
                }
                let mut valid = days.iter().flatten();
                let first = valid.next();
                if first.is_some() && valid.any(|d| Some(d) != first) {
                    self.short[3] += 1;
                    self.example.get_or_insert_with(|| cell.to_owned());
                }
            }
            Shape::Bad => {}
        }
    }

    /// Whether the cells seen so far leave nothing open.
    pub(crate) fn is_decided(&self) -> bool {
        self.decide(None).is_ok()
    }

    /// The column's format; `asked` is the user's word and settles everything.
    ///
    /// # Errors
    ///
    /// An example cell where day and month could be either way round.
    pub(crate) fn decide(&self, asked: Option<DateOrder>) -> Result<DateFormat, String> {
        use DateOrder::{Dmy, Mdy, Ymd};
        if let Some(order) = asked {
            return Ok(DateFormat {
                year_last: Some(order),
                short_year: Some(order),
                epoch_1904: false,
            });
        }
        let example = || self.example.clone().unwrap_or_default();
        let [dmy, mdy, open] = self.year_last;
        // A few stray cells do not put a column of clear dates in doubt; they are rejected.
        let stray = |n: u64| n * 10 < self.clear;
        let year_last = match dmy.cmp(&mdy) {
            std::cmp::Ordering::Greater => Some(Dmy),
            std::cmp::Ordering::Less => Some(Mdy),
            std::cmp::Ordering::Equal if open == 0 => Some(Dmy),
            std::cmp::Ordering::Equal if stray(dmy) => None,
            std::cmp::Ordering::Equal => return Err(example()),
        };
        let [d, m, y, open] = self.short;
        let best = d.max(m).max(y);
        let fits: Vec<DateOrder> = [(Dmy, d), (Mdy, m), (Ymd, y)]
            .into_iter()
            .filter(|(_, n)| *n == best)
            .map(|(o, _)| o)
            .collect();
        let short_year = match fits.as_slice() {
            _ if best == 0 => None,
            [one] => Some(*one),
            _ if open == 0 => fits.first().copied(),
            // Beside four-digit years of one order the same order is meant.
            _ if dmy != mdy && year_last.is_some_and(|o| fits.contains(&o)) => year_last,
            _ if stray(best) => None,
            _ => return Err(example()),
        };
        Ok(DateFormat {
            year_last,
            short_year,
            epoch_1904: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(cell: &str, order: Option<DateOrder>) -> Option<String> {
        let f = DateFormat {
            year_last: order,
            short_year: order,
            epoch_1904: false,
        };
        parse(cell, f).map(|d| d.to_string())
    }

    #[test]
    fn one_day_in_many_forms() {
        for cell in [
            "2025-12-17",
            "2025.12.17",
            "2025. 12. 17.",
            "2025. 12. 17",
            "2025/12/17",
            "20251217",
            "17-Dec-25",
            "17 December 2025",
            "Dec 17, 2025",
            "December 17th, 2025",
            "2025년 12월 17일",
            "2025년12월17일",
            "25년 12월 17일",
            "2025-12-17T23:59:59+09:00",
            "2025-12-17 09:41",
            "2025-12-17T09:41:07.123Z",
            "2025-12-17 오후 3:41:07",
            "2025-12-17 3:41 PM",
            "2025. 12. 17. (수)",
            "Wed, 17 Dec 2025 10:00:00 GMT",
            "46008",
            "46008.75",
            "1765929600",
            "1765929600000",
            "２０２５-１２-１７",
            "20251217 0:01",
            "20251217094107",
            "2025-12-17 오후 3시 41분",
            "2025-Dec-17",
            "2025-12-17T00:00:00[Asia/Seoul]",
        ] {
            assert_eq!(read(cell, None).as_deref(), Some("2025-12-17"), "{cell}");
        }
        assert_eq!(
            read("17/12/2025", Some(DateOrder::Dmy)).as_deref(),
            Some("2025-12-17")
        );
        assert_eq!(
            read("12/17/2025 10:00", Some(DateOrder::Mdy)).as_deref(),
            Some("2025-12-17")
        );
        assert_eq!(
            read("25.12.17", Some(DateOrder::Ymd)).as_deref(),
            Some("2025-12-17")
        );
        assert_eq!(
            read("17.12.69", Some(DateOrder::Dmy)).as_deref(),
            Some("1969-12-17")
        );
    }

    #[test]
    fn no_days() {
        for cell in [
            "2025-02-30",
            "2025-13-05",
            "2025-00-10",
            "0000-00-00",
            "yesterday",
            "soon",
            "2025-1",
            "12345678901",
            "2025-12-17 garbage",
            "2025-12",
            "12345",
            "60",
            "99/99/9999",
            "2025-12-17-18",
            "20251317",
            "2025/12-17",
            "2025-12-17 25:61",
            "Mayor 5, 2025",
            "",
            "-",
            "1.2.3.4",
            "2025-12-171",
        ] {
            assert_eq!(read(cell, Some(DateOrder::Dmy)), None, "{cell}");
        }
    }

    #[test]
    fn serials() {
        let day = |n, e| serial_day(n, e).map(|d| d.to_string());
        assert_eq!(day(1, false).as_deref(), Some("1900-01-01"));
        assert_eq!(day(59, false).as_deref(), Some("1900-02-28"));
        assert_eq!(day(60, false), None);
        assert_eq!(day(61, false).as_deref(), Some("1900-03-01"));
        assert_eq!(day(45_658, false).as_deref(), Some("2025-01-01"));
        assert_eq!(day(44_196, true).as_deref(), Some("2025-01-01"));
    }

    #[test]
    fn order_of_a_column() {
        let decide = |cells: &[&str]| {
            let mut v = DateVotes::default();
            cells.iter().for_each(|c| v.see(c));
            v.decide(None).map(|f| (f.year_last, f.short_year))
        };
        assert_eq!(
            decide(&["03/04/2025", "17/12/2025"]).unwrap().0,
            Some(DateOrder::Dmy)
        );
        assert_eq!(
            decide(&["03/04/2025", "12/17/2025"]).unwrap().0,
            Some(DateOrder::Mdy)
        );
        assert_eq!(
            decide(&["03/04/2025", "04/05/2025"]),
            Err("03/04/2025".into())
        );
        assert!(decide(&["03/03/2025"]).is_ok());
        assert_eq!(
            decide(&["99.12.17", "25.12.17"]).unwrap().1,
            Some(DateOrder::Ymd)
        );
        assert!(decide(&["25.12.17", "25.12.18"]).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(s in "\\PC{0,30}", t in "[0-9/.T: -]{0,24}", u in "[0-9년월일 오전후:수()]{0,16}") {
            for order in [None, Some(DateOrder::Dmy), Some(DateOrder::Mdy), Some(DateOrder::Ymd)] {
                let _ = (read(&s, order), read(&t, order), read(&u, order));
            }
            let mut v = DateVotes::default();
            [s, t, u].iter().for_each(|c| v.see(c));
            let _ = v.decide(None);
        }

        #[test]
        fn every_day_is_read_back(n in 0i64..20_000) {
            let d = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::TimeDelta::days(n);
            for f in ["%Y-%m-%d", "%Y. %-m. %-d.", "%Y%m%d", "%d-%b-%Y", "%Y년 %-m월 %-d일", "%B %-d, %Y"] {
                prop_assert_eq!(read(&d.format(f).to_string(), None), Some(d.to_string()));
            }
            let dmy = d.format("%d/%m/%Y").to_string();
            prop_assert_eq!(read(&dmy, Some(DateOrder::Dmy)), Some(d.to_string()));
        }
    }
}
