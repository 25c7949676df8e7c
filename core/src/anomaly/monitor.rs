//! Watching a series as it grows: each point is expected from the points before it alone.

use super::tail::{count_score, score_at, tail_df};
use super::{Options, Point};
use crate::{Cancel, Result};

/// Rates at which the level follows the series; the one that has erred least so far is used.
const RATES: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.4];
/// Weight that an error keeps a point later, in judging rates and in the noise.
const MEMORY: f64 = 0.985;
/// Weight that a season's sums keep from one of its points to the next.
const SEASON_MEMORY: f64 = 0.93;
/// Prior weight of a flat season, in counts.
const SEASON_PRIOR: f64 = 12.0;
/// Prior weight of the noise of the warm-up, in points.
const NOISE_PRIOR: f64 = 20.0;
/// A point enters the level no further than this many standard deviations from what was expected.
const CLIP: f64 = 2.5;
/// Scores beyond this enter the noise as if they were this large.
const NOISE_CLIP: f64 = 4.0;
/// Points on one side, each beyond `SHIFT_SCORE`, after which the level is taken to have moved.
const SHIFT_POINTS: usize = 10;
const SHIFT_SCORE: f64 = 1.5;
/// Earlier points of a calendar class needed to judge one of it.
const CLASS_POINTS: f64 = 3.0;
/// Points summed into one piece of evidence, beside the point alone.
const RUNS: [usize; 2] = [2, 3];
/// A point adds at most this score to a run, so that one outlier does not mark the days after.
const RUN_CLIP: f64 = 3.5;
/// A run speaks for its last point only if that point itself deviates this much.
const RUN_LAST: f64 = 1.0;

/// Scores enter the kurtosis no larger than this.
const TAIL_CLIP: f64 = 5.0;

/// Seasons seen before the first point is judged, and the least number of points.
pub(super) const WARM_UP: (usize, usize) = (4, 21);

/// Level, season and noise, as known before the next point.
struct State {
    levels: [f64; RATES.len()],
    errors: [f64; RATES.len()],
    season: Vec<(f64, f64)>,
    /// Mean of squared error over mean^1 and over mean^2, with their log likelihoods.
    noise: [f64; 2],
    likelihood: [f64; 2],
    weight: f64,
    additive: bool,
}

impl State {
    fn level(&self) -> f64 {
        let mut best = 0;
        for i in 1..RATES.len() {
            if self.errors[i] < self.errors[best] {
                best = i;
            }
        }
        self.levels[best]
    }

    fn factor(&self, at: usize) -> f64 {
        let (top, bottom) = self.season[at];
        if self.additive {
            top / bottom
        } else {
            (top / bottom).clamp(0.02, 50.0)
        }
    }

    fn mean(&self, level: f64, at: usize) -> f64 {
        if self.additive {
            level + self.factor(at)
        } else {
            (level * self.factor(at)).max(0.0)
        }
    }

    fn variance(&self, mean: f64) -> f64 {
        if self.additive {
            return self.noise[0];
        }
        let v = if self.likelihood[0] >= self.likelihood[1] {
            self.noise[0] * mean
        } else {
            self.noise[1] * mean * mean
        };
        // A series that sold nothing can still sell one of the smallest amounts.
        v.max(1e-12)
    }

