//! `cargo xtask fuzz-api`: runs Schemathesis, which generates requests from `/openapi.json` and checks every answer of a
//! running host against it. It never judges an answer itself: the checks, and the exceptions with their reasons, are in
//! `tests/fuzz`.

mod host;
mod outside;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::progress::Phases;
use crate::{components, process, python, toolchain, workspace};
use host::{Host, TOKEN};
use outside::Outside;

/// The minimum number of cases of the long form.
const CASES: u64 = 5_000;
/// The minimum number of cases of the short form, which `cargo xtask test` runs.
const SHORT_CASES: u64 = 600;
/// The default seed of the cases.
const SEED: u64 = 1;
/// Cases of an operation, in percent of its even share: operations without a parameter have one or two cases in all.
const SHARE_PERCENT: u64 = 150;
/// The tests' guest that the requests call.
const GUEST: &str = "hello";

/// The options of the command line.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// The run fails with fewer cases.
    cases: u64,
    seed: u64,
    /// Whether the host is a release build.
    release: bool,
}

/// Builds everything and runs the long form.
pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let mut phases = Phases::new(6);
    let wasm = phases.run("looking for a wasm toolchain", toolchain::ensure)?;
    phases.run("building integrations", || components::build_integrations(wasm, &[]))?;
    phases.run("building the tests' guests", || components::build_guests(wasm))?;
    let program = phases.run("building the host", || {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(workspace::root()).args(["build", "--package", "workway-cli", "--bin", "workway"]);
        build_host(cargo.args(options.release.then_some("--release")))
    })?;
    let tools = phases.run("installing Schemathesis", install)?;
    phases.run("fuzzing the API", || fuzz(&program, &tools, &options))
}

/// Runs the short form. The caller has built everything that a host loads, and the tests with the same `cargo test`: their
/// binary is used, because a build of this package only would compile most dependencies again with other features.
pub fn run_short(tests: &mut Command) -> Result<()> {
    let options = Options { cases: SHORT_CASES, ..Options::parse(&[])? };
    fuzz(&build_host(tests.arg("--no-run"))?, &install()?, &options)
}

/// Installs Schemathesis and returns the folder of its programs.
pub fn install() -> Result<PathBuf> {
    python::install(&folder().join("requirements.txt"), &workspace::tools().join("schemathesis"))
        .context("the API cannot be fuzzed without Schemathesis")
}

fn build_host(cargo: &mut Command) -> Result<PathBuf> {
    cargo.args(["--message-format", "json-render-diagnostics"]);
    process::built_binary(cargo, "workway")
}

fn fuzz(program: &Path, tools: &Path, options: &Options) -> Result<()> {
    // Kept until the next run: it contains the findings.
    let run = workspace::target().join("fuzz-api");
    if run.exists() {
        fs::remove_dir_all(&run).with_context(|| format!("cannot remove {}", run.display()))?;
    }
    let plugins = run.join("plugins");
    workspace::install(&workspace::guests().join(format!("{GUEST}.wasm")), &plugins.join(format!("{GUEST}.wasm")))?;
    workspace::install(&workspace::root().join("plugins/slack.wasm"), &plugins.join("slack.wasm"))?;
    let host = Host::start(program, &run, &Outside::nowhere()?)?;
    eprintln!("      {} with seed {}", host.url(), options.seed);
    let outcome = ask(&host, tools, &run, options).and_then(|()| host.check_log());
    if outcome.is_err() {
        host.show_log();
    }
    outcome
}

fn ask(host: &Host, tools: &Path, run: &Path, options: &Options) -> Result<()> {
    let mut seed = Command::new(tools.join("python"));
    let seeded = process::capture(with_host(&mut seed, host).current_dir(run).arg(folder().join("seed.py")))?;
    let seeded: Value = serde_json::from_str(&seeded).context("seed.py printed something that is not JSON")?;
    let operations =
        seeded["operations"].as_u64().filter(|count| *count > 0).context("/openapi.json documents no operation")?;
    let share = (options.cases * SHARE_PERCENT).div_ceil(operations * 100);
    let report = run.join("report.json");
    // The settings name files of the run's folder.
    let config = run.join("schemathesis.toml");
    workspace::install(&folder().join("schemathesis.toml"), &config)?;
    let mut schemathesis = Command::new(tools.join("schemathesis"));
    with_host(&mut schemathesis, host).current_dir(run).env("SCHEMATHESIS_HOOKS", folder().join("hooks.py"));
    schemathesis.arg("--config-file").arg(config).arg("run");
    schemathesis.arg(format!("{}/openapi.json", host.url())).arg("--no-color");
    schemathesis.args(["--seed", &options.seed.to_string(), "--max-examples", &share.to_string()]);
    let found = process::run(schemathesis.arg("--report-json-path").arg(&report));
    let made = count_cases(&report);
    if let Ok(made) = &made {
        eprintln!("      {made} cases of {operations} operations, seed {}", options.seed);
    }
    found.with_context(|| format!("seed {}: the host does not answer as /openapi.json says", options.seed))?;
    let made = made?;
    if made < options.cases {
        bail!("Schemathesis must make at least {} cases (made {made})", options.cases);
    }
    Ok(())
}

fn with_host<'a>(command: &'a mut Command, host: &Host) -> &'a mut Command {
    command.env("WORKWAY_URL", host.url()).env("WORKWAY_ADMIN_TOKEN", TOKEN)
}

fn count_cases(report: &Path) -> Result<u64> {
    let text = fs::read_to_string(report).context("Schemathesis wrote no report")?;
    let report: Value = serde_json::from_str(&text).context("cannot read Schemathesis's report as JSON")?;
    report["test_cases"]["generated"].as_u64().context("Schemathesis's report has no number of cases")
}

/// The settings, hooks and seed of Schemathesis.
fn folder() -> PathBuf {
    workspace::root().join("tests/fuzz")
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { cases: CASES, seed: SEED, release: false };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let text = arguments.next().with_context(|| format!("{argument} needs a number"))?;
                text.parse().with_context(|| format!("{argument} needs a number (got `{text}`)"))
            };
            match argument.as_str() {
                "--cases" => options.cases = number()?,
                "--seed" => options.seed = number()?,
                "--release" => options.release = true,
                other => bail!("unknown option `{other}`: fuzz-api takes --cases N, --seed N and --release"),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::{CASES, Options, SEED};

    fn parsed(arguments: &[&str]) -> Option<Options> {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        Options::parse(&arguments).ok()
    }

    #[test]
    fn parses_options_and_rejects_unknown_ones() {
        assert_eq!(parsed(&[]), Some(Options { cases: CASES, seed: SEED, release: false }));
        let all = ["--release", "--cases", "7", "--seed", "9"];
        assert_eq!(parsed(&all), Some(Options { cases: 7, seed: 9, release: true }));
        for wrong in [&["--cases"][..], &["--cases", "many"], &["--seed", "-1"], &["--quick"], &["7"]] {
            assert_eq!(parsed(wrong), None, "{wrong:?}");
        }
    }
}
