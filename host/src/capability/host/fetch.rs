//! The interface `fetch`, answered from a `FetchCtx`. Translates and decides nothing.

use wasmtime::component::Resource;

use super::CapabilitiesView;
use crate::{
    bindings::{ConnectionHandle, fetch},
    capability::fetch::{Credential, FetchError, FetchRequest, FetchResponse},
};

impl fetch::Host for CapabilitiesView<'_> {
    async fn send(
        &mut self,
        request: fetch::Request,
        auth: Option<Resource<ConnectionHandle>>,
    ) -> wasmtime::Result<Result<fetch::Response, fetch::FetchError>> {
        let credential = self.credential(auth)?;
        let answer = match (parse(request), credential) {
            (Ok(request), Ok(credential)) => self.capabilities.fetch.send(request, credential.as_ref()).await,
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        Ok(answer.map(Into::into).map_err(Into::into))
    }

    async fn send_all(
        &mut self,
        requests: Vec<fetch::Request>,
        auth: Option<Resource<ConnectionHandle>>,
    ) -> wasmtime::Result<Vec<Result<fetch::Response, fetch::FetchError>>> {
        if let Err(error) = self.capabilities.fetch.admit(requests.len()) {
            // Not even parsed: a list of a hundred thousand would cost more than any of its requests.
            return Ok(requests.iter().map(|_| Err(error.clone().into())).collect());
        }
        let credential = self.credential(auth)?;
        let answers = match credential {
            Ok(credential) => {
                let requests = requests.into_iter().map(parse).collect();
                self.capabilities.fetch.send_all(requests, credential.as_ref()).await
            }
            Err(error) => requests.iter().map(|_| Err(error.clone())).collect(),
        };
        Ok(answers.into_iter().map(|answer| answer.map(Into::into).map_err(Into::into)).collect())
    }
}

impl CapabilitiesView<'_> {
    /// The outer error is a handle that the guest made up.
    fn credential(
        &self,
        auth: Option<Resource<ConnectionHandle>>,
    ) -> wasmtime::Result<Result<Option<Credential>, FetchError>> {
        let Some(handle) = auth else { return Ok(Ok(None)) };
        let connection = self.connection(&handle)?;
        let audience = self.capabilities.audiences.of(&connection.provider).cloned();
        Ok(Credential::bearer(connection.access_token.clone(), audience).map(Some))
    }
}

fn parse(request: fetch::Request) -> Result<FetchRequest, FetchError> {
    FetchRequest::parse(&request.method, &request.url, &request.headers, request.body, request.timeout_ms)
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
