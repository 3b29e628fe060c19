//! Why a flow was not begun or not completed, told apart by who can do something about it. The texts are for people: each
//! says what to do next, and holds no secret. What a provider said is cleaned and bounded before it gets in here.

use std::time::Duration;

use workway_model::ProviderId;

use crate::{ConnectionError, SealedError, client_id_variable, endpoint::EndpointError};

/// How much of a provider's error code is repeated, in characters.
pub(super) const MAX_CODE_CHARS: usize = 64;
/// How much of a provider's description of an error is repeated, in characters.
pub(super) const MAX_DESCRIPTION_CHARS: usize = 256;

/// See [`FlowError::code`] for programs and [`FlowError::blame`] for whose mistake it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    #[error("there is no provider {0:?}: GET /oauth/providers lists those that there are")]
    UnknownProvider(String),
    #[error("{0} is connected by an API key, without a browser: send it to POST /oauth/connections")]
    ApiKeyProvider(ProviderId),
    #[error(
        "this host is no client of {0} yet: set `client_id` under [providers.{0}] in workway.toml, or {variable}",
        variable = client_id_variable(.0)
    )]
    NotConfigured(ProviderId),
    #[error("scopes: {0}")]
    InvalidScopes(String),
    #[error("{0}")]
    InvalidVariables(String),
    #[error(
        "returnTo {0}: possible are a path of this host that begins with one `/`, and web addresses of its own origin or of \
         one in `return_origins` under [oauth]"
    )]
    ReturnToNotAllowed(&'static str),
    #[error("there is no such connection of this provider")]
    UnknownConnection,
    #[error(
        "this answer belongs to no connection attempt of this browser, or to one that is complete or too old: begin again, \
         and finish in the same browser"
    )]
    InvalidState,
    #[error("this attempt to connect took too long: begin again")]
    StateExpired,
    #[error("the provider's answer is of no use ({0}): begin again")]
    InvalidCallback(String),
    #[error("the answer does not come from the provider that was asked ({0}); nothing of it was used: begin again")]
    IssuerMismatch(&'static str),
    #[error("the account's access was not granted: nothing was connected{}", described("", .description))]
    ProviderDenied { description: String },
    /// What the provider's authorization page sent back.
    #[error("the provider refused to connect the account{}", described(.code, .description))]
    ProviderError { code: String, description: String },
    #[error("the provider did not take its own code ({code}): it was used already, or is too old; begin again")]
    CodeRefused { code: String },
    /// What the token endpoint said of us.
    #[error(
        "the provider refused this host{}: its operator should check the client's id, secret and redirect address",
        described(.code, .description)
    )]
    ClientRefused { code: String, description: String },
    #[error("the provider cannot be reached ({reason}): begin again later")]
    ProviderUnavailable { reason: String, retry_after: Option<Duration> },
    #[error("the provider's token endpoint gave an answer of no use ({0}): begin again later")]
    ProviderMalformed(String),
    #[error("whose account it is could not be told ({0}), so that nothing was connected: begin again")]
    AccountUnknown(String),
    #[error(transparent)]
    Connections(#[from] ConnectionError),
    /// Whoever keeps the flows that wait.
    #[error(transparent)]
    Pending(#[from] SealedError),
    #[error("the system has no random numbers: {0}")]
    Random(String),
}

/// Whose mistake it is, or who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Whoever sent the request.
    Caller,
    /// The user, who decided against it.
    User,
    Provider,
    /// Whoever runs this host.
    Operator,
    Host,
}

