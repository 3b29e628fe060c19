//! The end of a flow: tokens for the code, whose account they are for, and the saved connection. From here on there are
//! tokens that would be lost, so that nothing here waits for a browser.

use std::sync::Arc;

use secrecy::SecretString;
use workway_model::Timestamp;
use workway_providers::{AccountSource, OAuthMethod, Provider, Values, VariableSource};

use super::{error::FlowError, pending::PendingAuthorization};
use crate::{
    ClientCredentials, ConnectionStore, ConnectionSummary, NewConnection, TokenSet,
    endpoint::{Account, Party, TokenAnswer, TokenEndpoint},
    foreign_text::{MAX_DESCRIPTION_CHARS, cleaned},
};

/// A checked answer, and what it takes to turn it into a connection.
pub(super) struct Exchange {
    pub(super) endpoint: TokenEndpoint,
    pub(super) connections: ConnectionStore,
    pub(super) entry: Arc<Provider>,
    pub(super) client: ClientCredentials,
    pub(super) pending: PendingAuthorization,
    /// Of the variables that are known so far.
    pub(super) values: Values,
    pub(super) code: SecretString,
    pub(super) verifier: Option<SecretString>,
}

impl Exchange {
    pub(super) async fn run(self) -> Result<ConnectionSummary, FlowError> {
        let Self { endpoint, connections, entry, client, pending, mut values, code, verifier } = self;
        let oauth = entry.oauth().ok_or_else(|| FlowError::ApiKeyProvider(pending.provider.clone()))?;
        let party = Party { provider: &entry, oauth, client: &client, values: &values };
        // By our own clock, from before the provider was asked: the provider's clock does not matter.
        let asked = Timestamp::now();
        let answer = endpoint.exchange(party, &code, verifier.as_ref(), &pending.redirect_uri).await?;
        let TokenAnswer { tokens, lifetime, scopes, account, values: told } = answer;
        values.extend(told);
        let account = match account_of(&endpoint, &entry, account, &tokens, &values).await {
            Ok(account) => account,
            Err(reason) => {
                // Where the user has a connection already the provider may have put both under one grant, and would end both.
                if matches!(connections.default_of(&pending.user, &pending.provider).await, Ok(None)) {
                    let party = Party { provider: &entry, oauth, client: &client, values: &values };
                    discard(&endpoint, party, &tokens).await;
                }
                return Err(FlowError::AccountUnknown(cleaned(&reason, MAX_DESCRIPTION_CHARS)));
            }
        };
        // An answer that names no scopes grants those that were asked for (RFC 6749, section 5.1).
        let scopes = Some(scopes.unwrap_or(pending.scopes));
        let account = Account { id: account_id(account.id, &entry, &values), ..account };
        let expires_at = lifetime.map(|lifetime| asked + lifetime);
        let keeps_refresh_token = true;
        let new = NewConnection { tokens, account, scopes, values, expires_at, keeps_refresh_token };
        Ok(connections.save(&pending.user, &pending.provider, new).await?)
    }
}

/// Whose tokens they are, or why that cannot be told.
async fn account_of(
    endpoint: &TokenEndpoint,
    entry: &Provider,
    told: Option<Account>,
    tokens: &TokenSet,
    values: &Values,
) -> Result<Account, String> {
    match &entry.account {
        // The provider tells nothing: then a user has one account there.
        AccountSource::None => Ok(Account { label: entry.name.clone(), id: entry.name.clone() }),
        AccountSource::Token(_) | AccountSource::IdToken(_) => {
            told.ok_or_else(|| "the token answer does not name it".to_owned())
        }
        AccountSource::Url { .. } => {
            let credential = entry.credential(&tokens.access_token, values).map_err(|error| error.to_string())?;
            endpoint.account(entry, &credential, values).await.map_err(|error| error.to_string())
        }
    }
}

/// What tells a user's accounts at a provider apart: `id` is the provider's own within one shop, one instance, one company,
/// and two of those may have the same. What the provider says in its token answer is left out, since it may move an account.
pub fn account_id(id: String, entry: &Provider, values: &Values) -> String {
    let of_connection = |(name, _): &(&String, &String)| {
        entry.variables.get(*name).is_some_and(|variable| !matches!(variable.source, VariableSource::Token { .. }))
    };
    values.iter().filter(of_connection).fold(id, |id, (name, value)| format!("{id};{name}={value}"))
}

/// Tokens that nobody keeps should be of no use to anybody.
async fn discard(endpoint: &TokenEndpoint, party: Party<'_>, tokens: &TokenSet) {
    let OAuthMethod { revocation: Some(_), .. } = party.oauth else { return };
    if let Err(error) = endpoint.revoke(party, tokens).await {
        tracing::warn!(provider = %party.provider.id, "the tokens of a failed flow could not be revoked: {error}");
    }
}
