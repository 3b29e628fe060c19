//! `cargo xtask fuzz-api`: has Schemathesis make requests up from `/openapi.json` and hold every answer of a running host
//! against it. It never judges an answer itself; what is checked, and what is allowed for which reason, is in `tests/fuzz`.

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

/// The fewest cases of the long form.
const CASES: u64 = 5_000;
/// The fewest cases of the short form, which is one of the tests.
const SHORT_CASES: u64 = 600;
/// What the cases are made from, unless the caller says.
const SEED: u64 = 1;
/// Cases of an operation, in percent of its even share: operations without a parameter have one or two cases in all.
const SHARE_PERCENT: u64 = 150;
/// The guest of the tests that is there to be called.
const GUEST: &str = "hello";

/// What the caller decides.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// Fewer are a failure.
    cases: u64,
    seed: u64,
    /// Whether the host is a release build.
    release: bool,
}

/// The long form.
pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let mut phases = Phases::new(6);
    let wasm = phases.run("looking for a wasm toolchain", toolchain::ensure)?;
    phases.run("building integrations", || components::build_integrations(wasm, &[]))?;
    phases.run("building the tests' guests", || components::build_guests(wasm))?;
    let program = phases.run("building the host", || build_host(options.release))?;
    let tools = phases.run("installing Schemathesis", install)?;
    phases.run("fuzzing the API", || fuzz(&program, &tools, &options))
}

/// The short form, for what has built everything that a host loads.
pub fn run_short() -> Result<()> {
    let options = Options { cases: SHORT_CASES, ..Options::parse(&[])? };
    fuzz(&build_host(options.release)?, &install()?, &options)
}

/// Installs Schemathesis and answers where its programs are.
pub fn install() -> Result<PathBuf> {
    python::install(&folder().join("requirements.txt"), &workspace::tools().join("schemathesis"))
        .context("the API cannot be fuzzed without Schemathesis")
}

fn build_host(release: bool) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(workspace::root()).args(["build", "--package", "workway-cli", "--bin", "workway"]);
    cargo.args(["--message-format", "json-render-diagnostics"]).args(release.then_some("--release"));
    let messages = process::capture(&mut cargo)?;
    let mut executables = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    executables.next_back().context("cargo built no `workway`")
}

fn fuzz(program: &Path, tools: &Path, options: &Options) -> Result<()> {
    // Kept until the next run: what was found lies in it.
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
    let seeded: Value = serde_json::from_str(&seeded).context("seed.py printed something else than JSON")?;
    let operations = seeded["operations"].as_u64().filter(|count| *count > 0).context("the host documents nothing")?;
    let share = (options.cases * SHARE_PERCENT).div_ceil(operations * 100);
    let report = run.join("report.json");
    // Beside what the seed left: the settings name it.
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
    found.with_context(|| format!("seed {}: the host and its documentation do not agree", options.seed))?;
    let made = made?;
    if made < options.cases {
        bail!("{made} cases were made, {} are wanted", options.cases);
    }
    Ok(())
}

fn with_host<'a>(command: &'a mut Command, host: &Host) -> &'a mut Command {
    command.env("WORKWAY_URL", host.url()).env("WORKWAY_ADMIN_TOKEN", TOKEN)
}

fn count_cases(report: &Path) -> Result<u64> {
    let text = fs::read_to_string(report).context("Schemathesis left no report")?;
    let report: Value = serde_json::from_str(&text).context("Schemathesis's report is JSON")?;
    report["test_cases"]["generated"].as_u64().context("Schemathesis's report counts its cases")
}

/// What is asked, checked and allowed.
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
                text.parse().with_context(|| format!("{argument} needs a number, not `{text}`"))
            };
            match argument.as_str() {
                "--cases" => options.cases = number()?,
                "--seed" => options.seed = number()?,
                "--release" => options.release = true,
                other => bail!("fuzz-api has no option `{other}`; there are --cases N, --seed N and --release"),
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
    fn options_have_defaults_and_unknown_ones_are_refused() {
        assert_eq!(parsed(&[]), Some(Options { cases: CASES, seed: SEED, release: false }));
        let all = ["--release", "--cases", "7", "--seed", "9"];
        assert_eq!(parsed(&all), Some(Options { cases: 7, seed: 9, release: true }));
        for wrong in [&["--cases"][..], &["--cases", "many"], &["--seed", "-1"], &["--quick"], &["7"]] {
            assert_eq!(parsed(wrong), None, "{wrong:?}");
        }
    }
}
