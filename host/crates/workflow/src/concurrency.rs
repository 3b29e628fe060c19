//! How many runs of one installation may go on at once.

use super::bounds::DEFAULT_CONCURRENT_RUNS;

/// How many runs of one installation go on at once, and what becomes of one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concurrency {
    /// 1 to [`MAX_CONCURRENT_RUNS`](super::bounds::MAX_CONCURRENT_RUNS).
    pub limit: u32,
    pub on_limit: OnLimit,
}

/// What becomes of a run that would exceed the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLimit {
    /// It starts when another has ended.
    #[default]
    Queue,
    /// It does not start.
    Skip,
    /// It starts, and the oldest one is cancelled.
    CancelRunning,
}

impl Default for Concurrency {
    fn default() -> Self {
        Self { limit: DEFAULT_CONCURRENT_RUNS, on_limit: OnLimit::default() }
    }
}

impl OnLimit {
    pub(super) const ALL: [Self; 3] = [Self::Queue, Self::Skip, Self::CancelRunning];

    /// Its name in a definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Skip => "skip",
            Self::CancelRunning => "cancel-running",
        }
    }
}
