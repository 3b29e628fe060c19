//! How a connection comes to be: upstream map, name resolution, address filter, TCP, TLS, in that order.
//!
//! The filter sits between resolution and dialling, so that no later answer of a name server can slip past it, and it sees IP
//! literals too. A connection that does not come from here is never used. Whether the *name* was granted is not asked
//! here: that is `policy`, before a request gets this far.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use http::{Uri, uri::Scheme};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::{net::TcpStream, time};
use tower::Service;
use workway_policy::fetch::FetchError;

use super::{
    address::forbidden,
    dns::{IntegrationLookups, LookupShare},
    resolve::{Dial, Resolve, ResolveError},
    upstreams::Upstreams,
};

/// How many of a name's addresses are tried. A name server may answer with thousands.
const MAX_ADDRESSES: usize = 8;

/// How long an address is tried alone before the next one is tried beside it (RFC 8305, section 5).
const ATTEMPT_HEAD_START: Duration = Duration::from_millis(250);

/// Why there is no connection. Names the host that the guest asked for, never an address.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum ConnectFailure {
    #[error("{0} resolves to an address outside the public internet, which no integration may reach")]
    Denied(String),
    #[error("{host} cannot be resolved: {reason}")]
    Dns { host: String, reason: ResolveError },
    #[error("{host} cannot be reached: {reason}")]
    Connect { host: String, reason: String },
    #[error("{host} cannot be reached securely: {reason}")]
    Tls { host: String, reason: String },
}

impl From<&ConnectFailure> for FetchError {
    fn from(failure: &ConnectFailure) -> Self {
        let text = failure.to_string();
        match failure {
            ConnectFailure::Denied(_) => Self::Denied(text),
            ConnectFailure::Dns { .. } => Self::Dns(text),
            ConnectFailure::Connect { .. } => Self::Connect(text),
            ConnectFailure::Tls { .. } => Self::Tls(text),
        }
    }
}

/// What dialling needs to know. One for the process.
pub(super) struct Routes {
    pub(super) upstreams: Upstreams,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) dial: Arc<dyn Dial>,
    /// For resolution, TCP and TLS together.
    pub(super) connect_timeout: Duration,
    pub(super) lookups: IntegrationLookups,
}

type Stream = TokioIo<TcpStream>;
type Connecting<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// The connector of one pooled client: [`TcpConnector`], with TLS on top unless the URL or its upstream is plain.
#[derive(Clone)]
pub(super) struct EgressConnector {
    routes: Arc<Routes>,
    tcp: TcpConnector,
    tls: HttpsConnector<TcpConnector>,
}

impl EgressConnector {
    pub(super) fn new(routes: Arc<Routes>, tls: ClientConfig, share: LookupShare) -> Self {
        let tcp = TcpConnector { routes: Arc::clone(&routes), share: Arc::new(share) };
        let tls = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_only()
            .enable_all_versions()
            .wrap_connector(tcp.clone());
        Self { routes, tcp, tls }
    }
}

impl Service<Uri> for EgressConnector {
    type Response = MaybeHttpsStream<Stream>;
    type Error = ConnectFailure;
    type Future = Connecting<Self::Response, ConnectFailure>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectFailure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri.host().unwrap_or_default().to_owned();
        let uses_tls = match self.routes.upstreams.get(&host) {
            Some(upstream) => upstream.uses_tls(),
            None => uri.scheme() != Some(&Scheme::HTTP),
        };
        let connect_timeout = self.routes.connect_timeout;
        let connecting: Connecting<Self::Response, ConnectFailure> = if uses_tls {
            let uri = secured(uri);
            let connecting = self.tls.call(uri);
            let host = host.clone();
            Box::pin(async move { connecting.await.map_err(|error| tls_failure(host, &*error)) })
        } else {
            let connecting = self.tcp.call(uri);
            Box::pin(async move { connecting.await.map(MaybeHttpsStream::Http) })
        };
        Box::pin(async move {
            time::timeout(connect_timeout, connecting)
                .await
                .unwrap_or_else(|_| Err(ConnectFailure::Connect { host, reason: "timed out".to_owned() }))
        })
    }
}

