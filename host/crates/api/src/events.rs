//! Server-sent events about integrations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{registry::LoadPhases, time::Timestamp};

/// The data of one event. `type` is the event's name, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum RegistryEvent {
    /// A new integration is active.
    Loaded(LoadedVersion),
    /// Another version of an integration is active.
    Reloaded(LoadedVersion),
    /// A file could not be loaded.
    #[serde(rename_all = "camelCase")]
    Failed {
        /// The file in the plugins folder.
        file: String,
        /// When the load failed.
        timestamp: Timestamp,
        /// The integration that the file contained before.
        #[serde(skip_serializing_if = "Option::is_none")]
        integration_id: Option<String>,
        /// Whether that integration's last good version is still active.
        serving: bool,
        /// What is wrong with the file.
        message: String,
    },
    /// An integration is gone: its file was deleted or contains another integration.
    #[serde(rename_all = "camelCase")]
    Removed {
        /// The file in the plugins folder.
        file: String,
        /// When the integration was removed.
        timestamp: Timestamp,
        /// The integration that was removed.
        integration_id: String,
    },
    /// Events arrived faster than the client read them, and some were dropped.
    Missed {
        /// Number of dropped events.
        count: u64,
    },
}

/// A version of an integration that became active.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadedVersion {
    /// The integration's id.
    pub integration_id: String,
    /// The file in the plugins folder.
    pub file: String,
    /// The integration's version.
    pub version: String,
    /// Number of actions.
    pub actions_count: usize,
    /// Number of triggers.
    pub triggers_count: usize,
    /// When the version became active.
    pub timestamp: Timestamp,
    /// How long the load took, in milliseconds.
    pub duration_ms: u64,
    /// Where the time of the load went.
    pub phases: LoadPhases,
    /// Where the machine code came from.
    pub code: CodeSource,
}

/// Where machine code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CodeSource {
    /// It was compiled before.
    Cache,
    /// The optimizing compiler.
    Cranelift,
    /// The fast compiler.
    Winch,
}
