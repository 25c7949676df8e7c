//! Planning, wording and the language model, as the functions of `70_words.sql` call them.

mod http;
pub(crate) mod settings;

use std::ffi::c_int;

use chrono::NaiveDate;
use kpi_core::words::prompt::{self, Aliases};
use kpi_core::words::{self, Catalogue, Facts, Fault, Lang, Plan};
use pgrx::JsonB;
use pgrx::PgSqlErrorCode;
use pgrx::prelude::*;
use serde_json::{Value, json};

use crate::error::{SqlResult, error};
use crate::worker;

fn shape<T: serde::de::DeserializeOwned>(value: Value, what: &str) -> SqlResult<T> {
    serde_json::from_value(value).map_err(|failure| {
        error(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("{what} has another shape: {failure}"),
            "See docs/words.md for the shape.",
        )
    })
}

/// Plans a question.
#[pg_extern(sql = false)]
fn words_plan(question: &str, context: Option<JsonB>, catalogue: JsonB) -> SqlResult<JsonB> {
    let catalogue: Catalogue = shape(catalogue.0, "catalogue")?;
    let context: Option<Plan> = context.and_then(|c| serde_json::from_value(c.0).ok());
    let plan = words::plan(question, context.as_ref(), &catalogue);
    Ok(JsonB(serde_json::to_value(plan).unwrap_or(Value::Null)))
}

/// What runs a plan, and what is shown around its rows.
#[pg_extern(sql = false)]
fn words_call(plan: JsonB, question: &str, asof: &str) -> SqlResult<JsonB> {
    let plan: Plan = shape(plan.0, "plan")?;
    let asof: NaiveDate = asof.parse().unwrap_or_default();
    let call = words::call(&plan, question, asof);
    Ok(JsonB(json!({
        "sql": call.sql, "total_sql": call.total_sql, "facts": call.facts, "chart": call.chart,
        "lang": if words::language(&plan, question) == Lang::Ko { "ko" } else { "en" },
        "suggestions": call.suggestions, "sure": plan.confidence >= words::SURE,
    })))
}

/// What is said in place of an answer.
#[pg_extern(sql = false)]
fn words_refusal(plan: JsonB, question: &str) -> SqlResult<String> {
    Ok(words::refusal(&shape(plan.0, "plan")?, question))
}

/// Rows as a text.
#[pg_extern(sql = false)]
fn words_narrate(kind: &str, facts: JsonB, lang: &str) -> String {
    words::narrate(kind, &facts.0, Lang::parse(lang))
}

/// The function that rows come from, by their columns.
#[pg_extern(sql = false)]
fn words_kind(facts: JsonB) -> &'static str {
    words::kind_of(&Facts::from_json(&facts.0))
}

/// Faults of a text, as an array of `{"kind", "at"}`.
#[pg_extern(sql = false)]
fn words_verify(kind: &str, reply: &str, facts: JsonB) -> JsonB {
    JsonB(faults_json(&words::verify(
        kind,
        reply,
        &Facts::from_json(&facts.0),
    )))
}

fn faults_json(faults: &[Fault]) -> Value {
    Value::Array(
        faults
            .iter()
            .map(|f| json!({"kind": format!("{:?}", f.kind).to_lowercase(), "at": f.at}))
            .collect(),
    )
}

/// Whether an endpoint and a model are set.
#[pg_extern(sql = false)]
fn llm_configured() -> bool {
    !settings::endpoint().is_empty()
}

/// Limits that SQL keeps: calls a minute, seconds in the cache, the model.
#[pg_extern(sql = false)]
fn llm_limits() -> JsonB {
    JsonB(
        json!({"rate": settings::rate_limit(), "cache": settings::cache_seconds(), "model": settings::model()}),
    )
}

/// Whether the endpoint answers, as a status word.
#[pg_extern(sql = false)]
fn llm_probe() -> SqlResult<String> {
    let (endpoint, key) = (settings::endpoint(), settings::key());
    if endpoint.is_empty() {
        return Ok("not_configured".to_owned());
    }
    let timeout = settings::timeout().min(std::time::Duration::from_secs(5));
    worker::run(move |cancel| http::probe(&endpoint, &key, timeout, cancel))
}

