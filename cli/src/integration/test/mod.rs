//! `workway integration test`: builds a component and has the host's test kit run its cases. It never judges a case
//! itself, and sends nothing unless it is told to.

mod junit;
mod live;
mod report;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use workway_host::testkit::{Case, CaseReport, Kit, KitError, KitOptions, Suite, write_recorded};

use self::{junit::JUnit, live::Accounts, report::Tally};
use super::{
    build::{self, Build, Outcome, help_with_target},
    package::Package,
};
use crate::{
    arguments::IntegrationTestArguments,
    event_line,
    exit::{ExitStatus, complain},
    terminal::{asked_to_end, say},
};

/// Where cases lie in an integration's folder.
const CASES: &str = "tests";

pub async fn run(arguments: IntegrationTestArguments) -> anyhow::Result<ExitStatus> {
    // Before anything is said: whoever reads it may end this right away.
    let asked = asked_to_end(|| {})?;
    // What is dropped half-way ends what it has started.
    let mut accounts = None;
    let ended = tokio::select! {
        biased;
        () = asked => Ok(ExitStatus::Interrupted),
        ended = test(&arguments, &mut accounts) => ended,
    };
    if let Some(accounts) = accounts {
        // A token that a provider is handing out right now would be lost with the process.
        accounts.close().await;
    }
    ended.or_else(|stop| {
        if let Some(error) = stop.error {
            complain(&error);
        }
        Ok(stop.status)
    })
}

/// Why no cases were run, or not all of them.
struct Stop {
    status: ExitStatus,
    /// None where it has been said.
    error: Option<anyhow::Error>,
}

impl Stop {
    fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { status: ExitStatus::Usage, error: Some(error.into()) }
    }

    fn not_built(error: impl Into<anyhow::Error>) -> Self {
        Self { status: ExitStatus::NotBuilt, error: Some(error.into()) }
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self { status: ExitStatus::Failure, error: Some(error) }
    }
}

async fn test(arguments: &IntegrationTestArguments, accounts: &mut Option<Accounts>) -> Result<ExitStatus, Stop> {
    // What costs nothing to find out is found out before anything is built.
    let suites = suites(&arguments.path).map_err(Stop::usage)?;
    let chosen = chosen(&suites, arguments.filter.as_deref()).map_err(Stop::usage)?;
    let junit = arguments.junit.as_deref().map(JUnit::new).transpose().map_err(Stop::usage)?;
    let settings = live::settings(arguments).map_err(Stop::usage)?;
    let options = live::options(&settings).map_err(Stop::usage)?;
    if arguments.live {
        *accounts = Some(Accounts::open(settings, arguments.user.clone()).await.map_err(Stop::usage)?);
    }
    let component = match &arguments.component {
        Some(file) => file.clone(),
        None => build(arguments).await?,
    };
    let bytes = fs::read(&component).with_context(|| format!("cannot read {}", component.display()));
    let kit = kit(&bytes.map_err(Stop::usage)?, options, accounts.as_ref()).await?;
    check(&kit, &suites).map_err(Stop::usage)?;

    let mut tally = Tally::default();
    for case in chosen {
        let report = run_case(&kit, case, arguments.save).await;
        say(&report::line(&report));
        for line in report::problems(&report) {
            say(&line);
        }
        tally.add(report);
    }
    if let Some(junit) = junit {
        junit.write(kit.integration().as_str(), tally.reports())?;
    }
    say(&tally.to_string());
    Ok(if tally.failed() == 0 { ExitStatus::Success } else { ExitStatus::Failure })
}

/// All cases of a folder.
fn suites(folder: &Path) -> anyhow::Result<Vec<Suite>> {
    // As its user would name it.
    let cases = if folder == Path::new(".") { PathBuf::from(CASES) } else { folder.join(CASES) };
    let suites = if cases.is_dir() { Suite::read_folder(&cases)? } else { Vec::new() };
    anyhow::ensure!(
        suites.iter().any(|suite| !suite.cases.is_empty()),
        "no cases in {}: write {}/NAME.yaml, change to the integration's folder, or pass it as PATH; `workway integration \
         generate` adds actions and triggers with cases",
        cases.display(),
        cases.display()
    );
    Ok(suites)
}

fn chosen<'suites>(suites: &'suites [Suite], filter: Option<&str>) -> anyhow::Result<Vec<&'suites Case>> {
    let is_chosen =
        |case: &&Case| filter.is_none_or(|part| case.name.contains(part) || report::file(&case.file).contains(part));
    let chosen: Vec<&Case> = suites.iter().flat_map(|suite| &suite.cases).filter(is_chosen).collect();
    anyhow::ensure!(!chosen.is_empty(), "no case has {:?} in its name or file name", filter.unwrap_or_default());
    Ok(chosen)
}

/// Builds the component, and says so. Cargo says what goes wrong.
async fn build(arguments: &IntegrationTestArguments) -> Result<PathBuf, Stop> {
    let manifest = arguments.path.join("Cargo.toml");
    if !manifest.is_file() {
        let missing = anyhow!(
            "no file {}: change to the integration's folder or pass it as PATH; to test a built component, pass it with \
             --component",
            manifest.display()
        );
        return Err(Stop::usage(missing));
    }
    let package = Package::read(&arguments.path).await.map_err(Stop::not_built)?;
    say(&format!("building {}…", event_line::name(&package.name)));
    let options = build::Options { profile: Some(&arguments.profile), more: &[] };
    let mut build = Build::start(&package, options).map_err(Stop::not_built)?;
    let outcome = build.finished().await.map_err(Stop::not_built)?;
    let took = event_line::duration(build.elapsed());
    match outcome {
        Outcome::Built(component) => {
            say(&format!("built in {took}"));
            Ok(component)
        }
        Outcome::Failed => {
            say(&format!("build failed after {took}"));
            help_with_target(&package.folder).await;
            Err(Stop { status: ExitStatus::NotBuilt, error: None })
        }
        Outcome::NoComponent => {
            Err(Stop::not_built(anyhow!("cargo built no component: check .cargo/config.toml for another target")))
        }
    }
}

/// A component that no host would load is as good as none.
async fn kit(component: &[u8], options: KitOptions, accounts: Option<&Accounts>) -> Result<Kit, Stop> {
    let kit = match accounts {
        Some(accounts) => Kit::live(component, accounts.services()?, options).await,
        None => Kit::mock_with(component, options).await,
    };
    kit.map_err(|error| match error {
        error @ KitError::Component(_) => Stop::not_built(error),
        error => anyhow::Error::new(error).into(),
    })
}

/// Every case that names what the component does not have.
fn check(kit: &Kit, suites: &[Suite]) -> anyhow::Result<()> {
    let problems: Vec<String> =
        suites.iter().filter_map(|suite| kit.check(suite).err()).flat_map(|error| error.problems).collect();
    anyhow::ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

/// Runs a case, and keeps what the upstream answered where that is asked for. Answers to a case that failed are not kept:
/// what was recorded before may be what is right.
async fn run_case(kit: &Kit, case: &Case, save: bool) -> CaseReport {
    if !save {
        return kit.run(case).await;
    }
    let (mut report, fixtures) = kit.record(case).await;
    if report.passed()
        && let Err(error) = write_recorded(case, &fixtures)
    {
        report.problems.push(format!("cannot record the responses: {error}"));
    }
    report
}
