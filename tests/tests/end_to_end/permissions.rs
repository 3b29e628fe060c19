//! What an integration asks for, what it was granted, and who has to say so.

use reqwest::Method;
use serde_json::{Value, json};
use workway_host::registry::Activated;
use workway_tests::{Answer, TestHost, TestHostBuilder, guest};

use crate::support::{detail, failure, register};

const APPROVE: &str = "/registry/integrations/upgrade/approve";

fn with_version(builder: TestHostBuilder, version: &str) -> TestHostBuilder {
    builder.file("upgrade.wasm", guest(version).expect("the guest is built"))
}

async fn version(host: &TestHost) -> Answer {
    host.execute("upgrade.version", json!({})).await
}

/// The pending version's hash, as the operator sees it.
async fn pending(host: &TestHost) -> String {
    let known = detail(host, "upgrade").await;
    assert_eq!(known["status"], "pending-approval", "{known:#}");
    known["pending"]["sha256"].as_str().expect("a hash").to_owned()
}

/// A host in production whose first version was approved.
async fn approved() -> TestHost {
    let host = with_version(TestHost::builder().production(), "upgrade-v1").start().await;
    assert_eq!(host.post(APPROVE, &json!({})).await.status, 204);
    host
}

/// Puts another version in the place of the file.
async fn replace(host: &TestHost, by: &str) -> Activated {
    host.drop_in("upgrade.wasm", &guest(by).expect("the guest is built"));
    register(host, "upgrade.wasm").await.expect("the file is sound")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn upgrade_v1() {
    let host = with_version(TestHost::builder().production(), "upgrade-v1").start().await;
    let known = detail(&host, "upgrade").await;
    assert_eq!((&known["status"], &known["callable"]), (&json!("pending-approval"), &json!(false)));
    assert_eq!(known["pending"]["asks"], json!(["requests to api.example.com"]), "{known:#}");
    assert_eq!((&known["sha256"], &known["loadedAt"]), (&Value::Null, &Value::Null));
    let answer = version(&host).await;
    assert_eq!((answer.status, answer.code()), (409, "pending-approval"));
    assert!(answer.detail().contains(APPROVE), "the message says what to do: {}", answer.detail());
    assert_eq!(host.get("/registry/actions").await.body["total"], 0, "what cannot be called is not listed");
    let stats = host.get("/registry/stats").await.body;
    assert_eq!((&stats["integrations"]["active"], &stats["integrations"]["pendingApproval"]), (&json!(0), &json!(1)));

    let approval = host.post(APPROVE, &json!({})).await;
    assert_eq!((approval.status, &approval.body), (204, &json!("")));
    assert_eq!(version(&host).await.output(), "1");
    let known = detail(&host, "upgrade").await;
    assert_eq!((&known["status"], &known["callable"]), (&json!("active"), &json!(true)));
    assert_eq!(known["pending"], Value::Null);
    let again = host.post(APPROVE, &json!({})).await;
    assert_eq!((again.status, again.code()), (409, "nothing-pending"));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn upgrade_v2() {
    let host = approved().await;
    let before = detail(&host, "upgrade").await;
    let Activated::Waiting(id, asks) = replace(&host, "upgrade-v2").await else { panic!("nobody was asked") };
    assert_eq!((id.as_str(), asks.as_slice()), ("upgrade", &["requests to files.example.com".to_owned()][..]));
    assert_eq!(version(&host).await.output(), "1", "the old version answers until the new one is approved");
    let known = detail(&host, "upgrade").await;
    assert_eq!((&known["version"], &known["pending"]["version"]), (&json!("1.0.0"), &json!("2.0.0")));
    assert_eq!((&known["callable"], &known["sha256"]), (&json!(true), &before["sha256"]));

    let seen = pending(&host).await;
    let old = before["sha256"].as_str().expect("a hash");
    let answer = host.post(APPROVE, &json!({ "sha256": old })).await;
    assert_eq!((answer.status, answer.code()), (409, "other-version"));
    assert_eq!(version(&host).await.output(), "1");
    assert_eq!(host.post(APPROVE, &json!({ "sha256": seen })).await.status, 204);
    assert_eq!(version(&host).await.output(), "2");
    assert_eq!(detail(&host, "upgrade").await["sha256"], seen);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_asks_for_less_needs_nobody() {
    let host = with_version(TestHost::builder().production(), "upgrade-v2").start().await;
    assert_eq!(host.post(APPROVE, &json!({ "sha256": pending(&host).await })).await.status, 204);
    assert_eq!(version(&host).await.output(), "2");
    assert!(matches!(replace(&host, "upgrade-v1").await, Activated::Serving(_)));
    assert_eq!(version(&host).await.output(), "1");
    // What was granted once is not taken back by a version that did not need it.
    assert!(matches!(replace(&host, "upgrade-v2").await, Activated::Serving(_)));
    assert_eq!(version(&host).await.output(), "2");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_version_that_is_withdrawn_waits_no_longer() {
    let host = approved().await;
    replace(&host, "upgrade-v2").await;
    pending(&host).await;
    replace(&host, "upgrade-v1").await;
    assert_eq!(version(&host).await.output(), "1");
    let known = detail(&host, "upgrade").await;
    assert_eq!((&known["status"], &known["pending"]), (&json!("active"), &Value::Null), "{known:#}");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_operator_approves() {
    let host = with_version(TestHost::builder().production(), "upgrade-v1").start().await;
    let anonymous = host.anonymous(Method::POST, APPROVE).json(&json!({}));
    let stranger = host.anonymous(Method::POST, APPROVE).json(&json!({})).bearer_auth("x".repeat(40));
    let boastful = host.anonymous(Method::POST, APPROVE).json(&json!({})).header("x-dev-mode", "true");
    for request in [anonymous, stranger, boastful] {
        let answer = host.send(request).await;
        assert_eq!((answer.status, answer.code()), (401, "unauthenticated"));
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert_eq!(version(&host).await.code(), "pending-approval");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_says_clearly_what_it_approves() {
    let host = with_version(TestHost::builder().production(), "upgrade-v1").start().await;
    for body in [
        json!({ "sha256": "" }),
        json!({ "sha256": "abc" }),
        json!({ "sha256": "x".repeat(64) }),
        json!({ "sha256": 5 }),
        json!({ "sha": "0".repeat(64) }),
        json!([1]),
    ] {
        let answer = host.post(APPROVE, &body).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-body"), "{body}");
    }
    let other = host.post(APPROVE, &json!({ "sha256": "0".repeat(64) })).await;
    assert_eq!((other.status, other.code()), (409, "other-version"));
    for unknown in ["nobody", "Not%20Valid", "..%2Fupgrade"] {
        let answer = host.post(&format!("/registry/integrations/{unknown}/approve"), &json!({})).await;
        assert_eq!((answer.status, answer.code()), (404, "integration-not-found"), "{unknown}");
    }
    assert_eq!(version(&host).await.code(), "pending-approval");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grants_survive_a_restart() {
    let folder = approved().await.finish_keeping().await;
    let host = TestHost::builder().production().start_in(folder).await;
    assert_eq!(version(&host).await.output(), "1", "nobody is asked twice");
    let folder = host.finish_keeping().await;
    let host = with_version(TestHost::builder().production(), "upgrade-v2").start_in(folder).await;
    let answer = version(&host).await;
    assert_eq!((answer.status, answer.code()), (409, "pending-approval"), "an old grant is not enough for more");
    assert_eq!(detail(&host, "upgrade").await["pending"]["asks"], json!(["requests to files.example.com"]));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_belongs_to_the_file_that_it_was_given_to() {
    let folder = approved().await.finish_keeping().await;
    let plugins = folder.path().join("plugins");
    std::fs::rename(plugins.join("upgrade.wasm"), plugins.join("other.wasm")).expect("the file is renamed");
    let host = TestHost::builder().production().start_in(folder).await;
    let answer = version(&host).await;
    assert_eq!((answer.status, answer.code()), (409, "pending-approval"));
    let asks = json!(["the id upgrade, which was granted to upgrade.wasm"]);
    assert_eq!(detail(&host, "upgrade").await["pending"]["asks"], asks, "an id is a claim that anybody can make");
    assert_eq!(host.post(APPROVE, &json!({})).await.status, 204);
    assert_eq!(version(&host).await.output(), "1");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_comes_first_takes_no_granted_id() {
    let folder = approved().await.finish_keeping().await;
    let builder =
        TestHost::builder().production().file("a-first.wasm", guest("upgrade-v2").expect("the guest is built"));
    let host = builder.start_in(folder).await;
    assert_eq!(version(&host).await.output(), "1", "the file that was granted the id has it");
    assert_eq!(detail(&host, "upgrade").await["file"], "upgrade.wasm");
    let stats = host.get("/registry/stats").await;
    let message = failure(&stats, "a-first.wasm");
    assert!(message.contains("upgrade.wasm"), "{message}");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_changes_its_id_keeps_the_old_one_until_the_new_one_is_approved() {
    let host = approved().await;
    assert!(matches!(replace(&host, "oauth-reveal").await, Activated::Waiting(..)));
    assert_eq!(version(&host).await.output(), "1");
    assert_eq!(detail(&host, "oauth-reveal").await["callable"], false);
    replace(&host, "upgrade-v1").await;
    assert_eq!(host.get("/registry/integrations/oauth-reveal").await.status, 404, "it was withdrawn");
    replace(&host, "oauth-reveal").await;
    assert_eq!(host.post("/registry/integrations/oauth-reveal/approve", &json!({})).await.status, 204);
    assert_eq!(version(&host).await.code(), "action-not-found", "the file no longer holds the old one");
    assert_eq!(host.get("/registry/integrations").await.body["total"], 1);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_development_declaring_is_being_granted_and_leaves_no_grant() {
    let host = with_version(TestHost::builder(), "upgrade-v2").start().await;
    assert_eq!(version(&host).await.output(), "2");
    let answer = host.post(APPROVE, &json!({})).await;
    assert_eq!((answer.status, answer.code()), (409, "nothing-pending"));
    let folder = host.finish_keeping().await;
    let host = TestHost::builder().production().start_in(folder).await;
    assert_eq!(version(&host).await.code(), "pending-approval", "development granted something in production");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_integration_that_asks_for_nothing_needs_nobody() {
    let host = TestHost::builder().production().guest("hello").guest("oauth-reveal").start().await;
    assert_eq!(host.execute("hello.greet", json!({ "name": "Ann" })).await.status, 200);
    let known = detail(&host, "oauth-reveal").await;
    let asks = json!(["requests to api.example.com", "connections of example", "access tokens as text",]);
    assert_eq!(known["pending"]["asks"], asks, "every kind of permission is named to the operator");
    assert_eq!(known["pending"]["permissions"]["revealToken"], true, "{known:#}");
    host.finish().await;
}
