//! Turns bytes into a component that can run: compiled, or loaded from the cache, then linked. Each state is a type
//! that is made from the one before.

use std::os::fd::AsRawFd;
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use wasmtime::component::{Component, InstancePre};
use workway_model::DefinitionDraft;

use super::{
    Runtime,
    cache::ArtifactKey,
    engine::Sandbox,
    inspect::{Refusal, inspect},
    state::GuestState,
};
use crate::{
    Compiler,
    bindings::{IntegrationIndices, triggers},
};

/// The longest that a compile is waited for. A component from Python takes 7 s; one that takes this long is no accident,
/// and its thread is lost until the compiler gives up by itself.
const MAX_COMPILE: Duration = Duration::from_secs(120);

/// Why bytes did not become a component that runs.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// What was given is no integration for this host.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It looked like one, and the compiler or the linker found otherwise.
    #[error("the component cannot be used: {0:#}: if it was built for this host's wit/, copy or build it again")]
    Unusable(wasmtime::Error),
    #[error("the component must compile within {} s: build it in release mode, or remove unused dependencies", MAX_COMPILE.as_secs())]
    TooSlow,
    #[error("the component was not compiled: the host is shutting down")]
    ShutDown,
}

/// Cached beside a component's code, so that the component need not be inspected and described again.
#[derive(Serialize, Deserialize)]
pub(super) struct CachedDefinition {
    pub(super) definition: DefinitionDraft,
    pub(super) offers_triggers: bool,
}

/// A component that runs, and what is known of how it came to be.
#[derive(Debug)]
pub struct Load {
    pub component: LinkedComponent,
    /// What it said that it is when this host last compiled it.
    pub known: Option<DefinitionDraft>,
    /// Compiling, or finding that it was compiled before.
    pub compile: Duration,
    pub link: Duration,
}

/// Where a component's machine code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSource {
    Compiled(Compiler),
    Cache,
}

/// Machine code of a component whose imports have not been looked at yet.
struct CompiledComponent<'a> {
    component: Component,
    sandbox: &'a Sandbox,
    key: ArtifactKey,
    source: CodeSource,
    offers_triggers: bool,
    known: Option<DefinitionDraft>,
}

/// A component with every import resolved: a call instantiates it and nothing else. Cheap to clone.
#[derive(Clone)]
pub struct LinkedComponent(Arc<Linked>);

struct Linked {
    pre: Arc<InstancePre<GuestState>>,
    /// Where its exports are, looked up once.
    exports: IntegrationIndices,
    triggers: Option<triggers::GuestIndices>,
    key: ArtifactKey,
    source: CodeSource,
}

impl LinkedComponent {
    /// Whether it exports the interface `triggers`, as the world `integration-with-triggers` does.
    pub fn offers_triggers(&self) -> bool {
        self.0.triggers.is_some()
    }

    pub fn source(&self) -> CodeSource {
        self.0.source
    }

    pub(super) fn pre(&self) -> &InstancePre<GuestState> {
        &self.0.pre
    }

    pub(super) fn exports(&self) -> &IntegrationIndices {
        &self.0.exports
    }

    pub(super) fn triggers(&self) -> Option<&triggers::GuestIndices> {
        self.0.triggers.as_ref()
    }

    pub(super) fn key(&self) -> ArtifactKey {
        self.0.key
    }

    /// Its machine code, as it can be mapped again.
    pub(super) fn image(&self) -> wasmtime::Result<Vec<u8>> {
        self.0.pre.component().serialize()
    }
}

impl Drop for Linked {
    /// Unmapping code takes a millisecond for large components. The last one to hold a version is the last call on it,
    /// which must not wait for that.
    fn drop(&mut self) {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let pre = Arc::clone(&self.pre);
            runtime.spawn_blocking(move || drop(pre));
        }
    }
}

