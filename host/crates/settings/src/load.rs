//! From flags, environment and file to [`Settings`]. A flag wins over its environment variable (the CLI's parser sees
//! to that), both win over the file, the file wins over the defaults. An unknown name in the file is an error.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use config::{Config, File, FileFormat};
use secrecy::SecretString;
use serde::Deserialize;
use workway_capability::DnsSettings;
use workway_marketplace::MarketplaceSettings;
use workway_model::{IntegrationId, Mode, ProviderId};
use workway_oauth::{ClientVariables, OAuthFile, OAuthSettings, ProviderFile};
use workway_registry::{AdmissionSettings, IntegrationSettings, RegistrySettings};
use workway_runs::RunSettings;
use workway_sandbox::{CacheSettings, CallLimits, CompileWorker, Compiler, LimitOverrides};
use workway_users::UserSettings;

use super::{MemorySettings, PluginSettings, ServerSettings, Settings};

const DEFAULT_PORT: u16 = 8787;
const DEFAULT_DATA: &str = "data";
/// The configuration file that is read when none is named; it may be missing.
const DEFAULT_FILE: &str = "workway.toml";

/// What was given on the command line or in the environment.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub mode: Option<Mode>,
    pub listen: Option<SocketAddr>,
    pub plugins: Option<PathBuf>,
    pub data: Option<PathBuf>,
    /// A configuration file that must exist; without it `workway.toml` is read if it exists.
    pub config: Option<PathBuf>,
    /// Secrets are no part of the file, so that it can be shown around, and no flags, which every user of the machine can
    /// read: see [`Flags::with_environment`].
    pub admin_token: Option<SecretString>,
    pub key: Option<SecretString>,
    pub clients: ClientVariables,
    /// The program that compiles strangers' files. No flag: only the program that embeds the host knows which of its
    /// commands does that.
    pub worker: Option<CompileWorker>,
}

impl Flags {
    /// Adds what the environment alone may say: `WORKWAY_ADMIN_TOKEN`, `WORKWAY_KEY`, `WORKWAY_CLIENT_ID_…`,
    /// `WORKWAY_CLIENT_SECRET_…`, and the mode where no flag names it (`ENVIRONMENT=development`; whatever else an
    /// environment is called, it is not development).
    ///
    /// # Errors
    /// A variable that is not text.
    pub fn with_environment(self) -> Result<Self, SettingsError> {
        let mode = match (self.mode, variable("ENVIRONMENT")?.as_deref()) {
            (Some(mode), _) => Some(mode),
            (None, Some("development")) => Some(Mode::Development),
            (None, Some(_)) => Some(Mode::Production),
            (None, None) => None,
        };
        let admin_token = variable("WORKWAY_ADMIN_TOKEN")?.map(SecretString::from);
        let key = variable("WORKWAY_KEY")?.map(SecretString::from);
        Ok(Self { mode, admin_token, key, clients: clients()?, ..self })
    }
}

fn clients() -> Result<ClientVariables, SettingsError> {
    let mut clients = ClientVariables::default();
    #[expect(clippy::disallowed_methods, reason = "the one module that reads the environment")]
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names.filter(|name| name.starts_with("WORKWAY_CLIENT_")) {
        let Some(value) = variable(&name)? else { continue };
        if let Some(suffix) = name.strip_prefix("WORKWAY_CLIENT_ID_") {
            clients.ids.insert(suffix.to_owned(), value);
        } else if let Some(suffix) = name.strip_prefix("WORKWAY_CLIENT_SECRET_") {
            clients.secrets.insert(suffix.to_owned(), value.into());
        }
    }
    Ok(clients)
}

/// A variable that is empty counts as not set, as a shell's `NAME= command` means it.
fn variable(name: &str) -> Result<Option<String>, SettingsError> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let value = std::env::var_os(name).filter(|value| !value.is_empty());
    value.map(|value| value.into_string().map_err(|_| SettingsError::NotText(name.to_owned()))).transpose()
}

