//! Calls of an integration's actions and triggers by id and in JSON, as the host makes them. It checks no schema: the
//! host does so before a call, and the types do so here.

use serde::Serialize;
use serde_json::Value;

use super::context::MockContext;
use crate::{Action, Choice, Event, Failure, Integration, Polled, Received, Result, Trigger, WebhookRequest};

/// All of these panic where the context has no integration, or the integration has no such action or
/// trigger: that is the test's mistake and not a failure that it could expect.
impl MockContext {
    /// Runs an action.
    ///
    /// # Errors
    ///
    /// What the action fails with; [`Failure::InvalidInput`] for an input that its type does not take.
    ///
    /// # Panics
    ///
    /// There is no such action.
    #[track_caller]
    pub fn execute(&self, action: &str, input: impl Serialize) -> Result<Value> {
        let output = self.action(action).call(self, &text(&input)?)?;
        value(&output)
    }

    /// The values to choose from for a field of an action's input or a trigger's config, given what is
    /// filled in so far.
    ///
    /// # Errors
    ///
    /// What the function that lists them fails with.
    ///
    /// # Panics
    ///
    /// The field has no values to choose from.
    #[track_caller]
    pub fn options(&self, subject: &str, field: &str, filled: impl Serialize) -> Result<Vec<Choice>> {
        let integration = self.declared();
        match integration.options(subject, field, &text(&filled)?, self) {
            Some(choices) => choices,
            None => panic!("`{}` lists no values for the field `{field}` of `{subject}`", integration.id),
        }
    }

    /// Asks a poll trigger for what is new since `cursor`.
    ///
    /// # Errors
    ///
    /// What the trigger fails with.
    ///
    /// # Panics
    ///
    /// There is no such trigger.
    #[track_caller]
    pub fn poll(&self, trigger: &str, config: impl Serialize, cursor: Option<Value>) -> Result<Polled<Value, Value>> {
        let cursor = cursor.map(|cursor| cursor.to_string());
        let polled = self.trigger(trigger).poll(self, &text(&config)?, cursor.as_deref())?;
        Ok(Polled { events: events(polled.events)?, cursor: polled.cursor.as_deref().map(value).transpose()? })
    }

    /// Subscribes a trigger, and answers the state that the host keeps for it.
    ///
    /// # Errors
    ///
    /// What the trigger fails with.
    ///
    /// # Panics
    ///
    /// There is no such trigger.
    #[track_caller]
    pub fn enable(&self, trigger: &str, config: impl Serialize, callback_url: Option<&str>) -> Result<Value> {
        value(&self.trigger(trigger).enable(self, &text(&config)?, callback_url)?)
    }

    /// Ends what [`enable`](Self::enable) began.
    ///
    /// # Errors
    ///
    /// What the trigger fails with.
    ///
    /// # Panics
    ///
    /// There is no such trigger.
    #[track_caller]
    pub fn disable(&self, trigger: &str, config: impl Serialize, state: impl Serialize) -> Result<()> {
        self.trigger(trigger).disable(self, &text(&config)?, &text(&state)?)
    }

    /// Hands a request of the upstream's to a webhook trigger.
    ///
    /// # Errors
    ///
    /// What the trigger fails with.
    ///
    /// # Panics
    ///
    /// There is no such trigger.
    #[track_caller]
    pub fn receive(
        &self,
        trigger: &str,
        config: impl Serialize,
        state: impl Serialize,
        request: WebhookRequest,
    ) -> Result<Received<Value>> {
        let received = self.trigger(trigger).receive(self, &text(&config)?, &text(&state)?, request)?;
        let Received { status, headers, body, events: raw } = received;
        Ok(Received { status, headers, body, events: events(raw)? })
    }

    #[track_caller]
    fn declared(&self) -> &'static Integration {
        let Some(integration) = self.integration() else {
            panic!(
                "this context has no integration whose actions could be run: hand one in with \
                 `MockContext::builder().integration(&INTEGRATION)`"
            );
        };
        integration
    }

    #[track_caller]
    fn action(&self, id: &str) -> &'static Action {
        let integration = self.declared();
        let Some(action) = integration.action(id) else {
            let known = integration.actions.iter().map(|action| action.id);
            panic!("`{}` has no action `{id}`, but {}", integration.id, list(known));
        };
        action
    }

    #[track_caller]
    fn trigger(&self, id: &str) -> &'static Trigger {
        let integration = self.declared();
        let Some(trigger) = integration.trigger(id) else {
            let known = integration.triggers.iter().map(|trigger| trigger.id);
            panic!("`{}` has no trigger `{id}`, but {}", integration.id, list(known));
        };
        trigger
    }
}

fn list(ids: impl Iterator<Item = &'static str>) -> String {
    let ids: Vec<String> = ids.map(|id| format!("`{id}`")).collect();
    if ids.is_empty() { "none at all".to_owned() } else { ids.join(", ") }
}

fn text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Failure::InvalidInput(error.to_string()))
}

fn value(text: &str) -> Result<Value> {
    Ok(serde_json::from_str(text)?)
}

fn events(raw: Vec<Event<String>>) -> Result<Vec<Event<Value>>> {
    raw.into_iter().map(|event| Ok(Event::new(event.dedupe_key, value(&event.payload)?))).collect()
}
