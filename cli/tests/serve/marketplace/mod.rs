//! The marketplace in a host that is a process: `kill -9` while several clients write, again and again in one data folder.
//! Everything that was acknowledged is there afterwards, and what is searched and listed is what the tables have.

mod audit;
mod developer;
mod random;
mod user;

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use workway_tests::guest;

use self::{audit::Tables, developer::Developer, random::Random, user::User};
use crate::process::{Running, Workway};

const KILLS: usize = 50;
/// A kill comes after so many acknowledged writes at most.
const MOST_WRITES: usize = 120;
/// All users log in from one address.
const CONFIG: &str = "[accounts]\nattempts_per_address = 1000000\nattempts_per_email = 1000000\n";
const PASSWORD: &str = "correct horse battery staple";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_under_writes_loses_nothing_that_was_acknowledged() {
    let mut random = Random::unforeseen();
    let seed = format!("seed {}", random.seed());
    let hello = guest("hello").expect("hello is built");
    let workway = Workway::development().component(&hello).file("workway.toml", CONFIG);
    let mut running = workway.ready().await;
    let mut developers = Vec::new();
    for name in ["ann", "bob"] {
        developers.push(Developer::sign_up(&running, name, random.branch()).await);
    }
    let mut users = Vec::new();
    for name in ["eve", "dan"] {
        users.push(User::sign_up(&running, name, random.branch()).await);
    }
    let (mut in_flight, mut stored) = (0, 0);
    for round in 0..KILLS {
        let writes = 1 + random.below(MOST_WRITES);
        let what = format!("round {round}, killed after {writes} writes, {seed}");
        let ended = write_and_kill(running, writes, &mut developers, &mut users).await;
        assert!(!ended.stderr.contains("panicked"), "{what}: {}", ended.stderr);

        running = workway.ready().await;
        let tables = Tables::read(&workway.path("data/workway.db"), &what).await;
        for developer in &mut developers {
            in_flight += usize::from(developer.in_flight.is_some());
            stored += usize::from(developer.settle(&tables, &what));
        }
        for user in &mut users {
            user.settle(&tables, &what);
        }
        let written = developers.iter_mut().flat_map(|developer| std::mem::take(&mut developer.written)).collect();
        audit::assert_lists(&running, &tables, &developers, &written, &what).await;
    }
    // Otherwise the kills came between writes.
    assert!(in_flight > stored && stored > 0, "of {in_flight} writes under way {stored} were stored, {seed}");
    audit::assert_whole(&running, &workway.path("data/workway.db"), &developers, &seed).await;
    running.interrupt().await;
}

/// Has all of them write until so many writes are acknowledged, and kills the host then.
async fn write_and_kill(
    running: Running,
    writes: usize,
    developers: &mut [Developer],
    users: &mut [User],
) -> crate::process::Ended {
    let (acknowledge, mut acknowledged) = mpsc::unbounded_channel();
    let desk = Desk {
        origin: running.origin().to_owned(),
        client: client(),
        acknowledge,
        published: Arc::new(Mutex::new(developers.iter().flat_map(Developer::published).collect())),
    };
    let killing = async {
        for _ in 0..writes {
            acknowledged.recv().await.expect("somebody writes");
        }
        running.kill().await
    };
    let (first, second) = developers.split_at_mut(1);
    let (eve, dan) = users.split_at_mut(1);
    let writing = async {
        tokio::join!(
            first[0].write(desk.clone()),
            second[0].write(desk.clone()),
            eve[0].write(desk.clone()),
            dan[0].write(desk.clone())
        )
    };
    let (ended, _) = tokio::join!(killing, writing);
    ended
}

/// What all who write have in common.
#[derive(Clone)]
struct Desk {
    origin: String,
    client: Client,
    /// One message for each write that was answered.
    acknowledge: mpsc::UnboundedSender<()>,
    /// Workflows that can be installed, or could a moment ago.
    published: Arc<Mutex<Vec<String>>>,
}

impl Desk {
    /// Status and body of a whole answer; `None` where the host ended before it had answered.
    async fn send(&self, token: &str, method: Method, path: &str, body: &Value) -> Option<(u16, Value)> {
        let request = self.client.request(method, format!("{}{path}", self.origin)).bearer_auth(token);
        let response = request.json(body).send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or_default()))
    }

    /// A write was done. Who counts them may have counted enough.
    fn acknowledged(&self) {
        let _ = self.acknowledge.send(());
    }

    fn publish(&self, id: &str) {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).push(id.to_owned());
    }

    fn any_published(&self, random: &mut Random) -> Option<String> {
        let published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        (!published.is_empty()).then(|| published[random.below(published.len())].clone())
    }
}

fn client() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

/// Registers and logs in; answers the token.
async fn sign_up(running: &Running, name: &str) -> String {
    let account = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
    let registered = running.request(Method::POST, "/auth/register").json(&account);
    assert_eq!(registered.send().await.expect("an answer").status(), 202);
    let issued = answer(running.request(Method::POST, "/auth/tokens").json(&account)).await;
    issued["token"].as_str().unwrap_or_else(|| panic!("no token: {issued:#}")).to_owned()
}

async fn answer(request: RequestBuilder) -> Value {
    request.send().await.expect("an answer").json().await.expect("JSON")
}
