//! The real store, which can fail, stall and be slow as a test says.

use async_trait::async_trait;
use tokio::sync::watch;
use workway_model::{Timestamp, UserId};
use workway_run_db::RunDatabase;
use workway_runs::{
    Append, AppendError, InboxMessage, Lease, LoadedRun, NewRun, Place, PruneReport, Retention, RunCounts, RunFilter,
    RunId, RunLimits, RunPage, RunStore, RunStoreError, RunSummary, Started, StoredEvent, TriggerRow, WorkerId,
};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Works,
    /// Nothing can be written, as on a full disk.
    RefusesWrites,
    /// Nothing can be read or written.
    IsDown,
    /// Writes wait, as those of a process that was stopped.
    Stalls,
    /// Starts and appends are done, but the answer is that they were not.
    Lies,
}

pub struct Double {
    inner: RunDatabase,
    mode: watch::Sender<Mode>,
    /// Requests by name.
    counts: std::sync::Mutex<std::collections::HashMap<&'static str, usize>>,
}

impl Double {
    pub fn new(inner: RunDatabase) -> Self {
        Self { inner, mode: watch::channel(Mode::Works).0, counts: std::sync::Mutex::default() }
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// How often a method was called.
    pub fn count(&self, method: &'static str) -> usize {
        self.counts.lock().unwrap().get(method).copied().unwrap_or(0)
    }

    async fn pass(&self, method: &'static str, is_write: bool) -> Result<(), RunStoreError> {
        *self.counts.lock().unwrap().entry(method).or_default() += 1;
        let mut mode = self.mode.subscribe();
        if is_write {
            let _ = mode.wait_for(|mode| *mode != Mode::Stalls).await;
        }
        let mode = *self.mode.borrow();
        if mode == Mode::IsDown || (is_write && mode == Mode::RefusesWrites) {
            return Err(RunStoreError::Unavailable("the test says so".to_owned()));
        }
        Ok(())
    }

    fn answer<T, E: From<RunStoreError>>(&self, method: &str, result: Result<T, E>) -> Result<T, E> {
        if ["append", "fire", "start"].contains(&method) && *self.mode.borrow() == Mode::Lies {
            return Err(RunStoreError::Unavailable("the test says so, but it was done".to_owned()).into());
        }
        result
    }
}

#[async_trait]
impl RunStore for Double {
    async fn start(&self, run: NewRun, limits: &RunLimits) -> Result<Started, RunStoreError> {
        self.pass("start", true).await?;
        self.answer("start", self.inner.start(run, limits).await)
    }

    async fn fire(
        &self,
        run: NewRun,
        limits: &RunLimits,
        planned: Timestamp,
        next_at: Option<Timestamp>,
    ) -> Result<Option<Started>, RunStoreError> {
        self.pass("fire", true).await?;
        self.answer("fire", self.inner.fire(run, limits, planned, next_at).await)
    }

    async fn plan(
        &self,
        installation: &str,
        planned: Timestamp,
        next_at: Option<Timestamp>,
    ) -> Result<(), RunStoreError> {
        self.pass("plan", true).await?;
        self.answer("plan", self.inner.plan(installation, planned, next_at).await)
    }

    async fn renew(&self, worker: &WorkerId, until: Timestamp) -> Result<(), RunStoreError> {
        self.pass("renew", true).await?;
        self.answer("renew", self.inner.renew(worker, until).await)
    }

    async fn workers(&self) -> Result<Vec<(WorkerId, Timestamp)>, RunStoreError> {
        self.pass("workers", false).await?;
        self.answer("workers", self.inner.workers().await)
    }

