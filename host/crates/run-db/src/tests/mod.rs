//! Tests of the database of runs, through the trait. They run on a logical clock: times are small numbers.

mod appending;
mod leases;
mod model;
mod plans;
mod pruning;
mod queues;
mod reading;
mod starting;
mod triggers;
mod writing;

use std::path::Path;

use async_trait::async_trait;
use cap_std::{ambient_authority, fs::Dir};
use sqlx::SqliteConnection;
use workway_model::{Timestamp, UserId};
use workway_runs::{
    Append, Becomes, Concurrency, Durability, EndStatus, Lease, NewEvent, NewRun, OnLimit, Origin, RunId, RunLimits,
    RunStatus, RunStore, RunStoreError, Started, WorkerId,
};

use super::{
    RunDatabase,
    writer::{Failure, Write},
};

/// Limits that no test reaches that does not set its own.
const AMPLE: RunLimits =
    RunLimits { running_per_user: 1_000, running: 1_000, queued_per_installation: 1_000, queued: 10_000 };

async fn open(folder: &Path) -> RunDatabase {
    RunDatabase::open(&Dir::open_ambient_dir(folder, ambient_authority()).unwrap(), folder).await.unwrap()
}

async fn fresh() -> (RunDatabase, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (open(folder.path()).await, folder)
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millis(milliseconds)
}

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

fn worker(name: &str) -> WorkerId {
    WorkerId::from_text(name)
}

fn id(name: &str) -> RunId {
    RunId::from_text(name)
}

fn event(path: &str, attempt: u32, kind: &str) -> NewEvent {
    NewEvent { path: path.into(), attempt, kind: kind.into(), at: at(1), body: format!("{path} {kind}").into_bytes() }
}

/// A run of Ann's installation `ins_1`, which runs five at once.
fn new_run(name: &str, created_at: i64) -> NewRun {
    NewRun {
        id: id(name),
        owner: user("ann"),
        installation: Some("ins_1".into()),
        workflow: "wf_1".into(),
        version: Some(3),
        definition: r#"{"steps":[]}"#.into(),
        origin: Origin::Webhook,
        dedupe: None,
        retry_of: None,
        concurrency: Concurrency { limit: 5, on_limit: OnLimit::Queue },
        created_at: at(created_at),
        events: vec![event("", 0, "run-started")],
    }
}

fn of_installation(name: &str, installation: &str, limit: u32, created_at: i64) -> NewRun {
    let concurrency = Concurrency { limit, on_limit: OnLimit::Queue };
    NewRun { installation: Some(installation.into()), concurrency, ..new_run(name, created_at) }
}

async fn start(database: &RunDatabase, run: NewRun) {
    assert_eq!(database.start(run, &AMPLE).await, Ok(Started::New));
}

/// Claims up to ten runs.
async fn claim(database: &RunDatabase, name: &str, now: i64) -> Vec<Lease> {
    database.claim(&worker(name), at(now), 10, &AMPLE).await.unwrap()
}

fn names(leases: &[Lease]) -> Vec<&str> {
    leases.iter().map(|lease| lease.run.as_str()).collect()
}

/// Starts a run and lets a worker with a lease until 100 take it.
async fn started(database: &RunDatabase, name: &str) -> Lease {
    database.renew(&worker("w"), at(100)).await.unwrap();
    start(database, new_run(name, 1)).await;
    let leases = claim(database, "w", 1).await;
    assert_eq!(names(&leases), [name]);
    leases.into_iter().next().unwrap()
}

fn appending(events: Vec<NewEvent>) -> Append {
    let durability = Durability::Process;
    Append { events, read: Vec::new(), becomes: None, durability, steps: 0, worked_millis: 0 }
}

fn becoming(becomes: Becomes) -> Append {
    Append { becomes: Some(becomes), ..appending(Vec::new()) }
}

async fn end(database: &RunDatabase, lease: &Lease) {
    database.append(lease, becoming(Becomes::Ended(EndStatus::Succeeded))).await.unwrap();
}

async fn status(database: &RunDatabase, name: &str) -> RunStatus {
    database.run(&id(name)).await.unwrap().unwrap().status
}

/// A statement for the connection that writes.
struct Sql(&'static str);

#[async_trait]
impl Write for Sql {
    type Output = ();
    type Error = RunStoreError;

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<(), Failure<RunStoreError>> {
        sqlx::query(self.0).execute(connection).await?;
        Ok(())
    }
}

/// The counters of [`super::MIGRATIONS`] say what the rows say.
async fn assert_counters_are_right(database: &RunDatabase) {
    let wrong: Vec<String> = sqlx::query_scalar(
        "SELECT 'status ' || status FROM run_totals AS t \
         WHERE runs <> (SELECT count(*) FROM runs AS r WHERE r.status = t.status) \
         UNION ALL SELECT 'queue ' || queue FROM \
         (SELECT queue, count(*) AS runs, sum(status = 'queued') AS queued, sum(ended_at IS NOT NULL) AS ended \
          FROM runs GROUP BY queue EXCEPT SELECT queue, runs, queued, ended FROM run_queues) \
         UNION ALL SELECT 'no queue ' || queue FROM run_queues AS q \
         WHERE NOT EXISTS (SELECT 1 FROM runs AS r WHERE r.queue = q.queue)",
    )
    .fetch_all(&database.reader)
    .await
    .unwrap();
    assert_eq!(wrong, [""; 0]);
}
