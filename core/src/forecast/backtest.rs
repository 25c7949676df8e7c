//! How good forecasts would have been: the same models from earlier origins.

use super::interval::Calibration;
use super::{Model, Options, prepare};
use crate::{Cancel, Error, Result};

/// Errors of one model over all folds.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracy {
    /// The model.
    pub model: Model,
    /// Mean absolute error, in the unit of the series.
    pub mae: f64,
    /// Sum of absolute errors over the sum of absolute values.
    pub wape: f64,
    /// Mean of `200·|y - f| / (|y| + |f|)`, in per cent from 0 to 200.
    pub smape: f64,
    /// Mean absolute error over that of the seasonal naive forecast within the history of each
    /// fold; below 1 is better.
    ///
    /// Source: Hyndman & Koehler (2006), International Journal of Forecasting 22(4).
    pub mase: f64,
    /// Sum of forecast minus value over the sum of absolute values: above 0 is too high.
    pub bias: f64,
    /// Share of the values inside the interval; compare to the level asked for.
    pub coverage: f64,
    /// Whether the mean absolute error is below that of the seasonal naive forecast on the same
    /// folds; `None` where there was nothing to compare.
    pub beats_naive: Option<bool>,
}

/// Compares `models` on `values` by forecasts from earlier origins.
///
/// * `options.horizon` - steps of each fold; `options.model` is ignored.
/// * `folds` - origins, one horizon apart where the series is long enough, else closer; 1 to 100.
/// * `level` - of the intervals whose coverage is measured.
///
/// Every fold sees only what came before it. A series too short for one fold gives rows of NaN.
///
/// # Errors
///
/// [`Error::OutOfRange`] for the options, folds or level; [`Error::Cancelled`].
///
/// # Source
///
/// Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.8 to 5.10.
pub fn backtest(
    values: &[f64],
    options: &Options,
    folds: usize,
    models: &[Model],
    level: f64,
    cancel: Cancel<'_>,
) -> Result<Vec<Accuracy>> {
    if !(1..=100).contains(&folds) {
        return Err(Error::OutOfRange {
            name: "folds",
            value: folds.to_string(),
            accepted: "between 1 and 100",
        });
    }
    options.check(values.len())?;
    let origins = origins(values.len(), options.horizon, folds);
    let naive = run(
        values,
        options,
        &origins,
        Model::SeasonalNaive,
        level,
        cancel,
    )?;
    models
        .iter()
        .map(|model| {
            let mut accuracy = if *model == Model::SeasonalNaive {
                naive.clone()
            } else {
                run(values, options, &origins, *model, level, cancel)?
            };
            if accuracy.mae.is_finite() && naive.mae.is_finite() {
                accuracy.beats_naive = Some(accuracy.mae < naive.mae);
            }
            Ok(accuracy)
        })
        .collect()
}

/// Latest first.
fn origins(n: usize, horizon: usize, folds: usize) -> Vec<usize> {
    let Some(last) = n.checked_sub(horizon).filter(|last| *last >= 3) else {
        return Vec::new();
    };
    let stride = ((last - 3) / folds.max(1)).clamp(1, horizon);
    (0..folds)
        .filter_map(|k| last.checked_sub(k * stride))
        .filter(|origin| *origin >= 3)
        .collect()
}

fn run(
    values: &[f64],
    options: &Options,
    origins: &[usize],
    model: Model,
    level: f64,
    cancel: Cancel<'_>,
) -> Result<Accuracy> {
    let (mut n, mut inside, mut folds) = (0.0, 0.0, 0.0);
    let (mut absolute, mut signed, mut size, mut smape, mut mase) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for origin in origins {
        let past = &values[..*origin];
        let until = |columns: &[Vec<f64>]| -> Vec<Vec<f64>> {
            columns
                .iter()
                .map(|column| column[..origin + options.horizon].to_vec())
                .collect()
        };
        let fold = Options {
            model,
            regressors: until(&options.regressors),
            calendar: until(&options.calendar),
            ..options.clone()
        };
        let prepared = prepare(past, &fold, cancel)?;
        let pool = Calibration::pool([prepared.scores.as_slice()], options.horizon);
        let forecast = prepared.finish(&pool, level)?;
        let (mut error, mut seen) = (0.0, 0.0);
        for (value, step) in values[*origin..].iter().zip(&forecast.steps) {
            if !value.is_finite() {
                continue;
            }
            error += (value - step.mean).abs();
            signed += step.mean - value;
            size += value.abs();
            let both = value.abs() + step.mean.abs();
            if both > 0.0 {
                smape += 200.0 * ((value - step.mean) / both).abs();
            }
            inside += f64::from(u8::from(step.lo <= *value && *value <= step.hi));
            seen += 1.0;
        }
        if seen > 0.0 {
            absolute += error;
            n += seen;
            mase += error / seen / naive_error(past, options.seasons().0);
            folds += 1.0;
        }
    }
    Ok(Accuracy {
        model,
        mae: absolute / n,
        wape: absolute / size,
        smape: smape / n,
        mase: mase / folds,
        bias: signed / size,
        coverage: inside / n,
        beats_naive: None,
    })
}

/// Mean absolute error of the seasonal naive forecast within `y`.
fn naive_error(y: &[f64], m: usize) -> f64 {
    let lag = if y.len() > m { m } else { 1 };
    let errors: Vec<f64> = y
        .iter()
        .skip(lag)
        .zip(y)
        .map(|(a, b)| (a - b).abs())
        .filter(|e| e.is_finite())
        .collect();
    errors.iter().sum::<f64>() / errors.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Grain;

    #[test]
    fn models_are_ranked_by_what_they_would_have_said() {
        let y: Vec<f64> = (0..96)
            .map(|t| 100.0 + t as f64 + 20.0 * (t as f64 * std::f64::consts::TAU / 12.0).sin())
            .collect();
        let options = Options {
            grain: Some(Grain::Month),
            ..Options::new(12)
        };
        let models = [Model::Theta, Model::Naive, Model::SeasonalNaive];
        let rows = backtest(&y, &options, 3, &models, 0.8, Cancel::NEVER).unwrap();
        assert_eq!(rows[0].beats_naive, Some(true), "{rows:?}");
        assert_eq!(rows[1].beats_naive, Some(false));
        assert_eq!(rows[2].beats_naive, Some(false));
        assert!(rows[0].wape < 0.05 && rows[0].mase < 1.0);
        // The seasonal naive forecast lags a year behind the trend.
        assert!(rows[2].bias < 0.0);
    }

    #[test]
    fn too_short_for_a_fold_is_not_an_error() {
        let rows = backtest(
            &[1.0, 2.0],
            &Options::new(5),
            3,
            &[Model::Auto],
            0.8,
            Cancel::NEVER,
        );
        let rows = rows.unwrap();
        assert!(rows[0].mae.is_nan() && rows[0].beats_naive.is_none());
    }
}
