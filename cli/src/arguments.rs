//! What can be said on the command line or in the environment. Secrets come from the environment alone: a command line
//! can be read by every user of the machine.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};
use secrecy::SecretString;
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
    /// tokens are sealed under (base64 of 32 bytes), without which a key file in the data folder is used; WORKWAY_LOG
    /// what is logged (`info`, `workway_host=debug`).
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
    #[arg(long, env = "ENVIRONMENT", hide = true)]
    environment: Option<String>,
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
    #[arg(long, env = "WORKWAY_ADMIN_TOKEN", hide = true, hide_env_values = true)]
    admin_token: Option<SecretString>,
    #[arg(long, env = "WORKWAY_KEY", hide = true, hide_env_values = true)]
    key: Option<SecretString>,
    #[arg(long, env = "WORKWAY_LOG", hide = true)]
    log: Option<String>,
}

impl ServeArguments {
    pub fn in_development(self) -> Self {
        Self { dev: true, ..self }
    }

    /// What is logged, as `tracing-subscriber` reads it.
    pub fn log_filter(&self) -> &str {
        self.log.as_deref().unwrap_or("info")
    }
}

impl From<ServeArguments> for Flags {
    fn from(arguments: ServeArguments) -> Self {
        let named = arguments.environment.as_deref();
        let mode = match named {
            _ if arguments.dev => Some(Mode::Development),
            Some("development") => Some(Mode::Development),
            // Whatever else the environment is called, it is not development.
            Some(_) => Some(Mode::Production),
            None => None,
        };
        Self {
            mode,
            listen: arguments.listen,
            plugins: arguments.plugins,
            data: arguments.data,
            config: arguments.config,
            admin_token: arguments.admin_token,
            key: arguments.key,
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
