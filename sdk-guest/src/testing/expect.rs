//! What a test says of a failure. It decides nothing but whether the test goes on.

use std::fmt::Debug;

use crate::{Failure, FailureKind};

/// The failure of a result that must be one, of this kind.
///
/// ```
/// use workway_sdk::testing::expect_error;
/// use workway_sdk::{Failure, FailureKind, Response};
///
/// let answer = Response::new(404, &[], "no such channel");
/// let failure = expect_error(answer.error_for_status(), FailureKind::NotFound);
/// assert!(failure.message().contains("no such channel"));
/// ```
///
/// # Panics
///
/// The result is a value, which is printed, or a failure of another kind.
#[track_caller]
pub fn expect_error<T: Debug, E: Into<Failure>>(result: Result<T, E>, kind: FailureKind) -> Failure {
    match result {
        Err(error) => {
            let failure = error.into();
            assert!(failure.kind() == kind, "expected a failure `{kind}`, got `{failure}`");
            failure
        }
        Ok(value) => panic!("expected a failure `{kind}`, got the value {value:#?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FetchError;
    use crate::testing::fixture::complaint;

    #[test]
    fn the_failure_is_handed_on() {
        let failure = expect_error(Err::<(), _>(FetchError::Timeout), FailureKind::Transient);
        assert_eq!(failure, Failure::Transient("timed out".to_owned()));
    }

    #[test]
    fn a_value_and_another_kind_are_complained_of() {
        let value = complaint(|| drop(expect_error(Ok::<_, Failure>(vec![7]), FailureKind::NotFound)));
        assert!(value.contains("`not-found`") && value.contains('7'), "{value}");
        let other = Err::<(), _>(Failure::Halt("why".to_owned()));
        let other = complaint(|| drop(expect_error(other, FailureKind::NotFound)));
        assert!(other.contains("`not-found`") && other.contains("halt: why"), "{other}");
    }
}
