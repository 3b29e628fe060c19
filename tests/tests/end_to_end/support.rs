//! What several tests ask of a host.

use serde_json::{Value, json};
use workway_host::registry::Activated;
use workway_tests::{Answer, TestHost, guest};

/// Why a file was not loaded, as `GET /registry/stats` has it.
#[track_caller]
pub(crate) fn failure<'a>(stats: &'a Answer, file: &str) -> &'a str {
    assert_eq!(stats.status, 200, "{stats:?}");
    let failure = &stats.body["failures"][file];
    assert!(failure["at"].is_string(), "{file} did not fail: {:#}", stats.body);
    failure["message"].as_str().expect("a failure has a message")
}

/// Starts a host with one guest that is to be refused, and returns why it was.
pub(crate) async fn refusal(guest: &str) -> String {
    let host = TestHost::builder().guest(guest).guest("hello").start().await;
    let stats = host.get("/registry/stats").await;
    let message = failure(&stats, &format!("{guest}.wasm")).to_owned();
    assert_eq!(stats.body["integrations"]["total"], 1, "{:#}", stats.body);
    assert_alive(&host).await;
    host.finish().await;
    message
}

/// The host still does its work. It needs the guest `hello`.
pub(crate) async fn assert_alive(host: &TestHost) {
    let answer = host.execute("hello.echo", json!({ "message": "still here" })).await;
    assert_eq!(answer.output(), &json!({ "message": "still here" }));
}

/// The guest's action `ping` still answers.
pub(crate) async fn assert_pings(host: &TestHost, integration: &str) {
    let answer = host.execute(&format!("{integration}.ping"), json!({})).await;
    assert_eq!(answer.output(), &json!({ "ok": true }));
}

/// Loads a file of the plugins folder again; the error is the message that people see.
pub(crate) async fn register(host: &TestHost, file: &str) -> Result<Activated, String> {
    let file = file.parse().expect("a file name");
    host.app().registry().register(file).await.map_err(|error| error.to_string())
}

/// `GET /registry/integrations/{id}` of one that is there.
pub(crate) async fn detail(host: &TestHost, id: &str) -> Value {
    let answer = host.get(&format!("/registry/integrations/{id}")).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    answer.body
}

/// How often calls of an action ended so, by `/metrics`.
pub(crate) async fn counted(host: &TestHost, action: &str, outcome: &str) -> u64 {
    let (integration, action) = action.split_once('.').expect("an action's id");
    let metrics = host.get("/metrics").await;
    let metrics = metrics.body.as_str().expect("metrics are text");
    let labels = [("integration", integration), ("action", action), ("outcome", outcome)];
    let line = metrics.lines().find(|line| {
        let ours = |(name, value): &(&str, &str)| line.contains(&format!("{name}=\"{value}\""));
        line.starts_with("workway_calls_total{") && labels.iter().all(ours)
    });
    let line = line.unwrap_or_else(|| panic!("{integration}.{action} is not counted:\n{metrics}"));
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a counter is a number")
}

/// A guest's bytes.
pub(crate) fn bytes_of(name: &str) -> Vec<u8> {
    let path = guest(name).unwrap_or_else(|| panic!("guest {name} is not built"));
    std::fs::read(path).expect("the guest is read")
}

/// The same guest from another build: other bytes, and nothing else that differs.
pub(crate) fn rebuilt(name: &str) -> Vec<u8> {
    // A custom section whose name is `x` and which holds nothing.
    [bytes_of(name), vec![0, 2, 1, b'x']].concat()
}
