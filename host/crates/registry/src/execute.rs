//! The life of a call: find, check, admit, run.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use serde_json::{Value, value::RawValue};
use workway_capability::{
    Capabilities,
    fetch::{FetchCtx, FetchLimits},
    log::LogCtx,
    oauth::{OAuthCtx, OpenConnections},
    storage::{Space, StorageCtx},
};
use workway_model::{ActionId, InputProblem, LocalId, ProviderId, Schema, UserId, json_tree_bytes};
use workway_resources::{Cancelled, HeldMemory, OutOfMemory, Share};
use workway_sandbox::{Call, CallError, Choice, Measured};

use super::{
    ActionRegistry, Active,
    admission::{Admitted, Full},
    meter::Outcome,
};

/// The longest input that is checked on the async thread that took it, in bytes.
const MAX_INLINE_INPUT: usize = 64 << 10;
/// The memory that is reserved before a guest starts, in bytes. A guest made from Rust starts with little more than half of it.
/// More is reserved as the guest grows.
const CALL_BYTES: u64 = 2 << 20;

/// Who calls, and with what.
#[derive(Clone, Debug)]
pub struct Execution<'a> {
    pub user: &'a UserId,
    /// An action's input, or a trigger's config.
    pub input: &'a RawValue,
    /// Whose part of the host's memory the call takes.
    pub share: &'a Share,
    pub run_id: &'a str,
    /// The step of a workflow's run; none for a call by itself.
    pub step_id: Option<&'a str>,
    /// From 1.
    pub attempt: u32,
    /// The same for every attempt at one thing; the run's id where nobody gave one.
    pub idempotency_key: Option<&'a str>,
    /// The accounts to use, by the ids of their connections, instead of the user's default connections.
    pub connections: BTreeMap<ProviderId, String>,
}

/// Why an action gave no output.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    #[error("unknown action \"{0}\"")]
    UnknownAction(ActionId),
    #[error("unknown trigger \"{0}\"")]
    UnknownTrigger(ActionId),
    #[error("integration \"{}\" is awaiting the operator's approval: POST /registry/integrations/{}/approve", .0.integration, .0.integration)]
    PendingApproval(ActionId),
    #[error("the input does not match the schema")]
    InvalidInput(Vec<InputProblem>),
    #[error("the input must have at most {0} bytes (limits.body_bytes)")]
    InputTooLarge(u64),
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
    #[error("the input could not be checked: {0}")]
    Cancelled(#[from] Cancelled),
    /// Whether the host is full, or this integration's share of it.
    #[error("{}", if *.of_host { "the host is at its limit of concurrent calls: try again later" } else { "this integration is at its limit of concurrent calls: try again later" })]
    Busy { of_host: bool },
    #[error(transparent)]
    Call(CallError),
}

impl From<CallError> for ExecuteError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Busy => Self::Busy { of_host: true },
            CallError::NoMemory => Self::OutOfMemory(OutOfMemory::Busy),
            error => Self::Call(error),
        }
    }
}

/// A call that may run now, until this is dropped.
pub(super) struct Begun<'a> {
    pub(super) admitted: Admitted<'a>,
    pub(super) capabilities: Capabilities,
    pub(super) call: Call<'a>,
}

impl ActionRegistry {
    /// Runs an action for a user and answers its output, JSON that nobody has parsed.
    ///
    /// # Errors
    /// See [`ExecuteError`]. An input that does not fit the action's schema reaches no guest.
    pub async fn execute(&self, id: &ActionId, execution: Execution<'_>) -> Result<Box<RawValue>, ExecuteError> {
        self.execute_measured(id, execution).await.result
    }

    /// As [`Self::execute`], with what the call used.
    pub async fn execute_measured(
        &self,
        id: &ActionId,
        execution: Execution<'_>,
    ) -> Measured<Box<RawValue>, ExecuteError> {
        let called = async {
            let active = self.serving(id, ExecuteError::UnknownAction)?;
            let position = active.definition.actions.iter().position(|action| action.id == id.action);
            let position = position.ok_or_else(|| ExecuteError::UnknownAction(id.clone()))?;
            let (action, meter) = (&active.definition.actions[position], &active.meters[position]);
            let begun = self.begin(&active, &action.id, Some(&action.input_schema), &execution).await?;
            let Begun { admitted: _admitted, capabilities, call } = begun;
            let started = Instant::now();
            let output = active.component.execute(&active.limits, capabilities, call).await;
            meter.record(outcome(&output.result), started.elapsed());
            Ok(output)
        };
        into_measured(called.await)
    }

    /// Asks for the values that one field of an action's input or a trigger's config may take, given what is filled in
    /// so far. That is seldom a whole input, so it is not held against the schema.
    ///
    /// # Errors
    /// See [`ExecuteError`]. An id that is neither an action's nor a trigger's is [`ExecuteError::UnknownAction`].
    pub async fn options(
        &self,
        id: &ActionId,
        field: &str,
        execution: Execution<'_>,
    ) -> Measured<Vec<Choice>, ExecuteError> {
        let called = async {
            let active = self.serving(id, ExecuteError::UnknownAction)?;
            if active.definition.action(&id.action).is_none() && active.definition.trigger(&id.action).is_none() {
                return Err(ExecuteError::UnknownAction(id.clone()));
            }
            let begun = self.begin(&active, &id.action, None, &execution).await?;
            let Begun { admitted: _admitted, capabilities, call } = begun;
            Ok(active.component.options(&active.limits, capabilities, call, field).await)
        };
        into_measured(called.await)
    }

