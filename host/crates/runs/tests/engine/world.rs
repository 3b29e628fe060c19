//! A world for engines of runs: a data folder, actions that do what a test says, installations in memory, and a clock that a test
//! sets. Every host opens the folder for itself, as a process of its own would.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use cap_std::{ambient_authority, fs::Dir};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use workway_model::{Timestamp, UserId};
use workway_reducer::{Event, EventKind};
use workway_run_db::RunDatabase;
use workway_runs::{
    Clock, Origin, RunFilter, RunId, RunSettings, RunStatus, RunSummary, Runs, Services, StartError, StartedRun,
};
use workway_vault::{
    DataKeyStore, DataKeys, KeyFile, KeyId, KeyRing, KeyedRecord, KeyedRecords, RecordsError, Sealed, Vault,
};
use workway_workflow::WorkflowDefinition;

use crate::{actions::Script, double::Double, shelf::Shelf};

/// How long a test waits for what has to happen. It is far more than that takes: it ends tests that would hang.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// How often a condition is looked at that no change of this process announces.
const LOOK: Duration = Duration::from_millis(50);

pub struct World {
    pub folder: TempDir,
    pub actions: Arc<Script>,
    pub shelf: Arc<Shelf>,
    pub settings: RunSettings,
    keys: Arc<DataKeys>,
    /// Milliseconds that its clock is ahead, or that it shows if it stands.
    ahead: Arc<AtomicI64>,
    stands: Arc<AtomicBool>,
}

/// A process with an engine.
pub struct Host {
    pub runs: Runs,
    pub store: Arc<Double>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

pub fn ann() -> UserId {
    "ann".parse().unwrap()
}

impl World {
    pub async fn new() -> Self {
        Self::with(RunSettings::default()).await
    }

    pub async fn with(settings: RunSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::open(&folder.path().join("key")).unwrap();
        let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned().into();
        let vault = Vault::new(&KeyRing::load(Some(&key), &file).unwrap(), None, Arc::new(NoRecords));
        let keys = DataKeys::load(Arc::new(vault), Arc::new(MemoryKeys::default())).await.unwrap();
        Self {
            folder,
            actions: Arc::default(),
            shelf: Arc::default(),
            settings,
            keys: Arc::new(keys),
            ahead: Arc::default(),
            stands: Arc::default(),
        }
    }

    pub fn dir(&self) -> Dir {
        Dir::open_ambient_dir(self.folder.path(), ambient_authority()).unwrap()
    }

    /// A process that works.
    pub async fn host(&self) -> Host {
        let mut host = self.idle().await;
        host.work(self, PATIENCE);
        host
    }

    /// A process that does not work yet.
    pub async fn idle(&self) -> Host {
        let database = RunDatabase::open(&self.dir(), self.folder.path()).await.unwrap();
        let store = Arc::new(Double::new(database));
        let services = Services {
            store: Arc::clone(&store) as _,
            keys: Arc::clone(&self.keys),
            actions: Arc::clone(&self.actions) as _,
            installations: Arc::clone(&self.shelf) as _,
            clock: self.clock(),
        };
        let runs = Runs::new(services, self.settings.clone());
        Host { runs, store, stop: CancellationToken::new(), tasks: JoinSet::new() }
    }

