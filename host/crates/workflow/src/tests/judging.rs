//! Values held against the schema of an action: what the literals and the types of expressions decide before a run.

use std::{collections::BTreeMap, thread};

use serde_json::{Value, json};
use workway_model::{ActionId, IntegrationId, LocalId};

use super::{catalogue::schema_of, integrations::input_of, *};
use crate::{ActionCatalogue, CatalogueAction, CatalogueOffer, CatalogueTrigger, Problem, check};

/// One action, `x.y`, with this input and output.
struct One {
    input: Value,
    output: Value,
}

impl ActionCatalogue for One {
    fn action(&self, id: &ActionId) -> Option<CatalogueAction> {
        (id.to_string() == "x.y").then(|| CatalogueAction {
            input_schema: schema_of(&self.input),
            output_schema: schema_of(&self.output),
            providers: Default::default(),
        })
    }

    fn trigger(&self, _: &IntegrationId, _: &LocalId) -> Option<CatalogueTrigger> {
        None
    }

    fn offers(&self) -> BTreeMap<IntegrationId, CatalogueOffer> {
        BTreeMap::new()
    }
}

/// The problems of `with` for an action with this input. Expressions can read `steps.a.output`, which has `output` as its schema,
/// and the inputs `s` (a text), `n` (a number), `maybe` (a text or null) and `any`.
fn refused_with(output: &Value, input: &Value, with: Value) -> Vec<String> {
    let one = One { input: input.clone(), output: output.clone() };
    let definition = json!({
        "name": "a",
        "inputs": {"type": "object", "properties": {"s": {"type": "string"}, "n": {"type": "number"}, "any": {},
                                                    "maybe": {"type": ["string", "null"]}}},
        "trigger": {"manual": {}},
        "steps": [{"id": "a", "uses": "x.y"}, {"id": "b", "uses": "x.y", "with": with}],
    });
    let definition = WorkflowDefinition::from_value(&definition).unwrap_or_else(|error| panic!("{error}"));
    let errors = check(&definition, &one).errors;
    let of_second = errors.iter().filter(|problem| problem.pointer.starts_with("/steps/1"));
    of_second.map(Problem::to_string).collect()
}

fn refused(input: &Value, with: Value) -> Vec<String> {
    refused_with(&json!({}), input, with)
}

#[test]
fn literals_are_checked_with_everything_that_a_schema_says() {
    let with =
        json!({"owner": "-bad-", "repo": "x y", "perPage": 500, "state": "open", "since": "yesterday", "labels": [""]});
    let expected = [
        "/steps/1/with/labels/0: the value is shorter than 1 character",
        "/steps/1/with/owner: the value does not match \"^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$\"",
        "/steps/1/with/perPage: the value is greater than the maximum of 100",
        "/steps/1/with/repo: the value does not match \"^[A-Za-z0-9._-]{1,100}$\"",
        "/steps/1/with/since: the value is not a \"date-time\"",
    ];
    assert_eq!(refused(&input_of("github.list-issues"), with.clone()), expected);
    // The same beside expressions, which may be right.
    let mut mixed = with;
    mixed["owner"] = json!("{{ inputs.any }}");
    mixed["labels"] = json!(["", "{{ inputs.any }}", "{{ inputs.s }}!"]);
    assert_eq!(refused(&input_of("github.list-issues"), mixed), [expected[0], expected[2], expected[3], expected[4]]);
    for (with, message) in [
        (json!({"perPage": 0}), "/steps/1/with/perPage: the value is less than the minimum of 1"),
        (json!({"perPage": 1.5}), "/steps/1/with/perPage: expected null or integer, found number"),
        (
            json!({"state": "opne"}),
            r#"/steps/1/with/state: must be one of "open", "closed", "all": did you mean "open"?"#,
        ),
        (json!({"state": 1}), "/steps/1/with/state: expected null or string, found integer"),
        (
            json!({"per_page": 1}),
            "/steps/1/with/per_page: unknown field: the schema has no `per_page`: did you mean `perPage`?",
        ),
    ] {
        for owner in ["octocat", "{{ inputs.s }}"] {
            let mut with = with.clone();
            with["owner"] = json!(owner);
            with["repo"] = json!("hello");
            let lines = refused(&input_of("github.list-issues"), with);
            assert!(lines.len() == 1 && lines[0].starts_with(message), "{message}: {lines:#?}");
        }
    }
}

