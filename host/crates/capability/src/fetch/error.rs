//! Why a request was not answered, one variant for each case of the contract's `fetch-error`.
//!
//! These texts reach the guest. They never hold a token, a header value, or an address that a name was resolved to.

/// What the guest is told. The variants and their order are those of `fetch-error` in `wit/integration.wit`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The guest asked for something that is not a request. Nothing was sent.
    #[error("invalid request: {0}")]
    InvalidRequest(String),
    /// Host, address, scheme, redirect or credential outside what was granted.
    #[error("denied: {0}")]
    Denied(String),
    /// The name has no address.
    #[error("name resolution: {0}")]
    Dns(String),
    /// No connection could be made.
    #[error("connect: {0}")]
    Connect(String),
    /// The connection could not be secured.
    #[error("tls: {0}")]
    Tls(String),
    /// The request's time was over before its answer was complete.
    #[error("timed out")]
    Timeout,
    /// A body went over this many bytes.
    #[error("body over the limit of {0} bytes")]
    TooLarge(u64),
    /// The connection broke, or the upstream does not speak HTTP.
    #[error("i/o: {0}")]
    Io(String),
    /// The connected account's credential could not be used.
    #[error("credential: {0}")]
    Auth(String),
}

/// How much of a guest's own text an error repeats.
const MAX_QUOTED_CHARS: usize = 100;

/// A guest's own text for use in a message: clipped, and escaped so that it cannot forge lines of a log.
pub(super) fn quoted(text: &str) -> String {
    let clipped: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    format!("{clipped:?}")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quoted_text_is_one_short_line() {
        let text = quoted(&"a\nb".repeat(1000));
        assert!(!text.contains('\n'));
        assert!(text.len() < 200);
    }
}
