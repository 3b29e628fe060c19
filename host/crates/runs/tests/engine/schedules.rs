//! Schedules on a clock that the test moves.

use serde_json::{Value, json};
use workway_model::Timestamp;
use workway_reducer::EventKind;
use workway_runs::{Origin, RunSettings, RunStore as _, TriggerKind};

use crate::{
    actions::{Does, step},
    double::Mode,
    world::{Host, World, eventually},
};

/// 1 March 2026, 12:00:30 UTC: half a minute before the next planned time of a schedule of every minute.
const NOON: i64 = 1_772_366_430_000;

fn scheduled(cron: &str, misfire: &str) -> Value {
    json!({
        "name": "test", "trigger": { "schedule": { "cron": cron, "timezone": "UTC", "misfire": misfire } },
        "concurrency": { "limit": 1_000 }, "steps": [step("a", "app.echo")]
    })
}

async fn every_minute(misfire: &str) -> World {
    let world = World::new().await;
    world.stop_clock(Timestamp::from_millis(NOON));
    world.install("i", scheduled("* * * * *", misfire));
    world
}

/// The planned times of the runs, in minutes after noon.
async fn minutes(host: &Host) -> Vec<i64> {
    let mut minutes = Vec::new();
    for run in host.of_origin(Origin::Schedule).await {
        let events = host.events(&run.id).await;
        let Some(EventKind::RunStarted { trigger, .. }) = events.first().map(|event| &event.kind) else { panic!() };
        let planned: Timestamp = serde_json::from_value(trigger["scheduled_at"].clone()).unwrap();
        minutes.push((planned.as_millis() - NOON + 30_000) / 60_000);
    }
    minutes
}

async fn until_minutes(host: &Host, expected: &[i64]) {
    eventually(&format!("runs of {expected:?}"), || async { minutes(host).await.len() >= expected.len() }).await;
    assert_eq!(minutes(host).await, expected);
}

/// Waits until a host has looked at the schedules twice: whatever is due was fired.
async fn looked(host: &Host) {
    let before = host.store.count("next_schedule");
    eventually("a look", || async { host.store.count("next_schedule") >= before + 2 }).await;
}

