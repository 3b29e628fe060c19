//! Events that make no sense.

use super::*;
use crate::{Opening, Resolution, Wait};

const STEPS: &str = "steps:
  - { id: done, uses: a.b }
  - id: each
    for-each: '[1, 2, 3]'
    concurrency: 2
    steps: [{ id: call, uses: a.b }, { id: next, sleep: 1s }]
  - { id: later, uses: a.b, if: true, timeout: 1m }
on-failure: [{ id: sorry, uses: a.b }]";

pub(super) fn every_kind() -> Vec<EventKind> {
    vec![
        EventKind::RunStarted { inputs: json!({}), trigger: json!({}) },
        EventKind::Skipped,
        EventKind::Opened(Opening::ForEach { items: vec![json!(1)] }),
        EventKind::Opened(Opening::Switch { case: Some(7) }),
        EventKind::Opened(Opening::Parallel),
        EventKind::Started { input: json!({}) },
        EventKind::Ended { output: json!(1) },
        EventKind::Failed { failure: permanent("permanent"), retry_at: None },
        EventKind::Failed { failure: transient(), retry_at: Some(Timestamp::UNIX_EPOCH) },
        EventKind::Waiting { wait: Wait::Sleep, until: None },
        EventKind::Waiting { wait: Wait::Event { name: "e".to_owned() }, until: None },
        EventKind::TimedOut,
        EventKind::OutcomeUnknown,
        EventKind::Resolved(Resolution::Repeat),
        EventKind::Resolved(Resolution::Happened { output: json!(1) }),
        EventKind::CancelRequested,
        EventKind::RunEnded { status: EndStatus::Succeeded, output: json!(1), failure: None },
    ]
}

/// A run whose first step ended and whose second is open, and the number of its refusals by kind of error.
fn refusals(path: &str, attempt: u32) -> Vec<String> {
    let mut found = Vec::new();
    for kind in every_kind() {
        let mut run = Run::new(STEPS);
        run.end("done", json!(1));
        let name = kind.name();
        match run.happen(path, attempt, kind) {
            Ok(()) => found.push(format!("{name} is taken")),
            Err(error) => found.push(error.to_string()),
        }
    }
    found
}

#[test]
fn events_of_other_steps_than_the_present_are_refused() {
    for (path, message) in [
        ("nope", "the workflow has no step \"nope\""),
        ("each[3]/call", "the workflow has no step \"each[3]/call\""),
        ("each/call", "the workflow has no step \"each/call\""),
        ("each[0]", "the workflow has no step \"each[0]\""),
        ("each[0]/nope", "the workflow has no step \"each[0]/nope\""),
        ("each[0]/call/call", "the workflow has no step \"each[0]/call/call\""),
        ("on-failure/nope", "the workflow has no step \"on-failure/nope\""),
        ("done", "the step \"done\" has ended"),
        ("each[0]/next", "it is not the turn of the step \"each[0]/next\""),
        ("later", "it is not the turn of the step \"later\""),
        ("on-failure/sorry", "it is not the turn of the step \"on-failure/sorry\""),
    ] {
        assert!(refusals(path, 1).iter().all(|refusal| refusal == message), "{path}: {:?}", refusals(path, 1));
    }
}

#[test]
fn only_some_events_can_happen_to_a_step() {
    let taken = |path, attempt| {
        let found = refusals(path, attempt);
        found.into_iter().filter_map(|refusal| refusal.strip_suffix(" is taken").map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(taken("", 0), ["cancel-requested", "run-ended"]);
    assert_eq!(taken("each", 0), [""; 0]);
    assert_eq!(taken("each[0]/call", 1), ["ended", "failed", "failed", "outcome-unknown"]);
    assert_eq!(taken("each[0]/call", 2), [""; 0]);
    assert_eq!(taken("each[2]/call", 1), ["ended", "failed"], "it is not its turn, but another run may have ended it");
    assert!(
        refusals("each[0]/call", 2)
            .contains(&"the step \"each[0]/call\" is at attempt 1 (got an event of attempt 2)".to_owned())
    );
    let unexpected = "the event skipped cannot happen to \"each[0]/call\" in its present state".to_owned();
    assert!(refusals("each[0]/call", 1).contains(&unexpected));
}

#[test]
fn nothing_happens_before_the_start_or_after_the_end() {
    let mut ended = Run::new(STEPS);
    ended.cancel().unwrap();
    for kind in every_kind() {
        for path in ["", "done"] {
            let event = Event { path: path.parse().unwrap(), attempt: 1, at: ended.now, kind: kind.clone() };
            assert!(matches!(ended.append(event.clone()), Err(RunError::RunEnded(_))), "{event:?}");
            let started = matches!(kind, EventKind::RunStarted { .. }) && path.is_empty();
            let applied = apply(&ended.definition, &mut RunState::new("run_1"), event);
            let expected = if started { Ok(()) } else { Err(RunError::NotStarted(kind.name())) };
            assert_eq!(applied, expected);
        }
    }
}

#[test]
fn an_attempt_that_is_over_is_late() {
    let mut run = Run::new("steps: [{ id: a, uses: a.b, retry: { attempts: 3, backoff: 1s } }]");
    run.fail_with("a", transient());
    run.pass(1);
    assert_eq!(run.attempt("a").attempt, 2);
    let ended = |attempt| (attempt, EventKind::Ended { output: json!(1) });
    for ((attempt, kind), late) in [(ended(1), true), (ended(3), false), ((2, EventKind::Skipped), false)] {
        assert_eq!(run.happen("a", attempt, kind).map_err(|error| error.is_late()), Err(late));
    }
}

#[test]
fn only_a_call_whose_turn_it_is_can_be_prepared() {
    let mut run = Run::new(STEPS);
    run.end("done", json!(1));
    run.end("each[1]/call", json!(1));
    for path in [
        "",
        "nope",
        "done",
        "each",
        "each[0]",
        "each[0]/next",
        "each[1]/call",
        "each[1]/next",
        "each[2]/call",
        "later",
        "on-failure/sorry",
    ] {
        let path: StepPath = path.parse().unwrap();
        let refused = prepare(&run.definition, &run.state, &path, &run.secrets);
        assert_eq!(refused, Err(RunError::NotReached(path)));
    }
    run.prepared_again("each[0]/call");
}
