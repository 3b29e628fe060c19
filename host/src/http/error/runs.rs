//! Maps errors of runs and webhooks to who is to blame, as a status.

use std::time::Duration;

use axum::http::StatusCode;
use workway_runs::{
    ReceiveError, RunError, RunStoreError, StartError,
    webhook::{PayloadError, VerifyError, WebhookError},
};

use super::{ApiError, BUSY_RETRY, ErrorCode, ProblemDetail};

/// `Retry-After` of a start while too many runs are queued. Runs take longer than requests.
const QUEUE_RETRY: Duration = Duration::from_secs(30);

impl From<RunError> for ApiError {
    fn from(error: RunError) -> Self {
        let detail = error.to_string();
        match error {
            RunError::Unknown => Self::not_found(ErrorCode::RunNotFound, detail),
            RunError::Ended => Self::new(StatusCode::CONFLICT, ErrorCode::RunEnded, detail),
            RunError::NotUnknown(_) => Self::new(StatusCode::CONFLICT, ErrorCode::OutcomeKnown, detail),
            RunError::GoesOn => Self::new(StatusCode::CONFLICT, ErrorCode::RunNotEnded, detail),
            RunError::Repeat(_) => Self::not_found(ErrorCode::StepNotFound, detail),
            RunError::Start(error) => error.into(),
            RunError::Store(error) => error.into(),
        }
    }
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        let detail = error.to_string();
        match error {
            StartError::UnknownInstallation => Self::not_found(ErrorCode::InstallationNotFound, detail),
            StartError::Paused => Self::new(StatusCode::CONFLICT, ErrorCode::InstallationPaused, detail),
            StartError::Skipped => Self::new(StatusCode::CONFLICT, ErrorCode::ConcurrencyLimit, detail),
            StartError::Definition => Self::new(StatusCode::CONFLICT, ErrorCode::InvalidWorkflow, detail),
            StartError::Store(error) => error.into(),
        }
    }
}

impl From<RunStoreError> for ApiError {
    fn from(error: RunStoreError) -> Self {
        let detail = error.to_string();
        match error {
            RunStoreError::Unavailable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Database, detail).retry_after(BUSY_RETRY)
            }
            RunStoreError::QueueFull => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::QueueFull, detail).retry_after(QUEUE_RETRY)
            }
            RunStoreError::Damaged(_) => Self::internal(detail),
        }
    }
}

/// What a sender of requests to a webhook gets. It learns nothing of the installation but whether it is paused.
impl From<ReceiveError> for ApiError {
    fn from(error: ReceiveError) -> Self {
        let detail = error.to_string();
        match error {
            ReceiveError::UnknownAddress | ReceiveError::Start(StartError::UnknownInstallation) => {
                Self::not_found(ErrorCode::WebhookNotFound, ReceiveError::UnknownAddress.to_string())
            }
            ReceiveError::Request(WebhookError::Payload(error)) => error.into(),
            ReceiveError::Request(WebhookError::Verify(VerifyError::Secret(_))) => {
                Self::new(StatusCode::CONFLICT, ErrorCode::UnusableSecret, detail)
            }
            ReceiveError::Request(WebhookError::Verify(_)) => {
                Self::new(StatusCode::UNAUTHORIZED, ErrorCode::InvalidSignature, detail)
            }
            ReceiveError::Start(error) => error.into(),
        }
    }
}

impl From<PayloadError> for ApiError {
    fn from(error: PayloadError) -> Self {
        let detail = error.to_string();
        match error {
            PayloadError::BodyTooLarge(_) | PayloadError::HeadersTooLarge(_) | PayloadError::QueryTooLarge(_) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::BodyTooLarge, detail)
            }
            PayloadError::ContentType | PayloadError::Json(_) => Self::bad_request(ErrorCode::InvalidBody, detail),
            PayloadError::Charset(_) | PayloadError::ContentEncoding(_) => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::UnsupportedMediaType, detail)
            }
            PayloadError::Schema(problems) => {
                let problems = problems.into_iter().map(|problem| ProblemDetail::new(problem.pointer, problem.message));
                let detail = "the body does not fit the schema of this webhook: see `errors`";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::InvalidInput, detail).errors(problems)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn the_status_of_a_webhook_follows_from_who_is_to_blame() {
        let request = |error: WebhookError| ApiError::from(ReceiveError::Request(error));
        for (error, status, code) in [
            (ApiError::from(ReceiveError::UnknownAddress), 404, ErrorCode::WebhookNotFound),
            (ReceiveError::Start(StartError::UnknownInstallation).into(), 404, ErrorCode::WebhookNotFound),
            (ReceiveError::Start(StartError::Paused).into(), 409, ErrorCode::InstallationPaused),
            (request(VerifyError::Missing("x-signature".to_owned()).into()), 401, ErrorCode::InvalidSignature),
            (request(VerifyError::Secret("it is empty").into()), 409, ErrorCode::UnusableSecret),
            (request(PayloadError::BodyTooLarge(2_000_000).into()), 413, ErrorCode::BodyTooLarge),
            (request(PayloadError::Json("no".to_owned()).into()), 400, ErrorCode::InvalidBody),
            (request(PayloadError::Charset("latin1".to_owned()).into()), 415, ErrorCode::UnsupportedMediaType),
            (request(PayloadError::Schema(Vec::new()).into()), 422, ErrorCode::InvalidInput),
        ] {
            assert_eq!((error.status.as_u16(), error.problem.code), (status, code));
        }
    }

    #[test]
    fn a_full_queue_says_when_to_come_back() {
        let full = ApiError::from(ReceiveError::Start(StartError::Store(RunStoreError::QueueFull)));
        assert_eq!((full.status.as_u16(), full.problem.code), (503, ErrorCode::QueueFull));
        assert_eq!(full.into_response().headers()["retry-after"], "30");
    }

    #[test]
    fn what_is_damaged_is_only_in_the_log() {
        let damaged = ApiError::from(RunStoreError::Damaged("row 7".to_owned()));
        assert_eq!(damaged.status.as_u16(), 500);
        assert!(!damaged.problem.detail.contains("row 7"));
    }
}
