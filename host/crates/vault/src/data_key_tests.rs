//! Data keys: what they seal, and that they follow a rotation of master keys.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::{
    Binding, DATA_KEY_PURPOSE, DataKeyStore, DataKeys, KeyId, RecordsError, RotateOptions, Sealed, VaultError,
    records::tests::MemoryRecords,
    rotate,
    vault::tests::{ring, vault_on},
};

const CONTEXT: &[&str] = &["run_1", "find/each[3]"];
const BODY: &[u8] = b"a body of a run";

/// Data keys in memory, which stand among the records that a rotation reseals.
#[derive(Default)]
struct MemoryKeys {
    records: Arc<MemoryRecords>,
    ids: Mutex<Vec<KeyId>>,
}

impl std::fmt::Debug for MemoryKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MemoryKeys")
    }
}

#[async_trait]
impl DataKeyStore for MemoryKeys {
    async fn all(&self) -> Result<Vec<(KeyId, Vec<u8>)>, RecordsError> {
        let ids = self.ids.lock().unwrap().clone();
        let record = |id: KeyId| (id, self.records.get(&id.to_string()).unwrap().1.record);
        Ok(ids.into_iter().map(record).collect())
    }

    async fn add(&self, newest: Option<KeyId>, id: KeyId, sealed: &Sealed) -> Result<bool, RecordsError> {
        let mut ids = self.ids.lock().unwrap();
        if ids.last().copied() != newest {
            return Ok(false);
        }
        let row = id.to_string();
        self.records.put(&row, Binding::new(DATA_KEY_PURPOSE, &[&row]), sealed.clone())?;
        ids.push(id);
        Ok(true)
    }
}

async fn keys(store: &Arc<MemoryKeys>, bytes: &[u8]) -> DataKeys {
    let vault = Arc::new(vault_on(&ring(bytes), &store.records));
    vault.verify_keys().await.unwrap();
    DataKeys::load(vault, store.clone()).await.unwrap()
}

#[tokio::test]
async fn the_first_start_makes_a_key_and_the_next_one_reads_it() {
    let store = Arc::new(MemoryKeys::default());
    let sealed = keys(&store, &[1]).await.seal(CONTEXT, BODY).unwrap();
    assert!(!sealed.windows(4).any(|window| window == b"body"));
    let again = keys(&store, &[1]).await;
    assert_eq!(again.open(CONTEXT, &sealed).unwrap().as_slice(), BODY);
    assert_ne!(again.seal(CONTEXT, BODY).unwrap(), sealed, "a nonce was used twice");
    assert_eq!(store.ids.lock().unwrap().len(), 1);
    let empty = again.seal(&[], b"").unwrap();
    assert_eq!(again.open(&[], &empty).unwrap().as_slice(), b"");
}

#[tokio::test]
async fn a_record_opens_in_its_context_only_and_every_changed_byte_is_noticed() {
    let keys = keys(&Arc::default(), &[1]).await;
    let sealed = keys.seal(CONTEXT, BODY).unwrap();
    for other in [&["run_1"][..], &["run_1find/each[3]"], &["run_1", "find/each[4]"], &["run_1", "find/each[3]", ""]] {
        assert_eq!(keys.open(other, &sealed).unwrap_err(), VaultError::Tampered, "{other:?}");
    }
    for index in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[index] ^= 1;
        assert!(keys.open(CONTEXT, &changed).is_err(), "byte {index} was not noticed");
        assert!(keys.open(CONTEXT, &sealed[..index]).is_err(), "cut at {index} was not noticed");
    }
    assert_eq!(keys.open(CONTEXT, &[1; 100]).unwrap_err(), VaultError::Format, "a record of the vault");
}

#[tokio::test]
async fn a_rotation_adds_a_key_and_the_old_one_opens_what_it_sealed() {
    let store = Arc::new(MemoryKeys::default());
    let running = keys(&store, &[1]).await;
    let before = running.seal(CONTEXT, BODY).unwrap();
    let options = RotateOptions { data_keys: Some(&*store), ..RotateOptions::default() };
    let rotated = rotate(ring(&[2, 1]), options, store.records.clone()).await.unwrap();
    assert_eq!((rotated.resealed, store.ids.lock().unwrap().len()), (1, 2));
    let after = keys(&store, &[2]).await;
    assert_eq!(after.open(CONTEXT, &before).unwrap().as_slice(), BODY);
    let sealed = after.seal(CONTEXT, BODY).unwrap();
    assert_ne!(sealed[..5], before[..5], "the newest key seals");
    assert!(
        matches!(running.open(CONTEXT, &sealed), Err(VaultError::OtherKey { .. })),
        "it does not know that key yet"
    );
    let file_read_again = keys(&store, &[2, 1]).await;
    file_read_again.refresh().await.unwrap();
    assert_eq!(file_read_again.open(CONTEXT, &sealed).unwrap().as_slice(), BODY);
}

#[tokio::test]
async fn two_first_starts_at_once_agree_on_a_key() {
    let store = Arc::new(MemoryKeys::default());
    let (one, other) = tokio::join!(keys(&store, &[1]), keys(&store, &[1]));
    assert_eq!(other.open(CONTEXT, &one.seal(CONTEXT, BODY).unwrap()).unwrap().as_slice(), BODY);
    assert_eq!(store.ids.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn no_key_is_printed() {
    let keys = keys(&Arc::default(), &[1]).await;
    assert!(format!("{keys:?}").ends_with(", [redacted])]"), "{keys:?}");
}
