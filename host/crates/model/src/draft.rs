//! A definition as a guest wrote it: texts that nobody has checked yet. See [`Definition::check`](super::Definition::check).

use serde::{Deserialize, Serialize};

use super::TriggerKind;

/// The contract's `definition.integration`, field by field. Its `serde` shape is for the artifact cache alone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DefinitionDraft {
    pub id: String,
    pub name: String,
    pub version: String,
    pub description: String,
    pub categories: Vec<String>,
    pub permissions: PermissionsDraft,
    pub actions: Vec<ActionDraft>,
    pub triggers: Vec<TriggerDraft>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PermissionsDraft {
    pub hosts: Vec<String>,
    /// Provider, scopes, required.
    pub connections: Vec<(String, Vec<String>, bool)>,
    pub storage: bool,
    pub reveal_token: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActionDraft {
    pub id: String,
    pub name: String,
    pub description: String,
    pub input_schema: String,
    pub output_schema: String,
    pub provider: Option<String>,
    pub scopes: Vec<String>,
    pub idempotent: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TriggerDraft {
    pub id: String,
    pub name: String,
    pub description: String,
    pub kind: TriggerKind,
    pub config_schema: String,
    pub event_schema: String,
    pub sample: Option<String>,
    pub provider: Option<String>,
    pub scopes: Vec<String>,
}
