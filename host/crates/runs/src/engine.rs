//! The engine: what all its parts share, and the loop that takes runs that are due and drives them.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt as _;
use moka::sync::Cache;
use tokio::{
    sync::{Notify, broadcast},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use workway_model::Timestamp;
use workway_vault::DataKeys;
use workway_workflow::{DefinitionError, WorkflowDefinition};

use crate::{
    Actions, Clock, Installations, Lease, RunId, RunSettings, RunStore, RunStoreError, WorkerId,
    drive::{Drive, give_up},
    history::History,
    liveness::Liveness,
};

/// How long a worker's lease is, and how often it is renewed. A worker that cannot renew it may lose its runs to another one.
const LEASE: Duration = Duration::from_secs(10);
const RENEWAL: Duration = Duration::from_secs(3);
/// How often runs that another process started, or whose worker died, are looked for.
const LOOK: Duration = Duration::from_millis(500);
/// The first and the longest pause after a store that failed.
const PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Runs that are taken at once.
const CLAIMED_AT_ONCE: u32 = 64;
/// Definitions that are kept parsed.
const DEFINITIONS: u64 = 256;
/// Changes that a slow follower may be behind.
const CHANGES: usize = 1_024;

/// Everything that runs share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Engine(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn RunStore>,
    pub(crate) actions: Arc<dyn Actions>,
    pub(crate) installations: Arc<dyn Installations>,
    pub(crate) history: History,
    pub(crate) settings: RunSettings,
    pub(crate) clock: Clock,
    /// A run has a new event, or ended.
    pub(crate) changed: broadcast::Sender<RunId>,
    /// A run may be due.
    due: Notify,
    /// A schedule may be due, or has changed.
    pub(crate) schedules: Notify,
    /// Wakes the drivers of this process for messages.
    driven: Mutex<HashMap<RunId, Arc<Notify>>>,
    definitions: Cache<String, Arc<WorkflowDefinition>>,
}

/// What the host hands to its runs.
pub struct Services {
    pub store: Arc<dyn RunStore>,
    pub keys: Arc<DataKeys>,
    pub actions: Arc<dyn Actions>,
    pub installations: Arc<dyn Installations>,
    pub clock: Clock,
}

impl std::ops::Deref for Engine {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Engine {
    pub(crate) fn new(services: Services, settings: RunSettings) -> Self {
        Self(Arc::new(Shared {
            store: services.store,
            actions: services.actions,
            installations: services.installations,
            history: History::new(services.keys),
            settings,
            clock: services.clock,
            changed: broadcast::channel(CHANGES).0,
            due: Notify::new(),
            schedules: Notify::new(),
            driven: Mutex::new(HashMap::new()),
            definitions: Cache::new(DEFINITIONS),
        }))
    }

    /// A stored definition, parsed.
    pub(crate) fn definition(&self, text: &str) -> Result<Arc<WorkflowDefinition>, DefinitionError> {
        if let Some(known) = self.definitions.get(text) {
            return Ok(known);
        }
        let parsed = Arc::new(WorkflowDefinition::from_json(text)?);
        self.definitions.insert(text.to_owned(), Arc::clone(&parsed));
        Ok(parsed)
    }

    /// A run was made due, or has a message.
    pub(crate) fn wake(&self, run: &RunId) {
        match self.driven().get(run) {
            Some(driver) => driver.notify_one(),
            None => self.due.notify_one(),
        }
    }

    /// Followers look at the run again. Without followers nobody has to.
    pub(crate) fn tell(&self, run: &RunId) {
        let _ = self.changed.send(run.clone());
    }

