//! Slack: messages, channels and people over its Web API. It keeps nothing and never sees the
//! workspace's token; the host puts it on the requests.

mod channels;
mod client;
mod error;
mod messages;
mod people;

use workway_sdk::prelude::*;

struct Slack;

impl Integration for Slack {
    fn definition() -> Definition {
        Definition::new("slack", "Slack", env!("CARGO_PKG_VERSION"))
            .description("Writes messages, lists channels and finds people in a Slack workspace.")
            .category("communication")
            .host(client::HOST)
            .connection(ConnectionNeed::required(client::PROVIDER).scopes([
                "chat:write",
                "channels:read",
                "groups:read",
                "users:read",
                "users:read.email",
            ]))
            .action(
                Action::new("post-message", messages::post_message)
                    .name("Post message")
                    .description("Writes a message to a channel, a thread or a person.")
                    .provider(client::PROVIDER)
                    .scopes(["chat:write"]),
            )
            .action(
                Action::new("update-message", messages::update_message)
                    .name("Update message")
                    .description("Replaces a message that the app wrote.")
                    .provider(client::PROVIDER)
                    .scopes(["chat:write"])
                    .idempotent(),
            )
            .action(
                Action::new("list-channels", channels::list_channels)
                    .name("List channels")
                    .description("Lists the workspace's channels, page by page.")
                    .provider(client::PROVIDER)
                    .scopes(["channels:read", "groups:read"])
                    .idempotent(),
            )
            .action(
                Action::new("find-user-by-email", people::find_user_by_email)
                    .name("Find user by e-mail")
                    .description("Finds the person with an e-mail address.")
                    .provider(client::PROVIDER)
                    .scopes(["users:read", "users:read.email"])
                    .idempotent(),
            )
    }
}

workway_sdk::export!(Slack);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_schema_of_a_message_asks_for_text_or_blocks() {
        for id in ["post-message", "update-message"] {
            let definition = Slack::definition();
            let action = definition.actions().find(|action| action.id() == id).expect("the action is there");
            let schema: Value = serde_json::from_str(&action.input_schema()).expect("JSON");
            assert_eq!(schema["anyOf"], json!([{"required": ["text"]}, {"required": ["blocks"]}]));
        }
    }
}
