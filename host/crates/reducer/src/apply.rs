//! Applies an event to the state of a run. An event that makes no sense is refused and changes nothing.

use serde_json::{Value, json};
use workway_model::Timestamp;
use workway_workflow::{Step, StepKind, WorkflowDefinition};

use super::{
    EndStatus, Event, EventKind, Failure, HALT, PathSegment, Resolution, RunFailure, RunState, StepPath, TIMEOUT,
    state::{Container, List, Open, Phase, Stage, Work, fits},
};

/// Why an event was refused. The driver is to blame, or the event came too late; see [`RunError::is_late`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    #[error("the run has not started: its first event must be run-started (got {0})")]
    NotStarted(&'static str),
    #[error("the run has ended: no event can follow (got {0})")]
    RunEnded(&'static str),
    #[error("the workflow has no step \"{0}\"")]
    UnknownStep(StepPath),
    #[error("the step \"{0}\" has ended")]
    StepEnded(StepPath),
    #[error("it is not the turn of the step \"{0}\"")]
    NotReached(StepPath),
    #[error("the step \"{path}\" is at attempt {expected} (got an event of attempt {got})")]
    WrongAttempt { path: StepPath, expected: u32, got: u32 },
    #[error("the event {event} cannot happen to \"{path}\" in its present state")]
    Unexpected { path: StepPath, event: &'static str },
}

impl RunError {
    /// Whether the event could have happened before, and is to be ignored: the step, the attempt or the run has ended meanwhile.
    pub fn is_late(&self) -> bool {
        match self {
            Self::RunEnded(_) | Self::StepEnded(_) => true,
            Self::WrongAttempt { expected, got, .. } => got < expected,
            Self::NotStarted(_) | Self::UnknownStep(_) | Self::NotReached(_) | Self::Unexpected { .. } => false,
        }
    }
}

/// Applies an event. What is open below a step that ends, fails or times out is dropped.
///
/// # Errors
/// See [`RunError`]. The state is as it was.
pub fn apply(definition: &WorkflowDefinition, state: &mut RunState, event: Event) -> Result<(), RunError> {
    let Event { path, attempt, at, kind } = event;
    let name = kind.name();
    if path.is_run() {
        return apply_to_run(state, at, kind);
    }
    let in_on_failure = path.in_on_failure(definition);
    let event = StepEvent { path: &path, attempt, at, name };
    let progress = match (&state.phase, in_on_failure) {
        (Phase::Created, _) => return Err(RunError::NotStarted(name)),
        (Phase::Ended(_) | Phase::Ending(..), _) => return Err(RunError::RunEnded(name)),
        (Phase::Steps, false) => state.steps.apply(&definition.steps, path.segments(), event, kind, true)?,
        (Phase::OnFailure(_), true) => {
            let below = path.segments().get(1..).unwrap_or_default();
            state.on_failure.apply(&definition.on_failure, below, event, kind, true)?
        }
        (Phase::Steps, true) => return Err(RunError::NotReached(path)),
        (Phase::OnFailure(_), false) => {
            let first = path.segments().first();
            let is_known = first.is_some_and(|first| definition.steps.iter().any(|step| step.id == first.id));
            return Err(if is_known { RunError::StepEnded(path) } else { RunError::UnknownStep(path) });
        }
    };
    match progress {
        Progress::Open | Progress::Done => {}
        Progress::Failed(failure) => fail(definition, state, failure),
        Progress::Halted => {
            let status = if in_on_failure { EndStatus::Failed } else { EndStatus::Succeeded };
            end(state, status);
        }
    }
    Ok(())
}

fn apply_to_run(state: &mut RunState, at: Timestamp, kind: EventKind) -> Result<(), RunError> {
    let name = kind.name();
    match (&state.phase, kind) {
        (Phase::Created, EventKind::RunStarted { inputs, trigger }) => {
            if let Value::Object(roots) = &mut state.data {
                roots.insert("inputs".to_owned(), inputs);
                roots.insert("trigger".to_owned(), trigger);
            }
            tell(state, "started_at", at.to_string().into());
            state.started_at = at;
            state.phase = Phase::Steps;
        }
        (Phase::Created, _) => return Err(RunError::NotStarted(name)),
        (Phase::Ended(_), _) => return Err(RunError::RunEnded(name)),
        (_, EventKind::RunEnded { status, .. }) => {
            state.phase = Phase::Ended(status);
            state.data = Value::Null;
            state.steps = List::default();
            state.on_failure = List::default();
        }
        (Phase::Steps | Phase::OnFailure(_), EventKind::CancelRequested) => end(state, EndStatus::Cancelled),
        (Phase::Ending(..), EventKind::CancelRequested) => return Err(RunError::RunEnded(name)),
        _ => return Err(RunError::Unexpected { path: StepPath::RUN, event: name }),
    }
    Ok(())
}

/// Adds a member of `run`.
fn tell(state: &mut RunState, name: &str, value: Value) {
    if let Some(run) = state.data.get_mut("run").and_then(Value::as_object_mut) {
        run.insert(name.to_owned(), value);
    }
}

/// Nothing else is done in this run.
fn end(state: &mut RunState, status: EndStatus) {
    let failure = match std::mem::replace(&mut state.phase, Phase::Created) {
        Phase::OnFailure(failure) => Some(failure),
        _ => None,
    };
    state.phase = Phase::Ending(status, failure);
    state.steps.open = None;
    state.on_failure.open = None;
}

/// A step of the workflow's own list failed, or one of `on-failure`: then what failed first is kept.
fn fail(definition: &WorkflowDefinition, state: &mut RunState, failure: RunFailure) {
    if matches!(state.phase, Phase::OnFailure(_)) {
        return end(state, EndStatus::Failed);
    }
    let Failure { code, message, .. } = &failure.failure;
    tell(state, "failure", json!({ "step": failure.step.to_string(), "code": code, "message": message }));
    state.phase = if definition.on_failure.is_empty() {
        Phase::Ending(EndStatus::Failed, Some(failure))
    } else {
        Phase::OnFailure(failure)
    };
}

/// An event of a step, apart from what happened.
#[derive(Clone, Copy)]
struct StepEvent<'e> {
    path: &'e StepPath,
    attempt: u32,
    at: Timestamp,
    name: &'static str,
}

/// What an event makes of a step.
enum Outcome {
    /// It goes on.
    Open,
    Ended(Value),
    Failed(RunFailure),
    Halted,
}

/// What an event makes of a list of steps.
enum Progress {
    Open,
    /// Its last step ended.
    Done,
    Failed(RunFailure),
    Halted,
}

impl StepEvent<'_> {
    fn unexpected(&self) -> RunError {
        RunError::Unexpected { path: self.path.clone(), event: self.name }
    }

    fn failed(&self, failure: Failure) -> Outcome {
        Outcome::Failed(RunFailure { step: self.path.clone(), failure })
    }

    fn check_attempt(&self, expected: u32) -> Result<(), RunError> {
        let wrong = || RunError::WrongAttempt { path: self.path.clone(), expected, got: self.attempt };
        if self.attempt == expected { Ok(()) } else { Err(wrong()) }
    }
}

