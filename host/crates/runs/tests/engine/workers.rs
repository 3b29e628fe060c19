//! Several hosts on one folder, and how one leaves.

use std::time::Duration;

use serde_json::json;
use workway_model::Timestamp;
use workway_runs::{RunSettings, RunStatus};

use crate::{
    actions::{Does, step},
    double::Mode,
    world::{PATIENCE, World, eventually, manual},
};

#[tokio::test(flavor = "multi_thread")]
async fn hosts_on_one_folder_share_the_work() {
    let few = RunSettings { running: 10, running_per_user: 10, ..RunSettings::default() };
    let mut world = World::with(few).await;
    world.actions.on("app.slow", Does::Hangs);
    let mut definition = manual(json!([step("a", "app.slow"), step("b", "app.echo"), step("c", "app.echo")]));
    definition["concurrency"] = json!({ "limit": 1_000 });
    world.install("i", definition);
    let one = world.host().await;
    let mut runs = Vec::new();
    for _ in 0..40 {
        runs.push(one.start("i").await);
    }
    // The first one is full with 10, so that the second one has the others.
    world.actions.until_called("app.slow", 10).await;
    world.settings = RunSettings { running: 20, running_per_user: 20, ..RunSettings::default() };
    let other = world.host().await;
    world.actions.until_called("app.slow", 20).await;
    world.actions.release("app.slow");
    one.end_all(&runs).await;
    assert_eq!(world.actions.calls().len(), 120, "a step was called by both");
    assert!(one.store.count("append") >= 10 && other.store.count("append") >= 10);
}

// Windmill 9214: the late answer of a slow worker spoiled a run that another one had finished.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_was_stopped_past_its_lease_appends_nothing_more() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install_steps("i", json!([step("slow", "app.slow"), step("after", "app.echo")]));
    let slow = world.host().await;
    let run = slow.start("i").await;
    world.actions.until_called("app.slow", 1).await;
    slow.store.set(Mode::Stalls);
    let other = world.host().await;
    world.set_ahead(11);
    world.actions.until_called("app.slow", 2).await;
    world.actions.release("app.slow");
    other.end_all(std::slice::from_ref(&run)).await;
    let events = other.kinds(&run).await;
    // It has an answer for the run by now, which is refused; after that it works again.
    eventually("the slow host has an answer", || async { slow.store.count("append") >= 2 }).await;
    slow.store.set(Mode::Works);
    other.stopped().await;
    let next = slow.start("i").await;
    slow.end_all(&[next]).await;
    assert_eq!(slow.kinds(&run).await, events);
    assert_eq!(slow.find(&run).await.status, RunStatus::Succeeded);
    assert_eq!(world.actions.calls_of("after").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_stops_lets_calls_end_and_begins_none() {
    let world = World::new().await;
    world.stop_clock(Timestamp::now());
    world.actions.on("app.slow", Does::Hangs);
    world.install_steps("i", json!([step("slow", "app.slow"), step("after", "app.echo")]));
    let host = world.host().await;
    let run = host.start("i").await;
    world.actions.until_called("app.slow", 1).await;
    host.stop();
    world.actions.release("app.slow");
    host.stopped().await;
    assert!(world.actions.calls()[0].has_ended, "the call was aborted within the grace");
    assert!(world.actions.calls_of("after").is_empty(), "a host that stops began a step");
    let host = world.host().await;
    host.end_all(&[run]).await;
    assert_eq!(world.actions.calls_of("slow").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_go_on_elsewhere_at_once_when_the_grace_is_over() {
    let world = World::new().await;
    world.stop_clock(Timestamp::now());
    world.actions.on("app.slow", Does::Hangs);
    world.install_steps("i", json!([step("slow", "app.slow")]));
    let mut host = world.idle().await;
    host.work(&world, Duration::ZERO);
    let run = host.start("i").await;
    world.actions.until_called("app.slow", 1).await;
    let other = world.host().await;
    host.stopped().await;
    world.actions.until_called("app.slow", 2).await;
    world.actions.release("app.slow");
    other.end_all(&[run]).await;
}

// A clock that is set forward ends the host's own lease: it is renewed at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_leaves_the_host_its_runs() {
    let world = World::new().await;
    world.actions.on("app.slow", Does::Hangs);
    world.install_steps("i", json!([step("slow", "app.slow"), step("after", "app.echo")]));
    let host = world.host().await;
    let run = host.start("i").await;
    world.actions.until_called("app.slow", 1).await;
    for seconds in [3_600, -7_200, 3_600] {
        world.set_ahead(seconds);
        let renewed = host.store.count("renew");
        eventually("the lease is renewed", || async { host.store.count("renew") > renewed }).await;
    }
    world.actions.release("app.slow");
    host.end_all(&[run]).await;
    assert_eq!(world.actions.calls_of("slow").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_only_reads_follows_a_run_of_another_one() {
    let world = World::new().await;
    let mut definition = manual(json!([step("a", "app.echo")]));
    definition["output"] = json!("{{ steps.a.output.from }}");
    world.install("i", definition);
    let reader = world.idle().await;
    let run = reader.start("i").await;
    let waiting = tokio::spawn({
        let (runs, run) = (reader.runs.clone(), run.clone());
        async move { runs.wait(&crate::world::ann(), &run, PATIENCE).await }
    });
    let _host = world.host().await;
    let (found, output) = waiting.await.unwrap().unwrap();
    assert_eq!((found.status, output), (RunStatus::Succeeded, Some(json!("a"))));
}
