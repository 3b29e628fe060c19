//! Steps of a workflow, once they are known to be of one kind. It never runs one.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use workway_model::ActionId;

use super::{Expression, Template, bounds::MAX_ID_CHARS, duration::WorkflowDuration, problem::clipped};

/// The first segment of the paths of steps in `on-failure`.
const ON_FAILURE: &str = "on-failure";

/// The id of a step, unique in its workflow: `find-issue` or `find_issue`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(Arc<str>);

/// Why a text is not the id of a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a step id must match [a-z][a-z0-9_-]* and have at most {MAX_ID_CHARS} characters (got {0:?})")]
pub struct StepIdError(String);

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub id: StepId,
    /// What people call the step. Nothing refers to it.
    pub name: Option<String>,
    /// `if`: the step is left out, with an output of null, where this is not true.
    pub condition: Option<Expression>,
    /// The run goes on, with an output of null, where the step fails. Never with `sleep`.
    pub continue_on_error: bool,
    /// How long the step may take, all attempts together. Never with `sleep`.
    pub timeout: Option<WorkflowDuration>,
    pub kind: StepKind,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `uses`. The output is the action's.
    Action { uses: ActionId, with: BTreeMap<String, Template>, retry: Option<Retry> },
    /// `for-each`: the steps, once for each item of a list. The output is a list of what the last step gave each time.
    ForEach {
        items: Expression,
        /// Iterations at once; one after another where it is not given.
        concurrency: Option<u32>,
        steps: Vec<Step>,
    },
    /// `switch`: the steps of the first case whose expression is true, else `default`. The output is that of the last
    /// step that was taken, or null.
    Switch { cases: Vec<Case>, default: Vec<Step> },
    /// `parallel`: branches side by side. The output is a list of what the last step of each gave.
    Parallel(Vec<Vec<Step>>),
    /// The output is null.
    Sleep(WorkflowDuration),
    /// The output is what the event or the decision brings.
    WaitFor(WaitFor),
}

/// A case of a `switch`.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// `if`.
    pub condition: Expression,
    pub steps: Vec<Step>,
}

/// How often an action is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The first included.
    pub attempts: u32,
    /// The time before the second attempt; it doubles with each. Whoever runs the workflow chooses where it is not given.
    pub backoff: Option<WorkflowDuration>,
}

/// What a step waits for. Both are texts that may hold expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitFor {
    /// An event of this name.
    Event(Template),
    /// Somebody's decision, who is shown this text.
    Approval(Template),
}

impl StepId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the paths of steps in `on-failure` begin with, in a run. A step may have the same id.
    pub fn on_failure() -> Self {
        Self(ON_FAILURE.into())
    }

    /// Whether it is [`StepId::on_failure`].
    pub fn is_on_failure(&self) -> bool {
        self.as_str() == ON_FAILURE
    }
}

impl FromStr for StepId {
    type Err = StepIdError;

    fn from_str(text: &str) -> Result<Self, StepIdError> {
        let mut bytes = text.bytes();
        let is_id = text.len() <= MAX_ID_CHARS
            && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_');
        if is_id { Ok(Self(text.into())) } else { Err(StepIdError(clipped(text))) }
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Step {
    /// The lists of steps that it holds, each with where it stands below the step.
    pub(super) fn inner(&self) -> Vec<(String, &[Self])> {
        match &self.kind {
            StepKind::ForEach { steps, .. } => vec![("/steps".to_owned(), steps.as_slice())],
            StepKind::Switch { cases, default } => {
                let cases = cases.iter().enumerate();
                cases
                    .map(|(place, case)| (format!("/switch/{place}/steps"), case.steps.as_slice()))
                    .chain([("/default".to_owned(), default.as_slice())])
                    .collect()
            }
            StepKind::Parallel(branches) => {
                let branches = branches.iter().enumerate();
                branches.map(|(place, steps)| (format!("/parallel/{place}/steps"), steps.as_slice())).collect()
            }
            StepKind::Action { .. } | StepKind::Sleep(_) | StepKind::WaitFor(_) => Vec::new(),
        }
    }
}
