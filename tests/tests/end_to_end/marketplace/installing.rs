//! Installing and uninstalling: who may, how often it counts, and what it costs.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::{TestHost, TestUser, keep_secret};

use super::{draft, install, market, public, published, whole, with};

/// Users who ever installed it, and those who have it.
async fn counts(host: &TestHost, id: &str) -> (u64, u64) {
    let detail = public(host, &format!("/marketplace/{id}")).await;
    let count = |field: &str| detail.body[field].as_u64().unwrap_or_else(|| panic!("{field}: {:#}", detail.body));
    (count("installCount"), count("activeInstallCount"))
}

async fn uninstall(user: &TestUser<'_>, id: &str) -> u16 {
    user.delete(&format!("/marketplace/{id}/install")).await.status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn installing_and_uninstalling_twice_is_the_same_as_once() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let (eve, bob) = (host.user("eve@example.com").await, host.user("bob@example.com").await);
    let id = published(&ann, with(whole("Echo"), json!({ "slug": "echo" }))).await;
    assert_eq!(uninstall(&eve, &id).await, 204, "what is not installed stays so");
    assert_eq!(eve.get(&format!("/marketplace/{id}/install")).await.code(), "not-installed");
    let first = install(&eve, "echo").await;
    assert_eq!(
        (first.status, &first.body["workflowId"], &first.body["active"]),
        (201, &id.as_str().into(), &true.into())
    );
    let again = install(&eve, &id).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(install(&bob, &id).await.status, 201);
    assert_eq!(counts(&host, &id).await, (2, 2));
    assert_eq!((uninstall(&eve, "echo").await, uninstall(&eve, &id).await), (204, 204));
    assert_eq!(counts(&host, &id).await, (2, 1));
    let back = install(&eve, &id).await;
    assert_eq!((back.status, &back.body["id"]), (201, &first.body["id"]), "the same installation, active again");
    assert_eq!(counts(&host, &id).await, (2, 2), "a user counts once");
    let stats = public(&host, "/marketplace/stats").await;
    assert_eq!((&stats.body["installs"], &stats.body["activeInstalls"]), (&2.into(), &2.into()));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn installing_at_once_counts_once() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let (eve, bob) = (host.user("eve@example.com").await, host.user("bob@example.com").await);
    let id = published(&ann, whole("Echo")).await;
    let both = [&eve, &bob, &eve, &bob, &eve, &bob];
    let answers = join_all(both.map(|user| install(user, &id))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses, counts(&host, &id).await), (vec![200, 200, 200, 200, 201, 201], (2, 2)));
    join_all(both.map(|user| uninstall(user, &id))).await;
    assert_eq!(counts(&host, &id).await, (2, 0));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_free_is_installed_by_its_owner_alone() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let eve = host.user("eve@example.com").await;
    let priced = json!({ "pricing": { "model": "monthly", "cents": 900 } });
    let id = published(&ann, with(whole("Paid"), priced)).await;
    let refused = install(&eve, &id).await;
    assert_eq!((refused.status, refused.code()), (402, "payment-required"));
    assert_eq!(eve.get(&format!("/marketplace/{id}/install")).await.code(), "not-installed");
    assert_eq!(install(&ann, &id).await.status, 201);
    assert_eq!(counts(&host, &id).await, (1, 1));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_else_sees_is_installed_by_its_owner_alone_and_a_draft_by_nobody() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let eve = host.user("eve@example.com").await;
    let private = published(&ann, with(whole("Private"), json!({ "visibility": "private" }))).await;
    let draft = draft(&ann, whole("Draft")).await;
    assert_eq!(install(&eve, &private).await.code(), "workflow-not-found");
    assert_eq!(install(&ann, &private).await.status, 201);
    assert_eq!(install(&eve, &draft).await.code(), "workflow-not-found");
    assert_eq!(install(&ann, &draft).await.code(), "not-published");
    let limited = host.user_for("eve@example.com", &["publish"]).await;
    assert_eq!(install(&limited, &private).await.code(), "insufficient-scope");
    host.finish().await;
}

/// A value of a secret input, which no answer and no log may hold.
const SECRET: &str = "hunter2, and once more hunter2";

/// A workflow that needs a channel and a token, and signs with the token.
fn signing() -> Value {
    json!({
        "name": "Sign",
        "inputs": {
            "type": "object",
            "required": ["channel", "token"],
            "additionalProperties": false,
            "properties": { "channel": { "type": "string" }, "token": { "type": "string", "format": "secret" } },
        },
        "trigger": { "manual": {} },
        "steps": [{ "id": "say", "uses": "hello.echo", "with": { "message": "{{ inputs.channel|hmac(inputs.token) }}" } }],
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inputs_are_checked_kept_and_shown_but_for_secrets() {
    let host = market().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let eve = host.user("eve@example.com").await;
    let id = published(&ann, with(whole("Sign"), json!({ "workflowDefinition": signing() }))).await;
    let place = format!("/marketplace/{id}/install");
    keep_secret(SECRET);
    let send = async |body: Value| eve.post(&place, &body).await;
    let missing = eve.send(eve.request(Method::POST, &place)).await;
    assert_eq!(
        (missing.status, missing.code(), &missing.body["errors"][0]["pointer"]),
        (400, "invalid-input", &"/inputs".into())
    );
    let wrong = send(json!({ "inputs": { "channel": 7, "token": SECRET } })).await;
    assert_eq!((wrong.status, &wrong.body["errors"][0]["pointer"]), (400, &"/inputs/channel".into()));
    for rubbish in [json!({ "inputs": {}, "rubbish": true }), json!({ "inputs": [] }), json!([])] {
        let refused = send(rubbish).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid-body"));
    }
    assert_eq!(eve.get(&place).await.code(), "not-installed");
    let first = send(json!({ "inputs": { "channel": "#a", "token": SECRET } })).await;
    assert_eq!(first.status, 201, "{:#}", first.body);
    let shown = eve.get(&place).await;
    assert_eq!((&shown.body["inputs"], &shown.body["secretInputs"]), (&json!({ "channel": "#a" }), &json!(["token"])));
    let changed = send(json!({ "inputs": { "channel": "#b" } })).await;
    assert_eq!((changed.status, &changed.body), (200, &first.body), "the token stays");
    let unchanged = eve.send(eve.request(Method::POST, &place)).await;
    assert_eq!(unchanged.status, 200);
    let shown = eve.get(&place).await;
    assert_eq!((&shown.body["inputs"], &shown.body["secretInputs"]), (&json!({ "channel": "#b" }), &json!(["token"])));
    assert_eq!(uninstall(&eve, &id).await, 204);
    let ended = eve.get(&place).await;
    assert_eq!((&ended.body["inputs"], &ended.body["secretInputs"]), (&json!({}), &json!([])));
    host.finish().await;
}
