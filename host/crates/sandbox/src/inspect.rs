//! Finds out what a file is from its bytes, before anything compiles it, so that an error can say what the file is and
//! what to do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wasmparser::{ComponentTypeRef, Encoding, Parser, Payload};
use wasmtime::Engine;

use crate::bindings::{PACKAGE, VERSION};

/// What the host offers besides the contract, by package. A newer patch of the same minor version links as well.
/// Files and sockets are among them because standard libraries import them; there is nothing behind them.
const WASI_PACKAGES: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];
const WASI_VERSION: &str = "0.2.";
/// The contract's interfaces that an integration may import.
const OFFERED: [&str; 6] = ["types", "definition", "log", "oauth", "fetch", "storage"];
/// Names that a refusal quotes, and how much of each.
const MAX_NAMES: usize = 20;
const MAX_NAME: usize = 200;
const HOW_TO_BUILD: &str =
    "build it with `cargo component build --release` or `cargo build --release --target wasm32-wasip2`";

/// Why bytes are no integration for this host: what they are, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    #[error("the file is empty: build the integration again")]
    Empty,
    #[error("the file is a core WebAssembly module, not a component: {HOW_TO_BUILD}")]
    CoreModule,
    #[error(
        "the file is a precompiled artifact (.cwasm), which a host only loads from its own cache: install the .wasm that it was made from"
    )]
    Precompiled,
    #[error("the file is WebAssembly in text form: convert it with `wasm-tools parse`, or {HOW_TO_BUILD}")]
    Text,
    #[error("the file is not a WebAssembly component: {HOW_TO_BUILD}")]
    NotWasm,
    #[error("the file is truncated or damaged ({0}): copy or build it again")]
    Damaged(String),
    #[error(
        "the component does not implement the contract {PACKAGE}@{VERSION}: build it against the world `integration` of this host's wit/"
    )]
    NoContract,
    #[error(
        "the component was built for {PACKAGE}@{found}, but this host supports {VERSION}: build it against this host's wit/"
    )]
    OtherContract { found: String },
    #[error("the component imports what this host does not provide: {}: remove the code that needs it", .0.join(", "))]
    UnknownImports(Vec<String>),
    #[error("the component does not export {}: export the world `integration`", .0.join(", "))]
    MissingExports(Vec<String>),
}

/// The outside of a component: the names that it imports and exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    pub imports: BTreeSet<String>,
    pub exports: BTreeSet<String>,
}

