//! Opens the one database file, and says in plain words what is wrong when it cannot. It holds no query of a table.

use std::{
    fs::File,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt, Permissions, PermissionsExt};
use sqlx::{
    ConnectOptions, Connection, Row, Sqlite, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migrator},
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use workway_model::Timestamp;

/// The database's file in the data folder.
pub const DATABASE_FILE: &str = "workway.db";
/// Held while a process opens the database: SQLite's migrations have no lock of their own.
const LOCK_FILE: &str = "workway.db-lock";
/// "WWAY": marks the file as ours.
const APPLICATION_ID: i32 = 0x5757_4159;
/// How long SQLite waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a query waits for a connection of this process; longer than one `BUSY_TIMEOUT`.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// Connections for searches of the marketplace alone. Strangers choose what is searched for, and a deep page of a common word
/// can take seconds: nobody else's query waits behind it.
const SEARCHERS: u32 = 4;
/// What the write-ahead log shrinks to when it can.
const JOURNAL_BYTES: &str = "67108864";

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("../../../migrations");

/// The host's database: one connection that writes, several that only read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) writer: SqlitePool,
    pub(super) reader: SqlitePool,
    pub(super) searcher: SqlitePool,
}

/// Why the database does not open. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error(
        "{path} cannot be opened or written: {reason}: give the user that runs workway write access to the folder, or choose \
         another data folder"
    )]
    Access { path: PathBuf, reason: String },
    #[error(
        "{path} is damaged or not a SQLite database: restore a backup, or move it and its companion files \
         ({DATABASE_FILE}-*) away to start empty"
    )]
    Damaged { path: PathBuf },
    #[error("{path} belongs to another program: choose another data folder")]
    Foreign { path: PathBuf },
    #[error(
        "{path} was written by a newer or modified workway (unknown migration {migration}): start that version, or restore a \
         backup made by this one"
    )]
    Newer { path: PathBuf, migration: i64 },
    #[error("the disk of {path} is full: free some space and start again")]
    Full { path: PathBuf },
    #[error("{path} is locked by another process: stop it and start again")]
    Busy { path: PathBuf },
    #[error("{path} cannot be used: {source}")]
    Other { path: PathBuf, source: sqlx::Error },
}

impl Database {
    /// Opens the database of a data folder, and makes or migrates it first where needed. `folder` is the path that `data`
    /// was opened from: SQLite knows files by name only.
    ///
    /// # Errors
    /// See [`DatabaseError`].
    pub async fn open(data: &Dir, folder: &Path) -> Result<Self, DatabaseError> {
        let path = folder.join(DATABASE_FILE);
        let access = |error: &dyn ToString| DatabaseError::Access { path: path.clone(), reason: error.to_string() };
        let data = data.try_clone().map_err(|error| access(&error))?;
        let _lock = tokio::task::spawn_blocking(move || prepare(&data))
            .await
            .map_err(|error| access(&error))?
            .map_err(|error| access(&error))?;

        claim(&path).await?;
        let failed = |error| classify(&path, error);
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
        let writing = options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .pragma("journal_size_limit", JOURNAL_BYTES)
            // What is deleted is overwritten: a token must not linger in a free page, even sealed.
            .pragma("secure_delete", "ON");
        let writer = pool(1).connect_with(writing).await.map_err(failed)?;
        if let Err(error) = MIGRATIONS.run(&writer).await {
            writer.close().await;
            return Err(migration_failed(&path, error));
        }
        let reading = options.read_only(true);
        let reader = pool(READERS).connect_with(reading.clone()).await.map_err(failed)?;
        let searcher = pool(SEARCHERS).connect_with(reading).await.map_err(failed)?;
        Ok(Self { writer, reader, searcher })
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

/// Connections stay open: the log would be folded in whenever the last one closed.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async move {
                // On a full disk or a failed read SQLite ends the transaction by itself; sqlx still counts it as open, and
                // the connection could never begin another. The ping waits for a rollback that is on its way.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        })
}

/// Makes the file for its owner alone (SQLite gives its other files the same mode), and waits for whoever opens it too.
fn prepare(data: &Dir) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    let lock = data.open_with(LOCK_FILE, &options)?.into_std();
    lock.lock()?;
    let metadata = data.open_with(DATABASE_FILE, &options)?.metadata()?;
    if !metadata.is_file() {
        return Err(ErrorKind::IsADirectory.into());
    }
    for name in [DATABASE_FILE, "workway.db-wal", "workway.db-shm"] {
        close_to_others(data, name)?;
    }
    Ok(lock)
}

