//! Where an integration may send requests, and the proof that a URL was checked.
//!
//! This checks the host name before anything is sent. The connector checks the resolved address.

use std::sync::Arc;

use http::HeaderMap;
use url::{Host, Url};

use super::{CredentialHeaders, FetchError};
use crate::{HostPattern, quoted};

/// The egress that one integration was granted. The default grants nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    hosts: Vec<HostPattern>,
    own_credentials: bool,
    credential_headers: Arc<CredentialHeaders>,
}

/// Proof that a policy allows this URL. Only [`EgressPolicy::check`] makes one, and the code that sends a request takes one.
#[derive(Debug)]
pub struct EgressGrant {
    url: Url,
}

impl EgressGrant {
    /// Returns the URL that was checked.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl EgressPolicy {
    /// Grants requests to these hosts. `reveal_token` is the permission of that name: an integration that may read tokens
    /// may also put credentials of its own on a request.
    pub fn new(hosts: impl IntoIterator<Item = HostPattern>, reveal_token: bool) -> Self {
        Self { hosts: hosts.into_iter().collect(), own_credentials: reveal_token, ..Self::default() }
    }

    /// Treats these headers as credentials too.
    #[must_use]
    pub fn with_credential_headers(self, credential_headers: Arc<CredentialHeaders>) -> Self {
        Self { credential_headers, ..self }
    }

    /// Grants requests to one more host.
    pub fn grant_host(&mut self, host: HostPattern) {
        self.hosts.push(host);
    }

    /// Lets the integration put credentials of its own on a request.
    pub fn grant_own_credentials(&mut self) {
        self.own_credentials = true;
    }

    pub(super) fn credential_headers(&self) -> &Arc<CredentialHeaders> {
        &self.credential_headers
    }

    /// Checks that a request may go to `url`. Call it for every hop of a chain of redirects.
    ///
    /// # Errors
    /// [`FetchError::Denied`] with the origin, but neither path nor query.
    pub fn check(&self, url: &Url) -> Result<EgressGrant, FetchError> {
        if self.hosts.iter().any(|pattern| pattern.matches(url)) {
            return Ok(EgressGrant { url: url.clone() });
        }
        Err(FetchError::Denied(match url.host() {
            Some(Host::Domain(_)) => {
                format!("{} was not granted to this integration: declare the host in its permissions", origin(url))
            }
            // Not repeated: a redirect may name an address of an internal network.
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => "an IP address cannot be granted: use the host name".to_owned(),
            None => "the URL has no host".to_owned(),
        }))
    }

    /// Checks the headers that the guest set itself on a request to `url`.
    ///
    /// # Errors
    /// [`FetchError::Denied`] with the name of a header that carries a credential.
    pub fn check_headers(&self, url: &Url, headers: &HeaderMap) -> Result<(), FetchError> {
        if self.own_credentials {
            return Ok(());
        }
        match headers.keys().find(|name| self.credential_headers.authenticates(name, url)) {
            Some(name) => Err(FetchError::Denied(format!(
                "setting `{name}` needs the reveal-token permission: pass the connection as `auth` instead"
            ))),
            None => Ok(()),
        }
    }
}

/// Returns scheme, host and port for messages: the path and the query may hold secrets.
pub fn origin(url: &Url) -> String {
    let host = quoted(url.host_str().unwrap_or_default());
    let host = host.trim_matches('"');
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, header::COOKIE};

    use super::*;

    fn policy(hosts: &[&str], reveal_token: bool) -> EgressPolicy {
        EgressPolicy::new(hosts.iter().map(|host| host.parse().expect("is a pattern")), reveal_token)
    }

    fn url(text: &str) -> Url {
        Url::parse(text).expect("is a URL")
    }

    #[test]
    fn allows_a_granted_host_and_returns_its_url() {
        let grant = policy(&["api.example.com"], false).check(&url("https://api.example.com/a?b")).expect("is granted");
        assert_eq!(grant.url().as_str(), "https://api.example.com/a?b");
    }

    #[test]
    fn denies_every_other_origin() {
        let policy = policy(&["api.example.com", "*.example.org", "http://plain.example.net:8080"], true);
        for other in [
            "https://example.com/",
            "http://api.example.com/",
            "https://api.example.com:444/",
            "https://example.org/",
            "https://plain.example.net/",
            "http://plain.example.net/",
            "https://api.example.com.evil.org/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://0x7f000001/",
            "file:///etc/passwd",
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
