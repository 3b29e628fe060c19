//! Schemas that cost most while they are loaded.

use serde_json::{Map, Value, json};

use super::{Hostile, members, nested};

pub const ALL: &[Hostile] = &[
    Hostile {
        name: "load-dynamic-reference",
        make: || {
            (json!({ "$dynamicAnchor": "node", "items": { "$dynamicRef": "#node" } }), vec![nested(json!(1), 120)])
        },
    },
    Hostile {
        name: "load-remote-reference",
        make: || (json!({ "$ref": "https://example.com/schema.json" }), vec![json!(1)]),
    },
    Hostile { name: "load-local-file", make: || (json!({ "$ref": "file:///etc/passwd" }), vec![json!(1)]) },
    Hostile { name: "load-embedded-resource", make: embedded },
    Hostile { name: "load-reference-cycle", make: || (json!({ "allOf": [{ "$ref": "#" }] }), vec![json!(1)]) },
    Hostile { name: "load-long-reference-chain", make: long_chain },
    Hostile { name: "load-reference-explosion", make: explosion },
    Hostile { name: "load-recursion-in-many-places", make: many_recursions },
    Hostile { name: "load-many-subschemas", make: many_subschemas },
    Hostile { name: "load-unreferenced-definitions", make: unreferenced },
    Hostile { name: "load-large-enum", make: large_enum },
    Hostile { name: "load-enum-that-collides", make: enum_that_collides },
    Hostile { name: "load-large-required", make: large_required },
    Hostile { name: "load-deep-schema", make: deep_schema },
    Hostile { name: "load-counted-repetitions", make: || patterns(r"^(?:\w{1,100}-){1,100}$") },
    Hostile { name: "load-nested-repetitions", make: || patterns("(?:(?:(?:a{1,100}){1,100}){1,100}){1,100}") },
    Hostile { name: "load-unicode-repetitions", make: || patterns(r"^\p{L}{1,15}\p{Lu}{1,15}$") },
    Hostile { name: "load-pattern-states", make: || patterns("[ab]*a[ab]{200}c") },
    Hostile {
        name: "load-lookahead-repetitions",
        make: || patterns("(?!(?:x{1,1000}y){1,1000})(?=(?:a{1,100}){1,100})b"),
    },
    Hostile { name: "load-long-pattern", make: long_pattern },
    Hostile { name: "load-case-folding", make: || patterns(r"(?i)[\u0100-\uffff]{1,20}(?:straße|[^a]){1,20}") },
    Hostile { name: "load-deep-pattern", make: deep_pattern },
    Hostile { name: "load-pattern-property-names", make: pattern_names },
    Hostile { name: "load-one-mebibyte", make: || (json!({ "description": "x".repeat(1 << 20) }), vec![json!(1)]) },
];

fn embedded() -> (Value, Vec<Value>) {
    let schema = json!({ "properties": { "a": { "$id": "other", "items": { "$ref": "#" } } } });
    (schema, vec![json!({ "a": nested(json!(1), 100) })])
}

fn long_chain() -> (Value, Vec<Value>) {
    let mut definitions =
        members(1_990, |level| format!("s{level}"), |level| json!({ "$ref": format!("#/$defs/s{}", level + 1) }));
    definitions["s1990"] = json!(true);
    (json!({ "$ref": "#/$defs/s0", "$defs": definitions }), vec![json!(1)])
}

fn explosion() -> (Value, Vec<Value>) {
    let definitions = members(
        60,
        |level| format!("s{level}"),
        |level| {
            let next = json!({ "$ref": format!("#/$defs/s{}", (level + 1).min(59)) });
            if level == 59 { json!({}) } else { json!({ "properties": { "a": next, "b": next, "c": next } }) }
        },
    );
    (json!({ "$ref": "#/$defs/s0", "$defs": definitions }), vec![json!({ "a": 1 })])
}

