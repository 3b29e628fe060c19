//! The table `run_inbox`: messages to runs from outside. A message makes its run due.

use async_trait::async_trait;
use sqlx::{FromRow, SqliteConnection, SqliteExecutor};
use workway_model::Timestamp;
use workway_runs::{Durability, InboxMessage, RunId, RunStoreError};
use workway_sqlite::from_stored;

use super::{
    places,
    writer::{Failure, Write},
};

/// Asks a run to end. It makes a run due that waits for a place in its queue: ending takes no work.
pub(super) const CANCEL: &str = "cancel";

pub(super) struct Send {
    pub(super) run: RunId,
    pub(super) kind: String,
    pub(super) body: Vec<u8>,
    pub(super) at: Timestamp,
}

#[async_trait]
impl Write for Send {
    type Output = bool;
    type Error = RunStoreError;

    /// The sender was told that it arrived.
    fn durability(&self) -> Durability {
        Durability::Power
    }

    fn needs_undo(&self) -> bool {
        false
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<bool, Failure<RunStoreError>> {
        let rows = sqlx::query(
            "INSERT INTO run_inbox (run, owner, kind, body, at) \
             SELECT number, owner, ?, ?, ? FROM runs WHERE id = ? AND ended_at IS NULL RETURNING id; \
             UPDATE runs SET has_place = 1, due = min(coalesce(due, ?), ?) \
             WHERE id = ? AND ended_at IS NULL AND (has_place = 1 OR ? = 'cancel')",
        )
        .bind(&self.kind)
        .bind(std::mem::take(&mut self.body))
        .bind(self.at.as_millis())
        .bind(self.run.as_str())
        .bind(self.at.as_millis())
        .bind(self.at.as_millis())
        .bind(self.run.as_str())
        .bind(&self.kind)
        .fetch_all(&mut *connection)
        .await?;
        let is_sent = !rows.is_empty();
        if is_sent && self.kind == CANCEL {
            // It may have been the one that the others wait behind.
            let queue: String = sqlx::query_scalar("SELECT queue FROM runs WHERE id = ?")
                .bind(self.run.as_str())
                .fetch_one(&mut *connection)
                .await?;
            places::admit(connection, &queue).await?;
        }
        Ok(is_sent)
    }
}

#[derive(FromRow)]
struct MessageRow {
    id: i64,
    kind: String,
    body: Vec<u8>,
    at: i64,
}

impl TryFrom<MessageRow> for InboxMessage {
    type Error = sqlx::Error;

    fn try_from(row: MessageRow) -> Result<Self, sqlx::Error> {
        let MessageRow { id, kind, body, at } = row;
        Ok(Self { id: from_stored(id)?, kind, body, at: Timestamp::from_millis(at) })
    }
}

/// The messages of a run, the oldest first.
pub(super) async fn messages(executor: impl SqliteExecutor<'_>, run: &RunId) -> Result<Vec<InboxMessage>, sqlx::Error> {
    let rows: Vec<MessageRow> = sqlx::query_as(
        "SELECT m.id, m.kind, m.body, m.at FROM runs AS r JOIN run_inbox AS m ON m.run = r.number WHERE r.id = ? \
         ORDER BY m.id",
    )
    .bind(run.as_str())
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}
