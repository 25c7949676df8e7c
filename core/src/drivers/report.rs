//! Rows for the reader: the market, the segments, and what is left.

use serde::{Deserialize, Serialize};

use super::scan::{Found, Outcome, Scan};
use super::{Cube, Method, Options, surprise};

/// Two-sided 95 % of the normal distribution.
const Z95: f64 = 1.959_963_984_540_054;
/// Leaves below which there is nothing to compare a segment with.
const LEAST_LEAVES: usize = 2;

/// What a row speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What all leaves have in common.
    Market,
    /// A segment that moved against the market.
    Segment,
    /// What neither explains.
    Residual,
}

impl Kind {
    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Segment => "segment",
            Self::Residual => "residual",
        }
    }
}

/// One row of an explanation. Amounts are in the metric's unit; fractions are fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Driver {
    /// Position from 1: the market, the segments by size of contribution, the residual.
    pub rank: u32,
    /// What the row speaks of.
    pub kind: Kind,
    /// Dimension and member, in the order of the dimensions; empty for the whole.
    pub members: Vec<(String, String)>,
    /// Dimensions fixed; 0 for the whole.
    pub depth: u32,
    /// What the segment was expected to be before the market's move, or was the period before.
    pub baseline: f64,
    /// What was measured.
    pub value: f64,
    /// The baseline moved with the market.
    pub expected: f64,
    /// `value - baseline`.
    pub change: f64,
    /// Points of total growth that this row explains; the rows add up to the total's growth.
    /// `None` where the total baseline is not positive.
    pub contribution: Option<f64>,
    /// `value / expected`; `None` where nothing was expected.
    pub ratio: Option<f64>,
    /// Lower end of the ratio's 95 % interval.
    pub ratio_lo: Option<f64>,
    /// Upper end of the ratio's 95 % interval.
    pub ratio_hi: Option<f64>,
    /// Chance of so large a move anywhere in the search, had nothing happened.
    pub p_adj: Option<f64>,
    /// Adtributor's surprise (Jensen–Shannon term, nats) of the segment's share.
    pub surprise: Option<f64>,
    /// `ok`, `no_local_cause`, `too_few`, `no_baseline` or `minor`.
    pub status: &'static str,
    /// The reason for a status other than `ok`, or what was left out; may be empty.
    pub note: String,
}

/// Turns an outcome into rows.
pub(super) fn report(
    cube: &Cube,
    scan: &Scan<'_>,
    outcome: &Outcome,
    options: &Options,
) -> Vec<Driver> {
    let table = scan.table;
    let n = table.actual.len();
    let (baseline, value) = table.totals();
    let centre = market(scan, outcome);
    // A total next to nothing has no points that a number can hold.
    let points = |amount: f64| {
        (baseline > 0.0)
            .then(|| amount / baseline)
            .filter(|points| points.is_finite())
    };
    let mut owner = vec![usize::MAX; n];
    let mut rows: Vec<(f64, Driver)> = Vec::new();
    for (index, found) in outcome.found.iter().enumerate() {
        let cuboid = &scan.lattice.cuboids[found.segment.cuboid];
        let (mut b, mut a, mut effect, mut first) = (0.0, 0.0, 0.0, None);
        for (leaf, owner) in owner.iter_mut().enumerate() {
            if cuboid.of[leaf] == found.segment.number {
                first.get_or_insert(leaf);
                b += table.expected[leaf];
                a += table.actual[leaf];
                if *owner == usize::MAX {
                    *owner = index;
                    effect += table.actual[leaf] - centre * table.expected[leaf];
                }
            }
        }
        let leaf = first.unwrap_or(0);
        let members = (0..table.codes.len())
            .filter(|j| cuboid.mask >> j & 1 == 1)
            .map(|j| {
                (
                    options.dims.get(j).cloned().unwrap_or_default(),
                    table.members[j][table.codes[j][leaf] as usize].clone(),
                )
            })
            .collect();
        let expected = centre * b;
        let ratio = (expected > 0.0).then(|| a / expected);
        let (ratio_lo, ratio_hi) = interval(ratio, found.variance, outcome.noise.dense);
        rows.push((
            effect,
            Driver {
                rank: 0,
                kind: Kind::Segment,
                members,
                depth: cuboid.depth as u32,
                baseline: b,
                value: a,
                expected,
                change: a - b,
                contribution: points(effect),
                ratio,
                ratio_lo,
                ratio_hi,
                p_adj: (options.method == Method::Scan).then(|| adjusted_p(found, options.alpha)),
                surprise: (baseline > 0.0 && value > 0.0)
                    .then(|| surprise((b / baseline).max(0.0), (a / value).max(0.0))),
                status: "ok",
                note: String::new(),
            },
        ));
    }
    rows.sort_by(|x, y| y.0.abs().total_cmp(&x.0.abs()));
    let left_out = settle(&mut rows, outcome.noise.dense, options);
    let explained: f64 = rows.iter().map(|r| r.0).sum();
    let market_effect = centre * baseline - baseline;
    let whole = |kind, amount: f64| Driver {
        rank: 0,
        kind,
        members: Vec::new(),
        depth: 0,
        baseline,
        value,
        expected: centre * baseline,
        change: amount,
        contribution: points(amount),
        ratio: None,
        ratio_lo: None,
        ratio_hi: None,
        p_adj: None,
        surprise: None,
        status: "ok",
        note: String::new(),
    };
    let mut top = whole(Kind::Market, value - baseline);
    top.contribution = points(market_effect);
    top.ratio = (baseline > 0.0).then_some(centre);
    (top.status, top.note) = market_status(cube, n, baseline, &rows);
    // What floating point leaves over is nothing.
    let left = value - baseline - market_effect - explained;
    let left = if left.abs() <= 1e-9 * (value.abs() + baseline.abs()) {
        0.0
    } else {
        left
    };
    let mut rest = whole(Kind::Residual, left);
    (rest.baseline, rest.value, rest.expected) = (0.0, rest.change, 0.0);
    if left_out > 0 {
        rest.note = format!("{left_out} smaller segments are below min_share");
    }
    let mut out = vec![top];
    out.extend(rows.into_iter().map(|r| r.1));
    out.push(rest);
    for (index, row) in out.iter_mut().enumerate() {
        row.rank = index as u32 + 1;
    }
    out
}

