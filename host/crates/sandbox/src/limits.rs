//! The memory of one call, summed over all its linear memories and tables.

use wasmtime::ResourceLimiter;
use workway_resources::HeldMemory;

use super::engine::MAX_TABLE_ELEMENTS;

/// Instances, tables and memories that one store may hold; the pool has its own, lower bounds for one component.
const MAX_ITEMS: usize = 200;

/// What one element of a table takes: a pointer.
const TABLE_ELEMENT_BYTES: u64 = 8;

/// Counts what a call's memories have grown to, and refuses what goes beyond. A refused growth is -1 to the guest, as
/// WebAssembly has it; most guests then trap, and [`MemoryLimiter::refused`] tells why.
#[derive(Debug)]
pub(super) struct MemoryLimiter {
    used: u64,
    limit: u64,
    /// The host's memory that is reserved for the call, at least what it uses.
    held: HeldMemory,
    /// The growth that was allowed last, to be undone if it fails.
    last: u64,
    refused: bool,
    starved: bool,
}

impl MemoryLimiter {
    /// `held` was reserved for the call. More is reserved when the guest grows beyond it.
    pub(super) fn new(limit_bytes: u64, held: HeldMemory) -> Self {
        Self { used: 0, limit: limit_bytes, held, last: 0, refused: false, starved: false }
    }

    /// What the memories and tables have grown to, in bytes. They never shrink.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    /// Whether the last growth was refused: a guest that got more memory afterwards did not die of it.
    pub(super) fn refused(&self) -> bool {
        self.refused
    }

    /// Whether the last growth was refused because the host has no memory left: the guest kept its limit.
    pub(super) fn starved(&self) -> bool {
        self.starved
    }

    fn take(&mut self, bytes: u64) -> bool {
        let total = self.used.saturating_add(bytes);
        self.refused = total > self.limit;
        self.starved = !self.refused && self.held.try_grow(total.saturating_sub(self.held.bytes())).is_err();
        let taken = !self.refused && !self.starved;
        if taken {
            self.used = total;
            self.last = bytes;
        }
        taken
    }

    /// The pool's slot or the memory's own maximum was smaller than what this limiter allowed: to the caller it is the
    /// same limit.
    fn give_back(&mut self) {
        self.used = self.used.saturating_sub(std::mem::take(&mut self.last));
        self.refused = true;
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.take(u64::try_from(desired.saturating_sub(current))?))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.give_back();
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let elements = u64::try_from(desired.saturating_sub(current))?;
        Ok(desired <= MAX_TABLE_ELEMENTS && self.take(elements.saturating_mul(TABLE_ELEMENT_BYTES)))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.give_back();
        Ok(())
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
    use workway_resources::Resources;

    use super::{MemoryLimiter, ResourceLimiter};

    fn limiter(limit_bytes: u64) -> MemoryLimiter {
        MemoryLimiter::new(limit_bytes, Resources::unlimited().host_share().hold())
    }

    #[test]
    fn memories_share_one_limit() {
        let mut limiter = limiter(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert!(!limiter.refused());
        assert!(!limiter.memory_growing(40, 41, None).unwrap());
        assert!(limiter.refused());
        assert_eq!(limiter.used(), 100, "what was refused is not counted");
    }

    #[test]
    fn a_growth_that_failed_is_given_back() {
        let mut limiter = limiter(100);
        assert!(limiter.memory_growing(0, 90, None).unwrap());
        limiter.memory_grow_failed(wasmtime::Error::msg("no room")).unwrap();
        assert!(limiter.refused());
        assert!(limiter.memory_growing(0, 100, None).unwrap());
        assert!(!limiter.refused());
    }

    #[test]
    fn tables_count_as_memory() {
        let mut limiter = limiter(100);
        assert!(limiter.table_growing(0, 12, None).unwrap());
        assert!(!limiter.table_growing(12, 13, None).unwrap());
    }
    #[test]
    fn a_guest_that_keeps_its_limit_can_meet_the_hosts() {
        let resources = Resources::new(100);
        let mut held = resources.host_share().hold();
        held.try_grow(50).unwrap();
        let mut limiter = MemoryLimiter::new(1_000, held);
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert_eq!(resources.memory().0, 50, "what was taken before is used first");
        assert!(limiter.memory_growing(40, 90, None).unwrap());
        assert_eq!(resources.memory().0, 90);
        assert!(!limiter.memory_growing(90, 101, None).unwrap());
        assert!(limiter.starved() && !limiter.refused());
        assert!(limiter.memory_growing(90, 100, None).unwrap());
        assert!(!limiter.starved(), "a guest that got more memory afterwards did not die of it");
        drop(limiter);
        assert_eq!(resources.memory().0, 0);
    }
}
