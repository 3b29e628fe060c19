//! Puts the host together from its settings. What it builds, `http` serves.

mod action_catalogue;
mod doctor;
mod keys;
mod runs;

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use cap_std::{ambient_authority, fs::Dir};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use url::Url;
use workway_capability::{
    fetch::{CredentialHeaders, FetchClient, Upstream, UpstreamError, Upstreams},
    storage::StorageLimits,
};
use workway_db::{Database, DatabaseError};
use workway_marketplace::{StoreError, WorkflowRegistry};
use workway_model::{FileName, Mode, Timestamp};
use workway_oauth::{AuthorizationFlow, ConnectionStore, ProcessMark, Renewal, StoredConnections, TokenEndpoint};
use workway_providers::{Catalogue, CatalogueError};
use workway_registry::{
    ActionRegistry, Grants, Pin, RecheckQueue, Services,
    watcher::{WatchError, Watcher},
};
use workway_resources::Resources;
use workway_run_db::RunDatabase;
use workway_runs::{Clock, Runs};
use workway_sandbox::{CacheError, CodeCache, Runtime, RuntimeError};
use workway_users::Users;
use workway_vault::{DataKeys, DataKeysError, KeyError, KeyRing, Vault, VerifyKeysError};

pub use doctor::{DoctorError, Examination, examine};
pub use keys::{RotateKeysError, rotate_keys};

use crate::settings::{Settings, Trust};

/// Bounds of the buckets that call times are counted in, in seconds.
const CALL_SECONDS: [f64; 12] = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0];
/// Clients that follow the events of runs at once. Each holds a connection for as long as its run goes on.
const MAX_RUN_FOLLOWERS: usize = 256;

/// Everything that answers requests. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    settings: Arc<Settings>,
    registry: ActionRegistry,
    connections: ConnectionStore,
    marketplace: WorkflowRegistry,
    users: Users,
    runs: Runs,
    run_database: RunDatabase,
    /// What [`App::load`] started to work on runs.
    run_tasks: Mutex<JoinSet<()>>,
    run_followers: Arc<Semaphore>,
    /// Cancelled when the host shuts down.
    stop: CancellationToken,
    /// The data folder.
    data: Dir,
    catalogue: Catalogue,
    flow: AuthorizationFlow,
    /// Where this host listens, once it does.
    address: OnceLock<SocketAddr>,
    database: Database,
    metrics: PrometheusHandle,
    resources: Resources,
    ready: AtomicBool,
}

