//! Definitions held against the actions and triggers of a made-up registry: names, fields, types and providers.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Value, json};
use workway_model::{ActionId, IntegrationId, LocalId, Schema};

use super::*;
use crate::{
    ActionCatalogue, CatalogueAction, CatalogueOffer, CatalogueTrigger, Problem, bounds::MAX_PROBLEMS, check,
    required_providers,
};

/// GitHub and Slack as the example uses them.
pub(super) struct Registry;

/// Input and output of each action.
static ACTIONS: LazyLock<BTreeMap<&str, CatalogueAction>> = LazyLock::new(|| {
    BTreeMap::from([
        (
            "slack.post-message",
            action(
                "slack",
                &json!({
                    "type": "object", "additionalProperties": false, "required": ["channel", "text"],
                    "properties": {
                        "channel": {"type": "string"}, "text": {"$ref": "#/$defs/text"},
                        "count": {"type": "integer"}, "ratio": {"type": "number"},
                        "mode": {"enum": ["plain", "fancy"]},
                        "blocks": {"type": "array", "items": {"type": "object"}},
                        "options": {"anyOf": [{"$ref": "#/$defs/options"}, {"type": "null"}]},
                    },
                    "$defs": {
                        "text": {"type": "string"},
                        "options": {"type": "object", "additionalProperties": false, "required": ["a"],
                                    "properties": {"a": {"type": "boolean"}, "b": {"type": ["string", "null"]}}},
                    },
                }),
                &json!({"type": "object", "additionalProperties": false,
                       "properties": {"ts": {"type": "string"}, "replies": {"type": "array", "items": {"type": "integer"}}}}),
            ),
        ),
        (
            "web.request",
            action(
                "web",
                &json!({
                    "type": "object",
                    "properties": {
                        "url": {"type": "string"},
                        "headers": {"type": "object", "additionalProperties": {"type": "string", "format": "secret"}},
                        "token": {"$ref": "#/$defs/token"},
                        "both": {"allOf": [{"type": "string"}, {"format": "secret"}]},
                        "auth": {"anyOf": [{"type": "object", "properties": {"bearer": {"$ref": "#/$defs/token"}}},
                                           {"type": "string"}]},
                        "key": {"oneOf": [{"type": "string", "format": "secret"}, {"type": "null"}]},
                        "keys": {"type": "array", "items": {"$ref": "#/$defs/token"}},
                        "number": {"type": "integer", "format": "secret"},
                    },
                    "$defs": {"token": {"type": "string", "format": "secret"}},
                }),
                &json!({"type": "object"}),
            ),
        ),
        (
            "github.add-label",
            action(
                "github",
                &json!({"type": "object", "required": ["label"], "properties": {"number": {"type": "integer"}}}),
                &json!({"type": "object", "properties": {"id": {"type": "integer"}}}),
            ),
        ),
    ])
});

static TRIGGER: LazyLock<CatalogueTrigger> = LazyLock::new(|| CatalogueTrigger {
    config_schema: schema_of(&json!({
        "type": "object", "additionalProperties": false, "required": ["owner"],
        "properties": {"owner": {"type": "string"}, "labels": {"type": "array", "items": {"type": "string"}},
                       "verifier": {"type": "string", "format": "secret"}},
    })),
    event_schema: schema_of(&json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "title": {"type": "string"}, "number": {"type": "integer"}, "open": {"type": "boolean"},
            "labels": {"type": "array", "items": {"type": "object", "additionalProperties": false,
                                                 "properties": {"name": {"type": "string"}}}},
        },
    })),
    providers: ["github".parse().expect("is a provider")].into(),
});

fn action(provider: &str, input: &Value, output: &Value) -> CatalogueAction {
    CatalogueAction {
        input_schema: schema_of(input),
        output_schema: schema_of(output),
        providers: [provider.parse().expect("is a provider")].into(),
    }
}

pub(super) fn schema_of(document: &Value) -> Schema {
    Schema::parse(&document.to_string()).unwrap_or_else(|error| panic!("{document}: {error}"))
}

impl ActionCatalogue for Registry {
    fn action(&self, id: &ActionId) -> Option<CatalogueAction> {
        ACTIONS.get(id.to_string().as_str()).cloned()
    }

    fn trigger(&self, integration: &IntegrationId, trigger: &LocalId) -> Option<CatalogueTrigger> {
        (integration.as_str() == "github" && trigger.as_str() == "new-issue").then(|| TRIGGER.clone())
    }

