//! An answer of the host, read whole.

use reqwest::header::HeaderMap;
use serde_json::Value;
use workway_api::{error::Problem, time::Timestamp};

/// The time in a field of an answer.
#[track_caller]
pub fn time_of(field: &Value) -> Timestamp {
    field.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{field} is not an RFC 3339 time"))
}

/// Status, headers and JSON body. A body that is no JSON is a text.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("the answer is complete");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    /// The output of an execution that went well.
    #[track_caller]
    pub fn output(&self) -> &Value {
        assert_eq!(self.status, 200, "{:#}", self.body);
        &self.body["output"]
    }

    /// The `code` of a problem, after a look at its envelope.
    #[track_caller]
    pub fn code(&self) -> &str {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{:#}", self.body);
        assert_eq!(self.body["requestId"], self.header("x-request-id"), "{:#}", self.body);
        if let Err(error) = serde_json::from_value::<Problem>(self.body.clone()) {
            panic!("{error}: {:#}", self.body);
        }
        self.body["code"].as_str().expect("a problem has a code")
    }

    pub fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("the answer has no {name}: {self:?}"));
        value.to_str().expect("the header is text")
    }
}
