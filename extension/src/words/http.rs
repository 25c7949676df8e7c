//! One chat completion: bounded in time and size, never redirected, never told in an error.
//!
//! Runs on a worker thread and touches no Postgres function. A failure is a short word that names
//! neither the address nor the key.

use std::ffi::CStr;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode, Url, redirect};
use serde_json::{Value, json};

/// What to ask whom.
pub(super) struct Request {
    pub endpoint: String,
    pub key: String,
    pub model: String,
    pub messages: Value,
    pub schema: Value,
    pub max_tokens: i32,
    pub timeout: Duration,
}

/// What came of it.
pub(super) struct Outcome {
    /// The reply's text; `None` where `status` is not `ok`.
    pub content: Option<String>,
    /// `ok`, or what went wrong, as in `timeout`.
    pub status: String,
    pub prompt_tokens: i64,
    pub completion_tokens: i64,
    pub elapsed: Duration,
}

/// Replies are a few hundred tokens; more than this is no reply.
const BODY_BYTES: usize = 1 << 20;
const TRIES: u32 = 3;
const CONNECT: Duration = Duration::from_secs(3);
/// First pause before another try; doubled each time.
const PAUSE: Duration = Duration::from_millis(250);
/// How often the cancel flag is looked at.
const TICK: Duration = Duration::from_millis(20);

enum Failure {
    /// Worth another try, after the time the server named.
    Again(String, Option<Duration>),
    /// The request's shape may not be understood: try a plainer one.
    Plainer(String),
    Final(String),
}

/// Asks until there is an answer, the deadline is over or `cancel` is raised.
pub(super) fn complete(request: &Request, cancel: &AtomicBool) -> Outcome {
    let start = Instant::now();
    let mut outcome = Outcome {
        content: None,
        status: "failed".to_owned(),
        prompt_tokens: 0,
        completion_tokens: 0,
        elapsed: Duration::ZERO,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else { return outcome };
    let work = async {
        let work = tries(request, start, &mut outcome);
        tokio::pin!(work);
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                status = &mut work => break status,
                _ = tick.tick() => if cancel.load(Ordering::SeqCst) { break "cancelled".to_owned() },
                () = tokio::time::sleep(request.timeout.saturating_sub(start.elapsed())) => break "timeout".to_owned(),
            }
        }
    };
    let status = runtime.block_on(work);
    // A name lookup under way is not waited for.
    runtime.shutdown_background();
    outcome.status = status;
    outcome.elapsed = start.elapsed();
    outcome
}

async fn tries(request: &Request, start: Instant, outcome: &mut Outcome) -> String {
    let (client, url) = match connect(&request.endpoint, "chat/completions").await {
        Ok(found) => found,
        Err(status) => return status,
    };
    let mut with_schema = true;
    let mut pause = PAUSE;
    let mut last = "failed".to_owned();
    for attempt in 0..TRIES {
        let body = body(request, with_schema);
        match once(&client, url.clone(), &request.key, &body, outcome).await {
            Ok(content) => {
                outcome.content = Some(content);
                return "ok".to_owned();
            }
            Err(Failure::Final(status)) => return status,
            Err(Failure::Plainer(status)) if with_schema => {
                with_schema = false;
                last = status;
                continue;
            }
            Err(Failure::Plainer(status)) => return status,
            Err(Failure::Again(status, after)) => {
                last = status;
                // A little disorder keeps many backends from knocking at once.
                let jitter = Duration::from_millis(u64::from(std::process::id()) * 7 % 97);
                let wait = after.unwrap_or(pause + jitter);
                if attempt + 1 == TRIES || start.elapsed() + wait >= request.timeout {
                    break;
                }
                tokio::time::sleep(wait).await;
                pause *= 2;
            }
        }
    }
    last
}

fn body(request: &Request, with_schema: bool) -> Value {
    let mut body = json!({
        "model": request.model,
        "messages": request.messages,
        "temperature": 0,
        "seed": 1,
        "max_tokens": request.max_tokens,
        "stream": false
    });
    if with_schema && let Some(map) = body.as_object_mut() {
        map.insert(
            "response_format".into(),
            json!({"type": "json_schema", "json_schema": request.schema}),
        );
    }
    body
}

