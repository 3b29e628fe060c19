//! What a flow needs of others: the user's accounts, and the provider's endpoints. As traits, so that the rules of a flow
//! are tested without a database and without a network.

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;
use workway_capability::fetch::Credential;
use workway_model::{ProviderId, UserId};

use crate::{
    ConnectionError, ConnectionStore, ConnectionSummary, NewConnection, TokenSet,
    catalogue::{Provider, Values},
    endpoint::{Account, EndpointError, Party, TokenAnswer, TokenEndpoint},
};

#[async_trait]
pub(super) trait Accounts: Send + Sync {
    async fn get(&self, user: &UserId, id: &str) -> Result<Option<ConnectionSummary>, ConnectionError>;

    async fn default_of(
        &self,
        user: &UserId,
        provider: &ProviderId,
    ) -> Result<Option<ConnectionSummary>, ConnectionError>;

    async fn save(
        &self,
        user: &UserId,
        provider: &ProviderId,
        new: NewConnection,
    ) -> Result<ConnectionSummary, ConnectionError>;
}

#[async_trait]
pub(super) trait Endpoint: Send + Sync {
    async fn exchange(
        &self,
        party: Party<'_>,
        code: &SecretString,
        verifier: Option<&SecretString>,
        redirect_uri: &Url,
    ) -> Result<TokenAnswer, EndpointError>;

    async fn account(
        &self,
        provider: &Provider,
        credential: &Credential,
        values: &Values,
    ) -> Result<Account, EndpointError>;

    async fn revoke(&self, party: Party<'_>, tokens: &TokenSet) -> Result<(), EndpointError>;
}

#[async_trait]
impl Accounts for ConnectionStore {
    async fn get(&self, user: &UserId, id: &str) -> Result<Option<ConnectionSummary>, ConnectionError> {
        Self::get(self, user, id).await
    }

    async fn default_of(
        &self,
        user: &UserId,
        provider: &ProviderId,
    ) -> Result<Option<ConnectionSummary>, ConnectionError> {
        Self::default_of(self, user, provider).await
    }

    async fn save(
        &self,
        user: &UserId,
        provider: &ProviderId,
        new: NewConnection,
    ) -> Result<ConnectionSummary, ConnectionError> {
        Self::save(self, user, provider, new).await
    }
}

#[async_trait]
impl Endpoint for TokenEndpoint {
    async fn exchange(
        &self,
        party: Party<'_>,
        code: &SecretString,
        verifier: Option<&SecretString>,
        redirect_uri: &Url,
    ) -> Result<TokenAnswer, EndpointError> {
        Self::exchange(self, party, code, verifier, redirect_uri).await
    }

    async fn account(
        &self,
        provider: &Provider,
        credential: &Credential,
        values: &Values,
    ) -> Result<Account, EndpointError> {
        Self::account(self, provider, credential, values).await
    }

    async fn revoke(&self, party: Party<'_>, tokens: &TokenSet) -> Result<(), EndpointError> {
        Self::revoke(self, party, tokens).await
    }
}
