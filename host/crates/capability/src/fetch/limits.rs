//! How much one call may ask of the network. Most are enforced where the bytes pass.

use std::time::Duration;

use super::FetchError;

/// The bounds of one integration's requests. The operator sets the first and the longest timeout, with the call's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// Of one request body and of one response body; for `send_all`, of all request bodies together and of all
    /// response bodies together.
    pub max_body_bytes: u64,
    /// Names and values of a response's headers, summed.
    pub max_response_headers_bytes: usize,
    /// Redirects that are followed before the request is given up.
    pub max_redirects: u32,
    /// What a request gets that names no timeout. It covers everything, the body included.
    pub default_timeout: Duration,
    /// What a request gets at most, whatever it asks for.
    pub max_timeout: Duration,
    /// How many requests of one `send_all` are under way at a time.
    pub max_parallel: usize,
    /// How many requests one `send_all` may hold.
    pub max_requests_per_send_all: usize,
}

impl FetchLimits {
    pub(super) fn admit(&self, requests: usize) -> Result<(), FetchError> {
        let most = self.max_requests_per_send_all;
        if requests > most {
            return Err(FetchError::InvalidRequest(format!("more than {most} requests at once")));
        }
        Ok(())
    }
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            max_body_bytes: 10 * 1024 * 1024,
            max_response_headers_bytes: 64 * 1024,
            max_redirects: 10,
            default_timeout: Duration::from_secs(30),
            max_timeout: Duration::from_secs(120),
            max_parallel: 16,
            max_requests_per_send_all: 100,
        }
    }
}
