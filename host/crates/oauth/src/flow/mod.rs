//! The authorization code flow (RFC 6749, section 4.1) as the best current practice has it (RFC 9700): a user's request
//! begins it, the browser goes to the provider and comes back, and the account is connected.
//!
//! What each check is for:
//!
//! - `state` and the session's cookie: an answer counts once, in the browser that the flow was begun in, so that nobody
//!   can have others connect his account, or connect theirs.
//! - one redirect address for each provider, and `issuer`: an answer counts for the provider that was asked.
//! - PKCE, where the provider has it: who gets hold of a code cannot use it.
//! - `return_to`: a browser is sent on to known places alone.
//!
//! No token, code, state or cookie gets into a log, an error or the database from here; see [`PendingAuthorization`].

mod answer;
mod error;
mod exchange;
mod issuer;
mod pending;
mod request;
mod return_to;
mod state;
#[cfg(test)]
pub(crate) mod tests;

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use url::Url;
use workway_model::{ProviderId, Timestamp, UserId};
use workway_providers::{Catalogue, OAuthMethod, Provider, Values, VariableSource};

pub use answer::Callback;
pub use error::{Blame, FlowError};
pub use exchange::account_id;
pub use pending::{MAX_PENDING_PER_USER, PendingAuthorization, PendingAuthorizations};
pub use request::callback_url;
pub use state::{Digest32, Session, State};

use super::{connections::ConnectionStore, endpoint::TokenEndpoint, stored::ConnectionSummary};
use crate::{ClientCredentials, OAuthSettings};
use exchange::Exchange;

/// How long a user may take at the provider.
pub const FLOW_LIFETIME: Duration = Duration::from_secs(600);

/// Begins flows and completes them. Cheap to clone.
#[derive(Clone)]
pub struct AuthorizationFlow {
    inner: Arc<Inner>,
}

struct Inner {
    catalogue: Catalogue,
    settings: Arc<OAuthSettings>,
    endpoint: TokenEndpoint,
    connections: ConnectionStore,
    pending: Arc<dyn PendingAuthorizations>,
}

/// What a user wants connected.
#[derive(Clone, Debug, Default)]
pub struct AuthorizeRequest {
    /// Beside those that the provider's entry always asks for.
    pub scopes: BTreeSet<String>,
    /// A path of this host, or an address of a known origin.
    pub return_to: Option<String>,
    /// Of the provider's variables that the user gives.
    pub values: Values,
    /// The connection whose scopes are to be kept; the user's default one of the provider if it is not said.
    pub connection: Option<String>,
}

/// A flow that waits for its browser.
#[derive(Clone)]
pub struct Begun {
    /// Where the browser has to go. It holds the flow's state.
    pub url: Url,
    /// When the flow expires.
    pub expires_at: Timestamp,
}

/// A completed flow.
#[derive(Clone, Debug)]
pub struct Finished {
    pub connection: ConnectionSummary,
    pub return_to: Option<Url>,
}

/// A flow that connected nothing.
#[derive(Clone, Debug)]
pub struct FlowFailure {
    pub error: FlowError,
    /// Where the user came from, if the answer was the flow's own.
    pub return_to: Option<Url>,
}

impl AuthorizationFlow {
    pub fn new(
        catalogue: Catalogue,
        settings: Arc<OAuthSettings>,
        endpoint: TokenEndpoint,
        connections: ConnectionStore,
        pending: Arc<dyn PendingAuthorizations>,
    ) -> Self {
        Self { inner: Arc::new(Inner { catalogue, settings, endpoint, connections, pending }) }
    }

    /// Begins a flow: answers where the browser of `session` has to go. `public_url` is the address under which it comes
    /// back.
    ///
    /// # Errors
    /// A [`FlowError`] that blames the caller, the operator or the host; nothing was begun then.
    pub async fn begin(
        &self,
        user: &UserId,
        provider: &ProviderId,
        request: AuthorizeRequest,
        session: &Session,
        public_url: &Url,
    ) -> Result<Begun, FlowError> {
        let Inner { settings, connections, pending, .. } = &*self.inner;
        let (entry, client) = self.inner.party(provider)?;
        let oauth = method(&entry)?;
        let AuthorizeRequest { scopes, return_to, values, connection } = request;
        let return_to =
            return_to.map(|text| return_to::parse(&text, public_url, &settings.return_origins)).transpose()?;
        let extended = match &connection {
            Some(id) => {
                let named = connections.get(user, id).await?.filter(|named| named.provider == *provider);
                Some(named.ok_or(FlowError::UnknownConnection)?)
            }
            None => connections.default_of(user, provider).await?,
        };
        // Only of a connection that was named: the default one may be another account than is meant.
        let known = extended.as_ref().filter(|_| connection.is_some()).map(|extended| &extended.values);
        let values = user_values(&entry, values, known)?;
        let scopes = request::scopes(oauth, scopes, extended.and_then(|extended| extended.scopes))?;
        let endpoint = oauth.authorization_url.render_url(&values);
        let endpoint = endpoint.map_err(|error| FlowError::InvalidVariables(error.to_string()))?;

        let state = State::generate()?;
        let challenge = oauth.pkce.then(|| state::challenge(&state::verifier(&state, session)));
        let redirect_uri = callback_url(public_url, provider);
        let url = request::authorization_url(
            endpoint,
            oauth,
            &client.id,
            &redirect_uri,
            &state,
            &scopes,
            challenge.as_deref(),
        );
        let expires_at = Timestamp::now() + FLOW_LIFETIME;
        let waiting = PendingAuthorization {
            state: state.digest(),
            session: session.digest(),
            user: user.clone(),
            provider: provider.clone(),
            scopes,
            return_to,
            redirect_uri,
            values,
            expires_at,
        };
        pending.add(waiting).await?;
        Ok(Begun { url, expires_at })
    }

