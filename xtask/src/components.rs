//! Builds the components written in Rust: integrations and the tests' guests. It never builds for the host's own machine,
//! and never guesses a file's name: cargo says what it made.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::toolchain::{TARGET, Toolchain};
use crate::{process, workspace};

const PROFILE: &str = "integration";
const GUESTS: &str = "workway-test-guests";

/// Builds the named integrations, or all, in one cargo call, and drops each as `plugins/<folder>.wasm`.
pub fn build_integrations(toolchain: Toolchain, names: &[String]) -> Result<()> {
    let known = integration_folders()?;
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        bail!("unknown integration `{unknown}`: plugins/ has {}", known.join(", "));
    }
    let wanted = if names.is_empty() { &known } else { names };
    if wanted.is_empty() {
        eprintln!("      no folder in plugins/ has a Cargo.toml");
        return Ok(());
    }
    let mut arguments = vec!["--lib".to_owned()];
    for name in wanted {
        arguments.extend(["--package".to_owned(), package_of(name)]);
    }
    let made = build(toolchain, &arguments)?;
    for name in wanted {
        let file = made.get(&package_of(name).replace('-', "_")).with_context(|| {
            format!("plugins/{name} is not a cdylib: its Cargo.toml needs crate-type = [\"cdylib\"]")
        })?;
        drop_component(file, &workspace::root().join("plugins").join(format!("{name}.wasm")))?;
    }
    Ok(())
}

/// Builds every guest of tests/guests to `target/guests/<name>.wasm`.
pub fn build_guests(toolchain: Toolchain) -> Result<()> {
    let made = build(toolchain, &["--package".to_owned(), GUESTS.to_owned(), "--examples".to_owned()])?;
    for (name, file) in &made {
        drop_component(file, &workspace::guests().join(format!("{}.wasm", name.replace('_', "-"))))?;
    }
    eprintln!("      {} guests in target/guests", made.len());
    Ok(())
}

/// Builds one cdylib package to `target/guests/<name>.wasm`.
pub fn build_guest_package(toolchain: Toolchain, package: &str, name: &str) -> Result<()> {
    let made = build(toolchain, &["--package".to_owned(), package.to_owned(), "--lib".to_owned()])?;
    let file = made.get(&package.replace('-', "_")).with_context(|| format!("{package} made no component"))?;
    drop_component(file, &workspace::guests().join(format!("{name}.wasm")))
}

fn package_of(folder: &str) -> String {
    format!("workway-plugin-{folder}")
}

fn integration_folders() -> Result<Vec<String>> {
    let plugins = workspace::root().join("plugins");
    let mut names = Vec::new();
    for entry in fs::read_dir(&plugins).with_context(|| format!("cannot list {}", plugins.display()))? {
        let entry = entry?;
        // A folder with its own workspace is a developer's project, which `workway integration` builds.
        if fs::read_to_string(entry.path().join("Cargo.toml")).is_ok_and(|text| !text.contains("[workspace]")) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Runs one cargo build for wasm. Returns the component of each cdylib target of the workspace, by the target's name.
fn build(toolchain: Toolchain, arguments: &[String]) -> Result<BTreeMap<String, PathBuf>> {
    let mut cargo = toolchain.cargo();
    cargo.args(["build", "--profile", PROFILE, "--target", TARGET, "--message-format", "json-render-diagnostics"]);
    cargo.arg("--target-dir").arg(workspace::target()).args(arguments);
    let messages = process::capture(&mut cargo)?;
    let mut made = BTreeMap::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).context("cannot read a message of cargo as JSON")?;
        if let Some((name, file)) = component_of(&message) {
            made.insert(name, file);
        }
    }
    Ok(made)
}

fn component_of(message: &Value) -> Option<(String, PathBuf)> {
    if message["reason"] != "compiler-artifact" {
        return None;
    }
    let target = &message["target"];
    let is_cdylib = target["crate_types"].as_array()?.iter().any(|kind| kind == "cdylib");
    let file = message["filenames"]
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .map(PathBuf::from)
        .find(|file| is_cdylib && file.extension().is_some_and(|extension| extension == "wasm"))?;
    Some((target["name"].as_str()?.replace('-', "_"), file))
}

fn drop_component(from: &Path, to: &Path) -> Result<()> {
    let changed = workspace::install(from, to)?;
    let shown = to.strip_prefix(workspace::root()).unwrap_or(to).display();
    let size = fs::metadata(to)?.len() / 1024;
    eprintln!("      {shown} ({size} KiB){}", if changed { "" } else { ", unchanged" });
    Ok(())
}