/// Handles segments below the least share of what segments explain; returns how many were
/// dropped. Evidence from counts fades with size, so there they are dropped; in a dense cube a
/// single leaf can be certain, so there they are kept and marked.
fn settle(rows: &mut Vec<(f64, Driver)>, dense: bool, options: &Options) -> usize {
    if options.method != Method::Scan {
        return 0;
    }
    let floor = options.min_share * rows.iter().map(|r| r.0.abs()).sum::<f64>();
    if dense {
        for (_, row) in rows.iter_mut().filter(|r| r.0.abs() < floor) {
            row.status = "minor";
            row.note = "carries less than min_share of what segments explain".to_owned();
        }
        return 0;
    }
    let before = rows.len();
    rows.retain(|r| r.0.abs() >= floor);
    before - rows.len()
}

/// The ratio that the leaves outside the found segments share.
fn market(scan: &Scan<'_>, outcome: &Outcome) -> f64 {
    if outcome.noise.dense || scan.table.actual.len() < LEAST_LEAVES {
        return outcome.noise.centre;
    }
    let segments: Vec<_> = outcome.found.iter().map(|f| f.segment).collect();
    let (mut a, mut b) = (0.0, 0.0);
    for (leaf, on) in scan.outside(&segments).into_iter().enumerate() {
        if on {
            a += scan.table.actual[leaf];
            b += scan.table.expected[leaf];
        }
    }
    if a > 0.0 && b > 0.0 {
        a / b
    } else {
        outcome.noise.centre
    }
}

fn market_status(
    cube: &Cube,
    leaves: usize,
    baseline: f64,
    rows: &[(f64, Driver)],
) -> (&'static str, String) {
    let mut notes = Vec::new();
    if cube.skipped() > 0 {
        notes.push(format!(
            "{} rows without finite numbers skipped",
            cube.skipped()
        ));
    }
    let status = if baseline <= 0.0 {
        notes.push("the baseline's total is not positive".to_owned());
        "no_baseline"
    } else if leaves < LEAST_LEAVES {
        notes.push("one leaf has nothing to be compared with".to_owned());
        "too_few"
    } else if rows.is_empty() {
        notes.push("no segment moved against the rest beyond its noise".to_owned());
        "no_local_cause"
    } else {
        "ok"
    };
    (status, notes.join("; "))
}

/// 95 % interval of a ratio from the variance of its bounded deviation.
fn interval(ratio: Option<f64>, variance: f64, dense: bool) -> (Option<f64>, Option<f64>) {
    let Some(ratio) = ratio.filter(|r| *r >= 0.0) else {
        return (None, None);
    };
    let half = Z95 * variance.sqrt();
    if dense {
        return (
            Some((ratio - half * ratio.max(1.0)).max(0.0)),
            Some(ratio + half * ratio.max(1.0)),
        );
    }
    // d = (r - 1) / (r + 1), so the ends move along d and are turned back into ratios.
    let d = (ratio - 1.0) / (ratio + 1.0);
    let back = |d: f64| {
        let d = d.clamp(-1.0, 1.0 - 1e-6);
        (1.0 + d) / (1.0 - d)
    };
    (Some(back(d - half)), Some(back(d + half)))
}

/// Bonferroni over the segments there were to choose from.
fn adjusted_p(found: &Found, alpha: f64) -> f64 {
    (alpha * (-found.gain).exp()).clamp(0.0, 1.0)
}
