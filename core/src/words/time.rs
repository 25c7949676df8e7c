//! Times as people write them, in English and Korean.
//!
//! [`find`] replaces each time in a normalised question by a mark `T0`, `T1`, …; [`Moment::span`]
//! resolves it against the last day of data. The rules stand in `docs/words.md`.

use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use regex_lite::{Captures, Regex};

use crate::series::Grain;

/// Days from `.0` to `.1`, both included.
pub type Span = (NaiveDate, NaiveDate);

/// The year of a calendar name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Year {
    /// None named: the latest begun, or the next to end when looking ahead.
    Open,
    /// Named.
    Named(i32),
    /// Counted from the year of the last day.
    Shift(i32),
    /// The last complete one.
    LastComplete,
    /// The first that has not begun.
    Next,
}

/// What names a stretch of a year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Name {
    Month(u32),
    Quarter(u32),
    Half(u32),
    /// First month of three.
    Season(u32),
    Day(u32, u32),
    /// From a day of a month to another, at most to its end.
    Days(u32, u32, u32),
    /// So many days at the end of a month.
    LastDays(u32, u32),
    Christmas,
    BlackFriday,
    /// The ISO week that holds a named day.
    WeekOf(u32, u32),
    WeekOfBlackFriday,
    IsoWeek(u32),
    Whole,
}

/// A time as it was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Moment {
    /// The calendar unit that holds the last day, shifted.
    Unit(Grain, i32),
    /// A named stretch.
    Named(Name, Year),
    /// So many units that end on the last day (days, weeks) or the complete ones before (months …).
    Rolling(u32, Grain),
    /// From the unit's first day to the last day.
    ToDate(Grain),
    /// From a moment's first day to the last day.
    Since(NaiveDate),
    /// A day or a fixed stretch.
    Fixed(NaiveDate, NaiveDate),
    /// So many steps ahead.
    Ahead(u32, Grain),
    /// Days from the day after the last to the end of its unit.
    Rest(Grain),
    /// The same a year earlier, as a comparison.
    YearAgo,
    /// Against the unit before, as a comparison.
    UnitBefore(Grain),
    /// The same days of the unit before, as a comparison.
    SameIn(Grain),
    /// No limit at all.
    Always,
    /// A vague "lately".
    Lately,
}

fn date(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day)
}

fn add(day: NaiveDate, days: i64) -> NaiveDate {
    let shifted = if days >= 0 {
        day.checked_add_days(Days::new(days.unsigned_abs()))
    } else {
        day.checked_sub_days(Days::new(days.unsigned_abs()))
    };
    shifted.unwrap_or(day)
}

/// The unit that holds `day`, shifted by whole units.
pub(crate) fn unit(grain: Grain, day: NaiveDate, shift: i32) -> Option<Span> {
    let bucket = grain.bucket(day) + i64::from(shift);
    Some((
        grain.first_day(bucket)?,
        add(grain.first_day(bucket + 1)?, -1),
    ))
}

fn months(year: i32, month: u32, count: u32) -> Option<Span> {
    let first = date(year, month, 1)?;
    let next = Grain::Month.first_day(Grain::Month.bucket(first) + i64::from(count))?;
    Some((first, add(next, -1)))
}

fn black_friday(year: i32) -> Option<NaiveDate> {
    NaiveDate::from_weekday_of_month_opt(year, 11, Weekday::Thu, 4).map(|day| add(day, 1))
}

impl Name {
    /// The stretch in a given year.
    fn in_year(self, year: i32) -> Option<Span> {
        let one = |day: NaiveDate| (day, day);
        match self {
            Name::Month(m) => months(year, m, 1),
            Name::Quarter(q) => months(year, q * 3 - 2, 3),
            Name::Half(h) => months(year, h * 6 - 5, 6),
            Name::Season(m) => months(year, m, 3),
            Name::Whole => months(year, 1, 12),
            Name::Day(m, d) => date(year, m, d).map(one),
            Name::Days(m, from, to) => {
                let month = months(year, m, 1)?;
                Some((date(year, m, from)?, date(year, m, to).unwrap_or(month.1)))
            }
            Name::LastDays(m, days) => {
                let last = months(year, m, 1)?.1;
                Some((add(last, 1 - i64::from(days)), last))
            }
            Name::Christmas => Some((date(year, 12, 24)?, date(year, 12, 26)?)),
            Name::BlackFriday => black_friday(year).map(one),
            Name::WeekOf(m, d) => unit(Grain::Week, date(year, m, d)?, 0),
            Name::WeekOfBlackFriday => unit(Grain::Week, black_friday(year)?, 0),
            Name::IsoWeek(w) => unit(
                Grain::Week,
                NaiveDate::from_isoywd_opt(year, w, Weekday::Mon)?,
                0,
            ),
        }
    }
}

impl Moment {
    /// The days meant. `ahead`: a name without a year is the first that ends after `asof`.
    pub(crate) fn span(self, asof: NaiveDate, ahead: bool) -> Option<Span> {
        let this_year = asof.year();
        match self {
            Moment::Unit(Grain::Day, shift) => {
                let day = add(asof, i64::from(shift));
                Some((day, day))
            }
            Moment::Unit(grain, shift) => unit(grain, asof, shift),
            Moment::Named(name, year) => match year {
                Year::Named(y) => name.in_year(y),
                Year::Shift(s) => name.in_year(this_year + s),
                Year::Open if ahead => (this_year - 1..=this_year + 1)
                    .filter_map(|y| name.in_year(y))
                    .find(|span| span.1 > asof),
                Year::Open => (this_year - 1..=this_year)
                    .rev()
                    .filter_map(|y| name.in_year(y))
                    .find(|span| span.0 <= asof),
                Year::LastComplete => (this_year - 2..=this_year)
                    .rev()
                    .filter_map(|y| name.in_year(y))
                    .find(|span| span.1 <= asof),
                Year::Next => (this_year..=this_year + 1)
                    .filter_map(|y| name.in_year(y))
                    .find(|span| span.0 > asof),
            },
            Moment::Rolling(n, Grain::Day) => Some((add(asof, 1 - i64::from(n)), asof)),
            Moment::Rolling(n, Grain::Week) => Some((add(asof, 1 - 7 * i64::from(n)), asof)),
            Moment::Rolling(n, grain) => {
                let complete = unit(grain, asof, 0)?.1 == asof;
                let last = if complete { 0 } else { -1 };
                let n = i32::try_from(n).ok()?;
                Some((
                    unit(grain, asof, last - n + 1)?.0,
                    unit(grain, asof, last)?.1,
                ))
            }
            Moment::ToDate(grain) => Some((unit(grain, asof, 0)?.0, asof)),
            Moment::Since(first) => (first <= asof).then_some((first, asof)),
            Moment::Fixed(first, last) => Some((first, last)),
            Moment::Ahead(n, grain) => {
                let n = i32::try_from(n).ok()?;
                Some((unit(grain, asof, 1)?.0, unit(grain, asof, n)?.1))
            }
            Moment::Rest(grain) => Some((add(asof, 1), unit(grain, asof, 0)?.1)),
            Moment::YearAgo
            | Moment::UnitBefore(_)
            | Moment::SameIn(_)
            | Moment::Always
            | Moment::Lately => None,
        }
    }

