//! Lists, and rows that make no sense.

use workway_runs::{Becomes, Place, RunFilter, RunStatus, RunStore, RunStoreError};

use super::*;

/// Six runs of Ann and one of Bob. `run_5` has failed.
async fn several() -> (RunDatabase, tempfile::TempDir) {
    let (database, guard) = fresh().await;
    for number in 0..6 {
        let installation = if number % 2 == 0 { "even" } else { "odd" };
        start(&database, of_installation(&format!("run_{number}"), installation, 5, number)).await;
    }
    let draft = NewRun { installation: None, origin: Origin::Draft, workflow: "wf_2".into(), ..new_run("run_6", 6) };
    start(&database, NewRun { owner: user("bob"), ..draft }).await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    let leases = database.claim(&worker("w"), at(10), 10, &AMPLE).await.unwrap();
    for lease in leases {
        let failed = lease.run == id("run_5");
        let becomes = if failed { Becomes::Ended(EndStatus::Failed) } else { Becomes::Runnable };
        database.append(&lease, becoming(becomes)).await.unwrap();
    }
    (database, guard)
}

async fn listed(database: &RunDatabase, filter: RunFilter) -> Vec<String> {
    let page = database.list(&filter, None, 100).await.unwrap();
    assert_eq!(page.next, None);
    page.runs.iter().map(|run| run.id.to_string()).collect()
}

#[tokio::test]
async fn pages_follow_one_another_without_gaps() {
    let (database, _guard) = several().await;
    let filter = RunFilter { owner: Some(user("ann")), ..RunFilter::default() };
    let mut after: Option<Place> = None;
    let mut pages = Vec::new();
    loop {
        let page = database.list(&filter, after.as_ref(), 2).await.unwrap();
        pages.push(page.runs.iter().map(|run| run.id.to_string()).collect::<Vec<_>>());
        after = page.next;
        if after.is_none() {
            break;
        }
        // A run that is newer than the place is on no later page.
        start(&database, new_run(&format!("run_9{}", pages.len()), 90)).await;
    }
    assert_eq!(pages, [["run_5", "run_4"], ["run_3", "run_2"], ["run_1", "run_0"]]);
}

#[tokio::test]
async fn every_filter_filters() {
    let (database, _guard) = several().await;
    let all = RunFilter::default();
    assert_eq!(listed(&database, all.clone()).await.len(), 7);
    let of_ann = RunFilter { owner: Some(user("ann")), ..all.clone() };
    for (filter, runs) in [
        (RunFilter { owner: Some(user("bob")), ..all.clone() }, vec!["run_6"]),
        (RunFilter { installation: Some("even".into()), ..of_ann.clone() }, vec!["run_4", "run_2", "run_0"]),
        (RunFilter { installation: Some("even".into()), owner: Some(user("bob")), ..all.clone() }, vec![]),
        (RunFilter { workflow: Some("wf_2".into()), ..all.clone() }, vec!["run_6"]),
        (RunFilter { status: Some(RunStatus::Failed), ..of_ann.clone() }, vec!["run_5"]),
        (RunFilter { status: Some(RunStatus::Failed), installation: Some("even".into()), ..all.clone() }, vec![]),
        (RunFilter { origin: Some(Origin::Draft), ..all.clone() }, vec!["run_6"]),
        (RunFilter { created_from: Some(at(2)), created_before: Some(at(4)), ..of_ann }, vec!["run_3", "run_2"]),
    ] {
        assert_eq!(listed(&database, filter.clone()).await, runs, "{filter:?}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_none() {
    let (database, _guard) = fresh().await;
    assert_eq!(database.run(&id("nobody")).await, Ok(None));
    assert_eq!(database.definition(&id("nobody")).await, Ok(None));
    assert_eq!(database.events(&id("nobody"), 0, 10).await, Ok(Vec::new()));
    assert_eq!(database.inbox(&id("nobody")).await, Ok(Vec::new()));
    assert_eq!(database.next_due(at(0)).await, Ok(None));
    assert_eq!(database.next_schedule().await, Ok(None));
    assert_eq!(database.counts(at(0)).await.unwrap().oldest_due, None);
}

#[tokio::test]
async fn a_damaged_row_is_named() {
    for damage in [
        "UPDATE runs SET status = 'wailing', started_at = 1",
        "UPDATE runs SET origin = 'dream'",
        "UPDATE runs SET owner = ''",
        "UPDATE runs SET bytes = -1",
    ] {
        let (database, _guard) = fresh().await;
        start(&database, new_run("run", 1)).await;
        for statement in ["PRAGMA ignore_check_constraints = ON", damage] {
            database.writer.write(Sql(statement)).await.unwrap();
        }
        let run = database.run(&id("run")).await;
        assert!(matches!(run, Err(RunStoreError::Damaged(_))), "{damage}: {run:?}");
        let list = database.list(&RunFilter::default(), None, 1).await;
        assert!(matches!(list, Err(RunStoreError::Damaged(_))), "{damage}: {list:?}");
    }
}

#[tokio::test]
async fn a_damaged_trigger_is_named() {
    let (database, _guard) = fresh().await;
    for statement in [
        "PRAGMA ignore_check_constraints = ON",
        "INSERT INTO triggers VALUES ('ins_1', 'ann', 1, 'whim', NULL, NULL, NULL, 0), \
         ('ins_2', 'ann', 1, 'webhook', x'00', NULL, NULL, 0)",
    ] {
        database.writer.write(Sql(statement)).await.unwrap();
    }
    for installation in ["ins_1", "ins_2"] {
        let trigger = database.trigger(installation).await;
        assert!(matches!(trigger, Err(RunStoreError::Damaged(_))), "{trigger:?}");
    }
}
