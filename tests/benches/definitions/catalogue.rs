//! The actions that the bench's workflows use: two as integrations declare them, and some whose schemas are expensive to check.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use workway_host::{
    model::{ActionId, IntegrationId, LocalId, Schema},
    workflow::{ActionCatalogue, CatalogueAction, CatalogueOffer, CatalogueTrigger},
};

/// Integrations beside the bench's own, with as many actions each, that suggestions look through.
const OTHERS: usize = 100;

pub struct Catalogue {
    actions: BTreeMap<ActionId, CatalogueAction>,
    offers: BTreeMap<IntegrationId, CatalogueOffer>,
}

impl Catalogue {
    pub fn new() -> anyhow::Result<Self> {
        let mut actions = BTreeMap::new();
        for (id, input, output) in declared() {
            let action = CatalogueAction {
                input_schema: Schema::parse(&input.to_string())?,
                output_schema: Schema::parse(&output.to_string())?,
                providers: Default::default(),
            };
            actions.insert(id.parse::<ActionId>()?, action);
        }
        let mut offers: BTreeMap<IntegrationId, CatalogueOffer> = BTreeMap::new();
        for id in actions.keys() {
            offers.entry(id.integration.clone()).or_default().actions.push(id.action.clone());
        }
        for integration in 0..OTHERS {
            let ids = (0..OTHERS).map(|action| format!("create-or-update-object-{action}").parse::<LocalId>());
            let offer = CatalogueOffer { actions: ids.collect::<Result<_, _>>()?, triggers: Vec::new() };
            offers.insert(format!("customer-relationship-{integration}").parse()?, offer);
        }
        Ok(Self { actions, offers })
    }
}

impl ActionCatalogue for Catalogue {
    fn action(&self, id: &ActionId) -> Option<CatalogueAction> {
        self.actions.get(id).cloned()
    }

    fn trigger(&self, _: &IntegrationId, _: &LocalId) -> Option<CatalogueTrigger> {
        None
    }

    fn offers(&self) -> BTreeMap<IntegrationId, CatalogueOffer> {
        self.offers.clone()
    }
}

fn declared() -> Vec<(&'static str, Value, Value)> {
    let user = json!({ "type": "object", "required": ["login"], "properties": { "login": { "type": "string" } } });
    let find = json!({
        "type": "object", "additionalProperties": false, "required": ["owner", "repo"],
        "properties": {
            "owner": { "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$" },
            "repo": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,100}$" },
            "state": { "anyOf": [{ "enum": ["open", "closed", "all"] }, { "type": "null" }] },
            "since": { "type": ["string", "null"], "format": "date-time" },
            "perPage": { "type": ["integer", "null"], "minimum": 1, "maximum": 100 },
        },
    });
    let found = json!({
        "type": "object", "required": ["issues"],
        "properties": { "issues": { "type": "array", "items": { "$ref": "#/$defs/issue" } } },
        "$defs": {
            "user": user,
            "issue": {
                "type": "object", "required": ["title", "user"],
                "properties": {
                    "title": { "type": "string" }, "user": { "anyOf": [{ "$ref": "#/$defs/user" }, { "type": "null" }] },
                },
            },
        },
    });
    let post = json!({
        "type": "object", "additionalProperties": false, "required": ["channel"],
        "properties": {
            "channel": { "type": "string", "minLength": 1, "maxLength": 255 },
            "text": { "type": ["string", "null"], "minLength": 1, "maxLength": 40_000 },
            "blocks": { "type": ["array", "null"], "maxItems": 50, "items": { "type": "object" } },
        },
        "anyOf": [{ "required": ["text"] }, { "required": ["blocks"] }],
    });
    let variant = |number: usize| {
        json!({
            "type": "object", "required": ["type"], "additionalProperties": false,
            "properties": {
                "type": { "const": format!("variant-{number}") }, "text": { "type": "string", "pattern": format!("^{number}") },
                "children": { "type": "array", "items": { "$ref": "#/$defs/node" } },
            },
        })
    };
    let choices = json!({
        "properties": { "nodes": { "type": "array", "items": { "$ref": "#/$defs/node" } } },
        "$defs": { "node": { "anyOf": (0..20).map(variant).collect::<Vec<_>>() } },
    });
    let unevaluated = (0..8).fold(
        json!({ "type": "object" }),
        |inner, _| json!({ "anyOf": [inner, { "properties": { "b": true } }], "unevaluatedProperties": false }),
    );
    let patterns: serde_json::Map<String, Value> =
        (0..30).map(|number| (format!("^(?=.*{number})(a+)+b$"), json!({ "type": "string" }))).collect();
    let backtracking =
        json!({ "patternProperties": patterns, "additionalProperties": { "pattern": "^(?=(a+)+$)(a|aa)+$" } });
    let endless = json!({
        "type": "object",
        "properties": { "next": { "anyOf": (0..30).map(|_| json!({ "$ref": "#" })).collect::<Vec<_>>() } },
    });
    let any = json!({});
    vec![
        ("github.list-issues", find, found),
        ("slack.post-message", post, any.clone()),
        ("bench.any", any.clone(), endless),
        ("bench.choices", choices, any.clone()),
        ("bench.unevaluated", unevaluated, any.clone()),
        ("bench.patterns", backtracking, any),
    ]
}
