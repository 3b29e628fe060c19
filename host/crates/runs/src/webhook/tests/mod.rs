//! What requests start, and what they are rejected for. Everything goes through [`receive`].

mod payload;
mod properties;
mod verify;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::SecretString;
use serde_json::Value;
use workway_model::{Schema, Timestamp};
use workway_workflow::{WebhookScheme, WebhookVerify};

use super::{Delivery, WebhookError, WebhookRequest, WebhookRules, receive};

/// A request that a test changes before it is received.
#[derive(Clone)]
struct Sent {
    method: Method,
    headers: HeaderMap,
    query: Option<String>,
    body: Vec<u8>,
    now: Timestamp,
}

impl Sent {
    fn new(body: impl Into<Vec<u8>>) -> Self {
        let now = Timestamp::from_seconds(1_795_911_545);
        Self { method: Method::POST, headers: HeaderMap::new(), query: None, body: body.into(), now }
    }

    fn json(body: &Value) -> Self {
        Self::new(body.to_string()).header("content-type", "application/json")
    }

    /// Adds a header, also where there is one already.
    fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.headers.append(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    /// Sets a header instead of the one that is there.
    fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.remove(name);
        self.header(name, value)
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.remove(name).expect("is there");
        self
    }

    fn with_body(self, body: &str) -> Self {
        Self { body: body.as_bytes().to_vec(), ..self }
    }

    fn query(self, query: &str) -> Self {
        Self { query: Some(query.to_owned()), ..self }
    }

    fn at(self, seconds: u64) -> Self {
        Self { now: Timestamp::from_seconds(seconds), ..self }
    }

    fn received(&self, rules: WebhookRules<'_>) -> Result<Delivery, WebhookError> {
        let Self { method, headers, query, body, now } = self;
        receive(WebhookRequest { method, headers, query: query.as_deref(), body }, rules, *now)
    }

    fn trigger(&self) -> Result<Value, WebhookError> {
        self.received(WebhookRules::default()).map(|delivery| delivery.trigger)
    }

    fn fits(&self, schema: &Schema) -> Result<Value, WebhookError> {
        self.received(WebhookRules { body: Some(schema), verify: None }).map(|delivery| delivery.trigger)
    }

    fn verified(&self, scheme: &WebhookScheme, secret: &str) -> Result<Delivery, WebhookError> {
        let verify = WebhookVerify { scheme: scheme.clone(), secret: "key".to_owned() };
        let secret = SecretString::from(secret);
        self.received(WebhookRules { body: None, verify: Some((&verify, &secret)) })
    }
}
