//! What a run needs from its driver.

use serde_json::Value;
use workway_model::{ActionId, Timestamp};
use workway_workflow::{Evaluated, Retry};

use super::{Event, EventKind, StepPath, Wait};

/// What is to be done in a run now. The lists are in the order of the steps, and of items and branches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Events that follow from the state. The driver appends them, applies them, and asks again: as long as there are any, the other lists
    /// are empty.
    pub records: Vec<Record>,
    /// Attempts that are to begin, each with [`prepare`](super::prepare).
    pub calls: Vec<Call>,
    /// Attempts that began and have not ended. After a crash the driver calls them again, or records that their outcome is unknown.
    pub running: Vec<Call>,
    /// Attempts with an unknown outcome. Nothing happens there until somebody says what came of it.
    pub unknown: Vec<Call>,
    pub timers: Vec<Timer>,
    /// What steps wait for; `sleep` is only in `timers`.
    pub waits: Vec<OpenWait>,
}

/// An event without its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub path: StepPath,
    pub attempt: u32,
    pub kind: EventKind,
}

/// An attempt of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub path: StepPath,
    /// From 1.
    pub attempt: u32,
    pub uses: ActionId,
    /// For [`retry_delay`](super::retry_delay).
    pub retry: Option<Retry>,
    /// When it may begin: an attempt after a failure waits.
    pub not_before: Option<Timestamp>,
}

/// What [`prepare`](super::prepare) says of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Prepared {
    /// The action is to be called with this input. `Started` records its `value`.
    Call(Evaluated),
    /// The action is not to be called. This event happened instead.
    Instead(Record),
}

/// Something that happens at a time, unless something else happens first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    pub path: StepPath,
    pub at: Timestamp,
    pub kind: TimerKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerKind {
    /// A `sleep` ends.
    Sleep,
    /// A step reaches its `timeout`.
    Timeout,
}

/// An event or an approval that a step waits for. The event `Ended` of its path, with attempt 0, brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenWait {
    pub path: StepPath,
    pub wait: Wait,
    /// When the step gives up; there is a timer for it.
    pub until: Option<Timestamp>,
}

impl Plan {
    /// The earliest time at which something is to be done without an event from outside.
    pub fn due(&self) -> Option<Timestamp> {
        let calls = self.calls.iter().map(|call| call.not_before.unwrap_or(Timestamp::UNIX_EPOCH));
        calls.chain(self.timers.iter().map(|timer| timer.at)).min()
    }
}

impl Record {
    pub fn at(self, at: Timestamp) -> Event {
        Event { path: self.path, attempt: self.attempt, at, kind: self.kind }
    }
}

impl Timer {
    /// What is recorded when the time has come.
    pub fn record(self) -> Record {
        let kind = match self.kind {
            TimerKind::Sleep => EventKind::Ended { output: Value::Null },
            TimerKind::Timeout => EventKind::TimedOut,
        };
        Record { path: self.path, attempt: 0, kind }
    }
}
