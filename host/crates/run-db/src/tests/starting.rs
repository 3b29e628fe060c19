//! Starting runs: dedupe keys, full queues, and what is stored.

use workway_runs::{RunLimits, RunStatus, RunStore, RunStoreError, Started};

use super::*;

fn with_key(name: &str, key: &str) -> NewRun {
    NewRun { dedupe: Some(key.into()), ..new_run(name, 1) }
}

#[tokio::test]
async fn a_run_is_stored_as_it_was_given() {
    let (database, _guard) = fresh().await;
    let run = NewRun { retry_of: Some(id("before")), ..with_key("run", "key") };
    let events = vec![event("", 0, "run-started"), event("a", 1, "started"), event("a", 1, "ended")];
    start(&database, NewRun { events: events.clone(), ..run.clone() }).await;
    let summary = database.run(&id("run")).await.unwrap().unwrap();
    assert_eq!((summary.owner, summary.installation, summary.workflow), (run.owner, run.installation, run.workflow));
    assert_eq!((summary.version, summary.origin, summary.retry_of), (Some(3), Origin::Webhook, Some(id("before"))));
    assert_eq!((summary.status, summary.created_at, summary.due), (RunStatus::Queued, at(1), Some(at(1))));
    assert_eq!((summary.started_at, summary.ended_at, summary.steps, summary.worked_millis), (None, None, 0, 0));
    let bytes: usize = events.iter().map(|event| event.body.len()).sum();
    assert_eq!((summary.last_seq, summary.bytes), (3, bytes as u64));
    let stored = database.events(&id("run"), 0, 10).await.unwrap();
    assert_eq!(stored.iter().map(|stored| stored.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(stored.into_iter().map(|stored| stored.event).collect::<Vec<_>>(), events);
    assert_eq!(database.definition(&id("run")).await, Ok(Some(run.definition)));
}

#[tokio::test]
async fn a_second_run_with_a_key_is_the_first_one() {
    let (database, _guard) = fresh().await;
    start(&database, with_key("run", "key")).await;
    assert_eq!(database.start(with_key("again", "key"), &AMPLE).await, Ok(Started::Known(id("run"))));
    // Keys of another installation, of drafts, and of another owner's drafts are other keys.
    start(&database, NewRun { installation: Some("ins_2".into()), ..with_key("other", "key") }).await;
    start(&database, NewRun { installation: None, ..with_key("draft", "key") }).await;
    start(&database, NewRun { installation: None, owner: user("bob"), ..with_key("bobs", "key") }).await;
    let again = NewRun { installation: None, ..with_key("again", "key") };
    assert_eq!(database.start(again, &AMPLE).await, Ok(Started::Known(id("draft"))));
    assert_eq!(database.run(&id("again")).await, Ok(None));
}

#[tokio::test]
async fn a_key_is_kept_after_the_end_and_known_in_a_full_queue() {
    let (database, _guard) = fresh().await;
    let none = RunLimits { queued: 0, ..AMPLE };
    database.renew(&worker("w"), at(100)).await.unwrap();
    start(&database, with_key("run", "key")).await;
    end(&database, &claim(&database, "w", 1).await[0]).await;
    assert_eq!(database.start(with_key("again", "key"), &none).await, Ok(Started::Known(id("run"))));
    assert_eq!(database.start(with_key("new", "other"), &none).await, Err(RunStoreError::QueueFull));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_starts_with_a_key_wins() {
    let (database, _guard) = fresh().await;
    let starts = (0..100).map(|number| {
        let database = database.clone();
        tokio::spawn(async move {
            let run = with_key(&format!("run_{number}"), &format!("key {}", number % 5));
            let started = database.start(run, &AMPLE).await.unwrap();
            (number % 5, if started == Started::New { id(&format!("run_{number}")) } else { known(started) })
        })
    });
    let mut winners: Vec<_> = futures_util::future::join_all(starts).await.into_iter().map(Result::unwrap).collect();
    winners.sort();
    winners.dedup();
    assert_eq!(winners.len(), 5);
    assert_eq!(database.list(&Default::default(), None, 100).await.unwrap().runs.len(), 5);
}

fn known(started: Started) -> RunId {
    match started {
        Started::Known(run) => run,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_full_queue_refuses_one_more_and_leaves_nothing_of_it() {
    let (database, _guard) = fresh().await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    let limits = RunLimits { queued_per_installation: 2, queued: 3, ..AMPLE };
    let try_start =
        async |name: &str, installation: &str| database.start(of_installation(name, installation, 1, 1), &limits).await;
    for name in ["a", "b"] {
        assert_eq!(try_start(name, "ins_1").await, Ok(Started::New));
    }
    assert_eq!(try_start("c", "ins_1").await, Err(RunStoreError::QueueFull));
    assert_eq!(try_start("d", "ins_2").await, Ok(Started::New));
    assert_eq!(try_start("e", "ins_3").await, Err(RunStoreError::QueueFull));
    assert_eq!(database.run(&id("c")).await, Ok(None));
    // What has begun is not in the queue.
    assert_eq!(names(&claim(&database, "w", 2).await), ["a", "d"]);
    assert_eq!(try_start("c", "ins_1").await, Ok(Started::New));
    assert_counters_are_right(&database).await;
}

#[tokio::test]
async fn equal_definitions_of_an_owner_are_stored_once() {
    let (database, _guard) = fresh().await;
    for name in ["a", "b", "c"] {
        start(&database, new_run(name, 1)).await;
    }
    start(&database, NewRun { definition: "{}".into(), ..new_run("d", 1) }).await;
    start(&database, NewRun { owner: user("bob"), ..of_installation("e", "ins_bob", 1, 1) }).await;
    let definitions: i64 =
        sqlx::query_scalar("SELECT count(*) FROM definitions").fetch_one(&database.reader).await.unwrap();
    assert_eq!(definitions, 3);
}

#[tokio::test]
async fn a_run_begins_with_as_many_events_as_a_retry_copies() {
    let (database, _guard) = fresh().await;
    let events: Vec<_> = (0..1_001).map(|number| event(&format!("each[{number}]/note"), 1, "ended")).collect();
    start(&database, NewRun { events: events.clone(), ..new_run("run", 1) }).await;
    let stored = database.events(&id("run"), 0, 2_000).await.unwrap();
    assert!(stored.iter().zip(1_u64..).all(|(stored, seq)| stored.seq == seq));
    assert_eq!(stored.into_iter().map(|stored| stored.event).collect::<Vec<_>>(), events);
}

#[tokio::test]
async fn a_run_whose_events_repeat_is_not_started() {
    let (database, _guard) = fresh().await;
    let events = vec![event("a", 1, "ended"), event("a", 1, "ended")];
    let refused = database.start(NewRun { events, ..new_run("run", 1) }, &AMPLE).await;
    assert!(matches!(refused, Err(RunStoreError::Damaged(_))), "{refused:?}");
    assert_eq!(database.run(&id("run")).await, Ok(None));
    assert_counters_are_right(&database).await;
}