    /// Completes the flow that an answer belongs to. `session` is what the browser's cookie holds, `caller` who else says
    /// who calls, if anybody does. Runs to its end even if the browser goes away.
    ///
    /// # Errors
    /// A [`FlowFailure`]. The flow is over then, if the answer was its own.
    pub async fn finish(
        &self,
        provider: &ProviderId,
        callback: Callback,
        session: Option<&Session>,
        caller: Option<&UserId>,
    ) -> Result<Finished, Box<FlowFailure>> {
        let nowhere = |error| Box::new(FlowFailure { error, return_to: None });
        let state = callback.state.as_deref().and_then(State::parse);
        let (Some(state), Some(session)) = (state, session) else {
            return Err(nowhere(FlowError::InvalidState));
        };
        let pending = self.inner.pending.take(&state.digest(), &session.digest(), provider).await;
        let pending = pending.map_err(|error| nowhere(error.into()))?;
        let pending = pending.filter(|pending| caller.is_none_or(|caller| *caller == pending.user));
        let pending = pending.ok_or_else(|| nowhere(FlowError::InvalidState))?;
        let return_to = pending.return_to.clone();
        let connected = match self.inner.checked(pending, &callback, &state, session) {
            // A browser that goes away must not take tokens with it that the provider gave out.
            Ok(exchange) => self.inner.connections.tasks().uninterrupted(exchange.run()).await,
            Err(error) => Err(error),
        };
        match connected {
            Ok(connection) => Ok(Finished { connection, return_to }),
            Err(error) => Err(Box::new(FlowFailure { error, return_to })),
        }
    }
}

impl Inner {
    /// A provider's entry, and what this host is to it.
    fn party(&self, provider: &ProviderId) -> Result<(Arc<Provider>, &ClientCredentials), FlowError> {
        let entry = self.catalogue.get(provider).ok_or_else(|| FlowError::UnknownProvider(provider.to_string()))?;
        method(entry)?;
        let client = self.settings.clients.get(provider);
        let client = client.ok_or_else(|| FlowError::NotConfigured(provider.clone()))?;
        Ok((Arc::clone(entry), client))
    }

    /// Everything that is to be known of an answer before its code is used, in the order that matters: nothing of it is
    /// believed before the issuer is checked.
    fn checked(
        &self,
        pending: PendingAuthorization,
        callback: &Callback,
        state: &State,
        session: &Session,
    ) -> Result<Exchange, FlowError> {
        if pending.expires_at <= Timestamp::now() {
            return Err(FlowError::StateExpired);
        }
        let (entry, client) = self.party(&pending.provider)?;
        let oauth = method(&entry)?;
        issuer::check(oauth, &pending.values, callback.issuer.as_deref())?;
        let code = callback.code()?;
        let mut values = pending.values.clone();
        values.extend(callback.values(&entry)?);
        let verifier = oauth.pkce.then(|| state::verifier(state, session));
        let (endpoint, connections, client) = (self.endpoint.clone(), self.connections.clone(), client.clone());
        Ok(Exchange { endpoint, connections, entry, client, pending, values, code, verifier })
    }
}

fn method(entry: &Provider) -> Result<&OAuthMethod, FlowError> {
    entry.oauth().ok_or_else(|| FlowError::ApiKeyProvider(entry.id.clone()))
}

/// What the user gave, and beside it what is known of the connection that is extended.
fn user_values(entry: &Provider, mut given: Values, known: Option<&Values>) -> Result<Values, FlowError> {
    for (name, value) in known.into_iter().flatten() {
        let of_user = |name: &String| {
            entry.variables.get(name).is_some_and(|variable| matches!(variable.source, VariableSource::User { .. }))
        };
        if of_user(name) && !given.contains_key(name) {
            given.insert(name.clone(), value.clone());
        }
    }
    entry.user_values(&given).map_err(|error| FlowError::InvalidVariables(error.to_string()))
}

impl fmt::Debug for AuthorizationFlow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AuthorizationFlow").field("catalogue", &self.inner.catalogue).finish_non_exhaustive()
    }
}

/// The address holds the state.
impl fmt::Debug for Begun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Begun({}, [redacted], {})", self.url.origin().ascii_serialization(), self.expires_at)
    }
}
