//! What runs need from a database. The rules are elsewhere: a store keeps events in order, hands runs to workers under leases,
//! and refuses what a worker writes after its lease was taken from it. Bodies of events are sealed before they come here.

use std::fmt;

use async_trait::async_trait;
use workway_model::{Timestamp, UserId};
pub use workway_workflow::{Concurrency, OnLimit};

/// The id of a run: `run_` and a UUID that sorts by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

/// A process that drives runs. It is alive while it holds the lock of this name, and renews its lease.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(String);

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunStatus {
    /// Not begun: it is due, or others of its installation have to end first.
    Queued,
    /// A worker has it, or had it when it died.
    Running,
    /// Only timers and waits are open.
    Waiting,
    /// A step that is not idempotent was in flight at a crash. Somebody has to say what came of it: it is not due until a message
    /// arrives.
    OutcomeUnknown,
    Succeeded,
    Failed,
    Cancelled,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndStatus {
    Succeeded,
    Failed,
    Cancelled,
}

/// What started a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Webhook,
    Schedule,
    Manual,
    /// A run of an own draft, without an installation.
    Draft,
    /// Again from a step of another run.
    Retry,
}

/// A run that is about to be stored.
#[derive(Clone, Debug)]
pub struct NewRun {
    pub id: RunId,
    pub owner: UserId,
    /// None for a draft.
    pub installation: Option<String>,
    /// The listing's id, to filter by.
    pub workflow: String,
    /// The version of the workflow; none for a draft.
    pub version: Option<u32>,
    /// The definition's canonical JSON. Equal ones are stored once.
    pub definition: String,
    pub origin: Origin,
    /// Unique within the installation (within the owner for a draft): a second run with it is the first one.
    pub dedupe: Option<String>,
    pub retry_of: Option<RunId>,
    pub concurrency: Concurrency,
    pub created_at: Timestamp,
    /// The first events, at least one.
    pub events: Vec<NewEvent>,
}

/// What came of starting a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// It is stored, on the disk.
    New,
    /// A run with this key was started before.
    Known(RunId),
    /// Its installation is at its limit, and says `skip`.
    Skipped,
}

/// Something that happened in a run, at most once for each path, attempt and kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The step's path; empty for the run itself.
    pub path: String,
    /// From 1; 0 where there are no attempts.
    pub attempt: u32,
    /// Lower-case words with hyphens.
    pub kind: String,
    pub at: Timestamp,
    /// Sealed.
    pub body: Vec<u8>,
}

/// An event as it is stored. Events of a run count from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    pub seq: u64,
    pub event: NewEvent,
}

/// The right to write to a run, until another worker takes the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub run: RunId,
    pub worker: WorkerId,
    /// Grows with each claim.
    pub epoch: u64,
}

/// Events that are written together, and what the run becomes with them.
#[derive(Clone, Debug)]
pub struct Append {
    pub events: Vec<NewEvent>,
    /// Messages of the inbox that these events answer: they are deleted with the same commit.
    pub read: Vec<u64>,
    pub becomes: Option<Becomes>,
    pub durability: Durability,
    /// What the run took of its bounds since the last time.
    pub steps: u32,
    pub worked_millis: u64,
}

/// What a run becomes when its worker gives it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// Nothing to do until then, or until a message arrives. None: until a message arrives.
    Waiting {
        due: Option<Timestamp>,
    },
    /// Claimed again as soon as there is a place: its worker shuts down.
    Runnable,
    OutcomeUnknown,
    /// At the time of its last event. What is left in its inbox is deleted.
    Ended(EndStatus),
}

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// The death of the process.
    Process,
    /// The loss of power.
    Power,
}

/// A message to a run from outside: a request to cancel it, an event that it waits for, what came of an unknown outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxMessage {
    /// Given by the store.
    pub id: u64,
    pub kind: String,
    /// Sealed; empty in a `cancel` message of the store itself.
    pub body: Vec<u8>,
    pub at: Timestamp,
}

/// Everything that driving a run takes.
#[derive(Clone, Debug)]
pub struct LoadedRun {
    pub summary: RunSummary,
    pub definition: String,
    pub events: Vec<StoredEvent>,
    pub inbox: Vec<InboxMessage>,
}

