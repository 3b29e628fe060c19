//! Triggers: which write counts, which schedule is due, and that a planned time fires once.

use workway_runs::{RunLimits, RunStore, RunStoreError, Started, TriggerKind, TriggerRow};

use super::*;

fn trigger(installation: &str, revision: u64, kind: TriggerKind) -> TriggerRow {
    TriggerRow { installation: installation.into(), owner: user("ann"), revision, kind, is_paused: false }
}

fn schedule(config: u8, next_at: Option<i64>) -> TriggerKind {
    TriggerKind::Schedule { config: [config; 32], next_at: next_at.map(at) }
}

async fn put(database: &RunDatabase, row: TriggerRow) -> TriggerRow {
    database.put_trigger(&row).await.unwrap();
    database.trigger(&row.installation).await.unwrap().unwrap()
}

#[tokio::test]
async fn every_kind_is_stored_and_found() {
    let (database, _guard) = fresh().await;
    let webhook = trigger("ins_1", 1, TriggerKind::Webhook { token: [7; 32] });
    for row in [webhook.clone(), trigger("ins_2", 4, schedule(1, Some(9))), trigger("ins_3", 1, TriggerKind::Manual)] {
        assert_eq!(put(&database, row.clone()).await, row);
    }
    assert_eq!(database.webhook(&[7; 32]).await, Ok(Some(webhook)));
    assert_eq!(database.webhook(&[8; 32]).await, Ok(None));
    let revisions = database.trigger_revisions("ins_1", 5).await.unwrap();
    assert_eq!(revisions, [("ins_2".to_owned(), 4), ("ins_3".to_owned(), 1)]);
    assert_eq!(database.trigger_revisions("", 1).await.unwrap(), [("ins_1".to_owned(), 1)]);
    database.delete_trigger("ins_1").await.unwrap();
    assert_eq!(database.trigger("ins_1").await, Ok(None));
    // An address belongs to one installation.
    put(&database, trigger("ins_4", 1, TriggerKind::Webhook { token: [9; 32] })).await;
    let taken = database.put_trigger(&trigger("ins_5", 1, TriggerKind::Webhook { token: [9; 32] })).await;
    assert!(matches!(taken, Err(RunStoreError::Damaged(_))), "{taken:?}");
}

#[tokio::test]
async fn an_older_revision_changes_nothing() {
    let (database, _guard) = fresh().await;
    let row = trigger("ins_1", 2, TriggerKind::Webhook { token: [7; 32] });
    database.put_trigger(&row).await.unwrap();
    for revision in [1, 2] {
        assert_eq!(put(&database, trigger("ins_1", revision, TriggerKind::Manual)).await, row);
    }
    let newer = trigger("ins_1", 3, TriggerKind::Webhook { token: [8; 32] });
    assert_eq!(put(&database, newer.clone()).await, newer);
    assert_eq!(database.webhook(&[7; 32]).await, Ok(None));
}

#[tokio::test]
async fn an_equal_schedule_keeps_its_next_time() {
    let (database, _guard) = fresh().await;
    database.put_trigger(&trigger("ins_1", 1, schedule(1, Some(10)))).await.unwrap();
    let kept = put(&database, trigger("ins_1", 2, schedule(1, Some(20)))).await;
    assert_eq!(kept, trigger("ins_1", 2, schedule(1, Some(10))));
    let changed = trigger("ins_1", 3, schedule(2, Some(30)));
    assert_eq!(put(&database, changed.clone()).await, changed);
    // What was planned before a pause is not made up for after it.
    let paused = TriggerRow { is_paused: true, ..trigger("ins_1", 4, schedule(2, Some(30))) };
    assert_eq!(put(&database, paused.clone()).await, paused);
    let resumed = trigger("ins_1", 5, schedule(2, Some(90)));
    assert_eq!(put(&database, resumed.clone()).await, resumed);
}

