//! The check of values never refuses what could be right: whatever a run puts in the place of expressions, what was refused does
//! not fit the schema either, by the validator of inputs.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use workway_model::{ActionId, IntegrationId, LocalId, Schema};

use super::*;
use crate::{ActionCatalogue, CatalogueAction, CatalogueOffer, CatalogueTrigger, check};

/// One action, `x.y`, with this input. The output of the step before is one of these types.
struct One(Schema);

/// Types of `steps.a.output.<name>`, each with values that a run can give.
fn types() -> Vec<(&'static str, Value, Vec<Value>)> {
    vec![
        ("any", json!({}), vec![json!(null), json!(1), json!("a"), json!(["a", 1]), json!({"a": 1, "b": "b"})]),
        ("text", json!({"type": "string"}), vec![json!(""), json!("a"), json!("ab"), json!("abcdef")]),
        ("number", json!({"type": "number"}), vec![json!(0), json!(1), json!(1.5), json!(7)]),
        (
            "maybe",
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            vec![json!(null), json!("a"), json!("abc")],
        ),
        ("listed", json!({"enum": ["a", 1, null]}), vec![json!("a"), json!(1), json!(null)]),
        (
            "object",
            json!({"type": "object", "required": ["a"], "additionalProperties": false,
                   "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}),
            vec![json!({"a": "a"}), json!({"a": "", "b": 1})],
        ),
        (
            "list",
            json!({"type": "array", "items": {"type": "string"}}),
            vec![json!([]), json!(["a"]), json!(["a", "a"])],
        ),
    ]
}

impl ActionCatalogue for One {
    fn action(&self, id: &ActionId) -> Option<CatalogueAction> {
        let properties: Map<String, Value> =
            types().into_iter().map(|(name, schema, _)| (name.to_owned(), schema)).collect();
        let output = catalogue::schema_of(&json!({ "type": "object", "properties": properties }));
        let input = if id.action.as_str() == "y" { self.0.clone() } else { catalogue::schema_of(&json!({})) };
        Some(CatalogueAction { input_schema: input, output_schema: output, providers: Default::default() })
    }

    fn trigger(&self, _: &IntegrationId, _: &LocalId) -> Option<CatalogueTrigger> {
        None
    }

    fn offers(&self) -> BTreeMap<IntegrationId, CatalogueOffer> {
        BTreeMap::new()
    }
}

fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({})),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec!["string", "number", "integer", "null", "array", "object", "boolean"])
            .prop_map(|name| json!({ "type": name })),
        Just(json!({"type": ["string", "null"]})),
        (0..4_u32).prop_map(|least| json!({ "minLength": least })),
        (0..4_u32).prop_map(|most| json!({ "maxLength": most, "type": "string" })),
        (0..3_i32).prop_map(|least| json!({ "minimum": least })),
        (0..3_u32).prop_map(|most| json!({ "maxItems": most })),
        Just(json!({"uniqueItems": true})),
        Just(json!({"pattern": "^a"})),
        Just(json!({"format": "date"})),
        (0..3_u32).prop_map(|least| json!({ "minProperties": least })),
        Just(json!({"enum": ["a", 1, ["a"], {"a": "a"}]})),
        Just(json!({"const": "ab"})),
        Just(json!({"const": null})),
        Just(json!({"required": ["a"]})),
        Just(json!({"required": ["b"], "properties": {"a": {}, "b": {}}, "additionalProperties": false})),
        Just(json!({"dependentRequired": {"a": ["b"]}})),
        Just(json!({"propertyNames": {"maxLength": 1, "enum": ["a", "b"]}})),
        Just(json!({"$ref": "#/$defs/r"})),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            list().prop_map(|schemas| json!({ "anyOf": schemas })),
            list().prop_map(|schemas| json!({ "oneOf": schemas })),
            list().prop_map(|schemas| json!({ "allOf": schemas })),
            inner.clone().prop_map(|schema| json!({ "not": schema })),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(test, then, other)| json!({ "if": test, "then": then, "else": other })),
            (inner.clone(), inner.clone())
                .prop_map(|(a, rest)| json!({ "properties": { "a": a }, "additionalProperties": rest })),
            (inner.clone(), inner.clone()).prop_map(
                |(a, rest)| json!({ "allOf": [{ "properties": { "a": a } }], "unevaluatedProperties": rest })
            ),
            (inner.clone(), inner.clone()).prop_map(
                |(a, rest)| json!({ "patternProperties": { "^a": a }, "additionalProperties": rest, "required": ["a"] })
            ),
            (inner.clone(), inner.clone()).prop_map(|(first, rest)| json!({ "prefixItems": [first], "items": rest })),
            (inner.clone(), 0..3_u32).prop_map(|(one, least)| json!({ "contains": one, "minContains": least })),
            (inner.clone(), inner.clone())
                .prop_map(|(first, rest)| json!({ "prefixItems": [first], "unevaluatedItems": rest })),
            (inner.clone(), inner)
                .prop_map(|(a, b)| json!({ "dependentSchemas": { "a": a }, "properties": { "b": b } })),
        ]
    })
}