/// A run without its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    pub id: RunId,
    pub owner: UserId,
    pub installation: Option<String>,
    pub workflow: String,
    pub version: Option<u32>,
    pub origin: Origin,
    pub retry_of: Option<RunId>,
    pub status: RunStatus,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub due: Option<Timestamp>,
    /// Steps that were executed, attempts included.
    pub steps: u64,
    /// Time in which a worker had it, in milliseconds.
    pub worked_millis: u64,
    /// Bytes of its events.
    pub bytes: u64,
    /// The number of the last event.
    pub last_seq: u64,
}

/// Which runs to list, the newest first. A filter that is none keeps all.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    pub owner: Option<UserId>,
    pub installation: Option<String>,
    pub workflow: Option<String>,
    pub status: Option<RunStatus>,
    pub origin: Option<Origin>,
    pub created_from: Option<Timestamp>,
    pub created_before: Option<Timestamp>,
}

/// Where a page begins: after this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub RunId);

#[derive(Clone, Debug, Default)]
pub struct RunPage {
    pub runs: Vec<RunSummary>,
    /// None on the last page.
    pub next: Option<Place>,
}

/// Runs that may go on at once and that may wait, beside what each installation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunLimits {
    pub running_per_user: u32,
    pub running: u32,
    /// Of one installation, and of the host.
    pub queued_per_installation: u32,
    pub queued: u32,
}

/// What starts the runs of an installation. It follows from the installation, whose revision it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerRow {
    pub installation: String,
    pub owner: UserId,
    /// Of the installation, when this was written.
    pub revision: u64,
    pub kind: TriggerKind,
    pub is_paused: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriggerKind {
    /// SHA-256 of the address's secret part.
    Webhook {
        token: [u8; 32],
    },
    Schedule {
        /// SHA-256 of what the times follow from: the expression and its time zone.
        config: [u8; 32],
        /// The next planned time; none if it never comes.
        next_at: Option<Timestamp>,
    },
    Manual,
}

/// How long ended runs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Runs that ended before this.
    pub ended_before: Timestamp,
    /// The newest of each installation that are kept.
    pub per_installation: u32,
    /// Bytes that all runs of the host take on the disk.
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneReport {
    pub runs: u64,
    /// Whether there is more to prune.
    pub more: bool,
}

/// What operators see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunCounts {
    pub by_status: Vec<(RunStatus, u64)>,
    /// The due time of the runnable run that waits the longest.
    pub oldest_due: Option<Timestamp>,
    /// Leases of workers that are past their end.
    pub expired_leases: u64,
    /// Schedules that are not paused and have no next time.
    pub schedules_without_next: u64,
}

/// Why a store did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunStoreError {
    /// It cannot be reached, is full or busy.
    #[error("{0}")]
    Unavailable(String),
    /// Too many runs wait already.
    #[error("too many runs are queued: try again later")]
    QueueFull,
    /// What is stored makes no sense.
    #[error("the stored run is damaged: {0}")]
    Damaged(String),
}

/// Why events were not appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Another worker has the run now. Whatever this worker knows of it is out of date.
    #[error("another worker has taken this run")]
    Fenced,
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

/// Keeps runs. Every write is one transaction; concurrent writes may be committed together.
#[async_trait]
pub trait RunStore: Send + Sync {
    /// Stores a run with its first events, and makes it due. It is on the disk when this returns `New`. With
    /// [`OnLimit::CancelRunning`], puts a `cancel` message in the inbox of the oldest runs in the way.
    async fn start(&self, run: NewRun, limits: &RunLimits) -> Result<Started, RunStoreError>;

    /// As [`Self::start`], and sets a schedule's next time with the same commit, if it is still planned for `planned`. None if it
    /// is not: another worker was faster, or the schedule was changed.
    async fn fire(
        &self,
        run: NewRun,
        limits: &RunLimits,
        planned: Timestamp,
        next_at: Option<Timestamp>,
    ) -> Result<Option<Started>, RunStoreError>;

    /// Sets a schedule's next time without a run, if it is still planned for `planned`.
    async fn plan(
        &self,
        installation: &str,
        planned: Timestamp,
        next_at: Option<Timestamp>,
    ) -> Result<(), RunStoreError>;

    /// Registers a worker, or renews its lease until then.
    async fn renew(&self, worker: &WorkerId, until: Timestamp) -> Result<(), RunStoreError>;

    /// All other workers with their leases.
    async fn workers(&self) -> Result<Vec<(WorkerId, Timestamp)>, RunStoreError>;

    /// Forgets a worker that is known to be dead: its runs become runnable at once, and what it still writes is refused.
    async fn bury(&self, worker: &WorkerId) -> Result<(), RunStoreError>;

