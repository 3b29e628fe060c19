//! `workway keys rotate`: puts every record under a new key, beside hosts that run, and safely under a crash at any point.
//!
//! 1. The key file gets the new key before the old one. Whoever reads it opens records under either.
//! 2. The database is told the new key, and takes no record under another one from here on: a host that still seals under
//!    the old one is refused, reads the file again and seals once more.
//! 3. Record by record is sealed under the new key.
//! 4. The file loses the old key.
//!
//! After a crash the next rotation goes on where this one stopped: two keys in the file say so. Keys that the operator
//! gives in `WORKWAY_KEY` are not made or removed here: there the first seals, and the others open.

use async_trait::async_trait;
use cap_std::fs::Dir;

use super::{
    connections::{SealedConnection, SealedError},
    key::{KeyError, KeyId, KeyRing},
    vault::{Binding, Sealed, Vault, VaultError},
};
use crate::integration::UserId;

/// Rows that are read at once.
const BATCH: u32 = 100;

/// A row whose record is sealed under another key than the active one.
pub struct Outdated {
    pub user: UserId,
    pub connection: SealedConnection,
}

/// What a rotation needs of the database.
#[async_trait]
pub trait KeyedRecords: Send + Sync {
    /// Which key records are sealed under, by its id's text; nothing in a new database.
    async fn key(&self) -> Result<Option<String>, SealedError>;

    /// From here on a record under another key is refused with [`SealedError::StaleKey`].
    async fn use_key(&self, key: KeyId) -> Result<(), SealedError>;

    /// Rows that are not sealed under this key, by id from behind `after`, at most `limit`.
    async fn not_under(&self, key: KeyId, after: &str, limit: u32) -> Result<Vec<Outdated>, SealedError>;

    /// Puts a record of the same tokens in the place of another one, unless the row has another version by now.
    async fn reseal(&self, id: &str, version: u64, sealed: &Sealed) -> Result<bool, SealedError>;

    /// Leaves no byte of what was deleted or overwritten in any file.
    async fn scrub(&self) -> Result<(), SealedError>;
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The key that everything is sealed under now.
    pub key: KeyId,
    pub resealed: u64,
    /// Connections that open under none of the keys, by id. They stay as they are.
    pub unreadable: Vec<String>,
}

/// Why a rotation stopped. Nothing is lost then: run it again.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the database failed: {0}; run it again to go on")]
    Records(#[from] SealedError),
    #[error("{0}")]
    Vault(#[from] VaultError),
}

/// Puts every record under a new key. `file` is the data folder if the ring came from its key file, and nothing if the
/// operator gave the keys.
///
/// # Errors
/// See [`RotateError`].
pub async fn rotate(ring: KeyRing, file: Option<&Dir>, records: &dyn KeyedRecords) -> Result<Rotated, RotateError> {
    let ring = match file {
        Some(data) if !ring.is_rotating() => {
            let ring = ring.with_new_key()?;
            ring.replace_file(data)?;
            ring
        }
        _ => ring,
    };
    let key = ring.active().id();
    records.use_key(key).await?;
    let (resealed, unreadable) = reseal_all(&Vault::new(&ring, None), records).await?;
    records.scrub().await?;
    // With an old key gone nobody could ever open what it has sealed.
    if let (Some(data), true) = (file, unreadable.is_empty()) {
        ring.without_old_keys().replace_file(data)?;
    }
    Ok(Rotated { key, resealed, unreadable })
}

async fn reseal_all(vault: &Vault, records: &dyn KeyedRecords) -> Result<(u64, Vec<String>), RotateError> {
    let (mut resealed, mut unreadable) = (0, Vec::new());
    let mut after = String::new();
    loop {
        let rows = records.not_under(vault.active(), &after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok((resealed, unreadable)) };
        after.clone_from(&last.connection.summary.id);
        for Outdated { user, connection } in rows {
            let SealedConnection { summary, sealed } = connection;
            let binding = Binding { user: &user, provider: &summary.provider, row: &summary.id };
            match vault.open(binding, &sealed.record) {
                // A row that has changed meanwhile was sealed by somebody who had to have the new key.
                Ok(tokens) => {
                    let sealed = vault.seal(binding, &tokens)?;
                    resealed += u64::from(records.reseal(&summary.id, summary.version, &sealed).await?);
                }
                Err(_) => unreadable.push(summary.id),
            }
        }
    }
}

/// Has the database and a starting host agree on the key. Where they do not, a rotation was cut short, or the key is lost.
///
/// # Errors
/// [`SealedError`].
pub async fn agree(vault: &Vault, records: &dyn KeyedRecords) -> Result<(), SealedError> {
    let ours = vault.active().to_string();
    match records.key().await? {
        Some(theirs) if theirs == ours => return Ok(()),
        Some(theirs) if !vault.knows_text(&theirs) => {
            // Somebody may have rotated since the file was read.
            if let Err(error) = vault.reload() {
                tracing::error!("the key file cannot be read again: {error}");
            }
            if !vault.knows_text(&theirs) {
                tracing::error!(
                    "stored connections are sealed under the key {theirs}, and this host has {ours}: give it the other key, \
                     or every account must be connected again"
                );
            }
        }
        _ => {}
    }
    records.use_key(vault.active()).await
}
