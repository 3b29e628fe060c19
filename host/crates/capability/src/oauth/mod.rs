//! The oauth capability: accounts that the calling user connected. It checks what was granted before a connection is
//! looked up, and never hands a token out as text unless that was granted too.

mod connection;
mod memory;
mod open;

use std::{collections::BTreeMap, sync::Arc};

use secrecy::SecretString;
use workway_model::{ConnectionNeed, Permissions, ProviderId, Timestamp, UserId};
use workway_policy::oauth::check_scopes;

pub use connection::{Connection, ConnectionSource, OAuthError, RenewalReason};
pub use memory::MemoryConnections;
pub use open::{MAX_OPEN_CONNECTIONS, OpenConnections};

/// One call's connections. Denies every provider that is not among the granted needs, and every token as text unless
/// `reveal_token` was granted.
pub struct OAuthCtx {
    source: Arc<dyn ConnectionSource>,
    user: UserId,
    granted: Arc<Permissions>,
    /// The accounts that the caller chose, by provider; the user's default account for others.
    chosen: BTreeMap<ProviderId, String>,
}

impl OAuthCtx {
    /// `granted` is what the operator gave, which may be less than what the integration asks for.
    pub fn new(source: Arc<dyn ConnectionSource>, user: UserId, granted: Arc<Permissions>) -> Self {
        Self { source, user, granted, chosen: BTreeMap::new() }
    }

    /// Uses these connections, by id, instead of the user's default ones.
    #[must_use]
    pub fn choosing(self, chosen: BTreeMap<ProviderId, String>) -> Self {
        Self { chosen, ..self }
    }

    /// Returns the user's connection: granted, not expired, with every granted scope.
    ///
    /// # Errors
    /// Those of the contract; see [`OAuthError`].
    pub async fn connect(&self, provider: &str) -> Result<Arc<Connection>, OAuthError> {
        // The guest chose the text; the error quotes it within bounds.
        let provider: ProviderId = provider.parse().map_err(|error| OAuthError::Denied(format!("{error}")))?;
        let need = self.need(&provider)?;
        let chosen = self.chosen.get(&provider).map(String::as_str);
        let connection = self.source.connection(&self.user, &provider, chosen).await?;
        // Before the provider is asked for anything: a new token would lack them too.
        let connection = usable(connection, need)?;
        if connection.is_due(Timestamp::now()) { self.keep_fresh(&connection).await } else { Ok(connection) }
    }

    /// Returns the connection if it has not expired, or a newer one. A connection that expires soon is still used if the
    /// provider cannot be reached.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn keep_fresh(&self, connection: &Arc<Connection>) -> Result<Arc<Connection>, OAuthError> {
        if !connection.is_due(Timestamp::now()) {
            return Ok(connection.clone());
        }
        match self.renew(connection, RenewalReason::Due).await {
            Ok(Some(renewed)) => Ok(renewed),
            Ok(None) if connection.is_expired(Timestamp::now()) => Err(OAuthError::expired()),
            Ok(None) => Ok(connection.clone()),
            Err(OAuthError::Transient(_)) if !connection.is_expired(Timestamp::now()) => Ok(connection.clone()),
            Err(error) => Err(error),
        }
    }

    /// Returns a newer connection to replace one whose token was refused. `None` if it cannot be renewed, or if too many of
    /// its tokens were refused recently.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn replace_refused(&self, connection: &Connection) -> Result<Option<Arc<Connection>>, OAuthError> {
        self.renew(connection, RenewalReason::Refused).await
    }

    /// Returns a newer connection, because the guest asked for one.
    ///
    /// # Errors
    /// As [`Self::connect`]; [`OAuthError::NeedsReconnect`] if it cannot be renewed.
    pub async fn refresh(&self, connection: &Connection) -> Result<Arc<Connection>, OAuthError> {
        let renewed = self.renew(connection, RenewalReason::Asked).await?;
        renewed.ok_or_else(OAuthError::not_renewable)
    }

    /// The token as text, for the guest.
    ///
    /// # Errors
    /// [`OAuthError::Denied`] unless `reveal_token` was granted.
    pub fn access_token<'a>(&self, connection: &'a Connection) -> Result<&'a SecretString, OAuthError> {
        if self.granted.reveal_token { Ok(&connection.access_token) } else { Err(OAuthError::reveal_not_granted()) }
    }

    /// Returns the grant for a provider. Every look-up of a connection asks for it first.
    fn need(&self, provider: &ProviderId) -> Result<&ConnectionNeed, OAuthError> {
        self.granted.connection(provider).ok_or_else(|| OAuthError::provider_not_granted(provider.as_str()))
    }

    async fn renew(&self, stale: &Connection, reason: RenewalReason) -> Result<Option<Arc<Connection>>, OAuthError> {
        let need = self.need(&stale.provider)?;
        let renewed = self.source.renew(&self.user, stale, reason).await?;
        // A new token may have expired already: the clocks are hours apart, or the provider returned an old one.
        let Some(renewed) = renewed.filter(|renewed| !renewed.is_expired(Timestamp::now())) else { return Ok(None) };
        usable(renewed, need).map(Some)
    }
}

