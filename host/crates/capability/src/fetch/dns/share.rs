//! Bounds how many lookups are under way: an integration has a share of its own, and all integrations together have a
//! bound. A lookup that waits for a place only waits for others of its integration, unless the whole host is at its bound.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::fetch::resolve::ResolveError;

/// Lookups of one integration that may be under way; one more waits for one of them to end. As many as the
/// requests of one `send_all` that run at once, and few enough that many hostile integrations fit into [`LOOKUPS_OF_INTEGRATIONS`].
pub(crate) const LOOKUPS_PER_INTEGRATION: usize = 16;
/// Lookups of all integrations that may be under way. Each has up to four sockets open: a question for IPv4 and one for IPv6,
/// sent at most twice. So lookups take at most 512 of the process's file descriptors, of which 1,024 is a common limit.
pub(crate) const LOOKUPS_OF_INTEGRATIONS: usize = 128;
/// Lookups of the host itself, for tokens and accounts. They are not counted among those of integrations, so that no
/// integration delays them.
const LOOKUPS_OF_HOST: usize = 16;

/// What all integrations share.
pub(crate) struct IntegrationLookups(Arc<Semaphore>);

impl Default for IntegrationLookups {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS_OF_INTEGRATIONS)))
    }
}

impl IntegrationLookups {
    /// Returns the share of one more integration.
    pub(crate) fn share(&self) -> LookupShare {
        LookupShare { own: Semaphore::new(LOOKUPS_PER_INTEGRATION), all: Some(Arc::clone(&self.0)) }
    }
}

/// The places for lookups of one integration, or of the host.
pub(crate) struct LookupShare {
    own: Semaphore,
    all: Option<Arc<Semaphore>>,
}

/// Permission for one lookup, until it is dropped.
pub(crate) struct LookupPermit<'a> {
    _own: SemaphorePermit<'a>,
    _all: Option<SemaphorePermit<'a>>,
}

impl LookupShare {
    pub(crate) fn of_host() -> Self {
        Self { own: Semaphore::new(LOOKUPS_OF_HOST), all: None }
    }

    /// Waits for a place. Places are given out in the order in which they were asked for.
    ///
    /// # Errors
    /// None in practice: the semaphores are never closed.
    pub(crate) async fn acquire(&self) -> Result<LookupPermit<'_>, ResolveError> {
        // The share first: an integration never queues more than its share in front of the others.
        let own = self.own.acquire().await.map_err(|_| ResolveError::Failed)?;
        let all = match &self.all {
            Some(all) => Some(all.acquire().await.map_err(|_| ResolveError::Failed)?),
            None => None,
        };
        Ok(LookupPermit { _own: own, _all: all })
    }
}
