//! Claiming, fencing, and what becomes of the runs of a worker that is gone.

use workway_runs::{AppendError, Becomes, RunLimits, RunStatus, RunStore};

use super::*;

#[tokio::test]
async fn the_run_that_is_due_the_longest_is_claimed_first() {
    let (database, _guard) = fresh().await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    for (name, created_at) in [("late", 9), ("early", 3), ("middle", 5), ("future", 50)] {
        start(&database, new_run(name, created_at)).await;
    }
    let leases = database.claim(&worker("w"), at(10), 2, &AMPLE).await.unwrap();
    assert_eq!(names(&leases), ["early", "middle"]);
    assert_eq!(names(&claim(&database, "w", 10).await), ["late"]);
    assert_eq!(database.next_due(at(10)).await, Ok(Some(at(50))));
    assert_eq!(database.next_due(at(50)).await, Ok(None));
}

#[tokio::test]
async fn a_run_is_claimed_by_one_of_many() {
    let (database, _guard) = fresh().await;
    for number in 0..40 {
        start(&database, of_installation(&format!("run_{number}"), &format!("ins_{number}"), 1, 1)).await;
    }
    let claims = (0..8).map(|number| {
        let database = database.clone();
        async move {
            let name = worker(&format!("w{number}"));
            database.renew(&name, at(100)).await.unwrap();
            database.claim(&name, at(2), 7, &AMPLE).await.unwrap()
        }
    });
    let leases: Vec<_> = futures_util::future::join_all(claims).await.into_iter().flatten().collect();
    let mut runs = names(&leases);
    runs.sort_unstable();
    runs.dedup();
    assert_eq!((leases.len(), runs.len()), (40, 40));
}

#[tokio::test]
async fn a_worker_whose_run_was_taken_is_fenced() {
    let (database, _guard) = fresh().await;
    let slow = started(&database, "run").await;
    database.renew(&worker("other"), at(1_000)).await.unwrap();
    assert_eq!(claim(&database, "other", 100).await, [], "the lease lasts until 100");
    let taken = claim(&database, "other", 101).await;
    assert_eq!((names(&taken), taken[0].epoch), (vec!["run"], slow.epoch + 1));
    database.append(&taken[0], appending(vec![event("a", 1, "started")])).await.unwrap();

    let late = database.append(&slow, appending(vec![event("a", 1, "ended")])).await;
    assert_eq!(late, Err(AppendError::Fenced));
    assert_eq!(database.append(&slow, becoming(Becomes::Runnable)).await, Err(AppendError::Fenced));
    assert!(matches!(database.load(&slow).await, Err(AppendError::Fenced)));
    assert_eq!(database.events(&id("run"), 0, 10).await.unwrap().len(), 2);
    assert_eq!(database.load(&taken[0]).await.unwrap().events.len(), 2);
}

#[tokio::test]
async fn a_late_completion_does_not_touch_a_run_that_ended() {
    let (database, _guard) = fresh().await;
    let slow = started(&database, "run").await;
    database.renew(&worker("other"), at(1_000)).await.unwrap();
    let taken = claim(&database, "other", 101).await;
    end(&database, &taken[0]).await;
    let late = database.append(&slow, becoming(Becomes::Ended(EndStatus::Failed))).await;
    assert_eq!(late, Err(AppendError::Fenced));
    assert_eq!(database.append(&taken[0], appending(Vec::new())).await, Err(AppendError::Fenced));
    assert_eq!(status(&database, "run").await, RunStatus::Succeeded);
}

#[tokio::test]
async fn a_worker_past_its_lease_goes_on_while_nobody_takes_its_run() {
    let (database, _guard) = fresh().await;
    let lease = started(&database, "run").await;
    assert_eq!(claim(&database, "w", 200).await, [], "it has no lease itself");
    assert_eq!(database.append(&lease, appending(vec![event("a", 1, "started")])).await, Ok(2));
    database.renew(&worker("w"), at(300)).await.unwrap();
    assert_eq!(claim(&database, "w", 200).await, [], "it has the run already");
    end(&database, &lease).await;
}

