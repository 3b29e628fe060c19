//! The watcher on real folders: what is reported and what is not. That something is not is proved by what happens after
//! it: the system tells of events in their order.

mod ending;
mod writing;

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs::{self, File},
    future::Future,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tempfile::TempDir;

use super::{Changes, Watcher};

/// How long a test waits before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(30);

/// A watched folder with the file `a.wasm` in it, below a folder that is not watched.
struct Watched {
    outside: TempDir,
    watcher: Watcher,
    ends: usize,
}

impl Watched {
    /// Wants names that end with `.wasm` and do not begin with a dot.
    fn start() -> Self {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("watched");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.wasm"), "before").unwrap();
        let watcher = Watcher::start(&folder, |name| name.ends_with(".wasm") && !name.starts_with('.')).unwrap();
        Self { outside, watcher, ends: 0 }
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.outside.path().join("watched").join(name)
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.outside.path().join(name)
    }

    async fn changed(&mut self) -> Changes {
        let changes = tokio::time::timeout(PATIENCE, self.watcher.changed()).await.expect("something is reported");
        assert_ne!(changes, Changes::default(), "nothing was reported");
        changes
    }

    /// The names of everything that happened up to now, and in how many batches they came.
    async fn names(&mut self) -> (BTreeSet<String>, usize) {
        self.ends += 1;
        let end = format!("end-{}.wasm", self.ends);
        fs::write(self.path(&end), "").unwrap();
        let (mut names, mut batches) = (BTreeSet::new(), 0);
        while !names.contains(&end) {
            let changes = self.changed().await;
            assert!(!changes.everything && !changes.folder_gone, "{changes:?}");
            names.extend(changes.names);
            batches += 1;
        }
        // A burst may end while a file is written: the next list may begin with the end of this one.
        names.retain(|name| !name.starts_with("end-"));
        (names, batches)
    }
}

/// Watches a folder while something happens to it, and returns the names that were reported.
async fn reported(happens: impl FnOnce(&Watched)) -> Vec<String> {
    let mut watched = Watched::start();
    happens(&watched);
    watched.names().await.0.into_iter().collect()
}

#[tokio::test]
async fn reading_is_not_reported() {
    let names = reported(|watched| {
        assert_eq!(fs::read(watched.path("a.wasm")).unwrap(), b"before");
        assert!(File::open(watched.path("a.wasm")).unwrap().metadata().unwrap().is_file());
        assert_eq!(fs::read_dir(watched.path("")).unwrap().count(), 1);
        fs::copy(watched.path("a.wasm"), watched.beside("a.wasm")).unwrap();
    });
    assert_eq!(names.await, [""; 0]);
}

#[tokio::test]
async fn unwanted_names_wake_nobody() {
    let mut watched = Watched::start();
    for name in ["notes.txt", ".a.wasm", "a.wasm~", ".wasm.swp"] {
        fs::write(watched.path(name), "not looked at").unwrap();
    }
    // What is no text is no name of ours, whatever it ends with.
    let no_text = watched.path(OsStr::from_bytes(b"\xff.wasm"));
    fs::write(&no_text, "not looked at").unwrap();
    fs::rename(no_text, watched.path(OsStr::from_bytes(b"\xfe.wasm"))).unwrap();
    fs::write(watched.path("b.wasm"), "new").unwrap();
    let first = watched.changed().await;
    assert_eq!(first, Changes { names: ["b.wasm".to_owned()].into(), ..Changes::default() });
    assert!(watched.names().await.0.is_subset(&first.names));
}

#[tokio::test]
async fn what_is_below_the_folder_is_not_reported() {
    let mut watched = Watched::start();
    fs::create_dir_all(watched.path("release/deps")).unwrap();
    fs::create_dir(watched.path("folder.wasm")).unwrap();
    assert_eq!(watched.names().await.0, ["folder.wasm".to_owned()].into(), "its entries are reported as any");
    for below in ["release/b.wasm", "release/deps/c.wasm", "folder.wasm/d.wasm"] {
        fs::write(watched.path(below), "new").unwrap();
        fs::write(watched.path(below), "newer").unwrap();
        fs::remove_file(watched.path(below)).unwrap();
    }
    fs::write(watched.beside("e.wasm"), "beside").unwrap();
    assert_eq!(watched.names().await.0, [].into());
}

#[tokio::test]
async fn a_burst_of_writes_is_few_batches() {
    const WRITES: usize = 1_000;
    let mut watched = Watched::start();
    for write in 0..WRITES {
        fs::write(watched.path("a.wasm"), write.to_string()).unwrap();
    }
    let (names, batches) = watched.names().await;
    assert_eq!(names, ["a.wasm".to_owned()].into());
    // Nobody asked while they were written: they are one burst, or a few where the events are late.
    assert!(batches <= WRITES / 20, "{batches} batches");
}

#[tokio::test]
async fn the_last_write_is_followed_by_a_batch() {
    const WRITES: usize = 1_000;
    let mut watched = Watched::start();
    let path = watched.path("a.wasm");
    let writing = tokio::task::spawn_blocking(move || {
        for write in 0..WRITES {
            fs::write(&path, write.to_string()).unwrap();
        }
    });
    let last = (WRITES - 1).to_string();
    let mut seen = String::new();
    // Read after a batch and never otherwise: without one for the last write this would not end.
    while seen != last {
        assert_eq!(watched.changed().await.names, ["a.wasm".to_owned()].into());
        seen = fs::read_to_string(watched.path("a.wasm")).unwrap();
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn who_stops_waiting_loses_nothing() {
    let mut watched = Watched::start();
    let path = watched.path("b.wasm");
    // Asks once and stops: before the burst, in it and after it.
    let mut ask = || match pin!(watched.watcher.changed()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(changes) => Some(changes),
        Poll::Pending => None,
    };
    assert_eq!(ask(), None);
    fs::write(path, "new").unwrap();
    let asking = async {
        loop {
            if let Some(changes) = ask() {
                break changes;
            }
            tokio::task::yield_now().await;
        }
    };
    let changes = tokio::time::timeout(PATIENCE, asking).await.expect("something is reported");
    assert_eq!(changes.names, ["b.wasm".to_owned()].into());
}

#[tokio::test]
async fn waiting_can_be_done_on_any_thread() {
    let mut watched = Watched::start();
    fs::write(watched.path("b.wasm"), "new").unwrap();
    let names = tokio::spawn(async move { watched.names().await.0 }).await.unwrap();
    assert_eq!(names, ["b.wasm".to_owned()].into());
}
