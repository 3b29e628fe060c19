//! What one call costs: the same component called by a bare wasmtime loop, and through the registry with schema check,
//! admission, limits and views. Both in turn, in one process, on one thread.

mod bare;
#[path = "../shared/mod.rs"]
mod shared;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use serde_json::value::RawValue;
use workway_host::{
    app::App,
    model::{ActionId, UserId},
    registry::Execution,
};

use bare::Bare;
use shared::{Bar, Bound, close, install, microseconds, quantile, settings};

const ROUNDS: usize = 20;
const CALLS_PER_ROUND: usize = 1_000;
const INPUT: &str = r#"{"message":"hello"}"#;

fn main() -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    install(folder.path(), "hello")?;
    let app = App::start(settings(folder.path(), "")?).await?;
    app.load().await?;
    let bare = Bare::load(&folder.path().join("plugins/hello.wasm"))?;

    let mut bare_times = Vec::new();
    let mut host_times = Vec::new();
    // The first round warms slots and caches and is thrown away.
    for round in 0..=ROUNDS {
        let bare_round = time(async || bare.call("echo", INPUT).await).await?;
        let host_round = time(async || through_the_registry(&app).await).await?;
        if round > 0 {
            bare_times.extend(bare_round);
            host_times.extend(host_round);
        }
    }
    let (bare, host) = (quantile(&mut bare_times, 0.5), quantile(&mut host_times, 0.5));
    let ratio = host.as_secs_f64() / bare.as_secs_f64();
    println!(
        "bare wasmtime: {:.1} µs median, {:.1} µs p99",
        microseconds(bare),
        microseconds(quantile(&mut bare_times, 0.99))
    );
    println!(
        "registry:      {:.1} µs median, {:.1} µs p99",
        microseconds(host),
        microseconds(quantile(&mut host_times, 0.99))
    );
    app.close().await;
    Ok(close(&[Bar { name: "call_ratio", value: ratio, unit: "times", bound: Bound::AtMost(1.3) }]))
}

async fn time(call: impl AsyncFn() -> anyhow::Result<()>) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(CALLS_PER_ROUND);
    for _ in 0..CALLS_PER_ROUND {
        let started = Instant::now();
        call().await?;
        times.push(started.elapsed());
    }
    Ok(times)
}

async fn through_the_registry(app: &App) -> anyhow::Result<()> {
    let action: ActionId = "hello.echo".parse()?;
    let user: UserId = "operator".parse()?;
    let input = RawValue::from_string(INPUT.to_owned())?;
    let execution = Execution {
        user: &user,
        input: &input,
        share: app.registry().share(),
        run_id: "bench",
        step_id: None,
        attempt: 1,
        idempotency_key: None,
        connections: Default::default(),
    };
    let output = app.registry().execute(&action, execution).await?;
    anyhow::ensure!(output.get() == INPUT, "answered {output}");
    Ok(())
}
