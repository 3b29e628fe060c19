//! Triggers follow from installations, and runs end with them.

use serde_json::json;
use workway_model::Timestamp;
use workway_runs::{RunError, RunId, RunStatus, StartError, TriggerKind};

use crate::{
    actions::{Does, step},
    world::{Host, World, ann, eventually, manual},
};

fn uninstall(world: &World) {
    world.shelf.change("i", |installation| {
        installation.is_uninstalled = true;
        installation.secrets.clear();
    });
}

/// A run that sleeps, one with a call in flight, and one that waits for its turn.
async fn three_runs(world: &World) -> (Host, Vec<RunId>) {
    world.actions.on("app.slow", Does::Hangs);
    let mut definition = manual(json!([
        { "id": "nap", "if": "trigger == 'nap'", "sleep": "1d" }, step("slow", "app.slow")
    ]));
    definition["concurrency"] = json!({ "limit": 2 });
    world.install("i", definition);
    let host = world.host().await;
    let asleep = host.runs.start(&ann(), "i", json!("nap"), None).await.unwrap().run;
    host.until_status(&asleep, RunStatus::Waiting).await;
    let called = host.start("i").await;
    world.actions.until_called("app.slow", 1).await;
    let queued = host.start("i").await;
    (host, vec![asleep, called, queued])
}

async fn all_are_cancelled(host: &Host, runs: &[RunId]) {
    for run in runs {
        assert_eq!(host.end(run).await.status, RunStatus::Cancelled, "{:?}", host.kinds(run).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uninstalling_cancels_the_runs_and_removes_the_trigger() {
    let world = World::new().await;
    let (host, runs) = three_runs(&world).await;
    host.runs.follow("i").await.unwrap();
    assert!(host.runs.trigger("i").await.unwrap().is_some());
    uninstall(&world);
    host.runs.follow("i").await.unwrap();
    all_are_cancelled(&host, &runs).await;
    assert!(host.runs.trigger("i").await.unwrap().is_none());
    assert!(matches!(host.try_start("i").await, Err(StartError::UnknownInstallation)));
    let repeated = host.runs.repeat(&ann(), &runs[1], Some("slow".parse().unwrap())).await;
    assert!(matches!(repeated, Err(RunError::Start(StartError::UnknownInstallation))), "{repeated:?}");
    assert_eq!(world.actions.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_dies_while_it_uninstalls_cancels_the_runs_at_its_next_start() {
    let world = World::new().await;
    let (host, runs) = three_runs(&world).await;
    uninstall(&world);
    host.crash();
    let host = world.host().await;
    all_are_cancelled(&host, &runs).await;
    assert_eq!(world.actions.calls().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_was_not_written_is_written_at_the_next_start() {
    let world = World::new().await;
    world.stop_clock(Timestamp::now());
    let daily = |hour: u32| {
        json!({
            "name": "test", "trigger": { "schedule": { "cron": format!("0 {hour} * * *"), "timezone": "UTC" } },
            "steps": [step("a", "app.echo")]
        })
    };
    world.install("i", daily(3));
    let next = |host: &Host| {
        let runs = host.runs.clone();
        async move {
            match runs.trigger("i").await.unwrap().map(|trigger| trigger.kind) {
                Some(TriggerKind::Schedule { next_at, .. }) => next_at,
                _ => None,
            }
        }
    };
    let host = world.host().await;
    eventually("it is planned", || async { next(&host).await.is_some() }).await;
    let before = next(&host).await;
    host.crash();
    world.install("i", daily(4));
    let host = world.host().await;
    eventually("it is planned anew", || async { next(&host).await != before }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trigger_of_an_installation_that_is_not_there_is_removed() {
    let world = World::new().await;
    world.install_steps("i", json!([step("a", "app.echo")]));
    let host = world.host().await;
    host.runs.follow("i").await.unwrap();
    host.crash();
    world.shelf.forget("i");
    let host = world.host().await;
    eventually("it is gone", || async { host.runs.trigger("i").await.unwrap().is_none() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_installation_starts_nothing_and_its_runs_go_on() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install_steps("i", json!([step("a", "app.slow"), step("b", "app.echo")]));
    let host = world.host().await;
    let run = host.start("i").await;
    world.actions.until_called("app.slow", 1).await;
    world.shelf.change("i", |installation| installation.is_paused = true);
    host.runs.follow("i").await.unwrap();
    assert!(matches!(host.try_start("i").await, Err(StartError::Paused)));
    world.actions.release("app.slow");
    host.end_all(&[run]).await;
}
