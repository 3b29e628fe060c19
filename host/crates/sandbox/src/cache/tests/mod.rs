//! Behaviour of the cache over folders that tests make, damage and look into. The table of damage is for both halves.

mod artifacts;
mod damage;
mod folder;
mod functions;
mod sharing;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use cap_std::{ambient_authority, fs::Dir};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

use super::{CodeCache, folder::CacheFolder};

/// A data folder, removed at the end.
struct Data(tempfile::TempDir);

impl Data {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn dir(&self) -> Dir {
        Dir::open_ambient_dir(self.0.path(), ambient_authority()).unwrap()
    }

    /// The one folder that a test of one half needs.
    fn folder(&self) -> CacheFolder {
        CacheFolder::open(&self.dir(), "cache").unwrap()
    }

    /// The files of that folder, sorted.
    fn files(&self) -> Vec<String> {
        names(&self.path("cache"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path("cache").join(name)
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Makes a file look as if it was used so many seconds after the year 1970 began.
fn set_used(path: &Path, seconds: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    std::fs::File::open(path).unwrap().set_modified(time).unwrap();
}

fn make_pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// What was warned of while `act` ran.
fn warnings<T>(act: impl FnOnce() -> T) -> (T, Vec<String>) {
    let log = Log::default();
    let result = tracing::subscriber::with_default(log.clone(), act);
    let lines = log.0.lock().unwrap().clone();
    (result, lines)
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                if field.name() == "message" {
                    self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.lock().unwrap().push(message.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn both_halves_lie_in_one_folder_of_the_hosts_own() {
    use std::os::unix::fs::PermissionsExt;

    let data = Data::new();
    let cache = CodeCache::open(&data.dir(), 1 << 20).unwrap();
    assert_eq!(names(&data.path("cache")), ["artifacts", "functions"]);
    for folder in ["cache", "cache/artifacts", "cache/functions"] {
        assert_eq!(std::fs::metadata(data.path(folder)).unwrap().permissions().mode() & 0o777, 0o700, "{folder}");
    }
    drop(cache);
    std::fs::set_permissions(data.path("cache/functions"), std::fs::Permissions::from_mode(0o777)).unwrap();
    let error = CodeCache::open(&data.dir(), 1 << 20).unwrap_err().to_string();
    assert!(error.contains("`cache/functions`") && error.contains("777") && error.contains("chmod 700"), "{error}");
}

#[test]
fn each_half_may_take_half_of_the_limit() {
    use super::ArtifactKey;
    use wasmtime::CacheStore;

    let data = Data::new();
    let cache = CodeCache::open(&data.dir(), 20_000).unwrap();
    let key = ArtifactKey::new([1; 32], 1);
    assert!(cache.artifacts.put(key, &[1; 10_001], &()).is_err());
    assert!(cache.artifacts.put(key, &[1; 9_000], &()).is_ok());
    let functions = cache.functions.open().unwrap();
    assert!(!functions.insert(&[1; 32], vec![1; 10_001]));
    assert!(functions.insert(&[1; 32], vec![1; 9_000]));
}
