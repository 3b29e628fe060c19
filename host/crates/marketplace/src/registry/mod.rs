//! The registry of workflows: every rule of who may read and change what, in front of a store.
//!
//! The store holds everything, what is searched included. Answers are cached: a write of this process drops them before it is
//! answered, and those of other processes within seconds.

mod draft;
mod installations;
mod installs;
mod prepare;
mod read;
mod reviews;
mod screenshots;
mod upgrade;
mod validate;
mod write;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Mutex, Semaphore};
use workway_model::UserId;
use workway_vault::Vault;
use workway_workflow::ActionCatalogue;

pub use draft::RunnableDraft;
pub use prepare::InstallationChange;
pub use upgrade::{InputChange, InputDifference, UpgradePreview, UpgradeRequest};
pub use validate::Validation;
pub use write::{Condition, NewWorkflow, Written};

use super::{
    cache::AnswerCache,
    error::MarketplaceError,
    listing::{Category, DeveloperRef},
    store::{ListingStore, StoreError},
};

/// How often the log reports how far indexing is, in listings.
const PROGRESS: u64 = 50_000;
/// How long indexing leaves the store to others after each part. Another process that waits for its turn to write only looks now
/// and then whether it has come, and gives up after some seconds.
const PAUSE: Duration = Duration::from_millis(10);
/// How often a write is retried because another one came first.
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
    /// Seals secret inputs and tokens of webhooks.
    vault: Arc<Vault>,
    /// Whether every public listing was searchable once.
    is_searchable: AtomicBool,
    /// Held by the one call of [`WorkflowRegistry::follow_others`] that works.
    following: Mutex<()>,
    /// The store's revision when other processes' writes were last looked for.
    revision: AtomicU64,
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
    /// `cache_bytes` is about what cached answers take; 0 disables the cache. Lists answer after [`Self::initialize`].
    pub fn new(
        store: Arc<dyn ListingStore>,
        known: Arc<dyn ActionCatalogue + Send + Sync>,
        vault: Arc<Vault>,
        cache_bytes: u64,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            known,
            vault,
            is_searchable: AtomicBool::new(false),
            following: Mutex::default(),
            revision: AtomicU64::new(0),
            writing: std::array::from_fn(|_| Mutex::default()),
            cache: AnswerCache::new(cache_bytes),
            encoding: Arc::new(Semaphore::new(IMAGES_AT_ONCE)),
            waiting: Arc::new(Semaphore::new(IMAGES_AT_ONCE + IMAGES_WAITING)),
            reading_images: Semaphore::new(IMAGES_READ_AT_ONCE),
            checking: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
        }))
    }

    /// Makes listings searchable that are not yet: all of them after a migration, none otherwise.
    ///
    /// # Errors
    /// The store fails.
    pub async fn initialize(&self) -> Result<(), StoreError> {
        self.index_all().await?;
        self.0.is_searchable.store(true, Ordering::Release);
        Ok(())
    }

    async fn index_all(&self) -> Result<(), StoreError> {
        let (mut indexed, mut reported) = (0, 0);
        loop {
            let more = self.0.store.index_pending().await?;
            if more == 0 {
                break;
            }
            indexed += more;
            if indexed - reported >= PROGRESS {
                reported = indexed;
                tracing::info!(listings = indexed, "indexing the marketplace for search");
            }
            tokio::time::sleep(PAUSE).await;
        }
        if indexed > 0 {
            tracing::info!(listings = indexed, "the marketplace is indexed for search");
        }
        Ok(())
    }

    /// Periodic maintenance: drops cached answers if any process has changed a listing. Does nothing while
    /// [`Self::initialize`] or an earlier call is still at it: indexing may take longer than the time between two calls, and
    /// calls that pile up would wait for the writer until they fail.
    pub async fn follow_others(&self) {
        let Ok(_alone) = self.0.following.try_lock() else { return };
        if !self.0.is_searchable.load(Ordering::Acquire) {
            return;
        }
        if let Err(error) = self.look_for_changes().await {
            tracing::warn!(%error, "cannot look for other processes' changes of the marketplace");
        }
    }

    async fn look_for_changes(&self) -> Result<(), StoreError> {
        let revision = self.0.store.revision().await?;
        if self.0.revision.load(Ordering::Acquire) != revision {
            // Hosts keep what they write searchable; whatever else writes rows does not.
            self.index_all().await?;
            self.0.cache.invalidate();
            self.0.revision.store(revision, Ordering::Release);
        }
        Ok(())
    }

    /// Drops cached answers, so that nobody gets one from before.
    pub fn invalidate_cache(&self) {
        self.0.cache.invalidate();
    }

    /// Forgets all cached answers and frees their memory.
    pub fn clear_cache(&self) {
        self.0.cache.clear();
    }

    /// # Errors
    /// The store fails.
    pub async fn get_categories(&self) -> Result<Vec<Category>, MarketplaceError> {
        Ok(self.0.store.categories().await?)
    }

    /// # Errors
    /// [`MarketplaceError::Starting`] while listings are missing that search could find.
    fn check_searchable(&self) -> Result<(), MarketplaceError> {
        if self.0.is_searchable.load(Ordering::Acquire) { Ok(()) } else { Err(MarketplaceError::Starting) }
    }
}

impl fmt::Debug for WorkflowRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WorkflowRegistry")
    }
}
