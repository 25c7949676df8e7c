//! Periods: half-open ranges of days, the texts that name them and the periods before them.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::series::Grain;
use crate::{Error, Result};

const HINT: &str = "Write a period as 2025, 2025-H1, 2025-Q4, 2025-11, 2025-W48, 2025-11-03, \
                    2025-11-03..2025-11-09, last 30 days, last 3 months, this month, last week, \
                    next quarter, yesterday, ytd, qtd, mtd or wtd.";

/// A half-open range of days: `first` belongs to it, `end` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub first: NaiveDate,
    /// The day after the last.
    pub end: NaiveDate,
}

impl Period {
    /// The days `first ..= last`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when `last` comes before `first`.
    pub fn days(first: NaiveDate, last: NaiveDate) -> Result<Period> {
        let end = last.checked_add_days(Days::new(1));
        match end {
            Some(end) if first < end => Ok(Period { first, end }),
            _ => Err(invalid(&format!("{first}..{last}"))),
        }
    }

    /// The calendar unit that holds `day`, moved by `shift` units.
    pub fn unit(grain: Grain, day: NaiveDate, shift: i64) -> Option<Period> {
        let number = grain.bucket(day).checked_add(shift)?;
        Some(Period {
            first: grain.first_day(number)?,
            end: grain.first_day(number + 1)?,
        })
    }

    /// The last day.
    pub fn last(self) -> NaiveDate {
        self.end - Days::new(1)
    }

    /// Number of days.
    pub fn len_days(self) -> i64 {
        (self.end - self.first).num_days()
    }

    /// Whether it starts and ends on month boundaries; then the number of months.
    fn whole_months(self) -> Option<u32> {
        let months = Grain::Month.bucket(self.end) - Grain::Month.bucket(self.first);
        let whole = self.first.day() == 1 && self.end.day() == 1;
        u32::try_from(months).ok().filter(|_| whole)
    }

    /// The period of the same shape before this one.
    ///
    /// Whole months come before whole months (so a quarter before a quarter, a year before a
    /// year); the same days of last year before a year to date, also one that ends with a month
    /// but is no quarter or half; the same days of the month before a month to date; otherwise
    /// as many days (so an ISO week before an ISO week).
    pub fn previous(self) -> Option<Period> {
        // A day and a whole week are units of their own, also where they begin a month or a year.
        if self.len_days() == 1 || self.is_week() {
            let days = Days::new(self.len_days().unsigned_abs());
            return Some(Period {
                first: self.first.checked_sub_days(days)?,
                end: self.first,
            });
        }
        let unit = |months| months % 12 == 0 || [1, 3, 6].contains(&months);
        let from_january = self.first.ordinal() == 1 && self.first.year() == self.last().year();
        if let Some(months) = self.whole_months()
            && (unit(months) || !from_january)
        {
            return Some(Period {
                first: self.first.checked_sub_months(Months::new(months))?,
                end: self.first,
            });
        }
        let one_month = Grain::Month.bucket(self.first) == Grain::Month.bucket(self.last());
        if from_january && !one_month {
            return self.year_ago();
        }
        if self.first.day() == 1 && one_month {
            let first = self.first.checked_sub_months(Months::new(1))?;
            let end = first.checked_add_days(Days::new(self.len_days().unsigned_abs()))?;
            return Some(Period {
                first,
                end: end.min(self.first),
            });
        }
        let days = Days::new(self.len_days().unsigned_abs());
        Some(Period {
            first: self.first.checked_sub_days(days)?,
            end: self.first,
        })
    }

    /// Whether it is one ISO week.
    fn is_week(self) -> bool {
        self.len_days() == 7 && self.first.weekday() == chrono::Weekday::Mon
    }

