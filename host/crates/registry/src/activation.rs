//! The one way into the registry. Start-up, reload and approval all come through here; whatever goes wrong leaves what
//! answers calls as it was, and is kept where people look.

use std::{io, sync::Arc, time::Instant};

use futures_util::{StreamExt, stream};
use workway_capability::fetch::EgressPolicy;
use workway_model::{FileName, Grant, GrantError, IntegrationId, Timestamp};
use workway_sandbox::{CallError, LoadError, MAX_COMPONENT_BYTES};

use super::{
    ActionRegistry, Active, Change, LoadFailure, Loading, Pending, RegisteredIntegration, Snapshot, UnknownIntegration,
    load::Lookup, meter::Meter, snapshot::Loaded,
};

/// Files that are on their way in at a start, for each core.
const LOADS_PER_CORE: usize = 4;
/// What is kept of an error's text, in characters.
const MAX_FAILURE_TEXT: usize = 4_000;

/// The result of loading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activated {
    /// It answers calls now.
    Serving(Loading),
    /// It waits for the operator; what answered before still does.
    Waiting(IntegrationId, Vec<String>),
    /// It is byte for byte what is registered already.
    Unchanged(IntegrationId),
}

/// Which of two files keeps an id that both may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precedence {
    /// The one that has it.
    OfHolder,
    /// The first one by name, so that the order in which files are loaded does not matter.
    OfName,
}

/// Why a file did not become a registered integration.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    #[error("the file cannot be read: {0}: check the file's permissions, or copy it again")]
    Unreadable(#[from] io::Error),
    #[error("the file is not a regular file: put the component itself here")]
    NotAFile,
    #[error(
        "the file must have at most {MAX_COMPONENT_BYTES} bytes: build it in release mode, or remove unused dependencies"
    )]
    TooLarge,
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("the component's function `describe` failed: {0}")]
    Describe(CallError),
    #[error("the component's definition is invalid:\n  {}", .0.join("\n  "))]
    Definition(Vec<String>),
    #[error("the id \"{id}\" already belongs to {other}: remove one of the two files")]
    Duplicate { id: IntegrationId, other: FileName },
    #[error("the grant of this integration cannot be read: {0}")]
    Grant(#[from] GrantError),
}

/// Why there was nothing to approve.
#[derive(Debug, thiserror::Error)]
pub enum ApproveError {
    #[error(transparent)]
    Unknown(#[from] UnknownIntegration),
    #[error("integration \"{0}\" is not awaiting approval")]
    NothingPending(IntegrationId),
    /// The file changed after whoever approves had looked.
    #[error(
        "the file of integration \"{0}\" changed since that version: review the one that is awaiting approval now, and \
         approve its sha256"
    )]
    OtherVersion(IntegrationId),
    #[error(transparent)]
    Grant(#[from] GrantError),
}

