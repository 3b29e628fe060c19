//! The program as a process of its own, in a folder of its own, with no environment but what a test gives it.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use reqwest::{Client, Method, RequestBuilder};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::mpsc,
};

/// How long anything may take before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder with `plugins/` in it, and the program's command line.
pub struct Workway {
    folder: TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

/// A program that runs.
pub struct Running {
    child: Child,
    stdout: Said,
    stderr: Said,
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// The lines of one stream: those that were looked at, and those to come.
struct Said {
    lines: mpsc::UnboundedReceiver<String>,
    seen: String,
}

impl Workway {
    pub fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("plugins")).expect("a plugins folder");
        Self { folder, arguments: arguments.iter().map(ToString::to_string).collect(), environment: Vec::new() }
    }

    /// `serve --dev` on a free port.
    pub fn development() -> Self {
        Self::new(&["serve", "--dev", "--listen", "127.0.0.1:0"])
    }

    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Writes a file below the folder, whose parents are made.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, content).expect("the file is written");
        self
    }

    /// Drops a component into `plugins/`.
    pub fn component(self, path: &Path) -> Self {
        let content = std::fs::read(path).expect("the component is read");
        let name = path.file_name().and_then(|name| name.to_str()).expect("a file name");
        self.file(&format!("plugins/{name}"), content)
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workway"));
        command.args(arguments).env_clear().envs(self.environment.iter().cloned());
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }

    /// Starts it and waits until it says where it listens.
    pub async fn listening(&self) -> Running {
        let mut running = self.start();
        running.stdout.until("listening on ").await;
        running
    }

    /// Starts it and waits until it is ready.
    pub async fn ready(&self) -> Running {
        let mut running = self.start();
        running.stdout.until("ready: ").await;
        running
    }

    /// Runs it to an end that it finds by itself.
    pub async fn run(&self) -> Ended {
        self.start().ended().await
    }

    /// Runs it to an end of status 1 and returns what it said of it.
    pub async fn refusal(&self) -> String {
        let ended = self.run().await;
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
        assert!(ended.stderr.lines().any(|line| line.starts_with("workway: ")), "{ended:?}");
        assert!(!ended.stderr.contains("panicked"), "{ended:?}");
        ended.stderr
    }

    /// Starts another command of the program in the same folder, with the same environment.
    pub fn beside(&self, arguments: &[&str]) -> Running {
        Self::spawn(self.command(arguments))
    }

    fn start(&self) -> Running {
        Self::spawn(self.command(&self.arguments))
    }

    fn spawn(mut command: Command) -> Running {
        let mut child = command.spawn().expect("workway starts");
        let stdout = Said::by(child.stdout.take().expect("a pipe"));
        let stderr = Said::by(child.stderr.take().expect("a pipe"));
        Running { child, stdout, stderr }
    }
}

impl Running {
    /// `http://…`, as its first line says.
    pub fn origin(&self) -> &str {
        let line = self.stdout.seen.lines().next().expect("a first line");
        line.strip_prefix("listening on ").unwrap_or_else(|| panic!("it said {line:?} first"))
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let client = Client::builder().no_proxy().build().expect("a client");
        client.request(method, format!("{}{path}", self.origin())).timeout(PATIENCE)
    }

    /// Reads on to the line of standard output that has a text.
    pub async fn prints(&mut self, part: &str) {
        self.stdout.until(part).await;
    }

    /// Reads on to the line of standard error that has a text, and returns it.
    pub async fn says(&mut self, part: &str) -> String {
        self.stderr.until(part).await
    }

    /// Sends a signal, by its name without SIG.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        // The shell has a `kill` of its own on every system.
        let status = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &id]).status().await;
        assert!(status.expect("a shell").success());
    }

    /// Ends it as a crash does, at once: no other process has to be started for it, as for [`Running::signal`].
    pub async fn kill(mut self) -> Ended {
        // It may have ended by itself.
        let _ = self.child.start_kill();
        self.ended().await
    }

    /// Whether it has ended by itself.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_some()
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> Ended {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").expect("a status");
        Ended { status, stdout: self.stdout.rest().await, stderr: self.stderr.rest().await }
    }

    /// Has it end as a terminal would.
    pub async fn interrupt(self) -> Ended {
        self.signal("INT").await;
        let ended = self.ended().await;
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        ended
    }
}

impl Said {
    fn by(stream: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream).lines();
            while let Ok(Some(line)) = stream.next_line().await {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines, seen: String::new() }
    }

    async fn until(&mut self, part: &str) -> String {
        loop {
            let line = tokio::time::timeout(PATIENCE, self.lines.recv()).await;
            let Ok(Some(line)) = line else { panic!("{part:?} was not said, but {:?}", self.seen) };
            self.seen.push_str(&line);
            self.seen.push('\n');
            if line.contains(part) {
                return line;
            }
        }
    }

    async fn rest(mut self) -> String {
        while let Some(line) = self.lines.recv().await {
            self.seen.push_str(&line);
            self.seen.push('\n');
        }
        self.seen
    }
}
