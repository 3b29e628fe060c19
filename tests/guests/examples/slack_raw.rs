//! Slack's `chat.postMessage` as one action, written with wit-bindgen, serde and schemars alone: the same types, the same
//! schemas, the same failures. `slack_sdk.rs` is its twin.
#![allow(unsafe_code, reason = "generated code")]
#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only a component exports it"))]

use schemars::{JsonSchema, generate::SchemaSettings};
use serde::{Deserialize, Serialize};

use self::bindings::exports::workway::integration::actions::{Choice, Context, Guest as Actions};
use self::bindings::workway::integration::definition::{Action, ConnectionNeed, Permissions};
use self::bindings::workway::integration::fetch::{self, FetchError, Request, Response};
use self::bindings::workway::integration::oauth::{self, OauthError};
use self::bindings::workway::integration::types::{Failure, RateLimit};
use self::bindings::{Definition, Guest};

#[allow(clippy::all, clippy::pedantic, missing_docs, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "integration",
    });
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Message {
    /// The id of a channel or a person.
    channel: String,
    /// The text, in Slack's mrkdwn.
    text: String,
    /// The message whose thread this one joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Posted {
    channel: String,
    /// The message's timestamp, which is its id within the channel.
    ts: String,
}

#[derive(Deserialize)]
struct Verdict {
    ok: bool,
    error: Option<String>,
}

struct Slack;

impl Guest for Slack {
    fn describe() -> Definition {
        Definition {
            id: "slack-raw".to_owned(),
            name: "Slack".to_owned(),
            version: "1.0.0".to_owned(),
            description: "Writes messages in a Slack workspace.".to_owned(),
            categories: vec!["communication".to_owned()],
            permissions: Permissions {
                hosts: vec!["slack.com".to_owned()],
                connections: vec![ConnectionNeed {
                    provider: "slack".to_owned(),
                    scopes: vec!["chat:write".to_owned()],
                    required: true,
                }],
                storage: false,
                reveal_token: false,
            },
            actions: vec![Action {
                id: "post-message".to_owned(),
                name: "Post message".to_owned(),
                description: "Writes a message to a channel, a thread or a person.".to_owned(),
                input_schema: schema::<Message>(SchemaSettings::draft2020_12().for_deserialize()),
                output_schema: schema::<Posted>(SchemaSettings::draft2020_12().for_serialize()),
                provider: Some("slack".to_owned()),
                scopes: vec!["chat:write".to_owned()],
                idempotent: false,
            }],
            triggers: Vec::new(),
        }
    }
}

impl Actions for Slack {
    fn execute(action: String, input: String, _context: Context) -> Result<String, Failure> {
        if action != "post-message" {
            return Err(Failure::NotFound(format!("unknown action `{action}`")));
        }
        let input = serde_json::from_str(&input).map_err(|error| Failure::InvalidInput(error.to_string()))?;
        serde_json::to_string(&post_message(&input)?).map_err(unexpected)
    }

    fn options(subject: String, field: String, _input: String, _context: Context) -> Result<Vec<Choice>, Failure> {
        Err(Failure::NotFound(format!("`{subject}` has no options for the field `{field}`")))
    }
}

fn schema<T: JsonSchema>(settings: SchemaSettings) -> String {
    settings.into_generator().into_root_schema_for::<T>().as_value().to_string()
}

fn post_message(input: &Message) -> Result<Posted, Failure> {
    let workspace = oauth::connect("slack").map_err(no_connection)?;
    let request = Request {
        method: "POST".to_owned(),
        url: "https://slack.com/api/chat.postMessage".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Some(serde_json::to_vec(input).map_err(unexpected)?),
        timeout_ms: None,
    };
    let response = fetch::send(&request, Some(&workspace)).map_err(no_answer)?;
    if response.status >= 400 {
        return Err(refused(&response));
    }
    let verdict: Verdict = serde_json::from_slice(&response.body).map_err(unexpected)?;
    if verdict.ok {
        return serde_json::from_slice(&response.body).map_err(unexpected);
    }
    let name = verdict.error.unwrap_or_default();
    let message = format!("Slack refused: {name}");
    Err(match name.as_str() {
        "invalid_auth" | "token_revoked" | "token_expired" => Failure::AuthRequired(message),
        "missing_scope" | "not_in_channel" => Failure::PermissionDenied(message),
        "channel_not_found" => Failure::NotFound(message),
        "is_archived" => Failure::Conflict(message),
        "ratelimited" => rate_limited(message, &response),
        "internal_error" | "service_unavailable" => Failure::Transient(message),
        _ => Failure::Permanent(message),
    })
}

fn unexpected(error: serde_json::Error) -> Failure {
    Failure::Permanent(format!("unexpected JSON: {error}"))
}

fn rate_limited(message: String, response: &Response) -> Failure {
    let header = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
    let seconds = header.and_then(|(_, value)| value.trim().parse::<u64>().ok());
    Failure::RateLimited(RateLimit { message, retry_after_ms: seconds.map(|seconds| seconds.saturating_mul(1_000)) })
}

fn refused(response: &Response) -> Failure {
    let body: String = String::from_utf8_lossy(&response.body).trim().chars().take(200).collect();
    let message = format!("the upstream answered {}: {body}", response.status);
    match response.status {
        401 => Failure::AuthRequired(message),
        403 => Failure::PermissionDenied(message),
        404 | 410 => Failure::NotFound(message),
        409 | 412 => Failure::Conflict(message),
        429 => rate_limited(message, response),
        408 | 425 | 500 | 502..=599 => Failure::Transient(message),
        _ => Failure::Permanent(message),
    }
}

fn no_connection(error: OauthError) -> Failure {
    match error {
        OauthError::NotConnected => Failure::AuthRequired("no slack account is connected".to_owned()),
        OauthError::NeedsReconnect(reason) => Failure::AuthRequired(format!("connect slack again: {reason}")),
        OauthError::MissingScopes(scopes) => {
            Failure::PermissionDenied(format!("the slack account lacks scopes: {}", scopes.join(", ")))
        }
        OauthError::Denied(reason) => Failure::PermissionDenied(format!("access to slack denied: {reason}")),
        OauthError::Transient(reason) => Failure::Transient(format!("slack cannot be reached: {reason}")),
    }
}

fn no_answer(error: FetchError) -> Failure {
    match error {
        FetchError::Dns(reason) => Failure::Transient(format!("DNS lookup failed: {reason}")),
        FetchError::Connect(reason) => Failure::Transient(format!("connection failed: {reason}")),
        FetchError::Io(reason) => Failure::Transient(format!("connection broken: {reason}")),
        FetchError::Timeout => Failure::Transient("timed out".to_owned()),
        FetchError::Denied(reason) => Failure::PermissionDenied(format!("request denied: {reason}")),
        FetchError::Auth(reason) => Failure::AuthRequired(format!("unusable credential: {reason}")),
        FetchError::InvalidRequest(reason) => Failure::Permanent(format!("invalid request: {reason}")),
        FetchError::Tls(reason) => Failure::Permanent(format!("TLS failed: {reason}")),
        FetchError::TooLarge(limit) => Failure::Permanent(format!("the body must have at most {limit} bytes")),
    }
}

#[cfg(target_family = "wasm")]
bindings::export!(Slack with_types_in bindings);