async fn once(
    client: &Client,
    url: Url,
    key: &str,
    body: &Value,
    outcome: &mut Outcome,
) -> Result<String, Failure> {
    let mut call = client.post(url).json(body);
    if !key.is_empty() {
        call = call.bearer_auth(key);
    }
    let mut response = call.send().await.map_err(|e| {
        if e.is_timeout() {
            Failure::Again("timeout".into(), None)
        } else if e.is_connect() {
            Failure::Again("no_connection".into(), None)
        } else {
            Failure::Final("request_failed".into())
        }
    })?;
    let status = response.status();
    if !status.is_success() {
        let word = format!("http_{}", status.as_u16());
        let after = response
            .headers()
            .get("retry-after")
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.trim().parse().ok())
            .map(Duration::from_secs);
        return Err(match status {
            StatusCode::TOO_MANY_REQUESTS => Failure::Again(word, after),
            s if s.is_server_error() => Failure::Again(word, after),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Failure::Plainer(word),
            s if s.is_redirection() => Failure::Final("redirect".into()),
            _ => Failure::Final(word),
        });
    }
    let mut bytes: Vec<u8> = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|_| Failure::Again("cut_off".into(), None))?
    {
        if bytes.len() + chunk.len() > BODY_BYTES {
            return Err(Failure::Final("too_large".into()));
        }
        bytes.extend_from_slice(&chunk);
    }
    let reply: Value =
        serde_json::from_slice(&bytes).map_err(|_| Failure::Final("not_json".into()))?;
    let count = |name: &str| {
        reply
            .pointer(name)
            .and_then(Value::as_i64)
            .unwrap_or(0)
            .max(0)
    };
    outcome.prompt_tokens += count("/usage/prompt_tokens");
    outcome.completion_tokens += count("/usage/completion_tokens");
    let choice = reply
        .pointer("/choices/0")
        .ok_or_else(|| Failure::Final("no_choice".into()))?;
    if choice.get("finish_reason").and_then(Value::as_str) == Some("length") {
        return Err(Failure::Final("truncated".into()));
    }
    choice
        .pointer("/message/content")
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| Failure::Final("no_content".into()))
}

/// Whether the endpoint lists its models; its status word.
pub(super) fn probe(endpoint: &str, key: &str, timeout: Duration, cancel: &AtomicBool) -> String {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return "failed".to_owned();
    };
    let status = runtime.block_on(async {
        let work = async {
            let (client, url) = match connect(endpoint, "models").await {
                Ok(found) => found,
                Err(status) => return status,
            };
            let mut call = client.get(url);
            if !key.is_empty() {
                call = call.bearer_auth(key);
            }
            match call.send().await {
                Ok(response) if response.status().is_success() => "ok".to_owned(),
                Ok(response) => format!("http_{}", response.status().as_u16()),
                Err(_) => "no_connection".to_owned(),
            }
        };
        tokio::pin!(work);
        let mut tick = tokio::time::interval(TICK);
        let end = tokio::time::sleep(timeout);
        tokio::pin!(end);
        loop {
            tokio::select! {
                status = &mut work => break status,
                () = &mut end => break "timeout".to_owned(),
                _ = tick.tick() => if cancel.load(Ordering::SeqCst) { break "cancelled".to_owned() },
            }
        }
    });
    runtime.shutdown_background();
    status
}

/// An endpoint with its host's name, or what is wrong with its form.
pub(super) fn form(endpoint: &str) -> Result<(Url, String), &'static CStr> {
    const NO_URL: &CStr = c"It is no URL like https://api.example.com/v1.";
    let base = Url::parse(endpoint).map_err(|_| NO_URL)?;
    let host = base.host_str().ok_or(NO_URL)?.trim_matches(['[', ']']);
    let here = host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match base.scheme() {
        "https" => {}
        "http" if here => {}
        "http" => return Err(c"http goes only to localhost, 127.0.0.1 or [::1]; use https."),
        _ => return Err(c"It must start with https://, or with http:// for a loopback address."),
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err(
            c"A name and a password are no part of it; the key is pg_kpi.llm_api_key_file.",
        );
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(c"It ends with the path: nothing after ? or #.");
    }
    let host = host.to_owned();
    Ok((base, host))
}

/// A client that reaches only the endpoint's own, checked addresses.
async fn connect(endpoint: &str, path: &str) -> Result<(Client, Url), String> {
    let refused = |word: &str| Err(word.to_owned());
    let Ok((base, host)) = form(endpoint) else {
        return refused("bad_endpoint");
    };
    let port = base.port_or_known_default().unwrap_or(443);
    let Ok(found) = tokio::net::lookup_host((host.as_str(), port)).await else {
        return refused("no_such_host");
    };
    let addresses: Vec<SocketAddr> = found.collect();
    if addresses.is_empty() {
        return refused("no_such_host");
    }
    let loopback = addresses.iter().all(|a| a.ip().is_loopback());
    match base.scheme() {
        "https" => {}
        "http" if loopback => {}
        _ => return refused("blocked_address"),
    }
    if addresses.iter().any(|a| is_blocked(a.ip())) {
        return refused("blocked_address");
    }
    // Fails only when another provider was installed before, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .resolve_to_addrs(&host, &addresses)
        .https_only(base.scheme() == "https")
        .build()
        .map_err(|_| "no_client".to_owned())?;
    let text = base.as_str().trim_end_matches('/');
    let whole = if text.ends_with(path) {
        text.to_owned()
    } else {
        format!("{}/{path}", text.trim_end_matches("/chat/completions"))
    };
    let url = Url::parse(&whole).map_err(|_| "bad_endpoint".to_owned())?;
    Ok((client, url))
}

/// Link-local and unspecified addresses: where clouds keep their metadata.
fn is_blocked(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast()
        }
        IpAddr::V6(v6) => {
            v6.is_unspecified()
                || v6.is_multicast()
                || (v6.segments()[0] & 0xffc0) == 0xfe80
                || v6
                    .to_ipv4_mapped()
                    .is_some_and(|v4| is_blocked(IpAddr::V4(v4)))
        }
    }
}