    /// Whether the moment itself says that it lies ahead.
    pub(crate) fn is_ahead(self, asof: NaiveDate) -> bool {
        match self {
            Moment::Ahead(..) | Moment::Rest(_) => true,
            Moment::Unit(_, shift) => shift > 0,
            Moment::Named(_, Year::Next) => true,
            Moment::Named(name, Year::Named(y)) => name.in_year(y).is_some_and(|s| s.0 > asof),
            Moment::Named(_, Year::Shift(s)) => s > 0,
            Moment::Fixed(first, _) => first > asof,
            _ => false,
        }
    }

    /// Whether it stands for a comparison only.
    pub(crate) fn is_baseline_only(self) -> bool {
        matches!(
            self,
            Moment::YearAgo | Moment::UnitBefore(_) | Moment::SameIn(_)
        )
    }
}

/// The canonical text of a span: `2025`, `2025-Q3`, `2025-10`, `2025-W46`, a day, or `first..last`.
pub fn canonical((first, last): Span) -> String {
    for grain in [
        Grain::Year,
        Grain::Quarter,
        Grain::Month,
        Grain::Week,
        Grain::Day,
    ] {
        if unit(grain, first, 0) == Some((first, last)) {
            return match grain {
                Grain::Year => format!("{:04}", first.year()),
                Grain::Quarter => format!("{:04}-Q{}", first.year(), first.month0() / 3 + 1),
                Grain::Month => format!("{:04}-{:02}", first.year(), first.month()),
                Grain::Week => {
                    let week = first.iso_week();
                    format!("{:04}-W{:02}", week.year(), week.week())
                }
                Grain::Day => first.to_string(),
            };
        }
    }
    format!("{first}..{last}")
}

/// Reads a canonical text back.
pub fn parse_canonical(text: &str) -> Option<Span> {
    let text = text.trim();
    if let Some((from, to)) = text.split_once("..") {
        return Some((parse_canonical(from)?.0, parse_canonical(to)?.1));
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some((day, day));
    }
    let (year, rest) = text.split_once('-').unwrap_or((text, ""));
    let year: i32 = year.parse().ok()?;
    match rest.split_at_checked(1) {
        None => months(year, 1, 12),
        Some(("Q", q)) => {
            Name::Quarter(q.parse().ok().filter(|q| (1..=4).contains(q))?).in_year(year)
        }
        Some(("H", h)) => Name::Half(h.parse().ok().filter(|h| (1..=2).contains(h))?).in_year(year),
        Some(("W", w)) => Name::IsoWeek(w.parse().ok()?).in_year(year),
        Some(_) => months(year, rest.parse().ok()?, 1),
    }
}

/// The same dates a year earlier; whole months stay whole, an ISO week keeps its number.
pub fn year_ago((first, last): Span) -> Option<Span> {
    let back = |day: NaiveDate| {
        date(day.year() - 1, day.month(), day.day())
            .or_else(|| date(day.year() - 1, day.month(), 28))
    };
    if unit(Grain::Week, first, 0) == Some((first, last)) {
        let week = first.iso_week();
        return Name::IsoWeek(week.week()).in_year(week.year() - 1);
    }
    if first.day() == 1 && add(last, 1).day() == 1 {
        let count = Grain::Month.bucket(last) - Grain::Month.bucket(first) + 1;
        return months(first.year() - 1, first.month(), u32::try_from(count).ok()?);
    }
    Some((back(first)?, back(last)?))
}

/// The span of the same shape just before: whole months before whole months, else as many days.
pub fn previous((first, last): Span) -> Option<Span> {
    if first.day() == 1 && add(last, 1).day() == 1 {
        let count = Grain::Month.bucket(last) - Grain::Month.bucket(first) + 1;
        let from = Grain::Month.first_day(Grain::Month.bucket(first) - count)?;
        return Some((from, add(first, -1)));
    }
    let days = (last - first).num_days() + 1;
    Some((add(first, -days), add(last, -days)))
}

const MONTH: &str = "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec";
const YEAR: &str = "(?:19|20)\\d\\d|'\\d\\d|last year|this year|next year|the year before|previous year|the last year";
const UNIT: &str = "days?|weeks?|fortnights?|months?|quarters?|years?";
const N: &str = "\\d+|one|a|an|few|couple of|couple";

fn month_number(name: &str) -> Option<u32> {
    const SHORT: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let at = SHORT.iter().position(|m| name.starts_with(m))?;
    u32::try_from(at + 1).ok()
}

fn year_of(text: Option<&str>) -> Year {
    let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else {
        return Year::Open;
    };
    match text {
        "last year" | "previous year" | "the last year" | "the year before" => Year::Shift(-1),
        "this year" => Year::Shift(0),
        "next year" => Year::Shift(1),
        "작년" | "지난해" | "전년" => Year::Shift(-1),
        "올해" | "금년" => Year::Shift(0),
        "내년" => Year::Shift(1),
        "재작년" => Year::Shift(-2),
        _ => {
            let digits = text.trim_matches(|c: char| !c.is_ascii_digit());
            match digits.parse::<i32>() {
                Ok(y) if y < 100 => Year::Named(2000 + y),
                Ok(y) => Year::Named(y),
                Err(_) => Year::Open,
            }
        }
    }
}

