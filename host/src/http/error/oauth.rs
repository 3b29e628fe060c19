//! Maps errors of connections and authorization flows to who is to blame, as a status.

use axum::http::StatusCode;
use workway_oauth::{Blame, ConnectionError, FlowError, SealedError};

use super::{ApiError, BUSY_RETRY, ErrorCode};

impl From<ConnectionError> for ApiError {
    fn from(error: ConnectionError) -> Self {
        let detail = error.to_string();
        match error {
            ConnectionError::Invalid(_) => Self::bad_request(ErrorCode::InvalidConnection, detail),
            ConnectionError::Sealed(SealedError::TooMany) => {
                Self::new(StatusCode::CONFLICT, ErrorCode::TooManyConnections, detail)
            }
            ConnectionError::Sealed(SealedError::Unavailable(_)) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Database, detail).retry_after(BUSY_RETRY)
            }
            _ => Self::internal(detail),
        }
    }
}

impl From<FlowError> for ApiError {
    fn from(error: FlowError) -> Self {
        let (blame, detail) = (error.blame(), error.to_string());
        let status = match blame {
            Blame::Caller => StatusCode::BAD_REQUEST,
            Blame::User => StatusCode::FORBIDDEN,
            Blame::Provider => StatusCode::BAD_GATEWAY,
            Blame::Operator => StatusCode::SERVICE_UNAVAILABLE,
            Blame::Host => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let code = match error {
            FlowError::UnknownProvider(_) => return Self::not_found(ErrorCode::ProviderNotFound, detail),
            FlowError::UnknownConnection => return Self::not_found(ErrorCode::ConnectionNotFound, detail),
            FlowError::Connections(error) => return error.into(),
            FlowError::Pending(error) => return ConnectionError::from(error).into(),
            FlowError::Random(_) => return Self::internal(detail),
            FlowError::ProviderUnavailable { retry_after, .. } => {
                return Self { retry_after, ..Self::new(status, ErrorCode::ProviderUnavailable, detail) };
            }
            FlowError::ApiKeyProvider(_) => ErrorCode::ApiKeyProvider,
            FlowError::NotConfigured(_) => ErrorCode::ProviderNotConfigured,
            FlowError::InvalidScopes(_) => ErrorCode::InvalidScopes,
            FlowError::InvalidVariables(_) => ErrorCode::InvalidVariables,
            FlowError::ReturnToNotAllowed(_) => ErrorCode::ReturnToNotAllowed,
            FlowError::InvalidState => ErrorCode::InvalidState,
            FlowError::StateExpired => ErrorCode::StateExpired,
            FlowError::InvalidCallback(_) => ErrorCode::InvalidCallback,
            FlowError::IssuerMismatch(_) => ErrorCode::IssuerMismatch,
            FlowError::ProviderDenied { .. } => ErrorCode::AccessDenied,
            FlowError::ProviderError { .. } => ErrorCode::ProviderError,
            FlowError::CodeRefused { .. } => ErrorCode::CodeRefused,
            FlowError::ClientRefused { .. } => ErrorCode::ClientRefused,
            FlowError::ProviderMalformed(_) => ErrorCode::ProviderMalformed,
            FlowError::AccountUnknown(_) => ErrorCode::AccountUnknown,
        };
        Self::new(status, code, detail)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::response::IntoResponse;

    use super::{ApiError, ConnectionError, ErrorCode, FlowError, SealedError};

    #[test]
    fn the_status_follows_from_who_is_to_blame() {
        let slack = || "slack".parse().unwrap();
        for (error, status, code) in [
            (FlowError::UnknownProvider("x".into()), 404, ErrorCode::ProviderNotFound),
            (FlowError::ApiKeyProvider(slack()), 400, ErrorCode::ApiKeyProvider),
            (FlowError::NotConfigured(slack()), 503, ErrorCode::ProviderNotConfigured),
            (FlowError::InvalidScopes("x".into()), 400, ErrorCode::InvalidScopes),
            (FlowError::InvalidVariables("x".into()), 400, ErrorCode::InvalidVariables),
            (FlowError::ReturnToNotAllowed("x"), 400, ErrorCode::ReturnToNotAllowed),
            (FlowError::UnknownConnection, 404, ErrorCode::ConnectionNotFound),
            (FlowError::InvalidState, 400, ErrorCode::InvalidState),
            (FlowError::StateExpired, 400, ErrorCode::StateExpired),
            (FlowError::InvalidCallback("x".into()), 400, ErrorCode::InvalidCallback),
            (FlowError::IssuerMismatch("x"), 400, ErrorCode::IssuerMismatch),
            (FlowError::ProviderDenied { description: "x".into() }, 403, ErrorCode::AccessDenied),
            (FlowError::ProviderError { code: "x".into(), description: "x".into() }, 502, ErrorCode::ProviderError),
            (FlowError::CodeRefused { code: "x".into() }, 502, ErrorCode::CodeRefused),
            (FlowError::ClientRefused { code: "x".into(), description: "x".into() }, 502, ErrorCode::ClientRefused),
            (
                FlowError::ProviderUnavailable { reason: "x".into(), retry_after: None },
                502,
                ErrorCode::ProviderUnavailable,
            ),
            (FlowError::ProviderMalformed("x".into()), 502, ErrorCode::ProviderMalformed),
            (FlowError::AccountUnknown("x".into()), 502, ErrorCode::AccountUnknown),
            (ConnectionError::Invalid("x".into()).into(), 400, ErrorCode::InvalidConnection),
            (SealedError::TooMany.into(), 409, ErrorCode::TooManyConnections),
            (SealedError::Unavailable("x".into()).into(), 503, ErrorCode::Database),
            (SealedError::StaleKey.into(), 500, ErrorCode::Internal),
            (FlowError::Random("x".into()), 500, ErrorCode::Internal),
        ] {
            let answer = ApiError::from(error);
            assert_eq!((answer.status.as_u16(), answer.problem.code), (status, code));
        }
    }

    #[test]
    fn a_provider_s_wish_to_be_left_alone_is_passed_on() {
        let wait = Some(Duration::from_millis(1_500));
        let error = FlowError::ProviderUnavailable { reason: "status 429".into(), retry_after: wait };
        let response = ApiError::from(error).into_response();
        assert_eq!(response.headers()["retry-after"], "2");
    }

    #[test]
    fn what_broke_in_here_is_for_the_log() {
        let error = ApiError::from(FlowError::Random("no entropy".into()));
        assert!(error.internal.as_deref().is_some_and(|text| text.contains("no entropy")));
        assert!(!format!("{:?}", error.problem).contains("entropy"));
    }
}
