//! How much one call may use, and how many may run.

use std::time::Duration;

use serde::Deserialize;

/// What a setting may be at most: beyond it the runtime's own arithmetic would no longer hold.
const MOST_MEMORY_BYTES: u64 = 4 << 30;
const MOST_MILLISECONDS: u64 = 3_600_000;
const MOST_BODY_BYTES: u64 = 1 << 30;
const MOST_CALLS: u32 = 2_000;

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

    pub(super) fn check(self) -> Result<(), String> {
        let bounds = [
            ("memory_bytes", self.memory_bytes, 1 << 20, MOST_MEMORY_BYTES),
            ("cpu_ms", self.cpu_ms, 1, MOST_MILLISECONDS),
            ("wall_ms", self.wall_ms, 1, MOST_MILLISECONDS),
            ("body_bytes", self.body_bytes, 1, MOST_BODY_BYTES),
            ("log_bytes", self.log_bytes, 0, MOST_BODY_BYTES),
        ];
        bounds.into_iter().try_for_each(|(name, value, least, most)| within(name, value, least, most))
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
    pub(super) fn over(self, general: CallLimits) -> CallLimits {
        CallLimits {
            memory_bytes: self.memory_bytes.unwrap_or(general.memory_bytes),
            cpu_ms: self.cpu_ms.unwrap_or(general.cpu_ms),
            wall_ms: self.wall_ms.unwrap_or(general.wall_ms),
            body_bytes: self.body_bytes.unwrap_or(general.body_bytes),
            log_bytes: self.log_bytes.unwrap_or(general.log_bytes),
        }
    }
}

/// How many calls run at once; one more is told to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdmissionSettings {
    /// In the whole host. Default: 256.
    pub calls: u32,
    /// Of one integration, so that a slow one leaves room for the others. Default: 128.
    pub calls_per_integration: u32,
}

impl Default for AdmissionSettings {
    fn default() -> Self {
        Self { calls: 256, calls_per_integration: 128 }
    }
}

impl AdmissionSettings {
    pub(super) fn check(self) -> Result<(), String> {
        within("calls", self.calls, 1, MOST_CALLS)?;
        within("calls_per_integration", self.calls_per_integration, 1, MOST_CALLS)
    }
}

pub(super) fn within<T: PartialOrd + std::fmt::Display>(name: &str, value: T, least: T, most: T) -> Result<(), String> {
    if value < least || value > most {
        return Err(format!("{name} is {value}, possible are {least} to {most}"));
    }
    Ok(())
}
