//! Those who ask, and the things of the owner's that they ask for.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU32, Ordering},
};

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use workway_tests::{Answer, TestHost, TestUser};

/// An image of one grey pixel.
const PNG: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\x0aIDATx\x9cc\xa8\x07\x00\x00\x81\x00\x80\xd3\x94SJ\x00\x00\x00\x00IEND\xaeB`\x82";

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
        if body == "<png>" {
            request = request.header("content-type", "image/png").body(PNG);
        } else if !body.is_empty() {
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

    /// Puts something new of the owner's in the place of each name: `<token>`, `<connection>`, `<draft>`, `<published>`,
    /// `<installed>` (a published workflow that the owner has), `<installation>`, `<run>` (one that has ended) and `<screenshot>`
    /// (of the same path's draft) are ids; `<new>` is a word that comes once.
    async fn fill(&self, text: &str) -> String {
        let mut filled = text.replace("<new>", &self.word());
        if filled.contains("<token>") {
            filled = filled.replace("<token>", &self.token().await);
        }
        if filled.contains("<connection>") {
            filled = filled.replace("<connection>", &self.connection().await);
        }
        if filled.contains("<draft>") {
            let draft = self.draft().await;
            if filled.contains("<screenshot>") {
                filled = filled.replace("<screenshot>", &self.screenshot(&draft).await);
            }
            filled = filled.replace("<draft>", &draft);
        }
        if filled.contains("<published>") {
            filled = filled.replace("<published>", &self.published().await);
        }
        if filled.contains("<installed>") {
            filled = filled.replace("<installed>", &self.installation().await.0);
        }
        if filled.contains("<installation>") {
            filled = filled.replace("<installation>", &self.installation().await.1);
        }
        if filled.contains("<run>") {
            filled = filled.replace("<run>", &self.run().await);
        }
        filled
    }

    /// Runs an installation to its end.
    async fn run(&self) -> String {
        let (_, installation) = self.installation().await;
        let started = self.owner.post(&format!("/installations/{installation}/run"), &json!({})).await;
        let run =
            started.body["runId"].as_str().unwrap_or_else(|| panic!("nothing ran: {:#}", started.body)).to_owned();
        // The stream ends with the run.
        assert_eq!(self.owner.get(&format!("/runs/{run}/events")).await.status, 200);
        run
    }

    /// Publishes a workflow and installs it: the ids of both.
    async fn installation(&self) -> (String, String) {
        let workflow = self.published().await;
        let installed = self.owner.post(&format!("/marketplace/{workflow}/install"), &json!({})).await;
        assert_eq!(installed.status, 201, "{:#}", installed.body);
        (workflow, id_of(&installed))
    }

    async fn draft(&self) -> String {
        let definition = json!({
            "name": "Hello",
            "trigger": { "manual": {} },
            "steps": [{ "id": "greet", "uses": "hello.echo", "with": { "message": "hi" } }],
        });
        let body = json!({
            "name": self.word(), "tagline": "Says hello", "description": "It greets.", "workflowDefinition": definition,
        });
        id_of(&self.owner.post("/marketplace", &body).await)
    }

    async fn published(&self) -> String {
        let draft = self.draft().await;
        id_of(&self.owner.post(&format!("/marketplace/{draft}/publish"), &json!({})).await)
    }

    async fn screenshot(&self, workflow: &str) -> String {
        let request = self.owner.request(Method::POST, &format!("/marketplace/{workflow}/screenshots"));
        id_of(&self.host.send(request.header("content-type", "image/png").body(PNG)).await)
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
