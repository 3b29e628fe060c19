//! Places in a queue: a run without one is not due. Whoever changes which runs have a place lets the next ones in, in the same
//! transaction.

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

const NEXT: &str = "UPDATE runs SET has_place = 1, due = created_at \
    WHERE number = (SELECT number FROM runs WHERE has_place = 0 AND ended_at IS NULL AND queue = ";

/// The first that waits gets a place as soon as its own limit allows one more. Nobody overtakes it.
const IF_ADMITTED: &str = " ORDER BY number LIMIT 1) \
    AND (SELECT count(*) FROM runs AS other \
        WHERE other.queue = runs.queue AND other.has_place = 1 AND other.ended_at IS NULL) < concurrency \
    RETURNING 'admitted', queue";

/// Lets all runs of a queue in that may have a place.
pub(super) async fn admit(connection: &mut SqliteConnection, queue: &str) -> Result<(), sqlx::Error> {
    let mut was_admitted = true;
    while was_admitted {
        let mut query = QueryBuilder::new(NEXT);
        query.push_bind(queue.to_owned()).push(IF_ADMITTED);
        was_admitted = query.build().fetch_optional(&mut *connection).await?.is_some();
    }
    Ok(())
}

/// The statement that lets the next run in behind a run that has ended. See [`admitted`].
pub(super) fn push_admit_after(query: &mut QueryBuilder<Sqlite>, ended: &str) {
    query.push(NEXT).push("(SELECT ended.queue FROM runs AS ended WHERE ended.ended_at IS NOT NULL AND ended.id = ");
    query.push_bind(ended.to_owned()).push(")").push(IF_ADMITTED);
}

/// The queue in which a run got a place, if the row is one of [`push_admit_after`].
pub(super) fn admitted(row: &SqliteRow) -> Result<Option<&str>, sqlx::Error> {
    let is_ours = row.try_get::<&str, _>(0)? == "admitted";
    if is_ours { row.try_get(1).map(Some) } else { Ok(None) }
}
