//! Builds the tests' guests in other languages: JavaScript with jco, Python with componentize-py. A machine without their
//! tools builds everything else. This module never touches a guest that is written in Rust.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::Stamp;
use crate::{npm, process, python, workspace};

const WORLD: &str = "integration";

pub fn build() -> Result<()> {
    process::or_skip("JavaScript guest", build_javascript())?;
    process::or_skip("Python guest", build_python())
}

fn build_javascript() -> Result<()> {
    let source = workspace::root().join("tests/guests/javascript");
    let tools = workspace::tools().join("js");
    npm::install(&source, &tools)?;
    build_once("javascript", &[source.join("hello.js"), source.join("package-lock.json")], |output| {
        let mut jco = Command::new(tools.join("node_modules/.bin/jco"));
        jco.arg("componentize").arg(source.join("hello.js")).arg("--wit").arg(wit());
        jco.args(["--world-name", WORLD, "--disable", "all", "--out"]).arg(output);
        process::run_quietly(&mut jco)
    })
}

fn build_python() -> Result<()> {
    let source = workspace::root().join("tests/guests/python");
    let tools = workspace::tools().join("py");
    let componentize = python::install(&source.join("requirements.txt"), &tools)?.join("componentize-py");
    build_once("python", &[source.join("app.py"), source.join("requirements.txt")], |output| {
        // Built from a copy: Python leaves its caches beside the source.
        let copy = tools.join("app");
        fs::create_dir_all(&copy)?;
        fs::copy(source.join("app.py"), copy.join("app.py"))?;
        let mut python = Command::new(&componentize);
        python.arg("-d").arg(wit()).args(["-w", WORLD, "componentize", "-p"]).arg(&copy);
        python.args(["app", "-o"]).arg(output);
        process::run_quietly(&mut python)
    })
}

/// Makes `target/guests/<name>.wasm`, unless it was already made from the same inputs and contract.
fn build_once(name: &str, inputs: &[PathBuf], make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let guests = workspace::guests();
    fs::create_dir_all(&guests)?;
    let output = guests.join(format!("{name}.wasm"));
    let inputs: Vec<PathBuf> = inputs.iter().cloned().chain([wit().join("integration.wit")]).collect();
    let stamp = Stamp::of(guests.join(format!("{name}.stamp")), &inputs, "")?;
    if stamp.is_fresh() && output.is_file() {
        eprintln!("      target/guests/{name}.wasm, unchanged");
        return Ok(());
    }
    eprintln!("      building target/guests/{name}.wasm (about half a minute)");
    let temporary = guests.join(format!(".{name}.wasm.tmp"));
    make(&temporary)?;
    fs::rename(&temporary, &output).with_context(|| format!("{name} made no component"))?;
    stamp.write()
}

fn wit() -> PathBuf {
    workspace::root().join("wit")
}
