//! Time as a test wants it: it stands still until it is moved. Nothing here reads the machine's clock or sleeps.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// When a [`MockClock`] begins: 2026-01-01T00:00:00Z, in Unix seconds.
pub const MOCK_EPOCH: u64 = 1_767_225_600;

/// How often [`wait_for`] looks at its condition after the first time, at most.
const MAX_STEPS: u32 = 1_000;

/// A clock that stands still until a test moves it. Clones are one clock.
///
/// ```
/// use std::time::Duration;
/// use workway_sdk::testing::{MOCK_EPOCH, MockClock};
///
/// let clock = MockClock::new();
/// assert_eq!(clock.unix_seconds(), MOCK_EPOCH);
/// clock.clone().advance(Duration::from_secs(60));
/// assert_eq!(clock.unix_seconds(), MOCK_EPOCH + 60);
/// ```
#[derive(Debug, Clone)]
pub struct MockClock(Arc<Mutex<SystemTime>>);

impl Default for MockClock {
    fn default() -> Self {
        Self::new()
    }
}

impl MockClock {
    /// A clock at [`MOCK_EPOCH`].
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(UNIX_EPOCH + Duration::from_secs(MOCK_EPOCH))))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time in Unix seconds. Before 1970 it is 0.
    #[must_use]
    pub fn unix_seconds(&self) -> u64 {
        self.now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
    }

    /// Moves the clock on.
    ///
    /// # Panics
    ///
    /// The time would be later than the platform can tell.
    #[track_caller]
    pub fn advance(&self, by: Duration) {
        let later = self.now().checked_add(by).expect("a time that the platform can tell");
        self.set(later);
    }

    /// Sets the clock, back too.
    pub fn set(&self, time: SystemTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    /// Whether two are one clock.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The condition of a [`wait_for`] did not come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimedOut {
    /// How long was waited, on the virtual clock.
    pub waited: Duration,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the condition did not hold within {:?} of virtual time", self.waited)
    }
}

impl std::error::Error for TimedOut {}

/// Moves the clock on step by step until the condition holds, and answers how long that took on
/// the clock. It never sleeps. The condition is looked at once before the first step and then
/// 1,000 times at most, evenly over `timeout`; the last time the clock has moved by all of it.
///
/// ```
/// use std::time::Duration;
/// use workway_sdk::testing::{MockClock, wait_for};
///
/// let clock = MockClock::new();
/// let start = clock.now();
/// let half = || clock.now() >= start + Duration::from_secs(30);
/// assert_eq!(wait_for(&clock, Duration::from_secs(60), half), Ok(Duration::from_secs(30)));
/// assert!(wait_for(&clock, Duration::from_secs(60), || false).is_err());
/// ```
///
/// # Errors
///
/// [`TimedOut`] when the condition has not come about by then.
pub fn wait_for(
    clock: &MockClock,
    timeout: Duration,
    mut condition: impl FnMut() -> bool,
) -> Result<Duration, TimedOut> {
    // Not under a millisecond, so that a short wait takes few steps.
    let step = (timeout / MAX_STEPS).max(Duration::from_millis(1));
    let mut waited = Duration::ZERO;
    loop {
        if condition() {
            return Ok(waited);
        }
        if waited >= timeout {
            return Err(TimedOut { waited });
        }
        let next = step.min(timeout - waited);
        clock.advance(next);
        waited += next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_are_one_clock_and_new_ones_are_not() {
        let clock = MockClock::new();
        clock.clone().advance(Duration::from_secs(5));
        assert_eq!(clock.unix_seconds(), MOCK_EPOCH + 5);
        assert_eq!(MockClock::new().unix_seconds(), MOCK_EPOCH);
        clock.set(UNIX_EPOCH);
        assert_eq!(clock.unix_seconds(), 0);
    }

    #[test]
    fn a_condition_that_holds_already_moves_nothing() {
        let clock = MockClock::new();
        assert_eq!(wait_for(&clock, Duration::from_secs(9), || true), Ok(Duration::ZERO));
        assert_eq!(clock.unix_seconds(), MOCK_EPOCH);
    }

    #[test]
    fn a_wait_looks_often_enough_and_ends_at_its_timeout() {
        let clock = MockClock::new();
        for timeout in [Duration::ZERO, Duration::from_micros(10), Duration::from_secs(1), Duration::from_secs(86_401)]
        {
            let (start, mut looks) = (clock.now(), 0);
            let ended = wait_for(&clock, timeout, || {
                looks += 1;
                false
            });
            assert_eq!(ended, Err(TimedOut { waited: timeout }));
            assert_eq!(clock.now(), start + timeout);
            assert!(looks <= MAX_STEPS + 2, "{looks} looks");
        }
    }
}
