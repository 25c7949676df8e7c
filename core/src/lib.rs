//! What pg_kpi thinks with.
//!
//! Pure Rust: no Postgres, no I/O, no clock, no globals, no `unsafe`. Everything a function
//! needs comes in through its arguments, so each algorithm can be tested alone.
#![forbid(unsafe_code)]

pub mod anomaly;
mod cancel;
pub mod customer;
mod dense;
mod draw;
pub mod drivers;
pub mod elasticity;
mod error;
pub mod forecast;
pub mod period;
pub mod query;
pub mod recommend;
pub mod series;
pub mod target;
pub mod words;

pub use cancel::Cancel;
pub use error::{Error, Result, nearest};
