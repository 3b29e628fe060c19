//! The `fetch` capability: sends the HTTP requests of an integration.
//!
//! The rules are those of [`workway_policy::fetch`]: they parse a request, check it against what was granted, and follow
//! redirects. A request then passes these steps, and again for every redirect:
//!
//! 1. [`EgressPolicy::check`] returns an [`EgressGrant`], without which nothing is sent.
//! 2. `credential` puts the account's token on it: to its audience, over https, until the origin changes. If the API
//!    refuses the token (401), the request is sent once more with a renewed one (`authorizer`).
//! 3. `transport` carries it: the pool, or in the test kit a substitute.
//! 4. `connector` resolves the name (`dns`) and does not dial what `address` forbids.
//! 5. `response` reads the response within its limits.
//!
//! Denied by default: a [`FetchCtx`] with the default policy reaches nothing. A connection's token never enters the guest
//! from here, no message or log line holds a header, a query or an address that a name was resolved to, and only the
//! connector opens connections.

mod address;
mod authorizer;
mod client;
mod connector;
mod credential;
mod dns;
mod pool;
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
pub use response::FetchResponse;
pub use transport::{FetchObserver, ObservedRequest, PooledTransport, Transport};
pub use upstreams::{Upstream, UpstreamError, Upstreams};
pub use workway_policy::fetch::{
    CredentialHeaders, EgressGrant, EgressPolicy, FetchError, FetchLimits, FetchRequest, MAX_REQUEST_HEADER_BYTES,
    MAX_REQUEST_HEADERS, MAX_URL_BYTES, is_host_owned,
};

/// The fetch capability of one call. Cheap to make and to clone.
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

    /// Checks the number of requests in one `send_all`. Call it before parsing any of them.
    ///
    /// # Errors
    /// See [`FetchLimits::check_batch`].
    pub fn check_batch(&self, requests: usize) -> Result<(), FetchError> {
        self.limits.check_batch(requests)
    }

    /// Reports a request of the guest that is not valid, and so is never sent.
    pub fn observe_refused(&self, method: &str, url: &str, error: &FetchError) {
        self.client.observe(method, url, Err(error));
    }

    /// Sends one request; see [`FetchClient::send`]. If the API refuses the credential, the request is sent once more with a
    /// renewed one. The time that renewing takes does not count towards the request's timeout.
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

    /// Sends several requests; see [`FetchClient::send_all`]. A refused credential is renewed once for all of them.
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
