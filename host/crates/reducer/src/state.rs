//! The state of a run: which steps have ended with which outputs, and what is open. It holds each value once, where expressions read it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use workway_model::Timestamp;
use workway_workflow::{Step, StepKind, WaitFor, bounds::MAX_ITEMS};

use super::{EndStatus, Opening, RunFailure, Wait};

/// What has happened in a run. Equal events make equal states.
#[derive(Clone, Debug, PartialEq)]
pub struct RunState {
    /// What expressions see everywhere: `inputs`, `trigger` and `run`.
    pub(super) data: Value,
    /// What `now()` tells.
    pub(super) started_at: Timestamp,
    pub(super) phase: Phase,
    pub(super) steps: List,
    pub(super) on_failure: List,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// Nothing has happened.
    Created,
    Steps,
    OnFailure(RunFailure),
    /// Nothing is done any more; the end is still to be recorded.
    Ending(EndStatus, Option<RunFailure>),
    Ended(EndStatus),
}

/// A list of steps that are run one after another.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct List {
    /// `{output}` of each step that has ended, by id.
    pub(super) outputs: Map<String, Value>,
    /// The index of the first step that has not ended.
    pub(super) next: usize,
    /// What is known of that step, once it began.
    pub(super) open: Option<Open>,
}

/// A step that began and has not ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Open {
    /// Its timeout counts from here.
    pub(super) since: Timestamp,
    pub(super) work: Work,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Work {
    Action {
        attempt: u32,
        stage: Stage,
    },
    Container(Container),
    Wait {
        wait: Wait,
        until: Option<Timestamp>,
    },
    /// A container in which a step failed. What was open in it is dropped; its own failure is still to be recorded.
    Failing(RunFailure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The attempt is to begin then, or at once.
    Delayed(Option<Timestamp>),
    Running,
    OutcomeUnknown,
}

/// The lists of steps in a container: one for each item or branch, or that of the case that was taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Container {
    pub(super) opening: Opening,
    /// What each list gave, once it has ended.
    pub(super) outputs: Vec<Option<Value>>,
    /// The lists in which something happened, and those of `active`.
    pub(super) lists: BTreeMap<u32, List>,
    /// The lists whose turn it is: the first ones that have not ended, at most `concurrency`.
    pub(super) active: BTreeSet<u32>,
    concurrency: usize,
    /// No list from here on has had its turn.
    next: u32,
}

impl RunState {
    /// The state of a run before its first event. `run_id` is what expressions see as `run.id`.
    pub fn new(run_id: &str) -> Self {
        Self {
            data: json!({ "run": { "id": run_id } }),
            started_at: Timestamp::UNIX_EPOCH,
            phase: Phase::Created,
            steps: List::default(),
            on_failure: List::default(),
        }
    }

    /// How the run ended, once it has.
    pub fn ended(&self) -> Option<EndStatus> {
        match self.phase {
            Phase::Ended(status) => Some(status),
            _ => None,
        }
    }
}

impl List {
    pub(super) fn is_done(&self, steps: &[Step]) -> bool {
        self.next >= steps.len()
    }

    /// The step ended.
    pub(super) fn end(&mut self, step: &Step, output: Value) {
        self.open = None;
        self.next += 1;
        let entry = Map::from_iter([("output".to_owned(), output)]);
        self.outputs.insert(step.id.as_str().to_owned(), Value::Object(entry));
    }

    /// Takes the output of the last step out of a list that is done.
    pub(super) fn into_output(mut self, steps: &[Step]) -> Value {
        let last = steps.last().and_then(|step| self.outputs.get_mut(step.id.as_str()));
        last.and_then(|step| step.get_mut("output")).map(Value::take).unwrap_or_default()
    }
}

