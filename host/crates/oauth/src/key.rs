//! The keys that connections are sealed under: from a text that the operator gives, or from a file of the data folder.
//! The first seals, the others only open what was sealed before a rotation. Nothing here reads the environment, and no
//! key is ever printed.

use std::{
    fmt,
    io::{self, Read, Write},
    str::FromStr,
};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt};
use chacha20poly1305::{Key, aead::Generate};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

/// The key's file in the data folder.
const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;
/// The one that seals, and those of rotations that are not complete.
const MAX_KEYS: usize = 8;
/// More than a key file can hold: 44 characters a key and some white space.
const MAX_KEY_FILE_BYTES: u64 = 1_024;
/// What nobody but the owner may have of the key file.
const OTHERS: u32 = 0o077;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// 32 secret bytes, wiped when dropped.
pub struct MasterKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    id: KeyId,
}

/// Tells one key from another without telling anything about it: the start of its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; KEY_ID_BYTES]);

/// All keys of a host, at least one. The first is the active one.
#[derive(Debug)]
pub struct KeyRing(Vec<MasterKey>);

/// Why there is no key. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{0} is not the base64 of {KEY_BYTES} bytes; make one with: openssl rand -base64 {KEY_BYTES}")]
    Malformed(&'static str),
    #[error("{0} holds more than {MAX_KEYS} keys")]
    TooMany(&'static str),
    #[error(
        "the key file `{KEY_FILE}` in the data folder can be read by others (mode {mode:03o}); if nobody has read it, run \
         chmod 600 on it, otherwise delete it and connect every account again"
    )]
    Exposed { mode: u32 },
    #[error("`{KEY_FILE}` in the data folder is no file; move it away, or set WORKWAY_KEY")]
    NotAFile,
    #[error(
        "the key file `{KEY_FILE}` in the data folder cannot be {what}: {source}; make it possible, or set WORKWAY_KEY"
    )]
    File { what: &'static str, source: io::Error },
    #[error("the system has no random numbers to make a key of: {0}")]
    Random(String),
}

impl KeyRing {
    /// The keys that `text` spells (separated by commas or white space), or else the key file's, which is made at the
    /// first start.
    ///
    /// # Errors
    /// See [`KeyError`]. A text that is no key is an error, never a reason to take the file.
    pub fn load(text: Option<&SecretString>, data: &Dir) -> Result<Self, KeyError> {
        if let Some(text) = text {
            return Self::parse(text.expose_secret(), "WORKWAY_KEY");
        }
        match read(data)? {
            Some(ring) => Ok(ring),
            None => {
                create(data)?;
                // Not the key just made: of two processes that start at once both use the one that was first.
                Self::read(data)
            }
        }
    }

    /// As [`Self::load`], of keys that are there already.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn existing(text: Option<&SecretString>, data: &Dir) -> Result<Self, KeyError> {
        match text {
            Some(text) => Self::parse(text.expose_secret(), "WORKWAY_KEY"),
            None => Self::read(data),
        }
    }

    /// The key file's keys as they are now. Makes none: a file that is gone would be one that was put away.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub(super) fn read(data: &Dir) -> Result<Self, KeyError> {
        read(data)?.ok_or_else(|| KeyError::File { what: "read", source: io::ErrorKind::NotFound.into() })
    }

    /// The key that seals.
    pub fn active(&self) -> &MasterKey {
        &self.0[0]
    }

    /// Whether there are keys that only open: a rotation was begun.
    pub fn is_rotating(&self) -> bool {
        self.0.len() > 1
    }

    pub(super) fn keys(&self) -> &[MasterKey] {
        &self.0
    }

    /// The same keys behind a new one.
    ///
    /// # Errors
    /// [`KeyError::Random`], [`KeyError::TooMany`].
    pub(super) fn with_new_key(self) -> Result<Self, KeyError> {
        if self.0.len() == MAX_KEYS {
            return Err(KeyError::TooMany("the key file"));
        }
        let mut keys = vec![MasterKey::generate()?];
        keys.extend(self.0);
        Ok(Self(keys))
    }

    /// The active key alone.
    pub(super) fn without_old_keys(mut self) -> Self {
        self.0.truncate(1);
        self
    }

    /// Puts these keys in the place of the key file's. Whoever reads the file meanwhile, or after a crash, finds either
    /// all of the old ones or all of these.
    ///
    /// # Errors
    /// [`KeyError::File`]; the file is as it was then.
    pub(super) fn replace_file(&self, data: &Dir) -> Result<(), KeyError> {
        let failed = |source| KeyError::File { what: "written", source };
        let name = write_aside(data, &self.0).map_err(failed)?;
        data.rename(&name, data, KEY_FILE).map_err(failed)?;
        sync(data).map_err(failed)
    }

    /// Removes what writers that were killed have left beside the key file: it holds keys. Only for who may be sure that
    /// nobody writes one.
    ///
    /// # Errors
    /// [`KeyError::File`].
    pub(super) fn remove_leftovers(data: &Dir) -> Result<(), KeyError> {
        let failed = |source| KeyError::File { what: "tidied up", source };
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

    fn parse(text: &str, whence: &'static str) -> Result<Self, KeyError> {
        let texts = text.split(|character: char| character == ',' || character.is_whitespace());
        let keys = texts.filter(|text| !text.is_empty()).take(MAX_KEYS + 1);
        let keys: Vec<_> = keys.map(|text| MasterKey::parse(text, whence)).collect::<Result<_, _>>()?;
        match keys.len() {
            0 => Err(KeyError::Malformed(whence)),
            count if count > MAX_KEYS => Err(KeyError::TooMany(whence)),
            _ => Ok(Self(keys)),
        }
    }
}

