//! Deleting runs that ended, in batches that keep other writers waiting only for a moment, and returning the file's space.

use async_trait::async_trait;
use sqlx::{FromRow, SqliteConnection};
use workway_model::UserId;
use workway_runs::{Durability, PruneReport, Retention, RunStoreError};
use workway_sqlite::from_stored;

use super::writer::{Failure, Write};

/// Runs, events and bytes of one batch. Of a run with more, the newest events are deleted first: the rest is what happened until
/// then.
const RUNS_PER_BATCH: usize = 100;
const EVENTS_PER_BATCH: i64 = 2_000;
const BYTES_PER_BATCH: i64 = 8 << 20;
/// Free pages of 4 KiB that go back to the file system with a batch: more than a batch makes free, so that earlier ones go, too.
const PAGES_PER_BATCH: i64 = 4_000;

pub(super) struct Prune {
    pub(super) retention: Retention,
}

/// Deletes the triggers of a user, and takes the user's runs from their workers: nothing of them can be claimed or written.
pub(super) struct StopRunsOf {
    pub(super) owner: UserId,
}

/// Deletes a batch of a user's runs, and tells whether there are more.
pub(super) struct DeleteRunsOf {
    pub(super) owner: UserId,
}

/// A run that is to be deleted.
#[derive(FromRow)]
struct Doomed {
    number: i64,
    last_seq: i64,
    bytes: i64,
}

#[async_trait]
impl Write for Prune {
    type Output = PruneReport;
    type Error = RunStoreError;

    fn needs_undo(&self) -> bool {
        false
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<PruneReport, Failure<RunStoreError>> {
        let mut doomed = self.older(connection).await?;
        if doomed.is_empty() {
            doomed = self.too_many(connection).await?;
        }
        if doomed.is_empty() {
            doomed = self.too_large(connection).await?;
        }
        let found = !doomed.is_empty();
        let runs = delete(connection, doomed).await?;
        let free = give_space_back(connection).await?;
        Ok(PruneReport { runs, more: found || free > 0 })
    }
}

impl Prune {
    /// Runs that ended too long ago.
    async fn older(&self, connection: &mut SqliteConnection) -> Result<Vec<Doomed>, sqlx::Error> {
        sqlx::query_as(
            "SELECT number, last_seq, bytes FROM runs WHERE ended_at IS NOT NULL AND ended_at < ? \
             ORDER BY ended_at, number LIMIT ?",
        )
        .bind(self.retention.ended_before.as_millis())
        .bind(batch(RUNS_PER_BATCH))
        .fetch_all(connection)
        .await
    }

    /// The oldest runs of installations that have more of them than are kept.
    async fn too_many(&self, connection: &mut SqliteConnection) -> Result<Vec<Doomed>, sqlx::Error> {
        let queues: Vec<(String, i64)> =
            sqlx::query_as("SELECT queue, ended - ?1 FROM run_queues WHERE ended > ?1 ORDER BY ended DESC LIMIT ?2")
                .bind(self.retention.per_installation)
                .bind(batch(RUNS_PER_BATCH))
                .fetch_all(&mut *connection)
                .await?;
        let mut doomed: Vec<Doomed> = Vec::new();
        for (queue, surplus) in queues {
            let room = batch(RUNS_PER_BATCH.saturating_sub(doomed.len()));
            let oldest: Vec<Doomed> = sqlx::query_as(
                "SELECT number, last_seq, bytes FROM runs WHERE queue = ? AND ended_at IS NOT NULL \
                 ORDER BY ended_at, number LIMIT ?",
            )
            .bind(queue)
            .bind(surplus.min(room))
            .fetch_all(&mut *connection)
            .await?;
            doomed.extend(oldest);
        }
        Ok(doomed)
    }

    /// The oldest runs, while all take more bytes of the file than they may.
    async fn too_large(&self, connection: &mut SqliteConnection) -> Result<Vec<Doomed>, sqlx::Error> {
        let used: i64 = sqlx::query_scalar(
            "SELECT (page_count - freelist_count) * page_size \
             FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        )
        .fetch_one(&mut *connection)
        .await?;
        let allowed = i64::try_from(self.retention.bytes).unwrap_or(i64::MAX);
        let mut surplus = used.saturating_sub(allowed);
        if surplus <= 0 {
            return Ok(Vec::new());
        }
        let mut oldest: Vec<Doomed> = sqlx::query_as(
            "SELECT number, last_seq, bytes FROM runs WHERE ended_at IS NOT NULL ORDER BY ended_at, number LIMIT ?",
        )
        .bind(batch(RUNS_PER_BATCH))
        .fetch_all(connection)
        .await?;
        oldest.retain(|run| {
            let is_doomed = surplus > 0;
            surplus = surplus.saturating_sub(run.bytes);
            is_doomed
        });
        Ok(oldest)
    }
}

#[async_trait]
impl Write for StopRunsOf {
    type Output = ();
    type Error = RunStoreError;

