//! The cache of answers: addresses, or that a name has none, for as long as the name servers said.
//!
//! `hickory-resolver` has a cache too, which is switched off. It keeps whole messages and counts them, so that a server
//! which answers with 64 KiB over and over could fill gigabytes with it. This one keeps a few addresses of each.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use moka::future::Cache;

use crate::fetch::resolve::ResolveError;

/// Names whose answer is cached; further names replace those that are asked for least. About 6 MiB if every name is as long
/// as can be and has [`MAX_KEPT_ADDRESSES`].
const MAX_CACHED_NAMES: u64 = 4_096;
/// How many addresses of a name are kept. The connector tries fewer, but some of these may be forbidden.
pub(super) const MAX_KEPT_ADDRESSES: usize = 64;
/// How long "this name has no address" is believed at most: a name that was just created must not stay unknown for long.
pub(super) const MAX_NEGATIVE_TTL: Duration = Duration::from_secs(10);

/// What is known about names.
pub(super) struct AnswerCache(Cache<String, Answer>);

#[derive(Clone)]
struct Answer {
    /// Without any, the name has no address.
    addresses: Arc<[IpAddr]>,
    expires: Instant,
}

impl AnswerCache {
    pub(super) fn new() -> Self {
        Self(Cache::new(MAX_CACHED_NAMES))
    }

    /// Returns what is known about a name at a time.
    pub(super) async fn get(&self, host: &str, now: Instant) -> Option<Result<Vec<IpAddr>, ResolveError>> {
        let answer = self.0.get(host).await.filter(|answer| now < answer.expires)?;
        Some(if answer.addresses.is_empty() { Err(ResolveError::NoAddress) } else { Ok(answer.addresses.to_vec()) })
    }

    /// Remembers the addresses of a name until a time.
    pub(super) async fn put(&self, host: &str, addresses: &[IpAddr], expires: Instant) {
        self.0.insert(host.to_owned(), Answer { addresses: addresses.into(), expires }).await;
    }

    /// Remembers from now on that a name has no address, for a short time.
    pub(super) async fn put_absent(&self, host: &str, ttl: Duration, now: Instant) {
        self.put(host, &[], now + ttl.min(MAX_NEGATIVE_TTL)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn the_number_of_names_is_bounded() {
        let (cache, expires) = (AnswerCache::new(), Instant::now() + HOUR);
        for number in 0..2 * MAX_CACHED_NAMES {
            cache.put(&format!("{number}.example.com"), &[Ipv4Addr::LOCALHOST.into()], expires).await;
        }
        cache.0.run_pending_tasks().await;
        assert!(cache.0.entry_count() <= MAX_CACHED_NAMES, "{} names are kept", cache.0.entry_count());
    }

    #[tokio::test]
    async fn answers_expire_and_absence_sooner() {
        let (cache, address, now) = (AnswerCache::new(), IpAddr::from(Ipv4Addr::LOCALHOST), Instant::now());
        cache.put("a.example.com", &[address], now + HOUR).await;
        cache.put_absent("b.example.com", HOUR, now).await;
        cache.put("c.example.com", &[address], now).await;
        assert_eq!(cache.get("a.example.com", now).await, Some(Ok(vec![address])));
        assert_eq!(cache.get("b.example.com", now).await, Some(Err(ResolveError::NoAddress)));
        assert_eq!(cache.get("c.example.com", now).await, None);
        let later = now + MAX_NEGATIVE_TTL;
        assert_eq!(cache.get("b.example.com", later).await, None);
        assert_eq!(cache.get("a.example.com", later).await, Some(Ok(vec![address])));
        assert_eq!(cache.get("a.example.com", now + HOUR).await, None);
    }
}
