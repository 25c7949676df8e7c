//! Adtributor: the single dimension whose members surprise most (Bhagwan et al., NSDI 2014).

use super::{Segment, Table};

/// Least share of the change one member must explain (the paper's T_EEP).
const LEAST_MEMBER: f64 = 0.1;
/// Share of the change the chosen members must explain together (the paper's T_EP).
const LEAST_TOGETHER: f64 = 0.67;
/// Dimensions returned.
const DIMENSIONS: usize = 1;

/// Jensen–Shannon term of one member: how much its share of the whole has changed.
///
/// `p` is its share of what was expected, `q` of what was measured, both 0 to 1. In nats.
pub fn surprise(p: f64, q: f64) -> f64 {
    let term = |x: f64| {
        if x > 0.0 && p + q > 0.0 {
            x * (2.0 * x / (p + q)).ln()
        } else {
            0.0
        }
    };
    0.5 * (term(p) + term(q))
}

/// The members of the most surprising dimension that together explain the change, as segments
/// of the one-dimensional cuboids; `of(dimension)` gives the cuboid.
pub(super) fn adtributor(table: &Table, of: impl Fn(usize) -> Option<usize>) -> Vec<Segment> {
    let (f, a) = table.totals();
    let change = a - f;
    let mut ranked: Vec<(f64, Vec<Segment>)> = Vec::new();
    for (dim, codes) in table.codes.iter().enumerate() {
        let Some(cuboid) = of(dim) else { continue };
        let members = codes.iter().max().map_or(0, |m| *m as usize + 1);
        let mut sums = vec![(0.0, 0.0); members];
        for (leaf, code) in codes.iter().enumerate() {
            sums[*code as usize].0 += table.expected[leaf];
            sums[*code as usize].1 += table.actual[leaf];
        }
        let share = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
        let mut order: Vec<(f64, usize)> = sums
            .iter()
            .enumerate()
            .map(|(m, s)| (surprise(share(s.0, f), share(s.1, a)), m))
            .collect();
        order.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
        let (mut together, mut total, mut chosen) = (0.0, 0.0, Vec::new());
        for (surprise, member) in order {
            let explains = share(sums[member].1 - sums[member].0, change);
            if explains > LEAST_MEMBER {
                together += explains;
                total += surprise;
                chosen.push(Segment {
                    cuboid,
                    number: member as u32,
                });
            }
            if together > LEAST_TOGETHER {
                ranked.push((total, chosen));
                break;
            }
        }
    }
    ranked.sort_by(|x, y| y.0.total_cmp(&x.0));
    ranked
        .into_iter()
        .take(DIMENSIONS)
        .flat_map(|(_, segments)| segments)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::surprise;

    #[test]
    fn surprise_is_zero_for_equal_shares_and_grows_with_the_gap() {
        assert_eq!(surprise(0.3, 0.3), 0.0);
        assert_eq!(surprise(0.0, 0.0), 0.0);
        assert!(surprise(0.3, 0.1) < surprise(0.3, 0.0));
        // Half the Jensen–Shannon bound when a member appears from nothing.
        assert!((surprise(0.0, 1.0) - 0.5 * 2.0_f64.ln()).abs() < 1e-12);
    }
}
