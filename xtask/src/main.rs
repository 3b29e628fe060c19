//! `cargo xtask`: everything between a fresh machine and a running, tested host. It runs other programs. It is never part
//! of what ships, and no other crate uses it.
#![forbid(unsafe_code)]

mod bench;
mod cargo_tool;
mod check;
mod components;
mod deny;
mod foreign;
mod fuzz_api;
mod npm;
mod process;
mod progress;
mod python;
mod release;
mod serve;
mod suite;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::cargo_tool::CARGO_COMPONENT;

const HELP: &str = "\
cargo xtask COMMAND

  setup               install a Rust toolchain with wasm32-wasip2
  build [NAME…]       build the integrations of plugins/ and put each there as NAME.wasm
  build-guests        build the components that the tests load, in target/guests/
  prism-setup         install Prism and GitHub's OpenAPI file, in target/tools/prism/
  oidc-setup          install the OpenID provider that the tests use, in target/tools/oidc/
  component-setup     install cargo-component, in target/tools/cargo-component/
  dev [ARG…]          build everything and serve on 127.0.0.1:8787 in development mode; ARGs go to `workway dev`
  check               check the format, the tidy rules and clippy's lints: run it before every commit
  deny                check the dependencies' versions, licences, sources and advisories with cargo-deny
  test [ARG…]         build everything and run every test; ARGs go to `cargo test`
  fuzz-api [OPTION…]  build everything, send generated requests to a host and check every answer against /openapi.json;
                      --cases N (at least N cases, default 5000), --seed N (which cases, default 1),
                      --release (fuzz a release build)
  bench NAME [ARG…]   build everything and run the bench NAME: call, http, chaos, reload, start, compile, oauth, sdk,
                      marketplace, schemas, definitions, expressions or siege
  release             build the release binary and split off its debug information, in target/dist/
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
        bail!("a command is missing\n\n{HELP}");
    };
    let takes_arguments = matches!(command.as_str(), "build" | "dev" | "test" | "bench" | "fuzz-api");
    if !takes_arguments && !rest.is_empty() {
        bail!("`cargo xtask {command}` takes no arguments (got `{}`)", rest.join(" "));
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
        "component-setup" => CARGO_COMPONENT.install().map(drop),
        "dev" => serve::dev(rest),
        "check" => check::run(),
        "deny" => deny::run(),
        "test" => suite::test(rest),
        "fuzz-api" => fuzz_api::run(rest),
        "bench" => bench::run(rest),
        "release" => release::run(),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("unknown command `{other}`\n\n{HELP}"),
    }
}
