//! Limits the renewals that a guest asks for, or that an API causes which always answers 401. Renewals that are due do not
//! count.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The most requested renewals of one connection in a window.
pub const MAX_ASKED: u32 = 5;
const WINDOW: Duration = Duration::from_secs(60);
/// The most connections that are counted. Beyond it counts of past windows are dropped.
const CAPACITY: usize = 4_096;

/// Counts by connection.
#[derive(Debug, Default)]
pub(super) struct Allowance(Mutex<HashMap<String, (Instant, u32)>>);

impl Allowance {
    /// Returns whether one more is allowed at `now`.
    pub(super) fn allows(&self, id: &str, now: Instant) -> bool {
        match self.counts().get(id) {
            Some((begun, count)) => is_over(begun, now) || *count < MAX_ASKED,
            None => true,
        }
    }

    /// Counts one.
    pub(super) fn take(&self, id: &str, now: Instant) {
        let mut counts = self.counts();
        if counts.len() >= CAPACITY {
            counts.retain(|_, (begun, _)| !is_over(begun, now));
        }
        if counts.len() >= CAPACITY && !counts.contains_key(id) {
            // So many at once are caused by a provider, not by one guest: do not count this one.
            return;
        }
        let (begun, count) = counts.entry(id.to_owned()).or_insert((now, 0));
        if is_over(begun, now) {
            (*begun, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, (Instant, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_over(begun: &Instant, now: Instant) -> bool {
    now.saturating_duration_since(*begun) >= WINDOW
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Allowance, CAPACITY, MAX_ASKED, WINDOW};

    #[test]
    fn a_connection_is_renewed_so_often_in_a_window_and_another_one_too() {
        let (allowance, now) = (Allowance::default(), Instant::now());
        for _ in 0..MAX_ASKED {
            assert!(allowance.allows("a", now));
            allowance.take("a", now);
        }
        assert!(!allowance.allows("a", now + WINDOW / 2));
        assert!(allowance.allows("b", now));
        assert!(allowance.allows("a", now + WINDOW));
        allowance.take("a", now + WINDOW);
        assert!(allowance.allows("a", now + WINDOW), "the count restarts");
    }

    #[test]
    fn counting_takes_bounded_room() {
        let (allowance, now) = (Allowance::default(), Instant::now());
        for id in 0..=CAPACITY {
            allowance.take(&id.to_string(), now);
        }
        assert_eq!(allowance.counts().len(), CAPACITY);
        allowance.take("more", now + WINDOW);
        assert_eq!(allowance.counts().len(), 1);
    }
}
