//! Makes a case's call through the registry, like any other call, and converts the answer to the form that cases use.

use serde_json::Value;
use workway_model::{ActionId, LocalId, UserId};
use workway_registry::{ExecuteError, Execution, TriggerExecution};
use workway_sandbox::{Measured, WebhookRequest};

use super::{
    Case, Kit,
    case::{Subject, TriggerAsk, Webhook},
    outcome,
};

impl Kit {
    /// The call that a case makes, with its answer as cases have it.
    pub(super) async fn call(&self, case: &Case, user: &UserId) -> Measured<Value, ExecuteError> {
        let run_id = format!("test-{}", case.slug());
        let execution = |input| Execution {
            user,
            input,
            share: self.registry().share(),
            run_id: &run_id,
            step_id: None,
            attempt: 1,
            idempotency_key: None,
            connections: Default::default(),
        };
        let qualified = |id: &LocalId| ActionId { integration: self.integration().clone(), action: LocalId::clone(id) };
        match &case.subject {
            Subject::Action { id, input } => {
                let output = self.registry().execute_measured(&qualified(id), execution(input)).await;
                output.and_then(|output| output.map(|output| outcome::parsed(&output)))
            }
            Subject::Options { id, field, input } => {
                let choices = self.registry().options(&qualified(id), field, execution(input)).await;
                choices.and_then(|choices| choices.map(|choices| outcome::of_choices(&choices)))
            }
            Subject::Trigger { id, config, ask } => {
                let asked =
                    TriggerExecution { execution: execution(config), state: None, cursor: None, callback_url: None };
                self.ask(&qualified(id), asked, ask).await
            }
        }
    }

    async fn ask(&self, id: &ActionId, asked: TriggerExecution<'_>, ask: &TriggerAsk) -> Measured<Value, ExecuteError> {
        match ask {
            TriggerAsk::Poll { cursor } => {
                let polled = self.registry().poll_trigger(id, TriggerExecution { cursor: cursor.as_deref(), ..asked });
                polled.await.and_then(|polled| polled.map(|polled| outcome::of_polled(&polled)))
            }
            TriggerAsk::Enable { callback_url } => {
                let asked = TriggerExecution { callback_url: callback_url.as_deref(), ..asked };
                let state = self.registry().enable_trigger(id, asked).await;
                state.and_then(|state| state.map(|state| outcome::parsed(&state)))
            }
            TriggerAsk::Disable { state } => {
                let done = self.registry().disable_trigger(id, TriggerExecution { state: state.as_deref(), ..asked });
                done.await.and_then(|done| done.map(|()| Value::Null))
            }
            TriggerAsk::Receive { state, request } => {
                let asked = TriggerExecution { state: state.as_deref(), ..asked };
                let answer = self.registry().receive_webhook(id, asked, request.request()).await;
                answer.and_then(|answer| answer.map(|answer| outcome::of_answer(&answer)))
            }
        }
    }
}

impl Webhook {
    fn request(&self) -> WebhookRequest {
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, values) in &self.headers {
            headers.extend(values.0.iter().map(|value| (name.to_lowercase(), value.clone())));
        }
        let body = match (&self.json, &self.body) {
            (Some(json), _) => json.to_string(),
            (None, Some(text)) => text.clone(),
            (None, None) => String::new(),
        };
        if self.json.is_some() && !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        WebhookRequest {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers,
            body: body.into_bytes(),
        }
    }
}
