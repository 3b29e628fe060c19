//! The form of a definition: what is read, refused, bounded and written.

use serde_json::{Value, json};

use super::*;
use crate::{Concurrency, OnLimit, Position, StepKind, Template, Trigger, bounds::*, parse};

#[test]
fn one_of_everything_is_read_into_types() {
    let definition = WorkflowDefinition::from_yaml(EXAMPLE).expect("is a definition");
    assert_eq!(definition.steps.len(), 4);
    assert!(
        matches!(&definition.trigger, Trigger::Integration { integration, .. } if integration.as_str() == "github")
    );
    let StepKind::Action { with, retry, .. } = &definition.steps[0].kind else { panic!("{:?}", definition.steps[0]) };
    assert!(matches!(&with["channel"], Template::Exact(expression) if expression.source() == "inputs.channel"));
    assert!(matches!(&with["text"], Template::Text(pieces) if pieces.len() == 5));
    assert_eq!(retry.map(|retry| retry.attempts), Some(3));
    let uses: Vec<_> = definition.uses().map(ToString::to_string).collect();
    assert_eq!(uses, ["slack.post-message", "github.add-label", "slack.post-message", "slack.post-message"]);
    let pointers: Vec<_> = definition.all_steps().into_iter().map(|(pointer, _)| pointer).collect();
    let value = definition.to_value();
    assert!(pointers.iter().all(|pointer| value.pointer(pointer).is_some_and(|step| step["id"].is_string())));
    assert_eq!(pointers.len(), 12);
}

#[test]
fn what_is_written_is_canonical_and_means_the_same() {
    let definition = WorkflowDefinition::from_yaml(EXAMPLE).expect("is a definition");
    let value = definition.to_value();
    assert_eq!(WorkflowDefinition::from_value(&value), Ok(definition.clone()));
    assert_eq!(WorkflowDefinition::from_json(&value.to_string()), Ok(definition.clone()));
    assert_eq!(WorkflowDefinition::from_yaml(&value.to_string()), Ok(definition));
    assert_eq!(value["output"]["constant"], "yes");
    assert_eq!(value["steps"][3]["parallel"][0]["steps"][0]["sleep"], "1h", "the largest unit that is exact");
    assert_eq!(value["steps"][1]["for-each"], "trigger.labels", "braces around an expression say nothing");
    let small = json!({"name": "a", "trigger": {"manual": {}}, "steps": [{"id": "a", "uses": "a.b"}]});
    assert_eq!(parse(&small).expect("is a definition").to_value(), small);
}

