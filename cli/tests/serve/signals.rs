//! Ctrl-C and SIGTERM: the first lets running calls end, the second ends the program.

use std::net::Ipv4Addr;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use workway_tests::plugin;

use crate::process::{Running, Workway};

/// A host with a call that waits for GitHub, which is the stream: nobody has answered on it yet.
async fn with_a_call_under_way() -> (Workway, Running, JoinHandle<reqwest::Result<Response>>, TcpStream) {
    let github = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = github.local_addr().expect("an address").port();
    let upstreams = format!("[upstreams]\n\"api.github.com\" = \"http://127.0.0.1:{port}\"\n");
    let workway = Workway::development().component(&plugin("github")).file("workway.toml", upstreams);
    let running = workway.ready().await;
    let input = json!({ "input": { "owner": "octocat", "repo": "Hello-World" } });
    let call =
        tokio::spawn(running.request(Method::POST, "/registry/actions/github.list-issues/execute").json(&input).send());
    let (mut stream, _) = github.accept().await.expect("the call reaches GitHub");
    assert!(stream.read(&mut [0; 1024]).await.expect("a request") > 0);
    (workway, running, call, stream)
}

async fn ends_after_its_call(signal: &str) {
    let (_workway, mut running, call, mut github) = with_a_call_under_way().await;
    running.signal(signal).await;
    running.says("finishing running calls").await;
    github
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]")
        .await
        .expect("GitHub answers");
    let answer = call.await.expect("the call ends").expect("the call is answered");
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.expect("the answer is complete");
    assert_eq!(body["output"], json!({ "issues": [], "nextCursor": null }));
    let ended = running.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

#[tokio::test]
async fn an_interrupt_lets_a_running_call_end() {
    ends_after_its_call("INT").await;
}

#[tokio::test]
async fn a_termination_lets_a_running_call_end() {
    ends_after_its_call("TERM").await;
}

#[tokio::test]
async fn a_second_interrupt_ends_it_at_once() {
    let (_workway, mut running, call, _github) = with_a_call_under_way().await;
    running.signal("INT").await;
    running.says("finishing running calls").await;
    running.signal("INT").await;
    let ended = running.ended().await;
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    assert!(call.await.expect("the call ends").is_err(), "nobody could have answered");
}

#[tokio::test]
async fn an_interrupt_while_it_loads_ends_it_well() {
    let workway = Workway::development().component(&plugin("github"));
    workway.listening().await.interrupt().await;
}

#[tokio::test]
async fn a_client_that_stays_connected_does_not_hold_the_end_up() {
    let running = Workway::development().ready().await;
    let address = running.origin().strip_prefix("http://").expect("an origin").to_owned();
    let mut idle = TcpStream::connect(&address).await.expect("a connection");
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("a request");
    assert!(idle.read(&mut [0; 1024]).await.expect("an answer") > 0);
    running.interrupt().await;
}
