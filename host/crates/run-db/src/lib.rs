//! The database of runs: one file beside the main database, one task that writes, and several connections that read. It keeps
//! events, leases and triggers, and does not know what happens in a run.

mod append;
mod claim;
mod events;
mod inbox;
mod list;
mod places;
mod prune;
mod read;
mod rows;
mod start;
#[cfg(test)]
mod tests;
mod triggers;
mod writer;

use std::path::Path;

use async_trait::async_trait;
use cap_std::fs::Dir;
use sqlx::{SqlitePool, migrate::Migrator};
use workway_model::{Timestamp, UserId};
use workway_runs::{
    Append, AppendError, InboxMessage, Lease, LoadedRun, NewRun, Place, PruneReport, Retention, RunCounts, RunFilter,
    RunId, RunLimits, RunPage, RunStore, RunStoreError, RunSummary, Started, StoredEvent, TriggerRow, WorkerId,
};
use workway_sqlite::DatabaseFile;

use self::{
    claim::{Bury, Claim, Renew},
    inbox::Send,
    prune::{DeleteRunsOf, Prune, StopRunsOf},
    start::{Fire, Start},
    triggers::{DeleteTrigger, PlanSchedule, PutTrigger},
    writer::{Writer, append_failed, failed},
};

pub use workway_sqlite::DatabaseError;

/// The file of runs in the data folder.
pub const RUNS_FILE: &str = "runs.db";
const READERS: u32 = 4;

static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations/runs");

static FILE: DatabaseFile = DatabaseFile {
    name: RUNS_FILE,
    // "WRUN"
    application_id: 0x5752_554e,
    migrations: &MIGRATIONS,
    gives_space_back: true,
};

/// Runs in a database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RunDatabase {
    writer: Writer,
    /// The writer's own connection. Only the writer takes it.
    writing: SqlitePool,
    reader: SqlitePool,
}

impl RunDatabase {
    /// Opens the runs of a data folder, and makes or migrates the file first where needed. `folder` is the path that `data`
    /// was opened from: SQLite knows files by name only.
    ///
    /// # Errors
    /// See [`DatabaseError`].
    pub async fn open(data: &Dir, folder: &Path) -> Result<Self, DatabaseError> {
        let file = FILE.open(data, folder).await?;
        let reader = file.readers(READERS).await?;
        Ok(Self { writer: Writer::spawn(file.writer.clone()), writing: file.writer, reader })
    }

    /// Commits what waits, and folds the write-ahead log into the file: the writer, which does that, goes last.
    pub async fn close(&self) {
        self.writer.close().await;
        self.reader.close().await;
        self.writing.close().await;
    }
}

#[async_trait]
impl RunStore for RunDatabase {
    async fn start(&self, run: NewRun, limits: &RunLimits) -> Result<Started, RunStoreError> {
        self.writer.write(Start { run, limits: *limits }).await
    }

    async fn fire(
        &self,
        run: NewRun,
        limits: &RunLimits,
        planned: Timestamp,
        next_at: Option<Timestamp>,
    ) -> Result<Option<Started>, RunStoreError> {
        self.writer.write(Fire { start: Start { run, limits: *limits }, planned, next_at }).await
    }

    async fn plan(
        &self,
        installation: &str,
        planned: Timestamp,
        next_at: Option<Timestamp>,
    ) -> Result<(), RunStoreError> {
        self.writer.write(PlanSchedule { installation: installation.to_owned(), planned, next_at }).await
    }

    async fn renew(&self, worker: &WorkerId, until: Timestamp) -> Result<(), RunStoreError> {
        self.writer.write(Renew { worker: worker.clone(), until }).await
    }

    async fn workers(&self) -> Result<Vec<(WorkerId, Timestamp)>, RunStoreError> {
        claim::workers(&self.reader).await.map_err(failed)
    }

    async fn bury(&self, worker: &WorkerId) -> Result<(), RunStoreError> {
        self.writer.write(Bury { worker: worker.clone() }).await
    }

