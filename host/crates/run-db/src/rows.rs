//! Columns of runs and events as our types, and back.

use sqlx::FromRow;
use workway_model::{Timestamp, UserId};
use workway_runs::{NewEvent, NewRun, Origin, RunId, RunStatus, RunSummary, StoredEvent};
use workway_sqlite::{from_stored, parsed};

/// The columns of [`SummaryRow`].
pub(super) const SUMMARY: &str = "id, owner, installation, workflow, version, origin, retry_of, status, created_at, started_at, \
                                  ended_at, due, steps, worked_millis, bytes, last_seq";

#[derive(FromRow)]
pub(super) struct SummaryRow {
    id: String,
    owner: String,
    installation: Option<String>,
    workflow: String,
    version: Option<u32>,
    origin: String,
    retry_of: Option<String>,
    status: String,
    created_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    due: Option<i64>,
    steps: i64,
    worked_millis: i64,
    bytes: i64,
    last_seq: i64,
}

impl TryFrom<SummaryRow> for RunSummary {
    type Error = sqlx::Error;

    fn try_from(row: SummaryRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: RunId::from_text(&row.id),
            owner: parsed::<UserId>(&row.owner)?,
            installation: row.installation,
            workflow: row.workflow,
            version: row.version,
            origin: origin(&row.origin)?,
            retry_of: row.retry_of.as_deref().map(RunId::from_text),
            status: status(&row.status)?,
            created_at: Timestamp::from_millis(row.created_at),
            started_at: row.started_at.map(Timestamp::from_millis),
            ended_at: row.ended_at.map(Timestamp::from_millis),
            due: row.due.map(Timestamp::from_millis),
            steps: from_stored(row.steps)?,
            worked_millis: from_stored(row.worked_millis)?,
            bytes: from_stored(row.bytes)?,
            last_seq: from_stored(row.last_seq)?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct EventRow {
    seq: i64,
    path: String,
    attempt: u32,
    kind: String,
    at: i64,
    body: Vec<u8>,
}

impl TryFrom<EventRow> for StoredEvent {
    type Error = sqlx::Error;

    fn try_from(row: EventRow) -> Result<Self, sqlx::Error> {
        let EventRow { seq, path, attempt, kind, at, body } = row;
        let event = NewEvent { path, attempt, kind, at: Timestamp::from_millis(at), body };
        Ok(Self { seq: from_stored(seq)?, event })
    }
}

/// What a run's concurrency limit and dedupe key apply to: the value of the column `queue`.
pub(super) fn queue_of(run: &NewRun) -> String {
    run.installation.clone().unwrap_or_else(|| format!("drafts of {}", run.owner))
}

pub(super) fn status(text: &str) -> Result<RunStatus, sqlx::Error> {
    let found = RunStatus::ALL.into_iter().find(|status| status.as_str() == text);
    found.ok_or_else(|| unknown("status", text))
}

fn origin(text: &str) -> Result<Origin, sqlx::Error> {
    Origin::ALL.into_iter().find(|origin| origin.as_str() == text).ok_or_else(|| unknown("origin", text))
}

/// A text that is none of those that the host writes.
pub(super) fn unknown(what: &str, text: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unknown {what} \"{text}\"").into())
}
