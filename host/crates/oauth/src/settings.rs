//! Settings of connected accounts: the host's public URL, the allowed return origins, and the clients of providers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;
use workway_model::{HostPattern, ProviderId};

/// All of it. Client secrets come from the environment alone.
#[derive(Clone, Debug, Default)]
pub struct OAuthSettings {
    /// Under which browsers reach this host; providers are told to send them back there. Without it development takes
    /// the address that it listens on, and production begins no flow.
    pub public_url: Option<Url>,
    /// Other origins to which a flow may send the browser on when it is done.
    pub return_origins: Vec<Url>,
    /// The operator's own providers, in the catalogue's format.
    pub providers_file: Option<PathBuf>,
    /// What takes the place of the catalogue's hosts.
    pub hosts: BTreeMap<ProviderId, BTreeSet<HostPattern>>,
    /// What the host is to each provider.
    pub clients: BTreeMap<ProviderId, ClientCredentials>,
}

/// What a provider knows the host as (RFC 6749, section 2.3).
#[derive(Clone)]
pub struct ClientCredentials {
    pub id: String,
    /// Public clients have none.
    pub secret: Option<SecretString>,
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ClientCredentials({:?}, [redacted])", self.id)
    }
}

/// The file's `[oauth]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OAuthFile {
    public_url: Option<Url>,
    return_origins: Vec<Url>,
    providers_file: Option<PathBuf>,
}

/// The file's `[providers.<id>]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderFile {
    hosts: Option<BTreeSet<HostPattern>>,
    client_id: Option<String>,
}

/// `WORKWAY_CLIENT_ID_<ID>` and `WORKWAY_CLIENT_SECRET_<ID>`, where `<ID>` is the provider's id in capitals with `_` for
/// `-`.
#[derive(Clone, Debug, Default)]
pub struct ClientVariables {
    pub ids: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretString>,
}

/// The variable that holds the id of the host's client at a provider.
pub fn client_id_variable(provider: &ProviderId) -> String {
    format!("WORKWAY_CLIENT_ID_{}", variable_suffix(provider))
}

/// How a provider's id is spelt at the end of a variable's name.
fn variable_suffix(provider: &ProviderId) -> String {
    provider.as_str().to_uppercase().replace('-', "_")
}

impl OAuthSettings {
    /// Puts together what the file and the environment say.
    ///
    /// # Errors
    /// What to change, in words.
    pub fn new(
        file: OAuthFile,
        providers: BTreeMap<ProviderId, ProviderFile>,
        environment: &ClientVariables,
    ) -> Result<Self, String> {
        let OAuthFile { public_url, return_origins, providers_file } = file;
        let mut settings = Self { public_url, return_origins, providers_file, ..Self::default() };
        if let Some(url) = &settings.public_url {
            check_public_url(url).map_err(|problem| format!("oauth: public_url {problem}"))?;
        }
        for origin in &settings.return_origins {
            check_origin(origin).map_err(|problem| format!("oauth: return_origins: {problem}"))?;
        }
        for (provider, of_file) in providers {
            if let Some(id) = of_file.client_id.filter(|id| !id.is_empty()) {
                settings.clients.insert(provider.clone(), ClientCredentials { id, secret: None });
            }
            if let Some(hosts) = of_file.hosts {
                settings.hosts.insert(provider, hosts);
            }
        }
        settings.add(environment)?;
        Ok(settings)
    }

    /// The environment says which providers it speaks of only in capitals: whoever is named there needs an id of the
    /// same spelling, in the environment or in the file.
    fn add(&mut self, environment: &ClientVariables) -> Result<(), String> {
        for (suffix, id) in &environment.ids {
            let provider = suffix.to_lowercase().replace('_', "-");
            let provider: ProviderId =
                provider.parse().map_err(|_| format!("WORKWAY_CLIENT_ID_{suffix} does not name a provider"))?;
            self.clients.insert(provider, ClientCredentials { id: id.clone(), secret: None });
        }
        for (suffix, secret) in &environment.secrets {
            let client = self.clients.iter_mut().find(|(provider, _)| variable_suffix(provider) == *suffix);
            let (_, client) = client.ok_or_else(|| {
                format!(
                    "WORKWAY_CLIENT_SECRET_{suffix} is set without its client id: set WORKWAY_CLIENT_ID_{suffix} too"
                )
            })?;
            client.secret = Some(secret.clone());
        }
        Ok(())
    }
}

