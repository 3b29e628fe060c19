//! The tables `storage_spaces` and `storage_entries`: what integrations keep for users. A space's counts change with its
//! entries, in one transaction.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use workway_capability::storage::{
    Applied, Change, Quota, Space, StorageBackend, StorageError, StoragePage, StoredValue, Usage, bytes_of,
    version_conflict,
};

use super::{
    Database,
    pool::{from_stored, to_stored, unavailable},
};

/// Higher than any byte of UTF-8: the end of all keys.
const AFTER_ALL_KEYS: [u8; 1] = [0xff];

/// Entries in the database.
#[derive(Clone, Debug)]
pub struct SqliteStorage {
    database: Database,
}

/// A failure of a query, or a refusal by the rules: both end the transaction.
enum Failure {
    Query(sqlx::Error),
    Refused(StorageError),
}

/// A space's row, read at the start of a transaction and written at its end.
struct SpaceRow {
    id: i64,
    sequence: u64,
    usage: Usage,
}

impl SqliteStorage {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    async fn select(&self, space: &Space, key: &str) -> Result<Option<StoredValue>, sqlx::Error> {
        let row = sqlx::query(
            "SELECT entry.key, entry.value, entry.version FROM storage_entries AS entry \
             JOIN storage_spaces AS space ON space.id = entry.space_id \
             WHERE space.integration = ? AND space.user_id = ? AND entry.key = ?",
        )
        .bind(space.integration.as_str())
        .bind(space.user.as_str())
        .bind(key.as_bytes())
        .fetch_optional(&self.database.reader)
        .await?;
        row.as_ref().map(entry).transpose()
    }

