//! Maps errors of the marketplace to who is to blame, as a status.

use axum::http::StatusCode;
use workway_marketplace::{MarketplaceError, StoreError};

use super::{ApiError, BUSY_RETRY, ErrorCode, ProblemDetail};

impl From<MarketplaceError> for ApiError {
    fn from(error: MarketplaceError) -> Self {
        let detail = error.to_string();
        match error {
            MarketplaceError::UnknownListing(_) => Self::not_found(ErrorCode::WorkflowNotFound, detail),
            MarketplaceError::UnknownCategory(_) => Self::not_found(ErrorCode::CategoryNotFound, detail),
            MarketplaceError::UnknownScreenshot(_) => Self::not_found(ErrorCode::ScreenshotNotFound, detail),
            MarketplaceError::UnknownInstallation(_) => Self::not_found(ErrorCode::InstallationNotFound, detail),
            MarketplaceError::NotInstalled => Self::not_found(ErrorCode::NotInstalled, detail),
            MarketplaceError::NotOwner => Self::new(StatusCode::FORBIDDEN, ErrorCode::NotOwner, detail),
            MarketplaceError::NotDeveloper => Self::new(StatusCode::FORBIDDEN, ErrorCode::DeveloperRequired, detail),
            MarketplaceError::ReviewWithoutInstallation => {
                Self::new(StatusCode::FORBIDDEN, ErrorCode::ReviewWithoutInstallation, detail)
            }
            MarketplaceError::OwnListing => Self::new(StatusCode::FORBIDDEN, ErrorCode::OwnWorkflow, detail),
            MarketplaceError::Invalid(problems) => {
                let problems = problems.into_iter().map(|problem| ProblemDetail {
                    line: problem.position.map(|position| position.line),
                    column: problem.position.map(|position| position.column),
                    ..ProblemDetail::new(problem.pointer, problem.message)
                });
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::InvalidWorkflow, detail).errors(problems)
            }
            MarketplaceError::InvalidInputs(problems) => {
                let problems = problems.into_iter().map(|problem| ProblemDetail::new(problem.pointer, problem.message));
                Self::bad_request(ErrorCode::InvalidInput, detail).errors(problems)
            }
            MarketplaceError::Vault(error) => Self::internal(error),
            MarketplaceError::Stale | MarketplaceError::StaleInstallation => {
                Self::new(StatusCode::PRECONDITION_FAILED, ErrorCode::Stale, detail)
            }
            MarketplaceError::NotPublished(_) | MarketplaceError::NotListed => {
                Self::new(StatusCode::CONFLICT, ErrorCode::NotPublished, detail)
            }
            MarketplaceError::OtherVersion(_) => Self::new(StatusCode::CONFLICT, ErrorCode::OtherVersion, detail),
            MarketplaceError::NoWebhook => Self::new(StatusCode::CONFLICT, ErrorCode::NoWebhook, detail),
            MarketplaceError::PaymentRequired { .. } => {
                Self::new(StatusCode::PAYMENT_REQUIRED, ErrorCode::PaymentRequired, detail)
            }
            MarketplaceError::Image(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::InvalidImage, detail),
            MarketplaceError::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy, detail).retry_after(BUSY_RETRY)
            }
            MarketplaceError::Starting => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Starting, detail).retry_after(BUSY_RETRY)
            }
            MarketplaceError::Store(StoreError::TooMany { .. }) => {
                Self::new(StatusCode::CONFLICT, ErrorCode::TooMany, detail)
            }
            MarketplaceError::Store(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Database, detail).retry_after(BUSY_RETRY)
            }
        }
    }
}
