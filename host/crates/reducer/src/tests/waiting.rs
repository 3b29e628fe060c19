//! Sleeps, waits and timeouts.

use workway_workflow::bounds::MAX_WAIT_CHARS;

use super::*;
use crate::{OpenWait, Resolution, TimerKind, Wait};

#[test]
fn a_sleep_ends_when_its_time_has_come() {
    let mut run = Run::new("steps: [{ id: rest, sleep: 90s }, { id: then, uses: a.b }]");
    let at = run.now + Duration::from_secs(90);
    assert_eq!(run.plan.due(), Some(at));
    assert_eq!((run.plan.timers[0].kind, run.plan.waits.len()), (TimerKind::Sleep, 0));
    run.pass(89);
    assert_eq!(run.running(), [""; 0]);
    run.pass(1);
    assert_eq!((run.running(), run.plan.due()), (vec!["then".to_owned()], None));
}

#[test]
fn an_event_or_a_decision_ends_a_wait_and_is_its_output() {
    let steps = "steps:
           - { id: paid, wait-for: { event: 'paid-{{ trigger.id }}' } }
           - { id: ask, wait-for: { approval: 'Send {{ steps.paid.output.sum }}?' }, timeout: 1h }
output: '{{ steps.ask.output.by }}'";
    let mut run = Run::triggered(steps, json!({"id": 7}));
    let wait = |path: &str, wait, until| OpenWait { path: path.parse().unwrap(), wait, until };
    assert_eq!(run.plan.waits, [wait("paid", Wait::Event { name: "paid-7".to_owned() }, None)]);
    assert_eq!(run.plan.due(), None, "the run needs nobody until the event comes");
    run.happen("paid", 0, EventKind::Ended { output: json!({"sum": 3}) }).unwrap();
    let until = run.now + Duration::from_secs(3_600);
    assert_eq!(run.plan.waits, [wait("ask", Wait::Approval { text: "Send 3?".to_owned() }, Some(until))]);
    assert_eq!(run.plan.due(), Some(until));
    run.happen("ask", 0, EventKind::Ended { output: json!({"by": "Ada"}) }).unwrap();
    assert_eq!(run.output(), &json!("Ada"));
}

#[test]
fn the_text_of_a_wait_is_bounded() {
    let wait = |value: Value| {
        Run::triggered("steps: [{ id: a, wait-for: { event: '{{ trigger.name }}' } }]", json!({ "name": value }))
    };
    for (value, name) in [(json!("a".repeat(MAX_WAIT_CHARS)), "a".repeat(MAX_WAIT_CHARS)), (json!(7), "7".to_owned())] {
        assert_eq!(wait(value).plan.waits[0].wait, Wait::Event { name });
    }
    for value in [json!("a".repeat(MAX_WAIT_CHARS + 1)), json!(" "), json!(null), json!(["a"])] {
        assert_eq!(wait(value).failure(), "expression a");
    }
}

#[test]
fn a_timeout_covers_all_attempts() {
    let steps = "steps: [{ id: a, uses: a.b, timeout: 10s, retry: { attempts: 9, backoff: 4s } }]";
    let mut run = Run::new(steps);
    run.pass(3);
    run.fail_with("a", transient());
    run.pass(4);
    assert_eq!(run.attempt("a").attempt, 2);
    run.pass(2);
    assert_eq!(run.running(), ["a"]);
    run.pass(1);
    assert_eq!(run.failure(), "timeout a");
    let (_, _, failure) = run.result();
    assert_eq!(failure.unwrap().failure.message, "the step took longer than its timeout of 10s");
    let mut waits = Run::new(steps);
    waits.pass(9);
    waits.fail_with("a", transient());
    waits.pass(1);
    assert_eq!(waits.failure(), "timeout a", "also while it waits for its next attempt");
}

