//! Flagged points joined into events.

use super::Point;

/// Unflagged points inside an event, at most.
const GAPS: usize = 2;
/// Points from which an event that has not ended is a new level rather than a spike.
const SHIFT_POINTS: usize = 7;

/// What an event looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Above what was expected, and over again.
    Spike,
    /// Below what was expected, and over again.
    Drop,
    /// The level has moved and stayed.
    LevelShift,
}

impl Shape {
    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::Drop => "drop",
            Self::LevelShift => "level_shift",
        }
    }
}

/// A stretch of flagged points on one side, at most two gaps apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Position of the first flagged point.
    pub start: usize,
    /// Position of the last flagged point.
    pub end: usize,
    /// Sum of value less expected from start to end, in the series' unit.
    pub impact: f64,
    /// What the event looks like.
    pub shape: Shape,
    /// Whether more than two unflagged points follow and the level has not moved.
    pub recovered: bool,
}

/// Joins flagged points of one series into events, oldest first. A drop that a promotion follows at once
/// is two events: their impacts would hide each other.
///
/// * `values`, `points` - as given to and returned by [`super::detect`].
/// * `flagged` - whether each point is an anomaly, as long as `values`.
/// * `changes` - positions of changepoints, which tell a new level from a spike; may be empty.
pub fn events(values: &[f64], points: &[Point], flagged: &[bool], changes: &[usize]) -> Vec<Event> {
    let n = values.len().min(points.len()).min(flagged.len());
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let above = |t: usize| values[t] >= points[t].expected;
    for t in (0..n).filter(|t| flagged[*t]) {
        match spans.last_mut() {
            Some(span) if t - span.1 <= GAPS + 1 && above(t) == above(span.1) => span.1 = t,
            _ => spans.push((t, t)),
        }
    }
    spans
        .into_iter()
        .map(|(start, end)| {
            let impact: f64 = (start..=end)
                .map(|t| values[t] - points[t].expected)
                .filter(|d| d.is_finite())
                .sum();
            let over = end + GAPS < n.saturating_sub(1);
            // A change near the start that is not undone soon after the end.
            let changed = changes.iter().any(|c| {
                *c + SHIFT_POINTS >= start
                    && *c <= end + GAPS
                    && !changes
                        .iter()
                        .any(|back| back > c && *back <= end + 2 * SHIFT_POINTS)
            });
            let moved = changed
                || (start..(end + SHIFT_POINTS).min(n)).any(|t| points[t].shift)
                || (!over && end - start + 1 >= SHIFT_POINTS);
            Event {
                start,
                end,
                impact,
                shape: match (moved, impact >= 0.0) {
                    (true, _) => Shape::LevelShift,
                    (false, true) => Shape::Spike,
                    (false, false) => Shape::Drop,
                },
                recovered: over && !moved,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_at_most_two_gaps_apart_are_one_event() {
        let values = [1.0, 9.0, 1.0, 1.0, 9.0, 1.0, 1.0, 1.0, -5.0, 1.0];
        let points = [Point {
            expected: 1.0,
            ..Point::unjudged()
        }; 10];
        let flagged = values.map(|v| v != 1.0);
        let found = events(&values, &points, &flagged, &[]);
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].start, found[0].end, found[0].impact),
            (1, 4, 16.0)
        );
        assert_eq!((found[0].shape, found[0].recovered), (Shape::Spike, true));
        assert_eq!((found[1].shape, found[1].recovered), (Shape::Drop, false));
        // A rise right after a fall is an event of its own.
        let turned = [1.0, -9.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        let split = events(&turned, &points, &turned.map(|v| v != 1.0), &[]);
        let spans: Vec<_> = split.iter().map(|e| (e.start, e.end, e.impact)).collect();
        assert_eq!(spans, [(1, 1, -10.0), (2, 2, 8.0)]);
        let moved = events(&values, &points, &flagged, &[1]);
        assert_eq!(
            (moved[0].shape, moved[0].recovered),
            (Shape::LevelShift, false)
        );
    }
}
