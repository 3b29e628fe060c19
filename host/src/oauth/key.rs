//! The master key that connections are sealed under: from a text that the operator gives, or from a file of the data
//! folder. Nothing here reads the environment, and no key is ever printed.

use std::{
    fmt,
    io::{self, Read, Write},
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
pub const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;
/// More than a key file can hold: 44 characters and some white space.
const MAX_KEY_FILE_BYTES: u64 = 128;
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
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; KEY_ID_BYTES]);

/// Why there is no key. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{0} is not the base64 of {KEY_BYTES} bytes; make one with: openssl rand -base64 {KEY_BYTES}")]
    Malformed(&'static str),
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

impl MasterKey {
    /// The key that `text` spells, or else the key file's, which is made at the first start.
    ///
    /// # Errors
    /// See [`KeyError`]. A text that is no key is an error, never a reason to take the file.
    pub fn load(text: Option<&SecretString>, data: &Dir) -> Result<Self, KeyError> {
        if let Some(text) = text {
            return Self::parse(text.expose_secret(), "WORKWAY_KEY");
        }
        match read(data)? {
            Some(key) => Ok(key),
            None => {
                create(data)?;
                // Not the key just made: of two processes that start at once both use the one that was first.
                read(data)?.ok_or_else(|| KeyError::File { what: "read", source: io::ErrorKind::NotFound.into() })
            }
        }
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

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyId({self})")
    }
}

fn read(data: &Dir) -> Result<Option<MasterKey>, KeyError> {
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
        Ok(_) => MasterKey::parse(&text, "the key file `key` in the data folder").map(Some),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(KeyError::Malformed("the key file `key`")),
        Err(error) => Err(failed(error)),
    }
}

/// Makes the key file unless somebody was faster. The key is written under another name first, as nobody may ever read
/// half a key; a hard link, unlike a rename, never takes the place of a key that is there.
fn create(data: &Dir) -> Result<(), KeyError> {
    let failed = |source| KeyError::File { what: "made", source };
    let mut bytes = Key::try_generate().map_err(|error| KeyError::Random(error.to_string()))?;
    let mut text = Zeroizing::new(BASE64.encode(bytes));
    bytes.zeroize();
    text.push('\n');

    let name = format!("{KEY_FILE}.{}.tmp", Uuid::now_v7());
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = data.open_with(&name, &options).map_err(failed)?;
    let linked = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| {
        match data.hard_link(&name, data, KEY_FILE) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    });
    let removed = data.remove_file(&name);
    linked.and(removed).map_err(failed)?;
    // A key that a crash could take back would leave connections that nobody can open.
    data.open(".").and_then(|folder| folder.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use cap_std::{
        ambient_authority,
        fs::{Dir, MetadataExt, Permissions, PermissionsExt},
    };

    use super::{BASE64, KEY_FILE, KeyError, MasterKey};
    use base64::Engine;

    fn folder() -> (Dir, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap(), folder)
    }

    fn place(data: &Dir, text: impl AsRef<[u8]>, mode: u32) {
        data.write(KEY_FILE, text).unwrap();
        data.set_permissions(KEY_FILE, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_key_file_is_made_once_for_its_owner_alone() {
        let (data, _guard) = folder();
        let made = MasterKey::load(None, &data).unwrap();
        let read = MasterKey::load(None, &data).unwrap();
        assert_eq!((made.bytes(), made.id()), (read.bytes(), read.id()));
        assert_ne!(made.bytes(), &[0; 32]);
        assert_eq!(data.metadata(KEY_FILE).unwrap().mode() & 0o777, 0o600);
        assert_eq!(data.entries().unwrap().count(), 1, "something was left beside the key");
        let (other, _guard) = folder();
        assert_ne!(MasterKey::load(None, &other).unwrap().id(), made.id());
    }

    #[test]
    fn processes_that_start_at_once_agree_on_one_key() {
        for _ in 0..20 {
            let (data, _guard) = folder();
            let start = std::sync::Barrier::new(4);
            let ids = std::thread::scope(|scope| {
                let load = || {
                    start.wait();
                    MasterKey::load(None, &data).unwrap().id()
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
        let key = MasterKey::load(Some(&text.clone().into()), &data).unwrap();
        assert_eq!(key.bytes(), &[7; 32]);
        assert_eq!(data.entries().unwrap().count(), 0);
        let unpadded = text.trim().trim_end_matches('=').to_owned();
        assert_eq!(MasterKey::load(Some(&unpadded.into()), &data).unwrap().id(), key.id());
        place(&data, text, 0o600);
        assert_eq!(MasterKey::load(None, &data).unwrap().id(), key.id(), "the file has the same format");
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
            let error = MasterKey::load(Some(&text.clone().into()), &data).unwrap_err();
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
            let error = MasterKey::load(None, &data).unwrap_err();
            assert!(matches!(error, KeyError::Exposed { mode: found } if found == mode));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        for broken in [b"".to_vec(), b"short".to_vec(), vec![0xff; 40], vec![b'A'; 5_000]] {
            let (data, _guard) = folder();
            place(&data, &broken, 0o600);
            assert!(matches!(MasterKey::load(None, &data).unwrap_err(), KeyError::Malformed(_)));
            assert_eq!(data.read(KEY_FILE).unwrap(), broken, "a broken key is never replaced");
        }
        let (data, _guard) = folder();
        data.create_dir(KEY_FILE).unwrap();
        assert!(matches!(MasterKey::load(None, &data).unwrap_err(), KeyError::NotAFile));
    }

    #[test]
    fn a_key_prints_without_its_bytes() {
        let key = MasterKey::parse(&BASE64.encode([0; 32]), "test").unwrap();
        assert_eq!(format!("{key:?}"), "MasterKey(66687aad, [redacted])");
    }
}
