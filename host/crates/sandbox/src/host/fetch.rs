//! The interface `fetch`, answered from a `FetchCtx`. Translates and decides nothing.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;
use wasmtime::component::Resource;
use workway_capability::{
    fetch::{Authorizer, Credential, FetchError, FetchRequest, FetchResponse},
    oauth::{Connection, OAuthCtx},
};

use super::CapabilitiesView;
use crate::bindings::{ConnectionHandle, fetch};

impl fetch::Host for CapabilitiesView<'_> {
    async fn send(
        &mut self,
        request: fetch::Request,
        auth: Option<Resource<ConnectionHandle>>,
    ) -> wasmtime::Result<Result<fetch::Response, fetch::FetchError>> {
        let request = match self.parse(request) {
            Ok(request) => request,
            Err(error) => return Ok(Err(error.into())),
        };
        let Some(handle) = auth else {
            let answer = self.capabilities.fetch.send(request, None).await;
            return Ok(answer.map(Into::into).map_err(Into::into));
        };
        let connection = self.connection(&handle)?.clone();
        let answer = match OpenAccount::of(&self.capabilities.oauth, &connection).await {
            Ok(account) => {
                let answer = self.capabilities.fetch.send(request, Some(&account)).await;
                let connection = account.into_connection();
                self.replace(&handle, connection)?;
                answer
            }
            Err(error) => Err(error),
        };
        Ok(answer.map(Into::into).map_err(Into::into))
    }

    async fn send_all(
        &mut self,
        requests: Vec<fetch::Request>,
        auth: Option<Resource<ConnectionHandle>>,
    ) -> wasmtime::Result<Vec<Result<fetch::Response, fetch::FetchError>>> {
        if let Err(error) = self.capabilities.fetch.check_batch(requests.len()) {
            // Not even parsed: parsing a hundred thousand would cost more than sending the most that are allowed.
            return Ok(requests.iter().map(|_| Err(error.clone().into())).collect());
        }
        let requests: Vec<_> = requests.into_iter().map(|request| self.parse(request)).collect();
        let answers = match auth {
            None => self.capabilities.fetch.send_all(requests, None).await,
            Some(handle) => {
                let connection = self.connection(&handle)?.clone();
                match OpenAccount::of(&self.capabilities.oauth, &connection).await {
                    Ok(account) => {
                        let answers = self.capabilities.fetch.send_all(requests, Some(&account)).await;
                        let connection = account.into_connection();
                        self.replace(&handle, connection)?;
                        answers
                    }
                    Err(error) => requests.iter().map(|_| Err(error.clone())).collect(),
                }
            }
        };
        Ok(answers.into_iter().map(|answer| answer.map(Into::into).map_err(Into::into)).collect())
    }
}

/// A connection that a call has opened, as requests see it.
struct OpenAccount<'a> {
    oauth: &'a OAuthCtx,
    first: Credential,
    /// Locked while it is renewed.
    connection: Mutex<Arc<Connection>>,
}

impl<'a> OpenAccount<'a> {
    /// The account of a connection, with time left on it.
    async fn of(oauth: &'a OAuthCtx, connection: &Arc<Connection>) -> Result<Self, FetchError> {
        let connection = oauth.keep_fresh(connection).await?;
        Ok(Self { oauth, first: connection.credential.clone(), connection: Mutex::new(connection) })
    }

    fn into_connection(self) -> Arc<Connection> {
        self.connection.into_inner()
    }
}

#[async_trait]
impl Authorizer for OpenAccount<'_> {
    fn credential(&self) -> Credential {
        self.first.clone()
    }

    async fn renew(&self, refused: &Credential) -> Result<Option<Credential>, FetchError> {
        let mut connection = self.connection.lock().await;
        if !connection.credential.is(refused) {
            return Ok(Some(connection.credential.clone()));
        }
        // Without another credential the API's own response is the most useful answer.
        let Some(renewed) = self.oauth.replace_refused(&connection).await? else { return Ok(None) };
        *connection = renewed;
        Ok(Some(connection.credential.clone()))
    }
}

impl CapabilitiesView<'_> {
    fn parse(&self, request: fetch::Request) -> Result<FetchRequest, FetchError> {
        let fetch::Request { method, url, headers, body, timeout_ms } = request;
        FetchRequest::parse(&method, &url, &headers, body, timeout_ms)
            .inspect_err(|error| self.capabilities.fetch.observe_refused(&method, &url, error))
    }
}

impl From<FetchResponse> for fetch::Response {
    fn from(response: FetchResponse) -> Self {
        Self { status: response.status, headers: response.headers, body: response.body, url: response.url }
    }
}

impl From<FetchError> for fetch::FetchError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::InvalidRequest(text) => Self::InvalidRequest(text),
            FetchError::Denied(text) => Self::Denied(text),
            FetchError::Dns(text) => Self::Dns(text),
            FetchError::Connect(text) => Self::Connect(text),
            FetchError::Tls(text) => Self::Tls(text),
            FetchError::Timeout => Self::Timeout,
            FetchError::TooLarge(limit) => Self::TooLarge(limit),
            FetchError::Io(text) => Self::Io(text),
            FetchError::Auth(text) => Self::Auth(text),
        }
    }
}