    /// The same dates a year earlier; whole ISO weeks keep their week number.
    pub fn year_ago(self) -> Option<Period> {
        let monday = |day: NaiveDate| day.weekday().num_days_from_monday() == 0;
        if monday(self.first) && monday(self.end) && self.whole_months().is_none() {
            let week = self.first.iso_week();
            let year = week.year() - 1;
            let first = NaiveDate::from_isoywd_opt(year, week.week(), chrono::Weekday::Mon)
                .or_else(|| NaiveDate::from_isoywd_opt(year, 52, chrono::Weekday::Mon))?;
            let days = Days::new(self.len_days().unsigned_abs());
            return Some(Period {
                first,
                end: first.checked_add_days(days)?,
            });
        }
        let year = Months::new(12);
        let first = self.first.checked_sub_months(year)?;
        // The last day moves, not the end: the year before 29 February's end is 28 February's.
        let end = match self.whole_months() {
            Some(_) => self.end.checked_sub_months(year)?,
            None => self.last().checked_sub_months(year)? + Days::new(1),
        };
        Some(Period { first, end })
    }

    /// The last calendar month that the data hold whole; `asof` is the last day of data.
    pub fn last_complete_month(asof: NaiveDate) -> Option<Period> {
        let running = Period::unit(Grain::Month, asof, 0)?;
        if running.last() == asof {
            Some(running)
        } else {
            Period::unit(Grain::Month, asof, -1)
        }
    }

    /// Reads a period; relative ones count from `asof`, the last day of data.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with the accepted forms; also for a relative text without `asof`.
    pub fn parse(text: &str, asof: Option<NaiveDate>) -> Result<Period> {
        let clean = text.trim().to_lowercase();
        let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((from, to)) = clean.split_once("..") {
            let (from, to) = (absolute(from.trim()), absolute(to.trim()));
            return match (from, to) {
                (Some(from), Some(to)) if from.first < to.end => Ok(Period {
                    first: from.first,
                    end: to.end,
                }),
                _ => Err(invalid(text)),
            };
        }
        absolute(&clean)
            .or_else(|| relative(&clean, asof?))
            .ok_or_else(|| invalid(text))
    }
}

fn invalid(text: &str) -> Error {
    Error::Invalid {
        kind: "period",
        text: text.chars().take(80).collect(),
        hint: HINT,
    }
}

