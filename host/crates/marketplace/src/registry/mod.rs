//! The registry of workflows: what is published, kept searchable in memory, and every rule of who may change what.
//!
//! The truth is in the store. What is public stands in an index in memory beside it, which follows the store by revisions:
//! a write is in the index before whoever made it is answered, and what other processes write is found within seconds.

mod installs;
mod read;
mod screenshots;
mod write;

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::sync::{Mutex, Semaphore};
use workway_model::UserId;
use workway_workflow::ActionCatalogue;

pub use write::{Condition, NewWorkflow};

use super::{
    cache::AnswerCache,
    error::MarketplaceError,
    index::{Entry, Index},
    listing::{Category, DeveloperRef},
    store::{ListingStore, StoreError},
};

/// Rows that are read at once when a host starts.
const BATCH: u32 = 500;
/// Changed rows that go into the index at once, on an async thread: a few milliseconds.
const CHANGES: u32 = 50;
/// How often something is begun again because another write came between.
const MAX_ATTEMPTS: u32 = 5;
/// Owners' writes to different listings that go on at once, at most.
const WRITES_AT_ONCE: usize = 64;
/// Images that are encoded at once: each takes a core and memory.
const IMAGES_AT_ONCE: usize = 2;
/// Images that wait for that.
const IMAGES_WAITING: usize = 8;
/// Images that are read from the store at once.
const IMAGES_READ_AT_ONCE: usize = 2;
/// Definitions that are checked at once: a large one takes a core for a while.
const CHECKS_AT_ONCE: usize = 2;

/// Who acts.
#[derive(Clone, Debug)]
pub struct Actor {
    pub user: UserId,
    /// The user's profile as a developer.
    pub developer: Option<DeveloperRef>,
    /// The operator.
    pub is_admin: bool,
}

/// Workflows, read through a cache. Cheap to clone.
#[derive(Clone)]
pub struct WorkflowRegistry(Arc<Inner>);

struct Inner {
    store: Arc<dyn ListingStore>,
    /// Actions and triggers of this host.
    known: Arc<dyn ActionCatalogue + Send + Sync>,
    index: RwLock<Index>,
    /// The revision up to which the index is the store's. Held while it is brought further.
    applied: Mutex<u64>,
    is_read: AtomicBool,
    /// Each for the owners' writes to some of the listings: otherwise many at once would have each other begin again.
    writing: [Mutex<()>; WRITES_AT_ONCE],
    cache: AnswerCache,
    /// Places for images that are encoded, and for those that wait with them.
    encoding: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    reading_images: Semaphore,
    /// Definitions that are checked at once.
    checking: Arc<Semaphore>,
}

impl WorkflowRegistry {
    /// `cache_bytes` is about what kept answers take; 0 keeps none. Nothing is found before [`Self::initialize`].
    pub fn new(store: Arc<dyn ListingStore>, known: Arc<dyn ActionCatalogue + Send + Sync>, cache_bytes: u64) -> Self {
        Self(Arc::new(Inner {
            store,
            known,
            index: RwLock::default(),
            applied: Mutex::new(0),
            is_read: AtomicBool::new(false),
            writing: std::array::from_fn(|_| Mutex::default()),
            cache: AnswerCache::new(cache_bytes),
            encoding: Arc::new(Semaphore::new(IMAGES_AT_ONCE)),
            waiting: Arc::new(Semaphore::new(IMAGES_AT_ONCE + IMAGES_WAITING)),
            reading_images: Semaphore::new(IMAGES_READ_AT_ONCE),
            checking: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
        }))
    }

    /// Reads what is public into the index.
    ///
    /// # Errors
    /// The store fails.
    pub async fn initialize(&self) -> Result<(), StoreError> {
        let inner = &self.0;
        {
            let mut applied = inner.applied.lock().await;
            // Before the rows: what changes meanwhile is read once more.
            let revision = inner.store.revision().await?;
            let mut entries = inner.store.public_entries(0, BATCH).await?;
            while let Some(last) = entries.last() {
                let next = inner.store.public_entries(last.doc, BATCH);
                // Cutting texts into words takes longer than reading them: both go on at once.
                let registry = self.clone();
                let putting = tokio::task::spawn_blocking(move || registry.put(entries));
                let (read, put) = tokio::join!(next, putting);
                put.map_err(|error| StoreError::Unavailable(error.to_string()))?;
                entries = read?;
            }
            *applied = revision;
        }
        self.catch_up().await?;
        inner.is_read.store(true, Ordering::Release);
        Ok(())
    }

    fn put(&self, entries: Vec<Entry>) {
        let mut index = self.0.index.write().unwrap_or_else(PoisonError::into_inner);
        entries.into_iter().for_each(|entry| index.put(entry));
    }

    /// Brings the index to what the store has, if anybody has changed that.
    ///
    /// # Errors
    /// The store fails.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let inner = &self.0;
        let mut applied = inner.applied.lock().await;
        loop {
            let changes = inner.store.changes(*applied, CHANGES).await?;
            let Some(last) = changes.last() else { break };
            *applied = last.revision;
            let mut index = inner.index.write().unwrap_or_else(PoisonError::into_inner);
            for change in changes {
                match change.entry {
                    Some(entry) => index.put(entry),
                    None => index.remove(change.doc),
                }
            }
            drop(index);
            // At once: this may end before the next look at the store.
            inner.cache.invalidate();
        }
        Ok(())
    }

    /// What is done every few seconds: finds what other processes have written.
    pub async fn follow_others(&self) {
        // Whoever holds it does just that.
        if self.0.applied.try_lock().is_ok()
            && let Err(error) = self.catch_up().await
        {
            tracing::warn!(%error, "the marketplace's index cannot be brought up to date");
        }
    }

    /// Nobody gets an answer that was made before.
    pub fn invalidate_cache(&self) {
        self.0.cache.invalidate();
    }

    /// The same, and the memory of kept answers is given back.
    pub fn clear_cache(&self) {
        self.0.cache.clear();
    }

    /// # Errors
    /// The store fails.
    pub async fn get_categories(&self) -> Result<Vec<Category>, MarketplaceError> {
        Ok(self.0.store.categories().await?)
    }

    /// After a write: it is done, whatever happens here.
    async fn follow_write(&self) {
        if let Err(error) = self.catch_up().await {
            tracing::error!(%error, "the marketplace's index is behind the database for a moment");
        }
        self.0.cache.invalidate();
    }

    /// The index, once it has been read.
    fn with_index<T>(&self, read: impl FnOnce(&Index) -> T) -> Result<T, MarketplaceError> {
        if !self.0.is_read.load(Ordering::Acquire) {
            return Err(MarketplaceError::Starting);
        }
        Ok(read(&self.0.index.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for WorkflowRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WorkflowRegistry")
    }
}

/// Unix milliseconds. A clock before 1970 reads as 1970.
fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}
