//! Steps of each kind, to their ends.

use serde_json::{Value, json};
use workway_reducer::Failure;
use workway_runs::{Draft, DraftStart, RunSettings, RunStatus};
use workway_workflow::WorkflowDefinition;

use crate::{
    actions::{Does, failure, step},
    world::{World, ann, manual},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_step_ends_and_gives_its_output() {
    let world = World::new().await;
    let mut definition = manual(json!([
        { "id": "greet", "uses": "app.echo", "with": { "name": "{{ inputs.who }}" } },
        { "id": "each", "for-each": "[1, 2, 3]", "concurrency": 2,
          "steps": [{ "id": "note", "uses": "app.echo", "with": { "n": "{{ item }}" } }] },
        { "id": "route", "switch": [{ "if": "inputs.who == 'nobody'", "steps": [step("never", "app.never")] }],
          "default": [step("other", "app.echo")] },
        { "id": "both", "parallel": [{ "steps": [step("left", "app.echo")] }, { "steps": [step("right", "app.echo")] }] },
        { "id": "left-out", "if": "false", "uses": "app.never" },
        { "id": "nap", "sleep": "1h" },
        step("last", "app.echo"),
    ]));
    definition["output"] = json!({
        "name": "{{ steps.greet.output.name }}", "each": "{{ steps.each.output }}", "route": "{{ steps.route.output }}",
        "both": "{{ steps.both.output }}", "left": "{{ steps['left-out'].output }}", "last": "{{ steps.last.output.from }}"
    });
    world.install("i", definition);
    let host = world.host().await;
    let run = host.start("i").await;
    host.until_status(&run, RunStatus::Waiting).await;
    assert!(world.actions.calls_of("last").is_empty());
    world.set_ahead(3_600);
    let expected = json!({
        "name": "world", "each": [{ "n": 1 }, { "n": 2 }, { "n": 3 }], "route": { "from": "other" },
        "both": [{ "from": "left" }, { "from": "right" }], "left": null, "last": "last"
    });
    assert_eq!(host.output(&run).await, expected);
    assert!(!world.actions.calls().iter().any(|call| call.action == "app.never"));
    assert_eq!(host.find(&run).await.steps, 8);
}

// Hatchet 2573: the steps for a failure never ran.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_runs_on_failure_and_is_kept() {
    let world = World::new().await;
    world.actions.on("app.bad", Does::Fails(9, failure("refused", false)));
    let mut definition = manual(json!([step("bad", "app.bad"), step("after", "app.echo")]));
    definition["on-failure"] =
        json!([{ "id": "sorry", "uses": "app.echo", "with": { "code": "{{ run.failure.code }}" } }]);
    world.install("i", definition);
    let host = world.host().await;
    let run = host.start("i").await;
    assert_eq!(host.failure(&run).await, ("refused".to_owned(), "bad".to_owned()));
    let sorry = world.actions.calls_of("on-failure/sorry");
    assert_eq!(sorry[0].input, json!({ "code": "refused" }));
    assert!(world.actions.calls_of("after").is_empty());
}

