//! A server of the test's own, which plays a public host by way of the setting `[upstreams]`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::Response,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Semaphore,
    task::JoinHandle,
    time::timeout,
};

/// How long something that must happen may take before the test counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);
const MANY: usize = 1_000;
/// More than the head of any request here.
const MOST_HEAD_BYTES: usize = 16 << 10;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("the header is text"))
    }
}

/// The server. It ends with the value.
pub(crate) struct Upstream {
    origin: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    serving: JoinHandle<()>,
}

impl Upstream {
    /// Answers every request with what `answer` makes of it.
    pub(crate) async fn start<F, A>(answer: F) -> Self
    where
        F: Fn(Seen) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            let (answer, record) = (answer.clone(), Arc::clone(&record));
            async move {
                let request = read(request).await;
                record.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
                answer(request).await
            }
        });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("the upstream serves") });
        Self { origin, seen, serving }
    }

    /// Answers nothing until it is told to.
    pub(crate) async fn held() -> (Self, Held) {
        let held = Held { arrived: Arc::new(Semaphore::new(0)), gate: Arc::new(Semaphore::new(0)) };
        let (arrived, gate) = (Arc::clone(&held.arrived), Arc::clone(&held.gate));
        let upstream = Self::start(move |_| {
            let (arrived, gate) = (Arc::clone(&arrived), Arc::clone(&gate));
            async move {
                arrived.add_permits(1);
                gate.acquire().await.expect("the gate is never closed").forget();
                text("released")
            }
        })
        .await;
        (upstream, held)
    }

    /// Answers every connection's first request with these bytes, and closes. They need not be HTTP.
    pub(crate) async fn raw(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let serving = tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut head = vec![0; MOST_HEAD_BYTES];
                // Whoever hangs up early has seen enough, here and below.
                let _ = connection.read(&mut head).await;
                let _ = connection.write_all(&answer).await;
                let _ = connection.shutdown().await;
            }
        });
        Self { origin, seen: Arc::default(), serving }
    }

    /// Where it listens, as `[upstreams]` wants it.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// What arrived so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The hold on an upstream's answers.
pub(crate) struct Held {
    arrived: Arc<Semaphore>,
    gate: Arc<Semaphore>,
}

impl Held {
    /// Waits until so many more requests wait for an answer: the calls that sent them are under way.
    pub(crate) async fn arrived(&self, count: u32) {
        let arrived = timeout(PATIENCE, self.arrived.acquire_many(count)).await;
        arrived.expect("the requests arrive").expect("the semaphore is never closed").forget();
    }

    /// Lets every answer go, those to come included.
    pub(crate) fn release(&self) {
        self.gate.add_permits(MANY);
    }
}

async fn read(request: Request) -> Seen {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("the request is complete").to_vec();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    Seen { method: parts.method.to_string(), target, headers: parts.headers, body }
}

/// An answer with a body and nothing else.
pub(crate) fn text(body: impl Into<Body>) -> Response {
    Response::new(body.into())
}

/// An answer of a status and one header.
pub(crate) fn with_header(status: u16, name: &'static str, value: &[u8]) -> Response {
    let mut response = text(Body::empty());
    *response.status_mut() = status.try_into().expect("a status");
    let value = HeaderValue::from_bytes(value).expect("a header's value");
    response.headers_mut().insert(HeaderName::from_static(name), value);
    response
}
