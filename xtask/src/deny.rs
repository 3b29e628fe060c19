//! `cargo xtask deny`: checks the dependencies against `deny.toml` with cargo-deny. The advisory database is a git
//! repository: where it cannot be reached, the advisories are skipped, in CI too, and the output says so.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo_tool::CARGO_DENY;
use crate::progress::Phases;
use crate::{process, workspace};

/// The checks that need nothing but the lock file.
const OFFLINE_CHECKS: [&str; 3] = ["bans", "licenses", "sources"];

/// Installs cargo-deny where it is missing and runs its checks.
pub fn run() -> Result<()> {
    let mut phases = Phases::new(3);
    let program = phases.run("installing cargo-deny", || CARGO_DENY.install())?;
    phases.run("checking bans, licenses and sources", || {
        let mut deny = cargo_deny(&program);
        // The graphs of all duplicates are hundreds of lines.
        process::run(deny.args(["check", "--hide-inclusion-graph"]).args(OFFLINE_CHECKS)).with_context(|| {
            format!("to see which crates bring a dependency in, run `{} check bans`", program.display())
        })
    })?;
    phases.run("checking advisories", || check_advisories(&program))
}

fn check_advisories(program: &Path) -> Result<()> {
    if let Err(error) = process::run_quietly(cargo_deny(program).args(["fetch", "db"])) {
        eprintln!("      skipped: advisories: the advisory database cannot be fetched: {error:#}");
        return Ok(());
    }
    process::run(cargo_deny(program).args(["check", "--disable-fetch", "advisories"]))
}

fn cargo_deny(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(workspace::root());
    command
}