    fn offers(&self) -> BTreeMap<IntegrationId, CatalogueOffer> {
        let ids = |names: &[&str]| names.iter().map(|name| name.parse().expect("is an id")).collect();
        let offer = |integration: &str, actions: &[&str], triggers: &[&str]| {
            let offer = CatalogueOffer { actions: ids(actions), triggers: ids(triggers) };
            (integration.parse().expect("is an id"), offer)
        };
        BTreeMap::from([offer("slack", &["post-message"], &[]), offer("github", &["add-label"], &["new-issue"])])
    }
}

/// The problems of a definition, a line each.
pub(super) fn found(value: Value) -> Vec<String> {
    let definition = WorkflowDefinition::from_value(&value).unwrap_or_else(|error| panic!("{value}: {error}"));
    check(&definition, &Registry).errors.iter().map(Problem::to_string).collect()
}

/// The problems of one step `a` with what is before it.
pub(super) fn found_with(before: Value, with: Value) -> Vec<String> {
    let mut steps: Vec<Value> = before.as_array().cloned().unwrap_or_default();
    steps.push(json!({"id": "a", "uses": "slack.post-message", "with": with}));
    found(json!({
        "name": "a",
        "inputs": {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}, "any": {},
                                                    "list": {"type": "array", "items": {"type": "string"}}}},
        "trigger": {"integration": "github", "trigger": "new-issue", "config": {"owner": "acme"}},
        "steps": steps,
    }))
}

#[test]
fn the_example_has_no_problem() {
    let definition = WorkflowDefinition::from_yaml(EXAMPLE).expect("is a definition");
    assert_eq!(check(&definition, &Registry), Default::default());
    let providers: Vec<_> = required_providers(&definition, &Registry).iter().map(ToString::to_string).collect();
    assert_eq!(providers, ["github", "slack"]);
}

#[test]
fn actions_and_triggers_have_to_be_offered() {
    let lines = found(json!({
        "name": "a",
        "trigger": {"integration": "github", "trigger": "new-star"},
        "steps": [{"id": "a", "parallel": [{"steps": [{"id": "b", "uses": "slack.dance"}]}]}],
        "on-failure": [{"id": "c", "uses": "slack.weep"}],
    }));
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert_eq!(lines[0], "/trigger/trigger: unknown trigger \"github.new-star\": github has new-issue");
    assert_eq!(lines[1], "/steps/0/parallel/0/steps/0/uses: unknown action \"slack.dance\": slack has post-message");
    assert_eq!(lines[2], "/on-failure/0/uses: unknown action \"slack.weep\": slack has post-message");
}

