//! From the contract's exports to an [`Integration`]: describes it and finds the action that is
//! called. It never sees what an action does with the host.

use std::marker::PhantomData;

use super::bindings::integration::exports::workway::integration::actions;
use super::bindings::integration::workway::integration::{definition, types};
use super::bindings::integration::{Definition, Guest};
use super::host::ComponentHost;
use crate::context::Call;
use crate::{Action, Choice, ConnectionNeed, Context, Failure, Integration, Result, Trigger};

/// The type that `integration!` declares: it links a component to its integration.
pub trait ExportedIntegration: 'static {
    /// The integration.
    const INTEGRATION: &'static Integration;
}

/// The component of an integration.
#[derive(Debug)]
pub struct Component<E>(PhantomData<E>);

impl<E: ExportedIntegration> Guest for Component<E> {
    fn describe() -> Definition {
        describe(E::INTEGRATION)
    }
}

impl<E: ExportedIntegration> actions::Guest for Component<E> {
    fn execute(action: String, input: types::Json, context: actions::Context) -> Result<types::Json, types::Failure> {
        Ok(execute(E::INTEGRATION, &action, &input, context.into())?)
    }

    fn options(
        subject: String,
        field: String,
        input: types::Json,
        context: actions::Context,
    ) -> Result<Vec<actions::Choice>, types::Failure> {
        let choices = options(E::INTEGRATION, &subject, &field, &input, context.into())?;
        Ok(choices.into_iter().map(|(value, label)| actions::Choice { value, label }).collect())
    }
}

pub(super) fn execute(integration: &Integration, action: &str, input: &str, call: Call) -> Result<String> {
    let unknown = || Failure::NotFound(format!("unknown action `{action}`"));
    integration.action(action).ok_or_else(unknown)?.call(&Context::new(call, ComponentHost), input)
}

/// Values as JSON text, with their labels.
pub(super) fn options(
    integration: &Integration,
    subject: &str,
    field: &str,
    input: &str,
    call: Call,
) -> Result<Vec<(String, String)>> {
    let choices = integration.options(subject, field, input, &Context::new(call, ComponentHost));
    let unknown = || Err(Failure::NotFound(format!("`{subject}` has no options for the field `{field}`")));
    let plain = |choice: Choice| Ok((serde_json::to_string(&choice.value)?, choice.label));
    choices.unwrap_or_else(unknown)?.into_iter().map(plain).collect()
}

pub(super) fn describe(integration: &Integration) -> Definition {
    let permissions = &integration.permissions;
    Definition {
        id: integration.id.to_owned(),
        name: integration.name.to_owned(),
        version: integration.version.to_owned(),
        description: integration.description.to_owned(),
        categories: owned(integration.categories),
        permissions: definition::Permissions {
            hosts: owned(permissions.hosts),
            connections: permissions.connections.iter().map(Into::into).collect(),
            storage: permissions.storage,
            reveal_token: permissions.reveal_token,
        },
        actions: integration.actions.iter().map(Into::into).collect(),
        triggers: integration.triggers.iter().map(Into::into).collect(),
    }
}

impl From<&ConnectionNeed> for definition::ConnectionNeed {
    fn from(need: &ConnectionNeed) -> Self {
        Self { provider: need.provider.to_owned(), scopes: owned(need.scopes), required: need.required }
    }
}

impl From<&Action> for definition::Action {
    fn from(action: &Action) -> Self {
        Self {
            id: action.id.to_owned(),
            name: action.name.to_owned(),
            description: action.description.to_owned(),
            input_schema: action.input_schema(),
            output_schema: action.output_schema(),
            provider: action.provider.map(str::to_owned),
            scopes: owned(action.scopes),
            idempotent: action.idempotent,
        }
    }
}

impl From<&Trigger> for definition::Trigger {
    fn from(trigger: &Trigger) -> Self {
        let kind = if trigger.is_poll() { definition::TriggerKind::Poll } else { definition::TriggerKind::Webhook };
        Self {
            id: trigger.id.to_owned(),
            name: trigger.name.to_owned(),
            description: trigger.description.to_owned(),
            kind,
            config_schema: trigger.config_schema(),
            event_schema: trigger.event_schema(),
            // A sample that cannot be written is none; the test kit tells its developer.
            sample: trigger.sample().ok().flatten(),
            provider: trigger.provider.map(str::to_owned),
            scopes: owned(trigger.scopes),
        }
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

impl From<actions::Context> for Call {
    fn from(context: actions::Context) -> Self {
        let actions::Context { user_id, run_id, step_id, attempt, idempotency_key } = context;
        Self { user_id, run_id, step_id, attempt, idempotency_key }
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::InvalidInput(message) => Self::InvalidInput(message),
            Failure::AuthRequired(message) => Self::AuthRequired(message),
            Failure::PermissionDenied(message) => Self::PermissionDenied(message),
            Failure::NotFound(message) => Self::NotFound(message),
            Failure::Conflict(message) => Self::Conflict(message),
            Failure::RateLimited { message, retry_after } => Self::RateLimited(types::RateLimit {
                message,
                // A wait too long for the contract is cut, not wrapped.
                retry_after_ms: retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            }),
            Failure::Transient(message) => Self::Transient(message),
            Failure::Permanent(message) => Self::Permanent(message),
            Failure::Halt(message) => Self::Halt(message),
        }
    }
}