#[test]
fn an_expression_that_begins_with_braces_of_its_own_stays_one() {
    let definition = with_steps(r#"[{ id: a, sleep: 1s, if: "{{ {{'a': 1}: 2} }}" }]"#).expect("is a definition");
    let condition = definition.steps[0].condition.as_ref().map(|condition| condition.source().to_owned());
    assert_eq!(condition.as_deref(), Some("{{'a': 1}: 2}"));
    assert_eq!(WorkflowDefinition::from_value(&definition.to_value()), Ok(definition));
}

#[test]
fn every_trigger_has_one_shape() {
    for (trigger, canonical) in [
        (json!({"manual": {}}), None),
        (json!({"webhook": {}}), None),
        (json!({"webhook": {"body": {"type": "object"}}}), None),
        (json!({"webhook": {"verify": {"scheme": "standard-webhooks", "secret": "key"}, "respond": true}}), None),
        (
            json!({"webhook": {"verify": {"scheme": "hmac", "secret": "key", "header": "X-Sig", "algorithm": "sha1",
                                          "encoding": "base64", "prefix": "HMAC "}}}),
            None,
        ),
        (
            json!({"webhook": {"verify": {"scheme": "hmac", "secret": "key", "header": "X-Sig", "algorithm": "sha256",
                                          "encoding": "hex"}, "respond": false}}),
            Some(json!({"webhook": {"verify": {"scheme": "hmac", "secret": "key", "header": "X-Sig"}}})),
        ),
        (json!({"schedule": {"cron": "0 9 * * 1", "timezone": "Europe/Rome"}}), None),
        (json!({"schedule": {"cron": "0 9 * * 1", "timezone": "Europe/Rome", "misfire": "skip"}}), None),
        (
            json!({"schedule": {"cron": "0 9 * * 1", "timezone": "Europe/Rome", "misfire": "once"}}),
            Some(json!({"schedule": {"cron": "0 9 * * 1", "timezone": "Europe/Rome"}})),
        ),
        (json!({"integration": "a", "trigger": "b", "config": {"c": "{{ inputs }}"}}), None),
        (json!({"integration": "a", "trigger": "b"}), Some(json!({"integration": "a", "trigger": "b", "config": {}}))),
    ] {
        let value = json!({"name": "a", "trigger": trigger, "steps": [{"id": "a", "sleep": "1s"}]});
        let written = parse(&value).expect("is a definition").to_value();
        assert_eq!(written["trigger"], canonical.unwrap_or(trigger));
    }
}

#[test]
fn concurrency_has_defaults_that_are_not_written() {
    for (given, limit, on_limit, written) in [
        (json!(null), 5, OnLimit::Queue, json!(null)),
        (json!({}), 5, OnLimit::Queue, json!(null)),
        (json!({"limit": 5, "on-limit": "queue"}), 5, OnLimit::Queue, json!(null)),
        (json!({"limit": 1, "on-limit": "queue"}), 1, OnLimit::Queue, json!({"limit": 1})),
        (json!({"on-limit": "skip"}), 5, OnLimit::Skip, json!({"on-limit": "skip"})),
        (
            json!({"limit": 1000, "on-limit": "cancel-running"}),
            1_000,
            OnLimit::CancelRunning,
            json!({"limit": 1000, "on-limit": "cancel-running"}),
        ),
    ] {
        let mut value = json!({"name": "a", "trigger": {"manual": {}}, "steps": [{"id": "a", "sleep": "1s"}]});
        if !given.is_null() {
            value["concurrency"] = given;
        }
        let definition = parse(&value).expect("is a definition");
        assert_eq!(definition.concurrency, Concurrency { limit, on_limit });
        assert_eq!(definition.to_value().get("concurrency").cloned().unwrap_or_default(), written);
        assert_eq!(WorkflowDefinition::from_value(&definition.to_value()), Ok(definition));
    }
}

#[test]
fn a_step_is_of_one_kind_and_has_no_field_of_another() {
    for (steps, part) in [
        ("[{ id: a }]", "/steps/0: a step must have exactly one of"),
        ("[{ id: a, sleep: 1s, uses: a.b }]", "/steps/0: a step must have exactly one of"),
        ("[{ id: a, sleep: 1s, with: {} }]", "/steps/0/with: `with` is only allowed with `uses`"),
        ("[{ id: a, sleep: 1s, timeout: 1s }]", "/steps/0/timeout: `timeout` is not allowed with `sleep`"),
        ("[{ id: a, uses: a.b, steps: [] }]", "/steps/0/steps: `steps` is only allowed with `for-each`"),
        ("[{ id: a, uses: a.b, default: [] }]", "`default` is only allowed with `switch`"),
        ("[{ id: a, for-each: inputs }]", "/steps/0: `steps` is missing"),
        ("[{ id: a, uses: a }]", "/steps/0/uses: action id \"a\" must have the form"),
        (
            "[{ id: A, sleep: 1s }]",
            "/steps/0/id: a step id must match [a-z][a-z0-9_-]* and have at most 64 characters (got \"A\")",
        ),
        ("[{ sleep: 1s }]", "/steps/0: `id` is missing"),
        ("[{ id: a, sleep: 1s, extra: 1 }]", "/steps/0/extra: unknown field: this step has id, name, if"),
        ("[{ id: a, wait-for: { other: x } }]", "/steps/0/wait-for/other: unknown field"),
        ("[{ id: a, wait-for: {} }]", "exactly one of event and approval"),
        ("[{ id: a, wait-for: { event: a, approval: b } }]", "exactly one of event and approval"),
        (
            "[{ id: a, uses: a.b, retry: yes }]",
            "/steps/0/retry: must be a number of attempts or an object (got a string",
        ),
        ("[{ id: a, uses: a.b, retry: 0 }]", "/steps/0/retry: must be a whole number between 1 and 20 (got 0)"),
        ("[{ id: a, uses: a.b, retry: 21 }]", "/steps/0/retry: must be a whole number between 1 and 20 (got 21)"),
        ("[{ id: a, uses: a.b, retry: 2.5 }]", "/steps/0/retry: must be a whole number between 1 and 20 (got 2.5)"),
        ("[{ id: a, name: ' ', sleep: 1s }]", "/steps/0/name: must be a string of 1 to 200 characters"),
        (
            "[{ id: a, name: 7, sleep: 1s }]",
            "/steps/0/name: must be a string of 1 to 200 characters that is not blank (got 7)",
        ),
        ("[{ id: a, sleep: 1s, if: 1 }]", "/steps/0/if: must be an expression, true or false (got 1)"),
        ("[{ id: a, sleep: 1s, if: null }]", "/steps/0/if: must be an expression, true or false (got null)"),
        (
            "[{ id: a, for-each: true, steps: [{ id: b, sleep: 1s }] }]",
            "/steps/0/for-each: must be a string (got true)",
        ),
        ("[{ id: a, uses: a.b, retry: { attempts: 21 } }]", "must be a whole number between 1 and 20 (got 21)"),
        ("[{ id: a, uses: a.b, retry: { attempts: 0 } }]", "between 1 and 20 (got 0)"),
        ("[{ id: a, uses: a.b, with: [1] }]", "/steps/0/with: must be an object (got a list)"),
        ("[{ id: a, uses: a.b, with: { '{{ a }}': 1 } }]", "a member's name cannot contain an expression"),
        ("[{ id: a, sleep: soon }]", "/steps/0/sleep: a duration must be"),
        ("[{ id: a, sleep: 1s, if: ' ' }]", "/steps/0/if: an expression must not be empty"),
        ("[{ id: a, sleep: 1s, if: 'a {{ inputs }}' }]", "/steps/0/if: invalid expression"),
        ("[{ id: a, uses: a.b, if: '{{ inputs }} b' }]", "/steps/0/if: must be a single expression"),
        ("[{ id: a, uses: a.b, continue-on-error: yes }]", "/steps/0/continue-on-error: must be true or false"),
        ("[{ id: a, for-each: inputs, concurrency: 51, steps: [{ id: b, sleep: 1s }] }]", "between 1 and 50 (got 51)"),
        ("[{ id: a, for-each: inputs, steps: [] }]", "/steps/0/steps: must have at least one step"),
        ("[{ id: a, switch: [] }]", "/steps/0/switch: must be a list of 1 to 50 cases (got 0)"),
        ("[{ id: a, switch: [{ if: inputs }] }]", "/steps/0/switch/0: `steps` is missing"),
        ("[{ id: a, parallel: [[]] }]", "/steps/0/parallel/0: each of the branches must be an object (got a list)"),
        ("[]", "/steps: must have at least one step"),
        ("{}", "/steps: must be a list of steps (got an object)"),
        ("[1]", "/steps/0: a step must be an object (got 1)"),
    ] {
        let found = told(with_steps(steps));
        assert!(found.contains(part), "{steps}: {found}");
    }
}

#[test]
fn short_forms_mean_the_same_as_long_ones() {
    for (short, long) in [
        ("{ id: a, uses: a.b, retry: 3 }", json!({"id": "a", "uses": "a.b", "retry": {"attempts": 3}})),
        ("{ id: a, sleep: 1s, if: false }", json!({"id": "a", "sleep": "1s", "if": "false"})),
        (
            "{ id: a, switch: [{ if: true, steps: [{ id: b, sleep: 1s }] }] }",
            json!({"id": "a", "switch": [{"if": "true", "steps": [{"id": "b", "sleep": "1s"}]}]}),
        ),
    ] {
        let definition = with_steps(&format!("[{short}]")).unwrap_or_else(|error| panic!("{short}: {error}"));
        assert_eq!(definition.to_value()["steps"][0], long);
        assert_eq!(WorkflowDefinition::from_value(&definition.to_value()), Ok(definition));
    }
}

#[test]
fn a_step_may_have_a_name() {
    let named = |name: &str| with_steps(&format!("[{{ id: a, name: {name}, sleep: 1s }}]"));
    let definition = named("Wait a moment").expect("is a definition");
    assert_eq!(definition.steps[0].name.as_deref(), Some("Wait a moment"));
    assert_eq!(definition.to_value()["steps"][0], json!({"id": "a", "name": "Wait a moment", "sleep": "1s"}));
    named(&"é".repeat(MAX_NAME_CHARS)).expect("as long as may be");
    assert!(told(named(&"é".repeat(MAX_NAME_CHARS + 1))).contains("/steps/0/name"));
}

#[test]
fn problems_have_the_place_of_the_text_that_they_are_about() {
    let text = "# first\nname: a\ntrigger: { manual: {}, oops: 1 }\nsteps:\n  - id: a\n    uses: nothing\n    with:\n      'x/y': \"é {{ oops }}\"\n  - { id: b }\n";
    let error = WorkflowDefinition::from_yaml(text).expect_err("is refused");
    let places: Vec<_> = error.problems.iter().map(|problem| (problem.pointer.as_str(), problem.position)).collect();
    let at = |line, column| Some(Position { line, column });
    let expected = [
        ("/trigger/oops", at(3, 24)),
        ("/steps/0/uses", at(6, 5)),
        ("/steps/0/with/x~1y", at(8, 7)),
        ("/steps/1", at(9, 5)),
    ];
    assert_eq!(places, expected, "{error}");
    assert!(error.to_string().starts_with("line 3, column 24: /trigger/oops: unknown field"), "{error}");
    let missing = WorkflowDefinition::from_json("{\n  \"name\": \"a\",\n  \"steps\": []\n}").expect_err("is refused");
    let places: Vec<_> = missing.problems.iter().map(|problem| problem.position).collect();
    assert_eq!(places, [at(1, 1), at(3, 3)], "{missing}");
    let json = serde_json::to_value(&missing.problems[1]).expect("is JSON");
    assert_eq!(json, json!({"pointer": "/steps", "message": "must have at least one step", "line": 3, "column": 3}));
    let without_text = parse(&json!({})).expect_err("is refused");
    assert_eq!(serde_json::to_value(&without_text[0]).expect("is JSON").get("line"), None);
}

#[test]
fn what_stands_beside_the_steps_is_strict_too() {
    let sound = json!({"name": "a", "trigger": {"manual": {}}, "steps": [{"id": "a", "sleep": "1s"}]});
    for (pointer, value, part) in [
        ("name", json!(" "), "/name: must be a string of 1 to 200"),
        ("name", json!("a".repeat(MAX_NAME_CHARS + 1)), "/name: must be a string of 1 to 200"),
        (
            "description",
            json!("a".repeat(MAX_DESCRIPTION_CHARS + 1)),
            "/description: must be a string of at most 8000 characters (got a string of 8001 characters)",
        ),
        ("inputs", json!({"type": "string"}), "/inputs: must be a JSON Schema of an object"),
        ("inputs", json!({"type": "object", "properties": []}), "/inputs/properties"),
        ("inputs", json!({"type": "object", "properties": {"a": {"type": "odd"}}}), "/inputs: invalid JSON Schema"),
        (
            "inputs",
            json!({"type": "object", "$ref": "https://example.com/"}),
            "/inputs: checking values against this schema could take too long",
        ),
        (
            "trigger",
            json!("manual"),
            "/trigger: must be an object such as { manual: {} } (got a string of 6 characters)",
        ),
        ("trigger", json!({}), "/trigger: `integration` is missing"),
        ("trigger", json!({"manual": {}, "webhook": {}}), "unknown field: a trigger with `webhook` has webhook"),
        ("trigger", json!({"manual": {"a": 1}}), "/trigger/manual/a: unknown field: `manual` has no fields"),
        ("trigger", json!({"integration": "a"}), "/trigger: `trigger` is missing"),
        ("trigger", json!({"integration": "A", "trigger": "b"}), "/trigger/integration: integration id"),
        (
            "trigger",
            json!({"integration": "a", "trigger": "b", "config": 1}),
            "/trigger/config: must be an object (got 1)",
        ),
        (
            "trigger",
            json!({"webhook": {"body": []}}),
            "/trigger/webhook/body: must be a JSON Schema object (got a list)",
        ),
        ("trigger", json!({"schedule": {"cron": "0 9 * * 1"}}), "/trigger/schedule: `timezone` is missing"),
        ("trigger", json!({"schedule": {"cron": "* * * * * *", "timezone": "UTC"}}), "/trigger/schedule/cron: a cron"),
        ("trigger", json!({"schedule": {"cron": "0 9 * * 1", "timezone": "Mars"}}), "unknown time zone \"Mars\""),
        (
            "trigger",
            json!({"schedule": {"cron": "0 9 * * 1", "timezone": "UTC", "misfire": "onse"}}),
            "/trigger/schedule/misfire: must be one of skip, once (got a string of 4 characters): did you mean once?",
        ),
        ("trigger", json!({"webhook": {"verify": {}}}), "/trigger/webhook/verify: `scheme` is missing"),
        (
            "trigger",
            json!({"webhook": {"verify": {"scheme": "git-hub", "secret": "a"}}}),
            "/trigger/webhook/verify/scheme: must be one of github, stripe, slack, standard-webhooks, hmac (got a string of 7 \
             characters): did you mean github?",
        ),
        (
            "trigger",
            json!({"webhook": {"verify": {"scheme": "github", "secret": "a", "header": "X-A"}}}),
            "/trigger/webhook/verify/header: `header` is only allowed with `scheme: hmac`: remove it",
        ),
        (
            "trigger",
            json!({"webhook": {"verify": {"scheme": "hmac", "secret": "a"}}}),
            "/trigger/webhook/verify: `header` is missing",
        ),
        (
            "trigger",
            json!({"webhook": {"verify": {"scheme": "hmac", "secret": "a", "header": "X A"}}}),
            "/trigger/webhook/verify/header: must be the name of a header, such as X-Signature, of at most 128 characters (got a \
             string of 3 characters)",
        ),
        (
            "trigger",
            json!({"webhook": {"verify": {"scheme": "hmac", "secret": "a", "header": "X-A", "prefix": "é"}}}),
            "/trigger/webhook/verify/prefix: must be the text before the signature",
        ),
        (
            "trigger",
            json!({"webhook": {"respond": "yes"}}),
            "/trigger/webhook/respond: must be true or false (got a string of 3 characters)",
        ),
        ("concurrency", json!(5), "/concurrency: `concurrency` must be an object (got 5)"),
        (
            "concurrency",
            json!({"limit": 1001}),
            "/concurrency/limit: must be a whole number between 1 and 1000 (got 1001)",
        ),
        (
            "concurrency",
            json!({"on-limit": "cancel"}),
            "/concurrency/on-limit: must be one of queue, skip, cancel-running (got a string of 6 characters)",
        ),
        ("version", json!(1), "/version: unknown field: a workflow has name"),
        ("output", json!({"a": ["{% if %}"]}), "/output/a/0: `{%` is not supported"),
        ("on-failure", json!([{"id": "a", "sleep": "1s"}]), "/on-failure/0/id: another step has the id \"a\""),
    ] {
        let mut changed = sound.clone();
        changed[pointer] = value;
        let found = told(WorkflowDefinition::from_value(&changed));
        assert!(found.contains(part), "{pointer}: {found}");
    }
    for field in ["name", "trigger", "steps"] {
        let mut changed = sound.clone();
        changed.as_object_mut().expect("an object").remove(field);
        assert!(told(WorkflowDefinition::from_value(&changed)).contains(&format!("`{field}` is missing")));
    }
    assert!(told(WorkflowDefinition::from_json("[]")).contains("(root): a workflow must be an object (got a list)"));
    assert!(told(WorkflowDefinition::from_json("{")).contains("invalid JSON"));
    assert!(told(WorkflowDefinition::from_json(r#"{"name": "a", "name": "b"}"#)).contains("duplicate key \"name\""));
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    let value = json!({
        "trigger": {"schedule": {"cron": "every day", "timezone": "Nowhere"}},
        "steps": [
            {"id": "a", "sleep": "1s", "if": "inputs."},
            {"id": "b", "parallel": [{"steps": [{"id": "a", "uses": "x", "with": {"a/b": "{{ oops }}"}}]}]},
        ],
    });
    let pointers: Vec<_> = parse(&value).expect_err("is refused").into_iter().map(|problem| problem.pointer).collect();
    assert_eq!(
        pointers,
        [
            "",
            "/trigger/schedule/cron",
            "/trigger/schedule/timezone",
            "/steps/0/if",
            "/steps/1/parallel/0/steps/0/id",
            "/steps/1/parallel/0/steps/0/uses",
            "/steps/1/parallel/0/steps/0/with/a~1b",
        ]
    );
}

#[test]
fn definitions_are_bounded() {
    let many = |count: usize| (0..count).map(|place| format!("{{ id: a{place}, sleep: 1s }},")).collect::<String>();
    with_steps(&format!("[{}]", many(MAX_STEPS))).expect("as many as may be");
    assert!(told(with_steps(&format!("[{}]", many(MAX_STEPS + 1)))).contains("at most 200 steps (got 201)"));
    let deep = |depth: usize| {
        (1..depth).fold("[{ id: a, sleep: 1s }]".to_owned(), |inner, level| {
            format!("[{{ id: b{level}, for-each: inputs, steps: {inner} }}]")
        })
    };
    with_steps(&deep(MAX_DEPTH)).expect("as deep as may be");
    assert!(told(with_steps(&deep(MAX_DEPTH + 1))).contains("at most 8 levels deep"));
    let condition = |length: usize| format!("[{{ id: a, sleep: 1s, if: \"'{}'\" }}]", "x".repeat(length - 2));
    with_steps(&condition(MAX_EXPRESSION_CHARS)).expect("as long as may be");
    assert!(
        told(with_steps(&condition(MAX_EXPRESSION_CHARS + 1))).contains("/steps/0/if: an expression must have at most")
    );
    let named = |length: usize| format!("[{{ id: {}, sleep: 1s }}]", "x".repeat(length));
    with_steps(&named(MAX_ID_CHARS)).expect("as long as may be");
    assert!(told(with_steps(&named(MAX_ID_CHARS + 1))).contains("/steps/0/id"));
    let cases = |count: usize| format!("[{{ id: a, switch: [{}] }}]", switch_cases(count));
    with_steps(&cases(MAX_BRANCHES)).expect("as many as may be");
    assert!(told(with_steps(&cases(MAX_BRANCHES + 1))).contains("1 to 50 cases"));
    let expressions =
        |count: usize| format!("[{{ id: a, uses: a.b, with: {{ a: [{}] }} }}]", "'{{ 1 }}',".repeat(count));
    with_steps(&expressions(MAX_EXPRESSIONS)).expect("as many as may be");
    assert!(told(with_steps(&expressions(MAX_EXPRESSIONS + 1))).contains("at most 1000 expressions (got 1001)"));
}

fn switch_cases(count: usize) -> String {
    (0..count).map(|place| format!("{{ if: inputs, steps: [{{ id: b{place}, sleep: 1s }}] }},")).collect()
}

#[test]
fn documents_are_bounded_before_they_are_read() {
    let whole = |bytes: usize| {
        let sound = r#"{"name":"a","trigger":{"manual":{}},"steps":[{"id":"a","sleep":"1s"}],"output":""#;
        format!("{sound}{}\"}}", "x".repeat(bytes - sound.len() - 2))
    };
    WorkflowDefinition::from_json(&whole(MAX_BYTES)).expect("as long as may be");
    for text in [whole(MAX_BYTES + 1), " ".repeat(MAX_BYTES + 1)] {
        assert!(told(WorkflowDefinition::from_json(&text)).contains("at most 262144 bytes (got 262145)"));
        assert!(told(WorkflowDefinition::from_yaml(&text)).contains("at most 262144 bytes (got 262145)"));
    }
    let large: Value = serde_json::from_str(&whole(MAX_BYTES + 1)).expect("is JSON");
    assert!(told(WorkflowDefinition::from_value(&large)).contains("at most 262144 bytes (got 262145)"));
    let nested = (0..MAX_NESTING + 1).fold(json!(1), |inner, _| json!([inner]));
    assert!(told(WorkflowDefinition::from_value(&nested)).contains("at most 64 levels deep"));
    let refused = told(WorkflowDefinition::from_value(&json!({"steps": vec![1; 10 * MAX_PROBLEMS]})));
    assert_eq!(refused.lines().count(), MAX_PROBLEMS);
    let long = told(WorkflowDefinition::from_value(&json!({"x".repeat(10_000): 1})));
    assert!(long.lines().all(|line| line.chars().count() < 2 * MAX_PROBLEM_CHARS + 10), "{long}");
}