/// Checks that a URL is the origin of a web page: a scheme, a host and a port.
///
/// # Errors
/// It has more than that, or is no web page's.
pub fn check_origin(origin: &Url) -> Result<(), String> {
    let is_bare = origin.path() == "/" && origin.query().is_none() && origin.fragment().is_none();
    if is_bare && is_web(origin) {
        return Ok(());
    }
    Err(format!("{origin} must be an origin such as https://app.example.com"))
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http") && url.has_host() && url.username().is_empty() && url.password().is_none()
}

/// Tokens come back to this address: plain http only where they do not leave the machine.
fn check_public_url(url: &Url) -> Result<(), &'static str> {
    if !is_web(url) || url.query().is_some() || url.fragment().is_some() {
        return Err("must be an http(s) URL without query or fragment, such as https://workway.example.com");
    }
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !local {
        return Err("must use https, except for loopback addresses");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use secrecy::ExposeSecret;

    use super::{ClientVariables, OAuthFile, OAuthSettings, ProviderFile};

    fn file(public_url: &str, origins: &[&str]) -> OAuthFile {
        OAuthFile {
            public_url: Some(public_url.parse().unwrap()),
            return_origins: origins.iter().map(|origin| origin.parse().unwrap()).collect(),
            providers_file: None,
        }
    }

    fn variables(ids: &[(&str, &str)], secrets: &[(&str, &str)]) -> ClientVariables {
        ClientVariables {
            ids: ids.iter().map(|(name, id)| ((*name).into(), (*id).into())).collect(),
            secrets: secrets.iter().map(|(name, secret)| ((*name).into(), (*secret).into())).collect(),
        }
    }

    #[test]
    fn clients_come_from_file_and_environment_and_secrets_from_the_latter() {
        let of_file = |id: &str| ProviderFile { hosts: None, client_id: Some(id.into()) };
        let providers = BTreeMap::from([
            ("slack".parse().unwrap(), of_file("file")),
            ("slack-user".parse().unwrap(), of_file("u")),
        ]);
        let environment = variables(&[("SLACK", "env"), ("GOOGLE", "g")], &[("SLACK", "s3cr3t"), ("SLACK_USER", "t")]);
        let settings = OAuthSettings::new(OAuthFile::default(), providers, &environment).unwrap();
        let client = |id: &str| &settings.clients[id];
        assert_eq!((client("slack").id.as_str(), client("google").id.as_str()), ("env", "g"));
        assert_eq!(client("slack").secret.as_ref().map(|secret| secret.expose_secret()), Some("s3cr3t"));
        assert!(client("slack-user").secret.is_some() && client("google").secret.is_none());
        assert!(!format!("{settings:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_secret_without_a_client_names_the_variable_to_set() {
        let lone = variables(&[], &[("SLACK", "s3cr3t")]);
        let error = OAuthSettings::new(OAuthFile::default(), BTreeMap::new(), &lone).unwrap_err();
        assert!(error.contains("WORKWAY_CLIENT_ID_SLACK") && !error.contains("s3cr3t"), "{error}");
        let odd = variables(&[("9", "x")], &[]);
        assert!(OAuthSettings::new(OAuthFile::default(), BTreeMap::new(), &odd).is_err());
    }

    #[test]
    fn addresses_that_would_carry_tokens_in_the_clear_are_refused() {
        let check = |url: &str, origins: &[&str]| {
            OAuthSettings::new(file(url, origins), BTreeMap::new(), &ClientVariables::default())
        };
        for url in ["https://workway.example.com", "http://127.0.0.1:8787", "http://[::1]:1", "http://localhost:1/a"] {
            assert!(check(url, &["https://app.example.com", "http://localhost:3000"]).is_ok(), "{url}");
        }
        for url in ["http://workway.example.com", "https://a.example/?x", "ftp://a.example", "https://u@a.example"] {
            assert!(check(url, &[]).is_err(), "{url}");
        }
        for origin in ["https://app.example.com/path", "ftp://a", "https://a.example/?q", "data:text/html,x"] {
            assert!(check("https://a.example", &[origin]).is_err(), "{origin}");
        }
    }
}
