//! The integration `slack`, against a Slack of our own. Each version asks for another path, so that every answer tells
//! which version asked.

use std::sync::Arc;

use anyhow::{Context, ensure};
use axum::{
    Json, Router,
    extract::Path,
    http::{HeaderMap, header::CONTENT_TYPE},
    routing::post,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use workway_tests::{Answer, TestHost, plugin};

use crate::{
    replacing::{Subject, replace},
    shared::{Bar, Bound},
};

const REPLACEMENTS: u64 = 200;
/// What is different from version to version, in two places of the component, and as long as what it replaces.
const PATH: &str = "chat.postMessage";
const CHARSET: &str = "charset=utf-8";
/// All that the integration asks for.
const SCOPES: [&str; 5] = ["channels:read", "chat:write", "groups:read", "users:read", "users:read.email"];

pub async fn run() -> anyhow::Result<Vec<Bar>> {
    let host = Arc::new(host().await?);
    let component = std::fs::read(plugin("slack"))?;
    let versions = (1..=REPLACEMENTS).map(|number| version(&component, number));
    let mut measured = replace(host.clone(), Arc::new(subject()), versions).await?;
    Arc::into_inner(host).context("every call has ended")?.finish().await;
    let [p50, p99, rest] = measured.print("slack");
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let wrong = measured.wrong as f64;
    Ok(vec![
        Bar { name: "reload_p50", value: p50, unit: "ms", bound: Bound::AtMost(80.0) },
        Bar { name: "reload_without_compiling_p50", value: rest, unit: "ms", bound: Bound::AtMost(40.0) },
        Bar { name: "reload_p99", value: p99, unit: "ms", bound: Bound::AtMost(250.0) },
        Bar { name: "reload_wrong_answers", value: wrong, unit: "calls", bound: Bound::AtMost(0.0) },
    ])
}

/// A host in development mode that follows its folder, with version 0 of slack and a connected account.
pub async fn host() -> anyhow::Result<TestHost> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    let router = Router::new().route("/api/{method}", post(slack));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let first = version(&std::fs::read(plugin("slack"))?, 0)?;
    let host =
        TestHost::builder().quiet().watching().bytes("slack.wasm", first).upstream("slack.com", &origin).start().await;
    let connected = host.connect("slack", "xoxb-a-token-of-the-bench", &SCOPES).await;
    ensure!(connected.status == 201, "the account cannot be connected: {connected:?}");
    Ok(host)
}

/// What Slack answers, with the version's two marks in it.
async fn slack(Path(method): Path<String>, headers: HeaderMap) -> Json<Value> {
    let mark = |text: &str| text.rsplit(['#', '=', '.']).next().unwrap_or_default().to_owned();
    let charset = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Json(json!({ "ok": true, "channel": mark(charset), "ts": mark(&method) }))
}

/// The component with both marks set to a number.
pub fn version(component: &[u8], number: u64) -> anyhow::Result<Vec<u8>> {
    let component = replaced(component, PATH, &format!("chat.p.{number:09}"))?;
    replaced(&component, CHARSET, &format!("charset={number:05}"))
}

fn replaced(component: &[u8], from: &str, to: &str) -> anyhow::Result<Vec<u8>> {
    ensure!(from.len() == to.len(), "{from} and {to} differ in length");
    let places: Vec<usize> = component
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from.as_bytes())
        .map(|(place, _)| place)
        .collect();
    ensure!(places.len() == 1, "{from} is in the component {} times", places.len());
    let mut component = component.to_vec();
    component[places[0]..places[0] + to.len()].copy_from_slice(to.as_bytes());
    Ok(component)
}

fn subject() -> Subject {
    Subject {
        file: "slack.wasm",
        action: "slack.post-message",
        input: json!({ "channel": "C1", "text": "hello" }),
        version: |answer: &Answer| {
            ensure!(answer.status == 200, "{answer:?}");
            let output = answer.output();
            let number = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok());
            let (one, other) = (number(&output["ts"]), number(&output["channel"]));
            ensure!(one == other, "the answer is of two versions: {output}");
            one.with_context(|| format!("the answer is of no version: {output}"))
        },
    }
}
