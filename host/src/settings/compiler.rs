//! How components become machine code, and how much of that is kept on disk.

use serde::Deserialize;

use super::{Mode, limits::within};

const LEAST_CACHE_BYTES: u64 = 1 << 20;
const MOST_CACHE_BYTES: u64 = 1 << 40;

/// What translates components. `docs/benchmarks.md` has the table that the choice was made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compiler {
    /// One pass over the code: a quarter of Cranelift's time, for slower code. For the edit loop.
    Winch,
    /// Optimises. What it made of each function is kept, for the next component that has the same one.
    Cranelift,
}

impl Compiler {
    pub(super) fn of_mode(mode: Mode) -> Self {
        // Elsewhere Winch does not know all that components are made of.
        match mode {
            Mode::Development if cfg!(target_arch = "x86_64") => Self::Winch,
            _ => Self::Cranelift,
        }
    }
}

/// What compiled code may take of the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CacheSettings {
    /// All of it together; what was not used for longest goes first. Default: 1 GiB.
    pub bytes: u64,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { bytes: 1 << 30 }
    }
}

impl CacheSettings {
    pub(super) fn check(self) -> Result<(), String> {
        within("bytes", self.bytes, LEAST_CACHE_BYTES, MOST_CACHE_BYTES)
    }
}
