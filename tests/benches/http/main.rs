//! Requests over HTTP: a hello action of the host, next to an axum route that answers a constant and to `wasmtime serve`
//! with a hello of its own, all three loaded by wrk in turns.
//!
//! Needs what `cargo xtask bench http` sets up: wrk, wasmtime's command line, and the wasi:http guest.

mod load;
mod peers;
#[path = "../shared/mod.rs"]
mod shared;

use std::process::ExitCode;

use axum::{Json, Router, routing::post};
use serde_json::json;
use tokio::{net::TcpListener, sync::oneshot};
use workway_host::Host;
use workway_tests::ADMIN_TOKEN;

use load::{Load, Measured};
use peers::WasmtimeServe;
use shared::{Bar, Bound, close, install, settings};

const CONNECTIONS: [u32; 2] = [2, 16];
/// Each target is measured this often for each number of connections; the median round counts.
const ROUNDS: usize = 3;
const BODY: &str = r#"{"input":{"message":"hello"}}"#;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    install(folder.path(), "hello")?;
    let host = Host::start(settings(folder.path(), "")?).await?;
    let ours = format!("http://{}/registry/actions/hello.echo/execute", host.address());
    let (ready, loaded) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(host.serve(ready, async {
        let _ = stopped.await;
    }));
    loaded.await?;
    let constant = constant_route().await?;
    let peer = WasmtimeServe::start().await?;

    let mut ratio_at_16 = 0.0;
    println!(
        "{:<16} {:>4} {:>12} {:>10} {:>10} {:>12}",
        "target", "conn", "requests/s", "p50 µs", "p99 µs", "of constant"
    );
    for connections in CONNECTIONS {
        let targets = [
            ("axum constant", Load::post(&constant, BODY, None)),
            ("workway", Load::post(&ours, BODY, Some(ADMIN_TOKEN))),
            ("wasmtime serve", Load::get(peer.url())),
        ];
        let mut rounds: [Vec<Measured>; 3] = Default::default();
        for _ in 0..ROUNDS {
            for ((_, load), measured) in targets.iter().zip(&mut rounds) {
                measured.push(load.run(connections).await?);
            }
        }
        let medians = rounds.map(Measured::median);
        for ((name, _), measured) in targets.iter().zip(&medians) {
            let of_constant = measured.requests_per_second / medians[0].requests_per_second;
            println!(
                "{name:<16} {connections:>4} {:>12.0} {:>10.0} {:>10.0} {of_constant:>12.2}",
                measured.requests_per_second, measured.p50_us, measured.p99_us
            );
        }
        ratio_at_16 = medians[1].requests_per_second / medians[2].requests_per_second;
    }
    peer.stop().await?;
    drop(stop);
    serving.await??;
    Ok(close(&[Bar { name: "http_vs_wasmtime_serve", value: ratio_at_16, unit: "times", bound: Bound::AtLeast(1.5) }]))
}

/// What axum can do at best on this machine: the same shape of answer, made from nothing.
async fn constant_route() -> anyhow::Result<String> {
    let router =
        Router::new().route("/", post(async || Json(json!({"output": {"message": "hello"}, "durationMs": 0.1}))));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}
