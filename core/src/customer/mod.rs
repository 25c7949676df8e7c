//! Customers and cohorts: how often they buy again, whether they still do, what they are worth.

mod bgnbd;
mod gamma;
mod retention;
mod simplex;

pub use bgnbd::{BgNbd, History};
pub use gamma::{GammaGamma, lifetime_value};
pub use retention::{Interval, bootstrap_ratio, wilson};
