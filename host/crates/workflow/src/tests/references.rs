//! Which references can hold: steps that come before and are seen, members that schemas know, roots that are there.

use serde_json::{Value, json};

use super::catalogue::{found, found_with};

fn text(text: &str) -> Value {
    json!({"channel": "a", "text": text})
}

fn post(id: &str, written: &str) -> Value {
    json!({"id": id, "uses": "slack.post-message", "with": text(written)})
}

#[test]
fn a_step_reads_the_outputs_of_steps_that_have_ended() {
    let lines = |steps: Value| found(json!({"name": "a", "trigger": {"manual": {}}, "steps": steps}));
    assert_eq!(lines(json!([post("a", ""), post("b", "{{ steps.a.output.ts }}")])), [""; 0]);
    for (steps, expected) in [
        (
            json!([post("a", "{{ steps.b.output.ts }}"), post("b", "")]),
            "/steps/0/with/text: step \"b\" has not finished at",
        ),
        (json!([post("a", "{{ steps.a.output.ts }}")]), "/steps/0/with/text: step \"a\" has not finished at"),
        (json!([post("a", "{{ steps.c.output.ts }}")]), "/steps/0/with/text: unknown step \"c\""),
        (json!([post("a", "{{ steps }}")]), "/steps/0/with/text: `steps` must be followed by the id of a step"),
        (json!([post("a", ""), post("b", "{{ steps.a }}")]), "/steps/1/with/text: only a step's output"),
        (json!([post("a", ""), post("b", "{{ steps.a.ts }}")]), "write steps.a.output"),
        (
            json!([post("a", ""), post("b", "{{ steps.a.output.st }}")]),
            "`steps.a.output` has no `st`: it has replies, ts",
        ),
        (json!([post("a", ""), post("b", "{{ steps.a.output[0] }}")]), "`steps.a.output` is object and has no items"),
        (
            json!([post("a", ""), post("b", "{{ steps.a.output.ts.x }}")]),
            "`steps.a.output.ts` is string and has no members",
        ),
        (json!([post("a-b", ""), post("c", "{{ steps.a }}")]), "write steps['a-b']"),
        (json!([{"id": "a", "sleep": "1s", "if": "steps.b.output"}]), "/steps/0/if: unknown step \"b\""),
    ] {
        let lines = lines(steps);
        assert!(lines.len() == 1 && lines[0].contains(expected), "{expected}: {lines:#?}");
    }
}

#[test]
fn what_is_in_a_container_is_seen_only_in_it() {
    let containers = [
        json!({"id": "box", "for-each": "[1]", "steps": [post("in1", ""), post("in2", "{{ steps.in1.output.ts }}")]}),
        json!({"id": "box", "switch": [{"if": "true", "steps": [post("in1", ""), post("in2", "{{ steps.in1.output.ts }}")]}]}),
        json!({"id": "box", "parallel": [{"steps": [post("in1", ""), post("in2", "{{ steps.in1.output.ts }}")]}]}),
    ];
    for container in containers {
        let lines = |after: Value| {
            found(json!({"name": "a", "trigger": {"manual": {}}, "steps": [post("first", ""), container, after]}))
        };
        assert_eq!(lines(post("after", "{{ steps.box.output[0] }} {{ steps.first.output.ts }}")), [""; 0]);
        let refused = lines(post("after", "{{ steps.in1.output.ts }}"));
        assert_eq!(
            refused,
            ["/steps/2/with/text: step \"in1\" is not visible outside its container: read steps.box.output"]
        );
    }
}

#[test]
fn branches_do_not_see_each_other_nor_what_holds_them() {
    let branches = |left: &str, right: &str| {
        let branches = json!([{"steps": [post("left", left)]}, {"steps": [post("right", right)]}]);
        let cases =
            json!([{"if": "true", "steps": [post("left", left)]}, {"if": "true", "steps": [post("right", right)]}]);
        [json!({"id": "box", "parallel": branches}), json!({"id": "box", "switch": cases})].map(|step| {
            found(json!({"name": "a", "trigger": {"manual": {}}, "steps": [post("first", ""), step]})).join("\n")
        })
    };
    assert_eq!(branches("{{ steps.first.output.ts }}", "{{ steps.first.output.ts }}"), ["", ""]);
    for lines in branches("", "{{ steps.left.output.ts }}") {
        assert!(lines.contains("step \"left\" has not finished at this point"), "{lines}");
    }
    for lines in branches("{{ steps.box.output }}", "") {
        assert!(lines.contains("step \"box\" has not finished at this point"), "{lines}");
    }
}

