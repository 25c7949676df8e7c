//! What is expected of the next point of a series: level, season and noise, learnt point by point.

use super::lookback::{MAD, median};

/// Rates at which the level follows the series.
const RATES: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.4];
/// The rate whose level several days are held against: a faster one would follow a drop.
const STEADY: usize = 1;
/// Weight that an error keeps a point later, in judging rates.
const MEMORY: f64 = 0.99;
/// Points without any drift that the rates are taken to have seen before the first.
const STEADY_PRIOR: f64 = 30.0;
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
/// A point enters the level, and a rate's error, no further than this many standard deviations from
/// what was expected.
pub(super) const CLIP: f64 = 2.5;
/// Scores beyond this enter the noise as if they were this large.
pub(super) const NOISE_CLIP: f64 = 3.5;
/// Points of the warm-up enter it no further than this many robust standard deviations from the
/// median of their phase, where a point is this many counts or more.
const START_CLIP: f64 = 4.0;
const START_COUNTS: f64 = 4.0;

/// The level at each rate.
#[derive(Clone, Copy)]
pub(super) struct Level {
    rates: [f64; RATES.len()],
    /// Squared scores under each.
    errors: [f64; RATES.len()],
    /// Of all rates by their weights.
    pub(super) mean: f64,
}

impl Level {
    /// What several points together are held against.
    pub(super) fn steady(&self) -> f64 {
        self.rates[STEADY]
    }

    /// The level that follows least.
    pub(super) fn slow(&self) -> f64 {
        self.rates[0]
    }

    /// Starts again from a level.
    pub(super) fn settle(&mut self, level: f64) {
        self.rates = [level; RATES.len()];
        self.mean = level;
    }
}

