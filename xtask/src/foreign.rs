//! The tests' guests in other languages: JavaScript by jco, Python by componentize-py. A machine without their tools
//! builds everything else; this module never touches a guest that is written in Rust.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::Stamp;
use crate::{npm, process, workspace};

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
    let componentize = install_python_tools(&source.join("requirements.txt"), &tools)?;
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

/// Installs the requirements in a virtual environment and answers where componentize-py is.
fn install_python_tools(requirements: &Path, folder: &Path) -> Result<PathBuf> {
    if !process::is_available("python3") {
        bail!("python3 is not installed (Debian: apt-get install python3 python3-venv)");
    }
    let environment = folder.join("venv");
    let program = environment.join("bin/componentize-py");
    let stamp = Stamp::of(folder.join("installed"), &[requirements.to_owned()], "")?;
    if stamp.is_fresh() {
        return Ok(program);
    }
    eprintln!("      pip install in {}", environment.display());
    fs::create_dir_all(folder)?;
    process::run_quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))
        .context("python3 cannot make a virtual environment (Debian: apt-get install python3-venv)")?;
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements);
    process::run_quietly(&mut pip)?;
    stamp.write()?;
    Ok(program)
}

/// Makes `target/guests/<name>.wasm` unless it was made from the same inputs and contract before: it takes long.
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
