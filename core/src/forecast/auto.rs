//! The forecast of a series, in two phases: [`prepare`] does all that concerns one series and can
//! run in parallel, [`Prepared::finish`] turns it into intervals once the scores of all series of
//! a call have been pooled.

use super::adjust::{Effects, estimate};
use super::clean::{Clean, clean};
use super::interval::{Calibration, Score, gaussian};
use super::method::{LONG, Memory, Method, fit, has_logs};
use super::season::{median, quantile, variance};
use super::simple::{INTERMITTENT_ADI, demand_class};
use super::{Fitted, Model, Options, Status, Step};
use crate::{Cancel, Error, Result};

/// Members of the combination; those after the fourth take logarithms, where the values allow it.
const MEMBERS: [Method; 6] = [
    Method::SarimaAverage,
    Method::EtsAverage,
    Method::Named(Model::Theta),
    Method::Ces,
    Method::SarimaOfLogs,
    Method::ThetaOfLogs,
];
const WITHOUT_LOGS: usize = 4;

/// Members for long series.
const MEMBERS_LONG: [Method; 2] = [Method::Named(Model::Ets), Method::Named(Model::Theta)];

/// Fewest observations a model is fitted to.
const FEWEST: usize = 5;

/// Origins of the backtest.
const ORIGINS: usize = 6;

/// The seasonal naive forecast is given where its errors at earlier origins are below this share
/// of the combination's: a clear win, since a few origins say little.
const NAIVE_WINS: f64 = 0.7;

/// Origins needed to believe that the seasonal naive forecast is better.
const NAIVE_ORIGINS: usize = 4;

/// A forecast further from the data than this many times their range has run away.
const RUNAWAY: f64 = 20.0;

/// A forecast with its interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Steps ahead: expected value and calibrated interval.
    pub steps: Vec<Interval>,
    /// What was fitted.
    pub model: String,
    /// What became of the series.
    pub status: Status,
    /// What was done to it, in words; empty for nothing remarkable.
    pub note: String,
}

/// An expected value with the bounds of its interval, `lo <= mean <= hi`, all finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Expected value.
    pub mean: f64,
    /// Lower bound.
    pub lo: f64,
    /// Upper bound.
    pub hi: f64,
}

/// All that can be known of one series before the others are seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The combined forecast in units of `scale`.
    pub(crate) steps: Vec<Step>,
    /// Scores of earlier origins; they belong into [`Calibration::pool`].
    pub scores: Vec<Score>,
    /// Standardised one-step residuals.
    pub(crate) residuals: Vec<f64>,
    /// Standard deviation of the one-step residuals, in units of `scale`.
    error_size: f64,
    /// What one unit of `steps` is in the unit of the series.
    pub(super) scale: f64,
    /// For intermittent demand: past values in ascending order, in units of `scale`.
    pub(crate) demand: Vec<f64>,
    /// Gaussian intervals where a model was asked for by name; calibrated ones by `auto`.
    pub(crate) calibrated: bool,
    nonnegative: bool,
    model: String,
    status: Status,
    notes: Vec<String>,
}

/// Forecasts one series: [`prepare`], a pool of its own scores, [`Prepared::finish`].
///
/// # Errors
///
/// As [`prepare`].
pub fn forecast(
    values: &[f64],
    options: &Options,
    level: f64,
    cancel: Cancel<'_>,
) -> Result<Forecast> {
    let prepared = prepare(values, options, cancel)?;
    let pool = Calibration::pool([prepared.scores.as_slice()], options.horizon);
    prepared.finish(&pool, level)
}

