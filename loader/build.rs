//! Makes a new migration or a new roles script rebuild the command that embeds it.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=../sql/migrations");
    println!("cargo:rerun-if-changed=../sql/roles.sql");
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let roles = fs::read_to_string("../sql/roles.sql").unwrap_or_default();
    fs::write(Path::new(&out).join("roles.sql"), roles)
}
