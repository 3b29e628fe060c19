//! A pool with programs that are no workers, or bad ones. What the real program does with hostile components is tested with
//! the command line.

use std::{sync::Arc, time::Duration};

use cap_std::{ambient_authority, fs::Dir};
use tokio::sync::Semaphore;

use super::{CompileLimits, CompileWorker, WorkerPool, protocol::Answer};
use crate::{CodeCache, Compiler, LoadError};

const FINGERPRINT: u64 = 7;
/// More than a pipe holds, so that a program has to read it.
static COMPONENT: [u8; 1 << 20] = [0; 1 << 20];

struct Pool {
    pool: WorkerPool,
    permits: Arc<Semaphore>,
    _data: tempfile::TempDir,
}

impl Pool {
    fn new(worker: CompileWorker) -> Self {
        let data = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(data.path(), ambient_authority()).unwrap();
        let functions = CodeCache::open(&dir, 1 << 20).unwrap().functions;
        Self { pool: WorkerPool::new(worker, functions), permits: Arc::new(Semaphore::new(1)), _data: data }
    }

    /// A shell that runs `script`.
    fn shell(script: &str) -> Self {
        Self::new(CompileWorker::program("/bin/sh", ["-c", script]))
    }

    async fn compile(&self, component: &[u8]) -> Result<Vec<u8>, LoadError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.unwrap();
        let compiled = self.pool.compile(Compiler::Cranelift, FINGERPRINT, false, component, permit).await;
        compiled.map(|compiled| compiled.image)
    }

    async fn refusal(&self) -> LoadError {
        self.compile(&COMPONENT).await.expect_err("this is no worker")
    }
}

/// What a shell's `printf` writes as a frame.
fn frame(content: &str) -> String {
    let length = u64::try_from(content.len()).unwrap();
    let length: String = length.to_le_bytes().iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("{length}{}", content.replace('\\', "\\\\").replace('%', "%%"))
}

fn answer(answer: &Answer) -> String {
    frame(&serde_json::to_string(answer).unwrap())
}

/// A script that writes these frames while it reads what it is sent.
fn answers(frames: &str) -> String {
    // A shell takes the input of a command in the background away.
    format!("exec 3<&0; cat <&3 >/dev/null & printf '{frames}'; wait")
}

fn compiled(fingerprint: u64) -> String {
    answer(&Answer::Compiled { fingerprint, offers_triggers: true })
}

#[tokio::test]
async fn a_program_that_is_missing_is_the_hosts_fault() {
    let pool = Pool::new(CompileWorker::program("/nowhere/workway", ["compile-worker"]));
    let error = pool.refusal().await;
    assert!(matches!(error, LoadError::Worker { .. }), "{error}");
    assert!(error.to_string().contains("`/nowhere/workway`: it cannot be started"), "{error}");
}

#[tokio::test]
async fn garbage_is_refused_before_it_is_read() {
    let too_long = format!("printf '{}'; exec cat", frame("").replace("\\000", "\\377"));
    let text = format!("printf '{}'; exec cat", frame("compiled"));
    for script in ["exec yes", &too_long, &text] {
        let error = Pool::shell(script).refusal().await;
        assert!(matches!(&error, LoadError::Worker { program, .. } if program == "/bin/sh"), "{script}: {error}");
    }
}

#[tokio::test]
async fn too_much_code_is_refused_before_it_is_read() {
    let length = "\\377\\377\\377\\377\\000\\000\\000\\000";
    let error = Pool::shell(&answers(&format!("{}{length}", compiled(FINGERPRINT)))).refusal().await;
    assert!(error.to_string().contains("a frame must have at most"), "{error}");
}

#[tokio::test]
async fn a_worker_of_another_build_is_refused() {
    let error = Pool::shell(&answers(&format!("{}{}", compiled(8), frame("code")))).refusal().await;
    assert!(error.to_string().contains("another build"), "{error}");
}

#[tokio::test]
async fn a_program_that_ends_at_once_has_crashed() {
    for (script, how) in [
        ("exit 3", "exit status: 3"),
        ("echo 'thread main panicked' >&2; exit 101", "exit status: 101; it last wrote: thread main panicked"),
        ("kill -s SEGV $$", "SIGSEGV"),
        ("kill -s ABRT $$", "SIGABRT"),
    ] {
        let error = Pool::shell(script).refusal().await;
        assert!(matches!(&error, LoadError::Crashed { how: told } if told.contains(how)), "{script}: {error}");
    }
}

#[tokio::test]
async fn the_end_of_a_worker_says_which_limit_it_has_met() {
    let pool = Pool::shell("echo 'memory allocation of 48 bytes failed' >&2; kill -s ABRT $$");
    let error = pool.refusal().await;
    assert!(matches!(error, LoadError::TooMuchMemory { limit_bytes } if limit_bytes == (96 + 48) << 20), "{error}");
    let error = Pool::shell("kill -s XCPU $$").refusal().await;
    assert!(matches!(error, LoadError::TooMuchCpu { limit } if limit == Duration::from_secs(15)), "{error}");
}

#[tokio::test]
async fn a_worker_that_floods_its_log_is_read_and_bounded() {
    let pool = Pool::shell("head -c 10000000 /dev/zero | tr '\\000' x >&2; exit 3");
    let error = pool.refusal().await;
    let LoadError::Crashed { how } = error else { panic!("{error}") };
    assert!(how.contains("xxx") && how.len() < 3_000, "{} bytes", how.len());
}

#[tokio::test]
async fn silence_ends_at_the_limit_and_the_program_with_it() {
    let limits =
        CompileLimits { cpu: Duration::from_millis(5), cpu_of_mib: Duration::ZERO, ..CompileLimits::default() };
    // One reads nothing, the other everything.
    for (program, argument) in [("/bin/sleep", "1000000"), ("/usr/bin/sha256sum", "-")] {
        let worker = CompileWorker { limits, ..CompileWorker::program(program, [argument]) };
        let error = Pool::new(worker).refusal().await;
        assert!(matches!(error, LoadError::TooSlow { .. }), "{program}: {error}");
    }
}

#[tokio::test]
async fn answers_come_back_as_they_were_given() {
    use crate::Refusal;

    let refused = |text: &str| answer(&Answer::Unusable(text.to_owned()));
    for (told, expected) in [
        (answer(&Answer::Refused(Refusal::NoContract)), LoadError::Refused(Refusal::NoContract)),
        (refused("bad magic"), LoadError::Unusable(wasmtime::Error::msg("bad magic"))),
        (answer(&Answer::TooMuchMemory), LoadError::TooMuchMemory { limit_bytes: (96 + 48) << 20 }),
        (answer(&Answer::TooMuchCode), LoadError::TooMuchCode { limit_bytes: (16 + 8) << 20 }),
    ] {
        let error = Pool::shell(&answers(&format!("{told}{}", frame("")))).refusal().await;
        assert_eq!(error.to_string(), expected.to_string());
    }
}

#[tokio::test]
async fn a_component_beyond_all_measure_is_not_sent() {
    let pool = Pool::new(CompileWorker::program("/nowhere", [""; 0]));
    let error = pool.compile(&vec![0; (64 << 20) + 1]).await.unwrap_err();
    assert!(error.to_string().contains("at most 67108864 bytes (got 67108865)"), "{error}");
}
