//! HTTP requests. The host sends them: it checks the host, the address and every redirect, puts the
//! credential on, and bounds size and time.

use std::time::Duration;

use serde::Serialize;

use crate::host::{Handle, HostCalls};
use crate::percent::add_query;
use crate::{Connection, Context, FetchError, RequestError, Response};

/// A request as the contract carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestParts {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) timeout_ms: Option<u32>,
}

/// A request, from [`Context::get`] and its like.
///
/// ```
/// use std::time::Duration;
/// use workway_sdk::{Context, Result};
///
/// fn search(ctx: &Context, words: &str, cursor: Option<&str>) -> Result<String> {
///     ctx.get("https://api.example.com/search")
///         .query("q", words)
///         .query("limit", 10)
///         .query("cursor", cursor)
///         .header("accept", "application/json")
///         .timeout(Duration::from_secs(5))
///         .send()?
///         .text()
/// }
/// ```
#[derive(Debug)]
pub struct Request<'context> {
    context: &'context Context,
    parts: RequestParts,
    auth: Option<&'context Connection>,
    any_status: bool,
    // What went wrong while building, kept until `send`, so that building needs no `?`.
    error: Option<FetchError>,
}

impl<'context> Request<'context> {
    pub(crate) fn new(context: &'context Context, method: &str, url: String) -> Self {
        let parts = RequestParts { method: method.to_owned(), url, headers: Vec::new(), body: None, timeout_ms: None };
        Self { context, parts, auth: None, any_status: false, error: None }
    }

    /// Adds a header. The host sets `Host`, `Content-Length` and the like itself.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.parts.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a pair to the query, encoded. `None` adds nothing.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl QueryValue) -> Self {
        if let Some(value) = value.into_text() {
            add_query(&mut self.parts.url, name, &value);
        }
        self
    }

    /// Sends `value` as JSON, with the `Content-Type` of JSON unless there is one already. A value
    /// that cannot be written as JSON makes `send` fail.
    #[must_use]
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.parts.body = Some(body),
            Err(error) => self.error = Some(FetchError::InvalidRequest(error.to_string())),
        }
        let is_said = self.parts.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if is_said { self } else { self.header("content-type", "application/json") }
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

    /// Accepts any status, for code that reads an upstream's error responses:
    /// [`send`](Self::send) then returns a 404 as it does a 200.
    #[must_use]
    pub fn any_status(mut self) -> Self {
        self.any_status = true;
        self
    }

    /// Sends the request and waits for the whole answer. The host renews an account's token and
    /// asks again by itself; other attempts are the host's too, by the failure that this ends in.
    ///
    /// # Errors
    ///
    /// [`RequestError::Fetch`] when there is no answer, [`RequestError::Status`] for a status from
    /// 400, unless [`any_status`](Self::any_status) was said. With `?` both are the failure that
    /// they mean: see [`Response::failure`].
    #[track_caller]
    pub fn send(self) -> Result<Response, RequestError> {
        if let Some(error) = self.error {
            return Err(error.into());
        }
        let answer = self.context.host().send(self.parts, self.auth.map(Connection::handle))?;
        judge(answer, self.any_status)
    }
}

fn judge(answer: Response, any_status: bool) -> Result<Response, RequestError> {
    if any_status || answer.status() < 400 { Ok(answer) } else { Err(RequestError::Status(answer)) }
}

/// The contract takes one connection for all requests of a call, so each connection has its own.
#[track_caller]
pub(crate) fn send_all(context: &Context, requests: Vec<Request<'_>>) -> Vec<Result<Response, RequestError>> {
    let mut answers = Vec::new();
    answers.resize_with(requests.len(), || None);
    let mut waiting: Vec<(usize, Request<'_>)> = requests.into_iter().enumerate().collect();
    while let Some((_, first)) = waiting.first() {
        let auth = first.auth.map(Connection::handle);
        let (group, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(_, request)| is_same(request.auth.map(Connection::handle), auth));
        waiting = rest;

        let mut places = Vec::with_capacity(group.len());
        let mut batch = Vec::with_capacity(group.len());
        for (place, request) in group {
            if let Some(error) = request.error {
                answers[place] = Some(Err(error.into()));
            } else {
                places.push((place, request.any_status));
                batch.push(request.parts);
            }
        }
        if batch.is_empty() {
            continue;
        }
        let sent = context.host().send_all(batch, auth);
        for ((place, any_status), answer) in places.into_iter().zip(sent) {
            answers[place] = Some(answer.map_err(RequestError::from).and_then(|answer| judge(answer, any_status)));
        }
    }
    let unanswered = || Err(FetchError::Io("the host returned no response".to_owned()).into());
    answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
}

fn is_same(one: Option<&Handle>, another: Option<&Handle>) -> bool {
    one.map(std::ptr::from_ref) == another.map(std::ptr::from_ref)
}

/// What may stand in a query: text, a number, a truth value, or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a query parameter",
    note = "strings, numbers, `bool` and an `Option` of one of them can; convert other types with `to_string()`"
)]
pub trait QueryValue {
    /// The value's text, not encoded yet; nothing where the pair is to be left out.
    fn into_text(self) -> Option<String>;
}

impl<T: QueryValue> QueryValue for Option<T> {
    fn into_text(self) -> Option<String> {
        self.and_then(QueryValue::into_text)
    }
}

impl<'value, T> QueryValue for &'value Option<T>
where
    &'value T: QueryValue,
{
    fn into_text(self) -> Option<String> {
        self.as_ref().and_then(QueryValue::into_text)
    }
}

macro_rules! query_values {
    ($($type:ty),*) => {$(
        impl QueryValue for $type {
            fn into_text(self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )*};
}

query_values!(&str, String, &String, bool, &bool, char, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64);
query_values!(&u8, &u16, &u32, &u64, &usize, &i8, &i16, &i32, &i64, &isize);
