use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// Most dimensions a cube may have; a scan of all cuboids doubles with each.
pub const MAX_DIMS: usize = 16;

/// What was measured and what was expected of each combination of members.
///
/// A leaf is one combination. Rows of the same leaf add up, so a cube can be built in parts and
/// [merged](Cube::merge) in any order. Rows whose numbers are not finite are counted and skipped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Text", into = "Text")]
pub struct Cube {
    arity: usize,
    members: Vec<Vec<String>>,
    codes: Vec<HashMap<String, u32>>,
    leaves: HashMap<Box<[u32]>, Leaf>,
    skipped: u64,
}

/// The sums of one leaf.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// What was measured, in the metric's unit.
    pub actual: f64,
    /// What was expected: a forecast, or the period before.
    pub expected: f64,
    /// What was measured in earlier windows of the same shape, oldest first; may be empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<f64>,
}

/// The form a cube is written in: members by dimension, then the leaves.
#[derive(Clone, Serialize, Deserialize)]
struct Text {
    members: Vec<Vec<String>>,
    leaves: Vec<(Vec<u32>, f64, f64, Vec<f64>)>,
    #[serde(default)]
    skipped: u64,
}

impl Cube {
    /// An empty cube of `arity` dimensions.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] unless `arity` is 1 to [`MAX_DIMS`].
    pub fn new(arity: usize) -> Result<Self> {
        if arity == 0 || arity > MAX_DIMS {
            return Err(Error::OutOfRange {
                name: "the number of dimensions",
                value: arity.to_string(),
                accepted: "between 1 and 16",
            });
        }
        Ok(Self {
            arity,
            members: vec![Vec::new(); arity],
            codes: vec![HashMap::new(); arity],
            leaves: HashMap::new(),
            skipped: 0,
        })
    }

    /// Number of dimensions; 0 for the cube nothing was ever added to.
    pub fn arity(&self) -> usize {
        self.arity
    }

    /// Number of distinct combinations of members.
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Rows left out because a number in them was not finite.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Counts rows that were left out elsewhere.
    pub fn skip(&mut self, rows: u64) {
        self.skipped = self.skipped.saturating_add(rows);
    }

    fn leaf<'a>(&mut self, members: impl Iterator<Item = &'a str>) -> Result<&mut Leaf> {
        let mut key = Vec::with_capacity(self.arity);
        for (dim, member) in members.enumerate() {
            let (Some(names), Some(codes)) = (self.members.get_mut(dim), self.codes.get_mut(dim))
            else {
                key.push(0);
                continue;
            };
            let code = match codes.get(member) {
                Some(code) => *code,
                None => {
                    let code = u32::try_from(names.len()).unwrap_or(u32::MAX);
                    names.push(member.to_owned());
                    codes.insert(member.to_owned(), code);
                    code
                }
            };
            key.push(code);
        }
        if key.len() != self.arity {
            return Err(Error::OutOfRange {
                name: "the number of members",
                value: key.len().to_string(),
                accepted: "the same in every row",
            });
        }
        Ok(self.leaves.entry(key.into_boxed_slice()).or_default())
    }

    /// Adds one row. The first row fixes the number of dimensions of a cube made by `default`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a number of members that differs from the cube's.
    pub fn push(&mut self, members: &[&str], actual: f64, expected: f64) -> Result<()> {
        if self.arity == 0 {
            *self = Self {
                skipped: self.skipped,
                ..Self::new(members.len())?
            };
        }
        let finite = actual.is_finite() && expected.is_finite();
        if !finite {
            self.skipped += 1;
            return Ok(());
        }
        let leaf = self.leaf(members.iter().copied())?;
        leaf.actual += actual;
        leaf.expected += expected;
        Ok(())
    }

    /// Adds what a leaf measured in the earlier window `window` (0 is the oldest).
    ///
    /// # Errors
    ///
    /// As [`push`](Cube::push); [`Error::OutOfRange`] for a window of 1,000 or more.
    pub fn push_history(&mut self, members: &[&str], window: usize, value: f64) -> Result<()> {
        if window >= 1000 {
            return Err(Error::OutOfRange {
                name: "window",
                value: window.to_string(),
                accepted: "between 0 and 999",
            });
        }
        self.push(members, 0.0, 0.0)?;
        if !value.is_finite() {
            self.skipped += 1;
            return Ok(());
        }
        let leaf = self.leaf(members.iter().copied())?;
        if leaf.history.len() <= window {
            leaf.history.resize(window + 1, 0.0);
        }
        leaf.history[window] += value;
        Ok(())
    }

    /// Adds all rows of `other`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] where the numbers of dimensions differ and neither cube is empty.
    pub fn merge(&mut self, other: &Cube) -> Result<()> {
        self.skipped += other.skipped;
        if other.arity == 0 {
            return Ok(());
        }
        if self.arity == 0 {
            *self = Self {
                skipped: self.skipped,
                ..Self::new(other.arity)?
            };
        }
        for (key, from) in &other.leaves {
            let names = other.names(key);
            let to = self.leaf(names.into_iter())?;
            to.actual += from.actual;
            to.expected += from.expected;
            if to.history.len() < from.history.len() {
                to.history.resize(from.history.len(), 0.0);
            }
            for (to, from) in to.history.iter_mut().zip(&from.history) {
                *to += from;
            }
        }
        Ok(())
    }

    fn names(&self, key: &[u32]) -> Vec<&str> {
        key.iter()
            .zip(&self.members)
            .map(|(code, names)| names.get(*code as usize).map_or("", String::as_str))
            .collect()
    }

    /// Every leaf with the names of its members, ordered by them.
    pub fn sorted(&self) -> Vec<(Vec<&str>, &Leaf)> {
        let mut rows: Vec<_> = self
            .leaves
            .iter()
            .map(|(key, leaf)| (self.names(key), leaf))
            .collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        rows
    }
}

