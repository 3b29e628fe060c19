//! Kills a host with `SIGKILL` at random moments while it runs workflows, and compares what its upstream saw with what it had on
//! record: no acknowledged run is lost, no step that ended is called again, and what was in flight is repeated with the same key.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::watch,
    task::JoinSet,
};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};
use workway_host::runs::{RunId, idempotency_key};
use workway_tests::{PASSWORD, guest};

/// Clients that start runs one after another.
const CLIENTS: usize = 6;
/// The pause of a client after a run was acknowledged, and after a host that did not answer.
const PAUSE: Duration = Duration::from_millis(60);
/// How long a host serves before it is killed, at least and at most, in milliseconds.
const LIFE: (u64, u64) = (20, 400);
/// How long the upstream takes to answer, at most, in milliseconds.
const UPSTREAM: u64 = 12;
/// How long anything may take before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(120);
/// Items of the loop.
const ITEMS: usize = 4;

/// What came of it.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "a bench and a test use what they need")]
pub struct KillReport {
    pub acknowledged: usize,
    /// Calls that the upstream saw beyond the first one of each step.
    pub repeated: usize,
    /// Steps that were in flight at a kill, in all.
    pub in_flight: usize,
    /// From the start of a process until it had every run that the killed one had.
    pub slowest_resume: Duration,
}

/// What the upstream saw: how often each key.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<HashMap<String, usize>>>);

impl Seen {
    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Respond for Seen {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let key = request.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
        let mut counts = self.counts();
        *counts.entry(key.to_owned()).or_default() += 1;
        let delay = u64::from(key.bytes().fold(0_u8, u8::wrapping_add)) % UPSTREAM;
        ResponseTemplate::new(200).set_delay(Duration::from_millis(delay))
    }
}

/// A host as a process, below a folder that outlives it.
struct Process {
    child: Child,
    address: SocketAddr,
    began: Instant,
}

impl Process {
    async fn start(program: &Path, folder: &Path) -> Self {
        let began = Instant::now();
        let mut child = Command::new(program)
            .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--log", "error"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("workway starts");
        let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
        let mut address = None;
        while let Some(line) = lines.next_line().await.expect("the output is read") {
            if let Some(origin) = line.strip_prefix("listening on http://") {
                address = origin.parse().ok();
            }
            if line.starts_with("ready: ") {
                break;
            }
        }
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, address: address.expect("the host says where it listens"), began }
    }

    async fn kill(mut self) {
        self.child.kill().await.expect("the process is killed");
    }
}

/// A workflow whose every step calls the upstream.
fn definition() -> Value {
    let note = |id: &str| json!({ "id": id, "uses": "run-probe.note", "retry": 5 });
    json!({
        "name": "Notes",
        "trigger": { "manual": {} },
        "concurrency": { "limit": 1_000 },
        "steps": [
            note("first"),
            { "id": "each", "for-each": format!("range({ITEMS})"), "concurrency": 2, "steps": [note("item")] },
            note("last"),
        ],
    })
}

/// The keys of all steps of a run.
fn keys(run: &str) -> Vec<String> {
    let items = (0..ITEMS).map(|item| format!("each[{item}]/item"));
    let paths = items.chain(["first".to_owned(), "last".to_owned()]);
    let key = |path: String| idempotency_key(&RunId::from_text(run), &path.parse().expect("a path"));
    paths.map(key).collect()
}

