//! Integrations for the tests of the kit itself, written as the tables that the macros make: nothing here is public.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{MockContext, MockContextBuilder, create_mock_tokens};
use crate::action::{Needs, Options};
use crate::trigger::{Run, Webhook};
use crate::{
    Action, Choice, ConnectionNeed, Context, Event, Failure, Integration, Permissions, Polled, Received, Result,
    Trigger, action, trigger,
};

const NEEDS: Needs = Needs { origins: &[], connections: &[], storage: false };

const PLAIN: Action = Action {
    id: "whoami",
    name: "Who am I",
    description: "Says what the call is.",
    provider: None,
    scopes: &[],
    idempotent: true,
    options: &[Options { field: "said", list: |context, text| action::list(context, text, sayings) }],
    input_schema: || "{}".to_owned(),
    output_schema: || "{}".to_owned(),
    run: |context, text| action::run(context, text, whoami),
    needs: NEEDS,
};

const COUNT: Action =
    Action { id: "count", options: &[], run: |context, text| action::run(context, text, count), ..PLAIN };

/// Two scopes at one provider, one host, and neither storage nor tokens as text.
pub(super) const CHAT: Integration = Integration {
    id: "chat",
    name: "Chat",
    version: "1.0.0",
    description: "",
    categories: &["examples"],
    permissions: Permissions {
        hosts: &["api.chat.example"],
        connections: &[ConnectionNeed::required("chat").scopes(&["read", "write"])],
        storage: false,
        reveal_token: false,
    },
    actions: &[
        PLAIN,
        Action { id: "fail", options: &[], run: |context, text| action::run(context, text, fail), ..PLAIN },
        COUNT,
    ],
    triggers: &[
        Trigger {
            id: "messages",
            name: "Messages",
            description: "",
            provider: Some("chat"),
            scopes: &["read"],
            options: &[],
            config_schema: || "{}".to_owned(),
            event_schema: || "{}".to_owned(),
            sample: Some(|| Ok("1".to_owned())),
            run: Run::Poll(|context, config, cursor| trigger::poll(context, config, cursor, messages)),
            needs: NEEDS,
        },
        Trigger {
            id: "calls",
            name: "Calls",
            description: "",
            provider: None,
            scopes: &[],
            options: &[],
            config_schema: || "{}".to_owned(),
            event_schema: || "{}".to_owned(),
            sample: None,
            run: Run::Webhook(Webhook {
                enable: |context, config, url| trigger::enable(context, config, url, subscribe),
                disable: |context, config, state| trigger::disable(context, config, state, unsubscribe),
                receive: |context, config, state, request| trigger::receive(context, config, state, request, called),
            }),
            needs: NEEDS,
        },
    ],
};

/// Storage and nothing else.
pub(super) const NOTES: Integration = Integration {
    id: "notes",
    permissions: Permissions { hosts: &[], connections: &[], storage: true, reveal_token: false },
    actions: &[COUNT],
    triggers: &[],
    ..CHAT
};

/// A context of CHAT with its account connected.
pub(super) fn chat() -> MockContextBuilder {
    MockContext::builder().integration(&CHAT).tokens("chat", create_mock_tokens())
}

/// What a check panics with.
pub(super) fn complaint(check: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(check)).expect_err("a panic");
    // A text without values in it is another type.
    let plain = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    plain.or_else(|| panic.downcast_ref::<String>().cloned()).expect("text")
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    said: Option<String>,
}

#[derive(Serialize)]
struct Who {
    step: Option<String>,
    key: String,
    said: Option<String>,
}

fn whoami(context: &Context, input: Said) -> Result<Who> {
    let step = context.step_id().map(str::to_owned);
    Ok(Who { step, key: context.idempotency_key().to_owned(), said: input.said })
}

fn sayings(context: &Context, filled: Said) -> Result<Vec<Choice>> {
    Ok(vec![Choice::new(context.user_id(), filled.said.unwrap_or_default())])
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

fn fail(_: &Context, input: Kind) -> Result<Value> {
    let message = "as asked".to_owned();
    Err(match input.kind.as_str() {
        "not-found" => Failure::NotFound(message),
        "rate-limited" => Failure::RateLimited { message, retry_after: Some(Duration::from_secs(1)) },
        _ => Failure::Halt(message),
    })
}

fn count(context: &Context, _: Value) -> Result<u32> {
    context.storage().transaction(|storage| {
        let count = storage.get::<u32>("count")?.unwrap_or(0) + 1;
        storage.put("count", &count)?;
        Ok(count)
    })
}

fn messages(context: &Context, _: Value, cursor: Option<u32>) -> Result<Polled<Value, u32>> {
    let chat = context.connection("chat")?;
    let since = cursor.unwrap_or(0);
    let request = context.get("https://api.chat.example/messages").query("since", since).auth(&chat);
    let messages: Vec<u32> = request.send()?.json()?;
    let events = messages.iter().map(|id| Event::new(id.to_string(), json!({ "id": id }))).collect();
    Ok(Polled { events, cursor: messages.iter().max().copied().or(cursor) })
}

fn subscribe(_: &Context, _: Value, url: &str) -> Result<String> {
    Ok(format!("subscription of {url}"))
}

fn unsubscribe(_: &Context, _: Value, state: String) -> Result<()> {
    if state.starts_with("subscription") { Ok(()) } else { Err(Failure::NotFound(state)) }
}

fn called(_: &Context, _: Value, state: String, request: crate::WebhookRequest) -> Result<Received<Value>> {
    Ok(Received::status(202).event(state, json!(request.body.len())))
}
