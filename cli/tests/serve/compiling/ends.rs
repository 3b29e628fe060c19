//! How workers come and go: they stay warm, end, are killed, and never outlive their host.

use std::{fs, path::Path};

use rustix::process::Pid;
use workway_host::sandbox::LoadError;
use workway_tests::{
    TestHost,
    bomb::{endless, hello, padded},
    guest, plugin,
};

use super::worker::{Worker, gone, kill, program};
use crate::{TOKEN, process::Workway};

/// The machine code that a host keeps of these components, by the name of its file.
async fn kept_code(in_worker: bool) -> Vec<(String, Vec<u8>)> {
    let builder = TestHost::builder().production().guest("hello").guest("with-triggers").plugin("slack");
    let host = if in_worker { builder.worker(program()) } else { builder }.start().await;
    let folder = host.finish_keeping().await;
    let mut code: Vec<_> = code_files(&folder.path().join("data/cache/artifacts")).collect();
    code.sort();
    code
}

fn code_files(folder: &Path) -> impl Iterator<Item = (String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("the folder is read").map(|entry| entry.expect("an entry").path());
    let code = entries.filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"));
    code.map(|path| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read(path).expect("the code is read"))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_makes_the_code_that_the_host_would_make() {
    let (here, there) = (kept_code(false).await, kept_code(true).await);
    assert_eq!(here.len(), 3);
    // The names have the engine's settings in them.
    let names = |code: &[(String, Vec<u8>)]| code.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&here), names(&there));
    assert!(here == there, "the code differs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_are_kept_by_the_worker() {
    let folder = TestHost::builder().production().guest("hello").worker(program()).start().await.finish_keeping().await;
    let packs = fs::read_dir(folder.path().join("data/cache/functions")).expect("the folder is read");
    assert_eq!(packs.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warm_worker_compiles_the_next_component_within_limits_and_without_the_hosts_environment() {
    let worker = Worker::new();
    for _ in 0..3 {
        worker.compile(&hello()).await.expect("hello compiles");
        worker.runtime.finish_keeping().await;
    }
    let [pid] = worker.started()[..] else { panic!("{:?} were started", worker.started()) };
    let process = |name: &str| fs::read(format!("/proc/{}/{name}", pid.as_raw_pid())).expect("the process is there");
    let limits = String::from_utf8(process("limits")).expect("limits are text");
    let bytes = ((96 << 20) + 48 * hello().len()).to_string();
    for (limit, value) in [
        ("Max core file size", "0"),
        ("Max data size", bytes.as_str()),
        ("Max stack size", "8388608"),
        ("Max open files", "128"),
        ("Max file size", "268435456"),
    ] {
        let line = limits.lines().find(|line| line.starts_with(limit)).expect("every limit has a line");
        assert_eq!(line[limit.len()..].split_whitespace().next(), Some(value), "{line}");
    }
    let cpu = limits.lines().find(|line| line.starts_with("Max cpu time")).expect("a line");
    let soft = cpu["Max cpu time".len()..].split_whitespace().next();
    assert!(soft.is_some_and(|seconds| seconds.parse::<u64>().is_ok()), "{cpu}");
    let status = String::from_utf8(process("stat")).expect("the status is text");
    // The 19th field is the niceness, the 17th after the name.
    let niceness: i32 =
        status.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(16)?.parse().ok()).expect("a number");
    assert!(niceness >= 10, "{status}");
    let environment = String::from_utf8_lossy(&process("environ")).into_owned();
    let names: Vec<_> = environment.split_terminator('\0').filter_map(|line| line.split('=').next()).collect();
    // The shell that announces the process adds its folder.
    assert!(names.iter().all(|name| ["RAYON_NUM_THREADS", "PWD", "OLDPWD", "SHLVL", "_"].contains(name)), "{names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_ends_after_a_large_component() {
    let worker = Worker::new();
    worker.compile(&padded(1 << 20)).await.expect("a large component compiles");
    worker.runtime.finish_keeping().await;
    let [pid] = worker.started()[..] else { panic!("{:?} were started", worker.started()) };
    gone(pid).await;
    worker.compile(&hello()).await.expect("hello compiles");
    assert_eq!(worker.started().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_in_the_middle_fails_one_load() {
    let worker = Worker::new();
    worker.holds_next();
    let bomb = endless();
    let (error, ()) = tokio::join!(worker.refusal(&bomb), async { kill(worker.next_started().await).await });
    assert!(matches!(&error, LoadError::Crashed { how } if how.contains("SIGKILL")), "{error}");
    assert!(error.to_string().contains("load it again"), "{error}");
    worker.compile(&hello()).await.expect("the next one compiles");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_while_it_is_idle_is_replaced() {
    let worker = Worker::new();
    worker.compile(&hello()).await.expect("hello compiles");
    worker.runtime.finish_keeping().await;
    kill(worker.started()[0]).await;
    worker.compile(&hello()).await.expect("hello compiles again");
    assert_eq!(worker.started().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_result_nobody_waits_for_is_killed() {
    let worker = Worker::new();
    worker.holds_next();
    let bomb = endless();
    let pid = tokio::select! {
        error = worker.refusal(&bomb) => panic!("{error}"),
        pid = worker.next_started() => pid,
    };
    gone(pid).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_components_compile_at_once() {
    let worker = Worker::new();
    let plugin = fs::read(plugin("slack")).expect("the plugin is read");
    let triggers = fs::read(guest("with-triggers").expect("the guest is built")).expect("the guest is read");
    let hello = hello();
    for _ in 0..3 {
        let loads = tokio::join!(
            worker.compile(&plugin),
            worker.compile(&triggers),
            worker.compile(&hello),
            worker.compile(&plugin)
        );
        let (a, b, c, d) = loads;
        for (load, triggers) in [(a, false), (b, true), (c, false), (d, false)] {
            assert_eq!(load.expect("the component compiles").component.offers_triggers(), triggers);
        }
    }
    worker.runtime.finish_keeping().await;
    let cores = std::thread::available_parallelism().expect("a number").get();
    assert!(worker.started().len() <= cores, "{:?} were started", worker.started());
}

#[tokio::test]
async fn a_host_that_is_killed_takes_its_worker_along() {
    let workway = Workway::new(&["serve", "--listen", "127.0.0.1:0"])
        .env("WORKWAY_ADMIN_TOKEN", TOKEN)
        .env("WORKWAY_LOG", "workway_sandbox=debug")
        .file("plugins/endless.wasm", endless());
    let mut running = workway.listening().await;
    let line = running.says("started a compile worker").await;
    let pid =
        line.rsplit("pid=").next().and_then(|pid| pid.trim().parse().ok()).expect("the line has the process's id");
    running.kill().await;
    gone(Pid::from_raw(pid).expect("a process's id")).await;
}

#[tokio::test]
async fn a_host_is_not_ready_without_a_reason_and_names_the_component_to_blame() {
    let workway = Workway::new(&["serve", "--listen", "127.0.0.1:0"])
        .env("WORKWAY_ADMIN_TOKEN", TOKEN)
        .component(&guest("hello").expect("hello is built"))
        .file("plugins/large.wasm", workway_tests::bomb::large());
    let running = workway.ready().await;
    let ended = running.interrupt().await;
    assert!(ended.stdout.ends_with("1 file not loaded\n"), "{ended:?}");
    assert!(ended.stderr.contains("MiB of memory, the limit for a file of its size"), "{ended:?}");
}
