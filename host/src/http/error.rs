//! One error envelope for everything that goes wrong: RFC 9457 `application/problem+json` with a stable `code`.
//!
//! An error has two messages, one for the client and one for the log. The second is logged once, in
//! [`middleware::trace`](super::middleware::trace).

mod account;
mod marketplace;
mod oauth;

use std::time::Duration;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use workway_model::{Failure, FailureKind, InputProblem};
use workway_registry::{ActivationError, ApproveError, ExecuteError, FollowError, UnknownIntegration};
use workway_sandbox::{CallError, Limit};

/// What a client that was told to come back waits at least.
const BUSY_RETRY: Duration = Duration::from_secs(1);

/// The body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    /// A reference that names the kind of problem.
    #[schema(example = "about:blank")]
    r#type: &'static str,
    /// The HTTP status in words.
    title: &'static str,
    status: u16,
    /// Stable, for programs: `action-not-found`, `invalid-input`, `limit-cpu`, `integration-crashed` ...
    pub(super) code: &'static str,
    /// For people.
    pub(super) detail: String,
    /// The same as the answer's `x-request-id`; the log has it too.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) request_id: String,
    /// What exactly is wrong with the input, by JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<ProblemDetail>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ProblemDetail {
    pointer: String,
    detail: String,
}

/// An error on its way to the client.
#[derive(Clone, Debug)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) problem: Box<Problem>,
    retry_after: Option<Duration>,
    /// For the log alone.
    pub(super) internal: Option<String>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let problem = Problem {
            r#type: "about:blank",
            title,
            status: status.as_u16(),
            code,
            detail: detail.into(),
            request_id: String::new(),
            errors: Vec::new(),
        };
        Self { status, problem: Box::new(problem), retry_after: None, internal: None }
    }

    pub(super) fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    pub(super) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// A fault of this host: the client learns that, and where to find more.
    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        let detail = "the host failed; its log has more under this request's id";
        Self { internal: Some(error.to_string()), ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail) }
    }

    fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    fn errors(mut self, problems: Vec<InputProblem>) -> Self {
        self.problem.errors = problems
            .into_iter()
            .map(|problem| ProblemDetail { pointer: problem.pointer, detail: problem.message })
            .collect();
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED && self.problem.code == "unauthenticated" {
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
            ExecuteError::UnknownAction(_) => Self::not_found("action-not-found", detail),
            ExecuteError::UnknownTrigger(_) => Self::not_found("trigger-not-found", detail),
            ExecuteError::PendingApproval(_) => Self::new(StatusCode::CONFLICT, "pending-approval", detail),
            ExecuteError::InvalidInput(problems) => Self::bad_request("invalid-input", detail).errors(problems),
            ExecuteError::InputTooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "input-too-large", detail),
            ExecuteError::Busy { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(BUSY_RETRY)
            }
            ExecuteError::Call(error) => error.into(),
        }
    }
}

/// The table of who is to blame for a call that gave no output.
impl From<CallError> for ApiError {
    fn from(error: CallError) -> Self {
        let detail = error.to_string();
        match error {
            CallError::Failed(failure) => failure.into(),
            CallError::Limit(Limit::Cpu) => Self::new(StatusCode::GATEWAY_TIMEOUT, "limit-cpu", detail),
            CallError::Limit(Limit::Wall) => Self::new(StatusCode::GATEWAY_TIMEOUT, "limit-wall", detail),
            CallError::Limit(Limit::Memory) => Self::new(StatusCode::INSUFFICIENT_STORAGE, "limit-memory", detail),
            CallError::Limit(Limit::Stack) => Self::new(StatusCode::INSUFFICIENT_STORAGE, "limit-stack", detail),
            CallError::Limit(Limit::Transfer) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "limit-body", detail),
            CallError::Trapped(_) => Self::new(StatusCode::BAD_GATEWAY, "integration-crashed", detail),
            CallError::BadOutput(_) | CallError::NotOffered(_) => {
                Self::new(StatusCode::BAD_GATEWAY, "integration-output", detail)
            }
            CallError::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(BUSY_RETRY),
            CallError::Host(error) => Self::internal(format!("{error:#}")),
        }
    }
}

/// What the integration itself reported.
impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        let status = match failure.kind {
            FailureKind::InvalidInput => StatusCode::BAD_REQUEST,
            FailureKind::AuthRequired => StatusCode::UNAUTHORIZED,
            FailureKind::PermissionDenied => StatusCode::FORBIDDEN,
            FailureKind::NotFound => StatusCode::NOT_FOUND,
            FailureKind::Conflict => StatusCode::CONFLICT,
            FailureKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            FailureKind::Transient => StatusCode::BAD_GATEWAY,
            // `halt` is answered before it gets here, as an execution without output.
            FailureKind::Permanent | FailureKind::Halt => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let error = Self::new(status, failure.kind.as_str(), failure.message);
        match failure.retry_after {
            Some(wait) => error.retry_after(wait),
            None => error,
        }
    }
}

impl From<UnknownIntegration> for ApiError {
    fn from(error: UnknownIntegration) -> Self {
        Self::not_found("integration-not-found", error.to_string())
    }
}

impl From<ApproveError> for ApiError {
    fn from(error: ApproveError) -> Self {
        let detail = error.to_string();
        match error {
            ApproveError::Unknown(error) => error.into(),
            ApproveError::NothingPending(_) => Self::new(StatusCode::CONFLICT, "nothing-pending", detail),
            ApproveError::OtherVersion(_) => Self::new(StatusCode::CONFLICT, "other-version", detail),
            ApproveError::Grant(_) => Self::internal(detail),
        }
    }
}

/// A file that the host was asked to load and cannot.
impl From<ActivationError> for ApiError {
    fn from(error: ActivationError) -> Self {
        match error {
            ActivationError::Grant(error) => Self::internal(error),
            error => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "load-failed", error.to_string()),
        }
    }
}

impl From<FollowError> for ApiError {
    fn from(error: FollowError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", error.to_string()).retry_after(BUSY_RETRY)
    }
}