/// Why the settings cannot be used; each names what to change.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("environment variable {0} must be valid UTF-8")]
    NotText(String),
    #[error("configuration file {}: {source}: make it readable, or choose another with --config", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("configuration file {}: {message}", path.display())]
    Malformed { path: PathBuf, message: String },
    #[error(
        "development mode must listen on a loopback address (got {0}): anyone who can reach it acts as the user `dev`"
    )]
    DevelopmentIsLocal(SocketAddr),
    #[error(
        "[upstreams] redirects requests to local servers and is only allowed in development: remove it, or start with --dev"
    )]
    UpstreamsInProduction,
    #[error(
        "watch = true is only allowed in development: remove it, or start with --dev; in production, integrations are loaded at start-up"
    )]
    WatchInProduction,
    #[error("compiler = \"winch\" is only allowed in development: remove it, or start with --dev")]
    WinchInProduction,
    #[error(
        "production mode needs an operator token: set WORKWAY_ADMIN_TOKEN, for example to the output of `openssl rand -hex 32`, or start with --dev"
    )]
    NoAdminToken,
    #[error(
        "WORKWAY_ADMIN_TOKEN must have at least {least} characters (got {got}): set it, for example, to the output of `openssl rand -hex 32`"
    )]
    ShortAdminToken { least: usize, got: usize },
    #[error("{place}: {problem}")]
    OutOfRange { place: String, problem: String },
    #[error("{0}")]
    OAuth(String),
}

/// The file's shape.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FileSettings {
    mode: Option<Mode>,
    listen: Option<SocketAddr>,
    plugins: PluginSettings,
    data: Option<PathBuf>,
    key_file: Option<PathBuf>,
    watch: Option<bool>,
    compiler: Option<Compiler>,
    cache: CacheSettings,
    marketplace: MarketplaceSettings,
    limits: LimitsSection,
    admission: AdmissionSettings,
    accounts: UserSettings,
    runs: RunSettings,
    integrations: BTreeMap<IntegrationId, IntegrationSettings>,
    oauth: OAuthFile,
    server: ServerSettings,
    dns: DnsSettings,
    providers: BTreeMap<ProviderId, ProviderFile>,
    upstreams: BTreeMap<String, String>,
}

/// The section `[limits]`: of the process, and of each call.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LimitsSection {
    /// In bytes. Default: half of the memory that this process may use.
    total_memory: Option<u64>,
    memory_bytes: Option<u64>,
    cpu_ms: Option<u64>,
    wall_ms: Option<u64>,
    body_bytes: Option<u64>,
    log_bytes: Option<u64>,
}

impl LimitsSection {
    fn of_calls(&self) -> CallLimits {
        let Self { memory_bytes, cpu_ms, wall_ms, body_bytes, log_bytes, .. } = *self;
        LimitOverrides { memory_bytes, cpu_ms, wall_ms, body_bytes, log_bytes }.over(CallLimits::default())
    }
}

impl Settings {
    /// Reads the file that the flags name, puts the flags over it and checks the whole.
    pub fn load(flags: Flags) -> Result<Self, SettingsError> {
        let file = FileSettings::of(&flags)?;
        let memory = MemorySettings::new(file.limits.total_memory);
        let mode = flags.mode.or(file.mode).unwrap_or(Mode::Production);
        Self {
            mode,
            listen: flags.listen.or(file.listen).unwrap_or_else(|| (Ipv4Addr::LOCALHOST, DEFAULT_PORT).into()),
            plugins: PluginSettings { folder: flags.plugins.unwrap_or(file.plugins.folder), pin: file.plugins.pin },
            data: flags.data.or(file.data).unwrap_or_else(|| DEFAULT_DATA.into()),
            watch: file.watch.unwrap_or(mode == Mode::Development),
            compiler: file.compiler.unwrap_or_else(|| Compiler::of_mode(mode)),
            worker: flags.worker.map(|worker| memory.limit_compiles(worker)),
            cache: file.cache,
            marketplace: file.marketplace,
            admin_token: flags.admin_token,
            key: flags.key,
            memory,
            key_file: file.key_file,
            registry: RegistrySettings {
                limits: file.limits.of_calls(),
                admission: file.admission,
                integrations: file.integrations,
            },
            runs: file.runs,
            users: file.accounts,
            oauth: OAuthSettings::new(file.oauth, file.providers, &flags.clients).map_err(SettingsError::OAuth)?,
            server: file.server,
            dns: file.dns,
            upstreams: file.upstreams,
        }
        .check()
    }
}

/// What rotating keys needs: no more of a host's settings has to be right for it.
#[derive(Clone, Debug)]
pub struct KeySettings {
    /// The host's data folder.
    pub data: PathBuf,
    /// `WORKWAY_KEY`: one key or several, the first of which seals.
    pub key: Option<SecretString>,
    /// The key file, if it is not in the data folder.
    pub key_file: Option<PathBuf>,
}

impl KeySettings {
    /// # Errors
    /// A configuration file that cannot be read.
    pub fn load(flags: Flags) -> Result<Self, SettingsError> {
        let file = FileSettings::of(&flags)?;
        let data = flags.data.or(file.data).unwrap_or_else(|| DEFAULT_DATA.into());
        Ok(Self { data, key: flags.key, key_file: file.key_file })
    }
}

