//! How demand answers to price: one pooled regression over all items and weeks, then shrinkage of
//! each item's slope to its kind.
//!
//! The answer is associational: it is causal only as far as price moves were not made in anticipation
//! of demand. Season, calendar weeks, promotions and each item's trend are held constant.

mod fit;
mod model;
mod panel;
mod shrink;
mod slopes;
mod system;
mod unit;
mod what_if;

pub use fit::{Elasticities, Estimate, KindEstimate, Status, elasticities};
pub(crate) use fit::{Expected, of_table};
pub(crate) use panel::{Cell, Table};
pub use panel::{Panel, Sold};
pub use what_if::{Answer, Change, Subject, WhatIfStatus, what_if};

#[cfg(test)]
mod tests;
