//! Histories, and the trees that they become.

use std::{fmt::Write, sync::Arc};

use serde_json::json;
use workway_model::UserId;
use workway_reducer::{EndStatus, Opening, Wait};

use super::*;
use crate::{Origin, RunId, RunStatus, RunSummary};

fn definition() -> Arc<WorkflowDefinition> {
    let action = |id: &str| json!({ "id": id, "uses": "a.b" });
    let definition = WorkflowDefinition::from_value(&json!({
        "name": "x", "trigger": { "manual": {} },
        "steps": [
            action("first"),
            { "id": "each", "for-each": "[1, 2]", "steps": [action("zeta"), action("alpha")] },
            { "id": "route", "switch": [{ "if": "true", "steps": [action("case")] }], "default": [action("other")] },
            { "id": "both", "parallel": [{ "steps": [action("left")] }, { "steps": [action("right")] }] },
            { "id": "nap", "sleep": "1h" },
            action("last")
        ],
        "on-failure": [action("sorry")]
    }));
    Arc::new(definition.expect("a definition"))
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A run in which these things happened, one in each millisecond.
fn history(happened: Vec<(&str, u32, EventKind)>) -> RunHistory {
    let mut events = Vec::new();
    for (number, (path, attempt, kind)) in (1..).zip(happened) {
        let path = path.parse().expect("a path");
        events.push((number, Event { path, attempt, at: at(i64::try_from(number).expect("few events")), kind }));
    }
    let summary = RunSummary {
        id: RunId::generate(),
        owner: "dev".parse::<UserId>().expect("a user"),
        installation: None,
        workflow: "wf_1".to_owned(),
        version: None,
        origin: Origin::Manual,
        retry_of: None,
        status: RunStatus::Running,
        created_at: at(0),
        started_at: None,
        ended_at: None,
        due: None,
        steps: 0,
        worked_millis: 0,
        bytes: 0,
        last_seq: 0,
    };
    RunHistory { summary, definition: definition(), events }
}

fn begun() -> EventKind {
    EventKind::RunStarted { inputs: json!({ "team": "a" }), trigger: json!("payload") }
}

fn started(input: i64) -> EventKind {
    EventKind::Started { input: json!(input) }
}

fn ended(output: i64) -> EventKind {
    EventKind::Ended { output: json!(output) }
}

fn failed(code: &str, retry_at: Option<Timestamp>) -> EventKind {
    EventKind::Failed { failure: Failure::permanent(code, "it failed".to_owned()), retry_at }
}

fn run_ended(status: EndStatus) -> EventKind {
    EventKind::RunEnded { status, output: json!("done"), failure: None }
}

fn items() -> EventKind {
    EventKind::Opened(Opening::ForEach { items: vec![json!(1), json!(2)] })
}

/// A line for each step: its depth, its path and its status.
fn drawn(steps: &[StepView<'_>], depth: usize) -> String {
    steps.iter().fold(String::new(), |mut drawn, step| {
        let _ = writeln!(drawn, "{}{} {:?}", "  ".repeat(depth), step.path, step.status);
        drawn + &drawn_children(step, depth)
    })
}

fn drawn_children(step: &StepView<'_>, depth: usize) -> String {
    drawn(&step.children, depth + 1)
}

#[test]
fn steps_are_in_the_order_of_items_branches_and_the_definition() {
    let history = history(vec![
        ("", 0, begun()),
        ("first", 1, started(1)),
        ("first", 1, ended(2)),
        ("each", 0, items()),
        ("each[1]/zeta", 1, started(1)),
        ("each[1]/zeta", 1, ended(1)),
        ("each[1]/alpha", 0, EventKind::Skipped),
        ("each[0]/zeta", 1, started(1)),
        ("each[0]/zeta", 1, ended(1)),
        ("each[0]/alpha", 1, started(1)),
        ("each[0]/alpha", 1, ended(1)),
        ("each", 0, ended(1)),
        ("route", 0, EventKind::Opened(Opening::Switch { case: None })),
        ("route/other", 1, started(1)),
        ("route/other", 1, ended(1)),
        ("route", 0, ended(1)),
        ("both", 0, EventKind::Opened(Opening::Parallel)),
        ("both[1]/right", 1, started(1)),
        ("both[0]/left", 1, started(1)),
        ("both[1]/right", 1, failed("permanent", None)),
        ("both", 0, failed("permanent", None)),
        ("on-failure/sorry", 1, started(1)),
    ]);
    let expected = "first Succeeded\neach Succeeded\n  each[0]/zeta Succeeded\n  each[0]/alpha Succeeded\n  \
                    each[1]/zeta Succeeded\n  each[1]/alpha Skipped\nroute Succeeded\n  route/other Succeeded\nboth \
                    Failed\n  both[0]/left Cancelled\n  both[1]/right Failed\non-failure/sorry Running\n";
    let steps = history.steps();
    assert_eq!(drawn(&steps, 0), expected);
    let left = &steps[3].children[0];
    assert_eq!((left.ended_at, left.attempts[0].ended_at), (Some(at(21)), Some(at(21))));
    assert_eq!(steps[0].input, Some(&json!(1)));
    assert_eq!((steps[0].started_at, steps[0].ended_at, steps[0].output), (Some(at(2)), Some(at(3)), Some(&json!(2))));
}

#[test]
fn each_attempt_has_its_failure_and_the_last_one_its_input() {
    let mut events = vec![("", 0, begun()), ("first", 1, started(1)), ("first", 1, failed("transient", Some(at(50))))];
    let waiting = history(events.clone());
    let waiting = waiting.steps();
    assert_eq!((waiting[0].status, waiting[0].until, waiting[0].failure), (StepStatus::Waiting, Some(at(50)), None));
    events.extend([("first", 2, started(2)), ("first", 2, ended(3))]);
    let history = history(events);
    let steps = history.steps();
    let codes: Vec<_> = steps[0].attempts.iter().map(|one| one.failure.map(|failure| failure.code.as_str())).collect();
    assert_eq!(codes, [Some("transient"), None]);
    assert_eq!((steps[0].status, steps[0].until, steps[0].input), (StepStatus::Succeeded, None, Some(&json!(2))));
    let path = "first".parse().expect("a path");
    assert_eq!(history.body(&path, BodyPart::Input, None), Some(&json!(2)));
    assert_eq!(history.body(&path, BodyPart::Input, Some(1)), Some(&json!(1)));
    assert_eq!(history.body(&path, BodyPart::Input, Some(3)), None);
    assert_eq!(history.body(&path, BodyPart::Output, None), Some(&json!(3)));
    assert_eq!(history.body(&path, BodyPart::Trigger, None), None);
}

#[test]
fn an_unknown_outcome_asks_until_somebody_answers() {
    let mut events = vec![("", 0, begun()), ("first", 1, started(1)), ("first", 1, EventKind::OutcomeUnknown)];
    assert_eq!(history(events.clone()).steps()[0].status, StepStatus::OutcomeUnknown);
    let mut repeated = events.clone();
    repeated.push(("first", 1, EventKind::Resolved(Resolution::Repeat)));
    assert_eq!(history(repeated).steps()[0].status, StepStatus::Waiting);
    events.push(("first", 1, EventKind::Resolved(Resolution::Happened { output: json!(7) })));
    let history = history(events);
    let steps = history.steps();
    assert_eq!((steps[0].status, steps[0].output), (StepStatus::Succeeded, Some(&json!(7))));
    assert_eq!(history.body(&"first".parse().expect("a path"), BodyPart::Output, None), Some(&json!(7)));
}

#[test]
fn what_is_open_when_the_run_ends_was_cancelled() {
    let sleep = EventKind::Waiting { wait: Wait::Sleep, until: Some(at(9_000)) };
    let mut events = vec![("", 0, begun()), ("nap", 0, sleep)];
    let history_before = history(events.clone());
    assert_eq!(
        (history_before.steps()[0].status, history_before.steps()[0].until),
        (StepStatus::Waiting, Some(at(9_000)))
    );
    events.extend([("", 0, EventKind::CancelRequested), ("", 0, run_ended(EndStatus::Cancelled))]);
    let history = history(events);
    let steps = history.steps();
    assert_eq!((steps[0].status, steps[0].ended_at, steps[0].until), (StepStatus::Cancelled, Some(at(4)), None));
}

#[test]
fn a_step_that_ends_the_run_is_not_a_failure() {
    let halted = history(vec![
        ("", 0, begun()),
        ("first", 1, started(1)),
        ("first", 1, failed(HALT, None)),
        ("", 0, run_ended(EndStatus::Succeeded)),
    ]);
    assert_eq!(halted.steps()[0].status, StepStatus::Halted);
}

#[test]
fn a_step_of_another_run_has_no_attempts() {
    let repeated = history(vec![("", 0, begun()), ("first", 0, ended(2)), ("last", 1, EventKind::TimedOut)]);
    let steps = repeated.steps();
    assert_eq!((steps[0].status, steps[0].attempts.len()), (StepStatus::Succeeded, 0));
    assert_eq!((steps[1].status, steps[1].ended_at), (StepStatus::TimedOut, Some(at(3))));
}

#[test]
fn the_run_itself_has_values_too() {
    let history = history(vec![("", 0, begun()), ("", 0, run_ended(EndStatus::Succeeded))]);
    let body = |part| history.body(&StepPath::RUN, part, None);
    assert_eq!(body(BodyPart::Input), Some(&json!({ "team": "a" })));
    assert_eq!(body(BodyPart::Trigger), Some(&json!("payload")));
    assert_eq!(body(BodyPart::Output), Some(&json!("done")));
    assert_eq!(history.failure(), None);
    assert!(history.steps().is_empty());
}
