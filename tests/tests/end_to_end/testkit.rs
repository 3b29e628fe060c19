//! The test kit with real components: each expectation is met, and, changed, is not. A mock kit reaches no network; a live
//! one goes to a server of the test's own.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use axum::response::Response;
use serde_json::{Value, json};
use workway_host::{
    capability::{
        fetch::{FetchClient, Upstreams},
        oauth::{Connection, MemoryConnections},
    },
    model::{HostPattern, ProviderId},
    providers::{Catalogue, Values},
    sandbox::CallLimits,
    testkit::{CaseReport, Kit, KitOptions, LiveServices, Suite, write_recorded},
};
use workway_tests::plugin;

use crate::{
    support::bytes_of,
    upstream::{Seen, Upstream, text},
};

const TOKEN: &str = "s3cr3t-token-of-the-test-kit";

/// The built-in providers and the one that the guests use.
fn catalogue() -> Catalogue {
    let hosts: [HostPattern; 1] = ["api.example.com".parse().expect("is a pattern")];
    let example: ProviderId = "example".parse().expect("is an id");
    Catalogue::new(None, &BTreeMap::from([(example, hosts.into())])).expect("is sound")
}

fn options() -> KitOptions {
    let limits = CallLimits { cpu_ms: 200, memory_bytes: 32 << 20, ..CallLimits::default() };
    KitOptions { catalogue: Some(catalogue()), limits }
}

async fn kit(guest: &str) -> Kit {
    Kit::mock_with(&bytes_of(guest), options()).await.expect("the guest is loaded")
}

async fn slack() -> Kit {
    let component = std::fs::read(plugin("slack")).expect("the component is read");
    Kit::mock(&component).await.expect("the component is loaded")
}

/// A suite with one case. JSON is YAML, and easier to change.
fn suite(case: &Value) -> Suite {
    let mut case = case.clone();
    case["name"] = "the case".into();
    Suite::parse(Path::new("tests/a.yaml"), &json!({ "cases": [case] }).to_string()).expect("is a suite")
}

async fn run(kit: &Kit, case: &Value) -> CaseReport {
    let suite = suite(case);
    kit.check(&suite).expect("names what is there");
    kit.run(&suite.cases[0]).await
}

async fn passes(kit: &Kit, case: &Value) -> CaseReport {
    let report = run(kit, case).await;
    assert!(report.passed(), "{case:#}\n{}", report.problems.join("\n"));
    report
}

async fn fails(kit: &Kit, case: &Value, part: &str) {
    let report = run(kit, case).await;
    let problems = report.problems.join("\n");
    assert!(problems.contains(part), "{case:#}\nexpected {part:?} in: {problems}");
}

/// The case with another expectation in the place of its own.
fn expecting(case: &Value, expect: Value) -> Value {
    let mut case = case.clone();
    case["expect"] = expect;
    case
}

#[tokio::test]
async fn an_output_is_held_against_what_is_expected() {
    let kit = kit("hello").await;
    let case =
        json!({ "action": "greet", "input": { "name": "Ada" }, "expect": { "output": { "greeting": "Hello, Ada!" } } });
    let report = passes(&kit, &case).await;
    assert!(report.memory_bytes >= 64 << 10 && !report.cpu.is_zero() && report.requests == 0, "{report:?}");
    passes(&kit, &expecting(&case, json!({ "output-contains": {} }))).await;
    fails(&kit, &expecting(&case, json!({ "output": { "greeting": "Hello!" } })), "/greeting: expected \"Hello!\"")
        .await;
    fails(&kit, &expecting(&case, json!({ "output": {} })), "/greeting: expected nothing").await;
    fails(&kit, &expecting(&case, json!({ "output-contains": { "name": 1 } })), "/name: expected 1").await;
    fails(&kit, &expecting(&case, json!({ "failure": { "kind": "transient" } })), "expected a failure").await;
    fails(&kit, &expecting(&case, json!({ "crashed": true })), "expected a crash").await;
    fails(
        &kit,
        &expecting(&case, json!({ "requests": [{ "url": "https://a.example" }] })),
        "was expected, but not sent",
    )
    .await;
    fails(&kit, &expecting(&case, json!({ "denied": ["https://a.example"] })), "but there was none").await;
}

