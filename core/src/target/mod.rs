//! Targets: how high to set them, whether the process can reach them, who carries what, and where
//! they stand while the period runs.

mod allocate;
mod attain;
mod calibrate;
mod limits;
mod period;
mod suggest;

pub use allocate::{allocate, expected_and_risk};
pub use attain::{
    Attainment, Progress, State, attainment, elapsed_share, needs_review, usual_weights,
};
pub use calibrate::Outlooks;
pub use limits::{NaturalLimits, season_factors};
pub use period::{Method, Rest, Suggestion, TargetPeriod};
pub use suggest::{Targets, from_growth, from_peers, from_samples, growth_percentile};