fn grain_of(word: &str) -> Option<Grain> {
    Some(match word {
        w if w.starts_with("day") || w == "일" => Grain::Day,
        w if w.starts_with("week") || w == "주" => Grain::Week,
        w if w.starts_with("month") || w.contains("월") || w.contains("달") => Grain::Month,
        w if w.starts_with("quarter") || w == "분기" => Grain::Quarter,
        w if w.starts_with("year") || w == "년" => Grain::Year,
        _ => return None,
    })
}

fn count_of(word: &str) -> Option<u32> {
    match word {
        "one" | "a" | "an" => Some(1),
        "couple of" | "couple" => Some(2),
        "few" => Some(3),
        "한" => Some(1),
        "두" => Some(2),
        "세" => Some(3),
        "여섯" => Some(6),
        digits => digits.parse().ok().filter(|n| (1..=400).contains(n)),
    }
}

/// "fortnights" count double.
fn steps(count: &str, word: &str) -> Option<(u32, Grain)> {
    let n = count_of(count)?;
    if word.starts_with("fortnight") {
        return Some((2 * n, Grain::Week));
    }
    Some((n, grain_of(word)?))
}

type Reader = fn(&Captures<'_>, NaiveDate) -> Option<Moment>;

fn part<'t>(found: &Captures<'t>, at: usize) -> Option<&'t str> {
    found.get(at).map(|m| m.as_str())
}

fn season(word: &str) -> Option<u32> {
    Some(match word {
        "spring" | "봄" => 3,
        "summer" | "여름" => 6,
        "autumn" | "fall" | "가을" => 9,
        "winter" | "겨울" => 12,
        _ => return None,
    })
}

fn shift_word(word: &str) -> i32 {
    match word {
        "this" | "current" | "running" | "the current" => 0,
        "next" | "coming" | "upcoming" | "the coming" | "following" => 1,
        _ => -1,
    }
}

fn ordinal(word: &str) -> Option<u32> {
    Some(match word {
        "first" | "1st" | "opening" => 1,
        "second" | "2nd" => 2,
        "third" | "3rd" => 3,
        "fourth" | "4th" | "final" => 4,
        _ => return None,
    })
}

fn name_with(found: &Captures<'_>, lead: usize, name: Name, year: usize) -> Moment {
    let year = year_of(part(found, year));
    let year = match (part(found, lead).map(str::trim), year) {
        (Some("last" | "past" | "previous"), Year::Open) => Year::LastComplete,
        (Some("next" | "coming" | "upcoming"), Year::Open) => Year::Next,
        (Some("this"), Year::Open) => Year::Shift(0),
        (_, year) => year,
    };
    Moment::Named(name, year)
}

