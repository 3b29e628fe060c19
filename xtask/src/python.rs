//! Installs Python packages exactly as a committed requirements file pins them, in a virtual environment of this checkout.
//! It never touches the machine's own packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::Stamp;

/// Installs the requirements in `folder/venv`, unless they are already there. Returns the folder of the environment's
/// programs.
pub fn install(requirements: &Path, folder: &Path) -> Result<PathBuf> {
    if !process::is_available("python3") {
        bail!("python3 is not installed (Debian: apt-get install python3 python3-venv)");
    }
    let environment = folder.join("venv");
    let programs = environment.join("bin");
    let stamp = Stamp::of(folder.join("installed"), &[requirements.to_owned()], "")?;
    // The programs of an environment contain its absolute path: in a copied checkout they do not run.
    if stamp.is_fresh() && process::is_available(&programs.join("python").to_string_lossy()) {
        return Ok(programs);
    }
    eprintln!("      pip install in {}", environment.display());
    fs::create_dir_all(folder)?;
    process::run_quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))
        .context("python3 cannot make a virtual environment (Debian: apt-get install python3-venv)")?;
    let mut pip = Command::new(programs.join("pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements);
    process::run_quietly(&mut pip)?;
    stamp.write()?;
    Ok(programs)
}