/// `2025`, `2025-h1`, `2025-q4`, `2025-11`, `2025-w48`, `2025-11-03`; lower case.
fn absolute(text: &str) -> Option<Period> {
    let year_text = text
        .get(..4)
        .filter(|y| y.bytes().all(|b| b.is_ascii_digit()))?;
    let year: i32 = year_text.parse().ok().filter(|year| *year > 0)?;
    let rest = text.get(4..)?;
    let rest = rest
        .strip_prefix('-')
        .or((!rest.is_empty()).then_some(rest));
    let months = |first_month: u32, months: u32| {
        let first = NaiveDate::from_ymd_opt(year, first_month, 1)?;
        Some(Period {
            first,
            end: first.checked_add_months(Months::new(months))?,
        })
    };
    let Some(rest) = rest else {
        return months(1, 12);
    };
    let number = |digits: &str| -> Option<u32> {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    if let Some(quarter) = rest.strip_prefix('q').and_then(number) {
        return (1..=4)
            .contains(&quarter)
            .then(|| months(quarter * 3 - 2, 3))?;
    }
    if let Some(half) = rest.strip_prefix('h').and_then(number) {
        return (1..=2).contains(&half).then(|| months(half * 6 - 5, 6))?;
    }
    if let Some(week) = rest.strip_prefix('w').and_then(number) {
        let monday = NaiveDate::from_isoywd_opt(year, week, chrono::Weekday::Mon)?;
        return Period::unit(Grain::Week, monday, 0);
    }
    if !text.get(4..)?.starts_with('-') {
        return None;
    }
    match rest.split_once('-') {
        None => months(number(rest)?, 1),
        Some((month, day)) => {
            let day = NaiveDate::from_ymd_opt(year, number(month)?, number(day)?)?;
            Period::days(day, day).ok()
        }
    }
}

fn grain_of(word: &str) -> Option<Grain> {
    Grain::parse(word.strip_suffix('s').unwrap_or(word)).ok()
}

/// Relative texts, lower case, single spaces.
fn relative(text: &str, asof: NaiveDate) -> Option<Period> {
    let to_date = |grain| {
        Some(Period {
            first: Period::unit(grain, asof, 0)?.first,
            end: asof.checked_add_days(Days::new(1))?,
        })
    };
    match text {
        "today" => return Period::days(asof, asof).ok(),
        "yesterday" => return Period::unit(Grain::Day, asof, -1),
        "ytd" | "year to date" => return to_date(Grain::Year),
        "qtd" | "quarter to date" => return to_date(Grain::Quarter),
        "mtd" | "month to date" => return to_date(Grain::Month),
        "wtd" | "week to date" => return to_date(Grain::Week),
        _ => {}
    }
    let words: Vec<&str> = text.split(' ').collect();
    match words[..] {
        ["this" | "current", unit] => to_date(grain_of(unit)?),
        ["last" | "previous", unit] if !unit.ends_with('s') => {
            Period::unit(grain_of(unit)?, asof, -1)
        }
        ["next", unit] if !unit.ends_with('s') => Period::unit(grain_of(unit)?, asof, 1),
        [which @ ("last" | "past" | "next"), count, unit] => {
            let count: i64 = count.parse().ok().filter(|n| (1..=4000).contains(n))?;
            several(which == "next", count, grain_of(unit)?, asof)
        }
        _ => None,
    }
}

fn several(ahead: bool, count: i64, grain: Grain, asof: NaiveDate) -> Option<Period> {
    if ahead {
        return Some(Period {
            first: Period::unit(grain, asof, 1)?.first,
            end: Period::unit(grain, asof, count)?.end,
        });
    }
    let running = Period::unit(grain, asof, 0)?;
    // A unit that ends on the last day of data is complete.
    let newest = if running.last() == asof { 0 } else { -1 };
    Some(Period {
        first: Period::unit(grain, asof, newest - count + 1)?.first,
        end: Period::unit(grain, asof, newest)?.end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn shown(period: Period) -> String {
        format!("{}..{}", period.first, period.last())
    }

    #[test]
    fn texts_name_periods() {
        let asof = Some(date("2025-11-18")); // a Tuesday
        for (text, want) in [
            ("2025-11", "2025-11-01..2025-11-30"),
            ("2025-Q4", "2025-10-01..2025-12-31"),
            ("2025q4", "2025-10-01..2025-12-31"),
            ("2025-H2", "2025-07-01..2025-12-31"),
            ("2025", "2025-01-01..2025-12-31"),
            ("2025-W48", "2025-11-24..2025-11-30"),
            ("2020-W53", "2020-12-28..2021-01-03"),
            ("2024-02-29", "2024-02-29..2024-02-29"),
            ("2025-11-03..2025-11-09", "2025-11-03..2025-11-09"),
            ("2025-01..2025-03", "2025-01-01..2025-03-31"),
            ("last 30 days", "2025-10-20..2025-11-18"),
            ("last 3 months", "2025-08-01..2025-10-31"),
            ("last 6 weeks", "2025-10-06..2025-11-16"),
            ("Last  Month", "2025-10-01..2025-10-31"),
            ("this month", "2025-11-01..2025-11-18"),
            ("ytd", "2025-01-01..2025-11-18"),
            ("next quarter", "2026-01-01..2026-03-31"),
            ("next 2 weeks", "2025-11-24..2025-12-07"),
            ("yesterday", "2025-11-17..2025-11-17"),
        ] {
            assert_eq!(shown(Period::parse(text, asof).unwrap()), want, "{text}");
        }
        for text in [
            "",
            "2025-13",
            "0000",
            "0000-Q1",
            "2025-Q5",
            "2025-W53",
            "2025-W54",
            "2025-02-29",
            "12025",
            "last month of 2025",
            "last 0 days",
            "last 99999999999 days",
            "2025-11-09..2025-11-03",
            "..",
            "2025..",
            "é",
            "２０２５",
            "20é5",
        ] {
            assert!(Period::parse(text, asof).is_err(), "{text}");
        }
        assert!(Period::parse("ytd", None).is_err());
    }

    #[test]
    fn a_complete_month_counts_as_complete() {
        let asof = Some(date("2025-11-30"));
        let period = Period::parse("last 2 months", asof).unwrap();
        assert_eq!(shown(period), "2025-10-01..2025-11-30");
        let month = Period::last_complete_month(date("2025-11-30")).unwrap();
        assert_eq!(shown(month), "2025-11-01..2025-11-30");
        let month = Period::last_complete_month(date("2025-11-29")).unwrap();
        assert_eq!(shown(month), "2025-10-01..2025-10-31");
    }

    #[test]
    fn previous_keeps_the_shape() {
        for (period, previous, year_ago) in [
            (
                "2025-03",
                "2025-02-01..2025-02-28",
                "2024-03-01..2024-03-31",
            ),
            (
                "2025-Q1",
                "2024-10-01..2024-12-31",
                "2024-01-01..2024-03-31",
            ),
            ("2025", "2024-01-01..2024-12-31", "2024-01-01..2024-12-31"),
            (
                "2025-W01",
                "2024-12-23..2024-12-29",
                "2024-01-01..2024-01-07",
            ),
            // A week that begins a month, one that begins a year, and days that do.
            (
                "2025-W36",
                "2025-08-25..2025-08-31",
                "2024-09-02..2024-09-08",
            ),
            (
                "2024-W01",
                "2023-12-25..2023-12-31",
                "2023-01-02..2023-01-08",
            ),
            (
                "2025-11-01",
                "2025-10-31..2025-10-31",
                "2024-11-01..2024-11-01",
            ),
            (
                "2025-01-01",
                "2024-12-31..2024-12-31",
                "2024-01-01..2024-01-01",
            ),
            (
                "2024-02-29",
                "2024-02-28..2024-02-28",
                "2023-02-28..2023-02-28",
            ),
            (
                "2020-W53",
                "2020-12-21..2020-12-27",
                "2019-12-23..2019-12-29",
            ),
            (
                "2025-01-01..2025-11-18",
                "2024-01-01..2024-11-18",
                "2024-01-01..2024-11-18",
            ),
            (
                "2025-01..2025-11",
                "2024-01-01..2024-11-30",
                "2024-01-01..2024-11-30",
            ),
            (
                "2024-01..2024-02",
                "2023-01-01..2023-02-28",
                "2023-01-01..2023-02-28",
            ),
            (
                "2025-02..2025-03",
                "2024-12-01..2025-01-31",
                "2024-02-01..2024-03-31",
            ),
            (
                "2025-11-01..2025-11-18",
                "2025-10-01..2025-10-18",
                "2024-11-01..2024-11-18",
            ),
            (
                "2025-03-01..2025-03-30",
                "2025-02-01..2025-02-28",
                "2024-03-01..2024-03-30",
            ),
            (
                "2025-11-05..2025-11-18",
                "2025-10-22..2025-11-04",
                "2024-11-05..2024-11-18",
            ),
            (
                "2024-02",
                "2024-01-01..2024-01-31",
                "2023-02-01..2023-02-28",
            ),
            (
                "2024-02-29",
                "2024-02-28..2024-02-28",
                "2023-02-28..2023-02-28",
            ),
        ] {
            let parsed = Period::parse(period, None).unwrap();
            assert_eq!(
                shown(parsed.previous().unwrap()),
                previous,
                "before {period}"
            );
            assert_eq!(
                shown(parsed.year_ago().unwrap()),
                year_ago,
                "a year before {period}"
            );
        }
    }
}