/// Every definition refers to every other one, below the value.
fn many_recursions() -> (Value, Vec<Value>) {
    let to = |count: usize| {
        members(count, |number| format!("p{number}"), |number| json!({ "$ref": format!("#/$defs/s{number}") }))
    };
    let definitions = members(40, |number| format!("s{number}"), |_| json!({ "properties": to(40) }));
    (json!({ "$ref": "#/$defs/s0", "$defs": definitions }), vec![json!({ "p1": { "p2": {} } })])
}

fn many_subschemas() -> (Value, Vec<Value>) {
    let properties =
        members(1_900, |number| format!("p{number}"), |_| json!({ "type": "integer", "minimum": 0, "title": "x" }));
    (json!({ "properties": properties }), vec![json!({ "p1": 1 })])
}

fn unreferenced() -> (Value, Vec<Value>) {
    let inner = members(
        2_000,
        |number| format!("s{number}"),
        |number| json!({ "pattern": format!("^[a-z]{{{}}}", number % 50) }),
    );
    (
        json!({ "properties": { "a": { "$defs": inner, "x-vendor": { "properties": { "b": { "$id": "x" } } } } } }),
        vec![json!({ "a": 1 })],
    )
}

fn large_enum() -> (Value, Vec<Value>) {
    let values: Vec<Value> = (0..9_000).map(|number| json!([{ "n": number }, "x"])).collect();
    (json!({ "enum": values }), vec![json!([{ "n": -1 }, "x"])])
}

/// Draft 4 wants the values of an `enum` to differ.
fn enum_that_collides() -> (Value, Vec<Value>) {
    let lists: Vec<Value> = (0..1_u32 << 13)
        .map(|bits| {
            let (mut lists, mut run) = (Vec::new(), Vec::new());
            for number in 0..=9 {
                run.push(0);
                if number == 9 || bits & (1 << number) != 0 {
                    lists.push(std::mem::take(&mut run));
                }
            }
            json!(lists)
        })
        .take(1 << 10)
        .collect();
    let enums = members(8, |number| format!("p{number}"), |_| json!({ "enum": lists }));
    (json!({ "$schema": "http://json-schema.org/draft-04/schema#", "properties": enums }), vec![json!({ "p1": 1 })])
}

fn large_required() -> (Value, Vec<Value>) {
    let names: Vec<String> = (0..30_000).map(|number| format!("p{number}")).collect();
    (json!({ "required": names }), vec![json!({})])
}

fn deep_schema() -> (Value, Vec<Value>) {
    let schema = (0..60).fold(json!({ "type": "integer" }), |inner, _| json!({ "properties": { "a": inner } }));
    (schema, vec![json!({ "a": { "a": 1 } })])
}

/// As many patterns as a schema may have: all are alike but not equal, so that no cache helps.
fn patterns(pattern: &str) -> (Value, Vec<Value>) {
    let properties =
        members(32, |number| format!("p{number}"), |number| json!({ "pattern": format!("{pattern}|z{number}") }));
    (json!({ "properties": properties }), vec![json!({ "p1": "ab".repeat(5_000) })])
}

fn long_pattern() -> (Value, Vec<Value>) {
    let words: Vec<String> = (0..20_000).map(|number| format!("[a-f]w{number}")).collect();
    (json!({ "pattern": format!("^(?:{})$", words.join("|")) }), vec![json!("aw19999")])
}

fn deep_pattern() -> (Value, Vec<Value>) {
    let pattern = format!("{}a{}", "(?:".repeat(20_000), ")*".repeat(20_000));
    (json!({ "pattern": pattern }), vec![json!("aaaa")])
}

fn pattern_names() -> (Value, Vec<Value>) {
    let patterns: Map<String, Value> =
        (0..32).map(|number| (format!(r"^(?:[\w-]{{1,{}}}\.){{1,50}}$", number + 20), json!({}))).collect();
    (json!({ "patternProperties": patterns }), vec![json!({ "a.b.c": 1 })])
}
