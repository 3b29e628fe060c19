//! The server under the routes. Connections are bounded in number, in all and for each client, and in how long a request may
//! take to arrive and an answer to be read. Some places are kept for health checks and the operator. A shutdown lets requests
//! end, and then closes what is left.

mod progress;

use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use ipnet::IpNet;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use self::progress::ProgressStream;
use super::{
    clients::{Client, Clients},
    forwarded,
};
use crate::settings::ServerSettings;

/// Connections beyond `server.connections`, on which only health checks and the operator are answered.
const RESERVED_CONNECTIONS: usize = 32;
/// How long the head of a request may take to arrive; an idle connection is closed after it, too.
const MAX_HEAD_TIME: Duration = Duration::from_secs(30);
/// The same on a reserved connection, so that nobody can occupy those by saying nothing.
const MAX_RESERVED_HEAD_TIME: Duration = Duration::from_secs(2);
/// The largest head of a request, in bytes, and what a connection reads ahead at most.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// The wait after an error of accepting: mostly too many open files, which closing connections cure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The answer on a connection that gets no place.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
    connection: close\r\ncontent-length: 193\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"code\":\"busy\",\"detail\":\"the host, or \
    this client's share of it, is at its limit of connections: try again later\",\"requestId\":\"\"}";

/// What the server knows of the connection that a request came on.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) client: Arc<Client>,
    /// Whether its peer is a trusted proxy, which sends requests of others.
    pub(super) is_proxy: bool,
    /// Whether only health checks and the operator are answered on it.
    pub(super) is_reserved: bool,
}

/// Places for connections.
struct Places<'a> {
    clients: Clients,
    trusted_proxies: &'a [IpNet],
    all: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
}

/// A connection that may be served until this is dropped.
struct Admitted {
    connection: Connection,
    _permits: (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
}

/// Answers requests until `shutdown` is complete, then waits for those that have begun, for at most as long as the settings say.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    clients: Clients,
    settings: &ServerSettings,
    shutdown: impl Future<Output = ()>,
) {
    let places = Places::new(clients, settings);
    let graceful = GracefulShutdown::new();
    let overdue = CancellationToken::new();
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(MAX_HEAD_TIME).max_buf_size(MAX_HEAD_BYTES);
    let mut reserved = server.clone();
    reserved.header_read_timeout(MAX_RESERVED_HEAD_TIME).keep_alive(false);
    tokio::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(target: "workway::http", %error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let Some(admitted) = places.admit(peer) else {
            refuse(&stream);
            continue;
        };
        // Small answers are not held back for more. A connection that is gone already has no use for it.
        let _ = stream.set_nodelay(true);
        let (router, connection) = (router.clone(), admitted.connection.clone());
        let server = if connection.is_reserved { &reserved } else { &server };
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let router = router.clone();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(connection.clone());
            async move { Ok::<_, Infallible>(infallible(router.oneshot(request).await)) }
        });
        let stream = TokioIo::new(ProgressStream::new(stream));
        let served = graceful.watch(server.serve_connection(stream, service));
        let overdue = overdue.clone();
        tokio::spawn(async move {
            if let Some(Err(error)) = overdue.run_until_cancelled(served).await {
                tracing::debug!(target: "workway::http", %error, "a connection ended early");
            }
            drop(admitted);
        });
    }
    drop(listener);
    let (open, grace) = (graceful.count(), settings.grace());
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            target: "workway::http",
            "closing the connections that are still open after server.shutdown_grace ({} s); {open} were open when it began",
            grace.as_secs()
        );
        overdue.cancel();
    }
}

impl<'a> Places<'a> {
    fn new(clients: Clients, settings: &'a ServerSettings) -> Self {
        let all = usize::try_from(settings.connections).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            clients,
            trusted_proxies: &settings.trusted_proxies,
            all: Arc::new(Semaphore::new(all)),
            reserved: Arc::new(Semaphore::new(RESERVED_CONNECTIONS)),
        }
    }

    fn admit(&self, peer: SocketAddr) -> Option<Admitted> {
        let client = self.clients.get(peer.ip());
        let is_proxy = forwarded::is_trusted(peer.ip(), self.trusted_proxies);
        // A proxy's connections carry requests of many clients. Those clients have their own places.
        let own = if is_proxy { None } else { Some(client.try_place()?) };
        let (place, is_reserved) = match Arc::clone(&self.all).try_acquire_owned() {
            Ok(place) => (place, false),
            Err(_) => (Arc::clone(&self.reserved).try_acquire_owned().ok()?, true),
        };
        let connection = Connection { client, is_proxy, is_reserved };
        Some(Admitted { connection, _permits: (place, own) })
    }
}

/// Sends the refusal, if the socket takes it at once. The caller closes the connection.
fn refuse(stream: &TcpStream) {
    let _ = stream.try_write(REFUSAL);
}

fn infallible<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::REFUSAL;

    #[test]
    fn the_refusal_is_one_whole_answer() {
        let text = std::str::from_utf8(REFUSAL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{}", body.len());
        let problem: workway_api::error::Problem = serde_json::from_str(body).unwrap();
        assert_eq!((problem.status, problem.code), (503, workway_api::error::ErrorCode::Busy));
    }
}
