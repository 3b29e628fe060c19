//! The process's resources, and one client's share of them.

use std::{num::NonZeroUsize, sync::Arc};

use tokio::sync::Semaphore;

use crate::memory::{Counter, HeldMemory, OutOfMemory, ProcessMemory};

/// Long tasks of one client that run at once. Other clients need the remaining cores.
const LONG_WORK_PER_CLIENT: usize = 1;

/// The resources of the process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Resources {
    memory: Arc<ProcessMemory>,
    /// One permit for each long task that may run.
    cores: Arc<Semaphore>,
}

/// The share of one client, or of the host itself. Cheap to clone; clones are the same share.
#[derive(Clone, Debug)]
pub struct Share(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    resources: Resources,
    memory: Counter,
    long_work: Arc<Semaphore>,
}

/// A task ended without a result: it panicked, or the process is shutting down.
#[derive(Debug, thiserror::Error)]
#[error("the task was cancelled")]
pub struct Cancelled;

impl Resources {
    /// Creates a budget of `memory_bytes`. As many long tasks may run as there are cores, at least two.
    pub fn new(memory_bytes: u64) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).max(2);
        Self { memory: Arc::new(ProcessMemory::new(memory_bytes)), cores: Arc::new(Semaphore::new(cores)) }
    }

    /// Resources without a memory limit, for programs that run only their own code.
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// Creates a client's share of at most `memory_bytes`.
    pub fn share(&self, memory_bytes: u64) -> Share {
        self.share_with(memory_bytes, LONG_WORK_PER_CLIENT)
    }

    /// The share of the host itself, which is limited by the budget only.
    pub fn host_share(&self) -> Share {
        self.share_with(u64::MAX, Semaphore::MAX_PERMITS)
    }

    fn share_with(&self, memory_bytes: u64, long_work: usize) -> Share {
        Share(Arc::new(Inner {
            resources: self.clone(),
            memory: Counter::new(memory_bytes),
            long_work: Arc::new(Semaphore::new(long_work)),
        }))
    }

    /// The bytes in use, and the budget.
    pub fn memory(&self) -> (u64, u64) {
        (self.memory.counter.used(), self.memory.counter.limit)
    }
}

impl Share {
    /// Creates an empty reservation.
    pub fn hold(&self) -> HeldMemory {
        HeldMemory::nothing(self.clone())
    }

    /// The bytes of the whole budget.
    pub fn budget_bytes(&self) -> u64 {
        self.0.resources.memory.counter.limit
    }

