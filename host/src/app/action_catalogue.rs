//! The registry as the catalogue that workflows are checked against.

use std::sync::Arc;

use workway_model::{ActionId, IntegrationId, LocalId};
use workway_registry::ActionRegistry;
use workway_workflow::{ActionCatalogue, CatalogueAction, CatalogueTrigger};

/// Actions and triggers that can be called at the moment of asking.
pub(super) struct RegisteredActions(pub(super) ActionRegistry);

impl ActionCatalogue for RegisteredActions {
    fn action(&self, id: &ActionId) -> Option<CatalogueAction> {
        let active = self.0.lookup(id)?;
        let action = active.definition.action(&id.action)?;
        Some(CatalogueAction {
            input_schema: Arc::new(action.input_schema.document().clone()),
            output_schema: Arc::new(action.output_schema.document().clone()),
            providers: action.provider.iter().cloned().collect(),
        })
    }

    fn trigger(&self, integration: &IntegrationId, trigger: &LocalId) -> Option<CatalogueTrigger> {
        let snapshot = self.0.snapshot();
        let active = snapshot.integrations.get(integration)?.active.as_ref()?;
        let trigger = active.definition.trigger(trigger)?;
        Some(CatalogueTrigger {
            config_schema: Arc::new(trigger.config_schema.document().clone()),
            event_schema: Arc::new(trigger.event_schema.document().clone()),
            providers: trigger.provider.iter().cloned().collect(),
        })
    }
}
