//! Saves, lists, deletes and hands out connections. What is kept is sealed; what is handed out was asked for by a user's
//! own call. It never decides which integration may have a connection: the oauth capability does, before it asks.

mod new;
mod record;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use uuid::Uuid;
use workway_capability::{
    fetch::Credential,
    oauth::{Connection, ConnectionSource, OAuthError, RenewalReason},
};
use workway_model::{ProviderId, UserId};

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
    rotation::catch_up,
    tasks::Tasks,
    unix_now,
    vault::{Binding, TokenSet, Vault, VaultError},
};

/// How long a connection is used without looking again. Changes of this process are seen at once, those of another one
/// on the same database after this.
const CACHE_LIFETIME: Duration = Duration::from_secs(30);

/// How often a connection is saved again that somebody else has changed meanwhile. Each time another save was done: only
/// as many at once for one account come to an end.
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
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) vault: Arc<Vault>,
    pub(super) rows: Arc<dyn SealedConnections>,
    pub(super) catalogue: Catalogue,
    cache: Cache,
    renewal: Renewal,
    tasks: Tasks,
    /// Whether bytes of a deleted connection are still in a file.
    must_scrub: AtomicBool,
}

impl ConnectionStore {
    pub fn new(vault: Arc<Vault>, rows: Arc<dyn SealedConnections>, catalogue: Catalogue, renewal: Renewal) -> Self {
        let (cache, tasks) = (Cache::new(CACHE_LIFETIME), renewal.tasks().clone());
        let must_scrub = AtomicBool::default();
        Self { inner: Arc::new(Inner { vault, rows, catalogue, cache, renewal, tasks, must_scrub }) }
    }

    /// Waits for renewals and changes that are under way: what a provider gave out would be lost. For the end of the host.
    pub async fn finish(&self) {
        self.inner.tasks.finish().await;
    }

    /// What is done every few seconds: wipes tokens that are kept in memory and were not used of late, and bytes of deleted
    /// ones that could not be wiped at once.
    pub fn tend(&self) {
        self.inner.cache.sweep();
        if self.inner.must_scrub.swap(false, Ordering::AcqRel) {
            let inner = self.inner.clone();
            // Not waited for: a host that ends well folds the log in anyway.
            tokio::spawn(async move { inner.scrub().await });
        }
    }

    pub(super) fn tasks(&self) -> &Tasks {
        &self.inner.tasks
    }

    /// Connects an account, or takes the place of the connection that the user has to it: the id stays, and if the new one
    /// says so a refresh token that it came without.
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
        let tasks = self.inner.tasks.clone();
        let change = async move {
            let _invalidation = inner.cache.invalidation(&owner);
            if !inner.rows.make_default(&owner.0, &id).await? {
                return Ok(None);
            }
            Ok(inner.rows.get(&owner.0, &id).await?.map(|row| row.summary))
        };
        tasks.uninterrupted(change).await
    }

    /// Forgets a connection, and then has the provider forget it too where it can. None where there was none.
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
    ) -> Result<Option<Arc<Connection>>, OAuthError> {
        let renewed = self.inner.renewal.renew(&self.inner, user, stale, reason).await?;
        Ok(renewed.filter(|renewed| renewed.version != stale.version))
    }
}

impl Inner {
    async fn save(&self, owner: &Owner, new: NewConnection) -> Result<ConnectionSummary, ConnectionError> {
        let _invalidation = self.cache.invalidation(owner);
        let mut attempts = SAVE_ATTEMPTS;
        loop {
            attempts -= 1;
            let error = match self.save_over_what_is_there(owner, &new).await {
                Ok(saved) => return Ok(saved),
                Err(ConnectionError::Sealed(error)) => error,
                Err(error) => return Err(error),
            };
            let again = error == SealedError::Changed || self.may_seal_again(&error).await;
            if attempts == 0 || !again {
                return Err(error.into());
            }
        }
    }

