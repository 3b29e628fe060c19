//! A developer's folder: an integration in `probe/`, and a `plugins/` beside it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tokio::process::Command;

use crate::process::Program;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

pub struct Project {
    folder: TempDir,
    /// Where cargo builds.
    target: PathBuf,
}

impl Project {
    /// An integration on the SDK. It is built in the repository's own output: the SDK is compiled once.
    pub fn on_the_sdk() -> Self {
        let sdk = fs::canonicalize(Path::new(REPOSITORY).join("sdk-guest")).expect("the SDK");
        let target = Path::new(REPOSITORY).join("target/integration-dev");
        let project = Self::new(&format!("workway-sdk = {{ path = {sdk:?} }}"), target);
        project.lock("probe");
        project
    }

    /// Gives a folder the versions that the repository has: nothing newer is looked for.
    pub fn lock(&self, folder: &str) {
        let lock = fs::read(Path::new(REPOSITORY).join("Cargo.lock")).expect("a lock file");
        self.write(&format!("{folder}/Cargo.lock"), lock);
    }

    /// One that needs nothing.
    pub fn on_nothing() -> Self {
        let mut project = Self::new("", PathBuf::new());
        project.target = project.path("target");
        project.write("probe/src/lib.rs", "");
        project
    }

    fn new(dependencies: &str, target: PathBuf) -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a temporary folder"), target };
        fs::create_dir(project.path("plugins")).expect("a plugins folder");
        let manifest = "[package]\nname = \"workway-plugin-probe\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                        [lib]\ncrate-type = [\"cdylib\"]\n\n[workspace]\n\n[dependencies]\n";
        project.write("probe/Cargo.toml", format!("{manifest}{dependencies}\n"));
        project
    }

    /// Writes a file by its path in the folder.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, content).expect("the file is written");
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// What lies in the plugins folder.
    pub fn plugins(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("plugins")).expect("the plugins folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    /// `workway dev` on a free port, with no environment.
    pub fn host(&self) -> Program {
        Program::start(self.folder.path(), &["dev", "--listen", "127.0.0.1:0"], |command| {
            command.env_clear();
        })
    }

    /// `workway integration dev`, with a cargo that builds components.
    pub fn dev(&self, words: &[&str]) -> Program {
        self.integration(&[&["dev"], words].concat())
    }

    /// `workway integration`, likewise.
    pub fn integration(&self, words: &[&str]) -> Program {
        let words = [&["integration"], words].concat();
        Program::start(self.folder.path(), &words, |command| {
            self.prepare(command);
            choose_toolchain(command);
        })
    }

    /// The cargo that this test was built with, in one of the folders, natively.
    pub fn cargo(&self, folder: &str, words: &[&str]) -> Program {
        Program::of("cargo", &self.path(folder), words, |command| self.prepare(command))
    }

    fn prepare(&self, command: &mut Command) {
        command.env("CARGO_TARGET_DIR", &self.target);
        // What the cargo that runs this test has set for itself, and what its user may have.
        let own = ["CARGO", "RUSTC", "LD_LIBRARY_PATH", "CARGO_MANIFEST_DIR"];
        let users = ["WORKWAY_PLUGINS", "WORKWAY_HOST", "WORKWAY_DATA", "WORKWAY_CONFIG"];
        for name in own.into_iter().chain(users) {
            command.env_remove(name);
        }
    }
}

/// `cargo xtask test` says which of rustup's toolchains builds components, where it is not the one of the tests.
fn choose_toolchain(command: &mut Command) {
    #[expect(clippy::disallowed_methods, reason = "xtask tells the tests in no other way")]
    let toolchain = std::env::var_os("WORKWAY_TEST_WASM_TOOLCHAIN").filter(|name| !name.is_empty());
    if let Some(toolchain) = toolchain {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    #[expect(clippy::disallowed_methods, reason = "xtask tells the tests in no other way")]
    if let Some(path) = std::env::var_os("WORKWAY_TEST_WASM_PATH") {
        command.env("PATH", path);
    }
}
