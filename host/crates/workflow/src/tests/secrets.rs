//! Secret inputs: how a definition declares them, and where the check lets them stand.

use serde_json::{Value, json};

use super::{catalogue::found, told};
use crate::WorkflowDefinition;

fn definition(inputs: &Value) -> Value {
    json!({"name": "a", "inputs": inputs, "trigger": {"manual": {}}, "steps": [{"id": "a", "sleep": "1s"}]})
}

fn secret() -> Value {
    json!({"type": "string", "format": "secret"})
}

#[test]
fn inputs_are_secret_by_their_own_schema() {
    let inputs = json!({
        "type": "object",
        "required": ["plain"],
        "properties": {
            "plain": {"type": "string", "format": "email", "default": "a@b.example", "examples": ["c@d.example"]},
            "direct": {"type": "string", "format": "secret", "title": "Token", "minLength": 3},
            "referred": {"$ref": "#/$defs/a%20secret"},
            "beside": {"$ref": "#/$defs/text", "format": "secret"},
            "combined": {"allOf": [{"type": "string"}, {"$ref": "#/$defs/marked"}]},
            "format": {"type": "string", "const": "secret"},
        },
        "allOf": [{"properties": {"direct": {"minLength": 4}}}],
        "$defs": {"a secret": secret(), "text": {"type": "string"}, "marked": {"format": "secret"}, "unused": secret()},
    });
    let read = WorkflowDefinition::from_value(&definition(&inputs)).expect("is a definition");
    assert_eq!(Vec::from_iter(read.secret_inputs()), ["beside", "combined", "direct", "referred"]);
    let none = WorkflowDefinition::from_value(&definition(&json!({"type": "object"}))).expect("is a definition");
    assert!(none.secret_inputs().is_empty());
}

#[test]
fn only_an_input_itself_can_be_secret() {
    let refused = |inputs: Value, pointer: &str| {
        let lines = told(WorkflowDefinition::from_value(&definition(&inputs)));
        assert!(lines.starts_with(&format!("{pointer}: only a property of `inputs` itself can be secret")), "{lines}");
        assert_eq!(lines.lines().count(), 1, "{lines}");
    };
    let with = |schema: Value| json!({"type": "object", "properties": {"a": schema}});
    let defs = json!({"secret": secret()});
    refused(json!({"type": "object", "format": "secret"}), "/inputs/format");
    refused(with(json!({"type": "object", "properties": {"b": secret()}})), "/inputs/properties/a/properties/b/format");
    refused(with(json!({"type": "array", "items": secret()})), "/inputs/properties/a/items/format");
    refused(with(json!({"anyOf": [secret(), {"type": "null"}]})), "/inputs/properties/a/anyOf/0/format");
    refused(with(json!({"if": {"minLength": 3}, "then": secret()})), "/inputs/properties/a/then/format");
    refused(json!({"type": "object", "additionalProperties": secret()}), "/inputs/additionalProperties/format");
    refused(json!({"type": "object", "patternProperties": {"^x": secret()}}), "/inputs/patternProperties/^x/format");
    refused(
        json!({"type": "object", "allOf": [{"properties": {"a": secret()}}]}),
        "/inputs/allOf/0/properties/a/format",
    );
    refused(
        json!({"type": "object", "dependentSchemas": {"b": {"properties": {"a": secret()}}}}),
        "/inputs/dependentSchemas/b/properties/a/format",
    );
    let mut referred = with(json!({"type": "array", "items": {"$ref": "#/$defs/secret"}}));
    referred["$defs"] = defs.clone();
    refused(referred, "/inputs/properties/a/items");
    let mut shared = with(json!({"$ref": "#/$defs/secret"}));
    shared["$defs"] = defs;
    shared["properties"]["b"] = json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/secret"}});
    refused(shared, "/inputs/properties/b/additionalProperties");
    let body = json!({"name": "a", "trigger": {"webhook": {"body": {"properties": {"a": secret()}}}},
                      "steps": [{"id": "a", "sleep": "1s"}]});
    let lines = told(WorkflowDefinition::from_value(&body));
    assert!(lines.starts_with("/trigger/webhook/body/properties/a/format: only a property of `inputs`"), "{lines}");
}