    /// The bytes that this client holds.
    pub fn used(&self) -> u64 {
        self.0.memory.used()
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The process's bytes and this client's.
    pub(super) fn counters(&self) -> (&ProcessMemory, &Counter) {
        (&self.0.resources.memory, &self.0.memory)
    }

    /// Reserves bytes. Waits briefly until others have released enough.
    ///
    /// # Errors
    /// See [`HeldMemory::grow`].
    pub async fn take(&self, bytes: u64) -> Result<HeldMemory, OutOfMemory> {
        let mut held = self.hold();
        held.grow(bytes).await?;
        Ok(held)
    }

    /// Runs a task that occupies a core on a blocking thread. One task of each client runs at a time, and no more than there
    /// are cores, so that async threads get a core in time. A running task cannot be cancelled, so its work must be bounded.
    ///
    /// # Errors
    /// The task panicked.
    pub async fn run_long<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Cancelled> {
        let own = Arc::clone(&self.0.long_work).acquire_owned().await.map_err(|_closed| Cancelled)?;
        let core = Arc::clone(&self.0.resources.cores).acquire_owned().await.map_err(|_closed| Cancelled)?;
        let work = tokio::task::spawn_blocking(move || {
            let result = work();
            // Not in the caller, which may be gone: the permits belong to the task until it ends.
            drop((own, core));
            result
        });
        work.await.map_err(|_| Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_share_ends_before_the_budget() {
        let resources = Resources::new(100);
        let (greedy, modest) = (resources.share(60), resources.share(60));
        let mut held = greedy.hold();
        assert_eq!(held.try_grow(60), Ok(()));
        assert_eq!(held.try_grow(1), Err(OutOfMemory::TooLarge { needed: 61, limit: 60 }));
        assert_eq!(greedy.hold().try_grow(1), Err(OutOfMemory::Busy));
        let mut other = modest.hold();
        assert_eq!(other.try_grow(41), Err(OutOfMemory::Busy));
        assert_eq!(other.try_grow(40), Ok(()));
        assert_eq!(resources.memory(), (100, 100));
        drop(held);
        assert_eq!(other.try_grow(20), Ok(()));
        drop(other);
        assert_eq!(resources.memory(), (0, 100));
    }

    #[test]
    fn what_is_allocated_already_leaves_less_for_the_next() {
        let resources = Resources::new(100);
        let share = resources.share(50);
        let mut held = share.hold();
        held.count(200);
        assert_eq!(resources.host_share().hold().try_grow(1), Err(OutOfMemory::Busy));
        held.shrink(500);
        assert_eq!(resources.memory(), (0, 100));
    }

    #[tokio::test(start_paused = true)]
    async fn work_waits_until_others_give_back() {
        let resources = Resources::new(10);
        let share = resources.host_share();
        let held = share.take(10).await.unwrap();
        let waiting = tokio::spawn({
            let share = share.clone();
            async move { share.take(5).await.map(|held| held.bytes()) }
        });
        tokio::task::yield_now().await;
        drop(held);
        assert_eq!(waiting.await.unwrap(), Ok(5));
    }

    #[tokio::test(start_paused = true)]
    async fn patient_work_waits_as_long_as_it_takes() {
        let share = Resources::new(10).host_share();
        let held = share.take(10).await.unwrap();
        let waiting = tokio::spawn({
            let mut more = share.hold();
            async move { more.grow_when_free(5).await.map(|()| more.bytes()) }
        });
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        drop(held);
        assert_eq!(waiting.await.unwrap(), Ok(5));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_and_the_impossible_waits_not_at_all() {
        let share = Resources::new(10).host_share();
        let _held = share.take(8).await.unwrap();
        assert_eq!(share.take(3).await.err(), Some(OutOfMemory::Busy));
        assert_eq!(share.take(11).await.err(), Some(OutOfMemory::TooLarge { needed: 11, limit: 10 }));
    }

    #[tokio::test]
    async fn long_work_of_one_client_leaves_a_core_for_another() {
        let resources = Resources::unlimited();
        let (greedy, modest) = (resources.share(1), resources.share(1));
        let (go, gate) = mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        let stuck: Vec<_> = (0..16)
            .map(|_| {
                let (greedy, gate) = (greedy.clone(), Arc::clone(&gate));
                tokio::spawn(async move { greedy.run_long(move || gate.lock().unwrap().recv().is_err()).await })
            })
            .collect();
        assert_eq!(modest.run_long(|| 7).await.unwrap(), 7);
        drop(go);
        for work in stuck {
            assert!(work.await.unwrap().unwrap());
        }
    }

    #[tokio::test]
    async fn a_panic_gives_its_places_back() {
        let share = Resources::unlimited().share(1);
        for _ in 0..8 {
            assert!(share.run_long(|| std::panic::resume_unwind(Box::new("broken"))).await.is_err());
        }
        assert!(share.run_long(|| ()).await.is_ok());
    }

    proptest! {
        /// No order of reservations and releases exceeds a limit or loses bytes.
        #[test]
        fn bytes_are_conserved(steps in proptest::collection::vec((0_usize..3, 0_u64..80, any::<bool>()), 0..60)) {
            let resources = Resources::new(100);
            let shares = [resources.share(70), resources.share(70), resources.host_share()];
            let mut held: Vec<HeldMemory> = Vec::new();
            for (share, bytes, drops) in steps {
                let mut new = shares[share].hold();
                let fits = resources.memory().0 + bytes <= 100;
                match new.try_grow(bytes) {
                    Ok(()) => held.push(new),
                    Err(_) => prop_assert!(!fits || share < 2),
                }
                if drops && !held.is_empty() {
                    held.swap_remove(share % held.len());
                }
                let sum: u64 = held.iter().map(HeldMemory::bytes).sum();
                prop_assert_eq!(resources.memory(), (sum, 100));
                prop_assert!(sum <= 100);
            }
            held.clear();
            prop_assert_eq!(resources.memory().0, 0);
        }
    }
}
