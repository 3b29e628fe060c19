//! From bytes to something that runs: compiled, then linked. Each state is a type made from the one before.

use std::{sync::Arc, time::Duration};

use wasmtime::component::Component;

use super::{
    Runtime,
    inspect::{Refusal, inspect},
    state::GuestState,
};
use crate::bindings::IntegrationPre;

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
    #[error("compiling it takes longer than {} s", MAX_COMPILE.as_secs())]
    TooSlow,
    #[error("the host was shut down while it compiled")]
    ShutDown,
}

/// Machine code of a component whose imports have not been looked at yet.
struct CompiledComponent(Component);

/// A component with every import resolved: a call instantiates it and nothing else. Cheap to clone.
#[derive(Clone)]
pub struct LinkedComponent {
    pub(super) runtime: Runtime,
    pub(super) pre: Arc<IntegrationPre<GuestState>>,
    offers_triggers: bool,
}

impl LinkedComponent {
    /// Whether it exports the interface `triggers`, as the world `integration-with-triggers` does.
    pub fn offers_triggers(&self) -> bool {
        self.offers_triggers
    }
}

impl Runtime {
    /// Looks at `bytes`, compiles and links them. Compiling happens off the async threads, as often at once as there
    /// are cores.
    pub async fn load(&self, bytes: Vec<u8>) -> Result<LinkedComponent, LoadError> {
        let permit = Arc::clone(&self.compiles).acquire_owned().await.map_err(|_closed| LoadError::ShutDown)?;
        let runtime = self.clone();
        let work = tokio::task::spawn_blocking(move || {
            let outside = inspect(&bytes)?;
            outside.for_this_host()?;
            let offers_triggers = outside.exports_interface("triggers");
            let linked = CompiledComponent::compile(&runtime, &bytes)?.link(runtime, offers_triggers);
            drop(permit);
            linked
        });
        let done = tokio::time::timeout(MAX_COMPILE, work).await.map_err(|_elapsed| LoadError::TooSlow)?;
        done.map_err(|_cancelled| LoadError::ShutDown)?
    }
}

impl CompiledComponent {
    fn compile(runtime: &Runtime, bytes: &[u8]) -> Result<Self, LoadError> {
        Component::from_binary(&runtime.engine, bytes).map(Self).map_err(LoadError::Unusable)
    }

    fn link(self, runtime: Runtime, offers_triggers: bool) -> Result<LinkedComponent, LoadError> {
        let pre = runtime.linker.instantiate_pre(&self.0).and_then(IntegrationPre::new).map_err(LoadError::Unusable)?;
        Ok(LinkedComponent { runtime, pre: Arc::new(pre), offers_triggers })
    }
}

impl std::fmt::Debug for LinkedComponent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LinkedComponent").finish_non_exhaustive()
    }
}
