//! Seals tokens and payout details so that a stolen database is of no use, and a row that was moved or changed does not open. It never
//! stores what it seals and never prints what it opens.
//!
//! A sealed record is: format (1 byte), key id (4), nonce (24), ciphertext and tag. Format and key id are authenticated
//! with the row that the record belongs to. Nonces are random: with 24 bytes none comes twice.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use cap_std::fs::Dir;
use chacha20poly1305::{
    AeadInOut, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Generate, array::Array},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use workway_model::{ProviderId, UserId};
use zeroize::Zeroizing;

use super::key::{KeyError, KeyId, KeyRing};

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const HEADER_BYTES: usize = 1 + KeyId::LENGTH;
/// Keeps these records apart from anything else that is ever sealed under the same key.
const CONNECTION: &[u8] = b"workway connection";
const PAYOUT: &[u8] = b"workway payout";

/// Seals under one key of a ring, at first the active one, and opens under any of them.
pub struct Vault {
    ciphers: RwLock<Arc<Ciphers>>,
    /// Where the ring is read again when it turns out to be an old one; nowhere if the operator gave the keys.
    file: Option<Dir>,
}

/// At least one, the active one first.
struct Ciphers(Vec<(KeyId, XChaCha20Poly1305)>);

/// The row that a sealed record belongs to. It opens in no other.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    pub user: &'a UserId,
    pub provider: &'a ProviderId,
    pub row: &'a str,
}

/// The developer's profile that sealed payout details belong to. They open in no other.
#[derive(Clone, Copy, Debug)]
pub struct PayoutBinding<'a> {
    pub user: &'a UserId,
    pub developer: &'a str,
}

/// What is secret about a connection.
#[derive(Clone)]
pub struct TokenSet {
    pub access_token: SecretString,
    pub refresh_token: Option<SecretString>,
}

/// A record and the key that it is sealed under.
#[derive(Clone)]
pub struct Sealed {
    pub key: KeyId,
    pub record: Vec<u8>,
}

/// The plaintext: JSON, so that fields can be added without another format.
#[derive(Serialize)]
struct Plain<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

#[derive(Deserialize)]
struct Opened {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error("the record is sealed under the key {sealed}, and this host has the key {ours}")]
    OtherKey { sealed: KeyId, ours: KeyId },
    #[error("the record was changed, or belongs to another row")]
    Tampered,
    #[error("the record is not in a format that this version knows")]
    Format,
    #[error("the record could not be sealed: {0}")]
    Seal(String),
}

impl Vault {
    /// `file` is the data folder where the ring came from its key file: whoever rotates the keys writes them there.
    pub fn new(ring: &KeyRing, file: Option<Dir>) -> Self {
        Self { ciphers: RwLock::new(Arc::new(Ciphers::new(ring))), file }
    }

    /// The key that seals.
    pub fn active(&self) -> KeyId {
        self.ciphers().0[0].0
    }

    fn knows(&self, key: KeyId) -> bool {
        self.ciphers().of(key).is_some()
    }

    /// Seals under the key of this id from now on, if it is here.
    pub(super) fn prefer(&self, key: &str) -> bool {
        let mut ciphers = self.ciphers.write().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = ciphers.0.iter().position(|(id, _)| id.to_string() == key) else { return false };
        if place > 0 {
            let mut preferred = ciphers.0.clone();
            preferred.swap(0, place);
            *ciphers = Arc::new(Ciphers(preferred));
        }
        true
    }

