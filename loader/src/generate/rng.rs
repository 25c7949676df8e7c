//! Random numbers that depend on what they are for and not on when they are drawn.

/// Steps of splitmix64 (Steele, Lea & Flood 2014).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Mixes a word so that each bit of it changes half of the result's.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What a stream of numbers is for; part of its key.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum For {
    /// Make-up of the assortment.
    Assortment = 1,
    /// Shares of brands, articles, channels and vendors.
    Shares,
    /// A brand's trend.
    Trend,
    /// Shocks of a day.
    Shock,
    /// An article's noise of a week.
    Week,
    /// Prices.
    Price,
    /// Promotions.
    Promotion,
    /// Planted effects.
    Plant,
    /// Rows of a day.
    Rows,
    /// Damage to rows.
    Dirt,
}

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// The stream of a seed, a purpose and two numbers of an entity.
    pub(crate) const fn new(seed: u64, purpose: For, a: u64, b: u64) -> Self {
        let key = mix(seed ^ GOLDEN.wrapping_mul(purpose as u64));
        let key = mix(key ^ mix(a.wrapping_add(GOLDEN)));
        Self(mix(key ^ mix(b.wrapping_add(GOLDEN << 1))))
    }

    /// 64 random bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [lo, hi).
    pub(crate) fn between(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.unit()
    }

    /// Uniform below `n`, which is at least 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// Standard normal (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let u = 1.0 - self.unit();
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// Draws from a fixed distribution in constant time (Walker's alias method, as Vose 1991 builds it).
pub(crate) struct Alias {
    /// Share of its own place in 2³², and the other it gives the rest to.
    slots: Vec<(u32, u32)>,
}

impl Alias {
    /// For weights that are not negative; all zero means uniform.
    pub(crate) fn new(weights: &[f64]) -> Self {
        let n = weights.len().max(1);
        let total: f64 = weights.iter().sum();
        let scale = if total > 0.0 { n as f64 / total } else { 0.0 };
        let mut share: Vec<f64> = weights.iter().map(|w| w * scale).collect();
        share.resize(n, 1.0);
        let mut slots = vec![(u32::MAX, 0u32); n];
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..n).partition(|i| share[*i] < 1.0);
        while let (Some(s), Some(l)) = (small.pop(), large.last().copied()) {
            slots[s] = ((share[s] * 4_294_967_296.0) as u32, l as u32);
            share[l] -= 1.0 - share[s];
            if share[l] < 1.0 {
                large.pop();
                small.push(l);
            }
        }
        for at in large {
            slots[at] = (u32::MAX, at as u32);
        }
        // What is left for reasons of rounding keeps its place, unless it has no weight at all.
        let some = share
            .iter()
            .zip(weights)
            .position(|(_, w)| *w > 0.0)
            .unwrap_or(0);
        for at in small {
            let keeps = weights.get(at).is_some_and(|w| *w > 0.0);
            slots[at] = if keeps {
                (u32::MAX, at as u32)
            } else {
                (0, some as u32)
            };
        }
        Self { slots }
    }

    /// One draw by 64 random bits.
    pub(crate) fn draw(&self, bits: u64) -> usize {
        let at = (((bits >> 32) * self.slots.len() as u64) >> 32) as usize;
        let (own, other) = self.slots[at];
        if (bits as u32) < own {
            at
        } else {
            other as usize
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alias_draws_by_weight() {
        let weights = [0.0, 1.0, 3.0, 0.0, 6.0];
        let alias = Alias::new(&weights);
        let mut rng = Rng::new(1, For::Rows, 0, 0);
        let mut seen = [0u32; 5];
        for _ in 0..100_000 {
            seen[alias.draw(rng.next())] += 1;
        }
        assert_eq!((seen[0], seen[3]), (0, 0));
        for (n, w) in seen.iter().zip(weights) {
            assert!(
                (f64::from(*n) / 100_000.0 - w / 10.0).abs() < 0.01,
                "{seen:?}"
            );
        }
    }
}
