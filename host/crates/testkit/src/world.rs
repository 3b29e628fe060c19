//! The outside world of a case: fixtures, accounts and storage, and what the case did with them. The kit's registry is
//! created once with one set of services; each service uses the world of the case on whose task it is called. So
//! concurrent cases do not see each other.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use url::Url;
use workway_capability::{
    fetch::{FetchError, FetchObserver, ObservedRequest, PooledTransport, Transport},
    oauth::{Connection, ConnectionSource, OAuthError, RenewalReason},
    storage::{Applied, Change, MemoryStorage, Quota, Space, StorageBackend, StorageError, StoragePage, StoredValue},
};
use workway_model::{ProviderId, UserId};

use super::{fixture::Fixtures, pattern::SentRequest};

/// Requests that one case may send, and refusals that are noted.
pub const MAX_REQUESTS: usize = 1_000;
/// What is kept of the bodies of one case, in bytes.
const MAX_KEPT_BYTES: usize = 32 << 20;
/// Problems that are kept of one case's requests.
const MAX_PROBLEMS: usize = 20;

tokio::task_local! {
    /// The world of the case that this task runs.
    pub(super) static WORLD: Arc<World>;
}

/// One case's network, accounts and storage.
pub(super) struct World {
    upstream: Upstream,
    connections: Arc<dyn ConnectionSource>,
    storage: MemoryStorage,
    notes: Mutex<Notes>,
}

/// Who answers requests.
pub(super) enum Upstream {
    /// Nothing of it reaches the network.
    Fixtures(Mutex<Fixtures>),
    /// What it answers is kept: for a recording, and to know the secrets that it names.
    Network(PooledTransport),
}

/// What a case did.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) sent: Vec<SentRequest>,
    /// Requests with the network's answers, each with its place among `sent`.
    pub(super) exchanges: Vec<Exchange>,
    pub(super) denied: Vec<Denied>,
    pub(super) problems: Vec<String>,
    /// The accounts that were opened: their tokens are not to be told.
    pub(super) connections: Vec<Arc<Connection>>,
    kept_bytes: usize,
}

pub(super) struct Exchange {
    pub(super) place: usize,
    pub(super) request: SentRequest,
    pub(super) answer: Result<Response<Bytes>, FetchError>,
}

/// A request that was refused.
pub(super) struct Denied {
    pub(super) origin: String,
    pub(super) request: String,
    pub(super) reason: String,
}

/// The services of the kit's registry: each is that of the world at hand.
pub(super) struct InWorld;

impl World {
    pub(super) fn new(upstream: Upstream, connections: Arc<dyn ConnectionSource>) -> Self {
        Self { upstream, connections, storage: MemoryStorage::default(), notes: Mutex::default() }
    }

    pub(super) fn storage(&self) -> &MemoryStorage {
        &self.storage
    }

