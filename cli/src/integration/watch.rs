//! Tells when the source of an integration has changed: what cargo or a host writes, what an editor keeps for itself,
//! and a file saved as it was before are no changes. It never decides what is built then.

use std::{
    collections::HashMap,
    fs::{self, File},
    hash::{DefaultHasher, Hasher},
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode,
    event::{ModifyKind, RenameMode},
};
use notify_debouncer_full::{DebounceEventResult, DebouncedEvent, Debouncer, RecommendedCache, new_debouncer};
use tokio::sync::mpsc;

/// How long changes are gathered: an editor that saves takes several steps, and may save several files.
const GATHERED: Duration = Duration::from_millis(50);
/// Changes that may wait; while more do, file events wait where the system keeps them.
const MAX_WAITING: usize = 64;
/// What is read at once of a file that is looked at for a change.
const CHUNK_BYTES: usize = 64 * 1024;
/// A folder that holds one of these is written by cargo, or by a host.
const MARKS_OF_OUTPUT: [&str; 2] = ["CACHEDIR.TAG", "workway.db"];
/// What cargo's output is called beside a manifest, unless it is told otherwise.
const OUTPUT: &str = "target";

/// Something that was changed.
#[derive(Debug)]
pub struct Change {
    /// When the first of the files was.
    pub at: Instant,
    /// None where events were lost, so that nobody knows which.
    pub files: Vec<PathBuf>,
}

/// Watches for as long as it lives.
pub struct Watcher {
    debouncer: Debouncer<RecommendedWatcher, RecommendedCache>,
    rules: Rules,
}

impl Watcher {
    /// Watches folders. `outputs` are folders whose content is no source although they may lie within.
    pub fn start(
        sources: &[&Path],
        outputs: Vec<PathBuf>,
    ) -> anyhow::Result<(Self, mpsc::Receiver<notify::Result<Change>>)> {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        let rules = Rules { sources: without_nested(sources), outputs };
        let mut changes = Changes { rules: rules.clone(), seen: HashMap::new() };
        let told = move |result: DebounceEventResult| {
            let news: Vec<_> = match result {
                Ok(events) => changes.of(&events).map(Ok).into_iter().collect(),
                Err(errors) => errors.into_iter().map(Err).collect(),
            };
            for one in news {
                // Nobody listens once the program is ending.
                let _ = sender.blocking_send(one);
            }
        };
        let debouncer = new_debouncer(GATHERED, None, told).context("cannot watch files for changes")?;
        let mut watcher = Self { debouncer, rules };
        for source in watcher.rules.sources.clone() {
            watcher.watch(&source, RecursiveMode::NonRecursive)?;
            for entry in fs::read_dir(&source).with_context(|| format!("cannot list {}", source.display()))? {
                watcher.watch_below(&entry?.path())?;
            }
        }
        Ok((watcher, receiver))
    }

    /// Follows what has come to be since.
    pub fn follow(&mut self, change: &Change) -> anyhow::Result<()> {
        change.files.iter().try_for_each(|file| self.watch_below(file))
    }

    /// The folders directly in a source folder are watched one by one, because cargo's output is often among them: a
    /// build would cause more events than the system keeps.
    fn watch_below(&mut self, path: &Path) -> anyhow::Result<()> {
        let is_at_the_top = path.parent().is_some_and(|parent| self.rules.sources.iter().any(|root| root == parent));
        if is_at_the_top && path.is_dir() && !self.rules.ignore(path) {
            self.watch(path, RecursiveMode::Recursive)?;
        }
        Ok(())
    }

    fn watch(&mut self, folder: &Path, mode: RecursiveMode) -> anyhow::Result<()> {
        self.debouncer.watch(folder, mode).with_context(|| format!("cannot watch {}", folder.display()))
    }
}

/// What is source and what is not.
#[derive(Clone, Debug)]
struct Rules {
    sources: Vec<PathBuf>,
    outputs: Vec<PathBuf>,
}

impl Rules {
    fn ignore(&self, path: &Path) -> bool {
        let Some((source, below)) =
            self.sources.iter().find_map(|source| Some((source, path.strip_prefix(source).ok()?)))
        else {
            return true;
        };
        if below.as_os_str().is_empty() || below.starts_with(OUTPUT) {
            return true;
        }
        below.iter().any(|name| is_an_editors(&name.to_string_lossy()))
            || self.outputs.iter().any(|output| path.starts_with(output))
            || path.ancestors().take_while(|folder| *folder != source).any(is_output)
    }
}

/// Hidden files and folders, and what editors write beside what they save.
fn is_an_editors(name: &str) -> bool {
    name.starts_with('.')
        || name.ends_with('~')
        || name.ends_with(".swp")
        || name == "4913"
        || (name.starts_with('#') && name.ends_with('#'))
}

fn is_output(folder: &Path) -> bool {
    MARKS_OF_OUTPUT.iter().any(|mark| folder.join(mark).exists())
}

