//! The command-line arguments and their environment variables. Secrets come only from the environment: every user of the
//! machine can read a command line.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use reqwest::Url;
use workway_host::{
    model::UserId,
    sandbox::CompileWorker,
    settings::{Flags, Mode},
};

use crate::integration::{ItemName, Name};

/// The command that a host in production starts to compile components.
const COMPILE_WORKER: &str = "compile-worker";

/// Run integrations in a sandbox and serve their actions.
#[derive(Parser)]
#[command(name = "workway", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the integrations in a folder over HTTP.
    ///
    /// Prints `listening on http://…` when it accepts requests, and `ready: …` when the integrations are loaded.
    ///
    /// WORKWAY_ADMIN_TOKEN sets the operator's bearer token, which production requires. WORKWAY_KEY sets the key that
    /// encrypts stored tokens (base64 of 32 bytes); without it, the key file is used.
    Serve(ServeArguments),
    /// Serve in development mode, on this machine only, with readable output.
    Dev(ServeArguments),
    /// Create, test and develop integrations.
    #[command(subcommand)]
    Integration(IntegrationCommand),
    /// Manage the keys that encrypt stored tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Look for schedules and runs in a data folder that no host works on.
    ///
    /// Prints a line for each finding. The exit status is 1 if there is one. Hosts can keep running.
    Doctor(DoctorArguments),
    /// Compile components for a host. The host starts this itself.
    #[command(name = COMPILE_WORKER, hide = true)]
    CompileWorker,
}

#[derive(Args)]
pub struct ServeArguments {
    /// Development mode: loopback only, no token needed, every declared permission granted.
    /// Same as ENVIRONMENT=development.
    #[arg(long)]
    dev: bool,
    /// Address and port to listen on; port 0 picks a free port [default: 127.0.0.1:8787]
    #[arg(long, env = "WORKWAY_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Folder with the integrations' .wasm files [default: plugins]
    #[arg(long, env = "WORKWAY_PLUGINS", value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// Folder that the host writes all its data to [default: data]
    #[arg(long, env = "WORKWAY_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Configuration file [default: workway.toml, if it exists]
    #[arg(long, env = "WORKWAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Log filter: a level such as `info`, or a level per module such as `workway=debug`
    #[arg(long, env = "WORKWAY_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
}

impl ServeArguments {
    pub fn in_development(self) -> Self {
        Self { dev: true, ..self }
    }

    /// The log filter, in the syntax of `tracing-subscriber`.
    pub fn log_filter(&self) -> &str {
        &self.log
    }
}

impl From<ServeArguments> for Flags {
    fn from(arguments: ServeArguments) -> Self {
        let mode = arguments.dev.then_some(Mode::Development);
        Self {
            mode,
            listen: arguments.listen,
            plugins: arguments.plugins,
            data: arguments.data,
            config: arguments.config,
            worker: Some(CompileWorker::this_program([COMPILE_WORKER])),
            ..Self::default()
        }
    }
}

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Create a new key, encrypt all stored tokens with it, and delete the old key.
    ///
    /// Hosts can keep running: they reload the key file. If the command is interrupted, run it again.
    ///
    /// If WORKWAY_KEY holds the key, the command creates and deletes no key. Restart all hosts with
    /// WORKWAY_KEY=NEW,OLD, run the command with the same value, then restart the hosts with WORKWAY_KEY=NEW.
    Rotate(RotateArguments),
}

#[derive(Args)]
pub struct RotateArguments {
    /// Data folder of the host [default: data]
    #[arg(long, env = "WORKWAY_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Configuration file [default: workway.toml, if it exists]
    #[arg(long, env = "WORKWAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// If a key is lost: delete the records that no key can decrypt. Stop all hosts first
    #[arg(long)]
    pub drop_unreadable: bool,
}

impl From<RotateArguments> for Flags {
    fn from(arguments: RotateArguments) -> Self {
        Self { data: arguments.data, config: arguments.config, ..Self::default() }
    }
}

#[derive(Args)]
pub struct DoctorArguments {
    /// Data folder of the host [default: data]
    #[arg(long, env = "WORKWAY_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Configuration file [default: workway.toml, if it exists]
    #[arg(long, env = "WORKWAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl From<DoctorArguments> for Flags {
    fn from(arguments: DoctorArguments) -> Self {
        Self { data: arguments.data, config: arguments.config, ..Self::default() }
    }
}