#[test]
fn an_any_of_at_the_top_is_no_way_round() {
    let input = input_of("slack.post-message");
    assert_eq!(
        refused(&input, json!({})),
        ["/steps/1: `channel` is missing", "/steps/1: `text` or `blocks` is missing"]
    );
    let lines = refused(&input, json!({"chanel": "#a", "text": 5}));
    assert_eq!(
        lines,
        [
            "/steps/1/with: `channel` is missing: write `channel` instead of `chanel`",
            "/steps/1/with/chanel: unknown field: the schema has no `chanel`: did you mean `channel`? It has blocks, channel, replyBroadcast, text, threadTs, unfurlLinks",
            "/steps/1/with/text: expected null or string, found integer",
        ]
    );
    for with in [
        json!({"channel": "#a", "text": "{{ inputs.s }}"}),
        json!({"channel": "{{ inputs.any }}", "blocks": [{}]}),
        json!({"channel": "#a", "text": null}),
        json!({"channel": "#a", "text": "{{ inputs.maybe }}", "threadTs": "{{ steps.a.output.ts }}"}),
    ] {
        assert_eq!(refused(&input, with.clone()), [""; 0], "{with}");
    }
    assert_eq!(refused(&input, json!({"channel": "#a", "text": "{{ inputs.n }}"})).len(), 1);
}

#[test]
fn keywords_that_combine_schemas_are_decided_where_the_parts_decide() {
    let text = json!({"type": "string"});
    let short = json!({"maxLength": 3});
    for (schema, wrong, right) in [
        // Every alternative fails.
        (json!({"anyOf": [text, {"type": "null"}]}), json!([1, "{{ inputs.n }}"]), json!([null, "{{ inputs.maybe }}"])),
        (json!({"anyOf": [{"maximum": 3}, {"minimum": 7}], "type": "integer"}), json!([5]), json!([3, 7])),
        // More than one alternative holds.
        (json!({"oneOf": [{"minimum": 1}, {"minimum": 2}]}), json!([3, 0]), json!([1, "{{ inputs.n }}"])),
        (json!({"oneOf": [text, short]}), json!(["ab", "ab"]), json!(["abcd", 1, "{{ inputs.s }}"])),
        (json!({"oneOf": [text, {"type": ["string", "null"]}]}), json!(["{{ inputs.s }}", 1]), json!([null])),
        // All of them have to hold.
        (json!({"allOf": [text, short]}), json!(["abcd", 1]), json!(["abc", "{{ inputs.any }}"])),
        (
            json!({"allOf": [{"type": ["string", "null"]}, {"type": ["string", "number"]}]}),
            json!([1, null]),
            json!(["a"]),
        ),
        // What holds for certain is excluded.
        (json!({"not": text}), json!(["a", "{{ inputs.s }}", "{{ inputs.s }}!"]), json!([1, "{{ inputs.maybe }}"])),
        (
            json!({"not": {"not": text}}),
            json!([1, "{{ inputs.n }}"]),
            json!(["a", "{{ inputs.s }}", "{{ inputs.any }}"]),
        ),
        (json!({"not": {"enum": ["a", 1]}}), json!(["a", 1.0]), json!(["b", "{{ inputs.s }}"])),
        // The condition is known, or both ways fail.
        (
            json!({"if": text, "then": {"minLength": 2}, "else": {"minimum": 5}}),
            json!(["a", 4]),
            json!(["ab", 5, "{{ inputs.any }}", "{{ inputs.n }}"]),
        ),
        (
            json!({"if": {"minLength": 2}, "then": {"type": "null"}, "else": {"type": "null"}}),
            json!(["{{ inputs.s }}", "{{ inputs.n }}"]),
            json!(["{{ inputs.maybe }}"]),
        ),
        (json!({"if": {"const": "a"}, "then": false}), json!(["a"]), json!(["b", "{{ inputs.s }}"])),
        // Texts around expressions.
        (
            short.clone(),
            json!(["abcd{{ inputs.s }}", "{{ inputs.s }}ab{{ inputs.s }}cd"]),
            json!(["abc{{ inputs.s }}"]),
        ),
        (
            json!({"const": "v1.2"}),
            json!(["{{ inputs.s }}.3", "v2{{ inputs.s }}", "v1.23{{ inputs.s }}"]),
            json!(["v{{ inputs.s }}2"]),
        ),
        (
            json!({"enum": [["a", 1], {"b": 2}]}),
            json!([["a", 2], {"b": "c"}, {"b": 2, "c": 3}]),
            json!([["a", 1.0], ["{{ inputs.s }}", 1]]),
        ),
        (
            json!({"enum": [["a", 1], {"b": 2}]}),
            json!([["{{ inputs.n }}", 1], ["{{ inputs.any }}", 2]]),
            json!([{"b": "{{ inputs.any }}"}]),
        ),
    ] {
        assert_decided(&json!({"properties": {"x": schema}}), &wrong, &right);
    }
}

