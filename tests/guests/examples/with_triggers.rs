//! A guest of the larger world: one action, one poll trigger and one webhook trigger.
#![allow(unsafe_code, reason = "generated code")]
#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only a component exports it"))]

use self::bindings::exports::workway::integration::actions::{self, Choice, Context};
use self::bindings::exports::workway::integration::triggers::{self, Event, PollResult, WebhookRequest, WebhookResult};
use self::bindings::workway::integration::definition::{Action, Permissions, Trigger, TriggerKind};
use self::bindings::workway::integration::types::Failure;
use self::bindings::{Definition, Guest};

#[allow(clippy::all, clippy::pedantic, missing_docs, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "integration-with-triggers",
    });
}

struct WithTriggers;

impl Guest for WithTriggers {
    fn describe() -> Definition {
        Definition {
            id: "with-triggers".to_owned(),
            name: "With triggers".to_owned(),
            version: "1.0.0".to_owned(),
            description: "Fires on command.".to_owned(),
            categories: vec!["examples".to_owned()],
            permissions: Permissions {
                hosts: Vec::new(),
                connections: Vec::new(),
                storage: false,
                reveal_token: false,
            },
            actions: vec![Action {
                id: "ping".to_owned(),
                name: "Ping".to_owned(),
                description: String::new(),
                input_schema: "{}".to_owned(),
                output_schema: "{}".to_owned(),
                provider: None,
                scopes: Vec::new(),
                idempotent: true,
            }],
            triggers: vec![trigger("new-number", TriggerKind::Poll), trigger("pushed", TriggerKind::Webhook)],
        }
    }
}

fn trigger(id: &str, kind: TriggerKind) -> Trigger {
    Trigger {
        id: id.to_owned(),
        name: id.to_owned(),
        description: String::new(),
        kind,
        config_schema: r#"{"type":"object"}"#.to_owned(),
        event_schema: "{}".to_owned(),
        sample: Some(r#"{"number":1}"#.to_owned()),
        provider: None,
        scopes: Vec::new(),
    }
}

impl actions::Guest for WithTriggers {
    fn execute(_action: String, _input: String, _context: Context) -> Result<String, Failure> {
        Ok(r#"{"ok":true}"#.to_owned())
    }

    fn options(subject: String, field: String, _input: String, _context: Context) -> Result<Vec<Choice>, Failure> {
        Ok(vec![Choice { value: "1".to_owned(), label: format!("{subject} {field}") }])
    }
}

impl triggers::Guest for WithTriggers {
    fn enable(
        trigger: String,
        _config: String,
        callback_url: Option<String>,
        _context: Context,
    ) -> Result<String, Failure> {
        if trigger == "pushed" && callback_url.is_none() {
            return Err(Failure::InvalidInput("a webhook needs an address".to_owned()));
        }
        Ok(r#"{"subscription":"1"}"#.to_owned())
    }

    fn disable(_trigger: String, _config: String, _state: String, _context: Context) -> Result<(), Failure> {
        Ok(())
    }

    /// The cursor is the last number; each poll brings the next.
    fn poll(
        _trigger: String,
        _config: String,
        cursor: Option<String>,
        _context: Context,
    ) -> Result<PollResult, Failure> {
        let last: u64 = match cursor {
            Some(cursor) => cursor.parse().map_err(|_| Failure::Permanent("the cursor is no number".to_owned()))?,
            None => 0,
        };
        let number = last + 1;
        Ok(PollResult {
            events: vec![Event { dedupe_key: number.to_string(), payload: format!(r#"{{"number":{number}}}"#) }],
            cursor: Some(number.to_string()),
        })
    }

    fn receive(
        _trigger: String,
        _config: String,
        _state: String,
        request: WebhookRequest,
        _context: Context,
    ) -> Result<WebhookResult, Failure> {
        let payload =
            String::from_utf8(request.body).map_err(|_| Failure::InvalidInput("the body is no text".to_owned()))?;
        Ok(WebhookResult {
            status: 202,
            headers: Vec::new(),
            body: Vec::new(),
            events: vec![Event { dedupe_key: payload.clone(), payload }],
        })
    }
}

#[cfg(target_family = "wasm")]
bindings::export!(WithTriggers with_types_in bindings);
