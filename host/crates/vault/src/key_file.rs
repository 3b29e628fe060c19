//! The key file in the data folder. Nobody ever reads half a key: the file is written under another name first.

use std::io::{self, Read, Write};

use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{KeyError, KeyRing, MasterKey};

/// The file's name in the data folder.
pub(crate) const KEY_FILE: &str = "key";
/// What error messages call the file.
pub(crate) const NAME: &str = "the key file `key` in the data folder";
/// More than the file can hold: 44 characters a key, and some white space.
const MAX_BYTES: u64 = 1_024;
/// Permissions that nobody but the owner may have.
const OTHERS: u32 = 0o077;

/// Reads the keys; none if there is no file.
pub(crate) fn read(data: &Dir) -> Result<Option<KeyRing>, KeyError> {
    let failed = |source| KeyError::File { action: "read", source };
    let file = match data.open(KEY_FILE) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // The metadata of the open file, so that what is checked is what is read.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(KeyError::NotAFile);
    }
    if metadata.mode() & OTHERS != 0 {
        return Err(KeyError::Exposed { mode: metadata.mode() & 0o777 });
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(MAX_BYTES).unwrap_or(0)));
    match file.take(MAX_BYTES).read_to_string(&mut text) {
        Ok(_) => KeyRing::parse(&text, NAME).map(Some),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(KeyError::Malformed(NAME)),
        Err(error) => Err(failed(error)),
    }
}

/// Creates the file with a new key, unless another process was faster: a hard link, unlike a rename, never replaces a file.
pub(crate) fn create(data: &Dir) -> Result<(), KeyError> {
    let failed = |source| KeyError::File { action: "create", source };
    let name = write_aside(data, &[MasterKey::generate()?]).map_err(failed)?;
    let linked = match data.hard_link(&name, data, KEY_FILE) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    };
    let removed = data.remove_file(&name);
    linked.and(removed).map_err(failed)?;
    sync(data).map_err(failed)
}

/// Replaces the file's keys at once: a reader finds all of the old ones or all of these, also after a crash.
///
/// # Errors
/// [`KeyError::File`]; the file is unchanged then.
pub(crate) fn replace(data: &Dir, ring: &KeyRing) -> Result<(), KeyError> {
    let failed = |source| KeyError::File { action: "write", source };
    let name = write_aside(data, ring.keys()).map_err(failed)?;
    data.rename(&name, data, KEY_FILE).map_err(failed)?;
    sync(data).map_err(failed)
}

/// Removes the files that killed writers left beside the key file: they hold keys. Only safe while nobody writes one.
///
/// # Errors
/// [`KeyError::File`].
pub(crate) fn remove_leftovers(data: &Dir) -> Result<(), KeyError> {
    let failed = |source| KeyError::File { action: "clean up after", source };
    for entry in data.entries().map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let middle =
            name.to_str().and_then(|name| name.strip_prefix(KEY_FILE)?.strip_prefix('.')?.strip_suffix(".tmp"));
        if middle.is_some_and(|id| Uuid::try_parse(id).is_ok()) {
            data.remove_file(&name).map_err(failed)?;
        }
    }
    sync(data).map_err(failed)
}

/// Writes keys to a file of another name, readable only by its owner, and returns that name.
fn write_aside(data: &Dir, keys: &[MasterKey]) -> io::Result<String> {
    let name = format!("{KEY_FILE}.{}.tmp", Uuid::now_v7());
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = data.open_with(&name, &options)?;
    let written =
        keys.iter().try_for_each(|key| file.write_all(key.encode().as_bytes()).and_then(|()| file.write_all(b"\n")));
    match written.and_then(|()| file.sync_all()) {
        Ok(()) => Ok(name),
        Err(error) => {
            // Nothing reads the file: that it cannot be removed does no harm.
            let _ = data.remove_file(&name);
            Err(error)
        }
    }
}

/// A key that a crash could undo would leave records that nobody can open.
fn sync(data: &Dir) -> io::Result<()> {
    data.open(".").and_then(|folder| folder.sync_all())
}

#[cfg(test)]
pub(crate) mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use cap_std::{
        ambient_authority,
        fs::{Dir, MetadataExt, Permissions, PermissionsExt},
    };

    use super::{KEY_FILE, remove_leftovers, replace};
    use crate::{KeyError, KeyRing, MasterKey};

    pub(crate) fn folder() -> (Dir, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap(), folder)
    }

    pub(crate) fn place(data: &Dir, text: impl AsRef<[u8]>, mode: u32) {
        data.write(KEY_FILE, text).unwrap();
        data.set_permissions(KEY_FILE, Permissions::from_mode(mode)).unwrap();
    }

    fn load(data: &Dir) -> KeyRing {
        KeyRing::load(None, data).unwrap()
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
            let error = KeyRing::load(None, &data).unwrap_err();
            assert!(matches!(error, KeyError::Exposed { mode: found } if found == mode));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        for broken in [b"".to_vec(), b"short".to_vec(), vec![0xff; 40], vec![b'A'; 50_000]] {
            let (data, _guard) = folder();
            place(&data, &broken, 0o600);
            assert!(matches!(KeyRing::load(None, &data).unwrap_err(), KeyError::Malformed(_)));
            assert_eq!(data.read(KEY_FILE).unwrap(), broken, "a broken key is never replaced");
        }
        let (data, _guard) = folder();
        data.create_dir(KEY_FILE).unwrap();
        assert!(matches!(KeyRing::load(None, &data).unwrap_err(), KeyError::NotAFile));
    }

    #[test]
    fn keeps_the_order_of_keys_and_leaves_nothing_beside_them() {
        let (data, _guard) = folder();
        let ring = load(&data);
        let old = ring.active().id();
        let ring = ring.with_new_key().unwrap();
        replace(&data, &ring).unwrap();
        let ids: Vec<_> = load(&data).keys().iter().map(MasterKey::id).collect();
        assert_eq!(ids, [ring.active().id(), old]);
        assert_ne!(ids[0], old);
        assert_eq!(data.metadata(KEY_FILE).unwrap().mode() & 0o777, 0o600);
        data.write(format!("{KEY_FILE}.{}.tmp", uuid::Uuid::now_v7()), "as after a kill").unwrap();
        data.write("key.mine.tmp", "somebody's own").unwrap();
        remove_leftovers(&data).unwrap();
        assert!(data.exists("key.mine.tmp") && data.entries().unwrap().count() == 2);
        data.remove_file("key.mine.tmp").unwrap();
        replace(&data, &ring.without_old_keys()).unwrap();
        let ids: Vec<_> = load(&data).keys().iter().map(MasterKey::id).collect();
        assert_eq!(ids.len(), 1);
        assert_ne!(ids[0], old);
        assert_eq!(data.entries().unwrap().count(), 1, "something was left beside the key");
    }
}
