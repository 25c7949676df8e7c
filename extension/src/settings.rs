//! Settings `pg_kpi.*` that are not about words.

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};

/// Threads that one call may use; 0 means one a core.
static THREADS: GucSetting<i32> = GucSetting::<i32>::new(0);
/// Most series that one call works on.
static MAX_SERIES: GucSetting<i32> = GucSetting::<i32>::new(100_000);
/// Whether figures may come from the daily rollup.
static USE_ROLLUP: GucSetting<bool> = GucSetting::<bool>::new(true);

/// Makes the settings known; called once when the library is loaded.
pub(crate) fn register() {
    GucRegistry::define_int_guc(
        c"pg_kpi.threads",
        c"Threads that one call may compute on; 0 means one a core.",
        c"Results are the same for any number.",
        &THREADS,
        0,
        256,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_kpi.max_series",
        c"Most series that one call works on.",
        c"A call that would need more fails at once, with the number it needs.",
        &MAX_SERIES,
        1,
        10_000_000,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"pg_kpi.use_rollup",
        c"Whether figures may come from the daily rollup.",
        c"Answers are the same either way; off is for measuring and testing.",
        &USE_ROLLUP,
        GucContext::Userset,
        GucFlags::default(),
    );
}

/// Threads to use now.
pub(crate) fn threads() -> usize {
    match usize::try_from(THREADS.get()) {
        Ok(n) if n > 0 => n,
        _ => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    }
}

/// Most series of a call.
pub(crate) fn max_series() -> usize {
    usize::try_from(MAX_SERIES.get()).unwrap_or(1)
}

/// Whether figures may come from the rollup.
pub(crate) fn use_rollup() -> bool {
    USE_ROLLUP.get()
}
