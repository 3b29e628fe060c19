//! Servers on loopback: an HTTP one with a closure as its handler, and raw ones that do what no HTTP server would.
//! They end when the test does.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Version};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::{RootCertStore, ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

pub(super) type Answer = Response<BoxBody<Bytes, Infallible>>;

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) authority: String,
    pub(super) body: Bytes,
}

pub(super) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    roots: RootCertStore,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    task: AbortHandle,
}

impl Server {
    pub(super) async fn start<H, F>(handler: H) -> Self
    where
        H: Fn(Seen) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        Self::listen(handler, None).await
    }

    /// With a self-signed certificate for `names`, speaking the protocols in `alpn`.
    pub(super) async fn start_tls<H, F>(names: &[&str], alpn: &[&str], handler: H) -> Self
    where
        H: Fn(Seen) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("is made");
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).expect("is a certificate");
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("is a key");
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has them")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("key and certificate belong together");
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut server = Self::listen(handler, Some(TlsAcceptor::from(Arc::new(config)))).await;
        server.roots = roots;
        server
    }

    async fn listen<H, F>(handler: H, tls: Option<TlsAcceptor>) -> Self
    where
        H: Fn(Seen) -> F + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
        let address = listener.local_addr().expect("is bound");
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let connections = Arc::<AtomicUsize>::default();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (log, count, handler) = (Arc::clone(&seen), Arc::clone(&connections), Arc::new(handler));
        let task = tokio::spawn(async move {
            let mut running = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (log, handler, tls) = (Arc::clone(&log), Arc::clone(&handler), tls.clone());
                running.spawn(async move {
                    match tls {
                        None => converse(stream, log, handler).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                converse(stream, log, handler).await;
                            }
                        }
                    }
                });
            }
        })
        .abort_handle();
        Self { address, scheme, roots: RootCertStore::empty(), seen, connections, task }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub(super) fn roots(&self) -> RootCertStore {
        self.roots.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no test panicked").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn converse<S, H, F>(stream: S, log: Arc<Mutex<Vec<Seen>>>, handler: Arc<H>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Seen) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let (log, handler) = (Arc::clone(&log), Arc::clone(&handler));
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let authority = match parts.uri.authority() {
                Some(authority) => authority.to_string(),
                None => {
                    parts.headers.get("host").map(|host| host.to_str().expect("is text").to_owned()).unwrap_or_default()
                }
            };
            let target = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
            let (method, version, headers) = (parts.method, parts.version, parts.headers);
            let seen = Seen { method, target, version, headers, authority, body };
            log.lock().expect("no test panicked").push(seen.clone());
            Ok::<_, hyper::Error>(handler(seen).await)
        }
    });
    // A client that hangs up in the middle is what some tests are about.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

pub(super) fn text(body: &str) -> Answer {
    answer(200, &[], body.as_bytes())
}

pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Full::new(Bytes::copy_from_slice(body)).boxed()).expect("is a response")
}

/// Does `conduct` with every connection once a request has begun to arrive, then closes it.
pub(super) async fn raw<H, F>(conduct: H) -> String
where
    H: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let address = listener.local_addr().expect("is bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            if stream.read(&mut [0; 4096]).await.is_ok() {
                tokio::spawn(conduct(stream));
            }
        }
    });
    format!("http://{address}")
}

/// A raw server that says `bytes` and hangs up.
pub(super) async fn saying(bytes: &'static [u8]) -> String {
    raw(move |mut stream| async move {
        let _ = stream.write_all(bytes).await;
    })
    .await
}