#[test]
fn a_secret_is_a_text() {
    for schema in [
        json!({"format": "secret"}),
        json!({"type": "integer", "format": "secret"}),
        json!({"type": ["string", "null"], "format": "secret"}),
        json!({"type": "object", "allOf": [{"format": "secret"}]}),
        json!({"type": "string", "allOf": [{"type": "number", "format": "secret"}]}),
    ] {
        let inputs = json!({"type": "object", "properties": {"a/b": schema}});
        let lines = told(WorkflowDefinition::from_value(&definition(&inputs)));
        assert!(lines.starts_with("/inputs/properties/a~1b: a secret input must be a text"), "{schema}: {lines}");
    }
}

#[test]
fn a_definition_holds_no_secret() {
    let refused = |inputs: Value, pointer: &str| {
        let lines = told(WorkflowDefinition::from_value(&definition(&inputs)));
        let expected = format!("{pointer}: the input \"token\" is secret, and a definition is public");
        assert!(lines.contains(&expected) && !lines.contains("hunter"), "{inputs}: {lines}");
    };
    for keyword in ["default", "const", "enum", "examples"] {
        let value = if matches!(keyword, "enum" | "examples") { json!(["hunter"]) } else { json!("hunter") };
        let with = |schema: Value| json!({"type": "object", "properties": {"token": schema}});
        let direct = with(json!({"type": "string", "format": "secret", keyword: value}));
        refused(direct, &format!("/inputs/properties/token/{keyword}"));
        let choice = with(json!({"type": "string", "format": "secret", "anyOf": [{keyword: value}]}));
        refused(choice, &format!("/inputs/properties/token/anyOf/0/{keyword}"));
        let mut referred = with(json!({"$ref": "#/$defs/a"}));
        referred["$defs"] = json!({"a": {"type": "string", "format": "secret", keyword: value}});
        refused(referred, "/inputs/properties/token");
        let mut beside = with(secret());
        beside["oneOf"] = json!([{"properties": {"token": {keyword: value}}}, {}]);
        refused(beside, &format!("/inputs/oneOf/0/properties/token/{keyword}"));
        let mut whole = with(secret());
        let all = json!({"token": "hunter"});
        whole[keyword] = if value.is_array() { json!([{}, all]) } else { all };
        refused(whole, &format!("/inputs/{keyword}"));
    }
}

#[test]
fn looking_for_secrets_is_bounded() {
    // Each input is the whole again, so that every part of it is one of every input.
    let inputs = |count: usize| {
        let members: serde_json::Map<_, _> =
            (0..count).map(|number| (format!("i{number}"), json!({"$ref": "#"}))).collect();
        json!({"type": "object", "properties": members, "allOf": vec![json!({}); count]})
    };
    assert!(WorkflowDefinition::from_value(&definition(&inputs(20))).is_ok());
    let lines = told(WorkflowDefinition::from_value(&definition(&inputs(300))));
    assert!(lines.starts_with("/inputs: looking for secrets in this schema takes more than"), "{lines}");
    let endless = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}},
                         "$defs": {"a": {"type": "object", "properties": {"b": {"$ref": "#/$defs/a"}}}}});
    assert!(WorkflowDefinition::from_value(&definition(&endless)).is_ok());
}

/// The problems of a workflow with a secret input `token`, with these steps and more fields.
fn problems(steps: Value, more: Value) -> Vec<String> {
    let mut workflow = json!({
        "name": "a",
        "inputs": {"type": "object", "properties": {
            "token": secret(), "other": secret(), "plain": {"type": "string"}, "flag": {"type": "boolean"},
        }},
        "trigger": {"integration": "github", "trigger": "new-issue", "config": {"owner": "acme"}},
        "steps": steps,
    });
    let fields = more.as_object().cloned().unwrap_or_default();
    workflow.as_object_mut().expect("is an object").extend(fields);
    found(workflow)
}

fn with(input: Value) -> Vec<String> {
    problems(json!([{"id": "a", "uses": "web.request", "with": input}]), json!({}))
}

