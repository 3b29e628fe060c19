//! How long to wait before another attempt of an action.

use std::time::Duration;

use workway_workflow::Retry;

use super::Failure;

/// The time before the second attempt where the workflow does not say: most upstreams count their rate limits in seconds.
pub const DEFAULT_BACKOFF: Duration = Duration::from_secs(1);
/// Doubling stops here. A workflow may say a longer `backoff`, which then does not double.
pub const MAX_BACKOFF: Duration = Duration::from_secs(60 * 60);
/// The longest wait that an upstream may ask for. A step that is told to wait longer is not tried again: limits per day are the longest
/// that APIs commonly have.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait after `attempt` failed; none if it was the last one. `jitter` is a random number from 0 to 1.
///
/// The delay doubles with each attempt, of which between half and all is waited ("equal jitter" of the AWS Architecture Blog, "Exponential
/// Backoff And Jitter"), so that runs which failed together do not come back together. What the upstream asks for is the least delay (RFC
/// 9110, section 10.2.3).
pub fn retry_delay(retry: Option<Retry>, attempt: u32, failure: &Failure, jitter: f64) -> Option<Duration> {
    let retry = retry.filter(|retry| failure.retryable && attempt < retry.attempts)?;
    let asked = Duration::from_millis(failure.retry_after_millis.unwrap_or(0));
    if asked > MAX_RETRY_AFTER {
        return None;
    }
    let first = retry.backoff.map_or(DEFAULT_BACKOFF, Duration::from);
    let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
    let delay = first.saturating_mul(factor).min(first.max(MAX_BACKOFF));
    let jitter = if (0.0..=1.0).contains(&jitter) { jitter } else { 1.0 };
    let half = delay / 2;
    Some((half + half.mul_f64(jitter)).min(delay).max(asked))
}
