//! Saves, lists, deletes and hands out connections. What is kept is sealed; what is handed out was asked for by a user's
//! own call. It never decides which integration may have a connection: the oauth capability does, before it asks.

mod new;
mod record;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use uuid::Uuid;

pub use new::NewConnection;
pub(super) use new::{end_of, renewal_of};
pub(super) use record::EXPIRED;
pub use record::{
    ConnectionStatus, ConnectionSummary, MAX_CONNECTIONS_PER_USER, SealedConnection, SealedConnections, SealedError,
};

use super::{
    cache::{Cache, Owner},
    catalogue::Catalogue,
    renewal::{Renewal, Revoked},
    unix_now,
    vault::{Binding, TokenSet, Vault, VaultError},
};
use crate::{
    capability::{
        fetch::Credential,
        oauth::{Connection, ConnectionSource, OAuthError, RenewalReason},
    },
    integration::{ProviderId, UserId},
};

/// How long a connection is used without looking again. Changes of this process are seen at once, those of another one
/// on the same database after this.
const CACHE_LIFETIME: Duration = Duration::from_secs(30);

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
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) vault: Arc<Vault>,
    pub(super) rows: Arc<dyn SealedConnections>,
    pub(super) catalogue: Catalogue,
    cache: Cache,
    renewal: Renewal,
}

impl ConnectionStore {
    pub fn new(vault: Arc<Vault>, rows: Arc<dyn SealedConnections>, catalogue: Catalogue, renewal: Renewal) -> Self {
        Self { inner: Arc::new(Inner { vault, rows, catalogue, cache: Cache::new(CACHE_LIFETIME), renewal }) }
    }

    /// Connects an account, or takes the place of the connection that the user has to it: the id stays, and so does a
    /// refresh token where the new one came without.
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
        uninterrupted(async move { inner.save(&owner, new).await }).await
    }

    /// The user's connections by provider, without tokens.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn list(&self, user: &UserId) -> Result<Vec<ConnectionSummary>, ConnectionError> {
        Ok(self.inner.rows.list(user).await?)
    }

    /// One of the user's connections.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn get(&self, user: &UserId, id: &str) -> Result<Option<ConnectionSummary>, ConnectionError> {
        Ok(self.inner.rows.get(user, id).await?.map(|row| row.summary))
    }

    /// The connection that calls take which choose none.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn default_of(
        &self,
        user: &UserId,
        provider: &ProviderId,
    ) -> Result<Option<ConnectionSummary>, ConnectionError> {
        Ok(self.inner.rows.choose(user, provider, None).await?.map(|row| row.summary))
    }

    /// Has calls take this connection which choose none.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn make_default(&self, user: &UserId, id: &str) -> Result<Option<ConnectionSummary>, ConnectionError> {
        let Some(summary) = self.get(user, id).await? else { return Ok(None) };
        let (inner, owner, id) = (self.inner.clone(), (user.clone(), summary.provider), id.to_owned());
        uninterrupted(async move {
            let _invalidation = inner.cache.invalidation(&owner);
            if !inner.rows.make_default(&owner.0, &id).await? {
                return Ok(None);
            }
            Ok(inner.rows.get(&owner.0, &id).await?.map(|row| row.summary))
        })
        .await
    }

    /// Forgets a connection, and then has the provider forget it too where it can. None where there was none.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn delete(&self, user: &UserId, id: &str) -> Result<Option<Revoked>, ConnectionError> {
        let Some(summary) = self.get(user, id).await? else { return Ok(None) };
        let (inner, owner, id) = (self.inner.clone(), (user.clone(), summary.provider), id.to_owned());
        uninterrupted(async move {
            let deleted = {
                let _invalidation = inner.cache.invalidation(&owner);
                inner.rows.delete(&owner.0, &id).await?
            };
            let Some(row) = deleted else { return Ok(None) };
            tracing::info!(connection = id, provider = %owner.1, "a connection was deleted");
            // One that does not open was of no use to us; whether the provider still honours it nobody can tell.
            let Ok(tokens) = inner.open(&owner.0, &row) else { return Ok(Some(Revoked::No)) };
            let provider = inner.catalogue.get(&owner.1).map(AsRef::as_ref);
            Ok(Some(inner.renewal.revoke(provider, &row.summary.values, &tokens).await))
        })
        .await
    }
}

#[async_trait]
impl ConnectionSource for ConnectionStore {
    async fn connection(
        &self,
        user: &UserId,
        provider: &ProviderId,
        id: Option<&str>,
    ) -> Result<Connection, OAuthError> {
        let owner = (user.clone(), provider.clone());
        match self.inner.cache.get(&owner, id) {
            Some(connection) => Ok(connection),
            None => self.inner.load(owner, id).await,
        }
    }

    async fn renew(
        &self,
        user: &UserId,
        stale: &Connection,
        reason: RenewalReason,
    ) -> Result<Option<Connection>, OAuthError> {
        let renewed = self.inner.renewal.renew(&self.inner, user, stale, reason).await?;
        Ok(renewed.filter(|renewed| renewed.version != stale.version))
    }
}