/// Turns events into changes.
struct Changes {
    rules: Rules,
    /// What the files were when they last changed; `None` for those that were gone.
    seen: HashMap<PathBuf, Option<u64>>,
}

impl Changes {
    fn of(&mut self, events: &[DebouncedEvent]) -> Option<Change> {
        let mut change: Option<Change> = None;
        let mut is_certain = true;
        for event in events {
            is_certain &= !event.need_rescan();
            let files = self.files_of(event);
            if files.is_empty() && !event.need_rescan() {
                continue;
            }
            let change = change.get_or_insert(Change { at: event.time, files: Vec::new() });
            change.at = change.at.min(event.time);
            change.files.extend(files);
        }
        let change = change?;
        Some(Change { files: if is_certain { change.files } else { Vec::new() }, ..change })
    }

    fn files_of(&mut self, event: &Event) -> Vec<PathBuf> {
        let moves_folders = matches!(event.kind, EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(_)));
        let paths = match (event.kind, event.paths.as_slice()) {
            (EventKind::Access(_), _) => &[],
            // What an editor wrote beside a file and then put in its place is that file.
            (EventKind::Modify(ModifyKind::Name(RenameMode::Both)), [from, to]) if !self.rules.ignore(to) => {
                self.seen.remove(from);
                std::slice::from_ref(to)
            }
            (_, paths) => paths,
        };
        let paths = paths.iter().filter(|path| !self.rules.ignore(path));
        let (folders, files): (Vec<_>, Vec<_>) = paths.cloned().partition(|path| path.is_dir());
        // Of a folder that comes with its files in it the system tells nothing more.
        let folders = folders.into_iter().filter(|_| moves_folders);
        let seen = &mut self.seen;
        folders.chain(files.into_iter().filter(|file| differs(seen, file))).collect()
    }
}

/// Whether a file is not as it was when this was last asked.
fn differs(seen: &mut HashMap<PathBuf, Option<u64>>, file: &Path) -> bool {
    let now = fingerprint(file);
    seen.insert(file.to_owned(), now) != Some(now)
}

/// Tells contents apart; `None` for what is no file, or cannot be read.
fn fingerprint(path: &Path) -> Option<u64> {
    // What is no ordinary file may never end.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let mut hasher = DefaultHasher::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk).ok()? {
            0 => return Some(hasher.finish()),
            length => hasher.write(&chunk[..length]),
        }
    }
}