/// A restored or copied file may have any mode.
fn close_to_others(data: &Dir, name: &str) -> io::Result<()> {
    let mode = match data.metadata(name) {
        Ok(metadata) => metadata.mode() & 0o777,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if mode & 0o077 == 0 {
        return Ok(());
    }
    match data.set_permissions(name, Permissions::from_mode(0o600)) {
        Ok(()) => {
            tracing::warn!("{name} in the data folder was open to other users (mode {mode:04o}): its mode is 0600 now")
        }
        // The file belongs to somebody else.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => tracing::warn!(
            "{name} in the data folder is open to other users (mode {mode:04o}): give it to the user that runs workway, and \
             run `chmod 600` on it"
        ),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Marks an empty database as ours, and refuses another program's before anything in it is changed.
pub(super) async fn claim(path: &Path) -> Result<(), DatabaseError> {
    let failed = |error| classify(path, error);
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
    let mut connection = options.connect().await.map_err(failed)?;
    let claimed = claim_with(&mut connection).await.map_err(failed);
    connection.close().await.map_err(failed)?;
    if claimed? { Ok(()) } else { Err(DatabaseError::Foreign { path: path.into() }) }
}

async fn claim_with(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let owner: i32 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    if owner == 0 && tables == 0 {
        // A pragma takes no parameters.
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA application_id = {APPLICATION_ID}")))
            .execute(connection)
            .await?;
        return Ok(true);
    }
    Ok(owner == APPLICATION_ID)
}

fn migration_failed(path: &Path, error: MigrateError) -> DatabaseError {
    match error {
        MigrateError::VersionMissing(migration) | MigrateError::VersionMismatch(migration) => {
            DatabaseError::Newer { path: path.into(), migration }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => classify(path, error),
        other => DatabaseError::Other { path: path.into(), source: sqlx::Error::Migrate(Box::new(other)) },
    }
}

fn classify(path: &Path, error: sqlx::Error) -> DatabaseError {
    let path = path.to_path_buf();
    match Fault::of(&error) {
        Fault::Damaged => DatabaseError::Damaged { path },
        Fault::Full => DatabaseError::Full { path },
        Fault::Busy => DatabaseError::Busy { path },
        Fault::Access => DatabaseError::Access { path, reason: error.to_string() },
        Fault::Other => DatabaseError::Other { path, source: error },
    }
}

/// What went wrong in terms that somebody can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Damaged,
    Full,
    Busy,
    Access,
    Other,
}

impl Fault {
    fn of(error: &sqlx::Error) -> Self {
        let code = match error {
            sqlx::Error::PoolTimedOut => return Self::Busy,
            sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<i32>().ok()),
            _ => None,
        };
        // The low byte is SQLite's primary result code: https://www.sqlite.org/rescode.html
        match code.map(|code| code & 0xff) {
            Some(5 | 6) => Self::Busy,
            Some(3 | 8 | 14 | 23) => Self::Access,
            Some(13) => Self::Full,
            Some(11 | 26) => Self::Damaged,
            _ => Self::Other,
        }
    }
}

/// What a guest or client may know of a failed query. The rest goes into the log.
pub(super) fn unavailable(error: &sqlx::Error) -> String {
    tracing::error!(%error, "a database query failed");
    let text = match Fault::of(error) {
        Fault::Busy => "the host's database is busy",
        Fault::Full => "the host's disk is full",
        Fault::Damaged | Fault::Access | Fault::Other => "the host's database failed",
    };
    text.into()
}

/// Numbers are stored as SQLite has them, signed.
pub(super) fn to_stored(number: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(number).map_err(|error| sqlx::Error::Encode(error.into()))
}

pub(super) fn from_stored(number: i64) -> Result<u64, sqlx::Error> {
    u64::try_from(number).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A column's time, in milliseconds since the epoch.
pub(super) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, sqlx::Error> {
    row.try_get(column).map(Timestamp::from_millis)
}

/// As [`time`], of a column that may be null.
pub(super) fn optional_time(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
}

/// A column's text as one of our own types.
pub(super) fn parsed<T>(text: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Whether the triggers of the migrations refused a record for the key that it is sealed under.
pub(super) fn is_stale_key(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.message().contains("stale-key"))
}

#[cfg(test)]
pub(super) mod tests {
    use std::{os::unix::fs::PermissionsExt, path::Path};

    use cap_std::{ambient_authority, fs::Dir};

    use super::{DATABASE_FILE, Database, DatabaseError};

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
