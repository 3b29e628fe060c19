//! What a registry knows of actions and triggers, as far as checking a workflow needs it. The registry is asked; nothing
//! here looks anything up.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use workway_model::{ActionId, IntegrationId, LocalId, ProviderId};

/// Whoever knows which actions and triggers there are.
pub trait Known {
    /// An action, or none where nobody offers it.
    fn action(&self, id: &ActionId) -> Option<KnownAction>;
    /// A trigger of an integration, or none where nobody offers it.
    fn trigger(&self, integration: &IntegrationId, trigger: &LocalId) -> Option<KnownTrigger>;
}

/// An action that can be used.
#[derive(Clone, Debug)]
pub struct KnownAction {
    /// JSON Schema document of its input.
    pub input_schema: Arc<Value>,
    /// JSON Schema document of its output.
    pub output_schema: Arc<Value>,
    /// The providers whose connections its integration needs.
    pub providers: BTreeSet<ProviderId>,
}

/// A trigger that can be used.
#[derive(Clone, Debug)]
pub struct KnownTrigger {
    /// JSON Schema document of its configuration.
    pub config_schema: Arc<Value>,
    /// JSON Schema document of its events.
    pub event_schema: Arc<Value>,
    /// The providers whose connections its integration needs.
    pub providers: BTreeSet<ProviderId>,
}
