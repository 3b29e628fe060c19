//! When a token is renewed.

use std::time::Duration;

use workway_model::Timestamp;

/// How long before it expires a token is renewed: time for the renewal itself, for the call that uses the token, and for a
/// clock that steps.
const MARGIN: Duration = Duration::from_secs(120);

/// Returns when a token is due for renewal; none if it never expires or cannot be renewed.
pub(super) fn renewal_of(now: Timestamp, expires_at: Option<Timestamp>, renewable: bool) -> Option<Timestamp> {
    let end = expires_at.filter(|_| renewable)?;
    Some(end - MARGIN.min(end.saturating_since(now) / 4))
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, renewal_of};

    #[test]
    fn a_token_is_renewed_before_it_expires_if_it_can_be() {
        let seconds = Timestamp::from_seconds;
        let renewal = |expires_at, renewable| renewal_of(seconds(1_000), expires_at, renewable);
        assert_eq!(renewal(Some(seconds(4_600)), true), Some(seconds(4_480)));
        assert_eq!(renewal(Some(seconds(4_600)), false), None);
        assert_eq!(renewal(Some(seconds(1_008)), true), Some(seconds(1_006)), "not at once");
        assert_eq!(renewal(Some(seconds(1)), true), Some(seconds(1)));
        assert_eq!(renewal(None, true), None);
    }
}