#[test]
fn members_are_looked_for_in_inputs_and_in_the_event() {
    for (written, expected) in [
        ("{{ inputs.s }} {{ trigger.title }} {{ inputs }}", None),
        ("{{ inputs.nope }}", Some("`inputs` has no `nope`: it has any, list, n, s")),
        ("{{ inputs.any.thing[0] }}", None),
        ("{{ inputs.s.x }}", Some("`inputs.s` is string and has no members")),
        ("{{ trigger.nope }}", Some("`trigger` has no `nope`: it has labels, number, open, title")),
        ("{{ trigger.labels[0].name }}", None),
        ("{{ trigger.labels[0].nope }}", Some("`trigger.labels[0]` has no `nope`: it has name")),
        ("{{ trigger.labels.name }}", Some("`trigger.labels` is array and has no members")),
        ("{{ item }}", Some("`item` is only available in the steps of a for-each")),
        ("{{ run.id }}", None),
        ("{{ run.nope }}", Some("`run` has no `nope`: it has id, started_at")),
        ("{{ run.failure.message }}", Some("`run.failure` is only available in the steps of on-failure")),
        ("{{ inputs.nope|default('x') }}", Some("`inputs` has no `nope`")),
    ] {
        let lines = found_with(json!([]), text(written));
        assert_eq!(lines.len(), usize::from(expected.is_some()), "{written}: {lines:#?}");
        assert!(lines.iter().zip(expected).all(|(line, part)| line.contains(part)), "{lines:#?}");
    }
}

#[test]
fn an_item_is_what_the_list_holds() {
    let each = |written: &str| {
        let inner = json!({"id": "inner", "for-each": "inputs.list", "steps": [post("b", "{{ item }}")]});
        let each = json!({"id": "each", "for-each": "trigger.labels", "steps": [post("in", written), inner]});
        found_with(json!([each]), text("{{ steps.each.output[0][0].ts }}"))
    };
    assert_eq!(each("{{ item.name }}"), [""; 0]);
    assert_eq!(each("{{ item.nope }}"), ["/steps/0/steps/0/with/text: `item` has no `nope`: it has name"]);
    assert_eq!(each("{{ item }}"), ["/steps/0/steps/0/with/text: expected string, found object"]);
}

#[test]
fn every_trigger_tells_something_else() {
    let lines = |trigger: Value, written: &str| {
        found(json!({"name": "a", "trigger": trigger, "steps": [post("a", written)]})).join("\n")
    };
    let body = json!({"type": "object", "additionalProperties": false, "properties": {"x": {"type": "string"}}});
    let schedule = json!({"schedule": {"cron": "0 9 * * *", "timezone": "UTC"}});
    for (trigger, written, expected) in [
        (json!({"manual": {}}), "{{ trigger.x }}", "`trigger` has no `x`: it has no members"),
        (json!({"manual": {}}), "{{ inputs.x }}", "`inputs.x` is not declared"),
        (schedule.clone(), "{{ trigger.scheduled_at }}", ""),
        (schedule, "{{ trigger.x }}", "it has scheduled_at"),
        (json!({"webhook": {}}), "{{ trigger.body.x }} {{ trigger.headers.a }} {{ trigger.method }}", ""),
        (json!({"webhook": {}}), "{{ trigger.x }}", "it has body, headers, method, query"),
        (json!({"webhook": {"body": body}}), "{{ trigger.body.x }}", ""),
        (json!({"webhook": {"body": body}}), "{{ trigger.body.y }}", "has no `y`: it has x"),
    ] {
        let lines = lines(trigger, written);
        assert!(lines.contains(expected) && lines.is_empty() == expected.is_empty(), "{written}: {lines}");
    }
}

#[test]
fn on_failure_and_output_see_the_steps_of_the_workflow() {
    let lines = found(json!({
        "name": "a", "trigger": {"manual": {}},
        "steps": [post("a", "")],
        "on-failure": [post("b", "{{ steps.a.output.ts }} {{ run.failure.step }} {{ run.failure.nope }}")],
        "output": ["{{ steps.a.output.ts }}", "{{ steps.b.output.ts }}"],
    }));
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with("/on-failure/0/with/text: `run.failure` has no `nope`"), "{lines:#?}");
    assert!(lines[1].starts_with("/output/1: step \"b\" has not finished at this"), "{lines:#?}");
}

#[test]
fn what_may_have_been_left_out_has_no_known_type() {
    let before = json!([{"id": "maybe", "uses": "slack.post-message", "with": text(""), "if": "inputs.any"}]);
    assert_eq!(found_with(before, text("{{ steps.maybe.output }}")), [""; 0]);
}