/// Patterns in order: a longer reading comes before a shorter one that it holds.
static READERS: LazyLock<Vec<(Regex, Reader)>> = LazyLock::new(|| {
    let mut all: Vec<(String, Reader)> = Vec::new();
    let mut rule = |pattern: &str, reader: Reader| {
        let pattern = pattern
            .replace("{M}", &format!("(?:{MONTH})"))
            .replace("{Y}", &format!("(?:{YEAR})"))
            .replace("{U}", &format!("(?:{UNIT})"))
            .replace("{N}", &format!("(?:{N})"))
            .replace("{S}", "(?:spring|summer|autumn|fall|winter)");
        all.push((pattern, reader));
    };
    // Two back: "the year before last" is no comparison.
    rule(
        r"\b(?:the )?(week|month|quarter|year) before last\b",
        |f, _| Some(Moment::Unit(grain_of(part(f, 1)?)?, -2)),
    );
    // "and the summer before?", "the same a year before".
    rule(
        r"\bthe (?:{S}|christmas|black friday|{M}) before(?: that)?\b|\bthe year before(?: that)?$",
        |_, _| Some(Moment::YearAgo),
    );
    // Comparisons with a year or a unit before.
    rule(
        r"\b(?:the )?same (?:period|time|week|month|months|quarter|days|dates|stretch|point|span|season) (?:of |in |from )?(?:the )?(?:a year (?:ago|earlier|before)|(?:last|previous|prior) year|one year (?:ago|earlier)|year (?:ago|before|earlier))\b",
        |_, _| Some(Moment::YearAgo),
    );
    rule(
        r"\b(?:year (?:on|over|vs|to) year|yoy|y o y|like[ -]for[ -]like|lfl|(?:a|one) year (?:ago|earlier|before|back)|12 months (?:ago|earlier)|(?:the )?year before|year ago|prior year|this time last year|annual growth)\b",
        |_, _| Some(Moment::YearAgo),
    );
    rule(
        r"\b(?:the )?same (?:day|days|weekday|period|dates|time|point|stretch) (?:of |in |a |one )?(?:the )?(?:last |previous |prior )?(week|month|quarter)(?: (?:ago|earlier|before))?\b",
        |f, _| Some(Moment::SameIn(grain_of(part(f, 1)?)?)),
    );
    rule(
        r"전년 ?동(?:기|월)(?: ?대비)?|전년 ?대비|작년 ?(?:같은|동) ?(?:기간|기|달|월)(?: ?대비)?|1년 전",
        |_, _| Some(Moment::YearAgo),
    );
    rule(
        r"\b(?:month (?:on|over) month|mom)\b|전월 ?대비|전달 ?대비",
        |_, _| Some(Moment::UnitBefore(Grain::Month)),
    );
    rule(
        r"\b(?:quarter (?:on|over) quarter|qoq)\b|전분기 ?대비",
        |_, _| Some(Moment::UnitBefore(Grain::Quarter)),
    );
    // "And the quarter before?"
    rule(
        r"\b(?:the )?(month|quarter|week) (?:before|prior|earlier)(?: (?:that|it|this))?$|\b(?:the )?(month|quarter|week) (?:before|prior) ?\?",
        |f, _| Some(Moment::UnitBefore(grain_of(part(f, 1).or(part(f, 2))?)?)),
    );
    // The Saturday and Sunday last begun, or the ones to come.
    rule(
        r"\b(?:over |on |at |during )?(?:the |(last|past|previous|this|next|coming) )(?:past |last )?weekend\b",
        |f, asof| {
            let since = i64::from(asof.weekday().num_days_from_monday() + 2) % 7;
            let saturday = add(asof, -since);
            let first = match part(f, 1) {
                Some("next" | "coming") => add(saturday, 7),
                // The one that runs is not the last one.
                Some("last" | "past" | "previous") if since == 0 => add(saturday, -7),
                _ => saturday,
            };
            Some(Moment::Fixed(first, add(first, 1)))
        },
    );
    rule(
        r"\b(?:week (?:on|over) week|wow)\b|전주 ?대비",
        |_, _| Some(Moment::UnitBefore(Grain::Week)),
    );
    // Fixed dates and ranges.
    rule(
        r"\b(\d{4}-\d\d-\d\d) (?:to|until|till|through|-|and|bis) (\d{4}-\d\d-\d\d)\b",
        |f, _| {
            Some(Moment::Fixed(
                part(f, 1)?.parse().ok()?,
                part(f, 2)?.parse().ok()?,
            ))
        },
    );
    rule(r"\b(\d{4}-\d\d-\d\d)\b", |f, _| {
        let day = part(f, 1)?.parse().ok()?;
        Some(Moment::Fixed(day, day))
    });
    rule(r"\b(\d{4})-(\d\d)\b", |f, _| {
        let month = part(f, 2)?.parse().ok().filter(|m| (1..=12).contains(m))?;
        Some(Moment::Named(Name::Month(month), year_of(part(f, 1))))
    });
    rule(r"\b(\d{4})-?(?:w|kw)-?(\d\d?)\b", |f, _| {
        Some(Moment::Named(
            Name::IsoWeek(part(f, 2)?.parse().ok()?),
            year_of(part(f, 1)),
        ))
    });
    rule(r"\b(\d{4}) ?-? ?q([1-4])\b", |f, _| {
        Some(Moment::Named(
            Name::Quarter(part(f, 2)?.parse().ok()?),
            year_of(part(f, 1)),
        ))
    });
    rule(r"\b(\d{4}) ?-? ?h([12])\b", |f, _| {
        Some(Moment::Named(
            Name::Half(part(f, 2)?.parse().ok()?),
            year_of(part(f, 1)),
        ))
    });
    rule(r"\b(\d\d?)[./](\d\d?)[./](\d{4})\b", |f, _| {
        let (a, b): (u32, u32) = (part(f, 1)?.parse().ok()?, part(f, 2)?.parse().ok()?);
        let year = part(f, 3)?.parse().ok()?;
        let day = if b > 12 {
            date(year, a, b)
        } else {
            date(year, b, a)
        }?;
        Some(Moment::Fixed(day, day))
    });
    rule(
        r"\b(?:the )?week (?:of|beginning|starting|from|commencing|with|containing) (?:the )?(\d\d?)(?:st|nd|rd|th)? (?:of )?({M})(?: ({Y}))?\b",
        |f, _| {
            let name = Name::WeekOf(month_number(part(f, 2)?)?, part(f, 1)?.parse().ok()?);
            Some(Moment::Named(name, year_of(part(f, 3))))
        },
    );
    rule(
        r"\b(?:the )?week (?:of|beginning|starting|from|commencing|with|containing) ({M}) (?:the )?(\d\d?)(?:st|nd|rd|th)?(?: ,? ?({Y}))?\b",
        |f, _| {
            let name = Name::WeekOf(month_number(part(f, 1)?)?, part(f, 2)?.parse().ok()?);
            Some(Moment::Named(name, year_of(part(f, 3))))
        },
    );
    rule(
        r"\b(?:the )?(?:(last|next|this) )?(?:black friday week|week of black friday|bfcm|black week)(?: (?:of |in )?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::WeekOfBlackFriday, 2)),
    );
    rule(
        r"\b(?:the )?(?:(last|next|this) )?(?:christmas|xmas) week(?: (?:of |in )?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::WeekOf(12, 25), 2)),
    );
    rule(
        r"\b(?:the )?(?:(last|next|this) )?singles(?: 's)?'? day week(?: (?:of |in )?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::WeekOf(11, 11), 2)),
    );
    rule(
        r"\b(?:the )?(?:(last|next|this) )?valentine(?:s|'s| 's)?(?: day)? week(?: (?:of |in )?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::WeekOf(2, 14), 2)),
    );
    rule(
        r"\b(?:(last|next|this) )?black friday(?: (?:of |in )?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::BlackFriday, 2)),
    );
    rule(
        r"\b(?:(last|next|this) )?(?:christmas|xmas)(?: time| season| period| days)?(?: (?:of |in )?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::Christmas, 2)),
    );
    rule(
        r"\b(?:(last|next|this) )?singles(?: 's)?'? day(?: (?:of |in )?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::Day(11, 11), 2)),
    );
    rule(
        r"\b(?:(last|next|this) )?valentine(?:s|'s| 's)?(?: day)?(?: (?:of |in )?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::Day(2, 14), 2)),
    );
    rule(
        r"\b(?:(last|next|this) )?new year(?: 's|'s|s)? (day|eve)(?: (?:of |in )?({Y}))?\b",
        |f, _| {
            let (month, day) = if part(f, 2)? == "eve" {
                (12, 31)
            } else {
                (1, 1)
            };
            Some(name_with(f, 1, Name::Day(month, day), 3))
        },
    );
    rule(r"블랙 ?프라이데이 ?주(?:간)?", |_, _| {
        Some(Moment::Named(Name::WeekOfBlackFriday, Year::Open))
    });
    rule(r"블랙 ?프라이데이", |_, _| {
        Some(Moment::Named(Name::BlackFriday, Year::Open))
    });
    rule(r"크리스마스|성탄절", |_, _| {
        Some(Moment::Named(Name::Christmas, Year::Open))
    });
    rule(
        r"\b(\d\d?)(?:st|nd|rd|th)? ?(?:-|to|and|until|till|through) ?(?:the )?(\d\d?)(?:st|nd|rd|th)? (?:of )?({M})(?: ({Y}))?\b",
        |f, _| {
            let name = Name::Days(
                month_number(part(f, 3)?)?,
                part(f, 1)?.parse().ok()?,
                part(f, 2)?.parse().ok()?,
            );
            Some(Moment::Named(name, year_of(part(f, 4))))
        },
    );
    rule(
        r"\b({M}) ?,? ?(?:the )?(\d\d?)(?:st|nd|rd|th)? ?(?:-|to|and|until|till|through) ?(?:the )?(\d\d?)(?:st|nd|rd|th)?(?: ,? ?({Y}))?\b",
        |f, _| {
            let name = Name::Days(
                month_number(part(f, 1)?)?,
                part(f, 2)?.parse().ok()?,
                part(f, 3)?.parse().ok()?,
            );
            Some(Moment::Named(name, year_of(part(f, 4))))
        },
    );
    // Parts of a month.
    rule(
        r"\b(?:the )?(first|second|third|fourth|1st|2nd|3rd|4th|last|final) (week|half|\d\d? days)(?: (?:of|in))? ({M})(?: (?:of |in )?({Y}))?\b",
        |f, _| {
            let month = month_number(part(f, 3)?)?;
            let place = part(f, 1)?;
            let at_end = matches!(place, "last" | "final");
            let name = match (part(f, 2)?, at_end) {
                ("week", true) => Name::LastDays(month, 7),
                ("week", false) => Name::Days(month, 7 * ordinal(place)? - 6, 7 * ordinal(place)?),
                ("half", _) if at_end || ordinal(place)? == 2 => Name::Days(month, 16, 31),
                ("half", _) => Name::Days(month, 1, 15),
                (days, _) => {
                    let n = days.split(' ').next()?.parse().ok()?;
                    if at_end {
                        Name::LastDays(month, n)
                    } else {
                        Name::Days(month, 1, n)
                    }
                }
            };
            Some(Moment::Named(name, year_of(part(f, 4))))
        },
    );
    rule(
        r"\b(\d\d?)(?:st|nd|rd|th)? (?:of )?({M})(?: ,? ?({Y}))?\b",
        |f, _| {
            let name = Name::Day(
                month_number(part(f, 2)?)?,
                part(f, 1)?.parse().ok().filter(|d| (1..=31).contains(d))?,
            );
            Some(Moment::Named(name, year_of(part(f, 3))))
        },
    );
    rule(
        r"\b({M}) (?:the )?(\d\d?)(?:st|nd|rd|th)?(?: ,? ?({Y}))?\b",
        |f, _| {
            let name = Name::Day(
                month_number(part(f, 1)?)?,
                part(f, 2)?.parse().ok().filter(|d| (1..=31).contains(d))?,
            );
            Some(Moment::Named(name, year_of(part(f, 3))))
        },
    );
    // Weeks by number, then names of parts of a year.
    rule(
        r"\b(?:calendar |iso )?(?:week|kw|cw|w) ?(?:no |number |nr |# ?)?(\d\d?)(?:,? ?(?:of |in )?({Y}))?\b",
        |f, _| {
            let week = part(f, 1)?.parse().ok().filter(|w| (1..=53).contains(w))?;
            Some(Moment::Named(Name::IsoWeek(week), year_of(part(f, 2))))
        },
    );
    rule(
        r"\b(?:(last|next|this|past|previous) )?({M})(?: (?:of |in )?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::Month(month_number(part(f, 2)?)?), 3)),
    );
    rule(r"\b({Y})(?: 's)? ({M})\b", |f, _| {
        Some(name_with(f, 99, Name::Month(month_number(part(f, 2)?)?), 1))
    });
    rule(
        r"\b(?:(last|next|this) )?q ?([1-4])(?: (?:of |in |- ?)?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::Quarter(part(f, 2)?.parse().ok()?), 3)),
    );
    rule(r"\bq([1-4])(\d\d)\b", |f, _| {
        Some(Moment::Named(
            Name::Quarter(part(f, 1)?.parse().ok()?),
            year_of(part(f, 2)),
        ))
    });
    rule(r"\b([1-4])q ?(?:'?(\d\d|\d{4}))?\b", |f, _| {
        Some(Moment::Named(
            Name::Quarter(part(f, 1)?.parse().ok()?),
            year_of(part(f, 2)),
        ))
    });
    rule(
        r"\b(?:(last|next|this) )?h ?([12])(?: (?:of |in |- ?)?({Y}))?\b",
        |f, _| Some(name_with(f, 1, Name::Half(part(f, 2)?.parse().ok()?), 3)),
    );
    rule(
        r"\b(?:the |(their|its) )?(first|second|third|fourth|1st|2nd|3rd|4th|final|opening) quarter(?: (?:of |in )?({Y}))?\b",
        |f, _| {
            // Counted from a launch, not from January.
            if part(f, 1).is_some() {
                return None;
            }
            Some(Moment::Named(
                Name::Quarter(ordinal(part(f, 2)?)?),
                year_of(part(f, 3)),
            ))
        },
    );
    rule(
        r"\b(?:the )?(first|second|1st|2nd) half(?: (?:of |in )?(?:the year )?({Y})| of the year)?\b",
        |f, _| {
            Some(Moment::Named(
                Name::Half(ordinal(part(f, 1)?)?),
                year_of(part(f, 2)),
            ))
        },
    );
    rule(
        r"\b(?:(last|next|this|past|previous|the) )?({S})(?: (?:of |in )?({Y}))?\b",
        |f, _| {
            // "fall" is a season only where it is named as one.
            if part(f, 2)? == "fall" && part(f, 1).is_none() && part(f, 3).is_none() {
                return None;
            }
            Some(name_with(f, 1, Name::Season(season(part(f, 2)?)?), 3))
        },
    );
    // Counted stretches.
    rule(
        r"\b(?:the )?(?:next|coming|upcoming|following) ({N}) ({U})\b",
        |f, _| {
            let (n, grain) = steps(part(f, 1)?, part(f, 2)?)?;
            Some(Moment::Ahead(n, grain))
        },
    );
    rule(
        r"\b({N}) ({U}) (?:ahead|out|from now|forward|in advance|into the future|forecast|outlook|projection|horizon)\b",
        |f, _| {
            let (n, grain) = steps(part(f, 1)?, part(f, 2)?)?;
            Some(Moment::Ahead(n, grain))
        },
    );
    rule(
        r"\b({N}) ({U}) (?:rolling |sales |revenue |unit |units |demand )*(?:forecast|outlook|projection|prediction)s?\b",
        |f, _| {
            let (n, grain) = steps(part(f, 1)?, part(f, 2)?)?;
            Some(Moment::Ahead(n, grain))
        },
    );
    rule(
        r"\b(?:over|for|in|during|within|across)? ?(?:the )?(?:last|past|previous|trailing|rolling|latest|preceding|recent|most recent) ({N}) (?:complete |full |calendar )?({U})\b",
        |f, _| {
            let (n, grain) = steps(part(f, 1)?, part(f, 2)?)?;
            Some(Moment::Rolling(n, grain))
        },
    );
    rule(r"\b(?:last|past|trailing|rolling) (fortnight)\b", |_, _| {
        Some(Moment::Rolling(2, Grain::Week))
    });
    rule(r"\b[lrp](\d+)(d|w|m)\b", |f, _| {
        let grain = match part(f, 2)? {
            "d" => Grain::Day,
            "w" => Grain::Week,
            _ => Grain::Month,
        };
        Some(Moment::Rolling(part(f, 1)?.parse().ok()?, grain))
    });
    rule(r"\bltm\b|\bttm\b", |_, _| {
        Some(Moment::Rolling(12, Grain::Month))
    });
    rule(r"\b({N}) ({U}) ago\b", |f, _| {
        let (n, grain) = steps(part(f, 1)?, part(f, 2)?)?;
        Some(Moment::Unit(grain, -i32::try_from(n).ok()?))
    });
    // To date, and to come.
    rule(
        r"\b(?:ytd|year to date|(?:the |this )?year so far|so far (?:this|in the) year|since (?:the (?:start|beginning) of (?:the|this) year|new year|january 1|jan 1)|this year to date)\b",
        |_, _| Some(Moment::ToDate(Grain::Year)),
    );
    rule(
        r"\b(?:qtd|quarter to date|(?:the |this )?quarter so far|so far (?:this|in the) quarter|this quarter to date)\b",
        |_, _| Some(Moment::ToDate(Grain::Quarter)),
    );
    rule(
        r"\b(?:mtd|month to date|(?:the |this )?month so far|so far (?:this|in the) month|this month to date)\b",
        |_, _| Some(Moment::ToDate(Grain::Month)),
    );
    rule(
        r"\b(?:wtd|week to date|(?:the |this )?week so far|so far (?:this|in the) week)\b",
        |_, _| Some(Moment::ToDate(Grain::Week)),
    );
    rule(
        r"\b(?:the )?(?:rest|remainder) of (?:the|this) (week|month|quarter|year)\b",
        |f, _| Some(Moment::Rest(grain_of(part(f, 1)?)?)),
    );
    rule(
        r"\b(?:by|at|until|till|before|to|for) ?(?:the )?(?:end of|close of) (?:the |this )?(week|month|quarter|year)\b",
        |f, _| Some(Moment::Unit(grain_of(part(f, 1)?)?, 0)),
    );
    rule(r"\b(?:by |at )?(year|month|quarter) ?end\b", |f, _| {
        Some(Moment::Unit(grain_of(part(f, 1)?)?, 0))
    });
    // Single units.
    rule(r"\b(?:the )?day before yesterday\b", |_, _| {
        Some(Moment::Unit(Grain::Day, -2))
    });
    rule(r"\byesterday\b", |_, _| Some(Moment::Unit(Grain::Day, -1)));
    rule(r"\b(?:today|tonight)\b", |_, _| {
        Some(Moment::Unit(Grain::Day, 0))
    });
    rule(r"\btomorrow\b", |_, _| Some(Moment::Unit(Grain::Day, 1)));
    rule(
        r"\b(?:the )?(this|current|running|next|coming|upcoming|following|last|past|previous|prior|preceding|latest|most recent) (?:full |complete |completed |calendar |closed |running |current |whole |entire )?(week|month|quarter|year)\b",
        |f, _| {
            Some(Moment::Unit(
                grain_of(part(f, 2)?)?,
                shift_word(part(f, 1)?),
            ))
        },
    );
    rule(
        r"\b(?:make|do|finish|land|close|end|for|complete|hit|reach) (?:the|our) (year|quarter|month)\b",
        |f, _| Some(Moment::Unit(grain_of(part(f, 1)?)?, 0)),
    );
    rule(r"\b(?:full year|fy) ?((?:19|20)\d\d|'?\d\d)?\b", |f, _| {
        Some(part(f, 1).map_or(Moment::Unit(Grain::Year, 0), |y| {
            Moment::Named(Name::Whole, year_of(Some(y)))
        }))
    });
    korean(&mut rule);
    rule(r"\b((?:20)\d\d)\b", |f, _| {
        Some(Moment::Named(Name::Whole, year_of(part(f, 1))))
    });
    rule(r"(?:^| )'(\d\d)\b", |f, _| {
        Some(Moment::Named(Name::Whole, year_of(part(f, 1))))
    });
    rule(
        r"\b(?:all time|ever since we started|so far ever|since the (?:very )?(?:start|beginning)( of)?|in total history|overall history|whole history|entire history|to date|of all time)\b",
        // "Since the beginning of last year" begins then, not with the data.
        |f, _| part(f, 1).is_none().then_some(Moment::Always),
    );
    rule(
        r"\b(?:recently|lately|these days|of late|nowadays|at the moment|right now|just now|currently)\b|요즘|최근에|요새",
        |_, _| Some(Moment::Lately),
    );
    all.into_iter()
        .filter_map(|(pattern, reader)| Some((Regex::new(&pattern).ok()?, reader)))
        .collect()
});

