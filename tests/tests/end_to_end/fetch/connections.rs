//! Whose connections are used: an integration has its own, and its next version goes on with them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use workway_host::registry::Activated;
use workway_tests::TestHost;

use super::fetch;
use crate::support::{rebuilt, register};

/// Answers every request with `ok`, keeps connections open, and counts them.
struct CountingUpstream {
    origin: String,
    connections: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl CountingUpstream {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let serving = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(connection));
            }
        });
        Self { origin, connections, serving }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for CountingUpstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(mut connection: TcpStream) {
    let mut head = Vec::new();
    while let Ok(byte) = connection.read_u8().await {
        head.push(byte);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            if connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.is_err() {
                return;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_integration_keeps_its_connections_across_a_reload_and_shares_them_with_nobody() {
    let upstream = CountingUpstream::start().await;
    let host = TestHost::builder()
        .guest("fetch-probe")
        .guest("secret-echo")
        .upstream("api.example.com", &upstream.origin)
        .start()
        .await;
    let url = json!({ "url": "https://api.example.com/" });
    assert_eq!(fetch(&host, url.clone()).await["ok"]["body"], "ok");
    std::fs::write(host.plugins().join("fetch-probe.wasm"), rebuilt("fetch-probe")).expect("the file is written");
    let loaded = register(&host, "fetch-probe.wasm").await;
    assert!(matches!(loaded, Ok(Activated::Serving(_))), "{loaded:?}");
    assert_eq!(fetch(&host, url.clone()).await["ok"]["body"], "ok");
    assert_eq!(upstream.connections(), 1, "the new version began with a client of its own");
    assert_eq!(host.connect("example", "token-of-nobody", &[]).await.status, 201);
    let answer = host.execute("secret-echo.headers", url).await;
    assert_eq!(answer.output()["plain"]["ok"]["body"], "ok", "{answer:?}");
    assert!(upstream.connections() > 1, "two integrations had one connection");
    host.finish().await;
}
