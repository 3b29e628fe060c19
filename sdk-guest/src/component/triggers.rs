//! The exports of the world with triggers. Actions are answered as in the other world.

use super::bindings::integration::workway::integration::types::{Failure as Refusal, Json};
use super::bindings::with_triggers::exports::workway::integration::{actions, triggers};
use super::bindings::with_triggers::{Definition, Guest};
use super::exports::{Component, ExportedIntegration, describe, execute, options};
use super::host::ComponentHost;
use crate::context::Call;
use crate::{Context, Event, Failure, Result, Trigger, WebhookRequest};

impl<E: ExportedIntegration> Guest for Component<E> {
    fn describe() -> Definition {
        describe(E::INTEGRATION)
    }
}

impl<E: ExportedIntegration> actions::Guest for Component<E> {
    fn execute(action: String, input: Json, context: actions::Context) -> Result<Json, Refusal> {
        Ok(execute(E::INTEGRATION, &action, &input, context.into())?)
    }

    fn options(
        subject: String,
        field: String,
        input: Json,
        context: actions::Context,
    ) -> Result<Vec<actions::Choice>, Refusal> {
        let choices = options(E::INTEGRATION, &subject, &field, &input, context.into())?;
        Ok(choices.into_iter().map(|(value, label)| actions::Choice { value, label }).collect())
    }
}

impl<E: ExportedIntegration> triggers::Guest for Component<E> {
    fn enable(
        trigger: String,
        config: Json,
        callback_url: Option<String>,
        context: actions::Context,
    ) -> Result<Json, Refusal> {
        Ok(find::<E>(&trigger)?.enable(&of(context), &config, callback_url.as_deref())?)
    }

    fn disable(trigger: String, config: Json, state: Json, context: actions::Context) -> Result<(), Refusal> {
        Ok(find::<E>(&trigger)?.disable(&of(context), &config, &state)?)
    }

    fn poll(
        trigger: String,
        config: Json,
        cursor: Option<Json>,
        context: actions::Context,
    ) -> Result<triggers::PollResult, Refusal> {
        let polled = find::<E>(&trigger)?.poll(&of(context), &config, cursor.as_deref())?;
        Ok(triggers::PollResult { events: plain(polled.events), cursor: polled.cursor })
    }

    fn receive(
        trigger: String,
        config: Json,
        state: Json,
        request: triggers::WebhookRequest,
        context: actions::Context,
    ) -> Result<triggers::WebhookResult, Refusal> {
        let triggers::WebhookRequest { method, path, query, headers, body } = request;
        let request = WebhookRequest { method, path, query, headers, body };
        let received = find::<E>(&trigger)?.receive(&of(context), &config, &state, request)?;
        Ok(triggers::WebhookResult {
            status: received.status,
            headers: received.headers,
            body: received.body,
            events: plain(received.events),
        })
    }
}

fn find<E: ExportedIntegration>(trigger: &str) -> Result<&'static Trigger> {
    let unknown = || Failure::NotFound(format!("unknown trigger `{trigger}`"));
    E::INTEGRATION.trigger(trigger).ok_or_else(unknown)
}

fn of(context: actions::Context) -> Context {
    Context::new(context.into(), ComponentHost)
}

fn plain(events: Vec<Event<String>>) -> Vec<triggers::Event> {
    let plain = |event: Event<String>| triggers::Event { dedupe_key: event.dedupe_key, payload: event.payload };
    events.into_iter().map(plain).collect()
}

impl From<actions::Context> for Call {
    fn from(context: actions::Context) -> Self {
        let actions::Context { user_id, run_id, step_id, attempt, idempotency_key } = context;
        Self { user_id, run_id, step_id, attempt, idempotency_key }
    }
}
