//! Web pages in the browsers of a host's users: what they may send, and what they may do with the answers.

use reqwest::Method;
use serde_json::json;
use workway_tests::TestHost;

const EXECUTE: &str = "/registry/actions/hello.echo/execute";
const RELOAD: &str = "/registry/reload/hello";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_page_changes_nothing() {
    for builder in [TestHost::builder(), TestHost::builder().production()] {
        let host = builder.guest("hello").start().await;
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            for (method, path) in [
                (Method::POST, RELOAD),
                (Method::POST, EXECUTE),
                (Method::PATCH, "/marketplace/x"),
                (Method::PUT, "/marketplace/x/featured"),
                (Method::DELETE, "/marketplace/x"),
                (Method::POST, "/nowhere"),
            ] {
                let answer = host.send(host.request(method.clone(), path).header(name, value)).await;
                assert_eq!((answer.status, answer.code()), (403, "foreign-origin"), "{method} {path} {name}: {value}");
            }
            let read = host.send(host.request(Method::GET, "/registry/stats").header(name, value)).await;
            assert_eq!(read.status, 200, "a page cannot read the answer without CORS");
            assert!(!read.headers.contains_key("access-control-allow-origin"), "{:?}", read.headers);
        }
        let own = format!("http://{}", host.address());
        let body = json!({ "input": { "message": "x" } });
        let answer = host.send(host.request(Method::POST, EXECUTE).header("origin", own).json(&body)).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        host.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_allowed_page_sends_and_reads() {
    let allowed = "https://app.example.com";
    let host = TestHost::builder()
        .production()
        .guest("hello")
        .config("[server]\nallowed_origins = [\"https://app.example.com\"]\npublic_metrics = true")
        .start()
        .await;
    let preflight = |origin: &'static str| {
        let request = host.anonymous(Method::OPTIONS, EXECUTE).header("origin", origin);
        request
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization, content-type, idempotency-key")
    };
    let answer = host.send(preflight(allowed)).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, allowed));
    assert!(answer.header("access-control-allow-methods").contains("POST"), "{:?}", answer.headers);
    assert!(answer.header("access-control-allow-headers").contains("idempotency-key"), "{:?}", answer.headers);
    let refused = host.send(preflight("https://evil.example")).await;
    assert!(!refused.headers.contains_key("access-control-allow-origin"), "{:?}", refused.headers);
    let body = json!({ "input": { "message": "x" } });
    let call = host.request(Method::POST, EXECUTE).header("origin", allowed).header("sec-fetch-site", "cross-site");
    let answer = host.send(call.json(&body)).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, allowed));
    assert!(!answer.headers.contains_key("access-control-allow-credentials"), "{:?}", answer.headers);
    assert_eq!(host.send(host.anonymous(Method::GET, "/metrics")).await.status, 200, "they are public here");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_safe_in_a_browser() {
    let host = TestHost::builder().production().guest("hello").start().await;
    for path in
        ["/healthz", "/docs/", "/openapi.json", "/nowhere", "/oauth/github/callback", "/metrics", "/marketplace"]
    {
        let answer = host.send(host.anonymous(Method::GET, path)).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policies = answer.headers.get_all("content-security-policy");
        assert!(policies.iter().any(|policy| policy == "frame-ancestors 'none'"), "{path}: {policies:?}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_operator_sees_how_the_host_is_doing() {
    let host = TestHost::builder().production().guest("hello").start().await;
    let public = host.send(host.anonymous(Method::GET, "/registry/stats")).await.body;
    assert!(public["integrations"]["active"].is_number(), "{public:#}");
    assert!(public.get("calls").is_none() && public.get("failures").is_none(), "{public:#}");
    let all = host.get("/registry/stats").await.body;
    assert!(all["calls"]["limit"].is_number() && all["failures"].is_object(), "{all:#}");
    let metrics = host.send(host.anonymous(Method::GET, "/metrics")).await;
    assert_eq!((metrics.status, metrics.code()), (401, "unauthenticated"));
    assert_eq!(host.get("/metrics").await.status, 200);
    host.finish().await;
}