    /// Learns from `value`, taken no further from the mean than `CLIP` deviations.
    fn learn(&mut self, value: f64, mean: f64, score: f64, at: usize) {
        let sd = self.variance(mean).sqrt();
        let tame = if score.abs() > CLIP {
            mean + (value - mean) * CLIP / score.abs()
        } else {
            value
        };
        let error = if score.abs() > NOISE_CLIP {
            (value - mean) * NOISE_CLIP / score.abs()
        } else {
            value - mean
        };
        let squared = (error * error).min(1e4 * sd * sd + 1e-300);
        self.weight = MEMORY * self.weight + 1.0;
        let rate = 1.0 / self.weight.max(NOISE_PRIOR);
        let units = if self.additive {
            [1.0, 1.0]
        } else {
            [mean.max(1e-9), (mean * mean).max(1e-12)]
        };
        for ((noise, likelihood), unit) in
            self.noise.iter_mut().zip(&mut self.likelihood).zip(units)
        {
            let v = (*noise * unit).max(1e-300);
            *likelihood = MEMORY * *likelihood - 0.5 * (v.ln() + squared / v);
            *noise = (*noise + rate * (squared / unit - *noise)).max(1e-12);
        }
        let factor = self.factor(at);
        for (i, follow) in RATES.into_iter().enumerate() {
            let expected = self.mean(self.levels[i], at);
            let miss = tame - expected;
            self.errors[i] = MEMORY * self.errors[i] + miss * miss;
            let step = if self.additive {
                miss
            } else {
                // In proportion, but quiet members of the season do not shout.
                miss / factor.max(0.2)
            };
            self.levels[i] += follow * step;
            if !self.additive {
                self.levels[i] = self.levels[i].max(0.0);
            }
        }
        let level = self.level();
        let season = &mut self.season[at];
        if self.additive {
            season.0 = SEASON_MEMORY * season.0 + (tame - level);
            season.1 = SEASON_MEMORY * season.1 + 1.0;
        } else {
            let prior = SEASON_PRIOR * self.noise[0];
            season.0 = SEASON_MEMORY * (season.0 - prior).max(0.0) + tame.max(0.0) + prior;
            season.1 = SEASON_MEMORY * (season.1 - prior).max(0.0) + level + prior;
            if season.1 <= 0.0 {
                *season = (1.0, 1.0);
            }
        }
    }
}

fn start(values: &[f64], m: usize, additive: bool) -> State {
    let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    // The level of the latest third, so that a trend in the warm-up is not carried on.
    let recent = &known[known.len() * 2 / 3..];
    let level = recent.iter().sum::<f64>() / recent.len().max(1) as f64;
    let variance =
        known.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (known.len().max(2) - 1) as f64;
    let mut state = State {
        levels: [level; RATES.len()],
        errors: [0.0; RATES.len()],
        season: vec![(if additive { 0.0 } else { 1.0 }, 1.0); m],
        noise: if additive {
            [variance.max(1e-12); 2]
        } else {
            [
                (variance / mean.max(1e-9)).max(1e-12),
                (variance / (mean * mean).max(1e-12)).max(1e-12),
            ]
        },
        likelihood: [0.0; 2],
        weight: NOISE_PRIOR,
        additive,
    };
    for at in 0..m {
        let own: Vec<f64> = values
            .iter()
            .skip(at)
            .step_by(m)
            .copied()
            .filter(|v| !v.is_nan())
            .collect();
        let sum = own.iter().sum::<f64>();
        let k = own.len() as f64;
        state.season[at] = if additive {
            (sum - k * mean, k + 1.0)
        } else {
            let prior = SEASON_PRIOR * state.noise[0];
            match (sum + prior, k * mean + prior) {
                (top, bottom) if bottom > 0.0 => (top, bottom),
                _ => (1.0, 1.0),
            }
        };
    }
    // A season explains part of that variance; the rest is the noise to start from.
    let mut rest = [0.0; 2];
    for (t, v) in values.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
        let expected = state.mean(mean, t % m);
        let squared = (v - expected).powi(2);
        rest[0] += squared / if additive { 1.0 } else { expected.max(1e-9) };
        rest[1] += squared
            / if additive {
                1.0
            } else {
                (expected * expected).max(1e-12)
            };
    }
    let df = (known.len() as f64 - m.min(known.len() / 2) as f64).max(1.0);
    if rest[0] > 0.0 {
        state.noise = [rest[0] / df, rest[1] / df];
    }
    state
}