// n8n 7754: a timeout was ignored.
#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_aborts_the_call_in_flight() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install_steps("i", json!([{ "id": "slow", "uses": "app.slow", "timeout": "1m", "retry": 5 }]));
    let host = world.host().await;
    let run = host.start("i").await;
    world.actions.until_called("app.slow", 1).await;
    world.set_ahead(61);
    assert_eq!(host.failure(&run).await, ("timeout".to_owned(), "slow".to_owned()));
    world.actions.release("app.slow");
    let calls = world.actions.calls();
    assert_eq!(calls.len(), 1);
    assert!(!calls[0].has_ended, "the call went on");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_wait_as_long_as_the_upstream_says_and_have_one_key() {
    let world = World::new().await;
    let limited = Failure { retry_after_millis: Some(600_000), ..failure("rate-limited", true) };
    world.actions.on("app.flaky", Does::Fails(2, limited));
    world.install_steps("i", json!([{ "id": "flaky", "uses": "app.flaky", "retry": 3 }]));
    let host = world.host().await;
    let run = host.start("i").await;
    for attempt in 1..3 {
        world.actions.until_called("app.flaky", attempt).await;
        let waiting = host.until_status(&run, RunStatus::Waiting).await;
        let due = waiting.due.expect("a time");
        assert!(due.saturating_since(world.now()).as_secs() > 500, "it does not wait");
        world.set_ahead(601);
    }
    host.end_all(&[run]).await;
    let calls = world.actions.calls();
    assert_eq!(calls.iter().map(|call| call.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(calls.iter().all(|call| call.key == calls[0].key));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_executes_as_many_steps_as_the_bound_says_and_no_more() {
    let world = World::with(RunSettings { steps: 5, ..RunSettings::default() }).await;
    let each =
        |items| json!([{ "id": "each", "for-each": format!("range({items})"), "steps": [step("a", "app.echo")] }]);
    world.install_steps("enough", each(5));
    world.install_steps("more", each(6));
    let host = world.host().await;
    host.end_all(&[host.start("enough").await]).await;
    assert_eq!(world.actions.calls().len(), 5);
    let run = host.start("more").await;
    assert_eq!(host.failure(&run).await.0, "too-many-steps");
    assert_eq!(world.actions.calls().len(), 10);
}

// Inngest 2016: large outputs broke a run for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_too_large_ends_the_run() {
    let world = World::with(RunSettings { history_bytes: 200_000, ..RunSettings::default() }).await;
    world.actions.on("app.large", Does::Answers(Value::String("x".repeat(50_000))));
    world.install_steps("i", json!([{ "id": "each", "for-each": "range(100)", "steps": [step("a", "app.large")] }]));
    let host = world.host().await;
    let run = host.start("i").await;
    assert_eq!(host.failure(&run).await.0, "history-too-large");
    assert!(world.actions.calls().len() <= 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_many_events_without_a_call_ends() {
    let world = World::new().await;
    let left_out = json!([{ "id": "x", "if": "false", "uses": "app.never" }]);
    world.install_steps("i", json!([{ "id": "each", "for-each": "range(3000)", "steps": left_out }]));
    let host = world.host().await;
    let run = host.start("i").await;
    host.end_all(std::slice::from_ref(&run)).await;
    assert!(host.store.count("append") > 5, "everything was held back for one write");
    assert_eq!(host.find(&run).await.last_seq, 3_004);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_waits_for_a_place_and_counts_as_one_attempt() {
    let world = World::new().await;
    world.actions.on("app.busy", Does::IsBusy(3));
    world.install_steps("i", json!([step("a", "app.busy")]));
    let host = world.host().await;
    let run = host.start("i").await;
    host.end_all(&[run]).await;
    assert_eq!(world.actions.calls()[0].attempt, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_panics_fails_its_step_only() {
    let world = World::new().await;
    world.actions.on("app.panics", Does::Panics);
    world.install_steps("i", json!([step("a", "app.panics")]));
    world.install_steps("other", json!([step("a", "app.echo")]));
    let host = world.host().await;
    let run = host.start("i").await;
    assert_eq!(host.failure(&run).await, ("internal".to_owned(), "a".to_owned()));
    host.end_all(&[host.start("other").await]).await;
}

// n8n 25930: secrets were in the history.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_reaches_the_action_and_not_the_history() {
    let world = World::new().await;
    let mut definition =
        manual(json!([{ "id": "a", "uses": "app.quiet", "with": { "key": "{{ inputs.key }}", "open": 1 } }]));
    definition["inputs"] = json!({
        "type": "object", "required": ["key"], "properties": { "key": { "type": "string", "format": "secret", "title": "Key" } }
    });
    world.actions.on("app.quiet", Does::Answers(json!(1)));
    world.install("i", definition);
    let host = world.host().await;
    let run = host.start("i").await;
    host.end_all(std::slice::from_ref(&run)).await;
    assert_eq!(world.actions.calls()[0].input, json!({ "key": "a secret of sixteen", "open": 1 }));
    let history = format!("{:?}", host.events(&run).await);
    assert!(!history.contains("a secret of sixteen"), "{history}");
    assert!(history.contains("Null"), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_with_mocks_calls_nothing() {
    let world = World::new().await;
    let mut definition = manual(json!([step("a", "app.echo"), step("b", "app.echo")]));
    definition["output"] = json!("{{ steps.b.output }}");
    let host = world.host().await;
    let start = |mocks: Value| DraftStart {
        owner: ann(),
        workflow: "wf_1".to_owned(),
        definition: WorkflowDefinition::from_value(&definition).unwrap(),
        inputs: json!({}),
        trigger: Value::Null,
        draft: Draft { mocks: serde_json::from_value(mocks).unwrap(), ..Draft::default() },
    };
    let complete = host.runs.try_draft(start(json!({ "a": 1, "b": 2 }))).await.unwrap().run;
    assert_eq!(host.output(&complete).await, json!(2));
    let incomplete = host.runs.try_draft(start(json!({ "a": 1 }))).await.unwrap().run;
    assert_eq!(host.failure(&incomplete).await, ("no-mock".to_owned(), "b".to_owned()));
    assert!(world.actions.calls().is_empty());
}
