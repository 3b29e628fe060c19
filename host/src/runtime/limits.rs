//! The memory of one call, summed over all its linear memories.

use wasmtime::ResourceLimiter;

use super::engine::MAX_TABLE_ELEMENTS;

/// Instances, tables and memories that one store may hold; the pool has its own, lower bounds for one component.
const MAX_ITEMS: usize = 200;

/// Counts what a call's memories have grown to, and refuses what goes beyond. A refused growth is -1 to the guest, as
/// WebAssembly has it; most guests then trap, and [`MemoryLimiter::refused`] tells why.
#[derive(Debug)]
pub(super) struct MemoryLimiter {
    used: u64,
    limit: u64,
    refused: bool,
}

impl MemoryLimiter {
    pub(super) fn new(limit_bytes: u64) -> Self {
        Self { used: 0, limit: limit_bytes, refused: false }
    }

    /// Whether a growth was refused.
    pub(super) fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let growth = u64::try_from(desired.saturating_sub(current))?;
        let total = self.used.saturating_add(growth);
        if total > self.limit {
            self.refused = true;
            return Ok(false);
        }
        self.used = total;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        // The slot was smaller than what this limiter allowed: to the caller it is the same limit.
        self.refused = true;
        Ok(())
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        MAX_ITEMS
    }

    fn tables(&self) -> usize {
        MAX_ITEMS
    }

    fn memories(&self) -> usize {
        MAX_ITEMS
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryLimiter, ResourceLimiter};

    #[test]
    fn memories_share_one_limit() {
        let mut limiter = MemoryLimiter::new(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert!(!limiter.refused());
        assert!(!limiter.memory_growing(40, 41, None).unwrap());
        assert!(limiter.refused());
    }
}