#[tokio::test]
async fn runs_of_a_buried_worker_are_due_at_once() {
    let (database, _guard) = fresh().await;
    let lost = started(&database, "run").await;
    database.renew(&worker("other"), at(100)).await.unwrap();
    assert_eq!(claim(&database, "other", 2).await, []);
    database.bury(&worker("w")).await.unwrap();
    assert_eq!(database.workers().await.unwrap(), [(worker("other"), at(100))]);
    assert_eq!(names(&claim(&database, "other", 2).await), ["run"]);
    assert_eq!(database.append(&lost, appending(Vec::new())).await, Err(AppendError::Fenced));
}

#[tokio::test]
async fn a_worker_that_is_not_registered_gets_nothing() {
    let (database, _guard) = fresh().await;
    start(&database, new_run("run", 1)).await;
    assert_eq!(claim(&database, "stranger", 2).await, []);
}

#[tokio::test]
async fn limits_of_users_and_the_host_count_leases_that_have_not_ended() {
    let (database, _guard) = fresh().await;
    let limits = RunLimits { running_per_user: 2, running: 3, ..AMPLE };
    for (number, owner) in ["ann", "ann", "ann", "bob", "bob"].into_iter().enumerate() {
        let run = NewRun { owner: user(owner), ..of_installation(&format!("run_{number}"), owner, 5, 1) };
        start(&database, run).await;
    }
    database.renew(&worker("w"), at(100)).await.unwrap();
    let taken = database.claim(&worker("w"), at(2), 10, &limits).await.unwrap();
    assert_eq!(names(&taken), ["run_0", "run_1", "run_3"]);
    assert_eq!(database.claim(&worker("w"), at(2), 10, &limits).await.unwrap(), []);

    // Waiting costs nothing.
    database.append(&taken[2], becoming(Becomes::Waiting { due: None })).await.unwrap();
    assert_eq!(names(&database.claim(&worker("w"), at(2), 10, &limits).await.unwrap()), ["run_4"]);

    // The worker dies. Its leases end, and with them what they occupied.
    database.renew(&worker("other"), at(1_000)).await.unwrap();
    assert_eq!(database.claim(&worker("other"), at(100), 10, &limits).await.unwrap(), []);
    let taken = database.claim(&worker("other"), at(101), 10, &limits).await.unwrap();
    assert_eq!(names(&taken), ["run_0", "run_1", "run_4"]);
}

#[tokio::test]
async fn a_user_at_the_limit_does_not_block_others() {
    let (database, _guard) = fresh().await;
    let limits = RunLimits { running_per_user: 1, ..AMPLE };
    for number in 0..50 {
        start(&database, of_installation(&format!("ann_{number}"), &format!("ins_{number}"), 5, 1)).await;
    }
    start(&database, NewRun { owner: user("bob"), ..of_installation("bob", "ins_bob", 5, 2) }).await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    let taken = database.claim(&worker("w"), at(3), 3, &limits).await.unwrap();
    assert_eq!(names(&taken), ["ann_0", "bob"]);
}

#[tokio::test]
async fn operators_see_leases_past_their_end() {
    let (database, _guard) = fresh().await;
    started(&database, "run").await;
    start(&database, new_run("other", 7)).await;
    let counts = database.counts(at(100)).await.unwrap();
    assert_eq!((counts.expired_leases, counts.oldest_due), (0, Some(at(7))));
    let counts = database.counts(at(101)).await.unwrap();
    assert_eq!((counts.expired_leases, counts.oldest_due), (1, Some(at(1))));
    let there: Vec<_> = counts.by_status.into_iter().filter(|(_, runs)| *runs > 0).collect();
    assert_eq!(there, [(RunStatus::Queued, 1), (RunStatus::Running, 1)]);
}
