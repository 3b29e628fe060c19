//! The published schema and the reader agree: the reader decides, and refuses whatever the schema refuses.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::{SCHEMA, bounds::*};

pub(super) static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(SCHEMA).expect("is JSON");
    jsonschema::validator_for(&document).expect("is a schema")
});

#[test]
fn the_schema_names_itself_and_its_draft() {
    let document: Value = serde_json::from_str(SCHEMA).expect("is JSON");
    assert_eq!(document["$id"], "/schemas/workflow-1.json");
    assert_eq!(document["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[test]
fn the_example_passes() {
    let value = WorkflowDefinition::from_yaml(EXAMPLE).expect("is a definition").to_value();
    assert!(VALIDATOR.is_valid(&value));
}

#[test]
fn short_forms_pass_both() {
    let step = |step: Value| json!({"name": "a", "trigger": {"manual": {}}, "steps": [step]});
    let inner = json!([{"id": "b", "sleep": "1s"}]);
    for value in [
        step(json!({"id": "a", "uses": "a.b", "retry": 3, "name": "Tell them", "if": false})),
        step(json!({"id": "a", "switch": [{"if": true, "steps": inner}]})),
    ] {
        assert!(VALIDATOR.is_valid(&value), "the schema refuses {value}");
        WorkflowDefinition::from_value(&value).unwrap_or_else(|error| panic!("{value}: {error}"));
    }
}

#[test]
fn what_is_as_long_as_may_be_passes_both() {
    for (pointer, value) in [
        (
            "trigger",
            json!({"webhook": {"verify": {"scheme": "hmac", "secret": "a".repeat(MAX_NAME_CHARS),
                                          "header": "a".repeat(MAX_HEADER_NAME_CHARS),
                                          "prefix": "a".repeat(MAX_SIGNATURE_PREFIX_CHARS)}}}),
        ),
        ("concurrency", json!({"limit": MAX_CONCURRENT_RUNS})),
        ("concurrency", json!({})),
    ] {
        let mut value_of = json!({"name": "a", "trigger": {"manual": {}}, "steps": [{"id": "a", "sleep": "1s"}]});
        value_of[pointer] = value;
        assert!(VALIDATOR.is_valid(&value_of), "the schema refuses {value_of}");
        WorkflowDefinition::from_value(&value_of).unwrap_or_else(|error| panic!("{value_of}: {error}"));
    }
}

#[test]
fn what_is_refused_fails_both() {
    let sound = json!({"name": "a", "trigger": {"manual": {}}, "steps": [{"id": "a", "sleep": "1s"}]});
    assert!(VALIDATOR.is_valid(&sound) && WorkflowDefinition::from_value(&sound).is_ok());
    let step = |step: Value| ("/steps", json!([step]));
    let verify = |verify: Value| ("/trigger", json!({"webhook": {"verify": verify}}));
    let inner = json!([{"id": "b", "sleep": "1s"}]);
    let refused = [
        ("/name", json!("")),
        ("/name", json!("  ")),
        ("/name", json!("\u{feff}")),
        ("/name", json!(7)),
        ("/name", json!("a".repeat(MAX_NAME_CHARS + 1))),
        ("/description", json!(7)),
        ("/description", json!("a".repeat(MAX_DESCRIPTION_CHARS + 1))),
        ("/version", json!(1)),
        ("/inputs", json!([])),
        ("/inputs", json!({})),
        ("/inputs", json!({"type": "array"})),
        ("/inputs", json!({"type": "object", "properties": 1})),
        ("/trigger", json!({})),
        ("/trigger", json!("manual")),
        ("/trigger", json!({"manual": null})),
        ("/trigger", json!({"manual": {"a": 1}})),
        ("/trigger", json!({"manual": {}, "webhook": {}})),
        ("/trigger", json!({"manual": {}, "config": {}})),
        ("/trigger", json!({"webhook": {"path": "a"}})),
        ("/trigger", json!({"webhook": {"body": 1}})),
        ("/trigger", json!({"webhook": {"respond": "yes"}})),
        ("/trigger", json!({"webhook": {"verify": "github"}})),
        verify(json!({"scheme": "github"})),
        verify(json!({"secret": "key"})),
        verify(json!({"scheme": "GitHub", "secret": "key"})),
        verify(json!({"scheme": "github", "secret": " "})),
        verify(json!({"scheme": "github", "secret": "a".repeat(MAX_NAME_CHARS + 1)})),
        verify(json!({"scheme": "github", "secret": "key", "tolerance": 300})),
        verify(json!({"scheme": "github", "secret": "key", "header": "X-Signature"})),
        verify(json!({"scheme": "slack", "secret": "key", "algorithm": "sha256"})),
        verify(json!({"scheme": "hmac", "secret": "key"})),
        verify(json!({"scheme": "hmac", "secret": "key", "header": ""})),
        verify(json!({"scheme": "hmac", "secret": "key", "header": "X Signature"})),
        verify(json!({"scheme": "hmac", "secret": "key", "header": "X-Signature\n"})),
        verify(json!({"scheme": "hmac", "secret": "key", "header": "a".repeat(MAX_HEADER_NAME_CHARS + 1)})),
        verify(json!({"scheme": "hmac", "secret": "key", "header": "a", "algorithm": "md5"})),
        verify(json!({"scheme": "hmac", "secret": "key", "header": "a", "encoding": "base32"})),
        verify(json!({"scheme": "hmac", "secret": "key", "header": "a", "prefix": ""})),
        verify(json!({"scheme": "hmac", "secret": "key", "header": "a", "prefix": " v1"})),
        verify(json!({"scheme": "hmac", "secret": "key", "header": "a", "prefix": "é"})),
        verify(
            json!({"scheme": "hmac", "secret": "key", "header": "a", "prefix": "a".repeat(MAX_SIGNATURE_PREFIX_CHARS + 1)}),
        ),
        ("/concurrency", json!(5)),
        ("/concurrency", json!({"limit": 0})),
        ("/concurrency", json!({"limit": MAX_CONCURRENT_RUNS + 1})),
        ("/concurrency", json!({"limit": 2.5})),
        ("/concurrency", json!({"on-limit": "cancel"})),
        ("/concurrency", json!({"on_limit": "skip"})),
        ("/trigger", json!({"integration": "a"})),
        ("/trigger", json!({"integration": "a", "trigger": "B"})),
        ("/trigger", json!({"integration": "a", "trigger": "b", "config": []})),
        ("/trigger", json!({"integration": "a", "trigger": "b", "with": {}})),
        ("/trigger", json!({"schedule": {"cron": "0 9 * * *"}})),
        ("/trigger", json!({"schedule": {"cron": "* * * * * *", "timezone": "UTC"}})),
        ("/trigger", json!({"schedule": {"cron": "@daily", "timezone": "UTC"}})),
        ("/trigger", json!({"schedule": {"cron": "0 9 * * *", "timezone": ""}})),
        ("/trigger", json!({"schedule": {"cron": "0 9 * * *", "timezone": "UTC", "misfire": "all"}})),
        ("/trigger", json!({"schedule": {"cron": "0 9 * * *", "timezone": "UTC", "misfire": null}})),
        ("/steps", json!([])),
        ("/steps", json!({})),
        ("/steps", json!([7])),
        ("/on-failure", json!(7)),
        step(json!({"sleep": "1s"})),
        step(json!({"id": "a"})),
        step(json!({"id": "A", "sleep": "1s"})),
        step(json!({"id": "1a", "sleep": "1s"})),
        step(json!({"id": "a".repeat(MAX_ID_CHARS + 1), "sleep": "1s"})),
        step(json!({"id": "a", "sleep": "1s", "uses": "a.b"})),
        step(json!({"id": "a", "sleep": "1s", "more": 1})),
        step(json!({"id": "a", "sleep": "1s", "with": {}})),
        step(json!({"id": "a", "sleep": "1s", "timeout": "1s"})),
        step(json!({"id": "a", "sleep": "1s", "continue-on-error": true})),
        step(json!({"id": "a", "sleep": "1s", "if": ""})),
        step(json!({"id": "a", "sleep": "1s", "if": []})),
        step(json!({"id": "a", "sleep": "1s", "if": format!("'{}'", "a".repeat(MAX_EXPRESSION_CHARS))})),
        step(json!({"id": "a", "sleep": "1s", "if": format!("{{{{ '{}' }}}}", "a".repeat(MAX_EXPRESSION_CHARS - 4))})),
        step(json!({"id": "a", "sleep": "1s", "if": format!("true{}", " ".repeat(MAX_EXPRESSION_CHARS))})),
        step(json!({"id": "a", "sleep": "0s"})),
        step(json!({"id": "a", "sleep": "1w"})),
        step(json!({"id": "a", "sleep": 5})),
        step(json!({"id": "a", "uses": "a"})),
        step(json!({"id": "a", "uses": "a.b.c"})),
        step(json!({"id": "a", "uses": "a.b", "with": []})),
        step(json!({"id": "a", "uses": "a.b", "timeout": "soon"})),
        step(json!({"id": "a", "uses": "a.b", "continue-on-error": "yes"})),
        step(json!({"id": "a", "uses": "a.b", "retry": "3"})),
        step(json!({"id": "a", "uses": "a.b", "retry": 0})),
        step(json!({"id": "a", "uses": "a.b", "retry": MAX_ATTEMPTS + 1})),
        step(json!({"id": "a", "uses": "a.b", "name": ""})),
        step(json!({"id": "a", "uses": "a.b", "name": "\u{feff}"})),
        step(json!({"id": "a", "uses": "a.b", "name": 1})),
        step(json!({"id": "a", "uses": "a.b", "name": "a".repeat(MAX_NAME_CHARS + 1)})),
        step(json!({"id": "a", "uses": "a.b", "if": 1})),
        step(json!({"id": "a", "uses": "a.b", "if": null})),
        step(json!({"id": "a", "uses": "a.b", "retry": {}})),
        step(json!({"id": "a", "uses": "a.b", "retry": {"attempts": 0}})),
        step(json!({"id": "a", "uses": "a.b", "retry": {"attempts": MAX_ATTEMPTS + 1}})),
        step(json!({"id": "a", "uses": "a.b", "retry": {"attempts": 1, "backoff": "1"}})),
        step(json!({"id": "a", "uses": "a.b", "retry": {"attempts": 1, "jitter": true}})),
        step(json!({"id": "a", "uses": "a.b", "concurrency": 1})),
        step(json!({"id": "a", "for-each": "inputs"})),
        step(json!({"id": "a", "for-each": "inputs", "steps": []})),
        step(json!({"id": "a", "for-each": [1], "steps": inner})),
        step(json!({"id": "a", "for-each": "inputs", "steps": inner, "concurrency": 0})),
        step(json!({"id": "a", "for-each": "inputs", "steps": inner, "concurrency": MAX_CONCURRENCY + 1})),
        step(json!({"id": "a", "switch": []})),
        step(json!({"id": "a", "switch": [{"steps": inner}]})),
        step(json!({"id": "a", "switch": [{"if": "true", "steps": []}]})),
        step(json!({"id": "a", "switch": [{"if": "true", "steps": inner, "else": []}]})),
        step(json!({"id": "a", "default": inner})),
        step(json!({"id": "a", "parallel": {}})),
        step(json!({"id": "a", "parallel": [inner]})),
        step(json!({"id": "a", "parallel": vec![json!({"steps": inner}); MAX_BRANCHES + 1]})),
        step(json!({"id": "a", "wait-for": "event"})),
        step(json!({"id": "a", "wait-for": {}})),
        step(json!({"id": "a", "wait-for": {"event": "a", "approval": "b"}})),
        step(json!({"id": "a", "wait-for": {"event": " "}})),
        step(json!({"id": "a", "wait-for": {"approval": "\u{feff}"}})),
    ];
    for (pointer, value) in refused {
        let mut changed = sound.clone();
        changed[pointer.trim_start_matches('/')] = value;
        assert!(!VALIDATOR.is_valid(&changed), "the schema takes {changed}");
        let error = WorkflowDefinition::from_value(&changed).expect_err("the reader takes it");
        assert!(error.problems.iter().all(|problem| problem.pointer.starts_with(pointer)), "{changed}: {error}");
    }
}

#[test]
fn every_part_of_the_schema_says_what_it_is() {
    fn look(schema: &Value, place: &str, silent: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}/{name}");
            let is_said = property["title"].is_string() && property["description"].is_string();
            if !is_said
                && !place.starts_with("/inputs/")
                && property.is_object()
                && property["$ref"] != "#/$defs/trigger"
            {
                silent.push(place.clone());
            }
            look(property, &place, silent);
            look(&property["items"], &place, silent);
        }
        for variant in schema["oneOf"].as_array().into_iter().flatten() {
            look(variant, place, silent);
        }
    }
    let document: Value = serde_json::from_str(SCHEMA).expect("is JSON");
    let mut silent = Vec::new();
    look(&document, "", &mut silent);
    for (name, definition) in document["$defs"].as_object().expect("has definitions") {
        if !(definition["title"].is_string() && definition["description"].is_string()) {
            silent.push(name.clone());
        }
        look(definition, &format!("/{name}"), &mut silent);
    }
    assert_eq!(silent, Vec::<String>::new());
}