#[tokio::test]
async fn an_input_is_checked_against_the_schema() {
    let kit = kit("hello").await;
    let case = json!({ "action": "greet", "input": { "name": 1 }, "expect": { "failure": { "kind": "invalid-input", "message": "/name" } } });
    passes(&kit, &case).await;
    fails(&kit, &expecting(&case, json!({})), "expected an output, got a failure of kind invalid-input").await;
}

#[tokio::test]
async fn failures_are_told_apart() {
    let kit = kit("failures").await;
    let limited = json!({ "action": "fail", "input": { "kind": "rate-limited", "retryAfterMs": 30_000 } });
    let all = json!({ "failure": { "kind": "rate-limited", "message": "on purpose", "retry-after-ms": 30_000 } });
    passes(&kit, &expecting(&limited, all)).await;
    let other = json!({ "failure": { "kind": "conflict", "retry-after-ms": 1, "message": "by accident" } });
    let report = run(&kit, &expecting(&limited, other)).await;
    assert_eq!(report.problems.len(), 3, "{:?}", report.problems);
}

#[tokio::test]
async fn limits_and_crashes_end_a_case_and_nothing_else() {
    for (guest, action, expect) in [
        ("memory-bomb", "grow", json!({ "limit": "memory" })),
        ("endless-loop", "spin", json!({ "limit": "cpu" })),
        ("trap", "panic", json!({ "crashed": true })),
    ] {
        let kit = kit(guest).await;
        let case = json!({ "action": action, "expect": expect });
        let report = passes(&kit, &case).await;
        if guest == "memory-bomb" {
            assert!((16 << 20..=32 << 20).contains(&report.memory_bytes), "{report:?}");
        }
        fails(&kit, &expecting(&case, json!({ "limit": "wall" })), "expected the limit wall, got").await;
        passes(&kit, &json!({ "action": "ping", "expect": { "output": { "ok": true } } })).await;
    }
}

#[tokio::test]
async fn requests_are_answered_by_fixtures_and_by_nothing_else() {
    let kit = kit("fetch-probe").await;
    let url = "https://api.example.com/x?page=1";
    let case = json!({
        "action": "fetch", "input": { "url": url, "method": "POST", "body": "{\"a\": 1, \"b\": 2}" },
        "fixtures": [{
            "request": { "method": "POST", "url": "https://api.example.com/*", "query": { "page": 1 }, "json": { "a": 1 } },
            "response": { "status": 201, "headers": { "x-seen": "yes" }, "json": { "id": 7 } },
        }],
        "expect": {
            "output-contains": { "ok": { "status": 201, "body": "{\"id\":7}", "url": url } },
            "requests": [{ "method": "POST", "url": url, "json": { "b": 2 } }],
        },
    });
    assert_eq!(passes(&kit, &case).await.requests, 1);
    fails(&kit, &expecting(&case, json!({ "requests": [] })), "request 1 was sent, but not expected: POST").await;
    let other = json!({ "requests": [{ "method": "POST", "url": url, "json": { "b": 3 } }] });
    fails(&kit, &expecting(&case, other), "json: /b: expected 3, got 2").await;
    let mut unanswered = expecting(&case, json!({}));
    unanswered["fixtures"][0]["request"]["json"] = json!({ "a": 2 });
    fails(&kit, &unanswered, "the closest is fixture 1").await;
    unanswered["fixtures"] = json!([]);
    fails(&kit, &unanswered, "the case has no fixtures").await;
    for (error, kind) in [("timeout", "timeout"), ("connect", "connect"), ("io", "io")] {
        let mut broken = expecting(&case, json!({ "output-contains": { "err": { "kind": kind } } }));
        broken["fixtures"][0]["response"] = json!({ "error": error });
        passes(&kit, &broken).await;
    }
}

