//! How times are written, in English and Korean: patterns in order, and what each means.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate};
use regex_lite::{Captures, Regex};

use super::{Moment, Name, Year, add, date};
use crate::series::Grain;

const MONTH: &str = "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec";
const YEAR: &str = "(?:19|20)\\d\\d|'\\d\\d|last year|this year|next year|the year before|previous year|the last year";
const UNIT: &str = "days?|weeks?|fortnights?|months?|quarters?|years?";
const N: &str = "\\d+|one|a|an|few|couple of|couple";

/// Whether a word names a month.
pub(crate) fn is_month(word: &str) -> bool {
    MONTH.split('|').any(|m| m == word)
}

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

/// "11/28" and "28/11": the month is the one that can be.
fn month_and_day(a: &str, b: &str) -> Option<(u32, u32)> {
    let (a, b): (u32, u32) = (a.parse().ok()?, b.parse().ok()?);
    let (month, day) = if a > 12 { (b, a) } else { (a, b) };
    // A leap year has all days there are.
    date(2024, month, day).map(|_| (month, day))
}

/// "fortnights" count double.
fn steps(count: &str, word: &str) -> Option<(u32, Grain)> {
    let n = count_of(count)?;
    if word.starts_with("fortnight") {
        return Some((2 * n, Grain::Week));
    }
    Some((n, grain_of(word)?))
}

pub(super) type Reader = fn(&Captures<'_>, NaiveDate) -> Option<Moment>;

pub(super) fn part<'t>(found: &Captures<'t>, at: usize) -> Option<&'t str> {
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
pub(super) static READERS: LazyLock<Vec<(Regex, Reader)>> = LazyLock::new(|| {
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
    // Month before day, as Singles' Day is written: 11.11, 11/11; where the first is no month, day before month.
    rule(
        r"\b(?:the )?week (?:of|beginning|starting|from|commencing|with|containing) (?:the )?(\d\d?)[./](\d\d?)(?:[./](\d{4}))?\b|\b(\d\d?)[./](\d\d?) week\b",
        |f, _| {
            let (month, day) =
                month_and_day(part(f, 1).or(part(f, 4))?, part(f, 2).or(part(f, 5))?)?;
            Some(Moment::Named(Name::WeekOf(month, day), year_of(part(f, 3))))
        },
    );
    rule(
        r"\b(?:on|since|before|after|for|around|of|was|is) (?:the )?(\d\d?)[./](\d\d?)(?: |$|\?)|\b(\d\d?)/(\d\d?)\b",
        |f, _| {
            let (month, day) =
                month_and_day(part(f, 1).or(part(f, 3))?, part(f, 2).or(part(f, 4))?)?;
            Some(Moment::Named(Name::Day(month, day), Year::Open))
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
        r"\b(?:(last|next|this) )?(?:(?:christmas|xmas) (eve|day)|(boxing) day)(?: (?:of |in )?({Y}))?\b",
        |f, _| {
            let day = match (part(f, 2), part(f, 3)) {
                (Some("eve"), _) => 24,
                (_, Some(_)) => 26,
                _ => 25,
            };
            Some(name_with(f, 1, Name::Day(12, day), 4))
        },
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
