//! Reserves bytes of the budget. A reservation beyond a limit fails, at once or after a short wait for others to release bytes.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::Share;

/// How long new work waits for memory before it is refused: long enough for a burst to pass, and shorter than a client's own
/// timeout.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Why bytes could not be reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfMemory {
    /// It does not fit even if the client does nothing else.
    #[error(
        "this needs {needed} bytes of memory, but one client may use {limit} at a time: send less, or raise limits.total_memory"
    )]
    TooLarge { needed: u64, limit: u64 },
    #[error("the host's memory is in use (limits.total_memory): try again later")]
    Busy,
}

/// Counts the bytes in use, up to a limit.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) limit: u64,
    used: AtomicU64,
}

impl Counter {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0) }
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: u64) -> bool {
        let within = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
    }

    fn add(&self, bytes: u64) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    fn release(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// The bytes of the whole process.
#[derive(Debug)]
pub(super) struct ProcessMemory {
    pub(super) counter: Counter,
    /// Wakes waiting work when bytes are released.
    freed: Notify,
}

impl ProcessMemory {
    pub(super) fn new(limit: u64) -> Self {
        Self { counter: Counter::new(limit), freed: Notify::new() }
    }
}

/// A reservation of bytes. Dropping it releases them.
#[derive(Debug)]
pub struct HeldMemory {
    share: Share,
    bytes: u64,
}

impl HeldMemory {
    pub(super) fn nothing(share: Share) -> Self {
        Self { share, bytes: 0 }
    }

    /// The share that the bytes belong to.
    pub fn share(&self) -> &Share {
        &self.share
    }

    /// The reserved bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reserves more bytes, without waiting.
    ///
    /// # Errors
    /// The client's share or the process's budget has too few bytes left. Nothing was reserved.
    pub fn try_grow(&mut self, bytes: u64) -> Result<(), OutOfMemory> {
        let (process, client) = self.share.counters();
        let limit = client.limit.min(process.counter.limit);
        let needed = self.bytes.saturating_add(bytes);
        if needed > limit {
            return Err(OutOfMemory::TooLarge { needed, limit });
        }
        if !client.take(bytes) {
            return Err(OutOfMemory::Busy);
        }
        if !process.counter.take(bytes) {
            client.release(bytes);
            return Err(OutOfMemory::Busy);
        }
        self.bytes = needed;
        Ok(())
    }

    /// Reserves more bytes. Waits briefly until others have released enough.
    ///
    /// # Errors
    /// As [`HeldMemory::try_grow`], after the wait.
    pub async fn grow(&mut self, bytes: u64) -> Result<(), OutOfMemory> {
        let deadline = Instant::now() + MAX_WAIT;
        let share = self.share.clone();
        loop {
            let freed = share.counters().0.freed.notified();
            tokio::pin!(freed);
            // Listens before the attempt, so that a release in between is not missed.
            freed.as_mut().enable();
            match self.try_grow(bytes) {
                Err(OutOfMemory::Busy) => timeout_at(deadline, freed).await.map_err(|_elapsed| OutOfMemory::Busy)?,
                result => return result,
            }
        }
    }

    /// Reserves more bytes, and waits until they are free, however long that takes: for work that nobody waits for.
    ///
    /// # Errors
    /// It is [`OutOfMemory::TooLarge`].
    pub async fn grow_when_free(&mut self, bytes: u64) -> Result<(), OutOfMemory> {
        loop {
            match self.grow(bytes).await {
                Err(OutOfMemory::Busy) => {}
                result => return result,
            }
        }
    }

    /// Counts bytes that are already allocated, even beyond the limits. Later work then finds fewer bytes left.
    pub fn count(&mut self, bytes: u64) {
        let (process, client) = self.share.counters();
        client.add(bytes);
        process.counter.add(bytes);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Merges another reservation of the same share into this one.
    pub fn absorb(&mut self, mut other: Self) {
        debug_assert!(self.share.is(&other.share), "each share counts its own bytes");
        self.bytes = self.bytes.saturating_add(std::mem::take(&mut other.bytes));
    }

    /// Releases some of the bytes, at most all of them.
    pub fn shrink(&mut self, bytes: u64) {
        let bytes = bytes.min(self.bytes);
        if bytes > 0 {
            self.bytes -= bytes;
            let (process, client) = self.share.counters();
            client.release(bytes);
            process.counter.release(bytes);
            process.freed.notify_waiters();
        }
    }
}

impl Drop for HeldMemory {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}
