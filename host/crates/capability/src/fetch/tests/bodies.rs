//! Bodies and heads: complete, too large, endless, cut off, never coming.

use std::{future, time::Duration};

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::io::AsyncWriteExt;

use super::{
    client, get, header, policy, request,
    server::{Answer, Server, answer, raw, saying, text},
};
use crate::fetch::{FetchError, FetchLimits, FetchRequest, FetchResponse};

const URL: &str = "https://a.example.com/";

async fn fetch(origin: String, limits: &FetchLimits, request: FetchRequest) -> Result<FetchResponse, FetchError> {
    client(&[("a.example.com", origin)]).send(&policy(&["a.example.com"]), limits, request, None).await
}

fn small() -> FetchLimits {
    FetchLimits { max_body_bytes: 1000, ..FetchLimits::default() }
}

/// A body without an announced length that never ends.
fn endless() -> Answer {
    let chunks = futures_util::stream::repeat_with(|| Ok(Frame::data(Bytes::from_static(&[b'x'; 100]))));
    Response::new(BodyExt::boxed(StreamBody::new(chunks)))
}

#[tokio::test]
async fn a_request_arrives_as_it_was_asked_for() {
    let server =
        Server::start(
            |seen| async move { answer(201, &[("x-answer", "yes"), ("keep-alive", "timeout=5")], &seen.body) },
        )
        .await;
    let sent = request("POST", "https://a.example.com/path?q=1#f", &[("x-ask", "1"), ("x-ask", "2")], Some(b"\0\xff"));
    let response = fetch(server.origin(), &FetchLimits::default(), sent).await.expect("is answered");
    assert_eq!((response.status, &response.body[..]), (201, &b"\0\xff"[..]));
    assert_eq!((header(&response, "x-answer"), header(&response, "keep-alive")), (Some("yes"), None));
    let seen = server.seen().pop().expect("was asked");
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str(), seen.authority.as_str()),
        ("POST", "/path?q=1", "a.example.com")
    );
    assert_eq!(seen.headers.get_all("x-ask").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(seen.headers["content-length"], "2");
    assert_eq!(seen.headers["accept-encoding"], "identity");
    assert!(seen.headers.contains_key("user-agent") && !seen.headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_request_body_over_the_limit_is_not_sent() {
    let server = Server::start(|_| async { text("") }).await;
    let result = fetch(server.origin(), &small(), request("POST", URL, &[], Some(&[0; 1001]))).await;
    assert_eq!(result, Err(FetchError::TooLarge(1000)));
    assert_eq!(server.connections(), 0);
    assert!(fetch(server.origin(), &small(), request("POST", URL, &[], Some(&[0; 1000]))).await.is_ok());
}

#[tokio::test]
async fn an_answer_up_to_the_limit_is_whole_and_over_it_none() {
    let server = Server::start(|seen| async move {
        let length = seen.target.trim_start_matches('/').parse().expect("is a length");
        answer(200, &[], &vec![b'x'; length])
    })
    .await;
    let whole = fetch(server.origin(), &small(), get("https://a.example.com/1000")).await.expect("is answered");
    assert_eq!(whole.body.len(), 1000);
    let over = fetch(server.origin(), &small(), get("https://a.example.com/1001")).await;
    assert_eq!(over, Err(FetchError::TooLarge(1000)));
}

#[tokio::test]
async fn an_announced_length_over_the_limit_is_refused_before_a_byte_of_it_came() {
    let origin = raw(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n").await;
        future::pending::<()>().await;
    })
    .await;
    assert_eq!(fetch(origin, &small(), get(URL)).await, Err(FetchError::TooLarge(1000)));
}

#[tokio::test]
async fn the_length_in_answer_to_head_is_not_a_body() {
    let origin = saying(b"HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n").await;
    let response = fetch(origin, &small(), request("HEAD", URL, &[], None)).await.expect("is answered");
    assert_eq!((header(&response, "content-length"), response.body.len()), (Some("999999"), 0));
}

#[tokio::test]
async fn an_endless_chunked_body_is_too_large() {
    let server = Server::start(|_| async { endless() }).await;
    assert_eq!(fetch(server.origin(), &small(), get(URL)).await, Err(FetchError::TooLarge(1000)));
}

#[tokio::test]
async fn compressed_bodies_arrive_untouched() {
    // A gzip bomb is only its packed self here.
    let packed: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 4, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0];
    let server = Server::start(move |_| async move { answer(200, &[("content-encoding", "gzip")], packed) }).await;
    let response = fetch(server.origin(), &small(), get(URL)).await.expect("is answered");
    assert_eq!((&response.body[..], header(&response, "content-encoding")), (packed, Some("gzip")));
}

#[tokio::test]
async fn silence_times_out_at_every_stage() {
    let head: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel";
    for said in [&b""[..], &head[..10], head] {
        let origin = raw(move |mut stream| async move {
            let _ = stream.write_all(said).await;
            future::pending::<()>().await;
        })
        .await;
        let hasty = FetchRequest::parse("GET", URL, &[], None, Some(50)).expect("is a request");
        assert_eq!(fetch(origin.clone(), &FetchLimits::default(), hasty).await, Err(FetchError::Timeout));
        let strict = FetchLimits { max_timeout: Duration::from_millis(50), ..FetchLimits::default() };
        let patient = FetchRequest::parse("GET", URL, &[], None, Some(u32::MAX)).expect("is a request");
        assert_eq!(fetch(origin, &strict, patient).await, Err(FetchError::Timeout));
    }
}

#[tokio::test]
async fn broken_answers_are_io_errors_without_addresses() {
    for said in [
        &b""[..],
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
    ] {
        let result = fetch(saying(said).await, &FetchLimits::default(), get(URL)).await;
        let Err(FetchError::Io(message)) = result else { panic!("{:?}: {result:?}", String::from_utf8_lossy(said)) };
        assert!(!message.contains("127.0.0.1"), "{message}");
    }
}

#[tokio::test]
async fn heads_are_bounded_for_each_integration_and_for_the_process() {
    let value = "v".repeat(3000);
    let server = Server::start(move |_| {
        let value = value.clone();
        async move { answer(200, &[("x-long", &value)], b"") }
    })
    .await;
    assert!(fetch(server.origin(), &FetchLimits::default(), get(URL)).await.is_ok());
    let strict = FetchLimits { max_response_headers_bytes: 2000, ..FetchLimits::default() };
    assert!(matches!(fetch(server.origin(), &strict, get(URL)).await, Err(FetchError::Io(_))));
    let endless_head = raw(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(b"x-more: and more and more and more\r\n").await.is_ok() {}
    })
    .await;
    assert!(matches!(fetch(endless_head, &FetchLimits::default(), get(URL)).await, Err(FetchError::Io(_))));
}
