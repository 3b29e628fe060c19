//! Whether a folder's path still leads to the folder that is watched. No event says so in every case: one that is
//! removed while somebody has it open, as this host has, goes without a word, and so does one that is unmounted or that
//! something is mounted over.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::Instant;

/// How often the path is looked up, in seconds. It costs microseconds, and whoever removes the folder has time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A folder as it was found. No other has the same device and number as long as it is there.
pub(super) struct Folder {
    path: PathBuf,
    identity: (u64, u64),
    next_look: Instant,
}

impl Folder {
    /// # Errors
    /// There is no such folder, or it cannot be looked up.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        // Links stay in it: one that leads elsewhere one day is noticed.
        let path = std::path::absolute(path)?;
        Ok(Self { path, identity: identity(&metadata), next_look: Instant::now() + LOOK_EVERY })
    }

    /// Waits until the path no longer leads to the folder. A caller that stops waiting loses nothing.
    pub(super) async fn gone(&mut self) {
        loop {
            tokio::time::sleep_until(self.next_look).await;
            let found = tokio::fs::metadata(&self.path).await;
            self.next_look = Instant::now() + LOOK_EVERY;
            match found {
                Ok(metadata) if identity(&metadata) == self.identity => {}
                // What keeps anybody from looking may pass.
                Err(error) if !is_absent(&error) => {}
                _ => return,
            }
        }
    }
}

/// Whether the error says that there is no such folder.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
