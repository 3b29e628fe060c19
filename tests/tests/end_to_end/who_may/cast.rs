//! Those who ask, and the things of the owner's that they ask for.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
};

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use workway_tests::{Answer, TestHost, TestUser};

/// Everybody of the table, at one host.
pub(super) struct Cast<'a> {
    host: &'a TestHost,
    user: TestUser<'a>,
    developer: TestUser<'a>,
    owner: TestUser<'a>,
    made: AtomicU32,
}

impl<'a> Cast<'a> {
    pub(super) async fn new(host: &'a TestHost) -> Self {
        Self {
            host,
            user: host.user("user@example.com").await,
            developer: host.developer("developer@example.com", "developer").await,
            owner: host.developer("owner@example.com", "owner").await,
            made: AtomicU32::new(0),
        }
    }

    /// Every documented route, as `get /healthz`.
    pub(super) async fn routes(&self) -> BTreeSet<String> {
        let document = self.host.get("/openapi.json").await;
        let paths = document.body["paths"].as_object().expect("paths");
        let of_path = |(path, item): (&String, &serde_json::Value)| -> Vec<String> {
            item.as_object().expect("a path item").keys().map(|method| format!("{method} {path}")).collect()
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// The status of the answer. An answer that never ends is not read.
    pub(super) async fn ask(&self, who: &str, method: &str, path: &str, body: &str) -> u16 {
        let method: Method = method.to_uppercase().parse().expect("a method");
        let path = self.fill(path).await;
        let mut request = self.request(who, method, &path).header("accept", "application/json");
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(self.fill(body).await);
        }
        request.send().await.expect("the host is reached").status().as_u16()
    }

    fn request(&self, who: &str, method: Method, path: &str) -> RequestBuilder {
        match who {
            "anonymous" => self.host.anonymous(method, path),
            "user" => self.user.request(method, path),
            "developer" => self.developer.request(method, path),
            "owner" => self.owner.request(method, path),
            "admin" => self.host.request(method, path),
            other => panic!("nobody is called {other}"),
        }
    }

    /// Puts something new of the owner's in the place of each name: `<token>` and `<connection>` are ids; `<new>` is a word
    /// that comes once.
    async fn fill(&self, text: &str) -> String {
        let mut filled = text.replace("<new>", &self.word());
        if filled.contains("<token>") {
            filled = filled.replace("<token>", &self.token().await);
        }
        if filled.contains("<connection>") {
            filled = filled.replace("<connection>", &self.connection().await);
        }
        filled
    }

    fn word(&self) -> String {
        format!("new{}", self.made.fetch_add(1, Ordering::Relaxed))
    }

    async fn token(&self) -> String {
        id_of(&self.owner.post("/auth/tokens", &json!({})).await)
    }

    async fn connection(&self) -> String {
        let body = json!({ "provider": "example", "accessToken": "xoxb-of-the-owner", "account": self.word() });
        id_of(&self.owner.post("/oauth/connections", &body).await)
    }
}

fn id_of(made: &Answer) -> String {
    made.body["id"].as_str().unwrap_or_else(|| panic!("nothing was made: {:#}", made.body)).to_owned()
}
