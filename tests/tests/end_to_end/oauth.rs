//! Connected accounts, by tokens that are there already: who may use them, and that their tokens go where they belong
//! and nowhere else. `connecting` has those that are connected in a browser.

use reqwest::Method;
use serde_json::{Value, json};
use workway_api::time::Timestamp;
use workway_host::oauth::MAX_CONNECTIONS_PER_USER;
use workway_tests::{Answer, TestHost};

use crate::{
    support::assert_alive,
    upstream::{Upstream, text},
};

const TOKEN: &str = "s3cr3t-token-3f9d1c5a7e";
const CONNECTIONS: &str = "/oauth/connections";
/// A second provider beside the test host's own.
const ANOTHER: &str = "[providers.another]\nhosts = [\"another.example.com\"]";

/// The path of a connection.
fn path_of(connected: &Answer) -> String {
    let id = connected.body["id"].as_str().unwrap_or_else(|| panic!("no connection: {:#}", connected.body));
    format!("{CONNECTIONS}/{id}")
}

async fn probe(host: &TestHost, action: &str) -> Value {
    host.execute(&format!("oauth-probe.{action}"), json!({ "provider": "example" })).await.output().clone()
}

fn kind(outcome: &Value) -> &str {
    outcome["err"]["kind"].as_str().unwrap_or_else(|| panic!("no error: {outcome}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn oauth_probe() {
    let host = TestHost::builder().guest("oauth-probe").start().await;
    assert_eq!(kind(&probe(&host, "connect").await), "not-connected");
    assert_eq!(host.connect("example", TOKEN, &["write"]).await.status, 201);
    assert_eq!(probe(&host, "connect").await["err"], json!({ "kind": "missing-scopes", "detail": ["read"] }));
    let connected = host.connect("example", TOKEN, &["write", "read"]).await;
    assert_eq!(connected.status, 200);
    let expected = json!({ "account": "someone@example.com", "scopes": ["read", "write"], "expiresAt": null });
    assert_eq!(probe(&host, "connect").await, expected);
    assert_eq!(kind(&probe(&host, "token").await), "denied", "the token was given to whom it was not granted");
    assert_eq!(kind(&probe(&host, "refresh").await), "needs-reconnect", "nothing can renew a token that was put in");
    assert_eq!(host.delete(&path_of(&connected)).await.status, 200);
    assert_eq!(kind(&probe(&host, "connect").await), "not-connected");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn oauth_reveal() {
    let host = TestHost::builder().guest("oauth-reveal").reveals_tokens().start().await;
    let answer = host.execute("oauth-reveal.token", json!({})).await;
    assert_eq!((answer.status, answer.code()), (401, "auth-required"), "{:#}", answer.body);
    host.connect("example", TOKEN, &["read"]).await;
    assert_eq!(host.execute("oauth-reveal.token", json!({})).await.output(), &json!({ "token": TOKEN }));
    host.connect("example", "s3cr3t-another-token", &["read"]).await;
    assert_eq!(host.execute("oauth-reveal.token", json!({})).await.output()["token"], "s3cr3t-another-token");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn secret_echo() {
    let upstream = Upstream::start(async |_| text("well received")).await;
    let builder = TestHost::builder().guest("secret-echo").upstream("api.example.com", upstream.origin());
    let host = builder.start().await;
    host.connect("example", TOKEN, &[]).await;
    let answer = host.execute("secret-echo.headers", json!({ "url": "https://api.example.com/me" })).await;
    let output = answer.output();
    assert_eq!(output["plain"]["ok"]["body"], "well received", "{output:#}");
    for (header, expected) in [("Authorization", "denied"), ("Cookie", "denied")] {
        assert_eq!(kind(&output["own"][header]), expected, "{header}");
    }
    for header in ["Host", "Content-Length", "Connection", "Proxy-Authorization", "Transfer-Encoding", "X-Split"] {
        assert_eq!(kind(&output["own"][header]), "invalid-request", "{header}");
    }
    assert!(!answer.body.to_string().contains(TOKEN), "the guest got hold of the token: {output:#}");
    let seen = upstream.seen();
    assert_eq!(seen.len(), 1, "a refused request was sent: {seen:?}");
    assert_eq!(seen[0].header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(seen[0].header("host"), Some("api.example.com"));
    assert_eq!((seen[0].method.as_str(), seen[0].target.as_str()), ("GET", "/me"));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_goes_to_its_providers_hosts_alone() {
    let upstream = Upstream::start(async |_| text("reached")).await;
    for hosts in ["", "\"other.example.com\", \"https://api.example.com:8443\""] {
        let builder = TestHost::builder().guest("secret-echo").upstream("api.example.com", upstream.origin());
        let host = builder.config(&format!("[providers.example]\nhosts = [{hosts}]")).start().await;
        host.connect("example", TOKEN, &[]).await;
        // The integration was granted this host; the provider's token was not meant for it.
        let answer = host.execute("secret-echo.headers", json!({ "url": "https://api.example.com/" })).await;
        assert_eq!(kind(&answer.output()["plain"]), "denied", "{:#}", answer.body);
        host.finish().await;
    }
    assert_eq!(upstream.seen().len(), 0, "the request went out without its credential");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_integration_gets_no_provider_that_it_did_not_ask_for() {
    let host = TestHost::builder().guest("oauth-probe").config(ANOTHER).start().await;
    assert_eq!(host.connect("another", TOKEN, &["read"]).await.status, 201);
    for provider in ["another", "other", "Not Valid", "", "example\0", &"x".repeat(1_000)] {
        for action in ["connect", "token", "refresh"] {
            let answer = host.execute(&format!("oauth-probe.{action}"), json!({ "provider": provider })).await;
            assert_eq!(kind(answer.output()), "denied", "{action} of {provider:?}");
        }
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_handles_ends_its_own_call_alone() {
    let host = TestHost::builder().guest("oauth-probe").guest("hello").start().await;
    host.connect("example", TOKEN, &["read"]).await;
    let flood = |count: u32| host.execute("oauth-probe.handles", json!({ "provider": "example", "count": count }));
    assert_eq!(flood(500).await.output(), &json!({ "opened": 500 }));
    let answer = flood(100_000).await;
    assert_eq!((answer.status, answer.code()), (502, "integration-crashed"), "{:#}", answer.body);
    assert_eq!(flood(500).await.output(), &json!({ "opened": 500 }), "the next call has room again");
    assert_alive(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_connection_has_to_be_connected_again() {
    let host = TestHost::builder().guest("oauth-probe").start().await;
    let body = json!({ "provider": "example", "accessToken": TOKEN, "account": "a", "scopes": ["read"] });
    let until = |end: u64| {
        let mut body = body.clone();
        body["expiresAt"] = json!(Timestamp::from_seconds(end));
        body
    };
    let expired = host.post(CONNECTIONS, &until(1)).await;
    assert_eq!((expired.status, &expired.body["expiresAt"]), (201, &json!("1970-01-01T00:00:01.000Z")));
    assert_eq!(expired.body["status"], "needs-reconnect", "there is nothing to renew it with");
    assert!(expired.body["reason"].as_str().is_some_and(|reason| reason.contains("expired")), "{:#}", expired.body);
    for action in ["connect", "token", "refresh"] {
        assert_eq!(kind(&probe(&host, action).await), "needs-reconnect", "{action}");
    }
    let renewed = host.post(CONNECTIONS, &until(32_503_680_000)).await;
    assert_eq!((renewed.status, &renewed.body["status"]), (200, &json!("active")));
    assert_eq!(probe(&host, "connect").await["expiresAt"], 32_503_680_000_u64);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_its_users_own() {
    let host = TestHost::builder().guest("oauth-probe").start().await;
    let connected = host.connect("example", TOKEN, &["read"]).await;
    let as_dev = |method: Method, path: &str| host.anonymous(method, path);
    let list = host.send(as_dev(Method::GET, CONNECTIONS)).await;
    assert_eq!((list.status, list.body), (200, json!({ "items": [] })));
    let path = "/registry/actions/oauth-probe.connect/execute";
    let connect = as_dev(Method::POST, path).json(&json!({ "input": { "provider": "example" } }));
    assert_eq!(kind(host.send(connect).await.output()), "not-connected");
    for method in [Method::GET, Method::DELETE] {
        let answer = host.send(as_dev(method, &path_of(&connected))).await;
        assert_eq!((answer.status, answer.code()), (404, "connection-not-found"));
    }
    assert_eq!(probe(&host, "connect").await["account"], "someone@example.com");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_listed_and_forgotten() {
    let host = TestHost::builder().config(ANOTHER).start().await;
    let connected = host.connect("example", TOKEN, &["b", "a", "b"]).await;
    let expected = |of: &Answer, provider: &str, scopes: &[&str]| {
        json!({
            "id": of.body["id"], "provider": provider, "account": "someone@example.com", "scopes": scopes,
            "default": true, "status": "active", "variables": {},
        })
    };
    let example = expected(&connected, "example", &["a", "b"]);
    assert_eq!((connected.status, &connected.body), (201, &example));
    let first = host.connect("another", TOKEN, &[]).await;
    let later = host.connect("another", TOKEN, &["later"]).await;
    let another = expected(&first, "another", &["later"]);
    assert_eq!((later.status, &later.body), (200, &another), "the same account has the same id");
    assert_eq!(host.get(CONNECTIONS).await.body, json!({ "items": [another, example] }));
    assert_eq!(host.get(&path_of(&connected)).await.body, example);
    let deleted = host.delete(&path_of(&connected)).await;
    assert_eq!((deleted.status, &deleted.body), (200, &json!({ "revoked": "not-supported" })));
    assert_eq!(host.delete(&path_of(&connected)).await.code(), "connection-not-found");
    assert_eq!(host.get(&path_of(&connected)).await.code(), "connection-not-found");
    assert_eq!(host.get(CONNECTIONS).await.body["items"], json!([another]));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_has_a_bounded_number_of_connections() {
    let host = TestHost::builder().config(ANOTHER).start().await;
    let account = |number: u32| json!({ "provider": "example", "accessToken": TOKEN, "account": number.to_string() });
    for number in 0..MAX_CONNECTIONS_PER_USER {
        assert_eq!(host.post(CONNECTIONS, &account(number)).await.status, 201);
    }
    for answer in
        [host.post(CONNECTIONS, &account(MAX_CONNECTIONS_PER_USER)).await, host.connect("another", TOKEN, &[]).await]
    {
        assert_eq!((answer.status, answer.code()), (409, "too-many-connections"));
    }
    assert_eq!(host.post(CONNECTIONS, &account(0)).await.status, 200, "one that is there is replaced");
    let items = host.get(CONNECTIONS).await.body["items"].as_array().map(Vec::len);
    assert_eq!(items, usize::try_from(MAX_CONNECTIONS_PER_USER).ok());
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_connection_is_refused_without_quoting_the_token() {
    let host = TestHost::builder().start().await;
    let sound = json!({ "provider": "example", "accessToken": TOKEN, "account": "a", "scopes": ["read"] });
    let with = |field: &str, value: Value| {
        let mut body = sound.clone();
        body[field] = value;
        body
    };
    let mut without_token = sound.clone();
    without_token.as_object_mut().expect("an object").remove("accessToken");
    for (body, code) in [
        (with("accessToken", json!("")), "invalid-connection"),
        (with("accessToken", json!(format!("{TOKEN}\u{e9}"))), "invalid-connection"),
        (with("accessToken", json!(format!("{TOKEN} {TOKEN}"))), "invalid-connection"),
        (with("accessToken", json!(format!("{TOKEN}\r\nX-Evil: 1"))), "invalid-connection"),
        (with("accessToken", json!(TOKEN.repeat(1_000))), "invalid-connection"),
        (with("account", json!("")), "invalid-connection"),
        (with("account", json!("a".repeat(257))), "invalid-connection"),
        (with("account", json!("a\nb")), "invalid-connection"),
        (with("scopes", json!([""])), "invalid-connection"),
        (with("scopes", json!(vec!["x".repeat(257)])), "invalid-connection"),
        (with("scopes", json!((0..201).map(|scope| scope.to_string()).collect::<Vec<_>>())), "invalid-connection"),
        (with("scopes", json!("read")), "invalid-body"),
        (with("expiresAt", json!(1_795_911_545)), "invalid-body"),
        (with("expiresAt", json!("soon")), "invalid-body"),
        (with("refreshToken", json!("")), "invalid-connection"),
        (with("refreshToken", json!(format!("{TOKEN}\n{TOKEN}"))), "invalid-connection"),
        (with("refreshToken", json!([TOKEN])), "invalid-body"),
        (with("refresh_token", json!(TOKEN)), "invalid-body"),
        (with("variables", json!({ "shop": "example" })), "invalid-variables"),
        (with("variables", json!({ "shop": 1 })), "invalid-body"),
        (with("provider", json!("nobody")), "invalid-provider"),
        // One that needs to know of which shop.
        (with("provider", json!("shopify")), "invalid-variables"),
        (with("accessToken", json!([TOKEN])), "invalid-body"),
        (without_token, "invalid-body"),
        (json!(TOKEN), "invalid-body"),
    ] {
        let answer = host.post(CONNECTIONS, &body).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{body:.200}");
        assert!(!answer.body.to_string().contains(TOKEN), "the token was quoted: {:#}", answer.body);
    }
    for provider in ["", "Not Valid", "EXAMPLE", "-", "../..", &"x".repeat(65)] {
        let answer = host.post(CONNECTIONS, &with("provider", json!(provider))).await;
        assert_eq!((answer.status, answer.code()), (400, "invalid-provider"), "{provider}");
    }
    assert_eq!(host.get(CONNECTIONS).await.body, json!({ "items": [] }));
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_nowhere_but_on_the_request_that_it_is_for() {
    // Of this test alone: the log is the whole process's.
    let token = "s3cr3t-hidden-8a61d40c2b93";
    crate::logs::capture();
    let upstream = Upstream::start(async |_| text("hello")).await;
    let builder = TestHost::builder().guest("oauth-probe").upstream("api.example.com", upstream.origin());
    let host = builder.start().await;
    let mut answers: Vec<Answer> = vec![host.connect("example", token, &["read"]).await, host.get(CONNECTIONS).await];
    for action in ["connect", "token", "refresh"] {
        answers.push(host.execute(&format!("oauth-probe.{action}"), json!({ "provider": "example" })).await);
    }
    for url in ["https://api.example.com/", "https://elsewhere.example.com/", "http://api.example.com/", "not a url"] {
        answers.push(host.execute("oauth-probe.call", json!({ "provider": "example", "url": url })).await);
    }
    assert_eq!(upstream.seen()[0].header("authorization"), Some(format!("Bearer {token}").as_str()));
    assert_eq!(upstream.seen().len(), 1, "only one of these requests was allowed");
    for path in ["/metrics", "/registry/stats", "/registry/integrations/oauth-probe"] {
        answers.push(host.get(path).await);
    }
    for answer in answers {
        assert!(!format!("{answer:?}").contains(token), "{answer:?}");
    }
    assert!(!files_contain(&host, token), "the token lies open on the disk of a running host");
    let folder = host.finish_keeping().await;
    let host = TestHost::builder().start_in(folder).await;
    assert!(!files_contain(&host, token), "the token lies open on the disk");
    assert_eq!(crate::logs::containing(token).len(), 0, "the token was logged");
    host.finish().await;
}

/// Whether any file of the data folder holds the text.
fn files_contain(host: &TestHost, text: &str) -> bool {
    let files: Vec<_> = std::fs::read_dir(host.data()).expect("the data folder").collect();
    assert!(files.len() >= 2, "a database and a key: {files:?}");
    files.into_iter().any(|file| {
        let path = file.expect("a file").path();
        path.is_file()
            && std::fs::read(path).expect("it is read").windows(text.len()).any(|part| part == text.as_bytes())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_survive_a_restart_with_their_key() {
    let host = TestHost::builder().guest("oauth-reveal").reveals_tokens().start().await;
    host.connect("example", TOKEN, &["read"]).await;
    let host = TestHost::builder().reveals_tokens().start_in(host.finish_keeping().await).await;
    assert_eq!(host.execute("oauth-reveal.token", json!({})).await.output()["token"], TOKEN);
    host.finish().await;
}
