//! Turns bytes into a component that can run: by mapping code that was kept, or by compiling, in this process or in a
//! worker. It says why bytes did not become one, and who is to blame.

use std::{
    os::fd::AsRawFd,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::OwnedSemaphorePermit, task::spawn_blocking};
use wasmtime::component::Component;
use workway_model::DefinitionDraft;
use workway_resources::HeldMemory;

use super::{
    Compiles, Runtime,
    cache::{ArtifactKey, FunctionCache},
    component::{CachedDefinition, CodeSource, CompiledComponent, LinkedComponent},
    engine::{Sandbox, compiling_engine},
    inspect::{Refusal, inspect},
    worker::{Compiled, WorkerPool},
};

/// The longest that a compile in this process is waited for. A component from Python takes 7 s; one that takes this long
/// is no accident, and its thread is lost until the compiler gives up by itself.
const MAX_COMPILE: Duration = Duration::from_secs(120);
const TOO_SLOW: LoadError = LoadError::TooSlow { limit: MAX_COMPILE };
const MIB: u64 = 1 << 20;

/// Why bytes did not become a component that runs.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// What was given is no integration for this host.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It looked like one, and the compiler or the linker found otherwise.
    #[error("the component cannot be used: {0:#}: if it was built for this host's wit/, copy or build it again")]
    Unusable(wasmtime::Error),
    /// The component makes the compiler take too much.
    #[error(
        "compiling the component takes more than {} MiB of memory, the limit for a file of its size: build it in release \
         mode, or split its largest functions", .limit_bytes / MIB
    )]
    TooMuchMemory { limit_bytes: u64 },
    #[error(
        "compiling the component takes more than {} s of CPU time, the limit for a file of its size: build it in release \
         mode, or split its largest functions", .limit.as_secs()
    )]
    TooMuchCpu { limit: Duration },
    #[error(
        "the component compiles to more than {} MiB of machine code, the limit for a file of its size: build it in release \
         mode, or remove unused dependencies", .limit_bytes / MIB
    )]
    TooMuchCode { limit_bytes: u64 },
    /// Within its CPU time or without a limit on that: the machine may be to blame as well.
    #[error(
        "the component must compile within {} s: load it again when the machine is less busy, build it in release mode, or \
         remove unused dependencies", .limit.as_secs()
    )]
    TooSlow { limit: Duration },
    /// A fault of the compiler, unless somebody killed it.
    #[error(
        "the compiler crashed while it compiled the component ({how}): load it again; if it crashes again, report it with \
         the file, and build the component with another optimization level"
    )]
    Crashed { how: String },
    /// A fault of the host or of the machine.
    #[error("the host cannot compile in its worker `{program}`: {problem}")]
    Worker { program: String, problem: String },
    #[error("the component was not compiled: the host is shutting down")]
    ShutDown,
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

