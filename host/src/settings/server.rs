//! Who may reach what over HTTP, beside tokens.

use std::{fmt, str::FromStr};

use axum::http::Uri;
use serde::{Deserialize, Deserializer, de::Error as _};

/// The section `[server]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Origins of web pages that may send requests and read the answers.
    pub allowed_origins: Vec<Origin>,
    /// Whether production shows `GET /metrics` to everybody, and not to the operator alone.
    pub public_metrics: bool,
}

/// The origin of a web page as browsers write it (RFC 6454, section 6.2): scheme, host and, unless it is the scheme's own, port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |rule: &str| {
            format!("{rule} (got {text:?}): write it as a browser does, for example https://app.example.com")
        };
        let uri: Uri = text.parse().map_err(|_| wrong("an origin must be a URL"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong("an origin must have a scheme and a host"));
        };
        let own_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(wrong("an origin must begin with https:// or http://")),
        };
        // This leaves out users, paths, queries and capital letters.
        let is_canonical = text == format!("{scheme}://{authority}").to_ascii_lowercase();
        if !is_canonical || authority.as_str().contains('@') || authority.port_u16() == Some(own_port) {
            return Err(wrong(
                "an origin must be a scheme and a host in lower case, and a port only if it is not the usual one",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        for origin in
            ["https://app.example.com", "http://localhost:3000", "http://[::1]:3000", "https://a.example:8443"]
        {
            assert_eq!(origin.parse::<Origin>().map(|origin| origin.to_string()), Ok(origin.to_owned()));
        }
        for text in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/",
            "https://App.example.com",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "https://user@app.example.com",
            "https://app.example.com?x",
            "ftp://app.example.com",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
