//! The company the generator tells of: its brands, articles, channels, vendors and calendar.

use chrono::{Datelike, NaiveDate, Weekday};

/// Brands, the larger first.
pub(crate) const BRANDS: [&str; 12] = [
    "Lumio",
    "Hanbit",
    "Dewdrop",
    "Solea",
    "Aurelia",
    "Noir & Co",
    "Mirae Lab",
    "Pureline",
    "Seol",
    "Gaon",
    "Botanica",
    "Velour",
];

/// A channel: name, share, growth a year, price against list, and whether it sells on weekdays more.
pub(crate) const CHANNELS: [(&str, f64, f64, f64, bool); 7] = [
    ("Coupang", 0.27, 0.06, 0.97, true),
    ("Olive Young", 0.23, 0.04, 1.00, false),
    ("Naver", 0.16, 0.03, 0.98, true),
    ("Amazon", 0.13, 0.12, 1.04, true),
    ("Own Shop", 0.10, 0.08, 1.00, true),
    ("Sephora", 0.07, 0.05, 1.08, false),
    ("Duty Free", 0.04, -0.04, 0.90, false),
];

/// A kind of article: its word, elasticity, month of its peak, height of the season, list price.
pub(crate) const TYPES: [(&str, f64, f64, f64, f64); 9] = [
    ("Toner", -2.2, 2.0, 0.08, 22_000.0),
    ("Serum", -1.6, 11.0, 0.06, 38_000.0),
    ("Cream", -1.8, 0.5, 0.38, 34_000.0),
    ("Sunscreen", -2.8, 5.5, 0.75, 21_000.0),
    ("Sheet Mask", -3.2, 7.0, 0.12, 12_000.0),
    ("Cleanser", -2.4, 7.5, 0.10, 16_000.0),
    ("Lip Tint", -2.0, 3.0, 0.15, 14_000.0),
    ("Ampoule", -1.4, 0.0, 0.18, 45_000.0),
    ("Body Oil", -2.6, 0.8, 0.22, 26_000.0),
];

/// Lines of articles within a brand.
pub(crate) const LINES: [&str; 10] = [
    "Hydra",
    "Ceramide",
    "Vita C",
    "Calm",
    "Rice",
    "Rose",
    "Cica",
    "Peptide",
    "Snail",
    "Green Tea",
];

/// Sizes; they make an article dearer.
pub(crate) const SIZES: [(&str, f64); 5] = [
    ("30ml", 0.7),
    ("50ml", 0.9),
    ("100ml", 1.1),
    ("150ml", 1.35),
    ("200ml", 1.6),
];

/// Vendors; more are numbered.
pub(crate) const VENDORS: [&str; 8] = [
    "Hansung Trading",
    "Daewon Supply",
    "Northgate",
    "Seorim",
    "Cheongdam Corp",
    "Mirr Partners",
    "Harbor Lane",
    "Eastwind",
];

/// New Year's Day of the lunar calendar and Chuseok, as published by the Korea Astronomy and Space
/// Science Institute.
const LUNAR: [(i32, (u32, u32), (u32, u32)); 13] = [
    (2018, (2, 16), (9, 24)),
    (2019, (2, 5), (9, 13)),
    (2020, (1, 25), (10, 1)),
    (2021, (2, 12), (9, 21)),
    (2022, (2, 1), (9, 10)),
    (2023, (1, 22), (9, 29)),
    (2024, (2, 10), (9, 17)),
    (2025, (1, 29), (10, 6)),
    (2026, (2, 17), (9, 25)),
    (2027, (2, 7), (9, 15)),
    (2028, (1, 27), (10, 3)),
    (2029, (2, 13), (9, 22)),
    (2030, (2, 3), (9, 12)),
];

/// What the calendar does to the demand of all channels on a day.
pub(crate) fn holiday(day: NaiveDate) -> f64 {
    for (year, seollal, chuseok) in LUNAR {
        for (month, date) in [seollal, chuseok] {
            let Some(feast) = NaiveDate::from_ymd_opt(year, month, date) else {
                continue;
            };
            match (day - feast).num_days() {
                -14..=-5 => return 1.18,
                -4..=-2 => return 1.40, // the last days before the feast
                -1..=1 => return 0.55,
                _ => {}
            }
        }
    }
    if day.day() == 25 { 1.12 } else { 1.0 } // pay day
}

/// What the calendar does to the demand of one channel.
pub(crate) fn event(day: NaiveDate, channel: &str) -> f64 {
    let singles = day.month() == 11 && day.day() == 11;
    let friday = black_friday(day.year());
    let after = friday.map_or(-1, |f| (day - f).num_days());
    match channel {
        "Olive Young" if matches!(day.month(), 3 | 6 | 9 | 12) && day.day() <= 7 => 1.8,
        "Coupang" | "Naver" | "Own Shop" if singles => 1.6,
        "Amazon" | "Sephora" if (0..=3).contains(&after) => 1.7,
        _ => 1.0,
    }
}

/// The day after the fourth Thursday of November.
fn black_friday(year: i32) -> Option<NaiveDate> {
    NaiveDate::from_weekday_of_month_opt(year, 11, Weekday::Thu, 4)?.succ_opt()
}

/// What the day of the week does: shops on the net sell early in the week, stores on weekends.
pub(crate) fn weekday(day: NaiveDate, online: bool) -> f64 {
    const ONLINE: [f64; 7] = [1.12, 1.10, 1.06, 1.00, 0.94, 0.86, 0.92];
    const STORE: [f64; 7] = [0.84, 0.86, 0.90, 0.96, 1.10, 1.24, 1.10];
    let at = day.weekday().num_days_from_monday() as usize;
    if online { ONLINE[at] } else { STORE[at] }
}