#[test]
fn keywords_for_lists_and_objects_are_decided_where_the_parts_decide() {
    for (schema, wrong, right) in [
        (
            json!({"minItems": 2}),
            json!([["{{ inputs.any }}"], []]),
            json!([[1, "{{ inputs.any }}"], "{{ inputs.any }}"]),
        ),
        (json!({"uniqueItems": true}), json!([[1, "{{ inputs.any }}", 1.0]]), json!([[1, 2, "{{ inputs.any }}"]])),
        (
            json!({"prefixItems": [{"type": "string"}], "items": false}),
            json!([["a", 1], [1]]),
            json!([["a"], ["{{ inputs.any }}"]]),
        ),
        (
            json!({"contains": {"const": 1}}),
            json!([[2, "{{ inputs.s }}"], []]),
            json!([[1, "{{ inputs.s }}"], [2, "{{ inputs.n }}"]]),
        ),
        (
            json!({"contains": {"const": 1}, "maxContains": 1}),
            json!([[1, 1, "{{ inputs.n }}"]]),
            json!([[1, "{{ inputs.n }}"]]),
        ),
        (json!({"contains": {"const": 1}, "minContains": 0}), json!([]), json!([[], [2]])),
        (
            json!({"prefixItems": [{}], "unevaluatedItems": false}),
            json!([[1, 2]]),
            json!([[1], [], ["{{ inputs.any }}", 2]]),
        ),
        (json!({"maxProperties": 1}), json!([{"a": "{{ inputs.any }}", "b": 1}]), json!([{"a": "{{ inputs.any }}"}])),
        (
            json!({"propertyNames": {"pattern": "^[a-z]+$"}}),
            json!([{"A": "{{ inputs.any }}"}]),
            json!([{"a": "{{ inputs.any }}"}]),
        ),
        (
            json!({"patternProperties": {"^n": {"type": "number"}}, "additionalProperties": {"type": "string"}}),
            json!([{"n1": "{{ inputs.s }}"}, {"s": "{{ inputs.n }}"}, {"s": 1}]),
            json!([{"n1": "{{ inputs.n }}", "s": "{{ inputs.s }}"}]),
        ),
        (
            json!({"dependentRequired": {"a": ["b"]}}),
            json!([{"a": "{{ inputs.any }}"}]),
            json!([{"b": 1}, {"a": 1, "b": "{{ inputs.any }}"}]),
        ),
        (
            json!({"dependentSchemas": {"a": {"properties": {"b": {"type": "string"}}}}}),
            json!([{"a": 1, "b": "{{ inputs.n }}"}]),
            json!([{"b": "{{ inputs.n }}"}, {"a": 1, "b": "{{ inputs.any }}"}]),
        ),
        (
            json!({"anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}], "unevaluatedProperties": false}),
            json!([{"c": "{{ inputs.any }}"}]),
            json!([{"a": "{{ inputs.any }}", "b": 1}, {"b": "{{ inputs.any }}"}]),
        ),
    ] {
        assert_decided(&json!({"properties": {"x": schema}}), &wrong, &right);
    }
}

#[test]
fn each_draft_is_read_as_it_defines_itself() {
    let in_draft = |draft: &str, schema: Value| {
        let definitions = json!({"least": {"minimum": 1}});
        json!({"$schema": draft, "definitions": definitions, "properties": {"x": schema}})
    };
    for (draft, schema, wrong, right) in [
        (
            "http://json-schema.org/draft-07/schema#",
            json!({"dependencies": {"a": ["b"]}, "items": [{"type": "string"}], "additionalItems": false}),
            json!([{"a": "{{ inputs.any }}"}, ["a", "{{ inputs.any }}"], ["{{ inputs.n }}"]]),
            json!([{"a": "{{ inputs.any }}", "b": 1}, ["{{ inputs.s }}"]]),
        ),
        (
            "http://json-schema.org/draft-07/schema#",
            json!({"prefixItems": [false], "contains": {}, "minContains": 9, "dependentRequired": {"a": ["b"]}, "unevaluatedProperties": false}),
            json!([[]]),
            json!([["{{ inputs.any }}"], {"a": "{{ inputs.any }}"}]),
        ),
        // Beside a reference nothing counts.
        (
            "http://json-schema.org/draft-07/schema#",
            json!({"allOf": [{"$ref": "#/definitions/least", "type": "string"}]}),
            json!([0]),
            json!([1, "{{ inputs.n }}"]),
        ),
        (
            "https://json-schema.org/draft/2019-09/schema",
            json!({"$ref": "#/definitions/least", "type": "number"}),
            json!([0, "{{ inputs.s }}"]),
            json!([1]),
        ),
        (
            "https://json-schema.org/draft/2019-09/schema",
            json!({"prefixItems": [false], "items": [{"type": "string"}], "unevaluatedProperties": false}),
            json!([["{{ inputs.n }}"], {"a": "{{ inputs.any }}"}]),
            json!([["{{ inputs.s }}", "{{ inputs.n }}"]]),
        ),
        // Of a draft that is not read here, values without expressions are checked.
        (
            "http://json-schema.org/draft-04/schema#",
            json!({"const": 1, "items": {"type": "string"}}),
            json!([["a", 1]]),
            json!([[], ["{{ inputs.n }}"]]),
        ),
    ] {
        assert_decided(&in_draft(draft, schema), &wrong, &right);
    }
}

/// Each of the lists has values for the input's member `x`.
#[track_caller]
fn assert_decided(input: &Value, wrong: &Value, right: &Value) {
    for value in wrong.as_array().unwrap() {
        let lines = refused(input, json!({"x": value}));
        assert!(!lines.is_empty(), "{input} takes {value}");
        assert!(lines.iter().all(|line| line.starts_with("/steps/1/with/x")), "{lines:#?}");
    }
    for value in right.as_array().unwrap() {
        assert_eq!(refused(input, json!({"x": value})), [""; 0], "{input} refuses {value}");
    }
}

#[test]
fn a_failed_choice_is_told_by_the_alternative_that_was_meant() {
    let variant = |name: &str, member: &str| {
        json!({"type": "object", "additionalProperties": false, "required": ["type", member],
               "properties": {"type": {"const": name}, member: {"type": "string"}, "size": {"type": "integer"}}})
    };
    for keyword in ["anyOf", "oneOf"] {
        let input = json!({"properties": {"x": {keyword: [variant("image", "url"), variant("text", "body"), {"type": "string"}]}}});
        for (value, expected) in [
            (json!({"type": "image", "url": 5}), vec!["/x/url: expected string, found integer"]),
            (json!({"type": "text", "body": "{{ inputs.n }}"}), vec!["/x/body: expected string, found number"]),
            (
                json!({"type": "text", "size": "{{ inputs.s }}"}),
                vec!["/x: `body` is missing", "/x/size: expected integer, found string"],
            ),
            (
                json!({"type": "txt", "body": "a"}),
                vec![r#"/x/type: must be one of "image", "text": did you mean "text"?"#],
            ),
            (json!(5), vec!["/x: expected string or object, found integer"]),
            (json!("{{ inputs.n }}"), vec!["/x: expected string or object, found number"]),
        ] {
            let expected: Vec<String> = expected.into_iter().map(|line| format!("/steps/1/with{line}")).collect();
            assert_eq!(refused(&input, json!({"x": value})), expected, "{keyword} {value}");
        }
    }
}

#[test]
fn the_type_of_an_expression_is_what_its_schema_says_through_choices_and_references() {
    let output = json!({
        "type": "object", "required": ["user", "tags"],
        "properties": {
            "user": {"anyOf": [{"$ref": "#/$defs/user"}, {"type": "null"}]},
            "id": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
            "tags": {"type": "array", "items": {"allOf": [{"$ref": "#/$defs/tag"}, {"properties": {"extra": {"type": "boolean"}}}]}},
            "kind": {"$ref": "#/$defs/kind", "description": "beside a reference"},
            "open": {"anyOf": [{"type": "string"}, {}]},
        },
        "additionalProperties": false,
        "$defs": {
            "user": {"type": "object", "required": ["login"], "additionalProperties": false,
                     "properties": {"login": {"type": "string"}, "manager": {"$ref": "#/$defs/user"}}},
            "tag": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}},
            "kind": {"enum": ["issue", "pull-request"]},
        },
    });
    let input = json!({"properties": {
        "text": {"type": "string"}, "number": {"type": "number"}, "flag": {"type": "boolean"},
        "kind": {"anyOf": [{"enum": ["branch", "tag"]}, {"type": "null"}]}, "other": {"enum": ["issue", "branch"]},
        "login": {"type": "object", "required": ["login", "id"]},
        "strict": {"type": "object", "additionalProperties": false, "properties": {"name": {}}},
        "named": {"type": "object", "properties": {"login": {"type": "integer"}}},
    }});
    for (member, expression, expected) in [
        ("text", "steps.a.output.user.login", None),
        ("number", "steps.a.output.user.login", Some("expected number, found string")),
        ("flag", "steps.a.output.user.manager.manager.login", Some("expected boolean, found string")),
        ("text", "steps.a.output.user.nmae", Some("`steps.a.output.user` has no `nmae`: it has login, manager")),
        ("text", "steps.a.output.user", Some("expected string, found null or object")),
        ("text", "steps.a.output.id", None),
        ("flag", "steps.a.output.id", Some("expected boolean, found integer or string")),
        ("text", "steps.a.output.tags[0].name", None),
        ("number", "steps.a.output.tags[0].name", Some("expected number, found null or string")),
        ("text", "steps.a.output.tags[0].extra", Some("expected string, found boolean")),
        ("number", "steps.a.output.tags[0].other", None),
        ("number", "steps.a.output.open", None),
        ("text", "steps.a.output.open.x", None),
        (
            "text",
            "steps.a.output.idd",
            Some("`steps.a.output` has no `idd`: did you mean `id`? It has id, kind, open, tags, user"),
        ),
        ("kind", "steps.a.output.kind", Some("must be one of \"branch\", \"tag\"")),
        ("other", "steps.a.output.kind", None),
        ("login", "steps.a.output.user.manager", Some("`id` is missing")),
        (
            "strict",
            "steps.a.output.user.manager",
            Some("`login` of its value: unknown field: the schema has no `login`: it has name"),
        ),
        ("named", "steps.a.output.user.manager", Some("`login` of its value: expected integer, found string")),
        ("named", "steps.a.output.tags[0]", None),
    ] {
        let lines = refused_with(&output, &input, json!({member: format!("{{{{ {expression} }}}}")}));
        let expected: Vec<String> =
            expected.into_iter().map(|message| format!("/steps/1/with/{member}: {message}")).collect();
        assert_eq!(lines, expected, "{member}: {expression}");
    }
}

#[test]
fn an_output_schema_may_be_anything() {
    for output in [
        json!({"$ref": "#"}),
        json!({"$ref": "#/nowhere"}),
        json!({"$ref": "https://example.com/x.json"}),
        json!({"allOf": [{"$ref": "#"}, {"$ref": "#/allOf/0"}]}),
        json!({"anyOf": []}),
        json!({"enum": []}),
        json!({"type": "text", "properties": 7, "required": "x", "items": []}),
        json!({"properties": {"x": {"$dynamicRef": "#x"}}}),
        json!({"$id": "a", "properties": {"x": {"$id": "b", "$ref": "#/properties/x", "type": "null"}}}),
        json!(false),
        json!([]),
    ] {
        let text = output.to_string();
        let schema = workway_model::Definition::check(workway_model::DefinitionDraft {
            id: "x".into(),
            name: "X".into(),
            version: "1.0.0".into(),
            actions: vec![workway_model::ActionDraft {
                id: "y".into(),
                name: "Y".into(),
                description: String::new(),
                input_schema: r#"{"properties":{"x":{"type":"string"}}}"#.into(),
                output_schema: text.clone(),
                provider: None,
                scopes: vec![],
                idempotent: false,
            }],
            ..Default::default()
        })
        .unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        let action = schema.actions[0].clone();
        struct Any(workway_model::Action);
        impl ActionCatalogue for Any {
            fn action(&self, _: &ActionId) -> Option<CatalogueAction> {
                Some(CatalogueAction {
                    input_schema: self.0.input_schema.clone(),
                    output_schema: self.0.output_schema.clone(),
                    providers: Default::default(),
                })
            }
            fn trigger(&self, _: &IntegrationId, _: &LocalId) -> Option<CatalogueTrigger> {
                None
            }
            fn offers(&self) -> BTreeMap<IntegrationId, CatalogueOffer> {
                BTreeMap::new()
            }
        }
        let definition = with_steps(
            r#"[{id: a, uses: x.y}, {id: b, uses: x.y, with: {x: "{{ steps.a.output.x }}", y: "{{ steps.a.output.x.z[0] }}"}}]"#,
        );
        let report = check(&definition.unwrap_or_else(|error| panic!("{error}")), &Any(action));
        assert_eq!(report.errors, [], "{text}");
    }
}

#[test]
fn deep_and_endless_values_are_checked_on_a_small_stack() {
    // The stack of a thread that tokio starts for work that blocks.
    let small = thread::Builder::new().stack_size(2 << 20).spawn(|| {
        let deep = (0..28).fold(json!("{{ inputs.any }}"), |inner, _| json!({"next": [inner]}));
        // Many schemas for each level of the value.
        let link = |at: usize| (format!("s{at}"), json!({"allOf": [{"$ref": format!("#/$defs/s{}", at + 1)}]}));
        let mut chain: serde_json::Map<String, Value> = (0..15).map(link).collect();
        chain.insert("s15".to_owned(), json!({"properties": {"next": {"items": {"$ref": "#/$defs/s0"}}}}));
        for input in [
            json!({"properties": {"next": {"items": {"allOf": [{"anyOf": [{"$ref": "#"}]}]}}}}),
            json!({"$ref": "#/$defs/s0", "$defs": chain}),
        ] {
            assert_eq!(refused(&input, deep.clone()), [""; 0]);
        }
        let recursive = json!({"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#"}}});
        assert_eq!(refused_with(&recursive, &recursive, json!({"next": "{{ steps.a.output }}"})), [""; 0]);
    });
    small.expect("a thread starts").join().expect("nothing overflows");
}
