//! Shapes that several handlers of this folder answer with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use utoipa::ToSchema;
use workway_model::{Action, Definition, IntegrationId, Trigger, TriggerKind};
use workway_registry::{LoadFailure, Phases, RegisteredIntegration, Status};

/// An integration in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct IntegrationSummary {
    #[schema(example = "slack")]
    id: String,
    name: String,
    /// Semantic version of the integration itself.
    version: String,
    description: String,
    categories: Vec<String>,
    status: WireStatus,
    /// Whether its actions can be executed; an older version may answer while a newer one waits.
    callable: bool,
    /// Providers whose connections it uses.
    providers: Vec<String>,
    actions_count: usize,
    triggers_count: usize,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::http) enum WireStatus {
    Active,
    PendingApproval,
}

/// An action in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ActionSummary {
    /// `<integration>.<action>`.
    #[schema(example = "slack.post-message")]
    id: String,
    integration: String,
    name: String,
    description: String,
    /// The provider whose connection it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    scopes: Vec<String>,
    /// Whether a second call with the same idempotency key does no harm.
    idempotent: bool,
}

/// A trigger of an integration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct TriggerSummary {
    id: String,
    name: String,
    description: String,
    kind: TriggerKind,
}

/// Why a file's content is not what answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WireFailure {
    message: String,
    /// Unix milliseconds.
    at: u64,
}

/// Where the time of a load went, in whole milliseconds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct WirePhases {
    /// Reading and hashing the file.
    read_ms: u64,
    /// Compiling, or finding what was compiled before.
    compile_ms: u64,
    link_ms: u64,
    /// Asking the component what it is, and checking that.
    describe_ms: u64,
    /// Having it answer calls.
    swap_ms: u64,
}

impl From<Phases> for WirePhases {
    fn from(phases: Phases) -> Self {
        Self {
            read_ms: milliseconds(phases.read),
            compile_ms: milliseconds(phases.compile),
            link_ms: milliseconds(phases.link),
            describe_ms: milliseconds(phases.describe),
            swap_ms: milliseconds(phases.swap),
        }
    }
}

impl IntegrationSummary {
    pub(super) fn new(definition: &Definition, entry: &RegisteredIntegration) -> Self {
        Self {
            id: definition.id.to_string(),
            name: definition.name.clone(),
            version: definition.version.to_string(),
            description: definition.description.clone(),
            categories: definition.categories.clone(),
            status: match entry.status() {
                Status::Active => WireStatus::Active,
                Status::PendingApproval => WireStatus::PendingApproval,
            },
            callable: entry.active.is_some(),
            providers: definition.providers().map(ToString::to_string).collect(),
            actions_count: definition.actions.len(),
            triggers_count: definition.triggers.len(),
        }
    }
}

impl ActionSummary {
    pub(super) fn new(integration: &IntegrationId, action: &Action) -> Self {
        Self {
            id: format!("{integration}.{}", action.id),
            integration: integration.to_string(),
            name: action.name.clone(),
            description: action.description.clone(),
            provider: action.provider.as_ref().map(ToString::to_string),
            scopes: action.scopes.clone(),
            idempotent: action.idempotent,
        }
    }
}

impl TriggerSummary {
    pub(super) fn new(trigger: &Trigger) -> Self {
        Self {
            id: trigger.id.to_string(),
            name: trigger.name.clone(),
            description: trigger.description.clone(),
            kind: trigger.kind,
        }
    }
}

impl From<&LoadFailure> for WireFailure {
    fn from(failure: &LoadFailure) -> Self {
        Self { message: failure.message.clone(), at: unix_milliseconds(failure.at) }
    }
}

/// A time before 1970 is a clock that was never set, and reads as 0.
pub(super) fn unix_milliseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, milliseconds)
}

pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
