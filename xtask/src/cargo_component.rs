//! cargo-component, the other way to build an integration: a test asks whether it still works. Installed for this
//! checkout alone, as a debug build, since compiling it is what takes time.

use std::fs;
use std::process::Command;

use anyhow::Result;

use crate::{process, workspace};

const VERSION: &str = "0.21.1";

/// Installs it, unless this version is there already.
pub fn install() -> Result<()> {
    let folder = workspace::tools().join("cargo-component");
    let version = Command::new(folder.join("bin/cargo-component")).arg("--version").output();
    if version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(VERSION)) {
        return Ok(());
    }
    eprintln!("      cargo install cargo-component {VERSION} (once, two or three minutes)");
    let built = folder.join("target");
    let mut cargo = Command::new("cargo");
    cargo.args(["install", "cargo-component", "--version", VERSION, "--locked", "--debug", "--quiet", "--root"]);
    process::run(cargo.arg(&folder).env("CARGO_TARGET_DIR", &built))?;
    fs::remove_dir_all(built)?;
    Ok(())
}
