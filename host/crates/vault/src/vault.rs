//! Seals secrets and opens them again. A stolen database is useless without the key, and a record that was moved or changed
//! does not open. The vault never stores what it seals and never prints what it opens.
//!
//! A sealed record is: format (1 byte), key id (4), nonce (24), ciphertext and tag. Format and key id are authenticated
//! together with the [`Binding`]. Nonces are random: with 24 bytes none repeats.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use chacha20poly1305::{
    AeadInOut, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Generate, array::Array},
};
use zeroize::Zeroizing;

use crate::{Binding, KeyError, KeyFile, KeyId, KeyRing, KeyedRecords};

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + KeyId::LENGTH;

/// Seals under one key of a ring, at first the active one, and opens under any of them.
pub struct Vault {
    ciphers: RwLock<Arc<Ciphers>>,
    /// The key file, to read the ring again after a rotation; none if the operator gave the keys.
    file: Option<KeyFile>,
    records: Arc<dyn KeyedRecords>,
}

/// At least one, the active one first.
struct Ciphers(Vec<(KeyId, XChaCha20Poly1305)>);

/// A record and the key that it is sealed under.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub key: KeyId,
    pub record: Vec<u8>,
}

/// Why a record was not sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error("the record is encrypted with key {sealed}, but this host has key {ours}")]
    OtherKey { sealed: KeyId, ours: KeyId },
    #[error("the record was changed, or belongs to another row")]
    Tampered,
    #[error("the record's format is unknown to this version")]
    Format,
    #[error("the record could not be encrypted: {0}")]
    Seal(String),
}

impl Vault {
    /// `file` is the key file if the ring came from it: a rotation writes new keys there. `records` are those that the keys are
    /// verified against.
    pub fn new(ring: &KeyRing, file: Option<KeyFile>, records: Arc<dyn KeyedRecords>) -> Self {
        Self { ciphers: RwLock::new(Arc::new(Ciphers::new(ring))), file, records }
    }

    /// Returns the key that seals.
    pub fn active(&self) -> KeyId {
        self.ciphers().0[0].0
    }

    /// Seals under this key from now on. Returns false if it is not here.
    pub(crate) fn prefer(&self, key: KeyId) -> bool {
        let mut ciphers = self.ciphers.write().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = ciphers.0.iter().position(|(id, _)| *id == key) else { return false };
        if place > 0 {
            let mut preferred = ciphers.0.clone();
            preferred.swap(0, place);
            *ciphers = Arc::new(Ciphers(preferred));
        }
        true
    }

