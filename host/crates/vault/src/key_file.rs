//! The key file: in the data folder, or where the operator keeps it. Nobody ever reads half a key: the file is written under
//! another name first.

use std::{
    fmt,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_std::{
    ambient_authority,
    fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt},
};
use rustix::process::geteuid;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{KeyError, KeyRing, MasterKey};

/// The file's name in the data folder.
const KEY_FILE: &str = "key";
/// More than the file can hold: 44 characters a key, and some white space.
const MAX_BYTES: u64 = 1_024;
/// Permissions that nobody but the owner may have.
const OTHERS: u32 = 0o077;
/// What a group may do with root's file: secrets that are mounted for a user who is not root are read this way.
const GROUP_READ: u32 = 0o040;

/// Where the keys are written. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KeyFile {
    folder: Arc<Dir>,
    /// The file's name in the folder.
    name: String,
    /// The operator's path; none in the data folder.
    path: Option<PathBuf>,
}

impl fmt::Display for KeyFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(formatter, "the key file {}", path.display()),
            None => write!(formatter, "the key file `{}` in the data folder", self.name),
        }
    }
}

impl KeyFile {
    /// The key file of a data folder.
    ///
    /// # Errors
    /// [`KeyError::File`].
    pub fn in_data(data: &Dir) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { file: "the data folder".to_owned(), action: "open", source };
        Ok(Self { folder: Arc::new(data.try_clone().map_err(failed)?), name: KEY_FILE.to_owned(), path: None })
    }

    /// A key file elsewhere. It need not exist yet, its folder has to.
    ///
    /// # Errors
    /// [`KeyError::Folder`].
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::Folder { path: path.to_owned(), source };
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
        // A name without a folder is relative to the current one.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = Dir::open_ambient_dir(parent, ambient_authority()).map_err(failed)?;
        Ok(Self { folder: Arc::new(folder), name: name.to_owned(), path: Some(path.to_owned()) })
    }

    /// Returns whether there is something of this name.
    pub fn exists(&self) -> bool {
        self.folder.symlink_metadata(&self.name).is_ok()
    }

    /// Reads the keys; none if there is no file.
    pub(crate) fn read(&self) -> Result<Option<KeyRing>, KeyError> {
        let failed = |source| self.failed("read", source);
        let file = match self.folder.open(&self.name) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        // The metadata of the open file, so that what is checked is what is read.
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(KeyError::NotAFile(self.to_string()));
        }
        let is_roots = metadata.uid() == 0 && !geteuid().is_root();
        let forbidden = if is_roots { OTHERS & !GROUP_READ } else { OTHERS };
        if metadata.mode() & forbidden != 0 {
            return Err(KeyError::Exposed { file: self.to_string(), mode: metadata.mode() & 0o777 });
        }
        let mut text = Zeroizing::new(String::with_capacity(usize::try_from(MAX_BYTES).unwrap_or(0)));
        match file.take(MAX_BYTES).read_to_string(&mut text) {
            Ok(_) => KeyRing::parse(&text, &self.to_string()).map(Some),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(KeyError::Malformed(self.to_string())),
            Err(error) => Err(failed(error)),
        }
    }

    /// Creates the file with a new key, unless another process was faster: a hard link, unlike a rename, never replaces a
    /// file.
    pub(crate) fn create(&self) -> Result<(), KeyError> {
        let failed = |source| self.failed("create", source);
        let name = self.write_aside(&[MasterKey::generate()?]).map_err(failed)?;
        let linked = match self.folder.hard_link(&name, &self.folder, &self.name) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        };
        let removed = self.folder.remove_file(&name);
        linked.and(removed).map_err(failed)?;
        self.sync().map_err(failed)
    }

    /// Replaces the file's keys at once: a reader finds all of the old ones or all of these, also after a crash.
    ///
    /// # Errors
    /// [`KeyError::File`]; the file is unchanged then.
    pub(crate) fn replace(&self, ring: &KeyRing) -> Result<(), KeyError> {
        let failed = |source| self.failed("write", source);
        let name = self.write_aside(ring.keys()).map_err(failed)?;
        self.folder.rename(&name, &self.folder, &self.name).map_err(failed)?;
        self.sync().map_err(failed)
    }

    /// Removes the files that killed writers left beside the key file: they hold keys. Only safe while nobody writes one.
    ///
    /// # Errors
    /// [`KeyError::File`].
    pub(crate) fn remove_leftovers(&self) -> Result<(), KeyError> {
        let failed = |source| self.failed("clean up after", source);
        for entry in self.folder.entries().map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let middle =
                name.to_str().and_then(|name| name.strip_prefix(&self.name)?.strip_prefix('.')?.strip_suffix(".tmp"));
            if middle.is_some_and(|id| Uuid::try_parse(id).is_ok()) {
                self.folder.remove_file(&name).map_err(failed)?;
            }
        }
        self.sync().map_err(failed)
    }

    pub(crate) fn failed(&self, action: &'static str, source: io::Error) -> KeyError {
        KeyError::File { file: self.to_string(), action, source }
    }

    /// Writes keys to a file of another name, readable only by its owner, and returns that name.
    fn write_aside(&self, keys: &[MasterKey]) -> io::Result<String> {
        let name = format!("{}.{}.tmp", self.name, Uuid::now_v7());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = self.folder.open_with(&name, &options)?;
        let written = keys
            .iter()
            .try_for_each(|key| file.write_all(key.encode().as_bytes()).and_then(|()| file.write_all(b"\n")));
        match written.and_then(|()| file.sync_all()) {
            Ok(()) => Ok(name),
            Err(error) => {
                // Nothing reads the file: that it cannot be removed does no harm.
                let _ = self.folder.remove_file(&name);
                Err(error)
            }
        }
    }

    /// A key that a crash could undo would leave records that nobody can open.
    fn sync(&self) -> io::Result<()> {
        self.folder.open(".").and_then(|folder| folder.sync_all())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use cap_std::{
        ambient_authority,
        fs::{Dir, MetadataExt, Permissions, PermissionsExt},
    };

    use super::{KEY_FILE, KeyFile};
    use crate::{KeyError, KeyRing, MasterKey};

    pub(crate) fn folder() -> (Dir, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap(), folder)
    }

    pub(crate) fn file(data: &Dir) -> KeyFile {
        KeyFile::in_data(data).unwrap()
    }

    pub(crate) fn place(data: &Dir, text: impl AsRef<[u8]>, mode: u32) {
        data.write(KEY_FILE, text).unwrap();
        data.set_permissions(KEY_FILE, Permissions::from_mode(mode)).unwrap();
    }

    fn load(data: &Dir) -> KeyRing {
        KeyRing::load(None, &file(data)).unwrap()
    }

    #[test]
    fn a_key_file_is_created_once_and_only_for_its_owner() {
        let (data, _guard) = folder();
        let created = load(&data);
        let read = load(&data);
        let (created, read) = (created.active(), read.active());
        assert_eq!((created.bytes(), created.id()), (read.bytes(), read.id()));
        assert_ne!(created.bytes(), &[0; 32]);
        assert_eq!(data.metadata(KEY_FILE).unwrap().mode() & 0o777, 0o600);
        assert_eq!(data.entries().unwrap().count(), 1, "something was left beside the key");
        let (other, _guard) = folder();
        assert_ne!(load(&other).active().id(), created.id());
    }

    #[test]
    fn processes_that_start_at_once_use_one_key() {
        for _ in 0..20 {
            let (data, _guard) = folder();
            let start = std::sync::Barrier::new(4);
            let ids = std::thread::scope(|scope| {
                let load = || {
                    start.wait();
                    load(&data).active().id()
                };
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(load)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
            });
            assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
            assert_eq!(data.entries().unwrap().count(), 1);
        }
    }

    #[test]
    fn refuses_an_exposed_or_broken_key_file() {
        let text = STANDARD.encode([7; 32]);
        for mode in [0o640, 0o604, 0o644, 0o660, 0o601] {
            let (data, _guard) = folder();
            place(&data, &text, mode);
            let error = KeyRing::load(None, &file(&data)).unwrap_err();
            assert!(matches!(error, KeyError::Exposed { mode: found, .. } if found == mode));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        for broken in [b"".to_vec(), b"short".to_vec(), vec![0xff; 40], vec![b'A'; 50_000]] {
            let (data, _guard) = folder();
            place(&data, &broken, 0o600);
            assert!(matches!(KeyRing::load(None, &file(&data)).unwrap_err(), KeyError::Malformed(_)));
            assert_eq!(data.read(KEY_FILE).unwrap(), broken, "a broken key is never replaced");
        }
        let (data, _guard) = folder();
        data.create_dir(KEY_FILE).unwrap();
        assert!(matches!(KeyRing::load(None, &file(&data)).unwrap_err(), KeyError::NotAFile(_)));
    }

    #[test]
    fn keeps_the_order_of_keys_and_leaves_nothing_beside_them() {
        let (data, _guard) = folder();
        let ring = load(&data);
        let old = ring.active().id();
        let ring = ring.with_new_key().unwrap();
        file(&data).replace(&ring).unwrap();
        let ids: Vec<_> = load(&data).keys().iter().map(MasterKey::id).collect();
        assert_eq!(ids, [ring.active().id(), old]);
        assert_ne!(ids[0], old);
        assert_eq!(data.metadata(KEY_FILE).unwrap().mode() & 0o777, 0o600);
        data.write(format!("{KEY_FILE}.{}.tmp", uuid::Uuid::now_v7()), "as after a kill").unwrap();
        data.write("key.mine.tmp", "somebody's own").unwrap();
        file(&data).remove_leftovers().unwrap();
        assert!(data.exists("key.mine.tmp") && data.entries().unwrap().count() == 2);
        data.remove_file("key.mine.tmp").unwrap();
        file(&data).replace(&ring.without_old_keys()).unwrap();
        let ids: Vec<_> = load(&data).keys().iter().map(MasterKey::id).collect();
        assert_eq!(ids.len(), 1);
        assert_ne!(ids[0], old);
        assert_eq!(data.entries().unwrap().count(), 1, "something was left beside the key");
    }

    #[test]
    fn a_file_elsewhere_is_created_and_named_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.txt");
        let file = KeyFile::open(&path).unwrap();
        assert!(!file.exists());
        let created = KeyRing::load(None, &file).unwrap().active().id();
        assert!(file.exists());
        let again = KeyFile::open(&path).unwrap();
        assert_eq!(KeyRing::load(None, &again).unwrap().active().id(), created);
        std::fs::write(&path, "nonsense").unwrap();
        let error = KeyRing::load(None, &file).unwrap_err().to_string();
        assert!(error.contains(&format!("the key file {}", path.display())) && !error.contains("nonsense"), "{error}");
        for missing in ["nowhere/keys.txt", ".."] {
            let error = KeyFile::open(&folder.path().join(missing)).unwrap_err();
            assert!(matches!(error, KeyError::Folder { .. }), "{error}");
            assert!(error.to_string().contains(missing), "{error}");
        }
    }

    #[test]
    fn follows_a_mounted_secret_that_is_exchanged() {
        let (data, guard) = folder();
        // As Kubernetes mounts one: a link to a link, which is exchanged.
        let place = |version: &str, byte: u8| {
            data.create_dir(version).unwrap();
            data.write(format!("{version}/keys"), STANDARD.encode([byte; 32])).unwrap();
            data.set_permissions(format!("{version}/keys"), Permissions::from_mode(0o400)).unwrap();
            data.symlink(version, "..new").unwrap();
            data.rename("..new", &data, "..data").unwrap();
        };
        place("..1", 1);
        data.symlink("..data/keys", "keys").unwrap();
        let file = KeyFile::open(&guard.path().join("keys")).unwrap();
        assert_eq!(KeyRing::load(None, &file).unwrap().active().bytes(), &[1; 32]);
        place("..2", 2);
        assert_eq!(KeyRing::load(None, &file).unwrap().active().bytes(), &[2; 32]);
    }
}
