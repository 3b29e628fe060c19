//! The limits of a worker that the system enforces. The worker sets them itself, so that the host need not run code between
//! fork and exec, and so that they hold when the host is gone.

use std::{io, time::Duration};

use rustix::{
    process::{Resource, Rlimit, getrlimit, nice, setrlimit},
    time::{ClockId, clock_gettime},
};

/// What is added to the host's niceness, so that calls win against compiles.
const NICENESS: i32 = 10;
/// Open files: standard streams, and a function cache of at most 64 packs.
const FILES: u64 = 128;
/// The largest file that a worker writes, in bytes: a pack of functions, of which 128 MiB wait in memory at most.
const FILE_BYTES: u64 = 256 << 20;
/// The main thread's stack, in bytes. It does not count as data, and an operator may have lifted its limit. Other threads
/// have 2 MiB.
const STACK_BYTES: u64 = 8 << 20;

/// Sets what holds for as long as the worker lives. Call it before there is a second thread, which would keep its
/// niceness.
pub(super) fn confine() -> io::Result<()> {
    // Where the system does not let it, compiles slow calls down, and every limit holds.
    let _ = nice(NICENESS);
    // A dump would hold the component, and be as large as the memory limit.
    limit(Resource::Core, 0)?;
    limit(Resource::Nofile, FILES)?;
    limit(Resource::Fsize, FILE_BYTES)?;
    limit(Resource::Stack, STACK_BYTES)
}

/// Limits the memory that can be written to. Address space alone would also count the program's own file and what the
/// allocator only reserves. Beyond it an allocation fails, which ends the process.
pub(super) fn limit_memory(bytes: u64) -> io::Result<()> {
    limit(Resource::Data, bytes)
}

/// Limits the CPU time of all threads from now on. Beyond it the system ends the process with SIGXCPU.
pub(super) fn limit_cpu(more: Duration) -> io::Result<()> {
    let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
    // The second that has begun counts as used.
    let used = u64::try_from(used).unwrap_or_default().saturating_add(1);
    limit(Resource::Cpu, used.saturating_add(more.as_secs()))
}

/// Sets the limit that a process can raise again. One that was inherited as the last word stays.
fn limit(resource: Resource, value: u64) -> io::Result<()> {
    let maximum = getrlimit(resource).maximum;
    let current = maximum.map_or(value, |maximum| value.min(maximum));
    Ok(setrlimit(resource, Rlimit { current: Some(current), maximum })?)
}
