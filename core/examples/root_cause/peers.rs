//! What other tools do with the same question, in a few lines each.

use std::collections::HashMap;

use crate::worlds::Case;

type Sums = HashMap<Vec<(usize, String)>, (f64, f64)>;

/// Sums of every segment that fixes exactly the dimensions in `mask`, among the given rows.
fn sums(case: &Case, mask: u32, inside: &[(usize, String)]) -> Sums {
    let mut out = Sums::new();
    for row in &case.rows {
        if !inside.iter().all(|(d, m)| row.members[*d] == *m) {
            continue;
        }
        let key: Vec<(usize, String)> = (0..case.dims.len())
            .filter(|d| mask >> d & 1 == 1)
            .map(|d| (d, row.members[d].clone()))
            .collect();
        let s = out.entry(key).or_default();
        s.0 += row.actual;
        s.1 += row.expected;
    }
    out
}

fn name(case: &Case, segment: &[(usize, String)]) -> String {
    let mut parts = segment.to_vec();
    parts.sort_unstable();
    let parts: Vec<String> = parts
        .iter()
        .map(|(d, m)| format!("{}={m}", case.dims[*d]))
        .collect();
    parts.join("&")
}

/// A decomposition tree: at each level the member with the largest change the total's way, as
/// long as it holds at least four fifths of its parent's change.
pub fn drill_down(case: &Case, max_depth: usize) -> Vec<String> {
    const SHARE: f64 = 0.8;
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut change: f64 = case.rows.iter().map(|r| r.actual - r.expected).sum();
    while path.len() < max_depth.min(case.dims.len()) {
        let best = (0..case.dims.len())
            .filter(|d| path.iter().all(|(used, _)| used != d))
            .flat_map(|d| sums(case, 1 << d, &path))
            .map(|(key, s)| ((s.0 - s.1) * change.signum(), key))
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
        match best {
            Some((moved, key)) if path.is_empty() || moved >= SHARE * change.abs() => {
                change = moved * change.signum();
                path.extend(key);
            }
            _ => break,
        }
    }
    vec![name(case, &path)]
}

/// Contribution analysis as data warehouses have it: all segments of at least 5 % support, by
/// the absolute difference to what the rest's change would have made of them; the first.
pub fn contribution(case: &Case, max_depth: usize) -> Vec<String> {
    const SUPPORT: f64 = 0.05;
    let (a, b) = case
        .rows
        .iter()
        .fold((0.0, 0.0), |s, r| (s.0 + r.actual, s.1 + r.expected));
    let best = (1_u32..1 << case.dims.len())
        .filter(|mask| mask.count_ones() as usize <= max_depth)
        .flat_map(|mask| sums(case, mask, &[]))
        .filter(|(_, s)| s.0.max(s.1) >= SUPPORT * a.max(b))
        .map(|(key, s)| {
            let rest = (a - s.0) / (b - s.1).max(1e-9);
            ((s.0 - s.1 * rest).abs(), key)
        })
        .max_by(|x, y| x.0.total_cmp(&y.0).then_with(|| y.1.cmp(&x.1)));
    best.map(|(_, key)| name(case, &key)).into_iter().collect()
}
