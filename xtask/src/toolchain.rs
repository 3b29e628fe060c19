//! Finds or gets a Rust toolchain that builds for wasm32-wasip2. It never changes the toolchain that builds the host.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::{process, workspace};

pub const TARGET: &str = "wasm32-wasip2";
/// The name that the Debian script links its toolchain under.
const LINKED: &str = "workway-wasm";
const DEBIAN_SCRIPT: &str = "xtask/scripts/install-wasm-target-debian.sh";
/// Uses std, so that a target without its libraries is not taken for a working one.
const PROBE: &str = "#[unsafe(no_mangle)] pub extern \"C\" fn probe() -> usize { String::from(\"probe\").len() }\n";

/// Where wasm is built with. The host is always built with `Current`.
#[derive(Clone, Copy, Debug)]
pub enum Toolchain {
    /// The one that cargo was called with.
    Current,
    /// A toolchain of rustup's, under the name [`LINKED`].
    Linked,
    /// Debian's packages, where there is no rustup.
    Debian,
}

impl Toolchain {
    pub fn cargo(self) -> Command {
        let mut command = self.program("cargo");
        command.current_dir(workspace::root());
        if matches!(self, Self::Debian) {
            // A second rustc may come first in PATH.
            command.env("RUSTC", "/usr/bin/rustc");
        }
        command
    }

    fn program(self, name: &str) -> Command {
        let mut command = match self {
            Self::Current => return Command::new(name),
            Self::Linked => Command::new("rustup"),
            Self::Debian => Command::new(format!("/usr/bin/{name}")),
        };
        if matches!(self, Self::Linked) {
            command.args(["run", LINKED, name]);
        }
        // The outer cargo points this at its own toolchain's libraries.
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    /// The value of `RUSTUP_TOOLCHAIN` that makes a plain `cargo` build for wasm; empty where it does already, or where
    /// there is no rustup to read it.
    pub fn rustup_name(self) -> &'static str {
        match self {
            Self::Linked => LINKED,
            Self::Current | Self::Debian => "",
        }
    }

    /// Whether it makes a component, tried on the smallest crate: a library folder alone can be half installed, or
    /// be of a compiler that was since replaced.
    fn works(self) -> bool {
        self.try_build().is_ok()
    }

    fn try_build(self) -> Result<()> {
        let folder = workspace::tools().join("probe");
        fs::create_dir_all(&folder)?;
        let source = folder.join("probe.rs");
        fs::write(&source, PROBE)?;
        let mut rustc = self.program("rustc");
        rustc.arg(&source).arg("--out-dir").arg(&folder);
        rustc.args(["--edition", "2024", "--crate-type", "cdylib", "--target", TARGET]);
        process::run_quietly(&mut rustc)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Current => "the current toolchain",
            Self::Linked => "the toolchain workway-wasm",
            Self::Debian => "Debian's toolchain",
        }
    }
}

/// The first toolchain that works, installing one where none does.
pub fn ensure() -> Result<Toolchain> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let mut tried = Vec::new();
    if process::is_available("rustup") {
        eprintln!("      rustup target add {TARGET}");
        match process::run_quietly(Command::new("rustup").args(["target", "add", TARGET])) {
            Ok(()) => tried.push(format!("rustup added {TARGET}, but it does not build")),
            Err(error) => tried.push(format!("{error:#}")),
        }
        if let Some(found) = find() {
            return Ok(found);
        }
        eprintln!("      rustup could not add it");
    } else {
        tried.push(format!("there is no rustup to run `rustup target add {TARGET}`"));
    }
    if Path::new("/etc/debian_version").exists() {
        eprintln!("      {DEBIAN_SCRIPT}");
        match process::run(&mut Command::new(workspace::root().join(DEBIAN_SCRIPT))) {
            Ok(()) => tried.push(format!("{DEBIAN_SCRIPT} ended well, but its toolchain does not build")),
            Err(error) => tried.push(format!("{error:#}")),
        }
        if let Some(found) = find() {
            return Ok(found);
        }
    }
    bail!(
        "no Rust toolchain here builds for {TARGET}.\n\n{}\n\nInstall the target with `rustup target add {TARGET}`; on \
         Debian, where rustup has no server to ask, run {DEBIAN_SCRIPT} as root.",
        tried.join("\n\n")
    )
}

fn find() -> Option<Toolchain> {
    let found =
        [Toolchain::Current, Toolchain::Linked, Toolchain::Debian].into_iter().find(|candidate| candidate.works())?;
    eprintln!("      {} builds for {TARGET}", found.name());
    Some(found)
}