fn usable(connection: Arc<Connection>, need: &ConnectionNeed) -> Result<Arc<Connection>, OAuthError> {
    check_scopes(&need.scopes, connection.scopes.as_ref())?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use secrecy::ExposeSecret;

    use super::{Connection, MemoryConnections, OAuthCtx, OAuthError};
    use workway_model::{ConnectionNeed, Permissions, Timestamp};

    use crate::fetch::Credential;

    const TOKEN: &str = "xoxb-very-secret";

    fn connection(scopes: &[&str], expires_at: Option<Timestamp>, version: u64) -> Connection {
        Connection {
            id: "one".into(),
            provider: "slack".parse().unwrap(),
            account: "acme".into(),
            scopes: Some(scopes.iter().map(ToString::to_string).collect()),
            variables: Default::default(),
            expires_at,
            renew_at: None,
            access_token: TOKEN.into(),
            credential: Credential::bearer(TOKEN.into(), []).unwrap(),
            version,
        }
    }

    fn context(stored: Option<Connection>, reveal_token: bool) -> (OAuthCtx, Arc<MemoryConnections>) {
        let source = Arc::new(MemoryConnections::default());
        if let Some(stored) = stored {
            source.insert("ann".parse().unwrap(), stored);
        }
        let granted = Permissions {
            connections: vec![ConnectionNeed {
                provider: "slack".parse().unwrap(),
                scopes: ["chat:write", "users:read"].map(String::from).into(),
                required: true,
            }],
            reveal_token,
            ..Permissions::default()
        };
        let context = OAuthCtx::new(source.clone(), "ann".parse().unwrap(), Arc::new(granted));
        (context, source)
    }

    fn sound() -> Connection {
        connection(&["chat:write", "users:read", "more"], Some(Timestamp::MAX), 1)
    }

    #[tokio::test]
    async fn a_granted_connection_is_handed_out() {
        let (context, _) = context(Some(sound()), false);
        let connection = context.connect("slack").await.unwrap();
        assert_eq!((connection.account.as_str(), connection.version), ("acme", 1));
    }

    #[tokio::test]
    async fn a_provider_that_was_not_granted_is_denied_whether_connected_or_not() {
        let (context, source) = context(None, true);
        source.insert("ann".parse().unwrap(), Connection { provider: "google".parse().unwrap(), ..sound() });
        for provider in ["google", "github", "Slack", "", "slack ", &"x".repeat(10_000)] {
            let answer = context.connect(provider).await;
            assert!(matches!(&answer, Err(OAuthError::Denied(text)) if text.len() < 300), "{provider:.20}: {answer:?}");
        }
        let foreign = Connection { provider: "google".parse().unwrap(), ..sound() };
        assert!(matches!(context.refresh(&foreign).await, Err(OAuthError::Denied(_))));
    }

    #[tokio::test]
    async fn another_users_connection_is_not_found() {
        let (context, source) = context(None, false);
        source.insert("bob".parse().unwrap(), sound());
        assert_eq!(context.connect("slack").await.unwrap_err(), OAuthError::NotConnected);
    }

    #[tokio::test]
    async fn missing_scopes_are_listed() {
        let (context, _) = context(Some(connection(&["more"], None, 1)), false);
        let missing = vec!["chat:write".to_owned(), "users:read".to_owned()];
        assert_eq!(context.connect("slack").await.unwrap_err(), OAuthError::MissingScopes(missing));
    }

    #[tokio::test]
    async fn an_api_key_lacks_no_scope() {
        let (context, _) = context(Some(Connection { scopes: None, ..sound() }), false);
        assert!(context.connect("slack").await.is_ok());
    }

    #[tokio::test]
    async fn the_account_that_the_caller_chose_is_taken_and_no_other() {
        let (context, _) = context(Some(sound()), false);
        let slack = || "slack".parse().unwrap();
        let context = context.choosing([(slack(), "one".to_owned())].into());
        assert_eq!(&*context.connect("slack").await.unwrap().id, "one");
        let context = context.choosing([(slack(), "two".to_owned())].into());
        assert_eq!(context.connect("slack").await.unwrap_err(), OAuthError::NotConnected);
    }

    #[tokio::test]
    async fn a_connection_that_ends_soon_is_renewed_or_still_used() {
        let ending = || Connection { renew_at: Some(Timestamp::UNIX_EPOCH), ..sound() };
        let (context, source) = context(Some(ending()), false);
        assert_eq!(context.connect("slack").await.unwrap().version, 1, "there is time left");
        source.insert("ann".parse().unwrap(), Connection { version: 2, ..sound() });
        assert_eq!(context.keep_fresh(&Arc::new(ending())).await.unwrap().version, 2);
    }

    #[tokio::test]
    async fn an_expired_connection_needs_a_new_one() {
        let (context, source) = context(Some(Connection { expires_at: Some(Timestamp::UNIX_EPOCH), ..sound() }), false);
        assert!(matches!(context.connect("slack").await, Err(OAuthError::NeedsReconnect(_))));
        source.insert("ann".parse().unwrap(), Connection { version: 2, ..sound() });
        assert_eq!(context.refresh(&sound()).await.unwrap().version, 2);
    }

    #[tokio::test]
    async fn a_token_is_text_only_with_the_permission() {
        let (hidden, _) = context(Some(sound()), false);
        let connection = hidden.connect("slack").await.unwrap();
        assert!(matches!(hidden.access_token(&connection), Err(OAuthError::Denied(_))));
        let (revealed, _) = context(Some(sound()), true);
        assert_eq!(revealed.access_token(&connection).unwrap().expose_secret(), TOKEN);
    }

    #[test]
    fn a_connection_prints_without_its_token() {
        let (_, source) = context(Some(sound()), false);
        for printed in [format!("{:?}", sound()), format!("{:#?}", sound()), format!("{source:?}")] {
            assert!(printed.contains("[redacted]") && !printed.contains("secret"), "{printed}");
        }
    }
}
