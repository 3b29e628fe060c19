//! Why a flow was not begun or not completed, told apart by who can do something about it. The texts are for people: each
//! says what to do next, and holds no secret. What a provider said is cleaned and bounded before it gets in here.

use std::time::Duration;

use workway_model::ProviderId;

use super::FLOW_LIFETIME;
use crate::{
    ConnectionError, SealedError,
    endpoint::EndpointError,
    foreign_text::{MAX_CODE_CHARS, MAX_DESCRIPTION_CHARS, cleaned},
    settings::client_id_variable,
};

/// Why a flow failed. [`FlowError::blame`] says whose mistake it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    #[error("unknown provider {0:?}: GET /oauth/providers lists all providers")]
    UnknownProvider(String),
    #[error("provider \"{0}\" takes an API key and has no sign-in: send the key to POST /oauth/connections")]
    ApiKeyProvider(ProviderId),
    #[error(
        "provider \"{0}\" is not configured: set `client_id` under [providers.{0}] in workway.toml, or {variable}",
        variable = client_id_variable(.0)
    )]
    NotConfigured(ProviderId),
    #[error("scopes: {0}")]
    InvalidScopes(String),
    #[error("{0}")]
    InvalidVariables(String),
    #[error(
        "returnTo {0}: use a path of this host that starts with one `/`, or a URL of its origin or of one in \
         `return_origins` under [oauth]"
    )]
    ReturnToNotAllowed(&'static str),
    #[error("this provider has no connection with this id: GET /oauth/connections lists yours")]
    UnknownConnection,
    #[error(
        "this browser has no connection attempt for this answer, or the attempt is complete or expired: start again, and \
         finish in the same browser"
    )]
    InvalidState,
    #[error("this connection attempt expired: start again, and finish within {} minutes", FLOW_LIFETIME.as_secs() / 60)]
    StateExpired,
    #[error("the provider sent the browser back with an invalid answer ({0}): start again")]
    InvalidCallback(String),
    #[error("the answer does not come from the provider that was asked ({0}) and was not used: start again")]
    IssuerMismatch(&'static str),
    #[error("access to the account was denied, so it was not connected{}", described("", .description))]
    ProviderDenied { description: String },
    /// What the provider's authorization page sent back.
    #[error("the provider refused to connect the account{}", described(.code, .description))]
    ProviderError { code: String, description: String },
    #[error("the provider rejected the authorization code ({code}), which was used before or has expired: start again")]
    CodeRefused { code: String },
    /// The token endpoint's answer about this host.
    #[error(
        "the provider rejected this host{}: the operator should check the client's id, secret and redirect URL",
        described(.code, .description)
    )]
    ClientRefused { code: String, description: String },
    #[error("the provider is unavailable ({reason}): start again later")]
    ProviderUnavailable { reason: String, retry_after: Option<Duration> },
    #[error("the provider's token endpoint gave an invalid answer ({0}): start again later")]
    ProviderMalformed(String),
    #[error("the provider does not say whose account it is ({0}), so it was not connected: start again")]
    AccountUnknown(String),
    #[error(transparent)]
    Connections(#[from] ConnectionError),
    /// The store of pending flows.
    #[error(transparent)]
    Pending(#[from] SealedError),
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// Who caused an error, or can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The sender of the request.
    Caller,
    /// The user, who decided against it.
    User,
    Provider,
    Operator,
    Host,
}

impl FlowError {
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

/// The token endpoint's answer to a code.
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
    use super::{Blame, FlowError};
    use crate::endpoint::EndpointError;

    #[test]
    fn a_missing_client_names_the_setting() {
        let text = FlowError::NotConfigured("slack-user".parse().unwrap()).to_string();
        for part in ["[providers.slack-user]", "client_id", "WORKWAY_CLIENT_ID_SLACK_USER"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn the_token_endpoint_s_errors_keep_who_is_to_blame() {
        let gone = FlowError::from(EndpointError::InvalidGrant { code: "invalid_grant".into() });
        assert!(matches!(gone, FlowError::CodeRefused { .. }));
        assert_eq!(gone.blame(), Blame::Provider);
        let refused = EndpointError::Refused { code: "invalid_client".into(), description: "x\n".repeat(1_000) };
        let refused = FlowError::from(refused);
        assert!(matches!(refused, FlowError::ClientRefused { .. }));
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
        assert_eq!(denied, "access to the account was denied, so it was not connected");
    }
}
