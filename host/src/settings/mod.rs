//! What an operator may decide, one struct a concern. Everything else of the host is told through these; nothing else
//! reads the environment, a flag or a configuration file.

mod account;
mod compiler;
mod limits;
mod load;
mod marketplace;
mod oauth;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use workway_model::IntegrationId;

pub use account::AccountSettings;
pub use compiler::{CacheSettings, Compiler};
pub use limits::{AdmissionSettings, CallLimits, LimitOverrides};
pub use load::{Flags, KeySettings, SettingsError};
pub use marketplace::MarketplaceSettings;
pub use oauth::{ClientCredentials, ClientVariables, OAuthSettings, client_id_variable};

/// The shortest admin token that production takes, in bytes: 128 bits written as hexadecimal.
const MIN_ADMIN_TOKEN_BYTES: usize = 32;

/// Whether the host trusts whoever can reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Loopback only; a caller without a token is the user `dev`; what an integration declares is granted.
    Development,
    /// Calls need a token; what an integration declares must be granted by the operator.
    Production,
}

/// All settings of a host, checked: see [`Settings::load`].
#[derive(Clone, Debug)]
pub struct Settings {
    pub mode: Mode,
    /// Where HTTP is served. Port 0 asks the system for one.
    pub listen: SocketAddr,
    /// The folder into which components are dropped.
    pub plugins: PathBuf,
    /// The folder below which everything is written.
    pub data: PathBuf,
    /// Whether the plugins folder is followed. Development alone.
    pub watch: bool,
    pub compiler: Compiler,
    pub cache: CacheSettings,
    pub marketplace: MarketplaceSettings,
    /// The operator's bearer token.
    pub admin_token: Option<SecretString>,
    /// The master key of stored tokens, base64 of 32 bytes; without it a key file in `data` is used.
    pub key: Option<SecretString>,
    pub limits: CallLimits,
    pub admission: AdmissionSettings,
    pub accounts: AccountSettings,
    /// What differs for single integrations.
    pub integrations: BTreeMap<IntegrationId, IntegrationSettings>,
    pub oauth: OAuthSettings,
    /// Development and tests alone: public host name to the loopback origin that plays it.
    pub upstreams: BTreeMap<String, String>,
}

/// What an operator decides for one integration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IntegrationSettings {
    pub limits: LimitOverrides,
}

impl Settings {
    /// The limits of one integration: the general ones with the operator's exceptions for it.
    pub fn limits_of(&self, integration: &IntegrationId) -> CallLimits {
        match self.integrations.get(integration) {
            Some(settings) => settings.limits.over(self.limits),
            None => self.limits,
        }
    }

    /// The largest memory that any integration may use, in bytes.
    pub fn largest_memory_bytes(&self) -> u64 {
        let overrides = self.integrations.values().filter_map(|settings| settings.limits.memory_bytes);
        overrides.chain([self.limits.memory_bytes]).max().unwrap_or(self.limits.memory_bytes)
    }

    /// The largest body that any integration may be sent, in bytes.
    pub fn largest_body_bytes(&self) -> u64 {
        let overrides = self.integrations.values().filter_map(|settings| settings.limits.body_bytes);
        overrides.chain([self.limits.body_bytes]).max().unwrap_or(self.limits.body_bytes)
    }

    /// The longest time that any call may take.
    pub fn longest_call(&self) -> Duration {
        let overrides = self.integrations.values().filter_map(|settings| settings.limits.wall_ms);
        Duration::from_millis(overrides.chain([self.limits.wall_ms]).max().unwrap_or(self.limits.wall_ms))
    }

    fn check(self) -> Result<Self, SettingsError> {
        match self.mode {
            Mode::Development if !self.listen.ip().is_loopback() => Err(SettingsError::DevelopmentIsLocal(self.listen)),
            Mode::Production if !self.upstreams.is_empty() => Err(SettingsError::UpstreamsInProduction),
            Mode::Production if self.watch => Err(SettingsError::WatchInProduction),
            Mode::Production if self.compiler == Compiler::Winch => Err(SettingsError::WinchInProduction),
            Mode::Production => match &self.admin_token {
                Some(token) if token.expose_secret().len() >= MIN_ADMIN_TOKEN_BYTES => Ok(self),
                Some(_) => Err(SettingsError::ShortAdminToken { least: MIN_ADMIN_TOKEN_BYTES }),
                None => Err(SettingsError::NoAdminToken),
            },
            Mode::Development => Ok(self),
        }
        .and_then(Self::check_numbers)
    }

    fn check_numbers(self) -> Result<Self, SettingsError> {
        let each = self.integrations.keys().map(|id| (format!("integrations.{id}.limits"), self.limits_of(id)));
        for (place, limits) in [("limits".to_owned(), self.limits)].into_iter().chain(each) {
            limits.check().map_err(|problem| SettingsError::OutOfRange { place, problem })?;
        }
        self.admission.check().map_err(|problem| SettingsError::OutOfRange { place: "admission".into(), problem })?;
        self.accounts.check().map_err(|problem| SettingsError::OutOfRange { place: "accounts".into(), problem })?;
        self.cache.check().map_err(|problem| SettingsError::OutOfRange { place: "cache".into(), problem })?;
        self.marketplace
            .check()
            .map_err(|problem| SettingsError::OutOfRange { place: "marketplace".into(), problem })?;
        Ok(self)
    }
}