/// Does everything that concerns one series alone: cleaning, season, models, backtest.
///
/// * `values` - observations, oldest first; what is not finite is missing.
///
/// Bad data never fail: too few, constant, or absurd observations get a simple forecast and a
/// [`Status`].
///
/// # Errors
///
/// [`Error::OutOfRange`] and [`Error::NotFinite`] for bad options, [`Error::Cancelled`].
pub fn prepare(values: &[f64], options: &Options, cancel: Cancel<'_>) -> Result<Prepared> {
    options.check(values.len())?;
    let horizon = options.horizon;
    // A series begins with its first value: before it there is nothing to learn.
    let first = values
        .iter()
        .position(|v| v.is_finite() && (!options.nonnegative || *v != 0.0))
        .or_else(|| values.iter().position(|v| v.is_finite()));
    let Some(first) = first else {
        let status = if values.is_empty() {
            Status::Short
        } else {
            Status::NotFinite
        };
        return Ok(Prepared::bare(Vec::new(), status, "no observation"));
    };
    let observed = &values[first..];
    let finite: Vec<f64> = observed.iter().copied().filter(|v| v.is_finite()).collect();
    let largest = finite.iter().fold(0.0_f64, |a, v| a.max(v.abs()));
    let (low, high) = finite
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(*v), b.max(*v))
        });
    if high - low <= f64::EPSILON * largest {
        let mean = finite.last().copied().unwrap_or(0.0);
        let status = if finite.len() < FEWEST {
            Status::Short
        } else {
            Status::Constant
        };
        let note = format!(
            "{} observation{}, all {mean}",
            finite.len(),
            if finite.len() == 1 { "" } else { "s" }
        );
        return Ok(Prepared {
            nonnegative: options.nonnegative,
            ..Prepared::bare(vec![Step { mean, sd: 0.0 }; horizon], status, &note)
        });
    }
    // A typical size, so that one absurd value does not push the rest to nothing.
    let sizes: Vec<f64> = finite
        .iter()
        .map(|v| v.abs())
        .filter(|v| *v > 0.0)
        .collect();
    let scale = match median(&sizes) {
        size if size > 0.0 && size.is_finite() && (largest / size).is_finite() => size,
        _ => largest,
    };
    let y: Vec<f64> = observed.iter().map(|v| v / scale).collect();
    let work = Work {
        y: &y,
        first,
        scale,
        options,
        cancel,
    };
    if finite.len() < FEWEST {
        return work.short();
    }
    let all_counts = options.nonnegative || finite.iter().all(|v| *v >= 0.0);
    let intermittent = demand_class(&y)
        .is_some_and(|(adi, _)| all_counts && adi >= INTERMITTENT_ADI)
        || (all_counts && sizes.len() < 2);
    let wanted = options.model;
    if matches!(wanted, Model::Croston | Model::Tsb) || (wanted == Model::Auto && intermittent) {
        return work.intermittent();
    }
    work.smooth()
}

struct Work<'a> {
    y: &'a [f64],
    first: usize,
    scale: f64,
    options: &'a Options,
    cancel: Cancel<'a>,
}

