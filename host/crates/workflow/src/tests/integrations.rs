//! The actions of `plugins/slack` and `plugins/github` as their schemas describe them, without the texts for people. What they really
//! declare is in the end-to-end tests, which publish the examples of the guide.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value;
use workway_model::{ActionId, IntegrationId, LocalId};

use super::catalogue::schema_of;
use crate::{ActionCatalogue, CatalogueAction, CatalogueOffer, CatalogueTrigger};

pub(super) struct Integrations;

static ACTIONS: LazyLock<BTreeMap<ActionId, CatalogueAction>> = LazyLock::new(|| {
    let text = include_str!("integrations.json");
    let declared: BTreeMap<String, Value> = serde_json::from_str(text).expect("is JSON");
    let action = |(id, schemas): (String, Value)| {
        let id: ActionId = id.parse().expect("is an id");
        let provider = id.integration.as_str().parse().expect("is a provider");
        let action = CatalogueAction {
            input_schema: schema_of(&schemas["input"]),
            output_schema: schema_of(&schemas["output"]),
            providers: [provider].into(),
        };
        (id, action)
    };
    declared.into_iter().map(action).collect()
});

/// The schema of an action's input.
pub(super) fn input_of(id: &str) -> Value {
    ACTIONS[&id.parse::<ActionId>().expect("is an id")].input_schema.document().clone()
}

impl ActionCatalogue for Integrations {
    fn action(&self, id: &ActionId) -> Option<CatalogueAction> {
        ACTIONS.get(id).cloned()
    }

    fn trigger(&self, _: &IntegrationId, _: &LocalId) -> Option<CatalogueTrigger> {
        None
    }

    fn offers(&self) -> BTreeMap<IntegrationId, CatalogueOffer> {
        let mut offers: BTreeMap<IntegrationId, CatalogueOffer> = BTreeMap::new();
        for id in ACTIONS.keys() {
            offers.entry(id.integration.clone()).or_default().actions.push(id.action.clone());
        }
        offers
    }
}
