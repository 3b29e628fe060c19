//! Stored connections and how they are opened, for both that use them: [`super::connections`] and [`super::renewal`]. It
//! writes nothing and never decides which integration may have a connection.

mod record;

use std::{fmt, sync::Arc, time::Duration};

use workway_capability::{
    fetch::Credential,
    oauth::{Connection, OAuthError},
};
use workway_model::{ProviderId, Timestamp, UserId};
use workway_providers::Catalogue;
use workway_vault::{Sealed, Vault, VaultError};

pub(super) use record::EXPIRED;
pub use record::{
    ConnectionStatus, ConnectionSummary, MAX_CONNECTIONS_PER_USER, SealedConnection, SealedConnections, SealedError,
};

use super::{
    cache::{Cache, Owner},
    sealing::{TokenSet, binding},
};

/// How long a connection is used without reading it again. Changes of this process are seen at once, those of another
/// process on the same database after this.
const CACHE_LIFETIME: Duration = Duration::from_secs(30);

/// The sealed connections of all users, with what opens them. Cheap to clone; clones share the cache.
#[derive(Clone)]
pub struct StoredConnections {
    pub(super) vault: Arc<Vault>,
    pub(super) rows: Arc<dyn SealedConnections>,
    pub(super) catalogue: Catalogue,
    pub(super) cache: Arc<Cache>,
}

impl StoredConnections {
    pub fn new(vault: Arc<Vault>, rows: Arc<dyn SealedConnections>, catalogue: Catalogue) -> Self {
        Self { vault, rows, catalogue, cache: Arc::new(Cache::new(CACHE_LIFETIME)) }
    }

    /// Returns a connection as calls use it; without an id the default one.
    pub(super) async fn load(&self, owner: Owner, id: Option<&str>) -> Result<Arc<Connection>, OAuthError> {
        if let Some(connection) = self.cache.get(&owner, id) {
            return Ok(connection);
        }
        let read_after = self.cache.generation();
        let row = self.rows.choose(&owner.0, &owner.1, id).await.map_err(unavailable)?;
        let connection = self.connection(&owner.0, row.ok_or(OAuthError::NotConnected)?)?;
        self.cache.insert(owner, id, connection.clone(), read_after);
        Ok(connection)
    }

    /// Opens a connection as calls use it.
    pub(super) fn connection(&self, user: &UserId, row: SealedConnection) -> Result<Arc<Connection>, OAuthError> {
        if let ConnectionStatus::NeedsReconnect { reason } = row.summary.status(Timestamp::now()) {
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

    /// Opens the tokens of a connection that somebody wants to use.
    pub(super) fn tokens(&self, user: &UserId, row: &SealedConnection) -> Result<TokenSet, OAuthError> {
        self.open(user, row).map_err(|error| {
            // The user can only connect again, but the operator should know: a lost key affects everybody.
            let (id, provider) = (&row.summary.id, &row.summary.provider);
            tracing::error!(connection = id, %provider, %error, "a stored connection does not open");
            OAuthError::NeedsReconnect("the stored connection can no longer be opened".into())
        })
    }

    pub(super) fn open(&self, user: &UserId, row: &SealedConnection) -> Result<TokenSet, VaultError> {
        let binding = binding(user, &row.summary.provider, &row.summary.id);
        TokenSet::open(&self.vault, &binding, &row.sealed.record)
    }

    pub(super) fn seal(
        &self,
        user: &UserId,
        summary: &ConnectionSummary,
        tokens: &TokenSet,
    ) -> Result<Sealed, VaultError> {
        tokens.seal(&self.vault, &binding(user, &summary.provider, &summary.id))
    }

    /// Returns whether a write that failed with `error` is worth another attempt under a newer key.
    pub(super) async fn may_seal_again(&self, error: &SealedError) -> bool {
        *error == SealedError::StaleKey && self.vault.catch_up().await
    }

    /// Makes the next call read the owner's connections again.
    pub(super) fn forget(&self, user: &UserId, provider: &ProviderId) {
        drop(self.cache.invalidation(&(user.clone(), provider.clone())));
    }
}

/// A database failure is the host's fault, and another attempt may succeed.
pub(super) fn unavailable(error: SealedError) -> OAuthError {
    OAuthError::Transient(error.to_string())
}

impl fmt::Debug for StoredConnections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoredConnections({:?}, {:?})", self.vault, self.cache)
    }
}
