//! Hosts that die without a goodbye, and what the next one makes of it.

use std::collections::HashMap;

use serde_json::json;
use workway_model::Timestamp;
use workway_reducer::{EventKind, StepPath};
use workway_runs::{RunError, RunId, RunStatus, idempotency_key};

use crate::{
    actions::{Does, step},
    world::{Host, World, ann},
};

const CRASHES: usize = 6;
const RUNS: usize = 40;

/// The keys of steps that ended, as the history says.
async fn ended_keys(host: &Host, runs: &[RunId]) -> Vec<String> {
    let mut keys = Vec::new();
    for run in runs {
        let ended = host.events(run).await.into_iter().filter(|event| matches!(event.kind, EventKind::Ended { .. }));
        keys.extend(ended.map(|event| idempotency_key(run, &event.path)));
    }
    keys
}

fn calls_by_key(world: &World) -> HashMap<String, usize> {
    let mut calls = HashMap::new();
    for call in world.actions.calls() {
        *calls.entry(call.key).or_default() += 1;
    }
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_run_ends_and_no_step_that_ended_is_called_again() {
    let world = World::new().await;
    world.stop_clock(Timestamp::now());
    world.install_steps(
        "i",
        json!([
            step("first", "app.echo"),
            { "id": "each", "for-each": "range(4)", "concurrency": 3, "steps": [step("a", "app.echo"), step("b", "app.echo")] },
            { "id": "both", "parallel": [{ "steps": [step("l", "app.echo")] }, { "steps": [step("r", "app.echo")] }] },
            step("last", "app.echo")
        ]),
    );
    let mut host = world.host().await;
    let mut runs = Vec::new();
    let mut ended_before: Vec<(String, usize)> = Vec::new();
    for crash in 0..CRASHES {
        for _ in 0..RUNS / CRASHES + 1 {
            runs.push(host.start("i").await);
        }
        // Somewhere in the middle of what there is to do: 12 calls a run.
        let random = usize::from(uuid::Uuid::now_v7().as_bytes()[15]) % 40;
        let calls = world.actions.calls().len();
        let enough = (calls + random).min(runs.len() * 12 - 5);
        world.actions.until_called("app.echo", enough).await;
        host.crash();
        // Nobody works between the two.
        let reader = world.idle().await;
        let calls = calls_by_key(&world);
        let ended = ended_keys(&reader, &runs).await.into_iter();
        ended_before.extend(ended.filter_map(|key| calls.get(&key).map(|count| (key, *count))));
        for (key, count) in &calls {
            assert!(*count <= crash + 1, "{key} was called {count} times with {crash} crashes");
        }
        drop(reader);
        host = world.host().await;
    }
    host.end_all(&runs).await;
    let calls = calls_by_key(&world);
    for (key, count) in ended_before {
        assert_eq!(calls[&key], count, "a step that had ended was called again");
    }
    assert_eq!(calls.len(), runs.len() * 12, "every step has one key of its own");
    for run in &runs {
        let mut kinds = host.kinds(run).await;
        let all = kinds.len();
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds.len(), all);
    }
}

// n8n 12367: jobs of workers that vanished were never done. Windmill and DBOS notice after 60 seconds. The clock stands still
// here, so that no lease ends: the host finds the dead one by its lock.
#[tokio::test(flavor = "multi_thread")]
async fn runs_of_a_dead_host_go_on_before_its_lease_ends() {
    let world = World::new().await;
    world.stop_clock(Timestamp::now());
    world.actions.on("app.slow", Does::Hangs);
    world.install("i", limited(json!([step("slow", "app.slow")])));
    let host = world.host().await;
    let mut runs = Vec::new();
    for _ in 0..20 {
        runs.push(host.start("i").await);
    }
    world.actions.until_called("app.slow", 20).await;
    host.crash();
    let host = world.host().await;
    world.actions.until_called("app.slow", 40).await;
    world.actions.release("app.slow");
    host.end_all(&runs).await;
    let calls = calls_by_key(&world);
    assert_eq!(calls.len(), 20);
    assert!(calls.values().all(|count| *count == 2));
}