/// Reads the outside of a component, or says what else `bytes` are.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    if Engine::detect_precompiled(bytes).is_some() {
        return Err(Refusal::Precompiled);
    }
    if !bytes.starts_with(b"\0asm") {
        let head = String::from_utf8_lossy(bytes.get(..bytes.len().min(1_024)).unwrap_or_default());
        let text =
            head.trim_start().starts_with(['(', ';']) && (head.contains("(module") || head.contains("(component"));
        return Err(if text { Refusal::Text } else { Refusal::NotWasm });
    }
    let mut inspection = Inspection::default();
    // Nested modules and components have imports of their own, which are not this one's.
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(damaged)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(Refusal::CoreModule),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import.map_err(damaged)?;
                    // A type that the world uses by name has nothing to be offered.
                    if !matches!(import.ty, ComponentTypeRef::Type(_)) {
                        inspection.imports.insert(import.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    inspection.exports.insert(export.map_err(damaged)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(inspection)
}

fn damaged(error: wasmparser::BinaryReaderError) -> Refusal {
    Refusal::Damaged(format!("{} at byte {}", error.message(), error.offset()))
}

impl Inspection {
    /// Whether this host can offer what the component imports and call what it exports.
    pub fn for_this_host(&self) -> Result<(), Refusal> {
        let versions: BTreeSet<&str> =
            self.imports.union(&self.exports).filter_map(|name| contract(name)).map(|(_, version)| version).collect();
        if versions.is_empty() {
            return Err(Refusal::NoContract);
        }
        if let Some(found) = versions.iter().find(|version| !is_compatible(version)) {
            return Err(Refusal::OtherContract { found: quoted(found) });
        }
        let unknown: Vec<String> =
            self.imports.iter().filter(|name| !is_offered(name)).map(|name| quoted(name)).collect();
        if !unknown.is_empty() {
            return Err(Refusal::UnknownImports(unknown.into_iter().take(MAX_NAMES).collect()));
        }
        let mut missing = Vec::new();
        if !self.exports.contains("describe") {
            missing.push("describe".to_owned());
        }
        if !self.exports_interface("actions") {
            missing.push(format!("{PACKAGE}/actions@{VERSION}"));
        }
        if missing.is_empty() { Ok(()) } else { Err(Refusal::MissingExports(missing)) }
    }

    /// Whether the component exports this interface of the contract.
    pub fn exports_interface(&self, interface: &str) -> bool {
        self.exports.iter().filter_map(|name| contract(name)).any(|(name, _)| name == interface)
    }
}

/// A name as the file has it, bounded and without control characters: the file is a stranger's.
fn quoted(name: &str) -> String {
    name.chars().take(MAX_NAME).filter(|character| !character.is_control()).collect()
}

/// Interface and version of a name of the contract.
fn contract(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(PACKAGE)?.strip_prefix('/')?.split_once('@')
}

/// Versions below 1.0 are compatible within their minor version (https://semver.org, item 4, as Cargo reads it).
fn is_compatible(version: &str) -> bool {
    let minor = |text: &str| semver::Version::parse(text).ok().map(|version| (version.major, version.minor));
    minor(version).is_some() && minor(version) == minor(VERSION)
}

fn is_offered(name: &str) -> bool {
    if let Some((interface, _)) = contract(name) {
        return OFFERED.contains(&interface);
    }
    WASI_PACKAGES.iter().any(|package| name.starts_with(package))
        && name.split_once('@').is_some_and(|(_, version)| version.starts_with(WASI_VERSION))
}

#[cfg(test)]
mod tests {
    use super::{Inspection, Refusal, inspect};

    fn outside(imports: &[&str], exports: &[&str]) -> Inspection {
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Inspection { imports: set(imports), exports: set(exports) }
    }

    #[test]
    fn each_kind_of_file_is_told_apart() {
        for (bytes, refusal) in [
            (b"".as_slice(), Refusal::Empty),
            (b"hello", Refusal::NotWasm),
            (b"\x7fELF", Refusal::NotWasm),
            (b"(component)", Refusal::Text),
            (b"\0asm\x01\0\0\0", Refusal::CoreModule),
        ] {
            assert_eq!(inspect(bytes), Err(refusal), "{bytes:?}");
        }
        assert!(matches!(inspect(b"\0asm\x0d\0"), Err(Refusal::Damaged(_))));
        assert_eq!(inspect(b"\0asm\x0d\0\x01\0"), Ok(Inspection::default()));
    }

    #[test]
    fn the_contract_is_asked_for_by_version() {
        assert_eq!(outside(&["wasi:io/poll@0.2.0"], &["run"]).for_this_host(), Err(Refusal::NoContract));
        assert_eq!(
            outside(&["workway:integration/log@0.2.0"], &[]).for_this_host(),
            Err(Refusal::OtherContract { found: "0.2.0".into() })
        );
        let good = ["describe", "workway:integration/actions@0.1.7"];
        assert_eq!(outside(&["workway:integration/log@0.1.3", "wasi:io/poll@0.2.11"], &good).for_this_host(), Ok(()));
    }

    #[test]
    fn every_unknown_import_and_missing_export_is_named() {
        let imports = [
            "evil:host/secrets@1.0.0",
            "wasi:http/outgoing-handler@0.2.0",
            "wasi:io/poll@0.3.0",
            "workway:integration/log@0.1.0",
        ];
        assert_eq!(
            outside(&imports, &[]).for_this_host(),
            Err(Refusal::UnknownImports(
                ["evil:host/secrets@1.0.0", "wasi:http/outgoing-handler@0.2.0", "wasi:io/poll@0.3.0"]
                    .map(String::from)
                    .to_vec()
            ))
        );
        assert_eq!(
            outside(&["workway:integration/log@0.1.0"], &[]).for_this_host(),
            Err(Refusal::MissingExports(vec!["describe".into(), "workway:integration/actions@0.1.0".into()]))
        );
    }
}