    async fn save_over_what_is_there(
        &self,
        (user, provider): &Owner,
        new: &NewConnection,
    ) -> Result<ConnectionSummary, ConnectionError> {
        let before = self.rows.of_account(user, provider, &new.account.id).await?;
        let mut tokens = new.tokens.clone();
        let mut expected = None;
        if let (Some(row), None, true) = (&before, &tokens.refresh_token, new.keeps_refresh_token) {
            // Google and others give the refresh token the first time only.
            tokens.refresh_token = self.open(user, row).ok().and_then(|tokens| tokens.refresh_token);
            // Whoever renews it meanwhile has another one.
            expected = Some(row.summary.version);
        }
        // The id stays while the account is connected. Should somebody else save at the same time, the later one wins
        // with its own id: id and record are written together, so the row opens in either case.
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
            renew_at: renewal_of(unix_now(), new.expires_at, tokens.refresh_token.is_some()),
            version: 0,
        };
        let sealed = self.vault.seal(Binding { user, provider, row: &summary.id }, &tokens)?;
        let row = SealedConnection { summary: summary.clone(), sealed };
        (summary.version, summary.is_default) = self.rows.put(user, row, expected).await?;
        tracing::info!(connection = summary.id, %provider, "an account was connected");
        Ok(summary)
    }

    async fn delete(&self, owner: &Owner, id: &str) -> Result<Option<Revoked>, ConnectionError> {
        let (user, provider) = owner;
        let deleted = {
            let _invalidation = self.cache.invalidation(owner);
            self.rows.delete(user, id).await?
        };
        let Some(row) = deleted else { return Ok(None) };
        tracing::info!(connection = id, %provider, "a connection was deleted");
        let revoked = match self.open(user, &row) {
            Ok(tokens) => {
                let provider = self.catalogue.get(provider).map(AsRef::as_ref);
                self.renewal.revoke(provider, &row.summary.values, &tokens).await
            }
            // One that does not open was of no use to us; whether the provider still honours it nobody can tell.
            Err(_) => Revoked::No,
        };
        self.scrub().await;
        Ok(Some(revoked))
    }

    /// What was deleted is deleted, but its bytes are in the database's log for as long as somebody reads an older state.
    /// Then it is tried again with the next [`ConnectionStore::tend`].
    async fn scrub(&self) {
        let done = self.rows.scrub().await.unwrap_or(false);
        self.must_scrub.fetch_or(!done, Ordering::AcqRel);
    }

    /// Reads a connection past the cache, and keeps it there.
    async fn load(&self, owner: Owner, id: Option<&str>) -> Result<Arc<Connection>, OAuthError> {
        let read_after = self.cache.generation();
        let row = self.rows.choose(&owner.0, &owner.1, id).await.map_err(unavailable)?;
        let connection = self.connection(&owner.0, row.ok_or(OAuthError::NotConnected)?)?;
        self.cache.insert(owner, id, connection.clone(), read_after);
        Ok(connection)
    }

    /// A stored connection as calls use it.
    pub(super) fn connection(&self, user: &UserId, row: SealedConnection) -> Result<Arc<Connection>, OAuthError> {
        if let ConnectionStatus::NeedsReconnect { reason } = row.summary.status(unix_now()) {
            return Err(OAuthError::NeedsReconnect(reason));
        }
        let tokens = self.tokens(user, &row)?;
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
        Ok(Arc::new(Connection {
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
        }))
    }

    /// What is secret about a stored connection that somebody wants to use.
    pub(super) fn tokens(&self, user: &UserId, row: &SealedConnection) -> Result<TokenSet, OAuthError> {
        self.open(user, row).map_err(|error| {
            // The user can only connect again, but the operator should know: a lost key hits everybody.
            let (id, provider) = (&row.summary.id, &row.summary.provider);
            tracing::error!(connection = id, %provider, %error, "a stored connection does not open");
            OAuthError::NeedsReconnect("the stored connection can no longer be opened".into())
        })
    }

    pub(super) fn open(&self, user: &UserId, row: &SealedConnection) -> Result<TokenSet, VaultError> {
        let binding = Binding { user, provider: &row.summary.provider, row: &row.summary.id };
        self.vault.open(binding, &row.sealed.record)
    }

    /// What to do about a write that failed with `error`: whether it is worth another attempt, under a newer key.
    pub(super) async fn may_seal_again(&self, error: &SealedError) -> bool {
        *error == SealedError::StaleKey && catch_up(&self.vault, &*self.rows).await.unwrap_or(false)
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

impl fmt::Debug for ConnectionStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ConnectionStore({:?}, {:?})", self.inner.vault, self.inner.cache)
    }
}
