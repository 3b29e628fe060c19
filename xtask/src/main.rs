//! `cargo xtask`: everything between a fresh machine and a running, tested host. It orders other programs about and is
//! never part of what ships; no other crate uses it.
#![forbid(unsafe_code)]

mod bench;
mod cargo_component;
mod components;
mod foreign;
mod fuzz_api;
mod npm;
mod process;
mod progress;
mod python;
mod serve;
mod suite;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask COMMAND

  setup               get a Rust toolchain with wasm32-wasip2
  build [NAME…]       build integrations of plugins/ and drop them there as NAME.wasm
  build-guests        build the components that the tests load, to target/guests/
  prism-setup         install Prism and GitHub's OpenAPI file, to target/tools/prism/
  oidc-setup          install the OpenID provider of the tests, to target/tools/oidc/
  component-setup     install cargo-component, to target/tools/cargo-component/
  dev [ARG…]          build everything, serve on 127.0.0.1:8787 in development mode; ARGs go to `workway dev`
  test [ARG…]         build everything, run every test; ARGs go to `cargo test`
  fuzz-api [OPTION…]  build everything, send made-up requests to a host and check every answer against /openapi.json;
                      --cases N (the fewest, 5000), --seed N (the same cases again, 1), --release (a release build)
  bench NAME [ARG…]   build everything, run the bench NAME (call, http, chaos, reload, start, compile, oauth, sdk,
                      marketplace)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        bail!("which command?\n\n{HELP}");
    };
    let takes_arguments = matches!(command.as_str(), "build" | "dev" | "test" | "bench" | "fuzz-api");
    if !takes_arguments && !rest.is_empty() {
        bail!("`{command}` takes no arguments");
    }
    match command.as_str() {
        "setup" => toolchain::ensure().map(drop),
        "build" => components::build_integrations(toolchain::ensure()?, rest),
        "build-guests" => {
            components::build_guests(toolchain::ensure()?)?;
            foreign::build()
        }
        "prism-setup" => suite::install_prism(),
        "oidc-setup" => suite::install_oidc(),
        "component-setup" => cargo_component::install(),
        "dev" => serve::dev(rest),
        "test" => suite::test(rest),
        "fuzz-api" => fuzz_api::run(rest),
        "bench" => bench::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
}
