//! What an integration was granted. The host's rules refuse everything else; a test that grants nothing also learns how to.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;
use workway_policy::fetch::{self, EgressPolicy, FetchRequest};
use workway_policy::{oauth, quoted};

use super::contract::{fetch_error, oauth_error};
use super::tokens::MockTokens;
use crate::{FetchError, Integration, OAuthError};

/// Added to a refusal in a test that grants nothing at all.
const NO_INTEGRATION: &str = "this context has no integration and so no permissions: hand one in with \
     `MockContext::builder().integration(&INTEGRATION)`, or grant what a single function needs with `.grant_host(…)`, \
     `.grant_connection(…)`, `.grant_storage()`, `.grant_reveal_token()`";

/// What one context may do. The default grants nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Grants {
    egress: EgressPolicy,
    /// The scopes that are asked for, by provider.
    connections: BTreeMap<String, BTreeSet<String>>,
    pub(super) storage: bool,
    reveal_token: bool,
    /// Whether the test declared any permission.
    is_declared: bool,
}

impl Grants {
    /// What an integration declares.
    ///
    /// Panics where a host is not a pattern: the host would not load the integration.
    #[track_caller]
    pub(super) fn of(integration: &Integration) -> Self {
        let permissions = &integration.permissions;
        let mut grants = Self { storage: permissions.storage, is_declared: true, ..Self::default() };
        if permissions.reveal_token {
            grants.add_reveal_token();
        }
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
            Ok(pattern) => self.egress.grant_host(pattern),
            Err(error) => panic!("{error}"),
        }
        self.is_declared = true;
    }

    pub(super) fn add_connection(&mut self, provider: &str, scopes: impl IntoIterator<Item = String>) {
        self.connections.entry(provider.to_owned()).or_default().extend(scopes);
        self.is_declared = true;
    }

    pub(super) fn add_storage(&mut self) {
        self.storage = true;
        self.is_declared = true;
    }

    pub(super) fn add_reveal_token(&mut self) {
        self.egress.grant_own_credentials();
        self.reveal_token = true;
        self.is_declared = true;
    }

    pub(super) fn egress(&self) -> &EgressPolicy {
        &self.egress
    }

    /// The scopes to ask for at a provider, if connections of it were granted.
    pub(super) fn scopes(&self, provider: &str) -> Result<&BTreeSet<String>, OAuthError> {
        self.connections.get(provider).ok_or_else(|| {
            let quoted = quoted(provider);
            self.oauth_refusal(provider, oauth::OAuthError::provider_not_granted(quoted.trim_matches('"')))
        })
    }

    /// Refuses an account that lacks what is asked for.
    pub(super) fn check_scopes(&self, provider: &str, tokens: &MockTokens) -> Result<(), OAuthError> {
        let granted = tokens.scopes.as_ref().map(|scopes| scopes.iter().cloned().collect());
        let checked = oauth::check_scopes(self.scopes(provider)?, granted.as_ref());
        checked.map_err(|error| oauth_error(provider, error))
    }

    pub(super) fn check_reveal(&self, provider: &str) -> Result<(), OAuthError> {
        if self.reveal_token {
            return Ok(());
        }
        Err(self.oauth_refusal(provider, oauth::OAuthError::reveal_not_granted()))
    }

    /// Whether a request may go to `url`.
    pub(super) fn check_url(&self, url: &Url) -> Result<(), FetchError> {
        self.egress.check(url).map(drop).map_err(|error| self.fetch_refusal(error))
    }

    /// Whether the integration may have set the request's headers itself. The host knows more such
    /// headers: those of its catalogue's providers, for their own hosts.
    pub(super) fn check_headers(&self, request: &FetchRequest) -> Result<(), FetchError> {
        let checked = self.egress.check_headers(request.url(), request.headers());
        checked.map_err(|error| self.fetch_refusal(error))
    }

    fn fetch_refusal(&self, error: fetch::FetchError) -> FetchError {
        match error {
            fetch::FetchError::Denied(reason) => FetchError::Denied(self.explained(reason)),
            error => fetch_error(error),
        }
    }

    fn oauth_refusal(&self, provider: &str, error: oauth::OAuthError) -> OAuthError {
        match oauth_error(provider, error) {
            OAuthError::Denied { provider, reason } => OAuthError::Denied { provider, reason: self.explained(reason) },
            error => error,
        }
    }

    fn explained(&self, refusal: String) -> String {
        if self.is_declared { refusal } else { format!("{refusal}; {NO_INTEGRATION}") }
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
        assert!(refusal.to_string().contains(text) && !refusal.to_string().contains("secret"), "{refusal}");
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
