//! What is deleted and what is kept, and that the file gets shorter.

use std::{collections::HashMap, fs};

use futures_util::future::join_all;
use workway_runs::{AppendError, Becomes, PruneReport, Retention, RunStore, TriggerKind, TriggerRow};

use super::*;
use crate::RUNS_FILE;

const KEEP_ALL: Retention =
    Retention { ended_before: Timestamp::UNIX_EPOCH, per_installation: 100_000, bytes: u64::MAX };

/// A run that ended at a time, with an event of so many bytes.
async fn ended(database: &RunDatabase, run: NewRun, ended_at: i64, bytes: usize) {
    all_ended(database, vec![(run, ended_at)], bytes).await;
}

/// As [`ended`], for runs of which all may go on at once.
async fn all_ended(database: &RunDatabase, runs: Vec<(NewRun, i64)>, bytes: usize) {
    database.renew(&worker("w"), Timestamp::MAX).await.unwrap();
    let times: HashMap<RunId, i64> = runs.iter().map(|(run, ended_at)| (run.id.clone(), *ended_at)).collect();
    join_all(runs.into_iter().map(|(run, _)| start(database, run))).await;
    let most = u32::try_from(times.len()).unwrap();
    let leases = database.claim(&worker("w"), Timestamp::MAX, most, &AMPLE).await.unwrap();
    assert_eq!(leases.len(), times.len());
    join_all(leases.iter().map(async |lease| {
        let last = NewEvent { at: at(times[&lease.run]), body: vec![7; bytes], ..event("", 0, "run-ended") };
        let becomes = Some(Becomes::Ended(EndStatus::Succeeded));
        database.append(lease, Append { becomes, ..appending(vec![last]) }).await.unwrap();
    }))
    .await;
}

async fn prune_all(database: &RunDatabase, retention: &Retention) -> u64 {
    let mut runs = 0;
    for _ in 0..1_000 {
        let PruneReport { runs: deleted, more } = database.prune(retention).await.unwrap();
        runs += deleted;
        if !more {
            return runs;
        }
    }
    panic!("pruning does not come to its end");
}

async fn left(database: &RunDatabase) -> Vec<String> {
    let page = database.list(&Default::default(), None, 10_000).await.unwrap();
    page.runs.iter().map(|run| run.id.to_string()).rev().collect()
}

async fn rows(database: &RunDatabase, table: &str) -> i64 {
    let statement = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(statement).fetch_one(&database.reader).await.unwrap()
}

#[tokio::test]
async fn runs_that_ended_too_long_ago_are_deleted_with_all_that_is_theirs() {
    let (database, _guard) = fresh().await;
    for (name, definition, ended_at) in [("a", "{}", 5), ("b", "[]", 9), ("c", "[]", 10), ("d", "[]", 11)] {
        let run = NewRun { definition: definition.into(), dedupe: Some(name.into()), ..new_run(name, 1) };
        ended(&database, run, ended_at, 10).await;
    }
    let retention = Retention { ended_before: at(10), ..KEEP_ALL };
    assert_eq!(prune_all(&database, &retention).await, 2);
    assert_eq!(left(&database).await, ["c", "d"]);
    assert_eq!((rows(&database, "run_events").await, rows(&database, "definitions").await), (4, 1));
    // Its key went with it.
    start(&database, NewRun { dedupe: Some("a".into()), ..new_run("again", 1) }).await;
    assert_counters_are_right(&database).await;
}

#[tokio::test]
async fn the_newest_of_each_installation_are_kept() {
    let (database, _guard) = fresh().await;
    for number in 0..6 {
        for installation in ["x", "y"] {
            let name = format!("{installation}{number}");
            if installation == "x" || number < 2 {
                ended(&database, of_installation(&name, installation, 5, 1), 10 + number, 10).await;
            }
        }
    }
    let retention = Retention { per_installation: 2, ..KEEP_ALL };
    assert_eq!(prune_all(&database, &retention).await, 4);
    assert_eq!(left(&database).await, ["x4", "x5", "y0", "y1"]);
}

#[tokio::test]
async fn the_oldest_go_when_all_take_too_many_bytes() {
    let (database, _guard) = fresh().await;
    for number in 0..20 {
        ended(&database, new_run(&format!("run_{number:02}"), 1), 10 + number, 100_000).await;
    }
    let retention = Retention { bytes: 1_200_000, ..KEEP_ALL };
    let deleted = prune_all(&database, &retention).await;
    let left = left(&database).await;
    assert_eq!(left.len() as u64, 20 - deleted);
    assert_eq!(left.last().map(String::as_str), Some("run_19"));
    assert!((8..=11).contains(&left.len()), "{left:?}");
    assert_eq!(prune_all(&database, &Retention { bytes: 0, ..KEEP_ALL }).await, left.len() as u64);
}

