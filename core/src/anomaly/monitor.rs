//! Watching a series as it grows: each point is expected from the points before it alone.

use std::collections::VecDeque;

use super::level::{CLIP, Level, NOISE_CLIP, State, start};
use super::tail::{Tail, count_score, score_at};
use super::{Options, Point};
use crate::{Cancel, Result};

/// Points for which the level before a move is remembered: what returns to it is no news.
const FORMER_POINTS: usize = 56;
/// A point within this of the level before a move has returned to it.
const RETURN_SCORE: f64 = 2.0;
/// Points on one side, each beyond `SHIFT_SCORE`, after which the level is taken to have moved.
const SHIFT_POINTS: usize = 10;
const SHIFT_SCORE: f64 = 1.5;
/// Earlier points of a calendar class needed to judge one of it.
const CLASS_POINTS: f64 = 3.0;
/// Points summed into one piece of evidence, beside the point alone.
const WINDOWS: [usize; 3] = [2, 3, 7];
/// The same where a point holds fewer counts than `FEW_COUNTS`: no sales for a day are no news then, but none for
/// weeks are. The level before the window is the one that points are held
/// against or the slow one.
const LONG_WINDOWS: [usize; 3] = [14, 21, 28];
const FEW_COUNTS: f64 = 16.0;
/// A level of some weeks ago is one of now to within this share.
const DRIFT: f64 = 0.04;
/// By how much the variance of a long window is taken to exceed that of its days before any was seen: the level
/// that it is held against is itself known from a few weeks.
const LONG_SPREAD: [f64; 3] = [1.3, 1.45, 1.6];
/// Days after which long windows are scored for their spread again: they overlap.
const LONG_STEP: usize = 7;
/// A day adds no more to a long window than this many of its standard deviations.
const LONG_CLIP: f64 = 2.5;
/// Score of a long window from which on the level waits, the days whose ordinary sum ends that, and the days after which
/// it is taken to have moved.
const LULL: f64 = 4.0;
const LULL_WEEK: usize = 7;
const LULL_DAYS: usize = 28;
/// A window speaks for its last point only if that point itself deviates this much; a long one, if its later half does.
const WINDOW_LAST: f64 = 1.5;
/// No point adds more to a window than this many times what the last one does, so that one
/// outlier does not mark the days after.
const WINDOW_CLIP: f64 = 2.0;
/// Independent windows that count as seen before the first, and by how much the variance of a window
/// of k days is taken to exceed that of k days that do not depend on each other, for each day more.
const SPREAD_PRIOR: f64 = 12.0;
const SPREAD_STEP: f64 = 0.3;
/// Squared scores of windows enter their spread no larger than this many times the spread.
const SPREAD_CLIP: f64 = 9.0;
/// Scores enter the kurtosis no larger than this.
const TAIL_CLIP: f64 = 5.0;
/// Prior weight, in points of a side, of a side that scatters as both do.
const SIDE_PRIOR: f64 = 50.0;
/// How much wider or narrower than both a side can be, as a variance.
const SIDE_RANGE: (f64, f64) = (0.6, 1.5);

/// Points far off that follow one another on one side are no noise from this sum of scores on.
const EPISODE: f64 = 7.5;

/// Seasons seen before the first point is judged, and the least number of points.
pub(super) const WARM_UP: (usize, usize) = (4, 21);

/// What the scores of one side have shown.
#[derive(Clone, Copy, Default)]
struct Side {
    points: f64,
    squares: f64,
    fourths: f64,
}

/// The scores above and below, apart: promotions widen the upper side alone.
#[derive(Clone, Copy, Default)]
struct Sides {
    above: Side,
    below: Side,
}

impl Sides {
    /// One outlier is an event, several are the series' nature.
    fn add(&mut self, score: f64) {
        let side = if score > 0.0 {
            &mut self.above
        } else {
            &mut self.below
        };
        side.points += 1.0;
        side.squares += score.clamp(-NOISE_CLIP, NOISE_CLIP).powi(2);
        side.fourths += score.clamp(-TAIL_CLIP, TAIL_CLIP).powi(4);
    }

