//! Caches answers. Concurrent requests for the same answer wait for one computation, and no answer from before a write
//! is returned after it.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;

use super::{
    error::MarketplaceError,
    listing::Listing,
    query::{ListFilter, ListPage},
};

/// How long an answer is kept when nothing is written.
pub const CACHE_TIME: Duration = Duration::from_secs(300);
/// About what a summary takes, in bytes.
const SUMMARY_BYTES: usize = 2_048;
/// About what a key and its place take, in bytes.
const ENTRY_BYTES: usize = 512;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum ListKey {
    Search { text: Option<String>, filter: ListFilter },
    Featured { limit: usize, offset: usize },
}

impl ListKey {
    /// What its texts take: they are a stranger's.
    fn bytes(&self) -> usize {
        let Self::Search { text, filter } = self else { return 0 };
        let ListFilter { category, developer, provider, tag, .. } = filter;
        [text, category, developer, provider, tag].into_iter().flatten().map(String::len).sum()
    }
}

/// Keys have the number of writes before them: what was made before a write is found by nobody after it.
pub(super) struct AnswerCache {
    writes: AtomicU64,
    /// None keeps nothing.
    kept: Option<Kept>,
}

struct Kept {
    lists: Cache<(u64, ListKey), Arc<ListPage>>,
    details: Cache<(u64, String), Option<Arc<Listing>>>,
}

impl AnswerCache {
    /// Keeps about as many bytes, or nothing for 0.
    pub(super) fn new(bytes: u64) -> Self {
        let kept = (bytes > 0).then(|| Kept {
            lists: Cache::builder()
                .max_capacity(bytes / 2)
                .weigher(|(_, key): &(u64, ListKey), page: &Arc<ListPage>| {
                    weight(ENTRY_BYTES + key.bytes() + SUMMARY_BYTES * page.items.len())
                })
                .time_to_live(CACHE_TIME)
                .build(),
            details: Cache::builder()
                .max_capacity(bytes / 2)
                .weigher(|(_, key): &(u64, String), listing: &Option<Arc<Listing>>| {
                    let texts = listing.as_ref().map(|listing| {
                        let source = listing.source.as_ref().map_or(0, |source| source.text.len());
                        listing.definition.len() + listing.description.len() + source
                    });
                    weight(ENTRY_BYTES + key.len() + texts.map_or(0, |bytes| bytes + SUMMARY_BYTES))
                })
                .time_to_live(CACHE_TIME)
                .build(),
        });
        Self { writes: AtomicU64::new(0), kept }
    }

    /// From here on nobody gets what was made before.
    pub(super) fn invalidate(&self) {
        self.writes.fetch_add(1, Ordering::AcqRel);
    }

    /// As [`Self::invalidate`], and frees the memory of what was kept.
    pub(super) fn clear(&self) {
        self.invalidate();
        if let Some(kept) = &self.kept {
            kept.lists.invalidate_all();
            kept.details.invalidate_all();
        }
    }

    pub(super) async fn list(
        &self,
        key: ListKey,
        make: impl Future<Output = Result<ListPage, MarketplaceError>>,
    ) -> Result<Arc<ListPage>, MarketplaceError> {
        let Some(kept) = &self.kept else { return make.await.map(Arc::new) };
        let key = (self.writes.load(Ordering::Acquire), key);
        let made = kept.lists.try_get_with(key, async { make.await.map(Arc::new) }).await;
        made.map_err(|error| (*error).clone())
    }

    pub(super) async fn detail(
        &self,
        key: &str,
        make: impl Future<Output = Result<Option<Listing>, MarketplaceError>>,
    ) -> Result<Option<Arc<Listing>>, MarketplaceError> {
        let Some(kept) = &self.kept else { return make.await.map(|found| found.map(Arc::new)) };
        let key = (self.writes.load(Ordering::Acquire), key.to_owned());
        let made = kept.details.try_get_with(key, async { make.await.map(|found| found.map(Arc::new)) }).await;
        made.map_err(|error| (*error).clone())
    }
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