/// One exchange with the model, as a row of the log.
fn exchange(
    messages: Value,
    schema: Value,
    model: Option<&str>,
) -> SqlResult<(Option<String>, Value)> {
    let model = model
        .filter(|m| !m.trim().is_empty())
        .map_or_else(settings::model, str::to_owned);
    let request = http::Request {
        endpoint: settings::endpoint(),
        key: settings::key(),
        model,
        messages,
        schema,
        max_tokens: settings::max_tokens(),
        timeout: settings::timeout().min(ask_time_left()),
    };
    let outcome = worker::run(move |cancel| http::complete(&request, cancel))?;
    let log = json!({
        "status": outcome.status, "prompt_tokens": outcome.prompt_tokens,
        "completion_tokens": outcome.completion_tokens, "ms": u64::try_from(outcome.elapsed.as_millis()).unwrap_or(u64::MAX),
    });
    Ok((outcome.content, log))
}

/// Asks the model to word `notes`; the reply is checked against `facts`, and asked for once more where it is wrong.
///
/// `{"text": null | text, "status": …, "faults": […], "calls": […]}`; never an error because of the model.
#[pg_extern(sql = false)]
fn llm_words(
    kind: &str,
    facts: JsonB,
    notes: &str,
    question: Option<&str>,
    lang: &str,
    model: Option<&str>,
) -> SqlResult<JsonB> {
    /// One answer and one correction.
    const ROUNDS: usize = 2;
    let facts = Facts::from_json(&facts.0);
    let aliases = Aliases::of(&facts);
    let lang = Lang::parse(lang);
    let mut calls: Vec<Value> = Vec::new();
    let mut faults: Vec<Fault> = Vec::new();
    let mut status = "failed".to_owned();
    for _ in 0..ROUNDS {
        let messages = prompt::rewording(notes, question, &aliases, lang, &faults);
        let (content, log) = exchange(messages, prompt::text_schema(), model)?;
        status = log
            .get("status")
            .and_then(Value::as_str)
            .unwrap_or("failed")
            .to_owned();
        calls.push(log);
        let Some(content) = content else { break };
        let Some(text) = prompt::reply(&content, "text") else {
            status = "not_the_schema".to_owned();
            break;
        };
        let text = aliases.show(text.trim());
        faults = words::verify(kind, &text, &facts);
        if faults.is_empty() {
            return Ok(JsonB(
                json!({"text": text, "status": "ok", "faults": [], "calls": calls}),
            ));
        }
        status = "not_verified".to_owned();
    }
    Ok(JsonB(
        json!({"text": null, "status": status, "faults": faults_json(&faults), "calls": calls}),
    ))
}

/// Asks the model which function a question means; names are masked.
#[pg_extern(sql = false)]
fn llm_route(question: &str, catalogue: JsonB) -> SqlResult<JsonB> {
    let catalogue: Catalogue = shape(catalogue.0, "catalogue")?;
    let masked = words::router::mask(question, &catalogue);
    let (content, log) = exchange(prompt::routing(&masked), prompt::routing_schema(), None)?;
    let function = content
        .and_then(|c| prompt::reply(&c, "function"))
        .filter(|f| words::FUNCTIONS.contains(&f.as_str()));
    Ok(JsonB(json!({"function": function, "calls": [log]})))
}

unsafe extern "C" {
    fn enable_timeout_after(id: c_int, delay_ms: c_int);
    fn get_timeout_active(id: c_int) -> bool;
    fn get_timeout_finish_time(id: c_int) -> pg_sys::TimestampTz;
}

/// `STATEMENT_TIMEOUT` in `utils/timeout.h`, the same in PostgreSQL 15 to 18.
const STATEMENT_TIMEOUT: c_int = 3;

/// What the timer of `ask` leaves for a model, so that a slow one costs its wording and not the answer.
/// A `statement_timeout` of the session is another matter: it ends the statement.
fn ask_time_left() -> std::time::Duration {
    use std::time::Duration;
    /// For what follows the model's reply.
    const REST: Duration = Duration::from_millis(500);
    // SAFETY: read on the backend's main thread inside a statement.
    let left = unsafe {
        if pg_sys::StatementTimeout > 0 || !get_timeout_active(STATEMENT_TIMEOUT) {
            return Duration::MAX;
        }
        get_timeout_finish_time(STATEMENT_TIMEOUT) - pg_sys::GetCurrentTimestamp()
    };
    Duration::from_micros(u64::try_from(left).unwrap_or(0)).saturating_sub(REST)
}

/// Arms the statement's timer where none runs: `SET statement_timeout` does nothing for the statement it is in.
/// The server stops the timer when the statement ends.
#[pg_extern(sql = false)]
fn ask_arm_timer() -> bool {
    let delay = settings::ask_timeout_ms();
    if delay <= 0 {
        return false;
    }
    // SAFETY: called on the backend's main thread inside a statement; the timer is registered at backend start.
    unsafe {
        if get_timeout_active(STATEMENT_TIMEOUT) {
            return false;
        }
        enable_timeout_after(STATEMENT_TIMEOUT, delay);
    }
    true
}
