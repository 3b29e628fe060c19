//! A component that can run: compiled, or loaded from the cache, then linked. Each state is a type that is made from the
//! one before.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wasmtime::component::{Component, InstancePre};
use workway_model::DefinitionDraft;

use super::{LoadError, cache::ArtifactKey, engine::Sandbox, state::GuestState};
use crate::{
    Compiler,
    bindings::{IntegrationIndices, triggers},
};

/// Cached beside a component's code, so that the component need not be inspected and described again.
#[derive(Serialize, Deserialize)]
pub(super) struct CachedDefinition {
    pub(super) definition: DefinitionDraft,
    pub(super) offers_triggers: bool,
}

/// Where a component's machine code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSource {
    Compiled(Compiler),
    Cache,
}

/// Machine code of a component whose imports have not been looked at yet.
pub(super) struct CompiledComponent {
    pub(super) component: Component,
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) key: ArtifactKey,
    pub(super) source: CodeSource,
    pub(super) offers_triggers: bool,
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

impl CompiledComponent {
    pub(super) fn link(self) -> Result<LinkedComponent, LoadError> {
        let Self { component, sandbox, key, source, offers_triggers } = self;
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