impl Work<'_> {
    /// Fewer observations than any model takes: the last value.
    fn short(&self) -> Result<Prepared> {
        let known: Vec<f64> = self.y.iter().copied().filter(|v| v.is_finite()).collect();
        let fitted = super::simple::naive(&known, self.options.horizon);
        let note = format!(
            "{} observations; {FEWEST} are needed for a model",
            known.len()
        );
        Ok(Prepared {
            steps: fitted.steps,
            scale: self.scale,
            nonnegative: self.options.nonnegative,
            model: fitted.name,
            ..Prepared::bare(Vec::new(), Status::Short, &note)
        })
    }

    fn intermittent(&self) -> Result<Prepared> {
        let (y, gaps) = super::clean::fill(self.y, 1);
        let zeros = y.iter().rev().take_while(|v| **v == 0.0).count();
        let adi = demand_class(&y).map_or(y.len() as f64, |(adi, _)| adi);
        let method = match self.options.model {
            Model::Auto if zeros as f64 > STOPPED * adi => Model::Tsb,
            Model::Auto => Model::Croston,
            asked => asked,
        };
        let (m, _) = self.options.seasons();
        let horizon = self.options.horizon;
        let (mut fitted, _) = fit(
            Method::Named(method),
            &y,
            m,
            horizon,
            &Memory::None,
            self.cancel,
        )?;
        // A rate that differs by weekday still differs by weekday.
        if super::season::is_seasonal(&y, m) {
            let mean = y.iter().sum::<f64>() / y.len() as f64;
            for (h, step) in fitted.steps.iter_mut().enumerate() {
                let place = (y.len() + h) % m;
                let of: Vec<f64> = y.iter().skip(place).step_by(m).copied().collect();
                let share = of.iter().sum::<f64>() / of.len().max(1) as f64;
                if mean > 0.0 {
                    step.mean *= share / mean;
                }
            }
        }
        let (residuals, error_size) = standardised(&y, &fitted);
        let mut demand = y.clone();
        demand.sort_by(f64::total_cmp);
        let note = format!("demand every {adi:.1} periods");
        let mut prepared = Prepared {
            steps: fitted.steps,
            residuals,
            error_size,
            scale: self.scale,
            demand,
            nonnegative: self.options.nonnegative,
            model: fitted.name,
            ..Prepared::bare(Vec::new(), Status::Intermittent, &note)
        };
        if !gaps.is_empty() {
            prepared.notes.push(counted(gaps.len(), "gap", "filled"));
        }
        Ok(prepared)
    }

    fn smooth(&self) -> Result<Prepared> {
        let options = self.options;
        let (m, long) = options.seasons();
        let cleaned = clean(self.y, m);
        let known = |columns: &[Vec<f64>]| -> Vec<Vec<f64>> {
            columns
                .iter()
                .map(|column| column[self.first..].to_vec())
                .collect()
        };
        let effects = estimate(
            &cleaned.y,
            m,
            long,
            &known(&options.regressors),
            &known(&options.calendar),
            options.horizon,
        );
        let without_effects = |y: &[f64]| -> Vec<f64> {
            match &effects {
                Some(effects) => (0..).zip(y).map(|(t, v)| effects.remove(t, *v)).collect(),
                None => y.to_vec(),
            }
        };
        let y = without_effects(&cleaned.y);
        let mut status = Status::Ok;
        let mut members = self.members(&y, m)?;
        if members.is_empty() {
            status = Status::Unstable;
            members.push(self.plain(Model::Naive, &y, m, options.horizon)?);
        }
        let test = self.test(&y, &without_effects(self.y), m, &members)?;
        let auto = options.model == Model::Auto;
        let naive_wins =
            auto && test.origins >= NAIVE_ORIGINS && test.naive < NAIVE_WINS * test.combined;
        let (mut steps, (residuals, error_size), model, scores) = if naive_wins {
            status = Status::NotBetterThanNaive;
            let naive = self.plain(Model::SeasonalNaive, &y, m, options.horizon)?;
            let residuals = standardised(&y, &naive.fitted);
            let Fitted { name, steps, .. } = naive.fitted;
            (steps, residuals, name, test.naive_scores)
        } else {
            let all: Vec<&Fitted> = members.iter().map(|member| &member.fitted).collect();
            let names: Vec<&str> = all.iter().map(|f| f.name.as_str()).collect();
            let residuals = all.first().map(|f| standardised(&y, f)).unwrap_or_default();
            let steps = self.combined(&y, &all, m);
            (steps, residuals, names.join(" + "), test.scores)
        };
        if auto {
            for step in &mut steps {
                step.sd *= inflation(y.len());
            }
        }
        if let Some(effects) = &effects {
            for (h, step) in steps.iter_mut().enumerate() {
                (step.mean, step.sd) = effects.restore(y.len() + h, step.mean, step.sd);
            }
        }
        Ok(Prepared {
            steps,
            scores,
            residuals,
            error_size,
            scale: self.scale,
            demand: Vec::new(),
            calibrated: auto,
            nonnegative: options.nonnegative,
            model,
            status,
            notes: notes(&cleaned, effects.as_ref(), status),
        })
    }

    /// The methods asked for, fitted to `y`; those that fail or run away are left out.
    fn members(&self, y: &[f64], m: usize) -> Result<Vec<Member>> {
        let one = [Method::Named(self.options.model)];
        let methods: &[Method] = match self.options.model {
            Model::Auto if y.len() > LONG => &MEMBERS_LONG,
            Model::Auto if has_logs(y) => &MEMBERS,
            Model::Auto => &MEMBERS[..WITHOUT_LOGS],
            _ => &one,
        };
        let mut members: Vec<Member> = Vec::new();
        for method in methods {
            let borrowed = borrowed(*method, m, members.first().map(|member| &member.memory));
            let Some((fitted, next)) =
                self.sane_fit(*method, y, m, self.options.horizon, &borrowed)?
            else {
                continue;
            };
            // Borrowed orders are fitted again at the first origin, where this fit would know
            // too much.
            let memory = match borrowed {
                Memory::None => next,
                borrowed => borrowed,
            };
            members.push(Member {
                method: *method,
                fitted,
                memory,
            });
        }
        Ok(members)
    }

    /// A fit whose forecast can be used; `None` where it fails or runs away.
    fn sane_fit(
        &self,
        method: Method,
        y: &[f64],
        m: usize,
        ahead: usize,
        memory: &Memory,
    ) -> Result<Option<(Fitted, Memory)>> {
        match fit(method, y, m, ahead, memory, self.cancel) {
            Err(Error::Cancelled) => Err(Error::Cancelled),
            fitted => Ok(fitted.ok().filter(|(fitted, _)| sane(fitted, y))),
        }
    }

    /// One of the forecasts that always work.
    fn plain(&self, model: Model, y: &[f64], m: usize, ahead: usize) -> Result<Member> {
        let method = Method::Named(model);
        let (fitted, memory) = fit(method, y, m, ahead, &Memory::None, self.cancel)?;
        Ok(Member {
            method,
            fitted,
            memory,
        })
    }

    /// The forecast of the members for what follows `y`; by `auto`, with the deviations that recent errors speak for.
    fn combined(&self, y: &[f64], fits: &[&Fitted], m: usize) -> Vec<Step> {
        let mut steps = combine(fits);
        if self.options.model == Model::Auto {
            let claimed = steps.first().map_or(0.0, |s| s.sd);
            let factor = recent(y, fits, m, claimed);
            for step in &mut steps {
                step.sd *= factor;
            }
        }
        steps
    }

    /// Forecasts again from earlier origins.
    fn test(&self, y: &[f64], raw: &[f64], m: usize, members: &[Member]) -> Result<Test> {
        let horizon = self.options.horizon;
        let mut test = Test::default();
        let (mut ours, mut theirs, mut n) = (0.0, 0.0, 0.0);
        let mut memories: Vec<Memory> = members.iter().map(|m| m.memory.clone()).collect();
        for origin in origins(y.len(), m, horizon) {
            let past = &y[..origin];
            let future = &raw[origin..];
            let ahead = horizon.min(future.len());
            let mut again = Vec::with_capacity(members.len());
            let mut first: Option<Memory> = None;
            for (member, memory) in members.iter().zip(&mut memories) {
                if y.len() <= AFRESH {
                    *memory = borrowed(member.method, m, first.as_ref());
                }
                if let Some((fitted, next)) =
                    self.sane_fit(member.method, past, m, ahead, memory)?
                {
                    first.get_or_insert_with(|| next.clone());
                    *memory = next;
                    again.push(fitted);
                }
            }
            if again.is_empty() {
                continue;
            }
            test.origins += 1;
            let naive = self.plain(Model::SeasonalNaive, past, m, ahead)?.fitted;
            let again: Vec<&Fitted> = again.iter().collect();
            let combined = self.combined(past, &again, m);
            for (h, value) in future.iter().take(ahead).enumerate() {
                if !value.is_finite() {
                    continue;
                }
                ours += (value - combined[h].mean).abs();
                theirs += (value - naive.steps[h].mean).abs();
                n += 1.0;
                test.scores
                    .push(score(origin, h, value - combined[h].mean, combined[h].sd));
                test.naive_scores.push(score(
                    origin,
                    h,
                    value - naive.steps[h].mean,
                    naive.steps[h].sd,
                ));
            }
        }
        if n > 0.0 {
            test.combined = ours / n;
            test.naive = theirs / n;
        }
        Ok(test)
    }
}

