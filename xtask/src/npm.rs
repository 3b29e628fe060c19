//! Installs npm packages exactly as a committed lock file pins them. The packages' install scripts never run.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::Stamp;

const MANIFESTS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Installs the packages of `manifests` in `folder/node_modules`, unless they are already there.
pub fn install(manifests: &Path, folder: &Path) -> Result<()> {
    if !process::is_available("npm") {
        bail!("npm is not installed (it comes with Node.js 20 or newer; Debian: apt-get install nodejs npm)");
    }
    let inputs = MANIFESTS.map(|name| manifests.join(name));
    let stamp = Stamp::of(folder.join("installed"), &inputs, "")?;
    if stamp.is_fresh() {
        return Ok(());
    }
    eprintln!("      npm ci in {}", folder.display());
    fs::create_dir_all(folder)?;
    for name in MANIFESTS {
        fs::copy(manifests.join(name), folder.join(name)).with_context(|| format!("cannot copy {name}"))?;
    }
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    process::run_quietly(&mut npm)?;
    stamp.write()
}
