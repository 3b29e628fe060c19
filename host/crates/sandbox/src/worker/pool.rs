//! The worker processes of a host: a warm one is taken again, a new one is started where none is free. There are never more
//! than permits to compile. A worker that has met a limit, or has broken off, is never used again.

use std::{
    io::{self, ErrorKind},
    os::unix::process::ExitStatusExt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::process::Signal;
use tokio::{
    sync::OwnedSemaphorePermit,
    task::{AbortHandle, JoinSet},
};

use super::{
    CompileWorker,
    limits::{Bounds, FLUSH, LARGEST_KEEPING_WARM},
    process::{End, Process},
    protocol::{Answer, MAX_CODE_BYTES, MAX_COMPONENT_BYTES, Request},
};
use crate::{Compiler, LoadError, cache::FunctionFolder};

/// How long a worker stays warm without work: an idle host has no second process.
const IDLE: Duration = Duration::from_secs(60);
/// What Rust's allocator says before it ends a process that gets no memory.
const NO_MEMORY: &str = "memory allocation of ";

/// A component's machine code, as an engine of the same settings can map it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) image: Vec<u8>,
    pub(crate) offers_triggers: bool,
}

/// Compiles in worker processes.
pub(crate) struct WorkerPool {
    worker: CompileWorker,
    functions: FunctionFolder,
    idle: Arc<Idle>,
    /// Workers that have answered and are not done.
    finishing: Mutex<JoinSet<()>>,
}

/// Workers that wait for a component.
#[derive(Default)]
struct Idle(Mutex<IdleWorkers>);

#[derive(Default)]
struct IdleWorkers {
    workers: Vec<IdleWorker>,
    /// Counts those that ever waited.
    waited: u64,
}

struct IdleWorker {
    number: u64,
    process: Process,
    expiry: AbortHandle,
}

impl WorkerPool {
    pub(crate) fn new(worker: CompileWorker, functions: FunctionFolder) -> Self {
        Self { worker, functions, idle: Arc::default(), finishing: Mutex::default() }
    }

    /// Compiles a component in a worker. The permit is held until the worker can take another component, or is gone. A
    /// worker whose result nobody waits for any more is killed.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub(crate) async fn compile(
        &self,
        compiler: Compiler,
        fingerprint: u64,
        one_thread: bool,
        component: &[u8],
        permit: OwnedSemaphorePermit,
    ) -> Result<Compiled, LoadError> {
        let size = component.len();
        if u64::try_from(size).map_or(true, |size| size > MAX_COMPONENT_BYTES) {
            return Err(self.fault(format!("a component must have at most {MAX_COMPONENT_BYTES} bytes (got {size})")));
        }
        // From here on the worker may use `memory_bytes`, and the host `code_bytes` for what the worker sends.
        let bounds = self.worker.limits.of(size);
        let request = Request {
            compiler,
            one_thread,
            memory_bytes: bounds.memory_bytes,
            code_bytes: bounds.code_bytes.min(MAX_CODE_BYTES),
            cpu_seconds: bounds.cpu.as_secs().max(1),
            cache_bytes: self.functions.limit_bytes(),
        };
        let mut process = self.take()?;
        let (answer, image) = match tokio::time::timeout(bounds.wall, process.compile(&request, component)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) if error.kind() == ErrorKind::InvalidData => {
                drop(process.kill().await);
                return Err(self.fault(format!("it does not answer as this host's worker does ({error})")));
            }
            Ok(Err(error)) => return Err(read_end(process.end().await, &error, &bounds)),
            Err(_elapsed) => {
                drop(process.kill().await);
                return Err(LoadError::TooSlow { limit: bounds.wall });
            }
        };
        self.finish_in_background(process, size <= LARGEST_KEEPING_WARM, permit);
        match answer {
            Answer::Compiled { fingerprint: theirs, .. } if theirs != fingerprint => {
                Err(self.fault("it is of another build than the host, or has other settings".into()))
            }
            Answer::Compiled { offers_triggers, .. } => Ok(Compiled { image, offers_triggers }),
            Answer::Refused(refusal) => Err(refusal.into()),
            Answer::Unusable(text) => Err(LoadError::Unusable(wasmtime::Error::msg(text))),
            Answer::TooMuchMemory => Err(LoadError::TooMuchMemory { limit_bytes: bounds.memory_bytes }),
            Answer::TooMuchCode => Err(LoadError::TooMuchCode { limit_bytes: bounds.code_bytes }),
        }
    }

    /// Waits until every worker that has answered is done.
    pub(crate) async fn finish(&self) {
        let mut finishing = std::mem::take(&mut *self.finishing());
        while finishing.join_next().await.is_some() {}
    }

    /// A warm worker, or a new one.
    fn take(&self) -> Result<Process, LoadError> {
        while let Some(IdleWorker { mut process, expiry, .. }) = self.idle.workers().workers.pop() {
            expiry.abort();
            // Somebody may have killed it.
            if process.is_running() {
                return Ok(process);
            }
        }
        Process::start(&self.worker, &self.functions).map_err(|error| {
            self.fault(format!("it cannot be started: {error}: check the host's limits of processes and memory"))
        })
    }

    fn finish_in_background(&self, mut process: Process, stays_warm: bool, permit: OwnedSemaphorePermit) {
        let idle = Arc::clone(&self.idle);
        let mut finishing = self.finishing();
        while finishing.try_join_next().is_some() {}
        finishing.spawn(async move {
            match tokio::time::timeout(FLUSH, process.finish_request()).await {
                Ok(Ok(())) if stays_warm => idle.add(process),
                Ok(Ok(())) => report(&process.end().await),
                _ => report(&process.kill().await),
            }
            drop(permit);
        });
    }

    fn fault(&self, problem: String) -> LoadError {
        LoadError::Worker { program: self.worker.program.display().to_string(), problem }
    }

    fn finishing(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.finishing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    fn add(self: Arc<Self>, process: Process) {
        let mut idle = self.workers();
        idle.waited += 1;
        let number = idle.waited;
        let idle_workers = Arc::downgrade(&self);
        let expiry = tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            let expired = idle_workers.upgrade().and_then(|idle| idle.remove(number));
            if let Some(process) = expired {
                report(&process.end().await);
            }
        });
        idle.workers.push(IdleWorker { number, process, expiry: expiry.abort_handle() });
    }

    fn remove(&self, number: u64) -> Option<Process> {
        let mut idle = self.workers();
        let place = idle.workers.iter().position(|worker| worker.number == number)?;
        Some(idle.workers.remove(place).process)
    }

    fn workers(&self) -> MutexGuard<'_, IdleWorkers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What it means for the component that its worker has ended in the middle.
fn read_end(end: End, error: &io::Error, bounds: &Bounds) -> LoadError {
    let End { status, last_words } = end;
    let signal = status.as_ref().ok().and_then(ExitStatusExt::signal);
    if signal == Some(Signal::XCPU.as_raw()) {
        return LoadError::TooMuchCpu { limit: bounds.cpu };
    }
    if signal == Some(Signal::ABORT.as_raw()) && last_words.contains(NO_MEMORY) {
        return LoadError::TooMuchMemory { limit_bytes: bounds.memory_bytes };
    }
    let mut how = status.map_or_else(|_| error.to_string(), |status| status.to_string());
    if !last_words.is_empty() {
        how = format!("{how}; it last wrote: {last_words}");
    }
    LoadError::Crashed { how }
}

/// What a worker says that ends in order, such as damage in the function cache.
fn report(end: &End) {
    if !end.last_words.is_empty() {
        tracing::warn!("the compile worker reports: {}", end.last_words);
    }
}
