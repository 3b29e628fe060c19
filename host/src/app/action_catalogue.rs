//! The registry as the catalogue that workflows are checked against.

use std::collections::{BTreeMap, BTreeSet};

use workway_model::{ActionId, IntegrationId, LocalId};
use workway_registry::ActionRegistry;
use workway_workflow::{ActionCatalogue, CatalogueAction, CatalogueOffer, CatalogueTrigger};

/// Actions and triggers that can be called at the moment of asking.
pub(super) struct RegisteredActions(pub(super) ActionRegistry);

impl ActionCatalogue for RegisteredActions {
    fn action(&self, id: &ActionId) -> Option<CatalogueAction> {
        let active = self.0.lookup(id)?;
        let action = active.definition.action(&id.action)?;
        Some(CatalogueAction {
            input_schema: action.input_schema.clone(),
            output_schema: action.output_schema.clone(),
            providers: action.provider.iter().cloned().collect(),
        })
    }

    fn trigger(&self, integration: &IntegrationId, trigger: &LocalId) -> Option<CatalogueTrigger> {
        let snapshot = self.0.snapshot();
        let active = snapshot.integrations.get(integration)?.active.as_ref()?;
        let trigger = active.definition.trigger(trigger)?;
        Some(CatalogueTrigger {
            config_schema: trigger.config_schema.clone(),
            event_schema: trigger.event_schema.clone(),
            providers: trigger.provider.iter().cloned().collect(),
        })
    }

    fn scopes(&self, action: &ActionId) -> BTreeSet<String> {
        let active = self.0.lookup(action);
        let found = active.as_ref().and_then(|active| active.definition.action(&action.action));
        found.into_iter().flat_map(|action| action.scopes.iter().cloned()).collect()
    }

    fn offers(&self) -> BTreeMap<IntegrationId, CatalogueOffer> {
        let snapshot = self.0.snapshot();
        let active = snapshot.integrations.values().filter_map(|integration| integration.active.as_ref());
        let offer = |definition: &workway_model::Definition| CatalogueOffer {
            actions: definition.actions.iter().map(|action| action.id.clone()).collect(),
            triggers: definition.triggers.iter().map(|trigger| trigger.id.clone()).collect(),
        };
        active.map(|active| (active.definition.id.clone(), offer(&active.definition))).collect()
    }
}
