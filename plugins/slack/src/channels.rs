//! The action that lists channels.

use workway_sdk::prelude::*;

use crate::client::{read, send};

/// Which channels to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ListChannels {
    /// Whether private channels that the app is in are listed too.
    #[serde(default)]
    include_private: bool,
    /// Whether archived channels are listed too.
    #[serde(default)]
    include_archived: bool,
    /// How many to a page; 100 unless given. A page may have fewer even when it is not the last.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u16>,
    /// The `nextCursor` of the page before, with the same filters.
    #[schemars(length(min = 1, max = 1000))]
    cursor: Option<String>,
}

/// One page of channels.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChannelPage {
    channels: Vec<Channel>,
    /// Where the next page begins; nothing after the last.
    next_cursor: Option<String>,
}

/// A channel.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Channel {
    id: String,
    /// The name, without `#`.
    name: String,
    is_private: bool,
    is_archived: bool,
    /// Whether the app is in it.
    is_member: bool,
    /// How many people are in it, where Slack says so.
    member_count: Option<u64>,
    topic: String,
    purpose: String,
}

#[derive(Deserialize)]
struct ListAnswer {
    channels: Vec<SlackChannel>,
    #[serde(default)]
    response_metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    next_cursor: String,
}

#[derive(Deserialize)]
struct SlackChannel {
    id: String,
    name: String,
    #[serde(default)]
    is_private: bool,
    #[serde(default)]
    is_archived: bool,
    #[serde(default)]
    is_member: bool,
    num_members: Option<u64>,
    #[serde(default)]
    topic: Text,
    #[serde(default)]
    purpose: Text,
}

#[derive(Default, Deserialize)]
struct Text {
    #[serde(default)]
    value: String,
}

/// Lists the workspace's channels, page by page.
#[action(provider = "slack", scopes = ["channels:read", "groups:read"], idempotent)]
pub(crate) fn list_channels(ctx: &Context, input: ListChannels) -> Result<ChannelPage> {
    let types = if input.include_private { "public_channel,private_channel" } else { "public_channel" };
    let request = read(ctx, "conversations.list")
        .query("types", types)
        .query("exclude_archived", !input.include_archived)
        .query("limit", input.limit.unwrap_or(100))
        .query("cursor", input.cursor);
    let answer: ListAnswer = send(ctx, request)?;
    Ok(answer.into())
}

impl From<ListAnswer> for ChannelPage {
    fn from(answer: ListAnswer) -> Self {
        let next_cursor = answer.response_metadata.next_cursor;
        Self {
            channels: answer.channels.into_iter().map(Channel::from).collect(),
            // Slack writes "no more" as an empty text.
            next_cursor: Some(next_cursor).filter(|cursor| !cursor.is_empty()),
        }
    }
}

impl From<SlackChannel> for Channel {
    fn from(channel: SlackChannel) -> Self {
        Self {
            id: channel.id,
            name: channel.name,
            is_private: channel.is_private,
            is_archived: channel.is_archived,
            is_member: channel.is_member,
            member_count: channel.num_members,
            topic: channel.topic.value,
            purpose: channel.purpose.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_is_read_as_slack_writes_it() {
        let answer: ListAnswer = serde_json::from_value(json!({
            "ok": true,
            "channels": [
                {"id": "C1", "name": "general", "is_member": true, "num_members": 4,
                 "topic": {"value": "All", "creator": "U1", "last_set": 1}, "purpose": {"value": ""}},
                {"id": "C2", "name": "bare"},
            ],
            "response_metadata": {"next_cursor": "dGVhbTpDMDYxRkE1UEI="},
        }))
        .expect("an answer");
        let page = serde_json::to_value(ChannelPage::from(answer)).expect("JSON");
        assert_eq!(page["nextCursor"], json!("dGVhbTpDMDYxRkE1UEI="));
        assert_eq!(page["channels"][0]["memberCount"], json!(4));
        assert_eq!(page["channels"][0]["topic"], json!("All"));
        assert_eq!(page["channels"][1]["memberCount"], json!(null));
    }

    #[test]
    fn the_last_page_has_no_next() {
        for metadata in [json!({"next_cursor": ""}), json!({})] {
            let answer: ListAnswer =
                serde_json::from_value(json!({"channels": [], "response_metadata": metadata})).expect("an answer");
            assert_eq!(ChannelPage::from(answer).next_cursor, None);
        }
    }
}
