//! Data keys: random keys that seal large amounts of data where a rotation of master keys could not reseal every record. They
//! are stored, sealed under the master key, and a rotation reseals only them. A new one seals from then on; the older ones open
//! what they sealed, for as long as it is kept.
//!
//! A record is: format (1 byte), id of the data key (4), nonce (24), ciphertext and tag. Format, id and context are
//! authenticated.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use chacha20poly1305::{
    AeadInOut, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Generate, array::Array},
};
use zeroize::Zeroizing;

use crate::{
    Binding, KeyError, KeyId, MasterKey, Purpose, RecordsError, Sealed, Vault, VaultError, binding::encode,
    key::KEY_BYTES,
};

/// The purpose of sealed data keys.
pub const DATA_KEY_PURPOSE: Purpose = Purpose::new("workway data key");

/// Differs from the format of records that the vault seals.
const FORMAT: u8 = 2;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + KeyId::LENGTH;
/// How often a data key is sealed once more because another process rotated the master keys.
const MAX_ATTEMPTS: u32 = 5;

/// The stored data keys.
#[async_trait]
pub trait DataKeyStore: fmt::Debug + Send + Sync {
    /// Returns all data keys, the oldest first, each with its sealed record.
    async fn all(&self) -> Result<Vec<(KeyId, Vec<u8>)>, RecordsError>;

    /// Adds a data key if `newest` still is the newest one, and returns whether it was. The key is on the disk then, so that it
    /// outlasts whatever it seals.
    async fn add(&self, newest: Option<KeyId>, id: KeyId, sealed: &Sealed) -> Result<bool, RecordsError>;
}

/// A key that seals data.
pub struct DataKey {
    id: KeyId,
    cipher: XChaCha20Poly1305,
}

/// All data keys: the newest one seals, each opens what it sealed.
pub struct DataKeys {
    /// The newest one last. At least one.
    keys: RwLock<Arc<Vec<DataKey>>>,
    vault: Arc<Vault>,
    store: Arc<dyn DataKeyStore>,
}

/// Why the data keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataKeysError {
    #[error("the data keys cannot be read or stored: {0}")]
    Records(#[from] RecordsError),
    #[error("a data key cannot be used: {0}")]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the keys are being rotated: try again")]
    Contended,
}

impl DataKey {
    fn new(key: &MasterKey) -> Self {
        Self { id: key.id(), cipher: XChaCha20Poly1305::new(&Array(*key.bytes())) }
    }

    /// Returns the id, which begins each record that the key seals.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Seals data. It opens only with the same context, such as the ids of the row that it belongs to.
    ///
    /// # Errors
    /// [`VaultError::Seal`] if the system has no random numbers.
    pub fn seal(&self, context: &[&str], plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce = XNonce::try_generate().map_err(|error| VaultError::Seal(error.to_string()))?;
        let header = header(self.id);
        let begin = HEADER_BYTES + NONCE_BYTES;
        // Room for everything: a buffer that grew would leave a copy of the plaintext behind.
        let mut record = Vec::with_capacity(begin + plaintext.len() + TAG_BYTES);
        record.extend_from_slice(&header);
        record.extend_from_slice(&nonce);
        record.extend_from_slice(plaintext);
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce, &associated_data(&header, context), (&mut record[begin..]).into())
            .map_err(|error| VaultError::Seal(error.to_string()))?;
        record.extend_from_slice(&tag);
        Ok(record)
    }

    /// Opens a record that this key sealed with the same context.
    ///
    /// # Errors
    /// Any [`VaultError`] but [`VaultError::Seal`].
    pub fn open(&self, context: &[&str], record: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (header, rest) = split(record)?;
        let sealed = key_of(header)?;
        if sealed != self.id {
            return Err(VaultError::OtherKey { sealed, ours: self.id });
        }
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Format)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        self.cipher
            .decrypt_in_place(&Array(*nonce), &associated_data(header, context), &mut *buffer)
            .map_err(|_| VaultError::Tampered)?;
        Ok(buffer)
    }
}

