//! Whether a worker's process lives: each holds a lock on a file of its own, which the system releases when the process dies,
//! however it dies. A lease alone would say so too, but only when it ends.

use std::{fs::File, io};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};

use crate::WorkerId;

/// Files of workers, in the data folder.
const FOLDER: &str = "workers";

/// The lock of a worker.
#[derive(Debug)]
pub struct Liveness {
    folder: Dir,
    worker: WorkerId,
    _lock: File,
}

impl Liveness {
    /// A new worker, whose lock is held from now on.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn begin(data: &Dir) -> io::Result<Self> {
        data.create_dir_all(FOLDER)?;
        let folder = data.open_dir(FOLDER)?;
        let worker = WorkerId::generate();
        let lock = open(&folder, &worker, true)?;
        lock.lock()?;
        Ok(Self { folder, worker, _lock: lock })
    }

    pub fn worker(&self) -> &WorkerId {
        &self.worker
    }

    /// Whether nobody holds a worker's lock. Its file is deleted then.
    pub(crate) fn is_dead(&self, worker: &WorkerId) -> bool {
        if *worker == self.worker {
            return false;
        }
        match open(&self.folder, worker, false) {
            Ok(file) => {
                let is_dead = file.try_lock().is_ok();
                if is_dead {
                    let _ = self.folder.remove_file(worker.as_str());
                }
                is_dead
            }
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }
}

impl Drop for Liveness {
    fn drop(&mut self) {
        let _ = self.folder.remove_file(self.worker.as_str());
    }
}

fn open(folder: &Dir, worker: &WorkerId, create: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create).mode(0o600);
    Ok(folder.open_with(worker.as_str(), &options)?.into_std())
}
