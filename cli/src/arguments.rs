//! What can be said on the command line or in the environment. Secrets come from the environment alone: a command line
//! can be read by every user of the machine.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use workway_host::settings::{Flags, Mode};

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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn the_arguments_hold_together() {
        Arguments::command().debug_assert();
    }
}
