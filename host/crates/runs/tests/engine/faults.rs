//! Stores that fail for a while, and histories that cannot be read.

use std::sync::atomic::Ordering;

use serde_json::json;
use workway_runs::{
    Concurrency, NewEvent, NewRun, OnLimit, Origin, RunId, RunLimits, RunSettings, RunStatus, RunStore as _,
};

use crate::{
    actions::{Does, step},
    double::Mode,
    world::{World, ann, eventually, manual},
};

fn limited(steps: serde_json::Value) -> serde_json::Value {
    let mut definition = manual(steps);
    definition["concurrency"] = json!({ "limit": 1_000 });
    definition
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_work_goes_on_afterwards() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    let each = json!({ "id": "each", "for-each": "range(3)", "steps": [step("a", "app.echo")] });
    world.install("i", limited(json!([step("slow", "app.slow"), each, step("last", "app.echo")])));
    let host = world.host().await;
    let mut runs = Vec::new();
    for _ in 0..20 {
        runs.push(host.start("i").await);
    }
    world.actions.until_called("app.slow", 20).await;
    host.store.set(Mode::RefusesWrites);
    world.actions.release("app.slow");
    let (appends, claims) = (host.store.count("append"), host.store.count("claim"));
    eventually("all have tried to append", || async { host.store.count("append") >= appends + 40 }).await;
    eventually("runs are looked for", || async { host.store.count("claim") > claims }).await;
    assert!(host.try_start("i").await.is_err(), "a run was acknowledged that is not stored");
    host.store.set(Mode::Works);
    host.end_all(&runs).await;
    assert_eq!(world.actions.calls_of("slow").len(), 20, "a call that had ended was made again");
    assert_eq!(world.actions.calls().len(), 20 * 5);
}

// The driver gave the run up when its inbox could not be read, aborted the call, and kept the run for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_down_aborts_no_call() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.actions.is_risky("app.slow");
    world.install_steps("i", json!([step("slow", "app.slow"), step("last", "app.echo")]));
    let host = world.host().await;
    let run = host.start("i").await;
    world.actions.until_called("app.slow", 1).await;
    host.store.set(Mode::IsDown);
    let looks = host.store.count("inbox");
    eventually("the inbox is looked at", || async { host.store.count("inbox") >= looks + 2 }).await;
    host.store.set(Mode::Works);
    world.actions.release("app.slow");
    host.end_all(std::slice::from_ref(&run)).await;
    let calls = world.actions.calls_of("slow");
    assert!(calls.len() == 1 && calls[0].has_ended, "{calls:?}");
}

// A run that could not be loaded stayed with its worker, and nobody drove it for as long as the worker lived.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_begin_for_a_while_goes_on_afterwards() {
    let world = World::with(RunSettings { running: 1, running_per_user: 1, ..RunSettings::default() }).await;
    world.install_steps("i", json!([step("a", "app.echo")]));
    let mut host = world.idle().await;
    let runs = [host.start("i").await, host.start("i").await];
    world.shelf.is_down.store(true, Ordering::SeqCst);
    host.work(&world, crate::world::PATIENCE);
    eventually("it has tried", || async { host.store.count("load") >= 2 }).await;
    world.shelf.is_down.store(false, Ordering::SeqCst);
    host.end_all(&runs).await;
    assert_eq!(world.actions.calls().len(), 2);
}

// A commit that succeeds while its answer is lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_append_whose_answer_is_lost_is_found_in_the_history() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install("i", limited(json!([step("slow", "app.slow"), step("b", "app.echo"), step("c", "app.echo")])));
    let host = world.host().await;
    let mut runs = Vec::new();
    for _ in 0..5 {
        runs.push(host.start("i").await);
    }
    world.actions.until_called("app.slow", 5).await;
    host.store.set(Mode::Lies);
    let appends = host.store.count("append");
    world.actions.release("app.slow");
    eventually("all have appended", || async { host.store.count("append") >= appends + 10 }).await;
    host.store.set(Mode::Works);
    host.end_all(&runs).await;
    assert_eq!(world.actions.calls_of("slow").len(), 5, "a step that had ended was called again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_be_read_fails_and_gives_its_place_back() {
    let world = World::with(RunSettings { running: 1, running_per_user: 1, ..RunSettings::default() }).await;
    world.install_steps("i", json!([step("a", "app.echo")]));
    let host = world.host().await;
    let body = b"nobody sealed this".to_vec();
    let event = NewEvent { path: String::new(), attempt: 0, kind: "run-started".to_owned(), at: world.now(), body };
    let damaged = NewRun {
        id: RunId::generate(),
        owner: ann(),
        installation: Some("i".to_owned()),
        workflow: "wf_1".to_owned(),
        version: None,
        definition: manual(json!([step("a", "app.echo")])).to_string(),
        origin: Origin::Manual,
        dedupe: None,
        retry_of: None,
        concurrency: Concurrency { limit: 5, on_limit: OnLimit::Queue },
        created_at: world.now(),
        events: vec![event],
    };
    let limits = RunLimits { running_per_user: 1, running: 1, queued_per_installation: 10, queued: 10 };
    let run = damaged.id.clone();
    host.store.start(damaged, &limits).await.unwrap();
    assert_eq!(host.end(&run).await.status, RunStatus::Failed);
    host.end_all(&[host.start("i").await]).await;
}
