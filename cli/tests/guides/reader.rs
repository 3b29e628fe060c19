//! Somebody who does what a guide says, in a folder of his own, and believes nothing.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::{fs::symlink, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::guide::{Step, fits, steps};

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// The port of the guides; the reader's is one that is free.
const PORT: &str = "8787";
/// What a host says when it serves.
const READY: &str = "ready: ";

pub struct Reader {
    _folder: TempDir,
    here: PathBuf,
    port: String,
    /// Folders of programs, before the user's own.
    programs: Vec<PathBuf>,
    background: Vec<Background>,
}

/// A program that goes on while the guide does.
struct Background(Child);

impl Reader {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port().to_string();
        let here = folder.path().canonicalize().expect("a folder");
        let workway = Path::new(env!("CARGO_BIN_EXE_workway")).parent().expect("a folder").to_owned();
        Self { _folder: folder, here, port, programs: vec![workway], background: Vec::new() }
    }

    pub fn follow(mut self, guide: &str) {
        let text = fs::read_to_string(Path::new(REPOSITORY).join("docs").join(guide)).expect("the guide");
        let steps = steps(&text);
        assert!(!steps.is_empty(), "{guide} has no steps");
        for step in steps {
            match step {
                Step::Write { path, content } => {
                    let path = self.here.join(path);
                    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                    fs::write(path, content).expect("the file is written");
                }
                Step::Run { command, prints } => self.run(guide, &command, &prints),
            }
        }
    }

    /// Finds programs there too.
    pub fn look_in(&mut self, folder: &Path) {
        self.programs.push(folder.to_owned());
    }

    /// Runs one command. Where it is to print something, it has to print just that.
    pub fn run(&mut self, guide: &str, command: &str, prints: &[String]) {
        if let Some(folder) = command.strip_prefix("cd ") {
            return self.enter(folder);
        }
        if let Some(command) = command.strip_suffix(" &") {
            let program = Background::start(self.shell(&format!("exec {command}")));
            return self.background.push(program);
        }
        let command = command.replace(PORT, &self.port).replace("curl ", "curl --silent --show-error ");
        let output = self.shell(&format!("{command} 2>&1")).output().expect("a shell");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{guide}: `{command}` ended with {}:\n{printed}", output.status);
        let lines: Vec<&str> = printed.lines().collect();
        assert!(
            prints.is_empty() || fits(prints, &lines),
            "{guide}: `{command}` printed:\n{printed}\nand not:\n{prints:#?}"
        );
    }

    /// A project's dependencies are compiled once for all guides, and in the versions that the repository has.
    fn enter(&mut self, folder: &str) {
        self.here = self.here.join(folder);
        let shared = Path::new(REPOSITORY).join("target/guides");
        fs::create_dir_all(&shared).expect("a folder");
        symlink(shared.canonicalize().expect("a folder"), self.here.join("target")).expect("a link");
        fs::copy(Path::new(REPOSITORY).join("Cargo.lock"), self.here.join("Cargo.lock")).expect("a lock file");
    }

    #[expect(clippy::disallowed_methods, reason = "a guide's reader has a PATH, and xtask says which toolchain builds")]
    fn shell(&self, script: &str) -> Command {
        let path = std::env::var_os("WORKWAY_TEST_WASM_PATH").or_else(|| std::env::var_os("PATH")).unwrap_or_default();
        let path = std::env::join_paths(self.programs.iter().cloned().chain(std::env::split_paths(&path)));
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).current_dir(&self.here).stdin(Stdio::null());
        command.env("PATH", path.expect("folders without a colon"));
        command.env("WORKWAY_LISTEN", format!("127.0.0.1:{}", self.port));
        // What the cargo that runs this test has set for itself.
        for name in ["CARGO", "RUSTC", "LD_LIBRARY_PATH", "CARGO_TARGET_DIR", "CARGO_MANIFEST_DIR"] {
            command.env_remove(name);
        }
        if let Some(toolchain) = std::env::var_os("WORKWAY_TEST_WASM_TOOLCHAIN").filter(|name| !name.is_empty()) {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        command
    }
}

impl Background {
    /// Starts it, and waits until it says that it serves.
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).process_group(0).spawn().expect("a shell");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let program = Self(child);
        let is_ready = lines.any(|line| line.contains(READY));
        assert!(is_ready, "a program in the background ended before it served");
        // Whoever prints wants to be read.
        thread::spawn(move || lines.for_each(drop));
        program
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}
