//! Maps errors of users, tokens and developer profiles to who is to blame, as a status.

use std::time::Duration;

use axum::http::StatusCode;
use workway_users::{TooOften, UserError};

use super::{ApiError, BUSY_RETRY, ErrorCode, ProblemDetail};

impl From<UserError> for ApiError {
    fn from(error: UserError) -> Self {
        let detail = error.to_string();
        match error {
            UserError::Invalid(problems) => {
                let problems = problems.into_iter().map(|problem| ProblemDetail::new(problem.pointer, problem.message));
                Self::bad_request(ErrorCode::InvalidBody, detail).errors(problems)
            }
            UserError::InvalidCredentials => Self::new(StatusCode::UNAUTHORIZED, ErrorCode::InvalidCredentials, detail),
            UserError::MoreScopes { .. } => Self::new(StatusCode::FORBIDDEN, ErrorCode::InsufficientScope, detail),
            UserError::TooManyTokens(_) => Self::new(StatusCode::CONFLICT, ErrorCode::TooManyTokens, detail),
            UserError::AlreadyDeveloper => Self::new(StatusCode::CONFLICT, ErrorCode::AlreadyDeveloper, detail),
            UserError::SlugTaken => Self::new(StatusCode::CONFLICT, ErrorCode::SlugTaken, detail),
            UserError::NoDeveloper => Self::not_found(ErrorCode::DeveloperNotFound, detail),
            UserError::TooOften(TooOften { retry_after }) => {
                let wait = retry_after.max(Duration::from_secs(1));
                Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, detail).retry_after(wait)
            }
            UserError::Overloaded(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy, detail).retry_after(BUSY_RETRY)
            }
            UserError::Unavailable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Database, detail).retry_after(BUSY_RETRY)
            }
            UserError::Host(_) => Self::internal(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::response::IntoResponse;

    use super::{ApiError, ErrorCode, TooOften, UserError};
    use workway_users::{Overloaded, Scope, Scopes};

    #[test]
    fn the_status_follows_from_who_is_to_blame() {
        for (error, status, code) in [
            (UserError::Invalid(Vec::new()), 400, ErrorCode::InvalidBody),
            (UserError::InvalidCredentials, 401, ErrorCode::InvalidCredentials),
            (
                UserError::MoreScopes { has: Scopes::default(), asked: Scope::Publish },
                403,
                ErrorCode::InsufficientScope,
            ),
            (UserError::TooManyTokens(100), 409, ErrorCode::TooManyTokens),
            (UserError::AlreadyDeveloper, 409, ErrorCode::AlreadyDeveloper),
            (UserError::SlugTaken, 409, ErrorCode::SlugTaken),
            (UserError::NoDeveloper, 404, ErrorCode::DeveloperNotFound),
            (UserError::TooOften(TooOften { retry_after: Duration::ZERO }), 429, ErrorCode::RateLimited),
            (UserError::Overloaded(Overloaded), 503, ErrorCode::Busy),
            (UserError::Unavailable("x".into()), 503, ErrorCode::Database),
            (UserError::Host("x".into()), 500, ErrorCode::Internal),
        ] {
            let answer = ApiError::from(error);
            assert_eq!((answer.status.as_u16(), answer.problem.code), (status, code));
        }
    }

    #[test]
    fn who_is_to_come_back_is_told_when() {
        let wait = |retry_after| ApiError::from(UserError::TooOften(TooOften { retry_after })).into_response();
        assert_eq!(wait(Duration::from_millis(11_001)).headers()["retry-after"], "12");
        assert_eq!(wait(Duration::from_millis(1)).headers()["retry-after"], "1");
    }
}