#[tokio::test]
async fn a_schedule_without_a_next_time_is_seen_and_gets_one() {
    let (database, _guard) = fresh().await;
    database.put_trigger(&trigger("ins_1", 1, schedule(1, None))).await.unwrap();
    assert_eq!(database.counts(at(1)).await.unwrap().schedules_without_next, 1);
    assert_eq!(put(&database, trigger("ins_1", 1, schedule(1, Some(9)))).await.kind, schedule(1, Some(9)));
    assert_eq!(put(&database, trigger("ins_1", 1, schedule(1, Some(20)))).await.kind, schedule(1, Some(9)));
    assert_eq!(database.counts(at(1)).await.unwrap().schedules_without_next, 0);
}

#[tokio::test]
async fn due_schedules_come_earliest_first_and_never_paused() {
    let (database, _guard) = fresh().await;
    for (installation, next_at) in [("b", Some(20)), ("a", Some(30)), ("c", Some(10)), ("d", None), ("e", Some(99))] {
        database.put_trigger(&trigger(installation, 1, schedule(1, next_at))).await.unwrap();
    }
    let paused = TriggerRow { is_paused: true, ..trigger("p", 1, schedule(1, Some(1))) };
    database.put_trigger(&paused).await.unwrap();
    let due = database.due_schedules(at(30), 2).await.unwrap();
    assert_eq!(due.iter().map(|row| row.installation.as_str()).collect::<Vec<_>>(), ["c", "b"]);
    assert_eq!(database.due_schedules(at(30), 9).await.unwrap().len(), 3);
    assert_eq!(database.next_schedule().await, Ok(Some(at(10))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planned_time_fires_once() {
    let (database, _guard) = fresh().await;
    database.put_trigger(&trigger("ins_1", 1, schedule(1, Some(10)))).await.unwrap();
    let fires = (0..20).map(|number| {
        let database = database.clone();
        tokio::spawn(async move {
            let run = NewRun { dedupe: Some(format!("{number}")), ..new_run(&format!("run_{number}"), 10) };
            database.fire(run, &AMPLE, at(10), Some(at(20))).await.unwrap()
        })
    });
    let fired: Vec<_> = futures_util::future::join_all(fires).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(fired.iter().filter(|fired| **fired == Some(Started::New)).count(), 1);
    assert_eq!(fired.iter().filter(|fired| fired.is_none()).count(), 19);
    assert_eq!(database.next_schedule().await, Ok(Some(at(20))));
    assert_eq!(database.list(&Default::default(), None, 50).await.unwrap().runs.len(), 1);
}

#[tokio::test]
async fn a_schedule_that_was_changed_or_paused_does_not_fire() {
    let (database, _guard) = fresh().await;
    let paused = TriggerRow { is_paused: true, ..trigger("ins_1", 1, schedule(1, Some(10))) };
    database.put_trigger(&paused).await.unwrap();
    assert_eq!(database.fire(new_run("run", 10), &AMPLE, at(10), None).await, Ok(None));
    database.put_trigger(&trigger("ins_1", 2, schedule(2, Some(15)))).await.unwrap();
    assert_eq!(database.fire(new_run("run", 10), &AMPLE, at(10), None).await, Ok(None));
    database.delete_trigger("ins_1").await.unwrap();
    assert_eq!(database.fire(new_run("run", 10), &AMPLE, at(15), None).await, Ok(None));
    assert_eq!(database.run(&id("run")).await, Ok(None));
}

#[tokio::test]
async fn a_full_queue_leaves_the_schedule_due() {
    let (database, _guard) = fresh().await;
    database.put_trigger(&trigger("ins_1", 1, schedule(1, Some(10)))).await.unwrap();
    let none = RunLimits { queued: 0, ..AMPLE };
    let full = database.fire(new_run("run", 10), &none, at(10), Some(at(20))).await;
    assert_eq!(full, Err(RunStoreError::QueueFull));
    assert_eq!(database.next_schedule().await, Ok(Some(at(10))));
    assert_eq!(database.fire(new_run("run", 10), &AMPLE, at(10), Some(at(20))).await, Ok(Some(Started::New)));
    // A key that is known moves the schedule on, too.
    let known = NewRun { dedupe: Some("key".into()), ..new_run("again", 20) };
    start(&database, NewRun { id: id("first"), ..known.clone() }).await;
    let fired = database.fire(known, &AMPLE, at(20), None).await;
    assert_eq!(fired, Ok(Some(Started::Known(id("first")))));
    assert_eq!(database.next_schedule().await, Ok(None));
}
