//! Triggers: what an integration notices and the host makes events of. A poll trigger is asked now
//! and then; a webhook trigger is told.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::action::{Needs, Options, input};
use crate::{Context, Failure, Result, WebhookRequest};

/// One trigger of an integration, as [`#[poll_trigger]`](crate::poll_trigger) and
/// [`#[webhook_trigger]`](crate::webhook_trigger) make it of a function.
#[derive(Clone, Copy)]
pub struct Trigger {
    /// Lower-case, `[a-z][a-z0-9-]*`, unique among the integration's actions and triggers.
    pub id: &'static str,
    /// The name that people see.
    pub name: &'static str,
    /// What it notices.
    pub description: &'static str,
    /// The provider whose connection it uses.
    pub provider: Option<&'static str>,
    /// The scopes that it needs of that connection.
    pub scopes: &'static [&'static str],
    /// Fields of the config with values to choose from.
    pub options: &'static [Options],
    #[doc(hidden)]
    pub config_schema: fn() -> String,
    #[doc(hidden)]
    pub event_schema: fn() -> String,
    #[doc(hidden)]
    pub sample: Option<fn() -> Result<String>>,
    #[doc(hidden)]
    pub run: Run,
    #[doc(hidden)]
    pub needs: Needs,
}

impl Trigger {
    /// Whether it is asked now and then, rather than told.
    #[must_use]
    pub fn is_poll(&self) -> bool {
        matches!(self.run, Run::Poll(_))
    }

    /// The config's JSON Schema (2020-12), as JSON text.
    #[must_use]
    pub fn config_schema(&self) -> String {
        (self.config_schema)()
    }

    /// The JSON Schema (2020-12) of an event's payload, as JSON text.
    #[must_use]
    pub fn event_schema(&self) -> String {
        (self.event_schema)()
    }

    /// An example event, as JSON text.
    ///
    /// # Errors
    ///
    /// The sample cannot be written as JSON.
    pub fn sample(&self) -> Result<Option<String>> {
        self.sample.map(|sample| sample()).transpose()
    }

    /// Subscribes, and answers the state to keep. A poll trigger has nothing to subscribe to.
    ///
    /// # Errors
    ///
    /// [`Failure::InvalidInput`] when the config does not fit, or a webhook has no address to be
    /// called at; and what the trigger's own function fails with.
    pub fn enable(&self, context: &Context, config: &str, callback_url: Option<&str>) -> Result<String> {
        match (&self.run, callback_url) {
            (Run::Poll(_), _) => Ok("null".to_owned()),
            (Run::Webhook(webhook), Some(url)) => (webhook.enable)(context, config, url),
            (Run::Webhook(_), None) => Err(Failure::InvalidInput("a webhook trigger needs a callback URL".to_owned())),
        }
    }

    /// Ends what [`enable`](Self::enable) began.
    ///
    /// # Errors
    ///
    /// What the trigger's own function fails with.
    pub fn disable(&self, context: &Context, config: &str, state: &str) -> Result<()> {
        match &self.run {
            Run::Poll(_) => Ok(()),
            Run::Webhook(webhook) => (webhook.disable)(context, config, state),
        }
    }

    /// Asks for what is new since `cursor`.
    ///
    /// # Errors
    ///
    /// [`Failure::NotFound`] for a webhook trigger, [`Failure::InvalidInput`] when the config does
    /// not fit, and what the trigger's own function fails with.
    pub fn poll(&self, context: &Context, config: &str, cursor: Option<&str>) -> Result<RawPolled> {
        match &self.run {
            Run::Poll(poll) => poll(context, config, cursor),
            Run::Webhook(_) => {
                Err(Failure::NotFound(format!("trigger `{}` is a webhook and cannot be polled", self.id)))
            }
        }
    }

    /// Hands over a request of the upstream's.
    ///
    /// # Errors
    ///
    /// [`Failure::NotFound`] for a poll trigger, [`Failure::InvalidInput`] when the config does not
    /// fit, and what the trigger's own function fails with.
    pub fn receive(
        &self,
        context: &Context,
        config: &str,
        state: &str,
        request: WebhookRequest,
    ) -> Result<RawReceived> {
        match &self.run {
            Run::Webhook(webhook) => (webhook.receive)(context, config, state, request),
            Run::Poll(_) => {
                Err(Failure::NotFound(format!("trigger `{}` is polled and does not accept requests", self.id)))
            }
        }
    }
}

impl fmt::Debug for Trigger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Trigger")
            .field("id", &self.id)
            .field("is_poll", &self.is_poll())
            .field("provider", &self.provider)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// How a trigger runs.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum Run {
    Poll(fn(&Context, &str, Option<&str>) -> Result<RawPolled>),
    Webhook(Webhook),
}

