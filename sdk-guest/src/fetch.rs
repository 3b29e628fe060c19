//! HTTP requests. The host sends them: it checks the host, the address and every redirect, puts the
//! credential on, and bounds size and time.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;

use crate::bindings::workway::integration::fetch as host;
use crate::percent::add_query;
use crate::{Connection, Context, Response};

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
            Self::Dns(reason) => write!(formatter, "name not resolved: {reason}"),
            Self::Connect(reason) => write!(formatter, "no connection: {reason}"),
            Self::Tls(reason) => write!(formatter, "TLS failed: {reason}"),
            Self::Timeout => formatter.write_str("no answer in time"),
            Self::TooLarge(limit) => write!(formatter, "the body is over {limit} bytes"),
            Self::Io(reason) => write!(formatter, "connection broken: {reason}"),
            Self::Auth(reason) => write!(formatter, "credential not usable: {reason}"),
        }
    }
}

impl std::error::Error for FetchError {}

impl From<host::FetchError> for FetchError {
    fn from(error: host::FetchError) -> Self {
        match error {
            host::FetchError::InvalidRequest(reason) => Self::InvalidRequest(reason),
            host::FetchError::Denied(reason) => Self::Denied(reason),
            host::FetchError::Dns(reason) => Self::Dns(reason),
            host::FetchError::Connect(reason) => Self::Connect(reason),
            host::FetchError::Tls(reason) => Self::Tls(reason),
            host::FetchError::Timeout => Self::Timeout,
            host::FetchError::TooLarge(limit) => Self::TooLarge(limit),
            host::FetchError::Io(reason) => Self::Io(reason),
            host::FetchError::Auth(reason) => Self::Auth(reason),
        }
    }
}

/// A request, from [`Context::get`] and its like.
///
/// ```no_run
/// use std::time::Duration;
/// use workway_sdk::{Context, Result};
///
/// fn search(context: &Context, words: &str) -> Result<String> {
///     context
///         .get("https://api.example.com/search")
///         .query(&[("q", words), ("limit", "10")])
///         .header("accept", "application/json")
///         .timeout(Duration::from_secs(5))
///         .send()?
///         .error_for_status()?
///         .text()
/// }
/// ```
#[derive(Debug)]
pub struct Request<'context> {
    parts: host::Request,
    auth: Option<&'context Connection>,
    // What went wrong while building, kept until `send`, so that building needs no `?`.
    error: Option<FetchError>,
    context: PhantomData<&'context Context>,
}

impl<'context> Request<'context> {
    pub(crate) fn new(method: &str, url: &str) -> Self {
        Self {
            parts: host::Request {
                method: method.to_owned(),
                url: url.to_owned(),
                headers: Vec::new(),
                body: None,
                timeout_ms: None,
            },
            auth: None,
            error: None,
            context: PhantomData,
        }
    }

    /// Adds a header. The host sets `Host`, `Content-Length` and the like itself.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.parts.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds pairs to the query, encoded.
    #[must_use]
    pub fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        add_query(&mut self.parts.url, pairs);
        self
    }

    /// Sends `value` as JSON, with the `Content-Type` of JSON. A value that cannot be written as
    /// JSON makes `send` fail.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.parts.body = Some(body),
            Err(error) => self.error = Some(FetchError::InvalidRequest(error.to_string())),
        }
        self.header("content-type", "application/json")
    }

    /// Sends these bytes. Say what they are with a `Content-Type` header.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.parts.body = Some(body.into());
        self
    }

    /// Gives up after this time. The host has a limit of its own that this cannot raise.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.parts.timeout_ms = Some(u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// Lets the host put this connection's credential on the request.
    #[must_use]
    pub fn auth(mut self, connection: &'context Connection) -> Self {
        self.auth = Some(connection);
        self
    }

    /// Sends the request and waits for the whole answer. A 4xx or 5xx is an answer: see
    /// [`Response::error_for_status`].
    ///
    /// # Errors
    ///
    /// [`FetchError`] when there is no answer.
    pub fn send(self) -> Result<Response, FetchError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        host::send(&self.parts, self.auth.map(Connection::handle)).map(Response::from).map_err(FetchError::from)
    }
}

/// The contract takes one connection for all requests of a call, so each connection has its own.
pub(crate) fn send_all(requests: Vec<Request<'_>>) -> Vec<Result<Response, FetchError>> {
    let mut answers = Vec::new();
    answers.resize_with(requests.len(), || None);
    let mut waiting: Vec<(usize, Request<'_>)> = requests.into_iter().enumerate().collect();
    while let Some((_, first)) = waiting.first() {
        let auth = first.auth;
        let (group, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(_, request)| same_connection(request.auth, auth));
        waiting = rest;

        let mut indexes = Vec::with_capacity(group.len());
        let mut batch = Vec::with_capacity(group.len());
        for (index, request) in group {
            if let Some(error) = request.error {
                answers[index] = Some(Err(error));
            } else {
                indexes.push(index);
                batch.push(request.parts);
            }
        }
        if batch.is_empty() {
            continue;
        }
        let sent = host::send_all(&batch, auth.map(Connection::handle));
        for (index, answer) in indexes.into_iter().zip(sent) {
            answers[index] = Some(answer.map(Response::from).map_err(FetchError::from));
        }
    }
    let unanswered = || Err(FetchError::Io("the host gave no answer".to_owned()));
    answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
}

fn same_connection(one: Option<&Connection>, another: Option<&Connection>) -> bool {
    one.map(std::ptr::from_ref) == another.map(std::ptr::from_ref)
}
