//! Places in a queue: how many runs of an installation go on at once, and what becomes of one more.

use workway_runs::{Becomes, Concurrency, OnLimit, RunStatus, RunStore, Started};

use super::*;

fn limited(name: &str, limit: u32, on_limit: OnLimit, created_at: i64) -> NewRun {
    NewRun { concurrency: Concurrency { limit, on_limit }, ..new_run(name, created_at) }
}

#[tokio::test]
async fn limit_1_runs_one_after_another_and_does_not_block_itself() {
    let (database, _guard) = fresh().await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    for (name, created_at) in [("first", 1), ("second", 2), ("third", 3)] {
        start(&database, limited(name, 1, OnLimit::Queue, created_at)).await;
    }
    let leases = claim(&database, "w", 10).await;
    assert_eq!(names(&leases), ["first"]);
    // It occupies its place while it waits, and gets on when it is due again.
    database.append(&leases[0], becoming(Becomes::Waiting { due: Some(at(20)) })).await.unwrap();
    assert_eq!(claim(&database, "w", 19).await, []);
    let leases = claim(&database, "w", 20).await;
    assert_eq!(names(&leases), ["first"]);
    end(&database, &leases[0]).await;
    for name in ["second", "third"] {
        let leases = claim(&database, "w", 20).await;
        assert_eq!(names(&leases), [name]);
        end(&database, &leases[0]).await;
    }
    assert_counters_are_right(&database).await;
}

#[tokio::test]
async fn the_place_of_a_dead_worker_is_not_lost() {
    let (database, _guard) = fresh().await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    for name in ["first", "second"] {
        start(&database, limited(name, 1, OnLimit::Queue, 1)).await;
    }
    assert_eq!(names(&claim(&database, "w", 2).await), ["first"]);
    database.renew(&worker("other"), at(1_000)).await.unwrap();
    let leases = claim(&database, "other", 101).await;
    assert_eq!(names(&leases), ["first"]);
    end(&database, &leases[0]).await;
    assert_eq!(names(&claim(&database, "other", 101).await), ["second"]);
}

#[tokio::test]
async fn an_installation_at_its_limit_does_not_block_others() {
    let (database, _guard) = fresh().await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    for number in 0..300 {
        start(&database, of_installation(&format!("busy_{number}"), "busy", 2, 1)).await;
    }
    start(&database, of_installation("other", "other", 2, 5)).await;
    let leases = database.claim(&worker("w"), at(10), 3, &AMPLE).await.unwrap();
    assert_eq!(names(&leases), ["busy_0", "busy_1", "other"]);
    assert_eq!(database.next_due(at(10)).await, Ok(None), "the others wait for a place");
}

#[tokio::test]
async fn a_higher_limit_counts_from_the_next_end_on() {
    let (database, _guard) = fresh().await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    for (name, limit) in [("a", 1), ("b", 1), ("c", 3), ("d", 3), ("e", 3)] {
        start(&database, limited(name, limit, OnLimit::Queue, 1)).await;
    }
    let leases = claim(&database, "w", 2).await;
    assert_eq!(names(&leases), ["a"]);
    end(&database, &leases[0]).await;
    assert_eq!(names(&claim(&database, "w", 2).await), ["b", "c", "d"]);
}

#[tokio::test]
async fn skip_does_not_start_one_more() {
    let (database, _guard) = fresh().await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    for name in ["a", "b"] {
        start(&database, limited(name, 2, OnLimit::Skip, 1)).await;
    }
    assert_eq!(database.start(limited("c", 2, OnLimit::Skip, 1), &AMPLE).await, Ok(Started::Skipped));
    assert_eq!(database.run(&id("c")).await, Ok(None));
    let leases = claim(&database, "w", 2).await;
    end(&database, &leases[0]).await;
    start(&database, limited("d", 2, OnLimit::Skip, 2)).await;
}

#[tokio::test]
async fn cancel_running_asks_the_oldest_to_end() {
    let (database, _guard) = fresh().await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    for name in ["a", "b"] {
        start(&database, limited(name, 2, OnLimit::CancelRunning, 1)).await;
    }
    let leases = claim(&database, "w", 2).await;
    start(&database, limited("c", 2, OnLimit::CancelRunning, 3)).await;
    let kinds = async |name: &str| {
        let inbox = database.inbox(&id(name)).await.unwrap();
        inbox.into_iter().map(|message| (message.kind, message.at)).collect::<Vec<_>>()
    };
    assert_eq!(kinds("a").await, [("cancel".to_owned(), at(3))]);
    assert_eq!(kinds("b").await, []);
    assert_eq!(claim(&database, "w", 4).await, []);
    // One that still waits for its place is cancelled too, without waiting for it, and none twice.
    start(&database, limited("d", 2, OnLimit::CancelRunning, 5)).await;
    start(&database, limited("e", 2, OnLimit::CancelRunning, 6)).await;
    assert_eq!([kinds("a").await.len(), kinds("b").await.len(), kinds("c").await.len()], [1, 1, 1]);
    assert_eq!(kinds("d").await, []);
    let cancelled = claim(&database, "w", 6).await;
    assert_eq!(names(&cancelled), ["c"]);
    for lease in leases.iter().chain(&cancelled) {
        database.append(lease, becoming(Becomes::Ended(EndStatus::Cancelled))).await.unwrap();
    }
    assert_eq!(names(&claim(&database, "w", 6).await), ["d", "e"]);
    assert_eq!(status(&database, "a").await, RunStatus::Cancelled);
}

#[tokio::test]
async fn a_queued_run_that_is_cancelled_does_not_wait_for_a_place() {
    let (database, _guard) = fresh().await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    for name in ["a", "b", "c"] {
        start(&database, limited(name, 1, OnLimit::Queue, 1)).await;
    }
    let first = claim(&database, "w", 2).await;
    assert_eq!(database.send(&id("c"), "event", Vec::new(), at(3)).await, Ok(true));
    assert_eq!(claim(&database, "w", 3).await, [], "an event does not begin a run");
    assert_eq!(database.send(&id("c"), "cancel", Vec::new(), at(4)).await, Ok(true));
    let cancelled = claim(&database, "w", 4).await;
    assert_eq!(names(&cancelled), ["c"]);
    end(&database, &cancelled[0]).await;
    assert_eq!(claim(&database, "w", 4).await, [], "the place of the first is taken");
    end(&database, &first[0]).await;
    assert_eq!(names(&claim(&database, "w", 4).await), ["b"]);
}

#[tokio::test]
async fn drafts_of_an_owner_share_a_queue() {
    let (database, _guard) = fresh().await;
    database.renew(&worker("w"), at(100)).await.unwrap();
    for (name, owner) in [("a", "ann"), ("b", "ann"), ("c", "bob")] {
        let run = limited(name, 1, OnLimit::Queue, 1);
        start(&database, NewRun { installation: None, version: None, owner: user(owner), ..run }).await;
    }
    assert_eq!(names(&claim(&database, "w", 2).await), ["a", "c"]);
}
