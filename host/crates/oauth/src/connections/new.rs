//! A connection that is about to be saved, and its validation. Error messages name the field and never quote a token.

use std::{collections::BTreeSet, fmt};

use secrecy::{ExposeSecret, SecretString};
use workway_model::Timestamp;
use workway_providers::Values;

use super::super::{
    bounds::{MAX_ACCOUNT_CHARS, MAX_SCOPE_CHARS, MAX_SCOPES, MAX_TOKEN_BYTES},
    endpoint::Account,
    sealing::TokenSet,
};
use super::ConnectionError;

/// The provider's own id with what its addresses depend on.
const MAX_ACCOUNT_ID_CHARS: usize = 1_024;
const MAX_VALUES: usize = 20;

/// A connection to save.
pub struct NewConnection {
    pub tokens: TokenSet,
    pub account: Account,
    /// None where the provider has no scopes.
    pub scopes: Option<BTreeSet<String>>,
    /// What the account's addresses depend on.
    pub values: Values,
    /// By our clock; none for a token that does not expire.
    pub expires_at: Option<Timestamp>,
    /// Whether to keep the refresh token of the connection that it replaces if it has none itself: only if the provider
    /// itself said that it is the same account.
    pub keeps_refresh_token: bool,
}

impl NewConnection {
    pub(super) fn check(&self) -> Result<(), ConnectionError> {
        if !is_token(&self.tokens.access_token) {
            return invalid(format!("accessToken must be 1 to {MAX_TOKEN_BYTES} visible ASCII characters"));
        }
        if !self.tokens.refresh_token.as_ref().is_none_or(is_token) {
            return invalid(format!("refreshToken must be 1 to {MAX_TOKEN_BYTES} visible ASCII characters"));
        }
        if !is_label(&self.account.label, MAX_ACCOUNT_CHARS) || !is_label(&self.account.id, MAX_ACCOUNT_ID_CHARS) {
            return invalid(format!("account must be 1 to {MAX_ACCOUNT_CHARS} characters without control characters"));
        }
        let scopes = self.scopes.iter().flatten();
        if scopes.clone().count() > MAX_SCOPES || !scopes.clone().all(|scope| is_label(scope, MAX_SCOPE_CHARS)) {
            return invalid(format!(
                "scopes must be at most {MAX_SCOPES} texts of 1 to {MAX_SCOPE_CHARS} characters without control characters"
            ));
        }
        if self.values.len() > MAX_VALUES || !self.values.values().all(|value| is_label(value, MAX_ACCOUNT_CHARS)) {
            return invalid(format!(
                "variables must be at most {MAX_VALUES} texts of 1 to {MAX_ACCOUNT_CHARS} characters without control characters"
            ));
        }
        Ok(())
    }
}

/// What RFC 6750 and RFC 6749 allow of a token. Anything else could end the header that it is put into.
fn is_token(token: &SecretString) -> bool {
    let token = token.expose_secret();
    !token.is_empty() && token.len() <= MAX_TOKEN_BYTES && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Characters are counted, as JSON Schema counts them: the API documents these bounds.
fn is_label(text: &str, max_chars: usize) -> bool {
    !text.is_empty() && text.chars().count() <= max_chars && !text.chars().any(char::is_control)
}

fn invalid(message: String) -> Result<(), ConnectionError> {
    Err(ConnectionError::Invalid(message))
}

impl fmt::Debug for NewConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NewConnection({:?}, {:?}, [redacted])", self.account, self.scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, ConnectionError, MAX_SCOPES, MAX_TOKEN_BYTES, NewConnection, TokenSet};

    fn new(token: &str, account: &str) -> NewConnection {
        NewConnection {
            tokens: TokenSet { access_token: token.into(), refresh_token: None },
            account: Account { label: account.into(), id: account.into() },
            scopes: Some(["chat:write"].map(String::from).into()),
            values: Default::default(),
            expires_at: None,
            keeps_refresh_token: false,
        }
    }

    #[test]
    fn what_cannot_be_sent_or_shown_is_refused_without_being_quoted() {
        let long = "x".repeat(MAX_TOKEN_BYTES + 1);
        for token in ["", "s3cr3t token", "s3cr3t\r\nx-evil: 1", "s3cr3t\u{e9}", "s3cr3t\0", &long] {
            let Err(ConnectionError::Invalid(text)) = new(token, "acme").check() else { panic!("{token:?}") };
            assert!(text.starts_with("accessToken") && !text.contains("s3cr3t"), "{text}");
            let refresh = TokenSet { refresh_token: Some(token.into()), ..new("t", "acme").tokens };
            assert!(NewConnection { tokens: refresh, ..new("t", "acme") }.check().is_err(), "{token:?}");
        }
        for account in ["", "a\nb", "a\u{7f}", &"x".repeat(257)] {
            assert!(new("s3cr3t", account).check().is_err(), "{account:?}");
        }
        let many = Some((0..=MAX_SCOPES).map(|number| number.to_string()).collect());
        assert!(NewConnection { scopes: many, ..new("t", "a") }.check().is_err());
        for scope in ["", "a\nb", &"x".repeat(257)] {
            assert!(NewConnection { scopes: Some([scope.to_owned()].into()), ..new("t", "a") }.check().is_err());
        }
        assert!(NewConnection { scopes: None, ..new(&"x".repeat(MAX_TOKEN_BYTES), "a") }.check().is_ok());
    }

    #[test]
    fn a_new_connection_prints_without_tokens() {
        assert!(!format!("{:?}", new("s3cr3t", "acme")).contains("s3cr3t"));
    }
}
