//! What cargo knows of the integration: its name, that it is a component, and which folders its source is in. It never
//! builds, and never reads a manifest itself.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::build::{TARGET, cargo};

/// What a package's name begins with when it follows the repository's custom; its component goes without.
const PREFIX: &str = "workway-plugin-";

/// One integration's package.
#[derive(Debug)]
pub struct Package {
    /// As cargo's messages name it.
    pub id: String,
    /// Its name for people and for its component's file.
    pub name: String,
    pub manifest: PathBuf,
    pub folder: PathBuf,
    /// The folders of the packages on this disk that it is built from, but for its own.
    pub dependencies: Vec<PathBuf>,
    /// Folders that cargo writes to.
    pub outputs: Vec<PathBuf>,
}

impl Package {
    /// Asks cargo about the package in a folder.
    pub async fn read(folder: &Path) -> anyhow::Result<Self> {
        let manifest = folder.join("Cargo.toml");
        let manifest = manifest.canonicalize().with_context(|| {
            format!("no file {}: change to the integration's folder or pass it as PATH", manifest.display())
        })?;
        let folder = manifest.parent().context("the manifest has no folder")?;
        let mut command = cargo(folder);
        command.args(["metadata", "--format-version", "1", "--filter-platform", TARGET, "--manifest-path"]);
        let child = command
            .arg(&manifest)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start cargo: install Rust and add cargo to the PATH")?;
        let output = child.wait_with_output().await.context("cannot run cargo metadata")?;
        if !output.status.success() {
            // Cargo has said why.
            bail!("cargo cannot read {}", manifest.display());
        }
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).context("cannot parse the output of cargo metadata")?;
        metadata.package(&manifest)
    }

    /// What its component is called in the plugins folder.
    pub fn component(&self) -> String {
        format!("{}.wasm", self.name)
    }
}

