//! The secret that the host puts on a request for the guest. It never enters the guest and is never printed.

use std::fmt;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{error::FetchError, policy::origin};
use crate::integration::HostPattern;

/// A connected account's access token, sent as `Authorization: Bearer`.
///
/// It is put on https requests alone (RFC 6750, section 5.3) and stays with the origin that the guest named first.
#[derive(Clone)]
pub struct Credential {
    token: SecretString,
    /// The hosts that the token is for. Whatever else an integration was granted does not get it.
    audience: Vec<HostPattern>,
}

impl Credential {
    /// A token and the hosts that it is for. Refuses one that does not fit into a header (RFC 6750 allows visible ASCII
    /// alone).
    pub fn bearer(token: SecretString, audience: impl IntoIterator<Item = HostPattern>) -> Result<Self, FetchError> {
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(FetchError::Auth("the stored token is not a bearer token".to_owned()));
        }
        Ok(Self { token, audience: audience.into_iter().collect() })
    }

    /// The header's value for a request to `url`, marked so that neither logs nor HTTP/2's header table keep it.
    pub(super) fn header_for(&self, url: &Url) -> Result<HeaderValue, FetchError> {
        if url.scheme() != "https" {
            return Err(FetchError::Denied("a connection's credential is sent over https alone".to_owned()));
        }
        if !self.audience.iter().any(|pattern| pattern.matches(url)) {
            return Err(FetchError::Denied(format!("this connection's credential is not for {}", origin(url))));
        }
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.token.expose_secret()))
            .map_err(|_| FetchError::Auth("the stored token is not a bearer token".to_owned()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credential").field("audience", &self.audience).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(token: &str) -> Result<Credential, FetchError> {
        Credential::bearer(SecretString::from(token), ["*.example.com".parse().expect("is a pattern")])
    }

    fn header(credential: &Credential, url: &str) -> Result<HeaderValue, FetchError> {
        credential.header_for(&Url::parse(url).expect("is a URL"))
    }

    #[test]
    fn a_token_is_never_printed() {
        let credential = bearer("s3cr3t-t0ken").expect("is a token");
        let value = header(&credential, "https://api.example.com/").expect("is allowed");
        assert_eq!(value, "Bearer s3cr3t-t0ken");
        assert!(value.is_sensitive());
        assert!(!format!("{credential:?} {value:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_token_that_would_break_the_header_is_refused() {
        for token in ["", "s3c ret", "s3cret\r\nx-evil: 1", "s3cr\u{e9}t", "s3cret\0"] {
            let error = bearer(token).expect_err("is not a token");
            assert!(matches!(&error, FetchError::Auth(text) if !text.contains("s3c")));
        }
    }

    #[test]
    fn a_token_goes_to_its_audience_over_https_alone() {
        let token = bearer("t").expect("is a token");
        assert!(header(&token, "https://api.example.com/x").is_ok());
        for url in ["http://api.example.com/", "https://api.example.com:8443/", "https://collector.example.org/"] {
            assert!(matches!(header(&token, url), Err(FetchError::Denied(_))), "{url}");
        }
        let nowhere = Credential::bearer(SecretString::from("t"), []).expect("is a token");
        assert!(matches!(header(&nowhere, "https://api.example.com/x"), Err(FetchError::Denied(_))));
    }
}
