//! Why a request got no response, one variant for each case of the contract's `fetch-error`.
//!
//! These texts reach the guest. They never hold a token, a header value, or an address that a name was resolved to.

/// Why a request failed, for the guest. The variants and their order are those of `fetch-error` in `wit/integration.wit`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The request is not valid. Nothing was sent.
    #[error("invalid request: {0}")]
    InvalidRequest(String),
    /// Host, address, scheme, redirect or credential outside what was granted.
    #[error("denied: {0}")]
    Denied(String),
    /// The name has no address.
    #[error("name resolution: {0}")]
    Dns(String),
    /// No connection could be made.
    #[error("connect: {0}")]
    Connect(String),
    /// The connection could not be secured.
    #[error("tls: {0}")]
    Tls(String),
    /// The response was not complete in time.
    #[error("timed out")]
    Timeout,
    /// A body is larger than this many bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(u64),
    /// The connection broke, or the upstream does not speak HTTP.
    #[error("i/o: {0}")]
    Io(String),
    /// The connected account's credential could not be used.
    #[error("credential: {0}")]
    Auth(String),
}
