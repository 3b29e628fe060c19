//! What a compile may use. A large component needs much of everything, so the limits grow with its size; a small one that
//! needs much is an attack.

use std::time::Duration;

const MIB: u64 = 1 << 20;

/// How much longer than its CPU time a compile may take. A worker runs with a niceness of 10, which gets it a tenth of a
/// core that the host keeps busy.
const WALL_OF_CPU: u32 = 10;
/// The longest that a worker may need after it has answered, to write functions to the cache: at most 128 MiB.
pub(super) const FLUSH: Duration = Duration::from_secs(5);
/// The largest component after which a worker stays warm, in bytes. A larger one leaves a large heap behind, and takes long
/// enough that the next start of a worker is nothing against it.
pub(super) const LARGEST_KEEPING_WARM: usize = 1 << 20;

/// Limits of one compile, by the size of the component. The defaults are two to three times what ordinary components need:
/// `docs/benchmarks.md` has the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Memory that the worker may have for any component, in bytes: the program, its threads, the index of the function
    /// cache, and a small compile. Default: 96 MiB.
    pub memory_bytes: u64,
    /// Memory for each byte of the component besides, in bytes. Default: 48.
    pub memory_of_byte: u64,
    /// The most memory for any component, in bytes. Default: 1 GiB.
    pub most_memory_bytes: u64,
    /// CPU time of all threads for any component. Default: 10 s.
    pub cpu: Duration,
    /// CPU time for each MiB of the component besides. Default: 5 s.
    pub cpu_of_mib: Duration,
    /// Machine code for any component, in bytes. Default: 16 MiB.
    pub code_bytes: u64,
    /// Machine code for each byte of the component besides, in bytes. Default: 8.
    pub code_of_byte: u64,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 96 * MIB,
            memory_of_byte: 48,
            most_memory_bytes: 1 << 30,
            cpu: Duration::from_secs(10),
            cpu_of_mib: Duration::from_secs(5),
            code_bytes: 16 * MIB,
            code_of_byte: 8,
        }
    }
}

/// The limits of one compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Writable memory of the worker, in bytes.
    pub(super) memory_bytes: u64,
    /// What the host takes from the worker and holds while it maps it, in bytes.
    pub(super) code_bytes: u64,
    /// CPU time of all of the worker's threads.
    pub(super) cpu: Duration,
    /// Time by the clock, until the host has the answer.
    pub(super) wall: Duration,
}

impl CompileLimits {
    /// The memory that compiling a component of this many bytes takes, in the worker and for its answer.
    pub(crate) fn reserved_bytes(&self, bytes: usize) -> u64 {
        let Bounds { memory_bytes, code_bytes, .. } = self.of(bytes);
        memory_bytes.saturating_add(code_bytes)
    }

    /// The limits for a component of this many bytes.
    pub(super) fn of(&self, bytes: usize) -> Bounds {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let with = |base: u64, of_byte: u64| base.saturating_add(of_byte.saturating_mul(bytes));
        let mib = u32::try_from(bytes.div_ceil(MIB)).unwrap_or(u32::MAX);
        let cpu = self.cpu.saturating_add(self.cpu_of_mib.saturating_mul(mib));
        let memory_bytes = with(self.memory_bytes, self.memory_of_byte).min(self.most_memory_bytes);
        Bounds {
            memory_bytes,
            // More does not fit into the worker anyway.
            code_bytes: with(self.code_bytes, self.code_of_byte).min(memory_bytes),
            cpu,
            wall: cpu.saturating_mul(WALL_OF_CPU),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Bounds, CompileLimits, MIB};

    #[test]
    fn limits_grow_with_the_component_up_to_a_bound() {
        let limits = CompileLimits::default();
        let of = |mib: usize| limits.of(mib << 20);
        let seconds = Duration::from_secs;
        assert_eq!(
            of(1),
            Bounds { memory_bytes: 144 * MIB, code_bytes: 24 * MIB, cpu: seconds(15), wall: seconds(150) }
        );
        assert_eq!(
            of(64),
            Bounds { memory_bytes: 1_024 * MIB, code_bytes: 528 * MIB, cpu: seconds(330), wall: seconds(3_300) }
        );
        assert_eq!(of(0).cpu, seconds(10));
        assert_eq!(limits.of(1).cpu, seconds(15), "a part of a MiB counts as one");
        assert_eq!(limits.of(usize::MAX).memory_bytes, 1_024 * MIB);
    }
}
