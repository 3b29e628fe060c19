//! Runs as the host offers them: started, followed, cancelled, repeated. Every call is for one owner, to whom the runs of others
//! are not there.

use std::{io, sync::Arc, time::Duration};

use cap_std::fs::Dir;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::{sync::broadcast, task::JoinSet};
use tokio_util::sync::CancellationToken;
use workway_model::{Timestamp, UserId};
use workway_reducer::{Event, EventKind, Resolution, StepPath};
use workway_workflow::{Trigger, WorkflowDefinition};

use crate::{
    DraftStart, Installation, NewRun, Origin, Place, Retention, RunCounts, RunFilter, RunId, RunPage, RunSettings,
    RunStatus, RunStoreError, RunSummary, StartError, StartedRun, TriggerRow,
    context::RunContext,
    engine::{Engine, Services, millis},
    follow::hashed,
    inbox::{self, CANCEL, RESOLVE, Resolved},
    liveness::Liveness,
    repeat::{self, RepeatError},
    webhook::{self, WebhookError, WebhookRequest, WebhookRules},
};

/// The longest key that a caller makes a start idempotent with, in bytes.
pub const MAX_KEY_BYTES: usize = 255;
/// How often old runs are looked for, and the pause while there are more.
const PRUNING: Duration = Duration::from_secs(60);
const PRUNING_PAUSE: Duration = Duration::from_millis(50);
/// How often a run is looked at that somebody waits for: another process may drive it.
const LOOK: Duration = Duration::from_millis(500);

/// All runs. Cheap to clone.
#[derive(Clone)]
pub struct Runs(Engine);

