//! Why a request brought nothing: no answer, or one that says no.

use std::fmt;

use crate::Response;

/// Why a request got no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// The address, the method, a header or the body is not one.
    InvalidRequest(String),
    /// Host, address, scheme or redirect outside what was granted.
    Denied(String),
    /// The name could not be resolved.
    Dns(String),
    /// No connection could be made.
    Connect(String),
    /// The TLS handshake failed.
    Tls(String),
    /// No answer in time.
    Timeout,
    /// The limit that the body went over, in bytes.
    TooLarge(u64),
    /// The connection broke.
    Io(String),
    /// The connection's credential could not be used.
    Auth(String),
}

impl fmt::Display for FetchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRequest(reason) => write!(formatter, "invalid request: {reason}"),
            Self::Denied(reason) => write!(formatter, "request denied: {reason}"),
            Self::Dns(reason) => write!(formatter, "DNS lookup failed: {reason}"),
            Self::Connect(reason) => write!(formatter, "connection failed: {reason}"),
            Self::Tls(reason) => write!(formatter, "TLS failed: {reason}"),
            Self::Timeout => formatter.write_str("timed out"),
            Self::TooLarge(limit) => write!(formatter, "the body must have at most {limit} bytes"),
            Self::Io(reason) => write!(formatter, "connection broken: {reason}"),
            Self::Auth(reason) => write!(formatter, "unusable credential: {reason}"),
        }
    }
}

impl std::error::Error for FetchError {}

/// Why [`Request::send`](crate::Request::send) gave no answer that could be used. `?` makes it the
/// [`Failure`](crate::Failure) that it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestError {
    /// There is no answer.
    Fetch(FetchError),
    /// An answer with a status from 400.
    Status(Response),
}

impl fmt::Display for RequestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(error) => error.fmt(formatter),
            Self::Status(response) => write!(formatter, "the upstream answered {}", response.status()),
        }
    }
}

impl std::error::Error for RequestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fetch(error) => Some(error),
            Self::Status(_) => None,
        }
    }
}

impl From<FetchError> for RequestError {
    fn from(error: FetchError) -> Self {
        Self::Fetch(error)
    }
}
