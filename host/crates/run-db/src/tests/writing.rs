//! The writer: requests that are committed together, a full disk, and closing.

use std::{fs, os::unix::fs::PermissionsExt};

use futures_util::future::join_all;
use workway_runs::{AppendError, Becomes, RunStore, RunStoreError};

use super::*;
use crate::RUNS_FILE;

async fn pragma(database: &RunDatabase, name: &str) -> String {
    let statement = sqlx::AssertSqlSafe(format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"));
    sqlx::query_scalar(statement).fetch_one(&database.reader).await.unwrap()
}

#[tokio::test]
async fn the_file_is_its_owners_alone_and_gives_space_back() {
    let (database, folder) = fresh().await;
    for (name, value) in [("journal_mode", "wal"), ("auto_vacuum", "2"), ("application_id", "1465013582")] {
        assert_eq!(pragma(&database, name).await, value, "{name}");
    }
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
    let loose: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict \
         AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx_%'",
    )
    .fetch_all(&database.reader)
    .await
    .unwrap();
    assert_eq!(loose, [""; 0]);
    database.close().await;
    assert!(!folder.path().join(format!("{RUNS_FILE}-wal")).exists(), "the log was not folded in");
}

#[tokio::test]
async fn what_was_committed_is_there_after_the_process_died() {
    let (database, folder) = fresh().await;
    let lease = started(&database, "run").await;
    database.append(&lease, appending(vec![event("a", 1, "started")])).await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let again = open(copy.path()).await;
    assert_eq!(again.load(&lease).await.unwrap().events.len(), 2);
    drop(database);
    // The file itself opens again without having been closed.
    let again = open(folder.path()).await;
    assert_eq!(again.append(&lease, appending(vec![event("a", 1, "ended")])).await, Ok(3));
}

#[tokio::test]
async fn a_request_that_is_refused_undoes_only_itself() {
    let (database, _guard) = fresh().await;
    let mut leases = Vec::new();
    for number in 0..8 {
        start(&database, of_installation(&format!("run_{number}"), &format!("ins_{number}"), 5, 1)).await;
    }
    database.renew(&worker("w"), at(100)).await.unwrap();
    leases.extend(claim(&database, "w", 1).await);
    leases[2].epoch += 1;
    leases[5].epoch -= 1;
    // On one thread all of them are sent before the writer takes the first: they are in one transaction.
    let appends = join_all(leases.iter().enumerate().map(|(number, lease)| {
        let kind = if number == 3 { "run-started" } else { "ended" };
        database.append(lease, appending(vec![event("", 0, kind)]))
    }));
    let full = RunLimits { queued: 0, ..AMPLE };
    let repeated = NewRun { events: vec![event("a", 1, "ended"), event("a", 1, "ended")], ..new_run("repeated", 1) };
    let (appended, refused, damaged, started) = tokio::join!(
        appends,
        database.start(new_run("refused", 1), &full),
        database.start(repeated, &AMPLE),
        database.start(new_run("new", 1), &AMPLE),
    );
    for (number, result) in appended.into_iter().enumerate() {
        match number {
            2 | 5 => assert_eq!(result, Err(AppendError::Fenced), "{number}"),
            3 => assert!(matches!(result, Err(AppendError::Store(RunStoreError::Damaged(_)))), "{result:?}"),
            _ => assert_eq!(result, Ok(2), "{number}"),
        }
    }
    assert_eq!((refused, started), (Err(RunStoreError::QueueFull), Ok(Started::New)));
    assert!(matches!(damaged, Err(RunStoreError::Damaged(_))), "{damaged:?}");
    for number in 0..8 {
        let events = database.events(&id(&format!("run_{number}")), 0, 10).await.unwrap().len();
        assert_eq!(events, if [2, 3, 5].contains(&number) { 1 } else { 2 }, "{number}");
    }
    for (name, is_there) in [("refused", false), ("repeated", false), ("new", true)] {
        assert_eq!(database.run(&id(name)).await.unwrap().is_some(), is_there, "{name}");
    }
    assert_counters_are_right(&database).await;
}

