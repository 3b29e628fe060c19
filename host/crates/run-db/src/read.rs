//! Reading one run: its summary, definition, events, and all of it under a lease.

use sqlx::{SqliteExecutor, SqlitePool};
use workway_runs::{Lease, LoadedRun, RunId, RunSummary, StoredEvent};
use workway_sqlite::to_stored;

use super::{
    inbox,
    rows::{EventRow, SUMMARY, SummaryRow},
};

/// None if the lease is not the newest of its run.
pub(super) async fn load(reader: &SqlitePool, lease: &Lease) -> Result<Option<LoadedRun>, sqlx::Error> {
    // One state of all tables.
    let mut transaction = reader.begin().await?;
    let is_newest: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM runs WHERE id = ? AND worker = ? AND epoch = ?)")
            .bind(lease.run.as_str())
            .bind(lease.worker.as_str())
            .bind(to_stored(lease.epoch)?)
            .fetch_one(&mut *transaction)
            .await?;
    if !is_newest {
        return Ok(None);
    }
    let summary = summary(&mut *transaction, &lease.run).await?.ok_or(sqlx::Error::RowNotFound)?;
    let definition = definition(&mut *transaction, &lease.run).await?.ok_or(sqlx::Error::RowNotFound)?;
    let events = events(&mut *transaction, &lease.run, 0, u32::MAX).await?;
    let inbox = inbox::messages(&mut *transaction, &lease.run).await?;
    Ok(Some(LoadedRun { summary, definition, events, inbox }))
}

pub(super) async fn summary(executor: impl SqliteExecutor<'_>, id: &RunId) -> Result<Option<RunSummary>, sqlx::Error> {
    let statement = sqlx::AssertSqlSafe(format!("SELECT {SUMMARY} FROM runs WHERE id = ?"));
    let row: Option<SummaryRow> = sqlx::query_as(statement).bind(id.as_str()).fetch_optional(executor).await?;
    row.map(TryInto::try_into).transpose()
}

pub(super) async fn events(
    executor: impl SqliteExecutor<'_>,
    id: &RunId,
    after: u64,
    most: u32,
) -> Result<Vec<StoredEvent>, sqlx::Error> {
    let rows: Vec<EventRow> = sqlx::query_as(
        "SELECT seq, path, attempt, kind, at, body FROM run_events \
         WHERE run = (SELECT number FROM runs WHERE id = ?) AND seq > ? ORDER BY seq LIMIT ?",
    )
    .bind(id.as_str())
    .bind(to_stored(after)?)
    .bind(most)
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) async fn definition(executor: impl SqliteExecutor<'_>, id: &RunId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT d.text FROM runs AS r JOIN definitions AS d ON d.id = r.definition WHERE r.id = ?")
        .bind(id.as_str())
        .fetch_optional(executor)
        .await
}
