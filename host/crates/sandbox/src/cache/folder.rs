//! A folder that the host alone writes to, and files in it that are whole or not there: each is written under a temporary
//! name and renamed. Names are made by this module's users, never by strangers. It does not know what the files hold, and
//! never follows a link.

use std::{
    collections::BTreeMap,
    fmt::Display,
    fs::File,
    io::{self, BufWriter, ErrorKind, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::MetadataExt,
    },
    time::SystemTime,
};

use cap_std::fs::{Dir, DirBuilder, DirBuilderExt, OpenOptions, OpenOptionsExt};
use rustix::{
    fs::{Mode, OFlags, openat},
    io::Errno,
    process::geteuid,
};
use uuid::Uuid;

/// What a file is called until it is whole. One that a killed host left goes when the folder is opened next.
const TEMPORARY: &str = ".tmp-";
/// Group and others may not have this of what is run as code.
const OTHERS_WRITE: u32 = 0o022;
/// How much is gathered before it goes to the disk, in bytes.
const WRITE_BYTES: usize = 256 << 10;

/// Why a cache's folder is not used. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("`{path}` in the data folder is a link or a file, not a folder: remove it, and the host recreates it")]
    NotAFolder { path: String },
    #[error(
        "`{path}` in the data folder belongs to user {owner}, but this host runs as user {user} and would execute its \
         content: remove it, and the host recreates it"
    )]
    Foreign { path: String, owner: u32, user: u32 },
    #[error(
        "`{path}` in the data folder is writable by others (mode {mode:03o}), and the host executes its content: remove it, \
         and the host recreates it; or run chmod 700 on it if nobody else has written to it"
    )]
    Exposed { path: String, mode: u32 },
    #[error(
        "`{path}` in the data folder cannot be {what}: {source}: give the user that runs workway access to it, or remove it"
    )]
    Access { path: String, what: &'static str, source: io::Error },
}

/// An open folder; see the module.
#[derive(Debug)]
pub(super) struct CacheFolder {
    dir: Dir,
    /// From the data folder on, for those who read errors and logs.
    path: String,
}

/// The files of one stem, taken together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CacheEntry {
    pub(super) stem: String,
    pub(super) bytes: u64,
    pub(super) last_used: SystemTime,
}

impl CacheFolder {
    /// Opens the folder, for this user alone and without leftovers. It is made where it is missing.
    pub(super) fn open(parent: &Dir, name: &str) -> Result<Self, CacheError> {
        Self::open_in(parent, name, name.to_owned())
    }

    /// The same for a folder within this one.
    pub(super) fn folder(&self, name: &str) -> Result<Self, CacheError> {
        Self::open_in(&self.dir, name, format!("{}/{name}", self.path))
    }