#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Webhook {
    pub enable: fn(&Context, &str, &str) -> Result<String>,
    pub disable: fn(&Context, &str, &str) -> Result<()>,
    pub receive: fn(&Context, &str, &str, WebhookRequest) -> Result<RawReceived>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<Payload> {
    /// The same whenever the same thing is noticed again: by it what was seen before is known.
    pub dedupe_key: String,
    /// What happened.
    pub payload: Payload,
}

impl<Payload> Event<Payload> {
    /// An event. Take the upstream's own id for the key, never a time or a position.
    pub fn new(dedupe_key: impl Into<String>, payload: Payload) -> Self {
        Self { dedupe_key: dedupe_key.into(), payload }
    }
}

/// What a poll brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polled<Payload, Cursor> {
    /// What is new. Events and cursor belong together: who keeps one keeps the other.
    pub events: Vec<Event<Payload>>,
    /// Where the next poll goes on; nothing has it begin again.
    pub cursor: Option<Cursor>,
}

/// What a webhook trigger makes of a request: the answer to it, and events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<Payload> {
    /// The answer's status.
    pub status: u16,
    /// The answer's headers.
    pub headers: Vec<(String, String)>,
    /// The answer's body.
    pub body: Vec<u8>,
    /// What happened.
    pub events: Vec<Event<Payload>>,
}

impl<Payload> Received<Payload> {
    /// Answers with a status and no body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), events: Vec::new() }
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Answers with a body, as a subscription's challenge asks for.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Adds an event.
    #[must_use]
    pub fn event(mut self, dedupe_key: impl Into<String>, payload: Payload) -> Self {
        self.events.push(Event::new(dedupe_key, payload));
        self
    }
}

/// A poll's outcome, payloads and cursor as JSON text.
pub type RawPolled = Polled<String, String>;

/// A request's outcome, payloads as JSON text.
pub type RawReceived = Received<String>;

/// Runs a typed poll on JSON.
#[doc(hidden)]
pub fn poll<C, P, U, E>(
    context: &Context,
    config: &str,
    cursor: Option<&str>,
    function: impl FnOnce(&Context, C, Option<U>) -> Result<Polled<P, U>, E>,
) -> Result<RawPolled>
where
    C: DeserializeOwned,
    P: Serialize,
    U: Serialize + DeserializeOwned,
    E: Into<Failure>,
{
    let stale = |error| Failure::Permanent(format!("the stored cursor does not match this version: {error}"));
    let cursor = cursor.map(serde_json::from_str).transpose().map_err(stale)?;
    let polled = function(context, input(config)?, cursor).map_err(Into::into)?;
    Ok(Polled {
        events: raw(polled.events)?,
        cursor: polled.cursor.map(|cursor| serde_json::to_string(&cursor)).transpose()?,
    })
}

/// Subscribes with a typed function.
#[doc(hidden)]
pub fn enable<C, S, E>(
    context: &Context,
    config: &str,
    callback_url: &str,
    function: impl FnOnce(&Context, C, &str) -> Result<S, E>,
) -> Result<String>
where
    C: DeserializeOwned,
    S: Serialize,
    E: Into<Failure>,
{
    let state = function(context, input(config)?, callback_url).map_err(Into::into)?;
    Ok(serde_json::to_string(&state)?)
}

/// Unsubscribes with a typed function.
#[doc(hidden)]
pub fn disable<C, S, E>(
    context: &Context,
    config: &str,
    state: &str,
    function: impl FnOnce(&Context, C, S) -> Result<(), E>,
) -> Result<()>
where
    C: DeserializeOwned,
    S: DeserializeOwned,
    E: Into<Failure>,
{
    function(context, input(config)?, kept(state)?).map_err(Into::into)
}

/// Hands a request to a typed function.
#[doc(hidden)]
pub fn receive<C, S, P, E>(
    context: &Context,
    config: &str,
    state: &str,
    request: WebhookRequest,
    function: impl FnOnce(&Context, C, S, WebhookRequest) -> Result<Received<P>, E>,
) -> Result<RawReceived>
where
    C: DeserializeOwned,
    S: DeserializeOwned,
    P: Serialize,
    E: Into<Failure>,
{
    let received = function(context, input(config)?, kept(state)?, request).map_err(Into::into)?;
    let Received { status, headers, body, events } = received;
    Ok(Received { status, headers, body, events: raw(events)? })
}

/// The state that `enable` answered, as the host kept it.
fn kept<S: DeserializeOwned>(state: &str) -> Result<S> {
    serde_json::from_str(state)
        .map_err(|error| Failure::Permanent(format!("the stored state does not match this version: {error}")))
}

fn raw<P: Serialize>(events: Vec<Event<P>>) -> Result<Vec<Event<String>>> {
    let raw = |event: Event<P>| Ok(Event::new(event.dedupe_key, serde_json::to_string(&event.payload)?));
    events.into_iter().map(raw).collect()
}
