//! Sends requests: one client for the host itself, and one for each integration that is made from it.
//!
//! A request leaves this file only with an [`EgressGrant`] for its URL, one for each hop, and through the egress connector.
//! Nothing here retries, keeps cookies, uses a proxy or unpacks a body.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri,
    header::{ACCEPT_ENCODING, LOCATION, USER_AGENT},
};
use http_body_util::Full;
use rustls::RootCertStore;
use tokio::time;
use workway_policy::fetch::{
    EgressGrant, EgressPolicy, FetchError, FetchLimits, FetchRequest, Hop, credential::check_unset,
};
use workway_resources::{Resources, Share};

use super::{
    connector::{ConnectFailure, Routes, tls_cause},
    credential::{Addition, Credential},
    dns::{DnsResolver, IntegrationLookups},
    pool::{Pool, tls_config},
    resolve::{Dial, Resolve, TcpDial},
    response::{self, BodyBudget, FetchResponse},
    transport::{AnswerBody, FetchObserver, ObservedRequest, PooledTransport, Transport, Way},
    upstreams::Upstreams,
};
use crate::settings::DnsSettings;

/// The user agent of a request whose guest sets none: some APIs refuse requests without one.
const DEFAULT_USER_AGENT: &str = concat!("workway/", env!("CARGO_PKG_VERSION"));
/// How long name resolution, TCP and TLS may take together.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The way out, of the host or of one integration. Cheap to clone; clones share one pool of connections and one share of the
/// name lookups.
#[derive(Clone)]
pub struct FetchClient {
    way: Way,
    /// The share whose memory the bodies reserve.
    share: Share,
    observer: Option<Arc<dyn FetchObserver>>,
}

impl FetchClient {
    pub fn builder() -> FetchClientBuilder {
        FetchClientBuilder {
            upstreams: Upstreams::default(),
            resolver: Arc::new(DnsResolver::new(DnsSettings::default())),
            dial: Arc::new(TcpDial),
            roots: None,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            transport: None,
            observer: None,
        }
    }

    /// Returns the same client, whose bodies reserve memory of this share.
    #[must_use]
    pub fn charging(self, share: Share) -> Self {
        Self { share, ..self }
    }

    /// Returns a client for one integration, which has a pool of connections and a share of the name lookups of its own.
    /// Nothing that the integration does with it delays another one or the host. Routes, certificates, TLS sessions and
    /// cached names are those of this client.
    ///
    /// Make one for each integration and keep it: every client adds a share.
    #[must_use]
    pub fn for_integration(&self) -> Self {
        let way = match &self.way {
            Way::Pool(pool) => Way::Pool(Arc::new(pool.for_integration())),
            Way::Other(transport) => Way::Other(Arc::clone(transport)),
        };
        Self { way, share: self.share.clone(), observer: self.observer.clone() }
    }

    /// Reports to the observer, if there is one.
    pub(super) fn observe(&self, method: &str, url: &str, outcome: Result<u16, &FetchError>) {
        if let Some(observer) = &self.observer {
            observer.observe(&ObservedRequest { method, url, outcome });
        }
    }

    /// Sends one request and reads its whole answer.
    pub async fn send(
        &self,
        policy: &EgressPolicy,
        limits: &FetchLimits,
        request: FetchRequest,
        credential: Option<&Credential>,
    ) -> Result<FetchResponse, FetchError> {
        let outgoing = BodyBudget::new(limits.max_body_bytes, &self.share);
        body_length(&request).and_then(|length| outgoing.take(length))?;
        let incoming = BodyBudget::new(limits.max_body_bytes, &self.share);
        self.answer(policy, limits, request, credential, &incoming).await
    }

    /// Sends requests side by side and returns their answers in the order asked. A request that could not be parsed keeps its
    /// place. The limit on bodies holds for all requests together, and for all answers together.
    pub async fn send_all(
        &self,
        policy: &EgressPolicy,
        limits: &FetchLimits,
        requests: Vec<Result<FetchRequest, FetchError>>,
        credential: Option<&Credential>,
    ) -> Vec<Result<FetchResponse, FetchError>> {
        self.send_all_within(policy, limits, limits.max_body_bytes, requests, credential).await
    }

