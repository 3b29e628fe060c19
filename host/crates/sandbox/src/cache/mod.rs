//! Compiled code on disk: whole components as images that a start maps instead of compiling, and single functions, which
//! make the second compile of almost the same component cheap. All of it can be removed at any time and costs a compile.
//!
//! What lies here is run by the host. So the folders are the host's own and closed to others, a file never changes after
//! it got its name, and nothing is handed out unless its checksum is the one that was noted when it was written. The
//! checksums find damage, not forgery: whoever can write here can run code as the host anyway. Nothing here compiles,
//! maps or runs anything, and nothing waits for the disk to have written: after a power cut a file may be cut as well,
//! which its checksum shows.
//!
//! Everything blocks, on disk or on hashing: call it off the async threads.

mod artifacts;
mod folder;
mod functions;
mod pack;

#[cfg(test)]
mod tests;

use std::{fs::File, os::fd::BorrowedFd};

use cap_std::fs::Dir;

pub use artifacts::{ArtifactCache, ArtifactKey};
pub use folder::CacheError;
pub use functions::FunctionCache;

use folder::CacheFolder;

/// The folder within the data folder.
const CACHE_FOLDER: &str = "cache";
const ARTIFACTS_FOLDER: &str = "artifacts";
const FUNCTIONS_FOLDER: &str = "functions";

/// Both caches, in one folder.
#[derive(Debug)]
pub struct CodeCache {
    pub artifacts: ArtifactCache,
    pub functions: FunctionFolder,
}

/// Where the functions lie. Only the process that compiles opens the cache in it, because its index takes memory.
#[derive(Debug)]
pub struct FunctionFolder {
    folder: CacheFolder,
    limit_bytes: u64,
}

impl CodeCache {
    /// Opens the cache of a data folder, and makes it where it is missing. Each half may take half of `limit_bytes`.
    ///
    /// # Errors
    /// See [`CacheError`]. What is damaged is no error: it is removed with a warning.
    pub fn open(data: &Dir, limit_bytes: u64) -> Result<Self, CacheError> {
        let folder = CacheFolder::open(data, CACHE_FOLDER)?;
        let half = limit_bytes / 2;
        let artifacts = ArtifactCache::open(folder.folder(ARTIFACTS_FOLDER)?, half)?;
        let functions = FunctionFolder { folder: folder.folder(FUNCTIONS_FOLDER)?, limit_bytes: half };
        Ok(Self { artifacts, functions })
    }
}

impl FunctionFolder {
    /// The folder that another process has handed to this one as its working directory.
    pub(super) fn working_directory(limit_bytes: u64) -> Result<Self, CacheError> {
        let path = format!("{CACHE_FOLDER}/{FUNCTIONS_FOLDER}");
        let folder =
            File::open(".").map_err(|source| CacheError::Access { path: path.clone(), what: "opened", source })?;
        Ok(Self { folder: CacheFolder::inherited(folder, path)?, limit_bytes })
    }

    /// Opens the cache, and reads its index.
    pub(super) fn open(self) -> Result<FunctionCache, CacheError> {
        FunctionCache::open(self.folder, self.limit_bytes)
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }

    /// What the files in it may take together.
    pub(super) fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }
}