impl From<Cube> for Text {
    fn from(cube: Cube) -> Self {
        let mut clean = Cube::default();
        // Codes depend on the order of arrival; sorted rows make equal cubes equal texts.
        for (names, leaf) in cube.sorted() {
            if clean.push(&names, leaf.actual, leaf.expected).is_ok() {
                for (window, value) in leaf.history.iter().enumerate() {
                    let _ = clean.push_history(&names, window, *value);
                }
            }
        }
        let mut leaves: Vec<_> = clean
            .leaves
            .iter()
            .map(|(key, leaf)| {
                (
                    key.to_vec(),
                    leaf.actual,
                    leaf.expected,
                    leaf.history.clone(),
                )
            })
            .collect();
        leaves.sort_by(|a, b| a.0.cmp(&b.0));
        Text {
            members: clean.members,
            leaves,
            skipped: cube.skipped,
        }
    }
}

impl From<Text> for Cube {
    /// Leaves that name no member are dropped and counted as skipped.
    fn from(text: Text) -> Self {
        let mut cube = Cube {
            skipped: text.skipped,
            ..Cube::default()
        };
        for (key, actual, expected, history) in &text.leaves {
            let names: Option<Vec<&str>> = (key.len() == text.members.len())
                .then(|| {
                    key.iter()
                        .zip(&text.members)
                        .map(|(code, names)| names.get(*code as usize).map(String::as_str))
                        .collect()
                })
                .flatten();
            let added = names.is_some_and(|names| {
                cube.push(&names, *actual, *expected).is_ok()
                    && history
                        .iter()
                        .enumerate()
                        .all(|(window, value)| cube.push_history(&names, window, *value).is_ok())
            });
            if !added {
                cube.skipped += 1;
            }
        }
        cube
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cube(rows: &[(&[&str], f64, f64)]) -> Cube {
        let mut cube = Cube::default();
        for (members, actual, expected) in rows {
            cube.push(members, *actual, *expected).unwrap();
        }
        cube
    }

    #[test]
    fn rows_of_a_leaf_add_up_and_merging_is_adding() {
        let rows: [(&[&str], f64, f64); 4] = [
            (&["A", "x"], 1.0, 2.0),
            (&["B", "x"], 3.0, 4.0),
            (&["A", "x"], 5.0, 6.0),
            (&["A", "y"], 7.0, 8.0),
        ];
        let whole = cube(&rows);
        let mut parts = cube(&rows[2..]);
        parts.merge(&cube(&rows[..2])).unwrap();
        assert_eq!(whole.sorted(), parts.sorted());
        assert_eq!(whole.len(), 3);
        assert_eq!(whole.sorted()[0].1.actual, 6.0);
    }

    #[test]
    fn text_round_trips_whatever_the_order() {
        let mut a = cube(&[(&["A", "x"], 1.0, 2.0), (&["B", "y"], 3.0, 4.0)]);
        let mut b = cube(&[(&["B", "y"], 3.0, 4.0), (&["A", "x"], 1.0, 2.0)]);
        a.push_history(&["A", "x"], 1, 5.0).unwrap();
        b.push_history(&["A", "x"], 1, 5.0).unwrap();
        let text = serde_json::to_string(&a).unwrap();
        assert_eq!(text, serde_json::to_string(&b).unwrap());
        let back: Cube = serde_json::from_str(&text).unwrap();
        assert_eq!(back.sorted(), a.sorted());
    }

    #[test]
    fn wrong_arity_and_odd_numbers_are_answered() {
        let mut cube = cube(&[(&["A", "x"], 1.0, 2.0)]);
        assert!(cube.push(&["A"], 1.0, 1.0).is_err());
        assert!(cube.push(&["A", "x", "z"], 1.0, 1.0).is_err());
        cube.push(&["A", "x"], f64::NAN, 1.0).unwrap();
        cube.push(&["A", "x"], 1.0, f64::INFINITY).unwrap();
        assert_eq!(cube.skipped(), 2);
        assert_eq!(cube.len(), 1);
        assert!(Cube::new(0).is_err());
        assert!(Cube::new(17).is_err());
    }
}
