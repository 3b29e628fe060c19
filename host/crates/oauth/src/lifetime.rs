//! When a token expires and when it is renewed, in Unix seconds.

use std::time::Duration;

/// The year 9999: later than any token expires, and far from what could overflow.
pub(super) const LATEST: u64 = 253_402_300_799;

/// How long before it expires a token is renewed: time for the renewal itself, for the call that uses the token, and for a
/// clock that steps.
const MARGIN: u64 = 120;

/// Returns when a token of this lifetime expires. `asked` is our own clock's time from before the provider was asked: the
/// provider's clock does not matter.
pub(super) fn end_of(asked: u64, lifetime: Option<Duration>) -> Option<u64> {
    lifetime.map(|lifetime| asked.saturating_add(lifetime.as_secs()).min(LATEST))
}

/// Returns when a token is due for renewal; none if it never expires or cannot be renewed.
pub(super) fn renewal_of(now: u64, expires_at: Option<u64>, renewable: bool) -> Option<u64> {
    let end = expires_at.filter(|_| renewable)?;
    Some(end - MARGIN.min(end.saturating_sub(now) / 4))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LATEST, end_of, renewal_of};

    #[test]
    fn a_token_is_renewed_before_it_expires_if_it_can_be() {
        assert_eq!(renewal_of(1_000, Some(4_600), true), Some(4_480));
        assert_eq!(renewal_of(1_000, Some(4_600), false), None);
        assert_eq!(renewal_of(1_000, Some(1_008), true), Some(1_006), "not at once");
        assert_eq!(renewal_of(1_000, Some(1), true), Some(1));
        assert_eq!(renewal_of(1_000, None, true), None);
        assert_eq!(end_of(1_000, Some(Duration::from_secs(60))), Some(1_060));
        assert_eq!(end_of(1_000, Some(Duration::MAX)), Some(LATEST));
        assert_eq!(end_of(1_000, None), None);
    }
}