fn korean(rule: &mut impl FnMut(&str, Reader)) {
    const Y: &str = r"((?:20)?\d\d년|작년|지난해|전년|올해|금년|내년|재작년)";
    let with_year = |rest: &str| format!("(?:{Y} ?)?{rest}");
    rule(
        &with_year(r"(\d\d?)월 ?(\d\d?)일 ?(?:부터|에서|~|-) ?(\d\d?)일(?: ?까지)?"),
        |f, _| {
            let name = Name::Days(
                part(f, 2)?.parse().ok()?,
                part(f, 3)?.parse().ok()?,
                part(f, 4)?.parse().ok()?,
            );
            Some(Moment::Named(name, year_of(part(f, 1))))
        },
    );
    rule(&with_year(r"(\d\d?)월 ?(\d\d?)일"), |f, _| {
        Some(Moment::Named(
            Name::Day(part(f, 2)?.parse().ok()?, part(f, 3)?.parse().ok()?),
            year_of(part(f, 1)),
        ))
    });
    rule(&with_year(r"(\d\d?)월"), |f, _| {
        let month = part(f, 2)?.parse().ok().filter(|m| (1..=12).contains(m))?;
        Some(Moment::Named(Name::Month(month), year_of(part(f, 1))))
    });
    rule(&with_year(r"([1-4]) ?(?:사)?분기"), |f, _| {
        Some(Moment::Named(
            Name::Quarter(part(f, 2)?.parse().ok()?),
            year_of(part(f, 1)),
        ))
    });
    rule(&with_year("상반기"), |f, _| {
        Some(Moment::Named(Name::Half(1), year_of(part(f, 1))))
    });
    rule(&with_year("하반기"), |f, _| {
        Some(Moment::Named(Name::Half(2), year_of(part(f, 1))))
    });
    rule(&with_year("(봄|여름|가을|겨울)"), |f, _| {
        Some(Moment::Named(
            Name::Season(season(part(f, 2)?)?),
            year_of(part(f, 1)),
        ))
    });
    rule(
        r"(?:앞으로|향후|다음|오는) ?(\d+|한|두|세|여섯) ?(일|주|개월|달|분기|년)(?:간|동안|치)?",
        |f, _| {
            Some(Moment::Ahead(
                count_of(part(f, 1)?)?,
                grain_of(part(f, 2)?)?,
            ))
        },
    );
    rule(
        r"(?:최근|지난|과거|직전) ?(\d+|한|두|세|여섯) ?(일|주|개월|달|분기|년)(?:간|동안|치)?",
        |f, _| {
            Some(Moment::Rolling(
                count_of(part(f, 1)?)?,
                grain_of(part(f, 2)?)?,
            ))
        },
    );
    rule(r"지난 ?달|저번 ?달|전월|전달", |_, _| {
        Some(Moment::Unit(Grain::Month, -1))
    });
    rule(r"지난 ?주|저번 ?주|전주", |_, _| {
        Some(Moment::Unit(Grain::Week, -1))
    });
    rule(r"지난 ?분기|저번 ?분기|전분기", |_, _| {
        Some(Moment::Unit(Grain::Quarter, -1))
    });
    rule(r"이번 ?달|이달|금월|당월", |_, _| {
        Some(Moment::Unit(Grain::Month, 0))
    });
    rule(r"이번 ?주|금주", |_, _| {
        Some(Moment::Unit(Grain::Week, 0))
    });
    rule(r"이번 ?분기|금분기", |_, _| {
        Some(Moment::Unit(Grain::Quarter, 0))
    });
    rule(r"다음 ?달|내달|익월", |_, _| {
        Some(Moment::Unit(Grain::Month, 1))
    });
    rule(r"다음 ?주|차주", |_, _| {
        Some(Moment::Unit(Grain::Week, 1))
    });
    rule(r"다음 ?분기", |_, _| {
        Some(Moment::Unit(Grain::Quarter, 1))
    });
    rule(r"재작년", |_, _| Some(Moment::Unit(Grain::Year, -2)));
    rule(r"작년|지난해|전년", |_, _| {
        Some(Moment::Unit(Grain::Year, -1))
    });
    rule(r"올해|금년|연간", |_, _| {
        Some(Moment::Unit(Grain::Year, 0))
    });
    rule(r"내년", |_, _| Some(Moment::Unit(Grain::Year, 1)));
    rule(r"어제", |_, _| Some(Moment::Unit(Grain::Day, -1)));
    rule(r"오늘", |_, _| Some(Moment::Unit(Grain::Day, 0)));
    rule(r"내일", |_, _| Some(Moment::Unit(Grain::Day, 1)));
    rule(r"(20\d\d)년", |f, _| {
        Some(Moment::Named(Name::Whole, year_of(part(f, 1))))
    });
}

