//! Targets of all groups of a call for one period ahead.

use std::ops::Range;

use super::suggest::log_growth;
use super::{NaturalLimits, Targets, from_growth, from_peers, from_samples, growth_percentile};
use crate::series::Grain;
use crate::{Error, Result};

/// Buckets with a value below which a forecast has not seen a season of anything.
const FEW: usize = 12;
/// The resampling behind growth targets starts here, so that equal histories have equal targets.
const SEED: u64 = 20_240_101;
/// The rest of a period longer than this is forecast by weeks.
const MOST_DAYS: usize = 62;
const WEEK: usize = 7;

/// How a target is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Quantiles of the forecast total.
    Forecast,
    /// Percentiles of past growth.
    Growth,
    /// What peers grew by.
    Peers,
}

impl Method {
    /// Reads a method's SQL name, in any case.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`] with all names.
    pub fn parse(name: &str) -> Result<Self> {
        match name.trim().to_lowercase().as_str() {
            "forecast" => Ok(Self::Forecast),
            "growth" => Ok(Self::Growth),
            "peers" => Ok(Self::Peers),
            _ => Err(Error::Unknown {
                kind: "method",
                name: name.to_owned(),
                near: ["forecast", "growth", "peers"].map(str::to_owned).to_vec(),
            }),
        }
    }
}

/// The period of a target, counted in buckets from the end of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetPeriod {
    /// Width of a bucket.
    pub grain: Grain,
    /// Buckets between the history and the period.
    pub skip: usize,
    /// Buckets of the period, 1 or more.
    pub length: usize,
}

/// What is suggested to a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The targets; `None` where the history is too short.
    pub targets: Option<Targets>,
    /// Where the stretch target's growth stands among past growth, 0 to 1.
    pub growth_percentile: Option<f64>,
    /// The process as it is hardly gives more than this.
    pub upper_natural_limit: Option<f64>,
    /// Whether the stretch target is within that.
    pub achievable: Option<bool>,
    /// `ok`, `short` or `needs_process_change`.
    pub status: &'static str,
    /// Why, where it is not `ok`.
    pub note: Option<String>,
}

impl TargetPeriod {
    /// The buckets of the period, from 0 for the one right after the history.
    pub fn steps(&self) -> Range<usize> {
        self.skip..self.skip + self.length
    }

    /// Periods of this length in a year.
    fn season(&self) -> usize {
        let year: usize = match self.grain {
            Grain::Day => 365,
            Grain::Week => 52,
            Grain::Month => 12,
            Grain::Quarter => 4,
            Grain::Year => 1,
        };
        ((year as f64 / self.length as f64).round() as usize).max(1)
    }

    /// How many periods ahead of the last one of [`TargetPeriod::blocks`] it is.
    fn ahead(&self) -> usize {
        self.skip.div_ceil(self.length) + 1
    }

    /// Totals of past periods, oldest first: back from the period in steps of its length.
    fn blocks(&self, values: &[f64]) -> Vec<f64> {
        let end = (values.len() + self.skip).saturating_sub((self.ahead() - 1) * self.length);
        let usable = values.get(..end.min(values.len())).unwrap_or(&[]);
        sums(usable, self.length)
    }

    /// Suggests targets to each group of a call.
    ///
    /// * `method` - how targets are found.
    /// * `rows` - one value a bucket of each group.
    /// * `totals` - for [`Method::Forecast`], samples of the period's total of each group.
    /// * `last_year` - each group's total of the same period a year before; NaN for none.
    /// * `stretch` - the quantile of the stretch target.
    /// * `additive` - whether buckets add up; the total of a ratio is its mean.
    pub fn suggest(
        &self,
        method: Method,
        rows: &[Vec<f64>],
        totals: &[Vec<f64>],
        last_year: &[f64],
        stretch: f64,
        additive: bool,
    ) -> Vec<Suggestion> {
        let (season, ahead) = (self.season(), self.ahead());
        let histories: Vec<Vec<f64>> = rows.iter().map(|values| self.blocks(values)).collect();
        let growths: Vec<Vec<f64>> = histories.iter().map(|h| log_growth(h, season)).collect();
        histories
            .iter()
            .enumerate()
            .map(|(i, history)| {
                let base = last_year.get(i).copied().unwrap_or(f64::NAN);
                let found = match method {
                    Method::Forecast => {
                        let mut totals = totals.get(i).cloned().unwrap_or_default();
                        if !additive {
                            totals.iter_mut().for_each(|t| *t /= self.length as f64);
                        }
                        from_samples(&totals, stretch)
                    }
                    Method::Growth => {
                        from_growth(history, season, ahead.min(season), stretch, SEED)
                    }
                    Method::Peers => {
                        let peers: Vec<f64> = growths
                            .iter()
                            .enumerate()
                            .filter(|(j, g)| *j != i && !g.is_empty())
                            .map(|(_, g)| g.iter().sum::<f64>() / g.len() as f64)
                            .collect();
                        from_peers(base, &growths[i], &peers, stretch)
                    }
                };
                let limits = NaturalLimits::of_total(history, season, ahead).ok();
                let percentile = found
                    .as_ref()
                    .ok()
                    .and_then(|t| growth_percentile(t.stretch, base, history, season));
                let seen = rows[i].iter().filter(|v| **v != 0.0).count();
                let few = method == Method::Forecast && seen < FEW;
                judged(found, limits, percentile, few.then_some(seen))
            })
            .collect()
    }
}

