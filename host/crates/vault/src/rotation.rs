//! `workway keys rotate`: reseals every record under a new key, beside running hosts, and safe under a crash at any point.
//!
//! 1. The key file gets the new key before the old one. A host that reads it opens records under either key.
//! 2. The database's active key changes: from here on it refuses records under any other key. A host that still seals under
//!    the old key is refused, reads the file again and seals once more.
//! 3. Each record is resealed under the new key. Data keys are records, too, and a new one seals from here on.
//! 4. The file loses the old key.
//!
//! Only a rotation changes the database's active key. After a crash the next rotation continues with the same key: two keys
//! in the file say so. Keys that the operator gives in `WORKWAY_KEY` are not created or removed here: the first seals, the
//! others open.

use std::sync::Arc;

use crate::{
    DataKeyStore, DataKeysError, KeyError, KeyFile, KeyId, KeyRing, KeyedRecord, KeyedRecords, RecordsError, Sealed,
    Vault, VaultError, data_key::add_next,
};

/// Records that are read at once.
const BATCH: u32 = 100;

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The key that everything is sealed under now.
    pub key: KeyId,
    /// How many records were resealed.
    pub resealed: u64,
    /// The ids of records that open under none of the keys and stay as they are.
    pub unreadable: Vec<String>,
    /// How many unreadable records were deleted on request.
    pub dropped: u64,
}

/// Why a rotation stopped. Nothing is lost: run it again.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the rotation stopped: {0}; run it again to continue")]
    Records(#[from] RecordsError),
    #[error("the rotation stopped: {0}; run it again to continue")]
    Vault(#[from] VaultError),
    #[error("the rotation stopped: {0}; run it again to continue")]
    DataKeys(#[from] DataKeysError),
    #[error(
        "stored records are encrypted with key {theirs}, which is not available: set WORKWAY_KEY as the host has it, \
         or restore its key file; if the key is lost, --drop-unreadable deletes the records that it encrypted"
    )]
    OtherKey { theirs: KeyId },
    #[error("another process changed the keys at the same time: run the rotation again")]
    Contended,
    #[error("the database's log is in use, so the old key must stay for now: run the rotation again")]
    Unscrubbed,
}

/// How to rotate.
#[derive(Clone, Copy, Debug, Default)]
pub struct RotateOptions<'a> {
    /// The key file if the ring came from it; none if the operator gave the keys.
    pub file: Option<&'a KeyFile>,
    /// Delete records that open under none of the keys.
    pub drop_unreadable: bool,
    /// Where to add a new data key, if there are any.
    pub data_keys: Option<&'a dyn DataKeyStore>,
}

/// Reseals every record under a new key. Only one process may rotate at a time: of two new keys one would be lost.
///
/// # Errors
/// See [`RotateError`].
pub async fn rotate(
    ring: KeyRing,
    options: RotateOptions<'_>,
    records: Arc<dyn KeyedRecords>,
) -> Result<Rotated, RotateError> {
    let RotateOptions { file, drop_unreadable, data_keys } = options;
    let before = records.active_key().await?;
    let is_ours = |key: &KeyId| ring.keys().iter().any(|ours| ours.id() == *key);
    if let Some(theirs) = before.filter(|theirs| !is_ours(theirs) && !drop_unreadable) {
        return Err(RotateError::OtherKey { theirs });
    }
    // Several keys in the file are a rotation that was interrupted: it continues with its key.
    let ring = match file {
        Some(file) if !ring.is_rotating() => {
            let ring = ring.with_new_key()?;
            file.replace(&ring)?;
            ring
        }
        _ => ring,
    };
    let key = ring.active().id();
    if !records.set_active_key(before, key).await? {
        return Err(RotateError::Contended);
    }
    let vault = Vault::new(&ring, None, Arc::clone(&records));
    let (mut resealed, mut unreadable) = reseal_all(&vault, &*records).await?;
    // A record that changed while it was being resealed was skipped.
    while has_readable(&vault, &*records).await? {
        let (more, rest) = reseal_all(&vault, &*records).await?;
        (resealed, unreadable) = (resealed + more, rest);
    }
    let mut dropped = 0;
    if drop_unreadable {
        dropped = records.drop_records(&unreadable).await?;
        unreadable.clear();
    }
    if let Some(store) = data_keys {
        add_next(&vault, store).await?;
    }
    // Without the old key nobody can open what it sealed: no such record may reappear, not even after a power cut.
    if !records.scrub().await? {
        return Err(RotateError::Unscrubbed);
    }
    if let Some(file) = file {
        file.replace(&ring.without_old_keys())?;
        file.remove_leftovers()?;
    }
    Ok(Rotated { key, resealed, unreadable, dropped })
}

