//! Seals secrets before they are stored, so that a stolen database is useless, and rotates the keys that they are sealed
//! under. It does not know what it seals: a caller passes bytes and a [`Binding`], which names the purpose and the row. It
//! runs no SQL: the database implements [`KeyedRecords`] and, for keys that seal more data than a rotation could reseal,
//! [`DataKeyStore`].

mod binding;
mod data_key;
#[cfg(test)]
mod data_key_tests;
mod key;
mod key_file;
mod records;
mod ring;
mod rotation;
mod vault;
mod verify;

pub use binding::{Binding, Purpose};
pub use data_key::{DATA_KEY_PURPOSE, DataKey, DataKeyStore, DataKeys, DataKeysError};
pub use key::{KeyId, MasterKey};
pub use key_file::KeyFile;
pub use records::{KeyedRecord, KeyedRecords, RecordsError};
pub use ring::{KeyError, KeyRing};
pub use rotation::{RotateError, RotateOptions, Rotated, rotate};
pub use vault::{Sealed, Vault, VaultError};
pub use verify::VerifyKeysError;
