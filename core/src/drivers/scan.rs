//! The penalised scan: which segments moved against the rest, each said as shortly as possible.

use super::drift::LEAST_DRIFT;
use super::lattice::Lattice;
use super::noise::{self, Noise, PRIOR_DF};
use super::{MIN_POSITIVE, Table};
use crate::{Cancel, Result};

/// Most segments reported.
const MAX_CAUSES: usize = 30;
/// Rounds in which each found segment is tried again with all others known.
const ROUNDS: usize = 2;
/// How far a whole market is thought to move (standard deviation of the log): decides only
/// which side of a split is called the cause.
const MARKET_SD: f64 = 0.25;
/// A segment's own variance is not taken for less than this share of the usual.
const LEAST_OWN_VARIANCE: f64 = 0.7;

/// A segment: a cuboid and its number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Segment {
    pub(super) cuboid: usize,
    pub(super) number: u32,
}

/// A segment that moved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) segment: Segment,
    /// Log likelihood ratio of the move, less the price of having searched.
    pub(super) gain: f64,
    /// Log likelihood gained by giving the leaves a mean and a variance of their own, less the
    /// price: compares ways to describe the same leaves.
    pub(super) description: f64,
    /// Variance of the deviation.
    pub(super) variance: f64,
    /// What naming it cost: log of the choices over alpha.
    pub(super) price: f64,
}

/// What a segment moves by itself, and what its squared variance over this many is.
#[derive(Clone, Copy)]
struct Drift {
    variance: f64,
    df: f64,
}

/// What the scan ends with.
pub(super) struct Outcome {
    pub(super) found: Vec<Found>,
    /// Noise of what is left when the found segments are taken out.
    pub(super) noise: Noise,
}

impl Found {
    /// What the segment adds to a description that may use it.
    fn worth(&self) -> f64 {
        if self.gain > 0.0 {
            self.description.max(0.0)
        } else {
            0.0
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    w: f64,
    x: f64,
    q: f64,
}

/// What a scan needs and does not change.
pub(super) struct Scan<'a> {
    pub(super) table: &'a Table,
    pub(super) lattice: &'a Lattice,
    pub(super) alpha: f64,
    pub(super) cancel: Cancel<'a>,
}

impl Scan<'_> {
    /// Price of naming a segment, by depth: the log of the choices there were, and alpha.
    ///
    /// Only segments large enough to reach the price at all are choices (Tarone 1990).
    fn prices(&self, sums: &[Vec<Sums>], dense: bool) -> Vec<f64> {
        let depths = self.lattice.segments.len().saturating_sub(1).max(1) as f64;
        let most = if dense { 0.5 } else { std::f64::consts::LN_2 };
        let mut floor = 0.0_f64;
        (0..self.lattice.segments.len())
            .map(|depth| {
                let mut weights: Vec<f64> = self
                    .lattice
                    .cuboids
                    .iter()
                    .zip(sums)
                    .filter(|(cuboid, _)| cuboid.depth == depth)
                    .flat_map(|(cuboid, sums)| {
                        sums.iter()
                            .zip(&cuboid.canonical)
                            .filter(|(s, canonical)| **canonical && s.w > 0.0)
                            .map(|(s, _)| s.w)
                    })
                    .collect();
                weights.sort_by(|a, b| b.total_cmp(a));
                let price = |choices: usize| (choices.max(1) as f64 * depths / self.alpha).ln();
                let testable = weights.partition_point(|w| most * w >= price(1));
                // The more segments are choices, the dearer each, the fewer can pay.
                let choices = (1..=testable)
                    .rev()
                    .find(|k| most * weights[k - 1] >= price(*k))
                    .unwrap_or(1);
                floor = floor.max(price(choices));
                floor
            })
            .collect()
    }

    /// Finds the segments that moved.
    pub(super) fn run(&self) -> Result<Outcome> {
        let dense = noise::is_dense(self.table);
        let first = self.search(dense, dense.then_some(1.0))?;
        if !dense {
            return Ok(first);
        }
        // A forecast is taken at its word unless a shifted market explains the leaves better.
        let typical = noise::estimate(self.table, &vec![true; self.table.actual.len()], true, None);
        if (typical.centre.ln()).abs() < 1e-3 {
            return Ok(first);
        }
        let second = self.search(dense, None)?;
        let better = self.fit(&second) > self.fit(&first);
        Ok(if better { second } else { first })
    }

