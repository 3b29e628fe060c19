//! Runs of workflows: starting them, driving them step by step, and recovering them after a crash. What happened in a run is a
//! list of events in a store; the state of a run is what `workway_reducer` folds from them.

mod actions;
mod attempt;
mod clock;
mod context;
mod drive;
mod engine;
mod follow;
mod history;
mod inbox;
mod installation;
mod liveness;
mod repeat;
mod runs;
mod schedule;
mod settings;
mod start;
mod store;
mod tree;
pub mod webhook;

pub use actions::{ActionCall, Actions, CallError};
pub use attempt::idempotency_key;
pub use clock::Clock;
pub use context::Draft;
pub use engine::Services;
pub use installation::{Installation, Installations};
pub use repeat::RepeatError;
pub use runs::{MAX_KEY_BYTES, ReceiveError, Received, RunError, RunHistory, Runs};
pub use settings::RunSettings;
pub use start::{DraftStart, StartError, StartedRun};
pub use store::{
    Append, AppendError, Becomes, Concurrency, Durability, EndStatus, InboxMessage, Lease, LoadedRun, NewEvent, NewRun,
    OnLimit, Origin, Place, PruneReport, Retention, RunCounts, RunFilter, RunId, RunLimits, RunPage, RunStatus,
    RunStore, RunStoreError, RunSummary, Started, StoredEvent, TriggerKind, TriggerRow, WorkerId,
};
pub use tree::{AttemptView, BodyPart, StepStatus, StepView};
