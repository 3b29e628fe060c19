//! What one client can take from the others: connections, memory, and time at a shutdown. Attackers have addresses of their own.

use std::net::SocketAddr;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};
use workway_tests::{ADMIN_TOKEN, TestHost};

use crate::support::assert_alive;

const ATTACKER: [u8; 4] = [127, 0, 0, 5];
const OTHER: [u8; 4] = [127, 0, 0, 6];
/// The least that a host takes: 96 MiB of it are for work, half of those for one client.
const LEAST_MEMORY: &str = "[limits]\ntotal_memory = 268435456";
const INPUT_BYTES: usize = 10 << 20;

/// A connection from an address.
async fn connect(host: &TestHost, address: [u8; 4]) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from((address, 0))).expect("a loopback address");
    socket.connect(host.address()).await.expect("the host is reached")
}

/// The status and problem of a `GET` from an address.
async fn get(host: &TestHost, address: [u8; 4], path: &str, token: Option<&str>) -> (StatusCode, Value) {
    let client = Client::builder().local_address(std::net::IpAddr::from(address)).build().expect("a client");
    let mut request = client.get(format!("http://{}{path}", host.address()));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.expect("the host answers");
    (answer.status(), answer.json().await.unwrap_or_default())
}

async fn answer(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    // A host that hangs up early may reset the connection.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

fn execute_head(action: &str, length: usize) -> String {
    format!(
        "POST /registry/actions/{action}/execute HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {ADMIN_TOKEN}\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_at_its_limit_of_connections_leaves_the_others_alone() {
    let host = TestHost::builder().guest("hello").config("[server]\nconnections_per_client = 2").start().await;
    let held = [connect(&host, ATTACKER).await, connect(&host, ATTACKER).await];
    let refused = answer(connect(&host, ATTACKER).await).await;
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains(r#""code":"busy""#), "{refused}");
    assert!(refused.contains("retry-after: 1"), "{refused}");
    assert_alive(&host).await;
    drop(held);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_host_still_answers_probes_and_the_operator() {
    let host = TestHost::builder().production().guest("hello").config("[server]\nconnections = 2").start().await;
    let held = [connect(&host, ATTACKER).await, connect(&host, ATTACKER).await];
    for probe in ["/healthz", "/readyz"] {
        assert_eq!(get(&host, OTHER, probe, None).await.0, 200, "{probe}");
    }
    let (status, problem) = get(&host, OTHER, "/registry/actions", None).await;
    assert_eq!((status.as_u16(), &problem["code"]), (503, &json!("busy")), "{problem}");
    assert_eq!(get(&host, OTHER, "/registry/actions", Some("guessed")).await.0, 503);
    assert_eq!(get(&host, OTHER, "/registry/actions", Some(ADMIN_TOKEN)).await.0, 200);
    drop(held);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_names_the_client_and_others_cannot() {
    let config = "[server]\nconnections_per_client = 1\ntrusted_proxies = [\"127.0.0.5/32\"]";
    let host = TestHost::builder().production().guest("hello").config(config).start().await;
    let head = |client: &str| {
        format!(
            "POST /auth/register HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: {client}\r\nexpect: 100-continue\r\n\
             content-type: application/json\r\ncontent-length: 100\r\n\r\n"
        )
    };
    // The host asks for the body once the request has its place.
    let mut held = connect(&host, ATTACKER).await;
    held.write_all(head("192.0.2.1").as_bytes()).await.expect("the head is sent");
    let mut asked = [0; 25];
    held.read_exact(&mut asked).await.expect("the host asks for the body");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    let ask = async |address, headers: &[(&str, &str)]| {
        let client = Client::builder().local_address(std::net::IpAddr::from(address)).build().expect("a client");
        let mut request = client.get(format!("http://{}/registry/actions", host.address()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("the host answers").status().as_u16()
    };
    assert_eq!(ask(ATTACKER, &[("x-forwarded-for", "192.0.2.1")]).await, 503);
    assert_eq!(ask(ATTACKER, &[("x-forwarded-for", "198.51.100.1, 192.0.2.1")]).await, 503);
    assert_eq!(ask(ATTACKER, &[("forwarded", "for=192.0.2.1")]).await, 503);
    assert_eq!(ask(ATTACKER, &[("x-forwarded-for", "192.0.2.2")]).await, 200);
    assert_eq!(ask(ATTACKER, &[]).await, 200);
    assert_eq!(ask(OTHER, &[("x-forwarded-for", "192.0.2.1")]).await, 200, "not a trusted proxy");
    drop(held);
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_input_that_takes_too_much_memory_is_refused_before_it_is_read() {
    let host = TestHost::builder().guest("hello").guest("endless-schema").config(LEAST_MEMORY).start().await;
    for item in [r#"{"":0}"#, "[]", r#"{"a":{"b":{}}}"#] {
        let items = vec![item; INPUT_BYTES / (item.len() + 1) - 10].join(",");
        let body = format!(r#"{{"input":[{items}]}}"#);
        let request = host.request(reqwest::Method::POST, "/registry/actions/endless-schema.list/execute");
        let answer = host.send(request.header("content-type", "application/json").body(body)).await;
        assert_eq!((answer.status, answer.code()), (413, "body-too-large"), "{item}: {:#}", answer.body);
        assert!(answer.detail().contains("limits.total_memory"), "{}", answer.detail());
    }
    let deep = "[".repeat(INPUT_BYTES);
    let request = host.request(reqwest::Method::POST, "/registry/actions/hello.echo/execute");
    let answer = host.send(request.header("content-type", "application/json").body(deep)).await;
    assert_eq!((answer.status, answer.code()), (400, "invalid-body"));
    assert_alive(&host).await;
    assert_all_is_given_back(&host).await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_bodies_take_the_memory_of_their_client_only() {
    let host = TestHost::builder().guest("hello").config(LEAST_MEMORY).start().await;
    let mut streams = Vec::new();
    for _ in 0..6 {
        let mut stream = connect(&host, ATTACKER).await;
        stream.write_all(execute_head("hello.echo", INPUT_BYTES).as_bytes()).await.expect("the head is sent");
        streams.push(stream);
    }
    let mut bodies = JoinSet::new();
    for mut stream in streams {
        bodies.spawn(async move {
            // One byte is left out, so that no body is complete.
            let _ = stream.write_all(&vec![b' '; INPUT_BYTES - 1]).await;
            answer(stream).await
        });
    }
    let first = bodies.join_next().await.expect("six bodies are sent").expect("none panics");
    assert!(first.starts_with("HTTP/1.1 503 ") && first.contains("limits.total_memory"), "{first}");
    assert_alive(&host).await;
    bodies.shutdown().await;
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_ends_although_an_answer_is_not_read() {
    let host = TestHost::builder().guest("hello").config("[server]\nshutdown_grace = 1").start().await;
    let body = format!(r#"{{"input":{{"message":"{}"}}}}"#, "x".repeat(INPUT_BYTES - 100));
    let mut stream = connect(&host, ATTACKER).await;
    stream.write_all(execute_head("hello.echo", body.len()).as_bytes()).await.expect("the head is sent");
    stream.write_all(body.as_bytes()).await.expect("the body is sent");
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).await.expect("the answer begins");
    assert_eq!(&begun, b"HTTP/1.1 200");
    host.finish().await;
    drop(stream);
}

/// Nothing but the request that asks holds memory.
async fn assert_all_is_given_back(host: &TestHost) {
    let metrics = host.get("/metrics").await;
    let text = metrics.body.as_str().expect("metrics are text");
    let used = text.lines().find_map(|line| line.strip_prefix("workway_memory_bytes ")).expect("the gauge is there");
    assert!(used.parse::<u64>().is_ok_and(|bytes| bytes <= 64 << 10), "{used} bytes are in use");
}