    /// Log likelihood of all leaves under an outcome, less the price of its segments.
    fn fit(&self, outcome: &Outcome) -> f64 {
        let n = self.table.actual.len();
        let all = vec![true; n];
        let noise = noise::estimate(self.table, &all, true, Some(outcome.noise.centre));
        let sigma2 = outcome
            .noise
            .weight
            .iter()
            .fold(0.0_f64, |m, w| m.max(*w))
            .recip();
        let mut total = 0.0;
        let mut mean = vec![0.0; n];
        for found in &outcome.found {
            let of = &self.lattice.cuboids[found.segment.cuboid].of;
            let inside = |leaf: usize| of[leaf] == found.segment.number && noise.weight[leaf] > 0.0;
            let (k, sum) = (0..n)
                .filter(|leaf| inside(*leaf))
                .fold((0.0, 0.0), |s, leaf| {
                    (s.0 + 1.0, s.1 + noise.deviation[leaf])
                });
            for (leaf, slot) in mean.iter_mut().enumerate() {
                if inside(leaf) {
                    *slot = sum / f64::max(k, 1.0);
                }
            }
            total -= found.price;
        }
        for (leaf, mean) in mean.iter().enumerate() {
            if noise.weight[leaf] > 0.0 {
                let z2 = (noise.deviation[leaf] - mean).powi(2) / sigma2;
                total -= 0.5 * z2.min(25.0) + 0.5 * sigma2.ln();
            }
        }
        total
    }

