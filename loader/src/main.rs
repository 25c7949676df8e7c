//! The `kpi` command: makes a database ready, brings sales into it, and asks it questions.

mod ask;
mod db;
mod doctor;
mod generate;
mod init;
mod load;
mod manage;
mod table;
mod watch;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Prints a line to standard output; a reader that has gone away is no error.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), "{}", $crate::harmless(&format!($($text)*)));
    }};
}

/// Prints a line about something that went wrong to standard error.
#[macro_export]
macro_rules! complain {
    ($($text:tt)*) => {
        eprintln!("kpi: {}", $crate::harmless(&format!($($text)*)))
    };
}

/// A text whose control characters a terminal does not obey: names and cells of files come from strangers.
pub(crate) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() => '\u{fffd}',
            // What turns the direction of writing makes a name look like another.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Sales lines into PostgreSQL, and what they say
///
/// Exit codes: 0 done, 1 done with rejects, 2 nothing changed because of an error.
#[derive(Parser, Debug)]
#[command(name = "kpi", version, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    database: db::Database,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Init(init::InitArgs),
    Load(Box<load::LoadArgs>),
    Generate(generate::GenerateArgs),
    Refresh(manage::RefreshArgs),
    Loads(manage::LoadsArgs),
    Unload(manage::UnloadArgs),
    Rejects(manage::RejectsArgs),
    Watch(Box<watch::WatchArgs>),
    Ask(ask::AskArgs),
    Doctor(doctor::DoctorArgs),
}

/// What became of a command that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything was done.
    Done,
    /// Done, but some lines were rejected.
    Rejects,
    /// Some files were refused; the message was printed.
    Refused,
}

/// Runs a command.
async fn run(cli: Cli) -> anyhow::Result<Outcome> {
    let database = &cli.database;
    match &cli.command {
        Command::Init(args) => init::run(database, args).await?,
        Command::Load(args) => return load::run(database, args).await,
        Command::Generate(args) => generate::run(args)?,
        Command::Refresh(args) => manage::refresh(database, args).await?,
        Command::Loads(args) => manage::loads(database, args).await?,
        Command::Unload(args) => manage::unload(database, args).await?,
        Command::Rejects(args) => manage::rejects(database, args).await?,
        Command::Watch(args) => return watch::run(database, args).await,
        Command::Ask(args) => ask::run(database, args).await?,
        Command::Doctor(args) => return doctor::run(database, args).await,
    }
    Ok(Outcome::Done)
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(e) => {
            complain!("cannot start: {e}");
            return ExitCode::from(2);
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Rejects) => ExitCode::from(1),
        Ok(Outcome::Refused) => ExitCode::from(2),
        Err(e) => {
            complain!("{}", message(&e));
            ExitCode::from(2)
        }
    }
}

/// An error as one text: contexts joined, the server's own words with their hint.
pub(crate) fn message(error: &anyhow::Error) -> String {
    let parts: Vec<String> = error
        .chain()
        .map(|e| {
            e.downcast_ref::<sqlx::Error>()
                .map_or_else(|| e.to_string(), db::explain)
        })
        .collect();
    let mut text = String::new();
    for part in parts {
        // Hints stand on lines of their own; a cause goes before them, and is said once.
        if text
            .split("\n  ")
            .next()
            .is_some_and(|fact| fact.ends_with(&part))
        {
            continue;
        }
        match text.split_once("\n  ") {
            Some((fact, hint)) => text = format!("{fact}: {part}\n  {hint}"),
            None if text.is_empty() => text = part,
            None => text = format!("{text}: {part}"),
        }
    }
    text
}

/// A number of lines, as English has it.
pub(crate) fn lines(n: u64) -> String {
    format!("{n} line{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_escape_reaches_a_terminal() {
        assert_eq!(
            harmless("a\x1b[31mb\x07\u{9b}c\u{202e}d\n\te 한글"),
            "a\u{fffd}[31mb\u{fffd}\u{fffd}c\u{fffd}d\n\te 한글"
        );
    }
}
