//! How much one call may ask of the network. The caller enforces most of these where the bytes pass.

use std::time::Duration;

use super::FetchError;

/// The limits of one integration's requests. An operator can set `max_body_bytes` and `max_timeout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchLimits {
    /// Of one request body and of one response body; for `send_all`, of all request bodies together and of all
    /// response bodies together.
    pub max_body_bytes: u64,
    /// Names and values of a response's headers, summed.
    pub max_response_headers_bytes: usize,
    /// Redirects that one request follows before it fails.
    pub max_redirects: u32,
    /// For a request without a timeout of its own. It covers everything, the body included.
    pub default_timeout: Duration,
    /// The longest timeout; a request that asks for more gets this.
    pub max_timeout: Duration,
    /// Requests of one `send_all` in flight at a time.
    pub max_parallel: usize,
    /// Requests in one `send_all`.
    pub max_requests_per_send_all: usize,
}

impl FetchLimits {
    /// What a host enforces unless its operator sets other limits, and what the SDK's mocks enforce.
    pub const DEFAULT: Self = Self {
        max_body_bytes: 10 * 1024 * 1024,
        max_response_headers_bytes: 64 * 1024,
        max_redirects: 10,
        default_timeout: Duration::from_secs(30),
        max_timeout: Duration::from_secs(120),
        max_parallel: 16,
        max_requests_per_send_all: 100,
    };

    /// Checks the number of requests in one `send_all`. Call it before parsing any of them.
    ///
    /// # Errors
    /// [`FetchError::InvalidRequest`] with the limit.
    pub fn check_batch(&self, requests: usize) -> Result<(), FetchError> {
        let most = self.max_requests_per_send_all;
        if requests > most {
            return Err(FetchError::InvalidRequest(format!(
                "one call can send at most {most} requests together (got {requests}): split them over several calls"
            )));
        }
        Ok(())
    }

    /// Checks whether a request that has followed so many redirects may follow another one.
    ///
    /// # Errors
    /// [`FetchError::Io`] with the limit.
    pub fn check_redirects(&self, followed: u32) -> Result<(), FetchError> {
        if followed >= self.max_redirects {
            return Err(FetchError::Io(format!("gave up after {followed} redirects")));
        }
        Ok(())
    }
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_checked_at_their_bound() {
        let limits = FetchLimits { max_redirects: 2, max_requests_per_send_all: 3, ..FetchLimits::DEFAULT };
        for (requests, allowed) in [(0, true), (3, true), (4, false), (usize::MAX, false)] {
            assert_eq!(limits.check_batch(requests).is_ok(), allowed, "{requests}");
        }
        for (followed, allowed) in [(0, true), (1, true), (2, false), (u32::MAX, false)] {
            assert_eq!(limits.check_redirects(followed).is_ok(), allowed, "{followed}");
        }
    }
}