/// How much a standard deviation claimed from `n` observations is widened beforehand: parameters
/// estimated from few observations are worth less. What it leaves is left to the calibration.
fn inflation(n: usize) -> f64 {
    1.0 + FEW_OBSERVATIONS / n.max(1) as f64
}

/// Origin: of 0 to 6 on held-out ends of the training parts of M3 and tourism, a compromise: yearly
/// series were covered best with 0, quarterly ones with 3 to 6.
const FEW_OBSERVATIONS: f64 = 2.0;

/// Demand silent for this many average intervals has stopped.
const STOPPED: f64 = 4.0;

/// A method with its fit to all observations.
struct Member {
    method: Method,
    fitted: Fitted,
    memory: Memory,
}

/// What the earlier origins said.
#[derive(Default)]
struct Test {
    origins: usize,
    combined: f64,
    naive: f64,
    scores: Vec<Score>,
    naive_scores: Vec<Score>,
}

fn score(origin: usize, h: usize, error: f64, sd: f64) -> Score {
    let sd = sd * inflation(origin);
    Score {
        origin,
        step: h + 1,
        error: if sd > 0.0 { error / sd } else { 0.0 },
    }
}

/// Earlier origins, ascending: as many as fit with the whole horizon after them, at equal distances, and where
/// the series is too short for two of these, later ones with a part of the horizon.
fn origins(n: usize, m: usize, horizon: usize) -> Vec<usize> {
    let fewest = (2 * m + 2).max(FEWEST + 1).max(n / 2);
    let last_whole = n.saturating_sub(horizon);
    let mut origins = Vec::new();
    if last_whole >= fewest {
        let room = last_whole - fewest;
        let stride = (room / (ORIGINS - 1)).clamp(1, horizon.div_ceil(2).max(1));
        for k in 0..ORIGINS {
            if k * stride <= room {
                origins.push(last_whole - k * stride);
            }
        }
    }
    if origins.len() < 3 {
        let from = fewest.max(last_whole + 1);
        let room = n.saturating_sub(from);
        let stride = (room / 3).max(1);
        origins.extend((0..3).map(|k| from + k * stride).filter(|o| *o < n));
    }
    origins.sort_unstable();
    origins
}

