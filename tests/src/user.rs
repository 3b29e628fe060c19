//! Users of a test host, registered and logged in over HTTP.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{Answer, TestHost, secrets};

/// Every test user's password.
pub const PASSWORD: &str = "correct horse battery staple";

/// A user with a token, who asks a host.
pub struct TestUser<'a> {
    host: &'a TestHost,
    /// `usr_…`
    pub id: String,
    pub email: String,
    /// The bearer token. No host may let it out.
    pub token: String,
    /// `tok_…`: by which the token is listed and revoked.
    pub token_id: String,
}

impl TestHost {
    /// Registers a user, if nobody has this address, and logs in with everything that a token can be for.
    pub async fn user(&self, email: &str) -> TestUser<'_> {
        self.user_with(email, &json!({})).await
    }

    /// The same with a token for these scopes alone.
    pub async fn user_for(&self, email: &str, scopes: &[&str]) -> TestUser<'_> {
        self.user_with(email, &json!({ "scopes": scopes })).await
    }

    /// A user with a profile as a developer, whose slug is this and whose name is `Developer <slug>`.
    pub async fn developer(&self, email: &str, slug: &str) -> TestUser<'_> {
        let user = self.user(email).await;
        let made = user.post("/developers", &json!({ "slug": slug, "name": format!("Developer {slug}") })).await;
        assert_eq!(made.status, 201, "{:#}", made.body);
        user
    }

    async fn user_with(&self, email: &str, wishes: &Value) -> TestUser<'_> {
        secrets::keep_secret(PASSWORD);
        let registered = self.open("/auth/register", &json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(registered.status, 202, "{:#}", registered.body);
        let mut body = wishes.clone();
        body["email"] = email.into();
        body["password"] = PASSWORD.into();
        let issued = self.open("/auth/tokens", &body).await;
        assert_eq!(issued.status, 201, "{:#}", issued.body);
        let text = |name: &str| issued.body[name].as_str().expect("a new token is described").to_owned();
        let (token, token_id) = (text("token"), text("id"));
        secrets::keep_secret(&token);
        let mut user = TestUser { host: self, id: String::new(), email: email.to_owned(), token, token_id };
        user.id = user.get("/auth/whoami").await.body["user"].as_str().expect("a user has an id").to_owned();
        user
    }

    /// Posts without any token.
    async fn open(&self, path: &str, body: &Value) -> Answer {
        self.send(self.anonymous(Method::POST, path).json(body)).await
    }
}

impl TestUser<'_> {
    /// A request with the user's token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.host.anonymous(method, path).bearer_auth(&self.token)
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.host.send(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }
}