    fn clock(&self) -> Clock {
        let (ahead, stands) = (Arc::clone(&self.ahead), Arc::clone(&self.stands));
        Clock::new(move || {
            let system = if stands.load(Ordering::SeqCst) { 0 } else { Timestamp::now().as_millis() };
            Timestamp::from_millis(system + ahead.load(Ordering::SeqCst))
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Sets the clock ahead, or back.
    pub fn set_ahead(&self, seconds: i64) {
        self.ahead.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }

    /// From now on the clock only moves when the test sets it: no lease ends by itself.
    pub fn stop_clock(&self, at: Timestamp) {
        self.ahead.store(at.as_millis(), Ordering::SeqCst);
        self.stands.store(true, Ordering::SeqCst);
    }

    /// Installs a workflow for Ann under this id, or changes it.
    pub fn install(&self, id: &str, definition: Value) {
        let definition = WorkflowDefinition::from_value(&definition).expect("a definition");
        self.shelf.install(id, &definition.to_value().to_string());
    }

    /// Installs a workflow that is started by hand.
    pub fn install_steps(&self, id: &str, steps: Value) {
        self.install(id, manual(steps));
    }
}

/// A workflow that is started by hand.
pub fn manual(steps: Value) -> Value {
    json!({ "name": "test", "trigger": { "manual": {} }, "steps": steps })
}

impl Host {
    pub fn work(&mut self, world: &World, grace: Duration) {
        self.tasks = self.runs.work(&world.dir(), self.stop.clone(), grace).unwrap();
    }

    /// Ends as after `kill -9`: without a goodbye.
    pub fn crash(self) {
        drop(self);
    }

    /// Asks it to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits until it has stopped.
    pub async fn stopped(mut self) {
        self.stop();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(PATIENCE, all).await.expect("the host does not stop");
    }

    pub async fn try_start(&self, installation: &str) -> Result<StartedRun, StartError> {
        self.runs.start(&ann(), installation, json!(null), None).await
    }

    pub async fn start(&self, installation: &str) -> RunId {
        self.try_start(installation).await.expect("is started").run
    }

    pub async fn find(&self, run: &RunId) -> RunSummary {
        self.runs.find(&ann(), run).await.expect("is found")
    }

    /// Waits for something that a run does.
    pub async fn until(&self, run: &RunId, what: impl Fn(&RunSummary) -> bool) -> RunSummary {
        let mut last = None;
        let waiting = async {
            let mut changes = self.runs.changes();
            loop {
                // A store that fails for a while is part of some tests.
                if let Ok(found) = self.runs.find(&ann(), run).await {
                    if what(&found) {
                        return found;
                    }
                    last = Some(found);
                }
                let _ = tokio::time::timeout(LOOK, changes.recv()).await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("it does not happen: {last:?}, {:?}", self.kinds(run).await),
        }
    }

    pub async fn until_status(&self, run: &RunId, status: RunStatus) -> RunSummary {
        self.until(run, |found| found.status == status).await
    }

    /// Waits until a run has ended.
    pub async fn end(&self, run: &RunId) -> RunSummary {
        self.until(run, |found| found.status.is_ended()).await
    }

    pub async fn end_all(&self, runs: &[RunId]) {
        for run in runs {
            assert_eq!(self.end(run).await.status, RunStatus::Succeeded, "{:?}", self.kinds(run).await);
        }
    }

    /// Waits until a run has succeeded, and returns its output.
    pub async fn output(&self, run: &RunId) -> Value {
        let (found, output) = self.runs.wait(&ann(), run, PATIENCE).await.unwrap();
        assert_eq!(found.status, RunStatus::Succeeded, "{:?}", self.kinds(run).await);
        output.expect("an output")
    }

    pub async fn events(&self, run: &RunId) -> Vec<Event> {
        self.runs.events_after(run, 0, u32::MAX).await.unwrap().into_iter().map(|(_, event)| event).collect()
    }

    /// Paths, attempts and kinds of its events.
    pub async fn kinds(&self, run: &RunId) -> Vec<String> {
        let events = self.events(run).await;
        events.iter().map(|event| format!("{}#{} {}", event.path, event.attempt, event.kind.name())).collect()
    }

    /// The code and the step that a run failed with.
    pub async fn failure(&self, run: &RunId) -> (String, String) {
        let found = self.end(run).await;
        assert_eq!(found.status, RunStatus::Failed);
        let failure = self.events(run).await.into_iter().find_map(|event| match event.kind {
            EventKind::RunEnded { failure, .. } => failure,
            _ => None,
        });
        let failure = failure.expect("a failure");
        (failure.failure.code, failure.step.to_string())
    }

    /// Runs of an origin, the oldest first.
    pub async fn of_origin(&self, origin: Origin) -> Vec<RunSummary> {
        let filter = RunFilter { origin: Some(origin), ..RunFilter::default() };
        let mut runs = self.runs.list(&filter, None, 10_000).await.unwrap().runs;
        runs.reverse();
        runs
    }

    pub async fn count(&self, status: RunStatus) -> u64 {
        let counts = self.runs.counts().await.unwrap();
        counts.by_status.iter().find(|(found, _)| *found == status).map_or(0, |(_, count)| *count)
    }
}

/// Waits for a condition.
pub async fn eventually<F: Future<Output = bool>>(what: &str, is: impl Fn() -> F) {
    let waiting = async {
        while !is().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it does not happen: {what}"));
}

/// Data keys in memory.
#[derive(Debug, Default)]
struct MemoryKeys(std::sync::Mutex<Vec<(KeyId, Vec<u8>)>>);

#[async_trait]
impl DataKeyStore for MemoryKeys {
    async fn all(&self) -> Result<Vec<(KeyId, Vec<u8>)>, RecordsError> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn add(&self, _: Option<KeyId>, id: KeyId, sealed: &Sealed) -> Result<bool, RecordsError> {
        self.0.lock().unwrap().push((id, sealed.record.clone()));
        Ok(true)
    }
}

/// No records under the master key.
struct NoRecords;

#[async_trait]
impl KeyedRecords for NoRecords {
    async fn active_key(&self) -> Result<Option<KeyId>, RecordsError> {
        Ok(None)
    }

    async fn set_active_key(&self, _: Option<KeyId>, _: KeyId) -> Result<bool, RecordsError> {
        Ok(true)
    }

    async fn outdated(&self, _: KeyId, _: &str, _: u32) -> Result<Vec<KeyedRecord>, RecordsError> {
        Ok(Vec::new())
    }

    async fn reseal(&self, _: &KeyedRecord, _: &Sealed) -> Result<bool, RecordsError> {
        Ok(false)
    }

    async fn drop_records(&self, _: &[String]) -> Result<u64, RecordsError> {
        Ok(0)
    }

    async fn scrub(&self) -> Result<bool, RecordsError> {
        Ok(true)
    }
}
