//! The component in the very sandbox that serves it: one registry, loaded once, whose network, accounts and storage are
//! those of the case that runs. Prints nothing, and leaves nothing behind.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use cap_std::{ambient_authority, fs::Dir};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use workway_capability::{
    fetch::{CredentialHeaders, FetchClient, FetchClientBuilder, PooledTransport},
    oauth::{ConnectionSource, MemoryConnections},
    storage::{Change, Quota, Space, StorageBackend, StorageLimits},
};
use workway_model::{FileName, IntegrationId, UserId};
use workway_providers::{Catalogue, CatalogueError};
use workway_registry::{
    ActionRegistry, Activated, ActivationError, Active, AdmissionSettings, Grants, RegistrySettings, Services,
};
use workway_resources::Resources;
use workway_sandbox::{
    CacheError, CacheSettings, CallLimits, CodeCache, Compiler, Runtime, RuntimeError, SandboxSettings,
};

use super::{
    Case, Fixture, Suite, SuiteError,
    case::Subject,
    connections::made_up,
    fixture::Fixtures,
    json::{Rule, differences, quoted},
    meter::Metered,
    outcome::{self, Outcome},
    redact::Redactor,
    world::{InWorld, Notes, Upstream, WORLD, World},
};

/// Cases that run at once; more wait.
const MAX_RUNNING: u32 = 16;
/// What the component is called in the kit's own plugins folder.
const COMPONENT: &str = "component.wasm";
/// The longest id of a user, in bytes.
const MAX_USER_BYTES: usize = 128;

/// What a kit differs in from a host with default settings.
#[derive(Clone, Debug, Default)]
pub struct KitOptions {
    /// The providers that cases can name; the built-in ones unless given.
    pub catalogue: Option<Catalogue>,
    /// The bounds of each call.
    pub limits: CallLimits,
}

/// Whose accounts are used when requests really go out, and which way they go.
pub struct LiveServices {
    pub connections: Arc<dyn ConnectionSource>,
    pub user: UserId,
    /// Its upstreams, name servers and certificates are used. Its transport and observer are not.
    pub network: FetchClientBuilder,
}

/// A component that is ready to be tested.
pub struct Kit {
    registry: ActionRegistry,
    active: Arc<Active>,
    catalogue: Catalogue,
    limits: StorageLimits,
    live: Option<Live>,
    running: Semaphore,
    /// Holds the component and its compiled code until the kit is gone.
    _folder: TempDir,
}

struct Live {
    connections: Arc<dyn ConnectionSource>,
    user: UserId,
    pool: PooledTransport,
}

