//! The glue between SQL and [`kpi_core`]: the only crate that names pgrx.
//!
//! Functions here are declared in `extension/sql/*.sql`, by hand, as `LANGUAGE c` with the symbol
//! `<rust name>_wrapper`; volatility, strictness, parallel safety and comments stand there.

use pgrx::prelude::*;

mod anomaly;
mod c;
mod catalog;
mod check;
mod columns;
mod cube;
mod customer;
mod date;
mod drivers;
mod elasticity;
mod error;
mod forecast;
mod groups;
mod recommend;
mod series;
mod settings;
mod target;
mod what_if;
mod words;
mod worker;

pgrx::pg_module_magic!(name, version);

/// Called once when the library is loaded.
#[pg_guard]
extern "C-unwind" fn _PG_init() {
    settings::register();
    words::settings::register();
}
