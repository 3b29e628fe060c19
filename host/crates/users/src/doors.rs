//! How often somebody may try to get in, by client address and by e-mail address. It keeps no address, only how often a
//! bucket of them was used: its memory is bounded whoever asks.

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
use crate::AccountSettings;

/// Addresses are spread over so many buckets, by a hash that nobody outside can foresee. Two that share one share its
/// allowance, which happens to one in 65,536.
const BUCKETS: u64 = 1 << 16;
/// The network part of an IPv6 address: whoever has one address of such a network mostly has all (RFC 6177).
const NETWORK_BITS: u32 = 64;

type Limiter<C> = RateLimiter<u64, HashMapStateStore<u64>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Too many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts: try again in {} s", retry_after.as_secs() + 1)]
pub struct TooOften {
    pub retry_after: Duration,
}

/// The limits on attempts.
pub struct Doors<C: Clock = DefaultClock> {
    hash: RandomState,
    by_address: Limiter<C>,
    by_email: Limiter<C>,
}

impl Doors {
    pub fn new(settings: &AccountSettings) -> Self {
        Self::with_clock(settings, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Doors<C> {
    fn with_clock(settings: &AccountSettings, clock: C) -> Self {
        let limiter = |attempts: NonZeroU32| {
            RateLimiter::new(Quota::per_minute(attempts), HashMapStateStore::default(), clock.clone())
        };
        Self {
            hash: RandomState::new(),
            by_address: limiter(settings.attempts_per_address),
            by_email: limiter(settings.attempts_per_email),
        }
    }

    /// Counts an attempt from a client's address.
    ///
    /// # Errors
    /// [`TooOften`].
    pub fn knock(&self, address: IpAddr) -> Result<(), TooOften> {
        self.count(&self.by_address, network(address))
    }

    /// Counts an attempt at an e-mail address.
    ///
    /// # Errors
    /// [`TooOften`].
    pub fn name(&self, email: &EmailAddress) -> Result<(), TooOften> {
        self.count(&self.by_email, email)
    }

    /// The same for attempts at an account that may not be there yet: whoever registers a person's address keeps nobody
    /// from logging in.
    ///
    /// # Errors
    /// [`TooOften`].
    pub fn new_name(&self, email: &EmailAddress) -> Result<(), TooOften> {
        self.count(&self.by_email, ("new", email))
    }

    /// Forgets who has not tried of late.
    pub fn tend(&self) {
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

fn network(address: IpAddr) -> IpAddr {
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

    use super::{BUCKETS, Doors};
    use crate::AccountSettings;

    fn doors(attempts: u32) -> (Doors<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let attempts = NonZeroU32::new(attempts).unwrap();
        let settings = AccountSettings { attempts_per_address: attempts, attempts_per_email: attempts };
        (Doors::with_clock(&settings, clock.clone()), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn attempts_come_back_with_time() {
        let (doors, clock) = doors(4);
        for _ in 0..4 {
            doors.knock(ip("192.0.2.1")).unwrap();
        }
        let refused = doors.knock(ip("192.0.2.1")).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_secs(15));
        assert!(refused.to_string().ends_with("16 s"), "{refused}");
        assert!(doors.knock(ip("192.0.2.2")).is_ok(), "others go on");
        clock.advance(refused.retry_after);
        assert!(doors.knock(ip("192.0.2.1")).is_ok());
        assert!(doors.knock(ip("192.0.2.1")).is_err());
    }

    #[test]
    fn a_network_counts_as_one_however_it_is_written() {
        let (doors, _) = doors(1);
        doors.knock(ip("2001:db8::1")).unwrap();
        assert!(doors.knock(ip("2001:db8::ffff:1")).is_err());
        assert!(doors.knock(ip("2001:db8:0:1::1")).is_ok());
        doors.knock(ip("::ffff:192.0.2.1")).unwrap();
        assert!(doors.knock(ip("192.0.2.1")).is_err());
    }

    #[test]
    fn an_address_is_one_name_in_any_case_and_no_client() {
        let (doors, _) = doors(1);
        doors.name(&"ann@example.com".parse().unwrap()).unwrap();
        assert!(doors.name(&"Ann@Example.com".parse().unwrap()).is_err());
        assert!(doors.knock(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        let (doors, clock) = doors(1);
        for address in 0..200_000 {
            // Whether it is refused is of no interest.
            let _ = doors.knock(IpAddr::from(std::net::Ipv4Addr::from_bits(address)));
        }
        assert!(u64::try_from(doors.by_address.len()).unwrap() <= BUCKETS);
        doors.tend();
        assert!(!doors.by_address.is_empty(), "who tried just now is remembered");
        // The allowance is whole again after one minute, and who has all of it is forgotten after one more.
        clock.advance(Duration::from_secs(121));
        doors.tend();
        assert!(doors.by_address.is_empty());
    }
}
