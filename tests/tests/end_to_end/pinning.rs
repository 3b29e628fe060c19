//! `plugins.pin = "hash"`: a grant belongs to a content, and another file of the same name has to be approved.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use workway_host::registry::Activated;
use workway_tests::{TestHost, TestHostBuilder, logs};

use crate::support::{bytes_of, detail, rebuilt, register};

const PIN: &str = "[plugins]\npin = \"hash\"";
const CHANGED: &str = "the new content of upgrade.wasm, which changed since it was approved";

fn pinned() -> TestHostBuilder {
    TestHost::builder().production().config(PIN)
}

/// Approves exactly what the operator sees.
async fn approve(host: &TestHost, id: &str) {
    let seen = detail(host, id).await["pending"]["sha256"].clone();
    let answer = host.post(&format!("/registry/integrations/{id}/approve"), &json!({ "sha256": seen })).await;
    assert_eq!(answer.status, 204, "{:#}", answer.body);
}

/// The folder of a host in production whose `upgrade.wasm` was approved.
async fn approved(builder: TestHostBuilder) -> TempDir {
    let host = builder.bytes("upgrade.wasm", bytes_of("upgrade-v1")).start().await;
    approve(&host, "upgrade").await;
    host.finish_keeping().await
}

/// The version that answers, or the error's code.
async fn version(host: &TestHost) -> Value {
    let answer = host.execute("upgrade.version", json!({})).await;
    if answer.status == 200 { answer.output().clone() } else { answer.code().into() }
}

async fn asks(host: &TestHost, id: &str) -> Value {
    detail(host, id).await["pending"]["asks"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_file_waits_at_the_next_start() {
    let folder = approved(pinned()).await;
    let host = pinned().bytes("upgrade.wasm", rebuilt("upgrade-v1")).start_in(folder).await;
    assert_eq!(version(&host).await, "pending-approval", "another component got the grant");
    assert_eq!(asks(&host, "upgrade").await, json!([CHANGED]));
    let folder = host.finish_keeping().await;
    // The approved content needs nobody, also after another one was there.
    let host = pinned().bytes("upgrade.wasm", bytes_of("upgrade-v1")).start_in(folder).await;
    assert_eq!(version(&host).await, "1");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_approved_content_serves_until_the_new_one_is_approved() {
    let host = pinned().start_in(approved(pinned()).await).await;
    let before = detail(&host, "upgrade").await["sha256"].clone();
    std::fs::write(host.plugins().join("upgrade.wasm"), rebuilt("upgrade-v1")).expect("the file is replaced");
    let Ok(Activated::Waiting(..)) = register(&host, "upgrade.wasm").await else { panic!("nobody was asked") };
    let known = detail(&host, "upgrade").await;
    assert_eq!((&known["status"], &known["callable"]), (&json!("pending-approval"), &json!(true)), "{known:#}");
    assert_eq!((&known["pending"]["asks"], &known["sha256"]), (&json!([CHANGED]), &before));
    assert_eq!(version(&host).await, "1");

    let path = "/registry/integrations/upgrade/approve";
    let stale = host.post(path, &json!({ "sha256": before })).await;
    assert_eq!((stale.status, stale.code()), (409, "other-version"));
    assert!(stale.detail().contains("the file of integration \"upgrade\" changed"), "{}", stale.detail());
    approve(&host, "upgrade").await;
    let known = detail(&host, "upgrade").await;
    assert_eq!((&known["status"], &known["pending"]), (&json!("active"), &Value::Null), "{known:#}");
    assert_ne!(known["sha256"], before);
    let folder = host.finish_keeping().await;
    // Only the last approval counts.
    let host = pinned().bytes("upgrade.wasm", bytes_of("upgrade-v1")).start_in(folder).await;
    assert_eq!(version(&host).await, "pending-approval");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_content_that_asks_for_more_says_both() {
    let folder = approved(pinned()).await;
    let host = pinned().bytes("upgrade.wasm", bytes_of("upgrade-v2")).start_in(folder).await;
    assert_eq!(asks(&host, "upgrade").await, json!([CHANGED, "requests to files.example.com"]));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_without_a_hash_is_not_enough() {
    let folder = approved(pinned()).await;
    let database = SqliteConnectOptions::new().filename(folder.path().join("data/workway.db"));
    let mut database = database.connect().await.expect("the database opens");
    // As an approval from before hashes were recorded.
    sqlx::query("UPDATE grants SET sha256 = NULL").execute(&mut database).await.expect("the grant changes");
    database.close().await.expect("the database closes");
    let host = pinned().start_in(folder).await;
    assert_eq!(version(&host).await, "pending-approval");
    let expected = "the content of upgrade.wasm, whose SHA-256 was not recorded when it was approved";
    assert_eq!(asks(&host, "upgrade").await, json!([expected]));
    approve(&host, "upgrade").await;
    let host = pinned().start_in(host.finish_keeping().await).await;
    assert_eq!(version(&host).await, "1");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_content_that_asks_for_nothing_waits_too() {
    let host = pinned().guest("hello").start().await;
    assert_eq!(asks(&host, "hello").await, json!(["the content of hello.wasm, which was never approved"]));
    let answer = host.execute("hello.echo", json!({ "message": "x" })).await;
    assert_eq!((answer.status, answer.code()), (409, "pending-approval"));
    approve(&host, "hello").await;
    assert_eq!(host.execute("hello.echo", json!({ "message": "x" })).await.status, 200);
    let host = pinned().bytes("hello.wasm", rebuilt("hello")).start_in(host.finish_keeping().await).await;
    assert_eq!(asks(&host, "hello").await[0], "the new content of hello.wasm, which changed since it was approved");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_default_a_replaced_file_serves_and_its_approval_has_a_hash() {
    let folder = approved(TestHost::builder().production()).await;
    let host = TestHost::builder().production().bytes("upgrade.wasm", rebuilt("upgrade-v1")).start_in(folder).await;
    assert_eq!(version(&host).await, "1");
    // The hash of the approved content was recorded, so that it is known when the operator pins it.
    let host = pinned().start_in(host.finish_keeping().await).await;
    assert_eq!(asks(&host, "upgrade").await, json!([CHANGED]));
    let folder = host.finish_keeping().await;
    let host = pinned().bytes("upgrade.wasm", bytes_of("upgrade-v1")).start_in(folder).await;
    assert_eq!(version(&host).await, "1");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_approved_content_in_another_file_waits() {
    let folder = approved(pinned()).await;
    let plugins = folder.path().join("plugins");
    std::fs::rename(plugins.join("upgrade.wasm"), plugins.join("other.wasm")).expect("the file is renamed");
    let host = pinned().start_in(folder).await;
    assert_eq!(asks(&host, "upgrade").await, json!(["the id upgrade, which was granted to upgrade.wasm"]));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn development_grants_what_is_declared_and_says_so() {
    let host = TestHost::builder().config(PIN).guest("hello").start().await;
    assert!(!logs::containing("has no effect in development mode").is_empty(), "nobody was told");
    std::fs::write(host.plugins().join("hello.wasm"), rebuilt("hello")).expect("the file is replaced");
    let reloaded = host.send(host.request(Method::POST, "/registry/reload/hello")).await;
    assert_eq!((reloaded.status, &reloaded.body["success"]), (200, &json!(true)), "{:#}", reloaded.body);
    host.finish().await;
}
