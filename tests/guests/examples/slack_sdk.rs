//! Slack's `chat.postMessage` as one action, written with the SDK. `slack_raw.rs` is the same without it: a test counts the
//! lines of both, and `cargo xtask bench sdk` compares their time and size.

use workway_sdk::prelude::*;

integration! {
    id: "slack-sdk",
    name: "Slack",
    version: "1.0.0",
    description: "Writes messages in a Slack workspace.",
    categories: ["communication"],
    hosts: ["slack.com"],
    connections: [ConnectionNeed::required("slack").scopes(&["chat:write"])],
    actions: [post_message],
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

/// Writes a message to a channel, a thread or a person.
#[action(provider = "slack", scopes = ["chat:write"])]
fn post_message(ctx: &Context, input: Message) -> Result<Posted> {
    let workspace = ctx.connection("slack")?;
    let response = ctx.post("https://slack.com/api/chat.postMessage").auth(&workspace).json(&input).send()?;
    let verdict: Verdict = response.json()?;
    if verdict.ok {
        return response.json();
    }
    let name = verdict.error.unwrap_or_default();
    let message = format!("Slack refused: {name}");
    Err(match name.as_str() {
        "invalid_auth" | "token_revoked" | "token_expired" => Failure::AuthRequired(message),
        "missing_scope" | "not_in_channel" => Failure::PermissionDenied(message),
        "channel_not_found" => Failure::NotFound(message),
        "is_archived" => Failure::Conflict(message),
        "ratelimited" => Failure::RateLimited { message, retry_after: response.retry_after() },
        "internal_error" | "service_unavailable" => Failure::Transient(message),
        _ => Failure::Permanent(message),
    })
}