/// What a member may take from the first: seasonal ARIMA of the logarithms has the orders found on the
/// values, as a second search would cost as much as all else and forecasts hardly better (train
/// ends: 0.1 %). Without a season it is cheap.
fn borrowed(method: Method, m: usize, first: Option<&Memory>) -> Memory {
    match (method, first) {
        (Method::SarimaOfLogs, Some(Memory::Sarima(orders))) if m > 1 => {
            Memory::Sarima(orders.clone())
        }
        _ => Memory::None,
    }
}

/// Up to so many observations the models are chosen afresh at each earlier origin, as what was
/// chosen with all of them would look too good there; with more it hardly matters and costs time.
const AFRESH: usize = 40;

/// The median of the members, step by step: one that runs off does not pull the others along.
fn combine(fits: &[&Fitted]) -> Vec<Step> {
    let horizon = fits.iter().map(|f| f.steps.len()).min().unwrap_or(0);
    let middle =
        |of: &dyn Fn(&Fitted) -> f64| median(&fits.iter().map(|f| of(f)).collect::<Vec<_>>());
    (0..horizon)
        .map(|h| Step {
            mean: middle(&|f| f.steps[h].mean),
            sd: middle(&|f| f.steps[h].sd),
        })
        .collect()
}

/// Errors at the end of the history that tell how large errors are now: so many, or two seasons.
const RECENT: usize = 16;

/// What the claimed size counts as, in recent errors.
const CLAIM_WEIGHT: f64 = 2.0;

/// The power of the recent size over the claimed one that goes into the claim. Origin: likelihood of the errors
/// on train ends, 0.28; 0.3 to 0.5 give the same interval score.
const RECENT_POWER: f64 = 0.3;

