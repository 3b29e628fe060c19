//! Why a provider's endpoint did not give what it was asked for. These texts reach logs and people: they are bounded, and
//! hold no token, no authorization code and no client secret, also where the provider repeats what it was sent.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use workway_capability::fetch::FetchError;

use crate::foreign_text::{MAX_DESCRIPTION_CHARS, cleaned};

/// A shorter secret is none, and would tear words apart.
const MIN_SECRET_BYTES: usize = 8;

/// Our own codes, beside those of RFC 6749, section 5.2, and the providers'.
const DENIED: &str = "denied";
const MISCONFIGURED: &str = "misconfigured";

/// What went wrong, by who can do something about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// The grant is gone: only the user can bring it back. `code` is the provider's error code.
    #[error("the provider has ended the grant ({code})")]
    InvalidGrant { code: String },
    /// Rejected for another reason: the operator's or the catalogue entry's mistake. It never ends a connection.
    #[error("the provider rejected the request ({code}){}", after(": ", description))]
    Refused { code: String, description: String },
    /// Network, time, 5xx, 429, 408: another attempt may succeed. `retry_after` where the provider said so.
    #[error("the provider is unavailable: {reason}")]
    Unavailable { reason: String, retry_after: Option<Duration> },
    /// The answer cannot be used: not JSON, no token, too large.
    #[error("the provider's answer is invalid: {0}")]
    Malformed(String),
}

impl EndpointError {
    /// The catalogue entry and the connection's variables do not make a request.
    pub(super) fn misconfigured(description: impl ToString) -> Self {
        let description = printable(&description.to_string(), MAX_DESCRIPTION_CHARS, &[]);
        Self::Refused { code: MISCONFIGURED.to_owned(), description }
    }

    pub(super) fn malformed(text: impl Into<String>) -> Self {
        Self::Malformed(text.into())
    }
}

impl From<FetchError> for EndpointError {
    /// A fetch error's text holds no header, no query and no address.
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Denied(text) => {
                Self::Refused { code: DENIED.to_owned(), description: printable(&text, MAX_DESCRIPTION_CHARS, &[]) }
            }
            // Nothing was sent, and another attempt would not change that.
            error @ (FetchError::InvalidRequest(_) | FetchError::Auth(_)) => Self::misconfigured(error),
            error @ FetchError::TooLarge(_) => Self::malformed(error.to_string()),
            error => Self::Unavailable { reason: error.to_string(), retry_after: None },
        }
    }
}

/// Cleans a provider's text and takes `secrets` out of it. It is clipped after that, so that no half of a secret is left at
/// the end.
pub(super) fn printable(text: &str, max_chars: usize, secrets: &[&SecretString]) -> String {
    let mut text = cleaned(text, usize::MAX);
    for secret in secrets.iter().map(|secret| secret.expose_secret()) {
        if secret.len() >= MIN_SECRET_BYTES && text.contains(secret) {
            text = text.replace(secret, "[redacted]");
        }
    }
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

fn after(separator: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{separator}{text}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign_text::MAX_CODE_CHARS;

    #[test]
    fn a_fetch_error_is_blamed_on_who_can_help() {
        assert!(matches!(
            FetchError::Denied("10.0.0.1".into()).into(),
            EndpointError::Refused { code, description } if code == "denied" && description == "10.0.0.1"
        ));
        assert!(matches!(FetchError::Auth("x".into()).into(), EndpointError::Refused { .. }));
        assert!(matches!(FetchError::InvalidRequest("x".into()).into(), EndpointError::Refused { .. }));
        assert!(matches!(FetchError::TooLarge(1).into(), EndpointError::Malformed(_)));
        for error in [
            FetchError::Timeout,
            FetchError::Dns("x".into()),
            FetchError::Connect("x".into()),
            FetchError::Tls("x".into()),
            FetchError::Io("x".into()),
        ] {
            assert!(matches!(error.into(), EndpointError::Unavailable { retry_after: None, .. }));
        }
    }

    #[test]
    fn texts_are_clipped_and_lose_control_characters() {
        assert_eq!(printable("a\r\n\0b\u{85}c\u{1b}[1m", 100, &[]), "abc[1m");
        assert_eq!(printable(&"\u{e9}".repeat(500), MAX_CODE_CHARS, &[]), "\u{e9}".repeat(MAX_CODE_CHARS));
        assert_eq!(printable("", 0, &[]), "");
    }

    #[test]
    fn secrets_are_taken_out_before_a_text_is_clipped() {
        let secret = SecretString::from("s3cr3t-t0ken");
        let short = SecretString::from("a");
        for max_chars in 0..60 {
            let text = printable("the token s3cr3t\n-t0ken is bad (s3cr3t-t0ken)", max_chars, &[&short, &secret]);
            assert!(!text.contains("s3c"), "{text}");
        }
        assert_eq!(printable("bad s3cr3t-t0ken", 60, &[&short, &secret]), "bad [redacted]");
    }

    #[test]
    fn a_refusal_without_a_description_reads_well() {
        let refused = |description: &str| EndpointError::Refused {
            code: "invalid_client".into(),
            description: description.into(),
        };
        assert_eq!(refused("").to_string(), "the provider rejected the request (invalid_client)");
        assert_eq!(
            refused("no such client").to_string(),
            "the provider rejected the request (invalid_client): no such client"
        );
    }
}
