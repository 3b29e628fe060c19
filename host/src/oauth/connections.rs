//! Saves, lists, deletes and hands out connections. What is kept is sealed; what is handed out was asked for by a user's
//! own call. It never decides which integration may have a connection: the oauth capability does, before it asks.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use uuid::Uuid;

use super::{
    cache::{Cache, Owner},
    vault::{Binding, TokenSet, Vault, VaultError},
};
use crate::{
    capability::oauth::{Connection, ConnectionSource, OAuthError},
    integration::{ProviderId, UserId},
};

/// How long a connection is used without looking again. Changes of this process are seen at once, those of another one
/// on the same database after this.
const CACHE_LIFETIME: Duration = Duration::from_secs(30);
/// The most providers that one user connects.
pub const MAX_CONNECTIONS_PER_USER: u32 = 200;
const MAX_TOKEN_BYTES: usize = 16 * 1024;
const MAX_ACCOUNT_BYTES: usize = 256;
const MAX_SCOPES: usize = 200;
const MAX_SCOPE_BYTES: usize = 256;

/// A connection to save.
pub struct NewConnection {
    pub access_token: SecretString,
    /// A stable label of the account: an e-mail address, a workspace name.
    pub account: String,
    pub scopes: BTreeSet<String>,
    /// Unix seconds.
    pub expires_at: Option<u64>,
}

/// A connection without what is secret about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionSummary {
    pub id: String,
    pub provider: ProviderId,
    pub account: String,
    pub scopes: BTreeSet<String>,
    /// Unix seconds.
    pub expires_at: Option<u64>,
    pub version: u64,
}

/// A connection as it is stored.
#[derive(Clone)]
pub struct SealedConnection {
    pub summary: ConnectionSummary,
    /// Opens with the vault, bound to user, provider and id.
    pub sealed: Vec<u8>,
}

/// Where sealed connections are kept: at most one for a user and provider. It sees no token.
#[async_trait]
pub trait SealedConnections: Send + Sync {
    async fn get(&self, user: &UserId, provider: &ProviderId) -> Result<Option<SealedConnection>, SealedError>;

    /// Adds the row, or takes the place of the user's other one for the provider, id included. Answers its version, which
    /// it gives out itself and never twice; the version that came with the row is not looked at.
    async fn put(&self, user: &UserId, row: SealedConnection) -> Result<u64, SealedError>;

    /// By provider; at most [`MAX_CONNECTIONS_PER_USER`].
    async fn list(&self, user: &UserId) -> Result<Vec<ConnectionSummary>, SealedError>;

    /// Whether there was one.
    async fn delete(&self, user: &UserId, provider: &ProviderId) -> Result<bool, SealedError>;
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    #[error("a user has at most {MAX_CONNECTIONS_PER_USER} connections")]
    TooMany,
    #[error("{0}")]
    Unavailable(String),
}

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
    vault: Vault,
    rows: Arc<dyn SealedConnections>,
    cache: Cache,
}

impl ConnectionStore {
    pub fn new(vault: Vault, rows: Arc<dyn SealedConnections>) -> Self {
        Self { inner: Arc::new(Inner { vault, rows, cache: Cache::new(CACHE_LIFETIME) }) }
    }

    /// Connects a provider, or takes the place of the connection that is there.
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

    /// Forgets a connection, and says whether there was one.
    ///
    /// # Errors
    /// [`ConnectionError::Sealed`].
    pub async fn delete(&self, user: &UserId, provider: &ProviderId) -> Result<bool, ConnectionError> {
        let (inner, owner) = (self.inner.clone(), (user.clone(), provider.clone()));
        uninterrupted(async move {
            let _invalidation = inner.cache.invalidation(&owner);
            Ok(inner.rows.delete(&owner.0, &owner.1).await?)
        })
        .await
    }
}

#[async_trait]
impl ConnectionSource for ConnectionStore {
    async fn connection(&self, user: &UserId, provider: &ProviderId) -> Result<Connection, OAuthError> {
        let owner = (user.clone(), provider.clone());
        match self.inner.cache.get(&owner) {
            Some(connection) => Ok(connection),
            None => self.inner.load(owner).await,
        }
    }

