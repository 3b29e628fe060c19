//! A request that an upstream sends to a webhook trigger, as the host took it.

use serde::de::DeserializeOwned;

use crate::{Failure, Result};

/// A request of the upstream's. Anybody may have sent it: check its signature before you believe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRequest {
    /// `POST`, as a rule.
    pub method: String,
    /// The path below the trigger's address.
    pub path: String,
    /// The query, encoded, without `?`.
    pub query: String,
    /// The headers, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl WebhookRequest {
    /// A POST of a body, for tests.
    #[must_use]
    pub fn post(headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: "POST".to_owned(),
            path: String::new(),
            query: String::new(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.into(),
        }
    }

    /// The first header of this name, in any case of letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(candidate, _)| candidate.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    ///
    /// [`Failure::InvalidInput`] when it is not JSON or not of this shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::InvalidInput(format!("unexpected webhook body: {error}")))
    }
}