    /// As [`Self::send_all`], with so many bytes left for all answers together.
    pub(super) async fn send_all_within(
        &self,
        policy: &EgressPolicy,
        limits: &FetchLimits,
        room: u64,
        requests: Vec<Result<FetchRequest, FetchError>>,
        credential: Option<&Credential>,
    ) -> Vec<Result<FetchResponse, FetchError>> {
        if let Err(error) = limits.check_batch(requests.len()) {
            return requests.iter().map(|_| Err(error.clone())).collect();
        }
        let outgoing = BodyBudget::new(limits.max_body_bytes, &self.share);
        let incoming = &BodyBudget::new(room, &self.share);
        // Taken in the order asked, so that which requests go over the limit is no matter of luck.
        let admitted: Vec<_> = requests
            .into_iter()
            .map(|request| {
                let request = request?;
                body_length(&request).and_then(|length| outgoing.take(length))?;
                Ok(request)
            })
            .collect();
        let answers = admitted.into_iter().enumerate().map(|(place, request)| async move {
            match request {
                Ok(request) => (place, self.answer(policy, limits, request, credential, incoming).await),
                Err(error) => (place, Err(error)),
            }
        });
        // Unordered: a slow response must not delay the requests behind it.
        let mut answers: Vec<_> = stream::iter(answers).buffer_unordered(limits.max_parallel.max(1)).collect().await;
        answers.sort_unstable_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// One request under its deadline.
    async fn answer(
        &self,
        policy: &EgressPolicy,
        limits: &FetchLimits,
        request: FetchRequest,
        credential: Option<&Credential>,
        budget: &BodyBudget,
    ) -> Result<FetchResponse, FetchError> {
        policy
            .check_headers(request.url(), request.headers())
            .inspect_err(|error| self.observe(request.method().as_str(), request.url().as_str(), Err(error)))?;
        if let Some(name) = credential.and_then(Credential::header_name) {
            check_unset(request.headers(), name)?;
        }
        let timeout = request.timeout().unwrap_or(limits.default_timeout).min(limits.max_timeout);
        let watched = self.observer.is_some().then(|| (request.method().clone(), request.url().clone()));
        let hop = Hop::first(request, policy);
        time::timeout(timeout, self.follow(policy, limits, hop, credential, budget)).await.unwrap_or_else(|_elapsed| {
            if let Some((method, url)) = watched {
                self.observe(method.as_str(), url.as_str(), Err(&FetchError::Timeout));
            }
            Err(FetchError::Timeout)
        })
    }

    /// One request and the redirects that it leads to.
    async fn follow(
        &self,
        policy: &EgressPolicy,
        limits: &FetchLimits,
        mut hop: Hop,
        account: Option<&Credential>,
        budget: &BodyBudget,
    ) -> Result<FetchResponse, FetchError> {
        let mut redirects = 0;
        loop {
            let seen = |outcome: Result<u16, &FetchError>| {
                self.observe(hop.method.as_str(), hop.url.as_str(), outcome);
            };
            let grant = policy.check(&hop.url).inspect_err(|error| seen(Err(error)))?;
            let credential = account.filter(|_| hop.carries_credential);
            let answer = self.exchange(&grant, &hop, credential).await.inspect_err(|error| seen(Err(error)))?;
            seen(Ok(answer.status().as_u16()));
            tracing::debug!(
                target: "workway::fetch",
                host = grant.url().host_str(),
                method = %hop.method,
                status = answer.status().as_u16(),
                redirects,
                "answered"
            );
            let (parts, body) = answer.into_parts();
            let locations = parts.headers.get_all(LOCATION).iter().map(HeaderValue::as_bytes);
            let moved = hop.redirect(parts.status.as_u16(), locations).inspect_err(|error| {
                let target = parts.headers.get(LOCATION).and_then(|target| target.to_str().ok()).unwrap_or_default();
                let target = hop.url.join(target);
                self.observe(hop.method.as_str(), target.as_ref().map_or("", |url| url.as_str()), Err(error));
            })?;
            if !moved {
                let mut response = response::read(parts, body, grant.url(), limits, budget).await?;
                if let Some(account) = account {
                    account.redact(&mut response.headers);
                }
                // What a redirect has led to is another request, and what came before it may have had its effect.
                return Ok(FetchResponse { authorized: credential.is_some() && redirects == 0, ..response });
            }
            limits.check_redirects(redirects)?;
            redirects += 1;
            if let Some(account) = account {
                account.strip(&mut hop.url);
            }
        }
    }

    /// One request and the head of its answer. The URL is the grant's, so nothing else can be asked for.
    async fn exchange(
        &self,
        grant: &EgressGrant,
        hop: &Hop,
        credential: Option<&Credential>,
    ) -> Result<Response<AnswerBody>, FetchError> {
        let mut headers = with_defaults(hop.headers.clone());
        let with_credential = match credential.map(|credential| credential.addition(grant.url())).transpose()? {
            Some(Addition::Header(name, value)) => {
                headers.insert(name, value);
                None
            }
            Some(Addition::Url(url)) => Some(url),
            None => None,
        };
        let uri = Uri::try_from(with_credential.as_ref().unwrap_or(grant.url()).as_str()).map_err(|_| {
            FetchError::InvalidRequest("the URL contains characters that HTTP does not allow".to_owned())
        })?;
        let mut request = Request::new(Full::new(hop.body.clone()));
        *request.method_mut() = Method::clone(&hop.method);
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        self.way.exchange(request).await
    }
}

impl fmt::Debug for FetchClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FetchClient").finish_non_exhaustive()
    }
}

