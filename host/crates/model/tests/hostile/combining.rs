//! Schemas that combine others: a check passes through them again and again.

use serde_json::{Value, json};

use super::{Hostile, filled, members, nested};

pub const ALL: &[Hostile] = &[
    Hostile {
        name: "unevaluated-properties-around-any-of",
        make: || (around("unevaluatedProperties", any_of), objects()),
    },
    Hostile {
        name: "unevaluated-properties-around-one-of",
        make: || (around("unevaluatedProperties", one_of), objects()),
    },
    Hostile {
        name: "unevaluated-properties-around-if",
        make: || (around("unevaluatedProperties", if_then), objects()),
    },
    Hostile {
        name: "unevaluated-properties-around-dependent",
        make: || (around("unevaluatedProperties", dependent), objects()),
    },
    Hostile { name: "unevaluated-items-around-any-of", make: || (around("unevaluatedItems", any_of), lists()) },
    Hostile { name: "unevaluated-items-around-contains", make: || (around("unevaluatedItems", containing), lists()) },
    Hostile { name: "unevaluated-properties-of-many", make: unevaluated_many },
    Hostile { name: "reference-fan", make: reference_fan },
    Hostile { name: "reference-chain", make: reference_chain },
    Hostile { name: "reference-chain-through-a-deep-value", make: chain_through_depth },
    Hostile { name: "all-of-nest-through-a-deep-value", make: nest_through_depth },
    Hostile { name: "recursion-into-a-deep-value", make: recursion },
    Hostile { name: "recursion-of-two-kinds", make: recursion_of_two },
    Hostile { name: "one-of-recursion", make: one_of_recursion },
    Hostile { name: "one-of-many-branches", make: one_of_many },
    Hostile { name: "any-of-blind-branches", make: blind_branches },
    Hostile { name: "all-of-blind-branches", make: blind_all_of },
    Hostile { name: "not-nest", make: not_nest },
    Hostile { name: "if-chain", make: if_chain },
    Hostile { name: "discriminated-branches", make: discriminated },
    Hostile { name: "errors-below-any-of", make: errors_below_any_of },
    Hostile { name: "errors-of-every-item", make: errors_of_every_item },
    Hostile { name: "errors-deep-in-a-value", make: errors_deep },
];

/// 40 levels of `step`, each with `keyword` beside it.
fn around(keyword: &str, step: fn(Value) -> Value) -> Value {
    let mut schema = json!({ "type": ["object", "array"] });
    for _ in 0..40 {
        schema = step(schema);
        schema[keyword] = json!(false);
    }
    schema
}

fn any_of(inner: Value) -> Value {
    json!({ "anyOf": [inner, { "properties": { "b": true }, "prefixItems": [true] }] })
}

fn one_of(inner: Value) -> Value {
    json!({ "oneOf": [inner, { "required": ["b"], "minItems": 5 }], "allOf": [{ "properties": { "c": true } }] })
}

fn if_then(inner: Value) -> Value {
    json!({ "if": inner, "then": { "properties": { "b": true } }, "else": { "properties": { "a": true } } })
}

fn dependent(inner: Value) -> Value {
    json!({ "dependentSchemas": { "a": inner }, "properties": { "b": true } })
}

fn containing(inner: Value) -> Value {
    json!({ "contains": { "type": "integer" }, "allOf": [inner] })
}

fn objects() -> Vec<Value> {
    vec![json!({ "a": 1 }), members(100_000, |number| format!("p{number}"), |_| json!(1))]
}

fn lists() -> Vec<Value> {
    vec![json!([1, "a"]), filled(&json!(1))]
}

fn unevaluated_many() -> (Value, Vec<Value>) {
    let known = |from| members(100, move |number| format!("p{}", number + from), |_| json!({ "type": "integer" }));
    let branches: Vec<Value> = (0..15).map(|branch| json!({ "properties": known(branch * 100) })).collect();
    let schema = json!({ "anyOf": branches, "unevaluatedProperties": { "type": "integer" } });
    (schema, vec![members(600_000, |number| format!("p{number}"), |_| json!(1))])
}

/// Each definition refers to the next one twice: 2^9 ways lead to the last.
fn reference_fan() -> (Value, Vec<Value>) {
    let mut definitions = members(
        9,
        |level| format!("s{level}"),
        |level| {
            let next = json!({ "$ref": format!("#/$defs/s{}", level + 1) });
            json!({ "allOf": [next, next] })
        },
    );
    definitions["s9"] = json!({ "minimum": 0 });
    (json!({ "items": { "$ref": "#/$defs/s0" }, "$defs": definitions }), vec![filled(&json!(1))])
}

fn reference_chain() -> (Value, Vec<Value>) {
    let mut definitions =
        members(900, |level| format!("s{level}"), |level| json!({ "$ref": format!("#/$defs/s{}", level + 1) }));
    definitions["s900"] = json!({ "minimum": 0 });
    (json!({ "items": { "$ref": "#/$defs/s0" }, "$defs": definitions }), vec![filled(&json!(1)), filled(&json!([]))])
}

