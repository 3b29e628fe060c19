//! Starts runs: of installations, by whatever triggers them, of drafts, and again from a step of another run.

use serde_json::Value;
use workway_model::{Timestamp, UserId};
use workway_reducer::{Event, EventKind, StepPath};
use workway_workflow::{Concurrency, WorkflowDefinition};

use crate::{
    Installation, NewEvent, NewRun, Origin, RunId, RunStoreError, Started,
    context::{DRAFT, Draft},
    engine::Engine,
    history::HistoryError,
};

/// Why a run was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("there is no such installation")]
    UnknownInstallation,
    #[error("the installation is paused: resume it first")]
    Paused,
    /// Its `concurrency` says so.
    #[error("the installation is at its limit of concurrent runs, and its workflow says `on-limit: skip`")]
    Skipped,
    #[error("the installed version breaks a rule that is newer than it: upgrade the installation")]
    Definition,
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl From<HistoryError> for StartError {
    fn from(error: HistoryError) -> Self {
        Self::Store(error.into())
    }
}

/// A run that was started, or that the same request started before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedRun {
    pub run: RunId,
    pub is_new: bool,
}

/// A draft that is tried once.
#[derive(Clone, Debug)]
pub struct DraftStart {
    pub owner: UserId,
    /// The listing.
    pub workflow: String,
    pub definition: WorkflowDefinition,
    /// Without secrets.
    pub inputs: Value,
    pub trigger: Value,
    pub draft: Draft,
}

impl Engine {
    /// Starts a run of an installation. `dedupe` makes a second start the first one.
    pub(crate) async fn start(
        &self,
        installation: &Installation,
        origin: Origin,
        trigger: Value,
        dedupe: Option<String>,
    ) -> Result<StartedRun, StartError> {
        let run = self.new_run(installation, origin, trigger, dedupe)?;
        self.store_run(run).await
    }

    /// The run that an installation would start.
    pub(crate) fn new_run(
        &self,
        installation: &Installation,
        origin: Origin,
        trigger: Value,
        dedupe: Option<String>,
    ) -> Result<NewRun, StartError> {
        if installation.is_uninstalled {
            return Err(StartError::UnknownInstallation);
        }
        if installation.is_paused {
            return Err(StartError::Paused);
        }
        let definition = self.definition(&installation.definition).map_err(|_| StartError::Definition)?;
        let (id, now) = (RunId::generate(), self.clock.now());
        let started = self.first_event(&id, installation.inputs.clone(), trigger, now)?;
        Ok(NewRun {
            id,
            owner: installation.owner.clone(),
            installation: Some(installation.id.clone()),
            workflow: installation.workflow.clone(),
            version: Some(installation.version),
            definition: installation.definition.clone(),
            origin,
            dedupe,
            retry_of: None,
            concurrency: definition.concurrency,
            created_at: now,
            events: vec![started],
        })
    }

    /// Tries a draft.
    pub(crate) async fn start_draft(&self, start: DraftStart) -> Result<StartedRun, StartError> {
        let (id, now) = (RunId::generate(), self.clock.now());
        let draft = self.draft_event(&id, &start.draft)?;
        let started = self.first_event(&id, start.inputs, start.trigger, now)?;
        self.store_run(NewRun {
            id,
            owner: start.owner,
            installation: None,
            workflow: start.workflow,
            version: None,
            definition: start.definition.to_value().to_string(),
            origin: Origin::Draft,
            dedupe: None,
            retry_of: None,
            concurrency: Concurrency::default(),
            created_at: now,
            events: vec![draft, started],
        })
        .await
    }

    /// The event that holds what a draft is tried with.
    pub(crate) fn draft_event(&self, run: &RunId, draft: &Draft) -> Result<NewEvent, RunStoreError> {
        let text = serde_json::to_vec(draft).map_err(|error| RunStoreError::Damaged(error.to_string()))?;
        let body = self.history.seal_text(run, &[DRAFT], &text)?;
        Ok(NewEvent { path: String::new(), attempt: 0, kind: DRAFT.to_owned(), at: self.clock.now(), body })
    }

    pub(crate) async fn store_run(&self, run: NewRun) -> Result<StartedRun, StartError> {
        let id = run.id.clone();
        match self.store.start(run, &self.settings.limits()).await? {
            Started::New => {
                self.tell(&id);
                self.wake(&id);
                Ok(StartedRun { run: id, is_new: true })
            }
            Started::Known(run) => Ok(StartedRun { run, is_new: false }),
            Started::Skipped => Err(StartError::Skipped),
        }
    }

    fn first_event(&self, run: &RunId, inputs: Value, trigger: Value, at: Timestamp) -> Result<NewEvent, HistoryError> {
        let kind = EventKind::RunStarted { inputs, trigger };
        self.history.seal(run, &Event { path: StepPath::RUN, attempt: 0, at, kind })
    }
}
