//! The steps of a run as a tree: what the history of a run says of each step, in the order of the definition.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use workway_model::Timestamp;
use workway_reducer::{Event, EventKind, Failure, HALT, PathSegment, Resolution, RunFailure, StepPath};
use workway_workflow::{Step, StepId, WorkflowDefinition};

use crate::RunHistory;

/// A step of a run, with the steps in it.
#[derive(Clone, Debug, PartialEq)]
pub struct StepView<'h> {
    pub path: &'h StepPath,
    pub step: &'h Step,
    pub status: StepStatus,
    /// The attempts of an action, the first one first. None of a step whose output another run gave.
    pub attempts: Vec<AttemptView<'h>>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// When a sleep ends, a wait times out, or the next attempt begins.
    pub until: Option<Timestamp>,
    /// Of the last attempt.
    pub input: Option<&'h Value>,
    pub output: Option<&'h Value>,
    pub failure: Option<&'h Failure>,
    /// By the index of the item or the branch, and then in the order of the definition.
    pub children: Vec<Self>,
}

/// An attempt of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptView<'h> {
    /// From 1.
    pub number: u32,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub failure: Option<&'h Failure>,
}

/// What a step is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepStatus {
    /// Its `if` was not true.
    Skipped,
    Running,
    /// It sleeps, or waits for an event or for its next attempt.
    Waiting,
    OutcomeUnknown,
    Succeeded,
    /// It reported that there is nothing to do, which ended the run.
    Halted,
    Failed,
    TimedOut,
    /// The run, or the container that holds the step, ended before the step did.
    Cancelled,
}

/// A value in the history of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyPart {
    /// The input of an attempt of a step, or the inputs of the run.
    Input,
    /// What the trigger gave; only of the run.
    Trigger,
    Output,
}

impl RunHistory {
    /// The steps that have begun or were skipped. Those of `on-failure` come last.
    pub fn steps(&self) -> Vec<StepView<'_>> {
        tree(&self.definition, self.events.iter().map(|(_, event)| event))
    }

    /// Why the run failed; also what had failed before it was cancelled.
    pub fn failure(&self) -> Option<&RunFailure> {
        self.events.iter().rev().find_map(|(_, event)| match &event.kind {
            EventKind::RunEnded { failure, .. } => failure.as_ref(),
            _ => None,
        })
    }

    /// A value of a step, or of the run for the empty path. `attempt` chooses an input; without it, it is the last one.
    pub fn body(&self, path: &StepPath, part: BodyPart, attempt: Option<u32>) -> Option<&Value> {
        let of_path = self.events.iter().rev().map(|(_, event)| event).filter(|event| event.path == *path);
        let mut of_attempt = of_path.filter(|event| attempt.is_none_or(|attempt| event.attempt == attempt));
        of_attempt.find_map(|event| match (&event.kind, part) {
            (EventKind::RunStarted { inputs: value, .. } | EventKind::Started { input: value }, BodyPart::Input)
            | (EventKind::RunStarted { trigger: value, .. }, BodyPart::Trigger)
            | (
                EventKind::RunEnded { output: value, .. }
                | EventKind::Ended { output: value }
                | EventKind::Resolved(Resolution::Happened { output: value }),
                BodyPart::Output,
            ) => Some(value),
            _ => None,
        })
    }
}

/// The steps that hold other steps, as paths hold them: without what is chosen in the last one.
type Container = Vec<PathSegment>;

struct Builder<'h> {
    /// Every step with its place in the definition.
    known: HashMap<&'h StepId, (usize, &'h Step)>,
    /// What is in each container, and in the run itself.
    children: HashMap<Container, Vec<StepView<'h>>>,
}

fn tree<'h>(definition: &'h WorkflowDefinition, events: impl Iterator<Item = &'h Event>) -> Vec<StepView<'h>> {
    let steps = definition.all_steps().into_iter().enumerate();
    let known: HashMap<_, _> = steps.map(|(place, (_, step))| (&step.id, (place, step))).collect();
    let mut views: BTreeMap<&StepPath, StepView<'h>> = BTreeMap::new();
    let mut run_ended = None;
    for event in events {
        if event.path.is_run() {
            if matches!(event.kind, EventKind::RunEnded { .. }) {
                run_ended = Some(event.at);
            }
        } else if let Some((_, step)) = event.path.id().and_then(|id| known.get(id)) {
            views.entry(&event.path).or_insert_with(|| StepView::new(&event.path, step)).apply(event);
        }
    }
    let mut builder = Builder { known, children: HashMap::new() };
    for view in views.into_values() {
        let segments = view.path.segments();
        let mut container = segments[..segments.len() - 1].to_vec();
        if container.len() == 1 && view.path.in_on_failure(definition) {
            container.clear();
        }
        if let Some(last) = container.last_mut() {
            last.index = None;
        }
        builder.children.entry(container).or_default().push(view);
    }
    builder.take(&[], run_ended)
}

