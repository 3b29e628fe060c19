//! The pooled HTTP clients: one for the host itself, and one for each integration. An integration shares no connection with
//! another one, and has its own share of the name lookups.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use workway_policy::fetch::FetchError;

use super::{
    client::broken,
    connector::{EgressConnector, Routes},
    dns::LookupShare,
};

/// How long an unused connection is kept. Most servers close theirs after 60 to 120 seconds.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// How many unused connections to one origin are kept, for each integration.
const POOL_MAX_IDLE_PER_HOST: usize = 16;
/// The process's own bound on the head of an answer, whatever an integration's limits say.
const MAX_RESPONSE_HEAD_BYTES: u32 = 256 * 1024;
/// How often a busy HTTP/2 connection is asked whether it is alive, and how long it may take to say so.
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(20);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(10);

/// A pool of connections, which only the egress connector opens.
pub(super) struct Pool {
    client: Client<EgressConnector, Full<Bytes>>,
    routes: Arc<Routes>,
    tls: ClientConfig,
}

impl Pool {
    /// The host's own pool, from which those of integrations are made.
    pub(super) fn of_host(routes: Routes, tls: ClientConfig) -> Self {
        Self::new(Arc::new(routes), tls, LookupShare::of_host())
    }

    /// A pool for one integration.
    pub(super) fn for_integration(&self) -> Self {
        Self::new(Arc::clone(&self.routes), self.tls.clone(), self.routes.lookups.share())
    }

    fn new(routes: Arc<Routes>, tls: ClientConfig, share: LookupShare) -> Self {
        let max_head = usize::try_from(MAX_RESPONSE_HEAD_BYTES).unwrap_or(usize::MAX);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .pool_max_idle_per_host(POOL_MAX_IDLE_PER_HOST)
            .http1_max_buf_size(max_head)
            .http2_max_header_list_size(MAX_RESPONSE_HEAD_BYTES)
            .http2_keep_alive_interval(HTTP2_PING_INTERVAL)
            .http2_keep_alive_timeout(HTTP2_PING_TIMEOUT)
            .build(EgressConnector::new(Arc::clone(&routes), tls.clone(), share));
        Self { client, routes, tls }
    }

    pub(super) async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, FetchError> {
        self.client.request(request).await.map_err(|error| broken(&error))
    }
}

/// TLS 1.2 and 1.3 on ring, named here so that no default provider of the process is asked for.
pub(super) fn tls_config(roots: Option<RootCertStore>) -> ClientConfig {
    let builder = || {
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the cipher suites of TLS 1.2 and 1.3")
    };
    match roots {
        Some(roots) => builder().with_root_certificates(roots).with_no_client_auth(),
        None => match builder().with_platform_verifier() {
            Ok(verified) => verified.with_no_client_auth(),
            // A machine without certificates can still serve what needs no network; its https requests fail, saying why.
            Err(error) => {
                tracing::warn!(target: "workway::fetch", %error, "no root certificates: every https request will fail");
                builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
            }
        },
    }
}
