//! Settings of the marketplace.

use serde::Deserialize;
use workway_model::check_range;

const MOST_CACHE_BYTES: u64 = 1 << 34;

/// What operators decide of the marketplace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MarketplaceSettings {
    /// About what lists and workflows take that are kept in memory for up to five minutes; 0 keeps none. Default: 64 MiB.
    pub cache_bytes: u64,
}

impl Default for MarketplaceSettings {
    fn default() -> Self {
        Self { cache_bytes: 64 << 20 }
    }
}

impl MarketplaceSettings {
    /// Checks every number against its bounds.
    ///
    /// # Errors
    /// The setting that is out of range, in words.
    pub fn check(self) -> Result<(), String> {
        check_range("cache_bytes", self.cache_bytes, 0, MOST_CACHE_BYTES)
    }
}