    /// Prepares a call: checks its size and its schema, reserves memory and admits it.
    pub(super) async fn begin<'a>(
        &'a self,
        active: &'a Active,
        subject: &'a LocalId,
        schema: Option<&Schema>,
        execution: &'a Execution<'_>,
    ) -> Result<Begun<'a>, ExecuteError> {
        let input = execution.input.get();
        fits(active, input.len())?;
        if let Some(schema) = schema {
            validate(schema, input, execution.share).await?;
        }
        // The input is copied on its way to the guest.
        let memory = execution.share.take(CALL_BYTES.saturating_add(bytes_of(input))).await?;
        // Last: a client that waits for its share of memory must not keep a place from others.
        let admitted =
            self.0.admission.admit(&active.share).map_err(|full| ExecuteError::Busy { of_host: full == Full::Pool })?;
        let call = Call {
            subject,
            input,
            user: execution.user,
            run_id: execution.run_id,
            step_id: execution.step_id,
            attempt: execution.attempt,
            idempotency_key: execution.idempotency_key.unwrap_or(execution.run_id),
        };
        Ok(Begun { admitted, capabilities: self.capabilities(active, execution, memory), call })
    }

    pub(super) fn serving(
        &self,
        id: &ActionId,
        unknown: impl Fn(ActionId) -> ExecuteError,
    ) -> Result<Arc<Active>, ExecuteError> {
        let snapshot = self.0.snapshot.load();
        let entry = snapshot.integrations.get(&id.integration).ok_or_else(|| unknown(id.clone()))?;
        match (&entry.active, &entry.pending) {
            (Some(active), _) => Ok(active.clone()),
            (None, Some(_)) => Err(ExecuteError::PendingApproval(id.clone())),
            (None, None) => Err(unknown(id.clone())),
        }
    }

    /// What the integration was granted, made out to the calling user.
    fn capabilities(&self, active: &Active, execution: &Execution<'_>, memory: HeldMemory) -> Capabilities {
        let services = &self.0.services;
        let integration = &active.definition.id;
        let fetch = FetchLimits {
            max_body_bytes: active.limits.body_bytes,
            max_timeout: active.limits.wall(),
            ..FetchLimits::default()
        };
        let space = Space { integration: integration.clone(), user: execution.user.clone() };
        let client = active.fetch.clone().charging(execution.share.clone());
        Capabilities {
            memory,
            fetch: FetchCtx::new(client, active.egress.clone(), fetch),
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

/// Converts the result of a call, or its refusal, to the error that callers get.
pub(super) fn into_measured<T>(called: Result<Measured<T, CallError>, ExecuteError>) -> Measured<T, ExecuteError> {
    match called {
        Ok(measured) => measured.and_then(|result| result.map_err(ExecuteError::from)),
        Err(refused) => Measured::refused(refused),
    }
}

/// Whether the integration may be handed so many bytes.
pub(super) fn fits(active: &Active, bytes: usize) -> Result<(), ExecuteError> {
    if u64::try_from(bytes).map_or(true, |bytes| bytes > active.limits.body_bytes) {
        return Err(ExecuteError::InputTooLarge(active.limits.body_bytes));
    }
    Ok(())
}

/// Checks an input against its schema. A large one, and one that takes long to check, is checked off the async threads. The
/// memory of the tree that it is read into is reserved first.
async fn validate(schema: &Schema, input: &str, share: &Share) -> Result<(), ExecuteError> {
    let checked = if input.len() <= MAX_INLINE_INPUT {
        let held = share.take(json_tree_bytes(input.as_bytes())).await?;
        match parse(input) {
            Err(problems) => Err(problems),
            Ok(value) => match schema.validate_quickly(&value) {
                Some(checked) => checked,
                None => {
                    let schema = schema.clone();
                    let checked = move || {
                        let checked = schema.validate(&value);
                        drop((value, held));
                        checked
                    };
                    share.run_long(checked).await?
                }
            },
        }
    } else {
        let mut held = share.take(bytes_of(input)).await?;
        let (schema, text) = (schema.clone(), Arc::<str>::from(input));
        let counted = Arc::clone(&text);
        held.grow(share.run_long(move || json_tree_bytes(counted.as_bytes())).await?).await?;
        share
            .run_long(move || {
                let checked = parse(&text).and_then(|value| schema.validate(&value));
                drop(held);
                checked
            })
            .await?
    };
    checked.map_err(ExecuteError::InvalidInput)
}

fn bytes_of(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

fn parse(input: &str) -> Result<Value, Vec<InputProblem>> {
    // A `RawValue` is JSON. Only its depth can still be too much.
    serde_json::from_str(input).map_err(|error| vec![problem(&error)])
}

fn problem(error: &dyn std::error::Error) -> InputProblem {
    InputProblem { pointer: String::new(), message: error.to_string() }
}

fn outcome(result: &Result<Box<RawValue>, CallError>) -> Outcome {
    match result {
        Ok(_) => Outcome::Ok,
        Err(CallError::Failed(_)) => Outcome::Failed,
        Err(CallError::Limit(_)) => Outcome::Limited,
        Err(CallError::Trapped(_) | CallError::BadOutput(_) | CallError::NotOffered(_)) => Outcome::Crashed,
        Err(CallError::Busy | CallError::NoMemory | CallError::Host(_)) => Outcome::Host,
    }
}