/// Why the host does not start. Each says what to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("plugins folder {}: {source}: create it, or choose another with --plugins", path.display())]
    Plugins { path: PathBuf, source: io::Error },
    #[error("data folder {}: {source}: make it writable for this user, or choose another with --data", path.display())]
    Data { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    #[error("providers file {}: {source}: make it readable, or choose another in [oauth] providers_file", path.display())]
    Providers { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error("data folder: this process cannot be recorded: {0}: check its permissions and free space")]
    Process(io::Error),
    #[error(transparent)]
    Keys(#[from] VerifyKeysError),
    #[error(transparent)]
    DataKeys(#[from] DataKeysError),
    #[error("metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// Why a host does not become ready.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("the plugins folder cannot be read: {0}")]
    Plugins(#[from] io::Error),
    #[error("the marketplace cannot be read: {0}")]
    Marketplace(#[from] StoreError),
    #[error("data folder: the worker of the runs cannot be recorded: {0}: check its permissions and free space")]
    Runs(io::Error),
}

impl App {
    /// Opens folders, database and key, and starts the engine. Loads no integration yet: see [`App::load`].
    ///
    /// # Errors
    /// See [`StartError`]; nothing keeps running then.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let folder = &settings.plugins.folder;
        let plugins = Dir::open_ambient_dir(folder, ambient_authority())
            .map_err(|source| StartError::Plugins { path: folder.clone(), source })?;
        let trust = Trust::of(settings.mode);
        trust.check_plugins(&plugins, folder);
        let data = trust
            .open_data(&settings.data)
            .map_err(|source| StartError::Data { path: settings.data.clone(), source })?;
        if settings.mode == Mode::Development && settings.plugins.pin == Pin::Hash {
            tracing::warn!(
                "plugins.pin = \"hash\" has no effect in development mode, which grants everything that is declared"
            );
        }
        let settings = Arc::new(settings);
        let resources = Resources::new(settings.memory.work_bytes());
        let runtime =
            Runtime::new(settings.sandbox(), CodeCache::open(&data, settings.cache.bytes)?, resources.host_share())?;
        let upstreams = upstreams(&settings)?;
        let catalogue = catalogue(&settings)?;
        let fetch = FetchClient::builder().upstreams(upstreams).dns(settings.dns.clone()).build();
        let (database, vault) = open_vault(&settings, &data, trust).await?;
        vault.verify_keys().await?;
        let oauth = Arc::new(settings.oauth.clone());
        let endpoint = TokenEndpoint::new(fetch.clone());
        let process = ProcessMark::enter(&data).map_err(StartError::Process)?;
        let (vault, rows) = (Arc::new(vault), Arc::new(database.connections()));
        let data_keys = DataKeys::load(Arc::clone(&vault), Arc::new(database.data_keys())).await?;
        let run_database = RunDatabase::open(&data, &settings.data).await?;
        let users = Users::new(
            Arc::new(database.users()),
            Arc::new(database.api_tokens()),
            Arc::new(database.developers()),
            Arc::clone(&vault),
            &settings.users,
        );
        let stored = StoredConnections::new(Arc::clone(&vault), rows.clone(), catalogue.clone());
        let connections = ConnectionStore::new(Renewal::new(stored, rows, endpoint.clone(), oauth.clone(), process));
        let pending = Arc::new(database.authorizations());
        let flow = AuthorizationFlow::new(catalogue.clone(), oauth, endpoint, connections.clone(), pending);
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full("workway_call_seconds".into()), &CALL_SECONDS)?
            .build_recorder();
        let metrics = recorder.handle();
        let services = Services {
            plugins: Arc::new(plugins),
            fetch,
            share: resources.host_share(),
            connections: Arc::new(connections.clone()),
            credential_headers: Arc::new(CredentialHeaders::new(catalogue.credential_headers())),
            storage: Arc::new(database.storage()),
            storage_limits: StorageLimits::default(),
            grants: match settings.mode {
                Mode::Development => Grants::Declared,
                Mode::Production => Grants::Approved { store: Arc::new(database.grants()), pin: settings.plugins.pin },
            },
            recorder: Arc::new(recorder),
        };
        let registry = ActionRegistry::new(runtime, services, settings.registry.clone());
        let actions = Arc::new(action_catalogue::RegisteredActions(registry.clone()));
        let cache_bytes = settings.marketplace.cache_bytes;
        let marketplace = WorkflowRegistry::new(Arc::new(database.listings()), actions, vault, cache_bytes);
        let runs = Runs::new(
            workway_runs::Services {
                store: Arc::new(run_database.clone()),
                keys: Arc::new(data_keys),
                actions: Arc::new(runs::RunActions {
                    registry: registry.clone(),
                    share: resources.share(settings.memory.runs_bytes()),
                }),
                installations: Arc::new(runs::RunInstallations(marketplace.clone())),
                clock: Clock::system(),
            },
            settings.runs.clone(),
        );
        Ok(Self(Arc::new(Inner {
            settings,
            registry,
            marketplace,
            connections,
            users,
            runs,
            run_database,
            run_tasks: Mutex::default(),
            run_followers: Arc::new(Semaphore::new(MAX_RUN_FOLLOWERS)),
            stop: CancellationToken::new(),
            data,
            catalogue,
            flow,
            address: OnceLock::new(),
            database,
            metrics,
            resources,
            ready: AtomicBool::new(false),
        })))
    }

    /// Loads the integrations that are there, reads the marketplace, begins to work on runs, and is ready from then on. An
    /// integration that cannot be loaded is listed, not fatal.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn load(&self) -> Result<(), LoadError> {
        let settings = &self.0.settings;
        if settings.mode == Mode::Production && settings.worker.is_none() {
            tracing::warn!("components compile in this process, without limits: no compile worker is set");
        }
        let (registered, read) = tokio::join!(self.0.registry.register_all(), self.0.marketplace.initialize());
        registered?;
        read?;
        // Not before: the actions of a run have to be there.
        let worked = self.0.runs.work(&self.0.data, self.0.stop.clone(), settings.server.grace());
        *self.run_tasks() = worked.map_err(LoadError::Runs)?;
        self.0.ready.store(true, Ordering::Release);
        Ok(())
    }

    /// Begins to notice changes of the plugins folder, where the settings say so.
    ///
    /// # Errors
    /// The system does not let it.
    pub fn watch(&self) -> Result<Option<Watcher>, WatchError> {
        if !self.0.settings.watch {
            return Ok(None);
        }
        Watcher::start(&self.0.settings.plugins.folder, |name| name.parse::<FileName>().is_ok()).map(Some)
    }

    /// Keeps the registry as the plugins folder is, for as long as there is one.
    pub async fn follow(&self, mut watcher: Watcher) {
        let registry = &self.0.registry;
        let mut rechecks = RecheckQueue::default();
        loop {
            let due = rechecks.due();
            // Without anything due this branch is off, and the time is ignored.
            let wait = tokio::time::sleep_until(due.unwrap_or_else(tokio::time::Instant::now));
            let (files, gone) = tokio::select! {
                changes = watcher.changed() => {
                    let named = || changes.names.iter().filter_map(|name| name.parse().ok()).collect();
                    let files = if changes.everything { registry.all_files() } else { Ok(named()) };
                    (files, changes.folder_gone)
                }
                () = wait, if due.is_some() => (Ok(rechecks.take_due()), false),
            };
            match files {
                Ok(files) => {
                    for file in files {
                        registry.look_at(file, &mut rechecks).await;
                    }
                }
                Err(error) => tracing::error!("the plugins folder cannot be listed: {error}"),
            }
            if gone {
                tracing::error!(
                    "the plugins folder is gone: loaded integrations keep running; recreate the folder and restart the host"
                );
                return;
            }
        }
    }

    /// Ends those who follow events, so that their requests end, and begins no more steps of runs: see [`App::finish_runs`].
    pub fn begin_shutdown(&self) {
        self.0.registry.end_events();
        self.0.stop.cancel();
    }

    /// Waits until the steps of runs that are under way have ended, which takes at most `server.shutdown_grace` from
    /// [`App::begin_shutdown`] on. Other steps are for the next start.
    pub async fn finish_runs(&self) {
        let mut tasks = std::mem::take(&mut *self.run_tasks());
        while tasks.join_next().await.is_some() {}
    }

    fn run_tasks(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        self.0.run_tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finishes what is being written, and closes the databases, so that their files are whole by themselves.
    pub async fn close(&self) {
        self.0.registry.finish_keeping().await;
        self.0.connections.finish().await;
        self.0.run_database.close().await;
        self.0.database.close().await;
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn resources(&self) -> &Resources {
        &self.0.resources
    }

    pub fn registry(&self) -> &ActionRegistry {
        &self.0.registry
    }

    pub fn connections(&self) -> &ConnectionStore {
        &self.0.connections
    }

    pub fn marketplace(&self) -> &WorkflowRegistry {
        &self.0.marketplace
    }

    pub fn runs(&self) -> &Runs {
        &self.0.runs
    }

    /// Brings the trigger of an installation in line with it, after it was written.
    pub(crate) async fn follow_installation(&self, id: &str) {
        if let Err(error) = self.0.runs.follow(id).await {
            tracing::warn!(installation = id, %error, "the trigger is not up to date: the next sweep writes it");
        }
    }

    /// A place among those who follow events of runs; none if all are taken.
    pub(crate) fn run_follower(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.run_followers).try_acquire_owned().ok()
    }

    /// Cancelled when the host shuts down.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.0.stop
    }

    pub fn users(&self) -> &Users {
        &self.0.users
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    pub fn flow(&self) -> &AuthorizationFlow {
        &self.0.flow
    }

    /// Tells where this host listens.
    pub(crate) fn listens_on(&self, address: SocketAddr) {
        // A host listens once.
        let _ = self.0.address.set(address);
    }

    /// The URL at which browsers reach this host. None in production unless the operator set one: the address that the host
    /// listens on is rarely the one that browsers use.
    pub fn public_url(&self) -> Option<Url> {
        let settings = &self.0.settings;
        let listening = || self.0.address.get().filter(|_| settings.mode == Mode::Development);
        settings.oauth.public_url.clone().or_else(|| Url::parse(&format!("http://{}", listening()?)).ok())
    }

    pub fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    /// Periodic maintenance: flushes metrics into their histograms (until then each measurement takes memory), drops expired
    /// connections and rate-limit buckets, and picks up what other processes published.
    pub fn run_maintenance(&self) {
        self.0.metrics.run_upkeep();
        self.0.connections.run_maintenance();
        self.0.users.run_maintenance();
        let marketplace = self.0.marketplace.clone();
        tokio::spawn(async move { marketplace.follow_others().await });
    }

    /// Counters in the Prometheus text format. Those of runs are left out if their database fails.
    pub async fn render_metrics(&self) -> String {
        let (used, limit) = self.0.resources.memory();
        let calls = self.0.metrics.render();
        let runs = match self.0.runs.counts().await {
            Ok(counts) => runs::metrics(&counts, Timestamp::now()),
            Err(error) => {
                tracing::warn!(%error, "the runs cannot be counted");
                String::new()
            }
        };
        format!(
            "{calls}# TYPE workway_memory_bytes gauge\nworkway_memory_bytes {used}\n\n\
             # TYPE workway_memory_limit_bytes gauge\nworkway_memory_limit_bytes {limit}\n\n{runs}"
        )
    }
}

/// The built-in providers, and those that the settings name.
///
/// # Errors
/// The providers file cannot be read, or an entry is wrong.
pub fn catalogue(settings: &Settings) -> Result<Catalogue, StartError> {
    let oauth = &settings.oauth;
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|source| StartError::Providers { path: path.clone(), source })
    };
    let own = oauth.providers_file.as_ref().map(read).transpose()?;
    Ok(Catalogue::new(own.as_deref(), &oauth.hosts)?)
}

async fn open_vault(settings: &Settings, data: &Dir, trust: Trust) -> Result<(Database, Vault), StartError> {
    let (key, path) = (settings.key.as_ref(), settings.key_file.as_deref());
    let file = keys::key_file(key, path, data)?;
    let ring = KeyRing::load(key, &file)?;
    if let (None, Some(path)) = (key, path) {
        trust.check_key_file(path);
    }
    // Keys that the operator gave are not in the file.
    let file = key.is_none().then_some(file);
    let database = Database::open(data, &settings.data).await?;
    let vault = Vault::new(&ring, file, Arc::new(database.keyed_records()));
    Ok((database, vault))
}

fn upstreams(settings: &Settings) -> Result<Upstreams, UpstreamError> {
    let mut upstreams = Upstreams::default();
    for (host, origin) in &settings.upstreams {
        upstreams.insert(host, origin.parse::<Upstream>()?)?;
    }
    Ok(upstreams)
}