    async fn refresh(&self, user: &UserId, provider: &ProviderId, seen: u64) -> Result<Connection, OAuthError> {
        let connection = self.inner.load((user.clone(), provider.clone())).await?;
        if connection.version == seen {
            return Err(OAuthError::NeedsReconnect(format!("this connection to {provider} cannot be refreshed")));
        }
        Ok(connection)
    }
}

impl Inner {
    async fn save(&self, owner: &Owner, new: NewConnection) -> Result<ConnectionSummary, ConnectionError> {
        let _invalidation = self.cache.invalidation(owner);
        let (user, provider) = owner;
        // The id stays while the account is connected. Should somebody else save at the same time, the later one wins
        // with its own id: id and record are written together, so the row opens in either case.
        let id = match self.rows.get(user, provider).await? {
            Some(row) => row.summary.id,
            None => Uuid::now_v7().to_string(),
        };
        let tokens = TokenSet { access_token: new.access_token };
        let sealed = self.vault.seal(Binding { user, provider, row: &id }, &tokens)?;
        let mut summary = ConnectionSummary {
            id,
            provider: provider.clone(),
            account: new.account,
            scopes: new.scopes,
            expires_at: new.expires_at,
            version: 0,
        };
        summary.version = self.rows.put(user, SealedConnection { summary: summary.clone(), sealed }).await?;
        Ok(summary)
    }

    /// Reads a connection past the cache, and keeps it there.
    async fn load(&self, owner: Owner) -> Result<Connection, OAuthError> {
        let read_after = self.cache.generation();
        let (user, provider) = &owner;
        let row = self.rows.get(user, provider).await.map_err(|error| OAuthError::Transient(error.to_string()))?;
        let SealedConnection { summary, sealed } = row.ok_or(OAuthError::NotConnected)?;
        let tokens = self.vault.open(Binding { user, provider, row: &summary.id }, &sealed).map_err(|error| {
            // The user can only connect again, but the operator should know: a lost key hits everybody.
            tracing::error!(connection = summary.id, %provider, %error, "a stored connection does not open");
            OAuthError::NeedsReconnect("the stored connection can no longer be opened".into())
        })?;
        let connection = Connection {
            provider: summary.provider,
            account: summary.account,
            scopes: summary.scopes,
            expires_at: summary.expires_at,
            access_token: tokens.access_token,
            version: summary.version,
        };
        self.cache.insert(owner, connection.clone(), read_after);
        Ok(connection)
    }
}

/// Runs a change to its end even if the caller goes away: dropped half-way, it might reach the database after the cache was
/// told to forget.
async fn uninterrupted<T: Send + 'static>(change: impl Future<Output = T> + Send + 'static) -> T {
    match tokio::spawn(change).await {
        Ok(done) => done,
        // Nobody aborts the task, so it panicked; so does its caller.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

impl NewConnection {
    fn check(&self) -> Result<(), ConnectionError> {
        let token = self.access_token.expose_secret();
        // What RFC 6750 and RFC 6749 allow of a token. Anything else could end the header that it is put into.
        if token.is_empty() || token.len() > MAX_TOKEN_BYTES || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return invalid(format!("accessToken must be 1 to {MAX_TOKEN_BYTES} visible ASCII characters"));
        }
        if !is_label(&self.account, MAX_ACCOUNT_BYTES) {
            return invalid(format!("account must be 1 to {MAX_ACCOUNT_BYTES} bytes without control characters"));
        }
        if self.scopes.len() > MAX_SCOPES || !self.scopes.iter().all(|scope| is_label(scope, MAX_SCOPE_BYTES)) {
            return invalid(format!(
                "scopes must be at most {MAX_SCOPES} texts, each 1 to {MAX_SCOPE_BYTES} bytes without control characters"
            ));
        }
        if self.expires_at.is_some_and(|end| i64::try_from(end).is_err()) {
            return invalid("expiresAt is too far away".into());
        }
        Ok(())
    }
}

fn is_label(text: &str, max_bytes: usize) -> bool {
    !text.is_empty() && text.len() <= max_bytes && !text.chars().any(char::is_control)
}

fn invalid(message: String) -> Result<(), ConnectionError> {
    Err(ConnectionError::Invalid(message))
}

impl fmt::Debug for NewConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NewConnection({:?}, {:?}, [redacted])", self.account, self.scopes)
    }
}