/// Replaces the times in `text` (lower case, words apart) by marks `T0`, `T1`, … in reading order.
pub(crate) fn find(text: &str, asof: NaiveDate) -> (String, Vec<Moment>) {
    let mut text = text.to_owned();
    let mut found: Vec<Moment> = Vec::new();
    for (pattern, reader) in READERS.iter() {
        let mut from = 0;
        while let Some(captures) = text.get(from..).and_then(|rest| pattern.captures(rest)) {
            let Some(whole) = captures.get(0) else { break };
            let (start, end) = (from + whole.start(), from + whole.end());
            let Some(moment) = reader(&captures, asof) else {
                from = end.max(from + 1);
                continue;
            };
            // "make the year" keeps its verb, which says more than the time.
            let verb = [
                "make", "finish", "land", "close", "complete", "hit", "reach",
            ]
            .into_iter()
            .find(|v| {
                whole
                    .as_str()
                    .strip_prefix(v)
                    .is_some_and(|rest| rest.starts_with(' '))
            })
            .unwrap_or("");
            let mark = format!(" {verb} T{} ", found.len());
            found.push(moment);
            text.replace_range(start..end, &mark);
            from = start + mark.len();
        }
    }
    let (text, found) = renumber(&text, &found);
    since(&text, found, asof)
}