    fn search(&self, dense: bool, centre: Option<f64>) -> Result<Outcome> {
        let mut active = vec![true; self.table.actual.len()];
        let mut found: Vec<Found> = Vec::new();
        let estimate = |active: &[bool]| noise::estimate(self.table, active, dense, centre);
        self.extend(&mut found, &mut active, &estimate)?;
        for _ in 0..ROUNDS {
            let mut changed = false;
            let mut at = 0;
            while at < found.len() {
                let others: Vec<Segment> = found
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| *i != at)
                    .map(|(_, f)| f.segment)
                    .collect();
                active = self.outside(&others);
                let noise = estimate(&active);
                match self.best(&noise)? {
                    Some(best) if best.segment == found[at].segment => {
                        found[at] = best;
                        at += 1;
                    }
                    Some(best) => {
                        found[at] = best;
                        changed = true;
                        at += 1;
                    }
                    None => {
                        found.remove(at);
                        changed = true;
                    }
                }
            }
            let segments: Vec<Segment> = found.iter().map(|f| f.segment).collect();
            active = self.outside(&segments);
            let before = found.len();
            self.extend(&mut found, &mut active, &estimate)?;
            if !changed && before == found.len() {
                break;
            }
        }
        Ok(Outcome {
            noise: estimate(&active),
            found,
        })
    }

    /// The outcome of segments that were chosen elsewhere.
    pub(super) fn given(&self, segments: Vec<Segment>) -> Outcome {
        let dense = noise::is_dense(self.table);
        let found = segments
            .iter()
            .map(|segment| Found {
                segment: *segment,
                gain: 0.0,
                description: 0.0,
                variance: f64::NAN,
                price: 0.0,
            })
            .collect();
        Outcome {
            noise: noise::estimate(self.table, &self.outside(&segments), dense, None),
            found,
        }
    }

    /// Leaves in none of the segments.
    pub(super) fn outside(&self, segments: &[Segment]) -> Vec<bool> {
        let mut active = vec![true; self.table.actual.len()];
        for segment in segments {
            let of = &self.lattice.cuboids[segment.cuboid].of;
            for (on, number) in active.iter_mut().zip(of) {
                *on &= *number != segment.number;
            }
        }
        active
    }

    /// Adds segments until none is worth its price.
    fn extend(
        &self,
        found: &mut Vec<Found>,
        active: &mut [bool],
        estimate: &impl Fn(&[bool]) -> Noise,
    ) -> Result<()> {
        while found.len() < MAX_CAUSES {
            let Some(best) = self.best(&estimate(active))? else {
                break;
            };
            let of = &self.lattice.cuboids[best.segment.cuboid].of;
            for (on, number) in active.iter_mut().zip(of) {
                *on &= *number != best.segment.number;
            }
            found.push(best);
        }
        Ok(())
    }

    /// The segment most worth its price that no set of its parts explains better.
    fn best(&self, noise: &Noise) -> Result<Option<Found>> {
        let mut total = Sums::default();
        for (w, d) in noise.weight.iter().zip(&noise.deviation) {
            if *w > 0.0 {
                total.n += 1.0;
                total.w += w;
                total.x += w * d;
            }
        }
        if total.n < 2.0 {
            return Ok(None);
        }
        let cuboids = &self.lattice.cuboids;
        let mut all: Vec<Vec<Sums>> = Vec::with_capacity(cuboids.len());
        for cuboid in cuboids {
            self.cancel.check()?;
            let mut sums = vec![Sums::default(); cuboid.len];
            for ((number, w), d) in cuboid.of.iter().zip(&noise.weight).zip(&noise.deviation) {
                if *w > 0.0 {
                    let s = &mut sums[*number as usize];
                    let x = w * d;
                    s.n += 1.0;
                    s.w += w;
                    s.x += x;
                    s.q += x * d;
                }
            }
            all.push(sums);
        }
        let prices = self.prices(&all, noise.dense);
        let mut gains: Vec<Vec<Found>> = Vec::with_capacity(cuboids.len());
        for (index, (cuboid, sums)) in cuboids.iter().zip(all).enumerate() {
            self.cancel.check()?;
            let price = prices[cuboid.depth];
            let least = if noise.dense {
                0.0
            } else {
                LEAST_DRIFT.powi(2)
            };
            let fixed: Vec<_> = (0..self.table.codes.len())
                .filter(|j| cuboid.mask >> j & 1 == 1)
                .map(|j| (&noise.drift[j], &self.table.codes[j]))
                .collect();
            gains.push(
                sums.into_iter()
                    .enumerate()
                    .map(|(number, s)| {
                        let leaf = cuboid.representative[number] as usize;
                        // Welch and Satterthwaite: the sum's degrees of freedom.
                        let (variance, unsure) =
                            fixed.iter().fold((0.0, 0.0), |sum, (d, codes)| {
                                let own = d.of(codes[leaf]);
                                (sum.0 + own, sum.1 + own * own / d.df)
                            });
                        let drift = Drift {
                            variance: variance.max(least),
                            df: if unsure > 0.0 {
                                1.0 / unsure
                            } else {
                                f64::INFINITY
                            },
                        };
                        let segment = Segment {
                            cuboid: index,
                            number: number as u32,
                        };
                        judge(segment, s, total, noise.dense, drift, price)
                    })
                    .collect(),
            );
        }
        // From the finest up: what the best parts of each segment would gain together.
        let mut reach: Vec<Vec<f64>> = gains
            .iter()
            .map(|cuboid| cuboid.iter().map(Found::worth).collect())
            .collect();
        let mut parts: Vec<Vec<f64>> = cuboids.iter().map(|c| vec![0.0; c.len]).collect();
        for index in (0..cuboids.len()).rev() {
            self.cancel.check()?;
            let cuboid = &cuboids[index];
            for (own, part) in reach[index].iter_mut().zip(&parts[index]) {
                *own = own.max(*part);
            }
            for parent in &cuboid.parents {
                let of = &cuboids[*parent].of;
                let mut sums = vec![0.0; cuboids[*parent].len];
                for (leaf, gain) in cuboid.representative.iter().zip(&reach[index]) {
                    if *gain > 0.0 {
                        sums[of[*leaf as usize] as usize] += gain;
                    }
                }
                for (part, sum) in parts[*parent].iter_mut().zip(sums) {
                    *part = part.max(sum);
                }
            }
        }
        // From the coarsest down: a part of a segment that is described best as a whole is no
        // cause of its own, even where the whole has not moved enough to be named.
        let mut inner: Vec<Vec<bool>> = Vec::with_capacity(cuboids.len());
        for cuboid in cuboids {
            let mut own = vec![false; cuboid.len];
            for parent in &cuboid.parents {
                let of = &cuboids[*parent].of;
                for (slot, leaf) in own.iter_mut().zip(&cuboid.representative) {
                    let number = of[*leaf as usize] as usize;
                    let whole = gains[*parent][number].description;
                    *slot |=
                        inner[*parent][number] || (whole > 0.0 && whole >= parts[*parent][number]);
                }
            }
            inner.push(own);
        }
        let mut best: Option<(f64, Found)> = None;
        for (index, cuboid) in cuboids.iter().enumerate() {
            for (number, found) in gains[index].iter().enumerate() {
                if found.gain <= 0.0
                    || inner[index][number]
                    || !cuboid.canonical[number]
                    || parts[index][number] > found.description
                {
                    continue;
                }
                let rank = found.description + self.plausibility(noise, total, found);
                if best.as_ref().is_none_or(|b| rank > b.0) {
                    best = Some((rank, *found));
                }
            }
        }
        Ok(best.map(|b| b.1))
    }

    /// How much likelier the market's move is when the segment is blamed for its own.
    fn plausibility(&self, noise: &Noise, total: Sums, found: &Found) -> f64 {
        if noise.dense {
            return 0.0;
        }
        let of = &self.lattice.cuboids[found.segment.cuboid].of;
        let (mut w, mut x) = (total.w, total.x);
        for ((number, weight), d) in of.iter().zip(&noise.weight).zip(&noise.deviation) {
            if *number == found.segment.number {
                w -= weight;
                x -= weight * d;
            }
        }
        let log_ratio = |w: f64, x: f64| {
            let m = (x / w.max(MIN_POSITIVE)).clamp(-0.99, 0.99);
            noise.centre.ln() + ((1.0 + m) / (1.0 - m)).ln()
        };
        let cost = |l: f64| 0.5 * (l / MARKET_SD).powi(2);
        cost(log_ratio(total.w, total.x)) - cost(log_ratio(w, x))
    }
}

