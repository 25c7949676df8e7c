//! Sales lines summed by day, item and channel, and what the rules ask of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::elasticity::{Cell, Sold, Table};

/// ABC: items are A while the share before them is below this.
const A_SHARE: f64 = 0.80;
/// And B below this.
const B_SHARE: f64 = 0.95;

/// An item (SKU).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// Its name as the dimension has it.
    pub name: String,
    /// Its kind (product type).
    pub kind: String,
}

/// What one item sold in one channel on one day, returns left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    /// Day, counted from 1970-01-01.
    pub day: i32,
    /// Position in [`Sales::items`].
    pub item: u32,
    /// Position in [`Sales::channels`].
    pub channel: u32,
    /// Order lines.
    pub lines: f64,
    /// Units.
    pub units: f64,
    /// Revenue.
    pub revenue: f64,
    /// Units of them sold on promotion, 0 where that is not known.
    pub promoted: f64,
}

/// Sales up to a day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sales {
    items: Vec<Item>,
    channels: Vec<String>,
    /// All that were given; those after `last` are hidden.
    lines: Arc<[Line]>,
    shown: usize,
    first: i32,
    last: i32,
}

impl Sales {
    /// Gathers lines; those that name no item or channel, are not finite or sell nothing are left out.
    ///
    /// `last` is the last complete day, or `None` for the last day with a line.
    pub fn new(
        items: Vec<Item>,
        channels: Vec<String>,
        mut lines: Vec<Line>,
        last: Option<i32>,
    ) -> Self {
        lines.retain(|l| {
            (l.item as usize) < items.len()
                && (l.channel as usize) < channels.len()
                && [l.lines, l.units, l.revenue, l.promoted]
                    .iter()
                    .all(|v| v.is_finite())
                && l.units > 0.0
                && l.revenue > 0.0
                && last.is_none_or(|last| l.day <= last)
        });
        lines.sort_by_key(|l| (l.day, l.item, l.channel));
        let first = lines.first().map_or(0, |l| l.day);
        let end = lines.last().map_or(0, |l| l.day);
        Self {
            items,
            channels,
            shown: lines.len(),
            lines: lines.into(),
            first,
            last: last.unwrap_or(end).max(first),
        }
    }

    /// The items, as given.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The channels, as given.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// The lines in order of day.
    pub fn lines(&self) -> &[Line] {
        self.lines.get(..self.shown).unwrap_or(&[])
    }

    /// The last complete day.
    pub fn last(&self) -> i32 {
        self.last
    }

    /// The first day with a line.
    pub fn first(&self) -> i32 {
        self.first
    }

    /// What was known at the end of `day`.
    #[must_use]
    pub fn until(&self, day: i32) -> Sales {
        Sales {
            items: self.items.clone(),
            channels: self.channels.clone(),
            lines: Arc::clone(&self.lines),
            shown: self.lines().partition_point(|l| l.day <= day),
            first: self.first,
            last: day.min(self.last),
        }
    }

    /// The lines from day `from` to day `to`, both included.
    pub(super) fn between(&self, from: i32, to: i32) -> &[Line] {
        let a = self.lines().partition_point(|l| l.day < from);
        let b = self.lines().partition_point(|l| l.day <= to);
        self.lines().get(a..b.max(a)).unwrap_or(&[])
    }

    /// Revenue of each item from day `from` to day `to`.
    pub(super) fn revenue(&self, from: i32, to: i32) -> Vec<f64> {
        let mut sums = vec![0.0; self.items.len()];
        for l in self.between(from, to) {
            if let Some(sum) = sums.get_mut(l.item as usize) {
                *sum += l.revenue;
            }
        }
        sums
    }

    /// The ABC class of each item by its revenue over the last year; the crossing item belongs to
    /// the higher class, items without revenue are C.
    pub(super) fn abc(&self) -> Vec<char> {
        let revenue = self.revenue(self.last.saturating_sub(364), self.last);
        let total: f64 = revenue.iter().sum();
        let mut order: Vec<usize> = (0..revenue.len()).collect();
        order.sort_by(|a, b| revenue[*b].total_cmp(&revenue[*a]).then(a.cmp(b)));
        let mut classes = vec!['C'; revenue.len()];
        let mut before = 0.0;
        for i in order {
            classes[i] = match before / total {
                _ if revenue[i] <= 0.0 => 'C',
                share if share < A_SHARE => 'A',
                share if share < B_SHARE => 'B',
                _ => 'C',
            };
            before += revenue[i];
        }
        classes
    }

    /// Order lines by item and day, from the first day on: one row an item.
    pub(super) fn daily_lines(&self) -> Vec<Vec<f64>> {
        let days = self.days();
        let mut counts = vec![vec![0.0; days]; self.items.len()];
        for l in self.lines() {
            let day = (l.day - self.first).max(0) as usize;
            let cell = counts
                .get_mut(l.item as usize)
                .and_then(|row| row.get_mut(day));
            if let Some(cell) = cell {
                *cell += l.lines.max(1.0);
            }
        }
        counts
    }

    /// Days from the first to the last, both included.
    pub(super) fn days(&self) -> usize {
        if self.lines().is_empty() {
            return 0;
        }
        (i64::from(self.last) - i64::from(self.first) + 1).clamp(0, 40_000) as usize
    }

    /// The first and the last day on which each item sold, `None` for never.
    pub(super) fn lives(&self) -> Vec<Option<(i32, i32)>> {
        let mut lives: Vec<Option<(i32, i32)>> = vec![None; self.items.len()];
        for l in self.lines() {
            if let Some(life) = lives.get_mut(l.item as usize) {
                *life = Some(life.map_or((l.day, l.day), |(a, _)| (a, l.day)));
            }
        }
        lives
    }

    /// The week of a day, counted from the Monday 1969-12-29.
    pub(super) fn week(day: i32) -> i32 {
        day.saturating_add(3).div_euclid(7)
    }

    /// Sums by item and complete week.
    pub(super) fn weekly(&self) -> Vec<BTreeMap<i32, Sold>> {
        let mut sums: Vec<BTreeMap<i32, Sold>> = vec![BTreeMap::new(); self.items.len()];
        let open = Self::week(self.last.saturating_add(1));
        for l in self.lines() {
            let week = Self::week(l.day);
            if week >= open {
                continue;
            }
            if let Some(weeks) = sums.get_mut(l.item as usize) {
                let cell = weeks.entry(week).or_default();
                cell.lines += l.lines;
                cell.units += l.units;
                cell.revenue += l.revenue;
                cell.promoted += l.promoted;
            }
        }
        sums
    }

    /// The table of the elasticity regression, an item a row in their order; complete weeks only.
    pub(super) fn table(&self) -> Table<'_> {
        let mut items: Vec<_> = self
            .items
            .iter()
            .map(|i| (i.name.as_str(), i.kind.as_str(), Vec::new()))
            .collect();
        // 1969-12-29 was a Monday.
        let from = 7 * Self::week(self.first.saturating_add(6)) - 3;
        let to = 7 * Self::week(self.last.saturating_add(1)) - 4;
        for l in self.between(from, to) {
            if let Some((_, _, cells)) = items.get_mut(l.item as usize) {
                cells.push(Cell {
                    // From a Monday on.
                    day: l.day.saturating_add(3),
                    channel: l.channel as usize,
                    sold: Sold {
                        // As in `daily_lines`.
                        lines: l.lines.max(1.0),
                        units: l.units,
                        revenue: l.revenue,
                        promoted: l.promoted,
                    },
                });
            }
        }
        Table {
            channels: self.channels.len(),
            items,
        }
    }
}