/// Adds the headers that every request has, unless the guest set them.
fn with_defaults(mut headers: HeaderMap) -> HeaderMap {
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(DEFAULT_USER_AGENT));
    // Bodies reach the guest as they come. A guest that wants gzip can ask for it, and unpack it.
    headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
    headers
}

fn body_length(request: &FetchRequest) -> Result<u64, FetchError> {
    // A length that no u64 holds is over any limit.
    u64::try_from(request.body().len()).map_err(|_| FetchError::TooLarge(u64::MAX))
}

/// What a failed exchange means to the guest. Chains of errors may hold addresses: only known links are repeated.
pub(super) fn broken(error: &(dyn std::error::Error + 'static)) -> FetchError {
    let mut text = "the connection failed";
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(failure) = error.downcast_ref::<ConnectFailure>() {
            return failure.into();
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            text = if error.is_parse() {
                "the response head is not valid HTTP or is too large"
            } else if error.is_incomplete_message() {
                "the connection closed before the response was complete"
            } else {
                text
            };
        }
        next = error.source();
    }
    match tls_cause(error) {
        Some(cause) => FetchError::Tls(cause.to_string()),
        None => FetchError::Io(text.to_owned()),
    }
}

/// Collects what a [`FetchClient`] is made of. Without a call: no upstreams, the system's name servers and certificates.
#[must_use]
pub struct FetchClientBuilder {
    upstreams: Upstreams,
    resolver: Arc<dyn Resolve>,
    dial: Arc<dyn Dial>,
    roots: Option<RootCertStore>,
    connect_timeout: Duration,
    transport: Option<Arc<dyn Transport>>,
    observer: Option<Arc<dyn FetchObserver>>,
}

impl FetchClientBuilder {
    /// For development and tests only.
    pub fn upstreams(mut self, upstreams: Upstreams) -> Self {
        self.upstreams = upstreams;
        self
    }

    /// Looks names up with these settings.
    pub fn dns(mut self, settings: DnsSettings) -> Self {
        self.resolver = Arc::new(DnsResolver::new(settings));
        self
    }

    #[cfg(test)]
    pub(super) fn resolver(mut self, resolver: impl Resolve) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Trusts these certificates instead of the machine's.
    pub fn root_certificates(mut self, roots: RootCertStore) -> Self {
        self.roots = Some(roots);
        self
    }

    /// Bounds name resolution, TCP and TLS together.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    #[cfg(test)]
    pub(super) fn dial(mut self, dial: impl Dial) -> Self {
        self.dial = Arc::new(dial);
        self
    }

    /// Sends the requests that pass the checks through this transport. The client then opens no connection, and ignores
    /// upstreams, resolver, certificates and the connect timeout.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Tells this of every request.
    pub fn observer(mut self, observer: Arc<dyn FetchObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    pub fn build(self) -> FetchClient {
        let observer = self.observer.clone();
        let way = match self.transport.clone() {
            Some(transport) => Way::Other(transport),
            None => Way::Pool(Arc::new(self.pool())),
        };
        FetchClient { way, share: Resources::unlimited().host_share(), observer }
    }

    /// Builds only the network, for another transport that wraps it. It reads bodies up to `max_body_bytes`.
    pub fn build_transport(self, max_body_bytes: u64) -> PooledTransport {
        PooledTransport { pool: Arc::new(self.pool()), max_body_bytes }
    }

    fn pool(self) -> Pool {
        let Self { upstreams, resolver, dial, roots, connect_timeout, .. } = self;
        let lookups = IntegrationLookups::default();
        Pool::of_host(Routes { upstreams, resolver, dial, connect_timeout, lookups }, tls_config(roots))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_an_agent_and_an_encoding_unless_the_guest_names_its_own() {
        let defaults = with_defaults(HeaderMap::new());
        assert_eq!(defaults[USER_AGENT], DEFAULT_USER_AGENT);
        assert_eq!(defaults[ACCEPT_ENCODING], "identity");
        let own = [(USER_AGENT, "mine/1"), (ACCEPT_ENCODING, "gzip")];
        let own = HeaderMap::from_iter(own.map(|(name, value)| (name, HeaderValue::from_static(value))));
        assert_eq!(with_defaults(own.clone()), own);
    }
}