    /// Reads the key file again, if there is one: another process has rotated the keys.
    ///
    /// # Errors
    /// [`KeyError`]; the vault is unchanged then.
    pub(crate) fn reload(&self) -> Result<(), KeyError> {
        if let Some(file) = &self.file {
            let ciphers = Ciphers::new(&KeyRing::read(file)?);
            *self.ciphers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ciphers);
        }
        Ok(())
    }

    /// Seals a secret for one row.
    ///
    /// # Errors
    /// [`VaultError::Seal`] if the system has no random numbers.
    pub fn seal(&self, binding: &Binding, plaintext: &[u8]) -> Result<Sealed, VaultError> {
        let ciphers = self.ciphers();
        let (key, cipher) = &ciphers.0[0];
        let nonce = XNonce::try_generate().map_err(|error| VaultError::Seal(error.to_string()))?;
        let header = header(*key);
        // Room for the tag: a buffer that grew would leave a copy of the secret behind.
        let mut buffer = Zeroizing::new(Vec::with_capacity(plaintext.len() + TAG_BYTES));
        buffer.extend_from_slice(plaintext);
        cipher
            .encrypt_in_place(&nonce, &binding.associated_data(&header), &mut *buffer)
            .map_err(|error| VaultError::Seal(error.to_string()))?;
        let record = [&header[..], nonce.as_slice(), buffer.as_slice()].concat();
        Ok(Sealed { key: *key, record })
    }

    /// Opens a record that was sealed with the same binding.
    ///
    /// # Errors
    /// Any [`VaultError`] but [`VaultError::Seal`].
    pub fn open(&self, binding: &Binding, record: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (header, rest) = record.split_first_chunk::<HEADER_BYTES>().ok_or(VaultError::Format)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Format)?;
        let [FORMAT, key @ ..] = *header else {
            return Err(VaultError::Format);
        };
        let sealed = KeyId::from_bytes(key);
        if self.ciphers().get(sealed).is_none()
            && let Err(error) = self.reload()
        {
            tracing::error!("the key file cannot be read again: {error}");
        }
        let ciphers = self.ciphers();
        let other = || VaultError::OtherKey { sealed, ours: ciphers.0[0].0 };
        let cipher = ciphers.get(sealed).ok_or_else(other)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        cipher
            .decrypt_in_place(&Array(*nonce), &binding.associated_data(header), &mut *buffer)
            .map_err(|_| VaultError::Tampered)?;
        Ok(buffer)
    }

    pub(crate) fn records(&self) -> &dyn KeyedRecords {
        &*self.records
    }

    fn ciphers(&self) -> Arc<Ciphers> {
        self.ciphers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Ciphers {
    fn new(ring: &KeyRing) -> Self {
        Self(ring.keys().iter().map(|key| (key.id(), XChaCha20Poly1305::new(&Array(*key.bytes())))).collect())
    }

    fn get(&self, key: KeyId) -> Option<&XChaCha20Poly1305> {
        self.0.iter().find(|(id, _)| *id == key).map(|(_, cipher)| cipher)
    }
}

fn header(key: KeyId) -> [u8; HEADER_BYTES] {
    let mut header = [FORMAT; HEADER_BYTES];
    header[1..].copy_from_slice(key.as_bytes());
    header
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Vault({}, [redacted])", self.active())
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sealed({}, [redacted])", self.key)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::{Vault, VaultError, header};
    use crate::{
        Binding, KeyRing, Purpose,
        key_file::tests::{file, folder},
        records::tests::MemoryRecords,
    };

    const PURPOSE: Purpose = Purpose::new("test");
    const SECRET: &[u8] = b"xoxb-very-\"secret\"\\";

    /// A ring of keys that repeat one byte.
    pub(crate) fn ring(bytes: &[u8]) -> KeyRing {
        let keys: Vec<_> = bytes.iter().map(|byte| STANDARD.encode([*byte; 32])).collect();
        KeyRing::parse(&keys.join(","), "test").unwrap()
    }

    pub(crate) fn vault_on(ring: &KeyRing, records: &Arc<MemoryRecords>) -> Vault {
        Vault::new(ring, None, records.clone())
    }

    fn vault(byte: u8) -> Vault {
        vault_on(&ring(&[byte]), &Arc::default())
    }

    fn row() -> Binding {
        Binding::new(PURPOSE, &["ann", "slack", "row"])
    }

    #[test]
    fn a_record_opens_in_its_row_and_hides_the_secret() {
        let vault = vault(1);
        let sealed = vault.seal(&row(), SECRET).unwrap().record;
        assert_eq!(vault.open(&row(), &sealed).unwrap().as_slice(), SECRET);
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_ne!(vault.seal(&row(), SECRET).unwrap().record, sealed, "a nonce was used twice");
    }

    #[test]
    fn opens_records_of_earlier_releases() {
        for (purpose, parts, record, secret) in [
            (
                "workway connection",
                &["ann", "slack", "row"][..],
                "0172cd6e84127db41865e6d3f843f10d1f91647c9be09fb2995db434e58244309f6762e788890ec442dc74d8e13fbc67b3ecd9d5\
                 6597684c6fb29289d8dd5e3a0b15a95af8d0dac6a2e3b7bfcfa3265791f857e2af27e0591c21e8b953600e2b",
                "{\"access_token\":\"access\",\"refresh_token\":\"refresh\"}",
            ),
            (
                "workway payout",
                &["ann", "dev_1"],
                "0172cd6e84a4545ffe93a252ff7c81cb6c4c1c744b5336e29ca2a39950103286ba6eb1e375de1cd10f8fca2d8856fd5f741753",
                "payout",
            ),
        ] {
            let binding = Binding::new(Purpose::new(purpose), parts);
            let opened = vault(1).open(&binding, &hex::decode(record).unwrap()).unwrap();
            assert_eq!(opened.as_slice(), secret.as_bytes());
        }
    }

    #[test]
    fn a_record_opens_in_no_other_row_and_for_no_other_purpose() {
        let vault = vault(1);
        let sealed = vault.seal(&row(), SECRET).unwrap().record;
        // The last ones would be the same if the parts were only joined.
        let others: [&[&str]; 7] = [
            &["bob", "slack", "row"],
            &["ann", "google", "row"],
            &["ann", "slack", "other"],
            &["ann", "slack"],
            &["annslack", "r", "ow"],
            &["ann", "slackr", "ow"],
            &["an", "nslack", "row"],
        ];
        for other in others {
            let opened = vault.open(&Binding::new(PURPOSE, other), &sealed);
            assert_eq!(opened.unwrap_err(), VaultError::Tampered, "{other:?}");
        }
        let other = Binding::new(Purpose::new("other"), &["ann", "slack", "row"]);
        assert_eq!(vault.open(&other, &sealed).unwrap_err(), VaultError::Tampered);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let vault = vault(1);
        let sealed = vault.seal(&row(), SECRET).unwrap().record;
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(vault.open(&row(), &changed).is_err(), "byte {index} was not noticed");
            assert!(vault.open(&row(), &sealed[..index]).is_err(), "cut at {index} was not noticed");
        }
        let longer = [sealed.as_slice(), b"x"].concat();
        assert_eq!(vault.open(&row(), &longer).unwrap_err(), VaultError::Tampered);
    }

    #[test]
    fn another_key_is_named() {
        let (old, new) = (vault(1), vault(2));
        let sealed = old.seal(&row(), SECRET).unwrap().record;
        assert_eq!(
            new.open(&row(), &sealed).unwrap_err(),
            VaultError::OtherKey { sealed: old.active(), ours: new.active() }
        );
        // Writing our key's id over the other one does not help.
        let mut relabelled = sealed;
        relabelled[..5].copy_from_slice(&header(new.active()));
        assert_eq!(new.open(&row(), &relabelled).unwrap_err(), VaultError::Tampered);
    }

    #[test]
    fn an_unknown_format_is_not_tampering() {
        for record in [&b""[..], b"\x01", &[2; 100]] {
            assert_eq!(vault(1).open(&row(), record).unwrap_err(), VaultError::Format);
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let vault = vault(1);
        assert!(format!("{vault:?}").ends_with(", [redacted])"));
        assert!(format!("{:?}", vault.seal(&row(), SECRET).unwrap()).ends_with(", [redacted])"));
    }

    #[test]
    fn follows_a_rotation_of_its_key_file() {
        let (data, _guard) = folder();
        let file = file(&data);
        let ring = KeyRing::load(None, &file).unwrap();
        let records = Arc::new(MemoryRecords::default());
        let running = Vault::new(&ring, Some(file.clone()), records.clone());
        let before = running.seal(&row(), SECRET).unwrap();
        let ring = ring.with_new_key().unwrap();
        file.replace(&ring).unwrap();
        let rotating = vault_on(&ring, &records);
        assert!(rotating.open(&row(), &before.record).is_ok(), "the old key still opens");
        let after = rotating.seal(&row(), SECRET).unwrap();
        assert_ne!(after.key, before.key);
        assert!(running.open(&row(), &after.record).is_ok(), "the file is read again");
        assert_eq!(running.active(), after.key);
    }
}
