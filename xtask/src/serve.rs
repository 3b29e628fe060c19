//! `cargo xtask dev`: from a fresh clone to a serving host. The server replaces this process, so that Ctrl-C and the exit
//! status are its own.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::progress::Phases;
use crate::{components, process, toolchain, workspace};

const ADDRESS: &str = "127.0.0.1:8787";
const HOST: [&str; 4] = ["--package", "workway-cli", "--bin", "workway"];

pub fn dev(arguments: &[String]) -> Result<()> {
    let mut phases = Phases::new(4);
    let wasm = phases.run("looking for a wasm toolchain", toolchain::ensure)?;
    phases.run("building integrations", || components::build_integrations(wasm, &[]))?;
    phases.run("building the host", || process::run(cargo().arg("build").args(HOST)))?;
    phases.begin("starting the host");
    let mut server = cargo();
    server.args(["run", "--quiet"]).args(HOST).args(["--", "dev", "--listen", ADDRESS]).args(arguments);
    Err(server.exec()).context("cannot start the host")
}

fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(workspace::root());
    command
}