    /// Two-sided tail probability of a score, by the scatter and the tail of its own side.
    ///
    /// `points` is how many the noise is known from, `counts` the mean of a point in counts.
    fn chance(&self, score: f64, points: f64, counts: f64) -> f64 {
        let side = if score > 0.0 { self.above } else { self.below };
        let wide = ((SIDE_PRIOR + side.squares) / (SIDE_PRIOR + side.points))
            .clamp(SIDE_RANGE.0, SIDE_RANGE.1);
        let seen = self.above.points + self.below.points;
        let fourth = 2.0 * side.fourths / seen.max(1.0) / (wide * wide);
        Tail::new(fourth, seen, points, counts).two_sided(score / wide.sqrt())
    }
}

/// A point as it was judged.
#[derive(Clone, Copy)]
struct Seen {
    value: f64,
    mean: f64,
    score: f64,
    /// Place in the season.
    at: usize,
}

/// A series as it is known before the next point.
struct Watch {
    state: State,
    sides: Sides,
    /// Variance of each window's sum against that of days that do not depend on each other: a level
    /// that drifts and shocks that last make it larger. And the independent windows it is known from.
    spread: [(f64, f64); WINDOWS.len()],
    /// The same of long windows, and the days since they were last scored.
    long_spread: [(f64, f64); LONG_WINDOWS.len()],
    unscored: usize,
    /// Strongest evidence of a long window that ends with the last point, if any is as strong as `LULL`: its
    /// score and its days.
    evident: Option<(f64, usize)>,
    lull: Option<Lull>,
    /// The last ordinary points, for evidence of several.
    past: VecDeque<Day>,
    /// The last points where they are far off, on one side, and the level before them. The level
    /// follows them, noise and season wait: `EPISODE` of them are an episode, as a promotion is, from
    /// which nothing is learnt until the level is taken to have moved.
    far: Vec<Seen>,
    before: Level,
    episode: bool,
    /// Of the points in a row on one side: how far each is from what was expected, as a difference
    /// (additive) or as a ratio with the sign of the side.
    run: Vec<f64>,
    /// The level before the last move, and when it moved.
    former: Option<(f64, usize)>,
}

impl Watch {
    fn new(state: State) -> Self {
        Self {
            before: state.level,
            sides: Sides::default(),
            spread: WINDOWS.map(|k| (1.0 + SPREAD_STEP * (k as f64 - 1.0), SPREAD_PRIOR)),
            long_spread: LONG_SPREAD.map(|spread| (spread, SPREAD_PRIOR)),
            unscored: 0,
            evident: None,
            lull: None,
            past: VecDeque::new(),
            far: Vec::new(),
            episode: false,
            state,
            run: Vec::new(),
            former: None,
        }
    }

    /// Standard score of a value.
    fn score(&self, value: f64, mean: f64, variance: f64) -> f64 {
        if self.state.additive || value < 0.0 {
            (value - mean) / variance.sqrt().max(1e-300)
        } else if mean <= 0.0 {
            // Nothing was ever sold: the first sale is news, but not an alarm.
            0.0
        } else {
            count_score(value, mean, variance)
        }
    }

    fn counts(&self, mean: f64, variance: f64) -> f64 {
        if self.state.additive {
            f64::INFINITY
        } else {
            mean * mean / variance
        }
    }

    fn chance(&self, score: f64, counts: f64) -> f64 {
        self.sides.chance(score, self.state.weight, counts)
    }

    /// Goes back to the level before the last move where `value` lies there and far from the present
    /// one. Returns when the level had moved.
    fn returns(&mut self, t: usize, at: usize, value: f64) -> Option<usize> {
        let (level, moved) = self.former.filter(|f| t - f.1 <= FORMER_POINTS)?;
        let mean = self.state.mean(self.state.level.mean, at);
        let score = self.score(value, mean, self.state.variance(mean));
        let back = self.state.mean(level, at);
        let other = self.score(value, back, self.state.variance(back));
        if score.abs() < CLIP || other.abs() >= RETURN_SCORE || value.is_nan() {
            return None;
        }
        self.former = Some((self.state.level.mean, moved));
        self.state.level.settle(level);
        self.past.clear();
        Some(moved)
    }