#[tokio::test]
async fn redirects_are_followed_and_fixtures_take_turns() {
    let kit = kit("fetch-probe").await;
    let at = |path: &str| format!("https://api.example.com{path}");
    let moved = json!({ "status": 302, "headers": { "location": "/b" } });
    passes(
        &kit,
        &json!({
            "action": "fetch-all", "input": { "urls": [at("/a"), at("/b"), at("/b")] },
            "fixtures": [
                { "request": { "url": at("/a") }, "response": moved },
                { "request": { "url": at("/b") }, "response": { "text": "one" }, "times": 1 },
                { "request": { "url": at("/b") }, "response": { "text": "more" } },
            ],
            "expect": { "requests": [
                { "url": at("/a") }, { "url": at("/b") }, { "url": at("/b") }, { "url": at("/b") },
            ] },
        }),
    )
    .await;
}

#[tokio::test]
async fn what_was_not_granted_is_denied_and_has_to_be_listed() {
    let kit = kit("fetch-probe").await;
    for (url, origin) in [
        ("https://evil.example/x?y=1", "https://evil.example"),
        ("http://api.example.com/", "http://api.example.com"),
        ("https://127.0.0.1/", "https://127.0.0.1"),
        ("ftp://api.example.com/", "ftp://api.example.com"),
    ] {
        // A fixture grants nothing.
        let case = json!({
            "action": "fetch", "input": { "url": url },
            "fixtures": [{ "request": { "url": "https://**" }, "response": {} }],
            "expect": { "output-contains": { "err": { "kind": "denied" } }, "requests": [], "denied": [origin] },
        });
        passes(&kit, &case).await;
        fails(&kit, &expecting(&case, json!({})), "was denied").await;
        fails(&kit, &expecting(&case, json!({ "denied": ["https://other.example"] })), "but there was none").await;
    }
    let redirected = json!({
        "action": "fetch", "input": { "url": "https://api.example.com/" },
        "fixtures": [{
            "request": { "url": "https://api.example.com/" },
            "response": { "status": 307, "headers": { "location": "https://evil.example/" } },
        }],
        "expect": { "denied": ["https://evil.example"] },
    });
    assert_eq!(passes(&kit, &redirected).await.requests, 1);
    let own = json!({
        "action": "fetch", "input": { "url": "https://api.example.com/", "headers": [["authorization", "mine"]] },
        "expect": { "denied": ["https://api.example.com"], "requests": [] },
    });
    passes(&kit, &own).await;
}

#[tokio::test]
async fn storage_is_filled_before_and_looked_at_after() {
    let kit = kit("storage-probe").await;
    let case = json!({
        "action": "run",
        "storage": { "counter": 1, "old": "x" },
        "input": { "ops": [
            { "op": "get", "key": "counter" }, { "op": "put", "key": "counter", "value": "2" },
            { "op": "put", "key": "note", "value": "plain text" }, { "op": "delete", "key": "old" },
        ] },
        "expect": { "storage": { "counter": 2, "note": "plain text", "old": null, "never": null } },
    });
    passes(&kit, &case).await;
    fails(
        &kit,
        &expecting(&case, json!({ "storage": { "counter": 1 } })),
        "storage: counter: (root): expected 1, got 2",
    )
    .await;
    fails(&kit, &expecting(&case, json!({ "storage": { "counter": null } })), "expected to be absent").await;
    fails(&kit, &expecting(&case, json!({ "storage": { "old": "x" } })), "but it is absent").await;
    let empty =
        json!({ "action": "run", "input": { "ops": [{ "op": "list" }] }, "expect": { "output": [{ "ok": [] }] } });
    passes(&kit, &empty).await;
}

