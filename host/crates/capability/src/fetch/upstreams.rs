//! Development's detour: public host names that are served by a local server instead.
//!
//! Only where the connection goes changes. The policy, the `Host` header, the certificate's name and the response's URL stay
//! the public ones. Production refuses to start with a map that is not empty; that is the settings' business, not this file's.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    str::FromStr,
};

use serde::Deserialize;
use url::{Host, Url};

/// Which public hosts are dialled elsewhere. The default is none, which is all that production may have.
///
/// Written in settings as a table, `"api.github.com" = "http://127.0.0.1:4010"`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct Upstreams(HashMap<String, Upstream>);

/// One local server: `http://` or `https://`, a loopback address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upstream {
    tls: bool,
    address: SocketAddr,
}

/// Why a text is not an upstream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    #[error("upstream host {0:?} must be a public host name without scheme or port")]
    Host(String),
    #[error("upstream host {0:?} is mapped twice")]
    Twice(String),
    #[error("upstream {0:?} must be a local origin, for example http://127.0.0.1:4010")]
    Origin(String),
}

impl Upstreams {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one host. Every port of it is dialled at `upstream`.
    pub fn insert(&mut self, host: &str, upstream: Upstream) -> Result<(), UpstreamError> {
        let name = match Host::parse(host) {
            Ok(Host::Domain(name)) => name.strip_suffix('.').unwrap_or(&name).to_owned(),
            _ => return Err(UpstreamError::Host(host.to_owned())),
        };
        match self.0.insert(name, upstream) {
            None => Ok(()),
            Some(_) => Err(UpstreamError::Twice(host.to_owned())),
        }
    }

    /// Where `host`, as a normalised URL has it, is served instead.
    pub(super) fn get(&self, host: &str) -> Option<Upstream> {
        self.0.get(host).copied()
    }
}

impl Upstream {
    pub(super) fn uses_tls(self) -> bool {
        self.tls
    }

    pub(super) fn address(self) -> SocketAddr {
        self.address
    }
}

impl FromStr for Upstream {
    type Err = UpstreamError;

    fn from_str(text: &str) -> Result<Self, UpstreamError> {
        let refused = || UpstreamError::Origin(text.to_owned());
        let url = Url::parse(text).map_err(|_| refused())?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(refused()),
        };
        // A literal address: a name could come to mean another machine between this check and the dialling.
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) if ip.is_loopback() => ip.into(),
            Some(Host::Ipv6(ip)) if ip.is_loopback() => ip.into(),
            _ => return Err(refused()),
        };
        let port = url.port_or_known_default().filter(|_| bare).ok_or_else(refused)?;
        Ok(Self { tls, address: SocketAddr::new(ip, port) })
    }
}

impl TryFrom<BTreeMap<String, String>> for Upstreams {
    type Error = UpstreamError;

    fn try_from(pairs: BTreeMap<String, String>) -> Result<Self, UpstreamError> {
        let mut upstreams = Self::default();
        for (host, origin) in pairs {
            upstreams.insert(&host, origin.parse()?)?;
        }
        Ok(upstreams)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_host_is_found_in_every_spelling() {
        let table: Upstreams =
            serde_json::from_str(r#"{"API.github.com.": "http://127.0.0.1:4010", "slack.com": "https://[::1]"}"#)
                .expect("is a map");
        let upstream = table.get("api.github.com").expect("is mapped");
        assert!(!upstream.uses_tls());
        assert_eq!(upstream.address(), "127.0.0.1:4010".parse().expect("is an address"));
        assert!(table.get("slack.com").is_some_and(Upstream::uses_tls));
        assert_eq!(table.get("sub.api.github.com"), None);
        assert!(Upstreams::default().is_empty() && !table.is_empty());
    }

    #[test]
    fn only_local_origins_are_possible() {
        for origin in [
            "",
            "127.0.0.1:4010",
            "http://localhost:4010",
            "http://10.0.0.1:80",
            "http://8.8.8.8",
            "http://0.0.0.0:80",
            "ftp://127.0.0.1:21",
            "http://127.0.0.1:4010/path",
            "http://127.0.0.1:4010?x",
            "http://u@127.0.0.1:4010",
            "http://[::ffff:10.0.0.1]:80",
            "http://:p@127.0.0.1/",
            "http://127.0.0.1/#x",
        ] {
            assert!(origin.parse::<Upstream>().is_err(), "{origin:?} was taken");
        }
    }

    #[test]
    fn only_host_names_are_mapped_and_once() {
        let upstream: Upstream = "http://127.0.0.1:1".parse().expect("is an upstream");
        for host in ["127.0.0.1", "https://a.example.com", "a.example.com:443", ""] {
            assert!(Upstreams::default().insert(host, upstream).is_err(), "{host:?} was taken");
        }
        let mut upstreams = Upstreams::default();
        assert_eq!(upstreams.insert("a.example.com", upstream), Ok(()));
        assert!(matches!(upstreams.insert("A.example.com", upstream), Err(UpstreamError::Twice(_))));
    }
}