/// Weighs one segment against the rest.
fn judge(segment: Segment, s: Sums, total: Sums, dense: bool, drift: Drift, price: f64) -> Found {
    let none = Found {
        segment,
        gain: f64::NEG_INFINITY,
        description: f64::NEG_INFINITY,
        variance: 0.0,
        price,
    };
    let rest = total.w - s.w;
    if s.w <= 0.0 || rest <= 1e-9 * total.w || total.n - s.n < 1.0 {
        return none;
    }
    let mean = s.x / s.w;
    let spread = (s.q - s.x * mean).max(0.0);
    let own = (PRIOR_DF + spread) / (PRIOR_DF + s.n - 1.0);
    let own = if dense { own } else { own.max(1.0) };
    let (difference, others) = if dense {
        // The centre is known, and other causes must not pull it.
        (mean, 0.0)
    } else {
        (mean - (total.x - s.x) / rest, 1.0 / rest)
    };
    let shape = if dense { 1.0 } else { excess(difference) };
    let squared = 0.5 * difference * difference * shape;
    let variance = own.max(LEAST_OWN_VARIANCE) / s.w + others + drift.variance;
    // The variance is an estimate as far as it is drift.
    let df = variance * variance * drift.df;
    // Without the drift, which a segment and its parts share.
    let homogeneous = 1.0 / s.w + others;
    Found {
        segment,
        gain: evidence(squared / variance, df) - price,
        description: squared / homogeneous + 0.5 * (spread * (1.0 - 1.0 / own) - s.n * own.ln())
            - price,
        variance,
        price,
    }
}

/// Minus the log of the two-sided normal tail beyond a log likelihood ratio, after the ratio is
/// brought from Student's distribution with `df` degrees of freedom to the normal's.
fn evidence(llr: f64, df: f64) -> f64 {
    let llr = if df < 1e6 {
        0.5 * (df + 1.0) * (2.0 * llr / df).ln_1p()
    } else {
        llr
    };
    if llr < 1.0 {
        llr
    } else {
        llr + 0.5 * (std::f64::consts::PI * llr).ln()
    }
}

/// Exact log likelihood ratio over its quadratic approximation, at bounded deviation `d`.
///
/// The smaller of the binomial (two counts compared) and the Poisson (a count against a sure
/// expectation), as it is not known how sure the expectation is.
fn excess(d: f64) -> f64 {
    let d = d.clamp(-1.0 + 1e-9, 1.0 - 1e-9);
    if d.abs() < 1e-3 {
        return 1.0;
    }
    let binomial = ((1.0 + d) * d.ln_1p() + (1.0 - d) * (-d).ln_1p()) / (d * d);
    let poisson = ((1.0 + d) * (d.ln_1p() - (-d).ln_1p()) - 2.0 * d) / (2.0 * d * d);
    binomial.min(poisson)
}
