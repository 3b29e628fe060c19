//! Lists of runs, the newest first, and the figures for operators.

use sqlx::{QueryBuilder, Sqlite, SqlitePool};
use workway_model::Timestamp;
use workway_runs::{Origin, Place, RunCounts, RunFilter, RunPage, RunStatus, RunSummary};
use workway_sqlite::from_stored;

use super::rows::{SUMMARY, SummaryRow, status};

pub(super) async fn page(
    reader: &SqlitePool,
    filter: &RunFilter,
    after: Option<&Place>,
    most: u32,
) -> Result<RunPage, sqlx::Error> {
    // One more than asked for shows whether there is a next page.
    let rows: Vec<SummaryRow> = select(filter, after, i64::from(most) + 1).build_query_as().fetch_all(reader).await?;
    let mut runs: Vec<RunSummary> = rows.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let has_next = runs.len() > most;
    runs.truncate(most);
    let next = runs.last().filter(|_| has_next).map(|last| Place(last.id.clone()));
    Ok(RunPage { runs, next })
}

/// Run ids sort by time.
pub(super) fn select(filter: &RunFilter, after: Option<&Place>, limit: i64) -> QueryBuilder<Sqlite> {
    let RunFilter { owner, installation, workflow, status, origin, created_from, created_before } = filter;
    let mut query = QueryBuilder::new("SELECT ");
    query.push(SUMMARY).push(" FROM runs WHERE 1");
    if let Some(owner) = owner {
        // An installation has one owner, and fewer runs: its index is the better one.
        query.push(if installation.is_some() { " AND +owner = " } else { " AND owner = " });
        query.push_bind(owner.as_str().to_owned());
    }
    let texts = [
        (" AND installation = ", installation.clone()),
        (" AND workflow = ", workflow.clone()),
        (if installation.is_some() { " AND +status = " } else { " AND status = " }, status.map(text_of_status)),
        (" AND origin = ", origin.map(Origin::as_str).map(str::to_owned)),
        (" AND id < ", after.map(|Place(run)| run.as_str().to_owned())),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            query.push(condition).push_bind(value);
        }
    }
    for (condition, value) in [(" AND created_at >= ", created_from), (" AND created_at < ", created_before)] {
        if let Some(value) = value {
            query.push(condition).push_bind(value.as_millis());
        }
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
    query
}

fn text_of_status(status: RunStatus) -> String {
    status.as_str().to_owned()
}

pub(super) async fn counts(reader: &SqlitePool, now: Timestamp) -> Result<RunCounts, sqlx::Error> {
    let mut transaction = reader.begin().await?;
    let totals: Vec<(String, i64)> =
        sqlx::query_as("SELECT status, runs FROM run_totals").fetch_all(&mut *transaction).await?;
    let (due, due_again, expired, unplanned): (Option<i64>, Option<i64>, i64, i64) = sqlx::query_as(
        "SELECT (SELECT min(due) FROM runs WHERE worker IS NULL AND due <= ?1), \
         (SELECT min(due) FROM runs WHERE worker IN (SELECT id FROM workers WHERE until < ?1)), \
         (SELECT count(*) FROM runs WHERE worker IN (SELECT id FROM workers WHERE until < ?1)), \
         (SELECT count(*) FROM triggers WHERE kind = 'schedule' AND is_paused = 0 AND next_at IS NULL)",
    )
    .bind(now.as_millis())
    .fetch_one(&mut *transaction)
    .await?;
    let mut by_status = Vec::with_capacity(RunStatus::ALL.len());
    for (text, runs) in totals {
        by_status.push((status(&text)?, from_stored(runs)?));
    }
    by_status.sort_unstable();
    Ok(RunCounts {
        by_status,
        oldest_due: [due, due_again].into_iter().flatten().min().map(Timestamp::from_millis),
        expired_leases: from_stored(expired)?,
        schedules_without_next: from_stored(unplanned)?,
    })
}