impl ActionRegistry {
    /// Loads every component of the plugins folder, several at once. Each serves as soon as it is loaded; of two with the
    /// same id it is always the same one that stays, whichever was loaded first. Files whose code was kept come before
    /// those that have to be compiled, and wait for none of them.
    ///
    /// # Errors
    /// The folder cannot be listed. A file that cannot be loaded is no error: it is logged and listed.
    pub async fn register_all(&self) -> io::Result<()> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // While some read, others are hashed, compiled and checked; the runtime bounds what compiles at once.
        let at_once = cores * LOADS_PER_CORE;
        let mut lookups = stream::iter(self.files()?)
            .map(async |file| {
                let found = self.look_up(&file).await;
                (file, found)
            })
            .buffer_unordered(at_once);
        let mut uncompiled = Vec::new();
        while let Some((file, found)) = lookups.next().await {
            match found {
                // Read again when it is its turn: all files together may be larger than the memory.
                Ok(Lookup::Uncompiled(_)) => uncompiled.push(file),
                Ok(Lookup::Unchanged) => self.commit_at_start(file, Ok(None)).await,
                Ok(Lookup::Loaded(loaded)) => self.commit_at_start(file, Ok(Some(*loaded))).await,
                Err(error) => self.commit_at_start(file, Err(error)).await,
            }
        }
        uncompiled.sort();
        let mut loads = stream::iter(uncompiled)
            .map(async |file| {
                let loaded = self.load(&file).await;
                (file, loaded)
            })
            .buffer_unordered(at_once);
        while let Some((file, loaded)) = loads.next().await {
            self.commit_at_start(file, loaded).await;
        }
        Ok(())
    }

    async fn commit_at_start(&self, file: FileName, loaded: Result<Option<Loaded>, ActivationError>) {
        let _writer = self.0.writer.lock().await;
        let result = match loaded {
            Ok(loaded) => self.commit(&file, loaded, Precedence::OfName).await,
            Err(error) => Err(error),
        };
        // Kept in the snapshot and logged: nobody waits for an answer here.
        let _ = self.record_outcome(file, result);
    }

    /// The components of the plugins folder, in the order of their names.
    pub(super) fn files(&self) -> io::Result<Vec<FileName>> {
        let mut files: Vec<FileName> = Vec::new();
        for entry in self.0.services.plugins.entries()? {
            if let Some(file) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) {
                files.push(file);
            }
        }
        files.sort();
        Ok(files)
    }

    /// Loads one file of the plugins folder, and registers it or takes the place of what it held before.
    pub async fn register(&self, file: FileName) -> Result<Activated, ActivationError> {
        let _writer = self.0.writer.lock().await;
        self.activate(file).await
    }

    /// Reads the file of an integration again.
    pub async fn reload_integration(
        &self,
        id: &IntegrationId,
    ) -> Result<Result<Activated, ActivationError>, UnknownIntegration> {
        let _writer = self.0.writer.lock().await;
        let file = self.snapshot().integrations.get(id).map(|entry| entry.file.clone());
        let file = file.ok_or_else(|| UnknownIntegration(id.clone()))?;
        Ok(self.activate(file).await)
    }

    /// Takes an integration out. Calls that run end on the version that they began with.
    pub async fn unregister_integration(&self, id: &IntegrationId) -> Result<(), UnknownIntegration> {
        let _writer = self.0.writer.lock().await;
        self.take_out(id)
    }

    pub(super) fn take_out(&self, id: &IntegrationId) -> Result<(), UnknownIntegration> {
        let mut next = Snapshot::clone(&self.snapshot());
        let entry = next.integrations.remove(id).ok_or_else(|| UnknownIntegration(id.clone()))?;
        self.0.snapshot.store(Arc::new(next));
        tracing::info!(integration = %id, "unregistered");
        self.0.events.tell(entry.file.clone(), Change::Removed(id.clone()));
        Ok(())
    }

    /// Grants what a waiting version asks for, and has it answer calls. With `seen`, the SHA-256 that whoever approves
    /// has looked at, a version that came later is not approved by mistake.
    pub async fn approve(&self, id: &IntegrationId, seen: Option<[u8; 32]>) -> Result<(), ApproveError> {
        let _writer = self.0.writer.lock().await;
        let snapshot = self.snapshot();
        let entry = snapshot.integrations.get(id).ok_or_else(|| UnknownIntegration(id.clone()))?;
        let pending = entry.pending.as_ref().ok_or_else(|| ApproveError::NothingPending(id.clone()))?;
        if seen.is_some_and(|seen| seen != pending.loaded.hash) {
            return Err(ApproveError::OtherVersion(id.clone()));
        }
        let permissions = pending.definition.permissions.clone();
        let grant = Grant { permissions, file: entry.file.clone(), hash: Some(pending.loaded.hash) };
        self.0.services.grants.approve(id, &grant).await?;
        let active = self.serve(pending.loaded.clone(), Some(entry));
        let (loading, again) = (Loading::of(&pending.loaded), entry.active.is_some());
        self.swap(
            id.clone(),
            RegisteredIntegration {
                active: Some(Arc::new(active)),
                pending: None,
                ..RegisteredIntegration::clone(entry)
            },
        );
        tracing::info!(integration = %id, "approved");
        self.0.events.tell(entry.file.clone(), if again { Change::Reloaded(loading) } else { Change::Loaded(loading) });
        Ok(())
    }

    async fn activate(&self, file: FileName) -> Result<Activated, ActivationError> {
        let result = self.attempt(&file).await;
        self.record_outcome(file, result)
    }

    /// Loads a file and has it serve; who called says what becomes of an error. The writer's lock is held.
    pub(super) async fn attempt(&self, file: &FileName) -> Result<Activated, ActivationError> {
        let loaded = self.load(file).await?;
        self.commit(file, loaded, Precedence::OfHolder).await
    }

    /// Compares with what was granted and swaps once.
    async fn commit(
        &self,
        file: &FileName,
        loaded: Option<Loaded>,
        precedence: Precedence,
    ) -> Result<Activated, ActivationError> {
        let snapshot = self.snapshot();
        let began = Instant::now();
        let Some(loaded) = loaded else {
            return match snapshot.of_file(file) {
                Some((id, entry)) => {
                    // The file is again what is registered: an error of a state in between is history.
                    if let (Some(active), Some(_)) = (&entry.active, &entry.last_error) {
                        self.0.events.tell(file.clone(), Change::Reloaded(Loading::again(active)));
                    }
                    self.swap(
                        id.clone(),
                        RegisteredIntegration { last_error: None, ..RegisteredIntegration::clone(entry) },
                    );
                    Ok(Activated::Unchanged(id.clone()))
                }
                None => Err(ActivationError::Unreadable(io::ErrorKind::NotFound.into())),
            };
        };
        let id = loaded.definition.id.clone();
        let before = snapshot.integrations.get(&id).filter(|entry| entry.file == *file);
        let asks = self.0.services.grants.missing(&loaded.definition, file, &loaded.hash).await?;
        let other = snapshot.integrations.get(&id).filter(|entry| entry.file != *file);
        if let Some(other) = other {
            // Whoever waits with an id that belongs to this file has to give it up.
            let gives_up = match (asks.is_empty(), other.active.is_some()) {
                (true, false) => true,
                (false, true) => false,
                (true, true) | (false, false) => precedence == Precedence::OfName && *file < other.file,
            };
            if !gives_up {
                return Err(ActivationError::Duplicate { id, other: other.file.clone() });
            }
        }
        let again = before.is_some_and(|entry| entry.active.is_some());
        let mut loading = Loading::of(&loaded);
        let entry = if asks.is_empty() {
            let active = self.serve(loaded, before.map(AsRef::as_ref));
            RegisteredIntegration {
                file: file.clone(),
                active: Some(Arc::new(active)),
                pending: None,
                last_error: None,
            }
        } else {
            let definition = loaded.definition.clone();
            let pending = Pending { definition, asks: asks.clone(), loaded };
            let active = before.and_then(|entry| entry.active.clone());
            RegisteredIntegration { file: file.clone(), active, pending: Some(Arc::new(pending)), last_error: None }
        };
        self.swap(id.clone(), entry);
        if let Some(other) = other {
            // Those that the other one kept out are kept out by this one now.
            let blocked = snapshot.failures.iter().filter(|(_, failure)| failure.blocked_by.as_ref() == Some(&id));
            for loser in blocked.map(|(loser, _)| loser).chain([&other.file]).filter(|loser| *loser != file) {
                let error = ActivationError::Duplicate { id: id.clone(), other: file.clone() };
                self.keep_failure(loser.clone(), &error);
            }
        }
        if !asks.is_empty() {
            return Ok(Activated::Waiting(id, asks));
        }
        loading.phases.swap = began.elapsed();
        let told = if again { Change::Reloaded(loading.clone()) } else { Change::Loaded(loading.clone()) };
        self.0.events.tell(file.clone(), told);
        Ok(Activated::Serving(loading))
    }

    /// A version that answers calls, with the shares of the one whose place it takes.
    fn serve(&self, loaded: Loaded, before: Option<&RegisteredIntegration>) -> Active {
        let Loaded { definition, component, hash, .. } = loaded;
        let before = before.and_then(|entry| entry.active.as_ref());
        let share = before.map(|active| active.share.clone());
        let fetch = before.map(|active| active.fetch.clone());
        let permissions = &definition.permissions;
        let recorder = &self.0.services.recorder;
        Active {
            hash,
            loaded_at: Timestamp::now(),
            component,
            permissions: Arc::new(permissions.clone()),
            egress: Arc::new(
                EgressPolicy::new(permissions.hosts.iter().cloned(), permissions.reveal_token)
                    .with_credential_headers(self.0.services.credential_headers.clone()),
            ),
            limits: self.0.settings.limits_of(&definition.id),
            share: share.unwrap_or_else(|| self.0.admission.share()),
            fetch: fetch.unwrap_or_else(|| self.0.services.fetch.for_integration()),
            meters: definition.actions.iter().map(|action| Meter::new(recorder, &definition.id, &action.id)).collect(),
            definition,
        }
    }

    /// Puts an entry in the place of whatever its id or its file held before.
    fn swap(&self, id: IntegrationId, entry: RegisteredIntegration) {
        let mut next = Snapshot::clone(&self.snapshot());
        next.failures.remove(&entry.file);
        // A file that changes its id and has to wait with the new one keeps serving the old one.
        let file = entry.file.clone();
        let held = |(other, held): (&IntegrationId, &Arc<RegisteredIntegration>)| {
            (*other != id && held.file == file).then(|| other.clone())
        };
        let given_up: Vec<IntegrationId> =
            if entry.active.is_some() { next.integrations.iter().filter_map(held).collect() } else { Vec::new() };
        next.integrations.retain(|other, _| !given_up.contains(other));
        next.integrations.insert(id, Arc::new(entry));
        self.0.snapshot.store(Arc::new(next));
        for id in given_up {
            self.0.events.tell(file.clone(), Change::Removed(id));
        }
    }

    /// Records how an activation went: in the log and, for a failure, in the snapshot.
    pub(super) fn record_outcome(
        &self,
        file: FileName,
        result: Result<Activated, ActivationError>,
    ) -> Result<Activated, ActivationError> {
        match &result {
            Ok(Activated::Serving(loading)) => tracing::info!(
                integration = %loading.integration, version = %loading.version, %file, took = ?loading.phases.total(),
                "loaded"
            ),
            Ok(Activated::Unchanged(id)) => tracing::debug!(integration = %id, %file, "unchanged"),
            Ok(Activated::Waiting(id, asks)) => {
                tracing::warn!(integration = %id, %file, asks = asks.join("; "), "awaiting approval");
            }
            Err(error) => self.keep_failure(file, error),
        }
        result
    }

    /// Keeps why a file is not what answers: with its integration, or by itself where it has none.
    fn keep_failure(&self, file: FileName, error: &ActivationError) {
        tracing::error!(%file, "not loaded: {error}");
        let message: String = error.to_string().chars().take(MAX_FAILURE_TEXT).collect();
        let blocked_by = match error {
            ActivationError::Duplicate { id, .. } => Some(id.clone()),
            _ => None,
        };
        let failure = LoadFailure { message: message.clone(), at: Timestamp::now(), blocked_by };
        let mut next = Snapshot::clone(&self.snapshot());
        let mut integration = None;
        match next.integrations.iter_mut().find(|(_, entry)| entry.file == file) {
            Some((id, entry)) => {
                Arc::make_mut(entry).last_error = Some(failure);
                integration = Some(id.clone());
            }
            None => drop(next.failures.insert(file.clone(), failure)),
        }
        self.0.snapshot.store(Arc::new(next));
        self.0.events.tell(file, Change::Failed { integration, message });
    }

    /// A file that is gone has no error any more.
    pub(super) fn forget_failure(&self, file: &FileName) {
        let mut next = Snapshot::clone(&self.snapshot());
        if next.failures.remove(file).is_some() {
            self.0.snapshot.store(Arc::new(next));
        }
    }
}