impl<'h> Builder<'h> {
    /// The steps in a container, which ended at that time.
    fn take(&mut self, container: &[PathSegment], ended: Option<Timestamp>) -> Vec<StepView<'h>> {
        let mut views = self.children.remove(container).unwrap_or_default();
        views.sort_by_key(|view| {
            let segments = view.path.segments();
            let index = segments.len().checked_sub(2).and_then(|place| segments[place].index);
            let place = view.path.id().and_then(|id| self.known.get(id)).map(|(place, _)| *place);
            (index, place)
        });
        for view in &mut views {
            view.end_with(ended);
            view.children = self.take(view.path.segments(), view.ended_at);
        }
        views
    }
}

impl<'h> StepView<'h> {
    fn new(path: &'h StepPath, step: &'h Step) -> Self {
        Self {
            path,
            step,
            status: StepStatus::Running,
            attempts: Vec::new(),
            started_at: None,
            ended_at: None,
            until: None,
            input: None,
            output: None,
            failure: None,
            children: Vec::new(),
        }
    }

    fn apply(&mut self, event: &'h Event) {
        let at = event.at;
        match &event.kind {
            EventKind::Skipped => self.end(StepStatus::Skipped, at),
            EventKind::Opened(_) => self.begin(StepStatus::Running, at),
            EventKind::Started { input } => {
                self.begin(StepStatus::Running, at);
                self.until = None;
                self.input = Some(input);
                let number = event.attempt;
                self.attempts.push(AttemptView { number, started_at: at, ended_at: None, failure: None });
            }
            EventKind::Waiting { until, .. } => {
                self.begin(StepStatus::Waiting, at);
                self.until = *until;
            }
            EventKind::Ended { output } | EventKind::Resolved(Resolution::Happened { output }) => {
                self.output = Some(output);
                self.end_attempt(event.attempt, at, None);
                self.end(StepStatus::Succeeded, at);
            }
            EventKind::Failed { failure, retry_at } => {
                self.end_attempt(event.attempt, at, Some(failure));
                match retry_at {
                    Some(until) => (self.status, self.until) = (StepStatus::Waiting, Some(*until)),
                    None => {
                        self.failure = Some(failure);
                        self.end(if failure.code == HALT { StepStatus::Halted } else { StepStatus::Failed }, at);
                    }
                }
            }
            EventKind::TimedOut => self.end(StepStatus::TimedOut, at),
            EventKind::OutcomeUnknown => self.status = StepStatus::OutcomeUnknown,
            EventKind::Resolved(Resolution::Repeat) => {
                self.end_attempt(event.attempt, at, None);
                self.status = StepStatus::Waiting;
            }
            EventKind::RunStarted { .. } | EventKind::CancelRequested | EventKind::RunEnded { .. } => {}
        }
    }

    fn begin(&mut self, status: StepStatus, at: Timestamp) {
        self.status = status;
        self.started_at.get_or_insert(at);
    }

    fn end(&mut self, status: StepStatus, at: Timestamp) {
        self.status = status;
        self.ended_at = Some(at);
        self.until = None;
        if let Some(open) = self.attempts.last_mut() {
            open.ended_at.get_or_insert(at);
        }
    }

    fn end_attempt(&mut self, number: u32, at: Timestamp, failure: Option<&'h Failure>) {
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.number == number) {
            (attempt.ended_at, attempt.failure) = (Some(at), failure);
        }
    }

    /// What held the step ended: a step that is still open never ends by itself.
    fn end_with(&mut self, ended: Option<Timestamp>) {
        if let Some(at) = ended.filter(|_| self.ended_at.is_none()) {
            self.end(StepStatus::Cancelled, at);
        }
    }
}

#[cfg(test)]
mod tests;
