//! From a file of the plugins folder to a component with a definition. Needs no place in the registry and gives none.

use std::{
    io::{self, Read},
    sync::Arc,
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use workway_capability::{
    Capabilities,
    fetch::{FetchCtx, FetchLimits},
    log::LogCtx,
    oauth::{OAuthCtx, OpenConnections},
    storage::{Space, StorageCtx},
};
use workway_model::{Definition, DefinitionDraft, FileName, IdError, Permissions};
use workway_sandbox::{DESCRIBE_LIMITS, Load, MAX_COMPONENT_BYTES};

use super::{ActionRegistry, ActivationError, Phases, snapshot::Loaded};

/// How far a file gets without a compile.
pub(super) enum Lookup {
    /// It is byte for byte what is registered already.
    Unchanged,
    /// Its code was kept.
    Loaded(Box<Loaded>),
    /// It has to be compiled.
    Uncompiled(File),
}

/// A file that was read.
pub(super) struct File {
    bytes: Vec<u8>,
    hash: [u8; 32],
    read: Duration,
}

impl ActionRegistry {
    /// Everything that needs no place in the registry: read, compile, link, describe, check. `None` for a file that is
    /// byte for byte what is registered already.
    pub(super) async fn load(&self, file: &FileName) -> Result<Option<Loaded>, ActivationError> {
        match self.look_up(file).await? {
            Lookup::Unchanged => Ok(None),
            Lookup::Loaded(loaded) => Ok(Some(*loaded)),
            Lookup::Uncompiled(File { bytes, hash, read }) => {
                let load = self.0.runtime.compile(bytes, hash).await?;
                self.describe(load, hash, read).await.map(Some)
            }
        }
    }

    /// Loads a file whose code was kept. It never waits for the compile of another one.
    pub(super) async fn look_up(&self, file: &FileName) -> Result<Lookup, ActivationError> {
        let began = Instant::now();
        let (bytes, hash) = self.read(file).await?;
        let read = began.elapsed();
        if self.snapshot().of_file(file).is_some_and(|(_, entry)| entry.newest_hash() == Some(hash)) {
            return Ok(Lookup::Unchanged);
        }
        match self.0.runtime.load_kept(hash).await? {
            Some(load) => self.describe(load, hash, read).await.map(|loaded| Lookup::Loaded(Box::new(loaded))),
            None => Ok(Lookup::Uncompiled(File { bytes, hash, read })),
        }
    }

    /// Asks a component what it is, unless that is known, and checks it.
    async fn describe(&self, load: Load, hash: [u8; 32], read: Duration) -> Result<Loaded, ActivationError> {
        let Load { component, known, compile, link } = load;
        let began = Instant::now();
        let (draft, check): (_, fn(DefinitionDraft) -> _) = match known {
            Some(draft) => (draft, Definition::check_again),
            None => {
                let draft = component.describe(self.no_capabilities()?).await.map_err(ActivationError::Describe)?;
                (draft, Definition::check)
            }
        };
        let said = draft.clone();
        // Schemas are compiled here, which takes a while for large ones.
        let checked = tokio::task::spawn_blocking(move || check(draft)).await.map_err(io::Error::other)?;
        let definition = checked.map_err(ActivationError::Definition)?;
        if !definition.triggers.is_empty() && !component.offers_triggers() {
            let problem = "triggers: the component declares triggers but does not export the interface `triggers`";
            return Err(ActivationError::Definition(vec![problem.into()]));
        }
        self.0.runtime.keep(&component, said);
        let phases = Phases { read, compile, link, describe: began.elapsed(), ..Phases::default() };
        Ok(Loaded { definition, component, hash, phases })
    }

    async fn read(&self, file: &FileName) -> Result<(Vec<u8>, [u8; 32]), ActivationError> {
        let (plugins, file) = (Arc::clone(&self.0.services.plugins), file.clone());
        let read = tokio::task::spawn_blocking(move || {
            // Opening a pipe would wait for whoever writes to it.
            let metadata = plugins.metadata(file.as_str())?;
            if !metadata.is_file() {
                return Err(ActivationError::NotAFile);
            }
            let expected = usize::try_from(metadata.len().min(MAX_COMPONENT_BYTES)).unwrap_or_default();
            let mut bytes = Vec::with_capacity(expected + 1);
            plugins.open(file.as_str())?.take(MAX_COMPONENT_BYTES + 1).read_to_end(&mut bytes)?;
            if u64::try_from(bytes.len()).map_or(true, |length| length > MAX_COMPONENT_BYTES) {
                return Err(ActivationError::TooLarge);
            }
            let hash = Sha256::digest(&bytes).into();
            Ok((bytes, hash))
        });
        read.await.map_err(io::Error::other)?
    }

    /// For a component that nobody knows yet: every capability answers `denied`.
    fn no_capabilities(&self) -> Result<Capabilities, ActivationError> {
        let services = &self.0.services;
        let name = |error: IdError| ActivationError::Definition(vec![error.to_string()]);
        let space = Space { integration: "unknown".parse().map_err(name)?, user: "nobody".parse().map_err(name)? };
        let nothing = Arc::new(Permissions::default());
        Ok(Capabilities {
            memory: services.share.hold(),
            fetch: FetchCtx::new(services.fetch.clone(), Arc::default(), FetchLimits::default()),
            log: LogCtx::new(None, "describe".into(), DESCRIBE_LIMITS.log_bytes),
            oauth: OAuthCtx::new(services.connections.clone(), space.user.clone(), nothing),
            storage: StorageCtx::new(services.storage.clone(), space, false, services.storage_limits.clone()),
            open: OpenConnections::default(),
        })
    }
}