impl List {
    /// `in_turn`: whether it is the list's turn. What another run's history brings can be ahead of it.
    fn apply(
        &mut self,
        steps: &[Step],
        below: &[PathSegment],
        event: StepEvent<'_>,
        kind: EventKind,
        in_turn: bool,
    ) -> Result<Progress, RunError> {
        let path = || event.path.clone();
        let Some((segment, below)) = below.split_first() else { return Err(RunError::UnknownStep(path())) };
        let Some(step) = steps.get(self.next).filter(|step| step.id == segment.id) else {
            let place = steps.iter().position(|step| step.id == segment.id);
            return Err(match place {
                None => RunError::UnknownStep(path()),
                Some(place) if place < self.next => RunError::StepEnded(path()),
                Some(_) => RunError::NotReached(path()),
            });
        };
        let outcome = if below.is_empty() && segment.index.is_none() {
            self.apply_to_step(step, event, kind, in_turn)?
        } else {
            self.apply_within(step, segment.index, below, event, kind, in_turn)?
        };
        let output = match outcome {
            Outcome::Open => return Ok(Progress::Open),
            Outcome::Halted => return Ok(Progress::Halted),
            Outcome::Failed(failure) if !step.continue_on_error => {
                self.open = None;
                return Ok(Progress::Failed(failure));
            }
            Outcome::Failed(_) => Value::Null,
            Outcome::Ended(output) => output,
        };
        self.end(step, output);
        Ok(if self.is_done(steps) { Progress::Done } else { Progress::Open })
    }