/// Without those that lie in another.
fn without_nested(folders: &[&Path]) -> Vec<PathBuf> {
    let is_outermost = |folder: &&&Path| !folders.iter().any(|other| other != *folder && folder.starts_with(other));
    folders.iter().filter(is_outermost).map(|folder| folder.to_path_buf()).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
        time::{Duration, Instant},
    };

    use notify::{
        Event, EventKind,
        event::{AccessKind, CreateKind, Flag, ModifyKind, RemoveKind, RenameMode},
    };
    use notify_debouncer_full::DebouncedEvent;
    use tempfile::TempDir;
    use tokio::sync::mpsc;

    use super::{Change, Changes, Rules, Watcher, without_nested};

    /// How long anything may take before it counts as hung.
    const PATIENCE: Duration = Duration::from_secs(60);
    const MODIFIED: EventKind = EventKind::Modify(ModifyKind::Any);

    struct Source {
        _folder: TempDir,
        path: PathBuf,
        changes: Changes,
    }

    impl Source {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().canonicalize().expect("a path");
            fs::create_dir(path.join("src")).expect("a folder");
            let rules = Rules { sources: vec![path.clone()], outputs: vec![path.join("made")] };
            Self { _folder: folder, path, changes: Changes { rules, seen: std::collections::HashMap::new() } }
        }

        fn write(&self, file: &str, content: &str) {
            let file = self.path.join(file);
            fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            fs::write(file, content).expect("a file");
        }

        fn event(&self, kind: EventKind, files: &[&str]) -> DebouncedEvent {
            let event = files.iter().fold(Event::new(kind), |event, file| event.add_path(self.path.join(file)));
            DebouncedEvent::new(event, Instant::now())
        }

        /// The changed files, by what follows the source folder.
        fn told(&mut self, kind: EventKind, files: &[&str]) -> Vec<String> {
            let event = self.event(kind, files);
            let change = self.changes.of(&[event]);
            let files = change.map(|change| change.files).unwrap_or_default();
            files.iter().map(|file| file.strip_prefix(&self.path).expect("a source").display().to_string()).collect()
        }
    }

    #[test]
    fn what_is_no_source_is_ignored() {
        let source = Source::new();
        source.write("data/workway.db", "");
        source.write("elsewhere/out/CACHEDIR.TAG", "");
        let ignored = [
            "",
            "target",
            "target/wasm32-wasip2/release/slack.wasm",
            "made/debug/slack.d",
            "elsewhere/out/debug/slack.d",
            "data/workway.db-wal",
            ".git/index",
            ".gitignore",
            "src/.lib.rs.swp",
            "src/lib.rs~",
            "src/lib.rs.swp",
            "src/4913",
            "src/#lib.rs#",
            "../elsewhere/lib.rs",
        ];
        for path in ignored {
            assert!(source.changes.rules.ignore(&source.path.join(path)), "{path}");
        }
        for path in ["src/lib.rs", "Cargo.toml", "Cargo.lock", "src/target/mod.rs", "wit/a.wit", "src/page.html", "src"]
        {
            assert!(!source.changes.rules.ignore(&source.path.join(path)), "{path}");
        }
    }

    #[test]
    fn a_file_saved_as_it_was_is_no_change() {
        let mut source = Source::new();
        source.write("src/lib.rs", "one");
        assert_eq!(source.told(MODIFIED, &["src/lib.rs"]), ["src/lib.rs"]);
        assert!(source.told(MODIFIED, &["src/lib.rs"]).is_empty());
        source.write("src/lib.rs", "two");
        assert_eq!(source.told(MODIFIED, &["src/lib.rs"]), ["src/lib.rs"]);
        fs::remove_file(source.path.join("src/lib.rs")).expect("it was there");
        assert_eq!(source.told(EventKind::Remove(RemoveKind::File), &["src/lib.rs"]), ["src/lib.rs"]);
        assert!(source.told(EventKind::Remove(RemoveKind::File), &["src/lib.rs"]).is_empty());
    }

    #[test]
    fn reading_is_no_change() {
        let mut source = Source::new();
        source.write("src/lib.rs", "one");
        assert!(source.told(EventKind::Access(AccessKind::Any), &["src/lib.rs"]).is_empty());
    }

    #[test]
    fn a_file_that_is_put_in_anothers_place_is_that_other() {
        let mut source = Source::new();
        source.write("src/lib.rs", "one");
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::Both));
        assert_eq!(source.told(renamed, &["src/written-beside", "src/lib.rs"]), ["src/lib.rs"]);
        assert!(source.told(renamed, &["src/written-beside", "src/lib.rs"]).is_empty());
        assert_eq!(source.told(renamed, &["src/gone.rs", "src/gone.rs~"]), ["src/gone.rs"]);
    }

    #[test]
    fn a_folder_that_comes_is_a_change_and_one_that_is_there_is_none() {
        let mut source = Source::new();
        assert_eq!(source.told(EventKind::Create(CreateKind::Folder), &["src"]), ["src"]);
        assert!(source.told(MODIFIED, &["src"]).is_empty());
    }

    #[test]
    fn a_change_is_as_old_as_its_first_file() {
        let mut source = Source::new();
        source.write("src/lib.rs", "one");
        source.write("src/other.rs", "one");
        let first = source.event(MODIFIED, &["src/lib.rs"]);
        let second = source.event(MODIFIED, &["src/other.rs"]);
        let change = source.changes.of(&[second, first.clone()]).expect("a change");
        assert_eq!((change.at, change.files.len()), (first.time, 2));
    }

    #[test]
    fn lost_events_are_a_change_of_nobody_knows_what() {
        let mut source = Source::new();
        let lost = DebouncedEvent::new(Event::new(EventKind::Other).set_flag(Flag::Rescan), Instant::now());
        let change = source.changes.of(&[lost]).expect("a change");
        assert!(change.files.is_empty());
    }

    #[test]
    fn folders_within_others_are_watched_once() {
        let folders = ["/a/b", "/a", "/ab", "/c"].map(Path::new);
        assert_eq!(without_nested(&folders), ["/a", "/ab", "/c"].map(PathBuf::from));
    }

    async fn next(changes: &mut mpsc::Receiver<notify::Result<Change>>) -> Change {
        let change = tokio::time::timeout(PATIENCE, changes.recv()).await.expect("a change in time");
        change.expect("the watcher lives").expect("no error")
    }

    #[tokio::test]
    async fn saving_wakes_and_building_does_not() {
        let source = Source::new();
        let outputs = vec![source.path.join("made")];
        let (_watcher, mut changes) = Watcher::start(&[&source.path], outputs).expect("it watches");
        for output in ["target/release/slack.wasm", "made/release/slack.wasm", ".git/index"] {
            source.write(output, "new");
        }
        source.write("src/lib.rs", "new");
        assert_eq!(next(&mut changes).await.files, [source.path.join("src/lib.rs")]);
        source.write("target/release/slack.wasm", "newer");
        source.write("Cargo.toml", "new");
        assert_eq!(next(&mut changes).await.files, [source.path.join("Cargo.toml")]);
    }

    #[tokio::test]
    async fn a_new_folder_is_followed() {
        let source = Source::new();
        let (mut watcher, mut changes) = Watcher::start(&[&source.path], Vec::new()).expect("it watches");
        fs::create_dir(source.path.join("wit")).expect("a folder");
        let change = next(&mut changes).await;
        assert_eq!(change.files, [source.path.join("wit")]);
        watcher.follow(&change).expect("it watches");
        source.write("wit/a.wit", "new");
        assert_eq!(next(&mut changes).await.files, [source.path.join("wit/a.wit")]);
    }
}
