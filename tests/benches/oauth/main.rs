//! What a connected account costs: a guest's `fetch` with one next to the same without, to the same upstream, in turns.
//! Both calls are whole: the registry, a fresh sandbox, the request over loopback TCP, the answer's way back.

#[path = "../shared/mod.rs"]
mod shared;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use serde_json::value::RawValue;
use tokio::net::TcpListener;
use workway_host::{
    app::App,
    model::{ActionId, UserId},
    registry::Execution,
};
use workway_tests::TestHost;

use shared::{Bar, Bound, close, microseconds, quantile};

const ROUNDS: usize = 12;
const CALLS_PER_ROUND: usize = 500;
const INPUT: &str = r#"{"provider":"example","url":"https://api.example.com/"}"#;
/// As long as real ones are.
const TOKEN_BYTES: usize = 200;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(async || "hello"))).await });

    let host =
        TestHost::builder().guest("oauth-probe").cranelift().quiet().upstream("api.example.com", &origin).start().await;
    let connected = host.connect("example", &"t".repeat(TOKEN_BYTES), &["read"]).await;
    anyhow::ensure!(connected.status == 201, "not connected: {connected:?}");
    let (plain, authorised): (ActionId, ActionId) = ("oauth-probe.plain".parse()?, "oauth-probe.call".parse()?);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    // The first round warms slots and caches and is thrown away.
    for round in 0..=ROUNDS {
        let (one, other) = (time(host.app(), &plain).await?, time(host.app(), &authorised).await?);
        if round > 0 {
            without.extend(one);
            with.extend(other);
        }
    }
    host.finish().await;
    let ratio = quantile(&mut with, 0.5).as_secs_f64() / quantile(&mut without, 0.5).as_secs_f64();
    for (name, times) in [("without", &mut without), ("with a connection", &mut with)] {
        let (median, worst) = (quantile(times, 0.5), quantile(times, 0.99));
        println!("{name:<18} {:>8.1} µs median {:>8.1} µs p99", microseconds(median), microseconds(worst));
    }
    Ok(close(&[Bar { name: "oauth_ratio", value: ratio, unit: "times", bound: Bound::AtMost(1.1) }]))
}

async fn time(app: &App, action: &ActionId) -> anyhow::Result<Vec<Duration>> {
    let user: UserId = "operator".parse()?;
    let input = RawValue::from_string(INPUT.to_owned())?;
    let mut times = Vec::with_capacity(CALLS_PER_ROUND);
    for _ in 0..CALLS_PER_ROUND {
        let connections = Default::default();
        let share = app.registry().share();
        let execution = Execution {
            user: &user,
            input: &input,
            share,
            run_id: "bench",
            step_id: None,
            attempt: 1,
            idempotency_key: None,
            connections,
        };
        let started = Instant::now();
        let output = app.registry().execute(action, execution).await?;
        times.push(started.elapsed());
        anyhow::ensure!(output.get().contains("\"body\":\"hello\""), "answered {output}");
    }
    Ok(times)
}
