//! One run of `cargo build` for wasm. Cargo's own words go to standard error as they are; from its messages the
//! component's file is taken, whose name is never guessed. A build that is dropped is ended, rustc and all.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::package::Package;
use crate::terminal::{say, wipe_line};

pub const TARGET: &str = "wasm32-wasip2";

/// The cargo on the PATH, started in a folder as its user would: what applies there applies to it.
///
/// It gets a process group of its own. Ctrl-C at the terminal is for this program, which then ends cargo; and with the
/// group end the compilers that cargo has started.
pub fn cargo(folder: &Path) -> Command {
    grouped("cargo", folder)
}

fn grouped(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).process_group(0).kill_on_drop(true);
    command
}

/// A build that runs, or has run.
pub struct Build {
    group: Group,
    messages: Lines<BufReader<ChildStdout>>,
    package: String,
    component: Option<PathBuf>,
    started: Instant,
}

/// What cargo is told beside the target.
#[derive(Clone, Copy)]
pub struct Options<'arguments> {
    /// Its profile; None for the one that builds fastest.
    pub profile: Option<&'arguments str>,
    /// What else it is told, as its user wrote it.
    pub more: &'arguments [OsString],
}

/// What came of a build.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The component's file.
    Built(PathBuf),
    /// Cargo has said why.
    Failed,
    /// Cargo was content, but this is not what was wanted of it.
    NoComponent,
}

impl Build {
    pub fn start(package: &Package, options: Options<'_>) -> anyhow::Result<Self> {
        let mut command = cargo(&package.folder);
        command.args(["build", "--lib", "--target", TARGET, "--message-format", "json-render-diagnostics"]);
        match options.profile {
            Some(profile) => command.arg("--profile").arg(profile),
            // What a debugger wants is most of such a component, and the host would compile past it every time.
            None => command.args(["--config", "profile.dev.debug=false", "--config", "profile.dev.strip=true"]),
        };
        command.arg("--manifest-path").arg(&package.manifest);
        command.args(options.more);
        Self::of(command, package.id.clone())
    }

    fn of(mut command: Command, package: String) -> anyhow::Result<Self> {
        let started = Instant::now();
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start cargo: install Rust and add cargo to the PATH")?;
        let messages = BufReader::new(child.stdout.take().context("cargo has no standard output")?).lines();
        Ok(Self { group: Group(child), messages, package, component: None, started })
    }

    /// Waits for its end. Nothing is lost when this is dropped half-way and called again.
    pub async fn finished(&mut self) -> anyhow::Result<Outcome> {
        while let Some(line) = self.messages.next_line().await.context("cannot read cargo's messages")? {
            match serde_json::from_str::<Message>(&line) {
                Ok(message) => self.component = message.component_of(&self.package).or(self.component.take()),
                // A macro that prints, which is what cargo would have shown.
                Err(_) => say(&line),
            }
        }
        let status = self.group.0.wait().await.context("cannot wait for cargo")?;
        Ok(match self.component.take() {
            _ if !status.success() => Outcome::Failed,
            Some(component) => Outcome::Built(component),
            None => Outcome::NoComponent,
        })
    }

    /// Since its start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Ends it, and waits until it has let go of cargo's lock.
    pub async fn end(mut self) -> anyhow::Result<()> {
        self.group.kill();
        self.group.0.wait().await.context("cannot wait for cargo")?;
        Ok(())
    }
}

/// A program with all that it has started.
struct Group(Child);

impl Group {
    /// Not asked but killed: rustc has nothing to put in order, and cargo takes nothing for built that is half built.
    fn kill(&self) {
        // Without an id it has ended, and the group may be another's.
        let leader = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader {
            // It may end right now.
            let _ = kill_process_group(leader, Signal::KILL);
            wipe_line();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// After a failed build, tells how to install the target if the rustc on the PATH lacks it. Its diagnostic, E0463, is not
/// among cargo's messages when cargo renders it.
pub async fn help_with_target(folder: &Path) {
    if lacks_target(folder).await {
        say(&format!("help: the target {TARGET} is not installed; run `rustup target add {TARGET}`"));
    }
}

async fn lacks_target(folder: &Path) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(folder).args(["--print", "target-libdir", "--target", TARGET]).stdin(Stdio::null());
    let output: io::Result<_> = rustc.stderr(Stdio::null()).kill_on_drop(true).output().await;
    output.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        output.status.success() && !Path::new(folder.trim_end()).is_dir()
    })
}

