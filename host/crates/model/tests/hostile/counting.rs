//! Keywords that look at many parts of a value: lists, equality, numbers.

use serde_json::{Value, json};

use super::{Hostile, filled, members, text};

pub const ALL: &[Hostile] = &[
    Hostile { name: "enum-of-objects", make: enum_of_objects },
    Hostile { name: "enum-of-texts", make: enum_of_texts },
    Hostile { name: "enum-of-long-texts", make: enum_of_long_texts },
    Hostile { name: "enum-of-numbers", make: enum_of_numbers },
    Hostile { name: "const-large", make: const_large },
    Hostile { name: "unique-lists-that-collide", make: unique_lists },
    Hostile { name: "unique-objects-with-long-prefixes", make: unique_objects },
    Hostile { name: "unique-items-many-times", make: unique_many_times },
    Hostile { name: "contains-many", make: contains_many },
    Hostile { name: "contains-blind", make: contains_blind },
    Hostile { name: "prefix-items", make: prefix_items },
    Hostile { name: "items-without-a-look", make: || (json!({ "items": {}, "minItems": 1 }), vec![filled(&json!(1))]) },
    Hostile { name: "multiple-of-extremes", make: multiple_of },
    Hostile { name: "bounds-of-numbers", make: bounds },
    Hostile { name: "lengths-of-a-long-text", make: lengths },
    Hostile { name: "types-of-every-item", make: types },
    Hostile { name: "deep-values", make: deep },
];

fn enum_of_objects() -> (Value, Vec<Value>) {
    let objects: Vec<Value> = (0..8_000).map(|number| json!({ "a": number })).collect();
    (json!({ "items": { "enum": objects } }), vec![filled(&json!({ "a": 7_999 })), filled(&json!({ "a": -1 }))])
}

fn enum_of_texts() -> (Value, Vec<Value>) {
    let texts: Vec<String> = (0..20_000).map(|number| format!("t{number}")).collect();
    (json!({ "items": { "enum": texts } }), vec![filled(&json!("t19999")), filled(&json!("x"))])
}

fn enum_of_long_texts() -> (Value, Vec<Value>) {
    let texts: Vec<String> = (0..2).map(|number| format!("{}{number}", "x".repeat(100_000))).collect();
    let schema = json!({ "items": { "anyOf": vec![json!({ "enum": ["a", 1, null] }); 600] } });
    (schema, vec![json!([text("x")]), filled(&json!(texts[1]))])
}

fn enum_of_numbers() -> (Value, Vec<Value>) {
    let numbers: Vec<f64> = (0..20_000_u32).map(|number| f64::from(number) + 0.5).collect();
    (json!({ "items": { "enum": numbers } }), vec![filled(&json!(19_999.5)), filled(&json!(1))])
}

fn const_large() -> (Value, Vec<Value>) {
    let large: Vec<u32> = (0..20_000).collect();
    (json!({ "items": { "const": large } }), vec![filled(&json!(large)), filled(&json!([0]))])
}

fn unique_lists() -> (Value, Vec<Value>) {
    (json!({ "uniqueItems": true }), vec![colliding_lists(17)])
}

/// Two to the power of `bits` lists that a hash without brackets takes for one another.
pub fn colliding_lists(bits: u32) -> Value {
    (0..1_u32 << bits).map(|ends| grouped(ends, bits)).collect()
}

/// The numbers 0 to `count` in a list, with a list around every run that ends at a bit which is set.
fn grouped(bits: u32, count: u32) -> Value {
    let (mut lists, mut run) = (Vec::new(), Vec::new());
    for number in 0..=count {
        run.push(number);
        if number == count || bits & (1 << number) != 0 {
            lists.push(std::mem::take(&mut run));
        }
    }
    json!(lists)
}

fn unique_objects() -> (Value, Vec<Value>) {
    let prefix = "p".repeat(1_000);
    let objects: Vec<Value> =
        (0..5_000).map(|number| json!({ format!("{prefix}a"): prefix, format!("{prefix}b"): number })).collect();
    (json!({ "uniqueItems": true }), vec![Value::Array(objects)])
}

fn unique_many_times() -> (Value, Vec<Value>) {
    let numbers: Vec<u32> = (0..1_000_000).collect();
    (json!({ "allOf": vec![json!({ "uniqueItems": true }); 900] }), vec![json!(numbers), filled(&json!([1, 2, 3, 4]))])
}

fn contains_many() -> (Value, Vec<Value>) {
    let contains: Vec<Value> =
        (0..600).map(|number| json!({ "contains": { "const": number }, "minContains": 1_000_000 })).collect();
    (json!({ "anyOf": contains }), vec![filled(&json!(1)), filled(&json!([]))])
}

fn contains_blind() -> (Value, Vec<Value>) {
    let contains = json!({ "contains": true, "minContains": 4_000_000, "maxContains": 9_000_000 });
    (json!({ "allOf": vec![contains; 600] }), vec![filled(&json!(1))])
}

fn prefix_items() -> (Value, Vec<Value>) {
    let prefix = vec![json!({ "type": "integer" }); 900];
    (
        json!({ "items": { "prefixItems": prefix, "items": false } }),
        vec![filled(&json!(vec![1; 900])), filled(&json!([]))],
    )
}

fn multiple_of() -> (Value, Vec<Value>) {
    let steps = [1e-308, 0.1, 1e308, 3.0, 0.000_000_1];
    let schema = json!({ "items": { "anyOf": steps.map(|step| json!({ "multipleOf": step, "maximum": -1 })) } });
    let extremes = json!([1e308, 1.7e-300, u64::MAX, i64::MIN, 0.3, 1e-308]);
    (schema, vec![json!({}), filled(&json!(1e308)), filled(&json!(0.3)), filled(&json!(u64::MAX)), extremes])
}

fn bounds() -> (Value, Vec<Value>) {
    let bound = json!({ "minimum": -1e300, "maximum": 1e300, "exclusiveMinimum": -1e301, "exclusiveMaximum": u64::MAX, "type": "number" });
    (
        json!({ "items": { "allOf": vec![bound; 600] } }),
        vec![filled(&json!(1)), filled(&json!(1.5)), filled(&json!(u64::MAX))],
    )
}

fn lengths() -> (Value, Vec<Value>) {
    let length = json!({ "minLength": 1, "maxLength": 100_000_000 });
    let counted = json!({ "minLength": 2_000_000, "maxLength": 6_000_000 });
    let schema = json!({ "anyOf": vec![counted; 600], "allOf": vec![length; 600] });
    (schema, vec![json!(text("ä")), json!(text("a")), json!(text("🦀"))])
}

fn types() -> (Value, Vec<Value>) {
    let branch = json!({ "type": ["string", "null", "object"] });
    (json!({ "items": { "anyOf": vec![branch; 900] } }), vec![filled(&json!(1)), filled(&json!([]))])
}

fn deep() -> (Value, Vec<Value>) {
    let schema = json!({ "properties": { "a": { "$ref": "#" } }, "items": { "$ref": "#" }, "additionalProperties": { "$ref": "#" } });
    let object = (0..120).fold(json!(1), |inner, _| json!({ "a": inner }));
    let wide = members(70_000, |number| format!("{number}"), |_| json!([{ "a": { "b": [1] } }]));
    (schema, vec![filled(&object), wide])
}
