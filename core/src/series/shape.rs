//! Reading a grain off the days, changing it, and drawing a series in a line of text.

use chrono::{Datelike, NaiveDate};

use super::{Grain, Series};
use crate::{Error, Result, nearest};

/// How the values of a bucket make one value of a wider bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The oldest.
    First,
    /// The newest.
    Last,
}

impl How {
    const NAMES: [(&'static str, How); 6] = [
        ("sum", How::Sum),
        ("mean", How::Mean),
        ("min", How::Min),
        ("max", How::Max),
        ("first", How::First),
        ("last", How::Last),
    ];

    /// Reads `sum`, `mean`, `min`, `max`, `first` or `last`.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] for another word.
    pub fn parse(name: &str) -> Result<How> {
        let lower = name.trim().to_lowercase();
        let known = Self::NAMES.map(|(name, _)| name);
        match Self::NAMES.iter().find(|(name, _)| *name == lower) {
            Some((_, how)) => Ok(*how),
            None => Err(Error::Unknown {
                kind: "way to resample",
                name: name.to_owned(),
                near: match nearest(&lower, known) {
                    near if near.is_empty() => known.map(str::to_owned).to_vec(),
                    near => near,
                },
            }),
        }
    }
}

/// The widest grain that gives each of the days a bucket of its own.
///
/// Months, quarters and years are told by days that are all the first, or all the last, of a
/// month, and take two of them; weeks by one weekday on three days. Otherwise it is a day.
/// `days` are in ascending order without repeats.
pub fn infer_grain(days: impl Iterator<Item = NaiveDate> + Clone) -> Grain {
    let count = days.clone().take(3).count();
    let same = |key: fn(NaiveDate) -> u32| {
        let mut keys = days.clone().map(key);
        let first = keys.next();
        keys.all(|key| Some(key) == first)
    };
    let starts = |day: NaiveDate| day.day() == 1;
    let ends = |day: NaiveDate| day.succ_opt().is_none_or(|next| next.day() == 1);
    if count >= 2 && (days.clone().all(starts) || days.clone().all(ends)) {
        return if same(|day| day.month0()) {
            Grain::Year
        } else if same(|day| day.month0() % 3) {
            Grain::Quarter
        } else {
            Grain::Month
        };
    }
    if count == 3 && same(|day| day.weekday().num_days_from_monday()) {
        return Grain::Week;
    }
    Grain::Day
}

impl Series {
    /// The same series in wider buckets. Missing values are passed over; a bucket of none but
    /// missing values is missing.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a finer grain.
    pub fn resample(&self, grain: Grain, how: How) -> Result<Series> {
        if grain < self.grain {
            return Err(Error::OutOfRange {
                name: "grain",
                value: grain.name().to_owned(),
                accepted: "the series' grain or a coarser one",
            });
        }
        let first = grain.bucket(self.start);
        let mut buckets: Vec<(f64, u32)> = Vec::new();
        for (index, value) in self.values.iter().enumerate() {
            let Some(time) = self.time(index) else { break };
            let place = usize::try_from(grain.bucket(time) - first).unwrap_or(0);
            if buckets.len() <= place {
                buckets.resize(place + 1, (f64::NAN, 0));
            }
            if value.is_nan() {
                continue;
            }
            let (sum, n) = &mut buckets[place];
            *sum = if *n == 0 {
                *value
            } else {
                match how {
                    How::Sum | How::Mean => *sum + value,
                    How::Min => sum.min(*value),
                    How::Max => sum.max(*value),
                    How::First => *sum,
                    How::Last => *value,
                }
            };
            *n += 1;
        }
        let value = |(sum, n): (f64, u32)| match how {
            How::Mean if n > 0 => sum / f64::from(n),
            _ => sum,
        };
        Ok(Series {
            grain,
            start: grain.first_day(first).unwrap_or(self.start),
            values: buckets.into_iter().map(value).collect(),
        })
    }
}

/// Draws values as `▁▂▃▄▅▆▇█` from least to greatest; a missing value is a space.
///
/// More than `width` values are averaged into `width` stretches of nearly equal length.
pub fn sparkline(values: &[f64], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let width = width.clamp(1, 1000);
    let stretches: Vec<f64> = if values.len() <= width {
        values.to_vec()
    } else {
        (0..width)
            .map(|i| {
                let part = &values[i * values.len() / width..(i + 1) * values.len() / width];
                let known: Vec<f64> = part.iter().copied().filter(|v| v.is_finite()).collect();
                known.iter().map(|v| v / known.len() as f64).sum::<f64>()
                    + if known.is_empty() { f64::NAN } else { 0.0 }
            })
            .collect()
    };
    let finite = stretches.iter().copied().filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    stretches
        .iter()
        .map(|v| {
            if !v.is_finite() {
                return ' ';
            }
            // Halved, so that the range of the widest values is still finite.
            let range = high / 2.0 - low / 2.0;
            let share = if range > 0.0 {
                (v / 2.0 - low / 2.0) / range
            } else {
                0.5
            };
            BLOCKS[((share * 8.0) as usize).min(7)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(days: &[&str]) -> Grain {
        let days: Vec<NaiveDate> = days.iter().map(|d| d.parse().unwrap()).collect();
        infer_grain(days.into_iter())
    }

    #[test]
    fn the_widest_fitting_grain_is_inferred() {
        assert_eq!(infer(&["2024-01-01"]), Grain::Day);
        assert_eq!(infer(&["2024-01-01", "2025-01-01"]), Grain::Year);
        assert_eq!(infer(&["2024-12-31", "2025-12-31"]), Grain::Year);
        assert_eq!(
            infer(&["2024-01-01", "2024-04-01", "2024-10-01"]),
            Grain::Quarter
        );
        assert_eq!(infer(&["2024-02-01", "2024-05-01"]), Grain::Quarter);
        assert_eq!(
            infer(&["2024-01-31", "2024-02-29", "2024-03-31"]),
            Grain::Month
        );
        assert_eq!(infer(&["2024-01-03", "2024-01-10"]), Grain::Day);
        assert_eq!(
            infer(&["2024-01-03", "2024-01-10", "2024-01-31"]),
            Grain::Week
        );
        assert_eq!(
            infer(&["2024-01-03", "2024-01-10", "2024-01-11"]),
            Grain::Day
        );
    }

    #[test]
    fn resampling_adds_up_and_passes_missing_values_over() {
        let series = Series {
            grain: Grain::Day,
            start: "2024-01-30".parse().unwrap(),
            values: vec![1.0, f64::NAN, 3.0, 5.0],
        };
        let month = series.resample(Grain::Month, How::Sum).unwrap();
        assert_eq!(
            (month.start.to_string().as_str(), &month.values[..]),
            ("2024-01-01", &[1.0, 8.0][..])
        );
        assert_eq!(
            series.resample(Grain::Month, How::Mean).unwrap().values,
            [1.0, 4.0]
        );
        assert_eq!(
            series.resample(Grain::Month, How::Last).unwrap().values,
            [1.0, 5.0]
        );
        assert!(month.resample(Grain::Day, How::Sum).is_err());
    }

    #[test]
    fn a_sparkline_spans_its_range() {
        assert_eq!(sparkline(&[1.0, 2.0, f64::NAN, 8.0], 24), "▁▂ █");
        assert_eq!(sparkline(&[5.0, 5.0], 24), "▅▅");
        assert_eq!(sparkline(&[], 24), "");
        assert_eq!(sparkline(&[0.0, 0.0, 9.0, 9.0], 2), "▁█");
        assert_eq!(sparkline(&[f64::MIN, f64::MAX], 24), "▁█");
    }
}