/// `cargo metadata --format-version 1`, as far as it is of use here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Described>,
    resolve: Resolve,
    target_directory: PathBuf,
    /// Where cargo keeps what is not for users, since 1.91.
    build_directory: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Described {
    id: String,
    name: String,
    /// None for a package on this disk.
    source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    root: Option<String>,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

impl Metadata {
    fn package(self, manifest: &Path) -> anyhow::Result<Package> {
        let Some(id) = &self.resolve.root else {
            bail!("{} is a workspace: pass the folder of one integration", manifest.display());
        };
        let described =
            self.packages.iter().find(|package| package.id == *id).context("cargo metadata lists no root package")?;
        let is_component = |target: &Target| target.crate_types.iter().any(|kind| kind == "cdylib");
        if !described.targets.iter().any(is_component) {
            bail!(
                "{} does not build a component: add\n\n    [lib]\n    crate-type = [\"cdylib\"]\n\nto {}",
                described.name,
                manifest.display()
            );
        }
        let dependencies = self.folders_below(id);
        let name = described.name.strip_prefix(PREFIX).unwrap_or(&described.name).to_owned();
        let folder = folder_of(described);
        let outputs = [Some(self.target_directory), self.build_directory].into_iter().flatten();
        Ok(Package {
            id: id.clone(),
            name,
            manifest: manifest.to_owned(),
            folder,
            dependencies,
            outputs: outputs.map(canonical).collect(),
        })
    }

    /// The folders of the packages on this disk that a package needs to be built, directly or not.
    fn folders_below(&self, root: &str) -> Vec<PathBuf> {
        let local: BTreeMap<&str, &Described> = self
            .packages
            .iter()
            .filter(|package| package.source.is_none())
            .map(|package| (package.id.as_str(), package))
            .collect();
        let mut found = vec![root];
        let mut next = 0;
        while let Some(id) = found.get(next).copied() {
            next += 1;
            let node = self.resolve.nodes.iter().find(|node| node.id == id);
            for dependency in node.into_iter().flat_map(|node| &node.deps) {
                let for_tests = dependency.dep_kinds.iter().all(|kind| kind.kind.as_deref() == Some("dev"));
                let id = dependency.pkg.as_str();
                if local.contains_key(id) && !for_tests && !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        found[1..].iter().filter_map(|id| local.get(id)).map(|package| folder_of(package)).collect()
    }
}

fn folder_of(package: &Described) -> PathBuf {
    canonical(package.manifest_path.parent().unwrap_or(&package.manifest_path).to_owned())
}

/// The path as file events name it. A folder that cargo has yet to make has no other name.
fn canonical(path: PathBuf) -> PathBuf {
    path.canonicalize().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use serde_json::{Value, json};

    use super::{Metadata, Package};

    fn described(name: &str, source: Option<&str>, crate_types: &[&str]) -> Value {
        json!({
            "id": name, "name": name, "source": source, "manifest_path": format!("/nowhere/{name}/Cargo.toml"),
            "targets": [{ "crate_types": ["bin"] }, { "crate_types": crate_types }],
        })
    }

    fn needs(name: &str, kind: Option<&str>) -> Value {
        json!({ "pkg": name, "dep_kinds": [{ "kind": kind, "target": null }] })
    }

    fn metadata() -> Value {
        json!({
            "packages": [
                described("workway-plugin-slack", None, &["cdylib", "rlib"]),
                described("sdk", None, &["lib"]),
                described("sdk-macros", None, &["proc-macro"]),
                described("only-for-tests", None, &["lib"]),
                described("of-the-same-workspace", None, &["cdylib"]),
                described("serde", Some("registry+somewhere"), &["lib"]),
            ],
            "resolve": {
                "root": "workway-plugin-slack",
                "nodes": [
                    { "id": "workway-plugin-slack", "deps": [
                        needs("sdk", None), needs("serde", None), needs("only-for-tests", Some("dev")),
                    ] },
                    { "id": "sdk", "deps": [needs("sdk-macros", None), needs("serde", None)] },
                    { "id": "sdk-macros", "deps": [needs("sdk", Some("build"))] },
                    { "id": "serde", "deps": [] },
                ],
            },
            "target_directory": "/nowhere/target",
            "build_directory": "/nowhere/build",
        })
    }

    fn read(metadata: Value) -> anyhow::Result<Package> {
        let metadata: Metadata = serde_json::from_value(metadata).expect("metadata");
        metadata.package(Path::new("/nowhere/workway-plugin-slack/Cargo.toml"))
    }

    #[test]
    fn what_it_is_built_from_is_found_through_others() {
        let package = read(metadata()).expect("a package");
        assert_eq!(package.component(), "slack.wasm");
        assert_eq!(package.folder, Path::new("/nowhere/workway-plugin-slack"));
        assert_eq!(package.dependencies, ["/nowhere/sdk", "/nowhere/sdk-macros"].map(PathBuf::from));
        assert_eq!(package.outputs, ["/nowhere/target", "/nowhere/build"].map(PathBuf::from));
    }

    #[test]
    fn a_package_without_the_prefix_keeps_its_name() {
        let mut metadata = metadata();
        metadata["packages"][0]["name"] = "chat".into();
        assert_eq!(read(metadata).expect("a package").component(), "chat.wasm");
    }

    #[test]
    fn a_package_that_makes_no_component_is_told_how() {
        let mut metadata = metadata();
        metadata["packages"][0]["targets"] = json!([{ "crate_types": ["lib"] }]);
        let error = read(metadata).expect_err("no component").to_string();
        assert!(error.contains("crate-type = [\"cdylib\"]") && error.contains("workway-plugin-slack"), "{error}");
    }

    #[test]
    fn a_workspace_is_no_integration() {
        let mut metadata = metadata();
        metadata["resolve"]["root"] = Value::Null;
        let error = read(metadata).expect_err("no package").to_string();
        assert!(error.contains("pass the folder of one integration"), "{error}");
    }
}
