//! The `fetch` capability: what an integration may reach over HTTP, and the sending of it.
//!
//! A request passes these gates, in this order, and again for every redirect:
//!
//! 1. `request`: it is parsed; headers that frame or route are the host's alone.
//! 2. `policy`: scheme, host and port are granted. The result is an [`EgressGrant`], without which nothing is sent.
//! 3. `credential`: the account's token goes along, to its audience, over https, until the origin changes. An API that
//!    refuses it (401) is asked once more with a renewed one (`authorizer`).
//! 4. `transport`: what carries it: the pool, or in the test kit something that stands in its place.
//! 5. `connector`: the name is resolved, and what `address` forbids is not dialled.
//! 6. `response`: the answer is read within its limits.
//!
//! Denied by default: a [`FetchCtx`] whose policy is the default one reaches nothing. The token of a connection never enters
//! the guest from here, no message or log line holds a header, a query or an address that a name was resolved to, and no
//! connection is opened but by the connector.

mod address;
mod authorizer;
mod client;
mod connector;
mod credential;
mod error;
mod limits;
mod policy;
mod redirect;
mod request;
mod resolve;
mod response;
mod transport;
mod upstreams;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use address::forbidden;
pub use authorizer::Authorizer;
pub use client::{FetchClient, FetchClientBuilder};
pub use credential::Credential;
pub use error::FetchError;
pub use limits::FetchLimits;
pub use policy::{CredentialHeaders, EgressGrant, EgressPolicy};
pub use request::{FetchRequest, MAX_REQUEST_HEADER_BYTES, MAX_REQUEST_HEADERS, MAX_URL_BYTES, is_host_owned};
pub use resolve::{Resolve, SystemResolver};
pub use response::FetchResponse;
pub use transport::{FetchObserver, ObservedRequest, PooledTransport, Transport};
pub use upstreams::{Upstream, UpstreamError, Upstreams};

/// What one call of an integration holds of this capability. Cheap to make and to clone.
#[derive(Clone, Debug)]
pub struct FetchCtx {
    client: FetchClient,
    policy: Arc<EgressPolicy>,
    limits: FetchLimits,
}

impl FetchCtx {
    pub fn new(client: FetchClient, policy: Arc<EgressPolicy>, limits: FetchLimits) -> Self {
        Self { client, policy, limits }
    }

    /// Whether one `send_all` may hold so many requests. To be asked before they are parsed.
    pub fn admit(&self, requests: usize) -> Result<(), FetchError> {
        self.limits.admit(requests)
    }

    /// Says that the guest asked for something that is no request, or never can be one.
    pub fn observe_refused(&self, method: &str, url: &str, error: &FetchError) {
        self.client.observe(method, url, Err(error));
    }

    /// See [`FetchClient::send`]. A request whose credential was refused is sent once more, with a renewed one; the time
    /// that renewing takes is not the request's.
    pub async fn send(
        &self,
        request: FetchRequest,
        account: Option<&dyn Authorizer>,
    ) -> Result<FetchResponse, FetchError> {
        let Some(account) = account else {
            return self.client.send(&self.policy, &self.limits, request, None).await;
        };
        let credential = account.credential();
        let response = self.client.send(&self.policy, &self.limits, request.clone(), Some(&credential)).await?;
        if !authorizer::is_refused(&response) {
            return Ok(response);
        }
        match account.renew(&credential).await? {
            Some(renewed) => self.client.send(&self.policy, &self.limits, request, Some(&renewed)).await,
            None => Ok(response),
        }
    }

    /// See [`FetchClient::send_all`], and [`Self::send`] for refused credentials: they are renewed once for all requests.
    pub async fn send_all(
        &self,
        requests: Vec<Result<FetchRequest, FetchError>>,
        account: Option<&dyn Authorizer>,
    ) -> Vec<Result<FetchResponse, FetchError>> {
        let Some(account) = account else {
            return self.client.send_all(&self.policy, &self.limits, requests, None).await;
        };
        let credential = account.credential();
        let mut answers = self.client.send_all(&self.policy, &self.limits, requests.clone(), Some(&credential)).await;
        let refused = |answer: &Result<FetchResponse, FetchError>| answer.as_ref().is_ok_and(authorizer::is_refused);
        let places: Vec<usize> = (0..answers.len()).filter(|place| refused(&answers[*place])).collect();
        if places.is_empty() {
            return answers;
        }
        let again = match account.renew(&credential).await {
            Ok(Some(renewed)) => {
                let requests = places.iter().map(|place| requests[*place].clone()).collect();
                let kept: usize = answers
                    .iter()
                    .filter_map(|answer| answer.as_ref().ok().filter(|answer| !authorizer::is_refused(answer)))
                    .map(|answer| answer.body.len())
                    .sum();
                let room = self.limits.max_body_bytes.saturating_sub(u64::try_from(kept).unwrap_or(u64::MAX));
                self.client.send_all_within(&self.policy, &self.limits, room, requests, Some(&renewed)).await
            }
            Ok(None) => return answers,
            Err(error) => places.iter().map(|_| Err(error.clone())).collect(),
        };
        for (place, answer) in places.into_iter().zip(again) {
            answers[place] = answer;
        }
        answers
    }
}
