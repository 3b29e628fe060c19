//! `cargo xtask check`: what to run before every commit. It needs no guest, no network and no other language's tools, and
//! it changes no file.

use std::process::Command;

use anyhow::{Context, Result};

use crate::progress::Phases;
use crate::{process, workspace};

/// Checks the format, the rules of `xtask/tests/tidy.rs` and clippy's lints, the fastest first.
pub fn run() -> Result<()> {
    let mut phases = Phases::new(3);
    phases.run("checking the format", || {
        process::run(cargo().args(["fmt", "--all", "--check"])).context("run `cargo fmt --all`")
    })?;
    phases.run("running the tidy tests", || {
        process::run(cargo().args(["test", "--quiet", "--package", "xtask", "--test", "tidy"]))
    })?;
    phases.run("running clippy", || {
        process::run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    })
}

fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root());
    command
}
