//! The guides in `docs/`, followed to the letter: every block that names a file is written, every command is run in a
//! shell, and what it prints is compared. A block of any other kind is an error, so that nothing in a guide goes untested.

mod guide;
mod reader;

use std::path::Path;

use reader::Reader;

#[test]
fn adding_an_integration() {
    Reader::new().follow("adding-an-integration.md");
}

#[test]
fn plugin_architecture() {
    Reader::new().follow("plugin-architecture.md");
}

#[test]
fn testing() {
    Reader::new().follow("testing.md");
}

/// The other way to build, which `workway integration init` promises as well.
#[test]
fn a_new_project_is_built_by_cargo_component_too() {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/cargo-component/bin");
    let Ok(tools) = tools.canonicalize() else {
        return workway_tests::skip("a_new_project_is_built_by_cargo_component_too", "cargo-component");
    };
    let mut reader = Reader::new();
    reader.look_in(&tools);
    reader.run("init", "workway integration init hello", &[]);
    reader.run("init", "cd hello", &[]);
    reader.run("build", "cargo component build --release", &[]);
    let component = "target/wasm32-wasip1/release/hello.wasm";
    let passed = ["…", "2 passed, 0 failed"].map(str::to_owned);
    reader.run("test", &format!("workway integration test --component {component}"), &passed);
}
