//! What an integration was granted, and the refusals of everything else, in the host's words. It asks nobody and sends
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use url::{Host, Url};

use super::host_pattern::HostPattern;
use super::request::{Outgoing, quoted};
use super::tokens::MockTokens;
use crate::{FetchError, Integration, OAuthError};

/// Headers by which a request to any host says who it comes from.
const CREDENTIAL_HEADERS: [&str; 2] = ["authorization", "cookie"];

/// Said where a test has named nothing that could grant anything.
const NO_INTEGRATION: &str = "this context has no integration and so no permissions: hand one in with \
     `MockContext::builder().integration(&INTEGRATION)`, or grant what a single function needs with `.grant_host(…)`, \
     `.grant_connection(…)`, `.grant_storage()`, `.grant_reveal_token()`";

/// What one context may do. The default grants nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Grants {
    hosts: Vec<HostPattern>,
    /// The scopes that are asked for, by provider.
    connections: BTreeMap<String, BTreeSet<String>>,
    pub(super) storage: bool,
    pub(super) reveal_token: bool,
    /// Whether anybody has said what is granted.
    said: bool,
}

impl Grants {
    /// What an integration declares.
    ///
    /// Panics where a host is not a pattern: the host would not load the integration.
    #[track_caller]
    pub(super) fn of(integration: &Integration) -> Self {
        let permissions = &integration.permissions;
        let mut grants = Self {
            storage: permissions.storage,
            reveal_token: permissions.reveal_token,
            said: true,
            ..Self::default()
        };
        for host in permissions.hosts {
            grants.add_host(host);
        }
        for need in permissions.connections {
            grants.add_connection(need.provider, need.scopes.iter().map(|scope| (*scope).to_owned()));
        }
        grants
    }

    #[track_caller]
    pub(super) fn add_host(&mut self, pattern: &str) {
        match pattern.parse() {
            Ok(pattern) => self.hosts.push(pattern),
            Err(error) => panic!("{error}"),
        }
        self.said = true;
    }

    pub(super) fn add_connection(&mut self, provider: &str, scopes: impl IntoIterator<Item = String>) {
        self.connections.entry(provider.to_owned()).or_default().extend(scopes);
        self.said = true;
    }

    pub(super) fn add_storage(&mut self) {
        self.storage = true;
        self.said = true;
    }

    pub(super) fn add_reveal_token(&mut self) {
        self.reveal_token = true;
        self.said = true;
    }

    /// The scopes to ask for at a provider, if connections of it were granted.
    pub(super) fn scopes(&self, provider: &str) -> Result<&BTreeSet<String>, OAuthError> {
        self.connections.get(provider).ok_or_else(|| OAuthError::Denied {
            provider: provider.to_owned(),
            reason: self.explained(format!("connections of {} were not granted", quoted(provider).trim_matches('"'))),
        })
    }

    /// Refuses an account that lacks what is asked for.
    pub(super) fn check_scopes(&self, provider: &str, tokens: &MockTokens) -> Result<(), OAuthError> {
        let asked = self.scopes(provider)?;
        let Some(granted) = &tokens.scopes else { return Ok(()) };
        let missing: Vec<String> = asked.iter().filter(|scope| !granted.contains(scope)).cloned().collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(OAuthError::MissingScopes { provider: provider.to_owned(), scopes: missing })
        }
    }

    pub(super) fn check_reveal(&self, provider: &str) -> Result<(), OAuthError> {
        if self.reveal_token {
            return Ok(());
        }
        let reason = self.explained("reading access tokens (reveal-token) was not granted".to_owned());
        Err(OAuthError::Denied { provider: provider.to_owned(), reason })
    }

    /// Whether a request may go to `url`.
    pub(super) fn check_url(&self, url: &Url) -> Result<(), FetchError> {
        if self.hosts.iter().any(|pattern| pattern.matches(url)) {
            return Ok(());
        }
        let text = match url.host() {
            Some(Host::Domain(_)) => format!("{} was not granted to this integration", origin(url)),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => "an IP address is never granted, use the host's name".to_owned(),
            None => "the URL names no host".to_owned(),
        };
        Err(FetchError::Denied(self.explained(text)))
    }

    /// Whether the integration may have set the request's headers itself. The host knows more such
    /// headers: those of its catalogue's providers, for their own hosts.
    pub(super) fn check_headers(&self, request: &Outgoing) -> Result<(), FetchError> {
        if self.reveal_token {
            return Ok(());
        }
        match CREDENTIAL_HEADERS.into_iter().find(|name| request.header(name).is_some()) {
            Some(name) => Err(FetchError::Denied(self.explained(format!(
                "setting `{name}` needs the reveal-token permission; pass the connection as `auth` instead"
            )))),
            None => Ok(()),
        }
    }

    fn explained(&self, refusal: String) -> String {
        if self.said { refusal } else { format!("{refusal}; {NO_INTEGRATION}") }
    }
}

/// Scheme, host and port, for messages.
fn origin(url: &Url) -> String {
    let host = quoted(url.host_str().unwrap_or_default());
    let host = host.trim_matches('"');
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::create_mock_tokens;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("is a URL")
    }

    #[test]
    fn nothing_is_granted_by_default_and_the_refusal_says_what_to_do() {
        let grants = Grants::default();
        let refusals = [
            grants.check_url(&url("https://api.example.com/")).expect_err("denied").to_string(),
            grants.scopes("slack").expect_err("denied").to_string(),
            grants.check_reveal("slack").expect_err("denied").to_string(),
        ];
        for refusal in refusals {
            assert!(refusal.contains("MockContext::builder().integration(&INTEGRATION)"), "{refusal}");
        }
    }

    #[test]
    fn a_refusal_repeats_neither_path_nor_query_nor_address() {
        let mut grants = Grants::default();
        grants.add_host("api.example.com");
        assert_eq!(grants.check_url(&url("https://api.example.com/a?b")), Ok(()));
        let refusal = grants.check_url(&url("https://evil.org:8443/secret?token=secret")).expect_err("denied");
        let text = "https://evil.org:8443 was not granted to this integration";
        assert_eq!(refusal, FetchError::Denied(text.to_owned()));
        let refusal = grants.check_url(&url("https://10.1.2.3/")).expect_err("denied").to_string();
        assert!(!refusal.contains("10.1.2.3"), "{refusal}");
    }

    #[test]
    fn missing_scopes_are_listed_and_unsaid_ones_are_all_there() {
        let mut grants = Grants::default();
        grants.add_connection("slack", ["chat:write", "users:read"].map(str::to_owned));
        let lacking = create_mock_tokens().scopes(["chat:write"]);
        let missing = OAuthError::MissingScopes { provider: "slack".into(), scopes: vec!["users:read".into()] };
        assert_eq!(grants.check_scopes("slack", &lacking), Err(missing));
        assert_eq!(grants.check_scopes("slack", &create_mock_tokens()), Ok(()));
    }
}
