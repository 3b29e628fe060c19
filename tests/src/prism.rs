//! Prism, a mock server that nobody here wrote, in front of GitHub's own OpenAPI file. It is a process of its own that
//! ends with the value that started it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
};

/// Reading 13 MB of OpenAPI takes a slow machine a while.
const PATIENCE: Duration = Duration::from_secs(180);
/// What Prism says when it takes requests.
const READY: &str = "Prism is listening on ";

/// A running Prism that plays `api.github.com`.
pub struct Prism {
    child: Child,
    origin: String,
    log: JoinHandle<()>,
}

impl Prism {
    /// Starts it on a free port. `None` where `cargo xtask prism-setup` could not install it.
    ///
    /// It answers dynamically (`--dynamic`), with values made up from the schemas: the example that GitHub's file has
    /// for a repository breaks the schema beside it (it lacks `language`), and with `--errors` a static Prism answers
    /// 500 there. The seed has it make up the same values each time.
    pub async fn start() -> Option<Self> {
        let modules = modules();
        let (program, document) =
            (modules.join(".bin/prism"), modules.join("@octokit/openapi/generated/api.github.com.json"));
        if !program.exists() || !document.exists() {
            return None;
        }
        let mut command = Command::new(program);
        // One process, so that killing it leaves none behind.
        command.args(["mock", "--errors", "--dynamic", "--seed", "workway", "--multiprocess=false"]);
        command.args(["--host", "127.0.0.1", "--port", "0"]).arg(document);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("Prism starts (it needs node)");
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped")).lines();
        let ready = tokio::time::timeout(PATIENCE, ready(&mut output)).await;
        let origin = ready.expect("Prism listens in time");
        // Whatever is not read would stop it as soon as the pipe is full.
        let log = tokio::spawn(async move { while let Ok(Some(_)) = output.next_line().await {} });
        Some(Self { child, origin, log })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Ends it and waits until it is gone.
    pub async fn end(mut self) {
        self.child.kill().await.expect("Prism ends");
        self.log.await.expect("its output ends with it");
    }
}

async fn ready(output: &mut Lines<BufReader<ChildStdout>>) -> String {
    let mut said = String::new();
    while let Some(line) = output.next_line().await.expect("Prism prints text") {
        if let Some((_, origin)) = line.split_once(READY) {
            return origin.trim().to_owned();
        }
        said.push_str(&line);
        said.push('\n');
    }
    panic!("Prism ended before it listened:\n{said}");
}

fn modules() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace");
    root.join("target/tools/prism/node_modules")
}