/// Level, season and noise, as known before the next point.
pub(super) struct State {
    pub(super) level: Level,
    season: Vec<(f64, f64)>,
    /// Mean of squared error over mean^1 and over mean^2, with their log likelihoods.
    noise: [f64; 2],
    likelihood: [f64; 2],
    /// Points that the noise is a mean of.
    pub(super) weight: f64,
    pub(super) additive: bool,
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
    /// Weights of the rates by how they have erred, of those that average over a sale or more: in a
    /// row of days without sales a fast level would sink to nothing, and the next sale would be news.
    fn weights(&self) -> [f64; RATES.len()] {
        let sales = self.counts(self.level.rates[0]);
        let allowed = |i: usize| i == 0 || RATES[i] <= sales;
        let least = (0..RATES.len())
            .filter(|i| allowed(*i))
            .map(|i| self.level.errors[i])
            .fold(f64::INFINITY, f64::min);
        let mut weights: [f64; RATES.len()] = std::array::from_fn(|i| {
            if allowed(i) {
                (0.5 * (least - self.level.errors[i])).exp()
            } else {
                0.0
            }
        });
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= sum);
        weights
    }

    /// Expected level: of all rates by their weights.
    fn weigh(&mut self) {
        let weights = self.weights();
        // From one of them, so that equal levels are theirs to the last bit.
        let from = self.level.rates[0];
        let steps = weights
            .iter()
            .zip(self.level.rates)
            .map(|(w, l)| w * (l - from));
        self.level.mean = from + steps.sum::<f64>();
    }

    pub(super) fn factor(&self, at: usize) -> f64 {
        let (top, bottom) = self.season[at];
        if self.additive {
            top / bottom
        } else {
            (top / bottom).clamp(0.02, 50.0)
        }
    }

    pub(super) fn mean(&self, level: f64, at: usize) -> f64 {
        if self.additive {
            level + self.factor(at)
        } else {
            (level * self.factor(at)).max(0.0)
        }
    }

    pub(super) fn variance(&self, mean: f64) -> f64 {
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
    pub(super) fn counts(&self, mean: f64) -> f64 {
        if self.additive {
            f64::INFINITY
        } else {
            mean * mean / self.variance(mean)
        }
    }

    /// Moves the level towards `value`, taken no further from the mean than `CLIP` deviations.
    pub(super) fn follow(&mut self, value: f64, mean: f64, score: f64, at: usize) {
        let variance = self.variance(mean).max(1e-300);
        let tame = mean + (value - mean) * (CLIP / score.abs()).min(1.0);
        let factor = self.factor(at);
        for (i, rate) in RATES.into_iter().enumerate() {
            let expected = self.mean(self.level.rates[i], at);
            let wrong = (value - expected).powi(2) / variance;
            self.level.errors[i] = MEMORY * self.level.errors[i] + wrong.min(CLIP * CLIP);
            let miss = tame - expected;
            if self.additive {
                self.level.rates[i] += rate * miss;
            } else {
                // In proportion, but quiet members of the season do not shout.
                let step = rate * miss / factor.max(0.2);
                self.level.rates[i] = (self.level.rates[i] + step).max(0.0);
            }
        }
        self.weigh();
    }

    /// Learns noise and season from a point that the level has followed.
    pub(super) fn learn(&mut self, value: f64, mean: f64, score: f64, at: usize) {
        let variance = self.variance(mean).max(1e-300);
        let tame = mean + (value - mean) * (CLIP / score.abs()).min(1.0);
        let error = (value - mean) * (NOISE_CLIP / score.abs()).min(1.0);
        let squared = error.powi(2).min(1e4 * variance + 1e-300);
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
        let level = self.level.mean;
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

/// The values of the warm-up with its outliers brought near the median of their phase of the season,
/// as a promotion in it would make the level that is started from too high and the noise too wide.
fn tamed(values: &[f64], m: usize) -> Vec<f64> {
    let middle = |mut own: Vec<f64>| {
        own.retain(|v| !v.is_nan());
        let above = median(&mut own);
        let below = own[..own.len() / 2].iter().copied().reduce(f64::max);
        match below {
            Some(below) if own.len().is_multiple_of(2) => f64::midpoint(below, above),
            _ => above,
        }
    };
    let phases: Vec<f64> = (0..m)
        .map(|at| middle(values.iter().skip(at).step_by(m).copied().collect()))
        .collect();
    let off = |t: usize| values[t] - phases[t % m];
    let spread = MAD * middle((0..values.len()).map(|t| off(t).abs()).collect());
    let centre = phases.iter().sum::<f64>() / m as f64;
    if spread <= 0.0 || centre * centre < START_COUNTS * spread * spread {
        return values.to_vec();
    }
    let reach = START_CLIP * spread;
    (0..values.len())
        .map(|t| phases[t % m] + off(t).clamp(-reach, reach))
        .collect()
}

pub(super) fn start(values: &[f64], m: usize, additive: bool) -> State {
    let values = &tamed(values, m)[..];
    let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
    // The level of the latest half (a third where there is no season), so that a trend in the warm-up
    // is not carried on; of whole seasons, as a weekend too many is no level.
    let latest = if m > 1 {
        m * (values.len() / m).div_ceil(2)
    } else {
        values.len() / 3
    };
    let recent: Vec<f64> = values[values.len() - latest..]
        .iter()
        .copied()
        .filter(|v| !v.is_nan())
        .collect();
    let level = if recent.is_empty() {
        mean
    } else {
        recent.iter().sum::<f64>() / recent.len() as f64
    };
    let variance =
        known.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (known.len().max(2) - 1) as f64;
    let mut state = State {
        level: Level {
            rates: [level; RATES.len()],
            errors: RATES.map(|r| STEADY_PRIOR * r / (2.0 - r)),
            mean: level,
        },
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
    // The next season is off by the error of this one, too.
    let more = 1.0 + m as f64 / known.len().max(1) as f64;
    if rest[0] > 0.0 {
        state.noise = rest.map(|r| more * r / df);
    }
    state.weigh();
    state
}
