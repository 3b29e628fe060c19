//! Keywords that look at the names of members.

use serde_json::{Map, Value, json};

use super::{Hostile, INPUT_BYTES, filled, members, text};

pub const ALL: &[Hostile] = &[
    Hostile { name: "pattern-properties", make: pattern_properties },
    Hostile { name: "pattern-properties-with-states", make: pattern_properties_with_states },
    Hostile { name: "pattern-properties-with-lookahead", make: pattern_properties_with_lookahead },
    Hostile { name: "pattern-properties-many-times", make: pattern_properties_many_times },
    Hostile { name: "property-names-with-pattern", make: property_names },
    Hostile { name: "property-names-with-enum", make: property_names_enum },
    Hostile { name: "long-names", make: long_names },
    Hostile { name: "properties-with-long-prefixes", make: long_prefixes },
    Hostile { name: "properties-of-small-objects", make: properties_of_small_objects },
    Hostile { name: "required-many", make: required_many },
    Hostile { name: "dependent-required-many", make: dependent_required },
    Hostile { name: "dependent-schemas-many", make: dependent_schemas },
    Hostile { name: "additional-properties-many", make: additional_properties },
    Hostile { name: "additional-properties-after-patterns", make: additional_after_patterns },
    Hostile { name: "counts-of-properties", make: counts },
];

fn many_names() -> Value {
    members(700_000, |number| format!("a{number}"), |_| json!(1))
}

fn pattern_properties() -> (Value, Vec<Value>) {
    let patterns = members(32, |number| format!("[a-f]{number}$"), |_| json!({ "type": "integer" }));
    (json!({ "patternProperties": patterns }), vec![many_names()])
}

/// No automaton for this pattern is small.
fn pattern_properties_with_states() -> (Value, Vec<Value>) {
    let patterns = members(16, |number| format!("[ab]*a[ab]{{{}}}c", number + 20), |_| json!(true));
    let one: Map<String, Value> = [(text("abaab"), json!(1))].into_iter().collect();
    (
        json!({ "patternProperties": patterns }),
        vec![Value::Object(one), members(100_000, |number| "ab".repeat(40) + &number.to_string(), |_| json!(1))],
    )
}

fn pattern_properties_with_lookahead() -> (Value, Vec<Value>) {
    let schema = json!({ "patternProperties": { "^(?!x)(?:a|aa)+(?!b)$": true, "(?=(a+)+$)b": true } });
    let one: Map<String, Value> = [(text("a"), json!(1))].into_iter().collect();
    (schema, vec![Value::Object(one), members(30_000, |number| format!("{}{number}", "a".repeat(300)), |_| json!(1))])
}

fn pattern_properties_many_times() -> (Value, Vec<Value>) {
    let one = json!({ "patternProperties": { "^a": { "type": "integer" } } });
    (json!({ "allOf": vec![one; 32] }), vec![many_names()])
}

fn property_names() -> (Value, Vec<Value>) {
    let schema = json!({ "propertyNames": { "pattern": "^(?:[a-z]{1,50}[0-9]{1,50}){1,5}$" } });
    (schema, vec![many_names(), members(30_000, |number| format!("{}{number}", "a".repeat(300)), |_| json!(1))])
}

fn property_names_enum() -> (Value, Vec<Value>) {
    let names: Vec<String> = (0..20_000).map(|number| format!("a{number}")).collect();
    (json!({ "propertyNames": { "anyOf": [{ "enum": names }, { "minLength": 3 }] } }), vec![many_names()])
}

fn long_names() -> (Value, Vec<Value>) {
    let schema = json!({ "allOf": vec![json!({ "propertyNames": { "maxLength": 100_000_000 }, "additionalProperties": { "type": "integer" } }); 300] });
    let one: Map<String, Value> = [(text("ä"), json!(1))].into_iter().collect();
    (
        schema,
        vec![
            Value::Object(one),
            members(10, |number| format!("{}{number}", "a".repeat(INPUT_BYTES / 11)), |_| json!("x")),
        ],
    )
}

fn long_prefixes() -> (Value, Vec<Value>) {
    let prefix = "p".repeat(120);
    let known = members(900, |number| format!("{prefix}{number}"), |_| json!({ "type": "integer" }));
    let value = members(70_000, |number| format!("{prefix}{number}"), |_| json!(1));
    (json!({ "properties": known, "additionalProperties": { "type": "integer" } }), vec![value])
}

fn properties_of_small_objects() -> (Value, Vec<Value>) {
    let known = members(900, |number| format!("p{number}"), |_| json!({ "type": "integer" }));
    let schema = json!({ "items": { "properties": known } });
    (
        schema,
        vec![
            filled(&json!({})),
            filled(&json!({ "p899": 1 })),
            filled(&members(20, |number| format!("p{number}"), |_| json!(1))),
        ],
    )
}

fn required_many() -> (Value, Vec<Value>) {
    let names: Vec<String> = (0..20_000).map(|number| format!("p{number}")).collect();
    let value = members(20_000, |number| format!("p{number}"), |_| json!(1));
    (json!({ "items": { "required": names } }), vec![filled(&value), filled(&json!({})), filled(&json!({ "p0": 1 }))])
}

fn dependent_required() -> (Value, Vec<Value>) {
    let all: Vec<String> = (0..140).map(|number| format!("p{number}")).collect();
    let rules = members(140, |number| format!("p{number}"), |_| json!(all));
    let value = members(140, |number| format!("p{number}"), |_| json!(1));
    (json!({ "items": { "dependentRequired": rules } }), vec![filled(&value), filled(&json!({ "p0": 1 }))])
}

fn dependent_schemas() -> (Value, Vec<Value>) {
    let rules = members(600, |number| format!("p{number}"), |_| json!({ "minProperties": 1 }));
    let value = members(600, |number| format!("p{number}"), |_| json!(1));
    (json!({ "items": { "dependentSchemas": rules } }), vec![filled(&value), filled(&json!({}))])
}

fn additional_properties() -> (Value, Vec<Value>) {
    (
        json!({ "properties": { "a": true }, "additionalProperties": false }),
        vec![many_names(), members(10, |number| format!("{}{number}", "a".repeat(INPUT_BYTES / 11)), |_| json!(1))],
    )
}

fn additional_after_patterns() -> (Value, Vec<Value>) {
    let patterns = members(16, |number| format!("x{number}[a-z]+"), |_| json!(true));
    (json!({ "patternProperties": patterns, "additionalProperties": { "type": "integer" } }), vec![many_names()])
}

fn counts() -> (Value, Vec<Value>) {
    let count = json!({ "minProperties": 1, "maxProperties": 10_000_000 });
    (json!({ "items": { "allOf": vec![count; 900] } }), vec![filled(&json!({ "a": 1 })), many_names()])
}