    async fn claim(
        &self,
        worker: &WorkerId,
        now: Timestamp,
        most: u32,
        limits: &RunLimits,
    ) -> Result<Vec<Lease>, RunStoreError> {
        self.writer.write(Claim { worker: worker.clone(), now, most, limits: *limits }).await
    }

    async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, RunStoreError> {
        claim::next_due(&self.reader, now).await.map_err(failed)
    }

    async fn load(&self, lease: &Lease) -> Result<LoadedRun, AppendError> {
        let loaded = read::load(&self.reader, lease).await.map_err(append_failed)?;
        loaded.ok_or(AppendError::Fenced)
    }

    async fn append(&self, lease: &Lease, append: Append) -> Result<u64, AppendError> {
        self.writer.write(append::Request { lease: lease.clone(), append }).await
    }

    async fn inbox(&self, run: &RunId) -> Result<Vec<InboxMessage>, RunStoreError> {
        inbox::messages(&self.reader, run).await.map_err(failed)
    }

    async fn send(&self, run: &RunId, kind: &str, body: Vec<u8>, at: Timestamp) -> Result<bool, RunStoreError> {
        self.writer.write(Send { run: run.clone(), kind: kind.to_owned(), body, at }).await
    }

    async fn run(&self, id: &RunId) -> Result<Option<RunSummary>, RunStoreError> {
        read::summary(&self.reader, id).await.map_err(failed)
    }

    async fn events(&self, id: &RunId, after: u64, most: u32) -> Result<Vec<StoredEvent>, RunStoreError> {
        read::events(&self.reader, id, after, most).await.map_err(failed)
    }

    async fn definition(&self, id: &RunId) -> Result<Option<String>, RunStoreError> {
        read::definition(&self.reader, id).await.map_err(failed)
    }

    async fn list(&self, filter: &RunFilter, after: Option<&Place>, most: u32) -> Result<RunPage, RunStoreError> {
        list::page(&self.reader, filter, after, most).await.map_err(failed)
    }

    async fn put_trigger(&self, trigger: &TriggerRow) -> Result<(), RunStoreError> {
        self.writer.write(PutTrigger { trigger: trigger.clone() }).await
    }

    async fn delete_trigger(&self, installation: &str) -> Result<(), RunStoreError> {
        self.writer.write(DeleteTrigger { installation: installation.to_owned() }).await
    }

    async fn trigger(&self, installation: &str) -> Result<Option<TriggerRow>, RunStoreError> {
        triggers::of_installation(&self.reader, installation).await.map_err(failed)
    }

    async fn webhook(&self, token: &[u8; 32]) -> Result<Option<TriggerRow>, RunStoreError> {
        triggers::of_token(&self.reader, token).await.map_err(failed)
    }

    async fn trigger_revisions(&self, after: &str, most: u32) -> Result<Vec<(String, u64)>, RunStoreError> {
        triggers::revisions(&self.reader, after, most).await.map_err(failed)
    }

    async fn due_schedules(&self, now: Timestamp, most: u32) -> Result<Vec<TriggerRow>, RunStoreError> {
        triggers::due_schedules(&self.reader, now, most).await.map_err(failed)
    }

    async fn next_schedule(&self) -> Result<Option<Timestamp>, RunStoreError> {
        triggers::next_schedule(&self.reader).await.map_err(failed)
    }

    async fn prune(&self, retention: &Retention) -> Result<PruneReport, RunStoreError> {
        let report = self.writer.write(Prune { retention: *retention }).await?;
        if !report.more {
            // The file gets shorter only when the log is folded into it.
            self.writer.truncate_log().await?;
        }
        Ok(report)
    }

    async fn delete_owner(&self, owner: &UserId) -> Result<(), RunStoreError> {
        self.writer.write(StopRunsOf { owner: owner.clone() }).await?;
        while self.writer.write(DeleteRunsOf { owner: owner.clone() }).await? {}
        Ok(())
    }

    async fn counts(&self, now: Timestamp) -> Result<RunCounts, RunStoreError> {
        list::counts(&self.reader, now).await.map_err(failed)
    }
}
