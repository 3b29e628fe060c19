//! Integrations: what is registered, what a version may do, and how it is approved and reloaded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{actions::Action, page::Page, time::Timestamp};

/// Integrations, ordered by id.
pub type IntegrationPage = Page<Integration>;

/// Chooses a part of the integrations, or of their actions.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RegistryQuery {
    /// Number of items to return.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100, default = 50)]
    pub limit: Option<usize>,
    /// Number of items to skip.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 0, maximum = 1_000_000, default = 0)]
    pub offset: Option<usize>,
    /// Only integrations of this category, or their actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Only what uses connections of this provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// An integration in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// The integration's id.
    #[schema(example = "slack")]
    pub id: String,
    /// The name to show to people.
    pub name: String,
    /// The integration's own semantic version.
    pub version: String,
    /// What the integration does.
    pub description: String,
    /// The integration's categories.
    pub categories: Vec<String>,
    /// Whether a version awaits approval.
    pub status: IntegrationStatus,
    /// Whether its actions can be executed. An older version may still be active while a newer one awaits approval.
    pub callable: bool,
    /// Providers whose connections it uses.
    pub providers: Vec<String>,
    /// Number of actions.
    pub actions_count: usize,
    /// Number of triggers.
    pub triggers_count: usize,
}

/// Whether a version of an integration awaits approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IntegrationStatus {
    /// The version that was loaded last is active.
    Active,
    /// A version awaits the operator's approval.
    PendingApproval,
}

/// An integration with its permissions, actions, triggers and versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationDetail {
    /// What lists show.
    #[serde(flatten)]
    pub summary: Integration,
    /// The permissions that the shown version requests. An active version has been granted all of them.
    pub permissions: Permissions,
    /// The integration's actions.
    pub actions: Vec<Action>,
    /// The integration's triggers.
    pub triggers: Vec<Trigger>,
    /// The component's file in the plugins folder.
    pub file: String,
    /// SHA-256 of the active version, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// When the active version became active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded_at: Option<Timestamp>,
    /// The version that awaits approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<PendingVersion>,
    /// Why the file's current content could not be loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LoadError>,
}

/// What an integration may do. Everything that is not named is denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Permissions {
    /// Origins that `fetch` may reach: `api.example.com`, `*.example.com`, `https://api.example.com:8443`.
    pub hosts: Vec<String>,
    /// Providers whose connections the integration may use.
    pub connections: Vec<ConnectionPermission>,
    /// Whether the integration may use the key-value store.
    pub storage: bool,
    /// Whether the integration may read access tokens as text.
    pub reveal_token: bool,
}

/// A provider whose connections an integration may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionPermission {
    /// The provider's id.
    pub provider: String,
    /// The scopes that the integration needs.
    pub scopes: Vec<String>,
    /// Whether the integration is unusable without a connection of this provider.
    pub required: bool,
}

/// A trigger of an integration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    /// The trigger's id within the integration.
    pub id: String,
    /// The name to show to people.
    pub name: String,
    /// When the trigger fires.
    pub description: String,
    /// How the trigger learns of events.
    pub kind: TriggerKind,
}

/// How a trigger learns of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerKind {
    /// The host asks at intervals.
    Poll,
    /// The provider calls the host.
    Webhook,
}

/// A version that awaits the operator's approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingVersion {
    /// The version's number.
    pub version: String,
    /// SHA-256 of the version, in hexadecimal. Send it with the approval, so that no other version is approved.
    pub sha256: String,
    /// What the version requests beyond the current grant, in words.
    pub asks: Vec<String>,
    /// All permissions that the version requests.
    pub permissions: Permissions,
}

/// Why a file could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadError {
    /// What is wrong with the file.
    pub message: String,
    /// When the load failed.
    pub at: Timestamp,
}

/// Where the time of a load went, in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadPhases {
    /// Reading and hashing the file.
    pub read_ms: u64,
    /// Compiling, or loading compiled code from the cache.
    pub compile_ms: u64,
    /// Linking the component to the host.
    pub link_ms: u64,
    /// Asking the component for its definition, and checking it.
    pub describe_ms: u64,
    /// Making the version active.
    pub swap_ms: u64,
}

/// Approves a version that awaits approval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    /// SHA-256 of the approved version, from `pending.sha256`. Without it, whichever version is pending is approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-fA-F]{64}$")]
    pub sha256: Option<String>,
}

/// The result of a reload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reload {
    /// Always true: a failure is a problem with its own status.
    pub success: bool,
    /// What happened, for people.
    #[schema(example = "Integration 'gmail' reloaded successfully")]
    pub message: String,
    /// The integration that the file contains.
    pub integration_id: String,
    /// Number of actions.
    pub actions_count: usize,
    /// Number of triggers.
    pub triggers_count: usize,
    /// When the reload ended, in milliseconds since the epoch. The only time of this API that is a number: existing
    /// clients of this endpoint read it as one.
    pub timestamp: i64,
    /// The integration's version.
    pub version: String,
    /// How long the reload took, in milliseconds.
    pub duration_ms: u64,
    /// All zero if the file has not changed.
    pub phases: LoadPhases,
}

/// Numbers of integrations, actions and calls, and the files that failed to load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistryStats {
    /// Numbers of integrations.
    pub integrations: IntegrationStats,
    /// Number of actions that can be executed.
    pub actions: usize,
    /// Number of triggers.
    pub triggers: usize,
    /// Numbers of calls; for the operator alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<CallStats>,
    /// Files in the plugins folder that contain no loadable integration, by name; for the operator alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<BTreeMap<String, LoadError>>,
}

/// Numbers of integrations by state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationStats {
    /// All integrations.
    pub total: usize,
    /// Those with an active version.
    pub active: usize,
    /// Those with a version that awaits approval.
    pub pending_approval: usize,
    /// Those whose file's current content could not be loaded.
    pub with_last_error: usize,
}

/// Numbers of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallStats {
    /// Calls in flight.
    pub in_flight: usize,
    /// Maximum number of calls in flight.
    pub limit: usize,
}