impl FileSettings {
    /// The file that the flags name, or the usual one if it is there.
    fn of(flags: &Flags) -> Result<Self, SettingsError> {
        match &flags.config {
            Some(path) => Self::read(path),
            None if Path::new(DEFAULT_FILE).exists() => Self::read(Path::new(DEFAULT_FILE)),
            None => Ok(Self::default()),
        }
    }

    fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text)
            .map_err(|error| SettingsError::Malformed { path: path.to_owned(), message: error.to_string() })
    }

    fn parse(text: &str) -> Result<Self, config::ConfigError> {
        Config::builder().add_source(File::from_str(text, FileFormat::Toml)).build()?.try_deserialize()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use workway_model::Mode;
    use workway_sandbox::CompileWorker;

    use workway_registry::Pin;

    use super::{FileSettings, Flags, PluginSettings, Settings, SettingsError};

    fn load(text: &str, flags: Flags) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("workway.toml");
        std::fs::write(&path, text).unwrap();
        Settings::load(Flags { config: Some(path), ..flags })
    }

    fn development() -> Flags {
        Flags { mode: Some(Mode::Development), ..Flags::default() }
    }

    #[test]
    fn the_documented_file_is_read() {
        let settings = load(
            r#"
            mode = "development"
            listen = "127.0.0.1:0"
            [limits]
            cpu_ms = 5
            [admission]
            calls = 9
            [accounts]
            attempts_per_address = 100
            [cache]
            bytes = 1048576
            [marketplace]
            cache_bytes = 0
            [runs]
            kept_days = 7
            [dns]
            servers = ["127.0.0.1:5353", "[2620:fe::fe]:53"]
            [integrations.github.limits]
            memory_bytes = 268435456
            [upstreams]
            "api.github.com" = "http://127.0.0.1:4010"
            "#,
            Flags::default(),
        )
        .unwrap();
        assert_eq!(
            (settings.registry.limits.cpu_ms, settings.registry.limits.wall_ms, settings.registry.admission.calls),
            (5, 30_000, 9)
        );
        let users = settings.users;
        assert_eq!((users.attempts_per_address.get(), users.attempts_per_email.get()), (100, 5));
        assert_eq!((settings.cache.bytes, settings.marketplace.cache_bytes), (1 << 20, 0));
        assert_eq!((settings.runs.kept_days, settings.runs.running), (7, 256));
        assert_eq!(settings.dns.servers, ["127.0.0.1:5353", "[2620:fe::fe]:53"].map(|server| server.parse().unwrap()));
        assert_eq!(settings.registry.limits_of(&"github".parse().unwrap()).memory_bytes, 256 << 20);
        assert_eq!(settings.registry.limits_of(&"github".parse().unwrap()).cpu_ms, 5);
        assert_eq!(settings.registry.largest_memory_bytes(), 256 << 20);
        assert_eq!(settings.upstreams["api.github.com"], "http://127.0.0.1:4010");
    }

    #[test]
    fn flags_win_over_the_file() {
        let flags = Flags { listen: Some("127.0.0.1:1".parse().unwrap()), ..development() };
        assert_eq!(load("listen = \"127.0.0.1:2\"", flags).unwrap().listen.port(), 1);
    }

    #[test]
    fn plugins_is_a_folder_or_a_section() {
        for (text, folder, pin) in [
            ("", "plugins", Pin::File),
            ("plugins = \"elsewhere\"", "elsewhere", Pin::File),
            ("[plugins]\nfolder = \"elsewhere\"", "elsewhere", Pin::File),
            ("[plugins]\npin = \"hash\"", "plugins", Pin::Hash),
            ("plugins = { folder = \"elsewhere\", pin = \"file\" }", "elsewhere", Pin::File),
        ] {
            let settings = load(text, development()).unwrap();
            assert_eq!(settings.plugins, PluginSettings { folder: folder.into(), pin }, "{text}");
        }
        let flags = Flags { plugins: Some("flag".into()), ..development() };
        let settings = load("[plugins]\nfolder = \"file\"\npin = \"hash\"", flags).unwrap();
        assert_eq!(settings.plugins, PluginSettings { folder: "flag".into(), pin: Pin::Hash });
    }

    #[test]
    fn names_and_numbers_out_of_range_are_refused() {
        for (text, part) in [
            ("lisen = \"127.0.0.1:1\"", "lisen"),
            ("[limits]\nmemory = 1", "memory"),
            ("[limits]\nmemory_bytes = 1", "limits: memory_bytes"),
            ("[limits]\ncpu_ms = -1", "cpu_ms"),
            ("[limits]\ntotal_memory = 1048576", "limits: total_memory"),
            ("[server]\nconnections_per_client = 0", "server: connections_per_client"),
            ("[server]\nshutdown_grace = 3601", "server: shutdown_grace"),
            ("[server]\ntrusted_proxies = [\"10.0.0.0/40\"]", "trusted_proxies"),
            ("[integrations.github.limits]\nwall_ms = 0", "integrations.github.limits: wall_ms"),
            ("[integrations.GitHub]", "GitHub"),
            ("[admission]\ncalls = 0", "admission: calls"),
            ("[accounts]\nattempts_per_email = 0", "attempts_per_email"),
            ("[accounts]\nattempts_per_address = 1000001", "accounts: attempts_per_address"),
            ("[cache]\nbytes = 1", "cache: bytes"),
            ("[marketplace]\ncache_bytes = 99999999999999", "marketplace: cache_bytes"),
            ("[runs]\nrunning = 0", "runs: running"),
            ("[runs]\nrunning = 8", "runs: running_per_user"),
            ("[runs]\nkept = 8", "kept"),
            ("compiler = \"gcc\"", "gcc"),
            ("[server]\nallowed_origins = [\"*\"]", "allowed_origins"),
            ("[server]\nallowed_origins = [\"https://app.example.com/page\"]", "server: allowed_origins"),
            ("[dns]\nservers = [\"9.9.9.9\"]", "socket address"),
            ("[dns]\nservers = [\"9.9.9.9:0\"]", "dns: servers"),
            ("[dns]\nsearch = []", "search"),
            ("plugins = 5", "expected a folder, or a table with `folder` and `pin`"),
            ("[plugins]\nfodler = \"x\"", "unknown field `fodler`, expected `folder` or `pin`"),
            ("[plugins]\npin = \"name\"", "plugins.pin"),
            ("listen = ", "workway.toml"),
        ] {
            let message = load(text, development()).unwrap_err().to_string();
            assert!(message.contains(part), "{text:?} gave {message:?}");
        }
    }

    #[test]
    fn production_is_locked_and_development_is_local() {
        let token = |text: &str| Some(SecretString::from(text.to_owned()));
        let production = |admin_token| Flags { mode: Some(Mode::Production), admin_token, ..Flags::default() };
        assert!(matches!(load("", production(None)), Err(SettingsError::NoAdminToken)));
        assert!(matches!(load("", production(token("short"))), Err(SettingsError::ShortAdminToken { .. })));
        assert!(load("", production(token(&"x".repeat(32)))).is_ok());
        let upstreams = "[upstreams]\n\"a.example\" = \"http://127.0.0.1:1\"";
        assert!(matches!(
            load(upstreams, production(token(&"x".repeat(32)))),
            Err(SettingsError::UpstreamsInProduction)
        ));
        for (text, part) in [("watch = true", "watch"), ("compiler = \"winch\"", "winch")] {
            let refused = load(text, production(token(&"x".repeat(32)))).unwrap_err().to_string();
            assert!(refused.contains(part), "{refused}");
            assert!(load(text, development()).is_ok(), "{text} was refused");
        }
        let open = Flags { listen: Some("0.0.0.0:1".parse().unwrap()), ..development() };
        assert!(matches!(load("", open), Err(SettingsError::DevelopmentIsLocal(_))));
        assert_eq!(
            load("", Flags { admin_token: token(&"x".repeat(32)), ..Flags::default() }).unwrap().mode,
            Mode::Production
        );
    }

    #[test]
    fn a_worker_compiles_in_production_only() {
        let worker = CompileWorker::this_program(["compile-worker"]);
        let admin_token = Some(SecretString::from("x".repeat(32)));
        let production = Flags { admin_token, worker: Some(worker.clone()), ..Flags::default() };
        assert_eq!(load("", production).unwrap().sandbox().worker, Some(worker.clone()));
        let development = Flags { worker: Some(worker), ..development() };
        assert_eq!(load("", development).unwrap().sandbox().worker, None);
    }

    #[test]
    fn a_named_file_must_exist() {
        let flags = Flags { config: Some("/nowhere/workway.toml".into()), ..development() };
        assert!(matches!(Settings::load(flags), Err(SettingsError::Unreadable { .. })));
        assert!(FileSettings::parse("").is_ok());
    }
}
