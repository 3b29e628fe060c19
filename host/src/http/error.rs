//! Turns every error into the one error envelope: RFC 9457 `application/problem+json` with a stable `code`.
//!
//! An error has two messages: one for the client, and one for the log, which is logged once, in
//! [`middleware::trace`](super::middleware::trace).

mod marketplace;
mod oauth;
mod runs;
mod users;

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use workway_api::error::{ErrorCode, Problem, ProblemDetail};
use workway_model::{Failure, FailureKind};
use workway_registry::{ActivationError, ApproveError, ExecuteError, FollowError, UnknownIntegration};
use workway_resources::OutOfMemory;
use workway_sandbox::{CallError, Limit};

/// `Retry-After` of an error that goes away by itself.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// An error on its way to the client.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) problem: Box<Problem>,
    retry_after: Option<Duration>,
    /// Only for the log.
    pub(super) internal: Option<String>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: ErrorCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let problem = Problem {
            r#type: "about:blank".to_owned(),
            title: title.to_owned(),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            request_id: String::new(),
            errors: Vec::new(),
        };
        Self { status, problem: Box::new(problem), retry_after: None, internal: None }
    }

    pub(super) fn not_found(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    pub(super) fn bad_request(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// A failure of this host. The client learns that, and where to find more.
    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        let detail = "this host failed: its log says more under the request's id";
        Self {
            internal: Some(error.to_string()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, detail)
        }
    }

    pub(super) fn retry_soon(self) -> Self {
        self.retry_after(BUSY_RETRY)
    }

    fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    fn errors(mut self, problems: impl IntoIterator<Item = ProblemDetail>) -> Self {
        self.problem.errors = problems.into_iter().collect();
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED && self.problem.code == ErrorCode::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            // Whole seconds (RFC 9110, section 10.2.3), never earlier than asked.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ExecuteError> for ApiError {
    fn from(error: ExecuteError) -> Self {
        let detail = error.to_string();
        match error {
            ExecuteError::UnknownAction(_) => Self::not_found(ErrorCode::ActionNotFound, detail),
            ExecuteError::UnknownTrigger(_) => Self::not_found(ErrorCode::TriggerNotFound, detail),
            ExecuteError::PendingApproval(_) => Self::new(StatusCode::CONFLICT, ErrorCode::PendingApproval, detail),
            ExecuteError::InvalidInput(problems) => {
                let problems = problems.into_iter().map(|problem| ProblemDetail::new(problem.pointer, problem.message));
                Self::bad_request(ErrorCode::InvalidInput, detail).errors(problems)
            }
            ExecuteError::InputTooLarge(_) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::InputTooLarge, detail)
            }
            ExecuteError::OutOfMemory(error) => error.into(),
            ExecuteError::Cancelled(_) => Self::internal(detail),
            ExecuteError::Busy { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy, detail).retry_after(BUSY_RETRY)
            }
            ExecuteError::Call(error) => error.into(),
        }
    }
}

/// Maps a call without output to who is to blame.
impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        let detail = error.to_string();
        match error {
            CallError::Failed(failure) => failure.into(),
            CallError::Limit(Limit::Cpu) => Self::new(StatusCode::GATEWAY_TIMEOUT, ErrorCode::LimitCpu, detail),
            CallError::Limit(Limit::Wall) => Self::new(StatusCode::GATEWAY_TIMEOUT, ErrorCode::LimitWall, detail),
            CallError::Limit(Limit::Memory) => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, ErrorCode::LimitMemory, detail)
            }
            CallError::Limit(Limit::Stack) => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, ErrorCode::LimitStack, detail)
            }
            CallError::Limit(Limit::Transfer) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::LimitBody, detail),
            CallError::Trapped(_) => Self::new(StatusCode::BAD_GATEWAY, ErrorCode::IntegrationCrashed, detail),
            CallError::BadOutput(_) | CallError::NotOffered(_) => {
                Self::new(StatusCode::BAD_GATEWAY, ErrorCode::IntegrationOutput, detail)
            }
            CallError::Busy | CallError::NoMemory => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy, detail).retry_after(BUSY_RETRY)
            }
            CallError::Host(error) => Self::internal(format!("{error:#}")),
        }
    }
}

impl From<OutOfMemory> for ApiError {
    fn from(error: OutOfMemory) -> Self {
        let detail = error.to_string();
        match error {
            OutOfMemory::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::BodyTooLarge, detail),
            OutOfMemory::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy, detail).retry_soon(),
        }
    }
}

/// A failure that the integration itself reported.
impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        let (status, code) = match failure.kind {
            FailureKind::InvalidInput => (StatusCode::BAD_REQUEST, ErrorCode::InvalidInput),
            FailureKind::AuthRequired => (StatusCode::UNAUTHORIZED, ErrorCode::AuthRequired),
            FailureKind::PermissionDenied => (StatusCode::FORBIDDEN, ErrorCode::PermissionDenied),
            FailureKind::NotFound => (StatusCode::NOT_FOUND, ErrorCode::NotFound),
            FailureKind::Conflict => (StatusCode::CONFLICT, ErrorCode::Conflict),
            FailureKind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited),
            FailureKind::Transient => (StatusCode::BAD_GATEWAY, ErrorCode::Transient),
            // The execute route answers `halt` itself, as an execution without output.
            FailureKind::Permanent | FailureKind::Halt => (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::Permanent),
        };
        let error = Self::new(status, code, failure.message);
        match failure.retry_after {
            Some(wait) => error.retry_after(wait),
            None => error,
        }
    }
}

impl From<UnknownIntegration> for ApiError {
    fn from(error: UnknownIntegration) -> Self {
        Self::not_found(ErrorCode::IntegrationNotFound, error.to_string())
    }
}

impl From<ApproveError> for ApiError {
    fn from(error: ApproveError) -> Self {
        let detail = error.to_string();
        match error {
            ApproveError::Unknown(error) => error.into(),
            ApproveError::NothingPending(_) => Self::new(StatusCode::CONFLICT, ErrorCode::NothingPending, detail),
            ApproveError::OtherVersion(_) => Self::new(StatusCode::CONFLICT, ErrorCode::OtherVersion, detail),
            ApproveError::Grant(_) => Self::internal(detail),
        }
    }
}

/// A file that cannot be loaded.
impl From<ActivationError> for ApiError {
    fn from(error: ActivationError) -> Self {
        match error {
            ActivationError::Grant(error) => Self::internal(error),
            error => Self::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::LoadFailed, error.to_string()),
        }
    }
}

impl From<FollowError> for ApiError {
    fn from(error: FollowError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy, error.to_string()).retry_after(BUSY_RETRY)
    }
}