impl Container {
    /// None if `step` cannot be opened like this.
    pub(super) fn new(step: &Step, opening: Opening) -> Option<Self> {
        let (lists, concurrency) = match (&step.kind, &opening) {
            (StepKind::ForEach { concurrency, .. }, Opening::ForEach { items }) if items.len() <= MAX_ITEMS => {
                (items.len(), concurrency.unwrap_or(1))
            }
            (StepKind::Switch { cases, .. }, Opening::Switch { case })
                if case.is_none_or(|case| (case as usize) < cases.len()) =>
            {
                (1, 1)
            }
            (StepKind::Parallel(branches), Opening::Parallel) => (branches.len(), u32::MAX),
            _ => return None,
        };
        let mut container = Self {
            opening,
            outputs: vec![None; lists],
            lists: BTreeMap::new(),
            active: BTreeSet::new(),
            concurrency: concurrency as usize,
            next: 0,
        };
        container.fill();
        // `default` may have no steps.
        if container.steps(step, 0).is_some_and(<[Step]>::is_empty) {
            container.end(0, Value::Null);
        }
        Some(container)
    }

    /// The steps of one of its lists.
    pub(super) fn steps<'d>(&self, step: &'d Step, index: u32) -> Option<&'d [Step]> {
        match (&step.kind, &self.opening) {
            (StepKind::ForEach { steps, .. }, _) => Some(steps),
            (StepKind::Switch { cases, .. }, Opening::Switch { case: Some(case) }) => {
                cases.get(*case as usize).map(|case| case.steps.as_slice())
            }
            (StepKind::Switch { default, .. }, _) => Some(default),
            (StepKind::Parallel(branches), _) => branches.get(index as usize).map(Vec::as_slice),
            _ => None,
        }
    }

    /// What `item` is in one of its lists.
    pub(super) fn item(&self, index: u32) -> Option<&Value> {
        match &self.opening {
            Opening::ForEach { items } => items.get(index as usize),
            Opening::Switch { .. } | Opening::Parallel => None,
        }
    }

    /// The index that a path has for one of its lists.
    pub(super) fn path_index(&self, index: u32) -> Option<u32> {
        (!matches!(self.opening, Opening::Switch { .. })).then_some(index)
    }

    /// The list that a path leads into.
    pub(super) fn list_index(&self, of_path: Option<u32>) -> Option<u32> {
        let index = of_path.unwrap_or(0);
        (self.path_index(index) == of_path && (index as usize) < self.outputs.len()).then_some(index)
    }

    pub(super) fn has_ended(&self, index: u32) -> bool {
        self.outputs.get(index as usize).is_some_and(Option::is_some)
    }

    /// A list ended: it is the turn of the next one.
    pub(super) fn end(&mut self, index: u32, output: Value) {
        if let Some(place) = self.outputs.get_mut(index as usize) {
            *place = Some(output);
        }
        self.lists.remove(&index);
        self.active.remove(&index);
        self.fill();
    }

    fn fill(&mut self) {
        while self.active.len() < self.concurrency && (self.next as usize) < self.outputs.len() {
            if !self.has_ended(self.next) {
                self.active.insert(self.next);
                self.lists.entry(self.next).or_default();
            }
            self.next += 1;
        }
    }

    /// The output of the container, if all of its lists have ended.
    pub(super) fn output(&self) -> Option<Value> {
        if !self.active.is_empty() {
            return None;
        }
        let mut outputs = self.outputs.iter().map(|output| output.clone().unwrap_or_default());
        Some(match self.opening {
            Opening::Switch { .. } => outputs.next().unwrap_or_default(),
            Opening::ForEach { .. } | Opening::Parallel => outputs.collect(),
        })
    }
}

/// Whether a step can begin to wait like this.
pub(super) fn fits(step: &Step, wait: &Wait) -> bool {
    matches!(
        (&step.kind, wait),
        (StepKind::Sleep(_), Wait::Sleep)
            | (StepKind::WaitFor(WaitFor::Event(_)), Wait::Event { .. })
            | (StepKind::WaitFor(WaitFor::Approval(_)), Wait::Approval { .. })
    )
}
