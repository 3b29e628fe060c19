//! Finds or installs a Rust toolchain that builds for wasm32-wasip2. It never changes the toolchain that builds the host.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::{process, workspace};

pub const TARGET: &str = "wasm32-wasip2";
/// The rustup name of the toolchain that the Debian script links.
const LINKED: &str = "workway-wasm";
const DEBIAN_SCRIPT: &str = "xtask/scripts/install-wasm-target-debian.sh";
/// Uses std, so that the build fails for a target whose libraries are missing.
const PROBE: &str = "#[unsafe(no_mangle)] pub extern \"C\" fn probe() -> usize { String::from(\"probe\").len() }\n";

/// A toolchain that builds wasm. The host is always built with `Current`.
#[derive(Clone, Copy, Debug)]
pub enum Toolchain {
    /// The toolchain of the cargo that runs xtask.
    Current,
    /// A rustup toolchain with the name [`LINKED`].
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
        // Cargo sets this to the libraries of its own toolchain.
        command.env_remove("LD_LIBRARY_PATH");
        command
    }

    /// The value of `RUSTUP_TOOLCHAIN` with which a plain `cargo` builds for wasm. Empty where it does so already, and
    /// where there is no rustup.
    pub fn rustup_name(self) -> &'static str {
        match self {
            Self::Linked => LINKED,
            Self::Current | Self::Debian => "",
        }
    }

    /// Whether the toolchain makes a component, tried on the smallest crate: a library folder can be half installed, or
    /// belong to a compiler that has been replaced since.
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

/// Returns the first toolchain that works. Installs one if none does.
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
            Ok(()) => tried.push(format!("{DEBIAN_SCRIPT} succeeded, but its toolchain does not build")),
            Err(error) => tried.push(format!("{error:#}")),
        }
        if let Some(found) = find() {
            return Ok(found);
        }
    }
    bail!(
        "no Rust toolchain here builds for {TARGET}.\n\n{}\n\nInstall the target with `rustup target add {TARGET}`; on \
         Debian, where rustup cannot download it, run {DEBIAN_SCRIPT} as root.",
        tried.join("\n\n")
    )
}

fn find() -> Option<Toolchain> {
    let found =
        [Toolchain::Current, Toolchain::Linked, Toolchain::Debian].into_iter().find(|candidate| candidate.works())?;
    eprintln!("      {} builds for {TARGET}", found.name());
    Some(found)
}
