//! Runs that sleep: what they take of the memory, and how late they wake.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::time::Instant;
use workway_host::{
    reducer::EventKind,
    runs::{RunId, RunStatus},
};

use crate::{
    market::{Installed, Market},
    shared::{Bar, Bound, mebibytes, milliseconds, quantile, resident_bytes},
};

/// Runs that sleep for an hour.
const SLEEPING: usize = 50_000;
/// Runs that wake, and over which time.
const WAKING: u32 = 5_000;
const SPREAD: Duration = Duration::from_secs(60);
/// Starts at once.
const AT_ONCE: usize = 200;

fn sleep(duration: &str) -> Value {
    json!({
        "name": "Sleeps", "trigger": { "manual": {} }, "concurrency": { "limit": 1_000 },
        "steps": [{ "id": "wait", "sleep": duration }],
    })
}

pub async fn measure(market: &Market<'_>, bars: &mut Vec<Bar>) -> anyhow::Result<()> {
    let mut waking = Vec::new();
    // A workflow goes on at most a thousand times at once.
    for _ in 0..WAKING.div_ceil(1_000) {
        waking.push(market.install("Wakes", &sleep("60s")).await);
    }
    let mut late = wake(market, &waking).await;
    bars.push(Bar {
        name: "waking of 5,000 runs over 60 s, p99 late",
        value: milliseconds(quantile(&mut late, 0.99)),
        unit: "ms",
        bound: Bound::AtMost(200.0),
    });

    let mut sleeping = Vec::new();
    for _ in 0..SLEEPING.div_ceil(1_000) {
        sleeping.push(market.install("Sleeps", &sleep("1h")).await);
    }
    let before = resident_bytes()?;
    let starts = (0..SLEEPING).map(|number| sleeping[number % sleeping.len()].start());
    stream::iter(starts).buffer_unordered(AT_ONCE).count().await;
    until_waiting(market, SLEEPING).await;
    bars.push(Bar {
        name: "memory of 50,000 sleeping runs",
        value: mebibytes(resident_bytes()?.saturating_sub(before)),
        unit: "MiB",
        bound: Bound::AtMost(100.0),
    });
    Ok(())
}

/// Starts runs evenly over a time, and answers how late each woke.
async fn wake(market: &Market<'_>, workflows: &[Installed<'_, '_>]) -> Vec<Duration> {
    let began = Instant::now();
    let mut runs: Vec<RunId> = Vec::new();
    for number in 0..WAKING {
        tokio::time::sleep_until(began + SPREAD * number / WAKING).await;
        runs.push(workflows[number as usize % workflows.len()].start().await);
    }
    let engine = market.host.app().runs();
    let mut late = Vec::new();
    for run in &runs {
        engine.wait(&market.owner, run, SPREAD * 2).await.expect("the run is found");
        let history = engine.history(&market.owner, run).await.expect("the run has a history");
        let until = history.events.iter().find_map(|(_, event)| match &event.kind {
            EventKind::Waiting { until, .. } => *until,
            _ => None,
        });
        let woken = history
            .events
            .iter()
            .find(|(_, event)| !event.path.is_run() && matches!(event.kind, EventKind::Ended { .. }));
        late.push(woken.expect("the run woke").1.at.saturating_since(until.expect("the run slept")));
    }
    late
}

/// Waits until so many runs sleep.
async fn until_waiting(market: &Market<'_>, count: usize) {
    let engine = market.host.app().runs();
    loop {
        let counts = engine.counts().await.expect("the runs are counted");
        let waiting = counts.by_status.iter().find(|(status, _)| *status == RunStatus::Waiting).map_or(0, |one| one.1);
        if usize::try_from(waiting).is_ok_and(|waiting| waiting >= count) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
