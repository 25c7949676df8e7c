//! `kpi ask`: a question in plain words, answered by the database.

use crate::db::{self, Database};
use crate::say;
use crate::table::Table;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::PgConnection;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

/// Ask a question about the sales in plain words
///
/// Without a question it reads one a line. Questions are kept in the file "history" below
/// $XDG_STATE_HOME/kpi (else ~/.local/state/kpi), so that --continue can refer to what was said before.
#[derive(clap::Args, Debug)]
pub(crate) struct AskArgs {
    /// The question
    question: Option<String>,
    /// Go on with the last conversation
    #[arg(long = "continue", short)]
    go_on: bool,
    /// Show the SQL that was run
    #[arg(long)]
    sql: bool,
    /// The whole answer as JSON
    #[arg(long)]
    json: bool,
}

/// Where questions and the last conversation are kept; `None` without a home.
fn state_dir() -> Option<PathBuf> {
    let base = match std::env::var_os("XDG_STATE_HOME").filter(|v| !v.is_empty()) {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".local/state"),
    };
    let dir = base.join("kpi");
    fs::create_dir_all(&dir).ok()?;
    Some(dir)
}

/// Keeps a question; a place that cannot be written is no reason not to answer.
fn remember(question: &str, conversation: Option<&str>) {
    let Some(dir) = state_dir() else { return };
    if let Ok(mut file) = OpenOptions::new()
        .create(true)
        .append(true)
        .open(dir.join("history"))
    {
        let _ = writeln!(file, "{}", question.replace('\n', " "));
    }
    if let Some(id) = conversation {
        let _ = fs::write(dir.join("conversation"), id);
    }
}

/// Answers one question or all that are typed.
pub(crate) async fn run(database: &Database, args: &AskArgs) -> Result<()> {
    let mut conn = database.connect().await?;
    if !db::has_function(&mut conn, "ask").await? {
        bail!("this database has no function kpi.ask\n  type: kpi init");
    }
    let mut conversation = match args.go_on {
        true => state_dir().and_then(|d| fs::read_to_string(d.join("conversation")).ok()),
        false => None,
    };
    if let Some(question) = &args.question {
        return answer(&mut conn, question, &mut conversation, args).await;
    }
    let prompt = std::io::stdin().is_terminal();
    loop {
        if prompt {
            eprint!("kpi> ");
        }
        let mut line = String::new();
        if std::io::stdin()
            .lock()
            .read_line(&mut line)
            .context("cannot read the question")?
            == 0
        {
            return Ok(());
        }
        let question = line.trim();
        if matches!(question, "exit" | "quit" | "\\q") {
            return Ok(());
        }
        if question.is_empty() {
            continue;
        }
        match answer(&mut conn, question, &mut conversation, args).await {
            // One question that cannot be answered does not end the conversation.
            Err(e) if prompt => crate::complain!("{}", crate::message(&e)),
            other => other?,
        }
    }
}

/// Asks the database and prints what it says.
async fn answer(
    conn: &mut PgConnection,
    question: &str,
    conversation: &mut Option<String>,
    args: &AskArgs,
) -> Result<()> {
    let sql = "SELECT to_jsonb(a)::text AS whole FROM kpi.ask($1, conversation => $2::uuid) a";
    let row = match sqlx::query(sql)
        .bind(question)
        .bind(conversation.as_deref())
        .fetch_one(conn)
        .await
    {
        Ok(row) => row,
        Err(e) => bail!("kpi.ask: {}", db::explain(&e)),
    };
    let whole: String = row.try_get("whole")?;
    let whole: Value = serde_json::from_str(&whole).context("kpi.ask answered no JSON")?;
    if let Some(id) = whole["conversation"].as_str() {
        *conversation = Some(id.to_owned());
    }
    remember(question, conversation.as_deref());
    if args.json {
        say!("{whole}");
        return Ok(());
    }
    say!("{}", whole["answer"].as_str().unwrap_or("no answer"));
    if let Some(rows) = whole["rows"].as_array().filter(|r| !r.is_empty()) {
        say!("\n{}", table(rows));
    }
    if let (true, Some(sql)) = (args.sql, whole["sql"].as_str()) {
        say!("{sql}\n");
    }
    if let Some(note) = whole["note"].as_str().filter(|n| !n.is_empty()) {
        say!("note: {note}");
    }
    let more: Vec<&str> = whole["suggestions"]
        .as_array()
        .map(|s| s.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if !more.is_empty() {
        say!("ask next: {}", more.join(" · "));
    }
    Ok(())
}

/// Columns that name a row or are its figure, as the chat panel has them (`rows.ts`).
const FIRST: [&str; 19] = [
    "rank", "time", "cohort", "age", "member", "kind", "action", "subject", "label", "metric",
    "sku", "product", "brand", "tier", "headline", "value", "forecast", "lo", "hi",
];

/// Columns about a figure.
const LAST: [&str; 7] = [
    "level", "model", "source", "evidence", "rule", "status", "note",
];

/// Rows of JSON objects as a table; what holds more than a value is left out.
fn table(rows: &[Value]) -> Table {
    let mut names: Vec<String> = rows
        .first()
        .and_then(Value::as_object)
        .map(|first| {
            first
                .iter()
                .filter(|(_, v)| !v.is_object() && !v.is_array())
                .map(|(k, _)| k.clone())
                .collect()
        })
        .unwrap_or_default();
    // jsonb keeps no order of columns: what names a row comes first, then its figures.
    names.sort_by_key(|n| FIRST.iter().position(|f| f == n).unwrap_or(FIRST.len()));
    names.sort_by_key(|n| LAST.iter().position(|l| l == n).map_or(0, |at| at + 1));
    let mut table = Table::new(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for row in rows {
        table.row(names.iter().map(|n| show(&row[n.as_str()])).collect());
    }
    table
}

/// A value as people read it.
fn show(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(s) => s.clone(),
        Value::Number(n) => match n.as_f64() {
            // Four digits after the point tell enough; whole numbers stay whole.
            Some(f) if f.fract() != 0.0 => format!("{f:.4}"),
            // Of numeric with a scale: 20.0.
            Some(f) if n.is_f64() && f.abs() < 1e15 => format!("{f:.0}"),
            _ => n.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{show, table};

    #[test]
    fn whole_numbers_stay_whole() {
        for (json, shown) in [
            ("20.0", "20"),
            ("20", "20"),
            ("0.25", "0.2500"),
            ("-3.0", "-3"),
        ] {
            assert_eq!(show(&serde_json::from_str(json).unwrap()), shown);
        }
    }

    #[test]
    fn columns_stand_in_reading_order() {
        let row =
            r#"{"abc":"A","note":null,"rank":1,"share":0.5,"value":2,"member":"Web","members":{}}"#;
        let text = table(&[serde_json::from_str(row).unwrap()]).to_string();
        let head: Vec<&str> = text.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(head, ["rank", "member", "value", "abc", "share", "note"]);
    }
}
