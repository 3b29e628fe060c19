//! One key and its id. No key is ever printed, and its bytes are wiped when dropped.

use std::{fmt, str::FromStr};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use chacha20poly1305::{Key, aead::Generate};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::KeyError;

pub(crate) const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// 32 secret bytes.
pub struct MasterKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    id: KeyId,
}

/// Identifies a key without revealing it: the first four bytes of its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; KEY_ID_BYTES]);

impl MasterKey {
    pub(crate) fn generate() -> Result<Self, KeyError> {
        let mut key = Key::try_generate().map_err(|error| KeyError::Random(error.to_string()))?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        bytes.copy_from_slice(&key);
        key.zeroize();
        Ok(Self { id: KeyId::of(&bytes), bytes })
    }

    /// Decodes the base64 of a key; none if it is anything else.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        // The decoder wants a buffer for whole groups of three bytes: two more than the key.
        let mut decoded = Zeroizing::new([0; KEY_BYTES + 2]);
        let length = BASE64.decode_slice(text.trim(), decoded.as_mut_slice()).ok()?;
        if length != KEY_BYTES {
            return None;
        }
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        bytes.copy_from_slice(&decoded[..KEY_BYTES]);
        Some(Self { id: KeyId::of(&bytes), bytes })
    }

    pub(crate) fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Self {
        Self { bytes: Zeroizing::new(*bytes), id: KeyId::of(bytes) }
    }

    pub(crate) fn encode(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(self.bytes()))
    }

    /// Returns the key's id.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MasterKey({}, [redacted])", self.id)
    }
}

impl KeyId {
    /// The bytes of an id in a sealed record.
    pub(crate) const LENGTH: usize = KEY_ID_BYTES;

    fn of(key: &[u8; KEY_BYTES]) -> Self {
        let digest = Sha256::digest(key);
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&digest[..KEY_ID_BYTES]);
        Self(id)
    }

    pub(crate) fn from_bytes(bytes: [u8; KEY_ID_BYTES]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
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

#[cfg(test)]
mod tests {
    use super::MasterKey;

    /// 32 zeros.
    const ZEROS: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn a_key_id_is_the_start_of_its_hash() {
        assert_eq!(MasterKey::decode(ZEROS).unwrap().id().to_string(), "66687aad");
    }

    #[test]
    fn a_key_decodes_with_or_without_padding() {
        let unpadded = ZEROS.trim_end_matches('=');
        assert_eq!(MasterKey::decode(unpadded).unwrap().id(), MasterKey::decode(ZEROS).unwrap().id());
        assert_eq!(MasterKey::decode(unpadded).unwrap().encode().as_str(), ZEROS);
    }

    #[test]
    fn a_key_prints_without_its_bytes() {
        assert_eq!(format!("{:?}", MasterKey::decode(ZEROS).unwrap()), "MasterKey(66687aad, [redacted])");
    }
}