impl Inner {
    async fn save(&self, owner: &Owner, new: NewConnection) -> Result<ConnectionSummary, ConnectionError> {
        let _invalidation = self.cache.invalidation(owner);
        let (user, provider) = owner;
        let NewConnection { mut tokens, account, scopes, values, expires_at } = new;
        // The id stays while the account is connected. Should somebody else save at the same time, the later one wins
        // with its own id: id and record are written together, so the row opens in either case.
        let before = self.rows.of_account(user, provider, &account.id).await?;
        if let (Some(row), None) = (&before, &tokens.refresh_token) {
            // Google and others give the refresh token the first time only.
            tokens.refresh_token = self.open(user, row).ok().and_then(|tokens| tokens.refresh_token);
        }
        let id = before.map_or_else(|| Uuid::now_v7().to_string(), |row| row.summary.id);
        let renew_at = renewal_of(unix_now(), expires_at, tokens.refresh_token.is_some());
        let mut summary = ConnectionSummary {
            id,
            provider: provider.clone(),
            account,
            scopes,
            values,
            is_default: false,
            reconnect: None,
            expires_at,
            renew_at,
            version: 0,
        };
        let put = || async {
            let sealed = self.vault.seal(Binding { user, provider, row: &summary.id }, &tokens)?;
            Ok(self.rows.put(user, SealedConnection { summary: summary.clone(), sealed }).await?)
        };
        let (version, is_default) = match put().await {
            Err(ConnectionError::Sealed(SealedError::StaleKey)) if self.reload_keys() => put().await?,
            put => put?,
        };
        (summary.version, summary.is_default) = (version, is_default);
        tracing::info!(connection = summary.id, %provider, "an account was connected");
        Ok(summary)
    }

    /// Reads a connection past the cache, and keeps it there.
    async fn load(&self, owner: Owner, id: Option<&str>) -> Result<Connection, OAuthError> {
        let read_after = self.cache.generation();
        let row = self.rows.choose(&owner.0, &owner.1, id).await.map_err(unavailable)?;
        let connection = self.connection(&owner.0, row.ok_or(OAuthError::NotConnected)?)?;
        self.cache.insert(owner, id, connection.clone(), read_after);
        Ok(connection)
    }

    /// A stored connection as calls use it.
    pub(super) fn connection(&self, user: &UserId, row: SealedConnection) -> Result<Connection, OAuthError> {
        if let ConnectionStatus::NeedsReconnect { reason } = row.summary.status(unix_now()) {
            return Err(OAuthError::NeedsReconnect(reason));
        }
        let tokens = self.open(user, &row).map_err(|error| {
            // The user can only connect again, but the operator should know: a lost key hits everybody.
            tracing::error!(connection = row.summary.id, provider = %row.summary.provider, %error, "a stored connection does not open");
            OAuthError::NeedsReconnect("the stored connection can no longer be opened".into())
        })?;
        let summary = row.summary;
        let credential = match self.catalogue.get(&summary.provider) {
            Some(provider) => {
                provider.credential(&tokens.access_token, &summary.values).map_err(|error| error.to_string())
            }
            None => Credential::bearer(tokens.access_token.clone(), []).map_err(|error| error.to_string()),
        };
        let credential = credential.map_err(|error| {
            tracing::error!(connection = summary.id, provider = %summary.provider, error, "a stored connection does not fit its provider's entry");
            OAuthError::NeedsReconnect(format!("the stored connection does not fit the provider's entry: {error}"))
        })?;
        Ok(Connection {
            id: summary.id.into(),
            provider: summary.provider,
            account: summary.account.label,
            scopes: summary.scopes,
            variables: summary.values,
            expires_at: summary.expires_at,
            renew_at: summary.renew_at,
            access_token: tokens.access_token,
            credential,
            version: summary.version,
        })
    }

    pub(super) fn open(&self, user: &UserId, row: &SealedConnection) -> Result<TokenSet, VaultError> {
        let binding = Binding { user, provider: &row.summary.provider, row: &row.summary.id };
        self.vault.open(binding, &row.sealed.record)
    }

    /// Whether there may be a newer key now.
    pub(super) fn reload_keys(&self) -> bool {
        match self.vault.reload() {
            Ok(()) => true,
            Err(error) => {
                tracing::error!("the keys were rotated, and the key file cannot be read again: {error}");
                false
            }
        }
    }

    /// Has the next call read the owner's connections again.
    pub(super) fn forget(&self, user: &UserId, provider: &ProviderId) {
        drop(self.cache.invalidation(&(user.clone(), provider.clone())));
    }
}

/// A database that fails is nobody's but the host's, and another attempt may do.
pub(super) fn unavailable(error: SealedError) -> OAuthError {
    OAuthError::Transient(error.to_string())
}

/// Runs a change to its end even if the caller goes away: dropped half-way, it might reach the database after the cache was
/// told to forget.
pub(super) async fn uninterrupted<T: Send + 'static>(change: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(change).await {
        Ok(done) => done,
        // Nobody aborts the task, so it panicked; so does its caller.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

impl fmt::Debug for ConnectionStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ConnectionStore({:?}, {:?})", self.inner.vault, self.inner.cache)
    }
}