/// Why there is no kit for a component.
#[derive(Debug, thiserror::Error)]
pub enum KitError {
    #[error(transparent)]
    Component(#[from] ActivationError),
    #[error("the test kit's temporary folder: {0}")]
    Folder(#[from] io::Error),
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error("the component was loaded but does not answer calls")]
    NotServing,
}

/// The result of one case.
#[derive(Clone, Debug)]
pub struct CaseReport {
    pub file: PathBuf,
    pub name: String,
    /// Everything that is not as expected; empty where the case passed. Each may have several lines.
    pub problems: Vec<String>,
    pub elapsed: Duration,
    /// CPU time of the call, the host's part of it included.
    pub cpu: Duration,
    /// The most memory that the guest held, in bytes.
    pub memory_bytes: u64,
    /// Requests that were sent, redirects included.
    pub requests: usize,
}

impl CaseReport {
    pub fn passed(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Kit {
    /// Loads a component for cases whose upstream is fixtures. Nothing that it does reaches the network.
    ///
    /// # Errors
    /// See [`KitError`]. Bytes that are no integration are refused in the registry's words.
    pub async fn mock(component: &[u8]) -> Result<Self, KitError> {
        Self::mock_with(component, KitOptions::default()).await
    }

    /// As [`Self::mock`].
    ///
    /// # Errors
    /// As [`Self::mock`].
    pub async fn mock_with(component: &[u8], options: KitOptions) -> Result<Self, KitError> {
        Self::load(component, options, None).await
    }

    /// Loads a component whose requests really go out, for the accounts of a user. What a case says of fixtures and
    /// connections is not used.
    ///
    /// # Errors
    /// As [`Self::mock`].
    pub async fn live(component: &[u8], services: LiveServices, options: KitOptions) -> Result<Self, KitError> {
        let LiveServices { connections, user, network } = services;
        let pool = network.build_transport(options.limits.body_bytes);
        Self::load(component, options, Some(Live { connections, user, pool })).await
    }

    async fn load(component: &[u8], options: KitOptions, live: Option<Live>) -> Result<Self, KitError> {
        let KitOptions { catalogue, limits } = options;
        let catalogue = match catalogue {
            Some(catalogue) => catalogue,
            None => Catalogue::new(None, &Default::default())?,
        };
        let folder = tempfile::Builder::new().prefix("workway-test-").tempdir()?;
        let open = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path)?;
            Dir::open_ambient_dir(path, ambient_authority())
        };
        let (plugins, data) = (open("plugins")?, open("data")?);
        let bytes = component.to_vec();
        let plugins = tokio::task::spawn_blocking(move || plugins.write(COMPONENT, bytes).map(|()| plugins));
        let plugins = plugins.await.map_err(io::Error::other)??;
        let cache = CodeCache::open(&data, CacheSettings::default().bytes)?;
        // Compiled as in production: what is tested is what will serve. The component is the developer's own.
        let sandbox = SandboxSettings {
            compiler: Compiler::Cranelift,
            worker: None,
            calls: MAX_RUNNING,
            memory_bytes: limits.memory_bytes,
        };
        let share = Resources::unlimited().host_share();
        let runtime = Runtime::new(sandbox, cache, share.clone())?;
        let admission = AdmissionSettings { calls: MAX_RUNNING, calls_per_integration: MAX_RUNNING };
        let settings = RegistrySettings { limits, admission, ..RegistrySettings::default() };
        let world = Arc::new(InWorld);
        let storage_limits = StorageLimits::default();
        let services = Services {
            plugins: Arc::new(plugins),
            // With a transport of its own there is no pool that could reach anything.
            fetch: FetchClient::builder().transport(world.clone()).observer(world.clone()).build(),
            connections: world.clone(),
            credential_headers: Arc::new(CredentialHeaders::new(catalogue.credential_headers())),
            storage: world,
            share,
            storage_limits: storage_limits.clone(),
            grants: Grants::Declared,
            recorder: Arc::new(metrics::NoopRecorder),
        };
        let registry = ActionRegistry::new(runtime, services, settings);
        let file: FileName = COMPONENT.parse().map_err(io::Error::other)?;
        let activated = registry.register(file).await;
        // Nothing may be on its way into the folder when that is removed.
        registry.finish_keeping().await;
        let Activated::Serving(loading) = activated? else { return Err(KitError::NotServing) };
        let active = registry.snapshot().integrations.get(&loading.integration).and_then(|entry| entry.active.clone());
        Ok(Self {
            active: active.ok_or(KitError::NotServing)?,
            registry,
            catalogue,
            limits: storage_limits,
            live,
            running: Semaphore::new(usize::try_from(MAX_RUNNING).unwrap_or(1)),
            _folder: folder,
        })
    }

    pub(super) fn registry(&self) -> &ActionRegistry {
        &self.registry
    }

    /// The id that the component says it has.
    pub fn integration(&self) -> &IntegrationId {
        &self.active.definition.id
    }

    /// Whether everything that a suite names is there.
    ///
    /// # Errors
    /// Every case that calls what the component does not have.
    pub fn check(&self, suite: &Suite) -> Result<(), SuiteError> {
        let problems: Vec<String> = suite
            .cases
            .iter()
            .filter_map(|case| self.unknown(case).map(|problem| (case, problem)))
            .map(|(case, problem)| format!("{}: case {:?}: {problem}", suite.file.display(), case.name))
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(SuiteError { problems }) }
    }

    fn unknown(&self, case: &Case) -> Option<String> {
        let definition = &self.active.definition;
        let id = case.subject_id();
        let actions = || definition.actions.iter().map(|action| action.id.as_str());
        let triggers = || definition.triggers.iter().map(|trigger| trigger.id.as_str());
        let (what, known): (_, Vec<&str>) = match case.subject {
            Subject::Action { .. } => ("action", actions().collect()),
            Subject::Trigger { .. } => ("trigger", triggers().collect()),
            Subject::Options { .. } => ("action or trigger", actions().chain(triggers()).collect()),
        };
        let (integration, list) = (&definition.id, known.join(", "));
        (!known.contains(&id.as_str()))
            .then(|| format!("integration \"{integration}\" has no {what} \"{id}\": it has {list}"))
    }

    /// Runs one case. Cases may run at once.
    pub async fn run(&self, case: &Case) -> CaseReport {
        self.run_case(case, false).await.0
    }

    /// Runs one case and answers what the upstream answered, without secrets. Of a mock kit these are none. What cannot
    /// be recorded is a problem of the report.
    pub async fn record(&self, case: &Case) -> (CaseReport, Vec<Fixture>) {
        self.run_case(case, true).await
    }

