//! `cargo xtask bench`: builds what a bench loads and runs it on a release build. It never judges: the bench itself
//! prints its bars and exits non-zero when one is short.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::progress::Phases;
use crate::toolchain::Toolchain;
use crate::{components, foreign, process, toolchain, workspace};

/// What `http` is measured against.
const WASMTIME_VERSION: &str = "48.0.8";
/// The fewest that `wasmtime serve -S cli -O pooling-allocator=y` works with.
const WASMTIME_FEATURES: &str = "run,serve,component-model-async,cranelift,pooling-allocator,parallel-compilation";

/// What there is to run.
pub const NAMES: &str = "call, http, chaos, reload, start, compile, oauth, sdk, marketplace";
/// Those that load components in other languages too.
const NEED_FOREIGN: [&str; 2] = ["reload", "compile"];

pub fn run(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        bail!("which bench? {NAMES}");
    };
    let needs_rival = name == "http";
    let needs_foreign = NEED_FOREIGN.contains(&name.as_str());
    let mut phases = Phases::new(if needs_rival || needs_foreign { 5 } else { 4 });
    let wasm = phases.run("looking for a wasm toolchain", toolchain::ensure)?;
    phases.run("building integrations", || components::build_integrations(wasm, &[]))?;
    phases.run("building the tests' guests", || components::build_guests(wasm))?;
    if needs_foreign {
        phases.run("building guests in other languages", foreign::build)?;
    }
    if needs_rival {
        phases.run("getting wrk and wasmtime serve", || install_rival(wasm))?;
    }
    phases.run(&format!("running the bench {name}"), || {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(workspace::root()).args(["bench", "--package", "workway-tests", "--bench", name, "--"]);
        process::run(cargo.args(rest))
    })
}

fn install_rival(wasm: Toolchain) -> Result<()> {
    install_wrk()?;
    install_wasmtime()?;
    components::build_guest_package(wasm, "workway-wasi-http-hello", "wasi-http-hello")
}

fn install_wrk() -> Result<()> {
    // wrk has no version flag that ends well; that it starts is enough.
    if Command::new("wrk").arg("--version").output().is_ok() {
        return Ok(());
    }
    eprintln!("      apt-get install wrk");
    let install =
        "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends wrk";
    process::run_quietly(Command::new("sh").args(["-c", install])).context(
        "wrk is not installed, and apt could not install it: put wrk 4 on the PATH (Debian: apt-get install wrk)",
    )
}

fn install_wasmtime() -> Result<()> {
    let folder = workspace::tools().join("wasmtime");
    let version = Command::new(folder.join("bin/wasmtime")).arg("--version").output();
    if version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(WASMTIME_VERSION)) {
        return Ok(());
    }
    eprintln!("      cargo install wasmtime-cli {WASMTIME_VERSION} (once, some minutes)");
    let mut cargo = Command::new("cargo");
    cargo.args(["install", "wasmtime-cli", "--version", WASMTIME_VERSION, "--locked", "--no-default-features"]);
    process::run(cargo.args(["--features", WASMTIME_FEATURES, "--root"]).arg(&folder))
}
