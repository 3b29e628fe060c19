//! Failures: of calls, of expressions, and how far they go.

use super::*;

/// A call in a switch in an iteration in a branch, with another branch that waits.
fn nested(continues_at: &str) -> String {
    let at = |id: &str| if id == continues_at { "continue-on-error: true, " } else { "" };
    format!(
        "steps:
  - {{ id: top, {}parallel: [
      {{ steps: [{{ id: each, {}for-each: '[1, 2]', concurrency: 2, steps: [
        {{ id: route, {}switch: [{{ if: item == 1, steps: [{{ id: call, {}uses: a.b }}] }}],
           default: [{{ id: other, uses: a.b }}] }}] }}] }},
      {{ steps: [{{ id: wait, wait-for: {{ event: e }} }}] }}] }}
output: '{{{{ steps.top.output }}}}'",
        at("top"),
        at("each"),
        at("route"),
        at("call")
    )
}

#[test]
fn a_failure_goes_up_to_what_continues_on_error() {
    let end_all = |run: &mut Run| {
        while let Some(path) = run.running().pop() {
            run.end(&path, json!("ok"));
        }
        while let Some(wait) = run.plan.waits.pop() {
            run.happen(&wait.path.to_string(), 0, EventKind::Ended { output: json!("came") }).unwrap();
        }
    };
    for (continues_at, output) in [
        ("call", json!([[null, "ok"], "came"])),
        ("route", json!([[null, "ok"], "came"])),
        ("each", json!([null, "came"])),
        ("top", json!(null)),
    ] {
        let mut run = Run::new(&nested(continues_at));
        assert_eq!(run.running(), ["top[0]/each[0]/route/call", "top[0]/each[1]/route/other"]);
        run.fail("top[0]/each[0]/route/call", "permanent");
        end_all(&mut run);
        assert_eq!(run.output(), &output, "{continues_at}");
    }
    let mut run = Run::new(&nested(""));
    run.fail("top[0]/each[0]/route/call", "not-found");
    assert_eq!(run.failure(), "not-found top[0]/each[0]/route/call");
    let told = run.told();
    let last = [
        "failed top[0]/each[0]/route/call",
        "failed top[0]/each[0]/route",
        "failed top[0]/each",
        "failed top",
        "run-ended",
    ];
    assert_eq!(told[told.len() - last.len()..], last);
}

#[test]
fn the_first_failure_drops_what_is_beside_it() {
    let mut run = Run::new(&nested("top"));
    run.append(Event {
        path: "top[0]/each[0]/route/call".parse().unwrap(),
        attempt: 1,
        at: run.now,
        kind: EventKind::Failed { failure: permanent("permanent"), retry_at: None },
    })
    .unwrap();
    // Its container has not been told yet, and the other branch goes on until then.
    let same = run.append(Event {
        path: "top[0]/each[0]/route/call".parse().unwrap(),
        attempt: 1,
        at: run.now,
        kind: EventKind::Ended { output: Value::Null },
    });
    assert!(same.is_err_and(|error| error.is_late()));
    run.settle();
    for (path, attempt) in [("top[0]/each[1]/route/other", 1), ("top[1]/wait", 0), ("top", 0)] {
        let late = run.happen(path, attempt, EventKind::Ended { output: Value::Null });
        assert!(late.is_err_and(|error| error.is_late()), "{path}");
    }
    assert_eq!(run.output(), &Value::Null);
}

