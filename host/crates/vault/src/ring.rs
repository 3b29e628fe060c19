//! The keys of a host: from a text that the operator gives, or from a key file. The first key seals; the
//! others only open what was sealed before a rotation. Nothing here reads the environment.

use std::{io, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::{KeyFile, MasterKey, key::KEY_BYTES};

/// The active key and those of rotations that are not complete.
const MAX_KEYS: usize = 8;

/// What error messages call a text of the operator's.
const VARIABLE: &str = "WORKWAY_KEY";

/// All keys of a host, at least one. The first is the active one.
#[derive(Debug)]
pub struct KeyRing(Vec<MasterKey>);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{0} must hold keys of {KEY_BYTES} bytes in base64: create one with `openssl rand -base64 {KEY_BYTES}`")]
    Malformed(String),
    #[error("{0} must hold at most {MAX_KEYS} keys: complete the rotation with `workway keys rotate`")]
    TooMany(String),
    #[error(
        "{file} must be readable only by its owner (its mode is {mode:03o}): run `chmod 600` on it; if anybody else has \
         read it, delete it and connect every account again"
    )]
    Exposed { file: String, mode: u32 },
    #[error("{0} must be a regular file: move it away, or set WORKWAY_KEY")]
    NotAFile(String),
    #[error("cannot {action} {file}: {source}: restore the file or its permissions, or set WORKWAY_KEY")]
    File { file: String, action: &'static str, source: io::Error },
    #[error("the folder of key_file {} cannot be opened: {source}: create or mount it, or correct key_file", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{file} does not exist, but the data folder has a key file `key`: move that one there")]
    NotMoved { file: String },
    #[error("cannot generate a key: the system has no random numbers: {0}")]
    Random(String),
}

impl KeyRing {
    /// Returns the keys in `text` (separated by commas or white space), or else those of the key file, which the first start
    /// creates.
    ///
    /// # Errors
    /// See [`KeyError`]. A malformed text is an error, never a reason to use the file.
    pub fn load(text: Option<&SecretString>, file: &KeyFile) -> Result<Self, KeyError> {
        if let Some(text) = text {
            return Self::parse(text.expose_secret(), VARIABLE);
        }
        match file.read()? {
            Some(ring) => Ok(ring),
            None => {
                file.create()?;
                // Not the key just generated: processes that start at the same time all use the first one's.
                Self::read(file)
            }
        }
    }

    /// Returns the same keys as [`Self::load`], but never creates a file.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn existing(text: Option<&SecretString>, file: &KeyFile) -> Result<Self, KeyError> {
        match text {
            Some(text) => Self::parse(text.expose_secret(), VARIABLE),
            None => Self::read(file),
        }
    }

    /// Reads the key file.
    ///
    /// # Errors
    /// See [`KeyError`]. A missing file is an error: somebody put it away.
    pub(crate) fn read(file: &KeyFile) -> Result<Self, KeyError> {
        file.read()?.ok_or_else(|| file.failed("read", io::ErrorKind::NotFound.into()))
    }

    /// Returns the key that seals.
    pub fn active(&self) -> &MasterKey {
        &self.0[0]
    }

    /// Returns whether a rotation has begun: there are keys that only open.
    pub fn is_rotating(&self) -> bool {
        self.0.len() > 1
    }

    pub(crate) fn keys(&self) -> &[MasterKey] {
        &self.0
    }

    /// Puts a new active key before these keys.
    ///
    /// # Errors
    /// [`KeyError::Random`], [`KeyError::TooMany`].
    pub(crate) fn with_new_key(self) -> Result<Self, KeyError> {
        if self.0.len() == MAX_KEYS {
            return Err(KeyError::TooMany("the key file".to_owned()));
        }
        let mut keys = vec![MasterKey::generate()?];
        keys.extend(self.0);
        Ok(Self(keys))
    }

    /// Keeps only the active key.
    pub(crate) fn without_old_keys(mut self) -> Self {
        self.0.truncate(1);
        self
    }

    /// `source` is what an error message calls the text.
    pub(crate) fn parse(text: &str, source: &str) -> Result<Self, KeyError> {
        let texts = text.split(|character: char| character == ',' || character.is_whitespace());
        let keys = texts.filter(|text| !text.is_empty()).take(MAX_KEYS + 1).map(MasterKey::decode);
        let keys: Vec<_> = keys.collect::<Option<_>>().ok_or_else(|| KeyError::Malformed(source.to_owned()))?;
        match keys.len() {
            0 => Err(KeyError::Malformed(source.to_owned())),
            count if count > MAX_KEYS => Err(KeyError::TooMany(source.to_owned())),
            _ => Ok(Self(keys)),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::{KeyError, KeyRing, MAX_KEYS};
    use crate::key_file::tests::{file, folder, place};

    #[test]
    fn a_text_wins_over_the_file_and_creates_none() {
        let (data, _guard) = folder();
        let text = format!(" {}\n", STANDARD.encode([7; 32]));
        let ring = KeyRing::load(Some(&text.clone().into()), &file(&data)).unwrap();
        assert_eq!(ring.active().bytes(), &[7; 32]);
        assert_eq!(data.entries().unwrap().count(), 0);
        place(&data, text, 0o600);
        let read = KeyRing::load(None, &file(&data)).unwrap();
        assert_eq!(read.active().id(), ring.active().id(), "the file has the same format");
    }

    #[test]
    fn rejects_a_malformed_text_without_quoting_it() {
        let (data, _guard) = folder();
        let encode = |length| STANDARD.encode(vec![1; length]);
        for text in [String::new(), "secret".into(), "!".into(), encode(31), encode(33), encode(500)] {
            let error = KeyRing::load(Some(&text.clone().into()), &file(&data)).unwrap_err();
            assert!(matches!(&error, KeyError::Malformed(source) if source == "WORKWAY_KEY"), "{error}");
            assert!(text.is_empty() || text == "!" || !error.to_string().contains(&text));
        }
        assert!(!file(&data).exists(), "a bad text must not end in a key file");
    }

    #[test]
    fn a_text_holds_several_keys_up_to_a_limit() {
        let (data, _guard) = folder();
        let keys = |count: u8| (0..count).map(|byte| STANDARD.encode([byte; 32])).collect::<Vec<_>>().join(",");
        let ring = KeyRing::load(Some(&keys(3).into()), &file(&data)).unwrap();
        assert_eq!((ring.active().bytes(), ring.keys().len(), ring.is_rotating()), (&[0; 32], 3, true));
        let many = u8::try_from(MAX_KEYS + 1).unwrap();
        assert!(matches!(KeyRing::load(Some(&keys(many).into()), &file(&data)), Err(KeyError::TooMany(_))));
        for text in [format!("{},nonsense", keys(1)), ",".into()] {
            assert!(matches!(KeyRing::load(Some(&text.into()), &file(&data)), Err(KeyError::Malformed(_))));
        }
    }
}
