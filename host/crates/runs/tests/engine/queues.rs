//! How many runs go on at once, and what becomes of one more.

use serde_json::{Value, json};
use workway_runs::{RunFilter, RunId, RunSettings, RunStatus, RunStoreError, StartError};

use crate::{
    actions::{Does, step},
    world::{Host, World, ann, manual},
};

fn limited(limit: u32, on_limit: &str, steps: Value) -> Value {
    let mut definition = manual(steps);
    definition["concurrency"] = json!({ "limit": limit, "on-limit": on_limit });
    definition
}

async fn stored(host: &Host) -> usize {
    host.runs.list(&RunFilter::default(), None, 1_000).await.unwrap().runs.len()
}

async fn start_some(host: &Host, count: usize) -> Vec<RunId> {
    let mut runs = Vec::new();
    for _ in 0..count {
        runs.push(host.start("i").await);
    }
    runs
}

// Kestra 19705: a limit of 1 made a run wait for itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_one_lets_a_run_finish_its_own_loop() {
    let world = World::new().await;
    let each = json!([{ "id": "each", "for-each": "range(10)", "concurrency": 5, "steps": [step("a", "app.echo")] }]);
    world.install("i", limited(1, "queue", each));
    let host = world.host().await;
    let runs = start_some(&host, 3).await;
    host.end_all(&runs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_runs_go_in_the_order_in_which_they_came() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install("i", limited(1, "queue", json!([step("a", "app.slow")])));
    let host = world.host().await;
    let runs = start_some(&host, 6).await;
    world.actions.until_called("app.slow", 1).await;
    assert_eq!(host.count(RunStatus::Queued).await, 5);
    world.actions.release("app.slow");
    host.end_all(&runs).await;
    let path = "a".parse().unwrap();
    let keys: Vec<String> = world.actions.calls().into_iter().map(|call| call.key).collect();
    let expected: Vec<String> = runs.iter().map(|run| workway_runs::idempotency_key(run, &path)).collect();
    assert_eq!(keys, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn skip_starts_nothing_at_the_limit() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install("i", limited(1, "skip", json!([step("a", "app.slow")])));
    let host = world.host().await;
    let run = host.start("i").await;
    assert!(matches!(host.try_start("i").await, Err(StartError::Skipped)));
    assert_eq!(stored(&host).await, 1);
    world.actions.release("app.slow");
    host.end_all(&[run]).await;
    host.end_all(&[host.start("i").await]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_running_cancels_the_oldest_one() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install("i", limited(2, "cancel-running", json!([step("a", "app.slow")])));
    let host = world.host().await;
    let runs = start_some(&host, 2).await;
    world.actions.until_called("app.slow", 2).await;
    let newest = host.start("i").await;
    assert_eq!(host.end(&runs[0]).await.status, RunStatus::Cancelled);
    world.actions.until_called("app.slow", 3).await;
    world.actions.release("app.slow");
    host.end_all(&[runs[1].clone(), newest]).await;
}

// Trigger.dev 2931: a place leaked with its worker, and the queue waited for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_leaks_no_place() {
    let world = World::with(RunSettings { running: 1, running_per_user: 1, ..RunSettings::default() }).await;
    world.actions.on("app.slow", Does::Hangs);
    world.install("i", limited(1, "queue", json!([step("a", "app.slow")])));
    let mut host = world.host().await;
    let runs = start_some(&host, 3).await;
    for crash in 1..4 {
        world.actions.until_called("app.slow", crash).await;
        host.crash();
        host = world.host().await;
    }
    world.actions.release("app.slow");
    host.end_all(&runs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_and_stores_nothing() {
    let world = World::with(RunSettings { queued_per_installation: 2, ..RunSettings::default() }).await;
    world.actions.on("app.slow", Does::Hangs);
    world.install("i", limited(1, "queue", json!([step("a", "app.slow")])));
    let host = world.host().await;
    let mut runs = start_some(&host, 1).await;
    world.actions.until_called("app.slow", 1).await;
    runs.extend(start_some(&host, 2).await);
    let refused = host.try_start("i").await;
    assert!(matches!(refused, Err(StartError::Store(RunStoreError::QueueFull))), "{refused:?}");
    assert_eq!(stored(&host).await, 3);
    world.actions.release("app.slow");
    host.end_all(&runs).await;
    host.end_all(&[host.start("i").await]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_sleep_leave_their_places_on_the_host_to_others() {
    let world = World::with(RunSettings { running: 1, running_per_user: 1, ..RunSettings::default() }).await;
    world.install_steps("i", json!([{ "id": "nap", "sleep": "1d" }]));
    world.install_steps("j", json!([step("a", "app.echo")]));
    let host = world.host().await;
    for run in start_some(&host, 3).await {
        host.until_status(&run, RunStatus::Waiting).await;
    }
    host.end_all(&[host.start("j").await]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_its_turn_can_be_cancelled() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install("i", limited(1, "queue", json!([step("a", "app.slow")])));
    let host = world.host().await;
    let runs = start_some(&host, 3).await;
    world.actions.until_called("app.slow", 1).await;
    host.runs.cancel(&ann(), &runs[1]).await.unwrap();
    assert_eq!(host.end(&runs[1]).await.status, RunStatus::Cancelled);
    world.actions.release("app.slow");
    host.end_all(&[runs[0].clone(), runs[2].clone()]).await;
    assert_eq!(world.actions.calls().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_starts_one_run() {
    let world = World::new().await;
    world.install_steps("i", json!([step("a", "app.echo")]));
    let host = world.host().await;
    let start = || host.runs.start(&ann(), "i", Value::Null, Some("today"));
    let first = start().await.unwrap();
    host.end_all(std::slice::from_ref(&first.run)).await;
    let again = start().await.unwrap();
    assert_eq!((again.run, again.is_new), (first.run, false));
    assert_eq!(world.actions.calls().len(), 1);
}