/// Kills a host so many times. `seed` chooses the moments.
///
/// # Panics
/// Something that was promised does not hold.
pub async fn kill_under_load(program: PathBuf, kills: u32, seed: u64) -> KillReport {
    let (upstream, seen) = (MockServer::start().await, Seen::default());
    Mock::given(any()).respond_with(seen.clone()).mount(&upstream).await;
    let folder = folder(&upstream.uri());
    let mut process = Process::start(&program, folder.path()).await;
    let (token, installation) = set_up(process.address).await;
    let (address, current) = watch::channel(Some(process.address));
    let (stop, stopped) = watch::channel(false);
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let starting = Starting {
            number,
            token: token.clone(),
            installation: installation.clone(),
            host: current.clone(),
            stopped: stopped.clone(),
            acknowledged: Arc::clone(&acknowledged),
        };
        clients.spawn(starting.start_runs());
    }
    let records = Records::open(folder.path()).await;
    let mut random = seed | 1;
    let mut may_repeat: HashMap<String, usize> = HashMap::new();
    let (mut in_flight, mut slowest_resume) = (0, Duration::ZERO);
    for _ in 0..kills {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        tokio::time::sleep(Duration::from_millis(LIFE.0 + random % (LIFE.1 - LIFE.0))).await;
        address.send_replace(None);
        process.kill().await;
        for key in records.in_flight().await {
            in_flight += 1;
            *may_repeat.entry(key).or_default() += 1;
        }
        let held = records.held().await;
        process = Process::start(&program, folder.path()).await;
        records.resumed(&held).await;
        slowest_resume = slowest_resume.max(process.began.elapsed());
        address.send_replace(Some(process.address));
    }
    stop.send_replace(true);
    while let Some(client) = clients.join_next().await {
        client.expect("a client does not panic");
    }
    let acknowledged = acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone();
    records.all_ended(&acknowledged).await;
    let counts = seen.counts().clone();
    for run in &acknowledged {
        for key in keys(run) {
            assert!(counts.contains_key(&key), "a step of {run} never reached the upstream");
        }
    }
    let mut repeated = 0;
    for (key, count) in &counts {
        repeated += count - 1;
        let allowed = 1 + may_repeat.get(key).copied().unwrap_or_default();
        assert!(*count <= allowed, "a step was called {count} times, and was in flight at {} kills", allowed - 1);
    }
    process.kill().await;
    KillReport { acknowledged: acknowledged.len(), repeated, in_flight, slowest_resume }
}

fn folder(upstream: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let plugins = folder.path().join("plugins");
    std::fs::create_dir(&plugins).expect("a plugins folder");
    let component = guest("run-probe").expect("run-probe is built");
    std::fs::copy(component, plugins.join("run-probe.wasm")).expect("the guest is copied");
    let config = format!("watch = false\n[upstreams]\n\"runs.example.com\" = \"{upstream}\"\n");
    std::fs::write(folder.path().join("workway.toml"), config).expect("the configuration is written");
    folder
}

/// Publishes and installs the workflow; the token of who did it, and the installation's id.
async fn set_up(host: SocketAddr) -> (String, String) {
    let client = Client::new();
    let post = async |path: &str, token: Option<&str>, body: Value| -> Value {
        let mut request = client.post(format!("http://{host}{path}")).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let body = answer.json().await.unwrap_or(Value::Null);
        assert!(status.is_success(), "{path}: {status} {body:#}");
        body
    };
    let account = json!({ "email": "ann@example.com", "password": PASSWORD });
    post("/auth/register", None, account.clone()).await;
    let issued = post("/auth/tokens", None, account).await;
    let token = issued["token"].as_str().expect("a token").to_owned();
    let token_of = Some(token.as_str());
    post("/developers", token_of, json!({ "slug": "ann", "name": "Ann" })).await;
    let listing = json!({
        "name": "Notes", "tagline": "Notes things", "description": "Notes.", "category": "productivity",
        "workflowDefinition": definition(),
    });
    let made = post("/marketplace", token_of, listing).await;
    let id = made["id"].as_str().expect("an id");
    post(&format!("/marketplace/{id}/publish"), token_of, json!({})).await;
    let installed = post(&format!("/marketplace/{id}/install"), token_of, json!({})).await;
    (token, installed["id"].as_str().expect("an installation has an id").to_owned())
}