    fn driven(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Arc<Notify>>> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drives runs until `stop`, and then those that it has for at most `grace`, to let calls in flight end.
    pub(crate) async fn work(self, liveness: Liveness, stop: CancellationToken, grace: Duration) {
        let worker = liveness.worker().clone();
        let abort = CancellationToken::new();
        // They end with this task, however it ends: a lease that is renewed for nobody would hold runs up.
        let mut helpers = JoinSet::new();
        helpers.spawn(self.clone().renew(worker.clone(), abort.clone()));
        helpers.spawn(self.clone().bury(liveness, abort.clone()));
        let mut driven = JoinSet::new();
        while !stop.is_cancelled() {
            self.round(&worker, &mut driven, &stop, &abort).await;
        }
        let ended = tokio::time::timeout(grace, async { while driven.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            tracing::warn!(
                "{} runs had calls in flight at the end of the grace: they go on after a start",
                driven.len()
            );
        }
        abort.cancel();
        driven.shutdown().await;
        while helpers.join_next().await.is_some() {}
        if let Err(error) = self.store.bury(&worker).await {
            tracing::warn!(%error, "the worker could not sign off: its runs go on when its lease ends");
        }
    }

    /// Takes what is due, or waits until something may be.
    async fn round(
        &self,
        worker: &WorkerId,
        driven: &mut JoinSet<()>,
        stop: &CancellationToken,
        abort: &CancellationToken,
    ) {
        let now = self.clock.now();
        let free = self.settings.running.saturating_sub(u32::try_from(driven.len()).unwrap_or(u32::MAX));
        let most = free.min(CLAIMED_AT_ONCE);
        let claimed = match most {
            0 => Ok(Vec::new()),
            most => self.store.claim(worker, now, most, &self.settings.limits()).await,
        };
        let mut until = LOOK;
        match claimed {
            Ok(leases) => {
                let is_full = leases.len() == most as usize && most > 0;
                for lease in leases {
                    driven.spawn(self.clone().drive(lease, stop.clone(), abort.clone()));
                }
                if is_full {
                    return;
                }
                if let Ok(Some(due)) = self.store.next_due(now).await {
                    until = until.min(due.saturating_since(self.clock.now()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "no runs can be taken");
                until = PAUSE;
            }
        }
        tokio::select! {
            () = self.due.notified() => {}
            () = tokio::time::sleep(until) => {}
            Some(_) = driven.join_next(), if !driven.is_empty() => {}
            () = stop.cancelled() => {}
        }
        while driven.try_join_next().is_some() {}
    }

    async fn drive(self, lease: Lease, stop: CancellationToken, abort: CancellationToken) {
        let wake = Arc::new(Notify::new());
        let run = lease.run.clone();
        self.driven().insert(run.clone(), Arc::clone(&wake));
        let _ = abort.run_until_cancelled(self.drive_on(&lease, &wake, &stop)).await;
        {
            // A worker that lost the run may have taken it again meanwhile.
            let mut driven = self.driven();
            if driven.get(&run).is_some_and(|driver| Arc::ptr_eq(driver, &wake)) {
                driven.remove(&run);
            }
        }
        // A message may have come since it looked last.
        self.due.notify_one();
    }

    /// Drives a run until it is given back, or another worker has it. Nothing else may end this: a run that is dropped stays with
    /// this worker, and nobody drives it for as long as the worker lives.
    async fn drive_on(&self, lease: &Lease, wake: &Arc<Notify>, stop: &CancellationToken) {
        let mut pause = PAUSE;
        // How long the history was when it made no sense.
        let mut damaged_at = None;
        loop {
            let driven =
                async { Drive::begin(self.clone(), lease.clone(), Arc::clone(wake), stop.clone()).await?.run().await };
            let ended = AssertUnwindSafe(driven).catch_unwind().await;
            let error = match ended.unwrap_or_else(|_| Err(DriveError::CannotGoOn("this host failed".to_owned()))) {
                Ok(()) => return,
                Err(DriveError::Store(RunStoreError::Damaged(reason))) => {
                    // The history may have more than this worker knew: a commit whose answer was lost.
                    let length = self.store.run(&lease.run).await.map(|run| run.map(|run| run.last_seq));
                    match length {
                        Ok(length) if damaged_at == Some(length) => give_up(self, lease, reason).await.err(),
                        length => {
                            damaged_at = length.ok();
                            Some(DriveError::Store(RunStoreError::Damaged(reason)))
                        }
                    }
                }
                Err(DriveError::CannotGoOn(reason)) => give_up(self, lease, reason).await.err(),
                Err(error) => Some(error),
            };
            let Some(error) = error else { return };
            tracing::warn!(run = %lease.run, %error, "a run cannot go on here");
            if matches!(error, DriveError::Fenced) {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Renews the lease until `abort`: from time to time, and as soon as the clock was set.
    async fn renew(self, worker: WorkerId, abort: CancellationToken) {
        let mut lease: Option<Timestamp> = None;
        loop {
            let now = self.clock.now();
            let until = now + LEASE;
            let is_fresh = |lease: Timestamp| lease <= until && lease + RENEWAL > until;
            let mut pause = LOOK;
            if !lease.is_some_and(is_fresh) {
                match self.store.renew(&worker, until).await {
                    Ok(()) => {
                        let had_ended = lease.is_none_or(|lease| lease < now);
                        lease = Some(until);
                        if had_ended {
                            // Nothing could be taken without it.
                            self.due.notify_one();
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the lease of the runs cannot be renewed");
                        pause = PAUSE;
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = abort.cancelled() => return,
            }
        }
    }

    /// Finds workers that died, so that their runs go on at once, and not when the lease ends.
    async fn bury(self, liveness: Liveness, abort: CancellationToken) {
        loop {
            match self.store.workers().await {
                Ok(workers) => {
                    for (worker, _) in workers {
                        if liveness.is_dead(&worker) {
                            self.bury_one(&worker).await;
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "the workers cannot be read"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = abort.cancelled() => return,
            }
        }
    }

    async fn bury_one(&self, worker: &WorkerId) {
        match self.store.bury(worker).await {
            Ok(()) => {
                tracing::info!(worker = worker.as_str(), "a worker has died: its runs go on here");
                self.due.notify_one();
            }
            Err(error) => tracing::warn!(%error, "the runs of a dead worker cannot be taken yet"),
        }
    }

    /// Waits until a time of the clock, or a little less: the clock may be set.
    pub(crate) async fn sleep_until(&self, due: Option<Timestamp>, most: Duration) {
        let until = due.map_or(most, |due| due.saturating_since(self.clock.now()).min(most));
        tokio::time::sleep_until(Instant::now() + until).await;
    }
}

/// Milliseconds of a short time.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Why a run was given up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DriveError {
    #[error("another worker has it")]
    Fenced,
    #[error("it cannot go on: {0}")]
    CannotGoOn(String),
    #[error(transparent)]
    Store(#[from] RunStoreError),
}
