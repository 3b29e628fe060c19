//! What a test tells a running provider, and asks it: by way of the control server that `tests/oidc/control.mjs` has
//! beside it. None of these calls is among the requests that it counts, and none is part of OpenID.

use reqwest::Method;
use serde_json::{Value, json};

use super::OidcProvider;
use crate::host::PATIENCE;

/// One request to the token endpoint (`/token`), the revocation endpoint (`/token/revocation`) or `/me`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcRequest {
    pub path: String,
    /// Of a token request: `authorization_code` or `refresh_token`. `None` also while the request is being served.
    pub grant_type: Option<String>,
    /// `None` while the request is being served. An answer that is held back has its status already.
    pub status: Option<u16>,
}

impl OidcProvider {
    /// All requests so far, in the order in which they came.
    pub async fn requests(&self) -> Vec<OidcRequest> {
        let answer = self.tell(Method::GET, "/requests", None).await;
        answer.as_array().expect("requests are a list").iter().map(request).collect()
    }

    /// Every access and refresh token issued so far, dead ones too: what no log and no database may hold in clear.
    pub async fn tokens(&self) -> Vec<String> {
        let answer = self.tell(Method::GET, "/tokens", None).await;
        let tokens = answer.as_array().expect("tokens are a list").iter();
        tokens.map(|token| token.as_str().expect("a token is text").to_owned()).collect()
    }

    /// Ends every access token issued so far. Refresh tokens stay.
    pub async fn expire_access(&self) {
        self.tell(Method::POST, "/expire-access", None).await;
    }

    /// Has the next `count` token requests answered with `status` and no OAuth error, `Retry-After` in seconds. They do
    /// not reach the provider, so a refresh token that they carry stays good.
    pub async fn fail_next(&self, count: u32, status: u16, retry_after: Option<u64>) {
        let failure = json!({ "count": count, "status": status, "retryAfter": retry_after });
        self.tell(Method::POST, "/fail", Some(&failure)).await;
    }

    /// Has the next token request served and its answer held back until [`OidcProvider::release`]: tokens have changed
    /// at the provider, and who asked does not know. Others after it are answered.
    pub async fn hold(&self) {
        self.tell(Method::POST, "/hold", None).await;
    }

    /// Waits until an answer is being held.
    ///
    /// # Panics
    /// If nothing is to be held.
    pub async fn held(&self) {
        let held = self.tell(Method::GET, "/held", None).await;
        assert_eq!(held, true, "hold() comes first, and release() after held()");
    }

    /// Lets the answer go that is being held, or holds none if none has come yet.
    pub async fn release(&self) {
        self.tell(Method::POST, "/release", None).await;
    }

    async fn tell(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let mut request = self.client.request(method, format!("{}{path}", self.control));
        if let Some(body) = body {
            request = request.json(body);
        }
        let sent = tokio::time::timeout(PATIENCE, request.send()).await.expect("the provider's control answers");
        let answer = sent.expect("the provider's control is reached");
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.expect("the answer is JSON")
    }
}

fn request(entry: &Value) -> OidcRequest {
    OidcRequest {
        path: entry["path"].as_str().expect("a request has a path").to_owned(),
        grant_type: entry["grantType"].as_str().map(str::to_owned),
        status: entry["status"].as_u64().map(|status| u16::try_from(status).expect("a status is three digits")),
    }
}