/// * `few` - buckets with a value, where these are too few to know the spread.
fn judged(
    found: Result<Targets>,
    limits: Option<NaturalLimits>,
    growth_percentile: Option<f64>,
    few: Option<usize>,
) -> Suggestion {
    let achievable = found
        .as_ref()
        .ok()
        .zip(limits)
        .map(|(t, limits)| t.stretch <= limits.upper);
    let (status, note) = match (&found, few) {
        (Err(why), _) => ("short", Some(why.to_string())),
        (_, Some(seen)) => (
            "short",
            Some(format!(
                "{seen} period{} with a value; the spread is a guess",
                if seen == 1 { "" } else { "s" }
            )),
        ),
        _ if achievable == Some(false) => (
            "needs_process_change",
            Some("the stretch target is above the upper natural limit".to_owned()),
        ),
        _ => ("ok", None),
    };
    Suggestion {
        targets: found.ok(),
        growth_percentile,
        upper_natural_limit: limits.map(|l| l.upper),
        achievable,
        status,
        note,
    }
}

/// Sums of blocks of `length` values that end with the last one.
fn sums(values: &[f64], length: usize) -> Vec<f64> {
    values
        .get(values.len() % length..)
        .unwrap_or(&[])
        .chunks_exact(length)
        .map(|c| c.iter().sum())
        .collect()
}

/// What is forecast for the days that are left of a period.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    /// Day, or week where many days are left.
    pub grain: Grain,
    /// The history in that grain.
    pub rows: Vec<Vec<f64>>,
    /// Its buckets ahead that hold the days.
    pub steps: Range<usize>,
    /// The days' share of these buckets.
    pub share: f64,
}

impl Rest {
    /// The `left` days, 1 or more, that begin `before` days after the histories `days` end.
    pub fn of(days: Vec<Vec<f64>>, before: usize, left: usize) -> Self {
        if before + left <= MOST_DAYS {
            return Self {
                grain: Grain::Day,
                rows: days,
                steps: before..before + left,
                share: 1.0,
            };
        }
        let steps = before / WEEK..(before + left).div_ceil(WEEK);
        Self {
            grain: Grain::Week,
            rows: days.iter().map(|values| sums(values, WEEK)).collect(),
            share: left as f64 / (steps.len() * WEEK) as f64,
            steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTER: TargetPeriod = TargetPeriod {
        grain: Grain::Month,
        skip: 1,
        length: 3,
    };

    #[test]
    fn blocks_reach_back_from_the_period() {
        // Months 0 to 9; month 10 is skipped, the period is 11 to 13: blocks end before 11, the whole ones with 7.
        let values: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(QUARTER.blocks(&values), [9.0, 18.0]);
        assert_eq!((QUARTER.ahead(), QUARTER.season()), (2, 4));
        assert_eq!(QUARTER.steps(), 1..4);
        let next = TargetPeriod { skip: 0, ..QUARTER };
        assert_eq!(next.blocks(&values), [6.0, 15.0, 24.0]);
        assert_eq!(next.ahead(), 1);
        assert!(QUARTER.blocks(&[]).is_empty());
    }

    #[test]
    fn ratios_have_the_mean_of_their_sampled_totals() {
        let rows = vec![vec![5.0; 24]];
        let totals = vec![(0..100).map(|i| 15.0 + f64::from(i) * 1e-6).collect()];
        let commit = |additive| {
            let all = QUARTER.suggest(Method::Forecast, &rows, &totals, &[15.0], 0.75, additive);
            all[0].targets.unwrap().commit
        };
        assert!((commit(true) - 15.0).abs() < 1e-3);
        assert!((commit(false) - 5.0).abs() < 1e-3);
    }

    #[test]
    fn a_suggestion_says_why_it_is_not_ok() {
        let monthly = TargetPeriod {
            skip: 0,
            length: 1,
            ..QUARTER
        };
        // Alike in all years, so that the natural limits are narrow.
        let rows = vec![(0..36).map(|t| 100.0 + f64::from(t % 12)).collect(); 2];
        let high = vec![vec![500.0; 50], vec![100.0; 50]];
        let all = monthly.suggest(Method::Forecast, &rows, &high, &[100.0; 2], 0.75, true);
        assert_eq!(all[0].status, "needs_process_change");
        assert_eq!((all[1].status, all[1].achievable), ("ok", Some(true)));
        let young = vec![vec![0.0, 100.0, 100.0]];
        let few = monthly.suggest(Method::Forecast, &young, &high, &[100.0], 0.75, true);
        assert_eq!(few[0].status, "short");
        assert!(few[0].targets.is_some());
        assert!(few[0].note.as_deref().unwrap().starts_with("2 periods"));
        let none = monthly.suggest(Method::Growth, &young, &[], &[f64::NAN], 0.75, true);
        assert_eq!((none[0].status, none[0].targets), ("short", None));
    }

    #[test]
    fn long_rests_are_forecast_by_weeks() {
        let days = vec![(0..30).map(f64::from).collect::<Vec<f64>>()];
        let short = Rest::of(days.clone(), 2, 60);
        assert_eq!(
            (short.grain, short.steps, short.share),
            (Grain::Day, 2..62, 1.0)
        );
        let long = Rest::of(days, 10, 90);
        assert_eq!((long.grain, long.steps), (Grain::Week, 1..15));
        // The history's last seven days are its last week.
        assert_eq!(long.rows[0].last(), Some(&182.0));
        assert_eq!(long.rows[0].len(), 4);
        assert!((long.share - 90.0 / 98.0).abs() < 1e-12);
    }
}
