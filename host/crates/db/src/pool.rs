//! The main database: its pools, how its connections are taken and given back, and what all tables' files share.

use std::path::Path;

use cap_std::fs::Dir;
use sqlx::{Row, Sqlite, SqlitePool, migrate::Migrator, pool::PoolConnection, sqlite::SqliteRow};
use workway_model::Timestamp;
use workway_sqlite::{DatabaseError, DatabaseFile};
pub(super) use workway_sqlite::{from_stored, parsed, to_stored, unavailable};

/// The database's file in the data folder.
pub const DATABASE_FILE: &str = "workway.db";
const READERS: u32 = 4;
/// Connections for searches of the marketplace alone. Strangers choose what is searched for, and a deep page of a common word
/// can take seconds: nobody else's query waits behind it.
const SEARCHERS: u32 = 4;

static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations");

pub(super) static FILE: DatabaseFile = DatabaseFile {
    name: DATABASE_FILE,
    // "WWAY"
    application_id: 0x5757_4159,
    migrations: &MIGRATIONS,
    gives_space_back: false,
};

/// The host's database: one connection that writes, several that only read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) writer: SqlitePool,
    pub(super) reader: SqlitePool,
    pub(super) searcher: SqlitePool,
}

impl Database {
    /// Opens the database of a data folder, and makes or migrates it first where needed. `folder` is the path that `data`
    /// was opened from: SQLite knows files by name only.
    ///
    /// # Errors
    /// See [`DatabaseError`].
    pub async fn open(data: &Dir, folder: &Path) -> Result<Self, DatabaseError> {
        let file = FILE.open(data, folder).await?;
        let reader = file.readers(READERS).await?;
        let searcher = file.readers(SEARCHERS).await?;
        Ok(Self { writer: file.writer, reader, searcher })
    }

    /// The writer, for what must not be lost with the machine's power either: a commit is on the disk. Give it back with
    /// [`Self::end_durable`]; one that is dropped writes on like this, which is slower and nothing worse.
    pub(super) async fn durable_writer(&self) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        let mut connection = self.writer.acquire().await?;
        sqlx::query("PRAGMA synchronous = FULL").execute(&mut *connection).await?;
        Ok(connection)
    }

    pub(super) async fn end_durable(&self, mut connection: PoolConnection<Sqlite>) {
        if let Err(error) = sqlx::query("PRAGMA synchronous = NORMAL").execute(&mut *connection).await {
            tracing::warn!(%error, "the database keeps syncing every change to disk, which is slower");
        }
    }

    /// Leaves nothing of what was deleted or overwritten: the file's free space is wiped as it comes about
    /// (`secure_delete`), and the write-ahead log, which still has the pages of before, is emptied here. Waits for readers, for as
    /// long as for anybody; answers whether it is done. If so, all that was written is on the disk, too.
    pub(super) async fn scrub(&self) -> Result<bool, sqlx::Error> {
        let (busy, _, _): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.writer).await?;
        Ok(busy == 0)
    }

    /// Waits for queries that run, and folds the write-ahead log into the file: the writer, which does that, goes last.
    pub async fn close(&self) {
        self.searcher.close().await;
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// A column's time, in milliseconds since the epoch.
pub(super) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, sqlx::Error> {
    row.try_get(column).map(Timestamp::from_millis)
}

/// As [`time`], of a column that may be null.
pub(super) fn optional_time(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
}

/// Whether the triggers of the migrations refused a record for the key that it is sealed under.
pub(super) fn is_stale_key(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.message().contains("stale-key"))
}

#[cfg(test)]
pub(super) mod tests {
    use std::{os::unix::fs::PermissionsExt, path::Path};

    use cap_std::{ambient_authority, fs::Dir};

    use super::{DATABASE_FILE, Database};
    use crate::DatabaseError;

    pub async fn open(folder: &Path) -> Result<Database, DatabaseError> {
        Database::open(&Dir::open_ambient_dir(folder, ambient_authority()).unwrap(), folder).await
    }

    pub async fn fresh() -> (Database, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (open(folder.path()).await.unwrap(), folder)
    }

