//! What people and programs read of the registry, and how they call an action.

use reqwest::Method;
use serde_json::{Value, json};
use workway_api::time::Timestamp;
use workway_tests::{TestHost, time_of};

use crate::support::{counted, detail};

const EXECUTE: &str = "/registry/actions/hello.echo/execute";

/// A host with integrations of several categories and providers.
async fn furnished() -> TestHost {
    let builder = TestHost::builder().guest("counter").guest("hello").guest("oauth-reveal").guest("secret-echo");
    builder.guest("with-triggers").start().await
}

async fn ids(host: &TestHost, path: &str) -> Vec<String> {
    let answer = host.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {:#}", answer.body);
    let items = answer.body["items"].as_array().expect("items");
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stats_say_what_is_there() {
    let host = furnished().await;
    let answer = host.send(host.anonymous(Method::GET, "/registry/stats")).await;
    let expected = json!({
        "integrations": { "total": 5, "active": 5, "pendingApproval": 0, "withLastError": 0 },
        "actions": 6,
        "triggers": 2,
        "calls": { "inFlight": 0, "limit": 64 },
        "failures": {},
    });
    assert_eq!((answer.status, answer.body), (200, expected));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_cut_into_pages() {
    let host = furnished().await;
    let all = ["counter", "hello", "oauth-reveal", "secret-echo", "with-triggers"];
    assert_eq!(ids(&host, "/registry/integrations").await, all);
    for (query, expected) in [
        ("limit=2", &all[..2]),
        ("limit=2&offset=2", &all[2..4]),
        ("limit=2&offset=4", &all[4..]),
        ("offset=5", &[]),
        ("offset=1000000", &[]),
        ("limit=100", &all),
        ("limit=1&offset=0", &all[..1]),
    ] {
        let path = format!("/registry/integrations?{query}");
        assert_eq!(ids(&host, &path).await, expected, "{query}");
        assert_eq!(host.get(&path).await.body["total"], 5, "{query}");
    }
    let page = host.get("/registry/integrations?limit=3&offset=1").await.body;
    assert_eq!((&page["limit"], &page["offset"]), (&json!(3), &json!(1)));
    let page = host.get("/registry/actions").await.body;
    assert_eq!((&page["limit"], &page["offset"], &page["total"]), (&json!(50), &json!(0), &json!(6)));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_makes_no_sense_is_refused() {
    let host = TestHost::builder().guest("hello").start().await;
    for list in ["/registry/integrations", "/registry/actions"] {
        for query in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=many",
            "limit=",
            "limit=1&limit=2",
            "offset=-1",
            "offset=1000001",
            "offset=18446744073709551616",
            "page=1",
            "Limit=1",
            "limit=1&colour=red",
        ] {
            let answer = host.get(&format!("{list}?{query}")).await;
            assert_eq!((answer.status, answer.code()), (400, "invalid-query"), "{list}?{query}");
            assert!(!answer.detail().is_empty(), "{query}");
        }
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_filtered_by_category_and_provider() {
    let host = furnished().await;
    for (query, integrations, actions) in [
        (
            "category=examples",
            &["hello", "with-triggers"][..],
            &["hello.echo", "hello.greet", "with-triggers.ping"][..],
        ),
        ("provider=example", &["oauth-reveal", "secret-echo"], &["oauth-reveal.token", "secret-echo.headers"]),
        ("category=examples&provider=example", &[], &[]),
        ("category=nothing", &[], &[]),
        ("provider=Not%20Valid", &[], &[]),
    ] {
        assert_eq!(ids(&host, &format!("/registry/integrations?{query}")).await, integrations, "{query}");
        assert_eq!(ids(&host, &format!("/registry/actions?{query}")).await, actions, "{query}");
    }
    let page = host.get("/registry/actions?category=examples&limit=1&offset=1").await.body;
    assert_eq!((&page["total"], &page["items"][0]["id"]), (&json!(3), &json!("hello.greet")), "filters come first");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_integration_is_described_whole() {
    let host = furnished().await;
    let mut known = detail(&host, "secret-echo").await;
    let hash = known["sha256"].take();
    assert!(hash.as_str().is_some_and(|hash| hash.len() == 64), "{hash}");
    assert!(time_of(&known["loadedAt"].take()) <= Timestamp::now());
    let action = json!({
        "id": "secret-echo.headers",
        "integration": "secret-echo",
        "name": known["actions"][0]["name"],
        "description": "Sends authorised requests and answers all that it sees.",
        "provider": "example",
        "scopes": [],
        "idempotent": false,
    });
    let expected = json!({
        "id": "secret-echo",
        "name": "Secret echo",
        "version": "1.0.0",
        "description": "",
        "categories": [],
        "status": "active",
        "callable": true,
        "providers": ["example"],
        "actionsCount": 1,
        "triggersCount": 0,
        "permissions": {
            "hosts": ["api.example.com"],
            "connections": [{ "provider": "example", "scopes": [], "required": true }],
            "storage": false,
            "revealToken": false,
        },
        "actions": [action],
        "triggers": [],
        "file": "secret-echo.wasm",
        "sha256": null,
        "loadedAt": null,
    });
    assert_eq!(known, expected, "{known:#}");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_comes_with_its_schemas() {
    let host = TestHost::builder().guest("hello").start().await;
    let action = host.get("/registry/actions/hello.greet").await;
    assert_eq!(action.status, 200);
    assert_eq!((&action.body["name"], &action.body["idempotent"]), (&json!("Greet"), &json!(true)));
    let input = &action.body["inputSchema"];
    assert_eq!(input["properties"]["name"]["description"], "Who to greet.", "{input:#}");
    assert_eq!(action.body["outputSchema"]["properties"]["greeting"]["type"], "string");
    let validator = jsonschema::validator_for(input).expect("the schema is one");
    assert!(validator.is_valid(&json!({ "name": "Ann" })) && !validator.is_valid(&json!({ "name": 5 })));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_ids_are_not_found() {
    let host = TestHost::builder().guest("hello").start().await;
    for id in ["nobody", "Hello", "hello%20", "%F0%9F%92%A9", "hello.echo"] {
        let answer = host.get(&format!("/registry/integrations/{id}")).await;
        assert_eq!((answer.status, answer.code()), (404, "integration-not-found"), "{id}");
    }
    for id in ["hello", "hello.nothing", "nobody.echo", "hello.echo.twice", "HELLO.echo", "..hello", "a%00b.c"] {
        for answer in [host.get(&format!("/registry/actions/{id}")).await, host.execute(id, json!({})).await] {
            assert_eq!((answer.status, answer.code()), (404, "action-not-found"), "{id}");
        }
    }
    let answer = host.get("/registry/integrations/%FF").await;
    assert_eq!((answer.status, answer.code()), (404, "not-found"), "no UTF-8, no path");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_input_is_named_by_pointer_and_reaches_no_guest() {
    let host = TestHost::builder().guest("hello").guest("storage-probe").start().await;
    for (input, pointer) in [(json!({ "message": 5 }), "/message"), (json!({}), ""), (json!([]), ""), (Value::Null, "")]
    {
        let answer = host.execute("hello.echo", input.clone()).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-input"), "{input}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{:#}", answer.body);
        assert!(answer.body["errors"][0]["detail"].is_string(), "{:#}", answer.body);
    }
    let secret = json!({ "message": { "password": "hunter2" } });
    let answer = host.execute("hello.echo", secret).await;
    assert!(!answer.body.to_string().contains("hunter2"), "an input may hold what a log must not: {:#}", answer.body);
    let deep =
        host.execute("storage-probe.run", json!({ "ops": [{ "op": "get", "key": "a" }, { "op": "get" }] })).await;
    let pointer = deep.body["errors"][0]["pointer"].as_str().expect("a pointer");
    assert!(pointer.starts_with("/ops/1"), "{:#}", deep.body);
    for outcome in ["ok", "failed", "limited", "crashed", "host"] {
        assert_eq!(counted(&host, "hello.echo", outcome).await, 0, "a guest ran: {outcome}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_json_of_one_shape() {
    let host = TestHost::builder().guest("hello").start().await;
    let post = |body: &'static str| host.request(Method::POST, EXECUTE).body(body);
    let json = |body| post(body).header("content-type", "application/json");
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"input\"",
        "{}",
        r#"{"input": {"message": "x"}"#,
        r#"{"input": {"message": "x"}} {}"#,
        r#"{"input": {"message": "x"}, "user": "operator"}"#,
        r#"{"input": {"message": "x"}, "input": {"message": "y"}}"#,
        r#"{"Input": {"message": "x"}}"#,
    ] {
        let answer = host.send(json(body)).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-body"), "{body}");
        assert!(answer.detail().contains("line 1"), "{body}: {}", answer.detail());
    }
    let good = r#"{"input": {"message": "x"}}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json", "json", ""] {
        let answer = host.send(post(good).header("content-type", kind)).await;
        assert_eq!((answer.status, answer.code()), (415, "not-json"), "{kind}");
    }
    let answer = host.send(post(good)).await;
    assert_eq!((answer.status, answer.code()), (415, "not-json"), "no content type");
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(host.send(post(good).header("content-type", kind)).await.status, 200, "{kind}");
    }
    assert_eq!(counted(&host, "hello.echo", "ok").await, 2);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_passes_through_as_it_is() {
    let host = TestHost::builder().guest("hello").start().await;
    let message = "ünïcödé \u{1f980} \"quoted\" \\ \u{0} \u{2028} </script>";
    assert_eq!(host.execute("hello.echo", json!({ "message": message })).await.output()["message"], message);
    // Deeper than anybody means it: refused, and no stack overflows.
    let nested = format!(r#"{{"input": {}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let request = host.request(Method::POST, EXECUTE).header("content-type", "application/json").body(nested);
    assert_eq!(host.send(request).await.status, 400);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_is_bounded() {
    let host = TestHost::builder().guest("hello").start().await;
    let with_key = |key: &str| {
        let body = json!({ "input": { "message": "x" } });
        host.send(host.request(Method::POST, EXECUTE).json(&body).header("idempotency-key", key))
    };
    for key in ["", &"k".repeat(256), "ümlaut"] {
        let answer = with_key(key).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-idempotency-key"), "{key:?}");
    }
    for key in ["1", "8e03978e-40d5-43dd-bc93-6894a57f9324", &"k".repeat(255)] {
        assert_eq!(with_key(key).await.status, 200, "{key:?}");
    }
    host.finish().await;
}
