//! The glue between SQL and [`kpi_core`]: the only crate that names pgrx.
pgrx::pg_module_magic!();
