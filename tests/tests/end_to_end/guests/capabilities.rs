//! Guests that look for what was never given to them.

use std::{io::ErrorKind, net::TcpListener};

use serde_json::{Value, json};
use workway_tests::TestHost;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn wasi_probe() {
    let host = TestHost::builder().guest("wasi-probe").start().await;
    let answer = host.execute("wasi-probe.probe", json!({})).await;
    let found = answer.output();
    assert_eq!((&found["environment"], &found["arguments"]), (&json!([]), &json!([])), "{found:#}");
    for attempt in ["readPasswd", "listRoot", "listHere", "writeTemporary", "writeHere"] {
        assert!(found[attempt]["err"].is_string(), "{attempt} worked: {found:#}");
    }
    assert!(!std::path::Path::new("/tmp/wasi-probe").exists(), "the guest wrote to the machine");
    let silent = found["standardInput"]["ok"] == "" || found["standardInput"]["err"].is_string();
    assert!(silent, "the guest read the host's standard input: {found:#}");
    // What it does get: clocks and random numbers.
    assert!(found["unixSeconds"].as_u64().is_some_and(|seconds| seconds > 1_700_000_000), "{found:#}");
    assert_eq!(found["clockRuns"], true);
    let again = host.execute("wasi-probe.probe", json!({})).await;
    assert_ne!(found["random"], again.output()["random"], "two calls drew the same number");
    host.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(crate) async fn sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let own = listener.local_addr().expect("an address").to_string();
    let host = TestHost::builder().guest("sockets").start().await;
    for address in [own.as_str(), &host.address().to_string(), "8.8.8.8:53", "[::1]:80"] {
        let answer = host.execute("sockets.probe", json!({ "address": address })).await;
        let tries = answer.output().as_object().expect("tries by name");
        assert_eq!(tries.len(), 4, "{tries:?}");
        for (name, outcome) in tries {
            assert!(outcome["err"].is_string() && outcome["ok"] == Value::Null, "{name} to {address}: {outcome}");
        }
    }
    let nobody = listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(nobody, Err(ErrorKind::WouldBlock), "the guest reached the listener");
    host.finish().await;
}
