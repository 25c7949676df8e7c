//! Cases with known causes.

use crate::rng::Rng;

/// One case: leaves and the segments that were moved.
pub struct Case {
    pub name: String,
    pub dims: Vec<String>,
    pub rows: Vec<Row>,
    /// `dim=member` joined by `&`, dimensions in order.
    pub causes: Vec<String>,
}

/// One leaf.
pub struct Row {
    pub members: Vec<String>,
    pub actual: f64,
    pub expected: f64,
    pub history: Vec<f64>,
}

/// The published settings of RiskLoc's generator: dense cells, relative forecast errors.
pub struct Dense {
    pub sizes: &'static [usize],
    pub noise: f64,
    pub severity: (f64, f64),
    pub deviation: f64,
    pub anomalies: (usize, usize),
    pub elements: (usize, usize),
    pub last_layer: bool,
}

/// Five dimensions, causes of any depth, one to three elements each.
pub const S: Dense = Dense {
    sizes: &[10, 12, 10, 8, 5],
    noise: 0.25,
    severity: (0.2, 1.0),
    deviation: 0.1,
    anomalies: (1, 3),
    elements: (1, 3),
    last_layer: false,
};
/// Four dimensions, one to five single leaves.
pub const L: Dense = Dense {
    sizes: &[10, 24, 10, 15],
    noise: 0.1,
    severity: (0.5, 1.0),
    deviation: 0.0,
    anomalies: (1, 5),
    elements: (1, 1),
    last_layer: true,
};

fn label(dims: &[usize], element: &[usize]) -> String {
    let parts: Vec<String> = dims
        .iter()
        .zip(element)
        .map(|(d, e)| format!("{0}={0}{1}", (b'a' + *d as u8) as char, e + 1))
        .collect();
    parts.join("&")
}

/// A case of the kind that RiskLoc's `generate_dataset.py` describes.
pub fn dense(set: &Dense, seed: u64) -> Case {
    let mut rng = Rng(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5eed);
    let k = set.sizes.len();
    let zero_rate = rng.uniform(0.0, 0.25);
    let noise = rng.uniform(0.0, set.noise);
    let between = |rng: &mut Rng, r: (usize, usize)| r.0 + rng.below(r.1 - r.0 + 1);
    let mut leaves: Vec<Vec<usize>> = vec![Vec::new()];
    for size in set.sizes {
        leaves = leaves
            .iter()
            .flat_map(|l| (0..*size).map(move |m| [l.as_slice(), &[m]].concat()))
            .collect();
    }
    let shape = rng.uniform(0.5, 1.0);
    let mut real = Vec::new();
    let mut predict: Vec<f64> = Vec::new();
    for _ in &leaves {
        let mut base = 100.0 * (-(1.0 - rng.unit()).ln()).powf(1.0 / shape);
        if rng.unit() <= zero_rate {
            base = 0.0;
        }
        let noisy = base * (1.0 + noise * rng.normal());
        if rng.unit() < 0.5 {
            real.push(noisy);
            predict.push(base);
        } else {
            real.push(base);
            predict.push(noisy.max(0.0));
        }
    }
    let mut found: Vec<(Vec<usize>, Vec<Vec<usize>>)> = Vec::new();
    let anomalies = between(&mut rng, set.anomalies);
    let mut effects = Vec::new();
    while found.len() < anomalies {
        let level = if set.last_layer { k } else { 1 + rng.below(k) };
        let elements = between(&mut rng, set.elements);
        let severity = rng.uniform(set.severity.0, set.severity.1) + noise;
        let deviation = rng.uniform(0.0, set.deviation.max(1e-12));
        for _ in 0..1000 {
            let mut dims: Vec<usize> = (0..k).collect();
            for i in 0..level {
                let j = i + rng.below(k - i);
                dims.swap(i, j);
            }
            dims.truncate(level);
            dims.sort_unstable();
            if level < k && found.iter().any(|f| f.0 == dims) {
                continue;
            }
            let free: Vec<Vec<usize>> = dims
                .iter()
                .map(|d| {
                    (0..set.sizes[*d])
                        .filter(|m| {
                            !found.iter().any(|(fd, fe)| {
                                fd.iter()
                                    .position(|x| x == d)
                                    .is_some_and(|at| fe.iter().any(|e| e[at] == *m))
                            })
                        })
                        .collect()
                })
                .collect();
            if free.iter().any(Vec::is_empty) {
                continue;
            }
            let mut chosen: Vec<Vec<usize>> = (0..elements)
                .map(|_| free.iter().map(|f| f[rng.below(f.len())]).collect())
                .collect();
            chosen.sort();
            chosen.dedup();
            let silent = level == k
                && chosen.iter().any(|e| {
                    leaves
                        .iter()
                        .position(|l| l == e)
                        .is_none_or(|at| real[at] == 0.0)
                });
            if chosen.len() == elements && !silent {
                found.push((dims, chosen));
                effects.push((severity, deviation));
                break;
            }
        }
    }
    let down = real.iter().sum::<f64>() <= predict.iter().sum::<f64>();
    for ((dims, elements), (severity, deviation)) in found.iter().zip(&effects) {
        for (at, leaf) in leaves.iter().enumerate() {
            if elements
                .iter()
                .any(|e| dims.iter().zip(e).all(|(d, m)| leaf[*d] == *m))
            {
                let r = severity + deviation * rng.normal();
                let (from, to) = if down {
                    (&predict[at], &mut real[at])
                } else {
                    (&real[at], &mut predict[at])
                };
                *to = (*from * (1.0 - r)).max(0.0);
            }
        }
    }
    let round = |x: f64| (x * 1000.0).round() / 1000.0;
    Case {
        name: format!("{seed}"),
        dims: (0..k)
            .map(|d| ((b'a' + d as u8) as char).to_string())
            .collect(),
        rows: leaves
            .iter()
            .enumerate()
            .map(|(at, leaf)| Row {
                members: leaf
                    .iter()
                    .enumerate()
                    .map(|(d, m)| format!("{}{}", (b'a' + d as u8) as char, m + 1))
                    .collect(),
                actual: round(real[at]),
                expected: round(predict[at]),
                history: Vec::new(),
            })
            .collect(),
        causes: found
            .iter()
            .flat_map(|(dims, elements)| elements.iter().map(|e| label(dims, e)))
            .collect(),
    }
}

