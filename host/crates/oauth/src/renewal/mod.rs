//! Renews access tokens: before they end, when an API refuses one, or when a guest asks. A provider that rotates refresh
//! tokens takes a second use of one for theft and ends the whole grant, so that a renewal happens once: once in this
//! process (those who come meanwhile wait for the same answer), and under a lease once among the processes that share the
//! database. No database connection is held while the provider is asked, and nobody is given a token that is not stored.

mod allowance;
mod attempt;
mod backoff;
mod lease;
mod process;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use workway_capability::oauth::{Connection, OAuthError, RenewalReason};
use workway_model::UserId;

pub use allowance::MAX_ASKED;
pub use lease::{Lease, LeaseRequest, Leases, Renewed};
pub use process::ProcessMark;

use super::{
    catalogue::{OAuthMethod, Provider, Values},
    connections::Inner as Store,
    endpoint::{Party, TokenEndpoint},
    tasks::Tasks,
    vault::TokenSet,
};
use crate::OAuthSettings;
use allowance::Allowance;

/// How long a lease counts whose owner may still live: longer than the provider is waited for and its answer can take to be
/// stored. That an owner is gone is seen at once.
const LEASE: Duration = Duration::from_secs(180);
/// How long somebody else's renewal is waited for.
const PATIENCE: Duration = Duration::from_secs(25);
/// How often is looked whether it is done.
const POLL: Duration = Duration::from_millis(50);

/// What came of having a provider forget a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    Yes,
    /// The provider was asked and did not; the log says why.
    No,
    /// The provider has no way to, as far as its entry says.
    NotSupported,
}

type Outcome = Result<Option<Arc<Connection>>, OAuthError>;

/// A renewal of this process that is under way.
#[derive(Clone)]
struct Flight {
    /// Of the connection that it began with.
    version: u64,
    /// Why it was begun.
    reason: RenewalReason,
    outcome: Shared<BoxFuture<'static, Outcome>>,
}

/// Renews and revokes what the connection store holds. Cheap to clone.
#[derive(Clone)]
pub struct Renewal {
    inner: Arc<Inner>,
}

struct Inner {
    leases: Arc<dyn Leases>,
    endpoint: TokenEndpoint,
    settings: Arc<OAuthSettings>,
    process: ProcessMark,
    /// Renewals of this process that are under way, by connection.
    flights: Mutex<HashMap<String, Flight>>,
    allowance: Allowance,
    tasks: Tasks,
}

impl Renewal {
    pub fn new(
        leases: Arc<dyn Leases>,
        endpoint: TokenEndpoint,
        settings: Arc<OAuthSettings>,
        process: ProcessMark,
    ) -> Self {
        let (flights, allowance, tasks) = (Mutex::default(), Allowance::default(), Tasks::default());
        Self { inner: Arc::new(Inner { leases, endpoint, settings, process, flights, allowance, tasks }) }
    }

    /// Where renewals run, and other work that must not be lost.
    pub(super) fn tasks(&self) -> &Tasks {
        &self.inner.tasks
    }

    /// A connection in the place of `stale`: see [`ConnectionSource::renew`](workway_capability::oauth::ConnectionSource).
    pub(super) async fn renew(
        &self,
        store: &Arc<Store>,
        user: &UserId,
        stale: &Connection,
        reason: RenewalReason,
    ) -> Outcome {
        loop {
            let flight = self.join(store, user, stale, reason);
            let outcome = flight.outcome.await;
            // Another one's flight may have been for another version, or not allowed to ask. It is over now.
            let was_allowed = flight.reason == RenewalReason::Due || flight.reason == reason;
            if flight.version == stale.version && (was_allowed || matches!(outcome, Ok(Some(_)))) {
                return outcome;
            }
        }
    }

    /// The flight that is under way, or a new one.
    fn join(&self, store: &Arc<Store>, user: &UserId, stale: &Connection, reason: RenewalReason) -> Flight {
        let mut flights = self.inner.flights();
        if let Some(flight) = flights.get(&*stale.id) {
            return flight.clone();
        }
        let flight = self.begin(store, user, stale, reason);
        flights.insert(stale.id.to_string(), flight.clone());
        flight
    }

    /// On a task of its own: a caller that goes away must not take a token with it that the provider gave out.
    fn begin(&self, store: &Arc<Store>, user: &UserId, stale: &Connection, reason: RenewalReason) -> Flight {
        let (inner, store, user) = (self.inner.clone(), store.clone(), user.clone());
        let (id, version) = (stale.id.to_string(), stale.version);
        let task = self.inner.tasks.spawn(async move {
            let landing = Landing { inner: &inner, id: &id };
            attempt::renew(&inner, &store, &user, landing.id, version, reason).await
        });
        let outcome = async move {
            // Nobody aborts the task, so it panicked, and the log has why.
            task.await.unwrap_or_else(|_| Err(OAuthError::Transient("the host failed to renew the token".into())))
        };
        Flight { version, reason, outcome: outcome.boxed().shared() }
    }

    /// Has the provider forget tokens, where its entry says how.
    pub(super) async fn revoke(&self, provider: Option<&Provider>, values: &Values, tokens: &TokenSet) -> Revoked {
        self.inner.revoke(provider, values, tokens).await
    }
}

/// Ends a flight, however it ends.
struct Landing<'a> {
    inner: &'a Inner,
    id: &'a str,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.inner.flights().remove(self.id);
    }
}

impl Inner {
    fn flights(&self) -> MutexGuard<'_, HashMap<String, Flight>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn revoke(&self, provider: Option<&Provider>, values: &Values, tokens: &TokenSet) -> Revoked {
        let entry = provider.and_then(|provider| Some((provider, provider.oauth()?)));
        let Some((provider, oauth)) = entry.filter(|(_, oauth)| oauth.revocation.is_some()) else {
            return Revoked::NotSupported;
        };
        let Ok(party) = self.party(provider, oauth, values) else { return Revoked::No };
        match self.endpoint.revoke(party, tokens).await {
            Ok(()) => Revoked::Yes,
            Err(error) => {
                tracing::warn!(provider = %provider.id, "a token could not be revoked: {error}");
                Revoked::No
            }
        }
    }

    fn party<'a>(
        &'a self,
        provider: &'a Provider,
        oauth: &'a OAuthMethod,
        values: &'a Values,
    ) -> Result<Party<'a>, OAuthError> {
        let id = &provider.id;
        let client = self.settings.clients.get(id).ok_or_else(|| {
            tracing::error!(provider = %id, "no client id is configured: tokens can be neither renewed nor revoked");
            OAuthError::Transient(format!("this host has no client id for {id}"))
        })?;
        Ok(Party { provider, oauth, client, values })
    }
}

impl fmt::Debug for Renewal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Renewal({:?})", self.inner.process)
    }
}
