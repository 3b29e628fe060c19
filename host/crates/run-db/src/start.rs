//! Starting runs: a dedupe key is used once, a full queue refuses, and a run gets a place in its queue or waits for one.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sqlx::{FromRow, QueryBuilder, Sqlite, SqliteConnection};
use workway_model::Timestamp;
use workway_runs::{Concurrency, Durability, NewRun, OnLimit, RunId, RunLimits, RunStoreError, Started};

use super::{
    events,
    inbox::CANCEL,
    places,
    rows::queue_of,
    writer::{Failure, Write},
};

pub(super) struct Start {
    pub(super) run: NewRun,
    pub(super) limits: RunLimits,
}

/// Starts a run for a schedule, and moves the schedule on.
pub(super) struct Fire {
    pub(super) start: Start,
    pub(super) planned: Timestamp,
    pub(super) next_at: Option<Timestamp>,
}

/// What decides about a run before it is stored.
#[derive(FromRow)]
struct Situation {
    /// The run that has its dedupe key.
    known: Option<String>,
    has_definition: bool,
    has_id: bool,
    /// Runs of the host and of the queue that have not begun.
    queued: i64,
    queued_here: i64,
    has_place: bool,
}

#[async_trait]
impl Write for Start {
    type Output = Started;
    type Error = RunStoreError;

    fn durability(&self) -> Durability {
        Durability::Power
    }

    /// Everything that could be refused is asked before the first write.
    fn needs_undo(&self) -> bool {
        false
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<Started, Failure<RunStoreError>> {
        let queue = queue_of(&self.run);
        let hash = Sha256::digest(&self.run.definition).to_vec();
        let situation = self.situation(connection, &queue, &hash).await?;
        if let Some(known) = situation.known {
            return Ok(Started::Known(RunId::from_text(&known)));
        }
        let Concurrency { limit, on_limit } = self.run.concurrency;
        if on_limit == OnLimit::Skip && open_runs(connection, &queue).await? >= limit.into() {
            return Ok(Started::Skipped);
        }
        if situation.queued >= self.limits.queued.into()
            || situation.queued_here >= self.limits.queued_per_installation.into()
        {
            return Err(Failure::Refused(RunStoreError::QueueFull));
        }
        if situation.has_id {
            return Err(damaged(format!("the run {} is there already", self.run.id)));
        }
        if let Some(path) = events::first_repeated(&self.run.events) {
            return Err(damaged(format!("an event of \"{path}\" is there twice")));
        }
        // One text with several statements: they go to the database's thread together.
        let mut query = QueryBuilder::new("");
        self.push_inserts(&mut query, &situation, &hash)?;
        query.build().execute(&mut *connection).await?;
        if on_limit == OnLimit::CancelRunning {
            // This run is the newest of them.
            let in_the_way = open_runs(connection, &queue).await? - i64::from(limit);
            cancel_oldest(connection, &queue, in_the_way, self.run.created_at).await?;
            // One that was cancelled may have been the one that the others wait behind.
            places::admit(connection, &queue).await?;
        }
        Ok(Started::New)
    }
}

#[async_trait]
impl Write for Fire {
    type Output = Option<Started>;
    type Error = RunStoreError;

    fn durability(&self) -> Durability {
        Durability::Power
    }

    fn needs_undo(&self) -> bool {
        false
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<Option<Started>, Failure<RunStoreError>> {
        let is_planned: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM triggers \
             WHERE installation = ? AND kind = 'schedule' AND is_paused = 0 AND next_at = ?)",
        )
        .bind(&self.start.run.installation)
        .bind(self.planned.as_millis())
        .fetch_one(&mut *connection)
        .await?;
        if !is_planned {
            return Ok(None);
        }
        let started = self.start.execute(&mut *connection).await?;
        sqlx::query("UPDATE triggers SET next_at = ? WHERE installation = ?")
            .bind(self.next_at.map(Timestamp::as_millis))
            .bind(&self.start.run.installation)
            .execute(connection)
            .await?;
        Ok(Some(started))
    }
}

