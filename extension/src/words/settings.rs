//! Settings `pg_kpi.llm_*` and `pg_kpi.ask_timeout`.

use std::ffi::{CStr, CString};
use std::time::Duration;

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};

static ENDPOINT: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static MODEL: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static KEY: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static KEY_FILE: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
/// Local models need longer than hosted ones; half a minute suits both.
static TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(30);
static MAX_TOKENS: GucSetting<i32> = GucSetting::<i32>::new(400);
static CACHE: GucSetting<i32> = GucSetting::<i32>::new(3600);
static RATE_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(30);
static ASK_TIMEOUT: GucSetting<i32> = GucSetting::<i32>::new(30_000);

/// What `SHOW` prints for the key, whether there is one or not.
unsafe extern "C-unwind" fn hidden() -> *const std::ffi::c_char {
    c"********".as_ptr()
}

/// Refuses an endpoint that no call could use when it is set, not at each answer.
unsafe extern "C-unwind" fn check_endpoint(
    value: *mut *mut std::ffi::c_char,
    _extra: *mut *mut std::ffi::c_void,
    _source: pgrx::pg_sys::GucSource::Type,
) -> bool {
    // SAFETY: the server hands over a valid place with a text that ends in NUL, or a null pointer.
    let text = unsafe {
        match value.as_ref() {
            Some(text) if !text.is_null() => CStr::from_ptr(*text),
            _ => return true,
        }
    };
    let text = text.to_string_lossy();
    let text = text.trim();
    match super::http::form(text) {
        Err(why) if !text.is_empty() => {
            // SAFETY: the detail is only read, and is static.
            unsafe { pgrx::pg_sys::GUC_check_errdetail_string = why.as_ptr().cast_mut() };
            false
        }
        _ => true,
    }
}

/// Makes the settings known; called once when the library is loaded.
pub(crate) fn register() {
    let superuser = GucFlags::SUPERUSER_ONLY;
    // SAFETY: the check hook reads the new value and keeps nothing of it.
    unsafe {
        GucRegistry::define_string_guc_with_hooks(
            c"pg_kpi.llm_endpoint",
            c"Base URL of an OpenAI-compatible endpoint, as in https://api.example.com/v1; empty: none is used.",
            c"https, or http on a loopback address.",
            &ENDPOINT,
            GucContext::Suset,
            superuser,
            Some(check_endpoint),
            None,
            None,
        );
    }
    GucRegistry::define_string_guc(
        c"pg_kpi.llm_model",
        c"Model that the endpoint is asked for.",
        c"",
        &MODEL,
        GucContext::Suset,
        GucFlags::default(),
    );
    // SAFETY: the show hook returns a static text.
    unsafe {
        GucRegistry::define_string_guc_with_hooks(
            c"pg_kpi.llm_api_key",
            c"Key of the endpoint; never shown.",
            c"pg_kpi.llm_api_key_file keeps it out of the server's configuration.",
            &KEY,
            GucContext::Suset,
            superuser | GucFlags::NO_SHOW_ALL,
            None,
            None,
            Some(hidden),
        );
    }
    GucRegistry::define_string_guc(
        c"pg_kpi.llm_api_key_file",
        c"File on the server whose first line is the endpoint's key.",
        c"Read at each call, by the server's user.",
        &KEY_FILE,
        GucContext::Suset,
        superuser | GucFlags::NO_SHOW_ALL,
    );
    GucRegistry::define_int_guc(
        c"pg_kpi.llm_timeout",
        c"Longest time for one answer of the endpoint, retries included.",
        c"",
        &TIMEOUT,
        1,
        600,
        GucContext::Suset,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_int_guc(
        c"pg_kpi.llm_max_tokens",
        c"Most tokens that an answer may have.",
        c"",
        &MAX_TOKENS,
        16,
        8192,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_kpi.llm_cache",
        c"How long an answer is kept for the same role and facts; 0: not at all.",
        c"",
        &CACHE,
        0,
        604_800,
        GucContext::Suset,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_int_guc(
        c"pg_kpi.llm_rate_limit",
        c"Most calls of the endpoint by one role in a minute.",
        c"Above it the built-in wording answers.",
        &RATE_LIMIT,
        0,
        100_000,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"pg_kpi.ask_timeout",
        c"Longest time for the query behind kpi.ask(), unless statement_timeout is shorter; 0: none.",
        c"",
        &ASK_TIMEOUT,
        0,
        3_600_000,
        GucContext::Userset,
        GucFlags::UNIT_MS,
    );
}

fn text(setting: &GucSetting<Option<CString>>) -> String {
    setting
        .get()
        .and_then(|value| value.into_string().ok())
        .map(|value| value.trim().to_owned())
        .unwrap_or_default()
}

pub(crate) fn endpoint() -> String {
    text(&ENDPOINT)
}

pub(crate) fn model() -> String {
    text(&MODEL)
}

/// The key, from its file where one is named; empty where there is none or it cannot be read.
pub(crate) fn key() -> String {
    /// Longer files hold something else.
    const BYTES: u64 = 4096;
    let file = text(&KEY_FILE);
    if file.is_empty() {
        return text(&KEY);
    }
    let small = std::fs::metadata(&file).is_ok_and(|m| m.is_file() && m.len() <= BYTES);
    let content = if small {
        std::fs::read_to_string(&file).unwrap_or_default()
    } else {
        String::new()
    };
    content.lines().next().unwrap_or("").trim().to_owned()
}

pub(crate) fn timeout() -> Duration {
    Duration::from_secs(u64::try_from(TIMEOUT.get()).unwrap_or(30))
}

pub(crate) fn max_tokens() -> i32 {
    MAX_TOKENS.get()
}

pub(crate) fn rate_limit() -> i32 {
    RATE_LIMIT.get()
}

pub(crate) fn cache_seconds() -> i32 {
    CACHE.get()
}

pub(crate) fn ask_timeout_ms() -> i32 {
    ASK_TIMEOUT.get()
}