/// The same URI with scheme https: a plain public URL whose upstream speaks TLS.
fn secured(uri: Uri) -> Uri {
    let original = uri.clone();
    let mut parts = uri.into_parts();
    parts.scheme = Some(Scheme::HTTPS);
    Uri::from_parts(parts).unwrap_or(original)
}

/// Resolves, filters and dials. The only code of the host that opens a connection for a guest.
#[derive(Clone)]
pub(super) struct TcpConnector {
    routes: Arc<Routes>,
    share: Arc<LookupShare>,
}

impl Service<Uri> for TcpConnector {
    type Response = Stream;
    type Error = ConnectFailure;
    type Future = Connecting<Stream, ConnectFailure>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectFailure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { routes, share } = self.clone();
        Box::pin(async move {
            let host = uri.host().unwrap_or_default();
            let default_port = if uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
            let addresses = addresses(&routes, &share, host, uri.port_u16().unwrap_or(default_port)).await?;
            let stream = race(&*routes.dial, &addresses)
                .await
                .map_err(|error| ConnectFailure::Connect { host: host.to_owned(), reason: error.kind().to_string() })?;
            // Requests are small and written whole: waiting to fill a packet only adds latency. A socket that will not
            // take the option works all the same.
            let _ = stream.set_nodelay(true);
            Ok(TokioIo::new(stream))
        })
    }
}

/// The addresses that may be dialled for `host`: its upstream's, or the public ones among its own.
async fn addresses(
    routes: &Routes,
    share: &LookupShare,
    host: &str,
    port: u16,
) -> Result<Vec<SocketAddr>, ConnectFailure> {
    if let Some(upstream) = routes.upstreams.get(host) {
        return Ok(vec![upstream.address()]);
    }
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let unresolved = |reason| ConnectFailure::Dns { host: host.to_owned(), reason };
    let found = match literal {
        Ok(ip) => vec![ip],
        Err(_) => routes.resolver.resolve(host, share).await.map_err(unresolved)?,
    };
    if found.is_empty() {
        return Err(unresolved(ResolveError::NoAddress));
    }
    let allowed: Vec<_> = found
        .into_iter()
        .filter(|ip| match forbidden(*ip) {
            None => true,
            Some(why) => {
                tracing::debug!(target: "workway::fetch", host, why, "address not dialled");
                false
            }
        })
        .take(MAX_ADDRESSES)
        .map(|ip| SocketAddr::new(ip, port))
        .collect();
    if allowed.is_empty() { Err(ConnectFailure::Denied(host.to_owned())) } else { Ok(allowed) }
}

/// The first connection that comes about. Each address gets a head start over the next, and none if the one before failed.
async fn race(dial: &dyn Dial, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut waiting = addresses.iter();
    let mut attempts = FuturesUnordered::new();
    let mut last_error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if attempts.is_empty() {
            match waiting.next() {
                Some(address) => attempts.push(dial.dial(*address)),
                None => return Err(last_error),
            }
        }
        tokio::select! {
            Some(result) = attempts.next() => match result {
                Ok(stream) => return Ok(stream),
                Err(error) => {
                    last_error = error;
                    attempts.extend(waiting.next().map(|address| dial.dial(*address)));
                }
            },
            () = time::sleep(ATTEMPT_HEAD_START), if !waiting.as_slice().is_empty() => {
                attempts.extend(waiting.next().map(|address| dial.dial(*address)));
            }
        }
    }
}

/// What failed below or in the TLS handshake.
fn tls_failure(host: String, error: &(dyn std::error::Error + Send + Sync + 'static)) -> ConnectFailure {
    if let Some(failure) = error.downcast_ref::<ConnectFailure>() {
        return failure.clone();
    }
    let reason = match tls_cause(error) {
        Some(cause) => cause.to_string(),
        None => "the connection closed during the TLS handshake".to_owned(),
    };
    ConnectFailure::Tls { host, reason }
}

/// The TLS library's own error at the bottom of a chain. `io::Error` hides what it wraps from `source`.
pub(super) fn tls_cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(cause) = error.downcast_ref::<rustls::Error>() {
            return Some(cause);
        }
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