impl Start {
    async fn situation(
        &self,
        connection: &mut SqliteConnection,
        queue: &str,
        hash: &[u8],
    ) -> Result<Situation, sqlx::Error> {
        sqlx::query_as(
            "SELECT (SELECT id FROM runs WHERE queue = ?1 AND dedupe = ?2) AS known, \
             EXISTS (SELECT 1 FROM definitions WHERE owner = ?3 AND hash = ?4) AS has_definition, \
             EXISTS (SELECT 1 FROM runs WHERE id = ?5) AS has_id, \
             (SELECT runs FROM run_totals WHERE status = 'queued') AS queued, \
             coalesce((SELECT queued FROM run_queues WHERE queue = ?1), 0) AS queued_here, \
             NOT EXISTS (SELECT 1 FROM runs WHERE queue = ?1 AND has_place = 0 AND ended_at IS NULL) \
             AND (SELECT count(*) FROM runs WHERE queue = ?1 AND has_place = 1 AND ended_at IS NULL) < ?6 AS has_place",
        )
        .bind(queue)
        .bind(&self.run.dedupe)
        .bind(self.run.owner.as_str())
        .bind(hash)
        .bind(self.run.id.as_str())
        .bind(self.run.concurrency.limit)
        .fetch_one(connection)
        .await
    }

    fn push_inserts(
        &mut self,
        query: &mut QueryBuilder<Sqlite>,
        situation: &Situation,
        hash: &[u8],
    ) -> Result<(), sqlx::Error> {
        let run = &mut self.run;
        let events = std::mem::take(&mut run.events);
        let owner = run.owner.as_str().to_owned();
        if !situation.has_definition {
            query.push("INSERT INTO definitions (owner, hash, text) VALUES (").push_bind(owner.clone());
            query.push(", ").push_bind(hash.to_vec());
            query.push(", ").push_bind(std::mem::take(&mut run.definition)).push("); ");
        }
        query.push(
            "INSERT INTO runs (id, owner, installation, workflow, version, origin, dedupe, retry_of, concurrency, \
             has_place, status, created_at, due, last_seq, bytes, definition) SELECT ",
        );
        query.push_bind(run.id.as_str().to_owned());
        query.push(", ").push_bind(owner.clone());
        query.push(", ").push_bind(run.installation.clone());
        query.push(", ").push_bind(run.workflow.clone());
        query.push(", ").push_bind(run.version);
        query.push(", ").push_bind(run.origin.as_str());
        query.push(", ").push_bind(run.dedupe.clone());
        query.push(", ").push_bind(run.retry_of.as_ref().map(|run| run.as_str().to_owned()));
        query.push(", ").push_bind(run.concurrency.limit);
        query.push(", ").push_bind(situation.has_place);
        query.push(", 'queued', ").push_bind(run.created_at.as_millis());
        query.push(", ").push_bind(situation.has_place.then(|| run.created_at.as_millis()));
        query.push(", ").push_bind(events::number_of(events.len())?);
        query.push(", ").push_bind(events::bytes_of(&events)?);
        query.push(", id FROM definitions WHERE owner = ").push_bind(owner);
        query.push(" AND hash = ").push_bind(hash.to_vec());
        events::push_first(query, &run.id, events);
        Ok(())
    }
}

fn damaged(reason: String) -> Failure<RunStoreError> {
    Failure::Refused(RunStoreError::Damaged(reason))
}

/// Runs of a queue that have not ended.
async fn open_runs(connection: &mut SqliteConnection, queue: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM runs WHERE queue = ? AND ended_at IS NULL")
        .bind(queue)
        .fetch_one(connection)
        .await
}

/// Asks the oldest runs of a queue to end, and makes them due: those that wait for a place, too.
async fn cancel_oldest(
    connection: &mut SqliteConnection,
    queue: &str,
    count: i64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if count <= 0 {
        return Ok(());
    }
    let runs: Vec<i64> = sqlx::query_scalar(
        "INSERT INTO run_inbox (run, owner, kind, body, at) SELECT number, owner, ?1, x'', ?2 FROM \
         (SELECT number, owner FROM runs WHERE queue = ?3 AND ended_at IS NULL ORDER BY number LIMIT ?4) \
         WHERE NOT EXISTS (SELECT 1 FROM run_inbox AS sent WHERE sent.run = number AND sent.kind = ?1) RETURNING run",
    )
    .bind(CANCEL)
    .bind(now.as_millis())
    .bind(queue)
    .bind(count)
    .fetch_all(&mut *connection)
    .await?;
    for run in runs {
        sqlx::query("UPDATE runs SET has_place = 1, due = min(coalesce(due, ?1), ?1) WHERE number = ?2")
            .bind(now.as_millis())
            .bind(run)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
