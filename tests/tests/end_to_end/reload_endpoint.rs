//! `POST /registry/reload/{integrationId}`, and what those who follow are told.

use reqwest::Method;
use serde_json::json;
use workway_tests::{TestHost, time_of};

use crate::support::{assert_alive, bytes_of, detail, rebuilt};

fn write(host: &TestHost, file: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(host.plugins().join(file), bytes).expect("the file is written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_answers_with_its_phases() {
    let host = TestHost::builder().guest("hello").start().await;
    let before = detail(&host, "hello").await;
    write(&host, "hello.wasm", rebuilt("hello"));
    let answer = host.post("/registry/reload/hello", &json!({})).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let body = &answer.body;
    assert_eq!(body["success"], true);
    assert_eq!(body["message"], "Integration 'hello' reloaded successfully");
    assert_eq!((&body["integrationId"], &body["version"]), (&json!("hello"), &json!("1.0.0")));
    assert_eq!((&body["actionsCount"], &body["triggersCount"]), (&json!(2), &json!(0)));
    assert!(body["timestamp"].as_i64() >= Some(time_of(&before["loadedAt"]).as_millis()), "{body:#}");
    for phase in ["readMs", "compileMs", "linkMs", "describeMs", "swapMs"] {
        assert!(body["phases"][phase].as_u64() <= body["durationMs"].as_u64(), "{phase} in {body:#}");
    }
    assert_ne!(detail(&host, "hello").await["sha256"], before["sha256"]);
    // The same file once more: there is nothing to do.
    let again = host.post("/registry/reload/hello", &json!({})).await;
    assert_eq!((again.status, &again.body["message"]), (200, &json!("Integration 'hello' is up to date")));
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_loaded_is_a_422_and_the_old_version_serves() {
    let host = TestHost::builder().guest("hello").start().await;
    write(&host, "hello.wasm", b"\0asm");
    let answer = host.post("/registry/reload/hello", &json!({})).await;
    assert_eq!((answer.status, answer.code()), (422, "load-failed"));
    let known = detail(&host, "hello").await;
    assert_eq!(known["lastError"]["message"], answer.detail());
    assert!(time_of(&known["lastError"]["at"]) >= time_of(&known["loadedAt"]), "{known:#}");
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test]
async fn an_unknown_integration_is_a_404() {
    let host = TestHost::builder().guest("hello").start().await;
    for id in ["nobody", "No-Id", "..%2Fhello"] {
        let answer = host.post(&format!("/registry/reload/{id}"), &json!({})).await;
        assert_eq!((answer.status, answer.code()), (404, "integration-not-found"), "{id}");
    }
    host.finish().await;
}

#[tokio::test]
async fn production_never_reloads_whatever_a_request_says() {
    let host = TestHost::builder().production().guest("hello").start().await;
    write(&host, "hello.wasm", rebuilt("hello"));
    let before = detail(&host, "hello").await;
    for id in ["hello", "nobody"] {
        let path = format!("/registry/reload/{id}");
        let plain = host.request(Method::POST, &path);
        let insistent =
            host.request(Method::POST, &path).header("x-dev-mode", "true").header("environment", "development");
        for request in [plain, insistent, host.anonymous(Method::POST, &path)] {
            let answer = host.send(request).await;
            assert_eq!((answer.status, answer.code()), (403, "not-in-development"));
        }
    }
    assert_eq!(detail(&host, "hello").await, before);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_follow_are_told_what_happens() {
    let host = TestHost::builder().guest("hello").start().await;
    let (mut one, mut other) = (host.events().await, host.events().await);
    write(&host, "hello.wasm", rebuilt("hello"));
    host.post("/registry/reload/hello", &json!({})).await;
    write(&host, "hello.wasm", b"oops");
    host.post("/registry/reload/hello", &json!({})).await;
    write(&host, "hello.wasm", bytes_of("hello"));
    host.post("/registry/reload/hello", &json!({})).await;
    host.app().registry().unregister_integration(&"hello".parse().expect("an id")).await.expect("it is there");
    for events in [&mut one, &mut other] {
        let reloaded = events.next().await;
        assert_eq!((&reloaded["type"], &reloaded["integrationId"]), (&json!("reloaded"), &json!("hello")));
        assert_eq!((&reloaded["file"], &reloaded["version"]), (&json!("hello.wasm"), &json!("1.0.0")));
        assert!(reloaded["phases"]["compileMs"].is_u64() && reloaded["code"] != "cache", "{reloaded:#}");
        let failed = events.next().await;
        assert_eq!((&failed["type"], &failed["serving"]), (&json!("failed"), &json!(true)));
        assert!(
            failed["message"].as_str().is_some_and(|message| message.contains("not a WebAssembly component")),
            "{failed:#}"
        );
        assert_eq!(events.next().await["type"], "reloaded");
        let removed = events.next().await;
        assert_eq!((&removed["type"], &removed["integrationId"]), (&json!("removed"), &json!("hello")));
    }
    host.finish().await;
}

#[tokio::test]
async fn following_ends_when_the_host_does() {
    let host = TestHost::builder().guest("hello").start().await;
    let mut events = host.events().await;
    host.begin_shutdown();
    assert_eq!(events.next_or_end().await, None);
    host.finish().await;
}

#[tokio::test]
async fn following_needs_a_token_in_production_and_is_bounded() {
    let host = TestHost::builder().production().guest("hello").start().await;
    let stranger = host.send(host.anonymous(Method::GET, "/registry/events")).await;
    assert_eq!((stranger.status, stranger.code()), (401, "unauthenticated"));
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(host.events().await);
    }
    let one_more = host.get("/registry/events").await;
    assert_eq!((one_more.status, one_more.code()), (503, "busy"));
    drop(held);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_follow_are_told_of_what_is_no_longer_and_of_what_is_well_again() {
    let host = TestHost::builder().guest("hello").start().await;
    let mut events = host.events().await;
    write(&host, "hello.wasm", b"oops");
    host.post("/registry/reload/hello", &json!({})).await;
    assert_eq!(events.next().await["type"], "failed");
    write(&host, "hello.wasm", bytes_of("hello"));
    host.post("/registry/reload/hello", &json!({})).await;
    assert_eq!(events.next().await["type"], "reloaded");
    write(&host, "hello.wasm", bytes_of("counter"));
    host.post("/registry/reload/hello", &json!({})).await;
    let (removed, loaded) = (events.next().await, events.next().await);
    assert_eq!((&removed["type"], &removed["integrationId"]), (&json!("removed"), &json!("hello")));
    assert_eq!((&loaded["type"], &loaded["integrationId"]), (&json!("loaded"), &json!("counter")));
    host.finish().await;
}
