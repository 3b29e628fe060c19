//! Appending to a run under a lease: events, the messages that they answer and what the run becomes, or nothing of it all.

use async_trait::async_trait;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};
use workway_model::Timestamp;
use workway_runs::{Append, AppendError, Becomes, Durability, Lease, RunStatus};
use workway_sqlite::{from_stored, to_stored};

use super::{
    events::{self, EVENTS_PER_STATEMENT, push_guard},
    places,
    writer::{Failure, Write},
};

pub(super) struct Request {
    pub(super) lease: Lease,
    pub(super) append: Append,
}

#[async_trait]
impl Write for Request {
    type Output = u64;
    type Error = AppendError;

    fn durability(&self) -> Durability {
        self.append.durability
    }

    /// The first statement is the only one that can fail for what is in this request.
    fn needs_undo(&self) -> bool {
        self.append.events.len() > EVENTS_PER_STATEMENT
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<u64, Failure<AppendError>> {
        // One text with several statements: they go to the database's thread together.
        let mut query = QueryBuilder::new("");
        let rows = self.push_statements(&mut query)?.build().fetch_all(&mut *connection).await?;
        let mut last_seq = None;
        let mut queue = None;
        for row in &rows {
            match places::admitted(row)? {
                Some(admitted) => queue = Some(admitted),
                None => last_seq = Some(from_stored(row.try_get(1)?)?),
            }
        }
        let Some(last_seq) = last_seq else { return Err(Failure::Refused(AppendError::Fenced)) };
        if let Some(queue) = queue {
            // The next one may allow more at once than the one that ended.
            places::admit(connection, queue).await?;
        }
        Ok(last_seq)
    }
}

impl Request {
    fn push_statements<'q>(
        &mut self,
        query: &'q mut QueryBuilder<Sqlite>,
    ) -> Result<&'q mut QueryBuilder<Sqlite>, sqlx::Error> {
        let Self { lease, append } = self;
        let events = std::mem::take(&mut append.events);
        let (count, bytes) = (events::number_of(events.len())?, events::bytes_of(&events)?);
        let last_at = events.last().map(|event| event.at.as_millis());
        let mut offset = 0;
        for chunk in events::chunks(events) {
            let added = chunk.len();
            events::push_insert(query, lease, offset, chunk)?;
            query.push("; ");
            offset += added;
        }
        if !append.read.is_empty() {
            push_delete_read(query, lease, &append.read)?;
        }
        query.push("UPDATE runs SET last_seq = last_seq + ").push_bind(count);
        query.push(", bytes = bytes + ").push_bind(bytes);
        query.push(", steps = steps + ").push_bind(append.steps);
        query.push(", worked_millis = worked_millis + ").push_bind(to_stored(append.worked_millis)?);
        if let Some(becomes) = &append.becomes {
            push_becomes(query, becomes, last_at);
        }
        query.push(" WHERE ");
        push_guard(query, lease)?;
        query.push(" RETURNING 'appended', last_seq");
        if let Some(Becomes::Ended(_)) = append.becomes {
            query.push(
                "; DELETE FROM run_inbox WHERE run = (SELECT number FROM runs WHERE ended_at IS NOT NULL AND id = ",
            );
            query.push_bind(lease.run.as_str().to_owned()).push("); ");
            places::push_admit_after(query, lease.run.as_str());
        }
        Ok(query)
    }
}

/// Deletes messages that were answered. Those of another run, or under a lease that is over, stay.
fn push_delete_read(query: &mut QueryBuilder<Sqlite>, lease: &Lease, read: &[u64]) -> Result<(), sqlx::Error> {
    let read = serde_json::to_string(read).map_err(|error| sqlx::Error::Encode(error.into()))?;
    query.push("DELETE FROM run_inbox WHERE run = (SELECT number FROM runs WHERE ");
    push_guard(query, lease)?;
    query.push(") AND id IN (SELECT value FROM json_each(").push_bind(read).push(")); ");
    Ok(())
}

/// The columns that change when the worker gives the run back. A message that is not read yet makes it due, as it did when it
/// arrived.
fn push_becomes(query: &mut QueryBuilder<Sqlite>, becomes: &Becomes, last_at: Option<i64>) {
    query.push(", worker = NULL");
    match becomes {
        Becomes::Waiting { due } => {
            query.push(", status = 'waiting', due = (SELECT min(at) FROM (SELECT ");
            query.push_bind(due.map(Timestamp::as_millis));
            query.push(" AS at UNION ALL SELECT at FROM run_inbox WHERE run = runs.number))");
        }
        // It is due since it was claimed.
        Becomes::Runnable => {}
        Becomes::OutcomeUnknown => {
            query.push(", status = 'outcome-unknown', due = (SELECT min(at) FROM run_inbox WHERE run = runs.number)");
        }
        Becomes::Ended(status) => {
            query.push(", status = ").push_bind(RunStatus::from(*status).as_str());
            // A run ends at the time of its last event.
            query.push(", due = NULL, ended_at = coalesce(").push_bind(last_at);
            query.push(", (SELECT at FROM run_events WHERE run = runs.number AND seq = runs.last_seq), created_at)");
        }
    }
}