#[test]
fn secrets_stand_in_fields_that_are_marked() {
    for input in [
        json!({"headers": {"Authorization": "Bearer {{ inputs.token }}", "Accept": "text/plain", "X-Key": "{{ inputs['token'] }}"}}),
        json!({"token": "{{ inputs.token }}"}),
        json!({"token": "{{ inputs.token if inputs.flag else inputs.other }}"}),
        json!({"both": "{{ inputs.token }}:{{ inputs.plain }}"}),
        json!({"auth": {"bearer": "{{ inputs.token }}"}}),
        json!({"key": "{{ inputs.token }}"}),
        json!({"keys": ["{{ inputs.plain }}", "{{ inputs.token }}"]}),
        json!({"url": "{{ inputs|tojson }}"}),
        json!({"url": "https://a.example/{{ inputs.plain }}"}),
    ] {
        assert_eq!(with(input.clone()), [""; 0], "{input}");
    }
    for (input, pointer) in [
        (json!({"url": "{{ inputs.token }}"}), "/url"),
        (json!({"url": "https://a.example/?key={{ inputs.token }}"}), "/url"),
        (json!({"headers": {"Authorization": {"nested": "{{ inputs.token }}"}}}), "/headers/Authorization/nested"),
        (json!({"auth": "{{ inputs.token }}"}), "/auth"),
        (json!({"auth": {"basic": "{{ inputs.token }}"}}), "/auth/basic"),
        (json!({"number": "{{ inputs.token }}"}), "/number"),
        (json!({"unknown": "{{ inputs.token }}"}), "/unknown"),
        (json!({"keys": [["{{ inputs.token }}"]]}), "/keys/0/0"),
    ] {
        let lines = with(input.clone());
        let expected = format!("/steps/0/with{pointer}: `inputs.token` is secret: it can only be the key of `hmac`");
        assert!(lines.iter().any(|line| line.starts_with(&expected)), "{input}: {lines:#?}");
    }
}

#[test]
fn a_trigger_may_take_secrets() {
    let config = |config: Value| {
        let trigger = json!({"integration": "github", "trigger": "new-issue", "config": config});
        problems(json!([{"id": "a", "sleep": "1s"}]), json!({ "trigger": trigger }))
    };
    assert_eq!(config(json!({"owner": "a", "verifier": "{{ inputs.token }}"})), [""; 0]);
    let lines = config(json!({"owner": "{{ inputs.token }}"}));
    assert!(lines.len() == 1 && lines[0].starts_with("/trigger/config/owner: `inputs.token` is secret"), "{lines:#?}");
}

#[test]
fn nothing_else_takes_a_secret() {
    let steps = |step: Value| problems(json!([step]), json!({}));
    for (lines, pointer) in [
        (steps(json!({"id": "a", "if": "inputs.token", "sleep": "1s"})), "/steps/0/if"),
        (
            steps(json!({"id": "a", "for-each": "inputs.token", "steps": [{"id": "b", "sleep": "1s"}]})),
            "/steps/0/for-each",
        ),
        (
            steps(json!({"id": "a", "switch": [{"if": "inputs.token", "steps": [{"id": "b", "sleep": "1s"}]}]})),
            "/steps/0/switch/0/if",
        ),
        (steps(json!({"id": "a", "wait-for": {"approval": "{{ inputs.token }}"}})), "/steps/0/wait-for/approval"),
        (steps(json!({"id": "a", "wait-for": {"event": "e {{ inputs.token }}"}})), "/steps/0/wait-for/event"),
        (
            problems(json!([{"id": "a", "sleep": "1s"}]), json!({"output": {"a": ["{{ inputs.token }}"]}})),
            "/output/a/0",
        ),
        (
            problems(
                json!([{"id": "a", "sleep": "1s"}]),
                json!({"on-failure": [{"id": "b", "uses": "web.request", "with": {"url": "{{ inputs.token }}"}}]}),
            ),
            "/on-failure/0/with/url",
        ),
    ] {
        assert!(
            lines.iter().any(|line| line.starts_with(&format!("{pointer}: `inputs.token` is secret"))),
            "{lines:#?}"
        );
    }
}

