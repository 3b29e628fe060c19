//! Keeps a running host on the key that the database asks for: at its start, and when another process rotates the keys.

use crate::{KeyId, RecordsError, Vault};

/// Why a host may not start with its keys.
#[derive(Debug, thiserror::Error)]
pub enum VerifyKeysError {
    #[error("the database's key cannot be verified: {0}")]
    Records(#[from] RecordsError),
    #[error(
        "stored records are encrypted with key {theirs}, but this host has key {ours}: set WORKWAY_KEY to the other key \
         or restore its key file; if it is lost, `workway keys rotate --drop-unreadable` deletes the records that it \
         encrypted"
    )]
    OtherKey { theirs: KeyId, ours: KeyId },
}

impl Vault {
    /// Seals under the key that the database asks for, which only a rotation changes. A database without records takes over
    /// the host's key.
    ///
    /// # Errors
    /// [`VerifyKeysError::OtherKey`] if this host does not have that key.
    pub async fn verify_keys(&self) -> Result<(), VerifyKeysError> {
        loop {
            let theirs = self.records().active_key().await?;
            if let Some(theirs) = theirs {
                // Another process may have rotated the keys since the file was read.
                if self.prefer(theirs) || self.reload().is_ok() && self.prefer(theirs) {
                    return Ok(());
                }
                if !self.records().outdated(self.active(), "", 1).await?.is_empty() {
                    return Err(VerifyKeysError::OtherKey { theirs, ours: self.active() });
                }
            }
            if self.records().set_active_key(theirs, self.active()).await? {
                return Ok(());
            }
        }
    }

    /// Reads the keys again after the database refused a record as [stale](RecordsError::StaleKey). Returns whether sealing
    /// again is worth an attempt; if not, the log says why.
    pub async fn catch_up(&self) -> bool {
        if let Err(error) = self.reload() {
            tracing::error!("the keys were rotated, but the key file cannot be read again: {error}");
            return false;
        }
        let theirs = match self.records().active_key().await {
            Ok(Some(theirs)) => theirs,
            Ok(None) => return true,
            Err(error) => {
                tracing::error!("the keys were rotated, but the active key cannot be read: {error}");
                return false;
            }
        };
        let has_key = self.prefer(theirs);
        if !has_key {
            tracing::error!("records are encrypted with key {theirs} now: restart this host with that key");
        }
        has_key
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::VerifyKeysError;
    use crate::{
        Binding, Purpose, RecordsError,
        records::tests::MemoryRecords,
        vault::tests::{ring, vault_on},
    };

    fn binding() -> Binding {
        Binding::new(Purpose::new("test"), &["row"])
    }

    #[tokio::test]
    async fn an_empty_database_takes_the_hosts_key() {
        let records = Arc::new(MemoryRecords::default());
        vault_on(&ring(&[1]), &records).verify_keys().await.unwrap();
        let other = vault_on(&ring(&[2]), &records);
        other.verify_keys().await.unwrap();
        records.put("row", binding(), other.seal(&binding(), b"secret").unwrap()).unwrap();
    }

    #[tokio::test]
    async fn seals_under_the_databases_key_and_refuses_to_start_without_it() {
        let records = Arc::new(MemoryRecords::default());
        let old = vault_on(&ring(&[1]), &records);
        old.verify_keys().await.unwrap();
        records.put("row", binding(), old.seal(&binding(), b"secret").unwrap()).unwrap();
        let both = vault_on(&ring(&[2, 1]), &records);
        both.verify_keys().await.unwrap();
        assert_eq!(both.active(), old.active());
        let other = vault_on(&ring(&[2]), &records);
        let refused = other.verify_keys().await;
        assert!(matches!(refused, Err(VerifyKeysError::OtherKey { .. })), "{refused:?}");
        let stale = other.seal(&binding(), b"secret").unwrap();
        assert_eq!(records.put("row", binding(), stale), Err(RecordsError::StaleKey));
        assert!(!other.catch_up().await, "it does not have the key");
    }
}
