//! Root causes: which segments of a cube moved against the rest, and which only with it.
//!
//! The market is what all leaves share. A segment is named when its own change is too large,
//! against the change of its complement and the noise of its leaves, to be the best of all the
//! segments that were searched; when no set of its parts explains it better; and by the shortest
//! description of its leaves. Found segments are taken out and the rest is judged again.
//!
//! # Source
//!
//! Scan statistics (Kulldorff 1997) with the ripple effect of HotSpot (Sun et al. 2018) and
//! Squeeze (Li et al. 2019); docs/root-cause.md gives the formulas.

mod adtributor;
mod cube;
mod drift;
mod lattice;
mod noise;
mod report;
mod scan;

pub use adtributor::surprise;
pub use cube::{Cube, Leaf, MAX_DIMS};
pub use report::{Driver, Kind};

use scan::Segment;

use crate::{Cancel, Error, Result, nearest};
use lattice::Lattice;

/// Stands in for zero where a positive number is needed.
const MIN_POSITIVE: f64 = 1e-300;

/// How segments are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The penalised scan of this module.
    #[default]
    Scan,
    /// Adtributor, for comparison: one dimension, no test of significance.
    Adtributor,
}

impl Method {
    /// Reads a method's SQL name, in any case.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] with the nearest names.
    pub fn parse(name: &str) -> Result<Self> {
        match name.trim().to_lowercase().as_str() {
            "scan" => Ok(Self::Scan),
            "adtributor" => Ok(Self::Adtributor),
            other => Err(Error::Unknown {
                kind: "method",
                name: name.to_owned(),
                near: match nearest(other, ["scan", "adtributor"]) {
                    near if near.is_empty() => vec!["scan".into(), "adtributor".into()],
                    near => near,
                },
            }),
        }
    }
}

/// What to look for.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Names of the cube's dimensions, in the order of its members.
    pub dims: Vec<String>,
    /// Most dimensions a segment may fix, from 1. Default 3.
    pub max_depth: usize,
    /// Chance of naming any segment where nothing happened, above 0 and below 1. Default 0.05.
    pub alpha: f64,
    /// Least share of the explained change that a segment must carry, 0 to below 1. Default 0.01.
    pub min_share: f64,
    /// How segments are found.
    pub method: Method,
}

impl Options {
    /// The defaults for dimensions named `dims`.
    pub fn new(dims: Vec<String>) -> Self {
        Self {
            dims,
            max_depth: 3,
            alpha: 0.05,
            min_share: 0.01,
            method: Method::Scan,
        }
    }

    fn check(&self, cube: &Cube) -> Result<()> {
        let out = |name, value: String, accepted| {
            Err(Error::OutOfRange {
                name,
                value,
                accepted,
            })
        };
        if !cube.is_empty() && self.dims.len() != cube.arity() {
            return out(
                "the number of dimensions",
                self.dims.len().to_string(),
                "the number of members in each row of the cube",
            );
        }
        if self.max_depth == 0 {
            return out("max_depth", "0".into(), "at least 1");
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return out("alpha", self.alpha.to_string(), "above 0 and below 1");
        }
        if !(self.min_share >= 0.0 && self.min_share < 1.0) {
            return out(
                "min_share",
                self.min_share.to_string(),
                "at least 0 and below 1",
            );
        }
        Ok(())
    }
}

/// The leaves of a cube in columns.
struct Table {
    /// Member names by dimension.
    members: Vec<Vec<String>>,
    /// Member codes by dimension, then leaf.
    codes: Vec<Vec<u32>>,
    actual: Vec<f64>,
    expected: Vec<f64>,
    /// Earlier windows, oldest first, then leaf.
    history: Vec<Vec<f64>>,
    /// The last digit that numbers are printed with; 0 if they have no common one.
    quantum: f64,
}

impl Table {
    fn new(cube: &Cube) -> Self {
        let rows = cube.sorted();
        let mut table = Self {
            members: vec![Vec::new(); cube.arity()],
            codes: vec![Vec::with_capacity(rows.len()); cube.arity()],
            actual: rows.iter().map(|(_, leaf)| leaf.actual).collect(),
            expected: rows.iter().map(|(_, leaf)| leaf.expected).collect(),
            history: Vec::new(),
            quantum: 0.0,
        };
        let windows = rows.iter().map(|r| r.1.history.len()).max().unwrap_or(0);
        table.history = (0..windows)
            .map(|w| {
                rows.iter()
                    .map(|(_, leaf)| leaf.history.get(w).copied().unwrap_or(0.0))
                    .collect()
            })
            .collect();
        for dim in 0..cube.arity() {
            let mut known: std::collections::HashMap<&str, u32> = std::collections::HashMap::new();
            for (names, _) in &rows {
                let name = names[dim];
                let next = table.members[dim].len() as u32;
                let code = *known.entry(name).or_insert(next);
                if code == next {
                    table.members[dim].push(name.to_owned());
                }
                table.codes[dim].push(code);
            }
        }
        table.quantum = quantum(&table.actual, &table.expected);
        table
    }

    /// Sums of what was expected and of what was measured.
    fn totals(&self) -> (f64, f64) {
        (self.expected.iter().sum(), self.actual.iter().sum())
    }
}

/// The largest power of ten, down to a millionth, that all numbers are multiples of; else 0.
fn quantum(actual: &[f64], expected: &[f64]) -> f64 {
    (0..=6)
        .find(|digits| {
            let scale = 10_f64.powi(*digits);
            actual.iter().chain(expected).all(|x| {
                let y = x.abs() * scale;
                (y - y.round()).abs() <= 1e-6 * y.clamp(1.0, 1e3)
            })
        })
        .map_or(0.0, |digits| 10_f64.powi(-digits))
}

/// Spreads the bits of `x`: splitmix64's output function.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Says where the difference between actual and expected comes from.
///
/// Returns, in this order: one row `market`; one row `segment` for each segment that moved
/// against it, largest contribution first; one row `residual`. Contributions are points of the
/// total of `expected` and add up to its relative change. Nothing local happened where there is
/// no `segment` row; the market row's status then is `no_local_cause`. No rows for an empty cube.
///
/// # Errors
///
/// [`Error::OutOfRange`] for options out of range or as many `dims` as the cube has not;
/// [`Error::Cancelled`].
pub fn drivers(cube: &Cube, options: &Options, cancel: Cancel<'_>) -> Result<Vec<Driver>> {
    options.check(cube)?;
    if cube.is_empty() {
        return Ok(Vec::new());
    }
    let table = Table::new(cube);
    let depth = match options.method {
        Method::Scan => options.max_depth.min(cube.arity()),
        Method::Adtributor => 1,
    };
    let lattice = Lattice::new(&table.codes, depth, cancel)?;
    let scan = scan::Scan {
        table: &table,
        lattice: &lattice,
        alpha: options.alpha,
        cancel,
    };
    let outcome = match options.method {
        Method::Scan => scan.run()?,
        Method::Adtributor => scan.given(adtributor::adtributor(&table, |dim| {
            lattice.cuboids.iter().position(|c| c.mask == 1 << dim)
        })),
    };
    Ok(report::report(cube, &scan, &outcome, options))
}
