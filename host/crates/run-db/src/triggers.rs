//! The table `triggers`: what starts the runs of installations.

use async_trait::async_trait;
use sqlx::{FromRow, SqliteConnection, SqliteExecutor};
use workway_model::{Timestamp, UserId};
use workway_runs::{RunStoreError, TriggerKind, TriggerRow};
use workway_sqlite::{from_stored, parsed, to_stored};

use super::{
    rows::unknown,
    writer::{Failure, Write},
};

const WEBHOOK: &str = "webhook";
const SCHEDULE: &str = "schedule";
const MANUAL: &str = "manual";

/// Parameters: now, most.
pub(super) const DUE_SCHEDULES: &str = "SELECT installation, owner, revision, kind, token, config, next_at, is_paused \
    FROM triggers WHERE kind = 'schedule' AND is_paused = 0 AND next_at <= ? ORDER BY next_at LIMIT ?";

pub(super) const NEXT_SCHEDULE: &str =
    "SELECT min(next_at) FROM triggers WHERE kind = 'schedule' AND is_paused = 0 AND next_at IS NOT NULL";

pub(super) struct PutTrigger {
    pub(super) trigger: TriggerRow,
}

pub(super) struct PlanSchedule {
    pub(super) installation: String,
    pub(super) planned: Timestamp,
    pub(super) next_at: Option<Timestamp>,
}

pub(super) struct DeleteTrigger {
    pub(super) installation: String,
}

#[async_trait]
impl Write for PutTrigger {
    type Output = ();
    type Error = RunStoreError;

    fn needs_undo(&self) -> bool {
        false
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<(), Failure<RunStoreError>> {
        let TriggerRow { installation, owner, revision, kind, is_paused } = &self.trigger;
        let (kind, token, config, next_at) = match kind {
            TriggerKind::Webhook { token } => (WEBHOOK, Some(token), None, None),
            TriggerKind::Schedule { config, next_at } => (SCHEDULE, None, Some(config), *next_at),
            TriggerKind::Manual => (MANUAL, None, None, None),
        };
        sqlx::query(
            "INSERT INTO triggers (installation, owner, revision, kind, token, config, next_at, is_paused) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (installation) DO UPDATE SET owner = excluded.owner, revision = excluded.revision, \
             kind = excluded.kind, token = excluded.token, config = excluded.config, is_paused = excluded.is_paused, \
             next_at = iif((owner, kind, config, is_paused) \
             IS (excluded.owner, excluded.kind, excluded.config, excluded.is_paused), \
             coalesce(next_at, excluded.next_at), excluded.next_at) \
             WHERE excluded.revision > revision \
             OR (excluded.revision = revision AND next_at IS NULL AND excluded.next_at IS NOT NULL)",
        )
        .bind(installation)
        .bind(owner.as_str())
        .bind(to_stored(*revision)?)
        .bind(kind)
        .bind(token.map(<[u8; 32]>::as_slice))
        .bind(config.map(<[u8; 32]>::as_slice))
        .bind(next_at.map(Timestamp::as_millis))
        .bind(*is_paused)
        .execute(connection)
        .await?;
        Ok(())
    }
}

#[async_trait]
impl Write for PlanSchedule {
    type Output = ();
    type Error = RunStoreError;

    fn needs_undo(&self) -> bool {
        false
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<(), Failure<RunStoreError>> {
        sqlx::query("UPDATE triggers SET next_at = ? WHERE installation = ? AND next_at = ?")
            .bind(self.next_at.map(Timestamp::as_millis))
            .bind(&self.installation)
            .bind(self.planned.as_millis())
            .execute(connection)
            .await?;
        Ok(())
    }
}

#[async_trait]
impl Write for DeleteTrigger {
    type Output = ();
    type Error = RunStoreError;

    fn needs_undo(&self) -> bool {
        false
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<(), Failure<RunStoreError>> {
        sqlx::query("DELETE FROM triggers WHERE installation = ?").bind(&self.installation).execute(connection).await?;
        Ok(())
    }
}

#[derive(FromRow)]
struct StoredTrigger {
    installation: String,
    owner: String,
    revision: i64,
    kind: String,
    token: Option<Vec<u8>>,
    config: Option<Vec<u8>>,
    next_at: Option<i64>,
    is_paused: bool,
}

impl TryFrom<StoredTrigger> for TriggerRow {
    type Error = sqlx::Error;

    fn try_from(row: StoredTrigger) -> Result<Self, sqlx::Error> {
        let kind = match row.kind.as_str() {
            WEBHOOK => TriggerKind::Webhook { token: hash(row.token)? },
            SCHEDULE => {
                TriggerKind::Schedule { config: hash(row.config)?, next_at: row.next_at.map(Timestamp::from_millis) }
            }
            MANUAL => TriggerKind::Manual,
            other => return Err(unknown("kind of trigger", other)),
        };
        Ok(Self {
            installation: row.installation,
            owner: parsed::<UserId>(&row.owner)?,
            revision: from_stored(row.revision)?,
            kind,
            is_paused: row.is_paused,
        })
    }
}

fn hash(bytes: Option<Vec<u8>>) -> Result<[u8; 32], sqlx::Error> {
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| sqlx::Error::Decode("a hash must have 32 bytes".into()))
}

pub(super) async fn of_installation(
    executor: impl SqliteExecutor<'_>,
    installation: &str,
) -> Result<Option<TriggerRow>, sqlx::Error> {
    let row: Option<StoredTrigger> = sqlx::query_as("SELECT * FROM triggers WHERE installation = ?")
        .bind(installation)
        .fetch_optional(executor)
        .await?;
    row.map(TryInto::try_into).transpose()
}

pub(super) async fn of_token(
    executor: impl SqliteExecutor<'_>,
    token: &[u8; 32],
) -> Result<Option<TriggerRow>, sqlx::Error> {
    let row: Option<StoredTrigger> = sqlx::query_as("SELECT * FROM triggers WHERE token = ?")
        .bind(token.as_slice())
        .fetch_optional(executor)
        .await?;
    row.map(TryInto::try_into).transpose()
}

pub(super) async fn revisions(
    executor: impl SqliteExecutor<'_>,
    after: &str,
    most: u32,
) -> Result<Vec<(String, u64)>, sqlx::Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT installation, revision FROM triggers WHERE installation > ? ORDER BY installation LIMIT ?",
    )
    .bind(after)
    .bind(most)
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(|(installation, revision)| Ok((installation, from_stored(revision)?))).collect()
}

pub(super) async fn due_schedules(
    executor: impl SqliteExecutor<'_>,
    now: Timestamp,
    most: u32,
) -> Result<Vec<TriggerRow>, sqlx::Error> {
    let rows: Vec<StoredTrigger> =
        sqlx::query_as(DUE_SCHEDULES).bind(now.as_millis()).bind(most).fetch_all(executor).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) async fn next_schedule(executor: impl SqliteExecutor<'_>) -> Result<Option<Timestamp>, sqlx::Error> {
    let next: Option<i64> = sqlx::query_scalar(NEXT_SCHEDULE).fetch_one(executor).await?;
    Ok(next.map(Timestamp::from_millis))
}
