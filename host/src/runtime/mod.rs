//! Runs components: for every call a fresh store with limits, a deadline and the capabilities that the caller hands in.
//! Knows nothing of integrations' files, grants, users' rights or HTTP, and keeps nothing between calls but code.

mod cache;
mod component;
mod engine;
mod error;
mod inspect;
mod invocation;
mod limits;
mod output;
mod state;

use std::{
    io,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use tokio::{sync::Semaphore, task::JoinSet};

pub use cache::{CacheError, CodeCache};
pub use component::{CodeSource, LinkedComponent, Load, LoadError};
pub use engine::RuntimeError;
pub use error::{CallError, Limit};
pub use inspect::{Inspection, Refusal, inspect};
pub use invocation::{Call, DESCRIBE_LIMITS};

use crate::{
    integration::DefinitionDraft,
    settings::{Compiler, Settings},
};
use engine::Sandbox;

/// Everything that components are compiled and run with. Cheap to clone; one a process.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    settings: Arc<Settings>,
    cache: CodeCache,
    first: Sandbox,
    /// Cranelift, for a component that Winch does not take. Made when the first of those comes.
    second: OnceLock<Option<Sandbox>>,
    /// One compile a core at once. Each uses several, and a small one would wait behind a large one otherwise.
    compiles: Arc<Semaphore>,
    /// Code that is being written to the cache.
    writes: Mutex<JoinSet<()>>,
}

impl Runtime {
    /// Starts the engine.
    ///
    /// # Errors
    /// A fault of the machine or of this build.
    pub fn new(settings: Arc<Settings>, cache: CodeCache) -> Result<Self, RuntimeError> {
        let first = Sandbox::new(&settings, settings.compiler, &cache.functions)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Inner {
            settings,
            cache,
            first,
            second: OnceLock::new(),
            compiles: Arc::new(Semaphore::new(cores)),
            writes: Mutex::default(),
        })))
    }

    fn second(&self) -> Option<&Sandbox> {
        if self.0.first.compiler == Compiler::Cranelift {
            return None;
        }
        let make = || Sandbox::new(&self.0.settings, Compiler::Cranelift, &self.0.cache.functions);
        let made = self.0.second.get_or_init(|| {
            make().inspect_err(|error| tracing::error!("no second engine for what Winch does not take: {error}")).ok()
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
        let mut writes = self.0.writes.lock().unwrap_or_else(PoisonError::into_inner);
        while writes.try_join_next().is_some() {}
        writes.spawn_blocking(move || {
            let cache = &runtime.0.cache;
            let image = component.image().map_err(io::Error::other);
            let kept = image.and_then(|image| cache.artifacts.put(component.key(), &image, &definition));
            for error in [kept.err(), cache.functions.flush().err()].into_iter().flatten() {
                tracing::warn!("compiled code cannot be kept, the next start compiles again: {error}");
            }
        });
    }

    /// Waits until everything that was to be kept is.
    pub async fn finish_keeping(&self) {
        let mut writes = std::mem::take(&mut *self.0.writes.lock().unwrap_or_else(PoisonError::into_inner));
        while writes.join_next().await.is_some() {}
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Runtime").finish_non_exhaustive()
    }
}
