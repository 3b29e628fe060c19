//! `workway doctor`: looks for runs and schedules that nothing drives, with or without running hosts.

use std::{
    io,
    path::{Path, PathBuf},
};

use cap_std::{ambient_authority, fs::Dir};
use workway_model::Timestamp;
use workway_run_db::{DatabaseError, RUNS_FILE, RunDatabase};
use workway_runs::{RunStore, RunStoreError};

/// Why the runs were not examined.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    #[error("data folder {}: {source}: pass the data folder of a host with --data", path.display())]
    Data { path: PathBuf, source: io::Error },
    #[error("data folder {}: it has no {RUNS_FILE}, so there are no runs: pass the data folder of a host with --data", path.display())]
    NoRuns { path: PathBuf },
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

/// What nothing drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Examination {
    /// Schedules that are not paused and have no next time.
    pub schedules_without_next: u64,
    /// Leases of workers that are past their end. A running host takes such runs over within seconds.
    pub expired_leases: u64,
}

impl Examination {
    pub fn is_healthy(&self) -> bool {
        self.schedules_without_next == 0 && self.expired_leases == 0
    }
}

/// Examines the runs of a data folder.
///
/// # Errors
/// See [`DoctorError`].
pub async fn examine(path: &Path) -> Result<Examination, DoctorError> {
    let data = Dir::open_ambient_dir(path, ambient_authority())
        .map_err(|source| DoctorError::Data { path: path.to_owned(), source })?;
    if !data.exists(RUNS_FILE) {
        return Err(DoctorError::NoRuns { path: path.to_owned() });
    }
    let runs = RunDatabase::open(&data, path).await?;
    let counts = runs.counts(Timestamp::now()).await;
    runs.close().await;
    let counts = counts?;
    Ok(Examination { schedules_without_next: counts.schedules_without_next, expired_leases: counts.expired_leases })
}