    /// Takes up to `most` runs that are due, the longest due first, within the limits of installations, users and the host. For
    /// users and the host, what counts is leases of workers whose lease has not ended. None for a worker without such a lease.
    async fn claim(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        most: u32,
        limits: &RunLimits,
    ) -> Result<Vec<Lease>, RunStoreError>;

    /// When the next run is due that nobody has, after `now`, the time of the last claim: what is due already waits for a place.
    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, RunStoreError>;

    /// A run under a lease. [`AppendError::Fenced`] if the lease is no longer the newest.
    async fn load(&self, lease: &Lease) -> Result<LoadedRun, AppendError>;

    /// Appends events and returns the number of the last one. What is already there (same path, attempt and kind) is an error:
    /// [`RunStoreError::Damaged`]. A message that came since the inbox was read keeps the run due.
    async fn append(&self, lease: &Lease, append: Append) -> Result<u64, AppendError>;

    /// The messages of a run's inbox.
    async fn inbox(&self, run: &RunId) -> Result<Vec<InboxMessage>, RunStoreError>;

    /// Puts a message into the inbox of a run that has not ended, and makes it due; one that waits for a place in its queue only if
    /// the message is `cancel`. False if it has ended or is not there.
    async fn send(&self, run: &RunId, kind: &str, body: Vec<u8>, at: Timestamp) -> Result<bool, RunStoreError>;

    async fn run(&self, id: &RunId) -> Result<Option<RunSummary>, RunStoreError>;

    /// The run's events after a number, at most `most`.
    async fn events(&self, id: &RunId, after: u64, most: u32) -> Result<Vec<StoredEvent>, RunStoreError>;

    async fn definition(&self, id: &RunId) -> Result<Option<String>, RunStoreError>;

    async fn list(&self, filter: &RunFilter, after: Option<&Place>, most: u32) -> Result<RunPage, RunStoreError>;

    /// Writes a trigger in place of the installation's own of an older revision. What is equal but for `next_at` and revision keeps
    /// its next time. A schedule without a next time takes one also from its own revision.
    async fn put_trigger(&self, trigger: &TriggerRow) -> Result<(), RunStoreError>;

    async fn delete_trigger(&self, installation: &str) -> Result<(), RunStoreError>;

    async fn trigger(&self, installation: &str) -> Result<Option<TriggerRow>, RunStoreError>;

    /// The trigger with this address.
    async fn webhook(&self, token: &[u8; 32]) -> Result<Option<TriggerRow>, RunStoreError>;

    /// Every trigger's installation and revision, after an installation, at most `most`.
    async fn trigger_revisions(&self, after: &str, most: u32) -> Result<Vec<(String, u64)>, RunStoreError>;

    /// Schedules that are not paused and whose time has come, the earliest first.
    async fn due_schedules(&self, now: Timestamp, most: u32) -> Result<Vec<TriggerRow>, RunStoreError>;

    /// When the next schedule is due.
    async fn next_schedule(&self) -> Result<Option<Timestamp>, RunStoreError>;

    /// Deletes some ended runs that the policy does not keep, and returns the file's space.
    async fn prune(&self, retention: &Retention) -> Result<PruneReport, RunStoreError>;

    /// Deletes everything of a user.
    async fn delete_owner(&self, owner: &UserId) -> Result<(), RunStoreError>;

    async fn counts(&self, now: Timestamp) -> Result<RunCounts, RunStoreError>;
}

impl RunId {
    /// A new one.
    pub fn generate() -> Self {
        Self(format!("run_{}", uuid::Uuid::now_v7().simple()))
    }

    /// One that was stored, or that somebody asks for.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl WorkerId {
    /// A new one.
    pub fn generate() -> Self {
        Self(format!("worker_{}", uuid::Uuid::now_v7().simple()))
    }

    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RunStatus {
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::OutcomeUnknown,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As it is stored and shown: `outcome-unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::OutcomeUnknown => "outcome-unknown",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn is_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl From<EndStatus> for RunStatus {
    fn from(status: EndStatus) -> Self {
        match status {
            EndStatus::Succeeded => Self::Succeeded,
            EndStatus::Failed => Self::Failed,
            EndStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl Origin {
    pub const ALL: [Self; 5] = [Self::Webhook, Self::Schedule, Self::Manual, Self::Draft, Self::Retry];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::Draft => "draft",
            Self::Retry => "retry",
        }
    }
}
