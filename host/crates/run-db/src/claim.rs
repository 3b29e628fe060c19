//! Leases: the table `workers`, and which worker has which run. How many runs go on at once is counted from leases that have not
//! ended, so a worker that dies holds nobody up for longer than its lease.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use sqlx::{FromRow, SqliteConnection, SqliteExecutor};
use workway_model::Timestamp;
use workway_runs::{Lease, RunId, RunLimits, RunStoreError, WorkerId};
use workway_sqlite::from_stored;

use super::writer::{Failure, Write};

/// Runs that are due and nobody has, and those of workers whose lease has ended, after a due time and number; not those of some
/// owners (a JSON array). None for a worker without a lease. Parameters: owners, due, number, now, worker, most.
pub(super) const CANDIDATES: &str = "SELECT number, owner, due FROM ( \
        SELECT * FROM (SELECT number, owner, due FROM runs \
            WHERE worker IS NULL AND due <= ?4 AND (due, number) > (?2, ?3) \
            AND owner NOT IN (SELECT value FROM json_each(?1)) ORDER BY due, number LIMIT ?6) \
        UNION ALL \
        SELECT * FROM (SELECT number, owner, due FROM runs \
            WHERE worker IN (SELECT id FROM workers WHERE until < ?4) AND due <= ?4 AND (due, number) > (?2, ?3) \
            AND owner NOT IN (SELECT value FROM json_each(?1)) ORDER BY due, number LIMIT ?6)) \
    WHERE EXISTS (SELECT 1 FROM workers WHERE id = ?5 AND until >= ?4) \
    ORDER BY due, number LIMIT ?6";

/// Leases that have not ended, by owner. A cross join keeps SQLite from looking at all runs in the order of their owners.
/// Parameter: now.
pub(super) const LEASED: &str = "SELECT r.owner, count(*) FROM workers AS w CROSS JOIN runs AS r ON r.worker = w.id \
    WHERE w.until >= ? GROUP BY r.owner";

/// The parameter is now.
pub(super) const NEXT_DUE: &str = "SELECT min(due) FROM runs WHERE worker IS NULL AND due > ?";

pub(super) struct Claim {
    pub(super) worker: WorkerId,
    pub(super) now: Timestamp,
    pub(super) most: u32,
    pub(super) limits: RunLimits,
}

pub(super) struct Renew {
    pub(super) worker: WorkerId,
    pub(super) until: Timestamp,
}

pub(super) struct Bury {
    pub(super) worker: WorkerId,
}

#[derive(FromRow)]
struct Candidate {
    number: i64,
    owner: String,
    due: i64,
}

#[async_trait]
impl Write for Claim {
    type Output = Vec<Lease>;
    type Error = RunStoreError;

    fn needs_undo(&self) -> bool {
        false
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<Vec<Lease>, Failure<RunStoreError>> {
        let chosen = self.choose(connection).await?;
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(i64, String, i64)> = sqlx::query_as(
            "UPDATE runs SET worker = ?, epoch = epoch + 1, status = 'running', started_at = coalesce(started_at, ?) \
             WHERE number IN (SELECT value FROM json_each(?)) RETURNING number, id, epoch",
        )
        .bind(self.worker.as_str())
        .bind(self.now.as_millis())
        .bind(to_json(&chosen)?)
        .fetch_all(connection)
        .await?;
        let mut claimed: HashMap<i64, (String, i64)> =
            rows.into_iter().map(|(number, id, epoch)| (number, (id, epoch))).collect();
        let mut leases = Vec::with_capacity(chosen.len());
        // An update returns its rows in no order.
        for number in chosen {
            if let Some((id, epoch)) = claimed.remove(&number) {
                let (run, worker) = (RunId::from_text(&id), self.worker.clone());
                leases.push(Lease { run, worker, epoch: from_stored(epoch)? });
            }
        }
        Ok(leases)
    }
}

impl Claim {
    /// The numbers of the runs to take, the longest due first. Runs of an owner who is at the limit are passed over in the index.
    async fn choose(&self, connection: &mut SqliteConnection) -> Result<Vec<i64>, sqlx::Error> {
        let leased: Vec<(String, i64)> =
            sqlx::query_as(LEASED).bind(self.now.as_millis()).fetch_all(&mut *connection).await?;
        let free = i64::from(self.limits.running) - leased.iter().map(|(_, runs)| runs).sum::<i64>();
        let most = usize::try_from(free.clamp(0, self.most.into())).unwrap_or(0);
        let of_owner = i64::from(self.limits.running_per_user);
        let mut running: HashMap<String, i64> = leased.into_iter().collect();
        let mut full: HashSet<String> =
            running.iter().filter(|(_, runs)| **runs >= of_owner).map(|(owner, _)| owner.clone()).collect();
        let mut chosen = Vec::new();
        let mut after = (i64::MIN, i64::MIN);
        while chosen.len() < most && of_owner > 0 {
            let wanted = most - chosen.len();
            let candidates: Vec<Candidate> = sqlx::query_as(CANDIDATES)
                .bind(to_json(&full)?)
                .bind(after.0)
                .bind(after.1)
                .bind(self.now.as_millis())
                .bind(self.worker.as_str())
                .bind(i64::try_from(wanted).unwrap_or(i64::MAX))
                .fetch_all(&mut *connection)
                .await?;
            let is_last = candidates.len() < wanted;
            for Candidate { number, owner, due } in candidates {
                after = (due, number);
                let runs = running.entry(owner).or_insert(0);
                if *runs < of_owner {
                    *runs += 1;
                    chosen.push(number);
                }
            }
            if is_last {
                break;
            }
            full.extend(running.iter().filter(|(_, runs)| **runs >= of_owner).map(|(owner, _)| owner.clone()));
        }
        Ok(chosen)
    }
}

fn to_json(values: &impl serde::Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(values).map_err(|error| sqlx::Error::Encode(error.into()))
}

#[async_trait]
impl Write for Renew {
    type Output = ();
    type Error = RunStoreError;

    fn needs_undo(&self) -> bool {
        false
    }

    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<(), Failure<RunStoreError>> {
        sqlx::query(
            "INSERT INTO workers (id, until) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET until = excluded.until",
        )
        .bind(self.worker.as_str())
        .bind(self.until.as_millis())
        .execute(connection)
        .await?;
        Ok(())
    }
}

#[async_trait]
impl Write for Bury {
    type Output = ();
    type Error = RunStoreError;

    fn needs_undo(&self) -> bool {
        false
    }

    /// The foreign key takes the runs from it.
    async fn execute(&mut self, connection: &mut SqliteConnection) -> Result<(), Failure<RunStoreError>> {
        sqlx::query("DELETE FROM workers WHERE id = ?").bind(self.worker.as_str()).execute(connection).await?;
        Ok(())
    }
}

pub(super) async fn workers(executor: impl SqliteExecutor<'_>) -> Result<Vec<(WorkerId, Timestamp)>, sqlx::Error> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT id, until FROM workers ORDER BY id").fetch_all(executor).await?;
    Ok(rows.into_iter().map(|(id, until)| (WorkerId::from_text(&id), Timestamp::from_millis(until))).collect())
}

pub(super) async fn next_due(
    executor: impl SqliteExecutor<'_>,
    now: Timestamp,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let due: Option<i64> = sqlx::query_scalar(NEXT_DUE).bind(now.as_millis()).fetch_one(executor).await?;
    Ok(due.map(Timestamp::from_millis))
}
