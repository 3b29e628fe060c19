//! What an integration may send and where to, and the token that says so.
//!
//! The decision on the name is made here, before anything happens; the decision on the address is the connector's, at the
//! moment of dialling. Nothing here resolves a name or performs I/O.

use std::{collections::BTreeMap, sync::Arc};

use http::{
    HeaderMap, HeaderName,
    header::{AUTHORIZATION, COOKIE},
};
use url::{Host, Url};
use workway_model::HostPattern;

use super::{error::FetchError, error::quoted};

/// Headers by which a request to any host says who it comes from.
static CREDENTIALS_ANYWHERE: [HeaderName; 2] = [AUTHORIZATION, COOKIE];
/// Headers that are credentials to many APIs. A guest may set them, but they do not follow it to another origin.
static CREDENTIALS_SOMEWHERE: [HeaderName; 4] = [
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-auth-token"),
    HeaderName::from_static("x-access-token"),
];

/// The headers by which the APIs of known providers take credentials. The default knows of no provider.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CredentialHeaders(BTreeMap<String, Vec<HostPattern>>);

impl CredentialHeaders {
    /// Header names with the hosts to which they are credentials.
    pub fn new(of_providers: impl IntoIterator<Item = (HeaderName, Vec<HostPattern>)>) -> Self {
        Self(of_providers.into_iter().map(|(name, hosts)| (name.as_str().to_owned(), hosts)).collect())
    }

    /// Every name that is somewhere a credential's.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let known = CREDENTIALS_ANYWHERE.iter().chain(&CREDENTIALS_SOMEWHERE).map(HeaderName::as_str);
        known.chain(self.0.keys().map(String::as_str))
    }

    /// Whether this header tells the host of `url` who asks.
    fn counts(&self, name: &HeaderName, url: &Url) -> bool {
        CREDENTIALS_ANYWHERE.contains(name)
            || self.0.get(name.as_str()).is_some_and(|hosts| hosts.iter().any(|pattern| pattern.matches(url)))
    }
}

/// Whether a header's value is to be kept out of logs and tables, whatever host it goes to.
pub(super) fn is_sensitive(name: &HeaderName) -> bool {
    CREDENTIALS_ANYWHERE.contains(name) || CREDENTIALS_SOMEWHERE.contains(name)
}

/// The egress that one integration was granted. The default grants nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    hosts: Vec<HostPattern>,
    own_credentials: bool,
    credential_headers: Arc<CredentialHeaders>,
}

/// Proof that a policy allowed this very URL. Only [`EgressPolicy::check`] makes one, and what sends a request takes one.
#[derive(Debug)]
pub struct EgressGrant {
    url: Url,
}

impl EgressGrant {
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl EgressPolicy {
    /// `reveal_token` is the permission of that name: an integration that may read tokens may also put credentials of
    /// its own on a request.
    pub fn new(hosts: impl IntoIterator<Item = HostPattern>, reveal_token: bool) -> Self {
        Self { hosts: hosts.into_iter().collect(), own_credentials: reveal_token, ..Self::default() }
    }

    /// Knows these headers as credentials too.
    pub fn with_credential_headers(self, credential_headers: Arc<CredentialHeaders>) -> Self {
        Self { credential_headers, ..self }
    }

    pub(super) fn credential_headers(&self) -> &Arc<CredentialHeaders> {
        &self.credential_headers
    }

    /// Whether a request may go to `url`. Asked for every hop of a chain of redirects.
    pub fn check(&self, url: &Url) -> Result<EgressGrant, FetchError> {
        if self.hosts.iter().any(|pattern| pattern.matches(url)) {
            return Ok(EgressGrant { url: url.clone() });
        }
        Err(FetchError::Denied(match url.host() {
            Some(Host::Domain(_)) => format!("{} was not granted to this integration", origin(url)),
            // Not repeated: in a redirect it may be an address of somebody's inner network.
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => "an IP address is never granted, use the host's name".to_owned(),
            None => "the URL names no host".to_owned(),
        }))
    }

    /// Whether the guest may have set these headers itself, on a request to `url`.
    pub fn check_headers(&self, url: &Url, headers: &HeaderMap) -> Result<(), FetchError> {
        if self.own_credentials {
            return Ok(());
        }
        match headers.keys().find(|name| self.credential_headers.counts(name, url)) {
            Some(name) => Err(FetchError::Denied(format!(
                "setting `{name}` needs the reveal-token permission; pass the connection as `auth` instead"
            ))),
            None => Ok(()),
        }
    }
}

/// Scheme, host and port, for messages: the path and the query may hold secrets.
pub(super) fn origin(url: &Url) -> String {
    let host = quoted(url.host_str().unwrap_or_default());
    let host = host.trim_matches('"');
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn policy(hosts: &[&str], reveal_token: bool) -> EgressPolicy {
        EgressPolicy::new(hosts.iter().map(|host| host.parse().expect("is a pattern")), reveal_token)
    }

    fn url(text: &str) -> Url {
        Url::parse(text).expect("is a URL")
    }

    #[test]
    fn granted_host_is_allowed_and_the_grant_is_for_that_url() {
        let grant = policy(&["api.example.com"], false).check(&url("https://api.example.com/a?b")).expect("is granted");
        assert_eq!(grant.url().as_str(), "https://api.example.com/a?b");
    }

    #[test]
    fn disallowed_host_is_denied() {
        let policy = policy(&["api.example.com", "*.example.org", "http://plain.example.net:8080"], true);
        for other in [
            "https://example.com/",
            "http://api.example.com/",
            "https://api.example.com:444/",
            "https://example.org/",
            "https://plain.example.net/",
            "http://plain.example.net/",
            "https://api.example.com.evil.org/",
        ] {
            assert!(matches!(policy.check(&url(other)), Err(FetchError::Denied(_))), "{other}");
        }
    }

    #[test]
    fn nothing_is_granted_by_default() {
        assert!(EgressPolicy::default().check(&url("https://api.example.com/")).is_err());
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("a=b"))]);
        assert!(EgressPolicy::default().check_headers(&url("https://a.example.com"), &headers).is_err());
    }

    #[test]
    fn a_refusal_repeats_neither_path_nor_query_nor_address() {
        let Err(FetchError::Denied(name)) = policy(&[], false).check(&url("https://evil.org/secret?token=secret"))
        else {
            panic!("was not denied")
        };
        assert!(name.contains("https://evil.org") && !name.contains("secret"), "{name}");
        let Err(FetchError::Denied(address)) = policy(&[], false).check(&url("https://10.1.2.3/")) else {
            panic!("was not denied")
        };
        assert!(!address.contains("10.1.2.3"), "{address}");
    }

    #[test]
    fn own_credentials_need_reveal_token() {
        let known = Arc::new(CredentialHeaders::new([(
            HeaderName::from_static("x-shop-token"),
            vec!["*.shop.example".parse().expect("is a pattern")],
        )]));
        let hidden = policy(&[], false).with_credential_headers(known.clone());
        let revealed = policy(&[], true).with_credential_headers(known);
        for (name, to, allowed) in [
            ("authorization", "https://api.example.com/", false),
            ("cookie", "https://api.example.com/", false),
            ("x-shop-token", "https://acme.shop.example/", false),
            ("x-shop-token", "https://api.example.com/", true),
            ("x-api-key", "https://api.example.com/", true),
        ] {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static("x"))]);
            assert_eq!(hidden.check_headers(&url(to), &headers).is_ok(), allowed, "{name} to {to}");
            assert_eq!(revealed.check_headers(&url(to), &headers), Ok(()));
        }
    }
}