impl MasterKey {
    fn generate() -> Result<Self, KeyError> {
        let mut key = Key::try_generate().map_err(|error| KeyError::Random(error.to_string()))?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        bytes.copy_from_slice(&key);
        key.zeroize();
        Ok(Self { id: KeyId::of(&bytes), bytes })
    }

    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    fn parse(text: &str, whence: &'static str) -> Result<Self, KeyError> {
        // The decoder asks for room for whole groups of three: two bytes more than the key.
        let mut decoded = Zeroizing::new([0; KEY_BYTES + 2]);
        let length =
            BASE64.decode_slice(text.trim(), decoded.as_mut_slice()).map_err(|_| KeyError::Malformed(whence))?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        if length != KEY_BYTES {
            return Err(KeyError::Malformed(whence));
        }
        bytes.copy_from_slice(&decoded[..KEY_BYTES]);
        Ok(Self { id: KeyId::of(&bytes), bytes })
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MasterKey({}, [redacted])", self.id)
    }
}

impl KeyId {
    /// How many bytes an id has in a sealed record.
    pub(super) const LENGTH: usize = KEY_ID_BYTES;

    fn of(key: &[u8; KEY_BYTES]) -> Self {
        let digest = Sha256::digest(key);
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&digest[..KEY_ID_BYTES]);
        Self(id)
    }

    pub(super) fn from_bytes(bytes: [u8; KEY_ID_BYTES]) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl FromStr for KeyId {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; KEY_ID_BYTES];
        hex::decode_to_slice(text, &mut id)?;
        Ok(Self(id))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({self})")
    }
}

fn read(data: &Dir) -> Result<Option<KeyRing>, KeyError> {
    let failed = |source| KeyError::File { what: "read", source };
    let file = match data.open(KEY_FILE) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // Asked of the open file, so that what is checked is what is read.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(KeyError::NotAFile);
    }
    if metadata.mode() & OTHERS != 0 {
        return Err(KeyError::Exposed { mode: metadata.mode() & 0o777 });
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(MAX_KEY_FILE_BYTES).unwrap_or(0)));
    match file.take(MAX_KEY_FILE_BYTES).read_to_string(&mut text) {
        Ok(_) => KeyRing::parse(&text, "the key file `key` in the data folder").map(Some),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(KeyError::Malformed("the key file `key`")),
        Err(error) => Err(failed(error)),
    }
}

/// Makes the key file unless somebody was faster. The key is written under another name first, as nobody may ever read
/// half a key; a hard link, unlike a rename, never takes the place of a key that is there.
fn create(data: &Dir) -> Result<(), KeyError> {
    let failed = |source| KeyError::File { what: "made", source };
    let name = write_aside(data, &[MasterKey::generate()?]).map_err(failed)?;
    let linked = match data.hard_link(&name, data, KEY_FILE) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    };
    let removed = data.remove_file(&name);
    linked.and(removed).map_err(failed)?;
    sync(data).map_err(failed)
}

/// Writes keys to a file of another name, for their owner alone, and answers that name.
fn write_aside(data: &Dir, keys: &[MasterKey]) -> io::Result<String> {
    let name = format!("{KEY_FILE}.{}.tmp", Uuid::now_v7());
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = data.open_with(&name, &options)?;
    let written = keys.iter().try_for_each(|key| {
        let text = Zeroizing::new(BASE64.encode(key.bytes()));
        file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n"))
    });
    match written.and_then(|()| file.sync_all()) {
        Ok(()) => Ok(name),
        Err(error) => {
            // Half a key is of no use; that it stays behind would be of no harm.
            let _ = data.remove_file(&name);
            Err(error)
        }
    }
}

/// A key that a crash could take back would leave connections that nobody can open.
fn sync(data: &Dir) -> io::Result<()> {
    data.open(".").and_then(|folder| folder.sync_all())
}

#[cfg(test)]
mod tests {
    use cap_std::{
        ambient_authority,
        fs::{Dir, MetadataExt, Permissions, PermissionsExt},
    };

    use super::{BASE64, KEY_FILE, KeyError, KeyRing, MAX_KEYS, MasterKey};
    use base64::Engine;

