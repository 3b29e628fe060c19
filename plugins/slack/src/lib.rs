//! Slack: messages, channels and people over its Web API. It keeps nothing and never sees the
//! workspace's token; the host puts it on the requests.

mod channels;
mod client;
mod error;
mod messages;
mod people;

use workway_sdk::prelude::*;

integration! {
    id: "slack",
    name: "Slack",
    description: "Writes messages, lists channels and finds people in a Slack workspace.",
    categories: ["communication"],
    hosts: [client::HOST],
    connections: [ConnectionNeed::required(client::PROVIDER).scopes(&[
        "chat:write",
        "channels:read",
        "groups:read",
        "users:read",
        "users:read.email",
    ])],
    actions: [
        messages::post_message,
        messages::update_message,
        channels::list_channels,
        people::find_user_by_email,
    ],
}

#[cfg(test)]
mod tests;
