//! The `kpi` command.
fn main() {}
