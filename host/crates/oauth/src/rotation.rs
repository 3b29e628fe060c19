//! `workway keys rotate`: puts every record under a new key, beside hosts that run, and safely under a crash at any point.
//!
//! 1. The key file gets the new key before the old one. Whoever reads it opens records under either.
//! 2. The database is told the new key, and takes no record under another one from here on: a host that still seals under
//!    the old one is refused, reads the file again and seals once more.
//! 3. Record by record is sealed under the new key.
//! 4. The file loses the old key.
//!
//! Nothing but a rotation changes which key the database asks for; hosts seal under that one, if they have it. After a crash
//! the next rotation goes on where this one stopped: two keys in the file say so. Keys that the operator
//! gives in `WORKWAY_KEY` are not made or removed here: there the first seals, and the others open.

use async_trait::async_trait;
use cap_std::fs::Dir;
use workway_model::UserId;

use super::{
    connections::{SealedConnection, SealedError},
    key::{KeyError, KeyId, KeyRing},
    vault::{Binding, PayoutBinding, Sealed, Vault, VaultError},
};

/// Rows that are read at once.
const BATCH: u32 = 100;

/// A row whose record is sealed under another key than the active one.
pub enum Outdated {
    Connection {
        user: UserId,
        connection: SealedConnection,
    },
    /// A developer's payout details.
    Payout {
        user: UserId,
        developer: String,
        record: Vec<u8>,
    },
}

impl Outdated {
    /// The row's id; no two rows have the same, whatever they are of.
    pub fn id(&self) -> &str {
        match self {
            Self::Connection { connection, .. } => &connection.summary.id,
            Self::Payout { developer, .. } => developer,
        }
    }

    /// The same secret under the active key.
    fn sealed_anew(&self, vault: &Vault) -> Result<Sealed, VaultError> {
        match self {
            Self::Connection { user, connection: SealedConnection { summary, sealed } } => {
                let binding = Binding { user, provider: &summary.provider, row: &summary.id };
                vault.seal(binding, &vault.open(binding, &sealed.record)?)
            }
            Self::Payout { user, developer, record } => {
                let binding = PayoutBinding { user, developer };
                vault.seal_payout(binding, &vault.open_payout(binding, record)?)
            }
        }
    }
}

/// What a rotation needs of the database.
#[async_trait]
pub trait KeyedRecords: Send + Sync {
    /// Which key records are sealed under, by its id's text; nothing in a new database.
    async fn key(&self) -> Result<Option<String>, SealedError>;

    /// From here on a record under another key is refused with [`SealedError::StaleKey`]. Only if the key before was
    /// `before`; answers whether it was.
    async fn use_key(&self, before: Option<&str>, key: KeyId) -> Result<bool, SealedError>;

    /// Rows of any table that are not sealed under this key, by id from behind `after`, at most `limit`.
    async fn not_under(&self, key: KeyId, after: &str, limit: u32) -> Result<Vec<Outdated>, SealedError>;

    /// Puts a record of the same secret in the place of another one, unless the row was changed meanwhile.
    async fn reseal(&self, row: &Outdated, sealed: &Sealed) -> Result<bool, SealedError>;

    /// Leaves no byte of what was deleted or overwritten in any file, and all that was written on the disk. Answers
    /// whether it could: somebody who reads an older state needs it.
    async fn scrub(&self) -> Result<bool, SealedError>;

    /// Deletes connections and payout details that opened under no key, but for those that were sealed under the one in use
    /// since. Answers how many. A developer's profile stays.
    async fn drop_rows(&self, ids: &[String]) -> Result<u64, SealedError>;
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The key that everything is sealed under now.
    pub key: KeyId,
    pub resealed: u64,
    /// Connections and payout details that open under none of the keys, by the ids of their rows. They stay as they are.
    pub unreadable: Vec<String>,
    /// Of such, how many were deleted because that was asked for.
    pub dropped: u64,
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
    #[error(
        "what is stored is sealed under the key {theirs}, which is not here: set WORKWAY_KEY as the host has it, or put \
         its key file back; if the key is lost, --drop-unreadable deletes what it sealed"
    )]
    NotOurs { theirs: String },
    #[error("another process changed the keys at the same time: run it again")]
    Contended,
    #[error("the database's log is in use, so that the old key has to stay for now: run it again")]
    Unscrubbed,
}

/// How a rotation is to be made.
#[derive(Clone, Copy, Debug, Default)]
pub struct RotateOptions<'a> {
    /// The data folder if the ring came from its key file, and nothing if the operator gave the keys.
    pub file: Option<&'a Dir>,
    /// Delete what opens under none of the keys.
    pub drop_unreadable: bool,
}