    /// What was noted, and nothing from then on.
    pub(super) fn take_notes(&self) -> Notes {
        mem::take(&mut self.notes())
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current() -> Option<Arc<Self>> {
        WORLD.try_with(Arc::clone).ok()
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, FetchError> {
        let (parts, body) = request.into_parts();
        // A body that is in memory already cannot fail.
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let sent = sent(&parts, &body)?;
        let place = self.notes().send(sent.clone(), body.len())?;
        match &self.upstream {
            Upstream::Fixtures(fixtures) => {
                let mut fixtures = fixtures.lock().unwrap_or_else(PoisonError::into_inner);
                match fixtures.take(&sent) {
                    Ok(response) => response.answer(),
                    Err(problem) => {
                        self.notes().problem(problem);
                        Err(FetchError::Io("no fixture answers this request".to_owned()))
                    }
                }
            }
            Upstream::Network(pool) => {
                let answer = pool.exchange(Request::from_parts(parts, Full::new(body))).await;
                let answer = match answer {
                    Ok(answer) => {
                        let (parts, body) = answer.into_parts();
                        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
                        Ok(Response::from_parts(parts, body))
                    }
                    Err(error) => Err(error),
                };
                self.notes().keep(Exchange { place, request: sent, answer: answer.clone() });
                answer.map(|answer| answer.map(Full::new))
            }
        }
    }
}

/// The request as it goes out.
fn sent(parts: &http::request::Parts, body: &Bytes) -> Result<SentRequest, FetchError> {
    let url = Url::parse(&parts.uri.to_string());
    let url = url.map_err(|error| FetchError::InvalidRequest(format!("the URL cannot be read: {error}")))?;
    let json = if body.is_empty() { None } else { serde_json::from_slice(body).ok() };
    Ok(SentRequest { method: parts.method.as_str().to_owned(), url, headers: HeaderMap::clone(&parts.headers), json })
}

impl Notes {
    fn send(&mut self, request: SentRequest, body_bytes: usize) -> Result<usize, FetchError> {
        self.kept_bytes = self.kept_bytes.saturating_add(body_bytes);
        if self.sent.len() >= MAX_REQUESTS || self.kept_bytes > MAX_KEPT_BYTES {
            self.problem(format!("a case must send at most {MAX_REQUESTS} requests and {MAX_KEPT_BYTES} bytes"));
            return Err(FetchError::Io("the case has reached the test kit's limit of requests or bytes".to_owned()));
        }
        self.sent.push(request);
        Ok(self.sent.len() - 1)
    }

    fn keep(&mut self, exchange: Exchange) {
        let bytes = exchange.answer.as_ref().map_or(0, |answer| answer.body().len());
        self.kept_bytes = self.kept_bytes.saturating_add(bytes);
        if self.kept_bytes > MAX_KEPT_BYTES {
            self.problem(format!(
                "the responses of a case must have at most {MAX_KEPT_BYTES} bytes in total to be recorded"
            ));
        } else {
            self.exchanges.push(exchange);
        }
    }

    fn problem(&mut self, problem: String) {
        if self.problems.len() < MAX_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

#[async_trait]
impl Transport for InWorld {
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, FetchError> {
        match World::current() {
            Some(world) => world.exchange(request).await,
            None => Err(FetchError::Io("no case is running".to_owned())),
        }
    }
}

impl FetchObserver for InWorld {
    fn observe(&self, seen: &ObservedRequest<'_>) {
        let (Err(FetchError::Denied(reason)), Some(world)) = (seen.outcome, World::current()) else { return };
        let mut notes = world.notes();
        if notes.denied.len() < MAX_REQUESTS {
            let origin = super::outcome::origin(seen.url).unwrap_or_else(|| "(no address)".to_owned());
            let request = format!("{} {}", seen.method, super::json::clipped(seen.url));
            notes.denied.push(Denied { origin, request, reason: reason.clone() });
        }
    }
}

#[async_trait]
impl ConnectionSource for InWorld {
    async fn connection(
        &self,
        user: &UserId,
        provider: &ProviderId,
        id: Option<&str>,
    ) -> Result<Arc<Connection>, OAuthError> {
        let world = World::current().ok_or(OAuthError::NotConnected)?;
        let connection = world.connections.connection(user, provider, id).await?;
        let mut notes = world.notes();
        // A guest may ask for it as often as it likes.
        if !notes.connections.iter().any(|known| Arc::ptr_eq(known, &connection)) {
            notes.connections.push(connection.clone());
        }
        drop(notes);
        Ok(connection)
    }

    async fn renew(
        &self,
        user: &UserId,
        stale: &Connection,
        reason: RenewalReason,
    ) -> Result<Option<Arc<Connection>>, OAuthError> {
        let world = World::current().ok_or(OAuthError::NotConnected)?;
        let renewed = world.connections.renew(user, stale, reason).await?;
        world.notes().connections.extend(renewed.clone());
        Ok(renewed)
    }
}

fn no_world() -> StorageError {
    StorageError::Unavailable("no case is running".to_owned())
}

#[async_trait]
impl StorageBackend for InWorld {
    async fn get(&self, space: &Space, key: &str) -> Result<Option<StoredValue>, StorageError> {
        World::current().ok_or_else(no_world)?.storage.get(space, key).await
    }

    async fn list(&self, space: &Space, page: StoragePage<'_>) -> Result<Vec<StoredValue>, StorageError> {
        World::current().ok_or_else(no_world)?.storage.list(space, page).await
    }

    async fn commit(
        &self,
        space: &Space,
        quota: Quota,
        expected: Vec<(String, u64)>,
        changes: Vec<Change>,
    ) -> Result<Vec<Applied>, StorageError> {
        World::current().ok_or_else(no_world)?.storage.commit(space, quota, expected, changes).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Fixture;

    fn world() -> Arc<World> {
        let any = json!([{ "request": { "method": "POST", "url": "https://a.example/**" }, "response": {} }]);
        let list: Vec<Fixture> = serde_json::from_value(any).expect("are fixtures");
        let upstream = Upstream::Fixtures(Mutex::new(Fixtures::new(list)));
        Arc::new(World::new(upstream, Arc::new(workway_capability::oauth::MemoryConnections::default())))
    }

    async fn send(body: Vec<u8>) -> Result<Response<Full<Bytes>>, FetchError> {
        let request = Request::post("https://a.example/x").body(Full::new(Bytes::from(body)));
        InWorld.exchange(request.expect("is a request")).await
    }

    #[tokio::test]
    async fn a_case_sends_so_many_requests_and_no_more() {
        let world = world();
        WORLD
            .scope(Arc::clone(&world), async {
                for _ in 0..MAX_REQUESTS {
                    send(Vec::new()).await.expect("is answered");
                }
                assert!(matches!(send(Vec::new()).await, Err(FetchError::Io(_))));
            })
            .await;
        let notes = world.take_notes();
        assert_eq!((notes.sent.len(), notes.problems.len()), (MAX_REQUESTS, 1));
    }

    #[tokio::test]
    async fn a_case_sends_so_many_bytes_and_no_more() {
        let world = world();
        WORLD
            .scope(Arc::clone(&world), async {
                send(vec![b' '; MAX_KEPT_BYTES]).await.expect("is answered");
                assert!(send(vec![b' ']).await.is_err());
            })
            .await;
        assert_eq!(world.take_notes().problems.len(), 1);
    }

    #[tokio::test]
    async fn without_a_case_nothing_is_reached() {
        assert!(matches!(send(Vec::new()).await, Err(FetchError::Io(_))));
        let (user, slack) = ("ann".parse().expect("is an id"), "slack".parse().expect("is an id"));
        let connection = InWorld.connection(&user, &slack, None).await.map(|connection| connection.version);
        assert_eq!(connection, Err(OAuthError::NotConnected));
        let space = Space { integration: "slack".parse().expect("is an id"), user };
        assert!(matches!(InWorld.get(&space, "k").await, Err(StorageError::Unavailable(_))));
    }
}