impl Runtime {
    /// Maps and links the code that was kept by [`Runtime::keep`] for the component with this SHA-256. `None` where there
    /// is none. It never waits for a compile.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn load_kept(&self, hash: [u8; 32]) -> Result<Option<Load>, LoadError> {
        let runtime = self.clone();
        let work = spawn_blocking(move || runtime.load_kept_now(&runtime.0.first, hash));
        work.await.map_err(|_cancelled| LoadError::ShutDown)?
    }

    /// Looks at `bytes`, compiles and links them; `hash` is their SHA-256. As many components compile at once as there are
    /// cores.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn compile(&self, bytes: Vec<u8>, hash: [u8; 32]) -> Result<Load, LoadError> {
        let bytes = Arc::new(bytes);
        let first = self.compile_in(Arc::clone(&self.0.first), &bytes, hash).await;
        let Err(LoadError::Unusable(error)) = &first else { return first };
        let runtime = self.clone();
        // Making an engine takes milliseconds.
        let second = spawn_blocking(move || runtime.second()).await.map_err(|_cancelled| LoadError::ShutDown)?;
        let Some(second) = second else { return first };
        tracing::debug!(error = format!("{error:#}"), "Winch cannot compile this component: using Cranelift");
        let (runtime, sandbox) = (self.clone(), Arc::clone(&second));
        let kept = spawn_blocking(move || runtime.load_kept_now(&sandbox, hash));
        match kept.await.map_err(|_cancelled| LoadError::ShutDown)?? {
            Some(load) => Ok(load),
            None => self.compile_in(second, &bytes, hash).await,
        }
    }

    async fn compile_in(&self, sandbox: Arc<Sandbox>, bytes: &Arc<Vec<u8>>, hash: [u8; 32]) -> Result<Load, LoadError> {
        let permit = Arc::clone(&self.0.permits).acquire_owned();
        let key = ArtifactKey::new(hash, sandbox.fingerprint);
        match &self.0.compiles {
            Compiles::InProcess(functions) => {
                // A compile that nothing can stop holds its permit for good.
                let permit = tokio::time::timeout(MAX_COMPILE, permit).await.map_err(|_elapsed| TOO_SLOW)?;
                let permit = permit.map_err(|_closed| LoadError::ShutDown)?;
                let _memory = self.reserve_for_compile(bytes.len()).await;
                self.compile_here(sandbox, Arc::clone(functions), Arc::clone(bytes), key, permit).await
            }
            Compiles::InWorker(pool) => {
                let permit = permit.await.map_err(|_closed| LoadError::ShutDown)?;
                let _memory = self.reserve_for_compile(bytes.len()).await;
                self.compile_in_worker(pool, sandbox, bytes, key, permit).await
            }
        }
    }

    /// Reserves the memory of a compile, and waits until it is free. A compile that needs more than all takes all.
    async fn reserve_for_compile(&self, size: usize) -> HeldMemory {
        let limits = self.0.settings.worker.as_ref().map(|worker| worker.limits).unwrap_or_default();
        let mut held = self.0.share.hold();
        let bytes = limits.reserved_bytes(size).min(self.0.share.budget_bytes());
        // At most the whole budget, so that it cannot be too large.
        let _ = held.grow_when_free(bytes).await;
        held
    }

    async fn compile_here(
        &self,
        sandbox: Arc<Sandbox>,
        functions: Arc<FunctionCache>,
        bytes: Arc<Vec<u8>>,
        key: ArtifactKey,
        permit: OwnedSemaphorePermit,
    ) -> Result<Load, LoadError> {
        let one_thread = self.compiles_one_of_many();
        let work = spawn_blocking(move || {
            let began = Instant::now();
            let (component, offers_triggers) = compile_with(&bytes, |bytes| {
                if one_thread {
                    let engine = compiling_engine(sandbox.compiler, Some(&functions), true)?;
                    return map(&sandbox, &engine.precompile_component(bytes)?);
                }
                Component::from_binary(&sandbox.engine, bytes)
            })?;
            drop(permit);
            finish(sandbox, component, key, offers_triggers, began)
        });
        let timeout = tokio::time::timeout(MAX_COMPILE, work).await;
        timeout.map_err(|_elapsed| TOO_SLOW)?.map_err(|_cancelled| LoadError::ShutDown)?
    }

    async fn compile_in_worker(
        &self,
        pool: &WorkerPool,
        sandbox: Arc<Sandbox>,
        bytes: &[u8],
        key: ArtifactKey,
        permit: OwnedSemaphorePermit,
    ) -> Result<Load, LoadError> {
        let began = Instant::now();
        let one_thread = self.compiles_one_of_many();
        let compiled = pool.compile(sandbox.compiler, sandbox.fingerprint, one_thread, bytes, permit).await?;
        let work = spawn_blocking(move || {
            let Compiled { image, offers_triggers } = compiled;
            let component = map(&sandbox, &image).map_err(LoadError::Unusable)?;
            drop(image);
            finish(sandbox, component, key, offers_triggers, began)
        });
        work.await.map_err(|_cancelled| LoadError::ShutDown)?
    }

    /// Whether other components compile as well, as at a start. Then each is compiled by one thread; alone, as in an edit
    /// loop, one is compiled by all cores.
    fn compiles_one_of_many(&self) -> bool {
        self.0.permits.available_permits() == 0
    }

    fn load_kept_now(&self, sandbox: &Arc<Sandbox>, hash: [u8; 32]) -> Result<Option<Load>, LoadError> {
        let began = Instant::now();
        let key = ArtifactKey::new(hash, sandbox.fingerprint);
        // Only what passed the inspection was ever kept.
        let Some((component, cached)) = self.kept(sandbox, key) else { return Ok(None) };
        let CachedDefinition { definition, offers_triggers } = cached;
        let compile = began.elapsed();
        let began = Instant::now();
        let (sandbox, source) = (Arc::clone(sandbox), CodeSource::Cache);
        let component = CompiledComponent { component, sandbox, key, source, offers_triggers }.link()?;
        Ok(Some(Load { component, known: Some(definition), compile, link: began.elapsed() }))
    }

    fn kept(&self, sandbox: &Sandbox, key: ArtifactKey) -> Option<(Component, CachedDefinition)> {
        let artifact = self.0.artifacts.get::<CachedDefinition>(key)?;
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

/// Compiles what passes the inspection. Also says whether it offers triggers.
pub(super) fn compile_with<T>(
    bytes: &[u8],
    compile: impl FnOnce(&[u8]) -> wasmtime::Result<T>,
) -> Result<(T, bool), LoadError> {
    let outside = inspect(bytes)?;
    outside.for_this_host()?;
    let code = compile(bytes).map_err(LoadError::Unusable)?;
    Ok((code, outside.exports_interface("triggers")))
}

/// Links what was compiled just now.
fn finish(
    sandbox: Arc<Sandbox>,
    component: Component,
    key: ArtifactKey,
    offers_triggers: bool,
    began: Instant,
) -> Result<Load, LoadError> {
    let compile = began.elapsed();
    let began = Instant::now();
    let source = CodeSource::Compiled(sandbox.compiler);
    let component = CompiledComponent { component, sandbox, key, source, offers_triggers }.link()?;
    Ok(Load { component, known: None, compile, link: began.elapsed() })
}

/// Takes the code of another engine.
fn map(sandbox: &Sandbox, image: &[u8]) -> wasmtime::Result<Component> {
    #[expect(unsafe_code, reason = "an engine takes another's code in no other way")]
    // SAFETY: the image was made for this host just now, by an engine with the same settings: in this process, or in a
    // worker that has the same program and told the same fingerprint. A worker whose compiler is compromised could send
    // any code; it is bounded in what it uses, not in what it makes.
    unsafe {
        Component::deserialize(&sandbox.engine, image)
    }
}