/// Puts every record under a new key. One process at a time may: of two new keys one would be lost.
///
/// # Errors
/// See [`RotateError`].
pub async fn rotate(
    ring: KeyRing,
    options: RotateOptions<'_>,
    records: &dyn KeyedRecords,
) -> Result<Rotated, RotateError> {
    let RotateOptions { file, drop_unreadable } = options;
    let before = records.key().await?;
    let is_ours = |key: &String| ring.keys().iter().any(|ours| ours.id().to_string() == *key);
    if let Some(theirs) = before.as_ref().filter(|theirs| !is_ours(theirs) && !drop_unreadable) {
        return Err(RotateError::NotOurs { theirs: theirs.clone() });
    }
    // Several keys in the file are a rotation that was cut short: it goes on with its key.
    let ring = match file {
        Some(data) if !ring.is_rotating() => {
            let ring = ring.with_new_key()?;
            ring.replace_file(data)?;
            ring
        }
        _ => ring,
    };
    let key = ring.active().id();
    if !records.use_key(before.as_deref(), key).await? {
        return Err(RotateError::Contended);
    }
    let vault = Vault::new(&ring, None);
    let (mut resealed, mut unreadable) = reseal_all(&vault, records).await?;
    // A row that changed while it was sealed anew was left alone.
    while anything_opens(&vault, records).await? {
        let (more, rest) = reseal_all(&vault, records).await?;
        (resealed, unreadable) = (resealed + more, rest);
    }
    let mut dropped = 0;
    if drop_unreadable {
        dropped = records.drop_rows(&unreadable).await?;
        unreadable.clear();
    }
    // With an old key gone nobody could ever open what it has sealed: not even after a power cut may there be any.
    if !records.scrub().await? {
        return Err(RotateError::Unscrubbed);
    }
    if let Some(data) = file {
        ring.without_old_keys().replace_file(data)?;
        KeyRing::remove_leftovers(data)?;
    }
    Ok(Rotated { key, resealed, unreadable, dropped })
}

async fn reseal_all(vault: &Vault, records: &dyn KeyedRecords) -> Result<(u64, Vec<String>), RotateError> {
    let (mut resealed, mut unreadable) = (0, Vec::new());
    let mut after = String::new();
    loop {
        let rows = records.not_under(vault.active(), &after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok((resealed, unreadable)) };
        last.id().clone_into(&mut after);
        for row in rows {
            match row.sealed_anew(vault) {
                Ok(sealed) => resealed += u64::from(records.reseal(&row, &sealed).await?),
                Err(error @ VaultError::Seal(_)) => return Err(error.into()),
                Err(_) => unreadable.push(row.id().to_owned()),
            }
        }
    }
}

/// Whether a record under an old key is left that opens.
async fn anything_opens(vault: &Vault, records: &dyn KeyedRecords) -> Result<bool, RotateError> {
    let mut after = String::new();
    loop {
        let rows = records.not_under(vault.active(), &after, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(false) };
        last.id().clone_into(&mut after);
        if rows.iter().any(|row| row.sealed_anew(vault).is_ok()) {
            return Ok(true);
        }
    }
}

/// Has a host that was refused as having another key read its keys again, and seal under the one that the database asks
/// for. Whether it can.
///
/// # Errors
/// [`SealedError`].
pub async fn catch_up(vault: &Vault, records: &dyn KeyedRecords) -> Result<bool, SealedError> {
    if let Err(error) = vault.reload() {
        tracing::error!("the keys were rotated, and the key file cannot be read again: {error}");
        return Ok(false);
    }
    let Some(theirs) = records.key().await? else { return Ok(true) };
    let can = vault.prefer(&theirs);
    if !can {
        tracing::error!("connections are sealed under the key {theirs} now: start this host with it");
    }
    Ok(can)
}

/// Why a host that starts may not seal.
#[derive(Debug, thiserror::Error)]
pub enum AgreeError {
    #[error("the database failed: {0}")]
    Records(#[from] SealedError),
    #[error(
        "what is stored is sealed under the key {theirs}, and this host has {ours}: set WORKWAY_KEY to the other one or \
         put its key file back; if it is lost, `workway keys rotate --drop-unreadable` deletes what it sealed"
    )]
    OtherKey { theirs: String, ours: KeyId },
}

/// Has the database and a starting host agree on the key: the host takes the one that the database asks for, which a
/// rotation alone changes. A new database asks for the host's.
///
/// # Errors
/// See [`AgreeError`].
pub async fn agree(vault: &Vault, records: &dyn KeyedRecords) -> Result<(), AgreeError> {
    loop {
        let theirs = records.key().await?;
        if let Some(theirs) = &theirs {
            // Somebody may have rotated since the file was read.
            let can = vault.prefer(theirs) || vault.reload().is_ok() && vault.prefer(theirs);
            if can {
                return Ok(());
            }
            // Where nothing is sealed nothing depends on a key.
            if !records.not_under(vault.active(), "", 1).await?.is_empty() {
                return Err(AgreeError::OtherKey { theirs: theirs.clone(), ours: vault.active() });
            }
        }
        if records.use_key(theirs.as_deref(), vault.active()).await? {
            return Ok(());
        }
    }
}
