//! Runs that end before their last step: cancelled, halted, stopped by the driver.

use super::*;

const STEPS: &str = "steps:
  - id: both
    continue-on-error: true
    parallel:
      - { steps: [{ id: call, uses: a.b, continue-on-error: true, retry: 3 }, { id: after, uses: a.b }] }
      - { steps: [{ id: wait, wait-for: { event: e }, timeout: 1h }] }
  - { id: then, uses: a.b }
on-failure: [{ id: sorry, uses: a.b }, { id: more, uses: a.b }]
output: done";

#[test]
fn a_cancelled_run_drops_everything() {
    let mut run = Run::new(STEPS);
    let mut other = Run::new(STEPS);
    run.cancel().unwrap();
    assert_eq!(run.result(), (EndStatus::Cancelled, &Value::Null, None));
    assert!(!run.told().iter().any(|event| event.contains("sorry")));
    for late in [run.cancel(), run.happen("both[0]/call", 1, EventKind::Ended { output: Value::Null })] {
        assert!(late.is_err_and(|error| error.is_late()));
    }
    other.fail("both[0]/call", "permanent");
    assert_eq!(other.running(), ["both[0]/after"], "another run goes on");
}

#[test]
fn a_run_can_be_cancelled_in_on_failure() {
    let mut run = Run::new("steps: [{ id: a, uses: a.b }]\non-failure: [{ id: sorry, sleep: 1d }]");
    run.fail("a", "permanent");
    run.cancel().unwrap();
    let (status, _, failure) = run.result();
    assert_eq!((status, failure.unwrap().step.to_string()), (EndStatus::Cancelled, "a".to_owned()));
}

#[test]
fn halt_ends_the_run_as_succeeded() {
    let mut run = Run::new(STEPS);
    run.fail("both[0]/call", "halt");
    assert_eq!(run.output(), &Value::Null);
    assert!(!run.told().iter().any(|event| event.contains("then") || event.contains("sorry")));
    let late = run.happen("both[1]/wait", 0, EventKind::TimedOut);
    assert!(late.is_err_and(|error| error.is_late()));
}

#[test]
fn halt_in_on_failure_ends_a_run_that_failed() {
    let mut run =
        Run::new("steps: [{ id: a, uses: a.b }]\non-failure: [{ id: sorry, uses: a.b }, { id: more, uses: a.b }]");
    run.fail("a", "permanent");
    run.fail("on-failure/sorry", "halt");
    assert_eq!(run.failure(), "permanent a");
}

#[test]
fn a_late_completion_does_not_change_a_run_that_ended() {
    let mut run = Run::new("steps: [{ id: a, uses: a.b, timeout: 1m, continue-on-error: true }]");
    run.pass(60);
    run.output();
    for kind in
        [EventKind::Ended { output: Value::Null }, EventKind::Failed { failure: permanent("x"), retry_at: None }]
    {
        assert!(run.happen("a", 1, kind).is_err_and(|error| error.is_late()));
    }
    run.output();
}

#[test]
fn a_driver_can_end_a_run_that_is_beyond_its_bounds() {
    let mut run = Run::new(STEPS);
    let failure = RunFailure { step: StepPath::RUN, failure: permanent("too-many-steps") };
    let ended = EventKind::RunEnded { status: EndStatus::Failed, output: Value::Null, failure: Some(failure) };
    run.happen("", 0, ended).unwrap();
    assert_eq!(run.failure(), "too-many-steps ");
}

#[test]
fn a_run_goes_on_after_steps_that_another_run_ended() {
    let steps = "steps:
           - { id: find, uses: a.b }
           - id: each
             for-each: steps.find.output
             steps: [{ id: note, uses: a.b, with: { item: '{{ item }}' } }, { id: more, uses: a.b }]
           - { id: last, uses: a.b }
output: '{{ steps.each.output }}'";
    let definition = WorkflowDefinition::from_yaml(&format!("name: a\ntrigger: {{ manual: {{}} }}\n{steps}")).unwrap();
    let mut run = Run::of(definition.clone(), json!({}));
    run.end("find", json!(["a", "b", "c"]));
    for index in 0..3 {
        run.end(&format!("each[{index}]/note"), json!(index));
        run.end(&format!("each[{index}]/more"), json!(index));
    }
    run.fail("last", "permanent");

    // Again from `each[1]/more`.
    let mut again = Run {
        state: RunState::new("run_2"),
        history: Vec::new(),
        keys: BTreeSet::new(),
        ..Run::of(definition, json!({}))
    };
    let stays = |event: &Event| match &event.kind {
        EventKind::RunStarted { .. } | EventKind::Opened(_) => true,
        EventKind::Ended { .. } => !["each[1]/more", "each", "last"].contains(&event.path.to_string().as_str()),
        _ => false,
    };
    for moment in run.history.iter().filter(|moment| stays(&moment.event)) {
        again.append(moment.event.clone()).expect("what ended can be copied");
    }
    again.settle();
    assert_eq!(again.running(), ["each[1]/more"]);
    let early = EventKind::Started { input: Value::Null };
    let early = again.happen("last", 1, early).expect_err("it is not its turn");
    assert!(matches!(early, RunError::NotReached(_)));
    again.end("each[1]/more", json!("again"));
    assert_eq!(again.running(), ["last"]);
    again.end("last", Value::Null);
    assert_eq!(again.output(), &json!([0, "again", 2]));
}