#[test]
fn fields_are_held_against_the_schema_of_the_input() {
    for (with, expected) in [
        (json!({"channel": "#a", "text": "b"}), vec![]),
        (json!({}), vec!["/steps/0: `channel` is missing", "/steps/0: `text` is missing"]),
        (json!({"channel": "#a"}), vec!["/steps/0/with: `text` is missing"]),
        (
            json!({"channel": "#a", "text": "b", "txet": 1}),
            vec![
                "/steps/0/with/txet: unknown field: the schema has no `txet`: did you mean `text`? It has blocks, channel",
            ],
        ),
        (json!({"channel": 7, "text": "b"}), vec!["/steps/0/with/channel: expected string, found integer"]),
        (json!({"channel": "a", "text": null}), vec!["/steps/0/with/text: expected string, found null"]),
        (json!({"channel": "a", "text": ["b"]}), vec!["/steps/0/with/text: expected string, found array"]),
        (json!({"channel": "a", "text": "b", "count": 1.0, "ratio": 1}), vec![]),
        (
            json!({"channel": "a", "text": "b", "count": 1.5}),
            vec!["/steps/0/with/count: expected integer, found number"],
        ),
        (
            json!({"channel": "a", "text": "b", "mode": "odd"}),
            vec![r#"/steps/0/with/mode: must be one of "plain", "fancy""#],
        ),
        (json!({"channel": "a", "text": "b", "mode": "{{ inputs.s }}"}), vec![]),
        (
            json!({"channel": "a", "text": "b", "blocks": [{}, 1]}),
            vec!["/steps/0/with/blocks/1: expected object, found integer"],
        ),
        (json!({"channel": "a", "text": "b", "options": null}), vec![]),
        (json!({"channel": "a", "text": "b", "options": {"a": true, "b": null}}), vec![]),
        (
            json!({"channel": "a", "text": "b", "options": {"b": 1, "c": 2}}),
            vec![
                "/steps/0/with/options: `a` is missing",
                "/steps/0/with/options/b: expected null or string, found integer",
                "/steps/0/with/options/c: unknown field: the schema has no `c`: it has a, b",
            ],
        ),
    ] {
        let lines = found_with(json!([]), with.clone());
        assert_eq!(lines.len(), expected.len(), "{with}: {lines:#?}");
        for (line, start) in lines.iter().zip(expected) {
            assert!(line.starts_with(start), "{with}: {line}");
        }
    }
}

#[test]
fn the_configuration_of_a_trigger_is_held_against_its_schema() {
    let with_config = |config: Value| {
        found(json!({
            "name": "a", "inputs": {"type": "object", "properties": {"n": {"type": "integer"}}},
            "trigger": {"integration": "github", "trigger": "new-issue", "config": config},
            "steps": [{"id": "a", "sleep": "1s"}],
        }))
    };
    for (config, expected) in [
        (json!({"owner": "acme"}), None),
        (json!({}), Some("/trigger: `owner` is missing")),
        (json!({"owner": "a", "repo": "b"}), Some("/trigger/config/repo: unknown field")),
        (json!({"owner": "{{ inputs.n }}"}), Some("/trigger/config/owner: expected string, found integer")),
        (
            json!({"owner": "{{ trigger.title }}"}),
            Some("/trigger/config/owner: a trigger's configuration can only read inputs"),
        ),
        (
            json!({"owner": "a", "labels": ["{{ run.id }}"]}),
            Some("/trigger/config/labels/0: a trigger's configuration can only read inputs"),
        ),
    ] {
        let lines = with_config(config.clone());
        assert_eq!(lines.len(), usize::from(expected.is_some()), "{config}: {lines:#?}");
        assert!(lines.iter().zip(expected).all(|(line, start)| line.starts_with(start)), "{lines:#?}");
    }
}

#[test]
fn types_are_compared_where_both_are_known() {
    let before = json!([{"id": "post", "uses": "slack.post-message", "with": {"channel": "a", "text": "b"}}]);
    for (text, expected) in [
        ("{{ inputs.s }}", None),
        ("{{ inputs.any }}", None),
        ("{{ inputs.n }}", Some("expected string, found integer")),
        ("{{ 7 }}", Some("expected string, found integer")),
        ("{{ inputs.n|string }}", None),
        ("n: {{ inputs.n }}", None),
        ("{{ inputs.list }}", Some("expected string, found array")),
        ("{{ inputs.list[0] }}", None),
        ("{{ trigger.number }}", Some("expected string, found integer")),
        ("{{ steps.post.output }}", Some("expected string, found object")),
        ("{{ steps.post.output.ts }}", None),
        ("{{ steps.post.output.replies[0] }}", Some("expected string, found integer")),
        ("{{ run }}", Some("expected string, found object")),
        ("{{ run.id }}", None),
    ] {
        let lines = found_with(before.clone(), json!({"channel": "a", "text": text}));
        let expected: Vec<_> = expected.into_iter().map(|message| format!("/steps/1/with/text: {message}")).collect();
        assert_eq!(lines, expected, "{text}");
    }
    let lines = found_with(
        json!([{"id": "each", "for-each": "inputs.s", "steps": [{"id": "b", "sleep": "1s"}]}]),
        json!({"channel": "a", "text": "b"}),
    );
    assert_eq!(lines, ["/steps/0/for-each: expected array, found string"]);
}

#[test]
fn credentials_are_among_the_problems() {
    let secret = format!("xoxb-{}", "1234567890-abcdefghij");
    let lines = found_with(json!([]), json!({"channel": "a", "text": secret}));
    assert!(lines.len() == 1 && lines[0].starts_with("/steps/0/with/text: looks like a Slack token"), "{lines:?}");
    assert!(!lines[0].contains(&secret));
}

#[test]
fn the_list_of_problems_is_bounded() {
    let many: Vec<_> = (0..3 * MAX_PROBLEMS).map(|_| "{{ steps.none.output }}").collect();
    assert_eq!(found_with(json!([]), json!({"channel": "a", "text": "b", "blocks": many})).len(), MAX_PROBLEMS);
}