impl fmt::Debug for SealedConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedConnection({:?}, [redacted])", self.summary)
    }
}

impl fmt::Debug for ConnectionStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ConnectionStore({:?}, {:?})", self.inner.vault, self.inner.cache)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    };

    use async_trait::async_trait;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use cap_std::{ambient_authority, fs::Dir};
    use secrecy::ExposeSecret;

    use super::{
        ConnectionError, ConnectionStore, ConnectionSummary, MAX_SCOPES, MAX_TOKEN_BYTES, NewConnection,
        SealedConnection, SealedConnections, SealedError, Vault,
    };
    use crate::{
        capability::oauth::{ConnectionSource, OAuthError},
        integration::{ProviderId, UserId},
        oauth::MasterKey,
    };

    /// One row is enough here; the database's tests have more.
    #[derive(Default)]
    struct OneRow {
        row: Mutex<Option<SealedConnection>>,
        reads: AtomicU64,
        sequence: AtomicU64,
    }

    #[async_trait]
    impl SealedConnections for OneRow {
        async fn get(&self, _: &UserId, _: &ProviderId) -> Result<Option<SealedConnection>, SealedError> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            Ok(self.row.lock().unwrap().clone())
        }

        async fn put(&self, _: &UserId, mut row: SealedConnection) -> Result<u64, SealedError> {
            let version = self.sequence.fetch_add(1, Ordering::SeqCst) + 1;
            row.summary.version = version;
            *self.row.lock().unwrap() = Some(row);
            Ok(version)
        }

        async fn list(&self, _: &UserId) -> Result<Vec<ConnectionSummary>, SealedError> {
            Ok(self.row.lock().unwrap().iter().map(|row| row.summary.clone()).collect())
        }

        async fn delete(&self, _: &UserId, _: &ProviderId) -> Result<bool, SealedError> {
            Ok(self.row.lock().unwrap().take().is_some())
        }
    }

    fn vault(byte: u8) -> Vault {
        let unused = Dir::open_ambient_dir("/", ambient_authority()).unwrap();
        Vault::new(&MasterKey::load(Some(&STANDARD.encode([byte; 32]).into()), &unused).unwrap())
    }

    fn store() -> (ConnectionStore, Arc<OneRow>, UserId, ProviderId) {
        let rows = Arc::new(OneRow::default());
        (ConnectionStore::new(vault(1), rows.clone()), rows, "ann".parse().unwrap(), "slack".parse().unwrap())
    }

    fn new(token: &str) -> NewConnection {
        NewConnection {
            access_token: token.into(),
            account: "acme".into(),
            scopes: ["chat:write".to_owned()].into(),
            expires_at: Some(2_000_000_000),
        }
    }

    #[tokio::test]
    async fn what_was_saved_is_handed_out_listed_and_deleted() {
        let (store, _, ann, slack) = store();
        assert_eq!(store.connection(&ann, &slack).await.unwrap_err(), OAuthError::NotConnected);
        let saved = store.save(&ann, &slack, new("xoxb-secret")).await.unwrap();
        let connection = store.connection(&ann, &slack).await.unwrap();
        assert_eq!(connection.access_token.expose_secret(), "xoxb-secret");
        assert_eq!((connection.version, connection.expires_at), (saved.version, Some(2_000_000_000)));
        assert_eq!(store.list(&ann).await.unwrap(), [saved]);
        assert_eq!(store.delete(&ann, &slack).await, Ok(true));
        assert_eq!(store.delete(&ann, &slack).await, Ok(false));
        assert_eq!(store.connection(&ann, &slack).await.unwrap_err(), OAuthError::NotConnected);
    }

    #[tokio::test]
    async fn a_connection_in_use_is_not_read_again_until_it_changes() {
        let (store, rows, ann, slack) = store();
        store.save(&ann, &slack, new("old")).await.unwrap();
        store.connection(&ann, &slack).await.unwrap();
        let before = rows.reads.load(Ordering::SeqCst);
        for _ in 0..100 {
            store.connection(&ann, &slack).await.unwrap();
        }
        assert_eq!(rows.reads.load(Ordering::SeqCst), before);
        store.save(&ann, &slack, new("new")).await.unwrap();
        assert_eq!(store.connection(&ann, &slack).await.unwrap().access_token.expose_secret(), "new");
    }

    #[tokio::test]
    async fn an_account_keeps_its_id_and_changes_its_version() {
        let (store, _, ann, slack) = store();
        let first = store.save(&ann, &slack, new("a")).await.unwrap();
        let second = store.save(&ann, &slack, new("b")).await.unwrap();
        assert_eq!(first.id, second.id);
        assert!(first.version < second.version);
    }

    #[tokio::test]
    async fn a_refresh_finds_what_another_process_saved_and_else_asks_to_reconnect() {
        let (store, rows, ann, slack) = store();
        let first = store.save(&ann, &slack, new("a")).await.unwrap();
        store.connection(&ann, &slack).await.unwrap();
        let stuck = store.refresh(&ann, &slack, first.version).await;
        assert!(matches!(stuck, Err(OAuthError::NeedsReconnect(_))), "{stuck:?}");
        let elsewhere = ConnectionStore::new(vault(1), rows);
        elsewhere.save(&ann, &slack, new("b")).await.unwrap();
        let renewed = store.refresh(&ann, &slack, first.version).await.unwrap();
        assert_eq!(renewed.access_token.expose_secret(), "b");
    }

    #[tokio::test]
    async fn a_row_under_another_key_or_of_another_user_asks_to_reconnect() {
        let (store, rows, ann, slack) = store();
        store.save(&ann, &slack, new("a")).await.unwrap();
        let other_key = ConnectionStore::new(vault(2), rows.clone());
        assert!(matches!(other_key.connection(&ann, &slack).await, Err(OAuthError::NeedsReconnect(_))));
        // `OneRow` answers everybody with ann's row, as a swapped row of a database would.
        let stolen = store.connection(&"bob".parse().unwrap(), &slack).await;
        assert!(matches!(stolen, Err(OAuthError::NeedsReconnect(_))), "{stolen:?}");
    }

    #[tokio::test]
    async fn a_connection_that_could_do_harm_is_refused_by_field() {
        let (store, rows, ann, slack) = store();
        let scopes = |scopes: Vec<String>| NewConnection { scopes: scopes.into_iter().collect(), ..new("a") };
        let cases = [
            ("accessToken", new("")),
            ("accessToken", new("a\r\nHost: evil")),
            ("accessToken", new("tök")),
            ("accessToken", new(&"a".repeat(MAX_TOKEN_BYTES + 1))),
            ("account", NewConnection { account: String::new(), ..new("a") }),
            ("account", NewConnection { account: "a\nb".into(), ..new("a") }),
            ("account", NewConnection { account: "a".repeat(257), ..new("a") }),
            ("scopes", scopes(vec![String::new()])),
            ("scopes", scopes(vec!["a".repeat(257)])),
            ("scopes", scopes((0..=MAX_SCOPES).map(|number| number.to_string()).collect())),
            ("expiresAt", NewConnection { expires_at: Some(u64::MAX), ..new("a") }),
        ];
        for (field, connection) in cases {
            let error = store.save(&ann, &slack, connection).await.unwrap_err();
            assert!(matches!(&error, ConnectionError::Invalid(text) if text.starts_with(field)), "{field}: {error}");
            assert!(!error.to_string().contains("evil"));
        }
        assert!(rows.row.lock().unwrap().is_none());
    }

    #[tokio::test]
    async fn nothing_prints_a_token() {
        let (store, rows, ann, slack) = store();
        store.save(&ann, &slack, new("xoxb-secret")).await.unwrap();
        store.connection(&ann, &slack).await.unwrap();
        let row = rows.row.lock().unwrap().clone();
        let sealed = format!("{:?}", row.as_ref().unwrap().sealed);
        let new = new("xoxb-secret");
        for printed in
            [format!("{store:?}"), format!("{new:?}"), format!("{row:?}"), format!("{:?}", store.list(&ann).await)]
        {
            assert!(!printed.contains("xoxb") && !printed.contains(&sealed), "{printed}");
        }
    }
}
