//! The actions on messages.

use serde_json::{Map, Value};
use workway_sdk::prelude::*;

use crate::client::{send, write};

/// The message to write: text, blocks, or both.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(deserialize = "camelCase"), deny_unknown_fields)]
#[schemars(extend("anyOf" = [{"required": ["text"]}, {"required": ["blocks"]}]))]
pub(crate) struct PostMessage {
    /// The id of a channel or a person, or a public channel's name.
    #[schemars(length(min = 1, max = 255))]
    channel: String,
    /// The text, in Slack's mrkdwn; with blocks, what notifications show.
    #[schemars(length(min = 1, max = 40000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Block Kit blocks.
    #[schemars(length(min = 1, max = 50))]
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<Vec<Map<String, Value>>>,
    /// The `ts` of the message whose thread this one joins.
    #[schemars(regex(pattern = r"^[0-9]+\.[0-9]+$"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<String>,
    /// Whether a message in a thread shows in its channel too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reply_broadcast: bool,
    /// Whether links to pages are unfolded; as the workspace has it unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfurl_links: Option<bool>,
}

/// The message to put in place of another: text, blocks, or both.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(deserialize = "camelCase"), deny_unknown_fields)]
#[schemars(extend("anyOf" = [{"required": ["text"]}, {"required": ["blocks"]}]))]
pub(crate) struct UpdateMessage {
    /// The id of the message's channel.
    #[schemars(length(min = 1, max = 255))]
    channel: String,
    /// The message's `ts`.
    #[schemars(regex(pattern = r"^[0-9]+\.[0-9]+$"))]
    ts: String,
    /// The text, in Slack's mrkdwn.
    #[schemars(length(min = 1, max = 4000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Block Kit blocks.
    #[schemars(length(min = 1, max = 50))]
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<Vec<Map<String, Value>>>,
}

/// Where the message is now.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all(serialize = "camelCase"))]
pub(crate) struct MessagePlace {
    /// The id of the message's channel.
    channel: String,
    /// The message's timestamp, which is its id within the channel.
    ts: String,
}

/// Writes a message to a channel, a thread or a person.
#[action(provider = "slack", scopes = ["chat:write"])]
pub(crate) fn post_message(ctx: &Context, input: PostMessage) -> Result<MessagePlace> {
    says_something(input.text.as_deref(), input.blocks.as_deref())?;
    send(ctx, write(ctx, "chat.postMessage", &input))
}

/// Replaces a message that the app wrote.
#[action(provider = "slack", scopes = ["chat:write"], idempotent)]
pub(crate) fn update_message(ctx: &Context, input: UpdateMessage) -> Result<MessagePlace> {
    says_something(input.text.as_deref(), input.blocks.as_deref())?;
    send(ctx, write(ctx, "chat.update", &input))
}

/// The schema asks that one of them is there; null and emptiness pass it.
fn says_something(text: Option<&str>, blocks: Option<&[Map<String, Value>]>) -> Result<()> {
    if text.is_none_or(str::is_empty) && blocks.is_none_or(<[_]>::is_empty) {
        return Err(Failure::InvalidInput("a message needs `text` or `blocks`".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_sent_in_slacks_spelling_without_what_was_not_given() {
        let input = json!({"channel": "C1", "text": "hi", "threadTs": "1.2", "unfurlLinks": false});
        let message: PostMessage = serde_json::from_value(input).expect("a message");
        assert_eq!(
            serde_json::to_value(message).expect("JSON"),
            json!({"channel": "C1", "text": "hi", "thread_ts": "1.2", "unfurl_links": false})
        );
    }

    #[test]
    fn a_message_that_says_nothing_is_refused() {
        assert!(says_something(None, None).is_err());
        assert!(says_something(Some(""), Some(&[])).is_err());
        assert!(says_something(Some("hi"), None).is_ok());
        assert!(says_something(None, Some(&[Map::new()])).is_ok());
    }
}
