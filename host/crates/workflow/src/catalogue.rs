//! The catalogue of actions and triggers that checking a workflow needs: a trait, which the host implements for its
//! registry.

use std::collections::{BTreeMap, BTreeSet};

use workway_model::{ActionId, IntegrationId, LocalId, ProviderId, Schema};

/// Looks up the actions and triggers that a workflow can use.
pub trait ActionCatalogue {
    /// Returns an action, or `None` if no integration offers it.
    fn action(&self, id: &ActionId) -> Option<CatalogueAction>;
    /// Returns a trigger of an integration, or `None` if the integration does not offer it.
    fn trigger(&self, integration: &IntegrationId, trigger: &LocalId) -> Option<CatalogueTrigger>;
    /// Returns the scopes that an action needs of its provider; none unless a catalogue knows better.
    fn scopes(&self, _action: &ActionId) -> BTreeSet<String> {
        BTreeSet::new()
    }
    /// Returns what each integration offers. It is only asked once, for suggestions, if a definition names something unknown.
    fn offers(&self) -> BTreeMap<IntegrationId, CatalogueOffer>;
}

/// What a catalogue says of an action. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CatalogueAction {
    /// The schema of its input.
    pub input_schema: Schema,
    /// The schema of its output. It may be any JSON.
    pub output_schema: Schema,
    /// The providers whose connections its integration needs.
    pub providers: BTreeSet<ProviderId>,
}

/// What a catalogue says of a trigger. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CatalogueTrigger {
    /// The schema of its configuration.
    pub config_schema: Schema,
    /// The schema of its events. It may be any JSON.
    pub event_schema: Schema,
    /// The providers whose connections its integration needs.
    pub providers: BTreeSet<ProviderId>,
}

/// The actions and triggers of one integration.
#[derive(Clone, Debug, Default)]
pub struct CatalogueOffer {
    pub actions: Vec<LocalId>,
    pub triggers: Vec<LocalId>,
}
