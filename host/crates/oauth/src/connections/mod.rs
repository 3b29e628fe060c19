//! Saves, lists, deletes and hands out connections: sealed in storage, handed out only to a user's own call. It never
//! decides which integration may have a connection: the oauth capability does, before it asks.

mod new;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use uuid::Uuid;
use workway_capability::oauth::{Connection, ConnectionSource, OAuthError, RenewalReason};
use workway_model::{ProviderId, Timestamp, UserId};
use workway_vault::VaultError;

pub use new::NewConnection;

use super::{
    cache::Owner,
    renewal::{Renewal, Revoked},
    renewal_time::renewal_of,
    stored::{ConnectionSummary, SealedConnection, SealedError, StoredConnections},
    tasks::Tasks,
};

/// Bounds how many concurrent saves can succeed for one account: each attempt that fails lost to another save.
const SAVE_ATTEMPTS: u32 = 50;

/// Why a connection was not saved, listed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// The caller's mistake; the text names the field and never quotes the token.
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Sealed(#[from] SealedError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// The connections of all users. Cheap to clone.
#[derive(Clone)]
pub struct ConnectionStore {
    inner: Arc<Inner>,
}

struct Inner {
    stored: StoredConnections,
    renewal: Renewal,
    tasks: Tasks,
    /// Whether bytes of a deleted connection are still in a file.
    must_scrub: AtomicBool,
}

impl ConnectionStore {
    /// Manages the connections that `renewal` renews.
    pub fn new(renewal: Renewal) -> Self {
        let (stored, tasks) = (renewal.stored().clone(), renewal.tasks().clone());
        Self { inner: Arc::new(Inner { stored, renewal, tasks, must_scrub: AtomicBool::default() }) }
    }

    /// Waits for renewals and changes in flight when the host stops: a newly issued token would be lost.
    pub async fn finish(&self) {
        self.inner.tasks.finish().await;
    }

    /// Periodic maintenance: drops cached tokens that are too old, and erases bytes of deleted connections that could not be
    /// erased at once.
    pub fn run_maintenance(&self) {
        self.inner.stored.cache.sweep();
        if self.inner.must_scrub.swap(false, Ordering::AcqRel) {
            let inner = self.inner.clone();
            // Not awaited: a host that stops in order folds the log in anyway.
            tokio::spawn(async move { inner.scrub().await });
        }
    }

    pub(super) fn tasks(&self) -> &Tasks {
        &self.inner.tasks
    }

    /// Connects an account, or replaces the user's connection to it: the id stays, and, if `new` says so, the refresh token
    /// that it lacks.
    ///
    /// # Errors
    /// [`ConnectionError::Invalid`] names what is wrong with `new`.
    pub async fn save(
        &self,
        user: &UserId,
        provider: &ProviderId,
        new: NewConnection,
    ) -> Result<ConnectionSummary, ConnectionError> {
        new.check()?;
        let (inner, owner) = (self.inner.clone(), (user.clone(), provider.clone()));
        self.inner.tasks.uninterrupted(async move { inner.save(&owner, new).await }).await
    }

    /// Lists the user's connections by provider, without tokens.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn list(&self, user: &UserId) -> Result<Vec<ConnectionSummary>, ConnectionError> {
        Ok(self.inner.stored.rows.list(user).await?)
    }

    /// Returns one of the user's connections.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn get(&self, user: &UserId, id: &str) -> Result<Option<ConnectionSummary>, ConnectionError> {
        Ok(self.inner.stored.rows.get(user, id).await?.map(|row| row.summary))
    }

    /// Returns the user's default connection for a provider.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn default_of(
        &self,
        user: &UserId,
        provider: &ProviderId,
    ) -> Result<Option<ConnectionSummary>, ConnectionError> {
        Ok(self.inner.stored.rows.choose(user, provider, None).await?.map(|row| row.summary))
    }

    /// Makes this the default connection.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn make_default(&self, user: &UserId, id: &str) -> Result<Option<ConnectionSummary>, ConnectionError> {
        let Some(summary) = self.get(user, id).await? else { return Ok(None) };
        let (inner, owner, id) = (self.inner.clone(), (user.clone(), summary.provider), id.to_owned());
        let tasks = self.inner.tasks.clone();
        let change = async move {
            let _invalidation = inner.stored.cache.invalidation(&owner);
            if !inner.stored.rows.make_default(&owner.0, &id).await? {
                return Ok(None);
            }
            Ok(inner.stored.rows.get(&owner.0, &id).await?.map(|row| row.summary))
        };
        tasks.uninterrupted(change).await
    }

    /// Deletes a connection, then revokes its tokens if the provider supports that. None if there is no such connection.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn delete(&self, user: &UserId, id: &str) -> Result<Option<Revoked>, ConnectionError> {
        let Some(summary) = self.get(user, id).await? else { return Ok(None) };
        let (inner, owner, id) = (self.inner.clone(), (user.clone(), summary.provider), id.to_owned());
        self.inner.tasks.uninterrupted(async move { inner.delete(&owner, &id).await }).await
    }
}

