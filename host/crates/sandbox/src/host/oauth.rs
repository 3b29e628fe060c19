//! The interface `oauth`, answered from an `OAuthCtx`. A guest holds handles; what they stand for
//! stays with the call.

use std::sync::Arc;

use secrecy::ExposeSecret;
use wasmtime::component::Resource;
use workway_capability::oauth::{Connection, OAuthError};
use workway_model::Timestamp;

use super::CapabilitiesView;
use crate::bindings::{ConnectionHandle, oauth};

impl CapabilitiesView<'_> {
    /// Returns the connection of a handle. A handle that the guest made up is an error that ends the call.
    pub(super) fn connection(&self, handle: &Resource<ConnectionHandle>) -> wasmtime::Result<&Arc<Connection>> {
        let ConnectionHandle(index) = self.table.get(handle)?;
        self.capabilities
            .open
            .get(*index)
            .ok_or_else(|| wasmtime::Error::msg("the guest used a connection handle that it was never given"))
    }
}

impl CapabilitiesView<'_> {
    /// Replaces the connection of a handle with a newer one.
    pub(super) fn replace(
        &mut self,
        handle: &Resource<ConnectionHandle>,
        connection: Arc<Connection>,
    ) -> wasmtime::Result<()> {
        let ConnectionHandle(index) = *self.table.get(handle)?;
        self.capabilities.open.replace(index, connection);
        Ok(())
    }
}

impl oauth::Host for CapabilitiesView<'_> {
    async fn connect(
        &mut self,
        provider: String,
    ) -> wasmtime::Result<Result<Resource<ConnectionHandle>, oauth::OauthError>> {
        let opened = self.capabilities.oauth.connect(&provider).await;
        match opened.and_then(|connection| self.capabilities.open.open(connection)) {
            Ok(place) => Ok(Ok(self.table.push(ConnectionHandle(place))?)),
            Err(error) => Ok(Err(error.into())),
        }
    }
}

impl oauth::HostConnection for CapabilitiesView<'_> {
    async fn account(&mut self, handle: Resource<ConnectionHandle>) -> wasmtime::Result<String> {
        Ok(self.connection(&handle)?.account.clone())
    }

    async fn scopes(&mut self, handle: Resource<ConnectionHandle>) -> wasmtime::Result<Vec<String>> {
        Ok(self.connection(&handle)?.scopes.iter().flatten().cloned().collect())
    }

    async fn expires_at(&mut self, handle: Resource<ConnectionHandle>) -> wasmtime::Result<Option<u64>> {
        Ok(self.connection(&handle)?.expires_at.map(Timestamp::as_seconds))
    }

    async fn variable(&mut self, handle: Resource<ConnectionHandle>, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.connection(&handle)?.variables.get(&name).cloned())
    }

    async fn access_token(
        &mut self,
        handle: Resource<ConnectionHandle>,
    ) -> wasmtime::Result<Result<String, oauth::OauthError>> {
        let connection = self.connection(&handle)?;
        let token = self.capabilities.oauth.access_token(connection);
        Ok(token.map(|token| token.expose_secret().to_owned()).map_err(Into::into))
    }

    async fn refresh(&mut self, handle: Resource<ConnectionHandle>) -> wasmtime::Result<Result<(), oauth::OauthError>> {
        let stale = self.connection(&handle)?.clone();
        match self.capabilities.oauth.refresh(&stale).await {
            Ok(renewed) => {
                self.replace(&handle, renewed)?;
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(error.into())),
        }
    }

    async fn drop(&mut self, handle: Resource<ConnectionHandle>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl From<OAuthError> for oauth::OauthError {
    fn from(error: OAuthError) -> Self {
        match error {
            OAuthError::NotConnected => Self::NotConnected,
            OAuthError::NeedsReconnect(text) => Self::NeedsReconnect(text),
            OAuthError::MissingScopes(scopes) => Self::MissingScopes(scopes),
            OAuthError::Denied(text) => Self::Denied(text),
            OAuthError::Transient(text) => Self::Transient(text),
        }
    }
}
