//! Opened connections, kept for a short while: a call that uses one costs no database query. Nothing is written anywhere,
//! and tokens are wiped when they leave.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use workway_capability::oauth::Connection;
use workway_model::{ProviderId, UserId};

/// The most owners whose connections are kept. When there are more, the one that was loaded first leaves.
const CAPACITY: usize = 4_096;

pub(super) type Owner = (UserId, ProviderId);

/// Connections by owner.
pub(super) struct Cache {
    state: Mutex<State>,
    lifetime: Duration,
}

#[derive(Default)]
struct State {
    /// Rises with every invalidation. A connection that was read before one must not be kept after it.
    generation: u64,
    entries: HashMap<Owner, Vec<CachedConnection>>,
}

/// A connection of an owner.
struct CachedConnection {
    /// The id that calls name; none for those that take the default.
    choice: Option<String>,
    connection: Arc<Connection>,
    loaded: Instant,
}

/// The moment before a read; see [`Cache::insert`].
#[derive(Clone, Copy)]
pub(super) struct Generation(u64);

/// Forgets an owner's connection when dropped: also when the change that it stands for failed half-way.
pub(super) struct Invalidation<'a> {
    cache: &'a Cache,
    owner: &'a Owner,
}

impl Cache {
    /// `lifetime` is how long a change made by another process may go unseen.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self { state: Mutex::default(), lifetime }
    }

    pub(super) fn get(&self, owner: &Owner, choice: Option<&str>) -> Option<Arc<Connection>> {
        let state = self.state();
        let entry = state.entries.get(owner)?.iter().find(|entry| entry.choice.as_deref() == choice)?;
        (entry.loaded.elapsed() < self.lifetime).then(|| entry.connection.clone())
    }

    /// Lets go of what is too old to be used.
    pub(super) fn sweep(&self) {
        let entries = &mut self.state().entries;
        entries.retain(|_, entries| {
            entries.retain(|entry| entry.loaded.elapsed() < self.lifetime);
            !entries.is_empty()
        });
    }

    /// Call before reading what is to be inserted.
    pub(super) fn generation(&self) -> Generation {
        Generation(self.state().generation)
    }

    /// Keeps the connection, unless anything was invalidated since `read_after`.
    pub(super) fn insert(
        &self,
        owner: Owner,
        choice: Option<&str>,
        connection: Arc<Connection>,
        read_after: Generation,
    ) {
        let mut state = self.state();
        if state.generation != read_after.0 {
            return;
        }
        if state.entries.len() >= CAPACITY && !state.entries.contains_key(&owner) {
            let loaded = |entries: &Vec<CachedConnection>| entries.first().map(|entry| entry.loaded);
            let oldest =
                state.entries.iter().min_by_key(|(_, entries)| loaded(entries)).map(|(owner, _)| owner.clone());
            if let Some(oldest) = oldest {
                state.entries.remove(&oldest);
            }
        }
        // No more than a user has connections, which is bounded: an id that names none of them is not found.
        let entries = state.entries.entry(owner).or_default();
        entries.retain(|entry| entry.choice.as_deref() != choice);
        entries.push(CachedConnection { choice: choice.map(str::to_owned), connection, loaded: Instant::now() });
    }

    /// Make it before a change, drop it after.
    pub(super) fn invalidation<'a>(&'a self, owner: &'a Owner) -> Invalidation<'a> {
        Invalidation { cache: self, owner }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Invalidation<'_> {
    fn drop(&mut self) {
        let mut state = self.cache.state();
        state.generation += 1;
        state.entries.remove(self.owner);
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Cache({} owners, [redacted])", self.state().entries.len())
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::{CAPACITY, Cache, Connection, Owner};
    use workway_capability::fetch::Credential;

    fn owner(user: &str) -> Owner {
        (user.parse().unwrap(), "slack".parse().unwrap())
    }

    fn connection(version: u64) -> Arc<Connection> {
        Arc::new(Connection {
            id: "one".into(),
            provider: "slack".parse().unwrap(),
            account: "acme".into(),
            scopes: None,
            variables: Default::default(),
            expires_at: None,
            renew_at: None,
            access_token: "secret".into(),
            credential: Credential::bearer("secret".into(), []).unwrap(),
            version,
        })
    }

    fn version(cache: &Cache, owner: &Owner) -> Option<u64> {
        cache.get(owner, None).map(|connection| connection.version)
    }

    #[test]
    fn a_connection_that_was_read_before_a_change_is_not_kept() {
        let (cache, ann) = (Cache::new(Duration::MAX), owner("ann"));
        let before = cache.generation();
        drop(cache.invalidation(&ann));
        cache.insert(ann.clone(), None, connection(1), before);
        assert_eq!(version(&cache, &ann), None);
        cache.insert(ann.clone(), None, connection(2), cache.generation());
        assert_eq!(version(&cache, &ann), Some(2));
        drop(cache.invalidation(&ann));
        assert_eq!(version(&cache, &ann), None);
    }

    #[test]
    fn each_choice_is_kept_and_all_leave_together() {
        let (cache, ann) = (Cache::new(Duration::MAX), owner("ann"));
        cache.insert(ann.clone(), None, connection(1), cache.generation());
        cache.insert(ann.clone(), Some("two"), connection(2), cache.generation());
        let version = |choice| cache.get(&ann, choice).map(|connection| connection.version);
        assert_eq!((version(None), version(Some("two")), version(Some("three"))), (Some(1), Some(2), None));
        drop(cache.invalidation(&ann));
        assert_eq!((version(None), version(Some("two"))), (None, None));
    }

    #[test]
    fn nothing_outlives_its_lifetime() {
        let (cache, ann) = (Cache::new(Duration::ZERO), owner("ann"));
        cache.insert(ann.clone(), None, connection(1), cache.generation());
        assert_eq!(version(&cache, &ann), None);
        cache.sweep();
        assert_eq!(cache.state().entries.len(), 0, "a token was kept that nobody can use");
    }

    #[test]
    fn a_full_cache_drops_what_was_loaded_first() {
        let cache = Cache::new(Duration::MAX);
        for user in 0..=CAPACITY {
            cache.insert(owner(&user.to_string()), None, connection(1), cache.generation());
        }
        assert_eq!(cache.state().entries.len(), CAPACITY);
        assert_eq!(version(&cache, &owner("0")), None);
        assert_eq!(version(&cache, &owner(&CAPACITY.to_string())), Some(1));
    }

    #[test]
    fn a_cache_prints_without_tokens() {
        let cache = Cache::new(Duration::MAX);
        cache.insert(owner("ann"), None, connection(1), cache.generation());
        assert_eq!(format!("{cache:?}"), "Cache(1 owners, [redacted])");
    }
}
