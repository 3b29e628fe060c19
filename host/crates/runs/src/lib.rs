//! Runs of workflows: starting them, driving them step by step, and recovering them after a crash. What happened in a run is a
//! list of events in a store; the state of a run is what `workway_workflow::run` folds from them.

mod store;
pub mod webhook;

pub use store::{
    Append, AppendError, Becomes, Concurrency, Durability, EndStatus, InboxMessage, Lease, LoadedRun, NewEvent, NewRun,
    OnLimit, Origin, Place, PruneReport, Retention, RunCounts, RunFilter, RunId, RunLimits, RunPage, RunStatus,
    RunStore, RunStoreError, RunSummary, Started, StoredEvent, TriggerKind, TriggerRow, WorkerId,
};
