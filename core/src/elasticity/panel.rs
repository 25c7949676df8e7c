//! The additive state: sums by item, day and place of sale.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What one item sold on one day in one channel, returns left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sold {
    /// Order lines, 0 where they are not known.
    pub lines: f64,
    /// Units sold.
    pub units: f64,
    /// Their revenue; revenue / units is the price.
    pub revenue: f64,
    /// The units of them sold on promotion.
    pub promoted: f64,
}

impl Sold {
    pub(super) fn add(&mut self, other: Sold) {
        self.lines += other.lines;
        self.units += other.units;
        self.revenue += other.revenue;
        self.promoted += other.promoted;
    }
}

/// An item's kind (product type) and days.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Item {
    kind: String,
    days: BTreeMap<(i32, Box<str>), Sold>,
}

/// Sales by item, day and channel: rows add up in any order, and two panels merge into one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    items: BTreeMap<String, Item>,
}

impl Panel {
    /// An empty panel.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row. `day` counts from any fixed Monday; `channel` tells apart where prices have a level of
    /// their own, and may be empty. Rows that are not finite or sell nothing are skipped; an item keeps the
    /// first of its kinds in alphabetical order, so that merging commutes.
    pub fn push(&mut self, item: &str, kind: &str, channel: &str, day: i32, row: Sold) {
        let sound = [row.lines, row.units, row.revenue, row.promoted]
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
            entry
                .days
                .entry((day, channel.into()))
                .or_default()
                .add(row);
        }
    }

    /// Adds everything of `other`.
    #[must_use]
    pub fn merge(mut self, other: Panel) -> Panel {
        for (name, item) in other.items {
            let entry = self.items.entry(name).or_default();
            entry.adopt(&item.kind);
            for (place, row) in item.days {
                entry.days.entry(place).or_default().add(row);
            }
        }
        self
    }

    /// Items with at least one day.
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
        if self.days.is_empty() || kind < self.kind.as_str() {
            kind.clone_into(&mut self.kind);
        }
    }
}

/// One cell of a [`Table`]: a day, a channel's position and what was sold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) day: i32,
    pub(crate) channel: usize,
    pub(crate) sold: Sold,
}

/// A panel laid out for the regression: items with their kind and their cells in order of day.
pub(crate) struct Table<'a> {
    pub(crate) channels: usize,
    pub(crate) items: Vec<(&'a str, &'a str, Vec<Cell>)>,
}

impl<'a> Table<'a> {
    pub(super) fn of(panel: &'a Panel) -> Self {
        let mut channels: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, channel) in panel.items.values().flat_map(|i| i.days.keys()) {
            let next = channels.len();
            channels.entry(channel).or_insert(next);
        }
        let items = panel
            .items
            .iter()
            .map(|(name, item)| {
                let cells = item
                    .days
                    .iter()
                    .map(|((day, channel), sold)| Cell {
                        day: *day,
                        channel: channels.get(&**channel).copied().unwrap_or(0),
                        sold: *sold,
                    })
                    .collect();
                (name.as_str(), item.kind.as_str(), cells)
            })
            .collect();
        Self {
            channels: channels.len(),
            items,
        }
    }
}
