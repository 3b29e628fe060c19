//! What can be said on the command line or in the environment. Secrets come from the environment alone: a command line
//! can be read by every user of the machine.

use std::{ffi::OsString, net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use reqwest::Url;
use workway_host::{
    model::UserId,
    settings::{Flags, Mode},
};

use crate::integration::{ItemName, Name};

/// Runs integrations in a sandbox and serves their actions.
#[derive(Parser)]
#[command(name = "workway", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the integrations of a folder over HTTP.
    ///
    /// Prints `listening on http://…` once requests are taken, and `ready: …` once the integrations are loaded.
    /// WORKWAY_ADMIN_TOKEN holds the operator's bearer token, which production needs; WORKWAY_KEY the key that stored
    /// tokens are sealed under (base64 of 32 bytes), without which a key file in the data folder is used.
    Serve(ServeArguments),
    /// Serve in development mode, for this machine alone, with readable output.
    Dev(ServeArguments),
    /// For those who write an integration.
    #[command(subcommand)]
    Integration(IntegrationCommand),
    /// The keys that stored tokens are sealed under.
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Args)]
pub struct ServeArguments {
    /// Development mode: loopback only, nobody needs a token, what an integration declares is granted.
    /// ENVIRONMENT=development says the same.
    #[arg(long)]
    dev: bool,
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:8787]
    #[arg(long, env = "WORKWAY_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The folder with the integrations' .wasm files [default: plugins]
    #[arg(long, env = "WORKWAY_PLUGINS", value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// The folder that everything is written to [default: data]
    #[arg(long, env = "WORKWAY_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration file [default: workway.toml, if there is one]
    #[arg(long, env = "WORKWAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// What is logged: `info`, or for a part of the host `workway_host=debug`
    #[arg(long, env = "WORKWAY_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
}

impl ServeArguments {
    pub fn in_development(self) -> Self {
        Self { dev: true, ..self }
    }

    /// What is logged, as `tracing-subscriber` reads it.
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
            ..Self::default()
        }
    }
}

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Make a new key, seal every stored token under it, and forget the old one.
    ///
    /// Hosts may go on running: they read the key file again. Should it be interrupted, run it again. Where WORKWAY_KEY
    /// holds the key, no key is made or removed: restart all hosts with `NEW,OLD`, run this with the same, and set NEW
    /// alone when it is done.
    Rotate(RotateArguments),
}

#[derive(Args)]
pub struct RotateArguments {
    /// The data folder of the host [default: data]
    #[arg(long, env = "WORKWAY_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration file [default: workway.toml, if there is one]
    #[arg(long, env = "WORKWAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Delete connections that open under no key, when theirs is lost; no host may run
    #[arg(long)]
    pub drop_unreadable: bool,
}

impl From<RotateArguments> for Flags {
    fn from(arguments: RotateArguments) -> Self {
        Self { data: arguments.data, config: arguments.config, ..Self::default() }
    }
}

#[derive(Subcommand)]
pub enum IntegrationCommand {
    /// Make a project for an integration: it builds and passes its tests as it is.
    ///
    /// The folder NAME is made in this one. `cargo test` runs its unit tests, `workway integration test` the component.
    Init(InitArguments),
    /// Add an action or a trigger to an integration: its source, its tests and its registration.
    #[command(subcommand)]
    Generate(GenerateCommand),
    /// Build an integration and run its cases, tests/*.yaml, in the sandbox that a host has.
    ///
    /// The upstream is what the cases say, and no request leaves this machine, unless --live is given. One line a case
    /// says the time that the call took, the CPU time, the most memory that it held, and how many requests it made.
    ///
    /// Status: 0 when every case passed, 1 when one failed, 2 when the arguments or the cases cannot be used, 3 when the
    /// integration cannot be built, 130 when it was interrupted.
    Test(IntegrationTestArguments),
    /// Build an integration whenever its source changes, and put it into the plugins folder of a running host.
    ///
    /// Run `workway dev` in another terminal first. Compiler errors are shown as cargo shows them, and what the host
    /// makes of each build follows. Whatever `cargo` is on the PATH builds; RUSTUP_TOOLCHAIN chooses another.
    Dev(IntegrationDevArguments),
}

#[derive(Args)]
pub struct IntegrationDevArguments {
    /// The folder with the integration's Cargo.toml
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// The folder that the host takes components from
    #[arg(long, env = "WORKWAY_PLUGINS", value_name = "DIR", default_value = "plugins")]
    pub plugins: PathBuf,
    /// Where the host answers, which says what it makes of a component
    #[arg(
        long,
        env = "WORKWAY_HOST",
        value_name = "URL",
        default_value = "http://127.0.0.1:8787",
        value_parser = plain_http
    )]
    pub host: Url,
    /// The profile of cargo's to build with [default: dev, without debug information, which builds fastest]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// What else `cargo build` is told, which runs in the integration's folder
    #[arg(last = true, value_name = "CARGO ARGUMENTS")]
    pub cargo: Vec<OsString>,
}

#[derive(Args)]
pub struct InitArguments {
    /// The integration's id, `[a-z][a-z0-9-]*`, and the folder's name
    #[arg(value_name = "NAME")]
    pub name: Name,
    /// The folder of workway-sdk [default: that of the checkout that this program was built from]
    #[arg(long, value_name = "DIR")]
    pub sdk: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum GenerateCommand {
    /// Add an action: a function that is called.
    Action(ItemArguments),
    /// Add a trigger: what the integration notices.
    Trigger(TriggerArguments),
}

#[derive(Args)]
pub struct ItemArguments {
    /// Its id, `[a-z][a-z0-9-]*`: `post-message` is the function post_message
    #[arg(value_name = "NAME")]
    pub name: ItemName,
    /// The folder with the integration's Cargo.toml
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub path: PathBuf,
}

#[derive(Args)]
pub struct TriggerArguments {
    #[command(flatten)]
    pub item: ItemArguments,
    /// The host asks now and then what is new; this is the default
    #[arg(long, conflicts_with = "webhook")]
    poll: bool,
    /// The upstream calls when something is new
    #[arg(long)]
    pub webhook: bool,
}

#[derive(Args)]
pub struct IntegrationTestArguments {
    /// The folder with the integration's Cargo.toml
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// The profile of cargo's to build with
    #[arg(long, value_name = "NAME", default_value = "release")]
    pub profile: String,
    /// Test this component, and build none
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    pub component: Option<PathBuf>,
    /// Run only cases whose name or file has this text in it
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Take the upstream's answers from the cases or from what was recorded; this is the default
    #[arg(long, conflicts_with = "live")]
    mock: bool,
    /// Send requests to the real upstream, with the accounts that a user has connected at a host
    #[arg(long)]
    pub live: bool,
    /// Record what the real upstream answers, without secrets, for runs without it
    #[arg(long, requires = "live")]
    pub save: bool,
    /// Whose accounts are used
    #[arg(long, value_name = "NAME", default_value = "dev", requires = "live")]
    pub user: UserId,
    /// The data folder of the host that has the accounts [default: data]
    #[arg(long, env = "WORKWAY_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The host's configuration file, with its providers and limits [default: workway.toml, if there is one]
    #[arg(long, env = "WORKWAY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write what became of the cases to this file, as JUnit's XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

/// A host in development mode is this machine's own, and has no certificate.
fn plain_http(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{error}, as in http://127.0.0.1:8787"))?;
    if url.scheme() != "http" || url.cannot_be_a_base() {
        return Err("a host in development mode is at http://…".to_owned());
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
