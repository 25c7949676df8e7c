//! Anomalies in the groups of a call, which are judged together.

use super::{Direction, Event, Mode, Options, Point, adjust, changepoints, detect, events};
use crate::series::{Grain, Group};
use crate::{Cancel, Error, Result};

/// What is asked of all groups of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// Width of a bucket.
    pub grain: Grain,
    /// Coverage of the interval of each point.
    pub sensitivity: f64,
    /// Share of false ones among the points that are flagged, over all groups.
    pub fdr: f64,
    /// From where points are judged.
    pub mode: Mode,
    /// Which deviations count.
    pub direction: Direction,
}

/// A group's series and what was found in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// A member a dimension.
    pub key: Vec<String>,
    /// Number of the first bucket.
    pub first: i64,
    /// One value a bucket.
    pub values: Vec<f64>,
    /// What each was held against.
    pub points: Vec<Point>,
    /// The p-value of each, after [`Question::adjust`] its q-value.
    pub q: Vec<f64>,
    /// The events, oldest first, after [`Question::find_events`].
    pub events: Vec<Event>,
    /// Event of each point, as an index into `events`.
    pub event: Vec<Option<usize>>,
}

impl Question {
    /// * `model` - a name of [`Mode`]; `direction` - a name of [`Direction`].
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `sensitivity` and `fdr` outside 0 to 1, [`Error::Unknown`] for the names.
    pub fn new(
        grain: Grain,
        sensitivity: f64,
        fdr: f64,
        model: &str,
        direction: &str,
    ) -> Result<Self> {
        for (name, value) in [("sensitivity", sensitivity), ("fdr", fdr)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(Error::OutOfRange {
                    name,
                    value: value.to_string(),
                    accepted: "above 0 and below 1",
                });
            }
        }
        Ok(Self {
            grain,
            sensitivity,
            fdr,
            mode: Mode::parse(model)?,
            direction: Direction::parse(direction)?,
        })
    }

    /// Judges the groups of a call one after the other. Callers with threads run [`Question::judge`] and
    /// [`Question::find_events`] on them, with [`Question::adjust`] over all groups between the two.
    ///
    /// # Errors
    ///
    /// As [`detect`].
    pub fn judge_all(
        &self,
        groups: Vec<Group>,
        class_of: impl Fn(i64) -> u16,
        cancel: Cancel<'_>,
    ) -> Result<Vec<Judged>> {
        let mut judged: Vec<Judged> = groups
            .into_iter()
            .map(|group| self.judge(group, &class_of, cancel))
            .collect::<Result<_>>()?;
        self.adjust(&mut judged);
        for j in &mut judged {
            self.find_events(j, cancel)?;
        }
        Ok(judged)
    }

    /// Judges the points of one group.
    ///
    /// * `class_of` - calendar class of a bucket, as [`Options::classes`].
    ///
    /// # Errors
    ///
    /// As [`detect`].
    pub fn judge(
        &self,
        group: Group,
        class_of: impl Fn(i64) -> u16,
        cancel: Cancel<'_>,
    ) -> Result<Judged> {
        let Group {
            key, first, values, ..
        } = group;
        let classes: Vec<u16> = (first..).take(values.len()).map(class_of).collect();
        let options = Options {
            mode: self.mode,
            season: self.grain.season(),
            level: self.sensitivity,
            direction: self.direction,
            classes: Some(&classes),
        };
        let points = detect(&values, &options, cancel)?;
        Ok(Judged {
            key,
            first,
            q: points.iter().map(|p| p.p).collect(),
            event: vec![None; values.len()],
            events: Vec::new(),
            values,
            points,
        })
    }

    /// Turns the p-values of all groups into q-values.
    pub fn adjust(&self, judged: &mut [Judged]) {
        // The fewest buckets a monitored series is taken to be tested over.
        let year = match self.grain {
            Grain::Day => 365,
            grain => grain.season(),
        };
        let mut views: Vec<&mut [f64]> = judged.iter_mut().map(|j| j.q.as_mut_slice()).collect();
        adjust(&mut views, self.mode, year, self.fdr);
    }

    /// Joins the flagged points of a group into events. In monitoring, what comes later may name a past event;
    /// it never changes the flags.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`].
    pub fn find_events(&self, judged: &mut Judged, cancel: Cancel<'_>) -> Result<()> {
        let flagged: Vec<bool> = judged.q.iter().map(|q| *q <= self.fdr).collect();
        if !flagged.contains(&true) {
            return Ok(());
        }
        let changes: Vec<usize> = changepoints(&judged.values, self.grain.season(), cancel)?
            .iter()
            .map(|c| c.at)
            .collect();
        judged.events = events(&judged.values, &judged.points, &flagged, &changes);
        for (id, event) in judged.events.iter().enumerate() {
            judged.event[event.start..=event.end].fill(Some(id));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::Draw;

    #[test]
    fn groups_are_judged_together_and_their_points_know_their_events() {
        let question = Question::new(Grain::Day, 0.95, 0.05, "auto", "down").unwrap();
        let groups = (0..3)
            .map(|g| {
                let mut draw = Draw::new(g);
                let mut values: Vec<f64> = (0..200).map(|_| 100.0 + draw.normal()).collect();
                if g == 1 {
                    values[150..154].fill(40.0);
                }
                Group {
                    key: vec![g.to_string()],
                    first: 9,
                    values,
                    partial: None,
                }
            })
            .collect();
        let judged = question.judge_all(groups, |_| 0, Cancel::NEVER).unwrap();
        assert!(judged[1].q[150] >= judged[1].points[150].p);
        assert!(judged[0].events.is_empty() && judged[2].events.is_empty());
        let [event] = judged[1].events.as_slice() else {
            panic!("{:?}", judged[1].events);
        };
        assert_eq!((event.start, event.end), (150, 153));
        assert_eq!(judged[1].event[149..=150], [None, Some(0)]);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let new = |sensitivity, fdr, model, direction| {
            Question::new(Grain::Day, sensitivity, fdr, model, direction)
                .unwrap_err()
                .to_string()
        };
        assert!(new(1.0, 0.05, "auto", "both").contains("sensitivity"));
        assert!(new(0.95, f64::NAN, "auto", "both").contains("fdr"));
        assert!(new(0.95, 0.05, "montoring", "both").contains("montoring"));
        assert!(new(0.95, 0.05, "auto", "left").contains("left"));
    }
}
