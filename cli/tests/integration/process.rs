//! Two programs side by side, as a developer has them in two terminals: each with its lines, read under a guard.

use std::{
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::mpsc,
};

/// How long anything may take before it counts as hung. The first build compiles what an integration is written with.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A program that runs.
pub struct Program {
    child: Child,
    pub stdout: Lines,
    pub stderr: Lines,
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// The lines of one stream: those that were read, and those to come.
pub struct Lines {
    coming: mpsc::UnboundedReceiver<String>,
    read: String,
}

impl Program {
    /// `workway` in a folder, with these words, as `prepare` has its environment.
    pub fn start(folder: &Path, words: &[&str], prepare: impl FnOnce(&mut Command)) -> Self {
        Self::of(env!("CARGO_BIN_EXE_workway"), folder, words, prepare)
    }

    /// Another program, likewise.
    pub fn of(program: &str, folder: &Path, words: &[&str], prepare: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(program);
        command.args(words).current_dir(folder).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        prepare(&mut command);
        let mut child = command.spawn().expect("it starts");
        let stdout = Lines::of(child.stdout.take().expect("a pipe"));
        let stderr = Lines::of(child.stderr.take().expect("a pipe"));
        Self { child, stdout, stderr }
    }

    /// What Ctrl-C does.
    pub fn interrupt(&self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw).expect("it runs");
        kill_process(id, Signal::INT).expect("a signal");
    }

    /// Waits for its end, and for that of all that writes where it did.
    pub async fn ended(mut self) -> Ended {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").expect("a status");
        Ended { status, stdout: self.stdout.rest().await, stderr: self.stderr.rest().await }
    }
}

impl Lines {
    fn of(stream: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let (sender, coming) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream).lines();
            while let Ok(Some(line)) = stream.next_line().await {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { coming, read: String::new() }
    }

    /// Reads on to the line that has a text.
    pub async fn until(&mut self, part: &str) -> String {
        loop {
            let line = tokio::time::timeout(PATIENCE, self.coming.recv()).await;
            let Ok(Some(line)) = line else { panic!("{part:?} was not said, but:\n{}", self.read) };
            self.read.push_str(&line);
            self.read.push('\n');
            if line.contains(part) {
                return line;
            }
        }
    }

    async fn rest(mut self) -> String {
        while let Some(line) = tokio::time::timeout(PATIENCE, self.coming.recv()).await.expect("the stream ends") {
            self.read.push_str(&line);
            self.read.push('\n');
        }
        self.read
    }
}