    fn open_in(parent: &Dir, name: &str, path: String) -> Result<Self, CacheError> {
        let access = |what, source| CacheError::Access { path: path.clone(), what, source };
        match parent.create_dir_with(name, DirBuilder::new().mode(0o700)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(access("created", error)),
            _ => {}
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = match openat(parent, name, flags, Mode::empty()) {
            Ok(folder) => File::from(folder),
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(CacheError::NotAFolder { path }),
            Err(error) => return Err(access("opened", error.into())),
        };
        let folder = Self::checked(folder, path)?;
        folder.sweep().map_err(|error| folder.unlisted(error))?;
        Ok(folder)
    }

    /// A folder that another process has opened for this one. It keeps its leftovers: that process has removed them, and
    /// what looks like one now is being written by somebody.
    pub(super) fn inherited(folder: File, path: String) -> Result<Self, CacheError> {
        Self::checked(folder, path)
    }

    fn checked(folder: File, path: String) -> Result<Self, CacheError> {
        let access = |what, source| CacheError::Access { path: path.clone(), what, source };
        // Asked of the open folder, so that what is checked is what is used.
        let metadata = folder.metadata().map_err(|error| access("opened", error))?;
        let (owner, user, mode) = (metadata.uid(), geteuid().as_raw(), metadata.mode() & 0o777);
        if owner != user {
            return Err(CacheError::Foreign { path, owner, user });
        }
        if mode & OTHERS_WRITE != 0 {
            return Err(CacheError::Exposed { path, mode });
        }
        Ok(Self { dir: Dir::from_std_file(folder), path })
    }

    /// The folder itself, to hand it to another process.
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    /// That the folder's files cannot be listed, as a reason not to use it.
    pub(super) fn unlisted(&self, source: io::Error) -> CacheError {
        CacheError::Access { path: self.path.clone(), what: "listed", source }
    }

    /// Removes what a killed host left. A file that another host is writing at this moment goes too, and is not kept.
    fn sweep(&self) -> io::Result<()> {
        for (name, _) in self.list()? {
            if name.starts_with(TEMPORARY) {
                self.remove_or_warn(&name);
            }
        }
        Ok(())
    }

    /// Writes a file of these parts, in the place of one that has the name. On an error nothing is left behind.
    pub(super) fn write(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        self.write_by(name, |file| {
            let mut writer = BufWriter::with_capacity(WRITE_BYTES, file);
            for part in parts {
                writer.write_all(part)?;
            }
            writer.flush()
        })
    }

    pub(super) fn write_by(&self, name: &str, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        let temporary = format!("{TEMPORARY}{}", Uuid::now_v7());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = self.dir.open_with(&temporary, &options)?.into_std();
        let written = fill(&mut file).and_then(|()| self.rename(&temporary, name));
        if written.is_err() {
            // What cannot be removed now is removed when the folder is opened next.
            let _ = self.remove(&temporary);
        }
        written
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        match self.dir.rename(from, &self.dir, to) {
            // A rename puts a file in the place of anything but a folder.
            Err(error) if error.kind() == ErrorKind::IsADirectory => {
                self.remove(to)?;
                self.dir.rename(from, &self.dir, to)
            }
            renamed => renamed,
        }
    }

    /// Opens a file to read it: `None` where there is none, an error that says why for what the host did not write.
    pub(super) fn open_file(&self, name: &str) -> io::Result<Option<File>> {
        // Opening a pipe would wait for whoever writes to it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match openat(&self.dir, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(io::Error::new(ErrorKind::InvalidData, "it is a link")),
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        let refusal = if !metadata.is_file() {
            "it is not a file"
        } else if metadata.uid() != geteuid().as_raw() {
            "it belongs to another user"
        } else if metadata.mode() & OTHERS_WRITE != 0 {
            "others can write to it"
        } else {
            return Ok(Some(file));
        };
        Err(io::Error::new(ErrorKind::InvalidData, refusal))
    }

    /// The content of a file of at most `most` bytes.
    pub(super) fn read(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = self.open_file(name)? else { return Ok(None) };
        let bytes = file.metadata()?.len();
        if bytes > most {
            return Err(io::Error::new(
                ErrorKind::FileTooLarge,
                format!("it must have at most {most} bytes (got {bytes})"),
            ));
        }
        let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
        file.take(most).read_to_end(&mut content)?;
        Ok(Some(content))
    }

    /// Removes whatever has the name. It is no error that nothing has.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match self.dir.remove_file(name) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(_) if self.dir.symlink_metadata(name).is_ok_and(|found| found.is_dir()) => {
                self.dir.remove_dir_all(name)
            }
            removed => removed,
        }
    }

    /// Removes files that do not hold what they should, and says so.
    pub(super) fn discard(&self, names: &[&str], reason: &dyn Display) {
        let path = &self.path;
        tracing::warn!("removing unusable compiled code in `{path}`: {reason}");
        for name in names {
            self.remove_or_warn(name);
        }
    }

    /// The same where nothing depends on it.
    pub(super) fn remove_or_warn(&self, name: &str) {
        if let Err(error) = self.remove(name) {
            tracing::warn!("`{}/{name}` cannot be removed: {error}", self.path);
        }
    }

    /// Removes entries, those first that were not used for longest, until `fits` says that the rest may stay, and gives
    /// that rest, the last used one first. An entry is all files of one stem with these endings; they are removed in the
    /// endings' order. The entry `newest` counts as used just now.
    pub(super) fn shrink(
        &self,
        endings: &[&str],
        newest: Option<&str>,
        fits: impl Fn(&[CacheEntry]) -> bool,
    ) -> io::Result<Vec<CacheEntry>> {
        let mut entries = self.entries(endings)?;
        let is_newest = |entry: &CacheEntry| newest == Some(entry.stem.as_str());
        entries.sort_by_key(|entry| (is_newest(entry), entry.last_used));
        entries.reverse();
        while !fits(&entries) {
            let Some(entry) = entries.pop() else { break };
            tracing::debug!(path = self.path, entry = entry.stem, "removing the least recently used code");
            for ending in endings {
                self.remove_or_warn(&format!("{}{ending}", entry.stem));
            }
        }
        Ok(entries)
    }

    fn entries(&self, endings: &[&str]) -> io::Result<Vec<CacheEntry>> {
        let mut entries: BTreeMap<String, CacheEntry> = BTreeMap::new();
        for (name, metadata) in self.list()? {
            let Some(stem) = endings.iter().find_map(|ending| name.strip_suffix(ending)) else { continue };
            let last_used = metadata.modified()?.into_std();
            let entry = entries.entry(stem.to_owned()).or_insert_with(|| CacheEntry {
                stem: stem.to_owned(),
                bytes: 0,
                last_used,
            });
            entry.bytes = entry.bytes.saturating_add(metadata.len());
            entry.last_used = entry.last_used.max(last_used);
        }
        Ok(entries.into_values().collect())
    }

    fn list(&self) -> io::Result<Vec<(String, cap_std::fs::Metadata)>> {
        let mut listed = Vec::new();
        for entry in self.dir.entries()? {
            let entry = entry?;
            // The host writes no other names.
            let Ok(name) = entry.file_name().into_string() else { continue };
            match entry.metadata() {
                Ok(metadata) => listed.push((name, metadata)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(listed)
    }
}

/// Notes that a file is used now. Nothing depends on it but which one makes room first.
pub(super) fn touch(file: &File) {
    if let Err(error) = file.set_modified(SystemTime::now()) {
        tracing::debug!("a cached file's time cannot be set: {error}");
    }
}

/// The bytes of all entries together.
pub(super) fn total_bytes(entries: &[CacheEntry]) -> u64 {
    entries.iter().fold(0, |total, entry| total.saturating_add(entry.bytes))
}
