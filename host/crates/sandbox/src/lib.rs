//! Runs components: for every call a fresh store with limits, a deadline and the capabilities that the caller hands in.
//! Knows nothing of integrations' files, grants, users' rights or HTTP, and keeps nothing between calls but code.

mod bindings;
mod cache;
mod component;
mod engine;
mod error;
mod host;
mod inspect;
mod invocation;
mod limits;
mod memory;
mod output;
mod settings;
mod state;
mod triggers;
mod usage;

use std::{
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    task::{AbortHandle, JoinSet},
};
use workway_model::DefinitionDraft;

pub use cache::{CacheError, CodeCache};
pub use component::{CodeSource, LinkedComponent, Load, LoadError};
pub use engine::RuntimeError;
pub use error::{CallError, Limit};
pub use inspect::Refusal;
pub use invocation::{Call, Choice, DESCRIBE_LIMITS};
pub use settings::{CacheSettings, CallLimits, Compiler, LimitOverrides, SandboxSettings};
pub use triggers::{Event, Polled, TriggerCall, WebhookAnswer, WebhookRequest};
pub use usage::{Measured, Usage};

use component::CachedDefinition;
use engine::Sandbox;

/// How long nothing has to be compiled before the memory for it is given back: asking for it again makes the next compile
/// ten milliseconds longer, which is much to somebody who edits.
const REST: Duration = Duration::from_secs(30);

/// Everything that components are compiled and run with. Cheap to clone; one a process.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    settings: SandboxSettings,
    cache: CodeCache,
    first: Sandbox,
    /// Cranelift, for a component that Winch does not take. Made when the first of those comes.
    second: OnceLock<Option<Sandbox>>,
    /// One compile a core at once. Each uses several, and a small one would wait behind a large one otherwise.
    compiles: Arc<Semaphore>,
    /// Code that is being written to the cache.
    writes: Mutex<JoinSet<()>>,
    /// Gives memory back, unless there is another compile before.
    rest: Mutex<Option<AbortHandle>>,
}

impl Runtime {
    /// Starts the engine.
    ///
    /// # Errors
    /// A fault of the machine or of this build.
    pub fn new(settings: SandboxSettings, cache: CodeCache) -> Result<Self, RuntimeError> {
        let first = Sandbox::new(settings, settings.compiler, &cache.functions)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Inner {
            settings,
            cache,
            first,
            second: OnceLock::new(),
            compiles: Arc::new(Semaphore::new(cores)),
            writes: Mutex::default(),
            rest: Mutex::default(),
        })))
    }

    fn second(&self) -> Option<&Sandbox> {
        if self.0.first.compiler == Compiler::Cranelift {
            return None;
        }
        let make = || Sandbox::new(self.0.settings, Compiler::Cranelift, &self.0.cache.functions);
        let made = self.0.second.get_or_init(|| {
            make()
                .inspect_err(|error| {
                    tracing::error!(
                        "cannot start the Cranelift engine for components that Winch cannot compile: {error}"
                    )
                })
                .ok()
        });
        made.as_ref()
    }

    /// Writes a component's code and what it said that it is to the cache, in the background: the version serves
    /// already. A cache that cannot be written costs the next start a compile and nothing else.
    pub fn keep(&self, component: &LinkedComponent, definition: DefinitionDraft) {
        if component.source() == CodeSource::Cache {
            return;
        }
        let (runtime, component) = (self.clone(), component.clone());
        let cached = CachedDefinition { definition, offers_triggers: component.offers_triggers() };
        let mut writes = self.0.writes.lock().unwrap_or_else(PoisonError::into_inner);
        while writes.try_join_next().is_some() {}
        writes.spawn_blocking(move || {
            let cache = &runtime.0.cache;
            let image = component.image().map_err(io::Error::other);
            let kept = image.and_then(|image| cache.artifacts.put(component.key(), &image, &cached));
            for error in [kept.err(), cache.functions.flush().err()].into_iter().flatten() {
                tracing::warn!("compiled code cannot be cached, so the next start compiles it again: {error}");
            }
        });
        drop(writes);
        let rest = tokio::spawn(async {
            tokio::time::sleep(REST).await;
            // A thread pool that has ended has nothing to give back.
            let _ = tokio::task::spawn_blocking(memory::give_back).await;
        });
        let before = self.0.rest.lock().unwrap_or_else(PoisonError::into_inner).replace(rest.abort_handle());
        before.inspect(AbortHandle::abort);
    }

    /// Waits until everything that was to be kept is, and gives back what compiling took.
    pub async fn finish_keeping(&self) {
        let mut writes = std::mem::take(&mut *self.0.writes.lock().unwrap_or_else(PoisonError::into_inner));
        while writes.join_next().await.is_some() {}
        // What was compiled for a component that then could not be loaded.
        let cache = self.clone();
        let _ = tokio::task::spawn_blocking(move || cache.0.cache.functions.flush()).await;
        let rest = self.0.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
        rest.inspect(AbortHandle::abort);
        memory::give_back();
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Runtime").finish_non_exhaustive()
    }
}
