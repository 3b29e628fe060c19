//! Addresses of webhooks: every answer that a sender can get.

use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::{TestHost, TestUser};

use super::{ended, host_with, installed, run_of, sent};
use crate::upstream::{Upstream, with_header};

/// A workflow with this webhook that says what it gets.
fn hooked(webhook: Value) -> Value {
    json!({
        "name": "Hooked",
        "trigger": { "webhook": webhook },
        "steps": [{ "id": "say", "uses": "hello.echo", "with": { "message": "{{ trigger.method }} {{ trigger.body.say }}" } }],
        "output": "{{ steps.say.output }}",
    })
}

/// The secret part of the address of an installation.
async fn address(owner: &TestUser<'_>, installation: &str) -> String {
    let shown = owner.get(&format!("/installations/{installation}")).await;
    shown.body["webhookToken"].as_str().unwrap_or_else(|| panic!("no address: {:#}", shown.body)).to_owned()
}

async fn hello() -> TestHost {
    TestHost::builder().guest("hello").start().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_a_token_starts_a_run() {
    let host = hello().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let installation = installed(&ann, "Hooked", hooked(json!({}))).await;
    let token = address(&ann, &installation).await;
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::GET] {
        let run = run_of(&sent(&host, method.clone(), &token, r#"{"say":"hi"}"#).await);
        let shown = ended(&ann, &run).await;
        assert_eq!((&shown["origin"], &shown["status"]), (&json!("webhook"), &json!("succeeded")));
        assert_eq!(shown["output"]["value"], json!({ "message": format!("{method} hi") }));
    }
    let head = host.send(host.anonymous(Method::HEAD, &format!("/hooks/{token}"))).await;
    assert_eq!(head.status, 405, "a look at a link starts nothing");
    assert_eq!(ann.get("/runs").await.body["runs"].as_array().map(Vec::len), Some(5));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_other_origins_may_send_to_a_webhook() {
    let host = hello().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let installation = installed(&ann, "Hooked", hooked(json!({}))).await;
    let token = address(&ann, &installation).await;
    let request = host.anonymous(Method::POST, &format!("/hooks/{token}")).json(&json!({ "say": "hi" }));
    let foreign = request.header("origin", "https://shop.example").header("sec-fetch-site", "cross-site");
    run_of(&host.send(foreign).await);
    let request = host.request(Method::POST, &format!("/installations/{installation}/run"));
    let refused = host.send(request.header("origin", "https://shop.example")).await;
    assert_eq!((refused.status, refused.code()), (403, "foreign-origin"), "only webhooks are for everybody");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_request_is_said_by_its_status() {
    let host = hello().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let schema = json!({ "type": "object", "properties": { "say": { "type": "string" } } });
    let installation = installed(&ann, "Strict", hooked(json!({ "body": schema }))).await;
    let token = address(&ann, &installation).await;
    let unknown = sent(&host, Method::POST, &"A".repeat(43), "{}").await;
    assert_eq!((unknown.status, unknown.code()), (404, "webhook-not-found"));
    for malformed in ["x", "%00", &"A".repeat(1_000)] {
        let answer = sent(&host, Method::POST, malformed, "{}").await;
        assert_eq!((answer.status, answer.code(), answer.detail()), (404, "webhook-not-found", unknown.detail()));
    }
    let broken = sent(&host, Method::POST, &token, "{").await;
    assert_eq!((broken.status, broken.code()), (400, "invalid-body"));
    let misfit = sent(&host, Method::POST, &token, r#"{"say":7}"#).await;
    assert_eq!((misfit.status, misfit.code()), (422, "invalid-input"));
    assert_eq!(misfit.body["errors"][0]["pointer"], "/body/say");
    let path = format!("/hooks/{token}");
    let encoded = host.anonymous(Method::POST, &path).header("content-encoding", "gzip").body("x");
    let encoded = host.send(encoded).await;
    assert_eq!((encoded.status, encoded.code()), (415, "unsupported-media-type"));
    let large = host.send(host.anonymous(Method::POST, &path).body(vec![b'x'; (1 << 20) + 1])).await;
    assert_eq!((large.status, large.code()), (413, "body-too-large"));
    assert_eq!(ann.post(&format!("/installations/{installation}/pause"), &json!({})).await.status, 200);
    let paused = sent(&host, Method::POST, &token, "{}").await;
    assert_eq!((paused.status, paused.code()), (409, "installation-paused"));
    assert_eq!(ann.post(&format!("/installations/{installation}/resume"), &json!({})).await.status, 200);
    run_of(&sent(&host, Method::POST, &token, "{}").await);
    let rotated = ann.post(&format!("/installations/{installation}/rotate-webhook"), &json!({})).await;
    let new = rotated.body["webhookToken"].as_str().expect("a new address");
    assert_eq!(sent(&host, Method::POST, &token, "{}").await.status, 404, "the address of before is unknown");
    run_of(&sent(&host, Method::POST, new, "{}").await);
    assert_eq!(ann.delete(&format!("/installations/{installation}")).await.status, 204);
    assert_eq!(sent(&host, Method::POST, new, "{}").await.status, 404);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_signed_request_starts_a_run_and_once() {
    let host = hello().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let mut definition = hooked(json!({ "verify": { "scheme": "github", "secret": "key" } }));
    definition["inputs"] = json!({
        "type": "object", "required": ["key"], "properties": { "key": { "type": "string", "format": "secret" } },
    });
    let workflow = crate::marketplace::published(
        &ann,
        crate::marketplace::with(crate::marketplace::whole("Signed"), json!({ "workflowDefinition": definition })),
    )
    .await;
    // The example of GitHub's documentation.
    let inputs = json!({ "inputs": { "key": "It's a Secret to Everybody" } });
    let made = ann.post(&format!("/marketplace/{workflow}/install"), &inputs).await;
    let token = address(&ann, made.body["id"].as_str().expect("an id")).await;
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let signed = async |signature: &'static str| {
        let request = host.anonymous(Method::POST, &format!("/hooks/{token}")).body("Hello, World!");
        host.send(request.header("x-hub-signature-256", signature).header("x-github-delivery", "delivery-1")).await
    };
    let unsigned = sent(&host, Method::POST, &token, "{}").await;
    assert_eq!((unsigned.status, unsigned.code()), (401, "invalid-signature"));
    let wrong = signed("sha256=0000000000000000000000000000000000000000000000000000000000000000").await;
    assert_eq!((wrong.status, wrong.code()), (401, "invalid-signature"));
    let first = run_of(&signed(signature).await);
    assert_eq!(run_of(&signed(signature).await), first, "it is delivered again");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_waits_for_the_output_if_the_workflow_says_so() {
    let upstream = Upstream::start(async |_| with_header(422, "x-reason", b"no")).await;
    let host = host_with(&upstream).await;
    let ann = host.developer("ann@example.com", "ann").await;
    let installation = installed(&ann, "Responds", hooked(json!({ "respond": true }))).await;
    let token = address(&ann, &installation).await;
    let answer = sent(&host, Method::POST, &token, r#"{"say":"hi"}"#).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.body, json!({ "message": "POST hi" }));
    let mut failing = hooked(json!({ "respond": true }));
    failing["steps"] = json!([{ "id": "enter", "uses": "run-probe.note", "with": { "text": "x" } }]);
    failing["output"] = json!("never");
    let installation = installed(&ann, "Fails", failing).await;
    let token = address(&ann, &installation).await;
    let answer = sent(&host, Method::POST, &token, "{}").await;
    assert_eq!((answer.status, answer.code()), (502, "run-failed"));
    let run = ann.get("/runs?status=failed").await.body["runs"][0]["id"].as_str().expect("a run").to_owned();
    assert!(answer.detail().contains(&run), "{}", answer.detail());
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_beyond_the_limit_is_skipped_or_refused_as_the_workflow_says() {
    let (upstream, held) = Upstream::held().await;
    let host = host_with(&upstream).await;
    let ann = host.developer("ann@example.com", "ann").await;
    let mut definition = hooked(json!({}));
    definition["concurrency"] = json!({ "limit": 1, "on-limit": "skip" });
    definition["steps"] = json!([{ "id": "enter", "uses": "run-probe.note", "with": { "text": "x" } }]);
    definition["output"] = json!("done");
    let installation = installed(&ann, "Single", definition).await;
    let token = address(&ann, &installation).await;
    let run = run_of(&sent(&host, Method::POST, &token, "{}").await);
    held.arrived(1).await;
    assert_eq!(sent(&host, Method::POST, &token, "{}").await.status, 204);
    let refused = ann.post(&format!("/installations/{installation}/run"), &json!({})).await;
    assert_eq!((refused.status, refused.code()), (409, "concurrency-limit"));
    held.release();
    assert_eq!(ended(&ann, &run).await["status"], "succeeded");
    run_of(&sent(&host, Method::POST, &token, "{}").await);
    host.finish().await;
}
