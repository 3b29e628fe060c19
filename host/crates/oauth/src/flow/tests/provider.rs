//! The provider of these tests, at the transport: what it answers, and what it was asked.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, header::AUTHORIZATION};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use url::form_urlencoded;
use workway_capability::fetch::{FetchError, Transport};

use super::state;

/// Answers the requests of a flow, at any host.
pub(super) struct FakeProvider {
    /// The token answers, one for each code. Without one a code counts as used.
    tokens: Mutex<VecDeque<Result<Value, FetchError>>>,
    account: Value,
    seen: Mutex<Vec<String>>,
}

impl Default for FakeProvider {
    fn default() -> Self {
        Self::answering([Ok(json!({ "access_token": "s3cr3t-token" }))])
    }
}

impl FakeProvider {
    /// Gives these token answers, in order.
    pub(super) fn answering<const COUNT: usize>(tokens: [Result<Value, FetchError>; COUNT]) -> Self {
        let account = json!({ "email": "ann@example.com", "id": "7" });
        Self { tokens: Mutex::new(tokens.into()), account, seen: Mutex::default() }
    }

    /// Does not say whose an account is.
    pub(super) fn without_account() -> Self {
        Self { account: json!({}), ..Self::default() }
    }

    /// Returns what it was asked since the last call, in order.
    pub(super) fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    fn answer(&self, path: &str, authorization: &str, form: &BTreeMap<String, String>) -> Result<Answer, FetchError> {
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        let (line, answer) = match path {
            "/token" => {
                let challenge = form.get("code_verifier").map(|verifier| state::challenge(&verifier.as_str().into()));
                let line = format!(
                    "exchange {} {} {} {}",
                    field("client_id"),
                    field("code"),
                    challenge.unwrap_or_default(),
                    field("redirect_uri")
                );
                let used = || Ok((400, json!({ "error": "invalid_grant" })));
                (line, self.tokens.lock().unwrap().pop_front().map_or_else(used, |answer| Ok((200, answer?))))
            }
            "/me" => (format!("account {authorization}"), Ok((200, self.account.clone()))),
            "/revoke" => (format!("revoke {}", field("token")), Ok((200, json!({})))),
            other => panic!("a flow asks for {other}"),
        };
        self.seen.lock().unwrap().push(line);
        answer
    }
}

/// A status and a JSON body.
type Answer = (u16, Value);

#[async_trait]
impl Transport for FakeProvider {
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, FetchError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let form = form_urlencoded::parse(&body).into_owned().collect();
        let authorization = parts.headers.get(AUTHORIZATION).map_or("", |value| value.to_str().unwrap());
        let (status, json) = self.answer(parts.uri.path(), authorization, &form)?;
        Ok(Response::builder().status(status).body(Full::from(json.to_string())).unwrap())
    }
}
