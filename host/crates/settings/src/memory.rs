//! The memory that the host may use.

use workway_model::check_range;
use workway_resources::available_memory;
use workway_sandbox::CompileWorker;

/// The host's own memory, in bytes: code, caches, connections, and memory that the allocator keeps. It is part of
/// `limits.total_memory`; the rest is for work.
const OWN_BYTES: u64 = 160 << 20;
const LEAST_TOTAL_BYTES: u64 = 256 << 20;
const MOST_TOTAL_BYTES: u64 = 1 << 44;

/// The memory of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemorySettings {
    /// The whole memory of the host, in bytes.
    pub total_bytes: u64,
}

impl MemorySettings {
    /// The configured bytes, or half of the memory that is available to this process.
    pub(crate) fn new(total_bytes: Option<u64>) -> Self {
        let half = || available_memory().map_or(LEAST_TOTAL_BYTES, |bytes| bytes / 2);
        let total_bytes = total_bytes.unwrap_or_else(|| half().clamp(LEAST_TOTAL_BYTES, MOST_TOTAL_BYTES));
        Self { total_bytes }
    }

    /// Bytes for requests, calls and compiles together.
    pub fn work_bytes(&self) -> u64 {
        self.total_bytes.saturating_sub(OWN_BYTES)
    }

    /// Bytes for one client: half, so that no single client takes all.
    pub fn client_bytes(&self) -> u64 {
        self.work_bytes() / 2
    }

    /// Bytes for the calls of all runs together: half, so that requests are answered while many runs go on.
    pub fn runs_bytes(&self) -> u64 {
        self.work_bytes() / 2
    }

    /// Limits the memory of one compile to half of the work's, so that calls are served while strangers' files compile.
    pub(crate) fn limit_compiles(&self, mut worker: CompileWorker) -> CompileWorker {
        worker.limits.most_memory_bytes = worker.limits.most_memory_bytes.min(self.work_bytes() / 2);
        worker
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        check_range("total_memory", self.total_bytes, LEAST_TOTAL_BYTES, MOST_TOTAL_BYTES)
    }
}