    async fn bury(&self, worker: &WorkerId) -> Result<(), RunStoreError> {
        self.pass("bury", true).await?;
        self.answer("bury", self.inner.bury(worker).await)
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        most: u32,
        limits: &RunLimits,
    ) -> Result<Vec<Lease>, RunStoreError> {
        self.pass("claim", true).await?;
        self.answer("claim", self.inner.claim(worker, now, most, limits).await)
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, RunStoreError> {
        self.pass("next_due", false).await?;
        self.answer("next_due", self.inner.next_due(now).await)
    }

    async fn load(&self, lease: &Lease) -> Result<LoadedRun, AppendError> {
        self.pass("load", false).await?;
        self.answer("load", self.inner.load(lease).await)
    }

    async fn append(&self, lease: &Lease, append: Append) -> Result<u64, AppendError> {
        self.pass("append", true).await?;
        self.answer("append", self.inner.append(lease, append).await)
    }

    async fn inbox(&self, run: &RunId) -> Result<Vec<InboxMessage>, RunStoreError> {
        self.pass("inbox", false).await?;
        self.answer("inbox", self.inner.inbox(run).await)
    }

    async fn send(&self, run: &RunId, kind: &str, body: Vec<u8>, at: Timestamp) -> Result<bool, RunStoreError> {
        self.pass("send", true).await?;
        self.answer("send", self.inner.send(run, kind, body, at).await)
    }

    async fn run(&self, id: &RunId) -> Result<Option<RunSummary>, RunStoreError> {
        self.pass("run", false).await?;
        self.answer("run", self.inner.run(id).await)
    }

    async fn events(&self, id: &RunId, after: u64, most: u32) -> Result<Vec<StoredEvent>, RunStoreError> {
        self.pass("events", false).await?;
        self.answer("events", self.inner.events(id, after, most).await)
    }

    async fn definition(&self, id: &RunId) -> Result<Option<String>, RunStoreError> {
        self.pass("definition", false).await?;
        self.answer("definition", self.inner.definition(id).await)
    }

    async fn list(&self, filter: &RunFilter, after: Option<&Place>, most: u32) -> Result<RunPage, RunStoreError> {
        self.pass("list", false).await?;
        self.answer("list", self.inner.list(filter, after, most).await)
    }

    async fn put_trigger(&self, trigger: &TriggerRow) -> Result<(), RunStoreError> {
        self.pass("put_trigger", true).await?;
        self.answer("put_trigger", self.inner.put_trigger(trigger).await)
    }

    async fn delete_trigger(&self, installation: &str) -> Result<(), RunStoreError> {
        self.pass("delete_trigger", true).await?;
        self.answer("delete_trigger", self.inner.delete_trigger(installation).await)
    }

    async fn trigger(&self, installation: &str) -> Result<Option<TriggerRow>, RunStoreError> {
        self.pass("trigger", false).await?;
        self.answer("trigger", self.inner.trigger(installation).await)
    }

    async fn webhook(&self, token: &[u8; 32]) -> Result<Option<TriggerRow>, RunStoreError> {
        self.pass("webhook", false).await?;
        self.answer("webhook", self.inner.webhook(token).await)
    }

    async fn trigger_revisions(&self, after: &str, most: u32) -> Result<Vec<(String, u64)>, RunStoreError> {
        self.pass("trigger_revisions", false).await?;
        self.answer("trigger_revisions", self.inner.trigger_revisions(after, most).await)
    }

    async fn due_schedules(&self, now: Timestamp, most: u32) -> Result<Vec<TriggerRow>, RunStoreError> {
        self.pass("due_schedules", false).await?;
        self.answer("due_schedules", self.inner.due_schedules(now, most).await)
    }

    async fn next_schedule(&self) -> Result<Option<Timestamp>, RunStoreError> {
        self.pass("next_schedule", false).await?;
        self.answer("next_schedule", self.inner.next_schedule().await)
    }

    async fn prune(&self, retention: &Retention) -> Result<PruneReport, RunStoreError> {
        self.pass("prune", true).await?;
        self.answer("prune", self.inner.prune(retention).await)
    }

    async fn delete_owner(&self, owner: &UserId) -> Result<(), RunStoreError> {
        self.pass("delete_owner", true).await?;
        self.answer("delete_owner", self.inner.delete_owner(owner).await)
    }

    async fn counts(&self, now: Timestamp) -> Result<RunCounts, RunStoreError> {
        self.pass("counts", false).await?;
        self.answer("counts", self.inner.counts(now).await)
    }
}