/// A value with expressions, and values that a run can give for it.
fn any_value() -> impl Strategy<Value = (Value, Vec<Value>)> {
    let known = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(1.5),
        json!("a"),
        json!("ab"),
        json!("2026-11-29"),
        json!(""),
    ]);
    let expression = prop::sample::select(types())
        .prop_map(|(name, _, values)| (json!(format!("{{{{ steps.a.output.{name} }}}}")), values));
    let text = prop::sample::select(vec![("a", ""), ("", "b"), ("abc", "d")]).prop_map(|(start, end)| {
        let values = ["", "b", "abc"].map(|middle| json!(format!("{start}{middle}{end}")));
        (json!(format!("{start}{{{{ steps.a.output.text }}}}{end}")), values.to_vec())
    });
    let leaf = prop_oneof![known.prop_map(|value| (value.clone(), vec![value])), expression, text];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let joined = |parts: Vec<(Value, Vec<Value>)>, build: fn(Vec<Value>) -> Value| {
            let most = parts.iter().map(|(_, values)| values.len()).max().unwrap_or(1);
            // The values of the parts in step: not every combination, but each value of each part.
            let runs = (0..most * 2).map(|run| {
                let pick = |(place, (_, values)): (usize, &(Value, Vec<Value>))| {
                    values[(run + place * (run / most)) % values.len()].clone()
                };
                build(parts.iter().enumerate().map(pick).collect())
            });
            let runs = runs.collect();
            (build(parts.into_iter().map(|(template, _)| template).collect()), runs)
        };
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(move |parts| joined(parts, Value::Array)),
            prop::collection::vec(inner, 0..4).prop_map(move |parts| joined(parts, |values| {
                let names = ["a", "b", "ab", "c"].map(str::to_owned);
                Value::Object(names.into_iter().zip(values).collect())
            })),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_refused_can_never_be_right(schema in any_schema(), referred in any_schema(), (template, runs) in any_value()) {
        // A reference back to itself is refused with the schema.
        let referred = if referred.to_string().contains("$ref") { json!({"type": "string"}) } else { referred };
        let document = json!({"properties": {"x": schema}, "$defs": {"r": referred}});
        let Ok(schema) = Schema::parse(&document.to_string()) else { return Ok(()) };
        let definition = WorkflowDefinition::from_value(&json!({
            "name": "a", "trigger": {"manual": {}},
            "steps": [{"id": "a", "uses": "x.z"}, {"id": "b", "uses": "x.y", "with": {"x": template}}],
        }))
        .expect("is a definition");
        let errors = check(&definition, &One(schema.clone())).errors;
        let right: Vec<&Value> = runs.iter().filter(|run| schema.validate(&json!({ "x": run })).is_ok()).collect();
        if !errors.is_empty() {
            prop_assert!(right.is_empty(), "{document} takes {right:?} for {template}: {errors:?}");
        }
        // Without expressions nothing is left open.
        if runs.iter().all(|run| *run == template) && !template.to_string().contains("{{") {
            prop_assert_eq!(errors.is_empty(), !right.is_empty(), "{} and {}: {:?}", document, template, errors);
        }
        for problem in &errors {
            prop_assert!(definition.to_value().pointer(&problem.pointer).is_some(), "{}", problem);
        }
    }
}