    fn durability(&self) -> Durability {
        Durability::Power
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<(), Failure<RunStoreError>> {
        sqlx::query("DELETE FROM triggers WHERE owner = ?").bind(self.owner.as_str()).execute(&mut *connection).await?;
        for status in ["queued", "running", "waiting", "outcome-unknown"] {
            sqlx::query("UPDATE runs SET worker = NULL, due = NULL WHERE owner = ? AND status = ?")
                .bind(self.owner.as_str())
                .bind(status)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Write for DeleteRunsOf {
    type Output = bool;
    type Error = RunStoreError;

    fn durability(&self) -> Durability {
        Durability::Power
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<bool, Failure<RunStoreError>> {
        let doomed: Vec<Doomed> =
            sqlx::query_as("SELECT number, last_seq, bytes FROM runs WHERE owner = ? ORDER BY id LIMIT ?")
                .bind(self.owner.as_str())
                .bind(batch(RUNS_PER_BATCH))
                .fetch_all(&mut *connection)
                .await?;
        let found = !doomed.is_empty();
        delete(connection, doomed).await?;
        Ok(found)
    }
}

/// Deletes as many of the runs as fit into a batch, and the definitions that nothing refers to any more.
async fn delete(connection: &mut SqliteConnection, doomed: Vec<Doomed>) -> Result<u64, sqlx::Error> {
    let (mut events, mut bytes) = (EVENTS_PER_BATCH, BYTES_PER_BATCH);
    let mut whole = Vec::new();
    for run in doomed {
        if run.last_seq > events || run.bytes > bytes {
            if whole.is_empty() {
                shorten(connection, &run).await?;
            }
            break;
        }
        events -= run.last_seq;
        bytes -= run.bytes;
        whole.push(run.number);
    }
    if whole.is_empty() {
        return Ok(0);
    }
    let definitions: Vec<i64> =
        sqlx::query_scalar("DELETE FROM runs WHERE number IN (SELECT value FROM json_each(?)) RETURNING definition")
            .bind(to_json(&whole)?)
            .fetch_all(&mut *connection)
            .await?;
    sqlx::query(
        "DELETE FROM definitions WHERE id IN (SELECT value FROM json_each(?)) \
         AND NOT EXISTS (SELECT 1 FROM runs WHERE definition = definitions.id)",
    )
    .bind(to_json(&definitions)?)
    .execute(connection)
    .await?;
    Ok(u64::try_from(whole.len()).unwrap_or(u64::MAX))
}

/// Deletes the newest events of a run that is too large for one batch.
async fn shorten(connection: &mut SqliteConnection, run: &Doomed) -> Result<(), sqlx::Error> {
    let by_bytes = run.last_seq.saturating_mul(BYTES_PER_BATCH) / run.bytes.max(1);
    let last = run.last_seq - by_bytes.clamp(1, EVENTS_PER_BATCH);
    let sizes: Vec<i64> = sqlx::query_scalar("DELETE FROM run_events WHERE run = ? AND seq > ? RETURNING length(body)")
        .bind(run.number)
        .bind(last)
        .fetch_all(&mut *connection)
        .await?;
    sqlx::query("UPDATE runs SET last_seq = ?, bytes = max(bytes - ?, 0) WHERE number = ?")
        .bind(last.max(0))
        .bind(sizes.iter().sum::<i64>())
        .bind(run.number)
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns some free pages to the file system, and answers how many are left.
async fn give_space_back(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    // A pragma takes no parameters. It frees a page for each row.
    let statement = sqlx::AssertSqlSafe(format!("PRAGMA incremental_vacuum({PAGES_PER_BATCH})"));
    sqlx::query(statement).execute(&mut *connection).await?;
    from_stored(sqlx::query_scalar("PRAGMA freelist_count").fetch_one(connection).await?)
}

fn batch(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn to_json(numbers: &[i64]) -> Result<String, sqlx::Error> {
    serde_json::to_string(numbers).map_err(|error| sqlx::Error::Encode(error.into()))
}
