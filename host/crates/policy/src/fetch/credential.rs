//! Credentials on requests: which headers carry them, and when the host may send a connection's token. Holds no secret.

use std::collections::BTreeMap;

pub use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, header::COOKIE};
use url::Url;

use super::FetchError;
use crate::HostPattern;

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

    /// Returns every name that is a credential's somewhere.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let known = CREDENTIALS_ANYWHERE.iter().chain(&CREDENTIALS_SOMEWHERE).map(HeaderName::as_str);
        known.chain(self.0.keys().map(String::as_str))
    }

    /// Whether this header authenticates a request to the host of `url`.
    pub(super) fn authenticates(&self, name: &HeaderName, url: &Url) -> bool {
        CREDENTIALS_ANYWHERE.contains(name)
            || self.0.get(name.as_str()).is_some_and(|hosts| hosts.iter().any(|pattern| pattern.matches(url)))
    }
}

/// Whether the value of a header of this name must stay out of logs and tables, whatever host it goes to.
pub fn is_sensitive(name: &str) -> bool {
    CREDENTIALS_ANYWHERE.iter().chain(&CREDENTIALS_SOMEWHERE).any(|known| known == name)
}

/// Returns the value of an `Authorization` header for an access token.
///
/// # Errors
/// [`FetchError::Auth`] for anything but visible ASCII (RFC 6750, section 2.1).
pub fn bearer(token: &str) -> Result<String, FetchError> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(unfit());
    }
    Ok(format!("Bearer {token}"))
}

/// The error for a stored token that no request can carry.
pub fn unfit() -> FetchError {
    FetchError::Auth(
        "the stored token is empty or has characters that a request cannot carry: connect the account again".to_owned(),
    )
}

/// Checks that a connection's credential may travel to `url` at all (RFC 6750, section 5.3).
///
/// # Errors
/// [`FetchError::Denied`] for every scheme but https.
pub fn check_scheme(url: &Url) -> Result<(), FetchError> {
    match url.scheme() {
        "https" => Ok(()),
        _ => Err(FetchError::Denied("a connection's credential is only sent over https: use an https URL".to_owned())),
    }
}

/// Checks that the guest left the header free that its connection's credential is put into.
///
/// # Errors
/// [`FetchError::InvalidRequest`] with the header's name.
pub fn check_unset(headers: &HeaderMap, name: &HeaderName) -> Result<(), FetchError> {
    if headers.contains_key(name) {
        return Err(FetchError::InvalidRequest(format!(
            "`auth` sets the header `{name}`, and the request sets it too: remove one of them"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn rejects_tokens_that_would_break_the_header() {
        for token in ["", " ", "s3c ret", "s3cret\r\nx-evil: 1", "s3cr\u{e9}t", "s3cret\0", "s3cret\t"] {
            let error = bearer(token).expect_err("is not a token");
            assert!(matches!(&error, FetchError::Auth(text) if !text.contains("s3c")), "{token:?}: {error}");
        }
        assert_eq!(bearer("xoxb-1/~+=").as_deref(), Ok("Bearer xoxb-1/~+="));
    }

    #[test]
    fn sends_credentials_over_https_only() {
        for (url, allowed) in [
            ("https://api.example.com/", true),
            ("https://api.example.com:8443/", true),
            ("http://api.example.com/", false),
            ("http://localhost/", false),
            ("ftp://api.example.com/", false),
        ] {
            assert_eq!(check_scheme(&Url::parse(url).expect("is a URL")).is_ok(), allowed, "{url}");
        }
    }

    #[test]
    fn rejects_a_second_credential_in_the_same_header() {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("s3cret"))]);
        let error = check_unset(&headers, &AUTHORIZATION).expect_err("is set");
        assert!(error.to_string().contains("`authorization`") && !error.to_string().contains("s3cret"), "{error}");
        assert_eq!(check_unset(&headers, &COOKIE), Ok(()));
    }
}
