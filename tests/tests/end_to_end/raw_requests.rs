//! Requests that no client library sends: without a clear host, or without a clear end. The second kind is request smuggling:
//! a proxy in front takes one request for two, or two for one, and mixes the requests of different users.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use workway_tests::TestHost;

/// How long an answer may take before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(60);
const EXECUTE: &str = "/registry/actions/hello.echo/execute";
/// Ends a connection that the request before it left open.
const LAST: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
/// What an attacker hides in a body.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// One answer of a connection.
#[derive(Debug)]
struct Reply {
    status: u16,
    text: String,
}

/// Sends bytes and returns the answers until the host closes the connection, which it has to do.
async fn exchange(host: &TestHost, request: &[u8]) -> Vec<Reply> {
    let mut stream = TcpStream::connect(host.address()).await.expect("the host is reached");
    stream.write_all(request).await.expect("the request is sent");
    let mut bytes = Vec::new();
    // A connection that is closed with bytes unread is reset, also after the answer.
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "the connection stays open after {:?}", String::from_utf8_lossy(request));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // A client of HTTP/1.0 gets answers in that version.
    let text = text.replace("HTTP/1.0 ", "HTTP/1.1 ");
    let replies = text.split("HTTP/1.1 ").skip(1);
    replies.map(|text| Reply { status: text[..3].parse().expect("a status"), text: text.to_owned() }).collect()
}

/// The one answer to a request, on a connection that is then used for [`LAST`].
async fn answer(host: &TestHost, request: &str) -> Reply {
    let mut replies = exchange(host, format!("{request}{LAST}").as_bytes()).await;
    assert_eq!(replies.len(), 2, "{request:?}: {replies:#?}");
    assert!(replies[1].text.contains("\"ok\""), "{replies:#?}");
    replies.swap_remove(0)
}

