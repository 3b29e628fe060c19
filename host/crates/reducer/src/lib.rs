//! The reducer of runs: what a run does next, as a pure function of what has happened in it. It has no clock, no I/O and no
//! randomness, so that a run can be folded again from its events at any time, and any order of events can be tested.
//!
//! A driver carries out what the reducer asks for:
//!
//! 1. [`RunState::new`], then [`apply`] for each stored event.
//! 2. [`advance`] gives a [`Plan`]. If it has records, the driver appends them to the history, applies them, and asks again.
//! 3. For each call whose time has come, [`prepare`] evaluates the input. The driver appends `Started` and calls the action, or appends
//!    the event that [`prepare`] gives instead.
//! 4. What happens (a call ends, a timer is due, a message arrives) is appended and applied; then from step 2. A call that is no longer in
//!    [`Plan::running`] has to be aborted.
//!
//! A run that [`RunState::ended`] is over. [`apply`] refuses an event that makes no sense and leaves the state as it was;
//! [`RunError::is_late`] says whether it only came too late, which is normal for a call that was aborted.

mod advance;
mod apply;
mod event;
mod path;
mod plan;
mod prepare;
mod retry;
mod scope;
mod state;

pub use advance::advance;
pub use apply::{RunError, apply};
pub use event::{EndStatus, Event, EventKind, Failure, Opening, Resolution, RunFailure, Wait};
pub use path::{PathSegment, StepPath, StepPathError};
pub use plan::{Call, OpenWait, Plan, Prepared, Record, Timer, TimerKind};
pub use prepare::prepare;
pub use retry::{DEFAULT_BACKOFF, MAX_BACKOFF, MAX_RETRY_AFTER, retry_delay};
pub use state::RunState;

/// The version of the rules by which events become states and plans. It is stored with each run: a run goes on only under the rules with
/// which it began.
pub const REDUCER_VERSION: u32 = 1;

/// The code of a [`Failure`] with which an action says that there is nothing to do: the run ends at once, as succeeded.
pub const HALT: &str = "halt";
/// The code of a step that reached its `timeout`.
pub const TIMEOUT: &str = "timeout";
/// The code of a step with an expression that has no value, or not one that the step can use.
pub const EXPRESSION: &str = "expression";
/// The code of a `for-each` over more than [`MAX_ITEMS`](workway_workflow::bounds::MAX_ITEMS) items.
pub const TOO_MANY_ITEMS: &str = "too-many-items";

#[cfg(test)]
mod tests;