#[test]
fn nothing_computes_with_a_secret() {
    for (source, part) in [
        ("inputs.token ~ ''", "`inputs.token` is secret, so no operator"),
        ("inputs.token|upper", "`inputs.token` is secret, so no operator"),
        ("inputs.token|default('x')", "`inputs.token` is secret, so no operator"),
        ("inputs.token == 'a'", "`inputs.token` is secret, so no operator"),
        ("inputs.token[0]", "`inputs.token[0]` is secret"),
        ("inputs.token.length", "`inputs.token.length` is secret"),
        ("inputs.token[:1]", "`inputs.token` is secret"),
        ("[inputs.token]", "`inputs.token` is secret"),
        ("{'a': inputs.token}", "`inputs.token` is secret"),
        ("'a' if inputs.token else 'b'", "`inputs.token` is secret"),
        ("inputs.token or inputs.other", "`inputs.other` is secret"),
        ("inputs.token is string", "`inputs.token` is secret"),
        ("inputs.token|hmac(inputs.token)", "`inputs.token` is secret"),
        ("'a'|hmac(inputs.token ~ 'x')", "the key of `hmac` must be a secret input"),
        ("'a'|hmac('key')", "the key of `hmac` must be a secret input"),
        ("'a'|hmac(inputs.plain)", "the key of `hmac` must be a secret input"),
        ("'a'|hmac(inputs.token, inputs.other)", "`inputs.other` is secret"),
        ("['a']|map('replace', 'a', inputs.token)", "`inputs.token` is secret"),
        ("inputs[inputs.plain]", "with a computed name"),
        ("inputs['tok' ~ 'en']", "with a computed name"),
    ] {
        let lines = with(json!({"token": format!("{{{{ {source} }}}}")}));
        assert!(
            lines.iter().any(|line| line.starts_with("/steps/0/with/token: ") && line.contains(part)),
            "{source}: {lines:#?}"
        );
    }
    for source in [
        "'a'|hmac(inputs.token)",
        "inputs.plain|hmac(inputs['token'], 'sha512', 'base64')",
        "'a'|hmac(inputs.token if inputs.flag else inputs.other)",
        "'a'|hmac(key=inputs.token)",
        "['a']|map('hmac', inputs.token)|join",
        "inputs.plain|upper",
    ] {
        assert_eq!(with(json!({"url": format!("{{{{ {source} }}}}")})), [""; 0], "{source}");
    }
}

#[test]
fn a_name_may_be_computed_where_no_input_is_secret() {
    let lines = found(json!({
        "name": "a",
        "inputs": {"type": "object", "properties": {"a": {"type": "string"}}},
        "trigger": {"manual": {}},
        "steps": [{"id": "a", "uses": "web.request", "with": {"url": "{{ inputs['a' ~ ''] }}"}}],
    }));
    assert_eq!(lines, [""; 0]);
}

#[test]
fn verifying_needs_a_required_secret_input() {
    let found_for = |inputs: Value, name: &str| {
        found(json!({
            "name": "a",
            "inputs": inputs,
            "trigger": {"webhook": {"verify": {"scheme": "github", "secret": name}}},
            "steps": [{"id": "a", "sleep": "1s"}],
        }))
    };
    let properties = json!({"hook_secret1": secret(), "plain": {"type": "string"}});
    let inputs = json!({"type": "object", "required": ["hook_secret1", "plain"], "properties": properties});
    assert_eq!(found_for(inputs.clone(), "hook_secret1"), [""; 0]);
    for (name, message) in [
        ("plain", "the input \"plain\" is not secret: write `type: string` and `format: secret` in its schema"),
        ("hook-secret1", "unknown input \"hook-secret1\": did you mean \"hook_secret1\"?"),
        ("other", "unknown input \"other\": declare it in `inputs` with `type: string` and `format: secret`"),
    ] {
        let lines = found_for(inputs.clone(), name);
        let line = format!("/trigger/webhook/verify/secret: {message}");
        assert!(lines.len() == 1 && lines[0].starts_with(&line), "{lines:#?}");
    }
    let optional = found_for(json!({"type": "object", "properties": properties}), "hook_secret1");
    let line = "/trigger/webhook/verify/secret: the input \"hook_secret1\" is not required";
    assert!(optional.len() == 1 && optional[0].starts_with(line), "{optional:#?}");
}

#[test]
fn a_secret_in_place_of_its_name_is_found() {
    let lines = found(json!({
        "name": "a",
        "trigger": {"webhook": {"verify": {"scheme": "github", "secret": "x8Jk2mQz91LpVt44Rw"}}},
        "steps": [{"id": "a", "sleep": "1s"}],
    }));
    assert!(lines.iter().any(|line| line.starts_with("/trigger/webhook/verify/secret: looks like ")), "{lines:#?}");
}
