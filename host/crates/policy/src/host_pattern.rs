//! Host patterns: the origins that a grant covers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::{Host, Url};

/// One granted origin, or one family of them.
///
/// | text | matches |
/// | --- | --- |
/// | `api.example.com` | `https://api.example.com` on port 443 |
/// | `*.example.com` | every host below `example.com`, at any depth, never `example.com` itself |
/// | `https://api.example.com:8443` | only that port |
/// | `http://legacy.example.com` | plain HTTP, because the pattern names it |
///
/// An IP address is never a pattern: an operator cannot tell from a grant what it reaches.
///
/// ```
/// use workway_policy::HostPattern;
///
/// let pattern: HostPattern = "*.example.com".parse().unwrap();
/// assert!(pattern.matches(&"https://api.example.com/items".parse().unwrap()));
/// assert!(!pattern.matches(&"https://example.com/".parse().unwrap()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern {
    scheme: Scheme,
    wildcard: bool,
    /// Lower-case ASCII, as `url` normalises it.
    host: String,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// How much of a pattern an error repeats, in characters: any host name fits.
const MAX_QUOTED_CHARS: usize = 300;

/// Why a text is not a host pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostPatternError {
    /// Another scheme than https or http.
    #[error("host {0:?} must use https or http")]
    Scheme(String),
    /// A `*` inside a label, twice, or in front of a top-level domain.
    #[error("host {0:?} may only use `*` as the first label, before at least two others: `*.example.com`")]
    Wildcard(String),
    /// An IP address in any spelling.
    #[error("host {0:?} is an IP address, which cannot be granted: use the host name")]
    Address(String),
    /// A path, a user or anything else that is not a host.
    #[error("host {0:?} must be a host name with an optional scheme and port: `api.example.com`")]
    Malformed(String),
}

impl HostPattern {
    /// Whether this pattern covers a request to `url`, whatever its path, query and user info.
    pub fn matches(&self, url: &Url) -> bool {
        let Some(Host::Domain(host)) = url.host() else { return false };
        // `example.com.` is the same name to DNS, but not to a comparison of text.
        let host = host.strip_suffix('.').unwrap_or(host);
        url.scheme() == self.scheme.as_str()
            && url.port_or_known_default() == Some(self.port)
            && if self.wildcard {
                host.strip_suffix(self.host.as_str())
                    .and_then(|labels| labels.strip_suffix('.'))
                    .is_some_and(|labels| !labels.is_empty())
            } else {
                host == self.host
            }
    }

    /// Whether this pattern matches everything that `other` matches.
    pub fn covers(&self, other: &Self) -> bool {
        let same_origin = self.scheme == other.scheme && self.port == other.port;
        let below = || other.host.strip_suffix(self.host.as_str()).is_some_and(|labels| labels.ends_with('.'));
        same_origin
            && match (self.wildcard, other.wildcard) {
                (true, true) => self.host == other.host || below(),
                (true, false) => below(),
                (false, true) => false,
                (false, false) => self.host == other.host,
            }
    }
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        let quoted = || text.chars().take(MAX_QUOTED_CHARS).collect::<String>();
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
        // The same parser that will read the guest's URLs, so that both agree on every spelling.
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

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme == Scheme::Http || self.port != self.scheme.default_port() {
            write!(formatter, "{}://", self.scheme.as_str())?;
        }
        if self.wildcard {
            formatter.write_str("*.")?;
        }
        formatter.write_str(&self.host)?;
        if self.port != self.scheme.default_port() {
            write!(formatter, ":{}", self.port)?;
        }
        Ok(())
    }
}

impl Serialize for HostPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HostPattern, Url};

    fn matches(pattern: &str, url: &str) -> bool {
        let pattern: HostPattern = pattern.parse().expect("is a pattern");
        pattern.matches(&Url::parse(url).expect("is a URL"))
    }

    #[test]
    fn a_name_matches_only_itself_on_https() {
        assert!(matches("api.example.com", "https://API.example.com/x?y"));
        assert!(matches("API.Example.COM", "https://api.example.com/"));
        assert!(matches("xn--bcher-kva.example", "https://b\u{fc}cher.example/"));
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
            "https://127.0.0.1/",
            "https://[::1]/",
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
    fn rejects_what_cannot_be_granted() {
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
            assert!(bad.parse::<HostPattern>().is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn a_pattern_covers_only_narrower_ones() {
        let pattern = |text: &str| text.parse::<HostPattern>().expect("is a pattern");
        let covers = |wide: &str, narrow: &str| pattern(wide).covers(&pattern(narrow));
        assert!(covers("*.example.com", "a.example.com"));
        assert!(covers("*.example.com", "*.a.example.com"));
        assert!(!covers("*.a.example.com", "*.example.com"));
        assert!(!covers("a.example.com", "*.a.example.com"));
        assert!(!covers("a.example.com", "http://a.example.com"));
    }

    proptest! {
        #[test]
        fn printing_and_parsing_agree(text in "(https?://)?(\\*\\.)?[a-z]{1,8}\\.[a-z]{2,5}(:[1-9][0-9]{0,3})?") {
            let pattern: HostPattern = text.parse().expect("is a pattern");
            prop_assert_eq!(pattern.to_string().parse(), Ok(pattern.clone()));
            prop_assert!(pattern.covers(&pattern));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = text.parse::<HostPattern>();
        }
    }
}
