//! The catalogue of actions and triggers that checking a workflow needs: a trait, which the host implements for its
//! registry.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use workway_model::{ActionId, IntegrationId, LocalId, ProviderId};

/// Looks up the actions and triggers that a workflow can use.
pub trait ActionCatalogue {
    /// Returns an action, or `None` if no integration offers it.
    fn action(&self, id: &ActionId) -> Option<CatalogueAction>;
    /// Returns a trigger of an integration, or `None` if the integration does not offer it.
    fn trigger(&self, integration: &IntegrationId, trigger: &LocalId) -> Option<CatalogueTrigger>;
}

/// What a catalogue says of an action.
#[derive(Clone, Debug)]
pub struct CatalogueAction {
    /// JSON Schema document of its input.
    pub input_schema: Arc<Value>,
    /// JSON Schema document of its output.
    pub output_schema: Arc<Value>,
    /// The providers whose connections its integration needs.
    pub providers: BTreeSet<ProviderId>,
}

/// What a catalogue says of a trigger.
#[derive(Clone, Debug)]
pub struct CatalogueTrigger {
    /// JSON Schema document of its configuration.
    pub config_schema: Arc<Value>,
    /// JSON Schema document of its events.
    pub event_schema: Arc<Value>,
    /// The providers whose connections its integration needs.
    pub providers: BTreeSet<ProviderId>,
}
