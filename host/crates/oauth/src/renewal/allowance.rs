//! How often a guest, or an API that answers 401 whatever it is sent, may have a connection renewed. A renewal that is due
//! is not counted here.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// So many renewals of one connection that were asked for, in one window.
pub const MAX_ASKED: u32 = 5;
const WINDOW: Duration = Duration::from_secs(60);
/// Connections that are counted at once. Beyond it the counts that are over are dropped.
const CAPACITY: usize = 4_096;

/// Counts by connection.
#[derive(Debug, Default)]
pub(super) struct Allowance(Mutex<HashMap<String, (Instant, u32)>>);

impl Allowance {
    /// Whether one more is allowed at `now`.
    pub(super) fn has_room(&self, id: &str, now: Instant) -> bool {
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
            // So many at once are a provider's doing, not one guest's: it goes uncounted.
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
            assert!(allowance.has_room("a", now));
            allowance.take("a", now);
        }
        assert!(!allowance.has_room("a", now + WINDOW / 2));
        assert!(allowance.has_room("b", now));
        assert!(allowance.has_room("a", now + WINDOW));
        allowance.take("a", now + WINDOW);
        assert!(allowance.has_room("a", now + WINDOW), "the count begins anew");
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
