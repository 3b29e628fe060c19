//! The contract's interface `triggers`, which a component may lack. Like a call of an action, each is a fresh store. The
//! JSON that a guest hands over is checked to be JSON and otherwise untouched.

use serde_json::value::RawValue;
use wasmtime::Store;
use workway_capability::Capabilities;

use super::{
    LinkedComponent, Measured,
    error::CallError,
    invocation::{Call, OutputBudget},
    state::GuestState,
};
use crate::{
    CallLimits,
    bindings::{GuestFailure, triggers},
};

/// Headers of the answer to a webhook's request.
const MAX_ANSWER_HEADERS: usize = 100;

/// What is asked of a trigger.
#[derive(Clone, Debug)]
pub struct TriggerCall<'a> {
    /// `subject` is the trigger's id and `input` its config, checked against its schema.
    pub call: Call<'a>,
    /// What `enable` answered: for `disable` and `receive`.
    pub state: Option<&'a str>,
    /// What the poll before answered: for `poll`.
    pub cursor: Option<&'a str>,
    /// Where the upstream can reach the host: for `enable`.
    pub callback_url: Option<&'a str>,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// The same for the same event, however often it is told.
    pub dedupe_key: String,
    pub payload: Box<RawValue>,
}

/// What a poll brought.
#[derive(Clone, Debug)]
pub struct Polled {
    pub events: Vec<Event>,
    /// Where the next poll begins.
    pub cursor: Option<Box<RawValue>>,
}

/// What an upstream has sent.
#[derive(Clone, Debug, Default)]
pub struct WebhookRequest {
    pub method: String,
    pub path: String,
    /// Without `?`.
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What the upstream is to be answered, and what happened.
#[derive(Clone, Debug)]
pub struct WebhookAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub events: Vec<Event>,
}

/// Where there is nothing that was kept, or nothing to begin with.
const NOTHING: &str = "null";

impl LinkedComponent {
    /// Subscribes upstream; what it answers is to be kept, and handed to `disable` and `receive`.
    pub async fn enable(
        &self,
        limits: &CallLimits,
        capabilities: Capabilities,
        call: TriggerCall<'_>,
    ) -> Measured<Box<RawValue>, CallError> {
        let (config, context) = call.call.owned();
        let (context, callback) = (context.into(), call.callback_url.map(ToOwned::to_owned));
        let answer = self
            .run_triggers(limits, capabilities, async |store: &mut Store<GuestState>, guest: &triggers::Guest| {
                guest.call_enable(store, call.call.subject.as_str(), &config, callback.as_deref(), &context).await
            })
            .await;
        answer.and_then(|state| OutputBudget::new(limits).json(state?))
    }

    /// Ends the subscription.
    pub async fn disable(
        &self,
        limits: &CallLimits,
        capabilities: Capabilities,
        call: TriggerCall<'_>,
    ) -> Measured<(), CallError> {
        let (config, context) = call.call.owned();
        let (context, state) = (context.into(), call.state.unwrap_or(NOTHING).to_owned());
        self.run_triggers(limits, capabilities, async |store: &mut Store<GuestState>, guest: &triggers::Guest| {
            guest.call_disable(store, call.call.subject.as_str(), &config, &state, &context).await
        })
        .await
    }

    /// Asks what has happened since the cursor.
    pub async fn poll(
        &self,
        limits: &CallLimits,
        capabilities: Capabilities,
        call: TriggerCall<'_>,
    ) -> Measured<Polled, CallError> {
        let (config, context) = call.call.owned();
        let context = context.into();
        let cursor = call.cursor.map(ToOwned::to_owned);
        let answer = self
            .run_triggers(limits, capabilities, async |store: &mut Store<GuestState>, guest: &triggers::Guest| {
                guest.call_poll(store, call.call.subject.as_str(), &config, cursor.as_ref(), &context).await
            })
            .await;
        answer.and_then(|polled| {
            let (polled, mut budget) = (polled?, OutputBudget::new(limits));
            let events = events(&mut budget, polled.events)?;
            let cursor = polled.cursor.map(|cursor| budget.json(cursor)).transpose()?;
            Ok(Polled { events, cursor })
        })
    }

    /// Hands over what the upstream has sent.
    pub async fn receive(
        &self,
        limits: &CallLimits,
        capabilities: Capabilities,
        call: TriggerCall<'_>,
        request: WebhookRequest,
    ) -> Measured<WebhookAnswer, CallError> {
        let (config, context) = call.call.owned();
        let (context, state) = (context.into(), call.state.unwrap_or(NOTHING).to_owned());
        let WebhookRequest { method, path, query, headers, body } = request;
        let request = triggers::WebhookRequest { method, path, query, headers, body };
        let answer = self
            .run_triggers(limits, capabilities, async |store: &mut Store<GuestState>, guest: &triggers::Guest| {
                guest.call_receive(store, call.call.subject.as_str(), &config, &state, &request, &context).await
            })
            .await;
        answer.and_then(|answer| {
            let (answer, mut budget) = (answer?, OutputBudget::new(limits));
            budget.take(answer.body.len())?;
            if answer.headers.len() > MAX_ANSWER_HEADERS {
                let problem =
                    format!("an answer must have at most {MAX_ANSWER_HEADERS} headers (got {})", answer.headers.len());
                return Err(CallError::BadOutput(problem));
            }
            answer.headers.iter().try_for_each(|(name, value)| budget.take(name.len().saturating_add(value.len())))?;
            let events = events(&mut budget, answer.events)?;
            Ok(WebhookAnswer { status: answer.status, headers: answer.headers, body: answer.body, events })
        })
    }

    async fn run_triggers<T>(
        &self,
        limits: &CallLimits,
        capabilities: Capabilities,
        call: impl AsyncFnOnce(&mut Store<GuestState>, &triggers::Guest) -> wasmtime::Result<Result<T, GuestFailure>>,
    ) -> Measured<T, CallError> {
        let Some(exports) = self.triggers() else { return Measured::refused(CallError::NotOffered("triggers")) };
        let answer = self
            .run(
                limits,
                capabilities,
                async |store: &mut Store<GuestState>, instance: &wasmtime::component::Instance| {
                    let guest = exports.load(&mut *store, instance)?;
                    call(store, &guest).await
                },
            )
            .await;
        answer.and_then(|answer| answer?.map_err(|failure| CallError::Failed(failure.into())))
    }
}

fn events(budget: &mut OutputBudget, events: Vec<triggers::Event>) -> Result<Vec<Event>, CallError> {
    let mut checked = Vec::with_capacity(events.len());
    for event in events {
        budget.take(event.dedupe_key.len())?;
        checked.push(Event { payload: budget.json(event.payload)?, dedupe_key: event.dedupe_key });
    }
    Ok(checked)
}
