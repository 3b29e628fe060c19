//! How long the host waits before it asks a provider again that failed.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);
/// What a provider may ask for at most: beyond it we try once, and are told again.
pub(super) const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

/// The wait after so many failures in a row (from 1): twice as long each time, and never shorter than the provider asked
/// for. `spread` of 0 to 255 adds up to a quarter, so that hosts which failed together do not come back together.
pub(super) fn wait(failures: u32, asked: Option<Duration>, spread: u8) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(16))).min(LONGEST);
    let spread = doubled / 4 * u32::from(spread) / 255;
    (doubled + spread).max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{LONGEST, LONGEST_ASKED, wait};

    #[test]
    fn waits_double_up_to_a_bound_and_honour_the_provider() {
        let seconds = |failures| wait(failures, None, 0).as_secs();
        assert_eq!([seconds(1), seconds(2), seconds(3), seconds(4)], [1, 2, 4, 8]);
        assert_eq!(wait(u32::MAX, None, 0), LONGEST);
        assert_eq!(wait(1, Some(Duration::from_secs(30)), 0).as_secs(), 30);
        assert_eq!(wait(1, Some(Duration::MAX), 0), LONGEST_ASKED);
        assert_eq!(wait(5, None, 255), Duration::from_secs(20));
    }
}