impl DataKeys {
    /// Reads all data keys, and creates the first one if there is none.
    ///
    /// # Errors
    /// See [`DataKeysError`].
    pub async fn load(vault: Arc<Vault>, store: Arc<dyn DataKeyStore>) -> Result<Self, DataKeysError> {
        let mut keys = read(&vault, &*store).await?;
        if keys.is_empty() {
            add(&vault, &*store, None).await?;
            keys = read(&vault, &*store).await?;
        }
        Ok(Self { keys: RwLock::new(Arc::new(keys)), vault, store })
    }

    /// Reads the data keys again: another process may have added one.
    ///
    /// # Errors
    /// See [`DataKeysError`]; the keys are unchanged then.
    pub async fn refresh(&self) -> Result<(), DataKeysError> {
        let keys = read(&self.vault, &*self.store).await?;
        if !keys.is_empty() {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        }
        Ok(())
    }

    /// Seals data with the newest key. See [`DataKey::seal`].
    ///
    /// # Errors
    /// [`VaultError::Seal`] if the system has no random numbers.
    pub fn seal(&self, context: &[&str], plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let keys = self.keys();
        let newest = keys.last().ok_or_else(|| VaultError::Seal("there is no data key".to_owned()))?;
        newest.seal(context, plaintext)
    }

    /// Opens a record with the key that sealed it. After [`VaultError::OtherKey`], [`Self::refresh`] may bring the key.
    ///
    /// # Errors
    /// Any [`VaultError`] but [`VaultError::Seal`].
    pub fn open(&self, context: &[&str], record: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let sealed = key_of(split(record)?.0)?;
        let keys = self.keys();
        let newest = keys.last().ok_or(VaultError::Format)?;
        keys.iter().find(|key| key.id == sealed).unwrap_or(newest).open(context, record)
    }

    fn keys(&self) -> Arc<Vec<DataKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Adds a new data key beside those that there are, for a rotation. Does nothing where there is none: the first one is new
/// anyway.
pub(crate) async fn add_next(vault: &Vault, store: &dyn DataKeyStore) -> Result<(), DataKeysError> {
    match store.all().await?.last() {
        Some((newest, _)) => add(vault, store, Some(*newest)).await,
        None => Ok(()),
    }
}

/// Creates a data key, unless another one has followed `newest` already.
async fn add(vault: &Vault, store: &dyn DataKeyStore, newest: Option<KeyId>) -> Result<(), DataKeysError> {
    let key = MasterKey::generate()?;
    for _ in 0..MAX_ATTEMPTS {
        let sealed = vault.seal(&binding(key.id()), key.bytes())?;
        match store.add(newest, key.id(), &sealed).await {
            // If not, another process has just added one, which is as good.
            Ok(_added) => return Ok(()),
            Err(RecordsError::StaleKey) if vault.catch_up().await => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(DataKeysError::Contended)
}

async fn read(vault: &Vault, store: &dyn DataKeyStore) -> Result<Vec<DataKey>, DataKeysError> {
    let open = |(id, record): (KeyId, Vec<u8>)| {
        let opened = vault.open(&binding(id), &record)?;
        let bytes: &[u8; KEY_BYTES] = opened.as_slice().try_into().map_err(|_| VaultError::Format)?;
        Ok(DataKey::new(&MasterKey::from_bytes(bytes)))
    };
    store.all().await?.into_iter().map(open).collect()
}

fn binding(id: KeyId) -> Binding {
    Binding::new(DATA_KEY_PURPOSE, &[&id.to_string()])
}

fn header(key: KeyId) -> [u8; HEADER_BYTES] {
    let mut header = [FORMAT; HEADER_BYTES];
    header[1..].copy_from_slice(key.as_bytes());
    header
}

fn split(record: &[u8]) -> Result<(&[u8; HEADER_BYTES], &[u8]), VaultError> {
    record.split_first_chunk().ok_or(VaultError::Format)
}

fn key_of(header: &[u8; HEADER_BYTES]) -> Result<KeyId, VaultError> {
    let [FORMAT, key @ ..] = *header else { return Err(VaultError::Format) };
    Ok(KeyId::from_bytes(key))
}

fn associated_data(header: &[u8], context: &[&str]) -> Vec<u8> {
    encode(std::iter::once(header).chain(context.iter().map(|part| part.as_bytes())))
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DataKey({}, [redacted])", self.id)
    }
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.keys().iter()).finish()
    }
}
