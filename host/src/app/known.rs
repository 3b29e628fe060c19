//! What this host's registry knows of actions and triggers, for whoever checks a workflow.

use std::sync::Arc;

use workway_model::{ActionId, IntegrationId, LocalId};
use workway_registry::ActionRegistry;
use workway_workflow::{Known, KnownAction, KnownTrigger};

/// Actions and triggers that can be called at the moment of asking.
pub(super) struct RegisteredActions(pub(super) ActionRegistry);

impl Known for RegisteredActions {
    fn action(&self, id: &ActionId) -> Option<KnownAction> {
        let active = self.0.lookup(id)?;
        let action = active.definition.action(&id.action)?;
        Some(KnownAction {
            input_schema: Arc::new(action.input_schema.document().clone()),
            output_schema: Arc::new(action.output_schema.document().clone()),
            providers: action.provider.iter().cloned().collect(),
        })
    }

    fn trigger(&self, integration: &IntegrationId, trigger: &LocalId) -> Option<KnownTrigger> {
        let snapshot = self.0.snapshot();
        let active = snapshot.integrations.get(integration)?.active.as_ref()?;
        let trigger = active.definition.trigger(trigger)?;
        Some(KnownTrigger {
            config_schema: Arc::new(trigger.config_schema.document().clone()),
            event_schema: Arc::new(trigger.event_schema.document().clone()),
            providers: trigger.provider.iter().cloned().collect(),
        })
    }
}
