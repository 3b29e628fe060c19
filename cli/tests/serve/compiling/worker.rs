//! A runtime of a test's own, whose worker is the real program.

use std::{path::PathBuf, sync::Arc, time::Duration};

use cap_std::{ambient_authority, fs::Dir};
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};
use tempfile::TempDir;
use workway_host::{
    resources::Resources,
    sandbox::{CodeCache, CompileLimits, CompileWorker, Compiler, Load, LoadError, Runtime, SandboxSettings},
};

/// How long anything in a test may take before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(120);
/// Writes the process's id into the file that is its first argument, and is the worker from then on.
const ANNOUNCED: &str = "echo $$ >> \"$0\"; exec \"$1\" compile-worker";

pub struct Worker {
    pub runtime: Runtime,
    folder: TempDir,
}

/// The program that is under test, as a worker.
pub fn program() -> CompileWorker {
    CompileWorker::program(env!("CARGO_BIN_EXE_workway"), ["compile-worker"])
}

impl Worker {
    pub fn new() -> Self {
        Self::with_limits(CompileLimits::default())
    }

    /// With other limits than the usual ones, so that a test need not wait for these.
    pub fn with_limits(limits: CompileLimits) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let ids = folder.path().join("ids").into_os_string();
        let arguments = ["-c".into(), ANNOUNCED.into(), ids, env!("CARGO_BIN_EXE_workway").into()];
        let worker = CompileWorker { limits, ..CompileWorker::program("/bin/sh", arguments) };
        let settings =
            SandboxSettings { compiler: Compiler::Cranelift, worker: Some(worker), calls: 4, memory_bytes: 1 << 20 };
        let data = Dir::open_ambient_dir(folder.path(), ambient_authority()).expect("the folder is opened");
        let cache = CodeCache::open(&data, 1 << 30).expect("the cache is opened");
        let share = Resources::unlimited().host_share();
        Self { runtime: Runtime::new(settings, cache, share).expect("the engine starts"), folder }
    }

    pub async fn compile(&self, component: &[u8]) -> Result<Load, LoadError> {
        // Nothing is kept in these tests, so that a hash need not be right.
        let compiled = self.runtime.compile(component.to_vec(), [0; 32]);
        tokio::time::timeout(PATIENCE, compiled).await.expect("a compile ends")
    }

    /// What is wrong with a component.
    pub async fn refusal(&self, component: &[u8]) -> LoadError {
        self.compile(component).await.expect_err("the component compiles")
    }

    /// The processes that were started so far.
    pub fn started(&self) -> Vec<Pid> {
        let ids = std::fs::read_to_string(self.ids()).unwrap_or_default();
        let id = |line: &str| Pid::from_raw(line.parse().expect("a process's id")).expect("a process's id");
        ids.lines().map(id).collect()
    }

    /// Has the next process wait until somebody reads its id with [`Worker::next_started`].
    pub fn holds_next(&self) {
        let made = std::process::Command::new("mkfifo").arg(self.ids()).status().expect("mkfifo runs");
        assert!(made.success());
    }

    /// Waits for a process that was held, and lets it go.
    pub async fn next_started(&self) -> Pid {
        let ids = self.ids();
        let read = tokio::task::spawn_blocking(move || {
            let id = std::fs::read_to_string(&ids).expect("an id is written");
            std::fs::remove_file(ids).expect("the pipe is removed");
            id
        });
        let id = tokio::time::timeout(PATIENCE, read).await.expect("a process starts").expect("the id is read");
        Pid::from_raw(id.trim().parse().expect("a process's id")).expect("a process's id")
    }

    fn ids(&self) -> PathBuf {
        self.folder.path().join("ids")
    }
}

/// Waits until a process has ended. It need not be a child of this one.
pub async fn gone(pid: Pid) {
    // One that is gone already cannot be opened.
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    let process = Arc::new(process);
    let wait = tokio::task::spawn_blocking(move || {
        let patience = PATIENCE.try_into().expect("a time");
        poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience)).expect("the process can be waited for")
    });
    assert_eq!(wait.await.expect("the wait ends"), 1, "process {} has not ended", pid.as_raw_pid());
}

/// Kills a process, and waits until it is gone.
pub async fn kill(pid: Pid) {
    kill_process(pid, Signal::KILL).expect("the process is there");
    gone(pid).await;
}