    fn folder() -> (Dir, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap(), folder)
    }

    fn load(data: &Dir) -> KeyRing {
        KeyRing::load(None, data).unwrap()
    }

    fn place(data: &Dir, text: impl AsRef<[u8]>, mode: u32) {
        data.write(KEY_FILE, text).unwrap();
        data.set_permissions(KEY_FILE, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_key_file_is_made_once_for_its_owner_alone() {
        let (data, _guard) = folder();
        let made = load(&data);
        let read = load(&data);
        let (made, read) = (made.active(), read.active());
        assert_eq!((made.bytes(), made.id()), (read.bytes(), read.id()));
        assert_ne!(made.bytes(), &[0; 32]);
        assert_eq!(data.metadata(KEY_FILE).unwrap().mode() & 0o777, 0o600);
        assert_eq!(data.entries().unwrap().count(), 1, "something was left beside the key");
        let (other, _guard) = folder();
        assert_ne!(load(&other).active().id(), made.id());
    }

    #[test]
    fn processes_that_start_at_once_agree_on_one_key() {
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
    fn a_text_wins_over_the_file_and_makes_none() {
        let (data, _guard) = folder();
        let text = format!(" {}\n", BASE64.encode([7; 32]));
        let ring = KeyRing::load(Some(&text.clone().into()), &data).unwrap();
        let key = ring.active();
        assert_eq!(key.bytes(), &[7; 32]);
        assert_eq!(data.entries().unwrap().count(), 0);
        let unpadded = text.trim().trim_end_matches('=').to_owned();
        assert_eq!(KeyRing::load(Some(&unpadded.into()), &data).unwrap().active().id(), key.id());
        place(&data, text, 0o600);
        assert_eq!(load(&data).active().id(), key.id(), "the file has the same format");
    }

    #[test]
    fn a_key_id_is_the_start_of_its_hash() {
        let key = MasterKey::parse(&BASE64.encode([0; 32]), "test").unwrap();
        assert_eq!(key.id().to_string(), "66687aad");
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_without_being_quoted() {
        let (data, _guard) = folder();
        let texts = ["", "secret", "!", &BASE64.encode([1; 31]), &BASE64.encode([1; 33]), &BASE64.encode([1; 500])];
        for text in texts.map(str::to_owned) {
            let error = KeyRing::load(Some(&text.clone().into()), &data).unwrap_err();
            assert!(matches!(error, KeyError::Malformed("WORKWAY_KEY")), "{error}");
            assert!(text.is_empty() || text == "!" || !error.to_string().contains(&text));
        }
        assert_eq!(data.entries().unwrap().count(), 0, "a bad text must not end in a key file");
    }

    #[test]
    fn an_exposed_or_broken_key_file_is_refused() {
        let text = BASE64.encode([7; 32]);
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
    fn a_key_prints_without_its_bytes() {
        let key = MasterKey::parse(&BASE64.encode([0; 32]), "test").unwrap();
        assert_eq!(format!("{key:?}"), "MasterKey(66687aad, [redacted])");
    }

    #[test]
    fn a_ring_keeps_its_order_and_its_file_changes_at_once() {
        let (data, _guard) = folder();
        let ring = load(&data);
        let old = ring.active().id();
        let ring = ring.with_new_key().unwrap();
        ring.replace_file(&data).unwrap();
        let ids: Vec<_> = load(&data).keys().iter().map(MasterKey::id).collect();
        assert_eq!(ids, [ring.active().id(), old]);
        assert_ne!(ids[0], old);
        assert_eq!(data.metadata(KEY_FILE).unwrap().mode() & 0o777, 0o600);
        data.write(format!("{KEY_FILE}.{}.tmp", uuid::Uuid::now_v7()), "as after a kill").unwrap();
        data.write("key.mine.tmp", "somebody's own").unwrap();
        KeyRing::remove_leftovers(&data).unwrap();
        assert!(data.exists("key.mine.tmp") && data.entries().unwrap().count() == 2);
        data.remove_file("key.mine.tmp").unwrap();
        ring.without_old_keys().replace_file(&data).unwrap();
        let ids: Vec<_> = load(&data).keys().iter().map(MasterKey::id).collect();
        assert_eq!(ids.len(), 1);
        assert_ne!(ids[0], old);
        assert_eq!(data.entries().unwrap().count(), 1, "something was left beside the key");
    }

    #[test]
    fn a_text_may_hold_several_keys_but_not_any_number() {
        let (data, _guard) = folder();
        let keys = |count: u8| (0..count).map(|byte| BASE64.encode([byte; 32])).collect::<Vec<_>>().join(",");
        let ring = KeyRing::load(Some(&keys(3).into()), &data).unwrap();
        assert_eq!((ring.active().bytes(), ring.keys().len(), ring.is_rotating()), (&[0; 32], 3, true));
        let many = u8::try_from(MAX_KEYS + 1).unwrap();
        assert!(matches!(KeyRing::load(Some(&keys(many).into()), &data), Err(KeyError::TooMany(_))));
        for text in [format!("{},nonsense", keys(1)), ",".into()] {
            assert!(matches!(KeyRing::load(Some(&text.into()), &data), Err(KeyError::Malformed(_))));
        }
    }
}