/// So many references for every level of the value: a check nests deeper than a thread's stack is.
fn chain_through_depth() -> (Value, Vec<Value>) {
    let mut definitions =
        members(900, |level| format!("s{level}"), |level| json!({ "$ref": format!("#/$defs/s{}", level + 1) }));
    definitions["s900"] = json!({ "items": { "$ref": "#/$defs/s0" } });
    (json!({ "$ref": "#/$defs/s0", "$defs": definitions }), vec![nested(json!(1), 120)])
}

/// The same, of a schema that loads: its check ends where it has used its part of the stack.
fn nest_through_depth() -> (Value, Vec<Value>) {
    let step = |inner: Value| json!({ "anyOf": [inner, { "minItems": 2 }], "maxItems": 5 });
    let schema = (0..55).fold(json!({ "items": { "$ref": "#" } }), |inner, _| step(inner));
    (schema, vec![nested(json!(1), 120)])
}

fn recursion() -> (Value, Vec<Value>) {
    let schema = json!({ "allOf": vec![json!({ "items": { "$ref": "#" } }); 10] });
    (schema, vec![nested(json!(1), 120), filled(&nested(json!(1), 120))])
}

fn recursion_of_two() -> (Value, Vec<Value>) {
    let definitions = json!({
        "a": { "anyOf": [{ "items": { "$ref": "#/$defs/b" }, "minItems": 2 }, { "items": { "$ref": "#/$defs/b" } }] },
        "b": { "anyOf": [{ "items": { "$ref": "#/$defs/a" }, "minItems": 2 }, { "items": { "$ref": "#/$defs/a" } }] },
    });
    (json!({ "$ref": "#/$defs/a", "$defs": definitions }), vec![nested(json!(1), 120), filled(&nested(json!(1), 60))])
}

fn one_of_recursion() -> (Value, Vec<Value>) {
    let branch = |limit: u64| json!({ "type": "array", "maxItems": limit, "items": { "$ref": "#" } });
    let schema = json!({ "oneOf": [branch(1), branch(2), branch(3), { "type": "integer" }] });
    (schema, vec![nested(json!(1), 120), nested(json!("x"), 120)])
}

fn one_of_many() -> (Value, Vec<Value>) {
    let branches: Vec<Value> = (0..900).map(|number| json!({ "const": number })).collect();
    (json!({ "items": { "oneOf": branches } }), vec![filled(&json!(899)), filled(&json!({})), filled(&json!("x"))])
}

/// Branches that are decided without a look at the value.
fn blind_branches() -> (Value, Vec<Value>) {
    let mut branches = vec![json!({ "not": {} }); 900];
    branches.push(json!({}));
    (json!({ "items": { "anyOf": branches } }), vec![filled(&json!(1))])
}

fn blind_all_of() -> (Value, Vec<Value>) {
    (json!({ "items": { "allOf": vec![json!({ "anyOf": [{}] }); 600] } }), vec![filled(&json!(1))])
}

fn not_nest() -> (Value, Vec<Value>) {
    let nest = (0..60).fold(json!({ "type": "string" }), |inner, _| json!({ "not": inner }));
    let nests = json!({ "items": { "allOf": vec![nest; 30] } });
    (nests, vec![filled(&json!(1)), filled(&json!(""))])
}

fn if_chain() -> (Value, Vec<Value>) {
    let chain = (0..50).fold(json!({ "minimum": 0 }), |inner, number| {
        json!({ "if": { "properties": { "k": { "const": number } }, "required": ["k"] }, "then": { "required": ["x"] }, "else": inner })
    });
    (json!({ "items": chain }), vec![filled(&json!({ "k": 0 })), filled(&json!({ "k": -1 }))])
}

fn discriminated() -> (Value, Vec<Value>) {
    let branch = |number| json!({ "type": "object", "properties": { "kind": { "const": format!("k{number}") } }, "required": ["kind"] });
    let branches: Vec<Value> = (0..300).map(branch).collect();
    (
        json!({ "items": { "oneOf": branches } }),
        vec![filled(&json!({ "kind": "k299" })), filled(&json!({ "kind": "x" }))],
    )
}

fn errors_below_any_of() -> (Value, Vec<Value>) {
    let wrong = json!({ "items": { "type": "string", "minLength": 1 } });
    (json!({ "anyOf": vec![wrong; 600] }), vec![filled(&json!(1)), filled(&json!([1]))])
}

fn errors_of_every_item() -> (Value, Vec<Value>) {
    let item = json!({ "type": "object", "required": ["a", "b", "c"], "additionalProperties": false });
    (json!({ "items": item }), vec![filled(&json!({})), filled(&json!({ "x": 1 })), filled(&json!(1))])
}

fn errors_deep() -> (Value, Vec<Value>) {
    let schema =
        json!({ "additionalProperties": { "$ref": "#" }, "items": { "$ref": "#" }, "not": { "type": "integer" } });
    let long = |inner: Value, length: usize| (0..100).fold(inner, |inner, _| json!({ "k".repeat(length): inner }));
    (schema, vec![long(filled(&json!(1)), 1), long(json!(vec![1; 1_000]), 100_000)])
}