/// What happens in a window of sales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Quiet,
    One,
    Two,
    Market,
    Pair,
}

/// A shop's sales: where they are noisy, and how.
#[derive(Clone, Copy, Debug)]
pub struct Sales {
    pub lines: f64,
    pub event: Event,
    /// Dispersion of line counts.
    pub phi: f64,
    /// Drift of channels, brands and SKUs from window to window.
    pub drift: (f64, f64, f64),
    /// Earlier windows whose mean is the expectation; 0: the window before.
    pub windows: usize,
    /// Whether the scan is given the earlier windows.
    pub history: bool,
    /// Amounts of money rather than lines.
    pub money: bool,
}

/// Sales by sku, brand, tier, type, channel and vendor; one window against the one before.
pub fn sales(world: &Sales, seed: u64) -> Case {
    let mut rng = Rng(seed.wrapping_mul(0x9e6c_63d0_876a_68de) ^ 0x5a1e5);
    let (skus, channels, vendors, brands) = (40, 6, 8, 10);
    let names = ["sku", "brand", "tier", "type", "channel", "vendor"];
    let zipf = |rng: &mut Rng, n: usize| -> Vec<f64> {
        let mut w: Vec<f64> = (0..n)
            .map(|i| (0.3 * rng.normal()).exp() / (i as f64 + 1.5).powf(0.8))
            .collect();
        let total: f64 = w.iter().sum();
        w.iter_mut().for_each(|x| *x /= total);
        w
    };
    let of_sku: Vec<[usize; 3]> = (0..skus)
        .map(|s| [s % brands, rng.below(4), rng.below(5)])
        .collect();
    let price: Vec<f64> = of_sku
        .iter()
        .map(|s| ((9.0 + 0.6 * s[1] as f64 + 0.3 * rng.normal()).exp() / 100.0).round() * 100.0)
        .collect();
    let (ws, wc, wv) = (
        zipf(&mut rng, skus),
        zipf(&mut rng, channels),
        zipf(&mut rng, vendors),
    );
    let mut leaves = Vec::new();
    for (s, kind) in of_sku.iter().enumerate() {
        #[expect(clippy::needless_range_loop, reason = "the index names several tables")]
        for c in 0..channels {
            #[expect(clippy::needless_range_loop, reason = "the index names several tables")]
            for v in 0..vendors {
                // A vendor does not carry everything everywhere.
                if rng.unit() < 0.36 {
                    let share = ws[s] * wc[c] * wv[v] * (0.4 * rng.normal()).exp();
                    leaves.push(([s, kind[0], kind[1], kind[2], c, v], share));
                }
            }
        }
    }
    let total: f64 = leaves.iter().map(|l| l.1).sum();
    let inside =
        |leaf: &[usize; 6], seg: &[(usize, usize)]| seg.iter().all(|(d, m)| leaf[*d] == *m);
    let weight = |seg: &[(usize, usize)]| -> f64 {
        leaves
            .iter()
            .filter(|l| inside(&l.0, seg))
            .map(|l| l.1)
            .sum::<f64>()
            / total
    };
    let wanted = match world.event {
        Event::Quiet | Event::Market => 0,
        Event::One => 1,
        Event::Two | Event::Pair => 2,
    };
    let mut causes: Vec<(Vec<(usize, usize)>, f64)> = Vec::new();
    while causes.len() < wanted {
        let depth = 1 + rng.below(2);
        let mut dims = Vec::new();
        while dims.len() < depth {
            // sku, brand, type, channel, vendor; a pair is never nested.
            let d = [0, 1, 3, 4, 5][rng.below(5)];
            if !(dims.contains(&d) || d <= 3 && dims.iter().any(|x| *x <= 3)) {
                dims.push(d);
            }
        }
        dims.sort_unstable();
        let pick = leaves[rng.below(leaves.len())].0;
        let segment: Vec<(usize, usize)> = dims.iter().map(|d| (*d, pick[*d])).collect();
        let share = weight(&segment);
        let apart = causes.iter().all(|(other, _)| {
            !leaves
                .iter()
                .any(|l| inside(&l.0, other) && inside(&l.0, &segment))
        });
        // A cause worth asking about: 4 to 35 % of sales, apart from the others.
        if !(0.04..0.35).contains(&share) || !apart {
            continue;
        }
        let down = match (world.event, causes.first()) {
            (Event::Pair, Some((_, f))) => *f > 1.0,
            _ => rng.unit() < 0.6,
        };
        let mut factor = if down {
            rng.uniform(0.15, 0.55)
        } else {
            rng.uniform(1.6, 2.5)
        };
        if let (Event::Pair, Some((other, f))) = (world.event, causes.first()) {
            // The second undoes the first.
            factor = 1.0 - (f - 1.0) * weight(other) / share;
            if !(0.1..0.7).contains(&factor) && !(1.4..3.5).contains(&factor) {
                causes.clear();
                continue;
            }
        }
        causes.push((segment, factor));
    }
    let shift = match world.event {
        Event::Market => rng.uniform(0.7, 0.85),
        _ => rng.uniform(0.94, 1.06),
    };
    let windows = world.windows.max(1) + 1;
    let mut drift = [vec![0.0; channels], vec![0.0; brands], vec![0.0; skus]];
    let mut values = vec![vec![0.0; windows]; leaves.len()];
    #[expect(clippy::needless_range_loop, reason = "the index names several tables")]
    for w in 0..windows {
        for (dim, sd) in [(0, world.drift.0), (1, world.drift.1), (2, world.drift.2)] {
            for d in &mut drift[dim] {
                *d = 0.5_f64.sqrt() * *d + 0.5_f64.sqrt() * sd * rng.normal();
            }
        }
        let last = w == windows - 1;
        for (at, (leaf, share)) in leaves.iter().enumerate() {
            let mut mean = world.lines * share / total
                * (drift[0][leaf[4]] + drift[1][leaf[1]] + drift[2][leaf[0]]).exp();
            if last {
                mean *= shift;
                for (segment, factor) in &causes {
                    if inside(leaf, segment) {
                        mean *= factor;
                    }
                }
            }
            let count = rng.counts(mean, world.phi);
            values[at][w] = if world.money {
                (0..count as u64)
                    .map(|_| price[leaf[0]] * [1.0, 1.0, 1.0, 2.0, 3.0][rng.below(5)])
                    .sum()
            } else {
                count
            };
        }
    }
    let member = |d: usize, m: usize| format!("{}{}", names[d], m + 1);
    Case {
        name: format!("{seed}"),
        dims: names.iter().map(|s| s.to_string()).collect(),
        rows: leaves
            .iter()
            .zip(&values)
            .map(|((leaf, _), v)| Row {
                members: leaf
                    .iter()
                    .enumerate()
                    .map(|(d, m)| member(d, *m))
                    .collect(),
                actual: v[windows - 1],
                expected: if world.windows == 0 {
                    v[windows - 2]
                } else {
                    v[..windows - 1].iter().sum::<f64>() / (windows - 1) as f64
                },
                history: if !world.history {
                    Vec::new()
                } else {
                    v[..windows - 1].to_vec()
                },
            })
            .collect(),
        causes: causes
            .iter()
            .map(|(segment, _)| {
                let parts: Vec<String> = segment
                    .iter()
                    .map(|(d, m)| format!("{}={}", names[*d], member(*d, *m)))
                    .collect();
                parts.join("&")
            })
            .collect(),
    }
}