/// One line of cargo's output, as far as it is of use here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    package_id: Option<String>,
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

impl Message {
    /// The component, if this tells of the package's.
    fn component_of(self, package: &str) -> Option<PathBuf> {
        let target = self.target.filter(|_| self.reason == "compiler-artifact")?;
        let is_component = target.crate_types.iter().any(|kind| kind == "cdylib");
        let is_its_own = self.package_id.is_some_and(|id| id == package);
        let is_wasm = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "wasm");
        self.filenames.into_iter().find(|file| is_component && is_its_own && is_wasm(file))
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::{Value, json};
    use tokio::io::AsyncReadExt;

    use super::{Build, Message, Outcome, grouped};

    fn artifact() -> Value {
        json!({
            "reason": "compiler-artifact", "package_id": "slack", "manifest_path": "/slack/Cargo.toml",
            "target": { "kind": ["cdylib", "rlib"], "crate_types": ["cdylib", "rlib"], "name": "slack" },
            "filenames": ["/target/libslack.rlib", "/target/slack.wasm"], "executable": null, "fresh": false,
        })
    }

    fn component_of(message: &Value) -> Option<PathBuf> {
        serde_json::from_str::<Message>(&message.to_string()).expect("a message").component_of("slack")
    }

    fn shell(script: &str) -> Build {
        let mut command = grouped("sh", Path::new("/"));
        command.args(["-c", script]);
        Build::of(command, "slack".to_owned()).expect("a shell")
    }

    #[test]
    fn the_component_is_the_file_that_cargo_names() {
        assert_eq!(component_of(&artifact()), Some("/target/slack.wasm".into()));
    }

    #[test]
    fn what_else_cargo_makes_is_not_taken_for_it() {
        let others = [
            ("reason", json!("build-script-executed")),
            ("package_id", json!("another")),
            ("target", json!({ "crate_types": ["bin"] })),
            ("target", Value::Null),
            ("filenames", json!(["/target/libslack.rlib"])),
            ("filenames", json!([])),
        ];
        for (key, value) in others {
            let mut message = artifact();
            message[key] = value;
            assert_eq!(component_of(&message), None, "{message}");
        }
        assert_eq!(component_of(&json!({ "reason": "build-finished", "success": true })), None);
    }

    #[tokio::test]
    async fn a_build_ends_with_its_component_or_without() {
        let print = format!("echo '{}'", artifact());
        let built = shell(&print).finished().await.expect("an end");
        assert_eq!(built, Outcome::Built("/target/slack.wasm".into()));
        assert_eq!(shell(&format!("{print}; exit 101")).finished().await.expect("an end"), Outcome::Failed);
        assert_eq!(shell("echo not JSON").finished().await.expect("an end"), Outcome::NoComponent);
    }

    /// A build whose compiler goes on by itself. What it writes to is open for as long as one of the two lives.
    async fn with_a_compiler() -> Build {
        let mut build = shell("sh -c 'echo compiling; while :; do :; done' & wait");
        let line = build.messages.next_line().await.expect("a line");
        assert_eq!(line.as_deref(), Some("compiling"));
        build
    }

    #[tokio::test]
    async fn a_build_that_is_ended_leaves_no_compiler_behind() {
        let mut build = with_a_compiler().await;
        build.group.kill();
        assert_eq!(build.messages.next_line().await.expect("an end"), None);
        build.end().await.expect("an end");
    }

    #[tokio::test]
    async fn a_build_that_is_dropped_leaves_no_compiler_behind() {
        let Build { group, messages, .. } = with_a_compiler().await;
        drop(group);
        let mut rest = Vec::new();
        messages.into_inner().read_to_end(&mut rest).await.expect("an end");
        assert_eq!(rest, b"");
    }
}
