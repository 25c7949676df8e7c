//! Anomalies: which points of a series are not what was to be expected, and since when.
//!
//! [`detect`] judges one series, [`adjust`] turns the p-values of all series of a call into
//! q-values, [`events`] joins flagged points into events, [`Question`] does all three for the groups of a call; [`changepoints`] and [`decompose()`]
//! take a series apart. docs/anomalies.md gives the formulas and measured figures.

mod changepoint;
mod decompose;
mod event;
mod fdr;
mod groups;
mod level;
mod lookback;
mod monitor;
mod tail;

pub use changepoint::{Changepoint, changepoints};
pub use decompose::{Component, decompose};
pub use event::{Event, Shape, events};
pub use fdr::adjust;
pub use groups::{Judged, Question};

use crate::{Cancel, Error, Result, nearest};

/// From where a point is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// From the points before it alone: what an alert would have said on the day.
    #[default]
    Monitoring,
    /// From the whole series.
    Retrospective,
}

impl Mode {
    /// Reads a mode's SQL name, in any case: `monitoring`, for which `auto` stands too, or `retrospective`.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] with the nearest names.
    pub fn parse(name: &str) -> Result<Self> {
        match name.trim().to_lowercase().as_str() {
            "auto" | "monitoring" => Ok(Self::Monitoring),
            "retrospective" => Ok(Self::Retrospective),
            other => Err(Error::Unknown {
                kind: "model",
                name: name.to_owned(),
                near: match nearest(other, ["auto", "monitoring", "retrospective"]) {
                    near if near.is_empty() => {
                        vec!["auto".into(), "monitoring".into(), "retrospective".into()]
                    }
                    near => near,
                },
            }),
        }
    }
}

/// Which deviations count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Above and below.
    #[default]
    Both,
    /// Above what was expected.
    Up,
    /// Below what was expected.
    Down,
}

impl Direction {
    /// Reads a direction's SQL name, in any case: `both`, `up` or `down`.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] with all names.
    pub fn parse(name: &str) -> Result<Self> {
        match name.trim().to_lowercase().as_str() {
            "both" => Ok(Self::Both),
            "up" => Ok(Self::Up),
            "down" => Ok(Self::Down),
            _ => Err(Error::Unknown {
                kind: "direction",
                name: name.to_owned(),
                near: vec!["both".into(), "up".into(), "down".into()],
            }),
        }
    }
}

/// How a series is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options<'a> {
    /// From where points are judged.
    pub mode: Mode,
    /// Points in a season, as 7 for days; 0 or 1 for none. Used from three seasons on.
    pub season: usize,
    /// Coverage of the interval `lo` to `hi`, above 0 and below 1. Default 0.95.
    pub level: f64,
    /// Which deviations count.
    pub direction: Direction,
    /// Calendar class of each point: 0 an ordinary one, other numbers holidays or promotions
    /// of a kind, each judged against its own kind.
    pub classes: Option<&'a [u16]>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            mode: Mode::Monitoring,
            season: 1,
            level: 0.95,
            direction: Direction::Both,
            classes: None,
        }
    }
}

/// What a point was held against. NaN where the point was not judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Expected value, in the series' unit.
    pub expected: f64,
    /// Lower end of the interval; not below zero for a series that never is.
    pub lo: f64,
    /// Upper end of the interval.
    pub hi: f64,
    /// Standard score of the point against its expectation, positive above.
    pub score: f64,
    /// Chance of so large a deviation, of the point or of the days that it ends, had nothing happened.
    pub p: f64,
    /// Whether the level was found to have moved, with this point.
    pub shift: bool,
}

/// What p-values are multiplied by for choosing between a point and three windows that it ends.
/// Windows overlap, so less than four.
const CHOICE_PRICE: f64 = 2.5;

impl Point {
    fn unjudged() -> Self {
        Self {
            expected: f64::NAN,
            lo: f64::NAN,
            hi: f64::NAN,
            score: f64::NAN,
            p: f64::NAN,
            shift: false,
        }
    }

    fn expecting(mean: f64, variance: f64, z: f64, additive: bool) -> Self {
        let sd = variance.max(0.0).sqrt();
        let (lo, hi) = if additive || mean <= 0.0 {
            (mean - z * sd, mean + z * sd)
        } else {
            // Symmetric on the square root, as counts are.
            let (root, half) = (mean.sqrt(), z * sd / (2.0 * mean.sqrt()));
            ((root - half).max(0.0).powi(2), (root + half).powi(2))
        };
        Self {
            expected: mean,
            lo: if additive { lo } else { lo.max(0.0) },
            hi,
            ..Self::unjudged()
        }
    }

    /// `p` is the chance of the strongest of the pieces of evidence on the point.
    fn judge(&mut self, value: f64, score: f64, p: f64, direction: Direction) {
        if self.expected.is_nan() || value.is_nan() {
            return;
        }
        self.score = if score.is_finite() { score } else { 0.0 };
        let counts = match direction {
            Direction::Both => true,
            Direction::Up => score > 0.0,
            Direction::Down => score < 0.0,
        };
        self.p = if counts && !p.is_nan() {
            (p * CHOICE_PRICE).min(1.0)
        } else {
            1.0
        };
    }
}

/// Judges each point of `values` (oldest first, evenly spaced, NaN for missing).
///
/// Returns one point a value. Points that cannot be judged have NaN throughout: missing ones (an
/// expectation is still given), those of the warm-up in monitoring (the first four seasons, at
/// least 21 points), all of a series too short for either, and the first three of a calendar
/// class. Infinite values count as missing.
///
/// # Errors
///
/// [`Error::OutOfRange`] for a level not between 0 and 1; [`Error::Cancelled`].
pub fn detect(values: &[f64], options: &Options<'_>, cancel: Cancel<'_>) -> Result<Vec<Point>> {
    if !(options.level > 0.0 && options.level < 1.0) {
        return Err(Error::OutOfRange {
            name: "level",
            value: options.level.to_string(),
            accepted: "above 0 and below 1",
        });
    }
    let tamed = clean(values);
    match options.mode {
        Mode::Monitoring => monitor::monitor(&tamed, options, cancel),
        Mode::Retrospective => lookback::lookback(&tamed, options, cancel),
    }
}

/// The values with anything that is not a usable number turned into NaN.
fn clean(values: &[f64]) -> Vec<f64> {
    // Squares must stay finite.
    values
        .iter()
        .map(|v| if v.abs() < 1e100 { *v } else { f64::NAN })
        .collect()
}
