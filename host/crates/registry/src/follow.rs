//! Decides what to do about a file that has changed. A file that is still being written is no error: it is read again
//! until it can be loaded or has stopped changing.

use std::{collections::BTreeMap, io, time::SystemTime};

use cap_std::fs::MetadataExt;
use tokio::time::{Duration, Instant};
use workway_model::FileName;
use workway_model::IntegrationId;
use workway_sandbox::LoadError;

use super::{ActionRegistry, Activated, ActivationError};

/// How long a file that cannot be loaded, or is not there, has to stay as it is before that counts. Those who write in
/// pieces, or delete and create again, pause for less.
const STILL: Duration = Duration::from_millis(150);

/// Files that could not be loaded yet, each with the time of its next check.
#[derive(Default)]
pub struct RecheckQueue(BTreeMap<FileName, Recheck>);

/// The state in which a file was seen, and when it is checked again.
struct Recheck {
    /// `None` for a file that is not there.
    seen: Option<Stamp>,
    due: Instant,
}

/// Tells one state of a file from another without reading it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    length: u64,
    modified: Option<SystemTime>,
}

impl RecheckQueue {
    /// Returns when the next file is due.
    pub fn due(&self) -> Option<Instant> {
        self.0.values().map(|recheck| recheck.due).min()
    }

    /// Returns the files that are due.
    pub fn take_due(&self) -> Vec<FileName> {
        let now = Instant::now();
        self.0.iter().filter(|(_, recheck)| recheck.due <= now).map(|(file, _)| file.clone()).collect()
    }
}

impl ActionRegistry {
    /// Looks at a file that may have changed: loads it, or takes out what it held if it is gone.
    pub async fn look_at(&self, file: FileName, rechecks: &mut RecheckQueue) {
        let _writer = self.0.writer.lock().await;
        let before = rechecks.0.remove(&file);
        let Ok(stamp) = self.stamp(&file).await else {
            // Not gone, but out of reach: what the attempt says of it is what there is to say.
            let result = self.attempt(&file).await;
            drop(self.record_outcome(file, result));
            return;
        };
        let now = Instant::now();
        match (stamp, before) {
            // Nothing is different, and it has not been so for long.
            (stamp, Some(recheck)) if stamp == recheck.seen && now < recheck.due => {
                rechecks.0.insert(file, recheck);
                return;
            }
            (None, Some(Recheck { seen: None, .. })) => self.file_is_gone(&file),
            (None, _) => drop(rechecks.0.insert(file, Recheck { seen: None, due: now + STILL })),
            (Some(stamp), before) => match self.attempt(&file).await {
                Err(error) if error.may_pass() && before.is_none_or(|recheck| recheck.seen != Some(stamp)) => {
                    let recheck = Recheck { seen: Some(stamp), due: Instant::now() + STILL };
                    rechecks.0.insert(file, recheck);
                }
                // Kept in the snapshot and told to those who follow: nobody waits for an answer here.
                result => drop(self.record_outcome(file, result)),
            },
        }
        self.load_freed().await;
    }

    /// All files that may have to be looked at when nobody knows which have changed.
    pub fn all_files(&self) -> io::Result<Vec<FileName>> {
        let snapshot = self.snapshot();
        let mut files = self.files()?;
        files.extend(snapshot.integrations.values().map(|entry| entry.file.clone()));
        files.extend(snapshot.failures.keys().cloned());
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// `None` for a file that is not there.
    async fn stamp(&self, file: &FileName) -> io::Result<Option<Stamp>> {
        let (plugins, file) = (self.0.services.plugins.clone(), file.clone());
        let look = tokio::task::spawn_blocking(move || {
            let metadata = match plugins.metadata(file.as_str()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                metadata => metadata?,
            };
            let modified = metadata.modified().ok().map(cap_std::time::SystemTime::into_std);
            Ok(Some(Stamp { file: (metadata.dev(), metadata.ino()), length: metadata.len(), modified }))
        });
        look.await.map_err(io::Error::other)?
    }

    fn file_is_gone(&self, file: &FileName) {
        let snapshot = self.snapshot();
        let held: Vec<&IntegrationId> =
            snapshot.integrations.iter().filter(|(_, entry)| entry.file == *file).map(|(id, _)| id).collect();
        for id in held {
            // It was there a moment ago, and the writer's lock is held.
            let _ = self.take_out(id);
        }
        self.forget_failure(file);
    }

    /// Loads the files whose id another one held that has given it up.
    async fn load_freed(&self) {
        let snapshot = self.snapshot();
        let of_entries =
            snapshot.integrations.values().filter_map(|entry| Some((&entry.file, entry.last_error.as_ref()?)));
        for (file, failure) in snapshot.failures.iter().chain(of_entries) {
            let free = |id: &IntegrationId| !snapshot.integrations.contains_key(id);
            if failure.blocked_by.as_ref().is_some_and(free) {
                let result = self.attempt(file).await;
                let _: Result<Activated, ActivationError> = self.record_outcome(file.clone(), result);
            }
        }
    }
}

impl ActivationError {
    /// Whether a file that is still being written could have given this, or one that takes another's place right now.
    fn may_pass(&self) -> bool {
        match self {
            Self::Unreadable(_) | Self::NotAFile | Self::Describe(_) | Self::Definition(_) | Self::Duplicate { .. } => {
                true
            }
            Self::Load(error) => matches!(error, LoadError::Refused(_) | LoadError::Unusable(_)),
            Self::TooLarge | Self::Grant(_) => false,
        }
    }
}
