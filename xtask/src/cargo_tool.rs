//! Installs programs with `cargo install`, each at one version and for this checkout only. It never touches
//! `~/.cargo/bin`, where a developer may have another version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{process, workspace};

/// The other way to build an integration. A test checks that it still works.
pub const CARGO_COMPONENT: CargoTool = CargoTool {
    program: "cargo-component",
    package: "cargo-component",
    version: "0.21.1",
    options: &["--debug"],
    duration: "two or three minutes",
};

/// Checks dependencies. A debug build: the release profile of the package (one unit, fat LTO) takes several times as
/// long to compile, and a check takes seconds either way.
pub const CARGO_DENY: CargoTool = CargoTool {
    program: "cargo-deny",
    package: "cargo-deny",
    version: "0.20.2",
    options: &["--debug"],
    duration: "a minute or two",
};

/// A program and how to install it.
pub struct CargoTool {
    /// The program, and its folder in `target/tools/`.
    pub program: &'static str,
    /// The package that contains the program.
    pub package: &'static str,
    pub version: &'static str,
    /// Further options of `cargo install`.
    pub options: &'static [&'static str],
    /// How long the installation takes, for the progress message.
    pub duration: &'static str,
}

impl CargoTool {
    /// Installs the program unless this version is already there, and returns its path.
    pub fn install(&self) -> Result<PathBuf> {
        let folder = workspace::tools().join(self.program);
        let program = folder.join("bin").join(self.program);
        if self.is_installed(&program) {
            return Ok(program);
        }
        eprintln!("      cargo install {} {} (once, {})", self.package, self.version, self.duration);
        let built = folder.join("target");
        let mut cargo = Command::new("cargo");
        cargo.args(["install", self.package, "--version", self.version, "--locked", "--quiet"]).args(self.options);
        // Debug information would only slow the build down.
        cargo.arg("--root").arg(&folder).env("CARGO_TARGET_DIR", &built).env("CARGO_PROFILE_DEV_DEBUG", "0");
        process::run(&mut cargo)?;
        fs::remove_dir_all(built)?;
        Ok(program)
    }

    fn is_installed(&self, program: &Path) -> bool {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(self.version))
    }
}
