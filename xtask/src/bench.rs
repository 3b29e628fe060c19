//! `cargo xtask bench`: builds what a bench loads and runs it on a release build. It never judges: the bench itself
//! prints its bars and exits with an error when it misses one.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo_tool::CargoTool;
use crate::progress::Phases;
use crate::toolchain::Toolchain;
use crate::{components, foreign, process, toolchain, workspace};

/// The peer that the bench `http` measures the host against. These are the fewest features with which `wasmtime serve
/// -S cli -O pooling-allocator=y` works.
const WASMTIME: CargoTool = CargoTool {
    program: "wasmtime",
    package: "wasmtime-cli",
    version: "48.0.8",
    options: &[
        "--no-default-features",
        "--features",
        "run,serve,component-model-async,cranelift,pooling-allocator,parallel-compilation",
    ],
    duration: "some minutes",
};

/// The benches of `tests/benches`.
const NAMES: &str = "call, http, chaos, reload, start, compile, oauth, sdk, marketplace, schemas, definitions, expressions, siege, runs, kill";
/// The benches that also load components written in other languages.
const NEED_FOREIGN: [&str; 2] = ["reload", "compile"];

pub fn run(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        bail!("the name of a bench is missing: {NAMES}");
    };
    if !NAMES.split(", ").any(|known| known == name) {
        bail!("unknown bench `{name}`: use one of {NAMES}");
    }
    let needs_peer = name == "http";
    let needs_foreign = NEED_FOREIGN.contains(&name.as_str());
    let needs_program = ["siege", "kill"].contains(&name.as_str());
    let mut phases = Phases::new(if needs_peer || needs_foreign || needs_program { 5 } else { 4 });
    let wasm = phases.run("looking for a wasm toolchain", toolchain::ensure)?;
    phases.run("building integrations", || components::build_integrations(wasm, &[]))?;
    phases.run("building the tests' guests", || components::build_guests(wasm))?;
    if needs_foreign {
        phases.run("building guests in other languages", foreign::build)?;
    }
    if needs_peer {
        phases.run("installing wrk and wasmtime", || install_peer(wasm))?;
    }
    if needs_program {
        phases.run("building workway", || {
            let mut cargo = Command::new("cargo");
            cargo.current_dir(workspace::root()).args([
                "build",
                "--release",
                "--package",
                "workway-cli",
                "--bin",
                "workway",
            ]);
            process::run(&mut cargo)
        })?;
    }
    phases.run(&format!("running the bench {name}"), || {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(workspace::root()).args(["bench", "--package", "workway-tests", "--bench", name, "--"]);
        process::run(cargo.args(rest))
    })
}

fn install_peer(wasm: Toolchain) -> Result<()> {
    install_wrk()?;
    WASMTIME.install()?;
    components::build_guest_package(wasm, "workway-wasi-http-hello", "wasi-http-hello")
}

fn install_wrk() -> Result<()> {
    // `wrk --version` exits with an error: that it starts is enough.
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
