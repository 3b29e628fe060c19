//! A request that was sent, for a test to look at. What is printed of it has no credential in it.

use std::fmt;

use serde_json::Value;
use url::Url;
use workway_policy::fetch::{Hop, credential::is_sensitive};

/// How much of a body is printed, in characters.
const MAX_SHOWN_BODY: usize = 1_000;

/// A request as the upstream would get it, with the connection's credential. A renewed credential
/// makes another request of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SentRequest {
    method: String,
    url: Url,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl SentRequest {
    pub(super) fn of(request: &Hop, authorization: Option<String>) -> Self {
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = request.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())));
        let credential = authorization.map(|value| ("authorization".to_owned(), value));
        Self {
            method: request.method.as_str().to_owned(),
            url: request.url.clone(),
            headers: headers.chain(credential).collect(),
            body: request.body.to_vec(),
        }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The whole address, normalised.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    pub(super) fn parsed_url(&self) -> &Url {
        &self.url
    }

    /// The path, encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// The first value of this name in the query, decoded.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(candidate, _)| candidate == name).map(|(_, value)| value.into_owned())
    }

    pub(super) fn queries(&self, name: &str) -> Vec<String> {
        let named = self.url.query_pairs().filter(|(candidate, _)| candidate == name);
        named.map(|(_, value)| value.into_owned()).collect()
    }

    /// The first header of this name, in any case of letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers_of(name).next()
    }

    pub(super) fn headers_of<'request>(&'request self, name: &str) -> impl Iterator<Item = &'request str> {
        let named = move |(candidate, value): &'request (String, String)| {
            candidate.eq_ignore_ascii_case(name).then_some(value.as_str())
        };
        self.headers.iter().filter_map(named).collect::<Vec<_>>().into_iter()
    }

    /// All headers that the integration set, with names in lower case, and the credential.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text, with replacement characters where it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, read as JSON.
    ///
    /// # Panics
    ///
    /// It is not JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("the body of this request is not JSON ({error}):\n\n{}", self.shown()),
        }
    }

    /// For a complaint, indented.
    pub(super) fn shown(&self) -> String {
        let mut text = format!("  {} {}", self.method, self.url);
        for (name, value) in &self.headers {
            text.push_str(&format!("\n    {name}: {}", shown_header(name, value)));
        }
        if !self.body.is_empty() {
            text.push_str(&format!("\n    {}", self.shown_body()));
        }
        text
    }

    pub(super) fn shown_body(&self) -> String {
        let text = self.text();
        match text.char_indices().nth(MAX_SHOWN_BODY) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

impl fmt::Debug for SentRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.shown().trim_start())
    }
}

/// A header's value as it may be printed.
pub(super) fn shown_header(name: &str, value: &str) -> String {
    if is_sensitive(name) { "[not shown]".to_owned() } else { value.to_owned() }
}
