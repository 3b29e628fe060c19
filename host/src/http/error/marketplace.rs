//! Who is to blame for what the marketplace did not do, as a status.

use axum::http::StatusCode;
use workway_marketplace::{MarketplaceError, StoreError};

use super::{ApiError, BUSY_RETRY};

impl From<MarketplaceError> for ApiError {
    fn from(error: MarketplaceError) -> Self {
        let detail = error.to_string();
        match error {
            MarketplaceError::UnknownListing(_) => Self::not_found("workflow-not-found", detail),
            MarketplaceError::UnknownCategory(_) => Self::not_found("category-not-found", detail),
            MarketplaceError::UnknownScreenshot(_) => Self::not_found("screenshot-not-found", detail),
            MarketplaceError::NotInstalled => Self::not_found("not-installed", detail),
            MarketplaceError::NotOwner => Self::new(StatusCode::FORBIDDEN, "not-owner", detail),
            MarketplaceError::NotDeveloper => Self::new(StatusCode::FORBIDDEN, "developer-required", detail),
            MarketplaceError::ReviewWithoutInstallation => {
                Self::new(StatusCode::FORBIDDEN, "review-without-installation", detail)
            }
            MarketplaceError::OwnListing => Self::new(StatusCode::FORBIDDEN, "own-workflow", detail),
            MarketplaceError::Invalid(problems) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-workflow", detail).errors(problems)
            }
            MarketplaceError::Stale => Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail),
            MarketplaceError::NotPublished(_) => Self::new(StatusCode::CONFLICT, "not-published", detail),
            MarketplaceError::PaymentRequired { .. } => {
                Self::new(StatusCode::PAYMENT_REQUIRED, "payment-required", detail)
            }
            MarketplaceError::Image(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-image", detail),
            MarketplaceError::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(BUSY_RETRY)
            }
            MarketplaceError::Starting => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "starting", detail).retry_after(BUSY_RETRY)
            }
            MarketplaceError::Store(StoreError::TooMany { .. }) => Self::new(StatusCode::CONFLICT, "too-many", detail),
            MarketplaceError::Store(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database", detail).retry_after(BUSY_RETRY)
            }
        }
    }
}