    async fn select_page(&self, space: &Space, page: StoragePage<'_>) -> Result<Vec<StoredValue>, sqlx::Error> {
        // Two bounds instead of a pattern: a key may contain any character that a pattern gives a meaning to.
        let mut rows = sqlx::query(
            "SELECT entry.key, entry.value, entry.version FROM storage_entries AS entry \
             JOIN storage_spaces AS space ON space.id = entry.space_id \
             WHERE space.integration = ? AND space.user_id = ? \
             AND entry.key >= ? AND entry.key < ? AND (? IS NULL OR entry.key > ?) ORDER BY entry.key LIMIT ?",
        )
        .bind(space.integration.as_str())
        .bind(space.user.as_str())
        .bind(page.prefix.as_bytes())
        .bind(after_prefix(page.prefix))
        .bind(page.start_after.map(str::as_bytes))
        .bind(page.start_after.map(str::as_bytes))
        .bind(i64::from(page.limit))
        .fetch(&self.database.reader);
        let mut entries = Vec::new();
        let mut bytes = 0;
        while let Some(row) = rows.try_next().await? {
            let entry = entry(&row)?;
            bytes += bytes_of(&entry.key) + bytes_of(&entry.value);
            if bytes > page.max_bytes && !entries.is_empty() {
                break;
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    async fn write(
        &self,
        space: &Space,
        quota: Quota,
        expected: Vec<(String, u64)>,
        changes: Vec<Change>,
    ) -> Result<Vec<Applied>, Failure> {
        // Immediate: what is read here stays true until the commit. Dropped without one, it all is undone.
        let mut transaction = self.database.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut row = SpaceRow::read(&mut transaction, space).await?;
        let before = row.usage;
        for (key, version) in expected {
            let found = row.version(&mut transaction, &key).await?;
            if found != version {
                return Err(Failure::Refused(version_conflict(&key, version, found)));
            }
        }
        let mut applied = Vec::with_capacity(changes.len());
        for change in changes {
            applied.push(row.apply(&mut transaction, change).await?);
        }
        quota.check(before, row.usage).map_err(Failure::Refused)?;
        if !applied.is_empty() {
            row.write(&mut transaction).await?;
            transaction.commit().await?;
        }
        Ok(applied)
    }
}

#[async_trait]
impl StorageBackend for SqliteStorage {
    async fn get(&self, space: &Space, key: &str) -> Result<Option<StoredValue>, StorageError> {
        self.select(space, key).await.map_err(failed)
    }

    async fn list(&self, space: &Space, page: StoragePage<'_>) -> Result<Vec<StoredValue>, StorageError> {
        self.select_page(space, page).await.map_err(failed)
    }

    async fn commit(
        &self,
        space: &Space,
        quota: Quota,
        expected: Vec<(String, u64)>,
        changes: Vec<Change>,
    ) -> Result<Vec<Applied>, StorageError> {
        self.write(space, quota, expected, changes).await.map_err(|failure| match failure {
            Failure::Query(error) => failed(error),
            Failure::Refused(error) => error,
        })
    }
}

impl SpaceRow {
    async fn read(connection: &mut SqliteConnection, space: &Space) -> Result<Self, sqlx::Error> {
        let row = sqlx::query(
            "INSERT INTO storage_spaces (integration, user_id) VALUES (?, ?) \
             ON CONFLICT (integration, user_id) DO UPDATE SET sequence = sequence RETURNING id, sequence, bytes, keys",
        )
        .bind(space.integration.as_str())
        .bind(space.user.as_str())
        .fetch_one(connection)
        .await?;
        Ok(Self {
            id: row.try_get("id")?,
            sequence: from_stored(row.try_get("sequence")?)?,
            usage: Usage { bytes: from_stored(row.try_get("bytes")?)?, keys: from_stored(row.try_get("keys")?)? },
        })
    }

    async fn write(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE storage_spaces SET sequence = ?, bytes = ?, keys = ? WHERE id = ?")
            .bind(to_stored(self.sequence)?)
            .bind(to_stored(self.usage.bytes)?)
            .bind(to_stored(self.usage.keys)?)
            .bind(self.id)
            .execute(connection)
            .await?;
        Ok(())
    }

    async fn version(&self, connection: &mut SqliteConnection, key: &str) -> Result<u64, sqlx::Error> {
        let version: Option<i64> =
            sqlx::query_scalar("SELECT version FROM storage_entries WHERE space_id = ? AND key = ?")
                .bind(self.id)
                .bind(key.as_bytes())
                .fetch_optional(connection)
                .await?;
        from_stored(version.unwrap_or(0))
    }

    async fn apply(&mut self, connection: &mut SqliteConnection, change: Change) -> Result<Applied, sqlx::Error> {
        match change {
            Change::Put(key, value) => {
                self.remove(connection, &key).await?;
                self.sequence += 1;
                self.usage.bytes += bytes_of(&key) + bytes_of(&value);
                self.usage.keys += 1;
                sqlx::query("INSERT INTO storage_entries (space_id, key, value, version) VALUES (?, ?, ?, ?)")
                    .bind(self.id)
                    .bind(key.into_bytes())
                    .bind(value)
                    .bind(to_stored(self.sequence)?)
                    .execute(connection)
                    .await?;
                Ok(Applied::Put(self.sequence))
            }
            Change::Delete(key) => Ok(Applied::Deleted(self.remove(connection, &key).await?)),
        }
    }

    async fn remove(&mut self, connection: &mut SqliteConnection, key: &str) -> Result<bool, sqlx::Error> {
        let bytes: Option<i64> = sqlx::query_scalar(
            "DELETE FROM storage_entries WHERE space_id = ? AND key = ? RETURNING length(key) + length(value)",
        )
        .bind(self.id)
        .bind(key.as_bytes())
        .fetch_optional(connection)
        .await?;
        let Some(bytes) = bytes else {
            return Ok(false);
        };
        // Counts that do not add up (somebody edited the database) must not end in a panic.
        self.usage.bytes = self.usage.bytes.saturating_sub(from_stored(bytes)?);
        self.usage.keys = self.usage.keys.saturating_sub(1);
        Ok(true)
    }
}

/// The first key that is behind every key with the prefix. UTF-8 has no byte 0xff, so the last one can be raised.
fn after_prefix(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    match end.last_mut() {
        Some(last) => *last += 1,
        None => end.extend(AFTER_ALL_KEYS),
    }
    end
}

fn entry(row: &SqliteRow) -> Result<StoredValue, sqlx::Error> {
    let key: Vec<u8> = row.try_get("key")?;
    Ok(StoredValue {
        key: String::from_utf8(key).map_err(|error| sqlx::Error::Decode(error.into()))?,
        value: row.try_get("value")?,
        version: from_stored(row.try_get("version")?)?,
    })
}

fn failed(error: sqlx::Error) -> StorageError {
    StorageError::Unavailable(unavailable(&error))
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Query(error)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        task::{Context, Waker},
    };

    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::super::pool::tests::{fresh, open};
    use super::SqliteStorage;
    use workway_capability::storage::{
        Change, MemoryStorage, Quota, StorageBackend, StorageError, StoragePage, suite::space,
    };

    const AMPLE: Quota = Quota { bytes: 100_000_000, keys: 1_000 };

    async fn fixture() -> (Arc<SqliteStorage>, tempfile::TempDir) {
        let (database, guard) = fresh().await;
        (Arc::new(database.storage()), guard)
    }

    workway_capability::storage_suite!(fixture);

    #[tokio::test]
    async fn entries_and_versions_outlive_the_process() {
        let (database, folder) = fresh().await;
        let ours = space("slack", "ann");
        let put = |key: &str| vec![Change::Put(key.into(), b"v".to_vec())];
        database.storage().commit(&ours, AMPLE, vec![], put("a")).await.unwrap();
        database.storage().commit(&ours, AMPLE, vec![], vec![Change::Delete("a".into())]).await.unwrap();
        database.storage().commit(&ours, AMPLE, vec![], put("b")).await.unwrap();
        let before = database.storage().get(&ours, "b").await.unwrap();
        database.close().await;
        let storage = open(folder.path()).await.unwrap().storage();
        assert_eq!(storage.get(&ours, "b").await.unwrap(), before);
        storage.commit(&ours, AMPLE, vec![], put("a")).await.unwrap();
        assert_eq!(storage.get(&ours, "a").await.unwrap().unwrap().version, 3);
    }

    #[tokio::test]
    async fn a_full_disk_refuses_the_write_and_keeps_what_is_there() {
        let (database, _guard) = fresh().await;
        let (storage, ours) = (database.storage(), space("slack", "ann"));
        storage.commit(&ours, AMPLE, vec![], vec![Change::Put("a".into(), b"v".to_vec())]).await.unwrap();
        sqlx::query("PRAGMA max_page_count = 1").execute(&database.writer).await.unwrap();
        let refused = storage.commit(&ours, AMPLE, vec![], vec![Change::Put("b".into(), vec![0; 1_000_000])]).await;
        assert_eq!(refused, Err(StorageError::Unavailable("the host's disk is full".into())));
        assert_eq!(storage.get(&ours, "a").await.unwrap().unwrap().value, b"v");
        assert_eq!(storage.get(&ours, "b").await, Ok(None));
        // The bound went with the connection, which was of no more use; see `pool`.
        storage.commit(&ours, AMPLE, vec![], vec![Change::Put("b".into(), vec![0; 1_000_000])]).await.unwrap();
    }

    #[tokio::test]
    async fn a_call_that_is_given_up_leaves_no_half_of_a_commit() {
        let (database, _guard) = fresh().await;
        let (storage, ours) = (database.storage(), space("slack", "ann"));
        let change = |value: u8| ["a", "b"].map(|key| Change::Put(key.into(), vec![value])).to_vec();
        storage.commit(&ours, AMPLE, vec![], change(0)).await.unwrap();
        for polls in 0..40 {
            let mut commit = storage.commit(&ours, AMPLE, vec![], change(polls));
            for _ in 0..polls {
                if commit.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        storage.commit(&ours, AMPLE, vec![], vec![Change::Put("c".into(), vec![])]).await.unwrap();
        let value = async |key| storage.get(&ours, key).await.unwrap().unwrap().value;
        assert_eq!(value("a").await, value("b").await);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Commit(Vec<(String, u64)>, Vec<Change>),
        Get(String),
        List(String, Option<String>, u32, u64),
    }

    fn key() -> impl Strategy<Value = String> {
        select(vec!["a", "a%", "a_", "a\0", "ab", "b", "é", "\u{7f}", "\u{10ffff}", "\u{10ffff}a"])
            .prop_map(String::from)
    }

    fn prefix() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), key()]
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            3 => (key(), vec(any::<u8>(), 0..12)).prop_map(|(key, value)| Change::Put(key, value)),
            1 => key().prop_map(Change::Delete),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (vec((key(), 0_u64..6), 0..2), vec(change(), 0..5)).prop_map(|(seen, changes)| Step::Commit(seen, changes)),
            1 => key().prop_map(Step::Get),
            2 => (prefix(), option::of(prefix()), 0_u32..6, 0_u64..40)
                .prop_map(|(prefix, after, limit, bytes)| Step::List(prefix, after, limit, bytes)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_database_and_the_memory_agree_on_everything(steps in vec((any::<bool>(), step()), 1..40)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (database, _guard) = fresh().await;
                let (memory, sqlite) = (MemoryStorage::default(), database.storage());
                let quota = Quota { bytes: 40, keys: 5 };
                for (ann, step) in steps {
                    let space = space("slack", if ann { "ann" } else { "bob" });
                    match step {
                        Step::Commit(seen, changes) => {
                            let wanted = memory.commit(&space, quota, seen.clone(), changes.clone()).await;
                            prop_assert_eq!(sqlite.commit(&space, quota, seen, changes).await, wanted);
                        }
                        Step::Get(key) => prop_assert_eq!(sqlite.get(&space, &key).await, memory.get(&space, &key).await),
                        Step::List(prefix, after, limit, max_bytes) => {
                            let page = StoragePage { prefix: &prefix, start_after: after.as_deref(), limit, max_bytes };
                            prop_assert_eq!(sqlite.list(&space, page).await, memory.list(&space, page).await);
                        }
                    }
                }
                database.close().await;
                Ok(())
            })?;
        }
    }
}