    /// Reads the key file again, where there is one: another process has rotated the keys.
    ///
    /// # Errors
    /// [`KeyError`]; the vault is as it was then.
    pub(super) fn reload(&self) -> Result<(), KeyError> {
        if let Some(data) = &self.file {
            let ciphers = Ciphers::new(&KeyRing::read(data)?);
            *self.ciphers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ciphers);
        }
        Ok(())
    }

    /// # Errors
    /// [`VaultError::Seal`] if the system has no random numbers.
    pub fn seal(&self, binding: Binding<'_>, tokens: &TokenSet) -> Result<Sealed, VaultError> {
        let access_token = tokens.access_token.expose_secret();
        let refresh_token = tokens.refresh_token.as_ref().map(|token| token.expose_secret());
        // Room for every character escaped, the names and the tag: a buffer that grew would leave copies behind.
        let characters = access_token.len() + refresh_token.map_or(0, str::len);
        let mut buffer = Zeroizing::new(Vec::with_capacity(6 * characters + 64 + TAG_BYTES));
        serde_json::to_writer(&mut *buffer, &Plain { access_token, refresh_token })
            .map_err(|error| VaultError::Seal(error.to_string()))?;
        self.seal_bytes(&binding.parts(), buffer)
    }

    /// # Errors
    /// Any [`VaultError`] but [`VaultError::Seal`].
    pub fn open(&self, binding: Binding<'_>, record: &[u8]) -> Result<TokenSet, VaultError> {
        let buffer = self.open_bytes(&binding.parts(), record)?;
        let opened: Opened = serde_json::from_slice(&buffer).map_err(|_| VaultError::Format)?;
        Ok(TokenSet { access_token: opened.access_token, refresh_token: opened.refresh_token })
    }

    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_payout(&self, binding: PayoutBinding<'_>, details: &SecretString) -> Result<Sealed, VaultError> {
        let details = details.expose_secret().as_bytes();
        let mut buffer = Zeroizing::new(Vec::with_capacity(details.len() + TAG_BYTES));
        buffer.extend_from_slice(details);
        self.seal_bytes(&binding.parts(), buffer)
    }

    /// # Errors
    /// As [`Self::open`].
    pub fn open_payout(&self, binding: PayoutBinding<'_>, record: &[u8]) -> Result<SecretString, VaultError> {
        let buffer = self.open_bytes(&binding.parts(), record)?;
        let details = std::str::from_utf8(&buffer).map_err(|_| VaultError::Format)?;
        Ok(details.into())
    }

    fn seal_bytes(&self, parts: &[&[u8]], mut buffer: Zeroizing<Vec<u8>>) -> Result<Sealed, VaultError> {
        let ciphers = self.ciphers();
        let (key, cipher) = &ciphers.0[0];
        let nonce = XNonce::try_generate().map_err(|error| VaultError::Seal(error.to_string()))?;
        let header = header(*key);
        cipher
            .encrypt_in_place(&nonce, &associated_data(&header, parts), &mut *buffer)
            .map_err(|error| VaultError::Seal(error.to_string()))?;
        let record = [&header[..], nonce.as_slice(), buffer.as_slice()].concat();
        Ok(Sealed { key: *key, record })
    }

    fn open_bytes(&self, parts: &[&[u8]], record: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (header, rest) = record.split_first_chunk::<HEADER_BYTES>().ok_or(VaultError::Format)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(VaultError::Format)?;
        let [FORMAT, key @ ..] = *header else {
            return Err(VaultError::Format);
        };
        let sealed = KeyId::from_bytes(key);
        if !self.knows(sealed)
            && let Err(error) = self.reload()
        {
            tracing::error!("the key file cannot be read again: {error}");
        }
        let ciphers = self.ciphers();
        let other = || VaultError::OtherKey { sealed, ours: ciphers.0[0].0 };
        let cipher = ciphers.of(sealed).ok_or_else(other)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        cipher
            .decrypt_in_place(&Array(*nonce), &associated_data(header, parts), &mut *buffer)
            .map_err(|_| VaultError::Tampered)?;
        Ok(buffer)
    }

    fn ciphers(&self) -> Arc<Ciphers> {
        self.ciphers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Ciphers {
    fn new(ring: &KeyRing) -> Self {
        Self(ring.keys().iter().map(|key| (key.id(), XChaCha20Poly1305::new(&Array(*key.bytes())))).collect())
    }

    fn of(&self, key: KeyId) -> Option<&XChaCha20Poly1305> {
        self.0.iter().find(|(id, _)| *id == key).map(|(_, cipher)| cipher)
    }
}

fn header(key: KeyId) -> [u8; HEADER_BYTES] {
    let mut header = [FORMAT; HEADER_BYTES];
    header[1..].copy_from_slice(key.as_bytes());
    header
}

impl<'a> Binding<'a> {
    fn parts(&self) -> [&'a [u8]; 4] {
        [CONNECTION, self.user.as_str().as_bytes(), self.provider.as_str().as_bytes(), self.row.as_bytes()]
    }
}

impl<'a> PayoutBinding<'a> {
    fn parts(&self) -> [&'a [u8]; 3] {
        [PAYOUT, self.user.as_str().as_bytes(), self.developer.as_bytes()]
    }
}

/// Every part with its length before it, the purpose and then the header: no two bindings read the same.
fn associated_data(header: &[u8; HEADER_BYTES], parts: &[&[u8]]) -> Vec<u8> {
    let (purpose, place) = parts.split_at(parts.len().min(1));
    let mut data = Vec::new();
    for part in purpose.iter().copied().chain([header.as_slice()]).chain(place.iter().copied()) {
        data.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Vault({}, [redacted])", self.active())
    }
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenSet([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use cap_std::{ambient_authority, fs::Dir};
    use secrecy::ExposeSecret;

    use super::{Binding, PayoutBinding, TokenSet, Vault, VaultError, header};
    use workway_model::{ProviderId, UserId};

    use crate::key::KeyRing;

    const TOKEN: &str = "xoxb-very-\"secret\"\\";

    fn vault(byte: u8) -> Vault {
        let unused = Dir::open_ambient_dir("/", ambient_authority()).unwrap();
        Vault::new(&KeyRing::load(Some(&STANDARD.encode([byte; 32]).into()), &unused).unwrap(), None)
    }

    struct Row(UserId, ProviderId, &'static str);

    impl Row {
        fn new(user: &str, provider: &str, row: &'static str) -> Self {
            Self(user.parse().unwrap(), provider.parse().unwrap(), row)
        }

        fn binding(&self) -> Binding<'_> {
            Binding { user: &self.0, provider: &self.1, row: self.2 }
        }
    }

    fn tokens() -> TokenSet {
        TokenSet { access_token: TOKEN.into(), refresh_token: Some("s3cr3t-refresh".into()) }
    }

    #[test]
    fn what_was_sealed_opens_in_its_row_and_hides_the_token() {
        let (vault, row) = (vault(1), Row::new("ann", "slack", "row"));
        let sealed = vault.seal(row.binding(), &tokens()).unwrap().record;
        let opened = vault.open(row.binding(), &sealed).unwrap();
        assert_eq!(opened.access_token.expose_secret(), TOKEN);
        assert_eq!(opened.refresh_token.unwrap().expose_secret(), "s3cr3t-refresh");
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_ne!(vault.seal(row.binding(), &tokens()).unwrap().record, sealed, "a nonce was used twice");
    }

    #[test]
    fn a_record_opens_in_no_other_row() {
        let vault = vault(1);
        let sealed = vault.seal(Row::new("ann", "slack", "row").binding(), &tokens()).unwrap().record;
        // The last ones would read the same if the parts were only joined.
        let others = [
            ("bob", "slack", "row"),
            ("ann", "google", "row"),
            ("ann", "slack", "other"),
            ("annslack", "r", "ow"),
            ("ann", "slackr", "ow"),
            ("an", "nslack", "row"),
        ];
        for (user, provider, row) in others {
            let opened = vault.open(Row::new(user, provider, row).binding(), &sealed);
            assert_eq!(opened.unwrap_err(), VaultError::Tampered, "{user} {provider} {row}");
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let (vault, row) = (vault(1), Row::new("ann", "slack", "row"));
        let sealed = vault.seal(row.binding(), &tokens()).unwrap().record;
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(vault.open(row.binding(), &changed).is_err(), "byte {index} was not noticed");
            assert!(vault.open(row.binding(), &sealed[..index]).is_err(), "cut at {index} was not noticed");
        }
        let longer = [sealed.as_slice(), b"x"].concat();
        assert_eq!(vault.open(row.binding(), &longer).unwrap_err(), VaultError::Tampered);
    }

    #[test]
    fn another_key_is_named() {
        let row = Row::new("ann", "slack", "row");
        let (old, new) = (vault(1), vault(2));
        let sealed = old.seal(row.binding(), &tokens()).unwrap().record;
        assert_eq!(
            new.open(row.binding(), &sealed).unwrap_err(),
            VaultError::OtherKey { sealed: old.active(), ours: new.active() }
        );
        // Whoever writes our key's id over the other one gets no further.
        let mut relabelled = sealed;
        relabelled[..5].copy_from_slice(&header(new.active()));
        assert_eq!(new.open(row.binding(), &relabelled).unwrap_err(), VaultError::Tampered);
    }

    #[test]
    fn an_unknown_format_is_not_tampering() {
        let row = Row::new("ann", "slack", "row");
        for record in [&b""[..], b"\x01", &[2; 100]] {
            assert_eq!(vault(1).open(row.binding(), record).unwrap_err(), VaultError::Format);
        }
    }

    #[test]
    fn payout_details_open_in_their_profile_and_are_no_connection() {
        let (vault, ann, bob) = (vault(1), "ann".parse().unwrap(), "bob".parse().unwrap());
        let own = PayoutBinding { user: &ann, developer: "dev_1" };
        let sealed = vault.seal_payout(own, &TOKEN.into()).unwrap().record;
        assert_eq!(vault.open_payout(own, &sealed).unwrap().expose_secret(), TOKEN);
        for other in [PayoutBinding { user: &bob, ..own }, PayoutBinding { developer: "dev_2", ..own }] {
            assert_eq!(vault.open_payout(other, &sealed).unwrap_err(), VaultError::Tampered);
        }
        let row = Row::new("ann", "slack", "dev_1");
        assert_eq!(vault.open(row.binding(), &sealed).unwrap_err(), VaultError::Tampered);
        let connection = vault.seal(row.binding(), &tokens()).unwrap().record;
        assert_eq!(vault.open_payout(own, &connection).unwrap_err(), VaultError::Tampered);
    }

    #[test]
    fn vault_and_tokens_print_without_secrets() {
        assert_eq!(format!("{:?}", tokens()), "TokenSet([redacted])");
        assert!(format!("{:?}", vault(1)).ends_with(", [redacted])"));
    }

    #[test]
    fn a_vault_follows_a_rotation_of_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let data = Dir::open_ambient_dir(folder.path(), ambient_authority()).unwrap();
        let row = Row::new("ann", "slack", "row");
        let ring = KeyRing::load(None, &data).unwrap();
        let running = Vault::new(&ring, Some(data.try_clone().unwrap()));
        let before = running.seal(row.binding(), &tokens()).unwrap();
        let ring = ring.with_new_key().unwrap();
        ring.replace_file(&data).unwrap();
        let rotating = Vault::new(&ring, None);
        assert!(rotating.open(row.binding(), &before.record).is_ok(), "the old key still opens");
        let after = rotating.seal(row.binding(), &tokens()).unwrap();
        assert_ne!(after.key, before.key);
        assert!(running.open(row.binding(), &after.record).is_ok(), "the file is read again");
        assert_eq!(running.active(), after.key);
    }
}
