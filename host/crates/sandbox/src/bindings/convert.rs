//! From generated types to our own data. Checks nothing: a draft is checked where it is taken.

use std::time::Duration;

use workway_model::{ActionDraft, DefinitionDraft, Failure, FailureKind, PermissionsDraft, TriggerDraft, TriggerKind};

use super::{Context, GuestFailure, TriggerContext, definition};

/// The longest wait that a guest may ask for; more says the same.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

impl From<definition::Integration> for DefinitionDraft {
    fn from(guest: definition::Integration) -> Self {
        Self {
            id: guest.id,
            name: guest.name,
            version: guest.version,
            description: guest.description,
            categories: guest.categories,
            permissions: guest.permissions.into(),
            actions: guest.actions.into_iter().map(Into::into).collect(),
            triggers: guest.triggers.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<definition::Permissions> for PermissionsDraft {
    fn from(guest: definition::Permissions) -> Self {
        let connections = guest.connections.into_iter().map(|need| (need.provider, need.scopes, need.required));
        Self {
            hosts: guest.hosts,
            connections: connections.collect(),
            storage: guest.storage,
            reveal_token: guest.reveal_token,
        }
    }
}

impl From<definition::Action> for ActionDraft {
    fn from(guest: definition::Action) -> Self {
        Self {
            id: guest.id,
            name: guest.name,
            description: guest.description,
            input_schema: guest.input_schema,
            output_schema: guest.output_schema,
            provider: guest.provider,
            scopes: guest.scopes,
            idempotent: guest.idempotent,
        }
    }
}

impl From<definition::Trigger> for TriggerDraft {
    fn from(guest: definition::Trigger) -> Self {
        Self {
            id: guest.id,
            name: guest.name,
            description: guest.description,
            kind: match guest.kind {
                definition::TriggerKind::Poll => TriggerKind::Poll,
                definition::TriggerKind::Webhook => TriggerKind::Webhook,
            },
            config_schema: guest.config_schema,
            event_schema: guest.event_schema,
            sample: guest.sample,
            provider: guest.provider,
            scopes: guest.scopes,
        }
    }
}

impl From<Context> for TriggerContext {
    fn from(context: Context) -> Self {
        let Context { user_id, run_id, step_id, attempt, idempotency_key } = context;
        Self { user_id, run_id, step_id, attempt, idempotency_key }
    }
}

impl From<GuestFailure> for Failure {
    fn from(guest: GuestFailure) -> Self {
        match guest {
            GuestFailure::InvalidInput(message) => Self::new(FailureKind::InvalidInput, &message),
            GuestFailure::AuthRequired(message) => Self::new(FailureKind::AuthRequired, &message),
            GuestFailure::PermissionDenied(message) => Self::new(FailureKind::PermissionDenied, &message),
            GuestFailure::NotFound(message) => Self::new(FailureKind::NotFound, &message),
            GuestFailure::Conflict(message) => Self::new(FailureKind::Conflict, &message),
            GuestFailure::RateLimited(limit) => Self {
                retry_after: limit.retry_after_ms.map(|wait| Duration::from_millis(wait).min(MAX_RETRY_AFTER)),
                ..Self::new(FailureKind::RateLimited, &limit.message)
            },
            GuestFailure::Transient(message) => Self::new(FailureKind::Transient, &message),
            GuestFailure::Permanent(message) => Self::new(FailureKind::Permanent, &message),
            GuestFailure::Halt(message) => Self::new(FailureKind::Halt, &message),
        }
    }
}
