//! Appending under a lease, and the inbox.

use workway_runs::{AppendError, Becomes, RunStatus, RunStore, RunStoreError};

use super::*;

#[tokio::test]
async fn events_are_numbered_without_gaps_and_counted() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    let before = database.run(&id("run")).await.unwrap().unwrap();
    let append =
        Append { steps: 2, worked_millis: 30, ..appending(vec![event("a", 1, "started"), event("b", 1, "started")]) };
    assert_eq!(database.append(&lease, append.clone()).await, Ok(3));
    let next = Append { events: vec![event("a", 1, "ended")], ..append };
    assert_eq!(database.append(&lease, next).await, Ok(4));
    assert_eq!(database.append(&lease, appending(Vec::new())).await, Ok(4));
    let run = database.run(&id("run")).await.unwrap().unwrap();
    assert_eq!((run.last_seq, run.steps, run.worked_millis), (4, 4, 60));
    assert_eq!(run.bytes - before.bytes, "a startedb starteda ended".len() as u64);
    let after = database.events(&id("run"), 2, 1).await.unwrap();
    assert_eq!((after.len(), after[0].seq, after[0].event.path.as_str()), (1, 3, "b"));
}

#[tokio::test]
async fn what_is_there_already_is_refused_with_all_that_came_with_it() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    database.append(&lease, appending(vec![event("a", 1, "ended")])).await.unwrap();
    database.send(&id("run"), "event", Vec::new(), at(2)).await.unwrap();
    let read = vec![database.inbox(&id("run")).await.unwrap()[0].id];
    for count in [1, 1_000] {
        let mut events: Vec<_> = (0..count).map(|number| event(&format!("new[{number}]"), 1, "ended")).collect();
        events.push(event("a", 1, "ended"));
        let becomes = Some(Becomes::Ended(EndStatus::Failed));
        let twice = database.append(&lease, Append { read: read.clone(), becomes, ..appending(events) }).await;
        assert!(matches!(twice, Err(AppendError::Store(RunStoreError::Damaged(_)))), "{twice:?}");
        let run = database.run(&id("run")).await.unwrap().unwrap();
        assert_eq!((run.last_seq, run.status), (2, RunStatus::Running));
        assert_eq!(database.events(&id("run"), 0, 10).await.unwrap().len(), 2);
        assert_eq!(database.inbox(&id("run")).await.unwrap().len(), 1);
    }
    // Another attempt and another kind are other events.
    database.append(&lease, appending(vec![event("a", 2, "ended"), event("a", 1, "failed")])).await.unwrap();
}

#[tokio::test]
async fn an_append_may_have_thousands_of_events() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    let events: Vec<_> = (0..3_000).map(|number| event(&format!("each[{number}]"), 1, "skipped")).collect();
    assert_eq!(database.append(&lease, appending(events)).await, Ok(3_001));
    let loaded = database.load(&lease).await.unwrap();
    assert!(loaded.events.iter().zip(1_u64..).all(|(stored, seq)| stored.seq == seq));
    assert_eq!(loaded.events[3_000].event.path, "each[2999]");
}

#[tokio::test]
async fn a_message_that_came_before_the_wait_is_not_missed() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    assert_eq!(database.load(&lease).await.unwrap().inbox, []);
    // It comes after the worker looked.
    assert_eq!(database.send(&id("run"), "event", b"sealed".to_vec(), at(5)).await, Ok(true));
    database.append(&lease, becoming(Becomes::Waiting { due: Some(at(1_000)) })).await.unwrap();
    assert_eq!(status(&database, "run").await, RunStatus::Waiting);
    let leases = claim(&database, "w", 5).await;
    let inbox = database.load(&leases[0]).await.unwrap().inbox;
    assert_eq!((inbox[0].kind.as_str(), &*inbox[0].body, inbox[0].at), ("event", &b"sealed"[..], at(5)));
    // What was read does not wake it.
    let waiting = Append { read: vec![inbox[0].id], ..becoming(Becomes::Waiting { due: None }) };
    database.append(&leases[0], waiting).await.unwrap();
    assert_eq!(claim(&database, "w", 90).await, []);
    assert_eq!(database.next_due(at(0)).await, Ok(None));
    assert_eq!(database.send(&id("run"), "event", Vec::new(), at(91)).await, Ok(true));
    assert_eq!(names(&claim(&database, "w", 91).await), ["run"]);
}

#[tokio::test]
async fn the_earlier_of_a_timer_and_a_message_counts() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    database.append(&lease, becoming(Becomes::Waiting { due: Some(at(20)) })).await.unwrap();
    database.send(&id("run"), "event", Vec::new(), at(30)).await.unwrap();
    assert_eq!(database.run(&id("run")).await.unwrap().unwrap().due, Some(at(20)));
    database.send(&id("run"), "event", Vec::new(), at(10)).await.unwrap();
    assert_eq!(database.run(&id("run")).await.unwrap().unwrap().due, Some(at(10)));
}

#[tokio::test]
async fn messages_of_another_run_are_not_deleted() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    start(&database, new_run("other", 1)).await;
    database.send(&id("other"), "event", Vec::new(), at(2)).await.unwrap();
    let read = vec![database.inbox(&id("other")).await.unwrap()[0].id];
    database.append(&lease, Append { read, ..appending(Vec::new()) }).await.unwrap();
    assert_eq!(database.inbox(&id("other")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_worker_that_shuts_down_gives_its_runs_back() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    database.append(&lease, becoming(Becomes::Runnable)).await.unwrap();
    database.renew(&worker("other"), at(100)).await.unwrap();
    let taken = claim(&database, "other", 2).await;
    assert_eq!((names(&taken), taken[0].epoch), (vec!["run"], 2));
    assert_eq!(database.run(&id("run")).await.unwrap().unwrap().started_at, Some(at(1)));
}

#[tokio::test]
async fn an_unknown_outcome_waits_for_a_message() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    let unknown = Append { events: vec![event("a", 1, "outcome-unknown")], ..becoming(Becomes::OutcomeUnknown) };
    database.append(&lease, unknown).await.unwrap();
    assert_eq!(status(&database, "run").await, RunStatus::OutcomeUnknown);
    assert_eq!(claim(&database, "w", 90).await, []);
    assert_eq!(database.send(&id("run"), "resolve", Vec::new(), at(91)).await, Ok(true));
    assert_eq!(names(&claim(&database, "w", 91).await), ["run"]);
}

#[tokio::test]
async fn a_run_ends_at_the_time_of_its_last_event_and_takes_no_messages() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    database.send(&id("run"), "cancel", Vec::new(), at(2)).await.unwrap();
    let last = NewEvent { at: at(77), ..event("", 0, "run-ended") };
    let ended = Append { events: vec![last], ..becoming(Becomes::Ended(EndStatus::Cancelled)) };
    assert_eq!(database.append(&lease, ended).await, Ok(2));
    let run = database.run(&id("run")).await.unwrap().unwrap();
    assert_eq!((run.status, run.ended_at, run.due), (RunStatus::Cancelled, Some(at(77)), None));
    assert_eq!(database.inbox(&id("run")).await.unwrap(), []);
    assert_eq!(database.send(&id("run"), "event", Vec::new(), at(80)).await, Ok(false));
    assert_eq!(database.send(&id("nobody"), "event", Vec::new(), at(80)).await, Ok(false));
}
