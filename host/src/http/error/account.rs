//! Maps errors of users, tokens and developer profiles to who is to blame, as a status.

use std::time::Duration;

use axum::http::StatusCode;
use workway_users::{AccountError, TooOften};

use super::{ApiError, BUSY_RETRY, ErrorCode, ProblemDetail};

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let detail = error.to_string();
        match error {
            AccountError::Invalid(problems) => {
                let mut error = Self::bad_request(ErrorCode::InvalidBody, detail);
                error.problem.errors = problems
                    .into_iter()
                    .map(|problem| ProblemDetail { pointer: problem.pointer.to_owned(), detail: problem.message })
                    .collect();
                error
            }
            AccountError::InvalidCredentials => {
                Self::new(StatusCode::UNAUTHORIZED, ErrorCode::InvalidCredentials, detail)
            }
            AccountError::MoreScopes { .. } => Self::new(StatusCode::FORBIDDEN, ErrorCode::InsufficientScope, detail),
            AccountError::TooManyTokens(_) => Self::new(StatusCode::CONFLICT, ErrorCode::TooManyTokens, detail),
            AccountError::AlreadyDeveloper => Self::new(StatusCode::CONFLICT, ErrorCode::AlreadyDeveloper, detail),
            AccountError::SlugTaken => Self::new(StatusCode::CONFLICT, ErrorCode::SlugTaken, detail),
            AccountError::NoDeveloper => Self::not_found(ErrorCode::DeveloperNotFound, detail),
            AccountError::TooOften(TooOften { retry_after }) => {
                let wait = retry_after.max(Duration::from_secs(1));
                Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, detail).retry_after(wait)
            }
            AccountError::Overloaded(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy, detail).retry_after(BUSY_RETRY)
            }
            AccountError::Unavailable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Database, detail).retry_after(BUSY_RETRY)
            }
            AccountError::Host(_) => Self::internal(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::response::IntoResponse;

    use super::{AccountError, ApiError, ErrorCode, TooOften};
    use workway_users::{Overloaded, Scope, Scopes};

    #[test]
    fn the_status_follows_from_who_is_to_blame() {
        for (error, status, code) in [
            (AccountError::Invalid(Vec::new()), 400, ErrorCode::InvalidBody),
            (AccountError::InvalidCredentials, 401, ErrorCode::InvalidCredentials),
            (
                AccountError::MoreScopes { has: Scopes::default(), asked: Scope::Publish },
                403,
                ErrorCode::InsufficientScope,
            ),
            (AccountError::TooManyTokens(100), 409, ErrorCode::TooManyTokens),
            (AccountError::AlreadyDeveloper, 409, ErrorCode::AlreadyDeveloper),
            (AccountError::SlugTaken, 409, ErrorCode::SlugTaken),
            (AccountError::NoDeveloper, 404, ErrorCode::DeveloperNotFound),
            (AccountError::TooOften(TooOften { retry_after: Duration::ZERO }), 429, ErrorCode::RateLimited),
            (AccountError::Overloaded(Overloaded), 503, ErrorCode::Busy),
            (AccountError::Unavailable("x".into()), 503, ErrorCode::Database),
            (AccountError::Host("x".into()), 500, ErrorCode::Internal),
        ] {
            let answer = ApiError::from(error);
            assert_eq!((answer.status.as_u16(), answer.problem.code), (status, code));
        }
    }

    #[test]
    fn who_is_to_come_back_is_told_when() {
        let wait = |retry_after| ApiError::from(AccountError::TooOften(TooOften { retry_after })).into_response();
        assert_eq!(wait(Duration::from_millis(11_001)).headers()["retry-after"], "12");
        assert_eq!(wait(Duration::from_millis(1)).headers()["retry-after"], "1");
    }
}
