//! How many runs go on, and how long they are kept.

use std::time::Duration;

use serde::Deserialize;
use workway_model::check_range;

use crate::RunLimits;

/// The section `[runs]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunSettings {
    /// Runs of all users that are worked on at once. Those that wait for a time or an event do not count. Default: 256.
    pub running: u32,
    /// The same for one user. Default: 64.
    pub running_per_user: u32,
    /// Runs that wait for their turn, of the host and of one installation. Default: 100,000 and 10,000.
    pub queued: u32,
    pub queued_per_installation: u32,
    /// Steps that a run may execute, attempts included. Default: 10,000.
    pub steps: u32,
    /// Time that a run may be worked on, in seconds; waiting does not count. Default: 30 days.
    pub work_seconds: u64,
    /// Bytes of a run's history. Default: 64 MiB.
    pub history_bytes: u64,
    /// How long ended runs are kept, in days. Default: 30.
    pub kept_days: u32,
    /// Ended runs of an installation that are kept. Default: 10,000.
    pub kept_per_installation: u32,
    /// Bytes of all runs of the host. The oldest that have ended are deleted beyond them. Default: 10 GiB.
    pub kept_bytes: u64,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            running: 256,
            running_per_user: 64,
            queued: 100_000,
            queued_per_installation: 10_000,
            steps: 10_000,
            work_seconds: 30 * 86_400,
            history_bytes: 64 << 20,
            kept_days: 30,
            kept_per_installation: 10_000,
            kept_bytes: 10 << 30,
        }
    }
}

impl RunSettings {
    /// # Errors
    /// Names the setting that is out of its range.
    pub fn check(&self) -> Result<(), String> {
        check_range("running", self.running, 1, 10_000)?;
        check_range("running_per_user", self.running_per_user, 1, self.running)?;
        check_range("queued", self.queued, 1, 10_000_000)?;
        check_range("queued_per_installation", self.queued_per_installation, 1, self.queued)?;
        check_range("steps", self.steps, 1, 1_000_000)?;
        check_range("work_seconds", self.work_seconds, 1, 366 * 86_400)?;
        check_range("history_bytes", self.history_bytes, 1 << 20, 1 << 30)?;
        check_range("kept_days", self.kept_days, 1, 3_660)?;
        check_range("kept_per_installation", self.kept_per_installation, 1, 1_000_000)?;
        check_range("kept_bytes", self.kept_bytes, 64 << 20, 1 << 50)
    }

    pub(crate) fn limits(&self) -> RunLimits {
        RunLimits {
            running_per_user: self.running_per_user,
            running: self.running,
            queued_per_installation: self.queued_per_installation,
            queued: self.queued,
        }
    }

    pub(crate) fn work(&self) -> Duration {
        Duration::from_secs(self.work_seconds)
    }

    pub(crate) fn kept(&self) -> Duration {
        Duration::from_secs(u64::from(self.kept_days) * 86_400)
    }
}
