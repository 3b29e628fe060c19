//! Rate limits for sign-in and registration, per client address and per e-mail address. It stores no address, only counts of
//! buckets of them: its memory is bounded whatever clients do.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

use super::email::EmailAddress;
use crate::UserSettings;

/// Addresses are spread over this many buckets by a hash that clients cannot predict. Two addresses of one bucket share its
/// limit, which happens to one in 65,536.
const BUCKETS: u64 = 1 << 16;
/// The network part of an IPv6 address: a client that has one address of it usually has all (RFC 6177).
const NETWORK_BITS: u32 = 64;

type Limiter<C> = RateLimiter<u64, HashMapStateStore<u64>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts: try again in {} seconds", retry_after.as_secs() + 1)]
pub struct TooOften {
    pub retry_after: Duration,
}

/// Limits attempts to sign in and to register.
pub struct AttemptLimiter<C: Clock = DefaultClock> {
    hash: RandomState,
    by_address: Limiter<C>,
    by_email: Limiter<C>,
}

impl AttemptLimiter {
    pub fn new(settings: &UserSettings) -> Self {
        Self::with_clock(settings, DefaultClock::default())
    }
}

impl<C: Clock + Clone> AttemptLimiter<C> {
    fn with_clock(settings: &UserSettings, clock: C) -> Self {
        let rate = |attempts: NonZeroU32| {
            RateLimiter::new(Quota::per_minute(attempts), HashMapStateStore::default(), clock.clone())
        };
        Self {
            hash: RandomState::new(),
            by_address: rate(settings.attempts_per_address),
            by_email: rate(settings.attempts_per_email),
        }
    }

    /// Counts an attempt from a client address.
    ///
    /// # Errors
    /// [`TooOften`].
    pub fn count_client(&self, address: IpAddr) -> Result<(), TooOften> {
        self.count(&self.by_address, client_network(address))
    }

    /// Counts an attempt to sign in with an e-mail address.
    ///
    /// # Errors
    /// [`TooOften`].
    pub fn count_sign_in(&self, email: &EmailAddress) -> Result<(), TooOften> {
        self.count(&self.by_email, email)
    }

    /// Counts an attempt to register an e-mail address, apart from attempts to sign in: registering a person's address must
    /// not lock that person out.
    ///
    /// # Errors
    /// [`TooOften`].
    pub fn count_registration(&self, email: &EmailAddress) -> Result<(), TooOften> {
        self.count(&self.by_email, ("new", email))
    }

    /// Drops the buckets without recent attempts.
    pub fn run_maintenance(&self) {
        for limiter in [&self.by_address, &self.by_email] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }

    fn count(&self, limiter: &Limiter<C>, who: impl Hash) -> Result<(), TooOften> {
        let bucket = self.hash.hash_one(who) % BUCKETS;
        limiter
            .check_key(&bucket)
            .map_err(|refused| TooOften { retry_after: refused.wait_time_from(limiter.clock().now()) })
    }
}

/// The address that stands for a client: an IPv4 address, or the network of an IPv6 address.
pub fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mask = u128::MAX << (Ipv6Addr::BITS - NETWORK_BITS);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, num::NonZeroU32, time::Duration};

    use governor::clock::FakeRelativeClock;

    use super::{AttemptLimiter, BUCKETS};
    use crate::UserSettings;

    fn limiter(attempts: u32) -> (AttemptLimiter<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let attempts = NonZeroU32::new(attempts).unwrap();
        let settings = UserSettings { attempts_per_address: attempts, attempts_per_email: attempts };
        (AttemptLimiter::with_clock(&settings, clock.clone()), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn attempts_come_back_with_time() {
        let (limiter, clock) = limiter(4);
        for _ in 0..4 {
            limiter.count_client(ip("192.0.2.1")).unwrap();
        }
        let refused = limiter.count_client(ip("192.0.2.1")).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_secs(15));
        assert!(refused.to_string().ends_with("16 seconds"), "{refused}");
        assert!(limiter.count_client(ip("192.0.2.2")).is_ok(), "other clients are not affected");
        clock.advance(refused.retry_after);
        assert!(limiter.count_client(ip("192.0.2.1")).is_ok());
        assert!(limiter.count_client(ip("192.0.2.1")).is_err());
    }

    #[test]
    fn a_network_counts_as_one_in_any_spelling() {
        let (limiter, _) = limiter(1);
        limiter.count_client(ip("2001:db8::1")).unwrap();
        assert!(limiter.count_client(ip("2001:db8::ffff:1")).is_err());
        assert!(limiter.count_client(ip("2001:db8:0:1::1")).is_ok());
        limiter.count_client(ip("::ffff:192.0.2.1")).unwrap();
        assert!(limiter.count_client(ip("192.0.2.1")).is_err());
    }

    #[test]
    fn an_e_mail_address_counts_as_one_in_any_case() {
        let (limiter, _) = limiter(1);
        limiter.count_sign_in(&"ann@example.com".parse().unwrap()).unwrap();
        assert!(limiter.count_sign_in(&"Ann@Example.com".parse().unwrap()).is_err());
        assert!(limiter.count_client(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_released() {
        let (limiter, clock) = limiter(1);
        for address in 0..200_000 {
            // Only the memory matters, not whether it is refused.
            let _ = limiter.count_client(IpAddr::from(std::net::Ipv4Addr::from_bits(address)));
        }
        assert!(u64::try_from(limiter.by_address.len()).unwrap() <= BUCKETS);
        limiter.run_maintenance();
        assert!(!limiter.by_address.is_empty(), "recent attempts are remembered");
        // A bucket is full again after one minute, and dropped after one more.
        clock.advance(Duration::from_secs(121));
        limiter.run_maintenance();
        assert!(limiter.by_address.is_empty());
    }
}
