//! Who is to blame for an account that was not made, changed or let in, as a status.

use std::time::Duration;

use axum::http::StatusCode;
use workway_users::{AccountError, TooOften};

use super::{ApiError, BUSY_RETRY, ProblemDetail};

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let detail = error.to_string();
        match error {
            AccountError::Invalid(problems) => {
                let mut error = Self::bad_request("invalid-body", detail);
                error.problem.errors = problems
                    .into_iter()
                    .map(|problem| ProblemDetail { pointer: problem.pointer.to_owned(), detail: problem.message })
                    .collect();
                error
            }
            AccountError::InvalidCredentials => Self::new(StatusCode::UNAUTHORIZED, "invalid-credentials", detail),
            AccountError::MoreScopes { .. } => Self::new(StatusCode::FORBIDDEN, "insufficient-scope", detail),
            AccountError::TooManyTokens(_) => Self::new(StatusCode::CONFLICT, "too-many-tokens", detail),
            AccountError::AlreadyDeveloper => Self::new(StatusCode::CONFLICT, "already-developer", detail),
            AccountError::SlugTaken => Self::new(StatusCode::CONFLICT, "slug-taken", detail),
            AccountError::NoDeveloper => Self::not_found("developer-not-found", detail),
            AccountError::TooOften(TooOften { retry_after }) => {
                let wait = retry_after.max(Duration::from_secs(1));
                Self::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", detail).retry_after(wait)
            }
            AccountError::Overloaded(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(BUSY_RETRY)
            }
            AccountError::Unavailable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "database", detail).retry_after(BUSY_RETRY)
            }
            AccountError::Host(_) => Self::internal(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::response::IntoResponse;

    use super::{AccountError, ApiError, TooOften};
    use workway_users::{Overloaded, Scope, Scopes};

    #[test]
    fn the_status_follows_from_who_is_to_blame() {
        for (error, status, code) in [
            (AccountError::Invalid(Vec::new()), 400, "invalid-body"),
            (AccountError::InvalidCredentials, 401, "invalid-credentials"),
            (AccountError::MoreScopes { has: Scopes::default(), asked: Scope::Publish }, 403, "insufficient-scope"),
            (AccountError::TooManyTokens(100), 409, "too-many-tokens"),
            (AccountError::AlreadyDeveloper, 409, "already-developer"),
            (AccountError::SlugTaken, 409, "slug-taken"),
            (AccountError::NoDeveloper, 404, "developer-not-found"),
            (AccountError::TooOften(TooOften { retry_after: Duration::ZERO }), 429, "rate-limited"),
            (AccountError::Overloaded(Overloaded), 503, "busy"),
            (AccountError::Unavailable("x".into()), 503, "database"),
            (AccountError::Host("x".into()), 500, "internal"),
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
