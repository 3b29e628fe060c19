//! Which origins an integration may talk to: the host's rules (`integration/host_pattern.rs` there), with the same
//! answers.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

/// How much of a pattern an error repeats, in characters.
const MAX_QUOTED: usize = 300;

/// One granted origin, or one family of them: `api.example.com`, `*.example.com`,
/// `https://api.example.com:8443`, `http://legacy.example.com`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostPattern {
    scheme: Scheme,
    wildcard: bool,
    /// Lower-case ASCII, as `url` normalises it.
    host: String,
    port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Https,
    Http,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

/// Why a text is not a host pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HostPatternError {
    Scheme(String),
    Wildcard(String),
    Address(String),
    Malformed(String),
}

impl fmt::Display for HostPatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(text) => write!(formatter, "host {text:?}: only https and http are possible"),
            Self::Wildcard(text) => write!(
                formatter,
                "host {text:?}: `*` stands for whole labels in front of at least two, as in `*.example.com`"
            ),
            Self::Address(text) => write!(formatter, "host {text:?}: an IP address cannot be granted, name the host"),
            Self::Malformed(text) => {
                write!(formatter, "host {text:?}: this is not a host with an optional scheme and port")
            }
        }
    }
}

impl HostPattern {
    /// Whether a request to `url` falls under this pattern. Path, query and user info are not looked at.
    pub(super) fn matches(&self, url: &Url) -> bool {
        let Some(Host::Domain(host)) = url.host() else { return false };
        // `example.com.` is the same name to DNS, and another one to a comparison of text.
        let host = host.strip_suffix('.').unwrap_or(host);
        url.scheme() == self.scheme.as_str()
            && url.port_or_known_default() == Some(self.port)
            && if self.wildcard {
                let labels = host.strip_suffix(self.host.as_str()).and_then(|labels| labels.strip_suffix('.'));
                labels.is_some_and(|labels| !labels.is_empty())
            } else {
                host == self.host
            }
    }
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        let quoted = || text.chars().take(MAX_QUOTED).collect::<String>();
        let (scheme, authority) = match text.split_once("://") {
            None => (Scheme::Https, text),
            Some(("https", rest)) => (Scheme::Https, rest),
            Some(("http", rest)) => (Scheme::Http, rest),
            Some(_) => return Err(HostPatternError::Scheme(quoted())),
        };
        let (wildcard, authority) = match authority.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, authority),
        };
        if authority.contains('*') {
            return Err(HostPatternError::Wildcard(quoted()));
        }
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', '\\', '%', ' ', '\t', '\n', '\r']) {
            return Err(HostPatternError::Malformed(quoted()));
        }
        // The same parser that reads the requests' addresses, so that both agree on every spelling.
        let url = Url::parse(&format!("{}://{authority}", scheme.as_str()))
            .map_err(|_| HostPatternError::Malformed(quoted()))?;
        let host = match url.host() {
            Some(Host::Domain(host)) => host.strip_suffix('.').unwrap_or(host).to_owned(),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => return Err(HostPatternError::Address(quoted())),
            None => return Err(HostPatternError::Malformed(quoted())),
        };
        if wildcard && !host.contains('.') {
            return Err(HostPatternError::Wildcard(quoted()));
        }
        let port = url.port().unwrap_or(scheme.default_port());
        Ok(Self { scheme, wildcard, host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        let pattern: HostPattern = pattern.parse().expect("is a pattern");
        pattern.matches(&Url::parse(url).expect("is a URL"))
    }

    #[test]
    fn a_name_matches_itself_on_https_alone() {
        assert!(matches("api.example.com", "https://API.example.com/x?y"));
        assert!(matches("api.example.com", "https://api.example.com.:443/"));
        for other in [
            "http://api.example.com/",
            "https://api.example.com:8443/",
            "https://example.com/",
            "https://x.api.example.com/",
            "https://api.example.com.evil.org/",
            "https://api.example.com@evil.org/",
            "https://evil.org/api.example.com",
            "https://evilapi.example.com/",
        ] {
            assert!(!matches("api.example.com", other), "{other} matched");
        }
    }

    #[test]
    fn a_wildcard_stands_for_whole_labels() {
        assert!(matches("*.example.com", "https://a.example.com/"));
        assert!(matches("*.example.com", "https://a.b.example.com/"));
        for other in ["https://example.com/", "https://notexample.com/", "https://.example.com/"] {
            assert!(!matches("*.example.com", other), "{other} matched");
        }
    }

    #[test]
    fn what_cannot_be_granted_is_refused() {
        for bad in [
            "",
            "*",
            "*.",
            "*.com",
            "a*.example.com",
            "*.*.example.com",
            "ftp://example.com",
            "127.0.0.1",
            "[::1]",
            "0x7f.1",
            "2130706433",
            "example.com/path",
            "user@example.com",
            "exa mple.com",
            "https://",
            "example.com:99999",
            "https://https://example.com",
        ] {
            assert!(bad.parse::<HostPattern>().is_err(), "{bad:?} was taken");
        }
    }
}
