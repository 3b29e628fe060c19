//! Rate limits for registration and sign-in.

use std::num::NonZeroU32;

use serde::Deserialize;
use workway_model::check_range;

/// More a minute is no limit any more.
const MOST_ATTEMPTS: u32 = 1_000_000;

/// Attempts to register or log in, a minute. As many may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserSettings {
    /// From one client: an IPv4 address, or an IPv6 network of 64 bits. Clients of a proxy that the host does not
    /// trust are one. Default: 10.
    pub attempts_per_address: NonZeroU32,
    /// At one e-mail address, from wherever they come. Default: 5.
    pub attempts_per_email: NonZeroU32,
}

impl Default for UserSettings {
    fn default() -> Self {
        let attempts = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        Self { attempts_per_address: attempts(10), attempts_per_email: attempts(5) }
    }
}

impl UserSettings {
    /// Checks every number against its bounds.
    ///
    /// # Errors
    /// The setting that is out of range, in words.
    pub fn check(self) -> Result<(), String> {
        check_range("attempts_per_address", self.attempts_per_address.get(), 1, MOST_ATTEMPTS)?;
        check_range("attempts_per_email", self.attempts_per_email.get(), 1, MOST_ATTEMPTS)
    }
}