    /// The chance of so large a deviation of the point, or of the days that it ends.
    fn judge(&mut self, seen: Seen, variance: f64) -> f64 {
        self.past.push_back(Day {
            value: seen.value,
            mean: seen.mean,
            variance,
            level: self.state.level,
            episode: false,
            factor: self.state.factor(seen.at),
        });
        if self.past.len() > LONG_WINDOWS[LONG_WINDOWS.len() - 1] {
            self.past.pop_front();
        }
        let mut p = self.chance(seen.score, self.counts(seen.mean, variance));
        if seen.score.abs() >= WINDOW_LAST {
            for (k, (spread, _)) in WINDOWS.into_iter().zip(self.spread) {
                if let Some((z, counts)) = self.evidence(k, spread, seen.score) {
                    p = p.min(self.chance(z, counts));
                }
            }
        }
        self.evident = None;
        for (k, (spread, _)) in LONG_WINDOWS.into_iter().zip(self.long_spread) {
            if let Some((z, counts)) = self.long_evidence(k, spread) {
                p = p.min(self.chance(z, counts));
                if z.abs() >= self.evident.map_or(LULL, |(score, _)| score) {
                    self.evident = Some((z.abs(), k));
                }
            }
        }
        p
    }

    /// The level before the last `k` days, where each of these is a sum of few sales.
    fn level_of_few(&self, k: usize) -> Option<Level> {
        let level = self.past.get(self.past.len().checked_sub(k)?)?.level;
        (!self.state.additive && self.state.counts(level.steady()) < FEW_COUNTS).then_some(level)
    }

    /// As [`Watch::evidence`] for days of few sales: the later half of them has to speak for itself.
    fn long_evidence(&self, k: usize, spread: f64) -> Option<(f64, f64)> {
        let level = self.level_of_few(k)?;
        let last = self.past.back()?;
        let toward = Toward {
            side: (last.value - level.mean * last.factor).signum(),
            most: LONG_CLIP,
            drift: DRIFT,
        };
        let later = self.window(k / 2, level.mean, spread, Some(toward))?;
        if later.0.abs() < WINDOW_LAST {
            return None;
        }
        let one = self.window(k, level.mean, spread, Some(toward))?;
        let other = self.window(k, level.slow(), spread, Some(toward))?;
        Some(nearer(one, other))
    }

    /// Score of the last `k` days together and their mean in counts, against what was expected before the
    /// first, as evidence on a last day of this score: by the level that followed best or by the steady
    /// one, whichever they are nearer to. A fast level is too high after a promotion, a slow one lags
    /// behind a trend.
    fn evidence(&self, k: usize, spread: f64, score: f64) -> Option<(f64, f64)> {
        let level = self.past.get(self.past.len().checked_sub(k)?)?.level;
        let toward = Toward {
            side: score.signum(),
            most: WINDOW_CLIP * score.abs(),
            drift: 0.0,
        };
        let one = self.window(k, level.mean, spread, Some(toward))?;
        let other = self.window(k, level.steady(), spread, Some(toward))?;
        Some(nearer(one, other))
    }

    /// Score of the sum of the last `k` days, and its mean in counts, against a level.
    ///
    /// As evidence `toward` a side: `None` unless the window begins and ends on it, and no day adds more than it may.
    fn window(
        &self,
        k: usize,
        level: f64,
        spread: f64,
        toward: Option<Toward>,
    ) -> Option<(f64, f64)> {
        let days = self.past.range(self.past.len().checked_sub(k)?..);
        let additive = self.state.additive;
        let side = toward.map_or(1.0, |t| t.side);
        let most = toward.map_or(f64::INFINITY, |t| t.most);
        let (mut over, mut mean, mut variance) = (0.0, 0.0, 0.0);
        for (j, day) in days.enumerate() {
            let usual = if additive {
                level + day.factor
            } else {
                (level * day.factor).max(0.0)
            };
            // Noise in proportion to the mean, whichever way it grows with it.
            let own = if additive || day.mean <= 0.0 {
                day.variance
            } else {
                day.variance * usual / day.mean
            };
            let off = side * (day.value - usual);
            if toward.is_some() && j == 0 && off <= 0.0 {
                return None;
            }
            over += off.min(most * own.sqrt());
            mean += usual;
            variance += own;
        }
        variance = variance * spread + (toward.map_or(0.0, |t| t.drift) * mean).powi(2);
        if variance <= 0.0 || (toward.is_some() && over <= 0.0) {
            return None;
        }
        if additive {
            return Some((side * over / variance.sqrt(), f64::INFINITY));
        }
        if mean <= 0.0 {
            return None;
        }
        let z = count_score((mean + side * over).max(0.0), mean, variance);
        Some((z, mean * mean / variance))
    }