impl FlowError {
    /// Stable, for programs; goes to the page that a browser returns to, too.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownProvider(_) => "provider-not-found",
            Self::ApiKeyProvider(_) => "api-key-provider",
            Self::NotConfigured(_) => "provider-not-configured",
            Self::InvalidScopes(_) => "invalid-scopes",
            Self::InvalidVariables(_) => "invalid-variables",
            Self::ReturnToNotAllowed(_) => "return-to-not-allowed",
            Self::UnknownConnection => "connection-not-found",
            Self::InvalidState => "invalid-state",
            Self::StateExpired => "state-expired",
            Self::InvalidCallback(_) => "invalid-callback",
            Self::IssuerMismatch(_) => "issuer-mismatch",
            Self::ProviderDenied { .. } => "access-denied",
            Self::ProviderError { .. } => "provider-error",
            Self::CodeRefused { .. } => "code-refused",
            Self::ClientRefused { .. } => "client-refused",
            Self::ProviderUnavailable { .. } => "provider-unavailable",
            Self::ProviderMalformed(_) => "provider-malformed",
            Self::AccountUnknown(_) => "account-unknown",
            Self::Connections(ConnectionError::Invalid(_)) => "invalid-connection",
            Self::Connections(ConnectionError::Sealed(error)) | Self::Pending(error) => match error {
                SealedError::TooMany => "too-many-connections",
                SealedError::Unavailable(_) => "database",
                SealedError::StaleKey | SealedError::Changed => "internal",
            },
            Self::Connections(ConnectionError::Vault(_)) | Self::Random(_) => "internal",
        }
    }

    pub fn blame(&self) -> Blame {
        match self {
            Self::UnknownProvider(_)
            | Self::ApiKeyProvider(_)
            | Self::InvalidScopes(_)
            | Self::InvalidVariables(_)
            | Self::ReturnToNotAllowed(_)
            | Self::UnknownConnection
            | Self::InvalidState
            | Self::StateExpired
            | Self::InvalidCallback(_)
            | Self::IssuerMismatch(_)
            | Self::Connections(ConnectionError::Invalid(_) | ConnectionError::Sealed(SealedError::TooMany)) => {
                Blame::Caller
            }
            Self::ProviderDenied { .. } => Blame::User,
            Self::ProviderError { .. }
            | Self::CodeRefused { .. }
            | Self::ClientRefused { .. }
            | Self::ProviderUnavailable { .. }
            | Self::ProviderMalformed(_)
            | Self::AccountUnknown(_) => Blame::Provider,
            Self::NotConfigured(_) => Blame::Operator,
            Self::Connections(_) | Self::Pending(_) | Self::Random(_) => Blame::Host,
        }
    }
}

/// What the token endpoint said to a code.
impl From<EndpointError> for FlowError {
    fn from(error: EndpointError) -> Self {
        match error {
            EndpointError::InvalidGrant { code } => Self::CodeRefused { code: cleaned(&code, MAX_CODE_CHARS) },
            EndpointError::Refused { code, description } => Self::ClientRefused {
                code: cleaned(&code, MAX_CODE_CHARS),
                description: cleaned(&description, MAX_DESCRIPTION_CHARS),
            },
            EndpointError::Unavailable { reason, retry_after } => {
                Self::ProviderUnavailable { reason: cleaned(&reason, MAX_DESCRIPTION_CHARS), retry_after }
            }
            EndpointError::Malformed(text) => Self::ProviderMalformed(cleaned(&text, MAX_DESCRIPTION_CHARS)),
        }
    }
}

/// A foreign text as one short line that reads as it stands there: without control characters, and without those that hide
/// or turn round what is beside them.
pub(super) fn cleaned(text: &str, max_chars: usize) -> String {
    let misleading = |character: char| {
        character.is_control()
            || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().filter(|character| !misleading(*character)).take(max_chars).collect()
}

/// ` (code): description`, or as much of that as there is.
fn described(code: &str, description: &str) -> String {
    let mut text = if code.is_empty() { String::new() } else { format!(" ({code})") };
    if !description.is_empty() {
        text.push_str(": ");
        text.push_str(description);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Blame, FlowError, cleaned};
    use crate::endpoint::EndpointError;

    #[test]
    fn who_is_not_configured_is_told_which_setting_to_make() {
        let text = FlowError::NotConfigured("slack-user".parse().unwrap()).to_string();
        for part in ["[providers.slack-user]", "client_id", "WORKWAY_CLIENT_ID_SLACK_USER"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_foreign_text_is_one_short_line_that_reads_as_it_stands() {
        let text = "no\r\n\u{1b}[31m way\0 \u{202e}gpj.exe\u{2066}\u{200b}\u{2028}";
        assert_eq!(cleaned(text, 100), "no[31m way gpj.exe");
        assert_eq!(cleaned(&"\u{e9}".repeat(500), 3), "\u{e9}\u{e9}\u{e9}");
    }

    #[test]
    fn the_token_endpoint_s_errors_keep_who_is_to_blame() {
        let gone = FlowError::from(EndpointError::InvalidGrant { code: "invalid_grant".into() });
        assert_eq!((gone.code(), gone.blame()), ("code-refused", Blame::Provider));
        let refused = EndpointError::Refused { code: "invalid_client".into(), description: "x\n".repeat(1_000) };
        let refused = FlowError::from(refused);
        assert_eq!(refused.code(), "client-refused");
        let text = refused.to_string();
        assert!(text.contains("(invalid_client): xx") && text.len() < 500 && text.contains("operator"), "{text}");
    }

    #[test]
    fn a_refusal_reads_well_with_and_without_a_description() {
        let error = |code: &str, description: &str| {
            FlowError::ProviderError { code: code.into(), description: description.into() }.to_string()
        };
        assert_eq!(error("invalid_scope", ""), "the provider refused to connect the account (invalid_scope)");
        assert_eq!(error("a", "b"), "the provider refused to connect the account (a): b");
        let denied = FlowError::ProviderDenied { description: String::new() }.to_string();
        assert_eq!(denied, "the account's access was not granted: nothing was connected");
    }
}