#[tokio::test]
async fn accounts_are_those_of_the_case_and_their_checks_are_real() {
    let kit = kit("oauth-probe").await;
    let case = json!({
        "action": "connect", "input": { "provider": "example" },
        "connections": { "example": { "account": "acme", "scopes": ["read", "more"] } },
        "expect": { "output": { "account": "acme", "scopes": ["more", "read"], "expiresAt": null } },
    });
    passes(&kit, &case).await;
    for (connections, kind) in [
        (json!({}), "not-connected"),
        (json!({ "example": { "scopes": ["more"] } }), "missing-scopes"),
        (json!({ "example": { "expired": true } }), "needs-reconnect"),
    ] {
        let mut other = expecting(&case, json!({ "output-contains": { "err": { "kind": kind } } }));
        other["connections"] = connections;
        passes(&kit, &other).await;
    }
    let mut unknown = case.clone();
    unknown["connections"] = json!({ "nobody": {} });
    fails(&kit, &unknown, "connections: nobody: unknown provider").await;
    let call = json!({
        "action": "call", "input": { "provider": "example", "url": "https://api.example.com/me" },
        "connections": { "example": {} },
        "fixtures": [{
            "request": { "url": "https://api.example.com/me", "headers": { "authorization": "Bearer made-up-token-of-example" } },
            "response": { "text": "it is you" },
        }],
        "expect": { "output-contains": { "ok": { "body": "it is you" } } },
    });
    passes(&kit, &call).await;
}

#[tokio::test]
async fn options_and_triggers_are_called_like_actions() {
    let kit = kit("with-triggers").await;
    let pushed = |call: &str, more: Value| {
        let mut case =
            json!({ "trigger": "pushed", "call": call, "state": { "address": "https://host.example/hook" } });
        case.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        case
    };
    let poll = |cursor: Value| json!({ "trigger": "new-number", "call": "poll", "cursor": cursor });
    let polled = |number: u32| json!({ "events": [{ "key": number.to_string(), "payload": { "number": number } }], "cursor": number });
    for (case, expected) in [
        (
            json!({ "options": { "subject": "ping", "field": "who" }, "input": { "who": "A" } }),
            json!([{ "value": "ann", "label": "Ann" }]),
        ),
        (poll(json!(7)), polled(8)),
        (json!({ "trigger": "new-number", "call": "poll", "config": {} }), polled(1)),
        (
            json!({ "trigger": "pushed", "call": "enable", "callback-url": "https://host.example/hook" }),
            json!({ "address": "https://host.example/hook" }),
        ),
        (pushed("disable", json!({})), Value::Null),
        (
            pushed("receive", json!({ "request": { "json": { "a": 1 } } })),
            json!({
                "status": 202, "headers": { "x-seen": "yes" }, "body": "thanks",
                "events": [{ "key": "{\"a\":1}", "payload": { "a": 1 } }],
            }),
        ),
    ] {
        passes(&kit, &expecting(&case, json!({ "output-contains": expected }))).await;
        fails(&kit, &expecting(&case, json!({ "output": "another" })), "output differs").await;
    }
    let misfit = json!({ "trigger": "new-number", "call": "poll", "config": [], "expect": { "failure": { "kind": "invalid-input" } } });
    passes(&kit, &misfit).await;
    fails(&kit, &poll(json!("x")), "a failure of kind").await;
    fails(&kit, &pushed("receive", json!({ "request": { "body": "no JSON" } })), "a failure of kind").await;
}

#[tokio::test]
async fn what_the_component_does_not_have_is_listed() {
    let kit = kit("with-triggers").await;
    let suite = Suite::parse(
        Path::new("tests/a.yaml"),
        "cases:\n  - { name: a, action: pong }\n  - { name: b, trigger: ping, call: poll }\n  - { name: c, options: { subject: x, field: y } }\n  - { name: d, action: ping }\n",
    )
    .expect("is a suite");
    let problems = kit.check(&suite).expect_err("is refused").problems;
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert_eq!(
        problems[0],
        "tests/a.yaml: case \"a\": integration \"with-triggers\" has no action \"pong\": it has ping"
    );
    assert!(kit.run(&suite.cases[0]).await.problems[0].contains("unknown action \"with-triggers.pong\""));
}

