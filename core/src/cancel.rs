use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Error, Result};

/// A flag that long loops look at; the glue raises it when the statement is cancelled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cancel<'a>(Option<&'a AtomicBool>);

impl<'a> Cancel<'a> {
    /// Work that is never cancelled, as in tests.
    pub const NEVER: Cancel<'static> = Cancel(None);

    /// Work that ends soon after `flag` becomes true.
    pub fn on(flag: &'a AtomicBool) -> Self {
        Self(Some(flag))
    }

    /// Call this at least every 100 ms of work.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`] once the flag is up.
    pub fn check(self) -> Result<()> {
        match self.0 {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(Error::Cancelled),
            _ => Ok(()),
        }
    }
}