impl Runtime {
    /// Looks at `bytes`, compiles and links them; `hash` is their SHA-256. Compiling happens off the async threads, as
    /// often at once as there are cores. Code that was kept by [`Runtime::keep`] is mapped instead.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn load(&self, bytes: Vec<u8>, hash: [u8; 32]) -> Result<Load, LoadError> {
        let permit = tokio::time::timeout(MAX_COMPILE, Arc::clone(&self.0.compiles).acquire_owned()).await;
        let permit = permit.map_err(|_elapsed| LoadError::TooSlow)?.map_err(|_closed| LoadError::ShutDown)?;
        let runtime = self.clone();
        let work = tokio::task::spawn_blocking(move || {
            let loaded = runtime.load_now(&bytes, hash);
            drop(permit);
            loaded
        });
        let done = tokio::time::timeout(MAX_COMPILE, work).await.map_err(|_elapsed| LoadError::TooSlow)?;
        done.map_err(|_cancelled| LoadError::ShutDown)?
    }

    fn load_now(&self, bytes: &[u8], hash: [u8; 32]) -> Result<Load, LoadError> {
        let began = Instant::now();
        let mut compiled = self.code(bytes, hash)?;
        let compile = began.elapsed();
        let known = compiled.known.take();
        let began = Instant::now();
        let component = compiled.link()?;
        Ok(Load { component, known, compile, link: began.elapsed() })
    }

    /// The component's code in the first sandbox that takes it.
    fn code(&self, bytes: &[u8], hash: [u8; 32]) -> Result<CompiledComponent<'_>, LoadError> {
        let first = self.code_in(&self.0.first, bytes, hash);
        let Err(LoadError::Unusable(error)) = &first else { return first };
        let Some(second) = self.second() else { return first };
        tracing::debug!(error = format!("{error:#}"), "Winch cannot compile this component: using Cranelift");
        self.code_in(second, bytes, hash)
    }

    fn code_in<'a>(
        &'a self,
        sandbox: &'a Sandbox,
        bytes: &[u8],
        hash: [u8; 32],
    ) -> Result<CompiledComponent<'a>, LoadError> {
        let key = ArtifactKey::new(hash, sandbox.fingerprint);
        // Only what passed the inspection was ever kept.
        if let Some((component, CachedDefinition { definition, offers_triggers })) = self.kept(sandbox, key) {
            let (source, known) = (CodeSource::Cache, Some(definition));
            return Ok(CompiledComponent { component, sandbox, key, source, offers_triggers, known });
        }
        let outside = inspect(bytes)?;
        outside.for_this_host()?;
        let component = self.compile(sandbox, bytes).map_err(LoadError::Unusable)?;
        let source = CodeSource::Compiled(sandbox.compiler);
        let offers_triggers = outside.exports_interface("triggers");
        Ok(CompiledComponent { component, sandbox, key, source, offers_triggers, known: None })
    }

    /// With all cores when nothing else compiles, as in an edit loop; with one where each has a component of its own, as
    /// at a start.
    fn compile(&self, sandbox: &Sandbox, bytes: &[u8]) -> wasmtime::Result<Component> {
        if self.0.compiles.available_permits() > 0 {
            return Component::from_binary(&sandbox.engine, bytes);
        }
        let image = sandbox.one_thread.precompile_component(bytes)?;
        #[expect(unsafe_code, reason = "an engine takes another's code in no other way")]
        // SAFETY: the image was made one line above, by an engine with the same settings.
        unsafe {
            Component::deserialize(&sandbox.engine, image)
        }
    }

    fn kept(&self, sandbox: &Sandbox, key: ArtifactKey) -> Option<(Component, CachedDefinition)> {
        let artifact = self.0.cache.artifacts.get::<CachedDefinition>(key)?;
        // The very file whose content was checked, whatever its name stands for by now.
        let path = format!("/proc/self/fd/{}", artifact.file.as_raw_fd());
        #[expect(unsafe_code, reason = "mapping machine code is what the artifact cache is for")]
        // SAFETY: the file lies in a folder that this user alone can write to, was written by a host of this engine's
        // version and settings (its key says so), has the checksum that was noted then, and is never written to again.
        let component = unsafe { Component::deserialize_file(&sandbox.engine, Path::new(&path)) };
        match component {
            Ok(component) => Some((component, artifact.definition)),
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "cached code does not match this host: compiling again");
                None
            }
        }
    }
}

impl CompiledComponent<'_> {
    fn link(self) -> Result<LinkedComponent, LoadError> {
        let Self { component, sandbox, key, source, offers_triggers, .. } = self;
        let pre = sandbox.linker.instantiate_pre(&component).map_err(LoadError::Unusable)?;
        let exports = IntegrationIndices::new(&pre).map_err(LoadError::Unusable)?;
        let triggers = offers_triggers.then(|| triggers::GuestIndices::new(&pre));
        let triggers = triggers.transpose().map_err(LoadError::Unusable)?;
        Ok(LinkedComponent(Arc::new(Linked { pre: Arc::new(pre), exports, triggers, key, source })))
    }
}

impl std::fmt::Debug for LinkedComponent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LinkedComponent").field("source", &self.0.source).finish_non_exhaustive()
    }
}
