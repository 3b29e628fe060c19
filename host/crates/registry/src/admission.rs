//! Decides whether a call may run now: it needs one permit of the host's pool and one of the integration's own share.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::AdmissionSettings;

/// The host's permits.
pub(super) struct Admission {
    pool: Semaphore,
    settings: AdmissionSettings,
}

/// One integration's permits. Kept across reloads: a new version does not get a second share.
#[derive(Clone, Debug)]
pub(super) struct Share(Arc<Semaphore>);

/// Permission for one call, until it is dropped.
pub(super) struct Admitted<'a> {
    _pool: SemaphorePermit<'a>,
    _share: SemaphorePermit<'a>,
}

/// Which of the two is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Pool,
    Share,
}

impl Admission {
    pub(super) fn new(settings: AdmissionSettings) -> Self {
        Self { pool: Semaphore::new(permits(settings.calls)), settings }
    }

    pub(super) fn share(&self) -> Share {
        Share(Arc::new(Semaphore::new(permits(self.settings.calls_per_integration))))
    }

    pub(super) fn admit<'a>(&'a self, share: &'a Share) -> Result<Admitted<'a>, Full> {
        // The share first: an integration over its own never takes a place from the others, however briefly.
        let of_share = share.0.try_acquire().map_err(|_| Full::Share)?;
        let of_pool = self.pool.try_acquire().map_err(|_| Full::Pool)?;
        Ok(Admitted { _pool: of_pool, _share: of_share })
    }

    /// Calls that run, and how many may.
    pub(super) fn in_flight(&self) -> (usize, usize) {
        let all = permits(self.settings.calls);
        (all.saturating_sub(self.pool.available_permits()), all)
    }
}

fn permits(count: u32) -> usize {
    usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS)
}

#[cfg(test)]
mod tests {
    use super::{Admission, AdmissionSettings, Full};

    #[test]
    fn a_full_share_leaves_room_for_others() {
        let admission = Admission::new(AdmissionSettings { calls: 3, calls_per_integration: 2 });
        let (greedy, modest) = (admission.share(), admission.share());
        let held: Vec<_> = (0..2).map(|_| admission.admit(&greedy).ok().unwrap()).collect();
        assert_eq!(admission.admit(&greedy).err(), Some(Full::Share));
        let one = admission.admit(&modest).ok().unwrap();
        assert_eq!(admission.admit(&modest).err(), Some(Full::Pool));
        assert_eq!(admission.in_flight(), (3, 3));
        drop((held, one));
        assert_eq!(admission.in_flight(), (0, 3));
    }
}
