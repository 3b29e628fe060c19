//! The way out: what an integration reaches, in what bounds, and what nobody reaches.

mod connections;
mod dns;
mod forbidden;
mod redirects;

use axum::body::Body;
use serde_json::{Value, json};
use workway_tests::TestHost;

use crate::upstream::{Upstream, text, with_header};

/// A host whose guest `fetch-probe` finds `upstream` at `api.example.com`.
async fn host_with(upstream: &Upstream) -> TestHost {
    let builder = TestHost::builder().guest("fetch-probe").upstream("api.example.com", upstream.origin());
    builder.start().await
}

async fn fetch(host: &TestHost, input: Value) -> Value {
    host.execute("fetch-probe.fetch", input).await.output().clone()
}

async fn fetch_all(host: &TestHost, urls: &[String]) -> Vec<Value> {
    let answer = host.execute("fetch-probe.fetch-all", json!({ "urls": urls })).await;
    answer.output().as_array().expect("one outcome a request").clone()
}

fn kind(outcome: &Value) -> &str {
    outcome["err"]["kind"].as_str().unwrap_or_else(|| panic!("no error: {outcome}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn fetch_probe() {
    let upstream = Upstream::start(async |seen| {
        let mut response = with_header(201, "x-answer", b"yes");
        *response.body_mut() = Body::from([b"you sent ", seen.body.as_slice()].concat());
        response
    })
    .await;
    let host = host_with(&upstream).await;
    let input = json!({
        "url": "https://api.example.com/a%20b?c=d#fragment",
        "method": "POST",
        "headers": [["X-Mine", "1"], ["X-Mine", "2"], ["Accept", "text/plain"]],
        "body": "a body",
    });
    let answer = &fetch(&host, input).await["ok"];
    assert_eq!((&answer["status"], &answer["body"]), (&json!(201), &json!("you sent a body")));
    assert_eq!(answer["url"], "https://api.example.com/a%20b?c=d", "the public address, whoever played it");
    let headers = answer["headers"].as_array().expect("headers");
    assert!(headers.contains(&json!(["x-answer", "yes"])), "{answer:#}");
    let seen = &upstream.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/a%20b?c=d"));
    assert_eq!((seen.header("host"), seen.header("accept")), (Some("api.example.com"), Some("text/plain")));
    assert_eq!(seen.headers.get_all("x-mine").iter().count(), 2);
    assert!(seen.header("user-agent").is_some_and(|agent| agent.starts_with("workway/")), "{seen:?}");
    assert_eq!(seen.header("authorization"), None);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disallowed_host_is_denied() {
    let upstream = Upstream::start(async |_| text("reached")).await;
    let host = TestHost::builder()
        .guest("fetch-probe")
        .upstream("example.com", upstream.origin())
        .upstream("evil.example.org", upstream.origin())
        .upstream("api.example.com", upstream.origin())
        .upstream("api.example.com.evil.org", upstream.origin())
        .start()
        .await;
    for url in [
        "https://example.com/",
        "https://evil.example.org/",
        "https://api.example.com.evil.org/",
        "https://apixexample.com/",
        "http://api.example.com/",
        "https://api.example.com:444/",
        "https://www.api.example.org/",
        "ftp://api.example.com/",
        "https://localhost/",
    ] {
        assert_eq!(kind(&fetch(&host, json!({ "url": url })).await), "denied", "{url}");
    }
    assert_eq!(upstream.seen().len(), 0, "a denied request was sent");
    for url in ["https://API.example.COM./", "https://api.example.com:443/", "https://api.example.com:8443/"] {
        assert_eq!(fetch(&host, json!({ "url": url })).await["ok"]["body"], "reached", "{url}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_requests_are_refused_before_they_are_sent() {
    let upstream = Upstream::start(async |_| text("reached")).await;
    let host = host_with(&upstream).await;
    let url = "https://api.example.com/";
    for input in [
        json!({ "url": "" }),
        json!({ "url": "api.example.com" }),
        json!({ "url": "https://user:password@api.example.com/" }),
        json!({ "url": "https://api.example.com/\r\nX-Evil: 1" }),
        json!({ "url": format!("{url}{}", "a".repeat(9_000)) }),
        json!({ "url": url, "method": "CONNECT" }),
        json!({ "url": url, "method": "GET / HTTP/1.1\r\n" }),
        json!({ "url": url, "headers": [["Host", "evil.example"]] }),
        json!({ "url": url, "headers": [["Transfer-Encoding", "chunked"]] }),
        json!({ "url": url, "headers": [["X", "a\r\nb"]] }),
        json!({ "url": url, "headers": [["a b", "c"]] }),
        json!({ "url": url, "headers": vec![["X", "y"]; 101] }),
    ] {
        assert_eq!(kind(&fetch(&host, input.clone()).await), "invalid-request", "{input:.200}");
    }
    for header in ["Authorization", "cookie"] {
        let outcome = fetch(&host, json!({ "url": url, "headers": [[header, "own"]] })).await;
        assert_eq!(kind(&outcome), "denied", "{header} needs reveal-token");
    }
    assert_eq!(upstream.seen().len(), 0);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_bounded_both_ways() {
    const LIMIT: usize = 65_536;
    let upstream = Upstream::start(async |seen| match seen.target.as_str() {
        "/fits" => text(vec![b'x'; LIMIT / 3 - 1_000]),
        _ => text(vec![b'x'; LIMIT + 1]),
    })
    .await;
    // Without a length in its head: only counting finds out.
    let chunk = format!("{LIMIT:x}\r\n{}\r\n", "x".repeat(LIMIT));
    let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(4));
    let streamed = Upstream::raw(answer.into()).await;
    let host = TestHost::builder()
        .guest("fetch-probe")
        .upstream("api.example.com", upstream.origin())
        .upstream("streamed.example.com", streamed.origin())
        .config(&format!("[limits]\nbody_bytes = {LIMIT}"))
        .start()
        .await;
    let outcome = fetch(&host, json!({ "url": "https://api.example.com/fits" })).await;
    assert_eq!(outcome["ok"]["body"].as_str().map(str::len), Some(LIMIT / 3 - 1_000));
    for url in ["https://api.example.com/declared", "https://streamed.example.com/"] {
        let outcome = fetch(&host, json!({ "url": url })).await;
        assert_eq!(outcome["err"], json!({ "kind": "too-large", "detail": LIMIT }), "{url}");
    }
    // For requests sent together the limit holds for all of their answers.
    let urls = vec!["https://api.example.com/fits".to_owned(); 6];
    let outcomes = fetch_all(&host, &urls).await;
    let refused = outcomes.iter().filter(|outcome| outcome["err"]["kind"] == "too-large").count();
    assert!(refused >= 3, "only {refused} of 6 answers were too much together");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_speaks_no_http_is_an_io_error() {
    let long_head = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(512 << 10));
    let answers = [
        ("silent", &b""[..]),
        ("secure-shell", b"SSH-2.0-OpenSSH_9.9\r\n"),
        ("half", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        ("no-chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"),
        ("two-lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
        ("long-head", long_head.as_bytes()),
    ];
    let (mut builder, mut upstreams) = (TestHost::builder().guest("fetch-probe"), Vec::new());
    for (name, answer) in answers {
        let upstream = Upstream::raw(answer.to_vec()).await;
        builder = builder.upstream(&format!("{name}.example.com"), upstream.origin());
        upstreams.push(upstream);
    }
    let host = builder.start().await;
    for (name, _) in answers {
        let outcome = fetch(&host, json!({ "url": format!("https://{name}.example.com/") })).await;
        assert_eq!(kind(&outcome), "io", "{name}: {outcome}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_never_answers_is_given_up() {
    let (upstream, held) = Upstream::held().await;
    let host = host_with(&upstream).await;
    let outcome = fetch(&host, json!({ "url": "https://api.example.com/", "timeoutMs": 50 })).await;
    assert_eq!(kind(&outcome), "timeout");
    held.release();
    let outcome = fetch(&host, json!({ "url": "https://api.example.com/" })).await;
    assert_eq!(outcome["ok"]["body"], "released");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_is_not_there_is_named_without_its_address() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let builder = TestHost::builder().guest("fetch-probe").upstream("api.example.com", &format!("http://{address}"));
    let host = builder.start().await;
    let outcome = fetch(&host, json!({ "url": "https://api.example.com/" })).await;
    assert_eq!(kind(&outcome), "connect");
    let detail = outcome["err"]["detail"].as_str().expect("a reason");
    assert!(detail.contains("api.example.com") && !detail.contains("127.0.0.1"), "{detail}");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_sent_together_are_answered_in_the_order_asked() {
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let upstream = Upstream::start(move |seen| {
        let gate = std::sync::Arc::clone(&gate);
        async move {
            // The first two wait for the third: one after another they would wait for ever.
            if seen.target == "/2" {
                gate.add_permits(2);
            } else {
                gate.acquire().await.expect("the gate is never closed").forget();
            }
            text(seen.target)
        }
    })
    .await;
    let host = host_with(&upstream).await;
    let mut urls: Vec<String> = (0..3).map(|number| format!("https://api.example.com/{number}")).collect();
    urls.insert(1, "https://evil.example.org/".to_owned());
    let outcomes = fetch_all(&host, &urls).await;
    let bodies: Vec<&Value> = outcomes.iter().map(|outcome| &outcome["ok"]["body"]).collect();
    assert_eq!(bodies, [&json!("/0"), &Value::Null, &json!("/1"), &json!("/2")]);
    assert_eq!(kind(&outcomes[1]), "denied", "one refusal is no other's");
    assert_eq!(fetch_all(&host, &[]).await, [Value::Null; 0]);
    let outcomes = fetch_all(&host, &vec!["https://api.example.com/2".to_owned(); 101]).await;
    assert!(outcomes.len() == 101 && outcomes.iter().all(|outcome| kind(outcome) == "invalid-request"));
    host.finish().await;
}
