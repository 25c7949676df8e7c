//! Work beside the backend's main thread, which waits on its latch and stays cancellable.
//!
//! Workers see plain memory only: no Postgres function, no palloc'd data. All signals are
//! blocked in them, so that Postgres' handlers run on the main thread alone.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;

use crate::error::{SqlResult, internal};
use crate::settings;

/// Longest wait before the main thread looks around.
const WAIT_MS: i64 = 1000;

/// Runs `f` with all signals blocked: threads spawned in it inherit that.
fn with_signals_blocked<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(libc::sigset_t);
    impl Drop for Restore {
        fn drop(&mut self) {
            // SAFETY: the mask was filled by pthread_sigmask.
            unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
        }
    }
    // SAFETY: both sets are initialised before they are read.
    let _restore = unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut old: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut old);
        Restore(old)
    };
    f()
}

/// Raises the flag and waits for the thread, also when an error unwinds past it.
struct CancelAndJoin<T> {
    cancel: Arc<AtomicBool>,
    thread: Option<JoinHandle<T>>,
}

impl<T> Drop for CancelAndJoin<T> {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs `work` on a thread of its own until it ends or the statement is cancelled.
///
/// `work` looks at the flag at least every 100 ms: a cancel waits for it.
pub(crate) fn run<T: Send + 'static>(
    work: impl FnOnce(&AtomicBool) -> T + Send + 'static,
) -> SqlResult<T> {
    let (mut done, mut wake) = UnixStream::pair().map_err(internal)?;
    done.set_nonblocking(true).map_err(internal)?;
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancel);
    let thread = with_signals_blocked(|| {
        std::thread::Builder::new()
            .name("pg_kpi".to_owned())
            .spawn(move || {
                let result = catch_unwind(AssertUnwindSafe(|| work(&flag)));
                let _ = wake.write(&[1]);
                result
            })
    })
    .map_err(internal)?;
    let mut guard = CancelAndJoin {
        cancel,
        thread: Some(thread),
    };
    loop {
        // SAFETY: called on the backend's main thread with its own latch and an open socket.
        unsafe {
            pg_sys::WaitLatchOrSocket(
                pg_sys::MyLatch,
                (pg_sys::WL_LATCH_SET
                    | pg_sys::WL_SOCKET_READABLE
                    | pg_sys::WL_TIMEOUT
                    | pg_sys::WL_EXIT_ON_PM_DEATH) as i32,
                done.as_raw_fd(),
                WAIT_MS,
                pg_sys::PG_WAIT_EXTENSION,
            );
            pg_sys::ResetLatch(pg_sys::MyLatch);
        }
        // Raises and unwinds when the statement is to end; the guard then stops the worker.
        pgrx::check_for_interrupts!();
        if done.read(&mut [0u8; 1]).is_ok() {
            break;
        }
    }
    let finished = guard.thread.take().map(JoinHandle::join);
    match finished {
        Some(Ok(Ok(value))) => Ok(value),
        Some(Ok(Err(panic)) | Err(panic)) => Err(panicked(panic.as_ref())),
        None => Err(internal("worker thread vanished")),
    }
}

/// Runs `work` inside a pool of `pg_kpi.threads` threads: rayon's parallel iterators use them.
pub(crate) fn run_on_pool<T: Send + 'static>(
    work: impl FnOnce(&AtomicBool) -> T + Send + 'static,
) -> SqlResult<T> {
    let threads = settings::threads();
    let pool =
        with_signals_blocked(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build())
            .map_err(internal)?;
    run(move |cancel| pool.install(|| work(cancel)))
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> ErrorReport {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    internal(format!("worker thread panicked: {message}"))
}