#[test]
fn a_timeout_drops_everything_in_a_container() {
    let steps = "steps:
           - id: all
             timeout: 5s
             continue-on-error: true
             parallel:
               - { steps: [{ id: each, for-each: '[1, 2]', concurrency: 2, steps: [{ id: call, uses: a.b }] }] }
               - { steps: [{ id: wait, wait-for: { event: e }, timeout: 1h }] }
               - { steps: [{ id: rest, sleep: 1d }] }
           - { id: then, uses: a.b, with: { all: '{{ steps.all.output }}' } }";
    let mut run = Run::new(steps);
    assert_eq!(run.running(), ["all[0]/each[0]/call", "all[0]/each[1]/call"]);
    run.pass(5);
    assert_eq!(run.running(), ["then"]);
    assert_eq!((run.plan.timers.len(), run.plan.waits.len()), (0, 0));
    assert_eq!(run.input("then"), &json!({"all": null}));
    for (path, attempt) in [("all[0]/each[0]/call", 1), ("all[1]/wait", 0), ("all[2]/rest", 0), ("all", 0)] {
        let late = run.happen(path, attempt, EventKind::Ended { output: Value::Null }).expect_err("it comes too late");
        assert!(late.is_late(), "{late}");
    }
    run.end("then", Value::Null);
    run.output();
}

#[test]
fn a_wait_that_lost_does_not_keep_the_run() {
    let steps = "steps: [{ id: ask, wait-for: { approval: Now? }, timeout: 1h, continue-on-error: true }]
output: '{{ steps.ask.output }}'";
    let mut run = Run::new(steps);
    run.pass(3_600);
    assert_eq!(run.output(), &Value::Null);
    let late = run.happen("ask", 0, EventKind::Ended { output: json!("yes") }).expect_err("too late");
    assert!(late.is_late());
    let mut run = Run::new(steps);
    run.happen("ask", 0, EventKind::Ended { output: json!("yes") }).unwrap();
    assert_eq!(run.output(), &json!("yes"));
    let late = run.happen("ask", 0, EventKind::TimedOut).expect_err("too late");
    assert!(late.is_late());
}

#[test]
fn a_step_with_an_unknown_outcome_waits_for_an_answer() {
    let steps = "steps:
           - id: both
             parallel:
               - { steps: [{ id: pay, uses: a.b, timeout: 1m, retry: 3, with: { run: '{{ run.id }}' } }] }
               - { steps: [{ id: tell, uses: a.b }] }
output: '{{ steps.both.output }}'";
    let unknown = || {
        let mut run = Run::new(steps);
        run.happen("both[0]/pay", 1, EventKind::OutcomeUnknown).unwrap();
        assert_eq!(run.running(), ["both[1]/tell"], "the other branch goes on");
        run.end("both[1]/tell", json!("told"));
        assert_eq!((run.plan.calls.len(), run.plan.running.len(), run.plan.timers.len()), (0, 0, 0));
        assert_eq!(run.plan.unknown[0].path.to_string(), "both[0]/pay");
        for refused in [EventKind::Ended { output: json!(1) }, EventKind::TimedOut, EventKind::OutcomeUnknown] {
            let error = run.happen("both[0]/pay", 1, refused).expect_err("nobody knows");
            assert!(matches!(error, RunError::Unexpected { .. }), "{error}");
        }
        run.pass(3_600);
        run
    };
    let mut happened = unknown();
    let resolution = Resolution::Happened { output: json!("paid") };
    happened.happen("both[0]/pay", 1, EventKind::Resolved(resolution)).unwrap();
    assert_eq!(happened.output(), &json!(["paid", "told"]));
    let mut repeated = unknown();
    repeated.happen("both[0]/pay", 1, EventKind::Resolved(Resolution::Repeat)).unwrap();
    assert_eq!(repeated.attempt("both[0]/pay").attempt, 2);
    assert_eq!(repeated.plan.due(), Some(repeated.now + Duration::from_secs(60)), "its timeout counts from the answer");
    repeated.end("both[0]/pay", json!("paid twice"));
    assert_eq!(repeated.output(), &json!(["paid twice", "told"]));
    assert!(happened.cancel().is_err_and(|error| error.is_late()));
}