    async fn run_case(&self, case: &Case, keep: bool) -> (CaseReport, Vec<Fixture>) {
        let mut report = CaseReport {
            file: case.file.clone(),
            name: case.name.clone(),
            problems: Vec::new(),
            elapsed: Duration::ZERO,
            cpu: Duration::ZERO,
            memory_bytes: 0,
            requests: 0,
        };
        // The semaphore is never closed.
        let _running = self.running.acquire().await;
        let user = match self.user(case) {
            Ok(user) => user,
            Err(problem) => return (CaseReport { problems: vec![problem], ..report }, Vec::new()),
        };
        let space = Space { integration: self.integration().clone(), user };
        let world = match self.world(case, &space).await {
            Ok(world) => Arc::new(world),
            Err(problems) => return (CaseReport { problems, ..report }, Vec::new()),
        };
        let started = Instant::now();
        let call = Metered::new(self.call(case, &space.user));
        let (called, cpu) = WORLD.scope(Arc::clone(&world), call).await;
        report.elapsed = started.elapsed();
        report.cpu = cpu;
        report.memory_bytes = called.usage.memory_bytes;
        let mut problems = Outcome::of(called.result).problems(&case.expect);
        let notes = world.take_notes();
        report.requests = notes.sent.len();
        problems.extend(notes.problems.iter().cloned());
        problems.extend(outcome::of_requests(&case.expect, &notes.sent));
        problems.extend(outcome::of_denied(&case.expect, &notes.denied));
        problems.extend(stored(&world, &space, case).await);
        let Notes { mut exchanges, connections, .. } = notes;
        let redactor = if self.live.is_some() { Redactor::new(connections, &exchanges) } else { Redactor::default() };
        let mut fixtures = Vec::new();
        if keep && self.live.is_some() {
            if exchanges.len() < report.requests {
                let missing = report.requests - exchanges.len();
                problems.push(format!("{missing} requests were not answered in time and were not recorded"));
            }
            exchanges.sort_by_key(|exchange| exchange.place);
            for exchange in &exchanges {
                match redactor.fixture(exchange) {
                    Ok(fixture) => fixtures.push(fixture),
                    Err(problem) => problems.push(problem),
                }
            }
        }
        report.problems = problems.into_iter().map(|problem| redactor.problem(problem)).collect();
        (report, fixtures)
    }

    /// Who calls: in a mock kit somebody of the case's own.
    fn user(&self, case: &Case) -> Result<UserId, String> {
        if let Some(live) = &self.live {
            return Ok(live.user.clone());
        }
        let mut name = format!("test-{}", case.slug());
        while name.len() > MAX_USER_BYTES {
            name.pop();
        }
        name.parse().map_err(|error| format!("name: {error}"))
    }

    async fn world(&self, case: &Case, space: &Space) -> Result<World, Vec<String>> {
        let world = match &self.live {
            Some(live) => World::new(Upstream::Network(live.pool.clone()), Arc::clone(&live.connections)),
            None => {
                let connections = MemoryConnections::default();
                let mut problems = Vec::new();
                for (provider, written) in &case.connections {
                    match made_up(&self.catalogue, &self.active.definition.permissions, provider, written) {
                        Ok(connection) => connections.insert(space.user.clone(), connection),
                        Err(problem) => problems.push(problem),
                    }
                }
                if !problems.is_empty() {
                    return Err(problems);
                }
                let fixtures = Fixtures::new(case.fixtures.clone().unwrap_or_default());
                World::new(Upstream::Fixtures(Mutex::new(fixtures)), Arc::new(connections))
            }
        };
        let change = |(key, value): (&String, &Value)| Change::Put(key.clone(), value.to_string().into_bytes());
        let changes: Vec<Change> = case.storage.iter().map(change).collect();
        let quota: Quota = self.limits.quota();
        let filled = world.storage().commit(space, quota, Vec::new(), changes).await;
        filled.map_err(|error| vec![format!("storage: {error}")])?;
        Ok(world)
    }
}

/// Where what is stored is not what the case expects.
async fn stored(world: &World, space: &Space, case: &Case) -> Vec<String> {
    let mut problems = Vec::new();
    for (key, expected) in &case.expect.storage {
        let entry = match world.storage().get(space, key).await {
            Ok(entry) => entry,
            Err(error) => {
                problems.push(format!("storage: {key}: {error}"));
                continue;
            }
        };
        let actual = entry.map(|entry| {
            let text = || Value::String(String::from_utf8_lossy(&entry.value).into_owned());
            serde_json::from_slice(&entry.value).unwrap_or_else(|_| text())
        });
        let lines = match (expected, actual) {
            (Value::Null, None) => continue,
            (Value::Null, Some(actual)) => vec![format!("expected to be absent, got {}", quoted(&actual))],
            (expected, None) => vec![format!("expected {}, but it is absent", quoted(expected))],
            (expected, Some(actual)) => differences(expected, &actual, Rule::Exact),
        };
        problems.extend(lines.into_iter().map(|line| format!("storage: {key}: {line}")));
    }
    problems
}
