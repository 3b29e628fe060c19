//! Settings of calls and of compiling: limits, the compiler and its cache.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use workway_model::{Mode, check_range};

use crate::CompileWorker;

/// What a setting may be at most: beyond it the runtime's own arithmetic would no longer hold.
const MOST_MEMORY_BYTES: u64 = 4 << 30;
const MOST_MILLISECONDS: u64 = 3_600_000;
const MOST_BODY_BYTES: u64 = 1 << 30;
const LEAST_CACHE_BYTES: u64 = 1 << 20;
const MOST_CACHE_BYTES: u64 = 1 << 40;

/// The bounds of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallLimits {
    /// All linear memories of a call together. Default: 128 MiB.
    pub memory_bytes: u64,
    /// Time spent in guest code. Default: 10 s.
    pub cpu_ms: u64,
    /// Time from admission to answer, host calls included. Default: 30 s.
    pub wall_ms: u64,
    /// An input, an output, a request body or a response body, each. Default: 10 MiB.
    pub body_bytes: u64,
    /// What a call may write to its log, standard output and standard error together. Default: 64 KiB.
    pub log_bytes: u64,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { memory_bytes: 128 << 20, cpu_ms: 10_000, wall_ms: 30_000, body_bytes: 10 << 20, log_bytes: 64 << 10 }
    }
}

impl CallLimits {
    pub fn cpu(&self) -> Duration {
        Duration::from_millis(self.cpu_ms)
    }

    pub fn wall(&self) -> Duration {
        Duration::from_millis(self.wall_ms)
    }

    /// Checks every number against its bounds.
    ///
    /// # Errors
    /// The setting that is out of range, in words.
    pub fn check(self) -> Result<(), String> {
        let bounds = [
            ("memory_bytes", self.memory_bytes, 1 << 20, MOST_MEMORY_BYTES),
            ("cpu_ms", self.cpu_ms, 1, MOST_MILLISECONDS),
            ("wall_ms", self.wall_ms, 1, MOST_MILLISECONDS),
            ("body_bytes", self.body_bytes, 1, MOST_BODY_BYTES),
            ("log_bytes", self.log_bytes, 0, MOST_BODY_BYTES),
        ];
        bounds.into_iter().try_for_each(|(name, value, least, most)| check_range(name, value, least, most))
    }
}

/// The limits of one integration that differ from the general ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitOverrides {
    pub memory_bytes: Option<u64>,
    pub cpu_ms: Option<u64>,
    pub wall_ms: Option<u64>,
    pub body_bytes: Option<u64>,
    pub log_bytes: Option<u64>,
}

impl LimitOverrides {
    /// The general limits with these in the place of those that they name.
    pub fn over(self, general: CallLimits) -> CallLimits {
        CallLimits {
            memory_bytes: self.memory_bytes.unwrap_or(general.memory_bytes),
            cpu_ms: self.cpu_ms.unwrap_or(general.cpu_ms),
            wall_ms: self.wall_ms.unwrap_or(general.wall_ms),
            body_bytes: self.body_bytes.unwrap_or(general.body_bytes),
            log_bytes: self.log_bytes.unwrap_or(general.log_bytes),
        }
    }
}

/// What translates components. `docs/benchmarks.md` has the table that the choice was made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compiler {
    /// One pass over the code: a quarter of Cranelift's time, for slower code. For the edit loop.
    Winch,
    /// Optimises. What it made of each function is kept, for the next component that has the same one.
    Cranelift,
}

impl Compiler {
    /// The compiler that a mode takes unless the operator names one.
    pub fn of_mode(mode: Mode) -> Self {
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
    /// Checks every number against its bounds.
    ///
    /// # Errors
    /// The setting that is out of range, in words.
    pub fn check(self) -> Result<(), String> {
        check_range("bytes", self.bytes, LEAST_CACHE_BYTES, MOST_CACHE_BYTES)
    }
}

/// How components are compiled, and what the engine reserves when it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxSettings {
    pub compiler: Compiler,
    /// Compiles components, with limits, in a process that is killed at them. Without it they are compiled in this
    /// process, where nothing stops the compiler: only for files that the operator trusts.
    pub worker: Option<CompileWorker>,
    /// The most calls that run at once.
    pub calls: u32,
    /// The largest memory that any call may use, in bytes.
    pub memory_bytes: u64,
}
