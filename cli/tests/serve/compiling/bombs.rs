//! Components that are small and make the compiler slow or large: what becomes of them.

use std::time::Duration;

use workway_host::sandbox::{CompileLimits, LoadError};
use workway_tests::bomb::{endless, hello, large};

use super::worker::Worker;

/// After each refusal, the next good component compiles.
async fn refused(limits: CompileLimits, bomb: &[u8]) -> LoadError {
    let worker = Worker::with_limits(limits);
    let error = worker.refusal(bomb).await;
    let load = Worker::new().compile(&hello()).await;
    assert!(load.is_ok(), "{load:?}");
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compile_ends_at_its_cpu_time() {
    // Nobody waits for it longer than ten times as long: a busy machine has to give it that in time.
    let (cpu, cpu_of_mib, memory_bytes) = (Duration::from_secs(3), Duration::ZERO, 1 << 30);
    let limits = CompileLimits { cpu, cpu_of_mib, memory_bytes, ..CompileLimits::default() };
    let error = refused(limits, &endless()).await;
    assert!(matches!(error, LoadError::TooMuchCpu { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compile_ends_at_its_memory() {
    let limits = CompileLimits { memory_of_byte: 0, ..CompileLimits::default() };
    let error = refused(limits, &large()).await;
    assert!(matches!(error, LoadError::TooMuchMemory { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_machine_code_than_allowed_is_refused() {
    let limits = CompileLimits { code_bytes: 1 << 10, code_of_byte: 0, ..CompileLimits::default() };
    let error = refused(limits, &hello()).await;
    assert!(matches!(error, LoadError::TooMuchCode { .. }), "{error}");
}