    async fn pragma(pool: &sqlx::SqlitePool, name: &str) -> String {
        let statement = sqlx::AssertSqlSafe(format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"));
        sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
    }

    #[tokio::test]
    async fn the_database_is_set_up_for_safety_and_its_owner_alone() {
        let (database, folder) = fresh().await;
        for (name, value) in [
            ("journal_mode", "wal"),
            ("foreign_keys", "1"),
            ("synchronous", "1"),
            ("secure_delete", "1"),
            ("application_id", "1465336153"),
        ] {
            assert_eq!(pragma(&database.writer, name).await, value, "{name}");
        }
        let written = sqlx::query("DELETE FROM grants").execute(&database.reader).await;
        assert!(written.is_err(), "a reader wrote");
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
        }
        database.close().await;
        assert!(!folder.path().join("workway.db-wal").exists(), "the log was not folded in");
    }

    #[tokio::test]
    async fn every_table_is_strict() {
        let (database, _guard) = fresh().await;
        let loose: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx_%'",
        )
        .fetch_all(&database.reader)
        .await
        .unwrap();
        assert_eq!(loose, [""; 0]);
    }

    #[tokio::test]
    async fn a_database_opens_again_also_without_being_closed() {
        let (database, folder) = fresh().await;
        sqlx::query("INSERT INTO grants VALUES ('slack', '{}', 'slack.wasm', 1, NULL)")
            .execute(&database.writer)
            .await
            .unwrap();
        let again = open(folder.path()).await.unwrap();
        let grants: i64 = sqlx::query_scalar("SELECT count(*) FROM grants").fetch_one(&again.reader).await.unwrap();
        assert_eq!(grants, 1);
        database.close().await;
        again.close().await;
        open(folder.path()).await.unwrap().close().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn processes_that_start_at_once_make_one_database() {
        let folder = tempfile::tempdir().unwrap();
        let opened = futures_util::future::join_all((0..4).map(|_| open(folder.path()))).await;
        for database in opened {
            database.unwrap().close().await;
        }
    }

    #[tokio::test]
    async fn a_file_that_others_could_read_is_closed_to_them() {
        let (database, folder) = fresh().await;
        database.close().await;
        let path = folder.path().join(DATABASE_FILE);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        open(folder.path()).await.unwrap().close().await;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_damaged_file_is_named_and_left_alone() {
        for garbage in
            [b"not a database, but long enough to be read as one".repeat(100), b"SQLite format 3\0".repeat(300)]
        {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(DATABASE_FILE), &garbage).unwrap();
            let error = open(folder.path()).await.unwrap_err();
            assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains("backup"), "{error}");
            assert_eq!(std::fs::read(folder.path().join(DATABASE_FILE)).unwrap(), garbage);
        }
    }

    #[tokio::test]
    async fn a_cut_database_is_damaged() {
        let (database, folder) = fresh().await;
        database.close().await;
        let path = folder.path().join(DATABASE_FILE);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..5_000]).unwrap();
        let error = open(folder.path()).await.unwrap_err();
        assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}");
    }

    #[tokio::test]
    async fn another_programs_database_is_refused_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(DATABASE_FILE);
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let other = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query("CREATE TABLE theirs (id INTEGER)").execute(&other).await.unwrap();
        other.close().await;
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(open(folder.path()).await.unwrap_err(), DatabaseError::Foreign { .. }));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[tokio::test]
    async fn a_newer_database_is_refused() {
        let (database, folder) = fresh().await;
        sqlx::query(
            "UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
        )
        .execute(&database.writer)
        .await
        .unwrap();
        database.close().await;
        let error = open(folder.path()).await.unwrap_err();
        assert!(matches!(error, DatabaseError::Newer { migration: 9999, .. }), "{error}");
    }

    #[tokio::test]
    async fn a_folder_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(DATABASE_FILE)).unwrap();
        let error = open(folder.path()).await.unwrap_err();
        assert!(matches!(error, DatabaseError::Access { .. }) && error.to_string().contains(DATABASE_FILE), "{error}");
    }
}
