//! What an upstream answered, and which failure a status means.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;

use crate::{Failure, RequestError, Result, http_date, link};

/// How many characters of an upstream's error body go into a failure's message.
const EXCERPT_CHARACTERS: usize = 200;

/// An upstream's answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    url: String,
}

impl Response {
    /// An answer made by hand, for tests of code that reads answers.
    ///
    /// ```
    /// use workway_sdk::{Failure, Response};
    ///
    /// let answer = Response::new(404, &[], "no such thing");
    /// assert!(matches!(answer.error_for_status(), Err(Failure::NotFound(_))));
    /// ```
    #[must_use]
    pub fn new(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::from_parts(status, headers, body.into(), String::new())
    }

    pub(crate) fn from_parts(status: u16, headers: Vec<(String, String)>, body: Vec<u8>, url: String) -> Self {
        Self { status, headers, body, url }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this name, in any case of letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(candidate, _)| candidate.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All headers, in the order in which they came.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The address that answered, after redirects.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The body's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// [`Failure::Permanent`] when it is not UTF-8.
    pub fn text(self) -> Result<String> {
        String::from_utf8(self.body).map_err(|_| Failure::Permanent("the upstream's response is not UTF-8".to_owned()))
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    ///
    /// [`Failure::Permanent`] when it is not JSON or not of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::Permanent(format!("unexpected response from the upstream: {error}")))
    }

    /// The address that a `Link` header (RFC 8288) gives for a relation, such as `next`.
    ///
    /// ```
    /// use workway_sdk::Response;
    ///
    /// let answer = Response::new(200, &[("Link", r#"<https://api.example.com/x?page=2>; rel="next""#)], "[]");
    /// assert_eq!(answer.link("next"), Some("https://api.example.com/x?page=2"));
    /// assert_eq!(answer.link("prev"), None);
    /// ```
    #[must_use]
    pub fn link(&self, relation: &str) -> Option<&str> {
        let links = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("link"));
        links.filter_map(|(_, value)| link::target(value, relation)).next()
    }

    /// How long the upstream asks to wait (`Retry-After`, as seconds or as a date; RFC 9110, section
    /// 10.2.3). A date counts from the answer's own `Date`, or from now where it has none.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.header("retry-after")?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let until = UNIX_EPOCH + Duration::from_secs(http_date::parse(value)?);
        let said = self.header("date").and_then(http_date::parse);
        let from = said.map_or_else(SystemTime::now, |seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        // A date that has passed means: now.
        Some(until.duration_since(from).unwrap_or(Duration::ZERO))
    }

    /// The answer itself, unless its status says that the upstream did not do what was asked.
    ///
    /// # Errors
    ///
    /// The [`failure`](Response::failure) of any status from 400, with the beginning of the body.
    pub fn error_for_status(self) -> Result<Self> {
        if self.status < 400 { Ok(self) } else { Err(self.refusal()) }
    }

    /// The failure of the status, with the beginning of the body.
    fn refusal(&self) -> Failure {
        let body = String::from_utf8_lossy(&self.body);
        let excerpt: String = body.trim().chars().take(EXCERPT_CHARACTERS).collect();
        let mut message = format!("the upstream answered {}", self.status);
        if !excerpt.is_empty() {
            message.push_str(": ");
            message.push_str(&excerpt);
        }
        self.failure(message)
    }

    /// The failure that the status means, with a message of your own: 401 asks to connect again,
    /// 403 is a refusal, 404 and 410 not found, 409 and 412 a conflict, 429 a rate limit with
    /// `Retry-After`, 408, 425 and 5xx (but for 501) worth another attempt, all others permanent.
    pub fn failure(&self, message: impl Into<String>) -> Failure {
        let message = message.into();
        match self.status {
            401 => Failure::AuthRequired(message),
            403 => Failure::PermissionDenied(message),
            404 | 410 => Failure::NotFound(message),
            409 | 412 => Failure::Conflict(message),
            429 => Failure::RateLimited { message, retry_after: self.retry_after() },
            501 => Failure::Permanent(message),
            408 | 425 | 500..=599 => Failure::Transient(message),
            _ => Failure::Permanent(message),
        }
    }
}

/// No answer is the failure that its cause means; an answer that says no is the one of its status.
impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Fetch(error) => error.into(),
            RequestError::Status(response) => response.refusal(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_is_its_failure() {
        let kinds = [
            (400, "permanent"),
            (401, "auth-required"),
            (403, "permission-denied"),
            (404, "not-found"),
            (408, "transient"),
            (409, "conflict"),
            (422, "permanent"),
            (429, "rate-limited"),
            (500, "transient"),
            (501, "permanent"),
            (503, "transient"),
        ];
        for (status, kind) in kinds {
            let failure = Response::new(status, &[], "why").error_for_status();
            let text = failure.expect_err("an error").to_string();
            assert_eq!(text, format!("{kind}: the upstream answered {status}: why"));
        }
        assert!(Response::new(302, &[], "").error_for_status().is_ok());
    }

    #[test]
    fn the_wait_is_read_in_seconds_and_as_a_date() {
        let wait = |value| Response::new(429, &[("Retry-After", value)], "").retry_after();
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert!(wait("Fri, 01 Jan 2100 00:00:00 GMT") > Some(Duration::from_secs(86_400)));
        assert_eq!(wait("soon"), None);
        let dated = [("Date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT")];
        assert_eq!(Response::new(503, &dated, "").retry_after(), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_long_error_body_is_cut() {
        let failure = Response::new(500, &[], "é".repeat(10_000)).error_for_status();
        let message = failure.expect_err("an error").to_string();
        assert!(message.chars().count() < EXCERPT_CHARACTERS + 100);
    }
}
