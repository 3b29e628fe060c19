//! When an action is tried again.

use proptest::prelude::*;
use workway_workflow::{Retry, bounds::MAX_ATTEMPTS};

use super::*;
use crate::{DEFAULT_BACKOFF, MAX_BACKOFF, MAX_RETRY_AFTER};

fn retry(attempts: u32, backoff: Option<&str>) -> Option<Retry> {
    Some(Retry { attempts, backoff: backoff.map(|text| text.parse().expect("is a duration")) })
}

#[test]
fn only_failures_that_may_pass_are_tried_again() {
    let delay = |retry, attempt, failure: &Failure| retry_delay(retry, attempt, failure, 1.0);
    assert_eq!(delay(None, 1, &transient()), None, "without `retry` there is one attempt");
    assert_eq!(delay(retry(3, None), 1, &permanent("conflict")), None);
    assert_eq!(delay(retry(3, None), 1, &transient()), Some(DEFAULT_BACKOFF));
    assert_eq!(delay(retry(3, None), 2, &transient()), Some(2 * DEFAULT_BACKOFF));
    assert_eq!(delay(retry(3, None), 3, &transient()), None);
    assert_eq!(delay(retry(20, Some("10s")), 4, &transient()), Some(Duration::from_secs(80)));
    assert_eq!(delay(retry(20, Some("10s")), 19, &transient()), Some(MAX_BACKOFF));
    assert_eq!(delay(retry(20, Some("2h")), 19, &transient()), Some(Duration::from_secs(7_200)));
}

#[test]
fn an_upstream_can_ask_for_more_time() {
    let asks = |time: Duration| {
        let millis = u64::try_from(time.as_millis()).unwrap();
        let failure = Failure { retry_after_millis: Some(millis), ..transient() };
        retry_delay(retry(9, Some("10s")), 1, &failure, 0.0)
    };
    assert_eq!(asks(Duration::from_secs(1)), Some(Duration::from_secs(5)));
    assert_eq!(asks(Duration::from_secs(30)), Some(Duration::from_secs(30)));
    assert_eq!(asks(MAX_RETRY_AFTER), Some(MAX_RETRY_AFTER));
    assert_eq!(asks(MAX_RETRY_AFTER + Duration::from_millis(1)), None);
}

#[test]
fn attempts_of_a_run_are_spaced() {
    let mut run = Run::new("steps: [{ id: a, uses: a.b, retry: { attempts: 3, backoff: 10s } }]");
    for (attempt, seconds) in [(1, 10), (2, 20)] {
        assert_eq!(run.attempt("a").attempt, attempt);
        run.fail_with("a", transient());
        assert_eq!(run.plan.calls[0].not_before, Some(run.now + Duration::from_secs(seconds)));
        run.pass(seconds - 1);
        assert_eq!(run.running(), [""; 0]);
        run.pass(1);
    }
    run.fail_with("a", transient());
    assert_eq!(run.failure(), "transient a");
}

proptest! {
    #[test]
    fn a_delay_is_between_half_and_all_of_the_backoff(
        attempts in 1..=MAX_ATTEMPTS, attempt in 1..=MAX_ATTEMPTS, seconds in 1..100_000_u32, jitter in any::<f64>(),
    ) {
        let full = Duration::from_secs(u64::from(seconds)) * 2_u32.pow(attempt - 1);
        let full = full.min(MAX_BACKOFF.max(Duration::from_secs(u64::from(seconds))));
        match retry_delay(retry(attempts, Some(&format!("{seconds}s"))), attempt, &transient(), jitter) {
            Some(delay) => prop_assert!(attempt < attempts && (full / 2..=full).contains(&delay), "{:?}", delay),
            None => prop_assert!(attempt >= attempts),
        }
    }
}