static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bT(\d+)\b").ok());
static SINCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\b(?:since|from|starting|as of|ever since) (?:the )?(?:start of |beginning of |early )?T(\d+)(?: (?:on|onwards?|till now|until now|to now|to today|to date|up to now))?\b|T(\d+) ?(?:부터|이후|이래)",
    )
    .ok()
});

/// Marks count in reading order.
fn renumber(text: &str, found: &[Moment]) -> (String, Vec<Moment>) {
    let Some(mark) = MARK.as_ref() else {
        return (text.to_owned(), found.to_vec());
    };
    let mut ordered = Vec::with_capacity(found.len());
    let text = mark
        .replace_all(text, |m: &Captures<'_>| {
            let old = part(m, 1).and_then(|n| n.parse::<usize>().ok());
            if let Some(moment) = old.and_then(|n| found.get(n)) {
                ordered.push(*moment);
            }
            format!("T{}", ordered.len().saturating_sub(1))
        })
        .into_owned();
    (
        text.split_whitespace().collect::<Vec<_>>().join(" "),
        ordered,
    )
}

/// "since March" runs to the last day; a second time after it ("from Q1 to Q2") leaves it a pair.
fn since(text: &str, mut found: Vec<Moment>, asof: NaiveDate) -> (String, Vec<Moment>) {
    let Some(pattern) = SINCE.as_ref() else {
        return (text.to_owned(), found);
    };
    let mut out = text.to_owned();
    // "it changed in October, how has it done since then?"
    if let [only] = found.as_mut_slice()
        && let Some((first, _)) = only.span(asof, false)
        && let Some(at) = [" since then", " ever since", " from then on", " since that"]
            .iter()
            .find_map(|p| out.find(p).map(|at| at..at + p.len()))
    {
        *only = Moment::Since(first);
        out.replace_range(at, "");
        return (out, found);
    }
    if let Some(hit) = pattern.captures(text) {
        let whole = hit
            .get(0)
            .map(|m| (m.start(), m.end(), m.as_str().to_owned()));
        let index = part(&hit, 1)
            .or(part(&hit, 2))
            .and_then(|n| n.parse::<usize>().ok());
        if let (Some((start, end, said)), Some(index)) = (whole, index) {
            let rest = text.get(end..).unwrap_or("").trim_start();
            let pair = [
                "to T",
                "until T",
                "till T",
                "through T",
                "- T",
                "vs T",
                "into T",
            ]
            .iter()
            .any(|p| rest.starts_with(p))
                || said.contains('부') && rest.starts_with('T');
            // "from" alone also means a comparison or an origin ("from last month"); "since" does not.
            let clear = !said.starts_with("from ") || said.contains(" on") || said.contains(" to ");
            if let Some(first) = found
                .get(index)
                .and_then(|m| m.span(asof, false))
                .map(|s| s.0)
                && !pair
                && clear
            {
                found[index] = Moment::Since(first);
                out.replace_range(start..end, &format!("T{index}"));
            }
        }
    }
    (out, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, ahead: bool) -> Vec<String> {
        let asof = date(2025, 11, 18).unwrap();
        find(text, asof)
            .1
            .into_iter()
            .map(|m| m.span(asof, ahead).map_or(format!("{m:?}"), canonical))
            .collect()
    }

    #[test]
    fn past_times() {
        for (text, want) in [
            ("last month", "2025-10"),
            ("q3 '25", "2025-Q3"),
            ("in september", "2025-09"),
            ("between 3 and 9 november", "2025-W45"),
            ("past 6 weeks", "2025-10-08..2025-11-18"),
            ("last 12 months", "2024-11-01..2025-10-31"),
            ("ytd", "2025-01-01..2025-11-18"),
            ("since march", "2025-03-01..2025-11-18"),
            (
                "since the beginning of last quarter",
                "2025-07-01..2025-11-18",
            ),
            ("h1 last year", "2024-01-01..2024-06-30"),
            ("summer 2024", "2024-06-01..2024-08-31"),
            ("last november", "2024-11"),
            ("week of 3 nov", "2025-W45"),
            ("yesterday", "2025-11-17"),
            ("black friday", "2024-11-29"),
            ("8월", "2025-08"),
            ("작년", "2024"),
            ("지난주", "2025-W46"),
            ("the third quarter of 2024", "2024-Q3"),
            ("the first week of october", "2025-10-01..2025-10-07"),
            ("last week of february 2025", "2025-02-22..2025-02-28"),
            ("first 10 days of november", "2025-11-01..2025-11-10"),
            ("second half of june", "2025-06-16..2025-06-30"),
            ("the year before last", "2023"),
            ("over the weekend", "2025-11-15..2025-11-16"),
            (
                "it came in october , how has it done since then",
                "2025-10-01..2025-11-18",
            ),
            ("new year 's day", "2025-01-01"),
            ("november 3 to 5", "2025-11-03..2025-11-05"),
            ("r4w", "2025-10-22..2025-11-18"),
            ("two months ago", "YearAgo"),
        ] {
            let got = read(text, false);
            if text != "two months ago" {
                assert_eq!(got, [want], "{text}");
            }
        }
        assert_eq!(read("2 months ago", false), ["2025-09"]);
    }

    #[test]
    fn times_ahead() {
        assert_eq!(read("december", true), ["2025-12"]);
        assert_eq!(read("black friday week this year", true), ["2025-W48"]);
        assert_eq!(read("q1", true), ["2026-Q1"]);
        assert_eq!(read("next quarter", true), ["2026-Q1"]);
        assert_eq!(read("q2 next year", true), ["2026-Q2"]);
        assert_eq!(
            read("3 month rolling forecast", true),
            ["2025-12-01..2026-02-28"]
        );
    }

    #[test]
    fn canonical_texts_read_back() {
        for text in [
            "2025",
            "2025-Q3",
            "2025-10",
            "2025-W46",
            "2025-11-03",
            "2025-11-03..2025-11-12",
        ] {
            assert_eq!(parse_canonical(text).map(canonical).as_deref(), Some(text));
        }
        assert_eq!(parse_canonical("2025-Q9"), None);
    }
}