async fn until_planned(host: &Host, installation: &str) {
    eventually("it is planned", || async {
        let trigger = host.runs.trigger(installation).await.unwrap();
        trigger.is_some_and(|trigger| matches!(trigger.kind, TriggerKind::Schedule { next_at: Some(_), .. }))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_minute_fires_once_with_two_hosts() {
    let world = every_minute("once").await;
    let host = world.host().await;
    let _other = world.host().await;
    until_planned(&host, "i").await;
    for minute in 1..=5 {
        world.set_ahead(60);
        until_minutes(&host, &(1..=minute).collect::<Vec<_>>()).await;
    }
    looked(&host).await;
    let runs: Vec<_> = host.of_origin(Origin::Schedule).await.into_iter().map(|run| run.id).collect();
    host.end_all(&runs).await;
    assert_eq!(minutes(&host).await, [1, 2, 3, 4, 5]);
}

// Windmill 10917: what was planned for every 10 minutes ran every 30.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_was_down_makes_up_for_missed_times_once_or_not_at_all() {
    for (misfire, late) in [("once", vec![1]), ("skip", vec![])] {
        let world = every_minute(misfire).await;
        let host = world.host().await;
        until_planned(&host, "i").await;
        host.crash();
        world.set_ahead(3_600);
        let host = world.host().await;
        looked(&host).await;
        assert_eq!(minutes(&host).await, late);
        world.set_ahead(60);
        until_minutes(&host, &[late, vec![61]].concat()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_back_and_forth_fires_no_time_twice() {
    let world = every_minute("once").await;
    let host = world.host().await;
    until_planned(&host, "i").await;
    world.set_ahead(60);
    until_minutes(&host, &[1]).await;
    world.set_ahead(-3_600);
    looked(&host).await;
    assert_eq!(minutes(&host).await, [1]);
    world.set_ahead(3_600);
    looked(&host).await;
    assert_eq!(minutes(&host).await, [1]);
    world.set_ahead(60);
    until_minutes(&host, &[1, 2]).await;
    // Late by an hour: the time that was planned first, and then what follows.
    world.set_ahead(3_600);
    until_minutes(&host, &[1, 2, 3]).await;
    world.set_ahead(60);
    until_minutes(&host, &[1, 2, 3, 63]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_schedule_fires_nothing_and_makes_up_for_nothing() {
    let world = every_minute("once").await;
    let host = world.host().await;
    until_planned(&host, "i").await;
    world.shelf.change("i", |installation| installation.is_paused = true);
    host.runs.follow("i").await.unwrap();
    world.set_ahead(600);
    looked(&host).await;
    world.shelf.change("i", |installation| installation.is_paused = false);
    host.runs.follow("i").await.unwrap();
    looked(&host).await;
    assert_eq!(minutes(&host).await, [] as [i64; 0]);
    world.set_ahead(60);
    until_minutes(&host, &[11]).await;
}

// The host died between the write of the installation and that of its trigger, when a time of the old pattern was due.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_was_changed_while_it_was_due_fires_by_the_new_pattern() {
    let world = every_minute("once").await;
    let host = world.host().await;
    until_planned(&host, "i").await;
    world.install("i", scheduled("*/10 * * * *", "once"));
    world.set_ahead(60);
    looked(&host).await;
    assert_eq!(minutes(&host).await, [] as [i64; 0]);
    world.set_ahead(9 * 60);
    until_minutes(&host, &[10]).await;
}

// Windmill 10168: a schedule was dead after the database had failed for a moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_for_a_while_loses_no_planned_time() {
    for mode in [Mode::IsDown, Mode::RefusesWrites, Mode::Lies] {
        let world = every_minute("once").await;
        let host = world.host().await;
        until_planned(&host, "i").await;
        host.store.set(mode);
        world.set_ahead(60);
        let before = host.store.count("due_schedules");
        eventually("it was tried", || async { host.store.count("due_schedules") >= before + 2 }).await;
        host.store.set(Mode::Works);
        until_minutes(&host, &[1]).await;
        world.set_ahead(60);
        until_minutes(&host, &[1, 2]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_without_a_next_time_is_planned_again_at_the_next_start() {
    let world = every_minute("once").await;
    let host = world.host().await;
    until_planned(&host, "i").await;
    let planned = match host.runs.trigger("i").await.unwrap().unwrap().kind {
        TriggerKind::Schedule { next_at: Some(planned), .. } => planned,
        other => panic!("{other:?}"),
    };
    host.store.plan("i", planned, None).await.unwrap();
    assert_eq!(host.runs.counts().await.unwrap().schedules_without_next, 1);
    host.crash();
    let host = world.host().await;
    until_planned(&host, "i").await;
    world.set_ahead(60);
    until_minutes(&host, &[1]).await;
}

// A schedule that cannot be fired was tried first in each round, and no other one was ever fired.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_of_one_installation_leaves_the_schedules_of_others_alone() {
    let world = World::with(RunSettings { queued_per_installation: 1, ..RunSettings::default() }).await;
    world.stop_clock(Timestamp::from_millis(NOON));
    world.actions.on("app.slow", Does::Hangs);
    let mut full = scheduled("* * * * *", "once");
    full["concurrency"] = json!({ "limit": 1 });
    full["steps"] = json!([step("a", "app.slow")]);
    world.install("full", full);
    world.install("other", scheduled("* * * * *", "once"));
    let host = world.host().await;
    until_planned(&host, "full").await;
    until_planned(&host, "other").await;
    let of = |installation: &'static str| {
        let host = &host;
        async move {
            let runs = host.of_origin(Origin::Schedule).await;
            runs.iter().filter(|run| run.installation.as_deref() == Some(installation)).count()
        }
    };
    for minute in 1..=5 {
        world.set_ahead(60);
        eventually("the other one fires", || async { of("other").await == minute }).await;
        if minute == 1 {
            world.actions.until_called("app.slow", 1).await;
        }
    }
    assert_eq!(of("full").await, 2, "one goes on, one is queued");
    world.actions.release("app.slow");
    eventually("what was late is fired", || async { of("full").await >= 3 }).await;
}

// Triggers that are newer than their installations come from a restored backup: they were never in line again.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_fires_after_the_installations_were_restored_from_a_backup() {
    let world = every_minute("once").await;
    for _ in 0..3 {
        world.shelf.change("i", |_| {});
    }
    let host = world.host().await;
    until_planned(&host, "i").await;
    host.crash();
    world.shelf.revert_to("i", 2);
    let host = world.host().await;
    eventually("it is in line", || async {
        host.runs.trigger("i").await.unwrap().is_some_and(|trigger| trigger.revision == 2)
    })
    .await;
    world.set_ahead(60);
    until_minutes(&host, &[1]).await;
}