    /// Learns how far windows scatter about the steady level, from those that the last day ends.
    fn scatter(&mut self) {
        for (i, k) in WINDOWS.into_iter().enumerate() {
            let first = self.past.len().checked_sub(k);
            let steady = first.and_then(|i| Some(self.past.get(i)?.level.steady()));
            self.spread[i] = self.scattered(k, steady, self.spread[i], 1.0);
        }
        self.unscored += 1;
        if self.unscored < LONG_STEP {
            return;
        }
        self.unscored = 0;
        for (i, k) in LONG_WINDOWS.into_iter().enumerate() {
            let level = self.level_of_few(k).map(|level| level.mean);
            self.long_spread[i] = self.scattered(k, level, self.long_spread[i], LONG_STEP as f64);
        }
    }

    /// A spread and what it is known from after the last `k` days, of which `new` are.
    fn scattered(
        &self,
        k: usize,
        level: Option<f64>,
        (spread, known): (f64, f64),
        new: f64,
    ) -> (f64, f64) {
        let episode = self.past.iter().rev().take(k).any(|d| d.episode);
        let Some((z, _)) = level
            .filter(|_| !episode)
            .and_then(|level| self.window(k, level, 1.0, None))
        else {
            return (spread, known);
        };
        let squared = (z * z).min(SPREAD_CLIP * spread);
        // Windows overlap: k of them are one.
        let share = new / k as f64;
        let known = known + share;
        (spread + (squared - spread) * share / known, known)
    }

    fn learn(&mut self, seen: Seen) {
        self.sides.add(seen.score);
        self.state.learn(seen.value, seen.mean, seen.score, seen.at);
    }

    /// Goes back to the level before a lull that the last point has made evident. Returns whether there is one.
    fn lull_begins(&mut self) -> bool {
        let Some((_, k)) = self.evident.filter(|_| self.lull.is_none()) else {
            return false;
        };
        self.state.level = self.past[self.past.len() - k].level;
        self.lull = Some(Lull {
            level: self.state.level,
            days: 0,
        });
        // What was under way before is part of it.
        self.far.clear();
        self.run.clear();
        self.episode = false;
        true
    }

    /// Holds on to the level before a lull, until it is over or the level is taken to have moved. Returns
    /// whether a lull is on, and whether the level has moved.
    fn rest(&mut self, t: usize) -> (bool, bool) {
        let Some(lull) = &mut self.lull else {
            return (false, false);
        };
        lull.days += 1;
        let Lull { level, days } = *lull;
        self.state.level = level;
        let week = self.window(LULL_WEEK, level.mean, 1.0, None);
        if week.is_some_and(|(z, _)| z.abs() < WINDOW_LAST) {
            // It is over, and says nothing of the days after it.
            self.past.drain(..self.past.len() - 1);
            self.lull = None;
            return (false, false);
        }
        if days < LULL_DAYS {
            return (true, false);
        }
        let (sum, usual) = self.past.iter().fold((0.0, 0.0), |(sum, usual), d| {
            (sum + d.value.max(0.0), usual + level.mean * d.factor)
        });
        self.former = Some((level.mean, t));
        self.state
            .level
            .settle(level.mean * sum / usual.max(1e-300));
        self.past.clear();
        self.lull = None;
        (true, true)
    }

    /// Takes in an ordinary point that was judged. Returns whether the level has moved with it.
    fn take(&mut self, t: usize, seen: Seen) -> bool {
        let (on, moved) = self.rest(t);
        if on {
            return moved;
        }
        let far = seen.score.abs() >= CLIP;
        let side = seen.score.signum();
        if !far || self.far.last().is_some_and(|f| f.score.signum() != side) {
            let single = std::mem::take(&mut self.far);
            if self.episode {
                // It is over, and says nothing of the days after it.
                self.past.drain(..self.past.len() - 1);
            } else {
                single.into_iter().for_each(|f| self.learn(f));
            }
        }
        if far {
            if self.far.is_empty() {
                self.before = self.state.level;
            }
            self.far.push(seen);
        }
        self.episode =
            self.far.len() > 1 && self.far.iter().map(|f| f.score.abs()).sum::<f64>() >= EPISODE;
        if self.episode {
            self.state.level = self.before;
            self.past
                .iter_mut()
                .rev()
                .take(self.far.len())
                .for_each(|d| d.episode = true);
        } else {
            self.state
                .follow(seen.value, seen.mean, seen.score, seen.at);
            self.scatter();
        }
        if !far {
            self.learn(seen);
        }
        if seen.score.abs() < SHIFT_SCORE {
            self.run.clear();
            return false;
        }
        let above = seen.score > 0.0;
        if self.run.last().is_some_and(|r| (*r > 0.0) != above) {
            self.run.clear();
        }
        self.run.push(if self.state.additive {
            seen.value - seen.mean
        } else {
            (seen.value / seen.mean.max(1e-9)).max(1e-9) * seen.score.signum()
        });
        if self.run.len() < SHIFT_POINTS {
            return false;
        }
        // What comes is held against the new level.
        let level = self.state.level.mean;
        self.former = Some((level, t));
        let k = self.run.len() as f64;
        self.state.level.settle(if self.state.additive {
            level + self.run.iter().sum::<f64>() / k
        } else {
            level * self.run.iter().map(|r| r.abs()).sum::<f64>() / k
        });
        self.far.clear();
        self.run.clear();
        self.past.clear();
        true
    }
}