#[derive(Subcommand)]
pub enum IntegrationCommand {
    /// Create a project for an integration that builds and passes its tests.
    ///
    /// Creates the folder NAME in the current folder. `cargo test` runs the unit tests; `workway integration test` tests
    /// the component.
    Init(InitArguments),
    /// Add an action or a trigger to an integration, with tests.
    #[command(subcommand)]
    Generate(GenerateCommand),
    /// Build an integration and run its cases (tests/*.yaml) in the host's sandbox.
    ///
    /// The cases define the responses, and no request leaves this machine unless --live is given. Each case prints one
    /// line with its duration, CPU time, peak memory and number of requests.
    ///
    /// Exit status: 0 if every case passed, 1 if a case failed, 2 if the arguments or the cases are invalid, 3 if the
    /// build failed, 130 if interrupted.
    Test(IntegrationTestArguments),
    /// Build an integration whenever its source changes, and install it into the plugins folder of a running host.
    ///
    /// Run `workway dev` in another terminal first. Prints cargo's compiler errors and, for each build, whether the host
    /// loaded it. Uses the `cargo` on the PATH; RUSTUP_TOOLCHAIN selects another toolchain.
    Dev(IntegrationDevArguments),
}

#[derive(Args)]
pub struct IntegrationDevArguments {
    /// Folder with the integration's Cargo.toml
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// Plugins folder of the host
    #[arg(long, env = "WORKWAY_PLUGINS", value_name = "DIR", default_value = "plugins")]
    pub plugins: PathBuf,
    /// URL of the host, which reports whether a build was loaded
    #[arg(
        long,
        env = "WORKWAY_HOST",
        value_name = "URL",
        default_value = "http://127.0.0.1:8787",
        value_parser = plain_http
    )]
    pub host: Url,
    /// Cargo profile [default: dev without debug information, which builds fastest]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// More arguments for `cargo build`, which runs in the integration's folder
    #[arg(last = true, value_name = "CARGO ARGUMENTS")]
    pub cargo: Vec<OsString>,
}

#[derive(Args)]
pub struct InitArguments {
    /// Id of the integration, `[a-z][a-z0-9-]*`, and name of its folder
    #[arg(value_name = "NAME")]
    pub name: Name,
    /// Folder of workway-sdk [default: the SDK of the checkout that this program was built from]
    #[arg(long, value_name = "DIR")]
    pub sdk: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum GenerateCommand {
    /// Add an action: a function that the host can call.
    Action(ItemArguments),
    /// Add a trigger: a source of events.
    Trigger(TriggerArguments),
}

#[derive(Args)]
pub struct ItemArguments {
    /// Id, `[a-z][a-z0-9-]*`: `post-message` becomes the function post_message
    #[arg(value_name = "NAME")]
    pub name: ItemName,
    /// Folder with the integration's Cargo.toml
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub path: PathBuf,
}

#[derive(Args)]
pub struct TriggerArguments {
    #[command(flatten)]
    pub item: ItemArguments,
    /// The host polls for events (default)
    #[arg(long, conflicts_with = "webhook")]
    poll: bool,
    /// The upstream service sends events to the host
    #[arg(long)]
    pub webhook: bool,
}

#[derive(Args)]
pub struct IntegrationTestArguments {
    /// Folder with the integration's Cargo.toml
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// Cargo profile
    #[arg(long, value_name = "NAME", default_value = "release")]
    pub profile: String,
    /// Test this component instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    pub component: Option<PathBuf>,
    /// Run only the cases whose name or file contains TEXT
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Take responses from the cases or from recordings (default)
    #[arg(long, conflicts_with = "live")]
    mock: bool,
    /// Send requests to the real service, with the accounts that a user has connected at a host
    #[arg(long)]
    pub live: bool,
    /// Record the real service's responses, without secrets, for runs without --live
    #[arg(long, requires = "live")]
    pub save: bool,
    /// User whose accounts are used
    #[arg(long, value_name = "NAME", default_value = "dev", requires = "live")]
    pub user: UserId,
    /// Data folder of the host that has the accounts [default: data]
    #[arg(long, env = "WORKWAY_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Configuration file of the host, with its providers and limits [default: workway.toml, if it exists]
    #[arg(long, env = "WORKWAY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write a JUnit XML report to this file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

/// A host in development mode runs on this machine, without TLS.
fn plain_http(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{error}: expected a URL such as http://127.0.0.1:8787"))?;
    if url.scheme() != "http" || url.cannot_be_a_base() {
        return Err("the URL must begin with http://, because a host in development mode has no TLS".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn the_arguments_hold_together() {
        Arguments::command().debug_assert();
    }
}