// A process that is killed leaves its file behind, without the lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_its_lock_is_a_dead_host() {
    let world = World::new().await;
    world.stop_clock(Timestamp::now());
    world.actions.on("app.slow", Does::Hangs);
    world.install_steps("i", json!([step("slow", "app.slow")]));
    let host = world.host().await;
    let run = host.start("i").await;
    world.actions.until_called("app.slow", 1).await;
    let folder = world.folder.path().join("workers");
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(names.len(), 1);
    host.crash();
    crate::world::eventually("the file is gone", || async { !names[0].exists() }).await;
    std::fs::write(&names[0], "").unwrap();
    let host = world.host().await;
    world.actions.until_called("app.slow", 2).await;
    world.actions.release("app.slow");
    host.end_all(&[run]).await;
    assert!(!names[0].exists(), "the file of a dead host stays");
}

fn limited(steps: serde_json::Value) -> serde_json::Value {
    let mut definition = crate::world::manual(steps);
    definition["concurrency"] = json!({ "limit": 1_000 });
    definition
}

/// A run whose step may have had its effect when the host died.
async fn unknown(world: &World) -> (Host, RunId) {
    world.actions.on("app.pay", Does::Hangs);
    world.actions.is_risky("app.pay");
    let mut definition = crate::world::manual(json!([step("pay", "app.pay"), step("after", "app.echo")]));
    definition["output"] = json!("{{ steps.pay.output }}");
    world.install("i", definition);
    let host = world.host().await;
    let run = host.start("i").await;
    world.actions.until_called("app.pay", 1).await;
    host.crash();
    world.actions.release("app.pay");
    let host = world.host().await;
    host.until_status(&run, RunStatus::OutcomeUnknown).await;
    (host, run)
}

fn pay() -> StepPath {
    "pay".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_repeated_is_asked_about_and_goes_on_with_the_answer() {
    let world = World::new().await;
    let (host, run) = unknown(&world).await;
    assert!(host.kinds(&run).await.contains(&"pay#1 outcome-unknown".to_owned()));
    let (waited, _) = host.runs.wait(&ann(), &run, crate::world::PATIENCE).await.unwrap();
    assert_eq!(waited.status, RunStatus::OutcomeUnknown, "nobody was told that the run needs somebody");
    let other = "after".parse().unwrap();
    assert!(matches!(host.runs.resolve(&ann(), &run, &other, None).await, Err(RunError::NotUnknown(_))));
    host.runs.resolve(&ann(), &run, &pay(), Some(json!({ "paid": true }))).await.unwrap();
    assert_eq!(host.output(&run).await, json!({ "paid": true }));
    assert_eq!(world.actions.calls_of("pay").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_no_effect_is_repeated_with_the_same_key_if_somebody_says_so() {
    let world = World::new().await;
    let (host, run) = unknown(&world).await;
    // A restart changes nothing about it.
    host.crash();
    let host = world.host().await;
    host.runs.resolve(&ann(), &run, &pay(), None).await.unwrap();
    assert_eq!(host.output(&run).await, json!({ "from": "pay" }));
    let calls = world.actions.calls_of("pay");
    assert_eq!(calls.iter().map(|call| call.attempt).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(calls[0].key, calls[1].key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_an_unknown_outcome_can_be_cancelled() {
    let world = World::new().await;
    let (host, run) = unknown(&world).await;
    host.runs.cancel(&ann(), &run).await.unwrap();
    assert_eq!(host.end(&run).await.status, RunStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleep_and_a_retry_outlast_the_host() {
    let world = World::new().await;
    world.install_steps("i", json!([{ "id": "nap", "sleep": "1d" }, step("after", "app.echo")]));
    let host = world.host().await;
    let run = host.start("i").await;
    let before = host.until_status(&run, RunStatus::Waiting).await;
    host.crash();
    let host = world.host().await;
    assert_eq!(host.find(&run).await.due, before.due);
    world.set_ahead(86_401);
    host.end_all(&[run]).await;
}
