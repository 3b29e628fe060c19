//! The tree of a run, its events, and values that are too large for either.

use reqwest::Method;
use serde_json::{Value, json};
use workway_tests::TestHost;

use super::{ended, event, events, host_with, installed, manual, run_of, started};
use crate::upstream::{Upstream, text, with_header};

async fn noted() -> Upstream {
    Upstream::start(async |_| text("noted")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_shows_its_steps_as_they_are_nested() {
    let upstream = noted().await;
    let host = host_with(&upstream).await;
    let ann = host.developer("ann@example.com", "ann").await;
    let steps = json!([
        { "id": "left-out", "uses": "hello.echo", "if": "trigger.body.skip == false", "with": { "message": "no" } },
        { "id": "each", "for-each": "trigger.body.names", "steps": [
            { "id": "enter", "name": "Enter it", "uses": "run-probe.note", "with": { "text": "{{ item }}" } },
        ] },
        { "id": "say", "uses": "hello.greet", "with": { "name": "{{ trigger.body.names[0] }}" } },
    ]);
    let definition = json!({
        "name": "Work", "trigger": { "webhook": {} }, "steps": steps,
        "output": { "said": "{{ steps.say.output.greeting }}" },
    });
    let installation = installed(&ann, "Nested", definition).await;
    let run = started(&ann, &installation, json!({ "body": { "names": ["b", "a"], "skip": true } })).await;
    let shown = ended(&ann, &run).await;
    assert_eq!(
        (&shown["status"], &shown["origin"], &shown["version"]),
        (&json!("succeeded"), &json!("manual"), &json!(1))
    );
    assert_eq!((&shown["id"], &shown["installationId"]), (&json!(run), &json!(installation)));
    assert_eq!(shown["output"]["value"], json!({ "said": "Hello, b!" }));
    assert_eq!(shown["trigger"]["value"]["body"]["names"], json!(["b", "a"]));
    let steps = shown["steps"].as_array().expect("steps");
    let states: Vec<_> = steps.iter().map(|step| (&step["path"], &step["kind"], &step["status"])).collect();
    assert_eq!(
        states,
        [
            (&json!("left-out"), &json!("action"), &json!("skipped")),
            (&json!("each"), &json!("for-each"), &json!("succeeded")),
            (&json!("say"), &json!("action"), &json!("succeeded")),
        ]
    );
    let children = steps[1]["children"].as_array().expect("children");
    let inputs: Vec<_> = children.iter().map(|step| (&step["path"], &step["input"]["value"]["text"])).collect();
    assert_eq!(inputs, [(&json!("each[0]/enter"), &json!("b")), (&json!("each[1]/enter"), &json!("a"))]);
    assert_eq!((&children[0]["name"], &children[0]["uses"]), (&json!("Enter it"), &json!("run-probe.note")));
    assert_eq!(children[0]["attempts"][0]["number"], 1);
    let entries: Vec<_> = upstream.seen().iter().map(|seen| seen.header("x-step").map(str::to_owned)).collect();
    assert_eq!(entries, [Some("each[0]/enter".to_owned()), Some("each[1]/enter".to_owned())]);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_share_a_key_and_are_counted() {
    let upstream = Upstream::start(async |seen| match seen.header("x-attempt") {
        Some("1") => with_header(503, "x-reason", b"busy"),
        _ => text("at last"),
    })
    .await;
    let host = host_with(&upstream).await;
    let ann = host.developer("ann@example.com", "ann").await;
    let retry = json!({ "attempts": 2, "backoff": "1s" });
    let steps = json!([{ "id": "enter", "uses": "run-probe.note", "with": { "text": "x" }, "retry": retry }]);
    let installation = installed(&ann, "Stubborn", manual(steps)).await;
    let run = started(&ann, &installation, Value::Null).await;
    let shown = ended(&ann, &run).await;
    assert_eq!((&shown["status"], &shown["steps"].as_array().map(Vec::len)), (&json!("succeeded"), &Some(1)));
    let attempts = shown["steps"][0]["attempts"].as_array().expect("attempts");
    assert_eq!((attempts.len(), &attempts[0]["failure"]["code"]), (2, &json!("transient")));
    assert_eq!(attempts[1].get("failure"), None);
    let seen = upstream.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].header("idempotency-key"), seen[1].header("idempotency-key"), "both attempts have the same key");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_follows_a_run_and_goes_on_where_it_was() {
    let (upstream, held) = Upstream::held().await;
    let host = host_with(&upstream).await;
    let ann = host.developer("ann@example.com", "ann").await;
    let steps = json!([{ "id": "enter", "uses": "run-probe.note", "with": { "text": "x" } }]);
    let installation = installed(&ann, "Followed", manual(steps)).await;
    let run = started(&ann, &installation, Value::Null).await;
    held.arrived(1).await;
    let path = format!("/runs/{run}/events");
    let mut stream = ann.request(Method::GET, &path).send().await.expect("the host is reached");
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut read = String::new();
    while !read.contains("event: started") || !read.ends_with("\n\n") {
        let chunk = stream.chunk().await.expect("the stream holds").expect("the run goes on");
        read.push_str(std::str::from_utf8(&chunk).expect("events are text"));
    }
    drop(stream);
    let before: Vec<_> = read.split("\n\n").filter_map(event).collect();
    let last = &before.last().expect("events came").0;
    held.release();
    let after = events(&ann, &run, Some(last)).await;
    let kinds: Vec<_> =
        before.iter().chain(&after).map(|(_, data)| data["kind"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds, ["run-started", "started", "ended", "run-ended"]);
    let numbers: Vec<u64> = before.iter().chain(&after).map(|(id, _)| id.parse().expect("a number")).collect();
    assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
    let (last, end) = after.last().expect("the run ended");
    assert_eq!((&end["status"], &end["path"]), (&json!("succeeded"), &json!("")));
    let known = ann.send(ann.request(Method::GET, &path).header("last-event-id", last)).await;
    assert_eq!(known.status, 204, "who has all is not to connect again");
    for wrong in ["last", "999"] {
        let refused = ann.send(ann.request(Method::GET, &path).header("last-event-id", wrong)).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid-query"), "{wrong}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_value_is_cut_and_linked() {
    let host = TestHost::builder().guest("hello").start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let steps = json!([{ "id": "say", "uses": "hello.echo", "with": { "message": "{{ trigger.body }}" } }]);
    let definition = json!({ "name": "Work", "trigger": { "webhook": {} }, "steps": steps });
    let installation = installed(&ann, "Large", definition).await;
    let message = "x".repeat(100_000);
    let run = started(&ann, &installation, json!({ "body": message })).await;
    let shown = ended(&ann, &run).await;
    let output = &shown["steps"][0]["output"];
    assert_eq!((output.get("value"), &output["bytes"]), (None, &json!(100_014)));
    assert_eq!(output["beginning"].as_str().map(str::len), Some(64 << 10));
    for (value, expected) in [
        (output, json!({ "message": message })),
        (&shown["steps"][0]["input"], json!({ "message": message })),
        (&shown["trigger"], json!({ "body": message })),
    ] {
        let whole = ann.get(value["url"].as_str().expect("a cut value has a path")).await;
        assert_eq!((whole.status, whole.header("content-type")), (200, "application/json"));
        assert_eq!(whole.body, expected);
    }
    let body = |query: &str| format!("/runs/{run}/body?{query}");
    for (query, status, code) in [
        ("path=say&part=trigger", 404, "step-not-found"),
        ("path=say&part=input&attempt=2", 404, "step-not-found"),
        ("path=other&part=output", 404, "step-not-found"),
        ("path=say%5B&part=output", 404, "step-not-found"),
        ("path=say", 400, "invalid-query"),
        ("path=say&part=all", 400, "invalid-query"),
    ] {
        let refused = ann.get(&body(query)).await;
        assert_eq!((refused.status, refused.code()), (status, code), "{query}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_starts_one_run() {
    let host = TestHost::builder().guest("hello").start().await;
    let ann = host.developer("ann@example.com", "ann").await;
    let steps = json!([{ "id": "say", "uses": "hello.echo", "with": { "message": "hi" } }]);
    let installation = installed(&ann, "Once", manual(steps)).await;
    let path = format!("/installations/{installation}/run");
    let start =
        async |key: &'static str| ann.send(ann.request(Method::POST, &path).header("idempotency-key", key)).await;
    let first = run_of(&start("a").await);
    assert_eq!(run_of(&start("a").await), first);
    assert_ne!(run_of(&start("b").await), first);
    let refused = start("").await;
    assert_eq!((refused.status, refused.code()), (400, "invalid-idempotency-key"));
    assert_eq!(ann.get("/runs").await.body["runs"].as_array().map(Vec::len), Some(2));
    let pause = ann.post(&format!("/installations/{installation}/pause"), &json!({})).await;
    assert_eq!(pause.status, 200);
    let refused = start("c").await;
    assert_eq!((refused.status, refused.code()), (409, "installation-paused"));
    host.finish().await;
}
