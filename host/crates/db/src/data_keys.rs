//! The table `data_keys`: keys that seal the bodies of runs, sealed. Nothing here could open one.

use async_trait::async_trait;
use workway_model::Timestamp;
use workway_vault::{DataKeyStore, KeyId, RecordsError, Sealed};

use super::{
    Database,
    pool::{is_stale_key, parsed, unavailable},
};

/// Data keys in the database.
#[derive(Clone, Debug)]
pub struct SqliteDataKeys {
    database: Database,
}

impl SqliteDataKeys {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn keys(&self) -> Result<Vec<(KeyId, Vec<u8>)>, sqlx::Error> {
        let rows: Vec<(String, Vec<u8>)> =
            sqlx::query_as("SELECT id, sealed FROM data_keys ORDER BY rowid").fetch_all(&self.database.reader).await?;
        rows.into_iter().map(|(id, sealed)| Ok((parsed(&id)?, sealed))).collect()
    }

    async fn insert(&self, newest: Option<KeyId>, id: KeyId, sealed: &Sealed) -> Result<bool, sqlx::Error> {
        let mut connection = self.database.durable_writer().await?;
        let inserted = sqlx::query(
            "INSERT INTO data_keys (id, sealed, key_id, created_at) SELECT ?1, ?2, ?3, ?4 \
             WHERE (SELECT id FROM data_keys ORDER BY rowid DESC LIMIT 1) IS ?5",
        )
        .bind(id.to_string())
        .bind(&sealed.record)
        .bind(sealed.key.to_string())
        .bind(Timestamp::now().as_millis())
        .bind(newest.map(|newest| newest.to_string()))
        .execute(&mut *connection)
        .await;
        self.database.end_durable(connection).await;
        Ok(inserted?.rows_affected() > 0)
    }
}

#[async_trait]
impl DataKeyStore for SqliteDataKeys {
    async fn all(&self) -> Result<Vec<(KeyId, Vec<u8>)>, RecordsError> {
        self.keys().await.map_err(failed)
    }

    async fn add(&self, newest: Option<KeyId>, id: KeyId, sealed: &Sealed) -> Result<bool, RecordsError> {
        self.insert(newest, id, sealed).await.map_err(failed)
    }
}

fn failed(error: sqlx::Error) -> RecordsError {
    if is_stale_key(&error) {
        return RecordsError::StaleKey;
    }
    RecordsError::Unavailable(unavailable(&error))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use workway_vault::{DataKeys, KeyFile, KeyRing, RotateOptions, Vault, rotate};

    use crate::{Database, pool::tests::fresh};

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const OTHER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    const CONTEXT: &[&str] = &["run_1"];

    fn ring(keys: &str) -> KeyRing {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::open(&folder.path().join("key")).unwrap();
        KeyRing::load(Some(&keys.to_owned().into()), &file).unwrap()
    }

    async fn data_keys(database: &Database, keys: &str) -> DataKeys {
        let vault = Arc::new(Vault::new(&ring(keys), None, Arc::new(database.keyed_records())));
        vault.verify_keys().await.unwrap();
        DataKeys::load(vault, Arc::new(database.data_keys())).await.unwrap()
    }

    async fn count(database: &Database) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM data_keys").fetch_one(&database.reader).await.unwrap()
    }

    #[tokio::test]
    async fn starts_at_once_share_the_first_key() {
        let (database, _guard) = fresh().await;
        let (one, other) = tokio::join!(data_keys(&database, KEY), data_keys(&database, KEY));
        let sealed = one.seal(CONTEXT, b"body").unwrap();
        assert_eq!(other.open(CONTEXT, &sealed).unwrap().as_slice(), b"body");
        assert_eq!(count(&database).await, 1);
    }

    #[tokio::test]
    async fn a_rotation_reseals_data_keys_and_adds_one() {
        let (database, _guard) = fresh().await;
        let before = data_keys(&database, KEY).await.seal(CONTEXT, b"before").unwrap();
        let store = database.data_keys();
        let options = RotateOptions { data_keys: Some(&store), ..RotateOptions::default() };
        let keys = ring(&format!("{OTHER_KEY},{KEY}"));
        let rotated = rotate(keys, options, Arc::new(database.keyed_records())).await.unwrap();
        assert_eq!((rotated.resealed, count(&database).await), (1, 2));
        let after = data_keys(&database, OTHER_KEY).await;
        assert_eq!(after.open(CONTEXT, &before).unwrap().as_slice(), b"before");
        let sealed = after.seal(CONTEXT, b"after").unwrap();
        assert_ne!(sealed[..5], before[..5], "the new key seals");
        assert_eq!(data_keys(&database, OTHER_KEY).await.open(CONTEXT, &sealed).unwrap().as_slice(), b"after");
    }

    #[tokio::test]
    async fn a_rotation_without_data_keys_adds_none() {
        let (database, _guard) = fresh().await;
        let store = database.data_keys();
        let options = RotateOptions { data_keys: Some(&store), ..RotateOptions::default() };
        rotate(ring(KEY), options, Arc::new(database.keyed_records())).await.unwrap();
        assert_eq!(count(&database).await, 0);
    }
}