/// Returns how many records were resealed, and the ids of those that do not open.
async fn reseal_all(vault: &Vault, records: &dyn KeyedRecords) -> Result<(u64, Vec<String>), RotateError> {
    let (mut resealed, mut unreadable) = (0, Vec::new());
    let mut after = String::new();
    loop {
        let batch = records.outdated(vault.active(), &after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok((resealed, unreadable)) };
        last.id.clone_into(&mut after);
        for outdated in batch {
            match reseal(vault, &outdated) {
                Ok(sealed) => resealed += u64::from(records.reseal(&outdated, &sealed).await?),
                Err(error @ VaultError::Seal(_)) => return Err(error.into()),
                Err(_) => unreadable.push(outdated.id),
            }
        }
    }
}

/// Returns whether an outdated record is left that opens.
async fn has_readable(vault: &Vault, records: &dyn KeyedRecords) -> Result<bool, RotateError> {
    let mut after = String::new();
    loop {
        let batch = records.outdated(vault.active(), &after, BATCH).await?;
        let Some(last) = batch.last() else { return Ok(false) };
        last.id.clone_into(&mut after);
        if batch.iter().any(|outdated| vault.open(&outdated.binding, &outdated.record).is_ok()) {
            return Ok(true);
        }
    }
}

fn reseal(vault: &Vault, outdated: &KeyedRecord) -> Result<Sealed, VaultError> {
    vault.seal(&outdated.binding, &vault.open(&outdated.binding, &outdated.record)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{BATCH, RotateError, RotateOptions, rotate};
    use crate::{
        Binding, Purpose,
        records::tests::MemoryRecords,
        vault::tests::{ring, vault_on},
    };

    const PURPOSES: [Purpose; 2] = [Purpose::new("one"), Purpose::new("two")];

    fn binding(number: usize) -> Binding {
        Binding::new(PURPOSES[number % 2], &["ann", &number.to_string()])
    }

    /// Records under key 1.
    async fn records(count: usize) -> Arc<MemoryRecords> {
        let records = Arc::new(MemoryRecords::default());
        let vault = vault_on(&ring(&[1]), &records);
        vault.verify_keys().await.unwrap();
        for number in 0..count {
            let secret = format!("secret {number}");
            let sealed = vault.seal(&binding(number), secret.as_bytes()).unwrap();
            records.put(&number.to_string(), binding(number), sealed).unwrap();
        }
        records
    }

    #[tokio::test]
    async fn reseals_records_of_every_purpose() {
        let count = usize::try_from(2 * BATCH + 1).unwrap();
        let records = records(count).await;
        let rotated = rotate(ring(&[2, 1]), RotateOptions::default(), records.clone()).await.unwrap();
        assert_eq!((rotated.resealed, rotated.unreadable.len()), (u64::try_from(count).unwrap(), 0));
        let vault = vault_on(&ring(&[2]), &records);
        for number in 0..count {
            let (binding, sealed) = records.get(&number.to_string()).unwrap();
            assert_eq!(vault.open(&binding, &sealed.record).unwrap().as_slice(), format!("secret {number}").as_bytes());
        }
        let again = rotate(ring(&[2]), RotateOptions::default(), records).await.unwrap();
        assert_eq!(again.resealed, 0);
    }

    #[tokio::test]
    async fn keeps_unreadable_records_unless_asked_to_drop_them() {
        let records = records(3).await;
        let elsewhere = vault_on(&ring(&[1]), &records).seal(&binding(7), b"moved").unwrap();
        records.put("1", binding(1), elsewhere).unwrap();
        let rotated = rotate(ring(&[2, 1]), RotateOptions::default(), records.clone()).await.unwrap();
        assert_eq!((rotated.resealed, rotated.unreadable, rotated.dropped), (2, vec!["1".to_owned()], 0));
        assert!(records.get("1").is_some());
        let options = RotateOptions { drop_unreadable: true, ..RotateOptions::default() };
        let rotated = rotate(ring(&[3, 2]), options, records.clone()).await.unwrap();
        assert_eq!((rotated.resealed, rotated.unreadable.len(), rotated.dropped), (2, 0, 1));
        assert!(records.get("1").is_none());
    }

    #[tokio::test]
    async fn refuses_keys_that_lack_the_active_one() {
        let records = records(1).await;
        let refused = rotate(ring(&[3, 2]), RotateOptions::default(), records).await;
        assert!(matches!(refused, Err(RotateError::OtherKey { .. })), "{refused:?}");
    }
}
