//! The text form of a series, which is JSON: `{"grain":"month","start":"2024-01-01","values":[1,null]}`.

use std::fmt::{self, Display, Write as _};
use std::str::FromStr;

use chrono::NaiveDate;
use serde_json::Value;

use super::{Grain, Series};
use crate::Error;

const HINT: &str =
    r#"Write a series as {"grain": "month", "start": "2024-01-01", "values": [1, 2.5, null]}."#;

/// Writes one value; `null` stands for a missing one.
pub fn write_value(out: &mut impl fmt::Write, value: f64) -> fmt::Result {
    if value.is_finite() {
        write!(out, "{value}")
    } else if value.is_nan() {
        out.write_str("null")
    } else if value > 0.0 {
        out.write_str("\"Infinity\"")
    } else {
        out.write_str("\"-Infinity\"")
    }
}

/// Reads one value.
pub fn read_value(value: &Value) -> Option<f64> {
    match value {
        Value::Null => Some(f64::NAN),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

impl Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{{\"grain\":\"{}\",\"start\":\"{}\",\"values\":[",
            self.grain.name(),
            self.start
        )?;
        for (index, value) in self.values.iter().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            write_value(f, *value)?;
        }
        f.write_str("]}")
    }
}

impl FromStr for Series {
    type Err = Error;

    fn from_str(text: &str) -> Result<Series, Error> {
        let invalid = || Error::Invalid {
            kind: "series",
            text: text.chars().take(80).collect(),
            hint: HINT,
        };
        let json: Value = serde_json::from_str(text).map_err(|_| invalid())?;
        let grain = json
            .get("grain")
            .and_then(Value::as_str)
            .ok_or_else(invalid)?;
        let grain = Grain::parse(grain)?;
        let start = json
            .get("start")
            .and_then(Value::as_str)
            .ok_or_else(invalid)?;
        let start: NaiveDate = start.parse().map_err(|_| invalid())?;
        let start = grain.first_day(grain.bucket(start)).ok_or_else(invalid)?;
        let values = json
            .get("values")
            .and_then(Value::as_array)
            .ok_or_else(invalid)?;
        let values: Option<Vec<f64>> = values.iter().map(read_value).collect();
        Ok(Series {
            grain,
            start,
            values: values.ok_or_else(invalid)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_round_trips(values in prop::collection::vec(any::<f64>(), 0..20), month in 0..2000i64) {
            let start = Grain::Month.first_day(20_000 + month).unwrap();
            let series = Series { grain: Grain::Month, start, values };
            let again: Series = series.to_string().parse().unwrap();
            prop_assert_eq!(again.start, series.start);
            for (a, b) in again.values.iter().zip(&series.values) {
                prop_assert!(a == b || (a.is_nan() && b.is_nan()), "{} {}", a, b);
            }
        }
    }

    #[test]
    fn bad_texts_are_refused() {
        for text in [
            "",
            "[]",
            r#"{"grain":"hour","start":"2024-01-01","values":[]}"#,
            r#"{"grain":"day","start":"2024-02-30","values":[]}"#,
            r#"{"grain":"day","start":"2024-02-01","values":["x"]}"#,
        ] {
            assert!(text.parse::<Series>().is_err(), "{text}");
        }
    }
}
