//! Workflows that a user of the host published and installed, and runs of them.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use workway_host::{
    model::{Timestamp, UserId},
    reducer::EventKind,
    runs::{RunId, RunStatus},
};
use workway_tests::{TestHost, TestUser};

/// How long a run may take before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Market<'h> {
    pub host: &'h TestHost,
    pub user: TestUser<'h>,
    pub owner: UserId,
    published: AtomicU32,
}

pub struct Installed<'m, 'h> {
    pub market: &'m Market<'h>,
    pub id: String,
    /// The address of its webhook, if it has one.
    address: Option<String>,
    client: reqwest::Client,
}

/// A webhook that was answered: when it was sent, and the run.
pub struct Delivered {
    sent: Timestamp,
    run: String,
}

impl<'h> Market<'h> {
    pub async fn open(host: &'h TestHost) -> Self {
        let user = host.developer("ann@example.com", "ann").await;
        let owner = user.id.parse().expect("an id");
        Self { host, user, owner, published: AtomicU32::new(0) }
    }

    /// Publishes a workflow and installs it.
    pub async fn install(&self, name: &str, definition: &Value) -> Installed<'_, 'h> {
        let number = self.published.fetch_add(1, Ordering::Relaxed);
        let listing = json!({
            "name": format!("{name} {number}"), "tagline": "Runs", "description": "Runs.", "category": "productivity",
            "workflowDefinition": definition,
        });
        let made = self.user.post("/marketplace", &listing).await;
        assert_eq!(made.status, 201, "{:#}", made.body);
        let workflow = made.body["id"].as_str().expect("an id");
        for what in ["publish", "install"] {
            let done = self.user.post(&format!("/marketplace/{workflow}/{what}"), &json!({})).await;
            assert!(done.status < 300, "{what}: {:#}", done.body);
        }
        let installed = self.user.get(&format!("/marketplace/{workflow}/install")).await;
        let id = installed.body["id"].as_str().expect("an installation has an id").to_owned();
        let found = self.user.get(&format!("/installations/{id}")).await;
        let address =
            found.body["webhookToken"].as_str().map(|token| format!("http://{}/hooks/{token}", self.host.address()));
        Installed { market: self, id, address, client: reqwest::Client::new() }
    }
}

impl Installed<'_, '_> {
    /// Starts a run by hand, without HTTP.
    pub async fn start(&self) -> RunId {
        let runs = self.market.host.app().runs();
        runs.start(&self.market.owner, &self.id, Value::Null, None).await.expect("a run starts").run
    }

    /// Starts a run and waits for its end.
    pub async fn run(&self) -> Duration {
        let began = Instant::now();
        let run = self.start().await;
        let runs = self.market.host.app().runs();
        let (summary, _) = runs.wait(&self.market.owner, &run, PATIENCE).await.expect("the run is found");
        assert_eq!(summary.status, RunStatus::Succeeded, "{summary:?}");
        began.elapsed()
    }

    /// Delivers a webhook and waits for its answer.
    pub async fn deliver(&self) -> Duration {
        let began = Instant::now();
        let answer = self.request().send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("a body");
        began.elapsed()
    }

    pub fn begin_delivery(&self) -> JoinHandle<Delivered> {
        let (sent, request) = (Timestamp::now(), self.request());
        tokio::spawn(async move {
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status(), 202);
            let body: Value = answer.json().await.expect("JSON");
            Delivered { sent, run: body["runId"].as_str().expect("an id").to_owned() }
        })
    }

    /// How long after the request the first step began, in whole milliseconds.
    pub async fn first_step(&self, delivered: Delivered) -> Duration {
        let (runs, owner, run) = (self.market.host.app().runs(), &self.market.owner, RunId::from_text(&delivered.run));
        runs.wait(owner, &run, PATIENCE).await.expect("the run is found");
        let history = runs.history(owner, &run).await.expect("the run has a history");
        let started = history.events.iter().find(|(_, event)| matches!(event.kind, EventKind::Started { .. }));
        started.expect("a step began").1.at.saturating_since(delivered.sent)
    }

    fn request(&self) -> reqwest::RequestBuilder {
        self.client.post(self.address.as_deref().expect("a webhook")).json(&json!({ "text": "hi" }))
    }
}