/// Why something was not done to a run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("there is no such run")]
    Unknown,
    #[error("the run has ended")]
    Ended,
    #[error("the outcome of \"{0}\" is not unknown")]
    NotUnknown(StepPath),
    #[error("the run goes on: cancel it, or wait for its end, before it is repeated")]
    GoesOn,
    #[error(transparent)]
    Repeat(#[from] RepeatError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

/// Why a request to a webhook started nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    #[error("there is nothing at this address")]
    UnknownAddress,
    #[error(transparent)]
    Request(#[from] WebhookError),
    #[error(transparent)]
    Start(#[from] StartError),
}

/// A request to a webhook that started a run, or started it before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub started: StartedRun,
    pub owner: UserId,
    /// Whether the answer waits for the run's output.
    pub respond: bool,
}

/// The whole history of a run.
#[derive(Clone, Debug)]
pub struct RunHistory {
    pub summary: RunSummary,
    pub definition: Arc<WorkflowDefinition>,
    /// With their numbers.
    pub events: Vec<(u64, Event)>,
}

impl Runs {
    pub fn new(services: Services, settings: RunSettings) -> Self {
        Self(Engine::new(services, settings))
    }

    /// Works on runs, schedules and old runs until `stop`, and then lets calls in flight end for at most `grace`.
    ///
    /// # Errors
    /// The data folder cannot be written.
    pub fn work(&self, data: &Dir, stop: CancellationToken, grace: Duration) -> io::Result<JoinSet<()>> {
        let liveness = Liveness::begin(data)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(self.0.clone().work(liveness, stop.clone(), grace));
        tasks.spawn(self.0.clone().keep_schedules(stop.clone()));
        tasks.spawn(self.0.clone().keep_triggers(stop.clone()));
        tasks.spawn(self.clone().prune(stop));
        Ok(tasks)
    }

    /// Brings the trigger of an installation in line with it, after it was written. What fails here is done by the next sweep.
    pub async fn follow(&self, installation: &str) -> Result<(), RunStoreError> {
        match self.0.installations.find(installation).await? {
            Some(found) => self.0.follow(&found).await,
            None => Ok(()),
        }
    }

    /// Starts a run by hand. The same key starts it once.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(
        &self,
        owner: &UserId,
        installation: &str,
        trigger: Value,
        key: Option<&str>,
    ) -> Result<StartedRun, StartError> {
        let found = self.installation(installation).await?;
        if found.owner != *owner {
            return Err(StartError::UnknownInstallation);
        }
        self.0.start(&found, Origin::Manual, trigger, key.map(|key| format!("manual:{key}"))).await
    }

    /// Tries a draft once.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn try_draft(&self, start: DraftStart) -> Result<StartedRun, StartError> {
        self.0.start_draft(start).await
    }

    /// Takes a request to the address with this secret part.
    ///
    /// # Errors
    /// See [`ReceiveError`].
    pub async fn receive(&self, token: &str, request: WebhookRequest<'_>) -> Result<Received, ReceiveError> {
        let hashed_token = hashed(token);
        let trigger = self.0.store.webhook(&hashed_token).await.map_err(StartError::from)?;
        let Some(TriggerRow { installation, .. }) = trigger else { return Err(ReceiveError::UnknownAddress) };
        let found = match self.installation(&installation).await {
            Err(StartError::UnknownInstallation) => return Err(ReceiveError::UnknownAddress),
            found => found?,
        };
        // The trigger may be older than the installation.
        let is_current =
            found.webhook_token.as_ref().is_some_and(|current| hashed(current.expose_secret()) == hashed_token);
        if found.is_uninstalled || !is_current {
            return Err(ReceiveError::UnknownAddress);
        }
        let definition = self.0.definition(&found.definition).map_err(|_| StartError::Definition)?;
        let Trigger::Webhook { body, verify, respond } = &definition.trigger else {
            return Err(ReceiveError::UnknownAddress);
        };
        if found.is_paused {
            return Err(StartError::Paused.into());
        }
        let missing = SecretString::default();
        let verify = verify.as_ref().map(|verify| (verify, found.secrets.get(&verify.secret).unwrap_or(&missing)));
        let rules = WebhookRules { body: body.as_ref(), verify };
        let delivery = webhook::receive(request, rules, self.0.clock.now())?;
        let dedupe = delivery.dedupe.map(|id| format!("webhook:{id}"));
        let started = self.0.start(&found, Origin::Webhook, delivery.trigger, dedupe).await?;
        Ok(Received { started, owner: found.owner, respond: *respond })
    }

    async fn installation(&self, id: &str) -> Result<Installation, StartError> {
        self.0.installations.find(id).await?.ok_or(StartError::UnknownInstallation)
    }

    /// A run of this owner.
    ///
    /// # Errors
    /// [`RunError::Unknown`], [`RunError::Store`].
    pub async fn find(&self, owner: &UserId, run: &RunId) -> Result<RunSummary, RunError> {
        let found = self.0.store.run(run).await?;
        found.filter(|run| run.owner == *owner).ok_or(RunError::Unknown)
    }

    /// Runs, the newest first.
    ///
    /// # Errors
    /// [`RunStoreError`].
    pub async fn list(&self, filter: &RunFilter, after: Option<&Place>, most: u32) -> Result<RunPage, RunStoreError> {
        self.0.store.list(filter, after, most).await
    }

    /// The history of a run so far.
    ///
    /// # Errors
    /// [`RunError::Unknown`], [`RunError::Store`].
    pub async fn history(&self, owner: &UserId, run: &RunId) -> Result<RunHistory, RunError> {
        let summary = self.find(owner, run).await?;
        let text = self.0.store.definition(run).await?.ok_or(RunError::Unknown)?;
        let damaged = |error: workway_workflow::DefinitionError| RunStoreError::Damaged(error.to_string());
        let definition = self.0.definition(&text).map_err(damaged)?;
        let events = self.events_after(run, 0, u32::MAX).await?;
        Ok(RunHistory { summary, definition, events })
    }

    /// Events of a run after the one with this number, with their numbers. The caller knows whose the run is.
    ///
    /// # Errors
    /// [`RunStoreError`].
    pub async fn events_after(&self, run: &RunId, after: u64, most: u32) -> Result<Vec<(u64, Event)>, RunStoreError> {
        let stored = self.0.store.events(run, after, most).await?;
        let mut events = Vec::with_capacity(stored.len());
        for one in stored.iter().filter(|one| one.event.kind != crate::context::DRAFT) {
            events.push((one.seq, self.0.history.open(run, one).await?));
        }
        Ok(events)
    }

    /// Names each run of this process that has something new. Those of other processes are not named: look from time to time.
    pub fn changes(&self) -> broadcast::Receiver<RunId> {
        self.0.changed.subscribe()
    }

    /// Waits until a run has ended, or needs somebody, for at most `patience`. Returns the run as it is then, and its output if it
    /// succeeded.
    ///
    /// # Errors
    /// [`RunError::Unknown`], [`RunError::Store`].
    pub async fn wait(
        &self,
        owner: &UserId,
        run: &RunId,
        patience: Duration,
    ) -> Result<(RunSummary, Option<Value>), RunError> {
        let mut changes = self.changes();
        let patience = tokio::time::Instant::now() + patience;
        loop {
            let summary = self.find(owner, run).await?;
            // It is due once somebody has answered.
            let needs_somebody = summary.status == RunStatus::OutcomeUnknown && summary.due.is_none();
            let is_over = summary.status.is_ended() || needs_somebody;
            if is_over || tokio::time::Instant::now() >= patience {
                let output = match summary.status {
                    RunStatus::Succeeded => self.output(run, summary.last_seq).await?,
                    _ => None,
                };
                return Ok((summary, output));
            }
            let changed = async { while changes.recv().await.is_ok_and(|changed| changed != *run) {} };
            let _ = tokio::time::timeout_at(patience.min(tokio::time::Instant::now() + LOOK), changed).await;
        }
    }

    async fn output(&self, run: &RunId, last: u64) -> Result<Option<Value>, RunStoreError> {
        let events = self.events_after(run, last.saturating_sub(1), 1).await?;
        Ok(events.into_iter().find_map(|(_, event)| match event.kind {
            EventKind::RunEnded { output, .. } => Some(output),
            _ => None,
        }))
    }

    /// Asks a run to end. What it has called meanwhile is aborted.
    ///
    /// # Errors
    /// [`RunError::Unknown`], [`RunError::Ended`], [`RunError::Store`].
    pub async fn cancel(&self, owner: &UserId, run: &RunId) -> Result<(), RunError> {
        self.find(owner, run).await?;
        self.send(run, CANCEL, Vec::new()).await
    }

    /// Says what came of an attempt with an unknown outcome: it had its effect and gave this output, or it is to be repeated.
    ///
    /// # Errors
    /// [`RunError::Unknown`], [`RunError::Ended`], [`RunError::NotUnknown`], [`RunError::Store`].
    pub async fn resolve(
        &self,
        owner: &UserId,
        run: &RunId,
        path: &StepPath,
        output: Option<Value>,
    ) -> Result<(), RunError> {
        let history = self.history(owner, run).await?;
        let of_step = history.events.iter().rev().map(|(_, event)| event).find(|event| event.path == *path);
        let attempt = match of_step {
            Some(Event { kind: EventKind::OutcomeUnknown, attempt, .. }) => *attempt,
            _ => return Err(RunError::NotUnknown(path.clone())),
        };
        let resolution = output.map_or(Resolution::Repeat, |output| Resolution::Happened { output });
        let body = inbox::seal(&self.0.history, run, &Resolved { path: path.clone(), attempt, resolution });
        self.send(run, RESOLVE, body.map_err(RunStoreError::from)?).await
    }

    async fn send(&self, run: &RunId, kind: &str, body: Vec<u8>) -> Result<(), RunError> {
        if !self.0.store.send(run, kind, body, self.0.clock.now()).await? {
            return Err(RunError::Ended);
        }
        self.0.wake(run);
        Ok(())
    }

    /// Starts a run that repeats an ended one from a step on, by default from the one that failed.
    ///
    /// # Errors
    /// See [`RunError`].
    pub async fn repeat(&self, owner: &UserId, run: &RunId, from: Option<StepPath>) -> Result<StartedRun, RunError> {
        let RunSummary { installation, workflow, version, status, .. } = self.find(owner, run).await?;
        if !status.is_ended() {
            return Err(RunError::GoesOn);
        }
        if let Some(installation) = &installation
            && self.installation(installation).await?.is_uninstalled
        {
            return Err(StartError::UnknownInstallation.into());
        }
        let text = self.0.store.definition(run).await?.ok_or(RunError::Unknown)?;
        let definition = self.0.definition(&text).map_err(|_| StartError::Definition)?;
        let stored = self.0.store.events(run, 0, u32::MAX).await?;
        let split = RunContext::split(&self.0.history, run, &stored).await.map_err(RunStoreError::from)?;
        let (draft, events) = split;
        let from = match from {
            Some(from) => from,
            None => repeat::failed_step(&events)?,
        };
        let now = self.0.clock.now();
        let kept = repeat::kept(&definition, events, &from, now)?;
        let id = RunId::generate();
        let mut events = Vec::new();
        if let Some(draft) = draft {
            events.push(self.0.draft_event(&id, &draft)?);
        }
        for event in &kept {
            events.push(self.0.history.seal(&id, event).map_err(RunStoreError::from)?);
        }
        let new = NewRun {
            id,
            owner: owner.clone(),
            installation,
            workflow,
            version,
            definition: text,
            origin: Origin::Retry,
            dedupe: None,
            retry_of: Some(run.clone()),
            concurrency: definition.concurrency,
            created_at: now,
            events,
        };
        Ok(self.0.store_run(new).await?)
    }

    /// The trigger of an installation, as far as it is in line with it.
    ///
    /// # Errors
    /// [`RunStoreError`].
    pub async fn trigger(&self, installation: &str) -> Result<Option<TriggerRow>, RunStoreError> {
        self.0.store.trigger(installation).await
    }

    /// What operators see.
    ///
    /// # Errors
    /// [`RunStoreError`].
    pub async fn counts(&self) -> Result<RunCounts, RunStoreError> {
        self.0.store.counts(self.0.clock.now()).await
    }

    /// Deletes all runs and triggers of a user.
    ///
    /// # Errors
    /// [`RunStoreError`].
    pub async fn delete_owner(&self, owner: &UserId) -> Result<(), RunStoreError> {
        self.0.store.delete_owner(owner).await
    }

    /// Deletes old runs, steadily.
    async fn prune(self, stop: CancellationToken) {
        let settings = &self.0.settings;
        while !stop.is_cancelled() {
            let kept = millis(settings.kept());
            let retention = Retention {
                ended_before: Timestamp::from_millis(self.0.clock.now().as_millis().saturating_sub(kept)),
                per_installation: settings.kept_per_installation,
                bytes: settings.kept_bytes,
            };
            let pause = match self.0.store.prune(&retention).await {
                Ok(report) if report.more => PRUNING_PAUSE,
                Ok(_) => PRUNING,
                Err(error) => {
                    tracing::warn!(%error, "old runs cannot be deleted: trying again");
                    PRUNING
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}
