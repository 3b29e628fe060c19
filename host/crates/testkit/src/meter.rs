//! Measures the CPU time of one future: the thread's, over each of its polls. What it has other threads do is not in it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// A future with the time that its polls took so far.
pub(super) struct Metered<F> {
    future: Pin<Box<F>>,
    used: Duration,
}

impl<F: Future> Metered<F> {
    pub(super) fn new(future: F) -> Self {
        Self { future: Box::pin(future), used: Duration::ZERO }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = (F::Output, Duration);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let before = thread_time();
        let polled = self.future.as_mut().poll(context);
        self.used += thread_time().saturating_sub(before);
        polled.map(|output| (output, self.used))
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_counted_over_all_polls() {
        let work = async {
            for _ in 0..3 {
                let began = thread_time();
                while thread_time().saturating_sub(began) < Duration::from_millis(1) {}
                tokio::task::yield_now().await;
            }
            7
        };
        let (output, used) = Metered::new(work).await;
        assert_eq!(output, 7);
        assert!(used >= Duration::from_millis(3));
    }
}