#[tokio::test]
async fn a_full_disk_refuses_all_and_loses_nothing_that_was_acknowledged() {
    let (database, folder) = fresh().await;
    let large = |name: String| {
        let body = vec![7; 100_000];
        NewRun { events: vec![NewEvent { body, ..event("", 0, "run-started") }], ..new_run(&name, 1) }
    };
    start(&database, large("before".into())).await;
    let mut acknowledged = vec!["before".to_owned()];
    for round in 0..3 {
        database.writer.write(Sql("PRAGMA max_page_count = 1")).await.unwrap();
        let names: Vec<_> = (0..20).map(|number| format!("run_{round}_{number}")).collect();
        let results = join_all(names.iter().map(|name| database.start(large(name.clone()), &AMPLE))).await;
        for (name, result) in names.into_iter().zip(results) {
            assert_eq!(result, Err(RunStoreError::Unavailable("the host's disk is full".into())), "{name}");
            assert_eq!(database.run(&id(&name)).await, Ok(None));
        }
        database.writer.write(Sql("PRAGMA max_page_count = 1000000")).await.unwrap();
        let name = format!("after_{round}");
        start(&database, large(name.clone())).await;
        acknowledged.push(name);
    }
    assert_counters_are_right(&database).await;
    database.close().await;
    let again = open(folder.path()).await;
    for name in acknowledged {
        assert_eq!(again.events(&id(&name), 0, 2).await.unwrap()[0].event.body.len(), 100_000, "{name}");
    }
}

#[tokio::test]
async fn closing_commits_what_waits_and_refuses_what_comes_later() {
    let (database, folder) = fresh().await;
    let starts = join_all(
        (0..20).map(|number| database.start(of_installation(&format!("run_{number}"), "ins_1", 5, 1), &AMPLE)),
    );
    let (started, ()) = tokio::join!(starts, database.close());
    assert!(started.iter().all(|started| *started == Ok(Started::New)), "{started:?}");
    let late = database.start(new_run("late", 1), &AMPLE).await;
    assert_eq!(late, Err(RunStoreError::Unavailable("the host's database of runs is closed".into())));
    database.close().await;
    let again = open(folder.path()).await;
    assert_eq!(again.list(&Default::default(), None, 50).await.unwrap().runs.len(), 20);
}

#[tokio::test]
async fn a_caller_that_gave_up_leaves_nothing_half_done() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    let events = || (0..300).map(|number| event(&format!("each[{number}]"), 1, "ended")).collect::<Vec<_>>();
    let given_up = Append { steps: 1, becomes: Some(Becomes::Runnable), ..appending(events()) };
    let mut append = database.append(&lease, given_up);
    assert!(futures_util::poll!(&mut append).is_pending());
    drop(append);
    database.renew(&worker("w"), at(100)).await.unwrap();
    let run = database.run(&id("run")).await.unwrap().unwrap();
    let stored = database.events(&id("run"), 0, 1_000).await.unwrap().len() as u64;
    assert_eq!(run.last_seq, stored);
    assert_eq!(run.steps, u64::from(stored > 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_and_readers_get_along() {
    let (database, _guard) = fresh().await;
    let tasks = (0..20).map(|number| {
        let database = database.clone();
        tokio::spawn(async move {
            let name = format!("run_{number}");
            let worker = worker(&format!("w{number}"));
            database.renew(&worker, at(100)).await.unwrap();
            start(&database, of_installation(&name, &name, 1, 1)).await;
            let mut leases = Vec::new();
            while leases.is_empty() {
                leases = database.claim(&worker, at(1), 1, &AMPLE).await.unwrap();
                if leases.is_empty() {
                    // Another task took the run, and ends it.
                    return 0;
                }
            }
            for attempt in 1..=30 {
                let durability = if attempt % 10 == 0 { Durability::Power } else { Durability::Process };
                let append = Append { durability, ..appending(vec![event("a", attempt, "failed")]) };
                database.append(&leases[0], append).await.unwrap();
                database.events(&leases[0].run, 0, 100).await.unwrap();
            }
            end(&database, &leases[0]).await;
            1
        })
    });
    let ended: u64 = join_all(tasks).await.into_iter().map(Result::unwrap).sum();
    let counts = database.counts(at(1)).await.unwrap();
    let succeeded = counts.by_status.iter().find(|(status, _)| *status == RunStatus::Succeeded);
    assert_eq!(succeeded.map(|(_, runs)| *runs), Some(ended));
    assert_counters_are_right(&database).await;
}