    fn apply_within(
        &mut self,
        step: &Step,
        index: Option<u32>,
        below: &[PathSegment],
        event: StepEvent<'_>,
        kind: EventKind,
        in_turn: bool,
    ) -> Result<Outcome, RunError> {
        let unknown = || RunError::UnknownStep(event.path.clone());
        let open = self.open.as_mut().ok_or_else(|| RunError::NotReached(event.path.clone()))?;
        let container = match &mut open.work {
            Work::Container(container) => container,
            Work::Failing(_) => return Err(RunError::StepEnded(event.path.clone())),
            Work::Action { .. } | Work::Wait { .. } => return Err(unknown()),
        };
        let index = container.list_index(index).ok_or_else(unknown)?;
        let steps = container.steps(step, index).ok_or_else(unknown)?;
        if container.has_ended(index) {
            return Err(RunError::StepEnded(event.path.clone()));
        }
        let in_turn = in_turn && container.active.contains(&index);
        let mut ahead = None;
        let list = match container.lists.get_mut(&index) {
            Some(list) => list,
            None => ahead.insert(Self::default()),
        };
        match list.apply(steps, below, event, kind, in_turn)? {
            Progress::Open => container.lists.extend(ahead.map(|list| (index, list))),
            Progress::Done => {
                let list = ahead.or_else(|| container.lists.remove(&index)).unwrap_or_default();
                container.end(index, list.into_output(steps));
            }
            Progress::Failed(failure) => open.work = Work::Failing(failure),
            Progress::Halted => return Ok(Outcome::Halted),
        }
        Ok(Outcome::Open)
    }

    fn apply_to_step(
        &mut self,
        step: &Step,
        event: StepEvent<'_>,
        kind: EventKind,
        in_turn: bool,
    ) -> Result<Outcome, RunError> {
        let Some(open) = &mut self.open else {
            let work = match kind {
                EventKind::Skipped if step.condition.is_some() => return Ok(Outcome::Ended(Value::Null)),
                EventKind::Ended { output } => return Ok(Outcome::Ended(output)),
                EventKind::Failed { failure, retry_at: None } => return Ok(event.failed(failure)),
                EventKind::Opened(opening) => Container::new(step, opening).map(Work::Container),
                EventKind::Started { .. } if matches!(step.kind, StepKind::Action { .. }) => {
                    event.check_attempt(1)?;
                    in_turn.then_some(Work::Action { attempt: 1, stage: Stage::Running })
                }
                EventKind::Waiting { wait, until } if fits(step, &wait) => {
                    in_turn.then_some(Work::Wait { wait, until })
                }
                _ => None,
            };
            let not_now = || if in_turn { event.unexpected() } else { RunError::NotReached(event.path.clone()) };
            self.open = Some(Open { since: event.at, work: work.ok_or_else(not_now)? });
            return Ok(Outcome::Open);
        };
        match (kind, &mut open.work) {
            (EventKind::TimedOut, work) => {
                let is_asked = matches!(work, Work::Action { stage: Stage::OutcomeUnknown, .. });
                let timeout = step.timeout.filter(|_| !is_asked).ok_or_else(|| event.unexpected())?;
                let message = format!("the step took longer than its timeout of {timeout}");
                Ok(event.failed(Failure::permanent(TIMEOUT, message)))
            }
            (EventKind::Failed { .. }, Work::Failing(failure)) => Ok(Outcome::Failed(failure.clone())),
            (EventKind::Ended { output }, Work::Container(container)) if container.active.is_empty() => {
                Ok(Outcome::Ended(output))
            }
            (EventKind::Ended { output }, Work::Wait { .. }) => Ok(Outcome::Ended(output)),
            (kind, Work::Action { attempt, stage }) => {
                event.check_attempt(*attempt)?;
                let (outcome, next) = match (kind, *stage) {
                    (EventKind::Started { .. }, Stage::Delayed(_)) => (Outcome::Open, Stage::Running),
                    (EventKind::Ended { output }, Stage::Running) => (Outcome::Ended(output), *stage),
                    (EventKind::Failed { failure, .. }, Stage::Running) if failure.code == HALT => {
                        (Outcome::Halted, *stage)
                    }
                    (EventKind::Failed { retry_at: Some(at), .. }, Stage::Running) => {
                        *attempt += 1;
                        (Outcome::Open, Stage::Delayed(Some(at)))
                    }
                    // An attempt may fail before it starts, when its input is evaluated.
                    (EventKind::Failed { failure, retry_at: None }, Stage::Running | Stage::Delayed(_)) => {
                        (event.failed(failure), *stage)
                    }
                    (EventKind::OutcomeUnknown, Stage::Running) => (Outcome::Open, Stage::OutcomeUnknown),
                    (EventKind::Resolved(Resolution::Happened { output }), Stage::OutcomeUnknown) => {
                        (Outcome::Ended(output), *stage)
                    }
                    (EventKind::Resolved(Resolution::Repeat), Stage::OutcomeUnknown) => {
                        *attempt += 1;
                        open.since = event.at;
                        (Outcome::Open, Stage::Delayed(None))
                    }
                    _ => return Err(event.unexpected()),
                };
                *stage = next;
                Ok(outcome)
            }
            _ => Err(event.unexpected()),
        }
    }
}