/// Judges each point by the points before it. Returns one point a value.
pub(super) fn monitor(
    values: &[f64],
    options: &Options<'_>,
    cancel: Cancel<'_>,
) -> Result<Vec<Point>> {
    let n = values.len();
    let m = if options.season >= 2 && n >= 3 * options.season {
        options.season
    } else {
        1
    };
    let warm_up = (WARM_UP.0 * m).max(WARM_UP.1);
    let mut points = vec![Point::unjudged(); n];
    if n <= warm_up {
        return Ok(points);
    }
    // Known before the first judged point: a series that has gone below zero may do so again.
    let additive = values[..warm_up].iter().any(|v| *v < 0.0);
    let mut state = start(&values[..warm_up], m, additive);
    let z = score_at(options.level);
    let mut classes: Vec<(f64, f64, f64)> = Vec::new();
    let mut recent: Vec<f64> = Vec::new();
    let mut tail = (0.0, 0.0);
    let mut run: Vec<f64> = Vec::new();
    for t in warm_up..n {
        if t % 4096 == 0 {
            cancel.check()?;
        }
        let value = values[t];
        let at = t % m;
        let plain = state.mean(state.level(), at);
        let class = options
            .classes
            .and_then(|c| c.get(t).copied())
            .map_or(0, usize::from);
        let (mut mean, mut variance) = (plain, state.variance(plain));
        let mut judged = true;
        if class > 0 {
            if classes.len() <= class {
                classes.resize(class + 1, (0.0, 0.0, 0.0));
            }
            // Count, sum of ratios, sum of their squares, of the class's earlier points.
            let (k, sum, squares) = classes[class];
            judged = k >= CLASS_POINTS && !additive;
            if judged {
                let ratio = sum / k;
                let spread = (squares / k - ratio * ratio).max(0.0) * k / (k - 1.0);
                mean = plain * ratio;
                // A new point's variance: the class's own, and that of its mean.
                variance = (variance * ratio.max(1.0) + spread * plain * plain) * (1.0 + 2.0 / k);
            }
        }
        let point = &mut points[t];
        if judged {
            *point = Point::expecting(mean, variance, z, additive);
        }
        if value.is_nan() {
            continue;
        }
        let score = if additive || value < 0.0 {
            (value - mean) / variance.sqrt().max(1e-300)
        } else if mean <= 0.0 {
            // Nothing was ever sold: the first sale is news, but not an alarm.
            0.0
        } else {
            count_score(value, mean, variance)
        };
        let counts = if additive {
            f64::INFINITY
        } else {
            mean * mean / variance
        };
        let df = if tail.0 > 0.0 {
            tail_df(tail.1 / tail.0, tail.0, counts)
        } else {
            tail_df(0.0, 1.0, counts)
        };
        if class > 0 {
            if plain > 0.0 {
                let ratio = value / plain;
                let c = &mut classes[class];
                *c = (c.0 + 1.0, c.1 + ratio, c.2 + ratio * ratio);
            }
            if judged {
                point.judge(value, score, score, df, options.direction);
            }
            continue;
        }
        run.push(score.clamp(-RUN_CLIP, RUN_CLIP));
        if run.len() > 3 {
            run.remove(0);
        }
        point.judge(value, score, strongest(score, &run), df, options.direction);
        // One outlier is an event, several are the series' nature.
        tail.0 += 1.0;
        tail.1 += score.clamp(-TAIL_CLIP, TAIL_CLIP).powi(4);
        state.learn(value, mean, score, at);
        // A run on one side: the level has moved, and what comes is held against the new one.
        if score.abs() >= SHIFT_SCORE && recent.last().is_none_or(|r| (*r > 0.0) == (score > 0.0)) {
            recent.push(if additive {
                value - mean
            } else {
                (value / plain.max(1e-9)).max(1e-9) * score.signum()
            });
        } else {
            recent.clear();
        }
        if recent.len() >= SHIFT_POINTS {
            let k = recent.len() as f64;
            if additive {
                let step = recent.iter().sum::<f64>() / k;
                state.levels.iter_mut().for_each(|l| *l += step);
            } else {
                let ratio = recent.iter().map(|r| r.abs()).sum::<f64>() / k;
                let level = state.level() * ratio;
                state.levels.iter_mut().for_each(|l| *l = level);
            }
            point.shift = true;
            recent.clear();
            run.clear();
        }
    }
    Ok(points)
}

/// The point's own score, or that of the run it ends where that says more, priced for the choice.
fn strongest(score: f64, run: &[f64]) -> f64 {
    let mut best = score;
    if score.abs() < RUN_LAST {
        return best;
    }
    for k in RUNS {
        if run.len() < k {
            continue;
        }
        let part = &run[run.len() - k..];
        if part
            .iter()
            .all(|z| z.abs() >= RUN_LAST && (*z > 0.0) == (score > 0.0))
        {
            let sum = part.iter().sum::<f64>() / (k as f64).sqrt();
            if sum.abs() > best.abs() {
                best = sum;
            }
        }
    }
    best
}
