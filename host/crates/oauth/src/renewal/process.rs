//! Tells processes on one data folder apart, and which of them are gone: each holds a lock on a file of its own for as
//! long as it lives, and the system lets go of it however the process ends. Nothing is written into these files.

use std::{
    fs::File,
    io::{self, ErrorKind},
    sync::Arc,
};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt};
use uuid::Uuid;

/// The folder of the locks, in the data folder.
const FOLDER: &str = "processes";
/// A file that is not locked yet has this at the end of its name, and nobody takes it for a process that is gone.
const UNLOCKED: &str = ".new";

/// This process among those that share the data folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ProcessMark(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: Dir,
    name: String,
    /// Locked until it is closed.
    _lock: File,
}

impl ProcessMark {
    /// Enters this process, and clears away what processes that are gone have left.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn enter(data: &Dir) -> io::Result<Self> {
        data.create_dir_all(FOLDER)?;
        let folder = data.open_dir(FOLDER)?;
        for entry in folder.entries()? {
            let name = entry?.file_name();
            // Any file that is not ours to remove is left to whoever put it there.
            if let Some(name) = name.to_str().filter(|name| Uuid::try_parse(name).is_ok()) {
                remove_if_gone(&folder, name);
            }
        }
        let name = Uuid::now_v7().to_string();
        let unlocked = format!("{name}{UNLOCKED}");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let lock = folder.open_with(&unlocked, &options)?.into_std();
        lock.lock()?;
        // Only a name that is locked is looked at by others.
        folder.rename(&unlocked, &folder, &name)?;
        Ok(Self(Arc::new(Inner { folder, name, _lock: lock })))
    }

    /// Whether any process is at work on a data folder.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn any(data: &Dir) -> io::Result<bool> {
        let folder = match data.open_dir(FOLDER) {
            Ok(folder) => folder,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        for entry in folder.entries()? {
            let name = entry?.file_name();
            let is_process = name.to_str().filter(|name| Uuid::try_parse(name).is_ok());
            if is_process.is_some_and(|name| !remove_if_gone(&folder, name)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether the process of this name is over. When in doubt, it is not.
    pub fn is_gone(&self, name: &str) -> bool {
        name != self.0.name && Uuid::try_parse(name).is_ok() && remove_if_gone(&self.0.folder, name)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Left behind, it would be taken for one of a process that is gone, and that is right.
        let _ = self.folder.remove_file(&self.name);
    }
}

fn remove_if_gone(folder: &Dir, name: &str) -> bool {
    let file = match folder.open(name) {
        Ok(file) => file.into_std(),
        Err(error) => return error.kind() == ErrorKind::NotFound,
    };
    let gone = file.try_lock().is_ok();
    if gone {
        // Another process may have been faster.
        let _ = folder.remove_file(name);
    }
    gone
}

#[cfg(test)]
mod tests {
    use cap_std::{ambient_authority, fs::Dir};

    use super::{FOLDER, ProcessMark};

    fn folder() -> (Dir, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap(), folder)
    }

    #[test]
    fn a_process_is_there_until_it_ends() {
        let (data, _guard) = folder();
        let (one, two) = (ProcessMark::enter(&data).unwrap(), ProcessMark::enter(&data).unwrap());
        assert!(!one.is_gone(two.name()) && !two.is_gone(one.name()) && !one.is_gone(one.name()));
        let name = two.name().to_owned();
        drop(two);
        assert!(one.is_gone(&name));
        assert!(ProcessMark::any(&data).unwrap());
        drop(one);
        assert!(!ProcessMark::any(&data).unwrap());
        let one = ProcessMark::enter(&data).unwrap();
        assert!(!one.is_gone(one.name()));
        assert_eq!(data.read_dir(FOLDER).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_nobody_locks_is_of_a_process_that_is_gone() {
        let (data, _guard) = folder();
        let one = ProcessMark::enter(&data).unwrap();
        // As after a kill.
        let left = uuid::Uuid::now_v7().to_string();
        data.write(format!("{FOLDER}/{left}"), "").unwrap();
        assert!(one.is_gone(&left));
        data.write(format!("{FOLDER}/{left}"), "").unwrap();
        let two = ProcessMark::enter(&data).unwrap();
        assert!(!data.exists(format!("{FOLDER}/{left}")), "the next process clears it away");
        assert!(!two.is_gone(one.name()));
    }

    #[test]
    fn a_name_that_is_none_is_of_nobody_who_is_gone() {
        let (data, _guard) = folder();
        let one = ProcessMark::enter(&data).unwrap();
        data.write("outside", "").unwrap();
        for name in ["", "..", "../outside", "nonsense", "."] {
            assert!(!one.is_gone(name), "{name:?}");
        }
        assert!(data.exists("outside"));
    }
}
