//! Formats source texts as `cargo fmt` would in a project. It never reads or writes a file: rustfmt would follow a file's
//! modules into files that nobody wants changed.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use serde::Deserialize;

/// rustfmt with the edition and the configuration of one project.
pub struct Rustfmt {
    folder: PathBuf,
    edition: String,
}

impl Rustfmt {
    /// Asks cargo for the edition of the package in a folder.
    ///
    /// # Errors
    /// Cargo cannot be run, or cannot read the manifest.
    pub fn for_project(folder: &Path) -> anyhow::Result<Self> {
        let manifest = folder.join("Cargo.toml").canonicalize().context("cannot find Cargo.toml")?;
        let mut cargo = Command::new("cargo");
        cargo.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(&manifest);
        let output = cargo.current_dir(folder).output().context("cannot run cargo metadata")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).context("cannot parse the output of cargo metadata")?;
        let package = metadata.packages.into_iter().find(|package| package.manifest_path == manifest);
        let edition = package.context("Cargo.toml describes no package")?.edition;
        Ok(Self { folder: folder.to_owned(), edition })
    }

    /// # Errors
    /// rustfmt is not installed, or it reports an error.
    pub fn format(&self, source: &str) -> anyhow::Result<String> {
        let mut rustfmt = Command::new("rustfmt");
        rustfmt.args(["--edition", &self.edition]).current_dir(&self.folder);
        rustfmt.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = rustfmt.spawn().context("cannot run rustfmt (`rustup component add rustfmt` installs it)")?;
        if let Some(mut input) = child.stdin.take() {
            // If rustfmt does not read it, its status says so: rustup's proxy fails when the component is missing.
            let _ = input.write_all(source.as_bytes());
        }
        let output = child.wait_with_output().context("cannot run rustfmt")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        String::from_utf8(output.stdout).context("rustfmt's output is not UTF-8")
    }
}

/// `cargo metadata --no-deps --format-version 1`, as far as it is used here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
    edition: String,
}
