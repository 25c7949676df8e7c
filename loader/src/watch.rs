//! `kpi watch`: loads what arrives in a directory.

use crate::db::Database;
use crate::load::{LoadOptions, Session, looks_like_table};
use crate::{Outcome, say};
use anyhow::{Context, Result};
use std::cell::Cell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::signal::unix::{SignalKind, signal};

/// Load every file that arrives in a directory
///
/// A file is taken when its size has not changed for one interval. What was loaded before is known
/// by its content, so the command can be stopped and started at any time. Ctrl-C ends it.
#[derive(clap::Args, Debug)]
pub(crate) struct WatchArgs {
    /// Directory
    dir: PathBuf,
    /// Seconds between looks
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    interval: u64,
    /// Load what is there and end
    #[arg(long)]
    once: bool,
    /// Move files that were loaded here
    #[arg(long, value_name = "DIR")]
    done: Option<PathBuf>,
    #[command(flatten)]
    options: LoadOptions,
}

/// Size and time of a file: as long as they stay, it is the same.
type Stamp = (u64, Option<SystemTime>);

/// The files of a directory that look like tables.
fn look(dir: &Path) -> Result<HashMap<PathBuf, Stamp>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    Ok(entries
        .filter_map(|e| e.ok().map(|e| e.path()))
        .filter(|p| looks_like_table(p))
        .filter_map(|p| {
            let meta = fs::metadata(&p).ok().filter(fs::Metadata::is_file)?;
            Some((p, (meta.len(), meta.modified().ok())))
        })
        .collect())
}

/// Seconds to wait for a server that is gone, at most.
const LONGEST_WAIT: u64 = 60;

/// Watches until it is stopped.
///
/// # Errors
///
/// Where the directory cannot be read, or at the start no server is there.
pub(crate) async fn run(database: &Database, args: &WatchArgs) -> Result<Outcome> {
    let outcome = Cell::new(Outcome::Done);
    // One stream of signals for all of the time: an interrupt during a load counts, too. What is
    // dropped here is a connection with its transaction.
    let mut interrupts = signal(SignalKind::interrupt())?;
    tokio::select! {
        ended = watch(database, args, &outcome) => ended?,
        _ = interrupts.recv() => say!("stopped"),
    }
    Ok(outcome.get())
}

/// Loads what arrives, for ever or once, and keeps the worst outcome.
async fn watch(database: &Database, args: &WatchArgs, outcome: &Cell<Outcome>) -> Result<()> {
    let mut session = Session::new(database, args.options.clone()).await?;
    let mut seen: HashMap<PathBuf, Stamp> = HashMap::new();
    let mut handled: HashMap<PathBuf, Stamp> = HashMap::new();
    let mut wait = args.interval;
    loop {
        let now = look(&args.dir)?;
        let mut ready: Vec<&PathBuf> = now
            .iter()
            .filter(|(p, stamp)| {
                handled.get(*p) != Some(stamp) && (args.once || seen.get(*p) == Some(stamp))
            })
            .map(|(p, _)| p)
            .collect();
        ready.sort();
        for path in ready {
            match session.load(path).await {
                Ok(one) => {
                    wait = args.interval;
                    if let Some(stamp) = now.get(path) {
                        handled.insert(path.clone(), *stamp);
                    }
                    if one != Outcome::Refused {
                        put_away(path, args.done.as_deref())?;
                    }
                    if one != Outcome::Done && outcome.get() != Outcome::Refused {
                        outcome.set(one);
                    }
                }
                Err(e) if args.once => return Err(e),
                Err(e) => {
                    crate::complain!("{}; trying again", crate::message(&e));
                    wait = (wait * 2).min(LONGEST_WAIT);
                    if let Ok(again) = Session::new(database, args.options.clone()).await {
                        session = again;
                    }
                    break;
                }
            }
        }
        session.finish().await?;
        if args.once {
            return Ok(());
        }
        seen = now;
        tokio::time::sleep(Duration::from_secs(wait)).await;
    }
}

/// Moves a loaded file away, where that was asked for.
fn put_away(path: &Path, done: Option<&Path>) -> Result<()> {
    let (Some(dir), Some(name)) = (done, path.file_name()) else {
        return Ok(());
    };
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    // Tomorrow's export may have the same name as today's.
    let mut to = dir.join(name);
    for number in 2u64.. {
        if !to.exists() {
            break;
        }
        let plain = Path::new(name);
        let mut other = plain.file_stem().unwrap_or(name).to_owned();
        other.push(format!("-{number}"));
        if let Some(end) = plain.extension() {
            other.push(".");
            other.push(end);
        }
        to = dir.join(other);
    }
    // Another file system takes a copy.
    fs::rename(path, &to)
        .or_else(|_| fs::copy(path, &to).and_then(|_| fs::remove_file(path)))
        .with_context(|| format!("cannot move {} to {}", path.display(), dir.display()))
}
