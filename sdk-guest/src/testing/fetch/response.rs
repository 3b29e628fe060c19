//! What a rule answers: a response, or none at all.

use serde::Serialize;

use crate::FetchError;

/// An upstream's answer, or what becomes of a request instead of one.
///
/// ```
/// use serde_json::json;
/// use workway_sdk::testing::MockResponse;
///
/// let page = MockResponse::json(200, json!([1, 2])).header("link", r#"<https://api.example.com/?page=2>; rel="next""#);
/// let slow_down = MockResponse::rate_limited(30);
/// let gone = MockResponse::empty(404);
/// # drop((page, slow_down, gone));
/// ```
#[derive(Debug, Clone)]
pub struct MockResponse(Result<Answer, FetchError>);

/// A response as it comes from an upstream.
#[derive(Debug, Clone)]
pub(in crate::testing) struct Answer {
    pub(in crate::testing) status: u16,
    /// Names in lower case.
    pub(in crate::testing) headers: Vec<(String, String)>,
    pub(in crate::testing) body: Vec<u8>,
}

impl MockResponse {
    /// A value as JSON, with the `content-type` of JSON.
    ///
    /// # Panics
    ///
    /// The value cannot be written as JSON.
    #[must_use]
    #[track_caller]
    pub fn json(status: u16, value: impl Serialize) -> Self {
        let body = match serde_json::to_vec(&value) {
            Ok(body) => body,
            Err(error) => panic!("the answer cannot be written as JSON: {error}"),
        };
        Self::bytes(status, body).header("content-type", "application/json")
    }

    /// Text, with the `content-type` of plain text.
    #[must_use]
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::bytes(status, text.into()).header("content-type", "text/plain; charset=utf-8")
    }

    /// A body without a `content-type`.
    #[must_use]
    pub fn bytes(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self(Ok(Answer { status, headers: Vec::new(), body: body.into() }))
    }

    /// No body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self::bytes(status, Vec::new())
    }

    /// 429 with `Retry-After`.
    #[must_use]
    pub fn rate_limited(seconds: u64) -> Self {
        Self::text(429, "too many requests").header("retry-after", &seconds.to_string())
    }

    /// 401: for a request with a connection's credential, this has the host renew it and ask once more.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::text(401, "unauthorized")
    }

    /// No answer in time: [`FetchError::Timeout`].
    #[must_use]
    pub fn timeout() -> Self {
        Self::error(FetchError::Timeout)
    }

    /// An answer whose body ends too early, as [`FetchError::Io`]: no part of it reaches the integration.
    #[must_use]
    pub fn broken_body() -> Self {
        Self::error(FetchError::Io("the connection closed before the response was complete".to_owned()))
    }

    /// Any other reason for which there is no answer.
    #[must_use]
    pub fn error(error: FetchError) -> Self {
        Self(Err(error))
    }

    /// Adds a header. An error has none.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Ok(answer) = &mut self.0 {
            // Of two of these an upstream would send one.
            if name.eq_ignore_ascii_case("content-type") {
                answer.headers.retain(|(name, _)| name != "content-type");
            }
            answer.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        self
    }

    pub(super) fn into_answer(self) -> Result<Answer, FetchError> {
        self.0
    }
}
