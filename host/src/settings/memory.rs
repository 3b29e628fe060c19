//! How much memory the host may use for work.

use workway_model::check_range;
use workway_resources::available_memory;

/// What the host takes for itself, in bytes: code, caches, connections, and memory that the allocator keeps. It is part of
/// `limits.total_memory`, and work gets the rest.
const OWN_BYTES: u64 = 160 << 20;
const LEAST_TOTAL_BYTES: u64 = 256 << 20;
const MOST_TOTAL_BYTES: u64 = 1 << 44;

/// The memory of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemorySettings {
    /// All that the host may use, in bytes.
    pub total_bytes: u64,
}

impl MemorySettings {
    /// So many bytes, or half of what this process may use at all.
    pub(super) fn new(total_bytes: Option<u64>) -> Self {
        let half = || available_memory().map_or(LEAST_TOTAL_BYTES, |bytes| bytes / 2);
        let total_bytes = total_bytes.unwrap_or_else(|| half().clamp(LEAST_TOTAL_BYTES, MOST_TOTAL_BYTES));
        Self { total_bytes }
    }

    /// What requests, calls and compiles may hold together.
    pub fn work_bytes(&self) -> u64 {
        self.total_bytes.saturating_sub(OWN_BYTES)
    }

    /// What one client may hold: half, so that no single one takes all.
    pub fn client_bytes(&self) -> u64 {
        self.work_bytes() / 2
    }

    pub(super) fn check(&self) -> Result<(), String> {
        check_range("total_memory", self.total_bytes, LEAST_TOTAL_BYTES, MOST_TOTAL_BYTES)
    }
}
