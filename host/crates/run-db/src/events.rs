//! The table `run_events`: adding events to a run.

use std::collections::HashSet;

use sqlx::{QueryBuilder, Sqlite};
use workway_runs::{Lease, NewEvent, RunId};
use workway_sqlite::to_stored;

/// Events of one statement. It has 5 parameters for each; SQLite allows 32,766.
pub(super) const EVENTS_PER_STATEMENT: usize = 128;

const COLUMNS: &str = "INSERT INTO run_events (run, seq, owner, path, attempt, kind, at, body) ";

/// The statements that add the first events of a run, whose row counts them already.
pub(super) fn push_first(query: &mut QueryBuilder<Sqlite>, run: &RunId, events: Vec<NewEvent>) {
    let mut seq = 0;
    for chunk in chunks(events) {
        let count = chunk.len();
        query.push("; ").push(COLUMNS);
        select(query, "0", seq, chunk);
        query.push(" JOIN runs AS r ON r.id = ").push_bind(run.as_str().to_owned());
        seq += count;
    }
}

/// The path of an event that is there twice.
pub(super) fn first_repeated(events: &[NewEvent]) -> Option<&str> {
    let mut seen = HashSet::with_capacity(events.len());
    let repeated = events.iter().find(|event| !seen.insert((&event.path, event.attempt, &event.kind)));
    repeated.map(|event| event.path.as_str())
}

/// The statement that adds events behind the last one of a run, if the lease is its newest. `offset` is the number of events that
/// were added since the run's row was written.
pub(super) fn push_insert(
    query: &mut QueryBuilder<Sqlite>,
    lease: &Lease,
    offset: usize,
    events: Vec<NewEvent>,
) -> Result<(), sqlx::Error> {
    query.push(COLUMNS);
    select(query, "r.last_seq", offset, events);
    query.push(" JOIN runs AS r ON ");
    push_guard(query, lease)
}

/// The condition that a lease is the newest of its run.
pub(super) fn push_guard(query: &mut QueryBuilder<Sqlite>, lease: &Lease) -> Result<(), sqlx::Error> {
    query.push("id = ").push_bind(lease.run.as_str().to_owned());
    query.push(" AND worker = ").push_bind(lease.worker.as_str().to_owned());
    query.push(" AND epoch = ").push_bind(to_stored(lease.epoch)?);
    Ok(())
}

pub(super) fn bytes_of(events: &[NewEvent]) -> Result<i64, sqlx::Error> {
    number_of(events.iter().map(|event| event.body.len()).sum())
}

/// A count as SQLite has numbers, signed.
pub(super) fn number_of(count: usize) -> Result<i64, sqlx::Error> {
    i64::try_from(count).map_err(|error| sqlx::Error::Encode(error.into()))
}

pub(super) fn chunks(events: Vec<NewEvent>) -> impl Iterator<Item = Vec<NewEvent>> {
    let mut rest = events.into_iter();
    std::iter::from_fn(move || {
        let chunk: Vec<NewEvent> = rest.by_ref().take(EVENTS_PER_STATEMENT).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// Selects the events as rows, for a run `r` that is joined next. They count from after `last + offset`.
fn select(query: &mut QueryBuilder<Sqlite>, last: &'static str, offset: usize, events: Vec<NewEvent>) {
    query
        .push("SELECT r.number, ")
        .push(last)
        .push(" + e.column1, r.owner, e.column2, e.column3, e.column4, e.column5, e.column6 FROM (VALUES ");
    for (index, event) in events.into_iter().enumerate() {
        // The numbers are part of the text: they are the same in each statement with as many events.
        query.push(format_args!("{}({}, ", if index == 0 { "" } else { ", " }, offset + index + 1));
        query.push_bind(event.path);
        query.push(", ").push_bind(event.attempt);
        query.push(", ").push_bind(event.kind);
        query.push(", ").push_bind(event.at.as_millis());
        query.push(", ").push_bind(event.body);
        query.push(")");
    }
    query.push(") AS e");
}
