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
mod load;
mod memory;
mod output;
mod settings;
mod state;
mod triggers;
mod usage;
mod worker;

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
use workway_resources::Share;

pub use cache::{CacheError, CodeCache};
pub use component::{CodeSource, LinkedComponent};
pub use engine::RuntimeError;
pub use error::{CallError, Limit};
pub use inspect::Refusal;
pub use invocation::{Call, Choice, DESCRIBE_LIMITS};
pub use load::{Load, LoadError};
pub use settings::{CacheSettings, CallLimits, Compiler, LimitOverrides, SandboxSettings};
pub use triggers::{Event, Polled, TriggerCall, WebhookAnswer, WebhookRequest};
pub use usage::{Measured, Usage};
pub use worker::{CompileLimits, CompileWorker, MAX_COMPONENT_BYTES, run_compile_worker};

use cache::{ArtifactCache, FunctionCache};
use component::CachedDefinition;
use engine::Sandbox;
use worker::WorkerPool;

/// How long nothing has to be compiled before the memory for it is given back: asking for it again makes the next compile
/// ten milliseconds longer, which is much to somebody who edits.
const REST: Duration = Duration::from_secs(30);

/// Everything that components are compiled and run with. Cheap to clone; one a process.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    settings: SandboxSettings,
    artifacts: ArtifactCache,
    first: Arc<Sandbox>,
    /// Cranelift, for a component that Winch does not take. Made when the first of those comes.
    second: OnceLock<Option<Arc<Sandbox>>>,
    compiles: Compiles,
    /// The host's own share of its memory, which compiles reserve bytes of.
    share: Share,
    /// One compile a core at once. Each uses several, and a small one would wait behind a large one otherwise.
    permits: Arc<Semaphore>,
    /// Code that is being written to the cache.
    writes: Mutex<JoinSet<()>>,
    /// Gives memory back, unless there is another compile before.
    rest: Mutex<Option<AbortHandle>>,
}

/// Where components are compiled.
enum Compiles {
    InProcess(Arc<FunctionCache>),
    InWorker(WorkerPool),
}

impl Compiles {
    /// The functions that this process compiles with. A worker has a cache of its own.
    fn functions(&self) -> Option<&Arc<FunctionCache>> {
        match self {
            Self::InProcess(functions) => Some(functions),
            Self::InWorker(_) => None,
        }
    }

    /// Writes the functions that this process compiled to the cache.
    fn flush(&self) -> io::Result<()> {
        self.functions().map_or(Ok(()), |functions| functions.flush())
    }
}

impl Runtime {
    /// Starts the engine.
    ///
    /// # Errors
    /// See [`RuntimeError`].
    pub fn new(settings: SandboxSettings, cache: CodeCache, share: Share) -> Result<Self, RuntimeError> {
        let CodeCache { artifacts, functions } = cache;
        let compiles = match &settings.worker {
            Some(worker) => Compiles::InWorker(WorkerPool::new(worker.clone(), functions)),
            None => Compiles::InProcess(Arc::new(functions.open()?)),
        };
        let first = Arc::new(Sandbox::new(&settings, settings.compiler, compiles.functions())?);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self(Arc::new(Inner {
            settings,
            artifacts,
            first,
            second: OnceLock::new(),
            compiles,
            share,
            permits: Arc::new(Semaphore::new(cores)),
            writes: Mutex::default(),
            rest: Mutex::default(),
        })))
    }

    fn second(&self) -> Option<Arc<Sandbox>> {
        if self.0.first.compiler == Compiler::Cranelift {
            return None;
        }
        let make = || Sandbox::new(&self.0.settings, Compiler::Cranelift, self.0.compiles.functions());
        let made = self.0.second.get_or_init(|| {
            make()
                .inspect_err(|error| {
                    tracing::error!(
                        "cannot start the Cranelift engine for components that Winch cannot compile: {error:#}"
                    )
                })
                .map(Arc::new)
                .ok()
        });
        made.clone()
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
            let image = component.image().map_err(io::Error::other);
            let kept = image.and_then(|image| runtime.0.artifacts.put(component.key(), &image, &cached));
            for error in [kept.err(), runtime.0.compiles.flush().err()].into_iter().flatten() {
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
        let runtime = self.clone();
        let _ = tokio::task::spawn_blocking(move || runtime.0.compiles.flush()).await;
        if let Compiles::InWorker(pool) = &self.0.compiles {
            pool.finish().await;
        }
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
