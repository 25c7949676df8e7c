//! The additive state: sums by item, week and place of sale.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What one item sold in one week, returns left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Week {
    /// Units sold.
    pub units: f64,
    /// Their revenue; revenue / units is the price.
    pub revenue: f64,
    /// The units of them sold on promotion.
    pub promoted: f64,
}

/// An item's kind (product type) and weeks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) kind: String,
    pub(super) weeks: BTreeMap<i32, BTreeMap<Box<str>, Week>>,
}

/// Sales by item, week and channel: rows add up in any order, and two panels merge into one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    pub(super) items: BTreeMap<String, Item>,
}

impl Panel {
    /// An empty panel.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row. `week` counts weeks from any fixed Monday; `channel` tells apart where prices have a level of
    /// their own, and may be empty. Rows that are not finite or sell nothing are skipped; an item keeps the
    /// first of its kinds in alphabetical order, so that merging commutes.
    pub fn push(&mut self, item: &str, kind: &str, channel: &str, week: i32, row: Week) {
        let sound = [row.units, row.revenue, row.promoted]
            .iter()
            .all(|v| v.is_finite());
        if !sound || row.units <= 0.0 || row.revenue <= 0.0 {
            return;
        }
        if !self.items.contains_key(item) {
            self.items.insert(item.to_owned(), Item::default());
        }
        if let Some(entry) = self.items.get_mut(item) {
            entry.adopt(kind);
            entry.add(week, channel, row);
        }
    }

    /// Adds everything of `other`.
    #[must_use]
    pub fn merge(mut self, other: Panel) -> Panel {
        for (name, item) in other.items {
            let entry = self.items.entry(name).or_default();
            entry.adopt(&item.kind);
            for (week, rows) in item.weeks {
                for (channel, row) in rows {
                    entry.add(week, &channel, row);
                }
            }
        }
        self
    }

    /// Items with at least one week.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl Item {
    fn adopt(&mut self, kind: &str) {
        if self.weeks.is_empty() || kind < self.kind.as_str() {
            kind.clone_into(&mut self.kind);
        }
    }

    fn add(&mut self, week: i32, channel: &str, row: Week) {
        let cells = self.weeks.entry(week).or_default();
        if !cells.contains_key(channel) {
            cells.insert(channel.into(), Week::default());
        }
        let Some(sum) = cells.get_mut(channel) else {
            return;
        };
        sum.units += row.units;
        sum.revenue += row.revenue;
        sum.promoted += row.promoted;
    }
}
