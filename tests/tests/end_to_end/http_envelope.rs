//! What holds for every answer: one shape of error, a request id, who may ask, and from where.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;
use workway_tests::{ADMIN_TOKEN, Answer, TestHost};

const EXECUTE: &str = "/registry/actions/hello.echo/execute";

/// Everything that needs the operator.
const GUARDED: [(Method, &str); 9] = [
    (Method::POST, EXECUTE),
    (Method::POST, "/registry/integrations/hello/approve"),
    (Method::GET, "/oauth/providers"),
    (Method::GET, "/oauth/github/authorize"),
    (Method::GET, "/oauth/connections"),
    (Method::POST, "/oauth/connections"),
    (Method::GET, "/oauth/connections/example"),
    (Method::PATCH, "/oauth/connections/example"),
    (Method::DELETE, "/oauth/connections/example"),
];

/// Everything that anybody may read.
const PUBLIC: [&str; 7] = [
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/registry/stats",
    "/registry/integrations",
    "/registry/integrations/hello",
    "/registry/actions/hello.echo",
];

#[track_caller]
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code));
    let fields: BTreeSet<&str> = answer.body.as_object().expect("an object").keys().map(String::as_str).collect();
    let expected = ["code", "detail", "requestId", "status", "title", "type"];
    assert_eq!(fields, BTreeSet::from(expected), "{:#}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_error_has_the_same_envelope() {
    let host = TestHost::builder().guest("hello").start().await;
    for (method, path, status, code) in [
        (Method::GET, "/", 404, "not-found"),
        (Method::GET, "/nowhere", 404, "not-found"),
        (Method::POST, "/registry", 404, "not-found"),
        (Method::GET, "/registry/integrations/", 404, "not-found"),
        (Method::GET, "/registry//integrations", 404, "not-found"),
        (Method::GET, "/registry/integrations/nobody", 404, "integration-not-found"),
        (Method::GET, "/registry/actions/nobody.acts", 404, "action-not-found"),
        (Method::GET, EXECUTE, 405, "method-not-allowed"),
        (Method::DELETE, "/registry/integrations/hello", 405, "method-not-allowed"),
        (Method::POST, "/healthz", 405, "method-not-allowed"),
        (Method::PUT, "/oauth/connections/example", 405, "method-not-allowed"),
        (Method::DELETE, "/oauth/connections", 405, "method-not-allowed"),
        (Method::POST, "/oauth/github/callback", 405, "method-not-allowed"),
        (Method::GET, "/registry/actions?limit=0", 400, "invalid-query"),
        (Method::POST, EXECUTE, 415, "not-json"),
        (Method::GET, "/marketplace/validate", 405, "method-not-allowed"),
        (Method::POST, "/marketplace/validate", 415, "not-json"),
        (Method::POST, "/oauth/connections", 415, "not-json"),
        (Method::PATCH, "/oauth/connections/example", 415, "not-json"),
        (Method::GET, "/oauth/nobody/authorize", 404, "provider-not-found"),
        (Method::GET, "/oauth/github/authorize", 503, "provider-not-configured"),
        (Method::GET, "/oauth/connections/example", 404, "connection-not-found"),
        (Method::DELETE, "/oauth/connections/example", 404, "connection-not-found"),
        (Method::DELETE, "/oauth/connections/Not%20Valid", 404, "connection-not-found"),
    ] {
        let answer = host.send(host.request(method.clone(), path)).await;
        assert_problem(&answer, status, code);
        assert!(status != 405 || !answer.header("allow").is_empty(), "{method} {path}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_an_id_of_its_own() {
    let host = TestHost::builder().guest("hello").start().await;
    let mut ids = BTreeSet::new();
    for path in PUBLIC.into_iter().chain(["/docs/", "/docs", "/nowhere", EXECUTE, "/registry/actions?limit=0"]) {
        let request = host.request(Method::GET, path).header("x-request-id", "00000000-forged");
        let answer = host.send(request).await;
        let id = answer.header("x-request-id").to_owned();
        // A UUID of version 7.
        assert!(id.len() == 36 && id.as_bytes()[14] == b'7', "{path}: {id}");
        assert!(ids.insert(id), "{path}: an id came twice");
    }
    let run = host.execute("hello.echo", json!({ "message": "x" })).await;
    assert!(ids.insert(run.header("x-request-id").to_owned()));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_asks_for_the_operators_token() {
    let host = TestHost::builder().production().guest("hello").start().await;
    let almost = &ADMIN_TOKEN[..ADMIN_TOKEN.len() - 1];
    let headers = [
        None,
        Some(format!("Bearer {almost}")),
        Some(format!("Bearer {ADMIN_TOKEN}x")),
        Some("Bearer".to_owned()),
        Some("Bearer ".to_owned()),
        Some(format!("Basic {ADMIN_TOKEN}")),
        Some(ADMIN_TOKEN.to_owned()),
    ];
    for (method, path) in GUARDED {
        for header in &headers {
            let mut request = host.anonymous(method.clone(), path).json(&json!({ "input": { "message": "x" } }));
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            let answer = host.send(request).await;
            assert_problem(&answer, 401, "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), "Bearer", "{method} {path} {header:?}");
            assert!(!answer.body.to_string().contains(almost), "{:#}", answer.body);
        }
    }
    for path in PUBLIC {
        assert_eq!(host.send(host.anonymous(Method::GET, path)).await.status, 200, "{path} is public");
    }
    assert_eq!(host.execute("hello.echo", json!({ "message": "x" })).await.status, 200);
    let lower =
        host.anonymous(Method::GET, "/oauth/connections").header("authorization", format!("bearer {ADMIN_TOKEN}"));
    assert_eq!(host.send(lower).await.status, 200, "the scheme's case does not matter");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_comes_back_is_shown_a_page_and_a_program_a_problem() {
    let host = TestHost::builder().start().await;
    let path = "/oauth/github/callback?code=s3cr3t-of-nobody&state=<script>";
    let page = host.send(host.anonymous(Method::GET, path)).await;
    assert_eq!((page.status, page.header("cache-control")), (400, "no-store"));
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{page:?}");
    let text = page.body.as_str().expect("a page");
    assert!(text.contains("<code>invalid-state</code>") && text.contains(page.header("x-request-id")), "{text}");
    assert!(!text.contains("s3cr3t") && !text.contains("<script"), "{text}");
    let problem = host.send(host.anonymous(Method::GET, path).header("accept", "application/json")).await;
    assert_problem(&problem, 400, "invalid-state");
    // Whoever says who they are is asked to say it right, here too.
    let wrong = host.anonymous(Method::GET, path).header("accept", "application/json").bearer_auth("wrong");
    assert_problem(&host.send(wrong).await, 401, "unauthenticated");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_begins_no_flow_before_it_knows_its_address() {
    let host = TestHost::builder().production().client("GITHUB", "workway", "s3cr3t-of-the-client").start().await;
    let answer = host.get("/oauth/github/authorize").await;
    assert_problem(&answer, 503, "public-url-missing");
    assert!(answer.detail().contains("public_url"), "{}", answer.detail());
    let callback = host.anonymous(Method::GET, "/oauth/github/callback").header("accept", "application/json");
    assert_problem(&host.send(callback).await, 503, "public-url-missing");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_turns_development_on() {
    let host = TestHost::builder().production().guest("hello").start().await;
    for (name, value) in [("x-dev-mode", "true"), ("x-environment", "development"), ("x-user-id", "operator")] {
        let body = json!({ "input": { "message": "x" } });
        let answer = host.send(host.anonymous(Method::POST, EXECUTE).json(&body).header(name, value)).await;
        assert_eq!((answer.status, answer.code()), (401, "unauthenticated"), "{name}");
    }
    let answer =
        host.send(host.anonymous(Method::GET, &format!("/oauth/connections?access_token={ADMIN_TOKEN}"))).await;
    assert_eq!(answer.status, 401, "a token in a query is in logs and histories");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn development_trusts_no_wrong_token() {
    let host = TestHost::builder().guest("hello").start().await;
    let body = json!({ "input": { "message": "x" } });
    let anonymous = host.send(host.anonymous(Method::POST, EXECUTE).json(&body)).await;
    assert_eq!(anonymous.status, 200, "in development nobody is asked");
    let wrong = host.send(host.anonymous(Method::POST, EXECUTE).json(&body).bearer_auth("wrong")).await;
    assert_problem(&wrong, 401, "unauthenticated");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn development_answers_to_local_names_alone() {
    let host = TestHost::builder().guest("hello").start().await;
    let port = host.address().port();
    for foreign in
        ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.nip.io", "10.0.0.1", "0.0.0.0"]
    {
        for path in ["/healthz", "/registry/stats", "/oauth/connections", "/docs/", "/nowhere"] {
            let answer = host.send(host.request(Method::GET, path).header("host", foreign)).await;
            assert_problem(&answer, 403, "not-local");
        }
        let body = json!({ "input": { "message": "x" } });
        let answer = host.send(host.request(Method::POST, EXECUTE).header("host", foreign).json(&body)).await;
        assert_problem(&answer, 403, "not-local");
    }
    for local in
        ["localhost".to_owned(), format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")]
    {
        let answer = host.send(host.request(Method::GET, "/registry/stats").header("host", &local)).await;
        assert_eq!(answer.status, 200, "{local}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn development_answers_through_no_proxy() {
    let host = TestHost::builder().start().await;
    for (name, value) in
        [("forwarded", "for=8.8.8.8"), ("x-forwarded-for", "127.0.0.1"), ("x-forwarded-host", "localhost")]
    {
        let answer = host.send(host.request(Method::GET, "/registry/stats").header(name, value)).await;
        assert_problem(&answer, 403, "not-local");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_answers_to_any_name() {
    let host = TestHost::builder().production().guest("hello").start().await;
    let answer = host.send(host.anonymous(Method::GET, "/registry/stats").header("host", "workway.example.com")).await;
    assert_eq!(answer.status, 200);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_and_people_find_their_pages() {
    let host = TestHost::builder().guest("hello").start().await;
    assert_eq!(host.get("/healthz").await.body, json!({ "status": "ok" }));
    assert_eq!(host.get("/readyz").await.body, json!({ "status": "ready" }));
    let metrics = host.get("/metrics").await;
    assert_eq!((metrics.status, metrics.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    assert!(metrics.body.as_str().is_some_and(|text| text.contains("workway_calls_total")), "{:#}", metrics.body);
    let docs = host.get("/docs/").await;
    assert_eq!(docs.status, 200);
    assert!(docs.header("content-type").starts_with("text/html"), "{docs:?}");
    // Nothing of the page comes from elsewhere.
    let page = docs.body.as_str().expect("a page");
    assert!(!page.contains("https://") && !page.contains("//cdn"), "{page}");
    let document = host.get("/openapi.json").await;
    assert_eq!(document.header("content-type"), "application/json");
    assert!(document.body["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    let head = host.send(host.request(Method::HEAD, "/healthz")).await;
    assert_eq!((head.status, &head.body), (200, &json!("")));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_on_a_request_are_in_no_log() {
    crate::logs::capture();
    let secret = "ww-envelope-5b1c0f7e";
    let host = TestHost::builder().guest("hello").start().await;
    let body = json!({ "input": { "message": secret } });
    let request =
        host.anonymous(Method::POST, EXECUTE).json(&body).header("cookie", secret).header("idempotency-key", secret);
    assert_eq!(host.send(request).await.status, 200);
    let wrong = host.anonymous(Method::GET, &format!("/oauth/connections?token={secret}")).bearer_auth(secret);
    assert_eq!(host.send(wrong).await.status, 401);
    let invalid = host.execute("hello.echo", json!({ "message": { secret: secret } })).await;
    assert_eq!(invalid.status, 400);
    assert!(crate::logs::containing(ADMIN_TOKEN).is_empty(), "the operator's token was logged");
    let lines: Vec<_> =
        crate::logs::containing(secret).into_iter().filter(|line| line.target.starts_with("workway")).collect();
    assert!(lines.is_empty(), "{lines:?}");
    host.finish().await;
}
