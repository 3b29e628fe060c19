//! Loads what an operator decides and hands it out: each crate defines the settings that it needs. Nothing else reads the
//! environment, a flag or a configuration file.

mod folders;
mod load;
mod memory;
mod plugins;
mod server;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};
use workway_capability::DnsSettings;
use workway_marketplace::MarketplaceSettings;
use workway_oauth::OAuthSettings;
use workway_registry::RegistrySettings;
use workway_runs::RunSettings;
use workway_sandbox::{CacheSettings, CompileWorker, Compiler, SandboxSettings};
use workway_users::UserSettings;

pub use folders::Trust;
pub use load::{Flags, KeySettings, SettingsError};
pub use memory::MemorySettings;
pub use plugins::PluginSettings;
pub use server::ServerSettings;
pub use workway_model::Mode;
pub use workway_oauth::ClientVariables;

/// The shortest admin token that production takes, in bytes: 128 bits written as hexadecimal.
const MIN_ADMIN_TOKEN_BYTES: usize = 32;

/// All settings of a host, checked: see [`Settings::load`].
#[derive(Clone, Debug)]
pub struct Settings {
    pub mode: Mode,
    /// Where HTTP is served. Port 0 asks the system for one.
    pub listen: SocketAddr,
    pub plugins: PluginSettings,
    /// The folder below which everything is written.
    pub data: PathBuf,
    /// Whether the plugins folder is followed. Only in development.
    pub watch: bool,
    pub compiler: Compiler,
    /// Compiles the components in production. Every file is a stranger's there; in development it is the developer's own,
    /// and the host compiles it itself. A host in production without a worker compiles strangers' files itself, too.
    pub worker: Option<CompileWorker>,
    pub cache: CacheSettings,
    pub marketplace: MarketplaceSettings,
    /// The operator's bearer token.
    pub admin_token: Option<SecretString>,
    /// The master key of stored tokens, base64 of 32 bytes; without it a key file is used.
    pub key: Option<SecretString>,
    pub memory: MemorySettings,
    /// The key file, if it is not in `data`. Not looked at if `key` is given.
    pub key_file: Option<PathBuf>,
    pub registry: RegistrySettings,
    pub runs: RunSettings,
    pub users: UserSettings,
    pub oauth: OAuthSettings,
    pub server: ServerSettings,
    pub dns: DnsSettings,
    /// Maps a public host name to the loopback origin that stands in for it. Only in development and tests.
    pub upstreams: BTreeMap<String, String>,
}

impl Settings {
    /// Where components compile, and what the engine has to reserve for these settings.
    pub fn sandbox(&self) -> SandboxSettings {
        SandboxSettings {
            compiler: self.compiler,
            worker: self.worker.clone().filter(|_| self.mode == Mode::Production),
            calls: self.registry.admission.calls,
            memory_bytes: self.registry.largest_memory_bytes(),
        }
    }

    fn check(self) -> Result<Self, SettingsError> {
        match self.mode {
            Mode::Development if !self.listen.ip().is_loopback() => Err(SettingsError::DevelopmentIsLocal(self.listen)),
            Mode::Production if !self.upstreams.is_empty() => Err(SettingsError::UpstreamsInProduction),
            Mode::Production if self.watch => Err(SettingsError::WatchInProduction),
            Mode::Production if self.compiler == Compiler::Winch => Err(SettingsError::WinchInProduction),
            Mode::Production => match &self.admin_token {
                Some(token) if token.expose_secret().len() >= MIN_ADMIN_TOKEN_BYTES => Ok(self),
                Some(token) => Err(SettingsError::ShortAdminToken {
                    least: MIN_ADMIN_TOKEN_BYTES,
                    got: token.expose_secret().len(),
                }),
                None => Err(SettingsError::NoAdminToken),
            },
            Mode::Development => Ok(self),
        }
        .and_then(Self::check_numbers)
    }

    fn check_numbers(self) -> Result<Self, SettingsError> {
        let out_of_range = |place: &str, checked: Result<(), String>| {
            checked.map_err(|problem| SettingsError::OutOfRange { place: place.to_owned(), problem })
        };
        self.registry.check().map_err(|(place, problem)| SettingsError::OutOfRange { place, problem })?;
        out_of_range("limits", self.memory.check())?;
        out_of_range("accounts", self.users.check())?;
        out_of_range("cache", self.cache.check())?;
        out_of_range("dns", self.dns.check())?;
        out_of_range("marketplace", self.marketplace.check())?;
        out_of_range("runs", self.runs.check())?;
        out_of_range("server", self.server.check())?;
        Ok(self)
    }
}
