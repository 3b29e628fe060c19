//! Watches a folder: its events in, the names of its files out.
//!
//! It only reports. It reads no file, does not know what a component is and decides nothing: a name says that whoever
//! cares should look at that file again, and may say so about a file that is as it was.
//!
//! The system's events come through `notify`, on a thread of its own, and are gathered in `Pending`. Why no debouncer
//! stands between the two: a set of names needs none to merge a burst, and `notify-debouncer-full` merges too much. What
//! is renamed over a file and deleted at once counts there as a file that never was, and no event says that the one
//! before it is gone. It also wakes up hundreds of times a second where nothing happens.

mod folder;
mod pending;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    future,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use notify::{
    ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode, ModifyKind, RenameMode},
};
use tokio::sync::Notify;

use folder::Folder;
use pending::Pending;

/// `EMFILE` of Linux, macOS and the BSDs: no more of a kind of file, which has no name in the standard library.
const TOO_MANY_FILES: i32 = 24;

/// Watches one folder, itself and not what is below it. Its thread ends with it.
pub struct Watcher {
    shared: Arc<Shared>,
    folder: Folder,
    /// The folder's end was told.
    over: bool,
    /// Has the thread; it ends when this is dropped.
    _events: RecommendedWatcher,
}

/// What happened in the folder since somebody last asked. Never nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files that came, went or were written to.
    pub names: BTreeSet<String>,
    /// Events may have been missed: look at the whole folder.
    pub everything: bool,
    /// The folder's path no longer leads to it: it was removed, renamed or unmounted, or another one has its name.
    /// Nothing more will come.
    pub folder_gone: bool,
}

/// Why a folder is not watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("cannot watch {}: it is not a folder: create it, or choose another", .0.display())]
    NotAFolder(PathBuf),
    #[error(
        "cannot watch {}: this user's programs watch too many folders, or this one has too many open files: raise \
         `sysctl fs.inotify.max_user_instances` or `ulimit -n`, or end another program",
        .0.display()
    )]
    TooManyWatchers(PathBuf),
    #[error(
        "cannot watch {}: this user's programs have reached their limit of watched folders: raise \
         `sysctl fs.inotify.max_user_watches`, or end another program",
        .0.display()
    )]
    TooManyWatches(PathBuf),
    #[error("cannot watch {}: {reason}: check the folder's permissions and its mount", .folder.display())]
    Other { folder: PathBuf, reason: String },
}

/// What the thread with the system's events and whoever waits for them have in common. Bounded, see [`Pending`].
#[derive(Default)]
struct Shared {
    pending: Mutex<Pending>,
    told: Notify,
}

impl Watcher {
    /// Watches `folder`. `wanted` says of a name alone whether it is worth a report; it is asked on the watcher's
    /// thread, often, and must not wait or panic.
    ///
    /// # Errors
    /// See [`WatchError`].
    pub fn start(folder: &Path, wanted: impl Fn(&str) -> bool + Send + 'static) -> Result<Self, WatchError> {
        let refused = |error| WatchError::new(folder, error);
        let watched = Folder::open(folder).map_err(|error| refused(error.into()))?;
        // Events bear the path that is watched. Without a link in it there is one way to spell it.
        let root = folder.canonicalize().map_err(|error| refused(error.into()))?;
        let shared = Arc::new(Shared::default());
        let handler = {
            let (shared, root) = (Arc::clone(&shared), root.clone());
            move |event| shared.take_in(event, &root, &wanted)
        };
        let mut events = notify::recommended_watcher(handler).map_err(refused)?;
        events.watch(&root, RecursiveMode::NonRecursive).map_err(refused)?;
        Ok(Self { shared, folder: watched, over: false, _events: events })
    }

    /// Waits until something has changed since the last time and the burst is over, and takes it. A caller that stops
    /// waiting loses nothing. Once [`Changes::folder_gone`] was told, it waits for ever.
    pub async fn changed(&mut self) -> Changes {
        while !self.over {
            let told = self.shared.told.notified();
            let due = self.shared.pending().due();
            match due {
                Some(due) if due <= Instant::now() => {
                    let changes = self.shared.pending().take();
                    self.over = changes.folder_gone;
                    return changes;
                }
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => tokio::select! {
                    () = told => {}
                    () = self.folder.gone() => self.shared.record(Pending::folder_gone),
                },
            }
        }
        future::pending().await
    }
}

impl Shared {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, what: impl FnOnce(&mut Pending, Instant)) {
        what(&mut self.pending(), Instant::now());
        self.told.notify_one();
    }

    /// Takes in an event of the folder `root`, on the thread that reads them.
    fn take_in(&self, event: notify::Result<Event>, root: &Path, wanted: &dyn Fn(&str) -> bool) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(folder = %root.display(), "events may have been missed: {error}");
                return self.record(Pending::everything);
            }
        };
        if event.need_rescan() {
            tracing::warn!(folder = %root.display(), "events came faster than they were read");
            return self.record(Pending::everything);
        }
        if !may_have_changed(event.kind) {
            return;
        }
        for path in &event.paths {
            if path == root {
                if has_left(event.kind) {
                    self.record(Pending::folder_gone);
                }
            } else if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| wanted(name)) {
                self.record(|pending, now| pending.name(name, now));
            }
        }
    }
}

/// Whether a file may be another one after such an event. Opening, reading and closing what was read are not: this host
/// reads the files itself and would tell itself to do so again. Metadata are: a file that nobody may read is worth
/// another look when its mode has changed.
fn may_have_changed(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}

/// Whether a path no longer names what it named.
fn has_left(kind: EventKind) -> bool {
    matches!(kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)))
}

impl WatchError {
    fn new(folder: &Path, error: notify::Error) -> Self {
        let folder = folder.to_owned();
        match error.kind {
            ErrorKind::PathNotFound => Self::NotAFolder(folder),
            ErrorKind::MaxFilesWatch => Self::TooManyWatches(folder),
            ErrorKind::Io(error) if error.raw_os_error() == Some(TOO_MANY_FILES) => Self::TooManyWatchers(folder),
            ErrorKind::Io(error) if folder::is_absent(&error) => Self::NotAFolder(folder),
            ErrorKind::Io(error) => Self::Other { folder, reason: error.to_string() },
            kind => Self::Other { folder, reason: notify::Error::new(kind).to_string() },
        }
    }
}
