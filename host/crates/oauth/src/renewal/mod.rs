//! Renews access tokens: before they expire, when an API refuses one, or when a guest asks. A provider that rotates refresh
//! tokens treats a second use of one as theft and ends the whole grant, so a renewal happens once: once in this process
//! (concurrent callers wait for the same answer), and under a lease once among the processes that share the database. No
//! database connection is held while the provider is asked, and nobody gets a token that is not stored.

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
use workway_providers::{OAuthMethod, Provider, Values};

pub use allowance::MAX_ASKED;
pub use lease::{Lease, LeaseRequest, Leases, Renewed};
pub use process::ProcessMark;

use super::{
    endpoint::{Party, TokenEndpoint},
    sealing::TokenSet,
    stored::StoredConnections,
    tasks::Tasks,
};
use crate::OAuthSettings;
use allowance::Allowance;

/// How long a lease lasts whose owner may still be alive: longer than the provider may take to answer and its answer to be
/// stored. An owner that is gone is noticed at once.
const LEASE: Duration = Duration::from_secs(180);
/// How long to wait for another process's renewal.
const PATIENCE: Duration = Duration::from_secs(25);
/// Poll interval while waiting for it.
const POLL: Duration = Duration::from_millis(50);

/// The outcome of revoking a token at its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    Yes,
    /// The provider was asked and did not; the log says why.
    No,
    /// The provider's entry has no revocation endpoint.
    NotSupported,
}

type Outcome = Result<Option<Arc<Connection>>, OAuthError>;

/// A renewal of this process that is in flight.
#[derive(Clone)]
struct Flight {
    /// The connection's version when it began.
    version: u64,
    /// Why it was begun.
    reason: RenewalReason,
    outcome: Shared<BoxFuture<'static, Outcome>>,
}

/// Renews and revokes the tokens of stored connections. Cheap to clone.
#[derive(Clone)]
pub struct Renewal {
    inner: Arc<Inner>,
}

struct Inner {
    stored: StoredConnections,
    leases: Arc<dyn Leases>,
    endpoint: TokenEndpoint,
    settings: Arc<OAuthSettings>,
    process: ProcessMark,
    /// Renewals of this process that are in flight, by connection.
    flights: Mutex<HashMap<String, Flight>>,
    allowance: Allowance,
    tasks: Tasks,
}

impl Renewal {
    pub fn new(
        stored: StoredConnections,
        leases: Arc<dyn Leases>,
        endpoint: TokenEndpoint,
        settings: Arc<OAuthSettings>,
        process: ProcessMark,
    ) -> Self {
        let (flights, allowance, tasks) = (Mutex::default(), Allowance::default(), Tasks::default());
        Self { inner: Arc::new(Inner { stored, leases, endpoint, settings, process, flights, allowance, tasks }) }
    }

    pub(super) fn stored(&self) -> &StoredConnections {
        &self.inner.stored
    }

    /// Where renewals run, and other work that must not be lost.
    pub(super) fn tasks(&self) -> &Tasks {
        &self.inner.tasks
    }

    /// Replaces `stale`: see [`ConnectionSource::renew`](workway_capability::oauth::ConnectionSource).
    pub(super) async fn renew(&self, user: &UserId, stale: &Connection, reason: RenewalReason) -> Outcome {
        loop {
            let flight = self.join(user, stale, reason);
            let outcome = flight.outcome.await;
            // The flight may have been for another version, or not allowed to ask the provider. It is over now.
            let was_allowed = flight.reason == RenewalReason::Due || flight.reason == reason;
            if flight.version == stale.version && (was_allowed || matches!(outcome, Ok(Some(_)))) {
                return outcome;
            }
        }
    }

    /// Returns the flight that is in the air, or a new one.
    fn join(&self, user: &UserId, stale: &Connection, reason: RenewalReason) -> Flight {
        let mut flights = self.inner.flights();
        if let Some(flight) = flights.get(&*stale.id) {
            return flight.clone();
        }
        let flight = self.begin(user, stale, reason);
        flights.insert(stale.id.to_string(), flight.clone());
        flight
    }

    /// Runs on a task of its own: a token that the provider issued must not be lost with its caller.
    fn begin(&self, user: &UserId, stale: &Connection, reason: RenewalReason) -> Flight {
        let (inner, user) = (self.inner.clone(), user.clone());
        let (id, version) = (stale.id.to_string(), stale.version);
        let task = self.inner.tasks.spawn(async move {
            let landing = Landing { inner: &inner, id: &id };
            attempt::renew(&inner, &user, landing.id, version, reason).await
        });
        let outcome = async move {
            // Nobody aborts the task, so it panicked, and the log has why.
            task.await.unwrap_or_else(|_| Err(OAuthError::Transient("the host failed to renew the token".into())))
        };
        Flight { version, reason, outcome: outcome.boxed().shared() }
    }

    /// Revokes tokens at the provider, if its entry says how.
    pub(super) async fn revoke(&self, provider: Option<&Provider>, values: &Values, tokens: &TokenSet) -> Revoked {
        self.inner.revoke(provider, values, tokens).await
    }
}

/// Removes a flight, however it ends.
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
            tracing::error!(provider = %id, "no client id is configured: tokens cannot be renewed or revoked");
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