#[tokio::test]
async fn a_run_that_has_not_ended_is_never_deleted() {
    let (database, _guard) = fresh().await;
    let unknown = started(&database, "unknown").await;
    database.append(&unknown, becoming(Becomes::OutcomeUnknown)).await.unwrap();
    let waiting = started(&database, "waiting").await;
    database.append(&waiting, becoming(Becomes::Waiting { due: None })).await.unwrap();
    started(&database, "running").await;
    start(&database, new_run("queued", 1)).await;
    let nothing = Retention { ended_before: Timestamp::MAX, per_installation: 0, bytes: 0 };
    assert_eq!(prune_all(&database, &nothing).await, 0);
    assert_eq!(left(&database).await, ["queued", "running", "unknown", "waiting"]);
}

#[tokio::test]
async fn a_large_run_is_deleted_in_parts_from_its_end() {
    let (database, _guard) = fresh().await;
    let events = (0..5_000).map(|number| event(&format!("each[{number}]"), 1, "ended")).collect();
    ended(&database, NewRun { events, ..new_run("long", 1) }, 5, 10).await;
    ended(&database, new_run("wide", 1), 6, 20 << 20).await;
    let retention = Retention { ended_before: at(10), ..KEEP_ALL };
    let first = database.prune(&retention).await.unwrap();
    assert_eq!(first, PruneReport { runs: 0, more: true });
    let rest = database.events(&id("long"), 0, 10_000).await.unwrap();
    assert!(rest.len() > 2_000 && rest.len() < 5_000, "{}", rest.len());
    assert_eq!(database.run(&id("long")).await.unwrap().unwrap().last_seq, rest.len() as u64);
    assert_eq!(prune_all(&database, &retention).await, 2);
    assert_eq!((rows(&database, "runs").await, rows(&database, "run_events").await), (0, 0));
}

#[tokio::test]
async fn the_file_shrinks_with_what_is_in_it() {
    let (database, folder) = fresh().await;
    let file = folder.path().join(RUNS_FILE);
    for batch in 0..30 {
        let runs = (batch * 100..(batch + 1) * 100).map(|number| {
            let installation = format!("ins_{}", number % 25);
            (of_installation(&format!("run_{number:04}"), &installation, 5, number), number + 1)
        });
        all_ended(&database, runs.collect(), 2_000).await;
    }
    let full = fs::metadata(&file).unwrap().len();
    let retention = Retention { ended_before: at(2_701), ..KEEP_ALL };
    assert_eq!(prune_all(&database, &retention).await, 2_700);
    assert_eq!(fs::metadata(folder.path().join(format!("{RUNS_FILE}-wal"))).unwrap().len(), 0);
    let pruned = fs::metadata(&file).unwrap().len();
    // What the rest takes in a file of its own.
    let copy = folder.path().join("copy.db");
    sqlx::query("VACUUM INTO ?").bind(copy.to_str().unwrap()).execute(&database.reader).await.unwrap();
    let live = fs::metadata(&copy).unwrap().len();
    assert!(pruned * 5 <= live * 6, "{pruned} bytes for {live} bytes of live data, {full} before");
    assert_counters_are_right(&database).await;
}

#[tokio::test]
async fn deleting_a_user_deletes_everything_of_them() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "running").await;
    for number in 0..250 {
        start(&database, new_run(&format!("run_{number}"), 1)).await;
    }
    let bobs = NewRun { owner: user("bob"), ..of_installation("bobs", "ins_bob", 5, 1) };
    start(&database, bobs).await;
    for (installation, owner) in [("ins_1", "ann"), ("ins_bob", "bob")] {
        let kind = TriggerKind::Manual;
        let row =
            TriggerRow { installation: installation.into(), owner: user(owner), revision: 1, kind, is_paused: false };
        database.put_trigger(&row).await.unwrap();
    }
    database.delete_owner(&user("ann")).await.unwrap();
    assert_eq!(left(&database).await, ["bobs"]);
    assert_eq!(database.trigger_revisions("", 10).await.unwrap(), [("ins_bob".to_owned(), 1)]);
    for (table, count) in [("definitions", 1), ("run_events", 1), ("run_queues", 1)] {
        assert_eq!(rows(&database, table).await, count, "{table}");
    }
    let late = database.append(&lease, becoming(Becomes::Ended(EndStatus::Succeeded))).await;
    assert_eq!(late, Err(AppendError::Fenced));
    assert_counters_are_right(&database).await;
}