#[test]
fn on_failure_runs_after_a_step_failed() {
    let steps = "steps:
           - { id: find, uses: a.b }
           - { id: each, for-each: '[1]', steps: [{ id: note, uses: a.b }] }
           - { id: never, uses: a.b }
on-failure:
           - id: sorry
             uses: a.b
             with: { failure: '{{ run.failure }}', find: '{{ steps.find.output|default(0) }}', never: '{{ steps.never.output|default(0) }}' }
           - { id: each-too, for-each: '[item|default(1)]', steps: [{ id: more, uses: a.b, with: { x: '{{ steps.sorry.output }}' } }] }
output: '{{ run.failure }}'";
    let mut run = Run::new(steps);
    run.end("find", json!("found"));
    run.fail("each[0]/note", "conflict");
    assert_eq!(run.running(), ["on-failure/sorry"]);
    let failure = json!({"step": "each[0]/note", "code": "conflict", "message": "conflict happened"});
    assert_eq!(run.input("on-failure/sorry"), &json!({"failure": failure, "find": "found", "never": 0}));
    let late = run.happen("each[0]/note", 1, EventKind::Ended { output: Value::Null });
    assert!(late.is_err_and(|error| error.is_late()));
    run.end("on-failure/sorry", json!("said"));
    assert_eq!(run.input("on-failure/each-too[0]/more"), &json!({"x": "said"}));
    run.end("on-failure/each-too[0]/more", Value::Null);
    assert_eq!(run.failure(), "conflict each[0]/note", "it failed, although on-failure worked");

    let mut fails = Run::new(steps);
    fails.fail("find", "transient");
    fails.fail("on-failure/sorry", "permanent");
    assert_eq!(fails.failure(), "transient find", "the first failure is kept");
}

#[test]
fn a_step_may_be_called_on_failure() {
    let steps = "steps: [{ id: on-failure, switch: [{ if: true, steps: [{ id: a, uses: a.b }] }] }]
on-failure: [{ id: b, uses: a.b }]";
    let mut run = Run::new(steps);
    assert_eq!(run.running(), ["on-failure/a"]);
    let early = run.happen("on-failure/b", 1, EventKind::Started { input: Value::Null }).expect_err("no step failed");
    assert!(matches!(early, RunError::NotReached(_)), "{early}");
    run.fail("on-failure/a", "permanent");
    assert_eq!(run.running(), ["on-failure/b"]);
}

#[test]
fn an_expression_without_a_value_fails_its_step() {
    for (step, field) in [
        ("uses: a.b, if: trigger.nope", "if"),
        ("uses: a.b, with: { x: { y: '{{ trigger.nope }}' } }", "with"),
        ("sleep: 1s, if: trigger.nope", "if"),
        ("for-each: trigger.nope, steps: [{ id: b, sleep: 1s }]", "for-each"),
        (
            "switch: [{ if: false, steps: [{ id: b, sleep: 1s }] }, { if: trigger.nope, steps: [{ id: c, sleep: 1s }] }]",
            "switch/1/if",
        ),
        ("wait-for: { event: '{{ trigger.nope }}' }", "event"),
        ("wait-for: { approval: '{{ trigger.nope }}' }", "approval"),
    ] {
        let run = Run::new(&format!("steps: [{{ id: a, {step} }}]"));
        assert_eq!(run.failure(), "expression a", "{step}");
        let message =
            format!("`{field}`: `trigger.nope` is undefined: check the data of the run, or use the filter `default`");
        assert_eq!(run.result().2.unwrap().failure.message, message);
        if !step.starts_with("sleep") {
            let continues = Run::new(&format!("steps: [{{ id: a, continue-on-error: true, {step} }}]"));
            assert_eq!(continues.output(), &Value::Null, "{step}");
        }
    }
    let mut run =
        Run::new("steps: [{ id: a, uses: a.b }]\non-failure: [{ id: b, uses: a.b }]\noutput: '{{ steps.a.output.x }}'");
    run.end("a", json!({}));
    assert_eq!(run.failure(), "expression ", "`output` is not a step, and on-failure does not run");
    let list = Run::triggered("steps: [{ id: a, for-each: trigger, steps: [{ id: b, sleep: 1s }] }]", json!({}));
    let message = "`for-each`: must be a list (got an object): check what the expression reads";
    assert_eq!(list.result().2.unwrap().failure.message, message);
}