#[tokio::test]
async fn what_is_no_component_is_refused_in_the_registrys_words() {
    for (bytes, part) in [
        (b"no component".to_vec(), "not a WebAssembly component"),
        (bytes_of("wrong-version"), "0.2"),
        (bytes_of("bad-definition"), "the component's definition is invalid"),
    ] {
        let error = Kit::mock(&bytes).await.map(|kit| kit.integration().to_string()).expect_err("is refused");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn slack_is_tested_without_slack() {
    let kit = slack().await;
    let case = json!({
        "action": "post-message", "input": { "channel": "C1", "text": "hi" },
        "connections": { "slack": { "account": "acme" } },
        "fixtures": [{
            "request": { "method": "POST", "url": "https://slack.com/api/chat.postMessage", "json": { "channel": "C1" } },
            "response": { "json": { "ok": true, "channel": "C1", "ts": "1.2" } },
        }],
        "expect": {
            "output": { "channel": "C1", "ts": "1.2" },
            "requests": [{ "method": "POST", "url": "https://slack.com/api/chat.postMessage", "json": { "channel": "C1", "text": "hi" } }],
        },
    });
    passes(&kit, &case).await;
    let mut limited = expecting(&case, json!({ "failure": { "kind": "rate-limited", "retry-after-ms": 30_000 } }));
    limited["fixtures"][0]["response"] =
        json!({ "status": 429, "headers": { "retry-after": 30 }, "json": { "ok": false } });
    passes(&kit, &limited).await;
    let mut expired = expecting(&case, json!({ "failure": { "kind": "auth-required" }, "requests": [] }));
    expired["connections"]["slack"]["expired"] = true.into();
    passes(&kit, &expired).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_that_run_at_once_do_not_see_each_other() {
    let kit = Arc::new(kit("storage-probe").await);
    let runs: Vec<_> = (0..40)
        .map(|number| {
            let kit = Arc::clone(&kit);
            tokio::spawn(async move {
                let value = number.to_string();
                passes(
                    &kit,
                    &json!({
                        "action": "run", "storage": { format!("before-{number}"): number },
                        "input": { "ops": [{ "op": "put", "key": "mine", "value": value }, { "op": "list", "prefix": "before" }] },
                        "expect": {
                            "storage": { "mine": number },
                            "output-contains": [{}, { "ok": [{ "key": format!("before-{number}"), "value": value }] }],
                        },
                    }),
                )
                .await
            })
        })
        .collect();
    for run in runs {
        run.await.expect("passes");
    }
}

/// A user's account at the provider `example`, with a token that is to stay secret.
fn account(connections: &MemoryConnections) {
    let token = TOKEN.into();
    let example = catalogue().get(&"example".parse().expect("is an id")).expect("is there").clone();
    let credential = example.credential(&token, &Values::new()).expect("is a credential");
    let connection = Connection {
        id: "one".into(),
        provider: example.id.clone(),
        account: "someone@example.com".into(),
        scopes: Some(["read".to_owned()].into()),
        variables: Values::new(),
        expires_at: None,
        renew_at: None,
        access_token: token,
        credential,
        version: 1,
    };
    connections.insert("ann".parse().expect("is an id"), connection);
}

async fn live(upstream: &Upstream) -> Kit {
    let connections = MemoryConnections::default();
    account(&connections);
    let mut upstreams = Upstreams::default();
    upstreams.insert("api.example.com", upstream.origin().parse().expect("is local")).expect("is a host");
    let services = LiveServices {
        connections: Arc::new(connections),
        user: "ann".parse().expect("is an id"),
        network: FetchClient::builder().upstreams(upstreams),
    };
    Kit::live(&bytes_of("oauth-probe"), services, options()).await.expect("the guest is loaded")
}

fn answer(request: &Seen) -> Response {
    let sent = request.header("authorization").unwrap_or_default();
    let body = json!({ "you": "ann", "sent": sent, "session": { "id": "s-1" }, "max_tokens": 3 }).to_string();
    let builder = Response::builder().header("content-type", "application/json").header("set-cookie", "a=b");
    builder.header("x-ratelimit-left", "7").body(body.into()).expect("is an answer")
}

#[tokio::test]
async fn a_live_case_is_recorded_without_secrets_and_runs_from_the_recording() {
    let upstream = Upstream::start(async |request| answer(&request)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("me.yaml");
    let url = "https://api.example.com/me?api_key=k-1&page=2";
    let case = json!({
        "name": "Who am I?", "action": "call", "input": { "provider": "example", "url": url },
        "connections": { "example": {} },
        "expect": {
            "output-contains": { "ok": { "status": 200, "url": url } },
            "requests": [{ "url": "https://api.example.com/me", "query": { "page": 2 } }],
        },
    });
    std::fs::write(&file, json!({ "cases": [case] }).to_string()).expect("is written");
    let suite = Suite::read(&file).expect("is a suite");
    let (report, fixtures) = live(&upstream).await.record(&suite.cases[0]).await;
    assert!(report.passed() && report.requests == 1, "{report:?}");
    assert_eq!(upstream.seen()[0].header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    let path = write_recorded(&suite.cases[0], &fixtures).expect("is written");
    assert_eq!(path, folder.path().join("recorded/me/who-am-i.yaml"));
    let saved = std::fs::read_to_string(path).expect("is read");
    for secret in [TOKEN, "k-1", "s-1", "a=b", "authorization", "user-agent"] {
        assert!(!saved.contains(secret), "{secret} is in:\n{saved}");
    }
    for kept in ["ann", "max_tokens: 3", "x-ratelimit-left", "https://api.example.com/me"] {
        assert!(saved.contains(kept), "{kept} is not in:\n{saved}");
    }
    // With the upstream gone the recording answers.
    drop(upstream);
    let again = Suite::read(&file).expect("is a suite");
    let report = kit("oauth-probe").await.run(&again.cases[0]).await;
    assert!(report.passed() && report.requests == 1, "{report:?}");
}

#[tokio::test]
async fn a_live_kit_tells_problems_without_the_token_and_holds_to_the_grants() {
    let upstream = Upstream::start(async |request| answer(&request)).await;
    let kit = live(&upstream).await;
    let case = json!({
        "action": "call", "input": { "provider": "example", "url": "https://api.example.com/me" },
        "fixtures": [{ "request": { "url": "https://**" }, "response": { "text": "from a fixture" } }],
        "expect": { "output": { "ok": "another" } },
    });
    let report = run(&kit, &case).await;
    let problems = report.problems.join("\n");
    assert!(problems.contains("[redacted]") && !problems.contains(TOKEN), "{problems}");
    assert!(!problems.contains("from a fixture"), "{problems}");
    let elsewhere = json!({
        "action": "plain", "input": { "provider": "example", "url": "https://elsewhere.example/" },
        "expect": { "denied": ["https://elsewhere.example"], "requests": [] },
    });
    passes(&kit, &elsewhere).await;
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn a_mock_kit_records_nothing_and_reaches_no_server() {
    let upstream = Upstream::start(async |_| text("reached")).await;
    let kit = kit("fetch-probe").await;
    let case = suite(&json!({ "action": "fetch", "input": { "url": upstream.origin() } }));
    let (report, fixtures) = kit.record(&case.cases[0]).await;
    assert!(!report.passed() && fixtures.is_empty());
    assert_eq!(upstream.seen().len(), 0);
}