/// How much wider or narrower a combination's claim is for its recent one-step errors: its errors are smaller than
/// those of its members, whose deviations it claims, and series grow calmer or wilder.
fn recent(y: &[f64], fits: &[&Fitted], m: usize, claimed: f64) -> f64 {
    let wanted = RECENT.max(2 * m);
    let (mut sum, mut n) = (0.0, 0.0);
    for t in (0..y.len()).rev() {
        let of: Option<Vec<f64>> = fits.iter().map(|f| f.fitted.get(t).copied()).collect();
        let error = of.map_or(f64::NAN, |of| (y[t] - median(&of)).abs());
        if error.is_finite() {
            sum += error;
            n += 1.0;
            if n as usize == wanted {
                break;
            }
        }
    }
    // The mean absolute error of a normal variable as its standard deviation.
    let size = sum * (0.5 * std::f64::consts::PI).sqrt();
    let ratio = (size + CLAIM_WEIGHT * claimed) / ((n + CLAIM_WEIGHT) * claimed);
    if ratio.is_finite() && n > 0.0 {
        ratio.powf(RECENT_POWER)
    } else {
        1.0
    }
}

/// Whether a forecast is finite and near the data.
fn sane(fitted: &Fitted, y: &[f64]) -> bool {
    let (low, high) = y
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(*v), b.max(*v))
        });
    let room = RUNAWAY * (high - low).max(f64::MIN_POSITIVE);
    fitted.steps.iter().all(|s| {
        s.mean.is_finite()
            && s.sd.is_finite()
            && s.sd >= 0.0
            && s.mean >= low - room
            && s.mean <= high + room
    })
}

/// One-step residuals with mean 0 and variance 1, and their standard deviation.
fn standardised(y: &[f64], fitted: &Fitted) -> (Vec<f64>, f64) {
    let mut residuals: Vec<f64> = y
        .iter()
        .zip(&fitted.fitted)
        .map(|(v, f)| v - f)
        .filter(|e| e.is_finite())
        .collect();
    // A differenced model gives its first observations back as they are: nothing was forecast there, so nothing was missed.
    let largest = residuals.iter().fold(0.0, |m: f64, e| m.max(e.abs()));
    let repeated = residuals
        .iter()
        .take_while(|e| e.abs() <= 1e-9 * largest)
        .count();
    residuals.drain(..repeated);
    let mean = residuals.iter().sum::<f64>() / residuals.len().max(1) as f64;
    let sd = variance(&residuals).sqrt();
    if sd > 0.0 {
        let standard = residuals.iter().map(|e| (e - mean) / sd).collect();
        (standard, sd)
    } else {
        (Vec::new(), 0.0)
    }
}

fn counted(n: usize, noun: &str, verb: &str) -> String {
    format!("{n} {noun}{} {verb}", if n == 1 { "" } else { "s" })
}

fn notes(clean: &Clean, effects: Option<&Effects>, status: Status) -> Vec<String> {
    let mut notes = Vec::new();
    if !clean.gaps.is_empty() {
        notes.push(counted(clean.gaps.len(), "gap", "filled"));
    }
    if !clean.outliers.is_empty() {
        notes.push(counted(clean.outliers.len(), "outlier", "replaced"));
    }
    if let Some(at) = clean.step {
        notes.push(format!("level changed at observation {}", at + 1));
    }
    if let Some(effects) = effects.filter(|e| e.pairs > 0) {
        notes.push(counted(effects.pairs, "harmonic", "for the long season"));
    }
    if let Some(effects) = effects.filter(|e| e.events > 0) {
        notes.push(counted(
            effects.events,
            "calendar event",
            "taken into account",
        ));
    }
    match status {
        Status::NotBetterThanNaive => {
            notes.push("no model beat the seasonal naive forecast at earlier origins".to_owned());
        }
        Status::Unstable => notes.push("the model ran away; the last value is given".to_owned()),
        _ => {}
    }
    notes
}

impl Prepared {
    fn bare(steps: Vec<Step>, status: Status, note: &str) -> Self {
        Self {
            steps,
            scores: Vec::new(),
            residuals: Vec::new(),
            error_size: 0.0,
            scale: 1.0,
            demand: Vec::new(),
            calibrated: true,
            nonnegative: false,
            model: "naive".to_owned(),
            status,
            notes: vec![note.to_owned()],
        }
    }

