//! Tasks that finish even if their caller has gone away: a token that a provider issued must be stored, and a change
//! that has begun must be completed. A host that shuts down waits for them.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// How long the end waits: longer than a provider's endpoint, and some attempts at storing what it answered.
const PATIENCE: Duration = Duration::from_secs(20);

/// The host's unfinished work of this kind. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Tasks(TaskTracker);

impl Tasks {
    pub(super) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.spawn(work)
    }

    /// Runs a change to its end even if the caller goes away: dropped half-way, it might reach the database after the cache
    /// was told to forget.
    pub(super) async fn uninterrupted<T: Send + 'static>(&self, change: impl Future<Output = T> + Send + 'static) -> T {
        match self.spawn(change).await {
            Ok(done) => done,
            // Nobody aborts the task, so it panicked; so does its caller.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Waits until all of it is done.
    pub(super) async fn finish(&self) {
        self.0.close();
        if tokio::time::timeout(PATIENCE, self.0.wait()).await.is_err() {
            tracing::error!("the host ends while tokens are being renewed: accounts may have to be connected again");
        }
    }
}
