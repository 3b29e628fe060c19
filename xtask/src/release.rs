//! `cargo xtask release`: the binary that ships, and beside it the file with its symbols and debug information. It builds and
//! splits; it never publishes anything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::progress::Phases;
use crate::{process, workspace};

const PROGRAM: &str = "workway";
/// The size that the binary may have without symbols and debug information.
const MAX_MEGABYTES: u64 = 60;

/// Builds `target/dist/workway` and `target/dist/workway.debug` from one link, so that the two always match.
///
/// The release profile strips debug information while linking. Only this link keeps it: `cargo rustc` passes the option
/// to the binary and to no dependency, so nothing else is compiled again. `split-debuginfo = "packed"` would not do: its
/// `.dwp` file lacks the line tables, which stay in the binary and are stripped from there.
pub fn run() -> Result<()> {
    if !process::is_available("objcopy") {
        bail!("objcopy is not installed (Debian: apt-get install binutils)");
    }
    let mut phases = Phases::new(2);
    let built = phases.run("building the release binary", build)?;
    phases.run("splitting off symbols and debug information", || split(&built))
}

fn build() -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(workspace::root()).args(["rustc", "--release", "--package", "workway-cli", "--bin", PROGRAM]);
    cargo.args(["--message-format", "json-render-diagnostics", "--", "-C", "strip=none"]);
    // Functions with the same code become one.
    cargo.args(["-C", "link-arg=-Wl,--icf=all"]);
    process::built_binary(&mut cargo, PROGRAM)
}

fn split(built: &Path) -> Result<()> {
    let folder = workspace::target().join("dist");
    fs::create_dir_all(&folder)?;
    let symbols = format!("{PROGRAM}.debug");
    let mut keep = objcopy(&folder);
    keep.args(["--only-keep-debug", "--compress-debug-sections=zlib"]).arg(built).arg(&symbols);
    process::run(&mut keep)?;
    let mut strip = objcopy(&folder);
    // Names the file with the debug information, and its checksum, for debuggers and for Rust's own backtraces.
    strip.arg("--strip-all").arg(format!("--add-gnu-debuglink={symbols}")).arg(built).arg(PROGRAM);
    process::run(&mut strip)?;
    // The unstripped binary must not be taken for the one that ships. Cargo links it again when it needs it.
    fs::remove_file(built).with_context(|| format!("cannot remove {}", built.display()))?;
    let megabytes = |name: &str| fs::metadata(folder.join(name)).map(|file| file.len().div_ceil(1_000_000));
    for name in [PROGRAM, &symbols] {
        eprintln!("      target/dist/{name} ({} MB)", megabytes(name)?);
    }
    let size = megabytes(PROGRAM)?;
    if size > MAX_MEGABYTES {
        bail!("target/dist/{PROGRAM} must be at most {MAX_MEGABYTES} MB (is {size} MB)");
    }
    Ok(())
}

/// objcopy stores the name of the linked file as it is given: it runs where the files are.
fn objcopy(folder: &Path) -> Command {
    let mut command = Command::new("objcopy");
    command.current_dir(folder);
    command
}