    /// One-step errors within the history, aligned at its end, in the unit of the series; what
    /// [`super::reconcile`] weighs forecasts by. Empty where no model was fitted.
    pub fn errors(&self) -> Vec<f64> {
        let size = self.error_size * self.scale;
        self.residuals.iter().map(|e| e * size).collect()
    }

    /// The forecast with intervals of `level`, calibrated by the scores of all series of the call.
    ///
    /// A series without any observation has no steps.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a level outside 0 to 1.
    pub fn finish(&self, pool: &Calibration, level: f64) -> Result<Forecast> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::OutOfRange {
                name: "level",
                value: level.to_string(),
                accepted: "between 0 and 1, both excluded",
            });
        }
        let steps = self
            .steps
            .iter()
            .enumerate()
            .map(|(h, step)| self.interval(h + 1, *step, pool, level))
            .collect();
        Ok(Forecast {
            steps,
            model: self.model.clone(),
            status: self.status,
            note: self.notes.join("; "),
        })
    }

    fn interval(&self, step: usize, at: Step, pool: &Calibration, level: f64) -> Interval {
        let (lo, hi) = if self.demand.is_empty() {
            let width = if self.calibrated {
                pool.half_width(step, level, &self.scores)
            } else {
                gaussian(level)
            };
            (at.mean - width * at.sd, at.mean + width * at.sd)
        } else {
            let tail = 0.5 * (1.0 - level);
            (
                quantile(&self.demand, tail),
                quantile(&self.demand, 1.0 - tail),
            )
        };
        let mean = self.in_unit(at.mean);
        Interval {
            mean,
            lo: self.in_unit(lo).min(mean),
            hi: self.in_unit(hi).max(mean),
        }
    }

    /// A value in the unit of the series, finite, and not below zero where it cannot be.
    pub(crate) fn in_unit(&self, value: f64) -> f64 {
        let floor = if self.nonnegative { 0.0 } else { -f64::MAX };
        (value * self.scale).clamp(-f64::MAX, f64::MAX).max(floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A third of the futures would else hold no shock at all, and quantiles from 0.45 to 0.75 be one number.
    #[test]
    fn what_a_differenced_model_gives_back_is_no_error() {
        let y: Vec<f64> = (0..35).map(|t| 100.0 + f64::from(t * 37 % 11)).collect();
        let fitted = Fitted {
            name: String::new(),
            fitted: y
                .iter()
                .enumerate()
                .map(|(t, v)| if t < 12 { v * (1.0 + 1e-15) } else { 104.5 })
                .collect(),
            steps: Vec::new(),
        };
        let (residuals, _) = standardised(&y, &fitted);
        assert_eq!(residuals.len(), 23);
        let (all, _) = standardised(
            &y[12..],
            &Fitted {
                fitted: vec![104.5; 23],
                ..fitted
            },
        );
        assert_eq!(residuals, all);
    }

    #[test]
    fn recent_errors_narrow_and_widen_a_claim() {
        let fitted = Fitted {
            name: String::new(),
            fitted: vec![0.0; 40],
            steps: Vec::new(),
        };
        // Wild long ago, errors of 1 in the last sixteen observations.
        let y: Vec<f64> = (0..40).map(|t| if t < 24 { 50.0 } else { -1.0 }).collect();
        let size = (0.5 * std::f64::consts::PI).sqrt();
        for claimed in [0.25, size, 5.0] {
            let want = ((16.0 * size + 2.0 * claimed) / (18.0 * claimed)).powf(RECENT_POWER);
            let got = recent(&y, &[&fitted], 1, claimed);
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
        // Two seasons where that is more, of which eight errors are wild; no claim and no errors say nothing.
        assert_eq!(
            recent(&y, &[&fitted], 8, size),
            recent(&y, &[&fitted], 1, size)
        );
        let mean: f64 = (16.0 + 8.0 * 50.0 + 2.0) / 26.0;
        assert!((recent(&y, &[&fitted], 12, size) - mean.powf(RECENT_POWER)).abs() < 1e-12);
        assert_eq!(recent(&y, &[&fitted], 1, 0.0), 1.0);
        assert_eq!(recent(&[], &[&fitted], 1, 1.0), 1.0);
    }
}
