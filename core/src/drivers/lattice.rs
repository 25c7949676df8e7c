//! Every segment of a cube: which leaves it has, and which segments lie inside it.

use std::collections::HashMap;

use crate::{Cancel, Result};

/// Most segment numbers held at once (leaves times cuboids), 4 bytes each.
const MAX_CELLS: usize = 400_000_000;

/// One choice of dimensions and all its segments.
pub(super) struct Cuboid {
    /// Bit `j` is set where dimension `j` is fixed.
    pub(super) mask: u32,
    /// Number of fixed dimensions.
    pub(super) depth: usize,
    /// Number of distinct segments.
    pub(super) len: usize,
    /// Segment of each leaf.
    pub(super) of: Vec<u32>,
    /// One leaf of each segment.
    pub(super) representative: Vec<u32>,
    /// Cuboids with one dimension less, and that dimension.
    pub(super) parents: Vec<usize>,
    /// Whether a segment is the shortest description of its leaves.
    pub(super) canonical: Vec<bool>,
}

/// All cuboids up to a depth, coarsest first.
pub(super) struct Lattice {
    pub(super) cuboids: Vec<Cuboid>,
    /// Segments at each depth, counting each set of leaves once.
    pub(super) segments: Vec<usize>,
}

impl Lattice {
    /// Numbers the segments of leaves with member codes `codes[dimension][leaf]`.
    pub(super) fn new(codes: &[Vec<u32>], max_depth: usize, cancel: Cancel<'_>) -> Result<Self> {
        let n = codes.first().map_or(0, Vec::len);
        let mut masks: Vec<u32> = (1_u32..1 << codes.len())
            .filter(|mask| mask.count_ones() as usize <= max_depth)
            .collect();
        masks.sort_by_key(|mask| (mask.count_ones(), *mask));
        masks.truncate((MAX_CELLS / n.max(1)).max(codes.len()));
        let mut at: HashMap<u32, usize> = HashMap::new();
        let mut cuboids: Vec<Cuboid> = Vec::with_capacity(masks.len());
        for mask in masks {
            cancel.check()?;
            let dim = 31 - mask.leading_zeros() as usize;
            let rest = mask & !(1 << dim);
            let finer = &codes[dim];
            let (of, representative) = match at.get(&rest) {
                Some(parent) => refine(&cuboids[*parent].of, cuboids[*parent].len, finer),
                None => refine(&vec![0; n], 1, finer),
            };
            let parents = (0..codes.len())
                .filter(|j| mask >> j & 1 == 1)
                .filter_map(|j| at.get(&(mask & !(1 << j))).copied())
                .collect();
            at.insert(mask, cuboids.len());
            cuboids.push(Cuboid {
                mask,
                depth: mask.count_ones() as usize,
                len: representative.len(),
                canonical: vec![true; representative.len()],
                of,
                representative,
                parents,
            });
        }
        let mut lattice = Self {
            cuboids,
            segments: vec![0; max_depth + 1],
        };
        lattice.canonicalise(n, cancel)?;
        Ok(lattice)
    }

    /// Marks the first, shortest name of each set of leaves; later equals are duplicates.
    fn canonicalise(&mut self, n: usize, cancel: Cancel<'_>) -> Result<()> {
        let marks: Vec<u64> = (0..n as u64).map(super::mix).collect();
        let mut seen: HashMap<(u64, u32), ()> = HashMap::new();
        for cuboid in &mut self.cuboids {
            cancel.check()?;
            let mut sets = vec![(0_u64, 0_u32); cuboid.len];
            for (segment, mark) in cuboid.of.iter().zip(&marks) {
                let set = &mut sets[*segment as usize];
                set.0 = set.0.wrapping_add(*mark);
                set.1 += 1;
            }
            for (segment, set) in sets.into_iter().enumerate() {
                let first = set.1 as usize != n && seen.insert(set, ()).is_none();
                cuboid.canonical[segment] = first;
                self.segments[cuboid.depth] += usize::from(first);
            }
        }
        Ok(())
    }
}

/// Splits each coarse segment by a finer code; numbers follow first appearance.
fn refine(coarse: &[u32], coarse_len: usize, finer: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let members = finer.iter().max().map_or(0, |m| *m as usize + 1);
    let cells = coarse_len.saturating_mul(members);
    let mut representative = Vec::new();
    let mut of = Vec::with_capacity(coarse.len());
    // A direct table where it is not much larger than the leaves, else a map.
    if cells <= 8 * coarse.len() + 65_536 {
        let mut table = vec![u32::MAX; cells];
        for (leaf, (c, f)) in coarse.iter().zip(finer).enumerate() {
            let slot = &mut table[*c as usize * members + *f as usize];
            if *slot == u32::MAX {
                *slot = representative.len() as u32;
                representative.push(leaf as u32);
            }
            of.push(*slot);
        }
    } else {
        let mut table: HashMap<(u32, u32), u32> = HashMap::new();
        for (leaf, key) in coarse
            .iter()
            .copied()
            .zip(finer.iter().copied())
            .enumerate()
        {
            let next = representative.len() as u32;
            let slot = *table.entry(key).or_insert(next);
            if slot == next {
                representative.push(leaf as u32);
            }
            of.push(slot);
        }
    }
    (of, representative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_dimension_adds_no_segments() {
        // Dimension 1 (brand) follows from dimension 0 (sku).
        let codes = vec![
            vec![0, 1, 2, 0, 1, 2],
            vec![0, 0, 1, 0, 0, 1],
            vec![0, 0, 0, 1, 1, 1],
        ];
        let lattice = Lattice::new(&codes, 3, Cancel::NEVER).unwrap();
        let canonical: usize = lattice.segments.iter().sum();
        // 3 skus, 1 brand of two skus, 2 channels, 6 sku & channel, 2 brand & channel.
        assert_eq!(canonical, 3 + 1 + 2 + 6 + 2);
        let full = lattice.cuboids.last().unwrap();
        assert_eq!((full.depth, full.len), (3, 6));
        assert_eq!(full.parents.len(), 3);
    }
}