#[track_caller]
fn assert_problem(reply: &Reply, status: u16, code: &str, request: &str) {
    assert_eq!(reply.status, status, "{request:?}: {reply:#?}");
    for part in [
        &format!("\"code\":\"{code}\""),
        "application/problem+json",
        "x-request-id",
        "\"requestId\"",
        "x-content-type-options: nosniff",
    ] {
        assert!(reply.text.contains(part), "{request:?} was answered without {part}: {reply:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_one_valid_host_is_refused() {
    for builder in [TestHost::builder(), TestHost::builder().production()] {
        let host = builder.start().await;
        for hosts in [
            "",
            "Host:\r\n",
            "Host: \r\n",
            "Host: localhost\r\nHost: localhost\r\n",
            "Host: localhost\r\nX-A: b\r\nhost: evil.example\r\n",
            "Host: local host\r\n",
            "Host: localhost, evil.example\r\n",
            "Host: user@localhost\r\n",
            "Host: localhost/path\r\n",
            "Host: http://localhost\r\n",
            "Host: localhost:port\r\n",
            "Host: localhost:65536\r\n",
            "Host: [::1\r\n",
            "Host: h\u{f6}st\r\n",
        ] {
            for (target, method) in [("/healthz", "GET"), ("/nowhere", "POST"), ("http://localhost/healthz", "GET")] {
                let request = format!("{method} {target} HTTP/1.1\r\n{hosts}Content-Length: 0\r\n\r\n");
                assert_problem(&answer(&host, &request).await, 400, "invalid-host", &request);
            }
        }
        for valid in ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8787", "localhost:"] {
            let request = format!("GET /healthz HTTP/1.1\r\nHost: {valid}\r\n\r\n");
            assert_eq!(answer(&host, &request).await.status, 200, "{valid}");
        }
        host.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_client_needs_no_host_but_may_not_name_two() {
    let host = TestHost::builder().production().start().await;
    let replies = exchange(&host, b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert_eq!((replies.len(), replies[0].status), (1, 200), "{replies:#?}");
    let twice = "GET /healthz HTTP/1.0\r\nHost: a.example\r\nHost: b.example\r\n\r\n";
    let replies = exchange(&host, twice.as_bytes()).await;
    assert_problem(&replies[0], 400, "invalid-host", twice);
    host.finish().await;
    let host = TestHost::builder().start().await;
    let request = "GET /healthz HTTP/1.0\r\n\r\n";
    let replies = exchange(&host, request.as_bytes()).await;
    assert_problem(&replies[0], 403, "not-local", request);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_of_the_target_counts_and_the_header_does_not() {
    let host = TestHost::builder().guest("hello").start().await;
    let get = |target: &str, host: &str| format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for target in
        ["http://localhost/registry/stats", "HTTP://127.0.0.1:1/registry/stats", "https://[::1]/registry/stats"]
    {
        assert_eq!(answer(&host, &get(target, "evil.example")).await.status, 200, "{target}");
    }
    let request = get("http://evil.example/registry/stats", "localhost");
    assert_problem(&answer(&host, &request).await, 403, "not-local", &request);
    for target in
        ["http://user@localhost/healthz", "ftp://localhost/healthz", "localhost", "localhost:80", "http://local%host/"]
    {
        let replies = exchange(&host, format!("{}{LAST}", get(target, "localhost")).as_bytes()).await;
        assert_eq!(replies[0].status, 400, "{target}: {replies:#?}");
    }
    // A page that is foreign to the target's host stays foreign whatever `Host` says.
    let post = |origin: &str| {
        format!(
            "POST http://localhost:1{EXECUTE} HTTP/1.1\r\nHost: evil.example\r\nOrigin: {origin}\r\n\
             Content-Type: application/json\r\nContent-Length: 29\r\n\r\n{{\"input\":{{\"message\":\"hello\"}}}}"
        )
    };
    let request = post("http://evil.example");
    assert_problem(&answer(&host, &request).await, 403, "foreign-origin", &request);
    assert_eq!(answer(&host, &post("http://localhost:1")).await.status, 200);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_is_no_proxy() {
    let host = TestHost::builder().production().start().await;
    let request = "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n";
    assert_problem(&answer(&host, request).await, 400, "invalid-host", request);
    let request = "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(answer(&host, request).await.status, 404);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unclear_head_ends_the_connection() {
    let host = TestHost::builder().production().start().await;
    for head in [
        // Which length counts?
        "Content-Length: 0\r\nContent-Length: 41\r\n",
        "Content-Length: 41\r\nContent-Length: 0\r\n",
        "Content-Length: 0, 41\r\n",
        "Content-Length: +41\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x29\r\n",
        "Content-Length: 4 1\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Content-Length:\r\n",
        "Content-Length: 41\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        // Where does a line end?
        "X-A: b\rContent-Length: 41\r\n",
        "X-A: b\r\n Content-Length: 41\r\n",
        "X-A: b\r\n\tc\r\n",
        " X-A: b\r\n",
        "X-A: \0\r\n",
        // What is a header's name?
        "Transfer-Encoding : chunked\r\n",
        "Content-Length : 41\r\n",
        "X A: b\r\n",
        ": b\r\n",
        "no colon\r\n",
    ] {
        let request = format!("POST /nowhere HTTP/1.1\r\nHost: localhost\r\n{head}\r\n{HIDDEN}{LAST}");
        let replies = exchange(&host, request.as_bytes()).await;
        assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [400], "{head:?}: {replies:#?}");
        assert!(!replies[0].text.contains("/hidden"), "{head:?}: {replies:#?}");
    }
    let old = "POST /nowhere HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let replies = exchange(&host, format!("{old}{HIDDEN}").as_bytes()).await;
    assert_eq!((replies.len(), replies[0].status), (1, 400), "{replies:#?}");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_after_a_coded_body_is_a_request() {
    let host = TestHost::builder().production().start().await;
    let sent = |codings: &str, body: &str| {
        let path = "/nowhere";
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{codings}\r\n{body}{HIDDEN}{LAST}")
    };
    for (codings, body) in [
        // The HTTP library ignores the length and tells nobody; a proxy may not.
        ("Transfer-Encoding: chunked\r\nContent-Length: 46\r\n", "0\r\n\r\n"),
        ("Content-Length: 46\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\nContent-Length: 46\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nContent-Length: no number\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding:\tCHUNKED \r\n", "0\r\n\r\n"),
        // Chunks whose size cannot be right.
        ("Transfer-Encoding: chunked\r\n", "-1\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0x0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "10000000000000000\r\nx\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "1\r\nxx\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "1\r\nx0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0;a=b\nc\r\n\r\n"),
    ] {
        let request = sent(codings, body);
        let replies = exchange(&host, request.as_bytes()).await;
        assert_eq!(replies.len(), 1, "{codings:?} {body:?}: {replies:#?}");
        assert!(!replies[0].text.contains("/hidden"), "{codings:?} {body:?}: {replies:#?}");
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_nobody_reads_is_no_request() {
    let host = TestHost::builder().production().start().await;
    for (method, path) in [("GET", "/healthz"), ("POST", "/nowhere"), ("DELETE", "/healthz"), ("POST", "/auth/tokens")]
    {
        for lengths in ["", "Content-Length: 41\r\n"] {
            // The same length twice is one length (RFC 9112, section 6.3).
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 41\r\n{lengths}\r\n{HIDDEN}{LAST}"
            );
            let replies = exchange(&host, request.as_bytes()).await;
            let hidden = replies.iter().any(|reply| reply.text.contains("/hidden"));
            assert!(!hidden && replies.len() <= 2, "{method} {path}: {replies:#?}");
        }
    }
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_comes_before_the_connection_is_closed_and_says_so() {
    let host = TestHost::builder().guest("hello").config("[limits]\nbody_bytes = 1_000").start().await;
    // Read by nobody, read in part, and more than is read of such a body.
    for (path, bytes, closes) in
        [("/nowhere", 200_000, false), (EXECUTE, 200_000, false), ("/nowhere", 2 << 20, true), (EXECUTE, 2 << 20, true)]
    {
        let kind = "Content-Type: application/json";
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n{kind}\r\nContent-Length: {bytes}\r\n\r\n");
        let mut stream = TcpStream::connect(host.address()).await.expect("the host is reached");
        stream.write_all(head.as_bytes()).await.expect("the head is sent");
        // What is not read is not taken, either.
        let sent = stream.write_all(&vec![b' '; bytes]).await;
        assert!(closes || sent.is_ok(), "{path}: {sent:?}");
        if !closes {
            stream.write_all(LAST.as_bytes()).await.expect("the next request is sent");
        }
        let mut text = Vec::new();
        let read = timeout(PATIENCE, stream.read_to_end(&mut text)).await;
        assert!(read.is_ok(), "{path}: the connection stays open");
        let text = String::from_utf8_lossy(&text);
        if closes {
            // The kernel may drop an answer that comes with a reset.
            assert!(text.is_empty() || text.contains("connection: close"), "{path}: {text}");
        } else {
            assert_eq!(text.matches("HTTP/1.1 ").count(), 2, "{path}: {text}");
        }
    }
    // Who asks first is refused without being told to go on.
    let head = "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    let replies = exchange(&host, head.as_bytes()).await;
    assert_eq!(replies.len(), 1, "{replies:#?}");
    assert!(replies[0].status != 100 && replies[0].text.contains("connection: close"), "{replies:#?}");
    host.finish().await;
}
