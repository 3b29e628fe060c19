//! What can happen in a run. The history of a run is a list of these events, and nothing else is known of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use workway_model::Timestamp;

use super::StepPath;

/// Something that happened in a run, at most once for each path, attempt and kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The step; empty for the run itself.
    pub path: StepPath,
    /// From 1, of an action; 0 for what does not belong to an attempt.
    pub attempt: u32,
    pub at: Timestamp,
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// The first event of a run. `inputs` has no secret ones.
    RunStarted {
        inputs: Value,
        trigger: Value,
    },
    /// The step's `if` was not true.
    Skipped,
    /// A container began.
    Opened(Opening),
    /// An attempt of an action began. `input` has null for secrets.
    Started {
        input: Value,
    },
    /// The step succeeded: an attempt of an action, a container, a `sleep` or a `wait-for`. A run that repeats another one from a step on
    /// begins with this event for the steps that stay, without what came before it, and with `Opened` for the containers around the step.
    /// They have the time at which they are copied, because timeouts count from it.
    Ended {
        output: Value,
    },
    /// The step failed, or an attempt of it if there is to be another one at `retry_at`.
    Failed {
        failure: Failure,
        retry_at: Option<Timestamp>,
    },
    /// A `sleep` or a `wait-for` began.
    Waiting {
        wait: Wait,
        /// When the sleep ends, or the timeout of a `wait-for` is reached.
        until: Option<Timestamp>,
    },
    /// The step reached its `timeout`. Everything in it is dropped.
    TimedOut,
    /// An attempt began, and nobody can know whether it had an effect.
    OutcomeUnknown,
    /// Somebody said what came of an attempt with an unknown outcome.
    Resolved(Resolution),
    CancelRequested,
    /// The last event of a run. A driver may append it at any time, for example if the run is beyond its bounds.
    RunEnded {
        status: EndStatus,
        output: Value,
        /// Why the run failed; also what had failed before the run was cancelled.
        failure: Option<RunFailure>,
    },
}

/// What a container began with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opening {
    ForEach {
        items: Vec<Value>,
    },
    /// The index of the case that is taken; none for `default`.
    Switch {
        case: Option<u32>,
    },
    Parallel,
}

/// What a step waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wait {
    Sleep,
    Event {
        name: String,
    },
    /// Somebody's decision, who is shown this text.
    Approval {
        text: String,
    },
}

/// What came of an attempt with an unknown outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// It had its effect. `output` is the step's output.
    Happened { output: Value },
    /// It is to be called again, as the next attempt. The step's timeout counts from now on.
    Repeat,
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure it is, in lower-case words with hyphens: a kind of the integration's contract, a limit, or one of this module.
    pub code: String,
    pub message: String,
    /// Whether another attempt may succeed.
    pub retryable: bool,
    /// The least time until another attempt, as the upstream said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_millis: Option<u64>,
}

/// What a run failed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFailure {
    /// The step that failed first, not the containers that failed with it. Empty if the run's `output` failed.
    pub step: StepPath,
    pub failure: Failure,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndStatus {
    Succeeded,
    Failed,
    Cancelled,
}

impl EventKind {
    /// Its name in the store and in the API: `run-started`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run-started",
            Self::Skipped => "skipped",
            Self::Opened(_) => "opened",
            Self::Started { .. } => "started",
            Self::Ended { .. } => "ended",
            Self::Failed { .. } => "failed",
            Self::Waiting { .. } => "waiting",
            Self::TimedOut => "timed-out",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Resolved(_) => "resolved",
            Self::CancelRequested => "cancel-requested",
            Self::RunEnded { .. } => "run-ended",
        }
    }
}

impl Failure {
    /// A failure after which the step is not tried again.
    pub fn permanent(code: &str, message: String) -> Self {
        Self { code: code.to_owned(), message, retryable: false, retry_after_millis: None }
    }
}
