//! `cargo xtask test`: builds everything that the tests load, then runs every test and a short form of `cargo xtask
//! fuzz-api`. It never hides a test's outcome.

use std::process::Command;

use anyhow::Result;

use crate::cargo_tool::CARGO_COMPONENT;
use crate::progress::Phases;
use crate::{components, foreign, fuzz_api, npm, process, python, toolchain, workspace};

pub fn test(arguments: &[String]) -> Result<()> {
    let mut phases = Phases::new(11);
    let wasm = phases.run("looking for a wasm toolchain", toolchain::ensure)?;
    phases.run("building integrations", || components::build_integrations(wasm, &[]))?;
    phases.run("building the tests' guests", || components::build_guests(wasm))?;
    phases.run("building guests in other languages", foreign::build)?;
    phases.run("installing Prism", install_prism)?;
    phases.run("installing an OpenID provider", install_oidc)?;
    phases.run("installing Jinja2", install_jinja2)?;
    phases.run("installing cargo-component", || {
        process::or_skip("cargo-component", CARGO_COMPONENT.install().map(drop))
    })?;
    // The check of every route is never skipped, in CI or elsewhere.
    phases.run("installing Schemathesis", fuzz_api::install)?;
    phases.run("running the tests", || {
        let mut cargo = cargo_test(arguments);
        cargo.args(arguments);
        // For the tests that build an integration as its developer does.
        cargo.env("WORKWAY_TEST_WASM_TOOLCHAIN", wasm.rustup_name());
        if matches!(wasm, toolchain::Toolchain::Debian) {
            #[expect(clippy::disallowed_methods, reason = "the tests get this PATH with Debian's cargo first")]
            let path = std::env::var("PATH").unwrap_or_default();
            cargo.env("WORKWAY_TEST_WASM_PATH", format!("/usr/bin:{path}"));
        }
        process::run(&mut cargo)
    })?;
    if arguments.is_empty() {
        return phases.run("fuzzing the API", || fuzz_api::run_short(&mut cargo_test(arguments)));
    }
    phases.begin("fuzzing the API");
    eprintln!("      skipped: `cargo xtask test` without arguments also fuzzes the API; or run `cargo xtask fuzz-api`");
    Ok(())
}

fn cargo_test(arguments: &[String]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(workspace::root()).arg("test").args(scope(arguments));
    cargo
}

/// Selects the whole workspace unless the user names packages. The guests are excluded: they are built for wasm, and a
/// second build for this machine tests nothing.
fn scope(arguments: &[String]) -> &'static [&'static str] {
    let mut options = arguments.iter().take_while(|argument| *argument != "--");
    if options.any(|option| option.starts_with("-p") || option.starts_with("--package")) {
        return &[];
    }
    &["--workspace", "--exclude", "workway-test-guests", "--exclude", "workway-wasi-http-hello"]
}

/// Installs the mock server that stands in for GitHub.
pub fn install_prism() -> Result<()> {
    let manifests = workspace::root().join("tests/prism");
    process::or_skip("Prism, the mock of GitHub", npm::install(&manifests, &workspace::tools().join("prism")))
}

/// Installs the template engine whose expressions ours are compared with.
fn install_jinja2() -> Result<()> {
    let requirements = workspace::root().join("tests/jinja2/requirements.txt");
    process::or_skip("Jinja2", python::install(&requirements, &workspace::tools().join("jinja2")).map(drop))
}

/// Installs the OpenID provider where the tests connect accounts.
pub fn install_oidc() -> Result<()> {
    let manifests = workspace::root().join("tests/oidc");
    process::or_skip("oidc-provider, the OpenID provider", npm::install(&manifests, &workspace::tools().join("oidc")))
}
