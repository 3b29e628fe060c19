//! Runs of workflows, over HTTP and to their ends. What the engine does at a crash, and with time, its own tests say.

mod control;
mod drafts;
mod listing;
mod reading;
mod webhooks;

use reqwest::Method;
use serde_json::{Value, json};
use workway_host::runs::{RunId, idempotency_key};
use workway_tests::{Answer, TestHost, TestUser};

use crate::{
    marketplace::{install, published, whole, with},
    upstream::{Seen, Upstream, text},
};

/// A host whose workflows can use `hello` and `run-probe`, whose notes go to this upstream.
async fn host_with(upstream: &Upstream) -> TestHost {
    // Only development has upstreams.
    TestHost::builder().guest("hello").guest("run-probe").upstream("runs.example.com", upstream.origin()).start().await
}

/// A workflow of these steps, started by hand.
fn manual(steps: Value) -> Value {
    json!({ "name": "Work", "trigger": { "manual": {} }, "steps": steps })
}

/// Publishes a workflow and installs it for its developer; the id of the installation.
async fn installed(owner: &TestUser<'_>, name: &str, definition: Value) -> String {
    let workflow = published(owner, with(whole(name), json!({ "workflowDefinition": definition }))).await;
    let made = install(owner, &workflow).await;
    assert_eq!(made.status, 201, "{:#}", made.body);
    made.body["id"].as_str().expect("an installation has an id").to_owned()
}

/// Starts a run of an installation, and answers its id.
async fn started(owner: &TestUser<'_>, installation: &str, trigger: Value) -> String {
    let answer = owner.post(&format!("/installations/{installation}/run"), &json!({ "trigger": trigger })).await;
    run_of(&answer)
}

#[track_caller]
fn run_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{:#}", answer.body);
    answer.body["runId"].as_str().expect("a run has an id").to_owned()
}

/// Waits for the end of a run, and answers the run.
async fn ended(owner: &TestUser<'_>, run: &str) -> Value {
    // The stream ends with the run.
    owner.get(&format!("/runs/{run}/events")).await;
    let answer = owner.get(&format!("/runs/{run}")).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    assert!(answer.body["endedAt"].is_string(), "{:#}", answer.body);
    answer.body
}

/// The events of a run after a number, each with its id, until the stream ends.
async fn events(owner: &TestUser<'_>, run: &str, after: Option<&str>) -> Vec<(String, Value)> {
    let mut request = owner.request(Method::GET, &format!("/runs/{run}/events"));
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    let answer = owner.send(request).await;
    let text = answer.body.as_str().unwrap_or_default();
    text.split("\n\n").filter_map(event).collect()
}

/// A comment has no data.
fn event(text: &str) -> Option<(String, Value)> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let data = serde_json::from_str(field("data:")?).expect("the data of an event is JSON");
    Some((field("id:").unwrap_or_default().to_owned(), data))
}

/// What a sender without any token gets at an address.
async fn sent(host: &TestHost, method: Method, token: &str, body: &str) -> Answer {
    let request = host.anonymous(method, &format!("/hooks/{token}"));
    host.send(request.header("content-type", "application/json").body(body.to_owned())).await
}

/// The key is the same for all attempts of a step, and no other step's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn run_probe() {
    let upstream = Upstream::start(async |seen: Seen| text(seen.body)).await;
    let host = host_with(&upstream).await;
    let ann = host.developer("ann@example.com", "ann").await;
    let step =
        |id: &str, action: &str| json!({ "id": id, "uses": format!("run-probe.{action}"), "with": { "text": id } });
    let steps = json!([step("one", "note"), step("two", "risk"), step("three", "echo")]);
    let installation = installed(&ann, "Keys", manual(steps)).await;
    let run = started(&ann, &installation, Value::Null).await;
    assert_eq!(ended(&ann, &run).await["status"], "succeeded");
    let id = RunId::from_text(&run);
    let keys = ["one", "two"].map(|path| idempotency_key(&id, &path.parse().expect("a path")));
    let seen = upstream.seen();
    let sent: Vec<&str> = seen.iter().filter_map(|seen| seen.header("idempotency-key")).collect();
    assert_eq!(sent, keys);
    host.finish().await;
}
