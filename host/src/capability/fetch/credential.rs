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
    /// Empty: any host that the integration was granted.
    audience: Vec<HostPattern>,
}

impl Credential {
    /// Refuses a token that does not fit into a header (RFC 6750 allows visible ASCII alone).
    pub fn bearer(token: SecretString) -> Result<Self, FetchError> {
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(FetchError::Auth("the stored token is not a bearer token".to_owned()));
        }
        Ok(Self { token, audience: Vec::new() })
    }

    /// Sends the token to these hosts alone. Without this, an integration could have the host hand one provider's token
    /// to any other host that it was granted.
    #[must_use]
    pub fn only_for(mut self, hosts: impl IntoIterator<Item = HostPattern>) -> Self {
        self.audience = hosts.into_iter().collect();
        self
    }

    /// The header's value for a request to `url`, marked so that neither logs nor HTTP/2's header table keep it.
    pub(super) fn header_for(&self, url: &Url) -> Result<HeaderValue, FetchError> {
        if url.scheme() != "https" {
            return Err(FetchError::Denied("a connection's credential is sent over https alone".to_owned()));
        }
        if !self.audience.is_empty() && !self.audience.iter().any(|pattern| pattern.matches(url)) {
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
        Credential::bearer(SecretString::from(token))
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
        let any = bearer("t").expect("is a token");
        assert!(matches!(header(&any, "http://api.example.com/"), Err(FetchError::Denied(_))));
        let slack = any.only_for(["slack.com".parse().expect("is a pattern")]);
        assert!(header(&slack, "https://slack.com/api").is_ok());
        assert!(matches!(header(&slack, "https://collector.example.com/"), Err(FetchError::Denied(_))));
    }
}
