//! Watching a series as it grows: each point is expected from the points before it alone.

use std::collections::VecDeque;

use super::tail::{Tail, count_score, score_at};
use super::{Options, Point};
use crate::{Cancel, Result};

/// Rates at which the level follows the series; the one that has erred least so far is used.
const RATES: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.4];
/// Weight that an error keeps a point later, in judging rates.
const MEMORY: f64 = 0.985;
/// What the noise forgets at each point, where a point holds some sales; less where it holds few.
const NOISE_FORGETS: (f64, f64) = (0.01, 0.001);
/// Weight that a season's sums keep from one of its points to the next.
const SEASON_MEMORY: f64 = 0.93;
/// Prior weight of a flat season, in counts.
const SEASON_PRIOR: f64 = 12.0;
/// Prior weight of the noise of the warm-up, in points.
const NOISE_PRIOR: f64 = 20.0;
/// Share of days without sales from which a day is a sum of few.
const EMPTY_SHARE: f64 = 0.2;
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
const WINDOWS: [usize; 3] = [2, 3, 7];
/// A window speaks for its last point only if that point itself deviates this much.
const WINDOW_LAST: f64 = 1.0;
/// No point adds more to a window than this many times what the last one does, so that one
/// outlier does not mark the days after.
const WINDOW_CLIP: f64 = 2.0;
/// Prior weight of days that do not depend on each other, in points.
const FREE_PRIOR: f64 = 50.0;
/// Scores enter the dependence of days on each other no larger than this.
const FREE_CLIP: f64 = 2.0;

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
    few: Few,
}

/// What days without sales say of the noise.
#[derive(Clone, Copy)]
struct Few {
    zeros: f64,
    seen: f64,
    least: f64,
}

impl Few {
    fn add(&mut self, value: f64) {
        self.seen += 1.0;
        if value > 0.0 {
            self.least = self.least.min(value);
        } else {
            self.zeros += 1.0;
        }
    }

    /// The least ratio of variance to mean. Where days without sales are common, a day is a sum of
    /// few sales, each no smaller than the smallest day seen; a row of empty days shows no noise.
    fn ratio(self) -> f64 {
        if self.zeros > EMPTY_SHARE * self.seen && self.least.is_finite() {
            self.least
        } else {
            0.0
        }
    }
}

impl State {
    /// The rate that has erred least, of those that average over a sale or more: in a row of days
    /// without sales a fast level would sink to nothing, and the next sale would be news.
    fn best(&self) -> usize {
        let sales = self.counts(self.levels[0]);
        let mut best = 0;
        for (i, rate) in RATES.iter().enumerate().skip(1) {
            if *rate <= sales && self.errors[i] < self.errors[best] {
                best = i;
            }
        }
        best
    }

    fn level(&self) -> f64 {
        self.levels[self.best()]
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
        v.max(self.few.ratio() * mean).max(1e-12)
    }

    /// Mean of a point in counts.
    fn counts(&self, mean: f64) -> f64 {
        if self.additive {
            f64::INFINITY
        } else {
            mean * mean / self.variance(mean)
        }
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
        let counts = self.counts(mean);
        let forgets = (NOISE_FORGETS.0 * counts).clamp(NOISE_FORGETS.1, NOISE_FORGETS.0);
        self.few.add(value);
        self.weight = (1.0 - forgets) * self.weight + 1.0;
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
        few: Few {
            zeros: 0.0,
            seen: 0.0,
            least: f64::INFINITY,
        },
    };
    known.iter().for_each(|v| state.few.add(*v));
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
    let mut past: VecDeque<Day> = VecDeque::new();
    // Points, sum of products of neighbouring scores, the last score.
    let mut free = (0.0, 0.0, 0.0);
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
        let shown = if tail.0 > 0.0 { tail.1 / tail.0 } else { 0.0 };
        let tail_of = |counts| Tail::new(shown, tail.0, state.weight, counts);
        if class > 0 {
            if plain > 0.0 {
                let ratio = value / plain;
                let c = &mut classes[class];
                *c = (c.0 + 1.0, c.1 + ratio, c.2 + ratio * ratio);
            }
            if judged {
                let p = tail_of(counts).two_sided(score);
                point.judge(value, score, p, options.direction);
            }
            continue;
        }
        let best = state.best();
        past.push_back(Day {
            value,
            mean,
            variance,
            level: state.levels[best],
            factor: state.factor(at),
        });
        if past.len() > WINDOWS[WINDOWS.len() - 1] {
            past.pop_front();
        }
        let mut p = tail_of(counts).two_sided(score);
        if score.abs() >= WINDOW_LAST {
            let depends = (free.1 / (free.0 + FREE_PRIOR)).max(0.0);
            for k in WINDOWS.into_iter().filter(|k| *k <= past.len()) {
                let days = past.range(past.len() - k..);
                if let Some((z, counts)) = window(days, RATES[best], depends, score, additive) {
                    p = p.min(tail_of(counts).two_sided(z));
                }
            }
        }
        point.judge(value, score, p, options.direction);
        let tame = score.clamp(-FREE_CLIP, FREE_CLIP);
        free = (free.0 + 1.0, free.1 + tame * free.2, tame);
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
            past.clear();
        }
    }
    Ok(points)
}

/// An ordinary point as it was judged.
struct Day {
    value: f64,
    mean: f64,
    variance: f64,
    level: f64,
    factor: f64,
}

/// Score of the sum of the days, and its mean in counts, against what was expected of all of
/// them before the first, in the direction of the last one's `score`.
///
/// `None` unless the window begins and ends on the side of the score.
fn window<'a>(
    days: impl ExactSizeIterator<Item = &'a Day> + Clone,
    rate: f64,
    depends: f64,
    score: f64,
    additive: bool,
) -> Option<(f64, f64)> {
    let k = days.len() as f64;
    let side = score.signum();
    let level = days.clone().next()?.level;
    let expected = |day: &Day| {
        if additive {
            level + day.factor
        } else {
            (level * day.factor).max(0.0)
        }
    };
    let most = WINDOW_CLIP * score.abs();
    let (mut over, mut mean, mut variance) = (0.0, 0.0, 0.0);
    for (j, day) in days.enumerate() {
        let usual = expected(day);
        // Noise in proportion to the mean, whichever way it grows with it.
        let own = if additive || day.mean <= 0.0 {
            day.variance
        } else {
            day.variance * usual / day.mean
        };
        let off = side * (day.value - usual);
        if j == 0 && off <= 0.0 {
            return None;
        }
        over += off.min(most * own.sqrt());
        mean += usual;
        // What a day brings, the level carries on to the days after it.
        let after = k - 1.0 - j as f64;
        variance += own * (1.0 + rate * after).powi(2);
    }
    if over <= 0.0 || variance <= 0.0 {
        return None;
    }
    variance *= 1.0 + 2.0 * depends * (k - 1.0) / k;
    if additive {
        return Some((side * over / variance.sqrt(), f64::INFINITY));
    }
    if mean <= 0.0 {
        return None;
    }
    let z = count_score((mean + side * over).max(0.0), mean, variance);
    Some((z, mean * mean / variance))
}