/// A client that starts one run after another, and asks again with the same key until it is acknowledged.
struct Starting {
    number: usize,
    token: String,
    installation: String,
    host: watch::Receiver<Option<SocketAddr>>,
    stopped: watch::Receiver<bool>,
    acknowledged: Arc<Mutex<BTreeSet<String>>>,
}

impl Starting {
    async fn start_runs(mut self) {
        let client = Client::new();
        for start in 0.. {
            if *self.stopped.borrow() {
                return;
            }
            let key = format!("{}-{start}", self.number);
            loop {
                let host = *self.host.borrow_and_update();
                let answer = match host {
                    Some(host) => {
                        let url = format!("http://{host}/installations/{}/run", self.installation);
                        let request = client.request(Method::POST, url).bearer_auth(&self.token);
                        request.header("idempotency-key", &key).json(&json!({})).send().await
                    }
                    None => {
                        self.host.changed().await.expect("the host comes back");
                        continue;
                    }
                };
                match answer {
                    Ok(answer) if answer.status() == StatusCode::ACCEPTED => {
                        if let Ok(body) = answer.json::<Value>().await {
                            let run = body["runId"].as_str().expect("a run has an id").to_owned();
                            self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).insert(run);
                            break;
                        }
                    }
                    Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE => {}
                    Ok(answer) => panic!("a run was refused: {}", answer.status()),
                    Err(_) => {}
                }
                tokio::time::sleep(PAUSE).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The database of runs, read beside the host.
struct Records(SqlitePool);

impl Records {
    async fn open(folder: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(folder.join("data/runs.db"));
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
        Self(pool.expect("the database opens"))
    }

    /// The keys of the attempts that began and have not ended.
    async fn in_flight(&self) -> Vec<String> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT r.id, e.path FROM runs r JOIN run_events e ON e.run = r.number \
             WHERE r.ended_at IS NULL AND e.kind = 'started' AND NOT EXISTS (SELECT 1 FROM run_events o \
             WHERE o.run = e.run AND o.path = e.path AND o.attempt = e.attempt AND o.kind IN ('ended', 'failed'))",
        )
        .fetch_all(&self.0)
        .await
        .expect("the events are read");
        let key =
            |(run, path): (String, String)| idempotency_key(&RunId::from_text(&run), &path.parse().expect("a path"));
        rows.into_iter().map(key).collect()
    }

    /// The runs that a worker has, each with its epoch.
    async fn held(&self) -> BTreeMap<String, i64> {
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT id, epoch FROM runs WHERE worker IS NOT NULL")
            .fetch_all(&self.0)
            .await
            .expect("the runs are read");
        rows.into_iter().collect()
    }

    /// Waits until another worker has had each of these.
    async fn resumed(&self, held: &BTreeMap<String, i64>) {
        let resumed = async {
            loop {
                let rows: Vec<(String, i64)> = sqlx::query_as("SELECT id, epoch FROM runs WHERE status = 'running'")
                    .fetch_all(&self.0)
                    .await
                    .expect("the runs are read");
                if rows.iter().all(|(run, epoch)| held.get(run).is_none_or(|before| epoch > before)) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, resumed).await.expect("every run is resumed");
    }

    /// Waits until all runs have ended, and holds that those that were acknowledged succeeded.
    async fn all_ended(&self, acknowledged: &BTreeSet<String>) {
        let ended = async {
            loop {
                let open: i64 = sqlx::query_scalar("SELECT count(*) FROM runs WHERE ended_at IS NULL")
                    .fetch_one(&self.0)
                    .await
                    .expect("the runs are counted");
                if open == 0 {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended).await.expect("every run ends");
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT id, status FROM runs").fetch_all(&self.0).await.expect("the runs are read");
        let ended: BTreeMap<String, String> = rows.into_iter().collect();
        for run in acknowledged {
            assert_eq!(ended.get(run).map(String::as_str), Some("succeeded"), "{run}");
        }
    }
}
