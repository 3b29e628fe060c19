//! How often a guest, or an API that answers 401 whatever it is sent, may have a connection renewed. A renewal that is due
//! is not counted here.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
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
    /// Whether one more is allowed at `now`; counts it if it is.
    pub(super) fn take(&self, id: &str, now: Instant) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |begun: &Instant| now.saturating_duration_since(*begun) >= WINDOW;
        if counts.len() >= CAPACITY && !counts.contains_key(id) {
            counts.retain(|_, (begun, _)| !is_over(begun));
            if counts.len() >= CAPACITY {
                return false;
            }
        }
        let (begun, count) = counts.entry(id.to_owned()).or_insert((now, 0));
        if is_over(begun) {
            (*begun, *count) = (now, 0);
        }
        let allowed = *count < MAX_ASKED;
        *count += u32::from(allowed);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Allowance, CAPACITY, MAX_ASKED, WINDOW};

    #[test]
    fn a_connection_is_renewed_so_often_in_a_window_and_another_one_too() {
        let (allowance, now) = (Allowance::default(), Instant::now());
        assert!((0..MAX_ASKED).all(|_| allowance.take("a", now)));
        assert!(!allowance.take("a", now + WINDOW / 2));
        assert!(allowance.take("b", now));
        assert!(allowance.take("a", now + WINDOW));
    }

    #[test]
    fn counting_takes_bounded_room() {
        let (allowance, now) = (Allowance::default(), Instant::now());
        assert!((0..CAPACITY).all(|id| allowance.take(&id.to_string(), now)));
        assert!(!allowance.take("more", now));
        assert!(allowance.take("more", now + WINDOW));
        assert_eq!(allowance.0.lock().unwrap().len(), 1);
    }
}
