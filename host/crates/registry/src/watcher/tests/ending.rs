//! How a watch ends, and how it does not begin.

use std::{
    fs::{self, File},
    future::Future,
    io,
    os::unix::fs::symlink,
    path::Path,
    pin::pin,
    sync::mpsc,
    task::{Context, Waker},
    time::Instant,
};

use notify::{
    ErrorKind, Event, EventKind,
    event::{AccessKind, AccessMode, Flag, MetadataKind, ModifyKind, RemoveKind, RenameMode},
};

use super::{
    super::{Pending, Shared, TOO_MANY_FILES, WatchError},
    Changes, PATIENCE, Watched, Watcher,
};

/// Waits until the folder's end is told, and sees that nothing is told after it.
async fn assert_gone(watched: &mut Watched) {
    while !watched.changed().await.folder_gone {}
    let shared = &watched.watcher.shared;
    shared.record(Pending::everything);
    while shared.pending().due().is_some_and(|due| due > Instant::now()) {
        tokio::task::yield_now().await;
    }
    assert!(pin!(watched.watcher.changed()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[tokio::test]
async fn a_folder_that_is_removed_is_gone() {
    let mut watched = Watched::start();
    fs::remove_dir_all(watched.path("")).unwrap();
    assert_gone(&mut watched).await;
}

#[tokio::test]
async fn a_folder_that_is_removed_while_it_is_open_is_gone() {
    let mut watched = Watched::start();
    let open = File::open(watched.path("")).unwrap();
    fs::remove_dir_all(watched.path("")).unwrap();
    assert_gone(&mut watched).await;
    drop(open);
}

#[tokio::test]
async fn a_folder_that_is_moved_away_is_gone() {
    let mut watched = Watched::start();
    fs::rename(watched.path(""), watched.beside("elsewhere")).unwrap();
    assert_gone(&mut watched).await;
}

#[tokio::test]
async fn a_folder_below_one_that_is_moved_away_is_gone() {
    let mut watched = Watched::start();
    fs::create_dir(watched.path("deeper")).unwrap();
    watched.watcher = Watcher::start(&watched.path("deeper"), |_| true).unwrap();
    fs::rename(watched.path(""), watched.beside("elsewhere")).unwrap();
    assert_gone(&mut watched).await;
}

#[tokio::test]
async fn a_folder_behind_a_link_that_leads_elsewhere_by_now_is_gone() {
    let mut watched = Watched::start();
    let link = watched.beside("link");
    symlink("watched", &link).unwrap();
    watched.watcher = Watcher::start(&link, |_| true).unwrap();
    fs::write(watched.path("b.wasm"), "new").unwrap();
    assert_eq!(watched.changed().await.names, ["b.wasm".to_owned()].into(), "a link is followed");
    fs::create_dir(watched.beside("other")).unwrap();
    symlink("other", watched.beside("link.new")).unwrap();
    fs::rename(watched.beside("link.new"), &link).unwrap();
    assert_gone(&mut watched).await;
}

/// What is kept of an event that the system did not send to the folder `/plugins`.
fn kept(event: notify::Result<Event>) -> Changes {
    let shared = Shared::default();
    shared.take_in(event, Path::new("/plugins"), &|_| true);
    shared.pending().take()
}

#[test]
fn lost_events_are_everything() {
    let overflow = Event::new(EventKind::Other).set_flag(Flag::Rescan);
    for event in [Ok(overflow), Err(notify::Error::generic("a watch broke"))] {
        assert_eq!(kept(event), Changes { everything: true, ..Changes::default() });
    }
}

#[tokio::test]
async fn more_events_than_the_system_keeps_are_everything() {
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let limit: usize = limit.trim().parse().unwrap();
    let mut watched = Watched::start();
    let (hold, held) = mpsc::channel::<()>();
    // Nobody reads events until `hold` is dropped.
    let wanted = move |_: &str| held.recv().is_err();
    watched.watcher = Watcher::start(&watched.path(""), wanted).unwrap();
    let (here, there) = (watched.path("a.wasm"), watched.path("b.wasm"));
    for _ in 0..=limit / 2 {
        fs::rename(&here, &there).unwrap();
        fs::rename(&there, &here).unwrap();
    }
    drop(hold);
    while !watched.changed().await.everything {}
    // What happens after that is reported as ever.
    fs::write(watched.path("c.wasm"), "new").unwrap();
    while !watched.changed().await.names.contains("c.wasm") {}
}

#[test]
fn of_the_folder_itself_only_its_end_is_told() {
    let end = Changes { folder_gone: true, ..Changes::default() };
    for (kind, changes) in [
        (EventKind::Remove(RemoveKind::Folder), &end),
        (EventKind::Modify(ModifyKind::Name(RenameMode::From)), &end),
        (EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), &Changes::default()),
        (EventKind::Access(AccessKind::Open(AccessMode::Any)), &Changes::default()),
    ] {
        assert_eq!(kept(Ok(Event::new(kind).add_path("/plugins".into()))), *changes, "{kind:?}");
    }
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("file"), "").unwrap();
    symlink("nowhere", outside.path().join("dangling")).unwrap();
    for name in ["nowhere", "file", "file/below", "dangling"] {
        let refused = Watcher::start(&outside.path().join(name), |_| true).err();
        assert!(matches!(refused, Some(WatchError::NotAFolder(_))), "{name}: {refused:?}");
    }
}

#[test]
fn errors_say_what_to_do() {
    let of = |kind| WatchError::new(Path::new("/plugins"), notify::Error::new(kind)).to_string();
    let no_more_files = || io::Error::from_raw_os_error(TOO_MANY_FILES);
    assert!(no_more_files().to_string().contains("Too many open files"), "{}", no_more_files());
    for (message, advice) in [
        (of(ErrorKind::Io(no_more_files())), "fs.inotify.max_user_instances"),
        (of(ErrorKind::MaxFilesWatch), "fs.inotify.max_user_watches"),
        (of(ErrorKind::PathNotFound), "create it"),
        (of(ErrorKind::Io(io::ErrorKind::PermissionDenied.into())), "permission"),
        (of(ErrorKind::Generic("odd".into())), "odd"),
    ] {
        assert!(message.starts_with("cannot watch /plugins: ") && message.contains(advice), "{message}");
    }
}

#[tokio::test]
async fn a_watcher_that_is_dropped_leaves_nothing_behind() {
    /// More than there are other tests that watch something at the same time.
    const STARTS: usize = 50;
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..STARTS {
        drop(Watcher::start(folder.path(), |_| true).unwrap());
    }
    let left = || {
        let link = |entry: io::Result<fs::DirEntry>| fs::read_link(entry.ok()?.path()).ok();
        let descriptors = fs::read_dir("/proc/self/fd").unwrap().filter_map(link);
        let inotify = descriptors.filter(|target| target.to_string_lossy().contains("inotify")).count();
        let name = |entry: io::Result<fs::DirEntry>| fs::read_to_string(entry.ok()?.path().join("comm")).ok();
        let threads = fs::read_dir("/proc/self/task").unwrap().filter_map(name);
        (inotify, threads.filter(|name| name.starts_with("notify-rs")).count())
    };
    // A thread ends a little later than what it belongs to.
    let ended = async {
        while left().0 >= STARTS || left().1 >= STARTS {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, ended).await.is_ok(), "descriptors and threads left: {:?}", left());
}