/// What the earlier points of a calendar class were, as ratios to what was expected of them.
#[derive(Clone, Copy, Default)]
struct Class {
    points: f64,
    ratios: f64,
    squares: f64,
}

impl Class {
    /// Mean and variance of a point of the class that would be `plain` otherwise.
    fn expects(self, plain: f64, variance: f64) -> (f64, f64) {
        let k = self.points;
        let ratio = self.ratios / k;
        let spread = (self.squares / k - ratio * ratio).max(0.0) * k / (k - 1.0);
        // A new point's variance: the class's own, and that of its mean.
        let own = (variance * ratio.max(1.0) + spread * plain * plain) * (1.0 + 2.0 / k);
        (plain * ratio, own)
    }

    fn add(&mut self, ratio: f64) {
        self.points += 1.0;
        self.ratios += ratio;
        self.squares += ratio * ratio;
    }
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
    let mut watch = Watch::new(start(&values[..warm_up], m, additive));
    let z = score_at(options.level);
    let mut classes: Vec<Class> = Vec::new();
    for t in warm_up..n {
        if t % 4096 == 0 {
            cancel.check()?;
        }
        let (value, at) = (values[t], t % m);
        let class = options
            .classes
            .and_then(|c| c.get(t).copied())
            .map_or(0, usize::from);
        if class == 0
            && let Some(moved) = watch.returns(t, at, value)
        {
            // It was an event, not a level that stays.
            points[moved].shift = false;
        }
        let plain = watch.state.mean(watch.state.level.mean, at);
        let (mut mean, mut variance) = (plain, watch.state.variance(plain));
        let mut judged = true;
        if class > 0 {
            if classes.len() <= class {
                classes.resize(class + 1, Class::default());
            }
            judged = classes[class].points >= CLASS_POINTS && !additive;
            if judged {
                (mean, variance) = classes[class].expects(plain, variance);
            }
        }
        let point = &mut points[t];
        if judged {
            *point = Point::expecting(mean, variance, z, additive);
        }
        if value.is_nan() {
            continue;
        }
        let score = watch.score(value, mean, variance);
        if class > 0 {
            if plain > 0.0 {
                classes[class].add(value / plain);
            }
            if judged {
                let p = watch.chance(score, watch.counts(mean, variance));
                point.judge(value, score, p, options.direction);
            }
            continue;
        }
        let mut seen = Seen {
            value,
            mean,
            score,
            at,
        };
        let p = watch.judge(seen, variance);
        if watch.lull_begins() {
            seen.mean = watch.state.mean(watch.state.level.mean, at);
            let variance = watch.state.variance(seen.mean);
            seen.score = watch.score(value, seen.mean, variance);
            *point = Point::expecting(seen.mean, variance, z, additive);
        }
        point.judge(value, seen.score, p, options.direction);
        point.shift = watch.take(t, seen);
    }
    Ok(points)
}

/// Weeks in which days of few sales together are far from what they were.
#[derive(Clone, Copy)]
struct Lull {
    /// Before it.
    level: Level,
    /// Since it was seen.
    days: usize,
}

/// Evidence towards a side, of which no day adds more than `most` standard deviations.
#[derive(Clone, Copy)]
struct Toward {
    side: f64,
    most: f64,
    /// Share by which the level may have moved by itself.
    drift: f64,
}

/// The score that is nearer to 0.
fn nearer(one: (f64, f64), other: (f64, f64)) -> (f64, f64) {
    if one.0.abs() <= other.0.abs() {
        one
    } else {
        other
    }
}

/// An ordinary point as it was judged.
struct Day {
    value: f64,
    mean: f64,
    variance: f64,
    /// As known before it.
    level: Level,
    factor: f64,
    /// Whether it is one of several in a row that are far off.
    episode: bool,
}
