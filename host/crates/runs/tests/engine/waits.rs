//! Runs that sleep, runs that are cancelled, and both at the same moment.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use workway_model::Timestamp;
use workway_runs::{RunError, RunStatus};

use crate::{
    actions::{Does, step},
    world::{PATIENCE, World, ann, eventually, manual},
};

// Mastra 21003: one cancel cancelled all runs. n8n 7754: a cancel was ignored.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_aborts_the_call_of_its_own_run_only() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install_steps("i", json!([step("a", "app.slow"), step("b", "app.echo")]));
    let host = world.host().await;
    let (one, other) = (host.start("i").await, host.start("i").await);
    world.actions.until_called("app.slow", 2).await;
    let bob = "bob".parse().unwrap();
    assert!(matches!(host.runs.cancel(&bob, &one).await, Err(RunError::Unknown)));
    host.runs.cancel(&ann(), &one).await.unwrap();
    assert_eq!(host.end(&one).await.status, RunStatus::Cancelled);
    assert!(matches!(host.runs.cancel(&ann(), &one).await, Err(RunError::Ended)));
    world.actions.release("app.slow");
    host.end_all(&[other]).await;
    let ended = world.actions.calls_of("a").into_iter().filter(|call| call.has_ended);
    assert_eq!(ended.count(), 1);
    assert_eq!(world.actions.calls_of("b").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_sleeps_is_cancelled_at_once() {
    let world = World::new().await;
    world.stop_clock(Timestamp::now());
    world.install_steps("i", json!([{ "id": "nap", "sleep": "366d" }]));
    let host = world.host().await;
    let run = host.start("i").await;
    host.until_status(&run, RunStatus::Waiting).await;
    host.runs.cancel(&ann(), &run).await.unwrap();
    assert_eq!(host.end(&run).await.status, RunStatus::Cancelled);
}

// Inngest 1433: an event that came just before its wait was missed.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_just_before_the_run_goes_to_sleep_is_not_missed() {
    let world = World::new().await;
    world.stop_clock(Timestamp::now());
    world.install_steps("i", json!([step("a", "app.echo"), { "id": "nap", "sleep": "1d" }]));
    let host = world.host().await;
    for round in 0..60_u32 {
        let run = host.start("i").await;
        // Each round a little later.
        for _ in 0..round * 3 {
            tokio::task::yield_now().await;
        }
        if round % 3 == 0 {
            host.until(&run, |found| found.last_seq > 2).await;
        }
        host.runs.cancel(&ann(), &run).await.unwrap();
        assert_eq!(host.end(&run).await.status, RunStatus::Cancelled, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_sleeping_runs_have_no_task_and_wake_together() {
    const RUNS: u64 = 2_000;
    let world = World::new().await;
    let mut definition = manual(json!([{ "id": "nap", "sleep": "1d" }]));
    definition["concurrency"] = json!({ "limit": 1_000 });
    world.install("i", definition.clone());
    world.install("j", definition);
    let host = world.host().await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    // Those of the host and of its database.
    let few = tasks() + 20;
    for _ in 0..RUNS / 100 {
        join_all((0..50).flat_map(|_| [host.start("i"), host.start("j")])).await;
    }
    eventually("all sleep", || async { host.count(RunStatus::Waiting).await == RUNS }).await;
    eventually("no task is left", || async { tasks() <= few }).await;
    world.set_ahead(86_401);
    eventually("all have ended", || async { host.count(RunStatus::Succeeded).await == RUNS }).await;
    eventually("no task is left", || async { tasks() <= few }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_run_returns_its_output_or_what_it_does_when_patience_ends() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    let mut definition = manual(json!([step("a", "app.slow")]));
    definition["output"] = json!({ "from": "{{ steps.a.output.from }}" });
    world.install("i", definition);
    let host = world.host().await;
    let run = host.start("i").await;
    world.actions.until_called("app.slow", 1).await;
    let (found, output) = host.runs.wait(&ann(), &run, Duration::ZERO).await.unwrap();
    assert_eq!((found.status, output), (RunStatus::Running, None));
    let (runs, waited) = (host.runs.clone(), run.clone());
    let waiting = tokio::spawn(async move { runs.wait(&ann(), &waited, PATIENCE).await });
    world.actions.release("app.slow");
    let (found, output) = waiting.await.unwrap().unwrap();
    assert_eq!((found.status, output), (RunStatus::Succeeded, Some(json!({ "from": "a" }))));
    let bob = "bob".parse().unwrap();
    assert!(matches!(host.runs.wait(&bob, &run, PATIENCE).await, Err(RunError::Unknown)));
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_hear_of_a_run_from_its_start_to_its_end() {
    let world = World::new().await;
    world.install_steps("i", json!([step("a", "app.echo")]));
    let host = world.idle().await;
    let mut changes = host.runs.changes();
    let run = host.start("i").await;
    let told = tokio::time::timeout(PATIENCE, changes.recv()).await.expect("nobody was told of the start");
    assert_eq!(told.unwrap(), run);
    let mut host = host;
    host.work(&world, PATIENCE);
    let ended = async {
        while !host.find(&run).await.status.is_ended() {
            changes.recv().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("nobody was told of the end");
}
