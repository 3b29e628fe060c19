//! The life of a call: find, check, admit, run.

use std::{collections::BTreeMap, time::Instant};

use serde_json::{Value, value::RawValue};

use super::{ActionRegistry, Active, admission::Full, meter::Outcome};
use crate::{
    capability::{
        Capabilities, OpenConnections,
        fetch::{FetchCtx, FetchLimits},
        log::LogCtx,
        oauth::OAuthCtx,
        storage::{Space, StorageCtx},
    },
    integration::{ActionId, InputProblem, ProviderId, Schema, UserId},
    runtime::{Call, CallError},
};

/// The longest input that is checked on the async thread that took it, in bytes.
const MAX_INLINE_INPUT: usize = 64 << 10;

/// Who calls, and with what.
#[derive(Clone, Debug)]
pub struct Execution<'a> {
    pub user: &'a UserId,
    pub input: &'a RawValue,
    pub run_id: &'a str,
    /// The same for every attempt at one thing; the run's id where nobody gave one.
    pub idempotency_key: Option<&'a str>,
    /// The accounts to use, by the ids of their connections, in the place of the user's default ones.
    pub connections: BTreeMap<ProviderId, String>,
}

/// Why an action gave no output.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    #[error("there is no action {0}")]
    UnknownAction(ActionId),
    #[error("integration {} waits for the operator's approval: POST /registry/integrations/{}/approve", .0.integration, .0.integration)]
    PendingApproval(ActionId),
    #[error("the input does not fit the action's schema")]
    InvalidInput(Vec<InputProblem>),
    #[error("the input has more than {0} bytes (limits.body_bytes)")]
    InputTooLarge(u64),
    /// Whether the host is full, or this integration's share of it.
    #[error("{}", if *.of_host { "the host is running as many calls as it can" } else { "this integration is running as many calls as it may" })]
    Busy { of_host: bool },
    #[error(transparent)]
    Call(#[from] CallError),
}

impl ActionRegistry {
    /// Runs an action for a user and answers its output, JSON that nobody has parsed.
    ///
    /// # Errors
    /// See [`ExecuteError`]. An input that does not fit the action's schema reaches no guest.
    pub async fn execute(&self, id: &ActionId, execution: Execution<'_>) -> Result<Box<RawValue>, ExecuteError> {
        let active = self.serving(id)?;
        let position = active.definition.actions.iter().position(|action| action.id == id.action);
        let position = position.ok_or_else(|| ExecuteError::UnknownAction(id.clone()))?;
        let (action, meter) = (&active.definition.actions[position], &active.meters[position]);

        let input = execution.input.get();
        if u64::try_from(input.len()).map_or(true, |length| length > active.limits.body_bytes) {
            return Err(ExecuteError::InputTooLarge(active.limits.body_bytes));
        }
        // Before the input is looked at: that takes time and memory too, and is done for as many as may run.
        let _admitted =
            self.0.admission.admit(&active.share).map_err(|full| ExecuteError::Busy { of_host: full == Full::Pool })?;
        validate(&action.input_schema, input).await.map_err(ExecuteError::InvalidInput)?;
        let started = Instant::now();
        let call = Call {
            action: &action.id,
            input,
            user: execution.user,
            run_id: execution.run_id,
            step_id: None,
            attempt: 1,
            idempotency_key: execution.idempotency_key.unwrap_or(execution.run_id),
        };
        let capabilities = self.capabilities(&active, &execution);
        let result = active.component.execute(&active.limits, capabilities, call).await;
        meter.record(outcome(&result), started.elapsed());
        match result {
            Ok(output) => Ok(output),
            Err(CallError::Busy) => Err(ExecuteError::Busy { of_host: true }),
            Err(error) => Err(error.into()),
        }
    }

    fn serving(&self, id: &ActionId) -> Result<std::sync::Arc<Active>, ExecuteError> {
        let snapshot = self.0.snapshot.load();
        let entry =
            snapshot.integrations.get(&id.integration).ok_or_else(|| ExecuteError::UnknownAction(id.clone()))?;
        match (&entry.active, &entry.pending) {
            (Some(active), _) => Ok(active.clone()),
            (None, Some(_)) => Err(ExecuteError::PendingApproval(id.clone())),
            (None, None) => Err(ExecuteError::UnknownAction(id.clone())),
        }
    }

    /// What the integration was granted, made out to the calling user.
    fn capabilities(&self, active: &Active, execution: &Execution<'_>) -> Capabilities {
        let services = &self.0.services;
        let integration = &active.definition.id;
        let fetch = FetchLimits {
            max_body_bytes: active.limits.body_bytes,
            max_timeout: active.limits.wall(),
            ..FetchLimits::default()
        };
        let space = Space { integration: integration.clone(), user: execution.user.clone() };
        Capabilities {
            fetch: FetchCtx::new(services.fetch.clone(), active.egress.clone(), fetch),
            log: LogCtx::new(Some(integration.clone()), execution.run_id.to_owned(), active.limits.log_bytes),
            oauth: OAuthCtx::new(services.connections.clone(), execution.user.clone(), active.permissions.clone())
                .choosing(execution.connections.clone()),
            storage: StorageCtx::new(
                services.storage.clone(),
                space,
                active.permissions.storage,
                services.storage_limits.clone(),
            ),
            open: OpenConnections::default(),
        }
    }
}

/// Checks an input against its schema, a large one off the async threads.
async fn validate(schema: &Schema, input: &str) -> Result<(), Vec<InputProblem>> {
    if input.len() <= MAX_INLINE_INPUT {
        return validate_text(schema, input);
    }
    let (schema, input) = (schema.clone(), input.to_owned());
    let work = tokio::task::spawn_blocking(move || validate_text(&schema, &input));
    work.await.unwrap_or_else(|error| Err(vec![problem(&error)]))
}

fn validate_text(schema: &Schema, input: &str) -> Result<(), Vec<InputProblem>> {
    // The text was JSON to whoever made the `RawValue`; only its depth can still be too much.
    let value: Value = serde_json::from_str(input).map_err(|error| vec![problem(&error)])?;
    schema.validate(&value)
}

fn problem(error: &dyn std::error::Error) -> InputProblem {
    InputProblem { pointer: String::new(), message: error.to_string() }
}

fn outcome(result: &Result<Box<RawValue>, CallError>) -> Outcome {
    match result {
        Ok(_) => Outcome::Ok,
        Err(CallError::Failed(_)) => Outcome::Failed,
        Err(CallError::Limit(_)) => Outcome::Limited,
        Err(CallError::Trapped(_) | CallError::BadOutput(_)) => Outcome::Crashed,
        Err(CallError::Busy | CallError::Host(_)) => Outcome::Host,
    }
}