#[async_trait]
impl ConnectionSource for ConnectionStore {
    async fn connection(
        &self,
        user: &UserId,
        provider: &ProviderId,
        id: Option<&str>,
    ) -> Result<Arc<Connection>, OAuthError> {
        self.inner.stored.load((user.clone(), provider.clone()), id).await
    }

    async fn renew(
        &self,
        user: &UserId,
        stale: &Connection,
        reason: RenewalReason,
    ) -> Result<Option<Arc<Connection>>, OAuthError> {
        let renewed = self.inner.renewal.renew(user, stale, reason).await?;
        Ok(renewed.filter(|renewed| renewed.version != stale.version))
    }
}

impl Inner {
    async fn save(&self, owner: &Owner, new: NewConnection) -> Result<ConnectionSummary, ConnectionError> {
        let _invalidation = self.stored.cache.invalidation(owner);
        let mut attempts = SAVE_ATTEMPTS;
        loop {
            attempts -= 1;
            let error = match self.upsert(owner, &new).await {
                Ok(saved) => return Ok(saved),
                Err(ConnectionError::Sealed(error)) => error,
                Err(error) => return Err(error),
            };
            let again = error == SealedError::Changed || self.stored.may_seal_again(&error).await;
            if attempts == 0 || !again {
                return Err(error.into());
            }
        }
    }

    async fn upsert(
        &self,
        (user, provider): &Owner,
        new: &NewConnection,
    ) -> Result<ConnectionSummary, ConnectionError> {
        let before = self.stored.rows.of_account(user, provider, &new.account.id).await?;
        let mut tokens = new.tokens.clone();
        let mut expected = None;
        if let (Some(row), None, true) = (&before, &tokens.refresh_token, new.keeps_refresh_token) {
            // Google and others issue a refresh token only the first time.
            tokens.refresh_token = self.stored.open(user, row).ok().and_then(|tokens| tokens.refresh_token);
            // A concurrent renewal may replace it.
            expected = Some(row.summary.version);
        }
        // The id stays while the account is connected. Of concurrent saves the later one wins with its own id: id and
        // record are written together, so the row opens in either case.
        let id = before.map_or_else(|| Uuid::now_v7().to_string(), |row| row.summary.id);
        let mut summary = ConnectionSummary {
            id,
            provider: provider.clone(),
            account: new.account.clone(),
            scopes: new.scopes.clone(),
            values: new.values.clone(),
            is_default: false,
            reconnect: None,
            expires_at: new.expires_at,
            renew_at: renewal_of(Timestamp::now(), new.expires_at, tokens.refresh_token.is_some()),
            version: 0,
        };
        let sealed = self.stored.seal(user, &summary, &tokens)?;
        let row = SealedConnection { summary: summary.clone(), sealed };
        (summary.version, summary.is_default) = self.stored.rows.put(user, row, expected).await?;
        tracing::info!(connection = summary.id, %provider, "an account was connected");
        Ok(summary)
    }

    async fn delete(&self, owner: &Owner, id: &str) -> Result<Option<Revoked>, ConnectionError> {
        let (user, provider) = owner;
        let deleted = {
            let _invalidation = self.stored.cache.invalidation(owner);
            self.stored.rows.delete(user, id).await?
        };
        let Some(row) = deleted else { return Ok(None) };
        tracing::info!(connection = id, %provider, "a connection was deleted");
        let revoked = match self.stored.open(user, &row) {
            Ok(tokens) => {
                let provider = self.stored.catalogue.get(provider).map(AsRef::as_ref);
                self.renewal.revoke(provider, &row.summary.values, &tokens).await
            }
            // Without its tokens nothing can be revoked.
            Err(_) => Revoked::No,
        };
        self.scrub().await;
        Ok(Some(revoked))
    }

    /// Erases the bytes of what was deleted, which the database's log keeps while somebody reads an older state. Then the next
    /// [`ConnectionStore::run_maintenance`] tries again.
    async fn scrub(&self) {
        let done = self.stored.rows.scrub().await.unwrap_or(false);
        self.must_scrub.fetch_or(!done, Ordering::AcqRel);
    }
}

impl fmt::Debug for ConnectionStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ConnectionStore({:?})", self.inner.stored)
    }
}
