//! What comes: forecasts of one series or of thousands, with intervals that hold.
//!
//! [`auto`] chooses and combines the methods, [`interval`] calibrates what they claim of their
//! own uncertainty by what they did on the series at hand, [`backtest`](backtest::backtest)
//! compares them, [`reconcile`] makes the forecasts of a hierarchy add up, [`groups`] has what the groups of a
//! call share.

pub mod adjust;
pub mod auto;
pub mod backtest;
pub mod ces;
pub mod clean;
pub mod ets;
pub mod groups;
pub mod interval;
mod method;
pub mod mstl;
mod optimize;
pub mod paths;
pub mod reconcile;
pub mod sarima;
pub mod season;
pub mod simple;
pub mod theta;
mod totals;
pub mod transform;

use crate::series::Grain;
use crate::{Error, Result, nearest};

pub use auto::{Forecast, Prepared, forecast, prepare};
pub use totals::TotalError;

/// One step ahead as a model sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Expected value.
    pub mean: f64,
    /// Standard deviation of the forecast error as the model claims it.
    pub sd: f64,
}

/// A fitted model's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The model, as in `ETS(A,Ad,N)`.
    pub name: String,
    /// One-step-ahead expectations of the observations; NaN where there is none.
    pub fitted: Vec<f64>,
    /// The steps ahead.
    pub steps: Vec<Step>,
}

/// How to forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// Looks at the series and combines what fits it.
    Auto,
    /// Seasonal ARIMA of the orders with least AICc.
    Sarima,
    /// Exponential smoothing of the form with least AICc.
    Ets,
    /// Dynamic optimised Theta.
    Theta,
    /// STL decomposition, exponential smoothing on the seasonally adjusted rest.
    Mstl,
    /// The last value.
    Naive,
    /// The last season.
    SeasonalNaive,
    /// Croston's method with the Syntetos–Boylan correction.
    Croston,
    /// Teunter–Syntetos–Babai.
    Tsb,
}

impl Model {
    /// All models, `auto` first.
    pub const ALL: [Model; 9] = [
        Model::Auto,
        Model::Sarima,
        Model::Ets,
        Model::Theta,
        Model::Mstl,
        Model::Naive,
        Model::SeasonalNaive,
        Model::Croston,
        Model::Tsb,
    ];

    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Model::Auto => "auto",
            Model::Sarima => "sarima",
            Model::Ets => "ets",
            Model::Theta => "theta",
            Model::Mstl => "mstl",
            Model::Naive => "naive",
            Model::SeasonalNaive => "snaive",
            Model::Croston => "croston",
            Model::Tsb => "tsb",
        }
    }

    /// Reads a model's SQL name, in any case.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] with the nearest names.
    pub fn parse(name: &str) -> Result<Model> {
        let lower = name.trim().to_lowercase();
        Model::ALL
            .into_iter()
            .find(|model| model.name() == lower)
            .ok_or_else(|| Error::Unknown {
                kind: "model",
                name: name.to_owned(),
                near: match nearest(&lower, Model::ALL.map(Model::name)) {
                    near if near.is_empty() => Model::ALL.map(|m| m.name().to_owned()).to_vec(),
                    near => near,
                },
            })
    }
}

/// What became of a series, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Forecast as asked.
    Ok,
    /// Too few observations for the model; something simpler answered.
    Short,
    /// All observations alike.
    Constant,
    /// Demand with many zeros; the forecast is its rate.
    Intermittent,
    /// Nothing beat the seasonal naive forecast, which is given.
    NotBetterThanNaive,
    /// No finite observation at all.
    NotFinite,
    /// The model ran away; something simpler answered.
    Unstable,
}

impl Status {
    /// The code used in SQL.
    pub fn code(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Short => "short",
            Status::Constant => "constant",
            Status::Intermittent => "intermittent",
            Status::NotBetterThanNaive => "not_better_than_naive",
            Status::NotFinite => "not_finite",
            Status::Unstable => "unstable",
        }
    }
}

/// Most steps ahead a call may ask for.
pub const MOST_STEPS: usize = 10_000;

/// What is asked of a forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Steps ahead, 1 to [`MOST_STEPS`].
    pub horizon: usize,
    /// The method.
    pub model: Model,
    /// Width of a bucket, from which the usual seasons follow; `None`: unknown, no season is
    /// looked for unless `season` names one.
    pub grain: Option<Grain>,
    /// The season in buckets, in place of the usual ones; 1 for none.
    pub season: Option<usize>,
    /// Whether values below zero cannot be, as in sales: forecasts are clipped.
    pub nonnegative: bool,
    /// Regressors known ahead, one column of `observations + horizon` finite values each.
    pub regressors: Vec<Vec<f64>>,
    /// The same for events of the calendar, which count only where the history shows their effect.
    pub calendar: Vec<Vec<f64>>,
}

impl Options {
    /// `horizon` steps by `auto`, no known grain, clipping or regressors.
    pub fn new(horizon: usize) -> Self {
        Self {
            horizon,
            model: Model::Auto,
            grain: None,
            season: None,
            nonnegative: false,
            regressors: Vec::new(),
            calendar: Vec::new(),
        }
    }

    /// # Errors
    ///
    /// [`Error::OutOfRange`], [`Error::NotFinite`].
    pub(crate) fn check(&self, observations: usize) -> Result<()> {
        if !(1..=MOST_STEPS).contains(&self.horizon) {
            return Err(Error::OutOfRange {
                name: "horizon",
                value: self.horizon.to_string(),
                accepted: "between 1 and 10000",
            });
        }
        if self.season == Some(0) {
            return Err(Error::OutOfRange {
                name: "season",
                value: "0".to_owned(),
                accepted: "at least 1",
            });
        }
        for column in self.regressors.iter().chain(&self.calendar) {
            if column.len() != observations + self.horizon {
                return Err(Error::OutOfRange {
                    name: "length of a regressor",
                    value: column.len().to_string(),
                    accepted: "the number of observations plus the horizon",
                });
            }
            if let Some(at) = column.iter().position(|v| !v.is_finite()) {
                return Err(Error::NotFinite { position: at + 1 });
            }
        }
        Ok(())
    }

    /// The season the models work with directly, and the long one that is taken out before.
    pub(crate) fn seasons(&self) -> (usize, Option<f64>) {
        match (self.season, self.grain) {
            (Some(m), _) if m <= LONGEST_DIRECT => (m, None),
            (Some(m), _) => (1, Some(m as f64)),
            (None, Some(grain)) => {
                let usual = season::usual(grain);
                let direct = usual.iter().find(|m| **m <= LONGEST_DIRECT as f64);
                let long = usual.iter().find(|m| **m > LONGEST_DIRECT as f64);
                (direct.map_or(1, |m| *m as usize), long.copied())
            }
            (None, None) => (1, None),
        }
    }
}

/// Longest season the models carry as states; longer ones become Fourier terms.
const LONGEST_DIRECT: usize = 24;
